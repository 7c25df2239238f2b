//! Text → [`Script`].

use alembic_sql::{Dialect, suggest};

use super::{
    Downgrade, Script, ScriptError, Section,
    allow::{self, ALLOW},
    header::HeaderReader,
    normalise,
    skip::{SKIP, missing_reason},
};

const DIRECTIVES: [&str; 5] = ["upgrade", "downgrade", "irreversible", SKIP, ALLOW];

/// Reads a revision file.
///
/// # Errors
///
/// [`ScriptError`] at the first line that is not understood, with what was expected there.
pub fn parse(text: &str) -> Result<Script, ScriptError> {
    let text = normalise(text);
    let mut reader = Reader::default();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        reader.line(index + 1, line)?;
    }
    reader.finish()
}

/// The headings of a file in the order they came, each with the SQL below it.
#[derive(Default)]
struct Reader {
    header: HeaderReader,
    upgrade: Vec<Section>,
    downgrade: Vec<Section>,
    irreversible: Option<Option<String>>,
    open: Option<Open>,
    last_line: usize,
}

/// The section that lines are being added to.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Upgrade,
    Downgrade,
    Irreversible,
}

/// Returns what is wrong with a line that would be read otherwise than it looks: SQL is looked at when it is cut into
/// statements, where a carriage return may be in a string.
fn hidden(line: &str, is_sql: bool) -> Option<&'static str> {
    if line.contains('\0') {
        return Some("a zero byte is in this line, and no server takes one in a statement: delete it");
    }
    let hides = !is_sql && line.contains('\r');
    hides.then_some("a carriage return (CR) stands in this line without a line feed (LF): replace it by a line feed")
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), ScriptError> {
        self.last_line = number;
        let bare = line.trim_end();
        let error = |column: usize, problem: String| ScriptError { line: number, column, problem };
        if let Some(problem) = hidden(bare, self.open.is_some()) {
            return Err(error(1, problem.to_owned()));
        }
        match directive(bare) {
            // A marker of a statement stays above it.
            Some((directive, column)) if [SKIP, ALLOW].iter().any(|name| directive.starts_with(name)) => {
                self.directive(number, column, directive)?;
            }
            Some((directive, column)) => return self.directive(number, column, directive),
            None if is_nearly_directive(bare) => {
                return Err(error(1, "a directive begins the line, in small letters: `-- alembic:upgrade`".into()));
            }
            None => {}
        }
        match self.open {
            Some(Open::Upgrade) => push(&mut self.upgrade, line),
            Some(Open::Downgrade) => push(&mut self.downgrade, line),
            Some(Open::Irreversible) if bare.trim().is_empty() || bare.trim().starts_with("--") => {}
            Some(Open::Irreversible) => {
                return Err(error(1, "an irreversible revision has no downgrade SQL".into()));
            }
            None => {
                let trimmed = bare.trim_start();
                let indent = bare.chars().count() - trimmed.chars().count();
                let content = match trimmed.strip_prefix("--") {
                    Some(content) => content,
                    None if trimmed.is_empty() => "",
                    None => {
                        let problem = "expected a `-- alembic:upgrade` line before any SQL".to_owned();
                        return Err(error(indent + 1, problem));
                    }
                };
                self.header.line(content).map_err(|(offset, problem)| {
                    error(indent + 3 + offset + leading_space(content, offset), problem)
                })?;
            }
        }
        Ok(())
    }

    fn directive(&mut self, line: usize, column: usize, text: &str) -> Result<(), ScriptError> {
        let error = |problem: String| ScriptError { line, column, problem };
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let section = |rest: &str| -> Result<Section, ScriptError> {
            Ok(Section { dialects: dialects(rest).map_err(error)?, sql: String::new(), line: line + 1 })
        };
        match name {
            "upgrade" => {
                let section = section(rest)?;
                check_new(&self.upgrade, &section, name).map_err(error)?;
                self.upgrade.push(section);
                self.open = Some(Open::Upgrade);
            }
            "downgrade" => {
                let section = section(rest)?;
                check_new(&self.downgrade, &section, name).map_err(error)?;
                self.downgrade.push(section);
                self.open = Some(Open::Downgrade);
            }
            "irreversible" => {
                let reason = rest.trim_start_matches(':').trim();
                self.irreversible = Some((!reason.is_empty()).then(|| reason.to_owned()));
                self.open = Some(Open::Irreversible);
            }
            SKIP | ALLOW if !matches!(self.open, Some(Open::Upgrade | Open::Downgrade)) => {
                return Err(error(format!("`alembic:{name}` stands above a statement of a section")));
            }
            ALLOW => allow::check(rest).map_err(error)?,
            SKIP if rest.trim_start_matches(':').trim().is_empty() => {
                return Err(error(missing_reason()));
            }
            SKIP => {}
            _ => {
                let near = suggest::did_you_mean(name, DIRECTIVES);
                return Err(error(format!(
                    "unknown directive `alembic:{name}`{near}{}",
                    if near.is_empty() {
                        "; expected upgrade, downgrade, irreversible, skip-on-scratch or allow"
                    } else {
                        ""
                    }
                )));
            }
        }
        if self.irreversible.is_some() && !self.downgrade.is_empty() {
            return Err(error("a revision is either irreversible or has a downgrade, not both".into()));
        }
        Ok(())
    }

    fn finish(self) -> Result<Script, ScriptError> {
        let at = |line: usize, problem: &str| ScriptError { line, column: 1, problem: problem.to_owned() };
        let header = self.header.finish().map_err(|problem| at(1, &problem))?;
        if self.upgrade.is_empty() {
            return Err(at(self.last_line.max(1), "the file ends without a `-- alembic:upgrade` section"));
        }
        let downgrade = match self.irreversible {
            Some(reason) => Downgrade::Irreversible(reason),
            None if self.downgrade.is_empty() => Downgrade::Irreversible(None),
            None => Downgrade::Sections(self.downgrade),
        };
        Ok(Script { header, upgrade: self.upgrade, downgrade, code: None })
    }
}

/// Returns what follows `-- alembic:` and its column, if the line is a directive.
fn directive(line: &str) -> Option<(&str, usize)> {
    let text = line.strip_prefix("--")?.trim_start().strip_prefix("alembic:")?;
    Some((text, line[..line.len() - text.len()].chars().count() + 1))
}

/// Returns whether the line is a directive but for blanks before it, or capitals.
fn is_nearly_directive(line: &str) -> bool {
    let comment = line.trim_start().strip_prefix("--").map(str::trim_start);
    comment.is_some_and(|comment| {
        let lower = comment.to_ascii_lowercase();
        lower.strip_prefix("alembic:").is_some_and(|rest| DIRECTIVES.iter().any(|name| rest.starts_with(name)))
    })
}

pub(super) fn leading_space(content: &str, offset: usize) -> usize {
    if offset == 0 { content.chars().take_while(|c| c.is_whitespace()).count() } else { 0 }
}

fn push(sections: &mut [Section], line: &str) {
    if let Some(section) = sections.last_mut() {
        section.sql.push_str(line);
    }
}

fn dialects(list: &str) -> Result<Vec<Dialect>, String> {
    let mut dialects = list
        .split([' ', '\t', ','])
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.parse().map_err(|error: alembic_sql::dialect::UnknownDialect| {
                let near = suggest::did_you_mean(word, Dialect::ALL.map(Dialect::name));
                format!("{error}{near}")
            })
        })
        .collect::<Result<Vec<Dialect>, String>>()?;
    dialects.sort_unstable();
    dialects.dedup();
    Ok(dialects)
}

fn check_new(sections: &[Section], new: &Section, name: &str) -> Result<(), String> {
    if new.dialects.is_empty() && sections.iter().any(|s| s.dialects.is_empty()) {
        return Err(format!("the file has a second general `alembic:{name}` section"));
    }
    match new.dialects.iter().find(|d| sections.iter().any(|s| s.dialects.contains(d))) {
        Some(dialect) => Err(format!("the file has a second `alembic:{name} {dialect}` section")),
        None => Ok(()),
    }
}
