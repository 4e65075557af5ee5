/*
 * reference.c
 *		The references between the extension's tables, which foreign keys would keep
 *		otherwise.
 *
 * pg_dump keeps no order between the data of an extension's tables when several
 * connections load them, and nothing takes an extension's foreign keys away while
 * they do.  So these are triggers, which know that a dump is being loaded.  Apart
 * from that they do what foreign keys do, at the same times and under the same
 * locks: a row that refers to another locks it FOR KEY SHARE, which whoever deletes
 * that row or changes its key waits for; he then looks, under a snapshot that sees
 * what was committed meanwhile, whether anything refers to it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guard.h"
#include "identity.h"
#include "plan.h"

#define MAX_KEY_COLUMNS	2

/* How many parents a statement remembers to have locked, of each reference. */
#define KNOWN_PARENTS	64

/* A table that others refer to, by its primary key. */
typedef struct Parent
{
	const char *table;
	const char *key_columns;	/* as messages name them */
	const char *key[MAX_KEY_COLUMNS];
	const char *hint;			/* what to do instead of deleting a row */
	KeptPlan	lock;			/* keeps the row with a key there */
} Parent;

/* One table that refers to another. */
typedef struct Reference
{
	const char *table;
	const char *name;			/* the one a foreign key would have */
	const char *columns;		/* as the trigger and messages name them */
	const char *column[MAX_KEY_COLUMNS];
	const char *parent;
	KeptPlan	find;			/* a row that refers to a key */
	KeptPlan	find_any;		/* a row that refers to anything */
} Reference;

typedef struct Key
{
	bool		isnull;			/* any of it; it refers to nothing then */
	int64		value[MAX_KEY_COLUMNS];
} Key;

/* What a trigger keeps of a reference for as long as its statement runs. */
typedef struct Check
{
	Reference  *reference;
	Parent	   *parent;
	int			columns;
	AttrNumber	column[MAX_KEY_COLUMNS];
	struct
	{
		bool		used;
		int64		value;
	}			known[KNOWN_PARENTS];
} Check;

typedef struct Checks
{
	int			count;
	Check		check[FLEXIBLE_ARRAY_MEMBER];
} Checks;

#define PARENT(parent_table, id, instead) \
	{ \
		.table = #parent_table, .key_columns = #id, .key = {#id}, .hint = instead, \
		.lock = { \
			.sql = "SELECT FROM ONLY inventory." #parent_table \
			" WHERE " #id " OPERATOR(pg_catalog.=) $1 FOR KEY SHARE", \
			.result = SPI_OK_SELECT, .nargs = 1, .argtypes = {INT8OID} \
		} \
	}

#define REFERENCE(child, id, parent_table) \
	{ \
		.table = #child, .name = #child "_" #id "_fkey", \
		.columns = #id, .column = {#id}, .parent = #parent_table, \
		.find = { \
			.sql = "SELECT FROM ONLY inventory." #child \
			" WHERE " #id " OPERATOR(pg_catalog.=) $1 LIMIT 1 FOR KEY SHARE", \
			.result = SPI_OK_SELECT, .nargs = 1, .argtypes = {INT8OID} \
		}, \
		.find_any = { \
			.sql = "SELECT FROM ONLY inventory." #child \
			" WHERE " #id " IS NOT NULL LIMIT 1", \
			.result = SPI_OK_SELECT \
		} \
	}

static Parent parents[] = {
	PARENT(category, category_id, NULL),
	PARENT(product, product_id, "Set is_active of the product to false instead."),
	PARENT(warehouse, warehouse_id, NULL),
	PARENT(supplier, supplier_id, "Set is_active of the supplier to false instead."),
	PARENT(purchase_order, po_id, NULL),
	{
		.table = "purchase_order_line", .key_columns = "po_id, line_no", .key = {"po_id", "line_no"},
		.lock = {
			.sql = "SELECT FROM ONLY inventory.purchase_order_line "
			"WHERE po_id OPERATOR(pg_catalog.=) $1 "
			"AND line_no OPERATOR(pg_catalog.=) $2 FOR KEY SHARE",
			.result = SPI_OK_SELECT, .nargs = 2, .argtypes = {INT8OID, INT4OID}
		}
	},
	PARENT(transfer_order, transfer_id, NULL)
};

static Reference references[] = {
	REFERENCE(category, parent_id, category),
	REFERENCE(product, category_id, category),
	REFERENCE(product_supplier, product_id, product),
	REFERENCE(product_supplier, supplier_id, supplier),
	REFERENCE(inventory_item, product_id, product),
	REFERENCE(inventory_item, warehouse_id, warehouse),
	REFERENCE(purchase_order, supplier_id, supplier),
	REFERENCE(purchase_order, warehouse_id, warehouse),
	REFERENCE(purchase_order_line, po_id, purchase_order),
	REFERENCE(purchase_order_line, product_id, product),
	{
		.table = "purchase_receipt", .name = "purchase_receipt_po_id_line_no_fkey",
		.columns = "po_id, line_no", .column = {"po_id", "line_no"}, .parent = "purchase_order_line",
		.find = {
			.sql = "SELECT FROM ONLY inventory.purchase_receipt "
			"WHERE po_id OPERATOR(pg_catalog.=) $1 "
			"AND line_no OPERATOR(pg_catalog.=) $2 LIMIT 1 FOR KEY SHARE",
			.result = SPI_OK_SELECT, .nargs = 2, .argtypes = {INT8OID, INT4OID}
		},
		.find_any = {
			.sql = "SELECT FROM ONLY inventory.purchase_receipt LIMIT 1",
			.result = SPI_OK_SELECT
		}
	},
	REFERENCE(procurement_notification, po_id, purchase_order),
	REFERENCE(transfer_order, from_warehouse_id, warehouse),
	REFERENCE(transfer_order, to_warehouse_id, warehouse),
	REFERENCE(transfer_order_line, transfer_id, transfer_order),
	REFERENCE(transfer_order_line, product_id, product),
	REFERENCE(cycle_count, product_id, product),
	REFERENCE(cycle_count, warehouse_id, warehouse),
	REFERENCE(item_planning, product_id, product),
	REFERENCE(item_planning, warehouse_id, warehouse)
};

PG_FUNCTION_INFO_V1(inventory_reference_guard);
PG_FUNCTION_INFO_V1(inventory_referenced_guard);

static TriggerData *CheckTrigger(FunctionCallInfo fcinfo);
static bool IsLoading(Relation relation);
static Checks *PrepareChecks(FunctionCallInfo fcinfo, TriggerData *trigdata);
static void PrepareCheck(Check *check, Relation relation, const char *columns,
						 const char *parent);
static Reference *FindReference(const char *table, const char *columns, const char *parent);
static Parent *FindParent(const char *table);
static void FindColumns(Relation relation, const char *const *names, int count,
						AttrNumber *columns);
static bool Refers(TriggerData *trigdata, const Check *check, Key *key);
static bool IsKnown(Check *check, const Key *key);
static bool LockParent(Check *check, const Key *key);
static void RefuseTruncate(FunctionCallInfo fcinfo, const Parent *parent, Relation relation);
static void RefuseReferenced(FunctionCallInfo fcinfo, Parent *parent, const Key *key,
							 Relation relation);
static const Reference *FindReferring(Parent *parent, const Key *key);
static void ReadKey(HeapTuple tuple, TupleDesc desc, const AttrNumber *columns,
					int count, Key *key);
static bool SameKey(const Key *a, const Key *b, int count);
static uint64 ExecuteForKey(KeptPlan *plan, const Key *key, bool latest);
static bool StillThere(TriggerData *trigdata);
static void ErrorNoParent(const Check *check, const Key *key,
						  Relation relation) pg_attribute_noreturn();
static void ErrorReferenced(const Parent *parent, const Reference *reference,
							const Key *key, Relation relation) pg_attribute_noreturn();
static char *KeyText(const char *columns, const Key *key, int count, Relation relation);
static int	ErrorFields(const Reference *reference);

/*
 * reference_guard: AFTER INSERT OR UPDATE of each row that refers to others.  Its
 * arguments are pairs of columns and the table they refer to.  Locks the rows
 * referred to FOR KEY SHARE and raises 23503 for one that does not exist.
 */
Datum
inventory_reference_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo);
	Checks	   *checks;
	Identity	caller;
	bool		entered = false;

	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("reference_guard has to be fired for each row that is inserted or updated")));
	if (IsLoading(trigdata->tg_relation))
		return PointerGetDatum(NULL);

	checks = PrepareChecks(fcinfo, trigdata);
	for (int i = 0; i < checks->count; i++)
	{
		Check	   *check = &checks->check[i];
		Key			key;

		if (!Refers(trigdata, check, &key) || IsKnown(check, &key))
			continue;
		if (!entered)
			EnterOwner(fcinfo, &caller);
		entered = true;
		if (LockParent(check, &key) || !StillThere(trigdata))
			continue;
		LeaveOwner(&caller);
		ErrorNoParent(check, &key, trigdata->tg_relation);
	}
	if (entered)
		LeaveOwner(&caller);
	return PointerGetDatum(NULL);
}

/*
 * referenced_guard: AFTER DELETE OR UPDATE of each row that others may refer to,
 * and AFTER TRUNCATE.  Raises 23503 when some do.
 */
Datum
inventory_referenced_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo);
	Relation	relation = trigdata->tg_relation;
	TupleDesc	desc = RelationGetDescr(relation);
	Parent	   *parent = FindParent(RelationGetRelationName(relation));
	AttrNumber	columns[MAX_KEY_COLUMNS];
	int			count = parent->lock.nargs;
	Key			before;
	Key			after;

	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
	{
		RefuseTruncate(fcinfo, parent, relation);
		return PointerGetDatum(NULL);
	}
	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ||
		TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("referenced_guard has to be fired for each row that is updated or deleted, or by TRUNCATE")));

	FindColumns(relation, parent->key, count, columns);
	ReadKey(trigdata->tg_trigtuple, desc, columns, count, &before);
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
	{
		ReadKey(trigdata->tg_newtuple, desc, columns, count, &after);
		if (SameKey(&before, &after, count))
			return PointerGetDatum(NULL);
	}
	RefuseReferenced(fcinfo, parent, &before, relation);
	return PointerGetDatum(NULL);
}

/*
 * The usual questions: called as an AFTER trigger, on a table of the extension.
 */
static TriggerData *
CheckTrigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = GuardTriggerData(fcinfo);
	Oid			function = fcinfo->flinfo->fn_oid;

	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		RelationGetNamespace(trigdata->tg_relation) != get_func_namespace(function))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s belongs to the AFTER triggers of the tables of inventory and nowhere else",
						get_func_name(function)),
				 errhint("Tables of your own may have foreign keys to those of inventory.")));
	return trigdata;
}

/*
 * Is a dump being loaded?  pg_dump and pg_restore turn check_function_bodies off,
 * by which the server, too, knows not to look yet for what something refers to.
 * Only whoever could disable the trigger as well is believed, and never in the
 * engine's own statements.
 */
static bool
IsLoading(Relation relation)
{
	return !check_function_bodies && !CalledByEngine() &&
		has_privs_of_role(GetUserId(), RelationGetForm(relation)->relowner);
}

/*
 * What the trigger's arguments say is to be checked, worked out once for each
 * statement.
 */
static Checks *
PrepareChecks(FunctionCallInfo fcinfo, TriggerData *trigdata)
{
	Trigger    *trigger = trigdata->tg_trigger;
	Checks	   *checks = fcinfo->flinfo->fn_extra;
	int			count = trigger->tgnargs / 2;

	if (checks != NULL)
		return checks;
	checks = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									offsetof(Checks, check) + count * sizeof(Check));
	checks->count = count;
	for (int i = 0; i < count; i++)
		PrepareCheck(&checks->check[i], trigdata->tg_relation,
					 trigger->tgargs[2 * i], trigger->tgargs[2 * i + 1]);
	fcinfo->flinfo->fn_extra = checks;
	return checks;
}

static void
PrepareCheck(Check *check, Relation relation, const char *columns, const char *parent)
{
	check->reference = FindReference(RelationGetRelationName(relation), columns, parent);
	check->parent = FindParent(parent);
	check->columns = check->parent->lock.nargs;
	FindColumns(relation, check->reference->column, check->columns, check->column);
}

static Reference *
FindReference(const char *table, const char *columns, const char *parent)
{
	for (int i = 0; i < (int) lengthof(references); i++)
	{
		if (strcmp(references[i].table, table) == 0 &&
			strcmp(references[i].columns, columns) == 0 &&
			strcmp(references[i].parent, parent) == 0)
			return &references[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s (%s) does not refer to %s", table, columns, parent)));
}

static Parent *
FindParent(const char *table)
{
	for (int i = 0; i < (int) lengthof(parents); i++)
	{
		if (strcmp(parents[i].table, table) == 0)
			return &parents[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("nothing refers to %s", table)));
}

/*
 * The numbers of columns that are known by name.
 */
static void
FindColumns(Relation relation, const char *const *names, int count, AttrNumber *columns)
{
	for (int i = 0; i < count; i++)
	{
		columns[i] = SPI_fnumber(RelationGetDescr(relation), names[i]);
		if (columns[i] <= 0)
			elog(ERROR, "table %s has no column %s", RelationGetRelationName(relation), names[i]);
	}
}

/*
 * Does the stored row refer to a key that has to be looked for?  One that it
 * referred to before the UPDATE has not.
 */
static bool
Refers(TriggerData *trigdata, const Check *check, Key *key)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	Key			before;

	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
	{
		ReadKey(trigdata->tg_trigtuple, desc, check->column, check->columns, key);
		return !key->isnull;
	}
	ReadKey(trigdata->tg_newtuple, desc, check->column, check->columns, key);
	if (key->isnull)
		return false;
	ReadKey(trigdata->tg_trigtuple, desc, check->column, check->columns, &before);
	return !SameKey(key, &before, check->columns);
}

/*
 * Has this statement locked the parent already?  It holds the lock to its end, and
 * whoever deletes the parent in the same transaction finds this row.
 */
static bool
IsKnown(Check *check, const Key *key)
{
	int			slot = (uint64) key->value[0] % KNOWN_PARENTS;

	return check->columns == 1 && check->known[slot].used &&
		check->known[slot].value == key->value[0];
}

/*
 * Locks the parent; false when there is none.
 */
static bool
LockParent(Check *check, const Key *key)
{
	int			slot = (uint64) key->value[0] % KNOWN_PARENTS;

	if (ExecuteForKey(&check->parent->lock, key, false) == 0)
		return false;
	check->known[slot].used = true;
	check->known[slot].value = key->value[0];
	return true;
}

/*
 * Raises 23503 unless all that refers to the truncated table is empty now: it may
 * have been truncated in the same statement.  The lock on the table keeps others
 * from referring to it.
 */
static void
RefuseTruncate(FunctionCallInfo fcinfo, const Parent *parent, Relation relation)
{
	const Reference *found = NULL;
	Identity	caller;

	EnterOwner(fcinfo, &caller);
	for (int i = 0; i < (int) lengthof(references) && found == NULL; i++)
	{
		if (strcmp(references[i].parent, parent->table) == 0 &&
			PlanExecuteLatest(&references[i].find_any, NULL, NULL) > 0)
			found = &references[i];
	}
	LeaveOwner(&caller);
	if (found != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("cannot truncate table \"%s\", which table \"%s\" refers to",
						RelationGetRelationName(relation), found->table),
				 errhint("Truncate table \"%s\" at the same time.", found->table),
				 ErrorFields(found)));
}

/*
 * Raises 23503 when a row refers to a key that is gone.
 */
static void
RefuseReferenced(FunctionCallInfo fcinfo, Parent *parent, const Key *key, Relation relation)
{
	const Reference *found;
	Identity	caller;

	EnterOwner(fcinfo, &caller);
	found = FindReferring(parent, key);
	LeaveOwner(&caller);
	if (found != NULL)
		ErrorReferenced(parent, found, key, relation);
}

/*
 * Looks for a row that refers to a key, locks it, and says which reference it is;
 * NULL when there is none, or when another row has the key now.
 */
static const Reference *
FindReferring(Parent *parent, const Key *key)
{
	for (int i = 0; i < (int) lengthof(references); i++)
	{
		if (strcmp(references[i].parent, parent->table) == 0 &&
			ExecuteForKey(&references[i].find, key, true) > 0)
			return ExecuteForKey(&parent->lock, key, true) > 0 ? NULL : &references[i];
	}
	return NULL;
}

/*
 * The key in some columns of a row, which are bigint or integer.
 */
static void
ReadKey(HeapTuple tuple, TupleDesc desc, const AttrNumber *columns, int count, Key *key)
{
	key->isnull = false;
	for (int i = 0; i < count; i++)
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, columns[i], desc, &isnull);

		if (isnull)
			key->isnull = true;
		else if (TupleDescAttr(desc, columns[i] - 1)->atttypid == INT4OID)
			key->value[i] = DatumGetInt32(value);
		else
			key->value[i] = DatumGetInt64(value);
	}
}

static bool
SameKey(const Key *a, const Key *b, int count)
{
	if (a->isnull || b->isnull)
		return false;
	for (int i = 0; i < count; i++)
	{
		if (a->value[i] != b->value[i])
			return false;
	}
	return true;
}

/*
 * Runs a plan whose parameters are a key; how many rows it returned.
 */
static uint64
ExecuteForKey(KeptPlan *plan, const Key *key, bool latest)
{
	Datum		values[MAX_KEY_COLUMNS];

	for (int i = 0; i < plan->nargs; i++)
		values[i] = plan->argtypes[i] == INT4OID ?
			Int32GetDatum((int32) key->value[i]) : Int64GetDatum(key->value[i]);
	return latest ? PlanExecuteLatest(plan, values, NULL) : PlanExecute(plan, values, NULL);
}

/*
 * Is the row as the statement left it?  If another trigger has changed or removed
 * it since, what it referred to does not matter any more.
 */
static bool
StillThere(TriggerData *trigdata)
{
	TupleTableSlot *slot = TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ?
		trigdata->tg_trigslot : trigdata->tg_newslot;

	return table_tuple_satisfies_snapshot(trigdata->tg_relation, slot, SnapshotSelf);
}

static void
ErrorNoParent(const Check *check, const Key *key, Relation relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("insert or update on table \"%s\" violates foreign key constraint \"%s\"",
					RelationGetRelationName(relation), check->reference->name),
			 errdetail("%s is not present in table \"%s\".",
					   KeyText(check->reference->columns, key, check->columns, relation),
					   check->parent->table),
			 ErrorFields(check->reference)));
}

static void
ErrorReferenced(const Parent *parent, const Reference *reference, const Key *key,
				Relation relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"",
					parent->table, reference->name, reference->table),
			 errdetail("%s is still referenced from table \"%s\".",
					   KeyText(parent->key_columns, key, parent->lock.nargs, relation),
					   reference->table),
			 parent->hint != NULL ? errhint("%s", parent->hint) : 0,
			 ErrorFields(reference)));
}

/*
 * Key (a, b)=(1, 2), without the values for those who may not read the table.
 */
static char *
KeyText(const char *columns, const Key *key, int count, Relation relation)
{
	Oid			table = RelationGetRelid(relation);

	if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		return "Key";
	if (count == 1)
		return psprintf("Key (%s)=(%lld)", columns, (long long) key->value[0]);
	return psprintf("Key (%s)=(%lld, %lld)", columns, (long long) key->value[0],
					(long long) key->value[1]);
}

/*
 * What programs read of the error, as they would of a foreign key.
 */
static int
ErrorFields(const Reference *reference)
{
	err_generic_string(PG_DIAG_SCHEMA_NAME, "inventory");
	err_generic_string(PG_DIAG_TABLE_NAME, reference->table);
	return err_generic_string(PG_DIAG_CONSTRAINT_NAME, reference->name);
}
