//! Graphs of any shape, from any place to any other.

use alembic_runtime::Migrations;
use harness::{Database, on_every_database};

use super::{assert_alike, refused, script};

/// So many graphs are tried.
const GRAPHS: u64 = 6;
/// So many revisions has each.
const REVISIONS: u64 = 7;

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Revisions that follow and depend on any that are before them, with and without a transaction.
fn files(seed: u64) -> Vec<(String, String)> {
    let mut dice = Dice(seed);
    let file = |n: u64| {
        let mut earlier: Vec<u64> = (0..n).filter(|_| dice.roll(3) == 0).collect();
        let depends = earlier.pop().filter(|_| earlier.len() > 1).into_iter().collect::<Vec<_>>();
        let names = |numbers: &[u64]| numbers.iter().map(|n| format!("r{n}")).collect::<Vec<_>>().join(", ");
        let parents = if earlier.is_empty() { "<base>".to_owned() } else { names(&earlier) };
        let depends = if depends.is_empty() { String::new() } else { format!("-- Depends On: {}\n", names(&depends)) };
        let none = if dice.roll(4) == 0 { "-- Transaction: none\n" } else { "" };
        let text = format!(
            "-- {n}\n-- Revision ID: r{n}\n-- Revises: {parents}\n{depends}{none}\n-- alembic:upgrade\n\
             CREATE TABLE t{n} (x INTEGER);\nINSERT INTO t{n} VALUES ({n});\nUPDATE t{n} SET x = x * 10;\n\
             -- alembic:downgrade\nDROP TABLE t{n};\n"
        );
        (format!("r{n}.sql"), text)
    };
    (0..REVISIONS).map(file).collect()
}

on_every_database! {
    fn a_script_goes_where_a_run_goes(db) {
        let run = Database::new(KIND).unwrap();
        let mut conn = run.connect::<Conn>();
        for seed in 0..GRAPHS {
            let m = Migrations::<Conn>::from_files(files(seed)).unwrap();
            let middle = format!("r{}", Dice(seed + 99).roll(REVISIONS));
            let up = script(&m, &format!("upgrade {middle}"), &db);
            db.run_script(&up).unwrap_or_else(|said| panic!("{seed}: {said}\n{up}"));
            m.upgrade(&mut conn, &middle).unwrap();
            assert_alike(&db, &run, &up);
            let on = script(&m, &format!("upgrade {middle}:heads"), &db);
            if m.upgrade(&mut conn, "heads").unwrap().steps.is_empty() {
                db.run_script(&on).unwrap();
            } else {
                refused(&db, &up, "base");
                db.run_script(&on).unwrap_or_else(|said| panic!("{seed}: {said}\n{on}"));
                assert_alike(&db, &run, &on);
                refused(&db, &on, "this script is for a database at");
            }
            let down = script(&m, "downgrade heads:base", &db);
            db.run_script(&down).unwrap_or_else(|said| panic!("{seed}: {said}\n{down}"));
            m.downgrade(&mut conn, "base").unwrap();
            assert_alike(&db, &run, &down);
            [&db, &run].into_iter().for_each(Database::empty);
            conn = run.connect::<Conn>();
        }
    }
}
