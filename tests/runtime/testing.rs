//! What applications test their own migrations with.

use std::panic::{AssertUnwindSafe, catch_unwind};

use alembic_runtime::testing::{Fresh, RoundTripError, round_trip};
use diesel::connection::SimpleConnection;
use harness::{Kind, on_every_database};

use crate::{LINE, migrations};

on_every_database! {
    fn each_test_has_a_database_of_its_own(db) {
        let m = migrations::<Conn>(LINE);
        let mut names = Vec::new();
        std::thread::scope(|scope| {
            let tests: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut fresh = Fresh::migrated(&m, db.url()).unwrap();
                        assert_eq!(m.current(&mut fresh).unwrap(), ["c"]);
                        // A key that a second one would violate.
                        fresh.batch_execute("CREATE UNIQUE INDEX once ON tc (x); INSERT INTO tc VALUES (1)").unwrap();
                        fresh.url().to_owned()
                    })
                })
                .collect();
            names.extend(tests.into_iter().map(|test| test.join().unwrap()));
        });
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 4);
    }

    fn what_is_shared_is_rolled_back(db) {
        let m = migrations::<Conn>(LINE);
        for _ in 0..2 {
            let mut shared = Fresh::rolled_back(&m, db.url()).unwrap();
            let rows = "SELECT CAST(COUNT(*) AS CHAR(3)) AS answer FROM tc";
            #[derive(diesel::QueryableByName)]
            struct Count {
                #[diesel(sql_type = diesel::sql_types::Text)]
                answer: String,
            }
            let found: Count = diesel::RunQueryDsl::get_result(diesel::sql_query(rows), &mut *shared).unwrap();
            assert_eq!(found.answer.trim(), "0");
            shared.batch_execute("INSERT INTO tc VALUES (1)").unwrap();
        }
    }

    fn sqlite_in_any_journal_mode(db) {
        let spec = [("a", "\n-- Transaction: none", "PRAGMA journal_mode = WAL;\nCREATE TABLE t (x INTEGER);", "")];
        if KIND == Kind::Sqlite {
            let m = migrations::<Conn>(&spec);
            for _ in 0..2 {
                Fresh::migrated(&m, db.url()).unwrap().batch_execute("INSERT INTO t VALUES (1)").unwrap();
            }
        }
    }

    fn it_is_dropped_when_a_test_panics(db) {
        let m = migrations::<Conn>(LINE);
        let mut url = String::new();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let fresh = Fresh::migrated(&m, db.url()).unwrap();
            fresh.url().clone_into(&mut url);
            panic!("as tests do");
        }));
        assert!(panicked.is_err());
        match KIND {
            Kind::Sqlite => assert!(!std::path::Path::new(&url).exists()),
            _ => assert!(<Conn as diesel::Connection>::establish(&url).is_err()),
        }
    }

    fn downgrades_that_undo_nothing_are_found(db) {
        let mut fresh = Fresh::empty(&migrations::<Conn>(LINE), db.url()).unwrap();
        assert_eq!(round_trip(&migrations::<Conn>(LINE), &mut fresh).unwrap(), Vec::<String>::new());
        let mut spec = LINE.to_vec();
        spec[1].3 = "SELECT 1;";
        let mut fresh = Fresh::empty(&migrations::<Conn>(LINE), db.url()).unwrap();
        let error = round_trip(&migrations::<Conn>(&spec), &mut fresh).unwrap_err();
        let RoundTripError::Differs { revision, traces, .. } = &error else { panic!("{error}") };
        assert!(revision == "b" && !traces.is_empty() && traces.iter().all(|line| line.contains("tb")), "{error}");
    }
}
