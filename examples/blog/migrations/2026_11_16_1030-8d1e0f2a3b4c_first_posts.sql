-- write the first posts
--
-- Revision ID: 8d1e0f2a3b4c
-- Revises: 3f2a9c1b7d4e
-- Create Date: 2026-11-16 10:30:00+00:00

-- alembic:upgrade
INSERT INTO posts (id, title, body) VALUES
    (1, 'Hello', 'The first post.'),
    (2, 'Revisions form a graph', 'Two branches can both change the schema, and merge.');

-- alembic:downgrade
DELETE FROM posts WHERE id IN (1, 2);
