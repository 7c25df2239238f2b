//! The connection of a run. Every statement that the engine sends is a method here.

mod foreign_keys;
mod lock;
mod notes;
mod settings;

use std::path::PathBuf;

use alembic_graph::version_table::{Actor, VersionTable};
use alembic_sql::Dialect;
use diesel::{
    QueryResult,
    connection::LoadConnection,
    result::{DatabaseErrorKind, Error as DieselError},
};
pub(super) use notes::{Times, session_statements};

use super::{Error, Finding, failure::message, own_tables::storage_findings};
use crate::{
    Interrupt, Migrations,
    database::{
        Diagnosis, Lock, LogDepth, MigrationBackend, ProbeResult, Reading, State, Timeouts, Transaction, answer,
        blockers, default_without_transactions, give_places_back, lock_holder, probe, progress_of, read_state, reading,
        session_is_busy, snapshot, take_places, version_numbers, without_transactions,
    },
};

/// The connection of a run, complete when it is opened.
///
/// Nobody else has the connection, so nothing is sent that is not written here.
pub(super) struct Session<'r, C> {
    conn: &'r mut C,
    pub(super) dialect: Dialect,
    /// With its schema, wherever a revision leads unqualified names.
    pub(super) table: VersionTable,
    /// None where the write transaction is the lock.
    lock: Option<Lock>,
    /// Whether the lock is held for the session.
    holds_lock: bool,
    /// The database in use when the run began, where a revision can change it.
    database: Option<String>,
    /// Names the run in the log, and in the lock's row.
    run: String,
    actor: &'r Actor,
    interrupt: &'r Interrupt,
    timeouts: Timeouts,
    /// Whether this is a replay that no role keeps away from other databases.
    is_confined: bool,
    /// Whether version table, log and lock are known to exist.
    tables_exist: bool,
    /// The folder of the database, if it has one, as far as that has been asked.
    pub(super) folder: Option<Option<PathBuf>>,
    /// Whether dropping a table can touch others, as far as that has been asked.
    drops_cascade: Option<bool>,
}

impl<'r, C> Session<'r, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Opens a session: finds the version table, and the database in use.
    ///
    /// A revision may change the search path, as the output of `pg_dump` does, or `USE` another database. The table and
    /// its lock stay where they were.
    pub(super) fn open(
        conn: &'r mut C,
        migrations: &Migrations<C>,
        dialect: Dialect,
        timeouts: Timeouts,
        (actor, interrupt): (&'r Actor, &'r Interrupt),
    ) -> Result<Self, Error> {
        let located = migrations.located(conn)?;
        let database = C::Backend::current_database(conn).map_err(Error::query("ask for the database"))?;
        let table = match &database {
            Some(database) if located.schema().is_none() => located.in_schema(database),
            _ => located,
        };
        let run = uuid::Uuid::new_v4().to_string();
        let lock = C::Backend::lock(&table, &run);
        let is_replay = migrations.replaying().is_some_and(|replaying| !replaying.around.is_free);
        Ok(Self {
            conn,
            dialect,
            table,
            lock,
            holds_lock: false,
            database,
            run,
            actor,
            interrupt,
            timeouts,
            is_confined: is_replay && !C::Backend::CAPABILITIES.roles,
            tables_exist: false,
            folder: None,
            drops_cascade: None,
        })
    }

    /// Reads what the database says of itself now.
    pub(super) fn state(&mut self) -> Result<State, Error> {
        C::Backend::renew_snapshot(self.conn).map_err(Error::query("read the version table"))?;
        self.read(LogDepth::Latest)
    }

    /// Reads what the database says of itself, as the transaction sees it, if one is open.
    pub(super) fn read(&mut self, depth: LogDepth) -> Result<State, Error> {
        reading(self.conn, Reading::Own, |conn| read_state(conn, self.dialect, &self.table, depth))
            .map_err(Error::query("read the version table"))
    }

    /// Returns the rows of the version table, sorted.
    pub(super) fn rows(&mut self) -> Result<Vec<String>, Error> {
        reading(self.conn, Reading::Own, |conn| version_numbers(conn, self.dialect, &self.table))
            .map_err(Error::query("read the version table"))
    }

    /// Returns whether the version table holds these rows.
    pub(super) fn has_rows(&mut self, expected: &[String]) -> Result<bool, Error> {
        Ok(self.rows_in_transaction()? == sorted(expected))
    }

    /// Returns an error unless the version table holds these rows: Python's Alembic takes no lock.
    pub(super) fn verify(&mut self, expected: &[String]) -> Result<(), Error> {
        let (found, expected) = (self.rows_in_transaction()?, sorted(expected));
        if found == expected { Ok(()) } else { Err(Error::Interfered { expected, found }) }
    }

    fn rows_in_transaction(&mut self) -> Result<Vec<String>, Error> {
        version_numbers(self.conn, self.dialect, &self.table).map_err(Error::query("read the version table"))
    }

    /// Creates what is absent of version table, log and lock.
    pub(super) fn create_absent(&mut self, state: &State) -> Result<(), Error> {
        let dialect = self.dialect;
        let absent = [
            (!state.has_version_table).then(|| self.table.create(dialect)),
            (!state.has_log).then(|| self.table.create_log(dialect)),
            (!state.has_lock).then(|| self.table.create_lock(dialect)),
        ];
        for sql in absent.into_iter().flatten() {
            self.execute(&sql).map_err(Error::query("create the version table"))?;
        }
        Ok(())
    }

    /// Creates what is absent of version table, log and lock, unless they are known to exist.
    pub(super) fn ensure_tables(&mut self) -> Result<(), Error> {
        if self.tables_exist {
            return Ok(());
        }
        let state = read_state(self.conn, self.dialect, &self.table, LogDepth::None);
        self.create_absent(&state.map_err(Error::query("read the version table"))?)
    }

    pub(super) fn is_in_transaction(&mut self) -> bool {
        Transaction::is_open(self.conn)
    }

    pub(super) fn begin(&mut self) -> QueryResult<()> {
        Transaction::begin(self.conn)
    }

    /// Commits. Every transaction of a run finds the tables, or creates them.
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        Transaction::commit(self.conn).map_err(Error::query("commit"))?;
        self.tables_exist = true;
        Ok(())
    }

    pub(super) fn rollback(&mut self) {
        Transaction::rollback(self.conn);
    }

    /// Does something in a transaction, which is rolled back if it fails. Errors say what was being done.
    pub(super) fn in_transaction<E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begin().map_err(Error::query("begin a transaction"))?;
        let result = work(self).and_then(|()| Ok(self.commit()?));
        if result.is_err() {
            self.rollback();
        }
        result
    }

    /// Does something in a transaction, which is rolled back if it fails. Errors are those of the server.
    pub(super) fn atomically<E: From<DieselError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begin()?;
        let result = work(self).and_then(|()| Ok(Transaction::commit(self.conn)?));
        if result.is_err() {
            self.rollback();
        }
        result
    }

    /// Runs statements of a revision, or notes.
    pub(super) fn execute(&mut self, sql: &str) -> QueryResult<()> {
        let result = self.conn.batch_execute(sql);
        if result.is_err() {
            // What follows is cleaning up.
            self.interrupt.is_noticed();
        }
        result
    }

    pub(super) fn savepoint(&mut self, name: &str) -> QueryResult<()> {
        self.execute(&format!("SAVEPOINT {name}"))
    }

    pub(super) fn release_savepoint(&mut self, name: &str) -> QueryResult<()> {
        self.execute(&format!("RELEASE SAVEPOINT {name}"))
    }

    pub(super) fn roll_back_to(&mut self, name: &str) -> QueryResult<()> {
        self.execute(&format!("ROLLBACK TO SAVEPOINT {name}"))
    }

    /// Lends the connection to a revision in Rust. What is done with it may bring foreign keys, or take them away.
    /// In a replay without a role of its own it reaches no other file.
    pub(super) fn lend(&mut self) -> &mut C {
        self.drops_cascade = None;
        if self.is_confined {
            take_places(self.conn);
        }
        self.conn
    }

    /// Ends what lending the connection began.
    pub(super) fn take_back(&mut self) {
        if self.is_confined {
            give_places_back(self.conn);
        }
    }

    /// Returns whether a function that is lent the connection reaches no other file.
    pub(super) fn is_confined(&self) -> bool {
        self.is_confined
    }

    /// Lends the connection to look something up.
    pub(super) fn lend_to_read(&mut self) -> &mut C {
        self.conn
    }

    /// Reads the database's clock, so that all times in its log are its own.
    pub(super) fn clock(&mut self) -> Result<chrono::NaiveDateTime, Error> {
        let Some(sql) = C::Backend::clock_query() else { return Ok(chrono::NaiveDateTime::default()) };
        let text = answer(self.conn, sql).map_err(Error::query("read the clock"))?.unwrap_or_default();
        Ok(chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").unwrap_or_default())
    }

    /// Returns the answer to a query.
    pub(super) fn ask(&mut self, query: &str) -> Result<Option<String>, Error> {
        answer(self.conn, query).map_err(Error::query("ask for the database"))
    }

    /// Returns how many locks the server can surely give the transaction; none where that is unlimited.
    pub(super) fn locks_left(&mut self) -> Result<Option<i64>, Error> {
        let Some(query) = C::Backend::lock_budget_query() else { return Ok(None) };
        let left = answer(self.conn, query).map_err(Error::query("count locks"))?;
        Ok(left.and_then(|left| left.parse().ok()))
    }

    /// Returns what the catalog tells of a statement with these effects.
    pub(super) fn probe(&mut self, effects: &[alembic_sql::Effect]) -> Result<ProbeResult, Error> {
        probe(self.conn, effects).map_err(Error::query("look at the catalog"))
    }

    /// Returns how many statements of a revision this run is known to have run.
    pub(super) fn progress_of(&mut self, revision: &str) -> Option<usize> {
        progress_of(self.conn, self.dialect, &self.table, &self.run, revision).ok().flatten()
    }

    /// Returns who runs a statement in a session that the log names, if it is another one than ours.
    pub(super) fn busy_session(&mut self, session: &str) -> Result<Option<String>, Error> {
        session_is_busy(self.conn, session).map_err(Error::query("look for the earlier run"))
    }

    /// Describes the sessions that are in the way of a statement.
    pub(super) fn blockers(&mut self, statement: &str) -> Vec<String> {
        blockers(self.conn, self.dialect, statement)
    }

    /// Returns whether an error comes from a note that was refused because the lock's row names another
    /// run: it would have set the run to NULL.
    pub(super) fn is_overtaken(&mut self, error: &DieselError) -> bool {
        if !matches!(error, DieselError::DatabaseError(DatabaseErrorKind::NotNullViolation, _)) {
            return false;
        }
        let holder = snapshot(self.conn, |conn| lock_holder(conn, self.dialect, &self.table));
        holder.is_ok_and(|holder| holder.as_ref() != Some(&self.run))
    }

    /// Lets a statement fail once more, to learn more of its error. The caller rolls back afterwards.
    pub(super) fn fail_again(&mut self, statement: &str, said: &str) -> Diagnosis {
        C::Backend::diagnose_by_rerun(self.conn, statement, said)
    }

    /// Lets a statement that failed with this error fail once more, in a transaction of its own.
    pub(super) fn fail_again_alone(&mut self, statement: &str, error: &DieselError) -> Diagnosis {
        if self.begin().is_err() {
            return Diagnosis::default();
        }
        let diagnosis = self.fail_again(statement, &message(error));
        self.rollback();
        diagnosis
    }

    /// Asks the server about the statement that has just failed, and ends what it has left open.
    pub(super) fn diagnose_last_statement(&mut self) -> Diagnosis {
        let diagnosis = C::Backend::diagnose_last_statement(self.conn);
        self.execute("ROLLBACK").ok();
        diagnosis
    }

    /// Returns what is wrong with how our own tables are stored.
    pub(super) fn ill_stored_tables(&mut self) -> Result<Vec<Finding>, Error> {
        storage_findings(self.conn, self.dialect, &self.table).map_err(Error::query("ask for the engines of tables"))
    }

    /// Returns the engine of new tables, if it has no transactions.
    pub(super) fn default_engine_without_transactions(&mut self) -> Result<Option<String>, Error> {
        default_without_transactions(self.conn).map_err(Error::query("ask for the engines of tables"))
    }

    /// Returns the engines without transactions, and the tables that are in them.
    pub(super) fn tables_without_transactions(&mut self) -> Result<Vec<(String, String)>, Error> {
        without_transactions(self.conn).map_err(Error::query("ask for the engines of tables"))
    }
}

pub(super) fn sorted(rows: &[String]) -> Vec<String> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}
