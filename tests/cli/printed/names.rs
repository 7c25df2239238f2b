//! Names that are no names in Rust: what is printed compiles, and autogenerate finds it equal.

use harness::{Database, Kind, Project, workspace};

use crate::PROGRAM;

/// What `print-schema --complete` printed, which is compiled here.
#[expect(unreachable_pub, non_snake_case, reason = "as it was printed")]
mod compiled {
    mod sqlite {
        include!("names_sqlite.rs.txt");
    }
    mod postgres {
        include!("names_postgres.rs.txt");
    }
    mod mysql {
        include!("names_mysql.rs.txt");
    }
    mod mariadb {
        include!("names_mariadb.rs.txt");
    }
}

/// Each is the name of a table, a column, an index, on PostgreSQL of a type, and the text of a default, a check, a comment
/// and a value of an enumeration.
const NAMES: &[&str] = &[
    "nopk\ncompile_error!(\"INJECTED\");\n//",
    "a\"b",
    "a`b",
    "a'b",
    "a\\b",
    "*/ compile_error!() /*",
    "// x",
    "{",
    "}",
    "{}",
    "#[cfg(x)]",
    "\"#",
    "r#\"x\"#",
    "a\u{202e}b",
    "a\u{2066}b",
    "tab\tname",
    "esc\u{1b}[2J",
    "del\u{7f}",
    "nel\u{85}x",
    "x\u{2028}y",
    "x\u{200b}y",
    "x\u{feff}y",
    "é",
    "e\u{301}",
    "日本",
    " leading",
    "a.b",
    "a b",
    "a-b",
    "a_b",
    "1st",
    "_",
    "__",
    "self",
    "crate",
    "super",
    "fn",
    "type",
    "r#type",
    "true",
    "columns",
    "table",
    "star",
    "dsl",
    "all_columns",
    "SqlType",
    "Text",
    "diesel",
    "interval_kind",
    "$x",
    "$crate",
    "a;b",
    "a--b",
    "a(b",
    "a[]",
    "%s",
    "{0}",
    "null",
    "select",
    "default",
    "rowid",
    "sql_types",
    "alembic_runtime",
    "\\u{41}",
    "\u{1F600}",
];

fn quoted(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Mysql | Kind::Mariadb => format!("`{}`", name.replace('`', "``")),
        Kind::Sqlite | Kind::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn literal(kind: Kind, text: &str) -> String {
    let text = text.replace('\'', "''");
    let backslashes = matches!(kind, Kind::Mysql | Kind::Mariadb);
    format!("'{}'", if backslashes { text.replace('\\', "\\\\") } else { text })
}

fn tables(kind: Kind) -> String {
    // A table is a type of its name, so types have a schema of their own.
    let mut sql = if kind == Kind::Postgres { "CREATE SCHEMA kinds;\n".to_owned() } else { String::new() };
    for (at, name) in NAMES.iter().enumerate() {
        // Identifiers of MySQL are of three bytes a character.
        if kind.is_mysql_family() && name.contains('\u{1F600}') {
            continue;
        }
        let (quoted, text, index) = (quoted(kind, name), literal(kind, name), quoted(kind, &format!("ix {name}")));
        let (mut kinds, mut after) = (String::new(), String::new());
        match kind {
            Kind::Postgres => {
                kinds = format!(", e kinds.{quoted}");
                sql.extend([format!("CREATE TYPE kinds.{quoted} AS ENUM ({text}, 'x');\n")]);
                after =
                    format!("COMMENT ON TABLE {quoted} IS {text}; COMMENT ON COLUMN {quoted}.{quoted} IS {text};\n");
            }
            Kind::Mysql | Kind::Mariadb => kinds = format!(", e ENUM ({text}, 'x') COMMENT {text}"),
            Kind::Sqlite => {}
        }
        // MariaDB writes a tab in a check as it is, or as `\t` since 11.
        let (check, constant) =
            if kind.is_mysql_family() && name.contains('\t') { ("n", "0") } else { (&*quoted, &*text) };
        sql.extend([format!(
            "CREATE TABLE {quoted} (n INTEGER PRIMARY KEY, {quoted} VARCHAR(90) DEFAULT {text}{kinds}, \
             CHECK ({check} <> {constant}));\nCREATE INDEX {index} ON {quoted} ({quoted});\n{after}"
        )]);
        if at % 9 == 0 {
            let keyless = self::quoted(kind, &format!("no key {name}"));
            sql.extend([format!("CREATE TABLE {keyless} ({quoted} INTEGER);\n")]);
        }
    }
    sql
}

fn compiles(kind: Kind) {
    let Some(db) = Database::new(kind) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", &tables(kind), "SELECT 1;");
    project.ok("upgrade head");
    let mut complete = String::new();
    for line in ["print-schema", "print-schema --complete"] {
        complete = project.ok(line);
        project.write("src/schema.rs", &complete);
        let output = project.try_line("revision --autogenerate -m nothing");
        assert!(output.stdout.contains("No changes detected"), "{} {line}: {output}\n{complete}", kind.name());
    }
    // Telling Diesel of every pair of tables takes rustc minutes.
    let pairs = complete.find("diesel::allow_tables_to_appear_in_same_query!").unwrap();
    let end = complete[pairs..].find(");\n").unwrap();
    complete.replace_range(pairs..pairs + end + 3, "");
    let path = workspace().join(format!("tests/cli/printed/names_{}.rs.txt", kind.name()));
    #[expect(clippy::disallowed_methods, reason = "how a snapshot is accepted, as with the others")]
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &complete).unwrap();
    }
    let compiled = std::fs::read_to_string(&path).unwrap();
    assert!(compiled == complete, "run this test with INSTA_UPDATE=always, and then again: {complete}");
}

#[test]
fn names_of_sqlite_compile() {
    compiles(Kind::Sqlite);
}

#[test]
fn names_of_postgres_compile() {
    compiles(Kind::Postgres);
}

#[test]
fn names_of_mysql_compile() {
    compiles(Kind::Mysql);
}

#[test]
fn names_of_mariadb_compile() {
    compiles(Kind::Mariadb);
}
