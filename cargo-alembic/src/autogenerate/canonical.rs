//! The database's own words for what the models say.

use alembic_graph::Hint;
use alembic_models::Wanted;
use alembic_runtime::{
    __private::{Inspection, answers},
    MigrationBackend,
    cli::CommandError,
};
use alembic_schema::{
    Column, Enumeration, Name, Naming, Schema, Table,
    diff::{Diff, Locking, disambiguate},
    operation::{Operation, render},
};
use alembic_sql::{Dialect, server::ServerStatement};
use diesel::{
    QueryResult,
    connection::{LoadConnection, TransactionManager},
};

use super::unsupported;
use crate::{
    look::{dialect_of, failed, look},
    scratch_name::beside,
};

/// Makes the tables that say something new, looks at them, and makes it as if nothing had been.
pub(super) fn settle<C>(
    conn: &mut C,
    wanted: &mut Wanted,
    current: &Schema,
    naming: &Naming,
    inspection: &Inspection,
) -> Result<(), CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let dialect = dialect_of(conn)?;
    disambiguate(&mut wanted.schema, current, dialect, naming);
    let tables = wanted.unsettled(current);
    if tables.is_empty() {
        return Ok(());
    }
    check_virtual(conn, &tables)?;
    let room = Room::make(conn, dialect)?;
    let seen = words(conn, dialect, &tables, wanted, current, naming).and_then(|()| look(conn, inspection));
    room.leave(conn).map_err(failed("leave the scratch database as it was"))?;
    let mut seen = seen?;
    seen.tables.retain(|table| tables.iter().any(|made| made.name == table.name));
    wanted.settle(&seen, naming);
    // The convention names a check after its condition, which reads differently now.
    disambiguate(&mut wanted.schema, current, dialect, naming);
    Ok(())
}

/// Refuses columns that are computed when they are read where the server has none: PostgreSQL before version 18.
fn check_virtual<C>(conn: &mut C, tables: &[Table]) -> Result<(), CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let is_virtual = |column: &&Column| column.generated.as_ref().is_some_and(|generated| !generated.stored);
    let found = tables.iter().find_map(|table| Some((table, table.columns.iter().find(is_virtual)?)));
    let Some((table, column)) = found.filter(|_| C::Backend::FAMILY == Dialect::Postgres) else { return Ok(()) };
    let version = answers(conn, "SELECT (current_setting('server_version_num')::int / 10000)::text AS answer");
    let version = version.map_err(failed("ask for the server's version"))?.pop().unwrap_or_default();
    match version.parse::<u32>() {
        Ok(version) if version < 18 => {
            let message =
                format!("`{}.{}` is computed when it is read, which is new in PostgreSQL 18", table.name, column.name);
            let instead = "make it `stored`, or name a newer server for scratch databases".to_owned();
            Err(CommandError::usage(format!("{message}; this is {version}")).hint(Hint::Instead { instead }))
        }
        _ => Ok(()),
    }
}

/// Makes the tables.
fn words<C>(
    conn: &mut C,
    dialect: Dialect,
    tables: &[Table],
    wanted: &Wanted,
    current: &Schema,
    naming: &Naming,
) -> Result<(), CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let statements = setup_statements(dialect, tables, wanted, current, naming)?;
    statements.iter().try_for_each(|statement| {
        conn.batch_execute(statement).map_err(|error| {
            CommandError::usage("the database does not take what the models say")
                .because(error.to_string())
                .because(statement.clone())
        })
    })
}

/// Where tables can be made that leave no trace.
enum Room {
    /// A transaction that is rolled back.
    Transaction,
    /// Another database: nothing can be taken back on MySQL.
    Beside { database: String },
}

impl Room {
    fn make<C>(conn: &mut C, dialect: Dialect) -> Result<Self, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let failed = || failed("make room for the tables of the models");
        if dialect.is_mysql_family() {
            let own = answers(conn, "SELECT DATABASE() AS answer").map_err(failed())?.pop().unwrap_or_default();
            let beside = beside(&own);
            let collation =
                answers(conn, "SELECT CONCAT(@@character_set_database, ' ', @@collation_database) AS answer");
            let collation = collation.map_err(failed())?.pop().unwrap_or_default();
            let collation = collation.split_once(' ').map(|(set, collation)| (set.to_owned(), collation.to_owned()));
            let create = ServerStatement::create_database(dialect, &beside).with_collation(collation.as_ref());
            conn.batch_execute(create.sql()).map_err(failed())?;
            conn.batch_execute(ServerStatement::use_database(&beside).sql()).map_err(failed())?;
            conn.batch_execute("SET foreign_key_checks = 0").map_err(failed())?;
            return Ok(Self::Beside { database: own });
        }
        if dialect == Dialect::Sqlite {
            conn.batch_execute("PRAGMA foreign_keys = OFF").map_err(failed())?;
        }
        C::TransactionManager::begin_transaction(conn).map_err(failed())?;
        Ok(Self::Transaction)
    }

    fn leave<C>(self, conn: &mut C) -> QueryResult<()>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        match self {
            Self::Transaction => {
                C::TransactionManager::rollback_transaction(conn)?;
                if C::Backend::FAMILY == Dialect::Sqlite {
                    conn.batch_execute("PRAGMA foreign_keys = ON")
                } else {
                    Ok(())
                }
            }
            Self::Beside { database } => {
                conn.batch_execute("SET foreign_key_checks = 1")?;
                conn.batch_execute(ServerStatement::use_database(&database).sql())?;
                conn.batch_execute(ServerStatement::drop_database(Dialect::Mysql, &beside(&database)).sql())
            }
        }
    }
}

/// Returns what makes the tables, with the types and schemas that they need, after what makes way for them.
fn setup_statements(
    dialect: Dialect,
    tables: &[Table],
    wanted: &Wanted,
    current: &Schema,
    naming: &Naming,
) -> Result<Vec<String>, CommandError> {
    let is_made = |name: &Name| tables.iter().any(|table| table.name == *name);
    let goes = |table: &&Table| is_made(&table.name) || wanted.schema.table(&table.name).is_none();
    // On MySQL they are made in another database.
    let gone = current.tables.iter().filter(|table| !dialect.is_mysql_family() && goes(table));
    let cascade = if dialect == Dialect::Postgres { " CASCADE" } else { "" };
    let mut statements: Vec<String> = if dialect.is_mysql_family() { sequences(current) } else { Vec::new() };
    statements.extend(gone.map(|table| format!("DROP TABLE {}{cascade}", table.name.sql(dialect))));
    let (there, others): (Vec<&Enumeration>, Vec<&Enumeration>) =
        current.enums.iter().partition(|known| wanted.schema.enums.contains(known));
    let aside = others.into_iter().filter(|known| wanted.schema.enumeration(&known.name).is_some());
    let aside = aside.map(|known| Operation::RenameEnum { name: known.name.clone(), to: known.name_aside() });
    let before = Schema { enums: there.into_iter().cloned().collect(), ..Schema::default() };
    let after = Schema { tables: tables.to_vec(), enums: wanted.schema.enums.clone(), ..Schema::default() };
    let blocks = Diff::between(&before, &after, dialect).blocks(dialect, naming, &|_| None, Locking::Plain);
    let operations: Vec<Operation> = aside.chain(blocks.into_iter().flat_map(|block| block.operations)).collect();
    for operation in &operations {
        statements.extend(render(operation, dialect, naming).map_err(|error| unsupported(&error))?);
    }
    Ok(statements)
}

/// Returns what makes the sequences that defaults may name, in another database.
fn sequences(current: &Schema) -> Vec<String> {
    let sequences = current.others.iter().filter(|other| other.kind == "sequence" && !other.definition.is_empty());
    sequences.map(|sequence| sequence.definition.clone()).collect()
}
