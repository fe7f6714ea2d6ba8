"""The cards of MadGraph that belong to an input of `madminer-workflow-ph`, which names none of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assay.errors import StudyError
from assay.study.migration.losses import Loss

_BEGINNINGS = {"proc": "proc_card", "run": "run_card", "param": "param_card", "reweight": "reweight_card"}
_FOR_SIGNAL = ("signal", "template", "")
"""Parts of names that say which of several cards is meant, the first that there is."""
_COMMAND = re.compile(r"\s*(output|launch|exit|quit)\b")
_EVENTS = re.compile(r"^\s*(\d+)\s*=\s*nevents\b", re.MULTILINE)


@dataclass(frozen=True)
class Cards:
    """Cards of one process.

    Attributes
    ----------
    files
        By what they are: proc, run, and if there are such, param and reweight.
    others
        Cards of the same kinds that are left.
    """

    files: dict[str, Path]
    others: tuple[Path, ...]

    def section(self, folder: str) -> dict[str, object]:
        """Return the section `process` of a study in whose `folder` the cards are."""
        names = {kind: f"{folder}/{path.name}" for kind, path in self.files.items()}
        found = _EVENTS.search(self.files["run"].read_text(encoding="utf-8", errors="replace"))
        events = {"events_per_benchmark": int(found[1])} if found is not None and int(found[1]) else {}
        return {"generator": "madgraph", "cards": names, **events}

    def text(self, kind: str) -> str:
        """Return a card; of the process, without the commands that are Assay's."""
        text = self.files[kind].read_text(encoding="utf-8", errors="replace")
        if kind != "proc":
            return text
        return "".join(line for line in text.splitlines(keepends=True) if not _COMMAND.match(line))

    def losses(self) -> tuple[Loss, ...]:
        """Return what could not be kept of them."""
        proc = self.files["proc"]
        commands = [line.strip() for line in proc.read_text(encoding="utf-8", errors="replace").splitlines()]
        dropped = tuple(
            Loss(str(proc), line, "Assay says what is written and run") for line in commands if _COMMAND.match(line)
        )
        return dropped + tuple(
            Loss(
                str(path),
                "another card",
                f"the process has one of each kind, here {', '.join(own.name for own in self.files.values())}",
                "make it a sample with a process of its own: a background, or a region with `signal: true`",
            )
            for path in self.others
        )


def cards_in(folder: Path) -> Cards:
    """Find the cards of the signal in a folder, by their names: `proc_card_signal.dat`, `run_card.dat` and so on.

    Raises
    ------
    StudyError
        If there is no card of the process, or no run card.
    """
    files: dict[str, Path] = {}
    others: list[Path] = []
    for kind, beginning in _BEGINNINGS.items():
        found = sorted(path for path in folder.glob(f"{beginning}*") if path.is_file())
        if found:
            part = next(part for part in _FOR_SIGNAL if any(part in path.name for path in found))
            files[kind] = next(path for path in found if part in path.name)
            others += [path for path in found if path != files[kind]]
    for kind in ("proc", "run"):
        if kind not in files:
            raise StudyError(
                f"no {_BEGINNINGS[kind]}*",
                where=str(folder),
                expected="proc_card*.dat and run_card*.dat of MadGraph",
                mend="give the folder of the cards, code/cards of madminer-workflow-ph",
            )
    return Cards(files, tuple(others))
