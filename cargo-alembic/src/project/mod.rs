//! The user's package: where it is, what is in its migrations folder, and how to add to it.

mod dependencies;
mod discover;
mod files;
mod gitignore;
mod list;
mod load;
mod manifest;
pub(crate) mod models;
mod name;
mod objects;
mod seeds;
mod skipped;
pub(crate) mod snapshot;
mod staged;
mod write;

pub(crate) use dependencies::{Driver, add_dependencies};
pub(crate) use discover::{Package, discover, migrated_members};
pub(crate) use files::{atomically, create};
pub(crate) use gitignore::add_to_gitignore;
pub(crate) use list::leads_out;
pub(crate) use load::{Lock, Project};
pub(crate) use manifest::{add_settings, set_default_run, set_runner, set_transaction};
pub(crate) use objects::{FileObject, write_objects};
pub(crate) use staged::Staged;
pub(crate) use write::{NewRevision, Written};
