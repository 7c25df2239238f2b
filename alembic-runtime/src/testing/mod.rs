//! For the tests of an application: fresh migrated databases, a proof that downgrades undo upgrades,
//! and the SQL of operations.

mod fresh;
mod round_trip;
mod sql_of;

pub use fresh::{Fresh, TestingError};
pub use round_trip::{RoundTripError, round_trip};
pub use sql_of::sql_of;
