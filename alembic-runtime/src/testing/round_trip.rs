//! Does every downgrade undo its upgrade?

use std::fmt;

use alembic_schema::diff::residue;
use diesel::connection::LoadConnection;

use crate::{
    Error, MigrationBackend, Migrations,
    database::{Inspection, inspect},
};

/// What a downgrade left behind, or took away.
#[derive(Debug)]
pub enum RoundTripError {
    /// The schema is another one after up and down.
    Differs {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// What it left behind, took away or changed, in words.
        traces: Vec<String>,
    },
    /// A revision failed.
    Failed(Box<Error>),
}

impl std::error::Error for RoundTripError {}

impl From<Error> for RoundTripError {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl fmt::Display for RoundTripError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Differs { revision, path, traces } => {
                write!(f, "the downgrade of revision `{revision}` ({path}) does not undo its upgrade")?;
                traces.iter().try_for_each(|trace| write!(f, "\n  {trace}"))
            }
        }
    }
}

/// Applies every revision to an empty database, undoes it, compares the schema with the one before, and
/// applies it again. Returns the revisions that were skipped because they have no downgrade.
///
/// Compares tables, columns, constraints, indexes, views, triggers, types and functions, not rows. Not
/// what lies in other schemas than the current one.
///
/// # Errors
///
/// [`RoundTripError`] for the first revision that does not come back to where it began.
pub fn round_trip<C>(migrations: &Migrations<C>, conn: &mut C) -> Result<Vec<String>, RoundTripError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = migrations.graph()?;
    let inspection = Inspection { version_table: migrations.settings()?.version_table, ..Inspection::default() };
    let dialect = C::Backend::dialect(conn).map_err(Error::query("ask for the server's version"))?;
    let look = |conn: &mut C| inspect(conn, &inspection).map_err(Error::query("look at the schema"));
    let mut skipped = Vec::new();
    for node in graph.nodes() {
        let revision = graph.revision(node);
        if revision.downgrade.is_none() {
            migrations.upgrade(conn, &revision.id)?;
            skipped.push(revision.id.clone());
            continue;
        }
        let before = look(conn)?;
        migrations.upgrade(conn, &revision.id)?;
        migrations.migrator().undo(conn, node)?;
        let after = look(conn)?;
        let traces = residue(&before, &after, dialect);
        if !traces.is_empty() {
            let (revision, path) = (revision.id.clone(), revision.path.clone());
            return Err(RoundTripError::Differs { revision, path, traces });
        }
        migrations.upgrade(conn, &revision.id)?;
    }
    Ok(skipped)
}

/// Writes a test that every downgrade undoes its upgrade, on a fresh database.
///
/// ```text
/// alembic_runtime::round_trip!(MIGRATIONS);
/// alembic_runtime::round_trip!(MIGRATIONS, "postgres://localhost/postgres");
/// ```
#[macro_export]
macro_rules! round_trip {
    ($migrations:expr) => {
        $crate::round_trip!($migrations, "");
    };
    ($migrations:expr, $server:expr) => {
        #[test]
        fn every_downgrade_undoes_its_upgrade() {
            let mut database = $crate::testing::Fresh::empty(&$migrations, $server).expect("a fresh database");
            if let Err(error) = $crate::testing::round_trip(&$migrations, &mut database) {
                panic!("{error}");
            }
        }
    };
}
