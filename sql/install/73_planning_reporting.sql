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

CREATE FUNCTION inventory.demand_series(product_id bigint, warehouse_id bigint) RETURNS double precision[]
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT array_agg(coalesce(d.quantity, 0)::double precision ORDER BY days.day)
    FROM inventory.demand_window w
    CROSS JOIN LATERAL generate_series(w.window_end - w.window_days + 1, w.window_end, interval '1 day') AS days(day)
    LEFT JOIN inventory.demand_daily d
        ON d.product_id = $1 AND d.warehouse_id = $2 AND d.day = days.day::date
    WHERE w.warehouse_id = $2;
END;
COMMENT ON FUNCTION inventory.demand_series(bigint, bigint) IS 'Demand of a product in a warehouse on each day of the window of the last refresh_demand, the oldest first, in base units, for inventory.forecast; NULL where it never ran.';

CREATE VIEW inventory.forecast_accuracy AS
SELECT d.product_id, d.sku, d.warehouse_id, m.method AS forecast_method,
    m.method = coalesce(n.forecast_method, 'mean') AS is_chosen,
    d.window_days, h.holdout_days, e.mae, e.rmse, e.mase, e.bias
FROM inventory.item_demand d
LEFT JOIN inventory.item_planning n ON n.product_id = d.product_id AND n.warehouse_id = d.warehouse_id
CROSS JOIN LATERAL (SELECT greatest(least(14, d.window_days / 3), 1) AS holdout_days) AS h
CROSS JOIN (VALUES ('mean'), ('ses'), ('croston'), ('sba'), ('tsb'), ('holt_winters')) AS m(method)
CROSS JOIN LATERAL inventory.forecast_error(inventory.demand_series(d.product_id, d.warehouse_id), m.method, h.holdout_days, coalesce(n.season_length, 7)) AS e
WHERE d.window_days > 2;
COMMENT ON VIEW inventory.forecast_accuracy IS 'How well each forecast method would have foreseen the last days of the window of an item, from the days before: one row per item and method. Computed when it is read, so ask for single items.';
COMMENT ON COLUMN inventory.forecast_accuracy.product_id IS 'The product.';
COMMENT ON COLUMN inventory.forecast_accuracy.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.forecast_accuracy.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.forecast_accuracy.forecast_method IS 'The method: mean, ses, croston, sba, tsb or holt_winters.';
COMMENT ON COLUMN inventory.forecast_accuracy.is_chosen IS 'True for the method that recompute_policies uses for the item.';
COMMENT ON COLUMN inventory.forecast_accuracy.window_days IS 'Days of demand there are.';
COMMENT ON COLUMN inventory.forecast_accuracy.holdout_days IS 'How many of them, the last ones, were held out.';
COMMENT ON COLUMN inventory.forecast_accuracy.mae IS 'Mean absolute error on those days, in base units per day.';
COMMENT ON COLUMN inventory.forecast_accuracy.rmse IS 'Root of the mean squared error, in base units per day.';
COMMENT ON COLUMN inventory.forecast_accuracy.mase IS 'mae over the mean absolute error of foreseeing each day as the day before (Hyndman & Koehler 2006): below 1 is better than that; NULL where the latter is 0.';
COMMENT ON COLUMN inventory.forecast_accuracy.bias IS 'Mean of forecast less demand, in base units per day: positive when too much was foreseen.';

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
COMMENT ON COLUMN inventory.replenishment_log.supplier_id IS 'The supplier it was ordered from, or is to be.';
COMMENT ON COLUMN inventory.replenishment_log.supplier_name IS 'His name.';
COMMENT ON COLUMN inventory.replenishment_log.po_id IS 'The purchase order: the new one, or the open one because of which it was skipped.';
COMMENT ON COLUMN inventory.replenishment_log.transfer_id IS 'The transfer: the new one, or the open one because of which it was skipped.';
