CREATE FUNCTION inventory.item_guard() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_item_guard';
COMMENT ON FUNCTION inventory.item_guard() IS 'Trigger: keeps an item''s identity, reserved quantity and version out of reach of plain SQL, and stamps the next version on a changed quantity on hand.';

CREATE FUNCTION inventory.item_ledger() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_item_ledger';
COMMENT ON FUNCTION inventory.item_ledger() IS 'Trigger: writes the ledger rows of a statement that changed quantities on hand, all of them at once.';

CREATE FUNCTION inventory.reservation_guard() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_reservation_guard';
COMMENT ON FUNCTION inventory.reservation_guard() IS 'Trigger: refuses direct changes of a reservation''s item, quantities and status, and the removal of ACTIVE ones (IV002).';

CREATE FUNCTION inventory.ledger_guard() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_ledger_guard';
COMMENT ON FUNCTION inventory.ledger_guard() IS 'Trigger: refuses to change or remove ledger rows (IV004).';

-- BEFORE triggers run in the order of their names, and the guard has to see
-- what is really going to be stored.
CREATE TRIGGER zz_inventory_guard BEFORE UPDATE OR DELETE ON inventory.inventory_item
    FOR EACH ROW EXECUTE FUNCTION inventory.item_guard();
CREATE TRIGGER zz_inventory_guard_truncate BEFORE TRUNCATE ON inventory.inventory_item
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.item_guard();
CREATE TRIGGER inventory_ledger_insert AFTER INSERT ON inventory.inventory_item
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.item_ledger();
CREATE TRIGGER inventory_ledger_update AFTER UPDATE ON inventory.inventory_item
    REFERENCING OLD TABLE AS old_item NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.item_ledger();

CREATE TRIGGER zz_inventory_guard BEFORE UPDATE OR DELETE ON inventory.reservation
    FOR EACH ROW EXECUTE FUNCTION inventory.reservation_guard();
CREATE TRIGGER zz_inventory_guard_truncate BEFORE TRUNCATE ON inventory.reservation
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.reservation_guard();

-- A statement fires the triggers of the table it names: each partition has its own.
CREATE TRIGGER zz_inventory_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.stock_movement
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.ledger_guard();
CREATE TRIGGER zz_inventory_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.stock_movement_default
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.ledger_guard();
CREATE TRIGGER zz_inventory_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.ledger_opening
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.ledger_guard();

COMMENT ON TRIGGER zz_inventory_guard ON inventory.inventory_item IS 'Keeps identity, reserved quantity, version and history out of reach of plain SQL.';
COMMENT ON TRIGGER zz_inventory_guard_truncate ON inventory.inventory_item IS 'Levels cannot be truncated.';
COMMENT ON TRIGGER inventory_ledger_insert ON inventory.inventory_item IS 'First movement of items that are inserted with stock.';
COMMENT ON TRIGGER inventory_ledger_update ON inventory.inventory_item IS 'A movement for each quantity on hand that an UPDATE changed.';
COMMENT ON TRIGGER zz_inventory_guard ON inventory.reservation IS 'Keeps item, quantities and status out of reach of plain SQL.';
COMMENT ON TRIGGER zz_inventory_guard_truncate ON inventory.reservation IS 'Reservations cannot be truncated while one is ACTIVE.';
COMMENT ON TRIGGER zz_inventory_guard ON inventory.stock_movement IS 'The ledger is append-only.';
COMMENT ON TRIGGER zz_inventory_guard ON inventory.stock_movement_default IS 'The ledger is append-only.';
COMMENT ON TRIGGER zz_inventory_guard ON inventory.ledger_opening IS 'Opening balances are append-only as the ledger is.';
