//! Who asks which database it is.

use std::collections::BTreeMap;

use crate::{code, sources};

/// Code that is the same for every database. What differs is a method of a backend in `alembic-runtime/src/database`, a
/// capability of one, or a writer of operations.
const FOLDERS: [&str; 3] = ["core/schema/src/diff", "alembic-runtime/src/migrator", "cargo-alembic/src/commands"];

/// How often files ask all the same. The numbers only ever go down.
const EXCEPTIONS: [(&str, usize); 13] = [
    ("commands/check/drift.rs", 3),
    ("commands/database.rs", 4),
    ("commands/revision.rs", 8),
    ("commands/runner.rs", 4),
    ("diff/compare.rs", 6),
    ("diff/enums.rs", 1),
    ("diff/foreign_keys.rs", 3),
    ("diff/hazard.rs", 1),
    ("diff/names.rs", 6),
    ("diff/operations.rs", 6),
    ("diff/steps.rs", 2),
    ("diff/table.rs", 2),
    ("migrator/failure.rs", 1),
];

#[test]
fn only_these_files_ask_which_database_it_is() {
    let mut found = BTreeMap::new();
    for folder in FOLDERS {
        let name = folder.rsplit('/').next().unwrap();
        for (path, text) in sources(folder).into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
            let count: usize = code(&text)
                .map(|(_, line)| line.matches("Dialect::").count() + line.matches("is_mysql_family").count())
                .sum();
            let file = path.to_string_lossy().split_once(&format!("{folder}/")).unwrap().1.to_owned();
            if count > 0 {
                found.insert(format!("{name}/{file}"), count);
            }
        }
    }
    println!("{found:#?}");
    let expected: BTreeMap<String, usize> = EXCEPTIONS.map(|(file, count)| (file.to_owned(), count)).into();
    assert_eq!(found, expected, "the table follows the code: lower it, and do not raise it");
}
