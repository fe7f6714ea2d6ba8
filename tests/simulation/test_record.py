from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from assay.simulation.record import Record, concatenated, heavy_flavour, showered

pytestmark = pytest.mark.fast


def record(events: list[list[tuple[int, int, int, float]]]) -> Record:
    """Events of (id, status, mother1, px)."""
    flat = np.array([particle for event in events for particle in event], dtype=np.float64).reshape(-1, 4)
    columns = {"id": flat[:, 0].astype(int), "status": flat[:, 1].astype(int), "mother1": flat[:, 2].astype(int)}
    momenta = {"px": flat[:, 3], "py": 0 * flat[:, 3], "pz": 2 * flat[:, 3], "e": 3 * flat[:, 3], "m": 0 * flat[:, 3]}
    particles = ak.unflatten(ak.zip({**columns, **momenta}), [len(event) for event in events])
    return Record(np.arange(len(events)) + 5, np.full(len(events), 0.5), particles)


def test_what_a_detector_meets() -> None:
    events = showered(record([[(90, -11, 0, 0.0), (511, -83, 0, 7.0), (22, 1, 1, 3.0), (-411, -91, 1, 2.0)], []]))
    assert events.event_number.tolist() == [5, 6]
    assert events.weight.tolist() == [0.5, 0.5]
    assert ak.to_list(events.particles) == [[{"pdgid": 22, "px": 3.0, "py": 0.0, "pz": 6.0, "e": 9.0}], []]
    assert ak.to_list(events.heavy.flavour) == [[5, 4], []]
    assert ak.to_list(events.heavy.pz) == [[14.0, 4.0], []]


def test_taus_that_decay_to_hadrons_are_among_them() -> None:
    events = showered(record([[(90, -11, 0, 0.0), (15, -23, 0, 9.0), (16, 1, 1, 2.0), (-211, 1, 1, 7.0)]]))
    assert ak.to_list(events.taus.px) == [[7.0]]


def test_runs_of_events_put_together() -> None:
    first, second = showered(record([[(22, 1, 0, 1.0)]])), showered(record([[], [(22, 1, 0, 2.0)]]))
    together = concatenated([first, second])
    assert together.event_number.tolist() == [5, 5, 6]
    assert ak.to_list(together.particles.px) == [[1.0], [], [2.0]]
    assert concatenated([first]) is first


@pytest.mark.parametrize(
    ("pdgid", "final", "flavour"),
    [(511, False, 5), (-5122, False, 5), (411, False, 4), (-4122, True, 4), (541, False, 5), (443, False, 4),
     (5, True, 5), (5, False, 0), (-4, True, 4), (211, True, 0), (22, True, 0), (2212, True, 0), (21, True, 0),
     (1000521, True, 0), (10511, False, 5)],
)  # fmt: skip
def test_flavours_of_hadrons_and_quarks(pdgid: int, final: bool, flavour: int) -> None:
    assert ak.to_list(heavy_flavour(ak.Array([[pdgid]]), ak.Array([[final]]))) == [[flavour]]
