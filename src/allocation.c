/*
 * allocation.c
 *		Which warehouses serve what an order asks for.
 *
 * To find the fewest warehouses that together have everything is set cover, so an
 * order that asks for it the hard way could be searched for ever.  The greedy
 * answer, each time the warehouse that has most of what is still missing, comes
 * first; a smaller set is then searched for, size by size, within a budget.
 */
#include "allocation.h"

#include "miscadmin.h"

/* Comparisons of a warehouse with a product that a search may cost. */
#define SEARCH_BUDGET	2000000

/* A search for a set of warehouses of a given size. */
typedef struct CoverSearch
{
	const Allocation *allocation;
	int		   *chosen;			/* the warehouses of the set */
	int64	   *missing;		/* [depth * nproducts + product] */
	int64		budget;
} CoverSearch;

static int	GreedyCover(const Allocation *allocation, int64 *missing, int *chosen);
static bool SearchCover(CoverSearch *search, int depth, int size, int start);
static bool TakeFrom(const Allocation *allocation, int warehouse,
					 const int64 *missing, int64 *left);
static int	BestWarehouse(const Allocation *allocation, const bool *taken,
						  const int64 *missing);
static int	NextWarehouse(const Allocation *allocation, int product, int64 wanted);
static int	Fullest(const Allocation *allocation, int product);

/*
 * Decides which warehouses may serve the order; needed has what all its lines
 * together ask for of each product, and all warehouses together have it.  Only
 * fewest_splits has something to decide: of the other warehouses it leaves nothing
 * free.
 */
void
AllocationChoose(Allocation *allocation, const int64 *needed)
{
	int			nproducts = allocation->nproducts;
	int			nwarehouses = allocation->nwarehouses;
	int			size;
	int		   *chosen = palloc(Max(nwarehouses, 1) * sizeof(int));
	CoverSearch search = {.allocation = allocation, .budget = SEARCH_BUDGET};

	if (allocation->policy != ALLOCATE_FEWEST_SPLITS)
		return;

	search.missing = palloc_extended(Max((Size) nproducts * (nwarehouses + 1), 1) * sizeof(int64),
									 MCXT_ALLOC_HUGE);
	memcpy(search.missing, needed, nproducts * sizeof(int64));
	for (int w = 0; w < nwarehouses; w++)
		if (allocation->used[w])
			TakeFrom(allocation, w, search.missing, search.missing);

	/* The greedy answer destroys what it works on. */
	memcpy(search.missing + nproducts, search.missing, nproducts * sizeof(int64));
	size = GreedyCover(allocation, search.missing + nproducts, chosen);

	search.chosen = palloc(Max(nwarehouses, 1) * sizeof(int));
	for (int smaller = 1; smaller < size; smaller++)
	{
		if (SearchCover(&search, 0, smaller, 0))
		{
			size = smaller;
			chosen = search.chosen;
		}
		if (search.budget <= 0)
			break;
	}
	for (int i = 0; i < size; i++)
		allocation->used[chosen[i]] = true;
	for (int p = 0; p < nproducts; p++)
		for (int w = 0; w < nwarehouses; w++)
			if (!allocation->used[w])
				allocation->free[(Size) p * nwarehouses + w] = 0;
}

/*
 * Serves one line out of what is free, and takes it away there.  Together the
 * warehouses have enough.  Returns the number of picks, at most one for each
 * warehouse.
 */
int
AllocationPickLine(Allocation *allocation, int product, int64 quantity,
				   AllocationPick *picks)
{
	int			n = 0;

	while (quantity > 0)
	{
		int			w = NextWarehouse(allocation, product, quantity);
		int64	   *free = &allocation->free[(Size) product * allocation->nwarehouses + w];
		int64		taken = Min(*free, quantity);

		picks[n].warehouse = w;
		picks[n++].quantity = taken;
		*free -= taken;
		quantity -= taken;
	}
	return n;
}

/*
 * Which warehouse a line is served from next: the first that has any for
 * priority, the one that has most for most_stock, and for fewest_splits the first
 * that has all the line still wants, else the one that has most.
 */
static int
NextWarehouse(const Allocation *allocation, int product, int64 wanted)
{
	const int64 *free = &allocation->free[(Size) product * allocation->nwarehouses];
	int64		enough = allocation->policy == ALLOCATE_PRIORITY ? 1 : wanted;

	if (allocation->policy != ALLOCATE_MOST_STOCK)
		for (int w = 0; w < allocation->nwarehouses; w++)
			if (free[w] >= enough)
				return w;
	return Fullest(allocation, product);
}

/*
 * The warehouse that has most of a product, the preferred one of equals.
 */
static int
Fullest(const Allocation *allocation, int product)
{
	const int64 *free = &allocation->free[(Size) product * allocation->nwarehouses];
	int			best = -1;

	for (int w = 0; w < allocation->nwarehouses; w++)
		if (free[w] > 0 && (best < 0 || free[w] > free[best]))
			best = w;
	if (best < 0)
		elog(ERROR, "an order was allocated more than there is");
	return best;
}

/*
 * Chooses warehouses besides those in use, each time the one that has most of what
 * is still missing, until nothing is.  Returns how many.
 */
static int
GreedyCover(const Allocation *allocation, int64 *missing, int *chosen)
{
	bool	   *taken = palloc(allocation->nwarehouses * sizeof(bool));
	int			size = 0;
	int			w;

	memcpy(taken, allocation->used, allocation->nwarehouses * sizeof(bool));
	while ((w = BestWarehouse(allocation, taken, missing)) >= 0)
	{
		chosen[size++] = w;
		taken[w] = true;
		TakeFrom(allocation, w, missing, missing);
	}
	pfree(taken);
	return size;
}

/*
 * The warehouse that is not taken and has most units of what is missing, -1 when
 * nothing is.
 */
static int
BestWarehouse(const Allocation *allocation, const bool *taken, const int64 *missing)
{
	int			best = -1;
	double		best_units = 0;

	for (int w = 0; w < allocation->nwarehouses; w++)
	{
		double		units = 0;

		CHECK_FOR_INTERRUPTS();
		if (taken[w])
			continue;
		for (int p = 0; p < allocation->nproducts; p++)
			units += (double) Min(missing[p],
								  allocation->free[(Size) p * allocation->nwarehouses + w]);
		if (units > best_units)
		{
			best = w;
			best_units = units;
		}
	}
	return best;
}

/*
 * Is there a set of `size` more warehouses, from `start` on, that has what is
 * missing at this depth?  Preferred ones are tried first.  False also when the
 * budget runs out.
 */
static bool
SearchCover(CoverSearch *search, int depth, int size, int start)
{
	const Allocation *allocation = search->allocation;
	int64	   *missing = search->missing + (Size) depth * allocation->nproducts;

	for (int w = start; w <= allocation->nwarehouses - size; w++)
	{
		bool		covered;

		CHECK_FOR_INTERRUPTS();
		if (allocation->used[w])
			continue;
		search->budget -= Max(allocation->nproducts, 1);
		if (search->budget <= 0)
			return false;
		covered = TakeFrom(allocation, w, missing, missing + allocation->nproducts);
		search->chosen[depth] = w;
		if (size == 1 ? covered : SearchCover(search, depth + 1, size - 1, w + 1))
			return true;
	}
	return false;
}

/*
 * What is left missing after a warehouse gave what it has.  Is it nothing?
 */
static bool
TakeFrom(const Allocation *allocation, int warehouse, const int64 *missing, int64 *left)
{
	bool		covered = true;

	for (int p = 0; p < allocation->nproducts; p++)
	{
		left[p] = missing[p] -
			Min(missing[p], allocation->free[(Size) p * allocation->nwarehouses + warehouse]);
		covered &= left[p] == 0;
	}
	return covered;
}
