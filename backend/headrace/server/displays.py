"""What blocks displayed: always of an opaque origin; for frames, pages that tell their height."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re

from headrace.server.base import operation
from headrace.server.outputs import OutputHandler
from headrace.store.files import StoreFiles

_TYPES = {
    "text/html": "text/html; charset=utf-8",
    "image/svg+xml": "image/svg+xml",
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "text/markdown": "text/plain; charset=utf-8",
    "text/latex": "text/plain; charset=utf-8",
    "text/plain": "text/plain; charset=utf-8",
    "application/json": "application/json",
}
"""What a display is sent as; anything else is sent as bytes to be saved."""
_PROSE = frozenset({"text/markdown", "text/latex"})
_DOCTYPE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<!doctype[^>]*>", re.IGNORECASE | re.DOTALL)

_HEIGHT = """
(() => {
  let last = 0, grown = 0, follows = false;
  const tell = () => {
    const { body, scrollingElement } = document;
    if (body === null || follows) return;
    const range = document.createRange();
    range.selectNodeContents(body);
    const style = getComputedStyle(body);
    const below = parseFloat(style.marginBottom) + parseFloat(style.paddingBottom);
    const bar = Math.max(0, innerHeight - (scrollingElement ?? body).clientHeight);
    const height = Math.ceil(range.getBoundingClientRect().bottom + scrollY + below + bar);
    const more = height - last;
    if (more === 0) return;
    follows = last > 0 && more > 0 && more === grown;
    grown = more;
    last = height;
    if (!follows) parent.postMessage({ headraceHeight: height }, "*");
  };
  const look = () => {
    tell();
    new ResizeObserver(tell).observe(document.body);
    new MutationObserver(tell).observe(document.body, { childList: true, subtree: true });
    addEventListener("load", tell, true);
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", look);
  else look();
})();
"""
"""Tells the page around a frame how high its content is. A content that grows with its frame by the
same again and again is as high as the frame: then there is nothing to tell."""
_HEIGHT_HASH = base64.b64encode(hashlib.sha256(_HEIGHT.encode()).digest()).decode()

_CLOSED = "base-uri 'none'; form-action 'none'"
_POLICY = (
    # Charts are programs, and some compile what they draw; they have no origin and no network.
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; "
    f"worker-src blob:; connect-src data: blob:; {_CLOSED}"
)
_PROSE_POLICY = (
    f"sandbox allow-scripts; default-src 'none'; script-src 'sha256-{_HEIGHT_HASH}'; "
    f"style-src 'unsafe-inline'; img-src data:; {_CLOSED}"
)
"""For prose, in which nothing of others runs at all."""

_STYLE = """
body { margin: 0; padding: 8px 12px; font: 14px/20px system-ui, sans-serif; color: #171b22;
  overflow-wrap: anywhere; }
body > :first-child { margin-top: 0; }
body > :last-child { margin-bottom: 0; }
h1, h2, h3, h4, h5, h6 { margin: 16px 0 8px; line-height: 1.3; font-weight: 600; }
h1 { font-size: 20px; } h2 { font-size: 17px; } h3 { font-size: 15px; }
h4, h5, h6 { font-size: 14px; }
p, ul, ol, table, pre, blockquote { margin: 0 0 10px; }
ul, ol { padding-left: 24px; }
code, pre { font: 13px/19px ui-monospace, "DejaVu Sans Mono", monospace; }
code { padding: 1px 4px; border-radius: 4px; background: #f1f3f6; }
pre { padding: 8px 12px; border-radius: 6px; background: #f1f3f6; overflow: auto;
  white-space: pre-wrap; }
pre code { padding: 0; background: none; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; border-bottom: 1px solid #e2e5ea; text-align: left; }
th { border-bottom-color: #c9ced6; font-weight: 600; }
blockquote { padding-left: 12px; border-left: 3px solid #c9ced6; color: #596273; }
hr { height: 1px; border: 0; background: #e2e5ea; }
img { max-width: 100%; }
a { color: #0b66c3; text-decoration: underline dotted; }
.absent { padding: 1px 6px; border: 1px dashed #8a93a3; border-radius: 4px; color: #596273; }
math { font-size: 1.15em; }
math[display="block"] { margin: 8px 0; overflow: auto; }
mtd[columnalign="left"] { text-align: left; }
mtd[columnalign="right"] { text-align: right; }
@media (prefers-color-scheme: dark) {
  body { color: #e5e9f0; }
  code, pre { background: #11151b; }
  th, td { border-color: #272d37; }
  th, blockquote { border-color: #3a4250; }
  hr { background: #272d37; }
  blockquote, .absent { color: #9aa5b5; }
  a { color: #5aa9f5; }
}
"""


class DisplayHandler(OutputHandler):
    """What a block displayed: sandboxed, so that it is only ever of an opaque origin."""

    _policy = _POLICY

    @property
    def content_security_policy(self) -> str:
        return self._policy

    @operation(
        "What a block displayed; with `framed` as a page that tells its height, Markdown and LaTeX"
        " drawn",
        query=("mime", "framed"),
        media=("*/*",),
    )
    async def get(self, address: str) -> None:
        await self.runtime.ready()
        mime, content = await asyncio.to_thread(self._read, address)
        self.keep_for_ever()
        kind = _TYPES.get(mime)
        if kind is None:
            kind = "application/octet-stream"
            self.set_header("Content-Disposition", "attachment")
        elif self.text("framed") and (mime in _PROSE or mime == "text/html"):
            kind = _TYPES["text/html"]
            # What is drawn of it, and how, is of this version of the server.
            self.set_header("Cache-Control", "private, max-age=3600")
            if mime in _PROSE:
                content = await self._prose(address)
            else:
                content = framed(content)
        self.set_header("Content-Type", kind)
        self.finish(content)

    async def _prose(self, address: str) -> bytes:
        """Return a display of Markdown or LaTeX as a page in which only our own script runs."""
        inside = await self.ask("prose", address=address)
        self._policy = _PROSE_POLICY
        self.set_header("Content-Security-Policy", self._policy)
        return (
            '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
            f"<style>{_STYLE}</style><script>{_HEIGHT}</script><body>{inside}</body>"
        ).encode()

    def _read(self, address: str) -> tuple[str, bytes]:
        return StoreFiles(self.runtime.paths.store).display(address)


def framed(html: bytes) -> bytes:
    """Return a page with the script that tells its height, before anything else of it."""
    found = _DOCTYPE.match(html)
    end = found.end() if found else 0
    return b"".join([html[:end], b"<script>", _HEIGHT.encode(), b"</script>", html[end:]])
