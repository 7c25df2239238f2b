use harness::Kind;
use insta::assert_snapshot;

use crate::project;

#[test]
fn an_sqlite_file_is_made_dropped_and_reset() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    project.ok("database create");
    project.ok("upgrade head");
    assert_snapshot!(project.try_line("database drop"), @"
    ------- stderr -------
    Drop $PROJECT/shop.db with all its data? [y/N] error: nothing was dropped
    hint: pass `--yes` to drop the database without being asked
    [exit status: 2]
    ");
    assert!(project.path().join("shop.db").exists());
    project.ok("database reset --yes");
    assert_eq!(project.ok("current"), "a1 (head)\n");
    project.ok("database drop -y");
    assert!(!project.path().join("shop.db").exists());
}

#[test]
fn servers_make_and_drop_databases() {
    for kind in [Kind::Postgres, Kind::Mysql, Kind::Mariadb] {
        let Some(db) = harness::Database::new(kind) else {
            continue;
        };
        let project = project().with("DATABASE_URL", &db.url().replace(db.name(), &format!("{}_two", db.name())));
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        assert_eq!(project.try_line("current").status, 3, "{kind:?}: there is no such database");
        project.ok("database create");
        project.ok("upgrade head");
        project.ok("database reset --yes");
        assert_eq!(project.ok("current"), "a1 (head)\n");
        project.ok("database drop --yes");
        assert_eq!(project.try_line("current").status, 3, "{kind:?}: it is gone");
    }
}

#[test]
fn on_a_terminal_a_missing_database_is_offered() {
    for kind in [Kind::Postgres, Kind::Mysql, Kind::Mariadb] {
        let Some(db) = harness::Database::new(kind) else {
            continue;
        };
        let project = project().with("DATABASE_URL", &db.url().replace(db.name(), &format!("{}_two", db.name())));
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
        let question = "Create it? [y/N]";
        assert!(!project.try_line("upgrade head").stderr.contains(question), "nobody can be asked");
        let refused = project.on_terminal("upgrade head", "n\n");
        assert!(refused.contains(question) && refused.contains("error: "), "{kind:?}: {refused}");
        assert_eq!(project.try_line("current").status, 3, "{kind:?}: it is not there");
        let asked = project.on_terminal("upgrade head", "y\n");
        assert!(asked.contains("Running upgrade  -> a1"), "{kind:?}: {asked}");
        assert_eq!(project.ok("current"), "a1 (head)\n");
        project.ok("database drop --yes");
    }
}
