//! fill label
//!
//! Revision ID: a1b2c3d4e5f6
//! Revises: 9f0a1b2c3d4e
//! Create Date: 2026-11-09 14:30:00+00:00
//! Transaction: none

use alembic_runtime::prelude::*;

/// Whoever writes meanwhile waits for five thousand rows at most.
pub fn upgrade<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    let label = match op.dialect() {
        Dialect::Mysql | Dialect::Mariadb => "CONCAT(t.name, ' ', assets.id)",
        _ => "t.name || ' ' || assets.id",
    };
    op.backfill(
        Backfill::new("assets", "id").batch(5000),
        &format!(
            "UPDATE assets SET label = (SELECT {label} FROM asset_types t WHERE t.id = assets.type_id) \
             WHERE id > :from AND id <= :to"
        ),
    )
}

pub fn downgrade<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.backfill(
        Backfill::new("assets", "id").batch(5000),
        "UPDATE assets SET label = NULL WHERE id > :from AND id <= :to",
    )
}
