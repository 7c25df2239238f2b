-- audit carts
--
-- Revision ID: 29f859a13ea0
-- Revises: 9b9b4ab47940
-- Depends On: audit
-- Create Date: 2026-11-06 09:00:00+00:00

-- alembic:upgrade
CREATE TRIGGER cart_made AFTER INSERT ON cart BEGIN
    INSERT INTO audit_log (what) VALUES ('cart ' || NEW.id);
END;

-- alembic:downgrade
DROP TRIGGER cart_made;
