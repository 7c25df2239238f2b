//! Changes of the version table.

/// One change of the version table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOperation {
    /// A row is added.
    Insert(String),
    /// A row is replaced.
    Update {
        /// The row before.
        from: String,
        /// The row after.
        to: String,
    },
    /// A row is taken away.
    Delete(String),
}

impl RowOperation {
    /// Applies the operation to a list of rows.
    pub fn apply(&self, rows: &mut Vec<String>) {
        match self {
            Self::Insert(row) => rows.push(row.clone()),
            Self::Update { from, to } => {
                if let Some(row) = rows.iter_mut().find(|row| *row == from) {
                    row.clone_from(to);
                }
            }
            Self::Delete(row) => rows.retain(|other| other != row),
        }
    }

    /// Returns operations that turn `before` into `after`: deletes, updates in pairs, inserts.
    #[must_use]
    pub fn between(before: &[String], after: &[String]) -> Vec<Self> {
        let without = |rows: &[String], others: &[String]| -> Vec<String> {
            rows.iter().filter(|row| !others.contains(row)).cloned().collect()
        };
        let (mut gone, new) = (without(before, after), without(after, before));
        let deletes = gone.split_off(gone.len().min(new.len()));
        let inserts = new[gone.len()..].to_vec();
        let updates = gone.into_iter().zip(new).map(|(from, to)| Self::Update { from, to });
        deletes.into_iter().map(Self::Delete).chain(updates).chain(inserts.into_iter().map(Self::Insert)).collect()
    }
}
