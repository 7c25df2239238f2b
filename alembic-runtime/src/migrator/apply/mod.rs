//! The ways in which steps are committed and recorded.

mod foreign_keys;
pub(super) mod function;
pub(super) mod journaled;
mod mysql;
pub(super) mod single;
mod step;
pub(super) mod transactional;
