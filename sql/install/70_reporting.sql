CREATE VIEW inventory.stock_level AS
SELECT i.product_id, p.sku, p.name AS product_name, i.warehouse_id, w.name AS warehouse_name,
    i.quantity_on_hand, i.quantity_reserved, i.quantity_available, p.base_unit,
    i.reorder_point, i.reorder_quantity, i.is_low, i.last_counted_at, i.last_movement_at
FROM inventory.inventory_item i
JOIN inventory.product p ON p.product_id = i.product_id
JOIN inventory.warehouse w ON w.warehouse_id = i.warehouse_id;
COMMENT ON VIEW inventory.stock_level IS 'Levels now, one row per product and warehouse.';
COMMENT ON COLUMN inventory.stock_level.product_id IS 'The product.';
COMMENT ON COLUMN inventory.stock_level.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.stock_level.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_level.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.stock_level.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.stock_level.quantity_on_hand IS 'Physically in the warehouse, in base units.';
COMMENT ON COLUMN inventory.stock_level.quantity_reserved IS 'Held for ACTIVE reservations, in base units.';
COMMENT ON COLUMN inventory.stock_level.quantity_available IS 'On hand less reserved, in base units.';
COMMENT ON COLUMN inventory.stock_level.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.stock_level.reorder_point IS 'Below this available quantity the item is low, in base units.';
COMMENT ON COLUMN inventory.stock_level.reorder_quantity IS 'How much to order then, in base units.';
COMMENT ON COLUMN inventory.stock_level.is_low IS 'True while available is below the reorder point.';
COMMENT ON COLUMN inventory.stock_level.last_counted_at IS 'When people last counted the item.';
COMMENT ON COLUMN inventory.stock_level.last_movement_at IS 'When the last movement was recorded.';

CREATE VIEW inventory.low_stock AS
SELECT i.product_id, p.sku, p.name AS product_name, i.warehouse_id, w.name AS warehouse_name,
    i.quantity_on_hand, i.quantity_reserved, i.quantity_available, p.base_unit,
    i.reorder_point, i.reorder_quantity, i.reorder_point - i.quantity_available AS shortfall
FROM inventory.inventory_item i
JOIN inventory.product p ON p.product_id = i.product_id
JOIN inventory.warehouse w ON w.warehouse_id = i.warehouse_id
WHERE i.is_low;
COMMENT ON VIEW inventory.low_stock IS 'Items whose available quantity is below their reorder point.';
COMMENT ON COLUMN inventory.low_stock.product_id IS 'The product.';
COMMENT ON COLUMN inventory.low_stock.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.low_stock.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.low_stock.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.low_stock.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.low_stock.quantity_on_hand IS 'Physically in the warehouse, in base units.';
COMMENT ON COLUMN inventory.low_stock.quantity_reserved IS 'Held for ACTIVE reservations, in base units.';
COMMENT ON COLUMN inventory.low_stock.quantity_available IS 'On hand less reserved, in base units.';
COMMENT ON COLUMN inventory.low_stock.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.low_stock.reorder_point IS 'Below this available quantity the item is low, in base units.';
COMMENT ON COLUMN inventory.low_stock.reorder_quantity IS 'How much to order then, in base units.';
COMMENT ON COLUMN inventory.low_stock.shortfall IS 'Reorder point less available, in base units.';

CREATE VIEW inventory.movement_history AS
SELECT m.movement_id, m.created_at, m.occurred_at, m.product_id, p.sku, p.name AS product_name,
    m.warehouse_id, w.name AS warehouse_name, m.movement_type, m.quantity, m.on_hand_after, m.version,
    m.reference_id, m.reservation_id, m.root_cause, m.performed_by, m.session_role
FROM inventory.stock_movement m
JOIN inventory.product p ON p.product_id = m.product_id
JOIN inventory.warehouse w ON w.warehouse_id = m.warehouse_id;
COMMENT ON VIEW inventory.movement_history IS 'The ledger with names. ORDER BY movement_id for the order it was written in, or by version within one product and warehouse.';
COMMENT ON COLUMN inventory.movement_history.movement_id IS 'Identifier of the movement.';
COMMENT ON COLUMN inventory.movement_history.created_at IS 'Recorded time.';
COMMENT ON COLUMN inventory.movement_history.occurred_at IS 'Business time.';
COMMENT ON COLUMN inventory.movement_history.product_id IS 'The product.';
COMMENT ON COLUMN inventory.movement_history.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.movement_history.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.movement_history.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.movement_history.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.movement_history.movement_type IS 'Why it moved.';
COMMENT ON COLUMN inventory.movement_history.quantity IS 'The change in base units: positive in, negative out.';
COMMENT ON COLUMN inventory.movement_history.on_hand_after IS 'On hand after it, in base units.';
COMMENT ON COLUMN inventory.movement_history.version IS '1, 2, 3 ... per product and warehouse.';
COMMENT ON COLUMN inventory.movement_history.reference_id IS 'The document behind it.';
COMMENT ON COLUMN inventory.movement_history.reservation_id IS 'The reservation fulfilled, for a SALE out of one.';
COMMENT ON COLUMN inventory.movement_history.root_cause IS 'Why it was adjusted.';
COMMENT ON COLUMN inventory.movement_history.performed_by IS 'Who did it, as the application says, else the session user.';
COMMENT ON COLUMN inventory.movement_history.session_role IS 'The database role that was logged in.';

CREATE VIEW inventory.open_reservation AS
SELECT r.reservation_id, r.product_id, p.sku, p.name AS product_name, r.warehouse_id, w.name AS warehouse_name,
    r.quantity, r.quantity_fulfilled, r.quantity - r.quantity_fulfilled AS quantity_open, p.base_unit,
    r.reference_type, r.reference_id, r.created_at, r.created_by, r.expires_at,
    coalesce(r.expires_at <= clock_timestamp(), false) AS is_expired
FROM inventory.reservation r
JOIN inventory.product p ON p.product_id = r.product_id
JOIN inventory.warehouse w ON w.warehouse_id = r.warehouse_id
WHERE r.status = 'ACTIVE';
COMMENT ON VIEW inventory.open_reservation IS 'Reservations that hold stock. An expired one holds it only until somebody asks for it.';
COMMENT ON COLUMN inventory.open_reservation.reservation_id IS 'Identifier of the reservation.';
COMMENT ON COLUMN inventory.open_reservation.product_id IS 'The product.';
COMMENT ON COLUMN inventory.open_reservation.sku IS 'Its stock keeping unit.';
COMMENT ON COLUMN inventory.open_reservation.product_name IS 'Its name.';
COMMENT ON COLUMN inventory.open_reservation.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN inventory.open_reservation.warehouse_name IS 'Its name.';
COMMENT ON COLUMN inventory.open_reservation.quantity IS 'How much was reserved, in base units.';
COMMENT ON COLUMN inventory.open_reservation.quantity_fulfilled IS 'How much has left, in base units.';
COMMENT ON COLUMN inventory.open_reservation.quantity_open IS 'How much is still held, in base units.';
COMMENT ON COLUMN inventory.open_reservation.base_unit IS 'The unit that quantities count.';
COMMENT ON COLUMN inventory.open_reservation.reference_type IS 'ORDER or TRANSFER.';
COMMENT ON COLUMN inventory.open_reservation.reference_id IS 'The document it was made for.';
COMMENT ON COLUMN inventory.open_reservation.created_at IS 'When it was made.';
COMMENT ON COLUMN inventory.open_reservation.created_by IS 'Who made it.';
COMMENT ON COLUMN inventory.open_reservation.expires_at IS 'When it expires; NULL never.';
COMMENT ON COLUMN inventory.open_reservation.is_expired IS 'True when its time has run out.';
