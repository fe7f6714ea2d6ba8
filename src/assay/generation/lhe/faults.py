"""What is wrong with an event of an LHE file."""

from __future__ import annotations

from assay.errors import LHEError

_EXPECTED = "a line of 6 numbers, then 13 numbers per particle, then weights"


class LHEEventError(LHEError):
    """A fault of an event of a file.

    Attributes
    ----------
    event
        Zero-based number of the event.
    row
        Line of the event's record: 0 for its head, then one per particle; None for the whole event.
    """

    def __init__(self, event: int, what: str, row: int | None = None, expected: str = _EXPECTED) -> None:
        self.event, self.row = event, row
        super().__init__(
            f"the event record is malformed ({what})",
            where=f"event {event}",
            expected=expected,
            mend="run what wrote the file again, or remove the event",
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the error that it is, without the places that it was found by."""
        return LHEError(self.what, where=self.where, expected=self.expected, mend=self.mend).__reduce__()
