//! Types, and values at their bounds.

use harness::Kind;

/// A type, and values of it in SQL.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
}

type Row = (&'static str, &'static [&'static str]);

const fn sample(row: Row) -> Sample {
    Sample { name: row.0, values: row.1 }
}

pub(super) fn samples(kind: Kind, strict: bool) -> Vec<Sample> {
    let rows: Vec<&Row> = match kind {
        Kind::Sqlite if strict => STRICT.iter().collect(),
        Kind::Sqlite => SQLITE.iter().collect(),
        Kind::Postgres => POSTGRES.iter().collect(),
        Kind::Mysql => MYSQL.iter().collect(),
        Kind::Mariadb => MYSQL.iter().chain(&MARIADB).collect(),
    };
    rows.into_iter().copied().map(sample).collect()
}

/// Settings that values depend on: a time zone that changes its clocks, if the server knows one.
pub(super) fn settings(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "PRAGMA synchronous = OFF",
        Kind::Postgres => {
            "SET TimeZone = 'Europe/Vienna'; SET client_min_messages = error; SET synchronous_commit = off;"
        }
        Kind::Mysql | Kind::Mariadb => "SET time_zone = '+02:00'",
    }
}

/// Types with other parameters than those of the table.
pub(super) const BESIDE: [(Kind, Sample, &str); 18] = [
    (Kind::Postgres, sample(("numeric(12,3)", &["999999999.999", "0.001"])), "numeric(12,2)"),
    (Kind::Postgres, sample(("numeric(12,3)", &["999999999.999", "0.001"])), "numeric(9,3)"),
    (Kind::Postgres, sample(("numeric(12,3)", &["999999999.999", "0.001"])), "numeric(30,5)"),
    (Kind::Postgres, sample(("integer", &["2147483647"])), "numeric(9,0)"),
    (Kind::Postgres, sample(("integer", &["2147483647"])), "numeric(30,2)"),
    (Kind::Postgres, sample(("character varying(7)", &["'abcdefg'", "'abc    '"])), "character varying(4)"),
    (Kind::Postgres, sample(("character varying(7)", &["'abcdefg'", "'abc    '"])), "character varying(90)"),
    (
        Kind::Postgres,
        sample(("timestamp(4) without time zone", &["'2026-01-01 00:00:00.1234'"])),
        "timestamp(1) without time zone",
    ),
    (Kind::Postgres, sample(("bit(12)", &["B'101010101010'"])), "bit(14)"),
    (Kind::Postgres, sample(("bit(12)", &["B'101010101010'"])), "text"),
    (Kind::Mysql, sample(("decimal(12,3)", &["999999999.999", "0.001"])), "decimal(12,2)"),
    (Kind::Mysql, sample(("decimal(12,3)", &["999999999.999", "0.001"])), "decimal(10,3)"),
    (Kind::Mysql, sample(("varchar(7)", &["'abcdefg'"])), "varchar(90)"),
    (Kind::Mysql, sample(("varchar(7)", &["'abcdefg'"])), "varchar(4)"),
    (Kind::Mysql, sample(("enum('x','y')", &["'x'", "'y'"])), "enum('y')"),
    (Kind::Mysql, sample(("enum('x','y')", &["'x'", "'y'"])), "enum('y','z','x')"),
    (Kind::Mariadb, sample(("datetime(5)", &["'2026-01-01 00:00:00.12345'"])), "datetime(2)"),
    (Kind::Mariadb, sample(("varbinary(7)", &["x'00ff'", "'abcdefg'"])), "varbinary(9)"),
];

const SQLITE: [Row; 5] =
    [("INTEGER", ANYTHING), ("REAL", ANYTHING), ("NUMERIC", ANYTHING), ("TEXT", ANYTHING), ("BLOB", ANYTHING)];

/// A column of SQLite takes every value; what it makes of it, its type decides.
const ANYTHING: &[&str] = &[
    "0",
    "-9223372036854775808",
    "9007199254740993",
    "1.5",
    "2.0",
    "1e300",
    "'abc'",
    "'007'",
    "' 7 '",
    "'1.50'",
    "'1e3'",
    "''",
    "x'00ff'",
    "x'373030'",
];

const STRICT: [Row; 6] = [
    ("INT", &["0", "-9223372036854775808", "9007199254740993"]),
    ("INTEGER", &["0", "-9223372036854775808", "9007199254740993"]),
    ("REAL", &["0.0", "1.5", "2.0", "1e300", "0.1"]),
    ("TEXT", &["'abc'", "'007'", "' 7 '", "'1.50'", "'1e3'", "''", "'7'"]),
    ("BLOB", &["x''", "x'00ff'", "x'37'"]),
    ("ANY", &["0", "9007199254740993", "1.5", "2.0", "'abc'", "'007'", "'7'", "x'00ff'"]),
];

/// Texts that are values of other types, too.
const TEXTS: &[&str] = &[
    "''",
    "'abc'",
    "'abc  '",
    "repeat('x', 300)",
    "' 007 '",
    "'1.50'",
    "'true'",
    "'2026-03-29'",
    "'02:30:00.123456'",
    "'1 day'",
    "'{\"b\": 1, \"a\": 1}'",
    "'{1}'",
    "'[1,2)'",
    "'127.0.0.1'",
    "'6f1ed002-ab54-4f8b-9a4b-1f6e2c9d1e5a'",
    "'08:00:2b:01:02:03'",
    "'101'",
];
const SHORT: &[&str] = &["''", "'abc'", "'ab   '", "'12345'", "'007'", "'true'", "'1.5'", "'{1}'", "'é'"];
const LENGTH_20: &[&str] = &[
    "''",
    "'abc'",
    "RPAD('abc', 20, ' ')",
    "repeat('x', 20)",
    "'007'",
    "'true'",
    "'1.5'",
    "'2026-03-29'",
    "'127.0.0.1'",
];
const LENGTH_50: &[&str] = &[
    "''",
    "'abc'",
    "RPAD('abc', 50, ' ')",
    "repeat('x', 50)",
    "'007'",
    "'true'",
    "'1.5'",
    "'2026-03-29'",
    "'127.0.0.1'",
];

const INTEGERS: [&[&str]; 3] = [
    &["-32768", "0", "1", "32767"],
    &["-2147483648", "0", "1", "16777217", "2147483647"],
    &["-9223372036854775808", "0", "1", "9007199254740993", "9223372036854775807"],
];

const POSTGRES: [Row; 42] = [
    ("smallint", INTEGERS[0]),
    ("integer", INTEGERS[1]),
    ("bigint", INTEGERS[2]),
    ("numeric", &["0", "1.50", "1e30", "0.1234567890123456789", "-1", "'NaN'", "'Infinity'"]),
    ("numeric(4,0)", &["-9999", "0", "9999"]),
    ("numeric(10,2)", &["-99999999.99", "0", "1.50", "99999999.99"]),
    ("numeric(10,4)", &["-999999.9999", "0", "1.2399", "1.5", "999999.9999"]),
    ("numeric(20,0)", &["-99999999999999999999", "0", "99999999999999999999"]),
    ("numeric(20,6)", &["-99999999999999.999999", "0", "1.5", "99999999999999.999999"]),
    ("real", &["0", "1.5", "0.1", "16777216", "3.4e38", "'NaN'", "'Infinity'"]),
    (
        "double precision",
        &["0", "1.5", "0.1", "9007199254740993", "1e300", "0.30000000000000004", "'NaN'", "'Infinity'"],
    ),
    ("boolean", &["true", "false"]),
    ("text", TEXTS),
    ("character varying", LENGTH_50),
    ("bpchar", SHORT),
    ("character varying(5)", SHORT),
    ("character varying(20)", LENGTH_20),
    ("character varying(50)", LENGTH_50),
    ("character(5)", SHORT),
    ("bytea", &["'\\x'", "'\\x00ff'", "'\\x616263'", "'\\x37'"]),
    ("date", &["'0001-01-01'", "'2026-03-29'", "'4713-01-01 BC'", "'infinity'"]),
    ("time without time zone", &["'00:00'", "'02:30:00.123456'", "'23:59:59.999999'", "'24:00'"]),
    ("time(0) without time zone", &["'00:00'", "'02:30:01'", "'24:00'"]),
    ("time with time zone", &["'00:00+00'", "'02:30:00.123456+02'", "'23:59:59.999999-08'"]),
    ("timestamp without time zone", MOMENTS),
    ("timestamp(0) without time zone", &["'2026-03-29 02:30:01'", "'2026-10-25 02:30:00'", "'2026-01-01'"]),
    ("timestamp(3) without time zone", &["'2026-03-29 02:30:01.123'", "'2026-10-25 02:30:00.999'", "'2026-01-01'"]),
    ("timestamp with time zone", ZONED),
    ("timestamp(0) with time zone", &["'2026-03-29 02:30:01+00'", "'2026-10-25 02:30:00+01'", "'2026-01-01'"]),
    ("interval", &["'0'", "'1 year 2 mons 3 days 04:05:06.789012'", "'-1 day'", "'36 hours'", "'00:00:01.5'"]),
    ("interval day to second", &["'0'", "'3 days 04:05:06.789012'", "'1 year'"]),
    (
        "json",
        &["'{\"b\": 1, \"a\": 1}'", "'1.0'", "'\"abc\"'", "'null'", "'[1,2]'", "'{\"a\":1,\"a\":2}'", "'\"\\u0000\"'"],
    ),
    ("jsonb", &["'{\"b\": 1, \"a\": 1}'", "'1.0'", "'\"abc\"'", "'null'", "'[1,2]'"]),
    ("uuid", &["'6f1ed002-ab54-4f8b-9a4b-1f6e2c9d1e5a'", "'00000000-0000-0000-0000-000000000000'"]),
    ("inet", &["'127.0.0.1'", "'10.1.2.3/8'", "'10.0.0.0/8'", "'::1'", "'2001:db8:1234:5678:9abc:def0:1234:5678/64'"]),
    ("cidr", &["'127.0.0.1'", "'10.0.0.0/8'", "'::1'", "'2001:db8:1234:5678::/64'"]),
    ("macaddr", &["'08:00:2b:01:02:03'"]),
    ("bit(8)", &["B'00000000'", "B'10101010'", "B'00000111'"]),
    ("bit(16)", &["B'0000000000000000'", "B'1010101010101010'"]),
    ("bit varying", &["B''", "B'101'", "B'10101010'", "B'1010101010101010'"]),
    ("int4range", &["'empty'", "'[1,2)'", "'[1,)'"]),
    ("integer[]", &["'{}'", "'{1,2147483647}'", "'{NULL}'"]),
];

/// Two of these are an hour that clocks skip, and one that they have twice.
const MOMENTS: &[&str] =
    &["'0001-01-01 00:00'", "'2026-03-29 02:30:00.123456'", "'2026-10-25 02:30:00'", "'2026-01-01'", "'infinity'"];
const ZONED: &[&str] = &[
    "'0001-01-01 12:00+00'",
    "'2026-03-29 02:30:00.123456+00'",
    "'2026-10-25 02:30:00+02'",
    "'2026-10-25 02:30:00+01'",
    "'2026-01-01'",
    "'infinity'",
];

/// An enumeration with a value of every length, so that no other has a longer one.
const MOODS: &str = "enum('a','b','007','loooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooong')";

const MYSQL: [Row; 44] = [
    ("tinyint", &["-128", "0", "1", "127"]),
    ("tinyint unsigned", &["0", "1", "255"]),
    ("smallint", INTEGERS[0]),
    ("smallint unsigned", &["0", "1", "65535"]),
    ("int", INTEGERS[1]),
    ("int unsigned", &["0", "16777217", "4294967295"]),
    ("bigint", INTEGERS[2]),
    ("bigint unsigned", &["0", "9007199254740993", "18446744073709551615"]),
    ("decimal(4,0)", &["-9999", "0", "9999"]),
    ("decimal(10,0)", &["-9999999999", "0", "9999999999"]),
    ("decimal(10,2)", &["-99999999.99", "0", "1.50", "99999999.99"]),
    ("decimal(10,4)", &["-999999.9999", "0", "1.2399", "1.5", "999999.9999"]),
    ("decimal(20,0)", &["-99999999999999999999", "0", "99999999999999999999"]),
    ("decimal(20,6)", &["-99999999999999.999999", "0", "1.5", "99999999999999.999999"]),
    ("float", &["0", "1.5", "0.1", "16777216", "3.4e38"]),
    ("double", &["0", "1.5", "0.1", "9007199254740993", "1e300", "0.30000000000000004"]),
    ("char(5)", SHORT),
    ("varchar(5)", SHORT),
    ("varchar(20)", LENGTH_20),
    ("varchar(50)", LENGTH_50),
    ("tinytext", &["''", "'abc'", "'abc  '", "'7'", "'1.50'", "'2026-03-29'", "REPEAT('x', 255)"]),
    (
        "text",
        &[
            "REPEAT('x', 65535)",
            "''",
            "'abc'",
            "' 007 '",
            "'1.50'",
            "'2026-03-29'",
            "'{\"b\": 1, \"a\": 1}'",
            "'127.0.0.1'",
            "'::1'",
            "'6f1ed002-ab54-4f8b-9a4b-1f6e2c9d1e5a'",
            "'a'",
        ],
    ),
    ("mediumtext", LONG),
    ("longtext", LONG),
    ("binary(5)", &["''", "'abc'", "x'00ff'", "'12345'"]),
    ("binary(16)", &["''", "x'00ff'", "x'ffffffffffffffffffffffffffffffff'", "'0123456789012345'"]),
    ("varbinary(5)", &["''", "'abc'", "x'00ff'", "'12345'"]),
    ("varbinary(50)", &["''", "'abc'", "x'00ff'", "'7'", "REPEAT('x', 50)"]),
    ("blob", &["''", "'abc'", "x'00ff'", "'7'", "REPEAT('x', 65535)"]),
    ("bit(1)", &["b'0'", "b'1'"]),
    ("bit(8)", &["b'0'", "b'1'", "b'11111111'"]),
    ("date", &["'1000-01-01'", "'2026-03-29'", "'9999-12-31'"]),
    ("time", &["'-838:59:59'", "'00:00:00'", "'10:11:12'", "'838:59:59'"]),
    ("time(6)", &["'-838:59:59'", "'00:00:00'", "'10:11:12.999999'"]),
    ("datetime", &["'1000-01-01 00:00:00'", "'2026-03-29 02:30:01'", "'2026-01-01'"]),
    ("datetime(6)", &["'1000-01-01 00:00:00'", "'2026-03-29 02:30:01.999999'", "'2026-01-01'"]),
    ("timestamp", &["'2026-03-29 02:30:01'", "'2026-01-01'", "'1970-01-02'"]),
    ("timestamp(3)", &["'2026-03-29 02:30:01.999'", "'2026-01-01'"]),
    ("timestamp(6)", &["'2026-03-29 02:30:01.999999'", "'2026-01-01'"]),
    ("year", &["1901", "2026", "2155"]),
    ("json", &["'{\"b\": 1, \"a\": 1}'", "'1.0'", "'\"abc\"'", "'null'", "'[1,2]'", "'{\"a\":1,\"a\":2}'"]),
    ("enum('a','b')", &["'a'", "'b'"]),
    (MOODS, &["'a'", "'b'", "'007'", "4"]),
    ("set('a','b')", &["''", "'a'", "'a,b'"]),
];

const LONG: &[&str] = &["REPEAT('x', 70000)", "''", "'abc'", "' 007 '", "'1.50'", "'2026-03-29'", "'127.0.0.1'", "'a'"];

const MARIADB: [Row; 3] = [
    ("uuid", &["'6f1ed002-ab54-4f8b-9a4b-1f6e2c9d1e5a'", "'00000000-0000-0000-0000-000000000000'"]),
    ("inet4", &["'127.0.0.1'", "'0.0.0.0'", "'255.255.255.255'"]),
    ("inet6", &["'::1'", "'::ffff:127.0.0.1'", "'2001:db8:1234:5678:9abc:def0:1234:5678'"]),
];
