CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE "Level" AS ENUM ('low', 'high');
CREATE TABLE "Users" (
    "Id" SERIAL PRIMARY KEY,
    "type" TEXT NOT NULL,
    "Full Name" VARCHAR(100),
    state mood NOT NULL DEFAULT 'ok',
    levels "Level"[],
    tags TEXT[] NOT NULL DEFAULT '{}',
    numbers INTEGER[],
    score NUMERIC(10, 2),
    token UUID,
    data JSONB,
    address INET,
    span INTERVAL,
    picture BYTEA,
    code CHAR(3),
    born DATE,
    seen TIMESTAMPTZ NOT NULL DEFAULT now(),
    at TIMESTAMP,
    clock TIME,
    ratio REAL,
    share DOUBLE PRECISION,
    small SMALLINT,
    price MONEY,
    range INT4RANGE,
    total INTEGER GENERATED ALWAYS AS (1 + 1) STORED,
    CHECK (length("type") > 0)
);
CREATE TABLE transfers (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_user INTEGER NOT NULL REFERENCES "Users" ("Id") ON DELETE CASCADE,
    to_user INTEGER NOT NULL REFERENCES "Users" ("Id") DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE parts (a INTEGER NOT NULL, b TEXT NOT NULL, "select" INTEGER, PRIMARY KEY (b, a));
CREATE TABLE "order" (id SERIAL PRIMARY KEY, a INTEGER, b TEXT, FOREIGN KEY (b, a) REFERENCES parts (b, a));
CREATE TABLE loose (x INTEGER);
CREATE UNIQUE INDEX users_name ON "Users" (lower("Full Name")) WHERE state = 'ok';
CREATE VIEW named AS SELECT * FROM "Users" WHERE "Full Name" IS NOT NULL;
