//! Differences → operations, in an order that works.

use alembic_sql::Dialect;

use super::{
    Diff, Hazard, HazardKind, TableDiff, hazard, order,
    steps::{Part, Resource, Work, steps},
};
use crate::{
    Check, Column, Constraint, ConstraintKind, ForeignKey, Identity, Index, IndexKey, Name, Naming, Schema, Sequence,
    Table, Unique,
    operation::{AlterColumn, BatchAlterTable, Operation, creation},
    sqlite::{TableSource, words::mentions},
};

/// Operations that belong together, and their hazards.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What a reader has to know before they run.
    pub hazards: Vec<Hazard>,
    /// The operations, in their order.
    pub operations: Vec<Operation>,
}

impl Block {
    pub(super) fn new(operation: Operation) -> Self {
        Self { hazards: Vec::new(), operations: vec![operation] }
    }
}

/// What SQLite remembers of a table, for those that have to be rebuilt.
pub type Sources<'s> = dyn Fn(&Name) -> Option<TableSource> + 's;

/// How long others are kept waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locking {
    /// As long as it takes: the plain forms, in one transaction.
    #[default]
    Plain,
    /// As short as can be: indexes concurrently, constraints not valid at first. PostgreSQL only, outside a transaction.
    Online,
}

impl Diff {
    /// Returns what makes the one schema of the other, each operation after those that it waits for.
    #[must_use]
    pub fn blocks(&self, dialect: Dialect, naming: &Naming, sources: &Sources<'_>, locking: Locking) -> Vec<Block> {
        let plan = Plan {
            diff: self,
            dialect,
            naming,
            sources,
            online: locking == Locking::Online && dialect == Dialect::Postgres,
        };
        plan.blocks()
    }

    /// Returns whether SQLite has to be told not to look at foreign keys meanwhile: a table is rebuilt or dropped that
    /// others refer to, or that refers to one which changes, too.
    #[must_use]
    pub fn disturbs_foreign_keys(&self, before: &Schema, blocks: &[Block]) -> bool {
        let after = self.altered_tables.iter().map(|diff| &diff.after);
        let tables: Vec<&Table> = before.tables.iter().chain(after).collect();
        let refers_to = |name: &Name| {
            let own = tables.iter().filter(|table| table.name == *name);
            own.flat_map(|table| table.foreign_keys()).map(|key| &key.referred_table).collect::<Vec<_>>()
        };
        let referred =
            |name: &Name| before.tables.iter().flat_map(Table::foreign_keys).any(|key| key.referred_table == *name);
        let altered = |name: &Name| self.altered(name).is_some();
        blocks.iter().flat_map(|block| &block.operations).any(|operation| match operation {
            Operation::Batch(batch) if batch.needs_rebuild() => {
                referred(&batch.table) || refers_to(&batch.table).into_iter().any(altered)
            }
            Operation::DropTable { table, .. } => referred(table),
            _ => false,
        })
    }
}

struct Plan<'d> {
    diff: &'d Diff,
    dialect: Dialect,
    naming: &'d Naming,
    sources: &'d Sources<'d>,
    online: bool,
}

impl Plan<'_> {
    fn blocks(&self) -> Vec<Block> {
        let steps = steps(self.diff, self.dialect, self.naming);
        // SQLite lets a foreign key refer to a table that is not there.
        let binding = |resource: &Resource| self.dialect != Dialect::Sqlite || !matches!(resource, Resource::Table(_));
        order::sorted(steps, binding).iter().flat_map(|run| self.run(run)).collect()
    }

    /// Returns what steps of one unit do together.
    fn run(&self, run: &[Work<'_>]) -> Vec<Block> {
        let table = run.iter().find_map(|work| match work {
            Work::CreateTable(table) => Some(vec![self.create_table(table, run)]),
            // Its foreign keys go with it.
            Work::DropTable(table) => Some(vec![drop_table(table)]),
            Work::AlterTable(diff, _) => Some(self.alter_table(diff, run)),
            _ => None,
        });
        table.unwrap_or_else(|| run.iter().flat_map(|work| self.block(work)).collect())
    }

    fn block(&self, work: &Work<'_>) -> Option<Block> {
        Some(match work {
            Work::DropForeignKey(table, key) => Block::new(self.drop_constraint(table, &(*key).clone().into())),
            Work::CreateForeignKey(table, key) => self.create_foreign_key(table, key),
            Work::CreateSchema(name) => Block::new(Operation::CreateSchema((*name).to_owned())),
            Work::DropSchema(name) => Block::new(Operation::DropSchema((*name).to_owned())),
            Work::CreateEnum(created) => Block::new((*created).into()),
            Work::AlterEnum(altered) => Block { hazards: hazard::of_enum(altered), operations: altered.operations() },
            Work::CreateOther(other) => Block::new(Operation::Execute(other.definition.clone())),
            Work::DropEnum(dropped) => Block::new(Operation::DropEnum { name: dropped.name.clone(), if_exists: false }),
            Work::CreateTable(_) | Work::DropTable(_) | Work::AlterTable(..) => return None,
        })
    }

    /// Creates a table, with those foreign keys that need not wait. What is not valid comes after it: a table without rows
    /// makes it valid.
    fn create_table(&self, table: &Table, run: &[Work<'_>]) -> Block {
        let waits = |constraint: &Constraint| {
            let Constraint::ForeignKey(key) = constraint else { return false };
            let is_it = |work: &Work<'_>| matches!(work, Work::CreateForeignKey(_, now) if *now == key);
            self.dialect != Dialect::Sqlite && !run.iter().any(is_it)
        };
        let mut table = table.clone();
        table.constraints.retain(|constraint| !waits(constraint));
        table.columns.iter_mut().for_each(|column| column.constraints.retain(|constraint| !waits(constraint)));
        let (not_valid, constraints) = table.constraints.into_iter().partition(Constraint::is_not_valid);
        table.constraints = constraints;
        let create = |constraint| Operation::CreateConstraint { table: table.name.clone(), constraint };
        let not_valid: Vec<Operation> = Vec::into_iter(not_valid).map(create).collect();
        let created = creation(table).into_iter();
        Block { hazards: Vec::new(), operations: created.chain(not_valid).collect() }
    }

    /// Alters those parts of a table that are in the run.
    fn alter_table(&self, diff: &TableDiff, run: &[Work<'_>]) -> Vec<Block> {
        let name = &diff.after.name;
        let parts = run.iter().filter_map(|work| match work {
            Work::AlterTable(_, part) => Some(*part),
            _ => None,
        });
        let parts: Vec<Part<'_>> = parts.collect();
        let mut altering =
            Altering { plan: self, diff, batch: BatchAlterTable::new(name), before: Vec::new(), after: Vec::new() };
        altering.batch.source = self.source(diff, &parts);
        parts.iter().for_each(|part| altering.part(part));
        let Altering { batch, before, after, .. } = altering;
        let batch = (!batch.is_empty()).then_some(Operation::Batch(batch));
        let operations: Vec<Operation> = before.into_iter().chain(batch).chain(after).collect();
        let hazards = parts.iter().flat_map(|part| hazard::of_part(diff, part, self.dialect, self.online)).collect();
        if operations.is_empty() { Vec::new() } else { vec![Block { hazards, operations }] }
    }

    /// Returns how SQLite remembers a table, without the indexes that went before this run.
    fn source(&self, diff: &TableDiff, parts: &[Part<'_>]) -> Option<TableSource> {
        let mut source = (self.sources)(&diff.after.name)?;
        if let TableSource::Catalog { indexes, .. } = &mut source {
            let gone = diff.dropped_indexes.iter().filter(|index| !parts.contains(&Part::DropIndex(index)));
            let gone: Vec<String> = gone.map(|index| self.naming.index(index, self.dialect)).collect();
            indexes.retain(|(name, _)| !gone.contains(name));
        }
        Some(source)
    }

    fn create_foreign_key(&self, table: &Name, key: &ForeignKey) -> Block {
        if !self.online {
            return Block::new(Operation::CreateConstraint { table: table.clone(), constraint: key.clone().into() });
        }
        let key = ForeignKey { not_valid: true, ..key.clone() };
        Block { hazards: Vec::new(), operations: self.create_and_validate(table, key.into()) }
    }

    /// Rows are checked without blocking writes.
    fn create_and_validate(&self, table: &Name, constraint: Constraint) -> Vec<Operation> {
        let name = self.naming.constraint(table, &constraint, self.dialect);
        vec![
            Operation::CreateConstraint { table: table.clone(), constraint },
            Operation::ValidateConstraint { table: table.clone(), constraint: name },
        ]
    }

    /// The index is what takes time, and it can be built without blocking writes.
    fn unique_by_index(&self, table: &Name, unique: &Unique) -> Vec<Operation> {
        let name = self.naming.constraint(table, &unique.clone().into(), self.dialect);
        let index = Index::new(table, unique.columns.iter().map(String::as_str)).named(&name).unique().concurrently();
        let (table, deferrable) = (table.clone(), unique.deferrable);
        vec![Operation::CreateIndex(index), Operation::CreateUniqueUsingIndex { table, index: name, deferrable }]
    }

    /// `SET NOT NULL` scans no rows where a valid check proves it.
    fn prove_not_null(&self, table: &Name, column: &str) -> Vec<Operation> {
        let condition = format!("{} IS NOT NULL", self.dialect.quote(column));
        let check = Check::new(&condition).named(&proof_name(table, column, self.dialect)).not_valid();
        self.create_and_validate(table, check.into())
    }

    fn drop_constraint(&self, table: &Name, constraint: &Constraint) -> Operation {
        Operation::DropConstraint {
            table: table.clone(),
            constraint: self.naming.constraint(table, constraint, self.dialect),
            kind: constraint.kind(),
            if_exists: false,
        }
    }
}

fn drop_table(table: &Table) -> Block {
    let message = format!("drops the table `{}` with all its rows", table.name);
    let operation = Operation::DropTable { table: table.name.clone(), if_exists: false };
    Block { hazards: vec![Hazard::new(HazardKind::DataLoss, message)], operations: vec![operation] }
}

/// A table that is being altered: at once, as far as that is possible.
struct Altering<'d> {
    plan: &'d Plan<'d>,
    diff: &'d TableDiff,
    batch: BatchAlterTable,
    before: Vec<Operation>,
    after: Vec<Operation>,
}

impl Altering<'_> {
    fn part(&mut self, part: &Part<'_>) {
        let (name, plan) = (&self.diff.after.name, self.plan);
        match part {
            Part::DropConstraint(constraint) => {
                self.batch.drop_constraint(&plan.naming.constraint(name, constraint, plan.dialect), constraint.kind());
            }
            Part::DropIndex(index) => {
                let (table, index) = (name.clone(), plan.naming.index(index, plan.dialect));
                if plan.online {
                    self.before.push(Operation::DropIndex { table, index, if_exists: false, concurrently: true });
                } else {
                    self.batch.drop_index(&index);
                }
            }
            Part::RenameConstraint(old, new) => {
                let (table, kind) = (name.clone(), old.kind());
                let constraint = plan.naming.constraint(name, old, plan.dialect);
                let to = plan.naming.constraint(name, new, plan.dialect);
                self.before.push(Operation::RenameConstraint { table, constraint, kind, to });
            }
            Part::RenameIndex(old, new) => {
                let (table, index) = (name.clone(), plan.naming.index(old, plan.dialect));
                let to = plan.naming.index(new, plan.dialect);
                self.before.push(Operation::RenameIndex { table, index, to });
            }
            Part::Columns => {
                self.columns();
                let comment =
                    || Operation::TableComment { table: name.clone(), comment: self.diff.after.comment.clone() };
                self.after.extend(self.diff.comment.then(comment));
            }
            Part::CreateConstraint(Constraint::Check(check)) if plan.online => {
                let check = Check { not_valid: true, ..(*check).clone() };
                self.after.extend(plan.create_and_validate(name, check.into()));
            }
            Part::CreateConstraint(Constraint::Unique(unique)) if plan.online => {
                self.after.extend(plan.unique_by_index(name, unique));
            }
            Part::CreateConstraint(constraint) => _ = self.batch.create_constraint((*constraint).clone()),
            Part::CreateIndex(index) if plan.online => {
                self.after.push(Operation::CreateIndex((*index).clone().concurrently()));
            }
            Part::CreateIndex(index) => _ = self.batch.create_index((*index).clone()),
        }
    }

    fn columns(&mut self) {
        let (diff, plan, table) = (self.diff, self.plan, &self.diff.after.name);
        let sqlite = plan.dialect == Dialect::Sqlite;
        for key in diff.dropped_keys.iter().filter(|_| sqlite) {
            let name = plan.naming.constraint(table, &key.clone().into(), plan.dialect);
            self.batch.drop_constraint(&name, ConstraintKind::ForeignKey);
        }
        for column in diff.dropped.iter().filter(|column| diff.is_added_again(column)) {
            self.batch.drop_column(&column.name);
        }
        let (computed, plain): (Vec<&Column>, Vec<&Column>) =
            diff.added.iter().partition(|column| column.generated.is_some());
        plain.into_iter().for_each(|column| self.add_column(column, sqlite));
        for column in &diff.altered {
            let change = alter(diff, column, plan.dialect);
            let proves = plan.online && column.before.nullable && !column.after.nullable;
            if proves {
                self.before.extend(plan.prove_not_null(table, &column.after.name));
            }
            self.batch.alter_column(&column.after.name, |_| change);
            if proves {
                self.batch.drop_constraint(&proof_name(table, &column.after.name, plan.dialect), ConstraintKind::Check);
            }
        }
        // They are computed from columns as those are to be.
        computed.into_iter().for_each(|column| self.add_column(column, sqlite));
        let plainly = sqlite && self.batch.is_empty() && drops_plainly(diff, self.batch.source.as_ref());
        for column in diff.gone() {
            let (table, name) = (table.clone(), column.name.clone());
            match plainly {
                true => self.before.push(Operation::DropColumn { table, column: name, if_exists: false }),
                false => _ = self.batch.drop_column(&name),
            }
        }
        let comes_apart = |key: &&ForeignKey| !diff.added.iter().any(|column| comes_with(column, key));
        for key in diff.created_keys.iter().filter(|key| sqlite && comes_apart(key)) {
            self.batch.create_constraint(key.clone());
        }
    }

    fn add_column(&mut self, column: &Column, sqlite: bool) {
        let mut column = column.clone();
        // One that comes with its column can be added without a rebuild.
        let own = self.diff.created_keys.iter().filter(|key| sqlite && comes_with(&column, key));
        let keys: Vec<Constraint> = own.map(|key| key.clone().into()).collect();
        column.constraints.extend(keys);
        self.batch.add_column(column);
    }
}

/// Returns whether nothing changes but columns that nothing names: SQLite drops those without a rebuild.
fn drops_plainly(diff: &TableDiff, source: Option<&TableSource>) -> bool {
    let alone = matches!(source, Some(TableSource::Catalog { triggers, other_triggers, views, .. })
        if triggers.is_empty() && other_triggers.is_empty() && views.is_empty());
    let table = &diff.before;
    let expressions = table.columns.iter().filter_map(|column| Some(column.generated.as_ref()?.expression.as_str()));
    let checks = table.checks().map(|check| check.expression.as_str());
    let of_indexes = table.indexes.iter().flat_map(|index| {
        let written = index.keys.iter().filter_map(|key| match key {
            IndexKey::Written(text) | IndexKey::Expression(text) => Some(text.as_str()),
            _ => None,
        });
        written.chain(index.predicate.as_deref())
    });
    let texts: Vec<&str> = expressions.chain(checks).chain(of_indexes).collect();
    let named = |name: &String| {
        table.constraints.iter().any(|constraint| constraint.columns().contains(name))
            || table.indexes.iter().any(|index| index.columns().any(|column| column == name))
            || texts.iter().any(|text| mentions(text, name))
    };
    let others = diff.created_constraints.is_empty() && diff.created_indexes.is_empty() && diff.created_keys.is_empty();
    alone && others && !diff.dropped.iter().any(|column| named(&column.name))
}

/// Returns whether SQLite can add a column together with its foreign key: it then refers to nothing.
fn comes_with(column: &Column, key: &ForeignKey) -> bool {
    key.columns == [column.name.clone()] && column.nullable && column.default.is_none()
}

fn proof_name(table: &Name, column: &str, dialect: Dialect) -> String {
    crate::shortened(&format!("ck_{}_{column}_not_null", table.name), dialect)
}

fn alter(diff: &TableDiff, column: &super::ColumnDiff, dialect: Dialect) -> AlterColumn {
    let (before, after) = (&column.before, &column.after);
    let mut change = AlterColumn::new(&diff.after.name, &after.name).existing(before.clone());
    if before.column_type != after.column_type {
        change.column_type = Some(after.column_type.clone());
        change.postgres_using = cast(column);
    }
    if before.collation != after.collation {
        change.collation = Some(after.collation.clone());
    }
    change.nullable = (before.nullable != after.nullable).then_some(after.nullable);
    let retyped = dialect == Dialect::Postgres && before.column_type != after.column_type && before.default.is_some();
    change.default = (before.default != after.default || retyped).then(|| after.default.clone());
    change.identity = (before.identity != after.identity).then_some(after.identity);
    change.sequence = alters_sequence(column).then(|| after.sequence.clone());
    change.on_update = (before.on_update != after.on_update).then(|| after.on_update.clone());
    change.attributes = (before.attributes != after.attributes).then(|| after.attributes.clone());
    change.comment = (before.comment != after.comment).then(|| after.comment.clone());
    change
}

/// Returns whether the options of a sequence have to be set: that of a `serial` column does not follow its column's type,
/// and one that is created has the options that the server chooses.
fn alters_sequence(column: &super::ColumnDiff) -> bool {
    let (before, after) = (&column.before, &column.after);
    let is_serial = before.identity == Some(Identity::Serial) && after.identity == before.identity;
    let is_left_behind = is_serial && before.column_type != after.column_type;
    let is_created = before.identity != after.identity && after.sequence != Sequence::default();
    after.identity.is_some() && (before.sequence != after.sequence || is_left_behind || is_created)
}

/// Types of text; any value can be written as one.
const TEXT: [&str; 2] = ["text", "character varying"];

/// Kinds of types of which PostgreSQL makes each other's values, as far as they fit; all else goes by what is written.
const KINDS: [&[&str]; 5] = [
    &["smallint", "integer", "bigint", "numeric", "real", "double precision"],
    &["date", "timestamp without time zone", "timestamp with time zone"],
    &["json", "jsonb"],
    &["inet", "cidr"],
    &["text", "character varying", "character"],
];

/// Returns how a value becomes one of the new type; none leaves it to PostgreSQL, which then refuses what does not
/// fit: what is cast by name is cut.
fn cast(column: &super::ColumnDiff) -> Option<String> {
    let postgres = Dialect::Postgres;
    let (old, new) = (column.before.column_type.sql(postgres), column.after.column_type.sql(postgres));
    let name = postgres.quote(&column.after.name);
    let base = |text: &str| text.split('(').next().unwrap_or_default().trim().to_owned();
    let (one, other) = (base(&old), base(&new));
    let alike = one == other || KINDS.iter().any(|kind| kind.contains(&one.as_str()) && kind.contains(&other.as_str()));
    let both = [one.as_str(), other.as_str()];
    if alike || TEXT.contains(&other.as_str()) {
        None
    } else if TEXT.contains(&one.as_str()) || both == ["boolean", "integer"] || both == ["integer", "boolean"] {
        Some(format!("{name}::{new}"))
    } else {
        Some(format!("{name}::text::{new}"))
    }
}
