# A database in which a released version was created, filled and updated has what a
# new one has, object by object, and all its data; sessions go on. Releases stay as
# they were released.

use strict;
use warnings;

use Digest::SHA ();
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# One version, wherever it is named.
my ($version) = slurp_file('inventory.control') =~ /^default_version = '([^']+)'/m;
my $meta = JSON::PP::decode_json(slurp_file('META.json'));
my ($made) = slurp_file('Makefile') =~ /^EXTVERSION = (\S+)$/m;
is($made, $version, 'the Makefile makes the version that the control file names');
is($meta->{version}, $version, 'META.json has it');
is($meta->{provides}{inventory}{version}, $version, 'twice');
is($meta->{provides}{inventory}{file}, "sql/inventory--$version.sql", 'with its script');

# What was released is never edited: correct it in an update script.
my %recorded = map { reverse /^(\w+)  (\S+)$/ } split /\n/, slurp_file('sql/releases/SHA256SUMS');
my @releases = map { m{([^/]+)$} } glob 'sql/releases/*.sql';
is(join(' ', @releases), join(' ', sort keys %recorded), 'every release has its checksum recorded');
is(Digest::SHA->new(256)->addfile("sql/releases/$_")->hexdigest, $recorded{$_}, "$_ is as it was released") for @releases;
ok(!-e "sql/releases/inventory--$version.sql", 'the version in the making is not released');

my $node = PostgreSQL::Test::Cluster->new('update');
$node->init;
$node->start;
$node->safe_psql('postgres', "CREATE ROLE $_") for qw(reader operator planner admin);
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION inventory');
is($node->safe_psql('fresh', q{SELECT extversion FROM pg_extension WHERE extname = 'inventory'}), $version, 'that version is created');
my $fresh = objects('fresh');
cmp_ok(scalar keys %$fresh, '>', 1000, 'it has objects');

update_from($_) for map { /--(.+)\.sql$/ } @releases;

$node->stop;
done_testing();

# Creates an old version in two databases, with and without data, and updates them.
sub update_from
{
    my ($old) = @_;
    my ($empty, $shop) = map { my $name = "${_}_$old"; $name =~ tr/./_/; $name } 'empty', 'shop';

    $node->safe_psql('postgres', "CREATE DATABASE $_") for $empty, $shop;
    # With the library of now.
    $node->safe_psql($_, "CREATE EXTENSION inventory VERSION '$old'") for $empty, $shop;
    $node->safe_psql($empty, 'ALTER EXTENSION inventory UPDATE');
    same_objects($fresh, objects($empty), "updated from $old");
    same_objects(rows('fresh'), rows($empty), "updated from $old, what it brings along");

    fill($shop);
    my @tables = split /\n/, $node->safe_psql($shop, q{
        SELECT format('SELECT %L, count(*), md5(string_agg(ROW(%s)::text, %L ORDER BY ROW(%2$s)::text)) FROM %1$s%4$s', c.oid::regclass,
            (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                -- How many numbers of a sequence are in the log already.
                AND NOT (c.relkind = 'S' AND a.attname = 'log_cnt')), ';',
            -- What an extension brings along may change with its version, but for what users have changed.
            CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'is_builtin') THEN ' WHERE NOT is_builtin' END)
        FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind IN ('r', 'S') ORDER BY c.oid::regclass::text});
    my $digest = join ' UNION ALL ', @tables;
    my $before = $node->safe_psql($shop, $digest);
    my @bare = grep { /\|0\|/ && !/stock_movement_|import_/ } split /\n/, $before;
    is("@bare", '', "$old with the library of now: every table has rows");
    is($node->safe_psql($shop, 'SELECT * FROM inventory.verify_ledger()'), '', 'and the invariants hold');
    $node->command_ok([ 'pg_dump', '-f', $node->basedir . "/$shop.sql", $shop ], 'it is dumped');

    # A session that has kept plans and a prepared statement, and one in the middle of a transaction.
    my $session = $node->background_psql($shop);
    my $busy = $node->background_psql($shop);
    my $work = q{SELECT (inventory.receive_stock(5, 1, 3)).quantity;
        SELECT (inventory.fulfill_reservation((inventory.reserve_stock(5, 1, 3, 'S')).reservation_id)).quantity_fulfilled;
        UPDATE inventory.inventory_item SET quantity_on_hand = quantity_on_hand WHERE product_id = 5;
        SELECT count(*) FROM inventory.stock_at(now());};
    $session->query_safe("PREPARE again AS SELECT (inventory.adjust_stock(5, 1, 1, 'FOUND')).quantity; SET inventory.fast_path = off; $work RESET inventory.fast_path; $work EXECUTE again;");
    $busy->query_safe("BEGIN; $work");
    $before = $node->safe_psql($shop, $digest);

    # It does not have to wait for them, unless a script changes a table: then it waits for busy.
    my $updating = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($shop), '-c', 'ALTER EXTENSION inventory UPDATE' ], '>', \my $out, '2>', \my $err);
    ok($node->poll_query_until($shop, qq{SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'inventory' AND extversion = '$version')
        OR EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'ALTER EXTENSION%' AND wait_event_type = 'Lock')}), 'the update is done or waits for a lock');
    $busy->query_safe('ROLLBACK');
    ok($updating->finish, 'ALTER EXTENSION UPDATE beside sessions at work') or diag($err);
    is($node->safe_psql($shop, q{SELECT extversion FROM pg_extension WHERE extname = 'inventory'}), $version, 'it is the new version');
    same_objects(contents($before), contents($node->safe_psql($shop, $digest)), "updated from $old, all data");
    is($node->safe_psql($shop, q{SELECT string_agg(name || ' ' || schedule || ' ' || enabled, ', ' ORDER BY name) FROM inventory.job WHERE name IN ('expire_reservations', 'plan_cycle_counts')}),
        'expire_reservations 5 minutes true, plan_cycle_counts 0 3 * * * false', 'and built-in jobs that were changed');
    is($node->safe_psql($shop, 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');
    is($node->safe_psql($shop, 'SELECT * FROM inventory.verify_references()'), '', 'and the references');

    # With rights that were given, and months that came and went, only these differ.
    my $updated = objects($shop);
    delete @$updated{ grep { /stock_movement_MONTH/ } keys %$updated };
    my $expected = { %$fresh };
    delete @$expected{ grep { /stock_movement_MONTH/ } keys %$expected };
    $_ = without_rights($_) for $updated, $expected;
    same_objects($expected, $updated, "updated from $old with data");

    is($session->query_safe("EXECUTE again; SET inventory.fast_path = off; $work RESET inventory.fast_path; $work"), "1\n3\n3\n9\n3\n3\n9", 'a session that has kept plans goes on');
    is($busy->query_safe($work), "3\n3\n9", 'so does the one that was in a transaction');
    $_->quit for $session, $busy;
    is($node->safe_psql($shop, 'SET ROLE operator; ' . $work =~ s/UPDATE.*?;//r), "3\n3\n9", 'and roles that had access have it');
    is($node->safe_psql($shop, 'SELECT * FROM inventory.verify_ledger()'), '', 'the invariants hold');

    # A dump of what was updated, and the one that was made before, loaded into the new version.
    $node->command_ok([ 'pg_dump', '-f', $node->basedir . "/${shop}_updated.sql", $shop ], 'what was updated is dumped');
    my $now = $node->safe_psql($shop, $digest);
    for my $dump ([ "${shop}_updated", $now ], [ $shop, undef ])
    {
        my ($name, $contents) = @$dump;
        my $restored = "restored_$name";
        $node->safe_psql('postgres', "CREATE DATABASE $restored");
        $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $restored, '-f', $node->basedir . "/$name.sql" ], "$name is restored");
        is($node->safe_psql($restored, q{SELECT extversion FROM pg_extension WHERE extname = 'inventory'}), $version, 'as the new version');
        same_objects(contents(without_staged($contents)), contents(without_staged($node->safe_psql($restored, $digest))), "$name, all data") if $contents;
        is($node->safe_psql($restored, 'SELECT * FROM inventory.verify_ledger()'), '', 'which is sound');
    }

    # Where the library needs what the database does not have, the error says what to do.
    $node->safe_psql('postgres', "CREATE DATABASE ${shop}_behind");
    my (undef, undef, $stderr) = $node->psql("${shop}_behind", qq{CREATE EXTENSION inventory VERSION '$old';
        ALTER TABLE inventory.warehouse RENAME COLUMN timezone TO gone;
        SELECT inventory.plan_cycle_counts();});
    like($stderr, qr/ERROR: .*does not exist.*HINT:.*ALTER EXTENSION inventory UPDATE/s, 'a library that is newer says so');
    return;
}

# Something in every table, and roles with access.
sub fill
{
    my ($database) = @_;

    $node->safe_psql($database, slurp_file('test/every_table.sql'));
    $node->safe_psql($database, q{
        SELECT inventory.grant_access(role::regrole, role) FROM unnest(ARRAY['reader', 'operator', 'planner', 'admin']) AS role;
        SELECT inventory.reserve_batch(ARRAY[1, 2], ARRAY[1, 1], ARRAY[1, 100000], ARRAY['B-1', 'B-2']);
        SELECT inventory.extend_reservation(max(reservation_id), 60) FROM inventory.reservation WHERE reference_id = 'B-1';
        SELECT inventory.return_stock(1, 1, 1), inventory.expire_reservations();
        INSERT INTO inventory.import_product (sku, name) VALUES ('IMPORTED', 'Imported');
        SELECT count(*) FROM inventory.import_load();
        INSERT INTO inventory.import_product (sku, name) VALUES ('STAGED', 'Staged')});
    return;
}

# What the extension of a database consists of: object => { aspect => value }.
sub objects
{
    my ($database) = @_;
    my %objects;

    for my $fact (@{ JSON::PP->new->decode($node->safe_psql($database, slurp_file('test/extension_objects.sql'))) })
    {
        my ($object, $aspect, $value) = @$fact;
        $objects{$object}{$aspect} = exists $objects{$object}{$aspect} ? "$objects{$object}{$aspect}\n$value" : $value;
    }
    ok(!$objects{undescribed}, "the test knows what to compare in $database") or diag(join "\n", sort keys %{ $objects{undescribed} });
    return \%objects;
}

sub without_rights
{
    my ($objects) = @_;
    my %bare;

    for my $object (keys %$objects)
    {
        my %aspects = %{ $objects->{$object} };
        delete $aspects{rights};
        $bare{$object} = \%aspects;
    }
    return \%bare;
}

# The digest of each table, as objects.
sub contents
{
    my ($digest) = @_;

    return { map { /^(.+?)\|(.*)$/ ? ("contents of $1" => { 'rows and digest' => $2 }) : () } split /\n/, $digest };
}

# What is staged for an import is in no dump, nor are the numbers of its lines.
sub without_staged
{
    my ($digest) = @_;

    return join "\n", grep { !/^inventory\.import_/ } split /\n/, $digest;
}

# Two sets of objects are the same; otherwise says what an update script lacks.
sub same_objects
{
    my ($expected, $there, $name) = @_;
    my @lacks;

    for my $object (sort keys %{ { %$expected, %$there } })
    {
        my ($wanted, $found) = ($expected->{$object}, $there->{$object});
        if (!$found)
        {
            push @lacks, join "\n  ", "missing: $object" . source_of($object),
                map { "$_: $wanted->{$_}" } grep { exists $wanted->{$_} } qw(definition index query type default generated comment);
        }
        elsif (!$wanted)
        {
            push @lacks, "to be dropped: $object";
        }
        else
        {
            for my $aspect (sort keys %{ { %$wanted, %$found } })
            {
                my ($new, $old) = map { $_->{$aspect} // '(none)' } $wanted, $found;
                push @lacks, "$object: $aspect" . source_of($object) . "\n  new:     $new\n  updated: $old" if $new ne $old;
            }
        }
    }
    is(scalar @lacks, 0, "$name: nothing is missing, too much or different") or diag(join "\n", @lacks);
    return;
}

# Where the install script makes an object, for whoever writes the update script.
sub source_of
{
    my ($object) = @_;
    my ($name) = $object =~ /inventory\.(\w+)/;

    return '' unless $name;
    for my $file (sort glob 'sql/install/*.sql')
    {
        my $line = 0;
        for (split /\n/, slurp_file($file))
        {
            $line++;
            return " ($file:$line)" if /^CREATE .*\binventory\.\Q$name\E\b/;
        }
    }
    return '';
}

# All rows of a database's extension, without times, as objects.
sub rows
{
    my ($database) = @_;
    my $query = join ' UNION ALL ', split /\n/, $node->safe_psql($database, q{
        SELECT format('SELECT %L, (to_jsonb(t) - %L::text[])::text FROM %1$s t', c.oid::regclass,
            (SELECT coalesce(array_agg(a.attname), '{}') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.atttypid = 'timestamptz'::regtype))
        FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'r' AND c.relname !~ '^stock_movement_\d'});

    return { map { ("row of $_" => {}) } split /\n/, $node->safe_psql($database, $query) };
}
