/*
 * reservation.h
 *		What other rooms need of reservations.
 */
#ifndef INVENTORY_RESERVATION_H
#define INVENTORY_RESERVATION_H

#include "postgres.h"

#include "stock.h"

extern void ReservationMakeRoom(StockItem *item, int64 quantity);

#endif							/* INVENTORY_RESERVATION_H */
