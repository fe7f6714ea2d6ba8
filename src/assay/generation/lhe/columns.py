"""Numbers of many texts that are laid out alike: generators print every event with the same format.

Texts of equal length become the rows of a matrix of characters, and a number is the same columns in all of them: its
digits are added up for all events at once, which is several times faster than splitting lines into words. Whatever is
not laid out like the first text (or not in the usual formats) is refused by returning None, and left to whoever reads
word by word. Results are those of Python's `float`, to the bit: mantissa and power of ten are exact, and one division
or multiplication rounds once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.generation.kinematics import FloatArray

Characters = NDArray[np.uint8]
Spans = Sequence[tuple[int, int]]

_FLOAT = re.compile(rb"[+-]?\d\.(\d{1,14})[eE][+-](\d{2,3})")
_INTEGER = re.compile(rb"[+-]?\d{1,15}")
_WIDEST = 24
_EXACT_POWER = 22
"""10**22 is the largest power of ten that a double holds exactly."""
_ZERO, _SPACE, _PLUS, _MINUS = (ord(character) for character in "0 +-")


@dataclass(frozen=True)
class _Field:
    """A number's columns: from the end of what stands before it to its own end."""

    start: int
    first: int
    stop: int
    decimals: int
    exponent_digits: int

    @property
    def layout(self) -> tuple[int, int, int]:
        """What fields have in common that are read together: integers have no decimals, and differ in width."""
        return self.decimals, self.exponent_digits, self.width

    @property
    def width(self) -> int:
        """The columns that are read: an integer's with its spaces, a float's with one for its sign."""
        return self.stop - self.start if self.decimals == 0 else self.decimals + self.exponent_digits + 5

    @property
    def columns(self) -> slice:
        return slice(self.stop - self.width, self.stop)

    @property
    def marks(self) -> list[int]:
        """The columns of a float's point and e, which are the same in all texts."""
        e = self.stop - self.exponent_digits - 2
        return [e - self.decimals - 1, e] if self.decimals else []


def numbers_of(texts: Sequence[bytes], spans: Spans) -> FloatArray | None:
    """Return the numbers of texts with the same layout, shape `(n_texts, n_numbers)`; None if it is not the same.

    Parameters
    ----------
    texts
        At least one, all of the same length.
    spans
        First column and end of each number of the first text, in their order.
    """
    template, length = texts[0], len(texts[0])
    fields = _fields(template, spans)
    if fields is None:
        return None
    characters = np.frombuffer(b"".join(texts), dtype=np.uint8).reshape(len(texts), length)
    same = (characters == characters[0]).all(axis=0)
    literal = np.ones(length, dtype=bool)
    for field in fields:
        literal[field.columns] = False
        literal[field.marks] = True
    if not same[literal].all():
        return None
    result = np.empty((len(texts), len(fields)))
    by_layout: dict[tuple[int, int, int], list[int]] = {}
    for place, field in enumerate(fields):
        if same[field.columns].all():  # such as most statuses, mothers and masses
            result[:, place] = float(template[field.first : field.stop])
        else:
            by_layout.setdefault(field.layout, []).append(place)
    for (decimals, exponent_digits, _), places in by_layout.items():
        columns = np.array([np.arange(length)[fields[place].columns] for place in places])
        found = np.take(characters, columns, axis=1)
        values = _floats(found, decimals, exponent_digits) if decimals else _integers(found)
        if values is None:
            return None
        result[:, places] = values
    return result


def _fields(template: bytes, spans: Spans) -> list[_Field] | None:
    fields: list[_Field] = []
    end = 0
    for first, stop in spans:
        start = first
        while start > end and template[start - 1] == _SPACE:
            start -= 1
        found = _FLOAT.fullmatch(template, first, stop)
        if found is not None:
            fields.append(_Field(start, first, stop, len(found[1]), len(found[2])))
        elif _INTEGER.fullmatch(template, first, stop) is not None and stop - start <= _WIDEST:
            fields.append(_Field(start, first, stop, 0, 0))
        else:
            return None
        if fields[-1].columns.start < 0:  # no room for a sign
            return None
        end = stop
    return fields


def _integers(characters: Characters) -> FloatArray | None:
    """Read right-aligned integers, characters `(n_texts, n_fields, width)`."""
    digits = characters - np.uint8(_ZERO)  # what is no digit wraps to more than nine
    is_digit = digits < 10
    sign = (characters == _MINUS) | (characters == _PLUS)
    well = is_digit | sign | (characters == _SPACE)
    # spaces, then perhaps a sign, then digits to the end
    ordered = (is_digit[..., :-1] <= is_digit[..., 1:]).all() and (sign[..., :-1] <= is_digit[..., 1:]).all()
    if not (well.all() and ordered and is_digit[..., -1].all()):
        return None
    powers = 10.0 ** np.arange(characters.shape[-1])[::-1]
    values = np.where(is_digit, digits, 0).astype(np.float64) @ powers
    return np.where((characters == _MINUS).any(axis=-1), -values, values)


def _floats(characters: Characters, decimals: int, exponent_digits: int) -> FloatArray | None:
    """Read numbers such as +1.2345e-06, characters `(n_texts, n_fields, width)` from the sign to the last digit."""
    sign, exponent_sign = characters[..., 0], characters[..., 4 + decimals]
    digits = characters - np.uint8(_ZERO)  # what is no digit wraps to more than nine
    well = ((sign == _SPACE) | (sign == _PLUS) | (sign == _MINUS)).all() and (
        (exponent_sign == _PLUS) | (exponent_sign == _MINUS)
    ).all()
    # signs, point and e are no digits, all others are
    if not well or np.count_nonzero(digits < 10) != sign.size * (1 + decimals + exponent_digits):
        return None
    numbers = digits.astype(np.float64)
    powers = 10.0 ** np.arange(decimals, -1, -1)
    mantissa = numbers[..., 1 : 3 + decimals] @ np.insert(powers, 1, 0.0)  # nothing for the point
    exponent = numbers[..., 5 + decimals :] @ 10.0 ** np.arange(exponent_digits - 1, -1, -1)
    power = np.where(exponent_sign == _MINUS, -exponent, exponent) - decimals
    size = np.abs(power)
    scale = _POWERS[np.minimum(size, _EXACT_POWER).astype(np.int64)]
    values: FloatArray = np.where(power < 0, mantissa / scale, mantissa * scale)
    values = np.where(sign == _MINUS, -values, values)
    if size.max() > _EXACT_POWER:
        for place in np.argwhere((size > _EXACT_POWER) & (mantissa > 0.0)):
            values[tuple(place)] = float(characters[tuple(place)].tobytes())
    return values


_POWERS = np.array([float(f"1e{power}") for power in range(_EXACT_POWER + 1)])
