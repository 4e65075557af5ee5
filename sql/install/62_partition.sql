CREATE FUNCTION inventory.make_ledger_partitions(months_ahead integer DEFAULT 3, first_month date DEFAULT NULL)
RETURNS integer
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_make_ledger_partitions';
COMMENT ON FUNCTION inventory.make_ledger_partitions(integer, date) IS
'Makes the partitions of the ledger that are missing, from the month of a day (NULL: from this month) to so many months from now, and returns how many. Months that were retired, or whose movements are in the default partition, are left out. A built-in job calls it every day.
Errors: 22023 months_ahead not positive, more than 1,200 months, before 1900, a NULL.';

CREATE FUNCTION inventory.retire_movements(before timestamptz)
RETURNS TABLE (partition_name text, movements bigint)
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_retire_movements';
COMMENT ON FUNCTION inventory.retire_movements(timestamptz) IS
'Takes the months before that of a time, in UTC, out of the ledger, and returns which tables hold them now. Before that it keeps, in ledger_opening, what the last movement of each item left behind: levels, versions, hashes and verify_ledger go on from there. The tables stay in schema inventory, append-only as they were, until somebody moves or drops them.
Nobody can read or write the ledger until the transaction ends. Errors: 22023 a time in the future, or that has no month, a NULL; 25001 above READ COMMITTED.';
