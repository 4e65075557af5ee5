/*
 * period.c
 *		Closed periods: close_period, reopen_period, and the question whether a
 *		business time is still open.
 *
 * A movement that is given a business time holds period_closing in ROW EXCLUSIVE
 * mode until its transaction ends, and who closes a period takes it in SHARE ROW
 * EXCLUSIVE mode: a late entry is either committed before its period is closed, or
 * sees that it is closed.  What is closed is read as of now, whatever the snapshot
 * of the transaction, which may be older than the lock.
 */
#include "period.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "errors.h"
#include "identity.h"
#include "plan.h"

static KeptPlan lock_to_enter = {
	.sql = "LOCK TABLE inventory.period_closing IN ROW EXCLUSIVE MODE",
	.result = SPI_OK_UTILITY
};

static KeptPlan lock_to_close = {
	.sql = "LOCK TABLE inventory.period_closing IN SHARE ROW EXCLUSIVE MODE",
	.result = SPI_OK_UTILITY
};

static KeptPlan closed_through = {
	.sql = "SELECT pg_catalog.max(c.through) FROM inventory.period_closing c "
	"WHERE c.reopened_at IS NULL",
	.result = SPI_OK_SELECT
};

/* Business days are those of the warehouse. */
static KeptPlan find_closed = {
	.sql = "SELECT w.warehouse_id, CAST(pg_catalog.timezone(w.timezone, $2) AS pg_catalog.date) "
	"FROM inventory.warehouse w "
	"WHERE w.warehouse_id OPERATOR(pg_catalog.=) ANY ($1) "
	"AND CAST(pg_catalog.timezone(w.timezone, $2) AS pg_catalog.date) OPERATOR(pg_catalog.<=) $3 "
	"ORDER BY w.warehouse_id LIMIT 1",
	.result = SPI_OK_SELECT,
	.nargs = 3,
	.argtypes = {INT8ARRAYOID, TIMESTAMPTZOID, DATEOID}
};

/* The last day that is over in every warehouse. */
static KeptPlan find_last_over = {
	.sql = "SELECT COALESCE(pg_catalog.min(CAST(pg_catalog.timezone(w.timezone, $1) AS pg_catalog.date)), "
	"CAST(pg_catalog.timezone('UTC', $1) AS pg_catalog.date)) OPERATOR(pg_catalog.-) 1 "
	"FROM inventory.warehouse w",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TIMESTAMPTZOID}
};

static KeptPlan insert_closing = {
	.sql = "INSERT INTO inventory.period_closing (through, closed_at, closed_by) VALUES ($1, $2, $3)",
	.result = SPI_OK_INSERT,
	.nargs = 3,
	.argtypes = {DATEOID, TIMESTAMPTZOID, TEXTOID}
};

static KeptPlan reopen_closings = {
	.sql = "UPDATE inventory.period_closing SET reopened_at = $2, reopened_by = $3, reason = $4 "
	"WHERE reopened_at IS NULL AND through OPERATOR(pg_catalog.>=) $1",
	.result = SPI_OK_UPDATE,
	.nargs = 4,
	.argtypes = {DATEOID, TIMESTAMPTZOID, TEXTOID, TEXTOID}
};

PG_FUNCTION_INFO_V1(inventory_close_period);
PG_FUNCTION_INFO_V1(inventory_reopen_period);

static void WaitForWriters(void);
static bool ReadClosedThrough(DateADT *through);
static const char *DayToText(DateADT day);

/*
 * close_period(through)
 *
 * Waits for the transactions that have given a business time, and for those that
 * have changed a level and may have done so before the last day was over.
 */
Datum
inventory_close_period(PG_FUNCTION_ARGS)
{
	DateADT		through = ArgumentDate(fcinfo, 0, "through");
	TimestampTz now = GetCurrentTimestamp();
	Datum		values[3] = {DateADTGetDatum(through), TimestampTzGetDatum(now)};
	DateADT		before;
	DateADT		last_over;
	bool		isnull;
	Identity	caller;

	EnterEngine(fcinfo, &caller);
	values[2] = PerformedBy();
	PlanExecute(&find_last_over, &values[1], NULL);
	last_over = DatumGetDateADT(PlanColumn(0, 1, &isnull));
	if (through > last_over)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the period through %s is not over yet", DayToText(through)),
				 errdetail("The last day that is over in every warehouse is %s.", DayToText(last_over))));
	WaitForWriters();
	PlanExecute(&lock_to_close, NULL, NULL);
	if (ReadClosedThrough(&before) && before >= through)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("the period through %s is closed already", DayToText(through)),
				 errdetail("Everything through %s is closed.", DayToText(before))));
	PlanWriteRow(&insert_closing, values, NULL);
	LeaveEngine(&caller);
	PG_RETURN_VOID();
}

/*
 * Waits until everybody has ended who has written to an item by now: his movements
 * may have been recorded before the period was over.  Those who come later are not
 * kept waiting.
 */
static void
WaitForWriters(void)
{
	Oid			item = RangeVarGetRelid(makeRangeVar("inventory", "inventory_item", -1),
										NoLock, false);
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, item);
	WaitForLockers(tag, ExclusiveLock, false);
}

/*
 * reopen_period(through, reason)
 */
Datum
inventory_reopen_period(PG_FUNCTION_ARGS)
{
	DateADT		through = ArgumentDate(fcinfo, 0, "through");
	text	   *reason = ArgumentReason(fcinfo, 1, "reason");
	Datum		values[4] = {
		DateADTGetDatum(through),
		TimestampTzGetDatum(GetCurrentTimestamp())
	};
	Identity	caller;

	EnterEngine(fcinfo, &caller);
	values[2] = PerformedBy();
	values[3] = PointerGetDatum(reason);
	PlanExecute(&lock_to_close, NULL, NULL);
	if (PlanExecuteLatest(&reopen_closings, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("the period through %s is not closed", DayToText(through)),
				 errhint("Closed periods are in inventory.period_closing.")));
	LeaveEngine(&caller);
	PG_RETURN_VOID();
}

/*
 * Raises IV002 when a business time lies in a closed period in one of the
 * warehouses.  Whatever is closed later waits for the end of this transaction.
 */
void
PeriodCheckOpen(const int64 *warehouse_ids, int count, TimestampTz occurred_at)
{
	Datum		values[3];
	DateADT		through;
	bool		isnull;

	PlanExecute(&lock_to_enter, NULL, NULL);
	if (!ReadClosedThrough(&through))
		return;
	values[0] = PlanInt64Array(warehouse_ids, count);
	values[1] = TimestampTzGetDatum(occurred_at);
	values[2] = DateADTGetDatum(through);
	if (PlanExecute(&find_closed, values, NULL) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INVALID_STATE),
			 errmsg("inventory.occurred_at lies in a closed period"),
			 errdetail("It is %s in warehouse %lld; everything through %s is closed.",
					   DayToText(DatumGetDateADT(PlanColumn(0, 2, &isnull))),
					   (long long) PlanInt64(0, 1), DayToText(through)),
			 errhint("Give it a later business time, or open the period with inventory.reopen_period().")));
}

/*
 * The last day that is closed; false when none is.
 */
static bool
ReadClosedThrough(DateADT *through)
{
	bool		isnull;

	PlanExecuteLatest(&closed_through, NULL, NULL);
	*through = DatumGetDateADT(PlanColumn(0, 1, &isnull));
	return !isnull;
}

static const char *
DayToText(DateADT day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}
