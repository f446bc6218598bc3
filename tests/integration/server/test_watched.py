"""The watch over event loops finds what it is there for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BODY = """
import asyncio, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import watched

async def main():
    await asyncio.sleep(0.01)
    time.sleep(0.15)
    await asyncio.sleep(0.01)
    began = time.thread_time()
    while time.thread_time() - began < 0.15:
        pass
    await asyncio.sleep(0.01)
    await asyncio.to_thread(time.sleep, 0.15)

watched.watch(Path(sys.argv[2]))
watched._state["limit"] = watched.LIMIT_S
asyncio.run(main())
"""


def test_a_sleep_and_a_long_computation_are_found_and_a_thread_is_not(tmp_path):
    report = tmp_path / "report"
    here = str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", BODY, here, str(report)], check=True, timeout=60)
    held = [json.loads(line) for line in report.read_text().splitlines()]
    assert len(held) == 2, held
    assert all(one["ms"] >= 100 for one in held), held
