CREATE SCHEMA away;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE EXTENSION hstore SCHEMA away;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN zip AS text NOT NULL DEFAULT 'none' CONSTRAINT five CHECK (length(VALUE) >= 4);
CREATE COLLATION numeric_order (provider = icu, locale = 'en-u-kn-true');
CREATE FUNCTION lowered(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE SEQUENCE counter AS smallint INCREMENT 2 MINVALUE 3 MAXVALUE 99 START 5 CACHE 4 CYCLE;

-- Indexes.
CREATE TABLE d (id bigint PRIMARY KEY, a text NOT NULL, b integer, t text, j jsonb, r int4range, p point);
CREATE INDEX d_plain ON d (b);
CREATE INDEX d_descending ON d (b DESC, t);
CREATE INDEX d_nulls ON d (b DESC NULLS LAST, t ASC NULLS FIRST);
CREATE INDEX d_expression ON d ((b + 1), lower(a));
CREATE INDEX d_partial ON d (b) WHERE t IS NOT NULL AND b > 5;
CREATE UNIQUE INDEX d_unique ON d (b, t);
CREATE UNIQUE INDEX d_not_distinct ON d (b, t) NULLS NOT DISTINCT;
CREATE INDEX d_include ON d (b) INCLUDE (t, id);
CREATE INDEX d_collation ON d (a COLLATE "C");
CREATE INDEX d_own_collation ON d (a COLLATE numeric_order);
CREATE INDEX d_class ON d (a text_pattern_ops);
CREATE INDEX d_class_and_all ON d (a COLLATE "C" text_pattern_ops DESC NULLS LAST);
CREATE INDEX d_hash ON d USING hash (a);
CREATE INDEX d_gin ON d USING gin (j jsonb_path_ops);
CREATE INDEX d_gin_options ON d USING gin (j) WITH (fastupdate = off, gin_pending_list_limit = 128);
CREATE INDEX d_gist ON d USING gist (r);
CREATE INDEX d_spgist ON d USING spgist (p);
CREATE INDEX d_brin ON d USING brin (b) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX d_brin_class ON d USING brin (b int4_minmax_multi_ops (values_per_range = 16));
CREATE INDEX d_trigrams ON d USING gist (a gist_trgm_ops (siglen = 64));
CREATE INDEX d_fill ON d (b) WITH (fillfactor = 70);
CREATE INDEX d_deduplicate ON d (t) WITH (deduplicate_items = off);
CREATE INDEX d_mixed ON d (lowered(a), b DESC) INCLUDE (t) WITH (fillfactor = 60) WHERE b < 3;
ALTER INDEX d_expression ALTER COLUMN 1 SET STATISTICS 300;
COMMENT ON INDEX d_plain IS 'it''s plain';

-- Constraints.
CREATE TABLE keyed (a integer, b integer, c integer NOT NULL, CONSTRAINT keyed_by PRIMARY KEY (a, b) INCLUDE (c) WITH (fillfactor = 80));
CREATE TABLE pairs (id integer PRIMARY KEY, a integer NOT NULL, b integer NOT NULL, t text,
    CONSTRAINT pairs_two UNIQUE (a, b),
    CONSTRAINT pairs_distinct UNIQUE NULLS NOT DISTINCT (t),
    CONSTRAINT pairs_deferred UNIQUE (b, a) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT pairs_deferrable UNIQUE (t, a) DEFERRABLE,
    CONSTRAINT pairs_include UNIQUE (a) INCLUDE (t),
    CONSTRAINT pairs_positive CHECK (a > 0 AND b > 0),
    CONSTRAINT pairs_not_inherited CHECK (a < 100) NO INHERIT);
ALTER TABLE pairs ADD CONSTRAINT pairs_not_valid CHECK (b < 1000) NOT VALID;
COMMENT ON CONSTRAINT pairs_two ON pairs IS 'two of them';
CREATE TABLE refers (id integer PRIMARY KEY, a integer DEFAULT 1, b integer, c integer,
    CONSTRAINT refers_full FOREIGN KEY (a, b) REFERENCES pairs (a, b) MATCH FULL,
    CONSTRAINT refers_some FOREIGN KEY (a, b) REFERENCES pairs (a, b) ON DELETE SET NULL (b),
    CONSTRAINT refers_default FOREIGN KEY (b, a) REFERENCES pairs (a, b) ON DELETE SET DEFAULT (a) ON UPDATE CASCADE,
    CONSTRAINT refers_plain FOREIGN KEY (c) REFERENCES pairs ON UPDATE RESTRICT ON DELETE SET NULL,
    CONSTRAINT refers_deferred FOREIGN KEY (c) REFERENCES d DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE keyed_target (id integer PRIMARY KEY);
ALTER TABLE refers ADD CONSTRAINT refers_not_valid FOREIGN KEY (c) REFERENCES keyed_target (id) NOT VALID;
CREATE TABLE bookings (id integer PRIMARY KEY, room integer NOT NULL, during tsrange NOT NULL, cancelled boolean,
    CONSTRAINT bookings_no_overlap EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled),
    CONSTRAINT bookings_deferred EXCLUDE USING btree (room WITH =) DEFERRABLE);

-- What a table is.
CREATE UNLOGGED TABLE fast (id integer PRIMARY KEY);
CREATE TABLE tuned (id integer PRIMARY KEY, t text) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);
CREATE TABLE typed OF pair (PRIMARY KEY (a));
CREATE TABLE "Odd ""Name" ("A column" integer PRIMARY KEY, "select" text) WITH (fillfactor = 50);
COMMENT ON TABLE tuned IS 'it''s tuned';

-- Columns.
CREATE TABLE filled (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    external text,
    main text,
    plain text,
    squeezed text COMPRESSION pglz,
    counted integer,
    estimated integer,
    sorted text COLLATE "C",
    own_sorted text COLLATE numeric_order,
    zip zip,
    mood mood DEFAULT 'ok',
    moods mood[],
    pair pair,
    next integer DEFAULT nextval('counter'),
    doubled integer GENERATED ALWAYS AS (counted * 2) STORED,
    stored_unique text GENERATED ALWAYS AS (upper(main)) STORED UNIQUE,
    at timestamp(3) with time zone DEFAULT now(),
    label text DEFAULT 'it''s'
);
ALTER TABLE filled ALTER COLUMN external SET STORAGE EXTERNAL, ALTER COLUMN main SET STORAGE MAIN, ALTER COLUMN plain SET STORAGE PLAIN;
ALTER TABLE filled ALTER COLUMN counted SET STATISTICS 500, ALTER COLUMN estimated SET (n_distinct = 100, n_distinct_inherited = 7);
COMMENT ON COLUMN filled.counted IS 'counted';

-- What is attached to a table.
CREATE TABLE watched (id integer PRIMARY KEY, t text, n integer, CONSTRAINT watched_t UNIQUE (t));
ALTER TABLE watched ALTER COLUMN t SET NOT NULL;
ALTER TABLE watched REPLICA IDENTITY USING INDEX watched_t;
ALTER TABLE watched CLUSTER ON watched_pkey;
CREATE TABLE whole (id integer PRIMARY KEY);
ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE TABLE nothing (id integer PRIMARY KEY);
ALTER TABLE nothing REPLICA IDENTITY NOTHING;
CREATE TRIGGER watched_before BEFORE INSERT OR UPDATE OF t, n ON watched FOR EACH ROW WHEN (NEW.n > 0) EXECUTE FUNCTION touched();
CREATE TRIGGER watched_after AFTER DELETE ON watched REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION touched('a', 'b');
CREATE CONSTRAINT TRIGGER watched_constraint AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touched();
CREATE TRIGGER watched_disabled BEFORE TRUNCATE ON watched EXECUTE FUNCTION touched();
ALTER TABLE watched DISABLE TRIGGER watched_disabled;
CREATE TRIGGER watched_always BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION touched();
ALTER TABLE watched ENABLE ALWAYS TRIGGER watched_always;
CREATE TRIGGER watched_replica BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION touched();
ALTER TABLE watched ENABLE REPLICA TRIGGER watched_replica;
COMMENT ON TRIGGER watched_before ON watched IS 'before';
CREATE RULE watched_log AS ON INSERT TO watched WHERE NEW.n < 0 DO ALSO INSERT INTO whole VALUES (NEW.id);
CREATE RULE watched_never AS ON DELETE TO watched DO INSTEAD NOTHING;
ALTER TABLE watched DISABLE RULE watched_never;
COMMENT ON RULE watched_log ON watched IS 'logs';
CREATE STATISTICS watched_both (ndistinct, dependencies) ON t, n FROM watched;
CREATE STATISTICS watched_expression ON (n + 1), (lower(t)) FROM watched;
ALTER STATISTICS watched_both SET STATISTICS 200;
COMMENT ON STATISTICS watched_both IS 'both';

-- Who may see what.
CREATE TABLE docs (id integer PRIMARY KEY, tenant integer NOT NULL);
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
ALTER TABLE docs FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON docs AS RESTRICTIVE USING (tenant = 1);
CREATE POLICY reads ON docs FOR SELECT TO PUBLIC USING (true);
CREATE POLICY writes ON docs FOR INSERT WITH CHECK (tenant > 0);
CREATE POLICY changes ON docs FOR UPDATE TO CURRENT_USER USING (tenant = 1) WITH CHECK (tenant = 2);
CREATE POLICY deletes ON docs FOR DELETE USING (false);
COMMENT ON POLICY own ON docs IS 'own';

-- Partitioned tables.
CREATE TABLE events (id bigint NOT NULL, day date NOT NULL, kind text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE INDEX events_kind ON events (kind);
CREATE UNIQUE INDEX events_distinct ON events (kind, day) NULLS NOT DISTINCT;
CREATE TABLE listed (id integer, kind text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE hashed (id integer PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE computed (id integer NOT NULL, at timestamptz) PARTITION BY RANGE (date_part('year', at AT TIME ZONE 'UTC'), id);
CREATE TABLE notes (id integer PRIMARY KEY, event bigint, day date, FOREIGN KEY (event, day) REFERENCES events (id, day));

-- Objects.
CREATE AGGREGATE total (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
CREATE TYPE spans AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TEXT SEARCH DICTIONARY plainly (TEMPLATE = simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION plainly (COPY = simple);
CREATE TABLE loose (id integer, n integer);
CREATE VIEW guarded WITH (security_barrier = true, check_option = local) AS SELECT id FROM loose;
CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM loose;
CREATE UNIQUE INDEX counts_n ON counts (n);
COMMENT ON TYPE mood IS 'mood';
COMMENT ON DOMAIN zip IS 'zip';
COMMENT ON FUNCTION touched() IS 'touches';
COMMENT ON VIEW guarded IS 'guarded';
COMMENT ON COLUMN guarded.id IS 'the id';
COMMENT ON SEQUENCE counter IS 'counts';
