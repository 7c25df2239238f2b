//! Passwords in statements, which are shown to people and in logs without them.

use std::ops::Range;

use super::{
    lexer::{Lexer, TokenKind},
    url::DatabaseUrl,
};
use crate::Dialect;

/// A statement as it may be shown: `'***'` is in place of each password, and of each text that may have one in it.
///
/// Masked are the texts behind `PASSWORD` and each name that ends so (`MASTER_PASSWORD`), all of `CREATE ROLE` and
/// `CREATE USER` but names and `VALID UNTIL`, those behind `IDENTIFIED`, passwords in connection strings (subscriptions,
/// `dblink`, federated tables), keys of encrypted SQLite databases, and all of these in the body of a function or in
/// a text that is run as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The statement without passwords.
    pub text: String,
    /// What was masked, as it was written, quotes included.
    hidden: Vec<String>,
}

impl Shown {
    /// Returns how a statement may be shown.
    #[must_use]
    pub fn of(statement: &str, dialect: Dialect) -> Self {
        let mut this = Self { text: String::with_capacity(statement.len()), hidden: Vec::new() };
        this.add(statement, dialect);
        this
    }

    /// Takes what is masked out of a message about the statement, which may quote any part of it, and end in the middle.
    #[must_use]
    pub fn hide_in(&self, said: &str) -> String {
        let mut said = said.to_owned();
        for literal in &self.hidden {
            let inner = literal.trim_start_matches(['e', 'E']).trim_matches(['\'', '"', '$']);
            let unescaped = inner.replace("''", "'").replace("\\'", "'").replace("\\\\", "\\");
            for secret in [literal.as_str(), inner, &unescaped].into_iter().filter(|secret| secret.len() > 2) {
                said = said.replace(secret, "***");
            }
            // MySQL shows 80 characters from a mistake on.
            let mut cut = literal.char_indices().rev().filter(|(end, _)| *end > 1).map(|(end, _)| &literal[..end]);
            if let Some(begun) = cut.find(|begun| said.contains(&format!("{begun}'")) || said.ends_with(*begun)) {
                said = said.replace(begun, "***");
            }
        }
        said
    }

    fn add(&mut self, statement: &str, dialect: Dialect) {
        let Some(tokens) = tokens(statement, dialect) else {
            // Where a quote does not end, nobody knows what is a password.
            self.text.push_str("***");
            self.hidden.push(statement.to_owned());
            return;
        };
        let mut context = Context::new(statement, &tokens, dialect);
        let mut end = 0;
        for (at, (kind, range)) in tokens.iter().enumerate() {
            self.text.push_str(&statement[end..range.start]);
            end = range.end;
            let text = &statement[range.clone()];
            match kind {
                TokenKind::Quoted if context.is_literal(text) => {
                    if context.is_secret(at) {
                        self.hide(text);
                    } else {
                        self.add_literal(text, dialect);
                    }
                }
                TokenKind::Quoted if text.starts_with(['$', '/']) => {
                    let is_secret = text.starts_with('$') && context.is_secret(at);
                    self.add_body(text, dialect, is_secret);
                }
                TokenKind::Word if context.is_secret_number(at) => self.hide(text),
                _ => self.text.push_str(text),
            }
            context.pass(text, *kind);
        }
        self.text.push_str(&statement[end..]);
    }

    /// Masks a text. Lines stay where they are.
    fn hide(&mut self, literal: &str) {
        self.text.push_str("'***'");
        self.text.extend(literal.matches('\n'));
        self.hidden.push(literal.to_owned());
    }

    /// Adds a text, unless it is a connection string with a password, or SQL with one.
    fn add_literal(&mut self, literal: &str, dialect: Dialect) {
        let quote = literal.chars().last().unwrap_or('\'');
        let inner = &literal[literal.find(quote).map_or(0, |at| at + 1)..];
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        let unescaped = inner.replace(&format!("{quote}{quote}"), &quote.to_string()).replace("\\'", "'");
        if may_have_password(&unescaped) || Self::of_text(&unescaped, dialect) {
            self.hide(literal);
        } else {
            self.text.push_str(literal);
        }
    }

    /// Returns whether a text is SQL with a password in it.
    fn of_text(text: &str, dialect: Dialect) -> bool {
        text.contains(['\'', '"']) && tokens(text, dialect).is_some() && !Self::of(text, dialect).hidden.is_empty()
    }

    /// Adds a dollar-quoted body, or code in a comment of MySQL's, without the passwords in it.
    fn add_body(&mut self, body: &str, dialect: Dialect, is_secret: bool) {
        let open = match body.strip_prefix('$').and_then(|rest| rest.find('$')) {
            Some(end) => end + 2,
            None => 3.min(body.len()),
        };
        let close = if body.starts_with('$') { open } else { 2 };
        let (Some(start), Some(inner)) = (body.get(..open), body.get(open..body.len().saturating_sub(close).max(open)))
        else {
            return self.text.push_str(body);
        };
        self.text.push_str(start);
        if is_secret || may_have_password(inner) {
            self.hide(inner);
        } else {
            self.add(inner, dialect);
        }
        self.text.push_str(&body[open + inner.len()..]);
    }
}

type Tokens = Vec<(TokenKind, Range<usize>)>;

/// Returns nothing of a text in which a quote does not end.
fn tokens(statement: &str, dialect: Dialect) -> Option<Tokens> {
    let mut lexer = Lexer::new(statement, dialect);
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next().ok()? {
        tokens.push((token.kind, token.start..token.end));
    }
    Some(tokens)
}

/// Returns whether a text is a connection string with a password, or an address that has one before the host.
fn may_have_password(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    match DatabaseUrl::parse(text) {
        Ok(DatabaseUrl::Server(url)) => url.to_string().contains("***"),
        Ok(DatabaseUrl::File(_)) => false,
        Err(_) => {
            let after = lower.split("password").nth(1).or_else(|| lower.split("passwd").nth(1));
            let is_keyword = after.is_some_and(|after| after.trim_start().starts_with('='));
            is_keyword && !lower.contains(['(', ';'])
                || lower.contains("://") && lower.contains('@') && !lower.contains(' ')
        }
    }
}

/// What came before a token: whether a text is a password there.
struct Context<'a> {
    statement: &'a str,
    tokens: &'a [(TokenKind, Range<usize>)],
    dialect: Dialect,
    /// The words of the statement so far, in capitals: the first two, and the last.
    first: Vec<String>,
    last: String,
    /// Whether `IDENTIFIED` has come.
    identified: bool,
    /// Whether the token before was masked: texts side by side are one.
    hidden_before: bool,
}

impl<'a> Context<'a> {
    fn new(statement: &'a str, tokens: &'a [(TokenKind, Range<usize>)], dialect: Dialect) -> Self {
        let (first, last) = (Vec::new(), String::new());
        Self { statement, tokens, dialect, first, last, identified: false, hidden_before: false }
    }

    fn is_literal(&self, text: &str) -> bool {
        text.ends_with('\'') || text.ends_with('"') && self.dialect != Dialect::Postgres && !text.starts_with('/')
    }

    fn symbol(&self, at: Option<usize>) -> &'a str {
        at.and_then(|at| self.tokens.get(at)).map_or("", |(_, range)| &self.statement[range.clone()])
    }

    /// Whether the text at this place is a password, as far as the words before it tell.
    fn is_secret(&mut self, at: usize) -> bool {
        let (before, after) = (self.symbol(at.checked_sub(1)), self.symbol(Some(at + 1)));
        // `'me'@'localhost'` is a name.
        let is_name = before == "@" || after == "@" && self.dialect.is_mysql_family();
        let is_first = ["USER", "EXISTS", "FOR", "TO"].contains(&self.last.as_str()) && before != "=" || before == ",";
        let is_date = self.last == "UNTIL";
        let names_password = is_password(&self.last) || self.dialect == Dialect::Sqlite && is_key(&self.last);
        self.hidden_before = !is_name
            && (names_password && [",", ")"].iter().all(|sign| *sign != before)
                || self.hidden_before
                || self.identified
                || self.is_about_accounts() && !is_first && !is_date);
        self.hidden_before
    }

    /// Whether a number is a password: the hash behind `IDENTIFIED`.
    fn is_secret_number(&self, at: usize) -> bool {
        self.identified && self.symbol(Some(at)).get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"))
    }

    /// Whether the statement makes or changes a role, or sets a password.
    fn is_about_accounts(&self) -> bool {
        match (self.first.first().map(String::as_str), self.first.get(1).map(String::as_str)) {
            (Some("CREATE" | "ALTER"), Some("ROLE" | "USER" | "GROUP" | "OR")) => {
                self.first[1] != "OR" || self.first.get(3).is_some_and(|word| word == "USER" || word == "ROLE")
            }
            (Some("SET"), Some(word)) => word == "PASSWORD",
            _ => false,
        }
    }

    fn pass(&mut self, text: &str, kind: TokenKind) {
        match kind {
            TokenKind::Word => {
                self.last = text.to_ascii_uppercase();
                self.identified |= self.last == "IDENTIFIED";
                self.hidden_before = false;
                if self.first.len() < 4 {
                    self.first.push(self.last.clone());
                }
            }
            TokenKind::End => {
                (self.identified, self.hidden_before) = (false, false);
                self.first.clear();
            }
            // The name of an option may be quoted.
            TokenKind::Quoted if !self.is_literal(text) || text.starts_with('"') => {
                self.last = text.trim_matches(['"', '`']).to_ascii_uppercase();
            }
            TokenKind::Symbol(b',' | b')') => self.hidden_before = false,
            _ => {}
        }
    }
}

/// Whether a name is that of a password: `PASSWORD`, `MASTER_PASSWORD`, `passwd`.
fn is_password(word: &str) -> bool {
    ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET"].iter().any(|end| word.ends_with(end))
}

fn is_key(word: &str) -> bool {
    ["KEY", "REKEY", "HEXKEY", "HEXREKEY", "TEXTKEY", "TEXTREKEY"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect::{Mariadb, Mysql, Postgres, Sqlite};

    /// Statements, each with what is shown of it.
    const CASES: [(Dialect, &str, &str); 28] = [
        (Postgres, "CREATE ROLE a LOGIN PASSWORD 'S'", "CREATE ROLE a LOGIN PASSWORD '***'"),
        (Postgres, "CREATE USER a WITH ENCRYPTED PASSWORD E'S\\'S'", "CREATE USER a WITH ENCRYPTED PASSWORD '***'"),
        (
            Postgres,
            "alter role a pasword 'S' valid until '2030-01-01'",
            "alter role a pasword '***' valid until '2030-01-01'",
        ),
        (Postgres, "ALTER ROLE a PASSWORD 'S'\n  'S'", "ALTER ROLE a PASSWORD '***'\n  '***'"),
        (Postgres, "ALTER ROLE a PASSWORD $$S$$", "ALTER ROLE a PASSWORD $$'***'$$"),
        (
            Postgres,
            "CREATE USER MAPPING FOR a SERVER s OPTIONS (\"password\" 'S')",
            "CREATE USER MAPPING FOR a SERVER s OPTIONS (\"password\" '***')",
        ),
        (
            Postgres,
            "ALTER SERVER s OPTIONS (SET password 'S', host 'h')",
            "ALTER SERVER s OPTIONS (SET password '***', host 'h')",
        ),
        (
            Postgres,
            "CREATE SUBSCRIPTION s CONNECTION 'host=h password=S' PUBLICATION p",
            "CREATE SUBSCRIPTION s CONNECTION '***' PUBLICATION p",
        ),
        (Postgres, "SELECT dblink_connect('c', 'postgres://u:S@h/d')", "SELECT dblink_connect('c', '***')"),
        (Postgres, "SELECT dblink('host=h password=''S''', 'VALUES (1)')", "SELECT dblink('***', 'VALUES (1)')"),
        (
            Postgres,
            "DO $$ BEGIN CREATE ROLE a PASSWORD 'S'; END $$",
            "DO $$ BEGIN CREATE ROLE a PASSWORD '***'; END $$",
        ),
        (
            Postgres,
            "DO $x$ BEGIN EXECUTE 'CREATE ROLE a PASSWORD ''S'''; END $x$",
            "DO $x$ BEGIN EXECUTE '***'; END $x$",
        ),
        (Postgres, "SET vault.app_password = 'S'", "SET vault.app_password = '***'"),
        (
            Mysql,
            "CREATE USER 'a'@'%' IDENTIFIED BY 'S' COMMENT 'S'",
            "CREATE USER 'a'@'%' IDENTIFIED BY '***' COMMENT '***'",
        ),
        (
            Mysql,
            "CREATE USER IF NOT EXISTS 'a' IDENTIFIED WITH x AS 'S'",
            "CREATE USER IF NOT EXISTS 'a' IDENTIFIED WITH x AS '***'",
        ),
        (Mysql, "ALTER USER a IDENTIFIED BY \"S\" REPLACE \"S\"", "ALTER USER a IDENTIFIED BY '***' REPLACE '***'"),
        (Mysql, "CREATE USER a IDENTIFIED WITH x AS 0xS5, b", "CREATE USER a IDENTIFIED WITH x AS '***', b"),
        (Mysql, "SET PASSWORD FOR 'a'@'h' = 'S'", "SET PASSWORD FOR 'a'@'h' = '***'"),
        (
            Mysql,
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h', SOURCE_PASSWORD = 'S'",
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h', SOURCE_PASSWORD = '***'",
        ),
        (Mysql, "START REPLICA USER = 'u' PASSWORD = 'S'", "START REPLICA USER = 'u' PASSWORD = '***'"),
        (
            Mysql,
            "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD 'S')",
            "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD '***')",
        ),
        (
            Mysql,
            "CREATE TABLE t (x INT) ENGINE=FEDERATED CONNECTION='mysql://u:S@h/d/t'",
            "CREATE TABLE t (x INT) ENGINE=FEDERATED CONNECTION='***'",
        ),
        (Mariadb, "SET PASSWORD = PASSWORD('S')", "SET PASSWORD = PASSWORD('***')"),
        (
            Mariadb,
            "CREATE OR REPLACE USER a IDENTIFIED VIA x USING PASSWORD('S')",
            "CREATE OR REPLACE USER a IDENTIFIED VIA x USING PASSWORD('***')",
        ),
        (
            Mariadb,
            "GRANT ALL ON d.* TO 'a'@'%' IDENTIFIED BY 'S', 'b'@'%' IDENTIFIED BY PASSWORD 'S'",
            "GRANT ALL ON d.* TO 'a'@'%' IDENTIFIED BY '***', 'b'@'%' IDENTIFIED BY PASSWORD '***'",
        ),
        (
            Mariadb,
            "CHANGE MASTER TO MASTER_USER='u', MASTER_PASSWORD='S'",
            "CHANGE MASTER TO MASTER_USER='u', MASTER_PASSWORD='***'",
        ),
        (Sqlite, "PRAGMA key = 'S'", "PRAGMA key = '***'"),
        (Sqlite, "ATTACH DATABASE 'a.db' AS a KEY 'S'", "ATTACH DATABASE 'a.db' AS a KEY '***'"),
    ];

    #[test]
    fn passwords_of_statements_do_not_show() {
        for (dialect, statement, shown) in CASES {
            let found = Shown::of(statement, dialect);
            assert_eq!(found.text, shown);
            assert_eq!(found.hide_in(&format!("near \"{statement}\"")).matches("'S").count(), 0, "{statement}");
        }
    }

    #[test]
    fn other_statements_stay_as_they_are() {
        for (dialect, statement) in [
            (Postgres, "INSERT INTO t VALUES ('a', 'password')"),
            (Postgres, "CREATE TABLE users (password TEXT DEFAULT 'x')"),
            (Postgres, "COMMENT ON COLUMN t.password IS 'the password = the hash (bcrypt); see x'"),
            (Postgres, "INSERT INTO t VALUES ('https://example.org/?a=b')"),
            (Mysql, "INSERT INTO t VALUES ('it''s', \"a\") -- 'x"),
            (Mysql, "GRANT SELECT ON d.* TO 'a'@'%'"),
            (Sqlite, "CREATE TABLE t (x TEXT PRIMARY KEY DEFAULT 'a')"),
        ] {
            assert_eq!(Shown::of(statement, dialect).text, statement);
        }
    }

    #[test]
    fn lines_stay_where_they_are() {
        let shown = Shown::of("CREATE ROLE a PASSWORD 'x\ny'\n  LOGIN", Postgres);
        assert_eq!(shown.text, "CREATE ROLE a PASSWORD '***'\n\n  LOGIN");
    }

    #[test]
    fn a_message_that_quotes_a_statement_shows_no_password() {
        let shown = Shown::of("CREATE USER a IDENTIFED BY 'SECRET-word' x", Mysql);
        for said in ["near 'IDENTIFED BY 'SECRET-word' x' at line 1", "near 'BY 'SECRET-wo' at line 1", "near 'BY 'SEC"]
        {
            assert!(!shown.hide_in(said).contains("SEC"), "{}", shown.hide_in(said));
        }
        assert_eq!(shown.hide_in("Access denied"), "Access denied");
    }
}
