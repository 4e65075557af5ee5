/*
 * planning_math.c
 *		The mathematics of planning: normal and Poisson demand, lot sizes and
 *		replenishment policies.
 *
 * Free of SQL; planning_math.h says what callers promise.
 */
#include "planning_math.h"

#include <float.h>
#include <math.h>

#define SQRT_2		1.41421356237309504880
#define SQRT_2_PI	2.50662827463100050242

/* Below this, relative to the mode, a probability is nothing. */
#define NEGLIGIBLE		1e-300
/* How often a long loop reports to the host. */
#define PULSE_STEPS		65536
/* Costs closer than this are ties, broken alike on every machine. */
#define TIE				1e-12
/* From this distance on differences of the loss functions are accurate. */
#define WIDE			0.05

/* A decreasing function of z; sets its slope. */
typedef double (*Curve) (const double *parameter, double z, double *slope);

/* What a search for (s, S) has worked out. */
typedef struct SsSearch
{
	const OrderCosts *costs;
	const PoissonTable *demand;
	const PlanningHost *host;
	double	   *renewal;		/* expected visits to the level d below S */
	double	   *visits;			/* visits[n]: sum of the first n of them */
	int64		n;
	int64		capacity;
	int64		budget;			/* steps that are left */
	int64		steps;			/* since the last pulse */
} SsSearch;

static double NormalCentralQuantile(double y);
static double AllowedQuantile(StockCosts costs);
static double MillsRatio(double z);
static void LossRatios(double z, double ratio[3]);
static double FindRoot(Curve curve, const double *parameter, double low, double high);
static double AverageTail(double z, double width);
static double AverageLoss(double z, double width);
static double AveragePositive(double x, double width);
static double GaussAverage(double (*f) (double z), double z, double width);
static double AverageTailCurve(const double *parameter, double z, double *slope);
static double EilCurve(const double *parameter, double z, double *slope);
static double LossCurve(const double *parameter, double z, double *slope);
static void PoissonRange(PoissonTable *table);
static void PoissonFill(PoissonTable *table);
static void PoissonSums(PoissonTable *table);
static int64 PoissonBaseStock(const PoissonTable *table, StockCosts costs);
static double PoissonRate(const PoissonTable *table, StockCosts costs, int64 level);
static PlanningStatus RqEil(const OrderCosts *costs, NormalDemand demand, RqPolicy *policy);
static void RqLoss(const OrderCosts *costs, NormalDemand demand, RqPolicy *policy);
static PlanningStatus SsFindFirst(SsSearch *search, int64 *s, int64 big_s, double *cost);
static PlanningStatus SsEvaluate(SsSearch *search, int64 s, int64 big_s, double *cost);
static PlanningStatus SsRenewal(SsSearch *search, int64 n);
static void SsGrow(SsSearch *search);
static bool SsSpend(SsSearch *search, int64 steps);
static int	LastCovered(int n, const double *demand, double order_cost,
						double holding_cost, const double *onward, int t, double *cost);

/* ---- The normal distribution ---- */

/*
 * phi(z), the standard normal density.
 */
double
NormalDensity(double z)
{
	return exp(-0.5 * z * z) / SQRT_2_PI;
}

/*
 * P(Z > z).
 */
double
NormalTail(double z)
{
	return 0.5 * erfc(z / SQRT_2);
}

/*
 * The z with P(Z <= z) = probability, for 0 < probability < 1.  Both differences
 * below are exact in binary, so nothing is lost near 1.
 */
double
NormalQuantile(double probability)
{
	if (probability < 0.25)
		return -NormalTailQuantile(probability);
	if (probability > 0.75)
		return NormalTailQuantile(1.0 - probability);
	return NormalCentralQuantile(probability - 0.5);
}

/*
 * The z with P(Z > z) = tail, for 0 < tail < 1.  In the tail a rational function of
 * u = sqrt(-2 ln tail), fitted to u - z, is right to 5e-5; Newton's method on the
 * logarithm, which is nearly a parabola, does the rest.
 */
double
NormalTailQuantile(double tail)
{
	double		target;
	double		u;
	double		z;

	if (tail > 0.75)
		return -NormalTailQuantile(1.0 - tail);
	if (tail >= 0.25)
		return NormalCentralQuantile(0.5 - tail);

	target = log(tail);
	u = sqrt(-2.0 * target);
	z = u - (2.52144932 + u * (1.07339804 + u * 0.0324353334)) /
		(1.0 + u * (1.56716058 + u * (0.291559385 + u * 0.00491303031)));
	for (int i = 0; i < 8; i++)
	{
		double		mills = MillsRatio(z);
		double		step = (log(mills / SQRT_2_PI) - 0.5 * z * z - target) * mills;

		z += step;
		if (fabs(step) < 1e-15 * z)
			break;
	}
	return z;
}

/*
 * The z with P(0 < Z < z) = y, for |y| <= 0.25: a rational function fitted to z / y
 * as a function of y squared, right to 1e-6, then Newton.
 */
static double
NormalCentralQuantile(double y)
{
	double		w = y * y;
	double		z = y * (2.50662761 - 5.72192521 * w) /
	(1.0 + w * (-3.3300319 + w * 1.19243186));

	for (int i = 0; i < 2; i++)
		z -= (0.5 * erf(z / SQRT_2) - y) / NormalDensity(z);
	return z;
}

/*
 * P(Z > z) / phi(z), for z > 0; far out it stays accurate where both vanish.
 */
static double
MillsRatio(double z)
{
	double		ratio[3];

	if (z < 5.0)
		return NormalTail(z) / NormalDensity(z);
	LossRatios(z, ratio);
	return ratio[0];
}

/*
 * The ratios of successive repeated integrals of the density, tail / density,
 * loss / tail and second loss / loss, for z >= 1.  Integration by parts gives
 * ratio[k] = 1 / (z + (k + 1) ratio[k + 1]), which is followed downwards from the
 * fixed point far up, all terms positive.
 */
static void
LossRatios(double z, double ratio[3])
{
	/* Not a number where extreme arguments overflowed; so is the answer then. */
	int			k = 20 + (z < 20.0 ? (int) (400.0 / (z * z)) : 0);
	double		r = 2.0 / (z + sqrt(z * z + 4.0 * (k + 1)));

	for (; k >= 0; k--)
	{
		r = 1.0 / (z + (k + 1) * r);
		if (k < 3)
			ratio[k] = r;
	}
}

/*
 * E(Z - z)+, the standard normal loss function.  S&S appendix C.3.1.
 */
double
StandardLoss(double z)
{
	double		ratio[3];

	if (z < 0.0)
		return StandardLoss(-z) - z;
	if (z < 1.0)
		return NormalDensity(z) - z * NormalTail(z);
	LossRatios(z, ratio);
	return NormalDensity(z) * ratio[0] * ratio[1];
}

/*
 * Half of E[((Z - z)+)^2], the second-order loss function.  S&S appendix C.3.1.
 */
double
StandardLossSecond(double z)
{
	double		ratio[3];

	if (z < 0.0)
		return 0.5 * (z * z + 1.0) - StandardLossSecond(-z);
	if (z < 1.0)
		return 0.5 * ((z * z + 1.0) * NormalTail(z) - z * NormalDensity(z));
	LossRatios(z, ratio);
	return NormalDensity(z) * ratio[0] * ratio[1] * ratio[2];
}

/*
 * E(D - x)+, the expected shortage.
 */
double
NormalShortage(NormalDemand demand, double x)
{
	if (demand.stddev == 0.0)
		return Max(demand.mean - x, 0.0);
	return demand.stddev * StandardLoss((x - demand.mean) / demand.stddev);
}

/*
 * E(x - D)+, the expected excess.
 */
double
NormalExcess(NormalDemand demand, double x)
{
	if (demand.stddev == 0.0)
		return Max(x - demand.mean, 0.0);
	return demand.stddev * StandardLoss((demand.mean - x) / demand.stddev);
}

/*
 * Where a decreasing function that is not negative at low and not positive at high
 * has its zero: Newton's method, and halving where that leaves the interval or is
 * slow.
 */
static double
FindRoot(Curve curve, const double *parameter, double low, double high)
{
	double		z = 0.5 * (low + high);
	double		last_width = high - low;

	for (int i = 0; i < 300; i++)
	{
		double		slope;
		double		value = curve(parameter, z, &slope);
		double		next;

		if (value == 0.0)
			return z;
		if (value > 0.0)
			low = z;
		else
			high = z;
		next = z - value / slope;
		if (!(next > low && next < high) || fabs(next - z) > 0.5 * last_width)
			next = 0.5 * (low + high);
		last_width = fabs(next - z);
		if (last_width <= 1e-15 * (1.0 + fabs(z)))
			return next;
		z = next;
	}
	return z;
}

/*
 * The average of P(Z > t) over z <= t <= z + width.
 */
static double
AverageTail(double z, double width)
{
	if (width < WIDE)
		return GaussAverage(NormalTail, z, width);
	if (z + width <= 0.0)
		return 1.0 - AverageTail(-z - width, width);
	return (StandardLoss(z) - StandardLoss(z + width)) / width;
}

/*
 * The average of the standard loss over z <= t <= z + width.
 */
static double
AverageLoss(double z, double width)
{
	if (width < WIDE)
		return GaussAverage(StandardLoss, z, width);
	return (StandardLossSecond(z) - StandardLossSecond(z + width)) / width;
}

/*
 * The average of a function over a short interval by the Gauss-Legendre rule of
 * five points; the difference of an antiderivative would cancel.
 */
static double
GaussAverage(double (*f) (double z), double z, double width)
{
	const double node[3] = {0.0, 0.5384693101056831, 0.9061798459386640};
	const double weight[3] = {0.5688888888888889, 0.4786286704993665, 0.2369268850561891};
	double		middle = z + 0.5 * width;
	double		sum = weight[0] * f(middle);

	for (int i = 1; i < 3; i++)
		sum += weight[i] * (f(middle - 0.5 * width * node[i]) + f(middle + 0.5 * width * node[i]));
	return 0.5 * sum;
}

/* ---- The Poisson distribution ---- */

/*
 * Builds the table of a distribution with 0 <= mean <= MAX_POISSON_MEAN.
 *
 * Probabilities follow from the mode by p(k + 1) / p(k) = mean / (k + 1) and are
 * divided by their sum: no factorial, no logarithm.  Sums begin at the small end,
 * so the smallest of them are as accurate as the largest.
 */
void
PoissonTableBuild(PoissonTable *table, double mean, const PlanningHost *host)
{
	size_t		bytes;

	table->mean = mean;
	PoissonRange(table);
	bytes = table->n * sizeof(double);
	table->pmf = host->allocate(bytes);
	table->tail = host->allocate(bytes);
	table->shortage = host->allocate(bytes);
	table->excess = host->allocate(bytes);
	host->pulse();
	PoissonFill(table);
	PoissonSums(table);
}

/*
 * Which values are worth a place.
 */
static void
PoissonRange(PoissonTable *table)
{
	int64		mode = (int64) table->mean;
	int64		last = mode;
	double		p;

	table->first = mode;
	for (p = 1.0; table->first > 0; table->first--)
	{
		p *= table->first / table->mean;
		if (p < NEGLIGIBLE)
			break;
	}
	for (p = 1.0;; last++)
	{
		p *= table->mean / (last + 1);
		if (p < NEGLIGIBLE)
			break;
	}
	table->n = last - table->first + 1;
}

/*
 * The probabilities.
 */
static void
PoissonFill(PoissonTable *table)
{
	int64		mode = (int64) table->mean - table->first;
	double		sum = 0.0;

	table->pmf[mode] = 1.0;
	for (int64 i = mode; i > 0; i--)
		table->pmf[i - 1] = table->pmf[i] * ((table->first + i) / table->mean);
	for (int64 i = mode; i + 1 < table->n; i++)
		table->pmf[i + 1] = table->pmf[i] * (table->mean / (table->first + i + 1));

	for (int64 i = 0; i < mode; i++)
		sum += table->pmf[i];
	for (int64 i = table->n - 1; i >= mode; i--)
		sum += table->pmf[i];
	for (int64 i = 0; i < table->n; i++)
		table->pmf[i] /= sum;
}

/*
 * What is added up from either end.
 */
static void
PoissonSums(PoissonTable *table)
{
	int64		last = table->n - 1;
	double		cumulated = 0.0;

	table->tail[last] = 0.0;
	table->shortage[last] = 0.0;
	for (int64 i = last; i > 0; i--)
	{
		table->tail[i - 1] = table->tail[i] + table->pmf[i];
		table->shortage[i - 1] = table->shortage[i] + table->tail[i - 1];
	}
	table->excess[0] = 0.0;
	for (int64 i = 0; i < last; i++)
	{
		cumulated += table->pmf[i];
		table->excess[i + 1] = table->excess[i] + cumulated;
	}
}

/*
 * E(D - x)+ for any x; a straight line between integers.
 */
double
PoissonShortage(const PoissonTable *table, double x)
{
	double		offset = x - (double) table->first;
	int64		i;

	if (offset <= 0.0)
		return table->mean - x;
	if (offset >= (double) (table->n - 1))
		return 0.0;
	i = (int64) offset;
	return table->shortage[i] + (offset - i) * (table->shortage[i + 1] - table->shortage[i]);
}

/*
 * E(x - D)+ for any x.
 */
double
PoissonExcess(const PoissonTable *table, double x)
{
	double		offset = x - (double) table->first;
	int64		i;

	if (offset <= 0.0)
		return 0.0;
	if (offset >= (double) (table->n - 1))
		return x - table->mean;
	i = (int64) offset;
	return table->excess[i] + (offset - i) * (table->excess[i + 1] - table->excess[i]);
}

/*
 * The smallest level with the least expected cost: one more would save
 * stockout * P(D > level) and cost holding * P(D <= level).
 */
static int64
PoissonBaseStock(const PoissonTable *table, StockCosts costs)
{
	double		tail = AllowedTail(costs);
	int64		low = 0;
	int64		high = table->n - 1;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (table->tail[middle] <= tail)
			high = middle;
		else
			low = middle + 1;
	}
	return table->first + low;
}

/*
 * The expected cost of a level, holding and stock-out.
 */
static double
PoissonRate(const PoissonTable *table, StockCosts costs, int64 level)
{
	int64		i = level - table->first;

	if (i < 0)
		return costs.stockout * (table->mean - (double) level);
	if (i >= table->n)
		return costs.holding * ((double) level - table->mean);
	return costs.holding * table->excess[i] + costs.stockout * table->shortage[i];
}

/* ---- Safety stock and reorder point ---- */

/*
 * The probability of being short that is worth it: holding / (holding + stockout).
 */
double
AllowedTail(StockCosts costs)
{
	return 1.0 / (1.0 + costs.stockout / costs.holding);
}

/*
 * The z that leaves that probability, by the smaller of the two tails.
 */
static double
AllowedQuantile(StockCosts costs)
{
	if (costs.stockout >= costs.holding)
		return NormalTailQuantile(AllowedTail(costs));
	return -NormalTailQuantile(1.0 / (1.0 + costs.holding / costs.stockout));
}

/*
 * Demand over a lead time that varies, independent of the days' demands:
 * variance L sigma^2 + mu^2 sigma_L^2.  SPT chapter 6.
 */
NormalDemand
LeadTimeDemand(NormalDemand daily, NormalDemand lead_time)
{
	NormalDemand demand = {
		.mean = daily.mean * lead_time.mean,
		.stddev = hypot(daily.stddev * sqrt(lead_time.mean), daily.mean * lead_time.stddev)
	};

	return demand;
}

/*
 * The next integer, as a double.  What is above an integer by no more than the
 * rounding of the arithmetic that led here is that integer: 1.1 a day for 50 days
 * is 55.
 */
double
RoundUp(double x)
{
	double		whole = floor(x);

	return x - whole <= 8.0 * DBL_EPSILON * fabs(x) ? whole : whole + 1.0;
}

/* ---- Lot sizes, demand known ---- */

/*
 * sqrt(2 K lambda / h).  S&S section 3.2.
 */
double
EconomicOrderQuantity(double demand, double order_cost, double holding_cost)
{
	return sqrt(2.0 * demand * (order_cost / holding_cost));
}

/*
 * Ordering and holding cost of a quantity.
 */
double
EoqCost(double demand, double order_cost, double holding_cost, double quantity)
{
	double		ordering = order_cost * demand;

	if (ordering > 0.0)
		ordering /= quantity;
	return ordering + 0.5 * holding_cost * quantity;
}

/*
 * The lower price is for every unit of the order.  In each range of prices the best
 * quantity is its EOQ, or the breakpoint above it; purchases are in the cost.
 * S&S section 3.4.
 */
LotSize
EoqAllUnitsDiscount(double demand, double order_cost, double holding_rate, Discount discount)
{
	LotSize		best = {0.0, HUGE_VAL};

	for (int i = 0; i < discount.n; i++)
	{
		double		price = discount.unit_costs[i];
		double		quantity = EconomicOrderQuantity(demand, order_cost, holding_rate * price);
		double		cost;

		if (i + 1 < discount.n && quantity >= discount.breakpoints[i + 1])
			continue;			/* a lower price is at hand there */
		quantity = Max(quantity, discount.breakpoints[i]);
		cost = price * demand + EoqCost(demand, order_cost, holding_rate * price, quantity);
		if (cost < best.cost)
			best = (LotSize) {quantity, cost};
	}
	return best;
}

/*
 * The lower price is for the units above the breakpoint, so an order in range i
 * has a fixed part, order_cost + surcharge: what its first units cost more than
 * the range's price.  S&S section 3.4.
 */
LotSize
EoqIncrementalDiscount(double demand, double order_cost, double holding_rate, Discount discount)
{
	LotSize		best = {0.0, HUGE_VAL};
	double		surcharge = 0.0;

	for (int i = 0; i < discount.n; i++)
	{
		double		price = discount.unit_costs[i];
		double		quantity;
		double		cost;

		if (i > 0)
			surcharge += discount.breakpoints[i] * (discount.unit_costs[i - 1] - price);
		quantity = EconomicOrderQuantity(demand, order_cost + surcharge, holding_rate * price);
		cost = price * demand + 0.5 * holding_rate * surcharge +
			EoqCost(demand, order_cost + surcharge, holding_rate * price, quantity);
		if (quantity >= discount.breakpoints[i] && cost < best.cost)
			best = (LotSize) {quantity, cost};
	}
	return best;
}

/*
 * Demand may wait, at a cost per unit and unit of time.  S&S section 3.5.
 */
LotSize
EoqBackorders(const OrderCosts *costs)
{
	double		holding = costs->stock.stockout * AllowedTail(costs->stock);
	LotSize		lot = {.quantity = EconomicOrderQuantity(costs->demand, costs->order, holding)};

	lot.cost = EoqCost(costs->demand, costs->order, holding, lot.quantity);
	return lot;
}

/*
 * The cost of any quantity and of any fraction of the demand that waits.
 */
double
EoqBackordersCost(const OrderCosts *costs, double quantity, double fraction)
{
	double		ordering = costs->order * costs->demand;
	double		at_hand = 1.0 - fraction;

	if (ordering > 0.0)
		ordering /= quantity;
	return ordering + 0.5 * quantity * (costs->stock.holding * at_hand * at_hand +
										costs->stock.stockout * fraction * fraction);
}

/*
 * The cheapest plan for n periods with known demands: in which to order, and how
 * much.  Holding is paid for what is left at the end of a period.  Periods without
 * demand order nothing.  Of plans that cost the same the one with the earlier next
 * order.  S&S section 3.7; backward dynamic programming.
 */
PlanningStatus
WagnerWhitin(int n, const double *demand, double order_cost, double holding_cost,
			 const PlanningHost *host, double *quantity, double *cost)
{
	double	   *onward;
	int		   *last;

	if (n > MAX_PERIODS)
		return PLANNING_TOO_LARGE;
	onward = host->allocate((n + 1) * sizeof(double));
	last = host->allocate(n * sizeof(int));
	onward[n] = 0.0;
	for (int t = n - 1; t >= 0; t--)
	{
		host->pulse();
		if (demand[t] > 0.0)
			last[t] = LastCovered(n, demand, order_cost, holding_cost, onward, t, &onward[t]);
		else
			onward[t] = onward[t + 1];
		quantity[t] = 0.0;
	}
	for (int t = 0; t < n;)
	{
		int			end = demand[t] > 0.0 ? last[t] : t;

		for (int i = t; i <= end; i++)
			quantity[t] += demand[i];
		t = end + 1;
	}
	*cost = onward[0];
	return PLANNING_OK;
}

/*
 * Up to which period an order in period t reaches, and the cost from t on.  It
 * never reaches a period whose demand costs more to carry than an order.
 */
static int
LastCovered(int n, const double *demand, double order_cost, double holding_cost,
			const double *onward, int t, double *cost)
{
	double		carrying = 0.0;
	int			last = t;

	*cost = order_cost + onward[t + 1];
	for (int i = t + 1; i < n; i++)
	{
		double		carried = holding_cost * (i - t) * demand[i];
		double		candidate;

		if (carried > order_cost)
			break;
		carrying += carried;
		candidate = order_cost + carrying + onward[i + 1];
		if (candidate < *cost - TIE * *cost)
		{
			*cost = candidate;
			last = i;
		}
	}
	return last;
}

/*
 * Products that share an order: each is ordered every multiples[i]-th time, the
 * one with the least order cost for its demand every time.  Silver's heuristic.
 * Returns the time between orders, and the cost per unit of time.  SPT chapter 10.
 */
double
JointReplenishment(int n, double shared_cost, const double *order_costs,
				   const double *holding_costs, const double *demands,
				   double *multiples, double *cost)
{
	double		ordering = shared_cost;
	double		holding = 0.0;
	double		cycle;
	int			base = 0;

#define TURNOVER(i) (holding_costs[i] * demands[i])
	for (int i = 1; i < n; i++)
		if (order_costs[i] / TURNOVER(i) < order_costs[base] / TURNOVER(base))
			base = i;
	for (int i = 0; i < n; i++)
	{
		double		ratio = (order_costs[i] / TURNOVER(i)) *
		(TURNOVER(base) / (shared_cost + order_costs[base]));

		multiples[i] = Max(floor(sqrt(ratio) + 0.5), 1.0);
		ordering += order_costs[i] / multiples[i];
		holding += multiples[i] * TURNOVER(i);
	}
#undef TURNOVER
	cycle = sqrt(2.0 * ordering / holding);
	*cost = ordering / cycle + 0.5 * holding * cycle;
	return cycle;
}

/* ---- Newsvendor ---- */

/*
 * The quantity with P(D > quantity) = holding / (holding + stockout).  S&S section
 * 4.3.
 */
double
NewsvendorNormal(NormalDemand demand, StockCosts costs)
{
	return demand.mean + demand.stddev * AllowedQuantile(costs);
}

/*
 * The expected cost of any quantity.
 */
double
NewsvendorNormalCost(NormalDemand demand, StockCosts costs, double quantity)
{
	return costs.holding * NormalExcess(demand, quantity) +
		costs.stockout * NormalShortage(demand, quantity);
}

/*
 * The smallest quantity with the least expected cost.  S&S section 4.3.
 */
double
NewsvendorPoisson(const PoissonTable *demand, StockCosts costs)
{
	return (double) PoissonBaseStock(demand, costs);
}

/*
 * The expected cost of any quantity.
 */
double
NewsvendorPoissonCost(const PoissonTable *demand, StockCosts costs, double quantity)
{
	return costs.holding * PoissonExcess(demand, quantity) +
		costs.stockout * PoissonShortage(demand, quantity);
}

/*
 * The smallest value, of those in increasing order, that is demanded at most
 * holding / (holding + stockout) of the time to be exceeded.
 */
double
NewsvendorDiscrete(int n, const double *values, const double *probabilities, StockCosts costs)
{
	double		allowed = AllowedTail(costs);
	double		tail = 0.0;
	int			i = n - 1;

	for (; i > 0; i--)
	{
		tail += probabilities[i];
		if (tail > allowed * (1.0 + TIE))
			break;
	}
	return values[i];
}

/*
 * The expected cost of any quantity.
 */
double
NewsvendorDiscreteCost(int n, const double *values, const double *probabilities,
					   StockCosts costs, double quantity)
{
	double		cost = 0.0;

	for (int i = 0; i < n; i++)
	{
		double		left = quantity - values[i];

		cost += probabilities[i] * (left > 0.0 ? costs.holding * left : -costs.stockout * left);
	}
	return cost;
}

/* ---- (r, Q) policies ---- */

/*
 * An (r, Q) policy for normal demand over the lead time by one of the
 * approximations of S&S section 5.3.  RQ_EIL takes the stock-out cost per unit that
 * is short, whatever the time, and has the cost of its own model; the others take
 * it per unit and unit of time and have the exact cost of what they found.
 */
PlanningStatus
RqNormal(const OrderCosts *costs, NormalDemand lead_time_demand, RqMethod method,
		 RqPolicy *policy)
{
	switch (method)
	{
		case RQ_EIL:
			return RqEil(costs, lead_time_demand, policy);
		case RQ_EOQB:
			policy->quantity = EoqBackorders(costs).quantity;
			policy->reorder_point = RqNormalReorderPoint(costs->stock, lead_time_demand,
														 policy->quantity);
			break;
		case RQ_LOSS:
			RqLoss(costs, lead_time_demand, policy);
			break;
		case RQ_EOQ_SS:
			policy->quantity = EconomicOrderQuantity(costs->demand, costs->order,
													 costs->stock.holding);
			policy->reorder_point = NewsvendorNormal(lead_time_demand, costs->stock);
			break;
	}
	policy->cost = RqNormalCost(costs, lead_time_demand, policy->reorder_point,
								policy->quantity);
	return PLANNING_OK;
}

/*
 * The exact expected cost per unit of time of a policy: after an order the
 * inventory position is anywhere between r and r + Q alike.  S&S section 5.2.
 */
double
RqNormalCost(const OrderCosts *costs, NormalDemand lead_time_demand,
			 double reorder_point, double quantity)
{
	double		ordering = costs->order * costs->demand / quantity;
	double		below = reorder_point - lead_time_demand.mean;
	double		shortage;
	double		excess;

	if (lead_time_demand.stddev > 0.0)
	{
		double		z = below / lead_time_demand.stddev;
		double		width = quantity / lead_time_demand.stddev;

		shortage = lead_time_demand.stddev * AverageLoss(z, width);
		excess = lead_time_demand.stddev * AverageLoss(-z - width, width);
	}
	else
	{
		shortage = AveragePositive(-below - quantity, quantity);
		excess = AveragePositive(below, quantity);
	}
	return ordering + costs->stock.holding * excess + costs->stock.stockout * shortage;
}

/*
 * The average of what is above zero over x .. x + width.
 */
static double
AveragePositive(double x, double width)
{
	double		from = Max(x, 0.0);
	double		to = Max(x + width, 0.0);

	return 0.5 * (to - from) * ((to + from) / width);
}

/*
 * The reorder point that is best for a quantity: being short has the probability
 * holding / (holding + stockout), on average over the inventory positions.
 */
double
RqNormalReorderPoint(StockCosts costs, NormalDemand lead_time_demand, double quantity)
{
	double		parameter[2];
	double		z;

	parameter[0] = AllowedTail(costs);
	if (lead_time_demand.stddev == 0.0)
		return lead_time_demand.mean - quantity * parameter[0];
	parameter[1] = quantity / lead_time_demand.stddev;
	/* The tail decreases, so its average is that at a point in between. */
	z = AllowedQuantile(costs);
	z = FindRoot(AverageTailCurve, parameter, z - parameter[1], z);
	return lead_time_demand.mean + z * lead_time_demand.stddev;
}

/*
 * The average tail over [z, z + parameter 1], less parameter 0.
 */
static double
AverageTailCurve(const double *parameter, double z, double *slope)
{
	*slope = -GaussAverage(NormalDensity, z, parameter[1]);
	if (parameter[1] >= WIDE)
		*slope = (NormalTail(z + parameter[1]) - NormalTail(z)) / parameter[1];
	return AverageTail(z, parameter[1]) - parameter[0];
}

/*
 * The expected-inventory-level approximation.  With T the tail and L the loss at
 * z, its conditions Q^2 = 2 lambda (K + p n(r)) / h and T = h Q / (p lambda) are
 * T^2 - beta L = 2 K h / (p^2 lambda), beta = 2 h sigma / (p lambda).  The left
 * side falls between -z0 and z0, where the density is beta / 2, and has its
 * largest value at -z0: beyond that nothing meets them.
 */
static PlanningStatus
RqEil(const OrderCosts *costs, NormalDemand demand, RqPolicy *policy)
{
	double		longest = costs->stock.stockout * (costs->demand / costs->stock.holding);
	double		parameter[2];
	double		peak;
	double		slope;
	double		z;

	parameter[0] = 2.0 * demand.stddev / longest;
	parameter[1] = EconomicOrderQuantity(costs->demand, costs->order, costs->stock.holding) / longest;
	parameter[1] *= parameter[1];
	if (parameter[0] == 0.0)
	{
		if (parameter[1] >= 1.0)
			return PLANNING_NO_POLICY;
		policy->reorder_point = demand.mean;
		policy->quantity = longest * sqrt(parameter[1]);
		policy->cost = EoqCost(costs->demand, costs->order, costs->stock.holding, policy->quantity);
		return PLANNING_OK;
	}
	if (parameter[0] * SQRT_2_PI >= 2.0)
		return PLANNING_NO_POLICY;
	peak = sqrt(-2.0 * log(0.5 * parameter[0] * SQRT_2_PI));
	if (EilCurve(parameter, -peak, &slope) < 0.0)
		return PLANNING_NO_POLICY;

	z = FindRoot(EilCurve, parameter, -peak, peak);
	policy->reorder_point = demand.mean + z * demand.stddev;
	policy->quantity = longest * NormalTail(z);
	policy->cost = EoqCost(costs->demand, costs->order, costs->stock.holding, policy->quantity) +
		costs->stock.holding * z * demand.stddev +
		costs->stock.stockout * (costs->demand / policy->quantity) * demand.stddev * StandardLoss(z);
	return PLANNING_OK;
}

/*
 * T^2 - parameter 0 * L - parameter 1.
 */
static double
EilCurve(const double *parameter, double z, double *slope)
{
	double		tail = NormalTail(z);

	*slope = tail * (parameter[0] - 2.0 * NormalDensity(z));
	return tail * tail - parameter[0] * StandardLoss(z) - parameter[1];
}

/*
 * The loss-function approximation, which takes no notice of shortages above r + Q.
 * With alpha = h / (h + p) its conditions n(r) = alpha Q and
 * Q^2 = 2 (K lambda + (h + p) n2(r)) / h are
 * L^2 - 2 alpha L2 = 2 K lambda alpha^2 / (h sigma^2); the left side falls until the
 * tail is alpha, where it is negative.
 */
static void
RqLoss(const OrderCosts *costs, NormalDemand demand, RqPolicy *policy)
{
	double		parameter[2];
	double		low;
	double		high;
	double		slope;
	double		z;

	if (demand.stddev == 0.0)
	{
		policy->quantity = EoqBackorders(costs).quantity;
		policy->reorder_point = RqNormalReorderPoint(costs->stock, demand, policy->quantity);
		return;
	}
	parameter[0] = AllowedTail(costs->stock);
	parameter[1] = parameter[0] / demand.stddev *
		EconomicOrderQuantity(costs->demand, costs->order, costs->stock.holding);
	parameter[1] *= parameter[1];
	high = AllowedQuantile(costs->stock);
	low = Min(high, 0.0) - 1.0;
	while (LossCurve(parameter, low, &slope) < 0.0)
		low *= 2.0;
	z = FindRoot(LossCurve, parameter, low, high);
	policy->reorder_point = demand.mean + z * demand.stddev;
	policy->quantity = demand.stddev * StandardLoss(z) / parameter[0];
}

/*
 * L^2 - 2 parameter 0 * L2 - parameter 1.
 */
static double
LossCurve(const double *parameter, double z, double *slope)
{
	double		loss = StandardLoss(z);

	*slope = -2.0 * loss * (NormalTail(z) - parameter[0]);
	return loss * loss - 2.0 * parameter[0] * StandardLossSecond(z) - parameter[1];
}

/*
 * The best (r, Q) policy for Poisson demand.  The cost of a policy is the average
 * of the rates at r + 1 .. r + Q with K lambda shared by Q, so the best Q levels are
 * taken, cheapest first, while they are below the average.  S&S section 5.5;
 * Federgruen and Zheng 1992.
 */
PlanningStatus
RqPoisson(const OrderCosts *costs, const PoissonTable *lead_time_demand,
		  const PlanningHost *host, RqPolicy *policy)
{
	int64		low = PoissonBaseStock(lead_time_demand, costs->stock);
	int64		high = low;
	double		sum = costs->order * costs->demand +
	PoissonRate(lead_time_demand, costs->stock, low);

	/* Levels low .. high are taken. */
	for (int64 n = 1; n <= MAX_RQ_QUANTITY; n++)
	{
		double		below = PoissonRate(lead_time_demand, costs->stock, low - 1);
		double		above = PoissonRate(lead_time_demand, costs->stock, high + 1);

		if (Min(below, above) * n >= sum)
		{
			policy->reorder_point = (double) (low - 1);
			policy->quantity = (double) n;
			policy->cost = sum / n;
			return PLANNING_OK;
		}
		if (below < above)
			low--;
		else
			high++;
		sum += Min(below, above);
		if (n % PULSE_STEPS == 0)
			host->pulse();
	}
	return PLANNING_TOO_LARGE;
}

/*
 * The exact expected cost per unit of time of a policy.
 */
double
RqPoissonCost(const OrderCosts *costs, const PoissonTable *lead_time_demand,
			  int64 reorder_point, int64 quantity, const PlanningHost *host)
{
	double		sum = costs->order * costs->demand;

	for (int64 n = 1; n <= quantity; n++)
	{
		sum += PoissonRate(lead_time_demand, costs->stock, reorder_point + n);
		if (n % PULSE_STEPS == 0)
			host->pulse();
	}
	return sum / quantity;
}

/* ---- (s, S) policies ---- */

/*
 * The best (s, S) policy for Poisson demand, reviewed every period, without a lead
 * time: at s or below, order up to S.  S&S section 4.4; the search of Zheng and
 * Federgruen 1991.
 */
PlanningStatus
SsPoisson(const OrderCosts *costs, const PoissonTable *demand, const PlanningHost *host,
		  SsPolicy *policy)
{
	SsSearch	search = {.costs = costs, .demand = demand, .host = host, .budget = SS_BUDGET};
	int64		big_s = PoissonBaseStock(demand, costs->stock);
	int64		s = big_s - 1;
	double		best = 0.0;
	PlanningStatus status = SsFindFirst(&search, &s, big_s, &best);

	/* No S is better whose own rate is above the best cost. */
	for (int64 candidate = big_s + 1;
		 status == PLANNING_OK && PoissonRate(demand, costs->stock, candidate) <= best;
		 candidate++)
	{
		double		cost;

		status = SsEvaluate(&search, s, candidate, &cost);
		if (status != PLANNING_OK || cost >= best)
			continue;
		best = cost;
		big_s = candidate;
		while (s + 1 < big_s && best <= PoissonRate(demand, costs->stock, s + 1))
		{
			status = SsEvaluate(&search, ++s, big_s, &best);
			if (status != PLANNING_OK)
				break;
		}
	}
	policy->s = (double) s;
	policy->big_s = (double) big_s;
	policy->cost = best;
	return status;
}

/*
 * The best s for a first S, going down from s: the first whose own rate is not
 * below the cost.
 */
static PlanningStatus
SsFindFirst(SsSearch *search, int64 *s, int64 big_s, double *cost)
{
	double		sum = search->costs->order;

	for (;;)
	{
		int64		n = big_s - *s;
		PlanningStatus status = SsRenewal(search, n);

		if (status != PLANNING_OK)
			return status;
		sum += search->renewal[n - 1] * PoissonRate(search->demand, search->costs->stock, *s + 1);
		*cost = sum / search->visits[n];
		if (*cost <= PoissonRate(search->demand, search->costs->stock, *s))
			return PLANNING_OK;
		(*s)--;
	}
}

/*
 * The exact expected cost per period of a policy.
 */
PlanningStatus
SsPoissonCost(const OrderCosts *costs, const PoissonTable *demand, int64 s, int64 big_s,
			  const PlanningHost *host, double *cost)
{
	SsSearch	search = {.costs = costs, .demand = demand, .host = host, .budget = SS_BUDGET};

	return SsEvaluate(&search, s, big_s, cost);
}

/*
 * The same within a search: a cycle starts at S with an order and visits the level
 * S - d renewal[d] times on average.
 */
static PlanningStatus
SsEvaluate(SsSearch *search, int64 s, int64 big_s, double *cost)
{
	int64		n = big_s - s;
	double		sum = search->costs->order;
	PlanningStatus status = SsRenewal(search, n);

	if (status != PLANNING_OK)
		return status;
	if (!SsSpend(search, n))
		return PLANNING_TOO_LARGE;
	for (int64 d = 0; d < n; d++)
		sum += search->renewal[d] * PoissonRate(search->demand, search->costs->stock, big_s - d);
	*cost = sum / search->visits[n];
	return PLANNING_OK;
}

/*
 * Works out renewal[0 .. n - 1] and visits[0 .. n]: the level d below S is visited
 * from those above it, and again while nothing is demanded.
 */
static PlanningStatus
SsRenewal(SsSearch *search, int64 n)
{
	const PoissonTable *demand = search->demand;
	double		some_demand = demand->first == 0 ? demand->tail[0] : 1.0;

	if (n > MAX_SS_DISTANCE)
		return PLANNING_TOO_LARGE;
	for (int64 d = search->n; d < n; d++)
	{
		int64		least = Max(demand->first, 1);
		int64		most = Min(demand->first + demand->n - 1, d);
		double		sum = d == 0 ? 1.0 : 0.0;

		if (!SsSpend(search, 1 + Max(most - least, 0)))
			return PLANNING_TOO_LARGE;
		if (d + 1 >= search->capacity)
			SsGrow(search);
		for (int64 k = least; k <= most; k++)
			sum += demand->pmf[k - demand->first] * search->renewal[d - k];
		search->renewal[d] = sum / some_demand;
		search->visits[d + 1] = search->visits[d] + search->renewal[d];
		search->n = d + 1;
	}
	return PLANNING_OK;
}

/*
 * More room.
 */
static void
SsGrow(SsSearch *search)
{
	int64		capacity = Max(2 * search->capacity, 1024);
	double	   *renewal = search->host->allocate(capacity * sizeof(double));
	double	   *visits = search->host->allocate(capacity * sizeof(double));

	visits[0] = 0.0;
	if (search->n > 0)
	{
		memcpy(renewal, search->renewal, search->n * sizeof(double));
		memcpy(visits, search->visits, (search->n + 1) * sizeof(double));
	}
	search->renewal = renewal;
	search->visits = visits;
	search->capacity = capacity;
}

/*
 * Takes steps from the budget; false if it has not that many.
 */
static bool
SsSpend(SsSearch *search, int64 steps)
{
	search->steps += steps;
	if (search->steps >= PULSE_STEPS)
	{
		search->host->pulse();
		search->steps = 0;
	}
	search->budget -= steps;
	return search->budget >= 0;
}

/*
 * The power approximation of Ehrhardt and Mosier for normal demand per period
 * without a lead time; no cost.  S&S section 4.4.
 */
void
SsPowerApproximation(const OrderCosts *costs, NormalDemand demand, SsPolicy *policy)
{
	double		variation = demand.stddev / demand.mean;
	double		distance = 1.30 * pow(demand.mean, 0.494) *
	pow(costs->order / costs->stock.holding, 0.506) * pow(1.0 + variation * variation, 0.116);
	double		margin = 0.0;

	if (demand.stddev > 0.0)
	{
		double		z = sqrt(distance / demand.stddev *
							 (costs->stock.holding / costs->stock.stockout));

		margin = demand.stddev * (0.183 / z + 1.063 - 2.192 * z);
	}
	policy->s = 0.973 * demand.mean + margin;
	policy->big_s = policy->s + distance;
	policy->cost = NAN;
}
