CREATE FUNCTION inventory.create_transfer(from_warehouse_id bigint, to_warehouse_id bigint, line_items jsonb)
RETURNS inventory.transfer_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_create_transfer';
COMMENT ON FUNCTION inventory.create_transfer(bigint, bigint, jsonb) IS
'Asks for goods to be moved: [{"product_id": 1, "qty": 10}], qty in base units. PENDING: reservations of type TRANSFER that do not expire hold them at the source.
Errors: IV001 less is available than asked; IV003 no such warehouse or product; 22003 a quantity does not fit;
22023 from and to are the same, malformed lines (the message has the number of the line), a NULL.';

CREATE FUNCTION inventory.ship_transfer(transfer_id bigint)
RETURNS inventory.transfer_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_ship_transfer';
COMMENT ON FUNCTION inventory.ship_transfer(bigint) IS
'A PENDING transfer leaves the source: TRANSFER_OUT movements with the transfer_id as their reference, IN_TRANSIT. A line whose hold was cancelled by a count takes what is available instead.
Errors: IV001 such a line finds too little; IV002 it is not PENDING; IV003 no such transfer; 22023 a NULL.';

CREATE FUNCTION inventory.receive_transfer(transfer_id bigint, line_items jsonb DEFAULT NULL)
RETURNS inventory.transfer_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_receive_transfer';
COMMENT ON FUNCTION inventory.receive_transfer(bigint, jsonb) IS
'Goods of a transfer IN_TRANSIT arrive: [{"product_id": 1, "qty": 6}], qty in base units, NULL is all that is in transit. TRANSFER_IN movements with the transfer_id as their reference; RECEIVED once nothing is in transit.
Errors: IV002 it is not IN_TRANSIT; IV003 no such transfer, or the product is not on it; 22003 the level would overflow;
22023 more than is in transit, malformed lines (the message has the number of the line), a business time before the shipment.';

CREATE FUNCTION inventory.close_transfer(transfer_id bigint, root_cause text DEFAULT 'LOST_IN_TRANSIT')
RETURNS inventory.transfer_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_close_transfer';
COMMENT ON FUNCTION inventory.close_transfer(bigint, text) IS
'What is IN_TRANSIT is given up: recorded as lost in the lines of the transfer, with the root cause; RECEIVED. No level changes, since goods in transit are in no warehouse.
Errors: IV002 it is not IN_TRANSIT; IV003 no such transfer; 22023 a NULL or unknown root cause, a business time before the shipment.';

CREATE FUNCTION inventory.cancel_transfer(transfer_id bigint)
RETURNS inventory.transfer_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_cancel_transfer';
COMMENT ON FUNCTION inventory.cancel_transfer(bigint) IS
'PENDING: the hold is released. IN_TRANSIT: what is on the way goes back to the source (TRANSFER_IN), what has arrived stays. CANCELLED.
Errors: IV002 it is RECEIVED or CANCELLED; IV003 no such transfer; 22003 the level would overflow; 22023 a NULL, a business time before the shipment.';

CREATE FUNCTION inventory.transfer_stock(product_id bigint, from_warehouse_id bigint, to_warehouse_id bigint, quantity bigint)
RETURNS inventory.transfer_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_transfer_stock';
COMMENT ON FUNCTION inventory.transfer_stock(bigint, bigint, bigint, bigint) IS
'create_transfer and ship_transfer of quantity base units of one product, in one call: IN_TRANSIT.
Errors: IV001 less is available than asked; IV003 no such warehouse or product; 22023 from and to are the same, quantity not positive, a NULL.';
