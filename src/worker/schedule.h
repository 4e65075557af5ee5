/*
 * schedule.h
 *		When a job is due: an interval or cron fields, in a time zone.
 */
#ifndef INVENTORY_SCHEDULE_H
#define INVENTORY_SCHEDULE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

#include "cron.h"

typedef struct Schedule
{
	bool		is_cron;
	CronSchedule cron;
	Interval	interval;
	pg_tz	   *zone;
} Schedule;

extern void ScheduleParse(const char *text, const char *zone, Schedule *schedule);
extern bool ScheduleRead(const char *text, const char *zone, Schedule *schedule,
						 CronError *error);
extern TimestampTz ScheduleNext(const Schedule *schedule, TimestampTz after);
extern TimestampTz ScheduleSkip(const Schedule *schedule, TimestampTz due,
								TimestampTz now, int64 *skipped);

#endif							/* INVENTORY_SCHEDULE_H */
