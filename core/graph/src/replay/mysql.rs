//! MySQL and MariaDB: any statement may name another database, and much belongs to the whole server.

use alembic_sql::{Dialect, Word};

use super::{Outside, Replayed, Surroundings, rewrite::without, tokens::Tokens};

pub(super) fn replay(statement: &str, dialect: Dialect, around: &Surroundings) -> Result<Replayed, Outside> {
    let tokens = Tokens::of(statement, dialect);
    if is_left_out(&tokens, around)? {
        return Ok(Replayed::LeftOut);
    }
    refuse_tokens(&tokens, around)?;
    Ok(definer(&tokens).map_or(Replayed::AsWritten, |definer| without(statement, definer)))
}

fn refuse_tokens(tokens: &Tokens<'_>, around: &Surroundings) -> Result<(), Outside> {
    for at in 0..tokens.all.len() {
        if tokens.begins_statement(at) {
            refuse_command(tokens, at, around)?;
        }
        refuse_anywhere(tokens, at)?;
        refuse_table(tokens, at, around)?;
        refuse_literal(tokens, at, around)?;
    }
    Ok(())
}

/// What a replay has nothing to do with: the database is in use already, accounts are taken as given, and whether
/// replicas hear of a statement is nothing that a schema shows.
fn is_left_out(tokens: &Tokens<'_>, around: &Surroundings) -> Result<bool, Outside> {
    let verb = tokens.keyword(0);
    match (verb, tokens.keyword(1)) {
        ("USE", _) => Ok(tokens.name(1).is_some_and(|name| around.is_own(&name))),
        ("CREATE", "DATABASE" | "SCHEMA") => {
            let name = tokens.after_condition(2);
            Ok(name > 2 && tokens.name(name).is_some_and(|name| around.is_own(&name)))
        }
        ("CREATE" | "ALTER" | "DROP" | "RENAME", "USER" | "ROLE") | ("GRANT" | "REVOKE", _) => {
            let roles = accounts(tokens);
            if around.declares_all(&roles) {
                return Ok(true);
            }
            let undeclared = roles.iter().find(|role| !around.declares(role));
            Err(Outside::role(
                "makes, changes or drops an account or its rights, which belong to the whole server",
                undeclared,
            ))
        }
        ("SET", "DEFAULT") if tokens.keyword(2) == "ROLE" => Ok(around.declares_all(&accounts(tokens))),
        ("SET", "ROLE") => Ok(true),
        ("FLUSH", "PRIVILEGES") => Ok(true),
        ("SET", _) => Ok(is_only_sql_log_bin(tokens)),
        _ => Ok(false),
    }
}

/// Returns the accounts that a statement is about: those of `GRANT` come last.
fn accounts(tokens: &Tokens<'_>) -> Vec<String> {
    let is_grant = matches!(tokens.keyword(0), "GRANT" | "REVOKE" | "SET");
    let preposition = (0..tokens.all.len()).rev().find(|at| matches!(tokens.keyword(*at), "TO" | "FROM"));
    let from = if is_grant { preposition.map_or(tokens.all.len(), |at| at + 1) } else { tokens.after_condition(2) };
    let mut names = Vec::new();
    let mut at = from;
    while let Some(name) = tokens.role(at) {
        names.push(name);
        let host = if tokens.is_sign(at + 1, b'@') { at + 3 } else { at + 1 };
        match (tokens.is_sign(host, b','), tokens.keyword(host)) {
            (true, _) => at = host + 1,
            // `RENAME USER a TO b`, `CREATE USER a IDENTIFIED BY 'x', b`.
            (false, "TO") => at = host + 1,
            (false, "IDENTIFIED") => match (host..tokens.all.len()).find(|at| tokens.is_sign(*at, b',')) {
                Some(comma) => at = comma + 1,
                None => break,
            },
            _ => break,
        }
    }
    names
}

fn is_only_sql_log_bin(tokens: &Tokens<'_>) -> bool {
    let names: Vec<&str> = tokens.all.iter().map(|t| t.keyword.as_str()).filter(|k| !k.is_empty()).collect();
    let assigned = names.iter().position(|name| *name == "SQL_LOG_BIN");
    let assignments = tokens.all.iter().filter(|token| token.is_sign(b'=')).count();
    assignments == 1 && assigned.is_some_and(|at| names[1..at].iter().all(|scope| *scope == "SESSION"))
}

/// Refuses a command by its first words.
fn refuse_command(tokens: &Tokens<'_>, at: usize, around: &Surroundings) -> Result<(), Outside> {
    let what = match (tokens.keyword(at), tokens.keyword(at + 1)) {
        ("USE", _) if !tokens.is_sign(at + 1, b'(') => {
            return match tokens.name(at + 1) {
                Some(name) if around.is_own(&name) => {
                    Err(Outside::own_database("changes the database in use", "delete this line"))
                }
                Some(name) => Err(Outside::new(format!("goes over to the database `{name}`"))),
                None => Ok(()),
            };
        }
        ("FLUSH", "TABLE" | "TABLES") if tokens.name(at + 2).is_some() && tokens.keyword(at + 2) != "WITH" => {
            return Ok(());
        }
        ("FLUSH", _) => "flushes what belongs to the whole server",
        ("KILL", _) => "ends what others do",
        ("SHUTDOWN" | "RESTART", _) => "ends the server",
        ("GRANT" | "REVOKE", _) => "changes the rights of accounts, which belong to the whole server",
        ("INSTALL" | "UNINSTALL", _) => "changes the plugins of the server",
        ("PURGE" | "RESET", _) => "drops logs of the server",
        ("CHANGE", "MASTER" | "REPLICATION") => "changes the replication of the server",
        ("START" | "STOP", "SLAVE" | "REPLICA" | "GROUP_REPLICATION" | "ALL") => {
            "changes the replication of the server"
        }
        ("BACKUP" | "CLONE" | "BINLOG", _) => "reaches files or logs of the server",
        ("LOAD", "DATA" | "XML") => "reads a file of the server",
        ("LOAD" | "CACHE", "INDEX") => "changes a cache of the server",
        ("LOCK", "INSTANCE") => "locks the server",
        ("IMPORT", "TABLE") => "reads a file of the server",
        _ => return Ok(()),
    };
    Err(Outside::new(what))
}

/// Refuses what says by a few words in a row that it reaches the server, wherever they are.
fn refuse_anywhere(tokens: &Tokens<'_>, at: usize) -> Result<(), Outside> {
    let verb = tokens.keyword(at);
    let what = match verb {
        "CREATE" | "DROP" | "ALTER" => return refuse_definition(tokens, at),
        "RENAME" if tokens.keyword(at + 1) == "USER" => "renames an account of the server".to_owned(),
        "SET" if matches!(tokens.keyword(at + 1), "PASSWORD") => "changes a password".to_owned(),
        "GLOBAL" | "PERSIST" | "PERSIST_ONLY" if is_assigned(tokens, at) => {
            "changes a setting of the server".to_owned()
        }
        "INTO" if matches!(tokens.keyword(at + 1), "OUTFILE" | "DUMPFILE") => "writes a file of the server".to_owned(),
        "LOAD_FILE" if tokens.is_sign(at + 1, b'(') => "reads a file of the server".to_owned(),
        "SONAME" => "loads a library into the server".to_owned(),
        "ENGINE" => {
            let engine = tokens.role(if tokens.is_sign(at + 1, b'=') { at + 2 } else { at + 1 }).unwrap_or_default();
            let elsewhere = ["FEDERATED", "CONNECT", "SPIDER", "S3", "SPHINX"];
            match elsewhere.iter().any(|known| engine.eq_ignore_ascii_case(known)) {
                true => format!("makes a table whose rows are elsewhere, by the engine {engine}"),
                false => return Ok(()),
            }
        }
        "DATA" | "INDEX" if tokens.keyword(at + 1) == "DIRECTORY" => "puts files elsewhere".to_owned(),
        _ => return Ok(()),
    };
    Err(Outside::new(what))
}

fn refuse_definition(tokens: &Tokens<'_>, at: usize) -> Result<(), Outside> {
    let verb = match tokens.keyword(at) {
        "CREATE" => "makes",
        "ALTER" => "changes",
        _ => "drops",
    };
    let kind = tokens.after(at + 1, &["OR", "REPLACE"]);
    let what = match (tokens.keyword(kind), tokens.keyword(kind + 1)) {
        ("DATABASE" | "SCHEMA", _) => "a database",
        ("USER" | "ROLE", _) => "an account of the server",
        ("SERVER", _) => "a way to another server",
        ("TABLESPACE", _) | ("UNDO", "TABLESPACE") => "a tablespace of the server",
        ("LOGFILE" | "RESOURCE", "GROUP") => "a group of the server",
        ("SPATIAL", "REFERENCE") => "a reference system of the server",
        ("INSTANCE", _) => "the server",
        _ => return Ok(()),
    };
    Err(Outside::new(format!("{verb} {what}")))
}

/// `SET GLOBAL a = 1`, `, GLOBAL a = 1`, `@@GLOBAL.a = 1`; reading one is another matter.
fn is_assigned(tokens: &Tokens<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let is_first = before.is_some_and(|token| token.is("SET") || token.is_sign(b','));
    let is_variable = before.is_some_and(|token| token.is_sign(b'@'));
    let name = if is_variable && tokens.is_sign(at + 1, b'.') { at + 2 } else { at + 1 };
    let mut end = name + 1;
    while tokens.is_sign(end, b'.') {
        end += 2;
    }
    let assigns = tokens.is_sign(end, b'=') || (tokens.is_sign(end, b':') && tokens.is_sign(end + 1, b'='));
    // In a condition the same words compare.
    let in_set = (0..at).rev().map(|at| tokens.keyword(at)).find(|k| matches!(*k, "SET" | "SELECT" | "WHERE" | "IF"));
    (is_first || is_variable) && assigns && in_set == Some("SET")
}

/// Refuses a table, view or routine of another database, where a statement changes it.
fn refuse_table(tokens: &Tokens<'_>, at: usize, around: &Surroundings) -> Result<(), Outside> {
    let Some(mut name) = first_changed(tokens, at) else { return Ok(()) };
    loop {
        if let (Some(database), true) = (tokens.name(name), tokens.is_sign(name + 1, b'.')) {
            let table = tokens.name(name + 2).unwrap_or_default();
            if around.is_own(&database) {
                let what = format!("names `{table}` with the database of the URL, which a replay must not touch");
                return Err(Outside::own_database(what, &format!("leave out `{database}.`")));
            }
            return Err(Outside::new(format!("names `{table}` of the database `{database}`")));
        }
        // `RENAME TABLE a TO b, c TO d`, `DROP TABLE a, b`.
        let next = name + 1;
        match tokens.get(next) {
            Some(token) if token.is_sign(b',') || token.is("TO") => name = next + 1,
            _ => return Ok(()),
        }
    }
}

/// Returns the place of the first name that follows a word that names of tables and routines follow.
fn first_changed(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    let next = tokens.after_condition(at + 1);
    let begins = tokens.begins_statement(at);
    let before = at.checked_sub(1).map_or("", |before| tokens.keyword(before));
    let defines = matches!(verb_before(tokens, at), "CREATE" | "DROP" | "ALTER");
    match tokens.keyword(at) {
        "INTO" | "TABLE" | "TABLES" | "REFERENCES" => Some(next),
        "TRUNCATE" | "CALL" if begins => Some(next),
        "UPDATE" | "REPLACE" if begins => {
            let modifiers = ["LOW_PRIORITY", "IGNORE", "DELAYED"];
            Some((next..).find(|at| !modifiers.contains(&tokens.keyword(*at))).unwrap_or(next))
        }
        "VIEW" | "TRIGGER" | "PROCEDURE" | "FUNCTION" | "EVENT" | "SEQUENCE" if defines => Some(next),
        "ON" if defines && matches!(kind_before(tokens, at), "INDEX" | "TRIGGER") => Some(next),
        "FROM" if verb_before(tokens, at) == "DELETE" => Some(next),
        "JOIN" if matches!(verb_before(tokens, at), "UPDATE" | "DELETE") => Some(next),
        "INSERT" if begins => {
            let modifiers = ["LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "IGNORE"];
            Some((next..).find(|at| !modifiers.contains(&tokens.keyword(*at))).unwrap_or(next))
        }
        "RENAME" if before != "COLUMN" && verb_before(tokens, at) == "ALTER" => {
            Some(tokens.after(tokens.after(next, &["TO"]), &["AS"]))
        }
        "UNION" if tokens.is_sign(at + 1, b'=') && tokens.is_sign(at + 2, b'(') => Some(at + 3),
        _ => None,
    }
}

/// Returns the first word of the statement, of the body or of the text, that a place belongs to.
fn verb_before<'t>(tokens: &'t Tokens<'_>, at: usize) -> &'t str {
    (0..at)
        .rev()
        .find(|at| tokens.begins_statement(*at) && !tokens.keyword(*at).is_empty())
        .map_or("", |at| tokens.keyword(at))
}

fn kind_before<'t>(tokens: &'t Tokens<'_>, at: usize) -> &'t str {
    let kinds = ["INDEX", "TRIGGER", "TABLE", "VIEW", "PROCEDURE", "FUNCTION", "EVENT", "ON"];
    (0..at).rev().map(|at| tokens.keyword(at)).find(|keyword| kinds.contains(keyword)).unwrap_or_default()
}

/// `PREPARE s FROM 'DROP DATABASE shop'`, `EXECUTE IMMEDIATE '…'`.
fn refuse_literal(tokens: &Tokens<'_>, at: usize, around: &Surroundings) -> Result<(), Outside> {
    let prepares = tokens.keyword(at) == "FROM" && at >= 2 && tokens.keyword(at - 2) == "PREPARE";
    if !prepares && !tokens.has(at.saturating_sub(1), &["EXECUTE", "IMMEDIATE"]) {
        return Ok(());
    }
    let Some(Word::Quoted(text)) = tokens.get(at + 1).map(|token| token.word) else { return Ok(()) };
    let mark = text.chars().next().unwrap_or('\'');
    let inner = text.trim_matches(mark).replace(&format!("{mark}{mark}"), &mark.to_string()).replace('\\', "");
    let inner = Tokens::of(&inner, tokens.dialect);
    refuse_tokens(&inner, around)
}

/// Returns the place of `DEFINER = user`, at the head of a definition: who may not speak for others defines for itself.
fn definer(tokens: &Tokens<'_>) -> Option<std::ops::Range<usize>> {
    if !matches!(tokens.keyword(0), "CREATE" | "ALTER") {
        return None;
    }
    let at = (1..12).find(|at| tokens.keyword(*at) == "DEFINER" && tokens.is_sign(at + 1, b'='))?;
    let user = at + 2;
    // `root@localhost`, `CURRENT_USER()`.
    let is_longer = tokens.is_sign(user + 1, b'@') || tokens.is_sign(user + 1, b'(');
    let last = if is_longer { user + 2 } else { user };
    Some(tokens.get(at)?.range.start..tokens.get(last)?.range.end)
}
