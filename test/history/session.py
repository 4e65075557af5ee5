"""One client: draws operations, calls them, writes down what it was told."""
import os
import random
import socket
import threading
import time

import psycopg2
from psycopg2.extensions import make_dsn

import operations
from transcript import BROKEN, COMMITTED, ROLLED_BACK, UNKNOWN, Operation, Transaction

ISOLATION = {'rc': 'READ COMMITTED', 'rr': 'REPEATABLE READ', 'sr': 'SERIALIZABLE'}
CALLS = 4                        # most of them in a transaction
# The server says so when it ends a connection.
ENDED = ('57P01', '57P02', '57P03', '57P05')


class ConnectionBroken(Exception):
    """The connection is gone, and with it the answer."""


class Session:
    """A client with a connection of its own. Calls go to the server as one message each,
    outside of a transaction or within one. Each carries its label as performed_by, and
    each transaction leaves a mark, its label, in history.mark: whether that is there
    tells in the end what became of one that nobody heard of again."""

    def __init__(self, name, number, dsn, board, path, seed, first_order=0):
        self.name = name
        self.number = number
        # Every third session works without the fast path, against those that have it.
        settings = '-c client_min_messages=error' + (' -c inventory.fast_path=off' if number % 3 == 2 else '')
        self.dsn = make_dsn(dsn, application_name='history client', options=settings)
        self.board = board
        self.draws = operations.Draws(number, board)
        self.first_order = first_order
        self.dice = random.Random(f'{seed} {name}')
        self.file = open(path, 'w')
        self.connection = None
        self.asked = 0            # operations

    def run(self, limit, stop):
        """Asks until limit operations are asked, or stop is set."""
        n = 0
        while self.asked < limit and not stop.value:
            n += 1
            # What is drawn, and how orders are called, depends on n alone, not on what
            # became of the transactions before.
            self.draws.orders = self.first_order + n * CALLS
            dice = self.throw()
            throws = [self.throw() for _ in range(CALLS)]
            if dice[15] % 100 < 62:
                self.single(f'{self.name}.{n}', dice)
            else:
                self.several(f'{self.name}.{n}', dice, throws[:1 + dice[11] % CALLS])
        self.file.close()
        if self.connection is not None:
            self.connection.close()

    def throw(self):
        return [self.dice.getrandbits(24) for _ in range(operations.DICE)]

    # Transactions.

    def single(self, label, dice):
        """A call without BEGIN. One that has an idempotency key is made again until there
        is an answer."""
        self.draws.begin()
        call = self.draws.call(dice, f'{label}.0')
        if not call:
            return
        has_key = call.function in ('reserve_stock', 'reserve_order') and call.arguments[-1] is not None
        for attempt in range(1, 1000):
            suffix = '' if attempt == 1 else f'#{attempt}'
            if self.attempt(call, label + suffix, f'{label}.0{suffix}', dice[14] if attempt == 1 else 1) or not has_key:
                return

    def attempt(self, call, label, operation_label, die):
        """Makes a call with its mark; false when there was no answer."""
        self.connect()
        operation = Operation(operation_label, call.function, call.arguments)
        statement = self.preamble(operation_label, call, 'SET') + with_mark(call, label)
        end = COMMITTED
        try:
            self.ask(operation, call, statement, die)
        except ConnectionBroken:
            end = UNKNOWN
        if operation.sqlstate:
            end = ROLLED_BACK
        self.write(Transaction(label, 'rc', end, operation.asked, operation.answered, [operation]))
        if end == COMMITTED:
            self.post(call, operation)
        return end != UNKNOWN

    def several(self, label, dice, throws):
        """Some calls in a transaction of any isolation; some in a savepoint, which
        may be rolled back; and so may all of it."""
        self.connect()
        self.draws.begin()
        isolation = ('rc', 'rc', 'rr', 'sr')[dice[13] % 4]
        done = []                 # (call, operation)
        began = time.monotonic_ns()
        end = ROLLED_BACK
        try:
            self.send(f'BEGIN ISOLATION LEVEL {ISOLATION[isolation]}')
            if self.calls(label, throws, done) and dice[12] % 6:
                end = UNKNOWN     # from here on it may have been committed
                self.send(f"INSERT INTO history.mark VALUES ('{label}', NULL);COMMIT", dice[14])
                end = COMMITTED
            else:
                self.send('ROLLBACK')
        except ConnectionBroken:
            end = UNKNOWN if end == UNKNOWN else BROKEN
        except psycopg2.Error as error:
            # What SERIALIZABLE finds at the end.
            done.append((None, Operation(f'{label}.commit', 'commit', [], began, time.monotonic_ns(), sqlstate=error.pgcode,
                                         detail=str(error).strip())))
            end = ROLLED_BACK
            self.rollback()
        self.write(Transaction(label, isolation, end, began, time.monotonic_ns(), [operation for _, operation in done]))
        if end == COMMITTED:
            for call, operation in done:
                if operation.answer is not None and not operation.undone:
                    self.post(call, operation)

    def calls(self, label, throws, done):
        """The calls of a transaction; false when an error has aborted it."""
        for i, dice in enumerate(throws):
            operation_label = f'{label}.{i}'
            call = self.draws.call(dice, operation_label)
            if not call:
                continue
            saved = dice[15] % 3 == 0
            if saved:
                self.send('SAVEPOINT before')
            operation = Operation(operation_label, call.function, call.arguments)
            done.append((call, operation))
            self.ask(operation, call, self.preamble(operation_label, call, 'SET LOCAL') + plain(call), dice[14])
            if operation.sqlstate is not None:
                if not saved:
                    return False
                self.send('ROLLBACK TO before')
            elif saved and dice[15] // 3 % 3 == 0:
                operation.undone = True
                self.send('ROLLBACK TO before')
            elif call.posts in (operations.PURCHASE, operations.TRANSFER) and operation.answer:
                self.draws.made[call.posts] = operation.answer[0][0]
        return True

    # Statements.

    def preamble(self, label, call, how):
        # What an earlier call of the transaction set is not for this one.
        usual = '' if how == 'SET' else "SET LOCAL inventory.occurred_at = '';"
        return f"{how} inventory.performed_by = '{label}';{usual}{call.settings}"

    def ask(self, operation, call, statement, die):
        """Makes a call and notes what it was told, an error too."""
        self.asked += 1
        operation.asked = operation.answered = time.monotonic_ns()
        try:
            rows = self.send(statement, die)
            # A plain statement returns row by row, everything else one array of rows.
            operation.answer = [row[0] for row in rows] if is_plain(call, statement) else rows[0][0]
        except ConnectionBroken:
            raise
        except psycopg2.Error as error:
            operation.sqlstate = error.pgcode
            detail = error.diag.message_detail
            operation.detail = f'{error.diag.message_primary} {detail or ""}'.strip()
        finally:
            operation.answered = time.monotonic_ns()

    def send(self, statement, die=1):
        """Runs a message; the rows of its last statement. Once in a while the socket is
        closed while the server is at it."""
        if die % 400 == 0:
            self.cut_soon(die // 400 % 2500 / 1000000)
        try:
            cursor = self.connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            if self.connection.closed or error.pgcode is None or error.pgcode in ENDED:
                self.drop()
                raise ConnectionBroken() from None
            raise

    def cut_soon(self, seconds):
        """Closes the socket after a moment, as a network does."""
        handle = socket.socket(fileno=os.dup(self.connection.fileno()))

        def cut():
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass              # it was closed before
            handle.close()
        threading.Timer(seconds, cut).start()

    def rollback(self):
        try:
            self.send('ROLLBACK')
        except ConnectionBroken:
            pass

    def drop(self):
        try:
            self.connection.close()
        except psycopg2.Error:
            pass
        self.connection = None

    def connect(self):
        """Connects where there is no connection, for as long as it takes a server to be
        back."""
        last = time.monotonic() + 120
        while self.connection is None:
            try:
                self.connection = psycopg2.connect(self.dsn)
                self.connection.autocommit = True
            except psycopg2.Error:
                if time.monotonic() > last:
                    raise
                time.sleep(0.02)

    # What is told to others.

    def post(self, call, operation):
        if call.posts is None or not operation.answer:
            return
        if isinstance(call.posts, tuple):
            self.board.post(self.number, *call.posts)
        else:
            self.board.post(self.number, call.posts, operation.answer[0][0])

    def write(self, transaction):
        self.file.write(transaction.line())


def is_plain(call, statement):
    return call.statement is not None and not statement.endswith('RETURNING answer')


def with_mark(call, label):
    """The statement of a call that leaves a mark, with the answer, as it goes by."""
    if call.statement:
        return (f'WITH r AS ({call.statement} RETURNING {call.columns} AS told) '
                f"INSERT INTO history.mark SELECT '{label}', coalesce(jsonb_agg(told), '[]') FROM r RETURNING answer")
    return (f"INSERT INTO history.mark SELECT '{label}', coalesce(jsonb_agg({call.columns}), '[]') FROM {call.source} r "
            'RETURNING answer')


def plain(call):
    """The statement of a call as applications make it."""
    if call.statement:
        return f'{call.statement} RETURNING {call.columns}'
    return f"SELECT coalesce(jsonb_agg({call.columns}), '[]') FROM {call.source} r"
