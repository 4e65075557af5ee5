/*
 * plan.c
 *		The one door to SPI: prepares, keeps and runs plans.
 *
 * It also knows which statements are the engine's own.  The triggers on the
 * tables have to tell a change that a function makes from one that anybody else
 * makes; a trigger that an engine's statement fires runs exactly one trigger
 * level below the code that executed the statement.  A user's trigger that such a
 * statement fires, and the statements in it, are deeper and stay outsiders.
 */
#include "plan.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "fast_path.h"
#include "identity.h"

/* Trigger level below the running engine's statement; 0 outside of one. */
static int	engine_level = 0;

static uint64 PlanRun(KeptPlan *plan, const Datum *values, const char *nulls,
					  Snapshot snapshot);
static pg_noinline SPIPlanPtr PlanPrepare(KeptPlan *plan);
static void HintAtUpdate(void *arg);
static int	TriggerLevel(void);

/*
 * Runs a plan in the open SPI connection, under a new snapshot that sees
 * everything the transaction did so far; one that only reads, under that of the
 * calling statement.  nulls is SPI's: 'n' for a NULL, ' ' for a value, or NULL when
 * nothing is NULL.  Returns the number of rows processed; those that the statement
 * returns stay in SPI_tuptable until the next statement, whose values may still
 * point into them.
 */
uint64
PlanExecute(KeptPlan *plan, const Datum *values, const char *nulls)
{
	return PlanRun(plan, values, nulls, InvalidSnapshot);
}

/*
 * The same for a statement that has to see what others have committed by now, also
 * where the transaction's own snapshot is older than that (REPEATABLE READ).  What
 * it finds may be used to refuse something, and is not for the user's eyes; what it
 * changes nobody else may be changing.
 */
uint64
PlanExecuteLatest(KeptPlan *plan, const Datum *values, const char *nulls)
{
	if (!IsolationUsesXactSnapshot())
		return PlanRun(plan, values, nulls, InvalidSnapshot);
	CommandCounterIncrement();
	return PlanRun(plan, values, nulls, GetLatestSnapshot());
}

/*
 * The same for statements that have to see one and the same state of the database:
 * under a snapshot that the caller has registered.
 */
uint64
PlanExecuteUnder(Snapshot snapshot, KeptPlan *plan, const Datum *values, const char *nulls)
{
	return PlanRun(plan, values, nulls, snapshot);
}

/*
 * Runs a plan that writes exactly one row.  Raises 55000 when something that
 * somebody put on the table keeps it from doing so.
 */
void
PlanWriteRow(KeptPlan *plan, const Datum *values, const char *nulls)
{
	uint64		rows = PlanExecute(plan, values, nulls);

	if (rows != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%llu rows were written where it should be one",
						(unsigned long long) rows),
				 errdetail("The statement was: %s", plan->sql),
				 errhint("Look for a trigger, rule or row security policy on its table.")));
}

/*
 * Runs a DDL statement.
 */
void
PlanUtility(const char *sql)
{
	int			code;

	EngineBeforeStatement();
	code = SPI_execute(sql, false, 0);
	if (code != SPI_OK_UTILITY)
		elog(ERROR, "SPI_execute returned %s for: %s", SPI_result_code_string(code), sql);
}

/*
 * How many rows a table has, its name being qualified and quoted.
 */
int64
PlanCountRows(const char *table)
{
	char	   *sql = psprintf("SELECT pg_catalog.count(*) FROM %s", table);

	EngineBeforeStatement();
	if (SPI_execute(sql, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not count the rows of %s", table);
	return PlanInt64(0, 1);
}

/*
 * Opens a cursor for a query that fires nothing, under a new snapshot that sees
 * everything the transaction did so far, and goes on doing so whatever is done
 * while it is read.
 */
Portal
PlanOpen(KeptPlan *plan, const Datum *values, const char *nulls)
{
	Portal		cursor;

	EngineBeforeStatement();
	cursor = SPI_cursor_open(NULL, PlanPrepare(plan), unconstify(Datum *, values), nulls, false);
	if (cursor == NULL)
		elog(ERROR, "SPI_cursor_open returned %s for: %s",
			 SPI_result_code_string(SPI_result), plan->sql);
	return cursor;
}

/*
 * Reads the next rows of a cursor, at most that many, as if they were those of a
 * statement.  Returns how many there were.
 */
uint64
PlanFetch(Portal cursor, long rows)
{
	SPITupleTable *previous = SPI_tuptable;

	EngineBeforeStatement();
	SPI_cursor_fetch(cursor, true, rows);
	SPI_freetuptable(previous);
	return SPI_processed;
}

/*
 * Its last rows stay until the next statement.
 */
void
PlanClose(Portal cursor)
{
	SPI_cursor_close(cursor);
}

/*
 * All columns of a row, counted from 0, of the last statement.
 */
void
PlanRow(uint64 row, Datum *values, bool *nulls)
{
	if (row >= SPI_tuptable->numvals)
		elog(ERROR, "the last statement returned no row %llu", (unsigned long long) row);
	heap_deform_tuple(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, values, nulls);
}

/*
 * A column, counted from 1, of a row, counted from 0, of the last statement.
 * What it points to lives until the rows are freed.
 */
Datum
PlanColumn(uint64 row, int column, bool *isnull)
{
	if (row >= SPI_tuptable->numvals)
		elog(ERROR, "the last statement returned no row %llu", (unsigned long long) row);
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

/*
 * The same for a bigint that cannot be NULL.
 */
int64
PlanInt64(uint64 row, int column)
{
	bool		isnull;
	Datum		value = PlanColumn(row, column, &isnull);

	if (isnull)
		elog(ERROR, "unexpected NULL in column %d", column);
	return DatumGetInt64(value);
}

/*
 * bigint[] of some numbers, as a value for a statement.
 */
Datum
PlanInt64Array(const int64 *values, int count)
{
	Datum	   *elements = palloc(Max(count, 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(values[i]);
	return PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * The composite value in the only column of the only row of the last statement, or
 * the row that the fast path has written since, copied to where it outlives the SPI
 * connection.
 */
Datum
PlanResult(void)
{
	bool		isnull;
	Datum		value;

	if (FastHasResult())
	{
		value = FastResult();
		return EngineEntered() ? SPI_datumTransfer(value, false, -1) : value;
	}
	if (SPI_processed != 1)
		elog(ERROR, "expected one row, got %llu",
			 (unsigned long long) SPI_processed);
	value = PlanColumn(0, 1, &isnull);
	if (isnull)
		elog(ERROR, "unexpected NULL row");
	return SPI_datumTransfer(value, false, -1);
}

/*
 * Returns the composite values in the only column of the last statement's rows as
 * the set that a function returns; InitMaterializedSRF has been called.
 */
void
PlanReturnSet(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;

	for (uint64 row = 0; row < SPI_processed; row++)
	{
		bool		isnull;
		HeapTupleHeader header = DatumGetHeapTupleHeader(PlanColumn(row, 1, &isnull));
		HeapTupleData tuple = {
			.t_len = HeapTupleHeaderGetDatumLength(header),
			.t_data = header
		};

		tuplestore_puttuple(set->setResult, &tuple);
	}
}

/*
 * For a trigger function: did a statement of the engine fire this trigger?
 */
bool
CalledByEngine(void)
{
	return engine_level != 0 && TriggerLevel() == engine_level;
}

/*
 * Runs a plan under a snapshot, a new one of the transaction where it is
 * InvalidSnapshot.
 */
static uint64
PlanRun(KeptPlan *plan, const Datum *values, const char *nulls, Snapshot snapshot)
{
	int			outer_level = engine_level;
	int			code;
	SPIPlanPtr	prepared;
	SPITupleTable *previous;

	EngineBeforeStatement();
	prepared = PlanPrepare(plan);
	previous = SPI_tuptable;
	engine_level = TriggerLevel() + 1;
	plan->running++;
	PG_TRY();
	{
		code = SPI_execute_snapshot(prepared, unconstify(Datum *, values), nulls,
									snapshot, InvalidSnapshot, plan->reads, true, 0);
	}
	PG_FINALLY();
	{
		plan->running--;
		engine_level = outer_level;
	}
	PG_END_TRY();

	SPI_freetuptable(previous);
	if (code != plan->result)
		elog(ERROR, "SPI_execute_snapshot returned %s for: %s",
			 SPI_result_code_string(code), plan->sql);
	return SPI_processed;
}

/*
 * Returns the kept plan, prepared anew when there is none, when something it depends
 * on has changed (DROP EXTENSION in the same session), and for each run where replan
 * asks for that.  A plan that is being executed further up, by a statement whose trigger
 * led here, must not go away; SPI itself replans it.
 */
static pg_noinline SPIPlanPtr
PlanPrepare(KeptPlan *plan)
{
	SPIPlanPtr	fresh;
	ErrorContextCallback missing;

	if (plan->kept != NULL)
	{
		/* The server plans anew for other parameters, never where there are none. */
		bool		plan_anew = plan->replan && plan->nargs == 0;

		if (plan->running > 0 || (!plan_anew && SPI_plan_is_valid(plan->kept)))
			return plan->kept;
		SPI_freeplan(plan->kept);
		plan->kept = NULL;
	}

	missing = (ErrorContextCallback) {.previous = error_context_stack, .callback = HintAtUpdate};
	error_context_stack = &missing;
	fresh = SPI_prepare_cursor(plan->sql, plan->nargs, plan->argtypes,
							   plan->replan ? CURSOR_OPT_CUSTOM_PLAN : 0);
	error_context_stack = missing.previous;
	if (fresh == NULL)
		elog(ERROR, "SPI_prepare_cursor returned %s for: %s",
			 SPI_result_code_string(SPI_result), plan->sql);
	if (SPI_keepplan(fresh) != 0)
		elog(ERROR, "could not keep the plan of: %s", plan->sql);
	plan->kept = fresh;
	return fresh;
}

/*
 * For an error while a statement of ours is prepared: what it names is missing where
 * the library and what the database has are of different versions.
 */
static void
HintAtUpdate(void *arg pg_attribute_unused())
{
	switch (geterrcode())
	{
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_COLUMN:
		case ERRCODE_UNDEFINED_FUNCTION:
		case ERRCODE_UNDEFINED_OBJECT:
			errhint("If the library was installed anew, run ALTER EXTENSION inventory UPDATE in this database, and restart the server if it is preloaded.");
			break;
		default:
			break;
	}
}

/*
 * How many trigger functions are running, one inside the other.  The server
 * tells only through its SQL function, which does not look at its call info.
 */
static int
TriggerLevel(void)
{
	LOCAL_FCINFO(fcinfo, 0);

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	return DatumGetInt32(pg_trigger_depth(fcinfo));
}
