from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from assay.errors import AssayError, InferenceError
from assay.inference.information import FisherResult, ellipse, profile_information, read_fisher, write_fisher

pytestmark = pytest.mark.fast


def result(seed: int = 0, size: int = 3) -> FisherResult:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size))
    noise = rng.normal(size=(50, size, size))
    noise = noise + noise.transpose(0, 2, 1)
    return FisherResult(
        "m",
        True,
        ("a", "b", "c")[:size],
        (0.0, 0.1, 0.2)[:size],
        300.0,
        root @ root.T + np.eye(size),
        1e-6 * np.einsum("eij,ekl->ijkl", noise, noise) / 50,
        1e-3 * np.eye(size),
    )


def test_profiling_is_a_block_of_the_inverse() -> None:
    information = result().information
    for keep in ([0], [1, 2], [2, 0], [0, 1, 2]):
        expected = np.linalg.inv(np.linalg.inv(information)[np.ix_(keep, keep)])
        assert np.allclose(profile_information(information, keep), expected, rtol=1e-10)


def test_profiled_is_never_more_than_projected() -> None:
    profiled, projected = result().profile(["a"]), result().project(["a"])
    assert profiled.information[0, 0] < projected.information[0, 0]
    assert projected.information[0, 0] == result().information[0, 0]
    assert projected.covariance[0, 0, 0, 0] == result().covariance[0, 0, 0, 0]
    assert profiled.parameters == projected.parameters == ("a",)


def test_covariance_of_the_profiled_information_is_propagated() -> None:
    base = result()
    flat = base.covariance.reshape(9, 9)
    draws = np.random.default_rng(1).multivariate_normal(base.information.ravel(), flat, 20_000).reshape(-1, 3, 3)
    profiled = np.array([profile_information(d, [0, 2]) for d in draws]).reshape(-1, 4)
    predicted = base.profile(["a", "c"]).covariance.reshape(4, 4)
    assert np.allclose(np.cov(profiled.T), predicted, rtol=0.05, atol=1e-8)


def test_constraints_add_to_the_diagonal() -> None:
    constrained = result().constrain({"b": 0.5})
    assert np.isclose(constrained.information[1, 1] - result().information[1, 1], 4.0)
    assert np.array_equal(constrained.covariance, result().covariance)


def test_ellipse_is_a_level_set_and_not_transposed() -> None:
    information = np.array([[100.0, 3.0], [3.0, 4.0]])
    contour = ellipse(information, (1.0, -2.0), 0.68)
    d = contour - [1.0, -2.0]
    assert np.allclose(np.einsum("ni,ij,nj->n", d, information, d), chi2.ppf(0.68, 2))
    extent = np.sqrt(chi2.ppf(0.68, 2) * np.diag(np.linalg.inv(information)))
    assert np.allclose(np.abs(d).max(axis=0), extent, rtol=1e-3)
    assert np.allclose(contour[0], contour[-1])


def test_a_blind_direction_is_an_error_not_an_infinity() -> None:
    blind = FisherResult(
        "rate", True, ("a", "b"), (0.0, 0.0), 1.0, np.ones((2, 2)), np.zeros([2] * 4), np.zeros((2, 2))
    )
    for use in (blind.parameter_covariance, lambda: ellipse(blind.information, (0, 0), 0.68)):
        with pytest.raises(InferenceError, match="blind"):
            use()
    with pytest.raises(InferenceError, match="some of a, b"):
        blind.project(["c"])
    with pytest.raises(InferenceError, match="an ellipse of 3"):
        ellipse(result().information, (0, 0, 0), 0.68)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    first, second = result(), result(1, 2)
    write_fisher(tmp_path / "fisher", [first, second])
    for wrote, read in zip([first, second], read_fisher(tmp_path / "fisher"), strict=True):
        assert (wrote.method, wrote.parameters, wrote.theta) == (read.method, read.parameters, read.theta)
        for name in ("information", "covariance", "bias", "errors"):
            assert np.array_equal(getattr(wrote, name), getattr(read, name))
    (tmp_path / "fisher.json").write_text("[]")
    with pytest.raises(AssayError, match="not a file of Fisher"):
        read_fisher(tmp_path / "fisher")
