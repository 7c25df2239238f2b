//! SQLite's places for attached databases. While all of them are taken, a connection opens no other file, whatever it is
//! told: `ATTACH` and `VACUUM INTO` need one.

use diesel::connection::LoadConnection;

/// What SQLite says when there is none left.
pub(crate) const NO_PLACE: &str = "too many attached databases";

fn name(number: usize) -> String {
    format!("alembic_place_{number}")
}

/// Takes every place that is left, each with an empty database in memory.
pub(crate) fn take_places<C: LoadConnection>(conn: &mut C) {
    (0..)
        .take_while(|number| conn.batch_execute(&format!("ATTACH ':memory:' AS {}", name(*number))).is_ok())
        .for_each(drop);
}

/// Gives the places back.
pub(crate) fn give_places_back<C: LoadConnection>(conn: &mut C) {
    (0..).take_while(|number| conn.batch_execute(&format!("DETACH {}", name(*number))).is_ok()).for_each(drop);
}
