/*
 * ledger.c
 *		The ledger: the only code that appends a movement.
 *
 * Movements come from two sides.  The functions append theirs one at a time
 * (LedgerAppend).  Everybody else changes inventory_item by plain SQL, and the
 * statement's transition tables tell what changed; those rows are appended in
 * batches, however many the statement changed.
 */
#include "ledger.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "errors.h"
#include "guc.h"
#include "identity.h"
#include "plan.h"
#include "stock.h"

/*
 * 1900-01-01 00:00 UTC.  Nobody stocks what moved earlier, and times at the end of
 * the range could not be shown in every time zone.
 */
#define EARLIEST_OCCURRED_AT	(-INT64CONST(36524) * USECS_PER_DAY)

/* Ledger rows in one INSERT of a batch. */
#define BATCH_ROWS 10000

#define MOVEMENT_COLUMNS \
	"(product_id, warehouse_id, quantity, on_hand_after, version, created_at, " \
	"movement_type, reference_id, root_cause, performed_by, session_role, " \
	"occurred_at, reservation_id) "

/*
 * Writes the rows of u with what is the same for all of them, and returns how many
 * there were to write and how many were written.
 */
#define INSERT_BATCH \
	"written AS (INSERT INTO inventory.stock_movement " MOVEMENT_COLUMNS \
	"SELECT u.product_id, u.warehouse_id, u.quantity, u.on_hand_after, " \
	"u.version, u.created_at, (SELECT CAST($7 AS inventory.movement_type)), " \
	"$8, $9, $10, $11, COALESCE($12, u.created_at), NULL FROM u RETURNING 1) " \
	"SELECT (SELECT pg_catalog.count(*) FROM u), (SELECT pg_catalog.count(*) FROM written)"

#define BATCH_TYPES \
	{INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, \
	TIMESTAMPTZARRAYOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}

static KeptPlan append_one = {
	.sql = "INSERT INTO inventory.stock_movement AS m " MOVEMENT_COLUMNS
	"VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS inventory.movement_type), "
	"$8, $9, $10, $11, $12, $13) RETURNING m, m.movement_id",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 13,
	.argtypes = {INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID}
};

/*
 * unnest of several arrays is a form of the grammar and cannot be qualified; it
 * means pg_catalog's whatever the search_path.  The type is read once, in a
 * sub-select, not for each row.
 */
static KeptPlan append_many = {
	.sql = "WITH u AS (SELECT * FROM unnest($1, $2, $3, $4, $5, $6) "
	"AS u(product_id, warehouse_id, quantity, on_hand_after, version, created_at)), "
	INSERT_BATCH,
	.result = SPI_OK_SELECT,
	.nargs = 12,
	.argtypes = BATCH_TYPES
};

/*
 * The same for items that were inserted with stock and have no history yet: they
 * get their version and time on the way.  Those that a user's trigger moved in
 * the meantime have had their first movement already and are left out.
 */
static KeptPlan append_first = {
	.sql = "WITH u AS ("
	"UPDATE inventory.inventory_item i "
	"SET version = 1, last_movement_at = n.created_at "
	"FROM unnest($1, $2, $6) AS n(product_id, warehouse_id, created_at) "
	"WHERE i.product_id OPERATOR(pg_catalog.=) n.product_id "
	"AND i.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id "
	"AND i.version OPERATOR(pg_catalog.=) 0 "
	"RETURNING i.product_id, i.warehouse_id, i.quantity_on_hand AS quantity, "
	"i.quantity_on_hand AS on_hand_after, i.version, i.last_movement_at AS created_at), "
	INSERT_BATCH,
	.result = SPI_OK_SELECT,
	.nargs = 12,
	.argtypes = BATCH_TYPES
};

static KeptPlan find_root_cause = {
	.sql = "SELECT FROM inventory.root_cause WHERE code OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TEXTOID}
};

static const char *const movement_type_labels[] = {
	[MOVEMENT_PURCHASE] = "PURCHASE",
	[MOVEMENT_SALE] = "SALE",
	[MOVEMENT_RETURN] = "RETURN",
	[MOVEMENT_ADJUSTMENT] = "ADJUSTMENT",
	[MOVEMENT_TRANSFER_IN] = "TRANSFER_IN",
	[MOVEMENT_TRANSFER_OUT] = "TRANSFER_OUT"
};

/*
 * Movements of one statement that wait to be written together.  The columns
 * differ from row to row; all else is the same for the whole statement.
 */
typedef enum BatchColumn
{
	BATCH_PRODUCT_ID,
	BATCH_WAREHOUSE_ID,
	BATCH_QUANTITY,
	BATCH_ON_HAND_AFTER,
	BATCH_VERSION,
	BATCH_CREATED_AT,
	BATCH_COLUMNS
} BatchColumn;

typedef struct Batch
{
	int			rows;
	int			capacity;
	Datum	   *column[BATCH_COLUMNS];
	MemoryContext scratch;		/* reset after each write */
} Batch;

/* Reads a transition table from its start. */
typedef struct TransitionScan
{
	Tuplestorestate *store;
	int			pointer;
	TupleTableSlot *slot;
} TransitionScan;

static void CheckUntouched(TupleTableSlot *before, TupleTableSlot *after, bool moved);
static void ErrorBehindLedger(TupleTableSlot *item) pg_attribute_noreturn();
static void BatchInit(Batch *batch, int64 rows);
static void BatchAdd(Batch *batch, TupleTableSlot *item, int64 quantity,
					 int64 version, TimestampTz created_at);
static void BatchWrite(Batch *batch, KeptPlan *plan);
static Datum BatchArray(const Batch *batch, BatchColumn column, Oid type);
static void TransitionOpen(TransitionScan *scan, Tuplestorestate *store, TupleDesc desc);
static bool TransitionNext(TransitionScan *scan);
static void TransitionClose(TransitionScan *scan);
static int64 SlotInt64(TupleTableSlot *slot, AttrNumber attnum);

/*
 * Appends one movement of a locked item that has been stored already with the
 * level, version and time that the movement leaves behind.  Returns its id; its row
 * is the result of the last statement (PlanResult).
 */
int64
LedgerAppend(const StockItem *item, const Movement *movement)
{
	Datum		values[13];
	char		nulls[] = "             ";

	values[0] = Int64GetDatum(item->product_id);
	values[1] = Int64GetDatum(item->warehouse_id);
	values[2] = Int64GetDatum(movement->quantity);
	values[3] = Int64GetDatum(item->on_hand);
	values[4] = Int64GetDatum(item->version);
	values[5] = TimestampTzGetDatum(item->last_movement_at);
	values[6] = CStringGetTextDatum(movement_type_labels[movement->type]);
	values[7] = PointerGetDatum(movement->reference_id);
	values[8] = PointerGetDatum(movement->root_cause);
	values[9] = PerformedBy();
	values[10] = SessionRole();
	values[11] = TimestampTzGetDatum(LedgerOccurredAt(item->last_movement_at));
	values[12] = Int64GetDatum(movement->reservation_id);
	if (movement->reference_id == NULL)
		nulls[7] = 'n';
	if (movement->root_cause == NULL)
		nulls[8] = 'n';
	if (movement->reservation_id == 0)
		nulls[12] = 'n';

	PlanWriteRow(&append_one, values, nulls);
	return PlanInt64(0, 2);
}

/*
 * For the statement trigger after a direct INSERT: items that arrive with stock
 * and no history get their first movement.  One that arrives with a version has
 * its history already (a dump is being loaded).
 */
void
LedgerAppendInserted(TriggerData *trigdata)
{
	Batch		batch;
	TransitionScan inserted;

	BatchInit(&batch, tuplestore_tuple_count(trigdata->tg_newtable));
	TransitionOpen(&inserted, trigdata->tg_newtable,
				   RelationGetDescr(trigdata->tg_relation));
	while (TransitionNext(&inserted))
	{
		int64		on_hand = SlotInt64(inserted.slot, Anum_item_quantity_on_hand);

		if (SlotInt64(inserted.slot, Anum_item_version) != 0 || on_hand == 0)
			continue;
		BatchAdd(&batch, inserted.slot, on_hand, 1, LedgerStamp(DT_NOBEGIN));
		if (batch.rows == batch.capacity)
			BatchWrite(&batch, &append_first);
	}
	BatchWrite(&batch, &append_first);
	TransitionClose(&inserted);
}

/*
 * For the statement trigger after a direct UPDATE: each changed level gets its
 * movement.  The two transition tables hold the old and the new row of each
 * updated item at the same place.
 */
void
LedgerAppendUpdated(TriggerData *trigdata)
{
	Batch		batch;
	TransitionScan before;
	TransitionScan after;
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);

	BatchInit(&batch, tuplestore_tuple_count(trigdata->tg_newtable));
	TransitionOpen(&before, trigdata->tg_oldtable, desc);
	TransitionOpen(&after, trigdata->tg_newtable, desc);
	while (TransitionNext(&after))
	{
		int64		version;
		int64		change;
		int64		created_at;

		if (!TransitionNext(&before) ||
			SlotInt64(before.slot, Anum_item_id) != SlotInt64(after.slot, Anum_item_id))
			elog(ERROR, "transition tables of inventory_item do not match");

		/* Neither is negative, so the difference cannot overflow. */
		change = SlotInt64(after.slot, Anum_item_quantity_on_hand) -
			SlotInt64(before.slot, Anum_item_quantity_on_hand);
		CheckUntouched(before.slot, after.slot, change != 0);
		if (change == 0)
			continue;
		version = LedgerNextVersion(SlotInt64(before.slot, Anum_item_version),
									SlotInt64(before.slot, Anum_item_quantity_on_hand));
		if (SlotInt64(after.slot, Anum_item_version) != version)
			ErrorBehindLedger(after.slot);
		created_at = SlotInt64(after.slot, Anum_item_last_movement_at);
		if (SlotInt64(before.slot, Anum_item_version) == 0 && version == 2)
			BatchAdd(&batch, before.slot,
					 SlotInt64(before.slot, Anum_item_quantity_on_hand), 1,
					 created_at - 1);
		BatchAdd(&batch, after.slot, change, version, created_at);
		if (batch.rows + 2 > batch.capacity)
			BatchWrite(&batch, &append_many);
	}
	BatchWrite(&batch, &append_many);
	TransitionClose(&before);
	TransitionClose(&after);
}

/*
 * The time of the next movement of an item whose last one was at `last`.  The
 * caller holds the item's row, so times of an item increase strictly even where
 * the clock does not.  Raises IV002 when the row was inserted with no such time.
 */
TimestampTz
LedgerStamp(TimestampTz last)
{
	TimestampTz now = GetCurrentTimestamp();

	if (TIMESTAMP_IS_NOEND(last))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("an item has its last movement at infinity"),
				 errhint("Look for it with inventory.verify_ledger().")));
	return now > last ? now : last + 1;
}

/*
 * The version that the next movement of an item gives it.  An item that has stock
 * but no version was inserted by the statement that is just running, which writes
 * its first movement at its end; a user's trigger that moves it before then makes
 * its second movement, and writes the first one along.
 */
int64
LedgerNextVersion(int64 version, int64 on_hand)
{
	return version == 0 && on_hand != 0 ? 2 : version + 1;
}

/*
 * Raises 22023 unless root_cause is a known code.
 */
void
LedgerCheckRootCause(text *root_cause)
{
	Datum		values[1] = {PointerGetDatum(root_cause)};

	if (PlanExecute(&find_root_cause, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown root cause \"%s\"", text_to_cstring(root_cause)),
				 errhint("The known ones are in inventory.root_cause; add your own there.")));
}

/*
 * The root cause that direct changes of this transaction have, or NULL.
 */
text *
LedgerDirectRootCause(void)
{
	text	   *root_cause = GucText(guc_root_cause);

	if (root_cause != NULL)
		LedgerCheckRootCause(root_cause);
	return root_cause;
}

/*
 * Business time of a movement, or a step of a document, recorded at created_at.  Raises 22023 when
 * the setting lies in the future.
 */
TimestampTz
LedgerOccurredAt(TimestampTz created_at)
{
	TimestampTz occurred_at;

	if (guc_occurred_at == NULL || guc_occurred_at[0] == '\0')
		return created_at;
	occurred_at = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
														  CStringGetDatum(guc_occurred_at),
														  ObjectIdGetDatum(InvalidOid),
														  Int32GetDatum(-1)));
	if (occurred_at < EARLIEST_OCCURRED_AT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("inventory.occurred_at lies before 1900"),
				 errdetail("It is %s.", timestamptz_to_str(occurred_at))));
	if (occurred_at > Min(created_at, GetCurrentTimestamp()))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("inventory.occurred_at lies in the future"),
				 errdetail("It is %s, the movement is recorded at %s.",
						   pstrdup(timestamptz_to_str(occurred_at)),
						   pstrdup(timestamptz_to_str(created_at)))));
	return occurred_at;
}

/*
 * Business time of a step of a document that was `done` (submitted, shipped ...) at
 * `earlier`.  Raises 22023 when the setting puts it before that; a clock that was
 * set back does not.
 */
TimestampTz
LedgerOccurredAfter(TimestampTz earlier, const char *done)
{
	TimestampTz occurred_at = LedgerOccurredAt(GetCurrentTimestamp());

	if (occurred_at >= earlier)
		return occurred_at;
	if (guc_occurred_at == NULL || guc_occurred_at[0] == '\0')
		return earlier;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("inventory.occurred_at lies before what it follows"),
			 errdetail("It is %s, and this was %s at %s.",
					   pstrdup(timestamptz_to_str(occurred_at)), done,
					   pstrdup(timestamptz_to_str(earlier)))));
	return 0;
}

/*
 * After a direct UPDATE: what item_guard keeps in place has to be in place still,
 * even if a trigger that ran after it changed the row once more.
 */
static void
CheckUntouched(TupleTableSlot *before, TupleTableSlot *after, bool moved)
{
	if (SlotInt64(before, Anum_item_product_id) != SlotInt64(after, Anum_item_product_id) ||
		SlotInt64(before, Anum_item_warehouse_id) != SlotInt64(after, Anum_item_warehouse_id) ||
		SlotInt64(before, Anum_item_quantity_reserved) != SlotInt64(after, Anum_item_quantity_reserved) ||
		(!moved && SlotInt64(before, Anum_item_version) != SlotInt64(after, Anum_item_version)))
		ErrorBehindLedger(after);
}

/*
 * Raises IV004 for an item that a trigger changed after the guard had seen it.
 */
static void
ErrorBehindLedger(TupleTableSlot *item)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
			 errmsg("item %lld was changed behind the ledger's back",
					(long long) SlotInt64(item, Anum_item_id)),
			 errhint("Look for a trigger on inventory.inventory_item that changes the row.")));
}

/*
 * An empty batch for a statement that changed so many rows.
 */
static void
BatchInit(Batch *batch, int64 rows)
{
	batch->rows = 0;
	batch->capacity = (int) Max(2, Min(rows, BATCH_ROWS));
	for (int i = 0; i < BATCH_COLUMNS; i++)
		batch->column[i] = palloc(batch->capacity * sizeof(Datum));
	batch->scratch = AllocSetContextCreate(CurrentMemoryContext,
										   "inventory ledger batch",
										   ALLOCSET_DEFAULT_SIZES);
}

/*
 * Adds the movement that left an item as it is in the slot.
 */
static void
BatchAdd(Batch *batch, TupleTableSlot *item, int64 quantity, int64 version,
		 TimestampTz created_at)
{
	int			row = batch->rows++;

	batch->column[BATCH_PRODUCT_ID][row] = Int64GetDatum(SlotInt64(item, Anum_item_product_id));
	batch->column[BATCH_WAREHOUSE_ID][row] = Int64GetDatum(SlotInt64(item, Anum_item_warehouse_id));
	batch->column[BATCH_QUANTITY][row] = Int64GetDatum(quantity);
	batch->column[BATCH_ON_HAND_AFTER][row] = Int64GetDatum(SlotInt64(item, Anum_item_quantity_on_hand));
	batch->column[BATCH_VERSION][row] = Int64GetDatum(version);
	batch->column[BATCH_CREATED_AT][row] = TimestampTzGetDatum(created_at);
}

/*
 * Writes what has been added with append_many or append_first, and empties the
 * batch.
 */
static void
BatchWrite(Batch *batch, KeptPlan *plan)
{
	MemoryContext outer;
	Datum		values[12];
	char		nulls[] = "            ";
	text	   *reference_id;
	text	   *root_cause;

	if (batch->rows == 0)
		return;

	outer = MemoryContextSwitchTo(batch->scratch);
	reference_id = GucText(guc_reference_id);
	root_cause = LedgerDirectRootCause();
	for (int i = 0; i < BATCH_COLUMNS; i++)
		values[i] = BatchArray(batch, i, i == BATCH_CREATED_AT ? TIMESTAMPTZOID : INT8OID);
	values[6] = CStringGetTextDatum(movement_type_labels[guc_movement_type]);
	values[7] = PointerGetDatum(reference_id);
	values[8] = PointerGetDatum(root_cause);
	values[9] = PerformedBy();
	values[10] = SessionRole();
	values[11] = TimestampTzGetDatum(LedgerOccurredAt(DatumGetTimestampTz(batch->column[BATCH_CREATED_AT][0])));
	if (reference_id == NULL)
		nulls[7] = 'n';
	if (root_cause == NULL)
		nulls[8] = 'n';
	if (guc_occurred_at == NULL || guc_occurred_at[0] == '\0')
		nulls[11] = 'n';
	PlanExecute(plan, values, nulls);
	if (PlanInt64(0, 1) != PlanInt64(0, 2))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_LEDGER_IMMUTABLE),
				 errmsg("%lld of %lld movements did not reach the ledger",
						(long long) (PlanInt64(0, 1) - PlanInt64(0, 2)),
						(long long) PlanInt64(0, 1)),
				 errhint("Look for a trigger or rule on inventory.stock_movement.")));

	batch->rows = 0;
	MemoryContextSwitchTo(outer);
	MemoryContextReset(batch->scratch);
}

/*
 * A column of the batch as an SQL array.
 */
static Datum
BatchArray(const Batch *batch, BatchColumn column, Oid type)
{
	return PointerGetDatum(construct_array(batch->column[column], batch->rows, type,
										   sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/*
 * Starts at the first row, whoever else has read the table.
 */
static void
TransitionOpen(TransitionScan *scan, Tuplestorestate *store, TupleDesc desc)
{
	scan->store = store;
	scan->pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(store, scan->pointer);
	tuplestore_rescan(store);
	scan->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

/*
 * Moves to the next row; false at the end.
 */
static bool
TransitionNext(TransitionScan *scan)
{
	tuplestore_select_read_pointer(scan->store, scan->pointer);
	return tuplestore_gettupleslot(scan->store, true, false, scan->slot);
}

/*
 * Gives back what the scan holds.
 */
static void
TransitionClose(TransitionScan *scan)
{
	ExecDropSingleTupleTableSlot(scan->slot);
}

/*
 * A bigint or timestamptz of an item row that cannot be NULL.
 */
static int64
SlotInt64(TupleTableSlot *slot, AttrNumber attnum)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, attnum, &isnull);

	if (isnull)
		elog(ERROR, "unexpected NULL in column %d of inventory_item", attnum);
	return DatumGetInt64(value);
}
