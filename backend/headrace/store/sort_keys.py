"""Columns as unsigned integers that sort as their cells do: levels, the most telling first.

A level is up to 64 bits of every cell. Most types need one level; text needs one for each eight
bytes, and goes on only for cells that are equal so far. Nulls come last in both directions, and
NaN just before them.
"""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.errors import InvalidInput
from headrace.store.sketches import mixed
from headrace.store.stopping import Stop, in_parallel
from headrace.store.tables import OpenTable
from headrace.store.texts import is_bytes, is_text, plain, plain_type

Read = Callable[[Any], Any]
"""From rows (ascending numbers, None: all) to the values of a level, as `Level` says."""

_NAN, _NULL = 1, 2
_MOST = np.uint64(2**64 - 1)
_SIGN = np.uint64(1 << 63)
_WORD = 8
_HASHED = 64
_CACHED = 1 << 16
_CHUNK = 1 << 18
_GAP = 2
_FEW_TEXTS = 4_096
_MASKS = np.array([(2**64 - 1) ^ (2 ** (64 - 8 * n) - 1) for n in range(9)], dtype=np.uint64)
"""Keeps the first n bytes of a word."""


def levels(table: OpenTable, position: int, *, descending: bool, stop: Stop) -> Iterator[Level]:
    """Give the levels of a column, one after another as they are needed; raise InvalidInput."""
    column = _Column(table, position, stop)
    kind = column.kind
    if pa.types.is_dictionary(kind) or (is_text(kind) and column.has_few_texts()):
        sources = iter([_Ranks(column).read])
    elif is_text(kind) or is_bytes(kind):
        yield from _text_levels(column, descending=descending)
        return
    elif pa.types.is_decimal(kind):
        sources = _decimal_reads(column)
    else:
        sources = iter([column.reader(_number_maker(kind, table.schema.field(position)))])
    for at, read in enumerate(sources):
        yield Level(read, descending=descending, special=at == 0, stop=stop)


class Level:
    """Up to 64 bits of each cell, of those that differ between cells."""

    def __init__(self, read: Read, *, descending: bool, special: bool, stop: Stop) -> None:
        self._read = read
        self._descending = descending
        self._special = special
        self._stop = stop

    def parts(self, rows: Any) -> list[tuple[Any, int]]:
        """Return values and how many bits they have, for these rows; mostly one pair."""
        values, special = self._read(rows)
        if special is None or not self._special:
            if self._descending:
                np.invert(values, out=values)
            return [squeezed(values, self._stop)]
        normal = values[special == 0]
        if not len(normal):
            return [squeezed(special.astype(np.uint64), self._stop)]
        low, high = normal.min(), normal.max()
        span = int(high) - int(low)
        values = high - values if self._descending else values - low
        if span > int(_MOST) - 2:  # no room above: say first which cells are special
            values[special != 0] = 0
            first = squeezed(special.astype(np.uint64), self._stop)
            return [first, squeezed(values, self._stop)]
        for mark in (_NAN, _NULL):
            values[special == mark] = np.uint64(span + mark)
        return [squeezed(values, self._stop)]


def squeezed(values: Any, stop: Stop) -> tuple[Any, int]:
    """Leave out the bits that are the same in all values; return the values and their bits.

    The order stays, and digits or letters of one case take 4 or 5 bits instead of 8.
    """
    if not len(values):
        return values, 0
    first = values[0]
    chunks = [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
    found = in_parallel(lambda part: int(np.bitwise_or.reduce(part ^ first)), chunks, stop)
    runs = _runs(functools.reduce(operator.or_, found, 0))
    bits = sum(length for _, length in runs)
    if [*runs] in ([(0, bits)], []) and int(first) >> bits == 0:
        return values, bits
    out = np.zeros(len(values), np.uint64)

    def squeeze(start: int) -> None:
        part, target = values[start : start + _CHUNK], out[start : start + _CHUNK]
        for place, length in runs:
            if length < 64:
                target <<= np.uint64(length)
            target |= (part >> np.uint64(place)) & np.uint64(2**length - 1)

    in_parallel(squeeze, range(0, len(values), _CHUNK), stop)
    return out, bits


def _runs(bits: int) -> list[tuple[int, int]]:
    """Return where bits are set, as (lowest place, length), the weightiest first.

    A gap of few bits is not worth the work of leaving it out.
    """
    found: list[tuple[int, int]] = []
    for place in reversed(range(64)):
        if bits >> place & 1:
            if found and found[-1][0] - place <= _GAP:
                found[-1] = (place, found[-1][0] - place + found[-1][1])
            else:
                found.append((place, 1))
    return found


class _Column:
    """A column of all batches, read in parallel."""

    def __init__(self, table: OpenTable, position: int, stop: Stop) -> None:
        self.table = table
        self.position = position
        self.stop = stop
        self.kind = plain_type(table.schema.field(position).type)

    def batch(self, number: int) -> Any:
        """Return the column in one batch."""
        return plain(self.table.column(number, self.position))

    def has_few_texts(self) -> bool:
        """Guess from the first batch whether cells repeat so much that ranks are quicker."""
        if not self.table.batch_count:
            return False
        sample = self.batch(0).slice(0, 4 * _FEW_TEXTS)
        return len(sample) >= _FEW_TEXTS and pc.count_distinct(sample).as_py() < _FEW_TEXTS // 8

    def reader(self, make: Callable[[int, Any, Any], Any]) -> Read:
        """Return what reads values with `make(batch, array, local rows or None)`, and specials."""

        def read(rows: Any) -> tuple[Any, Any]:
            count = self.table.rows if rows is None else len(rows)
            values = np.empty(count, np.uint64)
            special = np.zeros(count, np.uint8)
            spans = self.table.spans(rows) if rows is not None else _whole(self.table)

            def fill(span: tuple[int, int, int]) -> bool:
                number, first, last = span
                array = self.batch(number)
                local = None
                if rows is not None:
                    local = rows[first:last].astype(np.int64) - self.table.starts[number]
                made = make(number, array, local)
                found = made if isinstance(made, tuple) else (made, None)
                values[first:last] = found[0]
                return _mark(special[first:last], array, local, found[1])

            marked = in_parallel(fill, spans, self.stop)
            return values, special if any(marked) else None

        return read


def _whole(table: OpenTable) -> list[tuple[int, int, int]]:
    spans = enumerate(zip(table.starts, table.starts[1:], strict=False))
    return [(number, first, last) for number, (first, last) in spans if first < last]


def _mark(special: Any, array: Any, local: Any, nan: Any) -> bool:
    """Write which cells are null or NaN; return whether there are any."""
    marked = False
    if nan is not None and nan.any():
        special[nan] = _NAN
        marked = True
    if pa.types.is_dictionary(array.type) and array.dictionary.null_count:
        array = array.dictionary_decode()  # a category may be null itself
    if array.null_count:
        null = array.is_null().to_numpy(zero_copy_only=False)
        null = null if local is None else null[local]
        special[null] = _NULL
        marked = marked or bool(null.any())
    return marked


# --- numbers ----------------------------------------------------------------------------------


def _number_maker(kind: Any, field: Any) -> Callable[[int, Any, Any], Any]:
    if pa.types.is_null(kind):
        return lambda _number, array, local: np.zeros(
            len(array) if local is None else len(local), np.uint64
        )
    if pa.types.is_boolean(kind):
        return lambda _number, array, local: _taken(
            pc.fill_null(array, fill_value=False).to_numpy(zero_copy_only=False), local
        ).astype(np.uint64)
    if pa.types.is_floating(kind):
        return _float_keys
    if pa.types.is_nested(kind) or not hasattr(kind, "bit_width") or kind.bit_width > 64:
        raise InvalidInput(
            f"Cannot sort by column {field.name[:80]!r} of type {field.type!s:.80}.", field="sort"
        )
    unsigned = pa.types.is_unsigned_integer(kind)
    dtype = np.dtype(f"{'u' if unsigned else 'i'}{kind.bit_width // 8}")

    def integer_keys(_number: int, array: Any, local: Any) -> Any:
        values = _taken(_fixed(array, dtype), local)
        if unsigned:
            return values.astype(np.uint64)
        return values.astype(np.int64).view(np.uint64) ^ _SIGN

    return integer_keys


def _float_keys(_number: int, array: Any, local: Any) -> tuple[Any, Any]:
    dtype = np.dtype(f"f{array.type.bit_width // 8}")
    values = _taken(_fixed(array, dtype), local).astype(np.float64) + 0.0  # -0.0 is 0.0
    bits = values.view(np.int64)
    # Negative floats count backwards: all their bits are turned, of others the sign alone.
    turned = (bits >> 63) | np.int64(-(2**63))
    return (bits ^ turned).view(np.uint64), np.isnan(values)


def _decimal_reads(column: _Column) -> Iterator[Read]:
    words = column.kind.bit_width // 64
    if not words:
        yield column.reader(_small_decimal_keys)
        return

    def reader(word: int) -> Read:
        def make(_number: int, array: Any, local: Any) -> Any:
            start = array.offset * words
            parts = np.frombuffer(array.buffers()[1], np.uint64)[start:].reshape(-1, words)
            values = _taken(parts[: len(array), word], local)
            return values ^ _SIGN if word == words - 1 else values

        return column.reader(make)

    for word in reversed(range(words)):
        yield reader(word)


def _small_decimal_keys(_number: int, array: Any, local: Any) -> Any:
    values = _taken(_fixed(array, np.dtype("i4")), local)
    return values.astype(np.int64).view(np.uint64) ^ _SIGN


def _fixed(array: Any, dtype: Any) -> Any:
    """Return the values of an array of fixed width, without a copy; anything where null."""
    found = np.frombuffer(array.buffers()[1], dtype)
    return found[array.offset : array.offset + len(array)]


def _taken(values: Any, local: Any) -> Any:
    return values if local is None else values[local]


# --- categories, and text that repeats --------------------------------------------------------


class _Ranks:
    """The place of each cell's value among all values of the column, or of its category."""

    def __init__(self, column: _Column) -> None:
        self._column = column
        self._by_category = pa.types.is_dictionary(column.kind) and column.kind.ordered
        self._encoded: list[Any] = in_parallel(
            self._encode, range(column.table.batch_count), column.stop
        )
        self._ranks = self._rank()
        self.read = column.reader(self._make)

    def _encode(self, number: int) -> Any:
        array = self._column.batch(number)
        return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()

    def _rank(self) -> list[Any]:
        """Return for each batch the ranks of its dictionary's values."""
        found: list[Any] = []
        if self._by_category:
            return [np.arange(len(each.dictionary), dtype=np.uint64) for each in self._encoded]
        dictionaries = [plain(each.dictionary) for each in self._encoded]
        if not dictionaries:
            return found
        try:
            values = pc.unique(pa.chunked_array(dictionaries)).drop_null()
            ordered = values.take(pc.sort_indices(values))
        except (pa.ArrowException, TypeError):
            raise InvalidInput(
                f"Cannot sort by categories of type {dictionaries[0].type!s:.80}.", field="sort"
            ) from None
        known: Any = None
        for each in dictionaries:
            if known is None or not each.equals(known):
                known = each
                ranks = pc.fill_null(pc.index_in(each, value_set=ordered), 0)
                found.append(ranks.to_numpy(zero_copy_only=False).astype(np.uint64))
            else:
                found.append(found[-1])
        return found

    def _make(self, number: int, _array: Any, local: Any) -> Any:
        encoded, ranks = self._encoded[number], self._ranks[number]
        if not len(ranks):
            return np.uint64(0)
        codes = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
        return ranks[_taken(codes, local)]


# --- text -------------------------------------------------------------------------------------


def _text_levels(column: _Column, *, descending: bool) -> Iterator[Level]:
    """Give words of eight bytes while there are longer cells.

    What is missing in the last word counts as zeros; so the length tells when there are zeros.
    """
    arrays = [column.batch(number) for number in range(column.table.batch_count)]
    longest = max(in_parallel(_longest, arrays, column.stop), default=0)
    for word in range(-(-longest // _WORD)):
        read = _words(column, word)
        yield Level(read, descending=descending, special=word == 0, stop=column.stop)
    if not longest or any(in_parallel(_has_zeros, arrays, column.stop)):
        read = column.reader(lambda _number, array, local: _ends(array, local)[1].view(np.uint64))
        yield Level(read, descending=descending, special=not longest, stop=column.stop)


def _has_zeros(array: Any) -> bool:
    content = array.buffers()[-1]
    return bool(content) and not np.frombuffer(content, np.uint8).all()


def _longest(array: Any) -> int:
    return 0 if not len(array) else int(_ends(array, None)[1].max(initial=0))


def _ends(array: Any, local: Any) -> tuple[Any, Any]:
    """Return the start and the length in bytes of each cell; 0 where null."""
    if pa.types.is_fixed_size_binary(array.type):
        width = array.type.byte_width
        rows = np.arange(len(array), dtype=np.int64) if local is None else local
        return (rows + array.offset) * width, np.full(len(rows), width, np.int64)
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    found = np.frombuffer(array.buffers()[1], np.int64 if large else np.int32)
    ends = found[array.offset : array.offset + len(array) + 1]
    starts, stops = (ends[:-1], ends[1:]) if local is None else (ends[local], ends[local + 1])
    return starts.astype(np.int64), (stops - starts).astype(np.int64)


def _words(column: _Column, word: int) -> Read:
    """Return what reads bytes 8 × word to 8 × word + 7 of each cell, the first one weightiest."""

    def make(_number: int, array: Any, local: Any) -> Any:
        starts, lengths = _ends(array, local)
        content = array.buffers()[-1]
        found = np.zeros(len(lengths), np.uint64)
        if content is None or not content.size:
            return found
        for part in _in_cache(len(lengths)):
            left = np.clip(lengths[part] - word * _WORD, 0, _WORD)
            words = _loaded(content, starts[part] + word * _WORD)
            found[part] = words.byteswap() & _MASKS[left]
        return found

    return column.reader(make)


def _in_cache(count: int) -> Iterator[slice]:
    """Give parts of so many rows that what is worked out of them stays in the processor's cache."""
    return (slice(start, start + _CACHED) for start in range(0, count, _CACHED))


def _loaded(content: Any, starts: Any) -> Any:
    """Return the eight bytes from each start on as little-endian numbers; zeros beyond the end."""
    if content.size < _WORD:
        content = pa.py_buffer(bytes(content).ljust(_WORD, b"\0"))
    last = content.size - _WORD
    windows = np.ndarray(last + 1, "<u8", content, strides=(1,))  # one from each byte on
    beyond = starts - last
    late = np.flatnonzero(beyond > 0)
    if not len(late):
        return windows[starts]
    words = windows[np.minimum(starts, last)]
    words[late] >>= (8 * beyond[late]).view(np.uint64)  # by 64 and more to zero
    return words


def text_hashes(array: Any) -> Any:
    """Return numbers that differ, almost certainly, where the texts or bytes of cells differ.

    Of long ones the first 64 bytes, the last eight and the length count. Nulls have none.
    """
    array = array.drop_null() if array.null_count else array
    starts, lengths = _ends(array, None)
    content = array.buffers()[-1]
    found = mixed(lengths.view(np.uint64) + np.uint64(1))
    if content is not None and content.size:
        for part in _in_cache(len(found)):
            found[part] = _hashed(content, starts[part], lengths[part], found[part])
    return found


def _hashed(content: Any, starts: Any, lengths: Any, found: Any) -> Any:
    longest = int(lengths.max())
    for place in range(0, min(longest, _HASHED), _WORD):
        found = mixed(found ^ _cut(_loaded(content, starts + place), lengths - place))
    if longest > _HASHED:
        lasts = np.maximum(lengths - _WORD, 0)
        found = mixed(found ^ _cut(_loaded(content, starts + lasts), lengths))
    return found


def _cut(words: Any, left: Any) -> Any:
    """Leave out the bytes of each word that lie beyond the end of its cell."""
    words <<= (64 - 8 * np.clip(left, 0, _WORD)).view(np.uint64)
    return words
