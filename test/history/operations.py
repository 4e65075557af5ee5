"""Which operation comes next, and how it is called.

An operation is drawn from dice, sixteen numbers that depend on the seed, the session
and how many came before, on nothing else. What a draw names by its place ("the third
reservation that session 2 made last") is looked up in a board that the sessions
share, so which row that is depends on who was quicker.
"""
import datetime
import json
from multiprocessing import RawArray

DICE = 16
HOT_PRODUCTS = 4          # everybody wants these
EXPIRING_PRODUCT = 1      # the only one whose reservations may run out of time
WAREHOUSES = 3
COLD_PRODUCTS = 200
SEASON = 60               # days of a past year that late entries are made on, and that are closed
FIRST_DAY = datetime.date(2020, 1, 1)
JOB_NAMES = 3

# What sessions tell each other of: ids, or numbers of orders.
RESERVATION, EXPIRING, ORDER, PURCHASE, TRANSFER = range(5)
PLACES = 12


class Board:
    """The last ids of each kind that each session made and knows to be committed."""

    def __init__(self, sessions):
        self.sessions = sessions
        self.cells = RawArray('q', sessions * 5 * (PLACES + 1))

    def post(self, session, kind, value):
        start = (session * 5 + kind) * (PLACES + 1)
        self.cells[start + 1 + self.cells[start] % PLACES] = value
        self.cells[start] += 1

    def draw(self, kind, die):
        """(session, id); id is 0 where nothing is there yet."""
        session = die % self.sessions
        return session, self.cells[(session * 5 + kind) * (PLACES + 1) + 1 + die // self.sessions % PLACES]


class Call:
    """A call to be made: what it is called in the transcript, its arguments there, the
    FROM item and the columns of the answer (of r), or a statement of its own, settings
    that it needs, and what of the answer other sessions may be told."""
    __slots__ = ('function', 'arguments', 'source', 'columns', 'settings', 'statement', 'posts')

    def __init__(self, function, arguments, source, columns, settings='', statement=None, posts=None):
        self.function = function
        self.arguments = arguments
        self.source = source
        self.columns = columns
        self.settings = settings
        self.statement = statement
        self.posts = posts


def microseconds(column):
    return f'(extract(epoch from {column}) * 1000000)::bigint'


RESERVATION_COLUMNS = ('jsonb_build_array(r.reservation_id, r.product_id, r.warehouse_id, r.quantity, r.quantity_fulfilled, '
                       f'r.status, {microseconds("r.expires_at")})')
MOVEMENT_COLUMNS = 'jsonb_build_array(r.product_id, r.warehouse_id, r.quantity, r.on_hand_after, r.version)'
PURCHASE_COLUMNS = 'jsonb_build_array(r.po_id, r.status)'
TRANSFER_COLUMNS = 'jsonb_build_array(r.transfer_id, r.status)'
COUNT_COLUMNS = 'jsonb_build_array(r.count_id, r.system_quantity, r.counted_quantity, r.delta, r.started_version)'
ITEM_COLUMNS = 'jsonb_build_array(r.product_id, r.warehouse_id, r.quantity_on_hand, r.version)'
LEVEL_COLUMNS = 'jsonb_build_array(r.quantity_on_hand, r.quantity_reserved, r.quantity_available, r.version)'
NUMBER_COLUMNS = 'to_jsonb(r)'
DRAFT_COLUMNS = 'jsonb_build_array(r.po_id, r.warehouse_id, r.status)'
NOTIFICATION_COLUMNS = f'jsonb_build_array(r.notification_id, {microseconds("r.acknowledged_at")})'
JOB_COLUMNS = f'jsonb_build_array({microseconds("r")} IS NOT NULL)'
RETIRED_COLUMNS = 'jsonb_build_array(r.partition_name, r.movements)'
LOADED_COLUMNS = 'jsonb_build_array(r.what, r.added, r.updated, r.unchanged)'


def date_of(day):
    """A day of the season, counted from 0."""
    return (FIRST_DAY + datetime.timedelta(days=day)).isoformat()


def text(value):
    return 'NULL' if value is None else "'" + value.replace("'", "''") + "'"


def array(values, kind):
    return 'ARRAY[' + ','.join(text(v) if isinstance(v, str) else str(v) for v in values) + f']::{kind}[]'


class Draws:
    """Turns dice into calls, for one session."""

    def __init__(self, session, board):
        self.session = session
        self.board = board
        self.orders = 0
        self.made = {}        # kind -> id made earlier in the transaction that is open
        self.ending = 0       # the reservation that this session let expire last

    def call(self, dice, label):
        """The call of a throw of dice; None where its target does not exist yet."""
        return WEIGHTED[dice[0] % len(WEIGHTED)](self, dice, label)

    def begin(self):
        self.made = {}

    # What a call is about.

    def product(self, die):
        return 1 + die % HOT_PRODUCTS if die // 8 % 5 else HOT_PRODUCTS + 1 + die // 64 % COLD_PRODUCTS

    def item(self, die):
        return self.product(die), 1 + die // 100003 % WAREHOUSES

    def held(self, dice, other):
        """A reservation, or the one that was let expire just now."""
        ending, self.ending = self.ending, 0
        return ending if ending and dice[5] % 4 else self.target(other, dice[2])

    def target(self, kind, die):
        if kind in self.made and die % 3:
            return self.made[kind]
        return self.board.draw(kind, die)[1]

    def lines(self, dice, most, warehouse=False):
        """One to four lines; with a warehouse in every second where that may be."""
        lines = []
        for i in range(1 + dice[8] % 4):
            die = dice[9 + i]
            line = {'product_id': self.product(die), 'quantity' if warehouse else 'qty': 1 + die // 7 % most}
            if warehouse and die // 5 % 2:
                line['warehouse_id'] = 1 + die // 100003 % WAREHOUSES
            lines.append(line)
        return lines

    # Reservations.

    def reserve_stock(self, dice, label):
        product, warehouse = self.item(dice[1])
        quantity = 1 + dice[2] % 6
        ttl = 1 if product == EXPIRING_PRODUCT and dice[3] % 2 else 6000 + dice[3] % 60000
        kind = 'TRANSFER' if dice[4] % 9 == 0 else 'ORDER'
        reference, key = label, None
        if dice[5] % 3 == 0:
            key = f'key {label}'
        elif dice[5] % 12 == 1:
            # A key that others come with too, mostly with the same request.
            number = dice[5] // 12 % 400
            product, warehouse, ttl, kind = 1 + number % HOT_PRODUCTS, 1, 7000, 'ORDER'
            quantity = 1 + number % 3 + (dice[6] % 8 == 0)
            reference, key = f'common {number}', f'common {number}'
        return Call('reserve_stock', [product, warehouse, quantity, reference, kind, ttl, key],
                    f'inventory.reserve_stock({product}, {warehouse}, {quantity}, {text(reference)}, {text(kind)}, {ttl}, {text(key)})',
                    RESERVATION_COLUMNS,
                    posts=(EXPIRING if product == EXPIRING_PRODUCT else RESERVATION))

    def reserve_batch(self, dice, label):
        items = [self.item(dice[9 + i]) for i in range(1 + dice[8] % 6)]
        products, warehouses = [i[0] for i in items], [i[1] for i in items]
        quantities = [1 + dice[9 + i] // 7 % 6 for i in range(len(items))]
        references = [f'{label}/{i + 1}' for i in range(len(items))]
        return Call('reserve_batch', [products, warehouses, quantities, references, 6000],
                    f'inventory.reserve_batch({array(products, "bigint")}, {array(warehouses, "bigint")}, '
                    f'{array(quantities, "bigint")}, {array(references, "text")}, 6000)',
                    'jsonb_build_array(r.line, r.reservation_id, r.available)')

    def fulfill_reservation(self, dice, label):
        target = self.held(dice, EXPIRING if dice[1] % 3 == 0 else RESERVATION)
        quantity = 1 + dice[3] % 3 if dice[4] % 2 else None
        if not target:
            return None
        return Call('fulfill_reservation', [target, quantity],
                    f'inventory.fulfill_reservation({target}, {"NULL" if quantity is None else quantity})', RESERVATION_COLUMNS)

    def cancel_reservation(self, dice, label):
        target = self.held(dice, EXPIRING if dice[1] % 4 == 0 else RESERVATION)
        return target and Call('cancel_reservation', [target], f"inventory.cancel_reservation({target}, 'changed my mind')",
                               RESERVATION_COLUMNS)

    def extend_reservation(self, dice, label):
        kind = EXPIRING if dice[1] % 2 else RESERVATION
        target = self.held(dice, kind)
        minutes = 1 if kind == EXPIRING else 9000
        return target and Call('extend_reservation', [target, minutes], f'inventory.extend_reservation({target}, {minutes})',
                               RESERVATION_COLUMNS)

    def let_expire(self, dice, label):
        """Plain SQL sets when a reservation expires: a moment from now, or just past."""
        target = self.ending = self.target(EXPIRING, dice[1])
        if not target:
            return None
        return Call('let_expire', [target], None, f'jsonb_build_array(r.reservation_id, {microseconds("r.expires_at")})',
                    statement=f"UPDATE inventory.reservation AS r SET expires_at = clock_timestamp() + interval '{dice[2] % 16 - 12} ms' "
                    f"WHERE r.reservation_id = {target} AND r.status = 'ACTIVE'")

    def expire_reservations(self, dice, label):
        return Call('expire_reservations', [], f'inventory.expire_reservations({1 + dice[1] % 50})', NUMBER_COLUMNS)

    # Orders.

    def reserve_order(self, dice, label):
        lines = self.lines(dice, 4, warehouse=True)
        allocation = ('priority', 'most_stock', 'fewest_splits')[dice[1] % 3]
        self.orders += 1
        reference = f'order {self.session}.{self.orders}'
        key = f'key {label}' if dice[2] % 3 == 0 else None
        return Call('reserve_order', [reference, lines, 6000, key],
                    f'inventory.reserve_order({text(reference)}, {text(json.dumps(lines))}, 6000, {text(key)})', RESERVATION_COLUMNS,
                    settings=f"SET LOCAL inventory.allocation = '{allocation}';", posts=(ORDER, self.orders))

    def order(self, die):
        session, number = self.board.draw(ORDER, die)
        # Now and then one that may not be there yet.
        return f'order {session}.{number + (die // 100 % 10 == 0)}'

    def fulfill_order(self, dice, label):
        reference = self.order(dice[1])
        return Call('fulfill_order', [reference], f'inventory.fulfill_order({text(reference)})', RESERVATION_COLUMNS)

    def cancel_order(self, dice, label):
        reference = self.order(dice[1])
        return Call('cancel_order', [reference], f"inventory.cancel_order({text(reference)}, 'too late')", RESERVATION_COLUMNS)

    # Stock.

    def receive_stock(self, dice, label):
        product, warehouse = self.item(dice[1])
        quantity = 1 + dice[2] % 12
        return Call('receive_stock', [product, warehouse, quantity],
                    f'inventory.receive_stock({product}, {warehouse}, {quantity}, {text(label)})', MOVEMENT_COLUMNS)

    def return_stock(self, dice, label):
        product, warehouse = self.item(dice[1])
        quantity = 1 + dice[2] % 3
        return Call('return_stock', [product, warehouse, quantity],
                    f'inventory.return_stock({product}, {warehouse}, {quantity}, {text(label)})', MOVEMENT_COLUMNS)

    def adjust_stock(self, dice, label):
        product, warehouse = self.item(dice[1])
        delta = (1 + dice[2] % 6) * (1 if dice[3] % 2 else -1)
        return Call('adjust_stock', [product, warehouse, delta],
                    f"inventory.adjust_stock({product}, {warehouse}, {delta}, 'OTHER', {text(label)})", MOVEMENT_COLUMNS)

    def late_entry(self, dice, label):
        """What came in or was missed on a day long ago is entered now."""
        product, warehouse = self.item(dice[1])
        quantity = dice[2] % 9 - 3 or 6
        day = dice[3] % SEASON
        call = (f'receive_stock({product}, {warehouse}, {quantity}, {text(label)})' if quantity > 0 else
                f"adjust_stock({product}, {warehouse}, {quantity}, 'OTHER', {text(label)})")
        return Call('late_entry', [product, warehouse, quantity, day], f'inventory.{call}', MOVEMENT_COLUMNS,
                    settings=f"SET LOCAL inventory.occurred_at = '{date_of(day)} 12:00+00';")

    def plain_update(self, dice, label):
        """What people do with psql: of one item, or of a product in every warehouse."""
        product, warehouse = self.item(dice[1])
        delta = dice[2] % 9 - 4 or 5
        kind = ('ADJUSTMENT', 'ADJUSTMENT', 'RETURN', 'SALE')[dice[3] % 4]
        one = '' if dice[4] % 6 == 0 else f' AND warehouse_id = {warehouse}'
        return Call('plain_update', [product, warehouse if one else None, delta, kind], None, ITEM_COLUMNS,
                    settings=f"SET LOCAL inventory.movement_type = '{kind}';SET LOCAL inventory.reference_id = {text(label)};",
                    statement=f'UPDATE inventory.inventory_item AS r SET quantity_on_hand = quantity_on_hand + ({delta}) '
                    f'WHERE product_id = {product}{one}')

    def plain_insert(self, dice, label):
        product, warehouse = HOT_PRODUCTS + 1 + dice[1] % COLD_PRODUCTS, 1 + dice[2] % WAREHOUSES
        quantity = dice[3] % 5
        return Call('plain_insert', [product, warehouse, quantity], None, ITEM_COLUMNS,
                    settings=f"SET LOCAL inventory.movement_type = 'ADJUSTMENT';SET LOCAL inventory.reference_id = {text(label)};",
                    statement='INSERT INTO inventory.inventory_item AS r (product_id, warehouse_id, quantity_on_hand) '
                    f'VALUES ({product}, {warehouse}, {quantity}) ON CONFLICT DO NOTHING')

    def plan_item(self, dice, label):
        """What planners do by hand."""
        product, warehouse = self.item(dice[1])
        return Call('plan_item', [product, warehouse], None, ITEM_COLUMNS,
                    statement=f'UPDATE inventory.inventory_item AS r SET reorder_point = {dice[2] % 25}, reorder_quantity = {dice[3] % 5} '
                    f'WHERE product_id = {product} AND warehouse_id = {warehouse}')

    def refer(self, dice, label):
        """A row of somebody's own table refers to an item, if that is there."""
        product, warehouse = self.item(dice[1])
        return Call('refer', [product, warehouse], None, 'jsonb_build_array(r.product_id, r.warehouse_id)',
                    statement='INSERT INTO history.note AS r SELECT i.product_id, i.warehouse_id FROM inventory.inventory_item AS i '
                    f'WHERE i.product_id = {product} AND i.warehouse_id = {warehouse}')

    def read_level(self, dice, label):
        product, warehouse = self.item(dice[1])
        return Call('read_level', [product, warehouse],
                    f'(SELECT * FROM inventory.inventory_item WHERE product_id = {product} AND warehouse_id = {warehouse})', LEVEL_COLUMNS)

    # Purchase orders.

    def create_purchase_order(self, dice, label):
        warehouse = 1 + dice[1] % WAREHOUSES
        lines = self.lines(dice, 9)
        return Call('create_purchase_order', [warehouse, lines],
                    f'inventory.create_purchase_order(1, {warehouse}, {text(json.dumps(lines))})', PURCHASE_COLUMNS, posts=PURCHASE)

    def purchase_step(self, function, dice, arguments=''):
        target = self.target(PURCHASE, dice[1])
        return target and Call(function, [target], f'inventory.{function}({target}{arguments})', PURCHASE_COLUMNS)

    def submit_purchase_order(self, dice, label):
        return self.purchase_step('submit_purchase_order', dice)

    def confirm_purchase_order(self, dice, label):
        return self.purchase_step('confirm_purchase_order', dice)

    def cancel_purchase_order(self, dice, label):
        return self.purchase_step('cancel_purchase_order', dice)

    def receive_purchase_order(self, dice, label):
        return self.receive('receive_purchase_order', PURCHASE, dice, PURCHASE_COLUMNS)

    def receive(self, function, kind, dice, columns):
        """All, or a few pieces of a hot product, which may be too many or none of it."""
        target = self.target(kind, dice[1])
        if not target:
            return None
        lines = [{'product_id': 1 + dice[2] % HOT_PRODUCTS, 'qty': 1 + dice[3] % 3}] if dice[4] % 2 else None
        return Call(function, [target, lines],
                    f'inventory.{function}({target}, {text(json.dumps(lines)) if lines else "NULL"})', columns)

    # Transfers.

    def warehouses(self, die):
        source = 1 + die % WAREHOUSES
        return source, 1 + (source + die // 7 % (WAREHOUSES - 1)) % WAREHOUSES

    def create_transfer(self, dice, label):
        source, destination = self.warehouses(dice[1])
        lines = self.lines(dice, 3)
        return Call('create_transfer', [source, destination, lines],
                    f'inventory.create_transfer({source}, {destination}, {text(json.dumps(lines))})', TRANSFER_COLUMNS, posts=TRANSFER)

    def transfer_stock(self, dice, label):
        source, destination = self.warehouses(dice[1])
        product, quantity = self.product(dice[2]), 1 + dice[3] % 4
        return Call('transfer_stock', [product, source, destination, quantity],
                    f'inventory.transfer_stock({product}, {source}, {destination}, {quantity})', TRANSFER_COLUMNS, posts=TRANSFER)

    def transfer_step(self, function, dice):
        target = self.target(TRANSFER, dice[1])
        return target and Call(function, [target], f'inventory.{function}({target})', TRANSFER_COLUMNS)

    def ship_transfer(self, dice, label):
        return self.transfer_step('ship_transfer', dice)

    def close_transfer(self, dice, label):
        return self.transfer_step('close_transfer', dice)

    def cancel_transfer(self, dice, label):
        return self.transfer_step('cancel_transfer', dice)

    def receive_transfer(self, dice, label):
        return self.receive('receive_transfer', TRANSFER, dice, TRANSFER_COLUMNS)

    # Counts.

    def start_count(self, dice, label):
        product, warehouse = self.item(dice[1])
        return Call('start_count', [product, warehouse], f'inventory.start_count({product}, {warehouse})', COUNT_COLUMNS)

    def record_count(self, dice, label):
        product, warehouse = self.item(dice[1])
        counted = dice[2] % 40
        shortfall = 'cancel_newest' if dice[3] % 2 else 'error'
        return Call('record_count', [product, warehouse, counted, shortfall],
                    f"inventory.record_count({product}, {warehouse}, {counted}, 'COUNT_ERROR', {text(shortfall)})", COUNT_COLUMNS)

    def plan_cycle_counts(self, dice, label):
        days = dice[1] % 60
        return Call('plan_cycle_counts', [days], f'inventory.plan_cycle_counts(current_date + {days})',
                    f'jsonb_build_array(r, current_date + {days})')

    # The books of past days.

    def books(self, dice, label):
        works = (self.close_period, self.close_period, self.reopen_period)
        return works[dice[1] % len(works)](dice, label) if dice[2] % 4 == 0 else None

    def close_period(self, dice, label):
        day = dice[3] % SEASON
        return Call('close_period', [day], f"inventory.close_period('{date_of(day)}')", 'true')

    def reopen_period(self, dice, label):
        day = dice[3] % SEASON
        return Call('reopen_period', [day], f"inventory.reopen_period('{date_of(day)}', 'forgotten')", 'true')

    # Planning and upkeep, once in a while.

    def upkeep(self, dice, label):
        works = (self.import_load, self.import_load, self.run_replenishment, self.recompute_policies, self.refresh_demand,
                 self.acknowledge_notification, self.rebuild_stock, self.make_ledger_partitions, self.retire_movements,
                 self.schedule_job, self.schedule_job, self.alter_job, self.unschedule_job, self.grant_access, self.revoke_access)
        return works[dice[1] % len(works)](dice, label) if dice[2] % 8 == 0 else None

    def import_load(self, dice, label):
        """Levels of a few items: new ones, or what the shelves hold of any."""
        mode = 'update' if dice[3] % 4 else 'error'
        quantities = {}
        for die in dice[9:10 + dice[8] % 3]:
            product, warehouse = self.item(die)
            if mode == 'error':
                product = HOT_PRODUCTS + 1 + die % COLD_PRODUCTS
            quantities[product, warehouse] = die // 7 % 70
        lines = [[*key, quantity] for key, quantity in quantities.items()]
        staged = ', '.join(f"('P{product}', 'W{warehouse}', '{quantity}', '{quantity // 2}', '3')" for product, warehouse, quantity in lines)
        return Call('import_load', [mode, lines], f"inventory.import_load('{mode}')", LOADED_COLUMNS,
                    settings=f"SET LOCAL inventory.movement_type = 'ADJUSTMENT';SET LOCAL inventory.reference_id = {text(label)};SELECT inventory.import_clear();"
                    'INSERT INTO inventory.import_level (sku, warehouse, quantity_on_hand, reorder_point, reorder_quantity) '
                    f'VALUES {staged};')

    def run_replenishment(self, dice, label):
        return Call('run_replenishment', [], 'inventory.run_replenishment()', DRAFT_COLUMNS,
                    settings=f"SET LOCAL inventory.replenish_by_transfer = {('on', 'off')[dice[3] % 2]};", posts=PURCHASE)

    def recompute_policies(self, dice, label):
        """An order that costs nothing is small, so that what there is stays scarce."""
        return Call('recompute_policies', [], f'inventory.recompute_policies({1 + dice[3] % 90})', NUMBER_COLUMNS,
                    settings='SET LOCAL inventory.order_cost = 0;')

    def refresh_demand(self, dice, label):
        return Call('refresh_demand', [], f'inventory.refresh_demand({1 + dice[3] % 90})', NUMBER_COLUMNS)

    def acknowledge_notification(self, dice, label):
        number = 1 + dice[3] % 10
        return Call('acknowledge_notification', [number], f'inventory.acknowledge_notification({number})', NOTIFICATION_COLUMNS)

    def rebuild_stock(self, dice, label):
        return Call('rebuild_stock', [], f'inventory.rebuild_stock({dice[3] % 2 == 1})', 'to_jsonb(r)')

    def make_ledger_partitions(self, dice, label):
        """Those of months that nothing is written to."""
        return Call('make_ledger_partitions', [],
                    f"inventory.make_ledger_partitions(3, (current_date - interval '{dice[3] % 36} months')::date)", NUMBER_COLUMNS)

    def retire_movements(self, dice, label):
        """Months that nothing was written to."""
        return Call('retire_movements', [], f"inventory.retire_movements(now() - interval '{1 + dice[3] % 36} months')", RETIRED_COLUMNS)

    # Jobs of which there is always the same few names.

    def job(self, dice):
        return f'job {1 + dice[3] % JOB_NAMES}'

    def schedule_job(self, dice, label):
        name = self.job(dice)
        return Call('schedule_job', [name], f"inventory.schedule_job('{name}', '1 {('hour', 'second')[dice[4] % 2]}', 'SELECT 1')", JOB_COLUMNS)

    def alter_job(self, dice, label):
        name = self.job(dice)
        return Call('alter_job', [name], f"inventory.alter_job('{name}', timeout => '{5 + dice[4] % 9} s')", JOB_COLUMNS)

    def unschedule_job(self, dice, label):
        name = self.job(dice)
        return Call('unschedule_job', [name], f"inventory.unschedule_job('{name}')", 'true')

    # Rights of somebody who does nothing: everybody's plans and tables are looked at anew.

    def grant_access(self, dice, label):
        return self.access('grant_access', dice)

    def revoke_access(self, dice, label):
        return self.access('revoke_access', dice)

    def access(self, function, dice):
        level = ('reader', 'operator', 'planner', 'admin')[dice[3] % 4]
        return Call(function, [level], f"inventory.{function}('guest', '{level}')", 'true')


# How often each is drawn. More is wanted than comes in, so that refusals are as
# common as successes.
WEIGHTS = {
    Draws.reserve_stock: 22, Draws.reserve_batch: 5, Draws.fulfill_reservation: 12, Draws.cancel_reservation: 4,
    Draws.extend_reservation: 3, Draws.let_expire: 6, Draws.expire_reservations: 2,
    Draws.reserve_order: 8, Draws.fulfill_order: 5, Draws.cancel_order: 2,
    Draws.receive_stock: 9, Draws.return_stock: 2, Draws.adjust_stock: 4, Draws.late_entry: 3, Draws.plain_update: 4, Draws.plain_insert: 1, Draws.plan_item: 3, Draws.refer: 3,
    Draws.read_level: 5,
    Draws.create_purchase_order: 3, Draws.submit_purchase_order: 4, Draws.confirm_purchase_order: 4,
    Draws.receive_purchase_order: 5, Draws.cancel_purchase_order: 1,
    Draws.create_transfer: 4, Draws.transfer_stock: 2, Draws.ship_transfer: 4, Draws.receive_transfer: 4,
    Draws.close_transfer: 1, Draws.cancel_transfer: 1,
    Draws.start_count: 2, Draws.record_count: 3, Draws.plan_cycle_counts: 1,
    Draws.books: 3, Draws.upkeep: 8,
}
WEIGHTED = [draw for draw, weight in WEIGHTS.items() for _ in range(weight)]
