/*
 * order.c
 *		SQL entry points of whole orders: reserve_order, fulfill_order,
 *		cancel_order.
 *
 * An order is what its reservations have as their reference; there is no table of
 * orders here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"

#include "allocation.h"
#include "argument.h"
#include "errors.h"
#include "fast_path.h"
#include "idempotency.h"
#include "identity.h"
#include "line_item.h"
#include "plan.h"
#include "reservation.h"
#include "stock.h"

/* Longer lines stand in an idempotency key as their hash. */
#define MAX_DESCRIBED_BYTES	1000

/*
 * Every item of some products, and how much its warehouse is preferred.  One probe
 * for each product, whatever the planner knows of the table: a plan made while it
 * was empty is kept.
 */
static KeptPlan find_candidates = {
	.sql = "SELECT i.product_id, i.warehouse_id, w.priority "
	"FROM pg_catalog.unnest($1) AS wanted(product_id) "
	"CROSS JOIN LATERAL (SELECT c.product_id, c.warehouse_id FROM inventory.inventory_item c "
	"WHERE c.product_id OPERATOR(pg_catalog.=) wanted.product_id OFFSET 0) AS i "
	"JOIN inventory.warehouse w ON w.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8ARRAYOID}
};

/*
 * The reservations of an order that can be worked on, and those that were given up.
 */
static KeptPlan find_open = {
	.sql = "SELECT r.reservation_id, r.product_id, r.warehouse_id, r.ctid, "
	"r.status OPERATOR(pg_catalog.=) 'ACTIVE' "
	"FROM inventory.reservation r "
	"WHERE r.reference_id OPERATOR(pg_catalog.=) $1 "
	"AND r.reference_type OPERATOR(pg_catalog.=) 'ORDER' "
	"AND r.status OPERATOR(pg_catalog.<>) 'FULFILLED'",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TEXTOID}
};

/* What of an order was given up before it was fulfilled. */
static KeptPlan count_given_up = {
	.sql = "SELECT pg_catalog.count(*) FROM inventory.reservation r "
	"WHERE r.reference_id OPERATOR(pg_catalog.=) $1 "
	"AND r.reference_type OPERATOR(pg_catalog.=) 'ORDER' "
	"AND r.status OPERATOR(pg_catalog.=) 'CANCELLED'",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TEXTOID}
};

static KeptPlan find_states = {
	.sql = "SELECT pg_catalog.string_agg(DISTINCT CAST(r.status AS pg_catalog.text), ', ') "
	"FROM inventory.reservation r "
	"WHERE r.reference_id OPERATOR(pg_catalog.=) $1 "
	"AND r.reference_type OPERATOR(pg_catalog.=) 'ORDER'",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TEXTOID}
};

static const LineShape order_line = {
	.argument = "lines",
	.quantity_key = "quantity",
	.has_warehouse = true
};

/* A warehouse that has an item of the products to be sourced. */
typedef struct Candidate
{
	int64		product_id;
	int64		warehouse_id;
	int32		priority;
} Candidate;

/* What one item gives for a line: a reservation to be made. */
typedef struct Share
{
	int64		product_id;
	int64		warehouse_id;
	int64		quantity;
} Share;

/* What reserve_order was asked for, and what it works with. */
typedef struct OrderRequest
{
	text	   *reference_id;
	int32		ttl_minutes;
	LineItem   *lines;
	int			nlines;
	StockSet	items;			/* of all lines, and of all candidates */
	int			nheld;			/* the first of them, held already */

	/* Of the lines without a warehouse: */
	int64	   *products;		/* sorted */
	int			nproducts;
	Candidate  *candidates;
	int			ncandidates;
	int64	   *warehouses;		/* of the candidates, the preferred ones first */
	int			nwarehouses;

	FunctionCallInfo fcinfo;	/* where reservations are returned to */
	bool		returned;		/* all of them have been already */
	Share	   *shares;			/* in the order of the lines */
	int			nshares;
	int			max_shares;
} OrderRequest;

/* The reservations of an order that are to be fulfilled or cancelled. */
typedef struct OpenOrder
{
	ReservationPlace *active;	/* sorted by their items */
	int			nactive;
	int			max_active;
	ReservationDone *done;		/* those that were, so far */
	int			ndone;
	bool		given_up;		/* it has some that were cancelled before */
} OpenOrder;

PG_FUNCTION_INFO_V1(inventory_reserve_order);
PG_FUNCTION_INFO_V1(inventory_fulfill_order);
PG_FUNCTION_INFO_V1(inventory_cancel_order);

static char *DescribeOrder(const OrderRequest *order);
static Datum ReserveOrder(OrderRequest *order);
static void FindSourcedProducts(OrderRequest *order);
static void FindCandidates(OrderRequest *order);
static void RankWarehouses(OrderRequest *order);
static void CollectItems(OrderRequest *order);
static void DemandNamed(OrderRequest *order);
static void HoldUntouched(OrderRequest *order);
static void CheckNamed(OrderRequest *order);
static void AddDemand(StockItem *item, int64 quantity);
static Allocation *PrepareAllocation(const OrderRequest *order);
static int64 *SumNeeded(const OrderRequest *order);
static void CheckEnough(const OrderRequest *order, const Allocation *allocation,
						const int64 *needed);
static void ShareOut(OrderRequest *order);
static void AddShare(OrderRequest *order, int64 product_id, int64 warehouse_id,
					 int64 quantity);
static Datum HoldShares(OrderRequest *order);
static int	ProductIndex(const OrderRequest *order, int64 product_id);
static int	WarehouseIndex(const OrderRequest *order, int64 warehouse_id);
static int	CompareInt64(const void *a, const void *b);
static int	CompareCandidates(const void *a, const void *b);
static void FindOpen(text *reference_id, OpenOrder *order);
static void TakeOpen(FastRelation *fast, void *state);
static void FindOpenByStatement(text *reference_id, OpenOrder *order);
static ReservationPlace *AddOpen(OpenOrder *order);
static int	ComparePlaces(const void *a, const void *b);
static void AddDone(OpenOrder *order, int i);
static void NoticeGivenUp(text *reference_id);
static void ErrorNoneActive(text *reference_id) pg_attribute_noreturn();

/*
 * reserve_order(reference_id, lines, ttl_minutes, idempotency_key)
 *
 * Locks the key if there is one, then the items of all lines and, for lines
 * without a warehouse, the product's items everywhere.
 */
Datum
inventory_reserve_order(PG_FUNCTION_ARGS)
{
	OrderRequest order = {0};
	text	   *key;
	ArrayType  *made = NULL;
	Identity	caller;

	order.reference_id = ArgumentLabel(fcinfo, 0, "reference_id");
	order.lines = LineItemsRead(fcinfo, 1, &order_line, &order.nlines);
	order.ttl_minutes = ArgumentPositive(fcinfo, 2, "ttl_minutes");
	key = PG_ARGISNULL(3) ? NULL : ArgumentLabel(fcinfo, 3, "idempotency_key");
	InitMaterializedSRF(fcinfo, 0);
	order.fcinfo = fcinfo;

	EnterEngineLater(fcinfo, &caller);
	if (key != NULL)
		made = IdempotencyClaim(key, "reserve_order",
								DescribeOrder(&order), NULL, 0);
	if (made == NULL)
	{
		made = DatumGetArrayTypeP(ReserveOrder(&order));
		if (key != NULL)
			IdempotencyStore(key, PointerGetDatum(made));
	}
	if (!order.returned)
		ReservationReturnSet(fcinfo, PointerGetDatum(made));
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * fulfill_order(reference_id)
 *
 * Locks the items of the order's reservations one after the other, in the order of
 * stock.h.
 */
Datum
inventory_fulfill_order(PG_FUNCTION_ARGS)
{
	text	   *reference_id = ArgumentLabel(fcinfo, 0, "reference_id");
	OpenOrder	order;
	Identity	caller;

	InitMaterializedSRF(fcinfo, 0);
	EnterEngineLater(fcinfo, &caller);
	FindOpen(reference_id, &order);
	for (int i = 0; i < order.nactive; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (ReservationFulfillOpen(&order.active[i]))
			AddDone(&order, i);
	}
	if (order.ndone == 0)
		ErrorNoneActive(reference_id);
	if (order.given_up || order.ndone < order.nactive)
		NoticeGivenUp(reference_id);
	ReservationReturnDone(fcinfo, order.done, order.ndone);
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * cancel_order(reference_id, reason)
 *
 * Locks as fulfill_order does.
 */
Datum
inventory_cancel_order(PG_FUNCTION_ARGS)
{
	text	   *reference_id = ArgumentLabel(fcinfo, 0, "reference_id");
	text	   *reason = ArgumentOptionalText(fcinfo, 1, "reason", MAX_REASON_BYTES);
	OpenOrder	order;
	Identity	caller;

	InitMaterializedSRF(fcinfo, 0);
	EnterEngineLater(fcinfo, &caller);
	FindOpen(reference_id, &order);
	for (int i = 0; i < order.nactive; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (ReservationCancelOpen(&order.active[i], reason))
			AddDone(&order, i);
	}
	if (order.ndone == 0)
		ErrorNoneActive(reference_id);
	ReservationReturnDone(fcinfo, order.done, order.ndone);
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * All arguments but the key, as text: what a repeated request must equal.  The same
 * lines are the same text, however their JSON was written.
 */
static char *
DescribeOrder(const OrderRequest *order)
{
	StringInfoData lines;

	initStringInfo(&lines);
	for (int i = 0; i < order->nlines; i++)
	{
		const LineItem *line = &order->lines[i];

		appendStringInfo(&lines, "%s{\"product_id\": %lld, ", i == 0 ? "" : ", ",
						 (long long) line->product_id);
		if (line->has_warehouse)
			appendStringInfo(&lines, "\"warehouse_id\": %lld, ", (long long) line->warehouse_id);
		appendStringInfo(&lines, "\"quantity\": %lld}", (long long) line->quantity);
	}
	if (lines.len > MAX_DESCRIBED_BYTES)
	{
		Datum		hash = DirectFunctionCall1(sha256_bytea,
											   PointerGetDatum(cstring_to_text_with_len(lines.data, lines.len)));

		resetStringInfo(&lines);
		appendStringInfo(&lines, "%d lines with SHA-256 %s", order->nlines,
						 TextDatumGetCString(DirectFunctionCall2(binary_encode, hash,
																 CStringGetTextDatum("hex"))));
	}
	return psprintf("reference_id => %s, lines => [%s], ttl_minutes => %d",
					quote_literal_cstr(text_to_cstring(order->reference_id)),
					lines.data, order->ttl_minutes);
}

/*
 * Makes the reservations of all lines, or raises IV001 and makes none.  Returns
 * bigint[] of their ids.
 */
static Datum
ReserveOrder(OrderRequest *order)
{
	FindSourcedProducts(order);
	FindCandidates(order);
	CollectItems(order);
	DemandNamed(order);
	if (order->nproducts == 0)
		HoldUntouched(order);
	StockSetLockFrom(&order->items, order->nheld);
	CheckNamed(order);
	ShareOut(order);
	return HoldShares(order);
}

/*
 * The products that a line names without a warehouse, sorted and each once.
 */
static void
FindSourcedProducts(OrderRequest *order)
{
	int			kept = 0;

	order->products = palloc(order->nlines * sizeof(int64));
	for (int i = 0; i < order->nlines; i++)
		if (!order->lines[i].has_warehouse)
			order->products[order->nproducts++] = order->lines[i].product_id;
	qsort(order->products, order->nproducts, sizeof(int64), CompareInt64);
	for (int i = 0; i < order->nproducts; i++)
		if (kept == 0 || order->products[kept - 1] != order->products[i])
			order->products[kept++] = order->products[i];
	order->nproducts = kept;
}

/*
 * The items that could serve those products.  Nothing is locked yet, but items do
 * not go away once they had stock, and one that is made from now on had none.
 */
static void
FindCandidates(OrderRequest *order)
{
	Datum		values[1];

	if (order->nproducts == 0)
		return;
	values[0] = PlanInt64Array(order->products, order->nproducts);
	order->ncandidates = (int) PlanExecute(&find_candidates, values, NULL);
	order->candidates = palloc(Max(order->ncandidates, 1) * sizeof(Candidate));
	for (int i = 0; i < order->ncandidates; i++)
	{
		bool		isnull;

		order->candidates[i].product_id = PlanInt64(i, 1);
		order->candidates[i].warehouse_id = PlanInt64(i, 2);
		order->candidates[i].priority = DatumGetInt32(PlanColumn(i, 3, &isnull));
	}
	RankWarehouses(order);
}

/*
 * The warehouses of the candidates, by priority and then by id.
 */
static void
RankWarehouses(OrderRequest *order)
{
	qsort(order->candidates, order->ncandidates, sizeof(Candidate), CompareCandidates);
	order->warehouses = palloc(Max(order->ncandidates, 1) * sizeof(int64));
	for (int i = 0; i < order->ncandidates; i++)
		if (order->nwarehouses == 0 ||
			order->warehouses[order->nwarehouses - 1] != order->candidates[i].warehouse_id)
			order->warehouses[order->nwarehouses++] = order->candidates[i].warehouse_id;
}

/*
 * Every item that a line names or that could serve one.
 */
static void
CollectItems(OrderRequest *order)
{
	for (int i = 0; i < order->nlines; i++)
		if (order->lines[i].has_warehouse)
			StockSetAdd(&order->items, order->lines[i].product_id,
						order->lines[i].warehouse_id, false);
	for (int i = 0; i < order->ncandidates; i++)
		StockSetAdd(&order->items, order->candidates[i].product_id,
					order->candidates[i].warehouse_id, false);
	StockSetSort(&order->items);
}

/*
 * Adds up what the lines that name a warehouse want of each item; the same item
 * may be in several lines.
 */
static void
DemandNamed(OrderRequest *order)
{
	for (int i = 0; i < order->nlines; i++)
	{
		const LineItem *line = &order->lines[i];

		if (line->has_warehouse)
			AddDemand(StockSetFind(&order->items, line->product_id, line->warehouse_id),
					  line->quantity);
	}
}

/*
 * Holds what is wanted of the first items, where every line names its warehouse, as
 * long as nobody else is at them and they have enough.  The order of the locks is
 * kept: what can not be held so is locked after them.
 */
static void
HoldUntouched(OrderRequest *order)
{
	while (order->nheld < order->items.count)
	{
		StockItem  *item = &order->items.items[order->nheld];

		CHECK_FOR_INTERRUPTS();
		if (!StockRead(item->product_id, item->warehouse_id, item) ||
			!ReservationTryHold(item, item->demand))
			break;
		order->nheld++;
	}
}

/*
 * Raises IV003 for a locked item that a line names and that cannot exist, IV001 for
 * one that does not.
 */
static void
CheckNamed(OrderRequest *order)
{
	for (int i = order->nheld; i < order->items.count; i++)
	{
		const StockItem *item = &order->items.items[i];

		if (item->item_id == 0 && item->demand > 0)
		{
			LineItemsCheckExist(order->lines, order->nlines, &order_line);
			ErrorInsufficientStock(item->product_id, item->warehouse_id, 0, item->demand);
		}
	}
}

/*
 * Adds to what the order wants of an item.
 */
static void
AddDemand(StockItem *item, int64 quantity)
{
	if (pg_add_s64_overflow(item->demand, quantity, &item->demand))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the lines together ask for too much of product %lld",
						(long long) item->product_id)));
}

/*
 * Decides which item serves which line: the one it names, or those that the
 * setting inventory.allocation chooses.  What the lines that name a warehouse want
 * comes first, whatever the order of the lines, since nothing else can serve them.
 */
static void
ShareOut(OrderRequest *order)
{
	Allocation *allocation = PrepareAllocation(order);
	AllocationPick *picks = palloc(Max(order->nwarehouses, 1) * sizeof(AllocationPick));

	for (int i = 0; i < order->nlines; i++)
	{
		const LineItem *line = &order->lines[i];
		int			npicks;

		CHECK_FOR_INTERRUPTS();
		if (line->has_warehouse)
		{
			AddShare(order, line->product_id, line->warehouse_id, line->quantity);
			continue;
		}
		npicks = AllocationPickLine(allocation, ProductIndex(order, line->product_id),
									line->quantity, picks);
		for (int pick = 0; pick < npicks; pick++)
		{
			int64		warehouse_id = order->warehouses[picks[pick].warehouse];

			AddDemand(StockSetFind(&order->items, line->product_id, warehouse_id),
					  picks[pick].quantity);
			AddShare(order, line->product_id, warehouse_id, picks[pick].quantity);
		}
	}
}

/*
 * What each warehouse has free for the lines that name none.  Raises IV001 when
 * all together have too little.
 */
static Allocation *
PrepareAllocation(const OrderRequest *order)
{
	Allocation *allocation = palloc0(sizeof(Allocation));
	int64	   *needed;

	allocation->policy = guc_allocation;
	allocation->nproducts = order->nproducts;
	allocation->nwarehouses = order->nwarehouses;
	if (order->nproducts == 0)
		return allocation;

	allocation->free = palloc_extended(Max((Size) order->nproducts * order->nwarehouses, 1) * sizeof(int64),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	allocation->used = palloc0(Max(order->nwarehouses, 1) * sizeof(bool));
	for (int i = 0; i < order->ncandidates; i++)
	{
		const StockItem *item = StockSetFind(&order->items, order->candidates[i].product_id,
											 order->candidates[i].warehouse_id);
		int			product = ProductIndex(order, item->product_id);
		int			warehouse = WarehouseIndex(order, item->warehouse_id);

		if (item->item_id != 0)
			allocation->free[(Size) product * order->nwarehouses + warehouse] =
				Max(ReservationFree(item) - item->demand, 0);
	}
	for (int i = 0; i < order->nlines; i++)
	{
		int			warehouse = order->lines[i].has_warehouse ?
			WarehouseIndex(order, order->lines[i].warehouse_id) : -1;

		if (warehouse >= 0)
			allocation->used[warehouse] = true;
	}
	needed = SumNeeded(order);
	CheckEnough(order, allocation, needed);
	AllocationChoose(allocation, needed);
	return allocation;
}

/*
 * What the lines without a warehouse together ask for of each product.
 */
static int64 *
SumNeeded(const OrderRequest *order)
{
	StockItem  *sums = palloc0(order->nproducts * sizeof(StockItem));
	int64	   *needed = palloc(order->nproducts * sizeof(int64));

	for (int i = 0; i < order->nlines; i++)
	{
		int			product;

		if (order->lines[i].has_warehouse)
			continue;
		product = ProductIndex(order, order->lines[i].product_id);
		sums[product].product_id = order->lines[i].product_id;
		AddDemand(&sums[product], order->lines[i].quantity);
	}
	for (int i = 0; i < order->nproducts; i++)
		needed[i] = sums[i].demand;
	return needed;
}

/*
 * Raises IV001 for a product of which all warehouses together have too little,
 * IV003 for one that does not exist.
 */
static void
CheckEnough(const OrderRequest *order, const Allocation *allocation,
			const int64 *needed)
{
	for (int product = 0; product < order->nproducts; product++)
	{
		int64		free = 0;

		for (int w = 0; w < order->nwarehouses; w++)
			if (pg_add_s64_overflow(free, allocation->free[(Size) product * order->nwarehouses + w], &free))
				free = PG_INT64_MAX;
		if (free >= needed[product])
			continue;
		LineItemsCheckExist(order->lines, order->nlines, &order_line);
		ErrorInsufficientAnywhere(order->products[product], free, needed[product]);
	}
}

/*
 * Adds a reservation to be made.
 */
static void
AddShare(OrderRequest *order, int64 product_id, int64 warehouse_id, int64 quantity)
{
	if (order->nshares == order->max_shares)
	{
		order->max_shares = Max(2 * order->max_shares, order->nlines);
		order->shares = order->shares == NULL ?
			palloc_extended(order->max_shares * sizeof(Share), MCXT_ALLOC_HUGE) :
			repalloc_huge(order->shares, order->max_shares * sizeof(Share));
	}
	order->shares[order->nshares++] = (Share)
	{
		product_id, warehouse_id, quantity
	};
}

/*
 * Holds what is wanted of each item, or raises IV001, and writes the reservations,
 * which are returned as they are written if that can be done.
 */
static Datum
HoldShares(OrderRequest *order)
{
	int64	   *made = palloc_extended(order->nshares * sizeof(int64), MCXT_ALLOC_HUGE);

	for (int i = order->nheld; i < order->items.count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (order->items.items[i].demand > 0)
			ReservationHold(&order->items.items[i], order->items.items[i].demand);
	}
	order->returned = order->nshares > 0;
	for (int i = 0; i < order->nshares; i++)
	{
		ReservationDraft draft = {
			.product_id = order->shares[i].product_id,
			.warehouse_id = order->shares[i].warehouse_id,
			.quantity = order->shares[i].quantity,
			.reference_id = order->reference_id,
			.reference_type = "ORDER",
			.ttl_minutes = order->ttl_minutes
		};

		CHECK_FOR_INTERRUPTS();
		made[i] = ReservationInsert(&draft, 0);
		order->returned = order->returned && ReservationReturnInserted(order->fcinfo);
	}
	if (!order->returned)
		tuplestore_clear(((ReturnSetInfo *) order->fcinfo->resultinfo)->setResult);
	return PlanInt64Array(made, order->nshares);
}

/*
 * Which of the sorted products this one is.
 */
static int
ProductIndex(const OrderRequest *order, int64 product_id)
{
	const int64 *found = bsearch(&product_id, order->products, order->nproducts,
								 sizeof(int64), CompareInt64);

	return (int) (found - order->products);
}

/*
 * Which of the candidates' warehouses this one is, -1 when it is none of them.
 */
static int
WarehouseIndex(const OrderRequest *order, int64 warehouse_id)
{
	for (int w = 0; w < order->nwarehouses; w++)
		if (order->warehouses[w] == warehouse_id)
			return w;
	return -1;
}

static int
CompareInt64(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

/*
 * By preference of the warehouse, so that its items are next to each other.
 */
static int
CompareCandidates(const void *a, const void *b)
{
	const Candidate *left = a;
	const Candidate *right = b;

	if (left->priority != right->priority)
		return left->priority < right->priority ? -1 : 1;
	return CompareInt64(&left->warehouse_id, &right->warehouse_id);
}

/*
 * An order's ACTIVE reservations, in the order in which their items are to be locked.
 * What they are under the lock is looked at again.
 */
static void
FindOpen(text *reference_id, OpenOrder *order)
{
	FastRelation *fast = FastOpen(FAST_RESERVATION);

	memset(order, 0, sizeof(OpenOrder));
	if (fast == NULL || !FastEach(fast, reference_id, TakeOpen, order))
		FindOpenByStatement(reference_id, order);
	qsort(order->active, order->nactive, sizeof(ReservationPlace), ComparePlaces);
	order->done = palloc_extended(Max(order->nactive, 1) * sizeof(ReservationDone), MCXT_ALLOC_HUGE);
}

/*
 * Takes a reservation that has the reference of the order.
 */
static void
TakeOpen(FastRelation *fast, void *state)
{
	TupleTableSlot *row = fast->row;
	OpenOrder  *order = state;
	bool		isnull;
	Datum		type = slot_getattr(row, Anum_reservation_reference_type, &isnull);
	Datum		status = slot_getattr(row, Anum_reservation_status, &isnull);

	CHECK_FOR_INTERRUPTS();
	if (type != FastLabelDatum(fast, Anum_reservation_reference_type, "ORDER"))
		return;
	if (status == FastLabelDatum(fast, Anum_reservation_status, "ACTIVE"))
		*AddOpen(order) = (ReservationPlace)
	{
		DatumGetInt64(slot_getattr(row, Anum_reservation_id, &isnull)),
			DatumGetInt64(slot_getattr(row, Anum_reservation_product_id, &isnull)),
			DatumGetInt64(slot_getattr(row, Anum_reservation_warehouse_id, &isnull)),
			row->tts_tid
	};
	else if (status != FastLabelDatum(fast, Anum_reservation_status, "FULFILLED"))
		order->given_up = true;
}

/*
 * FindOpen by a plain statement.
 */
static void
FindOpenByStatement(text *reference_id, OpenOrder *order)
{
	Datum		values[1] = {PointerGetDatum(reference_id)};
	uint64		rows = PlanExecute(&find_open, values, NULL);

	for (uint64 row = 0; row < rows; row++)
	{
		bool		isnull;

		if (DatumGetBool(PlanColumn(row, 5, &isnull)))
			*AddOpen(order) = (ReservationPlace)
		{
			PlanInt64(row, 1), PlanInt64(row, 2), PlanInt64(row, 3),
				*(ItemPointer) DatumGetPointer(PlanColumn(row, 4, &isnull))
		};
		else
			order->given_up = true;
	}
}

/*
 * Makes room for one more reservation of an order.
 */
static ReservationPlace *
AddOpen(OpenOrder *order)
{
	if (order->nactive == order->max_active)
	{
		order->max_active = Max(2 * order->max_active, 32);
		order->active = order->active == NULL ?
			palloc(order->max_active * sizeof(ReservationPlace)) :
			repalloc_huge(order->active, order->max_active * sizeof(ReservationPlace));
	}
	return &order->active[order->nactive++];
}

static int
ComparePlaces(const void *a, const void *b)
{
	const ReservationPlace *left = a;
	const ReservationPlace *right = b;
	int			order = CompareInt64(&left->product_id, &right->product_id);

	if (order == 0)
		order = CompareInt64(&left->warehouse_id, &right->warehouse_id);
	return order != 0 ? order : CompareInt64(&left->reservation_id, &right->reservation_id);
}

/*
 * Notes that the reservation that was just written is to be returned.
 */
static void
AddDone(OpenOrder *order, int i)
{
	ReservationDone *done = &order->done[order->ndone++];

	done->reservation_id = order->active[i].reservation_id;
	done->row = ReservationWritten();
}

/*
 * Says so when an order that was just fulfilled has reservations that were
 * cancelled, or expired, before: what they held does not ship.
 */
static void
NoticeGivenUp(text *reference_id)
{
	Datum		values[1] = {PointerGetDatum(reference_id)};
	int64		given_up;

	PlanExecute(&count_given_up, values, NULL);
	given_up = PlanInt64(0, 1);
	if (given_up > 0)
		ereport(NOTICE,
				(errmsg("order %s has cancelled reservations, which were not fulfilled: %lld",
						quote_literal_cstr(text_to_cstring(reference_id)),
						(long long) given_up)));
}

/*
 * Raises IV003 when the order has no reservations at all, IV002 when none of them
 * is ACTIVE.
 */
static void
ErrorNoneActive(text *reference_id)
{
	Datum		values[1] = {PointerGetDatum(reference_id)};
	bool		isnull;
	Datum		states;

	PlanExecute(&find_states, values, NULL);
	states = PlanColumn(0, 1, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_NOT_FOUND),
				 errmsg("order %s has no reservations",
						quote_literal_cstr(text_to_cstring(reference_id)))));
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INVALID_STATE),
			 errmsg("order %s has no active reservation",
					quote_literal_cstr(text_to_cstring(reference_id))),
			 errdetail("They are %s.", TextDatumGetCString(states))));
}
