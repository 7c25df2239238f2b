//! Rows that policies hide: from our own tables, and from revisions.

use alembic_graph::Hint;
use alembic_runtime::{__private::Code, Error, MigrationResult, Migrations, Op};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, PostgresConn};

use crate::{migrations, scripts::script};

/// A role without special rights, in a database of its own; dropped with this value.
struct Role {
    db: Database,
    name: String,
}

impl Role {
    fn new() -> Option<Self> {
        let db = Database::new(Kind::Postgres)?;
        let name = format!("{}_app", db.name());
        db.run(&format!("CREATE ROLE {name}; GRANT ALL ON SCHEMA public TO {name}"));
        Some(Self { db, name })
    }

    fn connect(&self) -> PostgresConn {
        let mut conn = self.db.connect::<PostgresConn>();
        conn.batch_execute(&format!("SET ROLE {}", self.name)).unwrap();
        conn
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.db.run(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}

const TABLES: [&str; 3] = ["alembic_version", "alembic_version_log", "alembic_lock"];

#[test]
fn a_hidden_record_is_not_an_empty_one() {
    for header in ["", "\n-- Transaction: none"] {
        for hidden in [&TABLES[..], &TABLES[..1], &TABLES[1..2]] {
            let Some(role) = Role::new() else { return };
            let first = ("aa11", header, "INSERT INTO data VALUES (1)", "");
            let both = || migrations(&[first, ("bb22", "aa11", "INSERT INTO data VALUES (2)", "")]);
            role.db.run(&format!("CREATE TABLE data (x INTEGER); GRANT ALL ON data TO {}", role.name));
            migrations(&[first]).upgrade(&mut role.db.connect::<PostgresConn>(), "head").unwrap();
            role.db.run(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}", role.name));
            hidden.iter().for_each(|table| role.db.run(&format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")));
            let mut conn = role.connect();
            // A program that has all rights, and is not the owner.
            let said = |error: Error| {
                assert!(error.to_string().contains("row-level security"), "{error}");
                assert_eq!(error.hint(), Some(Hint::RecordHidden));
            };
            said(migrations(&[first]).upgrade(&mut conn, "head").unwrap_err());
            said(both().upgrade(&mut conn, "head").unwrap_err());
            said(both().status(&mut conn).unwrap_err());
            said(both().standing(&mut conn).unwrap_err());
            if hidden.contains(&"alembic_version") {
                said(both().current(&mut conn).unwrap_err());
            } else {
                said(both().log(&mut conn, 1).unwrap_err());
            }
            assert_eq!(role.db.ask("SELECT x::text AS answer FROM data"), "1");
            // The application that lent the connection keeps its own setting.
            conn.batch_execute("DO $$ BEGIN ASSERT current_setting('row_security') = 'on'; END $$").unwrap();
        }
    }
}

const OWNED: &str = "CREATE TABLE notes (x INTEGER, seen BOOLEAN);\nINSERT INTO notes VALUES (1, false), (2, false);\n\
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;\nALTER TABLE notes FORCE ROW LEVEL SECURITY;\n\
    CREATE POLICY one ON notes USING (x = 1);";
const BACKFILL: &str = "UPDATE notes SET seen = true;";

#[test]
fn a_backfill_of_hidden_rows_is_refused() {
    for header in ["", "\n-- Transaction: none"] {
        let Some(role) = Role::new() else { return };
        let spec = |switch: &str| {
            let header = format!("aa11{header}{switch}");
            let backfill = ["bb22", header.as_str(), BACKFILL].map(str::to_owned);
            migrations::<PostgresConn>(&[("aa11", "", OWNED, ""), (&backfill[0], &backfill[1], &backfill[2], "")])
        };
        let mut conn = role.connect();
        let error = spec("").upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().contains("row-level security"), "{error}");
        assert_eq!(error.hint(), Some(Hint::RowsHidden));
        let on = spec("\n-- Row Security: on");
        on.upgrade(&mut conn, "head").unwrap();
        assert_eq!(role.db.ask("SELECT x || ' ' || seen AS answer FROM notes ORDER BY x"), "1 true,2 false");
    }
}

fn backfills(op: &mut Op<'_, PostgresConn>) -> MigrationResult {
    op.execute(BACKFILL)?;
    Ok(())
}

#[test]
fn a_backfill_in_rust_is_refused_too() {
    for header in ["", "//! Transaction: none\n"] {
        let Some(role) = Role::new() else { return };
        let m = |switch: &str| {
            let backfill =
                format!("//! bb22\n//! Revision ID: bb22\n//! Revises: aa11\n{header}{switch}pub fn upgrade() {{}}\n");
            let table = format!(
                "-- aa11\n-- Revision ID: aa11\n-- Revises: <base>\n\n-- alembic:upgrade\n{OWNED}\n-- alembic:downgrade\n"
            );
            let files = [("aa11.sql".to_owned(), table), ("bb22.rs".to_owned(), backfill)];
            Migrations::from_files(files)
                .unwrap()
                .with_code(|_| Some(Code { upgrade: backfills as _, downgrade: None }))
        };
        let mut conn = role.connect();
        let error = m("").upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().contains("row-level security"), "{error}");
        m("//! Row Security: on\n").upgrade(&mut conn, "head").unwrap();
        assert_eq!(role.db.ask("SELECT x || ' ' || seen AS answer FROM notes ORDER BY x"), "1 true,2 false");
    }
}

#[test]
fn the_next_revision_sees_every_row_again() {
    let Some(role) = Role::new() else { return };
    let m = migrations::<PostgresConn>(&[
        ("aa11", "", OWNED, ""),
        ("bb22", "aa11\n-- Row Security: on", BACKFILL, ""),
        ("cc33", "bb22", BACKFILL, ""),
    ]);
    let error = m.migrator().upgrade(&mut role.connect(), "head").unwrap_err();
    assert!(error.to_string().contains("revision `cc33` failed"), "{error}");
}

#[test]
fn a_script_hides_no_rows_unless_a_revision_lets_it() {
    const LETS: &str = "SET row_security = on; UPDATE notes SET seen = true;";
    let run = |spec: &[(&str, &str, &str, &str)]| {
        let role = Role::new()?;
        let text = script(&migrations::<PostgresConn>(spec), "upgrade head", &role.db);
        let said = role.db.run_script(&format!("SET ROLE {};\n{text}", role.name));
        let seen = "SELECT x || ' ' || seen AS answer FROM notes ORDER BY x";
        Some(said.map(|()| role.db.ask(seen)))
    };
    let table = ("aa11", "", OWNED, "");
    let Some(refused) = run(&[table, ("bb22", "aa11", BACKFILL, "")]) else { return };
    assert!(refused.unwrap_err().contains("row-level security"));
    for let_by in [("bb22", "aa11", LETS, ""), ("bb22", "aa11\n-- Row Security: on", BACKFILL, "")] {
        assert_eq!(run(&[table, let_by]).unwrap().unwrap(), "1 true,2 false");
        // The next one sees every row again.
        let refused = run(&[table, let_by, ("cc33", "bb22", BACKFILL, "")]).unwrap();
        assert!(refused.unwrap_err().contains("row-level security"));
    }
}

#[test]
fn a_seed_of_hidden_rows_is_refused() {
    let Some(role) = Role::new() else { return };
    let mut conn = role.connect();
    let m = migrations::<PostgresConn>(&[("aa11", "", OWNED, "")]);
    m.upgrade(&mut conn, "head").unwrap();
    let m = m.with_seeds(vec![("all.sql".to_owned(), BACKFILL.to_owned())]);
    let error = m.seed(&mut conn, "development", None).unwrap_err().to_string();
    assert!(error.contains("row-level security"), "{error}");
}
