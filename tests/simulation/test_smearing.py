from __future__ import annotations

import numpy as np
import pytest

from assay.errors import ExpressionError, SimulationError
from assay.simulation.smearing import VARIABLES, at_momenta, passes, response
from assay.study.expressions import parse

pytestmark = pytest.mark.fast


def formula(text: str):
    return parse(text, particles=False, variables=VARIABLES)


@pytest.mark.parametrize("relative", [0.01, 0.1, 0.5])
def test_response_has_mean_one_and_the_wanted_spread_and_is_positive(relative: float) -> None:
    n = 400_000
    drawn = response(np.full(n, relative), formula("1"), np.random.default_rng(1))
    assert drawn.min() > 0
    assert drawn.mean() == pytest.approx(1.0, abs=5 * relative / np.sqrt(n))
    assert drawn.std() == pytest.approx(relative, rel=0.02)


def test_perfect_resolution_changes_nothing() -> None:
    np.testing.assert_array_equal(response(np.zeros(5), formula("0"), np.random.default_rng(1)), 1.0)


def test_efficiency_is_the_share_that_passes() -> None:
    efficiency = np.repeat([0.0, 0.25, 0.9, 1.0], 100_000)
    shares = passes(efficiency, formula("1"), np.random.default_rng(2)).reshape(4, -1).mean(axis=1)
    assert shares[0] == 0
    assert shares[3] == 1
    for share, wanted in zip(shares[1:3], (0.25, 0.9), strict=True):
        assert share == pytest.approx(wanted, abs=5 * np.sqrt(wanted * (1 - wanted) / 100_000))


@pytest.mark.parametrize("bad", [-0.01, 1.01])
def test_impossible_efficiencies_are_refused(bad: float) -> None:
    with pytest.raises(SimulationError, match="gives efficiencies from"):
        passes(np.array([0.5, bad]), formula("pt"), np.random.default_rng(1))


def test_negative_resolutions_are_refused() -> None:
    with pytest.raises(SimulationError, match=r"resolution of -0\.1"):
        response(np.array([0.1, -0.1]), formula("pt"), np.random.default_rng(1))


def test_formulas_of_the_momentum() -> None:
    columns = [np.array(values) for values in ([1.0, 2.0], [0.1, -3.0], [0.5, 0.6], [7.0, 8.0])]
    np.testing.assert_allclose(
        at_momenta(formula("pt + 10*abs(eta) + 100*phi + 1000*energy"), *columns), [7052.0, 8092.0]
    )
    with pytest.raises(ExpressionError, match="not finite"):
        at_momenta(formula("1/(pt - 2)"), *columns)
