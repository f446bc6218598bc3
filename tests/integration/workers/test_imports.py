"""A worker says when it loaded other modules of the project than a job is keyed by."""

from __future__ import annotations

import asyncio
import os
import py_compile
from typing import Any

from headrace.analysis.meaning import meaning_of
from headrace.workers.jobs import Done

from .conftest import Bench

BLOCK = "{imports}\n@transformer\ndef b():\n{body}\n"


def job(bench: Bench, imports: str, *, body: str = "    return VALUE", **more: Any) -> Any:
    return bench.job(BLOCK.format(imports=imports, body=body), **more)


def meant(**modules: str) -> dict[str, str]:
    return {f"{name}.py": meaning_of(text).digest for name, text in modules.items()}


def write(bench: Bench, name: str, text: str) -> None:
    file = bench.root / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


async def run(bench: Bench, job: Any) -> Done:
    _, end = bench.begin(job)
    answer = await asyncio.wait_for(end, 60)
    assert isinstance(answer, Done), answer
    return answer


async def test_what_is_as_the_job_says_is_not_mentioned(bench: Bench) -> None:
    write(bench, "rates", "VALUE = 1  # as it was written\n")
    answer = await run(bench, job(bench, "from rates import VALUE", modules=meant(rates="VALUE=1")))
    assert (answer.output.text, answer.moved, answer.unforeseen) == ("1", [], [])


async def test_a_helper_that_was_edited_since_is_reported(bench: Bench) -> None:
    write(bench, "rates", "VALUE = 2\n")
    answer = await run(bench, job(bench, "from rates import VALUE", modules=meant(rates="VALUE=1")))
    assert (answer.output.text, answer.moved) == ("2", ["rates.py"])


async def test_a_helper_that_is_edited_while_the_block_runs_is_reported(bench: Bench) -> None:
    write(bench, "rates", "VALUE = 1\n")
    body = (
        "    from pathlib import Path\n"
        "    Path('rates.py').write_text('VALUE = 2')\n"
        "    from rates import VALUE\n"
        "    return VALUE"
    )
    answer = await run(bench, job(bench, "", body=body, modules=meant(rates="VALUE=1")))
    assert (answer.output.text, answer.moved) == ("2", ["rates.py"])


async def test_a_helper_that_is_edited_after_it_was_loaded_is_not_what_ran(bench: Bench) -> None:
    """It ran as the job says; the next job loads it anew though the block wrote it itself."""
    write(bench, "rates", "VALUE = 1\n")
    body = "    from pathlib import Path\n    Path('rates.py').write_text('VALUE = 2')\n    return VALUE"
    imports = "from rates import VALUE"
    first = await run(bench, job(bench, imports, body=body, modules=meant(rates="VALUE=1")))
    assert (first.output.text, first.moved) == ("1", [])
    second = await run(bench, job(bench, imports, modules=meant(rates="VALUE=2")))
    assert (second.output.text, second.moved) == ("2", [])


async def test_a_module_that_no_one_could_foresee_is_reported(bench: Bench) -> None:
    write(bench, "lib/rates", "VALUE = 1\n")
    imports = "import importlib\nVALUE = importlib.import_module('.'.join(['lib', 'rates'])).VALUE"
    answer = await run(bench, job(bench, imports))
    assert (answer.output.text, answer.unforeseen) == ("1", ["lib/rates.py"])


async def test_a_module_on_a_path_that_the_block_adds_is_reported(bench: Bench) -> None:
    write(bench, "lib/rates", "VALUE = 1\n")
    imports = "import sys\nsys.path.append('lib')\nsys.path.insert(0, f'{sys.path[1]}/lib')\nfrom rates import VALUE"
    answer = await run(bench, job(bench, imports))
    assert answer.unforeseen == ["lib/rates.py"]


async def test_compiled_code_of_another_second_is_never_used(bench: Bench) -> None:
    """Python takes a cached file for that of a source of the same size and second."""
    write(bench, "rates", "VALUE = 1\n")
    file = bench.root / "rates.py"
    os.utime(file, (1_700_000_000, 1_700_000_000))
    py_compile.compile(str(file))
    file.write_text("VALUE = 2\n")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    answer = await run(bench, job(bench, "from rates import VALUE", modules=meant(rates="VALUE=2")))
    assert (answer.output.text, answer.moved) == ("2", [])


async def test_modules_of_a_package_are_loaded_as_ever(bench: Bench) -> None:
    write(bench, "lib/__init__", "from . import deep\n__all__ = ['deep']\n")
    write(bench, "lib/deep/__init__", "from ..rates import VALUE\n")
    write(bench, "lib/rates", "from json import loads\nVALUE = loads('1')\n")
    write(bench, "spaced/inner", "VALUE = 2\n")
    imports = "from lib import *\nimport spaced.inner\nVALUE = deep.VALUE + spaced.inner.VALUE"
    answer = await run(bench, job(bench, imports))
    assert answer.output.text == "3"
    assert answer.unforeseen == [
        "lib/__init__.py",
        "lib/deep/__init__.py",
        "lib/rates.py",
        "spaced/inner.py",
    ]
