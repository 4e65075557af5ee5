CREATE FUNCTION inventory.access_rules()
RETURNS TABLE (access text, privilege text, object_kind text, object text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'reader', 'USAGE', 'SCHEMA', 'inventory'
    UNION ALL
    -- Keys are secrets between the engine and their callers, and there may be one
    -- in the command of a job or in its errors; job_status and job_history show the rest.
    SELECT 'reader', 'SELECT', 'TABLE', format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'inventory'
    WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relname NOT IN ('idempotency_key', 'job', 'job_run')
    UNION ALL
    SELECT r.access, 'EXECUTE', 'FUNCTION', 'inventory.' || r.signature
    FROM (VALUES
        ('reader', 'line_items(inventory.purchase_order)'),
        ('reader', 'line_items(inventory.transfer_order)'),
        ('reader', 'verify_ledger()'),
        ('reader', 'movement_hash(bytea, bigint, bigint, bigint, inventory.movement_type, bigint, bigint, bigint, text, bigint, text, text, text, timestamptz, timestamptz)'),
        ('reader', 'on_hand_at(bigint, bigint, timestamptz)'),
        ('reader', 'movement_at(bigint, bigint, timestamptz)'),
        ('reader', 'stock_at(timestamptz, bigint, bigint, text)'),
        ('reader', 'check_retirement()'),
        ('reader', 'chain_end_at(bigint, bigint, timestamptz)'),
        ('reader', 'ledger_settled_at()'),
        ('reader', 'ledger_digest(timestamptz)'),
        ('reader', 'verify_references()'),
        ('reader', 'demand_series(bigint, bigint)'),
        ('reader', 'as_bigint(numeric)'),
        ('reader', 'forecast(double precision[], text, integer, integer, double precision, double precision, double precision)'),
        ('reader', 'forecast_error(double precision[], text, integer, integer)'),
        ('reader', 'access_rules()'),
        ('reader', 'z_value(double precision)'),
        ('reader', 'safety_stock(double precision, double precision, double precision)'),
        ('reader', 'safety_stock(double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'reorder_point(double precision, double precision, double precision, double precision)'),
        ('reader', 'reorder_point(double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'lead_time_demand(double precision, double precision, double precision, double precision)'),
        ('reader', 'economic_order_quantity(double precision, double precision, double precision)'),
        ('reader', 'eoq_cost(double precision, double precision, double precision, double precision)'),
        ('reader', 'eoq_all_units_discount(double precision, double precision, double precision, double precision[], double precision[])'),
        ('reader', 'eoq_incremental_discount(double precision, double precision, double precision, double precision[], double precision[])'),
        ('reader', 'eoq_backorders(double precision, double precision, double precision, double precision)'),
        ('reader', 'eoq_backorders_cost(double precision, double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'economic_production_quantity(double precision, double precision, double precision, double precision)'),
        ('reader', 'economic_production_cost(double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'wagner_whitin(double precision[], double precision, double precision)'),
        ('reader', 'joint_replenishment_silver(double precision, double precision[], double precision[], double precision[])'),
        ('reader', 'newsvendor_normal(double precision, double precision, double precision, double precision)'),
        ('reader', 'newsvendor_normal(double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'newsvendor_normal_cost(double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'newsvendor_normal_explicit(double precision, double precision, double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'newsvendor_poisson(double precision, double precision, double precision)'),
        ('reader', 'newsvendor_poisson(double precision, double precision, double precision, double precision)'),
        ('reader', 'newsvendor_poisson_cost(double precision, double precision, double precision, double precision)'),
        ('reader', 'newsvendor_poisson_explicit(double precision, double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'newsvendor_discrete(double precision[], double precision[], double precision, double precision)'),
        ('reader', 'newsvendor_discrete_cost(double precision[], double precision[], double precision, double precision, double precision)'),
        ('reader', 'rq_policy(double precision, double precision, double precision, double precision, double precision, double precision, text)'),
        ('reader', 'rq_cost(double precision, double precision, double precision, double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'rq_reorder_point(double precision, double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'rq_policy_poisson(double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'rq_cost_poisson(double precision, double precision, double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'ss_policy_poisson(double precision, double precision, double precision, double precision)'),
        ('reader', 'ss_cost_poisson(double precision, double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'ss_policy_power_approximation(double precision, double precision, double precision, double precision, double precision)'),
        ('reader', 'standard_loss(double precision)'),
        ('reader', 'standard_loss_second(double precision)'),
        ('reader', 'normal_loss(double precision, double precision, double precision)'),
        ('reader', 'poisson_loss(double precision, double precision)'),
        ('reader', 'next_run(text, timestamptz, text)'),
        ('reader', 'worker_pid()'),
        ('operator', 'reserve_stock(bigint, bigint, bigint, text, text, integer, text)'),
        ('operator', 'reserve_batch(bigint[], bigint[], bigint[], text[], integer)'),
        ('operator', 'fulfill_reservation(bigint, bigint)'),
        ('operator', 'cancel_reservation(bigint, text)'),
        ('operator', 'extend_reservation(bigint, integer)'),
        ('operator', 'expire_reservations(integer)'),
        ('operator', 'receive_stock(bigint, bigint, bigint, text)'),
        ('operator', 'return_stock(bigint, bigint, bigint, text)'),
        ('operator', 'adjust_stock(bigint, bigint, bigint, text, text)'),
        ('operator', 'reserve_order(text, jsonb, integer, text)'),
        ('operator', 'fulfill_order(text)'),
        ('operator', 'cancel_order(text, text)'),
        ('operator', 'create_transfer(bigint, bigint, jsonb)'),
        ('operator', 'ship_transfer(bigint)'),
        ('operator', 'receive_transfer(bigint, jsonb)'),
        ('operator', 'close_transfer(bigint, text)'),
        ('operator', 'cancel_transfer(bigint)'),
        ('operator', 'transfer_stock(bigint, bigint, bigint, bigint)'),
        ('operator', 'plan_cycle_counts(date)'),
        ('operator', 'start_count(bigint, bigint)'),
        ('operator', 'record_count(bigint, bigint, bigint, text, text)'),
        ('planner', 'create_purchase_order(bigint, bigint, jsonb, date)'),
        ('planner', 'submit_purchase_order(bigint)'),
        ('planner', 'confirm_purchase_order(bigint, date)'),
        ('planner', 'receive_purchase_order(bigint, jsonb)'),
        ('planner', 'cancel_purchase_order(bigint)'),
        ('planner', 'refresh_demand(integer, boolean, date)'),
        ('planner', 'recompute_policies(integer, double precision, date)'),
        ('planner', 'run_replenishment()'),
        ('planner', 'acknowledge_notification(bigint)'),
        ('admin', 'rebuild_stock(boolean)'),
        ('planner', 'close_period(date)'),
        ('admin', 'reopen_period(date, text)'),
        ('admin', 'make_ledger_partitions(integer, date)'),
        ('admin', 'retire_movements(timestamptz)'),
        ('admin', 'schedule_job(text, text, text, text, interval)'),
        ('admin', 'alter_job(text, text, text, text, interval, boolean)'),
        ('admin', 'unschedule_job(text)'),
        ('admin', 'run_job(text, boolean)'),
        ('admin', 'worker_start()'),
        ('admin', 'worker_stop()'),
        ('admin', 'schedule_with_pg_cron()'),
        ('admin', 'pg_cron_schedule(text, text)'),
        ('admin', 'import_check(text)'),
        ('admin', 'import_load(text)'),
        ('admin', 'import_clear()'),
        ('admin', 'grant_access(regrole, text)'),
        ('admin', 'revoke_access(regrole, text)')
    ) AS r(access, signature)
    UNION ALL
    SELECT r.access, r.privilege, 'TABLE', 'inventory.' || r.relation
    FROM (VALUES
        ('planner', 'INSERT, UPDATE', 'supplier'),
        ('planner', 'INSERT, UPDATE, DELETE', 'product_supplier'),
        ('planner', 'INSERT, UPDATE, DELETE', 'item_planning'),
        ('planner', 'UPDATE (reorder_point, reorder_quantity)', 'inventory_item'),
        ('admin', 'INSERT, UPDATE, DELETE', 'category'),
        ('admin', 'INSERT, UPDATE, DELETE', 'product'),
        ('admin', 'INSERT, UPDATE, DELETE', 'warehouse'),
        ('admin', 'INSERT, UPDATE, DELETE', 'supplier'),
        -- Not is_builtin: it decides what a dump holds.
        ('admin', 'INSERT (code, description), UPDATE (code, description), DELETE', 'root_cause'),
        -- Not version and not quantity_reserved: with those a level could be
        -- inserted that no movement and no reservation stands for.
        ('admin', 'INSERT (product_id, warehouse_id, quantity_on_hand, reorder_point, reorder_quantity, attributes)', 'inventory_item'),
        ('admin', 'UPDATE (quantity_on_hand, last_counted_at, attributes)', 'inventory_item'),
        ('admin', 'DELETE', 'inventory_item'),
        ('admin', 'SELECT', 'job_run'),
        ('admin', 'SELECT, DELETE', 'idempotency_key')
    ) AS r(access, privilege, relation)
    UNION ALL
    -- What is staged for an import, but not its numbering.
    SELECT 'admin', format('INSERT (%1$s), UPDATE (%1$s), DELETE', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)), 'TABLE', 'inventory.' || t.relation
    FROM (VALUES ('import_category'), ('import_warehouse'), ('import_supplier'), ('import_product'), ('import_product_supplier'), ('import_level'), ('import_order_line')) AS t(relation)
    JOIN pg_attribute a ON a.attrelid = ('inventory.' || t.relation)::regclass
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('line', 'staged_by')
    GROUP BY t.relation;
END;
COMMENT ON FUNCTION inventory.access_rules() IS
'What each access level adds: reader; operator = reader and its own; planner = reader and its own; admin = all of them. Sales, receipts and the like go through functions, catalogue and suppliers are plain tables.';

CREATE FUNCTION inventory.access_includes(access text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE access
        WHEN 'reader' THEN RETURN ARRAY['reader'];
        WHEN 'operator' THEN RETURN ARRAY['reader', 'operator'];
        WHEN 'planner' THEN RETURN ARRAY['reader', 'planner'];
        WHEN 'admin' THEN RETURN ARRAY['reader', 'operator', 'planner', 'admin'];
        ELSE RAISE invalid_parameter_value USING
            MESSAGE = format('unknown access level %s', coalesce(quote_literal(left(access, 60)), 'NULL')),
            HINT = 'Known levels: reader, operator, planner, admin.';
    END CASE;
END
$$;
COMMENT ON FUNCTION inventory.access_includes(text) IS 'The levels that an access level consists of. Errors: 22023 an unknown level.';

CREATE FUNCTION inventory.grant_access(role regrole, access text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule record;
BEGIN
    PERFORM inventory.access_check_role(role);
    FOR rule IN SELECT r.* FROM inventory.access_rules() r WHERE r.access = ANY (inventory.access_includes($2)) LOOP
        EXECUTE format('GRANT %s ON %s %s TO %s', rule.privilege, rule.object_kind, rule.object, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory.grant_access(regrole, text) IS
'Gives a role an access level: reader, operator, planner or admin. Call it again after an upgrade, for what the new version adds.
Errors: 22023 an unknown level or a NULL; 42704 no such role.';

CREATE FUNCTION inventory.revoke_access(role regrole, access text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    included text[] := inventory.access_includes(access);
    held text[];
    level text;
    rule record;
BEGIN
    PERFORM inventory.access_check_role(role);
    held := inventory.access_held(role);
    FOREACH level IN ARRAY held LOOP
        IF level <> access AND access = ANY (inventory.access_includes(level)) THEN
            RAISE SQLSTATE 'IV002' USING
                MESSAGE = format('role %s has %s access, which includes %s', role, level, access),
                DETAIL = format('The role holds: %s.', array_to_string(held, ', ')),
                HINT = format('Revoke %s first, then grant what the role should keep.', level);
        END IF;
    END LOOP;
    FOR rule IN SELECT r.* FROM inventory.access_rules() r WHERE r.access = ANY (included) LOOP
        EXECUTE format('REVOKE %s ON %s %s FROM %s', rule.privilege, rule.object_kind, rule.object, role);
    END LOOP;
    -- Reading belongs to every level: give it back where another is left.
    FOREACH level IN ARRAY held LOOP
        IF level <> ALL (included) THEN
            PERFORM inventory.grant_access(role, level);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION inventory.revoke_access(regrole, text) IS
'Takes an access level from a role, the reading part too unless another level is left.
Errors: IV002 the level is part of a higher one that the role has; 22023 an unknown level or a NULL; 42704 no such role.';

CREATE FUNCTION inventory.access_check_role(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL OR role::oid = 0 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'role must name a role';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = role) THEN
        RAISE undefined_object USING MESSAGE = format('role %s does not exist', role);
    END IF;
    -- The server lets two GRANTs of one object, or a GRANT and a TRUNCATE, fail rather than wait: import_clear, partitions.
    LOCK TABLE inventory.import_category, inventory.import_warehouse, inventory.import_supplier, inventory.import_product,
        inventory.import_product_supplier, inventory.import_level, inventory.import_order_line, inventory.stock_movement
        IN SHARE UPDATE EXCLUSIVE MODE;
END
$$;
COMMENT ON FUNCTION inventory.access_check_role(regrole) IS
'Refuses a missing role, and waits for others who are changing rights. Errors: 22023 a NULL or no role; 42704 no such role.';

CREATE FUNCTION inventory.access_held(role regrole) RETURNS text[]
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- One right that only this level gives stands for the whole of it.
    SELECT CASE
        WHEN 'admin' = ANY (marks.levels) THEN ARRAY['admin']
        ELSE marks.levels
    END
    FROM (
        SELECT coalesce(array_agg(m.access ORDER BY m.access), '{}') AS levels
        FROM (
            SELECT 'admin' AS access FROM pg_proc f, aclexplode(f.proacl) a
            WHERE f.oid = 'inventory.grant_access(regrole, text)'::regprocedure AND a.grantee = access_held.role
            UNION ALL
            SELECT 'operator' FROM pg_proc f, aclexplode(f.proacl) a
            WHERE f.oid = 'inventory.reserve_stock(bigint, bigint, bigint, text, text, integer, text)'::regprocedure AND a.grantee = access_held.role
            UNION ALL
            SELECT 'planner' FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.oid = 'inventory.product_supplier'::regclass AND a.privilege_type = 'INSERT' AND a.grantee = access_held.role
        ) AS m
    ) AS marks;
END;
COMMENT ON FUNCTION inventory.access_held(regrole) IS 'The levels beyond reader that a role was granted itself, not through another role.';
