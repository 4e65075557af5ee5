/*
 * fast_table.h
 *		Which tables the fast path understands, and what it knows of them.
 *
 * A table fits when nothing is attached to it that only the executor can do.  The
 * verdict is kept, with what an insert or update needs, until the server says that
 * the table, one of its indexes, its sequence, or a schema, enum or function changed.
 */
#ifndef INVENTORY_FAST_TABLE_H
#define INVENTORY_FAST_TABLE_H

#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

/* The tables whose rows the fast path reads and writes. */
typedef enum FastTableKind
{
	FAST_ITEM,					/* inventory_item */
	FAST_RESERVATION,			/* reservation */
	FAST_LEDGER,				/* stock_movement, which has no rows of its own */
	FAST_PARTITION				/* the partition of it that was written last */
} FastTableKind;

#define FAST_KINDS			(FAST_PARTITION + 1)
#define FAST_MAX_KEYS		2
#define FAST_MAX_LABELS		6

/* An index that has to be kept up. */
typedef struct FastIndex
{
	Oid			relid;
	IndexInfo  *info;
	ExprState  *predicate;		/* of a partial index, else NULL */
	bool		unique;
	bool		updated;		/* an update of ours may change its keys */
} FastIndex;

/* A label of an enum column. */
typedef struct FastLabel
{
	AttrNumber	column;
	const char *label;
	Oid			value;
} FastLabel;

typedef struct FastTable
{
	FastTableKind kind;
	Oid			relid;
	bool		valid;			/* nothing has changed since it was looked at */
	bool		in_use;			/* has to stay, valid or not */
	const char *unfit;			/* why the fast path keeps off it, or NULL */
	Oid			owner;
	Oid			sequence;		/* of its identity column, where we take ids */
	TupleDesc	desc;
	int			ncolumns;		/* how many of its columns are ours; others are NULL in new rows */
	int			nindexes;
	FastIndex  *indexes;
	int			key_index;		/* which of them finds a row by key */
	TransactionId key_xmin;		/* it can be used once this is old, if valid */
	int			nkeys;
	AttrNumber	key_columns[FAST_MAX_KEYS];	/* of the table, all bigint */
	ScanKeyData keys[FAST_MAX_KEYS];	/* for the index, without their values */
	int			reference_index;	/* which of them finds rows by a text, or -1 */
	ScanKeyData reference_key;	/* for it, without its value */
	int			nchecks;
	ExprState **checks;			/* CHECK constraints */
	ExprState **generated;		/* of generated columns, by number; NULL elsewhere */
	ExprContext *econtext;		/* what they are evaluated in */
	FastLabel	labels[FAST_MAX_LABELS];
	MemoryContext context;		/* of all this */
	struct FastTable *next;
} FastTable;

extern void FastTableInit(void);
extern FastTable *FastTableOpen(FastTableKind kind, Relation *relation);
extern FastTable *FastTableOpenPartition(Oid partition, Relation *relation);
extern Oid	FastTableSequence(FastTableKind kind);

#endif							/* INVENTORY_FAST_TABLE_H */
