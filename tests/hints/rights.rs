//! Who may read and write: rights of a role, of a file, of a whole server.

use std::process::{Child, Command};

use alembic_graph::Hint;
use harness::{Database, Kind, Output, Project, bash};

use crate::{
    Followed, Shown, follow, line,
    servers::{Role, on},
};

const READING: [&str; 3] = ["current", "log", "check --only pending"];

/// A user of MySQL or MariaDB, dropped with this value.
struct User<'db> {
    db: &'db Database,
    name: String,
}

impl<'db> User<'db> {
    fn new(db: &'db Database) -> Self {
        let name = format!("{}_u", db.name());
        db.run(&format!("CREATE USER {name}@'%' IDENTIFIED BY 'x'"));
        Self { db, name }
    }

    fn may(&self, right: &str, table: &str) {
        self.db.run(&format!("GRANT {right} ON {}.{table} TO {}@'%'", self.db.name(), self.name));
    }

    fn url(&self) -> String {
        self.db.url().replace("root@", &format!("{}:x@", self.name))
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        self.db.run(&format!("DROP USER {}@'%'", self.name));
    }
}

/// A hot standby of the PostgreSQL server, ended with this value.
struct Standby {
    folder: tempfile::TempDir,
    server: Child,
}

impl Standby {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // No server runs as root.
        let script = "set -e
            bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
            PATH=$PATH:$bin
            if [ \"$(id -u)\" = 0 ]; then
                chown postgres .
                as=\"setpriv --reuid=postgres --regid=postgres --init-groups\"
            fi
            $as pg_basebackup -h \"$ALEMBIC_TEST_SERVERS/postgres\" -U postgres -D \"$PWD/data\" -R -c fast --no-sync
            exec $as postgres -D \"$PWD/data\" -k \"$PWD\" -c listen_addresses= -c max_connections=200 -c fsync=off";
        let server = Command::new("bash").args(["-c", script]).current_dir(&folder).spawn().unwrap();
        Self { folder, server }
    }

    fn url(&self, db: &Database) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}/{}", db.name())
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        // Sessions of a postmaster that is gone end by themselves.
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// Runs a command as somebody to whom the rights of files apply, as they do not to root.
fn within_rights(project: &Project, line: &str) -> Output {
    if !bash(project.path(), "id -u").starts_with("0\n") {
        return project.try_line(line);
    }
    let command = project.command(line.split(' '));
    let mut within = Command::new("setpriv");
    within.arg("--bounding-set=-dac_override,-dac_read_search").arg(command.get_program()).args(command.get_args());
    let output =
        within.current_dir(project.path()).envs(command.get_envs().filter_map(|(k, v)| Some((k, v?)))).output();
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output { stdout: text(output.stdout), stderr: text(output.stderr), status: output.status.code().unwrap_or(-1) }
}

follow! {
    fn denied() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let (project, role) = (on(&db), Role::new(&db));
        let project = project.with("DATABASE_URL", &role.url());
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::Denied);
        hint.says("CREATE where the version table is");
        db.run(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn may_not_read() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let (project, role) = (on(&db), Role::new(&db));
        project.ok("upgrade head");
        let project = project.with("DATABASE_URL", &role.url());
        let hint = READING.map(|command| Shown::by(&project.try_line(command), Hint::MayNotRead)).into_iter().next()?;
        db.run(&format!("GRANT SELECT ON alembic_version TO {}", role.name));
        READING.iter().for_each(|command| drop(Shown::by(&project.try_line(command), Hint::MayNotRead)));
        hint.says("SELECT on the version table and on its log");
        db.run(&format!("GRANT SELECT ON alembic_version_log TO {}", role.name));
        READING.iter().for_each(|command| assert_eq!(project.try_line(command).status, 0));
        for kind in [Kind::Mysql, Kind::Mariadb] {
            let Some(db) = Database::new(kind) else { continue };
            let (project, user) = (on(&db), User::new(&db));
            project.ok("upgrade head");
            user.may("SELECT", "ta");
            let project = project.with("DATABASE_URL", &user.url());
            for table in ["alembic_version", "alembic_version_log"] {
                let _hints = READING.map(|command| Shown::by(&project.try_line(command), Hint::MayNotRead));
                user.may("SELECT", table);
            }
            READING.iter().for_each(|command| assert_eq!(project.try_line(command).status, 0));
        }
        Some(hint.leads_to(&project.try_line("current")))
    }

    fn standby() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = on(&db);
        project.ok("upgrade a1");
        let standby = Standby::new();
        let primary = project.try_line("current").stdout;
        let project = project.with("DATABASE_URL", &standby.url(&db));
        let begun = std::time::Instant::now();
        while project.try_line("current").stdout != primary {
            assert!(begun.elapsed().as_secs() < 120, "{}", project.try_line("current"));
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        project.ok("log");
        project.ok("history");
        assert!(project.ok("print-schema").contains("ta"));
        // Each gate has a result, or an error that names the cause.
        let output = project.try_line("check --skip models");
        let gate = |name: &str| output.stdout.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        assert!(gate("files").contains("  ok  ") && gate("pending").contains("failed"), "{output}");
        assert_eq!(output.stdout.matches("read-only transaction: the server is a standby").count(), 2, "{output}");
        let _hint = Shown::by(&output, Hint::NoScratch);
        let output = project.try_line(&format!("check --only replay,roundtrip,drift --scratch-url {}", db.url()));
        assert_eq!(output.status, 0, "{output}");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::Standby);
        let _same = Shown::by(&project.try_line("stamp head"), Hint::Standby);
        Some(hint.leads_to(&project.with("DATABASE_URL", db.url()).try_line("upgrade head")))
    }

    fn read_only() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = on(&db);
        project.ok("upgrade a1");
        db.run(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", db.name()));
        READING[..2].iter().for_each(|command| drop(project.ok(command)));
        assert!(project.ok("print-schema").contains("ta"));
        let output = project.try_line("upgrade head");
        let way = "if this role is to migrate all the same, add `options=-c%20default_transaction_read_only%3Doff` to the URL";
        let hint = Hint::ReadOnly { setting: "`default_transaction_read_only` (set by: database)".into(), way: way.into() };
        let hint = Shown::by(&output, hint);
        let url = format!("{}?{}", db.url(), hint.says("options=-c%20default_transaction_read_only%3Doff"));
        let followed = hint.leads_to(&project.try_line(&format!("upgrade head --database-url {url}")));
        sqlite_is_opened_read_only();
        if let Some(db) = Database::new(Kind::Mysql) {
            mysql_database_is_read_only(&db);
        }
        Some(followed)
    }

    fn tables_forbidden() -> Option<Followed> {
        let db = Database::new(Kind::Mysql)?;
        let project = on(&db);
        let alter = |encryption: &str| format!("ALTER DATABASE `{}` ENCRYPTION = '{encryption}'", db.name());
        db.run(&alter("Y"));
        let output = project.try_line("upgrade head");
        let shown = output.stderr.split("hint: ").nth(1)?.to_owned();
        let (setting, way) = shown.split_once(" keeps the server from making our tables: ")?;
        let way = way.trim_end().trim_end_matches("; nothing was changed by this");
        let hint = Shown::by(&output, Hint::TablesForbidden { setting: setting.to_owned(), way: way.to_owned() });
        let _statement = hint.says("ALTER DATABASE `<DATABASE>` ENCRYPTION = 'N'");
        db.run(&alter("N"));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn read_only_file() -> Followed {
        let project = line();
        project.ok("upgrade a1");
        let allow = |mode: &str| drop(bash(project.path(), &format!("chmod {mode}")));
        for mode in ["DELETE", "WAL"] {
            let _output = bash(project.path(), &format!("sqlite3 shop.db 'PRAGMA journal_mode = {mode}'"));
            // The folder, the file, both.
            for (forbid, permit) in [("u-w .", "u+w ."), ("u-w shop.db", "u+w shop.db"), ("u-w . shop.db", "u+w . shop.db")] {
                allow(forbid);
                let _shown = Shown::by(&within_rights(&project, "upgrade head"), Hint::ReadOnlyFile);
                allow(permit);
            }
        }
        let _output = bash(project.path(), "rm -f shop.db-wal shop.db-shm");
        allow("u-w . shop.db");
        let hint = Shown::by(&within_rights(&project, "current"), Hint::ReadOnlyFile);
        let url = hint.says("file:PATH?immutable=1").replace("PATH", "shop.db");
        assert_eq!(within_rights(&project, &format!("current --database-url {url}")).status, 0);
        hint.says("the right to write both");
        allow("u+w . shop.db");
        hint.leads_to(&within_rights(&project, "upgrade head"))
    }
}

fn sqlite_is_opened_read_only() {
    let project = line();
    project.ok("upgrade a1");
    for parameter in ["mode=ro", "immutable=1"] {
        let url = format!("--database-url file:shop.db?{parameter}");
        project.ok(&format!("current {url}"));
        let setting = "`mode=ro` or `immutable=1` of the URL".to_owned();
        let hint = Hint::ReadOnly { setting, way: "leave it out to migrate".to_owned() };
        let hint = Shown::by(&project.try_line(&format!("upgrade head {url}")), hint);
        let _followed = hint.leads_to(&project.try_line("upgrade head"));
        project.ok("downgrade -1");
    }
}

fn mysql_database_is_read_only(db: &Database) {
    let project = on(db);
    project.ok("upgrade a1");
    db.run(&format!("ALTER DATABASE {} READ ONLY = 1", db.name()));
    READING[..2].iter().for_each(|command| drop(project.ok(command)));
    let way = format!("run `ALTER DATABASE `{}` READ ONLY = 0`", db.name());
    let hint = Hint::ReadOnly { setting: "`READ ONLY` of the database".into(), way };
    let hint = Shown::by(&project.try_line("upgrade head"), hint);
    db.run(hint.says(&format!("ALTER DATABASE `{}` READ ONLY = 0", db.name())));
    let _followed = hint.leads_to(&project.try_line("upgrade head"));
}
