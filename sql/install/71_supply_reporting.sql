CREATE VIEW inventory.in_transit AS
SELECT t.transfer_id, l.line_no, l.product_id, p.sku, p.name AS product_name,
    t.from_warehouse_id, f.name AS from_warehouse_name, t.to_warehouse_id, d.name AS to_warehouse_name,
    l.quantity_shipped, l.quantity_received,
    l.quantity_shipped - l.quantity_received - l.quantity_lost - l.quantity_returned AS quantity_in_transit, p.base_unit, t.shipped_at
FROM inventory.transfer_order t
JOIN inventory.transfer_order_line l ON l.transfer_id = t.transfer_id
JOIN inventory.product p ON p.product_id = l.product_id
JOIN inventory.warehouse f ON f.warehouse_id = t.from_warehouse_id
JOIN inventory.warehouse d ON d.warehouse_id = t.to_warehouse_id
WHERE t.status = 'IN_TRANSIT' AND l.quantity_shipped > l.quantity_received + l.quantity_lost + l.quantity_returned;
COMMENT ON VIEW inventory.in_transit IS 'Goods on the way between two warehouses, in neither of them: one row per line of a transfer.';
COMMENT ON COLUMN inventory.in_transit.transfer_id IS 'The transfer.';
COMMENT ON COLUMN inventory.in_transit.line_no IS 'Its line.';
COMMENT ON COLUMN inventory.in_transit.product_id IS 'The product.';
COMMENT ON COLUMN inventory.in_transit.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.in_transit.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.in_transit.from_warehouse_id IS 'The warehouse it left.';
COMMENT ON COLUMN inventory.in_transit.from_warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.in_transit.to_warehouse_id IS 'The warehouse it goes to.';
COMMENT ON COLUMN inventory.in_transit.to_warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.in_transit.quantity_shipped IS 'How much left, in base units.';
COMMENT ON COLUMN inventory.in_transit.quantity_received IS 'How much of it has arrived, in base units.';
COMMENT ON COLUMN inventory.in_transit.quantity_in_transit IS 'How much is on the way, in base units.';
COMMENT ON COLUMN inventory.in_transit.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.in_transit.shipped_at IS 'When it left.';

CREATE VIEW inventory.supplier_performance AS
SELECT s.supplier_id, s.name AS supplier_name,
    count(o.po_id) AS orders,
    count(*) FILTER (WHERE o.status = 'RECEIVED') AS orders_received,
    count(*) FILTER (WHERE o.status = 'CANCELLED') AS orders_cancelled,
    count(*) FILTER (WHERE o.is_overdue) AS orders_overdue,
    count(*) FILTER (WHERE o.is_on_time)::double precision
        / nullif(count(*) FILTER (WHERE o.is_on_time IS NOT NULL OR o.is_overdue), 0) AS on_time_share,
    avg(o.lead_time_days) AS lead_time_days_mean,
    stddev_samp(o.lead_time_days) AS lead_time_days_stddev,
    (sum(o.quantity_delivered) FILTER (WHERE o.is_judged))::double precision
        / nullif(sum(o.quantity_ordered) FILTER (WHERE o.is_judged), 0)::double precision AS fill_rate
FROM inventory.supplier s
LEFT JOIN (
    SELECT d.*, d.status = 'RECEIVED' OR d.is_overdue OR d.quantity_delivered > 0 AS is_judged
    FROM (
        SELECT po.po_id, po.supplier_id, po.status,
            CASE WHEN po.status = 'RECEIVED' THEN (po.received_at AT TIME ZONE w.timezone)::date <= po.expected_delivery_date END AS is_on_time,
            coalesce(po.status IN ('SUBMITTED', 'CONFIRMED') AND po.expected_delivery_date < (now() AT TIME ZONE w.timezone)::date, false) AS is_overdue,
            CASE WHEN po.status = 'RECEIVED' THEN (extract(epoch FROM po.received_at - po.submitted_at) / 86400)::double precision END AS lead_time_days,
            l.quantity_ordered, l.quantity_delivered
        FROM inventory.purchase_order po
        JOIN inventory.warehouse w ON w.warehouse_id = po.warehouse_id
        CROSS JOIN LATERAL (
            SELECT sum(x.quantity) AS quantity_ordered, sum(least(x.quantity_received, x.quantity)) AS quantity_delivered
            FROM inventory.purchase_order_line x
            WHERE x.po_id = po.po_id
        ) AS l
        WHERE po.submitted_at IS NOT NULL
    ) AS d
) AS o ON o.supplier_id = s.supplier_id
GROUP BY s.supplier_id;
COMMENT ON VIEW inventory.supplier_performance IS 'How suppliers deliver, one row per supplier, over all orders that were ever submitted to him.';
COMMENT ON COLUMN inventory.supplier_performance.supplier_id IS 'The supplier.';
COMMENT ON COLUMN inventory.supplier_performance.supplier_name IS 'His name.';
COMMENT ON COLUMN inventory.supplier_performance.orders IS 'Number of orders that were submitted.';
COMMENT ON COLUMN inventory.supplier_performance.orders_received IS 'Those that came in to the last line.';
COMMENT ON COLUMN inventory.supplier_performance.orders_cancelled IS 'Those that were cancelled after they had been submitted.';
COMMENT ON COLUMN inventory.supplier_performance.orders_overdue IS 'Those still open after the day they were expected.';
COMMENT ON COLUMN inventory.supplier_performance.on_time_share IS 'Share, 0 to 1, of orders that were complete by the day they were expected, in the time zone of the warehouse, among those received or overdue; NULL while there are none.';
COMMENT ON COLUMN inventory.supplier_performance.lead_time_days_mean IS 'Mean days from submission to the last receipt, over the orders received.';
COMMENT ON COLUMN inventory.supplier_performance.lead_time_days_stddev IS 'Sample standard deviation of that, in days; NULL below two orders.';
COMMENT ON COLUMN inventory.supplier_performance.fill_rate IS 'Share, 0 to 1, of the units ordered that came in, over the orders that were received in full or in part or are overdue; an excess counts for nothing.';

CREATE VIEW inventory.count_due AS
SELECT c.product_id, p.sku, p.name AS product_name, c.warehouse_id, w.name AS warehouse_name,
    c.velocity_class, c.due_on, (now() AT TIME ZONE w.timezone)::date - c.due_on AS days_overdue, c.counts_open, c.started_at, i.last_counted_at, p.base_unit
FROM (
    SELECT o.product_id, o.warehouse_id, min(o.due_on) AS due_on, count(*) AS counts_open, max(o.started_at) AS started_at,
        (array_agg(o.velocity_class ORDER BY o.due_on DESC NULLS LAST))[1] AS velocity_class
    FROM inventory.cycle_count o
    JOIN inventory.warehouse z ON z.warehouse_id = o.warehouse_id
    WHERE o.counted_at IS NULL AND o.superseded_by IS NULL
        AND (o.due_on <= (now() AT TIME ZONE z.timezone)::date OR o.started_at IS NOT NULL)
    GROUP BY o.product_id, o.warehouse_id
) AS c
JOIN inventory.product p ON p.product_id = c.product_id
JOIN inventory.warehouse w ON w.warehouse_id = c.warehouse_id
LEFT JOIN inventory.inventory_item i ON i.product_id = c.product_id AND i.warehouse_id = c.warehouse_id;
COMMENT ON VIEW inventory.count_due IS 'Items that people should count: one row for each item with an open count that is due by now in the time zone of its warehouse, or under way. The quantity on hand is not here, so that nobody counts towards it.';
COMMENT ON COLUMN inventory.count_due.product_id IS 'The product.';
COMMENT ON COLUMN inventory.count_due.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.count_due.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.count_due.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.count_due.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.count_due.velocity_class IS 'FAST or SLOW, when it was last queued; NULL where nobody planned the count.';
COMMENT ON COLUMN inventory.count_due.due_on IS 'Since when it has been due; NULL where nobody planned the count.';
COMMENT ON COLUMN inventory.count_due.days_overdue IS 'Days since then.';
COMMENT ON COLUMN inventory.count_due.counts_open IS 'How many times it was queued and not counted; one count answers all of them.';
COMMENT ON COLUMN inventory.count_due.started_at IS 'When people began to count it; NULL when nobody has.';
COMMENT ON COLUMN inventory.count_due.last_counted_at IS 'When it was last counted.';
COMMENT ON COLUMN inventory.count_due.base_unit IS 'The unit to count in.';

CREATE VIEW inventory.count_accuracy AS
SELECT c.warehouse_id, w.name AS warehouse_name, coalesce(c.velocity_class, 'UNPLANNED') AS velocity_class,
    count(*) AS counts,
    count(*) FILTER (WHERE c.delta = 0) AS counts_exact,
    count(*) FILTER (WHERE c.delta = 0)::double precision / count(*) AS accuracy,
    sum(c.system_quantity) AS system_quantity,
    sum(abs(c.delta)) AS absolute_difference,
    sum(c.delta) AS net_difference,
    CASE WHEN sum(c.system_quantity) > 0 THEN greatest(1 - sum(abs(c.delta))::double precision / sum(c.system_quantity)::double precision, 0) END AS unit_accuracy,
    max(c.counted_at) AS last_counted_at
FROM inventory.cycle_count c
JOIN inventory.warehouse w ON w.warehouse_id = c.warehouse_id
WHERE c.counted_at IS NOT NULL
GROUP BY c.warehouse_id, w.name, c.velocity_class;
COMMENT ON VIEW inventory.count_accuracy IS 'How often counts found what the system had, one row per warehouse and velocity class, over all counts recorded.';
COMMENT ON COLUMN inventory.count_accuracy.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.count_accuracy.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.count_accuracy.velocity_class IS 'FAST, SLOW, or UNPLANNED for counts that nobody had planned.';
COMMENT ON COLUMN inventory.count_accuracy.counts IS 'Number of counts.';
COMMENT ON COLUMN inventory.count_accuracy.counts_exact IS 'Those without a difference.';
COMMENT ON COLUMN inventory.count_accuracy.accuracy IS 'Their share, 0 to 1.';
COMMENT ON COLUMN inventory.count_accuracy.system_quantity IS 'Sum of what the system had, in base units.';
COMMENT ON COLUMN inventory.count_accuracy.absolute_difference IS 'Sum of the differences, up or down, in base units.';
COMMENT ON COLUMN inventory.count_accuracy.net_difference IS 'Sum of the differences with their signs, in base units: negative when stock was missing.';
COMMENT ON COLUMN inventory.count_accuracy.unit_accuracy IS '1 less absolute_difference / system_quantity, not below 0; NULL where the system had nothing.';
COMMENT ON COLUMN inventory.count_accuracy.last_counted_at IS 'When the last of them was recorded.';

CREATE VIEW inventory.shrinkage AS
SELECT s.month, s.warehouse_id, w.name AS warehouse_name, s.root_cause,
    count(*) AS entries,
    coalesce(-sum(s.quantity) FILTER (WHERE s.quantity < 0), 0) AS quantity_lost,
    coalesce(sum(s.quantity) FILTER (WHERE s.quantity > 0), 0) AS quantity_found,
    -sum(s.quantity) AS shrinkage_quantity,
    -sum(s.quantity * p.unit_cost) AS shrinkage_value
FROM (
    SELECT date_trunc('month', m.occurred_at AT TIME ZONE z.timezone)::date AS month, m.warehouse_id, m.product_id, m.root_cause, m.quantity
    FROM inventory.stock_movement m
    JOIN inventory.warehouse z ON z.warehouse_id = m.warehouse_id
    WHERE m.movement_type = 'ADJUSTMENT'
    UNION ALL
    SELECT date_trunc('month', t.received_at AT TIME ZONE z.timezone)::date, t.from_warehouse_id, l.product_id, l.root_cause, -l.quantity_lost
    FROM inventory.transfer_order_line l
    JOIN inventory.transfer_order t ON t.transfer_id = l.transfer_id
    JOIN inventory.warehouse z ON z.warehouse_id = t.from_warehouse_id
    WHERE l.quantity_lost > 0
) AS s
JOIN inventory.product p ON p.product_id = s.product_id
JOIN inventory.warehouse w ON w.warehouse_id = s.warehouse_id
GROUP BY s.month, s.warehouse_id, w.name, s.root_cause;
COMMENT ON VIEW inventory.shrinkage IS 'Stock that was lost or found, by month, warehouse and root cause: adjustments, and what transfers lost on the way, which counts for the warehouse it left. Units of all products are added up; the value compares them.';
COMMENT ON COLUMN inventory.shrinkage.month IS 'First day of the month, by business time in the time zone of the warehouse.';
COMMENT ON COLUMN inventory.shrinkage.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.shrinkage.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.shrinkage.root_cause IS 'Why, a code of root_cause; NULL for direct changes that named none, stock that was inserted with its item among them.';
COMMENT ON COLUMN inventory.shrinkage.entries IS 'Number of adjustments and lossy transfer lines.';
COMMENT ON COLUMN inventory.shrinkage.quantity_lost IS 'Taken off, in base units, a positive number.';
COMMENT ON COLUMN inventory.shrinkage.quantity_found IS 'Added, in base units.';
COMMENT ON COLUMN inventory.shrinkage.shrinkage_quantity IS 'Lost less found, in base units.';
COMMENT ON COLUMN inventory.shrinkage.shrinkage_value IS 'Lost less found at product.unit_cost, in the currency of the business; products without a cost are left out.';
