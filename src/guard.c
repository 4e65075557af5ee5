/*
 * guard.c
 *		The triggers on the tables: what plain SQL may not do, and the way from a
 *		direct change of a level into the ledger.
 *
 * Those for inserts and updates of items and reservations let the engine's own
 * statements pass (plan.c).  They fire with the rights of whoever runs the statement;
 * where they write, they become the owner.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "common/int.h"
#include "executor/spi.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "errors.h"
#include "guard.h"
#include "identity.h"
#include "ledger.h"
#include "plan.h"
#include "reservation.h"
#include "stock.h"

static KeptPlan find_active_reservation = {
	.sql = "SELECT FROM inventory.reservation "
	"WHERE status OPERATOR(pg_catalog.=) 'ACTIVE' LIMIT 1",
	.result = SPI_OK_SELECT
};

PG_FUNCTION_INFO_V1(inventory_item_guard);
PG_FUNCTION_INFO_V1(inventory_item_ledger);
PG_FUNCTION_INFO_V1(inventory_reservation_guard);
PG_FUNCTION_INFO_V1(inventory_ledger_guard);

static TriggerData *CheckTrigger(FunctionCallInfo fcinfo, const char *table,
								 bool (*expected) (TriggerEvent event));
static bool IsGuardEvent(TriggerEvent event);
static bool IsLedgerEvent(TriggerEvent event);
static bool IsImmutableEvent(TriggerEvent event);
static HeapTuple GuardItemUpdate(TriggerData *trigdata);
static void GuardItemDelete(TriggerData *trigdata);
static void GuardReservationUpdate(TriggerData *trigdata);
static void GuardReservationDelete(TriggerData *trigdata);
static void GuardReservationTruncate(FunctionCallInfo fcinfo);
static HeapTuple StampMovement(TriggerData *trigdata);
static bool Changed(TriggerData *trigdata, AttrNumber attnum);
static int64 OldInt64(TriggerData *trigdata, AttrNumber attnum);

/*
 * item_guard: BEFORE UPDATE OR DELETE of each inventory_item row, and BEFORE
 * TRUNCATE of the table.
 */
Datum
inventory_item_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "inventory_item", IsGuardEvent);

	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
				 errmsg("inventory_item cannot be truncated"),
				 errhint("Levels follow from the ledger, which is kept. Take stock out with inventory.adjust_stock().")));
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
	{
		GuardItemDelete(trigdata);
		return PointerGetDatum(trigdata->tg_trigtuple);
	}
	if (CalledByEngine())
		return PointerGetDatum(trigdata->tg_newtuple);
	return PointerGetDatum(GuardItemUpdate(trigdata));
}

/*
 * item_ledger: AFTER each statement that inserted into or updated
 * inventory_item, with its transition tables.
 */
Datum
inventory_item_ledger(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "inventory_item", IsLedgerEvent);
	Identity	caller;

	if (trigdata->tg_newtable == NULL ||
		(TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) && trigdata->tg_oldtable == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("item_ledger needs the transition tables of its statement")));
	if (CalledByEngine())
		return PointerGetDatum(NULL);

	EnterEngine(fcinfo, &caller);
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		LedgerAppendInserted(trigdata);
	else
		LedgerAppendUpdated(trigdata);
	LeaveEngine(&caller);
	return PointerGetDatum(NULL);
}

/*
 * reservation_guard: BEFORE UPDATE OR DELETE of each reservation row, and BEFORE
 * TRUNCATE of the table.
 */
Datum
inventory_reservation_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "reservation", IsGuardEvent);

	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
	{
		GuardReservationTruncate(fcinfo);
		return PointerGetDatum(NULL);
	}
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
	{
		GuardReservationDelete(trigdata);
		return PointerGetDatum(trigdata->tg_trigtuple);
	}
	if (!CalledByEngine())
		GuardReservationUpdate(trigdata);
	return PointerGetDatum(trigdata->tg_newtuple);
}

/*
 * ledger_guard: BEFORE any statement that would change or remove rows of the ledger,
 * of one of its partitions, or of what was retired.
 */
Datum
inventory_ledger_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, NULL, IsImmutableEvent);

	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
			 errmsg("the ledger is append-only: %s of %s is not allowed",
					TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? "UPDATE" :
					TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) ? "DELETE" : "TRUNCATE",
					RelationGetRelationName(trigdata->tg_relation)),
			 errhint("Correct a level with inventory.adjust_stock(); the correction is a movement of its own.")));
	return PointerGetDatum(NULL);
}

/*
 * What a trigger is called with.  Raises 39P01 for a function that is called as
 * anything else.
 */
TriggerData *
GuardTriggerData(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s can only be called as a trigger", get_func_name(fcinfo->flinfo->fn_oid))));
	return (TriggerData *) fcinfo->context;
}

/*
 * The usual questions: called as a trigger, on the table it is made for, unless it
 * does not look at columns (NULL), with one of the events it is made for.  Columns
 * are known by number, so on another table nothing would be safe.
 */
static TriggerData *
CheckTrigger(FunctionCallInfo fcinfo, const char *table, bool (*expected) (TriggerEvent event))
{
	TriggerData *trigdata = GuardTriggerData(fcinfo);
	Oid			function = fcinfo->flinfo->fn_oid;

	if (!expected(trigdata->tg_event) ||
		(table != NULL &&
		 (strcmp(RelationGetRelationName(trigdata->tg_relation), table) != 0 ||
		  RelationGetNamespace(trigdata->tg_relation) != get_func_namespace(function))))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s belongs to the triggers of inventory.%s and nowhere else",
						get_func_name(function), table == NULL ? "stock_movement" : table)));
	return trigdata;
}

/* BEFORE UPDATE OR DELETE of a row, or BEFORE TRUNCATE */
static bool
IsGuardEvent(TriggerEvent event)
{
	if (!TRIGGER_FIRED_BEFORE(event))
		return false;
	if (TRIGGER_FIRED_FOR_STATEMENT(event))
		return TRIGGER_FIRED_BY_TRUNCATE(event);
	return TRIGGER_FIRED_BY_UPDATE(event) || TRIGGER_FIRED_BY_DELETE(event);
}

/* AFTER a statement that inserts or updates */
static bool
IsLedgerEvent(TriggerEvent event)
{
	return TRIGGER_FIRED_AFTER(event) && TRIGGER_FIRED_FOR_STATEMENT(event) &&
		(TRIGGER_FIRED_BY_INSERT(event) || TRIGGER_FIRED_BY_UPDATE(event));
}

/* BEFORE a statement that changes or removes rows */
static bool
IsImmutableEvent(TriggerEvent event)
{
	return TRIGGER_FIRED_BEFORE(event) && TRIGGER_FIRED_FOR_STATEMENT(event) &&
		!TRIGGER_FIRED_BY_INSERT(event);
}

/*
 * A direct UPDATE of an item.  The row is locked by now.  Refuses what only the
 * engine may change; a new quantity on hand gets the next version and its time,
 * which item_ledger writes to the ledger at the end of the statement.
 */
static HeapTuple
GuardItemUpdate(TriggerData *trigdata)
{
	if (Changed(trigdata, Anum_item_id) ||
		Changed(trigdata, Anum_item_product_id) ||
		Changed(trigdata, Anum_item_warehouse_id))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
				 errmsg("the product and the warehouse of an item never change"),
				 errhint("Move stock by taking it out of one item and into the other.")));
	if (Changed(trigdata, Anum_item_quantity_reserved))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("quantity_reserved follows from the reservations and cannot be set"),
				 errhint("Use inventory.reserve_stock(), inventory.cancel_reservation() and their like.")));
	if (Changed(trigdata, Anum_item_version) ||
		Changed(trigdata, Anum_item_last_movement_at) ||
		Changed(trigdata, Anum_item_last_movement_id) ||
		Changed(trigdata, Anum_item_last_hash))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
				 errmsg("version, last_movement_at, last_movement_id and last_hash follow from the ledger and cannot be set")));
	if (Changed(trigdata, Anum_item_quantity_on_hand))
		return StampMovement(trigdata);
	return trigdata->tg_newtuple;
}

/*
 * An item that ever moved stays, for its history.
 */
static void
GuardItemDelete(TriggerData *trigdata)
{
	if (OldInt64(trigdata, Anum_item_version) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
				 errmsg("item %lld has history and cannot be deleted",
						(long long) OldInt64(trigdata, Anum_item_id)),
				 errdetail("The ledger has %lld movements of product %lld in warehouse %lld.",
						   (long long) OldInt64(trigdata, Anum_item_version),
						   (long long) OldInt64(trigdata, Anum_item_product_id),
						   (long long) OldInt64(trigdata, Anum_item_warehouse_id)),
				 errhint("Set is_active of the product to false instead.")));
}

/*
 * A direct UPDATE of a reservation.
 */
static void
GuardReservationUpdate(TriggerData *trigdata)
{
	if (Changed(trigdata, Anum_reservation_id) ||
		Changed(trigdata, Anum_reservation_product_id) ||
		Changed(trigdata, Anum_reservation_warehouse_id) ||
		Changed(trigdata, Anum_reservation_quantity) ||
		Changed(trigdata, Anum_reservation_fulfilled) ||
		Changed(trigdata, Anum_reservation_status))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("item, quantities and status of reservation %lld cannot be set",
						(long long) OldInt64(trigdata, Anum_reservation_id)),
				 errhint("Use inventory.fulfill_reservation() or inventory.cancel_reservation().")));
}

/*
 * A DELETE of a reservation: only closed ones may go.
 */
static void
GuardReservationDelete(TriggerData *trigdata)
{
	bool		isnull;
	Datum		status = heap_getattr(trigdata->tg_trigtuple, Anum_reservation_status,
									  RelationGetDescr(trigdata->tg_relation), &isnull);

	if (strcmp(DatumGetCString(DirectFunctionCall1(enum_out, status)), "ACTIVE") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("reservation %lld cannot be deleted",
						(long long) OldInt64(trigdata, Anum_reservation_id)),
				 errdetail("It is ACTIVE and holds stock."),
				 errhint("Cancel it with inventory.cancel_reservation() first.")));
}

/*
 * A TRUNCATE of the reservations: only when none of them is ACTIVE.  The table is
 * locked against everybody by now.
 */
static void
GuardReservationTruncate(FunctionCallInfo fcinfo)
{
	Identity	caller;
	bool		found;

	EnterEngine(fcinfo, &caller);
	found = PlanExecute(&find_active_reservation, NULL, NULL) > 0;
	LeaveEngine(&caller);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("reservations cannot be truncated"),
				 errdetail("Some of them are ACTIVE and hold stock.")));
}

/*
 * The new row with the version, time, id and hash of the movement to come.
 */
static HeapTuple
StampMovement(TriggerData *trigdata)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	int			columns[4] = {Anum_item_version, Anum_item_last_movement_at,
	Anum_item_last_movement_id, Anum_item_last_hash};
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};
	StockItem	item = {
		.product_id = OldInt64(trigdata, Anum_item_product_id),
		.warehouse_id = OldInt64(trigdata, Anum_item_warehouse_id),
		.on_hand = OldInt64(trigdata, Anum_item_quantity_on_hand),
		.version = OldInt64(trigdata, Anum_item_version)
	};
	int64		change;
	bool		isnull;
	Datum		value;

	value = heap_getattr(trigdata->tg_trigtuple, Anum_item_last_movement_at, desc, &isnull);
	item.last_movement_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	value = heap_getattr(trigdata->tg_trigtuple, Anum_item_last_hash, desc, &isnull);
	LedgerHashRead(value, isnull, &item.last_hash);
	value = heap_getattr(trigdata->tg_newtuple, Anum_item_quantity_on_hand, desc, &isnull);
	/* The table refuses a negative level or none, but only after this. */
	if (isnull || pg_sub_s64_overflow(DatumGetInt64(value), item.on_hand, &change))
		return trigdata->tg_newtuple;

	LedgerStampDirect(&item, change);
	values[0] = Int64GetDatum(item.version);
	values[1] = TimestampTzGetDatum(item.last_movement_at);
	values[2] = Int64GetDatum(item.last_movement_id);
	values[3] = LedgerHashDatum(&item.last_hash);
	return heap_modify_tuple_by_cols(trigdata->tg_newtuple, desc, 4, columns,
									 values, nulls);
}

/*
 * Does the UPDATE give this column another value?
 */
static bool
Changed(TriggerData *trigdata, AttrNumber attnum)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	Form_pg_attribute attribute = TupleDescAttr(desc, attnum - 1);
	bool		old_isnull;
	bool		new_isnull;
	Datum		old_value = heap_getattr(trigdata->tg_trigtuple, attnum, desc, &old_isnull);
	Datum		new_value = heap_getattr(trigdata->tg_newtuple, attnum, desc, &new_isnull);

	if (old_isnull || new_isnull)
		return old_isnull != new_isnull;
	return !datumIsEqual(old_value, new_value, attribute->attbyval, attribute->attlen);
}

/*
 * A bigint column of the row as it was.
 */
static int64
OldInt64(TriggerData *trigdata, AttrNumber attnum)
{
	bool		isnull;

	return DatumGetInt64(heap_getattr(trigdata->tg_trigtuple, attnum,
									  RelationGetDescr(trigdata->tg_relation), &isnull));
}
