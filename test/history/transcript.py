"""What a client asked and what it was told, one transaction a line.

A session writes each transaction when it is over, so a file holds everything that
was answered. Times are nanoseconds of the machine's monotonic clock, which all
processes share.
"""
import json

# How a transaction ended, as its client knows it.
COMMITTED = 'committed'      # COMMIT, or the single call, was acknowledged
ROLLED_BACK = 'rolled back'  # the client rolled back, or had to after an error
UNKNOWN = 'unknown'          # the connection broke when it may have been committed
BROKEN = 'broken'            # it broke before COMMIT was sent


class Operation:
    """One call. Exactly one of answer (rows) and sqlstate is there, neither when the
    connection broke. undone: it was rolled back to a savepoint before it."""
    __slots__ = ('label', 'function', 'arguments', 'asked', 'answered', 'answer', 'sqlstate', 'detail', 'undone')

    def __init__(self, label, function, arguments, asked=0, answered=0, answer=None, sqlstate=None, detail=None,
                 undone=False):
        self.label = label
        self.function = function
        self.arguments = arguments
        self.asked = asked
        self.answered = answered
        self.answer = answer
        self.sqlstate = sqlstate
        self.detail = detail
        self.undone = undone

    def as_list(self):
        return [getattr(self, name) for name in self.__slots__]

    def __str__(self):
        told = 'no answer' if self.answer is None and self.sqlstate is None else \
            self.sqlstate + ' ' + (self.detail or '') if self.sqlstate else json.dumps(self.answer)
        return (f'{self.label} {self.function}({json.dumps(self.arguments)[1:-1]}) -> {told.strip()}'
                + (' (undone)' if self.undone else ''))


class Transaction:
    """label is what its mark in the database has. isolation: 'rc', 'rr' or 'sr'."""
    __slots__ = ('label', 'isolation', 'end', 'asked', 'answered', 'operations', 'committed_at')

    def __init__(self, label, isolation, end, asked, answered, operations):
        self.label = label
        self.isolation = isolation
        self.end = end
        self.asked = asked
        self.answered = answered
        self.operations = operations
        self.committed_at = None

    def line(self):
        return json.dumps([self.label, self.isolation, self.end, self.asked, self.answered,
                           [operation.as_list() for operation in self.operations]], separators=(',', ':')) + '\n'


def parse(line):
    """The transaction of a line."""
    label, isolation, end, asked, answered, operations = json.loads(line)
    return Transaction(label, isolation, end, asked, answered, [Operation(*o) for o in operations])


def read(paths):
    """All transactions of some files. A last line that a killed client left unfinished
    was told to nobody, and is left out."""
    for path in paths:
        with open(path) as file:
            for line in file:
                if line.endswith('\n'):
                    yield parse(line)
