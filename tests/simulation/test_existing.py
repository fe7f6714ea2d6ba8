"""Files of Delphes in place of a simulation: which of their events is which of the generator's."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.errors import SimulationError
from assay.simulation.existing import first_number, matched_objects
from assay.simulation.objects import FIELDS, empty_collection, make_objects
from assay.simulation.root import SimulationSummary, write_objects

pytestmark = pytest.mark.fast

N = 40
VARYING = np.random.default_rng(1).normal(1.0, 0.3, N)
EQUAL = np.full(N, 0.25)
EVENTS = np.arange(N)


def first(numbers: np.ndarray, found: np.ndarray, weights: np.ndarray) -> int:
    return first_number(np.asarray(numbers), np.asarray(found), EVENTS, weights, "delphes.root")


def test_numbers_from_zero_and_from_one() -> None:
    assert first(EVENTS, EQUAL, EQUAL) == 0
    assert first(EVENTS + 1, EQUAL, EQUAL) == 1
    assert first(EVENTS[::-1], EQUAL, EQUAL) == 0  # in any order


def test_gaps_and_the_ends_tell_the_numbers() -> None:
    kept = np.delete(EVENTS, [3, 17])
    assert first(kept, EQUAL[kept], EQUAL) == 0
    assert first(kept + 1, EQUAL[kept], EQUAL) == 1


def test_weights_tell_the_numbers_where_gaps_do_not() -> None:
    kept = EVENTS[:-3]
    assert first(kept, 7.0 * VARYING[kept].astype(np.float32), VARYING) == 0
    inner = EVENTS[1:-1]
    assert first(inner, VARYING[inner], VARYING) == 0
    assert first(inner, VARYING[inner - 1], VARYING) == 1


def test_places_among_accepted_events_are_refused() -> None:
    """The trap: a shower rejects event 5, and counts the others anew."""
    accepted = np.delete(EVENTS, 5)
    with pytest.raises(SimulationError, match="weights in the file are not those"):
        first(np.arange(N - 1), VARYING[accepted], VARYING)
    with pytest.raises(SimulationError, match="1 events are missing, and the numbers leave no gap"):
        first(np.arange(N - 1), EQUAL[accepted], EQUAL)


def test_weights_that_the_file_does_not_have_are_not_compared() -> None:
    assert first(EVENTS, np.ones(N), VARYING) == 0


def test_weights_of_merging_in_the_file_are_not_lost() -> None:
    with pytest.raises(SimulationError, match="weights in the file vary, those of the generator's events do not"):
        first(EVENTS, VARYING, EQUAL)


def test_what_cannot_be_told_is_refused() -> None:
    inner = np.delete(EVENTS, [0, 7, N - 1])
    with pytest.raises(SimulationError, match="from 0 or from 1"):
        first(inner, EQUAL[inner], EQUAL)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([0, 1, 1], "event number 1 occurs 2 times"),
        ([0, 5, N + 1], f"events 0 to {N + 1} in the file, {N} in the generator's"),
        ([-1, 3], "events -1 to 3"),
        ([], "no events"),
    ],
)
def test_numbers_that_are_not_the_generator_s(numbers: list[int], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        first(np.array(numbers, dtype=np.int64), np.ones(len(numbers)), EQUAL)


def objects_of(numbers: np.ndarray, weights: np.ndarray) -> ak.Array:
    lists = {name: empty_collection(name, len(numbers)) for name in FIELDS}
    return make_objects(
        **lists, met_pt=numbers * 1.0, met_phi=np.zeros(len(numbers)), event_number=numbers, weight=weights
    )


def test_objects_take_the_generator_s_numbers_and_weights(tmp_path: Path) -> None:
    kept = np.random.default_rng(2).permutation(np.delete(EVENTS, [3, 17]))
    summary = SimulationSummary("test", N, 2, N - 2, 1, "")
    write_objects(tmp_path / "delphes.root", [objects_of(kept + 1, 3.0 * VARYING[kept])], lambda n: summary)
    order = np.random.default_rng(3).permutation(N)  # the generator's events need no order either
    found = ak.concatenate(list(matched_objects(tmp_path / "delphes.root", order, VARYING[order], step=11)))
    np.testing.assert_array_equal(found.event_number, kept)
    np.testing.assert_array_equal(found.weight, VARYING[kept])  # in double precision
    np.testing.assert_array_equal(found.met.pt, kept + 1.0)
