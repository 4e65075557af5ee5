-- On the server that keeps the stock: publishes what a reporting server needs.
--
--     psql -d shop -v role=reporting -f publisher.sql
--
-- as a superuser, once, after
--
--     wal_level = logical                        in postgresql.conf, and a restart
--     CREATE ROLE reporting LOGIN REPLICATION PASSWORD '...';
--     host shop reporting <address>/32 scram-sha-256      in pg_hba.conf
--
-- After an upgrade of the extension: ALTER PUBLICATION inventory_reporting ADD TABLE for
-- tables that are new, and on the reporting server ALTER SUBSCRIPTION
-- inventory_reporting REFRESH PUBLICATION.
\set ON_ERROR_STOP 1

BEGIN;

-- The first copy of each table is read with these rights.
SELECT inventory.grant_access(:'role', 'reader');

-- All tables of the extension but what is staged for an import, which is unlogged, and
-- three: idempotency keys are secrets of callers, and each server has jobs of its own. A partitioned table is published as one, so the
-- reporting server may keep other partitions, or one for everything.
SELECT format('CREATE PUBLICATION inventory_reporting FOR TABLE %s WITH (publish_via_partition_root = true)',
    string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text))
FROM pg_class c
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'inventory'
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND c.relname NOT IN ('idempotency_key', 'job', 'job_run')
\gexec

COMMENT ON PUBLICATION inventory_reporting IS 'Stock, ledger, documents and catalogue of the inventory extension, for reporting.';

COMMIT;
