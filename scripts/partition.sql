-- Cuts the two tables that only ever grow, the journal and the audit trail, into partitions of PostgreSQL.
--
--   psql "$URL" -v ON_ERROR_STOP=1 -f scripts/partition.sql
--
-- Run it once, with the servers stopped, to begin; what is there becomes the first partition and is not copied. Run it
-- now and then afterwards, with servers running: it adds the next partition as soon as the last one is begun, and does
-- nothing else. Rows that find no partition go into the default one, so forgetting it loses nothing.
--
-- Partitions go by the running number, which is the primary key of both tables, so that key stays what it is. The
-- uniqueness of the audit trail's positions cannot (a unique index must have the number in it); sealing takes a lock,
-- and `taskmanager audit verify` sees a position that is there twice.

DO $$
DECLARE
    width CONSTANT bigint := 20000000;
    one record;
    part record;
    bound bigint;
    last bigint;
    used bigint;
BEGIN
    FOR one IN SELECT * FROM (VALUES ('journal', 'seq'), ('audit_events', 'id')) AS t (name, key) LOOP
        IF (SELECT relkind FROM pg_class WHERE oid = one.name::regclass) <> 'p' THEN
            EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', one.name);
            EXECUTE format('SELECT (coalesce(max(%I), 0) / %s + 1) * %s FROM %I', one.key, width, width, one.name) INTO bound;
            CREATE TEMP TABLE constraints ON COMMIT DROP AS
                SELECT conname, contype, pg_get_constraintdef(oid) AS definition FROM pg_constraint
                WHERE conrelid = one.name::regclass AND contype IN ('p', 'u', 'f', 'c');
            CREATE TEMP TABLE indexes ON COMMIT DROP AS
                SELECT i.relname, pg_get_indexdef(i.oid) AS definition FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                WHERE x.indrelid = one.name::regclass
                AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u'));
            EXECUTE format('ALTER TABLE %I RENAME TO %I', one.name, one.name || '_p0');
            FOR part IN SELECT * FROM constraints LOOP
                EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', one.name || '_p0', part.conname, 'p0_' || part.conname);
            END LOOP;
            FOR part IN SELECT * FROM indexes LOOP
                EXECUTE format('ALTER INDEX %I RENAME TO %I', part.relname, 'p0_' || part.relname);
            END LOOP;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS) PARTITION BY RANGE (%I)', one.name, one.name || '_p0', one.key);
            FOR part IN SELECT * FROM constraints LOOP
                IF part.contype = 'u' THEN
                    EXECUTE format('CREATE INDEX %I ON %I %s', part.conname, one.name, substring(part.definition FROM '\(.*\)'));
                ELSE
                    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I %s', one.name, part.conname, part.definition);
                END IF;
            END LOOP;
            FOR part IN SELECT * FROM indexes LOOP
                EXECUTE part.definition;
            END LOOP;
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', one.name, one.name || '_p0', bound);
            EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', one.name || '_else', one.name);
            EXECUTE format('ALTER SEQUENCE %s OWNED BY %I.%I', pg_get_serial_sequence(one.name || '_p0', one.key), one.name, one.key);
            DROP TABLE constraints, indexes;
        END IF;
        -- The end of the last partition, and how far the numbers have come.
        SELECT max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''?(\d+)''?\)')::bigint) INTO last
            FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid WHERE h.inhparent = one.name::regclass;
        EXECUTE format('SELECT coalesce(max(%I), 0) FROM %I', one.key, one.name) INTO used;
        WHILE last <= used + width LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
                one.name || '_p' || last / width, one.name, last, last + width);
            last := last + width;
        END LOOP;
    END LOOP;
END
$$;
