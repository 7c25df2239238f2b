#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]
#![doc = include_str!("../README.md")]

#[cfg(feature = "cli")]
pub mod cli;
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    expect(dead_code, unused_macros, unused_imports, reason = "there is no backend to use it")
)]
mod database;
mod diesel_source;
mod diesel_table;
#[cfg(feature = "async")]
mod hand_over;
mod interrupt;
#[cfg(feature = "cli")]
mod link;
mod migrations;
mod migrator;
#[cfg(any(feature = "cli", feature = "pure-postgres"))]
#[cfg_attr(not(feature = "cli"), expect(dead_code, unreachable_pub, reason = "the commands read them"))]
mod notices;
mod op;
pub mod prelude;
#[cfg(any(feature = "pure-postgres", feature = "pure-mysql"))]
pub mod pure;
mod regular_file;
mod replaying;
mod seeds;
#[cfg(feature = "testing")]
pub mod testing;

pub use alembic_graph::{config::TransactionMode, plan::Siblings};
pub use alembic_macros::{embed_migrations, table};
#[cfg(feature = "async")]
pub use hand_over::{CurrentRuntime, HandedOver, hand_over};

pub use crate::{
    database::{LogRecord, MigrationBackend},
    interrupt::Interrupt,
    migrations::Migrations,
    migrator::{
        Drift, Error, Finding, Migrator, Observer, Outcome, Policy, Purge, Report, Resolution, Silent, StatementError,
        Status, StepReport, Verdict,
    },
    op::{Backfill, Function, MigrationResult, Op, OpError},
};

/// What macros expand to, and what `cargo alembic` asks a database: no part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use alembic_schema::Value;

    pub use crate::{
        database::{
            Broken, Creation, Inspection, answers, broken, creations, inspect, objects, schemas, sources, unasked,
        },
        diesel_table::diesel_revision_id,
        migrations::Snapshots,
        op::Code,
        regular_file::{read_regular, read_regular_text},
        replaying::Replaying,
    };
}
