//! What becomes of a statement that was interrupted, and by what in the catalog that shows.
//!
//! Reads the first words of a statement and no more: whatever is not surely recognised is
//! [`Nature::Opaque`], and left to a person.

use super::{
    alter_table::alter_table,
    compound::is_compound,
    object::Object,
    reader::{Reader, keyword},
    words::{Word, words},
};
use crate::Dialect;

/// What to do about a statement when it is not known whether it took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nature {
    /// It changes rows only. It shares a transaction with the note that it is done.
    Data,
    /// It sets up the session, and has to be said again in another one.
    Session,
    /// Running it twice does what running it once does.
    Repeatable,
    /// It took effect if all of these are as they are listed, and did not if none is.
    Definition(Vec<Effect>),
    /// Only a person can tell.
    Opaque,
}

/// Something in the catalog, and whether it is there once the statement took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What.
    pub object: Object,
    /// Whether it is there afterwards; before, it is the other way round.
    pub exists: bool,
}

/// Classifies one statement.
#[must_use]
pub fn nature(statement: &str, dialect: Dialect) -> Nature {
    if is_compound(statement, dialect) {
        return Nature::Opaque;
    }
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    let Some(first) = reader.keyword() else {
        return Nature::Opaque;
    };
    let mysql = dialect.is_mysql_family();
    match first.as_str() {
        "SELECT" if words.iter().copied().any(|word| keyword(word) == "SET_CONFIG") => Nature::Session,
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "SELECT" | "WITH" | "VALUES" | "MERGE" | "COPY" | "LOAD" => {
            Nature::Data
        }
        "DO" if mysql => Nature::Data,
        "SET" | "RESET" | "USE" | "PRAGMA" | "ATTACH" | "DETACH" => Nature::Session,
        "VACUUM" | "ANALYZE" | "ANALYSE" | "REINDEX" | "CLUSTER" | "OPTIMIZE" | "CHECK" | "REPAIR" | "FLUSH"
        | "GRANT" | "REVOKE" | "COMMENT" | "BEGIN" | "START" | "COMMIT" | "SHOW" | "EXPLAIN" => Nature::Repeatable,
        "CREATE" => create(&mut reader),
        "DROP" => drop(&mut reader),
        "ALTER" if reader.takes(&["TABLE"]) || reader.takes(&["ONLINE", "TABLE"]) => match alter_table(&mut reader) {
            Some(effects) if effects.is_empty() => Nature::Repeatable,
            Some(effects) => definition(effects),
            None => Nature::Opaque,
        },
        "RENAME" if reader.takes(&["TABLE"]) => rename_tables(&mut reader),
        _ => Nature::Opaque,
    }
}

fn create(reader: &mut Reader<'_>) -> Nature {
    if reader.takes(&["OR", "REPLACE"]) {
        return Nature::Repeatable;
    }
    while reader.takes_one(&["UNIQUE", "FULLTEXT", "SPATIAL", "UNLOGGED", "AGGREGATE", "UNDEFINED", "MERGE"])
        || reader.takes_assignment(&["ALGORITHM", "DEFINER"])
        || reader.takes(&["SQL", "SECURITY", "DEFINER"])
        || reader.takes(&["SQL", "SECURITY", "INVOKER"])
    {}
    let Some(kind) = reader.keyword() else {
        return Nature::Opaque;
    };
    let concurrently = reader.takes(&["CONCURRENTLY"]);
    // An index that is built concurrently can exist and be invalid.
    if reader.takes(&["IF", "NOT", "EXISTS"]) && !concurrently {
        return Nature::Repeatable;
    }
    reader.object(&kind).map_or(Nature::Opaque, |object| definition(vec![(object, true)]))
}

fn drop(reader: &mut Reader<'_>) -> Nature {
    let Some(kind) = reader.keyword() else {
        return Nature::Opaque;
    };
    reader.takes(&["CONCURRENTLY"]);
    if reader.takes(&["IF", "EXISTS"]) {
        return Nature::Repeatable;
    }
    let mut effects = Vec::new();
    loop {
        let Some(object) = reader.object(&kind) else {
            return Nature::Opaque;
        };
        effects.push((object, false));
        if !reader.takes_symbol(b',') {
            return definition(effects);
        }
    }
}

fn rename_tables(reader: &mut Reader<'_>) -> Nature {
    let mut effects = Vec::new();
    loop {
        let (Some(from), true, Some(to)) = (reader.name(), reader.takes(&["TO"]), reader.name()) else {
            return Nature::Opaque;
        };
        effects.extend([(Object::Relation(from), false), (Object::Relation(to), true)]);
        if !reader.takes_symbol(b',') {
            return definition(effects);
        }
    }
}

/// An object that the statement both removes and makes tells nothing.
fn definition(effects: Vec<(Object, bool)>) -> Nature {
    let telling = |(object, exists): &(Object, bool)| !effects.contains(&(object.clone(), !exists));
    let effects: Vec<Effect> = effects
        .iter()
        .filter(|effect| telling(effect))
        .map(|(object, exists)| Effect { object: object.clone(), exists: *exists })
        .collect();
    if effects.is_empty() { Nature::Opaque } else { Nature::Definition(effects) }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::Name;

    /// Writes a classification the way a person would say it.
    fn mariadb(statement: &str) -> String {
        say(&nature(statement, Dialect::Mariadb))
    }

    fn say(nature: &Nature) -> String {
        let Nature::Definition(effects) = nature else {
            return format!("{nature:?}");
        };
        let full = |name: &Name| {
            name.schema.as_ref().map_or_else(|| name.name.clone(), |schema| format!("{schema}.{}", name.name))
        };
        let one = |effect: &Effect| {
            let sign = if effect.exists { "+" } else { "-" };
            let object = match &effect.object {
                Object::Relation(name) => format!("relation {}", full(name)),
                Object::Column(table, name) => format!("column {}({name})", full(table)),
                Object::Index(table, name) => {
                    format!("index {}({})", table.as_ref().map_or_else(String::new, full), full(name))
                }
                Object::Constraint(table, name) => format!("constraint {}({name})", full(table)),
                Object::PrimaryKey(table) => format!("primary key {}", full(table)),
                Object::Routine(name) => format!("routine {}", full(name)),
                Object::Trigger(name) => format!("trigger {}", full(name)),
            };
            format!("{sign}{object}")
        };
        effects.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tables_views_and_routines() {
        assert_snapshot!(mariadb("create table `a``b`.t (x int)"), @"+relation a`b.t");
        assert_snapshot!(mariadb("CREATE TABLE IF NOT EXISTS t (x int)"), @"Repeatable");
        assert_snapshot!(mariadb("CREATE TEMPORARY TABLE t (x int)"), @"Opaque");
        assert_snapshot!(mariadb("DROP TABLE a, b CASCADE"), @"-relation a -relation b");
        assert_snapshot!(mariadb("RENAME TABLE a TO b, c TO s.d"), @"-relation a +relation b -relation c +relation s.d");
        assert_snapshot!(mariadb("RENAME TABLE a TO t, b TO a, t TO b"), @"Opaque");
        assert_snapshot!(mariadb("CREATE DEFINER=`me`@`%` SQL SECURITY DEFINER VIEW v AS SELECT 1"), @"+relation v");
        assert_snapshot!(mariadb("CREATE PROCEDURE p() BEGIN SELECT 1; END"), @"+routine p");
        assert_snapshot!(mariadb("DROP TRIGGER s.g"), @"-trigger s.g");
        assert_snapshot!(mariadb("TRUNCATE t"), @"Opaque");
    }

    #[test]
    fn alter_table() {
        assert_snapshot!(mariadb("ALTER TABLE t ADD c INT DEFAULT (1, 2), ADD COLUMN d INT"), @"+column t(c) +column t(d)");
        assert_snapshot!(mariadb("ALTER TABLE t CHANGE a b INT, MODIFY c INT"), @"-column t(a) +column t(b)");
        assert_snapshot!(mariadb("ALTER TABLE t CHANGE a a BIGINT"), @"Repeatable");
        assert_snapshot!(mariadb("ALTER TABLE t RENAME COLUMN a TO b, RENAME KEY i TO j"), @"-column t(a) +column t(b) -index t(i) +index t(j)");
        assert_snapshot!(mariadb("ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (id)"), @"+constraint t(fk)");
        assert_snapshot!(mariadb("ALTER TABLE t DROP FOREIGN KEY fk, DROP PRIMARY KEY, ADD UNIQUE KEY u (a)"), @"-constraint t(fk) -primary key t +index t(u)");
        assert_snapshot!(mariadb("ALTER TABLE t RENAME TO u"), @"-relation t +relation u");
        assert_snapshot!(mariadb("ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (1))"), @"Opaque");
        assert_snapshot!(mariadb("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b)"), @"Opaque");
        assert_snapshot!(mariadb("ALTER TABLE t DROP COLUMN IF EXISTS c, ADD d INT"), @"+column t(d)");
        assert_snapshot!(mariadb("ALTER TABLE t DROP COLUMN IF EXISTS c"), @"Repeatable");
        assert_snapshot!(mariadb("ALTER TABLE t ADD c INT AS (IF(a > 0, 1, 0))"), @"+column t(c)");
        assert_snapshot!(mariadb("ALTER TABLE t ADD CONSTRAINT FOREIGN KEY (a) REFERENCES u (id)"), @"Opaque");
        assert_snapshot!(mariadb("ALTER TABLE t ADD CONSTRAINT UNIQUE (a)"), @"Opaque");
        assert_snapshot!(mariadb("ALTER TABLE t ADD INDEX USING BTREE (a)"), @"Opaque");
        assert_snapshot!(mariadb("ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a)"), @"+primary key t");
    }

    #[test]
    fn indexes_belong_to_tables_on_mariadb_only() {
        assert_snapshot!(mariadb("CREATE UNIQUE INDEX i USING BTREE ON t (x)"), @"+index t(i)");
        assert_snapshot!(mariadb("DROP INDEX i ON t"), @"-index t(i)");
        let postgres = |statement| say(&nature(statement, Dialect::Postgres));
        assert_snapshot!(postgres("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON t (x)"), @"+index t(I)");
        assert_snapshot!(postgres("DROP INDEX CONCURRENTLY S.I"), @"-index (s.i)");
        assert_snapshot!(postgres("CREATE INDEX CONCURRENTLY ON t (x)"), @"Opaque");
    }

    #[test]
    fn what_needs_no_catalog() {
        for (statement, expected) in [
            ("/* x */ insert into t values (1)", Nature::Data),
            ("SET FOREIGN_KEY_CHECKS = 0", Nature::Session),
            ("/*!40101 SET NAMES utf8 */", Nature::Session),
            ("SELECT pg_catalog.set_config('search_path', '', false)", Nature::Session),
            ("GRANT SELECT ON t TO me", Nature::Repeatable),
            ("CALL p()", Nature::Opaque),
            ("", Nature::Opaque),
        ] {
            assert_eq!(nature(statement, Dialect::Mariadb), expected, "{statement}");
        }
    }
}
