-- The same stock on both sides. Variables: items, quantity.
INSERT INTO inventory.warehouse (name) VALUES ('Main');
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'P' FROM generate_series(1, :items) AS g;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point)
SELECT product_id, 1, :quantity, 10 FROM inventory.product ORDER BY product_id;
INSERT INTO peer.warehouse (name) SELECT name FROM inventory.warehouse;
INSERT INTO peer.product (sku, name) SELECT sku, name FROM inventory.product ORDER BY product_id;
INSERT INTO peer.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point)
SELECT product_id, 1, :quantity, 10 FROM peer.product ORDER BY product_id;

-- What this backend has used so far, and the time, in milliseconds.
CREATE SCHEMA bench;
CREATE FUNCTION bench.cpu() RETURNS numeric LANGUAGE sql VOLATILE
RETURN round(split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::numeric / 1000000, 3);
CREATE FUNCTION bench.wall() RETURNS numeric LANGUAGE sql VOLATILE
RETURN round(extract(epoch FROM clock_timestamp()) * 1000, 3);
VACUUM ANALYZE;
CHECKPOINT;
