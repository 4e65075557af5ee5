/*
 * runner.h
 *		One run of a job: the lock, the records, the command.
 */
#ifndef INVENTORY_RUNNER_H
#define INVENTORY_RUNNER_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "schedule.h"

/* How often a command is cancelled before its worker ends. */
#define RUN_PATIENCE	5

typedef struct Job
{
	char	   *name;
	char	   *schedule;
	char	   *command;
	char	   *timezone;
	char	   *owner;			/* what the role is called now, or was last */
	Oid			owner_oid;		/* InvalidOid when that role is gone */
	bool		renamed;
	int64		timeout_ms;
	TimestampTz next_run_at;	/* DT_NOBEGIN when it is not enabled */
	int			failures;		/* in a row */
} Job;

/* Who a job belongs to; built-in ones to the owner of the extension, whoever that is by now. */
#define JOB_OWNER(job) \
	"CASE WHEN " job ".is_builtin THEN (SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) " job ".tableoid) " \
	"ELSE " job ".owner_oid END "

/* The columns that JobRead reads, of inventory.job j. */
#define JOB_COLUMNS \
	"j.name, j.schedule, j.command, j.timezone, j.owner, " \
	"CAST(EXTRACT(epoch FROM j.timeout) OPERATOR(pg_catalog.*) 1000 AS pg_catalog.int8), " \
	"j.next_run_at, j.consecutive_failures, " JOB_OWNER("j")
#define JOB_COLUMN_COUNT	9

/* A run that has begun. */
typedef struct JobRun
{
	int64		run_id;
	TimestampTz next;			/* when the job is due after it; DT_NOBEGIN: as it was */
	Schedule	schedule;
} JobRun;

extern void JobRead(uint64 row, Job *job);
extern Oid	JobOwner(const Job *job);
extern TimestampTz JobNow(void);

extern bool JobLock(const char *name);
extern void JobUnlock(const char *name);

extern void RunStart(const Job *job, bool by_hand, bool scheduled,
					 const char *reason, JobRun *run);
extern void RunWithdraw(const Job *job, const JobRun *run);
extern void RunSkip(const Job *job, const char *reason);
extern bool RunRefuseBroken(const Job *job);
extern void RunArm(const Job *job, bool in_worker);
extern void RunDisarm(void);
extern int64 RunCommand(const Job *job);
extern bool RunInJob(void);
extern bool RunTimedOut(void);
extern void RunInterrupt(void);
extern Datum RunEnd(const Job *job, const JobRun *run, int64 rows,
					const ErrorData *error);
extern void RunReschedule(const Job *job, const JobRun *run, bool failed);
extern void JobReschedule(const Job *job, TimestampTz expected, TimestampTz next, int failures);
extern TimestampTz JobRetryAt(int failures, TimestampTz now);
extern char *LateReason(const Job *job, TimestampTz now, const char *cause);

#endif							/* INVENTORY_RUNNER_H */
