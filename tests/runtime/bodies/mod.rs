//! Random bodies, judged by the real servers: each one that is accepted is one statement.
//!
//! A text is `before; body; after`. The server gets it whole and cuts it up by its own parser; the splitter has to
//! find the same three statements.

mod clients;
mod engine;
mod grammar;
mod postgres;
mod programs;
mod triggers;

use std::cell::Cell;

use alembic_sql::{Dialect, split};
use diesel::connection::SimpleConnection;
use grammar::Grammar;
use harness::{Kind, on_every_database};
use proptest::{
    collection::vec,
    num::u16,
    prelude::Strategy,
    prop_assert_eq,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};

/// So many bodies have to be accepted.
const WANTED: u32 = 2_000;
/// So many are tried, at most.
const TRIED: u32 = 4_000;
/// The seed of the generator: a failure comes again, and is printed with the smallest body that shows it.
const SEED: [u8; 32] = *b"where do the statements end, eh?";

on_every_database! {
    fn what_the_server_takes_for_one_statement_is_one(db) {
        let (dialect, setup, grammar) = match KIND {
            Kind::Sqlite => (Dialect::Sqlite, triggers::SETUP, triggers::grammar()),
            Kind::Postgres => (Dialect::Postgres, postgres::SETUP, postgres::grammar()),
            Kind::Mysql => (Dialect::Mysql, programs::SETUP, programs::of_mysql()),
            Kind::Mariadb => (Dialect::Mariadb, programs::SETUP, programs::of_mariadb()),
        };
        let mut conn = db.connect::<Conn>();
        conn.batch_execute(setup).unwrap();
        let conn = std::cell::RefCell::new(conn);
        let accepted = Cell::new(0);
        let config = Config { cases: TRIED, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
        let result = runner.run(&bodies(&grammar), |body| {
            if accepted.get() == WANTED {
                return Ok(());
            }
            let before = drop_statement(&body);
            let text = format!("{before};\n{body};\nSELECT 1;\n");
            if conn.borrow_mut().batch_execute(&text).is_ok() {
                accepted.set(accepted.get() + 1);
                is_cut_in_three(&text, dialect, [&before, &body, "SELECT 1"])?;
                if dialect.is_mysql_family() {
                    let delimited = format!("{before};\nDELIMITER |\n{body}\n|\nDELIMITER ;\nSELECT 1;\n");
                    is_cut_in_three(&delimited, dialect, [&before, &body, "SELECT 1"])?;
                }
            }
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
        assert!(accepted.get() >= WANTED, "only {} of {TRIED} bodies were accepted", accepted.get());
    }
}

/// Every decision that the grammar leaves open is a number; smaller numbers make shorter bodies.
fn bodies(grammar: &Grammar) -> impl Strategy<Value = String> {
    let grammar = grammar.clone();
    vec(u16::ANY, 20..160).prop_map(move |choices| grammar.expand("statement", &choices))
}

fn is_cut_in_three(text: &str, dialect: Dialect, expected: [&str; 3]) -> Result<(), TestCaseError> {
    let statements = split(text, dialect).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    let found: Vec<&str> = statements.iter().map(|statement| statement.text).collect();
    prop_assert_eq!(found, expected);
    Ok(())
}

/// What is made is called `p`.
fn drop_statement(body: &str) -> String {
    let kinds = ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "RULE"];
    let kind = kinds.into_iter().find(|kind| body.to_ascii_uppercase().contains(&format!("{kind} P")));
    match kind {
        Some("RULE") => "DROP RULE IF EXISTS p ON t".into(),
        Some(kind) => format!("DROP {kind} IF EXISTS p"),
        None => "SELECT 0".into(),
    }
}
