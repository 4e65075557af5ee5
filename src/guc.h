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

extern void GucInit(void);
extern text *GucText(const char *value);

#endif							/* INVENTORY_GUC_H */
