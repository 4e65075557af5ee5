"""Calls every function and writes every table of the schema with bad values; scripts/bad_input starts it."""

import argparse
import collections
import json
import random
import re
import sys
import time

import psycopg2
import psycopg2.extensions

import calls
import documents
import tables
import values

FIXTURE = """
SET inventory.performed_by = 'fixture';
CREATE EXTENSION inventory;
INSERT INTO inventory.category (name) VALUES ('Parts');
INSERT INTO inventory.product (sku, name, unit_cost, category_id) SELECT 'P' || g, 'Product ' || g, g, 1 FROM generate_series(1, 6) g;
INSERT INTO inventory.warehouse (name, priority, timezone) VALUES ('North', 3, 'UTC'), ('South', 1, 'Europe/London'), ('West', 2, 'Asia/Tokyo');
INSERT INTO inventory.supplier (name) VALUES ('One'), ('Two');
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, unit_cost) SELECT g, 1 + g % 2, true, 1.5 FROM generate_series(1, 5) g;
SELECT inventory.make_ledger_partitions(1, (now() - interval '3 months')::date);
BEGIN;
SELECT set_config('inventory.occurred_at', (now() - interval '2 days')::text, true);
SELECT inventory.receive_stock(p, w, 1000) FROM generate_series(1, 5) p, generate_series(1, 3) w;
SELECT inventory.fulfill_reservation(r.reservation_id) FROM generate_series(1, 10) g, LATERAL inventory.reserve_stock(1 + g % 5, 1, 2, 'sold ' || g) r;
COMMIT;
SELECT inventory.reserve_stock(1 + g % 5, 1 + g % 3, 5, 'order ' || g) FROM generate_series(1, 10) g;
SELECT inventory.create_transfer(1, 2, '[{"product_id": 1, "qty": 5}, {"product_id": 2, "qty": 5}]') FROM generate_series(1, 4);
SELECT inventory.ship_transfer(transfer_id) FROM generate_series(1, 2) transfer_id;
SELECT inventory.create_purchase_order(1, 1, '[{"product_id": 1, "qty": 9}, {"product_id": 3, "qty": 9}]') FROM generate_series(1, 6);
SELECT inventory.submit_purchase_order(po_id) FROM generate_series(1, 4) po_id;
SELECT inventory.confirm_purchase_order(po_id) FROM generate_series(1, 2) po_id;
UPDATE inventory.inventory_item SET reorder_point = 2000, reorder_quantity = 10 WHERE product_id = 5 AND warehouse_id = 3;
SELECT inventory.run_replenishment();
SELECT inventory.schedule_job('job a', '5 minutes', 'SELECT 1');
"""

LEVELS = ['reader', 'operator', 'planner', 'admin']
SETTINGS = ['performed_by', 'occurred_at', 'movement_type', 'reference_id', 'root_cause', 'allocation', 'over_receipt_tolerance_percent',
            'count_window_days', 'count_fast_percent', 'count_fast_days', 'count_slow_days', 'count_start_hours', 'order_cost', 'holding_rate',
            'replenish_by_transfer', 'replenishment_log_days', 'job_clock_offset']
# No function is meant to reach these.
FATAL_CLASSES = ('XX', '57P', '08', 'F0')
TIMEOUT_MS = 60000
REFRESH_EVERY = 20
CHECK_EVERY = 50


class Failure(Exception):
    pass


def literal_free(error):
    """An error's message, without what differs from run to run."""
    return (error.diag.message_primary or str(error)).strip()


def comparable(error, statement):
    """The same for comparing runs: which row a statement about all of them meets first depends on where they lie."""
    message = literal_free(error)
    return message if ' WHERE ' in statement else re.sub(r'^item \d+ has history', 'an item has history', message)


class Server:
    """Databases made from a template, and what the whole server has to keep."""

    def __init__(self):
        self.admin = self.connect('postgres')
        self.started = self.ask(self.admin, 'SELECT pg_postmaster_start_time()')
        for level in LEVELS + ['guest']:
            self.run(self.admin, 'CREATE ROLE bad_%s LOGIN' % level)
        for encoding in ('UTF8', 'SQL_ASCII'):
            name = self.template(encoding)
            self.run(self.admin, "CREATE DATABASE %s TEMPLATE template0 ENCODING '%s' LOCALE 'C'" % (name, encoding))
            fixture = self.connect(name)
            self.run(fixture, FIXTURE)
            for level in LEVELS:
                self.run(fixture, "SELECT inventory.grant_access('bad_%s', '%s')" % (level, level))
            fixture.close()

    @staticmethod
    def template(encoding):
        return 'fixture_' + encoding.lower()

    def connect(self, database, user='postgres'):
        connection = psycopg2.connect(dbname=database, user=user)
        connection.autocommit = True
        return connection

    @staticmethod
    def run(connection, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    @staticmethod
    def ask(connection, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]

    @staticmethod
    def rows(connection, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def fresh(self, encoding):
        self.run(self.admin, 'DROP DATABASE IF EXISTS round WITH (FORCE)')
        self.run(self.admin, 'CREATE DATABASE round TEMPLATE %s' % self.template(encoding))
        # Roles belong to the server: what a round granted would be there in the next one.
        for level in LEVELS + ['guest']:
            self.run(self.admin, 'ALTER ROLE bad_%s RESET ALL' % level)

    def check_up(self):
        if self.ask(self.admin, 'SELECT pg_postmaster_start_time()') != self.started:
            raise Failure('the server restarted')


class Tally:
    """What happened, over all rounds."""

    def __init__(self):
        self.calls = 0
        self.states = collections.Counter()
        self.kinds = collections.Counter()
        self.succeeded = collections.Counter()
        self.tried = collections.Counter()
        self.digests = 0
        self.compared = 0
        self.slowest = (0.0, '')
        self.failures = []
        self.seen = collections.Counter()
        self.sample = []

    def fail(self, where, what, statement):
        self.seen[what] += 1
        if self.seen[what] > 1:
            return
        text = statement if len(statement) < 3000 else statement[:3000] + ' ...'
        self.failures.append('%s: %s\n    %s;' % (where, what, text))
        print('FAILED ' + self.failures[-1], flush=True)


class Session:
    """One round with one setting of inventory.fast_path: a fresh database, a session that is tried, one that watches."""

    def __init__(self, server, tally, seed, number, fast_path):
        self.server = server
        self.tally = tally
        self.random = random.Random('%s/%s' % (seed, number))
        draw = self.random
        self.where = 'seed %s round %d fast_path %s' % (seed, number, fast_path)
        self.encoding = 'SQL_ASCII' if number % 4 == 3 else 'UTF8'
        self.role = ['postgres', 'postgres', 'bad_admin', 'postgres', 'bad_operator', 'bad_planner', 'postgres', 'bad_reader'][number % 8]
        self.isolation = ['READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'][(number // 2) % 4]
        server.fresh(self.encoding)
        self.tried = server.connect('round', self.role)
        self.watch = server.connect('round')
        server.run(self.watch, 'SET lock_timeout = 100')
        self.pid = self.tried.get_backend_pid()
        server.run(self.tried, "LOAD 'inventory'" if self.role == 'postgres' else "SELECT inventory.on_hand_at(1, 1, now())")
        server.run(self.tried, "SET statement_timeout = %d; SET client_min_messages = error; SET inventory.fast_path = %s" % (TIMEOUT_MS, fast_path))
        if self.encoding == 'SQL_ASCII':
            # Nothing is converted; this is only how the answers are read.
            self.tried.set_client_encoding('LATIN1')
            self.watch.set_client_encoding('LATIN1')
        self.client = 'UTF8'
        if self.encoding == 'UTF8' and number % 4 == 1:
            self.client = 'LATIN1' if number % 8 == 1 else 'SQL_ASCII'
            server.run(self.tried, 'SET client_encoding = %s' % self.client)
        self.functions = [calls.Function(r) for r in server.rows(self.tried, calls.FUNCTIONS)]
        self.documented = calls.documented(self.functions)
        enums = collections.defaultdict(list)
        for name, label in server.rows(self.watch, """SELECT format_type(t.oid, NULL), enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
                WHERE t.typnamespace = 'inventory'::regnamespace ORDER BY e.enumsortorder"""):
            enums[name].append(label)
        self.pool = values.Pool(draw, self.encoding, enums)
        self.valid = calls.Valid(draw, None)
        self.writer = tables.Writer(draw, self.pool, self.valid, [tables.Table(r) for r in server.rows(self.watch, tables.TABLES)])
        self.digest_query = self.make_digest_query()
        self.identity = self.ask_identity()
        self.digest = self.take_digest()
        self.refused = []
        self.outcomes = []
        self.identity_failures = 0

    def close(self):
        self.tried.close()
        self.watch.close()

    # ---- What has to stay as it was

    def make_digest_query(self):
        names = [r[0] for r in self.server.rows(self.watch, """SELECT relname FROM pg_class WHERE relnamespace = 'inventory'::regnamespace
            AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1""")]
        parts = ["SELECT '%s' AS name, count(*) AS n, coalesce(sum(hashtextextended(t::text, 0)), 0) AS hash FROM inventory.%s t" % (n, n) for n in names]
        parts.append("SELECT 'catalogue', count(*), coalesce(sum(hashtextextended(concat(relname, relacl), 0)), 0) FROM pg_class WHERE relnamespace = 'inventory'::regnamespace")
        parts.append("SELECT 'rights', count(*), coalesce(sum(hashtextextended(concat(oid, proacl), 0)), 0) FROM pg_proc WHERE pronamespace = 'inventory'::regnamespace")
        return 'SELECT json_object_agg(name, concat(n, $$/$$, hash)) FROM (%s) s' % ' UNION ALL '.join(parts)

    def take_digest(self):
        """None while the tried session holds a lock that keeps even readers out."""
        self.tally.digests += 1
        try:
            return self.server.ask(self.watch, self.digest_query)
        except psycopg2.errors.LockNotAvailable:
            return None

    def check_refused(self):
        """Nothing that was refused since the last look has left anything behind."""
        if not self.refused:
            return
        now = self.take_digest()
        if now is None:
            self.refused = []
            return
        if now != self.digest:
            changed = [k for k in now if now[k] != self.digest.get(k)]
            self.tally.fail(self.where, 'a refused call changed %s; one of' % ', '.join(changed), ';\n    '.join(self.refused))
            self.digest = now
        self.refused = []

    def ask_identity(self, before=''):
        return self.server.rows(self.tried, before + """SELECT current_user, session_user, current_setting('role'), current_setting('search_path'),
            current_setting('is_superuser'), current_setting('row_security'), current_setting('transaction_read_only'),
            current_setting('inventory.performed_by', true), current_setting('inventory.fast_path', true)""")[0]

    def check_identity(self, statement, ending='ROLLBACK'):
        """Ends the transaction and asks who the session is then, in one go."""
        try:
            identity = self.ask_identity(ending + '; ')
        except psycopg2.Error as error:
            if error.pgcode is None:
                raise Failure('the backend is gone after %s' % statement)
            self.tally.fail(self.where, '%s: %s %s' % (ending, error.pgcode, literal_free(error)), statement)
            self.execute('ROLLBACK')
            return
        if identity != self.identity:
            self.tally.fail(self.where, 'left the session as %s, was %s' % (identity, self.identity), statement)
            self.identity = identity

    # ---- One statement

    def execute(self, statement, data=None):
        """None, or the error. Anything that is not an error of the statement ends the round."""
        started = time.monotonic()
        try:
            with self.tried.cursor() as cursor:
                if data is None:
                    cursor.execute(self.encoded(statement))
                else:
                    cursor.copy_expert(statement, Lines(self.encoded(data)))
            return None
        except psycopg2.Error as error:
            if error.pgcode is None or self.tried.closed:
                self.tally.fail(self.where, 'the connection broke: %s' % str(error).strip(), statement)
                raise Failure('the backend is gone')
            return error
        finally:
            taken = time.monotonic() - started
            if taken > self.tally.slowest[0]:
                self.tally.slowest = (taken, statement[:300])

    def encoded(self, text):
        """The bytes of a statement: not every client says the truth about them."""
        if self.encoding == 'SQL_ASCII':
            try:
                return text.encode('latin-1')
            except UnicodeEncodeError:
                pass
        return text.encode('utf-8')

    def attempt(self, kind, name, statement, allowed, data=None, prefix='', keep=True, value_check=None, must_refuse=False, never_writes=False):
        """Runs a statement in a transaction of its own and judges what comes of it. True: it succeeded."""
        tally = self.tally
        tally.calls += 1
        tally.kinds[kind] += 1
        savepoint = self.random.random() < 0.3
        # A probe has to find room: drawn before, so that both settings draw alike.
        probe = self.random.random() < 0.5
        begin = 'BEGIN ISOLATION LEVEL %s; %s%s' % (self.isolation, prefix, 'SAVEPOINT s; ' if savepoint else '')
        together = not prefix and data is None
        setting = None if together else self.execute(begin)
        if setting is not None:
            self.judge_error(kind, name, prefix, setting, {'22023', '42501', '55P02'}, None)
            self.execute('ROLLBACK')
            self.outcomes.append((name, setting.pgcode, literal_free(setting), prefix))
            return False
        error = self.execute(begin + statement if together else statement, data)
        self.outcomes.append((name, error.pgcode if error else 'ok', comparable(error, statement) if error else '', statement))
        tally.states[error.pgcode if error else 'ok'] += 1
        if error is not None:
            self.after_error(kind, name, statement, error, allowed, data, prefix, savepoint, probe, value_check)
            return False
        if must_refuse:
            tally.fail(self.where, 'was not refused to a role without the right', statement)
        self.after_success(statement, keep, never_writes)
        return True

    def after_error(self, kind, name, statement, error, allowed, data, prefix, savepoint, probe, value_check):
        # A statement that the grammar refuses took BEGIN with it.
        if savepoint and self.tried.get_transaction_status() == psycopg2.extensions.TRANSACTION_STATUS_INERROR:
            self.execute('ROLLBACK TO s')
            if probe:
                self.probe(statement)
        self.check_identity(statement)
        self.judge_error(kind, name, statement, error, allowed, value_check)
        self.refused.append(prefix + statement[:2000])
        if len(self.refused) >= CHECK_EVERY:
            self.check_refused()

    def judge_error(self, kind, name, statement, error, allowed, value_check):
        state = error.pgcode
        message = literal_free(error)
        if state.startswith(FATAL_CLASSES) or 'cache lookup failed' in message:
            self.tally.fail(self.where, '%s %s' % (state, message), statement)
        elif state == '57014' and state not in allowed:
            self.tally.fail(self.where, 'took more than %d s' % (TIMEOUT_MS / 1000), statement)
        elif state == '22P05' and self.client == 'LATIN1':
            pass                # the answer has a character that the client cannot have
        elif state not in allowed and (value_check is None or not self.raised_by_values(state, value_check)):
            self.tally.fail(self.where, '%s is not documented for %s: %s' % (state, name, message), statement)

    def raised_by_values(self, state, value_check):
        """Do the arguments alone, without the function, raise this?"""
        error = self.execute('SELECT ' + value_check)
        return error is not None and error.pgcode == state

    def after_success(self, statement, keep, never_writes):
        assigned = self.server.ask(self.tried, 'SELECT pg_current_xact_id_if_assigned() IS NOT NULL')
        if assigned and never_writes:
            self.tally.fail(self.where, 'a function that is not volatile took a transaction id', statement)
        if not keep or not assigned:
            self.check_identity(statement)
        else:
            self.check_refused()
            self.check_identity(statement, 'COMMIT')
            self.digest = self.take_digest()

    def probe(self, statement):
        """The session goes on to work after an error, in the same transaction."""
        if self.role not in ('postgres', 'bad_admin', 'bad_operator'):
            return
        try:
            answer = self.server.rows(self.tried, """SELECT m.quantity, r.quantity, r.status::text, m.session_role,
                    (SELECT sum(n.quantity) FROM inventory.stock_movement n WHERE n.product_id = m.product_id AND n.warehouse_id = m.warehouse_id) = m.on_hand_after
                FROM inventory.receive_stock((SELECT min(product_id) FROM inventory.product), (SELECT min(warehouse_id) FROM inventory.warehouse), 1, 'probe') m,
                    LATERAL inventory.reserve_stock(m.product_id, m.warehouse_id, m.quantity, 'probe') r""")[0]
        except psycopg2.Error as error:
            # A level near the end of bigint takes nothing more, a warehouse without rows has nothing.
            if error.pgcode not in ('22003', '22023', 'IV001', 'IV002'):
                self.tally.fail(self.where, 'afterwards %s %s' % (error.pgcode, literal_free(error)), statement)
            return
        if answer[:4] != (1, 1, 'ACTIVE', self.role):
            self.tally.fail(self.where, 'afterwards a receipt and a reservation said %s' % (answer,), statement)

    # ---- What is drawn

    def setting(self):
        """SET LOCAL of something bad, or nothing."""
        draw = self.random
        if draw.random() > 0.08:
            return ''
        value = draw.choice([self.pool.text(), "'-1'", "'0'", "'1e9'", "'2020-01-01'", "'infinity'", "'most_stock'", "'fewest_splits'", "'SALE'", "'on'", "'5'"])
        if str(values.HUGE) in value:
            value = "'x'"
        return "SELECT set_config('inventory.%s', %s, true) IS NULL; " % (draw.choice(SETTINGS), value)

    def call(self):
        """One function, mostly with one or two bad arguments."""
        draw = self.random
        function = draw.choice(self.functions)
        if function.is_trigger:
            return self.trigger()
        arguments = self.valid.arguments(function)
        bad = draw.choice([0, 0, 1, 1, 1, 1, 2, 2, len(arguments)]) if arguments else 0
        for i in draw.sample(range(len(arguments)), min(bad, len(arguments))):
            arguments[i] = self.pool.draw(function.types[i], function.names[i])
            if function.types[i] == 'jsonb' and draw.random() < 0.6:
                arguments[i] = self.document(function)
        confused = arguments and draw.random() < 0.02
        checked = ', '.join(arguments) or '1'
        if confused:
            arguments[draw.randrange(len(arguments))] = draw.choice(values.CONFUSED)
        statement = self.shape(function, arguments)
        # Who was granted a function is not refused what it does inside.
        allowed = self.documented[function.name] | (set() if function.may_call else {'42501'})
        if confused:
            return self.attempt('type confusion', function.name, statement, allowed | CONFUSION, keep=False)
        setting = self.setting()
        if setting:
            allowed = allowed | {'22023', 'IV002'}
        succeeded = self.attempt('function', function.name, statement, allowed, prefix=setting, value_check=checked, must_refuse=not function.may_call,
                                 never_writes=function.volatility != 'v', keep=draw.random() < 0.7)
        self.tally.tried[function.signature] += 1
        self.tally.succeeded[function.signature] += succeeded
        if function.may_call and draw.random() < 0.3 and len(self.tally.sample) < 6000:
            self.tally.sample.append((self.encoding, self.role, statement))
        return succeeded

    def document(self, function):
        """Lines that are nearly right."""
        shape = documents.SHAPES.get(function.name, documents.SHAPES['create_transfer'])
        lists = self.valid.state.lists
        lines = documents.valid_lines(self.random, shape, lists['products'], lists['warehouses'])
        for _ in range(self.random.choice([1, 1, 2])):
            lines = documents.spoil(self.random, lines)
        return calls.quote(documents.write(self.random, lines)) + '::jsonb'

    def shape(self, function, arguments):
        """The ways a function can be called."""
        draw = self.random
        if function.defaults and draw.random() < 0.2:
            arguments = arguments[:len(arguments) - draw.randint(1, function.defaults)]
        if draw.random() < 0.05 and all(function.names) and len(arguments) == len(function.names) == len(set(function.names)):
            arguments = ['%s => %s' % p for p in zip(function.names, arguments)]
        text = 'inventory.%s(%s)' % (function.name, ', '.join(arguments))
        choice = draw.random()
        if choice < 0.7:
            return 'SELECT * FROM ' + text
        if choice < 0.9:
            return 'SELECT ' + text
        if choice < 0.92:
            return 'SELECT f FROM generate_series(1, 3) g, LATERAL %s f' % text
        if choice < 0.94:
            return 'SELECT * FROM %s f LIMIT 0' % text
        if choice < 0.96:
            return 'DECLARE c CURSOR FOR SELECT %s; FETCH 1 FROM c; CLOSE c' % text
        if choice < 0.98 and '$$' not in text:
            return 'DO $do$ BEGIN PERFORM %s; EXCEPTION WHEN division_by_zero THEN NULL; END $do$' % text
        return 'DEALLOCATE ALL; PREPARE p AS SELECT %s; EXECUTE p; EXECUTE p' % text

    def write(self):
        statement, data, checked = self.writer.statement()
        keep = self.role != 'postgres'
        self.attempt('write', 'a write', statement, set(tables.WRITE_STATES), data=data, prefix=self.setting(), keep=keep, value_check=checked)

    def view(self):
        statement = self.writer.view()
        name = statement.split('inventory.', 1)[1].split()[0]
        condition = statement.partition(' WHERE ')[2]
        value = condition.split(' ', 2)[-1].replace('DISTINCT FROM ', '').replace('FROM ', '') if condition else None
        if self.attempt('view', 'view ' + name, statement, set(), value_check=value, never_writes=True):
            self.tally.succeeded['view ' + name] += 1
        self.tally.tried['view ' + name] += 1

    def trigger(self):
        if self.role != 'postgres':
            return False
        return self.attempt('misplaced trigger', 'a misplaced trigger', self.writer.misplaced_trigger(self.functions), MISPLACED, keep=False)

    def over_forged_rows(self):
        """What the owner can write into the tables must not crash what reads them."""
        if self.role != 'postgres':
            return
        statement, data, _ = self.writer.statement()
        if data is not None or statement.startswith('TRUNCATE'):
            return
        self.tally.calls += 1
        self.tally.kinds['over forged rows'] += 1
        if self.execute('BEGIN') is None and self.execute(statement) is None:
            for _ in range(4):
                function = self.random.choice([f for f in self.functions if not f.is_trigger])
                text = self.random.choice(['SELECT * FROM inventory.%s(%s)' % (function.name, ', '.join(self.valid.arguments(function))),
                                           self.writer.view(), 'SELECT count(*) FROM inventory.verify_ledger()', 'SELECT count(*) FROM inventory.rebuild_stock(true)'])
                self.execute('SAVEPOINT f')
                error = self.execute(text)
                self.tally.calls += 1
                self.tally.states[error.pgcode if error else 'ok'] += 1
                if error is not None:
                    self.execute('ROLLBACK TO f')
                    if error.pgcode.startswith('XX') or 'cache lookup' in literal_free(error):
                        self.tally.states['forged ' + error.pgcode + ' ' + literal_free(error)[:60]] += 1
        self.check_identity(statement)

    def refresh(self):
        self.valid.state = calls.State(self.server.ask(self.watch, calls.State.QUERY))
        for needed in ('products', 'warehouses', 'suppliers'):
            self.valid.state.lists[needed] = self.valid.state.lists[needed] or [1]

    def run(self, count):
        for i in range(count):
            if i % REFRESH_EVERY == 0:
                self.refresh()
            choice = self.random.random()
            if choice < 0.74:
                self.call()
            elif choice < 0.87:
                self.write()
            elif choice < 0.92:
                self.view()
            elif choice < 0.935:
                self.trigger()
            else:
                self.over_forged_rows()
        self.check_refused()
        if self.tried.get_backend_pid() != self.pid or self.server.ask(self.tried, 'SELECT pg_backend_pid()') != self.pid:
            self.tally.fail(self.where, 'another backend answers', 'SELECT pg_backend_pid()')
        self.check_invariants()

    def check_invariants(self):
        for check in ('inventory.verify_ledger()', 'inventory.verify_references()'):
            wrong = self.server.rows(self.watch, 'SELECT v::text FROM %s v LIMIT 5' % check)
            if wrong:
                self.tally.fail(self.where, 'at the end of the round: %s' % wrong, 'SELECT * FROM %s' % check)

    def summary(self):
        """What two runs of a round have in common: everything but times and hashes."""
        names = [r[0] for r in self.server.rows(self.watch, """SELECT relname FROM pg_class WHERE relnamespace = 'inventory'::regnamespace
            AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT IN ('job_run') ORDER BY 1""")]
        result = {}
        for name in names:
            columns = [r[0] for r in self.server.rows(self.watch, """SELECT attname FROM pg_attribute WHERE attrelid = 'inventory.%s'::regclass AND attnum > 0
                AND NOT attisdropped AND atttypid NOT IN ('timestamptz'::regtype, 'bytea'::regtype) AND attname <> 'line' AND attname <> 'lead_time_days' AND attname <> 'owner_oid'""" % name)]
            result[name] = self.server.ask(self.watch, "SELECT count(*) || '/' || coalesce(sum(hashtextextended(concat_ws('|', %s), 0)), 0) FROM inventory.%s" % (', '.join(columns), name))
        return result


# What the parser or a cast says about an argument of the wrong kind.
CONFUSION = {'42883', '42725', '42804', '42846', '42601', '42P02', '22P02', '22003', '22007', '22008', '22021', '54001', '42P18', '0A000', '42809', '42501', '22P05', '54000', '42P13', '2202E', '42703', '42702', '21000', '22023'}
MISPLACED = {'39P01', '0A000', '42P01', '42703', '42P17', '55000', '22023', '23502', '428C9', '42601', '23514', '42P13', '42704', '22P02', '42804', '42501', '42P07',
             'IV002', 'IV004', 'IV003', '42P16', '42602'}


class Lines:
    """What psycopg2 reads the data of a COPY from."""

    def __init__(self, data):
        self.data = data

    def read(self, size=-1):
        part, self.data = self.data[:size], self.data[size:]
        return part


def round_of_calls(server, tally, seed, number, count):
    """The same draws with the fast path and without: they have to answer alike."""
    outcomes, summaries = [], []
    for fast_path in ('on', 'off'):
        session = Session(server, tally, seed, number, fast_path)
        try:
            session.run(count)
            outcomes.append(session.outcomes)
            summaries.append(session.summary())
        finally:
            session.close()
        server.check_up()
    for on, off in zip(*outcomes):
        tally.compared += 1
        if on != off:
            tally.fail('seed %s round %d' % (seed, number), 'fast path on: %s, off: %s' % (on[:3], off[:3]), on[3] if on[3] == off[3] else on[3] + ' / ' + off[3])
            return
    if summaries[0] != summaries[1]:
        tally.fail('seed %s round %d' % (seed, number), 'the tables differ with the fast path on and off: %s'
                   % [k for k in summaries[0] if summaries[0][k] != summaries[1][k]], 'SELECT 1')


def judge_documents(server, tally, seed, count):
    """Documents, each in a transaction that is rolled back, against an independent reading of them."""
    draw = random.Random('%s/documents' % seed)
    server.fresh('UTF8')
    tried = server.connect('round')
    server.run(tried, "SET client_min_messages = error; SET statement_timeout = %d" % TIMEOUT_MS)
    stock = {
        'products': set(range(1, 7)), 'warehouses': {1, 2, 3}, 'from_warehouse': 1, 'open': {},
        'available': {tuple(r[:2]): r[2] for r in server.rows(tried, 'SELECT product_id, warehouse_id, quantity_available FROM inventory.inventory_item')},
    }
    opened = {
        'receive_purchase_order': dict(server.rows(tried, 'SELECT product_id, sum(quantity - quantity_received)::bigint FROM inventory.purchase_order_line WHERE po_id = 1 GROUP BY 1')),
        'receive_transfer': dict(server.rows(tried, 'SELECT product_id, sum(quantity_shipped - quantity_received)::bigint FROM inventory.transfer_order_line WHERE transfer_id = 1 GROUP BY 1')),
    }
    forms = {
        'reserve_order': "inventory.reserve_order('document', %s)", 'create_purchase_order': 'inventory.create_purchase_order(1, 1, %s)',
        'receive_purchase_order': 'inventory.receive_purchase_order(1, %s)', 'create_transfer': 'inventory.create_transfer(1, 2, %s)',
        'receive_transfer': 'inventory.receive_transfer(1, %s)',
    }
    seen = collections.Counter()
    for i in range(count):
        function = draw.choice(list(forms))
        products = list(opened.get(function, stock['products']))
        lines = documents.valid_lines(draw, documents.SHAPES[function], products, [1, 2, 3])
        for _ in range(draw.choice([0, 1, 1, 1, 2, 3])):
            lines = documents.spoil(draw, lines)
        text = documents.write(draw, lines)
        stock['open'] = opened.get(function, {})
        wanted = documents.judge(text, function, stock)
        value = calls.quote(text) + '::jsonb'
        statement = 'SELECT * FROM ' + forms[function] % value
        with tried.cursor() as cursor:
            try:
                cursor.execute('BEGIN; SET LOCAL inventory.fast_path = %s; %s' % (draw.choice(['on', 'off']), statement))
                got = 'ok'
            except psycopg2.Error as error:
                if error.pgcode is None:
                    raise Failure('the backend is gone after %s' % statement)
                got = error.pgcode
            cursor.execute('ROLLBACK')
            if got not in wanted and got != 'ok':
                # What is no JSON to the server is not the functions' to judge.
                try:
                    cursor.execute('SELECT ' + value)
                except psycopg2.Error as error:
                    if error.pgcode == got:
                        wanted = {got}
        tally.calls += 1
        tally.kinds['document'] += 1
        tally.states[got] += 1
        seen[got] += 1
        if got not in wanted:
            tally.fail('seed %s document %d' % (seed, i), 'raised %s, by the documentation it is %s' % (got, ' or '.join(sorted(wanted))), statement)
    tried.close()
    print('documents: %d, %s' % (count, ', '.join('%s %d' % s for s in seen.most_common())))


def check_memory(server, tally):
    """The same statements again and again in one session: once everything is warm nothing may grow. It is warm after
    the sixth time, when the server may have chosen generic plans."""
    server.fresh('UTF8')
    statements = [s for encoding, role, s in tally.sample if encoding == 'UTF8' and role == 'postgres' and 'run_job' not in s][:1500]
    tried = server.connect('round')
    server.run(tried, 'SET client_min_messages = error; SET statement_timeout = %d' % TIMEOUT_MS)
    used = []
    for _ in range(9):
        for statement in statements:
            with tried.cursor() as cursor:
                try:
                    cursor.execute('BEGIN; ' + statement)
                except psycopg2.Error as error:
                    if error.pgcode is None:
                        raise Failure('the backend is gone after %s' % statement)
                cursor.execute('ROLLBACK')
        used.append(server.ask(tried, 'SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts'))
        tally.calls += len(statements)
        tally.kinds['again, for memory'] += len(statements)
    tried.close()
    print('memory of a session after each of nine times %d calls: %s bytes' % (len(statements), ', '.join('%d' % u for u in used)))
    if statements and used[8] - used[5] > 32 * 1024:
        tally.fail('memory', '%d bytes more in the last three of nine times' % (used[8] - used[5]), 'SELECT * FROM pg_backend_memory_contexts')


def report(tally, functions, views, whole):
    print('calls: %d (%s)' % (tally.calls, ', '.join('%s %d' % k for k in sorted(tally.kinds.items()))))
    print('outcomes compared with the fast path on and off: %d; digests of all tables taken: %d' % (tally.compared, tally.digests))
    print('slowest: %.1f s, %s' % (tally.slowest[0], tally.slowest[1]))
    called = [f for f in functions if tally.tried[f.signature]]
    print('functions: %d of %d called, %d succeeded at least once; views: %d of %d read' % (
        len(called), len([f for f in functions if not f.is_trigger]), len([f for f in called if tally.succeeded[f.signature]]),
        len([v for v in views if tally.succeeded['view ' + v]]), len(views)))
    never = [f.signature for f in functions if not f.is_trigger and not tally.succeeded[f.signature] and f.name not in CANNOT_SUCCEED]
    for name in never:
        print('never succeeded: ' + name)
    if never and whole:
        tally.failures.append('functions that never succeeded')
    print('SQLSTATEs: ' + ', '.join('%s %d' % s for s in sorted(tally.states.items(), key=lambda s: -s[1])))


# The server has no room for workers and no pg_cron.
CANNOT_SUCCEED = {'worker_start', 'schedule_with_pg_cron'}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--long', action='store_true')
    parser.add_argument('--seed', default=str(random.randrange(10 ** 9)))
    parser.add_argument('--calls', type=int)
    parser.add_argument('--documents', type=int)
    parser.add_argument('--round', type=int)
    options = parser.parse_args()
    count = options.calls or (200000 if options.long else 4000)
    per_round = 1000 if options.long else 400
    rounds = [options.round] if options.round is not None else range(max(1, count // (2 * per_round)))

    print('seed %s' % options.seed, flush=True)
    tally = Tally()
    server = Server()
    started = time.monotonic()
    try:
        for number in rounds:
            round_of_calls(server, tally, options.seed, number, per_round)
            if number % 10 == 9:
                print('%d calls after %d s' % (tally.calls, time.monotonic() - started), flush=True)
        if options.round is None:
            judge_documents(server, tally, options.seed, options.documents if options.documents is not None else (50000 if options.long else 2000))
            check_memory(server, tally)
        server.check_up()
    except Failure as failure:
        tally.fail('seed %s' % options.seed, str(failure), 'SELECT 1')
    watch = server.connect(Server.template('UTF8'))
    functions = [calls.Function(r) for r in server.rows(watch, calls.FUNCTIONS)]
    views = [r[0] for r in server.rows(watch, tables.TABLES) if r[1] == 'v']
    report(tally, functions, views, options.round is None and count >= 8000)
    print('took %d s, seed %s' % (time.monotonic() - started, options.seed))
    if tally.failures:
        print('%d failures' % len(tally.failures))
        sys.exit(1)
    print('no failure')


if __name__ == '__main__':
    main()
