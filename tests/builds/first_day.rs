//! What a new user does, in one go, with nothing but what is printed: from `cargo new` to `check`.

use std::{fs, path::Path};

use harness::{Database, Kind, bash, workspace};

use crate::{readme::with_program, target};

/// Returns the program of the README.
fn program() -> String {
    let text = fs::read_to_string(workspace().join("README.md")).unwrap();
    let blocks = text.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains("fn main()")).unwrap().to_owned()
}

/// Where a user works: without network, and with the versions that are tested here.
struct Desk<'f> {
    folder: &'f Path,
    prepare: String,
}

impl Desk<'_> {
    fn new(folder: &Path) -> Desk<'_> {
        let prepare = with_program(folder);
        let target = target("first-day").display().to_string();
        let prepare = format!(
            "{prepare}\nexport CARGO_TARGET_DIR={target} CARGO_NET_OFFLINE=true CARGO_TERM_QUIET=true \
             CARGO_PROFILE_DEV_DEBUG=false"
        );
        Desk { folder, prepare }
    }

    /// Runs commands in a folder below.
    fn run(&self, below: &str, commands: &str) -> String {
        bash(self.folder, &format!("{}\ncd {below}\n{commands}", self.prepare))
    }

    /// Writes what a revision in Rust does.
    fn fill_in(&self, package: &str, id: &str) {
        let path = self.run(package, &format!("realpath migrations/*-{id}_*.rs"));
        let text = fs::read_to_string(path.trim()).unwrap().replace("_op: ", "op: ");
        let (upgrade, downgrade) = text.split_once("pub fn downgrade").unwrap();
        let rows = "    op.bulk_insert(\"users\", rows![{ id: 1, email: \"ada@example.org\" }])?;\n    Ok(())";
        let upgrade = upgrade.replace("    Ok(())", rows);
        let downgrade = downgrade.replace("    Ok(())", "    op.execute(\"DELETE FROM users\")?;\n    Ok(())");
        fs::write(path.trim(), format!("{upgrade}pub fn downgrade{downgrade}")).unwrap();
        let _output = self.run(package, "cargo alembic lock");
    }

    /// From an empty package to one with models, a merge and a revision in Rust that passes `check`.
    fn first_day(&self, package: &str, init: &str, program: &str) {
        let run = |commands: &str| self.run(package, commands);
        let _output = run(&format!("cargo alembic init {init}\ncargo alembic revision -m users --rev-id a1"));
        let _output =
            run("sed -i 's/^-- alembic:upgrade/&\\nCREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT \
                           NULL);/; s/^-- alembic:downgrade/&\\nDROP TABLE users;/' migrations/*-a1_*.sql");
        fs::write(self.folder.join(package).join("src/main.rs"), program).unwrap();
        let _output = run("cargo alembic init --runner");
        let ran = run("cargo run -- upgrade head");
        assert!(ran.contains("Running upgrade  -> a1, users"), "{package}: {ran}");

        let _output = run("cargo alembic print-schema --from migrations --complete > src/schema.rs");
        let _output = run("sed -i 's/email -> Text,/&\\n        nick -> Nullable<Text>,/' src/schema.rs");
        let _output = run("cargo alembic revision --autogenerate -m 'add nick' --rev-id b1");
        let _output = run("cargo alembic revision -m login --rev-id b2 --head a1 --splice");
        let _output = run("cargo alembic merge heads -m both --rev-id c1");
        let _output = run("cargo alembic revision --rust -m 'seed users' --rev-id d1");
        self.fill_in(package, "d1");
        let checked = run("cargo alembic upgrade head\ncargo alembic check");
        assert!(!checked.contains("failed"), "{package}: {checked}");
        assert!(checked.contains("roundtrip  ok       5 revisions undone and applied again"), "{package}: {checked}");
        assert_eq!(run("cargo alembic current"), "d1 (head)\n");
        assert!(run("cargo run").contains("is up to date at d1"), "the program is built with the new revisions");
    }
}

fn lock(folder: &Path) {
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

#[test]
fn a_new_package() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(folder.path());
    // Tests share a folder for what is built: a name of its own keeps the others' programs.
    let _output = desk.run(".", "cargo new -q cafe");
    lock(&folder.path().join("cafe"));
    desk.first_day("cafe", "--sqlite-path shop.db", &program());
    assert!(desk.run("cafe", "cat .gitignore").contains("/shop.db\n"));
}

#[test]
fn two_packages_of_a_workspace_on_two_databases() {
    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(folder.path());
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\nresolver = \"3\"\n").unwrap();
    let _output = desk.run(".", "cargo new -q shop\ncargo new -q books");
    lock(folder.path());
    fs::write(folder.path().join("books/.env"), format!("DATABASE_URL={}\n", db.url())).unwrap();
    desk.first_day("shop", "--sqlite-path shop.db", &program());
    let program = program()
        .replace("Migrations, embed_migrations", "Migrations, embed_migrations, pure::PgConnection")
        .replace("diesel::{Connection, SqliteConnection}", "diesel::Connection")
        .replace("SqliteConnection", "PgConnection")
        .replace("\"shop.db\"", &format!("{:?}", db.url()));
    desk.first_day("books", "", &program);
    assert_eq!(db.ask("SELECT email AS answer FROM users"), "ada@example.org");
    // Neither program took the other's place in the folder that both are built into.
    let programs = target("first-day").join("debug").display().to_string();
    let both = format!(
        "{programs}/shop-migrate --database-url shop/shop.db current\n{programs}/books-migrate --database-url '{}' current",
        db.url()
    );
    assert_eq!(desk.run(".", &both), "d1 (head)\nd1 (head)\n");
    // What libpq reads from the environment is read without libpq.
    let host = db.url().split(['@', '/']).find(|part| part.starts_with("%2F")).unwrap().replace("%2F", "/");
    let variables = format!(
        "env -u DATABASE_URL PGHOST={host} PGUSER=postgres PGDATABASE={} \
         {programs}/books-migrate --database-url postgres:// current",
        db.name()
    );
    assert_eq!(desk.run(".", &variables), "d1 (head)\n");
}
