//! What becomes of a statement that was interrupted, and by what in the catalog that shows.
//!
//! Reads the first words of a statement and no more: whatever is not surely recognised is
//! [`Nature::Opaque`], and left to a person.

use super::words::{Word, name, words};
use crate::Dialect;

/// How a statement behaves when nobody knows whether it took effect.
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

/// Something that a catalog lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A table or view.
    Relation(Name),
    /// A column.
    Column(Name, String),
    /// An index, with its table if the statement says it.
    Index(Option<Name>, Name),
    /// A foreign key, check or unique constraint of a table.
    Constraint(Name, String),
    /// The primary key of a table.
    PrimaryKey(Name),
    /// A function or procedure.
    Routine(Name),
    /// A trigger.
    Trigger(Name),
}

/// A name with its schema, if the statement says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The schema.
    pub schema: Option<String>,
    /// The name in it.
    pub name: String,
}

/// Returns whether the server refuses the statement inside a transaction, as far as that shows.
#[must_use]
pub fn must_run_alone(statement: &str, dialect: Dialect) -> bool {
    let mut words = words(statement, dialect).map(keyword);
    let first = words.next().unwrap_or_default();
    match (dialect, first.as_str()) {
        (Dialect::Sqlite, "VACUUM" | "PRAGMA" | "ATTACH" | "DETACH") => true,
        (Dialect::Postgres, "VACUUM" | "CLUSTER") => true,
        (Dialect::Postgres, "CREATE" | "DROP" | "REINDEX" | "ALTER") => {
            let rest: Vec<String> = words.take(23).collect();
            let kind = rest.first().map(String::as_str).unwrap_or_default();
            matches!(kind, "DATABASE" | "TABLESPACE" | "SUBSCRIPTION" | "SYSTEM") && first != "REINDEX"
                || rest.iter().any(|word| word == "CONCURRENTLY")
        }
        _ => false,
    }
}

/// Returns whether the statement begins or ends a transaction; a savepoint does neither.
#[must_use]
pub fn controls_transaction(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect).take(2).map(keyword).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        // `BEGIN NOT ATOMIC` is MariaDB's block of statements.
        ["ROLLBACK", "TO"] | ["BEGIN", "NOT"] => false,
        ["BEGIN" | "COMMIT" | "ROLLBACK" | "END" | "ABORT", ..] => true,
        ["START" | "PREPARE", "TRANSACTION"] => true,
        _ => false,
    }
}

/// Returns whether the statement would take the notes in the log out of MySQL's hands: locked tables hide
/// the log, and a changed `autocommit` parts a statement from its note.
#[must_use]
pub fn breaks_journal(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect).take(2).map(keyword).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let locks = matches!(words[..], ["LOCK" | "UNLOCK", "TABLES" | "TABLE"]);
    locks || setting(statement, dialect).as_deref() == Some("AUTOCOMMIT")
}

/// Returns whether the statement runs others, which may commit before it fails.
#[must_use]
pub fn may_commit_inside(statement: &str, dialect: Dialect) -> bool {
    let first = words(statement, dialect).next().map(keyword).unwrap_or_default();
    matches!(first.as_str(), "CALL" | "EXECUTE" | "BEGIN" | "DO")
}

/// Returns whether the statement changes one of these tables, whatever their schema.
#[must_use]
pub fn changes_table(statement: &str, dialect: Dialect, tables: &[&str]) -> bool {
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    let is_one = |word: &Word<'_>| name(*word, dialect).is_some_and(|name| tables.contains(&name.as_str()));
    match reader.keyword().as_deref() {
        Some("UPDATE" | "DELETE" | "DROP" | "ALTER" | "TRUNCATE" | "RENAME") => words.iter().any(is_one),
        Some("INSERT" | "REPLACE") => {
            let into = words.iter().position(|word| keyword(*word) == "INTO").map_or(1, |at| at + 1);
            words[into..].iter().take(3).take_while(|word| **word != Word::Symbol(b'(')).any(is_one)
        }
        _ => false,
    }
}

/// Returns the table that the statement drops, if it does that.
#[must_use]
pub fn dropped_table(statement: &str, dialect: Dialect) -> Option<String> {
    let words: Vec<Word<'_>> = words(statement, dialect).take(8).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    (reader.takes(&["DROP", "TABLE"])).then(|| reader.takes(&["IF", "EXISTS"]))?;
    reader.name().map(|name| name.name)
}

/// Returns the setting that the statement makes, in capitals: `SEARCH_PATH`, `FOREIGN_KEYS`.
#[must_use]
pub fn setting(statement: &str, dialect: Dialect) -> Option<String> {
    let words: Vec<Word<'_>> = words(statement, dialect).take(8).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    if !reader.takes(&["SET"]) && !reader.takes(&["PRAGMA"]) {
        return None;
    }
    let _scope = reader.takes(&["SESSION"]) || reader.takes(&["LOCAL"]);
    let name = reader.name()?;
    Some(name.name.to_ascii_uppercase())
}

/// Returns whether what a statement leaves in its session cannot be made again by running it again: a
/// temporary table, or a variable whose value was asked for.
#[must_use]
pub fn leaves_in_session(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    let temporary = reader.takes(&["CREATE", "TEMPORARY"]) || reader.takes(&["CREATE", "TEMP"]);
    let variable = words.windows(3).any(|w| {
        let user = w[0] == Word::Symbol(b'@') && w[2] != Word::Symbol(b'@') && matches!(w[1], Word::Bare(_));
        user && dialect.is_mysql_family()
    });
    let asked = words.contains(&Word::Symbol(b'('));
    temporary || variable && asked
}

/// Returns whether a statement uses what earlier ones have left in its session.
#[must_use]
pub fn uses_session(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect)
        .map(|word| if word == Word::Symbol(b'@') { "@".into() } else { keyword(word) })
        .collect();
    let function = ["LAST_INSERT_ID", "FOUND_ROWS", "ROW_COUNT"];
    dialect.is_mysql_family() && words.iter().any(|word| word == "@" || function.contains(&word.as_str()))
}

/// Returns whether a statement lets names without schema mean something else from then on.
#[must_use]
pub fn moves_names(statement: &str, dialect: Dialect) -> bool {
    let first = words(statement, dialect).next().map(keyword).unwrap_or_default();
    let moving = ["SEARCH_PATH", "SCHEMA", "ROLE", "AUTHORIZATION"];
    first == "USE"
        || setting(statement, dialect).is_some_and(|name| moving.contains(&name.as_str()))
        || statement.to_ascii_lowercase().contains("search_path")
}

/// Returns the code in a comment of MySQL's, `/*!40101 SET NAMES utf8 */`, if the statement is that.
fn code_in_comment(statement: &str) -> Option<&str> {
    let inner = statement.strip_prefix("/*M!").or_else(|| statement.strip_prefix("/*!"))?.strip_suffix("*/")?;
    Some(inner.trim_start_matches(|c: char| c.is_ascii_digit()).trim())
}

/// Classifies one statement.
#[must_use]
pub fn nature(statement: &str, dialect: Dialect) -> Nature {
    if let Some(code) = code_in_comment(statement).filter(|_| dialect.is_mysql_family()) {
        return nature(code, dialect);
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
        "ALTER" if reader.takes(&["TABLE"]) || reader.takes(&["ONLINE", "TABLE"]) => alter_table(&mut reader),
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

fn alter_table(reader: &mut Reader<'_>) -> Nature {
    if reader.takes(&["IF", "EXISTS"]) {
        return Nature::Opaque;
    }
    reader.takes(&["ONLY"]);
    let Some(table) = reader.name() else {
        return Nature::Opaque;
    };
    let mut effects = Vec::new();
    loop {
        let Some(found) = alter_action(reader, &table) else {
            return Nature::Opaque;
        };
        effects.extend(found);
        if !reader.skip_to_comma() {
            break;
        }
    }
    if effects.is_empty() { Nature::Repeatable } else { definition(effects) }
}

/// Returns what one action of `ALTER TABLE` makes or removes; nothing if running it twice is as
/// good, and none if it is not known.
fn alter_action(reader: &mut Reader<'_>, table: &Name) -> Option<Vec<(Object, bool)>> {
    match reader.keyword()?.as_str() {
        "ADD" => Some(added(reader, table)?.map(|object| (object, true)).into_iter().collect()),
        "DROP" => Some(dropped(reader, table)?.map(|object| (object, false)).into_iter().collect()),
        "CHANGE" => {
            reader.takes(&["COLUMN"]);
            let (from, to) = (reader.name()?.name, reader.name()?.name);
            let same = from.eq_ignore_ascii_case(&to);
            let column = |name| Object::Column(table.clone(), name);
            Some(if same { Vec::new() } else { vec![(column(from), false), (column(to), true)] })
        }
        "RENAME" => renamed(reader, table),
        "MODIFY" | "ALTER" | "ENGINE" | "COMMENT" | "CONVERT" | "DEFAULT" | "CHARACTER" | "CHARSET" | "COLLATE"
        | "ROW_FORMAT" | "AUTO_INCREMENT" | "ALGORITHM" | "LOCK" | "FORCE" | "VALIDATE" => Some(Vec::new()),
        _ => None,
    }
}

fn index(table: &Name, name: String) -> Object {
    Object::Index(Some(table.clone()), Name { schema: None, name })
}

/// Returns what `ADD` makes; no object if it is as good twice, and none if it is not known.
fn added(reader: &mut Reader<'_>, table: &Name) -> Option<Option<Object>> {
    if reader.takes(&["PRIMARY", "KEY"]) {
        return Some(Some(Object::PrimaryKey(table.clone())));
    }
    // Without name it gets one that only the server knows.
    if reader.takes(&["FOREIGN", "KEY"]) || reader.takes_one(&["CHECK", "PARTITION", "PERIOD", "SYSTEM"]) {
        return None;
    }
    if reader.takes(&["CONSTRAINT"]) {
        return constraint(reader, table);
    }
    let unusual = reader.takes_one(&["UNIQUE", "FULLTEXT", "SPATIAL"]);
    if reader.takes_one(&["INDEX", "KEY"]) || unusual {
        return reader.unless_conditional(|reader| Some(index(table, reader.own_name()?.name)));
    }
    reader.takes(&["COLUMN"]);
    reader.unless_conditional(|reader| Some(Object::Column(table.clone(), reader.name()?.name)))
}

fn constraint(reader: &mut Reader<'_>, table: &Name) -> Option<Option<Object>> {
    let object =
        reader.unless_conditional(|reader| Some(Object::Constraint(table.clone(), reader.own_name()?.name)))?;
    // MySQL knows it by one name only, whatever it is called.
    let primary = object.is_some() && reader.takes(&["PRIMARY", "KEY"]);
    Some(if primary { Some(Object::PrimaryKey(table.clone())) } else { object })
}

/// Returns what `DROP` removes; no object if it is as good twice, and none if it is not known.
fn dropped(reader: &mut Reader<'_>, table: &Name) -> Option<Option<Object>> {
    if reader.takes(&["PRIMARY", "KEY"]) {
        return Some(Some(Object::PrimaryKey(table.clone())));
    }
    if reader.takes_one(&["PARTITION", "PERIOD", "SYSTEM"]) {
        return None;
    }
    if reader.takes(&["FOREIGN", "KEY"]) || reader.takes_one(&["CONSTRAINT", "CHECK"]) {
        return reader.unless_conditional(|reader| Some(Object::Constraint(table.clone(), reader.name()?.name)));
    }
    if reader.takes_one(&["INDEX", "KEY"]) {
        return reader.unless_conditional(|reader| Some(index(table, reader.name()?.name)));
    }
    reader.takes(&["COLUMN"]);
    reader.unless_conditional(|reader| Some(Object::Column(table.clone(), reader.name()?.name)))
}

fn renamed(reader: &mut Reader<'_>, table: &Name) -> Option<Vec<(Object, bool)>> {
    let is_column = reader.takes(&["COLUMN"]);
    if !is_column && !reader.takes_one(&["INDEX", "KEY"]) {
        reader.takes_one(&["TO", "AS"]);
        return Some(vec![(Object::Relation(table.clone()), false), (Object::Relation(reader.name()?), true)]);
    }
    let from = reader.name()?.name;
    reader.takes(&["TO"]).then_some(())?;
    let to = reader.name()?.name;
    let object = |name| if is_column { Object::Column(table.clone(), name) } else { index(table, name) };
    Some(vec![(object(from), false), (object(to), true)])
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

/// Returns a bare word in capitals; anything else is no keyword.
fn keyword(word: Word<'_>) -> String {
    match word {
        Word::Bare(text) => text.to_ascii_uppercase(),
        Word::Quoted(_) | Word::Symbol(_) => String::new(),
    }
}

struct Reader<'a> {
    words: &'a [Word<'a>],
    at: usize,
    dialect: Dialect,
}

impl Reader<'_> {
    fn keyword(&mut self) -> Option<String> {
        let word = self.words.get(self.at).copied().map(keyword).filter(|word| !word.is_empty())?;
        self.at += 1;
        Some(word)
    }

    /// Reads an object, unless `IF EXISTS` or `IF NOT EXISTS` comes first: then twice is as good.
    fn unless_conditional(&mut self, read: impl FnOnce(&mut Self) -> Option<Object>) -> Option<Option<Object>> {
        if self.takes(&["IF", "EXISTS"]) || self.takes(&["IF", "NOT", "EXISTS"]) {
            return Some(None);
        }
        read(self).map(Some)
    }

    /// Reads a name that may be left out, where a keyword would come instead.
    fn own_name(&mut self) -> Option<Name> {
        let unnamed = ["FOREIGN", "UNIQUE", "CHECK", "PRIMARY", "USING", "INDEX", "KEY"];
        let next = self.words.get(self.at).copied().map(keyword)?;
        if unnamed.contains(&next.as_str()) { None } else { self.name() }
    }

    /// Moves past these keywords, if they come next.
    fn takes(&mut self, keywords: &[&str]) -> bool {
        let next = self.words.get(self.at..self.at + keywords.len()).unwrap_or_default();
        let found = next.len() == keywords.len() && next.iter().copied().map(keyword).eq(keywords.iter().copied());
        self.at += if found { keywords.len() } else { 0 };
        found
    }

    fn takes_one(&mut self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.takes(&[keyword]))
    }

    fn takes_symbol(&mut self, symbol: u8) -> bool {
        let found = self.words.get(self.at) == Some(&Word::Symbol(symbol));
        self.at += usize::from(found);
        found
    }

    /// Moves past `DEFINER = 'me'@'%'`.
    fn takes_assignment(&mut self, keywords: &[&str]) -> bool {
        if !self.takes_one(keywords) || !self.takes_symbol(b'=') {
            return false;
        }
        self.at += 1;
        if self.takes_symbol(b'@') {
            self.at += 1;
        }
        true
    }

    /// Moves past the next comma outside parentheses; returns whether there is one.
    fn skip_to_comma(&mut self) -> bool {
        let mut depth = 0_usize;
        while let Some(word) = self.words.get(self.at) {
            self.at += 1;
            match word {
                Word::Symbol(b'(') => depth += 1,
                Word::Symbol(b')') => depth = depth.saturating_sub(1),
                Word::Symbol(b',') if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }

    /// Reads a name or `schema.name`.
    fn name(&mut self) -> Option<Name> {
        let first = name(*self.words.get(self.at)?, self.dialect)?;
        self.at += 1;
        if !self.takes_symbol(b'.') {
            return Some(Name { schema: None, name: first });
        }
        let second = name(*self.words.get(self.at)?, self.dialect)?;
        self.at += 1;
        Some(Name { schema: Some(first), name: second })
    }

    /// Reads what follows `CREATE kind` or `DROP kind`.
    fn object(&mut self, kind: &str) -> Option<Object> {
        match kind {
            "TABLE" | "VIEW" => self.name().map(Object::Relation),
            "INDEX" => {
                let index = self.name().filter(|name| !name.name.eq_ignore_ascii_case("on"))?;
                // PostgreSQL drops an index by its name alone.
                if self.dialect == Dialect::Postgres && !self.takes(&["ON"]) {
                    return Some(Object::Index(None, index));
                }
                while self.dialect.is_mysql_family() && !self.takes(&["ON"]) {
                    self.at += 1;
                    self.words.get(self.at)?;
                }
                self.takes(&["ONLY"]);
                Some(Object::Index(Some(self.name()?), index))
            }
            "FUNCTION" | "PROCEDURE" if self.dialect.is_mysql_family() => self.name().map(Object::Routine),
            "TRIGGER" if self.dialect.is_mysql_family() => self.name().map(Object::Trigger),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

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

    #[test]
    fn statements_that_want_no_transaction() {
        let alone = |statement| must_run_alone(statement, Dialect::Postgres);
        assert!(alone("create unique index concurrently i on t (x)"));
        assert!(alone("VACUUM t") && alone("REINDEX INDEX CONCURRENTLY i"));
        assert!(!alone("CREATE INDEX i ON t (x)") && !alone("INSERT INTO t VALUES ('CONCURRENTLY')"));
        assert!(must_run_alone("PRAGMA journal_mode = wal", Dialect::Sqlite));
    }

    #[test]
    fn our_own_tables_are_recognised() {
        let changes = |statement| changes_table(statement, Dialect::Postgres, &["alembic_lock"]);
        assert!(changes("DELETE FROM public.alembic_lock") && changes("INSERT INTO s.\"alembic_lock\" (a) VALUES (1)"));
        assert!(
            !changes("INSERT INTO t (x) SELECT run FROM alembic_lock")
                && !changes("GRANT SELECT ON alembic_lock TO me")
        );
    }

    #[test]
    fn what_goes_with_the_session() {
        let leaves = |statement| leaves_in_session(statement, Dialect::Mariadb);
        assert!(leaves("SET @id = LAST_INSERT_ID()") && leaves("CREATE TEMPORARY TABLE t (x INT)"));
        assert!(!leaves("SET @old = @@sql_mode") && !leaves("INSERT INTO t VALUES ('a@b')"));
        let uses = |statement| uses_session(statement, Dialect::Mariadb);
        assert!(uses("INSERT INTO t VALUES (@id)") && uses("INSERT INTO t VALUES (last_insert_id())"));
        assert!(!uses("INSERT INTO t VALUES (1)"));
    }

    #[test]
    fn settings_are_named() {
        assert_eq!(setting("set session search_path to x", Dialect::Postgres).as_deref(), Some("SEARCH_PATH"));
        assert_eq!(setting("PRAGMA main.foreign_keys=off", Dialect::Sqlite).as_deref(), Some("FOREIGN_KEYS"));
        assert_eq!(setting("SELECT 1", Dialect::Sqlite), None);
        assert!(moves_names("use other", Dialect::Mariadb) && moves_names("SET ROLE me", Dialect::Postgres));
        assert!(!moves_names("SET sql_mode = ''", Dialect::Mariadb) && !moves_names("SELECT 1", Dialect::Postgres));
        for name in ["\"T t\"", "[T t]", "'T t'", "`T t`", "main.[T t]"] {
            let dropped = dropped_table(&format!("DROP TABLE IF EXISTS {name}"), Dialect::Sqlite);
            assert_eq!(dropped.as_deref(), Some("T t"), "{name}");
        }
    }
}
