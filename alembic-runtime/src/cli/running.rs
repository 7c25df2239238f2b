//! What upgrade, downgrade and stamp have in common.

use std::{io, io::Write, time::Duration};

use alembic_core::{Dialect, Graph, Node, Plan, offline::Offline, plan::prepare, target, version_table::Actor};
use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit, Printer, Report, Styles, progress::Lines};
use crate::{Error, Migrator, Report as RunReport, database::MigrationBackend};

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
    /// A word for the log, to find the run again
    #[arg(long)]
    tag: Option<String>,
    /// How many seconds to wait for another migrator
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    lock_timeout: u64,
}

impl Running {
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
        let mut conn = (cx.connect)()?;
        let report = {
            let lines = Lines { printer: &mut *cx.printer, told_of_waiting: false };
            let mut migrator = cx.migrations.migrator().lock_timeout(Duration::from_secs(self.lock_timeout));
            if let Some(tag) = &self.tag {
                migrator = migrator.tag(tag);
            }
            if self.dry_run {
                migrator = migrator.dry_run();
            }
            work(migrator.observer(lines), &mut conn)?
        };
        finish(cx.printer, report, self.dry_run)
    }

    /// Prints the plan as a script. `start` is what the script's database is at.
    pub(super) fn print_script<C>(
        &self,
        cx: &mut Context<'_, '_, C>,
        graph: &Graph,
        start: &[Node],
        plan: Plan,
    ) -> Result<Exit, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let dialect = self.dialect.or(cx.place.dialect).ok_or_else(|| {
            CommandError::usage("for which database is the script?")
                .hint("say --dialect sqlite, postgres, mysql or mariadb")
        })?;
        let settings = cx.migrations.settings()?;
        let work = prepare::<Error>(graph, plan, dialect, |node| cx.migrations.script(graph, node))?;
        let script = Offline {
            graph,
            dialect,
            table: &settings.version_table,
            transaction: settings.transaction,
            from_base: start.is_empty(),
            actor: &Actor {
                application: "offline".into(),
                tag: self.tag.clone().unwrap_or_default(),
                ..Actor::default()
            },
            run: "offline",
        };
        cx.printer.text(&script.render(&work))?;
        Ok(Exit::Success)
    }
}

/// Takes `from:to` apart; without `:` there is no start.
pub(super) fn range<'t>(graph: &Graph, text: &'t str, sql: bool) -> Result<(Option<Vec<Node>>, &'t str), CommandError> {
    let Some((from, to)) = text.split_once(':') else {
        return Ok((None, text));
    };
    if !sql {
        return Err(CommandError::usage(format!("range revision not allowed: `{text}`"))
            .hint("ranges are for --sql; online, name the target only"));
    }
    if from.is_empty() || to.is_empty() || to.contains(':') {
        return Err(CommandError::usage(format!("`{text}` is not a range; expected <fromrev>:<torev>")));
    }
    Ok((Some(target::revisions(graph, from)?), to))
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
