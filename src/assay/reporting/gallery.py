"""Figures as files in several formats, and as pictures of the report with links to them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from assay.errors import AssayError
from assay.files import write_text
from assay.reporting.content import Link, Picture
from assay.reporting.figures.style import save

FOLDER = "figures"
NUMBERS = "data/figures"
_COLOURS = 256

Columns = Mapping[str, Sequence[object] | NDArray[Any]]


class Gallery:
    """Saves figures in `<folder>/figures` under names of their own.

    Parameters
    ----------
    folder
        The report's folder, to which links are relative.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = set()

    def add(
        self,
        name: str,
        figure: Figure,
        title: str,
        caption: str,
        *,
        data: tuple[Link, ...] = (),
        numbers: Columns | None = None,
        wide: bool = False,
        group: str = "",
    ) -> Picture:
        """Save a figure as PNG and PDF, and return it as a picture with links to both and to its data.

        The data are files that exist (`data`), or columns of one length (`numbers`), which are written as CSV.
        """
        safe = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)
        if safe in self._names:
            raise AssayError(f"two figures with the name {safe!r}", where=str(self._folder / FOLDER))
        self._names.add(safe)
        png, pdf = save(figure, self._folder / FOLDER, safe)
        if numbers is not None:
            place = f"{NUMBERS}/{safe}.csv"
            write_text(self._folder / place, table_text(numbers))
            data = (*data, Link("data (CSV)", place))
        links = (Link("PDF", f"{FOLDER}/{pdf.name}"), Link("PNG", f"{FOLDER}/{png.name}"), *data)
        return Picture(title, caption, with_palette(png.read_bytes()), links, wide, group)


def table_text(columns: Columns) -> str:
    """Return columns of one length as CSV, floating-point numbers with seven digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([f"{cell:.7g}" if isinstance(cell, float) else cell for cell in row])
    return out.getvalue()


def with_palette(png: bytes) -> bytes:
    """Return an image with 256 colours of its own, a fourth of the size; none moves by more than the eye can tell."""
    out = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE).save(out, "PNG", optimize=True)
    return out.getvalue()
