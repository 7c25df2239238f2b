//! What is special about a database is in its writer's file: nothing else in `operation` asks which database it is.

use crate::{code, sources};

const FOLDER: &str = "core/schema/src/operation";

/// Files that name databases: the one that chooses the writer, and writers themselves.
const NAMING: [(&str, &[&str]); 7] = [
    ("render.rs", &["Sqlite", "Postgres", "Mysql", "Mariadb"]),
    ("sqlite.rs", &["Sqlite"]),
    ("postgres.rs", &["Postgres"]),
    ("postgres_identity.rs", &["Postgres"]),
    ("mysql.rs", &["Mysql"]),
    ("mysql_default.rs", &["Mysql"]),
    ("mariadb.rs", &["Mariadb"]),
];

const QUESTIONS: [&str; 6] =
    ["is_mysql_family", "dialect ==", "dialect !=", "dialect() ==", "match dialect", "match self.dialect"];

/// Returns the databases that a line names: `Dialect::Mysql`, but not `Dialect::{name}`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let ends = line.split("Dialect::").skip(1);
    let names = ends.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default());
    names.filter(|name| !name.is_empty())
}

#[test]
fn only_writers_know_databases() {
    let mut used = Vec::new();
    for (path, text) in sources(FOLDER) {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if file == "tests.rs" {
            continue;
        }
        let allowed = NAMING.iter().find(|(name, _)| *name == file).map_or(&[][..], |(_, databases)| databases);
        for (number, line) in code(&text) {
            let place = format!("{}:{number}", path.display());
            for database in named(line) {
                assert!(allowed.contains(&database), "{place} names {database}: a writer's method can differ instead");
                used.push((file.clone(), database.to_owned()));
            }
            let question = QUESTIONS.iter().find(|question| line.contains(*question) && file != "render.rs");
            assert!(question.is_none(), "{place} asks `{}`", question.unwrap());
        }
    }
    for (file, databases) in NAMING {
        for database in databases {
            let is_used = used.iter().any(|(by, name)| by == file && name == database);
            assert!(is_used, "{file} does not name {database}: take it off the list");
        }
    }
}
