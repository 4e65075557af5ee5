-- Nobody but the owner gets anything unless grant_access gives it. Trigger
-- functions can be called by nobody and need no right to fire.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA inventory FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA inventory FROM PUBLIC;

-- A dump holds the contents of these; the built-in root causes come with the
-- extension itself, and the trigger of job merges the built-in jobs of a dump.
-- Not here: the staging tables import_*, whose contents are copies of files.
SELECT pg_catalog.pg_extension_config_dump('inventory.category', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.product', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.warehouse', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.supplier', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.product_supplier', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.inventory_item', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.root_cause', 'WHERE NOT is_builtin');
-- The parent of the partitions has no rows of its own; those of the months are
-- ordinary tables.
SELECT pg_catalog.pg_extension_config_dump('inventory.stock_movement_default', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.ledger_opening', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.ledger_retirement', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.period_closing', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.period_closing_closing_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.reservation', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.idempotency_key', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.purchase_order', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.purchase_order_line', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.purchase_receipt', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.procurement_notification', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.transfer_order', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.transfer_order_line', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.cycle_count', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.count_plan', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.demand_daily', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.demand_state', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.demand_window', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.item_planning', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.policy_history', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.replenishment_run', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.replenishment_entry', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.job', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.job_run', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.category_category_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.product_product_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.warehouse_warehouse_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.supplier_supplier_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.inventory_item_item_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.stock_movement_movement_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.reservation_reservation_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.purchase_order_po_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.purchase_receipt_receipt_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.procurement_notification_notification_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.transfer_order_transfer_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.cycle_count_count_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.policy_history_policy_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.replenishment_entry_entry_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('inventory.job_run_run_id_seq', '');

-- The months to come. pg_dump switches row_security off for whoever loads a dump, and
-- the dump brings its months along.
DO $$
BEGIN
    IF pg_catalog.current_setting('row_security')::boolean THEN
        PERFORM inventory.make_ledger_partitions();
    END IF;
END
$$;
