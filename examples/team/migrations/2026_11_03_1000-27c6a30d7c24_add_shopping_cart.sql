-- add shopping cart
--
-- Revision ID: 27c6a30d7c24
-- Revises: 1975ea83b712
-- Branch Labels: shop
-- Create Date: 2026-11-03 10:00:00+00:00

-- alembic:upgrade
CREATE TABLE cart (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES account (id));

-- alembic:downgrade
DROP TABLE cart;
