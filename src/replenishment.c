/*
 * replenishment.c
 *		run_replenishment: what is low is drafted, or proposed as a transfer, and
 *		procurement is told; acknowledge_notification.
 *
 * A run reads the low items without locking them: a draft promises nothing that a
 * sale could take away.  Only the items of proposed transfers are locked, all
 * together, before the first of them is made.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "errors.h"
#include "guc.h"
#include "identity.h"
#include "line_item.h"
#include "plan.h"
#include "purchasing.h"
#include "stock.h"
#include "transfer.h"

/* Waits for a run that is under way, and raises 40001 for one that it cannot see. */
static KeptPlan begin_run = {
	.sql = "INSERT INTO inventory.replenishment_run (last_run_at) VALUES ($1) "
	"ON CONFLICT (only_row) DO UPDATE SET last_run_at = excluded.last_run_at",
	.result = SPI_OK_INSERT,
	.nargs = 1,
	.argtypes = {TIMESTAMPTZOID}
};

/* The columns of its result. */
enum OnOrderColumn
{
	ON_ORDER_PRODUCT_ID = 1,
	ON_ORDER_WAREHOUSE_ID,
	ON_ORDER_PO_ID,
	ON_ORDER_SUPPLIER_ID
};

/*
 * What is on order.  Whatever the planner knows of the tables, the orders are found by
 * the index of the open ones, and the lines of each by its id.
 */
static KeptPlan find_on_order = {
	.sql = "SELECT l.product_id, o.warehouse_id, o.po_id, o.supplier_id "
	"FROM inventory.purchase_order o "
	"CROSS JOIN LATERAL (SELECT l.product_id FROM inventory.purchase_order_line l "
	"WHERE l.po_id OPERATOR(pg_catalog.=) o.po_id "
	"AND l.quantity_received OPERATOR(pg_catalog.<) l.quantity OFFSET 0) AS l "
	"WHERE o.status OPERATOR(pg_catalog.=) ANY (ARRAY['DRAFT', 'SUBMITTED', 'CONFIRMED']::inventory.purchase_order_status[])",
	.result = SPI_OK_SELECT,
	.replan = true
};

/* The columns of its result. */
enum LowColumn
{
	LOW_PRODUCT_ID = 1,
	LOW_WAREHOUSE_ID,
	LOW_AVAILABLE,
	LOW_REORDER_POINT,
	LOW_REORDER_QUANTITY
};

/*
 * The low items.  They are not joined with what is on order: how many there are of both
 * changes faster than the tables are analyzed, and a join planned for a few of them
 * compares each with each.
 */
static KeptPlan find_low = {
	.sql = "SELECT i.product_id, i.warehouse_id, i.quantity_available, i.reorder_point, "
	"i.reorder_quantity FROM inventory.inventory_item i WHERE i.is_low",
	.result = SPI_OK_SELECT,
	.replan = true
};

/* The columns of its result. */
enum TermsColumn
{
	TERMS_ITEM = 1,				/* counted from 1 */
	TERMS_PRODUCT_ACTIVE,
	TERMS_SUPPLIER_ID,
	TERMS_SUPPLIER_ACTIVE,
	TERMS_MINIMUM,
	TERMS_MULTIPLE
};

/* Where products can be ordered. */
static KeptPlan find_terms = {
	.sql = "SELECT wanted.n, p.is_active, t.supplier_id, s.is_active, "
	"t.min_order_quantity, t.order_multiple "
	"FROM pg_catalog.unnest($1) WITH ORDINALITY AS wanted(product_id, n) "
	"JOIN inventory.product p ON p.product_id OPERATOR(pg_catalog.=) wanted.product_id "
	"LEFT JOIN inventory.product_supplier t ON t.product_id OPERATOR(pg_catalog.=) wanted.product_id AND t.is_preferred "
	"LEFT JOIN inventory.supplier s ON s.supplier_id OPERATOR(pg_catalog.=) t.supplier_id",
	.result = SPI_OK_SELECT,
	.replan = true,
	.nargs = 1,
	.argtypes = {INT8ARRAYOID}
};

static KeptPlan find_inbound = {
	.sql = "SELECT pg_catalog.min(t.transfer_id) FROM inventory.transfer_order_line l "
	"JOIN inventory.transfer_order t ON t.transfer_id OPERATOR(pg_catalog.=) l.transfer_id "
	"WHERE l.product_id OPERATOR(pg_catalog.=) $1 "
	"AND t.to_warehouse_id OPERATOR(pg_catalog.=) $2 "
	"AND (t.status OPERATOR(pg_catalog.=) 'PENDING' "
	"OR (t.status OPERATOR(pg_catalog.=) 'IN_TRANSIT' AND l.quantity_shipped OPERATOR(pg_catalog.>) "
	"(l.quantity_received OPERATOR(pg_catalog.+) l.quantity_lost OPERATOR(pg_catalog.+) l.quantity_returned)))",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

static KeptPlan find_spare = {
	.sql = "SELECT i.warehouse_id, i.quantity_available, i.reorder_point "
	"FROM inventory.inventory_item i "
	"JOIN inventory.warehouse w ON w.warehouse_id OPERATOR(pg_catalog.=) i.warehouse_id "
	"WHERE i.product_id OPERATOR(pg_catalog.=) $1 "
	"AND i.warehouse_id OPERATOR(pg_catalog.<>) $2 "
	"AND i.quantity_available OPERATOR(pg_catalog.>) i.reorder_point "
	"ORDER BY w.priority, w.warehouse_id",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

/*
 * What a run did about each item.  unnest of several arrays: see ledger.c.  0 stands
 * for what there is none of.
 */
static KeptPlan insert_entries = {
	.sql = "INSERT INTO inventory.replenishment_entry (logged_at, product_id, warehouse_id, "
	"quantity_available, reorder_point, outcome, reason, quantity, supplier_id, po_id, transfer_id) "
	"SELECT $1, u.product_id, u.warehouse_id, u.available, u.reorder_point, u.outcome, u.reason, "
	"CASE WHEN u.quantity OPERATOR(pg_catalog.<>) 0 THEN u.quantity END, "
	"CASE WHEN u.supplier_id OPERATOR(pg_catalog.<>) 0 THEN u.supplier_id END, "
	"CASE WHEN u.po_id OPERATOR(pg_catalog.<>) 0 THEN u.po_id END, "
	"CASE WHEN u.transfer_id OPERATOR(pg_catalog.<>) 0 THEN u.transfer_id END "
	"FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS u(product_id, warehouse_id, "
	"available, reorder_point, quantity, supplier_id, po_id, transfer_id, outcome, reason)",
	.result = SPI_OK_INSERT,
	.nargs = 11,
	.argtypes = {TIMESTAMPTZOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
		INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID}
};

static KeptPlan purge_entries = {
	.sql = "DELETE FROM inventory.replenishment_entry "
	"WHERE logged_at OPERATOR(pg_catalog.<) ($1 OPERATOR(pg_catalog.-) pg_catalog.make_interval(days => $2))",
	.result = SPI_OK_DELETE,
	.nargs = 2,
	.argtypes = {TIMESTAMPTZOID, INT4OID}
};

/*
 * NOTIFY carries less than 8,000 bytes: what is longer goes without the lines, and
 * whoever listens reads them in the table.
 */
#define NOTIFY_NEW \
	"SELECT pg_catalog.pg_notify('inventory_procurement', " \
	"CASE WHEN pg_catalog.octet_length(CAST(n.payload AS pg_catalog.text)) OPERATOR(pg_catalog.<) 7900 " \
	"THEN CAST(n.payload OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('notification_id', n.notification_id) AS pg_catalog.text) " \
	"ELSE CAST(pg_catalog.jsonb_build_object('notification_id', n.notification_id, 'event', n.payload OPERATOR(pg_catalog.->) 'event', " \
	"'po_id', n.po_id, 'truncated', true) AS pg_catalog.text) END) FROM new n"

static KeptPlan notify_draft = {
	.sql = "WITH new AS ("
	"INSERT INTO inventory.procurement_notification (po_id, payload, created_at) "
	"SELECT o.po_id, pg_catalog.jsonb_build_object('event', 'purchase_order_drafted', 'po_id', o.po_id, "
	"'supplier_id', o.supplier_id, 'supplier_name', s.name, "
	"'warehouse_id', o.warehouse_id, 'warehouse_name', w.name, "
	"'line_items', inventory.line_items(o), "
	"'total_cost', (SELECT pg_catalog.sum(l.unit_cost OPERATOR(pg_catalog.*) CAST(l.quantity AS pg_catalog.numeric)) "
	"FROM inventory.purchase_order_line l WHERE l.po_id OPERATOR(pg_catalog.=) o.po_id)), $2 "
	"FROM inventory.purchase_order o "
	"JOIN inventory.supplier s ON s.supplier_id OPERATOR(pg_catalog.=) o.supplier_id "
	"JOIN inventory.warehouse w ON w.warehouse_id OPERATOR(pg_catalog.=) o.warehouse_id "
	"WHERE o.po_id OPERATOR(pg_catalog.=) $1 "
	"RETURNING notification_id, po_id, payload) " NOTIFY_NEW,
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}
};

/* Items that nobody can be asked for; each is told again only after it was not so. */
static KeptPlan notify_unsupplied = {
	.sql = "WITH new AS ("
	"INSERT INTO inventory.procurement_notification (payload, created_at) "
	"SELECT pg_catalog.jsonb_build_object('event', 'no_preferred_supplier', 'items', pg_catalog.jsonb_agg("
	"pg_catalog.jsonb_build_object('product_id', e.product_id, 'sku', p.sku, 'warehouse_id', e.warehouse_id, "
	"'quantity_available', e.quantity_available, 'reorder_point', e.reorder_point, 'reason', e.reason) "
	"ORDER BY e.product_id, e.warehouse_id)), $1 "
	"FROM inventory.replenishment_entry e "
	"JOIN inventory.product p ON p.product_id OPERATOR(pg_catalog.=) e.product_id "
	"WHERE e.logged_at OPERATOR(pg_catalog.=) $1 AND e.reason OPERATOR(pg_catalog.=) ANY (ARRAY[$2, $3]) "
	"AND NOT EXISTS (SELECT FROM (SELECT b.reason FROM inventory.replenishment_entry b "
	"WHERE b.product_id OPERATOR(pg_catalog.=) e.product_id "
	"AND b.warehouse_id OPERATOR(pg_catalog.=) e.warehouse_id "
	"AND b.logged_at OPERATOR(pg_catalog.<) $1 ORDER BY b.logged_at DESC LIMIT 1) AS before "
	"WHERE before.reason OPERATOR(pg_catalog.=) e.reason) "
	"HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 "
	"RETURNING notification_id, po_id, payload) " NOTIFY_NEW,
	.result = SPI_OK_SELECT,
	.nargs = 3,
	.argtypes = {TIMESTAMPTZOID, TEXTOID, TEXTOID}
};

static KeptPlan return_orders = {
	.sql = "SELECT found.o FROM pg_catalog.unnest($1) AS made(po_id) "
	"CROSS JOIN LATERAL (SELECT o FROM inventory.purchase_order o "
	"WHERE o.po_id OPERATOR(pg_catalog.=) made.po_id OFFSET 0) AS found "
	"ORDER BY made.po_id",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8ARRAYOID}
};

static KeptPlan acknowledge = {
	.sql = "UPDATE inventory.procurement_notification AS n "
	"SET acknowledged_at = COALESCE(n.acknowledged_at, $2) "
	"WHERE n.notification_id OPERATOR(pg_catalog.=) $1 RETURNING n",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}
};

/* Entries of the log in one INSERT. */
#define LOG_ROWS	10000

#define REASON_INACTIVE_PRODUCT		"the product is not active"
#define REASON_NO_SUPPLIER			"no preferred supplier"
#define REASON_INACTIVE_SUPPLIER	"the preferred supplier is not active"

/* An item below its reorder point, and what is done about it. */
typedef struct LowItem
{
	int64		product_id;
	int64		warehouse_id;
	int64		available;
	int64		reorder_point;
	int64		reorder_quantity;
	int64		supplier_id;	/* of the open order, else preferred; 0 when there is none */
	int64		minimum;
	int64		multiple;

	const char *outcome;
	const char *reason;
	int64		quantity;		/* to be ordered or moved; 0 when skipped */
	int64		source_id;		/* warehouse it is to be moved from; 0 is none */
	int64		source_keeps;	/* its own reorder point */
	int64		po_id;
	int64		transfer_id;
} LowItem;

/* A product that is on order for a warehouse. */
typedef struct OnOrder
{
	int64		product_id;
	int64		warehouse_id;
	int64		po_id;
	int64		supplier_id;
} OnOrder;

/* What a warehouse is to give of a product to the items that were looked at. */
typedef struct Promise
{
	int64		key[2];			/* product and warehouse */
	int64		quantity;
} Promise;

PG_FUNCTION_INFO_V1(inventory_run_replenishment);
PG_FUNCTION_INFO_V1(inventory_acknowledge_notification);

static LowItem *FindLow(int *nitems);
static void SkipOnOrder(Snapshot snapshot, LowItem *items, int nitems);
static OnOrder *FindOnOrder(Snapshot snapshot, int *nlines);
static void ReadLow(int row, LowItem *item);
static int64 OptionalId(int row, int column);
static int	KeepFirstOrder(OnOrder *lines, int nlines);
static void FindTerms(LowItem *items, int nitems);
static int	DropUnknown(LowItem *items, int nitems);
static void ReadTerms(int row, LowItem *item);
static int	CompareOnOrder(const void *a, const void *b);
static int	CompareItemOfLine(const void *item, const void *line);
static int	CompareForOrders(const void *a, const void *b);
static int	CompareKeys(const int64 *keys, int count);
static void Skip(LowItem *item, const char *reason);
static void ProposeTransfers(LowItem *items, int nitems);
static HTAB *CreatePromises(int nitems);
static void FindSource(LowItem *item, HTAB *promises);
static Promise *FindPromise(HTAB *promises, int64 product_id, int64 source_id);
static void LockSources(LowItem *items, int nitems);
static void CreateTransfers(LowItem *items, int nitems);
static int64 *DraftOrders(LowItem *items, int nitems, TimestampTz now, int *norders);
static int64 DraftOrder(LowItem *items, int nitems, LineItem *lines);
static int	SameOrder(const LowItem *items, int nitems, int first);
static int64 Wanted(const LowItem *item);
static bool OrderQuantity(LowItem *item);
static void LogItems(const LowItem *items, int nitems, TimestampTz now);
static void LogSome(const LowItem *items, int nitems, TimestampTz now);
static void TellUnsupplied(const LowItem *items, int nitems, TimestampTz now);
static bool IsUnsupplied(const LowItem *item);

/*
 * run_replenishment()
 */
Datum
inventory_run_replenishment(PG_FUNCTION_ARGS)
{
	TimestampTz now;
	Datum		values[2];
	LowItem    *items;
	int			nitems;
	int64	   *orders;
	int			norders;
	Identity	caller;

	InitMaterializedSRF(fcinfo, 0);
	EnterEngine(fcinfo, &caller);

	/*
	 * The low items are few, and so are the open orders, and partial indexes have
	 * them; where a table was not analyzed yet, the planner would take the low items
	 * for a half of the catalogue.  Nothing of it is worth compiling.  LeaveEngine
	 * undoes this.
	 */
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	values[0] = TimestampTzGetDatum(GetCurrentTimestamp());
	PlanWriteRow(&begin_run, values, NULL);
	now = GetCurrentTimestamp();

	items = FindLow(&nitems);
	if (guc_replenish_by_transfer)
		ProposeTransfers(items, nitems);
	orders = DraftOrders(items, nitems, now, &norders);
	LogItems(items, nitems, now);
	TellUnsupplied(items, nitems, now);

	values[0] = TimestampTzGetDatum(now);
	values[1] = Int32GetDatum(guc_replenishment_log_days);
	PlanExecute(&purge_entries, values, NULL);
	values[0] = PlanInt64Array(orders, norders);
	PlanExecute(&return_orders, values, NULL);
	PlanReturnSet(fcinfo);
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * acknowledge_notification(notification_id)
 */
Datum
inventory_acknowledge_notification(PG_FUNCTION_ARGS)
{
	int64		notification_id = ArgumentId(fcinfo, 0, "notification_id");
	Datum		values[2] = {
		Int64GetDatum(notification_id),
		TimestampTzGetDatum(GetCurrentTimestamp())
	};
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	if (PlanExecute(&acknowledge, values, NULL) == 0)
		ErrorNotFound("notification", notification_id);
	result = PlanResult();
	LeaveEngine(&caller);
	return result;
}

/*
 * The low items, by supplier, warehouse and product, and which of them have to be
 * skipped for what they are.  From hour to hour most of what is low is on order, so
 * that nothing else is looked up of an item before this is known.  Both are read under
 * one snapshot: goods that come in are on order or on the shelf, and who makes an item
 * low and orders it has done both or neither.
 */
static LowItem *
FindLow(int *nitems)
{
	Snapshot	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	LowItem    *items;

	*nitems = (int) PlanExecuteUnder(snapshot, &find_low, NULL, NULL);
	items = palloc_extended(Max(*nitems, 1) * sizeof(LowItem), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < *nitems; i++)
		ReadLow(i, &items[i]);
	if (*nitems > 0)
		SkipOnOrder(snapshot, items, *nitems);
	UnregisterSnapshot(snapshot);
	FindTerms(items, *nitems);
	*nitems = DropUnknown(items, *nitems);
	qsort(items, *nitems, sizeof(LowItem), CompareForOrders);
	return items;
}

/*
 * Skips the items that are on order.
 */
static void
SkipOnOrder(Snapshot snapshot, LowItem *items, int nitems)
{
	int			nlines;
	OnOrder    *lines = FindOnOrder(snapshot, &nlines);

	for (int i = 0; i < nitems; i++)
	{
		const OnOrder *line = bsearch(&items[i], lines, nlines, sizeof(OnOrder), CompareItemOfLine);

		if (line == NULL)
			continue;
		items[i].po_id = line->po_id;
		items[i].supplier_id = line->supplier_id;
		Skip(&items[i], "it is on an open purchase order");
	}
	pfree(lines);
}

/*
 * What is on order, by product and warehouse, each once, with the first of its orders.
 */
static OnOrder *
FindOnOrder(Snapshot snapshot, int *nlines)
{
	int			rows = (int) PlanExecuteUnder(snapshot, &find_on_order, NULL, NULL);
	OnOrder    *lines = palloc_extended(Max(rows, 1) * sizeof(OnOrder), MCXT_ALLOC_HUGE);

	for (int row = 0; row < rows; row++)
		lines[row] = (OnOrder)
	{
		.product_id = PlanInt64(row, ON_ORDER_PRODUCT_ID),
			.warehouse_id = PlanInt64(row, ON_ORDER_WAREHOUSE_ID),
			.po_id = PlanInt64(row, ON_ORDER_PO_ID),
			.supplier_id = PlanInt64(row, ON_ORDER_SUPPLIER_ID)
	};
	*nlines = KeepFirstOrder(lines, rows);
	return lines;
}

/*
 * Reads a row of find_low.
 */
static void
ReadLow(int row, LowItem *item)
{
	item->product_id = PlanInt64(row, LOW_PRODUCT_ID);
	item->warehouse_id = PlanInt64(row, LOW_WAREHOUSE_ID);
	item->available = PlanInt64(row, LOW_AVAILABLE);
	item->reorder_point = PlanInt64(row, LOW_REORDER_POINT);
	item->reorder_quantity = PlanInt64(row, LOW_REORDER_QUANTITY);
}

/*
 * A bigint of the last statement, 0 where it is NULL.
 */
static int64
OptionalId(int row, int column)
{
	bool		isnull;
	Datum		value = PlanColumn(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/*
 * Sorts the lines and keeps each product and warehouse once, with the first of the
 * orders it is on.  Returns how many lines that makes.
 */
static int
KeepFirstOrder(OnOrder *lines, int nlines)
{
	int			kept = 0;

	qsort(lines, nlines, sizeof(OnOrder), CompareOnOrder);
	for (int i = 0; i < nlines; i++)
		if (kept == 0 || lines[kept - 1].product_id != lines[i].product_id ||
			lines[kept - 1].warehouse_id != lines[i].warehouse_id)
			lines[kept++] = lines[i];
	return kept;
}

/*
 * Finds out where the items can be ordered that nothing was decided about.
 */
static void
FindTerms(LowItem *items, int nitems)
{
	int64	   *products = palloc_extended(Max(nitems, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	LowItem   **undecided = palloc_extended(Max(nitems, 1) * sizeof(LowItem *), MCXT_ALLOC_HUGE);
	int			count = 0;
	Datum		values[1];
	uint64		rows;

	for (int i = 0; i < nitems; i++)
		if (items[i].outcome == NULL)
		{
			products[count] = items[i].product_id;
			undecided[count++] = &items[i];
		}
	if (count == 0)
		return;
	values[0] = PlanInt64Array(products, count);
	rows = PlanExecute(&find_terms, values, NULL);
	for (uint64 row = 0; row < rows; row++)
		ReadTerms(row, undecided[PlanInt64(row, TERMS_ITEM) - 1]);
	pfree(products);
	pfree(undecided);
}

/*
 * Drops items whose product was deleted since they were read, or is hidden from us:
 * there is nothing to say about them.
 */
static int
DropUnknown(LowItem *items, int nitems)
{
	int			kept = 0;

	for (int i = 0; i < nitems; i++)
		if (items[i].outcome != NULL || items[i].supplier_id != 0)
			items[kept++] = items[i];
	return kept;
}

/*
 * Reads a row of find_terms.
 */
static void
ReadTerms(int row, LowItem *item)
{
	bool		isnull;

	item->supplier_id = OptionalId(row, TERMS_SUPPLIER_ID);
	if (item->supplier_id != 0)
	{
		item->minimum = PlanInt64(row, TERMS_MINIMUM);
		item->multiple = PlanInt64(row, TERMS_MULTIPLE);
	}
	if (!DatumGetBool(PlanColumn(row, TERMS_PRODUCT_ACTIVE, &isnull)))
		Skip(item, REASON_INACTIVE_PRODUCT);
	else if (item->supplier_id == 0)
		Skip(item, REASON_NO_SUPPLIER);
	else if (!DatumGetBool(PlanColumn(row, TERMS_SUPPLIER_ACTIVE, &isnull)))
		Skip(item, REASON_INACTIVE_SUPPLIER);
}

/*
 * By item, and then by order.
 */
static int
CompareOnOrder(const void *a, const void *b)
{
	const OnOrder *left = a;
	const OnOrder *right = b;
	int64		keys[] = {
		left->product_id, right->product_id,
		left->warehouse_id, right->warehouse_id,
		left->po_id, right->po_id
	};

	return CompareKeys(keys, lengthof(keys));
}

/*
 * A LowItem and an OnOrder by what item they are of.
 */
static int
CompareItemOfLine(const void *item, const void *line)
{
	const LowItem *left = item;
	const OnOrder *right = line;
	int64		keys[] = {
		left->product_id, right->product_id,
		left->warehouse_id, right->warehouse_id
	};

	return CompareKeys(keys, lengthof(keys));
}

/*
 * By supplier and warehouse, which is what one order is for, and then by product.
 */
static int
CompareForOrders(const void *a, const void *b)
{
	const LowItem *left = a;
	const LowItem *right = b;
	int64		keys[] = {
		left->supplier_id, right->supplier_id,
		left->warehouse_id, right->warehouse_id,
		left->product_id, right->product_id
	};

	return CompareKeys(keys, lengthof(keys));
}

/*
 * Compares pairs of keys, the first of them first.
 */
static int
CompareKeys(const int64 *keys, int count)
{
	for (int i = 0; i < count; i += 2)
		if (keys[i] != keys[i + 1])
			return keys[i] < keys[i + 1] ? -1 : 1;
	return 0;
}

/*
 * Nothing is ordered of an item.
 */
static void
Skip(LowItem *item, const char *reason)
{
	item->outcome = "SKIPPED";
	item->reason = reason;
}

/*
 * Finds for each item that is neither skipped for good nor on order a warehouse
 * that can spare what is missing, and makes the transfers.
 */
static void
ProposeTransfers(LowItem *items, int nitems)
{
	HTAB	   *promises = CreatePromises(nitems);

	for (int i = 0; i < nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (items[i].outcome == NULL || IsUnsupplied(&items[i]))
			FindSource(&items[i], promises);
	}
	hash_destroy(promises);
	LockSources(items, nitems);
	CreateTransfers(items, nitems);
}

/*
 * No promises yet.
 */
static HTAB *
CreatePromises(int nitems)
{
	HASHCTL		control = {
		.keysize = sizeof(((Promise *) NULL)->key),
		.entrysize = sizeof(Promise),
		.hcxt = CurrentMemoryContext
	};

	return hash_create("inventory transfer promises", Max(nitems, 16), &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Looks for a warehouse that can spare what is missing of an item, less what was
 * promised to the items before it.  One that is on its way already is waited for.
 */
static void
FindSource(LowItem *item, HTAB *promises)
{
	Datum		values[2] = {Int64GetDatum(item->product_id), Int64GetDatum(item->warehouse_id)};
	bool		isnull;
	int			nsources;

	PlanExecute(&find_inbound, values, NULL);
	(void) PlanColumn(0, 1, &isnull);
	if (!isnull)
	{
		item->transfer_id = PlanInt64(0, 1);
		Skip(item, "it is on its way from another warehouse");
		return;
	}
	nsources = (int) PlanExecute(&find_spare, values, NULL);
	for (int i = 0; i < nsources; i++)
	{
		int64		source_id = PlanInt64(i, 1);
		int64		keeps = PlanInt64(i, 3);
		Promise    *promise = FindPromise(promises, item->product_id, source_id);
		int64		spare = PlanInt64(i, 2) - keeps - promise->quantity;

		if (spare < item->reorder_point - item->available)
			continue;
		item->source_id = source_id;
		item->source_keeps = keeps;
		item->quantity = Min(spare, Wanted(item));
		promise->quantity += item->quantity;
		break;
	}
}

/*
 * What a warehouse is to give of a product so far.
 */
static Promise *
FindPromise(HTAB *promises, int64 product_id, int64 source_id)
{
	int64		key[2] = {product_id, source_id};
	bool		found;
	Promise    *promise = hash_search(promises, key, HASH_ENTER, &found);

	if (!found)
		promise->quantity = 0;
	return promise;
}

/*
 * Locks both ends of all transfers that are going to be made, in the common order,
 * and drops those whose source has less by now.
 */
static void
LockSources(LowItem *items, int nitems)
{
	StockSet	stock = {0};

	for (int i = 0; i < nitems; i++)
	{
		if (items[i].source_id == 0)
			continue;
		StockSetAdd(&stock, items[i].product_id, items[i].source_id, false);
		StockSetAdd(&stock, items[i].product_id, items[i].warehouse_id, false);
	}
	StockSetLock(&stock);
	for (int i = 0; i < nitems; i++)
	{
		StockItem  *source;

		if (items[i].source_id == 0)
			continue;
		source = StockSetFind(&stock, items[i].product_id, items[i].source_id);
		if (source->item_id != 0 &&
			StockAvailable(source) - source->demand - items[i].source_keeps >= items[i].quantity)
			source->demand += items[i].quantity;
		else
			items[i].source_id = items[i].quantity = 0;
	}
}

/*
 * Makes the transfers, one for each item: people bundle vans, not programs.
 */
static void
CreateTransfers(LowItem *items, int nitems)
{
	for (int i = 0; i < nitems; i++)
	{
		LineItem	line = {
			.line = 1,
			.product_id = items[i].product_id,
			.quantity = items[i].quantity
		};
		Datum		row;

		CHECK_FOR_INTERRUPTS();
		if (items[i].source_id == 0)
			continue;
		items[i].transfer_id = TransferCreate(items[i].source_id, items[i].warehouse_id,
											  &line, 1, &row);
		items[i].outcome = "TRANSFER";
		items[i].reason = psprintf("warehouse %lld can spare it", (long long) items[i].source_id);
	}
}

/*
 * Drafts an order for each supplier and warehouse of what is left, and tells
 * procurement.  Returns the ids of the orders.
 */
static int64 *
DraftOrders(LowItem *items, int nitems, TimestampTz now, int *norders)
{
	int64	   *orders = palloc(Max(nitems, 1) * sizeof(int64));
	LineItem   *lines = palloc(Max(nitems, 1) * sizeof(LineItem));
	int			end;

	*norders = 0;
	for (int first = 0; first < nitems; first = end)
	{
		int64		po_id;
		Datum		values[2];

		CHECK_FOR_INTERRUPTS();
		end = SameOrder(items, nitems, first);
		po_id = DraftOrder(&items[first], end - first, lines);
		if (po_id == 0)
			continue;
		values[0] = Int64GetDatum(po_id);
		values[1] = TimestampTzGetDatum(now);
		PlanExecute(&notify_draft, values, NULL);
		orders[(*norders)++] = po_id;
	}
	return orders;
}

/*
 * Drafts one order of those items that nothing was decided about, with room for
 * its lines.  A product that has become inactive since the items were read is left
 * out.  Returns the id of the order, or 0.
 */
static int64
DraftOrder(LowItem *items, int nitems, LineItem *lines)
{
	LowItem   **ordered = palloc(nitems * sizeof(LowItem *));
	bool	   *refused = palloc(nitems * sizeof(bool));
	int			nlines = 0;
	int64		po_id = 0;
	Datum		row;

	for (int i = 0; i < nitems; i++)
	{
		if (items[i].outcome != NULL || !OrderQuantity(&items[i]))
			continue;
		lines[nlines] = (LineItem) {.product_id = items[i].product_id, .quantity = items[i].quantity};
		ordered[nlines++] = &items[i];
	}
	if (nlines > 0)
		po_id = PurchaseOrderCreate(items[0].supplier_id, items[0].warehouse_id,
									lines, nlines, NULL, refused, &row);
	for (int i = 0; i < nlines; i++)
	{
		if (refused[i])
		{
			Skip(ordered[i], REASON_INACTIVE_PRODUCT);
			ordered[i]->quantity = 0;
			continue;
		}
		ordered[i]->outcome = "ORDERED";
		ordered[i]->reason = "available is below the reorder point";
		ordered[i]->po_id = po_id;
	}
	pfree(ordered);
	pfree(refused);
	return po_id;
}

/*
 * Where the run of items ends that go on one order with the first.
 */
static int
SameOrder(const LowItem *items, int nitems, int first)
{
	int			end = first + 1;

	while (end < nitems &&
		   items[end].supplier_id == items[first].supplier_id &&
		   items[end].warehouse_id == items[first].warehouse_id)
		end++;
	return end;
}

/*
 * The reorder quantity, or what is missing to the reorder point if that is more.
 */
static int64
Wanted(const LowItem *item)
{
	return Max(item->reorder_quantity, item->reorder_point - item->available);
}

/*
 * That, raised to what the supplier accepts.  False, and the item is skipped, when
 * that is more than a bigint: one item must not keep the others from being ordered.
 */
static bool
OrderQuantity(LowItem *item)
{
	int64		quantity = Max(Wanted(item), item->minimum);
	int64		rest = quantity % item->multiple;

	if (rest != 0 && pg_add_s64_overflow(quantity, item->multiple - rest, &quantity))
	{
		Skip(item, "the quantity to order is out of range");
		return false;
	}
	item->quantity = quantity;
	return true;
}

/*
 * Writes what was done about each item.
 */
static void
LogItems(const LowItem *items, int nitems, TimestampTz now)
{
	for (int first = 0; first < nitems; first += LOG_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		LogSome(&items[first], Min(nitems - first, LOG_ROWS), now);
	}
}

static void
LogSome(const LowItem *items, int nitems, TimestampTz now)
{
	int64	   *numbers[8];
	Datum	   *texts[2];
	Datum		values[11] = {TimestampTzGetDatum(now)};

	for (int c = 0; c < (int) lengthof(numbers); c++)
		numbers[c] = palloc(nitems * sizeof(int64));
	for (int c = 0; c < (int) lengthof(texts); c++)
		texts[c] = palloc(nitems * sizeof(Datum));
	for (int i = 0; i < nitems; i++)
	{
		numbers[0][i] = items[i].product_id;
		numbers[1][i] = items[i].warehouse_id;
		numbers[2][i] = items[i].available;
		numbers[3][i] = items[i].reorder_point;
		numbers[4][i] = items[i].quantity;
		numbers[5][i] = items[i].supplier_id;
		numbers[6][i] = items[i].po_id;
		numbers[7][i] = items[i].transfer_id;
		texts[0][i] = CStringGetTextDatum(items[i].outcome);
		texts[1][i] = CStringGetTextDatum(items[i].reason);
	}
	for (int c = 0; c < (int) lengthof(numbers); c++)
		values[1 + c] = PlanInt64Array(numbers[c], nitems);
	for (int c = 0; c < (int) lengthof(texts); c++)
		values[9 + c] = PointerGetDatum(construct_array(texts[c], nitems, TEXTOID, -1, false, TYPALIGN_INT));
	PlanExecute(&insert_entries, values, NULL);
}

/*
 * Tells procurement, and whoever runs this, of items that can be ordered nowhere.
 */
static void
TellUnsupplied(const LowItem *items, int nitems, TimestampTz now)
{
	Datum		values[3] = {TimestampTzGetDatum(now)};
	int			unsupplied = 0;

	for (int i = 0; i < nitems; i++)
		if (IsUnsupplied(&items[i]))
			unsupplied++;
	if (unsupplied == 0)
		return;
	values[1] = CStringGetTextDatum(REASON_NO_SUPPLIER);
	values[2] = CStringGetTextDatum(REASON_INACTIVE_SUPPLIER);
	PlanExecute(&notify_unsupplied, values, NULL);
	ereport(NOTICE,
			(errmsg("low items that no active preferred supplier sells: %d", unsupplied),
			 errhint("See inventory.replenishment_log.")));
}

/*
 * Was an item skipped because there is nobody to order it from?
 */
static bool
IsUnsupplied(const LowItem *item)
{
	return item->reason != NULL &&
		(strcmp(item->reason, REASON_NO_SUPPLIER) == 0 ||
		 strcmp(item->reason, REASON_INACTIVE_SUPPLIER) == 0);
}
