//! A value of an enum and its use, as autogenerate writes them: through every way to run them.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

fn models(project: &Project, column: &str) {
    let text = format!(
        "#[derive(SqlType)]\n#[diesel(postgres_type(name = \"mood\"))]\nstruct Mood;\n\
         alembic_runtime::table! {{ people {{ id -> Integer, {column} m -> Mood }} }}\n"
    );
    project.write("src/schema.rs", text);
}

const BEFORE: &str = "#[alembic(values(\"sad\", \"glad\"), default = \"'sad'\")]";
const VALUE: &str = "#[alembic(values(\"sad\", \"ok\", \"glad\"), default = \"'sad'\")]";
const USED: &str = "#[alembic(values(\"sad\", \"ok\", \"glad\"), default = \"'ok'\")]";

fn answer(db: &Database) -> String {
    db.run("INSERT INTO people (id) VALUES (1)");
    db.ask("SELECT m::text AS answer FROM people")
}

#[test]
fn a_value_in_one_revision_and_its_use_in_the_next() {
    let databases = || Database::new(Kind::Postgres);
    let (Some(db), Some(fresh), Some(by_script)) = (databases(), databases(), databases()) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    models(&project, BEFORE);
    project.ok("revision --autogenerate -m before");
    project.ok("upgrade head");
    for column in [VALUE, USED] {
        models(&project, column);
        // Nothing is applied between the two.
        project.ok("revision --autogenerate -m next");
    }
    project.ok("upgrade head");
    project.ok("check");
    assert_eq!(answer(&db), "ok");
    let script = project.ok("upgrade head --sql");
    by_script.run_script(&script).unwrap();
    assert_eq!(answer(&by_script), "ok");
    let project = project.with("DATABASE_URL", fresh.url());
    project.ok("upgrade head");
    assert_eq!(answer(&fresh), "ok");
    fresh.run("DELETE FROM people");
    project.ok("downgrade base");
    assert_eq!(fresh.tables(), "");
}

#[test]
fn a_value_and_its_use_in_one_change_of_the_models() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    models(&project, BEFORE);
    project.ok("revision --autogenerate -m before");
    project.ok("upgrade head");
    models(&project, USED);
    project.ok("revision --autogenerate -m both");
    project.ok("upgrade head");
    project.ok("check");
    assert_eq!(answer(&db), "ok");
}
