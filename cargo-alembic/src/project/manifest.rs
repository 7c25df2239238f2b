//! Edits `Cargo.toml`, keeping comments and order.

use toml_edit::{DocumentMut, Item, Table, TableLike};

/// Adds `[package.metadata.alembic]` with `settings`, themselves TOML, to the text of a manifest.
pub(crate) fn add_settings(manifest: &str, settings: &str) -> Result<String, String> {
    let mut document: DocumentMut =
        manifest.replace("\r\n", "\n").parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let package = document.get_mut("package").and_then(Item::as_table_like_mut).ok_or("it has no [package]")?;
    let metadata = implicit_table(package, "metadata")?;
    if metadata.contains_key("alembic") {
        return Err("it already has [package.metadata.alembic]".to_owned());
    }
    metadata.insert("alembic", Item::Table(Table::new()));
    // The settings are mostly comments, which belong to no key; so they are added as text.
    let text = document.to_string();
    let heading = "[package.metadata.alembic]\n";
    let settings = settings.replace("\r\n", "\n").replace("[databases.", "[package.metadata.alembic.databases.");
    let at = text.find(heading).ok_or("[package.metadata] is not a table")? + heading.len();
    Ok(format!("{}{}{}", &text[..at], settings, &text[at..]))
}

/// Says which program `cargo run` means; a program that is named already stays.
pub(crate) fn set_default_run(manifest: &str, program: &str) -> Result<String, String> {
    let mut document: DocumentMut = manifest.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let package = document.get_mut("package").and_then(Item::as_table_like_mut).ok_or("it has no [package]")?;
    if package.get("default-run").is_none() {
        package.insert("default-run", toml_edit::value(program));
    }
    Ok(document.to_string())
}

/// Names the program that runs revisions in Rust.
pub(crate) fn set_runner(manifest: &str, program: &str) -> Result<String, String> {
    let mut document: DocumentMut = manifest.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let settings = document.get_mut("package").and_then(|package| package.get_mut("metadata")?.get_mut("alembic"));
    let settings = settings.and_then(Item::as_table_like_mut).ok_or("it has no [package.metadata.alembic]")?;
    settings.insert("runner", toml_edit::value(program));
    Ok(document.to_string())
}

/// Sets how steps are grouped into transactions, for the package or for one of its databases; what is set already
/// stays. Returns nothing if there is nothing to do.
pub(crate) fn set_transaction(manifest: &str, database: Option<&str>, mode: &str) -> Result<Option<String>, String> {
    let mut document: DocumentMut = manifest.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let settings = document.get_mut("package").and_then(|package| package.get_mut("metadata")?.get_mut("alembic"));
    let settings = match database {
        Some(name) => settings.and_then(|settings| settings.get_mut("databases")?.get_mut(name)),
        None => settings,
    };
    let settings = settings.and_then(Item::as_table_like_mut).ok_or("it has no [package.metadata.alembic]")?;
    if settings.contains_key("transaction") {
        return Ok(None);
    }
    settings.insert("transaction", toml_edit::value(mode));
    Ok(Some(document.to_string()))
}

fn implicit_table<'t>(parent: &'t mut dyn TableLike, key: &str) -> Result<&'t mut dyn TableLike, String> {
    let mut table = Table::new();
    table.set_implicit(true);
    let item = parent.entry(key).or_insert(Item::Table(table));
    item.as_table_like_mut().ok_or_else(|| format!("`{key}` is not a table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_order_stay() {
        let manifest = "# mine\n[package]\nname = \"shop\" # the name\n\n[dependencies]\nserde = \"1\"\n";
        let edited = add_settings(manifest, "migrations = \"migrations\"\n# timezone = \"UTC\"\n").unwrap();
        assert!(edited.starts_with("# mine\n[package]\nname = \"shop\" # the name\n"));
        assert!(edited.contains("[package.metadata.alembic]\nmigrations = \"migrations\"\n# timezone = \"UTC\"\n"));
        assert!(edited.contains("[dependencies]\nserde = \"1\"\n"));
        let config = alembic_graph::config::Config::from_manifest(&edited).unwrap().unwrap();
        assert_eq!(config.migrations, ["migrations"]);
        assert!(add_settings(&edited, "").is_err());
    }

    #[test]
    fn settings_are_set_and_comments_stay() {
        let manifest =
            add_settings("[package]\nname = \"shop\"\n", "migrations = \"m\"\n# timezone = \"UTC\"\n").unwrap();
        let edited = set_runner(&set_default_run(&manifest, "shop").unwrap(), "shop-migrate").unwrap();
        assert_eq!(
            edited,
            "[package]\nname = \"shop\"\ndefault-run = \"shop\"\n\n[package.metadata.alembic]\nmigrations = \"m\"\n\
             runner = \"shop-migrate\"\n# timezone = \"UTC\"\n"
        );
        assert_eq!(set_default_run(&edited, "other").unwrap(), edited);
    }

    #[test]
    fn a_transaction_mode_is_set_where_there_is_none() {
        let manifest = "[package.metadata.alembic]\nmigrations = \"m\" # here\n\n\
             [package.metadata.alembic.databases.logs]\ntransaction = \"per-run\"\n";
        let edited = set_transaction(manifest, None, "per-migration").unwrap().unwrap();
        assert!(
            edited.starts_with(
                "[package.metadata.alembic]\nmigrations = \"m\" # here\ntransaction = \"per-migration\"\n"
            )
        );
        assert_eq!(set_transaction(&edited, None, "per-run"), Ok(None));
        assert_eq!(set_transaction(manifest, Some("logs"), "per-migration"), Ok(None));
        assert!(set_transaction(manifest, Some("other"), "per-migration").is_err());
    }
}
