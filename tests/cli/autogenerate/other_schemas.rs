//! Names of other schemas: foreign keys, operator classes, collations, functions, types.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

const UPGRADE: &str = r#"
CREATE SCHEMA shop;
CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE COLLATION ext."de.x" (provider = icu, locale = 'de');
CREATE FUNCTION ext.one() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE DOMAIN ext.zip AS text;
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE shop.users (id bigint PRIMARY KEY, owner bigint REFERENCES public.users (id), parent bigint REFERENCES shop.users (id));
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    n text NOT NULL COLLATE ext."de.x",
    zip ext.zip,
    one integer DEFAULT ext.one() CHECK (one <> ext.one()),
    by_user bigint REFERENCES shop.users (id),
    owner bigint REFERENCES users (id)
);
CREATE INDEX trigrams ON orders USING gin (n ext.gin_trgm_ops);
CREATE INDEX signed ON orders USING gist (n ext.gist_trgm_ops (siglen = 64));
CREATE INDEX collated ON orders (zip COLLATE ext."de.x" DESC, n);
"#;

const DOWNGRADE: &str = "DROP TABLE orders; DROP TABLE shop.users; DROP TABLE users; \
    DROP SCHEMA ext CASCADE; DROP SCHEMA shop;";

/// Prints the models, finds nothing to do, changes a table, and finds nothing to do again.
fn round(project: &Project, print: &str, change: (&str, &str)) {
    let models = project.ok(print);
    project.write("src/schema.rs", &models);
    let nothing = project.try_line("revision --autogenerate -m nothing");
    assert!(nothing.stdout.contains("No changes detected"), "{nothing}\n{models}");
    assert!(models.contains(change.0), "{models}");
    project.write("src/schema.rs", models.replace(change.0, change.1));
    for line in ["revision --autogenerate -m change", "upgrade head", "check"] {
        let output = project.try_line(line);
        assert_eq!(output.status, 0, "{line}: {output}\n{models}");
    }
}

#[test]
fn what_is_in_another_schema_is_named_with_it() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "version-table = \"public.alembic_version\"").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", UPGRADE, DOWNGRADE);
    project.ok("lock");
    project.ok("upgrade head");
    let print = "print-schema --complete --schema shop";
    round(&project, print, ("one -> Nullable<Int4>,", "one -> Nullable<Int4>,\n        more -> Nullable<Text>,"));
    let models = project.read("src/schema.rs");
    for part in [
        "references(public.users(id)",
        "references(shop.users(id)",
        "references(users(id)",
        "n ext.gin_trgm_ops",
        "n ext.gist_trgm_ops (siglen='64')",
        "zip COLLATE ext.\\\"de.x\\\" DESC",
        "collation = \"\\\"ext\\\".\\\"de.x\\\"\"",
    ] {
        assert!(models.contains(part), "{part}\n{models}");
    }
    // The current schema may be named, and is the same one.
    let named = models.replace("    users (id)", "    public.users (id)").replace("(users(id)", "(public.users(id)");
    assert_ne!(named, models);
    project.write("src/schema.rs", &named);
    let nothing = project.try_line("revision --autogenerate -m nothing");
    assert!(nothing.stdout.contains("No changes detected"), "{nothing}\n{named}");
    let updated = project.try_line("print-schema --update src/schema.rs");
    assert!(updated.stderr.contains("Nothing to change"), "{updated}");
    // A parameter that changes is a difference.
    project.write("src/schema.rs", models.replace("siglen='64'", "siglen='32'"));
    let changed = project.try_line("check --only models");
    assert!(changed.stdout.contains("added index `signed` of `orders`"), "{changed}");
}

#[test]
fn a_tenant_refers_to_what_all_have() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "version-table = \"tenant.alembic_version\"").with("DATABASE_URL", db.url());
    db.run("CREATE SCHEMA tenant; CREATE TABLE public.plans (id bigint PRIMARY KEY, \"a.b\" bigint UNIQUE)");
    db.run(&format!("ALTER DATABASE {} SET search_path = tenant, public", db.name()));
    let plans = "CREATE TABLE IF NOT EXISTS public.plans (id bigint PRIMARY KEY, \"a.b\" bigint UNIQUE);";
    let up = "CREATE TABLE users (id bigint PRIMARY KEY, plan bigint REFERENCES public.plans (id), \
        dotted bigint REFERENCES public.plans (\"a.b\"));";
    project.revision("a1", "<base>", plans, "DROP TABLE public.plans;");
    project.revision("b1", "a1", up, "DROP TABLE users;");
    project.ok("lock");
    project.ok("upgrade head");
    round(&project, "print-schema --complete", ("id -> Int8,", "id -> Int8,\n        more -> Nullable<Text>,"));
    assert!(project.read("src/schema.rs").contains("references(table(\"public.plans\", \"id\")"));
    // What is in no schema that is looked at, only the server knows.
    project.write("src/schema.rs", project.read("src/schema.rs").replace("public.plans", "public.plan"));
    let unknown = project.try_line("revision --autogenerate -m unknown");
    assert!(unknown.stderr.contains("relation \"public.plan\" does not exist"), "{unknown}");
}
