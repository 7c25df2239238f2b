//! Naming convention: constraints and indexes without a name get one, so that a later revision can drop them.

use alembic_sql::Checksum;

use super::{Constraint, Index, IndexKey, Name};

/// PostgreSQL truncates names to 63 bytes, MySQL refuses more than 64 characters.
const LONGEST: usize = 63;

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
    /// Returns the name of a constraint, its own or that of the convention.
    #[must_use]
    pub fn constraint(&self, table: &Name, constraint: &Constraint) -> String {
        if let Some(name) = constraint.own_name() {
            return name.clone();
        }
        let (pattern, referred, expression) = match constraint {
            Constraint::PrimaryKey(_) => (&self.primary_key, "", ""),
            Constraint::Unique(_) => (&self.unique, "", ""),
            Constraint::ForeignKey(key) => (&self.foreign_key, key.referred_table.name.as_str(), ""),
            Constraint::Check(check) => (&self.check, "", check.expression.as_str()),
        };
        fill(pattern, &table.name, &constraint.columns().join("_"), referred, expression)
    }

    /// Returns the name of an index, its own or that of the convention.
    #[must_use]
    pub fn index(&self, index: &Index) -> String {
        if let Some(name) = &index.name {
            return name.clone();
        }
        let part = |key: &IndexKey| match key {
            IndexKey::Column(column) | IndexKey::Descending(column) => column.clone(),
            IndexKey::Expression(expression) | IndexKey::Written(expression) => short(expression),
        };
        let columns = index.keys.iter().map(part).collect::<Vec<_>>().join("_");
        fill(&self.index, &index.table.name, &columns, "", index.predicate.as_deref().unwrap_or_default())
    }
}

fn short(text: &str) -> String {
    Checksum::of([text.as_bytes()]).to_string()[..6].to_owned()
}

/// Fills a pattern in.
fn fill(pattern: &str, table: &str, columns: &str, referred: &str, expression: &str) -> String {
    let name = pattern
        .replace("{table}", table)
        .replace("{columns}", columns)
        .replace("{referred_table}", referred)
        .replace("{checksum}", &short(expression));
    shortened(&name)
}

/// Returns a name that fits: one that is too long ends in its checksum instead.
pub(crate) fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let end = (0..=LONGEST - 7).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}_{}", &name[..end], short(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, ForeignKey, PrimaryKey, Unique};

    #[test]
    fn names_follow_the_convention() {
        let name = |constraint: Constraint| Naming::default().constraint(&"app.posts".into(), &constraint);
        assert_eq!(name(PrimaryKey::new(["id"]).into()), "pk_posts");
        assert_eq!(name(Unique::new(["a", "b"]).into()), "uq_posts_a_b");
        assert_eq!(name(ForeignKey::new(["user_id"], "users", ["id"]).into()), "fk_posts_user_id_users");
        assert_eq!(name(Check::new("a > 0").named("positive").into()), "positive");
        let index = |columns: [&str; 2]| Naming::default().index(&Index::new("posts", columns));
        assert_eq!(index(["a", "b"]), "ix_posts_a_b");
        let long = "x".repeat(60);
        assert_eq!(index([&long, "b"]).len(), LONGEST);
        assert_ne!(index([&long, "b"]), index([&long, "c"]));
    }
}
