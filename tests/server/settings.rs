//! Settings of a whole server of MySQL or MariaDB: upgrades, seeds, scripts and what reads do the same as without them, or
//! an error names the setting.

use std::process::Command;

use harness::{Database, Kind, Output, Project, workspace};

use crate::{PROGRAM, alone_on};

/// What each setting is tried with, on an empty database.
const LINES: [&str; 9] = [
    "upgrade head",
    "current -v",
    "print-schema --complete",
    "check",
    "snapshot",
    "revision --autogenerate -m more",
    "seed",
    "upgrade head --sql",
    "downgrade base",
];

const FAMILY: [&str; 8] = [
    "sql_mode = 'ANSI_QUOTES'",
    "sql_mode = 'PIPES_AS_CONCAT'",
    "sql_mode = 'HIGH_NOT_PRECEDENCE'",
    "sql_mode = 'IGNORE_SPACE'",
    "sql_mode = 'ANSI'",
    "sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "sql_mode = ''",
    "read_only = 1",
];
const MYSQL: [&str; 3] = ["super_read_only = 1", "transaction_read_only = 1", "default_table_encryption = 1"];
const MARIADB: [&str; 3] =
    ["tx_read_only = 1", "enforce_storage_engine = 'InnoDB'", "enforce_storage_engine = 'MyISAM'"];

fn name_of(setting: &str) -> &str {
    setting.split(" = ").next().unwrap()
}

/// The statements mean the same in every mode: what does not is the revision's own business.
fn project(db: &Database) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    let tables = "CREATE TABLE things (id INTEGER PRIMARY KEY, s VARCHAR(20) DEFAULT 'it''s', n DECIMAL(8, 2) DEFAULT 1.5, \
                  CONSTRAINT late CHECK (NOT (id BETWEEN 3 AND 4) OR s <> ''));\n\
                  INSERT INTO things (id, s) VALUES (1, 'C:\\\\tmp'), (2, 'a\\'b');\n\
                  CREATE TRIGGER t BEFORE INSERT ON things FOR EACH ROW BEGIN SET NEW.s = CONCAT(NEW.s, '\\\\'); END;\n\
                  CREATE VIEW two AS SELECT COUNT(*) AS c FROM things WHERE id <> 9 OR s <> '\\'';";
    project.revision("a1", "<base>", tables, "DROP VIEW two;\nDROP TABLE things;");
    project.revision("b1", "a1", "CREATE TABLE parts (id INTEGER PRIMARY KEY, `count` INTEGER);", "DROP TABLE parts;");
    project.write("seeds/parts.sql", "REPLACE INTO things (id, s) VALUES (7, 'C:\\\\tmp'), (8, '\\'');");
    project
}

/// A setting of the server, set back with this value.
struct Told<'db> {
    db: &'db Database,
    name: &'static str,
    before: String,
}

impl<'db> Told<'db> {
    fn new(db: &'db Database, setting: &'static str) -> Self {
        let name = name_of(setting);
        let before = db.ask(&format!("SELECT COALESCE(CAST(@@GLOBAL.{name} AS CHAR), 'NULL') AS answer"));
        db.run(&format!("SET GLOBAL {setting}"));
        Self { db, name, before }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let Self { db, name, before } = self;
        let is_bare = before == "NULL" || before.parse::<u8>().is_ok();
        let before = if is_bare { before.clone() } else { format!("'{before}'") };
        db.run(&format!("SET GLOBAL {name} = {before}"));
        if *name == "super_read_only" {
            // It has switched the other on.
            db.run("SET GLOBAL read_only = 0");
        }
    }
}

/// Runs all commands under a setting, and the script with the server's own client.
fn outcomes(db: &Database, setting: Option<&'static str>) -> Vec<(Output, String)> {
    let told = || setting.map(|setting| Told::new(db, setting));
    db.empty();
    let project = project(db);
    let mut outcomes = Vec::new();
    let mut run = |line: &str| {
        let output = project.try_line(line);
        let changed = if ["upgrade head", "seed"].contains(&line) { dump(db) } else { String::new() };
        let is_done = output.status == 0;
        outcomes.push((output, changed));
        is_done
    };
    let first = told();
    let is_done = run(LINES[0]);
    drop(first);
    if !is_done {
        db.empty();
        project.ok(LINES[0]);
    }
    project.write("src/schema.rs", project.ok("print-schema --complete"));
    let rest = told();
    for line in &LINES[1..] {
        run(line);
    }
    drop(rest);
    let script = project.ok("upgrade head --sql");
    db.empty();
    let by_client = told();
    let said = db.run_script(&script).err().unwrap_or_default();
    drop(by_client);
    let status = i32::from(!said.is_empty());
    outcomes.push((Output { stdout: String::new(), stderr: said, status }, dump(db)));
    outcomes
}

/// The mode in which a trigger was made belongs to it, as do the quotes: revisions keep that of the database.
fn dump(db: &Database) -> String {
    let dump = db.dump().replace('"', "`");
    dump.lines().filter(|line| !line.contains(" SET sql_mode ")).collect::<Vec<_>>().join("\n")
}

fn names(output: &Output, setting: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', '\''], " ");
    let said = plain(&format!("{}{}", output.stdout, output.stderr));
    let read_only = setting.contains("read_only") && said.contains("read only");
    // A script can say no more than its client.
    let by_client =
        setting.starts_with("enforce") && output.stdout.is_empty() && said.contains("no engine substitution");
    output.status != 0 && (read_only || by_client || said.contains(&plain(name_of(setting))))
}

fn no_setting_changes_an_outcome(kind: Kind, own: &[&'static str]) {
    let _alone = alone_on(kind);
    let Some(db) = Database::new(kind) else { return };
    let without = outcomes(&db, None);
    for (output, _) in &without {
        assert_eq!(output.status, 0, "{output}");
    }
    for setting in FAMILY.iter().chain(own) {
        expect_same(setting, &without, &outcomes(&db, Some(setting)));
    }
}

/// Fails unless each command did the same, or named the setting.
fn expect_same(setting: &str, without: &[(Output, String)], with: &[(Output, String)]) {
    let mut wrong = Vec::new();
    let lines = LINES.iter().chain(["the script, by the client"].iter());
    for ((line, (expected, expected_dump)), (found, dump)) in lines.zip(without).zip(with) {
        let same = (expected.status, &expected.stdout, expected_dump) == (found.status, &found.stdout, dump);
        if !same && !names(found, setting) {
            let (before, after) = (format!("{expected}{expected_dump}"), format!("{found}{dump}"));
            let differs = before.lines().zip(after.lines()).find(|(before, after)| before != after);
            wrong.push(format!("{setting}: {line}: {differs:?}\n{}", found.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn settings_of_a_whole_mysql_server_change_nothing() {
    no_setting_changes_an_outcome(Kind::Mysql, &MYSQL);
}

#[test]
fn settings_of_a_whole_mariadb_server_change_nothing() {
    no_setting_changes_an_outcome(Kind::Mariadb, &MARIADB);
}

/// MySQL started again with options, and without them when this value goes.
struct Restarted;

impl Restarted {
    fn with(options: &str) -> Self {
        restart(options);
        Self
    }
}

impl Drop for Restarted {
    fn drop(&mut self) {
        restart("");
    }
}

fn restart(options: &str) {
    let mut script = Command::new(workspace().join("scripts/with-databases"));
    let status = script.args(["--restart", "mysql"]).env("ALEMBIC_MYSQL_OPTIONS", options).status().unwrap();
    assert!(status.success(), "{options}: {status}");
}

#[test]
fn engines_that_mysql_disables_are_none_of_ours_or_named() {
    let _alone = alone_on(Kind::Mysql);
    let Some(db) = Database::new(Kind::Mysql) else { return };
    let without = outcomes(&db, None);
    let restarted = Restarted::with("--disabled-storage-engines=MyISAM,MEMORY");
    expect_same("disabled_storage_engines", &without, &outcomes(&db, None));
    drop(restarted);
    db.empty();
    let project = project(&db);
    let _restarted = Restarted::with("--disabled-storage-engines=InnoDB");
    let output = project.try_line("upgrade head");
    assert!(output.status != 0 && output.stderr.contains("`disabled_storage_engines`"), "{output}");
    assert_eq!((project.ok("current").as_str(), db.tables().as_str()), ("", ""));
}
