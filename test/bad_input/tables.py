"""Plain SQL with bad values: INSERT, UPDATE, DELETE and COPY on every table, views, and trigger functions where they do not belong."""

TABLES = """
SELECT c.relname, c.relkind, ARRAY(SELECT ROW(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated <> '')::text
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
FROM pg_class c WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
ORDER BY c.relname"""

# What a write may raise besides what its values raise by themselves.
WRITE_STATES = {
    '23502': 'a column that cannot be NULL', '23503': 'a reference', '23505': 'a key that is there', '23514': 'a CHECK constraint',
    'IV001': 'less than is reserved', 'IV002': 'what only the functions may change', 'IV003': 'an item, where the ledger looks for it',
    'IV004': 'history stays', '42501': 'a role that was not granted it', '428C9': 'a generated column',
    '22003': 'a generated column or a level overflows', '22023': 'a time zone, or a business time, that is none',
    '22008': 'a time zone pushes a day off the calendar', '54000': 'a text too long for an index', '22P04': 'a malformed line of COPY', '22P02': 'a value of COPY',
    '22021': 'bytes of COPY that are no text', '22007': 'a day of COPY', '22P05': 'a JSON escape of COPY', '54001': 'JSON of COPY that is nested too deeply',
}

COPY_FIELDS = [r'\N', '', '0', '-1', '9223372036854775808', 'x', r'\\', r'\x00', r'\377\376', 'infinity', '{}', '[', 'NaN', 't', '1e400', 'x' * 3000,
               '[' * 5000, '\u0130', '{"a": "\\\\u0000"}']


class Table:
    def __init__(self, row):
        self.name, self.kind, columns = row
        self.columns = []
        for column in columns:
            name, type_name, not_null, has_default, generated = column[1:-1].rsplit(',', 3)[0].split(',', 1) + column[1:-1].rsplit(',', 3)[1:]
            self.columns.append((name.strip('"'), type_name.strip('"'), not_null == 't', has_default == 't', generated == 't'))

    @property
    def is_view(self):
        return self.kind == 'v'


class Writer:
    """Draws statements for one round."""

    def __init__(self, random, pool, valid, tables):
        self.random = random
        self.pool = pool
        self.valid = valid
        self.tables = [t for t in tables if not t.is_view]
        self.views = [t for t in tables if t.is_view]
        self.number = 0

    def right(self, table, column):
        """A value that the column may well take."""
        name, type_name = column[:2]
        self.number += 1
        random = self.random
        if type_name in self.pool.enums:
            return "'%s'" % random.choice(self.pool.enums[type_name])
        if type_name == 'text':
            return {'timezone': "'UTC'", 'movement_type': "'SALE'", 'schedule': "'5 minutes'", 'forecast_method': "'mean'", 'root_cause': "'OTHER'",
                    'outcome': "'ORDERED'", 'velocity_class': "'FAST'", 'sku': "'sku %d'" % (self.number % 60)}.get(name, "'text %d'" % self.number)
        if name == 'category_id' or name == 'parent_id' or name == 'superseded_by' or name == 'movement_id':
            return 'NULL' if name != 'movement_id' or table.name != 'purchase_receipt' else str(self.number)
        if type_name in ('bigint', 'integer'):
            return self.valid.one(_Named(table.name), name, 'bigint', self.valid.some('products'), self.valid.some('warehouses'), 1)
        if type_name in ('numeric', 'double precision'):
            return random.choice(['0', '1.5', '0.5'])
        return {'jsonb': "'{}'", 'boolean': 'true', 'timestamp with time zone': 'now()', 'date': 'current_date', 'interval': "'1 minute'",
                'bytea': 'NULL', 'bigint[]': "'{1}'", 'oid': '10'}.get(type_name, 'NULL')

    def values(self, table, columns):
        """Right values for the columns, one or two of them made bad."""
        values = [self.right(table, c) for c in columns]
        for _ in range(self.random.choice([0, 1, 1, 2])):
            i = self.random.randrange(len(columns))
            values[i] = self.pool.draw(columns[i][1])
        return values

    def statement(self, table=None):
        """(statement, data for COPY or None, the values alone or None)"""
        random = self.random
        table = table or random.choice(self.tables)
        choice = random.randrange(10)
        if choice < 4:
            columns = [c for c in table.columns if (c[2] and not c[3]) or random.random() < 0.4] or table.columns[:1]
            columns = [c for c in columns if not c[4] or random.random() < 0.02] or table.columns[:1]
            tail = random.choice(['', '', ' ON CONFLICT DO NOTHING', ' RETURNING *'])
            values = self.values(table, columns)
            return 'INSERT INTO inventory.%s (%s) VALUES (%s)%s' % (
                table.name, ', '.join(c[0] for c in columns), ', '.join(values), tail), None, ', '.join(values)
        if choice < 7:
            columns = random.sample(table.columns, min(len(table.columns), random.choice([1, 1, 2])))
            values = self.values(table, columns)
            return 'UPDATE inventory.%s SET %s%s' % (
                table.name, ', '.join('%s = %s' % (c[0], v) for c, v in zip(columns, values)), self.where(table)), None, ', '.join(values)
        if choice == 7:
            return random.choice(['DELETE FROM inventory.%s%s' % (table.name, self.where(table)), 'DELETE FROM inventory.%s%s' % (table.name, self.where(table)),
                                  'TRUNCATE inventory.%s' % table.name]), None, None
        columns = [c for c in table.columns if not c[4] and (c[2] or random.random() < 0.5)] or table.columns[:1]
        lines = []
        for _ in range(random.choice([1, 1, 3])):
            fields = [self.copied(table, c) for c in columns]
            if random.random() < 0.1:
                fields = fields[:-1] + [random.choice(COPY_FIELDS)] * random.choice([0, 2])
            lines.append('\t'.join(fields))
        return 'COPY inventory.%s (%s) FROM STDIN' % (table.name, ', '.join(c[0] for c in columns)), '\n'.join(lines) + '\n', None

    def copied(self, table, column):
        if self.random.random() < 0.15:
            return self.random.choice(COPY_FIELDS)
        value = self.right(table, column)
        return {'NULL': r'\N', 'now()': '2026-01-01 00:00:00+00', 'current_date': '2026-01-01'}.get(value, value.strip("'"))

    def where(self, table):
        """Mostly one row."""
        random = self.random
        if random.random() < 0.05:
            return ''
        return ' WHERE ctid = (SELECT ctid FROM inventory.%s ORDER BY %s LIMIT 1 OFFSET %d)' % (
            table.name, ', '.join(c[0] for c in table.columns[:2]), random.randint(0, 4))

    def view(self):
        random = self.random
        view = random.choice(self.views)
        condition = ''
        if random.random() < 0.3:
            name, type_name = random.choice(view.columns)[:2]
            if type_name not in ('jsonb',):
                condition = ' WHERE %s %s %s' % (name, random.choice(['=', '<', '>=', 'IS DISTINCT FROM']), self.pool.draw(type_name))
        return 'SELECT count(v::text) FROM inventory.%s v%s' % (view.name, condition)

    def misplaced_trigger(self, functions):
        """A trigger function called, or put where it does not belong and fired."""
        random = self.random
        function = random.choice([f for f in functions if f.is_trigger]).name
        if random.random() < 0.2:
            return 'SELECT inventory.%s()' % function
        when, level = random.choice([('BEFORE', 'ROW'), ('AFTER', 'ROW'), ('BEFORE', 'STATEMENT'), ('AFTER', 'STATEMENT')])
        event = random.choice(['INSERT', 'UPDATE', 'DELETE'] + (['TRUNCATE'] if level == 'STATEMENT' else []))
        referencing = ''
        if when == 'AFTER' and event in ('INSERT', 'UPDATE', 'DELETE') and random.random() < 0.5:
            referencing = ' REFERENCING %s' % {'INSERT': 'NEW TABLE AS new_items', 'UPDATE': 'OLD TABLE AS old_items NEW TABLE AS new_items', 'DELETE': 'OLD TABLE AS old_items'}[event]
        arguments = random.choice(['', "'product_id', 'inventory.product'", "'a'", "'b', 'inventory.nothing'", "'a', 'b', 'c'", "'', ''", "'product_id', '999999'"])
        columns = random.choice(['a int, b int', 'product_id bigint, warehouse_id bigint', 'LIKE inventory.inventory_item INCLUDING ALL',
                                 'LIKE inventory.reservation INCLUDING DEFAULTS', 'LIKE inventory.stock_movement', 'LIKE inventory.job', 'LIKE inventory.product'])
        insert, delete = 'INSERT INTO own_table DEFAULT VALUES', 'DELETE FROM own_table'
        # A table like one of ours takes no row of defaults, which is there to be updated.
        is_like = columns.startswith('LIKE')
        fire = {'INSERT': insert, 'UPDATE': delete if is_like else 'UPDATE own_table SET %s = 1' % columns.split()[0],
                'DELETE': delete, 'TRUNCATE': 'TRUNCATE own_table'}[event]
        return '; '.join(['CREATE TABLE public.own_table (%s)' % columns, 'SET LOCAL search_path = public', 'SELECT 1' if is_like else insert,
                          'CREATE TRIGGER t %s %s ON own_table%s FOR EACH %s EXECUTE FUNCTION inventory.%s(%s)' % (
                              when, event, referencing, level, function, arguments), fire])


class _Named:
    """What has the name of a function as far as Valid.one() looks."""

    def __init__(self, name):
        self.name = name
