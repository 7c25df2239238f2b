//! What commands are given.

use alembic_graph::{Graph, Node};
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use super::{CommandError, Printer};
use crate::{Migrations, database::MigrationBackend, link::Link};

/// The database that is meant.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its URL, without password.
    pub name: String,
    /// What it speaks, if that shows without connecting.
    pub dialect: Option<Dialect>,
    /// What the server calls it, if its URL says so.
    pub database: Option<String>,
}

/// What commands are given: migrations, a way to connect, and where to print.
#[expect(missing_debug_implementations, reason = "a closure and writers have nothing to show")]
pub struct Context<'a, 'io, C> {
    /// The migrations.
    pub migrations: &'a Migrations<C>,
    /// Connects, when a command needs it.
    pub connect: &'a mut dyn FnMut() -> Result<Link<C>, CommandError>,
    /// The database that is meant.
    pub place: Place,
    /// Where results and messages go.
    pub printer: &'a mut Printer<'io>,
    /// The environment, unless an option names another one.
    pub environment: &'a str,
}

impl<C> Context<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns the rows of the version table as revisions of `graph`.
    pub(super) fn rows(&mut self, graph: &Graph) -> Result<Vec<Node>, CommandError> {
        let (known, unknown): (Vec<_>, Vec<_>) = self
            .migrations
            .current(&mut (self.connect)()?.conn)?
            .into_iter()
            .partition(|row| graph.find_id(row).is_some());
        if !unknown.is_empty() {
            let rows = alembic_sql::wording::quoted(unknown);
            self.printer.status(format_args!("The database is also at {rows}, unknown to these migrations."));
        }
        Ok(known.iter().filter_map(|row| graph.find_id(row)).collect())
    }
}
