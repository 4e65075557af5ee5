/*
 * idempotency.h
 *		Keys that make a repeated request return the first result.
 */
#ifndef INVENTORY_IDEMPOTENCY_H
#define INVENTORY_IDEMPOTENCY_H

#include "postgres.h"

extern int64 IdempotencyClaim(text *key, const char *operation,
							  const char *request, int64 reservation_id);

#endif							/* INVENTORY_IDEMPOTENCY_H */
