/*
 * ledger_hash.h
 *		The hash that chains a movement to the one before it.
 */
#ifndef INVENTORY_LEDGER_HASH_H
#define INVENTORY_LEDGER_HASH_H

#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "datatype/timestamp.h"

#define LEDGER_HASH_BYTES	PG_SHA256_DIGEST_LENGTH

/* The hash of a movement, or of none: the first of an item follows on zeros. */
typedef struct LedgerHash
{
	uint8		bytes[LEDGER_HASH_BYTES];
} LedgerHash;

/* A row of stock_movement, all of it but its hash. */
typedef struct LedgerRow
{
	int64		movement_id;
	int64		product_id;
	int64		warehouse_id;
	const char *movement_type;
	int64		quantity;
	int64		on_hand_after;
	int64		version;
	text	   *reference_id;	/* or NULL */
	int64		reservation_id; /* or 0 */
	text	   *root_cause;		/* or NULL */
	text	   *performed_by;
	text	   *session_role;
	TimestampTz created_at;
	TimestampTz occurred_at;
} LedgerRow;

extern void LedgerHashRow(pg_cryptohash_ctx *context, const LedgerHash *previous,
						  const LedgerRow *row, LedgerHash *hash);
extern pg_cryptohash_ctx *LedgerHashOpen(void);
extern Datum LedgerHashDatum(const LedgerHash *hash);
extern void LedgerHashRead(Datum value, bool isnull, LedgerHash *hash);

#endif							/* INVENTORY_LEDGER_HASH_H */
