# Names that would break SQL that is put together: of roles, jobs, databases, schemas,
# tables, partitions, products, warehouses, suppliers, orders and keys.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @names = ("it's", 'say "hello"', 'back\\slash\\', "new\nline", '$$dollar$$ $1', "\303\274ml\303\244ut \342\230\203", "'; DROP SCHEMA inventory CASCADE; --", '%s %n %I %L',
    '{"json": [1]}', ' space ', 'Inventory', 'inventory', '"', "'", '\\', 'select', 'public.product', '-', 'a,b', 'n' x 63, ("\342\230\203" x 21));

sub literal { my ($name) = @_; return "'" . $name =~ s/'/''/gr . "'" }
sub identifier { my ($name) = @_; return '"' . $name =~ s/"/""/gr . '"' }

# The one schema that is taken has another name.
sub schema_of { my ($name) = @_; return identifier($name eq 'inventory' ? 'inventory 2' : $name) }

my $node = PostgreSQL::Test::Cluster->new('names');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
# A list of names in double quotes, as a string of the configuration file.
my $databases = join(', ', map { identifier($_) } 'postgres', @names) =~ s/\\/\\\\/gr =~ s/'/''/gr =~ s/\n/\\n/gr;
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'inventory'
inventory.databases = '$databases'
max_worker_processes = 60
max_connections = 80
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) VALUES ('A', 'A');
INSERT INTO inventory.warehouse (name) VALUES ('W');
SELECT inventory.receive_stock(1, 1, 1000000);
UPDATE inventory.job SET enabled = false;
});
my $ledger_ok = 'SELECT count(*) FROM (SELECT FROM inventory.verify_ledger() UNION ALL SELECT FROM inventory.verify_references()) problems';

# Roles: what they are granted, what they do, whose name is kept, what is taken from them; their jobs, in a schema, a table and
# a column that are called the same.
my $rights = q{SELECT has_function_privilege(r.oid, 'inventory.receive_stock(bigint, bigint, bigint, text)', 'EXECUTE') || ' ' || has_table_privilege(r.oid, 'inventory.job_status', 'SELECT') FROM pg_roles r WHERE rolname = };
my (%granted, %revoked);
for my $name (@names)
{
    my ($l, $i) = (literal($name), identifier($name));
    my $role = literal($i);
    my $schema = schema_of($name);
    $node->safe_psql('postgres', qq{
CREATE ROLE $i LOGIN;
SELECT inventory.grant_access($role, 'admin');
CREATE SCHEMA $schema AUTHORIZATION $i;
SET SESSION AUTHORIZATION $i;
CREATE TABLE $schema.$i ($i text);
SELECT inventory.receive_stock(1, 1, 1, $l);
SELECT inventory.schedule_job($l, '1 second', 'INSERT INTO ' || @{[ literal($schema) ]} || format('.%I SELECT %L', $l, $l));
});
    $granted{$name} = $node->safe_psql('postgres', $rights . $l);
}
is_deeply([ grep { $granted{$_} ne 'true true' } @names ], [], 'every role has what it was granted');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.stock_movement WHERE reference_id = performed_by AND reference_id = session_role}), scalar @names, 'each stands in the ledger by its name');

# The worker runs each job as its owner.
ok($node->poll_query_until('postgres', q{SELECT count(DISTINCT job_name) = } . @names . q{ FROM inventory.job_run WHERE status = 'SUCCEEDED' AND run_as = job_name AND rows = 1}), 'the worker runs each job')
    or diag $node->safe_psql('postgres', q{SELECT DISTINCT job_name, status, error FROM inventory.job_run WHERE status <> 'SUCCEEDED'});
for my $name (@names)
{
    my ($l, $i) = (literal($name), identifier($name));
    die "nothing in the table of $name" unless $node->safe_psql('postgres', "SELECT bool_and($i = $l) FROM @{[ schema_of($name) ]}.$i") eq 't';
    $node->safe_psql('postgres', qq{
SELECT inventory.alter_job($l, schedule => '1 year');
SET SESSION AUTHORIZATION $i;
SELECT inventory.run_job($l);
SELECT inventory.unschedule_job($l);
RESET SESSION AUTHORIZATION;
SELECT inventory.revoke_access(@{[ literal($i) ]}, 'admin');
});
    $revoked{$name} = $node->safe_psql('postgres', $rights . $l);
}
is($node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE status = 'FAILED') || ' ' || count(DISTINCT job_name) FILTER (WHERE by_hand) FROM inventory.job_run}), '0 ' . @names, 'they run by hand as well');
is($node->safe_psql('postgres', 'SELECT count(*) FROM inventory.job WHERE NOT is_builtin'), '0', 'and are gone');
is_deeply([ grep { $revoked{$_} ne 'false false' } @names ], [], 'every role has lost what was revoked');

# Goods, places, suppliers, orders, keys, reasons, causes; what is imported; what procurement is told.
for my $name (@names)
{
    my $l = literal($name);
    $node->safe_psql('postgres', qq{
INSERT INTO inventory.category (name) VALUES ($l);
INSERT INTO inventory.root_cause (code, description) VALUES ($l, $l);
INSERT INTO inventory.import_category (name) VALUES ('imported ' || $l);
INSERT INTO inventory.import_warehouse (name) VALUES ($l);
INSERT INTO inventory.import_supplier (name) VALUES ($l);
INSERT INTO inventory.import_product (sku, name, category, description) VALUES ($l, $l, 'imported ' || $l, $l);
INSERT INTO inventory.import_product_supplier (sku, supplier, is_preferred) VALUES ($l, $l, 'true');
INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand, reorder_point, reorder_quantity) VALUES ($l, $l, '7', '10', '5');
INSERT INTO inventory.import_order_line (order_reference, supplier, warehouse, sku, quantity, ordered_on) VALUES ($l, $l, $l, $l, '3', '2020-01-01');
});
}
# An import refuses two of them; plain SQL takes those.
my @refused = grep { /^\s|\n/ } @names;
is($node->safe_psql('postgres', q{SELECT count(DISTINCT regexp_replace(problem, '^[^"]*"(imported )?', '')) || ' ' || bool_and(problem ~ 'has space around it or control characters in it') FROM inventory.import_check()}), @refused . ' true', 'an import takes every name but what has space around it or is of two lines');
for my $name (@refused)
{
    my $l = literal($name);
    $node->safe_psql('postgres', qq{
DELETE FROM inventory.import_$_ WHERE $l IN (@{[ { category => "replace(name, 'imported ', '')", warehouse => 'name', supplier => 'name', product => 'sku', product_supplier => 'sku', level => 'sku', order_line => 'sku' }->{$_} ]});
}) for qw(category warehouse supplier product product_supplier level order_line);
    $node->safe_psql('postgres', qq{
INSERT INTO inventory.warehouse (name) VALUES ($l);
INSERT INTO inventory.supplier (name) VALUES ($l);
INSERT INTO inventory.product (sku, name) VALUES ($l, $l);
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred) SELECT p.product_id, s.supplier_id, true FROM inventory.product p, inventory.supplier s WHERE p.sku = $l AND s.name = $l;
INSERT INTO inventory.inventory_item (product_id, warehouse_id, quantity_on_hand, reorder_point, reorder_quantity) SELECT p.product_id, w.warehouse_id, 7, 10, 5 FROM inventory.product p, inventory.warehouse w WHERE p.sku = $l AND w.name = $l;
});
}
$node->safe_psql('postgres', 'SELECT * FROM inventory.import_load()');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.stock_level WHERE sku = product_name AND sku = warehouse_name AND quantity_on_hand = 7}), scalar @names, 'and every level');
for my $name (@names)
{
    my $l = literal($name);
    $node->safe_psql('postgres', qq{
SELECT set_config('inventory.performed_by', $l, false), set_config('inventory.reference_id', $l, false);
SELECT inventory.reserve_stock(p.product_id, w.warehouse_id, 1, $l, idempotency_key => $l),
    inventory.reserve_stock(p.product_id, w.warehouse_id, 1, $l, idempotency_key => $l)
    FROM inventory.product p, inventory.warehouse w WHERE p.sku = $l AND w.name = $l;
SELECT inventory.reserve_order($l, jsonb_build_array(jsonb_build_object('product_id', p.product_id, 'quantity', 1)), idempotency_key => 'order ' || $l) FROM inventory.product p WHERE p.sku = $l;
SELECT inventory.cancel_order($l, $l);
SELECT inventory.adjust_stock(p.product_id, w.warehouse_id, -1, $l, $l) FROM inventory.product p, inventory.warehouse w WHERE p.sku = $l AND w.name = $l;
});
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.reservation WHERE status = 'CANCELLED' AND close_reason = reference_id AND created_by = reference_id}), 2 * @names, 'orders, keys and reasons');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.stock_movement WHERE root_cause = reference_id AND performed_by = reference_id AND quantity = -1}), scalar @names, 'causes');
$node->safe_psql('postgres', q{UPDATE inventory.purchase_order SET status = 'CANCELLED' WHERE status <> 'RECEIVED'});
my $told = $node->safe_psql('postgres', 'LISTEN inventory_procurement; SELECT inventory.run_replenishment()');
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.procurement_notification n WHERE payload ->> 'supplier_name' = payload ->> 'warehouse_name' AND payload ->> 'supplier_name' = (SELECT name FROM inventory.supplier s WHERE s.supplier_id = (payload ->> 'supplier_id')::bigint)}), scalar @names, 'procurement is told of each');
is(scalar(() = $told =~ /Asynchronous notification "inventory_procurement"/g), scalar @names, 'and hears it');
is($node->safe_psql('postgres', $ledger_ok), '0', 'the books are right');

# Months of the ledger that their owner has made by himself.
my $month = 0;
for my $name (@names)
{
    my $partition = schema_of($name) . '.' . identifier(length $name > 60 ? 'month' : "m$name");
    my $from = sprintf '%04d-%02d-01', 2001 + int($month / 12), $month % 12 + 1;
    $month++;
    my $to = sprintf '%04d-%02d-01', 2001 + int($month / 12), $month % 12 + 1;
    $node->safe_psql('postgres', qq{
CREATE TABLE $partition (LIKE inventory.stock_movement INCLUDING ALL EXCLUDING IDENTITY);
ALTER TABLE $partition ADD PRIMARY KEY (movement_id), ADD UNIQUE (product_id, warehouse_id, created_at);
ALTER TABLE inventory.stock_movement ATTACH PARTITION $partition FOR VALUES FROM ('$from') TO ('$to');
});
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.retire_movements('2010-01-01')}), scalar @names, 'months of any name are retired');
is($node->safe_psql('postgres', $ledger_ok), '0', 'the books are right');

# Databases: each has its worker.
for my $name (@names)
{
    my $i = identifier($name);
    $node->safe_psql('postgres', "CREATE DATABASE $i");
    $node->safe_psql($name, "CREATE EXTENSION inventory; SELECT inventory.schedule_job('here', '1 second', 'SELECT 1')");
}
for my $name (@names)
{
    ok($node->poll_query_until($name, q{SELECT inventory.worker_pid() IS NOT NULL AND count(*) > 0 FROM inventory.job_run WHERE job_name = 'here' AND status = 'SUCCEEDED'}), 'a worker in ' . identifier($name) =~ s/\n/ /r);
    is($node->safe_psql($name, 'SELECT inventory.worker_stop()'), 't', 'is stopped');
}

$node->stop;
done_testing();
