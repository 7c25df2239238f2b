//! What a revision in Rust needs: `use alembic_runtime::prelude::*`.

pub use alembic_schema::{
    Action, Check, Column, ConstraintKind, DefaultValue, ForeignKey, Identity, Index, IndexKey, Initially, Name,
    PrimaryKey, Sequence, Table, Type, Unique, Value,
    operation::{AlterColumn, BatchAlterTable, BulkInsert, Operation, Recreate},
};
pub use alembic_sql::Dialect;
pub use diesel::{
    connection::{LoadConnection, SimpleConnection},
    prelude::*,
};

#[cfg(any(feature = "pure-postgres", feature = "pure-mysql"))]
pub use crate::pure;
pub use crate::{
    MigrationBackend,
    op::{Backfill, MigrationResult, Op},
    rows,
};
