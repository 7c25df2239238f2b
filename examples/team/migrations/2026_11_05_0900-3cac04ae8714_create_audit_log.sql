-- create audit log
--
-- Revision ID: 3cac04ae8714
-- Revises: <base>
-- Branch Labels: audit
-- Create Date: 2026-11-05 09:00:00+00:00

-- alembic:upgrade
CREATE TABLE audit_log (id INTEGER PRIMARY KEY, what TEXT NOT NULL);

-- alembic:downgrade
DROP TABLE audit_log;
