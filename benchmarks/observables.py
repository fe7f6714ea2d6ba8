"""Ten observables and a cut from a ROOT file with the tree of Delphes, and from an LHE file, reading included.

    python benchmarks/observables.py [--events 40000]

Each is compared with a plain loop over the same events, in the same run: particles are objects of `vector`, as in
MadMiner, and Python evaluates every observable for every event (of fewer events, since it takes long). Times are of the
processor, not of the clock, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import awkward as ak
import numpy as np
import vector

from assay.generation.lhe import LHESample, read_lhe
from assay.observables.extract import ObservableDefinition, extract
from assay.observables.join import join
from assay.observables.particles import Particles
from assay.observables.truth import Generated
from assay.simulation.parton_level import parton_level
from assay.simulation.root import SimulationSummary, read_objects, write_objects

LHE = Path(__file__).parents[1] / "tests" / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"
OBSERVABLES = {
    "pt_j1": "j[0].pt",
    "pt_j2": "j[1].pt",
    "delta_phi_jj": "j[0].deltaphi(j[1]) * (-1. + 2. * float(j[0].eta > j[1].eta))",
    "delta_eta_jj": "abs(j[0].eta - j[1].eta)",
    "m_jj": "(j[0] + j[1]).m",
    "pt_a1": "a[0].pt",
    "pt_a2": "a[1].pt",
    "pt_aa": "(a[0] + a[1]).pt",
    "m_aa": "(a[0] + a[1]).m",
    "pt_miss": "met.pt",
}
CUT = "pt_j1 > 30"
DEFINITIONS = [ObservableDefinition(name, text, required=True) for name, text in OBSERVABLES.items()]


def momentum(record: dict[str, float]) -> vector.MomentumObject4D:
    return vector.obj(pt=record["pt"], eta=record["eta"], phi=record["phi"], mass=record["mass"])


def loop(objects: ak.Array) -> np.ndarray:
    """Evaluate all observables event by event, and apply the cut."""
    codes = {name: compiled(text) for name, text in OBSERVABLES.items()}
    cut, rows = compiled(CUT), []
    for event in ak.to_list(objects):
        met = event["met"]
        variables: dict[str, object] = {
            "j": [momentum(jet) for jet in event["jets"]],
            "a": [momentum(photon) for photon in event["photons"]],
            "met": vector.obj(pt=met["pt"], eta=0.0, phi=met["phi"], mass=0.0),
        }
        try:
            row = {name: evaluated(code, variables) for name, code in codes.items()}
        except IndexError:
            continue
        if evaluated(cut, {**variables, **row}):
            rows.append(list(row.values()))
    return np.array(rows)


def compiled(text: str) -> CodeType:
    return compile(text, "observable", "eval")


def evaluated(code: CodeType, variables: dict[str, object]) -> float:
    return float(eval(code, {"__builtins__": {"float": float, "abs": abs}}, variables))  # noqa: S307 - what is compared


def vectorised(objects: ak.Array, sample: LHESample) -> np.ndarray:
    weights = join(objects, sample)
    particles = Particles(objects, Generated(sample, np.asarray(objects.event_number)))
    return extract(particles, DEFINITIONS, [CUT], weights).x


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def write_files(folder: Path, n_events: int) -> tuple[Path, Path]:
    """Write events of MadGraph, repeated, as an LHE file and as objects in a ROOT file."""
    head, *events = gzip.decompress(LHE.read_bytes()).decode().split("<event>")
    events = ["<event>" + event.split("</event>")[0] + "</event>\n" for event in events]
    lhe, root = folder / "events.lhe", folder / "objects.root"
    lhe.write_text(head + "".join((events * (n_events // len(events) + 1))[:n_events]) + "</LesHouchesEvents>\n")
    objects = parton_level(read_lhe(lhe))
    write_objects(root, [objects], lambda n: SimulationSummary("none", n_events, 0, n, 1, ""))
    return lhe, root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--loop-events", type=int, default=2_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lhe, root = write_files(Path(folder), arguments.events)
        sample = read_lhe(lhe)
        few = read_objects(root)[: arguments.loop_events]
        plain, seconds = timed(lambda: loop(few))
        of_loop = len(few) / seconds
        print(f"plain loop, without reading     {of_loop:10.0f} events/s")
        for name, work in (
            ("Delphes' tree", lambda: vectorised(read_objects(root), sample)),
            ("LHE", lambda: vectorised(parton_level(whole := read_lhe(lhe)), whole)),
        ):
            x, seconds = timed(work)
            np.testing.assert_allclose(x[: len(plain)], plain, rtol=1e-4, atol=1e-3)
            rate = arguments.events / seconds
            print(f"{name:<14} with reading      {rate:10.0f} events/s, {rate / of_loop:6.1f} times the loop's")


if __name__ == "__main__":
    main()
