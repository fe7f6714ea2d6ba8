"""All checks of a study: its own, and those of the rooms that know processes, parton densities and detector cards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assay.errors import SimulationError, StudyError
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
    return load_study(path, (operators_of_process(operators), _known_densities, _detector_card, _shower))


def _known_densities(draft: Draft) -> Iterable[Finding]:
    from assay.generation.parton_densities import installed_sets  # needs Pythia's files

    if draft.process is not None and draft.process.pdf not in (known := installed_sets()):
        yield Finding(
            ("process", "pdf"), repr(draft.process.pdf), f"one of {', '.join(known)}", "choose an installed set"
        )


def _shower(draft: Draft) -> Iterable[Finding]:
    from assay.simulation.from_study import shower_settings  # needs Pythia
    from assay.simulation.shower import check_settings

    if draft.shower is None or not draft.shower.settings:
        return
    try:
        check_settings(shower_settings(draft.shower))
    except SimulationError as error:
        mend = error.mend or "look the setting up in Pythia's manual"
        yield Finding(("shower", "settings"), error.what, error.expected or "settings that Pythia knows", mend)


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
