"""A PostgreSQL server that is made to crash: processes found and killed, the server
started again, a standby made and promoted."""
import contextlib
import os
import re
import signal
import subprocess
import time

import psycopg2

import load

PATIENCE = 120                   # seconds until something that has to happen has failed


def wait_until(what, condition, pause=0.05):
    """Waits until condition() is true."""
    last = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > last:
            raise RuntimeError(f'waited in vain: {what}')
        time.sleep(pause)


def children(pid):
    """The processes that a process has started."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/stat') as file:
                    if int(file.read().rpartition(')')[2].split()[1]) == pid:
                        found.append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                pass              # gone before it was read
    return found


def is_alive(pid):
    """A process that is no zombie."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


class Server:
    def __init__(self, bin, data, socket, port, database):
        self.bin = bin
        self.data = data
        self.log = os.path.join(os.path.dirname(data), 'server.log')
        self.socket = socket
        self.port = port
        self.dsn = f'host={socket} port={port} user=postgres dbname={database}'

    def postmaster(self):
        with open(os.path.join(self.data, 'postmaster.pid')) as file:
            return int(file.readline())

    def run(self, program, *arguments):
        return subprocess.run([os.path.join(self.bin, program), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)

    def start(self):
        """Starts it, again and again as long as something of the last one is in the way."""
        wait_until(f'{self.data} starts', lambda: subprocess.run(
            [os.path.join(self.bin, 'pg_ctl'), '-D', self.data, '-l', self.log, '-w', '-t', str(PATIENCE), '-o', f'-p {self.port}', 'start'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0)

    def stop(self):
        self.run('pg_ctl', '-D', self.data, '-m', 'immediate', '-w', 'stop')

    def answers(self):
        try:
            return bool(load.values(self.dsn, 'SELECT 1'))
        except psycopg2.Error:
            return False

    def ask(self, statement):
        """The only value of a statement."""
        return load.values(self.dsn, statement)[0][0]

    def checkpointer(self):
        """Another one means that the server has been through recovery."""
        try:
            return self.ask("SELECT max(pid) FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        except psycopg2.Error:
            return None

    def kill_process(self, condition):
        """SIGKILL for one of the backends that a condition on pg_stat_activity finds; true
        when there was one."""
        rows = load.values(self.dsn, f'SELECT pid FROM pg_stat_activity WHERE {condition} ORDER BY random() LIMIT 1')
        if not rows:
            return False
        try:
            os.kill(rows[0][0], signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def kill_postmaster(self):
        """SIGKILL for the postmaster. Its children notice by themselves; waits for them."""
        self.kill_all(self.postmaster(), signal.SIGCONT)

    def kill_all(self, pid, children_get):
        """SIGKILL for a postmaster, a signal for its children; waits for all of them."""
        os.kill(pid, signal.SIGSTOP)      # so that it makes no more of them
        orphans = children(pid)
        os.kill(pid, signal.SIGKILL)
        for orphan in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, children_get)
        wait_until('the processes of a killed server end', lambda: not any(is_alive(p) for p in [pid] + orphans))

    def recovers(self):
        """Is it in recovery, or in the checkpoint at the end of it, which shuts down, in its words?"""
        return re.search('state: +(in crash recovery|shut)', self.run('pg_controldata', '-D', self.data).stdout) is not None

    def kill_while_recovering(self, dice):
        """Starts a server that was killed, and kills all of it at some moment while it recovers;
        false where that was too late."""
        wait = dice.random() / 20
        with open(self.log, 'a') as log:
            postmaster = subprocess.Popen([os.path.join(self.bin, 'postgres'), '-D', self.data, '-p', str(self.port)],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while postmaster.poll() is None and not self.recovers() and not self.answers():
            pass
        time.sleep(wait)
        if postmaster.poll() is not None:
            return False          # something of the last one was in the way
        self.kill_all(postmaster.pid, signal.SIGKILL)
        postmaster.wait()
        return self.recovers()

    def check_indexes(self):
        """What pg_amcheck finds, an empty string when all is well."""
        result = self.run('pg_amcheck', '--heapallindexed', '-h', self.socket, '-p', str(self.port), '-U', 'postgres',
                          load.dsn_value(self.dsn, 'dbname'))
        return '' if result.returncode == 0 else result.stdout or f'exit code {result.returncode}'

    def make_standby(self, data, port):
        """A streaming standby, started."""
        result = self.run('pg_basebackup', '-D', data, '-R', '-c', 'fast', '-h', self.socket, '-p', str(self.port), '-U', 'postgres')
        if result.returncode:
            raise RuntimeError(result.stdout)
        standby = Server(self.bin, data, self.socket, port, load.dsn_value(self.dsn, 'dbname'))
        standby.start()
        return standby

    def promote(self):
        result = self.run('pg_ctl', '-D', self.data, '-w', '-t', str(PATIENCE), 'promote')
        if result.returncode:
            raise RuntimeError(result.stdout)
