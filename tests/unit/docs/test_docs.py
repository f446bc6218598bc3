"""What the documentation says is there is there, and what is there is in the documentation."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import pytest
import yaml

from headrace.cli.main import headrace
from headrace.core.errors import HeadraceError, Unavailable
from headrace.project.reader import read_pipeline
from headrace.project.settings import Settings
from headrace.protocol.commands import AnyCommand
from headrace.protocol.events import AnyEvent
from headrace.server.errors import STATUS
from headrace.server.openapi import operations_of
from headrace.server.routes import API
from headrace.server.socket import EventSocket

from .conftest import PAGES, ROOT, Page

_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
_SHORTCUT = re.compile(
    r'^  "?([a-z-]+)"?: \{\s*title: "([^"]+)",\s*section: "\w+",\s*where: "\w+",\s*keys: \[((?:"[^"]*"(?:, )?)*)\]',
    re.MULTILINE,
)
Pages = dict[str, Page]


# Links


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_and_picture_resolves(path: Path) -> None:
    page, lost = Page(path), []
    for link in _LINK.findall(page.prose):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and anchor not in Page(file).anchors()):
            lost.append(link)
    assert lost == [], f"{page.name} links to what is not there"


def test_the_index_and_the_readme_name_every_page(pages: Pages) -> None:
    for name in pages:
        file = name.removeprefix("docs/")
        if name.startswith("docs/") and not file.startswith("adr/") and file != "index.md":
            assert f"]({file})" in pages["docs/index.md"].text
    names = {f"docs/{link}" for link in _LINK.findall(pages["docs/index.md"].text)}
    assert names <= set(pages)


# The library


def _settings_of(file: Path) -> list[str]:
    """Return what the settings column says: required in bold, others with their defaults."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    function = next(
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list and node.name == file.stem
    )
    arguments = function.args.args
    defaults = [None] * (len(arguments) - len(function.args.defaults)) + function.args.defaults
    said: list[str] = []
    for argument, default in zip(arguments, defaults, strict=True):
        if argument.arg == "context" or (default is None and argument.annotation is None):
            continue
        if default is None:
            said.append(f"**`{argument.arg}`**")
        else:
            value: Any = ast.literal_eval(default)
            shown = json.dumps(value) if isinstance(value, str) else repr(value)
            said.append(f"`{argument.arg}={shown}`")
    return said


def test_every_block_of_the_library_is_there_with_its_settings(pages: Pages) -> None:
    blocks = ROOT / "blocks"
    wanted = {
        f"`{file.relative_to(blocks).with_suffix('').as_posix()}`": ", ".join(_settings_of(file))
        for file in blocks.rglob("*.py")
    }
    said = {row[0]: row[2] for row in pages["docs/library.md"].rows() if row[0].startswith("`")}
    assert said == wanted


# The command line


def _commands() -> dict[str, click.Command]:
    context = click.Context(headrace)
    found = {name: headrace.get_command(context, name) for name in headrace.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


@pytest.mark.parametrize("name", _commands())
def test_every_command_and_option_is_described(name: str, pages: Pages) -> None:
    section = pages["docs/running.md"].section(f"`headrace {name}`")
    assert section, f"docs/running.md has no section `headrace {name}`"
    options = {
        option
        for parameter in _commands()[name].params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
    cells = [row[0] for row in re.findall(r"^\| (`-.+?) \|(.*)$", section, re.MULTILINE)]
    described = set(re.findall(r"`(-[^`]+)`", " ".join(cells)))
    assert described == options


def test_the_page_of_commands_describes_no_other(pages: Pages) -> None:
    described = set(
        re.findall(r"^## `headrace (\w+)`", pages["docs/running.md"].text, re.MULTILINE)
    )
    assert described == set(_commands())


def test_every_printed_command_can_be_parsed(pages: Pages) -> None:
    printed = 0
    for page in pages.values():
        for code in page.fences("sh", "console"):
            for line in code.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words[:1] != ["headrace"]:
                    continue
                printed += 1
                with click.Context(headrace) as context:
                    command = headrace.get_command(context, words[1])
                assert command is not None, f"{page.name}: {line}"
                command.make_context(words[1], words[2:])
    assert printed > 9


# Keys


def _shortcuts() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return title and keys of every command, by id."""
    text = (ROOT / "frontend/src/ui/shortcuts.ts").read_text(encoding="utf-8")
    found = {
        name: (title, tuple(re.findall(r'"([^"]+)"', keys)))
        for name, title, keys in _SHORTCUT.findall(text)
    }
    names = text[text.index("export type CommandId") : text.index("export const SHORTCUTS")]
    assert set(found) == set(re.findall(r'\| "([a-z-]+)"', names)), "a shortcut was not read"
    return found


def _rows_of_keys(text: str) -> set[tuple[str, tuple[str, ...]]]:
    rows = re.findall(r"^\| (`.+`|in the palette|none) \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    return {(title, tuple(re.findall(r"`([^`]+)`", keys))) for keys, title in rows}


def test_every_shortcut_is_there_and_no_other(pages: Pages) -> None:
    assert _rows_of_keys(pages["docs/keyboard.md"].text) == set(_shortcuts().values())


def test_what_is_set_aside_is_answered_by_nothing(pages: Pages) -> None:
    aside = {title for title, _ in _rows_of_keys(pages["docs/keyboard.md"].section("Set aside"))}
    sources = [
        file.read_text(encoding="utf-8")
        for file in (ROOT / "frontend/src").rglob("*.ts*")
        if file.name not in {"shortcuts.ts", "generated.ts"} and ".test." not in file.name
    ]
    answered = {
        title
        for name, (title, _) in _shortcuts().items()
        if title in aside
        and any(re.search(rf'"{name}"|\b{name}: ', source) for source in sources)
        and "-" in name
    }
    assert answered == set(), "these work: move them out of `Set aside` in docs/keyboard.md"


# Layers


def test_every_layer_of_the_contract_is_described_in_its_order(pages: Pages) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    wanted = [name for line in layers for name in re.findall(r"\w+", line)]
    section = pages["ARCHITECTURE.md"].section("Layers")
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == wanted


def test_every_module_that_does_no_io_is_named(pages: Pages) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    modules = next(c["source_modules"] for c in contracts if c["type"] == "forbidden")
    section = pages["ARCHITECTURE.md"].section("Layers")
    for module in modules:
        assert f"`{module.removeprefix('headrace.')}`" in section


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_path_in_the_text_exists(name: str, pages: Pages) -> None:
    package = ROOT / "backend/headrace"
    for quoted in re.findall(r"`([\w./-]+/[\w./-]*)`", pages[name].prose):
        if quoted.startswith((".headrace/", "dist/", ".venv")) or "<" in quoted:
            continue
        folders = (ROOT, package, package.parent, ROOT / "frontend/src")
        assert any((folder / quoted).exists() for folder in folders), f"{name} names {quoted}"


# The wire


def test_every_route_and_method_is_described_and_no_other(pages: Pages) -> None:
    wanted = {
        f"{method.upper()} {route.path}"
        for route in API
        for method in (operations_of(route.handler) or ["get"])
    }
    assert {r.path for r in API if not operations_of(r.handler)} == {"api/events"}
    assert any(route.handler is EventSocket for route in API)
    text = pages["docs/http-api.md"].section("Routes")
    assert set(re.findall(r"^\| `([A-Z]+ api/[^`]*)` \|", text, re.MULTILINE)) == wanted


def test_every_route_that_any_page_names_exists(pages: Pages) -> None:
    known = {f"/{route.path}" for route in API}
    for page in pages.values():
        for path in re.findall(r"`(?:[A-Z]+ )?/?(api/[\w{}./-]+)[?`]", page.prose):
            assert f"/{path}" in known, f"{page.name} names {path}"


def test_every_error_is_described_with_its_status(pages: Pages) -> None:
    wanted = {(f"`{kind.code}`", str(status)) for kind, status in STATUS.items()}
    wanted |= {(f"`{HeadraceError.code}`", "500")}
    assert (f"`{Unavailable.code}`", "503") in wanted
    rows = re.findall(r"^\| (`[\w-]+`) \| (\d+) \|", pages["docs/http-api.md"].text, re.MULTILINE)
    assert set(rows) == wanted


@pytest.mark.parametrize(("union", "heading"), [(AnyCommand, "Commands"), (AnyEvent, "Websocket")])
def test_every_command_and_event_is_named(union: Any, heading: str, pages: Pages) -> None:
    section = pages["docs/http-api.md"].section(heading)
    for kind in get_args(union):
        assert f"`{msgspec.inspect.type_info(kind).tag}`" in section


# Files


def test_every_setting_of_the_project_is_described(pages: Pages) -> None:
    for name in Settings.__struct_fields__:
        if name != "problems":
            assert f"`{name}`" in pages["docs/projects.md"].section("Settings")


def test_the_readme_shows_the_example_as_it_is(pages: Pages) -> None:
    folder = ROOT / "pipelines/late_flights"
    shown = pages["README.md"].fences("yaml", "python")
    assert (folder / "pipeline.yaml").read_text(encoding="utf-8") in shown
    assert (folder / "month_flights.py").read_text(encoding="utf-8") in shown


def test_every_shown_python_and_yaml_and_json_can_be_read(pages: Pages) -> None:
    for page in pages.values():
        for code in page.fences("python"):
            compile(code, page.name, "exec")
        for code in page.fences("yaml"):
            yaml.safe_load(code)
        for code in page.fences("json"):
            json.loads(code)


@pytest.mark.parametrize("name", ["docs/first-pipeline.md", "README.md"])
def test_a_shown_pipeline_has_no_problems(name: str, pages: Pages) -> None:
    whole = [code for code in pages[name].fences("yaml") if code.startswith("title:")]
    assert whole
    for code in whole:
        assert read_pipeline("shown", code).problems == ()


def test_shown_triggers_have_no_problems(pages: Pages) -> None:
    found = pages["docs/schedules.md"].fences("yaml")
    assert found
    for code in found:
        assert read_pipeline("shown", f"title: Shown\n{code}").problems == ()


def test_every_target_of_make_is_described_and_no_other(pages: Pages) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) - {"start"}
    section = pages["CONTRIBUTING.md"].section("Commands")
    assert set(re.findall(r"^\| `make (\w+)` \|", section, re.MULTILINE)) == targets
