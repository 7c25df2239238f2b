//! The tables, for Diesel and for `cargo alembic revision --autogenerate`.

alembic_runtime::table! {
    posts {
        id -> Integer,
        title -> Text,
        #[alembic(default = "''")]
        body -> Text,
    }
}
