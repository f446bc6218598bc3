"""Blocks of the library as plain functions, and the services that they speak to."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
import tests.postgres

LIBRARY = Path(__file__).parents[3] / "blocks"


def library_files() -> list[Path]:
    return sorted(LIBRARY.glob("*/*.py"))


@pytest.fixture
def call() -> Callable[..., Any]:
    """Call the function of a library block: `call("loaders/read_csv", path=…)`."""

    def call(path: str, *arguments: Any, **settings: Any) -> Any:
        file = LIBRARY / f"{path}.py"
        spec = importlib.util.spec_from_file_location(f"library.{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return getattr(module, file.stem)(*arguments, **settings)

    return call


@pytest.fixture
def flights() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "carrier": ["UA", "UA", "B6", "DL"],
            "origin": ["EWR", "JFK", "JFK", "LGA"],
            "delay": [10.0, None, 30.0, -5.0],
        }
    )


@pytest.fixture
def api() -> Iterator[str]:
    """Serve 5 records in pages of 2, by page number below /pages and by next link below /links."""
    records = [{"id": n, "place": {"city": f"c{n}"}} for n in range(1, 6)]

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            page = int(parse_qs(parts.query).get("page", ["1"])[0])
            found = records[(page - 1) * 2 : page * 2]
            following = f"/links?page={page + 1}" if page * 2 < len(records) else None
            body = json.dumps({"items": found, "paging": {"next": following}}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL of our own."""
    with tests.postgres.postgres() as place:
        yield f"postgresql://{place}"
