"""Terms of polynomials and finite differences: madminer 0.9.6 and we mean the same."""

import numpy as np
import pytest

from assay.events.eventfile import read_setup_file, write_setup_file
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.monomials import components
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace
from assay.theory.shifts import with_shifted

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("production", "decay", "shared"),
    [(2, 2, 0), (3, 2, 0), (0, 0, 3), (0, 0, 6), (1, 1, 1), (2, 1, 1), (1, 1, 2), (2, 2, 1)],
)
def test_terms_of_production_and_decay(madminer, production, decay, shared):
    """It counts the Standard Model among the couplings, all of them with power two in each part together."""
    couplings = [(0, 2)] * decay + [(2, 0)] * production + [(2, 2)] * shared  # in its order
    theirs = {
        tuple(row) for row in madminer("components", production=production, decay=decay, shared=shared)["components"]
    }
    ours = components(couplings, (2, 2)).tolist()
    assert theirs == {tuple(row) for row in ours if sum(row) == 4}
    if shared:  # the last coupling is that of the Standard Model: one
        assert {row[:-1] for row in theirs} == {tuple(row) for row in components(couplings[:-1], (2, 2)).tolist()}


def test_its_finite_differences_in_ours(madminer, tmp_path):
    points = {"sm": (0.0, 0.0), "w": (0.5, -0.5)}
    shifted = {b: {"a": f"{b}_plus_a", "b": f"{b}_plus_b"} for b in points}
    points |= {f"{b}_plus_a": (x + 0.05, y) for b, (x, y) in points.items()} | {
        f"{b}_plus_b": (x, y + 0.05) for b, (x, y) in points.items()
    }
    parameters = [
        {"lha_block": "dim6", "lha_id": i, "parameter_name": name, "parameter_range": [-1.0, 1.0]}
        for i, name in enumerate("ab")
    ]
    benchmarks = {name: dict(zip("ab", point, strict=True)) for name, point in points.items()}
    made = {"parameters": parameters, "benchmarks": benchmarks, "shifted": shifted, "epsilon": 0.05}
    madminer("write_differences", path=tmp_path / "m.h5", **made)
    found = read_setup_file(tmp_path / "m.h5")
    assert isinstance(found.morphing, FiniteDifferences)
    assert found.morphing.shifts.epsilon == 0.05
    names = found.space.benchmark_names
    gradients = found.morphing.weight_gradients([0.5, -0.5])
    expected = np.zeros((len(names), 2))
    expected[names.index("w")] = -20.0
    expected[names.index("w_plus_a"), 0] = expected[names.index("w_plus_b"), 1] = 20.0
    np.testing.assert_allclose(gradients, expected)


@pytest.mark.parametrize("central", [False, True])
def test_our_finite_differences_in_madminer(madminer, tmp_path, central):
    parameters = tuple(Parameter(name, "dim6", i, (-1.0, 1.0), 0) for i, name in enumerate("ab"))
    base = (Benchmark("sm", (0.0, 0.0)), Benchmark("w", (0.5, -0.5)))
    benchmarks, shifts = with_shifted(base, [0, 1], [0, 1], ["a", "b"], 0.1, central)
    space = ParameterSpace(parameters, benchmarks)
    morphing = FiniteDifferences.from_base(components([0, 0], 0), space.benchmark_values, shifts)
    write_setup_file(tmp_path / "ours.h5", space, morphing)
    found = madminer("read_differences", path=tmp_path / "ours.h5")
    assert found["epsilon"] == 0.1
    assert found["shifted"] == {b: {p: f"{b}_plus_{p}" for p in "ab"} for b in ("sm", "w")}
    assert found["benchmarks"] == {b.name: list(b.values) for b in benchmarks}
