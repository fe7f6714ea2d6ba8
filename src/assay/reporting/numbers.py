"""Numbers as text."""

from __future__ import annotations

import math

_SCIENTIFIC = 1e5


def with_error(value: float, error: float) -> str:
    """Return a value and its error, rounded to two digits of the error: 12.35 ± 0.12."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return f"{value:g} ± {error:g}"
    if error <= 0:
        return significant(value)
    exponent = math.floor(math.log10(error))
    if not -6 < exponent < math.log10(_SCIENTIFIC):
        power = math.floor(math.log10(max(abs(value), error)))
        scaled = with_error(value / 10.0**power, error / 10.0**power)
        return f"({scaled}) × 10^{power}"
    digits = max(0, 1 - exponent)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def significant(value: float, digits: int = 4) -> str:
    """Return a value with so many significant digits."""
    return f"{value:.{digits}g}"


def signed(value: float, digits: int = 3) -> str:
    """Return a value with its sign and a fixed number of decimals; minus zero is zero."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def duration(seconds: float) -> str:
    """Return a time span for people: 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def joined(names: list[str] | tuple[str, ...]) -> str:
    """Return names as a phrase: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
