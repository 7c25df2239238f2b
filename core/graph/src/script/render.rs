//! [`Script`] → text.

use std::fmt::Write;

use alembic_sql::wording::joined;

use super::{Downgrade, Header, Script, Section};

/// Writes a revision file; [`parse`](super::parse) reads it back.
#[must_use]
pub fn render(script: &Script) -> String {
    let mut out = header(&script.header, "--");
    for section in &script.upgrade {
        push_section(&mut out, "upgrade", section);
    }
    match &script.downgrade {
        Downgrade::Sections(sections) => {
            for section in sections {
                push_section(&mut out, "downgrade", section);
            }
        }
        Downgrade::Irreversible(None) => out.push_str("\n-- alembic:irreversible\n"),
        Downgrade::Irreversible(Some(reason)) => {
            let _infallible = writeln!(out, "\n-- alembic:irreversible: {reason}");
        }
    }
    out
}

/// Writes the header, every line behind a mark.
pub(super) fn header(header: &Header, mark: &str) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(format!("{mark} {text}").trim_end());
        out.push('\n');
    };
    line(&header.message);
    line("");
    line(&format!("Revision ID: {}", header.id));
    let parents = if header.parents.is_empty() { "<base>".into() } else { joined(&header.parents) };
    line(&format!("Revises: {parents}"));
    if !header.labels.is_empty() {
        line(&format!("Branch Labels: {}", joined(&header.labels)));
    }
    if !header.dependencies.is_empty() {
        line(&format!("Depends On: {}", joined(&header.dependencies)));
    }
    if let Some(created) = &header.created {
        line(&format!("Create Date: {}", created.text()));
    }
    if header.without_transaction {
        line("Transaction: none");
    }
    if header.foreign_keys_off {
        line("Foreign Keys: off");
    }
    if header.row_security_on {
        line("Row Security: on");
    }
    out
}

fn push_section(out: &mut String, direction: &str, section: &Section) {
    let dialects: String = section.dialects.iter().map(|dialect| format!(" {dialect}")).collect();
    let _infallible = writeln!(out, "\n-- alembic:{direction}{dialects}");
    out.push_str(&section.sql);
    if !section.sql.is_empty() && !section.sql.ends_with('\n') {
        out.push('\n');
    }
}
