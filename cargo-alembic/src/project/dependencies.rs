//! What a program needs to migrate a database, added to its `Cargo.toml`.

use std::path::{Path, PathBuf};

use alembic_sql::Dialect;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// The drivers that a package uses for a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driver {
    /// Diesel's own, on a C library; SQLite's is compiled in.
    Diesel,
    /// Those of `alembic_runtime::pure`.
    Pure,
}

impl Driver {
    /// Returns what a package with this manifest uses.
    pub(crate) fn of(manifest: &str) -> Self {
        let document: Option<DocumentMut> = manifest.parse().ok();
        let is_pure = |document: &DocumentMut| {
            features(document.as_table(), "alembic-runtime").any(|feature| feature.starts_with("pure-"))
        };
        if document.as_ref().is_some_and(is_pure) { Self::Pure } else { Self::Diesel }
    }

    /// Returns what a package is to use: Diesel's own driver if it, or its workspace, asks for that already.
    fn for_package(own: &Table, workspace: Option<&Table>, dialect: Dialect) -> Self {
        let mut asked =
            features(own, "diesel").chain(workspace.into_iter().flat_map(|table| features(table, "diesel")));
        if dialect == Dialect::Sqlite || asked.any(|asked| asked == feature(dialect)) {
            Self::Diesel
        } else {
            Self::Pure
        }
    }
}

/// Returns Diesel's feature for a database.
fn feature(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
        Dialect::Mysql | Dialect::Mariadb => "mysql",
    }
}

/// Returns the features that `[dependencies]` of a table names.
fn features<'d>(table: &'d Table, dependency: &str) -> impl Iterator<Item = &'d str> {
    let dependency = table.get("dependencies").and_then(|table| table.get(dependency));
    let features = dependency.and_then(|dependency| dependency.get("features")).and_then(Item::as_array);
    features.into_iter().flatten().filter_map(Value::as_str)
}

/// A dependency with the features that are needed.
struct Dependency {
    name: &'static str,
    source: Source,
    features: Vec<&'static str>,
}

enum Source {
    Version(&'static str),
    Path(PathBuf),
}

/// Adds what a program needs to migrate a database of this kind; `workspace` is the text of the manifest that the
/// package may inherit from. Returns the new text, and the names of what was added or got features.
pub(crate) fn add_dependencies(
    manifest: &str,
    workspace: Option<&str>,
    dialect: Dialect,
) -> Result<(String, Vec<&'static str>), String> {
    let mut document: DocumentMut = manifest.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let workspace: Option<DocumentMut> = workspace.and_then(|text| text.parse().ok());
    let workspace = workspace.as_ref().and_then(|document| document.get("workspace")?.as_table());
    let is_inherited = |name: &str| {
        workspace.is_some_and(|table| table.get("dependencies").is_some_and(|all| all.get(name).is_some()))
    };
    let driver = Driver::for_package(&document, workspace, dialect);
    let needed = needed(&document, dialect, driver);
    if document.get("dependencies").is_none() {
        // Comments at the end belong to the table before.
        let mut table = Table::new();
        table.decor_mut().set_prefix(format!("{}\n", document.trailing().as_str().unwrap_or_default()));
        document.set_trailing("");
        document.insert("dependencies", Item::Table(table));
    }
    let table = document.get_mut("dependencies").and_then(Item::as_table_like_mut);
    let table = table.ok_or("`dependencies` is not a table")?;
    let mut added = Vec::new();
    for dependency in needed {
        let name = dependency.name;
        if add(table, dependency, is_inherited(name))? {
            added.push(name);
        }
    }
    Ok((document.to_string(), added))
}

fn needed(document: &Table, dialect: Dialect, driver: Driver) -> Vec<Dependency> {
    let runtime = match (driver, dialect) {
        (Driver::Diesel, _) => feature(dialect),
        (Driver::Pure, Dialect::Postgres) => "pure-postgres",
        (Driver::Pure, _) => "pure-mysql",
    };
    let mut needed =
        vec![Dependency { name: "alembic-runtime", source: runtime_source(), features: vec![runtime, "cli"] }];
    let diesel = if driver == Driver::Diesel { vec![feature(dialect)] } else { Vec::new() };
    // A package that has SQLite already has decided where the library comes from.
    let brings_sqlite = dialect == Dialect::Sqlite && !features(document, "diesel").any(|own| own == "sqlite");
    needed.push(Dependency { name: "diesel", source: Source::Version("2.3"), features: diesel });
    if brings_sqlite {
        let source = Source::Version("0.38");
        needed.push(Dependency { name: "libsqlite3-sys", source, features: vec!["bundled"] });
    }
    needed
}

/// The runtime is beside this command's own sources if it was installed from a checkout.
fn runtime_source() -> Source {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("alembic-runtime");
    if beside.join("Cargo.toml").is_file() { Source::Path(beside) } else { Source::Version(env!("CARGO_PKG_VERSION")) }
}

/// Returns whether anything had to be added.
fn add(table: &mut dyn TableLike, dependency: Dependency, is_inherited: bool) -> Result<bool, String> {
    let Dependency { name, source, features } = dependency;
    let Some(item) = table.get_mut(name) else {
        let mut own = InlineTable::new();
        match source {
            _ if is_inherited => own.insert("workspace", true.into()),
            Source::Version(version) => own.insert("version", version.into()),
            Source::Path(path) => own.insert("path", path.display().to_string().into()),
        };
        if !features.is_empty() {
            own.insert("features", features.iter().copied().collect::<Array>().into());
        }
        table.insert(name, own.into());
        return Ok(true);
    };
    if let Some(version) = item.as_str() {
        let mut own = InlineTable::new();
        own.insert("version", version.into());
        *item = own.into();
    }
    let own = item.as_table_like_mut().ok_or_else(|| format!("the dependency `{name}` is not a table"))?;
    // The default features hold the commands.
    let has_defaults = own.get("default-features").and_then(Item::as_bool) != Some(false);
    let there = own.entry("features").or_insert(Array::new().into());
    let there = there.as_array_mut().ok_or_else(|| format!("the features of `{name}` are not a list"))?;
    let before = there.len();
    for feature in features {
        let is_there = there.iter().any(|own| own.as_str() == Some(feature)) || feature == "cli" && has_defaults;
        if !is_there {
            there.push(feature);
        }
    }
    let changed = there.len() > before;
    if there.is_empty() {
        own.remove("features");
    }
    if let Some(inline) = item.as_inline_table_mut().filter(|_| changed) {
        inline.fmt();
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(manifest: &str, workspace: Option<&str>, dialect: Dialect) -> String {
        let (text, _) = add_dependencies(manifest, workspace, dialect).unwrap();
        let (again, nothing) = add_dependencies(&text, workspace, dialect).unwrap();
        assert_eq!((again.as_str(), nothing), (text.as_str(), vec![]));
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("alembic-runtime");
        text.replace(&beside.display().to_string(), "BESIDE")
    }

    #[test]
    fn a_new_package_gets_what_it_needs() {
        assert_eq!(
            added("[package]\nname = \"x\"\n\n[dependencies]\nserde = \"1\" # mine\n", None, Dialect::Sqlite),
            "[package]\nname = \"x\"\n\n[dependencies]\nserde = \"1\" # mine\n\
             alembic-runtime = { path = \"BESIDE\", features = [\"sqlite\", \"cli\"] }\n\
             diesel = { version = \"2.3\", features = [\"sqlite\"] }\n\
             libsqlite3-sys = { version = \"0.38\", features = [\"bundled\"] }\n"
        );
        let text = added("[package]\nname = \"x\"\n# mine\n", None, Dialect::Mariadb);
        assert!(text.starts_with("[package]\nname = \"x\"\n# mine\n\n[dependencies]\n"), "{text}");
        assert!(text.contains("features = [\"pure-mysql\", \"cli\"] }\ndiesel = { version = \"2.3\" }\n"), "{text}");
    }

    #[test]
    fn what_is_there_gets_the_features_that_it_lacks() {
        let text = added(
            "[dependencies]\ndiesel = \"2.2\"\nalembic-runtime = { version = \"0.1\", default-features = false }\n",
            None,
            Dialect::Sqlite,
        );
        assert!(text.contains("diesel = { version = \"2.2\", features = [\"sqlite\"] }"), "{text}");
        assert!(text.contains("default-features = false, features = [\"sqlite\", \"cli\"] }"), "{text}");
        let text = added("[dependencies.alembic-runtime]\nversion = \"0.1\"\n", None, Dialect::Postgres);
        assert!(text.contains("version = \"0.1\"\nfeatures = [\"pure-postgres\"]\n"), "{text}");
        // Whoever has chosen a driver keeps it.
        let text = added(
            "[dependencies]\ndiesel = { version = \"2.3\", features = [\"postgres\"] }\n",
            None,
            Dialect::Postgres,
        );
        assert!(text.contains("features = [\"postgres\", \"cli\"]") && !text.contains("pure"), "{text}");
        let text =
            added("[dependencies]\ndiesel = { version = \"2.3\", features = [\"sqlite\"] }\n", None, Dialect::Sqlite);
        assert!(!text.contains("libsqlite3-sys"), "{text}");
    }

    #[test]
    fn a_workspace_is_inherited_from() {
        let workspace = "[workspace.dependencies]\ndiesel = \"2.3\"\n";
        let text = added("[package]\nname = \"x\"\n", Some(workspace), Dialect::Sqlite);
        assert!(text.contains("diesel = { workspace = true, features = [\"sqlite\"] }"), "{text}");
    }
}
