CREATE FUNCTION inventory.reserve_stock(product_id bigint, warehouse_id bigint, quantity bigint, reference_id text,
    reference_type text DEFAULT 'ORDER', ttl_minutes integer DEFAULT 30, idempotency_key text DEFAULT NULL)
RETURNS inventory.reservation
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_reserve_stock';
COMMENT ON FUNCTION inventory.reserve_stock(bigint, bigint, bigint, text, text, integer, text) IS
'Holds quantity base units of a product in a warehouse for reference_id, for ttl_minutes minutes.
Frees expired reservations of the item first when too little is available.
With an idempotency_key the same call again returns the first reservation as it is now.
Errors: IV001 less is available than asked; IV003 no such product or warehouse; IV005 the key came with other arguments;
22023 quantity or ttl_minutes not positive, a NULL, an unknown reference_type, a text that is too long.';

CREATE FUNCTION inventory.reserve_batch(product_ids bigint[], warehouse_ids bigint[], quantities bigint[], reference_ids text[],
    ttl_minutes integer DEFAULT 30)
RETURNS TABLE (line integer, reservation_id bigint, available bigint)
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_reserve_batch';
COMMENT ON FUNCTION inventory.reserve_batch(bigint[], bigint[], bigint[], text[], integer) IS
'Holds stock for many lines in one call, each for itself: line n is element n of the four arrays. Lines of the same item are served in their order.
A line that does not fit has no reservation_id, and available says how much it could have had; else available is what is left after it.
A known product that was never stocked in that known warehouse has nothing available. Frees expired reservations as reserve_stock does.
Errors, for which all lines fail: IV003 no such product or warehouse; 22023 arrays of different lengths or with NULLs, quantity or ttl_minutes not positive,
a NULL, a reference that is empty or too long.';

CREATE FUNCTION inventory.fulfill_reservation(reservation_id bigint, quantity bigint DEFAULT NULL)
RETURNS inventory.reservation
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_fulfill_reservation';
COMMENT ON FUNCTION inventory.fulfill_reservation(bigint, bigint) IS
'Takes quantity base units of a reservation out of the warehouse (NULL: all that is left), as one SALE movement.
The reservation stays ACTIVE until nothing is left.
Errors: IV001 more than the reservation has left; IV002 it is not ACTIVE, or has expired; IV003 no such reservation; 22023 quantity not positive.';

CREATE FUNCTION inventory.cancel_reservation(reservation_id bigint, reason text DEFAULT NULL)
RETURNS inventory.reservation
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_cancel_reservation';
COMMENT ON FUNCTION inventory.cancel_reservation(bigint, text) IS
'Gives back what a reservation still holds; what was fulfilled stays fulfilled. reason is kept as close_reason.
Errors: IV002 it is not ACTIVE; IV003 no such reservation; 22023 a NULL id or a reason that is too long.';

CREATE FUNCTION inventory.extend_reservation(reservation_id bigint, ttl_minutes integer)
RETURNS inventory.reservation
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_extend_reservation';
COMMENT ON FUNCTION inventory.extend_reservation(bigint, integer) IS
'Lets a reservation expire ttl_minutes minutes from now, or when it would have anyway if that is later. One that never expires is left as it is.
Errors: IV002 it is not ACTIVE, or has expired; IV003 no such reservation; 22023 ttl_minutes not positive.';

CREATE FUNCTION inventory.expire_reservations(max_rows integer DEFAULT 10000)
RETURNS bigint
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_expire_reservations';
COMMENT ON FUNCTION inventory.expire_reservations(integer) IS
'Cancels at most max_rows expired reservations, close_reason EXPIRED, and returns how many. Never waits: an item that another transaction holds is left for the next run.
Errors: 22023 max_rows not positive.';
