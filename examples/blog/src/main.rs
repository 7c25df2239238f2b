//! A blog that migrates its own database when it starts, then lists its posts.

mod schema;

use std::{error::Error, io::Write};

use alembic_runtime::{Migrations, embed_migrations};
use diesel::{Connection, RunQueryDsl};
use schema::posts;

#[cfg(feature = "sqlite")]
type Conn = diesel::SqliteConnection;
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
type Conn = diesel_async::async_connection_wrapper::AsyncConnectionWrapper<diesel_async::AsyncPgConnection>;
#[cfg(all(feature = "mysql", not(any(feature = "sqlite", feature = "postgres"))))]
type Conn = diesel_async::async_connection_wrapper::AsyncConnectionWrapper<diesel_async::AsyncMysqlConnection>;

static MIGRATIONS: Migrations<Conn> = embed_migrations!();

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "blog.db".to_owned());
    let mut conn = Conn::establish(&url)?;
    let mut out = std::io::stdout().lock();

    let report = MIGRATIONS.upgrade(&mut conn, "head")?;
    writeln!(out, "{report}")?;

    for (id, title, body) in posts::table.load::<(i32, String, String)>(&mut conn)? {
        writeln!(out, "{id}. {title}: {body}")?;
    }
    Ok(())
}
