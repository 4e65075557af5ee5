CREATE FUNCTION inventory.plan_cycle_counts(due_on date DEFAULT current_date)
RETURNS bigint
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_plan_cycle_counts';
COMMENT ON FUNCTION inventory.plan_cycle_counts(date) IS
'Queues the counts that are due on a day, and returns how many. In each warehouse the items that make the first inventory.count_fast_percent of the outgoing movements of the last inventory.count_window_days are FAST and counted every inventory.count_fast_days; the others are SLOW, every inventory.count_slow_days.
Each day gets its share of each class, those that have waited longest first. A day for which counts are queued stays as it is: running it again adds nothing and returns 0.
Errors: 22023 a NULL, an infinite date, or one more than ten years from today.';

CREATE FUNCTION inventory.start_count(product_id bigint, warehouse_id bigint)
RETURNS inventory.cycle_count
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_start_count';
COMMENT ON FUNCTION inventory.start_count(bigint, bigint) IS
'People begin to count an item: remembers its quantity and version, so that what moves before record_count is netted out. Starting again begins anew. Makes the item where the product was never stocked.
Errors: IV003 no such product or warehouse; 22023 a NULL.';

CREATE FUNCTION inventory.record_count(product_id bigint, warehouse_id bigint, counted_quantity bigint, root_cause text DEFAULT NULL, on_shortfall text DEFAULT 'error')
RETURNS inventory.cycle_count
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_record_count';
COMMENT ON FUNCTION inventory.record_count(bigint, bigint, bigint, text, text) IS
'What people counted, in base units; needs no start_count and no plan. A difference makes one ADJUSTMENT, with the count_id as its reference, and needs a root cause. Compared is with what was there at start_count, else with what is there now; a start older than inventory.count_start_hours does not count (WARNING), one that somebody else made is mentioned (NOTICE). Sets last_counted_at.
When the count leaves less than is reserved: on_shortfall error raises IV001, cancel_newest cancels the newest reservations, close_reason COUNT_SHORTFALL, until it fits, and names each in a NOTICE.
Errors: IV001 less would be left than is reserved, or than nothing; IV003 no such product or warehouse; 22003 the level would overflow;
22023 counted_quantity negative, a difference without a root cause, an unknown root cause or on_shortfall, a NULL.';
