//! What a database was given beside what its revisions make: a scratch database takes it over.

mod postgres;

use alembic_graph::{created::Created, version_table::VersionTable};
use alembic_runtime::cli::CommandError;
use alembic_sql::Dialect;

use super::{ScratchServer, jobs::Ask};
use crate::{
    connect::{Access, Target},
    project::Project,
};

/// What a database was given.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub(super) postgres: postgres::Given,
    /// Character set and collation. MySQL and MariaDB only.
    pub(super) collation: Option<(String, String)>,
    /// Statements for SQLite before the first table is created.
    pub(super) pragmas: String,
    /// What could not be looked at.
    pub(super) notes: Vec<String>,
}

impl Given {
    /// Looks at the project's database. One that is not there yet was given nothing.
    pub(super) fn to(project: &Project, live: Option<&Target>, server: &ScratchServer) -> Self {
        let versions = &project.config.settings.version_table;
        let mut created = project.created(server.target.dialect());
        created.extensions.extend(server.made.iter().cloned());
        let Some(live) = live.filter(|live| !live.is_missing()) else {
            return Self::of_nobody(versions, &created);
        };
        let found = match live.dialect() {
            Dialect::Sqlite => pragmas(live, &created).map(|pragmas| Self { pragmas, ..Self::default() }),
            Dialect::Postgres => postgres::Given::to(live, &server.target, versions, &created)
                .map(|postgres| Self { postgres, ..Self::default() }),
            Dialect::Mysql | Dialect::Mariadb => collation(live).map(|collation| Self { collation, ..Self::default() }),
        };
        found.unwrap_or_else(|error| {
            let mut nothing = Self::of_nobody(versions, &created);
            if !live.lacks_database() {
                let causes = error.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
                nothing.notes.push(format!(
                    "the scratch database takes nothing over from {}: {}{causes}",
                    live.display(),
                    error.message
                ));
            }
            nothing
        })
    }

    /// The schema of the version table has to be there all the same.
    fn of_nobody(versions: &VersionTable, created: &Created) -> Self {
        Self { postgres: postgres::Given::of_nobody(versions, created), ..Self::default() }
    }
}

fn collation(live: &Target) -> Result<Option<(String, String)>, CommandError> {
    let both = Ask("SELECT CONCAT(@@character_set_database, ' ', @@collation_database) AS answer");
    let answer = live.run(Access::Read, both)?.pop();
    Ok(answer.and_then(|both| both.split_once(' ').map(|(set, collation)| (set.to_owned(), collation.to_owned()))))
}

/// How text is stored, how large a page is, and the numbers for applications that no revision assigns.
fn pragmas(live: &Target, created: &Created) -> Result<String, CommandError> {
    let ask = Ask("SELECT 'encoding=''' || encoding || '''' AS answer FROM pragma_encoding \
        UNION ALL SELECT 'page_size=' || page_size FROM pragma_page_size \
        UNION ALL SELECT 'auto_vacuum=' || auto_vacuum FROM pragma_auto_vacuum \
        UNION ALL SELECT 'application_id=' || application_id FROM pragma_application_id \
        UNION ALL SELECT 'user_version=' || user_version FROM pragma_user_version");
    let is_given = |pragma: &String| !created.pragmas.contains(pragma.split('=').next().unwrap_or_default());
    let pragmas = live.run(Access::Read, ask)?.into_iter().filter(is_given);
    Ok(pragmas.map(|pragma| format!("PRAGMA {pragma};")).collect())
}
