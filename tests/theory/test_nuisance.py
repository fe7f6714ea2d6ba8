import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.errors import SystematicsError
from assay.theory.nuisance import CONSTANT, FULL, ONE_SIDED, LogQuadratic

pytestmark = pytest.mark.fast

N = 6
positive = arrays(np.float64, N, elements=st.floats(1e-6, 1e6))
any_weight = arrays(np.float64, N, elements=st.sampled_from([0.0, -1.0, 1.0, 2.5, -0.3, 1e-300, -1e300]))
coefficients = arrays(np.float64, (N, 2), elements=st.floats(-1.5, 1.5))


@given(nominal=positive, up=positive, down=positive, sign=st.sampled_from([-1.0, 1.0]))
def test_variations_are_reproduced(nominal, up, down, sign):
    found = LogQuadratic.from_weights(sign * nominal, sign * up, sign * down)
    at = sign * nominal[:, None] * found.factors([[0.0], [1.0], [-1.0]])
    np.testing.assert_array_equal(at[:, 0], sign * nominal)
    np.testing.assert_allclose(at[:, 1], sign * up, rtol=1e-12)
    np.testing.assert_allclose(at[:, 2], sign * down, rtol=1e-12)
    assert np.all(found.status == FULL)


@given(nominal=positive, up=positive, nu=st.floats(-3, 3))
def test_one_variation_alone_is_linear_in_the_logarithm(nominal, up, nu):
    found = LogQuadratic.from_weights(nominal, up)
    np.testing.assert_allclose(found.factors([nu])[:, 0], (up / nominal) ** nu, rtol=1e-10)


@given(nominal=positive, a=coefficients, b=coefficients, nu=arrays(np.float64, (4, 2), elements=st.floats(-4, 4)))
@settings(deadline=None)
def test_log_quadratic_functions_are_reproduced_everywhere(nominal, a, b, nu):
    def truth(point):
        return nominal * np.exp(a @ point + b @ point**2)

    parts = [LogQuadratic.from_weights(nominal, truth(unit), truth(-unit)) for unit in np.eye(2)]
    found = nominal[:, None] * LogQuadratic.stacked(parts, N).factors(nu)
    np.testing.assert_allclose(found, np.stack([truth(point) for point in nu], axis=1), rtol=1e-9)
    assert np.all(found > 0.0)


@given(nominal=any_weight, up=any_weight, down=any_weight, nu=st.floats(-1, 1))
def test_no_weight_gives_what_is_not_finite(nominal, up, down, nu):
    for found in (LogQuadratic.from_weights(nominal, up, down), LogQuadratic.from_weights(nominal, up)):
        factors = np.exp(np.clip(np.log(found.factors([0.3 * nu])), None, 300))
        assert np.all(np.isfinite(factors))
        assert np.all(factors > 0.0)
        assert np.all(np.isfinite(found.log_gradients([nu])))
        np.testing.assert_array_equal(found.factors([nu])[nominal == 0.0], 1.0)


def test_gradients_agree_with_autograd():
    rng = np.random.default_rng(1)
    nominal, up, down = rng.uniform(0.5, 2.0, (3, 5, 3))
    found = LogQuadratic.stacked([LogQuadratic.from_weights(nominal[:, 0], up[:, i], down[:, i]) for i in range(3)], 5)
    nu = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64, requires_grad=True)
    for event in range(5):
        ratios = torch.tensor(np.stack([up[event], down[event]]) / nominal[event, 0])
        a, b = 0.5 * torch.log(ratios[0] / ratios[1]), 0.5 * torch.log(ratios[0] * ratios[1])
        value = (a * nu + b * nu**2).sum()
        (gradient,) = torch.autograd.grad(value, nu)
        np.testing.assert_allclose(found.log_gradients(nu.detach().numpy())[event], gradient.numpy(), rtol=1e-12)
        np.testing.assert_allclose(np.log(found.factors(nu.detach().numpy())[event, 0]), value.item(), rtol=1e-12)


def test_what_variations_cannot_describe_is_counted():
    nominal = np.array([1.0, 1.0, 1.0, 0.0, -2.0, 1.0])
    up = np.array([1.2, 1.2, -1.2, 1.0, -2.2, 0.0])
    down = np.array([0.9, -0.1, -0.9, 1.0, -1.8, 0.8])
    found = LogQuadratic.from_weights(nominal, up, down)
    np.testing.assert_array_equal(found.status[:, 0], [FULL, ONE_SIDED, CONSTANT, CONSTANT, FULL, ONE_SIDED])
    (told,) = found.summary(("s",), nominal)
    assert (told.name, told.n_one_sided, told.n_constant) == ("s", 2, 2)
    assert told.share == pytest.approx(3.0 / 6.0)
    # one side alone: its mirror image on the other side
    np.testing.assert_allclose(found.factors([[1.0], [-1.0]])[1], [1.2, 1 / 1.2])
    np.testing.assert_allclose(found.factors([[1.0], [-1.0]])[5], [1 / 0.8, 0.8])
    np.testing.assert_allclose(found.factors([[1.0], [-1.0]])[4], [1.1, 0.9])


def test_one_nuisance_parameter_leaves_others_alone():
    parts = [LogQuadratic.from_weights(np.ones(3), np.full(3, up)) for up in (1.1, 2.0)]
    both = LogQuadratic.stacked(parts, 3)
    np.testing.assert_allclose(both.factors([2.0, 0.0])[:, 0], 1.21)
    np.testing.assert_allclose(both.factors([0.0, -1.0])[:, 0], 0.5)
    np.testing.assert_allclose(both.select(np.array([True, False, False])).factors([2.0, -1.0]), [[0.605]])
    np.testing.assert_array_equal(LogQuadratic.none(3).factors(np.zeros((2, 0))), np.ones((3, 2)))


def test_wrong_arguments_are_refused():
    found = LogQuadratic.from_weights(np.ones(3), np.full(3, 1.1))
    with pytest.raises(SystematicsError, match="1 nuisance parameters"):
        found.factors([0.0, 1.0])
    with pytest.raises(SystematicsError, match="finite values"):
        found.factors([np.nan])
    with pytest.raises(SystematicsError, match="factor of exp"):
        LogQuadratic.from_weights(np.ones(1), np.full(1, 2.0)).factors([2000.0])
    with pytest.raises(SystematicsError, match="not finite"):
        LogQuadratic.from_weights(np.ones(2), np.array([1.0, np.nan]))
    with pytest.raises(SystematicsError, match="different numbers"):
        LogQuadratic.from_weights(np.ones(2), np.ones(3))
