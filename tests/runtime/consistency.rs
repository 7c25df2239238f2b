use alembic_runtime::{Error, Finding, Policy, Verdict};
use harness::on_every_database;

use crate::{LINE, migrations};

on_every_database! {
    fn an_unknown_row_means_that_the_database_is_ahead(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let old = migrations::<Conn>(&LINE[..2]);
        let error = old.upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().contains("`c`, which this program does not know: the database is ahead"), "{error}");
        assert_eq!(old.status(&mut conn).unwrap().verdict, Verdict::Ahead);
    }

    fn a_health_check_cannot_overlook_what_is_pending(db) {
        let mut conn = db.connect::<Conn>();
        let all = migrations::<Conn>(LINE);
        for (at, pending) in [(None, &["a", "b", "c"][..]), (Some("b"), &["c"])] {
            if let Some(at) = at {
                all.upgrade(&mut conn, at).unwrap();
            }
            let Error::Pending(found) = all.check(&mut conn).unwrap_err() else { panic!("another error") };
            assert_eq!(found, pending);
            assert_eq!(all.check_consistency(&mut conn).unwrap().pending, pending);
        }
        all.upgrade(&mut conn, "head").unwrap();
        assert_eq!(all.check(&mut conn).unwrap().verdict, Verdict::UpToDate);
        let old = migrations::<Conn>(&LINE[..2]);
        assert!(matches!(old.check(&mut conn).unwrap_err(), Error::Inconsistent(_)));
        assert!(matches!(old.check_consistency(&mut conn).unwrap_err(), Error::Inconsistent(_)));
    }

    fn an_edited_applied_revision_is_refused(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "b").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].2 = "CREATE TABLE ta (x INTEGER, y INTEGER);";
        let edited = migrations::<Conn>(&spec);
        let Error::Inconsistent(findings) = edited.upgrade(&mut conn, "head").unwrap_err() else { panic!("another error") };
        assert!(matches!(&findings[..], [Finding::Edited { revision, .. }] if revision == "a"));
        assert_eq!(edited.status(&mut conn).unwrap().verdict, Verdict::Edited);
        assert_eq!(db.versions(), "b");
    }

    fn the_fast_path_sees_an_edit_too(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].2 = "CREATE TABLE ta (x INTEGER, y INTEGER);";
        assert!(migrations::<Conn>(&spec).upgrade(&mut conn, "head").is_err());
    }

    fn an_edit_can_be_accepted(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].2 = "CREATE TABLE ta (x INTEGER, y INTEGER);";
        spec[1].2 = "CREATE TABLE tb (z INTEGER);";
        let edited = migrations::<Conn>(&spec);
        assert!(edited.migrator().accept(&mut conn, Some("c")).is_err(), "it was not edited");
        edited.migrator().accept(&mut conn, Some("a")).unwrap();
        let left = edited.status(&mut conn).unwrap().findings;
        assert!(matches!(&left[..], [Finding::Edited { revision, .. }] if revision == "b"), "{left:?}");
        edited.migrator().accept(&mut conn, None).unwrap();
        assert_eq!(edited.status(&mut conn).unwrap().verdict, Verdict::UpToDate);
        assert_eq!(edited.upgrade(&mut conn, "head").unwrap().steps.len(), 0);
        let log = edited.log(&mut conn, 9).unwrap();
        assert_eq!(log.iter().filter(|entry| entry.direction == "upgrade").count(), 3, "earlier entries stay");
    }

    fn edited_comments_are_a_warning(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "b").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].2 = "-- why\nCREATE  TABLE /* of notes */ ta\n(x INTEGER);";
        let edited = migrations::<Conn>(&spec);
        let status = edited.status(&mut conn).unwrap();
        assert_eq!((status.verdict, status.findings.len()), (Verdict::Pending, 0));
        assert!(matches!(&status.warnings[..], [Finding::CommentsEdited { revision, .. }] if revision == "a"));
        edited.upgrade(&mut conn, "head").unwrap();
    }

    fn an_old_program_may_go_on_beside_a_newer_database(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let old = migrations::<Conn>(&LINE[..2]);
        let report = old.migrator().allow_ahead().upgrade(&mut conn, "head").unwrap();
        assert_eq!((report.steps.len(), report.rows), (0, vec!["c".to_owned()]));
    }

    fn policies_other_than_apply_change_nothing(db) {
        let mut conn = db.connect::<Conn>();
        let m = migrations::<Conn>(LINE);
        m.upgrade(&mut conn, "a").unwrap();
        let Error::Pending(pending) = m.migrator().policy(Policy::Verify).upgrade(&mut conn, "head").unwrap_err() else {
            panic!("another error")
        };
        assert_eq!(pending, ["b", "c"]);
        assert_eq!(db.versions(), "a");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let migrator = migrations::<Conn>(LINE);
                migrator.migrator().policy(Policy::Wait).upgrade(&mut db.connect::<Conn>(), "head").unwrap()
            });
            m.upgrade(&mut conn, "head").unwrap();
            assert_eq!(waiting.join().unwrap().rows, ["c"]);
        });
    }

    fn an_edited_downgrade_is_no_contradiction(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].3 = "DROP TABLE IF EXISTS ta;";
        assert_eq!(migrations::<Conn>(&spec).status(&mut conn).unwrap().verdict, Verdict::UpToDate);
    }

    fn a_failure_is_in_the_log_and_changes_no_verdict(db) {
        let mut conn = db.connect::<Conn>();
        let mut spec = LINE.to_vec();
        spec[0].3 = "DROP TABLE nowhere;";
        let m = migrations::<Conn>(&spec);
        m.upgrade(&mut conn, "a").unwrap();
        m.downgrade(&mut conn, "base").unwrap_err();
        let log = m.log(&mut conn, 9).unwrap();
        assert_eq!((log[0].state.as_str(), log[0].direction.as_str()), ("failed", "downgrade"));
        assert!(log[0].error.as_ref().unwrap().contains("nowhere"), "{log:?}");
        let status = m.status(&mut conn).unwrap();
        assert_eq!((status.verdict, status.findings.len()), (Verdict::Pending, 0));
        spec[0].2 = "CREATE TABLE ta (x INTEGER, y INTEGER);";
        assert_eq!(migrations::<Conn>(&spec).status(&mut conn).unwrap().verdict, Verdict::Edited);
    }

    fn a_revision_inserted_under_an_applied_one_is_refused(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let mut spec = LINE.to_vec();
        spec.push(("late", "a", "CREATE TABLE late (x INTEGER);", ""));
        spec[1].1 = "late";
        let error = migrations::<Conn>(&spec).upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().contains("`late` (late.sql) comes before an applied revision"), "{error}");
    }

    fn rows_that_overlap_are_refused(db) {
        let mut conn = db.connect::<Conn>();
        let m = migrations::<Conn>(LINE);
        m.upgrade(&mut conn, "b").unwrap();
        db.run("INSERT INTO alembic_version VALUES ('a')");
        let error = m.upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().contains("names `b` and its ancestor `a`"), "{error}");
        assert_eq!(db.versions(), "a,b");
    }

    fn applied_again_after_a_downgrade_and_an_edit(db) {
        let mut conn = db.connect::<Conn>();
        let m = migrations::<Conn>(LINE);
        m.upgrade(&mut conn, "head").unwrap();
        m.downgrade(&mut conn, "b").unwrap();
        let mut spec = LINE.to_vec();
        spec[2].2 = "CREATE TABLE tc (x INTEGER, y INTEGER);";
        let edited = migrations::<Conn>(&spec);
        assert_eq!(edited.status(&mut conn).unwrap().verdict, Verdict::Pending);
        edited.upgrade(&mut conn, "head").unwrap();
        assert_eq!(edited.status(&mut conn).unwrap().verdict, Verdict::UpToDate);
    }
}
