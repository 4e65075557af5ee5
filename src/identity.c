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
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "guc.h"

static Oid	FunctionOwner(Oid function);

/*
 * Takes on the identity of the called function's owner, as SECURITY DEFINER
 * would but without its cost, and connects to SPI.  An error puts the caller's
 * identity back by itself, when the transaction or subtransaction aborts.  Raises
 * 25006 where nothing can be written.
 */
void
EnterEngine(FunctionCallInfo fcinfo, Identity *caller)
{
	if (XactReadOnly)
		PreventCommandIfReadOnly(psprintf("inventory.%s()",
										  get_func_name(fcinfo->flinfo->fn_oid)));
	GetUserIdAndSecContext(&caller->userid, &caller->sec_context);
	SetUserIdAndSecContext(FunctionOwner(fcinfo->flinfo->fn_oid),
						   caller->sec_context | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

/*
 * Undoes EnterEngine.
 */
void
LeaveEngine(const Identity *caller)
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
	if (guc_performed_by != NULL && guc_performed_by[0] != '\0')
		return CStringGetTextDatum(guc_performed_by);
	return SessionRole();
}

/*
 * The role that logged in, as a text datum in the current memory context.
 */
Datum
SessionRole(void)
{
	return CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
}

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
