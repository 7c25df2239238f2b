//! Real dumps as a first revision, from each database's own program.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

const ROWS: &str = "INSERT INTO notes VALUES (1, 'it''s; -- \"x\"'), (2, '$$ /* \u{e4} */');";

/// What is dumped, what takes it back, and the options of the dump that a revision can be made of.
fn example(kind: Kind) -> (String, &'static str, &'static [&'static str]) {
    let tables = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR(99) DEFAULT 'a;b');\n\
                  CREATE VIEW v AS SELECT id FROM notes;";
    match kind {
        Kind::Sqlite => (
            format!("{tables}\nCREATE TRIGGER g AFTER DELETE ON notes BEGIN SELECT 1; SELECT 2; END;\n{ROWS}"),
            "DROP VIEW v;\nDROP TABLE notes;",
            &[],
        ),
        Kind::Postgres => (
            format!(
                "{tables}\nINSERT INTO notes VALUES (3, 'C:\\dir\\');\nCREATE TYPE mood AS ENUM ('a;');\n\
                 CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 7; END $$;\n\
                 CREATE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN 1 = 1 THEN 1 END; SELECT 2; END;\n{ROWS}"
            ),
            "DROP PROCEDURE public.p;\nDROP FUNCTION public.f;\nDROP TYPE public.mood;\nDROP VIEW public.v;\n\
             DROP TABLE public.notes;",
            &["--inserts", "--no-owner"],
        ),
        _ => (
            format!(
                "{tables}\nINSERT INTO notes VALUES (3, 'C:\\\\dir\\\\');\n\
                 CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT IF(1, 2, 3); END IF; SELECT ';'; END;\n\
                 CREATE TRIGGER g BEFORE INSERT ON notes FOR EACH ROW BEGIN SET @a = 1; SET @b = ';'; END;\n{ROWS}"
            ),
            "DROP PROCEDURE p;\nDROP VIEW v;\nDROP TABLE notes;",
            &[],
        ),
    }
}

fn project(db: &Database) -> Project {
    Project::new(PROGRAM, "").with("DATABASE_URL", db.url())
}

fn rows(db: &Database) -> String {
    db.ask("SELECT text AS answer FROM notes ORDER BY id")
}

/// Deletes the lines that are refused, one after the other, as the hint says.
fn without_refused_lines(project: &Project, dump: &str, down: &str) -> usize {
    let mut dump: Vec<String> = dump.lines().map(str::to_owned).collect();
    for deleted in 0..9 {
        project.revision("a1", "<base>", &dump.join("\n"), down);
        let output = project.try_line("upgrade head");
        if output.status == 0 {
            return deleted;
        }
        assert!(output.stderr.contains("hint: delete it") || output.stderr.contains("hint: leave it out"), "{output}");
        let line = output.stderr.split("migrations/a1.sql:").nth(1).unwrap().split(':').next().unwrap();
        let offset = project.read("migrations/a1.sql").lines().position(|line| line == dump[0]).unwrap();
        dump.remove(line.parse::<usize>().unwrap() - 1 - offset);
    }
    unreachable!("there is no end of lines to delete")
}

fn a_dump_is_a_first_revision(kind: Kind) {
    let (Some(source), Some(target), Some(other)) = (Database::new(kind), Database::new(kind), Database::new(kind))
    else {
        return;
    };
    let (objects, down, options) = example(kind);
    source.run(&objects);
    // Otherwise it sets what belongs to the whole server.
    let own: &[&str] = if kind == Kind::Mysql { &["--set-gtid-purged=OFF"] } else { options };
    let dump = source.own_dump(own);
    let project = project(&target);
    let deleted = without_refused_lines(&project, &dump, down);
    let expected = match kind {
        Kind::Sqlite => 3, // A pragma without effect, `BEGIN` and `COMMIT`.
        Kind::Postgres => 0,
        _ => 2, // `LOCK TABLES` and `UNLOCK TABLES`; with `--skip-add-locks` there are none.
    };
    assert_eq!(deleted, expected, "{dump}");
    assert_eq!(rows(&target), rows(&source));
    project.ok("downgrade base");
    assert_eq!(target.tables(), "");
    project.ok("upgrade head");
    project.ok("check --only replay");
    other.run_script(&project.ok("upgrade head --sql")).unwrap();
    assert_eq!((rows(&other), other.versions()), (rows(&source), "a1".to_owned()));
}

#[test]
fn a_dump_of_sqlite_is_a_first_revision() {
    a_dump_is_a_first_revision(Kind::Sqlite);
}

#[test]
fn a_dump_of_postgres_is_a_first_revision() {
    a_dump_is_a_first_revision(Kind::Postgres);
}

#[test]
fn a_dump_of_mysql_is_a_first_revision() {
    a_dump_is_a_first_revision(Kind::Mysql);
}

#[test]
fn a_dump_of_mariadb_is_a_first_revision() {
    a_dump_is_a_first_revision(Kind::Mariadb);
}

#[test]
fn rows_and_commands_that_need_psql_are_refused_with_a_way_out() {
    let (Some(source), Some(target)) = (Database::new(Kind::Postgres), Database::new(Kind::Postgres)) else { return };
    source.run(&example(Kind::Postgres).0);
    let project = project(&target);
    project.revision("a1", "<base>", &source.own_dump(&["--no-owner"]), "");
    let refused = project.try_line("upgrade head").stderr;
    assert!(refused.contains("`pg_dump --inserts`"), "{refused}");
    for command in ["\\connect shop", "\\copy notes FROM 'rows'", "\\set x 1", "\\if true", "\\i other.sql"] {
        project.revision("a1", "<base>", &format!("SELECT 1;\n{command}\nSELECT 2;"), "");
        let refused = project.try_line("upgrade head").stderr;
        let name = command.split(' ').next().unwrap();
        assert!(refused.contains(&format!("a1.sql:8:1: `{name}` is a command of psql")), "{refused}");
        let way_out = if matches!(name, "\\copy" | "\\i") { "; write INSERT" } else { "; delete this line" };
        assert!(
            refused.contains(way_out) || name == "\\i" && refused.contains("put the text of the file"),
            "{refused}"
        );
    }
    assert_eq!(target.tables(), "");
}
