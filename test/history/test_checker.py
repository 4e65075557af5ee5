"""The checker, shown histories that were made by hand: one that is good, and the same
with one thing wrong at a time, which it has to see."""
import unittest

import checker
from transcript import BROKEN, COMMITTED, ROLLED_BACK, UNKNOWN, Operation, Transaction

US = 1000                        # nanoseconds


class Hand:
    """A history in the making. Time goes by a millisecond for each transaction."""

    def __init__(self):
        self.clock = 0
        self.transactions = []
        self.tables = {name: [] for name in checker.observed.QUERIES}

    def transaction(self, label, operations, end=COMMITTED, isolation='rc', marked=None):
        """Asked at the start of its millisecond, committed in the middle."""
        self.clock += 1000
        start = self.clock
        for operation in operations:
            operation.asked, operation.answered = start * US, (start + 900) * US
        self.transactions.append(Transaction(label, isolation, end, start * US, (start + 900) * US, operations))
        if end == COMMITTED if marked is None else marked:
            self.tables['marks'].append((label, None, start + 500, 700 + start))
        return start + 500

    def movement(self, id, item, kind, quantity, after, version, reference, reservation, label, at):
        self.tables['movements'].append((id, *item, kind, quantity, after, version, reference, reservation, label, at - 100, at - 100, at))

    def reservation(self, id, item, quantity, fulfilled, status, reference, made, closed=None, reason=None, at=0):
        self.tables['reservations'].append((id, *item, quantity, fulfilled, status, 'ORDER', reference, id, None, reason, made, closed, at))

    def check(self):
        judge = checker.Checker(self.transactions, self.tables, 0)
        judge.check()
        return judge


def operation(label, function, arguments, answer=None, sqlstate=None, detail=None, undone=False):
    return Operation(label, function, arguments, answer=answer, sqlstate=sqlstate, detail=detail, undone=undone)


ITEM = (1000, 1)                 # of no product that may expire
OTHER = (1001, 1)


def good():
    """10 come in, 4 are held, 7 are refused since 6 are left, 3 of the 4 are sold, one is
    given back; one that was asked twice was held once; one receipt is rolled back. A
    client who asked first is gone before the server looks."""
    hand = Hand()
    hand.transaction('0', [operation('0.0', 'read_level', list(ITEM), [[10, 0, 10, 1]])], UNKNOWN, marked=False)
    hand.transactions[0].operations[0].answered = 1100 * US
    hand.clock = 0
    at = hand.transaction('a', [operation('a.0', 'receive_stock', [*ITEM, 10], [[*ITEM, 10, 10, 1]])])
    hand.movement(1, ITEM, 'PURCHASE', 10, 10, 1, 'a.0', None, 'a.0', at)
    hand.tables['marks'].append(('0', None, at + 100, 700))
    hand.transaction('b', [operation('b.0', 'reserve_stock', [*ITEM, 4, 'b.0', 'ORDER', 9, None], [[1, *ITEM, 4, 0, 'ACTIVE', None]])])
    hand.transaction('c', [operation('c.0', 'reserve_stock', [*ITEM, 7, 'c.0', 'ORDER', 9, None], None, 'IV001',
                                     'too little Available: 6, requested: 7.')], ROLLED_BACK)
    at = hand.transaction('d', [operation('d.0', 'fulfill_reservation', [1, 3], [[1, *ITEM, 4, 3, 'ACTIVE', None]])])
    hand.movement(2, ITEM, 'SALE', -3, 7, 2, 'b.0', 1, 'd.0', at)
    at = hand.transaction('e', [operation('e.0', 'cancel_reservation', [1], [[1, *ITEM, 4, 3, 'CANCELLED', None]])])
    hand.reservation(1, ITEM, 4, 3, 'CANCELLED', 'b.0', 'b.0', 'e.0', 'changed my mind', at)
    key = [*ITEM, 2, 'f.0', 'ORDER', 9, 'k']
    hand.transaction('f', [operation('f.0', 'reserve_stock', key, [[2, *ITEM, 2, 0, 'ACTIVE', None]])], UNKNOWN, marked=True)
    hand.transaction('f#2', [operation('f.0#2', 'reserve_stock', key, [[2, *ITEM, 2, 0, 'ACTIVE', None]])])
    hand.reservation(2, ITEM, 2, 0, 'ACTIVE', 'f.0', 'f.0')
    hand.tables['keys'].append(('k', [2]))
    hand.transaction('g', [operation('g.0', 'receive_stock', [*ITEM, 5], [[*ITEM, 5, 12, 3]])], ROLLED_BACK)
    hand.transaction('h', [operation('h.0', 'read_level', list(ITEM), [[7, 2, 5, 2]])])
    hand.transaction('i', [operation('i.0', 'receive_stock', [*ITEM, 5])], BROKEN)
    hand.transaction('j', [operation('j.0', 'adjust_stock', [*ITEM, -6], None, 'IV001', 'Available: 5, requested: 6.')], ROLLED_BACK)
    hand.transaction('l', [operation('l.0', 'cancel_reservation', [1], None, 'IV002', 'It is CANCELLED.')], ROLLED_BACK)
    hand.transaction('m', [operation('m.0', 'fulfill_order', ['order 1.1'], None, 'IV003', '')], ROLLED_BACK)
    hand.transaction('p', [operation('p.0', 'import_load', ['update', [[*ITEM, 7]]], [['product', 0, 0, 0], ['inventory_item', 0, 0, 1]])])
    hand.transaction('q', [operation('q.0', 'import_load', ['error', [[*ITEM, 7]]], None, '22023', '1 problem')], ROLLED_BACK)
    hand.transaction('r', [operation('r.0', 'rebuild_stock', [], [])])
    draft(hand, 's', 50)
    hand.transaction('t', [operation('t.0', 'acknowledge_notification', [9], [[9, 123]])])
    hand.transaction('u', [operation('u.0', 'acknowledge_notification', [9], [[9, 123]])])
    hand.tables['notifications'].append((9, 50, 123))
    books(hand)
    hand.tables['items'].append((*ITEM, 7, 2, 5, 2))
    hand.tables['demand'].append((*ITEM, 3))
    hand.tables['demand_sums'].append((*ITEM, 3))
    return hand


def books(hand):
    """Two pieces are entered late, on day 3; day 4 is closed, and opened again. A job is
    there for a while."""
    at = hand.transaction('la', [operation('la.0', 'late_entry', [*OTHER, 2, 3], [[*OTHER, 2, 2, 1]])])
    hand.movement(8, OTHER, 'PURCHASE', 2, 2, 1, 'la.0', None, 'la.0', at)
    replace(hand.tables['movements'], -1, 11, checker.noon_of(3))
    hand.transaction('lb', [operation('lb.0', 'reopen_period', [4], None, 'IV002', '')], ROLLED_BACK)
    hand.transaction('lc', [operation('lc.0', 'close_period', [4], [True])])
    hand.transaction('ld', [operation('ld.0', 'late_entry', [*OTHER, 2, 4], None, 'IV002', '')], ROLLED_BACK)
    hand.transaction('le', [operation('le.0', 'reopen_period', [2], [True])])
    hand.tables['closings'].append((checker.date_of(4), 'lc.0', 'le.0'))
    hand.tables['items'].append((*OTHER, 2, 0, 2, 1))
    hand.transaction('ja', [operation('ja.0', 'alter_job', ['job 1'], None, 'IV003', '')], ROLLED_BACK)
    hand.transaction('jb', [operation('jb.0', 'schedule_job', ['job 1'], [[True]])])
    hand.transaction('jc', [operation('jc.0', 'unschedule_job', ['job 1'], [True])])
    hand.transaction('jd', [operation('jd.0', 'schedule_job', ['job 2'], [[True]])])
    hand.tables['jobs'].append(('job 2',))


def draft(hand, label, order):
    """A run of run_replenishment that orders 3 where 5 are available and 8 wanted."""
    hand.transaction(label, [operation(f'{label}.0', 'run_replenishment', [], [[order, ITEM[1], 'DRAFT']])])
    hand.tables['purchases'].append((order, ITEM[1], 'DRAFT', f'{label}.0', None, None, None))
    hand.tables['purchase_lines'].append((order, 1, ITEM[0], 3, 0))
    hand.tables['ordered'].append((order, *ITEM, 5, 8, 3))


def find(hand, label):
    return next(t for t in hand.transactions if t.label == label)


def replace(rows, index, column, value):
    rows[index] = rows[index][:column] + (value,) + rows[index][column + 1:]


def faults():
    """(what is wrong, how to bring it about, what the checker says)."""
    yield 'an acknowledged call is lost', lambda h: h.tables['marks'].pop(0), 'an acknowledged transaction is not there'
    yield 'a call is done twice', lambda h: h.tables['marks'].append(h.tables['marks'][0]), 'committed more than once'
    yield 'a rolled back call stays', lambda h: h.tables['marks'].append(('g', None, 7600, 1)), 'a transaction that failed is there'
    yield 'a mark of nobody', lambda h: h.tables['marks'].append(('x', None, 7600, 1)), 'no client asked for'
    yield 'a movement is lost', lambda h: h.tables['movements'].pop(), 'its movements are []'
    yield 'a movement is doubled', lambda h: h.tables['movements'].append((3,) + h.tables['movements'][1][1:]), 'its movements are'
    yield 'a movement of another size', lambda h: replace(h.tables['movements'], 1, 4, -2), 'its movements are'
    yield 'a movement of a rolled back call', lambda h: h.movement(3, ITEM, 'PURCHASE', 5, 12, 3, 'g.0', None, 'g.0', 7500), \
        'was made by g.0, which failed'
    yield 'a movement of a broken call', lambda h: h.movement(3, ITEM, 'PURCHASE', 5, 12, 3, 'i.0', None, 'i.0', 9500), \
        'was made by i.0, which failed'
    yield 'a version is missing', lambda h: replace(h.tables['movements'], 1, 6, 3), 'versions [3]'
    yield 'a level does not follow', lambda h: replace(h.tables['movements'], 1, 5, 8), 'left 8, and has to leave 7'
    yield 'a movement of another transaction', lambda h: replace(h.tables['movements'], 1, 12, 9999), 'was committed at 9999'
    yield 'movements that are not later', lambda h: (replace(h.tables['movements'], 1, 10, 1), replace(h.tables['movements'], 1, 11, 1)), \
        'does not follow on version 1'
    yield 'a level', lambda h: replace(h.tables['items'], 1, 2, 8), 'item (1000, 1) is'
    yield 'what is reserved', lambda h: replace(h.tables['items'], 1, 3, 1), 'item (1000, 1) is'
    yield 'a version', lambda h: replace(h.tables['items'], 1, 5, 3), 'item (1000, 1) is'
    yield 'a reservation is lost', lambda h: h.tables['reservations'].pop(), 'reservation 2 is None'
    yield 'a reservation of nobody', lambda h: h.reservation(9, ITEM, 1, 0, 'ACTIVE', 'x', 'x'), 'a reservation was made by x'
    yield 'what is fulfilled', lambda h: replace(h.tables['reservations'], 0, 4, 2), 'reservation 1 is'
    yield 'a key is lost', lambda h: h.tables['keys'].pop(), 'key k is None'
    yield 'a key made two', lambda h: find(h, 'f#2').operations[0].answer[0].__setitem__(0, 3), 'a repeated request was [3]'
    yield 'an answer', lambda h: find(h, 'a').operations[0].answer[0].__setitem__(3, 11), 'it has to be [[1000, 1, 10, 10, 1]]'
    yield 'an answer of a call that was rolled back', lambda h: find(h, 'g').operations[0].answer[0].__setitem__(4, 7), 'followed on none'
    yield 'too little was not refused', lambda h: oversell(h), 'oversold: 7 taken where 6 were available'
    yield 'enough was refused', lambda h: setattr(find(h, 'c').operations[0], 'detail', 'Available: 5, requested: 7.'), \
        'refused with IV001, but [6'
    yield 'an ACTIVE one was refused', lambda h: find(h, 'l').operations[0].arguments.__setitem__(0, 2), 'reservation 2 was ACTIVE'
    yield 'a level that never was', lambda h: find(h, 'h').operations[0].answer[0].__setitem__(0, 9), 'it read'
    yield 'an old level', lambda h: setattr(find(h, 'h').operations[0], 'answer', [[7, 1, 6, 2]]), 'it read'
    yield 'an error', lambda h: setattr(find(h, 'c').operations[0], 'sqlstate', 'XX000'), 'no reason for'
    yield '40001 below', lambda h: setattr(find(h, 'c').operations[0], 'sqlstate', '40001'), '40001 at READ COMMITTED'
    yield 'a later place than time allows', lambda h: replace(h.tables['marks'], 0, 2, 12500), 'in the order, which was answered before'
    yield 'a level that was there is new', lambda h: find(h, 'p').operations[0].arguments.__setitem__(0, 'error'), 'loaded that was there'
    yield 'a level that is not loaded', lambda h: find(h, 'p').operations[0].arguments.__setitem__(1, [[*ITEM, 8]]), 'its movements are []'
    yield 'a level could have been loaded', lambda h: find(h, 'q').operations[0].arguments.__setitem__(1, [[3, 1, 7]]), 'nothing against it'
    yield 'something was to rebuild', lambda h: find(h, 'r').operations[0].answer.append({}), 'what was to be rebuilt'
    yield 'ordered twice', lambda h: draft(h, 'v', 51), 'is on purchase order 50 already'
    yield 'a draft of nobody', lambda h: find(h, 's').operations[0].answer.pop(), 'the drafts was []'
    yield 'what was not low is ordered', lambda h: replace(h.tables['ordered'], 0, 4, 5), 'the log says'
    yield 'too little is ordered', lambda h: replace(h.tables['ordered'], 0, 4, 9), 'the log says'
    yield 'a level that never was is ordered for', lambda h: replace(h.tables['ordered'], 0, 3, 6), 'which was never so'
    yield 'acknowledged anew', lambda h: find(h, 'u').operations[0].answer[0].__setitem__(1, 124), 'it has to be [[9, 123]]'
    yield 'an acknowledgement is lost', lambda h: replace(h.tables['notifications'], 0, 2, None), 'notification 9 is None'
    yield 'a sale is not in the window', lambda h: replace(h.tables['demand_sums'], 0, 2, 2), 'demand in the window of item'
    yield 'a sale is not demand', lambda h: replace(h.tables['demand'], 0, 2, 2), 'demand of item'
    yield 'a day that is closed', lambda h: find(h, 'la').operations.insert(0, operation('x', 'close_period', [3], [True])), \
        'day 3 was entered, and all through 3 was closed'
    yield 'a late entry of another time', lambda h: replace(h.tables['movements'], 2, 11, checker.noon_of(2)), 'does not follow on version 0'
    yield 'a day that was open is refused', lambda h: find(h, 'ld').operations[0].arguments.__setitem__(3, 5), 'but all through [4] was closed'
    yield 'a day was not open', lambda h: find(h, 'lb').operations[0].arguments.__setitem__(0, -1), 'but all through [-1] was closed'
    yield 'closed twice', lambda h: find(h, 'le').operations.insert(0, operation('y', 'close_period', [4], [True])), 'day 4 was closed, and'
    yield 'nothing was to open', lambda h: find(h, 'lc').operations.insert(0, operation('z', 'reopen_period', [4], [True])), 'day 4 was opened'
    yield 'a closing is lost', lambda h: h.tables['closings'].pop(), "closings of ('2020-01-05', 'lc.0', 'le.0') is None"
    yield 'a closing of nobody', lambda h: h.tables['closings'].append(('2020-01-01', 'x', None)), 'a closing was made by x'
    yield 'a job is lost', lambda h: h.tables['jobs'].pop(), 'job job 2 is None'
    yield 'a job that was there', lambda h: setattr(find(h, 'ja').operations[0], 'arguments', ['job 2']) or order_last(h, 'ja'), \
        'IV003, but it was there'
    yield 'a job that was not there', lambda h: find(h, 'jb').operations.insert(0, operation('w', 'unschedule_job', ['job 1'], [True])), \
        '"job 1" was removed, and was not there'
    yield 'a month with movements is retired', lambda h: find(h, 'r').operations.append(operation('r.1', 'retire_movements', [], [['m', 1]])), \
        'what was retired'
    yield 'who did not wait', lambda h: h.transaction('x', [operation('x.0', 'retire_movements', [], None, '55P03', '')], ROLLED_BACK), \
        'it did not wait'
    yield 'a problem', lambda h: h.tables['problems'].append((*ITEM, 'forged', 1, 2)), 'verify_ledger() says'
    yield 'a receipt without movement', lambda h: h.tables['receipts'].append((1, 1, 2, 77)), 'is movement None'
    yield 'goods in transit of nobody', lambda h: (h.tables['transfers'].append((1, 1, 2, 'RECEIVED', 'x', None, None, None)),
                                                 h.tables['transfer_lines'].append((1, 1, 1000, 2, 2, 1, 0, 0, None))), 'in transit'


def order_last(hand, label):
    """Asks it when all others have their answer."""
    asked = find(hand, label).operations[0]
    asked.asked, asked.answered = (hand.clock + 2000) * US, (hand.clock + 2900) * US


def oversell(hand):
    asked = find(hand, 'c').operations[0]
    asked.sqlstate, asked.answer = None, [[3, *ITEM, 7, 0, 'ACTIVE', None]]
    find(hand, 'c').end = COMMITTED
    hand.tables['marks'].append(('c', None, 3500, 1))


class CheckerTest(unittest.TestCase):
    def test_good(self):
        judge = good().check()
        self.assertEqual([v[0] for v in judge.violations], [])
        self.assertEqual(judge.figures['refusals judged'], 8)

    def test_worker(self):
        """What the worker did is seen a little after its commit was stamped."""
        hand = good()
        at = hand.clock + 1300
        hand.movement(3, ITEM, 'PURCHASE', 1, 8, 3, 'delivery', None, checker.WORKER, at)
        hand.clock = at - 900
        hand.transaction('n', [operation('n.0', 'read_level', list(ITEM), [[7, 2, 5, 2]])])
        find(hand, 'n').operations[0].asked = (at + 200) * US
        hand.transaction('o', [operation('o.0', 'read_level', list(ITEM), [[8, 2, 6, 3]])])
        replace(hand.tables['items'], 1, 2, 8)
        replace(hand.tables['items'], 1, 4, 6)
        replace(hand.tables['items'], 1, 5, 3)
        self.assertEqual([v[0] for v in hand.check().violations], [])

    def test_put_off(self):
        """A batch counted on two reservations that had expired, and could close one: plain SQL
        may have put the other off meanwhile, and not before the batch was asked for."""
        for told, wrong in ((7500, None), (6900, 'reservation 2 was closed (EXPIRED) without need')):
            hand = Hand()
            at = hand.transaction('a', [operation('a.0', 'receive_stock', [*ITEM, 5], [[*ITEM, 5, 5, 1]])])
            hand.movement(1, ITEM, 'PURCHASE', 5, 5, 1, 'a.0', None, 'a.0', at)
            hand.transaction('b', [operation('b.0', 'reserve_stock', [*ITEM, 3, 'b.0', 'ORDER', 9, None], [[1, *ITEM, 3, 0, 'ACTIVE', 10**9]])])
            hand.transaction('c', [operation('c.0', 'reserve_stock', [*ITEM, 2, 'c.0', 'ORDER', 9, None], [[2, *ITEM, 2, 0, 'ACTIVE', 10**9]])])
            hand.transaction('d', [operation('d.0', 'let_expire', [2], [[2, 3900]])])
            hand.transaction('e', [operation('e.0', 'let_expire', [1], [[1, 4900]])])
            hand.transaction('f', [operation('f.0', 'let_expire', [1], [[1, 10**9]])])
            find(hand, 'f').answered = told * US
            at = hand.transaction('g', [operation('g.0', 'reserve_batch', [[ITEM[0]], [ITEM[1]], [4], ['g'], 6000], [[1, None, 2]])])
            hand.reservation(1, ITEM, 3, 0, 'ACTIVE', 'b.0', 'b.0')
            hand.reservation(2, ITEM, 2, 0, 'CANCELLED', 'c.0', 'c.0', 'g.0', 'EXPIRED', at)
            hand.tables['items'].append((*ITEM, 5, 3, 2, 1))
            said = [v[0] for v in hand.check().violations]
            self.assertTrue(wrong in said if wrong else said == [], said)

    def test_faults(self):
        for what, spoil, told in faults():
            with self.subTest(what):
                hand = good()
                spoil(hand)
                said = [v[0] for v in hand.check().violations]
                self.assertTrue(any(told in sentence for sentence in said), f'{what}: {said}')


if __name__ == '__main__':
    unittest.main()
