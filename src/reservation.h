/*
 * reservation.h
 *		What other rooms need of reservations.
 */
#ifndef INVENTORY_RESERVATION_H
#define INVENTORY_RESERVATION_H

#include "postgres.h"

#include "access/htup.h"
#include "fmgr.h"

#include "stock.h"

/* Columns of reservation, which C code knows by number. */
#define Anum_reservation_id				1
#define Anum_reservation_product_id		2
#define Anum_reservation_warehouse_id	3
#define Anum_reservation_quantity		4
#define Anum_reservation_fulfilled		5
#define Anum_reservation_reference_type	6
#define Anum_reservation_reference_id	7
#define Anum_reservation_status			8
#define Anum_reservation_expires_at		9
#define Anum_reservation_created_at		10
#define Anum_reservation_closed_at		11
#define Anum_reservation_close_reason	12
#define Anum_reservation_created_by		13
#define Anum_reservation_closed_by		14
#define Natts_reservation				14

/* What a reservation is going to hold, and for whom. */
typedef struct ReservationDraft
{
	int64		product_id;
	int64		warehouse_id;
	int64		quantity;		/* base units */
	text	   *reference_id;
	const char *reference_type;
	int32		ttl_minutes;	/* 0 never expires */
} ReservationDraft;

/*
 * Which reservation, and what never changes of it.  tid is where its row was seen;
 * invalid where that is not known, and the item neither.
 */
typedef struct ReservationPlace
{
	int64		reservation_id;
	int64		product_id;
	int64		warehouse_id;
	ItemPointerData tid;
} ReservationPlace;

/* A reservation that was written, and is to be returned. */
typedef struct ReservationDone
{
	int64		reservation_id;
	HeapTuple	row;			/* NULL where a statement wrote it */
} ReservationDone;

extern int64 ReservationFree(const StockItem *item);
extern void ReservationFreeExpired(StockItem *item);
extern bool ReservationReturnInserted(FunctionCallInfo fcinfo);
extern HeapTuple ReservationWritten(void);
extern void ReservationReturnDone(FunctionCallInfo fcinfo, ReservationDone *done, int count);
extern void ReservationMakeRoom(StockItem *item, int64 quantity);
extern void ReservationHold(StockItem *item, int64 quantity);
extern bool ReservationTryHold(StockItem *item, int64 quantity);
extern int64 ReservationInsert(const ReservationDraft *draft, int64 reservation_id);
extern void ReservationInsertMany(const ReservationDraft *drafts, int count,
								  int64 *reservation_ids);
extern void ReservationFulfill(int64 reservation_id, int64 quantity, MovementType type);
extern bool ReservationFulfillOpen(const ReservationPlace *place);
extern bool ReservationCancelOpen(const ReservationPlace *place, text *reason);
extern void ReservationCancel(int64 reservation_id, text *reason, bool by_transfer);
extern void ReservationForceRoom(StockItem *item, int64 quantity, const char *reason);
extern void ReservationReturnSet(FunctionCallInfo fcinfo, Datum reservation_ids);

#endif							/* INVENTORY_RESERVATION_H */
