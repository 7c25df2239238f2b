//! Revisions that are functions of the program.

use std::sync::Mutex;

use alembic_runtime::{__private::Code, Error, Finding, Function, Migrations, Observer, Resolution, prelude::*, rows};
use harness::{Kind, on_every_database, on_mysql_and_mariadb};

use crate::scripts::a_script_does_the_same;

/// One revision in Rust, with these header lines.
fn one<C>(header: &str, code: fn(&str) -> Option<Code<C>>) -> Migrations<C> {
    let text = format!(
        "//! a\n//! Revision ID: a\n//! Revises: <base>\n{header}\npub fn upgrade() {{}}\npub fn downgrade() {{}}\n"
    );
    Migrations::from_files([("a.rs".to_owned(), text)]).unwrap().with_code(code)
}

const NONE: &str = "//! Transaction: none";

/// A revision of which only the upgrade matters.
fn code<C>(upgrade: Function<C>) -> Option<Code<C>> {
    Some(Code { upgrade, downgrade: Some(|_| Ok(())) })
}

fn assets<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.create_table(
        Table::new("assets")
            .column(Column::new("id", Type::Integer).primary_key())
            .column(Column::new("name", Type::Varchar(20)).not_null().unique()),
    )?;
    op.bulk_insert("assets", rows![{ id: 1, name: "CHECKING" }, { name: "it's", id: 2 }])?;
    op.insert_or_ignore("assets", rows![{ id: 2, name: "again" }, { id: 3, name: "new" }])?;
    op.upsert("assets", ["id"], rows![{ id: 3, name: op.argument("name").unwrap_or("newer") }])?;
    if op.argument("fail").is_some() {
        op.execute("INSERT INTO nowhere VALUES (1)")?;
    }
    Ok(())
}

fn no_assets<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    Ok(op.drop_table("assets")?)
}

const NAMES: &str = "SELECT name AS answer FROM assets ORDER BY id";

on_every_database! {
    fn a_function_is_a_step(db) {
        let mut conn = db.connect::<Conn>();
        let m = one::<Conn>("", |_| Some(Code { upgrade: assets, downgrade: Some(no_assets) }));
        let report = m.upgrade(&mut conn, "head").unwrap();
        assert_eq!((report.steps.len(), db.versions().as_str()), (1, "a"));
        assert_eq!(db.ask(NAMES), "CHECKING,it's,newer");
        assert_eq!(m.status(&mut conn).unwrap().findings, []);
        a_script_does_the_same(&m, &db);
        m.downgrade(&mut conn, "base").unwrap();
        assert_eq!(db.tables(), "");
    }

    fn an_operation_that_breaks_off_is_quoted_without_ours(db) {
        let m = one::<Conn>("", |_| code(|op| Ok(op.execute("SELECT (1")?)));
        let error = m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err().to_string();
        assert!(!error.contains("alembic_") && !error.contains("near ';"), "{error}");
        assert_eq!(error.contains("near '' at line 1"), KIND.is_mysql_family(), "{error}");
    }

    fn an_error_names_the_line_and_is_rolled_back(db) {
        let mut conn = db.connect::<Conn>();
        let m = one::<Conn>("", |_| code(assets));
        let error = m.migrator().argument("fail", "").upgrade(&mut conn, "head").unwrap_err();
        let Error::Statement(failure) = &error else { panic!("{error}") };
        assert_eq!(failure.statement, "INSERT INTO nowhere VALUES (1)");
        assert!(failure.path == "a.rs" && failure.server.contains("nowhere"), "{error}");
        let left = if KIND.is_mysql_family() { "assets" } else { "" };
        assert_eq!(db.tables(), left, "{error}");
        // The operations before it are not run again where they are committed.
        m.migrator().argument("name", "newest").upgrade(&mut conn, "head").unwrap_or_else(|error| {
            assert!(KIND.is_mysql_family(), "{error}");
            assert!(matches!(&error, Error::Inconsistent(found) if matches!(found[..], [Finding::Rewritten { done: 4, .. }])), "{error}");
            m.upgrade(&mut conn, "head").unwrap()
        });
        assert_eq!(db.versions(), "a");
    }

    fn operations_outside_a_transaction_are_not_repeated(db) {
        let mut conn = db.connect::<Conn>();
        let m = one::<Conn>(NONE, |_| code(assets));
        let error = m.migrator().argument("fail", "").upgrade(&mut conn, "head").unwrap_err().to_string();
        assert!(error.contains("4 statements of it are committed"), "{error}");
        let status = m.status(&mut conn).unwrap();
        assert!(status.findings[0].to_string().contains("stopped after 4 operations"), "{:?}", status.findings);
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask(NAMES), "CHECKING,it's,newer");
        a_script_does_the_same(&m, &db);
        assert_eq!(db.ask("SELECT state AS answer FROM alembic_version_log ORDER BY id"), "failed,done");
    }

    fn a_transaction_that_was_ended_is_noticed(db) {
        if KIND.is_mysql_family() {
            return;
        }
        fn commits<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.execute("CREATE TABLE t (x INTEGER)")?;
            op.conn()?.batch_execute("COMMIT")?;
            if op.argument("fail").is_some() { Err("no".into()) } else { Ok(()) }
        }
        for argument in ["fail", "go on"] {
            db.empty();
            let m = one::<Conn>("", |_| code(commits));
            let error = m.migrator().argument(argument, "").upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
            assert!(error.to_string().contains("only a person can tell"), "{error}");
        }
    }

    fn an_error_that_was_ignored_is_none_the_less_one(db) {
        if KIND != Kind::Postgres {
            return;
        }
        let m = one::<Conn>("", |_| code(|op| {
            op.execute("nonsense").ok();
            Ok(())
        }));
        let error = m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err().to_string();
        assert!(error.contains("has ignored that a statement failed"), "{error}");
    }

    fn a_panic_is_an_error(db) {
        let mut conn = db.connect::<Conn>();
        let m = one::<Conn>("", |_| code(|_| panic!("oh dear")));
        let error = m.upgrade(&mut conn, "head").unwrap_err().to_string();
        assert!(error.contains("it panicked: oh dear") && error.contains("a.rs:5"), "{error}");
        one::<Conn>("", |_| code(assets)).upgrade(&mut conn, "head").unwrap();
    }

    fn a_backfill_goes_on_where_it_stopped(db) {
        let mut conn = db.connect::<Conn>();
        db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
        let values: Vec<String> = (1..=95).map(|id| format!("({}, 0)", id * 7)).collect();
        db.run(&format!("INSERT INTO t VALUES {}", values.join(", ")));
        fn backfill<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.execute("UPDATE t SET n = n + 100")?;
            op.backfill(Backfill::new("t", "id").batch(10), "UPDATE t SET n = n + 1 WHERE id > :from AND id <= :to")?;
            let stop_at = op.argument("stop").map_or(i64::MAX, |stop| stop.parse().unwrap());
            op.backfill_with(Backfill::new("t", "id").batch(20), |conn, from, to| {
                if to >= stop_at {
                    return Err("the power failed".into());
                }
                Ok(conn.batch_execute(&format!("UPDATE t SET n = n + 1000 WHERE id > {from} AND id <= {to}"))?)
            })
        }
        let m = one::<Conn>(NONE, |_| code(backfill));
        let error = m.migrator().argument("stop", "400").upgrade(&mut conn, "head").unwrap_err().to_string();
        assert!(error.contains("the power failed"), "{error}");
        let counts = "SELECT CAST(COUNT(*) AS CHAR(9)) AS answer FROM t GROUP BY n ORDER BY n";
        assert_eq!(db.ask(counts).replace(' ', ""), "55,40", "two batches of twenty are committed");
        let heard = Mutex::new(Vec::new());
        struct Heard<'a>(&'a Mutex<Vec<(u64, u64)>>);
        impl Observer for Heard<'_> {
            fn progress(&mut self, done: u64, total: u64) {
                self.0.lock().unwrap().push((done, total));
            }
        }
        m.migrator().observer(Heard(&heard)).upgrade(&mut conn, "head").unwrap();
        assert_eq!(heard.into_inner().unwrap(), [(20, 55), (40, 55), (55, 55)]);
        assert_eq!(db.ask("SELECT CAST(n AS CHAR(9)) AS answer FROM t GROUP BY n").trim(), "1101");
    }

    fn a_backfill_commits_and_says_what_it_needs(db) {
        if KIND.is_mysql_family() {
            return;
        }
        db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        let m = one::<Conn>("", |_| code(|op| op.backfill(Backfill::new("t", "id"), "UPDATE t SET id = id WHERE id > :from AND id <= :to")));
        let error = m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err().to_string();
        assert!(error.contains("write `Transaction: none` into the header"), "{error}");
    }

    fn a_function_in_one_piece_is_noted(db) {
        fn pieces<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.create_table(Table::new("t").column(Column::new("n", Type::Integer)))?;
            op.atomically(|conn| Ok(conn.batch_execute("INSERT INTO t VALUES (1)")?))?;
            let fail = op.argument("fail").is_some();
            op.atomically(|conn| {
                conn.batch_execute("INSERT INTO t VALUES (2)")?;
                if fail { Err("no".into()) } else { Ok(()) }
            })
        }
        let m = one::<Conn>(NONE, |_| code(pieces));
        let mut conn = db.connect::<Conn>();
        m.migrator().argument("fail", "").upgrade(&mut conn, "head").unwrap_err();
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(SUM(n) AS CHAR(9)) AS answer FROM t").trim(), "3");
    }

    fn what_was_done_by_hand_is_for_a_person(db) {
        fn by_hand<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.create_table(Table::new("t").column(Column::new("n", Type::Integer)))?;
            op.conn()?.batch_execute("INSERT INTO t VALUES (1)")?;
            op.create_index(Index::new("t", ["n"]))?;
            if op.argument("fail").is_some() { Err("no".into()) } else { Ok(()) }
        }
        let m = one::<Conn>(NONE, |_| code(by_hand));
        let mut conn = db.connect::<Conn>();
        m.migrator().argument("fail", "").upgrade(&mut conn, "head").unwrap_err();
        let error = m.upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().contains("only a person can tell"), "{error}");
        assert!(error.hint().unwrap().to_string().contains("resolve a --abort"));
        db.run("DROP TABLE t");
        m.migrator().resolve(&mut conn, "a", None, Resolution::Abort).unwrap();
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(SUM(n) AS CHAR(9)) AS answer FROM t").trim(), "1");
    }

    fn a_program_without_the_function_says_so_and_changes_nothing(db) {
        let error = one::<Conn>("", |_| None).upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
        assert!(matches!(&error, Error::NotCompiled { revision, .. } if revision == "a"), "{error}");
        assert_eq!(db.tables(), "");
    }

    fn what_was_done_by_hand_is_not_forgotten(db) {
        fn by_hand<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.create_table(Table::new("t").column(Column::new("n", Type::Integer)))?;
            op.conn()?.batch_execute("INSERT INTO t VALUES (1)")?;
            let index = Index::new("t", ["n"]);
            op.create_index(if op.dialect() == Dialect::Postgres { index.concurrently() } else { index })?;
            op.execute("nonsense")?;
            Ok(())
        }
        let m = one::<Conn>(NONE, |_| code(by_hand));
        let mut conn = db.connect::<Conn>();
        for _ in 0..2 {
            m.upgrade(&mut conn, "head").unwrap_err();
            assert_eq!(db.ask("SELECT CAST(SUM(n) AS CHAR(9)) AS answer FROM t").trim(), "1");
        }
    }

    fn a_backfill_ends_where_it_was_to_end(db) {
        db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
        db.run("INSERT INTO t VALUES (1, 0), (2, 0), (3, 0), (4, 0)");
        fn two<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            let by = op.argument("by").unwrap_or("10").to_owned();
            let fail = op.argument("fail").is_some();
            op.backfill(Backfill::new("t", "id").batch(1), "UPDATE t SET n = n + 1 WHERE id > :from AND id <= :to")?;
            let sql = format!("UPDATE t SET n = n + {by} WHERE id > :from AND id <= :to");
            op.backfill_with(Backfill::new("t", "id").batch(1), |conn, from, to| {
                if fail && to == 3 {
                    return Err("no".into());
                }
                let sql = sql.replace(":from", &from.to_string()).replace(":to", &to.to_string());
                Ok(conn.batch_execute(&sql)?)
            })?;
            op.backfill(Backfill::new("t", "id"), &format!("UPDATE t SET n = n + {by}00 WHERE id > :from AND id <= :to"))
        }
        let m = one::<Conn>(NONE, |_| code(two));
        let mut conn = db.connect::<Conn>();
        m.migrator().argument("fail", "").upgrade(&mut conn, "head").unwrap_err();
        // Whoever writes meanwhile writes it right; the next backfill is another one, and sees the row.
        db.run("INSERT INTO t VALUES (9, 11)");
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(n AS CHAR(9)) AS answer FROM t GROUP BY n").trim(), "1011");
    }

    fn a_backfill_that_was_edited_is_not_gone_on_with(db) {
        db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
        db.run("INSERT INTO t VALUES (1, 1), (2, 0), (3, 1)");
        fn divide<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            let by = op.argument("by").unwrap_or("1 + 'a' / (SELECT 1 FROM nowhere)");
            let sql = format!("UPDATE t SET n = {by} WHERE n = 0 AND id > :from AND id <= :to");
            op.backfill_with(Backfill::new("t", "id").batch(1), |conn, _, to| {
                if to == 2 { Err("no".into()) } else { Ok(conn.batch_execute("SELECT 1")?) }
            })
            .or_else(|error| if op.argument("by").is_some() { op.backfill(Backfill::new("t", "id"), &sql) } else { Err(error) })
        }
        let m = one::<Conn>(NONE, |_| code(divide));
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
        fn other<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.backfill(Backfill::new("t", "id"), "UPDATE t SET n = 5 WHERE id > :from AND id <= :to")
        }
        let error = one::<Conn>(NONE, |_| code(other)).upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
        assert!(matches!(&error, Error::Inconsistent(found) if matches!(found[..], [Finding::Rewritten { .. }])), "{error}");
        assert_eq!(db.ask("SELECT CAST(SUM(n) AS CHAR(9)) AS answer FROM t").trim(), "2");
    }

    fn moments_are_written_in_universal_time(db) {
        fn times<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.create_table(
                Table::new("times")
                    .column(Column::new("at", Type::TimestampTz))
                    .column(Column::new("day", Type::Date))
                    .column(Column::new("data", Type::Binary))
                    .column(Column::new("ratio", Type::Double)),
            )?;
            let at = chrono::DateTime::from_timestamp(1_000_000_000, 0).unwrap();
            op.bulk_insert("times", rows![{ at: at, day: at.date_naive(), data: vec![0_u8, 255], ratio: 0.5 }])?;
            Ok(())
        }
        let m = one::<Conn>("", |_| code(times));
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap();
        a_script_does_the_same(&m, &db);
        let seconds = match KIND {
            Kind::Sqlite => "CAST(unixepoch(at) AS TEXT)",
            Kind::Postgres => "CAST(extract(epoch FROM at)::bigint AS TEXT)",
            Kind::Mysql | Kind::Mariadb => "CAST(CAST(UNIX_TIMESTAMP(at) AS SIGNED) AS CHAR)",
        };
        assert_eq!(db.ask(&format!("SELECT {seconds} AS answer FROM times")), "1000000000");
    }
}

/// Does something when a statement has waited for others in vain.
struct OnBlocked<F>(Option<F>);

impl<F: FnOnce()> Observer for OnBlocked<F> {
    fn blocked(&mut self, _by: &[String], _pause: std::time::Duration, _left: u32) {
        self.0.take().expect("it is blocked once")();
    }
}

on_mysql_and_mariadb! {
    fn an_operation_that_waited_is_noted(db) {
        fn waits<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
            op.execute("UPDATE t SET n = n + 1")?;
            op.create_table(Table::new("u").column(Column::new("x", Type::Integer)))?;
            if op.argument("fail").is_some() { Err("no".into()) } else { Ok(()) }
        }
        db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL); INSERT INTO t VALUES (1, 0)");
        let m = one::<Conn>("", |_| code(waits));
        let mut other = db.connect::<Conn>();
        other.batch_execute("BEGIN; UPDATE t SET n = n").unwrap();
        let gives_way = OnBlocked(Some(|| other.batch_execute("COMMIT").unwrap()));
        let migrator = m.migrator().lock_timeout(std::time::Duration::from_secs(1)).argument("fail", "");
        let error = migrator.observer(gives_way).upgrade(&mut db.connect::<Conn>(), "head").unwrap_err().to_string();
        assert!(error.contains("2 statements of it are committed"), "{error}");
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(n AS CHAR) AS answer FROM t"), "1");
        assert_eq!(m.status(&mut db.connect::<Conn>()).unwrap().findings, []);
    }
}
