//! A web service that migrates its database before it serves, and tells how the two agree.
//!
//! While a new version is rolled out, old replicas meet a database that is ahead of them. They keep
//! serving: whoever changes the schema keeps it usable for the version before.

use std::error::Error;

use alembic_runtime::{Error as MigrationError, Finding, HandedOver, Migrations, Verdict, embed_migrations, hand_over};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{
        AsyncDieselConnectionManager,
        deadpool::{Object, Pool},
    },
};
use serde_json::{Value, json};

static MIGRATIONS: Migrations<HandedOver<Object<AsyncPgConnection>>> = embed_migrations!();

type AnyError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("say the URL of a PostgreSQL database")?;
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let pool = Pool::builder(AsyncDieselConnectionManager::<AsyncPgConnection>::new(url)).max_size(4).build()?;
    migrate(&pool).await?;
    let app = Router::new().route("/health/migrations", get(health)).with_state(pool);
    let listener = tokio::net::TcpListener::bind(address).await?;
    announce(&format!("listening on {}", listener.local_addr()?));
    axum::serve(listener, app).await?;
    Ok(())
}

/// Migrates on a connection of the pool. A database that is ahead is left as it is.
async fn migrate(pool: &Pool<AsyncPgConnection>) -> Result<(), AnyError> {
    let (_, result) = hand_over(pool.get().await?, |conn| MIGRATIONS.upgrade(conn, "head")).await?;
    match result {
        Ok(report) => announce(&report.to_string()),
        Err(MigrationError::Inconsistent(findings)) if findings.iter().all(is_ahead) => {
            announce("the database is ahead of this program; serving without migrating");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn is_ahead(finding: &Finding) -> bool {
    matches!(finding, Finding::Unknown { .. })
}

/// 200 for up to date and ahead, 503 for pending, 500 for everything that needs a person.
async fn health(State(pool): State<Pool<AsyncPgConnection>>) -> (StatusCode, Json<Value>) {
    match status(&pool).await {
        Ok(status) => {
            let code = match status.verdict {
                Verdict::UpToDate | Verdict::Ahead => StatusCode::OK,
                Verdict::Pending => StatusCode::SERVICE_UNAVAILABLE,
                Verdict::Edited | Verdict::Diverged | Verdict::Partial => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (code, Json(json!(status)))
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error.to_string() }))),
    }
}

async fn status(pool: &Pool<AsyncPgConnection>) -> Result<alembic_runtime::Status, AnyError> {
    let (_, status) = hand_over(pool.get().await?, |conn| MIGRATIONS.status(conn)).await?;
    Ok(status?)
}

#[expect(clippy::print_stderr, reason = "a program of its own")]
fn announce(text: &str) {
    eprintln!("{text}");
}
