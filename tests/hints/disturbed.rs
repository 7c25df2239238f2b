//! Runs that were disturbed from outside, and what other tools left.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use alembic_graph::Hint;
use alembic_runtime::Migrations;
use diesel::{Connection, connection::SimpleConnection};
use harness::{Database, Kind, MysqlConn, Output, Project, SqliteConn, bash};

use crate::{Followed, PROGRAM, Shown, follow, line, migrations, on_each, project};

const NONE: &str = "<base>\n-- Transaction: none";

fn on(db: &Database) -> Project {
    Project::new(PROGRAM, "").with("DATABASE_URL", db.url())
}

/// Leaves a revision as a process does that was killed in its second statement, of which no catalog tells.
fn killed(db: &Database) -> Project {
    let project = on(db);
    let up = |second: &str| format!("CREATE TABLE t (a INTEGER NOT NULL);\n{second};\nINSERT INTO t (a) VALUES (7);");
    project.revision("a1", NONE, &up("BAD"), "");
    assert_eq!(project.try_line("upgrade head").status, 3);
    db.run("UPDATE alembic_version_log SET state = 'running', finished_at = NULL, error = NULL, intent = 2, session = NULL");
    let asks = if db.kind() == Kind::Postgres { "CREATE INDEX CONCURRENTLY ON t (a)" } else { "TRUNCATE TABLE t" };
    project.revision("a1", NONE, &up(asks), "");
    project
}

follow! {
    fn undecided() -> Option<Followed> {
        on_each(&[Kind::Postgres, Kind::Mysql, Kind::Mariadb], |kind| {
            let hint = || Hint::Undecided { revision: "a1".into(), step: 2 };
            let mut followed = None;
            for number in [1, 2, 3] {
                let db = Database::new(kind)?;
                let project = killed(&db);
                let hint = Shown::by(&project.try_line("upgrade head"), hint());
                if number == 3 {
                    db.run("DROP TABLE t");
                }
                assert_eq!(hint.run(&project, number).status, 0, "{kind:?} {number}");
                followed = Some(hint.leads_to(&project.try_line("upgrade head")));
            }
            followed
        })
    }

    fn changed() -> Option<Followed> {
        let db = [Kind::Mysql, Kind::Mariadb].into_iter().find_map(Database::new)?;
        let project = on(&db);
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        project.ok("lock");
        let mut other = db.connect::<MysqlConn>();
        other.batch_execute(&format!("DO GET_LOCK('{}', 0)", db.mysql_lock())).unwrap();
        let mut waiting = project.command(["upgrade", "head", "--wait", "60"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(told.any(|line| line.starts_with("Waiting for the migration lock")));
        project.revision("a1", "<base>", "CREATE TABLE later (x INTEGER);", "");
        drop(other);
        let stderr = told.map(|line| line + "\n").collect();
        let status = waiting.wait().unwrap().code().unwrap();
        let hint = Shown::by(&Output { stdout: String::new(), stderr, status }, Hint::Changed);
        assert_eq!(hint.run(&project, 1).status, 0);
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn stopped() -> Option<Followed> {
        on_each(&[Kind::Mysql, Kind::Mariadb], |kind| {
            let db = Database::new(kind)?;
            let project = on(&db);
            project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
            let mut other = db.connect::<MysqlConn>();
            other.batch_execute(&format!("DO GET_LOCK('{}', 0)", db.mysql_lock())).unwrap();
            let mut waiting = project.command(["upgrade", "head"]).stderr(Stdio::piped()).spawn().unwrap();
            let mut told = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap);
            assert!(told.any(|line| line.starts_with("Waiting for the migration lock")));
            let _sent = bash(project.path(), &format!("kill -TERM {}", waiting.id()));
            let stderr = told.map(|line| line + "\n").collect();
            let status = waiting.wait().unwrap().code().unwrap();
            let hint = Shown::by(&Output { stdout: String::new(), stderr, status }, Hint::Stopped);
            drop(other);
            Some(hint.leads_to(&project.try_line("upgrade head")))
        })
    }

    fn interfered() -> Followed {
        let project = line();
        project.ok("upgrade a1");
        let mut other = SqliteConn::establish(&project.path().join("shop.db").display().to_string()).unwrap();
        other.batch_execute("CREATE TRIGGER g AFTER INSERT ON ta BEGIN DELETE FROM alembic_version; END").unwrap();
        project.revision("b1", "a1", "INSERT INTO ta VALUES (1);", "");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::Interfered);
        assert_eq!(hint.run(&project, 1).status, 0);
        other.batch_execute("DROP TRIGGER g").unwrap();
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn connection_lost() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = on(&db);
        project.revision("a1", NONE, "CREATE TABLE ta (x INTEGER);\nCREATE TABLE tb AS SELECT 1 AS x FROM pg_sleep(2);", "");
        let output = std::thread::scope(|scope| {
            let run = scope.spawn(|| project.try_line("upgrade head"));
            let sleeps = "SELECT pid::text AS answer FROM pg_stat_activity WHERE datname = current_database() AND pid <> \
                pg_backend_pid() AND state = 'active' AND query LIKE '%pg_sleep%'";
            while !run.is_finished() && db.ask(sleeps).is_empty() {}
            db.end_sessions();
            run.join().unwrap()
        });
        let hint = Shown::by(&output, Hint::ConnectionLost);
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn packet_too_large() -> Option<Followed> {
        let db = Database::new(Kind::Mariadb)?;
        let project = on(&db);
        let table = "CREATE TABLE ta (x LONGTEXT);";
        let insert = |size: usize| format!("INSERT INTO ta VALUES ('{}');", "x".repeat(size));
        project.revision("a1", "<base>", &format!("{table}\n{}", insert(17 << 20)), "");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::PacketTooLarge);
        hint.says("cut it up");
        project.revision("a1", "<base>", &format!("{table}\n{0}\n{0}", insert(9 << 20)), "");
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn pooled() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where the servers are")]
        let pooler = std::env::var("ALEMBIC_TEST_PGBOUNCER").unwrap();
        let url = format!("{}/{}", pooler.rsplit_once('/').unwrap().0, db.name());
        let project = on(&db).with("DATABASE_URL", &url).with("DIRECT_URL", db.url());
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        project.revision("b1", "a1\n-- Transaction: none", "CREATE INDEX CONCURRENTLY i ON ta (x);", "DROP INDEX i;");
        project.ok("upgrade a1");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::Pooled);
        let option = hint.says("--database-url <URL>").replace("<URL>", db.url());
        project.ok(&format!("upgrade head {option}"));
        project.ok(&format!("downgrade a1 {option}"));
        let setting = format!("{} = \"DIRECT_URL\"\n", hint.says("database-url-env"));
        project.write("Cargo.toml", format!("{}{setting}", project.read("Cargo.toml")));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn diesel_table() -> Followed {
        let project = project();
        let tables = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP DEFAULT \
            CURRENT_TIMESTAMP); INSERT INTO __diesel_schema_migrations (version) VALUES ('20240101100000')";
        let _output = bash(project.path(), &format!("sqlite3 shop.db \"{tables}\""));
        let hint = Shown::by(&project.try_line("stamp --from-diesel"), Hint::DieselTable);
        project.write("diesel/2024-01-01-100000_a/up.sql", "CREATE TABLE ta (x INTEGER);\n");
        project.ok(&hint.says("import diesel <FOLDER>").replace("<FOLDER>", "diesel"));
        hint.leads_to(&project.try_line("stamp --from-diesel"))
    }

    fn other_version() -> Followed {
        let db = Database::new(Kind::Sqlite).unwrap();
        let mut conn = db.connect::<SqliteConn>();
        let strange = Migrations::<SqliteConn>::embedded("of another version", &[]);
        let hint = Shown::in_error(&strange.upgrade(&mut conn, "head").unwrap_err(), Hint::OtherVersion);
        hint.says("build the program again");
        hint.leads_where(migrations(&[("a", "<base>", "SELECT 1;")]).upgrade(&mut conn, "head").is_ok())
    }
}
