"""What could not be kept of a file that is migrated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Loss:
    """Something that is not in the study as it was in the file.

    Parameters
    ----------
    where
        File and path of the key in it.
    what
        What was found there.
    why
        Why it is not kept, or what stands in its place.
    mend
        What to do about it; empty if there is nothing to do.
    """

    where: str
    what: str
    why: str
    mend: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}: {self.why}"
        return f"{text}\n  {self.mend}" if self.mend else text
