//! Every operation. The document shows the bodies as they stand here.

use alembic_runtime::{prelude::*, rows};

use super::Done;

type Conn<'o> = Op<'o, SqliteConnection>;

pub(super) fn nothing(_op: &mut Conn<'_>) -> Done {
    Ok(())
}

fn users_table() -> Table {
    Table::new("users")
        .column(Column::new("id", Type::Integer).primary_key())
        .column(Column::new("email", Type::Varchar(80)).not_null())
        .column(Column::new("age", Type::Varchar(10)).default("0"))
        .column(Column::new("note", Type::Text))
}

pub(super) fn users(op: &mut Conn<'_>) -> Done {
    op.create_table(users_table())?;
    Ok(op.bulk_insert("users", rows![{ id: 1, email: "a@x.org", age: "41", note: Option::<&str>::None }])?)
}

pub(super) fn users_and_posts(op: &mut Conn<'_>) -> Done {
    users(op)?;
    Ok(op.create_table(
        Table::new("posts")
            .column(Column::new("id", Type::Integer))
            .column(Column::new("user_id", Type::Integer))
            .column(Column::new("score", Type::Integer)),
    )?)
}

pub(super) fn bare(op: &mut Conn<'_>) -> Done {
    Ok(op.create_table(Table::new("bare").column(Column::new("at", Type::Timestamp)))?)
}

pub(super) fn an_index(op: &mut Conn<'_>) -> Done {
    users(op)?;
    Ok(op.create_index(Index::new("users", ["email"]))?)
}

pub(super) fn constraints(op: &mut Conn<'_>) -> Done {
    users(op)?;
    Ok(op.create_table(
        Table::new("posts")
            .column(Column::new("id", Type::Integer).not_null())
            .column(Column::new("user_id", Type::Integer).references("users", "id"))
            .column(Column::new("slug", Type::Varchar(40)).unique())
            .constraint(Check::new("slug <> ''").named("ck_posts_slug"))
            .constraint(PrimaryKey::new(["id"])),
    )?)
}

pub(super) fn an_enum(op: &mut Conn<'_>) -> Done {
    if op.dialect() == Dialect::Postgres {
        op.create_enum("mood", ["sad", "happy"])?;
    }
    Ok(())
}

pub(super) fn a_schema(op: &mut Conn<'_>) -> Done {
    let sql = match op.dialect() {
        Dialect::Sqlite => "ATTACH DATABASE ':memory:' AS shop",
        Dialect::Postgres => "CREATE SCHEMA shop",
        _ => "CREATE DATABASE IF NOT EXISTS shop",
    };
    Ok(op.execute(sql)?)
}

pub(super) fn create_table(op: &mut Conn<'_>) -> Done {
    op.create_table(
        Table::new("assets")
            .column(Column::new("id", Type::BigInt).identity().primary_key())
            .column(Column::new("name", Type::Varchar(50)).not_null().unique())
            .column(Column::new("active", Type::Boolean).not_null().default(true))
            .column(Column::new("price", Type::Numeric(10, 2)).check("price >= 0"))
            .column(Column::new("bought_at", Type::TimestampTz).not_null().default(DefaultValue::Now))
            .column(Column::new("details", Type::Jsonb))
            .index(["bought_at"]),
    )?;
    Ok(())
}

pub(super) fn create_table_with_foreign_key(op: &mut Conn<'_>) -> Done {
    op.create_table(
        Table::new("posts")
            .column(Column::new("user_id", Type::Integer).not_null())
            .column(Column::new("number", Type::Integer).not_null())
            .column(Column::new("twice", Type::Integer).generated_stored("number * 2"))
            .constraint(PrimaryKey::new(["user_id", "number"]))
            .constraint(ForeignKey::new(["user_id"], "users", ["id"]).on_delete(Action::Cascade))
            .option(Dialect::Sqlite, "STRICT"),
    )?;
    Ok(())
}

pub(super) fn create_table_in_a_schema(op: &mut Conn<'_>) -> Done {
    op.create_table(Table::new("shop.carts").column(Column::new("id", Type::Uuid)).index(["id"]).if_not_exists())?;
    Ok(())
}

pub(super) fn create_table_with_comments(op: &mut Conn<'_>) -> Done {
    op.create_table(
        Table::new("notes").column(Column::new("text", Type::Text).comment("what it's about")).comment("remarks"),
    )?;
    Ok(())
}

pub(super) fn drop_table(op: &mut Conn<'_>) -> Done {
    op.drop_table("users")?;
    Ok(())
}

pub(super) fn drop_table_if_exists(op: &mut Conn<'_>) -> Done {
    op.invoke(&Operation::DropTable { table: "nowhere".into(), if_exists: true })?;
    Ok(())
}

pub(super) fn rename_table(op: &mut Conn<'_>) -> Done {
    op.rename_table("users", "people")?;
    Ok(())
}

pub(super) fn rename_index(op: &mut Conn<'_>) -> Done {
    op.rename_index("ix_users_email", "users", "by_email")?;
    Ok(())
}

pub(super) fn rename_constraint(op: &mut Conn<'_>) -> Done {
    op.rename_constraint("uq_posts_slug", "posts", ConstraintKind::Unique, "one_slug")?;
    Ok(())
}

pub(super) fn create_table_comment(op: &mut Conn<'_>) -> Done {
    op.create_table_comment("users", "who may log in")?;
    op.drop_table_comment("users")?;
    Ok(())
}

pub(super) fn add_column(op: &mut Conn<'_>) -> Done {
    op.add_column("users", Column::new("login", Type::Varchar(20)).not_null().default("none"))?;
    Ok(())
}

pub(super) fn add_column_with_reference(op: &mut Conn<'_>) -> Done {
    op.add_column("posts", Column::new("author", Type::Integer).references("users", "id"))?;
    Ok(())
}

pub(super) fn add_column_identity(op: &mut Conn<'_>) -> Done {
    op.add_column("bare", Column::new("id", Type::BigInt).identity().primary_key())?;
    Ok(())
}

pub(super) fn alter_column_default_now(op: &mut Conn<'_>) -> Done {
    op.alter_column("bare", "at", |at| at.default(DefaultValue::Now).existing(Column::new("at", Type::Timestamp)))?;
    Ok(())
}

pub(super) fn add_column_if_not_exists(op: &mut Conn<'_>) -> Done {
    let column = Column::new("note", Type::Text);
    op.invoke(&Operation::AddColumn { table: "users".into(), column, if_not_exists: true })?;
    Ok(())
}

pub(super) fn add_column_with_expression(op: &mut Conn<'_>) -> Done {
    op.add_column("users", Column::new("seen", Type::Timestamp).not_null().default(DefaultValue::Now))?;
    Ok(())
}

pub(super) fn add_column_with_expression_in_batch(op: &mut Conn<'_>) -> Done {
    op.batch_alter_table("users", |table| {
        let seen = Column::new("seen", Type::Timestamp).not_null().default(DefaultValue::Now);
        table.copy_from(&users_table()).add_column(seen)
    })?;
    Ok(())
}

pub(super) fn alter_column_type(op: &mut Conn<'_>) -> Done {
    op.alter_column("users", "age", |age| {
        let existing = Column::new("age", Type::Varchar(10)).default("0");
        age.column_type(Type::Integer).default(18).postgres_using("age::integer").existing(existing)
    })?;
    Ok(())
}

pub(super) fn alter_column_type_in_batch(op: &mut Conn<'_>) -> Done {
    op.batch_alter_table("users", |table| {
        table.copy_from(&users_table()).alter_column("age", |age| {
            let existing = Column::new("age", Type::Varchar(10)).default("0");
            age.column_type(Type::Integer).default(18).postgres_using("age::integer").existing(existing)
        })
    })?;
    Ok(())
}

pub(super) fn alter_column_nullability(op: &mut Conn<'_>) -> Done {
    op.alter_column("users", "email", |email| {
        email.nullable().existing(Column::new("email", Type::Varchar(80)).not_null())
    })?;
    Ok(())
}

pub(super) fn alter_column_nullability_in_batch(op: &mut Conn<'_>) -> Done {
    op.batch_alter_table("users", |table| {
        table.copy_from(&users_table()).alter_column("email", |email| {
            email.nullable().existing(Column::new("email", Type::Varchar(80)).not_null())
        })
    })?;
    Ok(())
}

pub(super) fn alter_column_default(op: &mut Conn<'_>) -> Done {
    op.alter_column("users", "age", |age| age.default("21"))?;
    op.alter_column("users", "age", AlterColumn::drop_default)?;
    Ok(())
}

pub(super) fn alter_column_default_in_batch(op: &mut Conn<'_>) -> Done {
    op.batch_alter_table("users", |table| {
        table.copy_from(&users_table()).alter_column("age", AlterColumn::drop_default)
    })?;
    Ok(())
}

pub(super) fn alter_column_name(op: &mut Conn<'_>) -> Done {
    op.alter_column("users", "email", |email| email.rename("address"))?;
    Ok(())
}

pub(super) fn alter_column_comment(op: &mut Conn<'_>) -> Done {
    op.alter_column("users", "note", |note| note.comment("seen by staff").existing(Column::new("note", Type::Text)))?;
    Ok(())
}

pub(super) fn alter_column_identity(op: &mut Conn<'_>) -> Done {
    op.alter_column("users", "id", |id| id.identity(true).existing(Column::new("id", Type::Integer).not_null()))?;
    Ok(())
}

pub(super) fn drop_column(op: &mut Conn<'_>) -> Done {
    op.drop_column("users", "note")?;
    Ok(())
}

pub(super) fn drop_column_in_batch(op: &mut Conn<'_>) -> Done {
    op.batch_alter_table("users", |table| table.copy_from(&users_table()).drop_column("note"))?;
    Ok(())
}

pub(super) fn create_index(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", ["email", "age"]))?;
    Ok(())
}

pub(super) fn create_index_unique(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", [IndexKey::Descending("email".into())]).unique().named("one_email"))?;
    Ok(())
}

pub(super) fn create_index_partial(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", ["email"]).filter("note IS NULL"))?;
    Ok(())
}

pub(super) fn create_index_over_expression(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", [IndexKey::Expression("lower(email)".into())]))?;
    Ok(())
}

pub(super) fn create_index_concurrently(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", ["email"]).concurrently())?;
    Ok(())
}

pub(super) fn create_index_that_includes(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", ["email"]).include(["age"]))?;
    Ok(())
}

pub(super) fn create_index_of_a_kind(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", ["email"]).using("btree").if_not_exists())?;
    Ok(())
}

pub(super) fn drop_index(op: &mut Conn<'_>) -> Done {
    op.drop_index("ix_users_email", "users")?;
    Ok(())
}

pub(super) fn create_primary_key(op: &mut Conn<'_>) -> Done {
    op.create_primary_key("posts", PrimaryKey::new(["id"]))?;
    Ok(())
}

pub(super) fn create_unique_constraint(op: &mut Conn<'_>) -> Done {
    op.create_unique_constraint("users", Unique::new(["email"]))?;
    Ok(())
}

pub(super) fn create_unique_constraint_in_batch(op: &mut Conn<'_>) -> Done {
    op.batch_alter_table("users", |table| {
        table.copy_from(&users_table()).create_unique_constraint(Unique::new(["email"]))
    })?;
    Ok(())
}

pub(super) fn create_foreign_key(op: &mut Conn<'_>) -> Done {
    let key = ForeignKey::new(["user_id"], "users", ["id"]).on_delete(Action::Cascade).on_update(Action::Restrict);
    op.create_foreign_key("posts", key)?;
    Ok(())
}

pub(super) fn create_foreign_key_deferrable(op: &mut Conn<'_>) -> Done {
    let key = ForeignKey::new(["user_id"], "users", ["id"]).deferrable(Initially::Deferred);
    op.create_foreign_key("posts", key)?;
    Ok(())
}

pub(super) fn create_check_constraint(op: &mut Conn<'_>) -> Done {
    op.create_check_constraint("users", Check::new("email <> ''").named("ck_users_email"))?;
    Ok(())
}

pub(super) fn create_check_constraint_not_valid(op: &mut Conn<'_>) -> Done {
    op.create_check_constraint("users", Check::new("email <> ''").named("ck_users_email").not_valid())?;
    op.validate_constraint("ck_users_email", "users")?;
    Ok(())
}

pub(super) fn drop_constraint(op: &mut Conn<'_>) -> Done {
    op.drop_constraint("fk_posts_user_id_users", "posts", ConstraintKind::ForeignKey)?;
    op.drop_constraint("uq_posts_slug", "posts", ConstraintKind::Unique)?;
    op.drop_constraint("ck_posts_slug", "posts", ConstraintKind::Check)?;
    op.drop_constraint("pk_posts", "posts", ConstraintKind::PrimaryKey)?;
    Ok(())
}

pub(super) fn create_unique_constraint_using_index(op: &mut Conn<'_>) -> Done {
    op.create_index(Index::new("users", ["email"]).named("uq_users_email").unique().concurrently())?;
    op.create_unique_constraint_using_index("users", "uq_users_email", None)?;
    Ok(())
}

pub(super) fn create_schema(op: &mut Conn<'_>) -> Done {
    op.create_schema("shop")?;
    op.drop_schema("shop")?;
    Ok(())
}

pub(super) fn create_enum(op: &mut Conn<'_>) -> Done {
    op.create_enum("mood", ["sad", "happy"])?;
    op.add_enum_value("mood", "calm")?;
    op.rename_enum_value("mood", "sad", "blue")?;
    op.rename_enum("mood", "feeling")?;
    op.drop_enum("feeling")?;
    Ok(())
}

pub(super) fn create_table_with_enum(op: &mut Conn<'_>) -> Done {
    op.create_table(
        Table::new("days")
            .column(Column::new("mood", Type::enumeration("mood", ["sad", "happy"])).not_null().default("happy")),
    )?;
    Ok(())
}

pub(super) fn bulk_insert(op: &mut Conn<'_>) -> Done {
    op.bulk_insert("users", rows![{ id: 2, email: "it's@x.org" }, { id: 3, email: "b@x.org" }])?;
    Ok(())
}

pub(super) fn insert_or_ignore(op: &mut Conn<'_>) -> Done {
    op.insert_or_ignore("users", rows![{ id: 1, email: "other@x.org" }])?;
    Ok(())
}

pub(super) fn upsert(op: &mut Conn<'_>) -> Done {
    op.upsert("users", ["id"], rows![{ id: 1, email: "new@x.org", age: Option::<&str>::None }])?;
    Ok(())
}

pub(super) fn execute(op: &mut Conn<'_>) -> Done {
    op.execute("UPDATE users SET note = 'x'; DELETE FROM users WHERE id > 7")?;
    Ok(())
}
