/*
 * argument.h
 *		Reads and checks the arguments of SQL functions.
 *
 * Every function here raises 22023 with the argument's name when the value
 * cannot be used.  Ids are only checked for NULL: whether they exist is found
 * out under the lock.
 */
#ifndef INVENTORY_ARGUMENT_H
#define INVENTORY_ARGUMENT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/date.h"

/* Longest reference, key and name: they are kept in indexes. */
#define MAX_LABEL_BYTES		255
/* Longest reason: read by people. */
#define MAX_REASON_BYTES	2000

extern int64 ArgumentId(FunctionCallInfo fcinfo, int n, const char *name);
extern int64 ArgumentQuantity(FunctionCallInfo fcinfo, int n, const char *name);
extern int64 ArgumentDelta(FunctionCallInfo fcinfo, int n, const char *name);
extern int32 ArgumentPositive(FunctionCallInfo fcinfo, int n, const char *name);
extern text *ArgumentLabel(FunctionCallInfo fcinfo, int n, const char *name);
extern text *ArgumentOptionalText(FunctionCallInfo fcinfo, int n, const char *name,
								  Size max_bytes);
extern text *ArgumentReason(FunctionCallInfo fcinfo, int n, const char *name);
extern bool ArgumentBool(FunctionCallInfo fcinfo, int n, const char *name);
extern TimestampTz ArgumentTime(FunctionCallInfo fcinfo, int n, const char *name);
extern DateADT ArgumentDate(FunctionCallInfo fcinfo, int n, const char *name);
extern bool ArgumentOptionalDate(FunctionCallInfo fcinfo, int n, const char *name,
								 DateADT *day);

#endif							/* INVENTORY_ARGUMENT_H */
