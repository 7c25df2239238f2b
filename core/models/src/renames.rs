//! What models call otherwise than a schema does.

use alembic_schema::{Column, Name, Schema, diff::Renames};
use alembic_sql::Dialect;

use super::{ModelColumn, ModelTable, Models};

impl Models {
    /// Returns the models with the names that a schema has for them: those of its current schema go without saying.
    pub(super) fn within(&self, schema: &Schema) -> Self {
        let mut models = self.clone();
        for table in &mut models.tables {
            table.name = schema.unqualified(&table.name);
            table.indexes.iter_mut().for_each(|index| index.table = schema.unqualified(&index.table));
        }
        for name in models.types.iter_mut().filter_map(|declared| declared.postgres.as_mut()) {
            *name = schema.unqualified(name);
        }
        models
    }

    /// Returns what of a schema is to be called otherwise. `is_known` tells whether a revision has the name by way of which
    /// names are exchanged.
    #[must_use]
    pub fn renames(&self, current: &Schema, dialect: Dialect, is_known: &dyn Fn(&str) -> bool) -> Renames {
        let models = self.within(current);
        let mut renames = Renames::default();
        for table in &models.tables {
            if let Some(old) = &table.renamed_from {
                renames.tables.push((table.name.beside(old), table.name.clone()));
            }
            let columns = table.columns.iter().filter_map(|column| Some((column, column.renamed_from.as_ref()?)));
            renames.columns.extend(columns.map(|(column, old)| (table.name.clone(), old.clone(), column.name.clone())));
        }
        renames.that_apply(current, &|circle| match models.fit_of(circle, current, dialect) {
            Some(are_exchanged) => are_exchanged,
            None => circle.name_aside(dialect).is_some_and(|name| is_known(&name)),
        })
    }

    /// Returns whether names that go round in a circle have been exchanged, going by the types of what has them; none if
    /// that does not tell.
    fn fit_of(&self, circle: &Renames, current: &Schema, dialect: Dialect) -> Option<bool> {
        let fits = |model: &ModelTable, name: &Name| {
            current.table(name).is_some_and(|table| {
                let same = |column: &ModelColumn| {
                    table
                        .columns
                        .iter()
                        .any(|is| is.name == column.name && self.fits_column(model, column, is, dialect))
                };
                table.columns.len() == model.columns.len() && model.columns.iter().all(same)
            })
        };
        let column_fits = |model: &ModelTable, new: &String, name: &String| {
            let column = model.columns.iter().find(|column| column.name == *new);
            let table = current.table(circle.old_table(&model.name));
            let is = table.and_then(|table| table.columns.iter().find(|is| is.name == *name));
            column.zip(is).is_some_and(|(column, is)| self.fits_column(model, column, is, dialect))
        };
        let model = |name: &Name| self.table(name);
        let (now, then) = match circle.columns.is_empty() {
            true => (
                circle.tables.iter().all(|(_, new)| model(new).is_some_and(|model| fits(model, new))),
                circle.tables.iter().all(|(old, new)| model(new).is_some_and(|model| fits(model, old))),
            ),
            false => (
                circle.columns.iter().all(|(of, _, new)| model(of).is_some_and(|of| column_fits(of, new, new))),
                circle.columns.iter().all(|(of, old, new)| model(of).is_some_and(|of| column_fits(of, new, old))),
            ),
        };
        (now != then).then_some(now)
    }

    fn fits_column(&self, table: &ModelTable, model: &ModelColumn, is: &Column, dialect: Dialect) -> bool {
        let native = is.column_type.sql(dialect);
        let nullable = model.diesel_type.nullable && !table.key.contains(&model.name);
        is.nullable == nullable && self.fits(model, &native, dialect)
    }
}
