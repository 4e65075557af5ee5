/*
 * ledger_scan.c
 *		The way into the history of one item without a statement: index probes in the
 *		partitions of the ledger.
 *
 * A statement over the parent would open every partition that could hold the answer
 * before it looks into the first.  Here the months are tried from the latest one
 * back, so what happened lately costs one probe, however long the history is; only
 * the default partition, whose times are anywhere, is looked at besides.
 */
#include "ledger_scan.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

static Relation OpenLedger(void);
static bool ProbePartition(Oid partition, int64 product_id, int64 warehouse_id,
						   TimestampTz at, Datum *values, bool *nulls);
static Relation OpenItemIndex(Relation partition);
static bool IsItemIndex(Relation index);
static void CheckLayout(Relation partition);

/*
 * The last movement of an item that was recorded at `at` or before, as the active
 * snapshot has it: all columns, in the current memory context.  False when there is
 * none, or it was retired.
 */
bool
LedgerLastMovement(int64 product_id, int64 warehouse_id, TimestampTz at,
				   Datum *values, bool *nulls)
{
	Relation	ledger = OpenLedger();
	PartitionDesc partitions = RelationGetPartitionDesc(ledger, true);
	PartitionBoundInfo bounds = partitions->boundinfo;
	Datum		stray_values[Natts_movement];
	bool		stray_nulls[Natts_movement];
	bool		found = false;

	/* Range i ends before datums[i]; the last one has no end. */
	for (int i = bounds->ndatums; i >= 0 && !found; i--)
	{
		if (bounds->indexes[i] < 0)
			continue;
		/* It begins after the time that is asked for. */
		if (i > 0 && bounds->kind[i - 1][0] == PARTITION_RANGE_DATUM_VALUE &&
			DatumGetTimestampTz(bounds->datums[i - 1][0]) > at)
			continue;
		found = ProbePartition(partitions->oids[bounds->indexes[i]], product_id,
							   warehouse_id, at, values, nulls);
	}
	if (partition_bound_has_default(bounds) &&
		ProbePartition(partitions->oids[bounds->default_index], product_id,
					   warehouse_id, at, stray_values, stray_nulls) &&
		(!found ||
		 DatumGetTimestampTz(stray_values[Anum_movement_created_at - 1]) >
		 DatumGetTimestampTz(values[Anum_movement_created_at - 1])))
	{
		memcpy(values, stray_values, sizeof(stray_values));
		memcpy(nulls, stray_nulls, sizeof(stray_nulls));
		found = true;
	}
	table_close(ledger, AccessShareLock);
	return found;
}

/*
 * The partitions that end at `before` or earlier, the oldest first; how many.  The
 * caller holds a lock on the ledger that keeps partitions in place.
 */
int
LedgerPartitionsBefore(TimestampTz before, LedgerMonth **months)
{
	Relation	ledger = OpenLedger();
	PartitionDesc partitions = RelationGetPartitionDesc(ledger, true);
	PartitionBoundInfo bounds = partitions->boundinfo;
	int			found = 0;

	*months = palloc(Max(bounds->ndatums, 1) * sizeof(LedgerMonth));
	for (int i = 0; i < bounds->ndatums; i++)
	{
		if (bounds->indexes[i] >= 0 &&
			bounds->kind[i][0] == PARTITION_RANGE_DATUM_VALUE &&
			DatumGetTimestampTz(bounds->datums[i][0]) <= before)
			(*months)[found++] = (LedgerMonth)
		{
			.partition = partitions->oids[bounds->indexes[i]],
				.end = DatumGetTimestampTz(bounds->datums[i][0])
		};
	}
	table_close(ledger, AccessShareLock);
	return found;
}

static Relation
OpenLedger(void)
{
	return table_openrv(makeRangeVar("inventory", "stock_movement", -1), AccessShareLock);
}

/*
 * LedgerLastMovement in one partition.
 */
static bool
ProbePartition(Oid partition, int64 product_id, int64 warehouse_id, TimestampTz at,
			   Datum *values, bool *nulls)
{
	Relation	heap = table_open(partition, AccessShareLock);
	Relation	index = OpenItemIndex(heap);
	SysScanDesc scan;
	ScanKeyData keys[3];
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_movement_product_id, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(product_id));
	ScanKeyInit(&keys[1], Anum_movement_warehouse_id, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(warehouse_id));
	ScanKeyInit(&keys[2], Anum_movement_created_at, BTLessEqualStrategyNumber,
				F_TIMESTAMPTZ_LE, TimestampTzGetDatum(at));
	scan = systable_beginscan_ordered(heap, index, GetActiveSnapshot(), 3, keys);
	tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	if (tuple != NULL)
	{
		tuple = heap_copytuple(tuple);
		for (int i = 0; i < Natts_movement; i++)
			values[i] = heap_getattr(tuple, i + 1, RelationGetDescr(heap), &nulls[i]);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	return tuple != NULL;
}

/*
 * The index of a partition on product_id, warehouse_id and created_at, which every
 * partition has that make_ledger_partitions made.  Raises 55000 where it is missing.
 */
static Relation
OpenItemIndex(Relation partition)
{
	ListCell   *cell;

	CheckLayout(partition);
	foreach(cell, RelationGetIndexList(partition))
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (IsItemIndex(index))
			return index;
		index_close(index, AccessShareLock);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("partition %s of the ledger has no index on product_id, warehouse_id, created_at",
					RelationGetRelationName(partition)),
			 errhint("Add one: ALTER TABLE inventory.%s ADD UNIQUE (product_id, warehouse_id, created_at).",
					 RelationGetRelationName(partition))));
	return NULL;
}

static bool
IsItemIndex(Relation index)
{
	Form_pg_index form = index->rd_index;

	return index->rd_rel->relam == BTREE_AM_OID && form->indisvalid &&
		form->indnkeyatts == 3 &&
		form->indkey.values[0] == Anum_movement_product_id &&
		form->indkey.values[1] == Anum_movement_warehouse_id &&
		form->indkey.values[2] == Anum_movement_created_at &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
}

/*
 * Columns are known by number; a partition that somebody attached may have them in
 * another order.
 */
static void
CheckLayout(Relation partition)
{
	TupleDesc	desc = RelationGetDescr(partition);

	if (desc->natts < Natts_movement ||
		strcmp(NameStr(TupleDescAttr(desc, Anum_movement_on_hand_after - 1)->attname), "on_hand_after") != 0 ||
		strcmp(NameStr(TupleDescAttr(desc, Anum_movement_created_at - 1)->attname), "created_at") != 0 ||
		strcmp(NameStr(TupleDescAttr(desc, Natts_movement - 1)->attname), "row_hash") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("partition %s of the ledger has its columns in another order than the ledger",
						RelationGetRelationName(partition)),
				 errhint("Make partitions with inventory.make_ledger_partitions().")));
}
