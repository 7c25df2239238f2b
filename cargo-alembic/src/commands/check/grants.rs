//! Grants of those objects that the project says.

use alembic_runtime::{__private::Inspection, MigrationBackend, cli::CommandError};
use alembic_schema::{Object, ObjectPart};
use alembic_sql::{Dialect, mentioned};
use diesel::connection::LoadConnection;

use crate::{look::look_at_objects, project::Project};

/// Reads the objects that the project says; none if it says none.
pub(super) fn objects<C>(
    conn: &mut C,
    project: &Project,
    inspection: &Inspection,
    dialect: Dialect,
) -> Result<Vec<Object>, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if !project.has_objects() {
        return Ok(Vec::new());
    }
    let files = project.objects(dialect)?;
    let is_said =
        |object: &Object| project.config.complete_objects || files.iter().any(|file| object.key.may_be(&file.created));
    let mut objects = look_at_objects(conn, inspection)?;
    objects.retain(is_said);
    Ok(objects)
}

/// Returns the differences in grants, in words. What is granted to a role that the project declares is left out of a
/// replay, and does not count.
pub(super) fn differences(left: &[Object], live: &[Object], roles: &[String], dialect: Dialect) -> Vec<String> {
    let is_grant = |part: &&ObjectPart| {
        let is_it = ["GRANT ", "REVOKE "].iter().any(|word| part.make.starts_with(word));
        is_it && !mentioned(&part.make, dialect).iter().any(|name| roles.contains(name))
    };
    let missing = |of: &Object, from: &Object, change: &str| {
        let parts = of.parts.iter().filter(is_grant).filter(|part| !from.parts.contains(part));
        parts.map(|part| format!("{change} `{}`", part.make)).collect::<Vec<_>>()
    };
    let both = left.iter().filter_map(|one| Some((one, live.iter().find(|other| other.key == one.key)?)));
    both.flat_map(|(one, other)| [missing(one, other, "removed"), missing(other, one, "added")].concat()).collect()
}

#[cfg(test)]
mod tests {
    use alembic_schema::{Name, ObjectKey};

    use super::*;

    #[test]
    fn grants_count_but_those_to_declared_roles() {
        let view = |grants: &[&str]| Object {
            parts: grants.iter().map(|make| ObjectPart { make: (*make).to_owned(), unmake: String::new() }).collect(),
            loses_grants: true,
            ..Object::new(ObjectKey::new("view", Name::from_plain("v")), String::new(), String::new())
        };
        let left = [view(&["GRANT SELECT ON v TO a", "COMMENT ON VIEW v IS 'x'"])];
        let live = [view(&["GRANT SELECT ON v TO b", "GRANT SELECT ON v TO app"])];
        assert_eq!(
            differences(&left, &live, &["app".to_owned()], Dialect::Postgres),
            ["removed `GRANT SELECT ON v TO a`", "added `GRANT SELECT ON v TO b`"]
        );
    }
}
