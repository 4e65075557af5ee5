/*
 * cron.c
 *		The five fields of a cron schedule: parsing, and the next matching minute.
 *
 * Nothing of the server is used here beyond c.h, so that it can be fuzzed and
 * tested alone.  Minutes are counted from 1970-01-01 00:00, local time.
 */
#include "cron.h"

#define MINUTES_PER_DAY		1440
/*
 * Over the year 2100 it takes forty years until February 29th is the same weekday
 * again, and a schedule can ask for both: a step of seven in the last field is
 * every Sunday, and begins with a star.
 */
#define CRON_HORIZON_DAYS	(366 * 41)

typedef struct CronField
{
	const char *name;
	int			low;
	int			high;
	const char *const *labels;	/* names of the values from low on, or NULL */
} CronField;

static const char *const month_labels[] = {
	"jan", "feb", "mar", "apr", "may", "jun",
	"jul", "aug", "sep", "oct", "nov", "dec", NULL
};

static const char *const weekday_labels[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
};

enum
{
	MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS
};

static const CronField fields[FIELDS] = {
	{"minute", 0, 59, NULL},
	{"hour", 0, 23, NULL},
	{"day of month", 1, 31, NULL},
	{"month", 1, 12, month_labels},
	{"day of week", 0, 7, weekday_labels}
};

static const char *ParseField(const char **text, const CronField *field, uint64 *bits);
static const char *ParseItem(const char **text, const CronField *field, uint64 *bits);
static const char *ParseValue(const char **text, const CronField *field, int *value);
static bool ParseNumber(const char **text, int *value);
static bool ParseLabel(const char **text, const CronField *field, int *value);
static bool DayMatches(const CronSchedule *cron, int64 day, int day_of_month);
static int	FirstMinute(const CronSchedule *cron, int from);
static void CivilDate(int64 day, int *month, int *day_of_month);

static inline bool
IsBlank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool
HasBit(uint64 bits, int n)
{
	return (bits >> n) & 1;
}

/*
 * How many fields, separated by white space, the text has.
 */
int
CronFieldCount(const char *text)
{
	int			count = 0;

	for (const char *p = text; *p != '\0'; p++)
	{
		if (!IsBlank(*p) && (p == text || IsBlank(p[-1])))
			count++;
	}
	return count;
}

/*
 * Reads a schedule.  False when it is none, or never comes due; error then says
 * why.
 */
bool
CronParse(const char *text, CronSchedule *cron, CronError *error)
{
	uint64		bits[FIELDS];
	bool		any[FIELDS];
	int64		ignored;

	error->field = NULL;
	error->problem = "does not have five fields";
	if (CronFieldCount(text) != FIELDS)
		return false;
	for (int i = 0; i < FIELDS; i++)
	{
		while (IsBlank(*text))
			text++;
		any[i] = (*text == '*');
		error->field = fields[i].name;
		error->problem = ParseField(&text, &fields[i], &bits[i]);
		if (error->problem != NULL)
			return false;
	}
	cron->minutes = bits[MINUTE];
	cron->hours = bits[HOUR];
	cron->days = bits[DAY];
	cron->months = bits[MONTH];
	/* 7 is Sunday too. */
	cron->weekdays = (bits[WEEKDAY] | (bits[WEEKDAY] >> 7)) & 0x7f;
	cron->any_day = any[DAY];
	cron->any_weekday = any[WEEKDAY];

	error->field = NULL;
	error->problem = "never comes due";
	return CronNext(cron, 0, &ignored);
}

/*
 * The first matching minute that is not before from.  False when there is none
 * within the horizon.
 */
bool
CronNext(const CronSchedule *cron, int64 from, int64 *next)
{
	int64		day = from / MINUTES_PER_DAY - (from % MINUTES_PER_DAY < 0 ? 1 : 0);
	int			minute = (int) (from - day * MINUTES_PER_DAY);

	for (int i = 0; i < CRON_HORIZON_DAYS; i++, day++, minute = 0)
	{
		int			month;
		int			day_of_month;
		int			found;

		CivilDate(day, &month, &day_of_month);
		if (!HasBit(cron->months, month) || !DayMatches(cron, day, day_of_month))
			continue;
		found = FirstMinute(cron, minute);
		if (found < 0)
			continue;
		*next = day * MINUTES_PER_DAY + found;
		return true;
	}
	return false;
}

/*
 * Does the schedule name every hour?
 */
bool
CronEveryHour(const CronSchedule *cron)
{
	return cron->hours == (UINT64CONST(1) << 24) - 1;
}

/*
 * A field: items separated by commas, up to the next blank.  Returns what is
 * wrong, or NULL.
 */
static const char *
ParseField(const char **text, const CronField *field, uint64 *bits)
{
	*bits = 0;
	for (;;)
	{
		const char *problem = ParseItem(text, field, bits);

		if (problem != NULL)
			return problem;
		if (**text == '\0' || IsBlank(**text))
			return NULL;
		if (**text != ',')
			return "has something that is no value, range, list or step";
		(*text)++;
	}
}

/*
 * An item: a star, a value or a range; a star or a range may have a step.  Adds
 * its values to bits.
 */
static const char *
ParseItem(const char **text, const CronField *field, uint64 *bits)
{
	int			low = field->low;
	int			high = field->high;
	int			step = 1;
	bool		single = false;
	const char *problem;

	if (**text == '*')
		(*text)++;
	else
	{
		if ((problem = ParseValue(text, field, &low)) != NULL)
			return problem;
		high = low;
		single = (**text != '-');
		if (!single)
		{
			(*text)++;
			if ((problem = ParseValue(text, field, &high)) != NULL)
				return problem;
			/* A week may end with Sunday. */
			if (field->high == 7 && high == 0 && low > 0)
				high = 7;
		}
	}
	if (high < low)
		return "has a range that ends before it begins";
	if (**text == '/')
	{
		if (single)
			return "has a step without a range";
		(*text)++;
		if (!ParseNumber(text, &step) || step < 1 || step > field->high)
			return "has a step that is out of range";
	}
	for (int value = low; value <= high; value += step)
		*bits |= UINT64CONST(1) << value;
	return NULL;
}

/*
 * A number or a name within the limits of the field.
 */
static const char *
ParseValue(const char **text, const CronField *field, int *value)
{
	if (!ParseNumber(text, value) && !ParseLabel(text, field, value))
		return "has something that is no value, range, list or step";
	if (*value < field->low || *value > field->high)
		return "has a value that is out of range";
	return NULL;
}

/*
 * Digits.  A number too large for any field is read as one.
 */
static bool
ParseNumber(const char **text, int *value)
{
	const char *start = *text;

	*value = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++)
	{
		if (*value < 1000)
			*value = *value * 10 + (**text - '0');
	}
	return *text != start;
}

/*
 * A name of three letters, upper or lower case.
 */
static bool
ParseLabel(const char **text, const CronField *field, int *value)
{
	if (field->labels == NULL)
		return false;
	for (int i = 0; field->labels[i] != NULL; i++)
	{
		const char *label = field->labels[i];
		int			n = 0;

		/* ORing 0x20 makes an ASCII letter a small one. */
		while (n < 3 && (*text)[n] != '\0' && ((*text)[n] | 0x20) == label[n])
			n++;
		if (n == 3)
		{
			*text += 3;
			*value = field->low + i;
			return true;
		}
	}
	return false;
}

/*
 * When both the day of the month and the weekday are restricted, one of them is
 * enough.
 */
static bool
DayMatches(const CronSchedule *cron, int64 day, int day_of_month)
{
	/* 1970-01-01 was a Thursday. */
	int			weekday = (int) (((day + 4) % 7 + 7) % 7);
	bool		by_day = HasBit(cron->days, day_of_month);
	bool		by_weekday = HasBit(cron->weekdays, weekday);

	if (cron->any_day || cron->any_weekday)
		return by_day && by_weekday;
	return by_day || by_weekday;
}

/*
 * The first matching minute of a day that is not before from, or -1.
 */
static int
FirstMinute(const CronSchedule *cron, int from)
{
	for (int hour = from / 60; hour < 24; hour++)
	{
		if (!HasBit(cron->hours, hour))
			continue;
		for (int minute = (hour == from / 60 ? from % 60 : 0); minute < 60; minute++)
		{
			if (HasBit(cron->minutes, minute))
				return hour * 60 + minute;
		}
	}
	return -1;
}

/*
 * Month and day of month of a day counted from 1970-01-01.  Years are taken to
 * begin in March, so that the leap day is their last.
 */
static void
CivilDate(int64 day, int *month, int *day_of_month)
{
	int64		shifted = day + 719468;
	int64		era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int			day_of_era = (int) (shifted - era * 146097);
	int			year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int			day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int			march_month = (5 * day_of_year + 2) / 153;

	*day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
	*month = march_month < 10 ? march_month + 3 : march_month - 9;
}
