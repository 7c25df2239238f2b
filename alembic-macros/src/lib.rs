#![warn(missing_docs)]
#![doc = include_str!("../README.md")]

mod embed;
mod folder;
mod table;

/// Embeds the graph of the package's migrations, checked while the program is built.
///
/// ```text
/// static MIGRATIONS: Migrations<SqliteConnection> = embed_migrations!();
/// static OTHERS: Migrations<PgConnection> = embed_migrations!(database = "analytics");
/// static PLAIN: Migrations<PgConnection> = embed_migrations!("tests/migrations");
/// ```
///
/// Without argument it reads `[package.metadata.alembic]` of the package's `Cargo.toml`; with
/// `database = "…"` that of a named database; with a path, relative to `Cargo.toml`, that folder.
///
/// `follow_links = true`, after the others, is the setting `follow-links`: a link to a file outside the folder is
/// followed, for a build tool whose sandbox links every file.
///
/// A malformed file, a missing parent, a duplicate id, a cycle, two heads, a revision that is not in `alembic.lock`, a
/// file at or below the folder that begins as a revision does and is none: each is a compile error with file and line.
/// Adding a revision with `cargo alembic` changes `alembic.lock`, which makes Cargo build the program again.
#[proc_macro]
pub fn embed_migrations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    embed::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares a table for Diesel, and all that a database has to know of it, for `cargo alembic revision --autogenerate`.
///
/// A superset of `diesel::table!`: `#[alembic(…)]` on the table and on its columns is checked here, and taken out
/// before Diesel sees the rest. `docs/models.md` lists its arguments.
#[proc_macro]
pub fn table(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    table::expand(input.into()).into()
}
