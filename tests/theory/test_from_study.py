from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.errors import MorphingError
from assay.study.load import load_study
from assay.study.model import MorphingSection, Study
from assay.theory.from_study import parameter_space

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


@pytest.fixture
def study() -> Study:
    return load_study(INPUT)


def test_the_studys_benchmarks_come_first_and_are_completed_to_a_basis(study: Study) -> None:
    space, morphing = parameter_space(study, seed=1)
    assert space.benchmark_names == ("sm", "w", "basis_1", "basis_2", "basis_3", "basis_4")
    assert space.reference == "sm"
    np.testing.assert_array_equal(space.benchmark_values[:2], [[0.0, 0.0], [1.2, 0.0]])
    assert (np.abs(space.benchmark_values) <= 1.2 + 1e-12).all()
    np.testing.assert_allclose(morphing.weights(space.benchmark_values), np.eye(6), atol=1e-12)
    assert morphing.expected_squared_weights(space.ranges) < 1.7


def test_the_same_seed_gives_the_same_basis(study: Study) -> None:
    first, second = (parameter_space(study, seed=3)[0].benchmark_values for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_transforms_give_coefficients(study: Study) -> None:
    space, _ = parameter_space(study, seed=1)
    np.testing.assert_allclose(space.coefficients([[1.0, -0.5]]), [[16.52, -8.26]])


def test_names_of_added_benchmarks_do_not_collide(study: Study) -> None:
    renamed = study.model_copy(update={"benchmarks": {**study.benchmarks, "basis_2": {"CWL2": 0.0, "CPWL2": 1.0}}})
    space, _ = parameter_space(renamed, seed=1)
    assert len(set(space.benchmark_names)) == 6


def test_a_badly_conditioned_basis_is_refused(study: Study) -> None:
    strict = study.model_copy(update={"morphing": MorphingSection(max_overall_power=2, max_condition_number=1.5)})
    with pytest.raises(MorphingError, match="condition number"):
        parameter_space(strict, seed=1)
