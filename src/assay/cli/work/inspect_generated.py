"""Looking into what generators and detectors wrote: LHE files and ROOT files of reconstructed objects."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np

from assay.events.inspection import Cell, Inspection, Table
from assay.generation.lhe import LHESample, read_lhe
from assay.simulation.root import iterate_objects, read_summary

_FEW_EFFECTIVE_EVENTS = 100.0
_COLLECTIONS = ("jets", "electrons", "muons", "photons")


def inspect_lhe(path: Path) -> Inspection:
    """Look into an LHE file.

    Raises
    ------
    LHEError
        If it is truncated or malformed, or holds a number that is not finite.
    """
    sample = read_lhe(path)
    total = float(sample.nominal_weights.sum())
    facts: list[tuple[str, Cell]] = [
        ("events", len(sample)),
        ("cross section [pb]", sample.cross_section),
        ("error [pb]", sample.cross_section_error),
        ("sum of weights [pb]", total),
        ("beam energies [GeV]", " and ".join(f"{energy:g}" for energy in sample.beams.energy)),
        ("particles per event", float(np.diff(sample.offsets).mean()) if len(sample) else None),
    ]
    facts += [(key, value) for key, value in sample.metadata.items() if isinstance(value, str | int | float)]
    return Inspection("LHE file", tuple(facts), (_weights(sample), _particles(sample)), (), _lhe_suspicions(sample))


def _weights(sample: LHESample) -> Table:
    columns = ("name", "cross section [pb]", "effective events", "negative", "lowest [pb]", "highest [pb]")
    named = [("(nominal)", sample.nominal_weights), *zip(sample.weight_names, sample.weights.T, strict=True)]
    rows = tuple(
        (
            name,
            float(w.sum()),
            _effective(w),
            int((w < 0).sum()),
            float(w.min(initial=np.inf)),
            float(w.max(initial=-np.inf)),
        )
        for name, w in named
    )
    return Table("weights", columns, rows)


def _effective(weights: np.ndarray) -> float:
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0.0 else 0.0


def _particles(sample: LHESample) -> Table:
    final = sample.pdg_id[sample.status == 1]
    kinds, counts = np.unique(final, return_counts=True)
    rows = tuple((int(kind), float(n / max(1, len(sample)))) for kind, n in zip(kinds, counts, strict=True))
    return Table("outgoing particles", ("PDG id", "per event"), rows)


def _lhe_suspicions(sample: LHESample) -> tuple[str, ...]:
    found = [] if len(sample) else ["there is no event in it"]
    if not sample.weight_names:
        found.append("events have their nominal weight alone: no benchmark can be reweighted to")
    for name, weights in zip(sample.weight_names, sample.weights.T, strict=True):
        if len(sample) and _effective(weights) < _FEW_EFFECTIVE_EVENTS:
            found.append(f"the events are worth only {_effective(weights):.3g} at {name}")
    if n_negative := int((sample.nominal_weights < 0).sum()):
        found.append(f"{n_negative} events have a negative nominal weight ({n_negative / len(sample):.2%})")
    total = float(sample.nominal_weights.sum())
    if len(sample) and abs(total - sample.cross_section) > 0.01 * abs(sample.cross_section):
        found.append(f"weights sum to {total:.5g} pb, the file states {sample.cross_section:.5g} pb")
    return tuple(found)


def inspect_objects(path: Path) -> Inspection:
    """Look into a ROOT file of reconstructed objects, of our detector or of Delphes.

    Raises
    ------
    SimulationError
        If it cannot be read.
    """
    summary = read_summary(path)
    n_events, total, n_bad = 0, 0.0, 0
    counts = dict.fromkeys(_COLLECTIONS, 0)
    highest = dict.fromkeys(_COLLECTIONS, 0.0)
    for objects in iterate_objects(path):
        n_events += len(objects)
        weights = np.asarray(objects.weight)
        total, n_bad = total + float(weights[np.isfinite(weights)].sum()), n_bad + int((~np.isfinite(weights)).sum())
        for name in _COLLECTIONS:
            pt = np.asarray(ak.flatten(objects[name].pt))
            counts[name] += len(pt)
            highest[name] = max(highest[name], float(pt.max(initial=0.0)))
            n_bad += int((~np.isfinite(pt)).sum())
    facts: list[tuple[str, Cell]] = [("events", n_events), ("sum of weights [pb]", total)]
    suspicious = [] if n_events else ["there is no event in it"]
    if summary is None:
        facts.append(("written by", "Delphes, or another program"))
    else:
        facts += [("detector", summary.detector), ("generated", summary.events_read)]
        facts += [("rejected by the shower", summary.events_rejected), ("seed", summary.seed)]
        if summary.events_written != n_events:
            suspicious.append(f"its summary says {summary.events_written} events")
    rows = tuple((name, counts[name] / max(1, n_events), highest[name]) for name in _COLLECTIONS)
    suspicious += [f"there are no {name} in any event" for name in ("jets",) if n_events and not counts[name]]
    faults = (f"{n_bad} weights or momenta are not finite",) if n_bad else ()
    table = Table("objects", ("name", "per event", "highest pT [GeV]"), rows)
    return Inspection("reconstructed objects", tuple(facts), (table,), faults, tuple(suspicious))
