//! Steps: the changes of a diff, each with what it has to do with the others.

use alembic_sql::{Dialect, mentioned};

use super::{Diff, EnumDiff, TableDiff, enums::mentions, names::SharedName, order};
use crate::{Column, Constraint, ConstraintKind, Enumeration, ForeignKey, Index, IndexKey, Name, Naming, Other, Table};

/// What steps wait for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Schema(String),
    /// An enumeration type, or that of a table's rows.
    Type(Name),
    Table(Name),
    /// The columns of a table.
    Columns(Name),
    /// The constraints and indexes of a table, which foreign keys rely on.
    Keys(Name),
    Name(SharedName),
}

/// What a step does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work<'d> {
    DropForeignKey(&'d Name, &'d ForeignKey),
    DropTable(&'d Table),
    CreateSchema(&'d str),
    CreateEnum(&'d Enumeration),
    AlterEnum(&'d EnumDiff),
    CreateTable(&'d Table),
    AlterTable(&'d TableDiff, Part<'d>),
    CreateForeignKey(&'d Name, &'d ForeignKey),
    CreateOther(&'d Other),
    DropEnum(&'d Enumeration),
    DropSchema(&'d str),
}

/// What of a table is altered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part<'d> {
    DropConstraint(&'d Constraint),
    DropIndex(&'d Index),
    /// The old and the new name of what is the same otherwise.
    RenameConstraint(&'d Constraint, &'d Constraint),
    RenameIndex(&'d Index, &'d Index),
    /// All columns, with the foreign keys on SQLite, and the comment.
    Columns,
    CreateConstraint(&'d Constraint),
    CreateIndex(&'d Index),
}

pub(super) type Step<'d> = order::Step<Work<'d>, Resource>;

/// Returns the steps of a diff. Foreign keys are steps of their own, except on SQLite, which takes one to a table that
/// is not there, and changes it with its table.
pub(super) fn steps<'d>(diff: &'d Diff, dialect: Dialect, naming: &'d Naming) -> Vec<Step<'d>> {
    let (keys_apart, has_schemas) = (dialect != Dialect::Sqlite, dialect == Dialect::Postgres);
    let mut steps = Steps { diff, dialect, naming, keys_apart, unit: 0, steps: Vec::new() };
    let altered = || diff.altered_tables.iter();
    if keys_apart {
        let dropped = altered().flat_map(|table| table.dropped_keys.iter().map(|key| (&table.after.name, key)));
        dropped.for_each(|(table, key)| steps.unit().drop_foreign_key(table, key));
    }
    diff.dropped_tables.iter().for_each(|table| steps.unit().drop_table(table));
    if has_schemas {
        diff.created_schemas.iter().for_each(|schema| steps.unit().create_schema(schema));
    }
    diff.created_enums.iter().for_each(|created| steps.unit().create_enum(created));
    diff.altered_enums.iter().for_each(|altered| steps.unit().alter_enum(altered));
    diff.created_tables.iter().for_each(|table| steps.unit().create_table(table));
    altered().for_each(|table| steps.unit().alter_table(table));
    if keys_apart {
        let created = altered().flat_map(|table| table.created_keys.iter().map(|key| (&table.after.name, key)));
        created.for_each(|(table, key)| steps.unit().create_foreign_key(table, key));
    }
    let created = diff.created_tables.iter().map(|table| (&table.name, &table.others));
    for (table, others) in created.chain(altered().map(|table| (&table.after.name, &table.created_others))) {
        others.iter().for_each(|other| steps.unit().create_other(table, other));
    }
    diff.dropped_enums.iter().for_each(|dropped| steps.unit().drop_enum(dropped));
    if has_schemas {
        diff.dropped_schemas.iter().for_each(|schema| steps.unit().drop_schema(schema));
    }
    steps.steps
}

struct Steps<'d> {
    diff: &'d Diff,
    dialect: Dialect,
    naming: &'d Naming,
    /// Whether foreign keys are steps of their own.
    keys_apart: bool,
    unit: usize,
    steps: Vec<Step<'d>>,
}

impl<'d> Steps<'d> {
    fn unit(&mut self) -> &mut Self {
        self.unit += 1;
        self
    }

    fn step(&self, work: Work<'d>) -> Step<'d> {
        let none = Vec::new;
        Step { work, unit: self.unit, releases: none(), frees: none(), makes: none(), needs: none() }
    }

    fn create_schema(&mut self, schema: &'d str) {
        let makes = vec![Resource::Schema(schema.to_owned())];
        self.steps.push(Step { makes, ..self.step(Work::CreateSchema(schema)) });
    }

    fn drop_schema(&mut self, schema: &'d str) {
        let frees = vec![Resource::Schema(schema.to_owned())];
        self.steps.push(Step { frees, ..self.step(Work::DropSchema(schema)) });
    }

    fn create_enum(&mut self, created: &'d Enumeration) {
        let (makes, needs) = (vec![Resource::Type(created.name.clone())], schema_of(&created.name));
        self.steps.push(Step { makes, needs, ..self.step(Work::CreateEnum(created)) });
    }

    fn alter_enum(&mut self, altered: &'d EnumDiff) {
        let makes = vec![Resource::Type(altered.after.name.clone())];
        let frees = if altered.recreates() { makes.clone() } else { Vec::new() };
        self.steps.push(Step { frees, makes, ..self.step(Work::AlterEnum(altered)) });
    }

    fn drop_enum(&mut self, dropped: &'d Enumeration) {
        let (releases, frees) = (schema_of(&dropped.name), vec![Resource::Type(dropped.name.clone())]);
        self.steps.push(Step { releases, frees, ..self.step(Work::DropEnum(dropped)) });
    }

    fn create_table(&mut self, table: &'d Table) {
        let mut needs = schema_of(&table.name);
        needs.extend(self.new_types(&table.columns));
        if !self.keys_apart {
            needs.extend(table.foreign_keys().map(|key| Resource::Table(key.referred_table.clone())));
        }
        let makes = self.resources_of_table(table);
        self.steps.push(Step { makes, needs, ..self.step(Work::CreateTable(table)) });
        if self.keys_apart {
            table.foreign_keys().for_each(|key| self.create_foreign_key(&table.name, key));
        }
    }

    fn drop_table(&mut self, table: &'d Table) {
        let mut releases = schema_of(&table.name);
        releases.extend(self.old_types(&table.columns));
        if self.keys_apart {
            table.foreign_keys().for_each(|key| self.drop_foreign_key(&table.name, key));
        } else {
            releases.extend(table.foreign_keys().map(|key| Resource::Table(key.referred_table.clone())));
        }
        let named = table.others.iter().flat_map(|other| self.named(other, &self.diff.dropped_tables));
        releases.extend(named.filter(|resource| *resource != Resource::Table(table.name.clone())));
        let frees = self.resources_of_table(table);
        self.steps.push(Step { releases, frees, ..self.step(Work::DropTable(table)) });
    }

    fn create_foreign_key(&mut self, table: &'d Name, key: &'d ForeignKey) {
        let makes = self.name_of_constraint(table, &key.clone().into());
        let work = Work::CreateForeignKey(table, key);
        self.steps.push(Step { makes, needs: relied_on(table, key), ..self.step(work) });
    }

    fn drop_foreign_key(&mut self, table: &'d Name, key: &'d ForeignKey) {
        let frees = self.name_of_constraint(table, &key.clone().into());
        let work = Work::DropForeignKey(table, key);
        self.steps.push(Step { releases: relied_on(table, key), frees, ..self.step(work) });
    }

    /// What it says is not known, so it comes when its table is what it is to be.
    fn create_other(&mut self, table: &'d Name, other: &'d Other) {
        let mut needs = vec![Resource::Table(table.clone()), Resource::Columns(table.clone())];
        needs.extend(self.named(other, &self.diff.created_tables));
        let makes = if other.may_be_key() { vec![Resource::Keys(table.clone())] } else { Vec::new() };
        self.steps.push(Step { makes, needs, ..self.step(Work::CreateOther(other)) });
    }

    /// Returns those of some tables that a text names.
    fn named(&self, other: &Other, tables: &[Table]) -> Vec<Resource> {
        let names = mentioned(&other.definition, self.dialect);
        let named = tables.iter().filter(|table| names.contains(&table.name.name));
        named.map(|table| Resource::Table(table.name.clone())).collect()
    }

    fn alter_table(&mut self, diff: &'d TableDiff) {
        let table = &diff.after.name;
        let (columns, keys) = (Resource::Columns(table.clone()), Resource::Keys(table.clone()));
        for constraint in &diff.dropped_constraints {
            let mut frees = self.name_of_constraint(table, constraint);
            frees.push(keys.clone());
            self.drop_part(diff, Part::DropConstraint(constraint), frees);
        }
        for index in &diff.dropped_indexes {
            let mut frees = self.name_of_index(index);
            frees.push(keys.clone());
            self.drop_part(diff, Part::DropIndex(index), frees);
        }
        for (old, new) in &diff.renamed_constraints {
            let (frees, makes) = (self.name_of_constraint(table, old), self.name_of_constraint(table, new));
            let step = self.step(Work::AlterTable(diff, Part::RenameConstraint(old, new)));
            self.steps.push(Step { frees, makes, ..step });
        }
        for (old, new) in &diff.renamed_indexes {
            let (frees, makes) = (self.name_of_index(old), self.name_of_index(new));
            self.steps.push(Step { frees, makes, ..self.step(Work::AlterTable(diff, Part::RenameIndex(old, new))) });
        }
        if diff.changes_columns() || diff.comment {
            self.alter_columns(diff);
        }
        let constraints = diff.created_constraints.iter();
        let constraints = constraints
            .map(|constraint| (Part::CreateConstraint(constraint), self.name_of_constraint(table, constraint)));
        let indexes = diff.created_indexes.iter().map(|index| (Part::CreateIndex(index), self.name_of_index(index)));
        for (part, mut makes) in constraints.chain(indexes).collect::<Vec<_>>() {
            makes.push(keys.clone());
            let mut needs = self.types_in(&part);
            needs.push(columns.clone());
            self.steps.push(Step { makes, needs, ..self.step(Work::AlterTable(diff, part)) });
        }
    }

    fn drop_part(&mut self, diff: &'d TableDiff, part: Part<'d>, frees: Vec<Resource>) {
        let mut releases = self.types_in(&part);
        releases.push(Resource::Columns(diff.after.name.clone()));
        self.steps.push(Step { releases, frees, ..self.step(Work::AlterTable(diff, part)) });
    }

    fn alter_columns(&mut self, diff: &'d TableDiff) {
        let (mut needs, mut releases) = (self.new_types(&diff.after.columns), self.old_types(&diff.before.columns));
        // A type that is made again takes its columns along first, whatever becomes of them.
        let altered = |resource: &Resource| {
            self.diff.altered_enums.iter().any(|altered| *resource == Resource::Type(altered.after.name.clone()))
        };
        needs.extend(releases.iter().filter(|resource| altered(resource)).cloned());
        releases.retain(|resource| !altered(resource));
        if !self.keys_apart {
            let table = |key: &ForeignKey| Resource::Table(key.referred_table.clone());
            needs.extend(diff.created_keys.iter().map(table));
            releases.extend(diff.dropped_keys.iter().map(table));
        }
        let columns = vec![Resource::Columns(diff.after.name.clone())];
        let step = self.step(Work::AlterTable(diff, Part::Columns));
        self.steps.push(Step { releases, frees: columns.clone(), makes: columns, needs, ..step });
    }

    /// Returns the types of columns that are created or altered.
    fn new_types(&self, columns: &[Column]) -> Vec<Resource> {
        let altered = self.diff.altered_enums.iter().map(|altered| &altered.after);
        types(self.diff.created_enums.iter().chain(altered), columns)
    }

    /// Returns the types of columns that are dropped or altered.
    fn old_types(&self, columns: &[Column]) -> Vec<Resource> {
        let altered = self.diff.altered_enums.iter().map(|altered| &altered.before);
        types(self.diff.dropped_enums.iter().chain(altered), columns)
    }

    /// Returns the types that the expressions of a constraint or an index mention.
    fn types_in(&self, part: &Part<'_>) -> Vec<Resource> {
        let texts: Vec<&str> = match part {
            Part::DropConstraint(Constraint::Check(check)) | Part::CreateConstraint(Constraint::Check(check)) => {
                vec![&check.expression]
            }
            Part::DropIndex(index) | Part::CreateIndex(index) => {
                let written = index.keys.iter().filter_map(|key| match key {
                    IndexKey::Written(text) | IndexKey::Expression(text) => Some(text.as_str()),
                    IndexKey::Column(_) | IndexKey::Descending(_) => None,
                });
                written.chain(index.predicate.as_deref()).collect()
            }
            _ => return Vec::new(),
        };
        let altered = self.diff.altered_enums.iter().map(|altered| &altered.after);
        let all = altered.chain(&self.diff.created_enums).chain(&self.diff.dropped_enums);
        let mentioned = all.filter(|known| texts.iter().any(|text| mentions(text, &known.name)));
        mentioned.map(|known| Resource::Type(known.name.clone())).collect()
    }

    /// Returns a table as a resource, with all names that come and go with it.
    fn resources_of_table(&self, table: &Table) -> Vec<Resource> {
        let name = &table.name;
        let own = [
            Resource::Table(name.clone()),
            Resource::Type(name.clone()),
            Resource::Name(SharedName::relation(self.dialect, name)),
        ];
        let is_key = |constraint: &&Constraint| constraint.kind() == ConstraintKind::ForeignKey;
        let constraints = table.all_constraints().filter(|constraint| !is_key(constraint));
        let constraints = constraints.flat_map(|constraint| self.name_of_constraint(name, constraint));
        own.into_iter()
            .chain(constraints)
            .chain(table.indexes.iter().flat_map(|index| self.name_of_index(index)))
            .collect()
    }

    /// Returns the name of a constraint, if it has to differ from those of other tables.
    fn name_of_constraint(&self, table: &Name, constraint: &Constraint) -> Vec<Resource> {
        let name = self.naming.constraint(table, constraint, self.dialect);
        let shared = SharedName::constraint(self.dialect, table, constraint.kind(), &name);
        shared.map(Resource::Name).into_iter().collect()
    }

    /// Returns the name of an index, if it has to differ from those of other tables.
    fn name_of_index(&self, index: &Index) -> Vec<Resource> {
        let shared = SharedName::index(self.dialect, &index.table, &self.naming.index(index, self.dialect));
        shared.map(Resource::Name).into_iter().collect()
    }
}

fn schema_of(name: &Name) -> Vec<Resource> {
    name.schema.clone().map(Resource::Schema).into_iter().collect()
}

/// Returns what has to stay as it is while a foreign key is there.
fn relied_on(table: &Name, key: &ForeignKey) -> Vec<Resource> {
    let of = |table: &Name| {
        [Resource::Table(table.clone()), Resource::Columns(table.clone()), Resource::Keys(table.clone())]
    };
    of(table).into_iter().chain(of(&key.referred_table)).collect()
}

fn types<'e>(enums: impl Iterator<Item = &'e Enumeration>, columns: &[Column]) -> Vec<Resource> {
    let has = |known: &&Enumeration| columns.iter().any(|column| column.column_type.is_named(&known.name));
    enums.filter(has).map(|known| Resource::Type(known.name.clone())).collect()
}
