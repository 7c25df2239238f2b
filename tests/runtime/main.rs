//! The engine on real databases: each body runs on every one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod autocommit;
mod batch;
mod bodies;
mod consistency;
mod conversions;
mod data;
mod diesel;
mod enum_values;
mod escapes;
mod everyday;
mod failures;
mod foreign_keys;
mod half_way;
mod hints;
mod journal;
mod locks;
mod operations;
mod passwords;
mod pragmas;
mod pure;
mod raw_calls;
mod recovery;
mod row_security;
mod rust;
mod schemas;
mod scripts;
mod search_path;
mod sessions;
mod shared_memory;
mod storage;
mod testing;
mod tls;
mod upgrade;

use harness::specs::LINE;

/// Builds migrations from `id < parents: up / down` lines.
fn migrations<C>(spec: &[(&str, &str, &str, &str)]) -> alembic_runtime::Migrations<C> {
    let file = |(id, parents, up, down): &(&str, &str, &str, &str)| {
        let (parents, header) = parents.split_once('\n').unwrap_or((parents, ""));
        let text = format!(
            "-- add {id}\n-- Revision ID: {id}\n-- Revises: {parents}\n{header}\n-- alembic:upgrade\n{up}\n-- alembic:downgrade\n{down}\n"
        );
        (format!("{id}.sql"), text)
    };
    alembic_runtime::Migrations::from_files(spec.iter().map(file)).unwrap()
}
