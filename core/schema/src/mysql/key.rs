//! Keys, indexes and constraints.

use alembic_sql::Dialect;

use super::{Surroundings, words::Words};
use crate::{Action, Check, Constraint, ForeignKey, Index, IndexKey, Name, Other, PrimaryKey, Table, Unique};

/// Reads a line that is no column into the table, or returns it as something that has no value of its own.
pub(super) fn read(line: &Words<'_>, table: &mut Table, engine: &str, around: &Surroundings) -> Option<Other> {
    let read = match line.name(0)?.to_ascii_uppercase().as_str() {
        "PRIMARY" => primary_key(line, table),
        "UNIQUE" | "KEY" => index(line, table, engine),
        "CONSTRAINT" if line.are(2, &["FOREIGN", "KEY"]) => foreign_key(line, table, around),
        "CONSTRAINT" if line.are(2, &["CHECK"]) => check(line, table),
        _ => None,
    };
    if read.is_some() {
        return None;
    }
    let (kind, name) = called(line);
    let add = format!("ALTER TABLE {} ADD {}", table.name.sql(Dialect::Mysql), line.plain().trim_end());
    let definition = match kind.as_str() {
        "primary key" => add.replacen(" ADD ", " DROP PRIMARY KEY, ADD ", 1),
        _ => add,
    };
    Some(Other { kind, name: table.name.beside(&name), definition })
}

/// Returns what a line is, and what it is called.
fn called(line: &Words<'_>) -> (String, String) {
    let word = |at: usize| line.name(at).unwrap_or_default();
    let first = word(0).to_ascii_lowercase();
    match first.as_str() {
        "primary" => ("primary key".to_owned(), "PRIMARY".to_owned()),
        "key" => ("index".to_owned(), word(1)),
        "unique" | "fulltext" | "spatial" | "vector" => (format!("{first} index"), word(2)),
        "constraint" if line.are(2, &["FOREIGN", "KEY"]) => ("foreign key".to_owned(), word(1)),
        "constraint" => (word(2).to_ascii_lowercase(), word(1)),
        _ => (first, word(1)),
    }
}

/// A key of which more is said is one with the words that are said of it beside.
fn primary_key(line: &Words<'_>, table: &mut Table) -> Option<()> {
    let (keys, end) = line.parentheses(2)?;
    let names: Vec<String> = keys.list().iter().map(|key| key.name(0)).collect::<Option<_>>()?;
    let is_plain = keys.list().iter().all(|key| key.len() == 1);
    table.constraints.push(PrimaryKey { name: None, columns: names }.into());
    let (_, end) = method(line, end);
    (is_plain && end == line.len()).then_some(())
}

fn index(line: &Words<'_>, table: &mut Table, engine: &str) -> Option<()> {
    let unique = line.are(0, &["UNIQUE"]);
    let at = if unique { 2 } else { 1 };
    let (keys, end) = line.parentheses(at + 1)?;
    let keys: Vec<IndexKey> = keys.list().iter().map(index_key).collect::<Option<_>>()?;
    let (method, end) = method(line, end);
    if end != line.len() {
        return None;
    }
    let name = line.name(at)?;
    // Only of tables in memory a B-tree is not what there is anyway.
    let method = method.filter(|method| method != "btree" || engine.eq_ignore_ascii_case("MEMORY"));
    let columns: Option<Vec<String>> = keys.iter().map(column_of).collect();
    match columns.filter(|_| unique && method.is_none()) {
        // A unique constraint is an index there; one over something else than columns is no constraint elsewhere.
        Some(columns) => table.constraints.push(Unique { name: Some(name), columns, deferrable: None }.into()),
        None => table.indexes.push(Index { unique, method, ..Index::new(&table.name, keys).named(&name) }),
    }
    Some(())
}

fn column_of(key: &IndexKey) -> Option<String> {
    match key {
        IndexKey::Column(name) => Some(name.clone()),
        IndexKey::Descending(_) | IndexKey::Expression(_) | IndexKey::Written(_) => None,
    }
}

/// A key is a column, a prefix of one, or an expression in parentheses; what else it says is not understood.
fn index_key(key: &Words<'_>) -> Option<IndexKey> {
    if key.starts_with_name() && key.len() == 1 {
        return key.name(0).map(IndexKey::Column);
    }
    if key.starts_with_name() && key.len() == 2 && key.are(1, &["DESC"]) {
        return key.name(0).map(IndexKey::Descending);
    }
    let begins = usize::from(key.starts_with_name());
    let (_, end) = key.parentheses(begins)?;
    let is_ordered = key.len() == end + 1 && key.are(end, &["DESC"]);
    (end == key.len() || is_ordered).then(|| IndexKey::Written(key.plain()))
}

/// Reads `USING …`.
fn method(line: &Words<'_>, at: usize) -> (Option<String>, usize) {
    match line.are(at, &["USING"]) {
        true => (line.name(at + 1).map(|method| method.to_ascii_lowercase()), at + 2),
        false => (None, at),
    }
}

fn foreign_key(line: &Words<'_>, table: &mut Table, around: &Surroundings) -> Option<()> {
    let names = |words: &Words<'_>| words.list().iter().map(|word| word.name(0)).collect::<Option<Vec<_>>>();
    let (columns, at) = line.parentheses(4)?;
    if !line.are(at, &["REFERENCES"]) {
        return None;
    }
    let is_elsewhere = line.tokens.get(at + 2)?.text == ".";
    let at = at + if is_elsewhere { 3 } else { 1 };
    // In a table of another database, a bare name is one of that database.
    let schema = if is_elsewhere { line.name(at - 2) } else { table.name.schema.clone() };
    let referred_table = Name { schema: schema.filter(|schema| *schema != around.database), name: line.name(at)? };
    let (referred, mut at) = line.parentheses(at + 1)?;
    let (mut on_delete, mut on_update) = (None, None);
    while at < line.len() {
        let (rule, end) = action(line, at + 2)?;
        if line.are(at, &["ON", "DELETE"]) {
            on_delete = rule;
        } else if line.are(at, &["ON", "UPDATE"]) {
            on_update = rule;
        } else {
            return None;
        }
        at = end;
    }
    let key = ForeignKey {
        name: line.name(1),
        columns: names(&columns)?,
        referred_table,
        referred_columns: names(&referred)?,
        on_delete,
        on_update,
        deferrable: None,
        not_valid: false,
    };
    table.constraints.push(key.into());
    Some(())
}

/// To refuse at once or later is the same there.
fn action(line: &Words<'_>, at: usize) -> Option<(Option<Action>, usize)> {
    let rules: [(&[&str], Option<Action>); 5] = [
        (&["CASCADE"], Some(Action::Cascade)),
        (&["SET", "NULL"], Some(Action::SetNull)),
        (&["SET", "DEFAULT"], Some(Action::SetDefault)),
        (&["NO", "ACTION"], None),
        (&["RESTRICT"], None),
    ];
    let (words, rule) = rules.into_iter().find(|(words, _)| line.are(at, words))?;
    Some((rule, at + words.len()))
}

fn check(line: &Words<'_>, table: &mut Table) -> Option<()> {
    let (expression, end) = line.parentheses(3)?;
    if end != line.len() {
        return None;
    }
    let check: Constraint = Check::new(&expression.unwrapped().plain()).named(&line.name(1)?).into();
    table.constraints.push(check);
    Some(())
}
