//! One run: read, check, plan, lock, read again, apply, unlock.

use std::time::{Duration, Instant};

use alembic_core::{
    Dialect, Graph, Node, Plan,
    config::TransactionMode,
    image::Settings,
    plan::{self, RowOperation, Siblings, Work},
    version_table::{LogEntry, LogState, VersionTable},
};
use diesel::connection::LoadConnection;

use super::{Error, Finding, Observer, Options, Purge, Report, Resolution, StepReport, status::findings};
use crate::{
    Migrations,
    database::{
        Lock, LockFailure, LogDepth, LogRecord, MigrationBackend, State, Transaction, answer, read_fast, read_state,
        version_numbers,
    },
};

/// What the caller wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Command<'a> {
    Upgrade(&'a str),
    Downgrade(&'a str, Siblings),
    Stamp(&'a [&'a str], Purge),
    EnsureVersion,
    Resolve(&'a str, Resolution),
}

/// A run on one connection.
pub(super) struct Engine<'r, C> {
    pub(super) conn: &'r mut C,
    pub(super) graph: &'r Graph,
    pub(super) dialect: Dialect,
    pub(super) table: VersionTable,
    pub(super) mode: TransactionMode,
    pub(super) options: &'r Options,
    pub(super) observer: &'r mut dyn Observer,
    pub(super) migrations: &'r Migrations<C>,
    /// Names the run in the log.
    pub(super) run: String,
    pub(super) begun: Instant,
    /// The database's clock when the run began.
    pub(super) clock: Option<chrono::NaiveDateTime>,
    pub(super) report: Report,
}

/// Why steps stopped without an error of their own.
pub(super) enum Halt {
    /// Somebody else has migrated meanwhile; plan again.
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
        if let Command::Upgrade("head" | "heads") = command
            && let Some(rows) = at_heads(migrations, conn, &settings.version_table)
        {
            return Ok(Report { steps: Vec::new(), rows, transactions: 0 });
        }
        let graph = migrations.graph()?;
        let dialect = C::Backend::dialect(conn).map_err(Error::query("ask for the server's version"))?;
        if dialect.is_mysql_family() && Transaction::is_open(conn) {
            return Err(Error::InsideTransaction(dialect));
        }
        let patience = C::Backend::be_patient(conn, options.lock_timeout).map_err(Error::query("set a timeout"))?;
        let Settings { version_table: table, transaction } = settings;
        let mut engine = Engine {
            conn,
            graph: &graph,
            dialect,
            table,
            mode: options.transaction.unwrap_or(transaction),
            options,
            observer,
            migrations,
            run: uuid::Uuid::new_v4().to_string(),
            begun: Instant::now(),
            clock: None,
            report: Report { steps: Vec::new(), rows: Vec::new(), transactions: 0 },
        };
        let result = engine.name_the_table_in_full().and_then(|()| engine.unlocked(command));
        if let Some(restore) = patience {
            engine.conn.batch_execute(&restore).map_err(Error::query("restore a timeout"))?;
        }
        result.map(|()| engine.report)
    }

    /// A revision may change the search path, as the output of `pg_dump` does. The table and its lock
    /// stay where they were.
    fn name_the_table_in_full(&mut self) -> Result<(), Error> {
        if self.dialect != Dialect::Postgres || self.table.schema().is_some() {
            return Ok(());
        }
        let sql = C::Backend::schema_query(&self.table);
        let schema = answer(self.conn, &sql).map_err(Error::query("find the version table"))?;
        self.table = schema.map_or_else(|| self.table.clone(), |schema| self.table.in_schema(&schema));
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
            Command::EnsureVersion => state.has_version_table && state.has_log,
            Command::Resolve(..) => false,
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
        let Some(lock) = Lock::of(self.dialect, &self.table) else {
            return self.locked(command);
        };
        let observer = &mut self.observer;
        lock.take(self.conn, self.options.lock_timeout, |holder, waited| observer.waiting(holder, waited)).map_err(
            |failure| match failure {
                LockFailure::Timeout(holder) => Error::Locked { holder, waited: self.options.lock_timeout },
                LockFailure::Query(source) => Error::Query { doing: "take the migration lock", source },
            },
        )?;
        let result = self.locked(command);
        let released = lock.release(self.conn).map_err(Error::query("release the migration lock"));
        result.and(released)
    }

    /// Plans under the lock, and again as long as somebody without the lock gets in between.
    fn locked(&mut self, command: Command<'_>) -> Result<(), Error> {
        loop {
            let resolving = matches!(command, Command::Resolve(..));
            let state = if resolving { self.state()? } else { self.state_at_rest()? };
            let halted = match command {
                Command::EnsureVersion => self.ensure_version(&state),
                Command::Resolve(revision, resolution) => {
                    self.resolve(&state, revision, resolution).map_err(Halt::from)
                }
                _ => self.steps(command, &state),
            };
            match halted {
                Ok(()) => {
                    self.report.rows = version_numbers(self.conn, self.dialect, &self.table)
                        .map_err(Error::query("read the version table"))?;
                    return Ok(());
                }
                Err(Halt::Replan) => {}
                Err(Halt::Failed(error)) => return Err(error),
            }
        }
    }

    /// Reads the state; on SQLite, where steps outside a transaction hold no lock, not while one is
    /// under way, unless that takes so long that its process is likely to be dead.
    fn state_at_rest(&mut self) -> Result<State, Error> {
        let patience = self.options.lock_timeout.min(Duration::from_secs(10));
        let begun = Instant::now();
        loop {
            let state = self.state()?;
            if self.dialect != Dialect::Sqlite || !state.is_under_way() || begun.elapsed() >= patience {
                return Ok(state);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn state(&mut self) -> Result<State, Error> {
        read_state(self.conn, self.dialect, &self.table, LogDepth::Latest)
            .map_err(Error::query("read the version table"))
    }

    /// Plans a command, and refuses if the database contradicts the graph.
    fn plan(&self, state: &State, command: Command<'_>) -> Result<Plan, Error> {
        if let Command::Stamp(targets, purge) = command {
            return self.plan_stamp(state, targets, purge);
        }
        let mut findings = findings(self.graph, state);
        let unfinished = findings.iter().position(|f| matches!(f, Finding::Unfinished { interrupted: false, .. }));
        let resumable = unfinished.map(|index| findings.remove(index));
        if !findings.is_empty() {
            return Err(Error::Inconsistent(findings));
        }
        let rows: Vec<Node> = state.rows.iter().filter_map(|row| self.graph.find_id(row)).collect();
        let plan = match command {
            Command::Upgrade(target) => plan::upgrade(self.graph, &rows, target)?,
            Command::Downgrade(target, siblings) => plan::downgrade(self.graph, &rows, target, siblings)?,
            Command::Stamp(..) | Command::EnsureVersion | Command::Resolve(..) => Plan::default(),
        };
        match resumable {
            Some(finding) if !self.begins_with(&plan, &finding) => Err(Error::Inconsistent(vec![finding])),
            _ => Ok(plan),
        }
    }

    /// Returns whether the first step of the plan goes on with what was left unfinished.
    fn begins_with(&self, plan: &Plan, finding: &Finding) -> bool {
        let Finding::Unfinished { revision, direction, .. } = finding else {
            return false;
        };
        plan.steps.first().is_some_and(|step| {
            step.direction.name() == direction && step.revision.is_some_and(|node| self.graph.id(node) == revision)
        })
    }

    fn plan_stamp(&self, state: &State, targets: &[&str], purge: Purge) -> Result<Plan, Error> {
        let unknown = state.rows.iter().find(|row| self.graph.find_id(row).is_none());
        if purge == Purge::No
            && let Some(revision) = unknown
        {
            return Err(Error::Inconsistent(vec![Finding::Unknown { revision: revision.clone() }]));
        }
        let rows: Vec<Node> = match purge {
            Purge::No => state.rows.iter().filter_map(|row| self.graph.find_id(row)).collect(),
            Purge::Yes => Vec::new(),
        };
        let mut plan = plan::stamp(self.graph, &rows, targets)?;
        if purge == Purge::Yes && !state.rows.is_empty() {
            if plan.steps.is_empty() {
                let (direction, revision) = (plan::Direction::Stamp, None);
                plan.steps.push(plan::Step { direction, revision, from: vec![], to: vec![], rows: vec![] });
            }
            let deletes = state.rows.iter().map(|row| RowOperation::Delete(row.clone()));
            plan.steps[0].rows.splice(0..0, deletes);
        }
        Ok(plan)
    }

    fn steps(&mut self, command: Command<'_>, state: &State) -> Result<(), Halt> {
        let plan = self.plan(state, command)?;
        let (migrations, graph) = (self.migrations, self.graph);
        let work = plan::prepare::<Error>(graph, plan, self.dialect, |node| migrations.script(graph, node))?;
        self.apply(&work, state)
    }

    /// Cuts the work into transactions and runs them.
    fn apply(&mut self, work: &[Work], state: &State) -> Result<(), Halt> {
        let mut rows = state.rows.clone();
        let mut number = 0;
        let done = self.resumed_at(work, state)?;
        let alone = |step: &Work| !self.dialect.transactional_ddl() || step.without_transaction;
        if done > 0 && !work.first().is_some_and(alone) {
            let first = &work[0];
            let edited = Finding::Edited { revision: first.id.clone(), path: first.path.clone() };
            return Err(Error::Inconsistent(vec![edited]).into());
        }
        if Transaction::is_open(self.conn) && work.iter().any(alone) {
            return Err(Error::InsideTransaction(self.dialect).into());
        }
        let mut rest = work;
        while let Some(first) = rest.first() {
            let transactional = self.dialect.transactional_ddl() && !first.without_transaction;
            let length = match (transactional, self.mode) {
                (true, TransactionMode::PerRun) => rest.iter().take_while(|step| !step.without_transaction).count(),
                (false, _) if self.dialect.is_mysql_family() => rest.len(),
                _ => 1,
            };
            let (unit, later) = rest.split_at(length);
            let progress = Progress { number, total: work.len() };
            if transactional {
                number += self.transactions(unit, &mut rows, progress)?;
            } else {
                let done = if number == 0 { done } else { 0 };
                self.journaled(unit, &mut rows, state, done, progress)?;
                number += unit.len();
            }
            rest = later;
        }
        Ok(())
    }

    fn ensure_version(&mut self, state: &State) -> Result<(), Halt> {
        if self.dialect.transactional_ddl() {
            self.transactions(&[], &mut state.rows.clone(), Progress { number: 0, total: 0 })?;
        } else {
            self.create_tables(state)?;
        }
        Ok(())
    }

    /// Creates what is absent of version table and log.
    pub(super) fn create_tables(&mut self, state: &State) -> Result<(), Error> {
        let create = |this: &mut Self, sql: String| {
            this.conn.batch_execute(&sql).map_err(Error::query("create the version table"))
        };
        if !state.has_version_table {
            create(self, self.table.create(self.dialect))?;
        }
        if !state.has_log {
            create(self, self.table.create_log(self.dialect))?;
        }
        Ok(())
    }

    /// Enters in the log what a person found out about a step that did not come to its end.
    fn resolve(&mut self, state: &State, revision: &str, resolution: Resolution) -> Result<(), Error> {
        let open = |record: &&LogRecord| {
            let abandoning = resolution == Resolution::Abandon && record.state == LogState::Failed.name();
            record.revision == revision && (record.state == LogState::Running.name() || abandoning)
        };
        let Some(record) = state.log.iter().find(open) else {
            return Err(alembic_core::target::TargetError::NotHere {
                argument: revision.to_owned(),
                reason: "no step of it was interrupted".into(),
            }
            .into());
        };
        let of = record.statements_total();
        let done = (record.statements_done() + usize::from(resolution == Resolution::Applied)).min(of);
        let up = plan::Direction::Upgrade;
        let direction = if record.direction == up.name() { up } else { plan::Direction::Downgrade };
        let entry =
            LogEntry { run: &record.run, revision, direction, checksum: None, node: None, statements: of, times: None };
        let note = format!("a person said: {}", resolution.name());
        let mut statements = Vec::new();
        if resolution == Resolution::Abandon {
            statements.push(self.table.log_end(self.dialect, &entry, LogState::Abandoned, Some(&note)));
        } else {
            let unknown = || Error::Inconsistent(vec![Finding::Unknown { revision: revision.to_owned() }]);
            let prefix = self.prefix(self.graph.find_id(revision).ok_or_else(unknown)?, direction, done)?;
            statements.push(self.table.log_progress(self.dialect, &entry, done, prefix));
            statements.push(self.table.log_end(self.dialect, &entry, LogState::Failed, Some(&note)));
        }
        self.conn.batch_execute(&statements.join(";\n")).map_err(Error::query("write the log"))
    }

    fn prefix(&self, node: Node, direction: plan::Direction, done: usize) -> Result<alembic_core::Checksum, Error> {
        let step = plan::Step { direction, revision: Some(node), from: vec![], to: vec![], rows: vec![] };
        let plan = Plan { steps: vec![step] };
        let (migrations, graph) = (self.migrations, self.graph);
        let work = plan::prepare::<Error>(graph, plan, self.dialect, |node| migrations.script(graph, node))?;
        Ok(work[0].prefix(done))
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

/// Returns the rows if one query shows that they are the heads, with the history that is embedded.
fn at_heads<C>(migrations: &Migrations<C>, conn: &mut C, table: &VersionTable) -> Option<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    // Where a table is missing the query fails, which would ruin a transaction of the caller.
    if Transaction::is_open(conn) {
        return None;
    }
    let found = read_fast(conn, C::Backend::FAMILY, table).ok()?;
    let rows: Vec<(&str, Option<&str>)> = found.iter().map(|r| (r.version_num.as_str(), r.node.as_deref())).collect();
    let finished = found.iter().all(|row| row.unfinished.is_none());
    let mut rows = (finished && !rows.is_empty() && migrations.heads_are(&rows))
        .then(|| rows.into_iter().map(|(row, _)| row.to_owned()).collect::<Vec<_>>())?;
    rows.sort_unstable();
    Some(rows)
}
