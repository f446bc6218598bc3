"""Simulate schedulers on all cores: `make simulate ARGS="--cases 100000 --seed 7"`.

The cases are cut into parts of 1,000, each with a seed of its own: the first has the one that is
printed, the next ones those after it. A part that fails names what makes it fail again.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEST = "tests/unit/scheduling/test_simulation.py"
PART = 1_000


def run(seed: int, cases: int) -> tuple[int, int, str]:
    """Run one part; return its seed, how many cases it has, and what it said if it failed."""
    command = [sys.executable, "-m", "pytest", TEST, "-k", "unexplained", "--no-header"]
    ended = subprocess.run(
        [*command, f"--hypothesis-seed={seed}"],
        cwd=ROOT,
        env={**os.environ, "HEADRACE_CASES": str(cases)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return seed, cases, "" if ended.returncode == 0 else ended.stdout


def main() -> int:
    """Run all parts; the exit code is 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 10**6))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    starts = range(0, chosen.cases, PART)
    parts = [(chosen.seed + n, min(PART, chosen.cases - at)) for n, at in enumerate(starts)]
    sys.stdout.write(f"{chosen.cases:,} cases from seed {chosen.seed} in {len(parts)} parts\n")
    began, done, failed = time.monotonic(), 0, 0
    with ThreadPoolExecutor(chosen.jobs) as pool:
        for seed, cases, problem in pool.map(lambda part: run(*part), parts):
            done += cases
            if problem:
                failed += 1
                again = f'make simulate ARGS="--seed {seed} --cases {cases}"'
                sys.stdout.write(f"{problem}\nFailed; once more: {again}\n")
            sys.stdout.write(f"{done:,} cases, {time.monotonic() - began:.0f} s\n")
            sys.stdout.flush()
    verdict = f"{failed} parts failed" if failed else "no tick lost, doubled or unexplained"
    sys.stdout.write(f"{chosen.cases:,} cases from seed {chosen.seed}: {verdict}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
