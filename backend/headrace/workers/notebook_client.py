"""nbclient as notebook blocks use it: each output is told at once, none is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from headrace.workers.notebook_process import Printed, Shown


class Manager(AsyncKernelManager):
    """Starts a kernel by name; `is_own` means one of this interpreter, whatever is installed."""

    is_own = False

    @property
    def kernel_spec(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.is_own:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")
        return super().kernel_spec


class Client(NotebookClient):
    """Executes cell by cell; `at` is the place of the cell that ran last."""

    def __init__(
        self, book: Any, *, tell: Callable[[Printed | Shown], None], **options: Any
    ) -> None:
        super().__init__(book, timeout=None, store_widget_state=False, **options)
        self.owns_km = True  # it ends the kernel too
        self._tell = tell
        self.at = 0

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **named: Any) -> Any:
        """Execute one cell, and remember which."""
        self.at = cell_index
        return await super().async_execute_cell(cell, cell_index, *args, **named)

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Tell what a message of the kernel holds."""
        content = msg["content"]
        match msg["msg_type"]:
            case "stream":
                self._tell(Printed(content["name"], content["text"]))
            case "display_data" | "execute_result":
                self._tell(Shown(content["data"]))
            case _:
                pass
        return super().process_message(msg, cell, cell_index)
