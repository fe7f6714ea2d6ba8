from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest

from assay.errors import ExpressionError
from assay.observables.extract import Extraction, ObservableDefinition, extract, parse_selection
from assay.simulation.objects import FIELDS, collection, empty_collection, make_objects

pytestmark = pytest.mark.fast

Events = Callable[[int, int], ak.Array]
Observable = ObservableDefinition


def jets_of(*events: list[float]) -> ak.Array:
    counts = np.array([len(event) for event in events])
    pt = np.array([pt for event in events for pt in event])
    columns = {name: pt if name == "pt" else np.zeros(len(pt)) for name in FIELDS["jets"]}
    n = len(events)
    others = {name: empty_collection(name, n) for name in ("electrons", "muons", "photons")}
    return make_objects(
        jets=collection("jets", counts, columns), **others, met_pt=np.arange(n), met_phi=np.zeros(n),
        event_number=10 * np.arange(n), weight=np.ones(n),
    )  # fmt: skip


def weights(n_events: int) -> np.ndarray:
    return np.stack([np.arange(1.0, n_events + 1), np.ones(n_events)], axis=1)


def steps(extraction: Extraction) -> list[tuple[str, int, float]]:
    return [(step.name, step.n_events, float(step.cross_sections[0])) for step in extraction.cut_flow]


def test_values_numbers_and_cut_flow() -> None:
    events = jets_of([60, 40], [50], [], [20, 10], [80, 70])
    observables = [
        Observable("pt_j1", "j[0].pt", required=True),
        Observable("pt_j2", "j[1].pt", default=-1.0),
        Observable("n", "len(j)"),
    ]
    result = extract(events, observables, ["pt_j1 > 30"], weights(5))
    np.testing.assert_array_equal(result.x, [[60, 40, 2], [50, -1, 1], [80, 70, 2]])
    np.testing.assert_array_equal(result.keep, [True, True, False, False, True])
    np.testing.assert_array_equal(result.event_number, [0, 10, 40])
    assert steps(result) == [("given", 5, 15.0), ("pt_j1 exists", 4, 12.0), ("pt_j1 > 30", 3, 8.0)]


def test_a_required_observable_is_not_forgiven_by_a_later_one() -> None:
    # the trap: the failure of a required observable forgotten when a later optional one fails, or succeeds
    events = jets_of([60, 40], [50], [70])
    for later in (
        Observable("later", "j[2].pt", default=0.0),
        Observable("later", "len(j)"),
        Observable("later", "j[0].pt", required=True),
    ):
        result = extract(events, [Observable("pt_j2", "j[1].pt", required=True), later], [], weights(3))
        np.testing.assert_array_equal(result.keep, [True, False, False])
        assert np.isfinite(result.x).all()


def test_later_observables_may_use_earlier_ones() -> None:
    events = jets_of([60, 40], [50])
    observables = [Observable("pt_j2", "j[1].pt", default=0.0), Observable("ratio", "pt_j2 / j[0].pt", required=True)]
    result = extract(events, observables, ["ratio < 0.5"], weights(2))
    np.testing.assert_array_equal(result.x, [[0.0, 0.0]])


def test_values_that_are_not_finite_are_dropped_with_a_line_of_their_own() -> None:
    events = jets_of([60, 40], [50], [70, 60])
    observables = [Observable("u", "1 / (len(j) - 1)"), Observable("w", "log(met.pt)")]
    result = extract(events, observables, [], weights(3))
    assert steps(result) == [("given", 3, 6.0), ("u is finite", 2, 4.0), ("w is finite", 1, 3.0)]
    assert np.isfinite(result.x).all()


def test_a_default_does_not_hide_values_that_are_not_finite() -> None:
    result = extract(
        jets_of([60], [50, 40]), [Observable("u", "log(len(j) - 1) + 0*j[0].pt", default=7.0)], [], weights(2)
    )
    np.testing.assert_array_equal(result.keep, [False, True])


def test_a_cut_on_a_missing_particle_fails_even_when_negated() -> None:
    result = extract(jets_of([60], [50, 40]), [Observable("n", "len(j)")], ["not (j[1].pt > 45)"], weights(2))
    np.testing.assert_array_equal(result.keep, [False, True])


def test_a_cut_on_what_is_not_a_number_fails_even_when_negated() -> None:
    for cut in ("log(n - 2) > 0", "not (log(n - 2) > 0)", "n > 5 or not sqrt(n - 2) < 0"):
        result = extract(jets_of([60], [50, 40, 30]), [Observable("n", "len(j)")], [cut], weights(2))
        assert not result.keep[0]


def test_cuts_are_counted_one_after_the_other() -> None:
    events = jets_of([60, 40], [50], [70, 60], [20])
    result = extract(events, [Observable("n", "len(j)")], ["j[0].pt > 30", "n == 2", "j[1].pt > 50"], weights(4))
    assert [step[1] for step in steps(result)] == [4, 3, 2, 1]


def test_no_cuts_no_observables_no_events(make_events: Events) -> None:
    assert extract(make_events(3, 1), [], [], weights(3)).x.shape == (3, 0)
    empty = extract(make_events(0, 1), [Observable("n", "len(j)")], ["n > 1"], weights(0))
    assert empty.x.shape == (0, 1)
    assert [step[1] for step in steps(empty)] == [0, 0]


def test_all_events_may_fail() -> None:
    assert extract(jets_of([60], [50]), [Observable("n", "len(j)")], ["n > 5"], weights(2)).x.shape == (0, 1)


@pytest.mark.parametrize(
    ("definitions", "cuts", "message"),
    [
        ([Observable("pt_j1", "j[0].pt")], [], "nothing says what becomes"),
        ([Observable("pt_j1", "j[0].pt", default=float("nan"))], [], "the default is nan"),
        ([Observable("j", "j[0].pt", required=True)], [], "meaning of its own"),
        ([Observable("x", "len(j)"), Observable("x", "len(a)")], [], "used twice"),
        ([Observable("x", "y + 1"), Observable("y", "len(a)")], [], "observable 'x': unknown name 'y'"),
        ([Observable("x", "len(j)")], ["y > 1"], "cut 1: unknown name 'y'"),
        ([Observable("x", "len(j)")], ["x > 0", "x"], "cut 2: a cut has to be a condition"),
    ],
)
def test_wrong_definitions_are_refused(definitions: list[Observable], cuts: list[str], message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        parse_selection(definitions, cuts)


def test_weights_of_other_events_are_refused(make_events: Events) -> None:
    with pytest.raises(ExpressionError, match="2 rows of weights for 3 events"):
        extract(make_events(3, 1), [], [], weights(2))


def test_files_are_never_evaluated_twice_differently(make_events: Events) -> None:
    # x of a subset of events is the subset of x: no event knows of another one
    events = make_events(60, 4)
    observables = [
        Observable("m", "(j[0] + j[1]).m", default=-1.0),
        Observable("h", "sum(l.pt)"),
        Observable("d", "j[0].deltar(a[0])", default=0.0),
    ]
    whole = extract(events, observables, [], weights(60))
    part = extract(events[17:41], observables, [], weights(24))
    np.testing.assert_array_equal(part.x, whole.x[17:41])
