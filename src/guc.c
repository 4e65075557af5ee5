/*
 * guc.c
 *		The settings of inventory: what a transaction says about the movements it
 *		makes, beyond the arguments of a function, and what a business decides once.
 */
#include "guc.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "argument.h"
#include "compat.h"
#include "ledger.h"

char	   *guc_performed_by = NULL;
char	   *guc_occurred_at = NULL;
char	   *guc_reference_id = NULL;
char	   *guc_root_cause = NULL;
int			guc_movement_type = MOVEMENT_ADJUSTMENT;
int			guc_allocation = ALLOCATE_PRIORITY;
double		guc_over_receipt_tolerance_percent = 0;
bool		guc_fast_path = true;
int			guc_count_window_days = 90;
double		guc_count_fast_percent = 80;
int			guc_count_fast_days = 7;
int			guc_count_slow_days = 28;
int			guc_count_start_hours = 24;
double		guc_order_cost = 25;
double		guc_holding_rate = 0.25;
bool		guc_replenish_by_transfer = false;
int			guc_replenishment_log_days = 90;
char	   *guc_databases = NULL;
int			guc_job_run_retention_days = 30;
int			guc_job_backoff_ms = 30 * 1000;
int			guc_job_backoff_max_ms = 60 * 60 * 1000;
int			guc_job_clock_offset = 0;

static const struct config_enum_entry movement_type_options[] = {
	{"PURCHASE", MOVEMENT_PURCHASE, false},
	{"SALE", MOVEMENT_SALE, false},
	{"RETURN", MOVEMENT_RETURN, false},
	{"ADJUSTMENT", MOVEMENT_ADJUSTMENT, false},
	{"TRANSFER_IN", MOVEMENT_TRANSFER_IN, false},
	{"TRANSFER_OUT", MOVEMENT_TRANSFER_OUT, false},
	{NULL, 0, false}
};

static const struct config_enum_entry allocation_options[] = {
	{"priority", ALLOCATE_PRIORITY, false},
	{"most_stock", ALLOCATE_MOST_STOCK, false},
	{"fewest_splits", ALLOCATE_FEWEST_SPLITS, false},
	{NULL, 0, false}
};

static void DefineMovementSettings(void);
static void DefineOrderSettings(void);
static void DefineCountSettings(void);
static void DefinePlanningSettings(void);
static void DefineWorkerSettings(void);
static bool CheckLabel(char **newval, void **extra, GucSource source);
static bool CheckOccurredAt(char **newval, void **extra, GucSource source);
static bool CheckDatabases(char **newval, void **extra, GucSource source);

/*
 * Defines the settings.  Those that describe may be set by anyone for their own
 * session or transaction; one that permits something is the administrator's.
 */
void
GucInit(void)
{
	DefineMovementSettings();
	DefineOrderSettings();
	DefineCountSettings();
	DefinePlanningSettings();
	DefineWorkerSettings();
	MarkGUCPrefixReserved("inventory");
}

/*
 * What a transaction says about the movements it makes.
 */
static void
DefineMovementSettings(void)
{
	DefineCustomStringVariable("inventory.performed_by",
							   "Who makes the movements and reservations of this session.",
							   "Kept as performed_by; the session user where it is empty.",
							   &guc_performed_by, "", PGC_USERSET, 0,
							   CheckLabel, NULL, NULL);
	DefineCustomStringVariable("inventory.occurred_at",
							   "Business time of the movements of this transaction.",
							   "A timestamp, not in the future; the recorded time where it is empty.",
							   &guc_occurred_at, "", PGC_USERSET, 0,
							   CheckOccurredAt, NULL, NULL);
	DefineCustomEnumVariable("inventory.movement_type",
							 "Type of the movements that direct changes of a level make.",
							 NULL,
							 &guc_movement_type, MOVEMENT_ADJUSTMENT,
							 movement_type_options, PGC_USERSET, 0,
							 NULL, NULL, NULL);
	DefineCustomStringVariable("inventory.reference_id",
							   "Reference of the movements that direct changes of a level make.",
							   NULL,
							   &guc_reference_id, "", PGC_USERSET, 0,
							   CheckLabel, NULL, NULL);
	DefineCustomStringVariable("inventory.root_cause",
							   "Root cause of the movements that direct changes of a level make.",
							   "A code of inventory.root_cause.",
							   &guc_root_cause, "", PGC_USERSET, 0,
							   CheckLabel, NULL, NULL);
}

/*
 * How orders are served and received, and rows written.
 */
static void
DefineOrderSettings(void)
{
	DefineCustomEnumVariable("inventory.allocation",
							 "Which warehouses serve order lines that name none.",
							 "priority, most_stock or fewest_splits.",
							 &guc_allocation, ALLOCATE_PRIORITY,
							 allocation_options, PGC_USERSET, 0,
							 NULL, NULL, NULL);
	DefineCustomRealVariable("inventory.over_receipt_tolerance_percent",
							 "How much more than ordered may come in on a purchase order line, in percent.",
							 NULL,
							 &guc_over_receipt_tolerance_percent, 0, 0, 100,
							 PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("inventory.fast_path",
							 "Whether rows of items, reservations and the ledger are written without a statement where that is possible.",
							 "Results are the same; off is slower.",
							 &guc_fast_path, true,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);
}

/*
 * How often items are counted.
 */
static void
DefineCountSettings(void)
{
	DefineCustomIntVariable("inventory.count_window_days",
							"How many days of movements say how fast an item moves.",
							NULL,
							&guc_count_window_days, 90, 1, 3650,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("inventory.count_fast_percent",
							 "Share of the outgoing movements of a warehouse that its fast items make, in percent.",
							 NULL,
							 &guc_count_fast_percent, 80, 0, 100,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("inventory.count_fast_days",
							"Days between two counts of a fast item.",
							NULL,
							&guc_count_fast_days, 7, 1, 3650,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("inventory.count_slow_days",
							"Days between two counts of a slow item.",
							NULL,
							&guc_count_slow_days, 28, 1, 3650,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("inventory.count_start_hours",
							"Hours for which the start of a count holds.",
							NULL,
							&guc_count_start_hours, 24, 1, 87600,
							PGC_USERSET, 0, NULL, NULL, NULL);
}

/*
 * What goods cost to order and to keep, and how they are replenished.
 */
static void
DefinePlanningSettings(void)
{
	DefineCustomRealVariable("inventory.order_cost",
							 "What it costs to order a product once, in the currency of the business.",
							 "The fixed cost of the economic order quantity.",
							 &guc_order_cost, 25, 0, 1e12,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("inventory.holding_rate",
							 "What it costs to keep goods for a year, as a share of their cost.",
							 NULL,
							 &guc_holding_rate, 0.25, 0, 1000,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("inventory.replenish_by_transfer",
							 "Whether low stock is replenished from other warehouses before it is bought.",
							 NULL,
							 &guc_replenish_by_transfer, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("inventory.replenishment_log_days",
							"How many days the replenishment log is kept.",
							NULL,
							&guc_replenishment_log_days, 90, 1, 36500,
							PGC_USERSET, 0, NULL, NULL, NULL);
}

/*
 * Which databases have a worker, and how it goes about its jobs.
 */
static void
DefineWorkerSettings(void)
{
	DefineCustomStringVariable("inventory.databases",
							   "Databases whose jobs a worker runs.",
							   "Names, separated by commas; the library has to be in shared_preload_libraries.",
							   &guc_databases, "", PGC_SIGHUP, GUC_LIST_INPUT,
							   CheckDatabases, NULL, NULL);
	DefineCustomIntVariable("inventory.job_run_retention_days",
							"How many days records of runs are kept.",
							"The last run of each job is kept for longer.",
							&guc_job_run_retention_days, 30, 1, 3650,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("inventory.job_backoff",
							"How long a job that failed is not tried again, at least.",
							"It doubles with each failure in a row.",
							&guc_job_backoff_ms, 30 * 1000, 0, 24 * 60 * 60 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("inventory.job_backoff_max",
							"Up to where that doubles.",
							NULL,
							&guc_job_backoff_max_ms, 60 * 60 * 1000, 0, 24 * 60 * 60 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("inventory.job_clock_offset",
							"How far the clock that jobs go by is ahead of the server's.",
							"For tests of schedules.",
							&guc_job_clock_offset, 0, -INT_MAX, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S | GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
}

/*
 * The value of a string setting as text, or NULL where it is empty.  Its encoding
 * is checked here: options of a connection are read before the encoding of the
 * database is known, and the ledger could not be mended.  Raises 22021.
 */
text *
GucText(const char *value)
{
	if (value == NULL || value[0] == '\0')
		return NULL;
	(void) pg_verifymbstr(value, strlen(value), false);
	return cstring_to_text(value);
}

/*
 * check_hook: no longer than what a function would take.
 */
static bool
CheckLabel(char **newval, void **extra, GucSource source)
{
	(void) extra;
	(void) source;

	if (*newval == NULL || strlen(*newval) <= MAX_LABEL_BYTES)
		return true;
	GUC_check_errdetail("It has %zu bytes; at most %d are kept.",
						strlen(*newval), MAX_LABEL_BYTES);
	return false;
}

/*
 * check_hook: empty or a finite timestamp.  It is only parsed here; the time
 * zone of the session when it is used decides what it means.
 */
static bool
CheckOccurredAt(char **newval, void **extra, GucSource source)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	int			tz;
	fsec_t		fsec;
	struct pg_tm tm;
	TimestampTz ignored;

	(void) extra;
	(void) source;

	if (*newval == NULL || (*newval)[0] == '\0')
		return true;
	if (ParseDateTime(*newval, work, sizeof(work), field, ftype,
					  MAXDATEFIELDS, &nf) == 0 &&
		DecodeDateTimeCompat(field, ftype, nf, &dtype, &tm, &fsec, &tz) == 0 &&
		dtype == DTK_DATE &&
		tm2timestamp(&tm, fsec, &tz, &ignored) == 0)
		return true;
	GUC_check_errdetail("It is not a timestamp such as 2026-01-31 17:00:00+00.");
	return false;
}

/*
 * check_hook: a list of names.
 */
static bool
CheckDatabases(char **newval, void **extra, GucSource source)
{
	char	   *work;
	List	   *names;
	bool		is_list;

	(void) extra;
	(void) source;

	if (*newval == NULL)
		return true;
	work = pstrdup(*newval);
	is_list = SplitIdentifierString(work, ',', &names);
	pfree(work);
	list_free(names);
	if (!is_list)
		GUC_check_errdetail("It is not a list of names separated by commas.");
	return is_list;
}
