//! What a replay may do, and where a script goes.

use alembic_graph::Hint;
use harness::{Database, Kind, Project};

use crate::{Followed, PROGRAM, Shown, follow, project};

const REPLAY: &str = "check --only replay";

/// A project on a database with a revision.
fn on(db: &Database, up: &str) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", up, "");
    project.ok("lock");
    project
}

/// Adds a line to the settings.
fn set(project: &Project, line: &str) {
    project.write("Cargo.toml", format!("{}{line}\n", project.read("Cargo.toml")));
}

follow! {
    fn other_file() -> Followed {
        let elsewhere = tempfile::tempdir().unwrap();
        let outside = elsewhere.path().join("other.db").display().to_string();
        let none = "<base>\n-- Transaction: none";
        let refused = [
            format!("ATTACH '{outside}' AS o;"),
            format!("attach database \"{outside}\" as o;"),
            format!("ATTACH 'file:{outside}' AS o;"),
            format!("VACUUM INTO '{outside}';"),
            format!("VACUUM main INTO '{outside}';"),
            format!("ATTACH '/' || substr('{outside}', 2) AS o;"),
            "ATTACH '../other.db' AS o;".to_owned(),
        ];
        for statement in refused {
            let project = project();
            project.revision("a1", none, &format!("CREATE TABLE t (x INTEGER);\n{statement}"), "");
            let hint = Shown::by(&project.try_line("upgrade head"), Hint::OtherFile);
            assert!(std::fs::read_dir(elsewhere.path()).unwrap().next().is_none(), "{statement}");
            assert!(project.ok("current").is_empty());
            let allowed = format!("{}\n{statement}", hint.says("-- alembic:allow attach: why"));
            project.revision("a1", none, &format!("CREATE TABLE t (x INTEGER);\n{allowed}"), "");
            if !statement.contains("..") {
                project.ok("upgrade head");
                std::fs::remove_file(&outside).ok();
            }
        }
        let project = project();
        project.revision("a1", "<base>", "ATTACH 'more.db' AS o; CREATE TABLE o.t (x INTEGER);", "");
        let _in_transaction = Shown::by(&project.try_line("upgrade head"), Hint::NeedsNoTransaction);
        let hint = {
            project.revision("a1", none, "ATTACH '' || 'more.db' AS o; CREATE TABLE o.t (x INTEGER);", "");
            Shown::by(&project.try_line("upgrade head"), Hint::OtherFile)
        };
        hint.says("write its name as a plain string");
        project.revision("a1", none, "ATTACH 'more.db' AS o; CREATE TABLE o.t (x INTEGER); DETACH o;", "");
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn replay_rights() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = on(&db, "CREATE FUNCTION f() RETURNS integer LANGUAGE internal AS 'pg_backend_pid';");
        let hint = Shown::by(&project.try_line(REPLAY), Hint::ReplayRights);
        // The same server at another address.
        let host = db.url().split(['@', '/']).nth(3).unwrap();
        let link = project.path().join("s");
        std::os::unix::fs::symlink(host.replace("%2F", "/"), &link).unwrap();
        let url = db.url().replace(host, &link.display().to_string().replace('/', "%2F"));
        set(&project, &format!("{} = \"SCRATCH_URL\"", hint.says("scratch-url-env")));
        let project = project.with("SCRATCH_URL", &url);
        Some(hint.leads_to(&project.try_line(REPLAY)))
    }

    fn outside() -> Option<Followed> {
        let attaching = project();
        attaching.revision("a1", "<base>\n-- Transaction: none", "ATTACH 'other.db' AS other;", "");
        let elsewhere = "where revisions may do that, name a server for scratch databases with `scratch-url-env`";
        let hint = Shown::by(&attaching.try_line(REPLAY), Hint::Outside { instead: elsewhere.into() });
        set(&attaching, &format!("{} = \"SCRATCH_URL\"", hint.says("scratch-url-env")));
        let attaching = attaching.with("SCRATCH_URL", "scratch.db");
        attaching.ok(REPLAY);

        let db = Database::new(Kind::Postgres)?;
        let role = format!("{}_app", db.name());
        let project = on(&db, &format!("CREATE ROLE {role};"));
        let roles = format!("roles = [\"{role}\"]");
        let instead = format!(
            "declare the role, which a replay then takes as given: `{roles}` in [package.metadata.alembic]; or name a \
             server for scratch databases with `scratch-url-env`"
        );
        let hint = Shown::by(&project.try_line(REPLAY), Hint::Outside { instead });
        set(&project, hint.says(&roles));
        Some(hint.leads_to(&project.try_line(REPLAY)))
    }

    fn version_table_elsewhere() -> Option<Followed> {
        let db = Database::new(Kind::Mysql)?;
        let project = on(&db, "CREATE TABLE t (x INTEGER);");
        project.write("migrations/b1.rs", "//! b1\n//!\n//! Revision ID: b1\n//! Revises: a1\npub fn upgrade() {}\n");
        project.write("src/bin/migrate.rs", "fn main() {}\n");
        project.ok("lock");
        let manifest = project.read("Cargo.toml");
        set(&project, &format!("version-table = \"{}.alembic_version\"", db.name()));
        let hint = Shown::by(&project.try_line(REPLAY), Hint::VersionTableElsewhere);
        project.write("Cargo.toml", format!("{manifest}{} = \"alembic_version\"\n", hint.says("version-table")));
        // The program is run then; that this one does nothing is another matter.
        let output = project.try_line(REPLAY);
        Some(hint.leads_where(output.stdout.contains("`migrate`, which runs revisions in Rust, ended well")))
    }

    fn script_database() -> Followed {
        let project = Project::new(PROGRAM, "");
        project.revision("a1", "<base>", "USE other;\nCREATE TABLE t (x INTEGER);", "");
        for dialect in ["mysql", "mariadb"] {
            let line = format!("upgrade head --sql --dialect {dialect}");
            let hint = Shown::by(&project.try_line(&line), Hint::ScriptDatabase);
            project.ok(&format!("{line} {} mysql://root@localhost/shop", hint.says("--database-url")));
        }
        let line = "upgrade head --sql --dialect mysql";
        let hint = Shown::by(&project.try_line(line), Hint::ScriptDatabase);
        project.revision("a1", "<base>", "CREATE TABLE other.t (x INTEGER);", "");
        hint.leads_to(&project.try_line(line))
    }

    fn unclear_end() -> Followed {
        let delimiter = "if the server takes the statement as it is, write `DELIMITER //` on a line before it, `//` after \
            it, and `DELIMITER ;` on the next line";
        let other = Project::new(PROGRAM, "");
        let body = "CREATE PROCEDURE p() BEGIN SELECT 1; END LOOP";
        for dialect in ["mysql", "mariadb"] {
            let line = format!("upgrade head --sql --dialect {dialect}");
            other.revision("a1", "<base>", &format!("{body};"), "");
            let _shown = Shown::by(&other.try_line(&line), Hint::UnclearEnd { instead: delimiter });
            other.revision("a1", "<base>", &format!("DELIMITER //\n{body}\n//\nDELIMITER ;"), "");
            other.ok(&line);
        }
        let end = Hint::UnclearEnd { instead: "end the body with `END;`, and every statement in it with `;`" };
        let atomic = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1;";
        let line = "upgrade head --sql --dialect postgres";
        other.revision("a1", "<base>", atomic, "");
        let hint = Shown::by(&other.try_line(line), end.clone());
        other.revision("a1", "<base>", &format!("{atomic} {}", hint.says("END;")), "");
        other.ok(line);
        let project = project();
        let trigger = "CREATE TABLE t (x INTEGER);\nCREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1;";
        project.revision("a1", "<base>", trigger, "");
        let hint = Shown::by(&project.try_line("upgrade head"), end);
        project.revision("a1", "<base>", &format!("{trigger} {}", hint.says("END;")), "");
        hint.leads_to(&project.try_line("upgrade head"))
    }
}
