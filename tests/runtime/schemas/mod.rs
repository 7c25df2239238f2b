//! From any schema to any other, and back.

mod generate;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alembic_models::{Detail, print, read};
use alembic_runtime::{
    __private::{Inspection, Snapshots, inspect, sources},
    Drift, Finding,
};
use alembic_schema::{
    Constraint, Name, Naming, Schema,
    diff::{Diff, Locking},
    operation::render,
    snapshot::fingerprint,
};
use alembic_sql::Dialect;
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use generate::{Dice, schema};
use harness::{Database, on_every_database};

/// How many pairs of schemas are tried.
const PAIRS: u64 = 300;

macro_rules! change {
    ($conn:expr, $before:expr, $after:expr, $what:expr) => {{
        let dialect = KIND.dialect();
        let sources = sources($conn).expect("a catalog");
        let diff = Diff::between($before, $after, dialect);
        let source = |name: &Name| sources.get(name).cloned();
        let blocks = diff.blocks(dialect, &Naming::default(), &source, Locking::Plain);
        let mut script = Vec::new();
        for operation in blocks.iter().flat_map(|block| &block.operations) {
            script.extend(
                render(operation, dialect, &Naming::default()).unwrap_or_else(|error| panic!("{}: {error}", $what)),
            );
        }
        let off = dialect == Dialect::Sqlite && diff.disturbs_foreign_keys($before, &blocks);
        if off {
            $conn.batch_execute("PRAGMA foreign_keys = OFF").expect("a setting");
        }
        for statement in &script {
            if let Err(error) = $conn.batch_execute(statement) {
                panic!("{}: {error}\n{statement}\n---\n{}", $what, script.join(";\n"));
            }
        }
        if off {
            $conn.batch_execute("PRAGMA foreign_keys = ON").expect("a setting");
        }
        script.join(";\n")
    }};
}

fn expect_same(is: &Schema, wanted: &Schema, dialect: Dialect, what: &str, script: &str) {
    let differences: Vec<String> =
        Diff::between(is, wanted, dialect).differences(dialect).iter().map(ToString::to_string).collect();
    assert!(differences.is_empty(), "{what}: {differences:#?}\n---\n{script}");
    assert!(plain(is) == plain(wanted), "{what}: not the same\n{:#?}\n{:#?}\n---\n{script}", plain(is), plain(wanted));
}

/// Leaves out what two equal schemas may differ in: the order of columns, what keys are called, where it is, and how SQLite
/// was told.
fn plain(schema: &Schema) -> Schema {
    let mut schema = Schema { current: None, ..schema.clone() };
    schema.tables.iter_mut().for_each(|table| table.definition = None);
    for constraint in schema.tables.iter_mut().flat_map(|table| &mut table.constraints) {
        if let Constraint::ForeignKey(key) = constraint {
            key.name = None;
        }
    }
    schema.sorted()
}

/// What is printed as models wants nothing else than what is there.
fn expect_models(is: &Schema, dialect: Dialect, detail: Detail, what: &str) {
    let source = print(is, dialect, &Naming::default(), detail);
    let models = read(&source, "schema.rs").unwrap_or_else(|errors| panic!("{what}: {errors:?}\n{source}")).models;
    let wanted = models.over(is, dialect, &|_| false).unwrap_or_else(|errors| panic!("{what}: {errors:?}\n{source}"));
    let differences: Vec<String> =
        Diff::between(is, &wanted.schema, dialect).differences(dialect).iter().map(ToString::to_string).collect();
    assert!(differences.is_empty(), "{what}: {differences:#?}\n---\n{source}");
}

/// How many queries a look at a catalog takes.
const QUERIES: usize = 12;

on_every_database! {
    fn a_look_takes_few_queries(db) {
        let mut conn = db.connect::<Conn>();
        for table in 0..20 {
            conn.batch_execute(&format!("CREATE TABLE t{table} (id INTEGER PRIMARY KEY, n INTEGER)")).unwrap();
        }
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(inspect(&mut conn, &Inspection::default()).unwrap().tables.len(), 20);
        let count = count.load(Ordering::Relaxed);
        // MySQL and MariaDB tell all of a table only in its own text.
        let texts = if KIND.is_mysql_family() { 20 } else { 0 };
        assert!((1..=QUERIES + texts).contains(&count), "{count} queries");
    }

    fn any_schema_becomes_any_other(db) {
        let Some(other) = Database::new(KIND) else { return };
        let (mut conn, mut canonical) = (db.connect::<Conn>(), other.connect::<Conn>());
        let dialect = KIND.dialect();
        let schemas = if dialect == Dialect::Postgres { vec!["more".to_owned()] } else { Vec::new() };
        let inspection = Inspection { schemas, ..Inspection::default() };
        let look = |conn: &mut Conn| inspect(conn, &inspection).expect("a catalog");
        let empty = Schema::default();
        let mut before = empty.clone();
        for seed in 0..PAIRS {
            let wanted = schema(&mut Dice::new(seed), dialect);
            change!(&mut canonical, &empty, &wanted, format!("{seed}: making it"));
            let after = look(&mut canonical);
            let script = change!(&mut conn, &before, &after, format!("{seed}: upgrade"));
            let is = look(&mut conn);
            expect_same(&is, &after, dialect, &format!("{seed}: upgrade"), &script);
            let script = change!(&mut conn, &is, &before, format!("{seed}: downgrade"));
            expect_same(&look(&mut conn), &before, dialect, &format!("{seed}: downgrade"), &script);
            change!(&mut conn, &before, &after, format!("{seed}: upgrade again"));
            let script = change!(&mut canonical, &after, &empty, format!("{seed}: dropping it"));
            expect_same(&look(&mut canonical), &empty, dialect, &format!("{seed}: dropping it"), &script);
            for detail in [Detail::Plain, Detail::Complete] {
                expect_models(&after, dialect, detail, &format!("{seed}: {detail:?} models"));
            }
            before = look(&mut conn);
        }
    }
}

on_every_database! {
    /// What `embed_migrations!` takes along of a snapshot, a program compares with its database.
    fn a_program_notices_what_was_done_by_hand(db) {
        let mut conn = db.connect::<Conn>();
        let table = "CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER)";
        let spec = [("a", "", table, "DROP TABLE things")];
        let plain = crate::migrations::<Conn>(&spec);
        plain.upgrade(&mut conn, "head").unwrap();
        assert_eq!(plain.drift(&mut conn).unwrap(), Drift::Unknown);
        let left = inspect(&mut conn, &Inspection::default()).unwrap();
        let name = fingerprint(&left, KIND.dialect(), &Naming::default()).to_string();
        let fingerprints = vec![(KIND.name(), &*name.leak())].leak();
        let snapshots = Snapshots { fingerprints, include: &[], exclude: &["left_*"] };
        let migrations = crate::migrations::<Conn>(&spec).with_snapshots(snapshots);
        conn.batch_execute("CREATE TABLE left_alone (id INTEGER PRIMARY KEY)").unwrap();
        assert_eq!(migrations.drift(&mut conn).unwrap(), Drift::None);
        assert!(migrations.status(&mut conn).unwrap().warnings.is_empty());
        conn.batch_execute("CREATE INDEX by_hand ON things (n)").unwrap();
        assert!(matches!(migrations.drift(&mut conn).unwrap(), Drift::Differs { .. }));
        assert_eq!(migrations.status(&mut conn).unwrap().warnings, [Finding::Drift]);
    }
}
