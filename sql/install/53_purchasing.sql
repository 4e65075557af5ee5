CREATE FUNCTION inventory.create_purchase_order(supplier_id bigint, warehouse_id bigint, line_items jsonb, expected_delivery_date date DEFAULT NULL)
RETURNS inventory.purchase_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_create_purchase_order';
COMMENT ON FUNCTION inventory.create_purchase_order(bigint, bigint, jsonb, date) IS
'Drafts an order to a supplier: [{"product_id": 1, "qty": 100, "unit_cost": 2.50}], qty in base units, unit_cost of one base unit; without it, the cost of product_supplier, if there is one.
Warns (WARNING) of a quantity below min_order_quantity or off order_multiple of the supplier''s terms.
Errors: IV002 the supplier or a product is not active; IV003 no such supplier, warehouse or product; 22003 a quantity does not fit;
22023 malformed lines (the message has the number of the line), an infinite date, a NULL.';

CREATE FUNCTION inventory.submit_purchase_order(po_id bigint)
RETURNS inventory.purchase_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_submit_purchase_order';
COMMENT ON FUNCTION inventory.submit_purchase_order(bigint) IS
'A DRAFT goes to the supplier: SUBMITTED. Its lead time runs from now. Without an expected delivery date, the longest lead time of its products sets one.
Errors: IV002 it is not a DRAFT; IV003 no such order; 22023 a NULL.';

CREATE FUNCTION inventory.confirm_purchase_order(po_id bigint, expected_delivery_date date DEFAULT NULL)
RETURNS inventory.purchase_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_confirm_purchase_order';
COMMENT ON FUNCTION inventory.confirm_purchase_order(bigint, date) IS
'The supplier confirms a SUBMITTED order, perhaps for another day: CONFIRMED.
Errors: IV002 it is not SUBMITTED; IV003 no such order; 22023 a NULL po_id or an infinite date.';

CREATE FUNCTION inventory.receive_purchase_order(po_id bigint, line_items jsonb DEFAULT NULL)
RETURNS inventory.purchase_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_receive_purchase_order';
COMMENT ON FUNCTION inventory.receive_purchase_order(bigint, jsonb) IS
'Goods of a CONFIRMED order come in: [{"product_id": 1, "qty": 60}], qty in base units, NULL is all that is open; a unit_cost that differs from the agreed one may be named. Each line is a PURCHASE movement with the po_id as its reference. RECEIVED once nothing is open.
Errors: IV002 it is not CONFIRMED; IV003 no such order, or the product is not on it; 22003 the level would overflow;
22023 more than is open and inventory.over_receipt_tolerance_percent allows, malformed lines (the message has the number of the line), a business time before the submission.';

CREATE FUNCTION inventory.cancel_purchase_order(po_id bigint)
RETURNS inventory.purchase_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_cancel_purchase_order';
COMMENT ON FUNCTION inventory.cancel_purchase_order(bigint) IS
'Cancels an order in any state but RECEIVED; what has come in stays.
Errors: IV002 it is RECEIVED or CANCELLED; IV003 no such order; 22023 a NULL.';
