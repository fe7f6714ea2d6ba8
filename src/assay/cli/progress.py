"""Progress of long work inside a stage: a line every so often, for logs."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

_SECONDS = 10.0


def line_progress(what: str) -> Callable[[int, int], None]:
    """Return a function that is told how much is done, and of how much, and prints a line every few seconds."""
    shown = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal shown
        if time.monotonic() - shown > _SECONDS:
            shown = time.monotonic()
            click.echo(f"  {done} of {total} {what}")

    return report
