//! One connection type per database.

use diesel_async::{AsyncMysqlConnection, AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};

/// SQLite.
pub type SqliteConn = diesel::SqliteConnection;
/// PostgreSQL, without libpq.
pub type PostgresConn = AsyncConnectionWrapper<AsyncPgConnection>;
/// MySQL, without libmysqlclient.
pub type MysqlConn = AsyncConnectionWrapper<AsyncMysqlConnection>;
/// MariaDB, which Diesel reaches as it does MySQL.
pub type MariadbConn = MysqlConn;

/// Writes one test per database from each body; names end in the database. Inside, `Conn` is the
/// connection type and `KIND` the database.
#[macro_export]
macro_rules! on_every_database {
    ($($(#[$meta:meta])* fn $name:ident($db:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            $crate::on_every_database!(@one sqlite, Sqlite, SqliteConn, $db, $body);
            $crate::on_every_database!(@one postgres, Postgres, PostgresConn, $db, $body);
            $crate::on_every_database!(@one mysql, Mysql, MysqlConn, $db, $body);
            $crate::on_every_database!(@one mariadb, Mariadb, MariadbConn, $db, $body);
        }
    )*};
    (@one $module:ident, $kind:ident, $conn:ident, $db:ident, $body:block) => {
        #[test]
        fn $module() {
            #[allow(unused_imports, reason = "not every body needs everything")]
            use super::*;
            #[allow(dead_code, reason = "not every body names the type")]
            type Conn = $crate::$conn;
            #[allow(dead_code, reason = "not every body asks")]
            const KIND: $crate::Kind = $crate::Kind::$kind;
            if !KIND.is_tested() {
                return;
            }
            let Some($db) = $crate::Database::new(KIND) else { return };
            $body
        }
    };
}

/// The same for MySQL and MariaDB alone, whose data definition commits by itself.
#[macro_export]
macro_rules! on_mysql_and_mariadb {
    ($($(#[$meta:meta])* fn $name:ident($db:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            $crate::on_every_database!(@one mysql, Mysql, MysqlConn, $db, $body);
            $crate::on_every_database!(@one mariadb, Mariadb, MariadbConn, $db, $body);
        }
    )*};
}
