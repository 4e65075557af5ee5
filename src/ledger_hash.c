/*
 * ledger_hash.c
 *		The hash that chains a movement to the one before it.
 *
 * SHA-256 over the hash before, 32 bytes, and the columns of the row in their
 * order, each as PostgreSQL sends it in binary: bigint and timestamptz 8 bytes, the
 * highest first, a timestamptz as microseconds since 2000-01-01 00:00 UTC; a text as
 * its length in bytes, 4 bytes, and its bytes in the encoding of the database, the
 * movement type as its label.  A column that may be NULL has a byte before it, 0 for
 * NULL and nothing after it, else 1.  No two different rows give the same bytes.
 */
#include "ledger_hash.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "compat.h"

PG_FUNCTION_INFO_V1(inventory_movement_hash);

static void AddText(StringInfo bytes, const text *value);
static void AddOptionalText(StringInfo bytes, const text *value);
static void CheckHash(int code, pg_cryptohash_ctx *context);
static text *OptionalTextArgument(FunctionCallInfo fcinfo, int n);

/*
 * movement_hash(previous, movement_id, product_id, ... occurred_at): the columns of
 * stock_movement in their order, but for row_hash.  NULL where a column that cannot
 * be NULL is.
 */
Datum
inventory_movement_hash(PG_FUNCTION_ARGS)
{
	pg_cryptohash_ctx *context;
	LedgerHash	previous;
	LedgerHash	hash;
	LedgerRow	row;

	for (int n = 1; n < 15; n++)
	{
		if (PG_ARGISNULL(n) && n != 8 && n != 9 && n != 10)
			PG_RETURN_NULL();
	}
	LedgerHashRead(PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0), PG_ARGISNULL(0), &previous);
	row.movement_id = PG_GETARG_INT64(1);
	row.product_id = PG_GETARG_INT64(2);
	row.warehouse_id = PG_GETARG_INT64(3);
	row.movement_type = DatumGetCString(DirectFunctionCall1(enum_out, PG_GETARG_DATUM(4)));
	row.quantity = PG_GETARG_INT64(5);
	row.on_hand_after = PG_GETARG_INT64(6);
	row.version = PG_GETARG_INT64(7);
	row.reference_id = OptionalTextArgument(fcinfo, 8);
	row.reservation_id = PG_ARGISNULL(9) ? 0 : PG_GETARG_INT64(9);
	row.root_cause = OptionalTextArgument(fcinfo, 10);
	row.performed_by = PG_GETARG_TEXT_PP(11);
	row.session_role = PG_GETARG_TEXT_PP(12);
	row.created_at = PG_GETARG_TIMESTAMPTZ(13);
	row.occurred_at = PG_GETARG_TIMESTAMPTZ(14);

	context = LedgerHashOpen();
	LedgerHashRow(context, &previous, &row, &hash);
	pg_cryptohash_free(context);
	return LedgerHashDatum(&hash);
}

/*
 * What LedgerHashRow works with, for any number of rows; pg_cryptohash_free ends it,
 * and so does an error.
 */
pg_cryptohash_ctx *
LedgerHashOpen(void)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	return context;
}

/*
 * The hash of a row that follows on `previous`.
 */
void
LedgerHashRow(pg_cryptohash_ctx *context, const LedgerHash *previous,
			  const LedgerRow *row, LedgerHash *hash)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	pq_sendbytes(&bytes, (const char *) previous->bytes, LEDGER_HASH_BYTES);
	pq_sendint64(&bytes, row->movement_id);
	pq_sendint64(&bytes, row->product_id);
	pq_sendint64(&bytes, row->warehouse_id);
	pq_sendint32(&bytes, strlen(row->movement_type));
	pq_sendbytes(&bytes, row->movement_type, strlen(row->movement_type));
	pq_sendint64(&bytes, row->quantity);
	pq_sendint64(&bytes, row->on_hand_after);
	pq_sendint64(&bytes, row->version);
	AddOptionalText(&bytes, row->reference_id);
	pq_sendint8(&bytes, row->reservation_id != 0);
	if (row->reservation_id != 0)
		pq_sendint64(&bytes, row->reservation_id);
	AddOptionalText(&bytes, row->root_cause);
	AddText(&bytes, row->performed_by);
	AddText(&bytes, row->session_role);
	pq_sendint64(&bytes, row->created_at);
	pq_sendint64(&bytes, row->occurred_at);

	CheckHash(pg_cryptohash_init(context), context);
	CheckHash(pg_cryptohash_update(context, (uint8 *) bytes.data, bytes.len), context);
	CheckHash(pg_cryptohash_final(context, hash->bytes, LEDGER_HASH_BYTES), context);
	pfree(bytes.data);
}

/*
 * A hash as bytea, in the current memory context.
 */
Datum
LedgerHashDatum(const LedgerHash *hash)
{
	return PointerGetDatum(cstring_to_text_with_len((const char *) hash->bytes,
													LEDGER_HASH_BYTES));
}

/*
 * A hash from a bytea.  NULL is that of no movement, and so is one of another
 * length, which nobody here made: the chain breaks there.
 */
void
LedgerHashRead(Datum value, bool isnull, LedgerHash *hash)
{
	bytea	   *bytes;

	memset(hash, 0, sizeof(LedgerHash));
	if (isnull)
		return;
	bytes = DatumGetByteaPP(value);
	if (VARSIZE_ANY_EXHDR(bytes) == LEDGER_HASH_BYTES)
		memcpy(hash->bytes, VARDATA_ANY(bytes), LEDGER_HASH_BYTES);
}

static void
AddText(StringInfo bytes, const text *value)
{
	pq_sendint32(bytes, VARSIZE_ANY_EXHDR(value));
	pq_sendbytes(bytes, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static void
AddOptionalText(StringInfo bytes, const text *value)
{
	pq_sendint8(bytes, value != NULL);
	if (value != NULL)
		AddText(bytes, value);
}

static void
CheckHash(int code, pg_cryptohash_ctx *context)
{
	if (code < 0)
		elog(ERROR, "could not compute the hash of a movement: %s",
			 pg_cryptohash_error(context));
}

static text *
OptionalTextArgument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_TEXT_PP(n);
}
