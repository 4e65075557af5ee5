"""The history check: load, then the checker as a program of its own."""
import argparse
import os
import subprocess
import sys
import time

import load
import operations


def note_clock(folder):
    """How far the wall clock is ahead of the monotonic one, by the quickest of several
    looks at both: between the two somebody else may have had the processor."""
    looks = []
    for _ in range(100):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        looks.append((after - before, wall - (before + after) // 2))
    with open(os.path.join(folder, 'clock'), 'a') as file:
        file.write(f'{min(looks)[1]}\n')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder')
    parser.add_argument('--dsn', required=True)
    parser.add_argument('--seed', required=True)
    parser.add_argument('--sessions', type=int, required=True)
    parser.add_argument('--operations', type=int, required=True)
    parser.add_argument('--spoil', action='store_true')
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    note_clock(options.folder)
    load.prepare(options.dsn, options.folder, options.seed)
    began = time.monotonic()
    clients = load.Load(options.dsn, options.folder, options.seed, operations.Board(options.sessions))
    clients.start(-(-options.operations // options.sessions), breaks_per_second=8)
    clients.join()
    note_clock(options.folder)
    seconds = time.monotonic() - began
    wrong = list(load.allowed(options.dsn))
    print(*[f'VIOLATION: {what}' for what in wrong], f'{len(load.FORBIDDEN) - len(wrong)} of {len(load.FORBIDDEN)} forbidden statements were refused', sep='\n')
    print(f'{options.sessions} sessions, {seconds:.0f} s of load', flush=True)
    checker = os.path.join(os.path.dirname(__file__), 'checker.py')
    result = subprocess.run([sys.executable, checker, options.folder, '--dsn', options.dsn, '--seed', options.seed]
                            + ['--spoil'] * options.spoil)
    print(f'checked in {time.monotonic() - began - seconds:.0f} s')
    good = not wrong and result.returncode == 0
    print('The history is explained.' if good else 'The history is NOT explained.')
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
