/*
 * transfer.c
 *		SQL entry points of transfers between warehouses: create, ship, receive,
 *		close, cancel, and create and ship in one call.
 *
 * Each step locks the transfer, then the items of both warehouses, the source's
 * and the destination's, even where it changes only one of them: so transfers that
 * run in opposite directions never wait for each other in a circle.  For that, the
 * first step makes the destination's items where there are none yet.
 */
#include "transfer.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "errors.h"
#include "identity.h"
#include "ledger.h"
#include "line_item.h"
#include "plan.h"
#include "reservation.h"
#include "stock.h"

static KeptPlan insert_transfer = {
	.sql = "INSERT INTO inventory.transfer_order AS t "
	"(from_warehouse_id, to_warehouse_id, created_at, created_by) "
	"VALUES ($1, $2, $3, $4) RETURNING t, t.transfer_id",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 4,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID, TEXTOID}
};

static KeptPlan insert_line = {
	.sql = "INSERT INTO inventory.transfer_order_line "
	"(transfer_id, line_no, product_id, quantity, reservation_id) "
	"VALUES ($1, $2, $3, $4, $5)",
	.result = SPI_OK_INSERT,
	.nargs = 5,
	.argtypes = {INT8OID, INT4OID, INT8OID, INT8OID, INT8OID}
};

static KeptPlan lock_transfer = {
	.sql = "SELECT CAST(t.status AS pg_catalog.text), t.from_warehouse_id, "
	"t.to_warehouse_id, t.shipped_at "
	"FROM inventory.transfer_order t WHERE t.transfer_id OPERATOR(pg_catalog.=) $1 "
	"FOR NO KEY UPDATE",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

/* The lines change only under the lock of the transfer. */
static KeptPlan read_lines = {
	.sql = "SELECT l.line_no, l.product_id, l.quantity, "
	"l.quantity_shipped OPERATOR(pg_catalog.-) l.quantity_received "
	"OPERATOR(pg_catalog.-) l.quantity_lost OPERATOR(pg_catalog.-) l.quantity_returned, "
	"l.reservation_id "
	"FROM inventory.transfer_order_line l "
	"WHERE l.transfer_id OPERATOR(pg_catalog.=) $1 ORDER BY l.line_no",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan find_hold = {
	.sql = "SELECT FROM inventory.reservation r "
	"WHERE r.reservation_id OPERATOR(pg_catalog.=) $1 "
	"AND r.status OPERATOR(pg_catalog.=) 'ACTIVE'",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan store_line = {
	.sql = "UPDATE inventory.transfer_order_line SET "
	"quantity_shipped = quantity_shipped OPERATOR(pg_catalog.+) $3, "
	"quantity_received = quantity_received OPERATOR(pg_catalog.+) $4, "
	"quantity_returned = quantity_returned OPERATOR(pg_catalog.+) $5 "
	"WHERE transfer_id OPERATOR(pg_catalog.=) $1 AND line_no OPERATOR(pg_catalog.=) $2",
	.result = SPI_OK_UPDATE,
	.nargs = 5,
	.argtypes = {INT8OID, INT4OID, INT8OID, INT8OID, INT8OID}
};

static KeptPlan lose_lines = {
	.sql = "UPDATE inventory.transfer_order_line SET "
	"quantity_lost = quantity_shipped OPERATOR(pg_catalog.-) quantity_received "
	"OPERATOR(pg_catalog.-) quantity_returned, root_cause = $2 "
	"WHERE transfer_id OPERATOR(pg_catalog.=) $1 "
	"AND quantity_shipped OPERATOR(pg_catalog.>) (quantity_received OPERATOR(pg_catalog.+) quantity_returned)",
	.result = SPI_OK_UPDATE,
	.nargs = 2,
	.argtypes = {INT8OID, TEXTOID}
};

static KeptPlan mark_shipped = {
	.sql = "UPDATE inventory.transfer_order AS t SET status = 'IN_TRANSIT', shipped_at = $2, shipped_by = $3 "
	"WHERE t.transfer_id OPERATOR(pg_catalog.=) $1 RETURNING t",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 3,
	.argtypes = {INT8OID, TIMESTAMPTZOID, TEXTOID}
};

static KeptPlan mark_arrived = {
	.sql = "UPDATE inventory.transfer_order AS t SET "
	"status = CASE WHEN done.all_lines THEN 'RECEIVED' ELSE t.status END, "
	"received_at = CASE WHEN done.all_lines THEN $2 END, "
	"closed_by = CASE WHEN done.all_lines THEN $3 END "
	"FROM (SELECT pg_catalog.bool_and(l.quantity_shipped OPERATOR(pg_catalog.=) "
	"(l.quantity_received OPERATOR(pg_catalog.+) l.quantity_lost)) AS all_lines "
	"FROM inventory.transfer_order_line l "
	"WHERE l.transfer_id OPERATOR(pg_catalog.=) $1) AS done "
	"WHERE t.transfer_id OPERATOR(pg_catalog.=) $1 RETURNING t",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 3,
	.argtypes = {INT8OID, TIMESTAMPTZOID, TEXTOID}
};

static KeptPlan mark_cancelled = {
	.sql = "UPDATE inventory.transfer_order AS t SET status = 'CANCELLED', cancelled_at = $2, cancelled_by = $3 "
	"WHERE t.transfer_id OPERATOR(pg_catalog.=) $1 RETURNING t",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 3,
	.argtypes = {INT8OID, TIMESTAMPTZOID, TEXTOID}
};

static const LineShape transfer_line = {
	.argument = "line_items",
	.quantity_key = "qty"
};

static const ReceivingDocument transfer_document = {
	.kind = "transfer",
	.excess_hint = "What turns up beyond what was shipped is adjusted: inventory.adjust_stock() with the root cause FOUND."
};

/* A locked transfer. */
typedef struct Transfer
{
	int64		transfer_id;
	char	   *status;
	int64		from_warehouse_id;
	int64		to_warehouse_id;
	TimestampTz shipped_at;		/* DT_NOBEGIN before */
	text	   *reference_id;	/* its id, as its movements and holds have it */
} Transfer;

/* A line of it. */
typedef struct TransferLine
{
	int			line_no;
	int64		product_id;
	int64		quantity;
	int64		in_transit;
	int64		reservation_id; /* 0 when there is none */
} TransferLine;

PG_FUNCTION_INFO_V1(inventory_create_transfer);
PG_FUNCTION_INFO_V1(inventory_ship_transfer);
PG_FUNCTION_INFO_V1(inventory_receive_transfer);
PG_FUNCTION_INFO_V1(inventory_close_transfer);
PG_FUNCTION_INFO_V1(inventory_cancel_transfer);
PG_FUNCTION_INFO_V1(inventory_transfer_stock);

static void CheckWarehouses(int64 from_warehouse_id, int64 to_warehouse_id);
static void LockBothSides(StockSet *set, int64 product_id, const Transfer *transfer);
static void HoldLine(const Transfer *transfer, const LineItem *item);
static text *ReferenceOf(int64 transfer_id);
static void LockTransfer(int64 transfer_id, Transfer *transfer);
static void LockTransferIn(int64 transfer_id, const char *status, Transfer *transfer);
static TransferLine *ReadLines(const Transfer *transfer, int *nlines);
static void LockLines(const Transfer *transfer, const TransferLine *lines, int nlines);
static Datum Ship(int64 transfer_id);
static void ShipLine(const Transfer *transfer, const TransferLine *line);
static Datum Arrive(const Transfer *transfer, const LineItem *items, int nitems);
static void ReleaseHolds(const TransferLine *lines, int nlines);
static void BringIn(const Transfer *transfer, int64 warehouse_id, int64 product_id,
					int64 quantity);
static bool HoldIsActive(int64 reservation_id);
static void StoreLine(const Transfer *transfer, int line_no, int64 shipped,
					  int64 received, int64 returned);
static Datum StoreStep(KeptPlan *step, int64 transfer_id, TimestampTz at);

/*
 * create_transfer(from_warehouse_id, to_warehouse_id, line_items)
 */
Datum
inventory_create_transfer(PG_FUNCTION_ARGS)
{
	int64		from_warehouse_id = ArgumentId(fcinfo, 0, "from_warehouse_id");
	int64		to_warehouse_id = ArgumentId(fcinfo, 1, "to_warehouse_id");
	int			nitems;
	LineItem   *items = LineItemsRead(fcinfo, 2, &transfer_line, &nitems);
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	CheckWarehouses(from_warehouse_id, to_warehouse_id);
	LineItemsCheckExist(items, nitems, &transfer_line);
	TransferCreate(from_warehouse_id, to_warehouse_id, items, nitems, &result);
	LeaveEngine(&caller);
	return result;
}

/*
 * ship_transfer(transfer_id)
 */
Datum
inventory_ship_transfer(PG_FUNCTION_ARGS)
{
	int64		transfer_id = ArgumentId(fcinfo, 0, "transfer_id");
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	result = Ship(transfer_id);
	LeaveEngine(&caller);
	return result;
}

/*
 * receive_transfer(transfer_id, line_items)
 */
Datum
inventory_receive_transfer(PG_FUNCTION_ARGS)
{
	int64		transfer_id = ArgumentId(fcinfo, 0, "transfer_id");
	int			nitems = 0;
	LineItem   *items = PG_ARGISNULL(1) ? NULL :
		LineItemsRead(fcinfo, 1, &transfer_line, &nitems);
	Transfer	transfer;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	LockTransferIn(transfer_id, "IN_TRANSIT", &transfer);
	result = Arrive(&transfer, items, nitems);
	LeaveEngine(&caller);
	return result;
}

/*
 * close_transfer(transfer_id, root_cause)
 *
 * Goods in transit are in no warehouse, so no item is locked.
 */
Datum
inventory_close_transfer(PG_FUNCTION_ARGS)
{
	int64		transfer_id = ArgumentId(fcinfo, 0, "transfer_id");
	text	   *root_cause = ArgumentLabel(fcinfo, 1, "root_cause");
	Datum		values[2] = {Int64GetDatum(transfer_id), PointerGetDatum(root_cause)};
	Transfer	transfer;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	LedgerCheckRootCause(root_cause);
	LockTransferIn(transfer_id, "IN_TRANSIT", &transfer);
	PlanExecute(&lose_lines, values, NULL);
	result = StoreStep(&mark_arrived, transfer_id, LedgerOccurredAfter(transfer.shipped_at, "shipped"));
	LeaveEngine(&caller);
	return result;
}

/*
 * cancel_transfer(transfer_id)
 */
Datum
inventory_cancel_transfer(PG_FUNCTION_ARGS)
{
	int64		transfer_id = ArgumentId(fcinfo, 0, "transfer_id");
	Transfer	transfer;
	TransferLine *lines;
	int			nlines;
	Identity	caller;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	LockTransfer(transfer_id, &transfer);
	if (strcmp(transfer.status, "PENDING") != 0 && strcmp(transfer.status, "IN_TRANSIT") != 0)
		ErrorState("transfer", transfer_id, transfer.status, "open");
	lines = ReadLines(&transfer, &nlines);
	LockLines(&transfer, lines, nlines);
	ReleaseHolds(lines, nlines);
	for (int i = 0; i < nlines; i++)
	{
		if (lines[i].in_transit == 0)
			continue;
		BringIn(&transfer, transfer.from_warehouse_id, lines[i].product_id, lines[i].in_transit);
		StoreLine(&transfer, lines[i].line_no, 0, 0, lines[i].in_transit);
	}
	result = StoreStep(&mark_cancelled, transfer_id, LedgerOccurredAfter(transfer.shipped_at, "shipped"));
	LeaveEngine(&caller);
	return result;
}

/*
 * transfer_stock(product_id, from_warehouse_id, to_warehouse_id, quantity)
 */
Datum
inventory_transfer_stock(PG_FUNCTION_ARGS)
{
	LineItem	item = {.line = 1, .product_id = ArgumentId(fcinfo, 0, "product_id")};
	int64		from_warehouse_id = ArgumentId(fcinfo, 1, "from_warehouse_id");
	int64		to_warehouse_id = ArgumentId(fcinfo, 2, "to_warehouse_id");
	Identity	caller;
	Datum		result;

	item.quantity = ArgumentQuantity(fcinfo, 3, "quantity");
	EnterEngine(fcinfo, &caller);
	CheckWarehouses(from_warehouse_id, to_warehouse_id);
	StockCheckProduct(item.product_id);
	result = Ship(TransferCreate(from_warehouse_id, to_warehouse_id, &item, 1, &result));
	LeaveEngine(&caller);
	return result;
}

/*
 * Makes a PENDING transfer that holds its goods at the source.  Warehouses and
 * products have been looked up.  Returns its id, and its row in *row.
 */
int64
TransferCreate(int64 from_warehouse_id, int64 to_warehouse_id,
			   const LineItem *items, int nitems, Datum *row)
{
	Datum		values[4] = {
		Int64GetDatum(from_warehouse_id),
		Int64GetDatum(to_warehouse_id),
		TimestampTzGetDatum(LedgerOccurredAt(GetCurrentTimestamp())),
		PerformedBy()
	};
	Transfer	transfer = {
		.from_warehouse_id = from_warehouse_id,
		.to_warehouse_id = to_warehouse_id
	};
	StockSet	stock = {0};

	PlanWriteRow(&insert_transfer, values, NULL);
	*row = PlanResult();
	transfer.transfer_id = PlanInt64(0, 2);
	transfer.reference_id = ReferenceOf(transfer.transfer_id);

	for (int i = 0; i < nitems; i++)
		LockBothSides(&stock, items[i].product_id, &transfer);
	StockSetLock(&stock);
	for (int i = 0; i < nitems; i++)
	{
		/* To lock now what came into being since would be out of order. */
		if (StockSetFind(&stock, items[i].product_id, from_warehouse_id)->item_id == 0)
			ErrorInsufficientStock(items[i].product_id, from_warehouse_id, 0,
								   items[i].quantity);
		HoldLine(&transfer, &items[i]);
	}
	return transfer.transfer_id;
}

/*
 * Raises 22023 when nothing would move, IV003 for a warehouse that does not exist.
 */
static void
CheckWarehouses(int64 from_warehouse_id, int64 to_warehouse_id)
{
	if (from_warehouse_id == to_warehouse_id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_warehouse_id and to_warehouse_id must differ"),
				 errdetail("Both are %lld.", (long long) from_warehouse_id)));
	StockCheckWarehouse(from_warehouse_id);
	StockCheckWarehouse(to_warehouse_id);
}

/*
 * Adds the items of a product at both ends to what is going to be locked.
 */
static void
LockBothSides(StockSet *set, int64 product_id, const Transfer *transfer)
{
	StockSetAdd(set, product_id, transfer->from_warehouse_id, false);
	StockSetAdd(set, product_id, transfer->to_warehouse_id, true);
}

/*
 * Holds the goods of a line and writes it; the items are locked.
 */
static void
HoldLine(const Transfer *transfer, const LineItem *item)
{
	ReservationDraft draft = {
		.product_id = item->product_id,
		.warehouse_id = transfer->from_warehouse_id,
		.quantity = item->quantity,
		.reference_id = transfer->reference_id,
		.reference_type = "TRANSFER"
	};
	Datum		values[5] = {
		Int64GetDatum(transfer->transfer_id),
		Int32GetDatum(item->line),
		Int64GetDatum(item->product_id),
		Int64GetDatum(item->quantity)
	};
	StockItem	source;

	CHECK_FOR_INTERRUPTS();
	StockLockExisting(item->product_id, transfer->from_warehouse_id, item->quantity, &source);
	ReservationHold(&source, item->quantity);
	values[4] = Int64GetDatum(ReservationInsert(&draft, 0));
	PlanWriteRow(&insert_line, values, NULL);
}

/*
 * How movements and reservations name a transfer.
 */
static text *
ReferenceOf(int64 transfer_id)
{
	return cstring_to_text(psprintf("%lld", (long long) transfer_id));
}

/*
 * Locks a transfer and reads it.  Raises IV003 when there is none.
 */
static void
LockTransfer(int64 transfer_id, Transfer *transfer)
{
	Datum		values[1] = {Int64GetDatum(transfer_id)};
	bool		isnull;
	Datum		shipped_at;

	if (PlanExecute(&lock_transfer, values, NULL) == 0)
		ErrorNotFound("transfer", transfer_id);
	transfer->transfer_id = transfer_id;
	transfer->reference_id = ReferenceOf(transfer_id);
	transfer->status = TextDatumGetCString(PlanColumn(0, 1, &isnull));
	transfer->from_warehouse_id = PlanInt64(0, 2);
	transfer->to_warehouse_id = PlanInt64(0, 3);
	shipped_at = PlanColumn(0, 4, &isnull);
	transfer->shipped_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(shipped_at);
}

/*
 * Locks a transfer that has to be in a state (IV002).
 */
static void
LockTransferIn(int64 transfer_id, const char *status, Transfer *transfer)
{
	LockTransfer(transfer_id, transfer);
	if (strcmp(transfer->status, status) != 0)
		ErrorState("transfer", transfer_id, transfer->status, status);
}

/*
 * The lines of a locked transfer.
 */
static TransferLine *
ReadLines(const Transfer *transfer, int *nlines)
{
	Datum		values[1] = {Int64GetDatum(transfer->transfer_id)};
	TransferLine *lines;
	bool		isnull;

	*nlines = (int) PlanExecute(&read_lines, values, NULL);
	lines = palloc(Max(*nlines, 1) * sizeof(TransferLine));
	for (int i = 0; i < *nlines; i++)
	{
		Datum		reservation_id;

		lines[i].line_no = DatumGetInt32(PlanColumn(i, 1, &isnull));
		lines[i].product_id = PlanInt64(i, 2);
		lines[i].quantity = PlanInt64(i, 3);
		lines[i].in_transit = PlanInt64(i, 4);
		reservation_id = PlanColumn(i, 5, &isnull);
		lines[i].reservation_id = isnull ? 0 : DatumGetInt64(reservation_id);
	}
	return lines;
}

/*
 * Locks the items of the lines at both ends.
 */
static void
LockLines(const Transfer *transfer, const TransferLine *lines, int nlines)
{
	StockSet	stock = {0};

	for (int i = 0; i < nlines; i++)
		LockBothSides(&stock, lines[i].product_id, transfer);
	StockSetLock(&stock);
}

/*
 * A PENDING transfer leaves its source.  Returns its row.
 */
static Datum
Ship(int64 transfer_id)
{
	Transfer	transfer;
	TransferLine *lines;
	int			nlines;

	LockTransferIn(transfer_id, "PENDING", &transfer);
	lines = ReadLines(&transfer, &nlines);
	LockLines(&transfer, lines, nlines);
	for (int i = 0; i < nlines; i++)
		ShipLine(&transfer, &lines[i]);
	return StoreStep(&mark_shipped, transfer_id, LedgerOccurredAt(GetCurrentTimestamp()));
}

/*
 * Takes the goods of a line out of the source: those that it holds, or what is
 * available when a count cancelled the hold (IV001).
 */
static void
ShipLine(const Transfer *transfer, const TransferLine *line)
{
	CHECK_FOR_INTERRUPTS();
	if (HoldIsActive(line->reservation_id))
		ReservationFulfill(line->reservation_id, 0, MOVEMENT_TRANSFER_OUT);
	else
	{
		StockItem	source;
		Movement	movement = {
			.type = MOVEMENT_TRANSFER_OUT,
			.quantity = -line->quantity,
			.reference_id = transfer->reference_id
		};

		StockLockExisting(line->product_id, transfer->from_warehouse_id, line->quantity, &source);
		if (ReservationFree(&source) < line->quantity)
			ereport(ERROR,
					(errcode(ERRCODE_INVENTORY_INSUFFICIENT_STOCK),
					 errmsg("insufficient stock of product %lld in warehouse %lld",
							(long long) line->product_id,
							(long long) transfer->from_warehouse_id),
					 errdetail("Available: %lld, requested: %lld.",
							   (long long) ReservationFree(&source),
							   (long long) line->quantity),
					 errhint("A count cancelled the hold of this transfer; cancel it and make a smaller one.")));
		ReservationMakeRoom(&source, line->quantity);
		StockMove(&source, &movement);
	}
	StoreLine(transfer, line->line_no, line->quantity, 0, 0);
}

/*
 * Brings in at the destination what items say, everything that is in transit when
 * there are none.  Returns the row of the transfer.
 */
static Datum
Arrive(const Transfer *transfer, const LineItem *items, int nitems)
{
	TimestampTz arrived_at = LedgerOccurredAfter(transfer->shipped_at, "shipped");
	int			nlines;
	int			ndeliveries;
	TransferLine *lines = ReadLines(transfer, &nlines);
	OpenLine   *open = palloc0(Max(nlines, 1) * sizeof(OpenLine));
	LineDelivery *deliveries;

	for (int i = 0; i < nlines; i++)
	{
		open[i].line_no = lines[i].line_no;
		open[i].product_id = lines[i].product_id;
		open[i].open = lines[i].in_transit;
	}
	deliveries = items == NULL ? LineItemsDeliverAll(open, nlines, &ndeliveries) :
		LineItemsDeliver(items, nitems, open, nlines, &transfer_document,
						 transfer->transfer_id, &ndeliveries);
	LockLines(transfer, lines, nlines);
	for (int i = 0; i < ndeliveries; i++)
	{
		BringIn(transfer, transfer->to_warehouse_id, deliveries[i].line->product_id,
				deliveries[i].quantity);
		StoreLine(transfer, deliveries[i].line->line_no, 0, deliveries[i].quantity, 0);
	}
	return StoreStep(&mark_arrived, transfer->transfer_id, arrived_at);
}

/*
 * Gives back what the lines still hold at the source.
 */
static void
ReleaseHolds(const TransferLine *lines, int nlines)
{
	for (int i = 0; i < nlines; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!HoldIsActive(lines[i].reservation_id))
			continue;
		ReservationCancel(lines[i].reservation_id, cstring_to_text("TRANSFER_CANCELLED"), true);
	}
}

/*
 * Goods of a transfer arrive in a warehouse.
 */
static void
BringIn(const Transfer *transfer, int64 warehouse_id, int64 product_id, int64 quantity)
{
	StockItem	item;
	Movement	movement = {
		.type = MOVEMENT_TRANSFER_IN,
		.quantity = quantity,
		.reference_id = transfer->reference_id
	};

	CHECK_FOR_INTERRUPTS();
	StockLockOrCreate(product_id, warehouse_id, &item);
	StockMove(&item, &movement);
}

/*
 * Does a reservation still hold its goods?  Its item is locked.
 */
static bool
HoldIsActive(int64 reservation_id)
{
	Datum		values[1] = {Int64GetDatum(reservation_id)};

	return PlanExecute(&find_hold, values, NULL) == 1;
}

/*
 * Adds to what a line says was shipped, received and returned.
 */
static void
StoreLine(const Transfer *transfer, int line_no, int64 shipped, int64 received,
		  int64 returned)
{
	Datum		values[5] = {
		Int64GetDatum(transfer->transfer_id),
		Int32GetDatum(line_no),
		Int64GetDatum(shipped),
		Int64GetDatum(received),
		Int64GetDatum(returned)
	};

	PlanWriteRow(&store_line, values, NULL);
}

/*
 * Writes a step of a locked transfer.  Returns its row.
 */
static Datum
StoreStep(KeptPlan *step, int64 transfer_id, TimestampTz at)
{
	Datum		values[3] = {
		Int64GetDatum(transfer_id),
		TimestampTzGetDatum(at),
		PerformedBy()
	};

	PlanWriteRow(step, values, NULL);
	return PlanResult();
}
