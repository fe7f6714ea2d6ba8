"""The parametrised detector, vectorised over events, beside a plain loop over events and particles in the same run.

    .venv/bin/python benchmarks/detector.py
    .venv/bin/python benchmarks/detector.py --events 4000 --lhe my_events.lhe.gz

Events of an LHE file (by default MadGraph's of the tests: weak-boson fusion, h > a a) are showered once, without
multiparton interactions. The plain loop does what the usual card says, event by event and particle by particle, with
FastJet's own interface for the jets; it draws other random numbers, so means of the same observables are compared with
their errors. Times are of the processor, the shortest of several.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import fastjet
import numpy as np

from assay.simulation.candidates import INVISIBLE
from assay.simulation.card import NAMED, read_card
from assay.simulation.detector import detect
from assay.simulation.objects import flat_columns
from assay.simulation.pythia import ShowerSettings
from assay.simulation.record import ShoweredEvents, concatenated
from assay.simulation.shower import shower

LHE = Path(__file__).parents[1] / "tests" / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"

Particle = tuple[int, float, float, float, float, float, float, float]  # pdgid, px, py, pz, e, pt, eta, phi


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lhe", type=Path, default=LHE, help="events")
    parser.add_argument("--events", type=int, default=2000, help="how many the vectorised detector gets, repeated")
    parser.add_argument("--plain", type=int, default=200, help="how many the plain loop gets")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    showered = concatenated(list(shower(options.lhe, ShowerSettings(), 1)))
    events = repeated(showered, options.events)
    few = repeated(showered, options.plain)
    print(f"{ak.mean(ak.num(events.particles)):.0f} particles per event")
    plain_time, plain = shortest(lambda: [plain_event(event) for event in as_lists(few)], options.repeat)
    plain_rate = options.plain / plain_time
    print(f"{'plain loop, usual card':28s} {plain_rate:8.0f} events/s")
    for name in (None, *NAMED):
        run = partial(detect, events, np.ones(options.events), read_card(name))
        used, found = shortest(lambda run=run: run(np.random.default_rng(1)), options.repeat)
        rate, what = options.events / used, f"vectorised, {name or 'usual card'}"
        print(f"{what:28s} {rate:8.0f} events/s, {rate / plain_rate:5.1f} times the plain loop")
        if name is None:
            compare(found, plain)


def repeated(events: ShoweredEvents, n: int) -> ShoweredEvents:
    """Return `n` events, the given ones over and over."""
    places = np.arange(n) % len(events.event_number)
    lists = {name: getattr(events, name)[places] for name in ("particles", "heavy", "taus")}
    return replace(events, event_number=np.arange(n), weight=events.weight[places], **lists)


def shortest(work: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """Return the shortest processor time of a piece of work, and its result."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def compare(found: ak.Array, plain: list[tuple[int, int, float, float]]) -> None:
    """Print means of both with errors."""
    columns = {
        "jets": np.asarray(ak.num(found.jets)),
        "photons": np.asarray(ak.num(found.photons)),
        "sum of jet pt": np.asarray(ak.sum(found.jets.pt, axis=1)),
        "missing momentum": np.asarray(found.met.pt),
    }
    for (name, values), other in zip(columns.items(), np.array(plain).T, strict=True):
        print(
            f"    {name:18s} {values.mean():8.3f} +- {values.std() / math.sqrt(len(other)):.3f}, "
            f"plain {other.mean():8.3f} +- {other.std() / math.sqrt(len(other)):.3f}"
        )


def as_lists(events: ShoweredEvents) -> list[list[Particle]]:
    """Return the particles of every event as plain tuples."""
    counts, columns = flat_columns(events.particles)
    rows = zip(*(columns[name] for name in ("pdgid", "px", "py", "pz", "e")), strict=True)
    everything = []
    for count in counts:
        event = []
        for _ in range(count):
            pdgid, px, py, pz, e = next(rows)
            pt = math.hypot(px, py)
            eta = math.asinh(pz / pt) if pt > 0 else math.copysign(99.0, pz)
            event.append((int(pdgid), px, py, pz, e, pt, eta, math.atan2(py, px)))
        everything.append(event)
    return everything


RANDOM = np.random.default_rng(2)
DEFINITION = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)


def plain_event(event: list[Particle]) -> tuple[int, int, float, float]:
    """Simulate the usual card (no electrons or tags, exact muons): jets, photons, sum of jet pt, missing momentum."""
    visible = [p for p in event if abs(p[0]) not in INVISIBLE and p[5] > 0.5 and abs(p[6]) < 4.9]
    photons, rest, x, y = [], [], 0.0, 0.0
    for candidate in visible:
        pdgid, px, py, _, e, pt, eta, _ = candidate
        scale = response(math.sqrt((0.0017 * e) ** 2 + 0.101**2 * e) / e) if pdgid == 22 and pt > 5.0 else 1.0
        efficiency = 0.95 if abs(eta) <= 1.5 else 0.85 if abs(eta) <= 2.5 else 0.0
        if (
            pdgid == 22
            and pt * scale > 10
            and pt > 10
            and RANDOM.random() < efficiency
            and isolated(candidate, visible, 0.12)
        ):
            photons.append(pt * scale)
            x, y = x + px * scale, y + py * scale
        elif abs(pdgid) == 13:
            found = RANDOM.random() < (0.95 if abs(eta) <= 1.5 else 0.85 if abs(eta) <= 2.7 else 0.0)
            if pt > 10 and found and isolated(candidate, visible, 0.25):
                x, y = x + px, y + py
        else:
            rest.append(candidate)
            x, y = x + px, y + py
    jets, hard = [], 0.0
    cluster = fastjet.ClusterSequence([fastjet.PseudoJet(*p[1:5]) for p in rest], DEFINITION)
    for jet in cluster.inclusive_jets(10.0):
        scale = response(jet_resolution(jet.e(), abs(jet.eta())) / jet.e())
        x, y, hard = x + jet.px() * (scale - 1), y + jet.py() * (scale - 1), hard + jet.pt()
        if jet.pt() * scale > 20.0:
            jets.append(jet.pt() * scale)
    sigma = 0.5205 * math.sqrt(max(sum(p[5] for p in rest) - hard, 0.0))
    missing = math.hypot(x + RANDOM.normal(0, sigma), y + RANDOM.normal(0, sigma))
    return len(jets), len(photons), sum(jets), missing


def isolated(candidate: Particle, visible: list[Particle], maximum: float) -> bool:
    """Return whether little is around a photon or muon."""
    total = 0.0
    for other in visible:
        if other is not candidate and abs(other[0]) not in (11, 13):
            phi = abs(other[7] - candidate[7])
            if math.hypot(other[6] - candidate[6], min(phi, 2 * math.pi - phi)) < 0.5:
                total += other[5]
    return total <= maximum * candidate[5]


def jet_resolution(e: float, eta: float) -> float:
    """Return the standard deviation of a jet's energy."""
    if eta <= 1.7:
        return math.sqrt((0.0302 * e) ** 2 + 0.5205**2 * e + 1.59**2)
    if eta <= 3.2:
        return math.sqrt((0.05 * e) ** 2 + 0.706**2 * e)
    return math.sqrt((0.0942 * e) ** 2 + e)


def response(relative: float) -> float:
    """Draw measured over true energy."""
    variance = math.log1p(relative**2)
    return math.exp(math.sqrt(variance) * RANDOM.standard_normal() - 0.5 * variance)


if __name__ == "__main__":
    main()
