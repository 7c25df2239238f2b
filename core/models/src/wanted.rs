//! Models, laid over what there is: the schema that they want.

use alembic_schema::{
    Check, Column, Constraint, DefaultValue, Enumeration, ForeignKey, Identity, Index, Name, NameLimit, Naming,
    PrimaryKey, Schema, Sequence, Table, TableOption, Type,
    diff::{Comparison, Diff},
    literals, shortened,
};
use alembic_sql::Dialect;

use super::{
    ModelColumn, ModelError, ModelTable, Models, Place,
    print::{beyond_diesel, rowid},
};

/// The schema that models want. What they do not say is as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The schema, in the models' words where they say something new.
    pub schema: Schema,
    /// Columns that plain models leave out, since Diesel has no type for them.
    pub left_out: Vec<(Name, String)>,
    dialect: Dialect,
}

impl Models {
    /// Lays the models over what there is, after renaming. Tables that `leave` names are left as they are.
    ///
    /// # Errors
    ///
    /// [`ModelError`] for each type that cannot be told, each reference that leads nowhere.
    pub fn over(
        &self,
        current: &Schema,
        dialect: Dialect,
        leave: &dyn Fn(&Name) -> bool,
    ) -> Result<Wanted, Vec<ModelError>> {
        let models = &self.within(current);
        let mut overlay = Overlay { models, current, dialect, errors: Vec::new(), left_out: Vec::new() };
        let mut schema = Schema {
            current: current.current.clone(),
            enums: current.enums.clone(),
            others: current.others.clone(),
            tables: Vec::new(),
        };
        // What Diesel cannot have is not missing in its models.
        let left = |table: &&Table| {
            leave(&table.name) || models.table(&table.name).is_none() && beyond_diesel(table).is_some()
        };
        schema.tables.extend(current.tables.iter().filter(left).cloned());
        // Diesel has views as tables; what makes them is written by hand.
        let is_other = |name: &Name| current.others.iter().any(|other| other.name == *name && other.is_relation());
        for model in models.tables.iter().filter(|model| !leave(&model.name) && !is_other(&model.name)) {
            if schema.table(&model.name).is_some() {
                overlay.fail(&model.place, format!("the table `{}` is there twice", model.name));
                continue;
            }
            overlay.check_lengths(model);
            let table = overlay.table(model);
            schema.tables.push(table);
        }
        schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
        if dialect == Dialect::Postgres {
            overlay.enums(&mut schema);
        }
        match overlay.errors.is_empty() {
            true => Ok(Wanted { schema, left_out: overlay.left_out, dialect }),
            false => Err(overlay.errors),
        }
    }
}

struct Overlay<'m> {
    models: &'m Models,
    current: &'m Schema,
    dialect: Dialect,
    errors: Vec<ModelError>,
    left_out: Vec<(Name, String)>,
}

impl Overlay<'_> {
    fn fail(&mut self, place: &Place, problem: String) {
        self.errors.push(ModelError { file: place.file.clone(), line: place.line, column: 1, problem });
    }

    /// Refuses names that the database would cut.
    fn check_lengths(&mut self, model: &ModelTable) {
        let Some(limit) = NameLimit::of(self.dialect) else { return };
        let table = [("table", &model.name.name, &model.place)].into_iter();
        let columns = model.columns.iter().map(|column| ("column", &column.name, &column.place));
        let constraints = model.constraints.iter().filter_map(Constraint::own_name);
        let constraints = constraints.map(|name| ("constraint", name, &model.place));
        let indexes = model.indexes.iter().filter_map(|index| Some(("index", index.name.as_ref()?, &model.place)));
        let all = table.chain(columns).chain(constraints).chain(indexes);
        for (what, name, place) in all.filter(|(_, name, _)| !limit.allows(name)) {
            let dialect = self.dialect;
            self.fail(place, format!("the name of the {what} `{name}` is too long: {dialect} allows {limit}"));
        }
    }

    fn table(&mut self, model: &ModelTable) -> Table {
        let existing = self.current.table(&model.name);
        let mut table =
            existing.map_or_else(|| Table::new(&model.name), |table| Table { columns: Vec::new(), ..table.clone() });
        let rowid = existing.and_then(|existing| rowid(existing, self.dialect)).filter(|name| model.key == [*name]);
        for column in model.columns.iter().filter(|column| Some(column.name.as_str()) != rowid) {
            let was = existing.and_then(|table| table.columns.iter().find(|was| was.name == column.name));
            let column = self.column(model, column, was);
            table.columns.push(column);
        }
        if !model.complete {
            let left_out = existing.into_iter().flat_map(|existing| &existing.columns);
            let left_out = left_out.filter(|was| {
                !model.columns.iter().any(|column| column.name == was.name)
                    && self.models.has_no_type(&was.column_type.sql(self.dialect), self.current, self.dialect)
            });
            for column in left_out {
                self.left_out.push((model.name.clone(), column.name.clone()));
                table.columns.push(column.clone());
            }
        }
        if model.complete {
            self.complete(model, existing, &mut table);
        } else {
            let gone = |name: &String| !table.columns.iter().any(|column| column.name == *name);
            table.constraints.retain(|constraint| !constraint.columns().iter().any(gone));
            table.indexes.retain(|index| !index.columns().any(gone));
            self.joined(model, existing, &mut table);
        }
        if rowid.is_none() {
            self.primary_key(model, &mut table);
        }
        self.listed_values(model, &mut table);
        table
    }

    fn column(&mut self, table: &ModelTable, model: &ModelColumn, was: Option<&Column>) -> Column {
        let dialect = self.dialect;
        let mut column = was.cloned().unwrap_or_else(|| Column::new(&model.name, Type::native("")));
        let is = was.map(|was| was.column_type.sql(dialect));
        let said = model.native.get(dialect);
        let same = |is: &String| match said {
            Some(said) => is.eq_ignore_ascii_case(said),
            None if !model.values.is_empty() && dialect.is_mysql_family() => {
                self.models.native(model, dialect).as_ref() == Some(is)
            }
            // A type that is declared by its name is said without a modifier.
            None if table.complete => {
                self.models.fits(model, is, dialect)
                    && !(is.contains('(') && self.models.sql_type(&model.diesel_type.name).is_some())
            }
            None => self.models.loads(model, is, self.current, dialect),
        };
        if let Some(said) = said.filter(|said| self.models.contradicts(model, said, dialect)) {
            let diesel = &model.diesel_type.name;
            self.fail(&model.place, format!("`type = \"{said}\"` is no `{diesel}` to Diesel; change one of the two"));
        }
        if !is.as_ref().is_some_and(same) {
            match said.map(str::to_owned).or_else(|| self.models.native(model, dialect)) {
                Some(native) => column.column_type = Type::Native(native),
                None => self.fail(
                    &model.place,
                    format!(
                        "`{}` says nothing of the type of `{}.{}` on {dialect}; say it with #[alembic(type = \"…\")]",
                        model.diesel_type.name, table.name, model.name
                    ),
                ),
            }
        }
        column.nullable = match was.filter(|_| dialect == Dialect::Sqlite) {
            // A key may be NULL there, whether the model says so or not.
            Some(was) if table.key.contains(&model.name) => was.nullable,
            _ => model.diesel_type.nullable && !table.key.contains(&model.name),
        };
        if table.complete {
            let default = model.default.get(dialect).map(|sql| DefaultValue::written(sql, dialect));
            column.default = default.filter(|default| !default.is_null());
            column.identity = model
                .identity
                .map(|identity| if dialect == Dialect::Postgres { identity } else { Identity::ByDefault });
            // There only a column of exactly this type can number the rows.
            if dialect == Dialect::Sqlite && column.identity.is_some() && self.is_whole(model) {
                column.column_type = Type::native("INTEGER");
            }
            column.sequence = if dialect == Dialect::Postgres { model.sequence.clone() } else { Sequence::default() };
            column.generated.clone_from(&model.generated);
            column.collation.clone_from(&model.collation);
            column.on_update = model.on_update.clone().filter(|_| dialect.is_mysql_family());
            // SQLite has none.
            column.comment = model.comment.clone().filter(|_| dialect != Dialect::Sqlite);
        } else if was.is_none() && self.numbers_rows(table, model) {
            column.identity = Some(Identity::ByDefault);
        }
        let column_type = column.column_type.sql(dialect);
        let is_its_own = |data_type: &String| data_type.eq_ignore_ascii_case(&column_type);
        // A plain model does not ask for numbers that end before their column does.
        if column.sequence.data_type.as_ref().is_some_and(is_its_own)
            || !table.complete && column.sequence.is_narrower_than(&column_type)
        {
            column.sequence.data_type = None;
        }
        column
    }

    /// Default: a new table whose key is a single integer gets an identity column.
    fn numbers_rows(&self, table: &ModelTable, column: &ModelColumn) -> bool {
        let refers = self.models.joins.iter().any(|(from, _, by)| *from == table.ident && *by == column.ident);
        let new = self.current.table(&table.name).is_none();
        self.dialect != Dialect::Sqlite && new && self.is_whole(column) && !refers && table.key == [column.name.clone()]
    }

    fn is_whole(&self, column: &ModelColumn) -> bool {
        let kind = self.models.native(column, Dialect::Postgres);
        kind.is_some_and(|kind| ["smallint", "integer", "bigint"].contains(&kind.as_str()))
    }

    fn complete(&mut self, model: &ModelTable, existing: Option<&Table>, table: &mut Table) {
        let dialect = self.dialect;
        let comparison = Comparison::new(dialect);
        let known: Vec<Constraint> = existing.map(|table| table.constraints.clone()).unwrap_or_default();
        let own_names: Vec<&String> = model.constraints.iter().filter_map(Constraint::own_name).collect();
        let mut constraints = Vec::new();
        for constraint in &model.constraints {
            let mut constraint = match constraint {
                Constraint::ForeignKey(key) => self.resolved(model, key).into(),
                other => other.clone(),
            };
            // What has a name already keeps it, and what was not checked on all rows is not said to be.
            let is_it = |known: &&Constraint| match constraint.own_name() {
                Some(name) => known.own_name() == Some(name),
                None => !known.own_name().is_some_and(|name| own_names.contains(&name)),
            };
            if let Some(same) = known.iter().filter(is_it).find(|known| comparison.content(known, &constraint)) {
                constraint = same.clone();
            }
            constraints.push(constraint);
        }
        table.constraints = constraints;
        self.joined(model, existing, table);
        let known: Vec<Index> = existing.map(|table| table.indexes.clone()).unwrap_or_default();
        let same = |index: &Index| known.iter().find(|known| comparison.index(known, index)).cloned();
        table.indexes = model.indexes.iter().map(|index| same(index).unwrap_or_else(|| index.clone())).collect();
        if dialect.is_mysql_family() {
            // The server makes an index for a foreign key by itself, and names it after the key.
            table.indexes.extend(known.into_iter().filter(|index| is_of_key(index, &table.constraints)));
            table.indexes.dedup();
        }
        table.comment = model.comment.clone().filter(|_| dialect != Dialect::Sqlite);
        let spelled = |sql: &String| if dialect == Dialect::Sqlite { sql.to_uppercase() } else { sql.clone() };
        let options = model.options.iter().map(|sql| TableOption { dialect, sql: spelled(sql) });
        // Engine, character set and partitions are the server's business until a model says something of them.
        if model.options.is_some() || !dialect.is_mysql_family() {
            table.options = options.collect();
        }
    }

    /// `joinable!` means a foreign key where nothing is there that says otherwise: of a new table, or a new column.
    fn joined(&mut self, model: &ModelTable, existing: Option<&Table>, table: &mut Table) {
        let models = self.models;
        for (_, to, by) in models.joins.iter().filter(|(from, ..)| *from == model.ident) {
            let column = model.columns.iter().find(|column| column.ident == *by);
            let target = models.tables.iter().find(|table| table.ident == *to);
            let (Some(column), Some(target)) = (column, target) else { continue };
            let was = existing.is_some_and(|table| table.columns.iter().any(|was| was.name == column.name));
            let known = table.constraints.iter().any(
                |constraint| matches!(constraint, Constraint::ForeignKey(key) if key.columns == [column.name.clone()]),
            );
            if !was && !known && target.key.len() == 1 {
                let key = ForeignKey::new([column.name.as_str()], &target.name, target.key.iter().map(String::as_str));
                table.constraints.push(key.into());
            }
        }
    }

    /// Turns the names of Rust into those of the database.
    fn resolved(&mut self, model: &ModelTable, key: &ForeignKey) -> ForeignKey {
        let said = self.current.unqualified(&key.referred_table);
        let is_qualified = key.referred_table.schema.is_some();
        let called = self.models.tables.iter().filter(|table| table.ident == said.name).collect::<Vec<_>>();
        let of = |schema: &Option<String>| called.iter().find(|table| table.name.schema == *schema);
        let target = match is_qualified {
            true => of(&said.schema),
            // The table's own schema comes first, then the current one.
            false => of(&model.name.schema).or_else(|| of(&None)).or_else(|| called.first()),
        };
        let Some(&target) = target else {
            // It may be a table that no model describes; only the server knows those of a schema that none is in.
            let is_elsewhere = said.schema.as_ref().is_some_and(|schema| !self.models.schemas().contains(schema));
            let is_there = self.current.table(&said).is_some() || self.current.others.iter().any(|it| it.name == said);
            if !is_there && !is_elsewhere {
                self.fail(&model.place, format!("`{}` refers to `{said}`, and there is no such table", model.name));
            }
            return ForeignKey { referred_table: said, ..key.clone() };
        };
        let mut problems = Vec::new();
        let mut key = ForeignKey { referred_table: target.name.clone(), ..key.clone() };
        for column in &mut key.referred_columns {
            match target.columns.iter().find(|known| known.ident == *column || known.name == *column) {
                Some(known) => column.clone_from(&known.name),
                None => {
                    let problem =
                        format!("`{}` refers to `{}.{column}`, and there is no such column", model.name, target.name);
                    problems.push(problem);
                }
            }
        }
        problems.into_iter().for_each(|problem| self.fail(&model.place, problem));
        key
    }

    fn primary_key(&self, model: &ModelTable, table: &mut Table) {
        let is_key = |constraint: &Constraint| matches!(constraint, Constraint::PrimaryKey(_));
        let existing =
            self.current.table(&model.name).and_then(|table| table.constraints.iter().find(|c| is_key(c)).cloned());
        let said = model.constraints.iter().find(|constraint| is_key(constraint)).cloned();
        table.constraints.retain(|constraint| !is_key(constraint));
        let wanted = PrimaryKey::new(model.key.iter().map(String::as_str));
        let key = existing
            .filter(|existing| is_same_key(existing.columns(), model))
            .or(said)
            .unwrap_or_else(|| wanted.into());
        // Diesel asks for a key even where there is none.
        if model.complete || self.current.table(&model.name).is_none_or(|table| table.constraints.iter().any(is_key)) {
            table.constraints.insert(0, key);
        }
    }

    /// Where there is no type for one of some words, they are checked.
    fn listed_values(&self, model: &ModelTable, table: &mut Table) {
        let has_no_type = |column: &&ModelColumn| match self.dialect {
            Dialect::Sqlite => true,
            Dialect::Postgres => self.models.sql_type(&column.diesel_type.name).is_none(),
            Dialect::Mysql | Dialect::Mariadb => false,
        };
        for column in model.columns.iter().filter(has_no_type) {
            let values = self.models.values(column);
            if !values.is_empty() {
                let name = format!("ck_{}_{}", model.name.name, column.name);
                let condition = format!("{} IN ({})", self.dialect.quote(&column.name), literals(values, self.dialect));
                let check = Check::new(&condition).named(&shortened(&name, self.dialect));
                let check: Constraint = check.into();
                let known = |other: &Constraint| Comparison::new(self.dialect).content(other, &check);
                if !table.constraints.iter().any(known) {
                    table.constraints.push(check);
                }
            }
        }
    }

    /// Types of listed values: those that columns name are wanted, those that none names any more are not.
    fn enums(&mut self, schema: &mut Schema) {
        let uses = |schema: &Schema, name: &Name| {
            let mut columns = schema.tables.iter().flat_map(|table| &table.columns);
            columns.any(|column| column.column_type.is_named(name))
        };
        let current = self.current;
        let tables = Schema { tables: schema.tables.clone(), ..Schema::default() };
        schema.enums.retain(|known| !uses(current, &known.name) || uses(&tables, &known.name));
        for model in &self.models.tables {
            for column in &model.columns {
                let declared =
                    self.models.sql_type(&column.diesel_type.name).and_then(|declared| declared.postgres.clone());
                let Some(name) = declared.filter(|_| schema.table(&model.name).is_some()) else { continue };
                let values = self.models.values(column);
                match schema.enums.iter_mut().find(|known| known.name == name) {
                    Some(known) if !values.is_empty() => known.values = values.to_vec(),
                    None if !values.is_empty() => {
                        schema.enums.push(Enumeration { name, values: values.to_vec() });
                    }
                    _ => {}
                }
            }
        }
        schema.enums.sort_unstable();
    }
}

/// Diesel prints the columns of a key in the order of the table: only who says all means their order.
fn is_same_key(columns: &[String], model: &ModelTable) -> bool {
    let all = columns.len() == model.key.len() && columns.iter().all(|column| model.key.contains(column));
    columns == model.key || all && !model.complete
}

fn is_of_key(index: &Index, constraints: &[Constraint]) -> bool {
    constraints.iter().any(
        |constraint| matches!(constraint, Constraint::ForeignKey(key) if key.name.is_some() && key.name == index.name),
    )
}

impl Wanted {
    /// Returns the tables that say something new, which only the database can put into its own words. Without
    /// foreign keys, except where those are needed to know it all.
    #[must_use]
    pub fn unsettled(&self, current: &Schema) -> Vec<Table> {
        let diff = Diff::between(current, &self.schema, self.dialect);
        let altered = diff.altered_tables.into_iter().map(|diff| diff.after);
        let mut tables: Vec<Table> = diff.created_tables.into_iter().chain(altered).collect();
        for table in &mut tables {
            // What is known as text is in the database's words, and may name what goes.
            (table.definition, table.others) = (None, Vec::new());
        }
        if self.dialect == Dialect::Postgres {
            for table in &mut tables {
                table.constraints.retain(|constraint| !matches!(constraint, Constraint::ForeignKey(_)));
            }
        }
        tables
    }

    /// Takes the database's words for tables that were made as [`unsettled`](Self::unsettled) said.
    pub fn settle(&mut self, made: &Schema, naming: &Naming) {
        for made in &made.tables {
            let Some(table) = self.schema.tables.iter_mut().find(|table| table.name == made.name) else { continue };
            let mut settled =
                Table { definition: table.definition.clone(), others: table.others.clone(), ..made.clone() };
            if self.dialect == Dialect::Postgres {
                let keys =
                    table.constraints.iter().filter(|constraint| matches!(constraint, Constraint::ForeignKey(_)));
                settled.constraints.extend(keys.cloned());
            }
            // PostgreSQL does not tell what was said after the columns.
            if self.dialect == Dialect::Postgres {
                settled.options.clone_from(&table.options);
            }
            // What has no name of its own may have any.
            for constraint in table.constraints.iter().filter(|constraint| constraint.own_name().is_none()) {
                let name = naming.constraint(&table.name, constraint, self.dialect);
                for same in settled.constraints.iter_mut().filter(|same| same.own_name() == Some(&name)) {
                    same.forget_name();
                }
            }
            for index in table.indexes.iter().filter(|index| index.name.is_none()) {
                let name = naming.index(index, self.dialect);
                for same in settled.indexes.iter_mut().filter(|same| same.name.as_ref() == Some(&name)) {
                    same.name = None;
                }
            }
            *table = settled;
        }
    }
}
