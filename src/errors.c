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
 * No row of that kind has this id (IV003).
 */
void
ErrorNotFound(const char *kind, int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_NOT_FOUND),
			 errmsg("%s %lld does not exist", kind, (long long) id)));
}
