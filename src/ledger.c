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
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "errors.h"
#include "fast_path.h"
#include "guc.h"
#include "identity.h"
#include "ledger_scan.h"
#include "period.h"
#include "plan.h"
#include "stock.h"

/*
 * 1900-01-01 00:00 UTC.  Nobody stocks what moved earlier, and times at the end of
 * the range could not be shown in every time zone.
 */
#define EARLIEST_OCCURRED_AT	(-INT64CONST(36524) * USECS_PER_DAY)

/* Ledger rows in one INSERT of a batch. */
#define BATCH_ROWS 10000

/* How often to ask for two ids in a row. */
#define PAIR_ROUNDS 1000

#define MOVEMENT_COLUMNS \
	"(product_id, warehouse_id, quantity, on_hand_after, version, created_at, " \
	"movement_type, reference_id, root_cause, performed_by, session_role, " \
	"occurred_at, reservation_id, movement_id, row_hash) "

/*
 * Writes the rows of u with what is the same for all of them, and returns how many
 * there were to write and how many were written.
 */
#define INSERT_BATCH \
	"written AS (INSERT INTO inventory.stock_movement " MOVEMENT_COLUMNS \
	"SELECT u.product_id, u.warehouse_id, u.quantity, u.on_hand_after, " \
	"u.version, u.created_at, (SELECT CAST($7 AS inventory.movement_type)), " \
	"$8, $9, $10, $11, COALESCE($12, u.created_at), NULL, u.movement_id, u.row_hash FROM u RETURNING 1) " \
	"SELECT (SELECT pg_catalog.count(*) FROM u), (SELECT pg_catalog.count(*) FROM written)"

#define BATCH_TYPES \
	{INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, \
	TIMESTAMPTZARRAYOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, \
	INT8ARRAYOID, BYTEAARRAYOID}

static KeptPlan append_one = {
	.sql = "INSERT INTO inventory.stock_movement AS m " MOVEMENT_COLUMNS
	"VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS inventory.movement_type), "
	"$8, $9, $10, $11, $12, $13, $14, $15) RETURNING m",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 15,
	.argtypes = {INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID,
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID,
	INT8OID, BYTEAOID}
};

/*
 * unnest of several arrays is a form of the grammar and cannot be qualified; it
 * means pg_catalog's whatever the search_path.  The type is read once, in a
 * sub-select, not for each row.
 */
static KeptPlan append_many = {
	.sql = "WITH u AS (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $13, $14) "
	"AS u(product_id, warehouse_id, quantity, on_hand_after, version, created_at, movement_id, row_hash)), "
	INSERT_BATCH,
	.result = SPI_OK_SELECT,
	.nargs = 14,
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
	"SET version = 1, last_movement_at = n.created_at, last_movement_id = n.movement_id, last_hash = n.row_hash "
	"FROM unnest($1, $2, $6, $13, $14) AS n(product_id, warehouse_id, created_at, movement_id, row_hash) "
	"WHERE i.product_id OPERATOR(pg_catalog.=) n.product_id "
	"AND i.warehouse_id OPERATOR(pg_catalog.=) n.warehouse_id "
	"AND i.version OPERATOR(pg_catalog.=) 0 "
	"RETURNING i.product_id, i.warehouse_id, i.quantity_on_hand AS quantity, "
	"i.quantity_on_hand AS on_hand_after, i.version, i.last_movement_at AS created_at, "
	"i.last_movement_id AS movement_id, i.last_hash AS row_hash), "
	INSERT_BATCH,
	.result = SPI_OK_SELECT,
	.nargs = 14,
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

/* What a movement says besides what moved: the same for all of a statement. */
typedef struct Circumstances
{
	const char *movement_type;
	text	   *reference_id;	/* or NULL */
	int64		reservation_id; /* or 0 */
	text	   *root_cause;		/* or NULL */
	text	   *performed_by;
	text	   *session_role;
	TimestampTz occurred_at;	/* DT_NOBEGIN: when it is recorded */
} Circumstances;

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
	BATCH_MOVEMENT_ID,
	BATCH_ROW_HASH,
	BATCH_COLUMNS
} BatchColumn;

typedef struct Batch
{
	int			rows;
	int			capacity;
	Datum	   *column[BATCH_COLUMNS];
	LedgerHash	*hashes;		/* those of the rows, as long as nobody needs a Datum */
	Circumstances same;			/* for all rows */
	pg_cryptohash_ctx *context;
	MemoryContext scratch;		/* reset after each write */
} Batch;

/* Reads a transition table from its start. */
typedef struct TransitionScan
{
	Tuplestorestate *store;
	int			pointer;
	TupleTableSlot *slot;
} TransitionScan;

static bool AppendFast(const StockItem *item, const LedgerRow *row);
static void AppendByStatement(const StockItem *item, const LedgerRow *row);
static TimestampTz LedgerStamp(TimestampTz last);
static int64 NextMovementId(void);
static int64 NextPairOfIds(void);
static void ReadCircumstances(Circumstances *same, TimestampTz created_at);
static void Chain(pg_cryptohash_ctx *context, const Circumstances *same,
				  int64 movement_id, TimestampTz created_at, int64 quantity,
				  StockItem *item, LedgerRow *row);
static void CheckUntouched(TupleTableSlot *before, TupleTableSlot *after, bool moved);
static void ErrorBehindLedger(TupleTableSlot *item) pg_attribute_noreturn();
static void BatchInit(Batch *batch, int64 rows);
static void BatchAdd(Batch *batch, const LedgerRow *row, const LedgerHash *hash);
static void BatchAddUpdate(Batch *batch, TupleTableSlot *before, TupleTableSlot *after,
						   int64 change);
static void BatchWrite(Batch *batch, KeptPlan *plan);
static Datum BatchArray(const Batch *batch, BatchColumn column, Oid type);
static void TransitionOpen(TransitionScan *scan, Tuplestorestate *store, TupleDesc desc);
static bool TransitionNext(TransitionScan *scan);
static void TransitionClose(TransitionScan *scan);

/*
 * Makes a locked item, whose on_hand is what the movement leaves behind already,
 * one version older: fills in the movement's row, and gives the item its version,
 * time, id and hash.  The caller stores the item and then appends the row.  Raises
 * 22023 for a business time that cannot be, IV002 for one in a closed period.
 */
void
LedgerPrepare(StockItem *item, const Movement *movement, LedgerRow *row)
{
	pg_cryptohash_ctx *context = LedgerHashOpen();
	TimestampTz created_at = LedgerStamp(item->last_movement_at);
	Circumstances same = {
		.movement_type = movement_type_labels[movement->type],
		.reference_id = movement->reference_id,
		.reservation_id = movement->reservation_id,
		.root_cause = movement->root_cause,
		.performed_by = DatumGetTextPP(PerformedBy()),
		.session_role = DatumGetTextPP(SessionRole()),
		.occurred_at = LedgerOccurredAt(created_at)
	};

	if (same.occurred_at != created_at)
		PeriodCheckOpen(&item->warehouse_id, 1, same.occurred_at);
	Chain(context, &same, NextMovementId(), created_at, movement->quantity, item, row);
	pg_cryptohash_free(context);
}

/*
 * Appends a prepared movement of a locked item that has been stored.  Its row is
 * the result of the last statement (PlanResult).
 */
void
LedgerAppend(const StockItem *item, const LedgerRow *row)
{
	if (!AppendFast(item, row))
		AppendByStatement(item, row);
}

/*
 * LedgerAppend without a statement; false when it takes one.
 */
static bool
AppendFast(const StockItem *item, const LedgerRow *row)
{
	FastRelation *fast = FastOpenPartition(row->created_at);
	Datum		values[Natts_movement];
	bool		nulls[Natts_movement] = {0};

	if (fast == NULL)
		return false;
	values[0] = Int64GetDatum(row->movement_id);
	values[1] = Int64GetDatum(row->product_id);
	values[2] = Int64GetDatum(row->warehouse_id);
	values[3] = FastLabelDatum(fast, Anum_movement_type, row->movement_type);
	values[4] = Int64GetDatum(row->quantity);
	values[5] = Int64GetDatum(row->on_hand_after);
	values[6] = Int64GetDatum(row->version);
	values[7] = PointerGetDatum(row->reference_id);
	values[8] = Int64GetDatum(row->reservation_id);
	values[9] = PointerGetDatum(row->root_cause);
	values[10] = PointerGetDatum(row->performed_by);
	values[11] = PointerGetDatum(row->session_role);
	values[12] = TimestampTzGetDatum(row->created_at);
	values[13] = TimestampTzGetDatum(row->occurred_at);
	values[14] = LedgerHashDatum(&item->last_hash);
	nulls[7] = row->reference_id == NULL;
	nulls[8] = row->reservation_id == 0;
	nulls[9] = row->root_cause == NULL;
	return FastInsert(fast, values, nulls);
}

/*
 * LedgerAppend by a plain statement.
 */
static void
AppendByStatement(const StockItem *item, const LedgerRow *row)
{
	Datum		values[15];
	char		nulls[] = "               ";

	values[0] = Int64GetDatum(row->product_id);
	values[1] = Int64GetDatum(row->warehouse_id);
	values[2] = Int64GetDatum(row->quantity);
	values[3] = Int64GetDatum(row->on_hand_after);
	values[4] = Int64GetDatum(row->version);
	values[5] = TimestampTzGetDatum(row->created_at);
	values[6] = CStringGetTextDatum(row->movement_type);
	values[7] = PointerGetDatum(row->reference_id);
	values[8] = PointerGetDatum(row->root_cause);
	values[9] = PointerGetDatum(row->performed_by);
	values[10] = PointerGetDatum(row->session_role);
	values[11] = TimestampTzGetDatum(row->occurred_at);
	values[12] = Int64GetDatum(row->reservation_id);
	values[13] = Int64GetDatum(row->movement_id);
	values[14] = LedgerHashDatum(&item->last_hash);
	if (row->reference_id == NULL)
		nulls[7] = 'n';
	if (row->root_cause == NULL)
		nulls[8] = 'n';
	if (row->reservation_id == 0)
		nulls[12] = 'n';
	PlanWriteRow(&append_one, values, nulls);
}

/*
 * For the row trigger before a direct UPDATE that changes on_hand of an item by
 * `change`: what the row is to carry away.  item is as it was and becomes as it is
 * going to be; its movement is written when the statement ends, from the row alone
 * and the same settings.  One that has stock but no version is being inserted by a
 * statement that runs further up: its first movement is written along, under the id
 * before and a microsecond earlier.
 */
void
LedgerStampDirect(StockItem *item, int64 change)
{
	pg_cryptohash_ctx *context = LedgerHashOpen();
	TimestampTz created_at = LedgerStamp(item->last_movement_at);
	int64		movement_id;
	Circumstances same;
	LedgerRow	row;

	ReadCircumstances(&same, created_at);
	if (item->version == 0 && item->on_hand != 0)
	{
		movement_id = NextPairOfIds();
		Chain(context, &same, movement_id - 1, created_at - 1, item->on_hand, item, &row);
	}
	else
		movement_id = NextMovementId();
	item->on_hand += change;
	Chain(context, &same, movement_id, created_at, change, item, &row);
	pg_cryptohash_free(context);
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
		StockItem	item;
		LedgerRow	row;

		StockReadSlot(inserted.slot, &item);
		if (item.version != 0 || item.on_hand == 0)
			continue;
		Chain(batch.context, &batch.same, NextMovementId(), LedgerStamp(DT_NOBEGIN),
			  item.on_hand, &item, &row);
		BatchAdd(&batch, &row, &item.last_hash);
		if (batch.rows == batch.capacity)
			BatchWrite(&batch, &append_first);
	}
	BatchWrite(&batch, &append_first);
	pg_cryptohash_free(batch.context);
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
		int64		change;

		if (!TransitionNext(&before) ||
			StockSlotInt64(before.slot, Anum_item_id) != StockSlotInt64(after.slot, Anum_item_id))
			elog(ERROR, "transition tables of inventory_item do not match");

		/* Neither is negative, so the difference cannot overflow. */
		change = StockSlotInt64(after.slot, Anum_item_quantity_on_hand) -
			StockSlotInt64(before.slot, Anum_item_quantity_on_hand);
		CheckUntouched(before.slot, after.slot, change != 0);
		if (change == 0)
			continue;
		BatchAddUpdate(&batch, before.slot, after.slot, change);
		if (batch.rows + 2 > batch.capacity)
			BatchWrite(&batch, &append_many);
	}
	BatchWrite(&batch, &append_many);
	pg_cryptohash_free(batch.context);
	TransitionClose(&before);
	TransitionClose(&after);
}

/*
 * The time of the next movement of an item whose last one was at `last`.  The
 * caller holds the item's row, or only writes it as it was, so times of an item
 * increase strictly even where the clock does not.  Raises IV002 when the row was
 * inserted with no such time.
 */
static TimestampTz
LedgerStamp(TimestampTz last)
{
	TimestampTz now;

	/* ledger_settled_at has to see us as a writer before we take the time. */
	(void) GetCurrentTransactionId();
	now = GetCurrentTimestamp();
	if (TIMESTAMP_IS_NOEND(last))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("an item has its last movement at infinity"),
				 errhint("Look for it with inventory.verify_ledger().")));
	return now > last ? now : last + 1;
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
 * The next movement_id.
 */
static int64
NextMovementId(void)
{
	Oid			sequence = FastTableSequence(FAST_LEDGER);

	if (!OidIsValid(sequence))
		sequence = get_relname_relid("stock_movement_movement_id_seq",
									 get_namespace_oid("inventory", false));
	if (!OidIsValid(sequence))
		elog(ERROR, "sequence inventory.stock_movement_movement_id_seq does not exist");
	return nextval_internal(sequence, false);
}

/*
 * The second of two movement_ids in a row, both ours.  Others may take one in
 * between; then again.
 */
static int64
NextPairOfIds(void)
{
	int64		first = NextMovementId();

	for (int round = 0; round < PAIR_ROUNDS; round++)
	{
		int64		second = NextMovementId();

		if (second == first + 1)
			return second;
		first = second;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("sequence inventory.stock_movement_movement_id_seq gives no two numbers in a row"),
			 errhint("Set its increment back to 1.")));
	return 0;
}

/*
 * What the settings say of direct changes, in the current memory context.
 */
static void
ReadCircumstances(Circumstances *same, TimestampTz created_at)
{
	TimestampTz occurred_at = LedgerOccurredAt(created_at);

	same->movement_type = movement_type_labels[guc_movement_type];
	same->reference_id = GucText(guc_reference_id);
	same->reservation_id = 0;
	same->root_cause = GucText(guc_root_cause);
	same->performed_by = DatumGetTextPP(PerformedBy());
	same->session_role = DatumGetTextPP(SessionRole());
	same->occurred_at = occurred_at == created_at ? DT_NOBEGIN : occurred_at;
}

/*
 * Fills in the next row of an item, which has on hand what the row leaves behind,
 * and hangs it on the item's chain.
 */
static void
Chain(pg_cryptohash_ctx *context, const Circumstances *same, int64 movement_id,
	  TimestampTz created_at, int64 quantity, StockItem *item, LedgerRow *row)
{
	row->movement_id = movement_id;
	row->product_id = item->product_id;
	row->warehouse_id = item->warehouse_id;
	row->movement_type = same->movement_type;
	row->quantity = quantity;
	row->on_hand_after = item->on_hand;
	row->version = ++item->version;
	row->reference_id = same->reference_id;
	row->reservation_id = same->reservation_id;
	row->root_cause = same->root_cause;
	row->performed_by = same->performed_by;
	row->session_role = same->session_role;
	row->created_at = created_at;
	row->occurred_at = TIMESTAMP_IS_NOBEGIN(same->occurred_at) ? created_at : same->occurred_at;
	item->last_movement_at = created_at;
	item->last_movement_id = movement_id;
	LedgerHashRow(context, &item->last_hash, row, &item->last_hash);
}

/*
 * After a direct UPDATE: what item_guard keeps in place has to be in place still,
 * even if a trigger that ran after it changed the row once more.
 */
static void
CheckUntouched(TupleTableSlot *before, TupleTableSlot *after, bool moved)
{
	if (StockSlotInt64(before, Anum_item_product_id) != StockSlotInt64(after, Anum_item_product_id) ||
		StockSlotInt64(before, Anum_item_warehouse_id) != StockSlotInt64(after, Anum_item_warehouse_id) ||
		StockSlotInt64(before, Anum_item_quantity_reserved) != StockSlotInt64(after, Anum_item_quantity_reserved) ||
		(!moved && StockSlotInt64(before, Anum_item_version) != StockSlotInt64(after, Anum_item_version)))
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
					(long long) StockSlotInt64(item, Anum_item_id)),
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
	batch->hashes = palloc(batch->capacity * sizeof(LedgerHash));
	ReadCircumstances(&batch->same, GetCurrentTimestamp());
	batch->context = LedgerHashOpen();
	batch->scratch = AllocSetContextCreate(CurrentMemoryContext,
										   "inventory ledger batch",
										   ALLOCSET_DEFAULT_SIZES);
}

/*
 * Adds a movement.
 */
static void
BatchAdd(Batch *batch, const LedgerRow *row, const LedgerHash *hash)
{
	int			n = batch->rows++;

	batch->column[BATCH_PRODUCT_ID][n] = Int64GetDatum(row->product_id);
	batch->column[BATCH_WAREHOUSE_ID][n] = Int64GetDatum(row->warehouse_id);
	batch->column[BATCH_QUANTITY][n] = Int64GetDatum(row->quantity);
	batch->column[BATCH_ON_HAND_AFTER][n] = Int64GetDatum(row->on_hand_after);
	batch->column[BATCH_VERSION][n] = Int64GetDatum(row->version);
	batch->column[BATCH_CREATED_AT][n] = TimestampTzGetDatum(row->created_at);
	batch->column[BATCH_MOVEMENT_ID][n] = Int64GetDatum(row->movement_id);
	batch->hashes[n] = *hash;
}

/*
 * Adds the movement of an item that a direct UPDATE changed, and the one before it
 * where LedgerStampDirect found that missing.  Raises IV004 when the row does not
 * carry what was stamped on it.
 */
static void
BatchAddUpdate(Batch *batch, TupleTableSlot *before, TupleTableSlot *after, int64 change)
{
	StockItem	item;
	StockItem	stored;
	LedgerRow	row;

	StockReadSlot(before, &item);
	StockReadSlot(after, &stored);
	if (item.version == 0 && item.on_hand != 0)
	{
		Chain(batch->context, &batch->same, stored.last_movement_id - 1,
			  stored.last_movement_at - 1, item.on_hand, &item, &row);
		BatchAdd(batch, &row, &item.last_hash);
	}
	item.on_hand += change;
	Chain(batch->context, &batch->same, stored.last_movement_id,
		  stored.last_movement_at, change, &item, &row);
	if (stored.version != item.version ||
		memcmp(&stored.last_hash, &item.last_hash, sizeof(LedgerHash)) != 0)
		ErrorBehindLedger(after);
	BatchAdd(batch, &row, &item.last_hash);
}

/*
 * Writes what has been added with append_many or append_first, and empties the
 * batch.
 */
static void
BatchWrite(Batch *batch, KeptPlan *plan)
{
	MemoryContext outer;
	Datum		values[14];
	char		nulls[] = "              ";
	const Circumstances *same = &batch->same;

	if (batch->rows == 0)
		return;

	outer = MemoryContextSwitchTo(batch->scratch);
	LedgerDirectRootCause();
	if (!TIMESTAMP_IS_NOBEGIN(same->occurred_at))
		PeriodCheckOpen((int64 *) batch->column[BATCH_WAREHOUSE_ID], batch->rows, same->occurred_at);
	for (int i = 0; i < batch->rows; i++)
		batch->column[BATCH_ROW_HASH][i] = LedgerHashDatum(&batch->hashes[i]);
	for (int i = 0; i <= BATCH_VERSION; i++)
		values[i] = BatchArray(batch, i, INT8OID);
	values[5] = BatchArray(batch, BATCH_CREATED_AT, TIMESTAMPTZOID);
	values[6] = CStringGetTextDatum(same->movement_type);
	values[7] = PointerGetDatum(same->reference_id);
	values[8] = PointerGetDatum(same->root_cause);
	values[9] = PointerGetDatum(same->performed_by);
	values[10] = PointerGetDatum(same->session_role);
	values[11] = TimestampTzGetDatum(same->occurred_at);
	values[12] = BatchArray(batch, BATCH_MOVEMENT_ID, INT8OID);
	values[13] = BatchArray(batch, BATCH_ROW_HASH, BYTEAOID);
	if (same->reference_id == NULL)
		nulls[7] = 'n';
	if (same->root_cause == NULL)
		nulls[8] = 'n';
	if (TIMESTAMP_IS_NOBEGIN(same->occurred_at))
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
	bool		varying = type == BYTEAOID;

	return PointerGetDatum(construct_array(batch->column[column], batch->rows, type,
										   varying ? -1 : (int) sizeof(int64),
										   varying ? false : FLOAT8PASSBYVAL,
										   varying ? TYPALIGN_INT : TYPALIGN_DOUBLE));
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
