-- create visits
--
-- Revision ID: 5a6b7c8d9e0f
-- Revises: <base>
-- Create Date: 2026-11-10 08:00:00+00:00

-- alembic:upgrade
CREATE TABLE visits (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- alembic:downgrade
DROP TABLE visits;
