//! Seeds are run: outside the graph, outside the log.

use alembic_graph::{script::normalise, seed::pick};
use alembic_sql::{Shown, controls_transaction, split};
use diesel::connection::LoadConnection;

use crate::{Error, MigrationBackend, Migrations, database::Transaction};

impl<C> Migrations<C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs the seeds of an environment, all or the one that is named; returns their files.
    ///
    /// Seeds are idempotent by agreement: they are run as often as somebody asks. Each is a transaction.
    /// That `environment` is `"production"` is asking for it.
    ///
    /// # Errors
    ///
    /// [`Error::Seed`] names the file and the line; what came before it stays.
    pub fn seed(&self, conn: &mut C, environment: &str, name: Option<&str>) -> Result<Vec<String>, Error> {
        let dialect = C::Backend::dialect(conn).map_err(Error::query("ask for the server's version"))?;
        let seeds = pick(self.seeds().map(|(path, _)| path), environment, dialect, name);
        if let (Some(name), []) = (name, seeds.as_slice()) {
            return Err(Error::NoSeed { name: name.to_owned(), environment: environment.to_owned() });
        }
        let mut done = Vec::new();
        for seed in seeds {
            let text = self.seeds().find(|(path, _)| *path == seed.path).map_or("", |(_, text)| text);
            // As in revisions: what a string literal holds does not depend on how git checked the file out.
            let text = &*normalise(text);
            let failed = |line: usize, problem: String| Error::Seed { path: seed.path.to_owned(), line, problem };
            let statements = split(text, dialect).map_err(|error| failed(error.line, error.problem_and_hint()))?;
            if let Some(control) = statements.iter().find(|statement| controls_transaction(statement.text, dialect)) {
                return Err(failed(
                    control.line,
                    format!("`{}` would break its transaction", Shown::of(control.text, dialect).text),
                ));
            }
            let (before, after) = C::Backend::around_seed();
            Transaction::begin(conn).map_err(Error::query("begin a transaction"))?;
            conn.batch_execute(&before)
                .inspect_err(|_| Transaction::rollback(conn))
                .map_err(Error::query("prepare the transaction"))?;
            for statement in &statements {
                if let Err(error) = conn.batch_execute(statement.text) {
                    Transaction::rollback(conn);
                    conn.batch_execute(after).ok();
                    return Err(failed(statement.line, Shown::of(statement.text, dialect).hide_in(&error.to_string())));
                }
            }
            Transaction::commit(conn).map_err(Error::query("commit"))?;
            conn.batch_execute(after).map_err(Error::query("restore the settings"))?;
            done.push(seed.path.to_owned());
        }
        Ok(done)
    }

    /// Returns the names of the seeds, whatever they are for.
    #[cfg(feature = "cli")]
    pub(crate) fn seed_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.seeds().filter_map(|(path, _)| alembic_graph::seed::Seed::of(path)).map(|seed| seed.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(feature = "cli")]
impl<C> Migrations<C> {
    /// Returns the environments that have seeds of their own.
    pub(crate) fn seed_environments(&self) -> Vec<&str> {
        self.seeds().filter_map(|(path, _)| alembic_graph::seed::Seed::of(path)?.environment).collect()
    }
}
