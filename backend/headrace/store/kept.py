"""What was computed of tables, kept by key up to a number of bytes, and computed once at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from headrace.store.stopping import Stop, Stopped


class _Flight:
    """A computation under way: it goes on while anybody waits for it."""

    def __init__(self) -> None:
        self.stop = Stop()
        self.waiting = 1
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None


class Kept:
    """Values by key: the last ones used stay, up to `capacity` bytes, and the very last one."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._changed = threading.Condition()
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self.bytes = 0

    def peek(self, key: Hashable) -> Any:
        """Return a value that is kept; None for one that is not."""
        with self._changed:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def is_coming(self, key: Hashable) -> bool:
        """Tell whether somebody computes it now."""
        with self._changed:
            return key in self._flights

    def get(self, key: Hashable, make: Callable[[Stop], Any], stop: Stop) -> Any:
        """Return the value of `key`: kept, or of a computation under way, or made here.

        `make` runs in this thread; it gets a Stop that is wished when all who wait have gone.
        Raises Stopped, and what `make` raises.
        """
        with self._changed:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
                return found[0]
            flight = self._flights.get(key)
            mine = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
            else:
                flight.waiting += 1
        leave = self._leaver(key, flight)
        stop.listen(leave)
        try:
            if mine:
                self._fly(key, flight, make)
            return self._landed(flight, stop)
        finally:
            stop.unlisten(leave)

    def _leaver(self, key: Hashable, flight: _Flight) -> Callable[[], None]:
        def leave() -> None:
            with self._changed:
                flight.waiting -= 1
                alone = not flight.waiting and not flight.done
                if alone and self._flights.get(key) is flight:
                    del self._flights[key]  # who asks from now on starts anew
                self._changed.notify_all()
            if alone:
                flight.stop.wish()

        return leave

    def _fly(self, key: Hashable, flight: _Flight, make: Callable[[Stop], Any]) -> None:
        try:
            flight.value = make(flight.stop)
        except BaseException as error:  # noqa: BLE001 - handed to all who wait, this thread too
            flight.error = error
        with self._changed:
            flight.done = True
            if self._flights.get(key) is flight:
                del self._flights[key]
            if flight.error is None:
                self._keep(key, flight.value)
            self._changed.notify_all()

    def _landed(self, flight: _Flight, stop: Stop) -> Any:
        with self._changed:
            while not flight.done and not stop.is_wished:
                self._changed.wait()
        stop.check()
        if isinstance(flight.error, Stopped):
            raise Stopped("Nobody waits for this any more.")
        if flight.error is not None:
            raise flight.error
        return flight.value

    def _keep(self, key: Hashable, value: Any) -> None:
        size = int(getattr(value, "nbytes", 0)) + 1000
        self._values[key] = (value, size)
        self.bytes += size
        while self.bytes > self._capacity and len(self._values) > 1:
            _, (_, freed) = self._values.popitem(last=False)
            self.bytes -= freed
