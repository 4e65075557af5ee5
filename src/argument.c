/*
 * argument.c
 *		Reads and checks the arguments of SQL functions.
 */
#include "argument.h"

#include "access/detoast.h"
#include "utils/timestamp.h"

#include "compat.h"

static text *ArgumentText(FunctionCallInfo fcinfo, int n, const char *name,
						  Size max_bytes);
static void CheckNotNull(FunctionCallInfo fcinfo, int n, const char *name);
static void CheckPositive(int64 value, const char *name);

/*
 * An id, not NULL.
 */
int64
ArgumentId(FunctionCallInfo fcinfo, int n, const char *name)
{
	CheckNotNull(fcinfo, n, name);
	return PG_GETARG_INT64(n);
}

/*
 * A quantity in base units, above zero.
 */
int64
ArgumentQuantity(FunctionCallInfo fcinfo, int n, const char *name)
{
	CheckNotNull(fcinfo, n, name);
	CheckPositive(PG_GETARG_INT64(n), name);
	return PG_GETARG_INT64(n);
}

/*
 * A signed change in base units, not zero.
 */
int64
ArgumentDelta(FunctionCallInfo fcinfo, int n, const char *name)
{
	CheckNotNull(fcinfo, n, name);
	if (PG_GETARG_INT64(n) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be zero", name)));
	return PG_GETARG_INT64(n);
}

/*
 * A count or a number of minutes, above zero.
 */
int32
ArgumentPositive(FunctionCallInfo fcinfo, int n, const char *name)
{
	CheckNotNull(fcinfo, n, name);
	CheckPositive(PG_GETARG_INT32(n), name);
	return PG_GETARG_INT32(n);
}

/*
 * A text that has to be there, neither NULL nor empty, and is kept in an index.
 */
text *
ArgumentLabel(FunctionCallInfo fcinfo, int n, const char *name)
{
	return ArgumentText(fcinfo, n, name, MAX_LABEL_BYTES);
}

/*
 * The same for one that people read.
 */
text *
ArgumentReason(FunctionCallInfo fcinfo, int n, const char *name)
{
	return ArgumentText(fcinfo, n, name, MAX_REASON_BYTES);
}

/*
 * A text or NULL.  The length is looked at before the value is fetched, so that
 * a huge one costs nothing.
 */
text *
ArgumentOptionalText(FunctionCallInfo fcinfo, int n, const char *name,
					 Size max_bytes)
{
	Size		bytes;

	if (PG_ARGISNULL(n))
		return NULL;
	bytes = toast_raw_datum_size(PG_GETARG_DATUM(n)) - VARHDRSZ;
	if (bytes > max_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is too long", name),
				 errdetail("It has %zu bytes; at most %zu are kept.",
						   bytes, max_bytes)));
	return PG_GETARG_TEXT_PP(n);
}

/*
 * A yes or no.
 */
bool
ArgumentBool(FunctionCallInfo fcinfo, int n, const char *name)
{
	CheckNotNull(fcinfo, n, name);
	return PG_GETARG_BOOL(n);
}

/*
 * A time, which may be infinite.
 */
TimestampTz
ArgumentTime(FunctionCallInfo fcinfo, int n, const char *name)
{
	CheckNotNull(fcinfo, n, name);
	return PG_GETARG_TIMESTAMPTZ(n);
}

/*
 * A day, or NULL: false.  Raises 22023 for an infinite one.
 */
bool
ArgumentOptionalDate(FunctionCallInfo fcinfo, int n, const char *name, DateADT *day)
{
	if (PG_ARGISNULL(n))
		return false;
	*day = PG_GETARG_DATEADT(n);
	if (DATE_NOT_FINITE(*day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be infinite", name)));
	return true;
}

/*
 * A day, neither NULL nor infinite.
 */
DateADT
ArgumentDate(FunctionCallInfo fcinfo, int n, const char *name)
{
	DateADT		day;

	CheckNotNull(fcinfo, n, name);
	(void) ArgumentOptionalDate(fcinfo, n, name, &day);
	return day;
}

/*
 * A text of at most max_bytes, neither NULL nor empty.
 */
static text *
ArgumentText(FunctionCallInfo fcinfo, int n, const char *name, Size max_bytes)
{
	text	   *value;

	CheckNotNull(fcinfo, n, name);
	value = ArgumentOptionalText(fcinfo, n, name, max_bytes);
	if (VARSIZE_ANY_EXHDR(value) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", name)));
	return value;
}

/*
 * A value has to be there.
 */
static void
CheckNotNull(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be NULL", name)));
}

/*
 * A value has to be above zero.
 */
static void
CheckPositive(int64 value, const char *name)
{
	if (value <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be positive", name),
				 errdetail("Got %lld.", (long long) value)));
}
