CREATE FUNCTION inventory.close_period(through date)
RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_close_period';
COMMENT ON FUNCTION inventory.close_period(date) IS
'Closes all days up to this one: no movement can be given a business time (inventory.occurred_at) on them any more, IV002. Days are those of the warehouse of the movement. Waits for transactions that have made late entries.
Errors: 22023 a day that is not over in every warehouse, an infinite one, a NULL; IV002 it is closed already.';

CREATE FUNCTION inventory.reopen_period(through date, reason text)
RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'inventory_reopen_period';
COMMENT ON FUNCTION inventory.reopen_period(date, text) IS
'Opens again what was closed through this day or a later one; what an earlier closing closed stays closed. Who did it, when and why stays in period_closing.
Errors: IV002 nothing is closed through that day; 22023 no reason, a NULL.';
