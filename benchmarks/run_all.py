"""All benchmarks in one run: against madminer 0.9.6, and how time and memory grow. `make bench` calls this.

    .venv/bin/python benchmarks/run_all.py --output runs/benchmarks.json
    .venv/bin/python benchmarks/run_all.py --output runs/benchmarks.json --page docs/benchmarks.md
    .venv/bin/python benchmarks/run_all.py --from runs/benchmarks.json --page docs/benchmarks.md
    .venv/bin/python benchmarks/run_all.py --from runs/benchmarks.json --again limits --page docs/benchmarks.md

Less than 30 minutes on two cores. Both programs have one thread and the same data; times of the processor are compared,
so that other work on the machine counts little. madminer needs an environment of its own, which `make bench` sets up.
The page has its figures beside it, in `images/`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import combining
import hot_paths
import limits
import morphing_basis
import observables
import sampling
import scaling
import torch
import training
from common import PEER_PYTHON, Comparison, machine, one_thread
from page import Results, write_page

from assay.files import write_json

MODULES = (sampling, training, limits, observables, combining, morphing_basis)


def run(repeat: int, keep: Callable[[Results], None]) -> Results:
    """Run everything; what is there already is kept after each part."""
    started, load = time.monotonic(), os.getloadavg()[0]
    description = machine()
    rates = hot_paths.machine_rates()
    results = Results({**description, "repetitions": repeat}, rates, (), (), ())

    def with_(**parts: Sequence[object]) -> Results:
        minutes = round((time.monotonic() - started) / 60.0, 1)
        loads = [round(load, 1), round(os.getloadavg()[0], 1)]
        more = replace(results, machine={**results.machine, "minutes": minutes, "load": loads}, **parts)
        keep(more)
        return more

    for module in MODULES:
        for comparison in module.comparisons(repeat):
            print(comparison, flush=True)
            results = with_(comparisons=(*results.comparisons, comparison))
    results = with_(hot_paths=profiled(rates))
    for series in scaling.all_series(repeat):
        results = with_(growth=(*results.growth, series))
    return results


def again(known: Results, names: Sequence[str], repeat: int, keep: Callable[[Results], None]) -> Results:
    """Measure some programs' comparisons (both sides of each) or the hot paths again; the others stay as they are."""
    for module in MODULES:
        if module.__name__ not in names:
            continue
        program = f"benchmarks/{module.__name__}.py"
        first = next(n for n, one in enumerate(known.comparisons) if one.command == program)
        others = [one for one in known.comparisons if one.command != program]
        others[first:first] = module.comparisons(repeat)
        known = replace(known, comparisons=tuple(others))
        keep(known)
    if "hot_paths" in names:
        rates = hot_paths.machine_rates()
        known = replace(known, rates=rates, hot_paths=profiled(rates))
        keep(known)
    return known


def profiled(rates: hot_paths.Machine) -> tuple[hot_paths.HotPath, ...]:
    """Profile the hot paths, and tell each as it comes."""
    found = []
    for path in hot_paths.hot_paths(rates):
        print(f"{path.name}: {path.seconds:.3g} s, {path.distance:.1f} times {path.limit}", flush=True)
        found.append(path)
    return tuple(found)


def missed(results: Results) -> list[Comparison]:
    """Return the comparisons whose ratio is below what is aimed at."""
    return [one for one in results.comparisons if one.target is not None and one.ratio < one.target]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("runs/benchmarks.json"), help="JSON file")
    parser.add_argument("--page", type=Path, help="Markdown file to write")
    parser.add_argument("--from", dest="known", type=Path, help="write the page from an earlier run's JSON file")
    parser.add_argument("--again", nargs="+", default=(), help="with --from: programs to run again",
                        choices=[module.__name__ for module in (*MODULES, hot_paths)])  # fmt: skip
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()

    def keep(found: Results) -> None:
        write_json(options.output, asdict(found))

    one_thread()
    torch.set_num_threads(1)
    if options.known:
        results = Results.of_json(json.loads(options.known.read_text()))
        results = again(results, options.again, options.repeat, keep)
    else:
        if not PEER_PYTHON.exists():
            raise SystemExit(f"{PEER_PYTHON} is missing: make .venv-madminer/.ready")
        options.output.parent.mkdir(parents=True, exist_ok=True)
        results = run(options.repeat, keep)
    if options.page:
        write_page(results, options.page)
    for comparison in results.comparisons:
        print(comparison)
    for comparison in missed(results):
        print(f"missed: {comparison}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
