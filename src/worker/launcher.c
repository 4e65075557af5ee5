/*
 * launcher.c
 *		The processes: a launcher, and one worker for each database in
 *		inventory.databases; and the functions that start and stop a worker.
 *
 * The launcher is started by the postmaster, and again whenever it ends.  It is
 * connected to no database, so it is in nobody's way.  It starts the workers and
 * starts them again: a worker that the postmaster itself restarted would survive
 * a crash of the server beside the one that a new launcher starts.
 */
#include "worker/launcher.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "compat.h"
#include "guc.h"
#include "worker/runner.h"

#define MAX_DATABASES		64
/* How often the launcher looks for databases that come and go. */
#define LAUNCHER_NAP_MS		2000
/* A worker that ends is started again after this long, or the longer one when it ended soon. */
#define RESTART_MS			1000
#define RESTART_SOON_MS		3000
#define RESTART_NAP_MS		200
#define STOP_TIMEOUT_MS		10000
#define STOP_AGAIN_MS		1000
#define STOP_NAP_MS			20
/* The fourth field of an advisory lock; the functions of the server use 1 and 2. */
#define WORKER_LOCK_SPACE	0x6976

/* A worker of the launcher. */
typedef struct Child
{
	Oid			database;
	bool		wanted;			/* named in the setting, and there */
	BackgroundWorkerHandle *handle; /* NULL: not running */
	TimestampTz started_at;
	TimestampTz ended_at;
} Child;

/* Shared memory, where the library was preloaded: databases whose worker was stopped. */
typedef struct WorkerShared
{
	slock_t		mutex;
	int			count;
	Oid			stopped[MAX_DATABASES];
} WorkerShared;

PG_FUNCTION_INFO_V1(inventory_worker_start);
PG_FUNCTION_INFO_V1(inventory_worker_stop);
PG_FUNCTION_INFO_V1(inventory_worker_pid);
PGDLLEXPORT void inventory_launcher_main(Datum argument) pg_attribute_noreturn();

static WorkerShared *shared = NULL;
static shmem_request_hook_type previous_shmem_request_hook = NULL;
static shmem_startup_hook_type previous_shmem_startup_hook = NULL;

static Child children[MAX_DATABASES];
static int	child_count = 0;
static List *told = NIL;		/* names of databases that were reported missing */

static void RequestShared(void);
static void InitShared(void);
static bool IsStopped(Oid database);
static void SetStopped(Oid database, bool stopped);
static List *DatabaseNames(void);
static void LookForDatabases(void);
static void WantDatabase(const char *name);
static bool FindDatabase(const char *name, Oid *database);
static bool TendChildren(void);
static void SeeWhetherEnded(Child *child);
static bool StartChild(Child *child);
static void ForgetChildren(void);
static void EndChildren(int code, Datum argument);
static bool StartWorker(Oid database, int restart_time, BackgroundWorkerHandle **handle);
static Oid	TablespaceOf(Oid database);
static int	FindProcesses(const char *type, Oid database, pid_t *pids, int most);
static void WakeProcesses(const char *type, Oid database);
static void StopProcesses(Oid database);
static bool WaitForWorker(bool running, int timeout_ms);

/*
 * Called when the library is loaded.  Workers would disturb pg_upgrade.
 */
void
WorkerInit(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	previous_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = RequestShared;
	previous_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = InitShared;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	/* On a standby: when it is promoted. */
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, "inventory", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "inventory_launcher_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, LAUNCHER_TYPE, BGW_MAXLEN);
	strlcpy(worker.bgw_type, LAUNCHER_TYPE, BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

/*
 * Has the worker of this database look at its jobs.
 */
void
WorkerWake(void)
{
	WakeProcesses(WORKER_TYPE, MyDatabaseId);
}

/*
 * Takes the lock that the one worker of this database holds for its session, or
 * for a transaction, to keep one from working.  False when somebody has it.
 *
 * It is an advisory lock in a space of its own, since others do not survive the
 * failure of a job; a job can give it back, so it is taken again after each.
 */
bool
WorkerLock(bool for_session)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, 0, WORKER_LOCK_SPACE);
	return LockAcquire(&tag, ExclusiveLock, for_session, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * The launcher.
 */
void
inventory_launcher_main(Datum argument)
{
	(void) argument;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	SetConfigOption("application_name", LAUNCHER_TYPE, PGC_USERSET, PGC_S_OVERRIDE);
	before_shmem_exit(EndChildren, (Datum) 0);

	for (;;)
	{
		bool		missing;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			list_free_deep(told);
			told = NIL;
		}
		LookForDatabases();
		missing = TendChildren();
		ForgetChildren();
		/* The end of a worker sets the latch. */
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 missing ? RESTART_NAP_MS : LAUNCHER_NAP_MS, PG_WAIT_EXTENSION);
	}
}

/*
 * worker_start()
 */
Datum
inventory_worker_start(PG_FUNCTION_ARGS)
{
	BackgroundWorkerHandle *handle;
	pid_t		pid;
	ListCell   *cell;
	char	   *here = get_database_name(MyDatabaseId);

	(void) fcinfo;
	PreventCommandDuringRecovery("inventory.worker_start()");
	SetStopped(MyDatabaseId, false);
	if (FindProcesses(WORKER_TYPE, MyDatabaseId, &pid, 1) > 0)
		PG_RETURN_BOOL(false);
	if (shared != NULL)
	{
		foreach(cell, DatabaseNames())
		{
			if (strcmp(lfirst(cell), here) != 0)
				continue;
			WakeProcesses(LAUNCHER_TYPE, InvalidOid);
			if (WaitForWorker(true, STOP_TIMEOUT_MS))
				PG_RETURN_BOOL(true);
			break;
		}
	}
	if (!StartWorker(MyDatabaseId, 1, &handle) ||
		WaitForBackgroundWorkerStartup(handle, &pid) != BGWH_STARTED)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("could not start the worker"),
				 errhint("You might need to increase max_worker_processes, or look into the server's log.")));
	(void) WaitForWorker(true, STOP_TIMEOUT_MS);
	PG_RETURN_BOOL(true);
}

/*
 * worker_stop()
 */
Datum
inventory_worker_stop(PG_FUNCTION_ARGS)
{
	pid_t		pid;
	int			told_it;

	(void) fcinfo;
	SetStopped(MyDatabaseId, true);
	if (FindProcesses(WORKER_TYPE, MyDatabaseId, &pid, 1) == 0)
		PG_RETURN_BOOL(false);
	/* A job may catch that it is cancelled, so it is told again. */
	for (told_it = 0; told_it < STOP_TIMEOUT_MS / STOP_AGAIN_MS; told_it++)
	{
		StopProcesses(MyDatabaseId);
		if (!WaitForWorker(false, STOP_AGAIN_MS))
			continue;

		/*
		 * One that had to be ended is started again by the postmaster, where
		 * that started it.  It must not become the worker before it is told.
		 */
		if (shared != NULL || told_it < RUN_PATIENCE || !WorkerLock(false) ||
			!WaitForWorker(true, RESTART_SOON_MS))
			PG_RETURN_BOOL(true);
	}
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("the worker has not ended after %d seconds", STOP_TIMEOUT_MS / 1000),
			 errhint("It will when the job that it runs lets go; see pg_stat_activity.")));
}

/*
 * worker_pid()
 */
Datum
inventory_worker_pid(PG_FUNCTION_ARGS)
{
	pid_t		pid;

	if (FindProcesses(WORKER_TYPE, MyDatabaseId, &pid, 1) == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}

/*
 * Hook: asks for shared memory.
 */
static void
RequestShared(void)
{
	if (previous_shmem_request_hook != NULL)
		previous_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(WorkerShared)));
}

/*
 * Hook: makes it, at the start of the server and after a crash.
 */
static void
InitShared(void)
{
	bool		found;

	if (previous_shmem_startup_hook != NULL)
		previous_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("inventory worker", sizeof(WorkerShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(WorkerShared));
		SpinLockInit(&shared->mutex);
	}
	LWLockRelease(AddinShmemInitLock);
}

/*
 * Was the worker of a database told to stay away?
 */
static bool
IsStopped(Oid database)
{
	bool		found = false;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < shared->count; i++)
		found |= (shared->stopped[i] == database);
	SpinLockRelease(&shared->mutex);
	return found;
}

/*
 * Notes or forgets that.  Without shared memory there is no launcher that has to
 * know.  Databases that are gone are the first to be forgotten when it is full.
 */
static void
SetStopped(Oid database, bool stopped)
{
	int			kept = 0;

	if (shared == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < shared->count; i++)
	{
		if (shared->stopped[i] != database)
			shared->stopped[kept++] = shared->stopped[i];
	}
	if (stopped && kept == MAX_DATABASES)
		memmove(shared->stopped, shared->stopped + 1, --kept * sizeof(Oid));
	if (stopped)
		shared->stopped[kept++] = database;
	shared->count = kept;
	SpinLockRelease(&shared->mutex);
}

/*
 * The names in inventory.databases, in the current memory context.
 */
static List *
DatabaseNames(void)
{
	List	   *names = NIL;

	/* What is no list was refused when it was set. */
	if (guc_databases == NULL || !SplitIdentifierString(pstrdup(guc_databases), ',', &names))
		return NIL;
	return names;
}

/*
 * Finds out which children are wanted.
 */
static void
LookForDatabases(void)
{
	ListCell   *cell;

	for (int i = 0; i < child_count; i++)
		children[i].wanted = false;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	foreach(cell, DatabaseNames())
		WantDatabase(lfirst(cell));
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * A database is to have a worker.  Says once when there is none of that name.
 */
static void
WantDatabase(const char *name)
{
	Oid			database;
	ListCell   *cell;
	MemoryContext previous;

	if (FindDatabase(name, &database))
	{
		for (int i = 0; i < child_count; i++)
		{
			if (children[i].database == database)
			{
				children[i].wanted = true;
				return;
			}
		}
		if (child_count < MAX_DATABASES)
		{
			memset(&children[child_count], 0, sizeof(Child));
			children[child_count].database = database;
			children[child_count++].wanted = true;
			return;
		}
	}
	foreach(cell, told)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return;
	}
	ereport(LOG,
			(errmsg("inventory launcher: there is no database \"%s\" to connect to, or there are too many; waiting", name)));
	previous = MemoryContextSwitchTo(TopMemoryContext);
	told = lappend(told, pstrdup(name));
	MemoryContextSwitchTo(previous);
}

/*
 * The database of that name, if it takes connections.  Reads the whole catalog:
 * whoever is connected to no database cannot always use its indexes.
 */
static bool
FindDatabase(const char *name, Oid *database)
{
	Relation	catalog = table_open(DatabaseRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(catalog, 0, NULL);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && (tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database row = (Form_pg_database) GETSTRUCT(tuple);

		found = strcmp(NameStr(row->datname), name) == 0 && row->datallowconn;
		if (found)
			*database = row->oid;
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/*
 * Starts and ends workers.  Is there one that has to wait?
 */
static bool
TendChildren(void)
{
	bool		missing = false;

	for (int i = 0; i < child_count; i++)
	{
		Child	   *child = &children[i];

		SeeWhetherEnded(child);
		if (child->handle != NULL && !child->wanted)
			TerminateBackgroundWorker(child->handle);
		if (child->handle == NULL && child->wanted && !IsStopped(child->database))
			missing |= !StartChild(child);
	}
	return missing;
}

/*
 * Notes when a worker has ended.
 */
static void
SeeWhetherEnded(Child *child)
{
	pid_t		pid;

	if (child->handle == NULL || GetBackgroundWorkerPid(child->handle, &pid) != BGWH_STOPPED)
		return;
	pfree(child->handle);
	child->handle = NULL;
	child->ended_at = GetCurrentTimestamp();
}

/*
 * Starts a worker, again after a while.  False while it has to wait.
 */
static bool
StartChild(Child *child)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		soon = child->ended_at - child->started_at < RESTART_SOON_MS * INT64CONST(1000);

	if (child->ended_at != 0 &&
		!TimestampDifferenceExceeds(child->ended_at, now, soon ? RESTART_SOON_MS : RESTART_MS))
		return false;
	child->started_at = now;
	if (StartWorker(child->database, BGW_NEVER_RESTART, &child->handle))
		return true;
	if (child->ended_at == 0 || !soon)
		ereport(LOG,
				(errmsg("inventory launcher: no free worker process; waiting"),
				 errhint("You might need to increase max_worker_processes.")));
	child->handle = NULL;
	child->ended_at = now;
	return false;
}

/*
 * Drops those that have ended and are not wanted.
 */
static void
ForgetChildren(void)
{
	int			kept = 0;

	for (int i = 0; i < child_count; i++)
	{
		if (children[i].wanted || children[i].handle != NULL)
			children[kept++] = children[i];
	}
	child_count = kept;
}

/*
 * At exit of the launcher: the next one starts workers of its own.
 */
static void
EndChildren(int code, Datum argument)
{
	(void) code;
	(void) argument;

	for (int i = 0; i < child_count; i++)
	{
		if (children[i].handle != NULL)
			TerminateBackgroundWorker(children[i].handle);
	}
}

/*
 * Registers the worker of a database.  False when no process is free.
 */
static bool
StartWorker(Oid database, int restart_time, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker;
	Oid			tablespace = InvalidOid;
	MemoryContext previous;
	bool		started;

	/* For one that the postmaster restarts, to see that its database is gone. */
	if (restart_time != BGW_NEVER_RESTART)
		tablespace = TablespaceOf(database);
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = restart_time;
	strlcpy(worker.bgw_library_name, "inventory", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "inventory_worker_main", BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "%s for database %u", WORKER_TYPE, database);
	strlcpy(worker.bgw_type, WORKER_TYPE, BGW_MAXLEN);
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	memcpy(worker.bgw_extra, &tablespace, sizeof(tablespace));
	worker.bgw_notify_pid = MyProcPid;
	previous = MemoryContextSwitchTo(TopMemoryContext);
	started = RegisterDynamicBackgroundWorker(&worker, handle);
	MemoryContextSwitchTo(previous);
	return started;
}

/*
 * Where a database is stored.
 */
static Oid
TablespaceOf(Oid database)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	Oid			tablespace;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for database %u", database);
	tablespace = ((Form_pg_database) GETSTRUCT(tuple))->dattablespace;
	ReleaseSysCache(tuple);
	return tablespace;
}

/*
 * The processes of a type that are connected to a database.
 */
static int
FindProcesses(const char *type, Oid database, pid_t *pids, int most)
{
	pid_t	   *candidates = palloc(ProcGlobal->allProcCount * sizeof(pid_t));
	int			count = 0;
	int			found = 0;

	LWLockAcquire(ProcArrayLock, LW_SHARED);
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC	   *proc = &ProcGlobal->allProcs[i];

		if (proc->pid != 0 && proc->databaseId == database)
			candidates[count++] = proc->pid;
	}
	LWLockRelease(ProcArrayLock);
	for (int i = 0; i < count && found < most; i++)
	{
		const char *its_type = GetBackgroundWorkerTypeByPid(candidates[i]);

		if (its_type != NULL && strcmp(its_type, type) == 0)
			pids[found++] = candidates[i];
	}
	pfree(candidates);
	return found;
}

/*
 * Sets their latches.
 */
static void
WakeProcesses(const char *type, Oid database)
{
	pid_t		pids[8];
	int			count = FindProcesses(type, database, pids, lengthof(pids));

	for (int i = 0; i < count; i++)
	{
		PGPROC	   *proc = BackendPidGetProc(pids[i]);

		if (proc != NULL)
			SetLatch(&proc->procLatch);
	}
}

/*
 * Tells the workers of a database to end.
 */
static void
StopProcesses(Oid database)
{
	pid_t		pids[8];
	int			count = FindProcesses(WORKER_TYPE, database, pids, lengthof(pids));

	for (int i = 0; i < count; i++)
		(void) kill(pids[i], SIGUSR2);
}

/*
 * Waits until there is a worker of this database, or none.  False when that takes
 * too long.
 */
static bool
WaitForWorker(bool running, int timeout_ms)
{
	pid_t		pid;

	for (int waited = 0; waited < timeout_ms; waited += STOP_NAP_MS)
	{
		if ((FindProcesses(WORKER_TYPE, MyDatabaseId, &pid, 1) > 0) == running)
			return true;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 STOP_NAP_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}
