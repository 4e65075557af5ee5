/*
 * line_item.h
 *		The lines of a document as JSON, and which open lines of a document they
 *		go to.
 */
#ifndef INVENTORY_LINE_ITEM_H
#define INVENTORY_LINE_ITEM_H

#include "postgres.h"

#include "fmgr.h"

/* What the lines of a function look like. */
typedef struct LineShape
{
	const char *argument;		/* its name, for messages */
	const char *quantity_key;
	bool		has_warehouse;	/* may have a warehouse_id */
	bool		has_unit_cost;	/* may have a unit_cost */
} LineShape;

/* One element of the array. */
typedef struct LineItem
{
	int			line;			/* 1, 2, 3 ... */
	int64		product_id;
	int64		warehouse_id;
	bool		has_warehouse;
	int64		quantity;		/* base units, above zero */
	Datum		unit_cost;		/* numeric */
	bool		has_unit_cost;
} LineItem;

/* A line of a document that waits for goods. */
typedef struct OpenLine
{
	int			line_no;
	int64		product_id;
	int64		received;		/* so far, base units */
	int64		open;			/* still to come, base units */
	int64		excess;			/* may come on top of it */
	int64		taken;			/* by the item that is being spread; else 0 */
} OpenLine;

/* A part of what came in, and the line of the document it belongs to. */
typedef struct LineDelivery
{
	OpenLine   *line;
	int64		quantity;		/* base units, above zero */
	Datum		unit_cost;		/* numeric */
	bool		has_unit_cost;
} LineDelivery;

/* What goods come in for, for messages. */
typedef struct ReceivingDocument
{
	const char *kind;
	const char *excess_hint;	/* what to do with more than is open */
} ReceivingDocument;

extern LineItem *LineItemsRead(FunctionCallInfo fcinfo, int n,
							   const LineShape *shape, int *nitems);
extern void LineItemsCheckExist(const LineItem *items, int nitems,
								const LineShape *shape);
extern LineDelivery *LineItemsDeliver(const LineItem *items, int nitems,
									  OpenLine *lines, int nlines,
									  const ReceivingDocument *document, int64 id,
									  int *ndeliveries);
extern LineDelivery *LineItemsDeliverAll(OpenLine *lines, int nlines,
										 int *ndeliveries);

#endif							/* INVENTORY_LINE_ITEM_H */
