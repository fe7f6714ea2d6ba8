"""Random reconstructed events, with every multiplicity from none upwards."""

from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest

from assay.simulation.objects import FIELDS, collection, make_objects


def _lists(name: str, n_events: int, random: np.random.Generator) -> ak.Array:
    counts = random.integers(0, 4, n_events)
    n = int(counts.sum())
    columns = {
        "pt": random.exponential(50.0, n) + 5.0,
        "eta": random.normal(0.0, 2.0, n),
        "phi": random.uniform(-np.pi, np.pi, n),
        "mass": np.zeros(n) if name in ("photons",) else random.uniform(0.0, 10.0, n),
        "btag": random.integers(0, 2, n),
        "flavour": random.choice([0, 4, 5], n),
        "charge": random.choice([-1, 1], n),
        "pdgid": random.choice([12, -14, 22, 21, 1, -2], n),
    }
    return collection(name, counts, {field: columns[field] for field in FIELDS[name]})


@pytest.fixture(scope="session")
def make_events() -> Callable[[int, int], ak.Array]:
    def make(n_events: int, seed: int) -> ak.Array:
        random = np.random.default_rng(seed)
        return make_objects(
            **{name: _lists(name, n_events, random) for name in FIELDS},
            met_pt=random.exponential(20.0, n_events),
            met_phi=random.uniform(-np.pi, np.pi, n_events),
            event_number=np.arange(n_events),
            weight=np.full(n_events, 0.5),
        )

    return make
