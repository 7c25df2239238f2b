//! How our own tables are stored, whatever the server's defaults are.
//!
//! A row of the version table and its note in the log commit together only in an engine with transactions, and the ids
//! of revisions tell small letters from capitals.

use alembic_sql::Dialect;

use super::VersionTable;

/// Returns what follows the columns of `CREATE TABLE`.
pub(super) fn options(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "",
        // Other access methods may be unable to update rows. <https://www.postgresql.org/docs/current/tableam.html>
        Dialect::Postgres => " USING heap",
        Dialect::Mysql | Dialect::Mariadb => " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    }
}

impl VersionTable {
    /// Returns the query for those of our tables that were made in another way on MySQL and MariaDB: for each, as text
    /// of one column called `answer`, the engine or the character set that is in the way as it is written in SQL, a space,
    /// and the table.
    ///
    /// Python makes the version table in the character set of the database, which does as long as it can be compared
    /// with ours.
    #[must_use]
    pub fn ill_stored(&self, dialect: Dialect) -> String {
        let literal = |text: &str| dialect.literal(text);
        let schema = self.schema().map_or_else(|| "DATABASE()".to_owned(), literal);
        format!(
            "SELECT CONCAT(IF(e.transactions = 'YES', CONCAT('CHARSET=', c.character_set_name), CONCAT('ENGINE=', t.engine)), ' ', t.table_name) AS answer \
             FROM information_schema.tables t \
             JOIN information_schema.engines e ON e.engine = t.engine \
             JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name \
             WHERE t.table_schema = {schema} AND (t.table_name = {} AND c.column_name = 'version_num' \
             OR t.table_name = {} AND c.column_name = 'error' OR t.table_name = {} AND c.column_name = 'holder') \
             AND (e.transactions <> 'YES' OR c.character_set_name IN ('ucs2', 'utf16', 'utf16le', 'utf32') \
             OR c.character_set_name <> 'utf8mb4' AND c.column_name <> 'version_num') ORDER BY t.table_name",
            literal(self.name()),
            literal(&self.log_name()),
            literal(&self.lock_name()),
        )
    }

    /// Returns the statement that stores one of our tables on MySQL or MariaDB as it is made nowadays.
    #[must_use]
    pub fn convert(&self, dialect: Dialect, table: &str) -> String {
        format!(
            "ALTER TABLE {} ENGINE=InnoDB, CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            self.qualify(dialect, table)
        )
    }
}
