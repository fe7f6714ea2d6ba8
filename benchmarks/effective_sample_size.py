"""How many events an event file is worth over a prior, for three ways to pool what was drawn at several benchmarks.

    .venv/bin/python benchmarks/effective_sample_size.py combined.h5
    .venv/bin/python benchmarks/effective_sample_size.py madminer.h5 --mean 0 0 --deviation 1 1 --draws 200

Theta are drawn from a Gaussian prior; at each of them the effective sample size is (sum w)^2 / sum w^2 of

- the events that were drawn at the nearest benchmark alone (and backgrounds), MadMiner's way to resample;
- all events with the weights n_t / sum n for those drawn at benchmark t, MadMiner's way to pool;
- all events with deterministic-mixture weights, ours (`assay.events.mixture`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.events.eventfile import read_event_file
from assay.events.pool import EventPool
from assay.events.table import EventTable


def size(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the effective sample size of weights `(n_events, n_theta)`, shape `(n_theta,)`."""
    return np.asarray(weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0))


def from_nearest(table: EventTable, theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sizes with the events of the benchmark nearest to each theta among those with events."""
    drawn_at = table.benchmark_index
    generated = np.unique(drawn_at[drawn_at >= 0])
    distances = np.linalg.norm(theta[:, None] - table.space.benchmark_values[generated], axis=-1)
    nearest = generated[np.argmin(distances, axis=1)]
    result = np.empty(len(theta))
    for benchmark in np.unique(nearest):
        at, events = nearest == benchmark, (drawn_at == benchmark) | (drawn_at < 0)
        result[at] = size(table.weights[events] @ table.morphing.weights(theta[at]).T)
    return result


def pooled_by_number(table: EventTable, theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sizes with all events, those of benchmark t weighted with its share n_t / sum n of the events."""
    drawn_at = table.benchmark_index
    signal = drawn_at >= 0
    share = np.bincount(drawn_at[signal], minlength=len(table.space.benchmarks)) / signal.sum()
    factors = np.where(signal, share[drawn_at], 1.0)
    return size((table.weights * factors[:, None]) @ table.morphing.weights(theta).T)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="event file, MadMiner's or ours")
    parser.add_argument("--mean", type=float, nargs="+", help="of the prior, by default zeros")
    parser.add_argument("--deviation", type=float, nargs="+", help="of the prior, by default ones")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    table = read_event_file(arguments.file)
    n_parameters = table.space.n_parameters
    mean = np.broadcast_to(arguments.mean or [0.0], n_parameters)
    deviation = np.broadcast_to(arguments.deviation or [1.0], n_parameters)
    theta = np.random.default_rng(arguments.seed).normal(mean, deviation, (arguments.draws, n_parameters))
    sizes = {
        "events of the nearest benchmark": from_nearest(table, theta),
        "all events, by n_t / sum n": pooled_by_number(table, theta),
        "all events, mixture weights": EventPool.from_table(table).effective_sample_size(theta),
    }
    print(f"{table.n_events} events; effective sample size over {len(theta)} draws from the prior")
    print(f"{'':32s} {'minimum':>9s} {'median':>9s}")
    for name, values in sizes.items():
        print(f"{name:32s} {values.min():9.1f} {np.median(values):9.1f}")


if __name__ == "__main__":
    main()
