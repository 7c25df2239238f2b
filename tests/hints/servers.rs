//! Locks and rights on servers.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use alembic_core::Hint;
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, MysqlConn, PostgresConn, Project};

use crate::{Followed, PROGRAM, Shown, follow};

/// A project on a database, with two revisions.
fn on(db: &Database) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;");
    project.revision("b1", "a1", "ALTER TABLE ta ADD y INTEGER;", "ALTER TABLE ta DROP COLUMN y;");
    project.ok("lock");
    project
}

/// A role of a PostgreSQL server that may do nothing, dropped with this value.
struct Role<'db> {
    db: &'db Database,
    name: String,
}

impl<'db> Role<'db> {
    fn new(db: &'db Database) -> Self {
        let name = format!("{}_role", db.name());
        db.run(&format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE {name} LOGIN PASSWORD 'x'"));
        Self { db, name }
    }

    /// Returns the URL with which it connects.
    fn url(&self) -> String {
        self.db.url().replace("postgres@", &format!("{}:x@", self.name))
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        self.db.run(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}

follow! {
    fn locked() -> Option<Followed> {
        let db = [Kind::Mysql, Kind::Mariadb].into_iter().find_map(Database::new)?;
        let project = on(&db);
        let mut other = db.connect::<MysqlConn>();
        other.batch_execute(&format!("DO GET_LOCK('{}', 0)", db.mysql_lock())).unwrap();
        let hint = Shown::by(&project.try_line("upgrade head --wait 0.2"), Hint::Locked);
        hint.says("`--wait <SECONDS>`");
        let mut waiting =
            project.command(["upgrade", "head", "--wait", "60"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(waiting.stderr.take().unwrap()).lines();
        assert!(told.any(|line| line.unwrap().starts_with("Waiting for the migration lock")));
        drop(other);
        told.for_each(drop);
        assert!(waiting.wait().unwrap().success());
        Some(hint.leads_to(&project.try_line("check --only pending")))
    }

    fn contended() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = on(&db);
        project.ok("upgrade a1");
        let mut application = db.connect::<PostgresConn>();
        application.batch_execute("BEGIN; LOCK TABLE ta").unwrap();
        let line = "upgrade head --lock-timeout 0.1 --lock-retries 0";
        let hint = Shown::by(&project.try_line(line), Hint::Contended);
        hint.says("`--lock-timeout <SECONDS>`");
        application.batch_execute("COMMIT").unwrap();
        Some(hint.leads_to(&project.try_line(line)))
    }

    fn denied() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let (project, role) = (on(&db), Role::new(&db));
        let project = project.with("DATABASE_URL", &role.url());
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::Denied);
        hint.says("CREATE where the version table is");
        db.run(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn no_scratch() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let (project, role) = (on(&db), Role::new(&db));
        let project = project.with("DATABASE_URL", &role.url());
        let hint = Shown::by(&project.try_line("check --only replay"), Hint::NoScratch);
        let option = hint.says("--scratch-url <URL>").replace("<URL>", db.url());
        Some(hint.leads_to(&project.try_line(&format!("check --only replay {option}"))))
    }

    fn may_not_create_databases() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let (project, role) = (on(&db), Role::new(&db));
        project.ok("upgrade head");
        db.run(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", role.name));
        let project = project.with("DATABASE_URL", &role.url());
        let hint = Shown::by(&project.try_line("check --only replay"), Hint::MayNotCreateDatabases);
        assert_eq!(hint.run(&project, 1).status, 0);
        db.run(&format!("ALTER ROLE {} CREATEDB", role.name));
        Some(hint.leads_to(&project.try_line("check --only replay")))
    }

    fn may_not_create_roles() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let (project, role) = (on(&db), Role::new(&db));
        db.run(&format!("ALTER ROLE {} CREATEDB", role.name));
        let project = project.with("DATABASE_URL", &role.url());
        let hint = Hint::MayNotCreateRoles { grant: "`ALTER ROLE … CREATEROLE`".into() };
        let hint = Shown::by(&project.try_line("check --only replay"), hint);
        hint.says("scratch-url-env");
        db.run(&format!("ALTER ROLE {} CREATEROLE", role.name));
        let output = project.try_line("check --only replay");
        assert_eq!(output.status, 0, "{output}");
        Some(hint.leads_where(!output.stderr.contains("warning")))
    }

    fn replays_with_super() -> Option<Followed> {
        let (db, scratch) = (Database::new(Kind::Mysql)?, Database::new(Kind::Mariadb)?);
        let project = on(&db).with("SCRATCH_URL", scratch.url());
        project.revision("c1", "b1", "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;", "DROP FUNCTION f;");
        project.ok("lock");
        let hint = Shown::by(&project.try_line("check --only replay"), Hint::ReplaysWithSuper);
        let manifest = project.read("Cargo.toml");
        project.write("Cargo.toml", format!("{manifest}{} = \"SCRATCH_URL\"\n", hint.says("scratch-url-env")));
        let output = project.try_line("check --only replay");
        assert_eq!(output.status, 0, "{output}");
        Some(hint.leads_where(!output.stderr.contains("SUPER")))
    }
}
