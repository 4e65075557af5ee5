/*
 * planning_math.h
 *		The mathematics of planning: normal and Poisson demand, lot sizes and
 *		replenishment policies.
 *
 * Free of SQL.  Callers have checked that arguments are finite and have the sign
 * that their meaning asks for; results may be infinite where they overflow, which
 * callers look at.  Memory and interrupts come from the host.
 *
 * Sources: Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition,
 * Wiley 2019 (S&S); Silver, Pyke and Thomas, Inventory and Production Management in
 * Supply Chains, 4th edition, CRC Press 2017 (SPT).
 */
#ifndef INVENTORY_PLANNING_MATH_H
#define INVENTORY_PLANNING_MATH_H

#include "postgres.h"

/* Largest Poisson mean: a table of the distribution has 75 standard deviations. */
#define MAX_POISSON_MEAN	1e8
/* Largest order quantity that an exact (r, Q) policy is searched for. */
#define MAX_RQ_QUANTITY		100000000
/* Largest distance of s and S, and steps that a search for them may cost. */
#define MAX_SS_DISTANCE		4000000
#define SS_BUDGET			INT64CONST(1000000000)
/* Most periods of a lot sizing plan. */
#define MAX_PERIODS			50000

/* What the mathematics needs from the program around it. */
typedef struct PlanningHost
{
	void	   *(*allocate) (size_t bytes); /* never NULL; freed by the host */
	void		(*pulse) (void);	/* called now and then; may not return */
} PlanningHost;

typedef enum PlanningStatus
{
	PLANNING_OK,
	PLANNING_NO_POLICY,			/* no policy meets the conditions */
	PLANNING_TOO_LARGE			/* the search would take too long */
} PlanningStatus;

/* Holding and stock-out cost, per unit, or per unit and unit of time. */
typedef struct StockCosts
{
	double		holding;
	double		stockout;
} StockCosts;

/* An order that costs something however large it is, and what stock costs. */
typedef struct OrderCosts
{
	double		order;
	double		demand;			/* per unit of time */
	StockCosts	stock;
} OrderCosts;

/* Price breaks: from breakpoints[i] on a unit costs unit_costs[i]. */
typedef struct Discount
{
	int			n;
	const double *breakpoints;
	const double *unit_costs;
} Discount;

typedef struct LotSize
{
	double		quantity;
	double		cost;
} LotSize;

typedef struct RqPolicy
{
	double		reorder_point;
	double		quantity;
	double		cost;
} RqPolicy;

typedef struct SsPolicy
{
	double		s;
	double		big_s;
	double		cost;
} SsPolicy;

/* Demand with a continuous distribution. */
typedef struct NormalDemand
{
	double		mean;
	double		stddev;
} NormalDemand;

/*
 * A Poisson distribution, for the values first .. first + n - 1; what is outside
 * has less than 1e-300 of the largest probability.
 */
typedef struct PoissonTable
{
	double		mean;
	int64		first;
	int64		n;
	double	   *pmf;			/* P(D = k) */
	double	   *tail;			/* P(D > k) */
	double	   *shortage;		/* E(D - k)+ */
	double	   *excess;			/* E(k - D)+ */
} PoissonTable;

typedef enum RqMethod
{
	RQ_EIL,						/* expected inventory level */
	RQ_EOQB,					/* EOQ with backorders */
	RQ_LOSS,					/* loss function */
	RQ_EOQ_SS					/* EOQ and safety stock */
} RqMethod;

/* The normal distribution */
extern double NormalDensity(double z);
extern double NormalTail(double z);
extern double NormalQuantile(double probability);
extern double NormalTailQuantile(double tail);
extern double StandardLoss(double z);
extern double StandardLossSecond(double z);
extern double NormalShortage(NormalDemand demand, double x);
extern double NormalExcess(NormalDemand demand, double x);

/* The Poisson distribution */
extern void PoissonTableBuild(PoissonTable *table, double mean, const PlanningHost *host);
extern double PoissonShortage(const PoissonTable *table, double x);
extern double PoissonExcess(const PoissonTable *table, double x);

/* Safety stock and reorder point */
extern NormalDemand LeadTimeDemand(NormalDemand daily, NormalDemand lead_time);
extern double RoundUp(double x);
extern double AllowedTail(StockCosts costs);

/* Lot sizes, demand known */
extern double EconomicOrderQuantity(double demand, double order_cost, double holding_cost);
extern LotSize EoqAllUnitsDiscount(double demand, double order_cost, double holding_rate,
								   Discount discount);
extern LotSize EoqIncrementalDiscount(double demand, double order_cost, double holding_rate,
									  Discount discount);
extern double EoqCost(double demand, double order_cost, double holding_cost, double quantity);
extern LotSize EoqBackorders(const OrderCosts *costs);
extern double EoqBackordersCost(const OrderCosts *costs, double quantity, double fraction);
extern PlanningStatus WagnerWhitin(int n, const double *demand, double order_cost,
								   double holding_cost, const PlanningHost *host,
								   double *quantity, double *cost);
extern double JointReplenishment(int n, double shared_cost, const double *order_costs,
								 const double *holding_costs, const double *demands,
								 double *multiples, double *cost);

/* Newsvendor */
extern double NewsvendorNormal(NormalDemand demand, StockCosts costs);
extern double NewsvendorNormalCost(NormalDemand demand, StockCosts costs, double quantity);
extern double NewsvendorPoisson(const PoissonTable *demand, StockCosts costs);
extern double NewsvendorPoissonCost(const PoissonTable *demand, StockCosts costs,
									double quantity);
extern double NewsvendorDiscrete(int n, const double *values, const double *probabilities,
								 StockCosts costs);
extern double NewsvendorDiscreteCost(int n, const double *values, const double *probabilities,
									 StockCosts costs, double quantity);

/* Policies */
extern PlanningStatus RqNormal(const OrderCosts *costs, NormalDemand lead_time_demand,
							   RqMethod method, RqPolicy *policy);
extern double RqNormalCost(const OrderCosts *costs, NormalDemand lead_time_demand,
						   double reorder_point, double quantity);
extern double RqNormalReorderPoint(StockCosts costs, NormalDemand lead_time_demand,
								   double quantity);
extern PlanningStatus RqPoisson(const OrderCosts *costs, const PoissonTable *lead_time_demand,
								const PlanningHost *host, RqPolicy *policy);
extern double RqPoissonCost(const OrderCosts *costs, const PoissonTable *lead_time_demand,
							int64 reorder_point, int64 quantity, const PlanningHost *host);
extern PlanningStatus SsPoisson(const OrderCosts *costs, const PoissonTable *demand,
								const PlanningHost *host, SsPolicy *policy);
extern PlanningStatus SsPoissonCost(const OrderCosts *costs, const PoissonTable *demand,
									int64 s, int64 big_s, const PlanningHost *host,
									double *cost);
extern void SsPowerApproximation(const OrderCosts *costs, NormalDemand demand,
								 SsPolicy *policy);

#endif							/* INVENTORY_PLANNING_MATH_H */
