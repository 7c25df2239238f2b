//! Revisions that are generated, and those that cannot be.

use alembic_graph::Hint;
use harness::{Database, Kind, Project};

use crate::{Followed, PROGRAM, Shown, follow, on_each, project};

const AUTOGENERATE: &str = "revision --autogenerate -m x --rev-id b1";

/// A project on a database with a revision, and with models that want something else.
fn wanting(db: &Database, up: &str, models: &str) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", up, "");
    project.write("src/schema.rs", models);
    project.ok("lock");
    project
}

/// Writes by hand what could not be generated, as the hint says.
fn by_hand(db: &Database, project: &Project, hint: Shown, up: &str, down: &str) -> Followed {
    let written = hint.run(project, 1);
    assert_eq!(written.status, 0, "{written}");
    let path = written.stdout.trim();
    let text = project.read(path);
    let (head, _) = text.split_once("-- alembic:upgrade").unwrap();
    project.write(path, format!("{head}-- alembic:upgrade\n{up}\n\n-- alembic:downgrade\n{down}\n"));
    project.ok("upgrade head");
    assert_ne!(db.versions(), "a1");
    hint.leads_to(&project.try_line("check --only models,roundtrip"))
}

const T: &str = "diesel::table! { t (id) { id -> Integer, } }";

follow! {
    fn upgrade_does_not_run() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let up = "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE gone (id INTEGER PRIMARY KEY);\n\
            CREATE SCHEMA other;\nCREATE TABLE other.r (x INTEGER REFERENCES gone);";
        let project = wanting(&db, up, T);
        project.revision("a1", "<base>", up, "DROP TABLE other.r;\nDROP SCHEMA other;\nDROP TABLE gone;\nDROP TABLE t;");
        let hint = Shown::by(&project.try_line(AUTOGENERATE), Hint::UpgradeDoesNotRun);
        let (up, down) = (
            "ALTER TABLE other.r DROP CONSTRAINT r_x_fkey;\nDROP TABLE gone;",
            "CREATE TABLE gone (id INTEGER PRIMARY KEY);\nALTER TABLE other.r ADD FOREIGN KEY (x) REFERENCES gone;",
        );
        Some(by_hand(&db, &project, hint, up, down))
    }

    fn object_names_what_goes() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let up = "CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER);\nCREATE VIEW v AS SELECT id, x FROM t;";
        let project = wanting(&db, up, T);
        project.revision("a1", "<base>", up, "DROP VIEW v;\nDROP TABLE t;");
        let folder = "migrations/objects".to_owned();
        let hint = Shown::by(&project.try_line(AUTOGENERATE), Hint::ObjectNamesWhatGoes { folder });
        let printed = hint.run(&project, 1);
        assert_eq!(printed.status, 0, "{printed}");
        project.write("migrations/objects/views/v.sql", "CREATE VIEW v AS SELECT id FROM t;");
        let written = hint.run(&project, 2);
        assert_eq!(written.status, 0, "{written}");
        Some(hint.leads_to(&project.try_line("check --only models,roundtrip")))
    }

    fn no_object() -> Followed {
        let project = project();
        project.revision("a1", "<base>", "CREATE TABLE t (x INTEGER PRIMARY KEY);", "DROP TABLE t;");
        project.ok("lock");
        let rows = "INSERT INTO t VALUES (1);";
        project.write("migrations/objects/v.sql", format!("{rows}\nCREATE VIEW v AS SELECT x FROM t;\n"));
        let hint = Shown::by(&project.try_line(AUTOGENERATE), Hint::NoObject);
        let written = hint.run(&project, 1);
        let path = written.stdout.trim();
        let text = project.read(path);
        project.write(path, text.replace("-- alembic:upgrade\n", &format!("-- alembic:upgrade\n{rows}\n")));
        project.write("migrations/objects/v.sql", "CREATE VIEW v AS SELECT x FROM t;");
        hint.leads_to(&project.try_line(AUTOGENERATE))
    }

    fn downgrade_does_not_run() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let q = "CREATE SEQUENCE s;\nCREATE TABLE q (id INTEGER PRIMARY KEY, x INTEGER, n INTEGER DEFAULT \
            nextval('s'));\nALTER SEQUENCE s OWNED BY q.x;";
        let project = wanting(&db, "", T);
        project.revision("a1", "<base>", &format!("CREATE TABLE t (id INTEGER PRIMARY KEY);\n{q}"), "DROP TABLE q;\nDROP TABLE t;");
        let hint = Shown::by(&project.try_line(AUTOGENERATE), Hint::DowngradeDoesNotRun);
        Some(by_hand(&db, &project, hint, "DROP TABLE q;", q))
    }

    fn write_by_hand() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let column = "CREATE SEQUENCE s;\nALTER TABLE t ADD n INTEGER DEFAULT nextval('s');\nALTER SEQUENCE s OWNED BY t.n;";
        let project = wanting(&db, "", T);
        project.revision("a1", "<base>", &format!("CREATE TABLE t (id INTEGER PRIMARY KEY);\n{column}"), "DROP TABLE t;");
        let hint = Shown::by(&project.try_line(AUTOGENERATE), Hint::WriteByHand);
        Some(by_hand(&db, &project, hint, "ALTER TABLE t DROP COLUMN n;", column))
    }

    fn cannot_follow() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let models = "diesel::table! { t (id) { id -> Integer, m -> Nullable<Integer>, } }";
        let project = wanting(&db, "CREATE TABLE t (id INTEGER PRIMARY KEY);", models);
        project.ok("upgrade head");
        db.run("CREATE SEQUENCE other; CREATE TABLE u (id INTEGER PRIMARY KEY, n INTEGER DEFAULT nextval('other'))");
        let line = "revision --autogenerate -m x --against database";
        let hint = Shown::by(&project.try_line(line), Hint::CannotFollow);
        let option = hint.says("--against database");
        Some(hint.leads_to(&project.try_line(&line.replace(&format!(" {option}"), ""))))
    }

    fn instead() -> Option<Followed> {
        on_each(&[Kind::Mysql, Kind::Mariadb], |kind| {
            let db = Database::new(kind)?;
            let models = |deferrable: &str| {
                format!(
                    "diesel::table! {{ p (id) {{ id -> Integer, }} }}\nalembic_runtime::table! {{ c (id) {{ id -> Integer,\n\
                     #[alembic(references(p(id){deferrable}))]\np -> Integer, }} }}"
                )
            };
            let project = wanting(&db, "", &models(", deferrable = \"deferred\""));
            let hint = Hint::Instead { instead: "leave `deferrable` out".into() };
            let hint = Shown::by(&project.try_line(AUTOGENERATE), hint);
            project.write("src/schema.rs", models(""));
            Some(hint.leads_to(&project.try_line(AUTOGENERATE)))
        })
    }

    fn schemas_on_mysql() -> Option<Followed> {
        on_each(&[Kind::Mysql, Kind::Mariadb], |kind| {
            let db = Database::new(kind)?;
            let models = "diesel::table! { other.t (id) { id -> Integer, } }";
            let project = wanting(&db, "CREATE TABLE t (id INTEGER PRIMARY KEY);", models);
            let hint = Shown::by(&project.try_line("check --only models"), Hint::SchemasOnMysql);
            hint.says("without a schema");
            project.write("src/schema.rs", T);
            Some(hint.leads_to(&project.try_line("check --only models")))
        })
    }

    fn downgrade_is_no_inverse() -> Followed {
        let project = project();
        let kinds = "CREATE TABLE kinds (id INTEGER PRIMARY KEY);\nINSERT INTO kinds VALUES (1);";
        project.revision("a1", "<base>", kinds, "DROP TABLE kinds;");
        let seed = "INSERT INTO kinds SELECT 2 FROM kinds WHERE id = 1;";
        project.revision("b1", "a1", seed, "DELETE FROM kinds;");
        let things = "CREATE TABLE things (kind INTEGER NOT NULL);\n\
            INSERT INTO things VALUES ((SELECT id FROM kinds WHERE id = 2));";
        project.revision("c1", "b1", things, "DROP TABLE things;");
        let _rows = Shown::by(&project.try_line("check --only roundtrip"), Hint::DowngradeIsNoInverse);
        project.revision("b1", "a1", seed, "DELETE FROM kinds WHERE id = 2;");
        project.ok("check --only roundtrip");
        project.revision("c1", "b1", things, "");
        let hint = Shown::by(&project.try_line("check --only roundtrip"), Hint::DowngradeIsNoInverse);
        project.revision("c1", "b1", things, "DROP TABLE things;");
        hint.leads_to(&project.try_line("check --only roundtrip"))
    }
}
