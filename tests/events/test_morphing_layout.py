from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import pytest

from assay.errors import EventFileError
from assay.events.compare import differences
from assay.events.eventfile import read_event_file, read_setup_file, write_event_file, write_setup_file
from assay.events.header import header_of
from assay.events.pool import EventPool
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.theory.basis import optimise_basis
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.monomials import components
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, CardEntry, Parameter, ParameterSpace
from assay.theory.shifts import with_shifted

pytestmark = pytest.mark.fast

PARAMETERS = (
    Parameter("c", "dim6", 2, (-1.0, 1.0), (2, 1), "16.52*theta"),
    Parameter(
        "m", "mass", 25, (124.0, 126.0), (0, 0), None, "m_H", (CardEntry("yukawa", 5, "theta/246"), CardEntry("x", 1))
    ),
)
DESCRIBED = {"c": 0, "m": 1}


def setup(*described: str, central: bool = True) -> tuple[ParameterSpace, FiniteDifferences]:
    """Return benchmarks at which one or both parameters are shifted, and one with weights alone."""
    base = [Benchmark(f"b{i}", (c, 125.0)) for i, c in enumerate((0.0, 1.0, -1.0))]
    indices = [DESCRIBED[name] for name in described]
    bases = range(3) if described == ("m",) else [1]
    benchmarks, shifts = with_shifted([*base, Benchmark("far", (0.5, 130.0))], bases, indices, ["c", "m"], 0.5, central)
    space = ParameterSpace(PARAMETERS, benchmarks, "b1")
    powers = components([0 if "c" in described else 2, 0], 2)
    return space, FiniteDifferences.from_base(powers, space.benchmark_values, shifts, space.benchmark_names)


@pytest.mark.parametrize("central", [False, True])
@pytest.mark.parametrize("described", [("m",), ("c", "m")])
def test_a_file_gives_back_finite_differences(described, central, tmp_path):
    space, morphing = setup(*described, central=central)
    write_setup_file(tmp_path / "setup.h5", space, morphing)
    found = read_setup_file(tmp_path / "setup.h5")
    assert found.space == space
    assert isinstance(found.morphing, FiniteDifferences)
    theta = [[0.0 if described == ("m",) else 1.0, 125.3], [1.1, 124.9]]
    np.testing.assert_allclose(found.morphing.weights(theta), morphing.weights(theta), atol=1e-14)
    np.testing.assert_allclose(found.morphing.weight_gradients(theta), morphing.weight_gradients(theta), atol=1e-13)


def test_datasets_are_madminers(tmp_path):
    write_setup_file(tmp_path / "setup.h5", *setup("c", "m", central=False))
    with h5py.File(tmp_path / "setup.h5") as file:
        assert "morphing" not in file  # beside which MadMiner would not look at differences
        assert file["finite_differences/base_benchmarks"][()].tolist() == [b"b1"]
        assert file["finite_differences/base_benchmarks"].dtype == "S256"
        assert file["finite_differences/shifted_benchmarks"][()].tolist() == [[b"b1_plus_c", b"b1_plus_m"]]
        assert file["finite_differences/shifted_benchmarks"].dtype == "S256"
        assert file["finite_differences/epsilon"].shape == ()
        assert file["finite_differences/epsilon"][()] == 0.5
        np.testing.assert_array_equal(file["parameters/max_power"][()], [3, 0])
        assert file["parameters/max_power"].dtype == "i8"
    write_setup_file(tmp_path / "setup.h5", *setup("m"))
    with h5py.File(tmp_path / "setup.h5") as file:
        assert file["morphing/components"].shape == (3, 2)
        assert file["morphing/morphing_matrix"].shape == (3, 10)
        assert file["finite_differences/shifted_benchmarks"][1].tolist() == [b"None", b"b1_plus_m"]
        assert file["assay/finite_differences/lowered_benchmarks"][1].tolist() == [b"None", b"b1_minus_m"]


def madminer_setup(path, old=False, morphing=None, change=None):
    """A file of finite differences as MadMiner writes it: upwards, of all parameters, at all benchmarks."""
    names = ["sm", "w", "sm_plus_c", "sm_plus_m", "w_plus_c", "w_plus_m"]
    values = [[0, 1], [2, 1], [0.01, 1], [0, 1.01], [2.01, 1], [2, 1.01]]

    def text(values):
        return np.array(values, dtype="S256")

    with h5py.File(path, "w") as file:
        file["parameters/names"], file["parameters/lha_blocks"] = text(["c", "m"]), text(["dim6", "mass"])
        file["parameters/lha_ids"], file["parameters/transforms"] = np.array([2, 25]), text(["theta", "theta"])
        file["parameters/max_power"] = np.array([[2, 0], [0, 3]]) if old else np.array([2, 2])
        file["parameters/ranges" if old else "parameters/val_ranges"] = np.array([[-1.0, 2.0], [0.0, 2.0]])
        file["benchmarks/names"], file["benchmarks/values"] = text(names), np.array(values)
        file["finite_differences/base_benchmarks"] = text(["sm", "w"])
        file["finite_differences/shifted_benchmarks"] = text([["sm_plus_c", "sm_plus_m"], ["w_plus_c", "w_plus_m"]])
        file["finite_differences/epsilon"] = np.array([0.01]) if old else 0.01
        if morphing is not None:
            file["morphing/components"], file["morphing/morphing_matrix"] = morphing
        if change is not None:
            change(file)
    return path


@pytest.mark.parametrize("old", [False, True])
def test_finite_differences_of_madminer(tmp_path, old):
    found = read_setup_file(madminer_setup(tmp_path / "madminer.h5", old))
    assert isinstance(found.morphing, FiniteDifferences)
    expected = np.zeros((6, 2))
    expected[1], expected[4, 0], expected[5, 1] = -100.0, 100.0, 100.0
    np.testing.assert_allclose(found.morphing.weight_gradients([2.0, 1.0]), expected)
    np.testing.assert_array_equal(found.morphing.weights([0.0, 1.0]), np.eye(6)[0])
    assert found.space.max_powers == ((2, 3) if old else (2, 2))


def test_benchmarks_that_madminer_adds_after_the_morphing(tmp_path):
    """Its matrix has columns for the basis alone; and it prefers morphing where it has both."""
    components_, matrix = np.array([[0, 0], [1, 0]]), np.array([[1.0, 0.0], [-0.5, 0.5]])
    path = madminer_setup(tmp_path / "madminer.h5", morphing=(np.array([[0, 0], [1, 1]]), matrix))
    found = read_setup_file(path).morphing
    assert not isinstance(found, FiniteDifferences)
    np.testing.assert_array_equal(found.matrix[:, 2:], np.zeros((2, 4)))
    # what the morphing leaves out is described by differences
    path = madminer_setup(tmp_path / "partly.h5", morphing=(components_, matrix))
    found = read_setup_file(path).morphing
    assert isinstance(found, FiniteDifferences)
    np.testing.assert_allclose(found.weights([1.0, 1.0]), [0.5, 0.5, 0, 0, 0, 0], atol=1e-14)
    np.testing.assert_allclose(found.weight_gradients([1.0, 1.0])[:, 1], [-50, -50, 0, 50, 0, 50], atol=1e-10)


def replaced(name, values):
    def change(file):
        del file[name]
        if values is not None:
            file[name] = values

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replaced("finite_differences/base_benchmarks", np.array([b"sm", b"x"])), "the unknown benchmark x"),
        (replaced("finite_differences/shifted_benchmarks", np.array([[b"w", b"w"]])), r"has shape \(1, 2\)"),
        (replaced("finite_differences/shifted_benchmarks", None), "no dataset /finite_differences/shifted_benchmarks"),
        (replaced("finite_differences/shifted_benchmarks", np.array([[b"w", b"w"]] * 2)), "in parameter 0"),
        (replaced("finite_differences/epsilon", -0.01), "a finite difference of -0.01"),
        (replaced("finite_differences/epsilon", 0.02), "in parameter 0"),
        (replaced("finite_differences/epsilon", None), "no dataset /finite_differences/epsilon"),
    ],
)
def test_damaged_finite_differences_are_refused(change, message, tmp_path):
    path = madminer_setup(tmp_path / "madminer.h5", change=change)
    with pytest.raises(EventFileError, match=message):
        read_setup_file(path)


@pytest.mark.parametrize("n_benchmarks", [6, 9])
def test_bases_by_hand_and_of_many_benchmarks(n_benchmarks, tmp_path):
    powers = components([2, 2], 2)
    points = [*optimise_basis(powers, [(-1, 1)] * 2, n_benchmarks=n_benchmarks), (0.3, 0.3)]
    parameters = tuple(Parameter(name, "dim6", i, (-1.0, 1.0)) for i, name in enumerate("ab"))
    space = ParameterSpace(parameters, tuple(Benchmark(f"b{i}", tuple(map(float, p))) for i, p in enumerate(points)))
    used = np.arange(n_benchmarks + 1) < n_benchmarks
    morphing = Morphing.from_basis(powers, space.benchmark_values, space.benchmark_names, used)
    write_setup_file(tmp_path / "setup.h5", space, morphing)
    found = read_setup_file(tmp_path / "setup.h5").morphing
    np.testing.assert_array_equal(found.matrix, morphing.matrix)
    np.testing.assert_array_equal(found.in_basis, used)


def table_of(central: bool) -> tuple[EventTable, np.ndarray]:
    """Return events of dsigma/dx = (1 + c x)^2 exp(0.1 (m - 125) x), drawn on a grid, and x."""
    space, morphing = setup("m", central=central)
    x, measure = np.polynomial.legendre.leggauss(10)
    weights = measure[:, None] * np.stack([density(x, point) for point in space.benchmark_values], axis=1)
    samples = (Sample("b0_0", "b0", 10, float(weights[:, 0].sum())),)
    index = np.zeros(10, dtype=np.int32)
    return EventTable(space, morphing, (ObservableInfo("x", "x"),), samples, x[:, None], weights, index), x


def density(x, theta):
    return (1 + theta[0] * x) ** 2 * np.exp(0.1 * (theta[1] - 125.0) * x)


@pytest.mark.parametrize(("central", "error"), [(True, 5e-4), (False, 0.03)])
def test_events_with_finite_differences_have_scores(central, error, tmp_path):
    table, x = table_of(central)
    write_event_file(tmp_path / "events.h5", table)
    pool = EventPool.from_table(read_event_file(tmp_path / "events.h5"))
    measure = np.polynomial.legendre.leggauss(10)[1]
    total = measure @ density(x, [0.4, 125.0])
    expected = np.stack([2 * x / (1 + 0.4 * x), 0.1 * x], axis=1)
    expected -= (measure * density(x, [0.4, 125.0])) @ expected / total
    scores = pool.scores([0.4, 125.0])
    order = np.argsort(pool.x[:, 0])
    np.testing.assert_allclose(scores[order, 0], expected[:, 0], atol=1e-12)
    np.testing.assert_allclose(scores[order, 1], expected[:, 1], atol=error * np.abs(expected[:, 1]).max())
    assert np.abs(scores[order, 1] - expected[:, 1]).max() > 0.1 * error * np.abs(expected[:, 1]).max()
    np.testing.assert_allclose(pool.cross_section([[0.4, 125.0]])[0], total, rtol=1e-12)


def test_files_that_differ_in_their_differences_are_told_apart():
    header = header_of(table_of(True)[0])
    assert differences(header, header) == []
    shifts = replace(header.morphing.shifts, minus=None)
    morphing = replace(header.morphing, shifts=shifts)
    assert differences(header, replace(header, morphing=morphing)) == [
        "the benchmarks of finite differences, or their epsilon"
    ]
    first, second = header.space.parameters
    further = replace(second, further_entries=second.further_entries[:1])
    (found,) = differences(header, replace(header, space=replace(header.space, parameters=(first, further))))
    assert found.startswith("further_entries of parameter m")
