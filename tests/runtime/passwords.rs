//! No password in anything that is printed, however it is given.

use std::{collections::BTreeSet, fmt::Write};

use alembic_runtime::{
    Migrations,
    cli::{Exit, Io, run_embedded},
    pure::{MysqlConnection, MysqlServer, PgConnection, PgServer},
};
use alembic_sql::url::{DatabaseUrl, UrlText, shown};
use diesel::SqliteConnection;
use harness::passwords::{HALVES, urls};

use crate::migrations;

/// Runs the commands of a program with these migrations; returns all that it prints.
macro_rules! said {
    ($migrations:expr, $args:expr) => {{
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (out_color, err_color, err_terminal) = (false, false, false);
        let io = Io { asks: false, out: &mut out, err: &mut err, out_color, err_color, err_terminal };
        let exit = run_embedded($migrations, $args.into_iter().map(Into::into), io);
        (exit, String::from_utf8([out, err].concat()).unwrap())
    }};
}

#[test]
fn no_password_is_printed_however_it_is_given() {
    let spec = [("a", "", "CREATE TABLE a (x INTEGER);", "DROP TABLE a;")];
    let postgres: Migrations<PgConnection> = migrations(&spec);
    let mysql: Migrations<MysqlConnection> = migrations(&spec);
    let sqlite: Migrations<SqliteConnection> = migrations(&spec);
    let commands = [
        &["current"][..],
        &["upgrade", "head", "--format", "json"],
        &["check", "--format", "github"],
        &["upgrade", "head", "--echo", "--tag", "x"],
        &["history", "--indicate-current"],
    ];
    let (mut reached, mut refused) = (0, 0);
    let all: BTreeSet<String> = urls().into_iter().collect();
    for (index, url) in all.iter().enumerate() {
        let args =
            ["migrate", "--database-url", url].into_iter().chain(commands[index % commands.len()].iter().copied());
        let (exit, mut text) = match url.split(':').next().unwrap_or_default() {
            scheme if scheme.starts_with("my") || scheme.starts_with("maria") => said!(&mysql, args),
            scheme if scheme.starts_with("sqlite") || scheme == "file" => said!(&sqlite, args),
            _ => said!(&postgres, args),
        };
        match exit {
            Exit::Failed => reached += 1,
            _ => refused += 1,
        }
        let nothing = |_: &str| None;
        let (pg, my) = (PgServer::parse(url, &nothing), MysqlServer::parse(url));
        write!(text, "{pg:?} {my:?} {:?} {:?} {}", DatabaseUrl::parse(url), UrlText::from(url.clone()), shown(url))
            .unwrap();
        for half in HALVES {
            assert!(!text.contains(half), "{url}\n{text}");
        }
    }
    // What is refused for its form, and what is taken and led nowhere: neither is an empty set.
    assert!(all.len() >= 5000 && reached > 1500 && refused > 1000, "{} URLs, {reached}, {refused}", all.len());
}

#[test]
fn a_url_in_the_place_of_something_else_has_no_password_either() {
    let postgres: Migrations<PgConnection> = migrations(&[("a", "", "", "")]);
    let url = "postgres://u:S3CRA@127.0.0.1:1/db";
    for args in [
        vec!["migrate", "current", url],
        vec!["migrate", "upgrade", url, "--sql"],
        vec!["migrate", "show", url],
        vec!["migrate", "history", "--format", url],
        vec!["migrate", url],
        vec!["migrate", "current", "host=h password=S3CRA"],
    ] {
        let (_, text) = said!(&postgres, args.clone());
        assert!(!text.contains("S3CRA") && text.contains("***"), "{args:?}\n{text}");
    }
}
