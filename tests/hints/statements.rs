//! What a revision says, and statements that fail.

use alembic_graph::Hint;
use harness::{Database, Kind, Project, SqliteConn};

use crate::{Followed, PROGRAM, Shown, follow, migrations, on_each, project, servers::Role};

/// Writes the first revision, with more lines in its header.
fn first(project: &Project, header: &str, up: &str) {
    let header = if header.is_empty() { String::new() } else { format!("\n-- {header}") };
    project.revision("a1", &format!("<base>{header}"), up, "");
}

const NONE: &str = "Transaction: none";
const TABLE: &str = "CREATE TABLE ta (x INTEGER);";

/// Runs a first revision that is refused, and the one that the hint makes of it.
fn refused(hint: Hint, (header, up): (&str, &str), says: &str, (right_header, right): (&str, &str)) -> Followed {
    let project = project();
    refused_in(&project, hint, (header, up), says, (right_header, right))
}

fn refused_in(project: &Project, hint: Hint, wrong: (&str, &str), says: &str, right: (&str, &str)) -> Followed {
    first(project, wrong.0, &format!("{TABLE}\n{}", wrong.1));
    let hint = Shown::by(&project.try_line("upgrade head"), hint);
    hint.says(says);
    first(project, right.0, &format!("{TABLE}\n{}", right.1));
    hint.leads_to(&project.try_line("upgrade head"))
}

/// A project on a PostgreSQL database that has an enum and a table of its values.
fn moods(db: &Database) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", "CREATE TYPE mood AS ENUM ('glad');\nCREATE TABLE people (m mood);", "");
    project
}

const PARENTS: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n\
    CREATE TABLE c (p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE);\n\
    INSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);";

/// Drops a table that others refer to, with foreign keys enforced; `header` and `before` are written as the hint says.
fn drop_parents(db: &Database, header: &str, before: &str) -> Result<(), alembic_runtime::Error> {
    use diesel::connection::SimpleConnection;

    let mut conn = db.connect::<SqliteConn>();
    conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    let up = format!("CREATE TABLE new (id INTEGER PRIMARY KEY);\n{before}DROP TABLE p;\nALTER TABLE new RENAME TO p;");
    let m = migrations(&[("a", "<base>", PARENTS), ("b", &format!("a\n-- {header}"), &up)]);
    m.upgrade(&mut conn, "head").map(drop)
}

fn batch_key(op: &mut alembic_runtime::Op<'_, SqliteConn>) -> alembic_runtime::MigrationResult {
    use alembic_runtime::prelude::ForeignKey;

    op.batch_alter_table("c", |c| c.create_foreign_key(ForeignKey::new(["p"], "p", ["id"])))?;
    Ok(())
}

/// Adds a foreign key to SQLite's table, as the hint says for Rust.
fn batch(conn: &mut SqliteConn, tables: &str) {
    use alembic_runtime::__private::Code;

    let files = [
        ("a.sql", format!("-- a\n-- Revision ID: a\n-- Revises: <base>\n\n-- alembic:upgrade\n{tables}\n")),
        ("b.rs", "//! b\n//! Revision ID: b\n//! Revises: a\npub fn upgrade() {}\n".to_owned()),
    ];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text));
    let migrations = alembic_runtime::Migrations::from_files(files)
        .unwrap()
        .with_code(|_| Some(Code { upgrade: batch_key, downgrade: None }));
    migrations.upgrade(conn, "head").unwrap();
}

/// MySQL and MariaDB know no owners: a right is granted.
fn not_allowed_on_mysql() {
    for db in [Kind::Mysql, Kind::Mariadb].into_iter().filter_map(Database::new) {
        let user = format!("u{}", &db.name()["alembic_test_".len()..]);
        db.run(&format!("CREATE USER {user} IDENTIFIED BY 'x'; GRANT ALL ON {}.* TO {user}", db.name()));
        db.run(&format!("REVOKE DROP ON {}.* FROM {user}; CREATE TABLE old (x INTEGER)", db.name()));
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", &db.url().replace("root@", &format!("{user}:x@")));
        first(&project, "", "DROP TABLE old;");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::NotAllowed);
        let grant = hint.says("GRANT <RIGHT> ON <OBJECT> TO <ROLE>").replace("<RIGHT>", "DROP");
        db.run(&grant.replace("<OBJECT>", &format!("{}.*", db.name())).replace("<ROLE>", &user));
        project.ok("upgrade head");
        db.run(&format!("DROP USER {user}"));
    }
}

follow! {
    fn irreversible() -> Followed {
        let project = project();
        project.write(
            "migrations/a1.sql",
            "-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade\nSELECT 1;\n-- alembic:irreversible: gone\n",
        );
        project.ok("upgrade head");
        let hint = Shown::by(&project.try_line("downgrade base"), Hint::Irreversible);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn no_section() -> Followed {
        let project = project();
        let text = "-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade postgres\nSELECT 1;\n";
        project.write("migrations/a1.sql", text);
        let hint = Hint::NoSection { direction: "upgrade", dialect: "sqlite" };
        let hint = Shown::by(&project.try_line("upgrade head"), hint);
        let section = hint.says("-- alembic:upgrade sqlite");
        project.write("migrations/a1.sql", format!("{text}{section}\n{TABLE}\n"));
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn ends_transaction() -> Followed {
        let _none = refused(Hint::EndsTransaction, ("", "COMMIT;"), "`Transaction: none`", (NONE, ""));
        refused(Hint::EndsTransaction, ("", "COMMIT;"), "delete it", ("", ""))
    }

    fn own_transaction() -> Followed {
        refused(Hint::OwnTransaction, (NONE, "BEGIN;\nCOMMIT;"), "delete it", (NONE, ""))
    }

    fn foreign_keys_pragma() -> Followed {
        let header = "Foreign Keys: off";
        refused(Hint::ForeignKeysPragma, ("", "PRAGMA foreign_keys = OFF;"), header, (header, ""))
    }

    fn needs_no_transaction() -> Followed {
        let vacuum = "VACUUM;";
        refused(Hint::NeedsNoTransaction, ("", vacuum), NONE, (NONE, vacuum))
    }

    fn needs_transaction() -> Followed {
        let defer = "PRAGMA defer_foreign_keys = ON;";
        let _kept = refused(Hint::NeedsTransaction, (NONE, defer), NONE, ("", defer));
        refused(Hint::NeedsTransaction, (NONE, defer), "delete it", (NONE, ""))
    }

    fn no_effect() -> Option<Followed> {
        let db = [Kind::Mysql, Kind::Mariadb].into_iter().find_map(Database::new)?;
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        Some(refused_in(&project, Hint::NoEffect, ("", "SAVEPOINT s;"), "delete it", ("", "")))
    }

    fn escapes_of_postgres() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let setting = "SET standard_conforming_strings = off";
        let hint = Hint::EscapesOfPostgres { setting: setting.to_owned() };
        let wrong = format!("{setting};\nSELECT 'it\\'s';");
        // The text is cut as `'it\'`, and what follows does not end.
        let wrong = wrong.replace("s';", "; SELECT '';");
        Some(refused_in(&project, hint, ("", &wrong), "E'…'", ("", "SELECT E'it\\'; SELECT ''';")))
    }

    fn escapes_of_mysql() -> Option<Followed> {
        let db = [Kind::Mysql, Kind::Mariadb].into_iter().find_map(Database::new)?;
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let setting = "SET sql_mode = 'NO_BACKSLASH_ESCAPES'";
        let hint = Hint::EscapesOfMysql { setting: setting.to_owned() };
        let wrong = format!("{setting};\nINSERT INTO ta VALUES (LENGTH('C:\\dir'));");
        let right = "INSERT INTO ta VALUES (LENGTH('C:\\\\dir'));";
        Some(refused_in(&project, hint, ("", &wrong), "`\\\\`", ("", right)))
    }

    fn own_table() -> Followed {
        refused(Hint::OwnTable, ("", "DELETE FROM alembic_version;"), "leave it out", ("", ""))
    }

    fn cascade() -> Followed {
        let (off, emptied) = (Database::new(Kind::Sqlite).unwrap(), Database::new(Kind::Sqlite).unwrap());
        let hint = Shown::in_error(&drop_parents(&off, "", "").unwrap_err(), Hint::Cascade);
        drop_parents(&off, hint.says("Foreign Keys: off"), "INSERT INTO new SELECT id FROM p;\n").unwrap();
        drop_parents(&emptied, "", "").unwrap_err();
        drop_parents(&emptied, "", "DELETE FROM c;\n").unwrap();
        hint.leads_where(off.versions() == "b" && emptied.versions() == "b")
    }

    fn cascade_without_transaction() -> Followed {
        let (off, emptied) = (Database::new(Kind::Sqlite).unwrap(), Database::new(Kind::Sqlite).unwrap());
        let hint = Shown::in_error(&drop_parents(&off, NONE, "").unwrap_err(), Hint::CascadeWithoutTransaction);
        drop_parents(&off, NONE, hint.says("PRAGMA foreign_keys = OFF;")).unwrap();
        drop_parents(&emptied, NONE, "").unwrap_err();
        drop_parents(&emptied, NONE, "DELETE FROM c;\n").unwrap();
        hint.leads_where(off.versions() == "b" && emptied.versions() == "b")
    }

    fn broken_foreign_keys() -> Followed {
        let up = |row: &str| format!("{PARENTS}\nINSERT INTO c VALUES ({row});");
        refused(Hint::BrokenForeignKeys, ("Foreign Keys: off", &up("9")), "fix the file", ("Foreign Keys: off", &up("1")))
    }

    fn fix_the_file() -> Followed {
        refused(Hint::FixTheFile, ("", "BAD;"), "fix the file", ("", "SELECT 1;"))
    }

    fn fails_on_scratch() -> Followed {
        let project = project();
        first(&project, "", "BAD;");
        let hint = Shown::by(&project.try_line("check --only replay"), Hint::FailsOnScratch);
        let line = hint.says("-- alembic:skip-on-scratch: why").to_owned();
        first(&project, "", &format!("{TABLE}\n{line}\nBAD;"));
        assert_eq!(project.try_line("check --only replay").status, 0);
        first(&project, "", TABLE);
        hint.leads_to(&project.try_line("check --only replay"))
    }

    fn nothing_applied() -> Followed {
        let project = project();
        first(&project, NONE, "BAD;");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::NothingApplied);
        first(&project, NONE, TABLE);
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn goes_on() -> Followed {
        let hint = Hint::GoesOn { done: "1 statement".into() };
        refused(hint, (NONE, "BAD;"), "from this statement on", (NONE, "CREATE TABLE tb (x INTEGER);"))
    }

    fn exists() -> Option<Followed> {
        on_each(&Kind::ALL, |kind| {
            let next = if kind.is_mysql_family() { Hint::NothingApplied } else { Hint::FixTheFile };
            let hint = Hint::Exists { revision: "a1".into(), otherwise: next.to_string() };
            let (stamped, fixed) = (Database::new(kind)?, Database::new(kind)?);
            let project = |db: &Database| {
                let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
                db.run("CREATE TABLE ta (x INTEGER)");
                first(&project, "", TABLE);
                project
            };
            let project_of = project(&fixed);
            let _shown = Shown::by(&project_of.try_line("upgrade head"), hint.clone());
            first(&project_of, "", "CREATE TABLE other (x INTEGER);");
            project_of.ok("upgrade head");
            let project = project(&stamped);
            let hint = Shown::by(&project.try_line("upgrade head"), hint);
            assert_eq!(hint.run(&project, 1).status, 0, "{kind:?}");
            // The next one runs; its column is there, too.
            project.revision("b1", "a1", "ALTER TABLE ta ADD y INTEGER;", "");
            stamped.run("ALTER TABLE ta ADD y INTEGER");
            assert!(project.try_line("upgrade head").stderr.contains("run `cargo alembic stamp b1`"), "{kind:?}");
            project.ok("stamp b1");
            Some(hint.leads_to(&project.try_line("check --only pending")))
        })
    }

    fn not_allowed() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let role = Role::new(&db);
        db.run(&format!("GRANT CREATE ON SCHEMA public TO {}; CREATE TABLE old (x INTEGER)", role.name));
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", &role.url());
        first(&project, "", "ALTER TABLE old ADD y INTEGER;");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::NotAllowed);
        let owner = hint.says("GRANT <OWNER> TO <ROLE>").replace("<OWNER>", "postgres").replace("<ROLE>", &role.name);
        db.run(&owner);
        project.ok("upgrade head");
        db.run(&owner.replace("GRANT", "REVOKE").replace(" TO ", " FROM "));
        project.revision("b1", "a1", "INSERT INTO old VALUES (1);", "");
        let _shown = Shown::by(&project.try_line("upgrade head"), Hint::NotAllowed);
        let grant = hint.says("GRANT <RIGHT> ON <OBJECT> TO <ROLE>").replace("<RIGHT>", "INSERT");
        db.run(&grant.replace("<OBJECT>", "old").replace("<ROLE>", &role.name));
        project.ok("upgrade head");
        project.revision("c1", "b1", "DROP TABLE old;", "");
        let _shown = Shown::by(&project.try_line("upgrade head"), Hint::NotAllowed);
        let option = hint.says("--database-url <URL>").replace("<URL>", db.url());
        let followed = hint.leads_to(&project.try_line(&format!("upgrade head {option}")));
        not_allowed_on_mysql();
        Some(followed)
    }

    fn alter_table() -> Followed {
        let table = "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER);";
        let key = "FOREIGN KEY (p) REFERENCES p (id)";
        let project = project();
        first(&project, "", table);
        project.ok("upgrade head");
        let alters = [
            format!("ALTER TABLE c ADD {key};"),
            format!("ALTER TABLE c ADD CONSTRAINT k {key};"),
            "ALTER TABLE c ALTER COLUMN p TYPE TEXT;".to_owned(),
            "ALTER TABLE c DROP COLUMN id;".to_owned(),
            "ALTER TABLE c ADD u INTEGER UNIQUE;".to_owned(),
        ];
        for alter in alters {
            project.revision("b1", "a1", &alter, "");
            let output = project.try_line("upgrade head");
            assert_ne!(output.status, 0, "{alter}");
            let _shown = Shown::by(&output, Hint::AlterTable);
        }
        project.revision("b1", "a1", &format!("ALTER TABLE c ADD {key};"), "");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::AlterTable);
        let rebuilt = format!(
            "CREATE TABLE new (id INTEGER PRIMARY KEY, p INTEGER, {key});\nINSERT INTO new SELECT * FROM c;\n\
             DROP TABLE c;\nALTER TABLE new RENAME TO c;"
        );
        project.revision("b1", &format!("a1\n-- {}", hint.says("Foreign Keys: off")), &rebuilt, "");
        project.ok("upgrade head");
        batch(&mut Database::new(Kind::Sqlite).unwrap().connect::<SqliteConn>(), table);
        let rust = hint.run(&project, 1);
        hint.leads_to(&rust)
    }

    fn refused_in_transaction() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let commits = "DO $$ BEGIN COMMIT; END $$;";
        first(&project, "", commits);
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::RefusedInTransaction);
        first(&project, hint.says(NONE), commits);
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn new_enum_value() -> Option<Followed> {
        let (apart, none) = (Database::new(Kind::Postgres)?, Database::new(Kind::Postgres)?);
        let (adds, uses) = ("ALTER TYPE mood ADD VALUE 'calm';", "INSERT INTO people VALUES ('calm');");
        let both = format!("{adds}\n{uses}");
        let failed = |db: &Database| {
            let project = moods(db);
            project.ok("upgrade head");
            project.revision("b1", "a1", &both, "");
            let hint = Shown::by(&project.try_line("upgrade head"), Hint::NewEnumValue);
            (project, hint)
        };
        let (project, _shown) = failed(&apart);
        project.revision("b1", "a1", adds, "");
        project.revision("c1", "b1", uses, "");
        project.ok("upgrade head");
        let (project, hint) = failed(&none);
        project.revision("b1", &format!("a1\n-- {}", hint.says(NONE)), &both, "");
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn new_enum_value_of_run() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = moods(&db);
        let adds = "CREATE FUNCTION add() RETURNS void LANGUAGE plpgsql AS \
            $$ BEGIN ALTER TYPE mood ADD VALUE 'calm'; END $$;";
        project.revision("b1", "a1", adds, "");
        project.revision("c1", "b1", "SELECT add();", "");
        project.revision("d1", "c1", "INSERT INTO people VALUES ('calm');", "");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::NewEnumValueOfRun);
        let setting = hint.says("transaction = \"per-migration\"");
        project.write("Cargo.toml", format!("{}{setting}\n", project.read("Cargo.toml")));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn pending_trigger_events() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let tables = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n\
            CREATE TABLE c (p INTEGER REFERENCES p DEFERRABLE INITIALLY DEFERRED);\n\
            INSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);";
        let alter = "ALTER TABLE c ADD x INTEGER;";
        first(&project, "", &format!("{tables}\n{alter}"));
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::PendingTriggerEvents);
        let before = hint.says("SET CONSTRAINTS ALL IMMEDIATE;");
        first(&project, "", &format!("{tables}\n{before}\n{alter}"));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }
}
