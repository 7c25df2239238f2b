-- add label
--
-- Revision ID: 9f0a1b2c3d4e
-- Revises: 7de8469a594f
-- Create Date: 2026-11-09 14:15:00+00:00

-- alembic:upgrade
ALTER TABLE assets ADD COLUMN label VARCHAR(80);

-- alembic:downgrade
ALTER TABLE assets DROP COLUMN label;
