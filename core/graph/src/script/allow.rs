//! Statements that may do what is refused otherwise: `-- alembic:allow attach: reason` in the line above.

use alembic_sql::suggest;

/// What follows `-- alembic:`.
pub(super) const ALLOW: &str = "allow";

/// What can be allowed: to open or write another file of SQLite's.
const ATTACH: &str = "attach";

/// Returns what is wrong with what follows `-- alembic:allow`, if anything.
pub(super) fn check(rest: &str) -> Result<(), String> {
    let (name, reason) = rest.split_once(':').unwrap_or((rest, ""));
    match name.trim() {
        ATTACH if reason.trim().is_empty() => {
            Err(format!("a reason is missing: `-- alembic:{ALLOW} {ATTACH}: why it has to be another file`"))
        }
        ATTACH => Ok(()),
        other => {
            let near = suggest::did_you_mean(other, [ATTACH]);
            Err(format!("`alembic:{ALLOW}` knows no `{other}`; it allows {ATTACH}{near}"))
        }
    }
}

/// Returns whether a line allows the statement below it to open another file.
pub(crate) fn allows_attach(line: &str) -> Option<()> {
    let rest = line.trim_start().strip_prefix("--")?.trim_start().strip_prefix("alembic:")?.strip_prefix(ALLOW)?;
    check(rest).ok()
}

/// Returns whether the comments at the start of a text allow it to open another file.
#[must_use]
pub fn may_attach(text: &str) -> bool {
    let comments = text.lines().map(str::trim_start).take_while(|line| line.is_empty() || line.starts_with("--"));
    comments.filter_map(allows_attach).next().is_some()
}
