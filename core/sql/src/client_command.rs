//! Commands of psql and of MySQL's client, which begin with a backslash and which no server understands.
//!
//! `pg_dump` puts a dump between `\restrict` and `\unrestrict`, so that psql obeys no other command in it. Here
//! every other command is refused anyhow.

use std::borrow::Cow;

use super::lexer::{Lexer, TokenKind};
use crate::Dialect;

fn name(command: &str) -> &str {
    if command.starts_with("\\;") {
        return "\\;";
    }
    command.split_whitespace().next().unwrap_or_default()
}

/// Returns whether the command can be left out without a difference to the server.
pub(super) fn is_skipped(command: &str) -> bool {
    matches!(name(command), "\\restrict" | "\\unrestrict")
}

/// Says why the command is refused. `in_statement` tells whether SQL precedes it.
pub(super) fn problem(command: &str, in_statement: bool, dialect: Dialect) -> String {
    let name = name(command);
    let client = if dialect == Dialect::Postgres { "psql" } else { "the mysql client" };
    let instead = match name {
        "\\;" | "\\g" | "\\G" | "\\gx" | "\\p\\g" => "write `;` in its place",
        "\\copy" => "write INSERT, or COPY from a file of the server",
        "\\." if dialect == Dialect::Postgres => "write INSERT, as `pg_dump --inserts` does, for the rows above it",
        "\\i" | "\\ir" | "\\include" | "\\." => "put the text of the file in its place",
        "\\d" if dialect.is_mysql_family() => "write `DELIMITER`",
        _ if in_statement => "delete it",
        _ => "delete this line",
    };
    format!("`{name}` is a command of {client}, which no server understands; {instead}")
}

/// Returns the text without the commands that are passed over: psql would heed them in a script, and one
/// older than they are would stop there.
#[must_use]
pub fn without_client_commands(sql: &str, dialect: Dialect) -> Cow<'_, str> {
    if dialect != Dialect::Postgres || !sql.contains('\\') {
        return Cow::Borrowed(sql);
    }
    let mut lexer = Lexer::new(sql, dialect);
    let (mut kept, mut from) = (String::with_capacity(sql.len()), 0);
    while let Ok(Some(token)) = lexer.next() {
        if token.kind == TokenKind::ClientCommand {
            kept.push_str(&sql[from..token.start]);
            from = token.end;
        }
    }
    kept.push_str(&sql[from..]);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split;

    const DUMP: &str =
        "--\n\\restrict aB9\n\nSET x = 'a\\b';\nCREATE TABLE t (x TEXT DEFAULT '\n\\restrict y');\n\\unrestrict aB9\n";

    #[test]
    fn what_encloses_a_dump_is_passed_over_and_kept_out_of_scripts() {
        let statements = split(DUMP, Dialect::Postgres).unwrap();
        assert_eq!(statements.iter().map(|s| s.line).collect::<Vec<_>>(), [4, 5]);
        let script = without_client_commands(DUMP, Dialect::Postgres);
        assert_eq!(script, "--\n\n\nSET x = 'a\\b';\nCREATE TABLE t (x TEXT DEFAULT '\n\\restrict y');\n\n");
    }

    #[test]
    fn other_commands_are_refused_wherever_psql_would_obey_them() {
        for (sql, expected) in [
            (
                "SELECT 1;\n\\connect shop\n",
                "2:1: `\\connect` is a command of psql, which no server understands; delete this line",
            ),
            (
                "SELECT 1 \\; SELECT 2;\n",
                "1:10: `\\;` is a command of psql, which no server understands; write `;` in its place",
            ),
            (
                "\\copy t FROM 'rows'\n",
                "1:1: `\\copy` is a command of psql, which no server understands; write INSERT, or COPY from a file of the server",
            ),
            ("SELECT 1 \\gexec\n", "1:10: `\\gexec` is a command of psql, which no server understands; delete it"),
            (
                "SELECT 1 \\restrict x\n",
                "1:10: `\\restrict` is a command of psql, which no server understands; delete it",
            ),
        ] {
            assert_eq!(split(sql, Dialect::Postgres).unwrap_err().to_string(), expected);
        }
    }
}
