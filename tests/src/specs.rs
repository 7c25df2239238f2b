//! Migrations that the tests of the engine and of scripts share, as values.

use crate::Kind;

/// A revision: its id, its parents and more of its header, what it does, what undoes it.
pub type Revision = (&'static str, &'static str, &'static str, &'static str);

/// Migrations, with the databases that they are for.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// What it is about.
    pub name: &'static str,
    /// Which databases it is for; all, if there are none.
    pub kinds: &'static [Kind],
    /// The revisions.
    pub revisions: &'static [Revision],
}

impl Spec {
    /// Returns those for a database.
    pub fn all(kind: Kind) -> impl Iterator<Item = Self> {
        ALL.iter().copied().filter(move |spec| spec.kinds.is_empty() || spec.kinds.contains(&kind))
    }
}

/// Three tables in a line.
pub const LINE: &[Revision] = &[
    ("a", "", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;"),
    ("b", "a", "CREATE TABLE tb (x INTEGER);\nINSERT INTO ta (x) VALUES (1);", "DELETE FROM ta;\nDROP TABLE tb;"),
    ("c", "b", "CREATE TABLE tc (x INTEGER);", "DROP TABLE tc;"),
];

/// Two branches and their merge.
pub const BRANCHES: &[Revision] = &[
    ("a", "", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;"),
    ("b1", "a", "CREATE TABLE tb1 (x INTEGER);", "DROP TABLE tb1;"),
    ("b2", "a", "CREATE TABLE tb2 (x INTEGER);", "DROP TABLE tb2;"),
    ("m", "b1, b2", "", ""),
];

/// A section for each database.
pub const SECTIONS: &[Revision] = &[(
    "a",
    "",
    "CREATE TABLE general (x INTEGER);\n\
     -- alembic:upgrade postgres\nCREATE TABLE postgres (x INTEGER);\n\
     -- alembic:upgrade mysql\nCREATE TABLE mysql (x INTEGER);\n\
     -- alembic:upgrade mariadb\nCREATE TABLE mariadb (x INTEGER);",
    "",
)];

/// What `pg_dump` begins with.
pub const SEARCH_PATH: &[Revision] = &[
    ("a", "", "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.ta (x INTEGER);", ""),
    ("b", "a", "CREATE TABLE public.tb (x INTEGER);", ""),
];

/// What shows when it is done twice, or not at all.
pub const COUNTED: &[Revision] = &[
    ("a", "", "CREATE TABLE t (n INTEGER NOT NULL);\nINSERT INTO t (n) VALUES (1), (2);", "DROP TABLE t;"),
    ("b", "a", "UPDATE t SET n = n * 10;", "UPDATE t SET n = n / 10;"),
    (
        "c",
        "b\n-- Transaction: none",
        "UPDATE t SET n = n * 10;\nCREATE INDEX i ON t (n);\nINSERT INTO t (n) SELECT n + 1 FROM t;",
        "DELETE FROM t WHERE n NOT IN (100, 200);\nUPDATE t SET n = n / 10;\n\
         -- alembic:downgrade mysql\nDELETE FROM t WHERE n NOT IN (100, 200);\nUPDATE t SET n = n / 10;",
    ),
    ("d", "c", "UPDATE t SET n = n * 10;", "UPDATE t SET n = n / 10;"),
];

const ALL: &[Spec] = &[
    Spec { name: "a line", kinds: &[], revisions: LINE },
    Spec { name: "branches", kinds: &[], revisions: BRANCHES },
    Spec {
        name: "two heads, and a dependency",
        kinds: &[],
        revisions: &[
            ("a", "", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;"),
            ("b", "", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;"),
            ("c", "b\n-- Depends On: a", "CREATE TABLE tc (x INTEGER);", "DROP TABLE tc;"),
            ("d", "a", "CREATE TABLE td (x INTEGER);", "DROP TABLE td;"),
        ],
    },
    Spec { name: "sections", kinds: &[], revisions: SECTIONS },
    Spec { name: "counted", kinds: &[Kind::Sqlite, Kind::Postgres], revisions: COUNTED },
    Spec {
        name: "texts",
        kinds: &[],
        revisions: &[(
            "a",
            "",
            "-- a comment; with a semicolon\nCREATE TABLE t (x VARCHAR(99));\n\
             INSERT INTO t (x) VALUES ('it''s; -- no comment'), ('zwölf €'), ('{}'); -- the last one\n\
             /* and; this */ INSERT INTO t (x) VALUES ('%s $1 :name ''x'' \"y\"')",
            "DROP TABLE t -- no more",
        )],
    },
    Spec {
        name: "backslashes",
        kinds: MYSQL,
        revisions: &[(
            "a",
            "",
            "CREATE TABLE t (x VARCHAR(99));\nINSERT INTO t VALUES ('C:\\\\tmp'), ('it\\'s; one'), (\"a 'b'\");",
            "DROP TABLE t;",
        )],
    },
    Spec {
        name: "alone",
        kinds: &[Kind::Sqlite],
        revisions: &[(
            "a",
            "\n-- Transaction: none",
            "CREATE TABLE ta (x INTEGER);\nINSERT INTO ta VALUES (1);\nVACUUM;",
            "DROP TABLE ta;",
        )],
    },
    Spec {
        name: "alone",
        kinds: &[Kind::Postgres],
        revisions: &[
            (
                "a",
                "\n-- Transaction: none",
                "CREATE TABLE ta (x INTEGER);\nINSERT INTO ta VALUES (1);\nCREATE INDEX CONCURRENTLY i ON ta (x);\nVACUUM ta;",
                "DROP TABLE ta;",
            ),
            ("b", "a", "INSERT INTO ta VALUES (2);", "DELETE FROM ta WHERE x = 2;"),
        ],
    },
    Spec {
        name: "bodies",
        kinds: &[Kind::Sqlite],
        revisions: &[(
            "a",
            "",
            "CREATE TABLE t (x INTEGER);\nCREATE TABLE seen (x INTEGER);\n\
          CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (new.x); UPDATE seen SET x = CASE WHEN x > 1 THEN 1 ELSE x END; END;\n\
          INSERT INTO t VALUES (7);",
            "DROP TRIGGER g;\nDROP TABLE seen;\nDROP TABLE t;",
        )],
    },
    Spec {
        name: "bodies",
        kinds: &[Kind::Postgres],
        revisions: &[(
            "a",
            "",
            "CREATE TABLE t (x INTEGER);\nCREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.x := new.x + 1; RETURN new; END $$;\n\
          CREATE FUNCTION one() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;\n\
          CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();\nDO $alembic$ BEGIN INSERT INTO t VALUES (1); END $alembic$;\nINSERT INTO t VALUES (one());",
            "DROP TABLE t;\nDROP FUNCTION f, one;",
        )],
    },
    Spec {
        name: "bodies",
        kinds: MYSQL,
        revisions: &[
            (
                "a",
                "",
                "CREATE TABLE t (x INTEGER);\nCREATE PROCEDURE p(IN y INT) BEGIN INSERT INTO t VALUES (y); IF y > 1 THEN INSERT INTO t VALUES (0); END IF; END;\n\
          CALL p(7);\nINSERT INTO t VALUES (1);",
                "DROP PROCEDURE p;\nDROP TABLE t;",
            ),
            (
                "b",
                "a",
                "DELIMITER //\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.x = NEW.x + 1; SET @s = 'a;b'; END//\nDELIMITER ;\nINSERT INTO t VALUES (1);",
                "DROP TRIGGER g;",
            ),
        ],
    },
    Spec { name: "the search path", kinds: &[Kind::Postgres], revisions: SEARCH_PATH },
    Spec {
        name: "settings",
        kinds: &[Kind::Postgres],
        revisions: &[
            (
                "a",
                "",
                "CREATE TABLE seen (x VARCHAR(99));\nCREATE SCHEMA tenant;",
                "DROP SCHEMA tenant;\nDROP TABLE seen;",
            ),
            (
                "b",
                "a",
                "SET search_path = tenant, public;\nCREATE TABLE t (x INTEGER);\nSET work_mem = '7MB';\nSET ROLE pg_monitor;",
                "DROP TABLE tenant.t;",
            ),
            (
                "c",
                "b",
                "INSERT INTO seen SELECT current_setting('search_path') || current_setting('work_mem') || current_role;\nCREATE TABLE u (x INTEGER);\nSET LOCAL work_mem = '9MB';",
                "SET search_path = public;\nDROP TABLE u;\nDELETE FROM seen;",
            ),
            (
                "d",
                "c\n-- Transaction: none",
                "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.v (x INTEGER);\nINSERT INTO public.v VALUES (1);\nSET work_mem = '8MB';",
                "SET search_path = tenant;\nDROP TABLE public.v;",
            ),
            (
                "e",
                "d",
                "INSERT INTO seen SELECT current_setting('search_path');\nSET SESSION AUTHORIZATION pg_monitor;",
                "DELETE FROM seen WHERE x LIKE '%user%';",
            ),
            ("f", "e", "INSERT INTO seen SELECT session_user;", ""),
        ],
    },
    Spec {
        name: "settings",
        kinds: MYSQL,
        revisions: &[
            (
                "a",
                "",
                "CREATE TABLE seen (x VARCHAR(199));\nSET sql_mode = 'ANSI_QUOTES', foreign_key_checks = 0, time_zone = '+05:00';\nSET NAMES latin1;\nINSERT INTO \"seen\" VALUES ('ä');",
                "DROP TABLE seen;",
            ),
            (
                "b",
                "a",
                "INSERT INTO seen SELECT CONCAT(@@sql_mode <> 'ANSI_QUOTES', @@foreign_key_checks);\nSET sql_mode = 'NO_BACKSLASH_ESCAPES';",
                "DELETE FROM seen WHERE x = '11';",
            ),
            ("c", "b", "INSERT INTO seen VALUES ('\\'');", ""),
        ],
    },
    Spec {
        name: "foreign keys",
        kinds: &[Kind::Sqlite],
        revisions: &[
            (
                "a",
                "",
                "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE);\n\
          INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1), (2);",
                "DROP TABLE c;\nDROP TABLE p;",
            ),
            (
                "b",
                "a\n-- Foreign Keys: off",
                "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT);\n\
          INSERT INTO new (id) SELECT id FROM p;\nDROP TABLE p;\nALTER TABLE new RENAME TO p;",
                "DELETE FROM c WHERE p = 1;",
            ),
            ("c", "b", "DELETE FROM p WHERE id = 2;", "INSERT INTO p (id) VALUES (2);"),
            (
                "d",
                "c\n-- Transaction: none",
                "PRAGMA foreign_keys = OFF;\nDELETE FROM p;",
                "INSERT INTO p (id) VALUES (1);",
            ),
            ("e", "d", "INSERT INTO p (id) VALUES (3);\nINSERT INTO c VALUES (3);\nDELETE FROM p WHERE id = 3;", ""),
        ],
    },
];

const MYSQL: &[Kind] = &[Kind::Mysql, Kind::Mariadb];
