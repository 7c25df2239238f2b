//! The example that mixes SQL and Rust, on every database.

use std::sync::Mutex;

use alembic_runtime::{
    MigrationBackend, Observer,
    cli::{Exit, Io, run_embedded},
};
use diesel::connection::LoadConnection;
use harness::{Database, Kind, PostgresConn, SqliteConn, on_every_database};

/// Remembers how far backfills came.
struct Heard<'a>(&'a Mutex<Vec<(u64, u64)>>);

impl Observer for Heard<'_> {
    fn progress(&mut self, done: u64, total: u64) {
        self.0.lock().unwrap().push((done, total));
    }
}

on_every_database! {
    fn seeds_backfills_and_rebuilds(db) {
        let m = example_data::migrations::<Conn>();
        let mut conn = db.connect::<Conn>();
        let heard = Mutex::new(Vec::new());
        let migrator = m.migrator().argument("assets", "100000").observer(Heard(&heard));
        assert_eq!(migrator.upgrade(&mut conn, "head").unwrap().steps.len(), 5);
        let heard = heard.into_inner().unwrap();
        assert_eq!((heard.len(), heard.last()), (20, Some(&(100_000, 100_000))));
        let text = if KIND.is_mysql_family() { "CHAR" } else { "TEXT" };
        let count = |condition: &str| db.ask(&format!("SELECT CAST(COUNT(*) AS {text}) AS answer FROM assets {condition}"));
        assert_eq!((count("").as_str(), count("WHERE label = 'SAVINGS 1'").as_str()), ("100000", "1"));
        // Required from now on, and kept together by a foreign key.
        let refused = |sql: &str| {
            diesel::connection::SimpleConnection::batch_execute(&mut db.connect::<Conn>(), sql).is_err()
        };
        assert!(refused("INSERT INTO assets (id, type_id, cents) VALUES (-1, 1, 1)"));
        let enforce = if KIND == Kind::Sqlite { "PRAGMA foreign_keys = ON; " } else { "" };
        assert!(refused(&format!("{enforce}DELETE FROM asset_types WHERE id = 1")));
        m.downgrade(&mut conn, "base").unwrap();
        assert_eq!(db.tables(), "");
    }

    fn every_downgrade_of_it_undoes_its_upgrade(db) {
        let m = example_data::migrations::<Conn>();
        let mut fresh = alembic_runtime::testing::Fresh::empty(&m, db.url()).unwrap();
        alembic_runtime::testing::round_trip(&m, &mut fresh).unwrap_or_else(|error| panic!("{error}"));
    }

    fn nothing_is_made_up_in_production(db) {
        let m = example_data::migrations::<Conn>();
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap();
        assert_eq!(db.ask("SELECT label AS answer FROM assets"), "");
        let seeded = m.seed(&mut db.connect::<Conn>(), "production", None).unwrap();
        assert_eq!(seeded, Vec::<String>::new());
        let file = if KIND.is_mysql_family() { "development/assets.mysql.sql" } else { "development/assets.sql" };
        for _ in 0..2 {
            assert_eq!(m.seed(&mut db.connect::<Conn>(), "development", None).unwrap(), [file]);
        }
        assert_eq!(db.ask("SELECT label AS answer FROM assets"), "a sample");
    }
}

/// The revision of the example after which SQLite rebuilds a table.
const FILLED: &str = "a1b2c3d4e5f6";

/// Returns how `migrate …` ends, and what it prints as its answer and besides.
fn run<C>(line: &str) -> (Exit, String, String)
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let io = Io { asks: false, out: &mut out, err: &mut err, out_color: false, err_color: false, err_terminal: false };
    let args = std::iter::once("migrate").chain(line.split(' ')).map(Into::into);
    let exit = run_embedded(&example_data::migrations::<C>(), args, io);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// Returns what `migrate …` prints.
fn migrate(line: &str) -> String {
    let (exit, out, err) = run::<PostgresConn>(line);
    assert_eq!(exit, Exit::Success, "{err}");
    out
}

#[test]
fn a_program_understands_the_urls_that_the_command_line_does() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let (_, rest) = db.url().split_once("://").unwrap();
    migrate(&format!("--database-url postgresql+psycopg://{rest} upgrade head -x assets=1"));
    assert_ne!(db.versions(), "");
    let (exit, _, err) = run::<SqliteConn>("--database-url sqlite:///alembic-is-not-to-make-this.db upgrade head");
    assert_eq!(exit, Exit::Usage, "{err}");
    assert!(err.contains("write `sqlite://alembic-is-not-to-make-this.db` for the relative path"), "{err}");
    assert!(!std::path::Path::new("/alembic-is-not-to-make-this.db").exists());
    let file = Database::new(Kind::Sqlite).unwrap();
    for (scheme, command) in [("sqlite://", "upgrade head -x assets=1"), ("sqlite+aiosqlite:///", "check")] {
        let (exit, _, err) = run::<SqliteConn>(&format!("--database-url {scheme}{} {command}", file.url()));
        assert_eq!(exit, Exit::Success, "{err}");
    }
}

on_every_database! {
    /// Seeds and operations are written into a script; a backfill and a rebuild need a connection, and are refused.
    fn a_script_of_it_does_what_a_run_does(db) {
        let to = if KIND == Kind::Sqlite { FILLED } else { "head" };
        let arguments = format!("--dialect {} -x assets=10", KIND.name());
        let whole = run::<Conn>(&format!("upgrade head --sql {arguments}"));
        let run_of = |line: &str| {
            let (exit, out, err) = run::<Conn>(line);
            assert_eq!(exit, Exit::Success, "{err}");
            out
        };
        assert_eq!(whole.0 == Exit::Success, to == "head", "{}", whole.2);
        run_of(&format!("--database-url {} upgrade {to} -x assets=10", db.url()));
        let scripted = Database::new(KIND).unwrap();
        let text = run_of(&format!("upgrade {to} --sql {arguments}"));
        scripted.run_script(&text).unwrap_or_else(|said| panic!("{said}\n{text}"));
        assert_eq!((scripted.dump(), scripted.versions()), (db.dump(), db.versions()), "{text}");
    }
}
