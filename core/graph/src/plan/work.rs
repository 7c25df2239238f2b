//! A plan with the SQL it runs: what the engine executes and offline scripts print.

use alembic_sql::{
    Checksum, Dialect, Nature, Shown, SplitError, adds_enum_value, assigns_foreign_keys, breaks_journal,
    changes_escapes, changes_table, controls_transaction, essence, has_backslash_in_string, is_ignored_in_transaction,
    nature, requires_autocommit, requires_transaction, split, without_client_commands,
};

use super::{Direction, Plan, Step, WorkError};
use crate::{
    Script,
    graph::{Graph, Node},
    replay::{LeftOut, Surroundings, other_files},
    script::{Downgrade, Section, above, allows_attach, reasons},
    version_table::{LogEntry, Run},
};

/// One step with its SQL.
#[derive(Debug, Clone)]
pub struct Work {
    /// The step.
    pub step: Step,
    /// The database that it is for.
    pub dialect: Dialect,
    /// The id of the revision; empty when stamping to base.
    pub id: String,
    /// The file, for messages.
    pub path: String,
    /// The SQL as the file has it, but for commands of the client.
    pub sql: String,
    /// The statements of the SQL.
    pub statements: Vec<Statement>,
    /// The line of the file on which the SQL begins, or the function.
    pub line: usize,
    /// Whether the step is a function of the program, which says its SQL only when it runs.
    pub is_rust: bool,
    /// Whether the step runs outside a transaction.
    pub without_transaction: bool,
    /// Whether SQLite has to switch foreign keys off before the step's transaction.
    pub foreign_keys_off: bool,
    /// Whether PostgreSQL hides rows from the step as policies say.
    pub row_security_on: bool,
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
    /// Whether a replay leaves it out.
    pub is_skipped: bool,
    /// Whether it may open or write a file of SQLite's anywhere.
    pub may_attach: bool,
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
            _ => without_sql(graph, step, dialect),
        });
    }
    Ok(prepared)
}

fn without_sql(graph: &Graph, step: Step, dialect: Dialect) -> Work {
    let revision = step.revision.map(|node| graph.revision(node));
    Work {
        dialect,
        id: revision.map_or_else(String::new, |r| r.id.clone()),
        path: revision.map_or_else(String::new, |r| r.path.clone()),
        sql: String::new(),
        statements: Vec::new(),
        line: 1,
        is_rust: false,
        without_transaction: false,
        foreign_keys_off: false,
        row_security_on: false,
        checksum: revision.map(|r| r.upgrade),
        node: step.revision.map(|node| graph.node_hash(node)),
        step,
    }
}

fn with_sql(graph: &Graph, step: Step, node: Node, script: &Script, dialect: Dialect) -> Result<Work, WorkError> {
    let mut work = without_sql(graph, step, dialect);
    work.without_transaction = script.header.without_transaction;
    work.foreign_keys_off = script.header.foreign_keys_off && dialect == Dialect::Sqlite;
    work.row_security_on = script.header.row_security_on && dialect == Dialect::Postgres;
    if work.step.direction == Direction::Downgrade {
        work.checksum = graph.revision(node).downgrade;
    }
    if let Some(code) = &script.code {
        let line =
            if work.step.direction == Direction::Downgrade { code.downgrade_line } else { Some(code.upgrade_line) };
        work.line = line.ok_or_else(|| missing(&work, script, dialect))?;
        work.is_rust = true;
        return Ok(work);
    }
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
    let misplaced = |directive: &str, at: usize| WorkError::Sql {
        path: work.path.clone(),
        error: SplitError {
            line: at + line - 1,
            column: 1,
            problem: format!("`alembic:{directive}` stands in a line of its own above a statement"),
            hint: None,
        },
    };
    let reasons = reasons(sql, &statements).map_err(|at| misplaced("skip-on-scratch", at))?;
    let allowed = above(sql, &statements, allows_attach).map_err(|at| misplaced("allow", at))?;
    let statements = statements.into_iter().zip(reasons.into_iter().zip(allowed));
    work.statements = statements
        .map(|(s, (reason, allowed))| Statement {
            may_attach: allowed.is_some(),
            text: s.text.to_owned(),
            line: s.line + line - 1,
            column: s.column,
            is_skipped: reason.is_some(),
        })
        .collect();
    work.statements.iter().try_for_each(|statement| work.refuse(statement))?;
    work.refuse_escapes()?;
    work.sql = without_client_commands(sql, dialect).into_owned();
    work.line = *line;
    Ok(work)
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

/// Returns the first line of a statement for messages, without passwords.
pub(crate) fn first_line(statement: &Statement, dialect: Dialect) -> String {
    Shown::of(&statement.text, dialect).text.lines().next().unwrap_or_default().to_owned()
}

impl Work {
    /// Returns an error for what a revision must not say, because of how it is run.
    ///
    /// # Errors
    ///
    /// [`WorkError`].
    pub fn refuse(&self, statement: &Statement) -> Result<(), WorkError> {
        let (id, path, line) = (self.id.clone(), self.path.clone(), statement.line);
        let first_line = || first_line(statement, self.dialect);
        let without_transaction = self.without_transaction || !self.dialect.transactional_ddl();
        let breaks_journal = || without_transaction && breaks_journal(&statement.text, self.dialect);
        if controls_transaction(&statement.text, self.dialect) || breaks_journal() {
            return Err(WorkError::TransactionControl { id, path, line, statement: first_line(), without_transaction });
        }
        if without_transaction && requires_transaction(&statement.text, self.dialect) {
            let dialect = self.dialect;
            return Err(WorkError::NeedsTransaction { dialect, id, path, line, statement: first_line() });
        }
        if !without_transaction && assigns_foreign_keys(&statement.text, self.dialect) {
            return Err(WorkError::ForeignKeys { id, path, line, statement: first_line() });
        }
        if !without_transaction && requires_autocommit(&statement.text, self.dialect) {
            let ignored = is_ignored_in_transaction(&statement.text, self.dialect);
            return Err(WorkError::NeedsNoTransaction { ignored, id, path, line, statement: first_line() });
        }
        Ok(())
    }

    /// Returns an error if a statement of SQLite's opens or writes another file than those that `is_beside` takes for
    /// neighbours of the database.
    ///
    /// # Errors
    ///
    /// [`WorkError::OtherFile`]; [`WorkError::NeedsNoTransaction`] for a neighbour, which a transaction does not cover.
    pub fn refuse_other_files(&self, statement: &Statement, is_beside: impl Fn(&str) -> bool) -> Result<(), WorkError> {
        if statement.may_attach {
            return Ok(());
        }
        for file in other_files(&statement.text) {
            let (id, path, line, statement) =
                (self.id.clone(), self.path.clone(), statement.line, first_line(statement, self.dialect));
            if !file.as_deref().is_some_and(&is_beside) {
                return Err(WorkError::OtherFile { id, path, line, statement, file });
            }
            if !self.without_transaction {
                return Err(WorkError::NeedsNoTransaction { ignored: false, id, path, line, statement });
            }
        }
        Ok(())
    }

    /// Returns an error for a backslash in a string behind a statement that may give it another meaning.
    ///
    /// # Errors
    ///
    /// [`WorkError::Escapes`].
    pub fn refuse_escapes(&self) -> Result<(), WorkError> {
        let changes = |statement: &Statement| changes_escapes(&statement.text, self.dialect);
        let Some(setting) = self.statements.iter().position(changes) else { return Ok(()) };
        let has_one = |statement: &&Statement| has_backslash_in_string(&statement.text, self.dialect);
        let Some(statement) = self.statements[setting + 1..].iter().find(has_one) else { return Ok(()) };
        let (id, path, line, dialect) = (self.id.clone(), self.path.clone(), statement.line, self.dialect);
        let (setting, statement) = (first_line(&self.statements[setting], dialect), first_line(statement, dialect));
        Err(WorkError::Escapes { dialect, id, path, line, statement, setting })
    }

    /// Returns whether a statement adds a value to an enum, which nothing can use before the commit.
    #[must_use]
    pub fn adds_enum_value(&self) -> bool {
        self.statements.iter().any(|statement| adds_enum_value(&statement.text, self.dialect))
    }

    /// Returns an error if a statement changes one of these tables.
    ///
    /// # Errors
    ///
    /// [`WorkError::OwnTable`].
    pub fn refuse_changes_of(&self, tables: &[&str]) -> Result<(), WorkError> {
        self.statements.iter().try_for_each(|statement| self.refuse_change_of(tables, statement))
    }

    /// Returns an error if this statement changes one of these tables.
    ///
    /// # Errors
    ///
    /// [`WorkError::OwnTable`].
    pub fn refuse_change_of(&self, tables: &[&str], statement: &Statement) -> Result<(), WorkError> {
        let text = statement.text.to_ascii_lowercase();
        let mentions = tables.iter().any(|table| text.contains(&table.to_ascii_lowercase()));
        if !mentions || !changes_table(&statement.text, self.dialect, tables) {
            return Ok(());
        }
        Err(WorkError::OwnTable {
            id: self.id.clone(),
            path: self.path.clone(),
            line: statement.line,
            statement: first_line(statement, self.dialect),
        })
    }

    /// Makes the work what a replay runs of it, and returns what it leaves out.
    ///
    /// # Errors
    ///
    /// [`WorkError::Outside`].
    pub fn replay(&mut self, around: &Surroundings) -> Result<Vec<LeftOut>, WorkError> {
        let mut all = Vec::new();
        for statement in std::mem::take(&mut self.statements) {
            let (runs, left_out) = self.replay_statement(statement, around)?;
            self.statements.extend(runs);
            all.extend(left_out);
        }
        Ok(all)
    }

    /// Returns what a replay runs in place of a statement, if anything, and what it leaves out of it.
    ///
    /// # Errors
    ///
    /// [`WorkError::Outside`].
    pub fn replay_statement(
        &self,
        statement: Statement,
        around: &Surroundings,
    ) -> Result<(Option<Statement>, Option<LeftOut>), WorkError> {
        if statement.is_skipped {
            return Ok((None, None));
        }
        let line = statement.line;
        match around.replay(&statement.text, self.dialect) {
            Ok(replayed) => {
                let (runs, left_out) = replayed.taken(statement.text.clone(), self.dialect, &self.path, line);
                Ok((runs.map(|text| Statement { text, ..statement }), left_out))
            }
            Err(outside) => Err(WorkError::Outside {
                id: self.id.clone(),
                path: self.path.clone(),
                line,
                statement: first_line(&statement, self.dialect),
                outside: Box::new(outside),
            }),
        }
    }

    /// Returns whether a statement changes settings of the session, which the next step is not to see.
    #[must_use]
    pub fn changes_settings(&self) -> bool {
        self.statements.iter().any(|statement| statement.changes_settings(self.dialect))
    }

    /// Returns what the log says of the step in a run of this name.
    #[must_use]
    pub fn log_entry<'a>(&'a self, run: impl Into<Run<'a>>) -> LogEntry<'a> {
        LogEntry {
            run: run.into(),
            revision: &self.id,
            direction: self.step.direction.name(),
            checksum: self.checksum,
            node: self.node,
            done: 0,
            statements: self.statements.len(),
            prefix: None,
            times: None,
            error: None,
            in_flight: None,
        }
    }

    /// Returns the same after the first `done` statements.
    #[must_use]
    pub fn log_entry_after<'a>(&'a self, run: impl Into<Run<'a>>, done: usize) -> LogEntry<'a> {
        LogEntry { done, prefix: Some(self.prefix(done)), ..self.log_entry(run) }
    }

    /// Returns the checksum of the first `count` statements, by which a later run tells whether
    /// they are still the same.
    #[must_use]
    pub fn prefix(&self, count: usize) -> Checksum {
        let none = Checksum::of([]);
        self.statements.iter().take(count).fold(none, |prefix, statement| statement.after(prefix, self.dialect))
    }
}

impl Statement {
    /// Returns whether the statement changes settings of the session.
    #[must_use]
    pub fn changes_settings(&self, dialect: Dialect) -> bool {
        nature(&self.text, dialect) == Nature::Session || self.text.to_ascii_lowercase().contains("set_config")
    }

    /// Returns the checksum of the statements up to this one, given that of those before. Comments
    /// and space do not count.
    #[must_use]
    pub fn after(&self, prefix: Checksum, dialect: Dialect) -> Checksum {
        Checksum::of([prefix.as_bytes().as_slice(), essence(&self.text, dialect).as_bytes()])
    }
}
