//! Steps that are functions of the program.

mod in_transaction;
mod journaled;
mod operations;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use alembic_graph::{
    plan::{Direction, Statement, Work, WorkError},
    script::may_attach,
};
use alembic_sql::Dialect;
use diesel::{connection::LoadConnection, result::Error as DieselError};
use in_transaction::InTransaction;

use crate::{
    Migrations,
    database::{MigrationBackend, NO_PLACE},
    migrator::{
        Error, Outcome,
        failure::{contended, failed_in_code, failed_somewhere},
        run::Run,
    },
    op::{self, Context, Executor, Function, MigrationResult, Op, OpError, Place, Problem, explain},
};

impl<C> Migrations<C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns the function of a step, or an error if the program was built without it.
    pub(in crate::migrator) fn function(&self, work: &Work) -> Result<Function<C>, Error> {
        let function = self.code(&work.id).and_then(|code| match work.step.direction {
            Direction::Downgrade => code.downgrade,
            _ => Some(code.upgrade),
        });
        function.ok_or_else(|| Error::NotCompiled { revision: work.id.clone(), path: work.path.clone() })
    }

    /// Asks the functions of a plan for their statements, for a script.
    #[cfg(feature = "cli")]
    pub(crate) fn write_script(&self, work: &mut [Work], context: Context<'_>) -> Result<(), Error> {
        for step in work.iter_mut().filter(|step| step.is_rust) {
            let mut script = crate::op::Script::default();
            let function = self.function(step)?;
            let (revision, path) = (step.id.clone(), step.path.clone());
            call(function, &mut script, Context { revision: &revision, path: &path, ..context })
                .map_err(|error| into_error::<C>(step, error))?;
            for (sql, place) in script.statements {
                let statement = statement(step, &sql, place);
                step.refuse(&statement)?;
                step.statements.push(statement);
                step.sql.extend([sql.as_str(), ";\n\n"]);
            }
        }
        Ok(())
    }
}

/// Where the operations of a function begin.
const FUNCTION: &str = "alembic_function";

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs a function inside the transaction that is open; returns whether it has added a value to an enum. What it
    /// sets in the session does not reach the next step.
    pub(super) fn function_in_transaction(&mut self, work: &Work) -> Result<bool, Error> {
        let before = self.session.settings()?;
        self.session.let_policies_hide_rows(work)?;
        let function = self.migrations.function(work)?;
        self.session.savepoint(FUNCTION).map_err(Error::query("begin a step"))?;
        let (mut grown, mut adds_enum_value) = (work.clone(), false);
        let (executed, enum_value) = (&mut grown, &mut adds_enum_value);
        let result =
            self.call(function, work, |run| InTransaction { run, work: executed, adds_enum_value: enum_value });
        let end = match &result {
            Ok(()) => self.session.release_savepoint(FUNCTION),
            Err(_) => self.session.roll_back_to(FUNCTION),
        };
        self.session.take_back();
        match (result, end.is_ok()) {
            (Err(error), true) => Err(self.function_failed(&grown, error)),
            (Err(error), false) => Err(self.function_failed(&grown, error).with_outcome(Outcome::ByHand)),
            (Ok(()), false) => {
                let why =
                    "its code has ended the transaction of the step, or has ignored that a statement failed in it";
                Err(failed_in_code(&grown, grown.line, why.to_owned()).with_outcome(Outcome::ByHand))
            }
            (Ok(()), true) => self.session.restore(&before).map(|()| adds_enum_value),
        }
    }

    /// Calls the function of a step with whatever runs its operations.
    fn call<'e, E: Executor<C>>(
        &'e mut self,
        function: Function<C>,
        work: &Work,
        executor: impl FnOnce(&'e mut Self) -> E,
    ) -> MigrationResult {
        let (dialect, arguments, replay) = (self.session.dialect, &self.options.arguments, self.migrations.replaying());
        let naming = self.settings.naming.clone();
        let (revision, path) = (work.id.as_str(), work.path.as_str());
        let context = Context { dialect, naming: &naming, revision, path, arguments, replay };
        call(function, &mut executor(self), context)
    }

    /// Says why a function failed, and where.
    fn function_failed(&self, work: &Work, error: Box<dyn std::error::Error + Send + Sync>) -> Error {
        let opened_a_file = self.session.is_confined() && explain(error.as_ref()).contains(NO_PLACE);
        let refused = self.migrations.replaying().filter(|_| opened_a_file).and_then(|replaying| {
            let attach = statement_at("ATTACH", work.line);
            work.replay_statement(attach, &replaying.around).err()
        });
        refused.map_or_else(|| into_error::<C>(work, error), Into::into)
    }

    /// Returns an error if the last statement is one that the step must not run.
    fn check_last_statement(&mut self, work: &Work) -> Result<(), Error> {
        let index = work.statements.len() - 1;
        work.refuse(&work.statements[index])?;
        self.refuse_other_files(work, &work.statements[index])?;
        if work.statements[index].text.contains('\\') {
            work.refuse_escapes()?;
        }
        self.session.take_back();
        if let Some(replaying) = self.migrations.replaying() {
            work.replay_statement(work.statements[index].clone(), &replaying.around)?;
        }
        let own = self.session.table.all_names();
        work.refuse_change_of(&own.each_ref().map(String::as_str), &work.statements[index])?;
        self.session.check_cascade(work, index)
    }
}

/// Calls a function; a panic is an error like any other, so that the step can be ended in good order.
fn call<C>(function: Function<C>, executor: &mut dyn Executor<C>, context: Context<'_>) -> MigrationResult {
    let mut op = Op { executor, context };
    catch_unwind(AssertUnwindSafe(|| function(&mut op)))
        .unwrap_or_else(|panic| Err(format!("it panicked: {}", message_of(panic.as_ref())).into()))
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

/// Returns a statement with its line, or that of the function if it was called from another file.
fn statement(work: &Work, sql: &str, place: Place) -> Statement {
    statement_at(sql, line_in(work, place))
}

fn statement_at(sql: &str, line: usize) -> Statement {
    Statement { text: sql.to_owned(), line, column: 1, is_skipped: false, may_attach: may_attach(sql) }
}

fn line_in(work: &Work, place: Place) -> usize {
    op::line_in(&work.path, place).unwrap_or(work.line)
}

/// Says of an error that a function returned where it comes from, and whether it may be tried again.
fn into_error<C>(work: &Work, error: Box<dyn std::error::Error + Send + Sync>) -> Error
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let error = match error.downcast::<OpError>() {
        Ok(error) => {
            let line = line_in(work, error.place);
            return match error.problem {
                Problem::Engine(error) => *error,
                Problem::Script => Error::NotForScripts { revision: work.id.clone(), path: work.path.clone(), line },
                Problem::Unsupported(_) | Problem::Argument(_) => failed_in_code(work, line, error.to_string()),
            };
        }
        Err(error) => error,
    };
    match error.downcast::<DieselError>() {
        Ok(error) if C::Backend::is_contention(&error) => contended(failed_somewhere(work, &error), String::new()),
        Ok(error) => failed_somewhere(work, &error),
        Err(error) => match error.downcast::<WorkError>() {
            Ok(error) => (*error).into(),
            Err(error) => failed_in_code(work, work.line, explain(error.as_ref())),
        },
    }
}

/// Backfills commit, which a transaction of the whole step does not.
fn no_batches(dialect: Dialect) -> Problem {
    Problem::Argument(format!(
        "a backfill commits each batch, and on {dialect} this step is one transaction: write `Transaction: none` into \
         the header"
    ))
}
