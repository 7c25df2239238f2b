//! Is the schema of a database the one that its revisions leave on a scratch database?

use std::collections::BTreeSet;

use alembic_graph::created::Created;
use alembic_runtime::{__private::Inspection, MigrationBackend, cli::CommandError};
use alembic_schema::{
    Name, Object, Other, Schema,
    diff::{Change, Diff, OtherDifference, other_differences},
};
use alembic_sql::{Dialect, mentioned, wording::abridged};
use diesel::connection::LoadConnection;

use super::{Finding, Said, grants};
use crate::{
    connect::{Access, Job, Target},
    context::Context,
    look::{VersionRows, dialect_of, failed, inspection, look, look_everywhere, schemas_of},
    project::Project,
    replay::Replay,
    scratch::{ScratchArgs, ScratchServer},
};

/// What the comparison says, and what it has not looked at.
pub(super) struct Compared {
    pub(super) said: Said,
    pub(super) notes: Vec<String>,
}

/// Compares the schema with the one that the database's revisions leave on a scratch database. None if it is at
/// unknown revisions.
pub(super) fn drift(
    scratch: &ScratchArgs,
    cx: &mut Context<'_>,
    project: &Project,
    target: &Target,
) -> Result<Option<Compared>, CommandError> {
    let rows = target.run(Access::Read, VersionRows(project))?;
    if rows.iter().any(|row| project.graph.find_id(row).is_none()) {
        return Ok(None);
    }
    let server = scratch.find_server(cx, project)?.unwrap_or_else(|| ScratchServer::shared(target.clone()));
    let (replay, made) = Replay::prepare(cx, project, &server)?;
    let left = made.run(Leave { replay: &replay, rows: &rows })?;
    let live = target.run(Access::Read, Live { project, schemas: &left.schemas })?;
    let outside = project.outside(left.dialect);
    let mut compared = compare(project, left, live);
    if !outside.is_empty() {
        compared
            .notes
            .push(format!("not looked at, since it is outside of the database: {}", abridged(&outside, SHOWN)));
    }
    Ok(Some(compared))
}

/// What the revisions leave.
struct Left {
    schema: Schema,
    /// The schemas that they are about, beside the current one.
    schemas: Vec<String>,
    dialect: Dialect,
    /// Those that the project says.
    objects: Vec<Object>,
}

struct Leave<'a> {
    replay: &'a Replay<'a>,
    rows: &'a [String],
}

impl Job for Leave<'_> {
    type Done = Left;

    fn run<C>(self, conn: &mut C) -> Result<Left, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let given = schemas_of(conn)?;
        for row in self.rows {
            self.replay.upgrade(conn, row)?;
        }
        let dialect = dialect_of(conn)?;
        let created = self.replay.project.created(dialect);
        let (mut schema, mut schemas) = look_everywhere(conn, self.replay.project)?;
        let used: BTreeSet<&String> = names(&schema, &created).filter_map(|name| name.schema.as_ref()).collect();
        // A schema that was there before is the revisions' business if they have made something in it.
        schemas.retain(|schema| used.contains(schema) || !given.contains(schema));
        let is_ours = |name: &Name| name.schema.as_ref().is_none_or(|schema| schemas.contains(schema));
        schema
            .others
            .retain(|other| is_ours(&other.name) && (other.kind != SCHEMA || !given.contains(&other.name.name)));
        let inspection = Inspection { schemas: schemas.clone(), ..inspection(self.replay.project, None) };
        let objects = grants::objects(conn, self.replay.project, &inspection, dialect)?;
        Ok(Left { schema, schemas, dialect, objects })
    }
}

const SCHEMA: &str = "schema";
const EXTENSION: &str = "extension";
const EXTENSIONS: &str =
    "SELECT extname::text AS answer FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1";

/// Returns the names of what revisions make.
fn names<'s>(schema: &'s Schema, created: &'s Created) -> impl Iterator<Item = &'s Name> {
    let made = |other: &&Other| other.kind != EXTENSION || created.extensions.contains(&other.name.name);
    let others = schema.others.iter().filter(made).map(|other| &other.name);
    schema.tables.iter().map(|table| &table.name).chain(schema.enums.iter().map(|of| &of.name)).chain(others)
}

/// What a database holds.
struct Held {
    /// In the schemas that are looked at.
    schema: Schema,
    /// The other schemas.
    others: Vec<String>,
    /// All extensions.
    extensions: Vec<String>,
    /// Those that the project says.
    objects: Vec<Object>,
}

/// What a database holds in some schemas, and what else it has.
struct Live<'a> {
    project: &'a Project,
    schemas: &'a [String],
}

impl Job for Live<'_> {
    type Done = Held;

    fn run<C>(self, conn: &mut C) -> Result<Held, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let there = schemas_of(conn)?;
        let current = alembic_runtime::__private::answers(conn, current_schema(C::Backend::FAMILY));
        let current = current.map_err(failed("ask for the current schema"))?;
        let inspection = Inspection { schemas: self.schemas.to_vec(), ..inspection(self.project, None) };
        let mut schema = look(conn, &inspection)?;
        let looked_at = |name: &&String| self.schemas.contains(name) || current.contains(name);
        let (known, others): (Vec<&String>, Vec<&String>) = there.iter().partition(looked_at);
        schema.others.extend(known.into_iter().map(|name| Other {
            kind: SCHEMA.to_owned(),
            name: Name::from_plain(name),
            definition: String::new(),
        }));
        let extensions = match C::Backend::FAMILY {
            Dialect::Postgres => {
                alembic_runtime::__private::answers(conn, EXTENSIONS).map_err(failed("look for extensions"))?
            }
            _ => Vec::new(),
        };
        let dialect = dialect_of(conn)?;
        let objects = grants::objects(conn, self.project, &inspection, dialect)?;
        Ok(Held { schema, others: others.into_iter().cloned().collect(), extensions, objects })
    }
}

fn current_schema(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "SELECT current_schema()::text AS answer",
        _ => "SELECT '' AS answer",
    }
}

fn compare(project: &Project, left: Left, held: Held) -> Compared {
    let Held { schema: mut live, others, extensions, objects } = held;
    let Left { mut schema, dialect, objects: left_objects, .. } = left;
    let mut notes = Vec::new();
    if !others.is_empty() {
        notes.push(format!("not looked at: {}, in which no revision makes anything", listed("schema", &others)));
    }
    let created = project.created(dialect);
    let given: Vec<String> = extensions.into_iter().filter(|name| !created.extensions.contains(name)).collect();
    if !given.is_empty() {
        notes.push(format!("taken as given: {}, which no revision makes", listed(EXTENSION, &given)));
    }
    let unread = unread(&mut schema, &live, dialect);
    if !unread.is_empty() {
        notes.push(format!("not compared, since the role of the URL may not read it: {}", unread.join(", ")));
    }
    // A schema that was given, such as `public`, is no difference.
    live.others.retain(|other| {
        other.kind != SCHEMA || schema.others.iter().any(|left| left.kind == SCHEMA && left.name == other.name)
    });
    let tables = &project.config.tables;
    let skipped: BTreeSet<String> =
        project.skipped(dialect).iter().flat_map(|(_, skipped)| mentioned(&skipped.statement, dialect)).collect();
    let mut findings = Vec::new();
    let (partitions, others): (Vec<_>, Vec<_>) =
        other_differences(&schema, &live, dialect).into_iter().partition(is_added_or_removed_partition);
    notes.extend(
        partitions.iter().map(|difference| format!("not compared, since jobs make and drop partitions: {difference}")),
    );
    let mut tell = |name: &Name, text: String| match skipped.contains(&name.name) {
        true => notes.push(format!("not compared, since a replay leaves its statement out: {text}")),
        false => {
            findings.push(Finding::new(format!("the database differs from what its revisions leave: {text}")));
        }
    };
    for difference in Diff::between(&schema, &live, dialect).differences(dialect) {
        if !tables.leaves_alone(&difference.table) {
            tell(&difference.table, difference.to_string());
        }
    }
    for difference in others {
        let is_left_alone = table_of(&difference).is_some_and(|table| tables.leaves_alone(&table));
        if !is_left_alone && !is_given(&difference, &created) {
            tell(&difference.name, difference.to_string());
        }
    }
    let roles = &project.config.roles;
    findings.extend(
        grants::differences(&left_objects, &objects, roles, dialect).into_iter().map(|difference| {
            Finding::new(format!("the database differs from what its revisions leave: {difference}"))
        }),
    );
    let said = match findings.is_empty() {
        true => Ok("the schema is the one that the revisions leave".to_owned().into()),
        false => Err(findings),
    };
    Compared { said, notes }
}

/// An extension that no revision makes was given to the database.
fn is_given(difference: &OtherDifference, created: &Created) -> bool {
    difference.kind == EXTENSION
        && difference.change == Change::Added
        && !created.extensions.contains(&difference.name.name)
}

fn is_added_or_removed_partition(difference: &OtherDifference) -> bool {
    difference.kind == "partition" && difference.change != Change::Changed
}

/// Returns the table that it is, if it is one of a kind of its own, or that it says something about.
fn table_of(difference: &OtherDifference) -> Option<Name> {
    let OtherDifference { kind, name, .. } = difference;
    match kind.as_str() {
        "partition" | "system versioned" => Some(name.clone()),
        kind => kind.contains("table").then(|| name.clone()),
    }
}

/// Makes what the role may not read the same on both sides, and returns what that is.
fn unread(left: &mut Schema, live: &Schema, dialect: Dialect) -> Vec<String> {
    let mut unread = Vec::new();
    let hidden = |kind: &str| dialect.is_mysql_family() && ["view", "function", "procedure"].contains(&kind);
    for other in live.others.iter().filter(|other| other.definition.is_empty() && hidden(&other.kind)) {
        let same = left.others.iter_mut().find(|left| left.is_called_like(other));
        for left in same.into_iter().filter(|left| !left.definition.is_empty()) {
            left.definition.clear();
            unread.push(other.to_string());
        }
    }
    unread
}

/// How many names are shown at most.
const SHOWN: usize = 5;

fn listed(what: &str, names: &[String]) -> String {
    abridged(&names.iter().map(|name| format!("{what} `{name}`")).collect::<Vec<_>>(), SHOWN)
}
