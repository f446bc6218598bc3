"""The form of a block: typed settings with bounds, choices and words, never its data."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.analysis.signature import read_signature
from headrace.protocol.tables import Parameter

HEAD = """from enum import Enum, StrEnum, auto
from headrace import transformer

class Mode(Enum):
    fast = "fast"
    Slow = "slow"

class Side(StrEnum):
    LEFT = auto()
    RIGHT = auto()

@transformer
"""

TYPES = [
    ("a: int", {"type": "integer", "required": True}),
    ("a: float | None = None", {"type": "number", "default": None, "required": False}),
    ("a: Optional[bool] = True", {"type": "boolean", "default": True}),
    ("a: 'str' = 'x'", {"type": "string", "default": "x"}),
    ("a: date", {"type": "date"}),
    ("a: datetime.datetime", {"type": "datetime"}),
    ("a: int | float = 1", {"type": "number", "default": 1}),
    ("a: Union[int, None] = 3", {"type": "integer", "default": 3}),
    ("a: dict[str, int] = {'k': 1}", {"type": "json", "default": {"k": 1}}),
    ("a: list[str] = ['x']", {"type": "string", "multiple": True, "default": ["x"]}),
    ("a: tuple[float, ...] = (1.5,)", {"type": "number", "multiple": True, "default": [1.5]}),
    ("a: list[Literal['x', 'y']]", {"choices": ["x", "y"], "multiple": True}),
    ("a: Literal[1, 2] = 2", {"type": "integer", "choices": [1, 2], "default": 2}),
    ("a: Literal['x', None] = None", {"type": "string", "choices": ["x"], "default": None}),
    ("a: Mode = Mode.Slow", {"type": "string", "choices": ["fast", "slow"], "default": "slow"}),
    ("a: Side | None = None", {"type": "string", "choices": ["left", "right"]}),
    ("a: Annotated[int, Meta(ge=1, le=12)] = 1", {"minimum": 1, "maximum": 12, "type": "integer"}),
    ("a: Annotated[int, Gt(0), Lt(10)] = 1", {"minimum": 1, "maximum": 9}),
    ("a: Annotated[float, Field(gt=0.5)] = 1", {"minimum": 0.5, "maximum": None}),
    ("a: Annotated[str, 'A word.'] = ''", {"description": "A word."}),
    ("a=1", {"type": "integer", "default": 1}),
    ("a=1.5", {"type": "number", "default": 1.5}),
    ("a=(1, 2)", {"type": "integer", "multiple": True, "default": [1, 2]}),
    ("a=os.getcwd()", {"type": "string", "default": None, "required": False}),
    ("a=float('inf')", {"default": None}),
    ("a: float = 1e999", {"type": "number", "default": None}),
]


@pytest.mark.parametrize(("argument", "expected"), TYPES)
def test_an_annotation_and_a_default_make_a_setting(
    argument: str, expected: dict[str, Any]
) -> None:
    form = read_signature(f"{HEAD}def f({argument}): ...\n").arguments[0].form
    assert {name: getattr(form, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("argument", "takes_data"),
    [
        ("df", True),
        ("df: pd.DataFrame", True),
        ("df: 'pl.LazyFrame | pd.DataFrame'", True),
        ("df: Any", True),
        ("df: list[pd.DataFrame]", True),
        ("n: int", False),
        ("names: list[str]", False),
        ("options: dict", False),
        ("mode: Mode", False),
        ("how: Literal['x'] | None", False),
        ("n=None", False),
    ],
)
def test_what_no_form_can_hold_waits_for_data(argument: str, takes_data: bool) -> None:
    assert read_signature(f"{HEAD}def f({argument}): ...\n").arguments[0].takes_data is takes_data


def test_the_docstring_describes_block_and_settings(analysed: Any) -> None:
    source = f'''{HEAD}def own(rows, path: str = "", n: int = 1):
    """Read the rows
    again.

    Args:
        rows: Not a setting.
        path (str): Where it is,
            relative to the project.
        n: How many.

    Returns:
        rows: as they are.
    """
'''
    found, _ = analysed(source, upstream=("up",))
    block = found.blocks["own"]
    assert block.description == "Read the rows again."
    assert {form.name: form.description for form in block.form} == {
        "path": "Where it is, relative to the project.",
        "n": "How many.",
    }


MONTH = Parameter(name="month", type="integer", default=1, minimum=1, maximum=12)


@pytest.mark.parametrize(
    ("arguments", "options", "names"),
    [
        ("df, n: int = 1, context=None", {"upstream": ("up",)}, ["n"]),
        ("left, right, on: list[str]", {}, ["on"]),
        ("df, rule", {"upstream": ("up",), "settings": {"rule": 1}}, ["rule"]),
        ("up, month", {"upstream": ("up",), "parameters": (MONTH,)}, ["month"]),
        ("up=1", {"upstream": ("up",)}, []),
    ],
)
def test_a_form_leaves_data_and_context_out(
    analysed: Any, function: Any, arguments: str, options: dict[str, Any], names: list[str]
) -> None:
    found, _ = analysed(function(arguments), **options)
    assert [form.name for form in found.blocks["own"].form] == names


def test_a_setting_that_a_parameter_gives_may_be_left_out_and_keeps_its_bounds(
    analysed: Any, function: Any
) -> None:
    found, told = analysed(function("up, month"), upstream=("up",), parameters=(MONTH,))
    assert told == []
    assert found.blocks["own"].form == [MONTH]
