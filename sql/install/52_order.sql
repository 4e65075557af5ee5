CREATE FUNCTION inventory.reserve_order(reference_id text, lines jsonb, ttl_minutes integer DEFAULT 30, idempotency_key text DEFAULT NULL)
RETURNS SETOF inventory.reservation
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_reserve_order';
COMMENT ON FUNCTION inventory.reserve_order(text, jsonb, integer, text) IS
'Holds stock for all lines of an order or for none: [{"product_id": 1, "warehouse_id": 1, "quantity": 2}], quantities in base units. Returns the reservations in the order of the lines.
A line without warehouse_id is served from any warehouse, from several if need be, as the setting inventory.allocation says:
priority (warehouse.priority, the lowest number first), most_stock (where most is available), or fewest_splits (as few warehouses for the whole order as possible).
With an idempotency_key the same call again returns the first reservations as they are now.
Errors: IV001 less is available than all lines together ask for; IV003 no such product or warehouse; IV005 the key came with other arguments; 22003 a quantity does not fit;
22023 malformed lines (the message has the number of the line), ttl_minutes not positive, a NULL, a text that is too long.';

CREATE FUNCTION inventory.fulfill_order(reference_id text)
RETURNS SETOF inventory.reservation
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_fulfill_order';
COMMENT ON FUNCTION inventory.fulfill_order(text) IS
'Fulfils every ACTIVE reservation of an order, all or none, each as one SALE movement, and returns them. A NOTICE says how many of the order were cancelled before, which do not ship.
Errors: IV002 none is ACTIVE, or one has expired; IV003 the order has no reservation; 22023 a NULL or empty reference.';

CREATE FUNCTION inventory.cancel_order(reference_id text, reason text DEFAULT NULL)
RETURNS SETOF inventory.reservation
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_cancel_order';
COMMENT ON FUNCTION inventory.cancel_order(text, text) IS
'Cancels every ACTIVE reservation of an order and returns them; what was fulfilled stays fulfilled. reason is kept as close_reason.
Errors: IV002 none is ACTIVE; IV003 the order has no reservation; 22023 a NULL or empty reference, a reason that is too long.';
