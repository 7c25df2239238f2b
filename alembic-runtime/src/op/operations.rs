//! The operations, under Alembic's names.

use std::panic::Location;

use alembic_schema::{
    Check, Column, Constraint, ConstraintKind, ForeignKey, Index, Initially, Name, PrimaryKey, Rows, Table, Unique,
    Value,
    operation::{AlterColumn, BatchAlterTable, BulkInsert, Operation, render},
    sqlite::source,
};
use alembic_sql::{Dialect, split};
use diesel::connection::LoadConnection;

use super::{MigrationResult, Op, OpError, Place, Problem, line_in};
use crate::{
    Error,
    database::{MigrationBackend, sqlite_master},
};

type Done = Result<(), OpError>;

/// Each of these fails with [`OpError`]: if the database has no way for it, with what to use instead; and
/// with what the server says.
impl<C> Op<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs SQL, one statement or several, in the words of this database.
    #[track_caller]
    pub fn execute(&mut self, sql: &str) -> Done {
        let place = Location::caller();
        let statements = split(sql, self.context.dialect).map_err(|error| {
            let (line, column, problem) = (error.line, error.column, error.problem_and_hint());
            OpError::new(place, Problem::Argument(format!("this SQL cannot be cut up: {line}:{column}: {problem}")))
        })?;
        statements.iter().try_for_each(|statement| self.run(statement.text, place))
    }

    /// Runs an operation that was made as a value.
    #[track_caller]
    pub fn invoke(&mut self, operation: &Operation) -> Done {
        self.invoke_at(operation, Location::caller())
    }

    /// Creates a table, with its indexes.
    #[track_caller]
    pub fn create_table(&mut self, table: Table) -> Done {
        self.invoke_at(&Operation::CreateTable(table), Location::caller())
    }

    /// Drops a table.
    #[track_caller]
    pub fn drop_table(&mut self, table: impl Into<Name>) -> Done {
        self.invoke_at(&Operation::DropTable { table: table.into(), if_exists: false }, Location::caller())
    }

    /// Renames a table; it stays in its schema.
    #[track_caller]
    pub fn rename_table(&mut self, table: impl Into<Name>, to: &str) -> Done {
        self.invoke_at(&Operation::RenameTable { table: table.into(), to: to.to_owned() }, Location::caller())
    }

    /// Sets the comment of a table. Not on SQLite.
    #[track_caller]
    pub fn create_table_comment(&mut self, table: impl Into<Name>, comment: &str) -> Done {
        let comment = Some(comment.to_owned());
        self.invoke_at(&Operation::TableComment { table: table.into(), comment }, Location::caller())
    }

    /// Removes the comment of a table. Not on SQLite.
    #[track_caller]
    pub fn drop_table_comment(&mut self, table: impl Into<Name>) -> Done {
        self.invoke_at(&Operation::TableComment { table: table.into(), comment: None }, Location::caller())
    }

    /// Adds a column, with its constraints.
    #[track_caller]
    pub fn add_column(&mut self, table: impl Into<Name>, column: Column) -> Done {
        let operation = Operation::AddColumn { table: table.into(), column, if_not_exists: false };
        self.invoke_at(&operation, Location::caller())
    }

    /// Changes a column.
    #[track_caller]
    pub fn alter_column(
        &mut self,
        table: impl Into<Name>,
        column: &str,
        change: impl FnOnce(AlterColumn) -> AlterColumn,
    ) -> Done {
        let change = change(AlterColumn::new(table, column));
        self.invoke_at(&Operation::AlterColumn(change), Location::caller())
    }

    /// Drops a column.
    #[track_caller]
    pub fn drop_column(&mut self, table: impl Into<Name>, column: &str) -> Done {
        let operation = Operation::DropColumn { table: table.into(), column: column.to_owned(), if_exists: false };
        self.invoke_at(&operation, Location::caller())
    }

    /// Creates an index.
    #[track_caller]
    pub fn create_index(&mut self, index: Index) -> Done {
        self.invoke_at(&Operation::CreateIndex(index), Location::caller())
    }

    /// Drops an index of a table.
    #[track_caller]
    pub fn drop_index(&mut self, index: &str, table: impl Into<Name>) -> Done {
        let operation = Operation::DropIndex {
            table: table.into(),
            index: index.to_owned(),
            if_exists: false,
            concurrently: false,
        };
        self.invoke_at(&operation, Location::caller())
    }

    /// Adds a primary key.
    #[track_caller]
    pub fn create_primary_key(&mut self, table: impl Into<Name>, key: PrimaryKey) -> Done {
        self.create_constraint(table.into(), key.into(), Location::caller())
    }

    /// Adds a unique constraint.
    #[track_caller]
    pub fn create_unique_constraint(&mut self, table: impl Into<Name>, unique: Unique) -> Done {
        self.create_constraint(table.into(), unique.into(), Location::caller())
    }

    /// Adds a foreign key.
    #[track_caller]
    pub fn create_foreign_key(&mut self, table: impl Into<Name>, key: ForeignKey) -> Done {
        self.create_constraint(table.into(), key.into(), Location::caller())
    }

    /// Adds a check constraint.
    #[track_caller]
    pub fn create_check_constraint(&mut self, table: impl Into<Name>, check: Check) -> Done {
        self.create_constraint(table.into(), check.into(), Location::caller())
    }

    /// Makes a unique constraint of a unique index, which takes its name and its columns. PostgreSQL only.
    #[track_caller]
    pub fn create_unique_constraint_using_index(
        &mut self,
        table: impl Into<Name>,
        index: &str,
        deferrable: Option<Initially>,
    ) -> Done {
        let operation = Operation::CreateUniqueUsingIndex { table: table.into(), index: index.to_owned(), deferrable };
        self.invoke_at(&operation, Location::caller())
    }

    /// Checks the rows that were there before a constraint that is not valid. PostgreSQL only.
    #[track_caller]
    pub fn validate_constraint(&mut self, constraint: &str, table: impl Into<Name>) -> Done {
        let operation = Operation::ValidateConstraint { table: table.into(), constraint: constraint.to_owned() };
        self.invoke_at(&operation, Location::caller())
    }

    /// Drops a constraint of a table.
    #[track_caller]
    pub fn drop_constraint(&mut self, constraint: &str, table: impl Into<Name>, kind: ConstraintKind) -> Done {
        let (table, constraint) = (table.into(), constraint.to_owned());
        self.invoke_at(&Operation::DropConstraint { table, constraint, kind, if_exists: false }, Location::caller())
    }

    /// Renames an index. Not on SQLite.
    #[track_caller]
    pub fn rename_index(&mut self, index: &str, table: impl Into<Name>, to: &str) -> Done {
        let operation = Operation::RenameIndex { table: table.into(), index: index.to_owned(), to: to.to_owned() };
        self.invoke_at(&operation, Location::caller())
    }

    /// Renames a constraint. Not on SQLite; on MySQL and MariaDB only unique constraints.
    #[track_caller]
    pub fn rename_constraint(
        &mut self,
        constraint: &str,
        table: impl Into<Name>,
        kind: ConstraintKind,
        to: &str,
    ) -> Done {
        let (table, constraint, to) = (table.into(), constraint.to_owned(), to.to_owned());
        self.invoke_at(&Operation::RenameConstraint { table, constraint, kind, to }, Location::caller())
    }

    /// Creates a schema, unless there is one of this name. PostgreSQL only.
    #[track_caller]
    pub fn create_schema(&mut self, name: &str) -> Done {
        self.invoke_at(&Operation::CreateSchema(name.to_owned()), Location::caller())
    }

    /// Drops a schema, which has to be empty. PostgreSQL only.
    #[track_caller]
    pub fn drop_schema(&mut self, name: &str) -> Done {
        self.invoke_at(&Operation::DropSchema(name.to_owned()), Location::caller())
    }

    /// Creates an enumeration type. PostgreSQL only.
    #[track_caller]
    pub fn create_enum<'v>(&mut self, name: impl Into<Name>, values: impl IntoIterator<Item = &'v str>) -> Done {
        let values = values.into_iter().map(str::to_owned).collect();
        self.invoke_at(&Operation::CreateEnum { name: name.into(), values }, Location::caller())
    }

    /// Adds a value to the end of an enumeration type. PostgreSQL only.
    #[track_caller]
    pub fn add_enum_value(&mut self, name: impl Into<Name>, value: &str) -> Done {
        let (name, value) = (name.into(), value.to_owned());
        self.invoke_at(&Operation::AddEnumValue { name, value, before: None, if_not_exists: false }, Location::caller())
    }

    /// Renames a value of an enumeration type. PostgreSQL only.
    #[track_caller]
    pub fn rename_enum_value(&mut self, name: impl Into<Name>, value: &str, to: &str) -> Done {
        let operation = Operation::RenameEnumValue { name: name.into(), value: value.to_owned(), to: to.to_owned() };
        self.invoke_at(&operation, Location::caller())
    }

    /// Renames an enumeration type; it stays in its schema. PostgreSQL only.
    #[track_caller]
    pub fn rename_enum(&mut self, name: impl Into<Name>, to: &str) -> Done {
        self.invoke_at(&Operation::RenameEnum { name: name.into(), to: to.to_owned() }, Location::caller())
    }

    /// Drops an enumeration type. PostgreSQL only.
    #[track_caller]
    pub fn drop_enum(&mut self, name: impl Into<Name>) -> Done {
        self.invoke_at(&Operation::DropEnum { name: name.into(), if_exists: false }, Location::caller())
    }

    /// Writes rows, made with [`rows!`](crate::rows). Five hundred per statement.
    #[track_caller]
    pub fn bulk_insert(
        &mut self,
        table: impl Into<Name>,
        rows: impl IntoIterator<Item = Vec<(String, Value)>>,
    ) -> Done {
        self.insert_at(table.into(), rows, |insert| insert, Location::caller())
    }

    /// Writes rows that are not there, by any unique key; leaves the others alone.
    #[track_caller]
    pub fn insert_or_ignore(
        &mut self,
        table: impl Into<Name>,
        rows: impl IntoIterator<Item = Vec<(String, Value)>>,
    ) -> Done {
        self.insert_at(table.into(), rows, BulkInsert::on_conflict_do_nothing, Location::caller())
    }

    /// Writes rows, or sets the other columns of those that are there, by the columns of a unique key.
    /// MySQL and MariaDB do so for a row with the same value in *any* unique key.
    #[track_caller]
    pub fn upsert<'k>(
        &mut self,
        table: impl Into<Name>,
        key: impl IntoIterator<Item = &'k str>,
        rows: impl IntoIterator<Item = Vec<(String, Value)>>,
    ) -> Done {
        self.insert_at(table.into(), rows, |insert| insert.on_conflict_update(key), Location::caller())
    }

    /// Changes a table in several ways at once.
    ///
    /// SQLite rebuilds the table if it has to, and keeps its rows, indexes, triggers, views, conditions and
    /// options; if other tables refer to it, the revision needs `Foreign Keys: off` in its header. Other
    /// databases alter the table change by change.
    #[track_caller]
    pub fn batch_alter_table(
        &mut self,
        table: impl Into<Name>,
        changes: impl FnOnce(&mut BatchAlterTable) -> &mut BatchAlterTable,
    ) -> MigrationResult {
        let place = Location::caller();
        let mut batch = BatchAlterTable::new(table);
        changes(&mut batch);
        let (dialect, naming) = (self.context.dialect, self.context.naming);
        if dialect != Dialect::Sqlite || !batch.needs_rebuild() || self.executor.is_script() {
            return Ok(self.invoke_at(&Operation::Batch(batch), place)?);
        }
        let what = format!("{batch:?}");
        self.executor.rebuild(&what, place, &mut |conn| {
            let mut batch = batch.clone();
            if batch.source.is_none() {
                let catalog = sqlite_master(conn, &batch.table).map_err(Error::query("read the table"))?;
                let source = source(&catalog, &batch.table.name);
                let missing = || Problem::Argument(format!("there is no table `{}`", batch.table));
                let (name, source) = source.ok_or_else(missing)?;
                (batch.table.name, batch.source) = (name, Some(source));
            }
            Ok(render(&Operation::Batch(batch), dialect, naming)?)
        })
    }

    fn create_constraint(&mut self, table: Name, constraint: Constraint, place: Place) -> Done {
        self.invoke_at(&Operation::CreateConstraint { table, constraint }, place)
    }

    fn insert_at(
        &mut self,
        table: Name,
        rows: impl IntoIterator<Item = Vec<(String, Value)>>,
        conflict: impl FnOnce(BulkInsert) -> BulkInsert,
        place: Place,
    ) -> Done {
        let rows = Rows::new(rows).map_err(|problem| OpError::new(place, Problem::Argument(problem)))?;
        self.invoke_at(&Operation::BulkInsert(conflict(BulkInsert::new(table, rows))), place)
    }

    fn invoke_at(&mut self, operation: &Operation, place: Place) -> Done {
        let statements = render(operation, self.context.dialect, self.context.naming)
            .map_err(|error| OpError::new(place, error.into()))?;
        statements.iter().try_for_each(|statement| self.run(statement, place))
    }

    fn run(&mut self, sql: &str, place: Place) -> Done {
        let Some(replaying) = self.context.replay else { return self.execute_at(sql, place) };
        // What is refused, the executor refuses: it knows the file.
        let Ok(replayed) = replaying.around.replay(sql, self.context.dialect) else {
            return self.execute_at(sql, place);
        };
        let path = self.context.path;
        let (runs, left_out) =
            replayed.taken(sql.to_owned(), self.context.dialect, path, line_in(path, place).unwrap_or(1));
        replaying.leave_out(left_out);
        runs.map_or(Ok(()), |sql| self.execute_at(&sql, place))
    }

    fn execute_at(&mut self, sql: &str, place: Place) -> Done {
        self.executor.execute(sql, place).map_err(|problem| OpError::new(place, problem))
    }
}
