//! The user's package: where it is, what is in its migrations folder, and how to add to it.

mod discover;
mod files;
mod load;
mod manifest;
pub(crate) mod models;
mod name;
mod seeds;
pub(crate) mod snapshot;
mod write;

pub(crate) use discover::{Package, discover, migrated_members};
pub(crate) use files::atomically;
pub(crate) use load::{Lock, Project};
pub(crate) use manifest::add_settings;
pub(crate) use write::{NewRevision, Written};
