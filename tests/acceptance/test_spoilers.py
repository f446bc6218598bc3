"""What a block does to its own process is over when the block is: the next one finds it clean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Server
from .test_bad_blocks import blocks_of, the_server_is_well

SPOILERS = {
    "nothing": "pass",
    "folder": "os.chdir('/')",
    "folder_that_is_gone": "d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)",
    "environment": "os.environ['SPOILED'] = '1'; os.environ.pop('PATH'); os.putenv('SPOILED', '1')",
    "time_zone": "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
    "mask": "os.umask(0o777)",
    "locale": "locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
    "path": "sys.path.clear()",
    "arguments": "sys.argv[:] = ['spoiled']",
    "recursion_limit": "sys.setrecursionlimit(10**6)",
    "signal_handlers": "[signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)]",
    "blocked_signals": "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})",
    "alarm": "signal.setitimer(signal.ITIMER_REAL, 0.2)",
    "tracing": "sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "hooks": "sys.excepthook = None; sys.displayhook = None; threading.excepthook = None",
    "collector": "gc.disable()",
    "warnings": "warnings.simplefilter('error')",
    "network_timeout": "socket.setdefaulttimeout(0.001)",
    "closed_stdout": "os.close(1)",
    "closed_streams": "sys.stdout.close(); sys.stderr.close()",
    "no_stdout": "sys.stdout = None",
    "builtins": "builtins.print = None; del builtins.input",
    "logging": "logging.disable(logging.CRITICAL); logging.getLogger().setLevel(99)",
    "nice_children": "subprocess.Popen(['sleep', '617'])",
    "thread": "threading.Thread(target=time.sleep, args=(617,), daemon=True).start()",
    "at_exit": "atexit.register(os._exit, 9)",
    "open_files": "keep = [open(os.devnull) for _ in range(200)]; globals().update(keep=keep)",
    "few_files": "resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(7)[1]))",
}
IMPORTS = (
    "import atexit, builtins, gc, locale, logging, os, resource, signal, socket, subprocess\n"
    "import sys, tempfile, threading, time, warnings\n"
)
BLOCK = IMPORTS + "from headrace import loader\n\n\n@loader\ndef b():\n    {}\n    return 1\n"
AFTER = (
    IMPORTS
    + '''
from headrace import transformer


@transformer
def after(b):
    """Say all that a block could have changed."""
    print("heard")
    import json.tool
    mask = os.umask(0o077)
    os.umask(mask)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = {
        "folder": os.getcwd(),
        "environment": ("SPOILED" in os.environ, "PATH" in os.environ),
        "of children": subprocess.run(["env"], capture_output=True, text=True).stdout.count("SPOILED"),
        "hour": time.localtime(0).tm_hour,
        "mask": mask,
        "locale": locale.setlocale(locale.LC_ALL),
        "arguments": sys.argv,
        "recursion": sys.getrecursionlimit(),
        "handlers": [str(signal.getsignal(s)) for s in (signal.SIGTERM, signal.SIGHUP)],
        "int": signal.getsignal(signal.SIGINT) != signal.SIG_IGN,
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "alarm": signal.getitimer(signal.ITIMER_REAL),
        "traced": (sys.gettrace() is None, sys.getprofile() is None),
        "hooks": (sys.excepthook is None, sys.displayhook is None, threading.excepthook is None),
        "collector": gc.isenabled(),
        "timeout": socket.getdefaulttimeout(),
        "disabled": logging.root.manager.disable,
        "level": logging.getLogger().level,
        "files": soft,
        "asks": input is not None,
    }
    warnings.warn("no error")
    return said
'''
)
YAML = """\
blocks:
  - {name: b, kind: loader, file: b.py}
  - {name: after, kind: transformer, file: after.py, upstream: [b]}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root: Path = tmp_path_factory.mktemp("spoilers") / "project"
    for name, spoiler in SPOILERS.items():
        folder = root / "pipelines" / f"case_{name}"
        folder.mkdir(parents=True)
        (folder / "b.py").write_text(BLOCK.format(spoiler))
        (folder / "after.py").write_text(AFTER)
        (folder / "pipeline.yaml").write_text(YAML)
    sentinel = root / "pipelines" / "sentinel"
    sentinel.mkdir()
    (sentinel / "b.py").write_text(BLOCK.format("pass"))
    (sentinel / "pipeline.yaml").write_text("blocks:\n  - {name: b, kind: loader, file: b.py}\n")
    with Server(root) as running:
        running.wait_ready()
        yield running


def told(server: Server, name: str) -> tuple[str, str]:
    """Run a case; return what the block after the spoiler has seen, and its log."""
    record = server.run(f"case_{name}", force=True)
    blocks = blocks_of(record)
    assert blocks["b"]["state"] == "succeeded", blocks["b"]["failure"]
    assert blocks["after"]["state"] == "succeeded", blocks["after"]["failure"]
    address = blocks["after"]["address"]
    value = server.get(f"outputs/{address}/value")
    shown = value.text if value.is_success else blocks["after"]["output"]["text"]
    return shown, server.get(f"runs/{record['id']}/blocks/after/log").text


@pytest.mark.parametrize("name", [name for name in SPOILERS if name != "nothing"])
def test_the_next_block_finds_a_clean_process(server: Server, name: str) -> None:
    expected, _ = told(server, "nothing")
    found, log = told(server, name)
    assert found == expected
    assert log.startswith("heard\n")
    assert "UserWarning: no error" in log
    the_server_is_well(server)
