"""d/dtheta E[f] = E[f t_xz], for scores that are right, too large, of other events, or of another parameter."""

from __future__ import annotations

import numpy as np
import pytest

from assay.estimators.score_identity import score_identity

pytestmark = pytest.mark.fast

N = 10_000
NAMES = ("p", "q")
UNITS = np.array([1.0, 100.0])


def sample(seed: int, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z ~ N(theta, 1) in two dimensions, x = (z0 + noise, z1 + noise, noise): joint score z - theta."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-1.0, 1.0, (N, 2))
    z = rng.normal(theta, 1.0)
    x = np.column_stack([500.0 + 30.0 * (z + rng.normal(0.0, noise, z.shape)), rng.normal(size=N)])
    return x, theta * UNITS, (z - theta) / UNITS


def test_the_right_score_passes() -> None:
    for seed in (1, 2, 3):
        results = score_identity(*sample(seed), NAMES, np.arange(N))
        assert [result.verdict for result in results] == ["passed", "passed"]
        assert [result.value for result in results] == pytest.approx([1.0, 1.0], abs=0.15)
        assert results[0].name == "joint score of p against observables"


def test_wrong_scores_fail() -> None:
    x, theta, t = sample(1)
    for wrong, value in ((1.6 * t, 1.6), (np.random.default_rng(2).permutation(t), 0.0), (-t, -1.0)):
        results = score_identity(x, theta, wrong, NAMES, np.arange(N))
        assert {result.verdict for result in results} == {"failed"}
        assert results[1].value == pytest.approx(value, abs=0.15)
    swapped = score_identity(x, theta, t[:, ::-1] * UNITS[::-1] / UNITS, NAMES, np.arange(N))
    assert {result.verdict for result in swapped} == {"failed"}


def test_the_error_is_the_spread_over_samples() -> None:
    found = [score_identity(*sample(seed), NAMES, np.arange(N))[0] for seed in range(20, 50)]
    pulls = np.array([result.pull for result in found])
    assert np.std(pulls) == pytest.approx(1.0, abs=0.4)
    assert abs(np.mean(pulls)) < 0.7


def test_observables_that_do_not_depend_on_theta_say_nothing() -> None:
    x, theta, t = sample(1)
    assert score_identity(x[:, 2:], theta, t, NAMES, np.arange(N)) == ()
    (p,) = score_identity(x[:, [0, 2]], theta, t, NAMES, np.arange(N))
    assert (p.name, p.verdict) == ("joint score of p against observables", "passed")


def test_a_parameter_that_does_not_vary_is_left_out() -> None:
    x, theta, t = sample(1)
    fixed = theta * np.array([1.0, 0.0])
    assert [r.name for r in score_identity(x, fixed, t, NAMES, np.arange(N))] == [
        "joint score of p against observables"
    ]
