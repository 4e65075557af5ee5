-- Reports that are computed from the ledger when they are read: docs/reports.md.
--
-- All of them go down to single items: what restricts product_id and
-- warehouse_id reaches the tables, since every GROUP BY and every PARTITION BY
-- has both (abc_classification, which ranks within a warehouse, the latter).
-- What is looked for by occurred_at is looked for by created_at too, which is
-- never before it, so that the rest of the ledger need not be read.

-- What came in, the layers that stock is made of. What the retired movements of an
-- item left is one more: the latest opening that nothing in the ledger comes before
-- (months may be attached again). The condition on the quantity stays outside, so that
-- single items are looked up by index in each.
CREATE VIEW inventory.inbound_layer AS
SELECT l.product_id, l.warehouse_id, l.movement_id, l.movement_type, l.quantity, l.on_hand_after, l.created_at, l.occurred_at
FROM (
    SELECT m.product_id, m.warehouse_id, m.movement_id, m.movement_type, m.quantity, m.on_hand_after, m.created_at, m.occurred_at
    FROM inventory.stock_movement m
    UNION ALL
    SELECT o.product_id, o.warehouse_id, NULL, 'ADJUSTMENT', o.on_hand_after, o.on_hand_after, o.created_at, o.created_at
    FROM inventory.ledger_opening o
    WHERE NOT EXISTS (SELECT FROM inventory.stock_movement m WHERE m.product_id = o.product_id AND m.warehouse_id = o.warehouse_id AND m.created_at <= o.created_at)
        AND NOT EXISTS (
            SELECT FROM inventory.ledger_opening n
            WHERE n.product_id = o.product_id AND n.warehouse_id = o.warehouse_id AND n.version > o.version
                AND NOT EXISTS (SELECT FROM inventory.stock_movement m WHERE m.product_id = n.product_id AND m.warehouse_id = n.warehouse_id AND m.created_at <= n.created_at))
) AS l
WHERE l.quantity > 0;
COMMENT ON VIEW inventory.inbound_layer IS 'What came in: one row per movement that added to the quantity on hand, whatever its type, and one per item for what its retired movements left.';
COMMENT ON COLUMN inventory.inbound_layer.product_id IS 'The product.';
COMMENT ON COLUMN inventory.inbound_layer.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.inbound_layer.movement_id IS 'The movement; NULL for what was retired.';
COMMENT ON COLUMN inventory.inbound_layer.movement_type IS 'Why it came in.';
COMMENT ON COLUMN inventory.inbound_layer.quantity IS 'How much, in base units.';
COMMENT ON COLUMN inventory.inbound_layer.on_hand_after IS 'On hand after it, in base units.';
COMMENT ON COLUMN inventory.inbound_layer.created_at IS 'Recorded time.';
COMMENT ON COLUMN inventory.inbound_layer.occurred_at IS 'Business time: the age of a layer counts from it.';

CREATE VIEW inventory.product_cost AS
SELECT p.product_id, coalesce(p.unit_cost, r.unit_cost) AS unit_cost
FROM inventory.product p
LEFT JOIN (
    SELECT l.product_id, trim_scale(round(sum(r.quantity * r.unit_cost) / sum(r.quantity), 12)) AS unit_cost
    FROM inventory.product x
    JOIN inventory.purchase_order_line l ON l.product_id = x.product_id
    JOIN inventory.purchase_receipt r ON r.po_id = l.po_id AND r.line_no = l.line_no
    WHERE x.unit_cost IS NULL AND r.unit_cost IS NOT NULL
    GROUP BY l.product_id
) AS r ON r.product_id = p.product_id;
COMMENT ON VIEW inventory.product_cost IS 'What one base unit of a product costs where no receipt says it.';
COMMENT ON COLUMN inventory.product_cost.product_id IS 'The product.';
COMMENT ON COLUMN inventory.product_cost.unit_cost IS 'product.unit_cost; where there is none, the mean over all receipts of purchase orders for it, in any warehouse, weighted by quantity, to 12 decimals. NULL where neither is known. In the currency of the business.';

CREATE VIEW inventory.costed_layer AS
SELECT s.product_id, s.warehouse_id, s.quantity_on_hand, s.movement_id, s.movement_type, s.occurred_at, s.quantity, s.quantity_remaining,
    coalesce(s.receipt_cost, s.product_unit_cost) AS unit_cost, s.product_unit_cost, s.average_weight, s.received_on, s.today - s.received_on AS age_days
FROM (
    SELECT c.product_id, c.warehouse_id, c.quantity_on_hand, c.movement_id, c.movement_type, c.occurred_at, c.quantity, c.receipt_cost, c.product_unit_cost, c.today,
        greatest(least(c.quantity, c.quantity_on_hand - (sum(c.quantity) OVER newest - c.quantity)), 0)::bigint AS quantity_remaining,
        CASE WHEN sum(c.quantity) OVER newest - c.quantity < c.quantity_on_hand THEN (c.occurred_at AT TIME ZONE c.timezone)::date END AS received_on,
        -- What a receipt leaves of the average before it is 1 - share of it. The
        -- product over all later receipts, by logarithms; e^-100 stands for nothing.
        (c.share * exp(greatest(coalesce(sum(CASE WHEN c.share < 1 THEN ln(1 - c.share) WHEN c.share >= 1 THEN -100 END) OVER recorded, 0), -100)))::numeric AS average_weight
    FROM (
        SELECT i.product_id, i.warehouse_id, i.quantity_on_hand, w.timezone, w.today, l.movement_id, l.movement_type, l.quantity, l.created_at, l.occurred_at,
            r.unit_cost AS receipt_cost, p.unit_cost AS product_unit_cost,
            -- Goods that were ours before, and those that nobody put a price on,
            -- come in at the average and have no share in it.
            CASE WHEN r.unit_cost IS NOT NULL OR l.movement_type = 'PURCHASE' THEN l.quantity::double precision / greatest(l.on_hand_after, l.quantity)::double precision END AS share
        FROM inventory.inventory_item i
        -- OFFSET 0: today is computed once for each warehouse.
        JOIN (SELECT z.warehouse_id, z.timezone, (now() AT TIME ZONE z.timezone)::date AS today FROM inventory.warehouse z OFFSET 0) AS w ON w.warehouse_id = i.warehouse_id
        JOIN inventory.product_cost p ON p.product_id = i.product_id
        LEFT JOIN inventory.inbound_layer l ON l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id
        LEFT JOIN inventory.purchase_receipt r ON r.movement_id = l.movement_id
    ) AS c
    WINDOW newest AS (PARTITION BY c.product_id, c.warehouse_id ORDER BY c.occurred_at DESC, c.created_at DESC ROWS UNBOUNDED PRECEDING),
        recorded AS (PARTITION BY c.product_id, c.warehouse_id ORDER BY c.created_at DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS s;
COMMENT ON VIEW inventory.costed_layer IS 'What came in, with what it cost and what is left of it: one row per item and inbound_layer, and one with NULLs for an item that nothing came into. inventory_valuation and the reports next to it are sums over this.';
COMMENT ON COLUMN inventory.costed_layer.product_id IS 'The product.';
COMMENT ON COLUMN inventory.costed_layer.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.costed_layer.quantity_on_hand IS 'On hand of the item now, in base units.';
COMMENT ON COLUMN inventory.costed_layer.movement_id IS 'The movement.';
COMMENT ON COLUMN inventory.costed_layer.movement_type IS 'Why it came in.';
COMMENT ON COLUMN inventory.costed_layer.occurred_at IS 'When it came in, business time.';
COMMENT ON COLUMN inventory.costed_layer.quantity IS 'How much came in, in base units.';
COMMENT ON COLUMN inventory.costed_layer.quantity_remaining IS 'How much of it is on hand still, first in, first out, in base units: what is on hand less what came in later by business time, between 0 and quantity.';
COMMENT ON COLUMN inventory.costed_layer.unit_cost IS 'What one base unit of it cost: as purchase_receipt says, else product_cost. In the currency of the business.';
COMMENT ON COLUMN inventory.costed_layer.product_unit_cost IS 'The same as product_cost has it.';
COMMENT ON COLUMN inventory.costed_layer.average_weight IS 'Weight, 0 to 1, of its unit_cost in the moving weighted average: quantity / on hand after it, times (1 - quantity / on hand after it) of each later receipt, in the order they were recorded. NULL where it has no part in the average.';
COMMENT ON COLUMN inventory.costed_layer.received_on IS 'Day it came in, by business time in the time zone of the warehouse; NULL where nothing of it is left.';
COMMENT ON COLUMN inventory.costed_layer.age_days IS 'Days since then, in the time zone of the warehouse.';

CREATE VIEW inventory.stock_layer AS
SELECT c.product_id, p.sku, p.name AS product_name, c.warehouse_id, w.name AS warehouse_name, c.movement_id, c.movement_type,
    c.occurred_at, c.received_on, c.age_days, c.quantity, c.quantity_remaining, p.base_unit, c.unit_cost, c.quantity_remaining * c.unit_cost AS value
FROM inventory.costed_layer c
JOIN inventory.product p ON p.product_id = c.product_id
JOIN inventory.warehouse w ON w.warehouse_id = c.warehouse_id
WHERE c.quantity_remaining > 0;
COMMENT ON VIEW inventory.stock_layer IS 'The receipts that make up what is on hand, first in, first out: the newest by business time, as far back as it takes. stock_ageing and the FIFO value of inventory_valuation are sums over them.';
COMMENT ON COLUMN inventory.stock_layer.product_id IS 'The product.';
COMMENT ON COLUMN inventory.stock_layer.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.stock_layer.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_layer.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.stock_layer.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_layer.movement_id IS 'The movement it came in with.';
COMMENT ON COLUMN inventory.stock_layer.movement_type IS 'Why it came in. Goods that came back, were found or were transferred are as old as that.';
COMMENT ON COLUMN inventory.stock_layer.occurred_at IS 'When it came in, business time.';
COMMENT ON COLUMN inventory.stock_layer.received_on IS 'The day of that in the time zone of the warehouse.';
COMMENT ON COLUMN inventory.stock_layer.age_days IS 'Days since then, in the time zone of the warehouse.';
COMMENT ON COLUMN inventory.stock_layer.quantity IS 'How much came in, in base units.';
COMMENT ON COLUMN inventory.stock_layer.quantity_remaining IS 'How much of it is on hand still, in base units.';
COMMENT ON COLUMN inventory.stock_layer.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.stock_layer.unit_cost IS 'What one base unit of it cost: as purchase_receipt says, else product.unit_cost, else the mean of all receipts of the product; NULL where no cost is known. In the currency of the business.';
COMMENT ON COLUMN inventory.stock_layer.value IS 'quantity_remaining at unit_cost, in the currency of the business.';

CREATE VIEW inventory.item_cost AS
SELECT c.product_id, c.warehouse_id, max(c.quantity_on_hand) AS quantity_on_hand,
    -- The weights and the one of product_unit_cost, which it starts with, make 1.
    trim_scale(round(max(c.product_unit_cost) + coalesce(sum(c.average_weight * (c.unit_cost - c.product_unit_cost)), 0), 12)) AS average_cost,
    coalesce(sum(c.quantity_remaining), 0) AS fifo_quantity,
    CASE WHEN count(*) FILTER (WHERE c.quantity_remaining > 0 AND c.unit_cost IS NULL) = 0
        THEN coalesce(sum(c.quantity_remaining * c.unit_cost) FILTER (WHERE c.quantity_remaining > 0), 0) END AS fifo_value
FROM inventory.costed_layer c
GROUP BY c.product_id, c.warehouse_id;
COMMENT ON VIEW inventory.item_cost IS 'What items cost, one row per product and warehouse, without names: inventory_valuation and stock_turnover rest on it.';
COMMENT ON COLUMN inventory.item_cost.product_id IS 'The product.';
COMMENT ON COLUMN inventory.item_cost.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.item_cost.quantity_on_hand IS 'On hand now, in base units.';
COMMENT ON COLUMN inventory.item_cost.average_cost IS 'Moving weighted average cost of one base unit; see inventory_valuation.average_cost.';
COMMENT ON COLUMN inventory.item_cost.fifo_quantity IS 'What the FIFO layers hold, in base units: quantity_on_hand, unless the level disagrees with the ledger.';
COMMENT ON COLUMN inventory.item_cost.fifo_value IS 'What the FIFO layers cost; NULL where one of them has no known cost. In the currency of the business.';

CREATE VIEW inventory.inventory_valuation AS
SELECT v.product_id, p.sku, p.name AS product_name, v.warehouse_id, w.name AS warehouse_name, v.quantity_on_hand, p.base_unit,
    v.average_cost,
    CASE WHEN v.quantity_on_hand = 0 THEN 0 ELSE v.quantity_on_hand * v.average_cost END AS average_value,
    CASE WHEN v.fifo_quantity = v.quantity_on_hand AND v.quantity_on_hand > 0 THEN trim_scale(round(v.fifo_value / v.quantity_on_hand, 12)) END AS fifo_cost,
    CASE WHEN v.fifo_quantity = v.quantity_on_hand THEN v.fifo_value END AS fifo_value
FROM inventory.item_cost v
JOIN inventory.product p ON p.product_id = v.product_id
JOIN inventory.warehouse w ON w.warehouse_id = v.warehouse_id;
COMMENT ON VIEW inventory.inventory_valuation IS 'What stock is worth, one row per product and warehouse, by moving weighted average and by FIFO. A receipt of a purchase order costs what purchase_receipt says; anything else product.unit_cost, or, where that is NULL, the mean of all receipts of the product.';
COMMENT ON COLUMN inventory.inventory_valuation.product_id IS 'The product.';
COMMENT ON COLUMN inventory.inventory_valuation.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.inventory_valuation.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.inventory_valuation.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.inventory_valuation.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.inventory_valuation.quantity_on_hand IS 'On hand now, in base units.';
COMMENT ON COLUMN inventory.inventory_valuation.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.inventory_valuation.average_cost IS 'Moving weighted average cost of one base unit, to 12 decimals: each purchase, in the order they were recorded, makes it (on hand before * average before + quantity * unit cost) / (on hand before + quantity). Sales and other movements leave it alone; it starts with product.unit_cost. NULL where no cost is known. In the currency of the business.';
COMMENT ON COLUMN inventory.inventory_valuation.average_value IS 'quantity_on_hand * average_cost, in the currency of the business; 0 where nothing is on hand.';
COMMENT ON COLUMN inventory.inventory_valuation.fifo_cost IS 'fifo_value / quantity_on_hand, to 12 decimals, in the currency of the business; NULL where nothing is on hand.';
COMMENT ON COLUMN inventory.inventory_valuation.fifo_value IS 'Cost of the newest receipts, by business time, that make up what is on hand (stock_layer), in the currency of the business; 0 where nothing is on hand. NULL where one of them has no known cost, or the level disagrees with the ledger (verify_ledger).';

CREATE VIEW inventory.stock_ageing AS
SELECT a.product_id, p.sku, p.name AS product_name, a.warehouse_id, w.name AS warehouse_name, a.quantity_on_hand, p.base_unit,
    a.quantity_0_30, a.quantity_31_60, a.quantity_61_90, a.quantity_91_180, a.quantity_181_365, a.quantity_over_365,
    a.value_0_30, a.value_31_60, a.value_61_90, a.value_91_180, a.value_181_365, a.value_over_365,
    a.oldest_on, a.average_age_days
FROM (
    SELECT c.product_id, c.warehouse_id, max(c.quantity_on_hand) AS quantity_on_hand,
        coalesce(sum(c.quantity_remaining) FILTER (WHERE c.age_days <= 30), 0) AS quantity_0_30,
        coalesce(sum(c.quantity_remaining) FILTER (WHERE c.age_days BETWEEN 31 AND 60), 0) AS quantity_31_60,
        coalesce(sum(c.quantity_remaining) FILTER (WHERE c.age_days BETWEEN 61 AND 90), 0) AS quantity_61_90,
        coalesce(sum(c.quantity_remaining) FILTER (WHERE c.age_days BETWEEN 91 AND 180), 0) AS quantity_91_180,
        coalesce(sum(c.quantity_remaining) FILTER (WHERE c.age_days BETWEEN 181 AND 365), 0) AS quantity_181_365,
        coalesce(sum(c.quantity_remaining) FILTER (WHERE c.age_days > 365), 0) AS quantity_over_365,
        CASE WHEN NOT coalesce(bool_or(c.unit_cost IS NULL) FILTER (WHERE c.age_days <= 30), false) THEN coalesce(sum(c.quantity_remaining * c.unit_cost) FILTER (WHERE c.age_days <= 30), 0) END AS value_0_30,
        CASE WHEN NOT coalesce(bool_or(c.unit_cost IS NULL) FILTER (WHERE c.age_days BETWEEN 31 AND 60), false) THEN coalesce(sum(c.quantity_remaining * c.unit_cost) FILTER (WHERE c.age_days BETWEEN 31 AND 60), 0) END AS value_31_60,
        CASE WHEN NOT coalesce(bool_or(c.unit_cost IS NULL) FILTER (WHERE c.age_days BETWEEN 61 AND 90), false) THEN coalesce(sum(c.quantity_remaining * c.unit_cost) FILTER (WHERE c.age_days BETWEEN 61 AND 90), 0) END AS value_61_90,
        CASE WHEN NOT coalesce(bool_or(c.unit_cost IS NULL) FILTER (WHERE c.age_days BETWEEN 91 AND 180), false) THEN coalesce(sum(c.quantity_remaining * c.unit_cost) FILTER (WHERE c.age_days BETWEEN 91 AND 180), 0) END AS value_91_180,
        CASE WHEN NOT coalesce(bool_or(c.unit_cost IS NULL) FILTER (WHERE c.age_days BETWEEN 181 AND 365), false) THEN coalesce(sum(c.quantity_remaining * c.unit_cost) FILTER (WHERE c.age_days BETWEEN 181 AND 365), 0) END AS value_181_365,
        CASE WHEN NOT coalesce(bool_or(c.unit_cost IS NULL) FILTER (WHERE c.age_days > 365), false) THEN coalesce(sum(c.quantity_remaining * c.unit_cost) FILTER (WHERE c.age_days > 365), 0) END AS value_over_365,
        min(c.received_on) AS oldest_on,
        (sum(c.quantity_remaining::numeric * c.age_days) / nullif(sum(c.quantity_remaining), 0))::double precision AS average_age_days
    FROM inventory.costed_layer c
    GROUP BY c.product_id, c.warehouse_id
) AS a
JOIN inventory.product p ON p.product_id = a.product_id
JOIN inventory.warehouse w ON w.warehouse_id = a.warehouse_id;
COMMENT ON VIEW inventory.stock_ageing IS 'How old stock is, one row per product and warehouse: the newest receipts that make up what is on hand (stock_layer), by days since they came in, counted by business time in the time zone of the warehouse.';
COMMENT ON COLUMN inventory.stock_ageing.product_id IS 'The product.';
COMMENT ON COLUMN inventory.stock_ageing.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.stock_ageing.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_ageing.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.stock_ageing.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_ageing.quantity_on_hand IS 'On hand now, in base units: the sum of the six quantities, unless the level disagrees with the ledger (verify_ledger).';
COMMENT ON COLUMN inventory.stock_ageing.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.stock_ageing.quantity_0_30 IS 'Came in today or up to 30 days ago, in base units.';
COMMENT ON COLUMN inventory.stock_ageing.quantity_31_60 IS '31 to 60 days ago, in base units.';
COMMENT ON COLUMN inventory.stock_ageing.quantity_61_90 IS '61 to 90 days ago, in base units.';
COMMENT ON COLUMN inventory.stock_ageing.quantity_91_180 IS '91 to 180 days ago, in base units.';
COMMENT ON COLUMN inventory.stock_ageing.quantity_181_365 IS '181 to 365 days ago, in base units.';
COMMENT ON COLUMN inventory.stock_ageing.quantity_over_365 IS 'More than 365 days ago, in base units.';
COMMENT ON COLUMN inventory.stock_ageing.value_0_30 IS 'FIFO cost of quantity_0_30, in the currency of the business; NULL where a part has no known cost.';
COMMENT ON COLUMN inventory.stock_ageing.value_31_60 IS 'FIFO cost of quantity_31_60.';
COMMENT ON COLUMN inventory.stock_ageing.value_61_90 IS 'FIFO cost of quantity_61_90.';
COMMENT ON COLUMN inventory.stock_ageing.value_91_180 IS 'FIFO cost of quantity_91_180.';
COMMENT ON COLUMN inventory.stock_ageing.value_181_365 IS 'FIFO cost of quantity_181_365.';
COMMENT ON COLUMN inventory.stock_ageing.value_over_365 IS 'FIFO cost of quantity_over_365.';
COMMENT ON COLUMN inventory.stock_ageing.oldest_on IS 'Day the oldest of it came in; NULL where nothing is on hand.';
COMMENT ON COLUMN inventory.stock_ageing.average_age_days IS 'Mean age in days, weighted by quantity; NULL where nothing is on hand.';

CREATE VIEW inventory.stock_turnover AS
SELECT t.product_id, p.sku, p.name AS product_name, t.warehouse_id, w.name AS warehouse_name, t.quantity_on_hand, p.base_unit,
    t.quantity_sold,
    t.average_cost,
    CASE WHEN t.quantity_sold = 0 THEN 0 ELSE t.quantity_sold * t.average_cost END AS cost_of_goods_sold,
    t.average_on_hand,
    t.average_on_hand::numeric * t.average_cost AS average_inventory_value,
    t.quantity_sold::double precision / nullif(t.average_on_hand, 0) AS turnover_ratio,
    t.quantity_sold::double precision / greatest(t.days_covered, 1) AS avg_daily_usage,
    CASE WHEN t.quantity_sold > 0 THEN t.quantity_on_hand::double precision * greatest(t.days_covered, 1) / t.quantity_sold::double precision END AS days_of_supply,
    t.days_covered
FROM (
    SELECT g.product_id, g.warehouse_id, g.quantity_on_hand, g.average_cost, g.quantity_sold, 365 - g.days_before AS days_covered,
        -- The level before a movement is the level now less all that moved since,
        -- so a movement counts for the part of the time covered that is after it.
        greatest(g.quantity_on_hand::double precision - coalesce((g.quantity_days - g.quantity_moved * g.days_before) / nullif(365 - g.days_before, 0), 0), 0) AS average_on_hand
    FROM (
        SELECT e.product_id, e.warehouse_id, sum(e.quantity_on_hand)::bigint AS quantity_on_hand, max(e.average_cost) AS average_cost,
            -sum(e.sold) AS quantity_sold, sum(e.quantity_moved) AS quantity_moved, sum(e.quantity_days) AS quantity_days,
            -- An item that had not moved before the window is covered from its first movement on.
            CASE WHEN sum(e.movements_before) > 0 THEN 0 ELSE coalesce(min(e.first_day), 365) END AS days_before
        FROM (
            SELECT c.product_id, c.warehouse_id, c.quantity_on_hand, c.average_cost, 0::numeric AS sold, 0::double precision AS quantity_moved, 0::double precision AS quantity_days,
                i.version AS movements_before, NULL::double precision AS first_day
            FROM inventory.item_cost c
            JOIN inventory.inventory_item i ON i.product_id = c.product_id AND i.warehouse_id = c.warehouse_id
            UNION ALL
            SELECT m.product_id, m.warehouse_id, 0, NULL, coalesce(sum(m.quantity) FILTER (WHERE m.movement_type IN ('SALE', 'RETURN')), 0),
                sum(m.quantity::double precision),
                sum(m.quantity::double precision * (date_part('epoch', m.occurred_at - (now() - interval '8760 hours')) / 86400)),
                -count(*), min(date_part('epoch', m.occurred_at - (now() - interval '8760 hours')) / 86400)
            FROM inventory.stock_movement m
            WHERE m.occurred_at > now() - interval '8760 hours' AND m.created_at > now() - interval '8760 hours'
            GROUP BY m.product_id, m.warehouse_id
        ) AS e
        GROUP BY e.product_id, e.warehouse_id
    ) AS g
) AS t
JOIN inventory.product p ON p.product_id = t.product_id
JOIN inventory.warehouse w ON w.warehouse_id = t.warehouse_id;
COMMENT ON VIEW inventory.stock_turnover IS 'How fast stock turns over, one row per product and warehouse, over the last 365 times 24 hours by business time, or since the first movement of an item that is younger.';
COMMENT ON COLUMN inventory.stock_turnover.product_id IS 'The product.';
COMMENT ON COLUMN inventory.stock_turnover.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.stock_turnover.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_turnover.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.stock_turnover.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_turnover.quantity_on_hand IS 'On hand now, in base units.';
COMMENT ON COLUMN inventory.stock_turnover.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.stock_turnover.quantity_sold IS 'SALE less RETURN, in base units; negative where more came back than was sold.';
COMMENT ON COLUMN inventory.stock_turnover.average_cost IS 'Cost of one base unit as inventory_valuation.average_cost has it now, in the currency of the business.';
COMMENT ON COLUMN inventory.stock_turnover.cost_of_goods_sold IS 'quantity_sold * average_cost, in the currency of the business; NULL where no cost is known.';
COMMENT ON COLUMN inventory.stock_turnover.average_on_hand IS 'Mean quantity on hand, each level weighted by how long it lasted, in base units.';
COMMENT ON COLUMN inventory.stock_turnover.average_inventory_value IS 'average_on_hand * average_cost, in the currency of the business.';
COMMENT ON COLUMN inventory.stock_turnover.turnover_ratio IS 'quantity_sold / average_on_hand, which is cost_of_goods_sold / average_inventory_value: how many times the stock was sold in the days covered. NULL where nothing was on hand.';
COMMENT ON COLUMN inventory.stock_turnover.avg_daily_usage IS 'quantity_sold / days_covered, at least one day, in base units per day.';
COMMENT ON COLUMN inventory.stock_turnover.days_of_supply IS 'quantity_on_hand / avg_daily_usage: how many days it lasts. NULL where nothing was sold.';
COMMENT ON COLUMN inventory.stock_turnover.days_covered IS 'Days the figures are of: 365, less for an item whose first movement was later; 0 for one that never moved.';

CREATE VIEW inventory.abc_classification AS
SELECT x.product_id, p.sku, p.name AS product_name, x.warehouse_id, w.name AS warehouse_name, x.quantity_sold, p.base_unit,
    x.unit_cost, x.consumption_value,
    CASE WHEN x.consumption_value IS NOT NULL THEN round(greatest(x.consumption_value, 0) / nullif(x.value_total, 0), 15)::double precision END AS value_share,
    CASE WHEN x.consumption_value IS NOT NULL THEN round(x.value_with / nullif(x.value_total, 0), 15)::double precision END AS cumulative_share,
    CASE WHEN x.consumption_value IS NULL THEN NULL
        WHEN x.value_before < 0.80 * x.value_total THEN 'A'
        WHEN x.value_before < 0.95 * x.value_total THEN 'B'
        ELSE 'C' END AS abc_class,
    x.variation AS coefficient_of_variation,
    CASE WHEN x.variation <= 0.5 THEN 'X' WHEN x.variation <= 1 THEN 'Y' ELSE 'Z' END AS xyz_class
FROM (
    SELECT v.*,
        sum(greatest(coalesce(v.consumption_value, 0), 0)) OVER (PARTITION BY v.warehouse_id) AS value_total,
        sum(greatest(coalesce(v.consumption_value, 0), 0)) OVER (PARTITION BY v.warehouse_id ORDER BY greatest(coalesce(v.consumption_value, 0), 0) DESC) AS value_with,
        -- Items of the same value are in one class.
        coalesce(sum(greatest(coalesce(v.consumption_value, 0), 0)) OVER (PARTITION BY v.warehouse_id ORDER BY greatest(coalesce(v.consumption_value, 0), 0) DESC
            GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS value_before
    FROM (
        SELECT d.product_id, d.warehouse_id, d.quantity_sold, c.unit_cost,
            CASE WHEN d.quantity_sold = 0 THEN 0 ELSE d.quantity_sold * c.unit_cost END AS consumption_value,
            CASE WHEN d.quantity_sold > 0 THEN
                sqrt(greatest(d.squared * 52 - d.quantity_sold::double precision * d.quantity_sold::double precision, 0) / (52 * 51)) * 52 / d.quantity_sold::double precision END AS variation
        FROM (
            SELECT k.product_id, k.warehouse_id, sum(k.quantity) AS quantity_sold, sum(k.quantity_double * k.quantity_double) AS squared
            FROM (
                SELECT e.product_id, e.warehouse_id, e.week, -sum(e.quantity) AS quantity, sum(e.quantity::double precision) AS quantity_double
                FROM (
                    SELECT i.product_id, i.warehouse_id, 0 AS week, 0::bigint AS quantity
                    FROM inventory.inventory_item i
                    UNION ALL
                    SELECT m.product_id, m.warehouse_id, floor(date_part('epoch', now() - m.occurred_at) / (7 * 86400))::integer, m.quantity
                    FROM inventory.stock_movement m
                    WHERE m.movement_type IN ('SALE', 'RETURN') AND m.occurred_at > now() - interval '8736 hours' AND m.created_at > now() - interval '8736 hours'
                ) AS e
                GROUP BY e.product_id, e.warehouse_id, e.week
            ) AS k
            GROUP BY k.product_id, k.warehouse_id
        ) AS d
        JOIN inventory.product_cost c ON c.product_id = d.product_id
    ) AS v
) AS x
JOIN inventory.product p ON p.product_id = x.product_id
JOIN inventory.warehouse w ON w.warehouse_id = x.warehouse_id;
COMMENT ON VIEW inventory.abc_classification IS 'Which items matter (ABC, by the value of what is sold) and which sell evenly (XYZ), one row per product and warehouse, ranked within the warehouse, over the last 52 times 7 times 24 hours by business time.';
COMMENT ON COLUMN inventory.abc_classification.product_id IS 'The product.';
COMMENT ON COLUMN inventory.abc_classification.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.abc_classification.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.abc_classification.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.abc_classification.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.abc_classification.quantity_sold IS 'SALE less RETURN in the 52 weeks, in base units; negative where more came back than was sold.';
COMMENT ON COLUMN inventory.abc_classification.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.abc_classification.unit_cost IS 'Cost of one base unit as product_cost has it: product.unit_cost, else the mean of all receipts. In the currency of the business.';
COMMENT ON COLUMN inventory.abc_classification.consumption_value IS 'Annual consumption value: quantity_sold * unit_cost, in the currency of the business; NULL where no cost is known.';
COMMENT ON COLUMN inventory.abc_classification.value_share IS 'Its share, 0 to 1, in the sum over the warehouse; one below 0 counts as 0. NULL where nothing was sold in the warehouse.';
COMMENT ON COLUMN inventory.abc_classification.cumulative_share IS 'Share, 0 to 1, of all items of the warehouse with the same or a higher value.';
COMMENT ON COLUMN inventory.abc_classification.abc_class IS 'A for the items that make the first 80 % of the value, B for those that make the next 15 %, C for the rest: the item that crosses the line is on the better side of it, and items of the same value are in one class. NULL where something was sold and no cost is known.';
COMMENT ON COLUMN inventory.abc_classification.coefficient_of_variation IS 'Sample standard deviation of the weekly demand over its mean, over all 52 weeks, weeks without any as zero; NULL where nothing was sold.';
COMMENT ON COLUMN inventory.abc_classification.xyz_class IS 'X up to 0.5, Y up to 1, Z above or where nothing was sold.';

CREATE VIEW inventory.open_purchase_order AS
SELECT o.po_id, l.line_no, o.status, o.supplier_id, s.name AS supplier_name, o.warehouse_id, w.name AS warehouse_name,
    l.product_id, p.sku, p.name AS product_name, l.quantity, l.quantity_received, l.quantity - l.quantity_received AS quantity_open, p.base_unit,
    l.unit_cost, (l.quantity - l.quantity_received) * l.unit_cost AS open_value,
    o.expected_delivery_date,
    CASE WHEN o.expected_delivery_date >= (now() AT TIME ZONE w.timezone)::date OR (o.status = 'DRAFT' AND o.expected_delivery_date IS NOT NULL) THEN 0
        ELSE (now() AT TIME ZONE w.timezone)::date - o.expected_delivery_date END AS days_overdue,
    o.created_at, o.submitted_at, o.confirmed_at
FROM inventory.purchase_order o
JOIN inventory.purchase_order_line l ON l.po_id = o.po_id
JOIN inventory.supplier s ON s.supplier_id = o.supplier_id
JOIN inventory.warehouse w ON w.warehouse_id = o.warehouse_id
JOIN inventory.product p ON p.product_id = l.product_id
WHERE o.status IN ('DRAFT', 'SUBMITTED', 'CONFIRMED') AND l.quantity_received < l.quantity;
COMMENT ON VIEW inventory.open_purchase_order IS 'What has been ordered and has not come in: one row per open line of a purchase order, drafts included.';
COMMENT ON COLUMN inventory.open_purchase_order.po_id IS 'The order.';
COMMENT ON COLUMN inventory.open_purchase_order.line_no IS 'Its line.';
COMMENT ON COLUMN inventory.open_purchase_order.status IS 'DRAFT, SUBMITTED or CONFIRMED.';
COMMENT ON COLUMN inventory.open_purchase_order.supplier_id IS 'The supplier.';
COMMENT ON COLUMN inventory.open_purchase_order.supplier_name IS 'His name.';
COMMENT ON COLUMN inventory.open_purchase_order.warehouse_id IS 'Where it is to be delivered.';
COMMENT ON COLUMN inventory.open_purchase_order.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.open_purchase_order.product_id IS 'The product.';
COMMENT ON COLUMN inventory.open_purchase_order.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.open_purchase_order.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.open_purchase_order.quantity IS 'How much is ordered, in base units.';
COMMENT ON COLUMN inventory.open_purchase_order.quantity_received IS 'How much of it has come in, in base units.';
COMMENT ON COLUMN inventory.open_purchase_order.quantity_open IS 'How much is still to come, in base units.';
COMMENT ON COLUMN inventory.open_purchase_order.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.open_purchase_order.unit_cost IS 'Agreed cost of one base unit, in the currency of the business; NULL where none was agreed.';
COMMENT ON COLUMN inventory.open_purchase_order.open_value IS 'quantity_open * unit_cost, in the currency of the business.';
COMMENT ON COLUMN inventory.open_purchase_order.expected_delivery_date IS 'Day it is expected, in the time zone of the warehouse; NULL where nobody knows.';
COMMENT ON COLUMN inventory.open_purchase_order.days_overdue IS 'Days since then; 0 where that day is not over, and for a DRAFT, which nobody has ordered yet. NULL where nobody knows when it is expected.';
COMMENT ON COLUMN inventory.open_purchase_order.created_at IS 'When it was drafted.';
COMMENT ON COLUMN inventory.open_purchase_order.submitted_at IS 'When it was sent to the supplier.';
COMMENT ON COLUMN inventory.open_purchase_order.confirmed_at IS 'When the supplier confirmed it.';

CREATE VIEW inventory.available_to_promise AS
SELECT a.product_id, p.sku, p.name AS product_name, a.warehouse_id, w.name AS warehouse_name, a.available_on, a.quantity_in, a.available_to_promise, a.undated_inbound, p.base_unit
FROM (
    SELECT e.product_id, e.warehouse_id, e.available_on, sum(e.quantity_in) AS quantity_in,
        sum(sum(e.quantity_available) + sum(e.quantity_in)) OVER (PARTITION BY e.product_id, e.warehouse_id ORDER BY e.available_on) AS available_to_promise,
        sum(sum(e.quantity_undated)) OVER (PARTITION BY e.product_id, e.warehouse_id) AS undated_inbound
    FROM (
        SELECT i.product_id, i.warehouse_id, (now() AT TIME ZONE z.timezone)::date AS available_on, i.quantity_available, 0::bigint AS quantity_in, 0::bigint AS quantity_undated
        FROM inventory.inventory_item i
        JOIN inventory.warehouse z ON z.warehouse_id = i.warehouse_id
        UNION ALL
        SELECT o.product_id, o.warehouse_id, greatest(o.expected_delivery_date, (now() AT TIME ZONE z.timezone)::date), 0, o.quantity_open, 0
        FROM inventory.open_purchase_order o
        JOIN inventory.warehouse z ON z.warehouse_id = o.warehouse_id
        WHERE o.status <> 'DRAFT' AND o.expected_delivery_date IS NOT NULL
        UNION ALL
        -- One for today too, where the item has never been stocked.
        SELECT o.product_id, o.warehouse_id, (now() AT TIME ZONE z.timezone)::date, 0, 0, CASE WHEN o.expected_delivery_date IS NULL THEN o.quantity_open ELSE 0 END
        FROM inventory.open_purchase_order o
        JOIN inventory.warehouse z ON z.warehouse_id = o.warehouse_id
        WHERE o.status <> 'DRAFT'
        UNION ALL
        SELECT t.product_id, t.to_warehouse_id, (now() AT TIME ZONE z.timezone)::date, 0, t.quantity_in_transit, 0
        FROM inventory.in_transit t
        JOIN inventory.warehouse z ON z.warehouse_id = t.to_warehouse_id
    ) AS e
    GROUP BY e.product_id, e.warehouse_id, e.available_on
) AS a
JOIN inventory.product p ON p.product_id = a.product_id
JOIN inventory.warehouse w ON w.warehouse_id = a.warehouse_id;
COMMENT ON VIEW inventory.available_to_promise IS 'What may be promised for which day: for each item a row for today and one for each later day on which goods of a purchase order (SUBMITTED or CONFIRMED) are expected. Goods in transit from another warehouse, and orders that are overdue, are expected today.';
COMMENT ON COLUMN inventory.available_to_promise.product_id IS 'The product.';
COMMENT ON COLUMN inventory.available_to_promise.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.available_to_promise.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.available_to_promise.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.available_to_promise.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.available_to_promise.available_on IS 'The day, in the time zone of the warehouse; the first is today.';
COMMENT ON COLUMN inventory.available_to_promise.quantity_in IS 'How much is expected on that day, in base units.';
COMMENT ON COLUMN inventory.available_to_promise.available_to_promise IS 'On hand less reserved now, and all that is expected up to that day, in base units. It holds until the next row.';
COMMENT ON COLUMN inventory.available_to_promise.undated_inbound IS 'Open on orders of which nobody knows when they are expected, in base units: in no day. The same in all rows of an item.';
COMMENT ON COLUMN inventory.available_to_promise.base_unit IS 'The unit that quantities count.';
