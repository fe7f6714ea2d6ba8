r"""Closed forms: a Gaussian measurement x = theta + sum_i delta_i nu_i +- s has variance s^2 + sum_i delta_i^2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.inference.test_maximisation import Quadratic

from assay.errors import AssayError
from assay.files import write_json
from assay.inference.expectation import Expectation
from assay.inference.grid import Grid
from assay.inference.impacts import SystematicsResult, read_systematics, systematics, write_systematics
from assay.inference.measurements import histogram_measurement, rate_measurement
from assay.inference.models import Measurement
from assay.inference.nuisance import Profiled
from assay.inference.protocols import Likelihood
from assay.inference.templates import Templates
from assay.theory.morphing import Morphing, components

pytestmark = pytest.mark.fast
SPREAD, DELTAS, SEEN = 0.3, {"scale": 0.4, "tilt": -0.2}, 0.25
BOUNDS = np.array([[-5.0, 5.0]])


def measurement() -> Measurement:
    morphing = Morphing.from_basis(components([1], 1), np.array([[0.0], [1.0]]))
    flat = Templates(morphing, np.ones((1, 2)), np.zeros((1, 2, 2)))
    return Measurement(("theta",), tuple(DELTAS), flat, 1.0, None)


def gaussian(one: Measurement) -> Likelihood:
    row = np.array([1.0, *(DELTAS[name] for name in one.nuisance)])
    centre = np.array([SEEN, *(0.0 for _ in one.nuisance)])
    whole = Quadratic(np.outer(row, row) / SPREAD**2, centre)
    return Profiled(whole, len(one.nuisance)) if one.nuisance else whole


@pytest.fixture(scope="module")
def result() -> SystematicsResult:
    others = {"without background": Quadratic(np.array([[100.0]]), np.zeros(1))}
    return systematics("m", True, measurement(), gaussian, BOUNDS, 0.6827, others)


def test_widths_with_and_without_each(result: SystematicsResult) -> None:
    squares = {name: delta**2 for name, delta in DELTAS.items()}
    variances = {
        "all": SPREAD**2 + sum(squares.values()),
        "without scale": SPREAD**2 + squares["tilt"],
        "without tilt": SPREAD**2 + squares["scale"],
        "without systematics": SPREAD**2,
        "without background": 0.01,
    }
    assert [one.name for one in result.widths] == list(variances)
    for name, variance in variances.items():
        (width,) = result.width(name).widths
        assert np.isclose(width, 2.0 * np.sqrt(variance), rtol=1e-4)  # 0.6827 is one standard deviation to 1e-5


def test_pulls_and_impacts(result: SystematicsResult) -> None:
    """Fitted theta is SEEN whatever nu is held at, less what delta nu explains: the impact is delta times its error."""
    for pull in result.pulls:
        assert np.isclose(pull.value, 0.0, atol=1e-6)
        # theta absorbs everything: nothing is learned of the nuisance parameters
        assert pull.error is not None
        assert np.isclose(pull.error, 1.0, rtol=1e-4)
    for impact in result.impacts:
        assert impact.parameter == "theta"
        assert np.isclose(impact.up, -DELTAS[impact.nuisance], atol=1e-4)
        assert np.isclose(impact.down, DELTAS[impact.nuisance], atol=1e-4)


def test_data_that_know_a_nuisance_parameter_constrain_it() -> None:
    def likelihood(one: Measurement) -> Likelihood:
        information = np.outer([1.0, 0.4], [1.0, 0.4]) / SPREAD**2 + np.diag([0.0, 4.0])
        return Profiled(Quadratic(information, np.array([SEEN, 0.6])), 1)

    one = Measurement(("theta",), ("scale",), measurement().total, 1.0, None)
    fit = systematics("m", False, one, lambda m: likelihood(m) if m.nuisance else gaussian(m), BOUNDS, 0.68)
    (pull,) = fit.pulls
    assert np.isclose(pull.value, 0.6 * 4 / 5, atol=1e-5)
    assert np.isclose(pull.error, 1 / np.sqrt(5), rtol=1e-4)
    assert np.isclose(fit.impacts[0].up, -0.4 / np.sqrt(5), atol=1e-4)
    assert [widths.name for widths in fit.widths] == ["all", "without systematics"]


def test_open_intervals_have_no_width() -> None:
    flat = Quadratic(np.array([[0.01]]), np.zeros(1))
    result = systematics("m", True, measurement().without(*DELTAS), lambda _: flat, BOUNDS, 0.68)
    assert result.widths[0].widths == (None,)
    assert result.pulls == ()


@pytest.mark.slow
def test_a_background_and_two_systematics_widen_limits(amplitude_pool: Callable[..., Any]) -> None:
    """From events: every effect costs something, none less than nothing, and all of them most."""
    plain = amplitude_pool(20_000, (0.7, 0.5))
    pool = plain.varying(norm=np.full(20_000, 0.05), tilt=0.25 * np.tanh(plain.x[:, 0]), harmless=np.zeros(20_000))
    grid = Grid.regular(("a", "b"), [(-1.0, 1.0), (-1.0, 1.0)], 9)
    wanted = Expectation(grid, (0.0, 0.0), 300.0)
    rate = rate_measurement(pool, wanted)
    histogram, _ = histogram_measurement(pool, pool, ("x0",), 8, wanted, (0.0, 0.0))

    for one in (rate, histogram):
        found = systematics("m", True, one, lambda m: m.expected((0.0, 0.0), True), grid.bounds, 0.68)
        whole = found.width("all").widths[0]
        for effect in ("norm", "tilt", "harmless"):
            less = found.width(f"without {effect}").widths[0]
            assert whole is None or less is None or less <= whole * (1 + 1e-6)
        if one is histogram:
            assert whole is not None
            assert found.width("without tilt").widths[0] < 0.97 * whole
            assert np.isclose(found.width("without harmless").widths[0], whole, rtol=1e-6)
            assert found.width("without systematics").widths[0] <= found.width("without tilt").widths[0] * (1 + 1e-6)


def test_files(tmp_path: Path, result: SystematicsResult) -> None:
    write_systematics(tmp_path / "systematics.json", [result])
    assert read_systematics(tmp_path / "systematics.json") == (result,)
    write_json(tmp_path / "other.json", {"format": "something else"})
    with pytest.raises(AssayError, match="not a file of systematics"):
        read_systematics(tmp_path / "other.json")
    write_json(tmp_path / "broken.json", {"format": "assay-systematics-1", "results": [{}]})
    with pytest.raises(AssayError, match="cannot be read"):
        read_systematics(tmp_path / "broken.json")


def test_arrays_are_numbers(result: SystematicsResult) -> None:
    assert all(isinstance(end, float) for one in result.widths for end in (*one.lower, *one.upper))
