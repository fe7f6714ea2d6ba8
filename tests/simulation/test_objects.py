from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.simulation.objects import FIELDS, collection, empty_collection, flat_columns, make_objects

pytestmark = pytest.mark.fast


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.floats(1, 1000), max_size=5), min_size=1, max_size=6),
    st.sampled_from(["jets", "electrons", "muons", "particles"]),
)
def test_all_attributes_move_along_when_objects_are_sorted(pt: list[list[float]], name: str) -> None:
    # the trap: pT, eta and phi sorted, mass, charge and flavour left behind
    counts = np.array([len(event) for event in pt])
    flat = np.array([value for event in pt for value in event])
    columns = {
        field: flat if field == "pt" else np.arange(len(flat)) + 100.0 * i for i, field in enumerate(FIELDS[name])
    }
    given_objects = {other: empty_collection(other, len(pt)) for other in FIELDS} | {
        name: collection(name, counts, columns)
    }
    zeros = np.zeros(len(pt))
    found = make_objects(**given_objects, met_pt=zeros, met_phi=zeros, event_number=zeros, weight=zeros)[name]
    start = 0
    for event, expected in zip(ak.to_list(found), pt, strict=True):
        order = start + np.argsort(-np.array(expected), kind="stable")
        start += len(expected)
        for field in FIELDS[name]:
            np.testing.assert_array_equal([item[field] for item in event], columns[field][order])


def test_objects_behave_as_momenta() -> None:
    columns = {"pt": [62.5, 62.5], "eta": [0.0, 0.0], "phi": [0.0, np.pi], "mass": [0.0, 0.0]}
    photons = collection("photons", np.array([2]), columns)
    assert (photons[:, 0] + photons[:, 1]).mass[0] == pytest.approx(125.0)


def test_columns_come_back() -> None:
    columns = {
        "pt": [3.0, 2.0, 1.0],
        "eta": [0.1, 0.2, 0.3],
        "phi": [1.0, 2.0, 3.0],
        "mass": [0.0, 1.0, 2.0],
        "charge": [1, -1, 1],
    }
    counts, found = flat_columns(collection("muons", np.array([1, 0, 2]), columns))
    np.testing.assert_array_equal(counts, [1, 0, 2])
    for name, column in columns.items():
        np.testing.assert_array_equal(found[name], column)
        assert found[name].dtype == np.float64


def test_selected_events_have_consistent_columns() -> None:
    columns = {name: np.arange(6.0) for name in FIELDS["photons"]}
    chosen = collection("photons", np.array([1, 2, 3]), columns)[np.array([2, 0])]
    counts, found = flat_columns(chosen)
    np.testing.assert_array_equal(counts, [3, 1])
    np.testing.assert_array_equal(found["pt"], [3, 4, 5, 0])


@pytest.mark.parametrize("name", FIELDS)
def test_empty_collections(name: str) -> None:
    counts, columns = flat_columns(empty_collection(name, 4))
    np.testing.assert_array_equal(counts, [0, 0, 0, 0])
    assert set(columns) == set(FIELDS[name])
