//! Objects that are replaced as a whole: what their files make, and what hangs on the tables that change.

use alembic_graph::Hint;
use alembic_runtime::{__private::Inspection, MigrationBackend, cli::CommandError};
use alembic_schema::{
    Name, Object, ObjectKey, ObjectPart, Other, Schema,
    diff::{Diff, Difference, Locking, ObjectDifference, Replacement, object_differences, with_dependents},
    order,
};
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use super::Compared;
use crate::{
    look::{look_at_objects, objects_of},
    project::FileObject,
    replay::Replay,
};

/// The objects that are there, and the files that say which there are to be.
#[derive(Default)]
pub(super) struct Objects {
    /// What is looked at: also the schemas of the files.
    pub(super) scope: Inspection,
    before: Vec<Object>,
    files: Vec<FileObject>,
    /// Whether what no file makes is dropped.
    complete: bool,
}

/// Objects as they are, as they are when the tables have their new names, and as they are to be. None is no object that is
/// concerned.
#[derive(Default)]
pub(crate) struct WantedObjects {
    pub(super) before: Vec<Object>,
    old: Vec<Object>,
    pub(super) new: Vec<Object>,
}

/// Difference between what is there and a file, which is not there either if nothing makes the object any more.
pub(crate) struct ToldObject {
    pub(crate) difference: ObjectDifference,
    /// The file, and the line.
    pub(crate) place: Option<(String, usize)>,
}

impl Objects {
    /// Reads the files, and what a scratch database has that they may be about.
    pub(super) fn read<C>(
        conn: &mut C,
        replay: &Replay<'_>,
        dialect: Dialect,
        inspection: &Inspection,
        schema: &Schema,
    ) -> Result<Self, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let project = replay.project;
        let mut files = project.objects(dialect)?;
        for object in &mut files {
            object.statements = replay.statements(&object.path, &object.statements, dialect)?;
        }
        files.retain(|object| !object.statements.is_empty());
        let complete = project.config.complete_objects;
        let may_hang = dialect == Dialect::Postgres && schema.all_others().next().is_some();
        let mut scope = inspection.clone();
        scope.schemas.extend(files.iter().filter_map(|file| file.created.name.schema.clone()));
        scope.schemas.sort_unstable();
        scope.schemas.dedup();
        let before = match complete || may_hang || !files.is_empty() {
            true => objects_of(conn, &scope, schema)?,
            false => Vec::new(),
        };
        Ok(Self { scope, before, files, complete })
    }

    /// Returns whether the project says which objects there are to be.
    pub(super) fn are_said(&self) -> bool {
        self.complete || !self.files.is_empty()
    }

    /// Returns whether the files, or their absence, decide what an object is.
    fn decides(&self, key: &ObjectKey) -> bool {
        self.complete || self.files.iter().any(|file| key.may_be(&file.created))
    }

    /// Returns whether the project leaves alone what is known only as text.
    pub(super) fn leave_alone(&self, other: &Other) -> bool {
        let mut objects = self.before.iter().filter(|object| object.is_known_as(other));
        !objects.any(|object| self.decides(&object.key))
    }

    /// Returns the files' objects in an order in which they can be made.
    fn files_in_order(&self) -> Vec<&FileObject> {
        let object = |file: &FileObject| {
            let mut texts = file.statements.iter().map(|(text, _)| text.clone());
            let name = |name: &alembic_sql::Name| Name { schema: name.schema.clone(), name: name.name.clone() };
            let table = file.created.table.as_ref().map(name);
            let key = ObjectKey { table, ..ObjectKey::new(file.created.kind, name(&file.created.name)) };
            let create = texts.next().unwrap_or_default();
            let parts = texts.map(|make| ObjectPart { make, unmake: String::new() }).collect();
            Object { parts, ..Object::new(key, create, String::new()) }
        };
        let objects: Vec<Object> = self.files.iter().map(object).collect();
        order(&objects).into_iter().map(|at| &self.files[at]).collect()
    }

    /// Returns the file that makes an object of a kind and a name, and the line.
    pub(super) fn place_of(&self, kind: &str, name: &Name) -> Option<(String, usize)> {
        self.place(&ObjectKey { kind: kind.to_owned(), name: name.clone(), arguments: None, table: None })
    }

    /// Refuses files that make no object of their own, `made` being what they have made.
    fn check_made(&self, made: &[&Object]) -> Result<(), CommandError> {
        if let Some(file) = self.files.iter().find(|file| !made.iter().any(|made| made.key.may_be(&file.created))) {
            return Err(file.refused("the statement makes no object that is looked at"));
        }
        let same = |at: &usize| self.files[..*at].iter().any(|before| before.created == self.files[*at].created);
        match (made.len() < self.files.len()).then(|| (0..self.files.len()).find(same)).flatten() {
            Some(at) => Err(self.files[at].refused("this object is made before, in this file or another")),
            None => Ok(()),
        }
    }

    /// Returns the file that makes an object, and the line.
    fn place(&self, key: &ObjectKey) -> Option<(String, usize)> {
        let file = self.files.iter().find(|file| key.may_be(&file.created))?;
        Some((file.path.clone(), file.statements.first()?.1))
    }
}

impl WantedObjects {
    /// Returns all of them, as they are and as they are to be.
    pub(super) fn all(&self) -> Vec<Object> {
        self.before.iter().chain(&self.old).chain(&self.new).cloned().collect()
    }

    /// Returns each difference.
    pub(crate) fn differences(&self) -> Vec<ObjectDifference> {
        object_differences(&self.old, &self.new)
    }

    /// Returns whether something that is known as text is made again.
    pub(super) fn replaces(&self, other: &Other) -> bool {
        let differences = self.differences();
        let is_replaced = |object: &&Object| differences.iter().any(|told| told.key == object.key);
        self.old.iter().filter(is_replaced).any(|object| object.is_known_as(other))
    }

    pub(super) fn upgrade(&self, diff: &Diff) -> Replacement {
        Replacement::between(&self.old, &self.new, &|object| diff.is_hindered_by(object))
    }

    pub(super) fn downgrade(&self, back: &Diff) -> Replacement {
        Replacement::between(&self.new, &self.before, &|object| back.is_hindered_by(object))
    }
}

impl Compared {
    /// Changes the tables of the scratch database, with what hangs on them out of the way, makes the files' objects there, and
    /// returns what there is to be. None if no object is concerned: then nothing was done.
    pub(crate) fn settle_objects<C>(
        &self,
        conn: &mut C,
        locking: Locking,
    ) -> Result<Option<WantedObjects>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let old = if self.renames.is_empty() {
            self.objects.before.clone()
        } else {
            look_at_objects(conn, &self.objects.scope)?
        };
        if !self.objects.are_said() && !old.iter().any(|object| self.diff.is_hindered_by(object)) {
            return Ok(None);
        }
        // What something else needs can only be changed in place.
        let goes =
            |object: &Object| self.objects.decides(&object.key) && !object.is_held || self.diff.is_hindered_by(object);
        let taken = with_dependents(&old, &goes);
        for object in taken.iter().rev() {
            conn.batch_execute(&object.drop).map_err(|error| in_the_way(&object.key, &error))?;
        }
        self.change_tables(conn, locking, &old)?;
        for object in self.objects.files_in_order() {
            let is_held = old.iter().any(|old| old.is_held && old.key.may_be(&object.created));
            make(conn, object, is_held)?;
        }
        let mut new = look_at_objects(conn, &self.objects.scope)?;
        let stays = |object: &Object| {
            let is_it = |old: &&Object| old.key == object.key && !taken.iter().any(|taken| taken.key == old.key);
            old.iter().find(is_it).is_some_and(|old| !(old.is_held && self.objects.decides(&old.key)))
        };
        self.objects.check_made(&new.iter().filter(|object| !stays(object)).collect::<Vec<_>>())?;
        if !self.objects.complete {
            let is_there = |object: &Object| new.iter().any(|made| made.key == object.key);
            let lost: Vec<&Object> = taken.into_iter().filter(|object| !is_there(object)).collect();
            if !lost.is_empty() {
                lost.into_iter().try_for_each(|object| self.put_back(conn, object))?;
                new = look_at_objects(conn, &self.objects.scope)?;
            }
        }
        Ok(Some(WantedObjects { before: self.objects.before.clone(), old, new }))
    }

    /// Returns each difference in the tables, and then those in the objects that the project says. The scratch database is
    /// not what it was, afterwards.
    pub(crate) fn all_differences<C>(&self, conn: &mut C) -> Result<(Vec<Difference>, Vec<ToldObject>), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let tables = self.differences();
        let settled = if self.objects.are_said() { self.settle_objects(conn, Locking::Plain) } else { Ok(None) };
        let objects = match settled {
            // What is wrong with the tables is told first.
            Err(_) if !tables.is_empty() => None,
            settled => settled?,
        };
        let told = |difference: ObjectDifference| ToldObject { place: self.objects.place(&difference.key), difference };
        Ok((tables, objects.iter().flat_map(WantedObjects::differences).map(told).collect()))
    }

    /// Makes an object that was in the way as it was. What belongs to a table that goes, goes with it.
    fn put_back<C>(&self, conn: &mut C, object: &Object) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let goes = |table: &Name| self.diff.dropped_tables.iter().any(|dropped| dropped.name == *table);
        if object.key.table.as_ref().is_some_and(goes) {
            return Ok(());
        }
        object.statements().try_for_each(|statement| {
            conn.batch_execute(statement).map_err(|error| {
                let folder = self.folder.clone();
                CommandError::usage(format!("nothing was written: {} names what goes", object.key))
                    .because(error.to_string())
                    .because(statement.clone())
                    .hint(Hint::ObjectNamesWhatGoes { folder })
            })
        })
    }

    /// Refuses to go on if the objects of the scratch database, which has this schema, are others.
    pub(super) fn expect_objects<C>(
        &self,
        conn: &mut C,
        schema: &Schema,
        expected: &[Object],
        otherwise: &str,
    ) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let left = object_differences(&objects_of(conn, &self.objects.scope, schema)?, expected);
        if left.is_empty() {
            return Ok(());
        }
        let error = CommandError::usage(format!("nothing was written: {otherwise}"));
        let error = left.iter().fold(error, |error, difference| error.because(difference.to_string()));
        Err(error.hint(Hint::WriteByHand))
    }
}

fn in_the_way(key: &ObjectKey, error: &diesel::result::Error) -> CommandError {
    CommandError::usage(format!("nothing was written: {key} cannot be dropped"))
        .because(error.to_string())
        .hint(Hint::WriteByHand)
}

/// Makes the object of a file, in place if something else needs it.
fn make<C>(conn: &mut C, object: &FileObject, is_held: bool) -> Result<(), CommandError>
where
    C: LoadConnection,
{
    object.statements.iter().enumerate().try_for_each(|(number, (statement, line))| {
        let in_place = (number == 0 && is_held).then(|| or_replace(statement));
        conn.batch_execute(in_place.as_ref().unwrap_or(statement)).map_err(|error| {
            let path = object.path.as_str();
            CommandError::usage(format!("{path}:{line}: the statement does not run on the scratch database"))
                .because(error.to_string())
                .at(Some((path, *line)))
        })
    })
}

/// Returns a `CREATE` that replaces what is there.
fn or_replace(statement: &str) -> String {
    let mut words = statement.splitn(3, char::is_whitespace);
    match (words.next(), words.next()) {
        (Some(create), Some(next)) if !next.eq_ignore_ascii_case("OR") => {
            format!("{create} OR REPLACE{}", &statement[create.len()..])
        }
        _ => statement.to_owned(),
    }
}
