//! `log`.

use std::{io, io::Write};

use diesel::connection::LoadConnection;
use serde::Serialize;

use super::{CommandError, Context, Exit, Report, Styles};
use crate::{LogRecord, database::MigrationBackend};

/// Show what was applied when, by whom, and with which result
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many entries, the newest first
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Log {
    entries: Vec<LogRecord>,
}

impl Report for Log {
    const SCHEMA: &'static str = "log/1";

    fn human(&self, w: &mut dyn Write, styles: &Styles) -> io::Result<()> {
        let s = styles.revision;
        for entry in &self.entries {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let revision = if entry.revision.is_empty() { "<base>" } else { &entry.revision };
            let tag = text(&entry.tag);
            writeln!(
                w,
                "{}  {:9} {s}{revision}{s:#}  {}{}  {}@{} {} {}{}",
                entry.started_at,
                entry.direction,
                entry.state,
                entry.duration().map_or_else(String::new, |took| format!(" in {:.3} s", took.as_secs_f64())),
                text(&entry.os_user),
                text(&entry.host),
                text(&entry.application),
                text(&entry.app_version),
                if tag.is_empty() { String::new() } else { format!(" [{tag}]") },
            )?;
            if entry.state != "done" {
                writeln!(w, "    {} of {} statements done", entry.statement, entry.statements)?;
            }
            if let Some(error) = &entry.error {
                writeln!(w, "    {error}")?;
            }
        }
        Ok(())
    }
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let entries = cx.migrations.log(&mut (cx.connect)()?.conn, args.limit)?;
    cx.printer.report(&Log { entries })?;
    Ok(Exit::Success)
}
