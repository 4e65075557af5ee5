-- What refers to what. These are triggers and not foreign keys because a dump may
-- be loaded in any order (src/reference.c); they are quiet meanwhile.

CREATE FUNCTION inventory.reference_guard() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_reference_guard';
COMMENT ON FUNCTION inventory.reference_guard() IS
'Trigger: what a row refers to has to exist (23503), and is kept there until the transaction ends. Its arguments are pairs of columns and the table whose primary key they refer to. Quiet while the owner of the table has check_function_bodies off, as pg_dump and pg_restore do while they load.';

CREATE FUNCTION inventory.referenced_guard() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_referenced_guard';
COMMENT ON FUNCTION inventory.referenced_guard() IS 'Trigger: a row that others refer to stays, and so does its key (23503).';

CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.category
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('parent_id', 'category');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.product
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('category_id', 'category');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.product_supplier
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('product_id', 'product', 'supplier_id', 'supplier');
-- Nothing changes these columns of an item, and its updates have no time to spare.
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE OF product_id, warehouse_id ON inventory.inventory_item
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('product_id', 'product', 'warehouse_id', 'warehouse');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.purchase_order
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('supplier_id', 'supplier', 'warehouse_id', 'warehouse');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.purchase_order_line
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('po_id', 'purchase_order', 'product_id', 'product');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.purchase_receipt
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('po_id, line_no', 'purchase_order_line');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.procurement_notification
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('po_id', 'purchase_order');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.transfer_order
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('from_warehouse_id', 'warehouse', 'to_warehouse_id', 'warehouse');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.transfer_order_line
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('transfer_id', 'transfer_order', 'product_id', 'product');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.cycle_count
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('product_id', 'product', 'warehouse_id', 'warehouse');
CREATE TRIGGER inventory_reference AFTER INSERT OR UPDATE ON inventory.item_planning
    FOR EACH ROW EXECUTE FUNCTION inventory.reference_guard('product_id', 'product', 'warehouse_id', 'warehouse');

CREATE TRIGGER inventory_referenced AFTER DELETE OR UPDATE OF category_id ON inventory.category
    FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced_truncate AFTER TRUNCATE ON inventory.category
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced AFTER DELETE OR UPDATE OF product_id ON inventory.product
    FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced_truncate AFTER TRUNCATE ON inventory.product
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced AFTER DELETE OR UPDATE OF warehouse_id ON inventory.warehouse
    FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced_truncate AFTER TRUNCATE ON inventory.warehouse
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced AFTER DELETE OR UPDATE OF supplier_id ON inventory.supplier
    FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced_truncate AFTER TRUNCATE ON inventory.supplier
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced AFTER DELETE OR UPDATE OF po_id ON inventory.purchase_order
    FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced_truncate AFTER TRUNCATE ON inventory.purchase_order
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced AFTER DELETE OR UPDATE OF po_id, line_no ON inventory.purchase_order_line
    FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced_truncate AFTER TRUNCATE ON inventory.purchase_order_line
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced AFTER DELETE OR UPDATE OF transfer_id ON inventory.transfer_order
    FOR EACH ROW EXECUTE FUNCTION inventory.referenced_guard();
CREATE TRIGGER inventory_referenced_truncate AFTER TRUNCATE ON inventory.transfer_order
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.referenced_guard();

COMMENT ON TRIGGER inventory_reference ON inventory.category IS 'The category it refers to has to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.product IS 'The category it refers to has to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.product_supplier IS 'The product and the supplier it refers to have to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.inventory_item IS 'The product and the warehouse it refers to have to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.purchase_order IS 'The supplier and the warehouse it refers to have to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.purchase_order_line IS 'The purchase order and the product it refers to have to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.purchase_receipt IS 'The line of a purchase order it refers to has to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.procurement_notification IS 'The purchase order it refers to has to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.transfer_order IS 'The warehouse it refers to has to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.transfer_order_line IS 'The transfer and the product it refers to have to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.cycle_count IS 'The product and the warehouse it refers to have to exist.';
COMMENT ON TRIGGER inventory_reference ON inventory.item_planning IS 'The product and the warehouse it refers to have to exist.';
COMMENT ON TRIGGER inventory_referenced ON inventory.category IS 'A category that others refer to stays.';
COMMENT ON TRIGGER inventory_referenced_truncate ON inventory.category IS 'Rows that others refer to stay.';
COMMENT ON TRIGGER inventory_referenced ON inventory.product IS 'A product that others refer to stays.';
COMMENT ON TRIGGER inventory_referenced_truncate ON inventory.product IS 'Rows that others refer to stay.';
COMMENT ON TRIGGER inventory_referenced ON inventory.warehouse IS 'A warehouse that others refer to stays.';
COMMENT ON TRIGGER inventory_referenced_truncate ON inventory.warehouse IS 'Rows that others refer to stay.';
COMMENT ON TRIGGER inventory_referenced ON inventory.supplier IS 'A supplier that others refer to stays.';
COMMENT ON TRIGGER inventory_referenced_truncate ON inventory.supplier IS 'Rows that others refer to stay.';
COMMENT ON TRIGGER inventory_referenced ON inventory.purchase_order IS 'A purchase order that others refer to stays.';
COMMENT ON TRIGGER inventory_referenced_truncate ON inventory.purchase_order IS 'Rows that others refer to stay.';
COMMENT ON TRIGGER inventory_referenced ON inventory.purchase_order_line IS 'A line of a purchase order that others refer to stays.';
COMMENT ON TRIGGER inventory_referenced_truncate ON inventory.purchase_order_line IS 'Rows that others refer to stay.';
COMMENT ON TRIGGER inventory_referenced ON inventory.transfer_order IS 'A transfer that others refer to stays.';
COMMENT ON TRIGGER inventory_referenced_truncate ON inventory.transfer_order IS 'Rows that others refer to stay.';

CREATE FUNCTION inventory.verify_references()
RETURNS TABLE (table_name text, column_name text, value text, problem text, row_count bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'category', 'parent_id', c.parent_id::text, 'not present in table category', count(*)
    FROM inventory.category c WHERE c.parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM inventory.category p WHERE p.category_id = c.parent_id)
    GROUP BY c.parent_id
    UNION ALL
    SELECT 'product', 'category_id', c.category_id::text, 'not present in table category', count(*)
    FROM inventory.product c WHERE c.category_id IS NOT NULL AND NOT EXISTS (SELECT FROM inventory.category p WHERE p.category_id = c.category_id)
    GROUP BY c.category_id
    UNION ALL
    SELECT 'product_supplier', 'product_id', c.product_id::text, 'not present in table product', count(*)
    FROM inventory.product_supplier c WHERE NOT EXISTS (SELECT FROM inventory.product p WHERE p.product_id = c.product_id)
    GROUP BY c.product_id
    UNION ALL
    SELECT 'product_supplier', 'supplier_id', c.supplier_id::text, 'not present in table supplier', count(*)
    FROM inventory.product_supplier c WHERE NOT EXISTS (SELECT FROM inventory.supplier p WHERE p.supplier_id = c.supplier_id)
    GROUP BY c.supplier_id
    UNION ALL
    SELECT 'inventory_item', 'product_id', c.product_id::text, 'not present in table product', count(*)
    FROM inventory.inventory_item c WHERE NOT EXISTS (SELECT FROM inventory.product p WHERE p.product_id = c.product_id)
    GROUP BY c.product_id
    UNION ALL
    SELECT 'inventory_item', 'warehouse_id', c.warehouse_id::text, 'not present in table warehouse', count(*)
    FROM inventory.inventory_item c WHERE NOT EXISTS (SELECT FROM inventory.warehouse p WHERE p.warehouse_id = c.warehouse_id)
    GROUP BY c.warehouse_id
    UNION ALL
    SELECT 'purchase_order', 'supplier_id', c.supplier_id::text, 'not present in table supplier', count(*)
    FROM inventory.purchase_order c WHERE NOT EXISTS (SELECT FROM inventory.supplier p WHERE p.supplier_id = c.supplier_id)
    GROUP BY c.supplier_id
    UNION ALL
    SELECT 'purchase_order', 'warehouse_id', c.warehouse_id::text, 'not present in table warehouse', count(*)
    FROM inventory.purchase_order c WHERE NOT EXISTS (SELECT FROM inventory.warehouse p WHERE p.warehouse_id = c.warehouse_id)
    GROUP BY c.warehouse_id
    UNION ALL
    SELECT 'purchase_order_line', 'po_id', c.po_id::text, 'not present in table purchase_order', count(*)
    FROM inventory.purchase_order_line c WHERE NOT EXISTS (SELECT FROM inventory.purchase_order p WHERE p.po_id = c.po_id)
    GROUP BY c.po_id
    UNION ALL
    SELECT 'purchase_order_line', 'product_id', c.product_id::text, 'not present in table product', count(*)
    FROM inventory.purchase_order_line c WHERE NOT EXISTS (SELECT FROM inventory.product p WHERE p.product_id = c.product_id)
    GROUP BY c.product_id
    UNION ALL
    SELECT 'purchase_receipt', 'po_id, line_no', c.po_id || ', ' || c.line_no, 'not present in table purchase_order_line', count(*)
    FROM inventory.purchase_receipt c WHERE NOT EXISTS (SELECT FROM inventory.purchase_order_line p WHERE p.po_id = c.po_id AND p.line_no = c.line_no)
    GROUP BY c.po_id, c.line_no
    UNION ALL
    SELECT 'procurement_notification', 'po_id', c.po_id::text, 'not present in table purchase_order', count(*)
    FROM inventory.procurement_notification c WHERE c.po_id IS NOT NULL AND NOT EXISTS (SELECT FROM inventory.purchase_order p WHERE p.po_id = c.po_id)
    GROUP BY c.po_id
    UNION ALL
    SELECT 'transfer_order', 'from_warehouse_id', c.from_warehouse_id::text, 'not present in table warehouse', count(*)
    FROM inventory.transfer_order c WHERE NOT EXISTS (SELECT FROM inventory.warehouse p WHERE p.warehouse_id = c.from_warehouse_id)
    GROUP BY c.from_warehouse_id
    UNION ALL
    SELECT 'transfer_order', 'to_warehouse_id', c.to_warehouse_id::text, 'not present in table warehouse', count(*)
    FROM inventory.transfer_order c WHERE NOT EXISTS (SELECT FROM inventory.warehouse p WHERE p.warehouse_id = c.to_warehouse_id)
    GROUP BY c.to_warehouse_id
    UNION ALL
    SELECT 'transfer_order_line', 'transfer_id', c.transfer_id::text, 'not present in table transfer_order', count(*)
    FROM inventory.transfer_order_line c WHERE NOT EXISTS (SELECT FROM inventory.transfer_order p WHERE p.transfer_id = c.transfer_id)
    GROUP BY c.transfer_id
    UNION ALL
    SELECT 'transfer_order_line', 'product_id', c.product_id::text, 'not present in table product', count(*)
    FROM inventory.transfer_order_line c WHERE NOT EXISTS (SELECT FROM inventory.product p WHERE p.product_id = c.product_id)
    GROUP BY c.product_id
    UNION ALL
    SELECT 'cycle_count', 'product_id', c.product_id::text, 'not present in table product', count(*)
    FROM inventory.cycle_count c WHERE NOT EXISTS (SELECT FROM inventory.product p WHERE p.product_id = c.product_id)
    GROUP BY c.product_id
    UNION ALL
    SELECT 'cycle_count', 'warehouse_id', c.warehouse_id::text, 'not present in table warehouse', count(*)
    FROM inventory.cycle_count c WHERE NOT EXISTS (SELECT FROM inventory.warehouse p WHERE p.warehouse_id = c.warehouse_id)
    GROUP BY c.warehouse_id
    UNION ALL
    SELECT 'item_planning', 'product_id', c.product_id::text, 'not present in table product', count(*)
    FROM inventory.item_planning c WHERE NOT EXISTS (SELECT FROM inventory.product p WHERE p.product_id = c.product_id)
    GROUP BY c.product_id
    UNION ALL
    SELECT 'item_planning', 'warehouse_id', c.warehouse_id::text, 'not present in table warehouse', count(*)
    FROM inventory.item_planning c WHERE NOT EXISTS (SELECT FROM inventory.warehouse p WHERE p.warehouse_id = c.warehouse_id)
    GROUP BY c.warehouse_id;
END;
COMMENT ON FUNCTION inventory.verify_references() IS
'Checks every reference between the tables: one row for each value that rows refer to and that does not exist, with how many rows do; none when all is well. Call it after a dump was loaded, or when triggers were switched off.';
