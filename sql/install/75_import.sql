-- Bringing in an existing business: files are copied as they are into tables of
-- text, import_check() says what is wrong with which line, import_load() takes all
-- of it over in one transaction. docs/import.md is the walk-through.
--
-- Unlogged, and not in dumps: what is staged is a copy of files, is gone after a
-- load, and means nothing in another database.

CREATE UNLOGGED TABLE inventory.import_category (
    line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text,
    parent text,
    staged_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE inventory.import_category IS 'Staging of an import: categories, as text, until import_load() has taken them over.';
COMMENT ON COLUMN inventory.import_category.line IS 'Line of the input, counted from 1 without its header.';
COMMENT ON COLUMN inventory.import_category.name IS 'Name of the category; required.';
COMMENT ON COLUMN inventory.import_category.parent IS 'Name of the category above it; empty at the top.';
COMMENT ON COLUMN inventory.import_category.staged_by IS 'The database role that staged it.';

CREATE UNLOGGED TABLE inventory.import_warehouse (
    line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text,
    address text,
    timezone text,
    capacity_sqft text,
    priority text,
    staged_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE inventory.import_warehouse IS 'Staging of an import: warehouses, as text, until import_load() has taken them over.';
COMMENT ON COLUMN inventory.import_warehouse.line IS 'Line of the input, counted from 1 without its header.';
COMMENT ON COLUMN inventory.import_warehouse.name IS 'Name of the warehouse; required.';
COMMENT ON COLUMN inventory.import_warehouse.address IS 'Postal address.';
COMMENT ON COLUMN inventory.import_warehouse.timezone IS 'Time zone in which it counts its days, for example Europe/London; UTC where it is left out.';
COMMENT ON COLUMN inventory.import_warehouse.capacity_sqft IS 'Floor space in square feet, a number.';
COMMENT ON COLUMN inventory.import_warehouse.priority IS 'Order in which warehouses serve order lines that name none, a whole number; 100 where it is left out.';
COMMENT ON COLUMN inventory.import_warehouse.staged_by IS 'The database role that staged it.';

CREATE UNLOGGED TABLE inventory.import_supplier (
    line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text,
    contact text,
    is_active text,
    staged_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE inventory.import_supplier IS 'Staging of an import: suppliers, as text, until import_load() has taken them over.';
COMMENT ON COLUMN inventory.import_supplier.line IS 'Line of the input, counted from 1 without its header.';
COMMENT ON COLUMN inventory.import_supplier.name IS 'Name of the supplier; required.';
COMMENT ON COLUMN inventory.import_supplier.contact IS 'How to reach the supplier, a JSON object.';
COMMENT ON COLUMN inventory.import_supplier.is_active IS 'Whether anything is still ordered there, true or false; true where it is left out.';
COMMENT ON COLUMN inventory.import_supplier.staged_by IS 'The database role that staged it.';

CREATE UNLOGGED TABLE inventory.import_product (
    line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text,
    name text,
    description text,
    category text,
    unit_cost text,
    unit_price text,
    weight_kg text,
    dimensions_cm text,
    is_active text,
    base_unit text,
    attributes text,
    staged_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE inventory.import_product IS 'Staging of an import: products, as text, until import_load() has taken them over.';
COMMENT ON COLUMN inventory.import_product.line IS 'Line of the input, counted from 1 without its header.';
COMMENT ON COLUMN inventory.import_product.sku IS 'Stock keeping unit; required, at most 255 bytes. Upper and lower case differ.';
COMMENT ON COLUMN inventory.import_product.name IS 'Name for people; required.';
COMMENT ON COLUMN inventory.import_product.description IS 'Longer text for people.';
COMMENT ON COLUMN inventory.import_product.category IS 'Name of the category, which is there already or in import_category.';
COMMENT ON COLUMN inventory.import_product.unit_cost IS 'Cost of one base unit, a number such as 12.50.';
COMMENT ON COLUMN inventory.import_product.unit_price IS 'Selling price of one base unit, a number.';
COMMENT ON COLUMN inventory.import_product.weight_kg IS 'Weight of one base unit in kilograms, a number.';
COMMENT ON COLUMN inventory.import_product.dimensions_cm IS 'Dimensions of one base unit in centimetres, a JSON object.';
COMMENT ON COLUMN inventory.import_product.is_active IS 'Whether it is still bought, true or false; true where it is left out.';
COMMENT ON COLUMN inventory.import_product.base_unit IS 'The unit that all quantities of the product count; piece where it is left out.';
COMMENT ON COLUMN inventory.import_product.attributes IS 'Anything else, a JSON object.';
COMMENT ON COLUMN inventory.import_product.staged_by IS 'The database role that staged it.';

CREATE UNLOGGED TABLE inventory.import_product_supplier (
    line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text,
    supplier text,
    is_preferred text,
    lead_time_days text,
    lead_time_stddev_days text,
    unit_cost text,
    min_order_quantity text,
    order_multiple text,
    staged_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE inventory.import_product_supplier IS 'Staging of an import: terms of suppliers, as text, until import_load() has taken them over.';
COMMENT ON COLUMN inventory.import_product_supplier.line IS 'Line of the input, counted from 1 without its header.';
COMMENT ON COLUMN inventory.import_product_supplier.sku IS 'The product; required.';
COMMENT ON COLUMN inventory.import_product_supplier.supplier IS 'Name of the supplier; required.';
COMMENT ON COLUMN inventory.import_product_supplier.is_preferred IS 'Whether the product is ordered from him, true or false; at most one true for each product, false where it is left out.';
COMMENT ON COLUMN inventory.import_product_supplier.lead_time_days IS 'Mean days from order to receipt, a number; 7 where it is left out.';
COMMENT ON COLUMN inventory.import_product_supplier.lead_time_stddev_days IS 'Standard deviation of that, in days; 0 where it is left out.';
COMMENT ON COLUMN inventory.import_product_supplier.unit_cost IS 'What he charges for one base unit, a number.';
COMMENT ON COLUMN inventory.import_product_supplier.min_order_quantity IS 'The least he accepts, in base units; 1 where it is left out.';
COMMENT ON COLUMN inventory.import_product_supplier.order_multiple IS 'Orders are multiples of this, in base units; 1 where it is left out.';
COMMENT ON COLUMN inventory.import_product_supplier.staged_by IS 'The database role that staged it.';

CREATE UNLOGGED TABLE inventory.import_level (
    line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text,
    warehouse text,
    quantity_on_hand text,
    reorder_point text,
    reorder_quantity text,
    staged_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE inventory.import_level IS 'Staging of an import: levels, one line for each product and warehouse, as text, until import_load() has taken them over.';
COMMENT ON COLUMN inventory.import_level.line IS 'Line of the input, counted from 1 without its header.';
COMMENT ON COLUMN inventory.import_level.sku IS 'The product; required.';
COMMENT ON COLUMN inventory.import_level.warehouse IS 'Name of the warehouse; required.';
COMMENT ON COLUMN inventory.import_level.quantity_on_hand IS 'What is there, in base units, a whole number; 0 where it is left out.';
COMMENT ON COLUMN inventory.import_level.reorder_point IS 'Below this available quantity it is to be ordered, in base units; 0 where it is left out.';
COMMENT ON COLUMN inventory.import_level.reorder_quantity IS 'How much is to be ordered then, in base units; 0 where it is left out.';
COMMENT ON COLUMN inventory.import_level.staged_by IS 'The database role that staged it.';

CREATE UNLOGGED TABLE inventory.import_order_line (
    line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_reference text,
    supplier text,
    warehouse text,
    sku text,
    quantity text,
    unit_cost text,
    ordered_on text,
    expected_delivery_date text,
    status text,
    staged_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE inventory.import_order_line IS 'Staging of an import: lines of purchase orders that are still open, as text, until import_load() has taken them over.';
COMMENT ON COLUMN inventory.import_order_line.line IS 'Line of the input, counted from 1 without its header.';
COMMENT ON COLUMN inventory.import_order_line.order_reference IS 'Number of the order in the books of the business; required, at most 255 bytes. Lines with the same number are one order.';
COMMENT ON COLUMN inventory.import_order_line.supplier IS 'Name of the supplier; required, the same on all lines of an order, as are warehouse, status and both days.';
COMMENT ON COLUMN inventory.import_order_line.warehouse IS 'Name of the warehouse that it is delivered to; required.';
COMMENT ON COLUMN inventory.import_order_line.sku IS 'The product; required.';
COMMENT ON COLUMN inventory.import_order_line.quantity IS 'What is still to come, in base units, a whole number above 0; required.';
COMMENT ON COLUMN inventory.import_order_line.unit_cost IS 'Agreed cost of one base unit, a number; the cost of the supplier''s terms where it is left out.';
COMMENT ON COLUMN inventory.import_order_line.ordered_on IS 'Day the order was sent, such as 2025-01-31, in the time zone of the warehouse; lead times count from it, and are unknown where it is left out.';
COMMENT ON COLUMN inventory.import_order_line.expected_delivery_date IS 'Day the goods are expected; where it is left out, ordered_on and the lead times of the supplier''s terms say when.';
COMMENT ON COLUMN inventory.import_order_line.status IS 'SUBMITTED or CONFIRMED; CONFIRMED where it is left out. Only confirmed orders can be received.';
COMMENT ON COLUMN inventory.import_order_line.staged_by IS 'The database role that staged it.';

CREATE FUNCTION inventory.import_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last bigint;
    owner text;
BEGIN
    -- Whoever stages into the same table waits for the other to commit, and then
    -- sees whose lines are there.
    PERFORM pg_advisory_xact_lock('pg_class'::regclass::oid::integer, TG_RELID::integer);
    EXECUTE format('SELECT max(line) FROM %s', TG_RELID::regclass) INTO last;
    IF last IS NOT NULL THEN
        EXECUTE format('SELECT staged_by FROM %s WHERE line = $1', TG_RELID::regclass) INTO owner USING last;
        IF owner <> session_user THEN
            RAISE SQLSTATE 'IV002' USING
                MESSAGE = format('%s holds what somebody else staged', TG_RELID::regclass),
                DETAIL = format('%s did, up to line %s.', owner, last),
                HINT = 'Load it with inventory.import_load() or remove it with inventory.import_clear() first.';
        END IF;
    END IF;
    -- A sequence keeps what an aborted COPY and a TRUNCATE took from it.
    PERFORM setval(pg_get_serial_sequence(TG_RELID::regclass::text, 'line'), coalesce(last, 0) + 1, false);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION inventory.import_guard() IS 'Trigger: numbers staged lines from 1 on without gaps, and keeps what two roles stage apart (IV002).';

CREATE TRIGGER inventory_guard BEFORE INSERT ON inventory.import_category
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.import_guard();
CREATE TRIGGER inventory_guard BEFORE INSERT ON inventory.import_warehouse
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.import_guard();
CREATE TRIGGER inventory_guard BEFORE INSERT ON inventory.import_supplier
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.import_guard();
CREATE TRIGGER inventory_guard BEFORE INSERT ON inventory.import_product
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.import_guard();
CREATE TRIGGER inventory_guard BEFORE INSERT ON inventory.import_product_supplier
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.import_guard();
CREATE TRIGGER inventory_guard BEFORE INSERT ON inventory.import_level
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.import_guard();
CREATE TRIGGER inventory_guard BEFORE INSERT ON inventory.import_order_line
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.import_guard();
COMMENT ON TRIGGER inventory_guard ON inventory.import_category IS 'One role stages at a time, and lines are numbered from 1.';
COMMENT ON TRIGGER inventory_guard ON inventory.import_warehouse IS 'One role stages at a time, and lines are numbered from 1.';
COMMENT ON TRIGGER inventory_guard ON inventory.import_supplier IS 'One role stages at a time, and lines are numbered from 1.';
COMMENT ON TRIGGER inventory_guard ON inventory.import_product IS 'One role stages at a time, and lines are numbered from 1.';
COMMENT ON TRIGGER inventory_guard ON inventory.import_product_supplier IS 'One role stages at a time, and lines are numbered from 1.';
COMMENT ON TRIGGER inventory_guard ON inventory.import_level IS 'One role stages at a time, and lines are numbered from 1.';
COMMENT ON TRIGGER inventory_guard ON inventory.import_order_line IS 'One role stages at a time, and lines are numbered from 1.';

-- What is wrong with a value, NULL where nothing is. An empty string is a value
-- that is left out, as NULL is. Plain expressions, so that the planner inlines them:
-- a million lines take a moment, not a minute. The casts
-- to text are needed for that: number || text is not immutable.

CREATE FUNCTION inventory.import_quote(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '"' || left(value, 60) || CASE WHEN length(value) > 60 THEN '"...' ELSE '"' END;
COMMENT ON FUNCTION inventory.import_quote(text) IS 'A staged value for a message, no more than its beginning.';

CREATE FUNCTION inventory.import_check_text(field text, value text, max_bytes integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) > max_bytes THEN field || ' is too long: ' || octet_length(value)::text || ' bytes, at most ' || max_bytes::text END;
COMMENT ON FUNCTION inventory.import_check_text(text, text, integer) IS 'Problem of a staged text: too long, as when a quotation mark in the file is not closed.';

CREATE FUNCTION inventory.import_check_name(field text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL OR value = '' THEN field || ' is missing'
    WHEN octet_length(value) > 255 THEN field || ' is too long: ' || octet_length(value)::text || ' bytes, at most 255'
    WHEN value <> btrim(value, E' \t\r\n') OR value ~ '[\x01-\x1f\x7f]' THEN field || ' has space around it or control characters in it: ' || inventory.import_quote(value)
END;
COMMENT ON FUNCTION inventory.import_check_name(text, text) IS 'Problem of a staged name or code that others are found by.';

CREATE FUNCTION inventory.import_check_whole(field text, value text, minimum bigint, maximum bigint DEFAULT 9223372036854775807) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL OR value = '' THEN NULL
    -- Nearly all are written so, and cost least to look at.
    WHEN octet_length(value) <= 18 AND value ~ '^[0-9]+$' AND value::bigint BETWEEN minimum AND maximum THEN NULL
    WHEN octet_length(value) > 1000 OR value !~ '^ *[+-]?[0-9]+ *$' THEN field || ' is not a whole number: ' || inventory.import_quote(value)
    WHEN octet_length(value) > 18 AND value::numeric NOT BETWEEN -9223372036854775808 AND 9223372036854775807 THEN field || ' does not fit: ' || inventory.import_quote(value)
    WHEN value::bigint < minimum THEN field || CASE minimum WHEN 0 THEN ' is negative: ' ELSE ' is below ' || minimum::text || ': ' END || inventory.import_quote(value)
    WHEN value::bigint > maximum THEN field || ' does not fit: ' || inventory.import_quote(value)
END;
COMMENT ON FUNCTION inventory.import_check_whole(text, text, bigint, bigint) IS 'Problem of a staged whole number.';

CREATE FUNCTION inventory.import_check_number(field text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL OR value = '' THEN NULL
    WHEN octet_length(value) <= 100 AND value ~ '^[0-9]+[.]?[0-9]*$' THEN NULL
    WHEN octet_length(value) > 1000 OR value !~ '^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+) *$' THEN field || ' is not a number such as 12.50: ' || inventory.import_quote(value)
    WHEN octet_length(value) > 100 THEN field || ' does not fit: ' || inventory.import_quote(value)
    WHEN value LIKE '%-%' AND value::numeric < 0 THEN field || ' is negative: ' || inventory.import_quote(value)
END;
COMMENT ON FUNCTION inventory.import_check_number(text, text) IS 'Problem of a staged number that may have a fraction. Exponents are refused: a spreadsheet that writes them has lost digits. So are NaN and infinity.';

CREATE FUNCTION inventory.import_check_flag(field text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL OR value = '' THEN NULL
    -- Most are written so; lower() takes its time.
    WHEN value IN ('true', 't', 'yes', 'y', 'on', '1', 'false', 'f', 'no', 'n', 'off', '0') THEN NULL
    WHEN octet_length(value) > 5 OR lower(value) NOT IN ('true', 't', 'yes', 'y', 'on', '1', 'false', 'f', 'no', 'n', 'off', '0') THEN field || ' is neither true nor false: ' || inventory.import_quote(value)
END;
COMMENT ON FUNCTION inventory.import_check_flag(text, text) IS 'Problem of a staged truth value.';

CREATE FUNCTION inventory.import_is_true(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN value IN ('true', 't', 'yes', 'y', 'on', '1') OR (octet_length(value) <= 4 AND value NOT IN ('false', 'f', 'no', 'n', 'off', '0', '') AND lower(value) IN ('true', 't', 'yes', 'y', 'on', '1'));
COMMENT ON FUNCTION inventory.import_is_true(text) IS 'Whether a staged truth value is true; one that is neither is not.';

CREATE FUNCTION inventory.import_check_day(field text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL OR value = '' THEN NULL
    WHEN octet_length(value) <> 10 OR value !~ '^(19|2[0-9])[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' THEN field || ' is not a day such as 2025-01-31: ' || inventory.import_quote(value)
    WHEN right(value, 2)::integer > date_part('day', make_date(left(value, 4)::integer, substr(value, 6, 2)::integer, 1) + '1 month'::interval - '1 day'::interval) THEN field || ' is a day that the month does not have: ' || inventory.import_quote(value)
END;
COMMENT ON FUNCTION inventory.import_check_day(text, text) IS 'Problem of a staged day. Only year-month-day is taken: anything else means one day here and another there.';

-- The next two can only be found out by trying.

CREATE FUNCTION inventory.import_check_object(field text, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value IS NULL OR value = '' THEN
        RETURN NULL;
    END IF;
    IF octet_length(value) > 100000 THEN
        RETURN format('%s is too long: %s bytes, at most 100000', field, octet_length(value));
    END IF;
    IF jsonb_typeof(value::jsonb) <> 'object' THEN
        RETURN format('%s is no JSON object: %s', field, inventory.import_quote(value));
    END IF;
    RETURN NULL;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN format('%s is no JSON: %s', field, inventory.import_quote(value));
END
$$;
COMMENT ON FUNCTION inventory.import_check_object(text, text) IS 'Problem of a staged JSON object.';

CREATE FUNCTION inventory.import_check_timezone(field text, value text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF octet_length(value) > 255 THEN
        RETURN format('%s is unknown: %s', field, inventory.import_quote(value));
    END IF;
    PERFORM timezone(nullif(value, ''), '2000-01-01 00:00:00+00'::timestamptz);
    RETURN NULL;
EXCEPTION WHEN data_exception THEN
    RETURN format('%s is unknown: %s', field, inventory.import_quote(value));
END
$$;
COMMENT ON FUNCTION inventory.import_check_timezone(text, text) IS 'Problem of a staged time zone.';

CREATE FUNCTION inventory.import_objects_are_good() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM inventory.import_product p
        WHERE octet_length(p.dimensions_cm) > 100000 OR octet_length(p.attributes) > 100000
            OR jsonb_typeof(nullif(p.dimensions_cm, '')::jsonb) <> 'object' OR jsonb_typeof(nullif(p.attributes, '')::jsonb) <> 'object');
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION inventory.import_objects_are_good() IS 'Whether all JSON of the staged products is good, tried at once: to try each value by itself takes far longer.';

CREATE FUNCTION inventory.import_known() RETURNS TABLE (kind text, name text, matches bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'category', k.name, count(*)
    FROM (SELECT c.name FROM inventory.category c
        UNION ALL SELECT DISTINCT i.name FROM inventory.import_category i WHERE i.name <> '' AND NOT EXISTS (SELECT FROM inventory.category c WHERE c.name = i.name)) k
    GROUP BY k.name
    UNION ALL
    SELECT 'warehouse', k.name, count(*)
    FROM (SELECT w.name FROM inventory.warehouse w
        UNION ALL SELECT DISTINCT i.name FROM inventory.import_warehouse i WHERE i.name <> '' AND NOT EXISTS (SELECT FROM inventory.warehouse w WHERE w.name = i.name)) k
    GROUP BY k.name
    UNION ALL
    SELECT 'supplier', k.name, count(*)
    FROM (SELECT s.name FROM inventory.supplier s
        UNION ALL SELECT DISTINCT i.name FROM inventory.import_supplier i WHERE i.name <> '' AND NOT EXISTS (SELECT FROM inventory.supplier s WHERE s.name = i.name)) k
    GROUP BY k.name;
END;
COMMENT ON FUNCTION inventory.import_known() IS 'Names that staged lines may refer to, there already or staged, and how many go by each.';

CREATE FUNCTION inventory.import_check_reference(kind text, value text, matches bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value IS NULL OR value = '' OR matches = 1 THEN NULL
    WHEN matches > 1 THEN matches::text || ' go by the ' || kind || ' ' || inventory.import_quote(value)
    ELSE 'there is no ' || kind || ' ' || inventory.import_quote(value)
END;
COMMENT ON FUNCTION inventory.import_check_reference(text, text, bigint) IS 'Problem of a staged line that refers to another by a name that so many go by.';

CREATE FUNCTION inventory.import_business_time() RETURNS timestamptz
LANGUAGE sql STABLE
RETURN coalesce(nullif(current_setting('inventory.occurred_at', true), '')::timestamptz, statement_timestamp());
COMMENT ON FUNCTION inventory.import_business_time() IS 'When what is imported counts as done: the setting inventory.occurred_at, else now.';

CREATE FUNCTION inventory.import_on_existing(on_existing text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF on_existing IS NULL OR on_existing NOT IN ('error', 'update') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('on_existing is %s', coalesce(quote_literal(left(on_existing, 60)), 'NULL')),
            HINT = 'It is error or update.';
    END IF;
    RETURN on_existing = 'update';
END
$$;
COMMENT ON FUNCTION inventory.import_on_existing(text) IS 'Whether lines may change what is there already. Errors: 22023 neither error nor update.';

CREATE FUNCTION inventory.import_check(on_existing text DEFAULT 'error')
RETURNS TABLE (source text, line bigint, problem text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '128MB' SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    may_update boolean := inventory.import_on_existing(on_existing);
    objects_are_good boolean := inventory.import_objects_are_good();
BEGIN
    -- The planner should know how many keys there are.
    ANALYZE inventory.import_product (sku), inventory.import_product_supplier (sku, supplier), inventory.import_level (sku, warehouse), inventory.import_order_line (order_reference, sku);

    RETURN QUERY
    WITH RECURSIVE place AS (
        -- Each category, where it is going to be
        SELECT c.name, coalesce(nullif(i.parent, ''), a.name) AS parent
        FROM inventory.category c
        LEFT JOIN inventory.category a ON a.category_id = c.parent_id
        LEFT JOIN inventory.import_category i ON i.name = c.name
        UNION
        SELECT i.name, nullif(i.parent, '') FROM inventory.import_category i
        WHERE NOT EXISTS (SELECT FROM inventory.category c WHERE c.name = i.name)
    ), rooted AS (
        SELECT p.name FROM place p WHERE p.parent IS NULL OR NOT EXISTS (SELECT FROM place a WHERE a.name = p.parent)
        UNION
        SELECT p.name FROM rooted r JOIN place p ON p.parent = r.name
    )
    SELECT 'import_category', c.line, c.problem
    FROM (
        SELECT i.line, unnest(ARRAY[inventory.import_check_name('name', i.name), inventory.import_check_text('parent', i.parent, 255),
            inventory.import_check_reference('category', left(i.parent, 256), k.matches),
            CASE WHEN NOT EXISTS (SELECT FROM rooted r WHERE r.name = i.name) THEN 'category ' || inventory.import_quote(i.name) || ' would be below itself' END,
            CASE WHEN d.first < i.line THEN 'category ' || inventory.import_quote(i.name) || ' is on line ' || d.first || ' already' END,
            CASE WHEN e.matches > 1 THEN inventory.import_check_reference('category', i.name, e.matches)
                WHEN e.matches = 1 AND NOT may_update THEN 'category ' || inventory.import_quote(i.name) || ' is there already' END]) AS problem
        FROM inventory.import_category i
        LEFT JOIN (SELECT n.name, min(n.line) AS first FROM inventory.import_category n GROUP BY n.name) d ON d.name = i.name AND i.name <> ''
        LEFT JOIN (SELECT c.name, count(*) AS matches FROM inventory.category c GROUP BY c.name) e ON e.name = i.name
        LEFT JOIN inventory.import_known() k ON k.kind = 'category' AND k.name = i.parent
    ) c
    WHERE c.problem IS NOT NULL
    ORDER BY c.line;

    RETURN QUERY
    SELECT 'import_warehouse', c.line, c.problem
    FROM (
        SELECT i.line, unnest(ARRAY[inventory.import_check_name('name', i.name), inventory.import_check_text('address', i.address, 100000),
            inventory.import_check_timezone('timezone', i.timezone), inventory.import_check_number('capacity_sqft', i.capacity_sqft),
            inventory.import_check_whole('priority', i.priority, -2147483648, 2147483647),
            CASE WHEN d.first < i.line THEN 'warehouse ' || inventory.import_quote(i.name) || ' is on line ' || d.first || ' already' END,
            CASE WHEN e.matches > 1 THEN inventory.import_check_reference('warehouse', i.name, e.matches)
                WHEN e.matches = 1 AND NOT may_update THEN 'warehouse ' || inventory.import_quote(i.name) || ' is there already' END]) AS problem
        FROM inventory.import_warehouse i
        LEFT JOIN (SELECT n.name, min(n.line) AS first FROM inventory.import_warehouse n GROUP BY n.name) d ON d.name = i.name AND i.name <> ''
        LEFT JOIN (SELECT w.name, count(*) AS matches FROM inventory.warehouse w GROUP BY w.name) e ON e.name = i.name
    ) c
    WHERE c.problem IS NOT NULL
    ORDER BY c.line;

    RETURN QUERY
    SELECT 'import_supplier', c.line, c.problem
    FROM (
        SELECT i.line, unnest(ARRAY[inventory.import_check_name('name', i.name), inventory.import_check_object('contact', i.contact),
            inventory.import_check_flag('is_active', i.is_active),
            CASE WHEN d.first < i.line THEN 'supplier ' || inventory.import_quote(i.name) || ' is on line ' || d.first || ' already' END,
            CASE WHEN e.matches > 1 THEN inventory.import_check_reference('supplier', i.name, e.matches)
                WHEN e.matches = 1 AND NOT may_update THEN 'supplier ' || inventory.import_quote(i.name) || ' is there already' END]) AS problem
        FROM inventory.import_supplier i
        LEFT JOIN (SELECT n.name, min(n.line) AS first FROM inventory.import_supplier n GROUP BY n.name) d ON d.name = i.name AND i.name <> ''
        LEFT JOIN (SELECT s.name, count(*) AS matches FROM inventory.supplier s GROUP BY s.name) e ON e.name = i.name
    ) c
    WHERE c.problem IS NOT NULL
    ORDER BY c.line;

    RETURN QUERY
    SELECT 'import_product', c.line, c.problem
    FROM (
        -- The same array twice: as a condition it lets the lines that are good go by.
        SELECT v.line, unnest(v.problems) AS problem
        FROM (
            SELECT i.line, array_remove(ARRAY[inventory.import_check_name('sku', i.sku),
                CASE WHEN i.name IS NULL OR i.name = '' THEN 'name is missing' END, inventory.import_check_text('name', i.name, 1000),
                inventory.import_check_text('description', i.description, 100000), inventory.import_check_text('category', i.category, 255),
                inventory.import_check_number('unit_cost', i.unit_cost), inventory.import_check_number('unit_price', i.unit_price),
                inventory.import_check_number('weight_kg', i.weight_kg), inventory.import_check_flag('is_active', i.is_active),
                inventory.import_check_text('base_unit', i.base_unit, 255)], NULL) AS problems
            FROM inventory.import_product i
        ) v
        WHERE v.problems <> '{}'
        UNION ALL
        SELECT i.line, unnest(ARRAY[inventory.import_check_object('dimensions_cm', i.dimensions_cm), inventory.import_check_object('attributes', i.attributes)])
        FROM inventory.import_product i
        WHERE NOT objects_are_good
        UNION ALL
        SELECT i.line, 'sku ' || inventory.import_quote(i.sku) || ' is on line ' || d.first || ' already'
        FROM (SELECT n.sku, min(n.line) AS first FROM inventory.import_product n WHERE n.sku <> '' GROUP BY n.sku HAVING count(*) > 1) d
        JOIN inventory.import_product i ON i.sku = d.sku AND i.line > d.first
        UNION ALL
        SELECT i.line, 'product ' || inventory.import_quote(i.sku) || ' is there already'
        FROM inventory.import_product i JOIN inventory.product p ON p.sku = i.sku
        WHERE NOT may_update
        UNION ALL
        SELECT i.line, inventory.import_check_reference('category', i.category, k.matches)
        FROM inventory.import_product i
        LEFT JOIN inventory.import_known() k ON k.kind = 'category' AND k.name = i.category
        WHERE i.category <> '' AND octet_length(i.category) <= 255 AND k.matches IS DISTINCT FROM 1
    ) c
    WHERE c.problem IS NOT NULL
    ORDER BY c.line;

    RETURN QUERY
    SELECT 'import_product_supplier', c.line, c.problem
    FROM (
        SELECT v.line, unnest(v.problems) AS problem
        FROM (
            SELECT i.line, array_remove(ARRAY[CASE WHEN i.sku IS NULL OR i.sku = '' THEN 'sku is missing' END,
                CASE WHEN i.supplier IS NULL OR i.supplier = '' THEN 'supplier is missing' END,
                inventory.import_check_flag('is_preferred', i.is_preferred), inventory.import_check_number('lead_time_days', i.lead_time_days),
                inventory.import_check_number('lead_time_stddev_days', i.lead_time_stddev_days), inventory.import_check_number('unit_cost', i.unit_cost),
                inventory.import_check_whole('min_order_quantity', i.min_order_quantity, 1), inventory.import_check_whole('order_multiple', i.order_multiple, 1)], NULL) AS problems
            FROM inventory.import_product_supplier i
        ) v
        WHERE v.problems <> '{}'
        UNION ALL
        SELECT i.line, 'there is no product ' || inventory.import_quote(i.sku)
        FROM inventory.import_product_supplier i
        WHERE i.sku <> '' AND NOT EXISTS (SELECT FROM inventory.product p WHERE p.sku = i.sku) AND NOT EXISTS (SELECT FROM inventory.import_product p WHERE p.sku = i.sku)
        UNION ALL
        SELECT i.line, inventory.import_check_reference('supplier', i.supplier, k.matches)
        FROM inventory.import_product_supplier i
        LEFT JOIN inventory.import_known() k ON k.kind = 'supplier' AND k.name = i.supplier
        WHERE i.supplier <> '' AND k.matches IS DISTINCT FROM 1
        UNION ALL
        SELECT i.line, 'product ' || inventory.import_quote(i.sku) || ' and supplier ' || inventory.import_quote(i.supplier) || ' are on line ' || d.first || ' already'
        FROM (SELECT n.sku, n.supplier, min(n.line) AS first FROM inventory.import_product_supplier n WHERE n.sku <> '' AND n.supplier <> '' GROUP BY n.sku, n.supplier HAVING count(*) > 1) d
        JOIN inventory.import_product_supplier i ON i.sku = d.sku AND i.supplier = d.supplier AND i.line > d.first
        UNION ALL
        SELECT i.line, 'product ' || inventory.import_quote(i.sku) || ' has a preferred supplier on line ' || d.first || ' already'
        FROM (SELECT n.sku, min(n.line) AS first FROM inventory.import_product_supplier n WHERE n.sku <> '' AND inventory.import_is_true(n.is_preferred) GROUP BY n.sku HAVING count(*) > 1) d
        JOIN inventory.import_product_supplier i ON i.sku = d.sku AND i.line > d.first AND inventory.import_is_true(i.is_preferred)
        UNION ALL
        SELECT i.line, CASE WHEN s.name = i.supplier THEN 'product ' || inventory.import_quote(i.sku) || ' has terms of supplier ' || inventory.import_quote(i.supplier) || ' already'
            ELSE 'product ' || inventory.import_quote(i.sku) || ' has ' || inventory.import_quote(s.name) || ' as its preferred supplier already' END
        FROM inventory.import_product_supplier i
        JOIN inventory.product p ON p.sku = i.sku
        JOIN inventory.product_supplier t ON t.product_id = p.product_id
        JOIN inventory.supplier s ON s.supplier_id = t.supplier_id
        WHERE NOT may_update AND (s.name = i.supplier OR (t.is_preferred AND inventory.import_is_true(i.is_preferred)))
    ) c
    WHERE c.problem IS NOT NULL
    ORDER BY c.line;

    RETURN QUERY
    SELECT 'import_level', c.line, c.problem
    FROM (
        SELECT v.line, unnest(v.problems) AS problem
        FROM (
            SELECT i.line, array_remove(ARRAY[CASE WHEN i.sku IS NULL OR i.sku = '' THEN 'sku is missing' END,
                CASE WHEN i.warehouse IS NULL OR i.warehouse = '' THEN 'warehouse is missing' END,
                inventory.import_check_whole('quantity_on_hand', i.quantity_on_hand, 0), inventory.import_check_whole('reorder_point', i.reorder_point, 0),
                inventory.import_check_whole('reorder_quantity', i.reorder_quantity, 0)], NULL) AS problems
            FROM inventory.import_level i
        ) v
        WHERE v.problems <> '{}'
        UNION ALL
        SELECT i.line, 'there is no product ' || inventory.import_quote(i.sku)
        FROM inventory.import_level i
        WHERE i.sku <> '' AND NOT EXISTS (SELECT FROM inventory.product p WHERE p.sku = i.sku) AND NOT EXISTS (SELECT FROM inventory.import_product p WHERE p.sku = i.sku)
        UNION ALL
        SELECT i.line, inventory.import_check_reference('warehouse', i.warehouse, k.matches)
        FROM inventory.import_level i
        LEFT JOIN inventory.import_known() k ON k.kind = 'warehouse' AND k.name = i.warehouse
        WHERE i.warehouse <> '' AND k.matches IS DISTINCT FROM 1
        UNION ALL
        SELECT i.line, 'product ' || inventory.import_quote(i.sku) || ' and warehouse ' || inventory.import_quote(i.warehouse) || ' are on line ' || d.first || ' already'
        FROM (SELECT n.sku, n.warehouse, min(n.line) AS first FROM inventory.import_level n WHERE n.sku <> '' AND n.warehouse <> '' GROUP BY n.sku, n.warehouse HAVING count(*) > 1) d
        JOIN inventory.import_level i ON i.sku = d.sku AND i.warehouse = d.warehouse AND i.line > d.first
        UNION ALL
        SELECT i.line, CASE WHEN NOT may_update THEN 'product ' || inventory.import_quote(i.sku) || ' is in warehouse ' || inventory.import_quote(i.warehouse) || ' already'
            WHEN CASE WHEN i.quantity_on_hand <> '' AND inventory.import_check_whole('', i.quantity_on_hand, 0) IS NULL THEN i.quantity_on_hand::bigint END < e.quantity_reserved
                THEN 'quantity_on_hand is ' || i.quantity_on_hand || ', but ' || e.quantity_reserved || ' are reserved' END
        FROM inventory.import_level i
        JOIN inventory.product p ON p.sku = i.sku
        JOIN inventory.warehouse w ON w.name = i.warehouse
        JOIN inventory.inventory_item e ON e.product_id = p.product_id AND e.warehouse_id = w.warehouse_id
    ) c
    WHERE c.problem IS NOT NULL
    ORDER BY c.line;

    RETURN QUERY
    SELECT 'import_order_line', c.line, c.problem
    FROM (
        SELECT v.line, unnest(v.problems) AS problem
        FROM (
            SELECT i.line, array_remove(ARRAY[inventory.import_check_name('order_reference', i.order_reference),
                CASE WHEN i.supplier IS NULL OR i.supplier = '' THEN 'supplier is missing' END,
                CASE WHEN i.warehouse IS NULL OR i.warehouse = '' THEN 'warehouse is missing' END,
                CASE WHEN i.sku IS NULL OR i.sku = '' THEN 'sku is missing' END,
                CASE WHEN i.quantity IS NULL OR i.quantity = '' THEN 'quantity is missing' END,
                inventory.import_check_whole('quantity', i.quantity, 1), inventory.import_check_number('unit_cost', i.unit_cost),
                inventory.import_check_day('ordered_on', i.ordered_on), inventory.import_check_day('expected_delivery_date', i.expected_delivery_date),
                -- After today, wherever on Earth the warehouse is
                CASE WHEN inventory.import_check_day('', i.ordered_on) IS NULL AND nullif(i.ordered_on, '')::date > ((inventory.import_business_time() + '14 hours'::interval) AT TIME ZONE 'UTC')::date
                    THEN 'ordered_on is in the future: ' || inventory.import_quote(i.ordered_on) END,
                CASE WHEN i.status <> '' AND i.status NOT IN ('SUBMITTED', 'CONFIRMED') THEN 'status is neither SUBMITTED nor CONFIRMED: ' || inventory.import_quote(i.status) END], NULL) AS problems
            FROM inventory.import_order_line i
        ) v
        WHERE v.problems <> '{}'
        UNION ALL
        SELECT i.line, 'there is no product ' || inventory.import_quote(i.sku)
        FROM inventory.import_order_line i
        WHERE i.sku <> '' AND NOT EXISTS (SELECT FROM inventory.product p WHERE p.sku = i.sku) AND NOT EXISTS (SELECT FROM inventory.import_product p WHERE p.sku = i.sku)
        UNION ALL
        SELECT i.line, unnest(ARRAY[inventory.import_check_reference('supplier', i.supplier, s.matches), inventory.import_check_reference('warehouse', i.warehouse, w.matches)])
        FROM inventory.import_order_line i
        LEFT JOIN inventory.import_known() s ON s.kind = 'supplier' AND s.name = i.supplier
        LEFT JOIN inventory.import_known() w ON w.kind = 'warehouse' AND w.name = i.warehouse
        WHERE s.matches IS DISTINCT FROM 1 OR w.matches IS DISTINCT FROM 1
        UNION ALL
        SELECT i.line, concat_ws(', ', CASE WHEN i.supplier IS DISTINCT FROM f.supplier THEN 'supplier' END, CASE WHEN i.warehouse IS DISTINCT FROM f.warehouse THEN 'warehouse' END,
            CASE WHEN coalesce(i.ordered_on, '') <> coalesce(f.ordered_on, '') THEN 'ordered_on' END,
            CASE WHEN coalesce(i.expected_delivery_date, '') <> coalesce(f.expected_delivery_date, '') THEN 'expected_delivery_date' END,
            CASE WHEN coalesce(i.status, '') <> coalesce(f.status, '') THEN 'status' END) || ' differ from line ' || f.line || ' of order ' || inventory.import_quote(i.order_reference)
        FROM (SELECT n.order_reference, min(n.line) AS line FROM inventory.import_order_line n WHERE n.order_reference <> '' GROUP BY n.order_reference HAVING count(*) > 1) d
        JOIN inventory.import_order_line f ON f.line = d.line
        JOIN inventory.import_order_line i ON i.order_reference = d.order_reference AND i.line > d.line
        WHERE (i.supplier, i.warehouse, coalesce(i.ordered_on, ''), coalesce(i.expected_delivery_date, ''), coalesce(i.status, ''))
            IS DISTINCT FROM (f.supplier, f.warehouse, coalesce(f.ordered_on, ''), coalesce(f.expected_delivery_date, ''), coalesce(f.status, ''))
        UNION ALL
        SELECT i.line, 'order ' || inventory.import_quote(i.order_reference) || ' is there already, as purchase order ' || o.po_id
        FROM inventory.import_order_line i
        JOIN inventory.purchase_order o ON o.reference_id = i.order_reference AND o.status <> 'CANCELLED'
    ) c
    WHERE c.problem IS NOT NULL
    ORDER BY c.line;
END
$$;
COMMENT ON FUNCTION inventory.import_check(text) IS
'Everything that is wrong with what is staged for an import: the staging table, the line and the reason, a row for each problem; none when import_load() would take it. With on_existing ''error'' a product, supplier, warehouse, category, level or set of terms that is there already is a problem, with ''update'' it is not. An open order that is there already always is.
Changes nothing. Errors: 22023 on_existing is neither error nor update.';

CREATE FUNCTION inventory.import_load(on_existing text DEFAULT 'error')
RETURNS TABLE (what text, added bigint, updated bigint, unchanged bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '128MB' SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    may_update boolean := inventory.import_on_existing(on_existing);
    reference_before text;
    business_time timestamptz;
    performer text;
    problems bigint;
    examples text;
    staged bigint;
    new_categories bigint[];
BEGIN
    -- A C function loads the library, so that its settings have been checked.
    PERFORM inventory.z_value(0.5);
    reference_before := current_setting('inventory.reference_id');
    business_time := inventory.import_business_time();
    performer := coalesce(nullif(current_setting('inventory.performed_by'), ''), session_user);
    IF business_time > clock_timestamp() OR business_time < '1900-01-01 00:00+00' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'inventory.occurred_at lies before 1900 or in the future',
            DETAIL = format('It is %s.', business_time);
    END IF;

    -- One import at a time, of lines that stay as they are. Nobody else adds to the
    -- catalogue meanwhile, so what was checked is still so; stock can move.
    LOCK TABLE inventory.import_category, inventory.import_warehouse, inventory.import_supplier, inventory.import_product,
        inventory.import_product_supplier, inventory.import_level, inventory.import_order_line IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE inventory.category, inventory.product, inventory.warehouse, inventory.supplier, inventory.product_supplier IN SHARE ROW EXCLUSIVE MODE;
    IF may_update THEN
        -- Items in the common order, before what is reserved of them is looked at
        PERFORM FROM inventory.inventory_item e
        WHERE (e.product_id, e.warehouse_id) IN (
            SELECT p.product_id, w.warehouse_id
            FROM inventory.import_level i JOIN inventory.product p ON p.sku = i.sku JOIN inventory.warehouse w ON w.name = i.warehouse)
        ORDER BY e.product_id, e.warehouse_id
        FOR NO KEY UPDATE OF e;
    END IF;

    SELECT count(*), string_agg(format('%s line %s: %s', c.source, c.line, c.problem), E'\n' ORDER BY c.n) FILTER (WHERE c.n <= 5)
    INTO problems, examples
    FROM inventory.import_check(on_existing) WITH ORDINALITY AS c(source, line, problem, n);
    IF problems > 0 THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s in what is staged, nothing was loaded', CASE problems WHEN 1 THEN '1 problem' ELSE problems || ' problems' END),
            DETAIL = examples || CASE WHEN problems > 5 THEN E'\n...' ELSE '' END,
            HINT = format('SELECT * FROM inventory.import_check(%s) lists all of them.', CASE WHEN may_update THEN '''update''' ELSE '' END);
    END IF;

    IF NOT EXISTS (SELECT FROM inventory.import_category UNION ALL SELECT FROM inventory.import_warehouse UNION ALL SELECT FROM inventory.import_supplier UNION ALL SELECT FROM inventory.import_product
            UNION ALL SELECT FROM inventory.import_product_supplier UNION ALL SELECT FROM inventory.import_level UNION ALL SELECT FROM inventory.import_order_line) THEN
        RAISE NOTICE 'nothing is staged for an import';
    END IF;

    -- From here on every value can be read. Where something is left out, a new row
    -- gets what the table has as its default, an existing one stays as it is.

    what := 'category';
    updated := 0;
    SELECT count(*) INTO staged FROM inventory.import_category;
    WITH new AS (
        INSERT INTO inventory.category (name)
        SELECT i.name FROM inventory.import_category i
        WHERE NOT EXISTS (SELECT FROM inventory.category c WHERE c.name = i.name)
        ORDER BY i.line
        RETURNING category_id)
    SELECT count(*), coalesce(array_agg(n.category_id), '{}') INTO added, new_categories FROM new n;
    WITH moved AS (
        UPDATE inventory.category c SET parent_id = a.category_id
        FROM inventory.import_category i JOIN inventory.category a ON a.name = i.parent
        WHERE c.name = i.name AND c.parent_id IS DISTINCT FROM a.category_id
        RETURNING c.category_id)
    SELECT count(*) INTO updated FROM moved m WHERE m.category_id <> ALL (new_categories);
    unchanged := staged - added - updated;
    RETURN NEXT;

    what := 'warehouse';
    updated := 0;
    SELECT count(*) INTO staged FROM inventory.import_warehouse;
    IF may_update THEN
        UPDATE inventory.warehouse w
        SET address = v.address, timezone = v.timezone, capacity_sqft = v.capacity_sqft, priority = v.priority
        FROM (SELECT o.warehouse_id, coalesce(nullif(i.address, ''), o.address) AS address, coalesce(nullif(i.timezone, ''), o.timezone) AS timezone,
                coalesce(nullif(i.capacity_sqft, '')::numeric, o.capacity_sqft) AS capacity_sqft, coalesce(nullif(i.priority, '')::integer, o.priority) AS priority
            FROM inventory.import_warehouse i JOIN inventory.warehouse o ON o.name = i.name) v
        WHERE v.warehouse_id = w.warehouse_id
            AND (v.address, v.timezone, v.capacity_sqft, v.priority) IS DISTINCT FROM (w.address, w.timezone, w.capacity_sqft, w.priority);
        GET DIAGNOSTICS updated = ROW_COUNT;
    END IF;
    INSERT INTO inventory.warehouse (name, address, timezone, capacity_sqft, priority)
    SELECT i.name, nullif(i.address, ''), coalesce(nullif(i.timezone, ''), 'UTC'), nullif(i.capacity_sqft, '')::numeric, coalesce(nullif(i.priority, '')::integer, 100)
    FROM inventory.import_warehouse i
    WHERE NOT EXISTS (SELECT FROM inventory.warehouse w WHERE w.name = i.name)
    ORDER BY i.line;
    GET DIAGNOSTICS added = ROW_COUNT;
    unchanged := staged - added - updated;
    RETURN NEXT;

    what := 'supplier';
    updated := 0;
    SELECT count(*) INTO staged FROM inventory.import_supplier;
    IF may_update THEN
        UPDATE inventory.supplier s SET contact = v.contact, is_active = v.is_active
        FROM (SELECT o.supplier_id, coalesce(nullif(i.contact, '')::jsonb, o.contact) AS contact, coalesce(nullif(i.is_active, '')::boolean, o.is_active) AS is_active
            FROM inventory.import_supplier i JOIN inventory.supplier o ON o.name = i.name) v
        WHERE v.supplier_id = s.supplier_id AND (v.contact, v.is_active) IS DISTINCT FROM (s.contact, s.is_active);
        GET DIAGNOSTICS updated = ROW_COUNT;
    END IF;
    INSERT INTO inventory.supplier (name, contact, is_active)
    SELECT i.name, nullif(i.contact, '')::jsonb, coalesce(nullif(i.is_active, '')::boolean, true)
    FROM inventory.import_supplier i
    WHERE NOT EXISTS (SELECT FROM inventory.supplier s WHERE s.name = i.name)
    ORDER BY i.line;
    GET DIAGNOSTICS added = ROW_COUNT;
    unchanged := staged - added - updated;
    RETURN NEXT;

    what := 'product';
    updated := 0;
    SELECT count(*) INTO staged FROM inventory.import_product;
    IF may_update THEN
        UPDATE inventory.product p
        SET name = v.name, description = v.description, category_id = v.category_id, unit_cost = v.unit_cost, unit_price = v.unit_price,
            weight_kg = v.weight_kg, dimensions_cm = v.dimensions_cm, is_active = v.is_active, base_unit = v.base_unit, attributes = v.attributes
        FROM (SELECT o.product_id, i.name, coalesce(nullif(i.description, ''), o.description) AS description, coalesce(c.category_id, o.category_id) AS category_id,
                coalesce(nullif(i.unit_cost, '')::numeric, o.unit_cost) AS unit_cost, coalesce(nullif(i.unit_price, '')::numeric, o.unit_price) AS unit_price,
                coalesce(nullif(i.weight_kg, '')::numeric, o.weight_kg) AS weight_kg, coalesce(nullif(i.dimensions_cm, '')::jsonb, o.dimensions_cm) AS dimensions_cm,
                coalesce(nullif(i.is_active, '')::boolean, o.is_active) AS is_active, coalesce(nullif(i.base_unit, ''), o.base_unit) AS base_unit,
                coalesce(nullif(i.attributes, '')::jsonb, o.attributes) AS attributes
            FROM inventory.import_product i
            JOIN inventory.product o ON o.sku = i.sku
            LEFT JOIN inventory.category c ON c.name = i.category) v
        WHERE v.product_id = p.product_id
            AND (v.name, v.description, v.category_id, v.unit_cost, v.unit_price, v.weight_kg, v.dimensions_cm, v.is_active, v.base_unit, v.attributes)
                IS DISTINCT FROM (p.name, p.description, p.category_id, p.unit_cost, p.unit_price, p.weight_kg, p.dimensions_cm, p.is_active, p.base_unit, p.attributes);
        GET DIAGNOSTICS updated = ROW_COUNT;
    END IF;
    INSERT INTO inventory.product (sku, name, description, category_id, unit_cost, unit_price, weight_kg, dimensions_cm, is_active, base_unit, attributes)
    SELECT i.sku, i.name, nullif(i.description, ''), c.category_id, nullif(i.unit_cost, '')::numeric, nullif(i.unit_price, '')::numeric, nullif(i.weight_kg, '')::numeric,
        nullif(i.dimensions_cm, '')::jsonb, coalesce(nullif(i.is_active, '')::boolean, true), coalesce(nullif(i.base_unit, ''), 'piece'), coalesce(nullif(i.attributes, '')::jsonb, '{}')
    FROM inventory.import_product i
    LEFT JOIN inventory.category c ON c.name = i.category
    WHERE NOT EXISTS (SELECT FROM inventory.product p WHERE p.sku = i.sku)
    ORDER BY i.line;
    GET DIAGNOSTICS added = ROW_COUNT;
    unchanged := staged - added - updated;
    RETURN NEXT;

    what := 'product_supplier';
    updated := 0;
    SELECT count(*) INTO staged FROM inventory.import_product_supplier;
    IF may_update THEN
        -- The one that is preferred from now on takes over from the one that was.
        UPDATE inventory.product_supplier t SET is_preferred = false
        FROM inventory.import_product_supplier i
        JOIN inventory.product p ON p.sku = i.sku
        JOIN inventory.supplier s ON s.name = i.supplier
        WHERE t.product_id = p.product_id AND t.is_preferred AND t.supplier_id <> s.supplier_id AND nullif(i.is_preferred, '')::boolean;
        UPDATE inventory.product_supplier t
        SET is_preferred = v.is_preferred, lead_time_days = v.lead_time_days, lead_time_stddev_days = v.lead_time_stddev_days,
            unit_cost = v.unit_cost, min_order_quantity = v.min_order_quantity, order_multiple = v.order_multiple
        FROM (SELECT o.product_id, o.supplier_id, coalesce(nullif(i.is_preferred, '')::boolean, o.is_preferred) AS is_preferred,
                coalesce(nullif(i.lead_time_days, '')::double precision, o.lead_time_days) AS lead_time_days,
                coalesce(nullif(i.lead_time_stddev_days, '')::double precision, o.lead_time_stddev_days) AS lead_time_stddev_days,
                coalesce(nullif(i.unit_cost, '')::numeric, o.unit_cost) AS unit_cost,
                coalesce(nullif(i.min_order_quantity, '')::bigint, o.min_order_quantity) AS min_order_quantity,
                coalesce(nullif(i.order_multiple, '')::bigint, o.order_multiple) AS order_multiple
            FROM inventory.import_product_supplier i
            JOIN inventory.product p ON p.sku = i.sku
            JOIN inventory.supplier s ON s.name = i.supplier
            JOIN inventory.product_supplier o ON o.product_id = p.product_id AND o.supplier_id = s.supplier_id) v
        WHERE v.product_id = t.product_id AND v.supplier_id = t.supplier_id
            AND (v.is_preferred, v.lead_time_days, v.lead_time_stddev_days, v.unit_cost, v.min_order_quantity, v.order_multiple)
                IS DISTINCT FROM (t.is_preferred, t.lead_time_days, t.lead_time_stddev_days, t.unit_cost, t.min_order_quantity, t.order_multiple);
        GET DIAGNOSTICS updated = ROW_COUNT;
    END IF;
    INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days, lead_time_stddev_days, unit_cost, min_order_quantity, order_multiple)
    SELECT p.product_id, s.supplier_id, coalesce(nullif(i.is_preferred, '')::boolean, false), coalesce(nullif(i.lead_time_days, '')::double precision, 7),
        coalesce(nullif(i.lead_time_stddev_days, '')::double precision, 0), nullif(i.unit_cost, '')::numeric,
        coalesce(nullif(i.min_order_quantity, '')::bigint, 1), coalesce(nullif(i.order_multiple, '')::bigint, 1)
    FROM inventory.import_product_supplier i
    JOIN inventory.product p ON p.sku = i.sku
    JOIN inventory.supplier s ON s.name = i.supplier
    WHERE NOT EXISTS (SELECT FROM inventory.product_supplier o WHERE o.product_id = p.product_id AND o.supplier_id = s.supplier_id)
    ORDER BY p.product_id, s.supplier_id;
    GET DIAGNOSTICS added = ROW_COUNT;
    unchanged := staged - added - updated;
    RETURN NEXT;

    -- Levels are plain DML: the triggers of inventory_item write the ledger.
    what := 'inventory_item';
    updated := 0;
    SELECT count(*) INTO staged FROM inventory.import_level;
    PERFORM set_config('inventory.reference_id', coalesce(nullif(reference_before, ''), 'import'), true);
    IF may_update THEN
        UPDATE inventory.inventory_item e
        SET quantity_on_hand = v.quantity_on_hand, reorder_point = v.reorder_point, reorder_quantity = v.reorder_quantity
        FROM (SELECT o.item_id, coalesce(nullif(i.quantity_on_hand, '')::bigint, o.quantity_on_hand) AS quantity_on_hand,
                coalesce(nullif(i.reorder_point, '')::bigint, o.reorder_point) AS reorder_point, coalesce(nullif(i.reorder_quantity, '')::bigint, o.reorder_quantity) AS reorder_quantity
            FROM inventory.import_level i
            JOIN inventory.product p ON p.sku = i.sku
            JOIN inventory.warehouse w ON w.name = i.warehouse
            JOIN inventory.inventory_item o ON o.product_id = p.product_id AND o.warehouse_id = w.warehouse_id) v
        WHERE v.item_id = e.item_id
            AND (v.quantity_on_hand, v.reorder_point, v.reorder_quantity) IS DISTINCT FROM (e.quantity_on_hand, e.reorder_point, e.reorder_quantity);
        GET DIAGNOSTICS updated = ROW_COUNT;
    END IF;
    INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point, reorder_quantity)
    SELECT p.product_id, w.warehouse_id, coalesce(nullif(i.quantity_on_hand, '')::bigint, 0),
        coalesce(nullif(i.reorder_point, '')::bigint, 0), coalesce(nullif(i.reorder_quantity, '')::bigint, 0)
    FROM inventory.import_level i
    JOIN inventory.product p ON p.sku = i.sku
    JOIN inventory.warehouse w ON w.name = i.warehouse
    WHERE NOT EXISTS (SELECT FROM inventory.inventory_item o WHERE o.product_id = p.product_id AND o.warehouse_id = w.warehouse_id)
    ORDER BY p.product_id, w.warehouse_id;
    GET DIAGNOSTICS added = ROW_COUNT;
    PERFORM set_config('inventory.reference_id', reference_before, true);
    unchanged := staged - added - updated;
    RETURN NEXT;

    -- Orders as create, submit and confirm leave them. Nobody knows who sent them.
    what := 'purchase_order';
    updated := 0;
    unchanged := 0;
    INSERT INTO inventory.purchase_order (supplier_id, warehouse_id, status, expected_delivery_date, created_at, submitted_at, confirmed_at, created_by, confirmed_by, reference_id)
    SELECT s.supplier_id, w.warehouse_id, o.status, nullif(i.expected_delivery_date, '')::date, coalesce(o.submitted_at, business_time), o.submitted_at,
        CASE o.status WHEN 'CONFIRMED' THEN business_time END, performer, CASE o.status WHEN 'CONFIRMED' THEN performer END, i.order_reference
    FROM (SELECT n.order_reference, min(n.line) AS line FROM inventory.import_order_line n GROUP BY n.order_reference) f
    JOIN inventory.import_order_line i ON i.line = f.line
    JOIN inventory.supplier s ON s.name = i.supplier
    JOIN inventory.warehouse w ON w.name = i.warehouse
    CROSS JOIN LATERAL (SELECT coalesce(nullif(i.status, ''), 'CONFIRMED')::inventory.purchase_order_status AS status,
        CASE WHEN i.ordered_on <> '' THEN least(i.ordered_on::timestamp AT TIME ZONE w.timezone, business_time) END AS submitted_at) o
    ORDER BY i.line;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN NEXT;

    what := 'purchase_order_line';
    INSERT INTO inventory.purchase_order_line (po_id, line_no, product_id, quantity, unit_cost)
    SELECT o.po_id, row_number() OVER (PARTITION BY o.po_id ORDER BY i.line), p.product_id, i.quantity::bigint, coalesce(nullif(i.unit_cost, '')::numeric, t.unit_cost)
    FROM inventory.import_order_line i
    JOIN inventory.purchase_order o ON o.reference_id = i.order_reference AND o.status <> 'CANCELLED'
    JOIN inventory.product p ON p.sku = i.sku
    LEFT JOIN inventory.product_supplier t ON t.product_id = p.product_id AND t.supplier_id = o.supplier_id;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN NEXT;
    UPDATE inventory.purchase_order o
    SET expected_delivery_date = d.day
    FROM (SELECT n.po_id, (n.submitted_at AT TIME ZONE w.timezone)::date + least(ceil(max(t.lead_time_days)), 36500)::integer AS day
        FROM inventory.purchase_order n
        JOIN inventory.warehouse w ON w.warehouse_id = n.warehouse_id
        JOIN inventory.purchase_order_line l ON l.po_id = n.po_id
        JOIN inventory.product_supplier t ON t.product_id = l.product_id AND t.supplier_id = n.supplier_id
        WHERE n.expected_delivery_date IS NULL AND n.submitted_at IS NOT NULL AND n.status <> 'CANCELLED'
            AND n.reference_id IN (SELECT i.order_reference FROM inventory.import_order_line i)
        GROUP BY n.po_id, w.timezone) d
    WHERE d.po_id = o.po_id;

    PERFORM inventory.import_clear();
END
$$;
COMMENT ON FUNCTION inventory.import_load(text) IS
'Takes over everything that is staged for an import, in one transaction, and empties the staging tables: what was added, updated and left as it was. With on_existing ''update'' what is there already gets the values that the lines have; a value that is left out stays as it is.
Levels are direct changes of inventory_item: each that differs has its movement, of the type inventory.movement_type, with the reference inventory.reference_id, or import, at the time inventory.occurred_at. Writers of the catalogue wait until it is done; stock can move.
Errors: 22023 something is wrong with a line (nothing is loaded; import_check() has all of it), a business time in the future or before 1900, on_existing is neither error nor update; 23505 a level came into being meanwhile, 23514 more was reserved meanwhile: call it again.';

CREATE FUNCTION inventory.import_clear() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    TRUNCATE inventory.import_category, inventory.import_warehouse, inventory.import_supplier, inventory.import_product,
        inventory.import_product_supplier, inventory.import_level, inventory.import_order_line;
END
$$;
COMMENT ON FUNCTION inventory.import_clear() IS 'Throws away what is staged for an import, whoever staged it.';
