from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.inference.from_study import expectation
from assay.inference.grid import Grid
from assay.inference.toy_points import points_around, toy_points
from assay.study.load import load_study
from assay.study.model_toys import ToysSection
from assay.study.seeds import derive_seed
from assay.theory.from_study import parameter_space

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


def test_points_lie_half_way_to_the_edges() -> None:
    grid = Grid.regular(("a", "b"), [(-1.0, 2.0), (0.0, 4.0)], 5)
    found = points_around((1.0, 1.0), grid)
    assert found.tolist() == [[1, 1], [0, 1], [1.5, 1], [1, 0.5], [1, 2.5]]


def test_points_of_a_study_end_with_its_reference() -> None:
    study = load_study(INPUT)
    space = parameter_space(study, derive_seed(study.seed, "configure"))[0]
    wanted = expectation(study, space)
    standard = toy_points(ToysSection(), wanted, space)
    assert standard.shape == (5, 2)
    assert standard[0].tolist() == [0.0, 0.0]
    named = toy_points(ToysSection(points=({"CWL2": 0.1, "CPWL2": -0.2},)), wanted, space)
    assert named.tolist() == [[0.1, -0.2], [0.0, 0.0]]
    both = toy_points(ToysSection(points=("sm", {"CWL2": 0.1, "CPWL2": 0.0})), wanted, space)
    assert both.tolist() == [[0.0, 0.0], [0.1, 0.0]]
    assert np.isfinite(both).all()
