/*
 * job.c
 *		SQL entry points of jobs: schedule_job, alter_job, unschedule_job, run_job,
 *		and the trigger that wakes the worker.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "compat.h"
#include "errors.h"
#include "identity.h"
#include "plan.h"
#include "worker/launcher.h"
#include "worker/runner.h"

/* Longest command. */
#define MAX_COMMAND_BYTES	(1024 * 1024)

/*
 * may_be: the caller has the rights of the owner, or of who has the name of one
 * that is gone; admin: has admin access.
 */
#define FIND_JOB \
	"SELECT " JOB_COLUMNS ", j.is_builtin, " \
	"EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role($2, r.oid, 'USAGE') " \
	"AND (r.oid OPERATOR(pg_catalog.=) j.owner_oid OR (CAST(r.rolname AS pg_catalog.text) OPERATOR(pg_catalog.=) j.owner " \
	"AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles o WHERE o.oid OPERATOR(pg_catalog.=) j.owner_oid)))) AS may_be, " \
	"pg_catalog.has_function_privilege($2, 'inventory.grant_access(pg_catalog.regrole, pg_catalog.text)', 'EXECUTE') AS admin " \
	"FROM inventory.job j WHERE j.name OPERATOR(pg_catalog.=) $1 "

static KeptPlan find_job = {
	.sql = FIND_JOB,
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {TEXTOID, OIDOID}
};

static KeptPlan find_and_lock_job = {
	.sql = FIND_JOB "FOR NO KEY UPDATE OF j",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {TEXTOID, OIDOID}
};

static KeptPlan insert_job = {
	.sql = "INSERT INTO inventory.job AS j (name, schedule, command, timezone, timeout, owner) "
	"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING j.next_run_at",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 6,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, INTERVALOID, TEXTOID}
};

/* Setting a command that is the same is a change too: it is to be tried again. */
static KeptPlan update_job = {
	.sql = "UPDATE inventory.job AS j SET schedule = COALESCE($2, j.schedule), command = COALESCE($3, j.command), "
	"timezone = COALESCE($4, j.timezone), timeout = COALESCE($5, j.timeout), enabled = COALESCE($6, j.enabled), "
	"next_run_at = CASE WHEN j.consecutive_failures OPERATOR(pg_catalog.=) 0 THEN j.next_run_at END, "
	"consecutive_failures = 0, owner = $7, owner_oid = COALESCE($8, j.owner_oid) "
	"WHERE j.name OPERATOR(pg_catalog.=) $1 RETURNING j.next_run_at",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 8,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, INTERVALOID, BOOLOID, TEXTOID, OIDOID}
};

static KeptPlan delete_job = {
	.sql = "DELETE FROM inventory.job j WHERE j.name OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_DELETE,
	.nargs = 1,
	.argtypes = {TEXTOID}
};

/* What a connection or a role may say, and a worker has nobody to say it. */
static const struct
{
	const char *name;
	const char *value;
}			unsaid[] = {
	{"inventory.performed_by", ""},
	{"inventory.occurred_at", ""},
	{"inventory.movement_type", "ADJUSTMENT"},
	{"inventory.reference_id", ""},
	{"inventory.root_cause", ""},
	{"row_security", "on"}
};

/* More jobs of a name than anybody removes one after the other. */
#define INSERT_ROUNDS	100

/* A job that was found and locked, and what the caller may do with it. */
typedef struct JobAccess
{
	Job			job;
	bool		is_builtin;
	bool		may_be;
} JobAccess;

PG_FUNCTION_INFO_V1(inventory_schedule_job);
PG_FUNCTION_INFO_V1(inventory_alter_job);
PG_FUNCTION_INFO_V1(inventory_unschedule_job);
PG_FUNCTION_INFO_V1(inventory_run_job);
PG_FUNCTION_INFO_V1(inventory_job_changed);

static text *ArgumentCommand(FunctionCallInfo fcinfo, int n);
static bool InsertOrLockJob(const Datum *values, text *name, Oid caller, JobAccess *access);
static void FindJob(KeptPlan *plan, text *name, Oid caller, JobAccess *access);
static bool TryFindJob(KeptPlan *plan, text *name, Oid caller, JobAccess *access);
static void ErrorNoJob(text *name) pg_attribute_noreturn();
static void UpdateJob(JobAccess *access, Datum *values, char *nulls);
static void CheckMayBe(const JobAccess *access);
static void CheckHasOwner(const Job *job);
static void CheckNotBuiltin(const JobAccess *access, const char *hint);
static bool IsDue(const Job *job);
static bool NextRun(TimestampTz *next);
static Datum RunHere(const Job *job, bool scheduled, const Identity *caller);
static ErrorData *RunAsOwner(const Job *job, const Identity *caller, int64 *rows);
static void UseWorkerSettings(void);
static void SetForRun(const char *name, const char *value);
static void FireDeferred(void);
static void WakeAtCommit(XactEvent event, void *arg);

/* Has this transaction changed a job? */
static bool jobs_changed = false;

/*
 * schedule_job(name, schedule, command, timezone, timeout)
 */
Datum
inventory_schedule_job(PG_FUNCTION_ARGS)
{
	text	   *name = ArgumentLabel(fcinfo, 0, "name");
	text	   *schedule = ArgumentLabel(fcinfo, 1, "schedule");
	text	   *command = ArgumentCommand(fcinfo, 2);
	text	   *timezone = ArgumentLabel(fcinfo, 3, "timezone");
	Datum		values[8];
	Identity	caller;
	JobAccess	access;
	TimestampTz next;

	if (PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("timeout must not be NULL")));
	if (command == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("command must not be NULL")));
	EnterEngine(fcinfo, &caller);
	values[0] = PointerGetDatum(name);
	values[1] = PointerGetDatum(schedule);
	values[2] = PointerGetDatum(command);
	values[3] = PointerGetDatum(timezone);
	values[4] = PG_GETARG_DATUM(4);
	values[5] = CStringGetTextDatum(GetUserNameFromId(caller.userid, false));
	if (!InsertOrLockJob(values, name, caller.userid, &access))
	{
		CheckNotBuiltin(&access, "Use another name, or alter_job.");
		CheckMayBe(&access);
		values[5] = BoolGetDatum(true);
		UpdateJob(&access, values, NULL);
	}
	(void) NextRun(&next);
	LeaveEngine(&caller);
	PG_RETURN_TIMESTAMPTZ(next);
}

/*
 * alter_job(name, schedule, command, timezone, timeout, enabled)
 */
Datum
inventory_alter_job(PG_FUNCTION_ARGS)
{
	text	   *name = ArgumentLabel(fcinfo, 0, "name");
	Datum		values[8];
	char		nulls[8];
	Identity	caller;
	JobAccess	access;
	TimestampTz next;
	bool		enabled;

	(void) ArgumentOptionalText(fcinfo, 1, "schedule", MAX_LABEL_BYTES);
	(void) ArgumentCommand(fcinfo, 2);
	(void) ArgumentOptionalText(fcinfo, 3, "timezone", MAX_LABEL_BYTES);
	EnterEngine(fcinfo, &caller);
	FindJob(&find_and_lock_job, name, caller.userid, &access);
	if (!PG_ARGISNULL(2))
	{
		CheckNotBuiltin(&access, "Its command belongs to the extension. Disable it, and schedule a job of your own.");
		CheckMayBe(&access);
	}
	for (int i = 0; i < 6; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	UpdateJob(&access, values, nulls);
	enabled = NextRun(&next);
	LeaveEngine(&caller);
	if (!enabled)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(next);
}

/*
 * unschedule_job(name)
 */
Datum
inventory_unschedule_job(PG_FUNCTION_ARGS)
{
	text	   *name = ArgumentLabel(fcinfo, 0, "name");
	Datum		value = PointerGetDatum(name);
	Identity	caller;
	JobAccess	access;

	EnterEngine(fcinfo, &caller);
	FindJob(&find_and_lock_job, name, caller.userid, &access);
	CheckNotBuiltin(&access, "Switch it off with alter_job(name, enabled => false).");
	PlanWriteRow(&delete_job, &value, NULL);
	LeaveEngine(&caller);
	PG_RETURN_VOID();
}

/*
 * run_job(name, if_due)
 */
Datum
inventory_run_job(PG_FUNCTION_ARGS)
{
	text	   *name = ArgumentLabel(fcinfo, 0, "name");
	bool		if_due = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	Identity	caller;
	JobAccess	access;
	Datum		result;

	EnterEngine(fcinfo, &caller);
	FindJob(&find_job, name, caller.userid, &access);

	/*
	 * The command runs in the caller's session, with his temporary tables and
	 * settings: whoever can run somebody else's command there could make it do
	 * what he likes.  Those of built-in jobs find nothing of his.
	 */
	if (!access.is_builtin)
		CheckMayBe(&access);
	CheckHasOwner(&access.job);
	if (RunInJob())
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("a job cannot run another job"),
				 errdetail("A job is RUNNING in this session.")));
	if (if_due && !IsDue(&access.job))
	{
		LeaveEngine(&caller);
		PG_RETURN_NULL();
	}
	if (!JobLock(access.job.name))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("job \"%s\" is running", access.job.name),
				 errdetail("It is RUNNING in another session."),
				 errhint("Wait until it ends, see inventory.job_status.")));
	/* Who had the lock before may have run it; who took it from the table wants the lock. */
	if (if_due)
		FindJob(&find_and_lock_job, name, caller.userid, &access);
	if (if_due && !IsDue(&access.job))
	{
		JobUnlock(access.job.name);
		LeaveEngine(&caller);
		PG_RETURN_NULL();
	}
	result = RunHere(&access.job, if_due, &caller);
	LeaveEngine(&caller);
	return result;
}

/*
 * Trigger: AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE, statement, on job.
 */
Datum
inventory_job_changed(PG_FUNCTION_ARGS)
{
	static bool registered = false;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("inventory.job_changed() can only be called as a trigger")));
	if (!registered)
		RegisterXactCallback(WakeAtCommit, NULL);
	registered = true;
	jobs_changed = true;
	return PointerGetDatum(NULL);
}

/*
 * A command or NULL; not empty.
 */
static text *
ArgumentCommand(FunctionCallInfo fcinfo, int n)
{
	text	   *command = ArgumentOptionalText(fcinfo, n, "command", MAX_COMMAND_BYTES);

	if (command != NULL && VARSIZE_ANY_EXHDR(command) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("command must not be empty")));
	return command;
}

/*
 * Makes a job of the values of insert_job; true then.  Else there is one of that name, which
 * is found and locked: as FindJob does, or made after all where somebody removes it while we
 * wait for it.
 */
static bool
InsertOrLockJob(const Datum *values, text *name, Oid caller, JobAccess *access)
{
	for (int round = 0; round < INSERT_ROUNDS; round++)
	{
		if (PlanExecute(&insert_job, values, NULL) > 0)
			return true;
		if (TryFindJob(&find_and_lock_job, name, caller, access))
			return false;
		CHECK_FOR_INTERRUPTS();
	}
	/* Something that somebody put on the table swallows it. */
	ErrorNoJob(name);
}

/*
 * Finds a job, with a plan that locks its row or not.  Raises IV003, and 42501 when the caller has neither the
 * rights of its owner nor admin access.
 */
static void
FindJob(KeptPlan *plan, text *name, Oid caller, JobAccess *access)
{
	if (!TryFindJob(plan, name, caller, access))
		ErrorNoJob(name);
}

static void
ErrorNoJob(text *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_NOT_FOUND),
			 errmsg("job \"%s\" does not exist", text_to_cstring(name))));
}

/*
 * FindJob, but false when there is none.
 */
static bool
TryFindJob(KeptPlan *plan, text *name, Oid caller, JobAccess *access)
{
	Datum		values[2];
	bool		admin;
	bool		isnull;

	values[0] = PointerGetDatum(name);
	values[1] = ObjectIdGetDatum(caller);
	if (PlanExecute(plan, values, NULL) == 0)
		return false;
	JobRead(0, &access->job);
	access->is_builtin = DatumGetBool(PlanColumn(0, JOB_COLUMN_COUNT + 1, &isnull));
	access->may_be = DatumGetBool(PlanColumn(0, JOB_COLUMN_COUNT + 2, &isnull));
	admin = DatumGetBool(PlanColumn(0, JOB_COLUMN_COUNT + 3, &isnull));
	if (!admin)
		CheckMayBe(access);
	return true;
}

/*
 * Writes a job that was found and locked, with the first six values; the owner is
 * added.  One that is gone is replaced by the role that has its name, if that is
 * what the caller could be himself.
 */
static void
UpdateJob(JobAccess *access, Datum *values, char *nulls)
{
	Job		   *job = &access->job;
	char		all_set[] = "        ";

	if (!OidIsValid(job->owner_oid) && access->may_be)
	{
		job->owner_oid = get_role_oid(job->owner, false);
		ereport(NOTICE,
				(errmsg("job \"%s\" runs as role \"%s\" from now on", job->name, job->owner),
				 errdetail("Its owner was dropped, or was not there yet when it was loaded.")));
	}
	if (nulls == NULL)
		nulls = all_set;
	values[6] = CStringGetTextDatum(job->owner);
	nulls[6] = ' ';
	values[7] = ObjectIdGetDatum(job->owner_oid);
	nulls[7] = OidIsValid(job->owner_oid) ? ' ' : 'n';
	PlanWriteRow(&update_job, values, nulls);
}

/*
 * What only whoever could run the command himself may do.
 */
static void
CheckMayBe(const JobAccess *access)
{
	if (!access->may_be)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for job \"%s\"", access->job.name),
				 errdetail("It runs as role \"%s\".", access->job.owner)));
}

/*
 * Raises IV002 for a job whose owner is gone.
 */
static void
CheckHasOwner(const Job *job)
{
	if (!OidIsValid(job->owner_oid))
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("job \"%s\" has no owner", job->name),
				 errdetail("Role \"%s\" was dropped, or was not there yet when the job was loaded.", job->owner),
				 errhint("Where there is a role of that name now, alter_job by somebody with its rights has the job run as that one.")));
}

/*
 * What cannot be done with a job that comes with the extension.
 */
static void
CheckNotBuiltin(const JobAccess *access, const char *hint)
{
	if (access->is_builtin)
		ereport(ERROR,
				(errcode(ERRCODE_INVENTORY_INVALID_STATE),
				 errmsg("job \"%s\" is built in", access->job.name),
				 errhint("%s", hint)));
}

/*
 * Has the time of a job come?
 */
static bool
IsDue(const Job *job)
{
	return job->next_run_at != DT_NOBEGIN && job->next_run_at <= JobNow();
}

/*
 * The next_run_at that the last statement returned; false when it is NULL.
 */
static bool
NextRun(TimestampTz *next)
{
	bool		isnull;
	Datum		value = PlanColumn(0, 1, &isnull);

	*next = isnull ? 0 : DatumGetTimestampTz(value);
	return !isnull;
}

/*
 * Runs a job that the transaction holds the lock of, and returns the record.
 */
static Datum
RunHere(const Job *job, bool scheduled, const Identity *caller)
{
	ErrorData  *error;
	JobRun		run;
	int64		rows = 0;
	char	   *reason = NULL;

	if (scheduled)
		reason = LateReason(job, JobNow(), "nobody ran it");
	RunStart(job, true, scheduled, reason, &run);
	error = RunAsOwner(job, caller, &rows);
	if (scheduled)
		RunReschedule(job, &run, error != NULL);
	return RunEnd(job, &run, rows, error);
}

/*
 * Runs the command in a subtransaction as the job's owner.  Returns the error, or
 * NULL; one that says that the caller's own statement was cancelled is raised.
 *
 * Where the caller is somebody else, nothing may be left behind that would later
 * run with his rights: no deferred trigger, no setting.
 */
static ErrorData *
RunAsOwner(const Job *job, const Identity *caller, int64 *rows)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	bool		alone = !IsTransactionBlock();

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	RunArm(job, false);
	PG_TRY();
	{
		Oid			owner = JobOwner(job);
		Identity	engine;
		int			security = caller->sec_context | SECURITY_LOCAL_USERID_CHANGE;
		int			level = NewGUCNestLevel();

		if (owner != caller->userid)
			security |= SECURITY_RESTRICTED_OPERATION;
		UseWorkerSettings();
		GetUserIdAndSecContext(&engine.userid, &engine.sec_context);
		SetUserIdAndSecContext(owner, security);
		*rows = RunCommand(job);
		if (owner == caller->userid && alone)
			FireDeferred();
		RunDisarm();
		SetUserIdAndSecContext(engine.userid, engine.sec_context);
		AtEOXact_GUC(false, level);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		RunDisarm();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resources;
	/* Not before the subtransaction is over, or it would outlive the statement. */
	if (error != NULL && !RunTimedOut() && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return error;
}

/*
 * Sets what the caller has set back to what the server and the database say, as
 * far as his session knows that, until the current level of settings ends: the
 * command is to do what it does in the worker.  What the transaction is, what
 * messages are written in and what is pinned stays.
 */
static void
UseWorkerSettings(void)
{
	int			count;
	struct config_generic **settings = GucVariablesCompat(&count);

	for (int i = 0; i < count; i++)
	{
		struct config_generic *setting = settings[i];

		if ((setting->context != PGC_USERSET && setting->context != PGC_SUSET) ||
			(setting->flags & GUC_NO_RESET_ALL) != 0 ||
			strcmp(setting->name, "client_encoding") == 0 ||
			strcmp(setting->name, "search_path") == 0)
			continue;
		if (setting->source > PGC_S_OVERRIDE)
			SetForRun(setting->name, NULL);
		for (size_t j = 0; j < lengthof(unsaid); j++)
			if (setting->source >= PGC_S_USER && strcmp(setting->name, unsaid[j].name) == 0)
				SetForRun(setting->name, unsaid[j].value);
	}
}

/*
 * Sets a setting, NULL to what RESET would, until the current level of settings
 * ends.  One that cannot be changed any more stays as it is.
 */
static void
SetForRun(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, DEBUG1, false);
}

/*
 * Has the deferred triggers of a transaction that is only there for this run fire
 * now, while they belong to the run.  In one of the caller's own they would take
 * his with them.
 */
static void
FireDeferred(void)
{
	ConstraintsSetStmt all_immediate = {.type = T_ConstraintsSetStmt};

	AfterTriggerSetState(&all_immediate);
	CHECK_FOR_INTERRUPTS();
}

/*
 * At the end of a transaction that changed a job.  One that was prepared is seen
 * when the worker next looks by itself.
 */
static void
WakeAtCommit(XactEvent event, void *arg)
{
	(void) arg;

	if (event == XACT_EVENT_COMMIT && jobs_changed)
		WorkerWake();
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		jobs_changed = false;
}
