"""Figures as files in several formats, and as pictures of the report with links to them."""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib.figure import Figure

from assay.errors import AssayError
from assay.reporting.content import Link, Picture
from assay.reporting.figures.style import save

FOLDER = "figures"


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
        wide: bool = False,
        group: str = "",
    ) -> Picture:
        """Save a figure as PNG and PDF, and return it as a picture with links to both and to its data."""
        safe = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)
        if safe in self._names:
            raise AssayError(f"two figures with the name {safe!r}", where=str(self._folder / FOLDER))
        self._names.add(safe)
        png, pdf = save(figure, self._folder / FOLDER, safe)
        links = (Link("PDF", f"{FOLDER}/{pdf.name}"), Link("PNG", f"{FOLDER}/{png.name}"), *data)
        return Picture(title, caption, png.read_bytes(), links, wide, group)
