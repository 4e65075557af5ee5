"""Lines of documents as JSON: made, spoilt, and judged.

judge() reads the text itself, by docs/inventory.md ("Lines") alone: it shares nothing with src/line_item.c, and answers which
SQLSTATEs a function may raise for it.
"""

import json
import re
from decimal import Context, Decimal

BIGINT_MAX = 2 ** 63 - 1
BIGINT_MIN = -2 ** 63
# Long enough for every number that the generator writes.
EXACT = Context(prec=200000, Emax=999999999999, Emin=-999999999999)
PLAIN = re.compile(r'-?[0-9]+(\.[0-9]+)?\Z')
LONGEST_NUMBER = 100

NUMBERS = ['0', '-0', '1', '2', '3', '-1', '1.0', '2.00', '0.5', '1.5', '-1.5', '1e0', '1E1', '10e-1', '15e-1', '1e1000', '1e-1000', '-1e1000',
           '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '9223372036854775807.0',
           '4611686018427387904', '2147483648', '1e18', '1e19', '0.000000000000000000001', '12345678901234567890123456789']
STRINGS = ['', ' ', '1 ', ' 1', '+1', '-1', '1', '2', '01', '1.', '.5', '1.0', '1.50', '1e1', '1_000', '0x10', '1,5', 'NaN', 'Infinity', '-Infinity',
           '--1', '-', '1-', '1.0.0', 'x', 'null', '\u0661', '1\u0001', '9223372036854775807', '9223372036854775808',
           '-9223372036854775809', '0' * 99 + '1', '0' * 100 + '1', '9' * 100, '9' * 101, '1.' + '0' * 97, '1.' + '0' * 98, '1.' + '0' * 99]
KEYS = ['product_id', 'warehouse_id', 'quantity', 'qty', 'unit_cost', 'Product_id', 'product_id ', 'product', '', 'line_no', 'q', 'product_id',
        'a\u0301', '\U0001f600', 'k' * 70, 'k' * 5000, 'product_id\u0001']


class Raw(str):
    """A number as it is to be written."""


class Shape:
    def __init__(self, quantity, warehouse=False, cost=False):
        self.quantity = quantity
        self.keys = ['product_id', quantity] + (['warehouse_id'] if warehouse else []) + (['unit_cost'] if cost else [])


SHAPES = {
    'reserve_order': Shape('quantity', warehouse=True),
    'create_purchase_order': Shape('qty', cost=True),
    'receive_purchase_order': Shape('qty', cost=True),
    'create_transfer': Shape('qty'),
    'receive_transfer': Shape('qty'),
}


def valid_lines(random, shape, products, warehouses, most=5):
    """A list of lines that are right, each a list of (key, value)."""
    lines = []
    for _ in range(random.choice([1, 1, 2, 3, 5])):
        line = [('product_id', Raw(random.choice(products))), (shape.quantity, Raw(random.randint(1, most)))]
        if 'warehouse_id' in shape.keys and random.random() < 0.5:
            line.append(('warehouse_id', Raw(random.choice(warehouses))))
        if 'unit_cost' in shape.keys and random.random() < 0.5:
            line.append(('unit_cost', Raw(random.choice(['0', '1', '2.50', '1e-3']))))
        random.shuffle(line)
        lines.append(line)
    return lines


def _value(random):
    kind = random.randrange(10)
    if kind < 4:
        return Raw(random.choice(NUMBERS))
    if kind < 7:
        return random.choice(STRINGS)
    return random.choice([None, True, False, [], [[('a', Raw(1))]], ['1'], Obj([]), Obj([('product_id', Raw(1))])])


class Obj:
    """A JSON object with its keys in order, some perhaps twice."""

    def __init__(self, pairs):
        self.pairs = pairs


def spoil(random, lines):
    """Changes one thing. Returns what may be no list of lines any more."""
    if not isinstance(lines, list) or not lines:
        return lines
    choice = random.randrange(12)
    n = random.randrange(len(lines))
    line = lines[n]
    if choice == 0:
        pairs = line if isinstance(line, list) and line and isinstance(line[0], tuple) else []
        return random.choice([None, True, Raw(1), 'x', [], Obj(pairs), [lines], Obj([('lines', lines)])])
    if choice == 1:
        lines[n] = _value(random)
    elif isinstance(line, list) and line and isinstance(line[0], tuple):
        k = random.randrange(len(line))
        key, _ = line[k]
        if choice <= 7:
            line[k] = (key, _value(random))
        elif choice == 8:
            del line[k]
        elif choice == 9:
            line.insert(random.randrange(len(line) + 1), (random.choice(KEYS), _value(random)))
        elif choice == 10:
            line.append((key, _value(random)))
        else:
            line[k] = (random.choice(KEYS), line[k][1])
    return lines


def _string(random, text):
    """A JSON string, some of whose characters are written as escapes."""
    out = []
    for character in text:
        if len(text) < 100 and random.random() < 0.03:
            out.append(''.join('\\u%04x' % int.from_bytes(character.encode('utf-16-be')[i:i + 2], 'big')
                               for i in range(0, len(character.encode('utf-16-be')), 2)))
        else:
            out.append(json.dumps(character, ensure_ascii=False)[1:-1])
    return '"' + ''.join(out) + '"'


def write(random, value):
    """The JSON text; white space here and there."""
    gap = ' ' if random.random() < 0.2 else ''
    if isinstance(value, Raw):
        return value
    if isinstance(value, str):
        return _string(random, value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, Obj) or (value and isinstance(value[0], tuple)):
        pairs = value.pairs if isinstance(value, Obj) else value
        return '{' + (',' + gap).join(_string(random, k) + ':' + gap + write(random, v) for k, v in pairs) + '}'
    return '[' + (',' + gap).join(write(random, v) for v in value) + ']'


def _number(value):
    """A Decimal, or None where the value is no number to the documentation."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and len(value.encode()) <= LONGEST_NUMBER and PLAIN.match(value):
        return Decimal(value)
    return None


def _whole(value, problems, above_zero):
    number = _number(value)
    if number is None or number != EXACT.to_integral_value(number):
        problems.add('22023')
        return None
    if not BIGINT_MIN <= number <= BIGINT_MAX:
        problems.add('22003')
        return None
    if above_zero and number <= 0:
        problems.add('22023')
        return None
    return int(number)


def read(text, shape):
    """(lines, problems): what a document says, or the SQLSTATEs of what is wrong with it."""
    def number(token):
        return EXACT.create_decimal(token)
    try:
        lines = json.loads(text, parse_int=number, parse_float=number, strict=False)
    except (ValueError, RecursionError):
        return None, {'22P02', '54001', '22P05'}
    problems = set()
    if not isinstance(lines, list) or not lines:
        return None, {'22023'}
    result = []
    for line in lines:
        if not isinstance(line, dict):
            problems.add('22023')
            continue
        if set(line) - set(shape.keys) or 'product_id' not in line or shape.quantity not in line:
            problems.add('22023')
        read_line = {'warehouse_id': None}
        if 'product_id' in line:
            read_line['product_id'] = _whole(line['product_id'], problems, False)
        if shape.quantity in line:
            read_line['quantity'] = _whole(line[shape.quantity], problems, True)
        if 'warehouse_id' in shape.keys and line.get('warehouse_id') is not None:
            read_line['warehouse_id'] = _whole(line['warehouse_id'], problems, False)
        if 'unit_cost' in shape.keys and line.get('unit_cost') is not None:
            cost = _number(line['unit_cost'])
            if cost is None or cost < 0:
                problems.add('22023')
        result.append(read_line)
    return result, problems


def judge(text, function, stock):
    """The outcomes that are right: SQLSTATEs, and 'ok'.

    stock: products, warehouses: what exists; available: {(product, warehouse): quantity}; open: {product: quantity} of the
    document that goods come in for; from_warehouse of a transfer.
    """
    lines, problems = read(text, SHAPES[function])
    if problems:
        return problems
    if function in ('receive_purchase_order', 'receive_transfer'):
        asked = {}
        for line in lines:
            asked[line['product_id']] = asked.get(line['product_id'], 0) + line['quantity']
        for product, quantity in asked.items():
            if product not in stock['open']:
                problems.add('IV003')
            elif quantity > stock['open'][product]:
                problems.add('22023')
        return problems or {'ok'}
    for line in lines:
        if line['product_id'] not in stock['products']:
            problems.add('IV003')
        if line['warehouse_id'] is not None and line['warehouse_id'] not in stock['warehouses']:
            problems.add('IV003')
    if problems:
        return problems
    if function == 'create_purchase_order':
        # The sum of the open lines of a product need not fit: no level has it yet.
        return {'ok'}
    return _enough(lines, function, stock)


def _enough(lines, function, stock):
    """Whether what is asked for is there: named places first, then anywhere."""
    free = dict(stock['available'])
    problems = set()
    totals = {}
    for line in sorted(lines, key=lambda l: l['warehouse_id'] is None and function == 'reserve_order'):
        product, quantity = line['product_id'], line['quantity']
        warehouse = stock['from_warehouse'] if function == 'create_transfer' else line['warehouse_id']
        key = (product, warehouse)
        totals[key] = totals.get(key, 0) + quantity
        if totals[key] > BIGINT_MAX:
            problems.add('22003')
        if warehouse is not None:
            free[key] = free.get(key, 0) - quantity
            if free[key] < 0:
                problems.add('IV001')
    for (product, warehouse), quantity in totals.items():
        if warehouse is None and quantity > sum(max(n, 0) for (p, _), n in free.items() if p == product):
            problems.add('IV001')
    return problems or {'ok'}
