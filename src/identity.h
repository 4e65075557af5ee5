/*
 * identity.h
 *		Who does it: become the owner of the engine and back, and the names that
 *		the ledger keeps.
 */
#ifndef INVENTORY_IDENTITY_H
#define INVENTORY_IDENTITY_H

#include "postgres.h"

#include "fmgr.h"

typedef struct Identity
{
	Oid			userid;
	int			sec_context;
	int			guc_level;
} Identity;

extern void EnterEngine(FunctionCallInfo fcinfo, Identity *caller);
extern void EnterEngineToRead(FunctionCallInfo fcinfo, Identity *caller);
extern void LeaveEngine(const Identity *caller);
extern void EnterOwner(FunctionCallInfo fcinfo, Identity *caller);
extern void LeaveOwner(const Identity *caller);
extern Datum PerformedBy(void);
extern Datum SessionRole(void);

#endif							/* INVENTORY_IDENTITY_H */
