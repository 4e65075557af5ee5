-- What CREATE EXTENSION leaves behind: the entities, their comments, indexes,
-- rights and what a dump holds.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(154);

-- What belongs to the extension, by catalog.
CREATE FUNCTION pg_temp.member(catalog regclass) RETURNS SETOF oid LANGUAGE sql AS $$
    SELECT d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = catalog AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'inventory'
$$;

SELECT has_schema('inventory');
SELECT cmp_ok((SELECT count(*) FROM pg_temp.member('pg_class')), '>', 25::bigint, 'the extension has relations');
SELECT cmp_ok((SELECT count(*) FROM pg_temp.member('pg_proc')), '>', 15::bigint, 'the extension has functions');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c WHERE c.oid IN (SELECT pg_temp.member('pg_class')) AND c.relnamespace <> 'inventory'::regnamespace
    UNION ALL
    SELECT p.proname FROM pg_proc p WHERE p.oid IN (SELECT pg_temp.member('pg_proc')) AND p.pronamespace <> 'inventory'::regnamespace
$$, 'everything of the extension is in its schema');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.oid NOT IN (SELECT pg_temp.member('pg_class'))
    AND NOT (c.relispartition AND c.relname ~ '^stock_movement_[0-9]{4}_[0-9]{2}$')
$$, 'every relation of the schema belongs to the extension, but for the months of the ledger');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c WHERE c.oid IN (SELECT pg_temp.member('pg_class')) AND c.relname ~ '^stock_movement_[0-9]'
$$, 'the months do not: members are not dumped');

-- Entities

CREATE TEMP TABLE entity (name text, columns text);
INSERT INTO entity VALUES
    ('category', 'category_id, name, parent_id'),
    ('product', 'product_id, sku, name, description, category_id, unit_cost, unit_price, weight_kg, dimensions_cm, is_active, base_unit'),
    ('warehouse', 'warehouse_id, name, address, timezone, capacity_sqft'),
    ('supplier', 'supplier_id, name, contact, is_active'),
    ('product_supplier', 'product_id, supplier_id, is_preferred, lead_time_days, lead_time_stddev_days, unit_cost, min_order_quantity, order_multiple'),
    ('inventory_item', 'item_id, product_id, warehouse_id, quantity_on_hand, quantity_reserved, quantity_available, reorder_point, reorder_quantity, last_counted_at, version'),
    ('stock_movement', 'movement_id, product_id, warehouse_id, movement_type, quantity, on_hand_after, version, reference_id, reservation_id, root_cause, performed_by, session_role, created_at, occurred_at, row_hash'),
    ('reservation', 'reservation_id, product_id, warehouse_id, quantity, quantity_fulfilled, reference_type, reference_id, status, expires_at, created_at, closed_at, close_reason'),
    ('purchase_order', 'po_id, supplier_id, warehouse_id, status, expected_delivery_date, created_at, submitted_at, confirmed_at, received_at, created_by'),
    ('purchase_order_line', 'po_id, line_no, product_id, quantity, quantity_received, unit_cost'),
    ('transfer_order', 'transfer_id, from_warehouse_id, to_warehouse_id, status, created_at, shipped_at, received_at'),
    ('transfer_order_line', 'transfer_id, line_no, product_id, quantity, quantity_shipped, quantity_received, quantity_lost'),
    ('root_cause', 'code, description'),
    ('cycle_count', 'count_id, product_id, warehouse_id, due_on, counted_at, counted_by, counted_quantity, system_quantity, delta, root_cause, movement_id'),
    ('procurement_notification', 'notification_id, po_id, payload, created_at, acknowledged_at'),
    ('job', 'name, schedule, command, enabled, timeout, timezone, owner, next_run_at, owner_oid'),
    ('job_run', 'run_id, job_name, status, started_at, finished_at, rows, error, reason'),
    ('purchase_receipt', 'receipt_id, po_id, line_no, quantity, unit_cost, received_at, lead_time_days, movement_id');
SELECT has_table('inventory', e.name, 'table ' || e.name) FROM entity e;
SELECT is_empty(format($$
    SELECT trim(c) FROM regexp_split_to_table(%L, ',') c
    EXCEPT SELECT attname::text FROM pg_attribute WHERE attrelid = 'inventory.%s'::regclass AND attnum > 0 AND NOT attisdropped
$$, e.columns, e.name), 'columns of ' || e.name) FROM entity e;

SELECT is_empty($$
    SELECT a.attrelid::regclass, a.attname, a.atttypid::regtype
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
    -- Sums over a day and over a window are exact and may be larger; what is staged for an import is text as it came.
    AND c.relname NOT IN ('demand_daily', 'demand_state') AND c.relname !~ '^import_'
    AND ((a.attname ~ 'quantity|^on_hand|^delta$' AND a.atttypid <> 'int8'::regtype)
        OR (a.attname ~ '_at$' AND a.atttypid <> 'timestamptz'::regtype)
        OR (a.attname ~ 'unit_cost|unit_price' AND a.atttypid <> 'numeric'::regtype)
        OR (a.attname ~ '_id$' AND a.attname <> 'reference_id' AND a.atttypid <> 'int8'::regtype))
$$, 'quantities and identifiers are bigint, money is numeric, times are timestamptz');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')
$$, 'every table and partition has a primary key');
SELECT is_empty($$
    SELECT p.inhrelid::regclass FROM pg_inherits p WHERE p.inhparent = 'inventory.stock_movement'::regclass AND NOT EXISTS (
        SELECT FROM pg_constraint k WHERE k.conrelid = p.inhrelid AND k.contype = 'u' AND pg_get_constraintdef(k.oid) = 'UNIQUE (product_id, warehouse_id, created_at)')
$$, 'every partition has the key that levels are found by');
SELECT is((SELECT count(*) FROM pg_inherits WHERE inhparent = 'inventory.stock_movement'::regclass), 5::bigint, 'this month, three more and the rest');
SELECT col_is_unique('inventory', 'product', 'sku', 'sku is unique');
SELECT col_is_unique('inventory', 'inventory_item', ARRAY['product_id', 'warehouse_id'], 'one item per product and warehouse');
SELECT is((SELECT attgenerated FROM pg_attribute WHERE attrelid = 'inventory.inventory_item'::regclass AND attname = 'quantity_available'), 's'::"char", 'quantity_available is a stored column');

-- Enums

SELECT enum_has_labels('inventory', 'movement_type', ARRAY['PURCHASE', 'SALE', 'RETURN', 'ADJUSTMENT', 'TRANSFER_IN', 'TRANSFER_OUT']);
SELECT enum_has_labels('inventory', 'reference_type', ARRAY['ORDER', 'TRANSFER']);
SELECT enum_has_labels('inventory', 'reservation_status', ARRAY['ACTIVE', 'FULFILLED', 'CANCELLED']);
SELECT enum_has_labels('inventory', 'purchase_order_status', ARRAY['DRAFT', 'SUBMITTED', 'CONFIRMED', 'RECEIVED', 'CANCELLED']);
SELECT enum_has_labels('inventory', 'transfer_status', ARRAY['PENDING', 'IN_TRANSIT', 'RECEIVED', 'CANCELLED']);
SELECT is_empty($$
    SELECT c.oid::regclass, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'r' AND a.attname IN ('status', 'movement_type', 'reference_type')
    AND c.relname !~ '^import_'
    AND a.atttypid NOT IN (SELECT oid FROM pg_type WHERE typnamespace = 'inventory'::regnamespace AND typtype = 'e')
$$, 'statuses and types are enums');
SELECT set_eq('SELECT code FROM inventory.root_cause', ARRAY['DAMAGE', 'THEFT', 'RECEIVING_ERROR', 'COUNT_ERROR', 'EXPIRED', 'FOUND', 'LOST_IN_TRANSIT', 'OTHER'], 'built-in root causes');
SELECT is_empty('SELECT code FROM inventory.root_cause WHERE NOT is_builtin', 'they are marked as built in');

-- Signatures

CREATE TEMP TABLE signature (name text, arguments text, result text);
INSERT INTO signature VALUES
    ('reserve_stock', 'product_id bigint, warehouse_id bigint, quantity bigint, reference_id text, reference_type text DEFAULT ''ORDER''::text, ttl_minutes integer DEFAULT 30, idempotency_key text DEFAULT NULL::text', 'inventory.reservation'),
    ('reserve_batch', 'product_ids bigint[], warehouse_ids bigint[], quantities bigint[], reference_ids text[], ttl_minutes integer DEFAULT 30', 'TABLE(line integer, reservation_id bigint, available bigint)'),
    ('fulfill_reservation', 'reservation_id bigint, quantity bigint DEFAULT NULL::bigint', 'inventory.reservation'),
    ('cancel_reservation', 'reservation_id bigint, reason text DEFAULT NULL::text', 'inventory.reservation'),
    ('extend_reservation', 'reservation_id bigint, ttl_minutes integer', 'inventory.reservation'),
    ('expire_reservations', 'max_rows integer DEFAULT 10000', 'bigint'),
    ('receive_stock', 'product_id bigint, warehouse_id bigint, quantity bigint, reference_id text DEFAULT NULL::text', 'inventory.stock_movement'),
    ('return_stock', 'product_id bigint, warehouse_id bigint, quantity bigint, reference_id text DEFAULT NULL::text', 'inventory.stock_movement'),
    ('adjust_stock', 'product_id bigint, warehouse_id bigint, delta bigint, root_cause text, reference_id text DEFAULT NULL::text', 'inventory.stock_movement'),
    ('reserve_order', 'reference_id text, lines jsonb, ttl_minutes integer DEFAULT 30, idempotency_key text DEFAULT NULL::text', 'SETOF inventory.reservation'),
    ('fulfill_order', 'reference_id text', 'SETOF inventory.reservation'),
    ('cancel_order', 'reference_id text, reason text DEFAULT NULL::text', 'SETOF inventory.reservation'),
    ('create_purchase_order', 'supplier_id bigint, warehouse_id bigint, line_items jsonb, expected_delivery_date date DEFAULT NULL::date', 'inventory.purchase_order'),
    ('submit_purchase_order', 'po_id bigint', 'inventory.purchase_order'),
    ('confirm_purchase_order', 'po_id bigint, expected_delivery_date date DEFAULT NULL::date', 'inventory.purchase_order'),
    ('receive_purchase_order', 'po_id bigint, line_items jsonb DEFAULT NULL::jsonb', 'inventory.purchase_order'),
    ('cancel_purchase_order', 'po_id bigint', 'inventory.purchase_order'),
    ('create_transfer', 'from_warehouse_id bigint, to_warehouse_id bigint, line_items jsonb', 'inventory.transfer_order'),
    ('ship_transfer', 'transfer_id bigint', 'inventory.transfer_order'),
    ('receive_transfer', 'transfer_id bigint, line_items jsonb DEFAULT NULL::jsonb', 'inventory.transfer_order'),
    ('close_transfer', 'transfer_id bigint, root_cause text DEFAULT ''LOST_IN_TRANSIT''::text', 'inventory.transfer_order'),
    ('cancel_transfer', 'transfer_id bigint', 'inventory.transfer_order'),
    ('transfer_stock', 'product_id bigint, from_warehouse_id bigint, to_warehouse_id bigint, quantity bigint', 'inventory.transfer_order'),
    ('plan_cycle_counts', 'due_on date DEFAULT CURRENT_DATE', 'bigint'),
    ('start_count', 'product_id bigint, warehouse_id bigint', 'inventory.cycle_count'),
    ('record_count', 'product_id bigint, warehouse_id bigint, counted_quantity bigint, root_cause text DEFAULT NULL::text, on_shortfall text DEFAULT ''error''::text', 'inventory.cycle_count'),
    ('verify_ledger', '', 'TABLE(product_id bigint, warehouse_id bigint, problem text, expected bigint, actual bigint)'),
    ('grant_access', 'role regrole, access text', 'void'),
    ('revoke_access', 'role regrole, access text', 'void'),
    ('next_run', 'schedule text, after timestamp with time zone DEFAULT now(), timezone text DEFAULT ''UTC''::text', 'timestamp with time zone'),
    ('schedule_job', 'name text, schedule text, command text, timezone text DEFAULT ''UTC''::text, timeout interval DEFAULT ''00:10:00''::interval', 'timestamp with time zone'),
    ('alter_job', 'name text, schedule text DEFAULT NULL::text, command text DEFAULT NULL::text, timezone text DEFAULT NULL::text, timeout interval DEFAULT NULL::interval, enabled boolean DEFAULT NULL::boolean', 'timestamp with time zone'),
    ('unschedule_job', 'name text', 'void'),
    ('run_job', 'name text, if_due boolean DEFAULT false', 'inventory.job_run'),
    ('worker_start', '', 'boolean'),
    ('worker_stop', '', 'boolean'),
    ('schedule_with_pg_cron', '', 'TABLE(job_name text, cron_schedule text)'),
    ('import_check', 'on_existing text DEFAULT ''error''::text', 'TABLE(source text, line bigint, problem text)'),
    ('import_load', 'on_existing text DEFAULT ''error''::text', 'TABLE(what text, added bigint, updated bigint, unchanged bigint)'),
    ('import_clear', '', 'void');
SELECT is((SELECT pg_get_function_arguments(p.oid) || ' -> ' || pg_get_function_result(p.oid) FROM pg_proc p
        WHERE p.pronamespace = 'inventory'::regnamespace AND p.proname = s.name AND p.proname <> 'line_items'),
    s.arguments || ' -> ' || s.result, 'signature of ' || s.name) FROM signature s;
SELECT has_function('inventory', 'line_items', ARRAY['inventory.purchase_order']);
SELECT has_function('inventory', 'line_items', ARRAY['inventory.transfer_order']);
SELECT has_view('inventory', v, 'view ' || v) FROM unnest(ARRAY['stock_level', 'low_stock', 'movement_history', 'open_reservation', 'in_transit', 'supplier_performance', 'count_due', 'count_accuracy', 'shrinkage', 'item_demand', 'forecast_accuracy', 'replenishment_log', 'job_status', 'job_history',
    'inventory_valuation', 'stock_ageing', 'stock_turnover', 'abc_classification', 'open_purchase_order', 'available_to_promise', 'stock_layer', 'item_cost', 'product_cost', 'costed_layer', 'inbound_layer']) v;

-- Their columns, in order: reports are written against these.
SELECT results_eq($$SELECT c.relname::text COLLATE "default", string_agg(a.attname::text COLLATE "default", ' ' ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'v' GROUP BY c.relname ORDER BY c.relname COLLATE "C"$$, $$VALUES
    ('abc_classification', 'product_id sku product_name warehouse_id warehouse_name quantity_sold base_unit unit_cost consumption_value value_share cumulative_share abc_class coefficient_of_variation xyz_class'),
    ('available_to_promise', 'product_id sku product_name warehouse_id warehouse_name available_on quantity_in available_to_promise undated_inbound base_unit'),
    ('costed_layer', 'product_id warehouse_id quantity_on_hand movement_id movement_type occurred_at quantity quantity_remaining unit_cost product_unit_cost average_weight received_on age_days'),
    ('count_accuracy', 'warehouse_id warehouse_name velocity_class counts counts_exact accuracy system_quantity absolute_difference net_difference unit_accuracy last_counted_at'),
    ('count_due', 'product_id sku product_name warehouse_id warehouse_name velocity_class due_on days_overdue counts_open started_at last_counted_at base_unit'),
    ('forecast_accuracy', 'product_id sku warehouse_id forecast_method is_chosen window_days holdout_days mae rmse mase bias'),
    ('in_transit', 'transfer_id line_no product_id sku product_name from_warehouse_id from_warehouse_name to_warehouse_id to_warehouse_name quantity_shipped quantity_received quantity_in_transit base_unit shipped_at'),
    ('inbound_layer', 'product_id warehouse_id movement_id movement_type quantity on_hand_after created_at occurred_at'),
    ('inventory_valuation', 'product_id sku product_name warehouse_id warehouse_name quantity_on_hand base_unit average_cost average_value fifo_cost fifo_value'),
    ('item_cost', 'product_id warehouse_id quantity_on_hand average_cost fifo_quantity fifo_value'),
    ('item_demand', 'product_id sku warehouse_id window_days window_start window_end quantity avg_daily_usage stddev_daily_usage'),
    ('job_history', 'run_id job_name run_as by_hand status scheduled_for started_at finished_at rows reason error error_code'),
    ('job_status', 'name schedule timezone owner enabled is_builtin timeout command last_started_at last_finished_at last_status last_reason last_error last_error_code rows next_run_at next_run_local consecutive_failures last_skipped_at last_skip_reason worker_pid'),
    ('low_stock', 'product_id sku product_name warehouse_id warehouse_name quantity_on_hand quantity_reserved quantity_available base_unit reorder_point reorder_quantity shortfall'),
    ('movement_history', 'movement_id created_at occurred_at product_id sku product_name warehouse_id warehouse_name movement_type quantity on_hand_after version reference_id reservation_id root_cause performed_by session_role'),
    ('open_purchase_order', 'po_id line_no status supplier_id supplier_name warehouse_id warehouse_name product_id sku product_name quantity quantity_received quantity_open base_unit unit_cost open_value expected_delivery_date days_overdue created_at submitted_at confirmed_at'),
    ('open_reservation', 'reservation_id product_id sku product_name warehouse_id warehouse_name quantity quantity_fulfilled quantity_open base_unit reference_type reference_id created_at created_by expires_at is_expired'),
    ('product_cost', 'product_id unit_cost'),
    ('replenishment_log', 'entry_id logged_at product_id sku product_name warehouse_id warehouse_name quantity_available reorder_point outcome reason quantity base_unit supplier_id supplier_name po_id transfer_id'),
    ('shrinkage', 'month warehouse_id warehouse_name root_cause entries quantity_lost quantity_found shrinkage_quantity shrinkage_value'),
    ('stock_ageing', 'product_id sku product_name warehouse_id warehouse_name quantity_on_hand base_unit quantity_0_30 quantity_31_60 quantity_61_90 quantity_91_180 quantity_181_365 quantity_over_365 value_0_30 value_31_60 value_61_90 value_91_180 value_181_365 value_over_365 oldest_on average_age_days'),
    ('stock_layer', 'product_id sku product_name warehouse_id warehouse_name movement_id movement_type occurred_at received_on age_days quantity quantity_remaining base_unit unit_cost value'),
    ('stock_level', 'product_id sku product_name warehouse_id warehouse_name quantity_on_hand quantity_reserved quantity_available base_unit reorder_point reorder_quantity is_low last_counted_at last_movement_at'),
    ('stock_turnover', 'product_id sku product_name warehouse_id warehouse_name quantity_on_hand base_unit quantity_sold average_cost cost_of_goods_sold average_on_hand average_inventory_value turnover_ratio avg_daily_usage days_of_supply days_covered'),
    ('supplier_performance', 'supplier_id supplier_name orders orders_received orders_cancelled orders_overdue on_time_share lead_time_days_mean lead_time_days_stddev fill_rate')$$, 'columns of the views');

-- Settings: what a session may say of its own work, and what only a superuser permits
SELECT set_eq($$SELECT concat_ws(' ', substr(name, 11), vartype, context, nullif(boot_val, '')) FROM pg_settings WHERE name LIKE 'inventory.%'$$, ARRAY[
    'performed_by string user', 'occurred_at string user', 'movement_type enum user ADJUSTMENT', 'reference_id string user', 'root_cause string user',
    'allocation enum user priority', 'over_receipt_tolerance_percent real superuser 0', 'fast_path bool user on',
    'count_window_days integer user 90', 'count_fast_percent real user 80', 'count_fast_days integer user 7', 'count_slow_days integer user 28', 'count_start_hours integer user 24',
    'order_cost real user 25', 'holding_rate real user 0.25', 'replenish_by_transfer bool user off', 'replenishment_log_days integer user 90',
    'databases string sighup', 'job_run_retention_days integer sighup 30', 'job_backoff integer sighup 30000', 'job_backoff_max integer sighup 3600000', 'job_clock_offset integer sighup 0'], 'settings and their defaults');
SELECT is((SELECT enumvals FROM pg_settings WHERE name = 'inventory.allocation'), ARRAY['priority', 'most_stock', 'fewest_splits'], 'ways to allocate');
SELECT throws_ok('SET inventory.allocate = 1', '42602', NULL, 'a setting that does not exist is refused');

-- Comments

SELECT isnt(obj_description('inventory'::regnamespace, 'pg_namespace'), NULL, 'the schema has a comment');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c WHERE c.oid IN (SELECT pg_temp.member('pg_class')) AND c.relkind IN ('r', 'p', 'v', 'm')
    AND obj_description(c.oid, 'pg_class') IS NULL
$$, 'tables and views have comments');
SELECT is_empty($$
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid IN (SELECT pg_temp.member('pg_class')) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition AND col_description(c.oid, a.attnum) IS NULL
$$, 'their columns have comments');
SELECT is_empty($$
    SELECT oid::regprocedure FROM pg_proc WHERE oid IN (SELECT pg_temp.member('pg_proc')) AND obj_description(oid, 'pg_proc') IS NULL
$$, 'functions have comments');
SELECT is_empty($$
    SELECT oid::regtype FROM pg_type WHERE oid IN (SELECT pg_temp.member('pg_type')) AND typtype IN ('e', 'd', 'r')
    AND obj_description(oid, 'pg_type') IS NULL
$$, 'types have comments');
SELECT is_empty($$
    SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid IN (SELECT pg_temp.member('pg_class')) AND NOT c.relispartition AND obj_description(i.indexrelid, 'pg_class') IS NULL
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
$$, 'indexes have comments');
SELECT is_empty($$
    SELECT conrelid::regclass, conname FROM pg_constraint
    WHERE conrelid IN (SELECT pg_temp.member('pg_class')) AND contype = 'c' AND cardinality(conkey) > 1 AND obj_description(oid, 'pg_constraint') IS NULL
$$, 'constraints over several columns have comments');

-- Updates of a level stay heap-only

SELECT is_empty($$
    SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = 'inventory.inventory_item'::regclass AND a.attname ~ 'quantity|version|last_movement_at'
    UNION ALL
    SELECT i.indexrelid::regclass FROM pg_index i WHERE i.indrelid = 'inventory.inventory_item'::regclass
    AND concat(pg_get_expr(i.indpred, i.indrelid), pg_get_expr(i.indexprs, i.indrelid)) ~ 'quantity|version|last_movement_at'
$$, 'no index on a quantity');
SELECT ok((SELECT reloptions @> ARRAY['fillfactor=60'] FROM pg_class WHERE oid = 'inventory.inventory_item'::regclass), 'inventory_item leaves room on its pages');
SELECT ok(EXISTS (SELECT FROM pg_index WHERE indrelid = 'inventory.inventory_item'::regclass AND pg_get_expr(indpred, indrelid) = 'is_low'), 'the low items have a partial index');
SELECT ok(EXISTS (SELECT FROM pg_index WHERE indexrelid = 'inventory.product_supplier_preferred'::regclass AND indisunique AND pg_get_expr(indpred, indrelid) = 'is_preferred'), 'one preferred supplier per product');

-- Rights

SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE p.pronamespace = 'inventory'::regnamespace AND p.provolatile = 'v' AND a.grantee = 0
$$, 'no volatile function is executable by PUBLIC');
SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE p.pronamespace = 'inventory'::regnamespace AND a.grantee = 0
    UNION ALL
    SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'inventory'::regnamespace AND a.grantee = 0
    UNION ALL
    SELECT c.relname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a WHERE c.relnamespace = 'inventory'::regnamespace AND a.grantee = 0
    UNION ALL
    SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'inventory' AND a.grantee = 0
$$, 'PUBLIC has no right in the schema at all');
SELECT is_empty($$
    SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'inventory'::regnamespace AND prosecdef
    AND NOT coalesce(array_to_string(proconfig, ' '), '') ~ 'search_path=pg_catalog, pg_temp'
$$, 'SECURITY DEFINER functions have a pinned search_path');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'inventory'::regnamespace
    AND NOT (l.lanname = 'c' OR p.prosqlbody IS NOT NULL OR coalesce(array_to_string(p.proconfig, ' '), '') ~ 'search_path=pg_catalog, pg_temp')
$$, 'no function parses names by the caller''s search_path');

-- Dumps

SELECT is_empty($$
    SELECT c.relname FROM pg_class c
    WHERE c.oid IN (SELECT pg_temp.member('pg_class')) AND c.relkind IN ('r', 'S')
    AND c.oid <> ALL ((SELECT extconfig FROM pg_extension WHERE extname = 'inventory')::oid[])
    AND c.relname !~ '^import_'
$$, 'a dump holds every table and sequence but the staging tables');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'r' AND (c.relname ~ '^import_') <> (c.relpersistence = 'u')
$$, 'what is staged for an import is a copy of files, and is not logged; all else is');
SELECT is((SELECT extcondition[array_position(extconfig, 'inventory.root_cause'::regclass)] FROM pg_extension WHERE extname = 'inventory'),
    'WHERE NOT is_builtin', 'of the root causes only those that users added');

-- Values that the catalogue refuses

SELECT throws_ok($$INSERT INTO inventory.product (sku, name, unit_cost) VALUES ('X', 'X', 'NaN')$$, '23514', NULL, 'a cost is not NaN');
SELECT throws_ok($$INSERT INTO inventory.product (sku, name, unit_price) VALUES ('X', 'X', 'Infinity')$$, '23514', NULL, 'a price is finite');
SELECT throws_ok($$INSERT INTO inventory.product (sku, name, unit_price) VALUES ('X', 'X', -1)$$, '23514', NULL, 'a price is not negative');
SELECT throws_ok($$INSERT INTO inventory.product (sku, name) VALUES ('', 'X')$$, '23514', NULL, 'a sku is not empty');
SELECT throws_ok($$INSERT INTO inventory.warehouse (name, timezone) VALUES ('X', 'Nowhere/Atall')$$, '22023', 'time zone "Nowhere/Atall" not recognized', 'a warehouse has a known time zone');
SELECT lives_ok($$INSERT INTO inventory.warehouse (name, timezone) VALUES ('X', 'Europe/London')$$, 'a known time zone is taken');

SELECT is((SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'inventory'), 'pg_catalog', 'no schema that users drop owns the extension');
SELECT is_empty($$SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.pronamespace = 'inventory'::regnamespace AND obj_description(t.oid, 'pg_trigger') IS NULL$$, 'every trigger has a comment');

SELECT * FROM finish();
ROLLBACK;
