/*
 * errors.h
 *		The private SQLSTATEs of inventory, and the errors more than one room
 *		raises.
 */
#ifndef INVENTORY_ERRORS_H
#define INVENTORY_ERRORS_H

#include "postgres.h"

#include "compat.h"

#define ERRCODE_INVENTORY_INSUFFICIENT_STOCK	MAKE_SQLSTATE('I', 'V', '0', '0', '1')
#define ERRCODE_INVENTORY_INVALID_STATE			MAKE_SQLSTATE('I', 'V', '0', '0', '2')
#define ERRCODE_INVENTORY_NOT_FOUND				MAKE_SQLSTATE('I', 'V', '0', '0', '3')
#define ERRCODE_INVENTORY_LEDGER_IMMUTABLE		MAKE_SQLSTATE('I', 'V', '0', '0', '4')
#define ERRCODE_INVENTORY_IDEMPOTENCY_CONFLICT	MAKE_SQLSTATE('I', 'V', '0', '0', '5')

extern void ErrorInsufficientStock(int64 product_id, int64 warehouse_id,
								   int64 available, int64 requested) pg_attribute_noreturn();
extern void ErrorInsufficientAnywhere(int64 product_id, int64 available,
									  int64 requested) pg_attribute_noreturn();
extern void ErrorState(const char *kind, int64 id, const char *status,
					   const char *wanted) pg_attribute_noreturn();
extern void ErrorNotFound(const char *kind, int64 id) pg_attribute_noreturn();

#endif							/* INVENTORY_ERRORS_H */
