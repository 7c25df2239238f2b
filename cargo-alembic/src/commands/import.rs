//! `import`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alembic_graph::{
    Direction, Hint, Node, Plan, Step,
    config::Config,
    plan::{WorkError, prepare},
    script::{Downgrade, Section, parse},
};
use alembic_runtime::{
    __private::{diesel_revision_id, read_regular_text},
    cli::{CommandError, Exit},
};
use alembic_sql::wording::count;
use diesel::{
    migration::{Migration, MigrationSource},
    sqlite::Sqlite,
};
use diesel_migrations::FileBasedMigrations;

use crate::{
    context::Context,
    project::{Lock, NewRevision, Package, Project, Staged, leads_out, set_transaction},
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
    /// stays as it is. As Diesel does, a run commits after each revision from then on, unless
    /// Cargo.toml says otherwise. `stamp --from-diesel` then takes a live database over.
    Diesel {
        /// Diesel's migrations folder, if it is not the one that diesel.toml names, nor `migrations`
        directory: Option<PathBuf>,
        /// What a transaction is, if Cargo.toml does not say it yet
        #[arg(long, value_enum, default_value = "per-migration")]
        transaction: Mode,
    },
}

/// How steps are grouped into transactions.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Mode {
    PerRun,
    PerMigration,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::PerRun => "per-run",
            Self::PerMigration => "per-migration",
        }
    }
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let Source::Diesel { directory, transaction } = &args.source;
    let (package, config) = cx.configured()?;
    if let Some(staged) = Staged::find(&package, &config)? {
        cx.printer
            .status("An import was interrupted; the rest of its files is put in place, and nothing else is read.");
        return finish(staged, package, config, cx);
    }
    let mut project = cx.project()?;
    let (folder, named_by) = match directory {
        Some(directory) => (cx.cwd.join(directory), None),
        None => default_folder(&cx.cwd)?,
    };
    let migrations = read(&folder)?;
    let parent: Option<Node> = single_head(&project)?;
    // All are read before the first is written.
    let revisions = migrations.iter().map(Imported::revision).collect::<Result<Vec<_>, _>>()?;
    if let Some(known) = migrations.iter().find(|migration| project.graph.find_id(&migration.id).is_some()) {
        return Err(CommandError::usage(format!("revision `{}` is here already; was it imported before?", known.id)));
    }
    let from = named_by.map_or_else(String::new, |file| format!(", which {} names", file.display()));
    let staged = project.stage_chain(parent, revisions, transaction.name())?;
    cx.printer.status(format_args!(
        "Importing {} from {}{from}.",
        count(staged.names.len(), "migration"),
        folder.display()
    ));
    finish(staged, package, config, cx)
}

/// Puts the files in place, and what goes with them. Whoever is killed here leaves enough to begin again.
fn finish(staged: Staged, package: Package, config: Config, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    staged.move_files()?;
    configure(&package, &staged.note, cx)?;
    let names = staged.names.clone();
    staged.remove()?;
    let project = Project::load(package, config, Lock::Rewrite)?;
    warn_of_unrunnable(&project, &names, cx)?;
    Ok(Exit::Success)
}

/// Returns where Diesel's own programs look for migrations, and the `diesel.toml` that says so.
fn default_folder(cwd: &Path) -> Result<(PathBuf, Option<PathBuf>), CommandError> {
    let file = cwd.ancestors().map(|folder| folder.join("diesel.toml")).find(|file| file.is_file());
    let Some(file) = file else { return Ok((cwd.join("migrations"), None)) };
    let failed = |cause: &dyn std::error::Error| {
        let error = CommandError::usage(format!("could not read `{}`", file.display()));
        error.because(cause.to_string()).hint(Hint::DieselToml)
    };
    let text = read_regular_text(&file).map_err(|error| failed(&error))?;
    let settings = text.parse::<toml_edit::DocumentMut>().map_err(|error| failed(&error))?;
    let directory =
        settings.get("migrations_directory").and_then(|table| table.get("dir")).and_then(|dir| dir.as_str());
    let beside = file.parent().unwrap_or(cwd);
    Ok(match directory {
        Some(directory) => (beside.join(directory), Some(file.clone())),
        None => (beside.join("migrations"), None),
    })
}

/// Sets what a transaction is, unless the configuration says it already.
fn configure(package: &Package, mode: &str, cx: &mut Context<'_>) -> Result<(), CommandError> {
    let database = cx.selection.name.as_deref();
    let change = |text: &str| Ok(set_transaction(text, database, mode)?.map(|edited| (edited, ())));
    if package.edit_manifest(change)?.is_some() {
        cx.printer.status(format_args!("Set `transaction = \"{mode}\"` in {}.", package.manifest.display()));
    }
    Ok(())
}

/// Says of each file that was written what would be refused when it is run, as far as its database is known.
fn warn_of_unrunnable(project: &Project, names: &[String], cx: &mut Context<'_>) -> Result<(), CommandError> {
    let Some(target) = cx.find_target(&project.package, &project.config)? else {
        cx.printer.status("warning: whether the files can be run was not checked: no database is named");
        cx.printer.hint(&Hint::ImportUnchecked { variable: project.config.database_url_env.clone() });
        return Ok(());
    };
    for name in names {
        let text = read_sql(&project.package.root.join(name))?;
        let script = parse(&text).map_err(|error| CommandError::usage(error.problem))?;
        for direction in [Direction::Upgrade, Direction::Downgrade] {
            let revision = project.graph.find_id(&script.header.id);
            let step = Step { direction, revision, from: Vec::new(), to: Vec::new(), rows: Vec::new() };
            match prepare::<WorkError>(&project.graph, Plan { steps: vec![step] }, target.dialect(), |_| {
                Ok(script.clone())
            }) {
                Ok(_) | Err(WorkError::Irreversible { .. }) => {}
                Err(error) => {
                    cx.printer.status(format_args!("warning: the {} will be refused: {error}", direction.name()));
                    error.hint().iter().for_each(|hint| cx.printer.hint(hint));
                }
            }
        }
    }
    Ok(())
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
    refuse_irregular(folder).map_err(failed)?;
    let source = FileBasedMigrations::from_path(folder).map_err(|error| failed(error.to_string()))?;
    let mut migrations: Vec<Box<dyn Migration<Sqlite>>> =
        source.migrations().map_err(|error| failed(error.to_string()))?;
    migrations.sort_by(|a, b| a.name().version().cmp(&b.name().version()));
    migrations
        .iter()
        .map(|migration| {
            let name = migration.name().to_string();
            check_metadata(&folder.join(&name).join("metadata.toml"))?;
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

/// Looks at what Diesel's reader would open: pipes have no end, and links lead to what is not the project's.
fn refuse_irregular(folder: &Path) -> Result<(), String> {
    for migration in fs::read_dir(folder).into_iter().flatten().flatten() {
        for name in ["up.sql", "down.sql", "metadata.toml"] {
            let path = migration.path().join(name);
            if path.exists() && (leads_out(folder, &path) || !path.is_file()) {
                return Err(format!("`{}` is not a regular file of that folder", path.display()));
            }
        }
    }
    Ok(())
}

/// Diesel passes over a file that it cannot read, and so over its `run_in_transaction = false`.
fn check_metadata(path: &Path) -> Result<(), CommandError> {
    let failed = |cause: &dyn std::error::Error| {
        CommandError::usage(format!("could not read `{}`", path.display()))
            .because(cause.to_string())
            .hint(Hint::DieselMetadata)
    };
    if !path.exists() {
        return Ok(());
    }
    let text = read_regular_text(path).map_err(|error| failed(&error))?;
    text.parse::<toml_edit::DocumentMut>().map(drop).map_err(|error| failed(&error))
}

/// Reads a file without its byte order mark, which would be a character in the middle of the revision.
fn read_sql(path: &Path) -> Result<String, CommandError> {
    let text = read_regular_text(path)
        .map_err(|error| CommandError::usage(format!("could not read `{}`", path.display())).caused_by(&error))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
