//! One kind of change each: the models before, and after.

/// A kind of change.
pub(super) struct Case {
    /// What changes.
    pub(super) title: &'static str,
    /// Whether Alembic detects it.
    pub(super) alembic: &'static str,
    /// Which databases have it.
    pub(super) on: &'static [&'static str],
    /// The models before; `table!` stands for ours.
    pub(super) before: &'static str,
    /// The models after.
    pub(super) after: &'static str,
}

const ALL: &[&str] = &["sqlite", "postgres", "mysql", "mariadb"];
const SERVERS: &[&str] = &["postgres", "mysql", "mariadb"];
const PARTIAL: &[&str] = &["sqlite", "postgres"];
const POSTGRES: &[&str] = &["postgres"];
const MYSQL: &[&str] = &["mysql", "mariadb"];
const SQLITE: &[&str] = &["sqlite"];

macro_rules! cases {
    ($($title:literal, $alembic:literal, $on:ident: $before:literal => $after:literal;)*) => {
        &[$(Case { title: $title, alembic: $alembic, on: $on, before: $before, after: $after }),*]
    };
}

pub(super) const CASES: &[Case] = cases! {
    "table added", "yes", ALL:
        "table! { a { id -> Integer } }" => "table! { a { id -> Integer } } table! { b { id -> Integer } }";
    "table removed", "yes", ALL:
        "table! { a { id -> Integer } } table! { b { id -> Integer } }" => "table! { a { id -> Integer } }";
    "table renamed (`renamed_from`, or asked)", "no: drop and add", ALL:
        "table! { a { id -> Integer } }" => "table! { #[alembic(renamed_from = \"a\")] b { id -> Integer } }";
    "table renamed, and its name taken by another", "no: names collide", ALL:
        "table! { p { id -> Integer } } table! { #[alembic(index(n))] a { id -> Integer, #[alembic(references(p(id)), check = \"n > 0\", unique)] n -> Integer } }" =>
        "table! { p { id -> Integer } } table! { #[alembic(index(n))] a { id -> Integer, #[alembic(references(p(id)), check = \"n > 0\", unique)] n -> Integer } } \
            table! { #[alembic(index(n), renamed_from = \"a\")] b { id -> Integer, #[alembic(references(p(id)), check = \"n > 0\", unique)] n -> Integer } }";
    "tables that exchange their names", "no", ALL:
        "table! { p { id -> Integer } } table! { #[alembic(index(n))] a { id -> Integer, #[alembic(references(p(id)), unique)] n -> Integer } } table! { b { id -> Integer, #[alembic(index)] n -> BigInt } }" =>
        "table! { p { id -> Integer } } table! { #[alembic(index(n), renamed_from = \"a\")] b { id -> Integer, #[alembic(references(p(id)), unique)] n -> Integer } } table! { #[alembic(renamed_from = \"b\")] a { id -> Integer, #[alembic(index)] n -> BigInt } }";
    "three columns whose names go round", "no", ALL:
        "table! { a { id -> Integer, #[alembic(index)] x -> Integer, #[alembic(unique)] y -> Integer, z -> Integer } }" =>
        "table! { a { id -> Integer, #[alembic(index, renamed_from = \"x\")] y -> Integer, #[alembic(unique, renamed_from = \"y\")] z -> Integer, #[alembic(renamed_from = \"z\")] x -> Integer } }";
    "column renamed, and its name taken by another", "no: names collide", ALL:
        "table! { a { id -> Integer, #[alembic(index)] n -> Integer } }" =>
        "table! { a { id -> Integer, #[alembic(index)] n -> Integer, #[alembic(index, renamed_from = \"n\")] m -> Integer } }";
    "table in another schema", "yes", POSTGRES:
        "table! { a { id -> Integer } }" => "table! { a { id -> Integer } } table! { more.b { id -> Integer } }";
    "tables that refer to each other in a circle", "no: `use_alter` by hand", ALL:
        "table! { z { id -> Integer } }" => "table! { z { id -> Integer } } \
            table! { a { id -> Integer, #[alembic(references(b(id)))] b_id -> Nullable<Integer> } } \
            table! { b { id -> Integer, #[alembic(references(a(id)))] a_id -> Nullable<Integer> } }";
    "index, check and unique constraint that move to another table", "order by hand", ALL:
        "table! { a { id -> Integer, n -> Integer, m -> Integer } } table! { #[alembic(index(n, name = \"ix\"), unique(m, name = \"uq\"), check(\"n > 0\", name = \"ck\"))] b { id -> Integer, n -> Integer, m -> Integer } }" =>
        "table! { #[alembic(index(n, name = \"ix\"), unique(m, name = \"uq\"), check(\"n > 0\", name = \"ck\"))] a { id -> Integer, n -> Integer, m -> Integer } } table! { b { id -> Integer, n -> Integer, m -> Integer } }";
    "names that two tables exchange", "order by hand", ALL:
        "table! { #[alembic(index(n, name = \"x\"), check(\"n > 0\", name = \"p\"))] a { id -> Integer, n -> Integer } } table! { #[alembic(index(n, name = \"y\"), check(\"n > 0\", name = \"q\"))] b { id -> Integer, n -> Integer } }" =>
        "table! { #[alembic(index(n, name = \"y\"), check(\"n > 0\", name = \"q\"))] a { id -> Integer, n -> Integer } } table! { #[alembic(index(n, name = \"x\"), check(\"n > 0\", name = \"p\"))] b { id -> Integer, n -> Integer } }";
    "foreign key that moves to another table", "order by hand", ALL:
        "table! { a { id -> Integer, p -> Nullable<Integer> } } table! { b { id -> Integer, #[alembic(references(c(id), name = \"fk\"))] p -> Nullable<Integer> } } table! { c { id -> Integer } }" =>
        "table! { a { id -> Integer, #[alembic(references(c(id), name = \"fk\"))] p -> Nullable<Integer> } } table! { b { id -> Integer, p -> Nullable<Integer> } } table! { c { id -> Integer } }";
    "column added", "yes", ALL:
        "table! { a { id -> Integer } }" => "table! { a { id -> Integer, n -> Nullable<Integer> } }";
    "column added, NOT NULL with default", "yes", ALL:
        "table! { a { id -> Integer } }" => "table! { a { id -> Integer, #[alembic(default = \"7\")] n -> Integer } }";
    "column removed", "yes", ALL:
        "table! { a { id -> Integer, n -> Nullable<Integer> } }" => "table! { a { id -> Integer } }";
    "column renamed (`renamed_from`, or asked)", "no: drop and add", ALL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { a { id -> Integer, #[alembic(renamed_from = \"n\")] m -> Integer } }";
    "type", "yes", ALL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { a { id -> Integer, n -> Text } }";
    "length", "yes", SERVERS:
        "table! { a { id -> Integer, #[max_length = 10] n -> Varchar } }" => "table! { a { id -> Integer, #[max_length = 20] n -> Varchar } }";
    "precision and scale", "yes", ALL:
        "table! { a { id -> Integer, #[alembic(type = \"numeric(10,2)\")] n -> Numeric } }" => "table! { a { id -> Integer, #[alembic(type = \"numeric(12,4)\")] n -> Numeric } }";
    "array or not", "yes", POSTGRES:
        "table! { a { id -> Integer, n -> Nullable<Integer> } }" => "table! { a { id -> Integer, #[alembic(type = \"bigint[]\")] m -> Nullable<Array<Nullable<BigInt>>> } }";
    "unsigned or not", "yes", MYSQL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { a { id -> Integer, n -> Unsigned<Integer> } }";
    "nullability", "yes", ALL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { a { id -> Integer, n -> Nullable<Integer> } }";
    "default added", "only if asked", ALL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { a { id -> Integer, #[alembic(default = \"1\")] n -> Integer } }";
    "default changed", "only if asked", ALL:
        "table! { a { id -> Integer, #[alembic(default = \"1\")] n -> Integer } }" => "table! { a { id -> Integer, #[alembic(default = \"(1 + 1)\")] n -> Integer } }";
    "default removed", "only if asked", ALL:
        "table! { a { id -> Integer, #[alembic(default = \"1\")] n -> Integer } }" => "table! { a { id -> Integer, n -> Integer } }";
    "`ON UPDATE` of a column", "no", MYSQL:
        "table! { a { id -> Integer, n -> Datetime } }" => "table! { a { id -> Integer, #[alembic(on_update = \"current_timestamp(6)\")] n -> Datetime } }";
    "identity, AUTO_INCREMENT", "PostgreSQL: attributes", SERVERS:
        "table! { a { id -> Integer } }" => "table! { a { #[alembic(identity)] id -> Integer } }";
    "serial to identity", "no", POSTGRES:
        "table! { a { #[alembic(serial)] id -> Integer } }" => "table! { a { #[alembic(identity(always))] id -> Integer } }";
    "computed column changed", "no: a warning", ALL:
        "table! { a { id -> Integer, n -> Integer, #[alembic(generated = \"n * 2\")] m -> Nullable<Integer> } }" => "table! { a { id -> Integer, n -> Integer, #[alembic(generated = \"n * 3\")] m -> Nullable<Integer> } }";
    "computed column changed, with what hangs on it", "no: a warning", ALL:
        "table! { a { id -> Integer, n -> Integer, #[alembic(generated = \"n * 2\", unique, index(name = \"ix\"), check = \"m < 900\", comment = \"twice\")] m -> Nullable<Integer> } }" =>
        "table! { a { id -> Integer, n -> Integer, #[alembic(generated = \"n * 3\", unique, index(name = \"ix\"), check = \"m < 900\", comment = \"twice\")] m -> Nullable<Integer> } }";
    "type of a column that another is computed from", "no", SERVERS:
        "table! { a { id -> Integer, n -> Integer, #[alembic(generated = \"n * 2\", index)] m -> Nullable<Integer> } }" =>
        "table! { a { id -> Integer, n -> BigInt, #[alembic(generated = \"n * 2\", index)] m -> Nullable<BigInt> } }";
    "name of an index, of a unique constraint", "yes", ALL:
        "table! { #[alembic(index(n, name = \"ix\"), unique(n, m, name = \"uq\"))] a { id -> Integer, n -> Integer, m -> Integer } }" =>
        "table! { #[alembic(index(n, name = \"ix2\"), unique(n, m, name = \"uq2\"))] a { id -> Integer, n -> Integer, m -> Integer } }";
    "collation", "no", ALL:
        "table! { a { id -> Integer, n -> Text } }" => "table! { a { id -> Integer, #[alembic(collation = \"COLLATION\")] n -> Text } }";
    "comment of a column", "yes", SERVERS:
        "table! { a { id -> Integer } }" => "table! { a { #[alembic(comment = \"it's\")] id -> Integer } }";
    "comment of a table", "yes", SERVERS:
        "table! { a { id -> Integer } }" => "table! { #[alembic(comment = \"it's\")] a { id -> Integer } }";
    "primary key", "no", ALL:
        "table! { a (id) { id -> Integer, n -> Integer } }" => "table! { a (id, n) { id -> Integer, n -> Integer } }";
    "unique constraint added", "yes", ALL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { a { id -> Integer, #[alembic(unique)] n -> Integer } }";
    "unique constraint removed", "yes", ALL:
        "table! { #[alembic(unique(n, m))] a { id -> Integer, n -> Integer, m -> Integer } }" => "table! { a { id -> Integer, n -> Integer, m -> Integer } }";
    "unique constraint deferrable", "no", POSTGRES:
        "table! { a { id -> Integer, #[alembic(unique)] n -> Integer } }" => "table! { a { id -> Integer, #[alembic(unique(deferrable))] n -> Integer } }";
    "index added", "yes", ALL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { #[alembic(index(n, id))] a { id -> Integer, n -> Integer } }";
    "index removed", "yes", ALL:
        "table! { a { id -> Integer, #[alembic(index)] n -> Integer } }" => "table! { a { id -> Integer, n -> Integer } }";
    "index unique or not", "yes", ALL:
        "table! { #[alembic(index(n, name = \"ix\"))] a { id -> Integer, n -> Integer } }" => "table! { #[alembic(index(n, unique, name = \"ix\"))] a { id -> Integer, n -> Integer } }";
    "order of an index", "PostgreSQL", PARTIAL:
        "table! { #[alembic(index(n))] a { id -> Integer, n -> Integer } }" => "table! { #[alembic(index(n desc))] a { id -> Integer, n -> Integer } }";
    "condition of a partial index", "no", PARTIAL:
        "table! { #[alembic(index(n, where = \"n > 1\"))] a { id -> Integer, n -> Integer } }" => "table! { #[alembic(index(n, where = \"n > 2\"))] a { id -> Integer, n -> Integer } }";
    "index over an expression", "PostgreSQL", PARTIAL:
        "table! { #[alembic(index(\"lower(n)\", name = \"ix\"))] a { id -> Integer, n -> Text } }" => "table! { #[alembic(index(\"upper(n)\", name = \"ix\"))] a { id -> Integer, n -> Text } }";
    "columns that an index includes", "yes", POSTGRES:
        "table! { #[alembic(index(n))] a { id -> Integer, n -> Integer } }" => "table! { #[alembic(index(n, include(id)))] a { id -> Integer, n -> Integer } }";
    "method of an index", "no", POSTGRES:
        "table! { #[alembic(index(n))] a { id -> Integer, n -> Integer } }" => "table! { #[alembic(index(n, method = \"hash\"))] a { id -> Integer, n -> Integer } }";
    "foreign key added", "yes", ALL:
        "table! { a { id -> Integer } } table! { b { id -> Integer, a_id -> Integer } }" => "table! { a { id -> Integer } } table! { b { id -> Integer, #[alembic(references(a(id)))] a_id -> Integer } }";
    "foreign key removed", "yes", ALL:
        "table! { a { id -> Integer } } table! { b { id -> Integer, #[alembic(references(a(id)))] a_id -> Integer } }" => "table! { a { id -> Integer } } table! { b { id -> Integer, a_id -> Integer } }";
    "actions of a foreign key", "yes", ALL:
        "table! { a { id -> Integer } } table! { b { id -> Integer, #[alembic(references(a(id)))] a_id -> Integer } }" => "table! { a { id -> Integer } } table! { b { id -> Integer, #[alembic(references(a(id), on_delete = \"cascade\"))] a_id -> Integer } }";
    "composite foreign key", "yes", ALL:
        "table! { a (x, y) { x -> Integer, y -> Integer } } table! { b { id -> Integer, x -> Integer, y -> Integer } }" => "table! { a (x, y) { x -> Integer, y -> Integer } } table! { #[alembic(foreign_key(x, y, references(a(x, y))))] b { id -> Integer, x -> Integer, y -> Integer } }";
    "check added", "by name", ALL:
        "table! { a { id -> Integer, n -> Integer } }" => "table! { a { id -> Integer, #[alembic(check = \"n > 0\")] n -> Integer } }";
    "condition of a check", "no", ALL:
        "table! { #[alembic(check(\"n > 0\", name = \"ck\"))] a { id -> Integer, n -> Integer } }" => "table! { #[alembic(check(\"n > 1\", name = \"ck\"))] a { id -> Integer, n -> Integer } }";
    "check removed", "by name", ALL:
        "table! { a { id -> Integer, #[alembic(check = \"n > 0\")] n -> Integer } }" => "table! { a { id -> Integer, n -> Integer } }";
    "enum: value added", "MySQL only", ALL:
        "MOOD table! { a { id -> Integer, #[alembic(values(\"sad\", \"glad\"))] mood -> Mood } }" => "MOOD table! { a { id -> Integer, #[alembic(values(\"sad\", \"ok\", \"glad\"))] mood -> Mood } }";
    "enum: value removed", "MySQL only", ALL:
        "MOOD table! { a { id -> Integer, #[alembic(values(\"sad\", \"ok\"))] mood -> Mood } }" => "MOOD table! { a { id -> Integer, #[alembic(values(\"sad\"))] mood -> Mood } }";
    "enum in a new schema", "no", POSTGRES:
        "table! { a { id -> Integer } }" => "#[derive(SqlType)] #[diesel(postgres_type(name = \"mood\", schema = \"fresh\"))] struct Mood; \
            table! { a { id -> Integer, #[alembic(values(\"sad\"), default = \"'sad'\")] mood -> Nullable<Mood> } }";
    "enum: type added and removed", "no", POSTGRES:
        "MOOD table! { a { id -> Integer } }" => "MOOD table! { a { id -> Integer, #[alembic(values(\"sad\"), default = \"'sad'\")] mood -> Mood } }";
    "`STRICT`, `WITHOUT ROWID` of an existing table", "no", SQLITE:
        "table! { a { id -> Integer } }" => "table! { #[alembic(options = \"STRICT\")] a { id -> Integer } }";
    "numbering of an existing table (AUTOINCREMENT)", "no", SQLITE:
        "table! { a { id -> Integer } }" => "table! { a { #[alembic(identity)] id -> Integer } }";
};
