//! What the models want that the migrations do not do, and the revision that does it.

mod baseline;
mod canonical;
mod dependents;
mod guess;
mod objects;
mod text;
mod trial;

use std::collections::BTreeSet;

use alembic_graph::{
    Hint,
    script::{Downgrade, Section},
};
use alembic_models::Models;
use alembic_runtime::{
    __private::{Broken, Inspection, sources},
    MigrationBackend,
    cli::CommandError,
};
use alembic_schema::{
    Name, Naming, Other, Schema, Table,
    diff::{Block, Change, Diff, Difference, Hazard, HazardKind, Locking, OtherDifference, Renames, other_differences},
    operation::render,
};
use alembic_sql::{Dialect, wording::abridged};
pub(crate) use baseline::Baseline;
use diesel::connection::LoadConnection;
use objects::Objects;
pub(crate) use objects::{ToldObject, WantedObjects};
use text::{rust_body, sql_text};
use trial::Trial;

use crate::{
    connect::Job,
    look::{dialect_of, failed, inspection, look, schemas_of},
    project::{NewRevision, Project, models::misunderstood},
    replay::Replay,
};

/// What is to be compared.
pub(crate) struct Comparing<'a> {
    pub(crate) replay: &'a Replay<'a>,
    pub(crate) models: &'a Models,
    pub(crate) before: Before,
    /// Whether two names mean the same object; without a terminal the answer is no.
    pub(crate) ask: &'a mut dyn FnMut(&str) -> bool,
}

/// What the models are compared with.
pub(crate) enum Before {
    /// The schema that the revisions leave.
    Migrations,
    /// The schema of a database at head: what is another one there than the revisions leave is made so on the scratch
    /// database, too.
    Database(Schema),
}

/// A scratch database at the schema that is there, and what the models want of it.
pub(crate) struct Compared {
    pub(crate) dialect: Dialect,
    naming: Naming,
    inspection: Inspection,
    before: Schema,
    /// After renaming.
    renamed: Schema,
    wanted: Schema,
    /// Columns that the models leave out, since Diesel has no type for them.
    left_out: Vec<(Name, String)>,
    renames: Renames,
    diff: Diff,
    /// What of the database its revisions did not make.
    drift: Vec<Difference>,
    /// What does not work already.
    broken: Vec<Broken>,
    objects: Objects,
    /// The folder of their files.
    folder: String,
    /// Those schemas that are there, if some are to be created.
    schemas: Vec<String>,
}

impl Comparing<'_> {
    /// Brings an empty scratch database to the schema that is there, and compares.
    pub(crate) fn compare<C>(self, conn: &mut C) -> Result<Compared, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let dialect = dialect_of(conn)?;
        let project = self.replay.project;
        let inspection = inspection(project, Some(self.models));
        let naming = project.config.settings.naming.clone();
        self.replay.upgrade(conn, "heads")?;
        let mut before = look(conn, &inspection)?;
        let mut drift = Vec::new();
        if let Before::Database(schema) = &self.before {
            drift = Diff::between(&before, schema, dialect).differences(dialect);
            follow(conn, &before, schema, dialect, &naming)?;
            before = look(conn, &inspection)?;
        }
        Ok(Compared { drift, ..self.settle(conn, before, inspection)? })
    }

    /// Compares with a scratch database that is at `before`.
    pub(crate) fn settle<C>(
        self,
        conn: &mut C,
        before: Schema,
        inspection: Inspection,
    ) -> Result<Compared, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let dialect = dialect_of(conn)?;
        let has_schema = self.models.tables.iter().any(|table| table.name.schema.is_some());
        if dialect.is_mysql_family() && has_schema {
            return Err(CommandError::usage(
                "models of another database cannot be compared: a schema is a database there",
            )
            .hint(Hint::SchemasOnMysql));
        }
        let config = &self.replay.project.config;
        let naming = config.settings.naming.clone();
        // A project may have objects without models.
        let leave = |table: &Name| self.models.tables.is_empty() || config.tables.leaves_alone(table);
        let objects = Objects::read(conn, self.replay, dialect, &inspection, &before)?;
        let broken = dependents::broken_objects(conn, &before)?;
        let exchanged = |name: &str| self.replay.project.has_quoted(name);
        let mut renames = self.models.renames(&before, dialect, &exchanged);
        let mut renamed = before.clone();
        let mut applied = Renames::default();
        let mut refused = BTreeSet::new();
        let ask = self.ask;
        let mut ask_once = |question: &str| {
            let yes = !refused.contains(question) && ask(question);
            if !yes {
                refused.insert(question.to_owned());
            }
            yes
        };
        loop {
            if renames != applied {
                apply(conn, &renames.since(&applied).blocks(&renamed, dialect, &naming), dialect, &naming, false)?;
                renamed = look(conn, &inspection)?;
                applied = renames.clone();
            }
            let mut wanted = self.models.over(&renamed, dialect, &leave).map_err(misunderstood)?;
            canonical::settle(conn, &mut wanted, &renamed, &naming, &inspection)?;
            let diff = Diff::between(&renamed, &wanted.schema, dialect);
            let guessed = guess::renames(&diff, &mut ask_once);
            if guessed.is_empty() {
                let schemas = if diff.created_schemas.is_empty() { Vec::new() } else { schemas_of(conn)? };
                return Ok(Compared {
                    dialect,
                    naming,
                    inspection,
                    before,
                    renamed,
                    wanted: wanted.schema,
                    left_out: wanted.left_out,
                    renames,
                    diff,
                    drift: Vec::new(),
                    broken,
                    objects,
                    folder: config.objects(),
                    schemas,
                });
            }
            renames.extend(guessed);
        }
    }
}

/// Returns whether models want nothing that shows without the database's own words for it: no scratch database is
/// needed then.
pub(crate) fn wants_nothing(
    models: &Models,
    schema: &Schema,
    dialect: Dialect,
    project: &Project,
) -> Result<bool, CommandError> {
    if project.has_objects() {
        return Ok(false);
    }
    let leave = |table: &Name| project.config.tables.leaves_alone(table);
    let wanted = models.over(schema, dialect, &leave).map_err(misunderstood)?;
    let renamed = !models.renames(schema, dialect, &|name| project.has_quoted(name)).is_empty();
    Ok(!renamed && Diff::between(schema, &wanted.schema, dialect).is_empty())
}

/// A revision that was generated and tried.
pub(crate) struct Generated {
    pub(crate) upgrade: Vec<Block>,
    pub(crate) downgrade: Vec<Block>,
    pub(crate) foreign_keys_off: bool,
    pub(crate) without_transaction: bool,
    pub(crate) dialect: Dialect,
    pub(crate) naming: Naming,
}

impl Generated {
    /// Puts it into a revision that is to be written, in the revision's language.
    pub(crate) fn fill_in(&self, new: &mut NewRevision) -> Result<(), CommandError> {
        new.without_transaction = self.without_transaction;
        new.foreign_keys_off = self.foreign_keys_off;
        let text = |blocks: &[Block]| sql_text(blocks, self.dialect, &self.naming).map_err(|error| unsupported(&error));
        if new.connection.is_some() {
            let body = |blocks: &[Block]| {
                let refused = || CommandError::usage("this change has no form in Rust: nothing was written");
                rust_body(blocks).ok_or_else(|| refused().hint(Hint::WriteByHand))
            };
            new.bodies = (body(&self.upgrade)?, body(&self.downgrade)?);
        } else {
            let section = Section { dialects: Vec::new(), sql: text(&self.downgrade)?, line: 1 };
            new.sql = Some((text(&self.upgrade)?, Downgrade::Sections(vec![section])));
        }
        Ok(())
    }

    /// Returns the hazards of its upgrade.
    pub(crate) fn hazards(&self) -> impl Iterator<Item = &Hazard> {
        self.upgrade.iter().flat_map(|block| &block.hazards)
    }
}

impl Compared {
    /// Returns each difference.
    pub(crate) fn differences(&self) -> Vec<Difference> {
        self.renames.differences().into_iter().chain(self.diff.differences(self.dialect)).collect()
    }

    /// Returns what is there and is known only as text.
    fn others(&self) -> Vec<String> {
        let part = |table: &Table, other: &Other| {
            self.objects.leave_alone(other).then(|| format!("{other} of `{}`", table.name))
        };
        let parts =
            self.before.tables.iter().flat_map(|table| table.others.iter().filter_map(move |other| part(table, other)));
        let others = self.before.others.iter().filter(|other| self.objects.leave_alone(other));
        others.map(ToString::to_string).chain(parts).collect()
    }

    /// Writes the operations, and tries them: up, and down again; where objects are replaced, which the scratch database has
    /// been settled with, down, and up again.
    pub(crate) fn generate<C>(
        &self,
        conn: &mut C,
        locking: Locking,
        objects: Option<WantedObjects>,
    ) -> Result<Generated, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let (dialect, naming) = (self.dialect, &self.naming);
        let is_up = objects.is_some();
        let objects = objects.unwrap_or_default();
        let trial = Trial { compared: self, locking, objects: &objects };
        let (up, down) = match is_up {
            false => {
                let up = trial.up(conn)?;
                let down = trial.down(conn, &up.after)?;
                (up, down)
            }
            true => {
                let after = look(conn, &self.inspection)?;
                let down = trial.down(conn, &after)?;
                apply(conn, &self.renames.blocks(&self.before, dialect, naming), dialect, naming, false)?;
                (trial.up(conn)?, down)
            }
        };
        let hazards: Vec<Hazard> =
            self.dependents::<C>(&objects).chain(up.gone).chain(self.not_restored(&down.left)).collect();
        let told = (!hazards.is_empty()).then_some(Block { hazards, operations: Vec::new() });
        let upgrade: Vec<Block> =
            told.into_iter().chain(self.renames.blocks(&self.before, dialect, naming)).chain(up.blocks).collect();
        let downgrade = down.blocks;
        let without_transaction =
            [&upgrade, &downgrade].into_iter().flatten().flat_map(|block| &block.operations).any(wants_no_transaction);
        let foreign_keys_off = dialect == Dialect::Sqlite && (up.disturbs || down.disturbs);
        Ok(Generated { upgrade, downgrade, foreign_keys_off, without_transaction, dialect, naming: naming.clone() })
    }

    /// What went with a table or a column, and is not understood.
    fn not_restored(&self, again: &Schema) -> impl Iterator<Item = Hazard> {
        let lost = other_differences(&self.before, again, self.dialect).into_iter();
        lost.filter_map(|OtherDifference { change, kind, name }| {
            let message = match change {
                Change::Removed => format!("{kind} `{name}` goes, and the downgrade does not bring it back"),
                Change::Changed => format!("{kind} `{name}` changes, and the downgrade does not change it back"),
                _ => return None,
            };
            Some(Hazard::new(HazardKind::NotRestored, message))
        })
    }
}

/// Refuses to go on if differences are left.
fn expect(left: Vec<Difference>, otherwise: &str) -> Result<(), CommandError> {
    if left.is_empty() {
        return Ok(());
    }
    let error = CommandError::usage(format!("nothing was written: {otherwise}"));
    let error = left.iter().fold(error, |error, difference| error.because(difference.to_string()));
    Err(error.hint(Hint::WriteByHand))
}

/// Brings a scratch database from the schema that the revisions leave to that of a database.
fn follow<C>(conn: &mut C, left: &Schema, live: &Schema, dialect: Dialect, naming: &Naming) -> Result<(), CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    for other in live.others.iter().filter(|other| !left.others.contains(other)) {
        let sql = match other.kind.as_str() {
            "extension" => {
                let schema = other.name.schema.as_ref().map(|schema| format!(" SCHEMA {}", dialect.quote(schema)));
                format!(
                    "CREATE EXTENSION IF NOT EXISTS {}{}",
                    dialect.quote(&other.name.name),
                    schema.unwrap_or_default()
                )
            }
            "function" if dialect == Dialect::Postgres => other.definition.clone(),
            _ => continue,
        };
        conn.batch_execute(&sql)
            .map_err(|error| failed("make what the tables need")(error).hint(Hint::CannotFollow))?;
    }
    let sources = sources(conn).map_err(failed("look at the tables"))?;
    let diff = Diff::between(left, live, dialect);
    let blocks = diff.blocks(dialect, naming, &|table| sources.get(table).cloned(), Locking::Plain);
    let disturbs = diff.disturbs_foreign_keys(left, &blocks);
    apply(conn, &blocks, dialect, naming, disturbs).map_err(|error| error.hint(Hint::CannotFollow))
}

/// Returns whether an operation needs, or is there for, several transactions.
fn wants_no_transaction(operation: &alembic_schema::operation::Operation) -> bool {
    use alembic_schema::operation::Operation::{CreateIndex, DropIndex, ValidateConstraint};
    match operation {
        CreateIndex(index) => index.concurrently,
        DropIndex { concurrently, .. } => *concurrently,
        ValidateConstraint { .. } => true,
        _ => false,
    }
}

/// Runs operations on a scratch database.
fn apply<C>(
    conn: &mut C,
    blocks: &[Block],
    dialect: Dialect,
    naming: &Naming,
    foreign_keys_off: bool,
) -> Result<(), CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let foreign_keys = |conn: &mut C, on: &str| match dialect {
        Dialect::Sqlite if foreign_keys_off => conn.batch_execute(&format!("PRAGMA foreign_keys = {on}")),
        _ => Ok(()),
    };
    foreign_keys(conn, "OFF").map_err(failed("change a setting"))?;
    for operation in blocks.iter().flat_map(|block| &block.operations) {
        for statement in render(operation, dialect, naming).map_err(|error| unsupported(&error))? {
            conn.batch_execute(&statement).map_err(|error| {
                CommandError::failed("what was generated does not run on the scratch database")
                    .because(error.to_string())
                    .because(statement.clone())
            })?;
        }
    }
    foreign_keys(conn, "ON").map_err(failed("change a setting"))
}

fn unsupported(error: &alembic_schema::operation::Unsupported) -> CommandError {
    CommandError::usage(error.to_string()).hint(Hint::Instead { instead: error.instead.clone() })
}

/// Generates a revision on a scratch database, or finds that there is nothing to do.
pub(crate) struct Generate<'a> {
    pub(crate) comparing: Comparing<'a>,
    pub(crate) locking: Locking,
    /// Told of each difference.
    pub(crate) say: &'a mut dyn FnMut(String),
}

impl Job for Generate<'_> {
    type Done = Option<Generated>;

    fn run<C>(self, conn: &mut C) -> Result<Option<Generated>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let compared = self.comparing.compare(conn)?;
        let others = compared.others();
        if !others.is_empty() {
            (self.say)(format!("Left alone, known only as text: {}", abridged(&others, 20)));
        }
        for (table, column) in &compared.left_out {
            (self.say)(format!("Left alone, Diesel having no type for it: column `{table}.{column}`"));
        }
        for difference in &compared.drift {
            (self.say)(format!("warning: no revision made this, so the new one may not apply elsewhere: {difference}"));
        }
        let mut differences: Vec<String> = compared.differences().iter().map(ToString::to_string).collect();
        let says = |differences: &[String], say: &mut dyn FnMut(String)| {
            differences.iter().for_each(|difference| say(format!("Detected {difference}")));
        };
        says(&differences, self.say);
        let objects = compared.settle_objects(conn, self.locking)?;
        let of_objects: Vec<String> =
            objects.iter().flat_map(WantedObjects::differences).map(|told| told.to_string()).collect();
        says(&of_objects, self.say);
        differences.extend(of_objects);
        if differences.is_empty() {
            return Ok(None);
        }
        compared.generate(conn, self.locking, objects).map(Some)
    }
}
