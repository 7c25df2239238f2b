use super::*;
use crate::{Column, DefaultValue, IndexKey, Value};

fn around(dialect: Dialect) -> Surroundings {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    Surroundings {
        dialect,
        database: "zz".into(),
        collations: BTreeMap::from([pair("zz", "utf8mb4_0900_ai_ci")]),
        character_sets: BTreeMap::from([
            pair("latin1", "latin1_swedish_ci"),
            pair("utf8mb4", "utf8mb4_0900_ai_ci"),
            pair("utf8mb3", "utf8mb3_general_ci"),
        ]),
        engine: "InnoDB".into(),
    }
}

/// Reads a table of these lines on MySQL or MariaDB.
fn read(dialect: Dialect, lines: &str, options: &str) -> Table {
    let text = format!("CREATE TABLE `p (` (\n{lines}\n) ENGINE=InnoDB AUTO_INCREMENT=7 {options}");
    super::table(&Name::from_plain("p ("), &text, &around(dialect)).unwrap()
}

const UTF8: &str = "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci";

fn column(dialect: Dialect, line: &str) -> Column {
    read(dialect, line, UTF8).columns.remove(0)
}

fn checks(dialect: Dialect, line: &str) -> Vec<String> {
    read(dialect, line, UTF8).checks().map(|check| check.expression.clone()).collect()
}

#[test]
fn expressions_are_as_they_were_written() {
    for (shown, plain) in [
        ("((`a` in (_utf8mb4'x_utf8mb4',_utf8mb4'y',_utf8mb4'é')))", "`a` in ('x_utf8mb4','y','é')"),
        (r"((`b` <> _utf8mb4'it\'s\\'))", r"`b` <> 'it''s\\'"),
        (r"((`ñ` <> _utf8mb4'\\\''))", r"`ñ` <> '\\'''"),
        ("((`e` <> _latin1'é'))", "`e` <> _latin1'é'"),
        ("(((`a` > 1) or (`b` > 1)))", "(`a` > 1) or (`b` > 1)"),
        (r"((`a` <> _utf8mb4'\n)'))", r"`a` <> '\n)'"),
        ("(((`a`) + (`b`)))", "(`a`) + (`b`)"),
    ] {
        assert_eq!(checks(Dialect::Mysql, &format!("  CONSTRAINT `ck` CHECK {shown}")), [plain], "{shown}");
    }
    let generated = r"`g` varchar(30) GENERATED ALWAYS AS (concat(`ñ`,_utf8mb4'x\\y',_utf8mb4'é')) STORED NOT NULL";
    let generated = column(Dialect::Mysql, generated);
    assert_eq!(generated.generated.unwrap().expression, r"concat(`ñ`,'x\\y','é')");
    assert!(!generated.nullable && generated.attributes.is_none());
}

#[test]
fn defaults_are_values_or_expressions() {
    let text = |text: &str| Some(DefaultValue::Value(Value::Text(text.into())));
    let sql = |sql: &str| Some(DefaultValue::expression(sql));
    let mysql = [
        ("`ñ` varchar(20) DEFAULT 'é''s\\\\'", text("é's\\")),
        ("`a` varchar(10) DEFAULT '0x41'", text("0x41")),
        ("`b` varchar(20) DEFAULT (concat(_utf8mb4'it\\'s',_utf8mb4'x'))", sql("concat('it''s','x')")),
        ("`c` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP", sql("CURRENT_TIMESTAMP")),
        ("`d` datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)", sql("CURRENT_TIMESTAMP(6)")),
        ("`dd` datetime DEFAULT (now())", sql("(now())")),
        ("`de` datetime DEFAULT ((now() + interval 1 day))", sql("now() + interval 1 day")),
        ("`l` bit(8) DEFAULT b'101'", sql("b'101'")),
        ("`m` varbinary(8) DEFAULT '\\0A'", sql("0x0041")),
        ("`n` varbinary(8) DEFAULT 0xFF00", sql("0xFF00")),
        ("`o` int DEFAULT '5' /*!80023 INVISIBLE */", text("5")),
        ("`p` varchar(20) DEFAULT 'line\\ntwo' COMMENT 'DEFAULT ''x'''", text("line\ntwo")),
        ("`q` json DEFAULT NULL", None),
    ];
    for (line, default) in mysql {
        assert_eq!(column(Dialect::Mysql, line).default, default, "{line}");
    }
    let mariadb = [
        ("`b` varchar(20) DEFAULT concat('it\\'s','x')", sql("concat('it''s','x')")),
        ("`c` int DEFAULT (`a` + 1)", sql("(`a` + 1)")),
        ("`s` bigint(20) NOT NULL DEFAULT nextval(`zz`.`sq`)", sql("nextval(`sq`)")),
        ("`t` bigint(20) NOT NULL DEFAULT nextval(`other`.`sq`)", sql("nextval(`other`.`sq`)")),
        ("`n` decimal(10,2) DEFAULT 1.50 COMMENT 'x'", Some(DefaultValue::Value(Value::expression("1.50")))),
        ("`ts` timestamp NULL DEFAULT NULL", None),
        ("`h` int(11) INVISIBLE DEFAULT 3", Some(DefaultValue::Value(Value::Integer(3)))),
    ];
    for (line, default) in mariadb {
        assert_eq!(column(Dialect::Mariadb, line).default, default, "{line}");
    }
}

#[test]
fn what_a_column_says_beyond_its_fields_is_text() {
    let attributes = |dialect, line| column(dialect, line).attributes;
    for (line, said) in [
        ("`h` int DEFAULT '3' /*!80023 INVISIBLE */", "INVISIBLE"),
        ("`k` point NOT NULL /*!80003 SRID 4326 */", "SRID 4326"),
        ("`f` int /*!50606 COLUMN_FORMAT FIXED */ DEFAULT NULL", "COLUMN_FORMAT FIXED"),
        ("`f` int NOT NULL LATER THING", "LATER THING"),
        ("`f` int NULL COMMENT 'x' /*!90900 LATER 'it\\'s' */", "LATER 'it\\'s'"),
        ("`f` int AUTO_INCREMENT LATER", "LATER"),
    ] {
        assert_eq!(attributes(Dialect::Mysql, line).as_deref(), Some(said), "{line}");
    }
    for (line, said) in [
        ("`z` int(11) DEFAULT NULL CHECK (`z` > 0)", "CHECK (`z` > 0)"),
        ("`h` int(11) INVISIBLE DEFAULT 3 CHECK (`h` < 9)", "INVISIBLE CHECK (`h` < 9)"),
        ("`e` timestamp(6) GENERATED ALWAYS AS ROW START", "GENERATED ALWAYS AS ROW START"),
        ("`w` int(11) DEFAULT NULL WITHOUT SYSTEM VERSIONING", "WITHOUT SYSTEM VERSIONING"),
    ] {
        assert_eq!(attributes(Dialect::Mariadb, line).as_deref(), Some(said), "{line}");
    }
    let compressed = column(Dialect::Mariadb, "`co` text /*M!100301 COMPRESSED*/ DEFAULT NULL");
    assert_eq!(compressed.column_type, crate::Type::native("text /*M!100301 COMPRESSED*/"));
    let json = "`j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`j`))";
    let json = column(Dialect::Mariadb, json);
    assert_eq!((json.column_type, json.collation, json.attributes), (crate::Type::native("json"), None, None));
}

#[test]
fn a_collation_is_said_where_it_is_not_that_of_the_table() {
    let lines = "`a` varchar(10) CHARACTER SET latin1 DEFAULT 'é',\n`b` char(3) COLLATE utf8mb4_bin,\n\
        `c` text CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci";
    let of = |table: &Table| table.columns.iter().map(|c| c.collation.clone()).collect::<Vec<_>>();
    let some = |text: &str| Some(text.to_owned());
    let plain = read(Dialect::Mysql, lines, UTF8);
    assert_eq!(of(&plain), [some("latin1_swedish_ci"), some("utf8mb4_bin"), None]);
    assert!(plain.options.is_empty());
    let latin = read(Dialect::Mysql, lines, "DEFAULT CHARSET=latin1");
    assert_eq!(of(&latin), [None, some("utf8mb4_bin"), some("utf8mb4_0900_ai_ci")]);
    assert_eq!(latin.options[0].sql, "DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci");
}

#[test]
fn options_are_kept_unless_they_go_without_saying() {
    for (dialect, shown, said) in [
        (Dialect::Mysql, "ROW_FORMAT=DYNAMIC COMMENT='ta''ble'", "ROW_FORMAT=DYNAMIC"),
        (Dialect::Mysql, "STATS_PERSISTENT=0 /*!80016 ENCRYPTION='Y' */", "STATS_PERSISTENT=0 ENCRYPTION='Y'"),
        (
            Dialect::Mysql,
            "\n/*!50100 PARTITION BY RANGE (year(`d`))\n(PARTITION p0 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */",
            "PARTITION BY RANGE (year(`d`))\n(PARTITION p0 VALUES LESS THAN MAXVALUE ENGINE = InnoDB)",
        ),
        (Dialect::Mariadb, "`page_compressed`='1' COMMENT='x'", "`page_compressed`='1'"),
        (Dialect::Mariadb, "\n PARTITION BY HASH (`id`)\nPARTITIONS 3", "PARTITION BY HASH (`id`)\nPARTITIONS 3"),
        (Dialect::Mariadb, "LATER", "LATER"),
    ] {
        let table = read(dialect, "`id` int", &format!("{UTF8} {shown}"));
        assert_eq!(table.options[0].sql, said, "{shown}");
        assert_eq!(table.options[0].dialect, dialect);
    }
    let table = read(Dialect::Mysql, "`id` int", &format!("{UTF8} COMMENT='ta''ble'"));
    assert_eq!((table.comment.as_deref(), table.options.len()), (Some("ta'ble"), 0));
    let text = "CREATE TABLE `t` (\n  `id` int\n) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci";
    let myisam = super::table(&Name::from_plain("t"), text, &around(Dialect::Mysql)).unwrap();
    assert_eq!(myisam.options[0].sql, "ENGINE=MyISAM");
}

#[test]
fn indexes_have_their_order_and_constraints_their_rules() {
    let lines = "`a` int,\n  PRIMARY KEY (`a`),\n  UNIQUE KEY `uq` (`a`,`b`),\n  UNIQUE KEY `ud` (`b` DESC) USING BTREE,\n  \
        KEY `ix` (((`f` * 2)) DESC,`a`(3)),\n  KEY `hs` (`o`) USING HASH,\n  CONSTRAINT `fk` FOREIGN KEY (`p`, `q`) \
        REFERENCES `o`.`p` (`x`, `y`) ON DELETE CASCADE ON UPDATE SET NULL";
    let table = read(Dialect::Mysql, lines, UTF8);
    assert!(table.others.is_empty(), "{:?}", table.others);
    let keys: Vec<&[IndexKey]> = table.indexes.iter().map(|index| &index.keys[..]).collect();
    let written = |text: &str| IndexKey::Written(text.to_owned());
    assert_eq!(keys[0], [IndexKey::from("o")]);
    assert_eq!(keys[1], [written("((`f` * 2)) DESC"), written("`a`(3)")]);
    assert_eq!(keys[2], [IndexKey::Descending("b".into())]);
    let methods: Vec<Option<&str>> = table.indexes.iter().map(|index| index.method.as_deref()).collect();
    assert_eq!(methods, [Some("hash"), None, None]);
    let [Constraint::PrimaryKey(_), Constraint::Unique(unique), Constraint::ForeignKey(key)] = &table.constraints[..]
    else {
        panic!("{:?}", table.constraints)
    };
    assert_eq!(unique.columns, ["a", "b"]);
    assert_eq!((key.columns.len(), key.referred_table.to_string()), (2, "o.p".to_owned()));
    assert!(key.on_delete.is_some() && key.on_update.is_some());
}

#[test]
fn what_a_line_says_beyond_its_fields_is_a_statement() {
    for (dialect, line, kind, said) in [
        (Dialect::Mysql, "KEY `i` (`a`) /*!80000 INVISIBLE */", "index", "KEY `i` (`a`) INVISIBLE"),
        (Dialect::Mysql, "KEY `i` (`a` DESC) COMMENT 'it''s'", "index", "KEY `i` (`a` DESC) COMMENT 'it''s'"),
        (Dialect::Mysql, "UNIQUE KEY `i` (`a`) LATER", "unique index", "UNIQUE KEY `i` (`a`) LATER"),
        (
            Dialect::Mysql,
            "FULLTEXT KEY `i` (`a`) /*!50100 WITH PARSER `ngram` */ ",
            "fulltext index",
            "FULLTEXT KEY `i` (`a`) WITH PARSER `ngram`",
        ),
        (
            Dialect::Mysql,
            "CONSTRAINT `i` CHECK ((`a` <> _utf8mb4'x')) /*!80016 NOT ENFORCED */",
            "check",
            "CONSTRAINT `i` CHECK ((`a` <> 'x')) NOT ENFORCED",
        ),
        (Dialect::Mariadb, "KEY `i` (`a`) IGNORED", "index", "KEY `i` (`a`) IGNORED"),
        (Dialect::Mariadb, "VECTOR KEY `i` (`a`) `M`=8", "vector index", "VECTOR KEY `i` (`a`) `M`=8"),
        (
            Dialect::Mariadb,
            "UNIQUE KEY `i` (`a`,`p` WITHOUT OVERLAPS)",
            "unique index",
            "UNIQUE KEY `i` (`a`,`p` WITHOUT OVERLAPS)",
        ),
        (
            Dialect::Mysql,
            "CONSTRAINT `i` FOREIGN KEY (`a`) REFERENCES `o` (`b`) LATER",
            "foreign key",
            "CONSTRAINT `i` FOREIGN KEY (`a`) REFERENCES `o` (`b`) LATER",
        ),
    ] {
        let table = read(dialect, &format!("`a` int,\n  {line}"), UTF8);
        assert!(table.constraints.is_empty() && table.indexes.is_empty(), "{line}");
        let [other] = &table.others[..] else { panic!("{line}: {:?}", table.others) };
        assert_eq!((other.kind.as_str(), other.name.name.as_str()), (kind, "i"), "{line}");
        assert_eq!(other.definition, format!("ALTER TABLE `p (` ADD {said}"));
    }
    let keyed = read(Dialect::Mysql, "`a` int NOT NULL,\n  PRIMARY KEY (`a`) COMMENT 'x'", UTF8);
    assert_eq!(keyed.primary_key(), ["a"]);
    assert_eq!(keyed.others[0].definition, "ALTER TABLE `p (` DROP PRIMARY KEY, ADD PRIMARY KEY (`a`) COMMENT 'x'");
}

#[test]
fn a_view_is_the_same_whoever_defined_it() {
    let view = "CREATE ALGORITHM=MERGE DEFINER=`root`@`localhost` SQL SECURITY INVOKER VIEW `v` AS select \
        `zz`.`t`.`a` AS `a` from `zz`.`t` where (`t`.`zz` = _utf8mb4'it\\'s') WITH CASCADED CHECK OPTION";
    let plain_text = "CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW `v` AS select `t`.`a` AS `a` from `t` where \
        (`t`.`zz` = 'it''s') WITH CASCADED CHECK OPTION";
    assert_eq!(plain(view, &around(Dialect::Mysql)), plain_text);
}

#[test]
fn a_trigger_is_known_by_its_body() {
    let body = |text: &str| super::trigger_body(text, &around(Dialect::Mysql));
    let text = "CREATE DEFINER=`root`@`%` TRIGGER `for` BEFORE INSERT ON `t` for each  row follows `u` BEGIN\n  \
                SET NEW.a = 'it\\'s'; -- x\n  SET @x = _utf8mb4'y';\nEND";
    assert_eq!(body(text).unwrap(), "BEGIN\n  SET NEW.a = 'it''s'; -- x\n  SET @x = 'y';\nEND");
    assert_eq!(body("CREATE TRIGGER t BEFORE INSERT ON t"), None);
}
