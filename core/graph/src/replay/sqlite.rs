//! SQLite: everything beside the database is another file. There is no SQL that is put together while it runs, so the
//! words of what reaches the connection tell all.

use alembic_sql::{Dialect, Word};

use super::{Outside, tokens::Tokens};

/// Returns the files that a statement opens or writes beside its database, each with its name if the statement has it as a
/// plain string. A statement that cannot be read may do anything.
pub fn other_files(statement: &str) -> Vec<Option<String>> {
    let tokens = Tokens::of(statement, Dialect::Sqlite);
    if !tokens.is_complete {
        return vec![None];
    }
    let mut files = Vec::new();
    for at in (0..tokens.all.len()).filter(|at| begins(&tokens, *at)) {
        let place = match tokens.keyword(at) {
            "ATTACH" => tokens.after(at + 1, &["DATABASE"]),
            "VACUUM" if ends_with_into(&tokens, at) => tokens.find(at, "INTO").unwrap_or(at) + 1,
            _ => continue,
        };
        if !is_in_memory(&tokens, place) {
            files.push(plain_string(&tokens, place));
        }
    }
    files
}

/// Returns the text of a string that is a whole expression.
fn plain_string(tokens: &Tokens<'_>, at: usize) -> Option<String> {
    let Word::Quoted(text) = tokens.get(at)?.word else { return None };
    let ends = tokens.keyword(at + 1) == "AS" || tokens.get(at + 1).is_none() || tokens.is_sign(at + 1, b';');
    Some(text.strip_prefix('\'')?.strip_suffix('\'')?.replace("\'\'", "\'")).filter(|_| ends)
}

pub(super) fn refuse(statement: &str) -> Result<(), Outside> {
    let tokens = Tokens::of(statement, Dialect::Sqlite);
    if !tokens.is_complete {
        return Err(Outside::new("holds a quote or comment that does not end, which SQLite may read in another way"));
    }
    for at in 0..tokens.all.len() {
        let calls = tokens.is_sign(at + 1, b'(') && tokens.name(at).is_some_and(|name| is_outside(&name));
        if calls {
            return Err(Outside::new("calls a function that reaches files of this machine"));
        }
        if !begins(&tokens, at) {
            continue;
        }
        match tokens.keyword(at) {
            "ATTACH" if !is_in_memory(&tokens, tokens.after(at + 1, &["DATABASE"])) => {
                return Err(Outside::new("opens another file"));
            }
            "VACUUM" if ends_with_into(&tokens, at) => return Err(Outside::new("writes another file")),
            "PRAGMA" => {
                let name = if tokens.is_sign(at + 2, b'.') { at + 3 } else { at + 1 };
                let name = tokens.name(name).unwrap_or_default().to_ascii_lowercase();
                if matches!(name.as_str(), "temp_store_directory" | "data_store_directory") {
                    return Err(Outside::new("changes where this program writes files"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Wherever our reading of the text parts from SQLite's, a statement begins at the start or after a semicolon.
fn begins(tokens: &Tokens<'_>, at: usize) -> bool {
    let explained =
        at.checked_sub(1).is_some_and(|before| tokens.get(before).is_some_and(|t| t.is_one_of(&["EXPLAIN", "PLAN"])));
    at == 0 || tokens.is_sign(at - 1, b';') || explained
}

fn ends_with_into(tokens: &Tokens<'_>, at: usize) -> bool {
    let rest = tokens.all[at..].iter().take_while(|token| !token.is_sign(b';'));
    rest.into_iter().any(|token| token.is("INTO"))
}

/// A database in memory and a temporary one belong to their connection.
fn is_in_memory(tokens: &Tokens<'_>, at: usize) -> bool {
    let own = matches!(tokens.get(at).map(|token| token.word), Some(Word::Quoted("':memory:'" | "''")));
    own && tokens.keyword(at + 1) == "AS"
}

fn is_outside(function: &str) -> bool {
    let outside = ["load_extension", "writefile", "readfile", "edit"];
    outside.iter().any(|name| function.eq_ignore_ascii_case(name))
}
