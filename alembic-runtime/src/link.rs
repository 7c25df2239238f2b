//! Connections with what is known of the way to the server.

use diesel::connection::SimpleConnection;

use crate::notices::Notices;

/// Runs a statement on another connection to the same database.
type Aside = Box<dyn Fn(&str) + Send>;

/// An open connection, and what is known of the way to the server.
#[expect(missing_debug_implementations, reason = "a function has nothing to show")]
pub struct Link<C> {
    /// The connection.
    pub conn: C,
    /// Whether the server is another one than the one that was connected to: a pooler.
    pub pooled: bool,
    /// What the server says besides answering, if the driver passes it on.
    pub notices: Notices,
    /// Runs what ends a statement of this one.
    pub aside: Option<Aside>,
}

impl<C> Link<C> {
    /// A connection of which nothing else is known.
    pub fn direct(conn: C) -> Self {
        Self { conn, pooled: false, notices: Notices::default(), aside: None }
    }

    /// Says how to open another connection to the same database.
    #[must_use]
    pub fn with_another(self, open: impl Fn() -> Option<C> + Send + 'static) -> Self
    where
        C: SimpleConnection + 'static,
    {
        let run = move |sql: &str| {
            if let Some(mut conn) = open() {
                conn.batch_execute(sql).ok();
            }
        };
        Self { aside: Some(Box::new(run)), ..self }
    }
}
