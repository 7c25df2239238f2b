//! Parts of tables that are known as text: what a change of the table takes along, and what makes it again.

use alembic_sql::{Dialect, mentioned};

use super::{Block, Diff, Hazard, HazardKind, TableDiff};
use crate::{Name, Other, Schema, operation::Operation};

impl Diff {
    /// Compares the schema that there is to be with the one that was found after the operations had run. Returns what makes
    /// those parts again that the database took along, and hazards for those that name a column that is gone.
    #[must_use]
    pub fn lost_parts(&self, wanted: &Schema, found: &Schema, dialect: Dialect) -> (Vec<Block>, Vec<Hazard>) {
        let execute = |other: &Other| Block::new(Operation::Execute(other.definition.clone()));
        let (mut again, mut gone) = (lost_comments(wanted, found).map(execute).collect::<Vec<_>>(), Vec::new());
        for diff in &self.altered_tables {
            for other in diff.lost_parts(wanted, found) {
                match diff.dropped_column_in(&other.definition, dialect) {
                    Some(column) => {
                        let message = format!("{other} goes with `{}.{column}`, which it names", diff.after.name);
                        gone.push(Hazard::new(HazardKind::BreaksDependents, message));
                    }
                    None => again.push(execute(other)),
                }
            }
        }
        (again, gone)
    }
}

impl TableDiff {
    fn lost_parts<'s>(&self, wanted: &'s Schema, found: &'s Schema) -> impl Iterator<Item = &'s Other> {
        let of = |schema: &'s Schema| schema.table(&self.after.name).map(|table| table.others.as_slice());
        let there = of(found).unwrap_or_default();
        of(wanted).unwrap_or_default().iter().filter(|other| !there.iter().any(|found| found.is_called_like(other)))
    }

    fn dropped_column_in(&self, definition: &str, dialect: Dialect) -> Option<&String> {
        let named = mentioned(definition, dialect);
        self.gone().map(|column| &column.name).find(|name| named.contains(*name))
    }
}

/// Returns the comments of objects that were made again without them.
fn lost_comments<'s>(wanted: &'s Schema, found: &'s Schema) -> impl Iterator<Item = &'s Other> {
    let is_there = |name: &Name| {
        let others = || found.others.iter().any(|other| other.name == *name && !other.is_comment());
        found.enumeration(name).is_some() || others()
    };
    let comments = wanted.others.iter().filter(|other| other.is_comment());
    let lost = comments.filter(|other| !found.others.iter().any(|found| found.is_called_like(other)));
    lost.filter(move |other| is_there(&other.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Enumeration, Table, Type};

    fn schema(columns: &[&str], others: &[(&str, &str)]) -> Schema {
        let mut table = Table::new(Name::from_plain("t"));
        table.columns = columns.iter().map(|name| Column::new(name, Type::native("integer"))).collect();
        table.others = others
            .iter()
            .map(|(name, definition)| Other {
                kind: "index".to_owned(),
                name: Name::from_plain(name),
                definition: (*definition).to_owned(),
            })
            .collect();
        Schema { tables: vec![table], ..Schema::default() }
    }

    #[test]
    fn what_names_a_dropped_column_is_told_and_the_rest_is_made_again() {
        let parts = [("one", "CREATE INDEX one ON t (a) WITH (x)"), ("two", "CREATE INDEX two ON t (a, b) WITH (x)")];
        let before = schema(&["a", "b"], &parts);
        let wanted = schema(&["a"], &parts);
        let diff = Diff::between(&before, &wanted, Dialect::Postgres);
        let (again, gone) = diff.lost_parts(&wanted, &schema(&["a"], &[]), Dialect::Postgres);
        assert_eq!(again, [Block::new(Operation::Execute(parts[0].1.to_owned()))]);
        assert_eq!(
            gone.iter().map(|hazard| hazard.message.as_str()).collect::<Vec<_>>(),
            ["index `two` goes with `t.b`, which it names"]
        );
        assert_eq!(diff.lost_parts(&wanted, &wanted, Dialect::Postgres), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_type_that_was_made_again_gets_its_comment_again() {
        let name = Name::from_plain("mood");
        let comment = Other {
            kind: "comment".to_owned(),
            name: name.clone(),
            definition: "COMMENT ON TYPE mood IS 'x'".to_owned(),
        };
        let wanted = Schema { others: vec![comment], ..Schema::default() };
        let made =
            |enums| Diff::default().lost_parts(&wanted, &Schema { enums, ..Schema::default() }, Dialect::Postgres).0;
        assert_eq!(made(Vec::new()), []);
        let again = made(vec![Enumeration { name, values: Vec::new() }]);
        assert_eq!(again, [Block::new(Operation::Execute("COMMENT ON TYPE mood IS 'x'".to_owned()))]);
    }

    #[test]
    fn what_is_missing_is_made_after_its_table() {
        let parts =
            [("one", "CREATE INDEX one ON t (a) WITH (x)"), ("id", "ALTER TABLE t REPLICA IDENTITY USING INDEX one")];
        let (none, all) = (Schema::default(), schema(&["a"], &parts));
        let made = |before: &Schema| {
            let blocks = Diff::between(before, &all, Dialect::Postgres).blocks(
                Dialect::Postgres,
                &crate::Naming::default(),
                &|_| None,
                super::super::Locking::Plain,
            );
            let operations = blocks.into_iter().flat_map(|block| block.operations);
            operations.filter(|operation| matches!(operation, Operation::Execute(_))).collect::<Vec<_>>()
        };
        let all_parts = parts.map(|(_, definition)| Operation::Execute(definition.to_owned()));
        assert_eq!(made(&none), all_parts);
        assert_eq!(made(&schema(&["a"], &parts[..1])), all_parts[1..]);
        // One that is defined otherwise is told; there is no way from one text to another.
        assert_eq!(made(&schema(&["a"], &[("one", "CREATE INDEX one ON t (a)"), parts[1]])), []);
        let diff = Diff::between(&schema(&["a"], &[("one", "x"), ("three", "y")]), &all, Dialect::Postgres);
        let told: Vec<String> = diff.differences(Dialect::Postgres).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["removed index `three` of `t`", "added index `id` of `t`", "changed index `one` of `t`"]);
    }
}
