//! seed asset types
//!
//! Revision ID: 7de8469a594f
//! Revises: 2ec8169a394e
//! Create Date: 2026-11-03 10:00:00+00:00

use alembic_runtime::prelude::*;

/// Outside production there is something to look at, too: `-x assets=100000` says how much.
pub fn upgrade<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.bulk_insert(
        "asset_types",
        rows![{ id: 1, name: "CHECKING" }, { id: 2, name: "SAVINGS" }, { id: 3, name: "BROKERAGE" }],
    )?;
    let wanted: i32 = match op.argument("assets") {
        Some(number) => number.parse()?,
        None if op.environment() == "production" => 0,
        None => 1000,
    };
    let asset = |id: i32| rows![{ id: id, type_id: 1 + id % 3, cents: i64::from(id) * 7 }];
    op.bulk_insert("assets", (1..=wanted).flat_map(asset))?;
    Ok(())
}

pub fn downgrade<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.execute("DELETE FROM assets; DELETE FROM asset_types")?;
    Ok(())
}
