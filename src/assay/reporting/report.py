"""The report: one HTML file that needs nothing else, neither network nor scripts."""

from __future__ import annotations

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined

from assay.reporting.content import ReportContent

_MARKS = {"good": "✓", "doubtful": "?", "bad": "✗", "neutral": "·"}
_WORDS = {"good": "good", "doubtful": "doubtful", "bad": "bad", "neutral": "note"}


def render_report(content: ReportContent) -> str:
    """Return the report as HTML. All text is escaped; images are inside the file; links lead to files beside it."""
    environment = Environment(
        loader=PackageLoader("assay.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["image"] = _image
    template = environment.get_template("report.html.j2")
    return template.render(content=content, marks=_MARKS, words=_WORDS)


def _image(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
