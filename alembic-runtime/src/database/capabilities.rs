//! What a database can, as far as the engine depends on it.

/// What a database can. The engine asks for these, and never which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// What a statement defines rolls back with its transaction. Elsewhere every step is journaled, without autocommit.
    pub transactional_ddl: bool,
    /// There is a lock besides the write transaction: it tells whether a step outside a transaction still runs.
    pub session_lock: bool,
    /// A transaction can take that lock for itself, which works through a transaction pooler.
    pub transaction_lock: bool,
    /// An error in a message of several statements tells where; elsewhere each is sent by itself.
    pub locates_errors: bool,
    /// The code of an error is found out by letting the statement fail once more; elsewhere by asking, or not at all.
    pub explains_reruns: bool,
    /// `DROP TABLE` deletes the rows first, and with them what refers to them.
    pub cascades_on_drop: bool,
    /// There are roles: a replay runs as one that has no rights elsewhere.
    pub roles: bool,
}
