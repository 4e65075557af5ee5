/*
 * cron.c
 *		Fuzzes schedules: what is accepted comes due at the first minute that a
 *		reading of the text and a calendar of their own find.
 *
 * The input is the schedule, and behind a zero byte eight bytes of time.
 */
#include "fuzz.h"

#include <ctype.h>
#include <time.h>

#include "worker/cron.h"

/* The minutes that a timestamp of the server can have, with a day to spare. */
#define FIRST_MINUTE	INT64CONST(-3512000000)
#define LAST_MINUTE		INT64CONST(154200000000)
/* Minutes are looked at one by one for as long, then days. */
#define MINUTES_AHEAD	(3 * 1440)
/* What CronNext promises to look at. */
#define HORIZON_DAYS	(366 * 41)

static const char *const names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
	"sun", "mon", "tue", "wed", "thu", "fri", "sat"
};

/*
 * The value of a word in a field, -1 for none.
 */
static int
WordValue(const char *word, size_t length, int field)
{
	int			first = field == 3 ? 0 : 12;
	int			last = field == 3 ? 12 : 19;

	if (length > 0 && isdigit((unsigned char) word[0]))
	{
		char		digits[32];

		for (size_t i = 0; i < length; i++)
			if (!isdigit((unsigned char) word[i]))
				return -1;
		while (length > 1 && word[0] == '0')
			word++, length--;
		if (length > 4)
			return 9999;
		memcpy(digits, word, length);
		digits[length] = '\0';
		return atoi(digits);
	}
	if (field < 3 || length != 3)
		return -1;
	for (int i = first; i < last; i++)
		if (strncasecmp(word, names[i], 3) == 0)
			return i - first + (field == 3 ? 1 : 0);
	return -1;
}

/*
 * Does one item of a field, such as 1-5/2, have the value?
 */
static bool
ItemHas(const char *item, size_t length, int field, int value)
{
	static const int lows[] = {0, 0, 1, 1, 0};
	static const int highs[] = {59, 23, 31, 12, 7};
	const char *slash = memchr(item, '/', length);
	size_t		range = slash ? (size_t) (slash - item) : length;
	const char *dash = memchr(item, '-', range);
	int			step = slash ? WordValue(slash + 1, length - range - 1, 0) : 1;
	int			low = lows[field];
	int			high = highs[field];

	if (!(range == 1 && item[0] == '*'))
	{
		size_t		first = dash ? (size_t) (dash - item) : range;

		low = high = WordValue(item, first, field);
		if (dash)
			high = WordValue(dash + 1, range - first - 1, field);
		if (field == 4 && dash && high == 0 && low > 0)
			high = 7;
	}
	PROPERTY(low >= lows[field] && high <= highs[field] && low <= high && step >= 1,
			 "%.*s was accepted", (int) length, item);
	return value >= low && value <= high && (value - low) % step == 0;
}

/*
 * Does a field of the schedule have the value?
 */
static bool
FieldHas(const char *text, int field, int value, bool *star)
{
	size_t		length;

	text += strspn(text, " \t\r\n");
	for (int i = 0; i < field; i++)
	{
		text += strcspn(text, " \t\r\n");
		text += strspn(text, " \t\r\n");
	}
	length = strcspn(text, " \t\r\n");
	*star = text[0] == '*';
	for (;;)
	{
		size_t		item = strcspn(text, ", \t\r\n");

		if (ItemHas(text, item, field, value))
			return true;
		if (item >= length)
			return false;
		text += item + 1;
		length -= item + 1;
	}
}

static bool
DayIsDue(const char *text, int64 day)
{
	time_t		seconds = (time_t) (day * 86400);
	struct tm	civil;
	bool		star;
	bool		day_star;
	bool		weekday_star;
	bool		by_day;
	bool		by_weekday;

	gmtime_r(&seconds, &civil);
	if (!FieldHas(text, 3, civil.tm_mon + 1, &star))
		return false;
	by_day = FieldHas(text, 2, civil.tm_mday, &day_star);
	by_weekday = FieldHas(text, 4, civil.tm_wday, &weekday_star) ||
		(civil.tm_wday == 0 && FieldHas(text, 4, 7, &weekday_star));
	return day_star || weekday_star ? by_day && by_weekday : by_day || by_weekday;
}

static bool
MinuteIsDue(const char *text, int64 minute)
{
	int64		day = minute / 1440 - (minute % 1440 < 0);
	int			of_day = (int) (minute - day * 1440);
	bool		star;

	return FieldHas(text, 0, of_day % 60, &star) && FieldHas(text, 1, of_day / 60, &star) &&
		DayIsDue(text, day);
}

/*
 * Is the whole day from a minute on free of due times, up to another one?
 */
static void
CheckFirst(const char *text, int64 from, int64 next)
{
	int64		minute = from;

	for (; minute < next && minute < from + MINUTES_AHEAD; minute++)
		PROPERTY(!MinuteIsDue(text, minute), "\"%s\" is due at %lld, not at %lld", text,
				 (long long) minute, (long long) next);
	for (int64 day = minute / 1440 + 1; day * 1440 + 1439 < next; day++)
		PROPERTY(!DayIsDue(text, day), "\"%s\" is due on day %lld, not at %lld", text,
				 (long long) day, (long long) next);
}

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	size_t		length = strnlen((const char *) data, size);
	char	   *text = malloc(length + 1);
	Input		rest = {data + length, size - length};
	CronSchedule cron;
	CronError	error;
	uint8		zero;
	int64		from;
	int64		next;

	memcpy(text, data, length);
	text[length] = '\0';
	DrawBytes(&rest, &zero, 1);
	DrawBytes(&rest, &from, sizeof(from));
	from = FIRST_MINUTE + (int64) ((uint64) from % (LAST_MINUTE - FIRST_MINUTE));

	if (CronParse(text, &cron, &error))
	{
		PROPERTY(CronFieldCount(text) == 5, "%d fields", CronFieldCount(text));
		PROPERTY(CronNext(&cron, from, &next), "\"%s\" has no time after %lld", text, (long long) from);
		PROPERTY(next >= from && next <= from + INT64CONST(1440) * HORIZON_DAYS, "%lld", (long long) next);
		PROPERTY(MinuteIsDue(text, next), "\"%s\" is not due at %lld", text, (long long) next);
		CheckFirst(text, from, next);
		(void) CronEveryHour(&cron);
	}
	else
		PROPERTY(error.problem != NULL, "refused without a reason");
	free(text);
	return 0;
}
