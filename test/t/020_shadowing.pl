# Nothing is looked up by a name that somebody else could have put in the way: the
# statements in the library are bound with a twin of the whole catalogue in front
# of pg_catalog, and none depends on a part of it; the worker runs its jobs with
# that twin in front; CREATE EXTENSION meets what others made before.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $mirror = 'test/pgtap/include/mirror.psql';

# The statements of the library, with the types of their parameters. The compiler's
# preprocessor puts them together, so without one there is nothing to look at.
my $server_include = `pg_config --includedir-server`;
chomp $server_include;
my $internal_include = $server_include;
$internal_include =~ s{/server$}{/internal};

# Returns the source of a file as the compiler sees it, or undef.
sub preprocessed
{
	my ($file) = @_;
	my $source = `cc -E -P -DNDEBUG -Isrc -isystem $server_include -isystem $internal_include -D_GNU_SOURCE $file 2>/dev/null`;
	return $? == 0 && length $source ? $source : undef;
}

my $literal = qr/"(?:[^"\\]|\\.)*"/;

# What adjacent string literals say.
sub said
{
	my ($literals) = @_;
	my $text = join '', map { substr $_, 1, -1 } $literals =~ /$literal/g;
	$text =~ s/\\(.)/$1/g;
	return $text;
}

# The headers of the server have declarations with literals of their own; what is
# ours begins like a statement.
my $statement = qr/^(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|LOCK TABLE|CREATE|ALTER|DROP|TRUNCATE|COMMENT ON|NOTIFY|GRANT|REVOKE|COPY|MERGE) /;
my (%plan, %other);
for my $file (glob('src/*.c'), glob('src/worker/*.c'))
{
	my $source = preprocessed($file) // last;
	while ($source =~ /\.sql\s*=\s*((?:$literal\s*)+)([^;"]*?)(?=\.sql\b|;|")/g)
	{
		my ($sql, $rest) = (said($1), $2);
		$plan{$sql} = $rest =~ /\.argtypes\s*=\s*\{([^}]*)\}/ ? $1 : '';
	}
	while ($source =~ /((?:$literal\s*)+)/g)
	{
		my $sql = said($1);
		$other{$sql} = $file if $sql =~ $statement;
	}
}
# A function's body cannot hold what is no query.
delete @plan{ grep { /^LOCK TABLE/ } keys %plan };
delete @other{ keys %plan };

my $node = PostgreSQL::Test::Cluster->new('shadowing');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'inventory'\ninventory.databases = 'worked'");
$node->start;

SKIP:
{
	skip 'no C compiler, or no headers of the server', 11 unless %plan;
	note(scalar(keys %plan) . ' statements');
	cmp_ok(scalar(keys %plan), '>', 120, 'the statements of the library were found');

	# What is put together at run time, by its beginning; no operator in it.
	my %put_together = map { $_ => 1 } grep { /^(?:LOCK TABLE|CREATE TABLE|CREATE TRIGGER|COMMENT ON \w+|ALTER TABLE|ALTER EXTENSION|SELECT pg_catalog\.count\(\*\) FROM)/ } keys %other;
	is_deeply([ grep { !$put_together{$_} } sort keys %other ], [], 'all others are DDL');
	is_deeply([ grep { s/'[^']*'//gr =~ /[<>=|+]|\bFROM (?!inventory\.|%s|\()|\b(?:TABLE|ON) (?!inventory\.|TRIGGER|TABLE|DROP)/ } sort keys %put_together ], [], 'which names schemas');

	my $script = "BEGIN;\n\\i $mirror\n" . <<'SQL';
CREATE TABLE public.inventory_test_bound (statement pg_catalog.text, problem pg_catalog.text);
-- Makes a function of the statement, with the twin in front, and looks what it depends on.
CREATE FUNCTION pg_temp.bind(statement pg_catalog.text, types pg_catalog.oid[]) RETURNS pg_catalog.void LANGUAGE plpgsql AS $$
DECLARE
    problem pg_catalog.text;
    arguments pg_catalog.text := (
        SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, t.typname), ', ' ORDER BY a.i)
        FROM pg_catalog.unnest(types) WITH ORDINALITY AS a(type, i)
        JOIN pg_catalog.pg_type t ON t.oid = a.type JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace);
    made pg_catalog.oid;
BEGIN
    BEGIN
        PERFORM pg_catalog.set_config('search_path', 'pg_temp, inventory_test_evil, pg_catalog', true);
        EXECUTE pg_catalog.concat('CREATE FUNCTION public.inventory_test_probe(', arguments, ') RETURNS pg_catalog.void LANGUAGE sql BEGIN ATOMIC ', statement, '; END');
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        SELECT p.oid INTO made FROM pg_catalog.pg_proc p WHERE p.proname = 'inventory_test_probe';
        SELECT pg_catalog.string_agg(DISTINCT i.identity, ', ') INTO problem
        FROM pg_catalog.pg_depend d CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.refclassid, d.refobjid, 0) i
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = made
        AND i.identity ~ '(inventory_test_evil|pg_temp)\.';
        EXECUTE pg_catalog.format('DROP FUNCTION %s', made::pg_catalog.regprocedure);
    EXCEPTION WHEN OTHERS THEN
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        problem := SQLERRM;
    END;
    INSERT INTO public.inventory_test_bound VALUES (statement, problem);
END
$$;
SET LOCAL search_path = pg_catalog, pg_temp;
SQL
	$script .= "SELECT pg_temp.bind(\$statement\$$_\$statement\$, '{$plan{$_}}');\n" for sort keys %plan;
	# That it would be found: a bare operator, a bare function, what stands for an operator.
	my @bare = ('SELECT FROM inventory.product p WHERE p.product_id = 1', 'SELECT count(*) FROM inventory.product', 'SELECT FROM product',
		'SELECT FROM inventory.product p JOIN inventory.inventory_item i USING (product_id)', 'SELECT CAST(1 AS text)',
		"SELECT FROM inventory.product p WHERE p.name IN ('a', 'b')");
	$script .= "SELECT pg_temp.bind(\$statement\$$_\$statement\$, '{}');\n" for @bare;
	$script .= "SELECT 'BOUND ' || statement || ' -- ' || problem FROM public.inventory_test_bound WHERE problem IS NOT NULL;\nROLLBACK;\n";
	$node->safe_psql('postgres', 'CREATE EXTENSION inventory');
	my ($code, $output, $error) = $node->psql('postgres', $script, on_error_stop => 1);
	my @problems = $output =~ /^BOUND (.*)$/mg;
	for my $bare (@bare)
	{
		ok((grep { index($_, "$bare -- ") == 0 } @problems), "it would be found: $bare");
		@problems = grep { index($_, "$bare -- ") != 0 } @problems;
	}
	is($error, '', 'all of them were looked at');
	is_deeply(\@problems, [], 'no statement of the library depends on a name that is looked up');
}

# CREATE EXTENSION by a superuser where others were first.
my @unsafe = grep { /\bOR REPLACE\b|\bIF NOT EXISTS\b(?! \(SELECT)|\@extschema\@/ } map { split /\n/, slurp_file($_) } glob('sql/inventory--*.sql');
is_deeply(\@unsafe, [], 'the install script takes nothing over that is there already');
$node->safe_psql('postgres', q{
CREATE ROLE mallory LOGIN;
CREATE DATABASE adopted;
GRANT CREATE ON DATABASE adopted TO mallory;
CREATE DATABASE planted;
CREATE DATABASE worked;
});
{
	local $ENV{PGUSER} = 'mallory';
	$node->safe_psql('adopted', q{
CREATE SCHEMA inventory;
CREATE TABLE inventory.product (product_id bigint, sku text, name text);
CREATE FUNCTION inventory.receive_stock(bigint, bigint, bigint, text DEFAULT NULL) RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
});
}
my ($code, $output, $error) = $node->psql('adopted', "\\set VERBOSITY sqlstate\nCREATE EXTENSION inventory");
like($error, qr/42P06/, 'a schema of that name that somebody made is not adopted');
is($node->safe_psql('adopted', q{SELECT count(*) FROM pg_extension WHERE extname = 'inventory'}), '0', 'and there is no extension');
is($node->safe_psql('adopted', q{SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'inventory'::regnamespace}), 'product', 'nothing was added to that schema');
$node->safe_psql('adopted', 'DROP SCHEMA inventory CASCADE');
$node->safe_psql('adopted', 'CREATE EXTENSION inventory');
is($node->safe_psql('adopted', q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'inventory'}), $node->safe_psql('adopted', 'SELECT current_user'), 'without it the schema is the superuser\'s');

# Everything that the script makes, as the catalogue defines it.
my $definitions = q{
SET search_path = pg_catalog;
SELECT * FROM (SELECT pg_describe_object(p.tableoid, p.oid, 0) || ' ' || coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) || p.prorettype::regtype || coalesce(p.proconfig::text, '') FROM pg_proc p WHERE p.pronamespace = 'inventory'::regnamespace
UNION ALL SELECT pg_describe_object(c.tableoid, c.oid, 0) || ' ' || coalesce(CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) WHEN 'i' THEN pg_get_indexdef(c.oid) END, '') FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace
UNION ALL SELECT a.attrelid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum) WHERE c.relnamespace = 'inventory'::regnamespace AND a.attnum > 0
UNION ALL SELECT n.conrelid::regclass || ' ' || pg_get_constraintdef(n.oid) FROM pg_constraint n WHERE n.connamespace = 'inventory'::regnamespace
UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'inventory'::regnamespace) AS definitions(d) ORDER BY d COLLATE "C"};
my $twins = q{
SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM inventory_test_evil.calls
UNION ALL
SELECT count(*) FROM pg_catalog.pg_depend d CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.refclassid, d.refobjid, 0) r
WHERE i.identity ~ '\minventory\.' AND r.identity ~ 'inventory_test_evil\.'};
my $clean = $node->safe_psql('adopted', $definitions);
cmp_ok(length $clean, '>', 100_000, 'the definitions of a database where nobody was before');

# The twin has the names of the extension too, as far as their types are the server's.
$node->safe_psql('planted', "CREATE EXTENSION inventory;\n\\i $mirror\nDROP EXTENSION inventory CASCADE;");
$node->safe_psql('planted', q{
ALTER DATABASE planted SET search_path = inventory_test_evil, pg_catalog, public;
CREATE TYPE public.movement_type AS ENUM ('STOLEN');
CREATE TABLE public.stock_movement (movement_id bigint);
CREATE FUNCTION public.next_run(text, timestamptz, text) RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN PERFORM inventory_test_evil.called(); END$$;
CREATE TYPE public.mine AS (name text);
CREATE FUNCTION public.as_text(public.mine) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM inventory_test_evil.called(); END$$;
CREATE CAST (public.mine AS text) WITH FUNCTION public.as_text(public.mine) AS IMPLICIT;
});
for (
	[ 'CREATE EXTENSION', 'CREATE EXTENSION inventory' ],
	[ 'CREATE EXTENSION after DROP EXTENSION', 'CREATE EXTENSION inventory' ],
	[ 'ALTER EXTENSION UPDATE', "CREATE EXTENSION inventory VERSION '0.1.0'; ALTER EXTENSION inventory UPDATE" ])
{
	my ($round, $statements) = @$_;
	($code, $output, $error) = $node->psql('planted', $statements);
	is($error, '', "$round with a twin of the catalogue in front");
	local $ENV{PGOPTIONS} = '-c search_path=';
	is($node->safe_psql('planted', $twins), "0\n0", "$round: nothing of the twin was called or is depended on");
	ok($node->safe_psql('planted', $definitions) eq $clean, "$round: every definition is the one of a clean database");
	$node->safe_psql('planted', 'DROP EXTENSION inventory');
}

# The worker runs what is built in, and a job of a user.
$node->safe_psql('worked', "CREATE EXTENSION inventory;\n\\i $mirror");
$node->safe_psql('worked', q{
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT inventory.receive_stock(1, 1, 10);
SELECT inventory.reserve_stock(1, 1, 1, 'o');
UPDATE inventory.reservation SET expires_at = now() - interval '1 minute';
SELECT inventory.grant_access('mallory', 'admin');
ALTER DATABASE worked SET search_path = inventory_test_evil, pg_catalog, public;
ALTER ROLE mallory SET search_path = inventory_test_evil, pg_catalog;
});
{
	local $ENV{PGOPTIONS} = '-c search_path=';
	local $ENV{PGUSER} = 'mallory';
	$node->safe_psql('worked', q{SELECT inventory.schedule_job('of a user', '1 second', 'SELECT count(*) FROM inventory.stock_level WHERE product_id = 1')});
}
{
	local $ENV{PGOPTIONS} = '-c search_path=';
	$node->poll_query_until('worked', 'SELECT inventory.worker_pid() IS NOT NULL') or die 'no worker';
	$node->safe_psql('worked', q{SELECT pg_terminate_backend(inventory.worker_pid())});
	$node->safe_psql('worked', q{UPDATE inventory.job SET next_run_at = now() - interval '1 second'});
	$node->poll_query_until('worked', q{SELECT NOT EXISTS (SELECT FROM inventory.job j WHERE NOT EXISTS (SELECT FROM inventory.job_run r WHERE r.job_name = j.name AND r.finished_at IS NOT NULL))})
		or die 'not all jobs were run';
	is($node->safe_psql('worked', q{SELECT string_agg(DISTINCT concat_ws(' ', status, by_hand, error), ', ') FROM inventory.job_run WHERE status <> 'SKIPPED'}), 'SUCCEEDED f', 'the worker runs every job with the twin in front');
	is($node->safe_psql('worked', $twins), "0\n0", 'and calls nothing of it');
	is($node->safe_psql('worked', 'SELECT status FROM inventory.reservation'), 'CANCELLED', 'what expired is cancelled');
	is($node->safe_psql('worked', 'SELECT count(*) FROM inventory.verify_ledger()'), '0', 'the ledger is as it should be');
}

# Security labels need a provider. Debian has none, so here is one that takes
# every label.
SKIP:
{
	my $library = PostgreSQL::Test::Utils::tempdir() . '/provider';
	append_to_file("$library.c", q{
#include "postgres.h"
#include "commands/seclabel.h"
#include "fmgr.h"
PG_MODULE_MAGIC;
extern PGDLLEXPORT void _PG_init(void);
static void take(const ObjectAddress *object, const char *label) {}
void _PG_init(void) { register_label_provider("inventory_test", take); }
});
	skip 'no C compiler, or no headers of the server', 7
		if system("cc -shared -fPIC -isystem $server_include -isystem $internal_include -o $library.so $library.c 2>/dev/null") != 0;
	$node->append_conf('postgresql.conf', "session_preload_libraries = '$library.so'");
	$node->reload;
	$node->safe_psql('adopted', q{SELECT inventory.grant_access('mallory', 'admin')});
	for my $object ('SCHEMA inventory', 'TABLE inventory.product', 'COLUMN inventory.product.sku', 'FUNCTION inventory.receive_stock(bigint, bigint, bigint, text)', 'VIEW inventory.stock_level', 'SEQUENCE inventory.product_product_id_seq')
	{
		local $ENV{PGUSER} = 'mallory';
		($code, $output, $error) = $node->psql('adopted', "\\set VERBOSITY sqlstate\nSECURITY LABEL FOR inventory_test ON $object IS 'mine'");
		like($error, qr/42501/, "only its owner labels $object");
	}
	is($node->safe_psql('adopted', q{
SECURITY LABEL FOR inventory_test ON TABLE inventory.inventory_item IS 'secret';
SECURITY LABEL FOR inventory_test ON FUNCTION inventory.receive_stock(bigint, bigint, bigint, text) IS 'secret';
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT on_hand_after FROM inventory.receive_stock(1, 1, 10);
}), '10', 'labels of the owner are in nobody\'s way');
}

$node->stop;
done_testing();
