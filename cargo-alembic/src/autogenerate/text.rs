//! Operations → the text of a revision.

use alembic_schema::{
    Naming,
    diff::Block,
    operation::{Unsupported, render, rust},
};
use alembic_sql::Dialect;

/// Writes the operations as SQL, each block after its hazards.
pub(crate) fn sql_text(blocks: &[Block], dialect: Dialect, naming: &Naming) -> Result<String, Unsupported> {
    let mut parts = Vec::new();
    for block in blocks {
        let mut lines: Vec<String> = block.hazards.iter().map(|hazard| format!("-- {hazard}")).collect();
        for operation in &block.operations {
            lines.extend(render(operation, dialect, naming)?.into_iter().map(|statement| format!("{statement};")));
        }
        parts.push(lines.join("\n"));
    }
    let text = parts.join("\n\n");
    Ok(if text.is_empty() { text } else { format!("{text}\n") })
}

/// Writes the operations as the body of a function in Rust; none if one of them has no form there.
pub(crate) fn rust_body(blocks: &[Block]) -> Option<String> {
    let mut lines = Vec::new();
    for block in blocks {
        lines.extend(block.hazards.iter().map(|hazard| format!("    // {hazard}\n")));
        for operation in &block.operations {
            let calls = rust(operation)?;
            lines.extend(calls.lines().map(|line| format!("    {line}\n")));
        }
    }
    Some(lines.concat())
}
