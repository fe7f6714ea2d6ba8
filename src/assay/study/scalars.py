"""What an unquoted value of YAML means: only what every YAML reader agrees on.

YAML 1.1 and 1.2 read `yes`, `010`, `1e-3`, `1_000`, `1:30` and `0x1F` differently; a study that means different
things to different readers is refused, with the spelling that all of them understand.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_YES = frozenset({"yes", "on", "y"})
_NO = frozenset({"no", "off", "n"})
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
_EXPONENT = re.compile(r"([-+]?)([0-9]+\.?[0-9]*|\.[0-9]+)[eE]([-+]?)([0-9]+)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_OTHER_BASE = re.compile(r"[-+]?0[xXbBoO][0-9a-fA-F_]+")
_GROUPED = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")
_NOT_FINITE = re.compile(r"[-+]?\.?(inf|infinity|nan)", re.IGNORECASE)
_LONGEST_NUMBER = 40


@dataclass(frozen=True)
class Ambiguous(Exception):  # noqa: N818 - becomes a Finding once its place is known
    """An unquoted value that YAML readers disagree on, or that is no finite number."""

    found: str
    expected: str
    mend: str


def plain_scalar(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar means.

    Raises
    ------
    Ambiguous
        If YAML readers disagree on it, or it is not a finite number.
    """
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    _refuse_ambiguous(text)
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    return text


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Ambiguous(f"the number {text} is too large", "a number below 1.8e+308", "write a smaller number")
    return value


def _refuse_ambiguous(text: str) -> None:
    lower = text.lower()
    if lower in _YES or lower in _NO:
        meant = "true" if lower in _YES else "false"
        raise Ambiguous(
            f"{text}, which is text to some YAML readers and {meant} to others",
            "true or false, or text between quotation marks",
            f"write {meant}, or '{text}' if text is meant",
        )
    if _NOT_FINITE.fullmatch(text):
        raise Ambiguous(f"{text}", "a finite number", "write a number, or '...' around it if text is meant")
    if len(text) > _LONGEST_NUMBER and re.fullmatch(r"[-+.0-9eE]+", text):
        raise Ambiguous(
            f"a number of {len(text)} characters",
            f"at most {_LONGEST_NUMBER}",
            "round it, or quote it if text is meant",
        )
    match = _EXPONENT.fullmatch(text)
    if match and not _FLOAT.fullmatch(text):
        sign, mantissa, exponent_sign, exponent = match.groups()
        mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
        raise Ambiguous(
            f"{text}, which YAML 1.1 reads as text",
            "a number with a point and a sign in its exponent",
            f"write {sign}{mantissa}e{exponent_sign or '+'}{exponent}",
        )
    _refuse_unusual_number(text)


def _refuse_unusual_number(text: str) -> None:
    if _LEADING_ZERO.fullmatch(text):
        plain = re.sub(r"^([-+]?)0+(?=[0-9])", r"\1", text.replace("_", ""))
        raise Ambiguous(
            f"{text}, which is octal to some YAML readers", "a number without leading zeros", f"write {plain}"
        )
    if _OTHER_BASE.fullmatch(text):
        raise Ambiguous(f"{text}, a number in another base", "a decimal number", "write it in decimal, or quote it")
    if _GROUPED.fullmatch(text):
        raise Ambiguous(
            f"{text}, which is text to some YAML readers",
            "digits alone",
            f"write {text.replace('_', '')}",
        )
    if _SEXAGESIMAL.fullmatch(text):
        raise Ambiguous(
            f"{text}, which is a number in base 60 to some YAML readers", "a decimal number", f"quote it: '{text}'"
        )
