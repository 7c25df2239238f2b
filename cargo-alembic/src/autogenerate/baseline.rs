//! A first revision that makes what a database holds.

use alembic_graph::script::Downgrade;
use alembic_runtime::{__private::Creation, MigrationBackend, cli::CommandError};
use alembic_schema::{
    Other, Schema,
    diff::{Diff, Locking, Renames},
};
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use super::{Compared, Generated, Objects, apply};
use crate::{
    connect::Job,
    look::{dialect_of, inspection, look, schemas_of},
    project::{NewRevision, Project},
};

/// Generates what makes the schema of a database in an empty scratch database.
pub(crate) struct Baseline<'a> {
    pub(crate) project: &'a Project,
    /// What the database holds.
    pub(crate) wanted: Schema,
    /// How to make what is no table.
    pub(crate) creations: Vec<Creation>,
}

/// What makes the schema of a database, tried.
pub(crate) struct Adopted {
    tables: Generated,
    /// What tables may need.
    before: Vec<Creation>,
    /// What may need tables.
    after: Vec<Creation>,
    /// What is not made as it is there, by kind and name.
    pub(crate) left_out: Vec<String>,
}

impl Job for Baseline<'_> {
    type Done = Adopted;

    fn run<C>(self, conn: &mut C) -> Result<Adopted, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let Self { project, wanted, creations } = self;
        let (dialect, inspection) = (dialect_of(conn)?, inspection(project, None));
        let naming = &project.config.settings.naming;
        let (creations, unknown): (Vec<_>, Vec<_>) = creations.into_iter().partition(|it| !it.create.is_empty());
        let tables = without(&wanted, &creations);
        let (mut early, late): (Vec<_>, Vec<_>) = creations.into_iter().partition(|it| may_come_first(it, dialect));
        let before = make_all(conn, &mut early);
        let found = look(conn, &inspection)?;
        let compared = Compared {
            dialect,
            naming: naming.clone(),
            inspection,
            renamed: found.clone(),
            diff: Diff::between(&found, &tables, dialect),
            before: found,
            wanted: tables,
            left_out: Vec::new(),
            renames: Renames::default(),
            drift: Vec::new(),
            broken: Vec::new(),
            objects: Objects::default(),
            folder: project.config.objects(),
            schemas: schemas_of(conn)?,
        };
        let tables = compared.generate(conn, Locking::Plain, None)?;
        apply(conn, &tables.upgrade, dialect, naming, tables.foreign_keys_off)?;
        let mut waiting: Vec<Creation> = early.into_iter().chain(late).collect();
        let mut after = make_all(conn, &mut waiting);
        let made = look(conn, &compared.inspection)?;
        // An object that came out otherwise is none that was asked for.
        let differs = |other: &&Other| !made.all_others().any(|made| made == *other);
        let differing: Vec<&Other> = wanted.all_others().filter(differs).collect();
        after.retain(|it| !differing.iter().any(|other| is_of(other, it)));
        let told = |kind: &str, name: &dyn std::fmt::Display| format!("{kind} `{name}`");
        let mut left_out: Vec<String> = differing.iter().map(|other| told(&other.kind, &other.name)).collect();
        left_out.extend(waiting.iter().chain(&unknown).map(|it| told(&it.kind, &it.name)));
        left_out.sort_unstable();
        left_out.dedup();
        Ok(Adopted { tables, before, after, left_out })
    }
}

/// Returns a schema without those parts of tables that are made one by one.
fn without(schema: &Schema, creations: &[Creation]) -> Schema {
    let mut schema = schema.clone();
    for table in &mut schema.tables {
        table.others.retain(|other| !creations.iter().any(|it| is_of(other, it)));
    }
    schema
}

fn is_of(other: &Other, creation: &Creation) -> bool {
    other.kind == creation.kind && other.name == creation.name
}

/// Returns whether tables may need it. SQLite makes a view of tables that are not there.
fn may_come_first(creation: &Creation, dialect: Dialect) -> bool {
    let kinds = ["extension", "domain", "composite type", "function"];
    creation.kind == "sequence" || dialect == Dialect::Postgres && kinds.contains(&creation.kind.as_str())
}

/// Makes what can be made, each after what it needs, and returns it in that order; the rest goes on waiting.
fn make_all<C>(conn: &mut C, waiting: &mut Vec<Creation>) -> Vec<Creation>
where
    C: LoadConnection,
{
    let mut made = Vec::new();
    loop {
        let so_far = made.len();
        waiting.retain(|creation| {
            let works = conn.batch_execute(&creation.create).is_ok();
            if works {
                made.push(creation.clone());
            }
            !works
        });
        if made.len() == so_far {
            return made;
        }
    }
}

impl Adopted {
    /// Puts it into a revision that is to be written.
    pub(crate) fn fill_in(&self, new: &mut NewRevision) -> Result<(), CommandError> {
        self.tables.fill_in(new)?;
        let Some((up, Downgrade::Sections(down))) = &mut new.sql else { return Ok(()) };
        *up = together([
            statements(self.before.iter().map(create)),
            up.clone(),
            statements(self.after.iter().map(create)),
        ]);
        for section in down {
            let drops = |made: &[Creation]| statements(made.iter().rev().map(|it| it.drop.as_str()));
            section.sql = together([drops(&self.after), section.sql.clone(), drops(&self.before)]);
        }
        Ok(())
    }
}

fn create(creation: &Creation) -> &str {
    &creation.create
}

fn statements<'c>(texts: impl Iterator<Item = &'c str>) -> String {
    let texts = texts.map(|text| text.trim_end().trim_end_matches(';')).filter(|text| !text.is_empty());
    texts.map(|text| format!("{text};\n")).collect::<Vec<_>>().join("\n")
}

/// Joins the parts that are there, with an empty line between them.
fn together(parts: [String; 3]) -> String {
    let parts = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty());
    parts.map(|part| format!("{part}\n")).collect::<Vec<_>>().join("\n")
}
