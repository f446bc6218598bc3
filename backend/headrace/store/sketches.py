"""What many values have in common, seen once, in little memory (data process only)."""

from __future__ import annotations

from typing import Any

import numpy as np

_LEAST = 8_192
_MOST = np.uint64(2**64 - 1)
_C1, _C2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


def mixed(bits: Any) -> Any:
    """Return 64-bit numbers spread evenly: different ones stay different (a bijection)."""
    found = bits * _C1
    moved = found >> np.uint64(32)
    found ^= moved
    found *= _C2
    found ^= np.right_shift(found, np.uint64(29), out=moved)
    return found


class Distinct:
    """Counts different values by the least of their hashes; exact up to 8,192, then within 3 %.

    Of n evenly spread hashes the k-th least lies at about k/n of their range.
    """

    def __init__(self) -> None:
        self._least: Any = np.empty(0, np.uint64)
        self._waiting: list[Any] = []
        self._waiting_count = 0
        self._limit = _MOST

    @property
    def is_exact(self) -> bool:
        """True while all hashes are held."""
        self._merge()
        return bool(self._limit == _MOST)

    def add(self, hashes: Any) -> None:
        """Look at the hashes of some values."""
        small = hashes[hashes < self._limit]
        self._waiting.append(small)
        self._waiting_count += len(small)
        if self._waiting_count > _LEAST:
            self._merge()

    def _merge(self) -> None:
        if not self._waiting_count:
            return
        self._least = np.unique(np.concatenate([self._least, *self._waiting]))
        self._waiting, self._waiting_count = [], 0
        if len(self._least) > _LEAST:
            self._least = self._least[:_LEAST]
            self._limit = self._least[-1]

    def count(self) -> int:
        """Return how many different values there were."""
        if self.is_exact:
            return len(self._least)
        return round((_LEAST - 1) / (float(self._limit) / 2.0**64))


class Sample:
    """Some values of many, each as likely as any other; the same ones every time."""

    def __init__(self, total: int, size: int) -> None:
        self._share = min(1.0, size / max(1, total))
        self._chance = np.random.default_rng(0)
        self._parts: list[Any] = []

    def add(self, values: Any) -> None:
        """Look at some values."""
        if self._share >= 1:
            self._parts.append(values)
            return
        count = int(self._chance.binomial(len(values), self._share))
        if count:
            self._parts.append(values[self._chance.integers(0, len(values), count)])

    def quantiles(self, shares: tuple[float, ...]) -> list[float] | None:
        """Return the values below which these shares of all lie; None when there are none."""
        if not self._parts:
            return None
        values = np.concatenate(self._parts).astype(np.float64, copy=False)
        if not len(values):
            return None
        return [float(value) for value in np.quantile(values, shares)]
