CREATE FUNCTION inventory.close_period(through date)
RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_close_period';
COMMENT ON FUNCTION inventory.close_period(date) IS
'Closes all days up to this one: no movement can be given a business time (inventory.occurred_at) on them any more, IV002. Days are those of the warehouse of the movement. Waits for the transactions that have changed a level by now, so that what is in the books of those days then is all there will be.
Errors: 22023 a day that is not over in every warehouse, an infinite one, a NULL; IV002 it is closed already.';

CREATE FUNCTION inventory.reopen_period(through date, reason text)
RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_reopen_period';
COMMENT ON FUNCTION inventory.reopen_period(date, text) IS
'Opens again what was closed through this day or a later one; what an earlier closing closed stays closed. Who did it, when and why stays in period_closing.
Errors: IV002 nothing is closed through that day; 22023 no reason, a NULL.';

CREATE FUNCTION inventory.warehouse_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    closed date;
BEGIN
    -- Nobody closes a period meanwhile.
    LOCK TABLE inventory.period_closing IN ROW EXCLUSIVE MODE;
    SELECT max(c.through) INTO closed FROM inventory.period_closing c WHERE c.reopened_at IS NULL;
    IF TG_OP = 'UPDATE' AND closed IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'IV002',
            MESSAGE = format('the time zone of warehouse %s cannot be changed while a period is closed', NEW.warehouse_id),
            DETAIL = format('Everything through %s is closed, by the days of each warehouse.', closed),
            HINT = 'Open it with inventory.reopen_period(), change the time zone, and close it again.';
    END IF;
    IF (clock_timestamp() AT TIME ZONE NEW.timezone)::date <= closed THEN
        RAISE EXCEPTION USING ERRCODE = 'IV002',
            MESSAGE = format('today is closed in time zone %s', NEW.timezone),
            DETAIL = format('Everything through %s is closed.', closed),
            HINT = 'Open the warehouse tomorrow, or open the period with inventory.reopen_period().';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION inventory.warehouse_guard() IS 'Trigger: a time zone that would move days into or out of a closed period is refused (IV002).';

CREATE TRIGGER inventory_timezone BEFORE INSERT ON inventory.warehouse
    FOR EACH ROW EXECUTE FUNCTION inventory.warehouse_guard();
CREATE TRIGGER inventory_timezone_change BEFORE UPDATE ON inventory.warehouse
    FOR EACH ROW WHEN (OLD.timezone IS DISTINCT FROM NEW.timezone) EXECUTE FUNCTION inventory.warehouse_guard();
COMMENT ON TRIGGER inventory_timezone ON inventory.warehouse IS 'Today is not closed where it is.';
COMMENT ON TRIGGER inventory_timezone_change ON inventory.warehouse IS 'Days do not move while a period is closed.';
