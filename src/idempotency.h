/*
 * idempotency.h
 *		Keys that make a repeated request return the first result.
 */
#ifndef INVENTORY_IDEMPOTENCY_H
#define INVENTORY_IDEMPOTENCY_H

#include "postgres.h"

#include "utils/array.h"

extern ArrayType *IdempotencyClaim(text *key, const char *operation,
								   const char *request,
								   const int64 *reservation_ids, int nids);
extern void IdempotencyStore(text *key, Datum reservation_ids);

#endif							/* INVENTORY_IDEMPOTENCY_H */
