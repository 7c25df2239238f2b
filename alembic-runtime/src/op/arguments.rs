//! What a run tells its revisions.

use std::collections::BTreeMap;

/// Without explicit arguments there is no trial run.
pub(crate) const PRODUCTION: &str = "production";

/// What a run tells its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) environment: String,
    pub(crate) values: BTreeMap<String, String>,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { environment: PRODUCTION.to_owned(), values: BTreeMap::new() }
    }
}
