//! A search path that the database sets: behind a pooler, which cannot be told one, and in scripts, which learn it when
//! they run.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

/// Returns a URL of the database that leads through the pooler.
fn pooled(db: &Database) -> String {
    #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where the servers are")]
    let pooler = std::env::var("ALEMBIC_TEST_PGBOUNCER").unwrap();
    format!("{}/{}", pooler.rsplit_once('/').unwrap().0, db.name())
}

fn set_path(db: &Database, path: &str) {
    db.run(&format!("ALTER DATABASE {} SET search_path = {path}", db.name()));
}

/// `public` was migrated, `t1` comes first, and a revision that changes rows is pending.
fn tenants() -> Option<(Database, Project)> {
    let db = Database::new(Kind::Postgres)?;
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", "CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);", "DROP TABLE users;");
    project.ok("upgrade head");
    db.run("INSERT INTO users VALUES (1, 'mine'); CREATE SCHEMA t1");
    set_path(&db, "t1, public");
    project.revision("b1", "a1", "UPDATE users SET mail = 'changed';", "SELECT 1;");
    Some((db, project))
}

/// The rows of `public`, and what is in `t1`.
fn rows(db: &Database) -> String {
    db.ask(
        "SELECT mail AS answer FROM public.users UNION ALL SELECT version_num FROM public.alembic_version \
         UNION ALL SELECT tablename::text FROM pg_tables WHERE schemaname = 't1'",
    )
}

#[test]
fn another_tenants_rows_are_a_question_behind_a_pooler_too() {
    let Some((db, project)) = tenants() else { return };
    for url in [db.url().to_owned(), pooled(&db)] {
        for command in ["current", "upgrade head", "stamp base", "check --only pending"] {
            let output = project.try_line(&format!("{command} --database-url {url}"));
            let said = format!("{}{}", output.stdout, output.stderr);
            assert!(
                output.status != 0 && said.contains("version-table = \"t1.alembic_version\""),
                "{command}: {output}"
            );
        }
    }
    assert_eq!(rows(&db), "mine,a1");
}

#[test]
fn another_tenants_rows_are_a_question_for_a_script() {
    let Some((db, project)) = tenants() else { return };
    for range in ["upgrade a1:b1", "upgrade head", "upgrade head --idempotent", "downgrade a1:base"] {
        let script = project.ok(&format!("{range} --sql --dialect postgres"));
        let said = db.run_script(&script).unwrap_err();
        assert!(
            said.contains("schema public") && said.contains("t1") && said.contains("nothing was changed"),
            "{range}: {said}"
        );
        assert_eq!(rows(&db), "mine,a1", "{range}");
    }
}

#[test]
fn a_schema_that_a_revision_makes_may_come_first_behind_a_pooler_and_in_a_script() {
    for by_script in [false, true] {
        let Some(db) = Database::new(Kind::Postgres) else { return };
        set_path(&db, "data, public");
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", &pooled(&db));
        project.revision("a1", "<base>", "CREATE SCHEMA data;", "DROP SCHEMA data;");
        project.revision("b1", "a1", "CREATE TABLE users (id INTEGER);", "DROP TABLE users;");
        for command in ["upgrade a1", "upgrade a1:b1", "downgrade b1:base", "upgrade head"] {
            if by_script {
                let script = project.ok(&format!("{command} --sql --dialect postgres"));
                db.run_script(&script).unwrap_or_else(|said| panic!("{command}: {said}"));
            } else {
                let (verb, target) = command.split_once(' ').unwrap();
                project.ok(&format!("{verb} {}", target.split(':').next_back().unwrap()));
            }
        }
        let tables = "SELECT schemaname || '.' || tablename AS answer FROM pg_tables WHERE tablename IN ('users', 'alembic_version') ORDER BY 1";
        assert_eq!(db.ask(tables), "data.users,public.alembic_version", "{by_script}");
        assert_eq!(project.ok("current"), "b1 (head)\n");
    }
}
