//! Guesses renames: a dropped and an added object with equal structure.

use alembic_schema::{
    Column, Table,
    diff::{Diff, Renames},
};

/// Asks whether a drop and an addition that look alike are a new name.
pub(super) fn renames(diff: &Diff, ask: &mut dyn FnMut(&str) -> bool) -> Renames {
    let mut renames = Renames::default();
    let mut taken: Vec<&Table> = Vec::new();
    for dropped in &diff.dropped_tables {
        for created in &diff.created_tables {
            if !taken.contains(&created)
                && dropped.name.schema == created.name.schema
                && looks_like(dropped, created)
                && ask(&format!("Was the table `{}` renamed to `{}`?", dropped.name, created.name))
            {
                renames.tables.push((dropped.name.clone(), created.name.clone()));
                taken.push(created);
                break;
            }
        }
    }
    for table in &diff.altered_tables {
        let mut taken: Vec<&Column> = Vec::new();
        for dropped in &table.dropped {
            for added in &table.added {
                if !taken.contains(&added)
                    && dropped.name != added.name
                    && alike(dropped, added)
                    && ask(&format!(
                        "Was the column `{0}.{1}` renamed to `{0}.{2}`?",
                        table.after.name, dropped.name, added.name
                    ))
                {
                    renames.columns.push((table.after.name.clone(), dropped.name.clone(), added.name.clone()));
                    taken.push(added);
                    break;
                }
            }
        }
    }
    renames
}

fn alike(one: &Column, other: &Column) -> bool {
    one.column_type == other.column_type && one.nullable == other.nullable && one.generated == other.generated
}

fn looks_like(one: &Table, other: &Table) -> bool {
    let has = |column: &Column| other.columns.iter().any(|same| same.name == column.name && alike(column, same));
    one.columns.len() == other.columns.len() && one.columns.iter().all(has)
}
