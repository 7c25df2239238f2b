-- add last login
--
-- Revision ID: ae1027a6acf0
-- Revises: 1975ea83b712
-- Create Date: 2026-11-03 11:00:00+00:00

-- alembic:upgrade
ALTER TABLE account ADD COLUMN last_login TEXT;

-- alembic:downgrade
ALTER TABLE account DROP COLUMN last_login;
