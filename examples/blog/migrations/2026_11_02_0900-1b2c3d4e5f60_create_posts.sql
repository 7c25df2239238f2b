-- create posts
--
-- Revision ID: 1b2c3d4e5f60
-- Revises: <base>
-- Create Date: 2026-11-02 09:00:00+00:00

-- alembic:upgrade
CREATE TABLE posts (id INTEGER PRIMARY KEY, title VARCHAR(200) NOT NULL);

-- alembic:downgrade
DROP TABLE posts;
