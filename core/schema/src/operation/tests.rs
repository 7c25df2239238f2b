//! Every operation, in each variant that a writer tells apart, as SQL of each database and as Rust: a file of
//! `snapshots/` each.

use std::fmt::Write;

use alembic_sql::Dialect;

use super::{
    AlterColumn, BatchAlterTable, BulkInsert,
    Operation::{self, *},
    Recreate, render, rust,
};
use crate::{
    Action, Check, Column, Constraint, ConstraintKind, DefaultValue, ForeignKey, Identity, Index, IndexKey, Initially,
    Name, Naming, PrimaryKey, Rows, Sequence, Table, Type, Unique, Value,
};

#[test]
fn every_operation_on_sqlite() {
    compare("sqlite", &written(Dialect::Sqlite));
}

#[test]
fn every_operation_on_postgres() {
    compare("postgres", &written(Dialect::Postgres));
}

#[test]
fn every_operation_on_mysql() {
    compare("mysql", &written(Dialect::Mysql));
}

#[test]
fn every_operation_on_mariadb() {
    compare("mariadb", &written(Dialect::Mariadb));
}

#[test]
fn every_operation_in_rust() {
    let mut text = String::new();
    for (name, operation) in cases() {
        writeln!(text, "// {name}\n{}\n", rust(&operation).unwrap_or_default()).unwrap();
    }
    compare("rust", &text);
}

/// Compares a text with the snapshot of this name.
fn compare(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

fn written(dialect: Dialect) -> String {
    let mut text = String::new();
    for (name, operation) in cases() {
        let sql = match render(&operation, dialect, &Naming::default()) {
            Ok(statements) => statements.join(";\n"),
            Err(error) => format!("-- {error}; {}", error.instead),
        };
        writeln!(text, "-- # {name}\n{sql}\n").unwrap();
    }
    text
}

type Case = (String, Operation);

fn cases() -> Vec<Case> {
    [tables(), columns(), alterations(), indexes(), constraints(), enumerations(), rows(), batches(), rebuilds()]
        .concat()
}

fn case(name: &str, operation: Operation) -> Case {
    (name.to_owned(), operation)
}

fn tables() -> Vec<Case> {
    let name = || Name::from("app.my \"`table");
    let users = || {
        Table::new("users")
            .column(Column::new("id", Type::Integer).identity().primary_key())
            .column(Column::new("email", Type::Varchar(80)).not_null().unique())
            .column(Column::new("mood", Type::enumeration("mood", ["good", "b'ad"])).default("good"))
    };
    let pair = || {
        Table::new("app.pairs")
            .column(Column::new("a", Type::BigInt).not_null())
            .column(Column::new("b", Type::native("INTEGER")).not_null().references("other.users", "id"))
            .constraint(PrimaryKey::new(["a", "b"]))
            .constraint(Check::new("a > b"))
            .index(["b", "a"])
    };
    let sqlite_and_mysql = pair()
        .option(Dialect::Sqlite, "STRICT")
        .option(Dialect::Mysql, "ENGINE = InnoDB")
        .option(Dialect::Mariadb, "PAGE_CHECKSUM = 1")
        .option(Dialect::Postgres, "WITH (fillfactor = 70)");
    let described = Table::new("t").column(Column::new("a", Type::Text).comment("of a\\")).comment("it's");
    let plain = Column::new("a", Type::Text);
    let rename_constraint = |kind| RenameConstraint { table: name(), constraint: "old".into(), kind, to: "new".into() };
    let identity = |kind, column_type| {
        Table::new("t")
            .column(Column::new("id", column_type).identity_as(kind).not_null())
            .constraint(PrimaryKey::new(["id"]).named("the_key"))
    };
    let options = Sequence { start: Some(5), increment: Some(-2), cycle: true, ..Sequence::default() };
    let counted = Table::new("t").column(Column::new("n", Type::BigInt).identity().sequence(options));
    let apart = Table::new("t").column(Column::new("n", Type::Integer).identity());
    vec![
        case("create a table", CreateTable(users())),
        case("create a table in a schema, with an index", CreateTable(pair())),
        case("create a table if it is not there", CreateTable(pair().if_not_exists())),
        case("create a table with options", CreateTable(sqlite_and_mysql.comment("beside options"))),
        case("create a table with comments", CreateTable(described)),
        case("create a table with a comment", CreateTable(Table::new("t").column(plain).comment("it's"))),
        case("create a table, identity always", CreateTable(identity(Identity::Always, Type::BigInt))),
        case("create a table, serial", CreateTable(identity(Identity::Serial, Type::BigInt))),
        case("create a table, serial of 16 bits", CreateTable(identity(Identity::Serial, Type::SmallInt))),
        case("create a table, identity of text", CreateTable(identity(Identity::ByDefault, Type::Text))),
        case("create a table, identity with options of its sequence", CreateTable(counted)),
        case("create a table, identity without key", CreateTable(apart)),
        case("drop a table", DropTable { table: name(), if_exists: false }),
        case("drop a table if it is there", DropTable { table: name(), if_exists: true }),
        case("rename an index", RenameIndex { table: name(), index: "old".into(), to: "new".into() }),
        case("rename a unique constraint", rename_constraint(ConstraintKind::Unique)),
        case("rename a check", rename_constraint(ConstraintKind::Check)),
        case("rename a table", RenameTable { table: name(), to: "new".into() }),
        case("comment on a table", TableComment { table: name(), comment: Some("it's".into()) }),
        case("drop the comment of a table", TableComment { table: name(), comment: None }),
        case("execute", Execute("SELECT 1".into())),
    ]
}

fn columns() -> Vec<Case> {
    let add = |column, if_not_exists| AddColumn { table: "app.t".into(), column, if_not_exists };
    let text = || Column::new("c", Type::Text);
    let number = || Column::new("c", Type::Integer);
    let mut cases = vec![
        case("add a column if it is not there", add(text(), true)),
        case("drop a column", DropColumn { table: "app.t".into(), column: "c".into(), if_exists: false }),
        case("drop a column if it is there", DropColumn { table: "app.t".into(), column: "c".into(), if_exists: true }),
    ];
    let attributes = [
        ("NOT NULL", number().not_null()),
        ("NOT NULL with default", number().not_null().default(1)),
        ("identity", number().identity()),
        ("identity always", number().identity_as(Identity::Always)),
        ("serial", number().identity_as(Identity::Serial)),
        ("collation", text().collation("NOCASE")),
        ("comment", text().comment("it's")),
        ("on update", Column::new("c", Type::TimestampTz).on_update("CURRENT_TIMESTAMP(6)")),
        ("attributes", number().comment("it's").attributes("INVISIBLE CHECK (`c` > 0)")),
        ("virtual", number().generated_virtual("a + 1")),
        ("stored", number().generated_stored("a + 1")),
        ("virtual, NOT NULL", number().generated_virtual("a + 1").not_null()),
        ("stored, NOT NULL", number().generated_stored("a + 1").not_null()),
        ("virtual timestamp", Column::new("c", Type::TimestampTz).generated_virtual("a")),
        ("nullable timestamp", Column::new("c", Type::native("Timestamp(3)"))),
        ("primary key", number().primary_key()),
        ("unique", number().unique()),
        ("check", number().check("c > 0")),
        ("reference", number().references("users", "id")),
        ("reference with default", number().references("users", "id").default(1)),
        ("two constraints", number().references("users", "id").check("c > 0")),
        ("enumeration", Column::new("c", Type::enumeration("app.mood", ["good", "bad"])).not_null().default("bad")),
        ("everything", text().collation("C").not_null().default("x").comment("y").check("c <> ''")),
    ];
    cases.extend(attributes.map(|(name, column)| (format!("add a column: {name}"), add(column, false))));
    let deferrable = ForeignKey::new(["c"], "users", ["id"])
        .deferrable(Initially::Deferred)
        .on_delete(Action::SetNull)
        .on_update(Action::Cascade);
    cases.push(case("add a column: deferrable reference", add(number().constraint(deferrable), false)));
    for column_type in types() {
        let name = format!("add a column: {column_type:?}");
        cases.push((name, add(Column::new("c", column_type), false)));
    }
    for (name, default) in defaults() {
        for column_type in [Type::Text, Type::Timestamp, Type::Time, Type::Date, Type::native("datetime(3)")] {
            let name = format!("add a column: {column_type:?} with default {name}");
            let column = Column { default: Some(default.clone()), ..Column::new("c", column_type) };
            cases.push((name, add(column, false)));
        }
    }
    cases
}

fn types() -> Vec<Type> {
    vec![
        Type::SmallInt,
        Type::Integer,
        Type::BigInt,
        Type::Boolean,
        Type::Float,
        Type::Double,
        Type::Numeric(9, 2),
        Type::Text,
        Type::Varchar(9),
        Type::Char(9),
        Type::Binary,
        Type::Date,
        Type::Time,
        Type::Timestamp,
        Type::TimestampTz,
        Type::Json,
        Type::Jsonb,
        Type::Uuid,
        Type::native("integer[]"),
    ]
}

fn defaults() -> Vec<(&'static str, DefaultValue)> {
    vec![
        ("text", "it's \\".into()),
        ("NULL", DefaultValue::Value(Value::Null)),
        ("true", true.into()),
        ("number", 1.into()),
        ("infinity", f64::INFINITY.into()),
        ("bytes", vec![0_u8, 255].into()),
        ("now", DefaultValue::Now),
        ("expression", DefaultValue::expression("lower('X')")),
        ("constant expression", DefaultValue::expression("'x'")),
        ("current timestamp", DefaultValue::expression("CURRENT_TIMESTAMP(3)")),
    ]
}

fn alterations() -> Vec<Case> {
    let number = || Column::new("c", Type::Integer);
    let with = |kind| number().identity_as(kind);
    let alter = |name: &str, column: Option<Column>, change: &dyn Fn(AlterColumn) -> AlterColumn| {
        let change = change(AlterColumn::new("app.t", "c"));
        let known = if column.is_some() { " of a known column" } else { "" };
        let change = AlterColumn { existing: column, ..change };
        (format!("alter a column: {name}{known}"), AlterColumn(change))
    };
    let mut cases = Vec::new();
    for known in [None, Some(number().default(1).collation("C").comment("it's"))] {
        let mut add =
            |name, change: &dyn Fn(AlterColumn) -> AlterColumn| cases.push(alter(name, known.clone(), change));
        add("type", &|c| c.column_type(Type::BigInt));
        add("type by expression", &|c| c.column_type(Type::BigInt).postgres_using("c::bigint").sqlite_using("c + 0"));
        add("type and default", &|c| c.column_type(Type::Text).default("x"));
        add("type without default", &|c| c.column_type(Type::Text).drop_default());
        add("type and rename", &|c| c.column_type(Type::Text).rename("d"));
        add("NOT NULL", &AlterColumn::not_null);
        add("NULL", &AlterColumn::nullable);
        add("default", &|c| c.default("it's"));
        add("default now", &|c| c.default(DefaultValue::Now));
        add("default expression", &|c| c.default(DefaultValue::expression("a + 1")));
        add("no default", &AlterColumn::drop_default);
        add("default and rename", &|c| c.default(2).rename("d"));
        add("collation", &|c| c.collation("de"));
        add("no collation", &AlterColumn::drop_collation);
        add("on update", &|c| c.on_update(Some("CURRENT_TIMESTAMP")));
        add("no on update", &|c| c.on_update(None));
        add("attributes", &|c| c.attributes(Some("INVISIBLE")));
        add("comment", &|c| c.comment("it's"));
        add("no comment", &AlterColumn::drop_comment);
        add("rename", &|c| c.rename("d"));
        add("identity", &|c| c.identity(true));
        add("serial", &|c| c.identity_as(Some(Identity::Serial)));
        add("no identity", &|c| c.identity(false));
        add("nothing", &|c| c);
    }
    for (name, column, to) in [
        ("identity to identity always", with(Identity::ByDefault), Some(Identity::Always)),
        ("identity always to identity", with(Identity::Always), Some(Identity::ByDefault)),
        ("identity to serial", with(Identity::ByDefault), Some(Identity::Serial)),
        ("serial to identity", with(Identity::Serial), Some(Identity::ByDefault)),
        ("serial to nothing", with(Identity::Serial), None),
        ("identity to nothing", with(Identity::Always), None),
    ] {
        cases.push(alter(name, Some(column), &|c| c.identity_as(to)));
    }
    for (name, default) in defaults() {
        for column_type in [Type::Text, Type::Date, Type::native("datetime(3)")] {
            let name = format!("{column_type:?} to default {name}");
            cases.push(alter(&name, Some(Column::new("c", column_type)), &|c| c.default(default.clone())));
        }
    }
    cases
}

fn indexes() -> Vec<Case> {
    let index = || Index::new("app.t", ["a", "b"]);
    let drop = |if_exists, concurrently| DropIndex {
        table: "app.t".into(),
        index: "ix_t_a_b".into(),
        if_exists,
        concurrently,
    };
    let keys = [
        IndexKey::Column("a".into()),
        IndexKey::Descending("b".into()),
        IndexKey::Expression("lower(c)".into()),
        IndexKey::Written("d COLLATE nocase".into()),
    ];
    let long = "x".repeat(70);
    let drop_long = DropIndex { table: "t".into(), index: long.clone(), if_exists: false, concurrently: false };
    vec![
        case("create an index", CreateIndex(index())),
        case("create an index: unique", CreateIndex(index().unique().named("u"))),
        case("create an index: of a kind", CreateIndex(index().using("btree"))),
        case("create an index: of some rows", CreateIndex(index().filter("a > 0"))),
        case("create an index: of all kinds of keys", CreateIndex(Index::new("t", keys))),
        case("create an index: descending", CreateIndex(Index::new("t", [IndexKey::Descending("a".into())]))),
        case("create an index: with other columns", CreateIndex(index().include(["c"]))),
        case("create an index: concurrently", CreateIndex(index().concurrently())),
        case("create an index: if it is not there", CreateIndex(index().if_not_exists())),
        case("create an index: a long name", CreateIndex(Index::new("t", [long.as_str()]))),
        case("drop an index", drop(false, false)),
        case("drop an index: if it is there", drop(true, false)),
        case("drop an index: concurrently", drop(false, true)),
        case("drop an index: concurrently, if it is there", drop(true, true)),
        case("drop an index: a long name", drop_long),
    ]
}

fn constraints() -> Vec<Case> {
    let create = |constraint: Constraint| CreateConstraint { table: "app.t".into(), constraint };
    let key = || ForeignKey::new(["a", "b"], "other.u", ["x", "y"]);
    let mut cases = vec![
        case("create a primary key", create(PrimaryKey::new(["a", "b"]).into())),
        case("create a unique constraint", create(Unique::new(["a"]).named("u").into())),
        case(
            "create a deferrable unique constraint",
            create(Unique::new(["a"]).deferrable(Initially::Immediate).into()),
        ),
        case("create a check", create(Check::new("a > 0").into())),
        case("create a check that is not valid", create(Check::new("a > 0").not_valid().into())),
        case("create a foreign key", create(key().into())),
        case(
            "create a foreign key: actions",
            create(key().on_delete(Action::Cascade).on_update(Action::Restrict).into()),
        ),
        case("create a foreign key: deferrable", create(key().deferrable(Initially::Deferred).into())),
        case("create a foreign key: not valid", create(key().not_valid().into())),
        case("validate a constraint", ValidateConstraint { table: "app.t".into(), constraint: "c".into() }),
    ];
    let kinds = [ConstraintKind::PrimaryKey, ConstraintKind::Unique, ConstraintKind::ForeignKey, ConstraintKind::Check];
    for kind in kinds {
        for if_exists in [false, true] {
            let name = format!("drop a {kind}{}", if if_exists { " if it is there" } else { "" });
            cases.push((name, DropConstraint { table: "app.t".into(), constraint: "c".into(), kind, if_exists }));
        }
    }
    cases
}

fn enumerations() -> Vec<Case> {
    let name = || Name::from("app.mood");
    let add = |before: Option<&str>, if_not_exists| AddEnumValue {
        name: name(),
        value: "it's".into(),
        before: before.map(str::to_owned),
        if_not_exists,
    };
    vec![
        case("create an enumeration", CreateEnum { name: name(), values: vec!["a".into(), "it's".into()] }),
        case("add a value", add(None, false)),
        case("add a value before another, if it is not there", add(Some("a"), true)),
        case("rename a value", RenameEnumValue { name: name(), value: "a".into(), to: "it's".into() }),
        case("drop an enumeration", DropEnum { name: name(), if_exists: false }),
        case("drop an enumeration if it is there", DropEnum { name: name(), if_exists: true }),
    ]
}

fn rows() -> Vec<Case> {
    let row = |id: i64, value: Value| vec![("id".to_owned(), id.into()), ("v".to_owned(), value)];
    let insert = |rows: Vec<Vec<(String, Value)>>| BulkInsert::new("app.t", Rows::new(rows).unwrap());
    let two = || insert(vec![row(1, "it's \\".into()), row(2, Value::Null)]);
    let values: [Value; 6] =
        [true.into(), 1.5.into(), f64::NAN.into(), vec![1_u8].into(), "\0".into(), Value::expression("now()")];
    let mut cases = vec![
        case("insert rows", BulkInsert(two())),
        case("insert rows or leave them", BulkInsert(two().on_conflict_do_nothing())),
        case("insert rows or update them", BulkInsert(two().on_conflict_update(["id"]))),
        case("insert rows or update nothing", BulkInsert(two().on_conflict_update(["id", "v"]))),
        case("insert no rows", BulkInsert(insert(vec![]))),
    ];
    for value in values {
        cases.push((format!("insert {value:?}"), BulkInsert(insert(vec![row(1, value)]))));
    }
    cases
}

fn batch(name: &str, change: &dyn Fn(&mut BatchAlterTable)) -> Case {
    let mut batch = BatchAlterTable::new("t");
    change(&mut batch);
    (format!("batch: {name}"), Batch(batch))
}

fn number() -> Column {
    Column::new("n", Type::Integer)
}

fn mood() -> Type {
    Type::enumeration("mood", ["good", "bad"])
}

fn batches() -> Vec<Case> {
    vec![
        batch("nothing", &|_| ()),
        batch("without comments", &|b| _ = b.add_column(number()).add_column(Column::new("m", mood()))),
        batch("everything", &everything),
        batch("index", &|b| _ = b.create_index(Index::new("t", ["n"])).drop_index("old")),
        batch("indexes of a table in a schema", &|b| {
            b.table = "app.t".into();
            b.create_index(Index::new("t", ["n"]).unique().using("btree")).drop_index("old");
        }),
        batch("order", &|b| _ = b.column_order(["b", "a"])),
        batch("an unknown table", &|b| _ = b.alter_column("a", AlterColumn::not_null)),
        batch("no rebuild", &|b| _ = b.recreate(Recreate::Never).alter_column("a", AlterColumn::not_null)),
    ]
}

fn everything(batch: &mut BatchAlterTable) {
    batch
        .add_column(number().not_null().default(1).check("n > 0"))
        .add_column(Column::new("m", mood()).comment("x"))
        .alter_column("a", |c| c.default("y").rename("z"))
        .drop_column("gone")
        .create_index(Index::new("other", ["n"]).unique().using("btree"))
        .create_index(Index::new("other", ["n"]).if_not_exists().named("on t ("))
        .drop_index("old")
        .create_foreign_key(ForeignKey::new(["n"], "u", ["x"]))
        .create_unique_constraint(Unique::new(["n"]))
        .create_check_constraint(Check::new("n <> 1"))
        .create_primary_key(PrimaryKey::new(["n"]))
        .drop_constraint("c", ConstraintKind::Check)
        .drop_constraint("p", ConstraintKind::PrimaryKey);
}

fn rebuilds() -> Vec<Case> {
    let table = Table::new("t")
        .column(Column::new("id", Type::BigInt).identity().primary_key())
        .column(Column::new("a", Type::Varchar(9)).not_null().default("x").collation("NOCASE").unique())
        .column(Column::new("b", mood()))
        .column(Column::new("total", Type::Integer).generated_stored("id + 1"))
        .constraint(ForeignKey::new(["a"], "u", ["x"]).on_delete(Action::Cascade))
        .constraint(Check::new("id > 0"))
        .option(Dialect::Sqlite, "STRICT")
        .index(["b"]);
    let rebuilt = |name: &str, change: &dyn Fn(&mut BatchAlterTable)| {
        batch(&format!("rebuild, {name}"), &|batch| {
            change(batch.copy_from(&table).recreate(Recreate::Always));
        })
    };
    vec![
        rebuilt("nothing", &|_| ()),
        rebuilt("order", &|b| _ = b.column_order(["b", "a"])),
        rebuilt("columns", &|b| {
            b.add_column(number().not_null().default(1).check("n > 0").references("u", "n"))
                .add_column(Column::new("m", mood()).not_null().collation("RTRIM"))
                .add_column(Column::new("bare", Type::native("")).generated_virtual("id"))
                .drop_column("total");
        }),
        rebuilt("column of the same name", &|b| _ = b.add_column(Column::new("A", Type::Text))),
        rebuilt("alterations", &|b| {
            b.alter_column("a", |c| c.column_type(Type::Text).nullable().drop_default().drop_collation().rename("z"))
                .alter_column("b", |c| c.column_type(Type::Varchar(4)).sqlite_using("upper(b)").not_null())
                .alter_column("id", |c| c.column_type(Type::Integer));
        }),
        rebuilt("other words", &|b| {
            let more = Type::enumeration("mood", ["good", "bad", "worse"]);
            b.alter_column("b", |c| c.column_type(more.clone()).default(DefaultValue::Now));
        }),
        rebuilt("constraints", &|b| {
            b.drop_constraint("uq_t_a", ConstraintKind::Unique)
                .drop_constraint("fk_t_a_u", ConstraintKind::ForeignKey)
                .create_unique_constraint(Unique::new(["a", "b"]))
                .drop_index("ix_t_b");
        }),
        rebuilt("a comment", &|b| _ = b.alter_column("a", |c| c.comment("x"))),
        rebuilt("of a table with a comment", &|b| _ = b.copy_from(&table.clone().comment("x"))),
        rebuilt("of a key without number", &|b| {
            let key = Column::new("id", Type::Uuid).primary_key();
            b.copy_from(&Table::new("t").column(key).index(["id"])).add_column(number());
        }),
    ]
}
