"""Jupyter Servers that tests start beside ours."""

from __future__ import annotations

import subprocess

TRIES, EACH_S = 3, 15


def end(server: subprocess.Popen[bytes]) -> None:
    """End a Jupyter Server as its user does; raise TimeoutExpired when it goes on.

    It logs within its handler of the signal. Amid another line of its log that fails, and the
    signal is lost: then it is told again.
    """
    for tries in range(TRIES):
        server.terminate()
        try:
            server.wait(EACH_S)
        except subprocess.TimeoutExpired:
            if tries == TRIES - 1:
                server.kill()
                raise
        else:
            return
