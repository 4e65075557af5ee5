CREATE VIEW inventory.item_demand AS
SELECT s.product_id, p.sku, s.warehouse_id, w.window_days, w.window_end - w.window_days + 1 AS window_start, w.window_end,
    s.quantity AS quantity,
    (s.quantity / w.window_days)::double precision AS avg_daily_usage,
    CASE WHEN w.window_days > 1 THEN
        sqrt(greatest(s.quantity_squared * w.window_days - s.quantity * s.quantity, 0) / (w.window_days::numeric * (w.window_days - 1)))::double precision
    ELSE 0 END AS stddev_daily_usage
FROM inventory.demand_state s
JOIN inventory.demand_window w ON w.warehouse_id = s.warehouse_id
JOIN inventory.product p ON p.product_id = s.product_id;
COMMENT ON VIEW inventory.item_demand IS 'Daily demand of each item over the window of the last refresh_demand: SALE less RETURN by business time in the time zone of the warehouse, every day of the window counted, days without any as zero.';
COMMENT ON COLUMN inventory.item_demand.product_id IS 'The product.';
COMMENT ON COLUMN inventory.item_demand.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.item_demand.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.item_demand.window_days IS 'Number of days in the window.';
COMMENT ON COLUMN inventory.item_demand.window_start IS 'The first of them.';
COMMENT ON COLUMN inventory.item_demand.window_end IS 'The last of them.';
COMMENT ON COLUMN inventory.item_demand.quantity IS 'Demand over the window, in base units.';
COMMENT ON COLUMN inventory.item_demand.avg_daily_usage IS 'Mean daily demand, in base units.';
COMMENT ON COLUMN inventory.item_demand.stddev_daily_usage IS 'Sample standard deviation of the daily demand, in base units.';

CREATE VIEW inventory.replenishment_log AS
SELECT e.entry_id, e.logged_at, e.product_id, p.sku, p.name AS product_name, e.warehouse_id, w.name AS warehouse_name,
    e.quantity_available, e.reorder_point, e.outcome, e.reason, e.quantity, p.base_unit, e.supplier_id, s.name AS supplier_name, e.po_id, e.transfer_id
FROM inventory.replenishment_entry e
JOIN inventory.product p ON p.product_id = e.product_id
JOIN inventory.warehouse w ON w.warehouse_id = e.warehouse_id
LEFT JOIN inventory.supplier s ON s.supplier_id = e.supplier_id;
COMMENT ON VIEW inventory.replenishment_log IS 'What each run of run_replenishment did about each low item, and why.';
COMMENT ON COLUMN inventory.replenishment_log.entry_id IS 'Identifier.';
COMMENT ON COLUMN inventory.replenishment_log.logged_at IS 'When the run began; the same for all its entries.';
COMMENT ON COLUMN inventory.replenishment_log.product_id IS 'The product.';
COMMENT ON COLUMN inventory.replenishment_log.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.replenishment_log.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.replenishment_log.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.replenishment_log.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.replenishment_log.quantity_available IS 'Available then, in base units.';
COMMENT ON COLUMN inventory.replenishment_log.reorder_point IS 'Reorder point then, in base units.';
COMMENT ON COLUMN inventory.replenishment_log.outcome IS 'ORDERED, TRANSFER (proposed from another warehouse), or SKIPPED.';
COMMENT ON COLUMN inventory.replenishment_log.reason IS 'Why, in words.';
COMMENT ON COLUMN inventory.replenishment_log.quantity IS 'How much was ordered or is to be moved, in base units.';
COMMENT ON COLUMN inventory.replenishment_log.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.replenishment_log.supplier_id IS 'The supplier it was ordered from.';
COMMENT ON COLUMN inventory.replenishment_log.supplier_name IS 'His name.';
COMMENT ON COLUMN inventory.replenishment_log.po_id IS 'The purchase order: the new one, or the open one because of which it was skipped.';
COMMENT ON COLUMN inventory.replenishment_log.transfer_id IS 'The transfer: the new one, or the open one because of which it was skipped.';
