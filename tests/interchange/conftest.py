"""madminer 0.9.6, which lives in an environment of its own: `make .venv-madminer/.ready` (part of `make test`)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest

from assay.events.eventfile import EventTable, ObservableInfo, Sample
from assay.theory.morphing import Morphing, components
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-madminer" / "bin" / "python"
DRIVER = Path(__file__).with_name("madminer_driver.py")


@pytest.fixture(scope="module")
def madminer() -> Iterator[Callable[..., dict[str, Any]]]:
    """Ask madminer: a command of the driver with its arguments; returns its answer."""
    if not PYTHON.is_file():
        message = "no environment with madminer: make .venv-madminer/.ready"
        # whoever runs single tests may do without; who runs all of them may not
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONPATH": ""}
    with subprocess.Popen(
        [str(PYTHON), str(DRIVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:

        def ask(command: str, **arguments: object) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            request = json.dumps({"command": command, **arguments}, default=str)
            watchdog = Timer(600, process.kill)
            watchdog.start()
            print(request, file=process.stdin, flush=True)
            line = process.stdout.readline()
            watchdog.cancel()
            assert line, f"madminer gave no answer to {command}"
            answer: dict[str, Any] = json.loads(line)
            assert "error" not in answer, answer["error"]
            return answer

        yield ask
        process.stdin.close()


def random_space(n_parameters: int, n_extra: int, rng: np.random.Generator) -> tuple[ParameterSpace, Morphing]:
    """Parameters up to power two, with as many benchmarks as there are components, and some more."""
    powers = components((2,) * n_parameters, 2)
    points = rng.uniform(-1, 1, (len(powers) + n_extra, n_parameters))
    points[0] = 0.0
    parameters = tuple(
        Parameter(f"c{p}", "dim6", p + 1, (-1.0, 1.0), 2, "16.52*theta" if p % 2 else None) for p in range(n_parameters)
    )
    benchmarks = tuple(Benchmark(f"b{i}", tuple(map(float, point))) for i, point in enumerate(points))
    space = ParameterSpace(parameters, benchmarks, "b0")
    return space, Morphing.of_space(space, 2)


def random_weights(space: ParameterSpace, n_events: int, rng: np.random.Generator) -> np.ndarray:
    """Squared amplitudes that are linear in theta, `(n_events, n_benchmarks)`, and all positive."""
    theta = space.benchmark_values
    linear = 0.3 * rng.normal(size=(2, n_events, theta.shape[1]))
    constant = np.array([[1.0], [0.1]])
    amplitudes = constant[:, :, None] + np.einsum("kep,bp->keb", linear, theta)
    return (amplitudes**2).sum(axis=0)


def random_table(
    n_parameters: int, runs: dict[str | None, int], rng: np.random.Generator, n_extra: int = 0
) -> EventTable:
    """Events of some benchmarks, and of background (None), as if they had been drawn there."""
    space, morphing = random_space(n_parameters, n_extra, rng)
    samples, weights, index = [], [], []
    for number, (benchmark, n_events) in enumerate(runs.items()):
        cross_section = rng.uniform(0.5, 2.0)
        samples.append(Sample(benchmark or "tt", benchmark, n_events, cross_section, 0.01 * cross_section))
        rows = random_weights(space, n_events, rng) if benchmark else np.ones((n_events, len(space.benchmarks)))
        own = rows[:, space.index_of(benchmark)] if benchmark else rows[:, 0]
        weights.append(rows * (cross_section / n_events / own)[:, None])
        index.append(np.full(n_events, number, dtype=np.int32))
    n_events = sum(runs.values())
    order = rng.permutation(n_events)
    observables = (ObservableInfo("pt", "j[0].pt", "GeV", "p_T"), ObservableInfo("cos", "cos(j[0].phi)"))
    return EventTable(
        space,
        morphing,
        observables,
        tuple(samples),
        rng.normal(size=(n_events, 2)),
        np.concatenate(weights)[order],
        np.concatenate(index)[order],
    )
