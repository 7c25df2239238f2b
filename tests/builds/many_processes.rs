//! Fifty replicas start at once.

use std::process::{Command, Stdio};

use harness::{Database, Kind};

use crate::example;

fn fifty_at_once(kind: Kind) {
    let Some(db) = Database::new(kind) else {
        return;
    };
    let binary = example("blog", if kind.is_mysql_family() { "mysql" } else { kind.name() });
    let children: Vec<_> = (0..50)
        .map(|_| {
            let mut command = Command::new(&binary);
            command.arg(db.url()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1. Hello: The first post."));
    }
    assert_eq!(
        db.ask("SELECT revision AS answer FROM alembic_version_log ORDER BY id"),
        "1b2c3d4e5f60,3f2a9c1b7d4e,8d1e0f2a3b4c"
    );
    assert_eq!(db.versions(), "8d1e0f2a3b4c");
}

#[test]
fn on_sqlite() {
    fifty_at_once(Kind::Sqlite);
}

#[test]
fn on_postgres() {
    fifty_at_once(Kind::Postgres);
}

#[test]
fn on_mysql() {
    fifty_at_once(Kind::Mysql);
}

#[test]
fn on_mariadb() {
    fifty_at_once(Kind::Mariadb);
}
