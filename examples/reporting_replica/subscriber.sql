-- On the reporting server: takes over what publisher.sql publishes, and follows it.
--
--     psql -d reporting -v source='host=... dbname=shop user=reporting password=...' -f subscriber.sql
--
-- as a superuser, once, in a database that has never had any stock, after the packages
-- of the same version of the extension were installed. Do not name the database in
-- inventory.databases, and give nobody here more than 'reader': what is written here
-- is not carried back, and stands in the way of what comes.
\set ON_ERROR_STOP 1

CREATE EXTENSION inventory;

-- The source sends these too; the subscription adds rows and merges none.
DELETE FROM inventory.root_cause;

-- Copies what there is and then follows. The triggers of the extension do not fire for
-- what comes in: the movements of a change come from the source as well.
CREATE SUBSCRIPTION inventory_reporting CONNECTION :'source' PUBLICATION inventory_reporting;

-- Without the publication on the source the subscription would be empty, and say so only in
-- the server's log.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid WHERE s.subname = 'inventory_reporting') THEN
        RAISE 'the source publishes no tables as inventory_reporting: run publisher.sql there, then DROP SUBSCRIPTION inventory_reporting here and begin again';
    END IF;
END
$$;

COMMENT ON SUBSCRIPTION inventory_reporting IS 'Stock, ledger, documents and catalogue of the inventory extension, from the server that keeps them.';

-- Ready when every srsubstate is r, of all tables of the extension but the import_* and three:
--     SELECT srrelid::regclass, srsubstate FROM pg_subscription_rel ORDER BY 1;
-- and then right when neither of these returns a row:
--     SELECT * FROM inventory.verify_ledger();
--     SELECT * FROM inventory.verify_references();
