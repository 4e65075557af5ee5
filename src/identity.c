/*
 * identity.c
 *		Who does it: become the owner of the engine and back, and the names that
 *		the ledger keeps.
 */
#include "identity.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "fast_path.h"
#include "guc.h"

/*
 * Whose call has not taken on the owner's identity yet.  There is at most one: as
 * long as it waits, nobody else's code runs.
 */
static Identity *waiting = NULL;

static void RefuseReadOnly(FunctionCallInfo fcinfo);
static void BecomeOwner(Identity *caller);
static Oid	FunctionOwner(Oid function);

/*
 * Takes on the identity of the called function's owner, as SECURITY DEFINER
 * would, and connects to SPI.  The engine's own statements are qualified and need
 * no search_path; it is pinned for what they may fire, a trigger that somebody
 * put on one of the tables, which would else run with the owner's rights and the
 * caller's search_path.  An error puts the caller's identity and search_path back
 * by itself, when the transaction or subtransaction aborts.  Raises 25006 where
 * nothing can be written.
 */
void
EnterEngine(FunctionCallInfo fcinfo, Identity *caller)
{
	RefuseReadOnly(fcinfo);
	EnterEngineToRead(fcinfo, caller);
}

/*
 * The same for a function that may do without any statement: it becomes the owner
 * before the first one (EngineBeforeStatement).
 */
void
EnterEngineLater(FunctionCallInfo fcinfo, Identity *caller)
{
	RefuseReadOnly(fcinfo);
	Assert(waiting == NULL);
	caller->owner = FunctionOwner(fcinfo->flinfo->fn_oid);
	caller->entered = false;
	caller->context = CurrentMemoryContext;
	waiting = caller;
}

/*
 * The same for a function that only reads, which a read-only transaction and a
 * standby allow.
 */
void
EnterEngineToRead(FunctionCallInfo fcinfo, Identity *caller)
{
	caller->owner = FunctionOwner(fcinfo->flinfo->fn_oid);
	BecomeOwner(caller);
}

/*
 * Before every statement: closes what the fast path has open, and takes on the
 * owner's identity where that has been put off.
 */
void
EngineBeforeStatement(void)
{
	Identity   *caller = waiting;
	MemoryContext current;

	FastClose();
	if (caller == NULL)
		return;
	waiting = NULL;
	/* SPI goes back to where it was connected, and that has to be there then. */
	current = MemoryContextSwitchTo(caller->context);
	BecomeOwner(caller);
	MemoryContextSwitchTo(current);
}

/*
 * Has the running call taken on its owner's identity, and connected to SPI?
 */
bool
EngineEntered(void)
{
	return waiting == NULL;
}

/*
 * Whose rights the engine works with.
 */
Oid
EngineOwner(void)
{
	return waiting == NULL ? GetUserId() : waiting->owner;
}

/*
 * After an error.
 */
void
EngineForget(void)
{
	waiting = NULL;
}

/*
 * Undoes EnterEngine, or EnterEngineLater.
 */
void
LeaveEngine(const Identity *caller)
{
	FastClose();
	if (!caller->entered)
	{
		waiting = NULL;
		return;
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, caller->guc_level);
	SetUserIdAndSecContext(caller->userid, caller->sec_context);
}

/*
 * The cheaper way in for a trigger whose statements only look and lock: it leaves
 * the search_path alone, since nothing that users made can run in them.  Row
 * security of the tables does not apply, even where it is forced on their owner.
 */
void
EnterOwner(FunctionCallInfo fcinfo, Identity *caller)
{
	GetUserIdAndSecContext(&caller->userid, &caller->sec_context);
	SetUserIdAndSecContext(FunctionOwner(fcinfo->flinfo->fn_oid),
						   caller->sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

/*
 * Undoes EnterOwner.
 */
void
LeaveOwner(const Identity *caller)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	SetUserIdAndSecContext(caller->userid, caller->sec_context);
}

/*
 * Who is to stand as performed_by: whom the application names, else the session
 * user.  A text datum in the current memory context.
 */
Datum
PerformedBy(void)
{
	text	   *performed_by = GucText(guc_performed_by);

	return performed_by != NULL ? PointerGetDatum(performed_by) : SessionRole();
}

/*
 * The role that logged in, as a text datum in the current memory context.
 */
Datum
SessionRole(void)
{
	return CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
}

/*
 * Raises 25006 where nothing can be written.
 */
static void
RefuseReadOnly(FunctionCallInfo fcinfo)
{
	if (XactReadOnly)
		PreventCommandIfReadOnly(psprintf("inventory.%s()",
										  get_func_name(fcinfo->flinfo->fn_oid)));
}

static void
BecomeOwner(Identity *caller)
{
	GetUserIdAndSecContext(&caller->userid, &caller->sec_context);
	SetUserIdAndSecContext(caller->owner,
						   caller->sec_context | SECURITY_LOCAL_USERID_CHANGE);
	caller->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	caller->entered = true;
}

/*
 * Whose rights a function works with.
 */
static Oid
FunctionOwner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}
