"""Which weights of other generators' LHE files are variations of scales, by what their headers say.

MadGraph describes a weight by attributes (`<weight id="12" MUF="0.5" MUR="1.0" PDF="247000">`), MC@NLO and POWHEG in
words (`<weight id='1002'> muR=0.2E+01 muF=0.1E+01 </weight>`).
"""

from __future__ import annotations

import re

_WEIGHT = re.compile(rb"<weight\s([^>]*)>([^<]*)</weight>", re.IGNORECASE)
_ID = re.compile(rb"\bid\s*=\s*[\"']\s*([^\"']+?)\s*[\"']", re.IGNORECASE)
_NUMBER = rb"\s*=\s*[\"']?\s*([-+0-9.]+(?:[eEdD][-+]?\d+)?)"
_RENORMALISATION = re.compile(rb"\bmur" + _NUMBER, re.IGNORECASE)
_FACTORISATION = re.compile(rb"\bmuf" + _NUMBER, re.IGNORECASE)
_DENSITIES = re.compile(rb"\b(?:lha)?pdf" + _NUMBER, re.IGNORECASE)
_DYNAMICAL = re.compile(rb"\bdyn_scale\b", re.IGNORECASE)


def scale_aliases(header: bytes, densities: int = 0) -> dict[str, str]:
    """Return the ids of weights of varied scales, by our names for them (`mur_1_muf_2`).

    Parameters
    ----------
    header
        The text of an LHE file before its events.
    densities
        LHAPDF's number of the nominal parton densities; weights of others do not count. Zero if unknown.
    """
    found: dict[str, str] = {}
    for attributes, words in _WEIGHT.findall(header):
        text = attributes + b" " + words
        identity = _ID.search(attributes)
        renormalisation, factorisation = _number(_RENORMALISATION, text), _number(_FACTORISATION, text)
        other = _number(_DENSITIES, text)
        of_others = bool(densities) and other is not None and int(other) not in (0, densities)
        if identity is None or of_others or _DYNAMICAL.search(text) or renormalisation is factorisation is None:
            continue
        name = f"mur_{1.0 if renormalisation is None else renormalisation:g}"
        name += f"_muf_{1.0 if factorisation is None else factorisation:g}"
        found.setdefault(name, identity[1].decode())
    return found


def _number(pattern: re.Pattern[bytes], text: bytes) -> float | None:
    match = pattern.search(text)
    if match is None:
        return None
    try:
        return float(match[1].lower().replace(b"d", b"e"))
    except ValueError:
        return None
