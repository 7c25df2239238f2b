-- create assets
--
-- Revision ID: 2ec8169a394e
-- Revises: <base>
-- Create Date: 2026-11-02 09:00:00+00:00

-- alembic:upgrade
CREATE TABLE asset_types (
    id INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(50) NOT NULL UNIQUE
);
CREATE TABLE assets (
    id INTEGER NOT NULL PRIMARY KEY,
    type_id INTEGER NOT NULL,
    cents BIGINT NOT NULL
);

-- alembic:downgrade
DROP TABLE assets;
DROP TABLE asset_types;
