//! What upgrade, downgrade and stamp have in common.

use std::{io, io::Write, time::Duration};

use alembic_graph::{
    Graph, Hint, Node, Plan, identifier,
    identifier::TargetError,
    offline,
    offline::{Offline, Steps},
    plan::{Siblings, prepare},
    version_table::Actor,
};
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit, Link, Printer, Report, Styles, echo::InStep, progress::Lines, signals};
use crate::{
    Error, Interrupt, Migrator, Report as RunReport,
    database::{MigrationBackend, answer},
    op::{self, Arguments},
};

/// Options of every command that changes a database.
#[derive(Debug, clap::Args)]
pub(super) struct Running {
    /// Print the SQL of a script instead of running it; no database is needed
    #[arg(long)]
    pub(super) sql: bool,
    /// The database that a script is for, if its URL does not tell
    #[arg(long, requires = "sql", value_name = "DIALECT")]
    dialect: Option<Dialect>,
    /// Say what would be done, and change nothing
    #[arg(long, conflicts_with = "sql")]
    dry_run: bool,
    /// Print what each step sends to the database, and how long it takes
    #[arg(long, conflicts_with_all = ["sql", "dry_run"])]
    echo: bool,
    /// A word for the log, to find the run again
    #[arg(long)]
    tag: Option<String>,
    /// The environment, for revisions in Rust, instead of what `ALEMBIC_ENV` says
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// A value for revisions in Rust; may be given several times
    #[arg(short = 'x', value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// How long to wait for another migrator
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds)]
    wait: Duration,
    /// How long a statement may wait for a lock before it lets others pass, 3 unless configured; 0
    /// waits forever (on SQLite, --wait is for both)
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    lock_timeout: Option<Duration>,
    /// How often to try again after that, 20 unless configured
    #[arg(long, value_name = "N")]
    lock_retries: Option<u32>,
    /// How long a statement may run, forever unless configured (PostgreSQL, MariaDB)
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    statement_timeout: Option<Duration>,
    /// What a pooler between here and PostgreSQL hands out: sessions or single transactions
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    pooler: Pooler,
}

/// What a pooler hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Pooler {
    /// Transactions, if there is a pooler
    #[default]
    Auto,
    /// A session for as long as the connection lasts
    Session,
    /// A session for each transaction
    Transaction,
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

impl Running {
    fn arguments(&self, environment: &str) -> Arguments {
        let values = self.values.iter().map(|text| text.split_once('=').unwrap_or((text, "")));
        Arguments {
            environment: self.environment.as_deref().unwrap_or(environment).to_owned(),
            values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }

    pub(super) fn changes_database(&self) -> bool {
        !self.sql && !self.dry_run
    }

    /// Runs `work` with a migrator that has these options, and reports.
    pub(super) fn run<C>(
        &self,
        cx: &mut Context<'_, '_, C>,
        work: impl FnOnce(Migrator<'_, C>, &mut C) -> Result<RunReport, Error>,
    ) -> Result<Exit, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let Link { mut conn, pooled, notices, aside } = (cx.connect)()?;
        let pooled = match self.pooler {
            Pooler::Auto => pooled,
            Pooler::Session => false,
            Pooler::Transaction => true,
        };
        let interrupt = Interrupt::new();
        if let Some(aside) = aside.filter(|_| !pooled)
            && let Some(query) = C::Backend::cancel_query()
            && let Ok(Some(sql)) = answer(&mut conn, query)
        {
            interrupt.on_ask(move || aside(&sql));
        }
        let interrupted = signals::listen(&interrupt);
        let result = {
            let in_step = InStep::default();
            if self.echo {
                conn.set_instrumentation(in_step.echo(C::Backend::FAMILY));
            }
            let lines = Lines { printer: &mut *cx.printer, notices, told_of_waiting: false, in_step };
            let mut migrator = cx.migrations.migrator().wait(self.wait).behind_transaction_pooler(pooled);
            migrator = migrator.arguments(self.arguments(cx.environment)).interrupt(&interrupt);
            if let Some(timeout) = self.lock_timeout {
                migrator = migrator.lock_timeout(timeout);
            }
            if let Some(retries) = self.lock_retries {
                migrator = migrator.lock_retries(retries);
            }
            if let Some(timeout) = self.statement_timeout {
                migrator = migrator.statement_timeout(timeout);
            }
            if let Some(tag) = &self.tag {
                migrator = migrator.tag(tag);
            }
            if self.dry_run {
                migrator = migrator.dry_run();
            }
            work(migrator.observer(lines), &mut conn)
        };
        let report = result.map_err(|error| {
            let error = CommandError::from(error);
            CommandError { exit: interrupted().unwrap_or(error.exit), ..error }
        })?;
        finish(cx.printer, report, self.dry_run)
    }

    /// Returns whether a script is asked for: by `--sql`, or by a range, which nothing else takes.
    pub(super) fn wants_script(&self, target: &str) -> bool {
        self.sql || target.contains(':')
    }

    /// Prints a script for a range `from:to`, which `plan` turns into steps. Without `from` it is for an empty database;
    /// `needs_start` names the command if that makes no sense for it.
    pub(super) fn print_script_of_range<C>(
        &self,
        cx: &mut Context<'_, '_, C>,
        text: &str,
        needs_start: Option<&str>,
        steps: Steps,
        plan: impl FnOnce(&Graph, &[Node], &str) -> Result<Plan, TargetError>,
    ) -> Result<Exit, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let graph = cx.migrations.graph()?;
        let (start, target) = range(&graph, text, self.sql)?;
        let start = match (start, needs_start) {
            (None, Some(command)) => {
                return Err(CommandError::usage(format!("{command} with --sql requires <fromrev>:<torev>")));
            }
            (start, _) => start.unwrap_or_default(),
        };
        let plan = plan(&graph, &start, target)?;
        self.print_script(cx, &graph, &start, plan, steps)
    }

    /// Prints the plan as a script. `start` is what the script's database is at.
    pub(super) fn print_script<C>(
        &self,
        cx: &mut Context<'_, '_, C>,
        graph: &Graph,
        start: &[Node],
        plan: Plan,
        steps: Steps,
    ) -> Result<Exit, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let dialect = self.dialect_of_script(cx)?;
        let settings = cx.migrations.settings()?;
        let mut work = prepare::<Error>(graph, plan, dialect, |node| cx.migrations.script(graph, node))?;
        let arguments = self.arguments(cx.environment);
        let context = op::Context {
            dialect,
            naming: &settings.naming,
            revision: "",
            path: "",
            arguments: &arguments,
            replay: None,
        };
        cx.migrations.write_script(&mut work, context)?;
        let own = settings.version_table.all_names();
        let own = own.each_ref().map(String::as_str);
        work.iter().try_for_each(|step| step.refuse_changes_of(&own)).map_err(Error::from)?;
        let script = Offline {
            graph,
            dialect,
            table: &settings.version_table,
            transaction: settings.transaction,
            start,
            steps,
            database: cx.place.database.as_deref(),
            schemas: &cx.migrations.created_schemas()?,
            actor: &Actor {
                application: "offline".into(),
                tag: self.tag.clone().unwrap_or_default(),
                ..Actor::default()
            },
        };
        let text = script.render(&work).map_err(|error| CommandError::usage(error.to_string()).hint(error.hint()))?;
        cx.printer.text(&text)?;
        Ok(Exit::Success)
    }

    /// Prints a script that creates what is absent of our own tables, whatever the database is at.
    pub(super) fn print_tables<C>(&self, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let table = cx.migrations.settings()?.version_table;
        cx.printer.text(&offline::tables(self.dialect_of_script(cx)?, &table))?;
        Ok(Exit::Success)
    }

    fn dialect_of_script<C>(&self, cx: &Context<'_, '_, C>) -> Result<Dialect, CommandError> {
        self.dialect
            .or(cx.place.dialect)
            .ok_or_else(|| CommandError::usage("for which database is the script?").hint(Hint::WhichDialect))
    }
}

/// What may become of branches beside the one that is undone.
#[derive(Debug, clap::Args)]
pub(super) struct SiblingsArg {
    /// Let `branch@base` undo other branches that share its base
    #[arg(long)]
    allow_siblings: bool,
}

impl From<&SiblingsArg> for Siblings {
    fn from(argument: &SiblingsArg) -> Self {
        if argument.allow_siblings { Self::Allow } else { Self::Refuse }
    }
}

/// Returns which steps a script runs.
pub(super) fn steps(idempotent: bool) -> Steps {
    if idempotent { Steps::Needed } else { Steps::All }
}

/// Takes `from:to` apart; without `:` there is no start.
pub(super) fn range<'t>(graph: &Graph, text: &'t str, sql: bool) -> Result<(Option<Vec<Node>>, &'t str), CommandError> {
    let Some((from, to)) = text.split_once(':') else {
        return Ok((None, text));
    };
    if !sql {
        return Err(CommandError::usage(format!("range revision not allowed: `{text}`"))
            .hint(Hint::RangeOnline { target: to.to_owned() }));
    }
    if from.is_empty() || to.is_empty() || to.contains(':') {
        return Err(CommandError::usage(format!("`{text}` is not a range; expected <fromrev>:<torev>")));
    }
    Ok((Some(identifier::revisions(graph, from)?), to))
}

fn finish(printer: &mut Printer<'_>, report: RunReport, dry_run: bool) -> Result<Exit, CommandError> {
    if report.steps.is_empty() {
        printer.status(&report);
    }
    printer.report(&Ran { dry_run, report })?;
    Ok(Exit::Success)
}

/// The answer of a command that ran steps. People have seen them on stderr already.
#[derive(Debug, serde::Serialize)]
struct Ran {
    dry_run: bool,
    #[serde(flatten)]
    report: RunReport,
}

impl Report for Ran {
    const SCHEMA: &'static str = "run/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        if self.dry_run {
            for step in &self.report.steps {
                writeln!(w, "{}", step.line.replacen("Running", "Would run", 1))?;
            }
        }
        Ok(())
    }
}
