//! PostgreSQL: a database cannot name another one, so what reaches outside are the server's own commands and functions.

use alembic_sql::{Dialect, Word};

use super::{Outside, Replayed, Surroundings, rewrite::without, tokens::Tokens};

const POSTGRES: Dialect = Dialect::Postgres;

pub(super) fn replay(statement: &str, around: &Surroundings) -> Result<Replayed, Outside> {
    let tokens = Tokens::of(statement, POSTGRES);
    refuse(&tokens, 0, around)?;
    if is_about_roles(&tokens, around)? || is_about_own_database(&tokens, around) {
        return Ok(Replayed::LeftOut);
    }
    refuse_bodies(&tokens, around)?;
    refuse_functions(&tokens)?;
    if tokens.has(0, &["CREATE", "SCHEMA"]) {
        return Ok(schema_of_nobody(statement, &tokens));
    }
    Ok(Replayed::AsWritten)
}

/// Refuses a command of the server.
fn refuse(tokens: &Tokens<'_>, at: usize, around: &Surroundings) -> Result<(), Outside> {
    let verb = tokens.keyword(at);
    if matches!(verb, "CREATE" | "ALTER" | "DROP") {
        return refuse_definition(tokens, at, around);
    }
    let what = match (verb, tokens.keyword(at + 1)) {
        ("IMPORT", "FOREIGN") => "imports tables of another server",
        ("LOAD", _) => "loads a library into the server",
        ("COPY", _) => return refuse_copy(tokens, at),
        ("SECURITY", "LABEL") => "sets a security label",
        _ => return Ok(()),
    };
    Err(Outside::new(what))
}

fn refuse_definition(tokens: &Tokens<'_>, at: usize, around: &Surroundings) -> Result<(), Outside> {
    let verb = match tokens.keyword(at) {
        "CREATE" => "makes",
        "ALTER" => "changes",
        _ => "drops",
    };
    let kind = tokens.keyword(at + 1);
    let name = tokens.after_condition(at + 2);
    let what = match kind {
        "DATABASE" => {
            let own = tokens.name(name).is_some_and(|name| around.is_own(&name));
            match (own, kind, tokens.keyword(at)) {
                (true, _, "ALTER") => return Ok(()),
                (true, _, "CREATE") => {
                    return Err(Outside::own_database(format!("{verb} a database"), "delete this line"));
                }
                _ => format!("{verb} a database"),
            }
        }
        "USER" if tokens.keyword(at + 2) == "MAPPING" => format!("{verb} a login to another server"),
        "TABLESPACE" => format!("{verb} a tablespace"),
        "SYSTEM" => "changes the settings of the server".to_owned(),
        "SERVER" | "FOREIGN" => format!("{verb} a way to another server"),
        "SUBSCRIPTION" => format!("{verb} a subscription to another server"),
        "EXTENSION" if tokens.name(name).is_some_and(|name| reaches_outside(&name)) => {
            format!("{verb} an extension that reaches other servers, files or programs")
        }
        _ => return Ok(()),
    };
    Err(Outside::new(what))
}

/// Returns whether an extension reaches other servers, files, programs or the server itself.
#[must_use]
pub fn reaches_outside(extension: &str) -> bool {
    let known = ["dblink", "adminpack", "http", "plsh", "pg_background", "pg_cron", "pg_net", "pldbgapi"];
    known.contains(&extension) || extension.ends_with("_fdw")
}

/// `COPY` with a file or a program; the client's own data is another matter.
fn refuse_copy(tokens: &Tokens<'_>, at: usize) -> Result<(), Outside> {
    let mut depth = 0_usize;
    for place in at..tokens.all.len() {
        if tokens.is_sign(place, b'(') {
            depth += 1;
        } else if tokens.is_sign(place, b')') {
            depth = depth.saturating_sub(1);
        }
        if depth > 0 || !matches!(tokens.keyword(place), "FROM" | "TO") {
            continue;
        }
        match tokens.get(place + 1) {
            Some(next) if next.is("PROGRAM") => return Err(Outside::new("runs a program of the server")),
            Some(next) if matches!(next.word, Word::Quoted(_)) => {
                return Err(Outside::new("reads or writes a file of the server"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns whether the statement is about what belongs to whom, and who is who: no schema shows that. A replay leaves
/// such statements out, unless they would make or change roles that nobody has declared.
fn is_about_roles(tokens: &Tokens<'_>, around: &Surroundings) -> Result<bool, Outside> {
    let (verb, kind) = (tokens.keyword(0), tokens.keyword(1));
    match (verb, kind) {
        ("CREATE" | "ALTER" | "DROP", "ROLE" | "USER" | "GROUP") => {
            let roles = list_of_roles(tokens, tokens.after_condition(2));
            if around.declares_all(&roles) {
                return Ok(true);
            }
            let undeclared = roles.iter().find(|role| !around.declares(role));
            Err(Outside::role("makes, changes or drops a role, which belongs to the whole server", undeclared))
        }
        ("REASSIGN" | "DROP", "OWNED") => {
            let roles = list_of_roles(tokens, 3);
            let undeclared = roles.iter().find(|role| !around.declares(role));
            match around.declares_all(&roles) {
                true => Ok(true),
                false => Err(Outside::role("changes what belongs to a role", undeclared)),
            }
        }
        ("GRANT" | "REVOKE", _) => is_grant_left_out(tokens, around),
        ("COMMENT", "ON") if matches!(tokens.keyword(2), "ROLE" | "TABLESPACE") => {
            let role = tokens.name(3);
            match role.as_ref().is_some_and(|role| around.declares(role)) {
                true => Ok(true),
                false => Err(Outside::role("comments on what belongs to the whole server", role.as_ref())),
            }
        }
        ("COMMENT", "ON") => Ok(tokens.keyword(2) == "EXTENSION"),
        ("ALTER", "DEFAULT") => {
            Ok(["ROLE", "USER"].iter().any(|kind| tokens.has(3, &["FOR", kind]))
                || around.declares_all(&grantees(tokens)))
        }
        ("ALTER", _) => Ok(ends_with_owner(tokens)),
        ("SET" | "RESET", _) => {
            let name = tokens.after(tokens.after(1, &["LOCAL"]), &["SESSION"]);
            Ok(matches!(tokens.keyword(name), "ROLE" | "AUTHORIZATION"))
        }
        _ => Ok(false),
    }
}

/// Returns whether the last words are `OWNER TO role`.
fn ends_with_owner(tokens: &Tokens<'_>) -> bool {
    let count = tokens.all.len();
    count > 4 && tokens.has(count - 3, &["OWNER", "TO"]) && !tokens.is_sign(count - 4, b',')
}

fn is_grant_left_out(tokens: &Tokens<'_>, around: &Surroundings) -> Result<bool, Outside> {
    let grantees = grantees(tokens);
    let Some(on) = tokens.find(1, "ON") else {
        let granted = list_of_roles(tokens, tokens.after(1, &["ADMIN", "OPTION", "FOR"]));
        let undeclared = granted.iter().chain(&grantees).find(|role| !around.declares(role));
        return match around.declares_all(&granted) && around.declares_all(&grantees) {
            true => Ok(true),
            false => Err(Outside::role("changes who is a member of which role", undeclared)),
        };
    };
    let kind = tokens.keyword(on + 1);
    match kind {
        "DATABASE" if tokens.name(on + 2).is_some_and(|name| around.is_own(&name)) => Ok(true),
        "DATABASE" | "TABLESPACE" | "PARAMETER" => {
            Err(Outside::new("changes who may do what outside of this database"))
        }
        "FOREIGN" => Err(Outside::new("grants a way to another server")),
        _ => Ok(around.declares_all(&grantees)),
    }
}

/// Returns the roles after `TO` or `FROM`, the last one of the statement.
fn grantees(tokens: &Tokens<'_>) -> Vec<String> {
    let preposition = (0..tokens.all.len()).rev().find(|at| matches!(tokens.keyword(*at), "TO" | "FROM"));
    let first = |at: usize| if matches!(tokens.keyword(at + 1), "GROUP") { at + 2 } else { at + 1 };
    preposition.map(|at| list_of_roles(tokens, first(at))).unwrap_or_default()
}

/// Reads `a, b, c`.
fn list_of_roles(tokens: &Tokens<'_>, at: usize) -> Vec<String> {
    let mut roles = Vec::new();
    let mut at = at;
    while let Some(role) = tokens.name(at) {
        roles.push(role);
        if !tokens.is_sign(at + 1, b',') {
            break;
        }
        at += 2;
    }
    roles
}

/// Settings of the project's own database are not those of the scratch database, and no schema shows them.
fn is_about_own_database(tokens: &Tokens<'_>, around: &Surroundings) -> bool {
    let own = |at: usize| tokens.name(at).is_some_and(|name| around.is_own(&name));
    (tokens.has(0, &["ALTER", "DATABASE"]) && own(2)) || (tokens.has(0, &["COMMENT", "ON", "DATABASE"]) && own(3))
}

/// Looks into what is run as code: `DO`, and the bodies of routines.
fn refuse_bodies(tokens: &Tokens<'_>, around: &Surroundings) -> Result<(), Outside> {
    let is_do = tokens.keyword(0) == "DO";
    let is_routine =
        tokens.keyword(0) == "CREATE" && tokens.all.iter().take(4).any(|t| t.is_one_of(&["FUNCTION", "PROCEDURE"]));
    if !is_do && !is_routine {
        return Ok(());
    }
    for token in &tokens.all {
        let Word::Quoted(text) = token.word else { continue };
        let Some(body) = text_of(text) else { continue };
        let body = Tokens::of(&body, POSTGRES);
        for at in 0..body.all.len() {
            if body.begins_statement(at) {
                refuse_command(&body, at, around)?;
            }
            if body.keyword(at) == "EXECUTE" {
                refuse_literal(&body, at + 1, around)?;
            }
        }
        // A routine that is only made calls nothing.
        if is_do {
            refuse_functions(&body)?;
        }
    }
    Ok(())
}

/// `EXECUTE 'DROP DATABASE shop'`.
fn refuse_literal(body: &Tokens<'_>, at: usize, around: &Surroundings) -> Result<(), Outside> {
    let Some(Word::Quoted(text)) = body.get(at).map(|token| token.word) else { return Ok(()) };
    let Some(statement) = text_of(text) else { return Ok(()) };
    refuse_command(&Tokens::of(&statement, POSTGRES), 0, around)
}

/// Refuses what changes something outside also where it cannot be left out.
fn refuse_command(tokens: &Tokens<'_>, at: usize, around: &Surroundings) -> Result<(), Outside> {
    refuse(tokens, at, around)?;
    let (verb, kind) = (tokens.keyword(at), tokens.keyword(at + 1));
    let is_role = matches!(verb, "CREATE" | "ALTER" | "DROP") && matches!(kind, "ROLE" | "USER" | "GROUP");
    if is_role {
        let name = tokens.name(tokens.after_condition(at + 2));
        return Err(Outside::new(format!(
            "makes, changes or drops {} inside of a body, which belongs to the whole server",
            name.map_or_else(|| "a role".to_owned(), |name| format!("the role `{name}`"))
        )));
    }
    Ok(())
}

/// Returns the text inside of a string or of dollar quotes.
fn text_of(quoted: &str) -> Option<String> {
    if let Some(rest) = quoted.strip_prefix('$') {
        let tag = rest.find('$')? + 2;
        return quoted.get(tag..quoted.len().checked_sub(tag)?).map(str::to_owned);
    }
    let string = quoted.trim_start_matches(['e', 'E']);
    Some(string.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"))
}

fn refuse_functions(tokens: &Tokens<'_>) -> Result<(), Outside> {
    // The definition of a view or of a routine calls nothing.
    if matches!(tokens.keyword(0), "CREATE" | "ALTER" | "DROP" | "COMMENT" | "GRANT" | "REVOKE") {
        return Ok(());
    }
    for at in 0..tokens.all.len() {
        let Some(name) = tokens.name(at).filter(|_| tokens.is_sign(at + 1, b'(')) else { continue };
        if let Some(what) = calls_outside(&name) {
            return Err(Outside::new(format!("calls `{name}`, which {what}")));
        }
    }
    Ok(())
}

/// Says what a function does outside of its database.
fn calls_outside(function: &str) -> Option<&'static str> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| function.starts_with(prefix));
    if begins(&["dblink"]) {
        Some("reaches another database")
    } else if begins(&["pg_read_file", "pg_read_binary_file", "pg_ls_", "pg_stat_file", "pg_file_"])
        || matches!(function, "lo_import" | "lo_export")
    {
        Some("reaches a file of the server")
    } else if matches!(function, "pg_terminate_backend" | "pg_cancel_backend") {
        Some("ends what others do")
    } else if begins(&[
        "pg_reload_conf",
        "pg_rotate_logfile",
        "pg_promote",
        "pg_stat_reset",
        "pg_stat_statements_reset",
    ]) || begins(&[
        "pg_switch_wal",
        "pg_create_restore_point",
        "pg_wal_replay_",
        "pg_backup_",
        "pg_start_backup",
    ]) || begins(&[
        "pg_stop_backup",
        "pg_replication_origin_",
        "pg_replication_slot_",
        "pg_drop_replication_slot",
    ]) || (function.starts_with("pg_create_") && function.ends_with("_replication_slot"))
    {
        Some("changes the server")
    } else {
        None
    }
}

/// `CREATE SCHEMA a AUTHORIZATION app` makes the schema for the replay's own role.
fn schema_of_nobody(statement: &str, tokens: &Tokens<'_>) -> Replayed {
    let Some(at) = tokens.find(2, "AUTHORIZATION") else { return Replayed::AsWritten };
    let (Some(keyword), Some(role)) = (tokens.get(at), tokens.get(at + 1)) else { return Replayed::AsWritten };
    // Without a name of its own the schema is called like the role.
    let has_name = at > tokens.after_condition(2);
    let out = if has_name { keyword.range.start..role.range.end } else { keyword.range.clone() };
    without(statement, out)
}
