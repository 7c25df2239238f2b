use insta::assert_snapshot;

use super::*;
use crate::{
    Action, Column, ConstraintKind, ForeignKey, Index, Naming, Table, Type,
    operation::{AlterColumn, Operation, Recreate, render},
};

const POSTS: &str = "CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, title VARCHAR(20) DEFAULT 'x' COLLATE NOCASE, \
    score TEXT CHECK (score <> ''), old INTEGER UNIQUE, UNIQUE (title, score), CHECK (length(title) > 1)) STRICT";

fn rendered(change: impl FnOnce(&mut BatchAlterTable)) -> Result<String, Unsupported> {
    let mut batch = BatchAlterTable::new("posts");
    change(&mut batch);
    batch.source.get_or_insert_with(|| TableSource::Catalog {
        create: POSTS.into(),
        indexes: vec![("recent".into(), "CREATE INDEX recent ON posts (id) WHERE score > 3".into())],
        triggers: vec!["CREATE TRIGGER g AFTER INSERT ON posts BEGIN SELECT 1; END".into()],
        other_triggers: vec![],
        views: vec![
            ("best".into(), "CREATE VIEW best AS SELECT title FROM posts".into()),
            ("other".into(), "CREATE VIEW other AS SELECT 1 AS postscript".into()),
        ],
    });
    Ok(render(&Operation::Batch(batch), SQLITE, &Naming::default())?.join(";\n"))
}

#[test]
fn a_table_is_made_anew_in_the_prescribed_order() {
    let sql = rendered(|batch| {
        batch
            .alter_column("score", |column| {
                column.column_type(Type::Integer).not_null().sqlite_using("CAST(score AS INTEGER)")
            })
            .alter_column("title", |column| column.default("untitled").rename("headline"))
            .add_column(Column::new("user_id", Type::Integer))
            .create_constraint(ForeignKey::new(["user_id"], "users", ["id"]).on_delete(Action::Cascade))
            .drop_constraint("uq_posts_old", ConstraintKind::Unique)
            .drop_column("old")
            .create_index(Index::new("posts", ["user_id"]))
            .column_order(["id", "user_id"]);
    });
    assert_snapshot!(sql.unwrap(), @r#"
    CREATE TABLE "_alembic_tmp_posts" (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        "user_id" INTEGER,
        title VARCHAR(20) COLLATE NOCASE DEFAULT 'untitled',
        score INTEGER CHECK (score <> '') NOT NULL,
        UNIQUE (title, score),
        CHECK (length(title) > 1),
        CONSTRAINT "fk_posts_user_id_users" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
    ) STRICT;
    INSERT INTO "_alembic_tmp_posts" (id, title, score) SELECT id, title, (CAST(score AS INTEGER)) FROM "posts";
    DELETE FROM "sqlite_sequence" WHERE name = '_alembic_tmp_posts';
    INSERT INTO "sqlite_sequence" (name, seq) SELECT '_alembic_tmp_posts', seq FROM "sqlite_sequence" WHERE name = 'posts';
    DROP TABLE "posts";
    PRAGMA legacy_alter_table = ON;
    ALTER TABLE "_alembic_tmp_posts" RENAME TO "posts";
    PRAGMA legacy_alter_table = OFF;
    CREATE INDEX recent ON posts (id) WHERE score > 3;
    CREATE TRIGGER g AFTER INSERT ON posts BEGIN SELECT 1; END;
    ALTER TABLE "posts" RENAME COLUMN title TO "headline";
    CREATE INDEX "ix_posts_user_id" ON "posts" ("user_id");
    SELECT 1 FROM "best" LIMIT 0
    "#);
}

#[test]
fn rows_without_a_key_keep_their_numbers() {
    let sql = rendered(|batch| {
        batch.copy_from(&Table::new("posts").column(Column::new("title", Type::Text)).index(["title"]));
        batch.recreate(Recreate::Always);
    });
    assert_snapshot!(sql.unwrap(), @r#"
    CREATE TABLE "_alembic_tmp_posts" (
        "title" TEXT
    );
    INSERT INTO "_alembic_tmp_posts" (rowid, "title") SELECT rowid, "title" FROM "posts";
    DROP TABLE "posts";
    PRAGMA legacy_alter_table = ON;
    ALTER TABLE "_alembic_tmp_posts" RENAME TO "posts";
    PRAGMA legacy_alter_table = OFF;
    CREATE INDEX "ix_posts_title" ON "posts" ("title")
    "#);
}

#[test]
fn what_cannot_be_done_is_said() {
    let error = |change: fn(&mut BatchAlterTable)| {
        let error = rendered(change).unwrap_err();
        format!("{error}\n  {}", error.instead)
    };
    let errors = [
        error(|b| _ = b.drop_column("score")),
        error(|b| _ = b.drop_column("nothing")),
        error(|b| _ = b.drop_constraint("nothing", ConstraintKind::Check)),
        error(|b| _ = b.drop_constraint("nothing", ConstraintKind::ForeignKey)),
        error(|b| _ = b.recreate(Recreate::Always).drop_index("nothing")),
        error(|b| _ = b.alter_column("score", |column| column.comment("x"))),
        error(|b| _ = b.alter_column("id", |column| column.identity(false))),
        error(|b| _ = b.alter_column("id", |column| column.column_type(Type::Text))),
        error(|b| _ = b.recreate(Recreate::Never).alter_column("score", AlterColumn::not_null)),
    ];
    assert_snapshot!(errors.join("\n"), @r#"
    sqlite has no way for this change of `posts`: the constraint `uq_posts_title_score` names the column `score`
      drop it before in the same batch: `drop_constraint("uq_posts_title_score", …)`
    sqlite has no way for this change of `posts`: there is no column `nothing`
      it has `id`, `title`, `score`, `old`; renames come last
    sqlite has no way for this change of `posts`: there is no check constraint `nothing`
      it has `ck_posts_ec26ae`, `ck_posts_aa1ac2`
    sqlite has no way for this change of `posts`: there is no foreign key `nothing`
      it has none
    sqlite has no way for this change of `posts`: there is no index `nothing`
      it has `recent`
    sqlite has no way for comments
      leave it out there: `if op.dialect() != Dialect::Sqlite`
    sqlite has no way for this change of `posts`: only a new table can number its rows
      create a table, and copy the rows
    sqlite has no way for this change of `posts`: the column `id` is an alias of the rowid, which is an integer
      create a table, and copy the rows
    sqlite has no way for changing the column `score`
      leave `Recreate::Never` out
    "#);
}

#[test]
fn what_sqlite_can_alter_is_altered() {
    let sql = rendered(|batch| {
        batch
            .add_column(Column::new("n", Type::Integer).not_null().default(0))
            .create_index(Index::new("posts", ["n"]));
        batch.alter_column("title", |column| column.rename("headline"));
    });
    assert_snapshot!(sql.unwrap(), @r#"
    ALTER TABLE "posts" ADD COLUMN "n" INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX "ix_posts_n" ON "posts" ("n");
    ALTER TABLE "posts" RENAME COLUMN "title" TO "headline"
    "#);
}

#[test]
fn the_key_stays_the_rows_own_number() {
    let sql = rendered(|batch| _ = batch.alter_column("id", |column| column.column_type(Type::BigInt))).unwrap();
    assert!(sql.contains("id INTEGER PRIMARY KEY AUTOINCREMENT"), "{sql}");
}

#[test]
fn a_check_that_happens_to_have_our_name_stays() {
    let create = "CREATE TABLE posts (s TEXT, CONSTRAINT ck_posts_s CHECK (s <> ''))";
    let sql = rendered(|batch| {
        batch.source = Some(TableSource::Catalog {
            create: create.into(),
            indexes: vec![],
            triggers: vec!["CREATE TRIGGER g AFTER INSERT ON posts BEGIN SELECT new.gone; END".into()],
            other_triggers: vec![],
            views: vec![],
        });
        batch.alter_column("s", |column| column.column_type(Type::Varchar(9)));
        batch.add_column(Column::new("n", Type::Integer).default(1)).alter_column("n", AlterColumn::not_null);
    });
    let sql = sql.unwrap();
    assert!(sql.contains("ck_posts_s CHECK (s <> '')") && sql.contains("\"n\" INTEGER DEFAULT 1 NOT NULL"), "{sql}");
}

#[test]
fn words_that_only_look_like_the_column_are_not_in_the_way() {
    let dropped = |create: &str, column: &str| {
        rendered(|batch| {
            batch.source = Some(TableSource::Catalog {
                create: create.into(),
                indexes: vec![("x".into(), "CREATE INDEX note ON posts (id)".into())],
                triggers: vec![],
                other_triggers: vec![],
                views: vec![("v".into(), "CREATE VIEW v AS SELECT \"a\" FROM posts".into())],
            });
            batch.drop_column(column);
        })
    };
    let keys = "CREATE TABLE posts (id INT, key TEXT, note TEXT, u INT, email TEXT, PRIMARY KEY (id), \
        FOREIGN KEY (u) REFERENCES users (email))";
    for column in ["key", "note", "email"] {
        dropped(keys, column).unwrap();
    }
    for (create, column) in [
        (keys, "u"),
        ("CREATE TABLE posts (a INT, b INT CHECK (\"a\" <> 'x'))", "a"),
        ("CREATE TABLE posts (a INT, b INT AS (\"a\" || 'x') STORED)", "a"),
        ("CREATE TABLE posts (a INT, b INT)", "a"),
    ] {
        let error = dropped(create, column).unwrap_err();
        assert!(error.what.contains(&format!("names the column `{column}`")), "{error}");
    }
}
