//! For those who keep Diesel's own harness.

use alembic_graph::{
    Node, Plan, Step,
    plan::{Direction, Statement, WorkError, prepare},
};
use alembic_sql::Dialect;
use diesel::{
    backend::Backend,
    connection::BoxableConnection,
    migration::{Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion, Result},
};

use crate::{Error, Migrations, database::MigrationBackend};

/// A linear history as Diesel sees it.
///
/// Diesel runs migrations in the order of their versions as strings, so each version is the
/// position in the history followed by the revision's id. It writes its own table and knows
/// neither our lock nor our log.
impl<C, DB> MigrationSource<DB> for Migrations<C>
where
    DB: Backend + MigrationBackend,
{
    fn migrations(&self) -> Result<Vec<Box<dyn Migration<DB>>>> {
        let graph = self.graph()?;
        if let Some(node) = graph.nodes().find(|node| graph.parents(*node).len() > 1 || graph.children(*node).len() > 1)
        {
            let id = graph.id(node);
            return Err(
                format!("Diesel's harness runs linear histories only, and `{id}` is a branch or merge point").into()
            );
        }
        if graph.bases().len() > 1 || graph.heads().len() > 1 {
            return Err("Diesel's harness runs one linear history, and this graph has several bases or heads".into());
        }
        let migration = |node: Node| -> std::result::Result<Box<dyn Migration<DB>>, Error> {
            let step = |direction| Step { direction, revision: Some(node), from: vec![], to: vec![], rows: vec![] };
            let work = |direction| {
                let plan = Plan { steps: vec![step(direction)] };
                prepare::<Error>(&graph, plan, DB::FAMILY, |node| self.script(&graph, node))
            };
            let up = work(Direction::Upgrade)?.remove(0);
            let down = match work(Direction::Downgrade) {
                Ok(mut down) => Some(down.remove(0).statements),
                Err(Error::Work(WorkError::Irreversible { .. })) => None,
                Err(error) => return Err(error),
            };
            Ok(Box::new(OneMigration {
                name: Name(format!("{:06}_{}", node.index(), graph.id(node))),
                metadata: Metadata { in_transaction: !up.without_transaction },
                up: up.statements,
                down,
                dialect: DB::FAMILY,
            }))
        };
        graph.nodes().map(|node| migration(node).map_err(Into::into)).collect()
    }
}

struct OneMigration {
    name: Name,
    metadata: Metadata,
    up: Vec<Statement>,
    down: Option<Vec<Statement>>,
    dialect: Dialect,
}

struct Name(String);

struct Metadata {
    in_transaction: bool,
}

impl<DB: Backend> Migration<DB> for OneMigration {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> Result<()> {
        execute(conn, &self.up)
    }

    fn revert(&self, conn: &mut dyn BoxableConnection<DB>) -> Result<()> {
        let Some(down) = &self.down else {
            return Err(format!("revision `{}` is irreversible on {}", self.name.0, self.dialect).into());
        };
        execute(conn, down)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        &self.metadata
    }

    fn name(&self) -> &dyn MigrationName {
        &self.name
    }
}

fn execute<DB: Backend>(conn: &mut dyn BoxableConnection<DB>, statements: &[Statement]) -> Result<()> {
    statements.iter().try_for_each(|statement| conn.batch_execute(&statement.text).map_err(Into::into))
}

impl MigrationName for Name {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.0.as_str())
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl MigrationMetadata for Metadata {
    fn run_in_transaction(&self) -> bool {
        self.in_transaction
    }
}
