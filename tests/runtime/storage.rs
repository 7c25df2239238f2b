//! How our own tables are stored, whatever the server's defaults are.

use std::sync::{Arc, Mutex};

use alembic_graph::Hint;
use alembic_runtime::{Finding, Observer, Verdict};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, PostgresConn, on_mysql_and_mariadb};

use crate::{LINE, migrations};

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Observer for Notes {
    fn note(&mut self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

impl Notes {
    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("\n")
    }
}

/// A session's defaults that are against us.
fn hostile(kind: Kind) -> &'static str {
    match kind {
        Kind::Mysql => {
            "SET default_storage_engine = MyISAM, default_tmp_storage_engine = MyISAM, sql_require_primary_key = 1, \
             sql_generate_invisible_primary_key = 1, innodb_strict_mode = 1"
        }
        _ => "SET default_storage_engine = MyISAM, innodb_strict_mode = 1",
    }
}

/// Returns how our tables are stored.
fn stored(db: &Database) -> String {
    db.ask(
        "SELECT CONCAT_WS(' ', table_name, engine, table_collation) AS answer FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name LIKE 'alembic%' ORDER BY table_name",
    )
}

const AS_MADE: &str = "alembic_lock InnoDB utf8mb4_bin,alembic_version InnoDB utf8mb4_bin,\
                       alembic_version_log InnoDB utf8mb4_bin";

on_mysql_and_mariadb! {
    fn our_tables_do_not_depend_on_the_servers_defaults(db) {
        db.run(&format!("ALTER DATABASE {} CHARACTER SET latin1", db.name()));
        let m = migrations::<Conn>(&[("a", "", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;")]);
        let makes: [&dyn Fn(&mut Conn); 3] = [
            &|conn| drop(m.upgrade(conn, "head").unwrap()),
            &|conn| drop(m.stamp(conn, "a").unwrap()),
            &|conn| drop(m.migrator().ensure_version(conn).unwrap()),
        ];
        for make in makes {
            let mut conn = db.connect::<Conn>();
            conn.batch_execute(hostile(KIND)).unwrap();
            make(&mut conn);
            assert_eq!(stored(&db), AS_MADE);
            conn.batch_execute("DROP TABLE alembic_lock, alembic_version, alembic_version_log").unwrap();
        }
    }

    fn a_script_makes_the_same_tables(db) {
        db.run(&format!("ALTER DATABASE {} CHARACTER SET latin1", db.name()));
        for options in ["upgrade heads", "upgrade heads --idempotent"] {
            let m = migrations::<Conn>(&[
                ("a", "", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", ""),
                ("b", "a\n-- Depends On: a", "ALTER TABLE ta ADD y INTEGER;", ""),
            ]);
            let script = crate::scripts::script(&m, options, &db);
            db.run_script(&format!("{};\n{script}", hostile(KIND))).unwrap_or_else(|said| panic!("{said}\n{script}"));
            assert_eq!(stored(&db), AS_MADE, "{options}");
            db.run("DROP TABLE ta, alembic_lock, alembic_version, alembic_version_log");
        }
    }

    /// Python makes the version table, and the database's defaults decide the rest.
    fn tables_made_otherwise_are_reported_and_converted(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        for (options, ill) in [
            ("ENGINE = MyISAM", "ENGINE=MyISAM"),
            ("ENGINE = MEMORY", "ENGINE=MEMORY"),
            ("CHARACTER SET utf16", "CHARSET=utf16"),
            ("CHARACTER SET ucs2", "CHARSET=ucs2"),
            ("CHARACTER SET latin1", ""),
            ("CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", ""),
        ] {
            db.empty();
            conn = db.connect::<Conn>();
            db.run(&format!("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL) {options}"));
            db.run("INSERT INTO alembic_version VALUES ('a'); CREATE TABLE ta (x INTEGER)");
            let notes = Notes::default();
            let upgraded = m.migrator().observer(notes.clone()).upgrade(&mut conn, "head");
            let status = m.status(&mut conn).unwrap();
            if ill.is_empty() {
                assert!(upgraded.is_ok() && status.warnings.is_empty() && notes.take().is_empty(), "{options}");
                continue;
            }
            let found = if ill.starts_with("ENGINE") {
                let refused = upgraded.unwrap_err();
                assert!(matches!(refused.hint(), Some(Hint::IllStored { .. })), "{options}: {refused}");
                assert_eq!((db.versions().as_str(), db.tables().as_str()), ("a", "ta"), "{options}");
                status.findings
            } else {
                let notes = notes.take();
                assert!(upgraded.is_ok() && notes.contains(ill) && notes.contains("ALTER TABLE"), "{options}: {notes}");
                status.warnings
            };
            let [Finding::IllStored { table, with, convert }] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!((table.as_str(), with.as_str()), ("alembic_version", ill));
            db.run(convert);
            assert_eq!(stored(&db), AS_MADE, "{options}");
            m.upgrade(&mut conn, "head").unwrap();
            let status = m.status(&mut conn).unwrap();
            assert!(status.warnings.is_empty() && status.verdict == Verdict::UpToDate, "{options}: {status}");
        }
        db.run("ALTER TABLE alembic_version_log CONVERT TO CHARACTER SET latin1; ALTER TABLE alembic_lock ENGINE = MyISAM");
        let status = m.status(&mut conn).unwrap();
        let found = [status.findings, status.warnings].concat();
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(told[0].contains("ENGINE=MyISAM") && told[1].contains("CHARSET=latin1"), "{told:?}");
        found.iter().for_each(|finding| match finding {
            Finding::IllStored { convert, .. } => db.run(convert),
            other => panic!("{other}"),
        });
        let ours = stored(&db);
        assert!(!ours.contains("MyISAM") && !ours.contains("latin1"), "{ours}");
    }

    fn rows_without_transactions_are_told_of(db) {
        let m = migrations::<Conn>(&[
            ("a", "", "CREATE TABLE ta (x INTEGER PRIMARY KEY) ENGINE = MyISAM;\nCREATE TABLE tb (x INTEGER);", ""),
            ("b", "a", "ALTER TABLE ta ADD y INTEGER;\nINSERT INTO tb SELECT x FROM ta;", ""),
            ("c", "b", "UPDATE ta SET y = 1;", ""),
        ]);
        let mut conn = db.connect::<Conn>();
        let notes = Notes::default();
        for (revision, told) in [("a", false), ("b", false), ("c", true)] {
            m.migrator().observer(notes.clone()).upgrade(&mut conn, revision).unwrap();
            let notes = notes.take();
            assert_eq!(notes.contains("`ta` is in MyISAM"), told, "{revision}: {notes}");
        }
        conn.batch_execute("SET default_storage_engine = MyISAM").unwrap();
        m.migrator().observer(notes.clone()).downgrade(&mut conn, "b").unwrap();
        assert!(notes.take().contains("makes new tables in MyISAM"));
    }
}

#[test]
fn our_tables_do_not_depend_on_the_access_method() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let method = format!("{}_method", db.name());
    db.run(&format!(
        "CREATE ACCESS METHOD {method} TYPE TABLE HANDLER heap_tableam_handler; \
         ALTER DATABASE {} SET default_table_access_method = {method}",
        db.name()
    ));
    let m = migrations::<PostgresConn>(&[("a", "", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;")]);
    let methods = |name: &str| {
        db.ask(&format!(
            "SELECT DISTINCT amname::text AS answer FROM pg_class JOIN pg_am ON pg_am.oid = relam \
             WHERE relkind = 'r' AND relname LIKE '{name}'"
        ))
    };
    m.upgrade(&mut db.connect(), "head").unwrap();
    assert_eq!((methods("alembic%"), methods("ta")), ("heap".to_owned(), method));
    m.downgrade(&mut db.connect(), "base").unwrap();
    db.run("DROP TABLE alembic_version, alembic_version_log, alembic_lock");
    let script = crate::scripts::script(&m, "upgrade head", &db);
    db.run_script(&script).unwrap();
    assert_eq!(methods("alembic%"), "heap");
}
