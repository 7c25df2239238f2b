//! require label
//!
//! Revision ID: b2c3d4e5f6a7
//! Revises: a1b2c3d4e5f6
//! Create Date: 2026-11-16 10:30:00+00:00

use alembic_runtime::prelude::*;

const LABEL: Type = Type::Varchar(80);

/// SQLite rebuilds the table; the others alter it.
pub fn upgrade<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.batch_alter_table("assets", |table| {
        table
            .alter_column("label", |label| label.not_null().existing(Column::new("label", LABEL)))
            .create_index(Index::new("assets", ["type_id"]))
            .create_constraint(ForeignKey::new(["type_id"], "asset_types", ["id"]).on_delete(Action::Restrict))
    })?;
    Ok(())
}

pub fn downgrade<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.batch_alter_table("assets", |table| {
        table
            .drop_constraint("fk_assets_type_id_asset_types", ConstraintKind::ForeignKey)
            .drop_index("ix_assets_type_id")
            .alter_column("label", |label| label.nullable().existing(Column::new("label", LABEL).not_null()))
    })?;
    Ok(())
}
