/*
 * plan.h
 *		The one door to SPI: prepares, keeps and runs plans.
 *
 * A room declares its statements as static KeptPlans next to the code that uses
 * them.  Rules for their text: constant, values only as parameters, every object
 * and operator schema-qualified.  Operators written as OPERATOR() all bind alike,
 * from left to right: a sum or difference that is compared needs its parentheses.
 * Only DDL, which takes no parameters, is put together (PlanUtility), and the names
 * in it are our own or quoted.
 */
#ifndef INVENTORY_PLAN_H
#define INVENTORY_PLAN_H

#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/snapshot.h"

#define PLAN_MAX_ARGUMENTS 16

typedef struct KeptPlan
{
	const char *sql;
	int			result;			/* the SPI_OK_* code that success returns */
	bool		replan;			/* a long statement: planned anew for each run */
	bool		reads;			/* sees what the calling statement sees, and no more */
	int			nargs;
	Oid			argtypes[PLAN_MAX_ARGUMENTS];
	SPIPlanPtr	kept;			/* NULL until first used */
	int			running;		/* how many times it is being executed */
} KeptPlan;

extern uint64 PlanExecute(KeptPlan *plan, const Datum *values, const char *nulls);
extern uint64 PlanExecuteLatest(KeptPlan *plan, const Datum *values,
								const char *nulls);
extern uint64 PlanExecuteUnder(Snapshot snapshot, KeptPlan *plan, const Datum *values,
							   const char *nulls);
extern void PlanWriteRow(KeptPlan *plan, const Datum *values, const char *nulls);
extern void PlanUtility(const char *sql);
extern int64 PlanCountRows(const char *table);
extern Portal PlanOpen(KeptPlan *plan, const Datum *values, const char *nulls);
extern uint64 PlanFetch(Portal cursor, long rows);
extern void PlanClose(Portal cursor);
extern void PlanRow(uint64 row, Datum *values, bool *nulls);
extern Datum PlanColumn(uint64 row, int column, bool *isnull);
extern int64 PlanInt64(uint64 row, int column);
extern Datum PlanInt64Array(const int64 *values, int count);
extern Datum PlanResult(void);
extern void PlanReturnSet(FunctionCallInfo fcinfo);
extern bool CalledByEngine(void);

#endif							/* INVENTORY_PLAN_H */
