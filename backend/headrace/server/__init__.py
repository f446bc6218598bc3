"""The server: Tornado handlers, websocket, authentication. Importing this package costs nothing."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:  # pyright: ignore[reportUnusedFunction] Jupyter Server calls it
    """Tell a stock Jupyter Server where the extension is."""
    from headrace.server.app import HeadraceExtension

    return [{"module": "headrace.server.app", "app": HeadraceExtension}]
