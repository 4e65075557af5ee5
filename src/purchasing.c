/*
 * purchasing.c
 *		SQL entry points of purchase orders: create, submit, confirm, receive and
 *		cancel.
 *
 * Each step locks the order, then the items that it brings stock to.
 */
#include "purchasing.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "errors.h"
#include "guc.h"
#include "identity.h"
#include "ledger.h"
#include "line_item.h"
#include "plan.h"
#include "stock.h"

static KeptPlan find_supplier = {
	.sql = "SELECT s.is_active FROM inventory.supplier s "
	"WHERE s.supplier_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan find_terms = {
	.sql = "SELECT p.is_active, t.unit_cost, t.min_order_quantity, t.order_multiple "
	"FROM inventory.product p LEFT JOIN inventory.product_supplier t "
	"ON t.product_id OPERATOR(pg_catalog.=) p.product_id "
	"AND t.supplier_id OPERATOR(pg_catalog.=) $2 "
	"WHERE p.product_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}
};

static KeptPlan insert_order = {
	.sql = "INSERT INTO inventory.purchase_order AS o "
	"(supplier_id, warehouse_id, expected_delivery_date, created_at, created_by) "
	"VALUES ($1, $2, $3, $4, $5) RETURNING o, o.po_id",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 5,
	.argtypes = {INT8OID, INT8OID, DATEOID, TIMESTAMPTZOID, TEXTOID}
};

static KeptPlan delete_order = {
	.sql = "DELETE FROM inventory.purchase_order o WHERE o.po_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_DELETE,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan insert_line = {
	.sql = "INSERT INTO inventory.purchase_order_line "
	"(po_id, line_no, product_id, quantity, unit_cost) VALUES ($1, $2, $3, $4, $5)",
	.result = SPI_OK_INSERT,
	.nargs = 5,
	.argtypes = {INT8OID, INT4OID, INT8OID, INT8OID, NUMERICOID}
};

static KeptPlan lock_order = {
	.sql = "SELECT CAST(o.status AS pg_catalog.text), o.warehouse_id, o.submitted_at "
	"FROM inventory.purchase_order o WHERE o.po_id OPERATOR(pg_catalog.=) $1 "
	"FOR NO KEY UPDATE",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

/*
 * Without a day that people named, the slowest product says when all is there,
 * counted from the day it is where the goods go; a century is the most.
 */
static KeptPlan submit_order = {
	.sql = "UPDATE inventory.purchase_order AS o "
	"SET status = 'SUBMITTED', submitted_at = $2, submitted_by = $4, "
	"expected_delivery_date = COALESCE(o.expected_delivery_date, ("
	"SELECT CAST(pg_catalog.timezone(w.timezone, $2) AS pg_catalog.date) "
	"OPERATOR(pg_catalog.+) CAST(LEAST(pg_catalog.ceil(pg_catalog.max(t.lead_time_days)), 36500) AS pg_catalog.int4) "
	"FROM inventory.purchase_order_line l "
	"JOIN inventory.product_supplier t "
	"ON t.product_id OPERATOR(pg_catalog.=) l.product_id "
	"AND t.supplier_id OPERATOR(pg_catalog.=) o.supplier_id "
	"JOIN inventory.warehouse w ON w.warehouse_id OPERATOR(pg_catalog.=) o.warehouse_id "
	"WHERE l.po_id OPERATOR(pg_catalog.=) o.po_id GROUP BY w.timezone)) "
	"WHERE o.po_id OPERATOR(pg_catalog.=) $1 RETURNING o",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 4,
	.argtypes = {INT8OID, TIMESTAMPTZOID, DATEOID, TEXTOID}
};

static KeptPlan confirm_order = {
	.sql = "UPDATE inventory.purchase_order AS o "
	"SET status = 'CONFIRMED', confirmed_at = $2, confirmed_by = $4, "
	"expected_delivery_date = COALESCE($3, o.expected_delivery_date) "
	"WHERE o.po_id OPERATOR(pg_catalog.=) $1 RETURNING o",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 4,
	.argtypes = {INT8OID, TIMESTAMPTZOID, DATEOID, TEXTOID}
};

static KeptPlan cancel_order = {
	.sql = "UPDATE inventory.purchase_order AS o "
	"SET status = 'CANCELLED', cancelled_at = $2, cancelled_by = $4 "
	"WHERE o.po_id OPERATOR(pg_catalog.=) $1 RETURNING o",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 4,
	.argtypes = {INT8OID, TIMESTAMPTZOID, DATEOID, TEXTOID}
};

/*
 * What has come in, may still come in, and may come in excess.  floor, so that a
 * part of a unit is never tolerated.
 */
static KeptPlan read_lines = {
	.sql = "SELECT l.line_no, l.product_id, l.quantity_received, GREATEST(l.quantity OPERATOR(pg_catalog.-) l.quantity_received, 0), "
	"CAST(LEAST(GREATEST(pg_catalog.floor(CAST(l.quantity AS pg_catalog.numeric) "
	"OPERATOR(pg_catalog.*) CAST($2 AS pg_catalog.numeric) OPERATOR(pg_catalog./) 100) "
	"OPERATOR(pg_catalog.-) GREATEST(l.quantity_received OPERATOR(pg_catalog.-) l.quantity, 0), 0), "
	"9223372036854775807 OPERATOR(pg_catalog.-) GREATEST(l.quantity, l.quantity_received)) AS pg_catalog.int8) "
	"FROM inventory.purchase_order_line l "
	"WHERE l.po_id OPERATOR(pg_catalog.=) $1 ORDER BY l.line_no",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {INT8OID, FLOAT8OID}
};

/* As long as it is what it was when it was decided how much may come in. */
static KeptPlan receive_line = {
	.sql = "UPDATE inventory.purchase_order_line "
	"SET quantity_received = quantity_received OPERATOR(pg_catalog.+) $3 "
	"WHERE po_id OPERATOR(pg_catalog.=) $1 AND line_no OPERATOR(pg_catalog.=) $2 "
	"AND quantity_received OPERATOR(pg_catalog.=) $4 "
	"RETURNING unit_cost",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 4,
	.argtypes = {INT8OID, INT4OID, INT8OID, INT8OID}
};

static KeptPlan insert_receipt = {
	.sql = "INSERT INTO inventory.purchase_receipt "
	"(po_id, line_no, quantity, unit_cost, received_at, lead_time_days, movement_id) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7)",
	.result = SPI_OK_INSERT,
	.nargs = 7,
	.argtypes = {INT8OID, INT4OID, INT8OID, NUMERICOID, TIMESTAMPTZOID, FLOAT8OID, INT8OID}
};

/* Late entries may have come in the wrong order. */
static KeptPlan finish_order = {
	.sql = "UPDATE inventory.purchase_order AS o "
	"SET status = CASE WHEN done.all_lines THEN 'RECEIVED' ELSE o.status END, "
	"received_at = CASE WHEN done.all_lines THEN GREATEST($2, (SELECT pg_catalog.max(c.received_at) "
	"FROM inventory.purchase_receipt c WHERE c.po_id OPERATOR(pg_catalog.=) $1)) END "
	"FROM (SELECT pg_catalog.bool_and(l.quantity_received OPERATOR(pg_catalog.>=) l.quantity) AS all_lines "
	"FROM inventory.purchase_order_line l "
	"WHERE l.po_id OPERATOR(pg_catalog.=) $1) AS done "
	"WHERE o.po_id OPERATOR(pg_catalog.=) $1 RETURNING o",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 4,
	.argtypes = {INT8OID, TIMESTAMPTZOID, DATEOID, TEXTOID}
};

static const LineShape purchase_line = {
	.argument = "line_items",
	.quantity_key = "qty",
	.has_unit_cost = true
};

static const ReceivingDocument purchase_order_document = {
	.kind = "purchase order",
	.excess_hint = "inventory.over_receipt_tolerance_percent tolerates more; what was not ordered comes in with inventory.receive_stock()."
};

/* A locked order. */
typedef struct PurchaseOrder
{
	int64		po_id;
	char	   *status;
	int64		warehouse_id;
	TimestampTz submitted_at;	/* DT_NOBEGIN before */
} PurchaseOrder;

PG_FUNCTION_INFO_V1(inventory_create_purchase_order);
PG_FUNCTION_INFO_V1(inventory_submit_purchase_order);
PG_FUNCTION_INFO_V1(inventory_confirm_purchase_order);
PG_FUNCTION_INFO_V1(inventory_receive_purchase_order);
PG_FUNCTION_INFO_V1(inventory_cancel_purchase_order);

static void CheckSupplier(int64 supplier_id);
static int64 InsertOrder(int64 supplier_id, int64 warehouse_id,
						 const DateADT *expected, Datum *order);
static bool InsertLine(int64 po_id, int64 supplier_id, const LineItem *item, bool may_refuse);
static void CheckTerms(const LineItem *item, int64 supplier_id);
static void LockOrder(int64 po_id, PurchaseOrder *order);
static void LockOrderIn(int64 po_id, const char *status, PurchaseOrder *order);
static Datum StoreStep(KeptPlan *step, int64 po_id, TimestampTz at, const DateADT *expected);
static OpenLine *ReadLines(const PurchaseOrder *order, int *nlines);
static Datum Receive(const PurchaseOrder *order, const LineItem *items, int nitems);
static void ReceiveLine(const PurchaseOrder *order, const LineDelivery *delivery,
						TimestampTz received_at);

/*
 * create_purchase_order(supplier_id, warehouse_id, line_items,
 *						 expected_delivery_date)
 */
Datum
inventory_create_purchase_order(PG_FUNCTION_ARGS)
{
	int64		supplier_id = ArgumentId(fcinfo, 0, "supplier_id");
	int64		warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	int			nitems;
	LineItem   *items = LineItemsRead(fcinfo, 2, &purchase_line, &nitems);
	DateADT		day;
	bool		has_day = ArgumentOptionalDate(fcinfo, 3, "expected_delivery_date", &day);
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	CheckSupplier(supplier_id);
	StockCheckWarehouse(warehouse_id);
	PurchaseOrderCreate(supplier_id, warehouse_id, items, nitems, has_day ? &day : NULL, NULL, &result);
	LeaveEngine(&caller);
	return result;
}

/*
 * submit_purchase_order(po_id)
 */
Datum
inventory_submit_purchase_order(PG_FUNCTION_ARGS)
{
	int64		po_id = ArgumentId(fcinfo, 0, "po_id");
	PurchaseOrder order;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	LockOrderIn(po_id, "DRAFT", &order);
	result = StoreStep(&submit_order, po_id, LedgerOccurredAt(GetCurrentTimestamp()), NULL);
	LeaveEngine(&caller);
	return result;
}

/*
 * confirm_purchase_order(po_id, expected_delivery_date)
 */
Datum
inventory_confirm_purchase_order(PG_FUNCTION_ARGS)
{
	int64		po_id = ArgumentId(fcinfo, 0, "po_id");
	DateADT		day;
	bool		has_day = ArgumentOptionalDate(fcinfo, 1, "expected_delivery_date", &day);
	PurchaseOrder order;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	LockOrderIn(po_id, "SUBMITTED", &order);
	result = StoreStep(&confirm_order, po_id, LedgerOccurredAfter(order.submitted_at, "submitted"),
					   has_day ? &day : NULL);
	LeaveEngine(&caller);
	return result;
}

/*
 * receive_purchase_order(po_id, line_items)
 *
 * Locks the order, then the items in the order of stock.h.
 */
Datum
inventory_receive_purchase_order(PG_FUNCTION_ARGS)
{
	int64		po_id = ArgumentId(fcinfo, 0, "po_id");
	int			nitems = 0;
	LineItem   *items = PG_ARGISNULL(1) ? NULL :
		LineItemsRead(fcinfo, 1, &purchase_line, &nitems);
	PurchaseOrder order;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	LockOrderIn(po_id, "CONFIRMED", &order);
	result = Receive(&order, items, nitems);
	LeaveEngine(&caller);
	return result;
}

/*
 * cancel_purchase_order(po_id)
 */
Datum
inventory_cancel_purchase_order(PG_FUNCTION_ARGS)
{
	int64		po_id = ArgumentId(fcinfo, 0, "po_id");
	PurchaseOrder order;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	LockOrder(po_id, &order);
	if (strcmp(order.status, "RECEIVED") == 0 || strcmp(order.status, "CANCELLED") == 0)
		ErrorState("purchase order", po_id, order.status, "open");
	result = StoreStep(&cancel_order, po_id, LedgerOccurredAfter(order.submitted_at, "submitted"), NULL);
	LeaveEngine(&caller);
	return result;
}

/*
 * Drafts an order; supplier and warehouse have been looked up.  Returns its id, and
 * its row in *row.
 *
 * A product that is not bought any more raises IV002.  With refused that is noted
 * there instead, the other lines are numbered without it, and where none is left
 * there is no order and 0 is returned.
 */
int64
PurchaseOrderCreate(int64 supplier_id, int64 warehouse_id, const LineItem *items,
					int nitems, const DateADT *expected, bool *refused, Datum *row)
{
	int64		po_id = InsertOrder(supplier_id, warehouse_id, expected, row);
	Datum		value = Int64GetDatum(po_id);
	int			written = 0;

	for (int i = 0; i < nitems; i++)
	{
		LineItem	item = items[i];
		bool		inserted;

		if (refused != NULL)
			item.line = written + 1;
		inserted = InsertLine(po_id, supplier_id, &item, refused != NULL);
		if (refused != NULL)
			refused[i] = !inserted;
		written += inserted;
	}
	if (written > 0)
		return po_id;
	PlanWriteRow(&delete_order, &value, NULL);
	return 0;
}

/*
 * Raises IV003 unless the supplier exists, IV002 when nothing is ordered there.
 */
static void
CheckSupplier(int64 supplier_id)
{
	Datum		values[1] = {Int64GetDatum(supplier_id)};
	bool		isnull;

	if (PlanExecute(&find_supplier, values, NULL) == 0)
		ErrorNotFound("supplier", supplier_id);
	if (!DatumGetBool(PlanColumn(0, 1, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("supplier %lld is not active", (long long) supplier_id),
				 errdetail("Nothing is ordered there any more.")));
}

/*
 * Writes an order without lines.  Returns its id, and its row in *order.
 */
static int64
InsertOrder(int64 supplier_id, int64 warehouse_id, const DateADT *expected, Datum *order)
{
	Datum		values[5] = {
		Int64GetDatum(supplier_id),
		Int64GetDatum(warehouse_id),
		DateADTGetDatum(expected == NULL ? 0 : *expected),
		TimestampTzGetDatum(LedgerOccurredAt(GetCurrentTimestamp())),
		PerformedBy()
	};

	PlanWriteRow(&insert_order, values, expected == NULL ? "  n  " : NULL);
	*order = PlanResult();
	return PlanInt64(0, 2);
}

/*
 * Writes a line, at the cost it names, else at the supplier's.  Raises IV003 for a
 * product that does not exist; IV002, or returns false where it may, for one that
 * is not bought any more.
 */
static bool
InsertLine(int64 po_id, int64 supplier_id, const LineItem *item, bool may_refuse)
{
	Datum		terms[2] = {Int64GetDatum(item->product_id), Int64GetDatum(supplier_id)};
	Datum		values[5] = {
		Int64GetDatum(po_id),
		Int32GetDatum(item->line),
		Int64GetDatum(item->product_id),
		Int64GetDatum(item->quantity),
		item->unit_cost
	};
	bool		no_cost = false;
	bool		isnull;

	CHECK_FOR_INTERRUPTS();
	if (PlanExecute(&find_terms, terms, NULL) == 0)
	{
		LineItemsCheckExist(item, 1, &purchase_line);
		ErrorNotFound("product", item->product_id);
	}
	if (may_refuse && !DatumGetBool(PlanColumn(0, 1, &isnull)))
		return false;
	CheckTerms(item, supplier_id);
	if (!item->has_unit_cost)
		values[4] = PlanColumn(0, 2, &no_cost);
	PlanWriteRow(&insert_line, values, no_cost ? "    n" : NULL);
	return true;
}

/*
 * Looks at the terms that find_terms found.  An order that the supplier's terms do
 * not allow may have been agreed with him, so it is only warned of.
 */
static void
CheckTerms(const LineItem *item, int64 supplier_id)
{
	bool		isnull;
	int64		minimum;
	int64		multiple;

	if (!DatumGetBool(PlanColumn(0, 1, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("line %d of line_items: product %lld is not active",
						item->line, (long long) item->product_id),
				 errdetail("It is no longer bought.")));
	minimum = DatumGetInt64(PlanColumn(0, 3, &isnull));
	if (isnull)
		return;
	multiple = PlanInt64(0, 4);
	if (item->quantity < minimum)
		ereport(WARNING,
				(errmsg("line %d of line_items: less of product %lld than supplier %lld accepts",
						item->line, (long long) item->product_id, (long long) supplier_id),
				 errdetail("Ordered: %lld, at least: %lld.",
						   (long long) item->quantity, (long long) minimum)));
	if (item->quantity % multiple != 0)
		ereport(WARNING,
				(errmsg("line %d of line_items: not a multiple of what supplier %lld sells product %lld in",
						item->line, (long long) supplier_id, (long long) item->product_id),
				 errdetail("Ordered: %lld, in multiples of: %lld.",
						   (long long) item->quantity, (long long) multiple)));
}

/*
 * Locks an order and reads it.  Raises IV003 when there is none.
 */
static void
LockOrder(int64 po_id, PurchaseOrder *order)
{
	Datum		values[1] = {Int64GetDatum(po_id)};
	bool		isnull;
	Datum		submitted_at;

	if (PlanExecute(&lock_order, values, NULL) == 0)
		ErrorNotFound("purchase order", po_id);
	order->po_id = po_id;
	order->status = TextDatumGetCString(PlanColumn(0, 1, &isnull));
	order->warehouse_id = PlanInt64(0, 2);
	submitted_at = PlanColumn(0, 3, &isnull);
	order->submitted_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(submitted_at);
}

/*
 * Locks an order that has to be in a state (IV002).
 */
static void
LockOrderIn(int64 po_id, const char *status, PurchaseOrder *order)
{
	LockOrder(po_id, order);
	if (strcmp(order->status, status) != 0)
		ErrorState("purchase order", po_id, order->status, status);
}

/*
 * Writes a step of a locked order.  Returns its row.
 */
static Datum
StoreStep(KeptPlan *step, int64 po_id, TimestampTz at, const DateADT *expected)
{
	Datum		values[4] = {
		Int64GetDatum(po_id),
		TimestampTzGetDatum(at),
		DateADTGetDatum(expected == NULL ? 0 : *expected),
		PerformedBy()
	};

	PlanWriteRow(step, values, expected == NULL ? "  n " : NULL);
	return PlanResult();
}

/*
 * The lines of a locked order, and what may come in for each.
 */
static OpenLine *
ReadLines(const PurchaseOrder *order, int *nlines)
{
	Datum		values[2] = {
		Int64GetDatum(order->po_id),
		Float8GetDatum(guc_over_receipt_tolerance_percent)
	};
	OpenLine   *lines;
	bool		isnull;

	*nlines = (int) PlanExecute(&read_lines, values, NULL);
	lines = palloc0(Max(*nlines, 1) * sizeof(OpenLine));
	for (int i = 0; i < *nlines; i++)
	{
		lines[i].line_no = DatumGetInt32(PlanColumn(i, 1, &isnull));
		lines[i].product_id = PlanInt64(i, 2);
		lines[i].received = PlanInt64(i, 3);
		lines[i].open = PlanInt64(i, 4);
		lines[i].excess = PlanInt64(i, 5);
	}
	return lines;
}

/*
 * Brings in what items say, everything that is open when there are none.  Returns
 * the row of the order.
 */
static Datum
Receive(const PurchaseOrder *order, const LineItem *items, int nitems)
{
	TimestampTz received_at = LedgerOccurredAfter(order->submitted_at, "submitted");
	int			nlines;
	int			ndeliveries;
	OpenLine   *lines = ReadLines(order, &nlines);
	LineDelivery *deliveries = items == NULL ?
		LineItemsDeliverAll(lines, nlines, &ndeliveries) :
		LineItemsDeliver(items, nitems, lines, nlines, &purchase_order_document,
						 order->po_id, &ndeliveries);
	StockSet	stock = {0};

	for (int i = 0; i < ndeliveries; i++)
		StockSetAdd(&stock, deliveries[i].line->product_id, order->warehouse_id, true);
	StockSetLock(&stock);
	for (int i = 0; i < ndeliveries; i++)
		ReceiveLine(order, &deliveries[i], received_at);
	return StoreStep(&finish_order, order->po_id, received_at, NULL);
}

/*
 * Brings in a part of a line whose item is locked: the movement, and the receipt
 * that ties it to the line.
 */
static void
ReceiveLine(const PurchaseOrder *order, const LineDelivery *delivery,
			TimestampTz received_at)
{
	Movement	movement = {
		.type = MOVEMENT_PURCHASE,
		.quantity = delivery->quantity,
		.reference_id = cstring_to_text(psprintf("%lld", (long long) order->po_id))
	};
	Datum		values[7] = {
		Int64GetDatum(order->po_id),
		Int32GetDatum(delivery->line->line_no),
		Int64GetDatum(delivery->quantity),
		delivery->unit_cost,
		TimestampTzGetDatum(received_at),
		Float8GetDatum((double) (received_at - order->submitted_at) / USECS_PER_DAY)
	};
	Datum		line[4] = {
		Int64GetDatum(order->po_id),
		Int32GetDatum(delivery->line->line_no),
		Int64GetDatum(delivery->quantity),
		Int64GetDatum(delivery->line->received)
	};
	char		nulls[] = "       ";
	bool		isnull;
	StockItem	item;

	CHECK_FOR_INTERRUPTS();
	StockLockOrCreate(delivery->line->product_id, order->warehouse_id, &item);
	values[6] = Int64GetDatum(StockMove(&item, &movement));
	PlanWriteRow(&receive_line, line, NULL);
	delivery->line->received += delivery->quantity;
	if (!delivery->has_unit_cost)
	{
		values[3] = PlanColumn(0, 1, &isnull);
		if (isnull)
			nulls[3] = 'n';
	}
	/* An order that somebody inserted as it was may not say when it was sent. */
	if (TIMESTAMP_IS_NOBEGIN(order->submitted_at))
		nulls[5] = 'n';
	PlanWriteRow(&insert_receipt, values, nulls);
}
