/*
 * compat.h
 *		Every difference between server versions that the code has to know.
 */
#ifndef INVENTORY_COMPAT_H
#define INVENTORY_COMPAT_H

#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "utils/datetime.h"

#if PG_VERSION_NUM < 150000
#error "inventory needs PostgreSQL 15 or later"
#endif

/* 16 took the macros of variable-length values out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 has another one, which goes in front of a declaration. */
#if PG_VERSION_NUM >= 180000
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

/* 16 added an argument that only error messages use. */
#if PG_VERSION_NUM >= 160000
static inline int
DecodeDateTimeCompat(char **field, int *ftype, int nf, int *dtype,
					 struct pg_tm *tm, fsec_t *fsec, int *tzp)
{
	DateTimeErrorExtra extra;

	return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp, &extra);
}
#else
#define DecodeDateTimeCompat DecodeDateTime
#endif

/* 16 made a hash table of the settings, and an array of it when asked. */
#if PG_VERSION_NUM >= 160000
#define GucVariablesCompat(count) get_guc_variables(count)
#else
#define GucVariablesCompat(count) (*(count) = GetNumConfigOptions(), get_guc_variables())
#endif

/* 16 gave it another name. */
#if PG_VERSION_NUM >= 160000
#define BackendStatusCompat pgstat_get_local_beentry_by_index
#else
#define BackendStatusCompat pgstat_fetch_stat_local_beentry
#endif

/* 16 tells which indexes need an entry: all, or those that only summarize. */
#if PG_VERSION_NUM >= 160000
typedef TU_UpdateIndexes UpdateIndexes;
#define NeedsIndexEntries(update_indexes) ((update_indexes) != TU_None)
#else
typedef bool UpdateIndexes;
#define NeedsIndexEntries(update_indexes) (update_indexes)
#endif

/* 18 has constraints that are not enforced. */
#if PG_VERSION_NUM >= 180000
#define IsEnforcedCheck(check) ((check)->ccenforced)
#else
#define IsEnforcedCheck(check) true
#endif

/* 18 added an argument for EXPLAIN. */
static inline IndexScanDesc
IndexBeginScanCompat(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#endif
}

#endif							/* INVENTORY_COMPAT_H */
