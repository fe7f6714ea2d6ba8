"""All checks of a study: its own, and those of the rooms that know processes, parton densities and detector cards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assay.errors import MorphingError, SimulationError, StudyError
from assay.generation.checks import GENERATION_CHECKS
from assay.study.checks import Draft
from assay.study.load import fault_of, load_study
from assay.study.model import Study
from assay.study.problems import Finding
from assay.study.seeds import derive_seed
from assay.theory.from_study import parameter_space
from assay.theory.systematics import effects


def load_checked(path: Path, basis: bool = True) -> Study:
    """Read a study with every check there is, so that nothing runs which cannot end.

    Parameters
    ----------
    path
        An `input.yml`.
    basis
        Whether to choose the morphing basis, too, and see that it determines the morphing.

    Raises
    ------
    StudyErrors
        With every fault of the file.
    """
    study = load_study(path, (*GENERATION_CHECKS, _weight_names, _detector_card, _shower))
    if basis:
        _check_basis(study, path)
    return study


def _check_basis(study: Study, path: Path) -> None:
    try:
        parameter_space(study, derive_seed(study.seed, "configure"))
    except MorphingError as error:
        place = "morphing" if "morphing" in study.model_fields_set else "parameters"
        mend = error.mend or "spread the benchmarks over the ranges"
        expected = error.expected or "benchmarks that determine the morphing"
        raise fault_of(path, Finding((place,), error.what, expected, mend)) from None


def validate(study: str | Path, events: str | Path | None = None) -> Study:
    """Read and check a study without running anything.

    Parameters
    ----------
    study
        An `input.yml`.
    events
        An event file that the study starts from: then what generates events is not checked, but the file has to be
        the study's.

    Raises
    ------
    assay.errors.StudyError
        With every fault of the file: its line, what was found, what was expected and how to mend it.
    assay.errors.EventFileError
        If the event file does not fit the study.
    """
    return load_checked(Path(study)) if events is None else load_for_events(Path(study), Path(events))


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


def _shower(draft: Draft) -> Iterable[Finding]:
    from assay.simulation.from_study import shower_settings, with_further  # needs Pythia
    from assay.simulation.pythia import check_settings

    shower = draft.shower
    if shower is None:
        return
    for place, further in (
        (("shower",), ()),
        *((("samples", name, "shower"), sample.shower) for name, sample in draft.samples.items() if sample.shower),
    ):
        try:
            check_settings(with_further(shower_settings(shower, draft.folder), further))
        except SimulationError as error:
            mend = error.mend or "look the setting up in Pythia's manual"
            if place == ("shower",):
                place = ("shower", "settings" if any(repr(line) in error.what for line in shower.settings) else "card")
            yield Finding(place, error.what, error.expected or "settings that Pythia knows", mend)
            if not further:
                return


def _detector_card(draft: Draft) -> Iterable[Finding]:
    from assay.simulation.detector_settings import check_detector_card  # needs the packages of the physics image

    if draft.detector is None or draft.detector.card_file is None:
        return
    card = draft.folder / draft.detector.card_file
    of_delphes = draft.detector.kind == "delphes"
    try:
        if card.is_file() and (card.suffix == ".tcl") == of_delphes:
            check_detector_card(draft.detector, card)
    except (StudyError, SimulationError) as error:
        expected = error.expected or "a detector card such as Assay's own"
        yield Finding(("detector", "card"), error.what, expected, error.mend or "put the card right")
