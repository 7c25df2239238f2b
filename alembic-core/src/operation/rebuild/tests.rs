use insta::assert_snapshot;

use super::*;
use crate::{
    operation::{Recreate, render},
    schema::{Action, Index, Naming, Type},
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
        views: vec!["best".into()],
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
