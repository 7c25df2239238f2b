//! PostgreSQL: locale, settings, schemas, extensions.

use alembic_graph::{created::Created, replay::reaches_outside, version_table::VersionTable};
use alembic_runtime::cli::CommandError;
use alembic_sql::server::{Locale, ServerStatement};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    connect::{Access, Target},
    scratch::jobs::{Ask, Run},
};

/// What a database was given.
#[derive(Debug, Clone, Default)]
pub(in crate::scratch) struct Given {
    /// None if it is that of every new database.
    pub(in crate::scratch) locale: Option<Locale>,
    /// The settings of the database and of the role of the URL, with the search path; none if they were not read.
    pub(in crate::scratch) settings: Vec<(String, String)>,
    schemas: Vec<String>,
    extensions: Vec<Extension>,
}

#[derive(Debug, Clone, Deserialize)]
struct Extension {
    name: String,
    schema: String,
    version: String,
}

/// Encoding and collation of a database; what older servers do not know is none there.
const LOCALE: &str = "SELECT json_build_array(pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, \
    coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'), coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), \
    to_jsonb(d) ->> 'daticurules')::text AS answer FROM pg_catalog.pg_database d WHERE d.datname = ";

/// Of several the server takes that of the role in the database, then that of the role, then that of the database.
/// Whether the database may be written, and in whose name, is about that database.
const SETTINGS: &str = "SELECT json_build_array(name, value)::text AS answer FROM (SELECT DISTINCT ON (name) * FROM \
    (SELECT split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value, \
    CASE WHEN s.setrole <> 0 AND s.setdatabase <> 0 THEN 0 WHEN s.setrole <> 0 THEN 1 WHEN s.setdatabase <> 0 THEN 2 ELSE 3 END \
    AS rank FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase IN (0, (SELECT d.oid \
    FROM pg_catalog.pg_database d WHERE d.datname = current_database())) AND s.setrole IN (0, (SELECT r.oid \
    FROM pg_catalog.pg_roles r WHERE r.rolname = session_user))) each ORDER BY name, rank) first \
    WHERE name NOT IN ('search_path', 'default_transaction_read_only', 'role', 'session_authorization') \
    UNION ALL SELECT json_build_array('search_path', replace(current_setting('search_path'), '\"$user\"', \
    quote_ident(current_user)))::text";

/// Those on the search path come first.
const SCHEMAS: &str = "SELECT unnest(current_schemas(false))::text AS answer";

/// In the order in which they were made: some need others.
const EXTENSIONS: &str = "SELECT json_build_object('name', x.extname, 'schema', n.nspname, 'version', x.extversion)::text \
    AS answer FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace ORDER BY x.oid";

impl Given {
    /// Looks at a database.
    pub(super) fn to(
        live: &Target,
        server: &Target,
        versions: &VersionTable,
        created: &Created,
    ) -> Result<Self, CommandError> {
        let locale: Vec<Row> = ask(live, format!("{LOCALE}current_database()"))?;
        let usual: Vec<Row> = ask(&server.beside("postgres"), format!("{LOCALE}'template1'"))?;
        let locale = locale.into_iter().next().filter(|locale| usual.first() != Some(locale));
        let mut schemas = live.run(Access::Read, Ask(SCHEMAS))?;
        schemas.extend(versions.schema().map(str::to_owned));
        let extensions: Vec<Extension> = ask(live, EXTENSIONS.to_owned())?;
        let extensions: Vec<Extension> =
            extensions.into_iter().filter(|extension| !created.extensions.contains(&extension.name)).collect();
        schemas.extend(extensions.iter().map(|extension| extension.schema.clone()));
        schemas.retain(|schema| is_given(schema, created));
        Ok(Self { locale: locale.map(locale_of), settings: ask(live, SETTINGS.to_owned())?, schemas, extensions })
    }

    /// Returns what a database that is not there has to have all the same.
    pub(super) fn of_nobody(versions: &VersionTable, created: &Created) -> Self {
        let schemas = versions.schema().map(str::to_owned).into_iter().filter(|schema| is_given(schema, created));
        Self { schemas: schemas.collect(), ..Self::default() }
    }

    /// Gives it to a database, for a role if it is another one than that of the URL. Returns what could not be given.
    pub(in crate::scratch) fn give(
        &self,
        server: &Target,
        database: &str,
        role: Option<&str>,
    ) -> Result<Vec<String>, CommandError> {
        let mut missing = Vec::new();
        for (name, value) in &self.settings {
            let set = ServerStatement::set_in_database(role, database, name, value);
            server
                .on_server(&set)
                .unwrap_or_else(|error| missing.push(without(&format!("the setting `{name}`"), &error)));
        }
        let inside = server.beside(database);
        for schema in &self.schemas {
            inside.run(Access::Write, Run(ServerStatement::create_schema(schema, role).sql().to_owned()))?;
        }
        for Extension { name, schema, version } in &self.extensions {
            if reaches_outside(name) {
                missing.push(format!(
                    "the scratch database goes without the extension `{name}`, which reaches beyond its database"
                ));
                continue;
            }
            let make = |version| Run(ServerStatement::create_extension(name, schema, version).sql().to_owned());
            let made = inside.run(Access::Write, make(Some(version)));
            // The server may have the files of another version only.
            made.or_else(|_| inside.run(Access::Write, make(None)))
                .unwrap_or_else(|error| missing.push(without(&format!("the extension `{name}`"), &error)));
        }
        Ok(missing)
    }
}

fn is_given(schema: &str, created: &Created) -> bool {
    !created.schemas.contains(schema) && !schema.starts_with("pg_") && schema != "information_schema"
}

fn without(what: &str, error: &CommandError) -> String {
    let causes = error.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
    format!("the scratch database goes without {what}{causes}")
}

type Row = (String, String, String, String, Option<String>, Option<String>);

fn locale_of((encoding, collate, ctype, provider, locale, rules): Row) -> Locale {
    Locale { encoding, collate, ctype, provider, locale, rules }
}

/// Asks for rows that are written as JSON.
fn ask<T: DeserializeOwned>(target: &Target, sql: String) -> Result<Vec<T>, CommandError> {
    let rows = target.run(Access::Read, Ask(&sql))?;
    rows.iter()
        .map(|row| serde_json::from_str(row))
        .collect::<Result<_, _>>()
        .map_err(|error| CommandError::failed("could not ask the server").caused_by(&error))
}
