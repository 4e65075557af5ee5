/*
 * batch.c
 *		SQL entry point of many independent reservations in one call: reserve_batch.
 *
 * Each item is locked or read once, its lines are decided in their order, and it is
 * stored once.  The reservations are written many at a time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "identity.h"
#include "line_item.h"
#include "reservation.h"
#include "stock.h"

/* How many reservations are written at once: more is hardly faster. */
#define LINES_AT_ONCE	100

/* One reservation that is asked for, and what came of it. */
typedef struct BatchLine
{
	int			line;			/* 1, 2, 3 ... */
	bool		held;
	int64		product_id;
	int64		warehouse_id;
	int64		quantity;
	text	   *reference_id;
	int64		available;		/* afterwards, or what could have been had */
} BatchLine;

/* Missing items are found by their lines. */
static const LineShape batch_line = {
	.argument = "the batch",
	.has_warehouse = true
};

PG_FUNCTION_INFO_V1(inventory_reserve_batch);

static BatchLine *ReadLines(FunctionCallInfo fcinfo, int *nlines);
static ArrayType *ArgumentArray(FunctionCallInfo fcinfo, int n, const char *name);
static int	ArrayLength(ArrayType *array);
static void CheckLengths(ArrayType **arrays);
static void CheckLine(const BatchLine *line);
static BatchLine **SortLines(BatchLine *lines, int nlines);
static void CheckMissing(BatchLine **missing, int nmissing);
static void HoldLines(BatchLine **sorted, int nlines);
static bool HoldUntouched(BatchLine **lines, int nlines);
static bool HoldLocked(BatchLine **lines, int nlines);
static void HoldItem(StockItem *item, BatchLine **lines, int nlines);
static bool SameItem(const BatchLine *a, const BatchLine *b);
static void InsertLines(FunctionCallInfo fcinfo, const BatchLine *lines, int nlines,
						int32 ttl_minutes);
static void InsertSome(ReturnSetInfo *set, const BatchLine *lines, int nlines,
					   int32 ttl_minutes);
static ReservationDraft DraftOf(const BatchLine *line, int32 ttl_minutes);
static int	CompareByItem(const void *a, const void *b);
static int	CompareByLine(const void *a, const void *b);

/*
 * reserve_batch(product_ids, warehouse_ids, quantities, reference_ids, ttl_minutes)
 *
 * Locks the items of all lines in order; what can be held of one is decided before
 * the next one is locked.
 */
Datum
inventory_reserve_batch(PG_FUNCTION_ARGS)
{
	int			nlines;
	BatchLine  *lines = ReadLines(fcinfo, &nlines);
	int32		ttl_minutes = ArgumentPositive(fcinfo, 4, "ttl_minutes");
	BatchLine **sorted = SortLines(lines, nlines);
	Identity	caller;

	InitMaterializedSRF(fcinfo, 0);
	EnterEngineLater(fcinfo, &caller);
	HoldLines(sorted, nlines);
	InsertLines(fcinfo, lines, nlines, ttl_minutes);
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * The lines, from four arrays of the same length, whatever their lower bounds.
 * Raises 22023 for anything that is no line.
 */
static BatchLine *
ReadLines(FunctionCallInfo fcinfo, int *nlines)
{
	ArrayType  *arrays[4] = {
		ArgumentArray(fcinfo, 0, "product_ids"),
		ArgumentArray(fcinfo, 1, "warehouse_ids"),
		ArgumentArray(fcinfo, 2, "quantities"),
		ArgumentArray(fcinfo, 3, "reference_ids")
	};
	BatchLine  *lines;
	Datum	   *references;

	CheckLengths(arrays);
	deconstruct_array(arrays[3], TEXTOID, -1, false, TYPALIGN_INT, &references, NULL, nlines);
	lines = palloc_extended(Max(*nlines, 1) * sizeof(BatchLine), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < *nlines; i++)
	{
		lines[i].line = i + 1;
		lines[i].product_id = ((int64 *) ARR_DATA_PTR(arrays[0]))[i];
		lines[i].warehouse_id = ((int64 *) ARR_DATA_PTR(arrays[1]))[i];
		lines[i].quantity = ((int64 *) ARR_DATA_PTR(arrays[2]))[i];
		lines[i].reference_id = DatumGetTextPP(references[i]);
		CheckLine(&lines[i]);
	}
	pfree(references);
	return lines;
}

/*
 * An array of one dimension, or an empty one, without NULLs.
 */
static ArrayType *
ArgumentArray(FunctionCallInfo fcinfo, int n, const char *name)
{
	ArrayType  *array;

	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be NULL", name)));
	array = PG_GETARG_ARRAYTYPE_P(n);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must have one dimension", name),
				 errdetail("It has %d.", ARR_NDIM(array))));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not contain NULL", name)));
	return array;
}

static int
ArrayLength(ArrayType *array)
{
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

static void
CheckLengths(ArrayType **arrays)
{
	int			length = ArrayLength(arrays[0]);

	if (ArrayLength(arrays[1]) != length || ArrayLength(arrays[2]) != length ||
		ArrayLength(arrays[3]) != length)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("product_ids, warehouse_ids, quantities and reference_ids must have the same length"),
				 errdetail("They have %d, %d, %d and %d elements.", length,
						   ArrayLength(arrays[1]), ArrayLength(arrays[2]),
						   ArrayLength(arrays[3]))));
}

/*
 * What reserve_stock wants of its arguments.
 */
static void
CheckLine(const BatchLine *line)
{
	Size		bytes = VARSIZE_ANY_EXHDR(line->reference_id);

	if (line->quantity <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d: quantity must be positive", line->line),
				 errdetail("Got %lld.", (long long) line->quantity)));
	if (bytes == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d: reference_id must not be empty", line->line)));
	if (bytes > MAX_LABEL_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d: reference_id is too long", line->line),
				 errdetail("It has %zu bytes; at most %d are kept.", bytes, MAX_LABEL_BYTES)));
}

/*
 * The lines by item, those of the same item in their order.
 */
static BatchLine **
SortLines(BatchLine *lines, int nlines)
{
	BatchLine **sorted = palloc_extended(Max(nlines, 1) * sizeof(BatchLine *), MCXT_ALLOC_HUGE);

	for (int i = 0; i < nlines; i++)
		sorted[i] = &lines[i];
	qsort(sorted, nlines, sizeof(BatchLine *), CompareByItem);
	return sorted;
}

/*
 * Raises IV003 for the first line that names a product or warehouse which does not
 * exist.  Only items that do not exist are looked into, each once: missing has a line
 * of each.
 */
static void
CheckMissing(BatchLine **missing, int nmissing)
{
	qsort(missing, nmissing, sizeof(BatchLine *), CompareByLine);
	for (int i = 0; i < nmissing; i++)
	{
		LineItem	item = {
			.line = missing[i]->line,
			.product_id = missing[i]->product_id,
			.warehouse_id = missing[i]->warehouse_id,
			.has_warehouse = true
		};

		LineItemsCheckExist(&item, 1, &batch_line);
	}
}

/*
 * Decides all lines and stores the items, one after the other in their order.
 */
static void
HoldLines(BatchLine **sorted, int nlines)
{
	BatchLine **missing = palloc_extended(Max(nlines, 1) * sizeof(BatchLine *), MCXT_ALLOC_HUGE);
	int			nmissing = 0;

	for (int first = 0, end; first < nlines; first = end)
	{
		CHECK_FOR_INTERRUPTS();
		for (end = first + 1; end < nlines && SameItem(sorted[first], sorted[end]); end++)
			;
		if (!HoldUntouched(&sorted[first], end - first) &&
			!HoldLocked(&sorted[first], end - first))
			missing[nmissing++] = sorted[first];
	}
	CheckMissing(missing, nmissing);
	pfree(missing);
}

/*
 * Holds the lines of an item that nobody else is at and that has enough for all of
 * them; false, and nothing is done, where it is another one.
 */
static bool
HoldUntouched(BatchLine **lines, int nlines)
{
	StockItem	item;
	int64		wanted = 0;

	for (int i = 0; i < nlines; i++)
		if (pg_add_s64_overflow(wanted, lines[i]->quantity, &wanted))
			return false;
	if (!StockRead(lines[0]->product_id, lines[0]->warehouse_id, &item) ||
		StockAvailable(&item) < wanted)
		return false;
	for (int i = 0; i < nlines; i++)
	{
		lines[i]->held = true;
		item.reserved += lines[i]->quantity;
		lines[i]->available = StockAvailable(&item);
	}
	return StockTryStore(&item);
}

/*
 * Locks an item and holds those of its lines that fit; false when it does not exist.
 */
static bool
HoldLocked(BatchLine **lines, int nlines)
{
	StockItem	item;

	for (int i = 0; i < nlines; i++)
	{
		lines[i]->held = false;
		lines[i]->available = 0;
	}
	if (!StockLockKnown(lines[0]->product_id, lines[0]->warehouse_id, &item))
		return false;
	HoldItem(&item, lines, nlines);
	return true;
}

/*
 * Decides the lines of a locked item, the first come first served, freeing what has
 * expired when that helps, and stores the item.
 */
static void
HoldItem(StockItem *item, BatchLine **lines, int nlines)
{
	int64		expired = -1;	/* what could be freed, once that is known */
	bool		freed = false;

	for (int i = 0; i < nlines; i++)
	{
		BatchLine  *line = lines[i];

		if (StockAvailable(item) < line->quantity && expired < 0)
			expired = ReservationFree(item) - StockAvailable(item);
		if (StockAvailable(item) < line->quantity && expired > 0 &&
			line->quantity - StockAvailable(item) <= expired)
		{
			ReservationFreeExpired(item);
			expired = 0;
			freed = true;
		}
		line->held = StockAvailable(item) >= line->quantity;
		if (line->held)
			item->reserved += line->quantity;
		line->available = StockAvailable(item) + (line->held ? 0 : expired);
	}
	/* Also for who reads its reservations in an older snapshot: 40001, not a lie. */
	if (freed || item->reserved != item->stored_reserved)
		StockStore(item);
}

static bool
SameItem(const BatchLine *a, const BatchLine *b)
{
	return a->product_id == b->product_id && a->warehouse_id == b->warehouse_id;
}

/*
 * Writes the reservations that are held, in the order of the lines, and returns what
 * came of each line.
 */
static void
InsertLines(FunctionCallInfo fcinfo, const BatchLine *lines, int nlines, int32 ttl_minutes)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "inventory reserve_batch lines",
												  ALLOCSET_DEFAULT_SIZES);

	for (int first = 0; first < nlines; first += LINES_AT_ONCE)
	{
		MemoryContext outer = MemoryContextSwitchTo(scratch);

		CHECK_FOR_INTERRUPTS();
		InsertSome((ReturnSetInfo *) fcinfo->resultinfo, &lines[first],
				   Min(nlines - first, LINES_AT_ONCE), ttl_minutes);
		MemoryContextSwitchTo(outer);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
}

/*
 * The same for no more than LINES_AT_ONCE of them.
 */
static void
InsertSome(ReturnSetInfo *set, const BatchLine *lines, int nlines, int32 ttl_minutes)
{
	ReservationDraft drafts[LINES_AT_ONCE];
	int64		reservation_ids[LINES_AT_ONCE];
	int			nheld = 0;
	int			next = 0;

	for (int i = 0; i < nlines; i++)
		if (lines[i].held)
			drafts[nheld++] = DraftOf(&lines[i], ttl_minutes);
	if (nheld > 0)
		ReservationInsertMany(drafts, nheld, reservation_ids);
	for (int i = 0; i < nlines; i++)
	{
		Datum		values[3] = {Int32GetDatum(lines[i].line), (Datum) 0, Int64GetDatum(lines[i].available)};
		bool		nulls[3] = {false, !lines[i].held, false};

		if (lines[i].held)
			values[1] = Int64GetDatum(reservation_ids[next++]);
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	}
}

/*
 * The reservation that a line is to become.
 */
static ReservationDraft
DraftOf(const BatchLine *line, int32 ttl_minutes)
{
	ReservationDraft draft = {
		.product_id = line->product_id,
		.warehouse_id = line->warehouse_id,
		.quantity = line->quantity,
		.reference_id = line->reference_id,
		.reference_type = "ORDER",
		.ttl_minutes = ttl_minutes
	};

	return draft;
}

static int
CompareByItem(const void *a, const void *b)
{
	const BatchLine *left = *(BatchLine *const *) a;
	const BatchLine *right = *(BatchLine *const *) b;

	if (left->product_id != right->product_id)
		return left->product_id < right->product_id ? -1 : 1;
	if (left->warehouse_id != right->warehouse_id)
		return left->warehouse_id < right->warehouse_id ? -1 : 1;
	return left->line < right->line ? -1 : 1;
}

static int
CompareByLine(const void *a, const void *b)
{
	return (*(BatchLine *const *) a)->line < (*(BatchLine *const *) b)->line ? -1 : 1;
}
