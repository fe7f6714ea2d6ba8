import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import SystematicsError
from assay.theory import variations
from assay.theory.nuisance import LogQuadratic
from assay.theory.variations import ReplicaSums, replica_directions, replica_pairs

pytestmark = pytest.mark.fast

NOMINAL = np.array([1.0, 2.0, 0.5, -1.0])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_normalisation_is_log_normal():
    found = LogQuadratic.from_weights(NOMINAL, variations.normalisation(NOMINAL, 0.1))
    np.testing.assert_allclose(found.factors([[1.0], [-2.0]]), np.tile([1.1, 1.1**-2], (4, 1)))
    with pytest.raises(SystematicsError, match="above zero"):
        variations.normalisation(NOMINAL, -0.1)


def test_errors_at_90_percent_are_scaled_to_one_standard_deviation():
    assert variations.standard_deviations(0.9) == pytest.approx(1.6448536, abs=1e-7)
    assert variations.standard_deviations(0.6826894921370859) == pytest.approx(1.0, abs=1e-12)
    members = NOMINAL[:, None] * np.array([1.2, 0.9, 0.7, 1.1])
    up, down = variations.hessian_pairs(NOMINAL, members, 0.9)
    np.testing.assert_allclose(up, NOMINAL[:, None] * (1 + np.array([0.2, -0.3]) / 1.6448536), rtol=1e-7)
    np.testing.assert_allclose(down, NOMINAL[:, None] * (1 + np.array([-0.1, 0.1]) / 1.6448536), rtol=1e-7)
    one_sided = variations.symmetric_hessian(NOMINAL, members, 0.9)
    np.testing.assert_allclose(one_sided[:, 0], up[:, 0])
    with pytest.raises(SystematicsError, match="3 members"):
        variations.hessian_pairs(NOMINAL, members[:, :3])
    with pytest.raises(SystematicsError, match="between 0 and 1"):
        variations.standard_deviations(90.0)


def test_displacements_from_a_central_member_of_another_size():
    # nominal weights of another set: the members' own 2 % remain, and not the 10 % between the sets
    members = NOMINAL[:, None] * np.array([1.12, 1.08])
    up, down = variations.hessian_pairs(NOMINAL, members, central=1.1 * NOMINAL)
    np.testing.assert_allclose(up[:, 0], NOMINAL * (1 + 0.02 / 1.1), rtol=1e-6)
    np.testing.assert_allclose(down[:, 0], NOMINAL * (1 - 0.02 / 1.1), rtol=1e-6)
    one_sided = variations.symmetric_hessian(NOMINAL, members, 0.9, 1.1 * NOMINAL)
    np.testing.assert_allclose(one_sided, NOMINAL[:, None] * (1 + np.array([0.02, -0.02]) / 1.1 / 1.6448536), rtol=1e-6)
    assert np.all(np.isfinite(variations.symmetric_hessian(NOMINAL, members, 0.9, 0.0 * NOMINAL)))


def test_asymmetric_pairs_give_the_master_formula(rng):
    # one eigenvector's effect on a rate is that of its members, with their asymmetry
    nominal = rng.uniform(0.5, 1.5, 1000)
    members = nominal[:, None] * (1 + 0.05 * rng.normal(size=(1000, 2)) + [0.1, 0.02])
    up, down = variations.hessian_pairs(nominal, members)
    found = nominal @ LogQuadratic.from_weights(nominal, up[:, 0], down[:, 0]).factors([[1.0], [-1.0]])
    np.testing.assert_allclose(found, members.sum(axis=0), rtol=1e-7)


def test_envelope_bounds_every_variation():
    members = NOMINAL[:, None] * np.array([1.2, 0.9, 1.05])
    up, down = variations.envelope(NOMINAL, members)
    np.testing.assert_allclose(up, 1.2 * NOMINAL)
    np.testing.assert_allclose(down, 0.9 * NOMINAL)
    up, down = variations.envelope(NOMINAL, NOMINAL[:, None] * [1.2, 1.1])
    np.testing.assert_array_equal(down, NOMINAL)


def replicas(rng, n_events, n_replicas, rank):
    nominal = rng.uniform(0.5, 1.5, n_events)
    effects = 0.05 * rng.normal(size=(n_events, rank)) * 0.5 ** np.arange(rank)
    return nominal, nominal[:, None] * (1 + effects @ rng.normal(size=(rank, n_replicas)))


@given(seed=st.integers(0, 1000), n_replicas=st.integers(2, 12))
@settings(max_examples=25, deadline=None)
def test_all_directions_hold_the_variance_of_the_replicas_of_any_sum(seed, n_replicas):
    rng = np.random.default_rng(seed)
    nominal, members = replicas(rng, 50, n_replicas, 20)
    directions = replica_directions(ReplicaSums.of(nominal, members), n_replicas - 1)
    up, down = replica_pairs(nominal, members, directions)
    for observable in (np.ones(50), rng.normal(size=50)):
        shifts = observable @ (up - nominal[:, None])
        np.testing.assert_allclose(observable @ (nominal[:, None] - down), shifts, atol=1e-12)
        variance = np.var(observable @ members, ddof=1)
        np.testing.assert_allclose(np.sum(shifts**2), variance, rtol=1e-8)
    assert directions.shares.sum() == pytest.approx(1.0)


def test_few_directions_hold_nearly_all(rng):
    nominal, members = replicas(rng, 400, 100, 3)
    directions = replica_directions(ReplicaSums.of(nominal, members), 3)
    assert directions.shares.sum() == pytest.approx(1.0, abs=1e-9)
    assert np.all(np.diff(directions.shares) < 0)
    up, _ = replica_pairs(nominal, members, directions)
    observable = rng.normal(size=400)
    variance = np.var(observable @ members, ddof=1)
    np.testing.assert_allclose(np.sum((observable @ (up - nominal[:, None])) ** 2), variance, rtol=1e-8)
    # the trap: the standard deviation of every event as one nuisance parameter overstates what varies independently
    naive = observable @ np.std(members, axis=1, ddof=1)
    assert abs(naive**2 / variance - 1) > 0.2


def test_sums_of_parts_add_up(rng):
    nominal, members = replicas(rng, 60, 8, 5)
    whole = replica_directions(ReplicaSums.of(nominal, members), 4)
    parts = ReplicaSums.of(nominal[:20], members[:20]) + ReplicaSums.of(nominal[20:], members[20:])
    np.testing.assert_allclose(replica_directions(parts, 4).vectors, whole.vectors, atol=1e-8)


def test_impossible_replicas_are_refused(rng):
    nominal, members = replicas(rng, 20, 5, 3)
    sums = ReplicaSums.of(nominal, members)
    with pytest.raises(SystematicsError, match="5 principal components of 5"):
        replica_directions(sums, 5)
    with pytest.raises(SystematicsError, match="same weights"):
        replica_directions(ReplicaSums.of(nominal, np.ones((20, 3))), 1)
    with_zero = ReplicaSums.of(np.append(nominal, 0.0), np.vstack([members, np.ones(5)]))
    np.testing.assert_allclose(with_zero.products, sums.products)


def test_names_of_several_are_numbered():
    assert variations.numbered("pdf", 1) == ("pdf",)
    assert variations.numbered("pdf", 2) == ("pdf_1", "pdf_2")
