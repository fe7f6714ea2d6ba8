"""What a report consists of, independent of how it is set: sections of verdicts, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["good", "doubtful", "bad", "neutral"]


@dataclass(frozen=True)
class Verdict:
    """What follows from the results, and whether it is good news; neighbours of one topic share a heading."""

    text: str
    outcome: Outcome = "neutral"
    topic: str = ""


@dataclass(frozen=True)
class Link:
    """A file beside the report, by its relative path."""

    text: str
    href: str


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the report.

    Parameters
    ----------
    title, caption
        Plain text.
    png
        The image.
    links
        The figure in other formats, and the data behind it.
    wide
        Whether it takes the page's whole width.
    group
        Heading that it shares with its neighbours of the same group.
    """

    title: str
    caption: str
    png: bytes
    links: tuple[Link, ...] = ()
    wide: bool = False
    group: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text; the first column names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[Link, ...] = ()

    @property
    def words(self) -> tuple[bool, ...]:
        """Whether each column holds words, which are set to the left; numbers are set to the right."""
        cells = [[row[n] for row in self.rows if row[n] not in ("", "–")] for n in range(len(self.columns))]
        return tuple(bool(column) and all(cell[:1].isalpha() for cell in column) for column in cells)


@dataclass(frozen=True)
class Section:
    """A section of the report, in this order: text, verdicts, warnings, `lead` pictures, tables, all other pictures."""

    title: str
    anchor: str
    text: str = ""
    verdicts: tuple[Verdict, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    lead: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class ReportContent:
    """A whole report; `facts` are what was run, as pairs of name and value."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    links: tuple[Link, ...] = field(default=())
