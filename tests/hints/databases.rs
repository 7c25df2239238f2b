//! What a database and the revisions say of each other, and who else is at work on it.

use alembic_graph::Hint;
use alembic_runtime::Policy;
use diesel::{
    Connection,
    connection::{SimpleConnection, TransactionManager},
};
use harness::{Database, Kind, MysqlConn, Project, SqliteConn, bash};

use crate::{Followed, PROGRAM, Shown, follow, line, migrations, on_each, project};

/// Connects to the project's database, as an application does.
fn application(project: &Project) -> SqliteConn {
    SqliteConn::establish(&project.path().join("shop.db").display().to_string()).unwrap()
}

/// Leaves a revision half done: its second statement has failed.
fn half_done(project: &Project) {
    project.revision("a1", "<base>\n-- Transaction: none", "CREATE TABLE ta (x INTEGER);\nBAD;", "");
    assert_eq!(project.try_line("upgrade head").status, 3);
}

const PENDING: &str = "check --only pending";

follow! {
    fn no_database_file() -> Followed {
        let project = line();
        let hint = Shown::by(&project.try_line("current"), Hint::NoDatabaseFile);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_where(project.ok("current") == "b1 (head)\n")
    }

    fn database_is_ahead() -> Followed {
        let (ahead, gone) = (line(), project());
        ahead.ok("upgrade head");
        let url = ahead.path().join("shop.db").display().to_string();
        let other = project().with("DATABASE_URL", &url);
        other.revision("o1", "<base>", "CREATE TABLE other (x INTEGER);", "");
        let hint = Shown::by(&other.try_line("upgrade head"), Hint::DatabaseIsAhead);
        let setting = hint.says("version-table = \"alembic_version_shop\"");
        other.write("Cargo.toml", format!("{}{setting}\n", other.read("Cargo.toml")));
        other.ok("upgrade head");
        assert_eq!(ahead.ok("current"), "b1 (head)\n");

        let git = |line: &str| {
            let git = "git -c user.name=a -c user.email=a@b";
            bash(gone.path(), &line.replace("git commit", &format!("{git} commit -q")))
        };
        gone.ok("lock");
        gone.write(".gitignore", "shop.db\n");
        let _output = git("git init -q -b main . && git add -A && git commit -m none && git switch -qc shop");
        gone.revision("a0", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        gone.ok("upgrade head");
        let _output = git("git add -A && git commit -m a0 && git switch -q main");
        let _shown = Shown::by(&gone.try_line("upgrade head"), Hint::DatabaseIsAhead);
        let _output = bash(gone.path(), &hint.says("git switch <BRANCH>").replace("<BRANCH>", "-q shop"));
        gone.ok(PENDING);
        let _output = bash(gone.path(), "rm migrations/a0.sql");
        gone.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        let _shown = Shown::by(&gone.try_line("upgrade head"), Hint::DatabaseIsAhead);
        gone.ok(&hint.says("stamp --purge <REVISION>").replace("<REVISION>", "a1"));
        hint.leads_to(&gone.try_line(PENDING))
    }

    fn edited() -> Followed {
        let project = line();
        project.ok("upgrade head");
        let before = project.read("migrations/b1.sql");
        project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER, y INTEGER);", "DROP TABLE tb;");
        let hint = || Hint::Edited { revision: "b1".into() };
        let after = project.read("migrations/b1.sql");
        let _shown = Shown::by(&project.try_line(PENDING), hint());
        project.write("migrations/b1.sql", before);
        project.ok(PENDING);
        project.write("migrations/b1.sql", after);
        let hint = Shown::by(&project.try_line(PENDING), hint());
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line(PENDING))
    }

    fn comments_edited() -> Followed {
        let project = line();
        project.ok("upgrade head");
        project.revision("b1", "a1", "-- why\nCREATE TABLE tb (x INTEGER);", "DROP TABLE tb;");
        project.ok("lock");
        let hint = Shown::by(&project.try_line(PENDING), Hint::CommentsEdited { revision: "b1".into() });
        assert_eq!(hint.run(&project, 1).status, 0);
        let output = project.try_line(PENDING);
        hint.leads_where(output.status == 0 && output.stderr.is_empty())
    }

    fn never_applied() -> Followed {
        let project = line();
        project.ok("upgrade head");
        project.revision("n1", "a1", "CREATE TABLE tn (x INTEGER);", "");
        let before = project.read("migrations/b1.sql");
        project.write("migrations/b1.sql", before.replace("Revises: a1", "Revises: n1"));
        let hint = Hint::NeverApplied { revision: "n1".into() };
        let hint = Shown::by(&project.try_line(PENDING), hint);
        hint.says("`Revises`");
        project.write("migrations/b1.sql", before);
        project.revision("n1", "b1", "CREATE TABLE tn (x INTEGER);", "");
        project.ok("upgrade head");
        hint.leads_to(&project.try_line(PENDING))
    }

    fn overlap() -> Followed {
        let project = line();
        project.ok("upgrade head");
        application(&project).batch_execute("INSERT INTO alembic_version VALUES ('a1')").unwrap();
        let hint = Shown::by(&project.try_line(PENDING), Hint::Overlap { revision: "b1".into() });
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line(PENDING))
    }

    fn unfinished() -> Followed {
        let hint =
            || Hint::Unfinished { revision: "a1".into(), direction: "upgrade".into(), counts_as: "not applied" };
        let (fixed, given_up) = (project(), project());
        half_done(&fixed);
        let hint_of_fixed = Shown::by(&fixed.try_line("downgrade base"), hint());
        fixed.revision(
            "a1",
            "<base>\n-- Transaction: none",
            "CREATE TABLE ta (x INTEGER);\nCREATE TABLE tb (x INTEGER);",
            "",
        );
        fixed.ok("upgrade head");
        half_done(&given_up);
        application(&given_up).batch_execute("DROP TABLE ta").unwrap();
        assert_eq!(hint_of_fixed.run(&given_up, 1).status, 0);
        assert_eq!(given_up.ok("current"), "");
        given_up.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        hint_of_fixed.leads_to(&given_up.try_line("upgrade head"))
    }

    fn interrupted() -> Followed {
        let project = project();
        half_done(&project);
        let killed =
            "UPDATE alembic_version_log SET state = 'running', finished_at = NULL, error = NULL, session = NULL";
        application(&project).batch_execute(killed).unwrap();
        let hint = Hint::Interrupted { revision: "a1".into(), direction: "upgrade".into(), counts_as: "not applied" };
        let hint = Shown::by(&project.try_line("downgrade base"), hint);
        application(&project).batch_execute("DROP TABLE ta").unwrap();
        assert_eq!(hint.run(&project, 1).status, 0);
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn recorded_elsewhere() -> Option<Followed> {
        let hint = |direction: &str| Hint::RecordedElsewhere { revision: "a1".into(), direction: direction.into() };
        on_each(&Kind::ALL, |kind| {
            let db = Database::new(kind)?;
            let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
            let none = "<base>\n-- Transaction: none";
            project.revision("a1", none, "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
            project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;");
            project.ok("upgrade a1");
            let killed = "UPDATE alembic_version_log SET state = 'running', finished_at = NULL, session = NULL";
            db.run(killed);
            let begun = std::time::Instant::now();
            let shown = Shown::by(&project.try_line("upgrade head --wait 60"), hint("upgrade"));
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "it waits for nobody");
            assert_eq!(shown.run(&project, 1).status, 0);
            project.ok("upgrade head");
            project.ok("downgrade base");
            db.run(&format!("{killed} WHERE revision = 'a1' AND direction = 'downgrade'"));
            let shown = Shown::by(&project.try_line("upgrade head"), hint("downgrade"));
            assert_eq!(shown.run(&project, 1).status, 0);
            Some(shown.leads_to(&project.try_line("upgrade head")))
        })
    }

    fn busy() -> Followed {
        let project = line();
        let mut application = application(&project);
        application.batch_execute("CREATE TABLE own (x INTEGER); BEGIN IMMEDIATE; INSERT INTO own VALUES (1)").unwrap();
        let hint = Shown::by(&project.try_line("upgrade head --wait 0.2"), Hint::Busy);
        hint.says("`--wait <SECONDS>`");
        let waiting = project.command(["upgrade", "head", "--wait", "60"]).spawn();
        std::thread::sleep(std::time::Duration::from_millis(300));
        application.batch_execute("COMMIT").unwrap();
        assert!(waiting.unwrap().wait().unwrap().success());
        hint.leads_to(&project.try_line(PENDING))
    }

    fn rewritten() -> Followed {
        let hint = || Hint::Rewritten { revision: "a1".into(), done: "1 statement".into() };
        let write = |project: &Project, column: &str| {
            let up = format!("CREATE TABLE ta ({column} INTEGER);\nCREATE TABLE tb (x INTEGER);");
            project.revision("a1", "<base>\n-- Transaction: none", &up, "");
        };
        let (restored, given_up) = (project(), project());
        for project in [&restored, &given_up] {
            half_done(project);
            write(project, "y");
        }
        let _shown = Shown::by(&restored.try_line("upgrade head"), hint());
        write(&restored, "x");
        restored.ok("upgrade head");
        let hint = Shown::by(&given_up.try_line("upgrade head"), hint());
        application(&given_up).batch_execute("DROP TABLE ta").unwrap();
        assert_eq!(hint.run(&given_up, 1).status, 0);
        hint.leads_to(&given_up.try_line("upgrade head"))
    }

    fn inside_transaction() -> Option<Followed> {
        let db = [Kind::Mysql, Kind::Mariadb].into_iter().find_map(Database::new)?;
        let mut conn = db.connect::<MysqlConn>();
        let migrations = migrations(&[("a", "<base>", "CREATE TABLE ta (x INTEGER);")]);
        type Manager = <MysqlConn as Connection>::TransactionManager;
        Manager::begin_transaction(&mut conn).unwrap();
        let hint = Shown::in_error(&migrations.upgrade(&mut conn, "head").unwrap_err(), Hint::InsideTransaction);
        Manager::rollback_transaction(&mut conn).unwrap();
        Some(hint.leads_where(migrations.upgrade(&mut conn, "head").is_ok()))
    }

    fn pending() -> Followed {
        let project = line();
        let mut conn = application(&project);
        let migrations = migrations(&[
            ("a1", "<base>", "CREATE TABLE ta (x INTEGER);"),
            ("b1", "a1", "CREATE TABLE tb (x INTEGER);"),
        ]);
        let mut verify = || migrations.migrator().policy(Policy::Verify).upgrade(&mut conn, "head").map(drop);
        let hint = Shown::in_error(&verify().unwrap_err(), Hint::Pending);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_where(verify().is_ok())
    }
}
