//! Columns.

use alembic_sql::Dialect;

use super::{Surroundings, bytes::hexadecimal, words::Words};
use crate::{Column, DefaultValue, Generated, Identity, Type, Value, operation::is_current_time, token::Token};

/// Words that begin a clause.
const CLAUSES: [&str; 12] = [
    "CHARACTER",
    "COLLATE",
    "GENERATED",
    "NOT",
    "NULL",
    "DEFAULT",
    "ON",
    "AUTO_INCREMENT",
    "COMMENT",
    "INVISIBLE",
    "CHECK",
    "WITHOUT",
];

/// Reads a column of a table that has a collation.
pub(super) fn read(line: &Words<'_>, of_table: &str, around: &Surroundings) -> Option<Column> {
    let mut parts = clauses(line).into_iter();
    let column_type = parts.next().map(|words| words.plain()).unwrap_or_default();
    let mut column = Column::new(&line.name(0)?, Type::Native(column_type));
    let mut collation = None;
    let mut attributes = Vec::new();
    for clause in parts {
        let known = match clause.name(0).unwrap_or_default().as_str() {
            "CHARACTER" => {
                collation = around.character_sets.get(&clause.name(2)?).cloned();
                3
            }
            "COLLATE" => {
                collation = clause.name(1);
                2
            }
            _ => read_clause(&clause, &mut column, around),
        };
        let rest = clause.part(&clause.tokens[known..]);
        attributes.extend((rest.len() > 0).then(|| rest.plain()));
    }
    column.collation = collation.filter(|own| own != of_table);
    // MariaDB's type for JSON is text that is checked.
    let is_json = format!("CHECK (json_valid({}))", Dialect::Mariadb.quote(&column.name));
    if let Some(at) = attributes.iter().position(|attribute| *attribute == is_json) {
        attributes.remove(at);
        column.column_type = Type::native("json");
        column.collation = None;
    }
    column.attributes = (!attributes.is_empty()).then(|| attributes.join(" "));
    Some(column)
}

/// Cuts what follows the name of a column: into its type, and its clauses.
fn clauses<'s>(line: &Words<'s>) -> Vec<Words<'s>> {
    let tokens = &line.tokens;
    let depth = tokens[0].depth;
    let begins = |at: &usize| {
        let token = &tokens[*at];
        let before = &tokens[*at - 1];
        let is_word = !token.quoted && CLAUSES.iter().any(|word| token.text.eq_ignore_ascii_case(word));
        let is_continued = ["NOT", "DEFAULT"].iter().any(|word| before.text.eq_ignore_ascii_case(word));
        let is_null = token.text.eq_ignore_ascii_case("NULL") && is_continued;
        token.depth == depth && (is_word && !is_null || is_of_version(token))
    };
    let mut starts: Vec<usize> = std::iter::once(1).chain((2..tokens.len()).filter(begins)).collect();
    starts.push(tokens.len());
    starts.windows(2).map(|pair| line.part(&tokens[pair[0]..pair[1]])).collect()
}

/// Returns whether it is a clause that earlier versions pass over. Compression belongs to MariaDB's types.
fn is_of_version(token: &Token<'_>) -> bool {
    token.text.starts_with("/*") && !token.text.contains("COMPRESSED")
}

/// Reads a clause, and returns how many of its words are understood.
fn read_clause(clause: &Words<'_>, column: &mut Column, around: &Surroundings) -> usize {
    if clause.are(0, &["NOT", "NULL"]) {
        column.nullable = false;
        return 2;
    }
    if clause.are(0, &["NULL"]) {
        return 1;
    }
    if clause.are(0, &["AUTO_INCREMENT"]) {
        column.identity = Some(Identity::ByDefault);
        return 1;
    }
    if clause.are(0, &["ON", "UPDATE"]) {
        column.on_update = Some(clause.part(&clause.tokens[2..]).plain().to_lowercase());
        return clause.len();
    }
    if clause.are(0, &["DEFAULT"]) {
        column.default = default(clause, &column.column_type, around.dialect);
        return clause.len();
    }
    if clause.are(0, &["COMMENT"])
        && let Some(comment) = clause.literal(1)
    {
        column.comment = Some(comment);
        return 2;
    }
    if clause.are(0, &["GENERATED", "ALWAYS", "AS"])
        && let Some((expression, end)) = clause.parentheses(3)
    {
        let is_virtual = clause.are(end, &["VIRTUAL"]);
        let stored = !is_virtual && (clause.are(end, &["STORED"]) || clause.are(end, &["PERSISTENT"]));
        column.generated = Some(Generated { expression: expression.unwrapped().plain(), stored });
        return end + usize::from(is_virtual || stored);
    }
    0
}

/// Returns the default: MySQL has literals bare and expressions in parentheses, MariaDB has all bare.
fn default(clause: &Words<'_>, column_type: &Type, dialect: Dialect) -> Option<DefaultValue> {
    let words = clause.part(&clause.tokens[1..]);
    if words.len() == 1 && words.are(0, &["NULL"]) {
        return None;
    }
    if words.len() == 1
        && let Some(text) = words.literal(0)
    {
        let is_binary = dialect == Dialect::Mysql && column_type.sql(dialect).contains("binary");
        return Some(match is_binary || text.contains('\0') {
            true => DefaultValue::expression(&hexadecimal(text.as_bytes())),
            false => DefaultValue::Value(Value::Text(text)),
        });
    }
    if dialect == Dialect::Mariadb {
        return Some(DefaultValue::written(&words.plain(), dialect));
    }
    let expression = match words.parentheses(0) {
        // Bare it would be another default: one that `SHOW CREATE TABLE` and `MODIFY` tell apart.
        Some((inner, end)) if end == words.len() && is_current_time(&inner.plain()) => words.plain(),
        Some((inner, end)) if end == words.len() => inner.unwrapped().plain(),
        _ => words.plain(),
    };
    Some(DefaultValue::expression(&expression))
}
