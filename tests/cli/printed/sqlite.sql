CREATE TABLE "Users" (
    "Id" INTEGER PRIMARY KEY,
    "type" TEXT NOT NULL,
    "Full Name" VARCHAR(100),
    score NUMERIC(10, 2),
    flag TINYINT(1),
    born DATE,
    seen DATETIME DEFAULT CURRENT_TIMESTAMP,
    picture BLOB,
    anything,
    big BIGINT,
    ratio REAL,
    share DOUBLE PRECISION,
    small SMALLINT NOT NULL DEFAULT 0,
    code CHARACTER(20) COLLATE NOCASE,
    total AS (small * 2) STORED,
    CHECK (length("type") > 0)
);
CREATE TABLE transfers (
    id INTEGER PRIMARY KEY NOT NULL,
    from_user INTEGER NOT NULL REFERENCES "Users" ("Id") ON DELETE CASCADE,
    to_user INTEGER NOT NULL REFERENCES "Users" ("Id")
);
CREATE TABLE parts (a INTEGER NOT NULL, b TEXT NOT NULL, "select" INTEGER, PRIMARY KEY (b, a));
CREATE TABLE "order" (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER, b TEXT, FOREIGN KEY (b, a) REFERENCES parts (b, a));
CREATE TABLE loose (x INTEGER);
CREATE UNIQUE INDEX users_name ON "Users" (lower("Full Name")) WHERE flag = 1;
CREATE VIEW flagged AS SELECT * FROM "Users" WHERE flag = 1;
