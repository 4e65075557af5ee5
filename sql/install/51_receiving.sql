CREATE FUNCTION inventory.receive_stock(product_id bigint, warehouse_id bigint, quantity bigint, reference_id text DEFAULT NULL)
RETURNS inventory.stock_movement
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_receive_stock';
COMMENT ON FUNCTION inventory.receive_stock(bigint, bigint, bigint, text) IS
'Adds quantity base units to what is on hand (PURCHASE); creates the item on first receipt.
Errors: IV003 no such product or warehouse; 22003 the level would overflow; 22023 quantity not positive, or a NULL.';

CREATE FUNCTION inventory.return_stock(product_id bigint, warehouse_id bigint, quantity bigint, reference_id text DEFAULT NULL)
RETURNS inventory.stock_movement
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_return_stock';
COMMENT ON FUNCTION inventory.return_stock(bigint, bigint, bigint, text) IS
'Takes quantity base units back from a customer (RETURN); creates the item where the product was never stocked.
Errors: IV003 no such product or warehouse; 22003 the level would overflow; 22023 quantity not positive, or a NULL.';

CREATE FUNCTION inventory.adjust_stock(product_id bigint, warehouse_id bigint, delta bigint, root_cause text, reference_id text DEFAULT NULL)
RETURNS inventory.stock_movement
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_adjust_stock';
COMMENT ON FUNCTION inventory.adjust_stock(bigint, bigint, bigint, text, text) IS
'Corrects what is on hand by delta base units, up or down (ADJUSTMENT), for a reason out of root_cause.
Never takes what reservations hold, but frees expired ones first.
Errors: IV001 less is available than would be taken; IV003 no such product or warehouse; 22003 the level would overflow; 22023 delta zero, a NULL, or an unknown root cause.';
