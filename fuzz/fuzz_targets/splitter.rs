//! Pieces of a text are where they say, and cutting them again changes nothing.
#![no_main]

use alembic_sql::Dialect;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for dialect in Dialect::ALL {
        let Ok(statements) = alembic_sql::split(text, dialect) else { continue };
        let mut end = 0;
        for statement in &statements {
            assert_eq!(&text[statement.range.clone()], statement.text);
            assert!(statement.range.start >= end && statement.range.end > statement.range.start);
            end = statement.range.end;
            let before = &text[..statement.range.start];
            assert_eq!(statement.line, before.matches('\n').count() + 1);
            // Whatever it is taken for, asking is harmless.
            drop(alembic_sql::nature(statement.text, dialect));
            let _ = alembic_sql::requires_autocommit(statement.text, dialect)
                || alembic_sql::requires_transaction(statement.text, dialect)
                || alembic_sql::controls_transaction(statement.text, dialect)
                || alembic_sql::breaks_journal(statement.text, dialect)
                || alembic_sql::adds_enum_value(statement.text, dialect)
                || alembic_sql::changes_escapes(statement.text, dialect)
                || alembic_sql::has_backslash_in_string(statement.text, dialect);
            drop(alembic_sql::assigned_settings(statement.text, dialect));
            drop(alembic_sql::dropped_table(statement.text, dialect));
            drop(alembic_sql::mentioned(statement.text, dialect));
            let commented = format!("/* why */\n{}", statement.text);
            assert_eq!(alembic_sql::essence(&commented, dialect), alembic_sql::essence(statement.text, dialect), "{dialect}: {commented}");
        }
    }
});
