//! Commands that write several files, killed between them: what is left is gone on with, or told.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Stdio},
    thread::sleep,
    time::Instant,
};

use harness::{Project, bash};

use crate::{PROGRAM, branched, project};

/// At so many moments of its life a command is killed.
const MOMENTS: u32 = 16;

/// Kills a command at many moments, each in a project of its own, and looks at what is left.
fn killed_anywhere(make: impl Fn() -> Project, line: &str, look: impl Fn(&Project)) {
    let project = make();
    let begun = Instant::now();
    project.ok(line);
    let whole = begun.elapsed() * 6 / 5;
    look(&project);
    for moment in 0..MOMENTS {
        let project = make();
        let mut child = start(&project, line);
        sleep(whole * moment / MOMENTS);
        kill(&mut child);
        look(&project);
    }
}

fn start(project: &Project, line: &str) -> Child {
    let mut command = project.command(line.split(' '));
    command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap()
}

/// Kills a command and what it has started, an editor for example. SIGKILL: nothing is tidied up.
fn kill(child: &mut Child) {
    child.kill().unwrap();
    let _output = bash(Path::new("/"), &format!("kill -KILL -- -{} || true", child.id()));
    child.wait().unwrap();
}

fn migrations(project: &Project) -> usize {
    let files = fs::read_dir(project.path().join("migrations")).unwrap();
    files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().ends_with(".sql")).count()
}

const IMPORTED: usize = 120;

fn with_many_diesel_migrations() -> Project {
    let project = project();
    for number in 0..IMPORTED {
        let up = format!("CREATE TABLE t{number} (id INTEGER);\n");
        project.write(&format!("diesel/2024-01-02-{number:06}_t{number}/up.sql"), up);
        project.write(&format!("diesel/2024-01-02-{number:06}_t{number}/down.sql"), format!("DROP TABLE t{number};\n"));
    }
    project
}

/// Returns whether an import had to be finished.
fn imported_after_all(project: &Project) -> bool {
    let heads = project.try_line("heads");
    if heads.status != 0 {
        assert!(heads.stderr.contains("an import was interrupted"), "{heads}");
        assert!(heads.stderr.contains("run `cargo alembic import diesel`"), "{heads}");
        let finished = project.try_line("import diesel");
        assert_eq!(finished.status, 0, "{finished}");
    } else if heads.stdout.is_empty() {
        assert_eq!(migrations(project), 0);
        project.ok("import diesel diesel");
    }
    assert_eq!(migrations(project), IMPORTED);
    assert_eq!(project.ok("heads"), "20240102000119 (head)\n");
    assert!(project.read("Cargo.toml").contains("transaction = \"per-migration\""));
    assert_eq!(bash(project.path(), "ls -d migrations/.alembic-import* 2>/dev/null || true"), "");
    project.ok("heads --locked");
    heads.status != 0
}

#[test]
fn an_import_is_there_or_not_or_waits_to_be_finished() {
    killed_anywhere(with_many_diesel_migrations, "import diesel diesel", |project| {
        imported_after_all(project);
    });
    // Its files are put in place within milliseconds.
    let interrupted = (0..6).filter(|_| {
        let project = with_many_diesel_migrations();
        let mut child = start(&project, "import diesel diesel");
        while !project.path().join("migrations/.alembic-import").exists() && child.try_wait().unwrap().is_none() {}
        kill(&mut child);
        imported_after_all(&project)
    });
    assert!(interrupted.count() > 0);
}

#[test]
fn a_revision_is_there_or_not() {
    for line in ["revision -m more --rev-id c1 --head b1", "merge heads --rev-id c1"] {
        killed_anywhere(branched, line, |project| {
            let known = project.ok("history").contains("c1");
            if !known {
                project.ok(line);
            }
            project.ok("upgrade heads");
            assert!(project.ok("history").contains("c1"));
            project.ok("heads --locked");
        });
    }
}

#[test]
fn a_generated_revision_is_there_or_not() {
    let with_models = || {
        let project = project();
        project.revision("a1", "<base>", "CREATE TABLE ta (id INTEGER PRIMARY KEY NOT NULL);", "DROP TABLE ta;");
        let column = |name: &str| format!("{name} -> Integer,");
        let (id, more) = (column("id"), column("more").replace("Integer", "Nullable<Text>"));
        project.write("src/schema.rs", format!("diesel::table! {{ ta (id) {{ {id} {more} }} }}"));
        project.ok("upgrade head");
        project
    };
    let line = "revision --autogenerate -m more --rev-id b1";
    killed_anywhere(with_models, line, |project| {
        if !project.ok("history").contains("b1") {
            project.ok(line);
        }
        assert_eq!(migrations(project), 2);
        project.ok("upgrade head");
        project.ok("check --only files,models,pending");
        project.ok("heads --locked");
    });
}

#[test]
fn what_was_edited_is_kept() {
    let with_editor = || {
        let project = branched().with("EDITOR", "sh editor.sh");
        // As editors do: the new text gets its name in one step.
        project.write("editor.sh", "sed 's/CREATE TABLE ta/CREATE TABLE edited/; s/DROP TABLE ta/DROP TABLE edited/' \"$1\" > new && mv new \"$1\"");
        project
    };
    killed_anywhere(with_editor, "edit a1", |project| {
        let text = project.read("migrations/a1.sql");
        assert_eq!(
            text.matches("TABLE edited").count()
                + text.matches("TABLE ta;").count()
                + text.matches("TABLE ta (").count(),
            2,
            "{text}"
        );
        project.ok("upgrade heads");
        project.ok("check --only replay");
        project.ok("heads --locked");
    });
}

#[test]
fn a_file_that_a_killed_command_left_is_in_nobodys_way() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.ok("lock");
    let text = project.read("migrations/a1.sql").replace("a1", "b1");
    for name in ["migrations/.alembic-old.tmp", "migrations/.alembic-new.tmp"] {
        project.write(name, &text);
    }
    let _output = bash(project.path(), "touch -d '1 hour ago' migrations/.alembic-old.tmp");
    project.ok("check --only files");
    assert_eq!(project.ok("heads"), "a1 (head)\n");
    project.ok("upgrade head");
    // A command that writes removes what is old, and leaves what another one may be writing.
    project.ok("revision -m more");
    assert_eq!(bash(project.path(), "ls -A migrations | grep tmp"), ".alembic-new.tmp\n");
}

#[test]
fn a_package_is_configured_or_can_be() {
    for line in ["init --sqlite-path shop.db", "init --sqlite-path shop.db --runner sqlite"] {
        killed_anywhere(
            || Project::unconfigured(PROGRAM),
            line,
            |project| {
                let again = project.try_line(line);
                if again.status != 0 {
                    // What is there already is told; what is missing is added by the shorter line.
                    assert!(again.stderr.contains("already"), "{again}");
                    let _added = project.try_line("init --runner sqlite");
                }
                project.ok("revision -m first");
                project.ok("upgrade head");
                project.ok("heads --locked");
            },
        );
    }
}
