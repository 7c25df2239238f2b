//! What the tests of every area share: projects in temporary folders, databases of their own.

#![expect(clippy::panic, reason = "a test that cannot go on panics")]

mod backend;
mod client;
mod database;
pub mod passwords;
mod project;
mod secure;
pub mod specs;

pub use backend::{MariadbConn, MysqlConn, PostgresConn, SqliteConn};
pub use client::mysql_client;
pub use database::{Database, Kind};
pub use project::{Output, Project, bash, workspace};
pub use secure::SecureServer;
