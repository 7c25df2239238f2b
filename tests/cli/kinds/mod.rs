//! Each kind of change: made in the models, generated, applied to a real server, and then no difference. The results
//! are `docs/autogenerate.md`.

mod cases;

use std::{collections::BTreeMap, fmt::Write as _};

use cases::{CASES, Case};
use harness::{Database, Kind, Project, workspace};

use crate::PROGRAM;

/// What became of a case on a database.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// It was detected, generated, applied, and nothing was left to do.
    Detected,
    /// It was detected, and left to a person.
    ByHand,
}

fn models(source: &str, kind: Kind) -> String {
    let mood = match kind {
        Kind::Postgres => "#[derive(SqlType)] #[diesel(postgres_type(name = \"mood\"))] struct Mood;",
        Kind::Mysql | Kind::Mariadb => "#[derive(SqlType)] #[diesel(mysql_type(name = \"Enum\"))] struct Mood;",
        Kind::Sqlite => "",
    };
    let collation = match kind {
        Kind::Postgres => "C",
        Kind::Mysql | Kind::Mariadb => "utf8mb4_bin",
        Kind::Sqlite => "NOCASE",
    };
    let mood_column = if kind == Kind::Sqlite { "mood -> Text" } else { "mood -> Mood" };
    source
        .replace("MOOD", mood)
        .replace("COLLATION", collation)
        .replace("mood -> Mood", mood_column)
        .replace("table!", "alembic_runtime::table!")
}

fn run(case: &Case, kind: Kind) -> Option<Outcome> {
    let db = Database::new(kind)?;
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    let say = |line: &str| {
        let output = project.try_line(line);
        assert_eq!(output.status, 0, "{} on {}: {line}\n{output}", case.title, kind.name());
        output.stdout
    };
    if case.after.contains("more.") {
        db.run("CREATE SCHEMA more");
        project.revision("schema", "<base>", "CREATE SCHEMA more;", "DROP SCHEMA more;");
        project.ok("stamp head");
    }
    project.write("src/schema.rs", models(case.before, kind));
    say("revision --autogenerate -m before");
    project.write("src/schema.rs", models(case.after, kind));
    let output = project.try_line("revision --autogenerate -m after");
    if output.status == 2 && output.stderr.contains("by hand") {
        return Some(Outcome::ByHand);
    }
    assert_eq!(output.status, 0, "{} on {}\n{output}", case.title, kind.name());
    assert!(output.stderr.contains("Detected "), "{} on {}\n{output}", case.title, kind.name());
    say("upgrade head");
    say("check");
    Some(Outcome::Detected)
}

fn outcomes(kind: Kind) -> BTreeMap<&'static str, Outcome> {
    let cases = CASES.iter().filter(|case| case.on.contains(&kind.name()));
    cases.filter_map(|case| Some((case.title, run(case, kind)?))).collect()
}

fn document(outcomes: &BTreeMap<&str, BTreeMap<&str, Outcome>>) -> String {
    let mut text = String::from(
        "# What autogenerate detects\n\nA test makes each change in the models, generates a revision, applies it to a real server, and runs `check`,\n\
         which undoes it on a scratch database, and compares models and database again: nothing. It writes this table.\n\n\
         **yes**: detected, written, undone by the downgrade. **told**: detected, and left to a person, who is told.\n\
         A dash: the database has no such thing.\n\n\
         | change | SQLite | PostgreSQL | MySQL | MariaDB | Alembic |\n|---|---|---|---|---|---|\n",
    );
    for case in CASES {
        let cell = |kind: &str| match outcomes[kind].get(case.title) {
            Some(Outcome::Detected) => "yes",
            Some(Outcome::ByHand) => "told",
            None => "–",
        };
        let cells = Kind::ALL.map(|kind| cell(kind.name())).join(" | ");
        let _infallible = writeln!(text, "| {} | {cells} | {} |", case.title, case.alembic);
    }
    text.push_str(
        "\nViews, triggers, functions, domains, extensions, partitions, policies, exclusion constraints, full-text and\n\
         virtual tables are known only as the database's text: read, named, compared by `check` before and after each\n\
         downgrade, and otherwise left alone, unless [a file](objects.md) says what there is to be. So is what else an\n\
         index, a constraint, a column or a table has and no attribute says (storage parameters,\n\
         `NULLS NOT DISTINCT`, replica identity, …): it is made again with its table,\n\
         and a change that takes it along puts it back, or says that it goes. Nothing that is not understood is\n\
         dropped. Tables without a primary key, which Diesel cannot have, are left\n\
         alone, too, unless a model names them. Names of primary and foreign keys do not count.\n",
    );
    text
}

#[test]
fn every_kind_of_change_is_detected_and_made() {
    let kinds = Kind::ALL.map(|kind| std::thread::spawn(move || (kind.name(), outcomes(kind))));
    let outcomes: BTreeMap<_, _> = kinds.into_iter().map(|kind| kind.join().expect("its panic says why")).collect();
    if outcomes.values().any(BTreeMap::is_empty) {
        // A laptop without servers.
        return;
    }
    let path = workspace().join("docs/autogenerate.md");
    let rendered = document(&outcomes);
    #[expect(clippy::disallowed_methods, reason = "how a snapshot is accepted, as with the others")]
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &rendered).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == rendered, "docs/autogenerate.md is not up to date: run this test with INSTA_UPDATE=always");
}
