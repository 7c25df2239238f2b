//! Which database a URL names.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

fn with_url(url: &str) -> Project {
    let project = Project::new(crate::PROGRAM, "").with("DATABASE_URL", url);
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project
}

#[test]
fn three_slashes_are_not_guessed_at() {
    let project = with_url("sqlite:///alembic-is-not-to-make-this.db");
    assert_snapshot!(project.try_line("upgrade head"), @"
    ------- stderr -------
    error: `sqlite:///alembic-is-not-to-make-this.db` is not a database URL
      caused by: `/alembic-is-not-to-make-this.db` does not exist, and SQLAlchemy takes this URL for `alembic-is-not-to-make-this.db`: write `sqlite://alembic-is-not-to-make-this.db` for the relative path, `sqlite:////alembic-is-not-to-make-this.db` for the absolute one
    [exit status: 2]
    ");
    for line in ["current", "check", "upgrade head --dry-run"] {
        assert_eq!(project.try_line(line).status, 2, "{line}");
    }
    assert!(!std::path::Path::new("/alembic-is-not-to-make-this.db").exists());

    // Both spellings that the message names work.
    let project = with_url("sqlite:///data/shop.db");
    project.write("data/shop.db", "");
    assert_eq!(project.try_line("upgrade head").status, 2);
    assert_eq!(project.ok("upgrade head --database-url sqlite://data/shop.db"), "");
    assert_eq!(project.ok("current --database-url data/shop.db"), "a1 (head)\n");
    let absolute = project.path().join("data/shop.db").display().to_string();
    for slashes in ["sqlite://", "sqlite:///"] {
        assert_eq!(project.ok(&format!("current --database-url {slashes}{absolute}")), "a1 (head)\n");
    }
}

#[test]
fn a_scheme_may_have_capitals() {
    let project = with_url("SQLite://shop.db");
    project.ok("upgrade head");
    assert_eq!(project.ok("current --database-url shop.db"), "a1 (head)\n");
    for (kind, scheme) in [(Kind::Postgres, "POSTGRES"), (Kind::Mysql, "MySQL"), (Kind::Mariadb, "MariaDB")] {
        let Some(db) = Database::new(kind) else { continue };
        let (_, rest) = db.url().split_once("://").unwrap();
        let project = with_url(&format!("{scheme}://{rest}"));
        project.ok("upgrade head");
        assert_eq!(project.ok(&format!("current --database-url {}", db.url())), "a1 (head)\n");
    }
    let output = with_url("Postgers://db/shop").try_line("current");
    assert!(output.stderr.contains("did you mean `postgres`?"), "{output}");
}

#[test]
fn a_driver_in_the_scheme_is_understood() {
    let project = with_url("sqlite+aiosqlite:///shop.db");
    project.ok("upgrade head");
    assert_eq!(project.ok("current --database-url shop.db"), "a1 (head)\n");
    let drivers = [
        (Kind::Postgres, "postgresql+psycopg"),
        (Kind::Mysql, "mysql+pymysql"),
        (Kind::Mariadb, "mariadb+mariadbconnector"),
    ];
    for (kind, driver) in drivers {
        let Some(db) = Database::new(kind) else { continue };
        let (_, rest) = db.url().split_once("://").unwrap();
        let project = with_url(&format!("{driver}://{rest}"));
        project.ok("upgrade head");
        assert_eq!(db.versions(), "a1");
        assert_eq!(project.try_line("check").status, 0, "{}", project.try_line("check"));
    }
}
