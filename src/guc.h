/*
 * guc.h
 *		The settings of inventory.
 */
#ifndef INVENTORY_GUC_H
#define INVENTORY_GUC_H

#include "postgres.h"

/* Each is NULL or empty where nobody set it. */
extern char *guc_performed_by;
extern char *guc_occurred_at;
extern char *guc_reference_id;
extern char *guc_root_cause;

/* A MovementType; an int because the GUC machinery writes it. */
extern int	guc_movement_type;

/* How order lines without a warehouse are served; an int for the same reason. */
typedef enum AllocationPolicy
{
	ALLOCATE_PRIORITY,
	ALLOCATE_MOST_STOCK,
	ALLOCATE_FEWEST_SPLITS
} AllocationPolicy;

extern int	guc_allocation;

extern double guc_over_receipt_tolerance_percent;

extern bool guc_fast_path;

/* Cycle counting. */
extern int	guc_count_window_days;
extern double guc_count_fast_percent;
extern int	guc_count_fast_days;
extern int	guc_count_slow_days;
extern int	guc_count_start_hours;

/* Planning. */
extern double guc_order_cost;
extern double guc_holding_rate;
extern bool guc_replenish_by_transfer;
extern int	guc_replenishment_log_days;

/* The worker. */
extern char *guc_databases;
extern int	guc_job_run_retention_days;
extern int	guc_job_backoff_ms;
extern int	guc_job_backoff_max_ms;
extern int	guc_job_clock_offset;	/* seconds */

extern void GucInit(void);
extern text *GucText(const char *value);

#endif							/* INVENTORY_GUC_H */
