/*
 * guard.h
 *		What the triggers share, and those that have nothing to do when the engine writes.
 */
#ifndef INVENTORY_GUARD_H
#define INVENTORY_GUARD_H

#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"

extern TriggerData *GuardTriggerData(FunctionCallInfo fcinfo);

extern PGDLLEXPORT Datum inventory_item_guard(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum inventory_item_ledger(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum inventory_reservation_guard(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum inventory_reference_guard(PG_FUNCTION_ARGS);

#endif							/* INVENTORY_GUARD_H */
