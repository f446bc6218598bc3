"""`headrace`, with its event loop watched: `python watched.py REPORT start …`.

Each callback that holds a server's loop for over 50 ms is written to REPORT as a line of JSON. Not
counted is time in which the thread waited for a core, or for another thread to get one: on a busy
machine that is not ours.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
import traceback
from pathlib import Path

from headrace.server.runtime import Runtime

LIMIT_S = 0.05
OPENING_LIMIT_S = 0.25
"""While a thread imports libraries, which hold the interpreter's lock as they are loaded."""
SAMPLED_AFTER_S = 0.02
_state = {"since": None, "stack": [], "samples": 0, "limit": OPENING_LIMIT_S}


def waited_s() -> float:
    """Seconds that this thread waited for a core, ever."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def watch(report: Path) -> None:
    run = asyncio.Handle._run
    main = threading.main_thread().ident

    def timed(self):
        if threading.get_ident() != main:
            return run(self)
        limit, worked = _state["limit"], time.thread_time()
        waited, began = waited_s(), time.perf_counter()
        _state.update(since=began, stack=[], samples=0)
        try:
            return run(self)
        finally:
            took = time.perf_counter() - began - (waited_s() - waited)
            _state["since"] = None
            stood = _state["samples"] >= 2  # the sampler got its turns: so would we have
            if took > limit and (stood or time.thread_time() - worked > limit):
                line = {
                    "ms": round(took * 1000),
                    "what": repr(self)[:300],
                    "stack": _state["stack"],
                }
                with report.open("a") as file:
                    file.write(json.dumps(line) + "\n")

    def sample():
        while True:
            time.sleep(0.01)
            since = _state["since"]
            if since is not None and time.perf_counter() - since > SAMPLED_AFTER_S:
                frame = sys._current_frames().get(main)
                if frame is None or frame.f_code.co_filename == threading.__file__:
                    continue
                _state["samples"] += 1
                _state["stack"] = [line.strip() for line in traceback.format_stack(frame)[-8:]]

    opened = Runtime.open

    async def open_and_tell(self, **options):
        try:
            await opened(self, **options)
        finally:
            _state["limit"] = LIMIT_S

    Runtime.open = open_and_tell
    asyncio.Handle._run = timed
    threading.Thread(target=sample, daemon=True, name="watch").start()


if __name__ == "__main__":
    report = Path(sys.argv.pop(1))
    if sys.argv[1:2] == ["start"]:
        watch(report)
    from headrace.cli.main import main

    main()
