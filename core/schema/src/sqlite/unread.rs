//! Clauses of a `CREATE TABLE` that say more than the values made of them.

use std::collections::BTreeSet;

use super::{
    text::{self, Clause, ClauseKind},
    words::{Token, is, name_of, tokens},
};

/// Returns the clauses of a table's own statement that say more than the values made of them, each with its column, if it
/// is a column's.
pub(crate) fn unread_clauses(definition: Option<&str>) -> BTreeSet<(Option<String>, String)> {
    let Some(table) = definition.and_then(text::parse) else { return BTreeSet::new() };
    let of_columns = table.columns.iter().flat_map(|column| {
        column.clauses.iter().map(|clause| (Some(column.name.to_lowercase()), clause)).collect::<Vec<_>>()
    });
    let all = of_columns.chain(table.constraints.iter().map(|clause| (None, clause)));
    let unread = all.filter(|(_, clause)| says_more(clause));
    unread.map(|(column, clause)| (column, spelled(&clause.text))).collect()
}

/// Returns whether there is a word that no value has.
fn says_more(clause: &Clause) -> bool {
    let known: &[&str] = match clause.kind {
        ClauseKind::PrimaryKey => &["PRIMARY", "KEY", "ASC", "AUTOINCREMENT"],
        ClauseKind::Unique => &["UNIQUE"],
        ClauseKind::Check => &["CHECK"],
        ClauseKind::NotNull | ClauseKind::Null => &["NOT", "NULL"],
        ClauseKind::References => &[
            "FOREIGN",
            "KEY",
            "REFERENCES",
            "ON",
            "DELETE",
            "UPDATE",
            "NO",
            "ACTION",
            "RESTRICT",
            "CASCADE",
            "SET",
            "NULL",
            "DEFAULT",
            "NOT",
            "DEFERRABLE",
            "INITIALLY",
            "IMMEDIATE",
            "DEFERRED",
        ],
        // Their texts are values.
        ClauseKind::Default | ClauseKind::Collate | ClauseKind::Generated => return false,
    };
    let Some(tokens) = tokens(&clause.text) else { return true };
    let is_known = |token: &Token<'_>| known.iter().any(|word| is(token, word));
    let is_name = |at: usize| at > 0 && ["CONSTRAINT", "REFERENCES"].iter().any(|word| is(&tokens[at - 1], word));
    let is_list = clause.kind != ClauseKind::Check;
    tokens.iter().enumerate().any(|(at, token)| match token.depth {
        0 => !(["(", ")"].contains(&token.text) || is(token, "CONSTRAINT") || is_name(at) || is_known(token)),
        // One name between commas; more is an order or a collation.
        _ => {
            is_list && token.text != "," && tokens[at - 1].depth == 1 && tokens[at - 1].text != "," && !is(token, "ASC")
        }
    })
}

/// Returns a clause with uniform spaces, and words without quotes in lower case.
fn spelled(text: &str) -> String {
    let spelled = |token: &Token<'_>| match name_of(token) {
        Some(name) => name.to_lowercase(),
        None => token.text.to_owned(),
    };
    tokens(text).unwrap_or_default().iter().map(spelled).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_value_says_is_read() {
        let read = "CREATE TABLE t (id INTEGER CONSTRAINT one PRIMARY KEY ASC AUTOINCREMENT, a TEXT NOT NULL DEFAULT 'x' \
            COLLATE nocase UNIQUE CHECK (a <> 'ON CONFLICT'), b INT REFERENCES \"o\" (x) ON DELETE SET NULL ON UPDATE NO \
            ACTION DEFERRABLE INITIALLY DEFERRED, c AS (a || b) STORED, CONSTRAINT \"two words\" UNIQUE (a, b ASC), FOREIGN KEY \
            (a, b) REFERENCES o NOT DEFERRABLE)";
        assert_eq!(unread_clauses(Some(read)), BTreeSet::new());
    }

    #[test]
    fn what_no_value_says_is_not() {
        for (clause, said) in [
            ("INTEGER PRIMARY KEY DESC", "primary key desc"),
            ("INTEGER PRIMARY KEY ON CONFLICT REPLACE", "primary key on conflict replace"),
            ("TEXT NOT NULL ON CONFLICT FAIL", "not null on conflict fail"),
            ("TEXT CONSTRAINT u UNIQUE ON CONFLICT IGNORE", "constraint u unique on conflict ignore"),
            ("INT REFERENCES o (x) MATCH FULL", "references o ( x ) match full"),
        ] {
            let sql = format!("CREATE TABLE t (a {clause})");
            assert_eq!(
                unread_clauses(Some(&sql)),
                BTreeSet::from([(Some("a".to_owned()), said.to_owned())]),
                "{clause}"
            );
        }
        for clause in ["PRIMARY KEY (a DESC)", "UNIQUE (a COLLATE NOCASE)", "CHECK (a > 0) ON CONFLICT ABORT"] {
            let sql = format!("CREATE TABLE t (a TEXT, {clause})");
            assert_eq!(unread_clauses(Some(&sql)).len(), 1, "{clause}");
        }
    }
}
