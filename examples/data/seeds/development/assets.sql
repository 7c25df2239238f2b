-- Something to look at. May be run as often as you like.
INSERT INTO assets (id, type_id, cents, label) VALUES (-1, 1, 100, 'a sample')
    ON CONFLICT (id) DO UPDATE SET cents = excluded.cents;
