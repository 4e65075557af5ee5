/*
 * transfer.h
 *		What other rooms need of transfers.
 */
#ifndef INVENTORY_TRANSFER_H
#define INVENTORY_TRANSFER_H

#include "postgres.h"

#include "line_item.h"

extern int64 TransferCreate(int64 from_warehouse_id, int64 to_warehouse_id,
							const LineItem *items, int nitems, Datum *row);

#endif							/* INVENTORY_TRANSFER_H */
