"""Checks of the hard process, the shower and the detector."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath

from assay.study.checks.draft import Check, Draft
from assay.study.model import ParameterSection
from assay.study.problems import Finding, Location, listed, render_path, suggestion

LEAST_COLLISION_ENERGY = 200.0
"""GeV; a proton collision below it does not make a Higgs boson."""

_COLLISION_ENERGIES = (7000.0, 8000.0, 13000.0, 13600.0, 14000.0)
"""GeV; what the LHC collides with, and not what a beam has."""

_OWN_PYTHIA_SETTINGS = {
    "beams:": "comes from process and the events",
    "random:": "derives from the study's seed",
    "main:": "is set by Assay",
    "next:": "is set by Assay",
    "init:": "is set by Assay",
    "partonlevel:mpi": "is shower.multiparton_interactions",
    "hadronlevel:hadronize": "is shower.hadronisation",
    "hadronlevel:all": "is shower.hadronisation",
}


def beam_energy(draft: Draft) -> Iterable[Finding]:
    """Check that the energy is in GeV and per beam."""
    if draft.process is None:
        return
    energy = draft.process.beam_energy
    location = ("process", "beam_energy")
    if 2.0 * energy < LEAST_COLLISION_ENERGY:
        yield Finding(
            location,
            f"beams of {energy:g} GeV, which cannot make a Higgs boson",
            f"at least {LEAST_COLLISION_ENERGY / 2:g} GeV per beam",
            f"the unit is GeV, not TeV: write {1000.0 * energy}" if energy <= 50.0 else "raise the energy",
        )
    elif energy in _COLLISION_ENERGIES[2:]:
        yield Finding(
            location,
            f"{energy:g} GeV, the LHC's collision energy",
            "the energy of one beam",
            f"write {energy / 2.0}, half of it",
        )


def consistent_process(draft: Draft) -> Iterable[Finding]:
    """Check that settings of the process do not contradict each other."""
    if draft.process is None:
        return
    process = draft.process
    if process.jobs_per_benchmark > process.events_per_benchmark:
        yield Finding(
            ("process", "jobs_per_benchmark"),
            f"{process.jobs_per_benchmark} jobs for {process.events_per_benchmark} events",
            "at least one event per job",
            "take fewer jobs",
        )
    if process.decay == "stable" and process.branching_ratio is not None:
        yield Finding(
            ("process", "branching_ratio"),
            "a branching ratio although the Higgs boson is stable",
            "none",
            "remove it, or write decay: a a",
        )
    if "value" in process.scale.model_fields_set and "choice" not in process.scale.model_fields_set:
        yield Finding(
            ("process", "scale", "value"),
            "a fixed scale although the default choice is dynamical",
            "choice: fixed beside it",
            "add `choice: fixed`, or remove the value",
        )


def pythia_settings(draft: Draft) -> Iterable[Finding]:
    """Check that further Pythia settings are assignments, and not of what Assay sets."""
    seen: set[str] = set()
    for index, text in enumerate(draft.shower.settings if draft.shower is not None else ()):
        location = ("shower", "settings", index)
        name, separator, value = (part.strip() for part in text.partition("="))
        if not separator or not name or not value or ":" not in name:
            yield Finding(
                location, repr(text), "Group:name = value", "write TimeShower:alphaSvalue = 0.13, for example"
            )
            continue
        own = [why for prefix, why in _OWN_PYTHIA_SETTINGS.items() if name.lower().startswith(prefix)]
        if own:
            yield Finding(location, f"{name}, which {own[0]}", "settings that Assay leaves to you", "remove it")
        if name.lower() in seen:
            yield Finding(location, f"{name} for a second time", "every setting once", "remove one of them")
        seen.add(name.lower())


def detector_card(draft: Draft) -> Iterable[Finding]:
    """Check that the detector's card exists beside the study, and only where a detector is simulated."""
    if draft.detector is None or draft.detector.card is None:
        return
    card, location = draft.detector.card, ("detector", "card")
    if draft.detector.kind == "none":
        yield Finding(location, "a card although kind is none", "no card", "remove it, or write kind: parametrised")
        return
    path = PurePosixPath(card)
    if path.is_absolute() or ".." in path.parts or "\\" in card:
        yield Finding(
            location,
            f"{card!r}, a path out of the study's folder",
            "a file in the study's folder, which travels with it",
            "copy the card beside the study",
        )
        return
    try:
        exists = (draft.folder / card).is_file()
    except (OSError, ValueError):
        exists = False
    if not exists:
        yield Finding(
            location,
            f"{card!r}, which is not a file",
            "a card, relative to the study's folder",
            "mend the name, or remove it for the card that comes with Assay",
        )


def luminosity(draft: Draft) -> Iterable[Finding]:
    """Check that the luminosity is in fb^-1."""
    if draft.luminosity is not None and draft.luminosity > 1e5:
        yield Finding(
            ("luminosity",),
            f"{draft.luminosity:g} fb^-1, more than any collider will deliver",
            "at most 1e+05 fb^-1",
            f"the unit is fb^-1, not pb^-1: write {draft.luminosity / 1000.0:g}",
        )


def one_of(location: Location, known: Collection[str]) -> Check:
    """Return a check that a text of the study, such as ("process", "pdf"), is one of the known ones."""

    def check(draft: Draft) -> Iterable[Finding]:
        value: object = draft
        for key in location:
            value = getattr(value, str(key), None)
        if isinstance(value, str) and value not in known:
            yield Finding(
                location,
                f"{value!r}",
                f"one of {listed(known)}",
                suggestion(value, known, f"choose {render_path(location)} among these"),
            )

    return check


def operators_of_process(
    processes: Mapping[str, Collection[str]], operator_of_entry: Callable[[str, int], str | None] | None = None
) -> Check:
    """Return a check that the process is known and depends on every parameter.

    Parameters
    ----------
    processes
        For every process of the embedded generator, the names of the operators that change its amplitude.
    operator_of_entry
        The operator that an entry (block, id) of the parameter card sets, for parameters that set several.
    """

    def check(draft: Draft) -> Iterable[Finding]:
        if draft.process is None:
            return
        yield from one_of(("process", "name"), tuple(processes))(draft)
        if draft.process.name not in processes:
            return
        known = processes[draft.process.name]
        free = [name for name in known if name not in draft.names("parameters")]
        for name in draft.names("parameters"):
            parameter = draft.parameters.get(name)
            if operator_of_entry is not None and parameter is not None and len(parameter.entries) > 1:
                yield from _operators_of_entries(name, parameter, known, operator_of_entry)
            elif name not in known:
                yield Finding(
                    ("parameters", name),
                    f"{name}, on which the process {draft.process.name} does not depend",
                    f"one of {listed(known)}",
                    suggestion(name, free, "choose one of these, or another process"),
                    on_key=True,
                )

    return check


def _operators_of_entries(
    name: str,
    parameter: ParameterSection,
    known: Collection[str],
    operator_of_entry: Callable[[str, int], str | None],
) -> Iterable[Finding]:
    for index, entry in enumerate(parameter.entries):
        operator = operator_of_entry(entry.block, entry.id)
        if operator not in known:
            yield Finding(
                ("parameters", name, "lha", index, "id"),
                f"entry {entry.id} of block {entry.block} ({operator or 'no operator'}), on which the process does "
                "not depend",
                f"entries of {listed(known)}",
                "remove it, or choose another process",
            )


PROCESS_CHECKS: tuple[Check, ...] = (beam_energy, consistent_process, pythia_settings, detector_card, luminosity)
