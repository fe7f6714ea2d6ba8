"""All checks of a study: its own, and those of the rooms that know processes, parton densities and detector cards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assay.errors import SimulationError, StudyError
from assay.generation.processes import PROCESSES, operator_of_entry
from assay.study.checks import Draft, operators_of_process
from assay.study.checks.samples import acts_on_signal
from assay.study.load import load_study
from assay.study.model import HessianSystematic, ReplicaSystematic, Study
from assay.study.model_samples import weight_names
from assay.study.problems import Finding
from assay.theory.systematics import effects


def load_checked(path: Path) -> Study:
    """Read a study with every check there is, so that nothing runs which cannot end.

    Raises
    ------
    StudyErrors
        With every fault of the file.
    """
    operators = {name: process.operators for name, process in PROCESSES.items()}
    known_operators = operators_of_process(operators, operator_of_entry)
    return load_study(path, (known_operators, _weight_names, _known_densities, _known_members, _detector_card, _shower))


def load_for_part(path: Path, part: str, events: Path | None) -> Study:
    """Read a study with the checks that matter to the part that is run: `all`, `physics`, or `ml` from an event file.

    Raises
    ------
    StudyErrors
        With every fault of the file.
    EventFileError
        If the event file does not fit the study.
    """
    if part == "ml" and events is not None and events.is_file():
        return load_for_events(path, events)
    return load_checked(path)


def load_for_events(path: Path, events: Path) -> Study:
    """Read a study that starts from an event file: nothing is generated, but the file has to be the study's.

    Raises
    ------
    StudyErrors
        With every fault of the study.
    EventFileError
        If the event file cannot be read, or is of other parameters, benchmarks or observables.
    """
    from assay.events.against_study import check_fits
    from assay.events.eventfile import read_event_header

    study = load_study(path)
    check_fits(study, read_event_header(events), str(events))
    return study


def _weight_names(draft: Draft) -> Iterable[Finding]:
    taken = dict.fromkeys(draft.names("benchmarks"), "a benchmark")
    for effect in effects(draft.systematics, draft.samples):
        try:
            names = effect.names
        except ValueError:
            continue  # the study's own checks say so
        of_file = effect.name in draft.systematics
        for name in (name for name in names if name in taken):
            yield Finding(
                ("systematics", effect.name) if of_file else ("samples", effect.section.samples[0]),
                f"{effect.name} takes the name {name} for itself or its weights, which is that of {taken[name]}",
                "names that are not those of other weights or nuisance parameters",
                "call one of the two otherwise",
                on_key=True,
            )
            break
        taken |= dict.fromkeys(names, f"the systematic {effect.name} or its weights")


def _known_densities(draft: Draft) -> Iterable[Finding]:
    from assay.generation.parton_densities import installed_sets  # needs Pythia's files

    if draft.process is not None and draft.process.pdf not in (known := installed_sets()):
        yield Finding(
            ("process", "pdf"), repr(draft.process.pdf), f"one of {', '.join(known)}", "choose an installed set"
        )


def _known_members(draft: Draft) -> Iterable[Finding]:
    from assay.generation.parton_densities import installed_members  # needs Pythia's files

    if draft.process is None:
        return
    members = [f"pdf_{number}" for number in installed_members(draft.process.pdf) if number]
    for name, systematic in draft.systematics.items():
        if isinstance(systematic, ReplicaSystematic | HessianSystematic) and acts_on_signal(systematic.samples):
            try:
                unknown = [member for member in weight_names(systematic.members) if member not in members]
            except ValueError:
                continue  # the study's own checks say so
            if unknown:
                yield Finding(
                    ("systematics", name, "members"),
                    f"{unknown[0]}, which is no installed member of {draft.process.pdf}",
                    f"{members[0]}..{members[-1]}" if members else "a set with members: Pythia's have the central one",
                    "install the set's members, or write `samples:` with the samples whose files have these weights",
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
