/*
 * fast_path.h
 *		Rows read and written without a statement.
 *
 * For single rows of the tables that fast_table.c knows and finds fit.  Every
 * function that says no has changed nothing: the caller does the same by a plain
 * statement, which says what is wrong, if anything is.
 *
 * What is open belongs to one call of the engine.  plan.c closes it before each
 * statement and identity.c when the call ends, so nothing is open while anybody
 * else's code runs.
 */
#ifndef INVENTORY_FAST_PATH_H
#define INVENTORY_FAST_PATH_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"

#include "fast_table.h"

/* A table that is open. */
typedef struct FastRelation
{
	FastTable  *table;			/* NULL while it is not open */
	Relation	relation;
	Relation   *indexes;		/* those that were needed; else NULL */
	TupleTableSlot *row;		/* the row that was found or locked last */
	bool		current;		/* it is the newest version we know */
	TupleTableSlot *stored;		/* the row that was written last */
} FastRelation;

/* What to do with a row that was found. */
typedef void (*FastTake) (FastRelation *fast, void *state);

/*
 * Is the row that was found at tid still at hand?
 */
static inline bool
FastHolds(const FastRelation *fast, ItemPointerData tid)
{
	return fast->current && ItemPointerEquals(&fast->row->tts_tid, &tid);
}

extern void FastPathInit(void);
extern FastRelation *FastOpen(FastTableKind kind);
extern FastRelation *FastOpenPartition(TimestampTz created_at);
extern bool FastFind(FastRelation *fast, const int64 *keys);
extern bool FastEach(FastRelation *fast, text *reference, FastTake take, void *state);
extern bool FastFindAgain(FastRelation *fast, ItemPointerData tid, const int64 *keys);
extern bool FastLock(FastRelation *fast, const int64 *keys);
extern bool FastFindFree(FastRelation *fast, const int64 *keys);
extern bool FastBring(FastRelation *fast, ItemPointerData tid, const int64 *keys);
extern bool FastUpdate(FastRelation *fast, int count, const AttrNumber *columns,
					   const Datum *values, const bool *nulls);
extern bool FastInsert(FastRelation *fast, const Datum *values, const bool *nulls);
extern bool FastInsertMany(FastRelation *fast, int count, const Datum *values, const bool *nulls);
extern Datum FastLabelDatum(const FastRelation *fast, AttrNumber column, const char *label);
extern const char *FastLabelName(const FastRelation *fast, AttrNumber column, Datum value);
extern bool FastHasResult(void);
extern Datum FastResult(void);
extern void FastClose(void);

#endif							/* INVENTORY_FAST_PATH_H */
