//! Files that git has checked out with `\r\n`.

use std::fs;

use diesel::{Connection, RunQueryDsl, dsl::sql, sql_types::Text};
use harness::{Project, SqliteConn, bash};
use insta::assert_snapshot;

use crate::{PROGRAM, project};

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Returns whether every line ends with `\r\n`.
fn is_crlf(text: &str) -> bool {
    text == crlf(text)
}

/// Rewrites files as `git clone -c core.autocrlf=true` leaves them.
fn check_out(project: &Project, files: &[&str]) {
    files.iter().for_each(|file| project.write(file, crlf(&project.read(file))));
}

#[test]
fn a_clone_with_other_line_ends_is_the_same_project() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (\n  x TEXT DEFAULT 'a\nb'\n);", "DROP TABLE ta;");
    project.write("src/schema.rs", "diesel::table! {\n    ta (x) {\n        x -> Nullable<Text>,\n    }\n}\n");
    project.ok("snapshot");
    project.ok("upgrade head");
    let git = |folder: &str, line: &str| {
        bash(&project.path().join(folder), &format!("git -c user.name=x -c user.email=x@example.com {line}"))
    };
    let _output = git(".", "init -q -b main && printf '*.db\\nclone\\n' > .gitignore");
    let _output = git(".", "add -A");
    let _output = git(".", "commit -qm one");
    let _output = git(".", "clone -q -c core.autocrlf=true . clone");
    let clone = project.path().join("clone");
    let read = |name: &str| fs::read_to_string(clone.join(name)).unwrap();
    assert!(
        is_crlf(&read("migrations/alembic.lock")) && is_crlf(&read("migrations/a1.sql")),
        "git has not changed them"
    );
    let run = |line: &str| {
        let url = format!("--database-url {}", project.path().join("shop.db").display());
        let line = format!("{url} --manifest-path clone/Cargo.toml {line}");
        let output = project.try_line(&line);
        assert_eq!(output.status, 0, "{line}\n{output}");
        output.stdout
    };
    run("heads --locked");
    run("lock --locked");
    assert_snapshot!(run("check --only files,replay,roundtrip,pending"), @"
    files      ok       1 revision, one head
    replay     ok       1 revision on sqlite
    roundtrip  ok       1 revision undone and applied again
    pending    ok       The database is up to date at a1
    ");
    run("snapshot");
    assert_eq!(git("clone", "status --porcelain"), "");
    run("revision -m more --rev-id b1");
    assert!(is_crlf(&read("migrations/alembic.lock")));
    let changed = git("clone", "diff --numstat");
    assert_eq!(changed.split_whitespace().collect::<Vec<_>>(), ["2", "1", "migrations/alembic.lock"], "{changed}");
}

#[test]
fn init_keeps_the_line_ends_of_the_manifest() {
    let project = Project::unconfigured(PROGRAM);
    check_out(&project, &["Cargo.toml"]);
    project.ok("init");
    assert!(is_crlf(&project.read("Cargo.toml")), "{:?}", project.read("Cargo.toml"));
    project.ok("heads");
    assert!(!project.path().join(".gitattributes").exists());
}

#[test]
fn models_and_snapshots_keep_theirs() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (id INTEGER PRIMARY KEY NOT NULL);", "DROP TABLE ta;");
    project.write("src/schema.rs", "// mine\ndiesel::table! {\n    ta (id) {\n        id -> Integer,\n    }\n}\n");
    project.ok("snapshot");
    check_out(&project, &["src/schema.rs", "migrations/schema.sqlite.sql", "migrations/a1.sql", "Cargo.toml"]);
    assert_eq!(project.try_line("check --only replay,models").status, 0);
    project.revision("b1", "a1", "ALTER TABLE ta ADD COLUMN mail TEXT;", "ALTER TABLE ta DROP COLUMN mail;");
    project.ok("print-schema --from migrations --update src/schema.rs");
    let models = project.read("src/schema.rs");
    assert!(models.starts_with("// mine\r\n") && models.contains("mail") && is_crlf(&models), "{models:?}");
    project.ok("snapshot");
    assert!(is_crlf(&project.read("migrations/schema.sqlite.sql")));
    assert_eq!(project.try_line("check --only replay,models").status, 0);
}

#[test]
fn seeds_and_dotenv_read_the_same() {
    let project = Project::new(PROGRAM, "");
    project.revision("a1", "<base>", "CREATE TABLE ta (x TEXT);", "DROP TABLE ta;");
    project.write(".env", "# here\r\nDATABASE_URL=shop.db\r\nOTHER=1\r\n");
    project.write("seeds/a.sql", "\u{feff}INSERT INTO ta VALUES ('a\r\nb');\r\n");
    project.ok("upgrade head");
    project.ok("seed");
    assert!(project.path().join("shop.db").exists());
    let mut conn = SqliteConn::establish(project.path().join("shop.db").to_str().unwrap()).unwrap();
    let seeded = diesel::select(sql::<Text>("(SELECT x FROM ta)")).get_result::<String>(&mut conn).unwrap();
    assert_eq!(seeded, "a\nb");
}

#[test]
fn init_writes_gitattributes_if_asked() {
    let project = Project::unconfigured(PROGRAM);
    project.write(".gitattributes", "*.png binary\r\n/migrations/*.rs text eol=lf\r\n");
    project.ok("init --gitattributes");
    assert_eq!(
        project.read(".gitattributes"),
        "*.png binary\r\n/migrations/*.rs text eol=lf\r\n/migrations/*.sql text eol=lf\r\n/migrations/alembic.lock text eol=lf\r\n"
    );
}
