"""Checks of a study's processes that take what the embedded generator knows: channels, operators, parton densities."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator

from assay.errors import GenerationError
from assay.generation.amplitude import AmplitudeOptions, Legs, flavour_channels
from assay.generation.cuts import CHARGED_LEPTONS, JETS, NEUTRINOS, PHOTONS
from assay.generation.from_study import embedded_settings
from assay.generation.model import Model, find_model
from assay.generation.prepared import operators, operators_of_decay
from assay.generation.processes import PROCESSES
from assay.generation.settings import NO_PDF
from assay.study.checks import Check, Draft
from assay.study.checks.process import located_processes
from assay.study.checks.samples import acts_on
from assay.study.model import EmbeddedProcess, HessianSystematic, ReplicaSystematic
from assay.study.model_samples import regions_of, weight_names
from assay.study.problems import Finding, Location, listed, suggestion


def embedded_processes(draft: Draft) -> Iterable[Finding]:
    """Check that processes of the embedded generator are known, and have the channels and settings asked for."""
    for _, place, process in _embedded(draft):
        if process.name not in PROCESSES:
            yield Finding(
                (*place, "name"),
                f"{process.name!r}",
                f"one of {listed(PROCESSES)}",
                suggestion(process.name, PROCESSES, "choose one of these, or generator: madgraph"),
            )
        elif (fault := _refusal(process)) is not None:
            key = ("channels",) if process.channels is not None else ("exclude",) if process.exclude else ()
            yield Finding(
                (*place, *key), fault.what, fault.expected or "settings that go together", fault.mend or "change them"
            )


def settings_without_effect(draft: Draft) -> Iterable[Finding]:
    """Check that settings of a Higgs boson's decay and of the s-channel are of processes that have these."""
    for _, place, process in _embedded(draft):
        if process.name not in PROCESSES:
            continue
        higgs = PROCESSES[process.name].higgs
        jets = _PARTICLES["jet_pair_mass"](flavour_channels(process.name)[0][2:])
        idle = {
            "decay": not higgs and process.decay != EmbeddedProcess.model_fields["decay"].default,
            "branching_ratio": not higgs and process.branching_ratio is not None,
            "s_channel": not jets and process.s_channel is False,
        }
        for key in (key for key, found in idle.items() if found):
            what = "diagrams with and without the s-channel" if key == "s_channel" else "Higgs boson"
            yield Finding(
                (*place, key),
                f"{key}: {json.dumps(getattr(process, key))} for {process.name}, which has no {what}",
                "settings that change the process",
                "remove it",
            )


def operators_of_signal(draft: Draft) -> Iterable[Finding]:
    """Check that parameters set, by their entries of the card, operators on which the process depends."""
    process = draft.process
    if not isinstance(process, EmbeddedProcess) or process.name not in PROCESSES or _refusal(process) is not None:
        return
    known, model = _operators(process), find_model(process.model)
    for name, parameter in draft.parameters.items():
        for index, entry in enumerate(parameter.entries):
            location: Location = ("parameters", name)
            if parameter.lha is not None:
                location = (*location, "lha", index, "id")
            operator = model.operator_of_entry(entry.block, entry.id)
            finding = _entry_finding(location, (entry.block, entry.id), operator, known, model, process.name)
            if finding is not None:
                yield finding
            elif parameter.lha is None and name in model.operators and name != operator:
                yield _misnamed(location, name, f"{entry.block} {entry.id} ({operator})", model)


def powers_of_amplitudes(draft: Draft) -> Iterable[Finding]:
    """Check that powers count the squares of production and decay: events have weights with all of these terms."""
    process = draft.process
    if not isinstance(process, EmbeddedProcess) or process.name not in PROCESSES or _refusal(process) is not None:
        return
    model = find_model(process.model)
    produced = set(_operators(process.model_copy(update={"decay": "stable", "branching_ratio": None})))
    decayed = set(operators_of_decay(embedded_settings(process.model_copy(update={"pdf": NO_PDF}))))
    differences = draft.morphing.finite_differences if draft.morphing is not None else None
    described = differences.parameters if differences is not None else ()
    for name, parameter in draft.parameters.items():
        if name in described:
            continue
        own = {model.operator_of_entry(entry.block, entry.id) for entry in parameter.entries}
        needed = 2 * bool(own & produced) + 2 * bool(own & decayed)
        found = parameter.max_power if isinstance(parameter.max_power, int) else sum(parameter.max_power)
        if own & decayed and found < needed:
            parts = [2 * bool(own & produced), 2]
            yield Finding(
                ("parameters", name, "max_power"),
                f"{found} in a parameter that changes {'production and decay' if own & produced else 'the decay'}",
                f"{parts}: powers in production and in decay",
                f"write max_power: {parts}, and morphing.max_overall_power: [2, 2]",
            )
        elif found < needed:
            yield Finding(
                ("parameters", name, "max_power"),
                f"{found}, although |M|^2 of the embedded generator is quadratic in {name}",
                "2",
                "write max_power: 2",
            )


def limits_on_what_is_there(draft: Draft) -> Iterable[Finding]:
    """Check that upper limits are on particles that every channel has: regions are kept apart by them."""
    for _, place, process in _embedded(draft):
        if process.name not in PROCESSES or _refusal(process) is not None:
            continue
        options = AmplitudeOptions(process.model, process.exclude)
        channels = flavour_channels(process.name, options)
        useful = [name for name, there in _PARTICLES.items() if all(there(legs[2:]) for legs in channels)]
        for quantity in _PARTICLES:
            if getattr(process.cuts, f"max_{quantity}") is not None and quantity not in useful:
                yield Finding(
                    (*place, "cuts", f"max_{quantity}"),
                    f"a limit on particles that {process.name} has not, or not in all channels",
                    f"among {listed(f'max_{name}' for name in useful)}" if useful else "none of these limits",
                    "remove it",
                    on_key=True,
                )


def finite_cross_sections(draft: Draft) -> Iterable[Finding]:
    """Check that cuts keep out soft and collinear photons, real ones and those that operators let a Higgs boson emit.

    All fermions are massless: without such cuts a cross section is as large as the sampling happens to find it.
    """
    signal = regions_of(draft.samples)
    for sample, place, process in _embedded(draft):
        needed: tuple[str, ...] = ()
        if process.name == "wgamma":
            needed = ("min_photon_pt", "min_photon_separation")
        elif sample in signal and "a" not in process.exclude:
            apart = process.cuts.min_lepton_pt > 0.0 and process.cuts.min_lepton_separation > 0.0
            needed = {"zh": () if apart else ("min_lepton_pair_mass",), "wbf_higgs": ("min_jet_pt",)}.get(
                process.name, ()
            )
        for key in needed:
            if getattr(process.cuts, key) == 0.0:
                yield Finding(
                    (*place, "cuts", key),
                    f"0, where the cross section of {process.name} is infinite: photons, and massless fermions",
                    f"{key} above 0",
                    f"add {key} to cuts" + (", 10 for example" if key != "min_photon_separation" else ", such as 0.4"),
                )


def _pairs(legs: Legs) -> bool:
    leptons = [leg for leg in legs if abs(leg) in CHARGED_LEPTONS]
    return any(-leg in leptons for leg in leptons)


_PARTICLES: dict[str, Callable[[Legs], bool]] = {
    "jet_pair_mass": lambda legs: sum(abs(leg) in JETS for leg in legs) > 1,
    "lepton_pair_mass": _pairs,
    "photon_pt": lambda legs: any(abs(leg) in PHOTONS for leg in legs),
    "missing_pt": lambda legs: any(abs(leg) in NEUTRINOS for leg in legs),
}
"""Quantities with an upper limit, and whether outgoing legs have such particles."""


def densities(draft: Draft) -> Iterable[Finding]:
    """Check that sets of parton densities are installed, and that protons collide where there are any."""
    from assay.generation.parton_densities import installed_sets  # needs Pythia's files

    for _, place, process in _embedded(draft):
        known, leptons = installed_sets(), process.name in PROCESSES and PROCESSES[process.name].lepton_beams
        if leptons and process.pdf != NO_PDF:
            yield Finding(
                (*place, "pdf"),
                f"{process.pdf!r} for a collision of leptons",
                f"pdf: {NO_PDF}",
                f"write `pdf: {NO_PDF}`",
            )
        elif process.pdf not in known and process.pdf != NO_PDF:
            yield Finding((*place, "pdf"), repr(process.pdf), f"one of {', '.join(known)}", "choose an installed set")


def members_of_densities(draft: Draft) -> Iterable[Finding]:
    """Check that members of parton densities that vary in generated events are installed."""
    from assay.generation.parton_densities import installed_members  # needs Pythia's files

    for sample, _, process in _embedded(draft):
        members = [f"pdf_{number}" for number in installed_members(process.pdf) if number]
        for name, systematic in draft.systematics.items():
            if not isinstance(systematic, ReplicaSystematic | HessianSystematic) or not acts_on(systematic, sample):
                continue
            try:
                unknown = [member for member in weight_names(systematic.members) if member not in members]
            except ValueError:
                continue  # the study's own checks say so
            if unknown:
                yield Finding(
                    ("systematics", name, "members"),
                    f"{unknown[0]}, which is no installed member of {process.pdf}",
                    f"{members[0]}..{members[-1]}" if members else "a set with members: Pythia's have the central one",
                    "install the set's members, or write `samples:` with the samples whose files have these weights",
                )


def _embedded(draft: Draft) -> Iterator[tuple[str, Location, EmbeddedProcess]]:
    for sample, place, process in located_processes(draft):
        if isinstance(process, EmbeddedProcess):
            yield sample, place, process


def _operators(process: EmbeddedProcess) -> tuple[str, ...]:
    return operators(embedded_settings(process.model_copy(update={"pdf": NO_PDF})))


def _refusal(process: EmbeddedProcess) -> GenerationError | None:
    """Return why a process cannot be generated, densities apart, which have a check of their own."""
    try:
        _operators(process)
    except GenerationError as error:
        return error
    return None


def _entry_finding(
    location: Location,
    entry: tuple[str, int],
    operator: str | None,
    known: Collection[str],
    model: Model,
    process: str,
) -> Finding | None:
    expected = ", ".join(f"{o.block} {o.entry} ({o.name})" for o in model.card if o.name in known)
    if operator is None:
        return Finding(
            location,
            f"entry {entry[1]} of block {entry[0]}, which is no operator of the model {model.name}",
            f"one of {expected}",
            "choose one of these, or another model",
        )
    if operator not in known:
        return Finding(
            location,
            f"{operator}, on which the process {process} does not depend",
            f"one of {expected}",
            "choose one of these, or another process",
        )
    return None


def _misnamed(location: Location, name: str, found: str, model: Model) -> Finding:
    right = next(f"{o.block} {o.entry}" for o in model.card if o.name == name)
    return Finding(
        location,
        f"{name} with the entry {found} of the parameter card",
        f"{right}, that of the operator {name}",
        "write this entry, or call the parameter otherwise",
    )


GENERATION_CHECKS: tuple[Check, ...] = (
    embedded_processes,
    settings_without_effect,
    operators_of_signal,
    powers_of_amplitudes,
    limits_on_what_is_there,
    finite_cross_sections,
    densities,
    members_of_densities,
)
