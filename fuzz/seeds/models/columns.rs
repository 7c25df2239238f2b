#[alembic(references(users(id), on_delete = "cascade", deferrable = "deferred"), index)]
author_id -> BigInt,
#[max_length = 80]
#[alembic(unique(name = "one"), collation = "C", comment = "it's", default("now()", sqlite = "CURRENT_TIMESTAMP"))]
title -> Nullable<Varchar>,
#[alembic(type = "numeric(4,1)", check = "score >= 0", generated("score * 2"))]
score -> Nullable<Numeric>,
