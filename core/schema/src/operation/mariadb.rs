//! MariaDB, where it differs from MySQL.

use alembic_sql::Dialect;

use super::{ddl::Conditional, mysql_family::Member};
use crate::{ConstraintKind, DefaultValue, Type};

pub(super) struct Mariadb;

impl Member for Mariadb {
    fn dialect(&self) -> Dialect {
        Dialect::Mariadb
    }

    /// All but `DROP PRIMARY KEY`.
    fn takes(&self, conditional: Conditional) -> bool {
        conditional != Conditional::DropConstraint(ConstraintKind::PrimaryKey)
    }

    fn computes_not_null(&self) -> bool {
        false
    }

    fn indexes_expressions(&self) -> bool {
        false
    }

    fn renames_in_expressions(&self) -> bool {
        true
    }

    fn sets_default_alone(&self, _default: &DefaultValue, _column_type: &Type) -> bool {
        true
    }
}
