-- create notes
-- Revision ID: notes
-- Revises: <base>

-- alembic:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);

-- alembic:downgrade
DROP TABLE notes;
