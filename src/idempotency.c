/*
 * idempotency.c
 *		Keys that make a repeated request return the first result.
 */
#include "idempotency.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "errors.h"
#include "plan.h"

/* One is enough unless others use and remove the key at the same time. */
#define CLAIM_ROUNDS	100

static KeptPlan insert_key = {
	.sql = "INSERT INTO inventory.idempotency_key (key, operation, request, reservation_ids) "
	"VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING",
	.result = SPI_OK_INSERT,
	.nargs = 4,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, INT8ARRAYOID}
};

static KeptPlan find_key = {
	.sql = "SELECT operation, request, reservation_ids "
	"FROM inventory.idempotency_key WHERE key OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TEXTOID}
};

static KeptPlan store_key = {
	.sql = "UPDATE inventory.idempotency_key SET reservation_ids = $2 "
	"WHERE key OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_UPDATE,
	.nargs = 2,
	.argtypes = {TEXTOID, INT8ARRAYOID}
};

static ArrayType *CompareRequest(text *key, const char *operation, const char *request);

/*
 * Claims a key for a request that is going to make the given reservations; one
 * that does not know yet which ones gives none and calls IdempotencyStore later.
 * Returns NULL when the key is new, or a bigint[] of what the same request made
 * before, at least one.  Raises IV005 when the key came with another request.
 *
 * A transaction that claims a key holds it until it ends: another one with the
 * same key waits here, before it locks any item, and then sees the first one's
 * result, or claims the key itself if the first one rolled back.
 */
ArrayType *
IdempotencyClaim(text *key, const char *operation, const char *request,
				 const int64 *reservation_ids, int nids)
{
	Datum		values[4] = {
		PointerGetDatum(key),
		CStringGetTextDatum(operation),
		CStringGetTextDatum(request),
		PlanInt64Array(reservation_ids, nids)
	};

	for (int round = 0; round < CLAIM_ROUNDS; round++)
	{
		if (PlanExecute(&insert_key, values, NULL) == 1)
			return NULL;
		if (PlanExecute(&find_key, values, NULL) == 1)
			return CompareRequest(key, operation, request);

		/* Somebody removed the key in between: try again. */
		CHECK_FOR_INTERRUPTS();
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("idempotency key \"%s\" can be neither kept nor found",
					text_to_cstring(key)),
			 errhint("Look for a trigger, rule or row security policy on inventory.idempotency_key.")));
	return NULL;
}

/*
 * Keeps with a key that this call claimed what the request made: bigint[] of
 * reservation ids.
 */
void
IdempotencyStore(text *key, Datum reservation_ids)
{
	Datum		values[2] = {PointerGetDatum(key), reservation_ids};

	PlanWriteRow(&store_key, values, NULL);
}

/*
 * The row of the key is the last statement's result.
 */
static ArrayType *
CompareRequest(text *key, const char *operation, const char *request)
{
	bool		isnull;
	char	   *first_operation = TextDatumGetCString(PlanColumn(0, 1, &isnull));
	char	   *first_request = TextDatumGetCString(PlanColumn(0, 2, &isnull));
	ArrayType  *made = DatumGetArrayTypePCopy(PlanColumn(0, 3, &isnull));

	if (strcmp(operation, first_operation) != 0 || strcmp(request, first_request) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_IDEMPOTENCY_CONFLICT),
				 errmsg("idempotency key \"%s\" was used with other arguments",
						text_to_cstring(key)),
				 errdetail("First: %s(%s). Now: %s(%s).", first_operation,
						   first_request, operation, request),
				 errhint("Use a new key for a new request.")));
	if (ARR_NDIM(made) != 1 || ARR_HASNULL(made))
		elog(ERROR, "idempotency key \"%s\" keeps no reservations", text_to_cstring(key));
	return made;
}
