from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.errors import MorphingError
from assay.study.load import load_study
from assay.study.model import FiniteDifferencesSection, MorphingSection, ParameterSection, Study
from assay.theory import from_study
from assay.theory.basis import optimise_basis
from assay.theory.finite_differences import FiniteDifferences
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
    np.testing.assert_allclose(space.card_values([[1.0, -0.5]]), [[16.52, -8.26]])


def test_names_of_added_benchmarks_do_not_collide(study: Study) -> None:
    renamed = study.model_copy(update={"benchmarks": {**study.benchmarks, "basis_2": {"CWL2": 0.0, "CPWL2": 1.0}}})
    space, _ = parameter_space(renamed, seed=1)
    assert len(set(space.benchmark_names)) == 6


def test_a_badly_conditioned_basis_is_refused(study: Study) -> None:
    strict = study.model_copy(update={"morphing": MorphingSection(max_overall_power=2, max_condition_number=1.5)})
    with pytest.raises(MorphingError, match="condition number"):
        parameter_space(strict, seed=1)


def changed(study: Study, **morphing: object) -> Study:
    return study.model_copy(update={"morphing": MorphingSection.model_validate(morphing)})


def test_noise_in_the_optimisers_result_changes_nothing(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks are rounded, so that machines whose libraries differ in the last digits agree to the bit."""
    expected, _ = parameter_space(study, seed=1)
    noise = np.random.default_rng(2)

    def noisy(*arguments: Any, **keywords: Any) -> Any:
        basis = optimise_basis(*arguments, **keywords)
        return basis + 1e-12 * noise.normal(size=basis.shape)

    monkeypatch.setattr(from_study, "optimise_basis", noisy)
    for _ in range(5):
        np.testing.assert_array_equal(parameter_space(study, seed=1)[0].benchmark_values, expected.benchmark_values)
    # while a change in the fifth digit of the range is none of rounding
    monkeypatch.setattr(from_study, "optimise_basis", lambda *a, **k: optimise_basis(*a, **k) + 1e-3)
    assert np.any(parameter_space(study, seed=1)[0].benchmark_values != expected.benchmark_values)


def test_powers_in_production_and_decay(study: Study) -> None:
    space, morphing = parameter_space(changed(study, max_overall_power=(2, 2)), seed=1)
    assert len(morphing.components) == len(space.benchmarks) == 15
    assert space.max_powers == ((2, 2), (2, 2))
    np.testing.assert_allclose(morphing.weights(space.benchmark_values), np.eye(15), atol=1e-11)


def test_a_basis_by_hand_is_completed_and_leaves_the_others_alone(study: Study) -> None:
    benchmarks = {**study.benchmarks, "v": {"CWL2": -1.0, "CPWL2": 0.5}}
    chosen = changed(study.model_copy(update={"benchmarks": benchmarks}), basis=("w", "v"))
    space, morphing = parameter_space(chosen, seed=1)
    assert space.benchmark_names == ("sm", "w", "v", "basis_1", "basis_2", "basis_3", "basis_4")
    assert space.reference == "sm"
    np.testing.assert_array_equal(morphing.in_basis, [False] + [True] * 6)


def test_a_basis_of_more_benchmarks_than_terms(study: Study) -> None:
    six = parameter_space(study, seed=1)[1]
    space, nine = parameter_space(changed(study, basis_size=9), seed=1)
    assert len(space.benchmarks) == 9
    assert nine.expected_squared_weights(space.ranges) < 0.8 * six.expected_squared_weights(space.ranges)


def test_several_entries_of_the_card(study: Study) -> None:
    lha = [{"id": 2, "transform": "16.52*theta"}, {"block": "other", "id": 3}]
    section = ParameterSection.model_validate_json(json.dumps({"lha": lha, "range": [-1.2, 1.2]}))
    parameters = {"CWL2": section, "CPWL2": study.parameters["CPWL2"]}
    space, _ = parameter_space(study.model_copy(update={"parameters": parameters}), seed=1)
    entries = [(entry.block, entry.id, entry.transform) for entry in space.card_entries]
    assert entries == [("dim6", 2, "16.52*theta"), ("other", 3, None), ("dim6", 5, "16.52*theta")]


def with_differences(study: Study, scheme: str, *names: str) -> Study:
    differences = FiniteDifferencesSection.model_validate({"parameters": names, "epsilon": 1.2, "scheme": scheme})
    return changed(study, finite_differences=differences)


def test_finite_differences_of_one_parameter(study: Study) -> None:
    benchmarks = {**study.benchmarks, "v": {"CWL2": 0.0, "CPWL2": 0.5}}
    space, morphing = parameter_space(
        with_differences(study.model_copy(update={"benchmarks": benchmarks}), "central", "CPWL2"), seed=1
    )
    base = ["sm", "w", "basis_1"]
    shifted = [f"{name}_{word}_CPWL2" for word in ("plus", "minus") for name in base]
    assert list(space.benchmark_names) == ["sm", "w", "v", "basis_1", *shifted]
    assert isinstance(morphing, FiniteDifferences)
    np.testing.assert_array_equal(morphing.in_basis, [True, True, False, True] + [False] * 6)
    assert space.max_powers == (2, 0)
    np.testing.assert_allclose(space.benchmark_values[4:7, 1], 1.2)
    np.testing.assert_allclose(morphing.weights(space.benchmark_values[3:]), np.eye(10)[3:], atol=1e-12)


@pytest.mark.parametrize(("scheme", "n_benchmarks"), [("central", 6), ("forward", 4)])
def test_finite_differences_of_all_parameters(study: Study, scheme: str, n_benchmarks: int) -> None:
    space, morphing = parameter_space(with_differences(study, scheme, "CPWL2", "CWL2"), seed=1)
    assert len(space.benchmarks) == n_benchmarks  # w has weights alone
    np.testing.assert_array_equal(morphing.in_basis, space.benchmark_values.any(axis=1) == 0)
    np.testing.assert_allclose(morphing.weights([0.0, 0.0]), np.eye(n_benchmarks)[0])
