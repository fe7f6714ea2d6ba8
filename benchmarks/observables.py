"""Ten observables and a cut from a ROOT file with the tree of Delphes, and from an LHE file, reading included.

    .venv/bin/python benchmarks/observables.py [--events 40000]

Each is compared with a plain loop over the same events, in the same run: particles are objects of `vector`, as in
MadMiner, and Python evaluates every observable for every event (of fewer events, since it takes long). `comparisons`
has madminer 0.9.6 itself read the LHE file, with eleven weights per event, by its XML parser, which is its default, and
by its text parser. Times are of the processor, not of the clock, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import gzip
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import CodeType

import awkward as ak
import numpy as np
import vector
from common import Comparison, Measured, in_own_process, of_peer

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


def written(path: Path, n_events: int) -> Path:
    """Write events of MadGraph, repeated, as an LHE file with the run card that madminer reads; return its path."""
    head, *events = gzip.decompress(LHE.read_bytes()).decode().split("<event>")
    events = ["<event>" + event.split("</event>")[0] + "</event>\n" for event in events]
    card = f"<header>\n<MGRunCard>\n {n_events} = nevents\n sum = event_norm\n</MGRunCard>\n</header>\n<init>"
    head = head.replace("<init>", card, 1)
    path.write_text(head + "".join((events * (n_events // len(events) + 1))[:n_events]) + "</LesHouchesEvents>\n")
    return path


def write_files(folder: Path, n_events: int) -> tuple[Path, Path]:
    """Write events as an LHE file and as objects in a ROOT file."""
    lhe, root = written(folder / "events.lhe", n_events), folder / "objects.root"
    objects = parton_level(read_lhe(lhe))
    write_objects(root, [objects], lambda n: SimulationSummary("none", n_events, 0, n, 1, ""))
    return lhe, root


def comparisons(repeat: int) -> Iterator[Comparison]:
    """Yield the comparisons with madminer's reader of LHE files, which reads fewer events."""
    ours_events, peer_events = 20_000, 500
    weights = re.findall(r"<wgt id='(\w+)'>", gzip.decompress(LHE.read_bytes()).decode().split("</event>")[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many, few = (written(folder / f"{n}.lhe", n) for n in (ours_events, peer_events))

        def work() -> float:
            sample = read_lhe(many)
            return len(vectorised(parton_level(sample), sample)) / ours_events

        ours = in_own_process(work, repeat)
        task = {"setup": folder / "setup.h5", "lhe": few, "observables": OBSERVABLES, "cut": CUT, "weights": weights}
        peer = of_peer("observables", repeat, **task)
    for parser in ("xml", "text"):
        theirs = scaled(peer[parser], ours_events / peer_events)
        np.testing.assert_allclose(theirs.value, (ours.value or 0.0) * ours_events, rtol=0.01)  # events after the cut
        what = f"ten of an LHE file, {len(weights) + 1} weights; madminer's {parser} parser"
        yield Comparison("observables", what, ours_events, "events", ours, theirs, None, "benchmarks/observables.py")


def scaled(measured: Measured, factor: float) -> Measured:
    """Return what a multiple of the work would take."""
    processor, clock = (tuple(factor * one for one in times) for times in (measured.processor, measured.clock))
    return replace(measured, processor=processor, clock=clock, value=factor * (measured.value or 0.0))


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
