//! MySQL and MariaDB: what `SHOW CREATE TABLE` says is printed, kept, compared and restored.

use harness::{Database, Kind, Project};

use crate::{
    PROGRAM,
    forms::{comes_back, drift_sees},
};

const BOTH: &[Kind] = &[Kind::Mysql, Kind::Mariadb];
const MYSQL: &[Kind] = &[Kind::Mysql];
const MARIADB: &[Kind] = &[Kind::Mariadb];

/// Forms of a table's text, each of which is made as a table `t0`, `t1`, ….
const FORMS: &[(&[Kind], &str)] = &[
    (BOTH, "(id int PRIMARY KEY, `ñ` varchar(20) DEFAULT 'é''s\\\\', CONSTRAINT c0 CHECK (`ñ` <> 'it''s\\\\é'))"),
    (BOTH, "(id int PRIMARY KEY, a varchar(20) DEFAULT '0x41', CONSTRAINT c1 CHECK (a IN ('x_utf8mb4', 'y', 'é')))"),
    (BOTH, "(id int PRIMARY KEY, b varchar(20) DEFAULT (concat('it''s', 'x')), t text DEFAULT ('a''b'))"),
    (BOTH, "(id int PRIMARY KEY, a varchar(9), g varchar(30) AS (concat(a, 'x\\\\y', 'é', '\"', '`')) STORED)"),
    (BOTH, "(id int PRIMARY KEY, e enum('a', 'b''c', '_utf8mb4''x') DEFAULT 'b''c', v varchar(9) COMMENT 'co''m\\n')"),
    (BOTH, "(id int PRIMARY KEY, c timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)"),
    (BOTH, "(id int PRIMARY KEY, c datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"),
    (BOTH, "(id int PRIMARY KEY, c datetime DEFAULT (now()), d datetime(3) DEFAULT (now(3)), e timestamp NULL)"),
    (BOTH, "(id int PRIMARY KEY, c date DEFAULT (curdate()), d datetime DEFAULT (now() + INTERVAL 1 DAY))"),
    (BOTH, "(id int PRIMARY KEY, b binary(3) DEFAULT 'abc', c bit(8) DEFAULT b'101', d decimal(9,2) DEFAULT 1.50)"),
    (BOTH, "(id int PRIMARY KEY, b varbinary(9) DEFAULT 0xff00, c varbinary(9) DEFAULT 0x0041)"),
    (BOTH, "(id int PRIMARY KEY, h int DEFAULT 3 INVISIBLE, i int INVISIBLE COMMENT 'x')"),
    (BOTH, "(id int PRIMARY KEY, a varchar(9), b varchar(9) CHARACTER SET utf8mb4) DEFAULT CHARSET = latin1"),
    (BOTH, "(id int PRIMARY KEY, a varchar(9) COLLATE utf8mb4_bin, b text CHARACTER SET latin1)"),
    (BOTH, "(id int PRIMARY KEY, a varchar(9)) ENGINE = MyISAM COMMENT = 'it''s'"),
    (BOTH, "(id int PRIMARY KEY, a varchar(9)) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 4"),
    (BOTH, "(id int PRIMARY KEY, a int) COMMENT = 'parts' PARTITION BY HASH (id) PARTITIONS 3"),
    (
        BOTH,
        "(id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (year(d)) \
        (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    ),
    (BOTH, "(id int PRIMARY KEY, a varchar(99), KEY ix (a(5)))"),
    (BOTH, "(id int PRIMARY KEY, a int, b int, UNIQUE KEY uq (a DESC, b))"),
    (BOTH, "(id int PRIMARY KEY, j json, u int unsigned, z int(5) unsigned zerofill, y year DEFAULT 2020)"),
    (BOTH, "(id int PRIMARY KEY, a varchar(99), FULLTEXT KEY ft (a))"),
    (BOTH, "(id int PRIMARY KEY, p point NOT NULL, SPATIAL KEY sp (p))"),
    (BOTH, "(id int PRIMARY KEY, a int, KEY ix (a) COMMENT 'it''s')"),
    (BOTH, "(id int, a int, PRIMARY KEY (id) COMMENT 'the key')"),
    (MYSQL, "(id int PRIMARY KEY, a int, KEY ix (a) INVISIBLE)"),
    (MYSQL, "(id int PRIMARY KEY, a varchar(99), FULLTEXT KEY ft (a) WITH PARSER ngram)"),
    (MYSQL, "(id int PRIMARY KEY, a int, CONSTRAINT positive CHECK (a > 0) NOT ENFORCED)"),
    (MARIADB, "(id int PRIMARY KEY, a int, KEY ix (a) IGNORED)"),
    (MYSQL, "(id int PRIMARY KEY, f int, KEY ix ((f * 2) DESC, f))"),
    (MYSQL, "(id int PRIMARY KEY, k point NOT NULL SRID 4326, l point)"),
    (MYSQL, "(id int PRIMARY KEY, a int COLUMN_FORMAT FIXED, b int COLUMN_FORMAT DYNAMIC DEFAULT 3)"),
    (MYSQL, "(id int PRIMARY KEY, a varchar(9)) STATS_PERSISTENT = 0 DEFAULT CHARSET = utf8mb3"),
    (MYSQL, "(id int PRIMARY KEY, a int, b int AS (a * 2) VIRTUAL NOT NULL INVISIBLE)"),
    (MARIADB, "(id int PRIMARY KEY, z int CHECK (z > 0), y int DEFAULT 1 COMMENT 'y' CHECK (y <> 2))"),
    (MARIADB, "(id int PRIMARY KEY, c text COMPRESSED DEFAULT 'x', d int DEFAULT (id + 1))"),
    (MARIADB, "(id bigint PRIMARY KEY, s bigint NOT NULL DEFAULT NEXT VALUE FOR sq)"),
    (MARIADB, "(id int PRIMARY KEY, a int) PAGE_COMPRESSED = 1"),
    (MARIADB, "(id uuid PRIMARY KEY DEFAULT uuid(), i inet6 DEFAULT '::1')"),
];

/// Changes by hand of a form, found by a part of its text, and what drift says of it.
const BY_HAND: &[(&[Kind], &str, &str, &str)] = &[
    (BOTH, "x_utf8mb4", "ALTER TABLE $t ALTER a SET DEFAULT 'A'", "changed default of `$t.a`"),
    (
        BOTH,
        "h int DEFAULT",
        "ALTER TABLE $t MODIFY h int DEFAULT 3",
        "changed attributes of `$t.h` from INVISIBLE to none",
    ),
    (BOTH, "MyISAM", "ALTER TABLE $t ENGINE = InnoDB", "changed table options `$t` from ENGINE=MyISAM to none"),
    (BOTH, "COLLATE utf8mb4_bin", "ALTER TABLE $t DEFAULT CHARSET = latin1", "changed table options `$t` from none to"),
    (BOTH, "it''s')", "ALTER TABLE $t DROP KEY ix, ADD KEY ix (a) COMMENT 'its'", "changed index `ix` of `$t`"),
    (MYSQL, "INVISIBLE)", "ALTER TABLE $t ALTER INDEX ix VISIBLE", "removed index `ix` of `$t`"),
    (MYSQL, "NOT ENFORCED", "ALTER TABLE $t ALTER CHECK positive ENFORCED", "removed check `positive` of `$t`"),
    (MARIADB, "IGNORED", "ALTER TABLE $t ALTER INDEX ix NOT IGNORED", "removed index `ix` of `$t`"),
    (BOTH, "é''s", "DROP TRIGGER first", "removed trigger `first` of `$t`"),
    (BOTH, "PARTITIONS 3", "ALTER TABLE $t REMOVE PARTITIONING", "changed table options `$t` from PARTITION BY"),
    (BOTH, "(now())", "ALTER TABLE $t ALTER d SET DEFAULT '2000-01-01'", "changed default of `$t.d`"),
    (MYSQL, "(f * 2)", "ALTER TABLE $t DROP KEY ix, ADD KEY ix ((f * 2), f)", "index `ix` of `$t`"),
    (MYSQL, "SRID", "ALTER TABLE $t MODIFY k point NOT NULL", "changed attributes of `$t.k` from SRID 4326 to none"),
    (MARIADB, "z > 0", "ALTER TABLE $t MODIFY z int", "changed attributes of `$t.z` from CHECK (`z` > 0) to none"),
    (MARIADB, "NEXT VALUE", "ALTER SEQUENCE sq INCREMENT 7", "changed sequence `sq`"),
];

fn of(kind: Kind) -> Vec<(String, &'static str)> {
    let forms = FORMS.iter().filter(|(kinds, _)| kinds.contains(&kind)).enumerate();
    forms.map(|(number, (_, form))| (format!("t{number}"), *form)).collect()
}

fn forms_are_kept(kind: Kind) {
    let forms = of(kind);
    let sequence = "CREATE SEQUENCE sq START WITH 5 INCREMENT BY 3 CACHE 10 CYCLE;\n";
    let mut sql = if kind == Kind::Mariadb { sequence.to_owned() } else { String::new() };
    sql.extend(forms.iter().map(|(table, form)| format!("CREATE TABLE {table} {form};\n")));
    sql += "CREATE TRIGGER second BEFORE INSERT ON t0 FOR EACH ROW SET NEW.id = NEW.id + 1;\n";
    sql +=
        "CREATE TRIGGER first BEFORE INSERT ON t0 FOR EACH ROW PRECEDES second BEGIN SET NEW.id = 2 * NEW.id; END;\n";
    let tables: Vec<String> = forms.iter().map(|(table, _)| table.clone()).collect();
    let shown = |db: &Database| db.shown(&tables).join("\n");
    let Some((db, project)) = comes_back(kind, &sql, "t0", &shown) else { return };
    let drift = project.try_line("check --only drift");
    assert_eq!(drift.status, 0, "{kind:?}: {drift}");
    let changes = BY_HAND.iter().filter(|(kinds, ..)| kinds.contains(&kind));
    let changes = changes.map(|(_, part, sql, told)| {
        let (table, _) = forms.iter().find(|(_, form)| form.contains(part)).expect("a form with this part");
        (sql.replace("$t", table), told.replace("$t", table))
    });
    drift_sees(&db, &project, &changes.collect::<Vec<_>>());
}

#[test]
fn every_form_is_kept_on_mysql() {
    forms_are_kept(Kind::Mysql);
}

#[test]
fn every_form_is_kept_on_mariadb() {
    forms_are_kept(Kind::Mariadb);
}

/// Models want other types; defaults, checks and attributes of the columns stay as they are.
#[test]
fn a_change_leaves_the_rest_alone() {
    for kind in BOTH {
        let Some(db) = Database::new(*kind) else { continue };
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let sequence = if *kind == Kind::Mariadb { "CREATE SEQUENCE sq;\n" } else { "" };
        let default = if *kind == Kind::Mariadb { " DEFAULT NEXT VALUE FOR sq" } else { "" };
        let table = format!(
            "{sequence}CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY, c timestamp NOT NULL DEFAULT \
             CURRENT_TIMESTAMP, d datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), e datetime \
             DEFAULT (now()), n int INVISIBLE, s bigint NOT NULL{default}, x varchar(9) DEFAULT 'it''s' INVISIBLE) \
             DEFAULT CHARSET = latin1;"
        );
        project.revision("a1", "<base>", &table, "");
        project.ok("lock");
        project.ok("upgrade head");
        let before = db.shown(&["t".to_owned()]);
        let models = "diesel::table! { t { id -> BigInt, c -> Timestamp, d -> Nullable<Datetime>, e -> Nullable<Datetime>, \
            n -> Nullable<BigInt>, s -> BigInt, #[max_length = 20] x -> Nullable<Varchar> } }\n";
        project.write("src/schema.rs", models);
        let output = project.try_line("revision --autogenerate -m wider --rev-id b1");
        assert_eq!(output.status, 0, "{kind:?}: {output}");
        assert_eq!(output.stderr.matches("Detected").count(), 2, "{kind:?}: {output}");
        let file = project.read(output.stdout.trim());
        assert!(!file.contains("alembic_scratch") && !file.contains(db.name()), "{file}");
        project.ok("upgrade head");
        let of_n = if *kind == Kind::Mariadb { "`n` int(11)" } else { "`n` int " };
        let wider = before[0].replace(of_n, &of_n.replace("int(11)", "bigint(20)").replace("int ", "bigint "));
        assert_eq!(db.shown(&["t".to_owned()])[0], wider.replace("varchar(9)", "varchar(20)"), "{kind:?}");
        assert_eq!(project.try_line("check --only models,drift").status, 0);
        project.ok("downgrade -1");
        assert_eq!(db.shown(&["t".to_owned()]), before, "{kind:?}");
    }
}

#[test]
fn a_column_is_renamed_with_all_that_names_it() {
    for kind in BOTH {
        let Some(db) = Database::new(*kind) else { continue };
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let functional = if *kind == Kind::Mysql { ", KEY fx (a, (a + b))" } else { "" };
        let table = format!(
            "CREATE TABLE t (id int PRIMARY KEY, a int, b int DEFAULT (a + 1), g int AS (a * 2) STORED, h int AS (`a` - 1) \
             VIRTUAL COMMENT 'a', s varchar(9), CONSTRAINT ck CHECK (a > 0 AND s <> 'a'){functional});"
        );
        project.revision("a1", "<base>", &table, "");
        project.ok("lock");
        project.ok("upgrade head");
        let before = db.shown(&["t".to_owned()]);
        let models = project.ok("print-schema --complete").replace("`a`", "`c`").replace("`b`", "`d`");
        let models = models.replace("index(a,", "index(c,").replace(" a ->", " #[alembic(renamed_from = \"a\")] c ->");
        project.write("src/schema.rs", models.replace(" b ->", " #[alembic(renamed_from = \"b\")] d ->"));
        let output = project.try_line("revision --autogenerate -m rename --rev-id b1");
        assert_eq!((output.status, output.stderr.matches("Detected").count()), (0, 2), "{kind:?}: {output}");
        project.ok("upgrade head");
        let text = &db.shown(&["t".to_owned()])[0];
        assert!(text.contains("`c` * 2") && text.contains("`c` > 0") && !text.contains("`a`"), "{kind:?}: {text}");
        assert_eq!(project.try_line("check --only models,drift").status, 0);
        project.ok("downgrade -1");
        assert_eq!(db.shown(&["t".to_owned()]), before, "{kind:?}");
    }
}

#[test]
fn what_names_a_column_keeps_it_or_is_told() {
    for kind in BOTH {
        let Some(db) = Database::new(*kind) else { continue };
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let table = "CREATE TABLE a (id bigint PRIMARY KEY, f varchar(255), n int);\n";
        project.write("src/schema.rs", "diesel::table! { a { id -> BigInt, n -> Nullable<Integer> } }\n");
        let view = "CREATE VIEW v AS SELECT id, f FROM a;\nCREATE VIEW w AS SELECT f AS ff FROM v;";
        project.revision("a1", "<base>", &format!("{table}{view}"), "");
        project.ok("lock");
        let output = project.try_line("revision --autogenerate -m less");
        assert_eq!(output.status, 2, "{kind:?}: {output}");
        for view in ["view `v`: ", "view `w`: "] {
            assert!(output.stderr.contains(view), "{kind:?}: {output}");
        }
        let body = "CREATE PROCEDURE p() SELECT f FROM a;";
        project.revision("a1", "<base>", &format!("{table}{body}"), "");
        project.ok("lock");
        let output = project.try_line("revision --autogenerate -m less");
        assert_eq!(output.status, 0, "{kind:?}: {output}");
        assert!(output.stderr.contains("note: procedure `p` seems to name `a.f`, which goes"), "{kind:?}: {output}");
    }
}

/// `information_schema` has no foreign keys for it.
#[test]
fn a_role_that_may_only_read_sees_foreign_keys() {
    for kind in BOTH {
        let Some(db) = Database::new(*kind) else { continue };
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let tables = "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE b (id int PRIMARY KEY, a_id int, CONSTRAINT fk \
            FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE);";
        project.revision("a1", "<base>", tables, "");
        project.ok("lock");
        project.ok("upgrade head");
        let (complete, user) = (project.ok("print-schema --complete"), format!("{}_r", db.name()));
        db.run(&format!("CREATE USER {user} IDENTIFIED BY 'x'; GRANT SELECT ON {}.* TO {user}", db.name()));
        let url = db.url().replace("root@", &format!("{user}:x@"));
        let seen = project.try_line(&format!("print-schema --complete --database-url {url}"));
        let drift = project.try_line(&format!("check --only drift --database-url {url} --scratch-url {}", db.url()));
        db.run(&format!("DROP USER {user}"));
        assert_eq!(seen.stdout, complete, "{kind:?}: {seen}");
        assert!(seen.stdout.contains("on_delete = \"cascade\""), "{seen}");
        assert_eq!(drift.status, 0, "{kind:?}: {drift}");
    }
}

#[test]
fn what_is_adopted_is_made_again() {
    for kind in BOTH {
        let Some(db) = Database::new(*kind) else { continue };
        let (hidden, sequence) = match kind {
            Kind::Mysql => ("INVISIBLE", ""),
            _ => ("IGNORED", "CREATE SEQUENCE sq INCREMENT BY 3;"),
        };
        db.run(&format!(
            "{sequence} CREATE TABLE t (id int PRIMARY KEY, a varchar(9), b int, KEY ia (a) {hidden}, KEY ib (b) COMMENT \
             'it''s', FULLTEXT KEY ft (a)) DEFAULT CHARSET = latin1; CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW v AS \
             SELECT id FROM t WHERE a <> 'it''s' WITH CASCADED CHECK OPTION"
        ));
        let before = db.shown(&["t".to_owned()]);
        let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", db.url());
        let adopted = project.try_line("init --adopt");
        assert_eq!((adopted.status, adopted.stdout.as_str()), (0, ""), "{kind:?}: {adopted}");
        let checked = project.try_line("check");
        assert_eq!(checked.status, 0, "{kind:?}: {checked}");
        db.recreate("");
        project.ok("upgrade head");
        assert_eq!(db.shown(&["t".to_owned()]), before, "{kind:?}");
        assert_eq!(project.try_line("check --only drift").status, 0);
        db.run("CREATE OR REPLACE ALGORITHM = UNDEFINED SQL SECURITY INVOKER VIEW v AS SELECT id FROM t WHERE a <> 'it''s' \
            WITH CASCADED CHECK OPTION");
        let drift = project.try_line("check --only drift");
        assert!(drift.stdout.contains("changed view `v`"), "{kind:?}: {drift}");
    }
}
