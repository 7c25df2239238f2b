//! The schema that the revisions leave, as text beside `alembic.lock`: a pull request shows what becomes of it, and a
//! program that embeds its fingerprint notices when a database has another one.

use alembic_sql::{Checksum, Dialect};

use crate::{
    Naming, Other, Schema, Table,
    operation::{Operation, Unsupported, creation, render},
    sqlite::unread_clauses,
};

/// Returns the name of the file for a database.
#[must_use]
pub fn file_name(dialect: Dialect) -> String {
    format!("schema.{dialect}.sql")
}

/// Returns whether a file is a snapshot, and so no revision.
#[must_use]
pub fn is_snapshot(name: &str) -> bool {
    Dialect::ALL.into_iter().any(|dialect| file_name(dialect) == name)
}

const FINGERPRINT: &str = "-- Fingerprint: ";

/// Writes a schema down. Tables are in the order of their names.
///
/// # Errors
///
/// [`Unsupported`] for what cannot be written: nothing is left out.
pub fn render_snapshot(schema: &Schema, dialect: Dialect, naming: &Naming) -> Result<String, Unsupported> {
    let statements = |operation: &Operation| -> Result<Vec<String>, Unsupported> {
        Ok(render(operation, dialect, naming)?.iter().map(|statement| format!("{statement};")).collect())
    };
    let mut parts = vec![format!(
        "-- The schema that the revisions leave on {dialect}. Written by `cargo alembic snapshot`.\n{FINGERPRINT}{}",
        fingerprint(schema, dialect, naming)
    )];
    for of in &schema.enums {
        parts.extend(statements(&of.into())?);
    }
    for table in &schema.tables {
        // In our own spelling, a line per column, unless that says less.
        let is_said = unread_clauses(table.definition.as_deref()).is_empty();
        let definition = table.definition.clone().filter(|_| !is_said);
        let mut lines = Vec::new();
        for operation in creation(Table { definition, ..table.clone() }) {
            lines.extend(statements(&operation)?);
        }
        let others = table.others.iter().map(|other| other.definition.trim_end().trim_end_matches(';'));
        lines.extend(others.map(|definition| format!("{definition};")));
        parts.push(lines.join("\n"));
    }
    parts.extend(schema.others.iter().map(|Other { kind, name, definition }| {
        format!("-- {kind} {name}\n{}", definition.trim()).trim_end().to_owned()
    }));
    Ok(format!("{}\n", parts.join("\n\n")))
}

/// Returns a value that names a schema, wherever columns and constraints stand in their tables.
#[must_use]
pub fn fingerprint(schema: &Schema, dialect: Dialect, naming: &Naming) -> Checksum {
    let sorted = schema.clone().sorted();
    let mut texts: Vec<String> = Vec::new();
    for table in &sorted.tables {
        texts.extend(
            render(&Operation::CreateTable(table.clone()), dialect, naming)
                .unwrap_or_else(|error| vec![format!("{error}: {table:?}")]),
        );
        texts.extend(
            unread_clauses(table.definition.as_deref())
                .into_iter()
                .map(|(column, clause)| format!("{column:?} {clause}")),
        );
    }
    texts.extend(sorted.enums.iter().map(|of| format!("{} {:?}", of.name, of.values)));
    texts.extend(sorted.all_others().map(|other| format!("{} {} {}", other.kind, other.name, other.definition)));
    Checksum::of(texts.iter().map(String::as_bytes))
}

/// Reads the fingerprint of a snapshot.
#[must_use]
pub fn read_fingerprint(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix(FINGERPRINT)).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Name, Type};

    #[test]
    fn the_order_of_columns_does_not_count() {
        let table = |names: [&str; 2]| {
            let columns = names.map(|name| Column::new(name, Type::native("INTEGER")));
            let table = Table { columns: columns.to_vec(), ..Table::new(Name::from_plain("t")) };
            Schema { tables: vec![table], ..Schema::default() }
        };
        let of = |schema: &Schema| fingerprint(schema, Dialect::Sqlite, &Naming::default());
        assert_eq!(of(&table(["a", "b"])), of(&table(["b", "a"])));
        assert_ne!(of(&table(["a", "b"])), of(&table(["a", "c"])));
        let text = render_snapshot(&table(["a", "b"]), Dialect::Sqlite, &Naming::default()).unwrap();
        assert_eq!(read_fingerprint(&text), Some(of(&table(["a", "b"])).to_string().as_str()));
        assert!(is_snapshot("schema.sqlite.sql") && !is_snapshot("schema.sql"));
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_has_a_fingerprint_of_its_own() {
        let of = |expression: &str| {
            let column = Column::new("a", Type::native("int")).generated_stored(expression).not_null();
            let table = Table::new("t").column(column);
            Schema { tables: vec![table], ..Schema::default() }
        };
        assert!(render_snapshot(&of("b + 1"), Dialect::Mariadb, &Naming::default()).is_err());
        let of = |expression: &str| fingerprint(&of(expression), Dialect::Mariadb, &Naming::default());
        assert_ne!(of("b + 1"), of("b + 2"));
    }
}
