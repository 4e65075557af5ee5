/*
 * fast_table.c
 *		Which tables the fast path understands, and what it knows of them.
 *
 * The executor looks at a table anew for each statement; here it is looked at once.
 * What it has to enforce (CHECK constraints, generated columns, predicates of
 * indexes) is made ready to be evaluated; what it has to do besides, and the fast
 * path does not, makes the table unfit: other triggers than ours, rules, row
 * security, columns that we do not know, expressions that could run anybody's code.
 * An unfit table is written by plain statements.
 *
 * Kept tables are in the list of all of them, each with a context of its own.  The
 * server's invalidation callbacks only mark them; the next one who looks for a
 * table drops what is marked.
 */
#include "fast_table.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "guard.h"
#include "ledger_scan.h"
#include "reservation.h"
#include "stock.h"

/*
 * How often to look at a table that changes whenever it is looked at.  Two rounds are
 * enough unless others are changing it all the time; a statement can do it then.
 */
#define LOOK_ROUNDS	6

/* A column as the install script makes it; type 0 is an enum of ours. */
typedef struct KnownColumn
{
	const char *name;
	Oid			type;
	const char *enum_type;
	bool		not_null;
} KnownColumn;

/* What is known of a kind of table. */
typedef struct KnownTable
{
	const char *name;
	const char *sequence;
	int			ncolumns;
	const KnownColumn *columns;
	int			nkeys;			/* columns of the key that rows are found by */
	AttrNumber	keys[FAST_MAX_KEYS];
	AttrNumber	reference;		/* column, a text, that several rows are found by; or 0 */
	const AttrNumber *updated;	/* columns that an update changes, ends with 0 */
	FastLabel	labels[FAST_MAX_LABELS];
} KnownTable;

static const KnownColumn item_columns[] = {
	{"item_id", INT8OID, NULL, true},
	{"product_id", INT8OID, NULL, true},
	{"warehouse_id", INT8OID, NULL, true},
	{"quantity_on_hand", INT8OID, NULL, true},
	{"quantity_reserved", INT8OID, NULL, true},
	{"quantity_available", INT8OID, NULL, true},
	{"reorder_point", INT8OID, NULL, true},
	{"reorder_quantity", INT8OID, NULL, true},
	{"last_counted_at", TIMESTAMPTZOID, NULL, false},
	{"version", INT8OID, NULL, true},
	{"last_movement_at", TIMESTAMPTZOID, NULL, false},
	{"last_movement_id", INT8OID, NULL, false},
	{"last_hash", BYTEAOID, NULL, false},
	{"is_low", BOOLOID, NULL, true},
	{"attributes", JSONBOID, NULL, true}
};

static const AttrNumber item_updated[] = {
	Anum_item_quantity_on_hand, Anum_item_quantity_reserved, Anum_item_quantity_available,
	Anum_item_reorder_point, Anum_item_reorder_quantity, Anum_item_version,
	Anum_item_last_movement_at, Anum_item_last_movement_id, Anum_item_last_hash,
	Anum_item_is_low, 0
};

static const KnownColumn reservation_columns[] = {
	{"reservation_id", INT8OID, NULL, true},
	{"product_id", INT8OID, NULL, true},
	{"warehouse_id", INT8OID, NULL, true},
	{"quantity", INT8OID, NULL, true},
	{"quantity_fulfilled", INT8OID, NULL, true},
	{"reference_type", InvalidOid, "reference_type", true},
	{"reference_id", TEXTOID, NULL, true},
	{"status", InvalidOid, "reservation_status", true},
	{"expires_at", TIMESTAMPTZOID, NULL, false},
	{"created_at", TIMESTAMPTZOID, NULL, true},
	{"closed_at", TIMESTAMPTZOID, NULL, false},
	{"close_reason", TEXTOID, NULL, false},
	{"created_by", TEXTOID, NULL, true},
	{"closed_by", TEXTOID, NULL, false}
};

static const AttrNumber reservation_updated[] = {
	Anum_reservation_fulfilled, Anum_reservation_status, Anum_reservation_closed_at,
	Anum_reservation_close_reason, Anum_reservation_closed_by, 0
};

static const KnownColumn ledger_columns[] = {
	{"movement_id", INT8OID, NULL, true},
	{"product_id", INT8OID, NULL, true},
	{"warehouse_id", INT8OID, NULL, true},
	{"movement_type", InvalidOid, "movement_type", true},
	{"quantity", INT8OID, NULL, true},
	{"on_hand_after", INT8OID, NULL, true},
	{"version", INT8OID, NULL, true},
	{"reference_id", TEXTOID, NULL, false},
	{"reservation_id", INT8OID, NULL, false},
	{"root_cause", TEXTOID, NULL, false},
	{"performed_by", TEXTOID, NULL, true},
	{"session_role", TEXTOID, NULL, true},
	{"created_at", TIMESTAMPTZOID, NULL, true},
	{"occurred_at", TIMESTAMPTZOID, NULL, true},
	{"row_hash", BYTEAOID, NULL, false}
};

static const AttrNumber none_updated[] = {0};

#define MOVEMENT_LABELS \
	{{Anum_movement_type, "PURCHASE", 0}, {Anum_movement_type, "SALE", 0}, \
	{Anum_movement_type, "RETURN", 0}, {Anum_movement_type, "ADJUSTMENT", 0}, \
	{Anum_movement_type, "TRANSFER_IN", 0}, {Anum_movement_type, "TRANSFER_OUT", 0}}

static const KnownTable known_tables[FAST_KINDS] = {
	[FAST_ITEM] = {
		.name = "inventory_item",
		.ncolumns = lengthof(item_columns),
		.columns = item_columns,
		.nkeys = 2,
		.keys = {Anum_item_product_id, Anum_item_warehouse_id},
		.updated = item_updated
	},
	[FAST_RESERVATION] = {
		.name = "reservation",
		.sequence = "reservation_reservation_id_seq",
		.ncolumns = lengthof(reservation_columns),
		.columns = reservation_columns,
		.nkeys = 1,
		.keys = {Anum_reservation_id},
		.reference = Anum_reservation_reference_id,
		.updated = reservation_updated,
		.labels = {
			{Anum_reservation_reference_type, "ORDER", 0},
			{Anum_reservation_reference_type, "TRANSFER", 0},
			{Anum_reservation_status, "ACTIVE", 0},
			{Anum_reservation_status, "FULFILLED", 0},
			{Anum_reservation_status, "CANCELLED", 0}
		}
	},
	[FAST_LEDGER] = {
		.name = "stock_movement",
		.sequence = "stock_movement_movement_id_seq",
		.ncolumns = lengthof(ledger_columns),
		.columns = ledger_columns,
		.updated = none_updated,
		.labels = MOVEMENT_LABELS
	},
	[FAST_PARTITION] = {
		.ncolumns = lengthof(ledger_columns),
		.columns = ledger_columns,
		.updated = none_updated,
		.labels = MOVEMENT_LABELS
	}
};

static FastTable *tables = NULL;

static void ForgetRelation(Datum arg, Oid relid);
static void ForgetAll(Datum arg, int cacheid, uint32 hashvalue);
static bool Concerns(const FastTable *table, Oid relid);
static FastTable *Find(FastTableKind kind, Oid relid);
static void DropForgotten(void);
static bool IsKeyUsable(FastTable *table);
static FastTable *OpenKnown(FastTable *table, Relation *relation);
static bool Learn(FastTableKind kind, Oid relid);
static void Look(FastTable *table, Relation relation);
static const char *LookAtTable(FastTable *table, Relation relation);
static const char *LookAtColumns(FastTable *table, Relation relation);
static Oid	EnumOid(const char *name);
static bool FindLabels(FastTable *table);
static const char *LookAtDefaults(FastTable *table, Relation relation);
static bool DefaultIs(Relation relation, AttrNumber column, Datum expected);
static const char *LookAtGenerated(FastTable *table, Relation relation);
static const char *LookAtChecks(FastTable *table);
static const char *LookAtTriggers(FastTable *table, Relation relation);
static bool MayFire(FastTableKind kind, const Trigger *trigger);
static bool IsOurs(const Trigger *trigger);
static const char *LookAtIndexes(FastTable *table, Relation relation);
static const char *LookAtIndex(FastTable *table, Relation relation, Relation index);
static bool IsKeyIndex(const KnownTable *known, Relation index);
static bool IsReferenceIndex(const KnownTable *known, Relation relation, Relation index);
static bool IsUpdated(const KnownTable *known, const IndexInfo *info);
static ExprState *Prepare(Node *expression);
static bool HasForeignCode(Node *node, void *context);
static bool IsOfForeignType(Node *node, void *context);
static bool IsForeignType(Oid type);

/*
 * Asks the server to tell when a table changes, or the name of a schema, an enum, or
 * a function: a trigger's may be replaced.  Called once when the library is loaded.
 */
void
FastTableInit(void)
{
	CacheRegisterRelcacheCallback(ForgetRelation, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, ForgetAll, (Datum) 0);
	CacheRegisterSyscacheCallback(ENUMOID, ForgetAll, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, ForgetAll, (Datum) 0);
}

/*
 * Opens a table and locks it in ROW EXCLUSIVE mode, if it fits; else NULL, with no
 * relation and perhaps no lock.  The caller clears in_use when it has closed it.
 */
FastTable *
FastTableOpen(FastTableKind kind, Relation *relation)
{
	/* What changes while we wait for the lock is looked at once more. */
	for (int round = 0; round < LOOK_ROUNDS; round++)
	{
		FastTable  *table = Find(kind, InvalidOid);
		Oid			schema;
		Oid			relid;

		if (table == NULL)
		{
			schema = get_namespace_oid("inventory", true);
			relid = OidIsValid(schema) ?
				get_relname_relid(known_tables[kind].name, schema) : InvalidOid;
			if (!OidIsValid(relid))
				return NULL;
			(void) Learn(kind, relid);
			continue;
		}
		if (table->unfit != NULL || !IsKeyUsable(table))
			return NULL;
		table = OpenKnown(table, relation);
		if (table != NULL)
			return table;
	}
	return NULL;
}

/*
 * The same for a partition of the ledger, which the caller has locked.
 */
FastTable *
FastTableOpenPartition(Oid partition, Relation *relation)
{
	for (int round = 0; round < LOOK_ROUNDS; round++)
	{
		FastTable  *table = Find(FAST_PARTITION, partition);

		if (table == NULL)
		{
			if (!Learn(FAST_PARTITION, partition))
				return NULL;
			continue;
		}
		if (table->unfit != NULL)
			return NULL;
		table = OpenKnown(table, relation);
		if (table != NULL)
			return table;
	}
	return NULL;
}

/*
 * The sequence of a table that has been looked at and has not changed since, else
 * InvalidOid.
 */
Oid
FastTableSequence(FastTableKind kind)
{
	FastTable  *table = Find(kind, InvalidOid);

	return table == NULL || table->unfit != NULL ? InvalidOid : table->sequence;
}

/*
 * Called by the server when a relation has changed, or all of them (InvalidOid).
 */
static void
ForgetRelation(Datum arg, Oid relid)
{
	(void) arg;

	for (FastTable *table = tables; table != NULL; table = table->next)
	{
		if (table->valid && (!OidIsValid(relid) || Concerns(table, relid)))
			table->valid = false;
	}
}

/*
 * Called by the server when a schema, an enum or a function has changed.
 */
static void
ForgetAll(Datum arg, int cacheid, uint32 hashvalue)
{
	(void) cacheid;
	(void) hashvalue;

	ForgetRelation(arg, InvalidOid);
}

static bool
Concerns(const FastTable *table, Oid relid)
{
	if (table->relid == relid || table->sequence == relid)
		return true;
	for (int i = 0; i < table->nindexes; i++)
		if (table->indexes[i].relid == relid)
			return true;
	return false;
}

/*
 * A table that is known, of any relid where that is InvalidOid.
 */
static FastTable *
Find(FastTableKind kind, Oid relid)
{
	for (FastTable *table = tables; table != NULL; table = table->next)
		if (table->valid && table->kind == kind &&
			(!OidIsValid(relid) || table->relid == relid))
			return table;
	return NULL;
}

/*
 * Frees what is known of tables that changed and that nobody uses.
 */
static void
DropForgotten(void)
{
	FastTable **link = &tables;

	while (*link != NULL)
	{
		FastTable  *table = *link;

		if (table->valid || table->in_use)
		{
			link = &table->next;
			continue;
		}
		*link = table->next;
		MemoryContextDelete(table->context);
	}
}

/*
 * May the index on the key be used?  One that was built while there were old versions
 * of rows that it does not lead to has to wait until nobody sees those, as in the
 * planner.
 */
static bool
IsKeyUsable(FastTable *table)
{
	if (!TransactionIdIsValid(table->key_xmin))
		return true;
	if (!TransactionIdPrecedes(table->key_xmin, TransactionXmin))
		return false;
	table->key_xmin = InvalidTransactionId;
	return true;
}

/*
 * Opens and locks a table that fits; NULL when it turns out then that it changed.
 */
static FastTable *
OpenKnown(FastTable *table, Relation *relation)
{
	*relation = try_table_open(table->relid, RowExclusiveLock);
	if (*relation != NULL && table->valid)
	{
		table->in_use = true;
		return table;
	}
	if (*relation != NULL)
		table_close(*relation, RowExclusiveLock);
	table->valid = false;
	return NULL;
}

/*
 * Looks at a table and keeps what there is to know, under its lock.  False when there
 * is no such table any more.
 */
static bool
Learn(FastTableKind kind, Oid relid)
{
	MemoryContext context;
	MemoryContext outer;
	FastTable  *table;
	Relation	relation;

	DropForgotten();
	relation = try_relation_open(relid, RowExclusiveLock);
	if (relation == NULL)
		return false;

	context = AllocSetContextCreate(CacheMemoryContext, "inventory fast path table",
									ALLOCSET_SMALL_SIZES);
	outer = MemoryContextSwitchTo(context);
	table = palloc0(sizeof(FastTable));
	table->kind = kind;
	table->relid = relid;
	table->context = context;
	/* In the list from now on, so that changes find it; an error leaves it invalid. */
	table->next = tables;
	tables = table;

	table->in_use = true;
	table->valid = true;
	PG_TRY();
	{
		Look(table, relation);
	}
	PG_CATCH();
	{
		table->valid = false;
		table->in_use = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	table->in_use = false;
	MemoryContextSwitchTo(outer);

	if (table->unfit != NULL)
		ereport(DEBUG1,
				(errmsg_internal("fast path keeps off \"%s\": %s",
								 RelationGetRelationName(relation), table->unfit)));
	relation_close(relation, RowExclusiveLock);
	return true;
}

/*
 * Fills in what there is to know, in the table's context, which is the current one.
 */
static void
Look(FastTable *table, Relation relation)
{
	const char *unfit = LookAtTable(table, relation);

	if (unfit == NULL)
		unfit = LookAtColumns(table, relation);
	if (unfit == NULL)
		unfit = LookAtTriggers(table, relation);
	if (unfit == NULL && table->kind != FAST_LEDGER)
		unfit = LookAtIndexes(table, relation);
	if (unfit == NULL)
		unfit = LookAtChecks(table);
	if (unfit == NULL)
		unfit = LookAtGenerated(table, relation);
	if (unfit == NULL && table->kind == FAST_RESERVATION)
		unfit = LookAtDefaults(table, relation);
	table->unfit = unfit;
}

/*
 * The table as such.
 */
static const char *
LookAtTable(FastTable *table, Relation relation)
{
	Form_pg_class form = relation->rd_rel;
	bool		is_partition = table->kind == FAST_PARTITION;

	table->owner = form->relowner;
	if (form->relkind != (table->kind == FAST_LEDGER ? RELKIND_PARTITIONED_TABLE : RELKIND_RELATION))
		return "it is not a table of the kind that is expected";
	if (form->relkind == RELKIND_RELATION && form->relam != HEAP_TABLE_AM_OID)
		return "it is not a heap";
	if (form->relispartition != is_partition)
		return "it is a partition";
	if (form->relhassubclass && table->kind != FAST_LEDGER)
		return "other tables inherit from it";
	if (form->relrowsecurity || form->relforcerowsecurity)
		return "it has row security";
	if (relation->rd_rules != NULL)
		return "it has rules";
	if (!is_partition &&
		(pg_class_aclcheck(table->relid, table->owner, ACL_INSERT) != ACLCHECK_OK ||
		 pg_class_aclcheck(table->relid, table->owner, ACL_UPDATE) != ACLCHECK_OK ||
		 pg_class_aclcheck(table->relid, table->owner, ACL_SELECT) != ACLCHECK_OK))
		return "its owner may not write it";
	if (known_tables[table->kind].sequence != NULL)
	{
		table->sequence = get_relname_relid(known_tables[table->kind].sequence,
											RelationGetNamespace(relation));
		if (!OidIsValid(table->sequence) ||
			get_rel_relkind(table->sequence) != RELKIND_SEQUENCE)
			return "its sequence is gone";
	}
	return NULL;
}

/*
 * The columns, which we know by number.
 */
static const char *
LookAtColumns(FastTable *table, Relation relation)
{
	const KnownTable *known = &known_tables[table->kind];
	TupleDesc	desc = RelationGetDescr(relation);

	if (desc->natts < known->ncolumns)
		return "a column is not as it was made";
	for (int i = known->ncolumns; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped &&
			(attribute->attnotnull || attribute->attgenerated != '\0' ||
			 get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN ||
			 build_column_default(relation, i + 1) != NULL))
			return "it has a column more that is not left NULL";
	}
	for (int i = 0; i < known->ncolumns; i++)
	{
		const KnownColumn *column = &known->columns[i];
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Oid			type = column->enum_type == NULL ? column->type : EnumOid(column->enum_type);

		if (attribute->attisdropped || attribute->atttypid != type ||
			strcmp(NameStr(attribute->attname), column->name) != 0 ||
			(column->not_null && !attribute->attnotnull) ||
			attribute->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
			return "a column is not as it was made";
	}
	table->desc = CreateTupleDescCopyConstr(desc);
	table->ncolumns = known->ncolumns;
	memcpy(table->labels, known->labels, sizeof(table->labels));
	if (!FindLabels(table))
		return "an enum has lost a label";
	return NULL;
}

/*
 * The oid of an enum of ours, or InvalidOid.
 */
static Oid
EnumOid(const char *name)
{
	Oid			schema = get_namespace_oid("inventory", true);

	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
						   ObjectIdGetDatum(schema));
}

/*
 * Fills in the oids of the labels that we write.
 */
static bool
FindLabels(FastTable *table)
{
	for (int i = 0; i < FAST_MAX_LABELS && table->labels[i].label != NULL; i++)
	{
		FastLabel  *label = &table->labels[i];
		Oid			type = TupleDescAttr(table->desc, label->column - 1)->atttypid;

		label->value = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
									   ObjectIdGetDatum(type), CStringGetDatum(label->label));
		if (!OidIsValid(label->value))
			return false;
	}
	return true;
}

/*
 * The defaults of what an insert of ours does not name.
 */
static const char *
LookAtDefaults(FastTable *table, Relation relation)
{
	Oid			active = InvalidOid;

	for (int i = 0; i < FAST_MAX_LABELS; i++)
		if (table->labels[i].column == Anum_reservation_status &&
			strcmp(table->labels[i].label, "ACTIVE") == 0)
			active = table->labels[i].value;
	if (!DefaultIs(relation, Anum_reservation_fulfilled, Int64GetDatum(0)) ||
		!DefaultIs(relation, Anum_reservation_status, ObjectIdGetDatum(active)) ||
		build_column_default(relation, Anum_reservation_closed_at) != NULL ||
		build_column_default(relation, Anum_reservation_close_reason) != NULL ||
		build_column_default(relation, Anum_reservation_closed_by) != NULL)
		return "a default is not as it was made";
	return NULL;
}

static bool
DefaultIs(Relation relation, AttrNumber column, Datum expected)
{
	Node	   *expression = build_column_default(relation, column);

	if (expression == NULL)
		return false;
	expression = (Node *) expression_planner((Expr *) expression);
	return IsA(expression, Const) && !((Const *) expression)->constisnull &&
		((Const *) expression)->constvalue == expected;
}

/*
 * Generated columns.
 */
static const char *
LookAtGenerated(FastTable *table, Relation relation)
{
	table->generated = palloc0(table->desc->natts * sizeof(ExprState *));
	for (int i = 0; i < table->desc->natts; i++)
	{
		if (TupleDescAttr(table->desc, i)->attgenerated == '\0')
			continue;
		if (TupleDescAttr(table->desc, i)->attgenerated != ATTRIBUTE_GENERATED_STORED ||
			!TupleDescAttr(table->desc, i)->attbyval)
			return "a generated column is not as it was made";
		table->generated[i] = Prepare(build_column_default(relation, i + 1));
		if (table->generated[i] == NULL)
			return "a generated column may run code that is not the server's";
	}
	return NULL;
}

/*
 * CHECK constraints.
 */
static const char *
LookAtChecks(FastTable *table)
{
	TupleConstr *constraints = table->desc->constr;

	table->econtext = CreateStandaloneExprContext();
	if (constraints == NULL || constraints->num_check == 0)
		return NULL;
	table->checks = palloc(constraints->num_check * sizeof(ExprState *));
	for (int i = 0; i < constraints->num_check; i++)
	{
		ExprState  *check;

		if (!IsEnforcedCheck(&constraints->check[i]))
			continue;
		check = Prepare(stringToNode(constraints->check[i].ccbin));
		if (check == NULL)
			return "a CHECK constraint may run code that is not the server's";
		table->checks[table->nchecks++] = check;
	}
	return NULL;
}

/*
 * Triggers, foreign keys among them, that would fire: ours do nothing when the
 * engine writes.  A foreign key that refers to the table does nothing either, since
 * what it refers to does not change.
 */
static const char *
LookAtTriggers(FastTable *table, Relation relation)
{
	/* Its own copy, since what follows may reload the relation. */
	TriggerDesc *triggers = CopyTriggerDesc(relation->trigdesc);

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (MayFire(table->kind, trigger) && !IsOurs(trigger) &&
			RI_FKey_trigger_type(trigger->tgfoid) != RI_TRIGGER_PK)
			return "it has a trigger";
	}
	return NULL;
}

/*
 * Does what we do to the table fire this trigger, if it is enabled?
 */
static bool
MayFire(FastTableKind kind, const Trigger *trigger)
{
	if (trigger->tgenabled == TRIGGER_DISABLED)
		return false;
	if (TRIGGER_FOR_INSERT(trigger->tgtype) && kind != FAST_ITEM)
		return true;
	return TRIGGER_FOR_UPDATE(trigger->tgtype) &&
		(kind == FAST_ITEM || kind == FAST_RESERVATION);
}

/*
 * Is it a trigger that has nothing to do when we write?  The function says so, not
 * its name.
 */
static bool
IsOurs(const Trigger *trigger)
{
	FmgrInfo	function;

	fmgr_info(trigger->tgfoid, &function);
	return function.fn_addr == inventory_item_guard ||
		function.fn_addr == inventory_item_ledger ||
		function.fn_addr == inventory_reservation_guard ||
		function.fn_addr == inventory_reference_guard;
}

/*
 * All indexes, one of which has to find rows by their key.
 */
static const char *
LookAtIndexes(FastTable *table, Relation relation)
{
	const KnownTable *known = &known_tables[table->kind];
	List	   *relids = RelationGetIndexList(relation);
	const char *unfit = NULL;
	ListCell   *cell;

	table->nkeys = known->nkeys;
	table->key_index = -1;
	table->reference_index = -1;
	table->indexes = palloc0(Max(list_length(relids), 1) * sizeof(FastIndex));
	foreach(cell, relids)
	{
		Relation	index = index_open(lfirst_oid(cell), RowExclusiveLock);

		if (IsKeyIndex(known, index))
		{
			table->key_index = table->nindexes;
			table->key_xmin = index->rd_index->indcheckxmin ?
				HeapTupleHeaderGetXmin(index->rd_indextuple->t_data) : InvalidTransactionId;
		}
		if (IsReferenceIndex(known, relation, index))
		{
			table->reference_index = table->nindexes;
			ScanKeyEntryInitialize(&table->reference_key, 0, 1, BTEqualStrategyNumber, InvalidOid,
								   index->rd_indcollation[0], F_TEXTEQ, (Datum) 0);
		}
		unfit = LookAtIndex(table, relation, index);
		index_close(index, RowExclusiveLock);
		if (unfit != NULL)
			return unfit;
	}
	if (table->nkeys > 0 && table->key_index < 0)
		return "it has no index on its key";
	memcpy(table->key_columns, known->keys, sizeof(table->key_columns));
	for (int i = 0; i < table->nkeys; i++)
		ScanKeyInit(&table->keys[i], i + 1, BTEqualStrategyNumber, F_INT8EQ, (Datum) 0);
	return NULL;
}

/*
 * Adds an index to those that are kept up.  One that is being built concurrently
 * and takes no rows yet is left out; the table changes again when it does.
 */
static const char *
LookAtIndex(FastTable *table, Relation relation, Relation index)
{
	const KnownTable *known = &known_tables[table->kind];
	FastIndex  *entry = &table->indexes[table->nindexes];

	if (index->rd_rel->relam != BTREE_AM_OID)
		return "it has an index that is not a btree";
	entry->relid = RelationGetRelid(index);
	entry->info = BuildIndexInfo(index);
	entry->unique = index->rd_index->indisunique;
	entry->updated = IsUpdated(known, entry->info);
	if (entry->info->ii_Expressions != NIL)
		return "it has an index on an expression";
	if (entry->info->ii_ExclusionOps != NULL || !index->rd_index->indimmediate)
		return "it has an exclusion or deferrable constraint";
	/* Somebody's foreign key may refer to it. */
	if (entry->unique && entry->updated && relation->trigdesc != NULL)
		return "it has a unique index on what changes";
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
		if (index_getprocid(index, i + 1, BTORDER_PROC) >= FirstGenbkiObjectId ||
			IsForeignType(TupleDescAttr(RelationGetDescr(index), i)->atttypid))
			return "it has an index with an operator class that is not the server's";
	if (entry->info->ii_Predicate != NIL)
	{
		if (HasForeignCode((Node *) entry->info->ii_Predicate, NULL))
			return "it has a partial index that may run code that is not the server's";
		entry->predicate = ExecInitQual(entry->info->ii_Predicate, NULL);
	}
	if (entry->info->ii_ReadyForInserts)
		table->nindexes++;
	else if (table->key_index == table->nindexes)
		table->key_index = -1;
	return NULL;
}

/*
 * Is it an index that finds at most one row by the whole key?
 */
static bool
IsKeyIndex(const KnownTable *known, Relation index)
{
	Form_pg_index form = index->rd_index;

	if (known->nkeys == 0 || index->rd_rel->relam != BTREE_AM_OID ||
		!form->indisunique || !form->indisvalid || form->indnkeyatts != known->nkeys ||
		!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		return false;
	for (int i = 0; i < known->nkeys; i++)
		if (form->indkey.values[i] != known->keys[i] ||
			index_getprocid(index, i + 1, BTORDER_PROC) != F_BTINT8CMP)
			return false;
	return true;
}

/*
 * Is it an index that finds all rows by their reference, which it holds equal where
 * the column does, and can be used now?
 */
static bool
IsReferenceIndex(const KnownTable *known, Relation relation, Relation index)
{
	Form_pg_index form = index->rd_index;

	return known->reference != 0 && index->rd_rel->relam == BTREE_AM_OID &&
		form->indisvalid && !form->indcheckxmin && form->indnkeyatts == 1 &&
		form->indkey.values[0] == known->reference &&
		index->rd_indcollation[0] == TupleDescAttr(RelationGetDescr(relation), known->reference - 1)->attcollation &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) &&
		index_getprocid(index, 1, BTORDER_PROC) == F_BTTEXTCMP;
}

/*
 * Does an update of ours change a column of this index?
 */
static bool
IsUpdated(const KnownTable *known, const IndexInfo *info)
{
	for (int i = 0; i < info->ii_NumIndexAttrs; i++)
		for (const AttrNumber *column = known->updated; *column != 0; column++)
			if (info->ii_IndexAttrNumbers[i] == *column)
				return true;
	return false;
}

/*
 * An expression over a row, ready to be evaluated; NULL where there is none, or one
 * that calls anybody's code.
 */
static ExprState *
Prepare(Node *expression)
{
	if (expression == NULL || HasForeignCode(expression, NULL))
		return NULL;
	return ExecInitExpr(expression_planner((Expr *) expression), NULL);
}

/*
 * Is there anything in an expression but columns, constants and immutable functions
 * of the server, of types of the server?  Such code may need the owner's identity and
 * may do anything.
 */
static bool
HasForeignCode(Node *node, void *context)
{
	Oid			function = InvalidOid;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			return ((Var *) node)->varattno <= 0;
		case T_Const:
		case T_CaseTestExpr:
			return false;
		case T_List:
		case T_RelabelType:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CoalesceExpr:
		case T_ArrayExpr:
			break;
		case T_OpExpr:
			set_opfuncid((OpExpr *) node);
			function = ((OpExpr *) node)->opfuncid;
			break;
		case T_ScalarArrayOpExpr:
			set_sa_opfuncid((ScalarArrayOpExpr *) node);
			function = ((ScalarArrayOpExpr *) node)->opfuncid;
			break;
		case T_FuncExpr:
			function = ((FuncExpr *) node)->funcid;
			break;
		default:
			return true;
	}
	if (OidIsValid(function) &&
		(function >= FirstGenbkiObjectId || func_volatile(function) != PROVOLATILE_IMMUTABLE))
		return true;
	if (OidIsValid(function) && expression_tree_walker(node, IsOfForeignType, context))
		return true;
	return expression_tree_walker(node, HasForeignCode, context);
}

/*
 * Is an argument of a function of a foreign type?
 */
static bool
IsOfForeignType(Node *node, void *context)
{
	(void) context;

	return node != NULL && !IsA(node, List) && IsForeignType(exprType(node));
}

/*
 * Is it a type that somebody made, or an array of one?  The server's functions for arrays,
 * rows and ranges call what is registered for the elements.  Enums have no code.
 */
static bool
IsForeignType(Oid type)
{
	Oid			element = get_base_element_type(type);

	if (OidIsValid(element))
		type = element;
	return type >= FirstGenbkiObjectId && get_typtype(type) != TYPTYPE_ENUM;
}
