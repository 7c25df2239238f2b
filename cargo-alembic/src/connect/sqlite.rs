//! SQLite: which file a URL names, and opening it.

use std::path::{Path, PathBuf};

use alembic_runtime::cli::CommandError;
use alembic_sql::url::FileUrl;
use diesel::{Connection, SqliteConnection};

use super::{Access, unreachable_database};

/// Opens an SQLite file.
pub(crate) fn sqlite(path: &Path, access: Access) -> Result<SqliteConnection, CommandError> {
    let text = path.display().to_string();
    let url = if access == Access::Read && is_missing(path) { ":memory:" } else { &text };
    let shown = FileUrl::new(text.as_str()).to_string();
    SqliteConnection::establish(url)
        .map_err(|error| unreachable_database(&shown, &error.to_string().replace(&text, &shown)))
}

/// Returns whether SQLite takes a path for that of a file: not for a URI, and not for memory.
pub(crate) fn is_plain(path: &Path) -> bool {
    let text = path.to_string_lossy();
    !text.starts_with("file:") && text != ":memory:"
}

/// Returns whether a database is a file that is not there.
pub(super) fn is_missing(path: &Path) -> bool {
    file(path).is_some_and(|file| !file.exists())
}

/// Returns the file of a database, which a path or a URI may name; none for one in memory.
fn file(path: &Path) -> Option<PathBuf> {
    if is_plain(path) {
        return Some(path.to_path_buf());
    }
    let text = path.to_string_lossy();
    let uri = Uri::of(&text)?;
    let bytes = percent_encoding::percent_decode_str(uri.path).decode_utf8().ok()?;
    Some(PathBuf::from(bytes.into_owned()))
}

/// Returns a path as it is meant from a folder.
pub(super) fn relative_to(path: &Path, folder: &Path) -> PathBuf {
    if is_plain(path) {
        return folder.join(path);
    }
    let text = path.to_string_lossy();
    let Some(uri) = Uri::of(&text).filter(|uri| !uri.path.starts_with('/')) else { return path.to_path_buf() };
    let folder = folder.display().to_string();
    // What would end the path of a URI.
    let folder = folder.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{folder}/{}{}", uri.path, uri.rest).into()
}

/// A URI that names a file: <https://www.sqlite.org/uri.html>.
struct Uri<'t> {
    /// The path, with its escapes.
    path: &'t str,
    /// Parameters and fragment.
    rest: &'t str,
}

impl<'t> Uri<'t> {
    /// Takes a URI apart; nothing comes of one that names no file.
    fn of(text: &'t str) -> Option<Self> {
        let text = text.strip_prefix("file:")?;
        let (path, rest) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
        let parameters = rest.split('#').next().unwrap_or_default().trim_start_matches('?');
        let in_memory = parameters.split('&').any(|parameter| matches!(parameter, "mode=memory" | "vfs=memdb"));
        // After two slashes comes a host, which is empty or this one.
        let path = match path.strip_prefix("//") {
            Some(after) => &after[after.find('/')?..],
            None => path,
        };
        (!in_memory && !path.is_empty() && path != ":memory:").then_some(Self { path, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_is_meant_from_a_folder() {
        let from = |path: &str| relative_to(Path::new(path), Path::new("/a b/100%")).display().to_string();
        assert_eq!(from("dev.db"), "/a b/100%/dev.db");
        assert_eq!(from("/tmp/dev.db"), "/tmp/dev.db");
        assert_eq!(from("file:dev.db?mode=ro"), "file:/a b/100%25/dev.db?mode=ro");
        assert_eq!(from("file:///tmp/dev.db"), "file:///tmp/dev.db");
        for memory in [":memory:", "file::memory:?cache=shared", "file:m?mode=memory&cache=shared"] {
            assert_eq!(from(memory), memory);
        }
    }

    #[test]
    fn a_uri_names_a_file_too() {
        let named = |path: &str| file(Path::new(path)).map(|file| file.display().to_string());
        assert_eq!(named("file:a%20b.db?mode=rw").as_deref(), Some("a b.db"));
        assert_eq!(named("file://localhost/tmp/a.db#x").as_deref(), Some("/tmp/a.db"));
        assert_eq!(named("file:m?cache=shared&mode=memory"), None);
        assert_eq!(named("file:?mode=rw"), None);
    }
}
