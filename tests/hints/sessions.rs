//! Search paths and row-level security.

use alembic_graph::Hint;
use harness::{Database, Kind, Project};

use crate::{Followed, PROGRAM, Shown, follow};

/// Two revisions on a PostgreSQL server, which the first of two tenants has applied.
fn migrated(db: &Database) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.ok("upgrade head");
    project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;");
    project.ok("lock");
    project
}

fn with_path(project: Project, db: &Database, path: &str) -> Project {
    project.with("DATABASE_URL", &format!("{}?options=-csearch_path%3D{path}", db.url()))
}

fn set(project: &Project, setting: &str) {
    project.write("Cargo.toml", format!("{}{setting}\n", project.read("Cargo.toml")));
}

/// A role that has all rights in the database, and is not the owner of what is in it; dropped with this value.
struct Role<'db> {
    db: &'db Database,
    name: String,
}

impl<'db> Role<'db> {
    fn new(db: &'db Database) -> Self {
        let name = format!("{}_app", db.name());
        db.run(&format!("CREATE ROLE {name} LOGIN PASSWORD 'x'; GRANT ALL ON SCHEMA public TO {name}"));
        Self { db, name }
    }

    fn of(&self, project: Project) -> Project {
        project.with("DATABASE_URL", &self.db.url().replace("postgres@", &format!("{}:x@", self.name)))
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        self.db.run(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}

follow! {
    fn which_schema() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = with_path(migrated(&db), &db, "t1%2Cpublic");
        db.run("CREATE SCHEMA t1");
        let [table, found, first] = ["alembic_version", "public", "t1"].map(str::to_owned);
        let hint = Hint::WhichSchema { table, found, first };
        let hint = Shown::by(&project.try_line("upgrade head"), hint);
        let manifest = project.read("Cargo.toml");
        set(&project, hint.says("version-table = \"public.alembic_version\""));
        assert_eq!(project.ok("current"), "a1\n");
        project.write("Cargo.toml", manifest);
        set(&project, hint.says("version-table = \"t1.alembic_version\""));
        assert_eq!(project.ok("current"), "");
        project.ok("upgrade head");
        let tables = "SELECT schemaname || '.' || tablename AS answer FROM pg_tables WHERE tablename ~ '^t' AND schemaname ~ '^(t1|public)' ORDER BY 1";
        assert_eq!(db.ask(tables), "public.ta,t1.ta,t1.tb");
        let alone = with_path(migrated(&Database::new(Kind::Postgres)?), &db, "t1");
        Some(hint.leads_where(alone.ok("current") == "b1 (head)\n"))
    }

    fn no_schema() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let project = with_path(migrated(&db), &db, "nowhere");
        let hint = Shown::by(&project.try_line("current"), Hint::NoSchema { table: "alembic_version".into() });
        let manifest = project.read("Cargo.toml");
        set(&project, hint.says("version-table = \"public.alembic_version\""));
        assert_eq!(project.ok("current"), "a1\n");
        project.write("Cargo.toml", manifest);
        db.run(&format!("{} nowhere", hint.says("CREATE SCHEMA")));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn record_hidden() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let role = Role::new(&db);
        let project = role.of(migrated(&db));
        db.run(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}", role.name));
        let tables = ["alembic_version", "alembic_version_log", "alembic_lock"];
        tables.iter().for_each(|table| db.run(&format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")));
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::RecordHidden);
        assert_eq!(project.try_line("current").status, 3);
        db.run(&format!("ALTER ROLE {} {}", role.name, hint.says("BYPASSRLS")));
        assert_eq!(project.ok("current"), "a1\n");
        db.run(&format!("ALTER ROLE {} NOBYPASSRLS", role.name));
        let disable = hint.says("ALTER TABLE … DISABLE ROW LEVEL SECURITY");
        tables.iter().for_each(|table| db.run(&disable.replace('…', table)));
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }

    fn rows_hidden() -> Option<Followed> {
        let db = Database::new(Kind::Postgres)?;
        let role = Role::new(&db);
        let project = role.of(Project::new(PROGRAM, "").with("DATABASE_URL", db.url()));
        let table = "CREATE TABLE ta (x INTEGER);\nALTER TABLE ta ENABLE ROW LEVEL SECURITY;\n\
            ALTER TABLE ta FORCE ROW LEVEL SECURITY;";
        project.revision("a1", "<base>", table, "");
        project.revision("b1", "a1", "UPDATE ta SET x = 1;", "");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::RowsHidden);
        db.run(&format!("ALTER ROLE {} {}", role.name, hint.says("BYPASSRLS")));
        project.ok("upgrade head");
        db.run(&format!("ALTER ROLE {} NOBYPASSRLS", role.name));
        project.revision("c1", "b1", "UPDATE ta SET x = 2;", "");
        let _shown = Shown::by(&project.try_line("upgrade head"), Hint::RowsHidden);
        project.revision("c1", &format!("b1\n-- {}", hint.says("Row Security: on")), "UPDATE ta SET x = 2;", "");
        Some(hint.leads_to(&project.try_line("upgrade head")))
    }
}
