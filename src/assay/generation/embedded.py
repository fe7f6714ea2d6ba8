"""The embedded generator: `prepare` once per study, `generate` once per job.

The events of a job depend on the prepared process, the benchmark and the job's seed alone, not on the number of jobs;
the first n events of a longer job are those of a shorter one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assay import __version__
from assay.errors import GenerationError
from assay.generation.amplitudes.higgs_decays import HIGGS
from assay.generation.hard_process import HardProcess
from assay.generation.higgs_decay import HiggsProducts, decayed
from assay.generation.kinematics import FloatArray
from assay.generation.lhe.sample import LHESample
from assay.generation.model import find_model
from assay.generation.prepared import PreparedProcess, operators
from assay.generation.processes import PROCESSES, find_process
from assay.generation.records import event_records
from assay.generation.sampling import Effort, sampling_of
from assay.generation.settings import EmbeddedSettings
from assay.generation.unweighting import HardEvents, Unweighted, unweighted_events
from assay.generation.variations import Partons, variation_ratios

__all__ = ["PROCESSES", "Effort", "EmbeddedSettings", "PreparedProcess", "generate", "operators", "prepare"]

FULL_EFFORT = Effort()
_NAME = re.compile(r"[^\s<>&'\"]+")


def prepare(
    settings: EmbeddedSettings,
    couplings: Mapping[str, Mapping[str, float]],
    seed: int,
    effort: Effort = FULL_EFFORT,
) -> PreparedProcess:
    """Adapt sampling maps to every benchmark, and measure maximum weights and cross sections.

    Parameters
    ----------
    settings
        What is generated.
    couplings
        Benchmark name to operator name to c / Lambda^2 in TeV^-2; absent operators are zero.
    seed
        Seed, not negative.
    effort
        How many points are spent.

    Raises
    ------
    GenerationError
        If there is no benchmark, an operator is unknown or has no effect on the process, or the settings leave no phase
        space.
    """
    vectors = np.array([_coupling_vector(settings, name, values) for name, values in couplings.items()])
    if not len(vectors):
        raise GenerationError("no benchmark to prepare for", expected="one benchmark or more")
    process = HardProcess(settings, operators(settings))
    sampling = sampling_of(process, vectors, random_stream(seed, "prepare", settings.process), effort)
    return PreparedProcess(settings, tuple(couplings), vectors, sampling, seed)


def generate(
    prepared: PreparedProcess, benchmark: str, n_events: int, seed: int, variations: Sequence[str] = ()
) -> LHESample:
    """Return `n_events` unweighted events at a benchmark, with weights at all benchmarks.

    Weights of variations (see `assay.generation.variations`) follow those of the benchmarks; they are at `benchmark`.

    The metadata record the process, settings, couplings, benchmark, seed, `n_generated`, the cross sections of all
    benchmarks with errors, the `efficiency` (events per point tried) and the `overweight_fraction` (see `unweighting`).

    Raises
    ------
    GenerationError
        If the benchmark is not among the prepared ones, `n_events` is not positive, a weight is negative or not finite,
        or a variation is unknown.
    """
    own, settings, process = prepared.index(benchmark), prepared.settings, prepared.process
    if n_events < 1:
        raise GenerationError(f"{n_events} events asked for", expected="one or more")
    sources = prepared.sampling.sources(process, own)
    rng = random_stream(seed, "generate", benchmark)
    unweighted = unweighted_events(process, sources, prepared.couplings, own, n_events, rng)
    hard = unweighted.events
    products = _products(prepared, own, hard, random_stream(seed, "decay", benchmark))
    sigma, error = prepared.cross_sections[benchmark]
    weights = sigma / n_events * hard.ratios * (1.0 if products is None else products.ratios)
    _require_not_negative(weights, prepared.benchmarks)
    nominal = np.full(n_events, sigma / n_events)
    partons = Partons(hard.pdg_ids[:, :2], hard.momenta[:, :2, 0] / settings.beam_energy, hard.factorisation)
    varied = variation_ratios(settings, partons, variations) * nominal[:, None]
    return LHESample(
        **event_records(settings, hard, products),
        nominal_weights=nominal,
        weights=np.concatenate([weights, varied], axis=1),
        weight_names=(*prepared.benchmarks, *variations),
        cross_section=sigma,
        cross_section_error=error,
        metadata=_metadata(prepared, benchmark, n_events, seed, unweighted),
    )


def random_stream(seed: int, purpose: str, name: str) -> np.random.Generator:
    """Return the random numbers of a seed for a purpose and a name; others' are independent of them."""
    if seed < 0:
        raise GenerationError(f"the seed is {seed}", expected="an integer that is not negative")
    return np.random.default_rng([seed, zlib.crc32(f"{purpose}/{name}".encode())])


def _products(prepared: PreparedProcess, own: int, hard: HardEvents, rng: np.random.Generator) -> HiggsProducts | None:
    """Return what Higgs bosons decay to, with a stream of its own: the hard events are those of a stable boson."""
    settings = prepared.settings
    if not settings.higgs_decays:
        return None
    return decayed(
        settings.decay,
        hard.momenta[hard.pdg_ids == HIGGS],
        rng,
        model=settings.model,
        operators=operators(settings),
        couplings=prepared.couplings,
        own=own,
    )


def _coupling_vector(settings: EmbeddedSettings, benchmark: str, values: Mapping[str, float]) -> FloatArray:
    known = operators(settings)
    if not _NAME.fullmatch(benchmark):
        raise GenerationError(
            f"{benchmark!r} cannot name a benchmark", expected="a name without spaces, quotes, <, > and &"
        )
    for name, value in values.items():
        if name not in known:
            in_model = name in find_model(settings.model).operators
            fault = f"has no effect on the process {settings.process}" if in_model else f"is not of {settings.model}"
            raise GenerationError(
                f"the operator {name} of benchmark {benchmark!r} {fault}",
                expected=f"operators among {', '.join(known)}",
            )
        if not np.isfinite(value):
            raise GenerationError(f"the value of {name} is {value}", expected="a finite number of TeV^-2")
    return np.array([1.0, *(float(values.get(name, 0.0)) for name in known)])


def _require_not_negative(weights: FloatArray, names: tuple[str, ...]) -> None:
    good = np.isfinite(weights) & (weights >= 0.0)
    if not good.all():
        event, column = (int(index) for index in np.argwhere(~good)[0])
        raise GenerationError(
            f"{int(np.sum(~good))} weights are negative or not finite",
            where=f"event {event}, benchmark {names[column]}",
            expected="a squared amplitude over another",
        )


def _metadata(
    prepared: PreparedProcess, benchmark: str, n_events: int, seed: int, unweighted: Unweighted
) -> dict[str, Any]:
    process = find_process(prepared.settings.process)
    names = operators(prepared.settings)
    rows = zip(prepared.benchmarks, prepared.couplings[:, 1:].tolist(), strict=True)
    return {
        "generator": "assay-embedded",
        "version": __version__,
        "process": process.name,
        "title": process.title,
        "settings": prepared.settings.record(),
        "branching_fraction": float(prepared.branching_fractions[prepared.index(benchmark)]),
        "benchmark": benchmark,
        "seed": seed,
        "prepare_seed": prepared.seed,
        "n_generated": n_events,
        "couplings": {name: dict(zip(names, row, strict=True)) for name, row in rows},
        "cross_sections": {
            name: {"value": value, "error": error} for name, (value, error) in prepared.cross_sections.items()
        },
        "efficiency": unweighted.efficiency,
        "overweight_fraction": unweighted.overweight_fraction,
    }
