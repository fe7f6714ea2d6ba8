"""A card of Pythia 8: a line per setting, as Pythia itself reads it from a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"(^|\s)[!#].*$")
_ASSIGNMENT = re.compile(r"([^\s=]+)(?:\s*=\s*|\s+)([^\s=].*)")


@dataclass(frozen=True)
class CardLine:
    """A setting, without comments, and its line in the card, from 1."""

    number: int
    text: str

    @property
    def name(self) -> str:
        """What is set, in lower case; Pythia does not tell cases apart."""
        return self.text.replace("=", " ").partition(" ")[0].lower()

    @property
    def value(self) -> str:
        """To what it is set; empty if the line is no assignment."""
        found = _ASSIGNMENT.match(self.text)
        return found[2].strip() if found else ""


def card_lines(text: str) -> Iterator[CardLine]:
    """Yield the settings of a card: lines that begin with a letter or digit, outside of `/* ... */`."""
    commented = False
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("/*"):
            commented = True
        elif stripped.startswith("*/"):
            commented = False
        elif not commented and stripped[:1].isalnum():
            yield CardLine(number, _COMMENT.sub("", stripped).strip())


def card_settings(text: str) -> tuple[str, ...]:
    """Return the settings of a card."""
    return tuple(line.text for line in card_lines(text))
