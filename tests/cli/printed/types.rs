//! Every type of each server: printed, compiled with Diesel, made again as the very same.

use harness::{Database, Kind, Project, workspace};

use crate::PROGRAM;

/// What `print-schema` printed, which is compiled here.
#[expect(unreachable_pub, reason = "as it was printed")]
mod compiled {
    mod postgres {
        include!("types_postgres.rs.txt");
    }
    mod mysql {
        include!("types_mysql.rs.txt");
    }
    mod mariadb {
        include!("types_mariadb.rs.txt");
    }
}

/// Types that are no part of the server.
const MADE: &str = "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; \
    CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN us_zip AS text CHECK (VALUE ~ '^[0-9]+$'); \
    CREATE DOMAIN short AS character varying(5) NOT NULL; CREATE DOMAIN shorter AS short; \
    CREATE TYPE pair AS (a integer, b text); CREATE TYPE floats AS RANGE (SUBTYPE = double precision);";

const POSTGRES: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(10,2)",
    "numeric(5,0)",
    "real",
    "double precision",
    "money",
    "boolean",
    "text",
    "character varying",
    "character varying(20)",
    "character(3)",
    "character(1)",
    "bpchar",
    "\"char\"",
    "name",
    "bytea",
    "date",
    "time",
    "time(0)",
    "time(3)",
    "timetz",
    "time(0) with time zone",
    "time(3) with time zone",
    "timestamp",
    "timestamp(0)",
    "timestamp(3)",
    "timestamptz",
    "timestamp(0) with time zone",
    "timestamp(3) with time zone",
    "interval",
    "interval(3)",
    "interval year",
    "interval month",
    "interval day",
    "interval hour",
    "interval minute",
    "interval second",
    "interval second(3)",
    "interval year to month",
    "interval day to hour",
    "interval day to minute",
    "interval day to second",
    "interval day to second(3)",
    "interval hour to minute",
    "interval hour to second",
    "interval minute to second",
    "json",
    "jsonb",
    "jsonpath",
    "xml",
    "uuid",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "oid",
    "regclass",
    "pg_lsn",
    "bit",
    "bit(1)",
    "bit(8)",
    "bit varying",
    "bit varying(8)",
    "tsvector",
    "tsquery",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "int4range",
    "int8range",
    "numrange",
    "daterange",
    "tsrange",
    "tstzrange",
    "int4multirange",
    "int8multirange",
    "nummultirange",
    "datemultirange",
    "tsmultirange",
    "tstzmultirange",
    "integer[]",
    "text[]",
    "character varying(5)[]",
    "numeric(10,2)[]",
    "timestamptz[]",
    "bit(8)[]",
    "citext",
    "citext[]",
    "hstore",
    "ltree",
    "mood",
    "mood[]",
    "us_zip",
    "short",
    "shorter",
    "us_zip[]",
    "pair",
    "floats",
];

const MYSQL: &[&str] = &[
    "tinyint",
    "tinyint(1)",
    "tinyint unsigned",
    "smallint",
    "smallint unsigned",
    "mediumint",
    "mediumint unsigned",
    "int",
    "int unsigned",
    "bigint",
    "bigint unsigned",
    "int(5) zerofill",
    "decimal(10,0)",
    "decimal(10,2)",
    "decimal(10,2) unsigned",
    "decimal(65,30)",
    "float",
    "float unsigned",
    "float(7,3)",
    "double",
    "double unsigned",
    "double(12,4)",
    "bit(1)",
    "bit(8)",
    "bit(64)",
    "char(1)",
    "char(20)",
    "char(255)",
    "varchar(1)",
    "varchar(20)",
    "varchar(255)",
    "varchar(1000)",
    "tinytext",
    "text",
    "mediumtext",
    "longtext",
    "binary(1)",
    "binary(16)",
    "varbinary(1)",
    "varbinary(16)",
    "varbinary(1000)",
    "tinyblob",
    "blob",
    "mediumblob",
    "longblob",
    "date",
    "time",
    "time(3)",
    "time(6)",
    "datetime",
    "datetime(3)",
    "datetime(6)",
    "timestamp",
    "timestamp(3)",
    "timestamp(6)",
    "year",
    "json",
    "enum('a')",
    "enum('a','it''s')",
    "set('a','b')",
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
];

const ONLY_MYSQL: &[&str] = &["vector(3)"];
const ONLY_MARIADB: &[&str] = &["uuid", "inet4", "inet6"];

/// Diesel has 16 columns in a table unless more are asked for.
const COLUMNS: usize = 15;

fn tables(types: &[&str]) -> String {
    let column = |(at, native): (usize, &&str)| {
        // Without it the server gives a timestamp a default.
        let null = if native.starts_with("timestamp") { " NULL" } else { "" };
        format!("c{at} {native}{null}")
    };
    let table = |(at, types): (usize, &[&str])| {
        let columns: Vec<String> = types.iter().enumerate().map(column).collect();
        format!("CREATE TABLE t{at} (id INTEGER PRIMARY KEY, {});\n", columns.join(", "))
    };
    types.chunks(COLUMNS).enumerate().map(table).collect()
}

fn prints_all(kind: Kind, made: &str, types: &[&[&str]]) {
    let (Some(db), Some(other)) = (Database::new(kind), Database::new(kind)) else { return };
    let project = |db: &Database, sql: &str| {
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        project.revision("a1", "<base>", sql, "SELECT 1;");
        project.ok("upgrade head");
        project
    };
    let is = project(&db, &format!("{made}{}", tables(&types.concat())));
    let nothing = |line: &str| {
        let printed = is.ok(line);
        is.write("src/schema.rs", &printed);
        let output = is.try_line("revision --autogenerate -m nothing");
        assert!(output.stdout.contains("No changes detected"), "{} {line}: {output}\n{printed}", kind.name());
        printed
    };
    let path = workspace().join(format!("tests/cli/printed/types_{}.rs.txt", kind.name()));
    let plain = nothing("print-schema");
    #[expect(clippy::disallowed_methods, reason = "how a snapshot is accepted, as with the others")]
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &plain).unwrap();
    }
    let complete = nothing("print-schema --complete");
    let again = project(&other, if made.is_empty() { "SELECT 1;" } else { made });
    again.write("src/schema.rs", &complete);
    again.ok("revision --autogenerate -m all");
    again.ok("upgrade head");
    assert_eq!(again.ok("print-schema --complete"), complete, "{}", kind.name());
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        plain,
        "run this test with INSTA_UPDATE=always, and then again"
    );
}

#[test]
fn postgres_types() {
    prints_all(Kind::Postgres, MADE, &[POSTGRES]);
}

#[test]
fn mysql_types() {
    prints_all(Kind::Mysql, "", &[MYSQL, ONLY_MYSQL]);
}

#[test]
fn mariadb_types() {
    prints_all(Kind::Mariadb, "", &[MYSQL, ONLY_MARIADB]);
}
