use insta::assert_snapshot;

use crate::branched;

#[test]
fn heads_are_merged() {
    let project = branched();
    let output = project.alembic(["merge", "heads", "-m", "both", "--rev-id", "m1"]);
    assert!(output.stdout.ends_with("-m1_both.sql\n"), "{output}");
    assert_eq!(project.ok("heads"), "m1 (shop) (head)\n");
    assert_snapshot!(project.ok("history"), @"
    b1, b2 -> m1 (shop) (head) (mergepoint), both
    a1 -> b2 (shop), add b2
    a1 -> b1, add b1
    <base> -> a1 (branchpoint), add a1
    ");
    project.ok("upgrade head");
    assert_eq!(project.ok("current"), "m1 (head) (mergepoint)\n");
    assert_snapshot!(project.try_line("merge heads"), @"
    ------- stderr -------
    error: there is nothing to merge: the arguments mean one revision only
    [exit status: 2]
    ");
}

#[test]
fn what_is_merged_is_not_merged_again() {
    let project = branched();
    project.ok("merge b1 b2 -m both --rev-id m1");
    assert_snapshot!(project.try_line("merge b1 b2"), @"
    ------- stderr -------
    error: there is nothing to merge: `m1` follows all of them
    hint: run `cargo alembic upgrade m1` to apply all of them
    [exit status: 2]
    ");
    // One that is followed, and one that is not merged.
    project.revision("d1", "a1", "", "");
    assert_snapshot!(project.try_line("merge b1 d1"), @"
    ------- stderr -------
    error: revision `b1` is not a head revision
    hint: run `cargo alembic merge heads`
    [exit status: 2]
    ");
    project.ok("merge b1 d1 --splice");
}

#[test]
fn the_same_revision_twice_is_no_merge() {
    assert_snapshot!(branched().try_line("merge b1 b1 -m x"), @"
    ------- stderr -------
    error: duplicate head revisions specified
    [exit status: 2]
    ");
    assert_snapshot!(branched().try_line("merge a1 b1 -m x"), @"
    ------- stderr -------
    error: there is nothing to merge: `b1` follows all of them
    hint: run `cargo alembic upgrade b1` to apply all of them
    [exit status: 2]
    ");
}
