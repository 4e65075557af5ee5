-- Bringing in an existing business: what is loaded, to the last figure, what is
-- refused, with its line and reason, and who may.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION inventory;
SELECT plan(107);

-- Everything that a load could have changed
CREATE FUNCTION pg_temp.business() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    t text;
    one text;
    sum text := '';
BEGIN
    FOREACH t IN ARRAY ARRAY['category', 'warehouse', 'supplier', 'product', 'product_supplier', 'inventory_item', 'stock_movement', 'purchase_order', 'purchase_order_line'] LOOP
        EXECUTE format('SELECT md5(string_agg(x::text, E''\n'' ORDER BY x::text)) FROM inventory.%I x', t) INTO one;
        sum := sum || coalesce(one, '-');
    END LOOP;
    RETURN md5(sum);
END
$$;
CREATE FUNCTION pg_temp.healthy(label text) RETURNS text LANGUAGE sql AS $$
    SELECT is_empty('SELECT * FROM inventory.verify_ledger()', label || ': verify_ledger finds nothing')
$$;
CREATE FUNCTION pg_temp.detail_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', detail, hint);
END
$$;
CREATE FUNCTION pg_temp.staged() RETURNS bigint LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM inventory.import_category) + (SELECT count(*) FROM inventory.import_warehouse) + (SELECT count(*) FROM inventory.import_supplier) + (SELECT count(*) FROM inventory.import_product)
        + (SELECT count(*) FROM inventory.import_product_supplier) + (SELECT count(*) FROM inventory.import_level) + (SELECT count(*) FROM inventory.import_order_line)
$$;

-- Nothing staged

SELECT results_eq('SELECT * FROM inventory.import_load()', $$VALUES ('category', 0::bigint, 0::bigint, 0::bigint), ('warehouse', 0, 0, 0), ('supplier', 0, 0, 0), ('product', 0, 0, 0),
    ('product_supplier', 0, 0, 0), ('inventory_item', 0, 0, 0), ('purchase_order', 0, 0, 0), ('purchase_order_line', 0, 0, 0)$$, 'nothing staged, nothing loaded');

-- The example of docs/import.md

\copy inventory.import_category (name, parent) FROM 'examples/import/categories.csv' WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_warehouse (name, address, timezone, capacity_sqft, priority) FROM 'examples/import/warehouses.csv' WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_supplier (name, contact, is_active) FROM 'examples/import/suppliers.csv' WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_product (sku, name, description, category, unit_cost, unit_price, weight_kg, dimensions_cm, base_unit) FROM 'examples/import/products.csv' WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_product_supplier (sku, supplier, is_preferred, lead_time_days, lead_time_stddev_days, unit_cost, min_order_quantity, order_multiple) FROM 'examples/import/terms.csv' WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_level (sku, warehouse, quantity_on_hand, reorder_point, reorder_quantity) FROM 'examples/import/levels.csv' WITH (FORMAT csv, HEADER MATCH)
\copy inventory.import_order_line (order_reference, supplier, warehouse, sku, quantity, unit_cost, ordered_on, expected_delivery_date, status) FROM 'examples/import/orders.csv' WITH (FORMAT csv, HEADER MATCH)
SELECT is((SELECT array_agg(line ORDER BY line) FROM inventory.import_level), ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]::bigint[], 'lines are numbered from 1');
SELECT is_empty('SELECT * FROM inventory.import_check()', 'the example has no problem');
SELECT is(pg_temp.staged(), 39::bigint, 'checking leaves it staged');
SET LOCAL inventory.performed_by = 'the importer';
SELECT results_eq('SELECT * FROM inventory.import_load()', $$VALUES ('category', 4::bigint, 0::bigint, 0::bigint), ('warehouse', 2, 0, 0), ('supplier', 3, 0, 0), ('product', 8, 0, 0),
    ('product_supplier', 7, 0, 0), ('inventory_item', 12, 0, 0), ('purchase_order', 2, 0, 0), ('purchase_order_line', 3, 0, 0)$$, 'all of it is loaded');
SET LOCAL inventory.performed_by = '';
SELECT is(pg_temp.staged(), 0::bigint, 'and staged no more');
SELECT is(current_setting('inventory.reference_id'), '', 'settings are what they were');
SELECT results_eq('SELECT c.name, p.name FROM inventory.category c LEFT JOIN inventory.category p ON p.category_id = c.parent_id ORDER BY c.category_id',
    $$VALUES ('Camping', NULL), ('Tents', 'Camping'), ('Cooking', 'Camping'), ('Lighting', 'Camping')$$, 'categories');
SELECT results_eq('SELECT name, address, timezone, capacity_sqft, priority FROM inventory.warehouse ORDER BY warehouse_id',
    $$VALUES ('Quayside', 'Unit 4, Old Quay', 'Europe/London', 12000::numeric, 10), ('Mill Lane', '18 Mill Lane', 'Europe/London', 3500, 20)$$, 'warehouses');
SELECT results_eq('SELECT name, contact, is_active FROM inventory.supplier ORDER BY supplier_id',
    $$VALUES ('Fellside Canvas', '{"email": "orders@fellside.example"}'::jsonb, true), ('Brightwick Lamps', '{"email": "sales@brightwick.example", "account": "QL-204"}', true), ('Old Forge Stoves', NULL, false)$$, 'suppliers');
SELECT results_eq('SELECT p.sku, p.name, p.description, c.name, p.unit_cost, p.unit_price, p.weight_kg, p.dimensions_cm, p.is_active, p.base_unit, p.attributes FROM inventory.product p JOIN inventory.category c USING (category_id) ORDER BY product_id', $$VALUES
    ('TENT-2P', 'Ridge tent for two', 'Two poles, sewn-in groundsheet', 'Tents', 61.50, 129.00, 3.4, '{"length": 58, "width": 18, "height": 18}'::jsonb, true, 'piece', '{}'::jsonb),
    ('TENT-4P', 'Dome tent for four', 'Three poles, porch', 'Tents', 98.00, 199.00, 5.9, '{"length": 66, "width": 24, "height": 24}', true, 'piece', '{}'),
    ('PEG-STEEL-10', 'Steel pegs, ten in a bag', NULL, 'Tents', 1.80, 4.50, 0.31, NULL, true, 'bag', '{}'),
    ('STOVE-GAS', 'Gas stove, folding', NULL, 'Cooking', 14.20, 32.00, 0.26, '{"length": 11, "width": 8, "height": 6}', true, 'piece', '{}'),
    ('POT-SET-3', 'Pots, set of three', 'Nested; lids serve as pans', 'Cooking', 11.75, 27.50, 0.95, NULL, true, 'set', '{}'),
    ('LAMP-LED-200', 'Lantern, 200 lm', NULL, 'Lighting', 7.40, 18.00, 0.34, NULL, true, 'piece', '{}'),
    ('LAMP-HEAD', 'Head torch', NULL, 'Lighting', 5.10, 14.00, 0.09, NULL, true, 'piece', '{}'),
    ('CORD-3MM', 'Guy line, 3 mm', 'By the metre', 'Tents', 0.22, 0.60, 0.008, NULL, true, 'metre', '{}')$$, 'products, in the order of the file');
SELECT results_eq('SELECT p.sku, s.name, t.is_preferred, t.lead_time_days, t.lead_time_stddev_days, t.unit_cost, t.min_order_quantity, t.order_multiple FROM inventory.product_supplier t JOIN inventory.product p USING (product_id) JOIN inventory.supplier s USING (supplier_id) ORDER BY p.product_id', $$VALUES
    ('TENT-2P', 'Fellside Canvas', true, 21::float8, 4::float8, 61.50, 5::bigint, 5::bigint), ('TENT-4P', 'Fellside Canvas', true, 21, 4, 98.00, 5, 5), ('PEG-STEEL-10', 'Fellside Canvas', true, 14, 2, 1.80, 50, 50),
    ('STOVE-GAS', 'Old Forge Stoves', false, 30, 0, 14.20, 1, 1), ('LAMP-LED-200', 'Brightwick Lamps', true, 10, 1.5, 7.40, 12, 12), ('LAMP-HEAD', 'Brightwick Lamps', true, 10, 1.5, 5.10, 20, 20), ('CORD-3MM', 'Fellside Canvas', true, 14, 2, 0.22, 500, 100)$$, 'terms');
SELECT results_eq('SELECT sku, warehouse_name, quantity_on_hand, quantity_reserved, reorder_point, reorder_quantity, is_low FROM inventory.stock_level ORDER BY warehouse_id, product_id', $$VALUES
    ('TENT-2P', 'Quayside', 18::bigint, 0::bigint, 10::bigint, 20::bigint, false), ('TENT-4P', 'Quayside', 7, 0, 5, 10, false), ('PEG-STEEL-10', 'Quayside', 240, 0, 100, 200, false), ('STOVE-GAS', 'Quayside', 31, 0, 0, 0, false),
    ('POT-SET-3', 'Quayside', 16, 0, 6, 12, false), ('LAMP-LED-200', 'Quayside', 44, 0, 24, 48, false), ('LAMP-HEAD', 'Quayside', 65, 0, 40, 60, false), ('CORD-3MM', 'Quayside', 2750, 0, 1000, 2000, false),
    ('TENT-2P', 'Mill Lane', 4, 0, 2, 5, false), ('STOVE-GAS', 'Mill Lane', 0, 0, 4, 8, true), ('LAMP-LED-200', 'Mill Lane', 9, 0, 12, 24, true), ('LAMP-HEAD', 'Mill Lane', 12, 0, 10, 20, false)$$, 'levels');
SELECT results_eq('SELECT product_id, warehouse_id, quantity_on_hand FROM inventory.inventory_item WHERE quantity_on_hand > 0 ORDER BY 1, 2',
    'SELECT product_id, warehouse_id, quantity FROM inventory.stock_movement WHERE version = 1 AND on_hand_after = quantity ORDER BY 1, 2', 'one movement for each level');
SELECT results_eq('SELECT DISTINCT movement_type::text, reference_id, root_cause, performed_by, session_role, occurred_at = created_at FROM inventory.stock_movement',
    $$VALUES ('ADJUSTMENT', 'import', NULL, 'the importer', session_user::text COLLATE "default", true)$$, 'that says where it comes from');
SELECT results_eq('SELECT o.reference_id, s.name, w.name, o.status::text, o.expected_delivery_date, o.created_at, o.submitted_at, o.confirmed_at IS NOT NULL, o.created_by, o.submitted_by, o.confirmed_by
    FROM inventory.purchase_order o JOIN inventory.supplier s USING (supplier_id) JOIN inventory.warehouse w USING (warehouse_id) ORDER BY o.po_id', $$VALUES
    ('P-3318', 'Fellside Canvas', 'Quayside', 'CONFIRMED', '2030-03-25'::date, '2026-03-03 00:00+00'::timestamptz, '2026-03-03 00:00+00'::timestamptz, true, 'the importer', NULL, 'the importer'),
    ('P-3321', 'Brightwick Lamps', 'Mill Lane', 'SUBMITTED', '2026-03-20', '2026-03-10 00:00+00', '2026-03-10 00:00+00', false, 'the importer', NULL, NULL)$$, 'open orders; the one without a day is expected after its lead time');
SELECT results_eq('SELECT o.reference_id, l.line_no, p.sku, l.quantity, l.quantity_received, l.unit_cost FROM inventory.purchase_order_line l JOIN inventory.purchase_order o USING (po_id) JOIN inventory.product p USING (product_id) ORDER BY 1, 2', $$VALUES
    ('P-3318', 1, 'TENT-4P', 10::bigint, 0::bigint, 98.00), ('P-3318', 2, 'PEG-STEEL-10', 200, 0, 1.75), ('P-3321', 1, 'LAMP-LED-200', 24, 0, 7.40)$$, 'their lines; a cost that is left out is that of the terms');
SELECT is((SELECT r.status::text FROM inventory.purchase_order o, inventory.receive_purchase_order(o.po_id) r WHERE o.reference_id = 'P-3318'), 'RECEIVED', 'an order is received');
SELECT is((SELECT quantity_on_hand FROM inventory.stock_level WHERE sku = 'TENT-4P'), 17::bigint, 'and comes in');
SELECT ok((SELECT bool_and(lead_time_days > 200) FROM inventory.purchase_receipt), 'with its lead time since it was sent');
SELECT pg_temp.healthy('the example');
SELECT results_eq('SELECT sum(added), sum(updated), sum(unchanged) FROM inventory.import_load()', 'VALUES (0::numeric, 0::numeric, 0::numeric)', 'a second load has nothing to load');

-- Every kind of bad line, all reported at once

INSERT INTO inventory.warehouse (name) VALUES ('Twin'), ('Twin');
INSERT INTO inventory.supplier (name) VALUES ('Twin'), ('Twin');
INSERT INTO inventory.category (name) VALUES ('Twin'), ('Twin');
SELECT inventory.reserve_stock(1, 1, 5, 'order');
SELECT pg_temp.business() AS before \gset
INSERT INTO inventory.import_category (name, parent) VALUES
    (NULL, NULL), ('', NULL), (' Boats', NULL), ('Bikes', 'Wheels'), ('Bikes', NULL), ('Egg', 'Hen'), ('Hen', 'Egg'), ('Ego', 'Ego'), ('Tents', 'Camping'), ('Twin', NULL), ('Kayaks', 'Twin'), (repeat('x', 256), repeat('y', 10000000)), ('Good', '');
INSERT INTO inventory.import_warehouse (name, address, timezone, capacity_sqft, priority) VALUES
    (NULL, NULL, 'Mars/Olympus', 'NaN', '1.5'), ('Quayside', NULL, NULL, NULL, NULL), ('Loft', repeat('x', 10000000), repeat('x', 10000000), '-1', '2147483648'), ('Loft', NULL, '', '', ''), ('Twin', NULL, NULL, NULL, NULL), (E'Bad\nname', NULL, 'EST5EDT', '1', '-7');
INSERT INTO inventory.import_supplier (name, contact, is_active) VALUES
    ('', '{', 'maybe'), ('Fellside Canvas', NULL, NULL), ('Crate & Co', '[1]', 'tru'), ('Crate & Co', '{"a": "\u0000"}', 'NO'), ('Twin', '', ''), ('Deep', repeat('[', 50000), '2'), ('Long', '{"a": "' || repeat('x', 100000) || '"}', repeat('t', 10000000));
INSERT INTO inventory.import_product (sku, name, description, category, unit_cost, unit_price, weight_kg, dimensions_cm, is_active, base_unit, attributes) VALUES
    (NULL, 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('A', '', NULL, 'Nowhere', '12,50', '1e5', 'Infinity', '{', 'x', NULL, '[]'),
    ('A', 'twice', NULL, 'Twin', '-0.01', 'NaN', '.', '1', NULL, NULL, 'null'),
    ('a', 'another case, another product', NULL, 'Good', ' 1. ', '+.5', '-0', '', '', '', ''),
    ('B ', 'space', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (repeat('k', 10000000), repeat('n', 10000000), repeat('d', 10000000), repeat('c', 10000000), repeat('9', 10000000), repeat('9', 101), '1 2', repeat('{', 10000000), repeat('f', 10000000), repeat('u', 10000000), repeat('[', 100000)),
    ('TENT-2P', 'there already', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('C', 'unlikely digits', NULL, NULL, '١٢', NULL, NULL, '{"a": 1e999999}', NULL, NULL, NULL),
    ('D', 'good', 'It is', 'Tents', '1.25', '0', '1', '{"length": 1}', 'Yes', 'box', '{"shelf": 4}');
INSERT INTO inventory.import_product_supplier (sku, supplier, is_preferred, lead_time_days, lead_time_stddev_days, unit_cost, min_order_quantity, order_multiple) VALUES
    (NULL, '', 'perhaps', '-1', 'x', '1e1', '0', '-5'), ('D', 'Nobody', NULL, NULL, NULL, NULL, NULL, NULL), ('Z', 'Crate & Co', NULL, NULL, NULL, NULL, NULL, NULL), ('D', 'Twin', NULL, NULL, NULL, NULL, NULL, NULL),
    ('D', 'Crate & Co', 'true', NULL, NULL, NULL, '9223372036854775807', '9223372036854775808'), ('D', 'Crate & Co', 'f', NULL, NULL, NULL, '', '1.0'), ('D', 'Fellside Canvas', 'T', NULL, NULL, NULL, NULL, NULL),
    ('TENT-2P', 'Fellside Canvas', NULL, NULL, NULL, NULL, NULL, NULL), ('TENT-2P', 'Brightwick Lamps', 'on', NULL, NULL, NULL, NULL, NULL), ('tent-2p', 'Fellside Canvas', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand, reorder_point, reorder_quantity) VALUES
    (NULL, NULL, NULL, NULL, NULL), ('D', 'Loft', '12.5', '-1', 'x'), ('D', 'Loft', '9223372036854775808', repeat('9', 400), '-9223372036854775809'), ('Z', 'Attic', '1', '1', '1'), ('D', 'Twin', ' 7 ', '+0', '007'),
    ('TENT-2P', 'Quayside', '4', NULL, NULL), ('D', 'Quayside', 'NaN', 'Infinity', '1e3'), ('d', 'Quayside', '1', '1', repeat('1', 10000000)), ('D', 'Mill Lane', '9223372036854775807', '', NULL);
INSERT INTO inventory.import_order_line (order_reference, supplier, warehouse, sku, quantity, unit_cost, ordered_on, expected_delivery_date, status) VALUES
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), ('P-1', 'Fellside Canvas', 'Quayside', 'D', '5', NULL, '2024-02-29', NULL, NULL), ('P-1', 'Crate & Co', 'Loft', 'Z', '0', 'x', '2023-02-29', '01/02/2024', 'OPEN'),
    ('P-2', 'Nobody', 'Attic', 'D', '99999999999999999999', '-1', '2899-01-01', 'infinity', 'DRAFT'), ('P-3318', 'Twin', 'Twin', 'D', '1', NULL, 'today', '2024-13-01', 'CONFIRMED'), (repeat('o', 300), 'Fellside Canvas', 'Quayside', 'D', '1', NULL, '2024-04-31', '2024-00-10', '');

CREATE TEMP TABLE problem (source text, line bigint, problem text);
INSERT INTO problem VALUES
    ('import_category', 1, 'name is missing'), ('import_category', 2, 'name is missing'), ('import_category', 3, 'name has space around it or control characters in it: " Boats"'),
    ('import_category', 4, 'there is no category "Wheels"'), ('import_category', 5, 'category "Bikes" is on line 4 already'), ('import_category', 6, 'category "Egg" would be below itself'), ('import_category', 7, 'category "Hen" would be below itself'),
    ('import_category', 8, 'category "Ego" would be below itself'), ('import_category', 9, 'category "Tents" is there already'), ('import_category', 10, '2 go by the category "Twin"'), ('import_category', 11, '2 go by the category "Twin"'),
    ('import_category', 12, 'name is too long: 256 bytes, at most 255'), ('import_category', 12, 'parent is too long: 10000000 bytes, at most 255'), ('import_category', 12, 'there is no category "' || repeat('y', 60) || '"...'),
    ('import_warehouse', 1, 'name is missing'), ('import_warehouse', 1, 'timezone is unknown: "Mars/Olympus"'), ('import_warehouse', 1, 'capacity_sqft is not a number such as 12.50: "NaN"'), ('import_warehouse', 1, 'priority is not a whole number: "1.5"'),
    ('import_warehouse', 2, 'warehouse "Quayside" is there already'), ('import_warehouse', 3, 'address is too long: 10000000 bytes, at most 100000'), ('import_warehouse', 3, 'timezone is unknown: "' || repeat('x', 60) || '"...'),
    ('import_warehouse', 3, 'capacity_sqft is negative: "-1"'), ('import_warehouse', 3, 'priority does not fit: "2147483648"'), ('import_warehouse', 4, 'warehouse "Loft" is on line 3 already'), ('import_warehouse', 5, '2 go by the warehouse "Twin"'),
    ('import_warehouse', 6, E'name has space around it or control characters in it: "Bad\nname"'),
    ('import_supplier', 1, 'name is missing'), ('import_supplier', 1, 'contact is no JSON: "{"'), ('import_supplier', 1, 'is_active is neither true nor false: "maybe"'), ('import_supplier', 2, 'supplier "Fellside Canvas" is there already'),
    ('import_supplier', 3, 'contact is no JSON object: "[1]"'), ('import_supplier', 3, 'is_active is neither true nor false: "tru"'), ('import_supplier', 4, 'contact is no JSON: "{"a": "\u0000"}"'), ('import_supplier', 4, 'supplier "Crate & Co" is on line 3 already'),
    ('import_supplier', 5, '2 go by the supplier "Twin"'), ('import_supplier', 6, 'contact is no JSON: "' || repeat('[', 60) || '"...'), ('import_supplier', 6, 'is_active is neither true nor false: "2"'),
    ('import_supplier', 7, 'contact is too long: 100009 bytes, at most 100000'), ('import_supplier', 7, 'is_active is neither true nor false: "' || repeat('t', 60) || '"...'),
    ('import_product', 1, 'sku is missing'), ('import_product', 2, 'sku is missing'), ('import_product', 2, 'name is missing'),
    ('import_product', 3, 'name is missing'), ('import_product', 3, 'there is no category "Nowhere"'), ('import_product', 3, 'unit_cost is not a number such as 12.50: "12,50"'), ('import_product', 3, 'unit_price is not a number such as 12.50: "1e5"'),
    ('import_product', 3, 'weight_kg is not a number such as 12.50: "Infinity"'), ('import_product', 3, 'dimensions_cm is no JSON: "{"'), ('import_product', 3, 'is_active is neither true nor false: "x"'), ('import_product', 3, 'attributes is no JSON object: "[]"'),
    ('import_product', 4, 'sku "A" is on line 3 already'), ('import_product', 4, '2 go by the category "Twin"'), ('import_product', 4, 'unit_cost is negative: "-0.01"'), ('import_product', 4, 'unit_price is not a number such as 12.50: "NaN"'),
    ('import_product', 4, 'weight_kg is not a number such as 12.50: "."'), ('import_product', 4, 'dimensions_cm is no JSON object: "1"'), ('import_product', 4, 'attributes is no JSON object: "null"'),
    ('import_product', 6, 'sku has space around it or control characters in it: "B "'),
    ('import_product', 7, 'sku is too long: 10000000 bytes, at most 255'), ('import_product', 7, 'name is too long: 10000000 bytes, at most 1000'), ('import_product', 7, 'description is too long: 10000000 bytes, at most 100000'), ('import_product', 7, 'category is too long: 10000000 bytes, at most 255'),
    ('import_product', 7, 'unit_cost is not a number such as 12.50: "' || repeat('9', 60) || '"...'), ('import_product', 7, 'unit_price does not fit: "' || repeat('9', 60) || '"...'), ('import_product', 7, 'weight_kg is not a number such as 12.50: "1 2"'),
    ('import_product', 7, 'dimensions_cm is too long: 10000000 bytes, at most 100000'), ('import_product', 7, 'is_active is neither true nor false: "' || repeat('f', 60) || '"...'), ('import_product', 7, 'base_unit is too long: 10000000 bytes, at most 255'), ('import_product', 7, 'attributes is no JSON: "' || repeat('[', 60) || '"...'),
    ('import_product', 8, 'product "TENT-2P" is there already'), ('import_product', 9, 'unit_cost is not a number such as 12.50: "١٢"'), ('import_product', 9, 'dimensions_cm is no JSON: "{"a": 1e999999}"'),
    ('import_product_supplier', 1, 'sku is missing'), ('import_product_supplier', 1, 'supplier is missing'), ('import_product_supplier', 1, 'is_preferred is neither true nor false: "perhaps"'), ('import_product_supplier', 1, 'lead_time_days is negative: "-1"'),
    ('import_product_supplier', 1, 'lead_time_stddev_days is not a number such as 12.50: "x"'), ('import_product_supplier', 1, 'unit_cost is not a number such as 12.50: "1e1"'), ('import_product_supplier', 1, 'min_order_quantity is below 1: "0"'), ('import_product_supplier', 1, 'order_multiple is below 1: "-5"'),
    ('import_product_supplier', 2, 'there is no supplier "Nobody"'), ('import_product_supplier', 3, 'there is no product "Z"'), ('import_product_supplier', 4, '2 go by the supplier "Twin"'), ('import_product_supplier', 5, 'order_multiple does not fit: "9223372036854775808"'),
    ('import_product_supplier', 6, 'product "D" and supplier "Crate & Co" are on line 5 already'), ('import_product_supplier', 6, 'order_multiple is not a whole number: "1.0"'), ('import_product_supplier', 7, 'product "D" has a preferred supplier on line 5 already'),
    ('import_product_supplier', 8, 'product "TENT-2P" has terms of supplier "Fellside Canvas" already'), ('import_product_supplier', 9, 'product "TENT-2P" has "Fellside Canvas" as its preferred supplier already'), ('import_product_supplier', 10, 'there is no product "tent-2p"'),
    ('import_level', 1, 'sku is missing'), ('import_level', 1, 'warehouse is missing'), ('import_level', 2, 'quantity_on_hand is not a whole number: "12.5"'), ('import_level', 2, 'reorder_point is negative: "-1"'), ('import_level', 2, 'reorder_quantity is not a whole number: "x"'),
    ('import_level', 3, 'product "D" and warehouse "Loft" are on line 2 already'), ('import_level', 3, 'quantity_on_hand does not fit: "9223372036854775808"'), ('import_level', 3, 'reorder_point does not fit: "' || repeat('9', 60) || '"...'), ('import_level', 3, 'reorder_quantity does not fit: "-9223372036854775809"'),
    ('import_level', 4, 'there is no product "Z"'), ('import_level', 4, 'there is no warehouse "Attic"'), ('import_level', 5, '2 go by the warehouse "Twin"'), ('import_level', 6, 'product "TENT-2P" is in warehouse "Quayside" already'),
    ('import_level', 7, 'quantity_on_hand is not a whole number: "NaN"'), ('import_level', 7, 'reorder_point is not a whole number: "Infinity"'), ('import_level', 7, 'reorder_quantity is not a whole number: "1e3"'),
    ('import_level', 8, 'there is no product "d"'), ('import_level', 8, 'reorder_quantity is not a whole number: "' || repeat('1', 60) || '"...'),
    ('import_order_line', 1, 'order_reference is missing'), ('import_order_line', 1, 'supplier is missing'), ('import_order_line', 1, 'warehouse is missing'), ('import_order_line', 1, 'sku is missing'), ('import_order_line', 1, 'quantity is missing'),
    ('import_order_line', 3, 'supplier, warehouse, ordered_on, expected_delivery_date, status differ from line 2 of order "P-1"'), ('import_order_line', 3, 'there is no product "Z"'), ('import_order_line', 3, 'quantity is below 1: "0"'), ('import_order_line', 3, 'unit_cost is not a number such as 12.50: "x"'),
    ('import_order_line', 3, 'ordered_on is a day that the month does not have: "2023-02-29"'), ('import_order_line', 3, 'expected_delivery_date is not a day such as 2025-01-31: "01/02/2024"'), ('import_order_line', 3, 'status is neither SUBMITTED nor CONFIRMED: "OPEN"'),
    ('import_order_line', 4, 'there is no supplier "Nobody"'), ('import_order_line', 4, 'there is no warehouse "Attic"'), ('import_order_line', 4, 'quantity does not fit: "99999999999999999999"'), ('import_order_line', 4, 'unit_cost is negative: "-1"'),
    ('import_order_line', 4, 'ordered_on is in the future: "2899-01-01"'), ('import_order_line', 4, 'expected_delivery_date is not a day such as 2025-01-31: "infinity"'), ('import_order_line', 4, 'status is neither SUBMITTED nor CONFIRMED: "DRAFT"'),
    ('import_order_line', 5, '2 go by the supplier "Twin"'), ('import_order_line', 5, '2 go by the warehouse "Twin"'), ('import_order_line', 5, 'order "P-3318" is there already, as purchase order 1'), ('import_order_line', 5, 'ordered_on is not a day such as 2025-01-31: "today"'),
    ('import_order_line', 5, 'expected_delivery_date is not a day such as 2025-01-31: "2024-13-01"'), ('import_order_line', 6, 'order_reference is too long: 300 bytes, at most 255'), ('import_order_line', 6, 'ordered_on is a day that the month does not have: "2024-04-31"'),
    ('import_order_line', 6, 'expected_delivery_date is not a day such as 2025-01-31: "2024-00-10"');
SELECT bag_eq('SELECT * FROM inventory.import_check()', 'SELECT * FROM problem', 'every bad line with its reasons, and no other');
SELECT results_eq('SELECT source, line FROM inventory.import_check()', $$SELECT p.source, p.line FROM problem p JOIN unnest(ARRAY['import_category', 'import_warehouse', 'import_supplier', 'import_product', 'import_product_supplier', 'import_level', 'import_order_line']) WITH ORDINALITY AS s(source, n) USING (source) ORDER BY s.n, p.line$$,
    'in the order of tables and lines');
SELECT throws_ok('SELECT * FROM inventory.import_load()', '22023', (SELECT count(*) FROM problem) || ' problems in what is staged, nothing was loaded', 'a load of it is refused');
SELECT is(pg_temp.detail_of('SELECT * FROM inventory.import_load()'), E'import_category line 1: name is missing\nimport_category line 2: name is missing\nimport_category line 3: name has space around it or control characters in it: " Boats"\nimport_category line 4: there is no category "Wheels"\nimport_category line 5: category "Bikes" is on line 4 already\n... | SELECT * FROM inventory.import_check() lists all of them.', 'with the first of them');
SELECT is(pg_temp.business(), :'before', 'and changes nothing');
SELECT bag_eq($$SELECT source, line, problem FROM inventory.import_check('update')$$, $$SELECT * FROM problem WHERE NOT (problem ~ 'there already$|is in warehouse|terms of supplier|as its preferred') UNION ALL VALUES ('import_level', 6::bigint, 'quantity_on_hand is 4, but 5 are reserved')$$,
    'with update, what is there is no problem, unless more is reserved than would be left');
SELECT throws_ok($$SELECT * FROM inventory.import_load('update')$$, '22023', NULL, 'nor is it loaded with update');
SELECT is(pg_temp.business(), :'before', 'nothing changed either');

-- One bad line among good ones

SELECT inventory.import_clear();
SELECT is(pg_temp.staged(), 0::bigint, 'import_clear empties the staging tables');
INSERT INTO inventory.import_product (sku, name, attributes) VALUES ('J', 'Good', '{}'), ('K', 'Long', '{"a": "' || repeat('x', 100000) || '"}');
SELECT results_eq('SELECT * FROM inventory.import_check()', $$VALUES ('import_product', 2::bigint, 'attributes is too long: 100009 bytes, at most 100000')$$, 'JSON that is good, but for its length');
SELECT inventory.import_clear();
INSERT INTO inventory.import_product (sku, name) SELECT 'NEW-' || g, 'New' FROM generate_series(1, 1000) g;
INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand) SELECT 'NEW-' || g, 'Quayside', CASE g WHEN 777 THEN 'one' ELSE g::text END FROM generate_series(1, 1000) g;
SELECT results_eq('SELECT * FROM inventory.import_check()', $$VALUES ('import_level', 777::bigint, 'quantity_on_hand is not a whole number: "one"')$$, 'lines are numbered from 1 again, one of a thousand is bad');
SELECT throws_ok('SELECT * FROM inventory.import_load()', '22023', '1 problem in what is staged, nothing was loaded', 'and keeps all from being loaded');
SELECT is(pg_temp.business(), :'before', 'the good ones too');
UPDATE inventory.import_level SET quantity_on_hand = '777' WHERE line = 777;
SET LOCAL inventory.occurred_at = '2024-12-31 23:00+00';
SET LOCAL inventory.movement_type = 'PURCHASE';
SET LOCAL inventory.reference_id = 'stocktaking 2024';
SET LOCAL inventory.root_cause = 'OTHER';
INSERT INTO inventory.import_order_line (order_reference, supplier, warehouse, sku, quantity) VALUES ('N-1', 'Brightwick Lamps', 'Quayside', 'NEW-1', '1'), ('N-1', 'Brightwick Lamps', 'Quayside', 'NEW-1', '2'), ('N-2', 'Brightwick Lamps', 'Quayside', 'NEW-2', '2');
UPDATE inventory.import_order_line SET ordered_on = '2025-01-03' WHERE order_reference = 'N-2';
SELECT results_eq('SELECT * FROM inventory.import_check()', $$VALUES ('import_order_line', 3::bigint, 'ordered_on is in the future: "2025-01-03"')$$, 'an order that was sent after the business time');
UPDATE inventory.import_order_line SET ordered_on = NULL;
SELECT results_eq('SELECT * FROM inventory.import_load() WHERE added > 0', $$VALUES ('product', 1000::bigint, 0::bigint, 0::bigint), ('inventory_item', 1000, 0, 0), ('purchase_order', 2, 0, 0), ('purchase_order_line', 3, 0, 0)$$, 'corrected, all are loaded');
SELECT results_eq($$SELECT movement_type::text, reference_id, root_cause, occurred_at, sum(quantity), count(*) FROM inventory.stock_movement WHERE product_id > 8 GROUP BY 1, 2, 3, 4$$,
    $$VALUES ('PURCHASE', 'stocktaking 2024', 'OTHER', '2024-12-31 23:00+00'::timestamptz, 500500::numeric, 1000::bigint)$$, 'their movements are what the settings say');
SELECT is(current_setting('inventory.reference_id'), 'stocktaking 2024', 'which stay');
SELECT results_eq($$SELECT reference_id, created_at, submitted_at, confirmed_at, expected_delivery_date FROM inventory.purchase_order WHERE reference_id LIKE 'N-%' ORDER BY po_id$$,
    $$VALUES ('N-1', '2024-12-31 23:00+00'::timestamptz, NULL::timestamptz, '2024-12-31 23:00+00'::timestamptz, NULL::date), ('N-2', '2024-12-31 23:00+00', NULL, '2024-12-31 23:00+00', NULL)$$, 'orders that nobody knows the day of');
SELECT results_eq($$SELECT l.line_no, l.quantity FROM inventory.purchase_order_line l JOIN inventory.purchase_order o USING (po_id) WHERE o.reference_id = 'N-1' ORDER BY 1$$, 'VALUES (1, 1::bigint), (2, 2::bigint)', 'a product twice in an order');
SET LOCAL inventory.occurred_at = '2999-01-01';
SELECT throws_ok('SELECT * FROM inventory.import_load()', '22023', 'inventory.occurred_at lies before 1900 or in the future', 'a business time in the future');
SET LOCAL inventory.occurred_at = '';
SET LOCAL inventory.movement_type = 'ADJUSTMENT';
SET LOCAL inventory.reference_id = '';
SET LOCAL inventory.root_cause = '';
SELECT inventory.receive_purchase_order(po_id) FROM inventory.purchase_order WHERE reference_id = 'N-1';
SELECT is((SELECT count(*) FROM inventory.purchase_receipt WHERE lead_time_days IS NULL), 2::bigint, 'have no lead time when they come in');
SELECT pg_temp.healthy('a thousand');

-- What is there already

SELECT throws_ok('SELECT inventory.import_check(NULL)', '22023', 'on_existing is NULL', 'on_existing NULL');
SELECT throws_ok($$SELECT inventory.import_load('Update')$$, '22023', 'on_existing is ''Update''', 'on_existing in another case');
INSERT INTO inventory.import_category (name, parent) VALUES ('Lighting', 'Tents'), ('Cooking', 'Camping'), ('Lamps', 'Lighting');
INSERT INTO inventory.import_warehouse (name, address, priority) VALUES ('Quayside', NULL, '5'), ('Mill Lane', '18 Mill Lane', NULL), ('Depot', NULL, NULL);
INSERT INTO inventory.import_supplier (name, contact, is_active) VALUES ('Fellside Canvas', '{"email": "new@fellside.example"}', NULL), ('Brightwick Lamps', NULL, 'true'), ('Newcomer', NULL, NULL);
INSERT INTO inventory.import_product (sku, name, unit_cost, category, attributes) VALUES ('TENT-2P', 'Ridge tent for two', '65', NULL, NULL), ('LAMP-HEAD', 'Head torch', '5.100', 'Lighting', '{}'), ('tent-2p', 'In lower case', NULL, 'Lamps', NULL);
INSERT INTO inventory.import_product_supplier (sku, supplier, is_preferred, lead_time_days) VALUES ('TENT-2P', 'Newcomer', 'true', '3'), ('TENT-4P', 'Fellside Canvas', NULL, '28'), ('LAMP-HEAD', 'Brightwick Lamps', 'true', NULL);
INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand, reorder_point) VALUES ('TENT-2P', 'Quayside', '15', NULL), ('TENT-4P', 'Quayside', NULL, '6'), ('LAMP-HEAD', 'Quayside', '65', '40'), ('STOVE-GAS', 'Mill Lane', '3', NULL), ('tent-2p', 'Depot', '8', NULL), ('POT-SET-3', 'Depot', NULL, '2');
SELECT results_eq('SELECT source, count(*), min(line), max(line) FROM inventory.import_check() GROUP BY 1 ORDER BY 1', $$VALUES ('import_category', 2::bigint, 1::bigint, 2::bigint), ('import_level', 4, 1, 4), ('import_product', 2, 1, 2),
    ('import_product_supplier', 3, 1, 3), ('import_supplier', 2, 1, 2), ('import_warehouse', 2, 1, 2)$$, 'each of them is a problem');
SELECT is_empty($$SELECT * FROM inventory.import_check('update')$$, 'but not with update');
SELECT max(movement_id) AS last FROM inventory.stock_movement \gset
SELECT results_eq($$SELECT * FROM inventory.import_load('update')$$, $$VALUES ('category', 1::bigint, 1::bigint, 1::bigint), ('warehouse', 1, 1, 1), ('supplier', 1, 1, 1), ('product', 1, 1, 1),
    ('product_supplier', 1, 1, 1), ('inventory_item', 2, 3, 1), ('purchase_order', 0, 0, 0), ('purchase_order_line', 0, 0, 0)$$, 'added, updated and left alone');
SELECT is((SELECT string_agg(c.name || '<' || p.name, ' ' ORDER BY c.name) FROM inventory.category c JOIN inventory.category p ON p.category_id = c.parent_id), 'Cooking<Camping Lamps<Lighting Lighting<Tents Tents<Camping', 'a category moves');
SELECT results_eq($$SELECT name, address, timezone, priority FROM inventory.warehouse WHERE name IN ('Quayside', 'Depot') ORDER BY 1$$, $$VALUES ('Depot', NULL, 'UTC', 100), ('Quayside', 'Unit 4, Old Quay', 'Europe/London', 5)$$, 'what is left out of a warehouse stays');
SELECT is((SELECT contact->>'email' || is_active FROM inventory.supplier WHERE name = 'Fellside Canvas'), 'new@fellside.exampletrue', 'a supplier gets another contact');
SELECT results_eq($$SELECT p.name, unit_cost, unit_price, c.name, dimensions_cm->>'length' FROM inventory.product p JOIN inventory.category c USING (category_id) WHERE sku ~* '^tent-2p' ORDER BY product_id$$,
    $$VALUES ('Ridge tent for two', 65::numeric, 129.00, 'Tents', '58'), ('In lower case', NULL, NULL, 'Lamps', NULL)$$, 'a product gets another cost, and one in lower case is another product');
SELECT results_eq($$SELECT s.name, t.is_preferred, t.lead_time_days FROM inventory.product_supplier t JOIN inventory.product p USING (product_id) JOIN inventory.supplier s USING (supplier_id) WHERE p.sku = 'TENT-2P' ORDER BY supplier_id$$,
    $$VALUES ('Fellside Canvas', false, 21::float8), ('Newcomer', true, 3)$$, 'another supplier is preferred');
SELECT results_eq($$SELECT sku, warehouse_name, quantity_on_hand, reorder_point, reorder_quantity FROM inventory.stock_level WHERE sku ~* 'tent-' OR warehouse_name = 'Depot' ORDER BY warehouse_id, product_id$$,
    $$VALUES ('TENT-2P', 'Quayside', 15::bigint, 10::bigint, 20::bigint), ('TENT-4P', 'Quayside', 17, 6, 10), ('TENT-2P', 'Mill Lane', 4, 2, 5), ('POT-SET-3', 'Depot', 0, 2, 0), ('tent-2p', 'Depot', 8, 0, 0)$$, 'levels');
SELECT bag_eq(format('SELECT p.sku, m.quantity, m.on_hand_after, m.version, m.reference_id FROM inventory.stock_movement m JOIN inventory.product p USING (product_id) WHERE m.movement_id > %s', :last),
    $$VALUES ('TENT-2P', -3::bigint, 15::bigint, 2::bigint, 'import'), ('STOVE-GAS', 3, 3, 1, 'import'), ('tent-2p', 8, 8, 1, 'import')$$, 'one movement for each level that changed');
SELECT pg_temp.healthy('update');
INSERT INTO inventory.import_category (name, parent) VALUES ('Camping', 'Lamps');
SELECT bag_eq($$SELECT line, problem FROM inventory.import_check('update')$$, $$VALUES (1::bigint, 'category "Camping" would be below itself')$$, 'a category cannot be moved below itself');
SELECT inventory.import_clear();
INSERT INTO inventory.import_order_line (order_reference, supplier, warehouse, sku, quantity) VALUES ('P-3321', 'Brightwick Lamps', 'Mill Lane', 'LAMP-HEAD', '1');
SELECT is((SELECT problem FROM inventory.import_check('update')), 'order "P-3321" is there already, as purchase order 2', 'an order is not loaded twice, with update neither');
SELECT inventory.cancel_purchase_order(2);
SELECT is((SELECT added FROM inventory.import_load() WHERE what = 'purchase_order'), 1::bigint, 'unless the first one was cancelled');
SELECT results_eq($$SELECT o.status::text, p.sku FROM inventory.purchase_order o JOIN inventory.purchase_order_line USING (po_id) JOIN inventory.product p USING (product_id) WHERE o.reference_id = 'P-3321' ORDER BY 1$$,
    $$VALUES ('CANCELLED', 'LAMP-LED-200'), ('CONFIRMED', 'LAMP-HEAD')$$, 'which stays as it was');

-- A trigger that keeps a level from being loaded

CREATE FUNCTION pg_temp.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE INSERT ON inventory.stock_movement FOR EACH ROW EXECUTE FUNCTION pg_temp.swallow();
INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand) VALUES ('POT-SET-3', 'Mill Lane', '5');
SELECT throws_ok('SELECT * FROM inventory.import_load()', 'IV004', NULL, 'a movement that a trigger swallows');
DROP TRIGGER swallow ON inventory.stock_movement;
SELECT is((SELECT count(*) FROM inventory.import_level), 1::bigint, 'leaves all staged');
SELECT inventory.import_clear();

-- Rights

CREATE ROLE inventory_test_reader;
CREATE ROLE inventory_test_operator;
CREATE ROLE inventory_test_planner;
CREATE ROLE inventory_test_admin;
SELECT inventory.grant_access('inventory_test_reader', 'reader'), inventory.grant_access('inventory_test_operator', 'operator'), inventory.grant_access('inventory_test_planner', 'planner'), inventory.grant_access('inventory_test_admin', 'admin');
CREATE FUNCTION pg_temp.as_role(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE statement;
    RESET ROLE;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
SELECT is(pg_temp.as_role('inventory_test_' || r, s), CASE r WHEN 'admin' THEN 'done' ELSE '42501' END, r || ': ' || s)
FROM unnest(ARRAY['reader', 'operator', 'planner', 'admin']) r, unnest(ARRAY['SELECT inventory.import_check()', $$INSERT INTO inventory.import_product (sku, name) VALUES ('R', 'R')$$,
    $$UPDATE inventory.import_product SET name = 'S'$$, 'SELECT inventory.import_load()', 'DELETE FROM inventory.import_product', 'SELECT inventory.import_clear()']) WITH ORDINALITY AS x(s, n) ORDER BY r, n;
SELECT is((SELECT name FROM inventory.product WHERE sku = 'R'), 'S', 'an admin imports');
SELECT is(pg_temp.as_role('inventory_test_admin', s), '42501', 'admin: ' || s) FROM unnest(ARRAY['UPDATE inventory.import_product SET line = DEFAULT', $$INSERT INTO inventory.import_product (sku, staged_by) VALUES ('R', 'x')$$,
    $$SELECT inventory.import_check_text('', '', 1)$$, 'SELECT inventory.import_known()', 'SELECT inventory.import_objects_are_good()', 'SELECT inventory.import_business_time()']) s;

-- Two at once: whoever comes second is told

INSERT INTO inventory.import_product (sku, name) VALUES ('T', 'T');
SET LOCAL SESSION AUTHORIZATION inventory_test_admin;
SELECT throws_ok($$INSERT INTO inventory.import_product (sku, name) VALUES ('U', 'U')$$, 'IV002', 'inventory.import_product holds what somebody else staged', 'what two roles stage is not mixed');
SELECT lives_ok($$INSERT INTO inventory.import_level (sku) VALUES ('U')$$, 'another table is free');
SELECT inventory.import_clear();
SELECT lives_ok($$INSERT INTO inventory.import_product (sku, name) VALUES ('U', 'U')$$, 'import_clear makes room');
SELECT is((SELECT line || staged_by FROM inventory.import_product), '1inventory_test_admin', 'from line 1 on');
RESET SESSION AUTHORIZATION;
SELECT inventory.import_clear();
SAVEPOINT copy;
INSERT INTO inventory.import_product (sku, name) SELECT g, g FROM generate_series(1, 5) g;
ROLLBACK TO copy;
INSERT INTO inventory.import_product (sku, name) VALUES ('V', 'V');
INSERT INTO inventory.import_product (sku, name) VALUES ('W', 'W');
SELECT is((SELECT string_agg(line || sku, ' ' ORDER BY line) FROM inventory.import_product), '1V 2W', 'an input that failed leaves no gap, a second file goes on');

-- A hostile search_path

CREATE SCHEMA inventory_test_evil;
GRANT USAGE ON SCHEMA inventory_test_evil TO PUBLIC;
CREATE FUNCTION inventory_test_evil.bad(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile'; END$$;
CREATE FUNCTION inventory_test_evil.octet_length(text) RETURNS integer LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile'; END$$;
CREATE FUNCTION inventory_test_evil.nullif(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile'; END$$;
CREATE FUNCTION inventory_test_evil.format(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile'; END$$;
CREATE OPERATOR inventory_test_evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = inventory_test_evil.bad);
CREATE OPERATOR inventory_test_evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = inventory_test_evil.bad);
CREATE OPERATOR inventory_test_evil.~ (LEFTARG = text, RIGHTARG = text, FUNCTION = inventory_test_evil.bad);
CREATE OPERATOR inventory_test_evil.!~ (LEFTARG = text, RIGHTARG = text, FUNCTION = inventory_test_evil.bad);
CREATE TABLE inventory_test_evil.import_product (LIKE inventory.import_product);
CREATE TEMP TABLE import_product (LIKE inventory.import_product);
INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand) VALUES ('V', 'Quayside', '3');
CREATE FUNCTION pg_temp.hostile(statement text) RETURNS text LANGUAGE plpgsql SET search_path = inventory_test_evil, pg_temp, pg_catalog AS $$
DECLARE
    result pg_catalog.varchar;
BEGIN
    EXECUTE statement INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$$;
SET LOCAL ROLE inventory_test_admin;
SELECT is(pg_temp.hostile($$SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text$$), 'hostile', 'the hostile operators are in force');
SELECT is(pg_temp.hostile($$SELECT octet_length('a'::pg_catalog.text)$$), 'hostile', 'so are the functions');
SELECT is(pg_temp.hostile('SELECT count(*) FROM inventory.import_check()'), '0', 'import_check');
SELECT is(pg_temp.hostile('SELECT sum(added) FROM inventory.import_load()'), '3', 'import_load');
SELECT is(pg_temp.hostile($$INSERT INTO inventory.import_product (sku) VALUES ('X') RETURNING line$$), '1', 'an INSERT');
SELECT is(pg_temp.hostile('SELECT inventory.import_clear()'), '', 'import_clear');
RESET ROLE;
SELECT is((SELECT quantity_on_hand FROM inventory.stock_level WHERE sku = 'V'), 3::bigint, 'loads what it should');
SELECT pg_temp.healthy('at the end');

SELECT * FROM finish();
ROLLBACK;
