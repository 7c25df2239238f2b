//! Name of a type, taken apart: how much room it has is compared by its parameters.

use std::cmp::Ordering;

use alembic_sql::Dialect;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeName {
    /// The name without its parameters.
    pub(super) base: String,
    parameters: Parameters,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Parameters {
    /// How much room there is, in each direction.
    Numbers(Vec<u32>),
    /// What an enumeration or a set lists.
    Values(Vec<String>),
}

/// Other names of types.
const POSTGRES: [(&str, &str); 12] = [
    ("varchar", "character varying"),
    ("char", "character"),
    ("varbit", "bit varying"),
    ("int2", "smallint"),
    ("int", "integer"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("decimal", "numeric"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("time", "time without time zone"),
    ("timetz", "time with time zone"),
];

const MYSQL: [(&str, &str); 5] = [
    ("integer", "int"),
    ("numeric", "decimal"),
    ("boolean", "tinyint"),
    ("bool", "tinyint"),
    ("double precision", "double"),
];

impl TypeName {
    pub(super) fn parse(name: &str, dialect: Dialect) -> Self {
        if dialect == Dialect::Sqlite {
            return Self { base: of_sqlite(name), parameters: Parameters::Numbers(Vec::new()) };
        }
        let (before, inside, after) = parts(name);
        let base = format!("{}{}", before.trim().to_lowercase(), after.to_lowercase());
        let aliases = if dialect == Dialect::Postgres { &POSTGRES[..] } else { &MYSQL[..] };
        let known = aliases.iter().find(|(alias, _)| *alias == base);
        let base = known.map_or(base, |(_, name)| (*name).to_owned());
        let parameters = match inside {
            Some(list) if list.contains('\'') => Parameters::Values(values(list)),
            _ => Parameters::Numbers(room(&base, &numbers(inside.unwrap_or_default()), dialect)),
        };
        Self { base, parameters }
    }

    /// Returns in which directions there is more room than in another type of this name; none if that cannot be said.
    pub(super) fn compared(&self, other: &Self) -> Option<Vec<Ordering>> {
        match (&self.parameters, &other.parameters) {
            (Parameters::Numbers(one), Parameters::Numbers(other)) if one.len() == other.len() => {
                Some(one.iter().zip(other).map(|(one, other)| one.cmp(other)).collect())
            }
            (Parameters::Values(one), Parameters::Values(other)) => {
                let has = |all: &[String], some: &[String]| some.iter().all(|value| all.contains(value));
                Some(vec![match (has(one, other), has(other, one)) {
                    (true, true) => Ordering::Equal,
                    (true, false) => Ordering::Greater,
                    (false, _) => Ordering::Less,
                }])
            }
            _ => None,
        }
    }

    /// Returns whether another type of this name has at least as much room.
    pub(super) fn fits_in(&self, other: &Self) -> bool {
        let (one, other) = (self.size(), other.size());
        one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| one <= other)
    }

    /// Returns whether it lists values, which are those of another type only by being listed there.
    pub(super) fn lists_values(&self) -> bool {
        matches!(self.parameters, Parameters::Values(_))
    }

    fn size(&self) -> Vec<usize> {
        match &self.parameters {
            Parameters::Numbers(room) => room.iter().map(|room| *room as usize).collect(),
            Parameters::Values(values) => vec![values.len(), values.iter().map(String::len).max().unwrap_or_default()],
        }
    }
}

/// Takes a name apart at its parentheses.
fn parts(name: &str) -> (&str, Option<&str>, &str) {
    let Some((before, rest)) = name.split_once('(') else { return (name, None, "") };
    let (inside, after) = rest.rsplit_once(')').unwrap_or((rest, ""));
    (before, Some(inside), after)
}

fn numbers(list: &str) -> Vec<u32> {
    list.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

fn values(list: &str) -> Vec<String> {
    list.trim_matches('\'').split("','").map(str::to_owned).collect()
}

/// Returns how much room there is: digits before and after the point, characters, fractions of a second.
fn room(base: &str, numbers: &[u32], dialect: Dialect) -> Vec<u32> {
    let postgres = dialect == Dialect::Postgres;
    let first = |default: u32| vec![numbers.first().copied().unwrap_or(default)];
    match base.split(' ').next().unwrap_or_default() {
        "numeric" | "decimal" => match numbers {
            [precision, scale] => vec![precision.saturating_sub(*scale), *scale],
            [precision] => vec![*precision, 0],
            _ if postgres => vec![u32::MAX, u32::MAX],
            _ => vec![10, 0],
        },
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => Vec::new(),
        "character" if base == "character" => first(1),
        "bit" if base == "bit" => first(1),
        "char" | "binary" => first(1),
        "time" | "timestamp" | "datetime" | "interval" => first(if postgres { 6 } else { 0 }),
        "character" | "bit" | "varchar" | "varbinary" => first(u32::MAX),
        _ => numbers.to_vec(),
    }
}

/// Returns what decides what becomes of a value: the affinity of the column, or the type in a `STRICT` table.
fn of_sqlite(name: &str) -> String {
    let name = name.to_uppercase();
    if name.starts_with("STRICT ") {
        return name;
    }
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let affinity = match name.as_str() {
        _ if has(&["INT"]) => "INTEGER",
        _ if has(&["CHAR", "CLOB", "TEXT"]) => "TEXT",
        "" => "BLOB",
        _ if has(&["BLOB"]) => "BLOB",
        _ if has(&["REAL", "FLOA", "DOUB"]) => "REAL",
        _ => "NUMERIC",
    };
    affinity.to_owned()
}
