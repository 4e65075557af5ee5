-- Pure functions: nothing is read but the arguments. Strict: a NULL gives NULL, or
-- no row. Sources: S&S is Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd
-- edition, 2019; SPT is Silver, Pyke and Thomas, Inventory and Production Management
-- in Supply Chains, 4th edition, 2017.

-- Safety stock and reorder point

CREATE FUNCTION inventory.z_value(service_level double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_z_value';
COMMENT ON FUNCTION inventory.z_value(double precision) IS
'The inverse of the standard normal distribution: how many standard deviations of safety stock give a service level, the probability of a cycle without a shortage. 0.95 is 1.6448536. Accurate to 1e-9 and better wherever the argument is.
Errors: 22023 a service level that is not above 0 and below 1. Source: SPT chapter 6, appendix on the normal distribution.';

CREATE FUNCTION inventory.safety_stock(z double precision, stddev_daily_usage double precision, lead_time_days double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_safety_stock';
COMMENT ON FUNCTION inventory.safety_stock(double precision, double precision, double precision) IS
'z * stddev * sqrt(lead time), in units of the product: what is held against demand that varies over a lead time that does not.
Errors: 22023 a negative stddev_daily_usage or lead_time_days, NaN or infinity; 22003 an overflow. Source: SPT chapter 6.';

CREATE FUNCTION inventory.safety_stock(z double precision, stddev_daily_usage double precision, lead_time_days double precision, avg_daily_usage double precision, lead_time_stddev_days double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_safety_stock_variable';
COMMENT ON FUNCTION inventory.safety_stock(double precision, double precision, double precision, double precision, double precision) IS
'z * sqrt(lead time * stddev^2 + average^2 * lead time stddev^2), in units of the product: the lead time varies too, independently of demand.
Errors: 22023 a negative argument other than z, NaN or infinity; 22003 an overflow. Source: SPT chapter 6.';

CREATE FUNCTION inventory.reorder_point(avg_daily_usage double precision, lead_time_days double precision, stddev_daily_usage double precision DEFAULT 0, z double precision DEFAULT 1.65) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_reorder_point';
COMMENT ON FUNCTION inventory.reorder_point(double precision, double precision, double precision, double precision) IS
'average * lead time + safety stock, rounded up to a whole unit: order when the available stock falls below. 50 a day, 7 days, a standard deviation of 10 and z 1.65 give 394. A fraction that is only the rounding of floating-point numbers is not rounded up.
Errors: 22023 a negative argument other than z, NaN or infinity; 22003 above bigint. Source: SPT chapter 6.';

CREATE FUNCTION inventory.reorder_point(avg_daily_usage double precision, lead_time_days double precision, stddev_daily_usage double precision, z double precision, lead_time_stddev_days double precision) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_reorder_point_variable';
COMMENT ON FUNCTION inventory.reorder_point(double precision, double precision, double precision, double precision, double precision) IS
'The same with a lead time that varies.
Errors: 22023 a negative argument other than z, NaN or infinity; 22003 above bigint. Source: SPT chapter 6.';

CREATE FUNCTION inventory.lead_time_demand(avg_daily_usage double precision, stddev_daily_usage double precision, lead_time_days double precision, lead_time_stddev_days double precision) RETURNS TABLE (mean double precision, stddev double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_lead_time_demand';
COMMENT ON FUNCTION inventory.lead_time_demand(double precision, double precision, double precision, double precision) IS
'Mean and standard deviation, in units, of the demand over a lead time that varies: average * lead time, and sqrt(lead time * stddev^2 + average^2 * lead time stddev^2).
Errors: 22023 a negative argument, NaN or infinity; 22003 an overflow. Source: SPT chapter 6.';

-- Lot sizes, demand known

CREATE FUNCTION inventory.economic_order_quantity(annual_demand double precision, order_cost double precision, holding_cost_per_unit double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_economic_order_quantity';
COMMENT ON FUNCTION inventory.economic_order_quantity(double precision, double precision, double precision) IS
'sqrt(2 * demand * order cost / holding cost): the quantity, in units, for which ordering and holding cost least. Demand in units per year, cost of an order, cost of holding a unit for a year; any other unit of time serves, if it is the same in both.
Errors: 22023 a negative argument, a holding cost of 0, NaN or infinity; 22003 an overflow. Source: S&S section 3.2.';

CREATE FUNCTION inventory.eoq_cost(annual_demand double precision, order_cost double precision, holding_cost_per_unit double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_eoq_cost';
COMMENT ON FUNCTION inventory.eoq_cost(double precision, double precision, double precision, double precision) IS
'What ordering and holding cost per year with any order quantity: order cost * demand / quantity + holding cost * quantity / 2.
Errors: 22023 a negative argument, a holding cost or quantity of 0, NaN or infinity; 22003 an overflow. Source: S&S section 3.2.';

CREATE FUNCTION inventory.eoq_all_units_discount(annual_demand double precision, order_cost double precision, holding_rate double precision, breakpoints double precision[], unit_costs double precision[]) RETURNS TABLE (quantity double precision, annual_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_eoq_all_units_discount';
COMMENT ON FUNCTION inventory.eoq_all_units_discount(double precision, double precision, double precision, double precision[], double precision[]) IS
'The best order quantity when an order of breakpoints[i] units or more has all its units at unit_costs[i]. Holding a unit for a year costs holding_rate of its price. The first breakpoint is 0. annual_cost is purchases, ordering and holding.
Errors: 22023 breakpoints that do not start at 0 or do not increase, prices that increase or are not positive, arrays of different lengths, empty, of several dimensions or with NULL, a negative argument, a holding rate of 0, NaN or infinity; 22003 an overflow. Source: S&S section 3.4.';

CREATE FUNCTION inventory.eoq_incremental_discount(annual_demand double precision, order_cost double precision, holding_rate double precision, breakpoints double precision[], unit_costs double precision[]) RETURNS TABLE (quantity double precision, annual_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_eoq_incremental_discount';
COMMENT ON FUNCTION inventory.eoq_incremental_discount(double precision, double precision, double precision, double precision[], double precision[]) IS
'The same when only the units above breakpoints[i] are at unit_costs[i], and those below at the prices before it.
Errors: as eoq_all_units_discount. Source: S&S section 3.4.';

CREATE FUNCTION inventory.eoq_backorders(annual_demand double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision) RETURNS TABLE (quantity double precision, stockout_fraction double precision, annual_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_eoq_backorders';
COMMENT ON FUNCTION inventory.eoq_backorders(double precision, double precision, double precision, double precision) IS
'The best order quantity when customers may be made to wait; stockout_cost is for a unit that waits a year. stockout_fraction is the part of the demand that waits. annual_cost is ordering, holding and waiting.
Errors: 22023 a negative argument, a holding or stock-out cost of 0, NaN or infinity; 22003 an overflow. Source: S&S section 3.5.';

CREATE FUNCTION inventory.eoq_backorders_cost(annual_demand double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision, quantity double precision, stockout_fraction double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_eoq_backorders_cost';
COMMENT ON FUNCTION inventory.eoq_backorders_cost(double precision, double precision, double precision, double precision, double precision, double precision) IS
'What any quantity and any fraction of the demand that waits cost per year.
Errors: 22023 a negative argument, a holding or stock-out cost or a quantity of 0, a fraction above 1, NaN or infinity; 22003 an overflow. Source: S&S section 3.5.';

CREATE FUNCTION inventory.economic_production_quantity(annual_demand double precision, order_cost double precision, holding_cost double precision, production_rate double precision) RETURNS TABLE (quantity double precision, annual_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_economic_production_quantity';
COMMENT ON FUNCTION inventory.economic_production_quantity(double precision, double precision, double precision, double precision) IS
'The best quantity of a production run that makes production_rate units per year while they are sold. order_cost is that of setting up a run. annual_cost is setting up and holding.
Errors: 22023 a production_rate that is not above the demand, a negative argument, a holding cost of 0, NaN or infinity; 22003 an overflow. Source: S&S section 3.6.';

CREATE FUNCTION inventory.economic_production_cost(annual_demand double precision, order_cost double precision, holding_cost double precision, production_rate double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_economic_production_cost';
COMMENT ON FUNCTION inventory.economic_production_cost(double precision, double precision, double precision, double precision, double precision) IS
'What runs of any quantity cost per year.
Errors: as economic_production_quantity, and 22023 a quantity that is not positive. Source: S&S section 3.6.';

CREATE FUNCTION inventory.wagner_whitin(demand double precision[], order_cost double precision, holding_cost double precision) RETURNS TABLE (period integer, order_quantity double precision, total_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 12 AS 'MODULE_PATHNAME', 'inventory_wagner_whitin';
COMMENT ON FUNCTION inventory.wagner_whitin(double precision[], double precision, double precision) IS
'The cheapest plan for periods with known demands: a row for each period, the first is 1, with what to order at its start, 0 where nothing. holding_cost is for each unit left at the end of a period; total_cost, the same in every row, is ordering and holding over all periods.
Of plans that cost the same the one with the earlier second order. Nothing is ordered in a period without demand.
Errors: 22023 an empty array, several dimensions, a NULL, a negative argument, NaN or infinity; 54000 more than 50000 periods; 22003 an overflow. Source: S&S section 3.7.';

CREATE FUNCTION inventory.joint_replenishment_silver(shared_order_cost double precision, order_costs double precision[], holding_costs double precision[], demands double precision[]) RETURNS TABLE (item integer, multiple bigint, quantity double precision, cycle_time double precision, cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'inventory_joint_replenishment_silver';
COMMENT ON FUNCTION inventory.joint_replenishment_silver(double precision, double precision[], double precision[], double precision[]) IS
'Products that share an order, which costs shared_order_cost and for each product in it order_costs[i]: every cycle_time an order, in which product i is every multiple-th time with its quantity. Silver''s heuristic. Costs and demands per unit of time; cost, the same in every row, is ordering and holding.
Errors: 22023 arrays of different lengths, empty, of several dimensions or with NULL, a negative order cost, any other argument that is not positive, NaN or infinity; 22003 an overflow. Source: SPT chapter 10.';

-- Newsvendor

CREATE FUNCTION inventory.newsvendor_normal(mean double precision, stddev double precision, overage_cost double precision, underage_cost double precision) RETURNS TABLE (quantity double precision, expected_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_newsvendor_normal';
COMMENT ON FUNCTION inventory.newsvendor_normal(double precision, double precision, double precision, double precision) IS
'How much to have for one period of normal demand, when a unit left over costs overage_cost and a unit short underage_cost.
Errors: 22023 a negative mean or stddev, a cost that is not positive, NaN or infinity; 22003 an overflow. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_normal(mean double precision, stddev double precision, overage_cost double precision, underage_cost double precision, lead_time double precision) RETURNS TABLE (quantity double precision, expected_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_newsvendor_normal';
COMMENT ON FUNCTION inventory.newsvendor_normal(double precision, double precision, double precision, double precision, double precision) IS
'The base-stock level when orders of every period arrive lead_time periods later: lead_time + 1 periods have to be covered. mean and stddev are of one period, the cost is per period.
Errors: 22023 a negative mean, stddev or lead_time, a cost that is not positive, NaN or infinity; 22003 an overflow. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_normal_cost(mean double precision, stddev double precision, overage_cost double precision, underage_cost double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_newsvendor_normal_cost';
COMMENT ON FUNCTION inventory.newsvendor_normal_cost(double precision, double precision, double precision, double precision, double precision) IS
'What any quantity is expected to cost.
Errors: as newsvendor_normal. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_normal_explicit(mean double precision, stddev double precision, unit_price double precision, unit_cost double precision, salvage_value double precision DEFAULT 0, holding_cost double precision DEFAULT 0, stockout_cost double precision DEFAULT 0) RETURNS TABLE (quantity double precision, expected_profit double precision, expected_cost double precision, fill_rate double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_newsvendor_normal_explicit';
COMMENT ON FUNCTION inventory.newsvendor_normal_explicit(double precision, double precision, double precision, double precision, double precision, double precision, double precision) IS
'The newsvendor in prices: a unit costs unit_cost and sells for unit_price; left over it brings salvage_value, negative where it has to be disposed of, and costs holding_cost; short it costs stockout_cost beyond the lost margin. expected_cost is what uncertainty costs; expected_profit is the margin on the mean demand less that; fill_rate is the part of the demand that is served.
Errors: 22023 a mean that is not positive, a negative argument other than salvage_value, no profit on a unit sold, no loss on a unit left, NaN or infinity; 22003 an overflow. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_poisson(mean double precision, overage_cost double precision, underage_cost double precision) RETURNS TABLE (quantity double precision, expected_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_newsvendor_poisson';
COMMENT ON FUNCTION inventory.newsvendor_poisson(double precision, double precision, double precision) IS
'newsvendor_normal for Poisson demand: the smallest of the best whole quantities.
Errors: 22023 a negative mean, a cost that is not positive, NaN or infinity; 54000 a mean above 1e8; 22003 an overflow. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_poisson(mean double precision, overage_cost double precision, underage_cost double precision, lead_time double precision) RETURNS TABLE (quantity double precision, expected_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_newsvendor_poisson';
COMMENT ON FUNCTION inventory.newsvendor_poisson(double precision, double precision, double precision, double precision) IS
'The base-stock level over lead_time + 1 periods of Poisson demand.
Errors: as newsvendor_poisson, and 22023 a negative lead_time. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_poisson_cost(mean double precision, overage_cost double precision, underage_cost double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_newsvendor_poisson_cost';
COMMENT ON FUNCTION inventory.newsvendor_poisson_cost(double precision, double precision, double precision, double precision) IS
'What any quantity is expected to cost.
Errors: as newsvendor_poisson. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_poisson_explicit(mean double precision, unit_price double precision, unit_cost double precision, salvage_value double precision DEFAULT 0, holding_cost double precision DEFAULT 0, stockout_cost double precision DEFAULT 0) RETURNS TABLE (quantity double precision, expected_profit double precision, expected_cost double precision, fill_rate double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_newsvendor_poisson_explicit';
COMMENT ON FUNCTION inventory.newsvendor_poisson_explicit(double precision, double precision, double precision, double precision, double precision, double precision) IS
'newsvendor_normal_explicit for Poisson demand.
Errors: as newsvendor_normal_explicit; 54000 a mean above 1e8. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_discrete(demand_values double precision[], probabilities double precision[], overage_cost double precision, underage_cost double precision) RETURNS TABLE (quantity double precision, expected_cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_newsvendor_discrete';
COMMENT ON FUNCTION inventory.newsvendor_discrete(double precision[], double precision[], double precision, double precision) IS
'newsvendor_normal for a demand that has each of some values, in any order, with a probability: the smallest of the best quantities.
Errors: 22023 arrays of different lengths, empty, of several dimensions or with NULL, a negative demand or probability, probabilities that do not add up to 1, a cost that is not positive, NaN or infinity; 22003 an overflow. Source: S&S section 4.3.';

CREATE FUNCTION inventory.newsvendor_discrete_cost(demand_values double precision[], probabilities double precision[], overage_cost double precision, underage_cost double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_newsvendor_discrete_cost';
COMMENT ON FUNCTION inventory.newsvendor_discrete_cost(double precision[], double precision[], double precision, double precision, double precision) IS
'What any quantity is expected to cost.
Errors: as newsvendor_discrete. Source: S&S section 4.3.';

-- Policies

CREATE FUNCTION inventory.rq_policy(demand double precision, stddev double precision, lead_time double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision, method text DEFAULT 'eil') RETURNS TABLE (reorder_point double precision, quantity double precision, cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_rq_policy';
COMMENT ON FUNCTION inventory.rq_policy(double precision, double precision, double precision, double precision, double precision, double precision, text) IS
'When available stock and what is on order fall to reorder_point, order quantity: for normal demand with a mean and standard deviation per unit of time, by an approximation.
eil, the expected inventory level: stockout_cost is for each unit that is short, and cost is that of the approximation. eoqb: quantity of eoq_backorders, with the best reorder point for it. loss: shortages above the order quantity are left out. eoq_ss: economic order quantity, safety stock by the newsvendor. For these three stockout_cost is for a unit and a unit of time, and cost is the exact one of the policy found, rq_cost.
Errors: 22023 an unknown method, a negative stddev or lead_time, any other argument that is not positive, NaN or infinity, for eil a stockout_cost so small that no order is ever worth it; 22003 an overflow. Source: S&S section 5.3.';

CREATE FUNCTION inventory.rq_cost(demand double precision, stddev double precision, lead_time double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision, reorder_point double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_rq_cost';
COMMENT ON FUNCTION inventory.rq_cost(double precision, double precision, double precision, double precision, double precision, double precision, double precision, double precision) IS
'The exact expected cost per unit of time of any reorder point and quantity, demand being normal. stockout_cost is for a unit and a unit of time.
Errors: 22023 a negative demand, stddev, lead_time or order_cost, a holding or stock-out cost or a quantity that is not positive, NaN or infinity; 22003 an overflow. Source: S&S section 5.2.';

CREATE FUNCTION inventory.rq_reorder_point(demand double precision, stddev double precision, lead_time double precision, holding_cost double precision, stockout_cost double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_rq_reorder_point';
COMMENT ON FUNCTION inventory.rq_reorder_point(double precision, double precision, double precision, double precision, double precision, double precision) IS
'The reorder point that is best for a given order quantity, demand being normal: it makes rq_cost least.
Errors: 22023 a negative demand, stddev or lead_time, any other argument that is not positive, NaN or infinity; 22003 an overflow. Source: S&S section 5.2.';

CREATE FUNCTION inventory.rq_policy_poisson(demand double precision, lead_time double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision) RETURNS TABLE (reorder_point double precision, quantity double precision, cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 COST 1000 AS 'MODULE_PATHNAME', 'inventory_rq_policy_poisson';
COMMENT ON FUNCTION inventory.rq_policy_poisson(double precision, double precision, double precision, double precision, double precision) IS
'The best reorder point and quantity for Poisson demand, exact; stockout_cost is for a unit and a unit of time, cost per unit of time.
Errors: 22023 a negative lead_time or order_cost, any other argument that is not positive, NaN or infinity; 54000 a mean of the lead time demand above 1e8, a quantity above 1e8; 22003 an overflow. Source: S&S section 5.5; Federgruen and Zheng, Operations Research 40, 1992.';

CREATE FUNCTION inventory.rq_cost_poisson(demand double precision, lead_time double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision, reorder_point double precision, quantity double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'inventory_rq_cost_poisson';
COMMENT ON FUNCTION inventory.rq_cost_poisson(double precision, double precision, double precision, double precision, double precision, double precision, double precision) IS
'The exact expected cost per unit of time of any whole reorder point and quantity for Poisson demand.
Errors: as rq_policy_poisson, and 22023 a reorder_point or quantity that is no whole number. Source: S&S section 5.5.';

CREATE FUNCTION inventory.ss_policy_poisson(mean double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision) RETURNS TABLE (s double precision, big_s double precision, cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 COST 1000 AS 'MODULE_PATHNAME', 'inventory_ss_policy_poisson';
COMMENT ON FUNCTION inventory.ss_policy_poisson(double precision, double precision, double precision, double precision) IS
'Look every period, and at s or below order up to big_s, which arrives at once: the best levels for Poisson demand per period, exact. Costs per unit left or waiting at the end of a period; cost per period. Other levels may cost the same.
Errors: 22023 a negative order_cost, any other argument that is not positive, NaN or infinity; 54000 a mean above 1e8, or a search that would take too long; 22003 an overflow. Source: S&S section 4.4; Zheng and Federgruen, Operations Research 39, 1991.';

CREATE FUNCTION inventory.ss_cost_poisson(mean double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision, s double precision, big_s double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'inventory_ss_cost_poisson';
COMMENT ON FUNCTION inventory.ss_cost_poisson(double precision, double precision, double precision, double precision, double precision, double precision) IS
'The exact expected cost per period of any whole s and big_s.
Errors: as ss_policy_poisson, and 22023 an s that is not below big_s, or levels that are no whole numbers. Source: S&S section 4.4.';

CREATE FUNCTION inventory.ss_policy_power_approximation(mean double precision, stddev double precision, order_cost double precision, holding_cost double precision, stockout_cost double precision) RETURNS TABLE (s double precision, big_s double precision, cost double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_ss_policy_power_approximation';
COMMENT ON FUNCTION inventory.ss_policy_power_approximation(double precision, double precision, double precision, double precision, double precision) IS
'The same levels for demand of which only mean and standard deviation per period are known, by a formula fitted to many cases; cost is NULL.
Errors: 22023 a negative stddev, any other argument that is not positive, NaN or infinity; 22003 an overflow. Source: S&S section 4.4; Ehrhardt and Mosier, Management Science 30, 1984.';

-- Loss functions

CREATE FUNCTION inventory.standard_loss(z double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_standard_loss';
COMMENT ON FUNCTION inventory.standard_loss(double precision) IS
'The expected shortage in standard deviations, E(Z - z)+ for a standard normal Z. The expected excess is standard_loss(-z). Accurate far into the tail.
Errors: 22023 NaN or infinity. Source: S&S appendix C.';

CREATE FUNCTION inventory.standard_loss_second(z double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'inventory_standard_loss_second';
COMMENT ON FUNCTION inventory.standard_loss_second(double precision) IS
'Half of E((Z - z)+)^2 for a standard normal Z, which is the integral of standard_loss from z on.
Errors: 22023 NaN or infinity; 22003 an overflow. Source: S&S appendix C.';

CREATE FUNCTION inventory.normal_loss(x double precision, mean double precision, stddev double precision) RETURNS TABLE (shortage double precision, excess double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_normal_loss';
COMMENT ON FUNCTION inventory.normal_loss(double precision, double precision, double precision) IS
'What is expected to be short, E(D - x)+, and to be left, E(x - D)+, when x units meet normal demand.
Errors: 22023 a negative stddev, NaN or infinity; 22003 an overflow. Source: S&S appendix C.';

CREATE FUNCTION inventory.poisson_loss(x double precision, mean double precision) RETURNS TABLE (shortage double precision, excess double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'inventory_poisson_loss';
COMMENT ON FUNCTION inventory.poisson_loss(double precision, double precision) IS
'The same for Poisson demand; x may be a fraction.
Errors: 22023 a negative mean, NaN or infinity; 54000 a mean above 1e8. Source: S&S appendix C.';
