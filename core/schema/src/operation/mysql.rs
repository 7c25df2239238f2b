//! MySQL, where it differs from MariaDB.

use alembic_sql::Dialect;

use super::{ddl::Conditional, mysql_default, mysql_family::Member};
use crate::{DefaultValue, Type};

pub(super) struct Mysql;

impl Member for Mysql {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn takes(&self, _conditional: Conditional) -> bool {
        false
    }

    fn computes_not_null(&self) -> bool {
        true
    }

    fn indexes_expressions(&self) -> bool {
        true
    }

    fn renames_in_expressions(&self) -> bool {
        false
    }

    /// `ALTER COLUMN … SET DEFAULT` takes neither a constant for a large type nor `CURRENT_TIMESTAMP`.
    fn sets_default_alone(&self, default: &DefaultValue, column_type: &Type) -> bool {
        match default {
            DefaultValue::Value(_) => !mysql_default::is_large(column_type),
            DefaultValue::Expression(sql) => {
                let is_large_constant = mysql_default::is_large(column_type) && mysql_default::is_constant(sql);
                !is_large_constant && !mysql_default::is_current_time_of(sql, Some(column_type))
            }
            DefaultValue::Now => false,
        }
    }
}
