//! What a revision written in Rust is given.

mod arguments;
mod backfill;
mod error;
mod operations;
mod rows;
#[cfg(any(feature = "cli", feature = "testing"))]
mod script;

use std::panic::Location;

use alembic_schema::Naming;
use alembic_sql::Dialect;
pub(crate) use arguments::Arguments;
#[cfg(feature = "cli")]
pub(crate) use arguments::PRODUCTION;
pub use backfill::Backfill;
use diesel::connection::LoadConnection;
pub use error::{MigrationResult, OpError};
pub(crate) use error::{Problem, explain};
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use script::Script;

use crate::{database::MigrationBackend, replaying::Replaying};

/// A function of a revision.
pub type Function<C> = fn(&mut Op<'_, C>) -> MigrationResult;

/// The functions of one revision, as `embed_migrations!` emits them.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "written and read by this crate only")]
pub struct Code<C> {
    pub upgrade: Function<C>,
    pub downgrade: Option<Function<C>>,
}

/// What a revision written in Rust is given: the operations, the connection, and what it may want
/// to know.
///
/// ```text
/// pub fn upgrade(op: &mut Op<'_, SqliteConnection>) -> MigrationResult {
///     op.create_table(Table::new("assets").column(Column::new("id", Type::BigInt).identity().primary_key()))?;
///     op.bulk_insert("assets", rows![{ id: 1 }, { id: 2 }])?;
///     diesel::update(assets::table).set(assets::active.eq(true)).execute(op.conn()?)?;
///     Ok(())
/// }
/// ```
///
/// Everything runs in the transaction of the step. With `Transaction: none`, and on MySQL always, each
/// operation is committed with a note that it is done, and a rerun goes on after the last one.
pub struct Op<'a, C> {
    pub(crate) executor: &'a mut (dyn Executor<C> + 'a),
    pub(crate) context: Context<'a>,
}

/// What an [`Op`] knows.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) naming: &'a Naming,
    pub(crate) revision: &'a str,
    /// The file of the revision.
    pub(crate) path: &'a str,
    pub(crate) arguments: &'a Arguments,
    /// The replay, if this is one.
    pub(crate) replay: Option<&'a Replaying>,
}

/// The place of an operation in the code.
pub(crate) type Place = &'static Location<'static>;

/// Returns the line of a place, if it is in this file.
pub(crate) fn line_in(path: &str, place: Place) -> Option<usize> {
    let own = path.rsplit('/').next().is_some_and(|name| place.file().ends_with(name));
    own.then(|| usize::try_from(place.line()).ok()).flatten()
}

/// What becomes of operations: they are run, or written into a script.
pub(crate) trait Executor<C> {
    /// Returns the connection, to do with it what the engine will know nothing of.
    fn connection(&mut self) -> Result<&mut C, Problem>;

    /// Returns the connection to look something up.
    fn look(&mut self) -> Result<&mut C, Problem>;

    /// Runs one statement.
    fn execute(&mut self, sql: &str, place: Place) -> Result<(), Problem>;

    /// Rebuilds a table on SQLite, all or nothing. `render` says how, given the table as it is.
    fn rebuild(&mut self, what: &str, place: Place, render: Render<'_, C>) -> MigrationResult;

    /// Runs a function in a transaction.
    fn atomically(&mut self, place: Place, function: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult;

    /// Tells how far long work has come.
    fn progress(&mut self, done: u64, total: u64);

    /// Begins a backfill: returns how far an earlier run came with it. Fails where batches cannot be
    /// committed.
    fn cursor(&mut self, what: &str, place: Place) -> Result<Cursor, Problem>;

    /// Runs a batch, and commits it with the key that it came to, and the last one there is.
    fn batch(
        &mut self,
        place: Place,
        position: (i64, i64),
        function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult;

    /// Notes that a backfill is done.
    fn backfilled(&mut self) -> Result<(), Problem>;

    /// Returns whether operations are written down instead of being run.
    fn is_script(&self) -> bool {
        false
    }
}

/// Returns the statements of an operation, given the database as it is.
pub(crate) type Render<'f, C> = &'f mut dyn FnMut(&mut C) -> Result<Vec<String>, Problem>;

/// How far a backfill has come.
pub(crate) enum Cursor {
    /// It has not begun.
    Start,
    /// Up to a key.
    After {
        /// The key.
        key: i64,
        /// The last one there was when it began.
        end: i64,
    },
    /// It is done.
    Done,
}

impl<C> std::fmt::Debug for Op<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Op").field("revision", &self.context.revision).finish_non_exhaustive()
    }
}

impl<C> Op<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns the connection, for Diesel's queries.
    ///
    /// Where operations are committed one by one, the engine cannot know what was done with it: a step that
    /// was interrupted afterwards is for a person to look at. [`atomically`](Self::atomically) avoids that.
    ///
    /// # Errors
    ///
    /// [`OpError`] in a script.
    #[track_caller]
    pub fn conn(&mut self) -> Result<&mut C, OpError> {
        let place = Location::caller();
        self.executor.connection().map_err(|problem| OpError::new(place, problem))
    }

    /// Runs Diesel's queries in a transaction. Where operations are committed one by one, a rerun knows
    /// whether this one was; it may be called again after waiting for a lock.
    ///
    /// On MySQL it must not hold statements that define tables, which commit.
    ///
    /// # Errors
    ///
    /// What the function returns, and [`OpError`] in a script.
    #[track_caller]
    pub fn atomically(&mut self, mut work: impl FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        self.executor.atomically(Location::caller(), &mut work)
    }

    /// Returns which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.context.dialect
    }

    /// Returns the id of the revision.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.context.revision
    }

    /// Returns the environment: what `--environment` or `ALEMBIC_ENV` says, `production` if nothing does;
    /// `cargo alembic` says `development` by itself.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.context.arguments.environment
    }

    /// Returns the value of `-x NAME=VALUE`; of `-x NAME` alone, an empty one.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.context.arguments.values.get(name).map(String::as_str)
    }

    /// Reports the progress of long work to the observer: `done` of `total`, in units of your own.
    pub fn progress(&mut self, done: u64, total: u64) {
        self.executor.progress(done, total);
    }
}
