//! Revisions written in Rust.
//!
//! The compiler understands them. Here only the header is read, which functions there are, and a
//! checksum of everything but comments and space.

use alembic_sql::{Checksum, line_and_column, schemas_created_by_code};

use super::{
    Downgrade, Header, Script, ScriptError,
    header::HeaderReader,
    normalise,
    parse::leading_space,
    render,
    skip::{in_rust, missing_reason},
};

/// What is known of a revision's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Checksum of the code without comments and space.
    pub checksum: Checksum,
    /// The line of `fn upgrade`.
    pub upgrade_line: usize,
    /// The line of `fn downgrade`, if there is one.
    pub downgrade_line: Option<usize>,
    /// The schemas that its strings create.
    pub schemas: Vec<String>,
}

/// Reads a revision that is written in Rust.
///
/// # Errors
///
/// [`ScriptError`] for a header that is not understood, and if there is no `pub fn upgrade`.
pub fn parse_rust(text: &str) -> Result<Script, ScriptError> {
    let text = normalise(text);
    let mut reader = HeaderReader::default();
    let lines = text.lines().map(|line| line.trim_start().strip_prefix("//!"));
    for (index, content) in lines.map_while(|content| content).enumerate() {
        reader.line(content).map_err(|(offset, problem)| ScriptError {
            line: index + 1,
            column: 4 + offset + leading_space(content, offset),
            problem,
        })?;
    }
    let header = reader.finish().map_err(|problem| ScriptError { line: 1, column: 1, problem })?;
    let functions = Functions::find(&text)?;
    let unreasoned = |line: &str| in_rust(line).is_some_and(str::is_empty);
    if let Some(at) = text.lines().position(unreasoned) {
        return Err(ScriptError { line: at + 1, column: 1, problem: missing_reason() });
    }
    let downgrade = match functions.downgrade {
        Some(_) => Downgrade::Sections(Vec::new()),
        None => Downgrade::Irreversible(None),
    };
    let last_line = text.lines().count().max(1);
    let upgrade_line = functions.upgrade.ok_or_else(|| ScriptError {
        line: last_line,
        column: 1,
        problem: "the file ends without `pub fn upgrade`".into(),
    })?;
    let schemas = schemas_created_by_code(&text);
    let code = Code { checksum: functions.checksum, upgrade_line, downgrade_line: functions.downgrade, schemas };
    Ok(Script { header, upgrade: Vec::new(), downgrade, code: Some(code) })
}

/// The type of connection that a revision's functions are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// One of Diesel's.
    Of(&'static str),
    /// Whatever the program embeds the migrations for.
    Any,
}

/// What the functions of a revision do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bodies<'b> {
    /// Lines of `upgrade`; none is nothing yet.
    pub upgrade: &'b str,
    /// Lines of `downgrade`.
    pub downgrade: &'b str,
}

/// Writes a revision in Rust.
#[must_use]
pub fn render_rust(header: &Header, connection: Connection, bodies: Bodies<'_>) -> String {
    let function = |name: &str, body: &str| {
        let op = if body.is_empty() { "_op" } else { "op" };
        let (generics, connection) = match connection {
            Connection::Of(connection) => ("", connection),
            Connection::Any => ("<C: LoadConnection<Backend: MigrationBackend>>", "C"),
        };
        format!(
            "\npub fn {name}{generics}({op}: &mut Op<'_, {connection}>) -> MigrationResult {{\n{body}    Ok(())\n}}\n"
        )
    };
    let header = render::header(header, "//!");
    format!(
        "{header}\nuse alembic_runtime::prelude::*;\n{}{}",
        function("upgrade", bodies.upgrade),
        function("downgrade", bodies.downgrade)
    )
}

struct Functions {
    upgrade: Option<usize>,
    downgrade: Option<usize>,
    checksum: Checksum,
}

impl Functions {
    fn find(text: &str) -> Result<Self, ScriptError> {
        let mut lexer = Lexer { text, at: 0 };
        let (mut depth, mut public) = (0_usize, false);
        let (mut before, mut essence) = ("", String::new());
        let (mut upgrade, mut downgrade) = (None, None);
        while let Some(start) = lexer.skip_blanks()? {
            let token = lexer.token(start)?;
            essence.push_str(token);
            essence.push('\u{1f}');
            match token {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth = depth.saturating_sub(1),
                "upgrade" | "downgrade" if depth == 0 && before == "fn" => {
                    if !public {
                        return Err(error_at(text, start, format!("`{token}` has to be `pub`")));
                    }
                    let line = Some(line_and_column(text, start).0);
                    *(if token == "upgrade" { &mut upgrade } else { &mut downgrade }) = line;
                }
                _ => {}
            }
            if depth == 0 {
                public = token == "pub" || public && !matches!(token, ";" | "}");
            }
            before = token;
        }
        Ok(Self { upgrade, downgrade, checksum: Checksum::of([essence.as_bytes()]) })
    }
}

fn error_at(text: &str, offset: usize, problem: String) -> ScriptError {
    let (line, column) = line_and_column(text, offset);
    ScriptError { line, column, problem }
}

/// Words, literals and signs; enough to know which braces count.
struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn unterminated(&self, what: &str) -> ScriptError {
        error_at(self.text, self.at, format!("this {what} does not end"))
    }

    /// Returns where the next token begins.
    fn skip_blanks(&mut self) -> Result<Option<usize>, ScriptError> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += comment_length(rest).ok_or_else(|| self.unterminated("comment"))?;
            } else {
                return Ok((!rest.is_empty()).then_some(self.at));
            }
        }
    }

    fn token(&mut self, start: usize) -> Result<&'t str, ScriptError> {
        let rest = self.rest();
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let after = &rest[word..];
        let is_raw = matches!(&rest[..word], "r" | "br" | "cr");
        let hashes = after.len() - after.trim_start_matches('#').len();
        self.at += if is_raw && after[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = word + hashes + 1;
            let found = rest[body..].find(&end).ok_or_else(|| self.unterminated("string"))?;
            body + found + end.len()
        } else if matches!(&rest[..word], "" | "b" | "c") && after.starts_with('"') {
            word + quoted_length(after, '"').ok_or_else(|| self.unterminated("string"))?
        } else if matches!(&rest[..word], "" | "b") && is_character(after) {
            word + quoted_length(after, '\'').ok_or_else(|| self.unterminated("character"))?
        } else if word > 0 {
            word
        } else {
            rest.chars().next().map_or(0, char::len_utf8)
        };
        Ok(&self.text[start..self.at])
    }
}

/// Comments nest.
fn comment_length(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += rest.chars().next()?.len_utf8();
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

fn quoted_length(text: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().skip(1).find_map(|(at, c)| {
        let ends = c == mark && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at + 1)
    })
}

/// Tells `'x'` from the lifetime `'x`.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('\'') && (chars.next() == Some('\\') || chars.next() == Some('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "//! seed\n//!\n//! Revision ID: a1\n//! Revises: <base>\n\nuse alembic_runtime::prelude::*;\n\n\
        pub fn upgrade(op: &mut Op<'_, C>) -> MigrationResult {\n    op.execute(\"x { 'fn downgrade\")?;\n    Ok(())\n}\n";

    #[test]
    fn a_file_is_header_and_functions() {
        let script = parse_rust(SEED).unwrap();
        assert_eq!((script.header.id.as_str(), script.header.message.as_str()), ("a1", "seed"));
        let code = script.code.as_ref().unwrap();
        assert_eq!((code.upgrade_line, code.downgrade_line), (8, None));
        assert_eq!(script.downgrade_checksum(), None);
        let both = parse_rust(&format!("{SEED}pub(crate) fn downgrade() {{}}\n")).unwrap();
        assert_eq!(both.code.as_ref().unwrap().downgrade_line, Some(12));
        assert_eq!(
            parse_rust(&render_rust(&both.header, Connection::Any, Bodies::default())).unwrap().header,
            both.header
        );
    }

    #[test]
    fn comments_and_space_do_not_count() {
        let same = SEED.replace("    Ok", "\n/* { /* nested */ */ Ok").replace("use", "// why\nuse");
        let other = SEED.replace("Ok(())", "Ok(( ))?");
        let checksum = |text: &str| parse_rust(text).unwrap().upgrade_checksum();
        assert_eq!(checksum(SEED), checksum(&same));
        assert_ne!(checksum(SEED), checksum(&other));
    }

    #[test]
    fn what_is_missing_is_said_with_its_place() {
        let problem = |text: &str| parse_rust(text).unwrap_err().to_string();
        assert_eq!(problem(&SEED.replace("upgrade", "update")), "11:1: the file ends without `pub fn upgrade`");
        assert_eq!(problem(&SEED.replace("pub fn", "fn")), "8:4: `upgrade` has to be `pub`");
        assert_eq!(
            problem(&SEED.replace("Revises", "Revise")),
            "4:5: unknown header key `Revise`; did you mean `Revises`?"
        );
        assert_eq!(problem(&format!("{SEED}const X: &str = r#\"")), "12:17: this string does not end");
    }
}
