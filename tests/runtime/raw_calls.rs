//! What a function does with the connection itself. A role without rights runs replays on servers; on SQLite there is
//! none.

use alembic_graph::replay::Surroundings;
use alembic_runtime::{
    __private::{Code, Replaying},
    Error, Function, Migrations,
    prelude::*,
};
use harness::{Database, Kind, SqliteConn};

type RawOp<'a> = Op<'a, SqliteConn>;

fn attach(op: &RawOp<'_>) -> String {
    format!("ATTACH '{}' AS o; DELETE FROM o.ledger; DETACH o", op.argument("path").unwrap())
}

/// What revisions of these names do.
fn code(revision: &str) -> Option<Code<SqliteConn>> {
    let upgrade: Function<SqliteConn> = match revision {
        "attaches" => |op| {
            let sql = attach(op);
            Ok(op.conn()?.batch_execute(&sql)?)
        },
        "attaches_later" => |op| {
            let sql = attach(op);
            op.conn()?.batch_execute("CREATE TABLE a (x)")?;
            op.execute("CREATE TABLE b (x)")?;
            op.conn()?.batch_execute(&sql)?;
            Ok(())
        },
        "attaches_atomically" => |op| {
            let sql = attach(op);
            op.atomically(|conn| Ok(conn.batch_execute(&sql)?))
        },
        "copies" => |op| {
            let sql = format!("VACUUM INTO '{}.copy'", op.argument("path").unwrap());
            Ok(op.conn()?.batch_execute(&sql)?)
        },
        // What stays in its database is as free as ever.
        "stays" => |op| {
            op.conn()?.batch_execute("CREATE TABLE a (x)")?;
            op.execute("VACUUM")?;
            op.execute("ATTACH ':memory:' AS m")?;
            op.execute("DETACH m")?;
            Ok(())
        },
        _ => return None,
    };
    Some(Code { upgrade, downgrade: None })
}

fn upgrade(revision: &str, header: &str, other: &Database, replaying: Option<Replaying>) -> Result<(), Error> {
    let db = Database::new(Kind::Sqlite).unwrap();
    let text = format!("//! a\n//! Revision ID: {revision}\n//! Revises: <base>\n{header}\npub fn upgrade() {{}}\n");
    let m = Migrations::from_files([(format!("{revision}.rs"), text)]).unwrap().with_code(code);
    replaying.into_iter().for_each(|replaying| m.replay_in(replaying));
    let mut conn = db.connect::<SqliteConn>();
    let result = m.migrator().argument("path", other.url()).upgrade(&mut conn, "head").map(drop);
    // Whoever lent the connection may attach files to it again.
    conn.batch_execute(&format!("ATTACH '{}' AS other; DETACH other", other.url())).unwrap();
    result
}

#[test]
fn a_replayed_function_reaches_no_other_file() {
    let other = Database::new(Kind::Sqlite).unwrap();
    other.run("CREATE TABLE ledger (amount INTEGER); INSERT INTO ledger VALUES (10)");
    let copy = format!("{}.copy", other.url());
    let confined = || Some(Replaying::new(Surroundings::default()));
    for revision in ["attaches", "attaches_later", "attaches_atomically", "copies"] {
        for header in ["", "//! Transaction: none\n"] {
            let error = upgrade(revision, header, &other, confined()).unwrap_err().to_string();
            // SQLite refuses the copy by itself where a transaction is open.
            let said = format!("a replay does not run `ATTACH` of revision `{revision}`: it opens another file");
            let by_itself = revision == "copies" && header.is_empty();
            assert!(by_itself || error.contains(&said), "{revision} {header}: {error}");
            assert_eq!(other.ask("SELECT CAST(amount AS TEXT) AS answer FROM ledger"), "10", "{revision} {header}");
            assert!(!std::fs::exists(&copy).unwrap(), "{revision} {header}");
        }
    }
    upgrade("stays", "//! Transaction: none\n", &other, confined()).unwrap();
    // A server of scratch databases, and a run, are free.
    let free = Surroundings { is_free: true, ..Surroundings::default() };
    for replaying in [Some(Replaying::new(free)), None] {
        other.run("DELETE FROM ledger; INSERT INTO ledger VALUES (10)");
        upgrade("attaches", "//! Transaction: none\n", &other, replaying).unwrap();
        assert_eq!(other.ask("SELECT CAST(amount AS TEXT) AS answer FROM ledger"), "");
    }
}
