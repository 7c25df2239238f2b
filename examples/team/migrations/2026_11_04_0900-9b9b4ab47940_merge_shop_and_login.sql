-- merge shop and login
--
-- Revision ID: 9b9b4ab47940
-- Revises: 27c6a30d7c24, ae1027a6acf0
-- Create Date: 2026-11-04 09:00:00+00:00

-- alembic:upgrade

-- alembic:downgrade

