"""What a check finds, and how checks are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from assay.errors import AssayError

State = Literal["ok", "missing", "broken"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes
    ----------
    capability
        What the check belongs to.
    name
        What was checked.
    state
        `missing`: not here, and nothing else is wrong; `broken`: here, and does not work.
    found
        What is there, or why it does not work.
    mend
        What to do about it; empty where nothing needs to be done.
    optional
        Whether the capability does without it.
    """

    capability: str
    name: str
    state: State
    found: str
    mend: str = ""
    optional: bool = False


class MissingError(Exception):
    """What a check looks for is not here."""


@dataclass(frozen=True)
class Check:
    """A check: `look` returns what it found, or raises.

    Attributes
    ----------
    name
        What is checked.
    look
        Returns what is there in a few words. `MissingError` and a package that cannot be found mean that it is
        missing, any other exception that it is broken.
    mend
        What to do if it is missing or broken.
    optional
        Whether the capability does without it.
    """

    name: str
    look: Callable[[], str]
    mend: str = ""
    optional: bool = False

    def run(self, capability: str) -> Finding:
        """Run the check; whatever goes wrong becomes its finding."""
        try:
            found = self.look()
        except MissingError as missing:
            return Finding(capability, self.name, "missing", str(missing), self.mend, self.optional)
        except ModuleNotFoundError as missing:
            return Finding(capability, self.name, "missing", str(missing), self.mend, self.optional)
        except AssayError as fault:
            found = f"{fault.where}: {fault.what}" if fault.where else fault.what
            return Finding(capability, self.name, "broken", found, fault.mend or self.mend, self.optional)
        except Exception as fault:  # whatever a library raises is what is to be told
            return Finding(capability, self.name, "broken", _in_words(fault), self.mend, self.optional)
        return Finding(capability, self.name, "ok", found, "", self.optional)


def is_well(findings: Iterable[Finding], *, asked_for: bool) -> bool:
    """Whether nothing is broken and, if its capabilities were asked for by name, nothing is missing.

    Parameters
    ----------
    findings
        What was found.
    asked_for
        Whether what is missing counts, too: an environment need not have every capability.
    """
    wrong = {"missing", "broken"} if asked_for else {"broken"}
    return not any(finding.state in wrong for finding in findings if not finding.optional)


def _in_words(fault: Exception) -> str:
    text = " ".join(str(fault).split())
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__
