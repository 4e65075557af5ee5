"""The load: a database to work in, sessions that work, and somebody who breaks their
connections."""
import contextlib
import multiprocessing
import os
import random
import sys
import time

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

import operations
from session import Session

NO_LIMIT = 1 << 60

PREPARE = f'''
CREATE EXTENSION inventory;
CREATE EXTENSION amcheck;
CREATE SCHEMA history;
CREATE TABLE history.mark (label text NOT NULL, answer jsonb);
INSERT INTO inventory.product (sku, name)
SELECT 'P' || g, 'Product ' || g FROM generate_series(1, {operations.HOT_PRODUCTS + operations.COLD_PRODUCTS}) g;
INSERT INTO inventory.warehouse (name, priority)
SELECT 'W' || g, g * 2 % {operations.WAREHOUSES} FROM generate_series(1, {operations.WAREHOUSES}) g;
INSERT INTO inventory.supplier (name) VALUES ('Supplier');
-- He is so near that the sales of a run do not make a large reorder point.
INSERT INTO inventory.product_supplier (product_id, supplier_id, is_preferred, lead_time_days)
SELECT product_id, 1, true, 0.01 FROM inventory.product;
CREATE ROLE guest;
CREATE ROLE clerk LOGIN;
SELECT inventory.grant_access('clerk', 'admin');
GRANT USAGE ON SCHEMA history TO clerk;
GRANT INSERT, SELECT ON history.mark TO clerk;
-- What the harness does by plain SQL and the access level has no part of.
GRANT UPDATE (expires_at) ON inventory.reservation TO clerk;
-- A table of somebody's own, whose foreign key locks the keys of items.
CREATE TABLE history.note (product_id bigint NOT NULL, warehouse_id bigint NOT NULL, FOREIGN KEY (product_id, warehouse_id) REFERENCES inventory.inventory_item (product_id, warehouse_id));
GRANT INSERT, SELECT ON history.note TO clerk;
'''


FIT = """SELECT current_setting('track_commit_timestamp') = 'on' AND current_setting('is_superuser') = 'on'
    AND to_regnamespace('inventory') IS NULL AND to_regnamespace('history') IS NULL AND to_regrole('clerk') IS NULL
    AND to_regrole('guest') IS NULL"""


def prepare(dsn, folder, seed):
    """Makes the catalogue, and the first stock, which is part of the transcript."""
    if not values(dsn, FIT)[0][0]:
        sys.exit('the database has to be empty, on a server with track_commit_timestamp = on and without the roles clerk and guest; '
                 'the user a superuser')
    execute(dsn, PREPARE)
    board = operations.Board(1)
    clerk = Session('setup', 0, client_dsn(dsn), board, os.path.join(folder, 'setup.transcript'), seed)
    for product in range(1, operations.HOT_PRODUCTS + operations.COLD_PRODUCTS, 2):
        for warehouse in range(1, operations.WAREHOUSES):
            label = f'setup.{product}-{warehouse}'
            call = operations.Call('receive_stock', [product, warehouse, 20],
                                   f"inventory.receive_stock({product}, {warehouse}, 20, '{label}.0')", operations.MOVEMENT_COLUMNS)
            clerk.attempt(call, label, f'{label}.0', 1)
    clerk.run(0, multiprocessing.Value('b', 1))
    execute(dsn, 'UPDATE inventory.inventory_item SET reorder_point = 10, reorder_quantity = 4')


def client_dsn(dsn):
    return make_dsn(dsn, user='clerk')


def dsn_value(dsn, name):
    return parse_dsn(dsn)[name]


@contextlib.contextmanager
def connected(dsn):
    """A superuser's connection for a moment, each statement for itself."""
    connection = psycopg2.connect(dsn, application_name='history driver')
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def values(dsn, statement):
    """The rows of a statement."""
    with connected(dsn) as connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall()


def execute(dsn, *statements):
    """Statements that return nothing, each for itself."""
    with connected(dsn) as connection:
        for statement in statements:
            connection.cursor().execute(statement)


class Load:
    """Sessions at work. epoch tells the sessions of one load from those of the next
    against the same database."""

    def __init__(self, dsn, folder, seed, board, epoch=0):
        self.dsn = dsn
        self.folder = folder
        self.seed = seed
        self.board = board
        self.epoch = epoch
        self.stop_flag = multiprocessing.Value('b', 0)
        self.processes = []
        self.paths = []

    def start(self, limit=NO_LIMIT, breaks_per_second=0, cancels=0.4):
        """limit: how many operations each session asks. cancels: which share of the breaks
        only interrupts a call."""
        for number in range(self.board.sessions):
            name = f'{self.epoch}-{number}'
            path = os.path.join(self.folder, f'{name}.transcript')
            self.paths.append(path)
            self.spawn(work, name, number, client_dsn(self.dsn), self.board, path, self.seed, self.epoch * 100000000, limit,
                       self.stop_flag)
        self.breaker = None
        if breaks_per_second:
            self.breaker = multiprocessing.Process(target=break_connections, daemon=True,
                                                   args=(self.dsn, f'{self.seed} breaker {self.epoch}', breaks_per_second, cancels))
            self.breaker.start()

    def spawn(self, target, *arguments):
        process = multiprocessing.Process(target=target, args=arguments, daemon=True)
        process.start()
        self.processes.append(process)

    def stop(self):
        self.stop_flag.value = 1

    def join(self):
        """Waits for the sessions, then for what their broken connections still have
        running. Raises when a session did not end well."""
        for process in self.processes:
            process.join()
        if self.breaker is not None:
            self.breaker.terminate()
            self.breaker.join()
        if any(process.exitcode for process in self.processes):
            raise RuntimeError('a session ended with an error')
        while values(self.dsn, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'history client'")[0][0]:
            time.sleep(0.05)


# What the owner may not do either, with the SQLSTATE that says so.
FORBIDDEN = (
    ('IV004', 'UPDATE inventory.stock_movement SET quantity = quantity + 1'),
    ('IV004', 'DELETE FROM inventory.stock_movement'),
    ('IV004', 'TRUNCATE inventory.stock_movement'),
    ('IV004', 'DELETE FROM inventory.inventory_item WHERE version > 0'),
    ('IV004', 'UPDATE inventory.inventory_item SET version = version + 1'),
    ('IV002', 'UPDATE inventory.inventory_item SET quantity_reserved = quantity_reserved + 1'),
    ('IV002', "UPDATE inventory.reservation SET quantity = quantity + 1 WHERE status = 'ACTIVE'"),
    ('IV002', "DELETE FROM inventory.reservation WHERE status = 'ACTIVE'"),
)


def allowed(dsn):
    """Which of these were not refused as they have to be."""
    for sqlstate, statement in FORBIDDEN:
        try:
            execute(dsn, statement)
            yield f'{statement}: done'
        except psycopg2.Error as error:
            if error.pgcode != sqlstate:
                yield f'{statement}: {error.pgcode}'


def work(name, number, dsn, board, path, seed, first_order, limit, stop):
    Session(name, number, dsn, board, path, seed, first_order).run(limit, stop)


def break_connections(dsn, seed, per_second, cancels):
    """Ends or interrupts a client's backend every now and then, as long as there is a
    server."""
    dice = random.Random(seed)
    while True:
        time.sleep(dice.random() * 2 / per_second)
        function = 'pg_cancel_backend' if dice.random() < cancels else 'pg_terminate_backend'
        try:
            values(dsn, f"SELECT {function}(pid) FROM pg_stat_activity WHERE application_name = 'history client' "
                   "ORDER BY random() LIMIT 1")
        except psycopg2.Error:
            pass
