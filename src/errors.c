/*
 * errors.c
 *		The errors that more than one room raises, so that they read the same
 *		everywhere.
 */
#include "errors.h"

/*
 * Less is available than asked (IV001).  available is what could really be had,
 * expired reservations counted as free.
 */
void
ErrorInsufficientStock(int64 product_id, int64 warehouse_id, int64 available,
					   int64 requested)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INSUFFICIENT_STOCK),
			 errmsg("insufficient stock of product %lld in warehouse %lld",
					(long long) product_id, (long long) warehouse_id),
			 errdetail("Available: %lld, requested: %lld.",
					   (long long) available, (long long) requested),
			 errhint("Ask for less, receive stock first, or use another warehouse.")));
}

/*
 * The same for all warehouses together.
 */
void
ErrorInsufficientAnywhere(int64 product_id, int64 available, int64 requested)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INSUFFICIENT_STOCK),
			 errmsg("insufficient stock of product %lld in all warehouses together",
					(long long) product_id),
			 errdetail("Available: %lld, requested: %lld.",
					   (long long) available, (long long) requested),
			 errhint("Ask for less, or receive stock first.")));
}

/*
 * A document is not in a state that allows the step (IV002).  wanted names the
 * states that do.
 */
void
ErrorState(const char *kind, int64 id, const char *status, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INVALID_STATE),
			 errmsg("%s %lld is not %s", kind, (long long) id, wanted),
			 errdetail("It is %s.", status)));
}

/*
 * No row of that kind has this id (IV003).
 */
void
ErrorNotFound(const char *kind, int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_NOT_FOUND),
			 errmsg("%s %lld does not exist", kind, (long long) id)));
}
