//! Statements about a server's databases and roles.
//!
//! They are made here and nowhere else, and take names as values: each is quoted on its way into the text, so no
//! name, wherever it was read, can end its quotes and say something of its own.

mod given;

use std::fmt;

pub use given::Locale;

use crate::Dialect;

/// A name or a text as the SQL of one database takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Quotes the name of a database, a role, a table …
    #[must_use]
    pub fn name(dialect: Dialect, name: &str) -> Self {
        Self(dialect.quote(name))
    }

    /// Quotes a text.
    #[must_use]
    pub fn literal(dialect: Dialect, text: &str) -> Self {
        Self(dialect.literal(text))
    }

    /// Quotes the name of a database for `GRANT`, where MySQL takes `_` and `%` for patterns.
    #[must_use]
    pub fn pattern(name: &str) -> Self {
        let escaped = name.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%");
        Self(Dialect::Mysql.quote(&escaped))
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A statement about a server's databases and roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStatement {
    sql: String,
    /// The statement for messages: without passwords.
    shown: String,
}

impl ServerStatement {
    fn new(sql: String) -> Self {
        Self { shown: sql.clone(), sql }
    }

    /// Returns the text that the server gets.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Makes a database.
    #[must_use]
    pub fn create_database(dialect: Dialect, database: &str) -> Self {
        Self::new(format!("CREATE DATABASE {}", Quoted::name(dialect, database)))
    }

    /// Makes a database that belongs to another role. PostgreSQL only.
    #[must_use]
    pub fn create_database_of(database: &str, owner: &str) -> Self {
        let postgres = Dialect::Postgres;
        Self::new(format!(
            "CREATE DATABASE {} OWNER {}",
            Quoted::name(postgres, database),
            Quoted::name(postgres, owner)
        ))
    }

    /// Makes a database unless it is there. MySQL and MariaDB only.
    #[must_use]
    pub fn create_missing_database(database: &str) -> Self {
        Self::new(format!("CREATE DATABASE IF NOT EXISTS {}", Quoted::name(Dialect::Mysql, database)))
    }

    /// Makes a database that holds what another one holds. PostgreSQL only.
    #[must_use]
    pub fn copy_database(from: &str, to: &str) -> Self {
        let quoted = |name| Quoted::name(Dialect::Postgres, name);
        Self::new(format!("CREATE DATABASE {} TEMPLATE {}", quoted(to), quoted(from)))
    }

    /// Gives a database another name. PostgreSQL only.
    #[must_use]
    pub fn rename_database(from: &str, to: &str) -> Self {
        let quoted = |name| Quoted::name(Dialect::Postgres, name);
        Self::new(format!("ALTER DATABASE {} RENAME TO {}", quoted(from), quoted(to)))
    }

    /// Drops a database, if it is there.
    #[must_use]
    pub fn drop_database(dialect: Dialect, database: &str) -> Self {
        Self::new(format!("DROP DATABASE IF EXISTS {}", Quoted::name(dialect, database)))
    }

    /// Drops a database, if it is there, and ends the sessions in it. PostgreSQL 13 and later.
    #[must_use]
    pub fn drop_database_by_force(database: &str) -> Self {
        let drop = Self::drop_database(Dialect::Postgres, database);
        Self::new(format!("{} WITH (FORCE)", drop.sql))
    }

    /// Makes a database the one in use. MySQL and MariaDB only.
    #[must_use]
    pub fn use_database(database: &str) -> Self {
        Self::new(format!("USE {}", Quoted::name(Dialect::Mysql, database)))
    }

    /// Lets a database be written that was set to `READ ONLY`. MySQL only.
    #[must_use]
    pub fn let_database_be_written(database: &str) -> Self {
        Self::new(format!("ALTER DATABASE {} READ ONLY = 0", Quoted::name(Dialect::Mysql, database)))
    }

    /// Makes a role that may log in and nothing else: a user on MySQL and MariaDB. It is a member of no other role, but
    /// has what the owner of a database has by `pg_database_owner`, as in the schema `public`.
    #[must_use]
    pub fn create_role(dialect: Dialect, role: &str, password: &str) -> Self {
        let make = |password: &str| {
            let (account, password) = (account(dialect, role), Quoted::literal(dialect, password));
            match dialect {
                Dialect::Postgres => format!(
                    "CREATE ROLE {account} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION \
                     PASSWORD {password}"
                ),
                _ => format!("CREATE USER {account} IDENTIFIED BY {password}"),
            }
        };
        Self { sql: make(password), shown: make("***") }
    }

    /// Makes the role of the session a member of another one. PostgreSQL only.
    #[must_use]
    pub fn join_role(role: &str) -> Self {
        Self::new(format!("GRANT {} TO CURRENT_USER", Quoted::name(Dialect::Postgres, role)))
    }

    /// Gives a user all rights in one database. MySQL and MariaDB only.
    #[must_use]
    pub fn grant_database(database: &str, user: &str) -> Self {
        let account = account(Dialect::Mysql, user);
        Self::new(format!("GRANT ALL PRIVILEGES ON {}.* TO {account}", Quoted::pattern(database)))
    }

    /// Lets a user make functions and triggers on a server that writes a binary log. MySQL and MariaDB only.
    #[must_use]
    pub fn grant_super(user: &str) -> Self {
        Self::new(format!("GRANT SUPER ON *.* TO {}", account(Dialect::Mysql, user)))
    }

    /// Drops a role or user, if it is there.
    #[must_use]
    pub fn drop_role(dialect: Dialect, role: &str) -> Self {
        let kind = if dialect == Dialect::Postgres { "ROLE" } else { "USER" };
        Self::new(format!("DROP {kind} IF EXISTS {}", account(dialect, role)))
    }
}

/// A role is a user at any host on MySQL and MariaDB.
fn account(dialect: Dialect, role: &str) -> String {
    match dialect {
        Dialect::Postgres => Quoted::name(dialect, role).to_string(),
        _ => format!("{}@'%'", Quoted::name(dialect, role)),
    }
}

impl fmt::Display for ServerStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn no_name_ends_its_quotes() {
        let evil = "alembic_scratch_1_;grant all on *.* to low\"`'\\";
        let drop = |dialect| ServerStatement::drop_database(dialect, evil).sql().to_owned();
        assert_snapshot!(drop(Dialect::Postgres), @r#"DROP DATABASE IF EXISTS "alembic_scratch_1_;grant all on *.* to low""`'\""#);
        assert_snapshot!(drop(Dialect::Mariadb), @r#"DROP DATABASE IF EXISTS `alembic_scratch_1_;grant all on *.* to low"``'\`"#);
        let role = ServerStatement::create_role(Dialect::Postgres, evil, "it's");
        assert_snapshot!(role.sql(), @r#"CREATE ROLE "alembic_scratch_1_;grant all on *.* to low""`'\" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD 'it''s'"#);
        assert_snapshot!(ServerStatement::drop_role(Dialect::Mysql, evil).sql(), @r#"DROP USER IF EXISTS `alembic_scratch_1_;grant all on *.* to low"``'\`@'%'"#);
        assert_snapshot!(ServerStatement::grant_database("a_b%c", "me").sql(), @r"GRANT ALL PRIVILEGES ON `a\_b\%c`.* TO `me`@'%'");
    }

    #[test]
    fn messages_have_no_password() {
        let role = ServerStatement::create_role(Dialect::Mysql, "me", "secret");
        assert!(role.sql().contains("secret") && !role.to_string().contains("secret"));
    }
}
