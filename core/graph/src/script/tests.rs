use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

const USERS: &str = "\
-- add users
--
-- Revision ID: 3f2a9c1b7d4e
-- Revises: 1b2c3d4e5f60
-- Create Date: 2026-11-21 09:30:00+00:00

-- alembic:upgrade
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);

-- alembic:downgrade
DROP TABLE users;
";

#[test]
fn a_file_is_header_and_sections() {
    let script = parse(USERS).unwrap();
    assert_eq!(script.header.id, "3f2a9c1b7d4e");
    assert_eq!(script.header.parents, ["1b2c3d4e5f60"]);
    assert_eq!(script.header.message, "add users");
    assert_eq!(script.upgrade[0].line, 8);
    assert_eq!(script.upgrade[0].sql.trim(), "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);");
    assert!(script.downgrade_for(Dialect::Sqlite).unwrap().sql.contains("DROP TABLE users"));
    assert_eq!(render(&script).replace("\n\n\n", "\n\n"), USERS);
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let windows = format!("\u{feff}{}", USERS.replace('\n', "\r\n"));
    assert_eq!(parse(&windows), parse(USERS));
    // Some tools turn `\r\n` into this; once is enough for all of it.
    assert_eq!(normalise("a\r\r\nb\rc\r\n\r"), "a\nb\rc\n");
    assert_eq!(normalise("\n"), "\n");
}

#[test]
fn a_line_is_read_as_it_looks() {
    let message = parse(&USERS.replace("-- add users", "-- add users\rDROP TABLE users;")).unwrap_err();
    assert_eq!((message.line, message.problem.contains("carriage return")), (1, true));
    let zero = parse(&USERS.replace("CREATE TABLE", "CREATE\0TABLE")).unwrap_err();
    assert_eq!((zero.line, zero.problem.contains("zero byte")), (8, true));
    // It may be in a string: whoever cuts the SQL into statements sees that.
    assert!(parse(&USERS.replace("NOT NULL", "DEFAULT 'a\rb'")).is_ok());
}

#[test]
fn upgrade_and_downgrade_are_hashed_apart() {
    let original = parse(USERS).unwrap();
    let edited = parse(&USERS.replace("DROP TABLE users", "DROP TABLE IF EXISTS users")).unwrap();
    assert_eq!(original.upgrade_checksum(), edited.upgrade_checksum());
    assert_ne!(original.downgrade_checksum(), edited.downgrade_checksum());
}

#[test]
fn the_nearest_section_is_taken() {
    let text = USERS.replace(
        "-- alembic:downgrade",
        "-- alembic:upgrade mysql\nSELECT 'mysql';\n-- alembic:upgrade postgres\nSELECT 'pg';\n-- alembic:downgrade",
    );
    let script = parse(&text).unwrap();
    let sql = |dialect| script.upgrade_for(dialect).unwrap().sql.trim().to_owned();
    assert_eq!(sql(Dialect::Mariadb), "SELECT 'mysql';");
    assert_eq!(sql(Dialect::Postgres), "SELECT 'pg';");
    assert!(sql(Dialect::Sqlite).starts_with("CREATE TABLE users"));
}

#[test]
fn a_revision_without_downgrade_is_irreversible_and_an_empty_one_does_nothing() {
    let (absent, _) = USERS.split_once("-- alembic:downgrade").unwrap();
    assert_eq!(parse(absent).unwrap().downgrade, Downgrade::Irreversible(None));
    let reason = format!("{absent}-- alembic:irreversible: data is gone\n");
    assert_eq!(parse(&reason).unwrap().downgrade, Downgrade::Irreversible(Some("data is gone".into())));
    let empty = format!("{absent}-- alembic:downgrade\n");
    assert_eq!(parse(&empty).unwrap().downgrade_for(Dialect::Sqlite).unwrap().sql, "");
}

#[test]
fn the_message_is_the_first_paragraph() {
    let text = USERS.replace("-- add users\n", "-- add users\n-- and mails\n--\n-- Note: a long story\n");
    assert_eq!(parse(&text).unwrap().header.message, "add users and mails");
}

#[test]
fn malformed_files_say_where_and_what_was_expected() {
    let message = |from: &str, to: &str| parse(&USERS.replace(from, to)).unwrap_err().to_string();
    assert_snapshot!(message("-- Revision ID: 3f2a9c1b7d4e\n", ""), @"1:1: the header has no `Revision ID:` line");
    assert_snapshot!(message("-- Revises: 1b2c3d4e5f60\n", ""), @"1:1: the header has no `Revises:` line; write `Revises: <base>` for a first revision");
    assert_snapshot!(message("Revises", "Revise"), @"4:4: unknown header key `Revise`; did you mean `Revises`?");
    assert_snapshot!(message("Create Date: 2026-11-21 09:30:00+00:00", "Create Date: today"), @"5:17: `today` is not a date; expected the form `2026-11-21 09:30:00+00:00`");
    assert_snapshot!(message("Create Date", "Author"), @"5:4: unknown header key `Author`");
    assert_snapshot!(message("ID: 3f2a9c1b7d4e", "ID: 3f-2"), @"3:17: `3f-2` is not a name: use 1 to 32 of the characters A-Z, a-z, 0-9 and _");
    assert_snapshot!(message("ID: 3f2a9c1b7d4e", "ID: head"), @"3:17: `head` is a reserved word of the identifier language");
    assert_snapshot!(message("ID: 3f2a9c1b7d4e", "ID:"), @"3:16: `` is not a name: use 1 to 32 of the characters A-Z, a-z, 0-9 and _");
    assert_snapshot!(message("Revises: 1b2c3d4e5f60", "Revises: a, a"), @"4:13: `a` is listed twice");
    assert_snapshot!(message("Create Date: 2026-11-21 09:30:00+00:00", "Transaction: off"), @"5:17: `off` is not a transaction mode; the only one is `none`");
    assert_snapshot!(message("-- Create", "-- Revises: b\n-- Create"), @"5:4: `Revises` is given twice");
    assert_snapshot!(message("add users", "add \u{1b}[32mok"), @r"1:8: `\u{1b}` is a character that a terminal obeys; leave it out");
    assert_snapshot!(message("ID: 3f2a9c1b7d4e", "ID: 3f2a\u{202e}"), @r"3:21: `\u{202e}` is a character that a terminal obeys; leave it out");
    assert_snapshot!(message("-- alembic:upgrade\n", ""), @"7:1: expected a `-- alembic:upgrade` line before any SQL");
    assert_snapshot!(message("alembic:upgrade", "alembic:upgrad"), @"7:12: unknown directive `alembic:upgrad`; did you mean `upgrade`?");
    assert_snapshot!(message("-- alembic:downgrade", "  -- Alembic:downgrade"), @"10:1: a directive begins the line, in small letters: `-- alembic:upgrade`");
    assert_snapshot!(message("alembic:downgrade", "alembic:upgrade"), @"10:12: the file has a second general `alembic:upgrade` section");
    assert_snapshot!(message("alembic:upgrade", "alembic:upgrade postgre"), @"7:12: `postgre` is no database we know; expected sqlite, postgres, mysql or mariadb; did you mean `postgres`?");
    assert_snapshot!(message("-- alembic:downgrade", "-- alembic:irreversible: no\n"), @"12:1: an irreversible revision has no downgrade SQL");
    assert_snapshot!(parse("").unwrap_err(), @"1:1: the header has no `Revision ID:` line");
    let header_only = USERS.split_once("-- alembic").unwrap().0;
    assert_snapshot!(parse(header_only).unwrap_err(), @"6:1: the file ends without a `-- alembic:upgrade` section");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        id in "[A-Za-z0-9_]{5,32}",
        parents in proptest::collection::btree_set("[a-z0-9]{5,12}", 0..3),
        message in "[a-zA-Z][a-zA-Z0-9 ']{0,30}[a-z]",
        sql in "[ -~\n]{0,80}",
        (without_transaction, foreign_keys_off) in prop_oneof![Just((false, false)), Just((true, false)), Just((false, true))],
        row_security_on: bool,
    ) {
        prop_assume!(!sql.contains("alembic:"));
        let script = Script {
            header: Header {
                id,
                parents: parents.into_iter().collect(),
                message: message.split_whitespace().collect::<Vec<_>>().join(" "),
                without_transaction,
                foreign_keys_off,
                row_security_on,
                ..Header::default()
            },
            upgrade: vec![Section { dialects: vec![], sql, line: 0 }],
            downgrade: Downgrade::Irreversible(None),
            code: None,
        };
        let read = parse(&render(&script)).unwrap();
        prop_assert_eq!(&read.header, &script.header);
        prop_assert_eq!(read.upgrade_checksum(), script.upgrade_checksum());
    }

    #[test]
    fn no_text_makes_it_panic(text in "(-- )?(alembic:|Revises:|Revision ID: )?[ -~\r\n\u{feff}ä]{0,60}") {
        let _any = parse(&text);
    }
}
