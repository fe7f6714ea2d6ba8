"""Trying again, with growing pauses, while a server has a fault of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from assay.running.reana.faults import TransientError

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Patience:
    """How long to put up with a server that does not answer.

    Attributes
    ----------
    longest
        Seconds after which to give up.
    pause
        Seconds before the second attempt; doubled before each further one.
    longest_pause
        Seconds that a pause does not exceed.
    """

    longest: float = 600.0
    pause: float = 1.0
    longest_pause: float = 60.0

    def insist(self, call: Callable[[], _Result], tell: Callable[[str], None]) -> _Result:
        """Return what `call` returns, once it does.

        Parameters
        ----------
        call
            What to do; it can be done twice without harm.
        tell
            Is told of every attempt that failed.

        Raises
        ------
        TransientError
            The last one, if there was nothing else for the whole time.
        """
        begun, pause = time.monotonic(), self.pause
        while True:
            try:
                return call()
            except TransientError as fault:
                if time.monotonic() - begun + pause > self.longest:
                    raise
                tell(f"{fault.what}; trying again in {pause:.0f} s")
            time.sleep(pause)
            pause = min(2 * pause, self.longest_pause)
