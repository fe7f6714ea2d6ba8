import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import EventFileError
from assay.events.mixture import mixture_weights

pytestmark = pytest.mark.fast


def test_formula_on_two_events():
    weights = np.array([[2.0, 1.0], [3.0, 4.0], [0.5, 0.5]])
    constants = np.array([2.0, 4.0])
    found = mixture_weights(weights, np.array([0, 1, -1]), constants, np.array([True, True, False]))
    np.testing.assert_allclose(found[0], weights[0] / (2 / 2 + 1 / 4))
    np.testing.assert_allclose(found[1], weights[1] / (3 / 2 + 4 / 4))
    np.testing.assert_array_equal(found[2], weights[2])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_units_of_an_unweighted_event_cancel(seed):
    rng = np.random.default_rng(seed)
    weights, drawn_at = rng.exponential(size=(20, 4)), rng.integers(0, 4, 20)
    constants, unweighted = rng.exponential(size=4) + 0.1, np.ones(20, dtype=bool)
    scaled = weights * rng.exponential(size=(20, 1)) + 0.0
    first = mixture_weights(weights, drawn_at, constants, unweighted)
    np.testing.assert_allclose(mixture_weights(scaled, drawn_at, constants, unweighted), first, rtol=1e-13)


def test_one_sample_alone_keeps_its_weights():
    rng = np.random.default_rng(0)
    weights = rng.exponential(size=(10, 3))
    weights[:, 1] = 0.25
    for unweighted in (True, False):
        found = mixture_weights(weights, np.full(10, 1), np.array([np.inf, 0.25, np.inf]), np.full(10, unweighted))
        np.testing.assert_allclose(found, weights, rtol=1e-14)


def test_both_forms_agree_for_constant_weights():
    rng = np.random.default_rng(0)
    constants, drawn_at = np.array([0.3, 0.7]), rng.integers(0, 2, 50)
    weights = rng.exponential(size=(50, 2))
    weights *= (constants[drawn_at] / weights[np.arange(50), drawn_at])[:, None]
    first, other = (mixture_weights(weights, drawn_at, constants, np.full(50, flag)) for flag in (True, False))
    np.testing.assert_allclose(first, other, rtol=1e-14)


def test_negative_weights_stay_negative():
    weights = np.array([[-2.0, -1.0], [2.0, 1.0]])
    found = mixture_weights(weights, np.array([0, 0]), np.array([1.0, 4.0]), np.array([False, False]))
    np.testing.assert_allclose(found[0], -found[1])
    assert np.all(found[0] < 0)


def test_weighted_events_are_unbiased():
    # two cross sections of 1 pb, of densities 1 and 2x; the events of both samples are drawn flat
    rng = np.random.default_rng(3)
    n = 200_000
    x = rng.uniform(size=2 * n)
    weights = np.stack([np.ones(2 * n), 2 * x], axis=1) / n
    drawn_at = np.repeat([0, 1], n)
    constants = np.array([1 / n, 1 / n])
    found = mixture_weights(weights, drawn_at, constants, drawn_at == 0)
    np.testing.assert_allclose(found.sum(axis=0), [1.0, 1.0], atol=0.01)
    # taking the second for unweighted events is wrong
    wrong = mixture_weights(weights, drawn_at, constants, np.full(2 * n, True))
    assert abs(wrong.sum(axis=0)[1] - 1.0) > 0.05


def test_a_drawn_event_of_zero_weight_is_refused():
    with pytest.raises(EventFileError, match=r"event 2.*weight zero"):
        mixture_weights(
            np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]]), np.array([-1, 0, 0]), np.ones(2), np.full(3, True)
        )
