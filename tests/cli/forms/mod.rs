//! The syntax forms of each database's manual: printed and found equal, and restored byte for byte, in the server's own
//! dump, by the downgrade of a revision that drops their tables. A form that the server does not know yet is in a file
//! of its own.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

/// Forms are equal to themselves, and come back: `state` says all of them, and `gone` is a table that they make. Returns where
/// they have come back.
pub(crate) fn comes_back(
    kind: Kind,
    forms: &str,
    gone: &str,
    state: &dyn Fn(&Database) -> String,
) -> Option<(Database, Project)> {
    let db = Database::new(kind)?;
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", forms, "SELECT 1;");
    project.ok("lock");
    project.ok("upgrade head");
    let before = state(&db);
    for line in ["print-schema", "print-schema --complete"] {
        project.write("src/schema.rs", project.ok(line));
        let output = project.try_line("revision --autogenerate -m nothing");
        assert!(output.stdout.contains("No changes detected"), "{kind:?} {line}: {output}");
    }
    project.write("src/schema.rs", "diesel::table! { kept (id) { id -> Integer } }");
    let output = project.try_line("revision --autogenerate -m drops --rev-id b1");
    assert_eq!(output.status, 0, "{kind:?}: {output}");
    let file = project.read(output.stdout.trim());
    assert!(!file.contains("alembic_scratch") && !file.contains(db.name()), "{file}");
    project.ok("upgrade head");
    assert!(db.has_table("kept") && !db.has_table(gone));
    project.ok("downgrade -1");
    expect_same(&before, &state(&db));
    Some((db, project))
}

/// Changes are seen: each is SQL, and what drift says of it.
pub(crate) fn drift_sees<S: AsRef<str> + std::fmt::Debug>(db: &Database, project: &Project, by_hand: &[(S, S)]) {
    by_hand.iter().for_each(|(sql, _)| db.run(sql.as_ref()));
    let output = project.try_line("check --only drift");
    let unseen = by_hand.iter().filter(|(_, seen)| !output.stdout.contains(seen.as_ref())).collect::<Vec<_>>();
    assert!(unseen.is_empty(), "{:?}: {unseen:#?}\n{output}", db.kind());
}

fn forms(kind: Kind, forms: &str, gone: &str, by_hand: &[(&str, &str)]) {
    if let Some((db, project)) = comes_back(kind, forms, gone, &dump) {
        drift_sees(&db, &project, by_hand);
    }
}

/// Returns the dump. On SQLite it is in the order of creation, and an index is a text that we write otherwise.
fn dump(db: &Database) -> String {
    let dump = db.dump();
    let is_index =
        |line: &str| db.kind() == Kind::Sqlite && line.split("INDEX").count() > 1 && line.starts_with("CREATE");
    let plain = |line: &str| {
        if is_index(line) { line.replace(['"', '[', ']'], "").replace(" ASC", "") } else { line.to_owned() }
    };
    let mut lines: Vec<String> = dump.lines().map(plain).collect();
    if db.kind() == Kind::Sqlite {
        lines.sort_unstable();
    }
    lines.join("\n")
}

fn expect_same(before: &str, after: &str) {
    let only = |one: &str, other: &str| {
        let others: Vec<&str> = other.lines().collect();
        one.lines().filter(|line| !others.contains(line)).collect::<Vec<_>>().join("\n")
    };
    assert!(before == after, "lost:\n{}\nleft:\n{}", only(before, after), only(after, before));
}

#[test]
fn sqlite() {
    forms(Kind::Sqlite, include_str!("sqlite.sql"), "plain", SQLITE_BY_HAND);
}

const SQLITE_BY_HAND: &[(&str, &str)] = &[
    (
        "DROP INDEX plain_collated; CREATE INDEX plain_collated ON plain (t COLLATE RTRIM DESC)",
        "removed index `plain_collated` of `plain`",
    ),
    (
        "DROP INDEX plain_partial; CREATE INDEX plain_partial ON plain (n) WHERE n > 3",
        "removed index `plain_partial` of `plain`",
    ),
    ("DROP TRIGGER plain_delete", "removed trigger `plain_delete` of `plain`"),
    (
        "DROP TRIGGER plain_before; CREATE TRIGGER plain_before BEFORE INSERT ON plain BEGIN SELECT 1; END",
        "changed trigger `plain_before` of `plain`",
    ),
    (
        "DROP TABLE matched; CREATE TABLE matched (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parents (id) MATCH SIMPLE)",
        "changed table options `matched`",
    ),
    (
        "DROP TABLE replaced; CREATE TABLE replaced (id INTEGER PRIMARY KEY, t TEXT NOT NULL ON CONFLICT FAIL, u TEXT UNIQUE ON CONFLICT IGNORE)",
        "changed table options `replaced`",
    ),
];

#[test]
fn postgres() {
    forms(Kind::Postgres, include_str!("postgres.sql"), "d", POSTGRES_BY_HAND);
}

#[test]
fn postgres_of_today() {
    if Database::new(Kind::Postgres)
        .is_some_and(|db| db.ask("SELECT current_setting('server_version_num') AS answer").as_str() >= "180000")
    {
        forms(Kind::Postgres, include_str!("postgres_18.sql"), "lax", POSTGRES_18_BY_HAND);
    }
}

const POSTGRES_18_BY_HAND: &[(&str, &str)] = &[
    ("ALTER TABLE named VALIDATE CONSTRAINT named_m", "changed nullability of `named.m` from NULL to NOT NULL"),
    ("ALTER TABLE named RENAME CONSTRAINT named_n TO other", "removed constraint `named_n` of `named`"),
    (
        "ALTER TABLE lax DROP CONSTRAINT lax_n; ALTER TABLE lax ADD CONSTRAINT lax_n CHECK (n > 0)",
        "removed constraint `lax_n` of `lax`",
    ),
];

const POSTGRES_BY_HAND: &[(&str, &str)] = &[
    (
        "ALTER TABLE keyed DROP CONSTRAINT keyed_by, ADD CONSTRAINT keyed_by PRIMARY KEY (a, b)",
        "removed primary key `keyed_by` of `keyed`",
    ),
    ("DROP INDEX d_plain; CREATE INDEX d_plain ON d (b) WITH (fillfactor = 70)", "removed index `d_plain` of `d`"),
    ("ALTER INDEX d_fill SET (fillfactor = 71)", "changed index `d_fill` of `d`"),
    (
        "DROP INDEX d_not_distinct; CREATE UNIQUE INDEX d_not_distinct ON d (b, t)",
        "removed index `d_not_distinct` of `d`",
    ),
    ("ALTER INDEX d_expression ALTER COLUMN 1 SET STATISTICS 301", "changed statistics target `d_expression.1` of `d`"),
    ("COMMENT ON INDEX d_partial IS 'x'", "added comment `d_partial` of `d`"),
    ("ALTER TABLE pairs VALIDATE CONSTRAINT pairs_not_valid", "removed check constraint `pairs_not_valid` of `pairs`"),
    (
        "ALTER TABLE refers VALIDATE CONSTRAINT refers_not_valid",
        "removed foreign key `(c) -> keyed_target(id)` of `refers`",
    ),
    ("COMMENT ON CONSTRAINT pairs_two ON pairs IS 'three'", "changed comment `pairs_two` of `pairs`"),
    (
        "ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap",
        "removed constraint `bookings_no_overlap` of `bookings`",
    ),
    ("ALTER TABLE fast SET LOGGED", "removed persistence `unlogged` of `fast`"),
    ("ALTER TABLE tuned SET (fillfactor = 71)", "changed storage parameter `fillfactor` of `tuned`"),
    (
        "ALTER TABLE tuned RESET (toast.autovacuum_enabled)",
        "removed storage parameter `toast.autovacuum_enabled` of `tuned`",
    ),
    ("ALTER TABLE typed NOT OF", "removed row type `pair` of `typed`"),
    ("ALTER TABLE filled ALTER COLUMN external SET STORAGE MAIN", "changed column storage `external` of `filled`"),
    (
        "ALTER TABLE filled ALTER COLUMN squeezed SET COMPRESSION DEFAULT",
        "removed column compression `squeezed` of `filled`",
    ),
    (
        "ALTER TABLE filled ALTER COLUMN estimated RESET (n_distinct)",
        "removed column parameter `estimated.n_distinct` of `filled`",
    ),
    ("ALTER TABLE watched REPLICA IDENTITY DEFAULT", "removed replica identity `watched_t` of `watched`"),
    ("ALTER TABLE watched SET WITHOUT CLUSTER", "removed clustering `watched_pkey` of `watched`"),
    ("ALTER TABLE watched ENABLE TRIGGER watched_disabled", "changed trigger `watched_disabled` of `watched`"),
    ("ALTER TABLE watched ENABLE RULE watched_never", "changed rule `watched_never` of `watched`"),
    ("ALTER STATISTICS watched_both SET STATISTICS 201", "changed statistics `watched_both` of `watched`"),
    ("ALTER TABLE docs NO FORCE ROW LEVEL SECURITY", "changed row security `docs` of `docs`"),
    ("DROP POLICY own ON docs; CREATE POLICY own ON docs USING (tenant = 1)", "changed policy `own` of `docs`"),
    ("ALTER POLICY writes ON docs TO CURRENT_USER", "changed policy `writes` of `docs`"),
    ("ALTER DOMAIN zip DROP NOT NULL", "changed domain `zip`"),
    ("ALTER VIEW guarded RESET (security_barrier)", "removed storage parameter `guarded.security_barrier`"),
    ("COMMENT ON TYPE mood IS 'moods'", "changed comment `mood`"),
    (
        "DROP AGGREGATE total (integer); CREATE AGGREGATE total (integer) (SFUNC = int4pl, STYPE = integer)",
        "changed function `total`",
    ),
    ("ALTER TEXT SEARCH DICTIONARY plainly (STOPWORDS)", "changed text search dictionary `plainly`"),
    ("DROP OPERATOR === (integer, integer)", "removed operator `===`"),
    ("DROP INDEX counts_n", "changed materialized view `counts`"),
    (
        "CREATE TABLE more PARTITION OF listed FOR VALUES IN ('x')",
        "jobs make and drop partitions: added partition `more`",
    ),
];
