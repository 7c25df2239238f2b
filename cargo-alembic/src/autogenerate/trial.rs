//! Trial of what is generated: up and down on the scratch database, which tells what is left to do.

use alembic_graph::Hint;
use alembic_runtime::{MigrationBackend, cli::CommandError};
use alembic_schema::{
    Object, Schema,
    diff::{Block, Diff, Hazard, Locking, Subject},
};
use diesel::connection::LoadConnection;

use super::{Compared, WantedObjects, apply, expect, sources};
use crate::look::{failed, look};

/// What is to be tried.
pub(super) struct Trial<'t> {
    pub(super) compared: &'t Compared,
    pub(super) locking: Locking,
    /// None are objects that stay as they are.
    pub(super) objects: &'t WantedObjects,
}

/// An upgrade that was tried.
pub(super) struct Up {
    pub(super) blocks: Vec<Block>,
    /// The schema that it leaves.
    pub(super) after: Schema,
    /// What goes with the tables.
    pub(super) gone: Vec<Hazard>,
    /// Whether SQLite must not look at foreign keys meanwhile.
    pub(super) disturbs: bool,
}

/// A downgrade that was tried.
pub(super) struct Down {
    pub(super) blocks: Vec<Block>,
    /// The schema that it leaves.
    pub(super) left: Schema,
    /// Whether SQLite must not look at foreign keys meanwhile.
    pub(super) disturbs: bool,
}

impl Trial<'_> {
    /// Changes the scratch database, which has its new names already.
    pub(super) fn up<C>(&self, conn: &mut C) -> Result<Up, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let Self { compared, locking, objects } = self;
        let (dialect, naming) = (compared.dialect, &compared.naming);
        let replacement = objects.upgrade(&compared.diff);
        let run = |conn: &mut C, blocks: &[Block]| {
            apply(conn, blocks, dialect, naming, false).map_err(|error| error.hint(Hint::UpgradeDoesNotRun))
        };
        run(conn, &replacement.before)?;
        let all = objects.all();
        let tables = compared.change_tables(conn, *locking, &all)?;
        run(conn, &replacement.after)?;
        let after = if replacement.after.is_empty() { tables.after } else { look(conn, &compared.inspection)? };
        let left = Diff::between(&after, &compared.wanted, dialect).differences(dialect).into_iter();
        let left = left.filter(|difference| difference.subject != Subject::Other).collect();
        expect(left, "the models want what no operation brings about")?;
        compared.refuse_to_break(conn, &after)?;
        if !all.is_empty() {
            compared.expect_objects(
                conn,
                &after,
                &objects.new,
                "the objects come out otherwise than their files make them",
            )?;
        }
        let blocks = [replacement.before, tables.blocks, replacement.after].concat();
        Ok(Up { blocks, after, ..tables })
    }

    /// Changes the scratch database back, which is as `after` says.
    pub(super) fn down<C>(&self, conn: &mut C, after: &Schema) -> Result<Down, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let Self { compared, locking, objects } = self;
        let (dialect, naming) = (compared.dialect, &compared.naming);
        let all = objects.all();
        let run = |conn: &mut C, blocks: &[Block], disturbs: bool| {
            apply(conn, blocks, dialect, naming, disturbs).map_err(|error| error.hint(Hint::DowngradeDoesNotRun))
        };
        let after = after.without_objects(&all);
        let renamed = compared.renamed.without_objects(&all);
        let created = compared.diff.created_schemas.iter().filter(|schema| !compared.schemas.contains(schema));
        let back = Diff { dropped_schemas: created.cloned().collect(), ..Diff::between(&after, &renamed, dialect) };
        let replacement = objects.downgrade(&back);
        run(conn, &replacement.before, false)?;
        let mut blocks = compared.blocks(conn, &back, *locking)?;
        let disturbs = back.disturbs_foreign_keys(&after, &blocks);
        run(conn, &blocks, disturbs)?;
        let (mut left, _) = compared.with_lost_parts(conn, &back, &renamed, &mut blocks)?;
        let undone = compared.renames.undone(&compared.before, dialect, naming);
        if !undone.is_empty() || !replacement.after.is_empty() {
            run(conn, &undone, disturbs)?;
            run(conn, &replacement.after, false)?;
            left = look(conn, &compared.inspection)?;
        }
        let differing = Diff::between(&left, &compared.before, dialect).differences(dialect);
        expect(differing, "the downgrade would not restore the schema")?;
        if !all.is_empty() {
            compared.expect_objects(conn, &left, &objects.before, "the downgrade would not restore the objects")?;
        }
        Ok(Down { blocks: [replacement.before, blocks, undone, replacement.after].concat(), left, disturbs })
    }
}

impl Compared {
    /// Changes the tables, and makes those parts of them again that this took along, but for `objects`.
    pub(super) fn change_tables<C>(
        &self,
        conn: &mut C,
        locking: Locking,
        objects: &[Object],
    ) -> Result<Up, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let mut blocks = self.blocks(conn, &self.diff, locking)?;
        let disturbs = self.diff.disturbs_foreign_keys(&self.renamed, &blocks);
        apply(conn, &blocks, self.dialect, &self.naming, disturbs)
            .map_err(|error| error.hint(Hint::UpgradeDoesNotRun))?;
        let wanted = self.wanted.without_objects(objects);
        let (after, gone) = self.with_lost_parts(conn, &self.diff, &wanted, &mut blocks)?;
        Ok(Up { blocks, after, gone, disturbs })
    }

    /// Makes those parts again that operations took along, and returns the schema that is there then.
    fn with_lost_parts<C>(
        &self,
        conn: &mut C,
        diff: &Diff,
        wanted: &Schema,
        blocks: &mut Vec<Block>,
    ) -> Result<(Schema, Vec<Hazard>), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let found = look(conn, &self.inspection)?;
        let (again, gone) = diff.lost_parts(wanted, &found, self.dialect);
        if again.is_empty() {
            return Ok((found, gone));
        }
        apply(conn, &again, self.dialect, &self.naming, false)?;
        blocks.extend(again);
        Ok((look(conn, &self.inspection)?, gone))
    }

    fn blocks<C>(&self, conn: &mut C, diff: &Diff, locking: Locking) -> Result<Vec<Block>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let sources = sources(conn).map_err(failed("look at the tables"))?;
        Ok(diff.blocks(self.dialect, &self.naming, &|table| sources.get(table).cloned(), locking))
    }
}
