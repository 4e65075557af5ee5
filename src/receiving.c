/*
 * receiving.c
 *		SQL entry points that change what is on hand without a reservation:
 *		receive_stock, return_stock, adjust_stock.
 */
#include "postgres.h"

#include "fmgr.h"
#include "common/int.h"

#include "argument.h"
#include "errors.h"
#include "identity.h"
#include "ledger.h"
#include "plan.h"
#include "reservation.h"
#include "stock.h"

PG_FUNCTION_INFO_V1(inventory_receive_stock);
PG_FUNCTION_INFO_V1(inventory_return_stock);
PG_FUNCTION_INFO_V1(inventory_adjust_stock);

static Datum AddStock(FunctionCallInfo fcinfo, MovementType type);
static void LockForAdjustment(int64 product_id, int64 warehouse_id, int64 delta,
							  StockItem *item);

/*
 * receive_stock(product_id, warehouse_id, quantity, reference_id)
 */
Datum
inventory_receive_stock(PG_FUNCTION_ARGS)
{
	return AddStock(fcinfo, MOVEMENT_PURCHASE);
}

/*
 * return_stock(product_id, warehouse_id, quantity, reference_id)
 */
Datum
inventory_return_stock(PG_FUNCTION_ARGS)
{
	return AddStock(fcinfo, MOVEMENT_RETURN);
}

/*
 * adjust_stock(product_id, warehouse_id, delta, root_cause, reference_id)
 */
Datum
inventory_adjust_stock(PG_FUNCTION_ARGS)
{
	int64		product_id = ArgumentId(fcinfo, 0, "product_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	Movement	movement = {.type = MOVEMENT_ADJUSTMENT};
	StockItem	item;
	Identity	caller;
	Datum		result;

	movement.quantity = ArgumentDelta(fcinfo, 2, "delta");
	movement.root_cause = ArgumentLabel(fcinfo, 3, "root_cause");
	movement.reference_id = ArgumentOptionalText(fcinfo, 4, "reference_id",
												 MAX_LABEL_BYTES);

	EnterEngineLater(fcinfo, &caller);
	LedgerCheckRootCause(movement.root_cause);
	LockForAdjustment(product_id, warehouse_id, movement.quantity, &item);
	StockMove(&item, &movement);
	result = PlanResult();
	LeaveEngine(&caller);
	return result;
}

/*
 * Brings stock in, to an item that is made where there is none yet.
 */
static Datum
AddStock(FunctionCallInfo fcinfo, MovementType type)
{
	int64		product_id = ArgumentId(fcinfo, 0, "product_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	Movement	movement = {.type = type};
	StockItem	item;
	Identity	caller;
	Datum		result;

	movement.quantity = ArgumentQuantity(fcinfo, 2, "quantity");
	movement.reference_id = ArgumentOptionalText(fcinfo, 3, "reference_id",
												 MAX_LABEL_BYTES);

	EnterEngineLater(fcinfo, &caller);
	StockLockOrCreate(product_id, warehouse_id, &item);
	StockMove(&item, &movement);
	result = PlanResult();
	LeaveEngine(&caller);
	return result;
}

/*
 * Locks the item of an adjustment.  One that takes stock away needs an item that
 * has it (IV001, IV003); one that adds may make the item.
 */
static void
LockForAdjustment(int64 product_id, int64 warehouse_id, int64 delta,
				  StockItem *item)
{
	int64		taken;

	if (delta > 0)
	{
		StockLockOrCreate(product_id, warehouse_id, item);
		return;
	}
	if (pg_sub_s64_overflow(0, delta, &taken))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("delta is out of range")));
	StockLockExisting(product_id, warehouse_id, taken, item);
	ReservationMakeRoom(item, taken);
}
