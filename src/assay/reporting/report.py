"""The report: one HTML file that needs nothing else, neither network nor scripts."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from assay.reporting.content import Picture, ReportContent, Verdict

_MARKS = {"good": "✓", "doubtful": "?", "bad": "✗", "neutral": "·"}
_WORDS = {"good": "good", "doubtful": "doubtful", "bad": "bad", "neutral": "note"}
_TIGHT = re.compile(r" (?=[±%×])|(?<=[±×]) |(?<=%) (?=CL)|(?<=[qp]) (?==)|(?<=[qp] =) | (?=fb\b)")


def render_report(content: ReportContent) -> str:
    """Return the report as HTML. All text is escaped; images are inside the file; links lead to files beside it."""
    environment = Environment(
        loader=PackageLoader("assay.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"image": _image, "tight": tight, "by_topic": _by_topic, "by_group": _by_group}
    template = environment.get_template("report.html.j2")
    return template.render(content=content, marks=_MARKS, words=_WORDS)


def tight(text: str) -> str:
    """Return text whose numbers are not torn from their errors and units at the end of a line."""
    return _TIGHT.sub("\N{NO-BREAK SPACE}", text)


def _image(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _by_topic(verdicts: Sequence[Verdict]) -> list[tuple[str, list[Verdict]]]:
    return [(topic, list(found)) for topic, found in groupby(verdicts, key=lambda verdict: verdict.topic)]


def _by_group(pictures: Sequence[Picture]) -> list[tuple[str, list[Picture]]]:
    return [(group, list(found)) for group, found in groupby(pictures, key=lambda picture: picture.group)]
