//! Seeds, models, and what `check` looks at.

use alembic_graph::Hint;
use harness::{Project, bash};

use crate::{Followed, PROGRAM, Shown, follow, line, project};

/// A project with a seed for every environment, and one for development.
fn seeded() -> Project {
    let project = line();
    project.ok("upgrade head");
    project.write("seeds/all.sql", "DELETE FROM ta;");
    project.write("seeds/development/more.sql", "DELETE FROM tb;");
    project
}

const USERS: &str = "diesel::table! { users (id) { id -> Integer, } }\n";

/// A project with a table, in its revisions only.
fn users() -> Project {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY);", "DROP TABLE users;");
    project.ok("lock");
    project
}

/// A project that is in git, on the branch `main`.
fn committed() -> Project {
    let project = line();
    project.ok("lock");
    let git = "git -c user.name=a -c user.email=a@b";
    let _output =
        bash(project.path(), &format!("git init -q -b main . && git add -A && {git} commit -qm all && echo done"));
    project
}

follow! {
    fn seed_in_production() -> Followed {
        let project = seeded().with("ALEMBIC_ENV", "production");
        let hint = Shown::by(&project.try_line("seed"), Hint::SeedInProduction);
        hint.says("`--environment`");
        project.ok("seed --environment development");
        hint.leads_to(&project.try_line("seed --environment production"))
    }

    fn unknown_seed() -> Followed {
        let project = seeded();
        let hint = Shown::by(&project.try_line("seed mor"), Hint::UnknownSeed { seeds: "`all`, `more`".into() });
        hint.leads_to(&project.try_line("seed more"))
    }

    fn no_seeds() -> Followed {
        let project = line();
        project.ok("upgrade head");
        let hint = Shown::by(&project.try_line("seed users"), Hint::NoSeeds);
        let file = hint.says("seeds/<name>.sql").replace("<name>", "users");
        project.write(&file, "DELETE FROM ta;");
        hint.leads_to(&project.try_line("seed users"))
    }

    fn unknown_environment() -> Followed {
        let project = seeded();
        let hint = Hint::UnknownEnvironment { environment: "qa".into(), known: "`development`, `production`".into() };
        let hint = Shown::by(&project.try_line("seed --environment qa"), hint);
        hint.says("`--environment`");
        project.ok("seed --environment development");
        project.write("seeds/qa/none.sql", "");
        hint.leads_to(&project.try_line("seed --environment qa"))
    }

    fn seed_failed() -> Followed {
        let project = seeded();
        project.write("seeds/bad.sql", "INSERT INTO nowhere VALUES (1);");
        let hint = Shown::by(&project.try_line("seed bad"), Hint::SeedFailed);
        project.write("seeds/bad.sql", "INSERT INTO ta VALUES (1);");
        project.ok("seed bad");
        hint.leads_to(&project.try_line("seed bad"))
    }

    fn seed_elsewhere() -> Followed {
        let project = seeded();
        let hint = Shown::by(&project.try_line("seed more --environment production"), Hint::SeedElsewhere);
        hint.says("`--environment`");
        project.ok("seed more --environment development");
        let _output = bash(project.path(), "mv seeds/development/more.sql seeds/");
        hint.leads_to(&project.try_line("seed more --environment production"))
    }

    fn autogenerate() -> Followed {
        let project = users();
        project.write("src/schema.rs", "diesel::table! { users (id) { id -> Integer, nick -> Nullable<Text>, } }\n");
        let hint = Shown::by(&project.try_line("check --only models"), Hint::Autogenerate);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("check --only models"))
    }

    fn no_models() -> Followed {
        let (printed, named, written, live) = (users(), users(), project(), project());
        let autogenerate = "revision --autogenerate -m x";
        let hint = Shown::by(&printed.try_line(autogenerate), Hint::NoModels);
        for number in [2, 1] {
            printed.ok("upgrade head");
            printed.write("src/schema.rs", hint.run(&printed, number).stdout);
            printed.ok("check --only models");
        }
        // Tables that no revision has made.
        let _output = bash(live.path(), "sqlite3 shop.db 'CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY)'");
        let _shown = Shown::by(&live.try_line(autogenerate), Hint::NoModels);
        live.write("src/schema.rs", hint.run(&live, 1).stdout);
        assert!(live.ok(autogenerate).contains("migrations/"));
        written.write("src/schema.rs", hint.run(&written, 1).stdout);
        let _shown = Shown::by(&written.try_line(autogenerate), Hint::NoModels);
        written.write("src/schema.rs", USERS);
        assert!(written.ok(autogenerate).contains("migrations/"));
        named.write("src/tables.rs", USERS);
        hint.says("`models`");
        named.write("Cargo.toml", format!("{}models = [\"src/tables.rs\"]\n", named.read("Cargo.toml")));
        hint.leads_to(&named.try_line("check --only models"))
    }

    fn update_models() -> Followed {
        let (updated, dropped) = (users(), users());
        for project in [&updated, &dropped] {
            project.write("src/schema.rs", USERS);
            project.revision("b1", "a1", "ALTER TABLE users ADD nick TEXT;", "ALTER TABLE users DROP COLUMN nick;");
        }
        let hint = || Hint::UpdateModels { file: "src/schema.rs".into() };
        let _shown = Shown::by(&dropped.try_line("check --only models"), hint());
        let hint = Shown::by(&updated.try_line("check --only models"), hint());
        assert_eq!(hint.run(&updated, 1).status, 0);
        assert!(updated.read("src/schema.rs").contains("nick"));
        updated.ok("check --only models");
        assert_eq!(hint.run(&dropped, 2).status, 0);
        hint.leads_to(&dropped.try_line("check --only models"))
    }

    fn models_files() -> Followed {
        let project = users();
        project.write("src/tables.rs", USERS);
        let manifest = project.read("Cargo.toml");
        let name = |file: &str| project.write("Cargo.toml", format!("{manifest}models = [\"{file}\"]\n"));
        name("src/absent.rs");
        let _absent = Shown::by(&project.try_line("revision --autogenerate -m x"), Hint::ModelsFiles);
        name("src/main.rs");
        let hint = Shown::by(&project.try_line("revision --autogenerate -m x"), Hint::ModelsFiles);
        name("src/tables.rs");
        hint.leads_to(&project.try_line("check --only models"))
    }

    fn snapshot_is_stale() -> Followed {
        let project = Project::new(PROGRAM, "sqlite-path = \"shop.db\"\nschema-snapshot = true\n");
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;");
        project.ok("lock");
        let hint = Shown::by(&project.try_line("check --only replay"), Hint::SnapshotIsStale);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("check --only replay"))
    }

    fn useless_option() -> Followed {
        let project = line();
        project.ok("upgrade head");
        let hint = Hint::UselessOption { option: "--wait".into(), gates: "`pending`".into() };
        let hint = Shown::by(&project.try_line("check --only files --wait 5"), hint);
        project.ok("check --only files");
        hint.leads_to(&project.try_line("check --only pending --wait 5"))
    }

    fn since_nothing() -> Followed {
        let project = committed();
        let output = project.alembic(["check", "--only", "roundtrip", "--since", ""]);
        let hint = Shown::by(&output, Hint::SinceNothing);
        hint.says("a branch");
        hint.leads_to(&project.try_line("check --only roundtrip --since main"))
    }

    fn since_unknown() -> Followed {
        let project = committed();
        let hint = Shown::by(&project.try_line("check --only roundtrip --since absent"), Hint::SinceUnknown);
        let _output = bash(project.path(), "git tag v1");
        for name in ["main", "v1"] {
            project.ok(&format!("check --only roundtrip --since {name}"));
        }
        let commit = bash(project.path(), "git rev-parse HEAD");
        hint.leads_to(&project.try_line(&format!("check --only roundtrip --since {}", commit.trim())))
    }

    fn not_at_head() -> Followed {
        let (upgraded, compared) = (users(), users());
        for project in [&upgraded, &compared] {
            project.write("src/schema.rs", USERS.replace("Integer,", "Integer, nick -> Nullable<Text>,"));
        }
        let line = "revision --autogenerate --against database -m nick";
        let hint = Shown::by(&upgraded.try_line(line), Hint::NotAtHead);
        assert_eq!(hint.run(&upgraded, 1).status, 0);
        upgraded.ok(line);
        let option = hint.says("--against database");
        hint.leads_to(&compared.try_line(&line.replace(&format!(" {option}"), "")))
    }

    fn diesel_metadata() -> Followed {
        let project = project();
        project.write("diesel/2024-01-01-100000_a/up.sql", "SELECT 1;\n");
        project.write("diesel/2024-01-01-100000_a/metadata.toml", "run_in_transaction = \n");
        let hint = Shown::by(&project.try_line("import diesel diesel"), Hint::DieselMetadata);
        project.write("diesel/2024-01-01-100000_a/metadata.toml", "run_in_transaction = false\n");
        project.ok("import diesel diesel");
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn diesel_toml() -> Followed {
        let project = project();
        project.write("diesel.toml", "[migrations_directory\n");
        project.write("migrations/2024-01-01-100000_a/up.sql", "SELECT 1;\n");
        let hint = Shown::by(&project.try_line("import diesel"), Hint::DieselToml);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn import_interrupted() -> Followed {
        let project = project();
        let revision = "-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade\nSELECT 1;\n";
        project.write("migrations/.alembic-import/0", revision);
        project.write("migrations/.alembic-import/list", "per-run\nmigrations/a1.sql");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::ImportInterrupted);
        assert_eq!(hint.run(&project, 1).status, 0);
        assert!(project.read("Cargo.toml").contains("transaction = \"per-run\""));
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn import_unchecked() -> Followed {
        let project = Project::new(PROGRAM, "");
        project.write("diesel/2024-01-01-100000_a/up.sql", "SELECT 1;\n");
        let hint = Hint::ImportUnchecked { variable: "DATABASE_URL".into() };
        let hint = Shown::by(&project.try_line("import diesel diesel"), hint);
        let project = project.with("DATABASE_URL", "shop.db");
        let output = hint.run(&project, 1);
        hint.leads_to(&output)
    }
}
