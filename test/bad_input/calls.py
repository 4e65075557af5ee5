"""Every function of the schema, from pg_proc, and arguments with which a call goes deep."""

import re

import documents

FUNCTIONS = """
SELECT p.oid::int8, p.proname, format_type(p.prorettype, NULL), p.proretset, p.provolatile, p.proisstrict, l.lanname,
    ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY a(t, n) ORDER BY n),
    coalesce(p.proargnames, '{}'), p.pronargdefaults, coalesce(obj_description(p.oid, 'pg_proc'), ''),
    has_function_privilege(current_user, p.oid, 'EXECUTE')
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'inventory'::regnamespace ORDER BY p.proname, p.oid::regprocedure::text"""

STATE = re.compile(r'\b(?:[0-9]{2}[0-9A-Z]{3}|IV[0-9]{3})\b')

# SQLSTATEs that a function may raise without saying so in its comment, each with its reason.
ALWAYS = {
    '54001': 'JSON that is nested too deeply for the stack',
}

# What the comment of a function does not say, and need not.
BESIDES = {
    'item_guard item_ledger ledger_guard reservation_guard reference_guard referenced_guard job_changed job_guard': {
        '39P01': 'a trigger function that is called, or stands on a table or an event that it is not for'},
    'import_guard warehouse_guard': {'0A000': 'PL/pgSQL refuses to call a trigger function'},
    'pg_cron_schedule': {'22023': 'what next_run raises for the same schedule'},
    'alter_job schedule_job': {'23514': 'a schedule longer than the table keeps'},
}


def documented(functions):
    """name -> the SQLSTATEs that its comment names, its own and those of the functions it refers to."""
    own, refers = {}, {}
    for f in functions:
        errors = re.sub(r'.*?\bErrors\b[^:]*:|\A(?!.*\bErrors\b).*', '', f.comment, 1, re.DOTALL)
        own.setdefault(f.name, set()).update(STATE.findall(errors))
        refers.setdefault(f.name, set()).update(re.findall(r'\bas ([a-z_]+)', errors))
    for names, states in BESIDES.items():
        for name in names.split():
            own.setdefault(name, set()).update(states)

    def all_of(name, seen):
        states = set(own.get(name, ()))
        for other in refers.get(name, set()) - seen:
            states |= all_of(other, seen | {other})
        return states
    return {name: all_of(name, {name}) | set(ALWAYS) for name in own}


class Function:
    def __init__(self, row):
        (self.oid, self.name, self.result, self.is_set, self.volatility, self.is_strict, self.language, self.types,
         names, self.defaults, self.comment, self.may_call) = row
        self.names = list(names[:len(self.types)]) or [''] * len(self.types)

    @property
    def signature(self):
        return '%s(%s)' % (self.name, ', '.join(self.types))

    @property
    def is_trigger(self):
        return self.result == 'trigger'


def quote(text):
    return "'" + text.replace("'", "''") + "'"


class State:
    """What is in the tables, as far as calls refer to it: a query's answer, read again now and then."""

    QUERY = """SELECT jsonb_build_object(
        'products', (SELECT array_agg(product_id ORDER BY product_id) FROM inventory.product),
        'warehouses', (SELECT array_agg(warehouse_id ORDER BY warehouse_id) FROM inventory.warehouse),
        'suppliers', (SELECT array_agg(supplier_id ORDER BY supplier_id) FROM inventory.supplier),
        'reservations', (SELECT array_agg(reservation_id) FROM (SELECT reservation_id FROM inventory.reservation
            WHERE status = 'ACTIVE' AND reference_type = 'ORDER' ORDER BY reservation_id DESC LIMIT 20) s),
        'orders', (SELECT array_agg(reference_id) FROM (SELECT reference_id FROM inventory.reservation
            WHERE status = 'ACTIVE' AND reference_type = 'ORDER' GROUP BY 1 ORDER BY max(reservation_id) DESC LIMIT 20) s),
        'transfers', (SELECT jsonb_object_agg(status, ids) FROM (SELECT status, array_agg(transfer_id ORDER BY transfer_id DESC) ids
            FROM inventory.transfer_order GROUP BY 1) s),
        'purchases', (SELECT jsonb_object_agg(status, ids) FROM (SELECT status, array_agg(po_id ORDER BY po_id DESC) ids
            FROM inventory.purchase_order GROUP BY 1) s),
        'transfer_lines', (SELECT jsonb_object_agg(transfer_id, ids) FROM (SELECT transfer_id, array_agg(product_id ORDER BY line_no) ids
            FROM inventory.transfer_order_line GROUP BY 1) s),
        'purchase_lines', (SELECT jsonb_object_agg(po_id, ids) FROM (SELECT po_id, array_agg(product_id ORDER BY line_no) ids
            FROM inventory.purchase_order_line GROUP BY 1) s),
        'notifications', (SELECT array_agg(notification_id ORDER BY notification_id) FROM inventory.procurement_notification),
        'jobs', (SELECT array_agg(name ORDER BY name) FROM inventory.job),
        'own_jobs', (SELECT array_agg(name ORDER BY name) FROM inventory.job WHERE NOT is_builtin),
        'closed', (SELECT max(through)::text FROM inventory.period_closing WHERE reopened_at IS NULL))"""

    def __init__(self, answer):
        self.lists = answer

    def some(self, random, what, *keys):
        """One of a list, 0 where it is empty."""
        found = self.lists.get(what) or []
        if keys:
            found = [i for k in keys for i in ((found or {}).get(k) or [])[:5]]
        return random.choice(found) if found else 0


WANTED = {  # the state in which a step finds its document
    'submit_purchase_order': ['DRAFT'], 'confirm_purchase_order': ['SUBMITTED'], 'receive_purchase_order': ['CONFIRMED'],
    'cancel_purchase_order': ['DRAFT', 'SUBMITTED', 'CONFIRMED'], 'ship_transfer': ['PENDING'], 'receive_transfer': ['IN_TRANSIT'],
    'close_transfer': ['IN_TRANSIT'], 'cancel_transfer': ['PENDING', 'IN_TRANSIT'],
}

COMMANDS = ['SELECT 1', 'SELECT inventory.receive_stock(1, 1, 1)', 'SELECT inventory.receive_stock(1, 1, -1)', 'SELECT 1/0', 'COMMIT', 'ROLLBACK', 'VACUUM',
            'BEGIN', 'SAVEPOINT x', '', ';', 'x', 'SELECT 1; SELECT 2', 'SET ROLE postgres', 'RESET ALL', 'DISCARD ALL', 'LISTEN x',
            "SELECT inventory.run_job('expire_reservations')", 'CREATE TEMP TABLE t (a int)', 'PREPARE p AS SELECT 1',
            'COPY (SELECT 1) TO STDOUT', 'DO $$BEGIN RAISE EXCEPTION USING ERRCODE = $s$57014$s$; END$$', 'DO $$BEGIN RAISE EXCEPTION USING ERRCODE = $s$IV001$s$; END$$',
            'SET LOCAL inventory.fast_path = off', 'SELECT pg_terminate_backend(0)', 'DEALLOCATE ALL', 'FETCH 1 FROM c', 'SELECT $1']


class Valid:
    """Arguments that are right, for the state that is."""

    def __init__(self, random, state):
        self.random = random
        self.state = state
        self.order_number = 0

    def arguments(self, f):
        document = self.document(f)
        product, warehouse = self.some('products'), self.some('warehouses')
        length = self.random.randint(1, 6)
        expressions = []
        for i, (name, type_name) in enumerate(zip(f.names, f.types)):
            if name in ('po_id', 'transfer_id') and document is not None:
                value = str(document)
            elif name in ('line_items', 'lines') and type_name == 'jsonb':
                value = self.lines(f, document)
            else:
                value = self.one(f, name, type_name, product, warehouse, length)
            expressions.append('%s::%s' % (value if re.match(r"[\w'(]", value) else '(%s)' % value, type_name))
        return expressions

    def some(self, what, *keys):
        return self.state.some(self.random, what, *keys)

    def document(self, f):
        if f.name in WANTED and 'po_id' in f.names:
            return self.some('purchases', *WANTED[f.name])
        if f.name in WANTED:
            return self.some('transfers', *WANTED[f.name])
        return None

    def lines(self, f, document):
        if f.name.startswith('receive') and self.random.random() < 0.3:
            return 'NULL'
        products = self.state.lists['products']
        if f.name == 'receive_purchase_order':
            products = (self.state.lists['purchase_lines'] or {}).get(str(document)) or products
        if f.name == 'receive_transfer':
            products = (self.state.lists['transfer_lines'] or {}).get(str(document)) or products
        shape = documents.SHAPES.get(f.name, documents.SHAPES['create_transfer'])
        made = documents.valid_lines(self.random, shape, products, self.state.lists['warehouses'], 2 if f.name.startswith('receive') else 4)
        return quote(documents.write(self.random, made))

    def one(self, f, name, type_name, product, warehouse, length):
        """A value for an argument, by its name and type."""
        random = self.random
        pick = random.choice
        if type_name == 'bigint':
            return str({
                'product_id': product, 'warehouse_id': warehouse, 'from_warehouse_id': warehouse,
                'to_warehouse_id': pick([w for w in self.state.lists['warehouses'] if w != warehouse] or [warehouse]),
                'supplier_id': self.some('suppliers'), 'reservation_id': self.some('reservations'),
                'notification_id': self.some('notifications'), 'po_id': self.some('purchases', 'DRAFT'),
                'delta': pick([-1, 1, 2, 5]), 'minimum': 0,
            }.get(name, random.randint(1, 4)))
        if type_name == 'integer':
            return str({'ttl_minutes': pick([30, 60, 1440]), 'max_rows': 100, 'window_days': pick([7, 30, 90]), 'holdout': 2, 'season_length': pick([1, 2, 7]),
                        'horizon': pick([1, 7]), 'months_ahead': pick([1, 2, 3]), 'max_bytes': 255}.get(name, random.randint(1, 9)))
        if type_name == 'double precision':
            return self.number(f, name)
        if type_name == 'double precision[]':
            return self.numbers(f, name, length)
        if type_name == 'bigint[]':
            values = {'product_ids': lambda: self.some('products'), 'warehouse_ids': lambda: self.some('warehouses')}.get(name, lambda: random.randint(1, 3))
            return quote('{%s}' % ','.join(str(values()) for _ in range(length)))
        if type_name == 'text[]':
            return quote('{%s}' % ','.join('line%d' % i for i in range(length)))
        if type_name == 'text':
            return self.text(f, name)
        if type_name == 'date':
            return {'through': quote(self.state.lists['closed'] or '2020-01-31') if f.name == 'reopen_period' else "current_date - %d" % random.randint(5, 4000),
                    'as_of': pick(['NULL', 'current_date', 'current_date - 1']), 'first_month': pick(['NULL', 'current_date']),
                    'due_on': 'current_date + %d' % random.randint(0, 20)}.get(name, 'current_date + %d' % random.randint(0, 30))
        if type_name == 'timestamp with time zone':
            return {'before': "(now() - interval '1 month')"}.get(name, pick(['now()', 'clock_timestamp()', "(now() - interval '1 hour')", "(now() - interval '400 days')"]))
        if type_name == 'regrole':
            return pick(["'bad_reader'", "'bad_guest'"])
        if type_name == 'interval':
            return quote(pick(['1 minute', '10 seconds', '1 hour']))
        if type_name == 'boolean':
            return pick(['true', 'false'])
        if type_name == 'numeric':
            return str(random.randint(0, 9))
        if type_name == 'bytea':
            return pick(["sha256('a')", 'NULL'])
        if type_name == 'jsonb':
            return "'{}'"
        if type_name.startswith('inventory.'):
            if type_name == 'inventory.movement_type':
                return "'SALE'"
            return '(SELECT t FROM %s t LIMIT 1)' % type_name
        return 'NULL'

    def number(self, f, name):
        pick = self.random.choice
        special = {'service_level': ['0.5', '0.95', '0.999'], 'z': ['1.65', '-1', '3'], 'alpha': ['NULL', '0.1', '1'], 'beta': ['NULL', '0.1'],
                   'gamma': ['NULL', '0.1'], 'production_rate': ['1000', '5000'], 'stockout_fraction': ['0', '0.3', '1'], 'annual_demand': ['80', '120.5'],
                   'unit_price': ['9', '12.5'], 'unit_cost': ['4', '5'], 'salvage_value': ['0', '1'], 's': ['3', '4'], 'big_s': ['9', '12'],
                   'reorder_point': ['4', '8'], 'quantity': ['7', '12'], 'mean': ['6', '20'], 'overage_cost': ['1', '2'], 'holding_rate': ['0.2', '0.3']}
        return pick(special.get(name, ['1', '2', '3', '7']))

    def numbers(self, f, name, length):
        pick = self.random.choice
        if f.name.startswith('newsvendor_discrete'):
            return {'demand_values': "'{1,2,3,4}'"}.get(name, "'{0.25,0.25,0.25,0.25}'")
        if name == 'breakpoints':
            return "'{0,200,500}'"
        if name == 'unit_costs':
            return "'{500,475,450}'"
        if f.name.startswith('joint'):
            return "'{%s}'" % ','.join([pick(['1', '20', '300'])] * 3)
        count = pick([3, 8, 14, 30, 60])
        return "'{%s}'" % ','.join(pick(['0', '0', '1', '2', '5', '9']) for _ in range(count))

    def text(self, f, name):
        pick = self.random.choice
        if name == 'reference_id' and f.name in ('fulfill_order', 'cancel_order'):
            return quote(str(self.some('orders')))
        if name == 'reference_id':
            self.order_number += 1
            return quote('order %d' % self.order_number)
        if name == 'idempotency_key':
            return pick(['NULL', "'key %d'" % self.random.randint(1, 40)])
        if name == 'name' and f.name == 'schedule_job':
            return pick(["'job a'", "'job b'"])
        if name == 'name':
            return quote(str(self.some('own_jobs' if f.name == 'unschedule_job' else 'jobs')))
        if name == 'schedule' and f.name == 'alter_job':
            return pick(['NULL', "'*/5 * * * *'"])
        if name == 'command':
            return 'NULL' if f.name == 'alter_job' else quote(pick(COMMANDS[:3]) if self.random.random() < 0.5 else pick(COMMANDS))
        if name == 'timezone' and f.name == 'alter_job':
            return 'NULL'
        special = {
            'reference_type': ["'ORDER'"], 'root_cause': ["'DAMAGE'", "'OTHER'", "'FOUND'"], 'on_shortfall': ["'error'", "'cancel_newest'"],
            'basis': ["'recorded'", "'occurred'"], 'on_existing': ["'error'", "'update'"], 'access': ["'reader'", "'operator'", "'planner'", "'admin'"],
            'schedule': ["'5 minutes'", "'30 2 * * MON-FRI'", "'*/15 * * * *'"], 'timezone': ["'UTC'", "'Europe/London'"], 'reason': ["'because'", "'x'"],
            'method': ["'mean'", "'ses'", "'croston'", "'sba'", "'tsb'", "'holt_winters'"], 'kind': ["'product'"], 'field': ["'sku'"],
            'value': ["'1'", "'x'", "'true'", "'2026-01-01'", "'UTC'", "'{}'", "'1.5'"],
        }
        if f.name == 'rq_policy':
            return pick(["'eil'", "'eoqb'", "'loss'", "'eoq_ss'"])
        return pick(special.get(name, ["'text'"]))
