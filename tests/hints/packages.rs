//! Packages, their configuration, and where the database is.

use std::fs;

use alembic_graph::Hint;
use harness::{Project, bash};

use crate::{Followed, PROGRAM, Shown, follow, project};

const FIRST: &str = "-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade\n-- alembic:downgrade\n";

/// A project with a revision in Rust.
fn in_rust() -> Project {
    let project = project();
    project.write("migrations/a1.rs", "//! a1\n//!\n//! Revision ID: a1\n//! Revises: <base>\npub fn upgrade() {}\n");
    project
}

follow! {
    fn no_package() -> Followed {
        let project = Project::unconfigured(PROGRAM);
        fs::remove_file(project.path().join("Cargo.toml")).unwrap();
        let hint = Shown::by(&project.try_line("heads"), Hint::NoPackage);
        hint.says("`cargo new <PATH>`");
        let _output = bash(project.path(), "cargo new --quiet --vcs none made");
        let inside = bash(&project.path().join("made"), &format!("{PROGRAM} alembic init --sqlite-path x.db 2>&1"));
        hint.leads_where(inside.contains("Adding [package.metadata.alembic]"))
    }

    fn which_package() -> Followed {
        let project = Project::unconfigured(PROGRAM);
        project.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\n");
        for name in ["one", "two"] {
            let settings = "[package.metadata.alembic]\nsqlite-path = \"x.db\"\n";
            project.write(&format!("{name}/Cargo.toml"), format!("[package]\nname = \"{name}\"\n{settings}"));
            project.write(&format!("{name}/src/lib.rs"), "");
            project.write(&format!("{name}/migrations/a1.sql"), FIRST);
        }
        let hint = || Hint::WhichPackage { packages: "`one`, `two`".into() };
        let _unknown = Shown::by(&project.try_line("--package three heads"), hint());
        let hint = Shown::by(&project.try_line("heads"), hint());
        hint.says("`--package`");
        hint.leads_to(&project.try_line("--package two heads"))
    }

    fn malformed_line() -> Followed {
        let project = Project::new(PROGRAM, "");
        project.write(".env", "OTHER=a <b>\n");
        let hint = Shown::by(&project.try_line("current"), Hint::MalformedLine);
        project.write(".env", "OTHER=\"a <b>\"\nDATABASE_URL=shop.db\n");
        hint.leads_to(&project.try_line("current"))
    }

    fn malformed_dotenv() -> Followed {
        let project = Project::new(PROGRAM, "");
        project.write(".env", "DATABASE_URL=my shop.db\n");
        let hint = Hint::MalformedDotenv { otherwise: "pass `--database-url`".into() };
        let hint = Shown::by(&project.try_line("current"), hint);
        assert_eq!(project.try_line("current --database-url shop.db").status, 0);
        project.write(".env", "DATABASE_URL=\"my shop.db\"\n");
        hint.leads_to(&project.try_line("current"))
    }

    fn unreadable_dotenv() -> Followed {
        let project = Project::new(PROGRAM, "");
        // A file that not even root can read.
        std::os::unix::fs::symlink("/proc/self/mem", project.path().join(".env")).unwrap();
        let hint = Hint::UnreadableDotenv { otherwise: "pass `--database-url`".into() };
        let hint = Shown::by(&project.try_line("current"), hint);
        project.ok(&format!("current {} shop.db", hint.says("--database-url")));
        fs::remove_file(project.path().join(".env")).unwrap();
        project.write(".env", "DATABASE_URL=shop.db\n");
        hint.leads_to(&project.try_line("current"))
    }

    fn models_not_written() -> Followed {
        let project = project();
        let _output = bash(project.path(), "sqlite3 shop.db 'CREATE TABLE t (x INTEGER PRIMARY KEY)'");
        project.write("src/schema.rs", "// no tables yet\n");
        let hint = Shown::by(&project.try_line("init --adopt"), Hint::ModelsNotWritten { file: "src/schema.rs" });
        hint.says("move what is at src/schema.rs away");
        let _output = bash(project.path(), "mv src/schema.rs src/old.rs");
        project.ok("init --adopt");
        hint.leads_to(&project.try_line("check"))
    }

    fn no_runner() -> Followed {
        let (written, named) = (in_rust(), in_rust());
        let hint = Shown::by(&written.try_line("upgrade head"), Hint::NoRunner);
        // That it builds and runs takes a while, and is tested with the builds.
        assert_eq!(hint.run(&written, 1).status, 0);
        assert!(written.read("src/bin/migrate.rs").contains("alembic_runtime::cli"));
        named.write("src/bin/tool.rs", "fn main() {}\n");
        named.write("Cargo.toml", format!("{}{} = \"tool\"\n", named.read("Cargo.toml"), hint.says("runner")));
        hint.leads_to(&named.try_line("upgrade head"))
    }

    fn runner_not_built() -> Followed {
        let project = in_rust();
        project.write("src/bin/migrate.rs", "fn main() { nonsense }\n");
        let hint = Shown::by(&project.try_line("upgrade head"), Hint::RunnerNotBuilt);
        project.write("src/bin/migrate.rs", "fn main() {}\n");
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn runner_does_nothing() -> Followed {
        let project = in_rust();
        project.write("src/bin/migrate.rs", "fn main() {}\n");
        let hint = Shown::by(&project.try_line("check --only replay"), Hint::RunnerDoesNothing);
        // That the other one does it is tested with the builds.
        fs::remove_file(project.path().join("src/bin/migrate.rs")).unwrap();
        assert_eq!(hint.run(&project, 1).status, 0);
        let handed_over = project.read("src/bin/migrate.rs").contains(hint.says("alembic_runtime::cli"));
        hint.leads_where(handed_over)
    }

    fn build_refused() -> Followed {
        let project = in_rust().with("ALEMBIC_NO_BUILD", "1");
        project.write("src/bin/migrate.rs", "fn main() {}\n");
        let output = project.try_line("upgrade head");
        assert!(output.stderr.contains("`a1` is written in Rust, and ALEMBIC_NO_BUILD does not"), "{output}");
        let _said = Shown::by(&output, Hint::BuildRefused);
        let project = project.with("ALEMBIC_NO_BUILD", "0");
        for line in ["upgrade head", "upgrade head --sql", "check", "print-schema --from migrations", "snapshot"] {
            let output = project.try_line(&format!("{line} --no-build"));
            // `check` finds something wrong; the others are not carried out.
            let status = if line == "check" { 1 } else { 2 };
            assert_eq!((output.status, project.path().join("target").exists()), (status, false), "{line}: {output}");
            let _said = Shown::by(&output, Hint::BuildRefused);
        }
        let hint = Shown::by(&project.try_line("upgrade head --no-build"), Hint::BuildRefused);
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn not_initialized() -> Followed {
        let project = Project::unconfigured(PROGRAM);
        let hint = Shown::by(&project.try_line("heads"), Hint::NotInitialized);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("heads"))
    }

    fn no_migrations_folder() -> Followed {
        let project = Project::new(PROGRAM, "migrations = \"db/migrations\"\n");
        let folder = "$PROJECT/db/migrations";
        let output = project.try_line("heads");
        let hint = Shown::by(&output, Hint::NoMigrationsFolder { folder: folder.into() });
        let _output = bash(project.path(), &hint.says("mkdir -p $PROJECT/db/migrations").replace("$PROJECT", "."));
        hint.leads_to(&project.try_line("revision -m first"))
    }

    fn folder_leads_out() -> Followed {
        let project = project();
        let elsewhere = Project::unconfigured(PROGRAM);
        elsewhere.write("migrations/a1.sql", FIRST);
        let link = project.path().join("migrations");
        fs::remove_dir(&link).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("migrations"), &link).unwrap();
        let hint = Shown::by(&project.try_line("heads"), Hint::FolderLeadsOut);
        let manifest = project.read("Cargo.toml");
        project.write("Cargo.toml", format!("{manifest}{}\n", hint.says("follow-links = true")));
        project.ok("heads");
        project.write("Cargo.toml", manifest);
        let _output = bash(project.path(), "cp -rL migrations real && rm migrations && mv real migrations");
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn file_leads_out() -> Followed {
        let project = project();
        let elsewhere = Project::unconfigured(PROGRAM);
        elsewhere.write("a1.sql", FIRST);
        elsewhere.write("seed.sql", "SELECT 1;\n");
        let copy = |name: &str| bash(project.path(), &format!("cp -L {name} copy && mv copy {name}"));
        let link = |name: &str, file: &str| {
            fs::create_dir_all(project.path().join("seeds")).unwrap();
            std::os::unix::fs::symlink(elsewhere.path().join(file), project.path().join(name)).unwrap();
        };
        link("seeds/s.sql", "seed.sql");
        let _seed = Shown::by(&project.try_line("seed"), Hint::FileLeadsOut);
        let _output = copy("seeds/s.sql");
        project.ok("seed");
        link("migrations/a1.sql", "a1.sql");
        let hint = Shown::by(&project.try_line("heads"), Hint::FileLeadsOut);
        let setting = hint.says("follow-links = true");
        let manifest = project.read("Cargo.toml");
        project.write("Cargo.toml", format!("{manifest}{setting}\n"));
        project.ok("heads");
        project.write("Cargo.toml", manifest);
        let _output = copy("migrations/a1.sql");
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn timezone() -> Followed {
        let settings = "sqlite-path = \"shop.db\"\ntimezone = \"Vienna\"\n";
        let project = Project::new(PROGRAM, settings);
        let hint = Shown::by(&project.try_line("revision -m first"), Hint::Timezone);
        let zone = hint.says("Europe/Vienna");
        project.write("Cargo.toml", project.read("Cargo.toml").replace("\"Vienna\"", &format!("\"{zone}\"")));
        hint.leads_to(&project.try_line("revision -m first"))
    }

    fn templates() -> Followed {
        let project = Project::unconfigured(PROGRAM);
        let hint = Hint::Templates { templates: "`generic`, `multidb`, `sqlite`".into() };
        let hint = Shown::by(&project.try_line("init --template other"), hint);
        hint.says("`--template`");
        hint.leads_to(&project.try_line("init --template generic"))
    }

    fn no_url() -> Followed {
        let hint = || Hint::NoUrl { variable: "DATABASE_URL".into() };
        let project = || {
            let project = Project::new(PROGRAM, "");
            project.write("migrations/a1.sql", FIRST);
            project
        };
        let (by_file, by_option, by_setting) = (project(), project(), project());
        let _shown = Shown::by(&by_file.try_line("upgrade head"), hint());
        by_file.write(".env", "DATABASE_URL=shop.db\n");
        by_file.ok("upgrade head");
        by_option.ok("upgrade head --database-url shop.db");
        let hint = Shown::by(&by_setting.try_line("upgrade head"), hint());
        let line = hint.says("sqlite-path = \"app.db\"");
        by_setting.write("Cargo.toml", format!("{}{line}\n", by_setting.read("Cargo.toml")));
        hint.leads_to(&by_setting.try_line("upgrade head"))
    }

    fn no_editor() -> Followed {
        let project = project();
        project.write("migrations/a1.sql", FIRST);
        let hint = Shown::by(&project.try_line("edit head"), Hint::NoEditor);
        hint.says("`EDITOR=vi cargo alembic edit head`");
        let output = project.command(["edit", "head"]).env("EDITOR", "touch").output().unwrap();
        hint.leads_where(output.status.success())
    }

    fn unconfirmed() -> Followed {
        let project = project();
        project.ok("ensure-version");
        let hint = Shown::by(&project.try_line("database drop"), Hint::Unconfirmed);
        hint.says("`--yes`");
        hint.leads_to(&project.try_line("database drop --yes"))
    }

    fn other_member() -> Followed {
        let project = Project::unconfigured(PROGRAM);
        project.write("Cargo.toml", "[workspace]\nmembers = [\"app\", \"store\"]\nresolver = \"3\"\n");
        for (name, settings) in [("app", ""), ("store", "[package.metadata.alembic]\nsqlite-path = \"x.db\"\n")] {
            project.write(&format!("{name}/Cargo.toml"), format!("[package]\nname = \"{name}\"\n{settings}"));
            project.write(&format!("{name}/src/lib.rs"), "");
        }
        project.write("store/migrations/a1.sql", FIRST);
        let hint = Shown::by(&project.try_line("-p app heads"), Hint::OtherMember { member: "store".into() });
        let option = hint.says("--package store");
        hint.leads_to(&project.try_line(&format!("{option} heads")))
    }

    fn has_settings() -> Followed {
        let project = project();
        let hint = Shown::by(&project.try_line("init --runner --sqlite-path shop.db"), Hint::HasSettings);
        hint.leads_to(&project.try_line("init --runner"))
    }

    fn has_revisions() -> Followed {
        let project = project();
        project.write("migrations/a1.sql", FIRST);
        let _output = bash(project.path(), "sqlite3 shop.db 'CREATE TABLE t (x INTEGER PRIMARY KEY)'");
        let hint = Shown::by(&project.try_line("init --adopt"), Hint::HasRevisions);
        project.ok(&hint.says("stamp <REVISION>").replace("<REVISION>", "a1"));
        hint.leads_to(&project.try_line("check --only pending"))
    }

    fn is_stamped() -> Followed {
        let project = project();
        project.write("migrations/a1.sql", FIRST);
        let _output = bash(project.path(), "sqlite3 shop.db 'CREATE TABLE t (x INTEGER PRIMARY KEY)'");
        project.ok("upgrade head");
        fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
        let hint = Shown::by(&project.try_line("init --adopt"), Hint::IsStamped);
        project.write("migrations/a1.sql", FIRST);
        project.ok("check --only pending");
        fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("init --adopt"))
    }

    fn nothing_to_adopt() -> Followed {
        let project = project();
        project.ok("database create");
        let hint = Shown::by(&project.try_line("init --adopt"), Hint::NothingToAdopt);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn runner_database() -> Followed {
        let project = Project::new(PROGRAM, "");
        let hint = Shown::by(&project.try_line("init --runner"), Hint::RunnerDatabase);
        let output = hint.run(&project, 1);
        hint.leads_to(&output)
    }
}
