"""The embedded generator: `prepare` once per study, `generate` once per job.

The events of a job depend on the prepared process, the benchmark and the job's seed alone, not on the number of jobs;
the first n events of a longer job are those of a shorter one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from assay import __version__
from assay.errors import GenerationError
from assay.generation.decay import decay_to_photons
from assay.generation.hard_process import HardProcess
from assay.generation.integration import adapt, integrate
from assay.generation.kinematics import FloatArray
from assay.generation.lhe.sample import LHESample
from assay.generation.matrix_element import coupling_vector
from assay.generation.prepared import PreparedProcess
from assay.generation.processes import PROCESSES, find_process, operators
from assay.generation.records import event_records
from assay.generation.settings import EmbeddedSettings
from assay.generation.unweighting import HardEvents, unweighted_events
from assay.generation.variations import variation_ratios

__all__ = ["PROCESSES", "EmbeddedSettings", "PreparedProcess", "generate", "operators", "prepare"]

OVERWEIGHT_SHARE = 3e-4
_NAME = re.compile(r"[^\s<>&'\"]+")


def prepare(
    settings: EmbeddedSettings,
    couplings: Mapping[str, Mapping[str, float]],
    seed: int,
    *,
    n_points: int = 300_000,
    iterations: int = 8,
    n_points_per_iteration: int = 40_000,
    n_bins: int = 64,
) -> PreparedProcess:
    """Adapt a sampling grid to every benchmark, and measure maximum weights and cross sections.

    Parameters
    ----------
    settings
        What is generated.
    couplings
        Benchmark name to operator name to c / Lambda^2 in TeV^-2; absent operators are zero.
    seed
        Seed, not negative.
    n_points
        Points per benchmark for the cross sections; their error is about 1 / sqrt(n_points * number of benchmarks).
    iterations, n_points_per_iteration, n_bins
        Adaption of the grids.

    Raises
    ------
    GenerationError
        If there is no benchmark, an operator is unknown or has no effect on the process, or the settings leave no phase
        space.
    """
    vectors = np.array([_benchmark_vector(settings.process, name, values) for name, values in couplings.items()])
    if not len(vectors):
        raise GenerationError("no benchmark to prepare for", expected="one benchmark or more")
    process = HardProcess(settings)
    # one stream per benchmark: its grid does not depend on which others there are
    rngs = [random_stream(seed, "prepare", name) for name in couplings]
    grids = [
        adapt(process, vector, rng, n_bins=n_bins, iterations=iterations, n_points=n_points_per_iteration)
        for vector, rng in zip(vectors, rngs, strict=True)
    ]
    result = integrate(process, grids, vectors, rngs, n_points)
    return PreparedProcess(
        settings=settings,
        benchmarks=tuple(couplings),
        couplings=vectors,
        grids=np.array([grid.edges for grid in grids]),
        maximum_weights=np.array(
            [tail.maximum(OVERWEIGHT_SHARE * value) for tail, value in zip(result.tails, result.values, strict=True)]
        ),
        cross_section_values=result.values,
        cross_section_covariance=result.covariance,
        seed=seed,
    )


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
        If the benchmark is not among the prepared ones, `n_events` is not positive, a weight is not positive and
        finite, or a variation is unknown.
    """
    own = prepared.index(benchmark)
    if n_events < 1:
        raise GenerationError(f"{n_events} events asked for", expected="one or more")
    rng = random_stream(seed, "generate", benchmark)
    hard = unweighted_events(
        HardProcess(prepared.settings),
        prepared.grid(benchmark),
        float(prepared.maximum_weights[own]),
        prepared.couplings,
        own,
        n_events,
        rng,
    )
    sigma, error = prepared.cross_sections[benchmark]
    weights = sigma / n_events * hard.ratios
    _require_positive(weights, prepared.benchmarks)
    nominal = np.full(n_events, sigma / n_events)
    varied = variation_ratios(prepared.settings, hard.momenta, hard.scales, variations) * nominal[:, None]
    # the decay has a stream of its own, so that the hard events of a stable Higgs boson are the same
    photons = None
    if prepared.settings.decay == "a a":
        photons = decay_to_photons(hard.momenta[:, 4], random_stream(seed, "decay", benchmark))
    records = event_records(prepared.settings, hard, photons)
    return LHESample(
        **records,
        nominal_weights=nominal,
        weights=np.concatenate([weights, varied], axis=1),
        weight_names=(*prepared.benchmarks, *variations),
        cross_section=sigma,
        cross_section_error=error,
        metadata=_metadata(prepared, benchmark, n_events, seed, hard),
    )


def random_stream(seed: int, purpose: str, name: str) -> np.random.Generator:
    """Return the random numbers of a seed for a purpose and a name; others' are independent of them."""
    if seed < 0:
        raise GenerationError(f"the seed is {seed}", expected="an integer that is not negative")
    return np.random.default_rng([seed, zlib.crc32(f"{purpose}/{name}".encode())])


def _benchmark_vector(process: str, benchmark: str, values: Mapping[str, float]) -> FloatArray:
    found = find_process(process)
    if not _NAME.fullmatch(benchmark):
        raise GenerationError(
            f"{benchmark!r} cannot name a benchmark", expected="a name without spaces, quotes, <, > and &"
        )
    vector = coupling_vector(found, values)
    idle = [name for name in values if name not in found.operators]
    if idle:
        raise GenerationError(
            f"{', '.join(idle)} of benchmark {benchmark!r} have no effect on the process {process}",
            expected=f"operators among {', '.join(found.operators)}",
        )
    return vector


def _require_positive(weights: FloatArray, names: tuple[str, ...]) -> None:
    good = np.isfinite(weights) & (weights > 0.0)
    if not good.all():
        event, column = (int(index) for index in np.argwhere(~good)[0])
        raise GenerationError(
            f"{int(np.sum(~good))} weights are not positive and finite",
            where=f"event {event}, benchmark {names[column]}",
            expected="positive weights: a squared amplitude over another",
        )


def _metadata(prepared: PreparedProcess, benchmark: str, n_events: int, seed: int, hard: HardEvents) -> dict[str, Any]:
    process = find_process(prepared.settings.process)
    rows = zip(prepared.benchmarks, prepared.couplings[:, 1:].tolist(), strict=True)
    return {
        "generator": "assay-embedded",
        "version": __version__,
        "process": process.name,
        "title": process.title,
        "settings": asdict(prepared.settings),
        "branching_fraction": prepared.settings.branching_fraction,
        "benchmark": benchmark,
        "seed": seed,
        "prepare_seed": prepared.seed,
        "n_generated": n_events,
        "couplings": {name: dict(zip(process.operators, row, strict=True)) for name, row in rows},
        "cross_sections": {
            name: {"value": value, "error": error} for name, (value, error) in prepared.cross_sections.items()
        },
        "efficiency": hard.efficiency,
        "overweight_fraction": hard.overweight_fraction,
    }
