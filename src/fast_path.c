/*
 * fast_path.c
 *		Rows read and written without a statement: an index probe, a row lock, an
 *		insert, an update, each through the table access method.
 *
 * What the executor does around them is done here: a new snapshot for each read,
 * locking the newest version after a wait, 40001 above READ COMMITTED, generated
 * columns, NOT NULL and CHECK constraints, entries in indexes, and the command
 * counter, so that whoever comes next sees what was written.  What it does besides
 * makes a table unfit (fast_table.c), and what goes wrong with a row is left to it:
 * the functions say no, and the statement that the caller runs then raises the error
 * or finds the row's newest version.
 */
#include "fast_path.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guc.h"
#include "identity.h"
#include "ledger_scan.h"

/*
 * Lines for a row that many want, where nobody holds it for long.  Whoever is first in
 * one has to wake up before he can take the row; with a few of them somebody is awake,
 * and no more than a few are woken in vain.
 */
#define LINES_PER_ROW	4

/*
 * Where commits wait for the disk a few sessions take turns for a while, those that the
 * caches of the processors still know: each third time that a session has to wait it waits
 * at the door of the row first, where the next comes in when the one before is done.  More
 * turns make little faster, and those outside wait longer.
 */
#define WAITS_INSIDE	3

/* The last place of a row. */
#define DOOR			LINES_PER_ROW
#define PLACES_PER_ROW	(LINES_PER_ROW + 1)

/*
 * The fourth field of an advisory lock: of the first place of the first kind of table.
 * The functions of the server use 1 and 2, worker/launcher.c has one of its own.
 */
#define LINE_LOCK_SPACE	512

static FastRelation opened[FAST_KINDS];

/* The relation that was written last, while its row can be had (FastResult). */
static FastRelation *last_written = NULL;

/* Slots and what else goes with the relations that are open. */
static MemoryContext fast_context = NULL;

/* Anything written that the next statement would not see yet? */
static bool has_written = false;

/* The subtransaction that keeps places of a row, if any does, and which: at the door, in a line. */
static SubTransactionId places_kept_in = InvalidSubTransactionId;
static LOCKTAG places_kept[2];
static int	nplaces_kept = 0;

/* How often this session has begun to wait for the disk of others, where it has no place yet. */
static uint32 waits = 0;

static void Prepare(FastRelation *fast, FastTable *table, Relation relation);
static void NullRest(const FastTable *table, bool *nulls);
static void CloseRelation(FastRelation *fast);
static bool FindPartition(Relation ledger, TimestampTz created_at, Oid *partition);
static Relation OpenIndex(FastRelation *fast, int i);
static bool Probe(FastRelation *fast, const int64 *keys, Snapshot snapshot);
static bool FindInTurn(FastRelation *fast, const int64 *keys, bool *has_place);
static bool HasSharers(const FastRelation *fast);
static bool IsHeld(const FastRelation *fast);
static bool IsLockedByOther(const FastRelation *fast);
static HeapTupleHeader RowHeader(const FastRelation *fast);
static bool StandInLine(FastRelation *fast);
static void KeepPlace(const LOCKTAG *place);
static LOCKTAG Place(const FastRelation *fast, uint64 id, int number);
static void LeaveLine(void);
static bool CommitWaits(void);
static bool LockFound(FastRelation *fast, const int64 *keys);
static bool HasKeys(const FastRelation *fast, const int64 *keys);
static bool FetchVersion(FastRelation *fast, ItemPointerData tid, const int64 *keys,
						 Snapshot snapshot);
static void ErrorConcurrent(void) pg_attribute_noreturn();
static void FillSlot(const FastTable *table, const Datum *values, const bool *nulls,
					 TupleTableSlot *slot);
static bool Complete(const FastTable *table, TupleTableSlot *slot);
static void InsertIndexEntries(FastRelation *fast, TupleTableSlot **slots, int count, bool update);
static void InsertIndexEntry(FastRelation *fast, int i, TupleTableSlot *slot, bool update);
static void Written(FastRelation *fast);
static void ForgetXact(XactEvent event, void *arg);
static void ForgetSubXact(SubXactEvent event, SubTransactionId subid,
						  SubTransactionId parent, void *arg);
static void Forget(void);

/*
 * Called once when the library is loaded.
 */
void
FastPathInit(void)
{
	FastTableInit();
	RegisterXactCallback(ForgetXact, NULL);
	RegisterSubXactCallback(ForgetSubXact, NULL);
}

/*
 * A table, open and locked in ROW EXCLUSIVE mode; NULL where the fast path is not
 * to be taken.
 */
FastRelation *
FastOpen(FastTableKind kind)
{
	FastRelation *fast = &opened[kind];
	FastTable  *table;
	Relation	relation;

	if (fast->table != NULL)
		return fast;
	if (!guc_fast_path || IsInParallelMode())
		return NULL;
	table = FastTableOpen(kind, &relation);
	if (table == NULL)
		return NULL;
	Prepare(fast, table, relation);
	/* Else its rights are a question for the executor. */
	if (table->owner == EngineOwner())
		return fast;
	CloseRelation(fast);
	return NULL;
}

/*
 * The partition of the ledger that a movement of that time goes to, open and locked
 * as its parent is.  NULL where the fast path is not to be taken, as for the default
 * partition, whose bounds may change while we wait for it.
 */
FastRelation *
FastOpenPartition(TimestampTz created_at)
{
	FastRelation *ledger = FastOpen(FAST_LEDGER);
	FastRelation *fast = &opened[FAST_PARTITION];
	FastTable  *table;
	Relation	relation;
	Oid			partition;

	if (ledger == NULL || !FindPartition(ledger->relation, created_at, &partition))
		return NULL;
	if (fast->table != NULL)
	{
		if (fast->table->relid == partition)
			return fast;
		CloseRelation(fast);
	}
	table = FastTableOpenPartition(partition, &relation);
	if (table == NULL)
		return NULL;
	Prepare(fast, table, relation);
	return fast;
}

/*
 * Finds the row with these keys under a new snapshot that sees everything the
 * transaction did so far.  It is in fast->row then.
 */
bool
FastFind(FastRelation *fast, const int64 *keys)
{
	bool		found;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	found = Probe(fast, keys, GetActiveSnapshot());
	PopActiveSnapshot();
	return found;
}

/*
 * The same for a row that was seen at tid a moment ago.
 */
bool
FastFindAgain(FastRelation *fast, ItemPointerData tid, const int64 *keys)
{
	bool		found;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	found = FetchVersion(fast, tid, keys, GetActiveSnapshot()) ||
		Probe(fast, keys, GetActiveSnapshot());
	PopActiveSnapshot();
	return found;
}

/*
 * Finds the rows with this reference under a new snapshot, and gives each to take, in
 * fast->row.  False, and there was none to take, where no index serves.
 */
bool
FastEach(FastRelation *fast, text *reference, FastTake take, void *state)
{
	const FastTable *table = fast->table;
	ScanKeyData key = table->reference_key;
	IndexScanDesc scan;

	if (table->reference_index < 0)
		return false;
	key.sk_argument = PointerGetDatum(reference);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	scan = IndexBeginScanCompat(fast->relation, OpenIndex(fast, table->reference_index),
								GetActiveSnapshot(), 1);
	index_rescan(scan, &key, 1, NULL, 0);
	fast->current = false;
	while (index_getnext_slot(scan, ForwardScanDirection, fast->row))
		take(fast, state);
	index_endscan(scan);
	PopActiveSnapshot();
	return true;
}

/*
 * Finds the row with these keys and locks it FOR NO KEY UPDATE, waiting for whoever
 * holds it; its newest version is in fast->row then.  False when there is none, or
 * it is gone after the wait.  Raises 40001 above READ COMMITTED when it changed
 * since the snapshot.
 */
bool
FastLock(FastRelation *fast, const int64 *keys)
{
	bool		has_place = false;
	bool		found;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	found = FindInTurn(fast, keys, &has_place) && LockFound(fast, keys);
	PopActiveSnapshot();
	if (!found && has_place)
		LeaveLine();
	return found;
}

/*
 * Finds the row with these keys, waiting for our turn but not locking it, for somebody
 * who writes it at once: that locks it too, and FastUpdate tells whether it was done
 * before anybody else came.  False also when somebody else is at it though it is our
 * turn.
 */
bool
FastFindFree(FastRelation *fast, const int64 *keys)
{
	bool		has_place = false;
	bool		found;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	found = FindInTurn(fast, keys, &has_place);
	PopActiveSnapshot();
	if (!found && has_place)
		LeaveLine();
	return found && !HasSharers(fast) && !IsHeld(fast);
}

/*
 * Finds the row with these keys under the active snapshot.  One that another transaction
 * holds is found once more when it is our turn, under a new snapshot, which is the
 * active one then; has_place is set where we keep our place in the line, which is for
 * somebody who locks or writes the row.
 */
static bool
FindInTurn(FastRelation *fast, const int64 *keys, bool *has_place)
{
	if (!Probe(fast, keys, GetActiveSnapshot()))
		return false;
	if (!IsHeld(fast))
		return true;
	*has_place = StandInLine(fast);
	PopActiveSnapshot();
	PushActiveSnapshot(GetTransactionSnapshot());
	return Probe(fast, keys, GetActiveSnapshot());
}

/*
 * Do several transactions have a lock on the row in fast->row, or had it?  We may be one
 * of them.
 */
static bool
HasSharers(const FastRelation *fast)
{
	return (RowHeader(fast)->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) == HEAP_XMAX_IS_MULTI;
}

/*
 * Would we wait for one other transaction, which has locked, updated or deleted the row
 * in fast->row and has not ended?  No more than a guess, since that may change at once.
 * For who has locked only the key, a foreign key of somebody's table, nobody waits; it may
 * be on a version that we wrote.
 */
static bool
IsHeld(const FastRelation *fast)
{
	Buffer		buffer = ((BufferHeapTupleTableSlot *) fast->row)->buffer;
	bool		is_held;

	if (!IsLockedByOther(fast))
		return false;
	/* Somebody may have written only half of his lock: it would look like another one. */
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	is_held = IsLockedByOther(fast);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	return is_held;
}

/*
 * What the header of the row says of that.
 */
static bool
IsLockedByOther(const FastRelation *fast)
{
	HeapTupleHeader header = RowHeader(fast);
	TransactionId xmax = HeapTupleHeaderGetRawXmax(header);

	return (header->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) == 0 &&
		!HEAP_XMAX_IS_KEYSHR_LOCKED(header->t_infomask) &&
		TransactionIdIsValid(xmax) && !TransactionIdIsCurrentTransactionId(xmax) &&
		TransactionIdIsInProgress(xmax);
}

static HeapTupleHeader
RowHeader(const FastRelation *fast)
{
	return ExecFetchSlotHeapTuple(fast->row, false, NULL)->t_data;
}

/*
 * Waits until no more than a few others want the row in fast->row, now and then at the
 * door first, and keeps its places until the transaction ends; true where it is these
 * that are kept, and can be left.
 *
 * All who wait for a row itself are woken each time it is free, and all but one go to
 * sleep again; those in line sleep until it is their turn.  Whether a row may be written
 * does not depend on it.
 *
 * Who has the row already must not come here, behind somebody who waits for him.
 */
static bool
StandInLine(FastRelation *fast)
{
	bool		isnull;
	uint64		id = (uint64) DatumGetInt64(slot_getattr(fast->row, 1, &isnull));
	LOCKTAG		place = Place(fast, id, CommitWaits() ? 0 : MyProcPid % LINES_PER_ROW);
	LOCKTAG		door = Place(fast, id, DOOR);
	ResourceOwner outer = CurrentResourceOwner;

	/* A page with a buffer that somebody holds is not pruned. */
	ExecClearTuple(fast->row);
	fast->current = false;
	/* A cursor outlives the savepoint that it is read in; the row's lock does not. */
	CurrentResourceOwner = CurTransactionResourceOwner;
	/* There is only so much room for locks: the places of one row are kept. */
	if (places_kept_in == InvalidSubTransactionId)
	{
		nplaces_kept = 0;
		if (CommitWaits() && ++waits % WAITS_INSIDE == 0)
			KeepPlace(&door);
		KeepPlace(&place);
		places_kept_in = GetCurrentSubTransactionId();
	}
	else
	{
		(void) LockAcquire(&place, ExclusiveLock, false, false);
		LockRelease(&place, ExclusiveLock, false);
	}
	CurrentResourceOwner = outer;
	return places_kept_in == GetCurrentSubTransactionId() &&
		memcmp(&places_kept[nplaces_kept - 1], &place, sizeof(LOCKTAG)) == 0;
}

static void
KeepPlace(const LOCKTAG *place)
{
	(void) LockAcquire(place, ExclusiveLock, false, false);
	places_kept[nplaces_kept++] = *place;
}

/*
 * A place of a row: of its whole id, since who waits for a place that two rows share could
 * wait for himself.
 */
static LOCKTAG
Place(const FastRelation *fast, uint64 id, int number)
{
	LOCKTAG		place;

	SET_LOCKTAG_ADVISORY(place, MyDatabaseId, (uint32) (id >> 32), (uint32) id,
						 LINE_LOCK_SPACE + fast->table->kind * PLACES_PER_ROW + number);
	return place;
}

/*
 * Gives up the places that are kept, of a row that turned out to be gone: those behind us
 * have nothing to wait for.
 */
static void
LeaveLine(void)
{
	ResourceOwner outer = CurrentResourceOwner;

	CurrentResourceOwner = CurTransactionResourceOwner;
	while (nplaces_kept > 0)
		LockRelease(&places_kept[--nplaces_kept], ExclusiveLock, false);
	CurrentResourceOwner = outer;
	places_kept_in = InvalidSubTransactionId;
}

/*
 * Does a commit take so long that nobody should be awake for what it holds?
 */
static bool
CommitWaits(void)
{
	return enableFsync && synchronous_commit > SYNCHRONOUS_COMMIT_OFF;
}

/*
 * Locks the row that was found under the active snapshot.
 */
static bool
LockFound(FastRelation *fast, const int64 *keys)
{
	uint8		flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
	ItemPointerData tid = fast->row->tts_tid;
	TM_FailureData failure;
	TM_Result	result;

	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	ExecClearTuple(fast->row);
	fast->current = false;
	result = table_tuple_lock(fast->relation, &tid, GetActiveSnapshot(), fast->row,
							  GetCurrentCommandId(false), LockTupleNoKeyExclusive,
							  LockWaitBlock, flags, &failure);
	if ((result == TM_Updated || result == TM_Deleted) && IsolationUsesXactSnapshot())
		ErrorConcurrent();

	switch (result)
	{
		case TM_Ok:
			fast->current = !failure.traversed || HasKeys(fast, keys);
			return fast->current;
		case TM_Deleted:
		case TM_SelfModified:
			return false;
		default:
			elog(ERROR, "unexpected result %d of locking a row", result);
			return false;
	}
}

/*
 * Brings the row that was found or stored at tid to fast->row, in the newest version
 * that there is for us.
 */
bool
FastBring(FastRelation *fast, ItemPointerData tid, const int64 *keys)
{
	if (FastHolds(fast, tid))
		return true;
	return (ItemPointerIsValid(&tid) && FetchVersion(fast, tid, keys, SnapshotSelf)) ||
		FastFind(fast, keys);
}

/*
 * Writes the row in fast->row with new values in some columns; what is stored is in
 * fast->stored then.  False, and nothing is written, when a constraint refuses it or
 * somebody else changed the row.
 */
bool
FastUpdate(FastRelation *fast, int count, const AttrNumber *columns,
		   const Datum *values, const bool *nulls)
{
	TupleTableSlot *row = fast->row;
	TupleTableSlot *stored = fast->stored;
	TM_FailureData failure;
	LockTupleMode mode;
	UpdateIndexes update_indexes;

	Assert(fast->current);
	/* A row that this command wrote could not be updated by the same one. */
	CommandCounterIncrement();
	ExecClearTuple(stored);
	slot_getallattrs(row);
	memcpy(stored->tts_values, row->tts_values, row->tts_nvalid * sizeof(Datum));
	memcpy(stored->tts_isnull, row->tts_isnull, row->tts_nvalid * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		stored->tts_values[columns[i] - 1] = values[i];
		stored->tts_isnull[columns[i] - 1] = nulls[i];
	}
	if (!Complete(fast->table, stored))
		return false;

	CheckCmdReplicaIdentity(fast->relation, CMD_UPDATE);
	if (table_tuple_update(fast->relation, &row->tts_tid, stored, GetCurrentCommandId(true),
						   InvalidSnapshot, InvalidSnapshot, true, &failure, &mode,
						   &update_indexes) != TM_Ok)
		return false;
	if (NeedsIndexEntries(update_indexes))
		InsertIndexEntries(fast, &stored, 1, true);
	Written(fast);
	return true;
}

/*
 * Writes a new row; it is in fast->stored then.  False, and nothing is written, when
 * a constraint refuses it.
 */
bool
FastInsert(FastRelation *fast, const Datum *values, const bool *nulls)
{
	TupleTableSlot *stored = fast->stored;

	FillSlot(fast->table, values, nulls, stored);
	if (!Complete(fast->table, stored))
		return false;

	table_tuple_insert(fast->relation, stored, GetCurrentCommandId(true), 0, NULL);
	InsertIndexEntries(fast, &stored, 1, false);
	Written(fast);
	return true;
}

/*
 * Writes several new rows, whose values are one row after the other.  False, and
 * nothing is written, when a constraint refuses one.  None of them is in fast->stored;
 * what is needed goes to the current memory context.
 */
bool
FastInsertMany(FastRelation *fast, int count, const Datum *values, const bool *nulls)
{
	const FastTable *table = fast->table;
	TupleTableSlot **slots = palloc(count * sizeof(TupleTableSlot *));

	for (int i = 0; i < count; i++)
	{
		slots[i] = MakeSingleTupleTableSlot(table->desc, &TTSOpsVirtual);
		FillSlot(table, &values[i * table->ncolumns], &nulls[i * table->ncolumns], slots[i]);
		if (!Complete(table, slots[i]))
			return false;
	}
	table_multi_insert(fast->relation, slots, count, GetCurrentCommandId(true), 0, NULL);
	InsertIndexEntries(fast, slots, count, false);
	Written(fast);
	last_written = NULL;
	return true;
}

/*
 * The value of an enum column that a label stands for.
 */
Datum
FastLabelDatum(const FastRelation *fast, AttrNumber column, const char *label)
{
	const FastLabel *labels = fast->table->labels;

	for (int i = 0; i < FAST_MAX_LABELS && labels[i].label != NULL; i++)
		if (labels[i].column == column && strcmp(labels[i].label, label) == 0)
			return ObjectIdGetDatum(labels[i].value);
	elog(ERROR, "no label \"%s\" is known in column %d", label, column);
	return (Datum) 0;
}

/*
 * The other way round; NULL for a label that is not ours.
 */
const char *
FastLabelName(const FastRelation *fast, AttrNumber column, Datum value)
{
	const FastLabel *labels = fast->table->labels;

	for (int i = 0; i < FAST_MAX_LABELS && labels[i].label != NULL; i++)
		if (labels[i].column == column && labels[i].value == DatumGetObjectId(value))
			return labels[i].label;
	return NULL;
}

/*
 * Was a row written here since the last statement?
 */
bool
FastHasResult(void)
{
	return last_written != NULL;
}

/*
 * That row as a composite value, in the current memory context.  A movement has the
 * type of the ledger, not of the partition it is in.
 */
Datum
FastResult(void)
{
	const FastRelation *type = last_written == &opened[FAST_PARTITION] ?
		&opened[FAST_LEDGER] : last_written;
	TupleTableSlot *stored = last_written->stored;
	TupleDesc	desc = type->table->desc;
	Datum	   *values = stored->tts_values;
	bool	   *nulls = stored->tts_isnull;

	if (type != last_written && desc->natts > type->table->ncolumns)
	{
		values = palloc0(desc->natts * sizeof(Datum));
		nulls = palloc(desc->natts * sizeof(bool));
		memcpy(values, stored->tts_values, type->table->ncolumns * sizeof(Datum));
		memcpy(nulls, stored->tts_isnull, type->table->ncolumns * sizeof(bool));
		NullRest(type->table, nulls);
	}
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/*
 * Closes what is open, with the locks kept, and lets the next statement see what was
 * written.
 */
void
FastClose(void)
{
	if (fast_context == NULL)
		return;
	for (int kind = 0; kind < FAST_KINDS; kind++)
		if (opened[kind].table != NULL)
			CloseRelation(&opened[kind]);
	MemoryContextReset(fast_context);
	if (has_written)
	{
		has_written = false;
		CommandCounterIncrement();
	}
}

/*
 * Columns that are not ours are NULL in a new row.
 */
static void
NullRest(const FastTable *table, bool *nulls)
{
	for (int i = table->ncolumns; i < table->desc->natts; i++)
		nulls[i] = true;
}

/*
 * Fills in a relation that has just been opened.
 */
static void
Prepare(FastRelation *fast, FastTable *table, Relation relation)
{
	MemoryContext outer;

	if (fast_context == NULL)
		fast_context = AllocSetContextCreate(TopMemoryContext, "inventory fast path",
											 ALLOCSET_DEFAULT_SIZES);
	outer = MemoryContextSwitchTo(fast_context);
	fast->table = table;
	fast->relation = relation;
	fast->current = false;
	if (table->kind != FAST_LEDGER)
	{
		fast->indexes = palloc0(Max(table->nindexes, 1) * sizeof(Relation));
		fast->row = MakeSingleTupleTableSlot(table->desc, table_slot_callbacks(relation));
		fast->stored = MakeSingleTupleTableSlot(table->desc, &TTSOpsVirtual);
	}
	MemoryContextSwitchTo(outer);
}

/*
 * Closes one relation; its slots go with the context.
 */
static void
CloseRelation(FastRelation *fast)
{
	if (last_written == fast)
		last_written = NULL;
	if (fast->row != NULL)
	{
		ExecClearTuple(fast->row);
		ExecClearTuple(fast->stored);
		for (int i = 0; i < fast->table->nindexes; i++)
			if (fast->indexes[i] != NULL)
				index_close(fast->indexes[i], NoLock);
	}
	table_close(fast->relation, NoLock);
	fast->table->in_use = false;
	memset(fast, 0, sizeof(FastRelation));
}

/*
 * The partition of a time.  False for one that is partitioned further, for the
 * default one, and while one is being detached.
 */
static bool
FindPartition(Relation ledger, TimestampTz created_at, Oid *partition)
{
	PartitionKey key = RelationGetPartitionKey(ledger);
	PartitionDesc partitions = RelationGetPartitionDesc(ledger, false);
	Datum		value = TimestampTzGetDatum(created_at);
	bool		is_equal;
	int			bound;
	int			i;

	if (key->strategy != PARTITION_STRATEGY_RANGE || key->partnatts != 1 ||
		key->partattrs[0] != Anum_movement_created_at ||
		partitions->nparts == 0 || partitions->detached_exist)
		return false;
	bound = partition_range_datum_bsearch(key->partsupfunc, key->partcollation,
										  partitions->boundinfo, 1, &value, &is_equal);
	i = partitions->boundinfo->indexes[bound + 1];
	if (i < 0 || !partitions->is_leaf[i])
		return false;
	*partition = partitions->oids[i];
	return true;
}

static Relation
OpenIndex(FastRelation *fast, int i)
{
	if (fast->indexes[i] == NULL)
		fast->indexes[i] = index_open(fast->table->indexes[i].relid, RowExclusiveLock);
	return fast->indexes[i];
}

/*
 * Finds the row with these keys under a snapshot.
 */
static bool
Probe(FastRelation *fast, const int64 *keys, Snapshot snapshot)
{
	const FastTable *table = fast->table;
	ScanKeyData scan_keys[FAST_MAX_KEYS];
	IndexScanDesc scan;

	for (int i = 0; i < table->nkeys; i++)
	{
		scan_keys[i] = table->keys[i];
		scan_keys[i].sk_argument = Int64GetDatum(keys[i]);
	}
	scan = IndexBeginScanCompat(fast->relation, OpenIndex(fast, table->key_index), snapshot,
								table->nkeys);
	index_rescan(scan, scan_keys, table->nkeys, NULL, 0);
	fast->current = index_getnext_slot(scan, ForwardScanDirection, fast->row);
	index_endscan(scan);
	return fast->current;
}

/*
 * Does the row in fast->row have these keys?
 */
static bool
HasKeys(const FastRelation *fast, const int64 *keys)
{
	for (int i = 0; i < fast->table->nkeys; i++)
	{
		bool		isnull;
		Datum		value = slot_getattr(fast->row, fast->table->key_columns[i], &isnull);

		if (isnull || DatumGetInt64(value) != keys[i])
			return false;
	}
	return true;
}

/*
 * Reads the row version at tid, if the snapshot sees it and it has these keys.
 */
static bool
FetchVersion(FastRelation *fast, ItemPointerData tid, const int64 *keys,
			 Snapshot snapshot)
{
	ExecClearTuple(fast->row);
	fast->current = table_tuple_fetch_row_version(fast->relation, &tid, snapshot, fast->row) &&
		HasKeys(fast, keys);
	return fast->current;
}

/*
 * What the executor says of a row that changed since the transaction's snapshot.
 */
static void
ErrorConcurrent(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update")));
}

/*
 * The values of a new row, as far as they are ours.
 */
static void
FillSlot(const FastTable *table, const Datum *values, const bool *nulls, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, table->ncolumns * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, table->ncolumns * sizeof(bool));
	NullRest(table, slot->tts_isnull);
}

/*
 * Makes a whole row of the values in a slot: computes its generated columns, and asks
 * the constraints.
 */
static bool
Complete(const FastTable *table, TupleTableSlot *slot)
{
	ExprContext *econtext = table->econtext;
	TupleDesc	desc = table->desc;

	ExecStoreVirtualTuple(slot);
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	for (int i = 0; i < desc->natts; i++)
		if (table->generated[i] != NULL)
			slot->tts_values[i] = ExecEvalExprSwitchContext(table->generated[i], econtext,
															&slot->tts_isnull[i]);
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attnotnull && slot->tts_isnull[i])
			return false;
	for (int i = 0; i < table->nchecks; i++)
		if (!ExecCheck(table->checks[i], econtext))
			return false;
	return true;
}

/*
 * Makes the entries of rows that were written in all indexes that they belong in, one
 * index after the other: many entries of one are made faster than one of many.
 */
static void
InsertIndexEntries(FastRelation *fast, TupleTableSlot **slots, int count, bool update)
{
	MemoryContext outer = MemoryContextSwitchTo(fast->table->econtext->ecxt_per_tuple_memory);

	for (int i = 0; i < fast->table->nindexes; i++)
		for (int row = 0; row < count; row++)
			InsertIndexEntry(fast, i, slots[row], update);
	MemoryContextSwitchTo(outer);
}

/*
 * Makes the entry of one row in one index, if it belongs there.  Raises 23505 where that
 * is unique and has one.
 */
static void
InsertIndexEntry(FastRelation *fast, int i, TupleTableSlot *slot, bool update)
{
	const FastIndex *index = &fast->table->indexes[i];
	ExprContext *econtext = fast->table->econtext;
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	econtext->ecxt_scantuple = slot;
	if (index->predicate != NULL && !ExecQual(index->predicate, econtext))
		return;
	FormIndexDatum(index->info, slot, NULL, values, nulls);
	index_insert(OpenIndex(fast, i), values, nulls, &slot->tts_tid, fast->relation,
				 index->unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
				 update && !index->updated, index->info);
}

/*
 * A row was written: the version that was read is not the newest any more.
 */
static void
Written(FastRelation *fast)
{
	fast->current = false;
	last_written = fast;
	has_written = true;
}

/*
 * Called by the server when a transaction ends.
 */
static void
ForgetXact(XactEvent event, void *arg)
{
	(void) event;
	(void) arg;

	places_kept_in = InvalidSubTransactionId;
	Forget();
}

/*
 * Called by the server when a subtransaction ends.  What is open then was opened in
 * it: nothing is open while other code runs that could have one of its own.
 */
static void
ForgetSubXact(SubXactEvent event, SubTransactionId subid, SubTransactionId parent,
			  void *arg)
{
	(void) arg;

	if (subid == places_kept_in && event == SUBXACT_EVENT_COMMIT_SUB)
		places_kept_in = parent;
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	if (subid == places_kept_in)
		places_kept_in = InvalidSubTransactionId;
	Forget();
}

/*
 * After an error: the server closes relations and unpins buffers by itself.
 */
static void
Forget(void)
{
	for (int kind = 0; kind < FAST_KINDS; kind++)
		if (opened[kind].table != NULL)
			opened[kind].table->in_use = false;
	memset(opened, 0, sizeof(opened));
	last_written = NULL;
	has_written = false;
	if (fast_context != NULL)
		MemoryContextReset(fast_context);
	EngineForget();
}
