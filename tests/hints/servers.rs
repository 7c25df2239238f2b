//! Locks and rights on servers.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use alembic_graph::{Hint, version_table::VersionTable};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, MysqlConn, PostgresConn, Project};

use crate::{Followed, PROGRAM, Shown, follow, on_each};

/// A project on a database, with two revisions.
pub(crate) fn on(db: &Database) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;");
    project.revision("b1", "a1", "ALTER TABLE ta ADD y INTEGER;", "ALTER TABLE ta DROP COLUMN y;");
    project.ok("lock");
    project
}

/// A role of a PostgreSQL server that may do nothing, dropped with this value.
pub(crate) struct Role<'db> {
    db: &'db Database,
    pub(crate) name: String,
}

impl<'db> Role<'db> {
    pub(crate) fn new(db: &'db Database) -> Self {
        let name = format!("{}_role", db.name());
        db.run(&format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE {name} LOGIN PASSWORD 'x'"));
        Self { db, name }
    }

    /// Returns the URL with which it connects.
    pub(crate) fn url(&self) -> String {
        self.db.url().replace("postgres@", &format!("{}:x@", self.name))
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        self.db.run(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}

/// A user of MySQL or MariaDB that may not make databases is let do so by what the hint says.
fn on_mysql() {
    for db in [Kind::Mysql, Kind::Mariadb].into_iter().filter_map(Database::new) {
        let user = format!("u{}", &db.name()["alembic_test_".len()..]);
        db.run(&format!("CREATE USER {user} IDENTIFIED BY 'x'; GRANT ALL ON {}.* TO {user}", db.name()));
        let project = on(&db).with("DATABASE_URL", &db.url().replace("root@", &format!("{user}:x@")));
        let grant = r"``GRANT ALL ON `alembic\_scratch\_%`.* TO <USER>``";
        let hint = Shown::by(&project.try_line("check --only replay"), Hint::MayNotCreateDatabases { grant });
        db.run(&hint.says(grant.trim_matches('`')).replace("<USER>", &user));
        project.ok("check --only replay");
        db.run(&format!("DROP USER {user}"));
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

    fn ill_stored() -> Option<Followed> {
        let db = [Kind::Mysql, Kind::Mariadb].into_iter().find_map(Database::new)?;
        let project = on(&db);
        project.ok("upgrade a1");
        db.run("ALTER TABLE alembic_version_log ENGINE = MyISAM");
        let table = VersionTable::default().in_schema(db.name());
        let convert = table.convert(db.kind().dialect(), "alembic_version_log");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::IllStored { convert: convert.clone() });
        db.run(hint.says(&convert));
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
        project.write("src/schema.rs", "diesel::table! { ta (x) { x -> Integer, y -> Nullable<Integer>, } }\n");
        let project = project.with("DATABASE_URL", &role.url());
        let hint = || Hint::MayNotCreateDatabases { grant: "`ALTER ROLE <ROLE> CREATEDB`" };
        let lines = ["revision --autogenerate -m x", "snapshot", "print-schema --from migrations", "check --only replay"];
        for line in &lines[..3] {
            let output = project.try_line(line);
            let _shown = Shown::by(&output, hint());
            assert!(!output.to_string().contains("check --skip"), "{output}");
        }
        let hint = Shown::by(&project.try_line(lines[3]), hint());
        db.run(&hint.says("ALTER ROLE <ROLE> CREATEDB").replace("<ROLE>", &role.name));
        for line in &lines[..3] {
            project.ok(line);
        }
        on_mysql();
        Some(hint.leads_to(&project.try_line(lines[3])))
    }

    fn leave_out_gates() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let (project, role) = (on(&db), Role::new(&db));
        project.ok("upgrade head");
        db.run(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", role.name));
        let project = project.with("DATABASE_URL", &role.url());
        let hint = Shown::by(&project.try_line("check"), Hint::LeaveOutGates);
        let output = hint.run(&project, 1);
        Some(hint.leads_to(&output))
    }

    fn no_database() -> Option<Followed> {
        on_each(&[Kind::Postgres, Kind::Mysql, Kind::Mariadb], |kind| {
            let db = Database::new(kind)?;
            let name = format!("{}_other", db.name());
            let project = Project::new(PROGRAM, "").with("DATABASE_URL", &db.url().replace(db.name(), &name));
            project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;");
            for line in ["current", "check --only pending"] {
                let _shown = Shown::by(&project.try_line(line), Hint::NoDatabase);
            }
            let hint = Shown::by(&project.try_line("upgrade head"), Hint::NoDatabase);
            assert_eq!(hint.run(&project, 1).status, 0, "{kind:?}");
            let upgraded = project.try_line("upgrade head");
            project.ok("database drop --yes");
            Some(hint.leads_to(&upgraded))
        })
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
