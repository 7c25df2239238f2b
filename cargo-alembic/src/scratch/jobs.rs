//! What is asked of and done to a server for a scratch database.

use alembic_runtime::{__private::answers, MigrationBackend, cli::CommandError};
use diesel::connection::LoadConnection;

use crate::connect::Job;

/// A query for texts.
pub(super) struct Ask<'a>(pub(super) &'a str);

impl Job for Ask<'_> {
    type Done = Vec<String>;

    fn run<C>(self, conn: &mut C) -> Result<Vec<String>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        answers(conn, self.0)
            .map_err(|error| CommandError::failed("could not ask the server").because(error.to_string()))
    }
}

/// Statements of ours, run together.
pub(super) struct Run(pub(super) String);

impl Job for Run {
    type Done = ();

    fn run<C>(self, conn: &mut C) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        conn.batch_execute(&self.0)
            .map_err(|error| CommandError::failed("could not set up the scratch database").because(error.to_string()))
    }
}

/// A task on a database, after statements that prepare the session.
pub(super) struct After<'a, J>(pub(super) &'a str, pub(super) J);

impl<J: Job> Job for After<'_, J> {
    type Done = J::Done;

    fn run<C>(self, conn: &mut C) -> Result<J::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        if !self.0.is_empty() {
            Run(self.0.to_owned()).run(conn)?;
        }
        self.1.run(conn)
    }
}
