//! The SQL of operations.

use alembic_schema::Naming;
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use crate::{
    MigrationBackend, MigrationResult,
    op::{Arguments, Context, Op, Script},
};

/// Returns the statements that a function of a revision would write into a script for a database.
///
/// ```text
/// let sql = sql_of::<SqliteConnection>(Dialect::Postgres, |op| Ok(op.drop_table("posts")?))?;
/// assert_eq!(sql, ["DROP TABLE \"posts\""]);
/// ```
///
/// # Errors
///
/// What the function returns: operations that the database has no way for, and whatever asks it.
pub fn sql_of<C>(
    dialect: Dialect,
    function: impl FnOnce(&mut Op<'_, C>) -> MigrationResult,
) -> MigrationResult<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut script = Script::default();
    let (naming, arguments) = (Naming::default(), Arguments::default());
    let context = Context { dialect, naming: &naming, revision: "test", path: "", arguments: &arguments, replay: None };
    function(&mut Op { executor: &mut script, context })?;
    Ok(script.statements.into_iter().map(|(sql, _)| sql).collect())
}
