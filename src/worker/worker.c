/*
 * worker.c
 *		The worker of one database: waits for jobs to come due and runs them, one
 *		after the other.
 *
 * Transactions: one records that a run begins; the next is the run itself and
 * records its success; a third records a failure.  So a run that has a start and
 * no end was cut off, nothing of it is in the database, and it can be run again.
 *
 * Memory: each turn has a context of its own, which holds the job and what is
 * said about it across these transactions.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "commands/prepare.h"
#include "commands/sequence.h"
#include "common/relpath.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "plan.h"
#include "worker/launcher.h"
#include "worker/runner.h"

/* It looks by itself this often: at jobs, and for the extension. */
#define WORKER_NAP_MS	5000
#define EXTENSION_NAP_MS	1000
/* A job that is due and locked is looked at again after this long. */
#define LOCKED_NAP_MS	200
#define PURGE_EVERY_MS	(60 * 60 * 1000)
#define PURGE_ROWS		10000

static KeptPlan find_due = {
	.sql = "SELECT " JOB_COLUMNS "FROM inventory.job j "
	"WHERE j.enabled AND j.next_run_at OPERATOR(pg_catalog.<=) $1 "
	"ORDER BY j.next_run_at, j.name LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TIMESTAMPTZOID}
};

/* Roles that have been renamed; a dump goes by the name. */
static KeptPlan follow_owners = {
	.sql = "UPDATE inventory.job AS j SET owner = n.name FROM ("
	"SELECT k.name AS job, CAST(r.rolname AS pg_catalog.text) AS name FROM inventory.job k "
	"JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) " JOB_OWNER("k")
	"WHERE CAST(r.rolname AS pg_catalog.text) OPERATOR(pg_catalog.<>) k.owner "
	"FOR NO KEY UPDATE OF k SKIP LOCKED) AS n WHERE j.name OPERATOR(pg_catalog.=) n.job",
	.result = SPI_OK_UPDATE
};

static KeptPlan find_next = {
	.sql = "SELECT pg_catalog.min(j.next_run_at) FROM inventory.job j WHERE j.enabled",
	.result = SPI_OK_SELECT
};

static KeptPlan find_crashed = {
	.sql = "SELECT r.run_id FROM inventory.job_run r WHERE r.job_name OPERATOR(pg_catalog.=) $1 "
	"AND r.status OPERATOR(pg_catalog.=) 'CRASHED' AND NOT EXISTS (SELECT FROM inventory.job_run n "
	"WHERE n.job_name OPERATOR(pg_catalog.=) $1 AND n.run_id OPERATOR(pg_catalog.>) r.run_id "
	"AND n.status OPERATOR(pg_catalog.<>) 'SKIPPED') ORDER BY r.run_id DESC LIMIT 1",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TEXTOID}
};

static KeptPlan close_crashed = {
	.sql = "WITH closed AS (UPDATE inventory.job_run AS r SET status = 'CRASHED', finished_at = $1, "
	"error = 'the worker or the server ended during this run' "
	"WHERE r.status OPERATOR(pg_catalog.=) 'RUNNING' RETURNING r.job_name) "
	"SELECT " JOB_COLUMNS "FROM inventory.job j WHERE j.enabled AND EXISTS (SELECT FROM closed c "
	"WHERE c.job_name OPERATOR(pg_catalog.=) j.name)",
	.result = SPI_OK_SELECT,
	.nargs = 1,
	.argtypes = {TIMESTAMPTZOID}
};

/* The last run of each job stays. */
static KeptPlan purge_runs = {
	.sql = "DELETE FROM inventory.job_run r WHERE r.run_id OPERATOR(pg_catalog.=) ANY (ARRAY("
	"SELECT o.run_id FROM inventory.job_run o WHERE o.finished_at OPERATOR(pg_catalog.<) $1 "
	"AND EXISTS (SELECT FROM inventory.job_run n WHERE n.job_name OPERATOR(pg_catalog.=) o.job_name "
	"AND n.run_id OPERATOR(pg_catalog.>) o.run_id) LIMIT $2))",
	.result = SPI_OK_DELETE,
	.nargs = 2,
	.argtypes = {TIMESTAMPTZOID, INT4OID}
};

PGDLLEXPORT void inventory_worker_main(Datum argument) pg_attribute_noreturn();

static volatile sig_atomic_t stop_requested = false;

static TimestampTz working_since;	/* of this process */
static TimestampTz busy_until = 0;	/* end of the last run */
static char busy_with[NAMEDATALEN * 4];	/* and its job */
static TimestampTz purged_at = 0;

static void HandleStop(SIGNAL_ARGS);
static void ExitWithoutDatabase(Oid database);
static void Connect(Oid database);
static void BecomeTheWorker(void);
static void Nap(long timeout_ms);
static long Turn(void);
static bool ExtensionIsThere(void);
static bool BeginWork(void);
static void EndWork(void);
static void CloseCrashed(void);
static void Purge(void);
static bool TakeDueJob(Job *job, JobRun *run, bool *skipped);
static bool RunOrSkip(const Job *job, TimestampTz now, JobRun *run);
static char *StartReason(const Job *job, TimestampTz now);
static long UntilNextJob(void);
static void RunScheduled(const Job *job, const JobRun *run);
static ErrorData *RunInTransaction(const Job *job, const JobRun *run, bool *begun);
static void BecomeOwner(Oid owner);
static void RecordSuccess(const Job *job, const JobRun *run, int64 rows);
static void Withdraw(const Job *job, const JobRun *run);
static void RecordFailure(const Job *job, const JobRun *run, const ErrorData *error);
static void CleanSession(void);

/*
 * The worker of one database.
 */
void
inventory_worker_main(Datum argument)
{
	MemoryContext turn;
	long		nap = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	pqsignal(SIGUSR2, HandleStop);
	ExitWithoutDatabase(DatumGetObjectId(argument));
	BackgroundWorkerUnblockSignals();
	Connect(DatumGetObjectId(argument));
	BecomeTheWorker();

	turn = AllocSetContextCreate(TopMemoryContext, "inventory worker turn", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		/* First of all: it may have been told to end before it began. */
		Nap(nap);
		MemoryContextSwitchTo(turn);
		nap = Turn();
		MemoryContextReset(turn);
	}
}

/*
 * SIGUSR2: worker_stop() wants the worker to end, for good.
 */
static void
HandleStop(SIGNAL_ARGS)
{
	int			save_errno = errno;

	(void) postgres_signal_arg;
	stop_requested = true;
	RunInterrupt();
	SetLatch(MyLatch);
	errno = save_errno;
}

/*
 * A worker that the postmaster restarts ends for good when its database has been
 * dropped; trying to connect would make it fail again and again.
 */
static void
ExitWithoutDatabase(Oid database)
{
	Oid			tablespace;
	struct stat st;

	memcpy(&tablespace, MyBgworkerEntry->bgw_extra, sizeof(tablespace));
	if (OidIsValid(tablespace) &&
		stat(GetDatabasePath(database, tablespace), &st) != 0 && errno == ENOENT)
		proc_exit(0);
}

/*
 * Connects as the bootstrap superuser, since jobs have many owners.  The settings
 * are such that resetting all of them brings these back.
 */
static void
Connect(Oid database)
{
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	SetConfigOption("application_name", WORKER_TYPE, PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);
	/* What a user's or the database's default says is not meant for bookkeeping. */
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * Waits for the extension and until no other process works on this database, then
 * sees to what an earlier one left behind.
 */
static void
BecomeTheWorker(void)
{
	bool		told = false;

	for (;;)
	{
		bool		ready;

		StartTransactionCommand();
		ready = ExtensionIsThere() && WorkerLock(true);
		if (!ready && !told)
			ereport(LOG,
					(errmsg("inventory worker: the extension is not in database \"%s\", or has a worker; waiting",
							get_database_name(MyDatabaseId))));
		CommitTransactionCommand();
		if (ready)
			break;
		told = true;
		Nap(EXTENSION_NAP_MS);
	}
	working_since = JobNow();
	CloseCrashed();
}

/*
 * Waits until it is woken, or for so long.  Sees to signals.
 */
static void
Nap(long timeout_ms)
{
	/* Somebody may have cancelled a command that was just over. */
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
	if (!stop_requested && timeout_ms > 0)
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 timeout_ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (stop_requested)
		proc_exit(0);
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/*
 * Runs the job that has been due longest, if there is one.  Returns for how long
 * there is nothing to do.
 */
static long
Turn(void)
{
	static bool told = false;
	Job			job;
	JobRun		run;
	bool		there;
	bool		skipped;

	StartTransactionCommand();
	there = ExtensionIsThere();
	CommitTransactionCommand();
	if (!there)
	{
		if (!told)
			ereport(LOG, (errmsg("inventory worker: the extension is gone; waiting for it to be created again")));
		told = true;
		return EXTENSION_NAP_MS;
	}
	told = false;
	Purge();
	if (!TakeDueJob(&job, &run, &skipped))
		return skipped ? 0 : UntilNextJob();
	RunScheduled(&job, &run);
	return 0;
}

/*
 * Is the extension in this database, and this version of it?  If so it stays
 * until the end of the transaction: DROP EXTENSION locks it first of all.
 */
static bool
ExtensionIsThere(void)
{
	Oid			extension = get_extension_oid("inventory", true);
	Oid			schema;

	if (!OidIsValid(extension))
		return false;
	LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
	/* It may have gone while that waited. */
	if (get_extension_oid("inventory", true) != extension)
		return false;
	schema = get_namespace_oid("inventory", true);
	return OidIsValid(schema) && OidIsValid(get_relname_relid("job_run", schema));
}

/*
 * Begins a transaction of the worker's own, with the rights of the extension's
 * owner.  False, and no transaction, when the extension is not there.
 */
static bool
BeginWork(void)
{
	Oid			job;
	HeapTuple	tuple;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (!ExtensionIsThere())
	{
		CommitTransactionCommand();
		return false;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	job = get_relname_relid("job", get_namespace_oid("inventory", false));
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(job));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", job);
	SetUserIdAndSecContext(((Form_pg_class) GETSTRUCT(tuple))->relowner,
						   SECURITY_LOCAL_USERID_CHANGE);
	ReleaseSysCache(tuple);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	return true;
}

/*
 * Commits it.
 */
static void
EndWork(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	PopActiveSnapshot();
	CommitTransactionCommand();
	SetUserIdAndSecContext(GetSessionUserId(), 0);
}

/*
 * Runs that have a start and no end were cut off, since nobody else runs jobs:
 * closes them, and has them run again, at once the first time and later when it
 * has happened before.
 */
static void
CloseCrashed(void)
{
	TimestampTz now = JobNow();
	Datum		value = TimestampTzGetDatum(now);
	Job		   *jobs;
	uint64		count;

	if (!BeginWork())
		return;
	count = PlanExecute(&close_crashed, &value, NULL);
	jobs = palloc0(Max(count, 1) * sizeof(Job));
	for (uint64 i = 0; i < count; i++)
		JobRead(i, &jobs[i]);
	for (uint64 i = 0; i < count; i++)
	{
		Job		   *job = &jobs[i];
		TimestampTz next = now;

		if (job->failures > 0)
			next = Max(job->next_run_at, JobRetryAt(job->failures + 1, now));
		JobReschedule(job, job->next_run_at, next, job->failures + 1);
		ereport(LOG,
				(errmsg("inventory worker: job \"%s\" did not finish and is run again", job->name)));
	}
	EndWork();
}

/*
 * Once in a while: removes old records of runs, not too many at once, and notes
 * which roles have been renamed.
 */
static void
Purge(void)
{
	TimestampTz now = JobNow();
	Datum		values[2];
	uint64		rows;

	if (purged_at != 0 && !TimestampDifferenceExceeds(purged_at, now, PURGE_EVERY_MS))
		return;
	values[0] = TimestampTzGetDatum(now - guc_job_run_retention_days * USECS_PER_DAY);
	values[1] = Int32GetDatum(PURGE_ROWS);
	if (!BeginWork())
		return;
	rows = PlanExecute(&purge_runs, values, NULL);
	PlanExecute(&follow_owners, NULL, NULL);
	EndWork();
	if (rows < PURGE_ROWS)
		purged_at = now;
}

/*
 * Takes the job that has been due longest: locks it, records the start, moves it
 * on to its next time.  False when there is none; skipped then says whether one
 * was due that could not run.
 */
static bool
TakeDueJob(Job *job, JobRun *run, bool *skipped)
{
	MemoryContext turn = CurrentMemoryContext;
	TimestampTz now = JobNow();
	Datum		value = TimestampTzGetDatum(now);
	bool		taken = false;

	*skipped = false;
	if (!BeginWork())
		return false;
	if (PlanExecute(&find_due, &value, NULL) > 0)
	{
		MemoryContext work = MemoryContextSwitchTo(turn);

		JobRead(0, job);
		MemoryContextSwitchTo(work);
		if (job->renamed)
			PlanExecute(&follow_owners, NULL, NULL);
		taken = !RunRefuseBroken(job) && RunOrSkip(job, now, run);
		*skipped = !taken;
	}
	EndWork();
	MemoryContextSwitchTo(turn);
	return taken;
}

/*
 * Records that a job begins, or that somebody else is running it: false.
 */
static bool
RunOrSkip(const Job *job, TimestampTz now, JobRun *run)
{
	if (JobLock(job->name))
	{
		RunStart(job, false, true, StartReason(job, now), run);
		return true;
	}
	RunSkip(job, "a run that was started by hand was still going on");
	return false;
}

/*
 * Why a run is not one on time: it is run again, or late.
 */
static char *
StartReason(const Job *job, TimestampTz now)
{
	Datum		value = CStringGetTextDatum(job->name);
	const char *cause = "the server was busy";

	if (PlanExecute(&find_crashed, &value, NULL) > 0)
		return psprintf("again: run %lld did not finish", (long long) PlanInt64(0, 1));
	if (job->next_run_at < PgStartTime)
		cause = "the server was not running";
	else if (job->next_run_at < working_since)
		cause = "the worker was not running";
	else if (job->next_run_at < busy_until)
		cause = psprintf("job \"%s\" was running", busy_with);
	return LateReason(job, now, cause);
}

/*
 * How long until a job is due.
 */
static long
UntilNextJob(void)
{
	TimestampTz now = JobNow();
	TimestampTz next = 0;
	bool		isnull;
	Datum		value;

	if (!BeginWork())
		return 0;
	PlanExecute(&find_next, NULL, NULL);
	value = PlanColumn(0, 1, &isnull);
	if (!isnull)
		next = DatumGetTimestampTz(value);
	EndWork();
	pgstat_report_stat(true);
	if (isnull)
		return WORKER_NAP_MS;
	if (next <= now)
		return LOCKED_NAP_MS;
	return Min(TimestampDifferenceMilliseconds(now, next) + 1, WORKER_NAP_MS);
}

/*
 * Runs a job that was taken.
 */
static void
RunScheduled(const Job *job, const JobRun *run)
{
	ErrorData  *error;
	bool		begun;

	pgstat_report_activity(STATE_RUNNING, job->command);
	error = RunInTransaction(job, run, &begun);
	SetUserIdAndSecContext(GetAuthenticatedUserId(), 0);
	SetSessionAuthorization(GetAuthenticatedUserId(), true);
	CleanSession();
	if (!begun)
		Withdraw(job, run);
	else if (error != NULL)
	{
		ereport(LOG,
				(errmsg("inventory worker: job \"%s\" failed: %s", job->name, error->message)));
		RecordFailure(job, run, error);
	}
	else if (BeginWork())
	{
		RunReschedule(job, run, false);
		EndWork();
	}
	busy_until = JobNow();
	strlcpy(busy_with, job->name, sizeof(busy_with));
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * The run itself: the command as the job's owner, and the record of its success
 * as the extension's, in one transaction.  It is the owner again who commits:
 * deferred triggers run then, and what is held open is read to its end, all of it
 * within the job's timeout.  Returns the error of a run that failed, in the turn's
 * memory; begun is false when somebody else has taken the job's lock meanwhile.
 */
static ErrorData *
RunInTransaction(const Job *job, const JobRun *run, bool *begun)
{
	MemoryContext turn = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	*begun = true;
	PG_TRY();
	{
		Oid			owner;
		Oid			engine;
		int			security;
		int64		rows;

		if (!BeginWork())
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the extension is gone")));
		*begun = JobLock(job->name);
		if (!*begun)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("a run was started by hand at the same time")));
		GetUserIdAndSecContext(&engine, &security);
		owner = JobOwner(job);
		RunArm(job, true);
		/* It came too early to interrupt anything; the command must not begin. */
		if (stop_requested)
			RunInterrupt();
		CHECK_FOR_INTERRUPTS();
		BecomeOwner(owner);
		rows = RunCommand(job);
		SetUserIdAndSecContext(engine, security);
		RecordSuccess(job, run, rows);
		SetUserIdAndSecContext(owner, SECURITY_LOCAL_USERID_CHANGE);
		SPI_finish();
		PopActiveSnapshot();
		CommitTransactionCommand();
		RunDisarm();
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		RunDisarm();
		disable_all_timeouts(false);
		QueryCancelPending = false;
		MemoryContextSwitchTo(turn);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(turn);
	return error;
}

/*
 * The session becomes that of a role, which has no way back: the functions that
 * set roles refuse to within a local change of the user.
 */
static void
BecomeOwner(Oid owner)
{
	SetUserIdAndSecContext(GetUserId(), 0);
	SetSessionAuthorization(owner, superuser_arg(owner));
	SetUserIdAndSecContext(owner, SECURITY_LOCAL_USERID_CHANGE);
}

/*
 * Records a success in the transaction of the run.  The command may have set a
 * search_path; a trigger that somebody put on job_run, which runs as the extension's
 * owner, does not get that.
 */
static void
RecordSuccess(const Job *job, const JobRun *run, int64 rows)
{
	int			level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) RunEnd(job, run, rows, NULL);
	AtEOXact_GUC(true, level);
}

/*
 * The next turn looks at the job anew: whoever has the lock runs it, and that is
 * recorded, or only looked whether it was due.
 */
static void
Withdraw(const Job *job, const JobRun *run)
{
	if (!BeginWork())
		return;
	RunWithdraw(job, run);
	EndWork();
}

/*
 * Records a failure, unless the extension has gone meanwhile.
 */
static void
RecordFailure(const Job *job, const JobRun *run, const ErrorData *error)
{
	if (!BeginWork())
		return;
	(void) RunEnd(job, run, 0, error);
	RunReschedule(job, run, true);
	EndWork();
}

/*
 * Leaves nothing of a job's session to the next one, whose owner may be another
 * role: what DISCARD ALL does.
 */
static void
CleanSession(void)
{
	MemoryContext turn = CurrentMemoryContext;

	StartTransactionCommand();
	PortalHashTableDeleteAll();
	DropAllPreparedStatements();
	LockReleaseAll(USER_LOCKMETHOD, true);
	ResetSequenceCaches();
	/* What is dropped may have to be fetched from a catalog's TOAST table. */
	PushActiveSnapshot(GetTransactionSnapshot());
	ResetTempTableNamespace();
	PopActiveSnapshot();
	ResetAllOptions();
	if (!WorkerLock(true))
		ereport(FATAL,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("inventory worker: another one has taken over")));
	CommitTransactionCommand();
	MemoryContextSwitchTo(turn);
}
