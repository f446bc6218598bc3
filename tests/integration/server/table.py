"""Prints the route table of a server that really listens: `python table.py PROJECT`."""

from __future__ import annotations

import json
import sys

from tornado.routing import PathMatches, Router

from headrace.core.paths import ProjectPaths
from headrace.server.app import make_server


def rules(router):
    for rule in router.rules:
        if isinstance(rule.target, Router):
            yield from rules(rule.target)
        else:
            pattern = rule.matcher.regex.pattern if isinstance(rule.matcher, PathMatches) else "*"
            yield pattern, rule.target


def main():
    paths = ProjectPaths.of(sys.argv[1])
    paths.make_state()
    server = make_server(
        paths, ip="127.0.0.1", port=0, token="t" * 32, on_listening=lambda port: None
    )
    found = [
        {
            "pattern": pattern,
            "handler": f"{target.__module__}.{target.__qualname__}",
            "bases": [f"{base.__module__}.{base.__qualname__}" for base in target.__mro__],
            "public": getattr(target, "public", None),
        }
        for pattern, target in rules(server.web_app.default_router)
    ]
    extensions = sorted(server.extension_manager.extensions)
    json.dump({"rules": found, "extensions": extensions}, sys.stdout)


main()
