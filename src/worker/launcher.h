/*
 * launcher.h
 *		The processes: a launcher, and one worker for each database.
 */
#ifndef INVENTORY_LAUNCHER_H
#define INVENTORY_LAUNCHER_H

#include "postgres.h"

/* What pg_stat_activity shows as backend_type. */
#define LAUNCHER_TYPE	"inventory launcher"
#define WORKER_TYPE		"inventory worker"

extern void WorkerInit(void);
extern void WorkerWake(void);
extern bool WorkerLock(bool for_session);

#endif							/* INVENTORY_LAUNCHER_H */
