//! Connections with what is known of the way to the server.

use crate::notices::Notices;

/// An open connection, and what is known of the way to the server.
#[derive(Debug)]
pub struct Link<C> {
    /// The connection.
    pub conn: C,
    /// Whether the server is another one than the one that was connected to: a pooler.
    pub pooled: bool,
    /// What the server says besides answering, if the driver passes it on.
    pub notices: Notices,
}

impl<C> Link<C> {
    /// A connection of which nothing else is known.
    pub fn direct(conn: C) -> Self {
        Self { conn, pooled: false, notices: Notices::default() }
    }
}
