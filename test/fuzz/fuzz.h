/*
 * fuzz.h
 *		What the fuzz targets share: drawing arguments from the fuzzer's bytes, and
 *		saying what does not hold.
 */
#ifndef INVENTORY_FUZZ_H
#define INVENTORY_FUZZ_H

#include "c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The server brings its own, which are not linked here. */
#undef fprintf

/* The bytes that are left; zeros once there are none. */
typedef struct Input
{
	const uint8 *data;
	size_t		left;
} Input;

/* Stops where a property does not hold, so that the fuzzer keeps the input. */
#define PROPERTY(condition, ...) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: does not hold: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			abort(); \
		} \
	} while (0)

static inline void
DrawBytes(Input *input, void *target, size_t bytes)
{
	size_t		n = Min(bytes, input->left);

	memset(target, 0, bytes);
	memcpy(target, input->data, n);
	input->data += n;
	input->left -= n;
}

/* A number from low to high. */
static inline int
DrawInt(Input *input, int low, int high)
{
	uint16		drawn;

	DrawBytes(input, &drawn, sizeof(drawn));
	return low + drawn % (high - low + 1);
}

/* Any finite number; extreme ones are as likely as plain ones. */
static inline double
DrawFinite(Input *input)
{
	double		value;

	DrawBytes(input, &value, sizeof(value));
	return isfinite(value) ? value : 1.0;
}

/* A number that a shop may have, from 0.01 to 10,000. */
static inline double
DrawPlain(Input *input)
{
	return pow(10.0, DrawInt(input, -2000, 4000) / 1000.0);
}

#endif							/* INVENTORY_FUZZ_H */
