-- create account
--
-- Revision ID: 1975ea83b712
-- Revises: <base>
-- Create Date: 2026-11-02 09:00:00+00:00

-- alembic:upgrade
CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- alembic:downgrade
DROP TABLE account;
