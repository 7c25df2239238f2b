//! Two schemas in, statements out.

use insta::assert_snapshot;

use super::*;
use crate::{Check, Column, DefaultValue, ForeignKey, Index, Naming, PrimaryKey, Type, Unique, operation::render};

fn schema(tables: Vec<Table>) -> Schema {
    Schema { tables, ..Schema::default() }
}

/// A table with the columns `name type`.
fn table(name: &str, columns: &[&str]) -> Table {
    let mut table = Table::new(name).constraint(PrimaryKey::new(["id"]).named(&format!("{name}_key")));
    for column in columns {
        let (name, native) = column.split_once(' ').unwrap();
        table.columns.push(Column::new(name, Type::native(native)).not_null());
    }
    table
}

fn sql(before: &Schema, after: &Schema, dialect: Dialect) -> String {
    let diff = Diff::between(before, after, dialect);
    let blocks = diff.blocks(dialect, &Naming::default(), &|_| None, Locking::Plain);
    let mut lines = Vec::new();
    for block in blocks {
        lines.extend(block.hazards.iter().map(|hazard| format!("-- {hazard}")));
        let statements =
            block.operations.iter().map(|operation| render(operation, dialect, &Naming::default()).unwrap());
        lines.extend(statements.flatten());
    }
    lines.join("\n")
}

#[test]
fn equal_schemas_differ_in_nothing() {
    let one = schema(vec![table("a", &["id bigint", "n text"])]);
    assert!(Diff::between(&one, &one, Dialect::Postgres).is_empty());
    assert_eq!(sql(&one, &one, Dialect::Mariadb), "");
}

#[test]
fn parents_come_first_and_circles_are_broken() {
    let refers = |table: Table, column: &str, to: &str| table.constraint(ForeignKey::new([column], to, ["id"]));
    let a = refers(table("a", &["id bigint", "b_id bigint"]), "b_id", "b");
    let b = refers(table("b", &["id bigint", "a_id bigint"]), "a_id", "a");
    let c = refers(table("c", &["id bigint", "d_id bigint"]), "d_id", "d");
    let circle = schema(vec![a, b, c, table("d", &["id bigint"])]);
    assert_snapshot!(sql(&Schema::default(), &circle, Dialect::Postgres), @r#"
    CREATE TABLE "d" (
        "id" bigint NOT NULL,
        CONSTRAINT "d_key" PRIMARY KEY ("id")
    )
    CREATE TABLE "c" (
        "id" bigint NOT NULL,
        "d_id" bigint NOT NULL,
        CONSTRAINT "c_key" PRIMARY KEY ("id"),
        CONSTRAINT "fk_c_d_id_d" FOREIGN KEY ("d_id") REFERENCES "d" ("id")
    )
    CREATE TABLE "a" (
        "id" bigint NOT NULL,
        "b_id" bigint NOT NULL,
        CONSTRAINT "a_key" PRIMARY KEY ("id")
    )
    CREATE TABLE "b" (
        "id" bigint NOT NULL,
        "a_id" bigint NOT NULL,
        CONSTRAINT "b_key" PRIMARY KEY ("id"),
        CONSTRAINT "fk_b_a_id_a" FOREIGN KEY ("a_id") REFERENCES "a" ("id")
    )
    ALTER TABLE "a" ADD CONSTRAINT "fk_a_b_id_b" FOREIGN KEY ("b_id") REFERENCES "b" ("id")
    "#);
    assert_snapshot!(sql(&circle, &Schema::default(), Dialect::Postgres), @r#"
    -- destructive: drops the table `c` with all its rows
    DROP TABLE "c"
    -- destructive: drops the table `d` with all its rows
    DROP TABLE "d"
    ALTER TABLE "a" DROP CONSTRAINT "fk_a_b_id_b"
    -- destructive: drops the table `b` with all its rows
    DROP TABLE "b"
    -- destructive: drops the table `a` with all its rows
    DROP TABLE "a"
    "#);
}

#[test]
fn a_type_changes_in_place() {
    let with = |native: &str, default: &str| {
        let mut table = table("a", &["id bigint"]);
        let column = Column::new("n", Type::native(native));
        table.columns.push(Column { default: Some(DefaultValue::written(default, Dialect::Postgres)), ..column });
        schema(vec![table])
    };
    assert_snapshot!(sql(&with("integer", "1"), &with("bigint", "1"), Dialect::Postgres), @r#"ALTER TABLE "a" ALTER COLUMN "n" DROP DEFAULT, ALTER COLUMN "n" TYPE bigint, ALTER COLUMN "n" SET DEFAULT 1"#);
    assert_snapshot!(sql(&with("text", "'1'"), &with("integer", "1"), Dialect::Postgres), @r#"
    -- destructive: `a.n` changes from text to integer: fails if a value does not fit, and others are rounded, cut or read otherwise, without an error
    ALTER TABLE "a" ALTER COLUMN "n" DROP DEFAULT, ALTER COLUMN "n" TYPE integer USING "n"::integer, ALTER COLUMN "n" SET DEFAULT 1
    "#);
    assert_snapshot!(sql(&with("varchar(9)", "1"), &with("varchar(3)", "1"), Dialect::Mariadb), @"
    -- note: `a.n` changes from varchar(9) to varchar(3): fails if a value does not fit
    ALTER TABLE `a` MODIFY COLUMN `n` varchar(3) DEFAULT 1
    ");
}

#[test]
fn a_key_makes_way_for_what_it_refers_to() {
    let with = |native: &str| {
        let users = table("users", &[&format!("id {native}")]);
        let posts = table("posts", &["id bigint", &format!("user_id {native}")]);
        schema(vec![posts.constraint(ForeignKey::new(["user_id"], "users", ["id"]).named("fk")), users])
    };
    assert_snapshot!(sql(&with("int(11)"), &with("bigint(20)"), Dialect::Mariadb), @"
    ALTER TABLE `posts` DROP FOREIGN KEY `fk`
    ALTER TABLE `posts` MODIFY COLUMN `user_id` bigint(20) NOT NULL
    ALTER TABLE `users` MODIFY COLUMN `id` bigint(20) NOT NULL
    ALTER TABLE `posts` ADD CONSTRAINT `fk` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
    ");
}

#[test]
fn values_are_added_to_a_type_or_it_is_made_anew() {
    let with = |values: &[&str], default: &str| {
        let mut table = table("a", &["id bigint"]);
        let mut mood = Column::new("mood", Type::native("mood")).not_null();
        mood.default = Some(DefaultValue::expression(&format!("'{default}'::mood")));
        table.columns.push(mood);
        let check = Check::new(&format!("mood <> '{default}'::mood OR id > 0")).named("ck");
        let table = table.constraint(check);
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Schema { enums: vec![Enumeration { name: "mood".into(), values }], ..schema(vec![table]) }
    };
    let (two, three) = (with(&["sad", "glad"], "sad"), with(&["sad", "ok", "glad"], "sad"));
    assert_snapshot!(sql(&two, &three, Dialect::Postgres), @r#"ALTER TYPE "mood" ADD VALUE 'ok' BEFORE 'glad'"#);
    assert_snapshot!(sql(&three, &two, Dialect::Postgres), @r#"
    -- note: fails if a row holds `ok` of `mood`
    ALTER TABLE "a" DROP CONSTRAINT "ck"
    ALTER TYPE "mood" RENAME TO "mood_alembic_old"
    CREATE TYPE "mood" AS ENUM ('sad', 'glad')
    ALTER TABLE "a" ALTER COLUMN "mood" DROP DEFAULT, ALTER COLUMN "mood" TYPE "mood" USING "mood"::text::"mood", ALTER COLUMN "mood" SET DEFAULT 'sad'::mood
    DROP TYPE "mood_alembic_old"
    ALTER TABLE "a" ADD CONSTRAINT "ck" CHECK (mood <> 'sad'::mood OR id > 0)
    "#);
    // A value that was just added cannot be used yet.
    assert!(sql(&two, &with(&["sad", "ok", "glad"], "ok"), Dialect::Postgres).contains("CREATE TYPE"));
}

#[test]
fn what_is_named_goes_by_its_name_and_all_else_by_what_it_says() {
    let with = |unique: Unique, index: Index| {
        let mut table = table("a", &["id bigint", "n bigint"]).constraint(unique);
        table.indexes.push(index);
        schema(vec![table])
    };
    let index = |name: &str| Index::new("a", ["n"]).named(name);
    let before = with(Unique::new(["n"]).named("a_n_key"), index("ix"));
    let unnamed = with(Unique::new(["n"]), Index::new("a", ["n"]));
    assert!(Diff::between(&before, &unnamed, Dialect::Postgres).is_empty());
    let renamed = with(Unique::new(["n"]).named("other"), index("ix"));
    assert_snapshot!(sql(&before, &renamed, Dialect::Mariadb), @"ALTER TABLE `a` RENAME INDEX `a_n_key` TO `other`");
}

#[test]
fn mysql_numbers_rows_otherwise_only_without_the_keys_that_refer_to_them() {
    let numbered = |identity| {
        let mut parent = table("p", &["id bigint", "n text"]);
        parent.columns[0].identity = identity;
        let child = table("c", &["id bigint", "p_id bigint"]);
        schema(vec![parent, child.constraint(ForeignKey::new(["p_id"], "p", ["id"]).named("fk"))])
    };
    let (with, without) = (numbered(Some(crate::Identity::ByDefault)), numbered(None));
    assert_snapshot!(sql(&with, &without, Dialect::Mysql), @"
    ALTER TABLE `c` DROP FOREIGN KEY `fk`
    ALTER TABLE `p` MODIFY COLUMN `id` bigint NOT NULL
    ALTER TABLE `c` ADD CONSTRAINT `fk` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)
    ");
    assert_snapshot!(sql(&with, &without, Dialect::Mariadb), @"ALTER TABLE `p` MODIFY COLUMN `id` bigint NOT NULL");
}

#[test]
fn mysql_sets_some_defaults_with_the_whole_column() {
    let with = |column_type: &str, default: Option<&str>, dialect| {
        let mut one = table("a", &["id bigint"]);
        let mut column = Column::new("b", Type::native(column_type));
        column.default = default.map(|sql| DefaultValue::written(sql, dialect));
        one.columns.push(column);
        schema(vec![one])
    };
    for (column_type, default, mysql, mariadb) in [
        ("text", "'x'", "MODIFY COLUMN `b` text DEFAULT ('x')", "ALTER COLUMN `b` SET DEFAULT ('x')"),
        (
            "json",
            "json_object()",
            "ALTER COLUMN `b` SET DEFAULT (json_object())",
            "ALTER COLUMN `b` SET DEFAULT (json_object())",
        ),
        ("bit(1)", "b'1'", "ALTER COLUMN `b` SET DEFAULT b'1'", "ALTER COLUMN `b` SET DEFAULT b'1'"),
        (
            "datetime(6)",
            "CURRENT_TIMESTAMP(6)",
            "MODIFY COLUMN `b` datetime(6) DEFAULT CURRENT_TIMESTAMP(6)",
            "ALTER COLUMN `b` SET DEFAULT CURRENT_TIMESTAMP(6)",
        ),
    ] {
        for (dialect, wanted) in [(Dialect::Mysql, mysql), (Dialect::Mariadb, mariadb)] {
            let (before, after) = (with(column_type, None, dialect), with(column_type, Some(default), dialect));
            assert_eq!(sql(&before, &after, dialect), format!("ALTER TABLE `a` {wanted}"));
        }
    }
}

/// `a` and `b`, one of them with an index, a check and a unique constraint of these names.
fn named_on(owner: &str) -> Schema {
    let owned = |name: &str| {
        let mut one = table(name, &["id bigint", "n bigint"]);
        if name == owner {
            one.indexes.push(Index::new(name, ["n"]).named("ix"));
            one = one.constraint(Check::new("n > 0").named("ck")).constraint(Unique::new(["n"]).named("uq"));
        }
        one
    };
    schema(vec![owned("a"), owned("b")])
}

#[test]
fn a_name_is_dropped_before_it_is_created() {
    for (from, to) in [("a", "b"), ("b", "a")] {
        for dialect in [Dialect::Postgres, Dialect::Mysql] {
            let sql = sql(&named_on(from), &named_on(to), dialect);
            let drops = sql.find("DROP").into_iter().chain(sql.rfind("DROP")).max().unwrap();
            assert!(drops < sql.find("ADD").unwrap(), "{from} to {to} on {dialect}:\n{sql}");
        }
    }
}

#[test]
fn names_that_are_exchanged_are_dropped_everywhere_first() {
    let with = |of_a: &str, of_b: &str| {
        let one = |name: &str, index: &str| {
            let mut one = table(name, &["id bigint", "n bigint"]);
            one.indexes.push(Index::new(name, ["n"]).named(index));
            one
        };
        schema(vec![one("a", of_a), one("b", of_b)])
    };
    assert_snapshot!(sql(&with("x", "y"), &with("y", "x"), Dialect::Sqlite), @r#"
    DROP INDEX "x"
    DROP INDEX "y"
    CREATE INDEX "x" ON "b" ("n")
    CREATE INDEX "y" ON "a" ("n")
    "#);
    assert_snapshot!(sql(&with("x", "y"), &with("y", "x"), Dialect::Mariadb), @r"
    ALTER TABLE `a` RENAME INDEX `x` TO `y`
    ALTER TABLE `b` RENAME INDEX `y` TO `x`
    ");
}

#[test]
fn a_foreign_key_gives_up_a_name_that_another_constraint_takes() {
    let schema_of = |a: Option<&str>, b: &str| {
        let refers = |table: Table, name: &str| table.constraint(ForeignKey::new(["p_id"], "p", ["id"]).named(name));
        let one = |name: &str| table(name, &["id bigint", "p_id bigint"]);
        let a = a.map_or(one("a"), |name| refers(one("a"), name));
        schema(vec![a, refers(one("b"), b), table("p", &["id bigint"])])
    };
    let (before, after) = (schema_of(None, "w"), schema_of(Some("w"), "v"));
    assert_snapshot!(sql(&before, &after, Dialect::Mysql), @"
    ALTER TABLE `b` DROP FOREIGN KEY `w`
    ALTER TABLE `a` ADD CONSTRAINT `w` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)
    ALTER TABLE `b` ADD CONSTRAINT `v` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)
    ");
    // The way back gives it its name again: what was written to drop it there would not find it otherwise.
    assert_snapshot!(sql(&after, &before, Dialect::Mysql), @"
    ALTER TABLE `a` DROP FOREIGN KEY `w`
    ALTER TABLE `b` DROP FOREIGN KEY `v`
    ALTER TABLE `b` ADD CONSTRAINT `w` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)
    ");
    assert_snapshot!(sql(&before, &after, Dialect::Postgres), @r#"ALTER TABLE "a" ADD CONSTRAINT "w" FOREIGN KEY ("p_id") REFERENCES "p" ("id")"#);
}

#[test]
fn a_name_by_convention_that_a_renamed_table_keeps_is_not_given_again() {
    let refers = |name: &str| {
        table(name, &["id bigint", "n bigint"])
            .constraint(ForeignKey::new(["n"], "p", ["id"]))
            .constraint(Unique::new(["n"]))
    };
    let mut renamed = refers("b");
    renamed.constraints =
        vec![ForeignKey::new(["n"], "p", ["id"]).named("fk_a_n_p").into(), Unique::new(["n"]).named("uq_a_n").into()];
    let names = |dialect| {
        let current = schema(vec![renamed.clone()]);
        // What is there has a name in the database only.
        let mut wanted = schema(vec![refers("a"), refers("b")]);
        disambiguate(&mut wanted, &current, dialect, &Naming::default());
        assert_eq!(wanted.tables[1], refers("b"));
        let names = wanted.tables[0].constraints[1..].iter().map(|constraint| constraint.own_name().cloned());
        names.map(Option::unwrap_or_default).collect::<Vec<_>>()
    };
    assert_eq!(names(Dialect::Postgres), ["", "uq_a_n_1"]);
    assert_eq!(names(Dialect::Mysql), ["fk_a_n_p_1", ""]);
    assert_eq!(names(Dialect::Sqlite), ["", ""]);
}

#[test]
fn a_schema_comes_before_its_types_and_they_before_what_has_them() {
    let mut uses = table("people", &["id bigint"]);
    uses.columns.push(Column::new("mood", Type::native("more.mood")));
    let values = vec!["sad".to_owned(), "glad".to_owned()];
    let wanted = Schema { enums: vec![Enumeration { name: "more.mood".into(), values }], ..schema(vec![uses]) };
    assert_snapshot!(sql(&Schema::default(), &wanted, Dialect::Postgres), @r#"
    CREATE SCHEMA IF NOT EXISTS "more"
    CREATE TYPE "more"."mood" AS ENUM ('sad', 'glad')
    CREATE TABLE "people" (
        "id" bigint NOT NULL,
        "mood" more.mood,
        CONSTRAINT "people_key" PRIMARY KEY ("id")
    )
    "#);
    assert_snapshot!(sql(&wanted, &Schema::default(), Dialect::Postgres), @r#"
    -- destructive: drops the table `people` with all its rows
    DROP TABLE "people"
    DROP TYPE "more"."mood"
    "#);
}

#[test]
fn a_check_that_goes_does_not_hold_up_the_type_that_it_mentions() {
    let with = |values: &[&str], column: Option<&str>, check: bool| {
        let mut one = table("a", &["id bigint", "mood mood"]);
        one.columns.extend(column.map(|name| Column::new(name, Type::native("mood"))));
        let one = if check { one.constraint(Check::new("mood <> 'ok'::mood").named("ck")) } else { one };
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Schema { enums: vec![Enumeration { name: "mood".into(), values }], ..schema(vec![one]) }
    };
    let (before, after) = (with(&["ok", "sad"], None, true), with(&["sad"], Some("other"), false));
    assert_snapshot!(sql(&before, &after, Dialect::Postgres), @r#"
    ALTER TABLE "a" DROP CONSTRAINT "ck"
    -- note: fails if a row holds `ok` of `mood`
    ALTER TYPE "mood" RENAME TO "mood_alembic_old"
    CREATE TYPE "mood" AS ENUM ('sad')
    ALTER TABLE "a" ALTER COLUMN "mood" TYPE "mood" USING "mood"::text::"mood"
    DROP TYPE "mood_alembic_old"
    ALTER TABLE "a" ADD COLUMN "other" mood
    "#);
}

#[test]
fn a_foreign_key_takes_the_name_of_another() {
    let refers = |on: &str| {
        let one = |name: &str| {
            let table = table(name, &["id bigint", "p_id bigint"]);
            if name == on { table.constraint(ForeignKey::new(["p_id"], "p", ["id"]).named("fk")) } else { table }
        };
        schema(vec![one("a"), one("b"), table("p", &["id bigint"])])
    };
    assert_snapshot!(sql(&refers("b"), &refers("a"), Dialect::Mysql), @r"
    ALTER TABLE `b` DROP FOREIGN KEY `fk`
    ALTER TABLE `a` ADD CONSTRAINT `fk` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)
    ");
    // A new table may have the name of an old one's key.
    let mut new = refers("c");
    new.tables.insert(
        2,
        table("c", &["id bigint", "p_id bigint"]).constraint(ForeignKey::new(["p_id"], "p", ["id"]).named("fk")),
    );
    assert_snapshot!(sql(&refers("b"), &new, Dialect::Mysql), @"
    ALTER TABLE `b` DROP FOREIGN KEY `fk`
    CREATE TABLE `c` (
        `id` bigint NOT NULL,
        `p_id` bigint NOT NULL,
        CONSTRAINT `c_key` PRIMARY KEY (`id`),
        CONSTRAINT `fk` FOREIGN KEY (`p_id`) REFERENCES `p` (`id`)
    )
    ");
}

#[test]
fn names_by_convention_follow_renames_and_circles_have_a_way_aside() {
    let index = |name: &str| Index::new("a", ["n"]).named(name);
    let mut a = table("a", &["id integer", "n integer"]);
    a.constraints = vec![PrimaryKey::new(["id"]).named("pk_a").into()];
    a = a
        .constraint(Unique::new(["n"]).named("uq_a_n"))
        .constraint(Check::new("n > 0").named("ck_a_12ab34"))
        .constraint(Check::new("n > 1").named("its_own"));
    a.indexes = vec![index("ix_a_n"), index("other")];
    let refers = ForeignKey::new(["n"], "a", ["id"]).named("fk_b_n_a");
    let before = schema(vec![a, table("b", &["id integer", "n integer"]).constraint(refers)]);
    let told = |renames: &Renames, dialect| {
        let naming = Naming::default();
        let text = |blocks: Vec<Block>| {
            let operations = blocks.into_iter().flat_map(|block| block.operations);
            operations.flat_map(|it| render(&it, dialect, &naming).unwrap()).collect::<Vec<_>>().join("\n")
        };
        let renames = renames.clone().that_apply(&before, &|_| false);
        (text(renames.blocks(&before, dialect, &naming)), text(renames.undone(&before, dialect, &naming)))
    };
    let renames =
        Renames { tables: vec![("a".into(), "c".into())], columns: vec![("c".into(), "n".into(), "m".into())] };
    let (up, down) = told(&renames, Dialect::Postgres);
    assert_snapshot!(up, @r#"
    ALTER TABLE "a" RENAME TO "c"
    ALTER TABLE "c" RENAME CONSTRAINT "pk_a" TO "pk_c"
    ALTER TABLE "c" RENAME CONSTRAINT "uq_a_n" TO "uq_c_n"
    ALTER TABLE "c" RENAME CONSTRAINT "ck_a_12ab34" TO "ck_c_12ab34"
    ALTER INDEX "ix_a_n" RENAME TO "ix_c_n"
    ALTER TABLE "b" RENAME CONSTRAINT "fk_b_n_a" TO "fk_b_n_c"
    ALTER TABLE "c" RENAME COLUMN "n" TO "m"
    ALTER TABLE "c" RENAME CONSTRAINT "uq_c_n" TO "uq_c_m"
    ALTER INDEX "ix_c_n" RENAME TO "ix_c_m"
    "#);
    assert!(down.ends_with("ALTER TABLE \"c\" RENAME TO \"a\""), "{down}");
    assert_snapshot!(told(&renames, Dialect::Mariadb).0, @"
    ALTER TABLE `a` RENAME TO `c`
    ALTER TABLE `c` RENAME INDEX `uq_a_n` TO `uq_c_n`
    ALTER TABLE `c` RENAME INDEX `ix_a_n` TO `ix_c_n`
    ALTER TABLE `c` RENAME COLUMN `n` TO `m`
    ALTER TABLE `c` RENAME INDEX `uq_c_n` TO `uq_c_m`
    ALTER TABLE `c` RENAME INDEX `ix_c_n` TO `ix_c_m`
    ");
    assert_snapshot!(told(&renames, Dialect::Sqlite).1, @r#"
    DROP INDEX "ix_c_m"
    CREATE INDEX "ix_c_n" ON "c" ("m")
    ALTER TABLE "c" RENAME COLUMN "m" TO "n"
    DROP INDEX "ix_c_n"
    CREATE INDEX "ix_a_n" ON "c" ("n")
    ALTER TABLE "c" RENAME TO "a"
    "#);
    let circle = Renames {
        tables: Vec::new(),
        columns: [("id", "n"), ("n", "id")].map(|(old, new)| ("b".into(), old.into(), new.into())).to_vec(),
    };
    assert_snapshot!(told(&circle, Dialect::Postgres).0, @r#"
    ALTER TABLE "b" RENAME COLUMN "id" TO "_alembic_exchange_b_id"
    ALTER TABLE "b" RENAME COLUMN "n" TO "id"
    ALTER TABLE "b" RENAME CONSTRAINT "fk_b_n_a" TO "fk_b_id_a"
    ALTER TABLE "b" RENAME COLUMN "_alembic_exchange_b_id" TO "n"
    "#);
}
