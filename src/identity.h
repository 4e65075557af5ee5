/*
 * identity.h
 *		Who does it: become the owner of the engine and back, and the names that
 *		the ledger keeps.
 */
#ifndef INVENTORY_IDENTITY_H
#define INVENTORY_IDENTITY_H

#include "postgres.h"

#include "fmgr.h"

/* Who called a function of the engine. */
typedef struct Identity
{
	Oid			owner;			/* of the function */
	bool		entered;		/* took on the owner's identity */
	Oid			userid;
	int			sec_context;
	int			guc_level;
	MemoryContext context;		/* the caller's */
} Identity;

extern void EnterEngine(FunctionCallInfo fcinfo, Identity *caller);
extern void EnterEngineLater(FunctionCallInfo fcinfo, Identity *caller);
extern void EnterEngineToRead(FunctionCallInfo fcinfo, Identity *caller);
extern void EngineBeforeStatement(void);
extern bool EngineEntered(void);
extern Oid	EngineOwner(void);
extern void EngineForget(void);
extern void LeaveEngine(const Identity *caller);
extern void EnterOwner(FunctionCallInfo fcinfo, Identity *caller);
extern void LeaveOwner(const Identity *caller);
extern Datum PerformedBy(void);
extern Datum SessionRole(void);

#endif							/* INVENTORY_IDENTITY_H */
