//! What a statement has to do with objects that are replaced as a whole: views, routines, triggers, ….

use super::{
    Dialect, Name,
    words::{Word, name, words},
};

/// What a statement has to do with such objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectStatement {
    /// It makes one.
    Creates(CreatedObject),
    /// It says something of one that is there: an index, a comment, a grant, a state.
    Accompanies,
    /// It does something else.
    Other,
}

/// Object that a statement makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedObject {
    /// Kind: `view`, `function`, `trigger`, ….
    pub kind: &'static str,
    /// Name, of a routine without its arguments.
    pub name: Name,
    /// Table or view that it belongs to.
    pub table: Option<Name>,
}

/// Kinds, each with the word of `CREATE` that tells it.
const KINDS: [(&str, &str); 9] = [
    ("VIEW", "view"),
    ("MATERIALIZED", "materialized view"),
    ("FUNCTION", "function"),
    ("PROCEDURE", "procedure"),
    ("AGGREGATE", "aggregate"),
    ("TRIGGER", "trigger"),
    ("RULE", "rule"),
    ("POLICY", "policy"),
    ("EVENT", "event"),
];

/// Words of `CREATE` after which comes no such object, or one that only its session has.
const ELSEWHERE: [&str; 6] = ["TABLE", "TEMP", "TEMPORARY", "AS", "TYPE", "SCHEMA"];

/// What of an object `ALTER` changes.
const ALTERED: [&str; 10] =
    ["VIEW", "MATERIALIZED", "FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", "TRIGGER", "POLICY", "EVENT", "INDEX"];

/// Returns what a statement has to do with objects that are replaced as a whole.
#[must_use]
pub fn object_statement(statement: &str, dialect: Dialect) -> ObjectStatement {
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let keyword = |at: usize| match words.get(at) {
        Some(Word::Bare(text)) => text.to_ascii_uppercase(),
        _ => String::new(),
    };
    match keyword(0).as_str() {
        "CREATE" => created(&words, &keyword, dialect),
        "ALTER" if keyword(1) == "TABLE" => altered_table(&words, &keyword, dialect),
        "ALTER" if ALTERED.contains(&keyword(1).as_str()) => ObjectStatement::Accompanies,
        "COMMENT" | "GRANT" | "REVOKE" => ObjectStatement::Accompanies,
        _ => ObjectStatement::Other,
    }
}

fn created(words: &[Word<'_>], keyword: &dyn Fn(usize) -> String, dialect: Dialect) -> ObjectStatement {
    for at in 1..words.len() {
        let word = keyword(at);
        if word == "INDEX" {
            return ObjectStatement::Accompanies;
        }
        if ELSEWHERE.contains(&word.as_str()) {
            return ObjectStatement::Other;
        }
        // MariaDB has functions that aggregate.
        let is_kind =
            |(told, _): &&(&str, &str)| *told == word && !(word == "AGGREGATE" && keyword(at + 1) == "FUNCTION");
        let Some((_, kind)) = KINDS.iter().find(is_kind) else { continue };
        let mut next = if word == "MATERIALIZED" { at + 2 } else { at + 1 };
        if keyword(next) == "IF" {
            next += 3;
        }
        let Some((name, after)) = qualified(words, next, dialect) else { return ObjectStatement::Other };
        let belongs = ["trigger", "policy"].contains(kind).then_some("ON").or((*kind == "rule").then_some("TO"));
        let table = belongs.and_then(|word| (after..words.len()).find(|at| keyword(*at) == word));
        let table = table.and_then(|at| qualified(words, at + 1, dialect)).map(|(name, _)| name);
        return ObjectStatement::Creates(CreatedObject { kind, name, table });
    }
    ObjectStatement::Other
}

/// Row security is on or off; triggers and rules fire or do not.
fn altered_table(words: &[Word<'_>], keyword: &dyn Fn(usize) -> String, dialect: Dialect) -> ObjectStatement {
    let begin = (2..words.len()).find(|at| !["IF", "EXISTS", "ONLY"].contains(&keyword(*at).as_str()));
    let Some((table, at)) = begin.and_then(|at| qualified(words, at, dialect)) else { return ObjectStatement::Other };
    let secures = |at: usize| keyword(at) == "ROW" && keyword(at + 1) == "LEVEL" && keyword(at + 2) == "SECURITY";
    let creates =
        |kind| ObjectStatement::Creates(CreatedObject { kind, name: table.clone(), table: Some(table.clone()) });
    match keyword(at).as_str() {
        "ENABLE" if secures(at + 1) => creates("row security"),
        "FORCE" if secures(at + 1) => creates("forced row security"),
        "ENABLE" | "DISABLE" if (at + 1..at + 4).any(|at| ["TRIGGER", "RULE"].contains(&keyword(at).as_str())) => {
            ObjectStatement::Accompanies
        }
        _ => ObjectStatement::Other,
    }
}

/// Returns the name that begins at a word, and where it ends.
fn qualified(words: &[Word<'_>], at: usize, dialect: Dialect) -> Option<(Name, usize)> {
    let first = name(*words.get(at)?, dialect)?;
    let second = words.get(at + 1).filter(|word| **word == Word::Symbol(b'.')).and(words.get(at + 2));
    match second.and_then(|word| name(*word, dialect)) {
        Some(second) => Some((Name { schema: Some(first), name: second }, at + 3)),
        None => Some((Name { schema: None, name: first }, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(statement: &str, dialect: Dialect) -> String {
        let name =
            |name: &Name| name.schema.iter().chain([&name.name]).map(String::as_str).collect::<Vec<_>>().join(".");
        match object_statement(statement, dialect) {
            ObjectStatement::Creates(it) => {
                let table = it.table.map(|table| format!(" of {}", name(&table))).unwrap_or_default();
                format!("{} {}{table}", it.kind, name(&it.name))
            }
            ObjectStatement::Accompanies => "accompanies".to_owned(),
            ObjectStatement::Other => "other".to_owned(),
        }
    }

    #[test]
    fn what_a_statement_makes_is_told_by_its_head() {
        let postgres = |statement| told(statement, Dialect::Postgres);
        assert_eq!(postgres("-- of x\nCREATE OR REPLACE VIEW V AS SELECT 1"), "view v");
        assert_eq!(postgres("create recursive view shop.\"V\" (n) as select 1"), "view shop.V");
        assert_eq!(postgres("CREATE MATERIALIZED VIEW IF NOT EXISTS mv AS SELECT 1"), "materialized view mv");
        assert_eq!(postgres("CREATE FUNCTION trigger_it() RETURNS trigger AS $$ x $$"), "function trigger_it");
        assert_eq!(postgres("CREATE AGGREGATE total(int) (SFUNC = f)"), "aggregate total");
        assert_eq!(postgres("CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a.b FOR EACH ROW"), "trigger t of a.b");
        assert_eq!(postgres("CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING"), "rule r of v");
        assert_eq!(postgres("CREATE POLICY own ON docs USING (true)"), "policy own of docs");
        assert_eq!(postgres("ALTER TABLE ONLY docs ENABLE ROW LEVEL SECURITY"), "row security docs of docs");
        assert_eq!(postgres("ALTER TABLE docs FORCE ROW LEVEL SECURITY"), "forced row security docs of docs");
        let mariadb = |statement| told(statement, Dialect::Mariadb);
        assert_eq!(mariadb("CREATE DEFINER=`view`@`%` SQL SECURITY INVOKER VIEW `a b` AS SELECT 1"), "view a b");
        assert_eq!(mariadb("CREATE AGGREGATE FUNCTION f() RETURNS INT RETURN 1"), "function f");
        assert_eq!(mariadb("CREATE EVENT IF NOT EXISTS e ON SCHEDULE EVERY 1 DAY DO SELECT 1"), "event e");
        assert_eq!(
            told("CREATE TRIGGER [t] AFTER UPDATE OF a ON \"b\" BEGIN SELECT 1; END", Dialect::Sqlite),
            "trigger t of b"
        );
    }

    #[test]
    fn what_belongs_to_an_object_is_told_from_the_rest() {
        for statement in [
            "COMMENT ON VIEW v IS 'x'",
            "GRANT SELECT ON v TO r",
            "CREATE UNIQUE INDEX ix ON mv (a)",
            "ALTER TABLE t DISABLE TRIGGER g",
            "ALTER TABLE t ENABLE ALWAYS TRIGGER g",
            "ALTER FUNCTION f() OWNER TO r",
        ] {
            assert_eq!(told(statement, Dialect::Postgres), "accompanies", "{statement}");
        }
        for statement in [
            "CREATE TABLE view (id int)",
            "CREATE TEMP VIEW v AS SELECT 1",
            "CREATE TABLE t AS SELECT 1",
            "ALTER TABLE t ADD COLUMN trigger int",
            "INSERT INTO t VALUES (1)",
            "DROP VIEW v",
            "CREATE VIEW",
        ] {
            assert_eq!(told(statement, Dialect::Postgres), "other", "{statement}");
        }
    }
}
