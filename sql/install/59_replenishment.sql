CREATE FUNCTION inventory.refresh_demand(window_days integer DEFAULT 90, from_scratch boolean DEFAULT false, as_of date DEFAULT NULL)
RETURNS bigint
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_refresh_demand';
COMMENT ON FUNCTION inventory.refresh_demand(integer, boolean, date) IS
'Brings the daily demand up to date from the movements that came since it last ran, and its sums over the last window_days days; from_scratch reads the whole ledger again (after a warehouse got another time zone). Returns how many items had new movements.
The window ends on the day as_of; without it, today where anything was sold today, else yesterday, in the time zone of the warehouse.
Errors: 22023 window_days not from 1 to 3650, as_of in the future or more than a century back, or a NULL.';

CREATE FUNCTION inventory.recompute_policies(window_days integer DEFAULT 90, service_level double precision DEFAULT 0.95, as_of date DEFAULT NULL)
RETURNS bigint
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_recompute_policies';
COMMENT ON FUNCTION inventory.recompute_policies(integer, double precision, date) IS
'Refreshes the demand, as refresh_demand does, and sets the reorder point and quantity of every item of an active product with a preferred supplier that had demand in the window, or whose policy was computed before. Returns how many changed; policy_history says how.
Reorder point: ceil(d L + z sqrt(L s^2 + d^2 sL^2)) for daily demand of mean d and deviation s, a lead time of mean L and deviation sL days, and the normal quantile z of service_level (item_planning may name another level and a forecast method for an item, whose forecast is d then, and keep its policy by hand with is_manual; Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains).
Reorder quantity: the economic order quantity sqrt(2 K 365 d / (i c)) with K = inventory.order_cost, i = inventory.holding_rate per year and c the cost of the supplier, else of the product; 30 days of demand where there is no cost; at least the supplier''s minimum, and raised to his multiple.
An item whose cost, demand or lead time is so extreme that its policy does not fit keeps the one it has; a WARNING says how many there are.
Errors: 22023 window_days not from 1 to 3650, service_level not within (0, 1), as_of in the future or more than a century back, or a NULL.';

CREATE FUNCTION inventory.run_replenishment()
RETURNS SETOF inventory.purchase_order
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_run_replenishment';
COMMENT ON FUNCTION inventory.run_replenishment() IS
'Drafts what is low: for each item of an active product with less available than its reorder point and no line open in a DRAFT, SUBMITTED or CONFIRMED order for that product and warehouse. One DRAFT for each preferred supplier and warehouse; of each product reorder_quantity, or what is missing to the reorder point if that is more, raised to the supplier''s minimum and multiple. Returns the drafts.
Each draft is told to procurement: a row in procurement_notification and NOTIFY inventory_procurement with its payload. Items without an active preferred supplier are told once, and are in replenishment_log as everything else.
With inventory.replenish_by_transfer, what another warehouse can spare above its own reorder point is proposed as a PENDING transfer instead. Runs come one after the other and never draft twice.';

CREATE FUNCTION inventory.acknowledge_notification(notification_id bigint)
RETURNS inventory.procurement_notification
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_acknowledge_notification';
COMMENT ON FUNCTION inventory.acknowledge_notification(bigint) IS
'Somebody took note of a notification: sets acknowledged_at, once. Returns it.
Errors: IV003 no such notification; 22023 a NULL.';
