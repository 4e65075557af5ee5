/*
 * reservation.c
 *		SQL entry points of single reservations: reserve_stock,
 *		fulfill_reservation, cancel_reservation, extend_reservation,
 *		expire_reservations.
 *
 * Every one of them locks the item first, or reads it, and reads the reservations
 * afterwards, in a later statement; stock.h has the rule.
 */
#include "reservation.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "errors.h"
#include "fast_path.h"
#include "idempotency.h"
#include "identity.h"
#include "ledger.h"
#include "plan.h"
#include "stock.h"

#define NEXT_RESERVATION_ID \
	"pg_catalog.nextval('inventory.reservation_reservation_id_seq'::pg_catalog.regclass)"

static KeptPlan next_reservation_id = {
	.sql = "SELECT " NEXT_RESERVATION_ID,
	.result = SPI_OK_SELECT
};

static KeptPlan insert_reservation = {
	.sql = "INSERT INTO inventory.reservation AS r (reservation_id, product_id, "
	"warehouse_id, quantity, reference_type, reference_id, created_at, expires_at, created_by) "
	"VALUES (COALESCE($1, " NEXT_RESERVATION_ID "), $2, $3, $4, CAST($5 AS inventory.reference_type), $6, $7, $8, $9) RETURNING r, r.reservation_id",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 9,
	.argtypes = {INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID,
	TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID}
};

static KeptPlan find_reservation = {
	.sql = "SELECT r.quantity, r.quantity_fulfilled, CAST(r.status AS pg_catalog.text), "
	"r.expires_at, r.reference_id, CAST(r.reference_type AS pg_catalog.text) "
	"FROM inventory.reservation r WHERE r.reservation_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan return_reservation = {
	.sql = "SELECT r FROM inventory.reservation r WHERE r.reservation_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

static KeptPlan store_reservation = {
	.sql = "UPDATE inventory.reservation AS r SET quantity_fulfilled = $2, "
	"status = CAST($3 AS inventory.reservation_status), "
	"closed_at = $4, close_reason = $5, closed_by = $6 "
	"WHERE r.reservation_id OPERATOR(pg_catalog.=) $1 "
	"AND r.status OPERATOR(pg_catalog.=) 'ACTIVE' "
	"AND r.quantity_fulfilled OPERATOR(pg_catalog.=) $7 RETURNING r",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 7,
	.argtypes = {INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, INT8OID}
};

/* GREATEST ignores NULLs, but what never expires must stay so. */
static KeptPlan extend_reservation = {
	.sql = "UPDATE inventory.reservation AS r SET expires_at = "
	"CASE WHEN r.expires_at IS NOT NULL THEN GREATEST(r.expires_at, $2) END "
	"WHERE r.reservation_id OPERATOR(pg_catalog.=) $1 RETURNING r",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}
};

/* The sum of bigints is numeric; rows inserted by hand could exceed a bigint. */
static KeptPlan sum_expired = {
	.sql = "SELECT CAST(LEAST(COALESCE(pg_catalog.sum(r.quantity OPERATOR(pg_catalog.-) r.quantity_fulfilled), 0), 9223372036854775807) AS pg_catalog.int8) "
	"FROM inventory.reservation r "
	"WHERE r.product_id OPERATOR(pg_catalog.=) $1 "
	"AND r.warehouse_id OPERATOR(pg_catalog.=) $2 "
	"AND r.status OPERATOR(pg_catalog.=) 'ACTIVE' "
	"AND r.expires_at OPERATOR(pg_catalog.<=) $3",
	.result = SPI_OK_SELECT,
	.nargs = 3,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID}
};

/*
 * The owner may set expires_at by plain SQL, without the lock of the item, so
 * the row is looked at again after a wait for it.  COALESCE keeps that second look
 * away from the index on expires_at, which would be read from end to end for each
 * item.
 */
static KeptPlan close_expired = {
	.sql = "UPDATE inventory.reservation r "
	"SET status = 'CANCELLED', closed_at = $3, close_reason = 'EXPIRED', closed_by = $5 "
	"WHERE r.reservation_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	"SELECT e.reservation_id FROM inventory.reservation e "
	"WHERE e.product_id OPERATOR(pg_catalog.=) $1 "
	"AND e.warehouse_id OPERATOR(pg_catalog.=) $2 "
	"AND e.status OPERATOR(pg_catalog.=) 'ACTIVE' "
	"AND e.expires_at OPERATOR(pg_catalog.<=) $3 "
	"ORDER BY e.expires_at LIMIT $4)) "
	"AND r.status OPERATOR(pg_catalog.=) 'ACTIVE' "
	"AND COALESCE(r.expires_at, 'infinity') OPERATOR(pg_catalog.<=) $3 "
	"RETURNING r.quantity OPERATOR(pg_catalog.-) r.quantity_fulfilled",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 5,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID, INT8OID, TEXTOID}
};

/* The newest ones, until enough is given back; the last may give back more. */
static KeptPlan close_newest = {
	.sql = "UPDATE inventory.reservation r "
	"SET status = 'CANCELLED', closed_at = $3, close_reason = $4, closed_by = $6 "
	"FROM (SELECT n.reservation_id, n.quantity OPERATOR(pg_catalog.-) n.quantity_fulfilled AS held, "
	"pg_catalog.sum(n.quantity OPERATOR(pg_catalog.-) n.quantity_fulfilled) "
	"OVER (ORDER BY n.created_at DESC, n.reservation_id DESC) AS held_so_far "
	"FROM inventory.reservation n "
	"WHERE n.product_id OPERATOR(pg_catalog.=) $1 "
	"AND n.warehouse_id OPERATOR(pg_catalog.=) $2 "
	"AND n.status OPERATOR(pg_catalog.=) 'ACTIVE') AS newest "
	"WHERE r.reservation_id OPERATOR(pg_catalog.=) newest.reservation_id "
	"AND newest.held_so_far OPERATOR(pg_catalog.-) CAST(newest.held AS pg_catalog.numeric) "
	"OPERATOR(pg_catalog.<) CAST($5 AS pg_catalog.numeric) "
	"RETURNING newest.held, r.reservation_id, r.reference_id",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 6,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID, TEXTOID, INT8OID, TEXTOID}
};

/*
 * One probe for each id, whatever the planner knows of the table: a plan made
 * while it was empty is kept.
 */
static KeptPlan return_reservations = {
	.sql = "SELECT found.r FROM pg_catalog.unnest($1) AS made(reservation_id) "
	"CROSS JOIN LATERAL (SELECT r FROM inventory.reservation r "
	"WHERE r.reservation_id OPERATOR(pg_catalog.=) made.reservation_id OFFSET 0) AS found "
	"ORDER BY made.reservation_id",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8ARRAYOID}
};

static KeptPlan find_transfer = {
	.sql = "SELECT t.transfer_id, CAST(t.status AS pg_catalog.text) "
	"FROM inventory.transfer_order_line l "
	"JOIN inventory.transfer_order t ON t.transfer_id OPERATOR(pg_catalog.=) l.transfer_id "
	"WHERE l.reservation_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {INT8OID}
};

/* What reserve_stock was asked for. */
typedef struct ReserveRequest
{
	ReservationDraft draft;
	text	   *idempotency_key;	/* or NULL */
} ReserveRequest;

/* A reservation whose item is locked. */
typedef struct Reservation
{
	int64		reservation_id;
	int64		quantity;
	int64		fulfilled;
	int64		stored_fulfilled;	/* as it was read */
	const char *status;
	bool		expires;
	TimestampTz expires_at;		/* when it expires */
	text	   *reference_id;
	bool		is_transfer;	/* of type TRANSFER */
	TimestampTz closed_at;		/* DT_NOBEGIN while it is ACTIVE */
	text	   *close_reason;	/* or NULL */
	ItemPointerData tid;		/* where the fast path read it; else invalid */
} Reservation;

PG_FUNCTION_INFO_V1(inventory_reserve_stock);
PG_FUNCTION_INFO_V1(inventory_fulfill_reservation);
PG_FUNCTION_INFO_V1(inventory_cancel_reservation);
PG_FUNCTION_INFO_V1(inventory_extend_reservation);
PG_FUNCTION_INFO_V1(inventory_expire_reservations);

static void ReadReserveRequest(FunctionCallInfo fcinfo, ReserveRequest *request);
static char *ArgumentReferenceType(FunctionCallInfo fcinfo, int n);
static Datum Reserve(const ReserveRequest *request);
static void HoldItem(const ReservationDraft *draft);
static int64 NextReservationId(void);
static char *DescribeRequest(const ReservationDraft *draft);
static int64 InsertFast(const ReservationDraft *draft, int64 reservation_id, TimestampTz now);
static bool InsertManyFast(const ReservationDraft *drafts, int count, int64 *reservation_ids);
static void FillRow(const FastRelation *fast, const ReservationDraft *draft,
					int64 reservation_id, TimestampTz now, Datum *values, bool *nulls);
static int64 InsertByStatement(const ReservationDraft *draft, int64 reservation_id,
							   TimestampTz now);
static Datum ReturnReservation(int64 reservation_id);
static void ReadReservation(const ReservationPlace *place, bool lock, StockItem *item,
							Reservation *reservation);
static bool IsFast(void);
static void FindPlace(int64 reservation_id, ReservationPlace *place);
static bool ReadFast(const ReservationPlace *place, bool lock, StockItem *item,
					 Reservation *reservation);
static void ReadSlot(const FastRelation *fast, Reservation *reservation);
static bool ReadByStatement(int64 reservation_id, StockItem *item,
							Reservation *reservation);
static bool IsActive(const Reservation *reservation);
static void ReadActive(const ReservationPlace *place, bool lock, StockItem *item,
					   Reservation *reservation);
static void LockReservation(int64 reservation_id, StockItem *item,
							Reservation *reservation);
static bool Fulfill(StockItem *item, Reservation *reservation, int64 quantity,
					MovementType type);
static void Cancel(StockItem *item, Reservation *reservation, text *reason);
static void CheckNotOfTransfer(int64 reservation_id);
static void CheckNotExpired(const Reservation *reservation);
static void CloseReservation(Reservation *reservation, const char *status);
static void StoreReservation(const Reservation *reservation);
static void CheckUnchanged(const Reservation *reservation);
static bool StoreFast(const Reservation *reservation);
static bool IsAsRead(const FastRelation *fast, const Reservation *reservation);
static bool ReturnSetFast(FunctionCallInfo fcinfo, ArrayType *reservation_ids);
static int	CompareDone(const void *a, const void *b);
static int	CompareIds(const void *a, const void *b);
static int64 CloseExpired(StockItem *item, TimestampTz now, int64 max_rows);
static void CancelNewest(StockItem *item, int64 quantity, const char *reason);
static int64 SumExpired(const StockItem *item, TimestampTz now);
static void ReleaseReserved(StockItem *item, int64 quantity);
static int64 ExpireItems(int64 max_rows);
static TimestampTz MinutesFrom(TimestampTz start, int32 minutes);

/*
 * reserve_stock(product_id, warehouse_id, quantity, reference_id,
 *				 reference_type, ttl_minutes, idempotency_key)
 *
 * Locks the key if there is one, then the item.
 */
Datum
inventory_reserve_stock(PG_FUNCTION_ARGS)
{
	ReserveRequest request;
	Identity	caller;
	Datum		result;

	ReadReserveRequest(fcinfo, &request);
	EnterEngineLater(fcinfo, &caller);
	result = Reserve(&request);
	LeaveEngine(&caller);
	return result;
}

/*
 * fulfill_reservation(reservation_id, quantity)
 */
Datum
inventory_fulfill_reservation(PG_FUNCTION_ARGS)
{
	int64		reservation_id = ArgumentId(fcinfo, 0, "reservation_id");
	int64		quantity = PG_ARGISNULL(1) ? 0 : ArgumentQuantity(fcinfo, 1, "quantity");
	Identity	caller;
	Datum		result;

	EnterEngineLater(fcinfo, &caller);
	ReservationFulfill(reservation_id, quantity, MOVEMENT_SALE);
	result = PlanResult();
	LeaveEngine(&caller);
	return result;
}

/*
 * cancel_reservation(reservation_id, reason)
 */
Datum
inventory_cancel_reservation(PG_FUNCTION_ARGS)
{
	int64		reservation_id = ArgumentId(fcinfo, 0, "reservation_id");
	text	   *reason = ArgumentOptionalText(fcinfo, 1, "reason", MAX_REASON_BYTES);
	Identity	caller;
	Datum		result;

	EnterEngineLater(fcinfo, &caller);
	ReservationCancel(reservation_id, reason, false);
	result = PlanResult();
	LeaveEngine(&caller);
	return result;
}

/*
 * extend_reservation(reservation_id, ttl_minutes)
 */
Datum
inventory_extend_reservation(PG_FUNCTION_ARGS)
{
	int64		reservation_id = ArgumentId(fcinfo, 0, "reservation_id");
	int32		ttl_minutes = ArgumentPositive(fcinfo, 1, "ttl_minutes");
	Datum		values[2] = {Int64GetDatum(reservation_id)};
	StockItem	item;
	Reservation reservation;
	Identity	caller;
	Datum		result;

	EnterEngineLater(fcinfo, &caller);
	LockReservation(reservation_id, &item, &reservation);
	CheckNotExpired(&reservation);
	/* Also for who reads the reservation in an older snapshot: 40001, not a lie. */
	StockStore(&item);
	values[1] = TimestampTzGetDatum(MinutesFrom(GetCurrentTimestamp(), ttl_minutes));
	PlanWriteRow(&extend_reservation, values, NULL);
	result = PlanResult();
	LeaveEngine(&caller);
	return result;
}

/*
 * expire_reservations(max_rows)
 *
 * Locks the items that no other transaction holds, in order, and skips the rest.
 */
Datum
inventory_expire_reservations(PG_FUNCTION_ARGS)
{
	int32		max_rows = ArgumentPositive(fcinfo, 0, "max_rows");
	Identity	caller;
	int64		expired;

	EnterEngine(fcinfo, &caller);
	expired = ExpireItems(max_rows);
	LeaveEngine(&caller);
	PG_RETURN_INT64(expired);
}

/*
 * What can be had of a locked item: what is available, and what its expired
 * reservations hold.
 */
int64
ReservationFree(const StockItem *item)
{
	if (item->reserved == 0)
		return item->on_hand;
	/* No more than is reserved can be given back. */
	return StockAvailable(item) +
		Min(SumExpired(item, GetCurrentTimestamp()), item->reserved);
}

/*
 * Closes the expired reservations of a locked item.  The caller stores the item.
 */
void
ReservationFreeExpired(StockItem *item)
{
	CloseExpired(item, GetCurrentTimestamp(), PG_INT64_MAX);
}

/*
 * Makes sure that quantity is available of a locked item, closing its expired
 * reservations if that is what it takes.  Raises IV001 when it is not.  The
 * caller stores the item.
 */
void
ReservationMakeRoom(StockItem *item, int64 quantity)
{
	int64		available;

	if (StockAvailable(item) >= quantity)
		return;
	available = ReservationFree(item);
	if (available < quantity)
		ErrorInsufficientStock(item->product_id, item->warehouse_id,
							   available, quantity);
	ReservationFreeExpired(item);
	if (StockAvailable(item) < quantity)
		ErrorInsufficientStock(item->product_id, item->warehouse_id,
							   StockAvailable(item), quantity);
}

/*
 * The same at any price: what expired goes first, then the newest reservations are
 * cancelled, until quantity is available of a locked item that has it on hand.  The
 * caller stores the item.
 */
void
ReservationForceRoom(StockItem *item, int64 quantity, const char *reason)
{
	if (StockAvailable(item) >= quantity)
		return;
	ReservationFreeExpired(item);
	if (StockAvailable(item) < quantity)
		CancelNewest(item, quantity - StockAvailable(item), reason);
	if (StockAvailable(item) < quantity)
		ErrorInsufficientStock(item->product_id, item->warehouse_id,
							   StockAvailable(item), quantity);
}

/*
 * Reserves quantity of a locked item, freeing what has expired if need be, and
 * stores the item.  Raises IV001 when too little is available.  The caller writes
 * the reservations.
 */
void
ReservationHold(StockItem *item, int64 quantity)
{
	ReservationMakeRoom(item, quantity);
	item->reserved += quantity;
	StockStore(item);
}

/*
 * The same for an item that may only have been read.  False, and nothing is written,
 * when less is available or the item is not what it was: then it has to be locked and
 * looked at again.
 */
bool
ReservationTryHold(StockItem *item, int64 quantity)
{
	if (StockAvailable(item) < quantity)
		return false;
	item->reserved += quantity;
	return StockTryStore(item);
}

/*
 * Checks the arguments of reserve_stock; locks nothing.
 */
static void
ReadReserveRequest(FunctionCallInfo fcinfo, ReserveRequest *request)
{
	request->draft.product_id = ArgumentId(fcinfo, 0, "product_id");
	request->draft.warehouse_id = ArgumentId(fcinfo, 1, "warehouse_id");
	request->draft.quantity = ArgumentQuantity(fcinfo, 2, "quantity");
	request->draft.reference_id = ArgumentLabel(fcinfo, 3, "reference_id");
	request->draft.reference_type = ArgumentReferenceType(fcinfo, 4);
	request->draft.ttl_minutes = ArgumentPositive(fcinfo, 5, "ttl_minutes");
	request->idempotency_key = PG_ARGISNULL(6) ? NULL :
		ArgumentLabel(fcinfo, 6, "idempotency_key");
}

/*
 * A label of inventory.reference_type.  Raises 22023 for anything else.
 */
static char *
ArgumentReferenceType(FunctionCallInfo fcinfo, int n)
{
	char	   *label = text_to_cstring(ArgumentLabel(fcinfo, n, "reference_type"));

	if (strcmp(label, "ORDER") != 0 && strcmp(label, "TRANSFER") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown reference type \"%s\"", label),
				 errhint("Known types: ORDER, TRANSFER.")));
	return label;
}

/*
 * Makes the reservation, or finds the one that the same request made before.
 * Locks the key if there is one, then the item.
 */
static Datum
Reserve(const ReserveRequest *request)
{
	const ReservationDraft *draft = &request->draft;
	int64		reservation_id = 0;

	if (request->idempotency_key != NULL)
	{
		ArrayType  *made;

		reservation_id = NextReservationId();
		made = IdempotencyClaim(request->idempotency_key, "reserve_stock",
								DescribeRequest(draft), &reservation_id, 1);
		if (made != NULL)
			return ReturnReservation(((int64 *) ARR_DATA_PTR(made))[0]);
	}

	HoldItem(draft);
	ReservationInsert(draft, reservation_id);
	return PlanResult();
}

/*
 * Holds what is to be reserved of its item, which is locked then.
 */
static void
HoldItem(const ReservationDraft *draft)
{
	StockItem	item;

	if (StockRead(draft->product_id, draft->warehouse_id, &item) &&
		ReservationTryHold(&item, draft->quantity))
		return;
	StockLockExisting(draft->product_id, draft->warehouse_id, draft->quantity, &item);
	ReservationHold(&item, draft->quantity);
}

/*
 * A key has to name the reservation before it is made.
 */
static int64
NextReservationId(void)
{
	PlanExecute(&next_reservation_id, NULL, NULL);
	return PlanInt64(0, 1);
}

/*
 * All arguments but the key, as text: what a repeated request must equal.
 */
static char *
DescribeRequest(const ReservationDraft *draft)
{
	return psprintf("product_id => %lld, warehouse_id => %lld, quantity => %lld, "
					"reference_id => %s, reference_type => %s, ttl_minutes => %d",
					(long long) draft->product_id,
					(long long) draft->warehouse_id,
					(long long) draft->quantity,
					quote_literal_cstr(text_to_cstring(draft->reference_id)),
					quote_literal_cstr(draft->reference_type),
					draft->ttl_minutes);
}

/*
 * Writes a reservation whose quantity is held of a locked item, under the next id
 * where none is given (0).  Its times are taken here, under the lock of the item.
 * Returns its id; its row is the result of the last statement (PlanResult).
 */
int64
ReservationInsert(const ReservationDraft *draft, int64 reservation_id)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		inserted = InsertFast(draft, reservation_id, now);

	return inserted != 0 ? inserted : InsertByStatement(draft, reservation_id, now);
}

/*
 * The same for several, each under the next id, in their order; reservation_ids has
 * room for these.  What is needed goes to the current memory context.
 */
void
ReservationInsertMany(const ReservationDraft *drafts, int count, int64 *reservation_ids)
{
	if (InsertManyFast(drafts, count, reservation_ids))
		return;
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		reservation_ids[i] = ReservationInsert(&drafts[i], 0);
	}
}

/*
 * ReservationInsert without a statement; 0 when it takes one.
 */
static int64
InsertFast(const ReservationDraft *draft, int64 reservation_id, TimestampTz now)
{
	FastRelation *fast = FastOpen(FAST_RESERVATION);
	Datum		values[Natts_reservation];
	bool		nulls[Natts_reservation];

	if (fast == NULL)
		return 0;
	if (reservation_id == 0)
		reservation_id = nextval_internal(fast->table->sequence, false);
	FillRow(fast, draft, reservation_id, now, values, nulls);
	return FastInsert(fast, values, nulls) ? reservation_id : 0;
}

/*
 * ReservationInsertMany without statements; false, and nothing is written, when it
 * takes one.
 */
static bool
InsertManyFast(const ReservationDraft *drafts, int count, int64 *reservation_ids)
{
	FastRelation *fast = FastOpen(FAST_RESERVATION);
	TimestampTz now = GetCurrentTimestamp();
	Datum	   *values;
	bool	   *nulls;

	if (fast == NULL)
		return false;
	values = palloc(count * Natts_reservation * sizeof(Datum));
	nulls = palloc(count * Natts_reservation * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		reservation_ids[i] = nextval_internal(fast->table->sequence, false);
		FillRow(fast, &drafts[i], reservation_ids[i], now,
				&values[i * Natts_reservation], &nulls[i * Natts_reservation]);
	}
	return FastInsertMany(fast, count, values, nulls);
}

/*
 * The row of a new reservation.
 */
static void
FillRow(const FastRelation *fast, const ReservationDraft *draft, int64 reservation_id,
		TimestampTz now, Datum *values, bool *nulls)
{
	memset(nulls, false, Natts_reservation * sizeof(bool));
	values[0] = Int64GetDatum(reservation_id);
	values[1] = Int64GetDatum(draft->product_id);
	values[2] = Int64GetDatum(draft->warehouse_id);
	values[3] = Int64GetDatum(draft->quantity);
	values[4] = Int64GetDatum(0);
	values[5] = FastLabelDatum(fast, Anum_reservation_reference_type, draft->reference_type);
	values[6] = PointerGetDatum(draft->reference_id);
	values[7] = FastLabelDatum(fast, Anum_reservation_status, "ACTIVE");
	values[8] = TimestampTzGetDatum(MinutesFrom(now, draft->ttl_minutes));
	values[9] = TimestampTzGetDatum(now);
	values[10] = values[11] = values[13] = (Datum) 0;
	values[12] = PerformedBy();
	nulls[8] = draft->ttl_minutes == 0;
	nulls[10] = nulls[11] = nulls[13] = true;
}

/*
 * ReservationInsert by a plain statement.
 */
static int64
InsertByStatement(const ReservationDraft *draft, int64 reservation_id, TimestampTz now)
{
	Datum		values[9] = {
		Int64GetDatum(reservation_id),
		Int64GetDatum(draft->product_id),
		Int64GetDatum(draft->warehouse_id),
		Int64GetDatum(draft->quantity),
		CStringGetTextDatum(draft->reference_type),
		PointerGetDatum(draft->reference_id),
		TimestampTzGetDatum(now),
		TimestampTzGetDatum(MinutesFrom(now, draft->ttl_minutes)),
		PerformedBy()
	};
	char		nulls[] = "         ";

	if (reservation_id == 0)
		nulls[0] = 'n';
	if (draft->ttl_minutes == 0)
		nulls[7] = 'n';
	PlanWriteRow(&insert_reservation, values, nulls);
	return PlanInt64(0, 2);
}

/*
 * The row of a reservation that an earlier call made.
 */
static Datum
ReturnReservation(int64 reservation_id)
{
	Datum		values[1] = {Int64GetDatum(reservation_id)};

	if (PlanExecute(&return_reservation, values, NULL) == 0)
		ErrorNotFound("reservation", reservation_id);
	return PlanResult();
}

/*
 * Reads a reservation's item, which is locked where it says so (lock) or StockRead
 * says no, and then the reservation, which has to exist (IV003).
 */
static void
ReadReservation(const ReservationPlace *place, bool lock, StockItem *item,
				Reservation *reservation)
{
	reservation->reservation_id = place->reservation_id;
	reservation->closed_at = DT_NOBEGIN;
	reservation->close_reason = NULL;
	if (!(ItemPointerIsValid(&place->tid) && IsFast() ?
		  ReadFast(place, lock, item, reservation) :
		  ReadByStatement(place->reservation_id, item, reservation)))
		ErrorNotFound("reservation", place->reservation_id);
}

/*
 * Can reservations and items be had without a statement?
 */
static bool
IsFast(void)
{
	return FastOpen(FAST_RESERVATION) != NULL && FastOpen(FAST_ITEM) != NULL;
}

/*
 * Which item a reservation holds stock of, where no statement is needed for that.
 * Nothing is locked.  Raises IV003 where there is no such reservation.
 */
static void
FindPlace(int64 reservation_id, ReservationPlace *place)
{
	FastRelation *fast;
	bool		isnull;

	place->reservation_id = reservation_id;
	ItemPointerSetInvalid(&place->tid);
	if (!IsFast())
		return;
	fast = FastOpen(FAST_RESERVATION);
	if (!FastFind(fast, &reservation_id))
		ErrorNotFound("reservation", reservation_id);
	place->tid = fast->row->tts_tid;
	place->product_id = DatumGetInt64(slot_getattr(fast->row, Anum_reservation_product_id, &isnull));
	place->warehouse_id = DatumGetInt64(slot_getattr(fast->row, Anum_reservation_warehouse_id, &isnull));
}

/*
 * ReadReservation without a statement: the item, then the reservation as it is by
 * then.  False when there is none.
 */
static bool
ReadFast(const ReservationPlace *place, bool lock, StockItem *item,
		 Reservation *reservation)
{
	FastRelation *fast = FastOpen(FAST_RESERVATION);

	if ((lock || !StockRead(place->product_id, place->warehouse_id, item)) &&
		!StockLockKnown(place->product_id, place->warehouse_id, item))
		return false;
	if (!FastFindAgain(fast, place->tid, &place->reservation_id))
		return false;
	ReadSlot(fast, reservation);
	return true;
}

/*
 * A reservation from the row that the fast path found.
 */
static void
ReadSlot(const FastRelation *fast, Reservation *reservation)
{
	TupleTableSlot *row = fast->row;
	bool		isnull;
	Datum		type;

	slot_getallattrs(row);
	reservation->quantity = DatumGetInt64(slot_getattr(row, Anum_reservation_quantity, &isnull));
	reservation->fulfilled = DatumGetInt64(slot_getattr(row, Anum_reservation_fulfilled, &isnull));
	reservation->stored_fulfilled = reservation->fulfilled;
	reservation->status = FastLabelName(fast, Anum_reservation_status,
										slot_getattr(row, Anum_reservation_status, &isnull));
	reservation->reference_id = DatumGetTextPCopy(slot_getattr(row, Anum_reservation_reference_id, &isnull));
	type = slot_getattr(row, Anum_reservation_reference_type, &isnull);
	reservation->is_transfer = type == FastLabelDatum(fast, Anum_reservation_reference_type, "TRANSFER");
	reservation->expires_at = DatumGetTimestampTz(slot_getattr(row, Anum_reservation_expires_at, &isnull));
	reservation->expires = !isnull;
	reservation->tid = row->tts_tid;
	if (reservation->status == NULL)
		elog(ERROR, "unknown status of reservation %lld", (long long) reservation->reservation_id);
}

/*
 * ReadReservation by plain statements.
 */
static bool
ReadByStatement(int64 reservation_id, StockItem *item, Reservation *reservation)
{
	Datum		values[1] = {Int64GetDatum(reservation_id)};
	bool		isnull;

	if (!StockLockOfReservation(reservation_id, item) ||
		PlanExecute(&find_reservation, values, NULL) == 0)
		return false;
	reservation->quantity = PlanInt64(0, 1);
	reservation->fulfilled = reservation->stored_fulfilled = PlanInt64(0, 2);
	reservation->status = TextDatumGetCString(PlanColumn(0, 3, &isnull));
	reservation->expires_at = DatumGetTimestampTz(PlanColumn(0, 4, &isnull));
	reservation->expires = !isnull;
	reservation->reference_id = DatumGetTextPCopy(PlanColumn(0, 5, &isnull));
	reservation->is_transfer = strcmp(TextDatumGetCString(PlanColumn(0, 6, &isnull)), "TRANSFER") == 0;
	ItemPointerSetInvalid(&reservation->tid);
	return true;
}

static bool
IsActive(const Reservation *reservation)
{
	return strcmp(reservation->status, "ACTIVE") == 0;
}

/*
 * The same for a reservation that has to be ACTIVE (IV002).
 */
static void
ReadActive(const ReservationPlace *place, bool lock, StockItem *item,
		   Reservation *reservation)
{
	ReadReservation(place, lock, item, reservation);
	if (!IsActive(reservation))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("reservation %lld is not active", (long long) place->reservation_id),
				 errdetail("It is %s.", reservation->status)));
}

/*
 * Locks the item of a reservation, which has to be ACTIVE.
 */
static void
LockReservation(int64 reservation_id, StockItem *item, Reservation *reservation)
{
	ReservationPlace place;

	FindPlace(reservation_id, &place);
	ReadActive(&place, true, item, reservation);
}

/*
 * Raises IV002 for a reservation that a transfer holds its goods with: only the
 * steps of the transfer may use it up or give it back.  Which transfer that is
 * never changes, so nothing needs to be locked.
 */
static void
CheckNotOfTransfer(int64 reservation_id)
{
	Datum		values[1] = {Int64GetDatum(reservation_id)};
	bool		isnull;

	if (PlanExecute(&find_transfer, values, NULL) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INVALID_STATE),
			 errmsg("reservation %lld belongs to transfer %lld",
					(long long) reservation_id, (long long) PlanInt64(0, 1)),
			 errdetail("The transfer is %s.",
					   TextDatumGetCString(PlanColumn(0, 2, &isnull))),
			 errhint("Use inventory.ship_transfer() or inventory.cancel_transfer().")));
}

/*
 * Raises IV002 when the reservation's time has run out, whether or not
 * expire_reservations has come by.
 */
static void
CheckNotExpired(const Reservation *reservation)
{
	if (reservation->expires && reservation->expires_at <= GetCurrentTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("reservation %lld has expired",
						(long long) reservation->reservation_id),
				 errdetail("It is %s and expired at %s.", reservation->status,
						   timestamptz_to_str(reservation->expires_at)),
				 errhint("Make a new reservation.")));
}

/*
 * The reservation as it is from now on; the caller stores it.
 */
static void
CloseReservation(Reservation *reservation, const char *status)
{
	reservation->status = status;
	reservation->closed_at = GetCurrentTimestamp();
}

/*
 * Writes an ACTIVE reservation back, its item being locked.  Its row is the result of
 * the last statement (PlanResult).  Raises IV002 when it is not as it was read, since
 * a user's trigger fulfilled or cancelled it in between.
 */
static void
StoreReservation(const Reservation *reservation)
{
	Datum		values[7] = {
		Int64GetDatum(reservation->reservation_id),
		Int64GetDatum(reservation->fulfilled),
		CStringGetTextDatum(reservation->status),
		TimestampTzGetDatum(reservation->closed_at),
		PointerGetDatum(reservation->close_reason),
		(Datum) 0,
		Int64GetDatum(reservation->stored_fulfilled)
	};
	char		nulls[] = "       ";

	if (StoreFast(reservation))
		return;
	if (TIMESTAMP_IS_NOBEGIN(reservation->closed_at))
		nulls[3] = nulls[5] = 'n';
	else
		values[5] = PerformedBy();
	if (reservation->close_reason == NULL)
		nulls[4] = 'n';
	if (PlanExecute(&store_reservation, values, nulls) == 1)
		return;
	CheckUnchanged(reservation);
	PlanWriteRow(&store_reservation, values, nulls);
}

/*
 * Raises IV002 for a reservation that is not as it was read.
 */
static void
CheckUnchanged(const Reservation *reservation)
{
	Datum		values[1] = {Int64GetDatum(reservation->reservation_id)};
	bool		isnull;

	if (PlanExecute(&find_reservation, values, NULL) == 1 &&
		PlanInt64(0, 2) == reservation->stored_fulfilled &&
		strcmp(TextDatumGetCString(PlanColumn(0, 3, &isnull)), "ACTIVE") == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INVALID_STATE),
			 errmsg("reservation %lld was changed while it was being worked on",
					(long long) reservation->reservation_id),
			 errhint("Look for a trigger that fulfils or cancels the same reservation.")));
}

/*
 * StoreReservation without a statement; false when it takes one.
 */
static bool
StoreFast(const Reservation *reservation)
{
	static const AttrNumber columns[] = {
		Anum_reservation_fulfilled, Anum_reservation_status, Anum_reservation_closed_at,
		Anum_reservation_close_reason, Anum_reservation_closed_by
	};
	bool		is_open = TIMESTAMP_IS_NOBEGIN(reservation->closed_at);
	bool		nulls[] = {false, false, is_open, reservation->close_reason == NULL, is_open};
	Datum		values[lengthof(columns)];
	FastRelation *fast = FastOpen(FAST_RESERVATION);

	if (fast == NULL || !FastBring(fast, reservation->tid, &reservation->reservation_id) ||
		!IsAsRead(fast, reservation))
		return false;
	values[0] = Int64GetDatum(reservation->fulfilled);
	values[1] = FastLabelDatum(fast, Anum_reservation_status, reservation->status);
	values[2] = TimestampTzGetDatum(reservation->closed_at);
	values[3] = PointerGetDatum(reservation->close_reason);
	values[4] = is_open ? (Datum) 0 : PerformedBy();
	return FastUpdate(fast, lengthof(columns), columns, values, nulls);
}

/*
 * Is the row that the fast path has the one that was read, ACTIVE?
 */
static bool
IsAsRead(const FastRelation *fast, const Reservation *reservation)
{
	bool		isnull;
	Datum		fulfilled = slot_getattr(fast->row, Anum_reservation_fulfilled, &isnull);
	Datum		status = slot_getattr(fast->row, Anum_reservation_status, &isnull);

	return DatumGetInt64(fulfilled) == reservation->stored_fulfilled &&
		status == FastLabelDatum(fast, Anum_reservation_status, "ACTIVE");
}

/*
 * Takes quantity of a reservation out of the warehouse, as a movement of the given
 * type; 0 is all that is left.  Its item is locked then.  Its row is the result of
 * the last statement (PlanResult).
 */
void
ReservationFulfill(int64 reservation_id, int64 quantity, MovementType type)
{
	ReservationPlace place;
	StockItem	item;
	Reservation reservation;
	bool		lock = false;

	FindPlace(reservation_id, &place);
	do
	{
		ReadActive(&place, lock, &item, &reservation);
		if (reservation.is_transfer && type != MOVEMENT_TRANSFER_OUT)
			CheckNotOfTransfer(reservation_id);
		lock = true;
	} while (!Fulfill(&item, &reservation, quantity, type));
}

/*
 * Sells all that is left of a reservation of an order, its item being locked then;
 * false when the reservation turns out to be closed.
 */
bool
ReservationFulfillOpen(const ReservationPlace *place)
{
	StockItem	item;
	Reservation reservation;

	for (bool lock = false;; lock = true)
	{
		ReadReservation(place, lock, &item, &reservation);
		if (IsActive(&reservation))
		{
			if (Fulfill(&item, &reservation, 0, MOVEMENT_SALE))
				return true;
		}
		else if (item.locked)
			return false;
	}
}

/*
 * Takes quantity of an ACTIVE reservation out of its item, which was locked or only
 * read.  Raises IV002 when it has expired, IV001 when it is more than the reservation
 * has left.  False, and nothing is written, when the item is not what it was.
 */
static bool
Fulfill(StockItem *item, Reservation *reservation, int64 quantity, MovementType type)
{
	Movement	movement = {.type = type};
	int64		left = reservation->quantity - reservation->fulfilled;

	CheckNotExpired(reservation);
	if (quantity == 0)
		quantity = left;
	if (quantity > left)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INSUFFICIENT_STOCK),
				 errmsg("reservation %lld has less left than is to be fulfilled",
						(long long) reservation->reservation_id),
				 errdetail("Available: %lld, requested: %lld.",
						   (long long) left, (long long) quantity)));

	movement.quantity = -quantity;
	movement.reference_id = reservation->reference_id;
	movement.reservation_id = reservation->reservation_id;
	ReleaseReserved(item, quantity);
	if (!StockTryMove(item, &movement))
		return false;

	reservation->fulfilled += quantity;
	if (quantity == left)
		CloseReservation(reservation, "FULFILLED");
	StoreReservation(reservation);
	return true;
}

/*
 * Gives back what a reservation still holds, for a step of the transfer that it
 * belongs to or for anybody else.  Locks its item.  Its row is the result of the
 * last statement (PlanResult).
 */
void
ReservationCancel(int64 reservation_id, text *reason, bool by_transfer)
{
	StockItem	item;
	Reservation reservation;

	LockReservation(reservation_id, &item, &reservation);
	if (reservation.is_transfer && !by_transfer)
		CheckNotOfTransfer(reservation_id);
	Cancel(&item, &reservation, reason);
}

/*
 * Cancels a reservation of an order; false when it turns out under the lock of its
 * item that it is closed.
 */
bool
ReservationCancelOpen(const ReservationPlace *place, text *reason)
{
	StockItem	item;
	Reservation reservation;

	ReadReservation(place, true, &item, &reservation);
	if (!IsActive(&reservation))
		return false;
	Cancel(&item, &reservation, reason);
	return true;
}

/*
 * Gives back to a locked item what an ACTIVE reservation holds of it.
 */
static void
Cancel(StockItem *item, Reservation *reservation, text *reason)
{
	ReleaseReserved(item, reservation->quantity - reservation->fulfilled);
	StockStore(item);
	reservation->close_reason = reason;
	CloseReservation(reservation, "CANCELLED");
	StoreReservation(reservation);
}

/*
 * Cancels the newest reservations of a locked item until quantity is given back,
 * or none is left, and says which.  The caller stores the item.
 */
static void
CancelNewest(StockItem *item, int64 quantity, const char *reason)
{
	Datum		values[6] = {
		Int64GetDatum(item->product_id),
		Int64GetDatum(item->warehouse_id),
		TimestampTzGetDatum(GetCurrentTimestamp()),
		CStringGetTextDatum(reason),
		Int64GetDatum(quantity),
		PerformedBy()
	};
	uint64		closed = PlanExecute(&close_newest, values, NULL);

	for (uint64 row = 0; row < closed; row++)
	{
		bool		isnull;

		ReleaseReserved(item, PlanInt64(row, 1));
		ereport(NOTICE,
				(errmsg("reservation %lld of \"%s\" was cancelled for want of stock",
						(long long) PlanInt64(row, 2),
						TextDatumGetCString(PlanColumn(row, 3, &isnull)))));
	}
}

/*
 * Adds the reservation that was just inserted to the set that a function returns;
 * false where it took a statement to insert it, and ReservationReturnSet has to find
 * out what became of it.
 */
bool
ReservationReturnInserted(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;

	if (!FastHasResult())
		return false;
	tuplestore_puttupleslot(set->setResult, FastOpen(FAST_RESERVATION)->stored);
	return true;
}

/*
 * A copy of the reservation that was just written; NULL where it took a statement to
 * write it, and ReservationReturnSet has to find out what became of it.
 */
HeapTuple
ReservationWritten(void)
{
	return FastHasResult() ? ExecCopySlotHeapTuple(FastOpen(FAST_RESERVATION)->stored) : NULL;
}

/*
 * Returns reservations that were written as the set that a function returns, in the
 * order of the ids.  Once a statement has run, a trigger of it may have changed what
 * was written before.
 */
void
ReservationReturnDone(FunctionCallInfo fcinfo, ReservationDone *done, int count)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	int64	   *ids = palloc_extended(Max(count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	bool		is_complete = !EngineEntered();

	qsort(done, count, sizeof(ReservationDone), CompareDone);
	for (int i = 0; i < count; i++)
	{
		ids[i] = done[i].reservation_id;
		is_complete &= done[i].row != NULL;
	}
	if (!is_complete)
	{
		ReservationReturnSet(fcinfo, PlanInt64Array(ids, count));
		return;
	}
	for (int i = 0; i < count; i++)
		tuplestore_puttuple(set->setResult, done[i].row);
}

static int
CompareDone(const void *a, const void *b)
{
	return CompareIds(&((const ReservationDone *) a)->reservation_id,
					  &((const ReservationDone *) b)->reservation_id);
}

/*
 * Returns the rows of reservations, bigint[] of their ids, as the set that a
 * function returns, in the order of the ids.  Raises IV003 when one is gone.
 */
void
ReservationReturnSet(FunctionCallInfo fcinfo, Datum reservation_ids)
{
	Datum		values[1] = {reservation_ids};
	ArrayType  *ids = DatumGetArrayTypeP(reservation_ids);
	int			expected = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
	int			found;

	if (ReturnSetFast(fcinfo, ids))
		return;
	found = (int) PlanExecute(&return_reservations, values, NULL);
	if (found != expected)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_NOT_FOUND),
				 errmsg("%d of %d reservations do not exist any more",
						expected - found, expected)));
	PlanReturnSet(fcinfo);
}

/*
 * ReservationReturnSet without a statement; false, and nothing is returned, when it
 * takes one or a reservation is gone.
 */
static bool
ReturnSetFast(FunctionCallInfo fcinfo, ArrayType *reservation_ids)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	int			count = ArrayGetNItems(ARR_NDIM(reservation_ids), ARR_DIMS(reservation_ids));
	int64	   *ids = (int64 *) ARR_DATA_PTR(reservation_ids);
	FastRelation *fast = FastOpen(FAST_RESERVATION);

	if (fast == NULL)
		return false;
	qsort(ids, count, sizeof(int64), CompareIds);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!FastFind(fast, &ids[i]))
		{
			tuplestore_clear(set->setResult);
			return false;
		}
		tuplestore_puttupleslot(set->setResult, fast->row);
	}
	return true;
}

static int
CompareIds(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

/*
 * Closes at most max_rows of a locked item's reservations that have expired by
 * now, the oldest first, and takes them off what is reserved.  The caller stores
 * the item.  Returns how many were closed.
 */
static int64
CloseExpired(StockItem *item, TimestampTz now, int64 max_rows)
{
	Datum		values[5] = {
		Int64GetDatum(item->product_id),
		Int64GetDatum(item->warehouse_id),
		TimestampTzGetDatum(now),
		Int64GetDatum(max_rows),
		PerformedBy()
	};
	uint64		closed = PlanExecute(&close_expired, values, NULL);

	for (uint64 row = 0; row < closed; row++)
		ReleaseReserved(item, PlanInt64(row, 1));
	return (int64) closed;
}

/*
 * Takes quantity off what is reserved of a locked item.  Raises IV002 when more
 * would be given back than is held, which only rows inserted by hand can bring
 * about: nothing is sold on their strength.
 */
static void
ReleaseReserved(StockItem *item, int64 quantity)
{
	if (quantity > item->reserved)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("reservations of product %lld in warehouse %lld hold more than is reserved",
						(long long) item->product_id, (long long) item->warehouse_id),
				 errdetail("Reserved: %lld, to give back: %lld.",
						   (long long) item->reserved, (long long) quantity),
				 errhint("Reservations were inserted by hand; see inventory.verify_ledger().")));
	item->reserved -= quantity;
}

/*
 * Expires at most max_rows reservations, item by item.  An item whose expired
 * reservations do not add up is left alone; that is looked at once more under its
 * lock.
 */
static int64
ExpireItems(int64 max_rows)
{
	TimestampTz now = GetCurrentTimestamp();
	StockItem  *items;
	uint64		nitems = StockLockExpired(now, max_rows, &items);
	int64		expired = 0;

	for (uint64 i = 0; i < nitems && expired < max_rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (SumExpired(&items[i], now) > items[i].reserved)
			continue;
		expired += CloseExpired(&items[i], now, max_rows - expired);
		StockStore(&items[i]);
	}
	return expired;
}

/*
 * What the reservations of a locked item that have expired by now hold.
 */
static int64
SumExpired(const StockItem *item, TimestampTz now)
{
	Datum		values[3] = {
		Int64GetDatum(item->product_id),
		Int64GetDatum(item->warehouse_id),
		TimestampTzGetDatum(now)
	};
	int64		sum;

	PlanExecute(&sum_expired, values, NULL);
	sum = PlanInt64(0, 1);
	return sum;
}

static TimestampTz
MinutesFrom(TimestampTz start, int32 minutes)
{
	return start + (int64) minutes * USECS_PER_MINUTE;
}
