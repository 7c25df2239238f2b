-- index visits by time
--
-- Revision ID: 6b7c8d9e0f1a
-- Revises: 5a6b7c8d9e0f
-- Create Date: 2026-11-12 08:00:00+00:00
-- Transaction: none

-- alembic:upgrade
CREATE INDEX CONCURRENTLY visits_at ON visits (at);

-- alembic:downgrade
DROP INDEX CONCURRENTLY visits_at;
