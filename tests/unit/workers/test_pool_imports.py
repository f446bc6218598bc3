"""The pool lives in the server, which stays small and never runs user code."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "pandas", "pyarrow", "duckdb", "IPython", "sqlglot", "jedi", "polars")


def test_the_pool_imports_nothing_heavy() -> None:
    code = f"import sys, headrace.workers.pool; print([n for n in {HEAVY!r} if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
