use alembic_runtime::{Error, Finding, Verdict};
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

    fn an_edited_applied_revision_is_refused(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "b").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].2 = "CREATE TABLE ta (x INTEGER, y INTEGER);";
        let edited = migrations::<Conn>(&spec);
        let Error::Inconsistent(findings) = edited.upgrade(&mut conn, "head").unwrap_err() else { panic!("another error") };
        assert!(matches!(&findings[..], [Finding::Edited { revision, .. }] if revision == "a"));
        assert_eq!(edited.status(&mut conn).unwrap().verdict, Verdict::Diverged);
        assert_eq!(db.versions(), "b");
    }

    fn the_fast_path_sees_an_edit_too(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].2 = "CREATE TABLE ta (x INTEGER, y INTEGER);";
        assert!(migrations::<Conn>(&spec).upgrade(&mut conn, "head").is_err());
    }

    fn an_edited_downgrade_is_no_contradiction(db) {
        let mut conn = db.connect::<Conn>();
        migrations::<Conn>(LINE).upgrade(&mut conn, "head").unwrap();
        let mut spec = LINE.to_vec();
        spec[0].3 = "DROP TABLE IF EXISTS ta;";
        assert_eq!(migrations::<Conn>(&spec).status(&mut conn).unwrap().verdict, Verdict::UpToDate);
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
