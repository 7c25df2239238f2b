use harness::Project;
use insta::assert_snapshot;

use crate::{PROGRAM, branched, project};

/// Returns the new file's text, with the date and the name taken out.
fn written(project: &Project, line: &str) -> String {
    let path = project.ok(line);
    let text = project.read(path.trim());
    let date = text.lines().find(|line| line.starts_with("-- Create Date: ")).unwrap();
    text.replace(date, "-- Create Date: NOW")
}

#[test]
fn a_revision_follows_the_head() {
    let project = project();
    project.ok("revision --rev-id a1 -m first");
    assert_snapshot!(written(&project, "revision --rev-id b1 -m second"), @"
    -- second
    --
    -- Revision ID: b1
    -- Revises: a1
    -- Create Date: NOW

    -- alembic:upgrade

    -- alembic:downgrade
    ");
    assert_eq!(project.ok("heads"), "b1 (head)\n");
}

#[test]
fn names_follow_the_template() {
    let project = Project::new(PROGRAM, "file-template = \"{rev}_{slug}\"\ntruncate-slug-length = 12\n");
    let output = project.alembic(["revision", "--rev-id", "a1", "-m", "Add: users & their mails"]);
    assert_eq!(output.stdout, "migrations/a1_add_users_.sql\n");
    assert!(project.read("migrations/a1_add_users_.sql").starts_with("-- Add: users & their mails\n"));
}

#[test]
fn random_ids_have_twelve_hex_digits() {
    let project = project();
    let path = project.ok("revision -m x");
    let id = path.split('-').nth(1).unwrap().split('_').next().unwrap();
    assert!(id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
}

#[test]
fn labels_dependencies_and_bases() {
    let project = branched();
    assert_snapshot!(
        written(&project, "revision --rev-id n1 -m net --head base --branch-label net --depends-on shop --depends-on b1"),
        @"
    -- net
    --
    -- Revision ID: n1
    -- Revises: <base>
    -- Branch Labels: net
    -- Depends On: shop, b1
    -- Create Date: NOW

    -- alembic:upgrade

    -- alembic:downgrade
    "
    );
    assert_eq!(project.ok("heads"), "n1 (net) (head)\n");
    assert_snapshot!(project.try_line("revision -m x --rev-id z1 --head base --branch-label shop"), @"
    ------- stderr -------
    error: the revision was not written: it does not fit into the graph
      caused by: branch label `shop` of revision `z1` (migrations/DATE-z1_x.sql) is already used by revision `b2`
    hint: declare the label on one revision only, the first of the branch
    [exit status: 2]
    ");
}

#[test]
fn several_heads_have_to_be_told_apart() {
    let project = branched();
    assert_snapshot!(project.try_line("revision -m x"), @"
    ------- stderr -------
    error: multiple heads are present; please specify the head revision on which the new revision should be based, or perform a merge
      caused by: multiple head revisions are present for given argument `head`: b1, b2; specify a specific target revision, `<branchname>@head` to narrow to a specific head, or `heads` for all heads
    hint: pass `--head` with one of them, or run `cargo alembic merge heads`
    [exit status: 2]
    ");
    project.ok("revision -m x --rev-id c1 --head shop@head");
    assert_snapshot!(project.try_line("revision -m x --head a1"), @"
    ------- stderr -------
    error: revision `a1` is not a head revision
    hint: pass `--splice` to create a new branch from this revision
    [exit status: 2]
    ");
    project.ok("revision -m x --rev-id b3 --head a1 --splice");
}

#[test]
fn nothing_is_written_that_does_not_fit() {
    let project = project();
    project.ok("revision --rev-id a1 -m first");
    let before = harness::bash(project.path(), "ls migrations");
    assert_snapshot!(project.try_line("revision --rev-id a1 -m again"), @"
    ------- stderr -------
    error: the revision was not written: it does not fit into the graph
      caused by: revision `a1` is defined twice, in `migrations/DATE-a1_first.sql`, `migrations/DATE-a1_again.sql`
    hint: give one of the files another `Revision ID`, or remove it
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("revision --rev-id a-1 -m again"), @"
    ------- stderr -------
    error: `a-1` is not a name: use 1 to 32 of the characters A-Z, a-z, 0-9 and _
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("revision --rev-id heads -m again"), @"
    ------- stderr -------
    error: `heads` is a reserved word of the identifier language
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("revision --depends-on nothing -m again"), @"
    ------- stderr -------
    error: can't locate revision identified by `nothing`
    hint: run `cargo alembic history` for a list of the revisions
    [exit status: 2]
    ");
    assert_snapshot!(project.alembic(["revision", "-m", "Revises: nothing"]), @"
    ------- stderr -------
    error: the revision would not be readable
      caused by: `Revises` is given twice
    [exit status: 2]
    ");
    assert_eq!(harness::bash(project.path(), "ls migrations"), before);
}

#[test]
fn version_locations() {
    let project = Project::new(PROGRAM, "migrations = [\"migrations\", \"more\"]\n");
    std::fs::create_dir(project.path().join("more")).unwrap();
    assert_snapshot!(project.try_line("revision -m x --head base"), @"
    ------- stderr -------
    error: multiple version locations present, please specify --version-path
    [exit status: 2]
    ");
    let path = project.ok("revision -m x --rev-id a1 --version-path more");
    assert!(path.starts_with("more/"));
    assert!(project.ok("revision -m y --rev-id b1").starts_with("more/"));
    assert_snapshot!(project.try_line("revision -m x --head base --version-path other"), @"
    ------- stderr -------
    error: path `other` is not represented in current version locations
    hint: pass `--version-path` with one of `migrations`, `more`
    [exit status: 2]
    ");
}

#[test]
fn hooks_run_on_the_new_file_and_may_fail() {
    let hook = |command: &str| {
        Project::new(
            PROGRAM,
            &format!("[[package.metadata.alembic.post-write-hooks]]\nname = \"mine\"\ncommand = {command:?}\n"),
        )
    };
    let project = hook("sed -i 's/-- alembic:upgrade/-- alembic:upgrade\\nSELECT 1;/'");
    let path = project.ok("revision -m x");
    assert!(project.read(path.trim()).contains("SELECT 1;"));
    project.ok("lock --locked");
    let project = hook("false");
    let output = project.try_line("revision -m x --rev-id a1");
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("error: post write hook `mine` failed"), "{output}");
    assert!(output.stderr.contains("`false` ended with exit status: 1"), "{output}");
}

#[test]
fn a_hook_may_be_for_files_of_one_language() {
    let hook = |extension: &str| {
        format!(
            "[[package.metadata.alembic.post-write-hooks]]\nname = \"mine\"\n\
             command = \"sed -i '1s/$/ (seen)/'\"\nextension = \"{extension}\"\n"
        )
    };
    let seen = |project: &Project, line: &str| project.read(project.ok(line).trim()).contains("(seen)");
    let project = Project::new(PROGRAM, &format!("sqlite-path = \"shop.db\"\n{}", hook("rs")));
    assert!(!seen(&project, "revision -m first"));
    assert!(seen(&project, "revision --rust -m second"));
    project.ok("lock --locked");
    assert!(seen(&Project::new(PROGRAM, &hook(".sql")), "revision -m first"));
    let output = Project::new(PROGRAM, &hook("py")).try_line("heads");
    assert!(output.stderr.contains("revisions end with `rs` or `sql`, none with `py`"), "{output}");
}

#[test]
fn the_editor_is_opened_on_the_file() {
    let project = project().with("EDITOR", "sed -i 's/-- first/-- edited/'");
    let path = project.ok("revision -m first --rev-id a1 --edit");
    assert!(project.read(path.trim()).starts_with("-- edited"));
    assert!(project.ok("show head").contains("edited"));
    project.ok("edit head");
    assert_snapshot!(Project::new(PROGRAM, "").try_line("edit head"), @"
    ------- stderr -------
    error: no revision files indicated by symbol `head`
    [exit status: 2]
    ");
}

#[test]
fn time_zones() {
    let project = Project::new(PROGRAM, "timezone = \"Asia/Tokyo\"\n");
    let path = project.ok("revision -m x");
    assert!(project.read(path.trim()).contains("+09:00"));
    assert_snapshot!(Project::new(PROGRAM, "timezone = \"Mars/Olympus\"\n").try_line("revision -m x"), @"
    ------- stderr -------
    error: can't locate timezone: `Mars/Olympus`
    hint: write `UTC`, `local` or an IANA name such as `Europe/Vienna` as `timezone` into Cargo.toml
    [exit status: 2]
    ");
}
