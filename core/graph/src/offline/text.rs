//! The text of a script, piece by piece.

use std::fmt::Write;

/// The text of a script.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Adds a comment, one line of it for each line of the text. For PostgreSQL a carriage return ends one.
    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines().flat_map(|line| line.split('\r')) {
            let _infallible = writeln!(self.0, "-- {line}");
        }
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.0.push('\n');
    }

    /// Adds a line for the client, which no server sees.
    pub(super) fn client_command(&mut self, command: &str) {
        let _infallible = write!(self.0, "{command}\n\n");
    }

    /// Adds a statement.
    pub(super) fn statement(&mut self, sql: &str) {
        let _infallible = write!(self.0, "{sql};\n\n");
    }

    /// Adds a statement that belongs to the one after it.
    pub(super) fn line(&mut self, sql: &str) {
        let _infallible = writeln!(self.0, "{sql};");
    }

    /// Adds a statement that may end in a comment.
    pub(super) fn of_revision(&mut self, sql: &str) {
        let comment = sql.lines().last().is_some_and(|line| line.contains("--") || line.contains('#'));
        let _infallible = write!(self.0, "{sql}{};\n\n", if comment { "\n" } else { "" });
    }

    /// Adds a statement to a script for the clients of MySQL and MariaDB, which cut at every `;`, also in the
    /// body of a procedure.
    pub(super) fn of_revision_on_mysql(&mut self, sql: &str) {
        if !sql.contains(';') {
            return self.of_revision(sql);
        }
        let delimiter = ["//", "$$", "@@", "%%"].into_iter().find(|delimiter| !sql.contains(delimiter));
        let delimiter = delimiter.unwrap_or("/*end*/");
        let _infallible = write!(self.0, "DELIMITER {delimiter}\n{sql}\n{delimiter}\nDELIMITER ;\n\n");
    }

    /// Adds the file's own text, comments and all, with a terminator if it lacks the last one.
    pub(super) fn verbatim(&mut self, sql: &str) {
        let sql = sql.trim();
        if sql.is_empty() {
            return;
        }
        self.0.push_str(sql);
        let ends = sql.ends_with(';') && !sql.lines().last().unwrap_or_default().contains("--");
        self.0.push_str(if ends { "\n\n" } else { "\n;\n\n" });
    }
}
