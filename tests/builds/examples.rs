//! The examples do what their READMEs say.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use harness::{Database, Kind, bash};
use insta::assert_snapshot;

use crate::example;

#[test]
fn the_blog_migrates_itself_and_lists_posts() {
    let binary = example("blog", "sqlite");
    let folder = tempfile::tempdir().unwrap();
    let run = || bash(folder.path(), &binary.display().to_string());
    assert_snapshot!(run(), @"
    Running upgrade  -> 1b2c3d4e5f60, create posts
    Running upgrade 1b2c3d4e5f60 -> 3f2a9c1b7d4e, add a body to posts
    Running upgrade 3f2a9c1b7d4e -> 8d1e0f2a3b4c, write the first posts
    Ran 3 steps; the database is at 8d1e0f2a3b4c.
    1. Hello: The first post.
    2. Revisions form a graph: Two branches can both change the schema, and merge.
    ");
    assert_snapshot!(run(), @"
    The database is up to date at 8d1e0f2a3b4c.
    1. Hello: The first post.
    2. Revisions form a graph: Two branches can both change the schema, and merge.
    ");
}

#[test]
fn the_team_has_its_own_migration_tool() {
    let binary = example("team", "default");
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| bash(folder.path(), &format!("{} {line} 2>&1", binary.display()));
    assert_snapshot!(run("history"), @"
    9b9b4ab47940 (audit) -> 29f859a13ea0 (shop) (head), audit carts
    <base> -> 3cac04ae8714 (audit) (effective head), create audit log
    27c6a30d7c24, ae1027a6acf0 -> 9b9b4ab47940 (shop) (mergepoint), merge shop and login
    1975ea83b712 -> ae1027a6acf0, add last login
    1975ea83b712 -> 27c6a30d7c24 (shop), add shopping cart
    <base> -> 1975ea83b712 (branchpoint), create account
    ");
    assert_snapshot!(run("--database-url team.db upgrade head"), @"
    Running upgrade  -> 1975ea83b712, create account
    Running upgrade 1975ea83b712 -> 27c6a30d7c24, add shopping cart
    Running upgrade 1975ea83b712 -> ae1027a6acf0, add last login
    Running upgrade 27c6a30d7c24, ae1027a6acf0 -> 9b9b4ab47940, merge shop and login
    Running upgrade  -> 3cac04ae8714, create audit log
    Running upgrade 9b9b4ab47940 -> 29f859a13ea0, audit carts
    ");
    assert_snapshot!(run("--database-url team.db downgrade shop@1975 2>&1 || true"), @"
    Running downgrade 29f859a13ea0 -> 9b9b4ab47940, audit carts
    Running downgrade 9b9b4ab47940 -> 27c6a30d7c24, ae1027a6acf0, merge shop and login
    Running downgrade 27c6a30d7c24 -> 1975ea83b712, add shopping cart
    ");
    assert_snapshot!(run("--database-url team.db current"), @"
    ae1027a6acf0
    3cac04ae8714 (effective head)
    3 behind head.
    ");
}

/// The web service, stopped with this value.
struct Service {
    child: Child,
    address: String,
    said: Vec<String>,
}

impl Service {
    fn start(url: &str) -> Self {
        let mut child =
            Command::new(example("web", "default")).args([url, "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = Vec::new();
        let mut address = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(found) = line.strip_prefix("listening on ") {
                address = found.to_owned();
                break;
            }
            said.push(line);
        }
        Self { child, address, said }
    }

    fn health(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /health/migrations HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn the_web_service_tells_how_it_stands() {
    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    let service = Service::start(db.url());
    assert_eq!(
        service.said.last().unwrap(),
        "Ran 2 steps; the database is at 6b7c8d9e0f1a. They were committed in 2 transactions."
    );
    assert!(service.health().starts_with("HTTP/1.1 200 OK"), "{}", service.health());
    assert!(service.health().contains("\"verdict\":\"up-to-date\""));

    db.run("UPDATE alembic_version SET version_num = '5a6b7c8d9e0f'");
    assert!(service.health().starts_with("HTTP/1.1 503 "), "pending: {}", service.health());
    db.run("UPDATE alembic_version_log SET checksum = 'x', node = 'x', prefix = 'x'");
    assert!(service.health().starts_with("HTTP/1.1 500 "), "diverged: {}", service.health());

    // A newer program has been here: the old one serves, and says so.
    db.run("UPDATE alembic_version SET version_num = 'newer'");
    assert!(service.health().starts_with("HTTP/1.1 200 "), "ahead: {}", service.health());
    let old = Service::start(db.url());
    assert_eq!(old.said, ["the database is ahead of this program; serving without migrating"]);
}
