//! The code of an error, which Diesel does not pass on.

/// What a server knows of a failure besides its message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// `SQLSTATE 23505`, `error 1062, SQLSTATE 23000`.
    pub code: Option<String>,
    /// The function or trigger in which it happened.
    pub context: Option<String>,
    /// What the session remembers of the last statement that committed by itself.
    pub marker: Option<String>,
}
