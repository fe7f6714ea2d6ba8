"""Numbers as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SCIENTIFIC = 1e5
_SMALL = 1e-4
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def with_error(value: float, error: float) -> str:
    """Return a value and its error, rounded to two digits of the error: 12.35 ± 0.12."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return _minus(f"{value:g} ± {error:g}")
    if error <= 0:
        return _minus(f"{value:.4g}")
    exponent = math.floor(math.log10(error))
    if not -6 < exponent < math.log10(_SCIENTIFIC):
        power = math.floor(math.log10(max(abs(value), error)))
        return f"({with_error(value / 10.0**power, error / 10.0**power)}) × {_power(power)}"
    digits = max(0, 1 - exponent)
    return _minus(f"{round(value, digits) + 0.0:.{digits}f} ± {error:.{digits}f}")


def significant(value: float, digits: int = 4) -> str:
    """Return a value with so many significant digits, also where the last ones are zeros: 0.110."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    power = math.floor(math.log10(abs(value)))
    if abs(value) < _SMALL:
        return f"{significant(value / 10.0**power, digits)} × {_power(power)}"
    if power >= digits:
        return _minus(f"{value:.0f}")
    return _minus(f"{value:#.{digits}g}".rstrip("."))


def signed(value: float, digits: int = 3) -> str:
    """Return a value with its sign and a fixed number of decimals; minus zero is zero."""
    return _minus(f"{round(value, digits) + 0.0:+.{digits}f}")


def count(number: float) -> str:
    """Return a number of things, with thin spaces between thousands."""
    return f"{round(number):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def duration(seconds: float) -> str:
    """Return a time span for people: 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "< 0.1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def joined(names: Sequence[str]) -> str:
    """Return names as a phrase: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _power(exponent: int) -> str:
    return f"10{str(exponent).translate(_SUPERSCRIPT)}"


def _minus(text: str) -> str:
    """Set a minus sign instead of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")
