import numpy as np
import pytest
import torch
from scipy.stats import norm

from assay.errors import SystematicsError
from assay.theory.constraints import Constraints, GaussianConstraint

pytestmark = pytest.mark.fast

POINTS = np.array([0.2, 0.7, 1.0, 1.6, 4.0])


def test_gaussian_is_that_of_scipy():
    term = GaussianConstraint(0.4, 0.3)
    expected = norm.logpdf(POINTS, 0.4, 0.3) - norm.logpdf(0.4, 0.4, 0.3)
    np.testing.assert_allclose(term.log_likelihood(POINTS), expected, rtol=1e-12)
    assert term.log_likelihood(0.4) == 0.0


def test_derivatives_agree_with_autograd():
    term = GaussianConstraint(0.4, 0.3)
    x = torch.tensor(POINTS, requires_grad=True)
    value = -0.5 * ((x - term.centre) / term.width) ** 2
    (first,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, allow_unused=True)
    np.testing.assert_allclose(term.log_likelihood(POINTS), value.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(term.gradient(POINTS), first.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(term.hessian(POINTS), second.numpy(), rtol=1e-12)


def test_independent_terms_add_up():
    terms = Constraints((GaussianConstraint(), None, GaussianConstraint(1.0, 0.5)))
    nu = np.array([[0.0, 5.0, 1.0], [1.0, -3.0, 0.0]])
    np.testing.assert_allclose(terms.log_likelihood(nu), [0.0, -0.5 - 2.0])
    np.testing.assert_allclose(terms.gradient(nu), [[0.0, 0.0, 0.0], [-1.0, 0.0, 4.0]])
    np.testing.assert_allclose(terms.hessian(nu), [np.diag([-1.0, 0.0, -4.0])] * 2)
    assert Constraints.unit(2).log_likelihood([3.0, 4.0]) == pytest.approx(-12.5)
    assert Constraints.unit(0).log_likelihood(np.zeros((4, 0))).shape == (4,)


def test_wrong_arguments_are_refused():
    with pytest.raises(SystematicsError, match="width"):
        GaussianConstraint(0.0, 0.0)
    with pytest.raises(SystematicsError, match="2 values"):
        Constraints.unit(2).gradient([1.0])
