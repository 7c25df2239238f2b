//! SQLite's tables are rebuilt, and nothing is lost.

use alembic_runtime::{__private::Code, Error, Migrations, prelude::*};
use harness::{Database, Kind, SqliteConn};

const BEFORE: &str = "\
    CREATE TABLE users (id INTEGER PRIMARY KEY);
    INSERT INTO users VALUES (1), (2);
    CREATE TABLE posts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT COLLATE NOCASE DEFAULT 'none',  -- kept
        score TEXT NOT NULL,
        user_id INTEGER,
        old TEXT,
        CHECK (length(title) < 100)
    ) STRICT;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        INSERT INTO posts (id, title, score, user_id, old) SELECT i, 'post ' || i, i % 7, 1 + i % 2, 'x' FROM n;
    INSERT INTO posts (id, title, score) VALUES (20000, 'last', 0);
    DELETE FROM posts WHERE id = 20000;
    CREATE TABLE comments (id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE);
    INSERT INTO comments SELECT id, id FROM posts;
    CREATE INDEX by_title ON posts (title);
    CREATE INDEX good ON posts (score) WHERE score > 5;
    CREATE TABLE changes (post_id INTEGER);
    CREATE TRIGGER noted AFTER UPDATE ON posts BEGIN INSERT INTO changes VALUES (new.id); END;
    CREATE VIEW best AS SELECT title FROM posts WHERE score > 5;";

/// Type, NOT NULL, a foreign key, a dropped column, all at once.
fn alter(op: &mut Op<'_, SqliteConn>) -> MigrationResult {
    op.batch_alter_table("posts", |table| {
        table
            .alter_column("score", |score| score.column_type(Type::Integer).sqlite_using("CAST(score AS INTEGER)"))
            .alter_column("title", AlterColumn::not_null)
            .create_foreign_key(ForeignKey::new(["user_id"], "users", ["id"]).on_delete(Action::Restrict))
            .drop_column("old")
    })?;
    Ok(())
}

fn migrations(header: &str) -> Migrations<SqliteConn> {
    let text = format!("//! a\n//! Revision ID: a\n//! Revises: <base>\n{header}\npub fn upgrade() {{}}\n");
    let code = |_: &str| Some(Code { upgrade: alter as _, downgrade: None });
    Migrations::from_files([("a.rs".to_owned(), text)]).unwrap().with_code(code)
}

fn filled() -> (Database, SqliteConn) {
    let db = Database::new(Kind::Sqlite).unwrap();
    db.run(BEFORE);
    let mut conn = db.connect::<SqliteConn>();
    conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    (db, conn)
}

#[test]
fn no_row_is_lost_and_everything_is_still_there() {
    let (db, mut conn) = filled();
    let count = |table: &str| db.ask(&format!("SELECT CAST(COUNT(*) AS TEXT) AS answer FROM {table}"));
    let sum = "SELECT CAST(SUM(id * score) AS TEXT) AS answer FROM posts";
    let before = db.ask(sum);
    migrations("//! Foreign Keys: off").upgrade(&mut conn, "head").unwrap();
    assert_eq!((count("posts"), count("comments"), db.ask(sum)), ("10000".into(), "10000".into(), before));
    assert_eq!(db.ask("SELECT typeof(score) AS answer FROM posts GROUP BY 1"), "integer");
    let objects =
        "SELECT name AS answer FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%' ORDER BY name";
    assert_eq!(db.ask(objects), "best,by_title,changes,comments,good,noted,posts,sqlite_sequence,users");
    assert_eq!(db.ask("SELECT \"table\" AS answer FROM pragma_foreign_key_check"), "");
    assert_eq!(db.ask("SELECT name AS answer FROM pragma_table_info('posts')"), "id,title,score,user_id");
    // All of it works, too.
    conn.batch_execute("UPDATE posts SET score = 6 WHERE id = 3").unwrap();
    assert_eq!(count("changes"), "1");
    conn.batch_execute("INSERT INTO posts (score, user_id) VALUES (1, 2)").unwrap();
    assert_eq!(db.ask("SELECT CAST(MAX(id) AS TEXT) AS answer FROM posts"), "20001", "a number is never used again");
    conn.batch_execute("INSERT INTO posts (title, score) VALUES (NULL, 1)").unwrap_err();
    conn.batch_execute("INSERT INTO posts (score) VALUES ('x')").unwrap_err();
    conn.batch_execute("INSERT INTO posts (score, user_id) VALUES (1, 7)").unwrap_err();
    conn.batch_execute("DELETE FROM posts WHERE id = 5").unwrap();
    assert_eq!(count("comments"), "9999", "the reference to the rebuilt table cascades");
    assert!(db.ask("SELECT sql AS answer FROM sqlite_master WHERE name = 'posts'").ends_with("STRICT"));
}

#[test]
fn with_foreign_keys_on_the_children_would_go() {
    let (db, mut conn) = filled();
    let error = migrations("").upgrade(&mut conn, "head").unwrap_err();
    assert!(matches!(&error, Error::Cascade { endangered, .. } if endangered[..] == ["comments"]), "{error}");
    assert!(error.hint().unwrap().to_string().contains("Foreign Keys: off"));
    assert_eq!(db.ask("SELECT name AS answer FROM sqlite_master WHERE name LIKE '%tmp%'"), "");
    assert_eq!(db.ask("SELECT CAST(COUNT(*) AS TEXT) AS answer FROM comments"), "10000");
}

#[test]
fn a_view_that_would_break_is_in_the_way() {
    let (db, mut conn) = filled();
    db.run("CREATE VIEW olds AS SELECT \"old\" FROM posts");
    let error = migrations("//! Foreign Keys: off").upgrade(&mut conn, "head").unwrap_err().to_string();
    assert!(error.contains("`CREATE VIEW olds AS SELECT \"old\" FROM posts` names the column `old`"), "{error}");
    assert_eq!(db.ask("SELECT CAST(COUNT(old) AS TEXT) AS answer FROM olds"), "10000", "nothing was changed");
}

#[test]
fn outside_a_transaction_a_rebuild_is_one_operation() {
    fn then_fails(op: &mut Op<'_, SqliteConn>) -> MigrationResult {
        op.execute("PRAGMA foreign_keys = OFF")?;
        alter(op)?;
        if op.argument("fail").is_some() { Err("no".into()) } else { Ok(()) }
    }
    let (db, mut conn) = filled();
    let text = "//! a\n//! Revision ID: a\n//! Revises: <base>\n//! Transaction: none\npub fn upgrade() {}\n";
    let files = [("a.rs".to_owned(), text.to_owned())];
    let m =
        Migrations::from_files(files).unwrap().with_code(|_| Some(Code { upgrade: then_fails as _, downgrade: None }));
    m.migrator().argument("fail", "").upgrade(&mut conn, "head").unwrap_err();
    m.upgrade(&mut conn, "head").unwrap();
    assert_eq!(db.ask("SELECT CAST(COUNT(*) AS TEXT) AS answer FROM comments"), "10000");
    assert_eq!(db.ask("SELECT name AS answer FROM pragma_table_info('posts')"), "id,title,score,user_id");
}

#[test]
fn a_trigger_that_names_a_dropped_column_is_in_the_way() {
    let (db, mut conn) = filled();
    db.run("CREATE TRIGGER olds AFTER INSERT ON posts BEGIN SELECT new.old; END");
    let error = migrations("//! Foreign Keys: off").upgrade(&mut conn, "head").unwrap_err().to_string();
    assert!(error.contains("names the column `old`; drop it before, and create it again after"), "{error}");
}
