/*
 * partition.c
 *		Partitions of the ledger: make_ledger_partitions, retire_movements.
 *
 * A partition holds a month of created_at, in UTC.  It is an ordinary table and no
 * member of the extension: a dump holds it as it is, with its rows.  Whoever makes
 * partitions holds the ledger in SHARE UPDATE EXCLUSIVE mode, so they come one after
 * the other, and writers do not notice until one is attached.  Whoever retires them
 * holds it in ACCESS EXCLUSIVE mode.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "funcapi.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "identity.h"
#include "ledger_scan.h"
#include "plan.h"

/* A hundred years: more is a mistake. */
#define MAX_MONTHS	1200

/* How long to wait for whoever uses the ledger. */
#define LOCK_WAIT	"3s"

/* yyyy-mm-dd hh:mm:ss+00 */
#define MONTH_BOUND	"%04d-%02d-01 00:00:00+00"

/* A month: the first one of year 1 is 12. */
typedef int Month;

static KeptPlan lock_ledger = {
	.sql = "LOCK TABLE inventory.stock_movement IN SHARE UPDATE EXCLUSIVE MODE",
	.result = SPI_OK_UTILITY
};

/* Nobody has written what the opening balances would miss. */
static KeptPlan lock_out_writers = {
	.sql = "LOCK TABLE inventory.stock_movement IN ACCESS EXCLUSIVE MODE",
	.result = SPI_OK_UTILITY
};

static KeptPlan find_in_default = {
	.sql = "SELECT FROM inventory.stock_movement_default d "
	"WHERE d.created_at OPERATOR(pg_catalog.>=) $1 "
	"AND d.created_at OPERATOR(pg_catalog.<) $2 LIMIT 1",
	.result = SPI_OK_SELECT,
	.nargs = 2,
	.argtypes = {TIMESTAMPTZOID, TIMESTAMPTZOID}
};

static KeptPlan oldest_in_default = {
	.sql = "SELECT pg_catalog.min(d.created_at) FROM inventory.stock_movement_default d",
	.result = SPI_OK_SELECT
};

/* Months before this one are detached by then, or are attached again. */
static KeptPlan write_openings = {
	.sql = "INSERT INTO inventory.ledger_opening "
	"SELECT l.*, COALESCE(("
	"SELECT p.row_hash FROM inventory.stock_movement p "
	"WHERE p.product_id OPERATOR(pg_catalog.=) l.product_id "
	"AND p.warehouse_id OPERATOR(pg_catalog.=) l.warehouse_id "
	"AND p.created_at OPERATOR(pg_catalog.<) l.created_at ORDER BY p.created_at DESC LIMIT 1), ("
	"SELECT o.row_hash FROM inventory.ledger_opening o "
	"WHERE o.product_id OPERATOR(pg_catalog.=) l.product_id "
	"AND o.warehouse_id OPERATOR(pg_catalog.=) l.warehouse_id "
	"AND o.version OPERATOR(pg_catalog.=) (l.version OPERATOR(pg_catalog.-) 1))) "
	"FROM (SELECT DISTINCT ON (m.product_id, m.warehouse_id) m.movement_id, m.product_id, m.warehouse_id, "
	"m.movement_type, m.quantity, m.on_hand_after, m.version, m.reference_id, m.reservation_id, "
	"m.root_cause, m.performed_by, m.session_role, m.created_at, m.occurred_at, m.row_hash "
	"FROM inventory.stock_movement m WHERE m.created_at OPERATOR(pg_catalog.<) $1 "
	"ORDER BY m.product_id, m.warehouse_id, m.created_at DESC) AS l "
	"ON CONFLICT (product_id, warehouse_id, version) DO NOTHING",
	.result = SPI_OK_INSERT,
	.nargs = 1,
	.argtypes = {TIMESTAMPTZOID}
};

/* A month that was attached again and is retired once more was retired before. */
static KeptPlan record_retirement = {
	.sql = "INSERT INTO inventory.ledger_retirement "
	"(partition_name, retired_before, movements, retired_at, retired_by) VALUES ($1, $2, $3, $4, $5) "
	"ON CONFLICT (partition_name) DO UPDATE SET movements = excluded.movements, "
	"retired_at = excluded.retired_at, retired_by = excluded.retired_by",
	.result = SPI_OK_INSERT,
	.nargs = 5,
	.argtypes = {TEXTOID, TIMESTAMPTZOID, INT8OID, TIMESTAMPTZOID, TEXTOID}
};

PG_FUNCTION_INFO_V1(inventory_make_ledger_partitions);
PG_FUNCTION_INFO_V1(inventory_retire_movements);

static void LimitLockWaits(void);
static Month MonthOf(TimestampTz at);
static TimestampTz MonthStart(Month month);
static char *PartitionName(Month month);
static bool MakePartition(Month month);
static TimestampTz RetirementCutoff(TimestampTz before);
static int64 DetachPartition(Oid partition, TimestampTz cutoff);

/*
 * make_ledger_partitions(months_ahead, first_month)
 *
 * Locks the ledger against others who make partitions, and its default partition
 * against everybody for as long as one is attached.
 */
Datum
inventory_make_ledger_partitions(PG_FUNCTION_ARGS)
{
	int32		months_ahead = ArgumentPositive(fcinfo, 0, "months_ahead");
	TimestampTz now = GetCurrentTimestamp();
	Month		last = MonthOf(now) + Min(months_ahead, MAX_MONTHS);
	Month		month = MonthOf(now);
	DateADT		first;
	int32		made = 0;
	Identity	caller;

	if (ArgumentOptionalDate(fcinfo, 1, "first_month", &first))
		month = MonthOf((TimestampTz) first * USECS_PER_DAY);
	if (months_ahead > MAX_MONTHS || last - month > MAX_MONTHS || month < MonthOf(0) - MAX_MONTHS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too many months"),
				 errdetail("At most %d, and none before 1900.", MAX_MONTHS)));

	EnterEngine(fcinfo, &caller);
	LimitLockWaits();
	PlanExecute(&lock_ledger, NULL, NULL);
	for (; month <= last; month++)
		made += MakePartition(month);
	LeaveEngine(&caller);
	PG_RETURN_INT32(made);
}

/*
 * retire_movements(before)
 *
 * Locks the ledger against everybody until the transaction ends.
 */
Datum
inventory_retire_movements(PG_FUNCTION_ARGS)
{
	TimestampTz before = ArgumentTime(fcinfo, 0, "before");
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	TimestampTz cutoff;
	LedgerMonth *months;
	int			count;
	Identity	caller;

	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("movements can only be retired at READ COMMITTED"),
				 errdetail("An older snapshot might miss the last ones.")));
	InitMaterializedSRF(fcinfo, 0);
	EnterEngine(fcinfo, &caller);
	LimitLockWaits();
	PlanExecute(&lock_out_writers, NULL, NULL);
	cutoff = RetirementCutoff(before);
	count = LedgerPartitionsBefore(cutoff, &months);
	for (int i = 0; i < count; i++)
	{
		values[0] = TimestampTzGetDatum(months[i].end);
		PlanExecute(&write_openings, values, NULL);
		values[0] = CStringGetTextDatum(get_rel_name(months[i].partition));
		values[1] = Int64GetDatum(DetachPartition(months[i].partition, cutoff));
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	}
	LeaveEngine(&caller);
	return (Datum) 0;
}

/*
 * Whoever waits here for a long report keeps others waiting behind it: not for long,
 * unless the caller has said how long.  Ends with LeaveEngine.
 */
static void
LimitLockWaits(void)
{
	if (LockTimeout == 0)
		(void) set_config_option("lock_timeout", LOCK_WAIT, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * The month of a time, in UTC.
 */
static Month
MonthOf(TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(at) || timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no month at that time")));
	return tm.tm_year * 12 + tm.tm_mon - 1;
}

/*
 * When a month begins.
 */
static TimestampTz
MonthStart(Month month)
{
	return (TimestampTz) (date2j(month / 12, month % 12 + 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

static char *
PartitionName(Month month)
{
	return psprintf("stock_movement_%04d_%02d", month / 12, month % 12 + 1);
}

/*
 * Makes the partition of a month; false when there is one, of whatever name, or it
 * was retired, or movements of the month lie in the default partition, which are not
 * moved.
 */
static bool
MakePartition(Month month)
{
	char	   *name = PartitionName(month);
	Month		next = month + 1;
	Datum		values[2] = {
		TimestampTzGetDatum(MonthStart(month)),
		TimestampTzGetDatum(MonthStart(next))
	};

	if (OidIsValid(get_relname_relid(name, get_namespace_oid("inventory", false))) ||
		LedgerIsCovered(MonthStart(month), MonthStart(next)))
		return false;
	if (PlanExecute(&find_in_default, values, NULL) > 0)
	{
		ereport(NOTICE,
				(errmsg("%s is not made: movements of that month are in the default partition", name)));
		return false;
	}
	PlanUtility(psprintf("CREATE TABLE inventory.%s (LIKE inventory.stock_movement INCLUDING ALL EXCLUDING IDENTITY)", name));
	PlanUtility(psprintf("ALTER TABLE inventory.%s "
						 "ADD PRIMARY KEY (movement_id), "
						 "ADD UNIQUE (product_id, warehouse_id, created_at)", name));
	PlanUtility(psprintf("CREATE TRIGGER zz_inventory_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.%s "
						 "FOR EACH STATEMENT EXECUTE FUNCTION inventory.ledger_guard()", name));
	PlanUtility(psprintf("COMMENT ON TRIGGER zz_inventory_guard ON inventory.%s IS 'The ledger is append-only.'", name));
	PlanUtility(psprintf("COMMENT ON TABLE inventory.%s IS 'Movements recorded in %04d-%02d, UTC.'",
						 name, month / 12, month % 12 + 1));
	PlanUtility(psprintf("ALTER TABLE inventory.stock_movement ATTACH PARTITION inventory.%s "
						 "FOR VALUES FROM ('" MONTH_BOUND "') TO ('" MONTH_BOUND "')",
						 name, month / 12, month % 12 + 1, next / 12, next % 12 + 1));
	/* CREATE EXTENSION makes everything a member, and members are not dumped. */
	if (creating_extension)
		PlanUtility(psprintf("ALTER EXTENSION inventory DROP TABLE inventory.%s", name));
	return true;
}

/*
 * Up to where movements can be retired: the beginning of a month that is over, and
 * no later than what is in the default partition.
 */
static TimestampTz
RetirementCutoff(TimestampTz before)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz cutoff;
	Datum		oldest;
	bool		isnull;

	if (before > now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("before must not lie in the future")));
	cutoff = MonthStart(MonthOf(before));
	PlanExecute(&oldest_in_default, NULL, NULL);
	oldest = PlanColumn(0, 1, &isnull);
	if (isnull || DatumGetTimestampTz(oldest) >= cutoff)
		return cutoff;
	ereport(NOTICE,
			(errmsg("nothing recorded at %s or later is retired: it is in the default partition",
					timestamptz_to_str(DatumGetTimestampTz(oldest)))));
	return MonthStart(MonthOf(DatumGetTimestampTz(oldest)));
}

/*
 * Takes a partition out of the ledger, of which it stays what it was, and records
 * that.  Returns how many movements it has.
 */
static int64
DetachPartition(Oid partition, TimestampTz cutoff)
{
	char	   *name = get_rel_name(partition);
	char	   *qualified = quote_qualified_identifier(get_namespace_name(get_rel_namespace(partition)), name);
	Datum		values[5] = {
		CStringGetTextDatum(name),
		TimestampTzGetDatum(cutoff),
		(Datum) 0,
		TimestampTzGetDatum(GetCurrentTimestamp()),
		PerformedBy()
	};

	PlanUtility(psprintf("ALTER TABLE inventory.stock_movement DETACH PARTITION %s", qualified));
	values[2] = Int64GetDatum(PlanCountRows(qualified));
	PlanExecute(&record_retirement, values, NULL);
	return DatumGetInt64(values[2]);
}
