//! Schemas made up at random, of all that a revision can change.

use alembic_schema::{
    Action, Check, Column, Constraint, DefaultValue, Enumeration, ForeignKey, Identity, Index, IndexKey, Initially,
    Name, PrimaryKey, Schema, Table, Type, Unique,
};
use alembic_sql::Dialect;

/// Numbers that look random and are the same each time.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1))
    }

    /// Returns a number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.roll(of.len())]
    }
}

const TABLES: [&str; 5] = ["alpha", "Beta", "gamma", "order", "delta x"];
/// In another schema, on PostgreSQL.
const ELSEWHERE: &str = "more.things";
const COLUMNS: [&str; 7] = ["a", "b", "C", "select", "e", "f", "g h"];
const MOODS: [&str; 5] = ["sad", "ok", "it's", "glad", "so so"];

/// Types, each with a default; the last two are text that can be indexed.
fn types(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Sqlite => &[
            ("INTEGER", "7"),
            ("BIGINT", "-3"),
            ("NUMERIC(10, 2)", "1.50"),
            ("BOOLEAN", "1"),
            ("TIMESTAMP", "CURRENT_TIMESTAMP"),
            ("BLOB", "x'00'"),
            ("REAL", "(1 + 1)"),
            ("TEXT", "'it''s'"),
            ("VARCHAR(40)", "'x'"),
        ],
        Dialect::Postgres => &[
            ("integer", "7"),
            ("bigint", "-3"),
            ("numeric(10,2)", "1.50"),
            ("boolean", "true"),
            ("timestamp with time zone", "now()"),
            ("jsonb", "'{}'"),
            ("integer[]", "'{1,2}'"),
            ("uuid", "gen_random_uuid()"),
            ("double precision", "(1 + 1)"),
            ("text", "'it''s'"),
            ("character varying(40)", "lower('X')"),
        ],
        Dialect::Mysql | Dialect::Mariadb => &[
            ("int(11)", "7"),
            ("bigint(20) unsigned", "3"),
            ("decimal(10,2)", "1.50"),
            ("tinyint(1)", "1"),
            ("datetime(6)", "current_timestamp(6)"),
            ("json", "'{}'"),
            ("enum('a','b','it''s')", "'b'"),
            ("double", "(1 + 1)"),
            ("longtext", "'long'"),
            ("char(3)", "'abc'"),
            ("varchar(40)", "'it''s'"),
        ],
    }
}

/// Makes a schema up.
pub(super) fn schema(dice: &mut Dice, dialect: Dialect) -> Schema {
    let mut schema = Schema::default();
    if dialect == Dialect::Postgres {
        for name in ["mood", "Level", "more.mood"] {
            let values: Vec<String> =
                MOODS.iter().filter(|_| dice.roll(4) > 0).map(|value| (*value).to_owned()).collect();
            if !values.is_empty() && dice.roll(4) > 0 {
                schema.enums.push(Enumeration { name: name.into(), values });
            }
        }
    }
    let elsewhere = (dialect == Dialect::Postgres).then_some(ELSEWHERE);
    for name in TABLES.into_iter().chain(elsewhere) {
        if dice.roll(3) > 0 {
            let table = table(dice, dialect, name, &schema.enums);
            schema.tables.push(table);
        }
    }
    add_foreign_keys(dice, dialect, &mut schema);
    exchange_names(dice, &mut schema);
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    schema.enums.sort();
    schema
}

fn table(dice: &mut Dice, dialect: Dialect, name: &str, enums: &[Enumeration]) -> Table {
    let mut table = Table::new(name);
    let whole = if dialect.is_mysql_family() { "bigint(20)" } else { "bigint" };
    let whole = if dialect == Dialect::Sqlite { "INTEGER" } else { whole };
    let mut id = Column::new("id", Type::native(whole)).not_null();
    let composite = dice.one_in(5);
    if dice.roll(3) > 0 && !(composite && dialect == Dialect::Sqlite) {
        let kinds = [Identity::ByDefault, Identity::Always, Identity::Serial];
        // SQLite cannot begin or end to number rows.
        let at = if dialect == Dialect::Postgres { dice.roll(3) } else { 0 };
        id.identity = (dialect != Dialect::Sqlite).then_some(kinds[at]);
    }
    table.columns.push(id);
    table.columns.push(Column::new("n", Type::native(whole)).not_null());
    let mut key = vec!["id"];
    if composite {
        table.columns.push(Column::new("part", Type::native(whole)).not_null());
        key.push("part");
    }
    for name in COLUMNS {
        if dice.roll(2) > 0 {
            let column = column(dice, dialect, name, enums);
            table.columns.push(column);
        }
    }
    table.constraints.push(PrimaryKey::new(key).into());
    if dialect != Dialect::Sqlite && dice.one_in(3) {
        table.comment = Some((*dice.pick(&["it's", "of things"])).to_owned());
    }
    add_constraints(dice, dialect, &mut table);
    add_indexes(dice, dialect, &mut table);
    table
}

fn column(dice: &mut Dice, dialect: Dialect, name: &str, enums: &[Enumeration]) -> Column {
    if dialect == Dialect::Postgres && !enums.is_empty() && dice.one_in(4) {
        let of = dice.pick(enums);
        let mut column = Column::new(name, Type::Native(of.name.sql(dialect)));
        if dice.one_in(2) {
            column.default = Some(DefaultValue::written(&dialect.literal(dice.pick::<String>(&of.values)), dialect));
        }
        return column;
    }
    let (column_type, default) = *dice.pick(types(dialect));
    let mut column = Column::new(name, Type::native(column_type));
    if dice.one_in(8) {
        column.column_type = Type::native(if dialect.is_mysql_family() { "int(11)" } else { "integer" });
        let column = if dice.one_in(2) || dialect == Dialect::Postgres {
            column.generated_stored("n * 2")
        } else {
            column.generated_virtual("n + 1")
        };
        let kind = if dialect == Dialect::Sqlite { Type::native("INTEGER") } else { column.column_type.clone() };
        return Column { column_type: kind, ..column };
    }
    column.nullable = dice.one_in(2);
    if dice.one_in(2) {
        column.default = Some(DefaultValue::written(default, dialect));
    }
    let is_text = ["TEXT", "text", "varchar(40)", "VARCHAR(40)"].contains(&column_type);
    if is_text && dice.one_in(3) {
        column.collation = Some(match dialect {
            Dialect::Sqlite => "NOCASE".to_owned(),
            Dialect::Postgres => "C".to_owned(),
            Dialect::Mysql | Dialect::Mariadb => "utf8mb4_bin".to_owned(),
        });
    }
    if dialect != Dialect::Sqlite && dice.one_in(4) {
        column.comment = Some((*dice.pick(&["the \"best\"", "it's"])).to_owned());
    }
    column
}

/// Columns that can be compared, and are not too long for an index.
fn comparable(table: &Table) -> Vec<String> {
    let is_plain = |column: &&Column| {
        let Type::Native(name) = &column.column_type else { return false };
        let kinds = ["int", "INT", "numeric", "NUMERIC", "decimal", "char", "CHAR", "TEXT", "text"];
        kinds.iter().any(|kind| name.contains(kind))
            && !["longtext", "integer[]"].contains(&name.as_str())
            && column.generated.is_none()
    };
    table.columns.iter().filter(is_plain).map(|column| column.name.clone()).collect()
}

fn add_constraints(dice: &mut Dice, dialect: Dialect, table: &mut Table) {
    let mut columns = comparable(table);
    columns.retain(|name| name != "id");
    if dice.one_in(2) {
        let column = dice.pick(&columns).clone();
        let mut unique = Unique::new([column.as_str()]);
        if dice.one_in(3) {
            unique = unique.named(&format!("the unique one of {}", table.name));
        }
        if dialect == Dialect::Postgres && dice.one_in(3) {
            unique.deferrable = Some(Initially::Deferred);
        }
        table.constraints.push(unique.into());
    }
    if dice.one_in(2) {
        let limit = dice.roll(3);
        table.constraints.push(Check::new(&format!("n > {limit}")).named(&format!("ck {}", table.name)).into());
    }
    if dice.one_in(3) {
        let column = dialect.quote(dice.pick::<String>(&columns));
        table.constraints.push(Check::new(&format!("{column} IS NOT NULL OR n <> 3")).into());
    }
}

fn add_indexes(dice: &mut Dice, dialect: Dialect, table: &mut Table) {
    let columns = comparable(table);
    for number in 0..dice.roll(3) {
        let first = dice.pick(&columns).clone();
        let mut keys = vec![match dice.roll(4) {
            0 if !dialect.is_mysql_family() => IndexKey::Descending(first.clone()),
            1 if !dialect.is_mysql_family() => {
                IndexKey::Written(format!("coalesce({}, {})", dialect.quote(&first), dialect.quote(&first)))
            }
            _ => IndexKey::Column(first.clone()),
        }];
        let second = dice.pick(&columns).clone();
        if second != first && dice.one_in(2) {
            keys.push(IndexKey::Column(second));
        }
        let mut index = Index::new(&table.name, keys).named(&format!("ix{number} {}", table.name));
        index.unique = dice.one_in(4);
        if !dialect.is_mysql_family() && dice.one_in(4) {
            index.predicate = Some("id > 10".to_owned());
        }
        if dialect == Dialect::Postgres && dice.one_in(4) {
            index.include = vec!["id".to_owned()];
        }
        if dialect == Dialect::Postgres
            && index.keys.len() == 1
            && index.include.is_empty()
            && dice.one_in(4)
            && !index.unique
        {
            index.keys = vec![IndexKey::Column("id".to_owned())];
            index.method = Some("hash".to_owned());
        }
        table.indexes.push(index);
    }
}

fn add_foreign_keys(dice: &mut Dice, dialect: Dialect, schema: &mut Schema) {
    let single = |table: &&Table| !table.columns.iter().any(|column| column.name == "part");
    let targets: Vec<Name> = schema.tables.iter().filter(single).map(|table| table.name.clone()).collect();
    if targets.is_empty() {
        return;
    }
    let whole = schema.tables[0].columns[0].column_type.clone();
    for table in &mut schema.tables {
        for _ in 0..dice.roll(3) {
            let target = dice.pick(&targets).clone();
            let name = format!("{}_id", target.name);
            if table.columns.iter().any(|column| column.name == name) {
                continue;
            }
            table.columns.push(Column::new(&name, whole.clone()));
            let mut key = ForeignKey::new([name.as_str()], target, ["id"]);
            if dice.one_in(2) {
                key.on_delete = Some(*dice.pick(&[Action::Cascade, Action::SetNull]));
            }
            if dice.one_in(4) {
                key.on_update = Some(Action::Cascade);
            }
            if !dialect.is_mysql_family() && dice.one_in(4) {
                key.deferrable = Some(Initially::Deferred);
            }
            table.constraints.push(key.into());
        }
    }
}

/// Gives indexes, checks, unique constraints and foreign keys names that those of other tables have in other schemas.
fn exchange_names(dice: &mut Dice, schema: &mut Schema) {
    let mut wandering: Vec<String> = ["w1", "w2", "w3", "w4", "w5", "w6"].map(str::to_owned).into();
    let mut name = |dice: &mut Dice, of: &mut Option<String>| {
        if !wandering.is_empty() && dice.one_in(3) {
            *of = Some(wandering.swap_remove(dice.roll(wandering.len())));
        }
    };
    for table in &mut schema.tables {
        table.indexes.iter_mut().for_each(|index| name(dice, &mut index.name));
        for constraint in &mut table.constraints {
            match constraint {
                Constraint::Unique(unique) => name(dice, &mut unique.name),
                Constraint::ForeignKey(key) => name(dice, &mut key.name),
                Constraint::Check(check) => name(dice, &mut check.name),
                Constraint::PrimaryKey(_) => {}
            }
        }
    }
}
