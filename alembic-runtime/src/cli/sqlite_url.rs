//! The path in an `sqlite:` URL, which means different files to different tools.

use std::path::{Path, PathBuf};

use alembic_sql::url::with_plain_scheme;

/// Returns the path that an `sqlite:` URL names.
///
/// A path follows the scheme and `//`: `sqlite://shop.db` is relative, `sqlite:///srv/shop.db` absolute, as for
/// sqlx and Diesel. SQLAlchemy has one slash more for either; a URL with a driver, as in `sqlite+aiosqlite:///shop.db`,
/// is SQLAlchemy's. Without one, an absolute path that SQLAlchemy would take for a relative one is refused if that
/// is likely to be meant: `root` is the folder that it would be below, that of the package.
///
/// # Errors
///
/// Why the URL is refused, with both spellings that are clear.
pub fn sqlite_path(url: &str, root: &Path) -> Result<PathBuf, String> {
    let plain = with_plain_scheme(url);
    let (_, rest) = plain.split_once(':').unwrap_or_default();
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let has_driver = plain.len() != url.len();
    if has_driver {
        return match rest.strip_prefix('/') {
            Some("") | None => {
                Err("it names no file, which follows three slashes, or four if it is absolute".to_owned())
            }
            Some(path) => Ok(path.into()),
        };
    }
    if rest.is_empty() {
        return Err("it names no file".to_owned());
    }
    if let Some(relative) = rest.strip_prefix('/').filter(|relative| !relative.starts_with('/')) {
        refuse_if_unclear(rest, relative, root)?;
    }
    Ok(rest.into())
}

fn refuse_if_unclear(absolute: &str, relative: &str, root: &Path) -> Result<(), String> {
    let path = Path::new(absolute);
    let below_root_folder = path.parent() == Some(Path::new("/"));
    if path.exists() || !(below_root_folder || root.join(relative).exists()) {
        return Ok(());
    }
    Err(format!(
        "`{absolute}` does not exist, and SQLAlchemy takes this URL for `{relative}`: write `sqlite://{relative}` for the \
         relative path, `sqlite:///{absolute}` for the absolute one"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_is_one_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data/shop.db"), "").unwrap();
        let is = |url: &str, expected: &str| {
            assert_eq!(sqlite_path(url, folder.path()).unwrap(), Path::new(expected), "{url}");
        };
        is("sqlite:shop.db", "shop.db");
        is("sqlite://shop.db", "shop.db");
        is("sqlite:///nowhere/shop.db", "/nowhere/shop.db");
        is("sqlite:////shop.db", "//shop.db");
        is("SQLite://shop.db", "shop.db");
        is("sqlite://:memory:", ":memory:");
        is("sqlite+aiosqlite:///shop.db", "shop.db");
        is("sqlite+pysqlite:////srv/shop.db", "/srv/shop.db");
        for url in ["sqlite:///shop.db", "sqlite:///data/shop.db"] {
            let error = sqlite_path(url, folder.path()).unwrap_err();
            let relative = url.trim_start_matches("sqlite:///");
            assert!(error.contains(&format!("`sqlite://{relative}`")), "{error}");
            assert!(error.contains(&format!("`sqlite:////{relative}`")), "{error}");
        }
        let exists = folder.path().join("data/shop.db").display().to_string();
        is(&format!("sqlite://{exists}"), &exists);
        assert!(sqlite_path("sqlite+aiosqlite://shop.db", folder.path()).is_err());
    }
}
