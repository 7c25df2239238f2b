#![warn(missing_docs)]
#![doc = include_str!("../README.md")]

mod alter_table;
mod body;
mod carriage_return;
pub mod checksum;
mod client_command;
mod compound;
pub mod control;
mod created_schemas;
pub mod dialect;
mod enum_values;
mod escapes;
mod lexer;
mod names;
mod nature;
mod object;
mod object_statement;
mod pieces;
mod pragma;
mod prepared;
mod reader;
mod requires_autocommit;
mod requires_transaction;
mod secrets;
pub mod server;
mod session;
mod split;
pub mod suggest;
mod tables;
mod transaction_control;
pub mod url;
pub mod wording;
mod words;

pub use checksum::Checksum;
pub use client_command::without_client_commands;
pub use created_schemas::{created_schemas, schemas_created_by_code};
pub use dialect::Dialect;
pub use enum_values::adds_enum_value;
pub use escapes::{changes_escapes, has_backslash_in_string};
pub use names::{mentioned, used_database};
pub use nature::{Effect, Nature, nature};
pub use object::{Name, Object};
pub use object_statement::{CreatedObject, ObjectStatement, object_statement};
pub use pieces::{Piece, pieces, placeholders};
pub use pragma::{assigns_foreign_keys, is_ignored_in_transaction};
pub use prepared::can_be_prepared;
pub use requires_autocommit::requires_autocommit;
pub use requires_transaction::requires_transaction;
pub use secrets::Shown;
pub use session::{
    MODE_WITH_BACKSLASHES, MYSQL_SETTINGS, assigned_settings, leaves_in_session, moves_names, uses_session,
};
pub use split::{SplitError, Statement, line_and_column, split};
pub use tables::{changes_table, dropped_table};
pub use transaction_control::{breaks_journal, controls_transaction, may_commit_inside};
pub use words::{Word, essence, name, spelled_alike};

#[cfg(test)]
mod tests;
