//! What the models want that the migrations do not do, and the revision that does it.

mod baseline;
mod canonical;
mod dependents;
mod guess;
mod text;

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
    diff::{
        Block, Change, Diff, Difference, Hazard, HazardKind, Locking, OtherDifference, Renames, Subject,
        other_differences,
    },
    operation::render,
};
use alembic_sql::{Dialect, wording::abridged};
pub(crate) use baseline::Baseline;
use diesel::connection::LoadConnection;
use text::{rust_body, sql_text};

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
        let leave = |table: &Name| config.tables.leaves_alone(table);
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
        let part = |table: &Table, other: &Other| format!("{other} of `{}`", table.name);
        let parts =
            self.before.tables.iter().flat_map(|table| table.others.iter().map(move |other| part(table, other)));
        self.before.others.iter().map(ToString::to_string).chain(parts).collect()
    }

    /// Writes the operations, and tries them: up, and down again.
    pub(crate) fn generate<C>(&self, conn: &mut C, locking: Locking) -> Result<Generated, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let (dialect, naming) = (self.dialect, &self.naming);
        let schemas = schemas_of(conn)?;
        let mut up = self.blocks(conn, &self.diff, locking)?;
        let up_disturbs = self.diff.disturbs_foreign_keys(&self.renamed, &up);
        apply(conn, &up, dialect, naming, up_disturbs).map_err(|error| error.hint(Hint::UpgradeDoesNotRun))?;
        let (after, gone) = self.with_lost_parts(conn, &self.diff, &self.wanted, &mut up)?;
        let left = Diff::between(&after, &self.wanted, dialect).differences(dialect).into_iter();
        let left = left.filter(|difference| difference.subject != Subject::Other).collect();
        expect(left, "the models want what no operation brings about")?;
        self.refuse_to_break(conn, &after)?;
        let created_schemas = self.diff.created_schemas.iter().filter(|schema| !schemas.contains(schema)).cloned();
        let back = Diff { dropped_schemas: created_schemas.collect(), ..Diff::between(&after, &self.renamed, dialect) };
        let mut down = self.blocks(conn, &back, locking)?;
        let down_disturbs = back.disturbs_foreign_keys(&after, &down);
        apply(conn, &down, dialect, naming, down_disturbs).map_err(|error| error.hint(Hint::DowngradeDoesNotRun))?;
        let (mut again, _) = self.with_lost_parts(conn, &back, &self.renamed, &mut down)?;
        let undone = self.renames.undone(&self.before, dialect, naming);
        if !undone.is_empty() {
            apply(conn, &undone, dialect, naming, down_disturbs)
                .map_err(|error| error.hint(Hint::DowngradeDoesNotRun))?;
            again = look(conn, &self.inspection)?;
        }
        let all: Vec<Block> = down.into_iter().chain(undone).collect();
        let left = Diff::between(&again, &self.before, dialect).differences(dialect);
        expect(left, "the downgrade would not restore the schema")?;
        let hazards: Vec<Hazard> = self.dependents::<C>().chain(gone).chain(self.not_restored(&again)).collect();
        let told = (!hazards.is_empty()).then_some(Block { hazards, operations: Vec::new() });
        let upgrade: Vec<Block> =
            told.into_iter().chain(self.renames.blocks(&self.before, dialect, naming)).chain(up).collect();
        let without_transaction =
            [&upgrade, &all].into_iter().flatten().flat_map(|block| &block.operations).any(wants_no_transaction);
        let foreign_keys_off = dialect == Dialect::Sqlite && (up_disturbs || down_disturbs);
        Ok(Generated {
            upgrade,
            downgrade: all,
            foreign_keys_off,
            without_transaction,
            dialect,
            naming: naming.clone(),
        })
    }

    /// Makes those parts again that operations took along, and returns the schema that is there then.
    fn with_lost_parts<C>(
        &self,
        conn: &mut C,
        diff: &Diff,
        wanted: &Schema,
        blocks: &mut Vec<Block>,
    ) -> Result<(Schema, Vec<Hazard>), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let found = look(conn, &self.inspection)?;
        let (again, gone) = diff.lost_parts(wanted, &found, self.dialect);
        if again.is_empty() {
            return Ok((found, gone));
        }
        apply(conn, &again, self.dialect, &self.naming, false)?;
        blocks.extend(again);
        Ok((look(conn, &self.inspection)?, gone))
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

    fn blocks<C>(&self, conn: &mut C, diff: &Diff, locking: Locking) -> Result<Vec<Block>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let sources = sources(conn).map_err(failed("look at the tables"))?;
        Ok(diff.blocks(self.dialect, &self.naming, &|table| sources.get(table).cloned(), locking))
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
        let differences = compared.differences();
        for difference in &differences {
            (self.say)(format!("Detected {difference}"));
        }
        if differences.is_empty() {
            return Ok(None);
        }
        compared.generate(conn, self.locking).map(Some)
    }
}
