//! Extensions that only a superuser may create, in a database whose owner is none.

use alembic_sql::{Dialect, server::Quoted};

/// The schema of our functions in a scratch database.
pub(crate) const SCHEMA: &str = "alembic_scratch";

/// Returns what lets a role create extensions, and nothing else that a superuser may do.
///
/// The server calls the first function before `CREATE EXTENSION` and the second after it, in the same transaction, as
/// the superuser who made them: the role has the right while that command runs. Should the command fail, the grant of the
/// right is rolled back with it. The functions that came with an extension go to the superuser: what only their owner
/// may call is called by nobody. An extension that reaches other servers, files or programs is undone.
pub(super) fn install(role: &str) -> String {
    let (name, literal) = (Quoted::name(Dialect::Postgres, role), Quoted::literal(Dialect::Postgres, role));
    format!(
        "CREATE SCHEMA {SCHEMA};
CREATE FUNCTION {SCHEMA}.begin_extension() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    IF session_user = {literal} THEN
        ALTER ROLE {name} SUPERUSER;
    END IF;
END
$body$;
CREATE FUNCTION {SCHEMA}.end_extension() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    item text;
BEGIN
    ALTER ROLE {name} NOSUPERUSER;
    SELECT extname INTO item FROM pg_extension WHERE extname ~ '{REACHING}';
    IF FOUND THEN
        RAISE EXCEPTION 'extension \"%\" reaches beyond its database', item USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR item IN SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_depend d
        ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        WHERE p.proowner = {literal}::regrole
    LOOP
        EXECUTE 'ALTER ROUTINE ' || item || ' OWNER TO CURRENT_USER';
    END LOOP;
END
$body$;
CREATE EVENT TRIGGER alembic_begin_extension ON ddl_command_start
    WHEN TAG IN ('CREATE EXTENSION') EXECUTE PROCEDURE {SCHEMA}.begin_extension();
CREATE EVENT TRIGGER alembic_end_extension ON ddl_command_end
    WHEN TAG IN ('CREATE EXTENSION') EXECUTE PROCEDURE {SCHEMA}.end_extension()"
    )
}

/// Extensions that reach other servers, files, programs or the server itself.
const REACHING: &str = "^(.*_fdw|dblink|adminpack|http|plsh|pg_background|pg_cron|pg_net|pldbgapi)$";
