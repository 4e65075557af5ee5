# Clients are interrupted at any point of anything they do: statement_timeout,
# lock_timeout, pg_cancel_backend, pg_terminate_backend. What they were told is done
# is there, what they were told failed has left nothing, and the session works on as
# who it was.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FindBin;
use lib $FindBin::RealBin;
use Conservation;

my $seed = $ENV{INVENTORY_TEST_SEED} || int(rand(1_000_000_000));
my $clients = 6;
my $sessions = $ENV{INVENTORY_TEST_LONG} ? 150 : 12;
my $steps = 40;
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('interrupts');
$node->init;
$node->append_conf('postgresql.conf', "synchronous_commit = off\nclient_min_messages = error\ndeadlock_timeout = 20ms");
$node->start;
install_conservation($node);
$node->safe_psql('postgres', q{
UPDATE inventory.product SET unit_cost = 2;
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days) SELECT product_id, 1, true, 3 FROM inventory.product;
SELECT inventory.schedule_job('own', '1 hour', 'SELECT inventory.on_hand_at(1, 1, now())');

-- A role with as many rights as the functions give, and none that the owner has.
CREATE ROLE clerk LOGIN;
SELECT inventory.grant_access('clerk', 'admin');
GRANT INSERT, SELECT, UPDATE ON step, journal, operation TO clerk;
GRANT USAGE ON SEQUENCE order_number TO clerk;
GRANT UPDATE (expires_at) ON inventory.reservation TO clerk;
CREATE TABLE done (number int PRIMARY KEY, caught boolean, what text);
GRANT INSERT, SELECT ON done TO clerk;
CREATE TABLE stop (at timestamptz);

-- What a conservation step does not do.
CREATE FUNCTION other_step(pick int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CASE pick
        WHEN 0 THEN PERFORM inventory.recompute_policies(7, 0.9);
        WHEN 1 THEN PERFORM inventory.refresh_demand(7, random() < 0.5);
        WHEN 2 THEN PERFORM inventory.run_replenishment();
        WHEN 3 THEN PERFORM inventory.rebuild_stock(true);
        WHEN 4 THEN PERFORM inventory.verify_ledger();
        WHEN 5 THEN PERFORM inventory.reserve_batch(ARRAY(SELECT dice(6) FROM generate_series(1, 50)), ARRAY(SELECT dice(3) FROM generate_series(1, 50)),
            ARRAY(SELECT 1 FROM generate_series(1, 50)), ARRAY(SELECT nextval('order_number')::text FROM generate_series(1, 50)));
        WHEN 6 THEN PERFORM inventory.run_job('expire_reservations');
        WHEN 7 THEN PERFORM inventory.stock_at(now(), NULL, NULL, 'occurred');
        WHEN 8 THEN PERFORM inventory.reserve_stock(dice(6), dice(3), 1, nextval('order_number')::text, 'ORDER', 30, 'key ' || dice(1000));
        WHEN 9 THEN
            INSERT INTO inventory.import_product (sku, name) SELECT 'P' || g, 'Product ' || g FROM generate_series(1, 6) g;
            PERFORM inventory.import_load('update');
        WHEN 10 THEN PERFORM inventory.ledger_digest(now());
        ELSE PERFORM count(*) FROM inventory.inventory_valuation;
    END CASE;
    RETURN 'other ' || pick;
END
$$;

-- One step, which is in done if and only if it has its effect. Half of those that are
-- cancelled go on in the same transaction with another.
CREATE FUNCTION numbered_step(number int, seed int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    what text;
    caught boolean := false;
BEGIN
    PERFORM setseed(seed / 1e9);
    BEGIN
        what := CASE WHEN random() < 0.25 THEN other_step(floor(random() * 12)::int) ELSE random_step(seed) END;
    EXCEPTION WHEN query_canceled THEN
        IF seed % 2 = 0 THEN
            RAISE;
        END IF;
        caught := true;
        what := random_step(seed + 1.0);
    WHEN lock_not_available OR deadlock_detected OR invalid_parameter_value OR SQLSTATE 'IV001' OR SQLSTATE 'IV002' OR SQLSTATE 'IV005' THEN
        what := SQLSTATE;
    END;
    INSERT INTO done VALUES (number, caught, what);
    RETURN what;
END
$$;

-- Who the session is, and what a receipt says of it.
CREATE FUNCTION identity() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    moved inventory.stock_movement := inventory.receive_stock(dice(6), dice(3), 1, 'delivery');
BEGIN
    INSERT INTO journal VALUES (moved.reference_id, moved.movement_type, moved.product_id, moved.warehouse_id, moved.quantity);
    RETURN concat_ws('/', current_user, session_user, current_setting('role'), replace(current_setting('search_path'), ' ', ''), moved.performed_by, moved.session_role,
        has_table_privilege('inventory.stock_movement', 'INSERT'), current_setting('is_superuser'));
END
$$;
CREATE PROCEDURE interrupt_often() LANGUAGE plpgsql AS $$
DECLARE
    victim int;
BEGIN
    WHILE NOT EXISTS (SELECT FROM stop) LOOP
        PERFORM pg_sleep(random() * 0.004);
        PERFORM pg_stat_clear_snapshot();
        SELECT pid INTO victim FROM pg_stat_activity WHERE usename = 'clerk' AND state = 'active' ORDER BY random() LIMIT 1;
        IF random() < 0.02 THEN
            PERFORM pg_terminate_backend(victim);
        ELSE
            PERFORM pg_cancel_backend(victim);
        END IF;
        COMMIT;
    END LOOP;
END
$$;
});

# A job that is run by hand, and whose caller is cancelled, is a statement like any other.
my ($code, $stdout, $stderr) = $node->psql('postgres', q{\set VERBOSITY sqlstate
SELECT inventory.schedule_job('sleeps', '1 hour', 'SELECT pg_sleep(60)');
SET statement_timeout = '100ms';
SELECT inventory.run_job('sleeps');
SET statement_timeout = 0;
SELECT 'goes on as ' || current_user FROM inventory.unschedule_job('sleeps');
}, on_error_stop => 0);
like($stderr, qr/ERROR:  57014$/, 'a job that is run by hand is cancelled');
like($stdout, qr/^goes on as postgres$/m, 'and the session goes on');

note("seed $seed: INVENTORY_TEST_SEED repeats the draws, though not when the interrupts come");
my $identity = 'clerk/clerk/none/"$user",public/clerk/clerk/f/off';
my ($interrupter, @running);
$interrupter = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'CALL interrupt_often()' ], '>', \my $ignored, '2>', \my $complaint);
for my $client (1 .. $clients)
{
    # A session that is terminated ends its file; the next one is a new session.
    my @files = map { write_session($client, $_) } 1 .. $sessions;
    my $output = $node->basedir . "/client$client.out";
    push @running, [ IPC::Run::start(
        [ 'bash', '-c', 'for file in "$@"; do psql -XAtq -d "$0" -f "$file"; done', $node->connstr('postgres') . ' user=clerk', @files ],
        '>', $output, '2>', "$output.err", IPC::Run::timeout(1800)), $output ];
}
$_->[0]->finish for @running;
$node->safe_psql('postgres', 'INSERT INTO stop VALUES (now())');
$interrupter->finish;

my (%told, %state, %wrong, $identities);
for my $client (@running)
{
    for my $line (split /\n/, slurp_file($client->[1]))
    {
        if ($line =~ /^step (\d+) (true|false) (\w+)$/)
        {
            $told{$1} = $2 eq 'false';
            $state{$3}++;
        }
        elsif ($line =~ /^identity (\w+) (.*)$/)
        {
            next if $1 ne '00000';
            $identities++;
            $wrong{$2}++ if $2 ne $identity;
        }
    }
}
note("SQLSTATEs: " . join(', ', map { "$_ $state{$_}" } sort keys %state));
note($node->safe_psql('postgres', q{SELECT 'caught and gone on: ' || count(*) FROM done WHERE caught}));
cmp_ok($state{'57014'} // 0, '>', 20 * $sessions / 12, 'many steps were cancelled');
is_deeply([ grep { !/^(00000|57014|57P01|55P03|40P01)$/ } sort keys %state ], [], 'and nothing else went wrong');
my %done = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', 'SELECT number FROM done');
is(join(' ', sort grep { $told{$_} && !$done{$_} } keys %told), '', 'every step that was acknowledged is there');
is(join(' ', sort grep { !$told{$_} && $done{$_} } keys %told), '', 'none that failed is');
my $lost = grep { !exists $told{$_} } keys %done;
my $unheard = $clients * $sessions * $steps - keys %told;
note("$unheard steps of sessions that were terminated were not heard of again");
cmp_ok($unheard, '>', 0, 'some sessions were terminated');
note("$lost steps were done, though the session was terminated before it heard of it");
cmp_ok($identities, '>', $clients * $sessions, 'sessions were asked who they are');
is(join("\n", sort keys %wrong), '', 'and are who they were, with the rights they had');
is($node->safe_psql('postgres', q{SELECT DISTINCT outcome FROM step WHERE outcome NOT IN ('ok', '55P03', '40P01', 'IV001', 'IV002', '22023', '23514')}), '',
    'what was caught is what may happen');
check_conservation($node, 'interrupted');
$node->safe_psql('postgres', 'CALL finish()');
check_conservation($node, 'ended');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE relation IS NOT NULL AND pid <> pg_backend_pid() AND mode <> 'AccessShareLock'}), '0', 'no lock is left');
is($node->safe_psql('postgres', 'SELECT * FROM inventory.verify_references()'), '', 'nor a reference to what is not there');

$node->stop;
done_testing();

# The steps of one session, with limits that let most of them through.
sub write_session
{
    my ($client, $session) = @_;
    my $text = 'SET inventory.fast_path = ' . ($client % 2 ? 'on' : 'off') . ";\n";

    for my $step (1 .. $steps)
    {
        my $number = (($client - 1) * $sessions + $session - 1) * $steps + $step;
        my $limit = (0, 0, 1, 2, 3, 5, 8)[ rand 7 ];
        my $lock = (0, 0, 1, 3)[ rand 4 ];
        my $step_seed = int(rand(900_000_000));
        $text .= "SET statement_timeout = $limit;\nSET lock_timeout = $lock;\n"
            . "SELECT numbered_step($number, $step_seed) AS outcome \\gset\n\\echo step $number :ERROR :SQLSTATE\n";
        $text .= "SET statement_timeout = 0;\nSET lock_timeout = 0;\nSELECT identity() AS identity \\gset\n\\echo identity :SQLSTATE :identity\n" if $step % 4 == 0;
    }
    my $file = $node->basedir . "/client$client-$session.sql";
    open my $handle, '>', $file or die "$file: $!";
    print $handle $text;
    close $handle;
    return $file;
}
