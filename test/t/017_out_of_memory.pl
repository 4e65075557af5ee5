# A session gets no more memory from the system, at any point of its first call of a
# function, when it knows nothing yet, and in calls that ask for a lot. That call
# fails and has done nothing; once there is memory again the session works on.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no prlimit here' if system('prlimit --version >/dev/null 2>&1') != 0;

my $step = $ENV{INVENTORY_TEST_LONG} ? 16 : 200;

# Otherwise the C library asks for memory in portions that hide where it ends.
$ENV{MALLOC_TOP_PAD_} = 0;
my $node = PostgreSQL::Test::Cluster->new('memory_limit');
$node->init;
$node->append_conf('postgresql.conf', "synchronous_commit = off\nshared_buffers = 16MB\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'Product ' || g FROM generate_series(1, 3) g;
INSERT INTO inventory.warehouse (name) VALUES ('One'), ('Two');
INSERT INTO inventory.supplier (name) VALUES ('Supplier');
SELECT inventory.receive_stock(g, w, 1000000) FROM generate_series(1, 3) g, generate_series(1, 2) w;
SELECT inventory.schedule_job('job', '1 hour', $$SELECT inventory.receive_stock(1, 1, 1, 'by a job')$$);
});
my $started = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');

# What a call does, and where its reference is seen when it has been done.
my %call = (
    receive => [ q{SELECT count(*) FROM inventory.receive_stock(1, 1, 1, '%s')}, 'reference_id FROM inventory.stock_movement' ],
    update => [ q{SELECT set_config('inventory.reference_id', '%s', false) \g /dev/null
UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand + 1 WHERE product_id = 2 AND warehouse_id = 1}, 'reference_id FROM inventory.stock_movement' ],
    reserve => [ q{SELECT count(*) FROM inventory.reserve_stock(1, 1, 1, '%s', idempotency_key => '%s')}, 'reference_id FROM inventory.reservation' ],
    order => [ q{SELECT count(*) FROM inventory.reserve_order('%s', '[{"product_id": 1, "quantity": 1}]')}, 'reference_id FROM inventory.reservation' ],
    sale => [ q{SELECT count(*) FROM inventory.reserve_stock(2, 2, 1, '%s') r, LATERAL inventory.fulfill_reservation(r.reservation_id) f},
        q{reference_id FROM inventory.reservation WHERE status = 'FULFILLED'} ],
    batch => [ q{SELECT count(*) FROM inventory.reserve_batch('{1,2}', '{1,1}', '{1,1}', ARRAY['%s', 'second'])}, 'reference_id FROM inventory.reservation' ],
    import => [ q{BEGIN;
INSERT INTO inventory.import_product (sku, name) VALUES ('%s', 'imported');
SELECT inventory.import_load() \g /dev/null
COMMIT}, 'sku FROM inventory.product' ]);

my @wrong;
for my $name (sort keys %call)
{
    my (%states, %attempt);
    for (my $room = 0; $room < 2400; $room += $step)
    {
        my ($first, $second) = ("$name-$room-first", "$name-$room-second");
        my ($code, $stdout, $stderr) = $node->psql('postgres', script($room, statement($name, $first), statement($name, $second)), on_error_stop => 0);
        my ($tight) = $stdout =~ /^first (\w+)$/m;
        my ($after) = $stdout =~ /^second (\w+)$/m;
        $tight //= 'gone';
        $after //= 'gone';
        # What follows in a transaction that ran out of memory.
        $tight = '53200' if $tight eq '25P02';
        $states{$tight}++;
        $attempt{$first} = $tight eq '00000' ? 1 : 0;
        $attempt{$second} = 1;
        push @wrong, "$name with $room kB: $tight, then $after: $stderr" if $after ne '00000' || $tight !~ /^(00000|53200)$/;
    }
    my %times;
    $times{$_}++ for split /\n/, $node->safe_psql('postgres', "SELECT $call{$name}[1]");
    push @wrong, map { "$_ was done " . ($times{$_} // 0) . ' times' } grep { ($times{$_} // 0) != $attempt{$_} } sort keys %attempt;
    note("$name: " . join(', ', map { "$_ $states{$_}" } sort keys %states));
    cmp_ok($states{'53200'} // 0, '>', 3, "$name runs out of memory in many places");
}
is(join("\n", @wrong), '', 'each time nothing was done, and then the session went on');

# Much at once.
my %large = (
    reserve_batch => q{SELECT count(*) FROM inventory.reserve_batch(array_fill(1::bigint, ARRAY[1000000]), array_fill(1::bigint, ARRAY[1000000]),
        array_fill(1::bigint, ARRAY[1000000]), array_fill('large'::text, ARRAY[1000000]))},
    reserve_order => q{SELECT count(*) FROM inventory.reserve_order('large', (SELECT jsonb_agg(jsonb_build_object('product_id', 1, 'quantity', 1)) FROM generate_series(1, 300000)))},
    create_transfer => q{SELECT count(*) FROM inventory.create_transfer(1, 2, (SELECT jsonb_agg(jsonb_build_object('product_id', 1, 'qty', 1)) FROM generate_series(1, 300000)))},
    forecast => q{SELECT inventory.forecast(array_fill(1::float8, ARRAY[8000000]), 'ses')},
    wagner_whitin => q{SELECT count(*) FROM inventory.wagner_whitin(array_fill(1::float8, ARRAY[8000000]), 1, 1)});
for my $name (sort keys %large)
{
    my ($code, $stdout, $stderr) = $node->psql('postgres', script(30_000, $large{$name}, statement('receive', "$name-large")), on_error_stop => 0);
    like($stdout, qr/^first 53200$/m, "$name needs more than there is");
    like($stdout, qr/^second 00000$/m, 'and the session goes on');
    is($node->safe_psql('postgres', q{SELECT count(*) FROM inventory.reservation WHERE reference_id = 'large'}), '0', 'nothing was done');
}

is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started, 'the server was there all the time');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal/, 'and no session of it broke');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_references()'), '', 'and the references');

$node->stop;
done_testing();

sub statement
{
    my ($name, $reference) = @_;
    return $call{$name}[0] =~ s/%s/$reference/gr;
}

# Two statements in a session, the first of them with so many kB to spare. The stack
# is not counted. Rolling back may want memory, too, so it is done once more.
sub script
{
    my ($room, $first, $second) = @_;
    $_ .= ' \g /dev/null' for $first, $second;
    return qq{LOAD 'inventory';
SELECT pg_backend_pid() AS pid, ((regexp_match(pg_read_file('/proc/self/status'), 'VmData:\\s+(\\d+) kB'))[1]::bigint + $room) * 1024 AS room \\gset
\\setenv LIMITED :pid
\\setenv ROOM :room
\\! prlimit --pid \$LIMITED --data=\$ROOM:unlimited
$first
\\echo first :LAST_ERROR_SQLSTATE
ROLLBACK;
\\! prlimit --pid \$LIMITED --data=unlimited:unlimited
ROLLBACK;
$second
\\echo second :SQLSTATE
};
}
