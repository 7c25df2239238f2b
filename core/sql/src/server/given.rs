//! Statements that give a new database what another one was given.

use super::{Quoted, ServerStatement};
use crate::Dialect;

const POSTGRES: Dialect = Dialect::Postgres;

/// Encoding and collation of a PostgreSQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    /// The encoding.
    pub encoding: String,
    /// `LC_COLLATE`.
    pub collate: String,
    /// `LC_CTYPE`.
    pub ctype: String,
    /// Whose collations they are: `i` for ICU, `b` for the server's own, else the C library.
    pub provider: String,
    /// The provider's name of the locale.
    pub locale: Option<String>,
    /// ICU's options.
    pub rules: Option<String>,
}

/// Settings that are lists of names, by the server's sources: each name is a text of its own.
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

impl ServerStatement {
    /// Gives a database that is made the encoding and the collation of another one. Only `template0` takes any.
    #[must_use]
    pub fn with_locale(self, locale: Option<&Locale>) -> Self {
        let Some(locale) = locale else { return self };
        let literal = |text: &str| Quoted::literal(POSTGRES, text);
        let provider = match (locale.provider.as_str(), &locale.locale) {
            ("i", Some(name)) => format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", literal(name)),
            ("b", Some(name)) => format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", literal(name)),
            _ => String::new(),
        };
        let rules = locale.rules.as_ref().map_or_else(String::new, |rules| format!(" ICU_RULES {}", literal(rules)));
        let sql = format!(
            "{} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}{provider}{rules}",
            self.sql,
            literal(&locale.encoding),
            literal(&locale.collate),
            literal(&locale.ctype)
        );
        Self::new(sql)
    }

    /// Gives a database that is made a character set and a collation. MySQL and MariaDB only.
    #[must_use]
    pub fn with_collation(self, collation: Option<&(String, String)>) -> Self {
        let Some((set, collation)) = collation else { return self };
        let quoted = |name| Quoted::name(Dialect::Mysql, name);
        Self::new(format!("{} CHARACTER SET {} COLLATE {}", self.sql, quoted(set), quoted(collation)))
    }

    /// Gives a role, else that of the session, a setting in one database. PostgreSQL only.
    #[must_use]
    pub fn set_in_database(role: Option<&str>, database: &str, name: &str, value: &str) -> Self {
        let role = role.map_or_else(|| "CURRENT_USER".to_owned(), |role| Quoted::name(POSTGRES, role).to_string());
        let names: Vec<String> = name.split('.').map(|part| Quoted::name(POSTGRES, part).to_string()).collect();
        let values = if LISTS.contains(&name) { list(value) } else { vec![value.to_owned()] };
        let values: Vec<String> = values.iter().map(|value| Quoted::literal(POSTGRES, value).to_string()).collect();
        Self::new(format!(
            "ALTER ROLE {role} IN DATABASE {} SET {} TO {}",
            Quoted::name(POSTGRES, database),
            names.join("."),
            values.join(", ")
        ))
    }

    /// Makes a schema that belongs to a role, else to that of the session, unless it is there. PostgreSQL only.
    #[must_use]
    pub fn create_schema(schema: &str, owner: Option<&str>) -> Self {
        let name = Quoted::name(POSTGRES, schema);
        let owner = owner.map_or_else(|| "CURRENT_USER".to_owned(), |role| Quoted::name(POSTGRES, role).to_string());
        Self::new(format!("CREATE SCHEMA IF NOT EXISTS {name} AUTHORIZATION {owner}"))
    }

    /// Makes an extension in a schema, unless it is there. PostgreSQL only.
    #[must_use]
    pub fn create_extension(extension: &str, schema: &str, version: Option<&str>) -> Self {
        let quoted = |name| Quoted::name(POSTGRES, name);
        let version = version.map_or_else(String::new, |version| format!(" VERSION {}", quoted(version)));
        Self::new(format!("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}{version}", quoted(extension), quoted(schema)))
    }
}

/// Takes a list of names apart, as the server writes it: `"$user", public`.
fn list(value: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let (mut quoted, mut after_quote) = (false, false);
    for c in value.chars() {
        match c {
            '"' => {
                // Two in a row are one of the name.
                if !quoted && after_quote {
                    names.iter_mut().next_back().into_iter().for_each(|name| name.push('"'));
                }
                (quoted, after_quote) = (!quoted, quoted);
                continue;
            }
            ',' if !quoted => names.push(String::new()),
            c if quoted || !c.is_whitespace() => names.iter_mut().next_back().into_iter().for_each(|name| name.push(c)),
            _ => {}
        }
        after_quote = false;
    }
    names
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_setting_says_what_it_said() {
        let set = |name, value| ServerStatement::set_in_database(Some("me"), "d", name, value).sql().to_owned();
        assert_snapshot!(set("search_path", r#""$user", public, "a ""b, c" , """#), @r#"ALTER ROLE "me" IN DATABASE "d" SET "search_path" TO '$user', 'public', 'a "b, c', ''"#);
        assert_snapshot!(set("DateStyle", "SQL, DMY"), @r#"ALTER ROLE "me" IN DATABASE "d" SET "DateStyle" TO 'SQL, DMY'"#);
        assert_snapshot!(set("app.it's", "x'; DROP"), @r#"ALTER ROLE "me" IN DATABASE "d" SET "app"."it's" TO 'x''; DROP'"#);
    }

    #[test]
    fn a_database_gets_the_locale_of_another_one() {
        let locale = |provider: &str, name: Option<&str>| Locale {
            encoding: "UTF8".into(),
            collate: "C".into(),
            ctype: "C.UTF-8".into(),
            provider: provider.into(),
            locale: name.map(str::to_owned),
            rules: None,
        };
        let make =
            |locale: &Locale| ServerStatement::create_database_of("d", "me").with_locale(Some(locale)).sql().to_owned();
        assert_snapshot!(make(&locale("c", None)), @r#"CREATE DATABASE "d" OWNER "me" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"#);
        assert_snapshot!(make(&locale("i", Some("de-AT"))), @r#"CREATE DATABASE "d" OWNER "me" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'"#);
        let collation = ("utf8mb4".to_owned(), "utf8mb4_bin".to_owned());
        assert_snapshot!(ServerStatement::create_database(Dialect::Mariadb, "d").with_collation(Some(&collation)).sql(), @"CREATE DATABASE `d` CHARACTER SET `utf8mb4` COLLATE `utf8mb4_bin`");
        assert_snapshot!(ServerStatement::create_extension("uuid-ossp", "extensions", Some("1.1")).sql(), @r#"CREATE EXTENSION IF NOT EXISTS "uuid-ossp" SCHEMA "extensions" VERSION "1.1""#);
        assert_snapshot!(ServerStatement::create_schema("a", None).sql(), @r#"CREATE SCHEMA IF NOT EXISTS "a" AUTHORIZATION CURRENT_USER"#);
    }
}
