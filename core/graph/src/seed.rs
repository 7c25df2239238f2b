//! Seeds: files of idempotent SQL that fill a database, outside the graph.
//!
//! `seeds/users.sql` is for every environment, `seeds/development/users.sql` for one;
//! `users.postgres.sql` takes the place of `users.sql` on that database.

use alembic_sql::Dialect;

/// A seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed<'a> {
    /// What it is called: the file's name, up to the first dot.
    pub name: &'a str,
    /// The environment that it is for; none is any.
    pub environment: Option<&'a str>,
    /// The database that it is for; none is any.
    pub dialect: Option<Dialect>,
    /// The file, relative to the folder of seeds.
    pub path: &'a str,
}

impl<'a> Seed<'a> {
    /// Reads what the path of a file says, relative to the folder of seeds; nothing if it is no seed.
    #[must_use]
    pub fn of(path: &'a str) -> Option<Self> {
        let (environment, file) = match path.rsplit_once('/') {
            Some((environment, file)) => (Some(environment), file),
            None => (None, path),
        };
        let stem = file.strip_suffix(".sql").filter(|stem| !stem.starts_with('.'))?;
        let (name, dialect) = match stem.split_once('.') {
            Some((name, dialect)) => (name, Some(dialect.parse().ok()?)),
            None => (stem, None),
        };
        Some(Self { name, environment, dialect, path })
    }

    fn suits(&self, environment: &str, dialect: Dialect) -> bool {
        let own = |wanted: Dialect| wanted == dialect || wanted == Dialect::Mysql && dialect == Dialect::Mariadb;
        self.environment.is_none_or(|wanted| wanted == environment) && self.dialect.is_none_or(own)
    }
}

/// Returns the seeds to run, in the order of their names: those of every environment first. One for the
/// database takes the place of one for any.
#[must_use]
pub fn pick<'a>(
    paths: impl IntoIterator<Item = &'a str>,
    environment: &str,
    dialect: Dialect,
    name: Option<&str>,
) -> Vec<Seed<'a>> {
    let seeds = paths.into_iter().filter_map(Seed::of);
    let mut seeds: Vec<_> = seeds.filter(|seed| seed.suits(environment, dialect)).collect();
    seeds.retain(|seed| name.is_none_or(|name| seed.name == name));
    // The one that is most particular comes first of its name.
    let particular = |seed: &Seed<'_>| match seed.dialect {
        Some(own) if own == dialect => 0,
        Some(_) => 1,
        None => 2,
    };
    seeds.sort_by_key(|seed| (seed.environment, seed.name, particular(seed)));
    seeds.dedup_by_key(|seed| (seed.environment, seed.name));
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_what_they_are_for() {
        let files = [
            "users.sql",
            "users.mysql.sql",
            "users.postgres.sql",
            "development/a.sql",
            "test/b.sql",
            ".swp.sql",
            "notes.md",
            "x.oracle.sql",
        ];
        let picked = |environment, dialect, name| {
            pick(files, environment, dialect, name).iter().map(|seed| seed.path).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(picked("development", Dialect::Sqlite, None), "users.sql development/a.sql");
        assert_eq!(picked("staging", Dialect::Mariadb, None), "users.mysql.sql");
        assert_eq!(picked("test", Dialect::Postgres, None), "users.postgres.sql test/b.sql");
        assert_eq!(picked("test", Dialect::Postgres, Some("b")), "test/b.sql");
    }
}
