/*
 * ledger.h
 *		The ledger: the only code that appends a movement.
 */
#ifndef INVENTORY_LEDGER_H
#define INVENTORY_LEDGER_H

#include "postgres.h"

#include "commands/trigger.h"
#include "datatype/timestamp.h"

#include "ledger_hash.h"

struct StockItem;

typedef enum MovementType
{
	MOVEMENT_PURCHASE,
	MOVEMENT_SALE,
	MOVEMENT_RETURN,
	MOVEMENT_ADJUSTMENT,
	MOVEMENT_TRANSFER_IN,
	MOVEMENT_TRANSFER_OUT
} MovementType;

/* One change of a quantity on hand, and why. */
typedef struct Movement
{
	MovementType type;
	int64		quantity;		/* base units, positive in, negative out */
	text	   *reference_id;	/* or NULL */
	int64		reservation_id; /* or 0 */
	text	   *root_cause;		/* or NULL */
} Movement;

extern void LedgerPrepare(struct StockItem *item, const Movement *movement, LedgerRow *row);
extern void LedgerAppend(const struct StockItem *item, const LedgerRow *row);
extern void LedgerStampDirect(struct StockItem *item, int64 change);
extern void LedgerAppendInserted(TriggerData *trigdata);
extern void LedgerAppendUpdated(TriggerData *trigdata);
extern void LedgerCheckRootCause(text *root_cause);
extern text *LedgerDirectRootCause(void);
extern TimestampTz LedgerOccurredAt(TimestampTz created_at);
extern TimestampTz LedgerOccurredAfter(TimestampTz earlier, const char *done);

#endif							/* INVENTORY_LEDGER_H */
