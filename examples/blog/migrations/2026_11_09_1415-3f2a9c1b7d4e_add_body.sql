-- add a body to posts
--
-- Revision ID: 3f2a9c1b7d4e
-- Revises: 1b2c3d4e5f60
-- Create Date: 2026-11-09 14:15:00+00:00

-- alembic:upgrade
ALTER TABLE posts ADD COLUMN body VARCHAR(2000) NOT NULL DEFAULT '';

-- alembic:downgrade
ALTER TABLE posts DROP COLUMN body;
