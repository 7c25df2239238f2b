//! Changing many rows in batches, each committed with how far it came.

use std::panic::Location;

use alembic_schema::Name;
use alembic_sql::{Dialect, placeholders};
use diesel::connection::LoadConnection;

use super::{Cursor, MigrationResult, Op, OpError, Place, Problem};
use crate::{
    Error,
    database::{MigrationBackend, answer},
};

/// Which rows to walk through, and in what steps.
#[derive(Debug, Clone)]
pub struct Backfill {
    table: Name,
    key: String,
    batch: u32,
}

impl Backfill {
    /// Walks through a table by a column of whole numbers that has an index: usually its key.
    #[must_use]
    pub fn new(table: impl Into<Name>, key: &str) -> Self {
        Self { table: table.into(), key: key.to_owned(), batch: 1000 }
    }

    /// Sets how many rows are changed at once, a thousand by default.
    #[must_use]
    pub fn batch(mut self, rows: u32) -> Self {
        self.batch = rows.max(1);
        self
    }
}

/// SQL with places for the keys of a batch.
struct Template {
    /// Text, and whether the first key or the last one follows it.
    parts: Vec<(String, Bound)>,
    rest: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Bound {
    From,
    To,
}

impl Template {
    /// Finds `:from` and `:to`, not inside of quotes; both have to be there.
    fn new(sql: &str, dialect: Dialect) -> Option<Self> {
        let mut parts: Vec<(String, Bound)> = Vec::new();
        let mut end = 0;
        for (range, name) in placeholders(sql, dialect) {
            let bound = match name {
                "from" => Bound::From,
                "to" => Bound::To,
                _ => continue,
            };
            parts.push((sql[end..range.start].to_owned(), bound));
            end = range.end;
        }
        let has = |wanted: Bound| parts.iter().any(|(_, bound)| *bound == wanted);
        (has(Bound::From) && has(Bound::To)).then(|| Self { rest: sql[end..].to_owned(), parts })
    }

    fn between(&self, from: i64, to: i64) -> String {
        let parts = self.parts.iter().map(|(text, bound)| {
            let key = if *bound == Bound::From { from } else { to };
            format!("{text}({key})")
        });
        parts.chain([self.rest.clone()]).collect()
    }
}

impl<C> Op<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Changes rows in batches with SQL, in which `:from` and `:to` are the keys of a batch:
    /// `UPDATE users SET name = upper(name) WHERE id > :from AND id <= :to`. In a script it is one statement for
    /// all rows.
    ///
    /// See [`backfill_with`](Self::backfill_with).
    ///
    /// # Errors
    ///
    /// As there.
    #[track_caller]
    pub fn backfill(&mut self, walk: Backfill, sql: &str) -> MigrationResult {
        let place = Location::caller();
        let dialect = self.context.dialect;
        let Some(template) = Template::new(sql, dialect) else {
            let problem = "the SQL of a backfill has to say `key > :from AND key <= :to`".to_owned();
            return Err(OpError::new(place, Problem::Argument(problem)).into());
        };
        if self.executor.is_script() {
            let all = format!("-- a script cannot count batches\n{}", template.between(i64::MIN, i64::MAX));
            return Ok(self.executor.execute(&all, place).map_err(|problem| OpError::new(place, problem))?);
        }
        self.walk(&walk, sql, place, &mut |conn, from, to| Ok(conn.batch_execute(&template.between(from, to))?))
    }

    /// Changes rows in batches with a function that is given the connection and the keys: all above the
    /// first, up to the second.
    ///
    /// Each batch is a transaction, in which the key that it came to is noted: an interrupted run goes on
    /// after the last batch that was committed, and no row is changed twice. Rows with greater keys than
    /// there were at the beginning are left to whoever adds them.
    ///
    /// The step has to run outside a transaction: `Transaction: none`; on MySQL every step does.
    ///
    /// # Errors
    ///
    /// What the function returns; and [`OpError`] inside a transaction, and in a script.
    #[track_caller]
    pub fn backfill_with(
        &mut self,
        walk: Backfill,
        mut work: impl FnMut(&mut C, i64, i64) -> MigrationResult,
    ) -> MigrationResult {
        self.walk(&walk, "", Location::caller(), &mut work)
    }

    fn walk(
        &mut self,
        walk: &Backfill,
        sql: &str,
        place: Place,
        work: &mut dyn FnMut(&mut C, i64, i64) -> MigrationResult,
    ) -> MigrationResult {
        let dialect = self.context.dialect;
        let (table, key) = (walk.table.sql(dialect), dialect.quote(&walk.key));
        let what =
            if sql.is_empty() { format!("backfill of {table} by {key}") } else { format!("{sql} -- {table}.{key}") };
        let cursor = self.executor.cursor(&what, place).map_err(|problem| OpError::new(place, problem))?;
        let (begin, last) = match cursor {
            Cursor::Done => return Ok(()),
            Cursor::After { key, end } => (Some(key), Some(end)),
            Cursor::Start => (
                self.ask(walk, place, &format!("SELECT MIN({key}) - 1 FROM {table}"))?,
                self.ask(walk, place, &format!("SELECT MAX({key}) FROM {table}"))?,
            ),
        };
        if let (Some(mut from), Some(last)) = (begin, last) {
            let rest = |from: i64| format!("FROM {table} WHERE {key} > {from} AND {key} <= {last}");
            let total = self.ask(walk, place, &format!("SELECT COUNT(*) {}", rest(from)))?.unwrap_or(0);
            let mut done = 0;
            loop {
                let batch = format!("SELECT {key} AS k {} ORDER BY {key} LIMIT {}", rest(from), walk.batch);
                let Some(to) = self.ask(walk, place, &format!("SELECT MAX(k) FROM ({batch}) AS batch"))? else { break };
                self.executor.batch(place, (to, last), &mut |conn| work(conn, from, to))?;
                done = (done + i64::from(walk.batch)).min(total);
                self.executor.progress(done.unsigned_abs(), total.unsigned_abs());
                from = to;
            }
        }
        Ok(self.executor.backfilled().map_err(|problem| OpError::new(place, problem))?)
    }

    /// Asks for a key, or a number of rows.
    fn ask(&mut self, walk: &Backfill, place: Place, sql: &str) -> Result<Option<i64>, OpError> {
        let located = |problem| OpError::new(place, problem);
        let text = if self.context.dialect.is_mysql_family() { "CHAR" } else { "TEXT" };
        let conn = self.executor.look().map_err(located)?;
        let found = answer(conn, &format!("SELECT CAST(({sql}) AS {text}) AS answer"))
            .map_err(|source| located(Error::query("look at the rows of a backfill")(source).into()))?;
        let number = |found: String| {
            let problem = format!("`{}` of `{}` holds no whole numbers: `{found}`", walk.key, walk.table);
            found.parse().map_err(|_| located(Problem::Argument(problem)))
        };
        found.map(number).transpose()
    }
}
