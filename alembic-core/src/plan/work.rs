//! A plan with the SQL it runs: what the engine executes and offline scripts print.

use super::{Direction, Plan, Step};
use crate::{
    Checksum, Dialect, Script,
    graph::{Graph, Node},
    script::{Downgrade, Section},
    sql::{SplitError, split},
    version_table::LogEntry,
};

/// One step with its SQL.
#[derive(Debug, Clone)]
pub struct Work {
    /// The step.
    pub step: Step,
    /// The id of the revision; empty when stamping to base.
    pub id: String,
    /// The file, for messages.
    pub path: String,
    /// The SQL as the file has it.
    pub sql: String,
    /// The statements of the SQL.
    pub statements: Vec<Statement>,
    /// The line of the file on which the SQL begins.
    pub line: usize,
    /// Whether the step runs outside a transaction.
    pub without_transaction: bool,
    /// Checksum of the text of this direction.
    pub checksum: Option<Checksum>,
    /// The value that names the revision and its history.
    pub node: Option<Checksum>,
}

/// One statement, with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text, without terminator.
    pub text: String,
    /// The line of the file.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// Why a step cannot be run; found before anything is touched.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// The revision has no downgrade.
    #[error("revision `{id}` ({path}) is irreversible{}", reason.as_ref().map_or_else(String::new, |r| format!(": {r}")))]
    Irreversible {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// What the file says.
        reason: Option<String>,
    },
    /// The revision has sections for other databases only.
    #[error("revision `{id}` ({path}) has no {direction} section for {dialect}")]
    NoSection {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// `upgrade` or `downgrade`.
        direction: &'static str,
        /// The database.
        dialect: Dialect,
    },
    /// A statement would end or begin the transaction that the step runs in.
    #[error(
        "{path}:{line}: `{statement}` would break the transaction of revision `{id}`; leave it out, or write \
         `-- Transaction: none` into the header"
    )]
    TransactionControl {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
    },
    /// The SQL cannot be cut into statements.
    #[error("{path}:{error}")]
    Sql {
        /// The file.
        path: String,
        /// What is wrong and where in the file.
        error: SplitError,
    },
}

/// Adds the SQL to a plan, and checks that every step has some.
///
/// # Errors
///
/// What `load` returns, or [`WorkError`].
pub fn prepare<E: From<WorkError>>(
    graph: &Graph,
    plan: Plan,
    dialect: Dialect,
    mut load: impl FnMut(Node) -> Result<Script, E>,
) -> Result<Vec<Work>, E> {
    let mut prepared = Vec::with_capacity(plan.steps.len());
    for step in plan.steps {
        prepared.push(match step.revision {
            Some(node) if step.direction != Direction::Stamp => with_sql(graph, step, node, &load(node)?, dialect)?,
            _ => without_sql(graph, step),
        });
    }
    Ok(prepared)
}

fn without_sql(graph: &Graph, step: Step) -> Work {
    let revision = step.revision.map(|node| graph.revision(node));
    Work {
        id: revision.map_or_else(String::new, |r| r.id.clone()),
        path: revision.map_or_else(String::new, |r| r.path.clone()),
        sql: String::new(),
        statements: Vec::new(),
        line: 1,
        without_transaction: false,
        checksum: revision.map(|r| r.upgrade),
        node: step.revision.map(|node| graph.node_hash(node)),
        step,
    }
}

fn with_sql(graph: &Graph, step: Step, node: Node, script: &Script, dialect: Dialect) -> Result<Work, WorkError> {
    let mut work = without_sql(graph, step);
    let section = match work.step.direction {
        Direction::Downgrade => script.downgrade_for(dialect),
        _ => script.upgrade_for(dialect),
    };
    let Some(Section { sql, line, .. }) = section else {
        return Err(missing(&work, script, dialect));
    };
    let statements = split(sql, dialect).map_err(|error| WorkError::Sql {
        path: work.path.clone(),
        error: SplitError { line: error.line + line - 1, ..error },
    })?;
    work.statements = statements
        .into_iter()
        .map(|s| Statement { text: s.text.to_owned(), line: s.line + line - 1, column: s.column })
        .collect();
    if dialect.transactional_ddl() && !script.header.without_transaction {
        refuse_transaction_control(&work)?;
    }
    work.sql.clone_from(sql);
    work.line = *line;
    work.without_transaction = script.header.without_transaction;
    if work.step.direction == Direction::Downgrade {
        work.checksum = graph.revision(node).downgrade;
    }
    Ok(work)
}

/// The engine's transaction holds the step, its version row and its log entry together.
fn refuse_transaction_control(work: &Work) -> Result<(), WorkError> {
    let controls = |statement: &&Statement| {
        let words: Vec<String> = statement.text.split_whitespace().take(2).map(str::to_ascii_uppercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["ROLLBACK", "TO"] => false,
            ["BEGIN" | "COMMIT" | "ROLLBACK" | "END" | "ABORT", ..] | ["START" | "PREPARE", "TRANSACTION"] => true,
            _ => false,
        }
    };
    match work.statements.iter().find(controls) {
        None => Ok(()),
        Some(statement) => Err(WorkError::TransactionControl {
            id: work.id.clone(),
            path: work.path.clone(),
            line: statement.line,
            statement: statement.text.lines().next().unwrap_or_default().to_owned(),
        }),
    }
}

fn missing(work: &Work, script: &Script, dialect: Dialect) -> WorkError {
    let (id, path) = (work.id.clone(), work.path.clone());
    match (&script.downgrade, work.step.direction) {
        (Downgrade::Irreversible(reason), Direction::Downgrade) => {
            WorkError::Irreversible { id, path, reason: reason.clone() }
        }
        (_, direction) => WorkError::NoSection { id, path, direction: direction.name(), dialect },
    }
}

impl Work {
    /// Returns whether a client that cuts at every `;` would cut wrong, or is told to cut elsewhere.
    #[must_use]
    pub fn has_delimiters(&self) -> bool {
        let delimiter =
            |line: &str| line.trim_start().get(..9).is_some_and(|word| word.eq_ignore_ascii_case("delimiter"));
        self.statements.iter().any(|statement| statement.text.contains(';')) || self.sql.lines().any(delimiter)
    }

    /// Returns what the log says of the step in a run of this name.
    #[must_use]
    pub fn log_entry<'a>(&'a self, run: &'a str) -> LogEntry<'a> {
        LogEntry {
            run,
            revision: &self.id,
            direction: self.step.direction,
            checksum: self.checksum,
            node: self.node,
            statements: self.statements.len(),
            times: None,
        }
    }

    /// Returns the checksum of the first `count` statements, by which a later run tells whether
    /// they are still the same.
    #[must_use]
    pub fn prefix(&self, count: usize) -> Checksum {
        let none = Checksum::of([]);
        self.statements.iter().take(count).fold(none, |prefix, statement| statement.after(prefix))
    }
}

impl Statement {
    /// Returns the checksum of the statements up to this one, given that of those before.
    #[must_use]
    pub fn after(&self, prefix: Checksum) -> Checksum {
        Checksum::of([prefix.as_bytes().as_slice(), self.text.as_bytes()])
    }
}
