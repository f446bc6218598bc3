"""However a block ends, there is one final answer that says how, and the next block runs."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from headrace.workers.jobs import Done, Raised, Started, Stopped, StopStage
from headrace.workers.wire import Execute, encode

from .conftest import Bench, is_alive, until

ENDINGS: list[tuple[str, str, str, str]] = [
    ("raise ValueError('no')", "exception", "ValueError", "no"),
    ("return undefined_name", "exception", "NameError", "undefined_name"),
    ("import sys; sys.exit(0)", "ended-early", "SystemExit", "ended itself"),
    ("exit()", "ended-early", "SystemExit", "ended itself"),
    ("quit()", "ended-early", "SystemExit", "ended itself"),
    ("raise SystemExit", "ended-early", "SystemExit", "ended itself"),
    ("import os; os._exit(7)", "died", "ProcessExit", "exit code 7"),
    ("import ctypes; ctypes.string_at(0)", "died", "SIGSEGV", "segmentation"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "died", "SIGKILL", "SIGKILL"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "died", "SIGTERM", "SIGTERM"),
    ("input('name?')", "input", "NoInput", "cannot ask for input"),
    ("import getpass; getpass.getpass()", "input", "NoInput", "cannot ask for input"),
    ("breakpoint()", "input", "NoInput", "cannot ask for input"),
    ("import sys; sys.stdin.readline()", "input", "NoInput", "cannot ask for input"),
]


@pytest.mark.parametrize(("line", "kind", "name", "text"), ENDINGS)
async def test_an_ending_is_told_and_the_next_block_runs(
    bench: Bench, line: str, kind: str, name: str, text: str
) -> None:
    answer = await bench.run(f"@transformer\ndef b():\n    {line}\n    return 1\n")
    assert isinstance(answer, Raised), answer
    assert (answer.failure.kind, answer.failure.type) == (kind, name)
    assert text in answer.failure.message
    assert isinstance(await bench.run("@transformer\ndef c():\n    return 1\n"), Done)


async def test_a_raising_str_does_not_hide_the_failure(bench: Bench) -> None:
    answer = await bench.run(
        """
        class Odd(Exception):
            def __str__(self): raise RuntimeError("not even this")
        @transformer
        def b(): raise Odd()
        """
    )
    assert isinstance(answer, Raised)
    assert answer.failure.type == "Odd"
    assert answer.failure.line == 6


async def test_a_syntax_error_has_its_line(bench: Bench) -> None:
    answer = await bench.run("x = 1\ndef (:\n")
    assert isinstance(answer, Raised)
    assert (answer.failure.type, answer.failure.line) == ("SyntaxError", 3)


async def test_a_failure_names_line_values_and_remedy(bench: Bench) -> None:
    answer = await bench.run(
        """
        import pandas as pd
        @transformer
        def b():
            flights = pd.DataFrame({"arr_delay": [1, 2]})
            minutes = 15
            return flights[flights["arr_dely"] >= minutes]
        """
    )
    failure = answer.failure
    assert failure.type == "KeyError"
    assert failure.line == 8
    assert failure.hint == "Did you mean 'arr_delay'?"
    assert failure.frames[0].mine
    assert failure.frames[0].values["minutes"] == "15"
    assert failure.frames[0].values["flights"].startswith("DataFrame 2 × 1")
    assert "Traceback" in failure.text
    assert not any(frame.mine for frame in failure.frames[1:])


async def test_too_little_memory_is_named(bench: Bench) -> None:
    answer = await bench.run(
        "@transformer\ndef b():\n    return len(bytearray(2 << 30))\n", memory_bytes=256 << 20
    )
    assert isinstance(answer, Raised)
    assert answer.failure.kind == "memory"
    again = await bench.run("@transformer\ndef c():\n    return len(bytearray(1 << 28))\n")
    assert isinstance(again, Done)


async def test_a_timeout_stops_a_loop_and_keeps_the_worker(bench: Bench) -> None:
    await bench.run("import os\n@transformer\ndef b(): return os.getpid()\n")
    answer = await bench.run("@transformer\ndef b():\n    while True: pass\n", timeout_s=0.2)
    assert isinstance(answer, Raised)
    assert answer.failure.kind == "timeout"
    assert "0.2 s" in answer.failure.message


async def test_a_stop_ends_in_one_stopped(bench: Bench) -> None:
    source = "print('on')\n@transformer\ndef b():\n    import time\n    time.sleep(60)\n"
    answers, end = bench.begin(bench.job(source))
    await bench.printed(answers, "on")
    bench.pool.stop("r", "b")
    bench.pool.stop("r", "b")
    assert isinstance(await asyncio.wait_for(end, 60), Stopped)
    assert [a.stage for a in answers if isinstance(a, StopStage)] == ["interrupt"]


async def test_a_block_that_swallows_the_interrupt_is_stopped_all_the_same(bench: Bench) -> None:
    answers, end = bench.begin(
        bench.job(
            """
            import time
            print("on")
            @transformer
            def b():
                try: time.sleep(60)
                except KeyboardInterrupt: return "went on"
            """
        )
    )
    await bench.printed(answers, "on")
    bench.pool.stop("r", "b")
    assert isinstance(await asyncio.wait_for(end, 60), Stopped)


async def test_a_block_that_ignores_all_signals_is_killed_with_its_children(bench: Bench) -> None:
    answers, end = bench.begin(
        bench.job(
            """
            import os, signal, subprocess, time
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen(["sleep", "600"])
            print("child", child.pid, "on")
            @transformer
            def b():
                while True:
                    try: time.sleep(1)
                    except BaseException: pass
            """
        )
    )
    await bench.printed(answers, "on")
    text = "".join(getattr(a, "text", "") for a in answers)
    child = int(text.split()[1])
    bench.pool.stop("r", "b")
    assert isinstance(await asyncio.wait_for(end, 60), Stopped)
    stages = [a.stage for a in answers if isinstance(a, StopStage)]
    assert stages == ["interrupt", "terminate", "kill"]
    await until(lambda: not is_alive(child))


async def test_a_waiting_job_is_stopped_before_it_starts(bench: Bench) -> None:
    slow = "import time\n@transformer\ndef b(): time.sleep(60)\n"
    first, first_end = bench.begin(bench.job(slow, worker="session"))
    second, second_end = bench.begin(bench.job(slow, block="c", worker="session"))
    await until(lambda: any(isinstance(a, Started) for a in first))
    bench.pool.stop("r", "c")
    assert isinstance(await asyncio.wait_for(second_end, 60), Stopped)
    assert not any(isinstance(a, Started) for a in second)
    bench.pool.stop("r", "b")
    assert isinstance(await asyncio.wait_for(first_end, 60), Stopped)


async def test_a_killed_template_is_replaced(bench: Bench) -> None:
    await bench.run("@transformer\ndef b(): return 1\n")
    template = bench.pool.template_pid
    assert template is not None
    answers, end = bench.begin(bench.job("import time\n@transformer\ndef b(): time.sleep(60)\n"))
    await until(lambda: any(isinstance(a, Started) for a in answers))
    os.kill(template, signal.SIGKILL)
    answer: Any = await asyncio.wait_for(end, 60)
    assert isinstance(answer, Raised)
    assert answer.failure.kind == "died"
    assert isinstance(await bench.run("@transformer\ndef c(): return 1\n"), Done)
    assert bench.pool.template_pid != template


async def test_closing_ends_everything_soon(bench: Bench) -> None:
    answers, end = bench.begin(bench.job("import time\n@transformer\ndef b(): time.sleep(60)\n"))
    await until(lambda: any(isinstance(a, Started) for a in answers))
    pids = bench.pool.worker_pids()
    async with asyncio.timeout(10):  # the machine may be busy
        await bench.pool.close()
    assert isinstance(end.result(), Stopped)
    await until(lambda: not any(is_alive(pid) for pid in pids))


async def test_a_forked_copy_of_a_block_has_no_say(bench: Bench) -> None:
    answer = await bench.run(
        "import os\n@transformer\ndef b():\n    pid = os.fork()\n"
        "    if pid: os.waitpid(pid, 0)\n    return 1 if pid else 2\n"
    )
    assert isinstance(answer, Done)
    assert isinstance(await bench.run("@transformer\ndef c(): return 1\n"), Done)


async def test_an_interrupt_of_the_blocks_own_making_is_a_failure(bench: Bench) -> None:
    answer = await bench.run("@transformer\ndef b(): raise KeyboardInterrupt\n")
    assert isinstance(answer, Raised)
    assert answer.failure.type == "KeyboardInterrupt"


async def test_a_block_that_closes_or_soils_its_channel_has_died(bench: Bench) -> None:
    for line in ("os.closerange(3, 100)", "[soil(fd) for fd in range(3, 100)]"):
        answer = await bench.run(
            f"""
            import os
            def soil(fd):
                try: os.write(fd, b"\\xff" * 100)
                except OSError: pass
            @transformer
            def b():
                {line}
            """
        )
        assert isinstance(answer, Raised)
        assert answer.failure.kind == "died"
    assert isinstance(await bench.run("@transformer\ndef c(): return 1\n"), Done)


async def test_the_end_of_a_run_waits_for_its_last_job(bench: Bench) -> None:
    source = "import time\nprint('on')\n@transformer\ndef b(): time.sleep(0.2)\n"
    answers, end = bench.begin(bench.job(source))
    await bench.printed(answers, "on")
    pids = bench.pool.worker_pids()
    bench.pool.end_run("r")
    assert isinstance(await asyncio.wait_for(end, 60), Done)
    await until(lambda: len([pid for pid in pids if is_alive(pid)]) < len(pids))


async def test_a_flood_of_displays_can_be_stopped_without_tearing_a_frame(bench: Bench) -> None:
    source = "print('on')\n@transformer\ndef b():\n    while True: display('x')\n"
    for _ in range(5):
        answers, end = bench.begin(bench.job(source, worker="session"))
        await bench.printed(answers, "on")
        bench.pool.stop("r", "b")
        assert isinstance(await asyncio.wait_for(end, 60), Stopped)
        assert [a.stage for a in answers if isinstance(a, StopStage)] == ["interrupt"]


async def test_a_job_is_not_executed_when_its_server_ended_before_it_began(bench: Bench) -> None:
    effect, ended = bench.root / "effect", asyncio.Event()
    job = bench.job(f"@transformer\ndef b(): open({str(effect)!r}, 'w').close()\n")
    await bench.run("@transformer\ndef b(): return 1\n")  # from now on it forks at once
    child = bench.pool._launcher.fork("worker")
    child.on_exit = lambda *_: ended.set()
    child.send(encode(Execute(job=job, sent=0.0)))
    assert child.channel is not None
    child.channel.close()
    await asyncio.wait_for(ended.wait(), 60)
    assert not effect.exists()
