/*
 * runner.c
 *		One run of a job: the lock, the records, the command.
 *
 * The worker and run_job share it.  What is written here is written with the
 * rights of the extension's owner, in the caller's transaction and SPI
 * connection; only RunCommand runs with those of the job's owner.
 */
#include "runner.h"

#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "plan.h"

/* Up to here a run is on time. */
#define LATE_AFTER_MS	2000
/* Doubling a delay more often than this is of no use. */
#define MAX_DOUBLINGS	20
/* More of an error message is not kept. */
#define MAX_ERROR_BYTES	8192
/* A command that goes on though it was cancelled is cancelled again. */
#define CANCEL_EVERY_MS	1000

static KeptPlan insert_run = {
	.sql = "INSERT INTO inventory.job_run (job_name, run_as, by_hand, status, scheduled_for, started_at, finished_at, reason) "
	"VALUES ($1, $2, $3, CAST($4 AS inventory.job_run_status), $5, $6, $7, $8) RETURNING run_id",
	.result = SPI_OK_INSERT_RETURNING,
	.nargs = 8,
	.argtypes = {TEXTOID, TEXTOID, BOOLOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID}
};

static KeptPlan end_run = {
	.sql = "UPDATE inventory.job_run AS r SET status = CAST($2 AS inventory.job_run_status), finished_at = $3, "
	"rows = $4, error = $5, error_code = $6 "
	"WHERE r.run_id OPERATOR(pg_catalog.=) $1 RETURNING r",
	.result = SPI_OK_UPDATE_RETURNING,
	.nargs = 6,
	.argtypes = {INT8OID, TEXTOID, TIMESTAMPTZOID, INT8OID, TEXTOID, TEXTOID}
};

static KeptPlan withdraw_run = {
	.sql = "DELETE FROM inventory.job_run r WHERE r.run_id OPERATOR(pg_catalog.=) $1",
	.result = SPI_OK_DELETE,
	.nargs = 1,
	.argtypes = {INT8OID}
};

/*
 * Not where the job has been changed since, and without waiting for somebody who
 * is changing it: the change decides.
 */
static KeptPlan reschedule_job = {
	.sql = "UPDATE inventory.job AS j SET next_run_at = $3, consecutive_failures = $4 "
	"WHERE j.name OPERATOR(pg_catalog.=) (SELECT k.name FROM inventory.job k "
	"WHERE k.name OPERATOR(pg_catalog.=) $1 AND k.enabled AND k.next_run_at OPERATOR(pg_catalog.=) $2 "
	"FOR NO KEY UPDATE SKIP LOCKED)",
	.result = SPI_OK_UPDATE,
	.nargs = 4,
	.argtypes = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID}
};

/* Keeps of a command's result what is wanted: one number, and no rows. */
typedef struct NumberReceiver
{
	DestReceiver pub;
	Oid			type;			/* of the only column, or InvalidOid */
	uint64		rows;
	int64		number;			/* of the first row; -1 when there is none */
} NumberReceiver;

static volatile sig_atomic_t timed_out = false;
static volatile sig_atomic_t command_running = false;
static volatile sig_atomic_t process_may_end = false;
static volatile sig_atomic_t cancels = 0;	/* of this command */
static const char *running_job = NULL;

static int64 InsertRun(const Job *job, bool by_hand, const char *status,
					   TimestampTz scheduled_for, TimestampTz finished_at,
					   const char *reason);
static void SetJobTag(LOCKTAG *tag, const char *name);
static void ReadOwner(uint64 row, Job *job);
static char *BrokenReason(const Job *job);
static char *ReadText(uint64 row, int column);
static TimeoutId JobTimeout(void);
static void HandleTimeout(void);
static void NumberStartup(DestReceiver *self, int operation, TupleDesc type);
static bool NumberReceive(TupleTableSlot *slot, DestReceiver *self);
static void NumberShutdown(DestReceiver *self);

/*
 * Reads JOB_COLUMNS of a row of the last statement into the current memory
 * context.
 */
void
JobRead(uint64 row, Job *job)
{
	bool		isnull;
	Datum		value;

	job->name = ReadText(row, 1);
	job->schedule = ReadText(row, 2);
	job->command = ReadText(row, 3);
	job->timezone = ReadText(row, 4);
	job->timeout_ms = PlanInt64(row, 6);
	value = PlanColumn(row, 7, &isnull);
	job->next_run_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	job->failures = DatumGetInt32(PlanColumn(row, 8, &isnull));
	ReadOwner(row, job);
}

/*
 * The role that a job runs as.  Raises 42704 when it is gone.
 */
Oid
JobOwner(const Job *job)
{
	/* It may have gone since the job was read. */
	if (GetUserNameFromId(job->owner_oid, true) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\", as which job \"%s\" runs, does not exist any more",
						job->owner, job->name)));
	return job->owner_oid;
}

/*
 * The clock that jobs go by.  Tests of schedules move it.
 */
TimestampTz
JobNow(void)
{
	return GetCurrentTimestamp() + guc_job_clock_offset * USECS_PER_SEC;
}

/*
 * Takes the lock that whoever runs a job holds, until the end of the transaction.
 * Does not wait: false when somebody has it, or when it is the job itself that
 * asks.
 */
bool
JobLock(const char *name)
{
	LOCKTAG		tag;

	if (running_job != NULL && strcmp(running_job, name) == 0)
		return false;
	SetJobTag(&tag, name);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Gives that lock back before the transaction ends.
 */
void
JobUnlock(const char *name)
{
	LOCKTAG		tag;

	SetJobTag(&tag, name);
	LockRelease(&tag, ExclusiveLock, false);
}

/*
 * Records that a run of a locked job begins now.  One that was due, or is run
 * because it is due, moves the job on to its next time.
 */
void
RunStart(const Job *job, bool by_hand, bool scheduled, const char *reason,
		 JobRun *run)
{
	TimestampTz now = JobNow();
	int64		ignored;

	timed_out = false;
	run->run_id = InsertRun(job, by_hand, "RUNNING",
							scheduled ? job->next_run_at : DT_NOBEGIN, DT_NOBEGIN, reason);
	run->next = DT_NOBEGIN;
	if (!scheduled)
		return;
	ScheduleParse(job->schedule, job->timezone, &run->schedule);
	run->next = ScheduleSkip(&run->schedule, job->next_run_at, now, &ignored);
	JobReschedule(job, job->next_run_at, run->next, job->failures);
}

/*
 * Undoes RunStart for a run that was due and has not begun, since somebody took the
 * job's lock when that was recorded: the job is due as it was, unless somebody has
 * changed it.
 */
void
RunWithdraw(const Job *job, const JobRun *run)
{
	Datum		value = Int64GetDatum(run->run_id);

	PlanExecute(&withdraw_run, &value, NULL);
	JobReschedule(job, run->next, job->next_run_at, job->failures);
}

/*
 * Records that a run that is due is left out, and moves the job on.
 */
void
RunSkip(const Job *job, const char *reason)
{
	TimestampTz now = JobNow();
	Schedule	schedule;
	int64		ignored;

	ScheduleParse(job->schedule, job->timezone, &schedule);
	(void) InsertRun(job, false, "SKIPPED", job->next_run_at, now, reason);
	JobReschedule(job, job->next_run_at,
				  ScheduleSkip(&schedule, job->next_run_at, now, &ignored), job->failures);
}

/*
 * A job that cannot be run until somebody changes it.  Records that once a day.
 * False when all is well.
 */
bool
RunRefuseBroken(const Job *job)
{
	TimestampTz now = JobNow();
	char	   *reason = BrokenReason(job);

	if (reason == NULL)
		return false;
	(void) InsertRun(job, false, "SKIPPED", job->next_run_at, now, reason);
	JobReschedule(job, job->next_run_at, now + USECS_PER_DAY, job->failures + 1);
	return true;
}

/*
 * The time of a run begins: from now on until RunDisarm it is cancelled when it
 * takes longer than its timeout or is interrupted; again every second, since a
 * command can catch that; and where the process is a worker, it ends in the end.
 */
void
RunArm(const Job *job, bool in_worker)
{
	running_job = job->name;
	process_may_end = in_worker;
	cancels = 0;
	command_running = true;
	enable_timeout_every(JobTimeout(),
						 TimestampTzPlusMilliseconds(GetCurrentTimestamp(), job->timeout_ms),
						 CANCEL_EVERY_MS);
}

/*
 * It is over, whether it succeeded or not.
 */
void
RunDisarm(void)
{
	disable_timeout(JobTimeout(), false);
	command_running = false;
	running_job = NULL;
	/* It may have fired when everything was done. */
	if (timed_out)
		QueryCancelPending = false;
}

/*
 * Runs the command as the current user, who must have been made the job's owner,
 * in the open SPI connection.  Returns what job_run.rows promises.
 */
int64
RunCommand(const Job *job)
{
	NumberReceiver receiver = {
		.pub = {NumberReceive, NumberStartup, NumberShutdown, NumberShutdown, DestTuplestore},
		.number = -1
	};
	SPIExecuteOptions options = {.dest = &receiver.pub};
	int			code = SPI_execute_extended(job->command, &options);
	uint64		rows = SPI_processed;

	CHECK_FOR_INTERRUPTS();
	if (code < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the command cannot be run in a job"),
				 errdetail("The server says %s.", SPI_result_code_string(code)),
				 errhint("A job is one transaction: it can neither begin nor end one, nor talk to a client.")));
	return receiver.rows == 1 && receiver.number >= 0 ? receiver.number : (int64) rows;
}

/*
 * Is a run going on in this process?
 */
bool
RunInJob(void)
{
	return running_job != NULL;
}

/*
 * Was the last command cancelled because it took too long?
 */
bool
RunTimedOut(void)
{
	return timed_out;
}

/*
 * For a signal handler: cancels the command, if one is running.  It can catch that
 * and go on; the end of the process it cannot catch.
 */
void
RunInterrupt(void)
{
	if (!command_running)
		return;
	InterruptPending = true;
	QueryCancelPending = true;
	if (++cancels > RUN_PATIENCE && process_may_end)
		ProcDiePending = true;
}

/*
 * Records how a run ended; error is NULL when it succeeded.  Returns its record,
 * or 0 when somebody has removed that.
 */
Datum
RunEnd(const Job *job, const JobRun *run, int64 rows, const ErrorData *error)
{
	Datum		values[6];
	char		nulls[] = "      ";

	values[0] = Int64GetDatum(run->run_id);
	values[1] = CStringGetTextDatum(error == NULL ? "SUCCEEDED" : "FAILED");
	values[2] = TimestampTzGetDatum(JobNow());
	values[3] = Int64GetDatum(rows);
	if (error == NULL)
		nulls[4] = nulls[5] = 'n';
	else
	{
		const char *message = error->message;

		nulls[3] = 'n';
		if (timed_out)
			message = psprintf("it took longer than its timeout of %lld ms", (long long) job->timeout_ms);
		values[4] = PointerGetDatum(cstring_to_text_with_len(message, pg_mbcliplen(message, strlen(message), MAX_ERROR_BYTES)));
		values[5] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	}
	if (PlanExecute(&end_run, values, nulls) == 0)
		return (Datum) 0;
	return PlanResult();
}

/*
 * After a run that was due: counts failures, backs off, and leaves out what came
 * due while the run went on.
 */
void
RunReschedule(const Job *job, const JobRun *run, bool failed)
{
	TimestampTz now = JobNow();
	TimestampTz until = failed ? JobRetryAt(job->failures + 1, now) : now;
	TimestampTz next = run->next;
	int			failures = failed ? job->failures + 1 : 0;
	int64		more;

	if (next <= until)
	{
		next = ScheduleSkip(&run->schedule, run->next, until, &more);
		(void) InsertRun(job, false, "SKIPPED", run->next, now,
						 psprintf("%s, left out: %lld",
								  failed ? psprintf("backing off, failures in a row: %d", failures)
								  : "the run before was still going on",
								  (long long) more + 1));
	}
	if (next != run->next || failures != job->failures)
		JobReschedule(job, run->next, next, failures);
}

/*
 * Sets when a job is due, unless it has been changed and is no longer due when
 * it is expected to be.
 */
void
JobReschedule(const Job *job, TimestampTz expected, TimestampTz next, int failures)
{
	Datum		values[4];

	values[0] = CStringGetTextDatum(job->name);
	values[1] = TimestampTzGetDatum(expected);
	values[2] = TimestampTzGetDatum(next);
	values[3] = Int32GetDatum(failures);
	PlanExecute(&reschedule_job, values, NULL);
}

/*
 * Before when a job that failed so many times in a row is not tried again.
 */
TimestampTz
JobRetryAt(int failures, TimestampTz now)
{
	int64		delay_ms = (int64) guc_job_backoff_ms << Min(failures - 1, MAX_DOUBLINGS);

	return now + Min(delay_ms, guc_job_backoff_max_ms) * 1000;
}

/*
 * Why a run that begins now is late, or NULL when it is not.
 */
char *
LateReason(const Job *job, TimestampTz now, const char *cause)
{
	Schedule	schedule;
	int64		missed;
	double		seconds = (double) (now - job->next_run_at) / USECS_PER_SEC;

	if (now - job->next_run_at < LATE_AFTER_MS * INT64CONST(1000))
		return NULL;
	ScheduleParse(job->schedule, job->timezone, &schedule);
	(void) ScheduleSkip(&schedule, job->next_run_at, now, &missed);
	if (missed == 0)
		return psprintf("late by %.0f s: %s", seconds, cause);
	return psprintf("late by %.0f s: %s; more that came due since, left out: %lld",
					seconds, cause, (long long) missed);
}

/*
 * A record of a run; times that are DT_NOBEGIN and a reason of NULL are NULL.
 */
static int64
InsertRun(const Job *job, bool by_hand, const char *status,
		  TimestampTz scheduled_for, TimestampTz finished_at, const char *reason)
{
	Datum		values[8];
	char		nulls[] = "        ";

	values[0] = CStringGetTextDatum(job->name);
	values[1] = CStringGetTextDatum(job->owner);
	values[2] = BoolGetDatum(by_hand);
	values[3] = CStringGetTextDatum(status);
	values[4] = TimestampTzGetDatum(scheduled_for);
	if (scheduled_for == DT_NOBEGIN)
		nulls[4] = 'n';
	/* One that is over before it began began when that was found out. */
	values[5] = TimestampTzGetDatum(finished_at == DT_NOBEGIN ? JobNow() : finished_at);
	values[6] = TimestampTzGetDatum(finished_at);
	if (finished_at == DT_NOBEGIN)
		nulls[6] = 'n';
	if (reason == NULL)
		nulls[7] = 'n';
	else
		values[7] = CStringGetTextDatum(reason);
	PlanWriteRow(&insert_run, values, nulls);
	return PlanInt64(0, 1);
}

/*
 * The lock of a job.  It looks like one on a part of an extension, which nobody
 * else takes; the command itself cannot give it back, as it could an advisory one.
 */
static void
SetJobTag(LOCKTAG *tag, const char *name)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) name, strlen(name), 0);

	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, ExtensionRelationId, (uint32) hash,
					   1 + (uint16) (hash >> 32) % 0x7ff0);
}

/*
 * The owner of a job goes by its number; the name is what is left of a role that
 * was dropped, and somebody else may have it now.
 */
static void
ReadOwner(uint64 row, Job *job)
{
	bool		isnull;
	Datum		value = PlanColumn(row, 9, &isnull);
	char	   *name = isnull ? NULL : GetUserNameFromId(DatumGetObjectId(value), true);

	job->owner = ReadText(row, 5);
	job->owner_oid = name == NULL ? InvalidOid : DatumGetObjectId(value);
	job->renamed = name != NULL && strcmp(name, job->owner) != 0;
	if (job->renamed)
		job->owner = name;
}

/*
 * Why a job cannot be run as it is: its owner is gone, or its schedule, which was
 * checked when it was stored, cannot be read any more, its time zone being unknown
 * by now, say.  NULL when all is well.
 */
static char *
BrokenReason(const Job *job)
{
	Schedule	schedule;
	CronError	ignored;

	if (!OidIsValid(job->owner_oid))
		return psprintf(OidIsValid(get_role_oid(job->owner, true)) ?
						"role \"%s\" is another one than scheduled it; alter_job has it run as this one" :
						"role \"%s\", as which it runs, does not exist",
						job->owner);
	if (!ScheduleRead(job->schedule, job->timezone, &schedule, &ignored))
		return psprintf("\"%s\" in time zone \"%s\" is no schedule", job->schedule, job->timezone);
	return NULL;
}

/*
 * A text column that is not NULL.
 */
static char *
ReadText(uint64 row, int column)
{
	bool		isnull;
	Datum		value = PlanColumn(row, column, &isnull);

	if (isnull)
		elog(ERROR, "unexpected NULL in column %d", column);
	return TextDatumGetCString(value);
}

/*
 * The timeout of commands, registered once in each process.
 */
static TimeoutId
JobTimeout(void)
{
	static TimeoutId timeout = USER_TIMEOUT;
	static bool registered = false;

	if (!registered)
		timeout = RegisterTimeout(USER_TIMEOUT, HandleTimeout);
	registered = true;
	return timeout;
}

/*
 * Runs in a signal handler.
 */
static void
HandleTimeout(void)
{
	timed_out = true;
	RunInterrupt();
	SetLatch(MyLatch);
}

/*
 * DestReceiver: each statement of a command begins anew, the last one counts.
 */
static void
NumberStartup(DestReceiver *self, int operation, TupleDesc type)
{
	NumberReceiver *receiver = (NumberReceiver *) self;

	(void) operation;
	receiver->rows = 0;
	receiver->number = -1;
	receiver->type = type->natts == 1 ? TupleDescAttr(type, 0)->atttypid : InvalidOid;
}

/*
 * DestReceiver: looks at the first row.
 */
static bool
NumberReceive(TupleTableSlot *slot, DestReceiver *self)
{
	NumberReceiver *receiver = (NumberReceiver *) self;
	bool		isnull = true;
	Datum		value = (Datum) 0;

	if (receiver->rows++ > 0 || !OidIsValid(receiver->type))
		return true;
	value = slot_getattr(slot, 1, &isnull);
	if (isnull)
		return true;
	if (receiver->type == INT8OID)
		receiver->number = DatumGetInt64(value);
	else if (receiver->type == INT4OID)
		receiver->number = DatumGetInt32(value);
	return true;
}

static void
NumberShutdown(DestReceiver *self)
{
	(void) self;
}
