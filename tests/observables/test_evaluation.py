"""The vectorised evaluation against a plain one (`conftest.py`), in which Python itself evaluates every event."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import ExpressionError
from assay.observables.evaluation import evaluate
from assay.simulation.objects import FIELDS, collection, empty_collection, make_objects
from assay.study import vocabulary
from assay.study.expressions import parse

pytestmark = pytest.mark.fast

Events = Callable[[int, int], ak.Array]
Plain = Callable[[str, ak.Array], np.ndarray]


PARTICLES = st.sampled_from(
    [f"{name}[{place}]" for name in ("j", "b", "e", "mu", "tau", "l", "a", "p", "v") for place in (0, 1, 2, -1)]
)
LISTS = st.sampled_from(["j", "b", "e", "mu", "tau", "l", "a", "p", "v"])
VECTORS = st.one_of(
    PARTICLES,
    st.sampled_from(["met", "visible", "all"]),
    st.tuples(PARTICLES, PARTICLES).map(lambda t: f"({t[0]} + {t[1]})"),
    st.tuples(PARTICLES, PARTICLES, PARTICLES).map(lambda t: f"({t[0]} + {t[1]} - {t[2]})"),
)
QUANTITIES = st.one_of(
    st.tuples(VECTORS, st.sampled_from(["pt", "px", "py", "pz", "e", "p", "m2", "phi()"])).map(".".join),
    st.tuples(PARTICLES, st.sampled_from(["eta", "pt", "m2"])).map(".".join),
    st.tuples(VECTORS, VECTORS).map(lambda t: f"{t[0]}.deltaphi({t[1]})"),
    st.tuples(PARTICLES, PARTICLES).map(lambda t: f"{t[0]}.deltar({t[1]})"),
    st.tuples(VECTORS, VECTORS).map(lambda t: f"{t[0]}.dot({t[1]})"),
    st.tuples(PARTICLES, PARTICLES).map(lambda t: f"{t[0]}.to_beta3().dot({t[1]}.to_Vector3D().unit())"),
    st.tuples(LISTS, st.sampled_from(["sum({}.pt)", "max({}.eta)", "min({}.pt)", "sum({}.pt > 40)"])).map(
        lambda t: t[1].format(t[0])
    ),
    st.tuples(LISTS, PARTICLES).map(lambda t: f"min({t[0]}.deltar({t[1]}) + 0.1 * {t[0]}.pt)"),
    LISTS.map(lambda name: f"float(any(abs({name}.eta) < 0.1 * met.pt - 1))"),
    st.sampled_from(
        ["len(j)", "len(l)", "len(b)", "2.5", "e[0].charge", "mu[-1].pdgid", "l[0].pdgid", "l[1].charge", "j[1].btag"]
    ),
)
NUMBERS = st.recursive(
    QUANTITIES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"cos({t})"),
        inner.map(lambda t: f"sqrt(abs({t}))"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"float({t[0]} > {t[1]})"),
        st.tuples(inner, inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} < {t[2]} else {t[3]})"),
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def known_events(make_events: Events) -> Callable[[int], ak.Array]:
    return functools.cache(lambda seed: make_events(12, seed))


@settings(max_examples=150, deadline=None)
@given(NUMBERS, st.integers(0, 9))
def test_numbers_agree_with_a_plain_evaluation(
    known_events: Callable[[int], ak.Array], plainly: Plain, text: str, seed: int
) -> None:
    events = known_events(seed)
    found, expected = evaluate(parse(text), events), plainly(text, events)
    scale = np.maximum(1.0, np.abs(expected))
    # rounding of e**2 - p**2, which products and sums carry on
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    close = np.abs(found - expected) <= 1e-6 * scale + 1e-7 * _largest(events) ** 2
    assert (close | np.isnan(expected)).all(), (text, found, expected)


def _largest(events: ak.Array) -> float:
    return 1.0 + float(
        max(ak.max(events[name].pt * np.cosh(events[name].eta), initial=0.0) for name in ("jets", "particles"))
    )


EXACT = [
    "j[0].deltaphi(j[1]) * (-1. + 2. * float(j[0].eta > j[1].eta))",
    "(a[0] + a[1]).m",
    "abs(j[0].eta - j[1].eta)",
    "sqrt(2 * met.pt * l[0].pt * (1 - cos(met.deltaphi(l[0]))))",
    "j[-1].pt",
    "l[0].charge * l[1].charge",
    "len(b) + 10 * len(l)",
    "l[0].boostCM_of(l[0] + met + j[0]).e",
    "(l[0] + l[1]).mt",
    "l[0].boost(-(j[0] + l[0]).to_beta3()).phi()",
    "j[0].to_Vector3D().cross(l[0].to_Vector3D()).unit().dot(a[0].to_Vector3D())",
    "max(j.pt) - min(j.pt)",
    "prod(a.pt * 0.01 + 0.2)",
    "visible.e",
    "all.pt",
    "v[0].pt",
    "tau[0].e",
]


@pytest.mark.parametrize("text", EXACT)
def test_usual_observables(make_events: Events, plainly: Plain, text: str) -> None:
    events = make_events(300, 5)
    found, expected = evaluate(parse(text), events), plainly(text, events)
    assert np.isfinite(expected).sum() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6)


def two_jets(phi: tuple[float, float], eta: tuple[float, float]) -> ak.Array:
    columns = {
        "pt": [100.0, 50.0],
        "eta": eta,
        "phi": phi,
        "mass": [0.0, 0.0],
        "btag": [0, 0],
        "ctag": [0, 0],
        "tautag": [0, 0],
        "flavour": [0, 0],
    }
    lists = {name: empty_collection(name, 1) for name in ("electrons", "muons", "photons")}
    jets = collection("jets", np.array([2]), columns)
    return make_objects(jets=jets, **lists, met_pt=[0.0], met_phi=[0.0], event_number=[0], weight=[1.0])


@pytest.mark.parametrize(
    ("phi", "eta", "expected"),
    [
        ((1.0, 0.4), (2.0, -2.0), 0.6),  # the hardest is also the most forward
        ((1.0, 0.4), (-2.0, 2.0), -0.6),  # the order in eta decides the sign
        ((3.0, -3.0), (2.0, -2.0), 6.0 - 2 * np.pi),  # wrapped
        ((-3.0, 3.0), (2.0, -2.0), 2 * np.pi - 6.0),
    ],
)
def test_signed_delta_phi(phi: tuple[float, float], eta: tuple[float, float], expected: float) -> None:
    result = evaluate(parse(EXACT[0]), two_jets(phi, eta))
    assert result[0] == pytest.approx(expected, abs=1e-12)


LOGIC = [
    ("j[1].pt > 30", [False, None, None]),
    ("len(j) < 2 or j[1].pt > 30", [False, True, True]),
    ("j[1].pt > 30 or len(j) < 2", [False, True, True]),
    ("len(j) >= 2 and j[1].pt < 30", [True, False, False]),
    ("not (j[1].pt > 30)", [True, None, None]),
    ("not (len(j) >= 2 and j[1].pt > 30)", [True, True, True]),
    ("j[0].pt > 1 and j[1].pt > 1", [True, None, None]),
    ("j[0].pt < 1 and j[1].pt > 1", [False, False, None]),
    ("where(len(j) > 1, j[1].pt, -1.) < 0", [False, True, True]),
    ("where(j[1].pt > 1, 1, 0) == 1", [True, None, None]),
    ("0 < j[1].pt < 25", [True, None, None]),
]


@pytest.mark.parametrize(("text", "expected"), LOGIC)
def test_conditions_on_missing_particles(text: str, expected: list[bool | None]) -> None:
    """Events with jets of 60 and 20 GeV, of 60 GeV, without any."""
    counts = np.array([2, 1, 0])
    columns = {name: np.array([60.0, 20.0, 60.0]) if name == "pt" else np.zeros(3) for name in FIELDS["jets"]}
    lists = {name: empty_collection(name, 3) for name in ("electrons", "muons", "photons")}
    events = make_objects(
        jets=collection("jets", counts, columns),
        **lists,
        met_pt=np.ones(3),
        met_phi=np.zeros(3),
        event_number=range(3),
        weight=np.ones(3),
    )
    found = evaluate(parse(text, condition=True), events)
    np.testing.assert_array_equal(found, [math.nan if value is None else float(value) for value in expected])


def test_a_power_of_nothing_is_missing(make_events: Events) -> None:
    events = make_events(50, 2)
    missing = np.asarray(ak.num(events.jets) < 2)
    np.testing.assert_array_equal(np.isnan(evaluate(parse("j[1].pt**0"), events)), missing)


def test_reductions(make_events: Events) -> None:
    events = make_events(50, 3)
    np.testing.assert_allclose(evaluate(parse("sum(j.pt)"), events), ak.sum(events.jets.pt, axis=1))
    expected = ak.to_numpy(ak.fill_none(ak.max(events.jets.eta, axis=1), np.nan))
    np.testing.assert_array_equal(evaluate(parse("max(j.eta)"), events), expected)
    np.testing.assert_allclose(evaluate(parse("sum(j).px"), events), ak.sum(events.jets.px, axis=1), atol=1e-9)


def test_earlier_observables(make_events: Events) -> None:
    events = make_events(4, 3)
    values = np.array([1.0, 2.0, np.nan, 4.0])
    result = evaluate(parse("2 * x + len(j)", variables=("x",)), events, {"x": values})
    np.testing.assert_array_equal(result, 2 * values + np.asarray(ak.num(events.jets)))
    with pytest.raises(ExpressionError, match="not defined"):
        evaluate(parse("x", variables=("x",)), events)


def test_particles_of_the_generator_are_unknown_after_a_detector(make_events: Events) -> None:
    events = make_events(5, 1)
    events = ak.with_field(events, empty_collection("particles", 5), "particles")
    with pytest.raises(ExpressionError, match="not known after a detector"):
        evaluate(parse("p[0].pt"), events)


def test_no_events(make_events: Events) -> None:
    for text in (*EXACT, "sum(j.pt)", "max(j.pt)", "3"):
        assert evaluate(parse(text), make_events(0, 1)).shape == (0,)


def test_the_result_is_float64_of_one_number_per_event(make_events: Events) -> None:
    for text in ("3", "len(j)", "met.pt", "j[0].pt > 3"):
        result = evaluate(parse(text), make_events(7, 1))
        assert result.shape == (7,)
        assert result.dtype == np.float64


@pytest.mark.parametrize("name", [*vocabulary.KINEMATICS, *vocabulary.PROPERTIES])
@pytest.mark.parametrize("collection_name", vocabulary.COLLECTIONS)
def test_everything_in_the_grammar_can_be_evaluated(
    known_events: Callable[[int], ak.Array], name: str, collection_name: str
) -> None:
    of_some = name in vocabulary.PROPERTIES and collection_name not in vocabulary.PROPERTIES[name]
    if of_some or name == "spin":  # which only the generator's file has
        return
    events = known_events(3)
    single = evaluate(parse(f"{collection_name}[0].{name}"), events)
    largest = evaluate(parse(f"max({collection_name}.{name})"), events)
    number = evaluate(parse(f"len({collection_name})"), events)
    np.testing.assert_array_equal(np.isnan(single), number == 0)
    present = number > 0
    assert (largest[present] >= single[present]).all()
    np.testing.assert_allclose(largest[number == 1], single[number == 1])
