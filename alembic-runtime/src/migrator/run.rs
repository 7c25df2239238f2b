//! One run: read, check, plan, lock, read again, apply, unlock, and leave the session as it was.

use std::time::Instant;

use alembic_graph::{
    Graph, Plan,
    config::Settings,
    plan::{Direction, Work},
};
use alembic_sql::wording::count;
use diesel::connection::LoadConnection;

use super::{
    Command, Error, Finding, Observer, Options, Outcome, Report, StepReport, planning, session::Session,
    step_watch::StepWatch, up_to_date::rows_if_up_to_date,
};
use crate::{
    Migrations,
    database::{LONGEST_READ, MigrationBackend, Need, State, Timeouts, Transaction, while_table_is_locked},
};

/// A run on one connection.
pub(super) struct Run<'r, C> {
    pub(super) session: Session<'r, C>,
    pub(super) migrations: &'r Migrations<C>,
    pub(super) graph: &'r Graph,
    /// Those of the project, or the options instead.
    pub(super) settings: Settings,
    pub(super) options: &'r Options,
    pub(super) observer: &'r mut dyn Observer,
    pub(super) report: Report,
}

/// Each plan that came to nothing means that another run got somewhere; there are never this many.
const MAX_REPLANS: usize = 1000;

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

/// How far a run has come.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    /// What the version table holds.
    pub(super) rows: Vec<String>,
    /// How many steps are done.
    pub(super) number: usize,
    /// How many there are.
    pub(super) total: usize,
}

impl Progress {
    /// Returns the rows of the version table after the step.
    pub(super) fn rows_after(&self, work: &Work) -> Vec<String> {
        let mut rows = self.rows.clone();
        work.step.rows.iter().for_each(|operation| operation.apply(&mut rows));
        rows
    }

    /// Moves behind the step.
    pub(super) fn advance(&mut self, work: &Work) {
        work.step.rows.iter().for_each(|operation| operation.apply(&mut self.rows));
        self.number += 1;
    }
}

/// Runs a command on a connection, and leaves its session as it was.
pub(super) fn run<C>(
    migrations: &Migrations<C>,
    options: &Options,
    observer: &mut dyn Observer,
    conn: &mut C,
    command: Command<'_>,
) -> Result<Report, Error>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let settings = options.over(migrations.settings()?);
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
    let restore = C::Backend::set_busy_timeout(conn, options.wait).map_err(|source| {
        if C::Backend::is_busy(&source) {
            return Error::Busy { waited: options.wait };
        }
        Error::Query { doing: "set a timeout", source }
    })?;
    let timeouts = Timeouts { lock: settings.lock_timeout, statement: settings.statement_timeout };
    if !timeouts.statement.is_zero() && !C::Backend::has_statement_timeout(dialect) {
        observer.note("this database has no timeout for statements");
    }
    let result =
        Session::open(conn, migrations, dialect, timeouts, (&options.actor, &options.interrupt)).and_then(|session| {
            let report = Report::default();
            Run { session, migrations, graph: &graph, settings, options, observer, report }.execute(command)
        });
    let need = if options.dry_run { Need::Read } else { Need::Write };
    let result = result.map_err(|error| error.with_cause(conn, need).interrupted(options.interrupt.is_asked()));
    let restored = match restore {
        Some(sql) => {
            while_table_is_locked(LONGEST_READ, || conn.batch_execute(&sql)).map_err(Error::query("restore a timeout"))
        }
        None => Ok(()),
    };
    result.and_then(|report| restored.map(|()| report))
}

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn execute(mut self, command: Command<'_>) -> Result<Report, Error> {
        let state = self.session.state()?;
        if self.is_done_without_lock(command, &state)? || self.options.dry_run {
            self.report.rows = state.rows;
            return Ok(self.report);
        }
        let before = self.session.settings()?;
        let result = self.with_lock(command, state);
        let committed = self.report.steps.len();
        // A statement's own error says it itself.
        if committed > 0 && matches!(&result, Err(error) if !matches!(error, Error::Statement(_))) {
            self.observer.note(&format!("{} before it committed", count(committed, "step")));
        }
        let released = self.session.release();
        let restored = self.session.restore(&before);
        result.and(released).and(restored)?;
        Ok(self.report)
    }

    /// Finds out without lock whether there is nothing to do. A dry run lists the steps.
    fn is_done_without_lock(&mut self, command: Command<'_>, state: &State) -> Result<bool, Error> {
        // A step that looks interrupted may be running at this moment: only under the lock can
        // that be told.
        if state.is_under_way() && !self.options.dry_run {
            return Ok(false);
        }
        match command {
            Command::EnsureVersion => Ok(state.has_version_table && state.has_log && state.has_lock),
            Command::Resolve(..) | Command::Accept(_) => Ok(false),
            _ => {
                let plan = self.plan(state, command)?;
                if self.options.dry_run {
                    self.report.steps = plan.steps.iter().map(|step| StepReport::of(self.graph, step)).collect();
                }
                Ok(plan.steps.is_empty())
            }
        }
    }

    /// Plans and applies, and plans again as long as somebody gets in between.
    fn with_lock(&mut self, command: Command<'_>, state: State) -> Result<(), Error> {
        let mut known = Some(state);
        let resolving = matches!(command, Command::Resolve(_));
        let always_journaled = !C::Backend::CAPABILITIES.transactional_ddl;
        let in_session = always_journaled || resolving || matches!(command, Command::Accept(_));
        if in_session || known.as_ref().is_some_and(State::is_under_way) {
            self.take_lock()?;
            known = None;
        }
        let mut others = StepWatch::foreign(self.options.wait);
        for _ in 0..MAX_REPLANS {
            let state = match known.take() {
                Some(state) => state,
                None if resolving => self.session.state()?,
                None => self.wait_until_idle()?,
            };
            match self.attempt(command, &state) {
                Ok(()) => {
                    self.report.rows = self.session.rows()?;
                    return Ok(());
                }
                Err(Halt::Replan) => {}
                // Without lock nothing tells whether a step that is not ours to go on with still runs.
                Err(Halt::Failed(error)) if self.may_be_running(&error) && others.pause(&state) => {}
                Err(Halt::Failed(error)) => return Err(error),
            }
        }
        Err(Error::Overtaken)
    }

    /// Returns whether what is wrong may be over once another program's step has ended.
    fn may_be_running(&self, error: &Error) -> bool {
        let Error::Inconsistent(found) = error else { return false };
        let runs = |finding: &Finding| matches!(finding, Finding::Unfinished { interrupted: true, .. });
        let newer = |finding: &Finding| self.options.allow_ahead && matches!(finding, Finding::Unknown { .. });
        !C::Backend::CAPABILITIES.session_lock
            && found.iter().any(runs)
            && found.iter().all(|finding| runs(finding) || newer(finding))
    }

    fn attempt(&mut self, command: Command<'_>, state: &State) -> Result<(), Halt> {
        match command {
            Command::EnsureVersion if C::Backend::CAPABILITIES.transactional_ddl => self.create_tables(&state.rows),
            Command::EnsureVersion => {
                self.session.create_absent(state)?;
                Ok(self.check_storage()?)
            }
            Command::Resolve(resolution) => self.resolve(state, &resolution),
            Command::Accept(revision) => self.accept(state, revision),
            Command::Upgrade(_)
            | Command::Downgrade(..)
            | Command::Redo(..)
            | Command::Undo(_)
            | Command::Stamp(..) => {
                let plan = self.plan(state, command)?;
                let work = self.prepare(plan)?;
                self.apply(&work, state)
            }
        }
    }

    fn plan(&self, state: &State, command: Command<'_>) -> Result<Plan, Error> {
        let contradictions = || self.migrations.contradictions(self.graph, self.session.dialect, state);
        let findings = if matches!(command, Command::Stamp(..)) { Vec::new() } else { contradictions() };
        planning::plan(self.graph, state, command, self.options.allow_ahead, findings)
    }

    /// Returns an error if the run is to end.
    pub(super) fn check_interrupt(&self) -> Result<(), Error> {
        let outcome = Outcome::RolledBack { committed: 0, undone: 0 };
        if self.options.interrupt.is_noticed() { Err(Error::Interrupted { outcome }) } else { Ok(()) }
    }

    /// Reads the SQL of a plan, and checks all of it before anything is run.
    fn prepare(&mut self, plan: Plan) -> Result<Vec<Work>, Error> {
        let work = self.migrations.prepare(self.graph, self.session.dialect, plan)?;
        let own = self.session.table.all_names();
        let own = own.each_ref().map(String::as_str);
        work.iter().try_for_each(|step| step.refuse_changes_of(&own))?;
        for step in &work {
            step.statements.iter().try_for_each(|statement| self.refuse_other_files(step, statement))?;
        }
        // A program that lacks a function finds out before it begins.
        work.iter().filter(|step| step.is_rust).try_for_each(|step| self.migrations.function(step).map(drop))?;
        Ok(work)
    }

    /// Reads the state; where steps outside a transaction hold no lock, not while one makes progress. After that it can
    /// be taken over: its notes fail from then on.
    fn wait_until_idle(&mut self) -> Result<State, Error> {
        let mut others = StepWatch::resumable(self.options.wait);
        loop {
            let state = self.session.state()?;
            if C::Backend::CAPABILITIES.session_lock || !state.is_under_way() || !others.pause(&state) {
                return Ok(state);
            }
        }
    }

    /// Returns a revision with its SQL, as its file has it now.
    pub(super) fn work_of(&self, revision: &str, direction: Direction) -> Result<Work, Error> {
        let unknown = || Error::Inconsistent(vec![Finding::Unknown { revision: revision.to_owned() }]);
        let node = self.graph.find_id(revision).ok_or_else(unknown)?;
        self.migrations.work_of(self.graph, self.session.dialect, node, direction)
    }

    pub(super) fn started(&mut self, work: &Work, progress: &Progress) -> StepReport {
        let step = StepReport::of(self.graph, &work.step);
        self.observer.started(&step, progress.number + 1, progress.total);
        step
    }

    pub(super) fn finished(&mut self, step: StepReport, begun: Instant) {
        self.observer.finished(&step, begun.elapsed());
        self.report.steps.push(step);
    }
}
