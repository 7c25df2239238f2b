//! Differences → operations, in an order that works.

use alembic_sql::Dialect;

use super::{Caution, Diff, TableDiff, hazard};
use crate::{
    Check, Column, Constraint, ConstraintKind, ForeignKey, Index, IndexKey, Name, Naming, Schema, Table, Unique,
    operation::{AlterColumn, BatchAlterTable, Operation},
    sqlite::{TableSource, words::mentions},
};

/// Operations that belong together, and what is to be known of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What is to be known.
    pub cautions: Vec<Caution>,
    /// The operations, in their order.
    pub operations: Vec<Operation>,
}

impl Block {
    pub(super) fn of(operation: Operation) -> Self {
        Self { cautions: Vec::new(), operations: vec![operation] }
    }

    fn destructive(mut self, what: String) -> Self {
        self.cautions.push(Caution::Destructive(what));
        self
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
    /// Returns what makes the one schema of the other.
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
        let altered = |name: &Name| self.altered_tables.iter().any(|diff| diff.after.name == *name);
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
        let diff = self.diff;
        let mut blocks = Vec::new();
        // SQLite changes them with the table.
        let apart = self.dialect != Dialect::Sqlite;
        if apart {
            blocks.extend(diff.altered_tables.iter().flat_map(|table| {
                let name = &table.after.name;
                table.dropped_keys.iter().map(move |key| Block::of(self.drop_constraint(name, &key.clone().into())))
            }));
        }
        blocks.extend(self.dropped_tables());
        blocks.extend(diff.created_enums.iter().map(|created| Block::of(created.into())));
        blocks.extend(diff.altered_enums.iter().map(|altered| {
            let gone = altered.dropped_values();
            let lost = gone
                .iter()
                .map(|value| Caution::Note(format!("fails if a row holds `{value}` of `{}`", altered.after.name)));
            Block { cautions: lost.collect(), operations: altered.operations() }
        }));
        blocks.extend(diff.created_schemas.iter().filter(|_| self.dialect == Dialect::Postgres).map(|schema| {
            Block::of(Operation::Execute(format!("CREATE SCHEMA IF NOT EXISTS {}", self.dialect.quote(schema))))
        }));
        let (created, later) = self.created_tables();
        blocks.extend(created);
        blocks.extend(diff.altered_tables.iter().flat_map(|table| self.altered_table(table)));
        if apart {
            let keys = diff
                .altered_tables
                .iter()
                .flat_map(|table| table.created_keys.iter().map(|key| (&table.after.name, key)));
            blocks.extend(keys.chain(later).flat_map(|(table, key)| self.create_key(table, key)));
        }
        blocks.extend(
            diff.dropped_enums
                .iter()
                .map(|dropped| Block::of(Operation::DropEnum { name: dropped.name.clone(), if_exists: false })),
        );
        blocks
    }

    fn dropped_tables(&self) -> Vec<Block> {
        let dropped = &self.diff.dropped_tables;
        let mut blocks = Vec::new();
        for (at, table) in dropped.iter().enumerate().filter(|_| self.dialect != Dialect::Sqlite) {
            // Only a circle refers to what was dropped before.
            let circular = |key: &&ForeignKey| dropped[..at].iter().any(|other| other.name == key.referred_table);
            let keys = table.foreign_keys().filter(circular);
            blocks.extend(keys.map(|key| Block::of(self.drop_constraint(&table.name, &key.clone().into()))));
        }
        blocks.extend(dropped.iter().map(|table| {
            let drop = Block::of(Operation::DropTable { table: table.name.clone(), if_exists: false });
            drop.destructive(format!("drops the table `{}` with all its rows", table.name))
        }));
        blocks
    }

    /// Returns the tables, and the foreign keys that have to wait for what they refer to.
    fn created_tables(&self) -> (Vec<Block>, Vec<(&Name, &ForeignKey)>) {
        let created = &self.diff.created_tables;
        let altered = |name: &Name| self.diff.altered_tables.iter().any(|diff| diff.after.name == *name);
        let (mut blocks, mut later) = (Vec::new(), Vec::new());
        for (at, table) in created.iter().enumerate() {
            let waits = |key: &ForeignKey| {
                let comes = created[at + 1..].iter().any(|other| other.name == key.referred_table);
                self.dialect != Dialect::Sqlite && (comes || altered(&key.referred_table))
            };
            later.extend(table.foreign_keys().filter(|key| waits(key)).map(|key| (&table.name, key)));
            let now = |constraint: &&Constraint| !matches!(constraint, Constraint::ForeignKey(key) if waits(key));
            let constraints = table.constraints.iter().filter(now).cloned().collect();
            blocks.push(Block::of(Operation::CreateTable(Table { constraints, ..table.clone() })));
        }
        (blocks, later)
    }

    fn altered_table(&self, diff: &TableDiff) -> Vec<Block> {
        let name = &diff.after.name;
        let mut batch = BatchAlterTable::new(name);
        batch.source = (self.sources)(name);
        let mut afterwards = Vec::new();
        let mut before = Vec::new();
        for constraint in &diff.dropped_constraints {
            batch.drop_constraint(&self.naming.constraint(name, constraint), constraint.kind());
        }
        for index in &diff.dropped_indexes {
            let index = self.naming.index(index);
            match self.online {
                true => before.push(Operation::DropIndex {
                    table: name.clone(),
                    index,
                    if_exists: false,
                    concurrently: true,
                }),
                false => _ = batch.drop_index(&index),
            }
        }
        self.columns(diff, &mut batch, &mut before);
        for constraint in &diff.created_constraints {
            match constraint {
                Constraint::Check(check) if self.online => {
                    let check = Check { not_valid: true, ..check.clone() };
                    afterwards.extend(self.create_and_validate(name, check.into()));
                }
                Constraint::Unique(unique) if self.online => afterwards.extend(self.unique_by_index(name, unique)),
                _ => _ = batch.create_constraint(constraint.clone()),
            }
        }
        for index in &diff.created_indexes {
            match self.online {
                true => afterwards.push(Operation::CreateIndex(index.clone().concurrently())),
                false => _ = batch.create_index(index.clone()),
            }
        }
        if diff.comment {
            afterwards.push(Operation::TableComment { table: name.clone(), comment: diff.after.comment.clone() });
        }
        let batch = (!batch.is_empty()).then_some(Operation::Batch(batch));
        let operations: Vec<Operation> = before.into_iter().chain(batch).chain(afterwards).collect();
        let cautions = hazard::of_table(diff, self.dialect);
        if operations.is_empty() { Vec::new() } else { vec![Block { cautions, operations }] }
    }

    fn columns(&self, diff: &TableDiff, batch: &mut BatchAlterTable, before: &mut Vec<Operation>) {
        let sqlite = self.dialect == Dialect::Sqlite;
        if sqlite {
            for key in &diff.dropped_keys {
                batch.drop_constraint(
                    &self.naming.constraint(&diff.after.name, &key.clone().into()),
                    ConstraintKind::ForeignKey,
                );
            }
        }
        let again = |column: &&Column| diff.added.iter().any(|added| added.name == column.name);
        for column in diff.dropped.iter().filter(again) {
            batch.drop_column(&column.name);
        }
        for column in &diff.added {
            let mut column = column.clone();
            // One that comes with its column can be added without a rebuild.
            let own = diff.created_keys.iter().filter(|key| sqlite && comes_with(&column, key));
            let keys: Vec<Constraint> = own.map(|key| key.clone().into()).collect();
            column.constraints.extend(keys);
            batch.add_column(column);
        }
        for column in &diff.altered {
            let change = alter(diff, column, self.dialect);
            let proves = self.online && column.before.nullable && !column.after.nullable;
            if proves {
                before.extend(self.prove_not_null(&diff.after.name, &column.after.name));
            }
            batch.alter_column(&column.after.name, |_| change);
            if proves {
                batch.drop_constraint(&proof_name(&diff.after.name, &column.after.name), ConstraintKind::Check);
            }
        }
        let plainly = sqlite && batch.is_empty() && drops_plainly(diff, batch.source.as_ref());
        for column in diff.dropped.iter().filter(|column| !again(column)) {
            let (table, name) = (diff.after.name.clone(), column.name.clone());
            match plainly {
                true => before.push(Operation::DropColumn { table, column: name, if_exists: false }),
                false => _ = batch.drop_column(&name),
            }
        }
        if sqlite {
            let comes = |key: &&ForeignKey| !diff.added.iter().any(|column| comes_with(column, key));
            for key in diff.created_keys.iter().filter(comes) {
                batch.create_constraint(key.clone());
            }
        }
    }

    fn create_key(&self, table: &Name, key: &ForeignKey) -> Vec<Block> {
        if !self.online {
            return vec![Block::of(Operation::CreateConstraint {
                table: table.clone(),
                constraint: key.clone().into(),
            })];
        }
        let key = ForeignKey { not_valid: true, ..key.clone() };
        vec![Block { cautions: Vec::new(), operations: self.create_and_validate(table, key.into()) }]
    }

    /// Rows are looked at without keeping writers waiting.
    fn create_and_validate(&self, table: &Name, constraint: Constraint) -> Vec<Operation> {
        let name = self.naming.constraint(table, &constraint);
        vec![
            Operation::CreateConstraint { table: table.clone(), constraint },
            Operation::ValidateConstraint { table: table.clone(), constraint: name },
        ]
    }

    /// The index is what takes time, and it can be built without keeping writers waiting.
    fn unique_by_index(&self, table: &Name, unique: &Unique) -> Vec<Operation> {
        let constraint: Constraint = unique.clone().into();
        let name = self.naming.constraint(table, &constraint);
        let index = Index::new(table, unique.columns.iter().map(String::as_str)).named(&name).unique().concurrently();
        let deferrable = unique.deferrable.map(|initially| format!(" {}", initially.sql())).unwrap_or_default();
        let (table, quoted) = (table.sql(self.dialect), self.dialect.quote(&name));
        let sql = format!("ALTER TABLE {table} ADD CONSTRAINT {quoted} UNIQUE USING INDEX {quoted}{deferrable}");
        vec![Operation::CreateIndex(index), Operation::Execute(sql)]
    }

    /// `SET NOT NULL` takes the word of a condition that is valid, and looks at no row.
    fn prove_not_null(&self, table: &Name, column: &str) -> Vec<Operation> {
        let condition = format!("{} IS NOT NULL", self.dialect.quote(column));
        let check = Check::new(&condition).named(&proof_name(table, column)).not_valid();
        self.create_and_validate(table, check.into())
    }

    fn drop_constraint(&self, table: &Name, constraint: &Constraint) -> Operation {
        Operation::DropConstraint {
            table: table.clone(),
            constraint: self.naming.constraint(table, constraint),
            kind: constraint.kind(),
            if_exists: false,
        }
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

fn proof_name(table: &Name, column: &str) -> String {
    crate::shortened(&format!("ck_{}_{column}_not_null", table.name))
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
    change.on_update = (before.on_update != after.on_update).then(|| after.on_update.clone());
    change.comment = (before.comment != after.comment).then(|| after.comment.clone());
    change
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
