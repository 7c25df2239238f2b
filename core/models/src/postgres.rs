//! The names of PostgreSQL's types: as it prints them, in its catalog, by their numbers, and Diesel's.

/// Types by the name that PostgreSQL prints them by; those with a length are apart.
pub(super) const POSTGRES: [(&str, &str); 38] = [
    ("smallint", "Int2"),
    ("integer", "Int4"),
    ("bigint", "Int8"),
    ("boolean", "Bool"),
    ("real", "Float4"),
    ("double precision", "Float8"),
    ("numeric", "Numeric"),
    ("text", "Text"),
    ("bytea", "Bytea"),
    ("date", "Date"),
    ("time without time zone", "Time"),
    ("timestamp without time zone", "Timestamp"),
    ("timestamp with time zone", "Timestamptz"),
    ("interval", "Interval"),
    ("json", "Json"),
    ("jsonb", "Jsonb"),
    ("uuid", "Uuid"),
    ("inet", "Inet"),
    ("cidr", "Cidr"),
    ("macaddr", "Macaddr"),
    ("macaddr8", "Macaddr8"),
    ("money", "Money"),
    ("oid", "Oid"),
    ("pg_lsn", "PgLsn"),
    ("citext", "Citext"),
    ("\"char\"", "CChar"),
    ("int4range", "Int4range"),
    ("int8range", "Int8range"),
    ("numrange", "Numrange"),
    ("daterange", "Daterange"),
    ("tsrange", "Tsrange"),
    ("tstzrange", "Tstzrange"),
    ("int4multirange", "Int4multirange"),
    ("int8multirange", "Int8multirange"),
    ("nummultirange", "Nummultirange"),
    ("datemultirange", "Datemultirange"),
    ("tsmultirange", "Tsmultirange"),
    ("tstzmultirange", "Tstzmultirange"),
];

/// Names of Diesel's types that a type of the database may have, too, without being one, and one of each table.
pub(super) const TAKEN: [&str; 19] = [
    "Varchar",
    "VarChar",
    "Bpchar",
    "Integer",
    "BigInt",
    "SmallInt",
    "SqlType",
    "Bit",
    "Char",
    "Array",
    "Range",
    "Multirange",
    "Record",
    "Nullable",
    "Binary",
    "Datetime",
    "Float",
    "Double",
    "Text",
];

/// Types whose name in the catalog (`pg_type.typname`), which Diesel asks for, is another one than they are printed by.
const TYPNAMES: [(&str, &str); 16] = [
    ("bit varying", "varbit"),
    ("time with time zone", "timetz"),
    ("time without time zone", "time"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
    ("character varying", "varchar"),
    ("character", "bpchar"),
    ("\"char\"", "char"),
    ("smallint", "int2"),
    ("integer", "int4"),
    ("bigint", "int8"),
    ("boolean", "bool"),
    ("real", "float4"),
    ("double precision", "float8"),
    ("decimal", "numeric"),
    ("int", "int4"),
];

/// Returns the schema of a type of PostgreSQL, if it is said, and its name in the catalog.
pub(super) fn typname(native: &str) -> (Option<String>, String) {
    let base = without_modifier(native);
    let known = TYPNAMES.iter().find(|(printed, _)| *printed == base).map(|(_, name)| *name);
    let interval = base.starts_with("interval ").then_some("interval");
    if let Some(name) = known.or(interval) {
        return (None, name.to_owned());
    }
    let (first, rest) = identifier(native);
    match rest.strip_prefix('.') {
        Some(rest) => (Some(first), identifier(rest).0),
        None => (None, first),
    }
}

/// Takes a name from the start of a text, without its quotes, and returns what follows it.
fn identifier(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['.', '(', '[']).unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let mut name = String::new();
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('"') {
        name.push_str(before);
        let Some(doubled) = after.strip_prefix('"') else { return (name, after) };
        name.push('"');
        rest = doubled;
    }
    (name + rest, "")
}

/// Takes `(…)` and `[]` out of the name of a type.
fn without_modifier(native: &str) -> String {
    let element = native.trim_end_matches("[]");
    match element.split_once('(') {
        Some((before, rest)) => {
            let after = rest.rsplit_once(')').map_or("", |(_, after)| after);
            format!("{}{after}", before.trim_end())
        }
        None => element.to_owned(),
    }
}

/// Types by the numbers that PostgreSQL has for its own.
const OIDS: [(u32, &str); 45] = [
    (16, "bool"),
    (17, "bytea"),
    (18, "char"),
    (19, "name"),
    (20, "int8"),
    (21, "int2"),
    (23, "int4"),
    (25, "text"),
    (26, "oid"),
    (114, "json"),
    (142, "xml"),
    (600, "point"),
    (601, "lseg"),
    (602, "path"),
    (603, "box"),
    (604, "polygon"),
    (628, "line"),
    (650, "cidr"),
    (700, "float4"),
    (701, "float8"),
    (718, "circle"),
    (774, "macaddr8"),
    (790, "money"),
    (829, "macaddr"),
    (869, "inet"),
    (1042, "bpchar"),
    (1043, "varchar"),
    (1082, "date"),
    (1083, "time"),
    (1114, "timestamp"),
    (1184, "timestamptz"),
    (1186, "interval"),
    (1266, "timetz"),
    (1560, "bit"),
    (1562, "varbit"),
    (1700, "numeric"),
    (2950, "uuid"),
    (3220, "pg_lsn"),
    (3614, "tsvector"),
    (3615, "tsquery"),
    (3802, "jsonb"),
    (3904, "int4range"),
    (3906, "numrange"),
    (3912, "daterange"),
    (3926, "int8range"),
];

/// Returns the name of a type of PostgreSQL's own by its number.
pub(super) fn named(oid: u32) -> Option<&'static str> {
    OIDS.iter().find(|(number, _)| *number == oid).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::typname;

    #[test]
    fn a_quoted_name_may_hold_anything() {
        let read = |native| {
            let (schema, name) = typname(native);
            [schema.unwrap_or_default(), name].join("|")
        };
        assert_eq!(read("shop.mood"), "shop|mood");
        assert_eq!(read("mood(3)[]"), "|mood");
        assert_eq!(read("time(3) without time zone"), "|time");
        assert_eq!(read("\"my shop\".\"a.b\""), "my shop|a.b");
        assert_eq!(read("\"a(b\""), "|a(b");
        assert_eq!(read("kinds.\"a[]\"[]"), "kinds|a[]");
        assert_eq!(read("\"a\"\"b\"(3)"), "|a\"b");
        assert_eq!(read("\"\"\"\".\".\""), "\"|.");
    }
}
