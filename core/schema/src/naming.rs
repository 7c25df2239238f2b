//! Naming convention: constraints and indexes without a name get one, so that a later revision can drop them.

use alembic_sql::Dialect;

use super::{
    Constraint, Index, IndexKey, Name,
    name_limit::{short, shortened},
};

/// Naming convention.
///
/// In each pattern `{table}` is the table, `{columns}` its columns joined with `_`,
/// `{referred_table}` the referenced table, `{checksum}` six digits of the checksum of the condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// Pattern for primary keys.
    pub primary_key: String,
    /// Pattern for unique constraints.
    pub unique: String,
    /// Pattern for foreign keys.
    pub foreign_key: String,
    /// Pattern for check constraints.
    pub check: String,
    /// Pattern for indexes.
    pub index: String,
}

impl Default for Naming {
    fn default() -> Self {
        Self {
            primary_key: "pk_{table}".into(),
            unique: "uq_{table}_{columns}".into(),
            foreign_key: "fk_{table}_{columns}_{referred_table}".into(),
            check: "ck_{table}_{checksum}".into(),
            index: "ix_{table}_{columns}".into(),
        }
    }
}

impl Naming {
    /// Returns the name of a constraint, its own or that of the convention, which fits the database.
    #[must_use]
    pub fn constraint(&self, table: &Name, constraint: &Constraint, dialect: Dialect) -> String {
        match constraint.own_name() {
            Some(name) => name.clone(),
            None => shortened(&self.constraint_text(table, constraint, short), dialect),
        }
    }

    /// Returns the name of an index, its own or that of the convention, which fits the database.
    #[must_use]
    pub fn index(&self, index: &Index, dialect: Dialect) -> String {
        match &index.name {
            Some(name) => name.clone(),
            None => shortened(&self.index_text(index, short), dialect),
        }
    }

    /// Returns the name that a constraint has by convention once names in it have changed; none if it has no name by
    /// convention now.
    pub(crate) fn renamed_constraint(
        &self,
        (old_table, old): (&Name, &Constraint),
        (new_table, new): (&Name, &Constraint),
        dialect: Dialect,
    ) -> Option<String> {
        let before = self.constraint_text(old_table, old, blank);
        let after = self.constraint_text(new_table, new, blank);
        refilled(old.own_name()?, &before, &after, dialect)
    }

    /// Returns the name that an index has by convention once names in it have changed; none if it has no name by
    /// convention now.
    pub(crate) fn renamed_index(&self, old: &Index, new: &Index, dialect: Dialect) -> Option<String> {
        refilled(old.name.as_ref()?, &self.index_text(old, blank), &self.index_text(new, blank), dialect)
    }

    fn constraint_text(&self, table: &Name, constraint: &Constraint, checksum: Checksummed) -> String {
        let (pattern, referred, expression) = match constraint {
            Constraint::PrimaryKey(_) => (&self.primary_key, "", ""),
            Constraint::Unique(_) => (&self.unique, "", ""),
            Constraint::ForeignKey(key) => (&self.foreign_key, key.referred_table.name.as_str(), ""),
            Constraint::Check(check) => (&self.check, "", check.expression.as_str()),
        };
        fill(pattern, &table.name, &constraint.columns().join("_"), referred, &checksum(expression))
    }

    fn index_text(&self, index: &Index, checksum: Checksummed) -> String {
        let part = |key: &IndexKey| match key {
            IndexKey::Column(column) | IndexKey::Descending(column) => column.clone(),
            IndexKey::Expression(expression) | IndexKey::Written(expression) => checksum(expression),
        };
        let columns = index.keys.iter().map(part).collect::<Vec<_>>().join("_");
        let predicate = checksum(index.predicate.as_deref().unwrap_or_default());
        fill(&self.index, &index.table.name, &columns, "", &predicate)
    }
}

/// The word for an expression in a name.
type Checksummed = fn(&str) -> String;

/// Stands for a checksum of words that the database has put otherwise since.
const BLANK: char = '\0';

fn blank(_expression: &str) -> String {
    BLANK.to_string()
}

/// Fills a pattern in.
fn fill(pattern: &str, table: &str, columns: &str, referred: &str, checksum: &str) -> String {
    pattern
        .replace("{table}", table)
        .replace("{columns}", columns)
        .replace("{referred_table}", referred)
        .replace("{checksum}", checksum)
}

/// Returns `after` with the checksums that `name` has where `before` has blanks; none if it is another name.
fn refilled(name: &str, before: &str, after: &str, dialect: Dialect) -> Option<String> {
    if !before.contains(BLANK) {
        return (shortened(before, dialect) == name).then(|| shortened(after, dialect));
    }
    let mut checksums = checksums(name, before)?.into_iter();
    let fill = |c: char| if c == BLANK { checksums.next().unwrap_or_default().to_owned() } else { c.to_string() };
    Some(shortened(&after.chars().map(fill).collect::<String>(), dialect))
}

/// Returns what a name has in the places of blanks; none if all else is not the same.
fn checksums<'n>(name: &'n str, template: &str) -> Option<Vec<&'n str>> {
    let mut parts = template.split(BLANK);
    let mut rest = name.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    for part in parts {
        let (checksum, after) = rest.split_at_checked(6)?;
        found.push(checksum);
        rest = after.strip_prefix(part)?;
    }
    let is_checksum = |text: &&str| text.bytes().all(|b| b.is_ascii_hexdigit());
    (rest.is_empty() && found.iter().all(is_checksum)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, ForeignKey, PrimaryKey, Unique};

    #[test]
    fn names_follow_the_convention() {
        let name =
            |constraint: Constraint| Naming::default().constraint(&"app.posts".into(), &constraint, Dialect::Postgres);
        assert_eq!(name(PrimaryKey::new(["id"]).into()), "pk_posts");
        assert_eq!(name(Unique::new(["a", "b"]).into()), "uq_posts_a_b");
        assert_eq!(name(ForeignKey::new(["user_id"], "users", ["id"]).into()), "fk_posts_user_id_users");
        assert_eq!(name(Check::new("a > 0").named("positive").into()), "positive");
        let index = |columns: [&str; 2]| Naming::default().index(&Index::new("posts", columns), Dialect::Postgres);
        assert_eq!(index(["a", "b"]), "ix_posts_a_b");
        let long = "x".repeat(60);
        assert_eq!(index([&long, "b"]).len(), 63);
        assert_ne!(index([&long, "b"]), index([&long, "c"]));
    }

    #[test]
    fn names_by_convention_follow_what_they_name() {
        let naming = Naming::default();
        let check = |name: &str| Constraint::from(Check::new("(a > 0)").named(name));
        let followed = |name: &str| {
            let check = check(name);
            naming.renamed_constraint((&"a".into(), &check), (&"b".into(), &check), Dialect::Postgres)
        };
        assert_eq!(followed("ck_a_12ab9f").as_deref(), Some("ck_b_12ab9f"));
        assert_eq!(followed("ck_a_positive"), None);
        assert_eq!(followed("ck_a_12ab9g"), None);
        let index = |table: &str, name: &str| Index::new(table, [IndexKey::Written("lower(n)".into())]).named(name);
        let followed = |name: &str| naming.renamed_index(&index("a", name), &index("b", name), Dialect::Postgres);
        assert_eq!(followed("ix_a_0123ab").as_deref(), Some("ix_b_0123ab"));
        assert_eq!(followed("ix_a_é123"), None);
    }
}
