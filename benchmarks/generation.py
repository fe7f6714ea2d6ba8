"""Events per second and core of the embedded generator, and of MadGraph on the same process and machine.

    .venv/bin/python benchmarks/generation.py
    ASSAY_MG5=.../bin/mg5_aMC .venv/bin/python benchmarks/generation.py --madgraph-events 5000 --output generation.json

The process is the default one, u d > u d h, h > a a, at the Standard Model and with a weight at each of two further
benchmarks. Counted is processor time, MadGraph's programs included, from a prepared process to an LHE file with all
weights; preparing is told apart. MadGraph is left out where there is none. Each of its jobs starts MadGraph's Python
four times (some seconds), so that short jobs look slower than they are: the rate without that is told, too.
"""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import click

from assay.errors import GenerationError
from assay.generation.embedded import EmbeddedSettings, PreparedProcess, generate, prepare
from assay.generation.lhe import write_lhe
from assay.generation.madgraph.generate import generate_events
from assay.generation.madgraph.prepare import prepare_process
from assay.generation.madgraph.program import find_madgraph
from assay.generation.madgraph.settings import MadGraphSettings

CARDS = Path(__file__).parents[1] / "input" / "cards" / "madgraph"
COEFFICIENTS = {"sm": (0.0, 0.0), "cw": (19.824, 0.0), "cpw": (-9.912, 14.868)}
"""CWL2 and CPWL2 in TeV^-2, entries 2 and 5 of block dim6."""
SEED = 20261122
T = TypeVar("T")


@dataclass(frozen=True)
class Measurement:
    """Processor seconds of a generator.

    Attributes
    ----------
    generator
        Which.
    events
        In the job that was measured.
    preparing, generating
        Seconds.
    per_second
        Events per second of the job.
    marginal
        Events per second that a longer job has more than a short one; None if that was not measured.
    overweight_fraction
        Of the events' weights.
    cross_section, error
        At the Standard Model, in pb.
    """

    generator: str
    events: int
    preparing: float
    generating: float
    per_second: float
    marginal: float | None
    overweight_fraction: float
    cross_section: float
    error: float


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work gives, and its processor seconds, those of programs that it starts included."""
    start = _seconds()
    return work(), _seconds() - start


def _seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def embedded(n_events: int, folder: Path) -> Measurement:
    """Measure the embedded generator."""
    couplings = {name: {"CWL2": cw, "CPWL2": cpw} for name, (cw, cpw) in COEFFICIENTS.items()}
    prepared, preparing = timed(lambda: prepare(EmbeddedSettings(), couplings, SEED))
    file = folder / "process.npz"
    prepared.save(file)

    def job() -> float:
        sample = generate(PreparedProcess.load(file), "sm", n_events, SEED)
        write_lhe(folder / "events.lhe.gz", sample)
        return float(sample.metadata["overweight_fraction"])

    overweight, generating = timed(job)
    value, error = prepared.cross_sections["sm"]
    return Measurement(
        "embedded", n_events, preparing, generating, n_events / generating, None, overweight, value, error
    )


def madgraph(n_events: int, folder: Path) -> Measurement:
    """Measure MadGraph."""
    settings = MadGraphSettings(
        name="signal",
        proc=(CARDS / "proc_card.dat").read_text(encoding="utf-8"),
        run=(CARDS / "run_card.dat").read_text(encoding="utf-8"),
        param=(CARDS / "param_card.dat").read_text(encoding="utf-8"),
        reweight="",
        points={name: {("dim6", (2,)): cw, ("dim6", (5,)): cpw} for name, (cw, cpw) in COEFFICIENTS.items()},
        generated=("sm",),
        accuracy=0.005,
    )
    archive = folder / "signal.tar.gz"
    prepared, preparing = timed(lambda: prepare_process(archive, settings, SEED))

    def job(count: int) -> int:
        sample = generate_events(archive, "sm", count, SEED, folder=folder)
        write_lhe(folder / "events.lhe.gz", sample)
        return len(sample)

    few, short = timed(lambda: job(max(n_events // 10, 1)))
    many, generating = timed(lambda: job(n_events))
    value, error = prepared.cross_sections["sm"]
    marginal = (many - few) / max(generating - short, 1e-9)
    return Measurement("madgraph", many, preparing, generating, many / generating, marginal, 0.0, value, error)


@click.command(help=__doc__)
@click.option("--events", default=100_000, show_default=True, help="Of the embedded generator.")
@click.option("--madgraph-events", default=5_000, show_default=True, help="Of MadGraph.")
@click.option("--output", type=click.Path(path_type=Path), help="JSON file.")
def main(events: int, madgraph_events: int, output: Path | None) -> None:
    """Measure both generators."""
    with tempfile.TemporaryDirectory() as name:
        found = [embedded(events, Path(name))]
        try:
            find_madgraph()
        except GenerationError as error:
            click.echo(f"embedded alone: {error.what}")
        else:
            found.append(madgraph(madgraph_events, Path(name)))
    for one in found:
        more = f" ({one.marginal:.0f} without starting it)" if one.marginal is not None else ""
        click.echo(f"{one.generator:9s} {one.per_second:9.0f} events per second of processor time{more}")
        click.echo(f"          {one.events} events in {one.generating:.1f} s, prepared in {one.preparing:.1f} s")
        click.echo(f"          {one.cross_section:.5g} +- {one.error:.1g} pb, overweight {one.overweight_fraction:.2g}")
    if len(found) > 1:
        click.echo(f"ratio {found[0].per_second / found[1].per_second:.0f}")
    if output is not None:
        output.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
