//! Revision files, and the graph that they form.

use std::{fs, os::unix::fs::symlink};

use alembic_graph::Hint;
use harness::{Project, bash};

use crate::{Followed, PROGRAM, Shown, branched, follow, line, project};

/// Replaces text in a file, which has to be there.
fn edit(project: &Project, file: &str, from: &str, to: &str) {
    let text = project.read(file);
    assert!(text.contains(from), "{file} does not have {from}: {text}");
    project.write(file, text.replace(from, to));
}

/// Adds a line to the settings.
fn configure(project: &Project, setting: &str) {
    project.write("Cargo.toml", format!("{}{setting}\n", project.read("Cargo.toml")));
}

follow! {
    fn link_to_no_file() -> Followed {
        let project = project();
        let elsewhere = line();
        symlink(elsewhere.path().join("migrations"), project.path().join("migrations/a1.sql")).unwrap();
        let hint = Shown::by(&project.try_line("heads"), Hint::LinkToNoFile);
        fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
        project.write("migrations/a1.sql", elsewhere.read("migrations/a1.sql"));
        hint.leads_to(&project.try_line("upgrade a1"))
    }

    fn follows_files_only() -> Followed {
        let project = project();
        configure(&project, "follow-links = true");
        let elsewhere = line();
        symlink(elsewhere.path().join("migrations"), project.path().join("migrations/a1.sql")).unwrap();
        let hint = Shown::by(&project.try_line("heads"), Hint::FollowsFilesOnly);
        fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
        project.write("migrations/a1.sql", elsewhere.read("migrations/a1.sql"));
        hint.leads_to(&project.try_line("upgrade a1"))
    }

    fn models_lead_out() -> Followed {
        let project = line();
        let elsewhere = Project::unconfigured(PROGRAM);
        elsewhere.write("schema.rs", "diesel::table! { ta (x) { x -> Integer } }\n");
        elsewhere.write("more/mod.rs", "diesel::table! { tb (x) { x -> Integer } }\n");
        let outside = elsewhere.path().display();
        for declared in [
            format!("#[path = \"{outside}/schema.rs\"] mod a;\n"),
            format!("include!(\"{outside}/schema.rs\");\n"),
            format!("#[path = \"../..{outside}/schema.rs\"] mod a;\n"),
        ] {
            project.write("src/schema.rs", &declared);
            let depth = "../".repeat(project.path().components().count() + 3);
            project.write("src/schema.rs", declared.replace("../../", &depth));
            let _declared = Shown::by(&project.try_line("check --only models"), Hint::ModelsLeadOut);
        }
        fs::remove_file(project.path().join("src/schema.rs")).unwrap();
        symlink(elsewhere.path().join("schema.rs"), project.path().join("src/schema.rs")).unwrap();
        let _file = Shown::by(&project.try_line("check --only models"), Hint::ModelsLeadOut);
        fs::remove_file(project.path().join("src/schema.rs")).unwrap();
        symlink(elsewhere.path().join("more"), project.path().join("src/more")).unwrap();
        configure(&project, "models = [\"src/more\"]");
        let hint = Shown::by(&project.try_line("check --only models"), Hint::ModelsLeadOut);
        configure(&project, hint.says("follow-links = true"));
        project.ok("print-schema --from migrations");
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn folder_not_named() -> Followed {
        let project = line();
        let _output = bash(project.path(), "mkdir migrations/2024 && mv migrations/b1.sql migrations/2024");
        project.ok("lock");
        let hint = Hint::FolderNotNamed { folder: "migrations/2024".into() };
        let hint = Shown::by(&project.try_line("check --only files"), hint);
        let folder = hint.says("migrations/2024");
        configure(&project, &format!("migrations = [\"migrations\", \"{folder}\"]"));
        assert_eq!(project.ok("heads"), "b1 (head)\n");
        hint.leads_to(&project.try_line("check --only files"))
    }

    fn revision_not_named() -> Followed {
        let project = line();
        let _output = bash(project.path(), "mv migrations/b1.sql migrations/b1.txt");
        project.ok("lock");
        let hint = Shown::by(&project.try_line("check --only files"), Hint::RevisionNotNamed);
        let _output = bash(project.path(), "mv migrations/b1.txt migrations/b1.sql");
        assert_eq!(project.ok("heads"), "b1 (head)\n");
        hint.leads_to(&project.try_line("check --only files"))
    }

    fn not_utf8() -> Followed {
        let project = line();
        let text = project.read("migrations/b1.sql").replace("add b1", "caf\u{e9}");
        project.write("migrations/b1.sql", text.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>());
        let hint = Shown::by(&project.try_line("heads"), Hint::NotUtf8);
        project.write("migrations/b1.sql", text);
        hint.leads_to(&project.try_line("upgrade head"))
    }

    fn duplicate_id() -> Followed {
        let project = line();
        project.write("migrations/c1.sql", project.read("migrations/b1.sql").replace("Revises: a1", "Revises: b1"));
        let hint = Shown::by(&project.try_line("heads"), Hint::DuplicateId);
        hint.says("`Revision ID`");
        edit(&project, "migrations/c1.sql", "Revision ID: b1", "Revision ID: c1");
        hint.leads_to(&project.try_line("heads"))
    }

    fn unknown_parent() -> Followed {
        let project = line();
        let deleted = project.read("migrations/a1.sql");
        fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
        let hint = Hint::UnknownParent { parent: "a1".into() };
        let hint = Shown::by(&project.try_line("heads"), hint);
        project.write("migrations/a1.sql", deleted);
        project.ok("heads");
        fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
        hint.says("`Revises`");
        edit(&project, "migrations/b1.sql", "Revises: a1", "Revises: <base>");
        hint.leads_to(&project.try_line("heads"))
    }

    fn unknown_dependency() -> Followed {
        let project = branched();
        edit(&project, "migrations/b1.sql", "Revises: a1", "Revises: a1\n-- Depends On: zz");
        let hint = Shown::by(&project.try_line("heads"), Hint::UnknownDependency);
        hint.says("`Depends On`");
        edit(&project, "migrations/b1.sql", "Depends On: zz", "Depends On: shop");
        hint.leads_to(&project.try_line("heads"))
    }

    fn duplicate_label() -> Followed {
        let project = branched();
        edit(&project, "migrations/b1.sql", "Revises: a1", "Revises: a1\n-- Branch Labels: shop");
        let hint = Shown::by(&project.try_line("heads"), Hint::DuplicateLabel);
        edit(&project, "migrations/b1.sql", "-- Branch Labels: shop\n", "");
        hint.leads_to(&project.try_line("heads"))
    }

    fn cycle() -> Followed {
        let project = line();
        project.revision("c1", "b1", "", "");
        edit(&project, "migrations/a1.sql", "Revises: <base>", "Revises: b1");
        let hint = Shown::by(&project.try_line("heads"), Hint::Cycle);
        hint.says("`Revises`");
        edit(&project, "migrations/a1.sql", "Revises: b1", "Revises: <base>");
        hint.leads_to(&project.try_line("heads"))
    }

    fn lock_is_stale() -> Followed {
        let project = line();
        let hint = Shown::by(&project.try_line("heads --locked"), Hint::LockIsStale);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("heads --locked"))
    }

    fn lock_is_broken() -> Followed {
        let project = line();
        project.ok("lock");
        edit(&project, "migrations/alembic.lock", "head b1", "<<<<<<< ours\nhead b1\n=======\n>>>>>>> theirs");
        let hint = Shown::by(&project.try_line("heads"), Hint::LockIsBroken);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("heads"))
    }

    fn file_name() -> Followed {
        let project = line();
        let _output = bash(project.path(), "mv migrations/b1.sql migrations/second.sql");
        project.ok("lock");
        let hint = Hint::FileName { revision: "b1".into() };
        let hint = Shown::by(&project.try_line("check --only files"), hint);
        let _output = bash(project.path(), "mv migrations/second.sql migrations/second_b1.sql");
        project.ok("heads");
        hint.leads_to(&project.try_line("check --only files"))
    }

    fn not_a_head() -> Followed {
        let project = line();
        let hint = Shown::by(&project.try_line("revision -m x --head a1"), Hint::NotAHead);
        hint.says("`--splice`");
        hint.leads_to(&project.try_line("revision -m x --head a1 --splice"))
    }

    fn merged() -> Followed {
        let (both, first) = (branched(), branched());
        both.ok("merge b1 b2 --rev-id c1");
        both.revision("d1", "c1", "", "");
        let hint = Shown::by(&both.try_line("merge b1 b2"), Hint::Merged { revision: "c1".into() });
        assert_eq!(hint.run(&both, 1).status, 0);
        assert_eq!(both.ok("current"), "c1 (mergepoint)\n");
        // A revision and one that follows it.
        let hint = Shown::by(&first.try_line("merge a1 b1"), Hint::Merged { revision: "b1".into() });
        let output = hint.run(&first, 1);
        hint.leads_to(&output)
    }

    fn which_head() -> Followed {
        let (named, merged) = (branched(), branched());
        let hint = Shown::by(&named.try_line("revision -m x"), Hint::WhichHead);
        hint.says("`--head`");
        named.ok("revision -m x --head b1");
        assert_eq!(hint.run(&merged, 1).status, 0);
        hint.leads_to(&merged.try_line("revision -m x"))
    }

    fn merge_heads() -> Followed {
        let project = branched();
        project.ok("lock");
        let hint = Shown::by(&project.try_line("check --only files"), Hint::MergeHeads);
        assert_eq!(hint.run(&project, 1).status, 0);
        hint.leads_to(&project.try_line("check --only files"))
    }

    fn version_path() -> Followed {
        let project = line();
        configure(&project, "migrations = [\"migrations\", \"more\"]");
        fs::create_dir(project.path().join("more")).unwrap();
        let hint = Hint::VersionPath { locations: "`migrations`, `more`".into() };
        let hint = Shown::by(&project.try_line("revision -m x --version-path other"), hint);
        hint.says("`--version-path`");
        hint.leads_to(&project.try_line("revision -m x --version-path more"))
    }

    fn hook_failed() -> Followed {
        let project = Project::new(
            PROGRAM,
            "sqlite-path = \"shop.db\"\n\n[[package.metadata.alembic.post-write-hooks]]\nname = \"mark\"\n\
             command = \"no-such-program {file}\"\n",
        );
        let output = project.try_line("revision -m first");
        let file = bash(project.path(), "ls migrations/*.sql").trim().to_owned();
        let hint = Shown::by(&output, Hint::HookFailed { path: format!("$PROJECT/{file}") });
        hint.says("`post-write-hooks`");
        edit(&project, "Cargo.toml", "no-such-program", "touch");
        let _output = bash(project.path(), &format!("touch {file}"));
        project.ok("revision -m second");
        hint.leads_to(&project.try_line("upgrade head"))
    }
}
