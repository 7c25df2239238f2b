//! The role that a replay runs as: it owns the scratch database, and nothing else.

use alembic_runtime::cli::CommandError;
use alembic_sql::{
    Dialect,
    server::{Quoted, ServerStatement},
};

use super::{
    drop_database, extensions,
    given::Given,
    jobs::{Ask, Run},
};
use crate::{
    connect::{Access, Target},
    scratch_name::{ScratchName, beside},
};

/// What a replay's role has to be allowed beside its own database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// MySQL and MariaDB that write a binary log demand it of whoever makes functions and triggers.
    Super,
}

impl Needs {
    /// Finds out what a server demands of whoever makes functions and triggers.
    pub(super) fn of(server: &Target, makes_routines: bool) -> Self {
        let demands = "SELECT '1' AS answer FROM DUAL WHERE @@log_bin AND NOT @@log_bin_trust_function_creators";
        let asks = makes_routines && server.dialect().is_mysql_family();
        let found = asks.then(|| server.beside("information_schema").run(Access::Read, Ask(demands)));
        match found {
            Some(Ok(answers)) if !answers.is_empty() => Self::Super,
            _ => Self::Nothing,
        }
    }
}

/// Makes a database with a role of its own. Returns how that role reaches it, and what of what was given to the project's
/// database it goes without. Nothing is left after a failure.
pub(super) fn make_database(
    server: &Target,
    name: &ScratchName,
    needs: Needs,
    given: &Given,
) -> Result<(Target, Vec<String>), CommandError> {
    let (dialect, role) = (server.dialect(), name.role(server.dialect()));
    let password = uuid::Uuid::new_v4().simple().to_string();
    server.on_server(&ServerStatement::create_role(dialect, &role, &password))?;
    let made = match dialect {
        Dialect::Postgres => make_postgres(server, &name.database(), &role, given),
        _ => make_mysql(server, &name.database(), &role, needs, given),
    };
    let target = server.beside(&name.database()).as_role(&role, &password);
    // A server may know the role and not let it in: `pg_hba.conf`, a pooler, an anonymous user.
    let reached = made.and_then(|missing| {
        target.run(Access::Write, Ask("SELECT '1' AS answer"))?;
        Ok(missing)
    });
    match reached {
        Ok(missing) => Ok((target, missing)),
        Err(error) => {
            drop_all(server, name);
            Err(error)
        }
    }
}

/// Makes a database for the role of the URL. Returns what it goes without.
pub(super) fn make_without(server: &Target, database: &str, given: &Given) -> Result<Vec<String>, CommandError> {
    let create = ServerStatement::create_database(server.dialect(), database);
    let mut missing = create_like(server, &create, given)?;
    if server.dialect() == Dialect::Postgres {
        missing.extend(given.postgres.give(server, database, None)?);
    }
    Ok(missing)
}

/// Makes a database with the encoding and the collation that were given, if the server knows them.
fn create_like(server: &Target, create: &ServerStatement, given: &Given) -> Result<Vec<String>, CommandError> {
    let like = create.clone().with_locale(given.postgres.locale.as_ref()).with_collation(given.collation.as_ref());
    let Err(error) = server.on_server(&like) else { return Ok(Vec::new()) };
    if like == *create {
        return Err(error);
    }
    server.on_server(create)?;
    let causes = error.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
    Ok(vec![format!("the scratch database goes without the encoding and collation of the project's database{causes}")])
}

/// Drops a scratch database, and then its role: one that owns something cannot be dropped.
pub(super) fn drop_all(server: &Target, name: &ScratchName) {
    let dialect = server.dialect();
    // What stays is dropped by a later run.
    drop_database(server, &name.database()).ok();
    if dialect.is_mysql_family() {
        drop_database(server, &beside(&name.database())).ok();
    }
    server.on_server(&ServerStatement::drop_role(dialect, &name.role(dialect))).ok();
}

fn make_mysql(
    server: &Target,
    database: &str,
    user: &str,
    needs: Needs,
    given: &Given,
) -> Result<Vec<String>, CommandError> {
    let missing = create_like(server, &ServerStatement::create_database(server.dialect(), database), given)?;
    for own in [database.to_owned(), beside(database)] {
        server.on_server(&ServerStatement::grant_database(&own, user))?;
    }
    if needs == Needs::Super {
        server.on_server(&ServerStatement::grant_super(user))?;
    }
    Ok(missing)
}

fn make_postgres(server: &Target, database: &str, role: &str, given: &Given) -> Result<Vec<String>, CommandError> {
    let superuser = "SELECT '1' AS answer FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper";
    let is_superuser = !server.beside("postgres").run(Access::Read, Ask(superuser))?.is_empty();
    if !is_superuser {
        // Only a member may make a database for the role.
        server.on_server(&ServerStatement::join_role(role))?;
    }
    let mut missing = create_like(server, &ServerStatement::create_database_of(database, role), given)?;
    let inside = server.beside(database);
    if given.postgres.settings.is_empty() {
        inside.run(Access::Write, Run(keep_search_path(database, role)))?;
    }
    inside.run(Access::Write, Run(own_public(role)))?;
    missing.extend(given.postgres.give(server, database, Some(role))?);
    if is_superuser {
        inside.run(Access::Write, Run(extensions::install(role)))?;
    }
    Ok(missing)
}

/// Names without schema mean what they mean to the URL's role, whose name `"$user"` stands for.
fn keep_search_path(database: &str, role: &str) -> String {
    let postgres = Dialect::Postgres;
    let (database, role) = (Quoted::name(postgres, database), Quoted::name(postgres, role));
    format!(
        "SELECT set_config('search_path', replace(current_setting('search_path'), '\"$user\"', \
         quote_ident(current_user)), true); \
         ALTER ROLE {role} IN DATABASE {database} SET search_path FROM CURRENT"
    )
}

/// Before PostgreSQL 15 the schema `public` belongs to whoever made the template.
fn own_public(role: &str) -> String {
    let role = Quoted::name(Dialect::Postgres, role);
    format!(
        "DO $$ BEGIN ALTER SCHEMA public OWNER TO {role}; \
         EXCEPTION WHEN insufficient_privilege OR invalid_schema_name THEN NULL; END $$"
    )
}
