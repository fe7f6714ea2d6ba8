from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.inference.from_study import expectation
from assay.study.load import load_study
from assay.theory.from_study import parameter_space

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


def test_grid_true_point_and_trained_ranges_of_the_default_study() -> None:
    study = load_study(INPUT)
    space, _ = parameter_space(study, 1)
    wanted = expectation(study, space)
    assert wanted.grid.parameters == ("CWL2", "CPWL2")
    np.testing.assert_allclose(wanted.grid.axes[0], np.linspace(-0.48, 0.48, 25))
    assert wanted.theta_true == (0.0, 0.0)
    assert wanted.luminosity == 300.0
    assert wanted.ranges == ((-0.8, 0.8), (-0.8, 0.8))


@pytest.mark.parametrize(
    ("true", "point"), [("w", (1.2, 0.0)), ({"CPWL2": 0.1, "CWL2": -0.2}, (-0.2, 0.1)), (None, (0.0, 0.0))]
)
def test_the_true_point_by_name_or_value_in_the_order_of_parameters(
    true: str | dict[str, float] | None, point: tuple[float, float]
) -> None:
    study = load_study(INPUT)
    changed = study.model_copy(update={"limits": study.limits.model_copy(update={"theta_true": true})})
    space, _ = parameter_space(study, 1)
    assert expectation(changed, space).theta_true == point
