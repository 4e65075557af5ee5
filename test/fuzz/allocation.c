/*
 * allocation.c
 *		Fuzzes the choice of warehouses: small orders against every possible
 *		choice.
 */
#include "postgres.h"

#include "fuzz.h"

#include <signal.h>

#include "allocation.h"

#define MOST_PRODUCTS	4
#define MOST_WAREHOUSES	6
#define MOST_LINES		6

/* What the file takes from the server. */
volatile sig_atomic_t InterruptPending = false;
static void *allocated[4096];
static int	nallocated = 0;

void
ProcessInterrupts(void)
{
}

void *
palloc(Size size)
{
	if (nallocated == lengthof(allocated))
		abort();
	return allocated[nallocated++] = malloc(size);
}

void *
palloc_extended(Size size, int flags)
{
	return palloc(size);
}

void
pfree(void *pointer)
{
	for (int i = 0; i < nallocated; i++)
	{
		if (allocated[i] == pointer)
		{
			free(pointer);
			allocated[i] = allocated[--nallocated];
			return;
		}
	}
	abort();
}

bool
errstart(int elevel, const char *domain)
{
	abort();
}

bool
errstart_cold(int elevel, const char *domain)
{
	abort();
}

int
errmsg_internal(const char *fmt,...)
{
	abort();
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	abort();
}

/*
 * The least number of warehouses, besides those in use, that have what is needed.
 */
static int
FewestByTrying(const Allocation *allocation, const int64 *needed)
{
	int			fewest = MOST_WAREHOUSES + 1;

	for (int set = 0; set < 1 << allocation->nwarehouses; set++)
	{
		bool		enough = true;

		for (int p = 0; p < allocation->nproducts; p++)
		{
			/* Wide enough for every warehouse of any size. */
			__int128	together = 0;

			for (int w = 0; w < allocation->nwarehouses; w++)
				if (allocation->used[w] || (set >> w & 1))
					together += allocation->free[p * allocation->nwarehouses + w];
			enough &= together >= needed[p];
		}
		if (enough)
			fewest = Min(fewest, __builtin_popcount(set));
	}
	return fewest;
}

/*
 * Serves one line and checks what it got.
 */
static void
PickAndCheck(Allocation *allocation, int product, int64 quantity)
{
	AllocationPick picks[MOST_WAREHOUSES];
	int64	   *free_of = &allocation->free[product * allocation->nwarehouses];
	int64		before[MOST_WAREHOUSES];
	int64		left = quantity;
	int			n;

	memcpy(before, free_of, allocation->nwarehouses * sizeof(int64));
	n = AllocationPickLine(allocation, product, quantity, picks);
	PROPERTY(n <= allocation->nwarehouses, "%d picks", n);
	for (int i = 0; i < n; i++)
	{
		int			w = picks[i].warehouse;

		PROPERTY(picks[i].quantity > 0 && picks[i].quantity <= before[w], "warehouse %d", w);
		PROPERTY(free_of[w] == before[w] - picks[i].quantity, "warehouse %d", w);
		for (int j = 0; j < i; j++)
			PROPERTY(picks[j].warehouse != w, "warehouse %d twice", w);
		for (int other = 0; other < allocation->nwarehouses; other++)
		{
			if (allocation->policy == ALLOCATE_PRIORITY && other < w)
				PROPERTY(free_of[other] == 0, "%d comes before %d", other, w);
			if (allocation->policy == ALLOCATE_MOST_STOCK && (free_of[other] == before[other]))
				PROPERTY(before[other] <= before[w], "%d has more than %d", other, w);
		}
		left -= picks[i].quantity;
	}
	PROPERTY(left == 0, "%lld of %lld missing", (long long) left, (long long) quantity);
}

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input		input = {data, size};
	Allocation	allocation;
	int64		stock[MOST_PRODUCTS * MOST_WAREHOUSES];
	bool		used[MOST_WAREHOUSES] = {false};
	int64		needed[MOST_PRODUCTS] = {0};
	int			products[MOST_LINES];
	int64		quantities[MOST_LINES];
	int			nlines = DrawInt(&input, 1, MOST_LINES);
	int			most = DrawInt(&input, 0, 7) == 0 ? 30000 : 5;
	int64		unit = DrawInt(&input, 0, 7) == 0 ? PG_INT64_MAX / 200000 : 1;
	int			fewest;
	int			before = 0;
	int			after = 0;

	allocation.nproducts = DrawInt(&input, 1, MOST_PRODUCTS);
	allocation.nwarehouses = DrawInt(&input, 1, MOST_WAREHOUSES);
	allocation.policy = (AllocationPolicy[])
	{
		ALLOCATE_PRIORITY, ALLOCATE_MOST_STOCK, ALLOCATE_FEWEST_SPLITS
	}[DrawInt(&input, 0, 2)];
	allocation.free = stock;
	allocation.used = used;
	for (int i = 0; i < allocation.nproducts * allocation.nwarehouses; i++)
		stock[i] = unit * DrawInt(&input, 0, most);
	for (int w = 0; w < allocation.nwarehouses; w++)
		used[w] = DrawInt(&input, 0, 5) == 0;

	/* Lines that all warehouses together can serve. */
	for (int i = 0; i < nlines; i++)
	{
		int64		room = 0;

		products[i] = DrawInt(&input, 0, allocation.nproducts - 1);
		for (int w = 0; w < allocation.nwarehouses; w++)
			room += stock[products[i] * allocation.nwarehouses + w];
		room -= needed[products[i]];
		quantities[i] = room == 0 ? 0 : 1 + (int64) (room * (DrawInt(&input, 0, 999) / 1000.0));
		quantities[i] = Min(quantities[i], room);
		needed[products[i]] += quantities[i];
	}

	fewest = FewestByTrying(&allocation, needed);
	for (int w = 0; w < allocation.nwarehouses; w++)
		before += used[w];
	AllocationChoose(&allocation, needed);
	for (int w = 0; w < allocation.nwarehouses; w++)
		after += used[w];
	if (allocation.policy == ALLOCATE_FEWEST_SPLITS)
		PROPERTY(after - before == fewest, "%d warehouses, %d are enough", after - before, fewest);
	else
		PROPERTY(after == before, "nothing is to be chosen");
	for (int i = 0; i < nlines; i++)
		if (quantities[i] > 0)
			PickAndCheck(&allocation, products[i], quantities[i]);

	while (nallocated > 0)
		free(allocated[--nallocated]);
	return 0;
}
