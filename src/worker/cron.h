/*
 * cron.h
 *		The five fields of a cron schedule: parsing, and the next matching minute.
 *
 * Pure arithmetic on local time; time zones are schedule.c's business.
 */
#ifndef INVENTORY_CRON_H
#define INVENTORY_CRON_H

#include "c.h"

/* Bit n stands for the value n; weekdays 0 (Sunday) to 6. */
typedef struct CronSchedule
{
	uint64		minutes;
	uint64		hours;
	uint64		days;
	uint64		months;
	uint64		weekdays;
	bool		any_day;		/* the field began with a star */
	bool		any_weekday;
} CronSchedule;

/* What is wrong with a schedule. */
typedef struct CronError
{
	const char *field;			/* name of the field, or NULL: the whole */
	const char *problem;
} CronError;

extern int	CronFieldCount(const char *text);
extern bool CronParse(const char *text, CronSchedule *cron, CronError *error);
extern bool CronNext(const CronSchedule *cron, int64 from, int64 *next);
extern bool CronEveryHour(const CronSchedule *cron);

#endif							/* INVENTORY_CRON_H */
