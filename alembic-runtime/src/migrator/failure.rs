//! What a failed statement says, and where in its file.

use std::time::Duration;

use alembic_graph::plan::{Statement, Work};
use alembic_sql::{Shown, line_and_column};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::{Error, Outcome, StatementError, quoted::without_our_sql, statement_error::Server};
use crate::database::Diagnosis;

/// Returns the byte at which the server saw the error; it counts characters from 1.
pub(super) fn position(error: &DieselError, message: &str) -> Option<usize> {
    let DieselError::DatabaseError(_, info) = error else {
        return None;
    };
    let characters = usize::try_from(info.statement_position()?).ok()?.checked_sub(1)?;
    // Behind the last character it is the end of the text.
    message.char_indices().map(|(byte, _)| byte).chain([message.len()]).nth(characters)
}

/// How long a statement may have taken to be run again only to learn why it failed.
const CHEAP_TO_RERUN: Duration = Duration::from_secs(1);

/// Returns whether a failure is to be looked at by letting it happen again: not one that took long, and
/// not one that somebody or a timeout has asked for.
pub(super) fn is_cheap_to_rerun(error: &DieselError, took: Duration) -> bool {
    let wanted = message(error).starts_with("canceling statement");
    took < CHEAP_TO_RERUN
        && !wanted
        && matches!(error, DieselError::DatabaseError(kind, _) if !matches!(kind, DatabaseErrorKind::ClosedConnection))
}

/// Returns what the server said first.
pub(super) fn message(error: &DieselError) -> String {
    match error {
        DieselError::DatabaseError(_, info) => info.message().to_owned(),
        other => other.to_string(),
    }
}

/// A statement that failed; where, the server may have told.
pub(super) fn failed(work: &Work, index: usize, error: &DieselError, diagnosis: &Diagnosis) -> Error {
    let offset = work.statements.get(index).and_then(|statement| position(error, &statement.text));
    failed_at(work, index, offset, error, diagnosis)
}

/// A statement that failed at a byte of its text.
pub(super) fn failed_at(
    work: &Work,
    index: usize,
    offset: Option<usize>,
    error: &DieselError,
    diagnosis: &Diagnosis,
) -> Error {
    let Error::Statement(mut failure) = failed_somewhere(work, error) else {
        return failed_somewhere(work, error);
    };
    failure.code.clone_from(&diagnosis.code);
    failure.context = diagnosis.context.as_ref().map(|context| without_passwords(work, context.clone()));
    if let Some(statement) = work.statements.get(index) {
        (failure.line, failure.column) = place(statement, offset.unwrap_or(0));
        failure.number = Some(index + 1);
        let shown = Shown::of(&statement.text, work.dialect).text;
        let lines = shown.lines().skip(failure.line - statement.line);
        failure.statement = lines.collect::<Vec<_>>().join("\n");
        // Behind a password that is not shown, the column is another one.
        let offset = offset.filter(|offset| shown.get(..*offset) == statement.text.get(..*offset));
        failure.caret = offset.map(|offset| line_and_column(&statement.text, offset).1);
    }
    Error::Statement(failure)
}

/// Some statement of a step.
pub(super) fn failed_somewhere(work: &Work, error: &DieselError) -> Error {
    Error::Statement(Box::new(failure(work, server_message(work, error))))
}

/// Returns what the server says of a step's statements, and quotes nothing else.
pub(super) fn server_message(work: &Work, error: &DieselError) -> String {
    let said = Server(error).to_string();
    let texts = work.statements.iter().map(|statement| statement.text.as_str());
    without_passwords(work, if work.dialect.is_mysql_family() { without_our_sql(&said, texts) } else { said })
}

/// Returns what the server says without the passwords of the statements that it is about.
fn without_passwords(work: &Work, said: String) -> String {
    let hide = |said: String, statement: &Statement| Shown::of(&statement.text, work.dialect).hide_in(&said);
    work.statements.iter().fold(said, hide)
}

fn failure(work: &Work, server: String) -> StatementError {
    StatementError {
        revision: work.id.clone(),
        direction: work.step.direction,
        path: work.path.clone(),
        line: work.line,
        column: 1,
        number: None,
        statements: work.statements.len(),
        statement: String::new(),
        caret: None,
        server,
        message: None,
        code: None,
        context: None,
        blockers: Vec::new(),
        contended_sql: None,
        is_interrupted: false,
        outcome: Outcome::RolledBack { committed: 0, undone: 0 },
    }
}

/// Something else than a statement failed in the code of a revision.
pub(super) fn failed_in_code(work: &Work, line: usize, message: String) -> Error {
    Error::Statement(Box::new(StatementError { line, ..failure(work, message) }))
}

/// Returns line and column in the file of a byte of a statement.
fn place(statement: &Statement, offset: usize) -> (usize, usize) {
    let (line, column) = line_and_column(&statement.text, offset);
    (statement.line + line - 1, if line == 1 { statement.column + column - 1 } else { column })
}

/// Marks a failure as one that may not happen the next time.
pub(super) fn contended(mut error: Error, sql: String) -> Error {
    if let Error::Statement(statement) = &mut error {
        statement.contended_sql = Some(sql);
    }
    error
}

/// Marks a failure as one that may be looked at once more.
pub(super) fn repeatable(mut failure: Error, error: &DieselError) -> Error {
    if let Error::Statement(statement) = &mut failure {
        statement.message = Some(message(error));
    }
    failure
}
