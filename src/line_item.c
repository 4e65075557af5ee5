/*
 * line_item.c
 *		The lines of a document as JSON, and which open lines of a document they
 *		go to.
 *
 * Numbers may come as JSON strings too: drivers that cannot hold a bigint or a
 * numeric hand them to their callers as strings.
 */
#include "line_item.h"

#include "common/int.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "errors.h"
#include "stock.h"

/* Longest number that is looked at: more digits than any bigint or sane price. */
#define MAX_NUMBER_BYTES	100

/* Most lines of one document. */
#define MAX_LINES			1000000

/* Where in the array we are, for messages. */
typedef struct LinePlace
{
	const LineShape *shape;
	int			line;
} LinePlace;

static void ErrorNotLines(const LineShape *shape, const char *what) pg_attribute_noreturn();
static void ReadLine(const LinePlace *place, JsonbContainer *object, LineItem *item);
static bool ReadKey(const LinePlace *place, const char *key, JsonbValue *value,
					LineItem *item);
static void CheckComplete(const LinePlace *place, bool has_product, bool has_quantity);
static int64 ReadInt64(const LinePlace *place, const char *key, JsonbValue *value);
static Datum ReadCost(const LinePlace *place, const char *key, JsonbValue *value);
static Numeric ReadNumber(const LinePlace *place, const char *key, JsonbValue *value);
static bool IsPlainNumber(const char *text, int length);
static int	CompareOpenLines(const void *a, const void *b);
static int	FindProduct(const OpenLine *lines, int nlines, int64 product_id);
static int	DeliverLine(const LineItem *item, OpenLine *lines, int nlines,
						int first, const ReceivingDocument *document,
						LineDelivery *deliveries);
static int64 TakeInto(OpenLine *line, int64 *room, int64 wanted);

/*
 * Reads a jsonb argument that has to be an array of lines of the given shape,
 * at least one.  Raises 22023, with the number of the line, for anything else,
 * and 22003 for a number that is too large.  The result is in the current memory
 * context.
 */
LineItem *
LineItemsRead(FunctionCallInfo fcinfo, int n, const LineShape *shape, int *nitems)
{
	Jsonb	   *jsonb;
	JsonbIterator *iterator;
	JsonbValue	value;
	JsonbIteratorToken token;
	LineItem   *items;
	LinePlace	place = {.shape = shape};

	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be NULL", shape->argument)));
	jsonb = PG_GETARG_JSONB_P(n);
	if (JB_ROOT_IS_OBJECT(jsonb))
		ErrorNotLines(shape, "an object");
	if (JB_ROOT_IS_SCALAR(jsonb))
		ErrorNotLines(shape, "a single value");
	if (JB_ROOT_COUNT(jsonb) == 0)
		ErrorNotLines(shape, "empty");

	if (JB_ROOT_COUNT(jsonb) > MAX_LINES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has too many lines", shape->argument),
				 errdetail("It has %u; at most %d are taken at once.",
						   JB_ROOT_COUNT(jsonb), MAX_LINES)));
	items = palloc0(JB_ROOT_COUNT(jsonb) * sizeof(LineItem));
	iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorNext(&iterator, &value, false);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		place.line++;
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("line %d of %s is not a JSON object", place.line, shape->argument)));
		ReadLine(&place, value.val.binary.data, &items[place.line - 1]);
	}
	*nitems = place.line;
	return items;
}

/*
 * Raises 22023 for an argument that is no array of lines.
 */
static void
ErrorNotLines(const LineShape *shape, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be a JSON array of at least one line", shape->argument),
			 errdetail("It is %s.", what),
			 errhint("For example: [{\"product_id\": 1, \"%s\": 10}].",
					 shape->quantity_key)));
}

/*
 * Reads one line.
 */
static void
ReadLine(const LinePlace *place, JsonbContainer *object, LineItem *item)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbValue	value;
	bool		has_product = false;
	bool		has_quantity = false;

	item->line = place->line;
	JsonbIteratorNext(&iterator, &value, false);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		char	   *key = pnstrdup(value.val.string.val, value.val.string.len);

		JsonbIteratorNext(&iterator, &value, true);
		if (!ReadKey(place, key, &value, item))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("line %d of %s has an unknown key \"%s\"", place->line,
							place->shape->argument, pnstrdup(key, pg_mbcliplen(key, strlen(key), 60))),
					 errhint("Known keys: product_id%s, %s%s.",
							 place->shape->has_warehouse ? ", warehouse_id" : "",
							 place->shape->quantity_key,
							 place->shape->has_unit_cost ? ", unit_cost" : "")));
		has_product |= strcmp(key, "product_id") == 0;
		has_quantity |= strcmp(key, place->shape->quantity_key) == 0;
		pfree(key);
	}
	CheckComplete(place, has_product, has_quantity);
}

/*
 * Reads the value of one key into the line; false when the shape does not have
 * it.  An optional value that is null counts as left out.
 */
static bool
ReadKey(const LinePlace *place, const char *key, JsonbValue *value, LineItem *item)
{
	const LineShape *shape = place->shape;

	if (strcmp(key, "product_id") == 0)
		item->product_id = ReadInt64(place, key, value);
	else if (strcmp(key, shape->quantity_key) == 0)
	{
		item->quantity = ReadInt64(place, key, value);
		if (item->quantity <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("line %d of %s: %s must be positive", place->line,
							shape->argument, key),
					 errdetail("Got %lld.", (long long) item->quantity)));
	}
	else if (shape->has_warehouse && strcmp(key, "warehouse_id") == 0)
	{
		item->has_warehouse = value->type != jbvNull;
		if (item->has_warehouse)
			item->warehouse_id = ReadInt64(place, key, value);
	}
	else if (shape->has_unit_cost && strcmp(key, "unit_cost") == 0)
	{
		item->has_unit_cost = value->type != jbvNull;
		if (item->has_unit_cost)
			item->unit_cost = ReadCost(place, key, value);
	}
	else
		return false;
	return true;
}

/*
 * Raises 22023 when a line lacks what every line has.
 */
static void
CheckComplete(const LinePlace *place, bool has_product, bool has_quantity)
{
	if (!has_product || !has_quantity)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d of %s has no %s", place->line, place->shape->argument,
						has_product ? place->shape->quantity_key : "product_id")));
}

/*
 * A whole number that fits a bigint.
 */
static int64
ReadInt64(const LinePlace *place, const char *key, JsonbValue *value)
{
	char	   *digits = numeric_normalize(ReadNumber(place, key, value));
	char	   *end;
	int64		result;

	if (strchr(digits, '.') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d of %s: %s must be a whole number", place->line,
						place->shape->argument, key)));
	errno = 0;
	result = strtoi64(digits, &end, 10);
	if (errno == ERANGE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("line %d of %s: %s is out of range", place->line,
						place->shape->argument, key)));
	pfree(digits);
	return result;
}

/*
 * A cost: a number that is not negative.
 */
static Datum
ReadCost(const LinePlace *place, const char *key, JsonbValue *value)
{
	Numeric		cost = ReadNumber(place, key, value);

	if (DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(cost),
										 NumericGetDatum(int64_to_numeric(0)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d of %s: %s must not be negative", place->line,
						place->shape->argument, key)));
	return datumCopy(NumericGetDatum(cost), false, -1);
}

/*
 * A JSON number, or a string that is nothing but one.
 */
static Numeric
ReadNumber(const LinePlace *place, const char *key, JsonbValue *value)
{
	if (value->type == jbvNumeric)
		return value->val.numeric;
	if (value->type != jbvString ||
		!IsPlainNumber(value->val.string.val, value->val.string.len))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d of %s: %s must be %s", place->line,
						place->shape->argument, key,
						value->type == jbvNull ? "given, not null" : "a number")));
	return DatumGetNumeric(DirectFunctionCall3(numeric_in,
											   CStringGetDatum(pnstrdup(value->val.string.val,
																		value->val.string.len)),
											   ObjectIdGetDatum(InvalidOid),
											   Int32GetDatum(-1)));
}

/*
 * Digits, perhaps with a sign before and a fraction behind them?
 */
static bool
IsPlainNumber(const char *text, int length)
{
	int			i = 0;
	int			digits = 0;
	int			points = 0;

	if (length > MAX_NUMBER_BYTES)
		return false;
	if (length > 0 && text[0] == '-')
		i++;
	for (; i < length; i++)
	{
		if (text[i] == '.' && digits > 0 && points == 0)
		{
			points++;
			digits = 0;
		}
		else if (text[i] >= '0' && text[i] <= '9')
			digits++;
		else
			return false;
	}
	return digits > 0;
}

/*
 * Raises IV003, with the number of the line, for a product or warehouse that does
 * not exist.
 */
void
LineItemsCheckExist(const LineItem *items, int nitems, const LineShape *shape)
{
	for (int i = 0; i < nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!StockProductExists(items[i].product_id))
			ereport(ERROR,
					(errcode(ERRCODE_INVENTORY_NOT_FOUND),
					 errmsg("line %d of %s: product %lld does not exist",
							items[i].line, shape->argument,
							(long long) items[i].product_id)));
		if (items[i].has_warehouse && !StockWarehouseExists(items[i].warehouse_id))
			ereport(ERROR,
					(errcode(ERRCODE_INVENTORY_NOT_FOUND),
					 errmsg("line %d of %s: warehouse %lld does not exist",
							items[i].line, shape->argument,
							(long long) items[i].warehouse_id)));
	}
}

/*
 * Spreads what came in over the lines of a document that wait for it, line by
 * line in the order of line_no; only when nothing is open any more, over what may
 * come in excess.  Sorts the lines, and leaves in them what is open afterwards.
 * Raises IV003 for a product that
 * is not on the document, 22023 for more than may come.
 */
LineDelivery *
LineItemsDeliver(const LineItem *items, int nitems, OpenLine *lines, int nlines,
				 const ReceivingDocument *document, int64 id, int *ndeliveries)
{
	LineDelivery *deliveries;
	int			n = 0;

	/* Each delivery of an item but its last uses up what a line has open or excess. */
	deliveries = palloc((nitems + 2 * nlines) * sizeof(LineDelivery));
	qsort(lines, nlines, sizeof(OpenLine), CompareOpenLines);
	for (int i = 0; i < nitems; i++)
	{
		int			first = FindProduct(lines, nlines, items[i].product_id);

		CHECK_FOR_INTERRUPTS();
		if (first == nlines)
			ereport(ERROR,
					(errcode(ERRCODE_INVENTORY_NOT_FOUND),
					 errmsg("line %d of line_items: product %lld is not on %s %lld",
							items[i].line, (long long) items[i].product_id,
							document->kind, (long long) id)));
		n += DeliverLine(&items[i], lines, nlines, first, document, &deliveries[n]);
	}
	*ndeliveries = n;
	return deliveries;
}

/*
 * Everything that is open comes in.
 */
LineDelivery *
LineItemsDeliverAll(OpenLine *lines, int nlines, int *ndeliveries)
{
	LineDelivery *deliveries = palloc(nlines * sizeof(LineDelivery));
	int			n = 0;

	for (int i = 0; i < nlines; i++)
		if (lines[i].open > 0)
			deliveries[n++] = (LineDelivery)
		{
			.line = &lines[i], .quantity = lines[i].open
		};
	*ndeliveries = n;
	return deliveries;
}

/*
 * Spreads one item over the lines of its product, the first of which is at
 * `first`.  Returns the number of deliveries.
 */
static int
DeliverLine(const LineItem *item, OpenLine *lines, int nlines, int first,
			const ReceivingDocument *document, LineDelivery *deliveries)
{
	int64		left = item->quantity;
	int64		open = 0;
	int			end = first;
	int			n = 0;

	for (; end < nlines && lines[end].product_id == item->product_id; end++)
	{
		if (pg_add_s64_overflow(open, lines[end].open, &open))
			open = PG_INT64_MAX;
		left -= TakeInto(&lines[end], &lines[end].open, left);
	}
	for (int i = first; i < end; i++)
		left -= TakeInto(&lines[i], &lines[i].excess, left);
	if (left > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("line %d of line_items: more of product %lld than is open",
						item->line, (long long) item->product_id),
				 errdetail("Open: %lld, to receive: %lld.", (long long) open,
						   (long long) item->quantity),
				 errhint("%s", document->excess_hint)));

	for (int i = first; i < end; i++)
	{
		if (lines[i].taken == 0)
			continue;
		deliveries[n].line = &lines[i];
		deliveries[n].quantity = lines[i].taken;
		deliveries[n].unit_cost = item->unit_cost;
		deliveries[n].has_unit_cost = item->has_unit_cost;
		lines[i].taken = 0;
		n++;
	}
	return n;
}

/*
 * Takes at most `wanted` out of a room of a line.  Returns how much.
 */
static int64
TakeInto(OpenLine *line, int64 *room, int64 wanted)
{
	int64		taken = Min(*room, wanted);

	*room -= taken;
	line->taken += taken;
	return taken;
}

/*
 * By product, then by number.
 */
static int
CompareOpenLines(const void *a, const void *b)
{
	const OpenLine *left = a;
	const OpenLine *right = b;

	if (left->product_id != right->product_id)
		return left->product_id < right->product_id ? -1 : 1;
	return left->line_no < right->line_no ? -1 : left->line_no > right->line_no;
}

/*
 * The first of the sorted lines with a product; nlines when there is none.
 */
static int
FindProduct(const OpenLine *lines, int nlines, int64 product_id)
{
	int			low = 0;
	int			high = nlines;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (lines[middle].product_id < product_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < nlines && lines[low].product_id == product_id ? low : nlines;
}
