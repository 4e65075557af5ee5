"""Inventory as plain arithmetic: what each operation does, and what it must answer.

Nothing here knows how the extension works; it is docs/inventory.md over again, one
operation at a time, with no one else about. `bad` is called with a sentence whenever
an answer is not what the model has.
"""
import collections

ACTIVE, FULFILLED, CANCELLED = 'ACTIVE', 'FULFILLED', 'CANCELLED'


class Item:
    """The level of a product in a warehouse, and all levels that it had: from when (the
    commit, microseconds), and when the client was told."""
    __slots__ = ('on_hand', 'reserved', 'version', 'exists', 'active', 'since', 'told', 'levels')

    def __init__(self):
        self.on_hand = self.reserved = self.version = 0
        self.exists = False
        self.active = set()       # ids of reservations
        self.since = []
        self.told = []
        self.levels = []          # (on_hand, reserved, version)

    @property
    def available(self):
        return self.on_hand - self.reserved


class Reservation:
    __slots__ = ('id', 'product', 'warehouse', 'quantity', 'fulfilled', 'type', 'reference', 'status', 'reason', 'expires',
                 'expires_known', 'expiries', 'known', 'states', 'closed', 'made_by', 'closed_by')

    @property
    def left(self):
        return self.quantity - self.fulfilled

    def row(self):
        return [self.id, self.product, self.warehouse, self.quantity, self.fulfilled, self.status]


class Document:
    """A purchase order (lines: line_no, product, quantity, received) or a transfer (lines:
    line_no, product, quantity, shipped, received, lost, returned, reservation)."""
    __slots__ = ('id', 'source', 'destination', 'status', 'lines', 'states', 'known', 'drafted')

    def open(self, product):
        """What may still come in of a product."""
        return sum(open_of(line) for line in self.lines if line[1] == product)


def open_of(line):
    return line[2] - line[3] if len(line) == 4 else line[3] - line[4] - line[5] - line[6]


class Record:
    """Something that is there once, and what it was: (committed, value, told)."""
    __slots__ = ('states',)

    def __init__(self, value):
        self.states = [(0, value, 0)]

    @property
    def value(self):
        return self.states[-1][1]


class Model:
    def __init__(self, closings, created, holds, drafts, proposals, bad):
        """closings: label -> [(reservation, reason)] that the database says an operation
        closed. created: reservation -> when it was made, which decides which ones are the
        newest. holds: (transfer, line) -> reservation that holds its goods. drafts: label ->
        [(purchase order, warehouse, lines)] that it made. proposals: label -> [(transfer,
        source, destination, lines)], lines as they are asked for."""
        self.items = collections.defaultdict(Item)
        self.reservations = {}
        self.orders = {}          # reference -> (ids, committed, told)
        self.purchases = {}
        self.transfers = {}
        self.counts = {}          # id -> [product, warehouse, system, version, counted, delta]
        self.started = {}         # item -> count that people are at
        self.planned = collections.Counter()
        self.keys = {}            # key -> (arguments, ids, committed)
        self.closings = closings
        self.created = created
        self.holds = holds
        self.drafts = drafts
        self.proposals = proposals
        self.on_order = collections.defaultdict(list)      # item -> purchase orders with a line of it
        self.acknowledged = {}    # notification -> when
        self.closed = Record(-1)  # the last day that is closed
        self.books = []           # closings: [day, by, reopened by]
        self.jobs = collections.defaultdict(lambda: Record(False))      # name -> is it there?
        self.report = bad
        self.touched = {}

    def bad(self, sentence, item=None):
        self.report(sentence, self.transaction, self.operation, item)

    def begin(self, transaction, began, told):
        """began, told: when it was asked for and when the client knew that it was committed,
        microseconds."""
        self.transaction = transaction
        self.began = began
        self.now = transaction.committed_at
        self.told = told
        self.touched = {}

    def apply(self, operation, asked):
        """Does an operation; returns the movements that it makes: (product, warehouse,
        type, quantity, reference, reservation). asked: microseconds."""
        self.operation = operation
        self.asked = asked
        self.moves = []
        self.mine = collections.defaultdict(list)
        for reservation, reason in self.closings.get(operation.label, ()):
            self.mine[reason].append(reservation)
        getattr(self, operation.function)(operation.answer, *operation.arguments)
        for reason, ids in self.mine.items():
            for reservation in ids:
                self.bad(f'reservation {reservation} was closed ({reason}) without need')
        for key, item in self.touched.items():
            if not 0 <= item.reserved <= item.on_hand:
                self.bad(f'oversold: {item.on_hand} on hand, {item.reserved} reserved', key)
        return self.moves

    def end(self):
        """The levels that this transaction leaves."""
        for item in self.touched.values():
            item.since.append(self.now)
            item.told.append(self.told)
            item.levels.append((item.on_hand, item.reserved, item.version))

    # Items.

    def touch(self, product, warehouse):
        item = self.items[product, warehouse]
        item.exists = True
        self.touched[product, warehouse] = item
        return item

    def move(self, product, warehouse, kind, quantity, reference, reservation=None):
        item = self.touch(product, warehouse)
        item.on_hand += quantity
        item.version += 1
        self.moves.append((product, warehouse, kind, quantity, reference, reservation))
        return item

    def make_room(self, product, warehouse, quantity):
        """quantity has to be available, if need be by closing what has expired."""
        item = self.touch(product, warehouse)
        if item.available < quantity:
            self.free_expired(product, warehouse)
        if item.available < quantity:
            self.bad(f'oversold: {quantity} taken where {item.available} were available', (product, warehouse))
        return item

    def hold(self, product, warehouse, quantity):
        self.make_room(product, warehouse, quantity).reserved += quantity

    # Reservations.

    def add(self, id, product, warehouse, quantity, kind, reference, expires=None):
        r = Reservation()
        r.id, r.product, r.warehouse, r.quantity, r.fulfilled = id, product, warehouse, quantity, 0
        r.type, r.reference, r.status, r.reason = kind, reference, ACTIVE, None
        r.expires, r.expires_known, r.known = expires, self.told, self.told
        r.expiries = [expires]    # all that were ever set
        r.states, r.closed = [(self.now, 0, ACTIVE)], None
        r.made_by, r.closed_by = self.operation.label, None
        if id in self.reservations:
            self.bad(f'reservation {id} was made twice')
        self.reservations[id] = r
        self.items[product, warehouse].active.add(id)
        return r

    def find(self, id):
        """A reservation that is ACTIVE; None, and a complaint, where it is not."""
        r = self.reservations.get(id)
        if r is None or r.status != ACTIVE:
            self.bad(f'reservation {id} was not ACTIVE' + (f' but {r.status} since {r.closed_by}' if r else ''),
                     r and (r.product, r.warehouse))
            return None
        return r

    def close(self, r, status, reason=None):
        r.status, r.reason, r.closed, r.closed_by = status, reason, self.now, self.operation.label
        r.states.append((self.now, r.fulfilled, status))
        self.items[r.product, r.warehouse].active.discard(r.id)

    def cancel(self, r, reason):
        self.touch(r.product, r.warehouse).reserved -= r.left
        self.close(r, CANCELLED, reason)

    def expect_closing(self, r, reason):
        """The database has to say, too, that this operation closed it."""
        if r.id in self.mine[reason]:
            self.mine[reason].remove(r.id)
        else:
            self.bad(f'reservation {r.id} was not closed by it', (r.product, r.warehouse))

    def fulfill(self, r, quantity, kind, reference):
        left = r.left
        quantity = left if quantity is None else quantity
        if quantity > left:
            self.bad(f'{quantity} fulfilled where {left} were left', (r.product, r.warehouse))
        if r.expires is not None and max(r.expires, r.expires_known) < self.asked:
            self.bad(f'reservation {r.id} had expired and was fulfilled', (r.product, r.warehouse))
        self.touch(r.product, r.warehouse).reserved -= quantity
        self.move(r.product, r.warehouse, kind, -quantity, reference, r.id)
        r.fulfilled += quantity
        if r.left == 0:
            self.close(r, FULFILLED)
            self.expect_closing(r, None)
        else:
            r.states.append((self.now, r.fulfilled, ACTIVE))

    def free_expired(self, product, warehouse):
        """Closes what the database says this operation closed of an item as expired."""
        for id in [id for id in self.mine['EXPIRED'] if self.is_of(id, product, warehouse)]:
            self.mine['EXPIRED'].remove(id)
            r = self.find(id)
            if r is None:
                continue
            if r.expires is None or r.expires > self.now:
                self.bad(f'reservation {id} was closed before its time', (product, warehouse))
            self.cancel(r, 'EXPIRED')

    def is_of(self, id, product, warehouse):
        r = self.reservations.get(id)
        return r is not None and (r.product, r.warehouse) == (product, warehouse)

    def expect(self, told, true, what='the answer'):
        if told != true:
            self.bad(f'{what} was {told}, and it has to be {true}')

    def told_rows(self, answer, reservations):
        """An answer of reservations, in the order of their ids."""
        self.expect([row[:6] for row in answer], [r.row() for r in sorted(reservations, key=lambda r: r.id)])

    def repeated(self, key, arguments, answer):
        """Was this key used before? Then the answer is what was made then."""
        if key is None or key not in self.keys:
            return False
        first, ids, _ = self.keys[key]
        if first != arguments:
            self.bad(f'key "{key}" was used with {first} before')
        self.expect([row[0] for row in answer], sorted(ids), 'the answer to a repeated request')
        for row in answer:
            r = self.reservations.get(row[0])
            if r is not None and (row[:4] != r.row()[:4] or (row[4], row[5]) not in self.states_since(r, self.asked)):
                self.bad(f'the answer to a repeated request was {row}, and the reservation is {r.row()}', (r.product, r.warehouse))
        return True

    def states_since(self, r, moment):
        """What a reservation has been since then. A repeated request reads it without a
        lock, at any moment before the commit."""
        first = max(i for i, state in enumerate(r.states) if i == 0 or state[0] <= moment)
        return [state[1:] for state in r.states[first:]]

    def reserve_stock(self, answer, product, warehouse, quantity, reference, kind, ttl, key):
        arguments = [product, warehouse, quantity, reference, kind, ttl]
        if self.repeated(key, arguments, answer):
            return
        self.hold(product, warehouse, quantity)
        r = self.add(answer[0][0], product, warehouse, quantity, kind, reference, answer[0][6])
        self.told_rows(answer, [r])
        if key is not None:
            self.keys[key] = (arguments, [r.id], self.now)

    def reserve_batch(self, answer, products, warehouses, quantities, references, ttl):
        self.expect([row[0] for row in answer], list(range(1, len(products) + 1)), 'the lines of the answer')
        for (line, id, available), product, warehouse, quantity, reference in \
                zip(answer, products, warehouses, quantities, references):
            item = self.items[product, warehouse]
            expired = [e for e in self.mine['EXPIRED'] if self.is_of(e, product, warehouse)]
            freed = sum(self.reservations[id].left for id in expired if id in self.reservations)
            # What was put off between the look at what has expired and the closing of it was counted on.
            if item.available < quantity <= item.available + freed + (self.put_off(item) if expired else 0):
                self.touch(product, warehouse)
                self.free_expired(product, warehouse)
            if id is not None:
                self.hold(product, warehouse, quantity)
                self.add(id, product, warehouse, quantity, 'ORDER', reference)
                self.expect(available, item.available, f'what line {line} left')
            elif available == 0 and not self.was_there(item):
                pass              # what does not exist cannot be locked, and may come into being meanwhile
            elif item.available >= quantity:
                self.bad(f'line {line} was refused where {item.available} were available', (product, warehouse))
            elif not item.available <= available <= item.available + self.may_expire(item) or available >= quantity:
                self.bad(f'line {line} was told of {available} where {item.available} were available', (product, warehouse))

    def was_there(self, item):
        """Did an item exist for sure when the call, or the snapshot of its transaction, began?"""
        began = self.asked if self.transaction.isolation == 'rc' else self.began
        return bool(item.told) and item.told[0] < began

    def may_expire(self, item):
        return self.put_off(item) + sum(self.reservations[id].left for id in item.active
                                        if self.reservations[id].expires is not None and self.reservations[id].expires <= self.now)

    def put_off(self, item):
        """What had expired when the call began, and plain SQL has put off since: that takes no
        lock of the item."""
        began = self.asked if self.transaction.isolation == 'rc' else self.began
        return sum(r.left for r in map(self.reservations.get, item.active)
                   if r.expires is not None and r.expires > self.now and r.expires_known >= began and any(e is not None and e <= self.now for e in r.expiries))

    def fulfill_reservation(self, answer, id, quantity):
        r = self.find(id)
        if r is not None:
            self.fulfill(r, quantity, 'SALE', r.reference)
            self.told_rows(answer, [r])

    def cancel_reservation(self, answer, id):
        r = self.find(id)
        if r is not None:
            self.cancel(r, 'changed my mind')
            self.expect_closing(r, 'changed my mind')
            self.told_rows(answer, [r])

    def extend_reservation(self, answer, id, minutes):
        r = self.find(id)
        if r is None:
            return
        self.touch(r.product, r.warehouse)
        if r.expires is not None and max(r.expires, r.expires_known) < self.asked:
            self.bad(f'reservation {r.id} had expired and was extended', (r.product, r.warehouse))
        self.told_rows(answer, [r])
        if r.expires is not None:
            if answer[0][6] is None or answer[0][6] < r.expires or answer[0][6] < self.asked + minutes * 60000000 - 1:
                self.bad(f'reservation {id} expires at {answer[0][6]} after it was extended')
            self.set_expiry(r, answer[0][6])

    def let_expire(self, answer, id):
        for _, expires in answer:
            r = self.find(id)
            if r is not None:
                self.set_expiry(r, expires)

    def set_expiry(self, r, expires):
        r.expires, r.expires_known = expires, self.told
        r.expiries.append(expires)

    def expire_reservations(self, answer):
        ids = list(self.mine['EXPIRED'])
        self.expect(answer, [len(ids)])
        self.background(answer, ())

    def background(self, _, moves):
        """What the worker does by itself: a job moves stock, another closes what has expired."""
        for move in moves:
            self.move(*move)
        for id in list(self.mine['EXPIRED']):
            r = self.reservations.get(id)
            if r is None:
                self.bad(f'reservation {id} was made by nobody')
                self.mine['EXPIRED'].remove(id)
            else:
                self.free_expired(r.product, r.warehouse)

    # Orders.

    def reserve_order(self, answer, reference, lines, ttl, key):
        arguments = [reference, lines, ttl]
        if self.repeated(key, arguments, answer):
            return
        wanted = collections.Counter()
        anywhere = collections.Counter()
        for line in lines:
            if 'warehouse_id' in line:
                wanted[line['product_id'], line['warehouse_id'], line['quantity']] += 1
            else:
                anywhere[line['product_id']] += line['quantity']
        held = collections.Counter()
        for row in answer:
            named = (row[1], row[2], row[3])
            if wanted[named]:
                wanted[named] -= 1
            else:
                anywhere[row[1]] -= row[3]
            held[row[1], row[2]] += row[3]
        if any(wanted.values()) or any(anywhere.values()):
            self.bad(f'the reservations {answer} are not what the lines ask for')
        for (product, warehouse), quantity in held.items():
            self.hold(product, warehouse, quantity)
        made = [self.add(row[0], row[1], row[2], row[3], 'ORDER', reference, row[6]) for row in answer]
        self.told_rows(answer, made)
        self.orders[reference] = ([r.id for r in made], self.now, self.told)
        if key is not None:
            self.keys[key] = (arguments, [r.id for r in made], self.now)

    def active_of_order(self, answer, reference):
        ids = self.orders.get(reference, ([],))[0]
        active = [self.reservations[id] for id in ids if self.reservations[id].status == ACTIVE]
        self.expect(sorted(row[0] for row in answer), sorted(r.id for r in active), 'the set of reservations')
        return active

    def fulfill_order(self, answer, reference):
        active = self.active_of_order(answer, reference)
        for r in active:
            self.fulfill(r, None, 'SALE', reference)
        self.told_rows(answer, active)

    def cancel_order(self, answer, reference):
        active = self.active_of_order(answer, reference)
        for r in active:
            self.cancel(r, 'too late')
            self.expect_closing(r, 'too late')
        self.told_rows(answer, active)

    # Stock.

    def moved(self, answer, product, warehouse, kind, quantity):
        item = self.move(product, warehouse, kind, quantity, self.reference())
        self.expect(answer, [[product, warehouse, quantity, item.on_hand, item.version]])

    def reference(self):
        """Its own label is the reference of what has none."""
        return self.operation.label.split('#')[0]

    def receive_stock(self, answer, product, warehouse, quantity):
        self.moved(answer, product, warehouse, 'PURCHASE', quantity)

    def return_stock(self, answer, product, warehouse, quantity):
        self.moved(answer, product, warehouse, 'RETURN', quantity)

    def adjust_stock(self, answer, product, warehouse, delta):
        if delta < 0:
            self.make_room(product, warehouse, -delta)
        self.moved(answer, product, warehouse, 'ADJUSTMENT', delta)

    def late_entry(self, answer, product, warehouse, quantity, day):
        if day <= self.closed.value:
            self.bad(f'day {day} was entered, and all through {self.closed.value} was closed', (product, warehouse))
        if quantity > 0:
            self.receive_stock(answer, product, warehouse, quantity)
        else:
            self.adjust_stock(answer, product, warehouse, quantity)

    def plain_update(self, answer, product, warehouse, delta, kind):
        for row in answer:
            if row[0] != product or warehouse not in (None, row[1]):
                self.bad(f'an UPDATE changed {row}')
            item = self.move(row[0], row[1], kind, delta, self.reference())
            self.expect(row, [row[0], row[1], item.on_hand, item.version])

    def plain_insert(self, answer, product, warehouse, quantity):
        for row in answer:
            item = self.items[product, warehouse]
            if item.exists:
                self.bad('an item was inserted that was there', (product, warehouse))
            self.touch(product, warehouse)
            if quantity:
                self.move(product, warehouse, 'ADJUSTMENT', quantity, self.reference())
            self.expect(row[:3], [product, warehouse, quantity])

    def plan_item(self, answer, product, warehouse):
        for row in answer:
            item = self.touch(product, warehouse)
            self.expect(row, [product, warehouse, item.on_hand, item.version])

    def refer(self, answer, product, warehouse):
        """Changes no level."""

    def read_level(self, answer, product, warehouse):
        """Judged afterwards: it locks nothing."""

    # Purchase orders.

    def step(self, document, answer, status, *before):
        if document.status not in before:
            self.bad(f'it was {document.status}')
        document.status = status
        document.states.append((self.now, status, [tuple(line) for line in document.lines]))
        self.expect(answer, [[document.id, status]])

    def new_document(self, answer, source, destination, lines, status):
        document = Document()
        document.id, document.source, document.destination = answer[0][0], source, destination
        document.status, document.lines, document.known, document.drafted = status, lines, self.told, False
        document.states = [(self.now, status, [tuple(line) for line in lines])]
        self.expect(answer, [[document.id, status]])
        return document

    def create_purchase_order(self, answer, warehouse, lines):
        self.add_purchase(answer, warehouse, [[i + 1, line['product_id'], line['qty'], 0] for i, line in enumerate(lines)])

    def add_purchase(self, answer, warehouse, lines):
        order = self.new_document(answer, None, warehouse, lines, 'DRAFT')
        self.purchases[order.id] = order
        for product in {line[1] for line in lines}:
            self.on_order[product, warehouse].append(order)
        return order

    def submit_purchase_order(self, answer, id):
        self.step(self.purchases[id], answer, 'SUBMITTED', 'DRAFT')

    def confirm_purchase_order(self, answer, id):
        self.step(self.purchases[id], answer, 'CONFIRMED', 'SUBMITTED')

    def cancel_purchase_order(self, answer, id):
        self.step(self.purchases[id], answer, 'CANCELLED', 'DRAFT', 'SUBMITTED', 'CONFIRMED')

    def receive_purchase_order(self, answer, id, lines):
        order = self.purchases[id]
        self.arrive(order, lines, 3, 'PURCHASE', order.destination)
        self.step(order, answer, 'RECEIVED' if all(line[3] >= line[2] for line in order.lines) else 'CONFIRMED', 'CONFIRMED')

    def arrive(self, document, items, column, kind, warehouse):
        """Brings in what items say, line by line, or all that is open."""
        if items is None:
            deliveries = [(line, open_of(line)) for line in document.lines]
        else:
            deliveries = []
            for item in items:
                left = item['qty']
                for line in document.lines:
                    if line[1] == item['product_id']:
                        part = min(left, open_of(line))
                        left -= part
                        deliveries.append((line, part))
                if left:
                    self.bad(f'more of product {item["product_id"]} came in than was open')
        for line, quantity in deliveries:
            if quantity:
                line[column] += quantity
                self.move(line[1], warehouse, kind, quantity, str(document.id))

    # Transfers.

    def create_transfer(self, answer, source, destination, lines):
        # The ids of the holds are the database's to choose: taken from its lines.
        transfer = self.new_document(answer, source, destination,
                                     [[i + 1, line['product_id'], line['qty'], 0, 0, 0, 0, None] for i, line in enumerate(lines)],
                                     'PENDING')
        self.transfers[transfer.id] = transfer
        for line in transfer.lines:
            self.hold(line[1], source, line[2])
            self.touch(line[1], destination)
            line[7] = self.holds.get((transfer.id, line[0]))
            if line[7] is None:
                self.bad(f'line {line[0]} of transfer {transfer.id} holds nothing', (line[1], source))
            else:
                self.add(line[7], line[1], source, line[2], 'TRANSFER', str(transfer.id))

    def ship_transfer(self, answer, id):
        transfer = self.transfers[id]
        for line in transfer.lines:
            hold = self.reservations.get(line[7])
            self.touch(line[1], transfer.destination)
            if hold is not None and hold.status == ACTIVE:
                self.fulfill(hold, None, 'TRANSFER_OUT', str(id))
            else:
                self.make_room(line[1], transfer.source, line[2])
                self.move(line[1], transfer.source, 'TRANSFER_OUT', -line[2], str(id))
            line[3] = line[2]
        self.step(transfer, answer, 'IN_TRANSIT', 'PENDING')

    def transfer_stock(self, answer, product, source, destination, quantity):
        self.create_transfer([[answer[0][0], 'PENDING']], source, destination, [{'product_id': product, 'qty': quantity}])
        self.ship_transfer(answer, answer[0][0])

    def receive_transfer(self, answer, id, lines):
        transfer = self.transfers[id]
        self.arrive(transfer, lines, 4, 'TRANSFER_IN', transfer.destination)
        self.step(transfer, answer, 'RECEIVED' if all(line[3] == line[4] + line[5] for line in transfer.lines) else 'IN_TRANSIT',
                  'IN_TRANSIT')

    def close_transfer(self, answer, id):
        transfer = self.transfers[id]
        for line in transfer.lines:
            line[5] += open_of(line)
        self.step(transfer, answer, 'RECEIVED', 'IN_TRANSIT')

    def cancel_transfer(self, answer, id):
        transfer = self.transfers[id]
        for line in transfer.lines:
            hold = self.reservations.get(line[7])
            self.touch(line[1], transfer.source)
            self.touch(line[1], transfer.destination)
            if hold is not None and hold.status == ACTIVE:
                self.cancel(hold, 'TRANSFER_CANCELLED')
                self.expect_closing(hold, 'TRANSFER_CANCELLED')
            back = open_of(line)
            if back:
                line[6] += back
                self.move(line[1], transfer.source, 'TRANSFER_IN', back, str(id))
        self.step(transfer, answer, 'CANCELLED', 'PENDING', 'IN_TRANSIT')

    # Counts.

    def start_count(self, answer, product, warehouse):
        item = self.touch(product, warehouse)
        id, system, counted, delta, version = answer[0]
        self.expect([system, counted, delta, version], [item.on_hand, None, None, item.version])
        self.counts[id] = [product, warehouse, system, version, None, None]
        self.started[product, warehouse] = id

    def record_count(self, answer, product, warehouse, counted, shortfall):
        item = self.touch(product, warehouse)
        id = answer[0][0]
        started = self.started.pop((product, warehouse), None)
        system, version = self.counts[started][2:4] if started else (item.on_hand, None)
        if started:
            self.expect(id, started, 'the count')
        delta = counted - system
        self.expect(answer[0][1:], [system, counted, delta, version])
        self.counts[id] = [product, warehouse, system, version, counted, delta]
        if delta < 0:
            if shortfall == 'cancel_newest' and item.available < -delta:
                self.free_expired(product, warehouse)
                self.cancel_newest(item, -delta - item.available)
            self.make_room(product, warehouse, -delta)
        if delta:
            self.move(product, warehouse, 'ADJUSTMENT', delta, str(id))

    def cancel_newest(self, item, missing):
        """The newest reservations give way until enough is there."""
        for id in sorted(item.active, key=lambda id: (self.created.get(id, 0), id), reverse=True):
            if missing <= 0:
                return
            r = self.reservations[id]
            missing -= r.left
            self.cancel(r, 'COUNT_SHORTFALL')
            self.expect_closing(r, 'COUNT_SHORTFALL')

    def plan_cycle_counts(self, answer, days):
        self.planned[answer[0][1]] += answer[0][0]

    # The books of past days.

    def become(self, record, value):
        record.states.append((self.now, value, self.told))

    def close_period(self, answer, day):
        if day <= self.closed.value:
            self.bad(f'day {day} was closed, and all through {self.closed.value} was')
        self.books.append([day, self.operation.label, None])
        self.become(self.closed, day)

    def reopen_period(self, answer, day):
        if day > self.closed.value:
            self.bad(f'day {day} was opened, and all through {self.closed.value} was closed')
        for closing in self.books:
            if closing[2] is None and closing[0] >= day:
                closing[2] = self.operation.label
        self.become(self.closed, max((closing[0] for closing in self.books if closing[2] is None), default=-1))

    # Planning and upkeep.

    def import_load(self, answer, mode, lines):
        added = 0
        for product, warehouse, quantity in lines:
            item = self.items[product, warehouse]
            if item.exists and mode == 'error':
                self.bad('a level was loaded that was there', (product, warehouse))
            added += not item.exists
            self.touch(product, warehouse)
            if quantity != item.on_hand:
                self.move(product, warehouse, 'ADJUSTMENT', quantity - item.on_hand, self.reference())
        told = next(row for row in answer if row[0] == 'inventory_item')
        self.expect([told[1], sum(told[1:])], [added, len(lines)], 'what was new, and all that was loaded,')

    def run_replenishment(self, answer):
        """What was low is for the checker to judge; here, that nothing is ordered twice."""
        drafts = self.drafts.get(self.operation.label, ())
        self.expect(sorted(answer), sorted([id, warehouse, 'DRAFT'] for id, warehouse, _ in drafts), 'the drafts')
        for id, warehouse, lines in drafts:
            for line in lines:
                self.check_not_on_order(line[1], warehouse)
        for id, warehouse, lines in drafts:
            self.add_purchase([[id, 'DRAFT']], warehouse, lines).drafted = True
        for id, source, destination, lines in self.proposals.get(self.operation.label, ()):
            self.create_transfer([[id, 'PENDING']], source, destination, lines)

    def check_not_on_order(self, product, warehouse):
        """Runs come one after the other; of other orders a run has to know what was there
        when it was asked for."""
        began = self.asked if self.transaction.isolation == 'rc' else self.began
        for order in self.on_order[product, warehouse]:
            if order.status in ('DRAFT', 'SUBMITTED', 'CONFIRMED') and order.open(product) > 0 and (order.drafted or order.known < began):
                self.bad(f'product {product} was ordered, and is on purchase order {order.id} already', (product, warehouse))

    def acknowledge_notification(self, answer, id):
        self.expect(answer, [[id, self.acknowledged.setdefault(id, answer[0][1])]])

    def rebuild_stock(self, answer):
        self.expect(answer, [], 'what was to be rebuilt')

    def recompute_policies(self, answer):
        """Changes no level. What it computes has tests of its own."""

    def refresh_demand(self, answer):
        """What comes of it is looked at in the end."""

    def make_ledger_partitions(self, answer):
        """Changes no level."""

    def retire_movements(self, answer):
        """Of months without movements."""
        self.expect([row[1] for row in answer], [0] * len(answer), 'what was retired')

    # Jobs.

    def schedule_job(self, answer, name):
        self.expect(answer, [[True]])
        self.become(self.jobs[name], True)

    def alter_job(self, answer, name):
        if not self.jobs[name].value:
            self.bad(f'"{name}" was altered, and was not there')
        self.expect(answer, [[True]])
        self.become(self.jobs[name], True)

    def unschedule_job(self, answer, name):
        if not self.jobs[name].value:
            self.bad(f'"{name}" was removed, and was not there')
        self.become(self.jobs[name], False)

    # Rights of somebody who does nothing.

    def grant_access(self, answer, level):
        """Changes no level."""

    def revoke_access(self, answer, level):
        """Changes no level."""
