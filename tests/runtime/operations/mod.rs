//! Every operation on every database: what `docs/operations.md` shows is what the servers run.

mod cases;

use std::fmt::Write;

use alembic_runtime::{MigrationResult, Op, prelude::Dialect, testing::sql_of};
use alembic_sql::requires_autocommit;
use diesel::{SqliteConnection, connection::SimpleConnection};
use harness::{Database, Kind, on_every_database, workspace};

use crate::{migrations, scripts::a_script_does_the_same};

type Done = MigrationResult;
type Function = fn(&mut Op<'_, SqliteConnection>) -> Done;

/// An operation, and what has to be there before.
struct Case {
    name: &'static str,
    function: Function,
    before: Function,
}

macro_rules! cases {
    ($($before:ident: $($name:ident)+;)+) => {
        &[$($(Case { name: stringify!($name), function: cases::$name, before: cases::$before },)+)+]
    };
}

const CASES: &[Case] = cases! {
    nothing: create_table;
    users: create_table_with_foreign_key;
    a_schema: create_table_in_a_schema;
    nothing: create_table_with_comments;
    an_enum: create_table_with_enum;
    users: drop_table drop_table_if_exists rename_table create_table_comment add_column;
    users_and_posts: add_column_with_reference;
    bare: add_column_identity alter_column_default_now;
    users: add_column_if_not_exists add_column_with_expression add_column_with_expression_in_batch
        alter_column_type alter_column_type_in_batch alter_column_nullability alter_column_nullability_in_batch
        alter_column_default alter_column_default_in_batch alter_column_name alter_column_comment
        alter_column_identity drop_column drop_column_in_batch create_index create_index_unique
        create_index_partial create_index_over_expression create_index_concurrently create_index_that_includes
        create_index_of_a_kind;
    an_index: drop_index rename_index;
    users_and_posts: create_primary_key;
    users: create_unique_constraint create_unique_constraint_in_batch create_unique_constraint_using_index;
    users_and_posts: create_foreign_key create_foreign_key_deferrable;
    users: create_check_constraint create_check_constraint_not_valid;
    constraints: drop_constraint rename_constraint;
    nothing: create_schema create_enum;
    users: bulk_insert insert_or_ignore upsert execute;
};

/// Returns the body of a case as it stands in its file.
fn source(name: &str) -> String {
    let text = include_str!("cases.rs");
    let start = text.find(&format!("fn {name}(")).expect("a case");
    let body = text[start..].split_once("{\n").expect("a body").1;
    let body = body.split_once("\n}\n").expect("an end").0;
    let lines = body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).filter(|line| *line != "Ok(())");
    lines.collect::<Vec<_>>().join("\n")
}

/// The document, as this version renders it.
fn document() -> String {
    let mut text = String::from(
        "# The operations\n\nWhat a revision in Rust says, and what each database is told. A test writes this document; others \
         run\nit on SQLite, PostgreSQL, MySQL and MariaDB. What a database has no way for is an error, with what to use instead.\n",
    );
    for case in CASES {
        let title = case.name.replace('_', " ");
        let _infallible =
            write!(text, "\n## {title}\n\n```rust\n{}\n```\n\n| database | SQL |\n|---|---|\n", source(case.name));
        let mut rows: Vec<(String, String)> = Vec::new();
        for dialect in Dialect::ALL {
            let sql = match sql_of(dialect, case.function) {
                Ok(statements) => {
                    let line = |sql: &String| sql.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
                    let mark =
                        |sql: String| if sql.contains('`') { format!("`` {sql} ``") } else { format!("`{sql}`") };
                    statements.iter().map(|sql| mark(line(sql))).collect::<Vec<_>>().join("<br>")
                }
                Err(error) => format!("*{error}*").replace('|', "\\|"),
            };
            match rows.iter_mut().find(|(_, known)| *known == sql) {
                Some((databases, _)) => *databases = format!("{databases}, {dialect}"),
                None => rows.push((dialect.to_string(), sql)),
            }
        }
        for (databases, sql) in rows {
            let _infallible = writeln!(text, "| {databases} | {sql} |");
        }
    }
    text
}

#[test]
fn the_document_is_what_is_rendered() {
    let path = workspace().join("docs/operations.md");
    let rendered = document();
    #[expect(clippy::disallowed_methods, reason = "how a snapshot is accepted, as with the others")]
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &rendered).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == rendered, "docs/operations.md is not up to date: run this test with INSTA_UPDATE=always");
}

/// Runs what is rendered for a database, after what it needs.
fn run(kind: Kind, dialect: Dialect, expected: usize) {
    let mut run = 0;
    for case in CASES {
        let before = sql_of(dialect, case.before);
        // What a database has no way for, the document says.
        let Ok(statements) = sql_of(dialect, case.function) else { continue };
        let before = before.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        run += 1;
        let Some(db) = Database::new(kind) else { return };
        if kind.is_mysql_family() && before.iter().any(|sql| sql.contains("DATABASE")) {
            // What an earlier run of the tests left there.
            db.run("DROP DATABASE IF EXISTS shop");
        }
        let all = before.iter().chain(&statements);
        if kind == Kind::Sqlite {
            // What is attached stays with its connection.
            let mut conn = db.connect::<SqliteConnection>();
            all.for_each(|sql| conn.batch_execute(sql).unwrap_or_else(|error| panic!("{}: {sql}: {error}", case.name)));
        } else {
            all.for_each(|sql| db.run(sql));
        }
    }
    assert_eq!(run, expected, "of {} operations", CASES.len());
}

on_every_database! {
    /// What `CREATE DATABASE` makes is not of a test's database.
    fn a_script_of_every_operation_does_what_a_run_does(db) {
        let dialect = KIND.dialect();
        for case in CASES.iter().filter(|case| KIND == Kind::Postgres || case.name != "create_table_in_a_schema") {
            let (Ok(before), Ok(statements)) = (sql_of(dialect, case.before), sql_of(dialect, case.function)) else {
                continue;
            };
            let sql = |statements: &[String]| -> &'static str { format!("{};", statements.join(";\n")).leak() };
            let alone = statements.iter().any(|sql| requires_autocommit(sql, dialect));
            let m = migrations::<Conn>(&[
                ("a", "", if before.is_empty() { "" } else { sql(&before) }, ""),
                ("b", if alone { "a\n-- Transaction: none" } else { "a" }, sql(&statements), ""),
            ]);
            let db = Database::new(db.kind()).unwrap();
            m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_or_else(|error| panic!("{}: {error}", case.name));
            a_script_does_the_same(&m, &db);
        }
    }
}

#[test]
fn sqlite_runs_every_operation() {
    run(Kind::Sqlite, Dialect::Sqlite, 26);
}

#[test]
fn postgres_runs_every_operation() {
    run(Kind::Postgres, Dialect::Postgres, 52);
}

#[test]
fn mysql_runs_every_operation() {
    run(Kind::Mysql, Dialect::Mysql, 42);
}

#[test]
fn mariadb_runs_every_operation() {
    run(Kind::Mariadb, Dialect::Mariadb, 43);
}
