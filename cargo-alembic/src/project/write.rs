//! Adds a revision to a project.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use alembic_graph::{
    Graph, GraphError, Hint, Node, Script,
    config::Hook,
    revision::{Created, check_name},
    script::{Bodies, Connection, Downgrade, Header, Section, parse, parse_rust, render, render_rust},
};
use alembic_runtime::cli::CommandError;
use alembic_sql::wording::quoted;
use chrono::{DateTime, FixedOffset, Local, Utc};

use super::{Lock, Project, Staged, files, name::file_name};

/// A revision to be written.
#[derive(Debug, Default)]
pub(crate) struct NewRevision {
    pub(crate) message: String,
    pub(crate) rev_id: Option<String>,
    pub(crate) parents: Vec<Node>,
    pub(crate) labels: Vec<String>,
    pub(crate) depends_on: Vec<String>,
    /// Follow a revision that others follow already.
    pub(crate) splice: bool,
    /// One of the version locations.
    pub(crate) version_path: Option<String>,
    /// The SQL, if there is some already.
    pub(crate) sql: Option<(String, Downgrade)>,
    /// The connection that its functions are for, if it is written in Rust.
    pub(crate) connection: Option<Connection>,
    /// What its functions do, if that is known already: up and down.
    pub(crate) bodies: (String, String),
    /// Whether it has to run outside a transaction.
    pub(crate) without_transaction: bool,
    /// Whether SQLite is not to look at foreign keys meanwhile.
    pub(crate) foreign_keys_off: bool,
}

/// A revision that was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    /// Relative to the package.
    pub(crate) name: String,
    pub(crate) parents: Vec<String>,
}

/// A revision file that is not written yet.
struct Draft {
    text: String,
    written: Written,
}

impl Draft {
    fn not_written(&self, error: &io::Error) -> CommandError {
        CommandError::usage(format!("could not write `{}`", self.written.path.display())).caused_by(error)
    }
}

impl Project {
    /// Writes a revision file and the lock file. The graph with the new revision is checked before
    /// anything is written.
    pub(crate) fn add(&mut self, new: NewRevision) -> Result<Written, CommandError> {
        let draft = self.draft(new)?;
        files::create(&draft.written.path, &draft.text).map_err(|error| draft.not_written(&error))?;
        if let Err(error) = self.write_lock() {
            // The next try is not to follow a revision that nobody was told of.
            fs::remove_file(&draft.written.path).ok();
            return Err(error);
        }
        Ok(draft.written)
    }

    /// Makes revision files that follow each other, the first of them `parent`, ready to be moved to where they belong.
    pub(crate) fn stage_chain(
        &mut self,
        mut parent: Option<Node>,
        chain: Vec<NewRevision>,
        note: &str,
    ) -> Result<Staged, CommandError> {
        let mut files = Vec::with_capacity(chain.len());
        for new in chain {
            let draft = self.draft(NewRevision { parents: parent.into_iter().collect(), ..new })?;
            parent = self.graph.find_id(&draft.written.id);
            files.push((draft.written.name, draft.text));
        }
        Staged::write(&self.package, &self.config, note, &files)
    }

    /// Makes a revision part of the graph, and returns the file to be written.
    fn draft(&mut self, new: NewRevision) -> Result<Draft, CommandError> {
        self.refuse_non_head(&new)?;
        let id = new.rev_id.clone().unwrap_or_else(random_id);
        check_name(&id).map_err(|error| CommandError::usage(error.to_string()))?;
        let date = now(&self.config.timezone)?;
        let location = self.location(&new)?;
        let file = file_name(&self.config.file_template, &id, &new.message, self.config.truncate_slug_length, date);
        let name = format!("{location}/{file}.{}", if new.connection.is_some() { "rs" } else { "sql" });
        let path = self.package.root.join(&name);
        let parents: Vec<String> = self.graph.ids(new.parents.iter().copied()).map(str::to_owned).collect();
        let (text, script) = script(new, id.clone(), parents.clone(), date)?;
        let mut revisions: Vec<_> = self.graph.nodes().map(|node| self.graph.revision(node).clone()).collect();
        revisions.push(script.revision(&name));
        let graph = Graph::new(revisions).map_err(|errors| {
            let error =
                CommandError::usage("the revision was not written: it does not fit into the graph").caused_by(&errors);
            errors.0.first().map(GraphError::hint).into_iter().fold(error, CommandError::hint)
        })?;
        self.graph = Arc::new(graph);
        Ok(Draft { text, written: Written { id, path, name, parents } })
    }

    /// Runs the post-write hooks on a file, then refreshes the lock file, which they may have made stale.
    pub(crate) fn run_hooks(&self, path: &Path, mut say: impl FnMut(&str)) -> Result<(), CommandError> {
        for hook in self.config.post_write_hooks.iter().filter(|hook| hook.is_for(&path.to_string_lossy())) {
            say(&format!("Running post write hook \"{}\": {} ...", hook.name, hook.command));
            self.run_hook(hook, path)?;
        }
        if !self.config.post_write_hooks.is_empty() {
            Self::load(self.package.clone(), self.config.clone(), Lock::Rewrite)?;
        }
        Ok(())
    }

    fn run_hook(&self, hook: &Hook, path: &Path) -> Result<(), CommandError> {
        let failed = |why: String| {
            CommandError::usage(format!("post write hook `{}` failed", hook.name))
                .because(why)
                .hint(Hint::HookFailed { path: path.display().to_string() })
        };
        let mut words = shlex::split(&hook.command).ok_or_else(|| failed("its quotes are not balanced".into()))?;
        let file = path.display().to_string();
        if !words.iter().any(|word| word.contains("{file}")) {
            words.push("{file}".into());
        }
        let words: Vec<String> = words.iter().map(|word| word.replace("{file}", &file)).collect();
        let (program, arguments) = words.split_first().ok_or_else(|| failed("it is empty".into()))?;
        let status = Command::new(program)
            .args(arguments)
            .current_dir(&self.package.root)
            // What the tool says is not our answer.
            .stdout(io::stderr())
            .status()
            .map_err(|error| failed(format!("could not run `{program}`: {error}")))?;
        if status.success() { Ok(()) } else { Err(failed(format!("`{program}` ended with {status}"))) }
    }

    fn refuse_non_head(&self, new: &NewRevision) -> Result<(), CommandError> {
        let followed = new.parents.iter().find(|parent| !self.graph.children(**parent).is_empty());
        match followed {
            Some(parent) if !new.splice => {
                Err(CommandError::usage(format!("revision `{}` is not a head revision", self.graph.id(*parent)))
                    .hint(Hint::NotAHead))
            }
            _ => Ok(()),
        }
    }

    /// Returns the folder for a new file: the one that was asked for, that of the first parent, or
    /// the only one.
    fn location(&self, new: &NewRevision) -> Result<String, CommandError> {
        let locations = &self.config.migrations;
        if let Some(wanted) = &new.version_path {
            let wanted = wanted.trim_start_matches("./").trim_end_matches('/');
            return locations.iter().find(|location| *location == wanted).cloned().ok_or_else(|| {
                CommandError::usage(format!("path `{wanted}` is not represented in current version locations"))
                    .hint(Hint::VersionPath { locations: quoted(locations) })
            });
        }
        if let Some(parent) = new.parents.first() {
            let path = &self.graph.revision(*parent).path;
            let holds =
                |location: &&String| path.strip_prefix(location.as_str()).is_some_and(|rest| rest.starts_with('/'));
            return Ok(locations.iter().find(holds).unwrap_or(&locations[0]).clone());
        }
        match &locations[..] {
            [only] => Ok(only.clone()),
            _ => Err(CommandError::usage("multiple version locations present, please specify --version-path")),
        }
    }
}

/// Returns the text of a new file, and what reading it back gives.
fn script(
    new: NewRevision,
    id: String,
    parents: Vec<String>,
    date: DateTime<FixedOffset>,
) -> Result<(String, Script), CommandError> {
    for label in &new.labels {
        check_name(label).map_err(|error| CommandError::usage(error.to_string()))?;
    }
    let section = |sql: String| Section { dialects: Vec::new(), sql, line: 1 };
    let (upgrade, downgrade) =
        new.sql.unwrap_or_else(|| (String::new(), Downgrade::Sections(vec![section(String::new())])));
    let message = new.message.split_whitespace().collect::<Vec<_>>().join(" ");
    let script = Script {
        header: Header {
            id,
            parents,
            labels: new.labels,
            dependencies: new.depends_on,
            created: Created::parse(&date.format("%Y-%m-%d %H:%M:%S%:z").to_string()),
            message: if message.is_empty() { "empty message".into() } else { message },
            without_transaction: new.without_transaction,
            foreign_keys_off: new.foreign_keys_off,
            row_security_on: false,
        },
        upgrade: vec![section(upgrade)],
        downgrade,
        code: None,
    };
    // What is written has to read back: a message may look like a header key. And what is read is
    // what the lock file describes: SQL that was imported may have other line ends.
    let (text, read) = match new.connection {
        Some(connection) => {
            let bodies = Bodies { upgrade: &new.bodies.0, downgrade: &new.bodies.1 };
            let text = render_rust(&script.header, connection, bodies);
            let read = parse_rust(&text);
            (text, read)
        }
        None => {
            let text = render(&script);
            let read = parse(&text);
            (text, read)
        }
    };
    match read {
        Ok(read) if read.header == script.header => Ok((text, read)),
        Ok(_) => Err(CommandError::usage("the message cannot be told from the header; use other words")),
        Err(error) => Err(CommandError::usage("the revision would not be readable").because(error.problem)),
    }
}

fn random_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    id[id.len() - 12..].to_owned()
}

fn now(timezone: &str) -> Result<DateTime<FixedOffset>, CommandError> {
    match timezone {
        "local" => Ok(Local::now().fixed_offset()),
        "UTC" | "utc" => Ok(Utc::now().fixed_offset()),
        name => match name.parse::<chrono_tz::Tz>() {
            Ok(zone) => Ok(Utc::now().with_timezone(&zone).fixed_offset()),
            Err(_) => Err(CommandError::usage(format!("can't locate timezone: `{name}`")).hint(Hint::Timezone)),
        },
    }
}
