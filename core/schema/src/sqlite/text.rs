//! Parser and printer of SQLite's `CREATE TABLE`.
//!
//! What does not change keeps its text: conditions, collations, generated columns and conflict clauses are not
//! parsed any further.

use super::words::{Token, is, name_of, tokens};

/// Table as its `CREATE TABLE` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableText {
    pub(crate) columns: Vec<ColumnText>,
    pub(crate) constraints: Vec<Clause>,
    /// Options after the columns: `STRICT`, `WITHOUT ROWID`.
    pub(crate) options: String,
}

/// Column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnText {
    /// Name without quotes.
    pub(crate) name: String,
    /// Name as written.
    pub(crate) quoted: String,
    /// Type as written; may be empty.
    pub(crate) column_type: String,
    pub(crate) clauses: Vec<Clause>,
}

/// Clause of a column or of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) kind: ClauseKind,
    pub(crate) name: Option<String>,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClauseKind {
    PrimaryKey,
    NotNull,
    Null,
    Unique,
    Check,
    Default,
    Collate,
    References,
    Generated,
}

/// Parses a `CREATE TABLE`; `None` if it is something else.
pub(crate) fn parse(sql: &str) -> Option<TableText> {
    let tokens = tokens(sql)?;
    let mut at = 0;
    let mut skip = |words: &[&str]| {
        let found = words.iter().enumerate().all(|(i, word)| tokens.get(at + i).is_some_and(|t| is(t, word)));
        at += if found { words.len() } else { 0 };
        found
    };
    if !skip(&["CREATE"]) {
        return None;
    }
    let _temporary = skip(&["TEMP"]) || skip(&["TEMPORARY"]);
    if !skip(&["TABLE"]) {
        return None;
    }
    skip(&["IF", "NOT", "EXISTS"]);
    let open = tokens.iter().position(|token| token.text == "(").filter(|open| *open > at)?;
    let close = tokens.iter().rposition(|token| token.text == ")" && token.depth == 0)?;
    let mut table = TableText { columns: Vec::new(), constraints: Vec::new(), options: String::new() };
    let mut items: Vec<&[Token<'_>]> =
        tokens[open + 1..close].split(|token| token.text == "," && token.depth == 1).collect();
    items.retain(|item| !item.is_empty());
    for item in items {
        let starters = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
        if starters.iter().any(|word| is(&item[0], word)) && !item[0].quoted {
            table.constraints.extend(clauses(sql, item, true));
        } else {
            table.columns.push(column(sql, item)?);
        }
    }
    if let (Some(first), Some(last)) = (tokens.get(close + 1), tokens.last()) {
        sql[first.start..last.end].trim_end_matches(';').trim_end().clone_into(&mut table.options);
    }
    Some(table)
}

fn column(sql: &str, item: &[Token<'_>]) -> Option<ColumnText> {
    let name = &item[0];
    let ends = |token: &Token<'_>| token.depth == 1 && !token.quoted && starts(token, None, None, false).is_some();
    let end = item[1..].iter().position(ends).map_or(item.len(), |at| at + 1);
    let column_type = item[1..end].first().zip(item[1..end].last());
    Some(ColumnText {
        name: name_of(name)?,
        quoted: name.text.to_owned(),
        column_type: column_type.map_or_else(String::new, |(first, last)| sql[first.start..last.end].to_owned()),
        clauses: clauses(sql, &item[end..], false),
    })
}

/// Splits the clauses of a column or of a table.
fn clauses(sql: &str, item: &[Token<'_>], of_table: bool) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut start = 0;
    let mut current: Option<(Option<ClauseKind>, Option<String>)> = None;
    let mut finish = |current: Option<(Option<ClauseKind>, Option<String>)>, from: usize, to: usize| {
        if let Some((Some(kind), name)) = current {
            let text = sql[item[from].start..item[to - 1].end].to_owned();
            clauses.push(Clause { kind, name, text });
        }
    };
    let mut at = 0;
    while at < item.len() {
        let token = &item[at];
        let before = at.checked_sub(1).map(|before| &item[before]);
        if token.depth != 1 || token.quoted {
            at += 1;
            continue;
        }
        if is(token, "CONSTRAINT") {
            finish(current.take(), start, at);
            (start, current) = (at, Some((None, item.get(at + 1).and_then(name_of))));
            at += 2;
            continue;
        }
        if let Some(kind) = starts(token, before, item.get(at + 1), of_table) {
            match &mut current {
                // The name comes before.
                Some((unknown @ None, _)) => *unknown = Some(kind),
                _ => {
                    finish(current.take(), start, at);
                    (start, current) = (at, Some((Some(kind), None)));
                }
            }
        }
        at += 1;
    }
    finish(current, start, item.len());
    clauses
}

/// Returns which clause a word begins, given its neighbours.
fn starts(
    token: &Token<'_>,
    before: Option<&Token<'_>>,
    after: Option<&Token<'_>>,
    of_table: bool,
) -> Option<ClauseKind> {
    let follows = |words: &[&str]| before.is_some_and(|before| words.iter().any(|word| is(before, word)));
    let kinds = [
        ("PRIMARY", ClauseKind::PrimaryKey),
        ("UNIQUE", ClauseKind::Unique),
        ("CHECK", ClauseKind::Check),
        ("FOREIGN", ClauseKind::References),
    ];
    if let Some((_, kind)) = kinds.iter().find(|(word, _)| is(token, word)) {
        return Some(*kind);
    }
    if of_table {
        return None;
    }
    match token.text.to_ascii_uppercase().as_str() {
        "CONSTRAINT" => Some(ClauseKind::Null),
        "NOT" if !after.is_some_and(|after| is(after, "DEFERRABLE")) => Some(ClauseKind::NotNull),
        "NULL" if !follows(&["NOT", "SET", "DEFAULT"]) => Some(ClauseKind::Null),
        "DEFAULT" if !follows(&["SET"]) => Some(ClauseKind::Default),
        "COLLATE" => Some(ClauseKind::Collate),
        "REFERENCES" => Some(ClauseKind::References),
        "GENERATED" => Some(ClauseKind::Generated),
        "AS" if !follows(&["ALWAYS"]) => Some(ClauseKind::Generated),
        _ => None,
    }
}

impl TableText {
    /// Returns the statement that creates the table under another name, which is quoted already.
    pub(crate) fn render(&self, name: &str) -> String {
        let columns = self.columns.iter().map(ColumnText::render);
        let constraints = self.constraints.iter().map(|clause| clause.text.clone());
        let lines: Vec<String> = columns.chain(constraints).collect();
        let options = if self.options.is_empty() { String::new() } else { format!(" {}", self.options) };
        format!("CREATE TABLE {name} (\n    {}\n){options}", lines.join(",\n    "))
    }

    pub(crate) fn has_option(&self, words: &[&str]) -> bool {
        let found: Vec<&str> = self.options.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty()).collect();
        found.windows(words.len()).any(|window| window.iter().zip(words).all(|(a, b)| a.eq_ignore_ascii_case(b)))
    }

    pub(crate) fn column(&self, name: &str) -> Option<&ColumnText> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

impl ColumnText {
    fn render(&self) -> String {
        let parts = [self.quoted.as_str(), self.column_type.as_str()];
        let clauses = self.clauses.iter().map(|clause| clause.text.as_str());
        parts.into_iter().chain(clauses).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn has(&self, kind: ClauseKind) -> bool {
        self.clauses.iter().any(|clause| clause.kind == kind)
    }

    /// Replaces the clauses of a kind by another, or by none.
    pub(crate) fn set(&mut self, kind: ClauseKind, text: Option<String>) {
        self.clauses.retain(|clause| clause.kind != kind);
        self.clauses.extend(text.map(|text| Clause { kind, name: None, text }));
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_debug_snapshot;

    use super::*;

    #[test]
    fn what_is_not_changed_keeps_its_words() {
        let sql = "CREATE TABLE IF NOT EXISTS \"main\".[my t] (\n  id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key\n  \
            `name` VARCHAR(10, 2) NOT NULL DEFAULT 'a, (b' COLLATE nocase,\n  \
            parent INT CONSTRAINT up REFERENCES \"my t\"(id) ON DELETE SET NULL NOT DEFERRABLE,\n  \
            total AS (id * 2) STORED, plain, state TEXT DEFAULT NULL CHECK (state IN ('x', 'y')),\n  \
            CONSTRAINT both UNIQUE (id, name) ON CONFLICT IGNORE, FOREIGN KEY (parent) REFERENCES o (x) ON UPDATE SET DEFAULT\n\
            ) STRICT, WITHOUT ROWID";
        let table = parse(sql).unwrap();
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| {
                let clauses = column.clauses.iter().map(|p| format!("{:?}: {}", p.kind, p.text)).collect::<Vec<_>>();
                format!("{} {} [{}]", column.name, column.column_type, clauses.join(" | "))
            })
            .collect();
        assert_debug_snapshot!(columns, @r#"
        [
            "id INTEGER [PrimaryKey: PRIMARY KEY AUTOINCREMENT]",
            "name VARCHAR(10, 2) [NotNull: NOT NULL | Default: DEFAULT 'a, (b' | Collate: COLLATE nocase]",
            "parent INT [References: CONSTRAINT up REFERENCES \"my t\"(id) ON DELETE SET NULL NOT DEFERRABLE]",
            "total  [Generated: AS (id * 2) STORED]",
            "plain  []",
            "state TEXT [Default: DEFAULT NULL | Check: CHECK (state IN ('x', 'y'))]",
        ]
        "#);
        assert_debug_snapshot!(table.constraints, @r#"
        [
            Clause {
                kind: Unique,
                name: Some(
                    "both",
                ),
                text: "CONSTRAINT both UNIQUE (id, name) ON CONFLICT IGNORE",
            },
            Clause {
                kind: References,
                name: None,
                text: "FOREIGN KEY (parent) REFERENCES o (x) ON UPDATE SET DEFAULT",
            },
        ]
        "#);
        assert!(table.has_option(&["WITHOUT", "ROWID"]) && table.has_option(&["STRICT"]));
        assert_eq!(parse(&table.render("t")), Some(table));
        assert_eq!(parse("CREATE VIRTUAL TABLE t USING fts5(x)"), None);
    }
}
