/*
 * planning.c
 *		Fuzzes the mathematics of planning: with plain numbers what is called best
 *		is not beaten by others, with extreme ones nothing is out of bounds.
 */
#include "postgres.h"

#include "fuzz.h"

#include "planning_math.h"

#define MOST_PERIODS	9
#define MOST_RANGES		4
/* Costs are compared with so much room for rounding. */
#define NOT_BEATEN(cost, other) ((cost) <= (other) * (1 + 1e-9) + 1e-9)

static void *allocated[64];
static int	nallocated = 0;

static void *
Allocate(size_t bytes)
{
	if (nallocated == lengthof(allocated))
		abort();
	return allocated[nallocated++] = malloc(Max(bytes, 1));
}

static void
Pulse(void)
{
}

static const PlanningHost host = {Allocate, Pulse};

/* A cost or a demand, above zero. */
static double
DrawPositive(Input *input, bool plain)
{
	double		value = plain ? DrawPlain(input) : fabs(DrawFinite(input));

	return value > 0 ? value : 1;
}

static OrderCosts
DrawCosts(Input *input, bool plain)
{
	OrderCosts	costs = {
		.order = DrawPositive(input, plain),
		.demand = DrawPositive(input, plain),
		.stock = {DrawPositive(input, plain), DrawPositive(input, plain)}
	};

	return costs;
}

/*
 * Known demand: no other quantity costs less.
 */
static void
CheckLotSizes(Input *input, bool plain)
{
	OrderCosts	costs = DrawCosts(input, plain);
	double		quantity = EconomicOrderQuantity(costs.demand, costs.order, costs.stock.holding);
	double		other = DrawPositive(input, plain);
	LotSize		lot = EoqBackorders(&costs);
	double		fraction = DrawInt(input, 0, 1000) / 1000.0;

	PROPERTY(!isnan(quantity) && !isnan(lot.quantity) && !(plain && isnan(lot.cost)), "%g", quantity);
	if (!plain)
		return;
	PROPERTY(NOT_BEATEN(EoqCost(costs.demand, costs.order, costs.stock.holding, quantity),
						EoqCost(costs.demand, costs.order, costs.stock.holding, other)), "%g", other);
	PROPERTY(NOT_BEATEN(lot.cost, EoqBackordersCost(&costs, other, fraction)), "%g %g", other, fraction);
}

/*
 * Price breaks: no quantity costs less, at the price that it has.
 */
static void
CheckDiscounts(Input *input, bool plain)
{
	double		breakpoints[MOST_RANGES];
	double		prices[MOST_RANGES];
	Discount	discount = {DrawInt(input, 1, MOST_RANGES), breakpoints, prices};
	double		demand = DrawPositive(input, plain);
	double		order_cost = DrawPositive(input, plain);
	double		rate = DrawPositive(input, plain);
	double		quantity = DrawPositive(input, plain);
	double		bought = 0;
	int			range = 0;
	LotSize		all_units;
	LotSize		incremental;

	breakpoints[0] = 0;
	prices[0] = DrawPositive(input, plain);
	for (int i = 1; i < discount.n; i++)
	{
		breakpoints[i] = breakpoints[i - 1] + DrawPositive(input, plain);
		prices[i] = prices[i - 1] * (DrawInt(input, 1, 1000) / 1000.0);
		if (!(breakpoints[i] > breakpoints[i - 1] && isfinite(breakpoints[i]) && prices[i] > 0))
			return;
	}
	all_units = EoqAllUnitsDiscount(demand, order_cost, rate, discount);
	incremental = EoqIncrementalDiscount(demand, order_cost, rate, discount);
	PROPERTY(!isnan(all_units.quantity) && !isnan(all_units.cost) && !isnan(incremental.quantity) && !isnan(incremental.cost), "%g", demand);
	if (!plain)
		return;
	while (range + 1 < discount.n && quantity >= breakpoints[range + 1])
	{
		bought += (breakpoints[range + 1] - breakpoints[range]) * prices[range];
		range++;
	}
	bought += (quantity - breakpoints[range]) * prices[range];
	PROPERTY(NOT_BEATEN(all_units.cost, prices[range] * demand + EoqCost(demand, order_cost, rate * prices[range], quantity)), "%g", quantity);
	PROPERTY(NOT_BEATEN(incremental.cost, bought / quantity * demand + order_cost * demand / quantity + 0.5 * rate * bought), "%g", quantity);
}

/*
 * Periods: against every way to choose those in which is ordered.
 */
static void
CheckWagnerWhitin(Input *input, bool plain)
{
	int			n = DrawInt(input, 1, MOST_PERIODS);
	double		demand[MOST_PERIODS];
	double		quantity[MOST_PERIODS];
	double		order_cost = DrawPositive(input, plain);
	double		holding = DrawPositive(input, plain);
	double		best = HUGE_VAL;
	double		cost;
	double		wanted = 0;
	double		ordered = 0;

	for (int i = 0; i < n; i++)
	{
		demand[i] = DrawInt(input, 0, 2) == 0 ? 0 : DrawPositive(input, plain);
		wanted += demand[i];
	}
	PROPERTY(WagnerWhitin(n, demand, order_cost, holding, &host, quantity, &cost) == PLANNING_OK, "%d periods", n);
	PROPERTY(!isnan(cost) && cost >= 0, "%g", cost);
	for (int i = 0; i < n; i++)
	{
		PROPERTY(quantity[i] >= 0, "%g", quantity[i]);
		ordered += quantity[i];
	}
	if (!plain)
		return;
	PROPERTY(fabs(ordered - wanted) <= 1e-9 * wanted, "%g ordered, %g wanted", ordered, wanted);
	for (int set = 0; set < 1 << n; set++)
	{
		double		total = 0;
		int			last = -1;
		bool		possible = true;

		for (int i = 0; i < n; i++)
		{
			if (set >> i & 1)
			{
				last = i;
				total += order_cost;
			}
			if (demand[i] == 0)
				continue;
			possible &= last >= 0;
			total += holding * (i - last) * demand[i];
		}
		if (possible)
			best = Min(best, total);
	}
	PROPERTY(fabs(cost - best) <= 1e-9 * best + 1e-12, "%g, the best of all is %g", cost, best);
}

/*
 * The normal distribution and what is bought for it.
 */
static void
CheckNormal(Input *input, bool plain)
{
	NormalDemand demand = {DrawPositive(input, plain), DrawPositive(input, plain)};
	OrderCosts	costs = DrawCosts(input, plain);
	double		tail = DrawInt(input, 1, 65535) / 65536.0;
	double		other = DrawPositive(input, plain);
	RqMethod	method = DrawInt(input, RQ_EIL, RQ_EOQ_SS);
	RqPolicy	policy;
	SsPolicy	power;
	double		quantity = NewsvendorNormal(demand, costs.stock);

	PROPERTY(fabs(NormalTail(NormalTailQuantile(tail)) - tail) < 1e-12 * tail + 1e-15, "%g", tail);
	PROPERTY(StandardLoss(other) >= 0 && StandardLossSecond(other) >= 0, "%g", other);
	SsPowerApproximation(&costs, demand, &power);
	if (RqNormal(&costs, demand, method, &policy) != PLANNING_OK || !plain)
		return;
	PROPERTY(!isnan(policy.quantity) && !isnan(policy.reorder_point) && policy.cost >= 0 && policy.quantity > 0, "method %d: r %g Q %g cost %g", method,
			 policy.reorder_point, policy.quantity, policy.cost);
	PROPERTY(NOT_BEATEN(NewsvendorNormalCost(demand, costs.stock, quantity), NewsvendorNormalCost(demand, costs.stock, other)), "%g", other);
	if (method != RQ_EIL)
	{
		double		cost = RqNormalCost(&costs, demand, policy.reorder_point, policy.quantity);

		PROPERTY(fabs(cost - policy.cost) <= 1e-9 * cost, "%g, not %g", cost, policy.cost);
	}
	if (method == RQ_EOQB)
		PROPERTY(RqNormalCost(&costs, demand, policy.reorder_point, policy.quantity) <=
				 RqNormalCost(&costs, demand, demand.mean + (tail - 0.5) * 6 * demand.stddev, policy.quantity) * (1 + 1e-7), "r %g Q %g", policy.reorder_point, policy.quantity);
}

/*
 * Poisson demand: exact policies are not beaten by their neighbours, nor by any
 * other that is tried.
 */
static void
CheckPoisson(Input *input, bool plain)
{
	PoissonTable table;
	double		mean = plain ? DrawInt(input, 0, 30000) / 1000.0 : DrawInt(input, 0, 60000) + DrawInt(input, 0, 60000) / 65536.0;
	OrderCosts	costs = DrawCosts(input, true);
	double		x = DrawInt(input, 0, 60000) / 100.0 - 100;
	int64		level = DrawInt(input, -20, 80);
	int64		quantity = DrawInt(input, 1, 100);
	double		base;
	RqPolicy	rq;
	SsPolicy	ss;
	double		cost;

	PoissonTableBuild(&table, mean, &host);
	PROPERTY(fabs(PoissonExcess(&table, x) - PoissonShortage(&table, x) - (x - mean)) <= 1e-9 * (1 + fabs(x) + mean), "%g of %g", x, mean);
	base = NewsvendorPoisson(&table, costs.stock);
	PROPERTY(NOT_BEATEN(NewsvendorPoissonCost(&table, costs.stock, base), NewsvendorPoissonCost(&table, costs.stock, (double) level)), "level %d of %g", (int) level, mean);
	if (!plain)
		return;
	costs.order = Min(costs.order, 1000 * costs.stock.holding);
	if (mean > 0 && RqPoisson(&costs, &table, &host, &rq) == PLANNING_OK && rq.quantity < 100000)
	{
		PROPERTY(fabs(RqPoissonCost(&costs, &table, (int64) rq.reorder_point, (int64) rq.quantity, &host) - rq.cost) <= 1e-9 * rq.cost + 1e-12, "%g", rq.cost);
		PROPERTY(NOT_BEATEN(rq.cost, RqPoissonCost(&costs, &table, level, quantity, &host)), "r %d Q %d beat r %g Q %g", (int) level, (int) quantity, rq.reorder_point, rq.quantity);
	}
	if (mean > 0.01 && SsPoisson(&costs, &table, &host, &ss) == PLANNING_OK && ss.big_s - ss.s < 3000)
	{
		PROPERTY(SsPoissonCost(&costs, &table, (int64) ss.s, (int64) ss.big_s, &host, &cost) == PLANNING_OK &&
				 fabs(cost - ss.cost) <= 1e-9 * cost + 1e-12, "%g, not %g", cost, ss.cost);
		PROPERTY(SsPoissonCost(&costs, &table, level, level + quantity, &host, &cost) == PLANNING_OK && NOT_BEATEN(ss.cost, cost),
				 "s %d S %d cost %g, less than s %g S %g cost %g", (int) level, (int) (level + quantity), cost, ss.s, ss.big_s, ss.cost);
	}
}

int			LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	static void (*const checks[]) (Input *, bool) = {
		CheckLotSizes, CheckDiscounts, CheckWagnerWhitin, CheckNormal, CheckPoisson
	};
	Input		input = {data, size};
	int			which = DrawInt(&input, 0, lengthof(checks) - 1);

	checks[which] (&input, DrawInt(&input, 0, 2) > 0);
	while (nallocated > 0)
		free(allocated[--nallocated]);
	return 0;
}
