//! What becomes of values when the type of their column changes: measured, and what the product says of it.

mod samples;

use std::{cell::RefCell, collections::BTreeMap};

use alembic_runtime::__private::sources;
use alembic_schema::{
    Column, Name, Naming, Schema, Table, Type,
    conversion::{Conversion, measured},
    diff::{Diff, Locking},
    operation::render,
    sqlite::TableSource,
};
use alembic_sql::Dialect;
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use harness::{Kind, on_every_database};
use samples::{BESIDE, Sample, samples};

#[derive(Debug, diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::Text)]
    answer: String,
}

/// A database on which values are converted.
struct Bench<'d> {
    dialect: Dialect,
    strict: bool,
    /// Runs statements; returns whether the database takes them.
    run: &'d dyn Fn(&str) -> bool,
    /// Returns the answer to a query.
    ask: &'d dyn Fn(&str) -> String,
    sources: &'d dyn Fn() -> BTreeMap<Name, TableSource>,
}

on_every_database! {
    fn what_becomes_of_values_is_what_was_measured(db) {
        let conn = RefCell::new(db.connect::<Conn>());
        let run = |sql: &str| conn.borrow_mut().batch_execute(sql).is_ok();
        let ask = |sql: &str| sql_query(sql).get_result::<Answer>(&mut *conn.borrow_mut()).unwrap().answer;
        let sources = || sources(&mut *conn.borrow_mut()).unwrap();
        assert!(run(samples::settings(KIND)));
        let mut lines = Vec::new();
        let mut wrong = Vec::new();
        for strict in [false, true].into_iter().filter(|strict| !strict || KIND == Kind::Sqlite) {
            let samples = samples(KIND, strict);
            let bench = Bench { dialect: KIND.dialect(), strict, run: &run, ask: &ask, sources: &sources };
            for old in &samples {
                bench.prepare(old);
                let letters = samples.iter().map(|new| bench.measured(old, new.name).letter()).collect::<String>();
                lines.push((old.name, strict, letters));
            }
            // Of types with other parameters no more is promised than is so.
            for (old, new) in BESIDE.iter().filter(|(kind, ..)| *kind == KIND && !strict).map(|(_, old, new)| (old, new)) {
                bench.prepare(old);
                let (is, said) = (bench.measured(old, new), Conversion::between(old.name, new, KIND.dialect()));
                let fine = match (is, said) {
                    (_, None | Some(Conversion::FailsOrChanges)) | (Conversion::Lossless, _) => true,
                    (is, Some(said)) => is == said || is == Conversion::NotPossible && said == Conversion::Fails,
                };
                wrong.extend((!fine).then(|| format!("{} to {new}: {is:?}, not {said:?}", old.name)));
            }
        }
        expect_table(KIND, &lines);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// How many pairs of a database may be better than its table says, because another version of the server is worse.
const OF_ANOTHER_VERSION: usize = 12;

/// Compares the table of the product; a type of a `STRICT` table knows only such types.
fn expect_table(kind: Kind, lines: &[(&str, bool, String)]) {
    let size = lines.len();
    let line = |(name, strict, letters): &(&str, bool, String)| {
        let name = if *strict { format!("STRICT {name}") } else { (*name).to_owned() };
        let letters = if *strict { format!("{letters:->size$}") } else { format!("{letters:-<size$}") };
        format!("{name:36} | {letters}\n")
    };
    let is: String = lines.iter().map(line).collect();
    let said = measured(kind.dialect());
    let path = harness::workspace().join(format!("core/schema/src/conversion/{}.txt", kind.name()));
    let table = covering(said, &is).unwrap_or_else(|| is.clone());
    accept(&path, &table);
    let advice = "run this with INSTA_UPDATE=always, on the newest servers, too";
    assert!(said == table, "{} does not cover what was measured: {advice}", path.display());
    let better = said.chars().zip(is.chars()).filter(|(said, is)| said != is).count();
    assert!(
        better <= OF_ANOTHER_VERSION,
        "{better} pairs are better than {} says: empty it, and {advice}",
        path.display()
    );
}

/// Returns a table that covers two of the same types; none if their types differ.
fn covering(one: &str, other: &str) -> Option<String> {
    let outcome = Conversion::from_letter;
    let line = |(one, other): (&str, &str)| {
        let ((name, ones), (of, others)) = (one.split_once(" | ")?, other.split_once(" | ")?);
        let pairs = ones.chars().zip(others.chars());
        let letters: String =
            pairs.map(|(one, other)| Some(outcome(one)?.or(outcome(other)?).letter())).collect::<Option<_>>()?;
        (name == of).then(|| format!("{name} | {letters}\n"))
    };
    let is_as_long = one.lines().count() == other.lines().count();
    one.lines().zip(other.lines()).map(line).collect::<Option<String>>().filter(|_| is_as_long)
}

/// Writes what was measured, if that is asked for.
fn accept(path: &std::path::Path, text: &str) {
    #[expect(clippy::disallowed_methods, reason = "how a snapshot is accepted, as with the others")]
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path, text).unwrap();
    }
}

impl Bench<'_> {
    /// Makes tables of a type's values: one to be converted, one to compare with.
    fn prepare(&self, sample: &Sample) {
        let columns: Vec<String> = (0..sample.values.len()).map(|at| format!("c{at} {}", sample.name)).collect();
        let (temporary, options) = match self.dialect {
            Dialect::Sqlite if self.strict => ("", " STRICT"),
            Dialect::Sqlite | Dialect::Postgres => ("", ""),
            Dialect::Mysql | Dialect::Mariadb => ("TEMPORARY ", " ENGINE = MyISAM"),
        };
        for name in ["t", "o"] {
            let (columns, values) = (columns.join(", "), sample.values.join(", "));
            let create = format!("CREATE {temporary}TABLE {name} ({columns}){options}");
            self.must(&format!("DROP TABLE IF EXISTS {name}; {create}; INSERT INTO {name} VALUES ({values})"));
        }
    }

    /// Converts each value as a revision would, and back.
    fn measured(&self, old: &Sample, new: &str) -> Conversion {
        let all: Vec<usize> = (0..old.values.len()).collect();
        let before: Vec<String> = all.iter().map(|_| old.name.to_owned()).collect();
        if self.is_transactional() {
            self.must("BEGIN");
        }
        let became = self.convert(&before, &all, new);
        let mut is = before.clone();
        became.iter().for_each(|at| new.clone_into(&mut is[*at]));
        let came_back = self.alter(&is, &before) && self.same(old.name, &became) == became.len();
        self.must(match self.is_transactional() {
            true => "ROLLBACK",
            false => "DROP TABLE t; CREATE TEMPORARY TABLE t LIKE o; INSERT INTO t SELECT * FROM o",
        });
        match became.len() {
            0 => Conversion::NotPossible,
            converted => Conversion::new(converted < all.len(), !came_back),
        }
    }

    fn is_transactional(&self) -> bool {
        !self.dialect.is_mysql_family()
    }

    /// Converts columns together if that works, else each by itself; returns those that were converted.
    fn convert(&self, before: &[String], columns: &[usize], new: &str) -> Vec<usize> {
        let all = vec![new.to_owned(); before.len()];
        if self.alter(before, &all) {
            return columns.to_vec();
        }
        let mut is = before.to_vec();
        let mut one = |at: &usize| {
            let was = std::mem::replace(&mut is[*at], new.to_owned());
            let before = [&is[..*at], &[was], &is[at + 1..]].concat();
            let done = self.alter(&before, &is);
            is[*at].clone_from(if done { &all[*at] } else { &before[*at] });
            done
        };
        columns.iter().copied().filter(|at| columns.len() > 1 && one(at)).collect()
    }

    fn alter(&self, before: &[String], after: &[String]) -> bool {
        let sources = match self.dialect {
            Dialect::Sqlite => (self.sources)(),
            _ => BTreeMap::new(),
        };
        let schema = |types| Schema { tables: vec![self.table("t", types)], ..Schema::default() };
        let diff = Diff::between(&schema(before), &schema(after), self.dialect);
        let blocks = diff.blocks(self.dialect, &Naming::default(), &|name| sources.get(name).cloned(), Locking::Plain);
        let operations = blocks.iter().flat_map(|block| &block.operations);
        let statements = operations.flat_map(|operation| render(operation, self.dialect, &Naming::default()).unwrap());
        let script = statements.collect::<Vec<_>>().join(";\n");
        if script.is_empty() || !self.is_transactional() {
            return script.is_empty() || (self.run)(&script);
        }
        let done = (self.run)(&format!("SAVEPOINT s; {script}; RELEASE s"));
        if !done {
            self.must("ROLLBACK TO s");
        }
        done
    }

    fn table(&self, name: &str, types: &[String]) -> Table {
        let mut table = Table::new(Name::from_plain(name));
        table.columns =
            types.iter().enumerate().map(|(at, native)| Column::new(&format!("c{at}"), Type::native(native))).collect();
        if self.strict {
            table.options = vec![alembic_schema::TableOption { dialect: Dialect::Sqlite, sql: "STRICT".to_owned() }];
        }
        table
    }

    /// Returns how many values are what they were.
    fn same(&self, native: &str, columns: &[usize]) -> usize {
        let same = match self.dialect {
            Dialect::Postgres if native.starts_with("numeric") => "t.$ IS NOT DISTINCT FROM o.$",
            Dialect::Postgres => "t.$::text IS NOT DISTINCT FROM o.$::text",
            Dialect::Sqlite => "quote(t.$) = quote(o.$)",
            Dialect::Mysql | Dialect::Mariadb => "t.$ <=> o.$ AND HEX(CONCAT(t.$)) = HEX(CONCAT(o.$))",
        };
        let one = |at: &usize| format!(" + CASE WHEN {} THEN 1 ELSE 0 END", same.replace('$', &format!("c{at}")));
        let count: String = columns.iter().map(one).collect();
        let text = if self.dialect.is_mysql_family() { "CHAR" } else { "VARCHAR(9)" };
        (self.ask)(&format!("SELECT CAST(0{count} AS {text}) AS answer FROM t, o")).parse().unwrap()
    }

    fn must(&self, sql: &str) {
        assert!((self.run)(sql), "{sql}");
    }
}

/// Renders what was measured, for readers.
fn document() -> String {
    Kind::ALL.into_iter().fold(HEAD.to_owned(), |text, kind| text + &section(kind))
}

fn section(kind: Kind) -> String {
    let title = match kind {
        Kind::Sqlite => "SQLite",
        Kind::Postgres => "PostgreSQL",
        Kind::Mysql => "MySQL",
        Kind::Mariadb => "MariaDB",
    };
    let lines: Vec<(&str, &str)> = measured(kind.dialect()).lines().filter_map(|line| line.split_once(" | ")).collect();
    let row = |(old, letters): &(&str, &str)| {
        let to = |outcome: Conversion| {
            let is = |(letter, (new, _)): &(char, &(&str, &str))| *letter == outcome.letter() && new != old;
            let names = letters.chars().zip(&lines).filter(is).map(|(_, (new, _))| shown(new));
            names.collect::<Vec<_>>().join(", ")
        };
        let columns = [Conversion::Lossless, Conversion::Fails, Conversion::Changes, Conversion::FailsOrChanges];
        format!("| {} | {} |\n", shown(old), columns.map(to).join(" | "))
    };
    let head = "| type | lossless | fails | changes | fails or changes |\n|---|---|---|---|---|\n";
    format!("\n## {title}\n\n{head}{}", lines.iter().map(row).collect::<String>())
}

/// The values of an enumeration may be long.
fn shown(name: &str) -> String {
    let name = name.trim();
    if name.len() > 60 { "`enum` of other values".to_owned() } else { format!("`{name}`") }
}

const HEAD: &str = "# What becomes of values when a column changes its type

A test converts values at the bounds of each type to each other type on the real servers, by the statements that a generated
revision has, with their `USING`, and back. It writes this file, and the tables by which `revision --autogenerate` says
what a change of type may do to rows.

**lossless**: each value came back as it was. **fails**: the server refuses some values, and changes no row. **changes**: some
values are rounded, cut or read otherwise without an error. Types that are in no column accept no value. Of a type with
other parameters the nearest ones here tell; of a type that is not here it is said that values may fail or change.

PostgreSQL's clocks are those of a time zone with daylight saving time (Europe/Vienna), where an hour is skipped and another one
is there twice; MySQL and MariaDB are in strict mode, in a zone without. Where PostgreSQL 15 and 18, or MariaDB 10.11 and 11.8,
do not do the same, it is what covers both.
";

#[test]
fn the_document_is_what_was_measured() {
    let path = harness::workspace().join("docs/conversions.md");
    let rendered = document();
    accept(&path, &rendered);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == rendered, "docs/conversions.md is not up to date: run this test with INSTA_UPDATE=always");
}
