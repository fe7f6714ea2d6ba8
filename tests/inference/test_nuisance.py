from __future__ import annotations

import numpy as np
import pytest
from tests.inference.test_maximisation import Quadratic, correlated

from assay.errors import InferenceError
from assay.inference.nuisance import ConstraintTerm, Fixed, Profiled
from assay.theory.constraints import Constraints, GaussianConstraint

pytestmark = pytest.mark.fast


def test_profiling_a_gaussian_is_the_schur_complement_with_the_constraints() -> None:
    likelihood = correlated(5, 7)
    profiled = Profiled(likelihood, 3)
    information = likelihood.information + np.diag([0.0, 0.0, 1.0, 1.0, 1.0])
    # the constraint pulls to zero, not to the centre: complete the square
    pull = likelihood.information @ likelihood.centre
    best = np.linalg.solve(information, pull)
    theta = np.random.default_rng(0).normal(size=(40, 2))
    schur = np.linalg.inv(np.linalg.inv(information)[:2, :2])
    d = theta - best[:2]
    constant = 0.5 * best @ information @ best - 0.5 * likelihood.centre @ pull
    expected = constant - 0.5 * np.einsum("ti,ij,tj->t", d, schur, d)
    assert np.allclose(profiled.log_likelihood(theta), expected, atol=1e-9)
    assert np.allclose(profiled.gradient(theta), -d @ schur, atol=1e-5)
    assert np.allclose(profiled.gradient(theta[3]), -d[3] @ schur, atol=1e-5)
    assert np.allclose(profiled.nuisance_at([best[:2]])[0], best[2:], atol=1e-6)


def test_every_point_is_maximised_once() -> None:
    calls = []

    class Counting(Quadratic):
        def gradient(self, theta: np.ndarray) -> np.ndarray:
            calls.append(len(theta))
            return super().gradient(theta)

    profiled = Profiled(Counting(np.eye(3), np.array([0.5, 0.5, 0.5])), 2)
    first = profiled.log_likelihood(np.array([[0.1], [0.2], [0.1]]))
    n = len(calls)
    assert np.array_equal(profiled.log_likelihood(np.array([[0.2], [-0.0 + 0.1]])), first[[1, 2]])
    assert len(calls) == n


def test_other_constraints_and_bounds() -> None:
    flat = Quadratic(np.diag([1.0, 0.0]), np.zeros(2))
    narrow = Profiled(flat, 1, Constraints((GaussianConstraint(0.4, 0.1),)))
    assert np.isclose(narrow.nuisance_at([[0.0]])[0, 0], 0.4)
    steep = Quadratic(np.diag([1.0, 100.0]), np.array([0.0, 8.0]))
    assert Profiled(steep, 1, bounds=(-2.0, 2.0)).nuisance_at([[0.0]])[0, 0] == 2.0


def test_the_constraint_term_is_of_the_last_columns() -> None:
    term = ConstraintTerm(Constraints.unit(2))
    theta = np.array([[5.0, 1.0, -2.0], [7.0, 0.0, 0.0]])
    assert np.allclose(term.log_likelihood(theta), [-2.5, 0.0])
    assert np.allclose(term.gradient(theta), [[0.0, -1.0, 2.0], [0.0, 0.0, 0.0]])
    assert np.allclose(term.gradient(theta[0]), [0.0, -1.0, 2.0])


def test_fixed_parameters_have_their_values() -> None:
    likelihood = correlated(4, 2)
    fixed = Fixed(likelihood, (2, 0), (9.0, 0.3, 9.0, -0.2))
    theta = np.array([[0.5, -0.1], [0.0, 0.2]])
    full = np.array([[-0.1, 0.3, 0.5, -0.2], [0.2, 0.3, 0.0, -0.2]])
    assert np.array_equal(fixed.log_likelihood(theta), likelihood.log_likelihood(full))
    assert np.array_equal(fixed.gradient(theta), likelihood.gradient(full)[:, [2, 0]])
    assert fixed.gradient(theta[0]).shape == (2,)


def test_constraints_of_another_number_are_refused() -> None:
    with pytest.raises(InferenceError, match="2 nuisance parameters"):
        Profiled(correlated(3, 1), 2, Constraints.unit(1))
    with pytest.raises(InferenceError, match="0 nuisance parameters"):
        Profiled(correlated(3, 1), 0)
