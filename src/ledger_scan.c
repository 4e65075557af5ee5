/*
 * ledger_scan.c
 *		The way into the history of one item without a statement: index probes in the
 *		partitions of the ledger.
 *
 * A statement over the parent would open every partition that could hold the answer
 * before it looks into the first.  Here the months are tried from the latest one
 * back, so what happened lately costs one probe, however long the history is.  An
 * item that has not moved for two months is asked when it did, and only that month is
 * looked at then.  The default partition, whose times are anywhere, is looked at
 * besides.
 *
 * Which months are attached is known as of now; what they hold is seen under the
 * active snapshot.  The openings that stand for retired months are read under the
 * latest one: a statement that waited for a month to be retired would miss both the
 * month and its openings otherwise.
 */
#include "ledger_scan.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "nodes/makefuncs.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "errors.h"
#include "stock.h"

/* So many months without a movement, and the item is asked when it moved last. */
#define PATIENCE	2

/* An item, and a time in its history. */
typedef struct Moment
{
	int64		product_id;
	int64		warehouse_id;
	TimestampTz at;
} Moment;

static bool LastInPartitions(Relation ledger, Moment moment, LedgerMovement *movement);
static bool NextInPartitions(Relation ledger, Moment moment, LedgerMovement *movement);
static bool RangeStart(PartitionBoundInfo bounds, int range, TimestampTz *start);
static bool RangeEnd(PartitionBoundInfo bounds, int range, TimestampTz *end);
static bool ProbeDefault(Relation ledger, PartitionDesc partitions, const Moment *moment,
						 ScanDirection direction, LedgerMovement *movement);
static bool ProbePartition(Relation ledger, Oid partition, const Moment *moment,
						   ScanDirection direction, LedgerMovement *movement);
static bool LastOpening(const Moment *moment, LedgerMovement *opening);
static bool LastMovedAt(const Moment *moment, TimestampTz *last);
static bool ReadFirst(Relation heap, Relation index, Snapshot snapshot, int nkeys,
					  ScanKey keys, ScanDirection direction, int ncolumns,
					  Datum *values, bool *nulls);
static void ItemKeys(ScanKey keys, const Moment *moment, AttrNumber product_id,
					 AttrNumber warehouse_id);
static Relation OpenLedger(void);
static Relation OpenTable(const char *name);
static Relation OpenKeyIndex(Relation heap, const AttrNumber *columns, int count);
static bool HasKey(Relation index, const AttrNumber *columns, int count);
static void CheckPartition(Relation ledger, Relation partition);
static void ErrorRetired(const Moment *moment, const LedgerMovement *opening) pg_attribute_noreturn();

/*
 * The last movement of an item that was recorded at `at` or before, in the ledger or
 * retired: its columns, in the current memory context.  False when there is none.
 * Raises IV002 when it cannot be told, since that part of the history was retired.
 */
bool
LedgerLastMovement(int64 product_id, int64 warehouse_id, TimestampTz at,
				   LedgerMovement *movement)
{
	Moment		moment = {product_id, warehouse_id, at};
	Relation	ledger = OpenLedger();
	bool		found = LastInPartitions(ledger, moment, movement);
	int64		version = found ? LedgerMovementInt64(movement, Anum_movement_version) : 0;
	LedgerMovement opening;

	if (LastOpening(&moment, &opening) &&
		LedgerMovementInt64(&opening, Anum_movement_version) > version)
	{
		LedgerMovement next;

		if (LedgerMovementInt64(&opening, Anum_movement_created_at) <= at)
		{
			/* Nothing later was retired, and nothing later is there. */
			*movement = opening;
			found = true;
		}
		else if (!NextInPartitions(ledger, moment, &next) ||
				 LedgerMovementInt64(&next, Anum_movement_version) != version + 1)
			ErrorRetired(&moment, &opening);
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

	*months = palloc((partitions->nparts + 1) * sizeof(LedgerMonth));
	for (int i = 0; bounds != NULL && i < bounds->ndatums; i++)
	{
		TimestampTz end;

		if (bounds->indexes[i] < 0 || !RangeEnd(bounds, i, &end) || end > before)
			continue;
		(*months)[found].partition = partitions->oids[bounds->indexes[i]];
		(*months)[found++].end = end;
	}
	table_close(ledger, AccessShareLock);
	return found;
}

/*
 * Is there a partition, but the default one, that has any of the time from start up
 * to end?
 */
bool
LedgerIsCovered(TimestampTz start, TimestampTz end)
{
	Relation	ledger = OpenLedger();
	PartitionDesc partitions = RelationGetPartitionDesc(ledger, true);
	PartitionBoundInfo bounds = partitions->boundinfo;
	bool		covered = false;

	for (int i = 0; bounds != NULL && i <= bounds->ndatums; i++)
	{
		TimestampTz from;
		TimestampTz to;

		if (bounds->indexes[i] >= 0 &&
			(!RangeStart(bounds, i, &from) || from < end) &&
			(!RangeEnd(bounds, i, &to) || to > start))
			covered = true;
	}
	table_close(ledger, AccessShareLock);
	return covered;
}

/*
 * The last movement in what is attached.
 */
static bool
LastInPartitions(Relation ledger, Moment moment, LedgerMovement *movement)
{
	PartitionDesc partitions = RelationGetPartitionDesc(ledger, true);
	PartitionBoundInfo bounds = partitions->boundinfo;
	LedgerMovement stray;
	bool		found = false;
	int			misses = 0;

	if (bounds == NULL)
		return false;
	for (int i = bounds->ndatums; i >= 0 && !found; i--)
	{
		TimestampTz start;
		TimestampTz last;

		if (bounds->indexes[i] < 0 ||
			(RangeStart(bounds, i, &start) && start > moment.at))
			continue;
		found = ProbePartition(ledger, partitions->oids[bounds->indexes[i]], &moment,
							   BackwardScanDirection, movement);
		if (found || ++misses != PATIENCE)
			continue;
		if (!LastMovedAt(&moment, &last))
			break;
		moment.at = Min(moment.at, last);
	}
	if (ProbeDefault(ledger, partitions, &moment, BackwardScanDirection, &stray) &&
		(!found || LedgerMovementInt64(&stray, Anum_movement_created_at) >
		 LedgerMovementInt64(movement, Anum_movement_created_at)))
	{
		*movement = stray;
		found = true;
	}
	return found;
}

/*
 * The first movement after the moment in what is attached.
 */
static bool
NextInPartitions(Relation ledger, Moment moment, LedgerMovement *movement)
{
	PartitionDesc partitions = RelationGetPartitionDesc(ledger, true);
	PartitionBoundInfo bounds = partitions->boundinfo;
	LedgerMovement stray;
	bool		found = false;

	for (int i = 0; bounds != NULL && i <= bounds->ndatums && !found; i++)
	{
		TimestampTz end;

		if (bounds->indexes[i] >= 0 &&
			(!RangeEnd(bounds, i, &end) || end > moment.at))
			found = ProbePartition(ledger, partitions->oids[bounds->indexes[i]], &moment,
								   ForwardScanDirection, movement);
	}
	if (ProbeDefault(ledger, partitions, &moment, ForwardScanDirection, &stray) &&
		(!found || LedgerMovementInt64(&stray, Anum_movement_created_at) <
		 LedgerMovementInt64(movement, Anum_movement_created_at)))
	{
		*movement = stray;
		found = true;
	}
	return found;
}

/*
 * Where a range of the partition bounds begins; false where it has no beginning.
 * Range i lies between the bounds i - 1 and i.
 */
static bool
RangeStart(PartitionBoundInfo bounds, int range, TimestampTz *start)
{
	return range > 0 && RangeEnd(bounds, range - 1, start);
}

/*
 * Where it ends; false where it has no end.
 */
static bool
RangeEnd(PartitionBoundInfo bounds, int range, TimestampTz *end)
{
	if (range >= bounds->ndatums ||
		bounds->kind[range][0] != PARTITION_RANGE_DATUM_VALUE)
		return false;
	*end = DatumGetTimestampTz(bounds->datums[range][0]);
	return true;
}

static bool
ProbeDefault(Relation ledger, PartitionDesc partitions, const Moment *moment,
			 ScanDirection direction, LedgerMovement *movement)
{
	PartitionBoundInfo bounds = partitions->boundinfo;

	return bounds != NULL && partition_bound_has_default(bounds) &&
		ProbePartition(ledger, partitions->oids[bounds->default_index], moment,
					   direction, movement);
}

/*
 * The last movement up to the moment in one partition, or, forward, the first one
 * after it.
 */
static bool
ProbePartition(Relation ledger, Oid partition, const Moment *moment,
			   ScanDirection direction, LedgerMovement *movement)
{
	static const AttrNumber columns[] = {
		Anum_movement_product_id, Anum_movement_warehouse_id, Anum_movement_created_at
	};
	bool		forward = ScanDirectionIsForward(direction);
	Relation	heap = table_open(partition, AccessShareLock);
	Relation	index;
	ScanKeyData keys[3];
	bool		found;

	CheckPartition(ledger, heap);
	index = OpenKeyIndex(heap, columns, lengthof(columns));
	ItemKeys(keys, moment, Anum_movement_product_id, Anum_movement_warehouse_id);
	ScanKeyInit(&keys[2], Anum_movement_created_at,
				forward ? BTGreaterStrategyNumber : BTLessEqualStrategyNumber,
				forward ? F_TIMESTAMPTZ_GT : F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(moment->at));
	found = ReadFirst(heap, index, GetActiveSnapshot(), 3, keys, direction,
					  Natts_movement, movement->values, movement->nulls);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	return found;
}

/*
 * The last movement of an item that was retired, whenever that was.
 */
static bool
LastOpening(const Moment *moment, LedgerMovement *opening)
{
	static const AttrNumber columns[] = {
		Anum_movement_product_id, Anum_movement_warehouse_id, Anum_movement_version
	};
	Relation	heap = OpenTable("ledger_opening");
	bool		found = false;

	/* Most ledgers have none. */
	if (RelationGetNumberOfBlocks(heap) > 0)
	{
		Relation	index = OpenKeyIndex(heap, columns, lengthof(columns));
		Snapshot	latest = RegisterSnapshot(GetLatestSnapshot());
		ScanKeyData keys[2];

		ItemKeys(keys, moment, Anum_movement_product_id, Anum_movement_warehouse_id);
		found = ReadFirst(heap, index, latest, 2, keys, BackwardScanDirection,
						  Natts_movement, opening->values, opening->nulls);
		UnregisterSnapshot(latest);
		index_close(index, AccessShareLock);
	}
	table_close(heap, AccessShareLock);
	return found;
}

/*
 * When an item moved last; false when it never did.
 */
static bool
LastMovedAt(const Moment *moment, TimestampTz *last)
{
	static const AttrNumber columns[] = {Anum_item_product_id, Anum_item_warehouse_id};
	Relation	heap = OpenTable("inventory_item");
	Relation	index = OpenKeyIndex(heap, columns, lengthof(columns));
	Datum		values[Anum_item_last_movement_at];
	bool		nulls[Anum_item_last_movement_at];
	ScanKeyData keys[2];
	bool		found;

	ItemKeys(keys, moment, Anum_item_product_id, Anum_item_warehouse_id);
	found = ReadFirst(heap, index, GetActiveSnapshot(), 2, keys, ForwardScanDirection,
					  Anum_item_last_movement_at, values, nulls) &&
		!nulls[Anum_item_last_movement_at - 1];
	if (found)
		*last = DatumGetTimestampTz(values[Anum_item_last_movement_at - 1]);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	return found;
}

/*
 * The first row that an index finds, and its first columns, in the current memory
 * context; false when it finds none.
 */
static bool
ReadFirst(Relation heap, Relation index, Snapshot snapshot, int nkeys, ScanKey keys,
		  ScanDirection direction, int ncolumns, Datum *values, bool *nulls)
{
	SysScanDesc scan = systable_beginscan_ordered(heap, index, snapshot, nkeys, keys);
	HeapTuple	tuple = systable_getnext_ordered(scan, direction);

	if (tuple != NULL)
	{
		tuple = heap_copytuple(tuple);
		for (int i = 0; i < ncolumns; i++)
			values[i] = heap_getattr(tuple, i + 1, RelationGetDescr(heap), &nulls[i]);
	}
	systable_endscan_ordered(scan);
	return tuple != NULL;
}

static void
ItemKeys(ScanKey keys, const Moment *moment, AttrNumber product_id, AttrNumber warehouse_id)
{
	ScanKeyInit(&keys[0], product_id, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(moment->product_id));
	ScanKeyInit(&keys[1], warehouse_id, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(moment->warehouse_id));
}

static Relation
OpenLedger(void)
{
	return OpenTable("stock_movement");
}

static Relation
OpenTable(const char *name)
{
	return table_openrv(makeRangeVar("inventory", unconstify(char *, name), -1), AccessShareLock);
}

/*
 * The index of a table whose key these columns are, in this order.  Raises 55000
 * where it is missing; every partition has it that make_ledger_partitions made.
 */
static Relation
OpenKeyIndex(Relation heap, const AttrNumber *columns, int count)
{
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(heap))
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (HasKey(index, columns, count))
			return index;
		index_close(index, AccessShareLock);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table %s has lost the index that items are found by",
					RelationGetRelationName(heap)),
			 errhint("A partition of the ledger needs UNIQUE (product_id, warehouse_id, created_at).")));
	return NULL;
}

static bool
HasKey(Relation index, const AttrNumber *columns, int count)
{
	Form_pg_index form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid ||
		form->indnkeyatts != count ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		return false;
	for (int i = 0; i < count; i++)
	{
		/* Ascending, too. */
		if (form->indkey.values[i] != columns[i] || index->rd_indoption[i] != 0)
			return false;
	}
	return true;
}

/*
 * Columns are known by number, and rows are looked for in the partition itself; one
 * that somebody attached may be made otherwise.  Raises 55000 then.
 */
static void
CheckPartition(Relation ledger, Relation partition)
{
	TupleDesc	expected = RelationGetDescr(ledger);
	TupleDesc	desc = RelationGetDescr(partition);
	bool		same = partition->rd_rel->relkind == RELKIND_RELATION &&
		desc->natts >= Natts_movement;

	for (int i = 0; same && i < Natts_movement; i++)
		same = strcmp(NameStr(TupleDescAttr(desc, i)->attname),
					  NameStr(TupleDescAttr(expected, i)->attname)) == 0;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("partition %s of the ledger is not a table with the columns of the ledger in their order",
						RelationGetRelationName(partition)),
				 errhint("Make partitions with inventory.make_ledger_partitions().")));
}

static void
ErrorRetired(const Moment *moment, const LedgerMovement *opening)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVENTORY_INVALID_STATE),
			 errmsg("the history of product %lld in warehouse %lld at that time was retired",
					(long long) moment->product_id, (long long) moment->warehouse_id),
			 errdetail("It begins at %s.",
					   timestamptz_to_str(LedgerMovementInt64(opening, Anum_movement_created_at))),
			 errhint("inventory.ledger_retirement names the tables that hold it.")));
}
