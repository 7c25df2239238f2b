//! PostgreSQL: `DO` blocks check, `psql` skips.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, Piece, pieces, wording::place};

use super::{
    safeguards::{Made, Safeguards},
    text::Text,
};
use crate::version_table::{RowOperation, VersionTable};

const DIALECT: Dialect = Dialect::Postgres;

/// What the session remembers of the script.
const RUN: &str = "alembic.script_run";
const SCHEMA: &str = "alembic.script_schema";
const SETTINGS: &str = "alembic.script_settings";

/// The settings of the session, as one value.
const READ_SETTINGS: &str = "(jsonb_build_object('role', current_setting('role'), 'session_authorization', session_user)
            || (SELECT coalesce(jsonb_object_agg(name, setting), '{}') FROM pg_catalog.pg_settings WHERE source = 'session'))::text";

pub(super) struct Postgres<'a> {
    pub(super) table: &'a VersionTable,
    /// Whether the settings of the session are needed later.
    pub(super) keeps_settings: bool,
    /// The schemas that revisions create.
    pub(super) schemas: &'a [String],
}

impl Postgres<'_> {
    fn table(&self) -> String {
        self.table.qualified(DIALECT)
    }

    /// Returns the query for the rows as one text, null if there are none; `into` is a variable for it.
    fn found(&self, into: &str) -> String {
        let rows = "string_agg(version_num, ', ' ORDER BY version_num COLLATE \"C\")";
        format!("SELECT {rows} {into}FROM {}", self.table())
    }

    fn key(&self) -> String {
        self.table.advisory_key(&format!("current_setting('{SCHEMA}')"))
    }

    /// Returns the statements that remember what is needed later.
    fn remember(&self) -> Vec<String> {
        let set = |name: &str, value: &str| format!("PERFORM set_config('{name}', {value}, false);");
        let mut lines = vec![
            set(RUN, "md5(random()::text || clock_timestamp()::text)::uuid::text"),
            set(SCHEMA, &self.table.schema_on_postgres()),
        ];
        if self.keeps_settings {
            lines.push(set(SETTINGS, READ_SETTINGS));
        }
        lines
    }

    /// A version table that is found further along the search path may be another application's.
    fn check_place(&self) -> Vec<String> {
        if self.table.schema().is_some() {
            return Vec::new();
        }
        let place = format!("current_setting('{SCHEMA}')");
        let made = if self.schemas.is_empty() {
            String::new()
        } else {
            format!(" AND current_schema() NOT IN ({})", literals(self.schemas))
        };
        let name = self.table.name();
        vec![
            format!("IF {place} <> current_schema(){made} THEN"),
            format!("    RAISE EXCEPTION 'the version table is in the schema %, and would be made in %; nothing was changed', {place}, current_schema()"),
            format!("        USING HINT = {};", DIALECT.literal(&format!("name the schema that is meant, as in `version-table = \"public.{name}\"`, and write the script again"))),
            "END IF;".to_owned(),
        ]
    }

    /// Adds a statement that creates one of our tables, beside the others if a revision has made a schema that now comes
    /// before theirs.
    fn create(&self, sql: &str, out: &mut Text) {
        if self.schemas.is_empty() || self.table.schema().is_some() {
            return out.statement(sql);
        }
        let set = |path: &str| format!("PERFORM set_config('search_path', {path}, true);");
        let there = set(&format!("quote_ident(current_setting('{SCHEMA}'))"));
        let body = [there, format!("{sql};"), set("path")];
        out.statement(&block(&["path text := current_setting('search_path');"], &body));
    }

    fn check_found(&self, made: &Made) -> Vec<String> {
        let table = DIALECT.literal(&self.table());
        let refusal = made.refusal();
        let (filter, wrong) = match &made.known {
            None => (String::new(), format!("coalesce(found, '') <> {}", DIALECT.literal(&made.rows.join(", ")))),
            Some(known) => (format!(" WHERE version_num NOT IN ({})", literals(known)), "found IS NOT NULL".to_owned()),
        };
        let read = self.found("INTO found ");
        vec![
            format!("IF to_regclass({table}) IS NOT NULL THEN"),
            format!("    {read}{filter};"),
            "END IF;".to_owned(),
            format!("IF {wrong} THEN"),
            format!(
                "    RAISE EXCEPTION '{refusal}, and this one is at %; nothing was changed', coalesce(found, 'base');"
            ),
            "END IF;".to_owned(),
        ]
    }

    fn check_unfinished(&self) -> Vec<String> {
        vec![
            format!("IF to_regclass({}) IS NOT NULL THEN", DIALECT.literal(&self.table.qualified_log(DIALECT))),
            format!("    found := ({});", self.table.unfinished(DIALECT)),
            "    IF found IS NOT NULL THEN".to_owned(),
            "        RAISE EXCEPTION 'revision % was begun and has not come to its end; nothing was changed', found".to_owned(),
            "            USING HINT = 'run `cargo alembic upgrade` or `downgrade` on this database: it goes on where the step stopped';".to_owned(),
            "    END IF;".to_owned(),
            "END IF;".to_owned(),
        ]
    }
}

impl Safeguards for Postgres<'_> {
    fn open(&self, out: &mut Text) {
        out.comment(
            "psql goes on after an error unless it is told not to. Take this line out for another client that stops.",
        );
        out.client_command("\\set ON_ERROR_STOP on");
        out.comment("This file is UTF-8.");
        out.statement("SET client_encoding = 'UTF8'");
        out.statement("SET row_security = off");
        out.statement("SET standard_conforming_strings = on");
    }

    fn begin(&self, out: &mut Text) {
        out.statement("BEGIN");
    }

    fn guard(&self, made: &Made, out: &mut Text) {
        let lock = if made.one_transaction { "pg_try_advisory_xact_lock" } else { "pg_try_advisory_lock" };
        let taken = [
            format!("IF NOT {lock}({}) THEN", self.key()),
            "    RAISE EXCEPTION 'another program migrates this database; nothing was changed';".to_owned(),
            "END IF;".to_owned(),
        ];
        let checks = [self.check_place(), self.check_found(made), self.check_unfinished()];
        let body = [self.remember(), taken.to_vec(), checks.concat()].concat();
        out.statement(&block(&["found text;"], &body));
        if made.from_base || made.known.is_some() {
            self.create(&self.table.create(DIALECT), out);
        }
        self.create(&self.table.create_log(DIALECT), out);
        self.create(&self.table.create_lock(DIALECT), out);
    }

    fn check_rows(&self, rows: &[String], out: &mut Text) {
        let expected = DIALECT.literal(&rows.join(", "));
        let body = [
            format!("IF coalesce(({}), '') <> {expected} THEN", self.found("")),
            format!(
                "    RAISE EXCEPTION 'the version table does not say %, which the next step needs', {};",
                DIALECT.literal(&place(rows))
            ),
            "END IF;".to_owned(),
        ];
        self.own(&block(&[], &body), false, out);
    }

    fn change_row(&self, operation: &RowOperation, out: &mut Text) {
        let change = self.table.change(DIALECT, operation);
        let row = match operation {
            // A second row of the same name violates the primary key.
            RowOperation::Insert(_) => return out.statement(&change),
            RowOperation::Update { from, .. } => from,
            RowOperation::Delete(row) => row,
        };
        let body = [
            format!("{change};"),
            "IF NOT FOUND THEN".to_owned(),
            format!("    RAISE EXCEPTION 'the version table has no row %', {};", DIALECT.literal(row)),
            "END IF;".to_owned(),
        ];
        out.statement(&block(&[], &body));
    }

    /// A revision may have changed the search path, and goes on with it.
    fn own(&self, sql: &str, moved: bool, out: &mut Text) {
        if !moved || self.table.schema().is_some() {
            return out.statement(sql);
        }
        let path = format!("PERFORM set_config('search_path', quote_ident(current_setting('{SCHEMA}')), true);");
        out.statement(&block(&[], &[path, format!("{sql};")]));
    }

    /// `psql` counts each `BEGIN`, `CASE` and `END` of a body, names among them, and may cut it: to the client it is a
    /// text.
    fn of_revision(&self, sql: &str, _foreign_keys: bool, out: &mut Text) {
        if self.watches(sql) {
            return out.statement(&block(&[], &[format!("EXECUTE {};", dollar_quoted("alembic_body", sql))]));
        }
        out.of_revision(sql);
    }

    fn watches(&self, statement: &str) -> bool {
        let pieces = pieces(statement, DIALECT).unwrap_or_default();
        let is = |piece: &Piece, word: &str| !piece.quoted && statement[piece.range.clone()].eq_ignore_ascii_case(word);
        pieces.first().is_some_and(|first| is(first, "CREATE"))
            && pieces.windows(2).any(|pair| is(&pair[0], "BEGIN") && is(&pair[1], "ATOMIC"))
    }

    fn restore_settings(&self, out: &mut Text) {
        out.comment("What the revision has set is set back.");
        let body = [
            "IF session_user <> kept ->> 'session_authorization' THEN",
            "    PERFORM set_config('session_authorization', kept ->> 'session_authorization', false);",
            "END IF;",
            "PERFORM set_config('role', kept ->> 'role', false);",
            "FOR changed IN SELECT name FROM pg_catalog.pg_settings WHERE source = 'session' AND kept -> name IS NULL LOOP",
            "    EXECUTE format('RESET %I', changed.name);",
            "END LOOP;",
            "FOR changed IN SELECT key AS name, value FROM jsonb_each_text(kept - 'role' - 'session_authorization') LOOP",
            "    PERFORM set_config(changed.name, changed.value, false);",
            "END LOOP;",
        ];
        let kept = format!("kept jsonb := current_setting('{SETTINGS}');");
        out.statement(&block(&[&kept, "changed record;"], &body.map(str::to_owned)));
    }

    fn check(&self, condition: &str, problem: &str, out: &mut Text) {
        let raise = format!("    RAISE EXCEPTION '%; nothing was changed', {};", DIALECT.literal(problem));
        out.statement(&block(&[], &[format!("IF NOT {condition} THEN"), raise, "END IF;".to_owned()]));
    }

    fn list_applied(&self, edges: &BTreeSet<(String, String)>, out: &mut Text) {
        out.line("CREATE TEMPORARY TABLE IF NOT EXISTS alembic_applied (revision VARCHAR(32) PRIMARY KEY)");
        out.line("DELETE FROM alembic_applied");
        let pairs: Vec<String> =
            edges.iter().map(|(a, b)| format!("({}, {})", DIALECT.literal(a), DIALECT.literal(b))).collect();
        let values =
            if pairs.is_empty() { "SELECT NULL, NULL".to_owned() } else { format!("VALUES {}", pairs.join(", ")) };
        out.statement(&format!(
            "INSERT INTO alembic_applied WITH RECURSIVE edges (revision, parent) AS ({values}), applied (revision) AS (\n    \
             SELECT version_num::text FROM {}\n    UNION SELECT edges.parent FROM edges JOIN applied USING (revision)\n) \
             SELECT revision FROM applied",
            self.table()
        ));
    }

    fn begin_condition(&self, condition: &str, out: &mut Text) {
        out.client_command(&format!("SELECT {condition} AS alembic_needed \\gset\n\\if :alembic_needed"));
    }

    fn end_condition(&self, out: &mut Text) {
        out.client_command("\\endif");
    }

    fn close(&self, made: &Made, out: &mut Text) {
        out.statement("RESET client_encoding");
        out.statement("RESET row_security");
        out.statement("RESET standard_conforming_strings");
        if !made.one_transaction {
            out.statement(&block(&[], &[format!("PERFORM pg_advisory_unlock({});", self.key())]));
        }
    }
}

fn literals(texts: &[String]) -> String {
    texts.iter().map(|text| DIALECT.literal(text)).collect::<Vec<_>>().join(", ")
}

/// Writes a block of statements, quoted by dollars that are not in them.
fn block(variables: &[&str], body: &[String]) -> String {
    let indented =
        |lines: &mut dyn Iterator<Item = &str>| lines.map(|line| format!("    {line}\n")).collect::<String>();
    let declare = if variables.is_empty() { "" } else { "DECLARE\n" };
    let variables = indented(&mut variables.iter().copied());
    let body = indented(&mut body.iter().map(String::as_str));
    format!("DO {}", dollar_quoted("alembic", &format!("\n{declare}{variables}BEGIN\n{body}END\n")))
}

/// Quotes a text by dollars with a tag that is not in it.
fn dollar_quoted(tag: &str, text: &str) -> String {
    let mut tag = format!("${tag}$");
    while text.contains(&tag) {
        tag.insert(tag.len() - 1, '_');
    }
    format!("{tag}{text}{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psql_sees_no_body_that_it_would_cut() {
        let table = VersionTable::new("alembic_version");
        let postgres = Postgres { table: &table, keeps_settings: false, schemas: &[] };
        let body = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END end; SELECT 2; END";
        assert!(postgres.watches(body));
        assert!(!postgres.watches("CREATE TABLE t (begin int, \"BEGIN\" int DEFAULT length('BEGIN ATOMIC'))"));
        let mut out = Text::default();
        postgres.of_revision(body, true, &mut out);
        let expected =
            format!("DO $alembic$\nBEGIN\n    EXECUTE $alembic_body${body}$alembic_body$;\nEND\n$alembic$;\n\n");
        assert_eq!(out.into_string(), expected);
    }

    #[test]
    fn a_block_cannot_be_broken_out_of() {
        let written = block(&[], &["PERFORM '$alembic$';".to_owned()]);
        assert_eq!(written, "DO $alembic_$\nBEGIN\n    PERFORM '$alembic$';\nEND\n$alembic_$");
    }
}
