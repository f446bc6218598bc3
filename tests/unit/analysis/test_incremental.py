"""One edit costs one block: texts are read once, however often a pipeline is analysed."""

from __future__ import annotations

import time

from headrace.analysis.analyse import analyse
from headrace.analysis.signature import read_signature
from headrace.analysis.sql import read_query
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Source
from headrace.protocol.tables import Column, Parameter

COUNT = 1000


def chain(edited: int = -1) -> PipelineFiles:
    """Return a chain of blocks, every third one SQL; `edited` has another text."""
    blocks: list[Block] = []
    sources: dict[str, Source] = {}
    for number in range(COUNT):
        above = (f"b{number - 1}",) if number else ()
        name, extra = f"b{number}", "x" if number == edited else ""
        if number % 3 == 2:
            text, suffix = (
                f"select a, sum(c) as s{extra} from {above[0]} where a > :n group by a",
                "sql",
            )
        else:
            suffix = "py"
            text = (
                "import pandas as pd\nimport lib\nfrom headrace import transformer\n\n\n@transformer\n"
                f"def {name}({', '.join([*above, 'k: int = 1'])}):\n"
                f'    """Do {number}.\n\n    Args:\n        k: A number.\n    """\n'
                f"    return pd.DataFrame({{'a': [k, {number}], 'c{extra}': [1, 2]}})\n"
            )
        language = "sql" if suffix == "sql" else "python"
        blocks.append(
            Block(
                name=name,
                kind="transformer",
                file=f"{name}.{suffix}",
                language=language,
                upstream=above,
            )
        )
        sources[name] = Source(path=f"pipelines/p/{name}.{suffix}", text=text, hash="")
    pipeline = Pipeline(
        name="p", title="P", blocks=tuple(blocks), parameters=(Parameter(name="n"),)
    )
    return PipelineFiles(pipeline=pipeline, text="", sources=sources, version="")


def test_an_edit_of_one_block_reads_one_text() -> None:
    columns = {
        f"b{number}": [Column("a", "int64"), Column("c", "int64")] for number in range(COUNT)
    }

    def read(dotted: str) -> tuple[str, str] | None:
        return ("lib.py", "x = 1\n") if dotted == "lib" else None

    assert not analyse(chain(), read, columns).diagnostics
    for edited in (500, 501):
        missed = read_signature.cache_info().misses + read_query.cache_info().misses
        files = chain(edited)
        began = time.process_time()
        analyse(files, read, columns)
        seconds = time.process_time() - began
        now = read_signature.cache_info().misses + read_query.cache_info().misses
        assert now - missed == 1
        assert seconds < 0.5, "an edit costs as much as a whole analysis"
