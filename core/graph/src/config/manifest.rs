//! Reads `[package.metadata.alembic]` of a `Cargo.toml`.

use std::{collections::BTreeMap, time::Duration};

use alembic_schema::Naming;
use alembic_sql::{line_and_column, suggest};
use toml_edit::{Document, Item, TableLike, Value};

use super::{Config, ConfigError, Hook, TransactionMode, is_inside};
use crate::version_table::VersionTable;

const KEYS: [&str; 24] = [
    "migrations",
    "database-url-env",
    "scratch-url-env",
    "roles",
    "sqlite-path",
    "file-template",
    "truncate-slug-length",
    "timezone",
    "transaction",
    "version-table",
    "lock-timeout",
    "lock-retries",
    "statement-timeout",
    "naming",
    "runner",
    "seeds",
    "models",
    "include-tables",
    "exclude-tables",
    "schema-snapshot",
    "follow-links",
    "complete-objects",
    "post-write-hooks",
    "databases",
];

impl Config {
    /// Reads the configuration from the text of a `Cargo.toml`; none if it has no such table.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for invalid TOML, unknown keys and wrong values.
    pub fn from_manifest(text: &str) -> Result<Option<Self>, ConfigError> {
        let document = Document::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            fail(text, offset, format!("this is not TOML: {}", error.message()))
        })?;
        let table = ["package", "metadata", "alembic"]
            .into_iter()
            .try_fold(document.as_item(), |item, key| item.get(key).filter(|item| !item.is_none()));
        let Some(item) = table else { return Ok(None) };
        Reader { text }.table(item, Self::default(), true).map(Some)
    }
}

fn fail(text: &str, offset: usize, problem: String) -> ConfigError {
    let (line, column) = line_and_column(text, offset);
    ConfigError { line, column, problem }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self, item: &Item, problem: String) -> ConfigError {
        fail(self.text, item.span().map_or(0, |span| span.start), problem)
    }

    fn table(&self, item: &Item, mut config: Config, top: bool) -> Result<Config, ConfigError> {
        let Some(table) = item.as_table_like() else {
            return Err(self.error(item, "expected a table of settings".into()));
        };
        if !top && table.get("migrations").is_none() {
            return Err(self.error(item, "a named database needs `migrations`, a folder of its own".into()));
        }
        // Named databases inherit, so they come last.
        let (databases, settings): (Vec<_>, Vec<_>) = table.iter().partition(|(key, _)| *key == "databases");
        for (key, value) in settings.into_iter().chain(databases) {
            if !KEYS.contains(&key) || (key == "databases" && !top) {
                return Err(self.unknown_key(table, key, value, &KEYS));
            }
            self.assign(&mut config, key, value)?;
        }
        Ok(config)
    }

    fn unknown_key(&self, table: &dyn TableLike, key: &str, value: &Item, known: &[&str]) -> ConfigError {
        let near = suggest::did_you_mean(key, known.iter().copied());
        let expected =
            if near.is_empty() { format!("; the keys are {}", alembic_sql::wording::joined(known)) } else { near };
        let offset = table.key(key).and_then(toml_edit::Key::span).or(value.span()).map_or(0, |span| span.start);
        fail(self.text, offset, format!("unknown key `{key}`{expected}"))
    }

    fn assign(&self, config: &mut Config, key: &str, value: &Item) -> Result<(), ConfigError> {
        match key {
            "migrations" => config.migrations = self.locations(value)?,
            "models" => config.models = Some(self.locations(value)?),
            "include-tables" => config.tables.include = self.patterns(value)?,
            "exclude-tables" => config.tables.exclude = self.patterns(value)?,
            "schema-snapshot" => config.schema_snapshot = self.switch(value)?,
            "follow-links" => config.follow_links = self.switch(value)?,
            "complete-objects" => config.complete_objects = self.switch(value)?,
            "database-url-env" => config.database_url_env = self.string(value)?,
            "scratch-url-env" => config.scratch_url_env = Some(self.string(value)?),
            "roles" => config.roles = self.names(value)?,
            "sqlite-path" => config.sqlite_path = Some(self.sqlite_path(value)?),
            "file-template" => config.file_template = self.template(value)?,
            "truncate-slug-length" => {
                let number = value.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
                config.truncate_slug_length = number.ok_or_else(|| self.error(value, "expected a number".into()))?;
            }
            "timezone" => config.timezone = self.string(value)?,
            "transaction" => {
                config.settings.transaction = match self.string(value)?.as_str() {
                    "per-run" => TransactionMode::PerRun,
                    "per-migration" => TransactionMode::PerMigration,
                    other => {
                        let problem = format!("`{other}` is not `per-run` or `per-migration`");
                        return Err(self.error(value, problem));
                    }
                };
            }
            "version-table" => config.settings.version_table = self.version_table(value)?,
            "lock-timeout" => config.settings.lock_timeout = self.seconds(value)?,
            "statement-timeout" => config.settings.statement_timeout = self.seconds(value)?,
            "lock-retries" => {
                let number = value.as_integer().and_then(|n| u32::try_from(n).ok());
                config.settings.lock_retries =
                    number.ok_or_else(|| self.error(value, "expected a number of attempts".into()))?;
            }
            "naming" => self.naming(&mut config.settings.naming, value)?,
            "runner" => config.runner = self.string(value)?,
            "seeds" => config.seeds = self.folder(value)?,
            "post-write-hooks" => config.post_write_hooks = self.hooks(value)?,
            _ => {
                let Some(table) = value.as_table_like() else {
                    return Err(self.error(value, "expected a table for each database".into()));
                };
                for (name, database) in table.iter() {
                    // Each has a graph of its own, and so a program of its own.
                    let runner = format!("{}-{name}", config.runner);
                    let base = Config { databases: BTreeMap::new(), sqlite_path: None, runner, ..config.clone() };
                    config.databases.insert(name.to_owned(), self.table(database, base, false)?);
                }
            }
        }
        Ok(())
    }

    fn string(&self, item: &Item) -> Result<String, ConfigError> {
        match item.as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(self.error(item, "expected a string".into())),
        }
    }

    /// A file elsewhere is the user's to name, not the project's.
    fn sqlite_path(&self, item: &Item) -> Result<String, ConfigError> {
        let path = self.string(item)?;
        if is_inside(&path) {
            return Ok(path);
        }
        let instead = "name a file elsewhere in the URL, for example `DATABASE_URL=sqlite:../shop.db` in `.env`";
        Err(self.error(item, format!("the file has to be inside the package; {instead}")))
    }

    fn version_table(&self, item: &Item) -> Result<VersionTable, ConfigError> {
        let name = self.string(item)?;
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() > 2 || parts.contains(&"") {
            return Err(self.error(item, format!("`{name}` is not a name, `table` or `schema.table`")));
        }
        Ok(VersionTable::new(&name))
    }

    fn switch(&self, item: &Item) -> Result<bool, ConfigError> {
        item.as_bool().ok_or_else(|| self.error(item, "expected `true` or `false`".into()))
    }

    fn seconds(&self, item: &Item) -> Result<Duration, ConfigError> {
        // Milliseconds are what databases count, and enough for anybody.
        let most = i64::from(i32::MAX) / 1000;
        let whole = item.as_integer().filter(|n| (0..=most).contains(n)).and_then(|n| u64::try_from(n).ok());
        let fraction = item.as_float().filter(|n| (0.0..=1_000_000.0).contains(n));
        let seconds = whole.map(Duration::from_secs).or(fraction.map(Duration::from_secs_f64));
        seconds.ok_or_else(|| self.error(item, "expected a number of seconds".into()))
    }

    fn locations(&self, item: &Item) -> Result<Vec<String>, ConfigError> {
        let list = match item.as_array() {
            Some(array) => array.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
            None => item.as_str().map(|one| vec![one]),
        };
        let folder = |path: &str| path.trim_end_matches('/').to_owned();
        match list {
            Some(list) if !list.is_empty() && list.iter().all(|path| is_inside(path)) => {
                Ok(list.into_iter().map(folder).collect())
            }
            Some(list) if !list.is_empty() => Err(self.error(item, "it has to be inside the package".into())),
            _ => Err(self.error(item, "expected a path, or a list of paths".into())),
        }
    }

    fn patterns(&self, item: &Item) -> Result<Vec<String>, ConfigError> {
        let array = item.as_array().ok_or_else(|| self.error(item, "expected a list of patterns".into()))?;
        let texts = array.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
        texts.ok_or_else(|| self.error(item, "expected a list of patterns".into()))
    }

    fn names(&self, item: &Item) -> Result<Vec<String>, ConfigError> {
        let names = item.as_array().map(|array| array.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        match names.flatten() {
            Some(names) if names.iter().all(|name| !name.is_empty()) => {
                Ok(names.into_iter().map(str::to_owned).collect())
            }
            _ => Err(self.error(item, "expected a list of names".into())),
        }
    }

    fn folder(&self, item: &Item) -> Result<String, ConfigError> {
        let folder = self.string(item)?;
        if is_inside(&folder) {
            return Ok(folder.trim_end_matches('/').to_owned());
        }
        Err(self.error(item, "the folder has to be inside the package".into()))
    }

    fn naming(&self, naming: &mut Naming, item: &Item) -> Result<(), ConfigError> {
        const KINDS: [&str; 5] = ["primary-key", "unique", "foreign-key", "check", "index"];
        const TOKENS: [&str; 4] = ["table", "columns", "referred_table", "checksum"];
        let Some(table) = item.as_table_like() else {
            return Err(self.error(item, "expected a table of patterns".into()));
        };
        for (kind, value) in table.iter() {
            let pattern = self.string(value)?;
            self.known_tokens(value, &pattern, &TOKENS)?;
            *match kind {
                "primary-key" => &mut naming.primary_key,
                "unique" => &mut naming.unique,
                "foreign-key" => &mut naming.foreign_key,
                "check" => &mut naming.check,
                "index" => &mut naming.index,
                _ => return Err(self.unknown_key(table, kind, value, &KINDS)),
            } = pattern;
        }
        Ok(())
    }

    fn known_tokens(&self, item: &Item, pattern: &str, tokens: &[&str]) -> Result<(), ConfigError> {
        let mut found = pattern.split('{').skip(1).map(|part| part.split('}').next().unwrap_or_default());
        match found.find(|token| !tokens.contains(token)) {
            None => Ok(()),
            Some(token) => {
                let known = alembic_sql::wording::joined(tokens);
                Err(self.error(item, format!("`{{{token}}}` is none of the tokens {known}")))
            }
        }
    }

    fn template(&self, item: &Item) -> Result<String, ConfigError> {
        const TOKENS: [&str; 9] = ["rev", "slug", "year", "month", "day", "hour", "minute", "second", "epoch"];
        let template = self.string(item)?;
        self.known_tokens(item, &template, &TOKENS)?;
        if !template.contains("{rev}") || template.contains(['/', '\\']) {
            return Err(self.error(item, "a file template names a file, with `{rev}` in it".into()));
        }
        Ok(template)
    }

    fn hooks(&self, item: &Item) -> Result<Vec<Hook>, ConfigError> {
        let tables: Vec<&dyn TableLike> = match (item.as_array_of_tables(), item.as_array()) {
            (Some(tables), _) => tables.iter().map(|table| table as &dyn TableLike).collect(),
            (None, Some(array)) => {
                let tables = array.iter().map(|value| value.as_inline_table().map(|table| table as &dyn TableLike));
                tables
                    .collect::<Option<_>>()
                    .ok_or_else(|| self.error(item, "a hook is a table with `name` and `command`".into()))?
            }
            _ => {
                return Err(self.error(item, "expected `[[package.metadata.alembic.post-write-hooks]]`".into()));
            }
        };
        tables.into_iter().map(|table| self.hook(item, table)).collect()
    }

    fn hook(&self, item: &Item, table: &dyn TableLike) -> Result<Hook, ConfigError> {
        let known = ["name", "command", "extension"];
        if let Some((key, value)) = table.iter().find(|(key, _)| !known.contains(key)) {
            return Err(self.unknown_key(table, key, value, &known));
        }
        let field = |key: &str| match table.get(key) {
            Some(value) => self.string(value),
            None => Err(self.error(item, format!("a post-write hook needs `{key}`"))),
        };
        let extension = table.get("extension").map(|value| self.extension(value)).transpose()?;
        Ok(Hook { name: field("name")?, command: field("command")?, extension })
    }

    fn extension(&self, value: &Item) -> Result<String, ConfigError> {
        match self.string(value)?.trim_start_matches('.') {
            known @ ("rs" | "sql") => Ok(known.to_owned()),
            other => Err(self.error(value, format!("revisions end with `rs` or `sql`, none with `{other}`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use alembic_schema::Name;
    use insta::assert_snapshot;

    use super::*;

    fn read(settings: &str) -> Result<Config, ConfigError> {
        let text = format!("[package]\nname = \"shop\"\n\n[package.metadata.alembic]\n{settings}\n");
        Config::from_manifest(&text).map(Option::unwrap)
    }

    #[test]
    fn no_table_means_no_configuration() {
        assert_eq!(Config::from_manifest("[package]\nname = \"shop\"\n").unwrap(), None);
        assert_eq!(read("").unwrap(), Config::default());
    }

    #[test]
    fn every_key_is_read() {
        let config = read(
            r#"
            migrations = ["migrations", "more/"]
            database-url-env = "SHOP_URL"
            sqlite-path = "shop.db"
            file-template = "{rev}_{slug}"
            truncate-slug-length = 20
            timezone = "local"
            transaction = "per-migration"
            version-table = "ops.versions"
            lock-timeout = 0.5
            lock-retries = 5
            naming = { index = "idx_{table}_{columns}" }
            runner = "ops"
            seeds = "data/"
            models = ["src/schema.rs", "src/more/"]
            include-tables = ["app_*", "users"]
            exclude-tables = ["*_old"]
            schema-snapshot = true
            complete-objects = true
            [[package.metadata.alembic.post-write-hooks]]
            name = "format"
            command = "pg_format -i {file}"
            extension = ".sql"
            [package.metadata.alembic.databases.analytics]
            migrations = "analytics"
            database-url-env = "ANALYTICS_URL"
            "#,
        )
        .unwrap();
        assert_eq!((config.settings.lock_timeout, config.settings.lock_retries), (Duration::from_millis(500), 5));
        assert_eq!(config.settings.naming, Naming { index: "idx_{table}_{columns}".into(), ..Naming::default() });
        assert_eq!((config.runner.as_str(), config.seeds.as_str()), ("ops", "data"));
        assert_eq!(config.migrations, ["migrations", "more"]);
        assert_eq!(config.models, Some(vec!["src/schema.rs".to_owned(), "src/more".to_owned()]));
        let left: Vec<&str> = ["users", "app_x", "app_x_old", "x"]
            .into_iter()
            .filter(|name| config.tables.leaves_alone(&Name::from_plain(name)))
            .collect();
        assert_eq!((left, config.schema_snapshot, config.complete_objects), (vec!["app_x_old", "x"], true, true));
        assert_eq!(config.settings.transaction, TransactionMode::PerMigration);
        assert_eq!(config.settings.version_table, VersionTable::new("ops.versions"));
        let hook = &config.post_write_hooks[0];
        assert_eq!(hook.command, "pg_format -i {file}");
        assert!(hook.is_for("migrations/a.sql") && !hook.is_for("migrations/a.sql.rs"));
        let analytics = config.database("analytics").unwrap();
        assert_eq!((&analytics.migrations[0], &analytics.timezone), (&"analytics".to_owned(), &"local".to_owned()));
        assert_eq!(analytics.runner, "ops-analytics");
    }

    #[test]
    fn mistakes_have_a_place() {
        let message = |settings: &str| read(settings).unwrap_err().to_string();
        assert_snapshot!(message("migratons = \"m\""), @"5:1: unknown key `migratons`; did you mean `migrations`?");
        assert_snapshot!(message("colour = 1"), @"5:1: unknown key `colour`; the keys are migrations, database-url-env, scratch-url-env, roles, sqlite-path, file-template, truncate-slug-length, timezone, transaction, version-table, lock-timeout, lock-retries, statement-timeout, naming, runner, seeds, models, include-tables, exclude-tables, schema-snapshot, follow-links, complete-objects, post-write-hooks, databases");
        assert_snapshot!(message("lock-timeout = -1"), @"5:16: expected a number of seconds");
        assert_snapshot!(message("naming = { index = \"{key}\" }"), @"5:20: `{key}` is none of the tokens table, columns, referred_table, checksum");
        assert_snapshot!(message("naming = { indx = \"x\" }"), @"5:12: unknown key `indx`; did you mean `index`?");
        assert_snapshot!(message("seeds = \"/x\""), @"5:9: the folder has to be inside the package");
        for path in ["/x.db", "../x.db", "data/../../x.db"] {
            assert_eq!(
                message(&format!("sqlite-path = \"{path}\"")),
                "5:15: the file has to be inside the package; name a file elsewhere in the URL, for example \
                 `DATABASE_URL=sqlite:../shop.db` in `.env`"
            );
        }
        for name in ["a.b.c", ".a", "a.", "a..b", "."] {
            assert_eq!(
                message(&format!("version-table = \"{name}\"")),
                format!("5:17: `{name}` is not a name, `table` or `schema.table`")
            );
        }
        assert_snapshot!(message("migrations = 3"), @"5:14: expected a path, or a list of paths");
        assert_snapshot!(message("migrations = \"../up\""), @"5:14: it has to be inside the package");
        assert_snapshot!(message("transaction = \"never\""), @"5:15: `never` is not `per-run` or `per-migration`");
        assert_snapshot!(message("file-template = \"{name}\""), @"5:17: `{name}` is none of the tokens rev, slug, year, month, day, hour, minute, second, epoch");
        assert_snapshot!(message("file-template = \"x\""), @"5:17: a file template names a file, with `{rev}` in it");
        assert_snapshot!(message("timezone = "), @"5:12: this is not TOML: string values must be quoted, expected literal string");
        assert_snapshot!(message("[package.metadata.alembic.databases.a]\ntimezone = \"UTC\""), @"5:1: a named database needs `migrations`, a folder of its own");
    }
}
