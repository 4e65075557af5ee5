"""Checks a history: what clients asked and were told, against what is in the tables.

It shares nothing with the extension: it reads tables, never functions (verify_ledger()
is asked in addition, not instead; refresh_demand() is what is looked at), and replays
everything on a plain model (model.py).

The serial order. Whatever changes an item does so under the lock of its row, which is
kept to the end of the transaction; so do purchase orders, transfers and idempotency
keys. The commits of all transactions, in the order of their commit timestamps
(track_commit_timestamp; taken before the locks are given up), are therefore a serial
order that explains every answer, if there is one. Nothing is searched for: the order
is known, and the model has to agree with it.

What is checked
 1. Outcome. A transaction that was acknowledged has exactly one mark in history.mark,
    one that was rolled back or refused has none, one whose connection broke has none
    or one, and is then held to all that follows as if it had been acknowledged: the
    mark has the answer of a single call.
 2. Effects. Each operation that was committed has exactly the movements of the model
    in the ledger, by product, warehouse, type, quantity, reference and reservation,
    with the versions that come next and its level after them; everybody who failed,
    was rolled back, to a savepoint too, or never asked has none. Movements,
    reservations and documents tell who made and closed them (performed_by), so an
    effect that was doubled, lost or made by somebody else is told apart. Movements
    were committed in the transaction of the mark.
 3. Answers. Each is that of the model at its place in the order. Never are more than
    on hand reserved, nor sold, nor less than nothing on hand. A repeated request with
    an idempotency key answers with what it made first.
 4. Real time. No transaction is in the order before one that was answered before it
    was asked.
 5. Refusals. "Available: N, requested: M" (IV001): between ask and answer there was a
    moment in which N were available, and fewer than were asked for; N is exact, except
    where reservations expire (product 1, and orders that name no warehouse and have
    its like), where it lies between what was available and what was on hand. IV002:
    the reservation, the order or the document was closed, expired or in the state that
    the DETAIL names then. IV003: it was not there yet. IV005: the key was used before.
    23514: the level was too low. 22023: less was open, N of the DETAIL. An import (22023,
    23505, 23514): a level was there, or more was reserved than a line says. 40001 comes
    only above READ COMMITTED. Every other error is a fault.
 6. Reads of a level without a lock show one that was current then.
 7. The end. Items, reservations, purchase orders, transfers, their lines, receipts,
    counts and keys are those of the model, field by field. Versions have no gaps,
    created_at increases with them. Sums of movements by type are the levels; what a
    transfer shipped has arrived, came back, was lost or is in transit.
    verify_ledger() finds nothing. (That nobody can change the ledger, run.py tries.)
 8. Closed periods. A late entry (inventory.occurred_at) that is committed lies on a day
    that is open at its place in the order, one that is refused (IV002) on a day that was
    closed at some moment between question and answer; likewise close_period of a day that
    is closed, and reopen_period of one that is not. Its business time is the one that was
    asked for.
 9. Jobs. Those that are there in the end are those that were scheduled last; who was told
    that there is none (IV003) came when it was not there. Months without movements are
    retired without any.
10. Replenishment. Nothing is ordered that is on an order already; what is ordered was
    low, with an available quantity that it had then, and is what was missing at least.
    Demand that was read movement by movement, whenever somebody asked for it, is in the
    end the sum of sales less returns. rebuild_stock() never finds anything.

What is not checked
 - Answers of operations that were rolled back, but for movements: the level and version
   they tell of have to be those of a level that was, or follow on one in the same
   transaction. A refusal after a change in the same transaction is only looked at for
   its SQLSTATE. Both are counted and said.
 - Which warehouses an order is served from; only that it gets what it asked for.
 - Whether a deadlock (40P01) was one, and whether 40001 was called for.
 - Which of several expired reservations a call had to close; only that each of them had
   expired, and that there was need.
 - Whether all that was low was ordered, and what policies are computed.
 - Which rights there are; only that changing them fails for no other reason than IV002.
 - Names, notes and prices; hashes (verify_ledger() does).

Times are compared on the clock of the machine; one that is set while the harness runs is
noticed, and ends the check.
"""
import argparse
import bisect
import collections
import datetime
import glob
import os
import random
import re
import sys

import model
import observed
import transcript
from operations import date_of
from transcript import BROKEN, COMMITTED, ROLLED_BACK, UNKNOWN, Operation, Transaction

LOCK_WAIT = 2900000               # microseconds that retire_movements waits for others, almost
SLACK = 100                       # microseconds: how exactly two clocks are compared
FOREVER = 1 << 62
EXPIRING_PRODUCT = 1              # the only one whose reservations may run out of time
WORKER = 'worker'                 # performed_by of what a job of the worker moves
FIGURES = re.compile(r'Available: (-?\d+), requested: (-?\d+)\.')
OPEN = re.compile(r'Open: (\d+), to receive: (\d+)\.')
STATE = re.compile(r'It is (\w+)')
RESERVATION_STEPS = ('fulfill_reservation', 'cancel_reservation', 'extend_reservation')
PURCHASE_STEPS = ('submit_purchase_order', 'confirm_purchase_order', 'receive_purchase_order', 'cancel_purchase_order')
TRANSFER_STEPS = ('ship_transfer', 'receive_transfer', 'close_transfer', 'cancel_transfer')
# What any call may meet: a deadlock, somebody who cancels it.
ANY = {'40P01', '57014'}
REFUSALS = collections.defaultdict(set, {
    'reserve_stock': {'IV001', 'IV005'}, 'adjust_stock': {'IV001'}, 'reserve_order': {'IV001'},
    'fulfill_reservation': {'IV001', 'IV002', 'IV003'}, 'cancel_reservation': {'IV002', 'IV003'},
    'extend_reservation': {'IV002', 'IV003'}, 'fulfill_order': {'IV002', 'IV003'}, 'cancel_order': {'IV002', 'IV003'},
    'plain_update': {'23514'}, 'create_transfer': {'IV001'}, 'transfer_stock': {'IV001'},
    'ship_transfer': {'IV001', 'IV002', 'IV003'}, 'receive_transfer': {'IV002', 'IV003', '22023'},
    'close_transfer': {'IV002', 'IV003'}, 'cancel_transfer': {'IV002', 'IV003'},
    'submit_purchase_order': {'IV002', 'IV003'}, 'confirm_purchase_order': {'IV002', 'IV003'},
    'late_entry': {'IV001', 'IV002'}, 'close_period': {'IV002'}, 'reopen_period': {'IV002'},
    'make_ledger_partitions': {'55P03'}, 'retire_movements': {'55P03'}, 'alter_job': {'IV003'}, 'unschedule_job': {'IV003'}, 'revoke_access': {'IV002'},
    'receive_purchase_order': {'IV002', 'IV003', '22023'}, 'cancel_purchase_order': {'IV002', 'IV003'},
    'record_count': {'IV001'}, 'import_load': {'22023', '23505', '23514'}, 'acknowledge_notification': {'IV003'},
})


def noon_of(day):
    """Microseconds of the server's clock."""
    return int(datetime.datetime.fromisoformat(date_of(day) + 'T12:00+00:00').timestamp()) * 1000000


class Checker:
    """offset: nanoseconds between the wall clock, which the server goes by, and the
    monotonic one of the clients."""

    def __init__(self, transactions, tables, offset):
        self.transactions = list(transactions)
        self.tables = tables
        self.offset = offset
        self.violations = []      # (sentence, excerpt)
        self.figures = collections.Counter()
        self.by_function = collections.defaultdict(collections.Counter)
        self.of_item = collections.defaultdict(list)     # item -> committed operations in order

    def check(self):
        """Everything. True when nothing is wrong."""
        self.index()
        self.settle()
        self.order()
        self.replay()
        self.check_real_time()
        self.check_leftovers()
        self.check_end()
        self.check_ledger()
        self.check_transfers()
        self.judge_all()
        return not self.violations

    # Telling.

    def bad(self, sentence, transaction=None, operation=None, item=None):
        excerpt = []
        if transaction is not None:
            excerpt.append(f'transaction {transaction.label} ({transaction.isolation}, {transaction.end}), '
                           f'asked {self.wall(transaction.asked)}, answered {self.wall(transaction.answered)}, '
                           f'committed {transaction.committed_at}')
        if operation is not None:
            excerpt.append(f'  {operation}')
        self.violations.append((sentence, excerpt, item, operation))

    def report(self, file=sys.stdout, most=5):
        """The first violations, each with what happened to its item around it."""
        for sentence, excerpt, item, operation in self.violations[:most]:
            print(f'VIOLATION: {sentence}', *excerpt, sep='\n  ', file=file)
            if item is not None:
                print(f'    product {item[0]} in warehouse {item[1]} around it, in the order of commits:', file=file)
                for line in self.around(item, operation):
                    print(f'      {line}', file=file)
        if len(self.violations) > most:
            print(f'... and {len(self.violations) - most} more', file=file)

    def around(self, item, operation, width=4):
        """The operations on an item before and after one, with the levels they left."""
        entries = self.of_item[item]
        at = next((i for i, entry in enumerate(entries) if operation is not None and entry[1] is operation), None)
        if at is None:
            when = self.wall(operation.answered) if operation is not None else FOREVER
            at = bisect.bisect_right([entry[0] for entry in entries], when)
        for when, done, level in entries[max(0, at - width):at + width + 1]:
            yield f'{when} {done} | on hand {level[0]}, reserved {level[1]}, version {level[2]}'

    def wall(self, monotonic):
        """Microseconds of the server's clock."""
        return (monotonic + self.offset) // 1000

    # Preparing.

    def index(self):
        tables = self.tables
        self.marks = collections.defaultdict(list)
        for label, answer, committed, xid in tables['marks']:
            self.marks[label].append((answer, committed, xid))
        self.moved_by = collections.defaultdict(list)
        for row in tables['movements']:
            self.moved_by[row[9]].append(row)
        self.created, self.closings, self.made_by = {}, collections.defaultdict(list), collections.defaultdict(list)
        for row in tables['reservations']:
            self.created[row[0]] = row[8]
            self.made_by[row[11]].append(row[0])
            if row[12] is not None:
                self.closings[row[12]].append((row[0], row[10]))
        self.notified = {row[0]: row[1] for row in tables['notifications']}
        self.labels = {o.label for t in self.transactions for o in t.operations}
        self.late = {o.label: noon_of(o.arguments[-1]) for t in self.transactions for o in t.operations if o.function == 'late_entry'}

    def settle(self):
        """What became of each transaction: its mark tells."""
        known = set()
        for transaction in self.transactions:
            known.add(transaction.label)
            marks = self.marks.get(transaction.label, ())
            if len(marks) > 1:
                self.bad('a transaction was committed more than once', transaction)
            if transaction.end == COMMITTED and not marks:
                self.bad('an acknowledged transaction is not there', transaction)
            if transaction.end in (ROLLED_BACK, BROKEN) and marks:
                self.bad('a transaction that failed is there', transaction)
            if transaction.end == UNKNOWN:
                self.figures['unknown, and committed' if marks else 'unknown, and not committed'] += 1
            if not marks:
                continue
            answer, transaction.committed_at, _ = marks[0]
            if transaction.end == UNKNOWN and answer is not None:
                transaction.operations[0].answer = answer
            elif answer is not None and transaction.operations[0].answer != answer:
                self.bad(f'the answer was {transaction.operations[0].answer}, and the mark says {answer}', transaction)
        for label in self.marks.keys() - known:
            self.bad(f'there is a mark "{label}" that no client asked for')

    def order(self):
        """The committed transactions in their order, those of the worker among them."""
        committed = [t for t in self.transactions if t.committed_at is not None]
        xids = {t.label: self.marks[t.label][0][2] for t in committed}
        committed += self.background()
        self.ordered = sorted(committed, key=lambda t: (t.committed_at, xids.get(t.label, 0)))
        self.figures['committed transactions'] = len(committed)

    def background(self):
        """What no client asked for and is no fault: reservations that the worker expired,
        and what its job brought in, by the transactions that did it."""
        closings, moves = collections.defaultdict(list), collections.defaultdict(list)
        for row in self.tables['reservations']:
            if row[12] is not None and row[12] not in self.labels and row[10] == 'EXPIRED':
                closings[row[13]].append((row[0], 'EXPIRED'))
        for row in self.moved_by.pop(WORKER, ()):
            moves[row[12]].append(row)
        for at in closings.keys() | moves.keys():
            label = f'worker at {at}'
            self.closings[label] = closings[at]
            self.moved_by[label] = moves[at]
            self.labels.add(label)
            asked = at * 1000 - self.offset
            # Nobody was told of it, so it may be seen at any time after it was stamped.
            told = FOREVER * 1000 - self.offset
            operation = Operation(label, 'background', [[row[1:5] + (row[7],) for row in moves[at]]], asked, told, [])
            transaction = Transaction(label, 'rc', COMMITTED, asked, told, [operation])
            transaction.committed_at = at
            self.figures['reservations that the worker expired'] += len(closings[at])
            self.figures['movements of the worker'] += len(moves[at])
            yield transaction

    # The replay.

    def replay(self):
        holds = {(row[0], row[1]): row[8] for row in self.tables['transfer_lines']}
        self.model = model.Model(self.closings, self.created, holds, *self.replenished(), self.bad)
        self.done = set()
        for transaction in self.ordered:
            told = self.wall(transaction.answered) if transaction.end == COMMITTED else FOREVER
            self.model.begin(transaction, self.wall(transaction.asked), told)
            for operation in transaction.operations:
                if operation.answer is not None and not operation.undone:
                    self.replay_operation(transaction, operation)
            self.model.end()

    def replenished(self):
        """The purchase orders and transfers that each label made, as the model takes them."""
        lines = collections.defaultdict(list)
        for po_id, line_no, product, quantity, _ in sorted(self.tables['purchase_lines']):
            lines[po_id].append([line_no, product, quantity, 0])
        drafts = collections.defaultdict(list)
        for row in self.tables['purchases']:
            drafts[row[3]].append((row[0], row[1], lines[row[0]]))
        asked = collections.defaultdict(list)
        for row in sorted(self.tables['transfer_lines'], key=lambda row: row[:2]):
            asked[row[0]].append({'product_id': row[2], 'qty': row[3]})
        proposals = collections.defaultdict(list)
        for row in self.tables['transfers']:
            proposals[row[4]].append((row[0], row[1], row[2], asked[row[0]]))
        return drafts, proposals

    def replay_operation(self, transaction, operation):
        m = self.model
        touched_before, m.touched = m.touched, {}
        versions = {}
        self.done.add(operation.label)
        try:
            moves = m.apply(operation, self.wall(operation.asked))
        except (LookupError, TypeError, ValueError) as error:
            self.bad(f'the answer fits no operation: {error!r}', transaction, operation)
            moves = m.moves
        for key, item in m.touched.items():
            self.of_item[key].append((transaction.committed_at, operation, (item.on_hand, item.reserved, item.version)))
            versions[key] = item
        m.touched.update(touched_before)
        self.compare_moves(transaction, operation, moves, versions)

    def compare_moves(self, transaction, operation, moves, items):
        """The movements of the model are those in the ledger, with the versions that come
        next."""
        rows = self.moved_by.get(operation.label, ())
        if not rows and not moves:
            return
        if sorted(moves, key=repr) != sorted(((r[1], r[2], r[3], r[4], r[7], r[8]) for r in rows), key=repr):
            item = (moves or [(rows and rows[0][1:3])])[0]
            self.bad(f'its movements are {[r[1:5] + r[6:9] for r in rows]}, and have to be {moves}', transaction, operation,
                     tuple(item[:2]) if item else None)
            return
        for key, item in items.items():
            mine = sorted((r for r in rows if (r[1], r[2]) == key), key=lambda r: r[6])
            if not mine:
                continue
            first = item.version - len(mine) + 1
            if [r[6] for r in mine] != list(range(first, item.version + 1)):
                self.bad(f'its movements have the versions {[r[6] for r in mine]}, and come {first}th', transaction, operation, key)
            elif mine[-1][5] != item.on_hand:
                self.bad(f'its movement left {mine[-1][5]}, and has to leave {item.on_hand}', transaction, operation, key)
        for row in rows:
            if row[12] != transaction.committed_at:
                self.bad(f'movement {row[0]} was committed at {row[12]}, its transaction at {transaction.committed_at}',
                         transaction, operation, row[1:3])

    def check_real_time(self):
        """Nobody comes before one that had its answer before he asked."""
        first = None              # of those later in the order, who had his answer first
        for transaction in reversed(self.ordered):
            if first is not None and first.answered < transaction.asked - SLACK * 1000:
                self.bad(f'{transaction.label} comes before {first.label} in the order, which was answered before it was asked', transaction)
            if transaction.end == COMMITTED and (first is None or transaction.answered < first.answered):
                first = transaction

    def check_leftovers(self):
        """Nothing in the tables was made by a call that failed, or that nobody made."""
        named = (('a movement', self.moved_by), ('a reservation', self.made_by),
                 ('a closed reservation', {k: v for k, v in self.closings.items() if k in self.labels}),
                 ('a purchase order', self.performers('purchases', 3, 4, 5, 6)),
                 ('a transfer', self.performers('transfers', 4, 5, 6, 7)),
                 ('a count', self.performers('counts', 11, 12)),
                 ('a closing', self.performers('closings', 1, 2)))
        for what, performers in named:
            for label, rows in performers.items():
                if label not in self.done:
                    self.bad(f'{what} was made by {label}, which failed, was rolled back, or never asked: {rows[0]}')

    def performers(self, table, *columns):
        found = collections.defaultdict(list)
        for row in self.tables[table]:
            for column in columns:
                if row[column] is not None:
                    found[row[column]].append(row)
        return found

    # The end.

    def compare(self, what, actual, expected, item=None):
        """Two dictionaries by key."""
        for key in actual.keys() | expected.keys():
            if actual.get(key) != expected.get(key):
                self.bad(f'{what} {key} is {actual.get(key)}, and has to be {expected.get(key)}', item=item and item(key))

    def check_end(self):
        m, tables = self.model, self.tables
        self.compare('item', {r[:2]: r[2:] for r in tables['items']},
                     {key: (i.on_hand, i.reserved, i.available, i.version) for key, i in m.items.items() if i.exists},
                     item=lambda key: key)
        self.compare('reservation', {r[0]: r[1:8] + r[10:13] for r in tables['reservations']},
                     {r.id: (r.product, r.warehouse, r.quantity, r.fulfilled, r.status, r.type, r.reference, r.reason, r.made_by,
                             self.closer(r)) for r in m.reservations.values()})
        self.compare('purchase order', {r[0]: r[1:3] for r in tables['purchases'] if r[3] in self.done},
                     {d.id: (d.destination, d.status) for d in m.purchases.values()})
        self.compare('line of purchase order', {r[:2]: r[2:] for r in tables['purchase_lines'] if r[0] in m.purchases},
                     {(d.id, line[0]): tuple(line[1:]) for d in m.purchases.values() for line in d.lines})
        self.compare('transfer', {r[0]: r[1:4] for r in tables['transfers'] if r[4] in self.done},
                     {d.id: (d.source, d.destination, d.status) for d in m.transfers.values()})
        self.compare('line of transfer', {r[:2]: r[2:] for r in tables['transfer_lines'] if r[0] in m.transfers},
                     {(d.id, line[0]): tuple(line[1:]) for d in m.transfers.values() for line in d.lines})
        self.compare('count', {r[0]: (r[1], r[2], r[6], r[9], r[5], r[7]) for r in tables['counts'] if r[0] in m.counts},
                     {id: tuple(count) for id, count in m.counts.items()})
        planned = collections.Counter(r[3] for r in tables['counts'] if r[4] is not None)
        self.compare('counts planned for', {day: n for day, n in planned.items() if day in m.planned},
                     {day: n for day, n in m.planned.items() if n or day in planned})
        self.compare('key', {key: ids for key, ids in tables['keys']}, {key: ids for key, (_, ids, _) in m.keys.items()})
        self.compare('notification', {r[0]: r[2] for r in tables['notifications'] if r[2] is not None}, m.acknowledged)
        self.compare('closings of', collections.Counter(tables['closings']),
                     collections.Counter((date_of(day), *by) for day, *by in m.books))
        self.compare('job', {name: True for name, in tables['jobs']}, {name: True for name, job in m.jobs.items() if job.value})
        self.check_receipts()
        self.check_demand()
        for row in tables['problems']:
            self.bad(f'verify_ledger() says {row}')

    def closer(self, r):
        """The worker has no label in the tables."""
        if r.closed_by is not None and r.closed_by.startswith('worker at '):
            return next(row[12] for row in self.tables['reservations'] if row[0] == r.id)
        return r.closed_by

    def check_receipts(self):
        """Each line of a purchase order has got what its receipts say, and each receipt
        has its movement."""
        movements = {row[0]: row for row in self.tables['movements'] if row[3] == 'PURCHASE'}
        came = collections.Counter()
        for po_id, line_no, quantity, movement_id in self.tables['receipts']:
            came[po_id, line_no] += quantity
            row = movements.get(movement_id)
            if row is None or (row[4], row[7]) != (quantity, str(po_id)):
                self.bad(f'the receipt of purchase order {po_id}, line {line_no}, is movement {row}')
        for row in self.tables['purchase_lines']:
            if came[row[0], row[1]] != row[4]:
                self.bad(f'line {row[:2]} has {row[4]} received, and receipts of {came[row[0], row[1]]}')

    def check_demand(self):
        """What was read movement by movement, in any number of refreshes, is their sum."""
        sold = collections.Counter()
        for row in self.tables['movements']:
            if row[3] in ('SALE', 'RETURN'):
                sold[row[1:3]] -= row[4]
        sold = {key: quantity for key, quantity in sold.items() if quantity}
        for name, what in (('demand', 'demand of item'), ('demand_sums', 'demand in the window of item')):
            self.compare(what, {row[:2]: row[2] for row in self.tables[name] if row[2]}, sold, item=lambda key: key)

    def check_ledger(self):
        """The ledger by itself: versions without gaps, times that increase, levels that
        follow, never below 0; sums by type are the levels."""
        chains = collections.defaultdict(list)
        for row in self.tables['movements']:
            chains[row[1:3]].append(row)
        sums = collections.Counter()
        for key, rows in chains.items():
            rows.sort(key=lambda row: row[6])
            level, before = 0, 0
            for version, row in enumerate(rows, 1):
                level += row[4]
                sums[key] += row[4]
                if row[6] != version or row[5] != level or level < 0 or row[10] <= before or row[11] != self.late.get(row[9], row[10]):
                    self.bad(f'movement {row} does not follow on version {version - 1}, level {level - row[4]}', item=key)
                before = row[10]
        for row in self.tables['items']:
            if row[2] != sums[row[:2]] or row[4] != row[2] - row[3] or not 0 <= row[3] <= row[2]:
                self.bad(f'item {row} has movements of {sums[row[:2]]}', item=row[:2])
        held = collections.Counter()
        for row in self.tables['reservations']:
            if row[5] == 'ACTIVE':
                held[row[1:3]] += row[3] - row[4]
        for row in self.tables['items']:
            if row[3] != held[row[:2]]:
                self.bad(f'item {row} has active reservations of {held[row[:2]]}', item=row[:2])

    def check_transfers(self):
        """What leaves arrives, comes back, is lost or is in transit, by document and by
        movement."""
        ends = {row[0]: row[1:4] for row in self.tables['transfers']}
        moved = collections.Counter()
        for row in self.tables['movements']:
            if row[3] in ('TRANSFER_IN', 'TRANSFER_OUT'):
                moved[row[7], row[1], row[2], row[3]] += row[4]
        for transfer, _, product, _, shipped, received, lost, returned, _ in self.tables['transfer_lines']:
            source, destination, status = ends[transfer]
            transit = shipped - received - lost - returned
            if transit < 0 or (transit and status != 'IN_TRANSIT'):
                self.bad(f'transfer {transfer}, {status}, has {transit} of product {product} in transit')
            moved[str(transfer), product, source, 'TRANSFER_OUT'] += shipped
            moved[str(transfer), product, destination, 'TRANSFER_IN'] -= received
            moved[str(transfer), product, source, 'TRANSFER_IN'] -= returned
        for key, difference in moved.items():
            if difference:
                self.bad(f'the movements of transfer {key} and its lines differ by {difference}')

    # Refusals and reads.

    def judge_all(self):
        for transaction in self.transactions:
            changed = False
            for operation in transaction.operations:
                self.count(transaction, operation)
                if operation.sqlstate is not None:
                    self.judge(transaction, operation, changed)
                elif operation.answer is None:
                    continue
                elif operation.function == 'read_level':
                    if not changed:
                        self.judge_read(transaction, operation)
                elif operation.function == 'run_replenishment' and operation.label in self.done and not changed:
                    self.judge_drafts(transaction, operation)
                    changed = True
                else:
                    if (transaction.committed_at is None or operation.undone) and not changed:
                        self.judge_undone(transaction, operation)
                    changed = True

    def count(self, transaction, operation):
        outcome = ('refused' if operation.sqlstate else
                   'unknown' if transaction.end == UNKNOWN else
                   'no answer' if operation.answer is None else
                   'undone' if operation.undone or transaction.end in (ROLLED_BACK, BROKEN) else 'done')
        self.by_function[operation.function][outcome] += 1
        self.figures['operations'] += operation.function != 'commit'
        if operation.sqlstate:
            self.figures[f'refused with {operation.sqlstate}'] += 1

    def window(self, transaction, operation):
        """When it looked, in microseconds; above READ COMMITTED from the snapshot on. A
        server whose client is gone may look later, until it commits."""
        began = operation.asked if transaction.isolation == 'rc' else transaction.asked
        ended = self.wall(operation.answered)
        if transaction.end == UNKNOWN and transaction.committed_at is not None:
            ended = max(ended, transaction.committed_at)
        return self.wall(began) - SLACK, ended + SLACK

    def levels(self, key, window):
        """The levels of an item that somebody could see in a window. The commit of a level
        is stamped before others see it, so the one before counts until its client was
        told."""
        item = self.model.items.get(key)
        if item is None:
            return [(0, 0, 0)]
        last = bisect.bisect_right(item.since, window[1]) - 1
        seen = []
        while last >= 0:
            seen.append(item.levels[last])
            if item.told[last] < window[0]:
                return seen
            last -= 1
        return seen + [(0, 0, 0)]

    def judge(self, transaction, operation, changed):
        state, function = operation.sqlstate, operation.function
        if state == '40001' or (state, function) == ('25001', 'retire_movements'):
            if transaction.isolation == 'rc':
                self.bad(f'{state} at READ COMMITTED', transaction, operation)
            return
        if state in ANY:
            return
        if state not in REFUSALS[function]:
            self.bad('an error that there is no reason for', transaction, operation)
            return
        if changed:
            self.figures['refusals after a change in the same transaction, not judged further'] += 1
            return
        self.figures['refusals judged'] += 1
        window = self.window(transaction, operation)
        reason = getattr(self, 'why_' + state)(operation, window, *operation.arguments)
        if reason is not None:
            sentence, item = reason
            self.bad(f'refused with {state}, but {sentence}', transaction, operation, item)

    # why_...: None when there was reason to refuse, else (what there was, item).

    def why_IV001(self, operation, window, *arguments):
        found = FIGURES.search(operation.detail)
        if not found:
            return 'without figures', None
        available, requested = int(found[1]), int(found[2])
        if available >= requested:
            return 'that much was available', None
        if operation.function == 'fulfill_reservation':
            r = self.model.reservations.get(arguments[0])
            lefts = [r.quantity - fulfilled for at, fulfilled, _ in r.states if at <= window[1]] if r else []
            return None if requested == arguments[1] and available in lefts else (f'it had {lefts} left', None)
        wanted = list(self.wanted(operation, arguments))
        seen = set()
        for taken, quantity in wanted:
            if quantity is not None and quantity != requested:
                continue
            for on_hand, free in self.frees(taken, window):
                if arguments[-1] == 'cancel_newest':
                    free = on_hand
                seen.add(free)
                if free == available or (any(key[0] == EXPIRING_PRODUCT for key in taken) and free <= available <= on_hand):
                    return None
        return f'{sorted(seen)} were available then', next(iter(wanted[0][0]))

    def frees(self, taken, window):
        """(on hand, available) of some items together, less what the call took itself of
        each before, at each moment of a window."""
        if len(taken) == 1:
            (key, before), = taken.items()
            return [(level[0], max(level[0] - level[1] - before, 0)) for level in self.levels(key, window)]
        moments = {window[0], window[1]}
        for key in taken:
            item = self.model.items.get(key)
            if item is not None:
                # The one before counts until the client was told of the commit, as for levels().
                last = bisect.bisect_right(item.since, window[1]) - 1
                while last >= 0 and (item.since[last] >= window[0] or item.told[last] >= window[0]):
                    moments.update((item.since[last], item.since[last] - 1))
                    last -= 1
        sums = []
        for moment in moments:
            on_hand = free = 0
            for key, before in taken.items():
                item = self.model.items.get(key)
                last = bisect.bisect_right(item.since, moment) - 1 if item is not None else -1
                if last >= 0:
                    on_hand += item.levels[last][0]
                    free += max(item.levels[last][0] - item.levels[last][1] - before, 0)
            sums.append((on_hand, free))
        return sums

    def wanted(self, operation, arguments):
        """({item: what the call took of it before}, quantity): what an operation may have
        been refused for. quantity None: not known beforehand."""
        function = operation.function
        if function == 'reserve_stock':
            yield {tuple(arguments[:2]): 0}, arguments[2]
        elif function in ('adjust_stock', 'late_entry'):
            yield {tuple(arguments[:2]): 0}, -arguments[2]
        elif function == 'transfer_stock':
            yield {(arguments[0], arguments[1]): 0}, arguments[3]
        elif function == 'record_count':
            yield {tuple(arguments[:2]): 0}, None
        elif function == 'create_transfer':
            before = collections.Counter()
            for line in arguments[2]:
                key = (line['product_id'], arguments[0])
                yield {key: before[key]}, line['qty']
                before[key] += line['qty']
        elif function == 'ship_transfer':
            # A line whose hold was cancelled takes what is available; which ones were then
            # is not known.
            transfer = self.model.transfers[arguments[0]]
            before = collections.defaultdict(lambda: {0})
            for line in transfer.lines:
                key = (line[1], transfer.source)
                for taken in before[key]:
                    yield {key: taken}, line[2]
                before[key] |= {taken + line[2] for taken in before[key]}
        elif function == 'reserve_order':
            yield from self.wanted_of_order(arguments[1])

    def wanted_of_order(self, lines):
        named, anywhere = collections.Counter(), collections.Counter()
        for line in lines:
            if 'warehouse_id' in line:
                named[line['product_id'], line['warehouse_id']] += line['quantity']
            else:
                anywhere[line['product_id']] += line['quantity']
        for key, quantity in named.items():
            yield {key: 0}, quantity
        for product, quantity in anywhere.items():
            yield {key: named[key] for key in [k for k in self.model.items if k[0] == product] or [(product, 1)]}, quantity

    def why_IV002(self, operation, window, *arguments):
        function = operation.function
        if function == 'revoke_access':
            return None
        if function in ('late_entry', 'close_period', 'reopen_period'):
            ends = [value for _, value, _ in self.states(self.model.closed, window)]
            is_closed = [arguments[-1] <= end for end in ends]
            return None if function == 'reopen_period' and not all(is_closed) or function != 'reopen_period' and any(is_closed) else \
                (f'all through {ends} was closed', None)
        if function in RESERVATION_STEPS:
            return self.why_closed([arguments[0]], window)
        if function in ('fulfill_order', 'cancel_order'):
            ids, _, _ = self.model.orders.get(arguments[0], ((), 0, 0))
            if 'expired' in operation.detail:
                return None if any(self.why_closed([id], window) is None for id in ids) else ('none had expired', None)
            return self.why_closed(ids, window)
        documents = self.model.purchases if function in PURCHASE_STEPS else self.model.transfers
        document = documents.get(arguments[0])
        told = STATE.search(operation.detail)
        if document is None or told is None:
            return 'there was no such document', None
        states = self.states(document, window)
        return None if told[1] in [state for _, state, _ in states] else (f'it was {states}', None)

    def why_closed(self, ids, window):
        """Were all of these reservations closed, or had expired, by the end of a window?"""
        for id in ids:
            r = self.model.reservations.get(id)
            if r is None:
                return f'there was no reservation {id}', None
            if not (r.closed is not None and r.closed <= window[1]) and \
                    not any(expires is not None and expires <= window[1] for expires in r.expiries):
                return f'reservation {id} was ACTIVE', (r.product, r.warehouse)
        return None

    def states(self, document, window):
        """The states of a document in a window."""
        last = bisect.bisect_right([state[0] for state in document.states], window[1])
        first = bisect.bisect_right([state[0] for state in document.states], window[0])
        return document.states[max(first - 1, 0):last]

    def why_IV003(self, operation, window, *arguments):
        if operation.function in ('alter_job', 'unschedule_job'):
            states = self.model.jobs[arguments[0]].states
            last = bisect.bisect_right([state[0] for state in states], window[1])
            # What comes after it is not seen before its client is told.
            missing = [i for i in range(last) if not states[i][1] and (i + 1 == len(states) or states[i + 1][2] >= window[0])]
            return None if missing else ('it was there', None)
        if operation.function == 'acknowledge_notification':
            order = self.model.purchases.get(self.notified.get(arguments[0]))
            return None if order is None or order.known >= window[0] else ('it was there', None)
        if operation.function in ('fulfill_order', 'cancel_order'):
            _, _, told = self.model.orders.get(arguments[0], ((), 0, FOREVER))
            return None if told >= window[0] else ('the order was there', None)
        if operation.function in RESERVATION_STEPS:
            r = self.model.reservations.get(arguments[0])
            return None if r is None or r.known >= window[0] else ('the reservation was there', (r.product, r.warehouse))
        documents = self.model.purchases if operation.function in PURCHASE_STEPS else self.model.transfers
        document = documents.get(arguments[0])
        if document is None or document.known >= window[0]:
            return None
        products = {line[1] for line in document.lines}
        unknown = [line for lines in arguments[1:] for line in lines or () if line['product_id'] not in products]
        return None if unknown else ('it was there', None)

    def why_IV005(self, operation, window, *arguments):
        first = self.model.keys.get(arguments[-1])
        if first is None or first[0] == arguments[:-1] or first[2] > window[1]:
            return f'the key was used with {first}', None
        return None

    def why_23514(self, operation, window, *arguments):
        if operation.function == 'import_load':
            return self.why_not_loaded(window, *arguments)
        product, warehouse, delta, _ = arguments
        keys = [key for key in self.model.items if key[0] == product and warehouse in (None, key[1])]
        for key in keys:
            if any(level[0] + delta < level[1] for level in self.levels(key, window)):
                return None
        return 'the level allowed it', keys[0] if keys else None

    def why_55P03(self, operation, window):
        """Somebody used the ledger for three seconds."""
        return None if window[1] - window[0] >= LOCK_WAIT else ('it did not wait', None)

    def why_23505(self, operation, window, mode, lines):
        return self.why_not_loaded(window, 'error', lines)

    def why_not_loaded(self, window, mode, lines):
        """Was one of the levels there, or is what is reserved more than the line says?"""
        for product, warehouse, quantity in lines:
            item = self.model.items.get((product, warehouse))
            if mode == 'error' and item is not None and item.since and item.since[0] <= window[1]:
                return None
            if mode == 'update' and any(level[1] > quantity for level in self.levels((product, warehouse), window)):
                return None
        return 'there was nothing against it', tuple(lines[0][:2])

    def why_22023(self, operation, window, *arguments):
        if operation.function == 'import_load':
            return self.why_not_loaded(window, *arguments)
        id, lines = arguments
        documents = self.model.purchases if operation.function in PURCHASE_STEPS else self.model.transfers
        found = OPEN.search(operation.detail)
        if not found:
            return 'without figures', None
        product, quantity = lines[0]['product_id'], lines[0]['qty']
        opens = [sum(model.open_of(line) for line in rows if line[1] == product) for _, _, rows in self.states(documents[id], window)]
        if int(found[1]) in opens and int(found[1]) < quantity == int(found[2]):
            return None
        return f'{opens} were open', None

    def judge_read(self, transaction, operation):
        """A level that was read without a lock was current then."""
        self.figures['reads judged'] += 1
        told = operation.answer[0] if operation.answer else [0, 0, 0, 0]
        levels = self.levels(tuple(operation.arguments), self.window(transaction, operation))
        if (told[0], told[1], told[3]) not in levels or told[2] != told[0] - told[1]:
            self.bad(f'it read {told}, and the levels were {levels}', transaction, operation, tuple(operation.arguments))

    def judge_drafts(self, transaction, operation):
        """What was ordered was low then, and what is missing is ordered at least."""
        window = self.window(transaction, operation)
        for po_id, _, lines in self.model.drafts.get(operation.label, ()):
            entries = {row[1]: row[2:] for row in self.tables['ordered'] if row[0] == po_id}
            for _, product, quantity, _ in lines:
                warehouse, available, point, logged = entries.get(product, (None, 0, 0, None))
                key = product, warehouse
                self.figures['lines of drafts judged'] += 1
                if logged != quantity or available >= point or quantity < point - available:
                    self.bad(f'{quantity} of product {product} were ordered, and the log says {entries.get(product)}', transaction, operation, key)
                elif available not in [level[0] - level[1] for level in self.levels(key, window)]:
                    self.bad(f'{available} were available to it, which was never so', transaction, operation, key)

    def judge_undone(self, transaction, operation):
        """A movement that was taken back followed on a level that was."""
        if operation.function not in ('receive_stock', 'return_stock', 'adjust_stock', 'late_entry'):
            self.figures['answers of calls that were undone, not judged'] += 1
            return
        self.figures['answers of calls that were undone, judged'] += 1
        product, warehouse, quantity, on_hand, version = operation.answer[0]
        levels = self.levels((product, warehouse), self.window(transaction, operation))
        if (on_hand - quantity, version - 1) not in [(level[0], level[2]) for level in levels]:
            self.bad(f'its movement followed on none of {levels}', transaction, operation, (product, warehouse))


def spoil(kind, transactions, tables, dice):
    """Changes a good history in one place, as a fault would; returns what was done."""
    committed = [t for t in transactions if t.end == COMMITTED]
    if kind == 'drop a movement':
        row = tables['movements'].pop(dice.randrange(len(tables['movements'])))
        return f'movement {row[0]} is gone'
    if kind == 'double a movement':
        row = dice.choice(tables['movements'])
        tables['movements'].append((max(r[0] for r in tables['movements']) + 1,) + row[1:])
        return f'movement {row[0]} is there twice'
    if kind == 'drop a reservation':
        row = tables['reservations'].pop(dice.randrange(len(tables['reservations'])))
        return f'reservation {row[0]} is gone'
    if kind == 'lose a commit':
        row = tables['marks'].pop(dice.randrange(len(tables['marks'])))
        return f'the mark of {row[0]} is gone'
    if kind == 'keep what was rolled back':
        failed = dice.choice([t for t in transactions if t.end == ROLLED_BACK])
        tables['marks'].append((failed.label, None, tables['marks'][-1][2], tables['marks'][-1][3]))
        return f'{failed.label} was rolled back and is there'
    if kind == 'change an answer':
        operation = dice.choice([t.operations[0] for t in committed if t.operations and t.operations[0].function in
                                 ('receive_stock', 'reserve_stock') and t.operations[0].answer and not t.operations[0].undone])
        column = 4 if operation.function == 'receive_stock' else 3
        operation.answer[0][column] += 1
        tables['marks'] = [(label, [operation.answer[0]] if answer is not None and label + '.0' == operation.label else answer, *rest)
                           for label, answer, *rest in tables['marks']]
        return f'the answer of {operation.label}'
    if kind == 'refuse without reason':
        operation = dice.choice([o for t in transactions for o in t.operations[:1] if o.sqlstate == 'IV001'
                                 and o.function == 'reserve_stock' and o.arguments[0] != EXPIRING_PRODUCT])
        operation.detail = f'Available: -1, requested: {operation.arguments[2]}.'
        return f'the refusal of {operation.label}'
    if kind == 'answer before asking':
        last = max(committed, key=lambda t: t.answered)
        last.asked, last.answered = last.asked - 10**12, last.answered - 10**12
        return f'the times of {last.label}'
    if kind == 'change a level':
        i = dice.randrange(len(tables['items']))
        row = tables['items'][i]
        tables['items'][i] = row[:2] + (row[2] + 1, row[3], row[4] + 1, row[5])
        return f'the level of {row[:2]}'
    if kind == 'forget a sale':
        i = dice.randrange(len(tables['demand']))
        row = tables['demand'][i]
        tables['demand'][i] = row[:2] + (row[2] - 1,)
        return f'the demand of {row[:2]}'
    raise ValueError(kind)


SPOILS = ('drop a movement', 'double a movement', 'drop a reservation', 'lose a commit', 'keep what was rolled back',
          'change an answer', 'refuse without reason', 'answer before asking', 'change a level', 'forget a sale')


def read_offset(folder):
    """The offset of the clocks; raises when one of them was set meanwhile."""
    with open(os.path.join(folder, 'clock')) as file:
        offsets = [int(line) for line in file]
    if max(offsets) - min(offsets) > 1000000:
        raise SystemExit('the clock of the machine was set while the clients worked; nothing can be said')
    return offsets[0]


def print_figures(checker):
    """A table by function, and the other figures."""
    columns = ('done', 'refused', 'undone', 'unknown', 'no answer')
    print('| function | ' + ' | '.join(columns) + ' |')
    print('|---' * (len(columns) + 1) + '|')
    for function in sorted(checker.by_function):
        print(f'| {function} | ' + ' | '.join(f'{checker.by_function[function][c]:,}' for c in columns) + ' |')
    print()
    for name, number in sorted(checker.figures.items()):
        print(f'{name}: {number:,}')


def main():
    parser = argparse.ArgumentParser(description='Checks the transcripts of a folder against a database.')
    parser.add_argument('folder')
    parser.add_argument('--dsn', required=True)
    parser.add_argument('--spoil', action='store_true', help='then spoil the history in each known way, and expect to see it')
    parser.add_argument('--seed', default='0')
    options = parser.parse_args()
    paths = glob.glob(os.path.join(options.folder, '*.transcript'))
    tables = observed.read(options.dsn)
    checker = Checker(transcript.read(paths), tables, read_offset(options.folder))
    good = checker.check()
    print_figures(checker)
    checker.report()
    print(f'violations: {len(checker.violations)}')
    if good and options.spoil:
        found = [spoiled(kind, paths, tables, options) for kind in SPOILS]
        print(f'{sum(found)} of {len(found)} faults that were made on purpose were found')
        good = all(found)
    sys.exit(0 if good else 1)


def spoiled(kind, paths, tables, options):
    """Is a history that is spoiled in this way found out?"""
    transactions = list(transcript.read(paths))
    copy = {name: list(rows) for name, rows in tables.items()}
    what = spoil(kind, transactions, copy, random.Random(f'{options.seed} {kind}'))
    checker = Checker(transactions, copy, read_offset(options.folder))
    checker.check()
    print(f'spoiled on purpose ({kind}: {what}): ' + (checker.violations[0][0] if checker.violations else 'NOT FOUND'))
    return bool(checker.violations)


if __name__ == '__main__':
    main()
