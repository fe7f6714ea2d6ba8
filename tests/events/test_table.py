from dataclasses import replace

import numpy as np
import pytest

from assay.errors import EventFileError, ParameterError
from assay.events.table import (
    NuisanceParameter,
    NuisanceWeights,
    ObservableInfo,
    Sample,
    check_backgrounds,
    group_scales,
)

pytestmark = pytest.mark.fast


@pytest.fixture
def table(toy, rng):
    return toy.table([("sm", 50), ("a", 50)], rng)


def test_where_events_were_drawn(table):
    np.testing.assert_array_equal(table.benchmark_index, np.repeat([0, 1], 50))
    np.testing.assert_allclose(table.own_weights[:50], 5.0 / 50)
    assert table.observable_names == ("x", "s")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {"x": t.x[:, :1]}, "observations have shape"),
        (lambda t: {"weights": t.weights[:-1]}, "weights have shape"),
        (lambda t: {"sample_index": t.sample_index[:5]}, "sample index have shape"),
        (lambda t: {"sample_index": t.sample_index + 1}, "samples of events run from 1 to 2"),
        (lambda t: {"x": np.where(t.x == t.x[7], np.nan, t.x)}, "observable x of event 7 is nan; 1 of 100"),
        (lambda t: {"weights": t.weights / (t.x[:, :1] > t.x[3, 0])}, "weight at benchmark"),
        (lambda t: {"observables": (t.observables[0],) * 2}, "observable names repeat: x"),
        (lambda t: {"samples": (t.samples[0],) * 2}, "sample names repeat: sm_0"),
    ],
)
def test_contradictions_are_named(table, change, message):
    with np.errstate(divide="ignore"), pytest.raises(EventFileError, match=message):
        replace(table, **change(table))


@pytest.mark.parametrize(
    ("columns", "parameters", "message"),
    [
        (("up", "up"), ("n",), "weight names repeat: up"),
        (("up", "sm"), ("n",), "weight names repeat: sm"),
        (("up", "down"), ("n", "n"), "nuisance parameter names repeat: n"),
    ],
)
def test_names_of_variations_are_their_own(table, columns, parameters, message):
    named = tuple(NuisanceParameter(name, "s", "up") for name in parameters)
    with pytest.raises(EventFileError, match=message):
        replace(table, nuisance=NuisanceWeights(columns, np.ones((100, 2)), named))


def test_unknown_benchmark_of_a_sample(table):
    with pytest.raises(ParameterError, match="no benchmark 'z'"):
        replace(table, samples=(Sample("one", "z", 1, 1.0), table.samples[1]))


@pytest.mark.parametrize(
    "arguments", [(0, 1.0, 0.0), (10, 0.0, 0.0), (10, -1.0, 0.0), (10, np.nan, 0.0), (10, 1.0, -1.0), (10, 1.0, np.inf)]
)
def test_samples_without_sense_are_refused(arguments):
    with pytest.raises(EventFileError, match="sample s"):
        Sample("s", "sm", *arguments)


def test_runs_share_their_cross_section():
    samples = (
        Sample("s1", "sm", 100, 1.0),
        Sample("s2", "sm", 300, 1.0),
        Sample("a", "a", 7, 2.0),
        Sample("tt_1", None, 10, 5.0, process="tt"),
        Sample("tt_2", None, 30, 5.0, process="tt"),
        Sample("zz", None, 30, 5.0),
        Sample("sm", None, 5, 5.0),
    )
    np.testing.assert_allclose(group_scales(samples), [0.25, 0.75, 1, 0.25, 0.75, 1, 1])


def test_backgrounds_do_not_depend_on_theta(table):
    samples = (table.samples[0], Sample("background", None, 50, 5.0))
    with pytest.raises(EventFileError, match="background event has different weights"):
        check_backgrounds(replace(table, samples=samples))
    weights = np.where(np.arange(100)[:, None] < 50, table.weights, 0.1)
    check_backgrounds(replace(table, samples=samples, weights=weights))


def test_observables_have_room_for_units():
    assert ObservableInfo("m", "m_jj").unit == ""
