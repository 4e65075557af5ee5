-- Nothing of the caller's search_path may be found while this script runs.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- Plain CREATE: a schema of this name that somebody made before is refused,
-- never adopted.
CREATE SCHEMA inventory;
COMMENT ON SCHEMA inventory IS 'Stock levels, reservations and the append-only movement ledger of the inventory extension.';

CREATE TYPE inventory.movement_type AS ENUM ('PURCHASE', 'SALE', 'RETURN', 'ADJUSTMENT', 'TRANSFER_IN', 'TRANSFER_OUT');
COMMENT ON TYPE inventory.movement_type IS 'Why a quantity on hand changed.';

CREATE TYPE inventory.reference_type AS ENUM ('ORDER', 'TRANSFER');
COMMENT ON TYPE inventory.reference_type IS 'What kind of document a reservation was made for.';

CREATE TYPE inventory.reservation_status AS ENUM ('ACTIVE', 'FULFILLED', 'CANCELLED');
COMMENT ON TYPE inventory.reservation_status IS 'ACTIVE holds stock; FULFILLED and CANCELLED are final.';

CREATE TYPE inventory.purchase_order_status AS ENUM ('DRAFT', 'SUBMITTED', 'CONFIRMED', 'RECEIVED', 'CANCELLED');
COMMENT ON TYPE inventory.purchase_order_status IS 'The life of a purchase order: DRAFT, SUBMITTED, CONFIRMED, RECEIVED; CANCELLED from any state but RECEIVED.';

CREATE TYPE inventory.transfer_status AS ENUM ('PENDING', 'IN_TRANSIT', 'RECEIVED', 'CANCELLED');
COMMENT ON TYPE inventory.transfer_status IS 'The life of a transfer order: PENDING holds stock at the source, IN_TRANSIT is between warehouses, RECEIVED and CANCELLED are final.';
