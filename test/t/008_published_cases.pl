# Published cases against the planning functions. They are in a CSV file of their
# own, with the columns kind, inputs and expected (JSON) and source, which the
# environment variable INVENTORY_CASES names; without it nothing is tested here.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $file = $ENV{INVENTORY_CASES}
  || dirname(abs_path(__FILE__)) . '/../../../shared/cases/planning_sample.csv';
plan skip_all => "no published cases at $file (set INVENTORY_CASES)" if !-r $file;

# What answers a kind: a query over i, the inputs, that returns the names of the
# expected values with what the functions give. e is what is expected.
my %query = (
    eoq => q{select eoq as "Q", eoq_cost(x.lambda, x.k, x.h, eoq) as cost from economic_order_quantity(x.lambda, x.k, x.h) eoq},
    eoq_cost_at_Q => q{select (i->'Q')::float8 as "Q", eoq_cost(x.lambda, x.k, x.h, (i->'Q')::float8) as cost},
    eoq_all_units_discount => q{select quantity as "Q", price_range(i->'breakpoints', quantity) as region, annual_cost as cost
        from eoq_all_units_discount(x.lambda, x.k, x.rate, numbers(i->'breakpoints'), numbers(i->'unit_costs'))},
    eoq_incremental_discount => q{select quantity as "Q", price_range(i->'breakpoints', quantity) as region, annual_cost as cost
        from eoq_incremental_discount(x.lambda, x.k, x.rate, numbers(i->'breakpoints'), numbers(i->'unit_costs'))},
    eoq_backorders => q{select quantity as "Q", stockout_fraction, annual_cost as cost from eoq_backorders(x.lambda, x.k, x.h, x.p)},
    eoq_backorders_cost_at_Qx => q{select (i->'Q')::float8 as "Q", (i->'x')::float8 as stockout_fraction,
        eoq_backorders_cost(x.lambda, x.k, x.h, x.p, (i->'Q')::float8, (i->'x')::float8) as cost},
    epq => q{select quantity as "Q", annual_cost as cost from economic_production_quantity(x.lambda, x.k, x.h, x.mu)},
    epq_cost_at_Q => q{select (i->'Q')::float8 as "Q", economic_production_cost(x.lambda, x.k, x.h, x.mu, (i->'Q')::float8) as cost},
    joint_replenishment_silver => q{select array_agg(quantity order by item) as "Q", array_agg(multiple order by item) as m, min(cycle_time) as "T", min(r.cost) as cost
        from joint_replenishment_silver((i->'shared_K')::float8, numbers(i->'K'), numbers(i->'h'), numbers(i->'lambda')) r},
    newsvendor_normal => q{select quantity as "S", expected_cost as cost from newsvendor_normal(x.mu, x.sigma, x.h, x.p, x.l)},
    newsvendor_normal_cost_at_S => q{select (i->'S')::float8 as "S", newsvendor_normal_cost(x.mu, x.sigma, x.h, x.p, (i->'S')::float8) as cost},
    newsvendor_normal_explicit => q{select quantity as "S", expected_profit as profit from newsvendor_normal_explicit(x.mu, x.sigma, x.r, x.c, x.v, coalesce(x.h, 0), coalesce(x.p, 0))},
    newsvendor_price_cost => q{select quantity as "Q", expected_cost, expected_profit, fill_rate
        from newsvendor_normal_explicit(x.mu, x.sigma, (i->'price')::float8, (i->'cost')::float8, (i->'salvage')::float8)},
    newsvendor_poisson => q{select quantity as "S", expected_cost as cost from newsvendor_poisson(x.mu, x.h, x.p, x.l)},
    newsvendor_poisson_cost_at_S => q{select (i->'S')::float8 as "S", newsvendor_poisson_cost(x.mu, x.h, x.p, (i->'S')::float8) as cost},
    newsvendor_poisson_explicit => q{select quantity as "S", expected_profit as profit from newsvendor_poisson_explicit(x.mu, x.r, x.c, x.v, coalesce(x.h, 0), coalesce(x.p, 0))},
    newsvendor_discrete => q{select n.quantity as "S", n.expected_cost as cost
        from (select array_agg(key::float8) as d, array_agg(value::float8) as w from jsonb_each_text(i->'pmf')) pmf, newsvendor_discrete(pmf.d, pmf.w, x.h, x.p) n},
    newsvendor_discrete_cost_at_S => q{select (i->'S')::float8 as "S", newsvendor_discrete_cost(pmf.d, pmf.w, x.h, x.p, (i->'S')::float8) as cost
        from (select array_agg(key::float8) as d, array_agg(value::float8) as w from jsonb_each_text(i->'pmf')) pmf},
    normal_loss => q{select shortage as n, excess as n_bar from normal_loss((i->'x')::float8, x.mu, x.sigma)},
    poisson_loss => q{select shortage as n, excess as n_bar from poisson_loss((i->'x')::float8, coalesce(x.mu, x.lambda))},
    std_normal_loss => q{select standard_loss((i->'z')::float8) as "L", standard_loss(-(i->'z')::float8) as "L_bar"},
    std_normal_second_loss => q{select standard_loss_second((i->'z')::float8) as "L2", standard_loss_second(-(i->'z')::float8) as "L2_bar"},
    rop_csl => q{select x.mu * x.l + ss as r, ss from safety_stock(z_value((i->'csl')::float8), x.sigma, x.l) ss},
    rop_csl_leadtime_variability => q{select d.stddev as "sigma_DL", d.mean + ss as r, ss from lead_time_demand(x.mu, x.sigma, x.l, x.sigma_l) d,
        safety_stock(z_value((i->'csl')::float8), x.sigma, x.l, x.mu, x.sigma_l) ss},
    sigma_demand_leadtime => q{select mean as "DL", stddev as "sigma_DL" from lead_time_demand(x.mu, x.sigma, x.l, x.sigma_l)},
    safety_stock_csl => q{select safety_stock(z_value((i->'csl')::float8), x.sigma, x.l) as ss},
    safety_stock_z => q{select safety_stock((i->'z')::float8, case i->>'stdev' when 'sample' then stddev_samp(d) else stddev_pop(d) end, x.l) as ss
        from unnest(numbers(i->'demand')) d},
    rq_eil => q{select reorder_point as r, quantity as "Q", r.cost from rq_policy(x.lambda, x.tau, x.l, x.k, x.h, x.p) r},
    rq_eoqb => q{select reorder_point as r, quantity as "Q", r.cost from rq_policy(x.lambda, x.tau, x.l, x.k, x.h, x.p, 'eoqb') r},
    rq_loss_function => q{select reorder_point as r, quantity as "Q", r.cost from rq_policy(x.lambda, x.tau, x.l, x.k, x.h, x.p, 'loss') r},
    rop_eoq_plus_safety_stock => q{select reorder_point as r, quantity as "Q", reorder_point - x.lambda * x.l as safety_stock
        from rq_policy(x.lambda, x.tau, x.l, x.k, x.h, x.p, 'eoq_ss') r},
    rq_cost_normal => q{select rq_cost(x.lambda, x.tau, x.l, x.k, x.h, x.p, x.r, (i->'Q')::float8) as cost},
    rq_optimal_r_for_Q => q{select rq_reorder_point(x.lambda, x.tau, x.l, x.h, x.p, (i->'Q')::float8) as r},
    rq_poisson_exact => q{select reorder_point as r, quantity as "Q", r.cost from rq_policy_poisson(x.lambda, x.l, x.k, x.h, x.p) r},
    rq_poisson_cost => q{select rq_cost_poisson(x.lambda, x.l, x.k, x.h, x.p, x.r, (i->'Q')::float8) as cost},
    # Another s and S are as good where they cost the same.
    ss_exact_poisson => q{select case when same_cost then (e->'s')::float8 else p.s end as s, case when same_cost then (e->'S')::float8 else p.big_s end as "S", p.cost
        from ss_policy_poisson(x.mu, x.k, x.h, x.p) p,
        lateral (select abs(ss_cost_poisson(x.mu, x.k, x.h, x.p, (e->'s')::float8, (e->'S')::float8) - p.cost) <= 1e-9 * p.cost as same_cost) t},
    ss_cost_poisson => q{select ss_cost_poisson(x.mu, x.k, x.h, x.p, (i->'s')::float8, (i->'S')::float8) as cost},
    ss_power_approx => q{select s, big_s as "S" from ss_policy_power_approximation(x.mu, x.sigma, x.k, x.h, x.p)},
    # The plan may be another one where that costs the same.
    wagner_whitin => q{select case when abs(plan_cost(array_remove_first(numbers(e->'Q')), d.d, x.k, x.h) - min(total_cost)) <= 1e-9 * min(total_cost) then numbers(e->'Q')
            else 0::float8 || array_agg(order_quantity order by period) end as "Q", min(total_cost) as cost
        from (select case jsonb_typeof(i->'d') when 'array' then numbers(i->'d') else array_fill((i->'d')::float8, array[(i->'T')::int]) end as d) d,
        wagner_whitin(d.d, x.k, x.h) group by d.d},
);
# The numbers among the inputs, by name; a lead time that is left out is none.
my @inputs = qw(lambda K h p i mu sigma tau r c v sigma_L);
my $inputs = join(', ',
    "coalesce((i->'L')::float8, 0) as l",
    map { "case jsonb_typeof(i->'$_') when 'number' then (i->'$_')::float8 end as " . ($_ eq 'i' ? 'rate' : lc($_)) } @inputs);

my $node = PostgreSQL::Test::Cluster->new('published');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
ALTER DATABASE postgres SET search_path = inventory, public;
});
$node->safe_psql('postgres', q{
CREATE TABLE public.published (line serial, kind text, inputs jsonb, expected jsonb, source text);
CREATE FUNCTION public.numbers(jsonb) RETURNS float8[] LANGUAGE sql AS
'SELECT array_agg(v::float8 ORDER BY o) FROM jsonb_array_elements($1) WITH ORDINALITY e(v, o)';
CREATE FUNCTION public.array_remove_first(float8[]) RETURNS float8[] LANGUAGE sql AS 'SELECT $1[2:]';
CREATE FUNCTION public.price_range(breakpoints jsonb, quantity float8) RETURNS bigint LANGUAGE sql AS
'SELECT count(*) - 1 FROM unnest(numbers(breakpoints)) b WHERE b <= quantity';
-- NULL where the plan leaves a demand unmet.
CREATE FUNCTION public.plan_cost(plan float8[], demand float8[], order_cost float8, holding_cost float8) RETURNS float8 LANGUAGE sql AS
'SELECT CASE WHEN min(stock) >= 0 THEN sum(CASE WHEN q > 0 THEN order_cost ELSE 0 END + holding_cost * stock) END
FROM (SELECT q, sum(q - d) OVER (ORDER BY o) AS stock FROM unnest(plan, demand) WITH ORDINALITY u(q, d, o)) p';
-- Half a unit of the last digit where the source prints rounded values, else 1e-6.
CREATE FUNCTION public.near(actual jsonb, expected jsonb, rounded boolean) RETURNS boolean LANGUAGE sql AS
$$SELECT CASE jsonb_typeof(expected)
    WHEN 'array' THEN jsonb_array_length(actual) = jsonb_array_length(expected) AND NOT EXISTS (
        SELECT FROM generate_series(0, jsonb_array_length(expected) - 1) n
        WHERE near(actual -> n, expected -> n, rounded) IS NOT TRUE)
    ELSE abs(actual::numeric - expected::numeric) <= greatest(1e-6 * abs(expected::numeric),
        CASE WHEN rounded THEN 0.5 * 10.0 ^ -scale(expected::numeric) ELSE 0 END) END$$;
});
$node->safe_psql('postgres', "\\copy published (kind, inputs, expected, source) from '$file' csv header");

my @cases = split /\n/, $node->safe_psql('postgres', 'select line, kind from published order by line');
cmp_ok(scalar @cases, '>', 0, 'there are cases');
my %unknown;
for (@cases)
{
    my ($line, $kind) = split /\|/;
    if (!$query{$kind})
    {
        $unknown{$kind}++;
        next;
    }
    my ($code, $stdout, $stderr) = $node->psql('postgres', qq{
        with given as (select inputs as i, expected - 'round' as e, source ~* 'rounded' or expected ? 'round' as rounded from published where line = $line),
        x as (select $inputs from given),
        answer as (select to_jsonb(a) as a from given cross join x cross join lateral ($query{$kind}) a)
        select string_agg(format('%s: %s, published %s', k.key, coalesce(a -> k.key, 'null'), k.value), '; ') filter (where near(a -> k.key, k.value, rounded) is not true),
            count(a -> k.key), string_agg(format('%s %s', k.key, a -> k.key), ', ')
        from given cross join jsonb_each(e) k left join answer on true});
    my ($wrong, $compared, $values) = split /\|/, $stdout;
    if ($code != 0 || $wrong || !$compared)
    {
        fail("$kind, case $line");
        diag($stderr || $wrong || 'nothing was compared');
    }
    else
    {
        pass("$kind, case $line: $values");
    }
}
SKIP:
{
    skip 'no function answers: ' . join(', ', map { "$_ ($unknown{$_})" } sort keys %unknown), scalar keys %unknown if %unknown;
}

$node->stop;
done_testing();
