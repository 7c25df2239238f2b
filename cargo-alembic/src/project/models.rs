//! The models of a package: its source files, read without compiling them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use alembic_graph::{Hint, config::Config};
use alembic_models::{Found, ModelError, Models, read};
use alembic_runtime::{__private::read_regular_text, cli::CommandError};

use super::{Package, Project, atomically, list::leads_out};

/// Where Diesel keeps them.
const DEFAULT: &str = "src/schema.rs";

/// Reads the models that a package declares; none if it does not say where, and they are not where Diesel has them.
pub(crate) fn load(package: &Package, config: &Config) -> Result<Option<Models>, CommandError> {
    let files = match &config.models {
        Some(files) => files.clone(),
        None if package.root.join(DEFAULT).is_file() => vec![DEFAULT.to_owned()],
        None => return Ok(None),
    };
    let mut reader = Reader { package, config, seen: BTreeSet::new(), models: Models::default(), errors: Vec::new() };
    for file in &files {
        let path = Path::new(file);
        if package.root.join(path).is_dir() {
            reader.folder(path)?;
        } else {
            reader.file(path)?;
        }
    }
    if !reader.errors.is_empty() {
        return Err(misunderstood(reader.errors));
    }
    if reader.models.tables.is_empty() && config.models.is_none() {
        return Ok(None);
    }
    if reader.models.tables.is_empty() {
        return Err(CommandError::usage(format!("there is no `table!` in {}", alembic_sql::wording::quoted(&files)))
            .hint(Hint::ModelsFiles));
    }
    Ok(Some(reader.models))
}

/// Returns the models; none are no tables where the project has files of objects, and nothing elsewhere.
pub(crate) fn wanted(project: &Project) -> Result<Option<Models>, CommandError> {
    let models = load(&project.package, &project.config)?;
    Ok(models.or_else(|| project.has_objects().then(Models::default)))
}

/// Returns the models, which have to be there, or files of objects.
pub(crate) fn require(project: &Project) -> Result<Models, CommandError> {
    let none = || CommandError::usage(format!("package `{}` has no models", project.package.name));
    wanted(project)?.ok_or_else(|| none().hint(Hint::NoModels))
}

/// A file of models that is to be changed.
pub(crate) struct Source {
    /// Its name, for messages.
    pub(crate) name: String,
    path: PathBuf,
    pub(crate) text: String,
    /// What it says now.
    pub(crate) models: Models,
}

impl Source {
    pub(crate) fn read(cwd: &Path, file: &Path) -> Result<Self, CommandError> {
        let (name, path) = (file.display().to_string(), cwd.join(file));
        let text = read_regular_text(&path)
            .map_err(|error| CommandError::usage(format!("could not read `{name}`")).caused_by(&error))?
            .replace("\r\n", "\n");
        let models = read(&text, &name).map_err(misunderstood)?.models;
        Ok(Self { name, path, text, models })
    }

    /// Replaces the file, and returns whether there was anything to change.
    pub(crate) fn replace(&self, text: &str) -> Result<bool, CommandError> {
        if text == self.text {
            return Ok(false);
        }
        atomically(&self.path, text)
            .map_err(|error| CommandError::usage(format!("could not write `{}`", self.name)).caused_by(&error))?;
        Ok(true)
    }
}

/// Turns mistakes in models into one error.
pub(crate) fn misunderstood(errors: Vec<ModelError>) -> CommandError {
    let error = CommandError::usage("the models are not understood");
    errors.into_iter().fold(error, |error, wrong| error.because(wrong.to_string()).at(Some((&wrong.file, wrong.line))))
}

struct Reader<'p> {
    package: &'p Package,
    config: &'p Config,
    /// Files and folders, without links.
    seen: BTreeSet<PathBuf>,
    models: Models,
    errors: Vec<ModelError>,
}

impl Reader<'_> {
    fn root(&self) -> &Path {
        &self.package.root
    }

    /// Returns whether a file or folder was not read yet, under any name. It has to be inside the package.
    fn is_new(&mut self, path: &Path) -> Result<bool, CommandError> {
        let full = self.root().join(path);
        if leads_out(self.root(), &full) && !(self.config.follow_links && is_link(self.root(), path)) {
            let message = format!("the models in `{}` are outside of the package", path.display());
            return Err(CommandError::usage(message).hint(Hint::ModelsLeadOut));
        }
        Ok(self.seen.insert(full.canonicalize().unwrap_or(full)))
    }

    fn folder(&mut self, folder: &Path) -> Result<(), CommandError> {
        let failed = |error: std::io::Error| {
            CommandError::usage(format!("could not read `{}`", folder.display())).caused_by(&error)
        };
        if !self.is_new(folder)? {
            return Ok(());
        }
        let entries = fs::read_dir(self.root().join(folder)).map_err(failed)?;
        let mut names: Vec<PathBuf> =
            entries.map(|entry| Ok(folder.join(entry?.file_name()))).collect::<Result<_, _>>().map_err(failed)?;
        names.sort();
        for name in names {
            if self.root().join(&name).is_dir() {
                self.folder(&name)?;
            } else if name.extension().is_some_and(|extension| extension == "rs") {
                self.file(&name)?;
            }
        }
        Ok(())
    }

    /// Reads a file and all modules that it declares.
    fn file(&mut self, path: &Path) -> Result<(), CommandError> {
        let path = normal(path);
        if !self.is_new(&path)? {
            return Ok(());
        }
        let text = read_regular_text(&self.root().join(&path)).map_err(|error| {
            CommandError::usage(format!("could not read the models in `{}`", path.display()))
                .caused_by(&error)
                .hint(Hint::ModelsFiles)
        })?;
        let name = path.display().to_string().replace('\\', "/");
        let found = match read(&text, &name) {
            Ok(found) => found,
            Err(errors) => {
                self.errors.extend(errors);
                return Ok(());
            }
        };
        let Found { models, modules, includes } = found;
        self.models.extend(models);
        let folder = path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let owner = if ["main", "lib", "mod"].contains(&stem.as_str()) { String::new() } else { stem };
        for module in modules {
            let candidates = module.files(&owner).into_iter().map(|file| folder.join(file));
            match candidates.into_iter().find(|file| self.root().join(file).is_file()) {
                Some(file) => self.file(&file)?,
                None if module.is_conditional => {}
                // Its tables would count as dropped.
                None => {
                    let module = module.path.join("::");
                    return Err(CommandError::usage(format!(
                        "`{name}` declares the module `{module}`, and it has no file"
                    )));
                }
            }
        }
        for include in includes.iter().filter(|include| include.ends_with(".rs")) {
            let file = folder.join(include);
            if self.root().join(&file).is_file() {
                self.file(&file)?;
            }
        }
        Ok(())
    }
}

/// Returns whether a path is inside the package by its name, and a link leads elsewhere.
fn is_link(root: &Path, path: &Path) -> bool {
    path.is_relative() && !path.components().any(|part| part == Component::ParentDir) && root.join(path).exists()
}

/// Takes `.` and `..` out of a path, as far as it has something to take.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => _ = normal.pop(),
            other => normal.push(other),
        }
    }
    normal
}
