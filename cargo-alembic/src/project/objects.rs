//! The folder of objects that are replaced as a whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use alembic_graph::Hint;
use alembic_runtime::{__private::read_regular_text, cli::CommandError};
use alembic_schema::{Object, ObjectKey};
use alembic_sql::{Checksum, CreatedObject, Dialect, ObjectStatement, object_statement, split};

use super::{
    Project, atomically,
    list::{leads_out, refuse_link},
};

/// An object of a file, with what the file says of it.
#[derive(Debug, Clone)]
pub(crate) struct FileObject {
    /// The file, relative to the package.
    pub(crate) path: String,
    /// What it is.
    pub(crate) created: CreatedObject,
    /// The statement that makes it, and those that belong to it, each with its line.
    pub(crate) statements: Vec<(String, usize)>,
}

impl FileObject {
    /// Returns the error of a file that has another object, or none, at its line.
    pub(crate) fn refused(&self, problem: &str) -> CommandError {
        let line = self.statements.first().map_or(1, |(_, line)| *line);
        let error = CommandError::usage(format!("{}:{line}: {problem}", self.path));
        error.at(Some((&self.path, line))).hint(Hint::NoObject)
    }
}

impl Project {
    /// Returns whether the project says which objects there are to be.
    pub(crate) fn has_objects(&self) -> bool {
        self.config.complete_objects || self.package.root.join(self.config.objects()).is_dir()
    }

    /// Reads the objects of the files below their folder; none if there is no folder.
    pub(crate) fn objects(&self, dialect: Dialect) -> Result<Vec<FileObject>, CommandError> {
        let folder = self.config.objects();
        let mut files = Vec::new();
        if leads_out(&self.package.root, &self.package.root.join(&folder)) && !self.config.follow_links {
            let message = format!("the folder of objects, `{folder}`, leads out of the package");
            return Err(CommandError::usage(message).hint(Hint::FolderLeadsOut));
        }
        if self.package.root.join(&folder).is_dir() {
            let mut reader = Reader { project: self, seen: BTreeSet::new(), files: Vec::new() };
            reader.folder(&folder)?;
            files = reader.files;
        }
        let mut objects = Vec::new();
        for (path, text) in &files {
            objects.extend(objects_of(path, text, dialect)?);
        }
        // Routines may share a name.
        let is_named = |object: &FileObject| !["function", "procedure", "aggregate"].contains(&object.created.kind);
        let again = (0..objects.len()).find(|at| {
            is_named(&objects[*at]) && objects[..*at].iter().any(|before| before.created == objects[*at].created)
        });
        match again.map(|at| &objects[at]) {
            Some(object) => Err(object.refused("this object is made before, in this file or another")),
            None => Ok(objects),
        }
    }
}

/// Reads the files of a folder and of those below it, in the order of their names.
struct Reader<'p> {
    project: &'p Project,
    /// Folders, without links.
    seen: BTreeSet<PathBuf>,
    files: Vec<(String, String)>,
}

impl Reader<'_> {
    fn folder(&mut self, folder: &str) -> Result<(), CommandError> {
        let full = self.project.package.root.join(folder);
        if !self.seen.insert(full.canonicalize().unwrap_or_else(|_| full.clone())) {
            return Ok(());
        }
        let failed = |name: &str, error: std::io::Error| {
            CommandError::usage(format!("could not read `{name}`")).caused_by(&error)
        };
        let entries = fs::read_dir(&full).map_err(|error| failed(folder, error))?;
        let mut names = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failed(folder, error))?;
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        for name in names {
            let (path, name) = (full.join(&name), format!("{folder}/{name}"));
            if path.is_symlink() && leads_out(&full, &path) {
                refuse_link(&path, &self.project.config)?;
            }
            if path.is_dir() {
                self.folder(&name)?;
            } else if name.ends_with(".sql") {
                let text = read_regular_text(&path).map_err(|error| failed(&name, error))?;
                self.files.push((name, text.replace("\r\n", "\n")));
            }
        }
        Ok(())
    }
}

/// Writes objects into files of a folder, one for each name; returns those files, and whether each has changed.
pub(crate) fn write_objects(folder: &Path, objects: &[Object]) -> Result<Vec<(String, bool)>, CommandError> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for object in objects {
        let text = files.entry(file_name(&object.key)).or_default();
        for statement in object.statements() {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.extend([gap, statement.trim_end(), ";\n"]);
        }
    }
    let mut written = Vec::new();
    for (name, text) in files {
        let path = folder.join(&name);
        let failed = |error: std::io::Error| {
            CommandError::usage(format!("could not write `{}`", path.display())).caused_by(&error)
        };
        let has_changed = read_regular_text(&path).is_ok_and(|old| old.replace("\r\n", "\n") == text);
        if !has_changed {
            fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
            atomically(&path, &text).map_err(failed)?;
        }
        written.push((name, !has_changed));
    }
    Ok(written)
}

/// Returns the name of the file of an object. Routines that share a name share a file.
fn file_name(key: &ObjectKey) -> String {
    let folder = match key.kind.as_str() {
        "policy" => "policies".to_owned(),
        "row security" | "forced row security" => "row_security".to_owned(),
        kind => format!("{}s", kind.replace(' ', "_")),
    };
    let table = key.table.as_ref().filter(|table| **table != key.name).map(|table| table.name.as_str());
    let parts = key.name.schema.as_deref().into_iter().chain(table).chain([key.name.name.as_str()]);
    let name = parts.collect::<Vec<_>>().join(".");
    let is_plain = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    // Two names must not meet in one file, nor on a file system that takes their cases for one.
    let is_safe = plain == name && name == name.to_lowercase() && !name.starts_with('.');
    match is_safe {
        true => format!("{folder}/{name}.sql"),
        false => format!(
            "{folder}/{}-{}.sql",
            plain.trim_start_matches('.'),
            &Checksum::of([name.as_bytes()]).to_string()[..6]
        ),
    }
}

fn objects_of(path: &str, text: &str, dialect: Dialect) -> Result<Vec<FileObject>, CommandError> {
    let wrong =
        |line: usize, problem: &str| CommandError::usage(format!("{path}:{line}: {problem}")).at(Some((path, line)));
    let statements = split(text, dialect).map_err(|error| wrong(error.line, &error.problem))?;
    let mut objects: Vec<FileObject> = Vec::new();
    for statement in statements {
        let said = (statement.text.to_owned(), statement.line);
        match (object_statement(statement.text, dialect), objects.last_mut()) {
            (ObjectStatement::Creates(created), _) => {
                objects.push(FileObject { path: path.to_owned(), created, statements: vec![said] });
            }
            (ObjectStatement::Accompanies, Some(object)) => object.statements.push(said),
            _ => {
                let problem = "an object's file has the `CREATE` of a view, a routine, a trigger or another object that is \
                               replaced as a whole, and then what belongs to it";
                return Err(wrong(statement.line, problem).hint(Hint::NoObject));
            }
        }
    }
    if objects.is_empty() {
        return Err(wrong(1, "the file makes no object").hint(Hint::NoObject));
    }
    Ok(objects)
}
