//! One run: read, check, plan, lock, read again, apply, unlock, and leave the session as it was.

use std::time::Instant;

use alembic_graph::{
    Graph, Plan,
    config::{Settings, TransactionMode},
    plan,
    plan::Work,
    version_table::VersionTable,
};
use alembic_schema::Naming;
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use super::{
    Error, Finding, Observer, Options, Report, StepReport,
    others_step::OthersStep,
    planning::{self, Command},
    up_to_date::rows_if_up_to_date,
};
use crate::{
    Migrations,
    database::{
        self, LONGEST_READ, Lock, LogDepth, LogRecord, MigrationBackend, Need, Patience, Reading, State, Timeouts,
        Transaction, Try, read_state, reading, version_numbers, while_table_is_locked,
    },
};

/// A run on one connection.
pub(super) struct Engine<'r, C> {
    pub(super) conn: &'r mut C,
    pub(super) graph: &'r Graph,
    pub(super) dialect: Dialect,
    pub(super) table: VersionTable,
    pub(super) mode: TransactionMode,
    pub(super) naming: Naming,
    pub(super) options: &'r Options,
    pub(super) timeouts: Timeouts,
    pub(super) lock_retries: u32,
    pub(super) observer: &'r mut dyn Observer,
    pub(super) migrations: &'r Migrations<C>,
    /// Names the run in the log, and in the lock's row.
    pub(super) run: String,
    pub(super) lock: Option<Lock>,
    /// The database that was in use when the run began, on MySQL.
    pub(super) database: Option<String>,
    /// Whether the lock is held for the session.
    pub(super) holds_lock: bool,
    /// The log when the run was planned, if a step is going to commit statement by statement.
    pub(super) seen: Vec<LogRecord>,
    pub(super) begun: Instant,
    /// The database's clock when the transaction began.
    pub(super) clock: chrono::NaiveDateTime,
    /// Whether dropping a table can touch others, as far as that has been asked: SQLite.
    pub(super) drops_cascade: Option<bool>,
    /// Whether the last step has added a value to an enum, which nothing can use before the commit.
    pub(super) enum_value_added: bool,
    /// Whether version table, log and lock are known to exist.
    pub(super) tables_exist: bool,
    pub(super) report: Report,
}

/// Each plan that came to nothing means that another run got somewhere; there are never this many.
const MOST_PLANS: usize = 1000;

/// Why steps stopped without an error of their own.
pub(super) enum Halt {
    /// Somebody else has migrated meanwhile, or may have; plan again.
    Replan,
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<'r, C> Engine<'r, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    pub(super) fn run(
        migrations: &'r Migrations<C>,
        options: &'r Options,
        observer: &'r mut dyn Observer,
        conn: &'r mut C,
        command: Command<'_>,
    ) -> Result<Report, Error> {
        let settings = migrations.settings()?;
        if let Command::Upgrade(target) = command
            && let Some(rows) = rows_if_up_to_date(migrations, conn, &settings.version_table, target)
        {
            return Ok(Report { rows, ..Report::default() });
        }
        let graph = migrations.graph()?;
        let dialect = C::Backend::dialect(conn).map_err(Error::query("ask for the server's version"))?;
        if !C::Backend::CAPABILITIES.transactional_ddl && Transaction::is_open(conn) {
            return Err(Error::InsideTransaction(dialect));
        }
        let patience = C::Backend::be_patient(conn, options.wait).map_err(|source| {
            if C::Backend::is_busy(&source) {
                return Error::Busy { waited: options.wait };
            }
            Error::Query { doing: "set a timeout", source }
        })?;
        let timeouts = Timeouts {
            lock: options.lock_timeout.unwrap_or(settings.lock_timeout),
            statement: options.statement_timeout.unwrap_or(settings.statement_timeout),
        };
        if !timeouts.statement.is_zero() && !C::Backend::has_statement_timeout(dialect) {
            observer.note("this database has no timeout for statements");
        }
        let Settings { version_table: table, transaction, lock_retries, naming, .. } = settings;
        let mut engine = Engine {
            conn,
            graph: &graph,
            dialect,
            table,
            mode: options.transaction.unwrap_or(transaction),
            naming,
            options,
            timeouts,
            lock_retries: options.lock_retries.unwrap_or(lock_retries),
            observer,
            migrations,
            run: uuid::Uuid::new_v4().to_string(),
            lock: None,
            database: None,
            holds_lock: false,
            seen: Vec::new(),
            begun: Instant::now(),
            clock: chrono::NaiveDateTime::default(),
            drops_cascade: None,
            enum_value_added: false,
            tables_exist: false,
            report: Report::default(),
        };
        let result = engine.name_the_table_in_full().and_then(|()| engine.unlocked(command));
        let need = if options.dry_run { Need::Read } else { Need::Write };
        let result = result.map_err(|error| error.with_cause(engine.conn, need));
        let restored = match patience {
            Some(restore) => while_table_is_locked(LONGEST_READ, || engine.conn.batch_execute(&restore))
                .map_err(Error::query("restore a timeout")),
            None => Ok(()),
        };
        result.and(restored).map(|()| engine.report)
    }

    /// A revision may change the search path, as the output of `pg_dump` does, or `USE` another database.
    /// The table and its lock stay where they were.
    fn name_the_table_in_full(&mut self) -> Result<(), Error> {
        self.table = self.migrations.located(self.conn)?;
        // It is restored after a revision, wherever the version table is.
        self.database = C::Backend::current_database(self.conn).map_err(Error::query("ask for the database"))?;
        if let (Some(database), None) = (&self.database, self.table.schema()) {
            self.table = self.table.in_schema(database);
        }
        self.lock = Lock::of(self.dialect, &self.table, &self.run);
        Ok(())
    }

    /// Finds out without lock whether there is anything to do.
    fn unlocked(&mut self, command: Command<'_>) -> Result<(), Error> {
        let state = self.state()?;
        // A step that looks interrupted may be running at this moment: only under the lock can
        // that be told.
        let under_way = state.is_under_way();
        let nothing = match command {
            _ if under_way && !self.options.dry_run => false,
            Command::EnsureVersion => state.has_version_table && state.has_log && state.has_lock,
            Command::Resolve(..) | Command::Accept(_) => false,
            _ => {
                let plan = self.plan(&state, command)?;
                if self.options.dry_run {
                    self.report.steps = plan.steps.iter().map(|step| StepReport::of(self.graph, step)).collect();
                }
                plan.steps.is_empty()
            }
        };
        if nothing || self.options.dry_run {
            self.report.rows = state.rows;
            return Ok(());
        }
        let before = database::Settings::read(self.conn).map_err(Error::query("read the settings"))?;
        let result = self.locked(command, state);
        let committed = self.report.steps.len();
        // A statement's own error says it itself.
        if committed > 0 && matches!(&result, Err(error) if !matches!(error, Error::Statement(_))) {
            self.observer.note(&format!("{} before it committed", alembic_sql::wording::count(committed, "step")));
        }
        let released = self.release();
        let restored = before.restore(self.conn).map_err(Error::query("restore the settings"));
        result.and(released).and(restored)
    }

    /// Plans and applies, and plans again as long as somebody gets in between.
    fn locked(&mut self, command: Command<'_>, state: State) -> Result<(), Error> {
        let mut known = Some(state);
        let resolving = matches!(command, Command::Resolve(_));
        let capabilities = C::Backend::CAPABILITIES;
        let in_session = !capabilities.transactional_ddl || resolving || matches!(command, Command::Accept(_));
        if in_session || known.as_ref().is_some_and(State::is_under_way) {
            self.take_for_session()?;
            known = None;
        }
        let mut others = OthersStep::not_ours(self.options.wait);
        for _ in 0..MOST_PLANS {
            let state = match known.take() {
                Some(state) => state,
                None if resolving => self.state()?,
                None => self.state_at_rest()?,
            };
            match self.attempt(command, &state) {
                Ok(()) => {
                    let read = |conn: &mut C| version_numbers(conn, self.dialect, &self.table);
                    self.report.rows =
                        reading(self.conn, Reading::Own, read).map_err(Error::query("read the version table"))?;
                    return Ok(());
                }
                Err(Halt::Replan) => {}
                // On SQLite no lock tells whether a step that is not ours to go on with still runs.
                Err(Halt::Failed(error)) if self.may_still_run(&error) && others.pause(&state) => {}
                Err(Halt::Failed(error)) => return Err(error),
            }
        }
        Err(Error::Overtaken)
    }

    /// Returns whether what is wrong may be over once another program's step has ended.
    fn may_still_run(&self, error: &Error) -> bool {
        let Error::Inconsistent(found) = error else { return false };
        let runs = |finding: &Finding| matches!(finding, Finding::Unfinished { interrupted: true, .. });
        let newer = |finding: &Finding| self.options.allow_ahead && matches!(finding, Finding::Unknown { .. });
        !C::Backend::CAPABILITIES.session_lock
            && found.iter().any(runs)
            && found.iter().all(|finding| runs(finding) || newer(finding))
    }

    fn attempt(&mut self, command: Command<'_>, state: &State) -> Result<(), Halt> {
        match command {
            Command::EnsureVersion => Ok(self.ensure_version(state)?),
            Command::Resolve(resolution) => self.resolve(state, &resolution),
            Command::Accept(revision) => self.accept(state, revision),
            Command::Upgrade(_)
            | Command::Downgrade(..)
            | Command::Redo(..)
            | Command::Undo(_)
            | Command::Stamp(..) => {
                let plan = self.plan(state, command)?;
                let work = self.migrations.prepare(self.graph, self.dialect, plan)?;
                let own = self.table.all_names();
                let own = own.each_ref().map(String::as_str);
                work.iter().try_for_each(|step| step.refuse_changes_of(&own)).map_err(Error::from)?;
                // A program that lacks a function finds out before it begins.
                work.iter()
                    .filter(|step| step.is_rust)
                    .try_for_each(|step| self.migrations.function(step).map(drop))?;
                self.apply(&work, state)
            }
        }
    }

    fn plan(&self, state: &State, command: Command<'_>) -> Result<Plan, Error> {
        let contradictions = || self.migrations.contradictions(self.graph, self.dialect, state);
        let findings = if matches!(command, Command::Stamp(..)) { Vec::new() } else { contradictions() };
        planning::plan(self.graph, state, command, self.options.allow_ahead, findings)
    }

    /// Cuts the work into transactions and runs them.
    fn apply(&mut self, work: &[Work], state: &State) -> Result<(), Halt> {
        if let Some(first) = work.iter().find(|step| self.is_journaled(step)) {
            self.prepare_for_journal(first)?;
            self.seen.clone_from(&state.log);
        }
        let mut rows = state.rows.clone();
        let mut number = 0;
        let resumed = self.resume(work, state)?;
        let mut rest = work;
        while let Some(first) = rest.first() {
            let (unit, later) = rest.split_at(self.unit_length(rest));
            let progress = Progress { number, total: work.len() };
            if self.is_journaled(first) {
                let done = if number == 0 { resumed } else { 0 };
                self.journaled(unit, &mut rows, done, progress)?;
                number += unit.len();
            } else {
                number += self.transactions(unit, &mut rows, progress)?;
            }
            rest = later;
        }
        Ok(())
    }

    /// Returns whether a step commits statement by statement.
    pub(super) fn is_journaled(&self, step: &Work) -> bool {
        !C::Backend::CAPABILITIES.transactional_ddl || step.without_transaction
    }

    /// Returns how many of the next steps run together.
    fn unit_length(&self, rest: &[Work]) -> usize {
        let together = |step: &&Work| !step.without_transaction && !step.foreign_keys_off;
        match (C::Backend::CAPABILITIES.transactional_ddl, self.mode) {
            (false, _) => rest.iter().take_while(|step| !step.is_rust).count().max(1),
            (true, TransactionMode::PerRun) => rest.iter().take_while(together).count().max(1),
            (true, TransactionMode::PerMigration) => 1,
        }
    }

    fn state(&mut self) -> Result<State, Error> {
        C::Backend::renew_snapshot(self.conn).map_err(Error::query("read the version table"))?;
        reading(self.conn, Reading::Own, |conn| read_state(conn, self.dialect, &self.table, LogDepth::Latest))
            .map_err(Error::query("read the version table"))
    }

    /// Reads the state; on SQLite, where steps outside a transaction hold no lock, not while one makes
    /// progress. After that it can be taken over: its notes fail from then on.
    fn state_at_rest(&mut self) -> Result<State, Error> {
        let mut others = OthersStep::ours(self.options.wait);
        loop {
            let state = self.state()?;
            if C::Backend::CAPABILITIES.session_lock || !state.is_under_way() || !others.pause(&state) {
                return Ok(state);
            }
        }
    }

    fn ensure_version(&mut self, state: &State) -> Result<(), Halt> {
        if C::Backend::CAPABILITIES.transactional_ddl {
            self.transactions(&[], &mut state.rows.clone(), Progress { number: 0, total: 0 })?;
        } else {
            self.create_tables(state)?;
            self.note_storage(&[])?;
        }
        Ok(())
    }

    /// Creates what is absent of version table, log and lock.
    pub(super) fn create_tables(&mut self, state: &State) -> Result<(), Error> {
        let dialect = self.dialect;
        let absent = [
            (!state.has_version_table).then(|| self.table.create(dialect)),
            (!state.has_log).then(|| self.table.create_log(dialect)),
            (!state.has_lock).then(|| self.table.create_lock(dialect)),
        ];
        for sql in absent.into_iter().flatten() {
            self.conn.batch_execute(&sql).map_err(Error::query("create the version table"))?;
        }
        Ok(())
    }

    /// Takes the lock for the session, waiting as long as the options say.
    pub(super) fn take_for_session(&mut self) -> Result<(), Error> {
        let Some(lock) = self.lock.as_ref().filter(|_| !self.holds_lock) else {
            return Ok(());
        };
        if self.options.pooled && C::Backend::CAPABILITIES.transaction_lock {
            return Err(Error::Pooled { revision: None });
        }
        let mut patience = Patience::new(self.options.wait);
        loop {
            match lock.try_for_session(self.conn).map_err(Error::query("take the migration lock"))? {
                Try::Taken => break,
                Try::SharedSession => return Err(Error::Pooled { revision: None }),
                Try::Busy => {}
            }
            let holder = lock.holder(self.conn);
            self.observer.waiting(holder.as_deref(), patience.waited());
            if !patience.pause() {
                return Err(Error::Locked { holder, waited: self.options.wait });
            }
        }
        self.holds_lock = true;
        Ok(())
    }

    fn release(&mut self) -> Result<(), Error> {
        match &self.lock {
            // Another session than the one that took it answers with no.
            Some(lock) if self.holds_lock => match lock.release(self.conn) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Error::Pooled { revision: None }),
                Err(source) => Err(Error::Query { doing: "release the migration lock", source }),
            },
            _ => Ok(()),
        }
    }

    /// Returns a revision with its SQL, as its file has it now.
    pub(super) fn work_of(&self, revision: &str, direction: plan::Direction) -> Result<Work, Error> {
        let unknown = || Error::Inconsistent(vec![super::Finding::Unknown { revision: revision.to_owned() }]);
        let node = self.graph.find_id(revision).ok_or_else(unknown)?;
        self.migrations.work_of(self.graph, self.dialect, node, direction)
    }

    pub(super) fn started(&mut self, work: &Work, progress: Progress) -> StepReport {
        let step = StepReport::of(self.graph, &work.step);
        self.observer.started(&step, progress.number + 1, progress.total);
        step
    }

    pub(super) fn finished(&mut self, step: StepReport, begun: Instant) {
        self.observer.finished(&step, begun.elapsed());
        self.report.steps.push(step);
    }
}

/// Where in the plan a unit begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) number: usize,
    pub(super) total: usize,
}

impl Progress {
    pub(super) fn next(self) -> Self {
        Self { number: self.number + 1, ..self }
    }
}

/// Returns the rows after a step.
pub(super) fn after(mut rows: Vec<String>, work: &Work) -> Vec<String> {
    for operation in &work.step.rows {
        operation.apply(&mut rows);
    }
    rows
}
