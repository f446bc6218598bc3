"""Cycles among blocks. The search itself is in core: the reader of files, below, needs it too."""

from headrace.core.cycles import cycle_if_connected, find_cycle

__all__ = ["cycle_if_connected", "find_cycle"]
