-- Who may do what, from one matrix that is written down here and not taken from the catalogue: every function and
-- every relation of the extension, by access level, both ways; then each level tries what it must not do.
BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(64);

\ir include/setup.psql

-- The matrix. A function and the levels that may call it.
CREATE TEMP TABLE function_right (signature text PRIMARY KEY, levels text[]);
INSERT INTO function_right VALUES
    -- Reading
    ('line_items(inventory.purchase_order)', '{reader,operator,planner,admin}'),
    ('line_items(inventory.transfer_order)', '{reader,operator,planner,admin}'),
    ('verify_ledger()', '{reader,operator,planner,admin}'),
    ('verify_references()', '{reader,operator,planner,admin}'),
    ('movement_hash(bytea,bigint,bigint,bigint,inventory.movement_type,bigint,bigint,bigint,text,bigint,text,text,text,timestamp with time zone,timestamp with time zone)', '{reader,operator,planner,admin}'),
    ('on_hand_at(bigint,bigint,timestamp with time zone)', '{reader,operator,planner,admin}'),
    ('movement_at(bigint,bigint,timestamp with time zone)', '{reader,operator,planner,admin}'),
    ('stock_at(timestamp with time zone,bigint,bigint,text)', '{reader,operator,planner,admin}'),
    ('check_retirement()', '{reader,operator,planner,admin}'),
    ('chain_end_at(bigint,bigint,timestamp with time zone)', '{reader,operator,planner,admin}'),
    ('ledger_settled_at()', '{reader,operator,planner,admin}'),
    ('ledger_digest(timestamp with time zone)', '{reader,operator,planner,admin}'),
    ('demand_series(bigint,bigint)', '{reader,operator,planner,admin}'),
    ('as_bigint(numeric)', '{reader,operator,planner,admin}'),
    ('access_rules()', '{reader,operator,planner,admin}'),
    ('next_run(text,timestamp with time zone,text)', '{reader,operator,planner,admin}'),
    ('worker_pid()', '{reader,operator,planner,admin}'),
    ('forecast(double precision[],text,integer,integer,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('forecast_error(double precision[],text,integer,integer)', '{reader,operator,planner,admin}'),
    ('z_value(double precision)', '{reader,operator,planner,admin}'),
    ('safety_stock(double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('safety_stock(double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('reorder_point(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('reorder_point(double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('lead_time_demand(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('economic_order_quantity(double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('eoq_cost(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('eoq_all_units_discount(double precision,double precision,double precision,double precision[],double precision[])', '{reader,operator,planner,admin}'),
    ('eoq_incremental_discount(double precision,double precision,double precision,double precision[],double precision[])', '{reader,operator,planner,admin}'),
    ('eoq_backorders(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('eoq_backorders_cost(double precision,double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('economic_production_quantity(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('economic_production_cost(double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('wagner_whitin(double precision[],double precision,double precision)', '{reader,operator,planner,admin}'),
    ('joint_replenishment_silver(double precision,double precision[],double precision[],double precision[])', '{reader,operator,planner,admin}'),
    ('newsvendor_normal(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_normal(double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_normal_cost(double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_normal_explicit(double precision,double precision,double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_poisson(double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_poisson(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_poisson_cost(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_poisson_explicit(double precision,double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_discrete(double precision[],double precision[],double precision,double precision)', '{reader,operator,planner,admin}'),
    ('newsvendor_discrete_cost(double precision[],double precision[],double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('rq_policy(double precision,double precision,double precision,double precision,double precision,double precision,text)', '{reader,operator,planner,admin}'),
    ('rq_cost(double precision,double precision,double precision,double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('rq_reorder_point(double precision,double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('rq_policy_poisson(double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('rq_cost_poisson(double precision,double precision,double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('ss_policy_poisson(double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('ss_cost_poisson(double precision,double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('ss_policy_power_approximation(double precision,double precision,double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('standard_loss(double precision)', '{reader,operator,planner,admin}'),
    ('standard_loss_second(double precision)', '{reader,operator,planner,admin}'),
    ('normal_loss(double precision,double precision,double precision)', '{reader,operator,planner,admin}'),
    ('poisson_loss(double precision,double precision)', '{reader,operator,planner,admin}'),
    -- Stock, reservations, transfers, counts
    ('reserve_stock(bigint,bigint,bigint,text,text,integer,text)', '{operator,admin}'),
    ('reserve_batch(bigint[],bigint[],bigint[],text[],integer)', '{operator,admin}'),
    ('fulfill_reservation(bigint,bigint)', '{operator,admin}'),
    ('cancel_reservation(bigint,text)', '{operator,admin}'),
    ('extend_reservation(bigint,integer)', '{operator,admin}'),
    ('expire_reservations(integer)', '{operator,admin}'),
    ('receive_stock(bigint,bigint,bigint,text)', '{operator,admin}'),
    ('return_stock(bigint,bigint,bigint,text)', '{operator,admin}'),
    ('adjust_stock(bigint,bigint,bigint,text,text)', '{operator,admin}'),
    ('reserve_order(text,jsonb,integer,text)', '{operator,admin}'),
    ('fulfill_order(text)', '{operator,admin}'),
    ('cancel_order(text,text)', '{operator,admin}'),
    ('create_transfer(bigint,bigint,jsonb)', '{operator,admin}'),
    ('ship_transfer(bigint)', '{operator,admin}'),
    ('receive_transfer(bigint,jsonb)', '{operator,admin}'),
    ('close_transfer(bigint,text)', '{operator,admin}'),
    ('cancel_transfer(bigint)', '{operator,admin}'),
    ('transfer_stock(bigint,bigint,bigint,bigint)', '{operator,admin}'),
    ('plan_cycle_counts(date)', '{operator,admin}'),
    ('start_count(bigint,bigint)', '{operator,admin}'),
    ('record_count(bigint,bigint,bigint,text,text)', '{operator,admin}'),
    -- Purchasing and planning
    ('create_purchase_order(bigint,bigint,jsonb,date)', '{planner,admin}'),
    ('submit_purchase_order(bigint)', '{planner,admin}'),
    ('confirm_purchase_order(bigint,date)', '{planner,admin}'),
    ('receive_purchase_order(bigint,jsonb)', '{planner,admin}'),
    ('cancel_purchase_order(bigint)', '{planner,admin}'),
    ('refresh_demand(integer,boolean,date)', '{planner,admin}'),
    ('recompute_policies(integer,double precision,date)', '{planner,admin}'),
    ('run_replenishment()', '{planner,admin}'),
    ('acknowledge_notification(bigint)', '{planner,admin}'),
    ('close_period(date)', '{planner,admin}'),
    -- The rest
    ('rebuild_stock(boolean)', '{admin}'),
    ('reopen_period(date,text)', '{admin}'),
    ('make_ledger_partitions(integer,date)', '{admin}'),
    ('retire_movements(timestamp with time zone)', '{admin}'),
    ('schedule_job(text,text,text,text,interval)', '{admin}'),
    ('alter_job(text,text,text,text,interval,boolean)', '{admin}'),
    ('unschedule_job(text)', '{admin}'),
    ('run_job(text,boolean)', '{admin}'),
    ('worker_start()', '{admin}'),
    ('worker_stop()', '{admin}'),
    ('schedule_with_pg_cron()', '{admin}'),
    ('pg_cron_schedule(text,text)', '{admin}'),
    ('import_check(text)', '{admin}'),
    ('import_load(text)', '{admin}'),
    ('import_clear()', '{admin}'),
    ('grant_access(regrole,text)', '{admin}'),
    ('revoke_access(regrole,text)', '{admin}'),
    -- Parts of the others, and triggers
    ('item_guard()', '{}'),
    ('item_ledger()', '{}'),
    ('reservation_guard()', '{}'),
    ('ledger_guard()', '{}'),
    ('reference_guard()', '{}'),
    ('referenced_guard()', '{}'),
    ('job_guard()', '{}'),
    ('job_changed()', '{}'),
    ('warehouse_guard()', '{}'),
    ('import_guard()', '{}'),
    ('import_known()', '{}'),
    ('import_objects_are_good()', '{}'),
    ('import_quote(text)', '{}'),
    ('import_check_text(text,text,integer)', '{}'),
    ('import_check_object(text,text)', '{}'),
    ('import_check_name(text,text)', '{}'),
    ('import_check_whole(text,text,bigint,bigint)', '{}'),
    ('import_check_number(text,text)', '{}'),
    ('import_check_flag(text,text)', '{}'),
    ('import_is_true(text)', '{}'),
    ('import_check_day(text,text)', '{}'),
    ('import_check_timezone(text,text)', '{}'),
    ('import_check_reference(text,text,bigint)', '{}'),
    ('import_business_time()', '{}'),
    ('import_on_existing(text)', '{}'),
    ('access_includes(text)', '{}'),
    ('access_check_role(regrole)', '{}'),
    ('access_held(regrole)', '{}');

-- A relation, its kind, and what each level may do with all of it: r SELECT, a INSERT, w UPDATE, d DELETE. Nobody but
-- the owner has TRUNCATE, REFERENCES or TRIGGER, nor anything on a sequence.
CREATE TEMP TABLE relation_right (name text PRIMARY KEY, kind "char", reader text, operator text, planner text, admin text);
INSERT INTO relation_right VALUES
    ('category', 'r', 'r', 'r', 'r', 'rawd'),
    ('product', 'r', 'r', 'r', 'r', 'rawd'),
    ('warehouse', 'r', 'r', 'r', 'r', 'rawd'),
    ('supplier', 'r', 'r', 'r', 'raw', 'rawd'),
    ('product_supplier', 'r', 'r', 'r', 'rawd', 'rawd'),
    ('item_planning', 'r', 'r', 'r', 'rawd', 'rawd'),
    ('root_cause', 'r', 'r', 'r', 'r', 'rd'),
    ('inventory_item', 'r', 'r', 'r', 'r', 'rd'),
    ('stock_movement', 'p', 'r', 'r', 'r', 'r'),
    ('stock_movement_default', 'r', '', '', '', ''),
    ('ledger_opening', 'r', 'r', 'r', 'r', 'r'),
    ('ledger_retirement', 'r', 'r', 'r', 'r', 'r'),
    ('period_closing', 'r', 'r', 'r', 'r', 'r'),
    ('reservation', 'r', 'r', 'r', 'r', 'r'),
    ('idempotency_key', 'r', '', '', '', 'rd'),
    ('purchase_order', 'r', 'r', 'r', 'r', 'r'),
    ('purchase_order_line', 'r', 'r', 'r', 'r', 'r'),
    ('purchase_receipt', 'r', 'r', 'r', 'r', 'r'),
    ('procurement_notification', 'r', 'r', 'r', 'r', 'r'),
    ('transfer_order', 'r', 'r', 'r', 'r', 'r'),
    ('transfer_order_line', 'r', 'r', 'r', 'r', 'r'),
    ('cycle_count', 'r', 'r', 'r', 'r', 'r'),
    ('count_plan', 'r', 'r', 'r', 'r', 'r'),
    ('demand_daily', 'r', 'r', 'r', 'r', 'r'),
    ('demand_state', 'r', 'r', 'r', 'r', 'r'),
    ('demand_window', 'r', 'r', 'r', 'r', 'r'),
    ('policy_history', 'r', 'r', 'r', 'r', 'r'),
    ('replenishment_run', 'r', 'r', 'r', 'r', 'r'),
    ('replenishment_entry', 'r', 'r', 'r', 'r', 'r'),
    ('job', 'r', '', '', '', ''),
    ('job_run', 'r', '', '', '', 'r'),
    ('import_category', 'r', 'r', 'r', 'r', 'rd'),
    ('import_warehouse', 'r', 'r', 'r', 'r', 'rd'),
    ('import_supplier', 'r', 'r', 'r', 'r', 'rd'),
    ('import_product', 'r', 'r', 'r', 'r', 'rd'),
    ('import_product_supplier', 'r', 'r', 'r', 'r', 'rd'),
    ('import_level', 'r', 'r', 'r', 'r', 'rd'),
    ('import_order_line', 'r', 'r', 'r', 'r', 'rd'),
    ('stock_level', 'v', 'r', 'r', 'r', 'r'),
    ('low_stock', 'v', 'r', 'r', 'r', 'r'),
    ('movement_history', 'v', 'r', 'r', 'r', 'r'),
    ('open_reservation', 'v', 'r', 'r', 'r', 'r'),
    ('in_transit', 'v', 'r', 'r', 'r', 'r'),
    ('supplier_performance', 'v', 'r', 'r', 'r', 'r'),
    ('count_due', 'v', 'r', 'r', 'r', 'r'),
    ('count_accuracy', 'v', 'r', 'r', 'r', 'r'),
    ('shrinkage', 'v', 'r', 'r', 'r', 'r'),
    ('job_status', 'v', 'r', 'r', 'r', 'r'),
    ('job_history', 'v', 'r', 'r', 'r', 'r'),
    ('item_demand', 'v', 'r', 'r', 'r', 'r'),
    ('forecast_accuracy', 'v', 'r', 'r', 'r', 'r'),
    ('replenishment_log', 'v', 'r', 'r', 'r', 'r'),
    ('inbound_layer', 'v', 'r', 'r', 'r', 'r'),
    ('product_cost', 'v', 'r', 'r', 'r', 'r'),
    ('costed_layer', 'v', 'r', 'r', 'r', 'r'),
    ('stock_layer', 'v', 'r', 'r', 'r', 'r'),
    ('item_cost', 'v', 'r', 'r', 'r', 'r'),
    ('inventory_valuation', 'v', 'r', 'r', 'r', 'r'),
    ('stock_ageing', 'v', 'r', 'r', 'r', 'r'),
    ('stock_turnover', 'v', 'r', 'r', 'r', 'r'),
    ('abc_classification', 'v', 'r', 'r', 'r', 'r'),
    ('open_purchase_order', 'v', 'r', 'r', 'r', 'r'),
    ('available_to_promise', 'v', 'r', 'r', 'r', 'r'),
    ('job_run_run_id_seq', 'S', '', '', '', ''),
    ('import_category_line_seq', 'S', '', '', '', ''),
    ('import_warehouse_line_seq', 'S', '', '', '', ''),
    ('import_supplier_line_seq', 'S', '', '', '', ''),
    ('import_product_line_seq', 'S', '', '', '', ''),
    ('import_product_supplier_line_seq', 'S', '', '', '', ''),
    ('import_level_line_seq', 'S', '', '', '', ''),
    ('import_order_line_line_seq', 'S', '', '', '', ''),
    ('product_product_id_seq', 'S', '', '', '', ''),
    ('warehouse_warehouse_id_seq', 'S', '', '', '', ''),
    ('supplier_supplier_id_seq', 'S', '', '', '', ''),
    ('inventory_item_item_id_seq', 'S', '', '', '', ''),
    ('reservation_reservation_id_seq', 'S', '', '', '', ''),
    ('stock_movement_movement_id_seq', 'S', '', '', '', ''),
    ('period_closing_closing_id_seq', 'S', '', '', '', ''),
    ('purchase_order_po_id_seq', 'S', '', '', '', ''),
    ('purchase_receipt_receipt_id_seq', 'S', '', '', '', ''),
    ('procurement_notification_notification_id_seq', 'S', '', '', '', ''),
    ('transfer_order_transfer_id_seq', 'S', '', '', '', ''),
    ('category_category_id_seq', 'S', '', '', '', ''),
    ('cycle_count_count_id_seq', 'S', '', '', '', ''),
    ('policy_history_policy_id_seq', 'S', '', '', '', ''),
    ('replenishment_entry_entry_id_seq', 'S', '', '', '', '');

-- What levels may do with some columns only.
CREATE TEMP TABLE column_right (relation text, privilege text, columns text[], levels text[], PRIMARY KEY (relation, privilege, levels));
INSERT INTO column_right VALUES
    ('inventory_item', 'UPDATE', '{reorder_point,reorder_quantity}', '{planner,admin}'),
    ('inventory_item', 'INSERT', '{product_id,warehouse_id,quantity_on_hand,reorder_point,reorder_quantity,attributes}', '{admin}'),
    ('inventory_item', 'UPDATE', '{quantity_on_hand,last_counted_at,attributes}', '{admin}'),
    ('root_cause', 'INSERT', '{code,description}', '{admin}'),
    ('root_cause', 'UPDATE', '{code,description}', '{admin}'),
    ('import_category', 'INSERT', '{name,parent}', '{admin}'),
    ('import_category', 'UPDATE', '{name,parent}', '{admin}'),
    ('import_warehouse', 'INSERT', '{name,address,timezone,capacity_sqft,priority}', '{admin}'),
    ('import_warehouse', 'UPDATE', '{name,address,timezone,capacity_sqft,priority}', '{admin}'),
    ('import_supplier', 'INSERT', '{name,contact,is_active}', '{admin}'),
    ('import_supplier', 'UPDATE', '{name,contact,is_active}', '{admin}'),
    ('import_product', 'INSERT', '{sku,name,description,category,unit_cost,unit_price,weight_kg,dimensions_cm,is_active,base_unit,attributes}', '{admin}'),
    ('import_product', 'UPDATE', '{sku,name,description,category,unit_cost,unit_price,weight_kg,dimensions_cm,is_active,base_unit,attributes}', '{admin}'),
    ('import_product_supplier', 'INSERT', '{sku,supplier,is_preferred,lead_time_days,lead_time_stddev_days,unit_cost,min_order_quantity,order_multiple}', '{admin}'),
    ('import_product_supplier', 'UPDATE', '{sku,supplier,is_preferred,lead_time_days,lead_time_stddev_days,unit_cost,min_order_quantity,order_multiple}', '{admin}'),
    ('import_level', 'INSERT', '{sku,warehouse,quantity_on_hand,reorder_point,reorder_quantity}', '{admin}'),
    ('import_level', 'UPDATE', '{sku,warehouse,quantity_on_hand,reorder_point,reorder_quantity}', '{admin}'),
    ('import_order_line', 'INSERT', '{order_reference,supplier,warehouse,sku,quantity,unit_cost,ordered_on,expected_delivery_date,status}', '{admin}'),
    ('import_order_line', 'UPDATE', '{order_reference,supplier,warehouse,sku,quantity,unit_cost,ordered_on,expected_delivery_date,status}', '{admin}');

CREATE SCHEMA inventory_test_own;
GRANT ALL ON SCHEMA inventory_test_own TO PUBLIC;
CREATE TEMP TABLE level (name text PRIMARY KEY);
INSERT INTO level VALUES ('nobody'), ('reader'), ('operator'), ('planner'), ('admin');
DO $$
DECLARE
    l text;
BEGIN
    FOR l IN SELECT name FROM level LOOP
        EXECUTE format('CREATE ROLE inventory_test_%s', l);
        EXECUTE format('CREATE TABLE inventory_test_own.%I (i integer); ALTER TABLE inventory_test_own.%1$I OWNER TO inventory_test_%1$s', l);
        IF l <> 'nobody' THEN
            PERFORM inventory.grant_access(format('inventory_test_%s', l)::regrole, l);
        END IF;
    END LOOP;
END
$$;

-- The matrix is complete.
SELECT bag_eq($$SELECT substr(oid::regprocedure::text, 11) FROM pg_proc WHERE pronamespace = 'inventory'::regnamespace$$,
    'SELECT signature FROM function_right', 'the matrix has every function');
SELECT bag_eq($$SELECT c.relname::text, c.relkind FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c')
    AND NOT (c.relispartition AND c.relname ~ '^stock_movement_[0-9]')$$,
    'SELECT name, kind FROM relation_right', 'and every table, view and sequence');

-- Each right that the matrix gives, and none besides, for the role of each level.
SELECT is_empty(format($$
    SELECT f.signature FROM function_right f
    WHERE has_function_privilege('inventory_test_%1$s', 'inventory.' || f.signature, 'EXECUTE') <> ('%1$s' = ANY (f.levels))$$, l.name),
    l.name || ': functions') FROM level l ORDER BY l.name;
SELECT is_empty(format($$
    SELECT r.name, p.privilege FROM relation_right r
    CROSS JOIN (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd'), ('TRUNCATE', 'D'), ('REFERENCES', 'x'), ('TRIGGER', 't')) AS p(privilege, letter)
    WHERE r.kind <> 'S' AND has_table_privilege('inventory_test_%1$s', 'inventory.' || r.name, p.privilege)
        <> (strpos(coalesce(to_jsonb(r) ->> '%1$s', ''), p.letter) > 0)$$, l.name),
    l.name || ': tables and views') FROM level l ORDER BY l.name;
SELECT is_empty(format($$
    SELECT r.name, a.attname, p.privilege FROM relation_right r
    JOIN pg_attribute a ON a.attrelid = ('inventory.' || r.name)::regclass AND a.attnum > 0 AND NOT a.attisdropped
    CROSS JOIN (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('REFERENCES', 'x')) AS p(privilege, letter)
    WHERE r.kind <> 'S' AND has_column_privilege('inventory_test_%1$s', a.attrelid, a.attnum, p.privilege)
        <> (strpos(coalesce(to_jsonb(r) ->> '%1$s', ''), p.letter) > 0
            OR EXISTS (SELECT FROM column_right c WHERE c.relation = r.name AND c.privilege = p.privilege AND a.attname = ANY (c.columns) AND '%1$s' = ANY (c.levels)))$$, l.name),
    l.name || ': columns') FROM level l ORDER BY l.name;
SELECT is_empty(format($$
    SELECT r.name, p FROM relation_right r, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) p
    WHERE r.kind = 'S' AND has_sequence_privilege('inventory_test_%s', 'inventory.' || r.name, p)$$, l.name),
    l.name || ': no sequence') FROM level l ORDER BY l.name;
SELECT is_empty(format($$
    SELECT c.relname, p FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
    WHERE c.relnamespace = 'inventory'::regnamespace AND c.relispartition AND c.relkind = 'r' AND has_table_privilege('inventory_test_%s', c.oid, p)$$, l.name),
    l.name || ': no partition of the ledger by itself') FROM level l ORDER BY l.name;
SELECT is(has_schema_privilege('inventory_test_' || l.name, 'inventory', 'USAGE') || ' ' || has_schema_privilege('inventory_test_' || l.name, 'inventory', 'CREATE'),
    CASE l.name WHEN 'nobody' THEN 'false false' ELSE 'true false' END, l.name || ': the schema') FROM level l ORDER BY l.name;
SELECT is_empty(format($$
    SELECT c.oid::regclass FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'inventory'::regnamespace AND a.grantee = 'inventory_test_%1$s'::regrole AND a.is_grantable
    UNION ALL SELECT p.oid::regprocedure::oid::regclass FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'inventory'::regnamespace AND a.grantee = 'inventory_test_%1$s'::regrole AND a.is_grantable$$, l.name),
    l.name || ': nothing that can be handed on') FROM level l ORDER BY l.name;

-- Tried. What a statement by a role ends in: its SQLSTATE, or 'done'. It is undone in any case.
CREATE FUNCTION pg_temp.granted() RETURNS text LANGUAGE sql AS $$
    SELECT md5(concat((SELECT string_agg(c.oid || c.relacl::text, ';' ORDER BY c.oid) FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'inventory')),
        (SELECT string_agg(p.oid || p.proacl::text, ';' ORDER BY p.oid) FROM pg_proc p WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'inventory')),
        (SELECT n.nspacl FROM pg_namespace n WHERE n.nspname = 'inventory')))
$$;
SELECT inventory.receive_stock(1, 1, 100), inventory.reserve_stock(1, 1, 10, 'order');
INSERT INTO inventory.supplier (name) VALUES ('Acme');
CREATE FUNCTION inventory_test_own.trap() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
SELECT set_config('test.granted', pg_temp.granted(), true);
CREATE FUNCTION pg_temp.attempt(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', role);
        EXECUTE statement;
        -- GRANT by somebody without the right to only warns.
        IF statement LIKE 'GRANT%' AND pg_temp.granted() = current_setting('test.granted') THEN
            RAISE insufficient_privilege;
        END IF;
        RAISE SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        state := CASE SQLSTATE WHEN 'ZZ000' THEN 'done' ELSE SQLSTATE END;
    END;
    RETURN state;
END
$$;
-- A statement for each kind of thing that may be done to a relation; %1$s is its name, %2$s a column, %3$s what the level
-- would need of the letters above, none of them meaning that only the owner may.
CREATE TEMP TABLE deed (statement text, needs text, kinds text);
INSERT INTO deed VALUES
    ('TABLE %1$s', 'r', 'rpv'),
    ('INSERT INTO %1$s DEFAULT VALUES', 'a', 'rp'),
    ('INSERT INTO %1$s (%2$I) SELECT %2$I FROM %1$s LIMIT 0', 'ar', 'rp'),
    ('UPDATE %1$s SET %2$I = %2$I WHERE false', 'wr', 'rp'),
    ('UPDATE %1$s SET %2$I = DEFAULT', 'w', 'rp'),
    ('DELETE FROM %1$s WHERE false', 'd', 'rp'),
    ('MERGE INTO %1$s t USING (SELECT 1) s ON false WHEN MATCHED THEN DELETE', 'dr', 'rp'),
    ('TRUNCATE %1$s CASCADE', '-', 'rp'),
    ('LOCK TABLE %1$s IN ACCESS EXCLUSIVE MODE', 'wd', 'rp'),
    ('SELECT FROM %1$s FOR UPDATE', 'w', 'rp'),
    ('SELECT FROM %1$s FOR KEY SHARE', 'w', 'rp'),
    ($$COPY %1$s FROM '/dev/null'$$, '-', 'rp'),
    ($$COPY %1$s FROM PROGRAM 'true'$$, '-', 'rp'),
    ($$COPY %1$s TO '/dev/null'$$, '-', 'rp'),
    ('ALTER TABLE %1$s ADD mine integer', '-', 'rp'),
    ('ALTER TABLE %1$s DISABLE TRIGGER ALL', '-', 'rp'),
    ('ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY', '-', 'rp'),
    ('ALTER TABLE %1$s OWNER TO CURRENT_USER', '-', 'rpvS'),
    ('ALTER TABLE %1$s SET SCHEMA inventory_test_own', '-', 'rpvS'),
    ('ALTER TABLE %1$s RENAME TO mine', '-', 'rpvS'),
    ('DROP TABLE %1$s CASCADE', '-', 'rp'),
    ('DROP VIEW %1$s CASCADE', '-', 'v'),
    ('DROP SEQUENCE %1$s CASCADE', '-', 'S'),
    ('CREATE OR REPLACE VIEW %1$s AS SELECT 1', '-', 'v'),
    ('ALTER VIEW %1$s ALTER %2$I SET DEFAULT NULL', '-', 'v'),
    ('CREATE TRIGGER mine AFTER INSERT ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION inventory_test_own.trap()', '-', 'rp'),
    ('CREATE TRIGGER mine INSTEAD OF INSERT ON %1$s FOR EACH ROW EXECUTE FUNCTION inventory_test_own.trap()', '-', 'v'),
    ('CREATE RULE mine AS ON INSERT TO %1$s DO INSTEAD NOTHING', '-', 'rpv'),
    ('CREATE POLICY mine ON %1$s USING (true)', '-', 'rp'),
    ('CREATE INDEX ON %1$s ((1))', '-', 'rp'),
    ('CREATE STATISTICS inventory_test_own.mine ON (1), (2) FROM %1$s', '-', 'rp'),
    ('CREATE TABLE inventory_test_own.mine (i bigint REFERENCES %1$s)', '-', 'rp'),
    ('CREATE TABLE inventory_test_own.mine () INHERITS (%1$s)', '-', 'r'),
    ('REINDEX TABLE %1$s', '-', 'r'),
    ('COMMENT ON TABLE %1$s IS NULL', '-', 'rp'),
    ('COMMENT ON VIEW %1$s IS NULL', '-', 'v'),
    ('COMMENT ON COLUMN %1$s.%2$I IS NULL', '-', 'rpv'),
    ('GRANT ALL ON %1$s TO PUBLIC', '-', 'rpvS'),
    ('CREATE PUBLICATION mine FOR TABLE %1$s', '-', 'rp'),
    ($$SELECT nextval('%1$s')$$, '-', 'S'),
    ($$SELECT setval('%1$s', 1)$$, '-', 'S'),
    ($$SELECT currval('%1$s')$$, '-', 'S'),
    ('SELECT last_value FROM %1$s', '-', 'S'),
    ('ALTER SEQUENCE %1$s RESTART', '-', 'S');
SELECT pg_temp.state() AS before \gset

CREATE FUNCTION pg_temp.attempts(level text) RETURNS TABLE (statement text, state text) LANGUAGE plpgsql AS $$
BEGIN
    FOR statement IN
        SELECT format(d.statement, 'inventory.' || r.name, coalesce(a.attname, 'x'))
        FROM relation_right r JOIN deed d ON strpos(d.kinds, r.kind::text) > 0
        LEFT JOIN pg_attribute a ON a.attrelid = ('inventory.' || r.name)::regclass AND a.attnum =
            (SELECT min(f.attnum) FROM pg_attribute f WHERE f.attrelid = a.attrelid AND f.attnum > 0 AND f.attidentity = '' AND f.attgenerated = '')
        -- What the level may do is for access.sql; with one of several letters LOCK TABLE is satisfied.
        WHERE d.needs = '-' OR NOT CASE WHEN d.needs = 'wd' THEN coalesce(to_jsonb(r) ->> level, '') ~ '[wd]'
            ELSE (SELECT bool_and(strpos(coalesce(to_jsonb(r) ->> level, ''), n) > 0) FROM regexp_split_to_table(d.needs, '') n) END
        -- Of some columns: the first of them may be one.
        AND NOT EXISTS (SELECT FROM column_right c WHERE c.relation = r.name AND level = ANY (c.levels))
    LOOP
        state := pg_temp.attempt('inventory_test_' || level, statement);
        RETURN NEXT;
    END LOOP;
END
$$;
CREATE TEMP TABLE attempted AS SELECT l.name AS level, a.* FROM level l, pg_temp.attempts(l.name) a;
SELECT cmp_ok((SELECT count(*) FROM attempted WHERE level = l.name), '>', 1000::bigint, l.name || ': attempts') FROM level l ORDER BY l.name;
-- A reference to a table of another kind, or a child of a partition, is refused whoever asks.
SELECT is_empty(format('SELECT statement, state FROM attempted WHERE level = %L AND state <> %L AND NOT (statement LIKE %L AND state IN (%L, %L, %L))', l.name, '42501', 'CREATE TABLE inventory_test_own.mine%', '42704', '42P16', '42809'), l.name || ': all are refused') FROM level l ORDER BY l.name;

-- The same for functions: each that the level has not, called with NULLs; and what only an owner does to one.
CREATE TEMP TABLE called AS
    SELECT l.name AS level, c.statement, pg_temp.attempt('inventory_test_' || l.name, c.statement) AS state
    FROM level l, function_right f JOIN pg_proc p ON p.oid = ('inventory.' || f.signature)::regprocedure
    CROSS JOIN LATERAL (
        SELECT format('SELECT inventory.%I(%s)', p.proname, (SELECT string_agg('NULL::' || a.type::regtype, ', ' ORDER BY a.n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a(type, n))) AS statement
        WHERE NOT (l.name = ANY (f.levels)) AND p.prorettype <> 'trigger'::regtype
        UNION ALL
        SELECT format(d, p.oid::regprocedure) FROM unnest(ARRAY['ALTER FUNCTION %s OWNER TO CURRENT_USER', 'ALTER FUNCTION %s SECURITY DEFINER', 'ALTER FUNCTION %s SET search_path = inventory_test_own',
            'ALTER FUNCTION %s RESET ALL', 'ALTER FUNCTION %s SET SCHEMA inventory_test_own', 'ALTER FUNCTION %s LEAKPROOF', 'DROP FUNCTION %s CASCADE', 'COMMENT ON FUNCTION %s IS NULL', 'GRANT EXECUTE ON FUNCTION %s TO PUBLIC']) d
        UNION ALL
        SELECT format('CREATE TRIGGER mine BEFORE INSERT ON inventory_test_own.%s FOR EACH ROW EXECUTE FUNCTION inventory.%I()', l.name, p.proname) WHERE p.prorettype = 'trigger'::regtype
    ) AS c;
SELECT is_empty(format($$SELECT statement, state FROM called WHERE level = %L AND state <> '42501'$$, l.name), l.name || ': no function') FROM level l ORDER BY l.name;

-- And to the rest.
CREATE TEMP TABLE other AS
    SELECT l.name AS level, s.statement, pg_temp.attempt('inventory_test_' || l.name, s.statement) AS state
    FROM level l, unnest(ARRAY[
        'DROP EXTENSION inventory CASCADE', 'ALTER EXTENSION inventory UPDATE', 'ALTER EXTENSION inventory DROP TABLE inventory.product', 'ALTER EXTENSION inventory SET SCHEMA inventory_test_own',
        'DROP SCHEMA inventory CASCADE', 'ALTER SCHEMA inventory RENAME TO mine', 'ALTER SCHEMA inventory OWNER TO CURRENT_USER', 'GRANT CREATE ON SCHEMA inventory TO PUBLIC', 'COMMENT ON SCHEMA inventory IS NULL',
        'CREATE TABLE inventory.mine ()', 'CREATE VIEW inventory.mine AS SELECT 1', 'CREATE FUNCTION inventory.mine() RETURNS integer LANGUAGE sql RETURN 1', 'CREATE TYPE inventory.mine AS (i integer)', 'CREATE SEQUENCE inventory.mine',
        'CREATE OR REPLACE FUNCTION inventory.worker_pid() RETURNS integer LANGUAGE sql RETURN 1',
        $$ALTER TYPE inventory.movement_type ADD VALUE 'STOLEN'$$, 'ALTER TYPE inventory.movement_type OWNER TO CURRENT_USER', 'DROP TYPE inventory.movement_type CASCADE',
        'CREATE CAST (inventory.movement_type AS integer) WITH INOUT', 'CREATE TABLE inventory.stock_movement_2099_01 PARTITION OF inventory.stock_movement FOR VALUES FROM (''2099-01-01'') TO (''2099-02-01'')',
        'ALTER TABLE inventory.stock_movement DETACH PARTITION inventory.stock_movement_default',
        'DROP TRIGGER zz_inventory_guard ON inventory.inventory_item', 'ALTER DEFAULT PRIVILEGES FOR ROLE ' || current_user || ' IN SCHEMA inventory GRANT ALL ON TABLES TO PUBLIC',
        'SET LOCAL session_replication_role = replica', 'SET LOCAL inventory.over_receipt_tolerance_percent = 50',
        'SELECT lo_import(''/etc/passwd'')', 'SELECT pg_read_file(''postgresql.conf'')']) s(statement);
SELECT is_empty(format($$SELECT statement, state FROM other WHERE level = %L AND state <> '42501'$$, l.name), l.name || ': nor anything else') FROM level l ORDER BY l.name;
SELECT is_empty($$SELECT a.grantee::regrole FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'inventory' AND a.grantee = 0
    UNION ALL SELECT a.grantee::regrole FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'inventory'::regnamespace AND a.grantee = 0
    UNION ALL SELECT a.grantee::regrole FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE p.pronamespace = 'inventory'::regnamespace AND a.grantee = 0$$, 'PUBLIC was given nothing');
SELECT is(pg_temp.state(), :'before', 'nothing changed');
SELECT pg_temp.healthy('all attempts');

-- A member of a role of the extension may what the role may, and becomes no more by it.
CREATE ROLE inventory_test_member IN ROLE inventory_test_reader, inventory_test_operator;
SELECT is(pg_temp.attempt('inventory_test_member', 'SELECT inventory.receive_stock(1, 1, 1)'), 'done', 'a member of two roles receives');
SELECT is(pg_temp.attempt('inventory_test_member', 'SELECT inventory.run_replenishment()'), '42501', 'and plans nothing');
SELECT is(pg_temp.attempt('inventory_test_member', $$SELECT inventory.grant_access('inventory_test_member', 'admin')$$), '42501', 'nor makes himself more');
SELECT is(pg_temp.attempt('inventory_test_planner', $$SELECT inventory.revoke_access('inventory_test_admin', 'admin')$$), '42501', 'nor others less');

SELECT * FROM finish();
ROLLBACK;
