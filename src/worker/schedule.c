/*
 * schedule.c
 *		When a job is due: an interval or cron fields, in a time zone.
 *
 * A time of a schedule that the clock on the wall skips is due when the clock has
 * jumped; one that it shows twice is due the first time.  A schedule for every
 * hour goes by the clock as it is: it neither makes up for an hour that does not
 * exist nor leaves out one that comes again.
 */
#include "schedule.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "argument.h"

#define SCHEDULE_EPOCH_SECONDS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)
/* Longer than any jump of a clock. */
#define JUMP_SECONDS		(2 * SECS_PER_DAY)
/* More changes of the clock than the horizon of a cron schedule can have. */
#define MAX_CLOCK_CHANGES	500
#define MAX_INTERVAL_DAYS	3660
/* Skipped times are counted up to this many. */
#define MAX_SKIPPED			10000

PG_FUNCTION_INFO_V1(inventory_next_run);

static bool LooksLikeCron(const char *text);
static const char *ReadInterval(const char *text, Interval *interval);
static bool DecodeIntervalText(const char *text, Interval *interval);
static bool CronNextInstant(const Schedule *schedule, pg_time_t from, pg_time_t *next);
static TimestampTz IntervalNext(const Schedule *schedule, TimestampTz after);

/*
 * next_run(schedule, after, timezone)
 */
Datum
inventory_next_run(PG_FUNCTION_ARGS)
{
	text	   *schedule_text = ArgumentLabel(fcinfo, 0, "schedule");
	text	   *zone = ArgumentLabel(fcinfo, 2, "timezone");
	Schedule	schedule;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("after must not be NULL")));
	ScheduleParse(text_to_cstring(schedule_text), text_to_cstring(zone), &schedule);
	PG_RETURN_TIMESTAMPTZ(ScheduleNext(&schedule, PG_GETARG_TIMESTAMPTZ(1)));
}

/*
 * Reads a schedule.  Raises 22023 when it is none, when it never comes due, and
 * for an unknown time zone.
 */
void
ScheduleParse(const char *text, const char *zone, Schedule *schedule)
{
	CronError	error;

	if (ScheduleRead(text, zone, schedule, &error))
		return;
	if (schedule->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", zone)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is not a schedule", text),
			 error.field != NULL ? errdetail("Its field \"%s\" %s.", error.field, error.problem)
			 : errdetail("It %s.", error.problem),
			 errhint("Use an interval such as \"5 minutes\", or minute, hour, day of month, month and day of week such as \"30 2 * * MON-FRI\".")));
}

/*
 * The same without an error: false, and what is wrong, or the zone NULL.
 */
bool
ScheduleRead(const char *text, const char *zone, Schedule *schedule, CronError *error)
{
	schedule->zone = pg_tzset(zone);
	if (schedule->zone != NULL && !pg_tz_acceptable(schedule->zone))
		schedule->zone = NULL;
	if (schedule->zone == NULL)
		return false;
	schedule->is_cron = LooksLikeCron(text);
	if (schedule->is_cron)
		return CronParse(text, &schedule->cron, error);
	error->field = NULL;
	error->problem = ReadInterval(text, &schedule->interval);
	return error->problem == NULL;
}

/*
 * The first time after the given one that the schedule is due.  Raises 22023 for
 * an infinite time and 22008 beyond the end of time.
 */
TimestampTz
ScheduleNext(const Schedule *schedule, TimestampTz after)
{
	int64		seconds;
	pg_time_t	next;
	TimestampTz result;

	if (TIMESTAMP_NOT_FINITE(after))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule cannot go on from an infinite time")));
	if (!schedule->is_cron)
		return IntervalNext(schedule, after);
	seconds = after / USECS_PER_SEC - (after % USECS_PER_SEC < 0 ? 1 : 0);
	if (!CronNextInstant(schedule, seconds + SCHEDULE_EPOCH_SECONDS + 1, &next))
		elog(ERROR, "a schedule that comes due found no time");
	result = (next - SCHEDULE_EPOCH_SECONDS) * USECS_PER_SEC;
	if (!IS_VALID_TIMESTAMP(result))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return result;
}

/*
 * The first time after now of a schedule that was due at the given time.  An
 * interval keeps its pace as long as no time was missed.  Counts the times from
 * due on that are not after now, without due itself.
 */
TimestampTz
ScheduleSkip(const Schedule *schedule, TimestampTz due, TimestampTz now,
			 int64 *skipped)
{
	TimestampTz next = ScheduleNext(schedule, due);

	for (*skipped = 0; next <= now; (*skipped)++)
	{
		if (*skipped >= MAX_SKIPPED)
			return ScheduleNext(schedule, now);
		next = ScheduleNext(schedule, next);
	}
	return next;
}

/*
 * Five fields, the second of which is no unit of time.
 */
static bool
LooksLikeCron(const char *text)
{
	size_t		first;

	if (CronFieldCount(text) != 5)
		return false;
	text += strspn(text, " \t\r\n");
	first = strcspn(text, " \t\r\n");
	text += first + strspn(text + first, " \t\r\n");
	return strchr("0123456789*", *text) != NULL;
}

/*
 * An interval above zero, of a second at least.  Returns what is wrong, or NULL.
 */
static const char *
ReadInterval(const char *text, Interval *interval)
{
	if (!DecodeIntervalText(text, interval))
		return "is neither an interval nor five cron fields";
	if (interval->month < 0 || interval->day < 0 || interval->time < 0)
		return "is an interval below zero";
	if (interval->month == 0 && interval->day == 0 && interval->time < USECS_PER_SEC)
		return "is an interval of less than a second";
	if (interval->month > MAX_INTERVAL_DAYS / 30 || interval->day > MAX_INTERVAL_DAYS ||
		interval->time > MAX_INTERVAL_DAYS * USECS_PER_DAY)
		return "is an interval of more than ten years";
	return NULL;
}

/*
 * What the input function of interval does, without its errors.
 */
static bool
DecodeIntervalText(const char *text, Interval *interval)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	struct pg_itm_in itm;

	memset(&itm, 0, sizeof(itm));
	if ((ParseDateTime(text, work, sizeof(work), field, ftype,
					   MAXDATEFIELDS, &nf) != 0 ||
		 DecodeInterval(field, ftype, nf, INTERVAL_FULL_RANGE, &dtype, &itm) != 0) &&
		DecodeISO8601Interval(unconstify(char *, text), &dtype, &itm) != 0)
		return false;
	return dtype == DTK_DELTA && itmin2interval(&itm, interval) == 0;
}

/*
 * The first instant, not before from, that the schedule is due.  Walks through
 * the stretches of time between two changes of the clock, from before a jump that
 * may have just been: reached is the latest time the clock has shown.
 */
static bool
CronNextInstant(const Schedule *schedule, pg_time_t from, pg_time_t *next)
{
	bool		every_hour = CronEveryHour(&schedule->cron);
	pg_time_t	start = from - JUMP_SECONDS;
	int64		reached = PG_INT64_MIN;

	for (int i = 0; i < MAX_CLOCK_CHANGES; i++)
	{
		long		offset;
		long		offset_after;
		int			ignored;
		pg_time_t	change;
		bool		last;
		int64		local;
		int64		minute;

		last = pg_next_dst_boundary(&start, &offset, &ignored, &change,
									&offset_after, &ignored, schedule->zone) != 1;
		if (last || change >= from)
		{
			local = Max(start, from) + offset;
			if (!every_hour)
				local = Max(local, reached);
			/* Rounded up to a whole minute; the division truncates. */
			minute = local / 60 + (local % 60 > 0 ? 1 : 0);
			if (!CronNext(&schedule->cron, minute, &minute))
				return false;
			*next = minute * 60 - offset;
			if (last || *next < change)
				return true;
			if (!every_hour && minute * 60 < change + offset_after)
			{
				*next = change;
				return true;
			}
		}
		reached = Max(reached, change + offset);
		start = change;
	}
	return false;
}

/*
 * An interval after the given time; months and days by the calendar of the zone.
 */
static TimestampTz
IntervalNext(const Schedule *schedule, TimestampTz after)
{
	Interval	days = schedule->interval;
	Interval	rest = {0};
	Datum		zone = CStringGetTextDatum(pg_get_timezone_name(schedule->zone));
	Datum		at = TimestampTzGetDatum(after);

	rest.time = days.time;
	days.time = 0;
	if (days.month != 0 || days.day != 0)
	{
		at = DirectFunctionCall2(timestamptz_zone, zone, at);
		at = DirectFunctionCall2(timestamp_pl_interval, at, IntervalPGetDatum(&days));
		at = DirectFunctionCall2(timestamp_zone, zone, at);
	}
	/* Without days and months no time zone matters. */
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_pl_interval, at,
												   IntervalPGetDatum(&rest)));
}
