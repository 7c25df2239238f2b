//! `import`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alembic_core::{
    Node,
    script::{Downgrade, Section},
    wording::count,
};
use alembic_runtime::{
    cli::{CommandError, Exit},
    diesel_revision_id,
};
use diesel::{
    migration::{Migration, MigrationSource},
    sqlite::Sqlite,
};
use diesel_migrations::FileBasedMigrations;

use crate::{
    context::Context,
    project::{NewRevision, Project},
};

/// Turn the migrations of another tool into revisions
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, clap::Subcommand)]
enum Source {
    /// A folder of Diesel migrations becomes a chain of revisions
    ///
    /// Each revision has Diesel's version as its id, and the SQL byte for byte. Diesel's folder
    /// stays as it is. `stamp --from-diesel` then takes a live database over.
    Diesel {
        /// Diesel's migrations folder
        #[arg(default_value = "migrations")]
        directory: PathBuf,
    },
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let Source::Diesel { directory } = &args.source;
    let mut project = cx.project()?;
    let folder = cx.cwd.join(directory);
    let migrations = read(&folder)?;
    let mut parent: Option<Node> = single_head(&project)?;
    let imported = migrations.len();
    // All are read before the first is written.
    let revisions = migrations.iter().map(Imported::revision).collect::<Result<Vec<_>, _>>()?;
    if let Some(known) = migrations.iter().find(|migration| project.graph.find_id(&migration.id).is_some()) {
        return Err(CommandError::usage(format!("revision `{}` is here already; was it imported before?", known.id)));
    }
    for (new, migration) in revisions.into_iter().zip(&migrations) {
        project.add(NewRevision { parents: parent.into_iter().collect(), ..new })?;
        parent = project.graph.find_id(&migration.id);
    }
    cx.printer.status(format_args!("Imported {} from {}.", count(imported, "migration"), folder.display()));
    Ok(Exit::Success)
}

fn single_head(project: &Project) -> Result<Option<Node>, CommandError> {
    match project.graph.heads()[..] {
        [] => Ok(None),
        [head] => Ok(Some(head)),
        _ => Err(CommandError::usage("multiple heads are present; merge them before importing")),
    }
}

/// One of Diesel's migrations.
struct Imported {
    id: String,
    message: String,
    folder: PathBuf,
    in_transaction: bool,
}

/// Reads Diesel's folder with Diesel's own eyes: order and metadata are as Diesel sees them.
fn read(folder: &Path) -> Result<Vec<Imported>, CommandError> {
    let failed = |cause: String| {
        CommandError::usage(format!("could not read the Diesel migrations in `{}`", folder.display())).because(cause)
    };
    let source = FileBasedMigrations::from_path(folder).map_err(|error| failed(error.to_string()))?;
    let mut migrations: Vec<Box<dyn Migration<Sqlite>>> =
        source.migrations().map_err(|error| failed(error.to_string()))?;
    migrations.sort_by(|a, b| a.name().version().cmp(&b.name().version()));
    migrations
        .iter()
        .map(|migration| {
            let name = migration.name().to_string();
            let (_, rest) = name.split_once('_').unwrap_or((&name, ""));
            Ok(Imported {
                id: diesel_revision_id(&migration.name().version().to_string())?,
                message: if rest.is_empty() { name.clone() } else { rest.replace('_', " ") },
                folder: folder.join(&name),
                in_transaction: migration.metadata().run_in_transaction(),
            })
        })
        .collect()
}

impl Imported {
    fn revision(&self) -> Result<NewRevision, CommandError> {
        let up = read_sql(&self.folder.join("up.sql"))?;
        let down = self.folder.join("down.sql");
        let downgrade = if down.exists() {
            Downgrade::Sections(vec![Section { dialects: Vec::new(), sql: read_sql(&down)?, line: 1 }])
        } else {
            Downgrade::Irreversible(None)
        };
        Ok(NewRevision {
            message: self.message.clone(),
            rev_id: Some(self.id.clone()),
            sql: Some((up, downgrade)),
            without_transaction: !self.in_transaction,
            ..NewRevision::default()
        })
    }
}

fn read_sql(path: &Path) -> Result<String, CommandError> {
    fs::read_to_string(path)
        .map_err(|error| CommandError::usage(format!("could not read `{}`", path.display())).caused_by(&error))
}
