"""Values that nobody asked for, as SQL expressions, by the type they are cast to.

Everything is text that can be pasted into psql. Ordinary values are in calls.py.
"""

HUGE = 10_000_000

BIGINT = ['0', '-1', '1', '2', '-2', '127', '32767', '32768', '-32769', '2147483647', '2147483648', '-2147483649', '4294967296',
          '9007199254740993', '1000000000000000000', '9223372036854775807', '9223372036854775806', '4611686018427387904',
          "'-9223372036854775808'", '-9223372036854775807']

INTEGER = ['0', '-1', '1', '2', '32767', '-32768', '65536', '1000000', '2147483647', '2147483646', "'-2147483648'", '-2147483647']

# What would be allowed, but makes a thousand tables, or a reservation that expires while a slow machine is still at it.
BY_ARGUMENT = {
    'months_ahead': ['0', '-1', '1', '2', '1201', '32767', '2147483647', "'-2147483648'"],
    'first_month': ["'infinity'", "'-infinity'", "'5874897-12-31'", "'4714-11-24 BC'", "'1899-12-31'", "'294277-01-01'", 'current_date - 60', 'current_date + 60'],
    'ttl_minutes': ['0', '-1', '32767', '65536', '2147483647', '2147483646', "'-2147483648'"],
}

DOUBLE = ["'NaN'", "'Infinity'", "'-Infinity'", '0', "'-0'", '1', '-1', '0.5', '1e308', '-1e308', "'1.7976931348623157e308'",
          "'5e-324'", "'-5e-324'", "'1e-310'", "'2.2250738585072014e-308'", '1e-17', '0.9999999999999999', '1.0000000000000002',
          '9007199254740993', '1e8', '100000001', '1e15', '1e19', '-1e19', '1e100', '1e-100']

NUMERIC = ["'NaN'", "'Infinity'", "'-Infinity'", '0', '-1', '0.1', '1e1000', '-1e1000', '1e-1000', "repeat('9', 1000)",
           "'1e131071'", "'1e-16383'", '9223372036854775807.5', '9223372036854775808', '-0.000', '1e19']

TEXT = ["''", "' '", r"E'\t\n'", "'NULL'", "'null'", "'0'", "'-1'", "'NaN'", "'a''b'", "'\"; SELECT 1; --'", "'%s%n%d'", "'{}'",
        "'ORDER'", "'TRANSFER'", "'order'", "'DAMAGE'", "'error'", "'update'", "'cancel_newest'", "'admin'", "'eil'", "'ses'",
        "'UTC'", "'Europe/London'", "'2026-02-30'", "'1e400'", "'1,5'", "'* * * * *'", "'0 0 31 2 *'", "'*/0 * * * *'", "'1 month'",
        "'99999999999 years'", "'-1 second'",
        "repeat('x', 255)", "repeat('x', 256)", "repeat('x', 1000)", "repeat('x', 1001)", "repeat('x', 2704)", "repeat('x', 8192)",
        "repeat('x', 100000)", "repeat('9', 400)", "repeat('(', 20000)", "repeat('0 ', 20000)",
        # Text that does not compress, so that it cannot slip into an index by being squeezed.
        "(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i)"]

# Only where the encoding of the database has them.
TEXT_UTF8 = ["U&'\\0001'", "chr(128512)", "repeat(chr(128512), 64)", "repeat(chr(128512), 300)", "U&'a\\0301'", "U&'\\202Eabc'",
             "U&'\\FEFFabc'", "chr(1114109)", "repeat('e' || chr(769), 500)", "chr(65533)", "'\u0130'", "'\u1E9E'"]

# Bytes that are no text, which a database without an encoding takes.
TEXT_ASCII = [r"E'\xff'", r"E'\xff\xfe'", r"E'\xc3'", r"E'\xf0\x9f\x98'", r"E'a\x80b'", r"repeat(E'\xff', 300)"]

TEXT_HUGE = ["repeat('x', %d)" % HUGE, "repeat(' ', %d)" % HUGE, "repeat('9', %d)" % HUGE]

TIMESTAMPTZ = ["'infinity'", "'-infinity'", "'294276-12-31 23:59:59.999999+00'", "'4714-11-24 00:00:00+00 BC'", "'epoch'",
               "'2000-01-01 00:00:00+00'", "'1900-01-01 00:00:00+00'", "'1899-12-31 23:59:59+00'", "'0001-12-31 BC'", "'9999-12-31'",
               "now()", "clock_timestamp()", "now() - interval '1 microsecond'", "now() + interval '1 day'", "now() - interval '40 days'",
               "now() - interval '200 years'", "now() + interval '200 years'", "date_trunc('month', now(), 'UTC')"]

DATE = ["'infinity'", "'-infinity'", "'5874897-12-31'", "'4714-11-24 BC'", "'1970-01-01'", "'1900-01-01'", "'1899-12-31'", "'0001-12-31 BC'",
        "'294276-12-31'", "'294277-01-01'", "'9999-12-31'", 'current_date', 'current_date + 1', 'current_date - 1', 'current_date + 3650',
        'current_date + 3660', 'current_date - 36600']

INTERVAL = ["'0'", "'1 microsecond'", "'999999 microseconds'", "'1 second'", "'-1 second'", "'20 days'", "'20 days 1 second'",
            "'178000000 years'", "'-178000000 years'", "'2147483647 days'", "'-2147483648 days'", "'9223372036854775807 microseconds'",
            "'1 month -30 days'", "'-1 month 31 days'", "'-1 month 30 days 1 second'"]

BOOLEAN = ['true', 'false']

BYTEA = ["''", r"'\x00'", r"'\xff'", "sha256('x')", r"'\x0000000000000000000000000000000000000000000000000000000000000000'",
         "convert_to(repeat('x', 33), 'SQL_ASCII')", "convert_to(repeat('x', %d), 'SQL_ASCII')" % HUGE]

# Not bad_admin, who may take his own rights away and is refused everything from then on.
REGROLE = ['0', '4294967295', '10', '999999', "'pg_monitor'", "'bad_reader'", "'bad_nobody'", "'bad_planner'"]

ARRAY = {
    'bigint[]': ["'{}'", "'{NULL}'", "'{1,NULL}'", "'{NULL,1}'", "'{1,2}'", "'{{1,1},{1,1}}'", "'{{1}}'", "'[0:1]={1,1}'", "'[-5:-5]={1}'",
                 "'[2147483645:2147483646]={1,1}'", "'{0}'", "'{-1}'", "'{9223372036854775807}'", "'{-9223372036854775808}'",
                 "'{9223372036854775807,9223372036854775807}'", "array_fill(1::bigint, ARRAY[2000])", "array_fill(NULL::bigint, ARRAY[2000])",
                 "array_fill(1::bigint, ARRAY[2, 3, 4])", "array_fill(1::bigint, ARRAY[3], ARRAY[7])"],
    'text[]': ["'{}'", "'{NULL}'", "'{a,NULL}'", "'{\"\"}'", "'{a,b}'", "'{{a,b},{c,d}}'", "'[0:1]={a,b}'", "array_fill('a'::text, ARRAY[2000])",
               "ARRAY[repeat('x', 256)]", "ARRAY[repeat('x', 100000)]", "ARRAY[repeat('x', %d)]" % HUGE],
    'double precision[]': ["'{}'", "'{NULL}'", "'{1,NULL,2}'", "'{NaN}'", "'{1,Infinity}'", "'{-Infinity}'", "'{-1}'", "'{0}'", "'{0,0,0}'",
                           "'{1e308,1e308}'", "'{5e-324,1e308}'", "'{5e-324}'", "'{-0}'", "'{{1,2},{3,4}}'", "'[0:2]={1,2,3}'", "'{0,1}'", "'{0,1,1}'",
                           "'{0,2,1}'", "'{0.5,0.5}'", "array_fill(1::float8, ARRAY[3000])", "array_fill(0::float8, ARRAY[3000])",
                           "array_fill(1e308::float8, ARRAY[50])", "'{1e308,0,1e308,0,1e308,0,1e308,0,1e308,0,1e308,0}'",
                           "'{5e-324,0,5e-324,0,5e-324,0,5e-324,0,5e-324,0,5e-324}'"],
}

# JSON that no function asks for. Lines that are nearly right are made by documents.py.
JSONB = ["'null'", "'true'", "'0'", "'\"x\"'", "'{}'", "'[]'", "'[[]]'", "'[[{\"product_id\": 1}]]'", "'[null]'", "'[1]'", "'[\"x\"]'", "'[{}]'",
         "'[{}, null]'", "'{\"product_id\": 1, \"qty\": 1}'", "'[{\"product_id\": null, \"qty\": 1}]'", "'[{\"product_id\": {}, \"qty\": []}]'",
         "'[{\"product_id\": 1, \"qty\": 1e1000}]'", "'[{\"product_id\": 1, \"qty\": 1e-1000}]'", "'[{\"product_id\": 1e131071, \"qty\": 1}]'",
         "'[{\"product_id\": 1, \"qty\": 1, \"unit_cost\": 1e131071}]'", "'[{\"product_id\": 1, \"qty\": 1, \"unit_cost\": 1e-16383}]'",
         r"""'[{"product_id": 1, "q\u0074y": 1}]'""", r"""'[{"": 1}]'""", r"""'[{"\ud83d\ude00": 1}]'""", r"""'[{"product_id\u0001": 1}]'""",
         "repeat('[', 1000) || repeat(']', 1000)", "'[{\"product_id\": ' || repeat('[', 1000) || repeat(']', 1000) || '}]'",
         "repeat('[', 100000) || repeat(']', 100000)", "repeat('{\"a\":', 100000) || '1' || repeat('}', 100000)",
         "'[{\"' || repeat('k', 100000) || '\": 1}]'", "'[{\"product_id\": \"' || repeat('9', 100000) || '\", \"qty\": 1}]'",
         "jsonb_build_array(repeat('x', %d))" % HUGE, "'[' || repeat('{},', 10000) || '{}]'",
         "(SELECT jsonb_agg(jsonb_build_object('product_id', 1, 'qty', 1)) FROM generate_series(1, 3000))",
         "(SELECT jsonb_agg(jsonb_build_object('product_id', i, 'quantity', 1)) FROM generate_series(1, 3000) i)"]

# What is dear is drawn less often.
DEAR = 40

BY_TYPE = {
    'bigint': BIGINT, 'integer': INTEGER, 'double precision': DOUBLE, 'numeric': NUMERIC, 'text': TEXT, 'timestamp with time zone': TIMESTAMPTZ,
    'date': DATE, 'interval': INTERVAL, 'boolean': BOOLEAN, 'bytea': BYTEA, 'regrole': REGROLE, 'jsonb': JSONB, **ARRAY,
}

# A value of another kind, uncast: no function, or no such value.
CONFUSED = ["'x'", '1.5', 'true', "'{1}'::int[]", "ROW(1)", "'1'::jsonb", "now()", "ARRAY[ROW(1)]", "'(1,2)'::point", "VARIADIC ARRAY[1]", "(SELECT 1 WHERE false)",
            'B\'1\'', 'NULL::void', "'\\x00'::bytea", 'DEFAULT', '*', '$1']


class Pool:
    """Draws hostile values for one database."""

    def __init__(self, random, encoding, enums):
        self.random = random
        self.utf8 = encoding == 'UTF8'
        self.enums = enums

    def draw(self, type_name, argument=None):
        """An expression of that type, with its cast."""
        random = self.random
        if random.random() < 0.12:
            return 'NULL::' + type_name
        if type_name in self.enums:
            return "'%s'::%s" % (random.choice(self.enums[type_name]), type_name)
        if argument in BY_ARGUMENT:
            return '(%s)::%s' % (random.choice(BY_ARGUMENT[argument]), type_name)
        if type_name == 'text':
            return '(%s)::text' % self.text()
        values = BY_TYPE.get(type_name)
        if values is None:
            return 'NULL::' + type_name
        value = random.choice(values)
        while str(HUGE) in value and random.randrange(DEAR):
            value = random.choice(values)
        return '(%s)::%s' % (value, type_name)

    def text(self):
        random = self.random
        if not random.randrange(DEAR * 5):
            return random.choice(TEXT_HUGE)
        if not random.randrange(6):
            return random.choice(TEXT_UTF8 if self.utf8 else TEXT_ASCII)
        return random.choice(TEXT)
