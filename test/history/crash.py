"""The crash check: kills processes under load, and looks after each restart whether
everything that was acknowledged is there and nothing is half done."""
import argparse
import collections
import glob
import multiprocessing
import os
import random
import sys
import time

from psycopg2.extensions import make_dsn

import load
import observed
import operations
import transcript
from checker import WORKER, Checker, read_offset
from run import note_clock
from server import Server, wait_until

CLIENT = "application_name = 'history client'"
THE_WORKER = "backend_type = 'inventory worker'"
VICTIMS = ('backend', 'worker', 'postmaster', 'recovery')
KILLED = {victim: victim for victim in VICTIMS} | {'recovery': 'postmaster, then recovery'}
DATABASE = 'shop'

# A job that moves stock, and is under way a third of the time. Another expires
# reservations. Nobody but the clients does what else is built in.
JOBS = f'''
SELECT inventory.alter_job(name, enabled => false) FROM inventory.job WHERE is_builtin;
SELECT inventory.schedule_job('delivery', '1 second', $$SELECT inventory.receive_stock(2, 1, 1, 'delivery')
FROM pg_catalog.set_config('inventory.performed_by', '{WORKER}', true), pg_catalog.pg_sleep(0.3)$$);
SELECT inventory.alter_job('expire_reservations', schedule => '1 second', enabled => true);
'''


class CrashCheck:
    def __init__(self, options):
        self.folder = options.folder
        self.seed = options.seed
        self.dice = random.Random(f'{options.seed} crash')
        self.server = Server(options.bin, options.data, options.socket, 5432, DATABASE)
        self.board = operations.Board(options.sessions)
        self.epoch = 0
        self.killed = collections.Counter()
        self.last = None          # the last checker

    def prepare(self):
        os.makedirs(self.folder, exist_ok=True)
        note_clock(self.folder)
        load.execute(make_dsn(self.server.dsn, dbname='postgres'), f'CREATE DATABASE {DATABASE}')
        load.prepare(self.server.dsn, self.folder, self.seed)
        load.execute(self.server.dsn, JOBS)
        wait_until('the worker works', lambda: self.server.ask("SELECT count(*) FROM inventory.job_run WHERE status = 'SUCCEEDED'"))

    def begin_load(self, dsn, cancels=0.4):
        self.epoch += 1
        clients = load.Load(dsn, self.folder, self.seed, self.board, self.epoch)
        clients.start(breaks_per_second=2, cancels=cancels)
        return clients

    def end_load(self, clients):
        clients.stop()
        clients.join()

    def restart(self, number):
        """One load, in the middle of which something is killed; then everything is looked
        at."""
        victim = VICTIMS[number % len(VICTIMS)]
        clients = self.begin_load(self.server.dsn)
        time.sleep(0.4 + self.dice.random() * 1.6)
        before = self.server.checkpointer()
        killed_at = time.monotonic()
        self.kill(victim)
        wait_until('the server has restarted', lambda: self.server.checkpointer() not in (None, before))
        down = time.monotonic() - killed_at
        self.work_goes_on()
        self.end_load(clients)
        self.killed[victim] += 1
        return self.look(self.server, f'{number + 1:3}. {KILLED[victim]} killed, back after {down:4.1f} s')

    def kill(self, victim):
        if victim in ('postmaster', 'recovery'):
            self.server.kill_postmaster()
            if victim == 'recovery':
                wait_until('a server is killed while it recovers', lambda: self.server.kill_while_recovering(self.dice))
            self.server.start()
        else:
            wait_until(f'there is a {victim} to kill',
                       lambda: self.server.kill_process(CLIENT if victim == 'backend' else THE_WORKER), pause=0.01)

    def work_goes_on(self, server=None):
        """Waits until clients have committed a few hundred transactions more."""
        server = server or self.server
        goal = server.ask('SELECT count(*) FROM history.mark') + 300
        wait_until('work goes on', lambda: server.ask('SELECT count(*) FROM history.mark') >= goal)

    def look(self, server, what):
        """Checks the database; true when nothing is wrong."""
        note_clock(self.folder)
        jobs = self.wait_for_jobs(server)
        self.last = checker = Checker(transcript.read(sorted(glob.glob(os.path.join(self.folder, '*.transcript')))),
                                      observed.read(server.dsn), read_offset(self.folder))
        checker.check()
        self.check_deliveries(checker, server)
        indexes = server.check_indexes()
        unknown = checker.figures['unknown, and committed'], checker.figures['unknown, and not committed']
        print(f'{what}: {checker.figures["operations"]:,} operations by now, {unknown[0] + unknown[1]:,} unknown of which {unknown[0]:,} '
              f'had been committed; {jobs}; violations: {len(checker.violations)}; indexes: {indexes or "sound"}', flush=True)
        checker.report()
        return not checker.violations and not indexes

    def wait_for_jobs(self, server):
        """The worker is back, and what was running when it died is not any more."""
        began = server.ask('SELECT clock_timestamp()::text')
        wait_until('the worker is back', lambda: server.ask(f'SELECT count(*) FROM pg_stat_activity WHERE {THE_WORKER}'))
        wait_until('no job is left RUNNING', lambda: not server.ask(
            f"SELECT count(*) FROM inventory.job_run WHERE status = 'RUNNING' AND started_at < '{began}'"))
        return 'runs crashed by now: ' + str(server.ask("SELECT count(*) FROM inventory.job_run WHERE status = 'CRASHED'"))

    def check_deliveries(self, checker, server):
        """Each run of the job that succeeded brought in one piece, and no other run did."""
        rows = load.values(server.dsn, "SELECT (SELECT count(*) FROM inventory.job_run WHERE job_name = 'delivery' AND status = 'SUCCEEDED'), "
                           f"(SELECT count(*) FROM inventory.stock_movement WHERE performed_by = '{WORKER}')")
        if rows[0][0] != rows[0][1]:
            checker.bad(f'{rows[0][0]} runs of the job succeeded, and it made {rows[0][1]} movements')

    def fail_over(self):
        """A synchronous standby takes over while clients work; they follow it."""
        standby = self.server.make_standby(os.path.join(os.path.dirname(self.server.data), 'standby'), 5433)
        load.execute(self.server.dsn, "ALTER SYSTEM SET synchronous_standby_names = '*'",
                     "ALTER SYSTEM SET synchronous_commit = 'remote_apply'", 'SELECT pg_reload_conf()')
        wait_until('the standby is synchronous',
                   lambda: self.server.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"))
        both = make_dsn(self.server.dsn, host=f'{self.server.socket},{self.server.socket}', port='5432,5433',
                        target_session_attrs='read-write')
        # A call that is interrupted while it waits for the standby is told that it was
        # committed, whether or not the standby has it: nobody is interrupted here.
        clients = self.begin_load(both, cancels=0)
        self.work_goes_on()
        time.sleep(0.5 + self.dice.random())
        self.server.kill_postmaster()
        standby.promote()
        self.work_goes_on(standby)
        clients.dsn = standby.dsn
        self.end_load(clients)
        good = self.look(standby, 'standby promoted')
        standby.stop()
        return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder')
    parser.add_argument('--bin', required=True)
    parser.add_argument('--data', required=True)
    parser.add_argument('--socket', required=True)
    parser.add_argument('--seed', required=True)
    parser.add_argument('--sessions', type=int, required=True)
    parser.add_argument('--restarts', type=int, required=True)
    options = parser.parse_args()
    multiprocessing.set_start_method('fork')
    began = time.monotonic()
    check = CrashCheck(options)
    check.prepare()
    # Any order of victims, each as often as the others.
    order = list(range(options.restarts))
    check.dice.shuffle(order)
    try:
        good = all(check.restart(number) for number in order) and check.fail_over()
    except RuntimeError as error:
        sys.exit(f'VIOLATION: {error}')
    for name, number in sorted(check.last.figures.items()):
        print(f'{name}: {number:,}')
    print('killed: ' + ', '.join(f'{victim} {number}' for victim, number in sorted(check.killed.items())))
    print(f'violations: {len(check.last.violations)}, in {time.monotonic() - began:.0f} s')
    print('Everything acknowledged is there.' if good else 'NOT everything is as it has to be.')
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
