#[alembic(index(author_id, published desc, "lower(title)", where = "score > 0"), unique(title, author_id), complete)]
#[sql_name = "Posts"]
types.posts (id, title) { #[alembic(identity(always))] id -> BigInt, title -> Text, }
