//! Keeps an SQLite file out of git.

use std::{io, path::Path};

use alembic_runtime::__private::read_regular_text;

use super::atomically;

/// Adds the file and those that SQLite keeps beside it to the package's `.gitignore`; returns whether it did. Where
/// there is neither that file nor a repository, nothing is added, nor for a file elsewhere.
pub(crate) fn add_to_gitignore(root: &Path, database: &str) -> io::Result<bool> {
    let path = root.join(".gitignore");
    let in_repository = || root.ancestors().any(|folder| folder.join(".git").exists());
    if !alembic_graph::config::is_inside(database) || !(path.exists() || in_repository()) {
        return Ok(false);
    }
    let mut text = if path.exists() { read_regular_text(&path)? } else { String::new() };
    let database = database.trim_start_matches("./");
    let line = format!("/{database}");
    if text.lines().any(|there| there.trim() == line || there.trim() == database) {
        return Ok(false);
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    text.extend([&line, end, &line, "-*", end]);
    atomically(&path, &text)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_line_is_added_once_and_where_it_means_something() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!add_to_gitignore(folder.path(), "shop.db").unwrap(), "there is no repository");
        let file = folder.path().join(".gitignore");
        fs::write(&file, "/target").unwrap();
        assert!(add_to_gitignore(folder.path(), "./data/shop.db").unwrap());
        assert!(!add_to_gitignore(folder.path(), "data/shop.db").unwrap());
        assert!(
            !add_to_gitignore(folder.path(), "/var/shop.db").unwrap()
                && !add_to_gitignore(folder.path(), "../shop.db").unwrap()
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "/target\n/data/shop.db\n/data/shop.db-*\n");
    }
}
