//! Constraints.

use alembic_sql::wording::joined;

use super::render::{Unsupported, Writer, unsupported};
use crate::{Constraint, ForeignKey, Initially, Name};

impl Writer<'_> {
    /// Returns a constraint with its name, as it stands in `CREATE TABLE` and after `ADD`.
    pub(super) fn constraint(self, table: &Name, constraint: &Constraint) -> Result<String, Unsupported> {
        let dialect = self.dialect;
        let columns = |columns: &[String]| joined(columns.iter().map(|column| dialect.quote(column)));
        let name = dialect.quote(&self.naming.constraint(table, constraint));
        let body = match constraint {
            Constraint::PrimaryKey(key) => format!("PRIMARY KEY ({})", columns(&key.columns)),
            Constraint::Unique(unique) => {
                if unique.deferrable.is_some() {
                    self.postgres_only("deferrable unique constraints", "leave `deferrable` out")?;
                }
                format!("UNIQUE ({}){}", columns(&unique.columns), deferrable(unique.deferrable))
            }
            Constraint::ForeignKey(key) => self.foreign_key(key, &columns)?,
            Constraint::Check(check) => {
                if check.not_valid {
                    self.postgres_only("constraints that are not valid yet", "leave `not_valid` out")?;
                }
                format!("CHECK ({}){}", check.expression, if check.not_valid { " NOT VALID" } else { "" })
            }
        };
        Ok(format!("CONSTRAINT {name} {body}"))
    }

    fn foreign_key(self, key: &ForeignKey, columns: &dyn Fn(&[String]) -> String) -> Result<String, Unsupported> {
        if key.not_valid {
            self.postgres_only("constraints that are not valid yet", "leave `not_valid` out")?;
        }
        if key.deferrable.is_some() && self.dialect.is_mysql_family() {
            return Err(unsupported(self.dialect, "deferrable foreign keys", "leave `deferrable` out"));
        }
        let mut sql = format!(
            "FOREIGN KEY ({}) REFERENCES {} ({})",
            columns(&key.columns),
            key.referred_table.sql(self.dialect),
            columns(&key.referred_columns)
        );
        for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
            if let Some(action) = action {
                sql = format!("{sql} ON {event} {}", action.sql());
            }
        }
        sql.push_str(&deferrable(key.deferrable));
        if key.not_valid {
            sql.push_str(" NOT VALID");
        }
        Ok(sql)
    }
}

fn deferrable(initially: Option<Initially>) -> String {
    initially.map(|initially| format!(" {}", initially.sql())).unwrap_or_default()
}
