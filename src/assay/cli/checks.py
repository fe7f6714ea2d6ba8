"""All checks of a study: its own, and those of the rooms that know processes, parton densities and detector cards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assay.errors import StudyError
from assay.generation.processes import PROCESSES
from assay.study.checks import Draft, operators_of_process
from assay.study.load import load_study
from assay.study.model import Study
from assay.study.problems import Finding


def load_checked(path: Path) -> Study:
    """Read a study with every check there is, so that nothing runs which cannot end.

    Raises
    ------
    StudyErrors
        With every fault of the file.
    """
    operators = {name: process.operators for name, process in PROCESSES.items()}
    return load_study(path, (operators_of_process(operators), _known_densities, _detector_card))


def _known_densities(draft: Draft) -> Iterable[Finding]:
    from assay.generation.parton_densities import installed_sets  # needs Pythia's files

    if draft.process is not None and draft.process.pdf not in (known := installed_sets()):
        yield Finding(("process", "pdf"), repr(draft.process.pdf), f"one of {', '.join(known)}", "choose an installed set")


def _detector_card(draft: Draft) -> Iterable[Finding]:
    from assay.simulation.card import read_card  # needs the packages of the physics image

    if draft.detector is None or draft.detector.card is None:
        return
    card = draft.folder / draft.detector.card
    try:
        if card.is_file():
            read_card(card)
    except StudyError as error:
        yield Finding(("detector", "card"), error.what, "a detector card such as Assay's own", "put the card right")
