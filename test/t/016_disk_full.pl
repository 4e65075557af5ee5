# The disk is full, that of the WAL and that of the data, while clients receive,
# reserve and fulfil. What they were told is done is there once there is room again.
#
# INVENTORY_TEST_SMALL_DISK is an empty directory on a file system of its own, of
# 64 to 200 MB, which the user that the tests run as may write: scripts/check mounts one.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'usleep';

my $disk = $ENV{INVENTORY_TEST_SMALL_DISK};
plan skip_all => 'INVENTORY_TEST_SMALL_DISK names no small disk' unless $disk && -d $disk && -w $disk;

my $clients = 3;
my $patience = 300;

wal_is_full();
data_is_full();
done_testing();

# The server stops, by PANIC, when it cannot write WAL.
sub wal_is_full
{
    my $node = PostgreSQL::Test::Cluster->new('wal_full');
    $node->init(extra => [ '--waldir', "$disk/wal", '--wal-segsize', '1' ]);
    $node->append_conf('postgresql.conf', "fsync = on\nrestart_after_crash = on\nmax_wal_size = 1GB\nmin_wal_size = 2MB\nwal_recycle = off");
    $node->start;
    install($node, 'postgres');
    my $restarts = started($node, 'postgres');
    fill_disk(8);

    my @clients = map { start_client($node, 'postgres', $_, 20_000, 1) } 1 .. $clients;
    $_->{run}->finish for @clients;
    my $stopped = slurp_file($node->logfile);
    like($stopped, qr/PANIC: .*No space left on device/, 'without room for WAL the server stops');

    unlink "$disk/ballast" or die "$disk/ballast: $!";
    # It may have given up by now, or be trying still.
    for my $try (1 .. $patience)
    {
        # Not a statement: psql does not read one where it cannot connect.
        last if system('pg_isready', '-q', '-d', $node->connstr('postgres')) == 0;
        if (system('pg_ctl', '-D', $node->data_dir, '-s', 'status') != 0)
        {
            system('pg_ctl', '-D', $node->data_dir, '-s', '-w', '-l', $node->logfile, 'start');
        }
        usleep(200_000);
    }
    $node->_update_pid(1);
    isnt(started($node, 'postgres'), $restarts, 'it comes back once there is room');
    acknowledged($node, 'postgres', @clients);
    $node->stop;
    system('rm', '-rf', "$disk/wal") == 0 or die;
}

# A statement fails when it cannot extend a table; the server goes on, and so do the
# sessions.
sub data_is_full
{
    my $node = PostgreSQL::Test::Cluster->new('data_full');
    $node->init;
    mkdir "$disk/space" or die "$disk/space: $!";
    $node->start;
    $node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$disk/space'");
    $node->safe_psql('postgres', 'CREATE DATABASE shop TABLESPACE small');
    install($node, 'shop');
    my $since = started($node, 'shop');
    fill_disk(1);

    my $freed = $node->basedir . '/freed';
    my @clients = map { start_client($node, 'shop', $_, 3000, 0, $freed) } 1 .. $clients;
    for (1 .. $patience * 10)
    {
        last if $clients == grep { slurp_file($_->{output}) =~ /^waiting$/m } @clients;
        usleep(100_000);
    }
    unlike($node->safe_psql('shop', 'SELECT quantity_on_hand FROM inventory.stock_level LIMIT 1'), qr/^$/, 'a full disk can be read');
    is($node->safe_psql('shop', 'SELECT * FROM inventory.verify_ledger()'), '', 'and the invariants hold');
    unlink "$disk/ballast" or die "$disk/ballast: $!";
    append_to_file($freed, '');
    $_->{run}->finish for @clients;

    my %states;
    for my $client (@clients)
    {
        my $output = slurp_file($client->{output});
        my ($before, $after) = split /^waiting$/m, $output;
        $states{$_}++ for $before =~ /^state (\w+)$/mg;
        is(join(' ', grep { $_ ne '00000' } $after =~ /^state (\w+)$/mg), '', "client $client->{number} goes on in its session once there is room");
    }
    note('SQLSTATEs: ' . join(', ', map { "$_ $states{$_}" } sort keys %states));
    is(join(' ', sort keys %states), '00000 53100', 'statements fail for want of room, and for nothing else');
    is(started($node, 'shop'), $since, 'the server was there all the time');
    acknowledged($node, 'shop', @clients);
    $node->stop;
    system('rm', '-rf', "$disk/space") == 0 or die;
}

sub install
{
    my ($node, $database) = @_;
    $node->safe_psql($database, q{
CREATE EXTENSION inventory;
INSERT INTO inventory.product (sku, name) SELECT 'P' || g, 'Product ' || g FROM generate_series(1, 3) g;
INSERT INTO inventory.warehouse (name) VALUES ('Only');
SELECT inventory.receive_stock(g, 1, 1000000) FROM generate_series(1, 3) g;
});
    return;
}

sub started { my ($node, $database) = @_; return $node->safe_psql($database, q{SELECT pg_postmaster_start_time() || ' ' || (SELECT min(backend_start) FROM pg_stat_activity WHERE backend_type = 'checkpointer')}); }

# Leaves so many MB.
sub fill_disk
{
    my ($left) = @_;
    my $free = (split ' ', (split /\n/, `df -B 1M --output=avail '$disk'`)[1])[0];
    system('dd', 'if=/dev/zero', "of=$disk/ballast", 'bs=1M', 'count=' . ($free - $left), 'status=none') == 0 or die;
    return;
}

# A client that says what it was told: a line for each statement that was
# acknowledged. It stops at the first error, or waits for a file after its steps and
# then does some more.
sub start_client
{
    my ($node, $database, $number, $steps, $stops, $freed) = @_;
    my $text = '';
    my $step = sub {
        my ($n) = @_;
        my $product = 1 + ($n + $number) % 3;
        # Long references fill the disk sooner.
        my $reference = "client-$number-$n-" . ('x' x 200);
        return "\\unset id\nSELECT movement_id AS id FROM inventory.receive_stock($product, 1, 2, '$reference') \\gset\n"
            . "\\echo state :SQLSTATE\n\\if :{?id}\n\\echo received :id\n\\endif\n" if $n % 3 == 0;
        return "\\unset id\nSELECT reservation_id AS id FROM inventory.reserve_stock($product, 1, 1, '$reference', 'ORDER', 1000) \\gset\n"
            . "\\echo state :SQLSTATE\n\\if :{?id}\n\\echo reserved :id\n"
            . "SELECT 1 AS done FROM inventory.fulfill_reservation(:id) \\gset\n"
            . "\\if :ERROR\n\\else\n\\echo fulfilled :id\n\\endif\n\\endif\n";
    };
    $text .= "\\set ON_ERROR_STOP on\n" if $stops;
    $text .= $step->($_) for 1 .. $steps;
    $text .= "\\echo waiting\n\\! while [ ! -e '$freed' ]; do sleep 0.1; done\n" . join('', map { $step->($steps + $_) } 1 .. 60) if $freed;
    my $file = $node->basedir . "/client$number.sql";
    append_to_file($file, $text);
    my $output = $node->basedir . "/client$number.out";
    append_to_file($output, '');
    my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($database), '-f', $file ], '>', $output, '2>', "$output.err",
        IPC::Run::timeout($patience));
    return { run => $run, output => $output, number => $number };
}

# Everything that was acknowledged is there, and of what was not at most the
# statement that each client was waiting for.
sub acknowledged
{
    my ($node, $database, @clients) = @_;
    my (%ids, $told);
    for my $client (@clients)
    {
        my $output = slurp_file($client->{output});
        push @{ $ids{$1} }, $2 while $output =~ /^(received|reserved|fulfilled) (\d+)$/mg;
    }
    my %query = (
        received => 'SELECT movement_id FROM inventory.stock_movement WHERE movement_type = $$PURCHASE$$ AND reference_id IS NOT NULL',
        reserved => 'SELECT reservation_id FROM inventory.reservation',
        fulfilled => 'SELECT reservation_id FROM inventory.reservation WHERE status = $$FULFILLED$$ AND EXISTS (SELECT FROM inventory.stock_movement m WHERE m.reservation_id = reservation.reservation_id AND m.movement_type = $$SALE$$)');
    my $extra = 0;
    for my $what (sort keys %query)
    {
        my %there = map { $_ => 1 } split /\n/, $node->safe_psql($database, $query{$what});
        my @missing = grep { !$there{$_} } @{ $ids{$what} };
        $told = @{ $ids{$what} };
        note("$what: $told acknowledged, " . keys(%there) . ' there');
        cmp_ok($told, '>', 20, "some were $what");
        is("@missing", '', "everything that was acknowledged as $what is there");
        $extra += keys(%there) - $told;
    }
    cmp_ok($extra, '<=', $clients, 'and of what was not, at most what each client was waiting for');
    is($node->safe_psql($database, 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');
    is($node->safe_psql($database, 'SELECT * FROM inventory.verify_references()'), '', 'and the references');
    is($node->safe_psql($database, q{SELECT status FROM inventory.reserve_stock(1, 1, 1, 'afterwards')}), 'ACTIVE', 'the next order is taken');
    return;
}
