//! The graph of a program, and where its scripts come from.

use std::{
    borrow::Cow,
    path::Path,
    sync::{Arc, OnceLock},
};

use alembic_graph::{
    Collection, Graph, Node, Revision, Script,
    collection::is_revision,
    config::Settings,
    image::{Image, encode},
    plan::Work,
};
use alembic_schema::TableFilter;
use alembic_sql::Dialect;
use include_dir::Dir;

use crate::{migrator::Error, op::Code, regular_file::read_regular_text, replaying::Replaying};

/// A graph of migrations for connections of type `C`.
///
/// Usually a static made by [`embed_migrations!`](crate::embed_migrations):
///
/// ```text
/// static MIGRATIONS: Migrations<SqliteConnection> = embed_migrations!();
/// ```
///
/// To have the same graph for several connection types, embed it several times; the text is stored
/// once per static.
pub struct Migrations<C> {
    source: Source,
    application: (&'static str, &'static str),
    code: Lookup<C>,
    /// Where each seed is below the folder of seeds, and its text.
    seeds: Vec<(String, String)>,
    embedded_seeds: &'static [(&'static str, &'static str)],
    snapshots: Snapshots,
    /// Set once, before anything runs: a program that embeds its migrations has them in a static.
    replay: OnceLock<Replaying>,
}

/// What was written down of the schema that the revisions leave.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Snapshots {
    /// What names it, per database.
    pub fingerprints: &'static [(&'static str, &'static str)],
    /// The tables that it is about.
    pub include: &'static [&'static str],
    /// The tables that it is not about.
    pub exclude: &'static [&'static str],
}

impl Snapshots {
    const NONE: Self = Self { fingerprints: &[], include: &[], exclude: &[] };

    pub(crate) fn filter(&self) -> TableFilter {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        TableFilter { include: owned(self.include), exclude: owned(self.exclude) }
    }
}

/// Returns the functions of a revision in Rust.
type Lookup<C> = fn(&str) -> Option<Code<C>>;

enum Source {
    /// Constants of the program.
    Embedded { text: Cow<'static, str>, table: Cow<'static, [u8]> },
    /// Files that are read when they are needed.
    Project(Box<Project>),
}

/// Reads the script of one revision.
type Load = dyn Fn(&Graph, Node) -> Result<Script, Error> + Send + Sync;

/// A graph whose scripts are loaded one at a time.
struct Project {
    graph: Arc<Graph>,
    settings: Settings,
    load: Box<Load>,
}

impl<C> Migrations<C> {
    const fn of(source: Source) -> Self {
        Self {
            source,
            application: ("", ""),
            code: |_| None,
            seeds: Vec::new(),
            embedded_seeds: &[],
            snapshots: Snapshots::NONE,
            replay: OnceLock::new(),
        }
    }

    /// Wraps what `embed_migrations!` emits.
    #[doc(hidden)]
    #[must_use]
    pub const fn embedded(text: &'static str, table: &'static [u8]) -> Self {
        let source = Source::Embedded { text: Cow::Borrowed(text), table: Cow::Borrowed(table) };
        Self::of(source)
    }

    /// Adds the functions of the revisions in Rust.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_code(mut self, code: Lookup<C>) -> Self {
        self.code = code;
        self
    }

    /// Adds the files of the folder of seeds, each with its path below that folder.
    #[must_use]
    pub fn with_seeds(mut self, seeds: Vec<(String, String)>) -> Self {
        self.seeds = seeds;
        self
    }

    /// Adds what `embed_migrations!` found in the folder of seeds.
    #[doc(hidden)]
    #[must_use]
    pub const fn embedded_seeds(mut self, seeds: &'static [(&'static str, &'static str)]) -> Self {
        self.embedded_seeds = seeds;
        self
    }

    /// Adds what `embed_migrations!` found in the snapshots of the schema.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_snapshots(mut self, snapshots: Snapshots) -> Self {
        self.snapshots = snapshots;
        self
    }

    pub(crate) fn snapshots(&self) -> Snapshots {
        self.snapshots
    }

    pub(crate) fn fingerprint(&self, dialect: Dialect) -> Option<&'static str> {
        self.snapshots
            .fingerprints
            .iter()
            .find(|(name, _)| *name == dialect.name())
            .map(|(_, fingerprint)| *fingerprint)
    }

    pub(crate) fn seeds(&self) -> impl Iterator<Item = (&str, &str)> {
        let others = self.seeds.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        self.embedded_seeds.iter().copied().chain(others)
    }

    pub(crate) fn code(&self, revision: &str) -> Option<Code<C>> {
        (self.code)(revision)
    }

    /// Applies the revisions to a scratch database, to see what they leave: what they would change elsewhere is refused,
    /// and what is taken as given is left out.
    #[doc(hidden)]
    pub fn replay_in(&self, replaying: Replaying) {
        self.replay.get_or_init(|| replaying);
    }

    /// Returns the replay, if this is one.
    pub(crate) fn replaying(&self) -> Option<&Replaying> {
        self.replay.get()
    }

    /// Makes the work what is run of it.
    pub(crate) fn confine(&self, work: &mut [Work]) -> Result<(), Error> {
        let Some(replaying) = self.replay.get() else { return Ok(()) };
        for step in work {
            replaying.leave_out(step.replay(&replaying.around)?);
        }
        Ok(())
    }

    /// Names the program, for the log; `embed_migrations!` passes the package's name and version.
    #[must_use]
    pub const fn application(mut self, name: &'static str, version: &'static str) -> Self {
        self.application = (name, version);
        self
    }

    pub(crate) fn application_name(&self) -> (&'static str, &'static str) {
        self.application
    }

    /// Wraps a graph whose scripts `load` reads when a plan needs them.
    #[doc(hidden)]
    pub fn from_graph(
        graph: Arc<Graph>,
        settings: Settings,
        load: impl Fn(&Graph, Node) -> Result<Script, Error> + Send + Sync + 'static,
    ) -> Self {
        let project = Project { graph, settings, load: Box::new(load) };
        Self::of(Source::Project(Box::new(project)))
    }

    /// Builds the graph from a folder embedded with `include_dir!`, at run time.
    ///
    /// [`embed_migrations!`](crate::embed_migrations) finds mistakes when the program is built;
    /// this finds them when it runs.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn from_dir(dir: &Dir<'_>) -> Result<Self, Error> {
        let mut files = Vec::new();
        collect(dir, &mut files)?;
        Self::from_files(files)
    }

    /// Builds the graph from the files of a folder on disk. Revisions in Rust are part of it, but cannot
    /// be run: they have to be embedded.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::Files`].
    pub fn from_path(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let failed = |source| Error::Io { path: folder.display().to_string(), source };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if is_revision(&path.file_name().unwrap_or_default().to_string_lossy()) {
                let target = path.canonicalize().map_err(failed)?;
                if path.is_symlink() && !target.starts_with(folder.canonicalize().map_err(failed)?) {
                    let reason = "it is a link that leads out of its folder";
                    let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, reason);
                    return Err(Error::Io { path: path.display().to_string(), source });
                }
                let name = path.display().to_string();
                let text = read_regular_text(&path).map_err(|source| Error::Io { path: name.clone(), source })?;
                files.push((name, text));
            }
        }
        Self::from_files(files)
    }

    /// Builds the graph from texts, each with the name that messages call it by.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn from_files(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let files: Vec<(String, String)> = files.into_iter().collect();
        let contents = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes()));
        let collection = Collection::read(contents).map_err(Error::Files)?;
        let script =
            |revision: &Revision| collection.script(revision).cloned().expect("the graph was made from these scripts");
        let (text, table) = encode(&collection.graph, &Settings::default(), &[], script);
        let source = Source::Embedded { text: Cow::Owned(text), table: Cow::Owned(table) };
        Ok(Self::of(source))
    }

    /// Returns the graph. An embedded one is decoded, in time linear in its revisions.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] if the program was not built by the macro of this version.
    pub fn graph(&self) -> Result<Arc<Graph>, Error> {
        match &self.source {
            Source::Embedded { text, table } => Ok(Arc::new(Image::new(text, table).graph()?)),
            Source::Project(project) => Ok(Arc::clone(&project.graph)),
        }
    }

    /// Returns the settings of the project.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        match &self.source {
            Source::Embedded { text, table } => Ok(Image::new(text, table).settings()?),
            Source::Project(project) => Ok(project.settings.clone()),
        }
    }

    /// Returns the script of one revision of [`graph`](Self::graph).
    pub(crate) fn script(&self, graph: &Graph, node: Node) -> Result<Script, Error> {
        match &self.source {
            Source::Embedded { text, table } => Ok(Image::new(text, table).script(node)?),
            Source::Project(project) => (project.load)(graph, node),
        }
    }

    /// Returns whether `rows`, each with the history's name that the log has, are exactly the heads.
    /// Allocates per head, not per revision, for an embedded graph.
    pub(crate) fn heads_are(&self, rows: &[(&str, Option<&str>)]) -> bool {
        let matches = |id: &str, hash: alembic_sql::Checksum| {
            rows.iter().any(|(row, node)| *row == id && node.is_none_or(|node| hash.to_string() == node))
        };
        match &self.source {
            Source::Embedded { text, table } => {
                let mut count = 0;
                let all = Image::new(text, table).heads().all(|(id, hash)| {
                    count += 1;
                    matches(id, hash)
                });
                all && count == rows.len()
            }
            Source::Project(project) => {
                let graph = &project.graph;
                let heads = graph.heads();
                heads.len() == rows.len() && heads.iter().all(|head| matches(graph.id(*head), graph.node_hash(*head)))
            }
        }
    }
}

impl<C> std::fmt::Debug for Migrations<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let revisions = match &self.source {
            Source::Embedded { text, table } => Image::new(text, table).len(),
            Source::Project(project) => project.graph.len(),
        };
        f.debug_struct("Migrations").field("revisions", &revisions).finish_non_exhaustive()
    }
}

fn collect(dir: &Dir<'_>, files: &mut Vec<(String, String)>) -> Result<(), Error> {
    for file in
        dir.files().filter(|file| file.path().file_name().is_some_and(|name| is_revision(&name.to_string_lossy())))
    {
        let path = file.path().display().to_string();
        let text = file.contents_utf8().ok_or_else(|| Error::Io {
            path: path.clone(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, "the file is not UTF-8"),
        })?;
        files.push((path, text.to_owned()));
    }
    Ok(())
}
