//! Models are tables or errors with a place, and what is printed of them is read again.
#![no_main]

use alembic_models::{Detail, print, read};
use alembic_schema::{Naming, Schema};
use alembic_sql::Dialect;

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Most random texts are no Rust, so the interesting parts are put where they belong.
    let table = format!("alembic_runtime::table! {{ {text} }}");
    let column = format!("alembic_runtime::table! {{ t {{ id -> Integer, {text} }} }}");
    for source in [text, &table, &column] {
        let Ok(found) = read(source, "schema.rs") else { continue };
        for dialect in Dialect::ALL {
            let Ok(wanted) = found.models.over(&Schema::default(), dialect, &|_| false) else { continue };
            for detail in [Detail::Plain, Detail::Complete] {
                let printed = print(&wanted.schema, dialect, &Naming::default(), detail);
                assert!(read(&printed, "schema.rs").is_ok(), "{dialect}: {printed}");
            }
        }
    }
});
