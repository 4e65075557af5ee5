/*
 * allocation.h
 *		Which warehouses serve what an order asks for.  No SQL here: the caller has
 *		locked the items and says what each has.
 */
#ifndef INVENTORY_ALLOCATION_H
#define INVENTORY_ALLOCATION_H

#include "postgres.h"

#include "guc.h"

/*
 * Products and warehouses are numbers from 0.  Warehouses are numbered in the
 * order in which they are preferred.
 */
typedef struct Allocation
{
	AllocationPolicy policy;
	int			nproducts;
	int			nwarehouses;
	int64	   *free;			/* [product * nwarehouses + warehouse], base
								 * units; less what has been taken */
	bool	   *used;			/* [warehouse]: serves a part of the order anyway */
} Allocation;

/* What a warehouse gives for a line. */
typedef struct AllocationPick
{
	int			warehouse;
	int64		quantity;		/* base units, above zero */
} AllocationPick;

extern void AllocationChoose(Allocation *allocation, const int64 *needed);
extern int	AllocationPickLine(Allocation *allocation, int product, int64 quantity,
							   AllocationPick *picks);

#endif							/* INVENTORY_ALLOCATION_H */
