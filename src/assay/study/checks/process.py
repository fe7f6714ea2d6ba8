"""Checks of the hard process, and of those that samples have of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from assay.study.checks.draft import Check, Draft
from assay.study.model import EmbeddedProcess, FilesProcess, GenerationCuts, ProcessSection, ScaleSection
from assay.study.model_samples import SIGNAL, processes_of
from assay.study.problems import Finding, Location, listed, render_path, suggestion

LEAST_COLLISION_ENERGY = 160.0
"""GeV; collisions below it do not make a pair of W bosons, nor a Higgs boson."""

_COLLISION_ENERGIES = (13000.0, 13600.0, 14000.0)
"""GeV; what the LHC collides with, and not what a beam has."""


def located_processes(draft: Draft) -> Iterator[tuple[str, Location, ProcessSection]]:
    """Yield every process of a study with its sample and where it stands."""
    for sample, process in processes_of(draft.process, draft.samples).items():
        yield sample, ("process",) if sample == SIGNAL else ("samples", sample, "process"), process


def beam_energy(draft: Draft) -> Iterable[Finding]:
    """Check that energies are in GeV and per beam, and the same for all processes."""
    energies: dict[float, str] = {}
    for _, place, process in located_processes(draft):
        if not isinstance(process, EmbeddedProcess):
            continue
        energy, location = process.beam_energy, (*place, "beam_energy")
        if 2.0 * energy < LEAST_COLLISION_ENERGY:
            yield Finding(
                location,
                f"beams of {energy:g} GeV, which cannot make two W bosons or a Higgs boson",
                f"at least {LEAST_COLLISION_ENERGY / 2:g} GeV per beam",
                f"the unit is GeV, not TeV: write {1000.0 * energy}" if energy <= 50.0 else "raise the energy",
            )
        elif energy in _COLLISION_ENERGIES:
            yield Finding(
                location,
                f"{energy:g} GeV, the LHC's collision energy",
                "the energy of one beam",
                f"write {energy / 2.0}, half of it",
            )
        first = energies.setdefault(energy, render_path(location))
        if len(energies) > 1 and first == render_path(location):
            other, path = next(iter(energies.items()))
            yield Finding(
                location,
                f"beams of {energy:g} GeV, and of {other:g} GeV in {path}",
                "one collider for all processes",
                f"write {other:g}",
            )


def consistent_process(draft: Draft) -> Iterable[Finding]:
    """Check that settings of a process do not contradict each other."""
    for _, place, process in located_processes(draft):
        if isinstance(process, FilesProcess):
            continue
        if process.jobs_per_benchmark > process.events_per_benchmark:
            yield Finding(
                (*place, "jobs_per_benchmark"),
                f"{process.jobs_per_benchmark} jobs for {process.events_per_benchmark} events",
                "at least one event per job",
                "take fewer jobs",
            )
        if isinstance(process, EmbeddedProcess):
            yield from _consistent_embedded(place, process)


def _consistent_embedded(place: Location, process: EmbeddedProcess) -> Iterable[Finding]:
    if process.decay == "stable" and process.branching_ratio is not None:
        yield Finding(
            (*place, "branching_ratio"),
            "a branching ratio although the Higgs boson is stable",
            "none",
            "remove it, or write decay: a a",
        )
    if "value" in process.scale.model_fields_set and "choice" not in process.scale.model_fields_set:
        yield Finding(
            (*place, "scale", "value"),
            "a fixed scale although the default choice is dynamical",
            "choice: fixed beside it",
            "add `choice: fixed`, or remove the value",
        )
    elif process.scale.choice != "fixed" and process.scale.value != ScaleSection.model_fields["value"].default:
        yield Finding(
            (*place, "scale", "value"),
            f"a fixed scale beside the choice {process.scale.choice}",
            "choice: fixed beside it",
            "write `choice: fixed`, or remove the value",
        )
    for low, high, quantity in bounded(process.cuts):
        if high <= low:
            yield Finding(
                (*place, "cuts", f"max_{quantity}"),
                f"an upper limit of {high:g} and a lower one of {low:g} GeV",
                "an upper limit above the lower one",
                f"raise it, or lower min_{quantity}",
            )


def bounded(cuts: GenerationCuts) -> Iterator[tuple[float, float, str]]:
    """Yield the quantities of which cuts have a lower and may have an upper limit, with these (infinite: none)."""
    for name in type(cuts).model_fields:
        quantity = name.removeprefix("max_")
        if name.startswith("max_") and hasattr(cuts, f"min_{quantity}"):
            high = getattr(cuts, name)
            yield getattr(cuts, f"min_{quantity}"), float("inf") if high is None else high, quantity


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
            value = value.get(str(key)) if isinstance(value, dict) else getattr(value, str(key), None)
        if isinstance(value, str) and value not in known:
            yield Finding(
                location,
                f"{value!r}",
                f"one of {listed(known)}",
                suggestion(value, known, f"choose {render_path(location)} among these"),
            )

    return check


PROCESS_CHECKS: tuple[Check, ...] = (beam_energy, consistent_process, luminosity)
