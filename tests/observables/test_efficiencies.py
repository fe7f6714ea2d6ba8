from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest

from assay.errors import ExpressionError
from assay.observables.cut_flow import CutFlow
from assay.observables.efficiencies import factors, weighted
from assay.observables.particles import Particles
from assay.study.model import EfficiencySystematic, NormalisationSystematic
from assay.theory.systematics import Effect

pytestmark = pytest.mark.fast

Events = Callable[[int, int], ak.Array]


def section(**given: object) -> EfficiencySystematic:
    return EfficiencySystematic(kind="efficiency", **given)  # type: ignore[arg-type]


def test_the_product_over_the_objects_of_each_event(make_events: Events) -> None:
    events = make_events(80, 3)
    nominal, up = factors(
        section(objects="a", factor="0.9 - 0.1 * (abs(eta) > 1)", uncertainty="0.01 + 0.0001 * pt"),
        Particles(events),
        "here",
    )
    for event, found, raised in zip(ak.to_list(events), nominal, up, strict=True):
        expected = deviation = 1.0
        for photon in event["photons"]:
            expected *= 0.8 if abs(photon["eta"]) > 1 else 0.9
            deviation *= 1.01 + 0.0001 * photon["pt"]
        assert found == pytest.approx(expected)
        assert raised == pytest.approx(deviation)
    assert (nominal == 1.0).any()  # without photons


def test_the_hardest_objects_alone(make_events: Events) -> None:
    events = make_events(80, 4)
    nominal, up = factors(section(objects="j", leading=2, factor=0.5), Particles(events), "here")
    np.testing.assert_allclose(nominal, 0.5 ** np.minimum(ak.num(events.jets), 2))
    np.testing.assert_array_equal(up, 1.0)


def test_formulas_of_the_event(make_events: Events) -> None:
    events = make_events(80, 5)
    has_jet = np.asarray(ak.num(events.jets) > 0)
    hardest = np.asarray(ak.fill_none(ak.firsts(events.jets.pt), 0.0))
    given = section(factor="0.5 + 0.5 * float(j[0].pt > 50)", uncertainty="10 / j[0].pt", default=0.0)
    nominal, up = factors(given, Particles(events), "here")
    np.testing.assert_allclose(nominal, np.where(has_jet, np.where(hardest > 50, 1.0, 0.5), 0.0))
    np.testing.assert_allclose(up[has_jet], 1 + 10 / hardest[has_jet])
    np.testing.assert_array_equal(up[~has_jet], 1.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"objects": "a", "factor": -0.1}, "the factor of event"),
        ({"factor": "log(met.pt - 1000000.0)"}, "the factor of event 0 is nan"),
        ({"factor": 1.0e6}, "expected: from 0 to 100"),
        ({"factor": 0.9, "uncertainty": "-2.0"}, "one standard deviation up of event 0 is -1"),
        ({"factor": "j[0].pt"}, "events may lack"),
    ],
)
def test_what_is_no_efficiency_is_refused(make_events: Events, given: dict[str, object], message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        factors(section(**given), Particles(make_events(30, 1)), "here")


def test_weights_columns_and_lines(make_events: Events) -> None:
    events = make_events(40, 2)
    effects = (
        Effect("rate", NormalisationSystematic(kind="normalisation", uncertainty=0.1)),
        Effect("photons", section(objects="a", factor=0.8, uncertainty=0.05)),
        Effect("fakes", section(factor=0.0, samples=("fakes",))),
        Effect("trigger", section(factor="float(len(j) > 0)")),
    )
    columns = ("sm", "w", "rate_up", "photons_up")
    assert effects[1].columns == ("photons_up",)
    assert effects[2].columns == effects[3].columns == ()
    weights = np.random.default_rng(1).uniform(1.0, 2.0, (40, 4))
    found = weighted(Particles(events), weights.copy(), columns, effects, "signal", CutFlow())
    n, has_jet = np.asarray(ak.num(events.photons)), np.asarray(ak.num(events.jets) > 0)
    expected = weights * (0.8**n * has_jet)[:, None]
    expected[:, 3] *= 1.05**n
    np.testing.assert_allclose(found.weights, expected)
    np.testing.assert_array_equal(found.keep, has_jet)
    assert [(step.name, step.n_events) for step in found.cut_flow] == [
        ("photons applied", 40),
        ("fakes applied", 40),  # a line for all samples alike
        ("trigger applied", int(has_jet.sum())),
    ]
