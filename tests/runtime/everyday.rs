//! What people do every day, as the documents show it, on every database.

use alembic_runtime::{__private::Code, Migrations, prelude::*};
use harness::{Kind, on_every_database, workspace};

fn create_posts<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.create_table(
        Table::new("posts")
            .column(Column::new("id", Type::Integer).primary_key())
            .column(Column::new("title", Type::Varchar(200)).not_null()),
    )?;
    Ok(())
}

fn drop_posts<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.drop_table("posts")?;
    Ok(())
}

fn add_content<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.add_column("posts", Column::new("content", Type::Text))?;
    Ok(())
}

fn add_author<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.create_table(
        Table::new("users")
            .column(Column::new("id", Type::Integer).primary_key())
            .column(Column::new("email", Type::Varchar(100)).not_null().unique()),
    )?;
    let author = ForeignKey::new(["user_id"], "users", ["id"]).on_delete(Action::Cascade);
    op.batch_alter_table("posts", |posts| {
        posts.add_column(Column::new("user_id", Type::Integer)).create_foreign_key(author)
    })?;
    Ok(())
}

fn rename_content<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.alter_column("posts", "content", |content| content.rename("body"))?;
    Ok(())
}

fn add_slug<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.add_column("posts", Column::new("slug", Type::Varchar(200)))?;
    Ok(())
}

fn fill_slug<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.backfill(
        Backfill::new("posts", "id").batch(1000),
        "UPDATE posts SET slug = lower(replace(title, ' ', '-')) WHERE id > :from AND id <= :to",
    )
}

fn require_slug<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.batch_alter_table("posts", |posts| {
        let slug = Column::new("slug", Type::Varchar(200));
        posts.alter_column("slug", |column| column.not_null().existing(slug))
    })?;
    Ok(())
}

fn seed_users<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.upsert("users", ["id"], rows![{ id: 1, email: "ada@example.org" }, { id: 2, email: "alan@example.org" }])?;
    Ok(())
}

fn unseed_users<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.execute("DELETE FROM users WHERE id IN (1, 2)")?;
    Ok(())
}

fn seed_when_empty<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.execute(
        "INSERT INTO posts (id, title, slug) SELECT 1, 'Welcome', 'welcome' FROM (SELECT 1 AS one) AS once \
         WHERE NOT EXISTS (SELECT 1 FROM posts)",
    )?;
    Ok(())
}

fn seed_by_environment<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    match op.environment() {
        "production" => op.insert_or_ignore("users", rows![{ id: 10, email: "root@example.org" }])?,
        "test" => {}
        _ => op.insert_or_ignore("users", rows![{ id: 10, email: "me@localhost" }])?,
    }
    Ok(())
}

fn seed_with_relations<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    let author = Value::expression("(SELECT id FROM users WHERE email = 'ada@example.org')");
    op.bulk_insert("posts", rows![{ id: 7, title: "On engines", slug: "on-engines", user_id: author }])?;
    Ok(())
}

/// The revisions in their order; those that say `none` run outside a transaction.
const ORDER: [(&str, bool); 11] = [
    ("create_posts", false),
    ("add_content", false),
    ("add_author", false),
    ("rename_content", false),
    ("add_slug", false),
    ("fill_slug", true),
    ("require_slug", false),
    ("seed_users", false),
    ("seed_when_empty", false),
    ("seed_by_environment", false),
    ("seed_with_relations", false),
];

fn code<C: LoadConnection<Backend: MigrationBackend>>(id: &str) -> Option<Code<C>> {
    let nothing = Some((|_| Ok(())) as alembic_runtime::Function<C>);
    let (upgrade, downgrade): (alembic_runtime::Function<C>, _) = match id {
        "create_posts" => (create_posts, Some(drop_posts as _)),
        "add_content" => (add_content, nothing),
        "add_author" => (add_author, nothing),
        "rename_content" => (rename_content, nothing),
        "add_slug" => (add_slug, nothing),
        "fill_slug" => (fill_slug, nothing),
        "require_slug" => (require_slug, nothing),
        "seed_users" => (seed_users, Some(unseed_users as _)),
        "seed_when_empty" => (seed_when_empty, nothing),
        "seed_by_environment" => (seed_by_environment, nothing),
        _ => (seed_with_relations, nothing),
    };
    Some(Code { upgrade, downgrade })
}

fn blog<C: LoadConnection<Backend: MigrationBackend>>() -> Migrations<C> {
    let mut parent = "<base>";
    let files = ORDER.map(|(id, none)| {
        let mode = if none { "//! Transaction: none\n" } else { "" };
        let text = format!(
            "//! {id}\n//! Revision ID: {id}\n//! Revises: {parent}\n{mode}pub fn upgrade() {{}}\npub fn downgrade() {{}}\n"
        );
        parent = id;
        (format!("{id}.rs"), text)
    });
    Migrations::from_files(files).unwrap().with_code(code)
}

on_every_database! {
    fn a_blog_grows(db) {
        let (m, mut conn) = (blog::<Conn>(), db.connect::<Conn>());
        m.upgrade(&mut conn, "create_posts").unwrap();
        db.run("INSERT INTO posts (id, title) VALUES (1, 'Hello World')");
        m.upgrade(&mut conn, "add_content").unwrap();
        db.run("UPDATE posts SET content = 'text'");
        m.migrator().environment("development").upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT slug AS answer FROM posts ORDER BY id"), "hello-world,on-engines");
        assert_eq!(db.ask("SELECT body AS answer FROM posts WHERE id = 1"), "text");
        assert_eq!(db.ask("SELECT email AS answer FROM users ORDER BY id"), "ada@example.org,alan@example.org,me@localhost");
        conn.batch_execute("INSERT INTO posts (id, title) VALUES (3, 'no slug')").unwrap_err();
        if KIND == Kind::Sqlite {
            conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        }
        conn.batch_execute("DELETE FROM users WHERE id = 1").unwrap();
        assert_eq!(db.ask("SELECT title AS answer FROM posts"), "Hello World", "the post goes with its author");
    }

    fn seeds_know_what_is_there(db) {
        let (m, mut conn) = (blog::<Conn>(), db.connect::<Conn>());
        m.upgrade(&mut conn, "require_slug").unwrap();
        db.run("INSERT INTO users (id, email) VALUES (2, 'old@example.org')");
        m.upgrade(&mut conn, "seed_by_environment").unwrap();
        assert_eq!(db.ask("SELECT email AS answer FROM users ORDER BY id"), "ada@example.org,alan@example.org,root@example.org");
        assert_eq!(db.ask("SELECT title AS answer FROM posts"), "Welcome", "there was none");
        m.downgrade(&mut conn, "require_slug").unwrap();
        assert_eq!(db.ask("SELECT email AS answer FROM users"), "root@example.org");
    }

    fn the_sql_of_the_document_runs(db) {
        let mut conn = db.connect::<Conn>();
        let text = document("docs/seeding.md");
        let files: Vec<(String, String)> = blocks(&text, "sql").enumerate().map(|(n, sql)| (format!("{n}.sql"), sql)).collect();
        assert!(files.len() >= 3);
        db.run("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, email VARCHAR(100) NOT NULL)");
        let (revisions, seeds): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, sql)| sql.contains("Revision ID"));
        let m = Migrations::<Conn>::from_files(revisions).unwrap();
        m.upgrade(&mut conn, "head").unwrap();
        m.downgrade(&mut conn, "base").unwrap();
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT name AS answer FROM countries ORDER BY code"), "Chile,Denmark");
        assert_eq!(db.ask("SELECT email AS answer FROM users"), "first@example.org");
        for (_, seed) in seeds {
            if !KIND.is_mysql_family() {
                db.run(&seed);
                db.run(&seed);
            }
        }
    }
}

fn document(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap()
}

/// Returns the blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> impl Iterator<Item = String> + 't {
    let fence = format!("```{language}\n");
    let blocks: Vec<String> =
        text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect();
    blocks.into_iter()
}

#[test]
fn the_documents_show_what_is_tested() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tested = words(include_str!("everyday.rs"));
    for path in ["docs/seeding.md", "docs/rust-revisions.md"] {
        for block in blocks(&document(path), "rust") {
            // A document leaves out what is the same in every function.
            let body = block.split_once("MigrationResult {").map_or(block.as_str(), |(_, body)| body);
            assert!(tested.contains(&words(body)), "{path} shows what no test runs:\n{block}");
        }
    }
}
