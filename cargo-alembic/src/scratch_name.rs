//! The names of scratch databases and of their roles, written and recognised.

use alembic_sql::Dialect;

const DATABASE: &str = "alembic_scratch_";
const USER: &str = "alembic_";

/// The name of one scratch database: when it was made, in seconds, and 32 random hexadecimal digits.
#[derive(Debug, Clone)]
pub(crate) struct ScratchName {
    made: i64,
    random: String,
}

impl ScratchName {
    /// Returns a name that nothing else has.
    pub(crate) fn new(now: i64) -> Self {
        Self { made: now, random: uuid::Uuid::new_v4().simple().to_string() }
    }

    /// Returns the name of the database.
    pub(crate) fn database(&self) -> String {
        format!("{DATABASE}{}_{}", self.made, self.random)
    }

    /// Returns the name of the role that the database is for. MySQL allows 32 characters.
    pub(crate) fn role(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Postgres => self.database(),
            _ => format!("{USER}{}_{}", self.made, &self.random[..12]),
        }
    }
}

/// Returns the name of the database in which tables are tried, where no transaction takes them back. With its
/// underscores escaped, as `GRANT` needs it, it has 63 of 64 characters.
pub(crate) fn beside(database: &str) -> String {
    format!("{database}w")
}

/// Returns the name of a scratch database that a text mentions. It may be in no file: the database is gone.
pub(crate) fn mentioned_in(text: &str) -> Option<&str> {
    let names = text.match_indices(DATABASE).map(|(at, _)| {
        let rest = &text[at..];
        &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())]
    });
    names.into_iter().find(|name| database_age(name, 0).is_some())
}

/// Returns when a scratch database was made, if it is called exactly like one.
pub(crate) fn database_age(name: &str, now: i64) -> Option<i64> {
    age(name.strip_suffix('w').unwrap_or(name).strip_prefix(DATABASE)?, 32, now)
}

/// Returns when the role of a scratch database was made, if it is called exactly like one.
pub(crate) fn role_age(name: &str, dialect: Dialect, now: i64) -> Option<i64> {
    match dialect {
        Dialect::Postgres => age(name.strip_prefix(DATABASE)?, 32, now),
        _ => age(name.strip_prefix(USER)?, 12, now),
    }
}

fn age(rest: &str, digits: usize, now: i64) -> Option<i64> {
    let (made, random) = rest.split_once('_')?;
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let exact = made.bytes().all(|b| b.is_ascii_digit()) && random.len() == digits && random.bytes().all(hexadecimal);
    exact.then(|| made.parse::<i64>().ok()).flatten().map(|made| now - made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_recognised() {
        let name = ScratchName { made: 100, random: "0123456789abcdef0123456789abcdef".into() };
        let database = name.database();
        assert_eq!(database_age(&database, 160), Some(60));
        assert_eq!(database_age(&beside(&database), 160), Some(60));
        for other in [
            "alembic_scratch_1_;grant all on *.* to low",
            "alembic_scratch_1_0123456789abcdef0123456789abcdef; drop database shop",
            "alembic_scratch_1_0123456789abcdef0123456789abcdeg",
            "alembic_scratch_1_0123456789ABCDEF0123456789ABCDEF",
            "alembic_scratch_+1_0123456789abcdef0123456789abcdef",
            "alembic_scratch__0123456789abcdef0123456789abcdef",
            "alembic_scratch_1_0123456789abcdef0123456789abcdefww",
            "alembic_scratch_99999999999999999999_0123456789abcdef0123456789abcdef",
            "alembic_scratch_1",
            "shop",
        ] {
            assert_eq!(database_age(other, 160), None, "{other}");
        }
        assert_eq!(role_age(&name.role(Dialect::Postgres), Dialect::Postgres, 160), Some(60));
        let sql = format!("x alembic_scratch_1 nextval(`{}`.`sq`)", beside(&database));
        assert_eq!(mentioned_in(&sql), Some(beside(&database).as_str()));
        assert_eq!(mentioned_in("CREATE TABLE alembic_scratch_1 (x int)"), None);
        let user = name.role(Dialect::Mysql);
        assert!(ScratchName::new(9_999_999_999).role(Dialect::Mysql).len() <= 32);
        assert_eq!(role_age(&user, Dialect::Mysql, 160), Some(60));
        assert_eq!(role_age("alembic_app", Dialect::Mysql, 160), None);
        assert_eq!(role_age(&format!("{user}0"), Dialect::Mysql, 160), None);
    }
}
