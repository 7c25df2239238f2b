CREATE EXTENSION btree_gist;
CREATE TABLE rooms (id int4range, during tsrange NOT NULL, n integer, CONSTRAINT rooms_key PRIMARY KEY (id, n), CONSTRAINT rooms_once UNIQUE (id, during WITHOUT OVERLAPS));
CREATE TABLE stays (id integer PRIMARY KEY, room int4range, during tsrange, CONSTRAINT stays_room FOREIGN KEY (room, PERIOD during) REFERENCES rooms (id, PERIOD during));
CREATE TABLE lax (id integer PRIMARY KEY, n integer, CONSTRAINT lax_n CHECK (n > 0) NOT ENFORCED, parent integer, CONSTRAINT lax_parent FOREIGN KEY (parent) REFERENCES lax (id) NOT ENFORCED);
CREATE TABLE stored (id integer PRIMARY KEY, name text, up text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE named (id integer PRIMARY KEY, n integer CONSTRAINT named_n NOT NULL, m integer);
ALTER TABLE named ADD CONSTRAINT named_m NOT NULL m NOT VALID;
CREATE TABLE "plain" (id integer PRIMARY KEY, t text STORAGE EXTERNAL COMPRESSION lz4);
CREATE INDEX plain_parallel ON "plain" USING gin (to_tsvector('simple', t));
