import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation import parton_densities

pytestmark = pytest.mark.fast

NAME = "NNPDF23_lo_as_0130_qed"


@pytest.fixture(scope="module")
def densities():
    return parton_densities.load(NAME)


@pytest.fixture(scope="module")
def grid_file():
    """Knots in x (nx,) and Q (nq,), flavours, and values (nx, nq, flavours) read by other means."""
    lines = (parton_densities.pdf_folder() / f"{NAME}_0000.dat").read_text().split("---")[1].strip().splitlines()
    x, q = (np.array(line.split(), dtype=float) for line in lines[:2])
    values = np.array([line.split() for line in lines[3:]], dtype=float)
    return x, q, [int(word) for word in lines[2].split()], values.reshape(len(x), len(q), -1)


@pytest.mark.parametrize("flavour", [1, 2, -1, -2, 21])
def test_knots_are_met(densities, grid_file, flavour):
    x, q, flavours, values = grid_file
    inner = slice(0, len(x) - 1)
    found = densities.xf(flavour, np.repeat(x[inner], len(q)), np.tile(q, len(x) - 1))
    expected = values[inner, :, flavours.index(flavour)].ravel()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("flavour", [1, 2, -1, 21])
def test_agrees_with_pythia_between_knots(densities, flavour):
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    for setting in ("PDF:pSet = 13", "Print:quiet = on", "HardQCD:all = on", "PartonLevel:all = off"):
        assert pythia.readString(setting)
    assert pythia.init()
    pdf = pythia.getPDFPtr(2212)
    rng = np.random.default_rng(5)
    x, q = 10 ** rng.uniform(-4, np.log10(0.7), 1000), rng.uniform(10, 1000, 1000)
    expected = np.array([pdf.xf(flavour, a, b**2) for a, b in zip(x, q, strict=True)])
    deviation = np.abs(densities.xf(flavour, x, q) / expected - 1.0)
    assert np.median(deviation) < 1e-4
    assert np.quantile(deviation, 0.95) < 1e-3


def test_sum_rules(densities):
    log_x = np.linspace(np.log(1e-9), 0.0, 100_001)
    x, q = np.exp(log_x), np.full(100_001, 91.188)

    def integral(values):
        return np.trapezoid(values, log_x)

    momentum = sum(integral(x * densities.xf(flavour, x, q)) for flavour in densities.flavours)
    assert momentum == pytest.approx(1.0, abs=0.01)
    assert integral(densities.xf(2, x, q) - densities.xf(-2, x, q)) == pytest.approx(2.0, abs=0.01)
    assert integral(densities.xf(1, x, q) - densities.xf(-1, x, q)) == pytest.approx(1.0, abs=0.01)


def test_a_cubic_in_both_logarithms_is_nearly_met_between_knots():
    """Slopes from difference quotients are exact for parabolas on equal steps; the spline must be continuous."""
    x, q = np.geomspace(1e-3, 1.0, 31), np.geomspace(10.0, 1e3, 21)
    values = (np.log(x)[:, None] ** 2 + 3.0 * np.log(x)[:, None] * np.log(q) - np.log(q) ** 2)[..., None]
    set_ = parton_densities.PartonDensities("parabola", (1,), (parton_densities.build_sub_grid(x, q, values),))
    rng = np.random.default_rng(1)
    a, b = np.exp(rng.uniform(np.log(x[1]), np.log(x[-2]), 500)), np.exp(rng.uniform(np.log(q[1]), np.log(q[-2]), 500))
    expected = np.log(a) ** 2 + 3.0 * np.log(a) * np.log(b) - np.log(b) ** 2
    np.testing.assert_allclose(set_.xf(1, a, b), expected, rtol=1e-10)


def test_outside_of_the_grid(densities):
    low, high = densities.q_range
    x = np.array([0.1, 0.1])
    np.testing.assert_allclose(
        densities.xf(2, x, np.array([low / 2, 2 * high])), densities.xf(2, x, np.array([low, high]))
    )
    assert densities.xf(2, np.array([1.0]), np.array([100.0])) == 0.0


def test_nothing_is_negative_where_the_knots_are_not(densities):
    x = np.linspace(0.9, 1.0, 20_001)
    for flavour in (1, 2):
        for q in (20.0, 91.188, 500.0, 5000.0):
            assert np.all(densities.xf(flavour, x, np.full_like(x, q)) >= 0.0)


@pytest.mark.parametrize(("x", "q"), [(np.nan, 91.0), (0.1, np.inf), (-0.1, 91.0), (0.1, 0.0)])
def test_wrong_arguments_are_refused(densities, x, q):
    with pytest.raises(GenerationError, match="not positive and finite"):
        densities.xf(2, np.array([x]), np.array([q]))


def test_unknown_sets_and_flavours_are_refused_with_the_known_ones(densities):
    with pytest.raises(GenerationError, match=NAME):
        parton_densities.load("CTEQ4")
    with pytest.raises(GenerationError, match="flavour 9"):
        densities.xf(9, np.array([0.1]), np.array([91.0]))


def test_sub_grids_and_glued_numbers_are_read():
    first = "1e-3 1e-1 1.\n1e0 2e0\n1 21\n" + "1.0000e+002.0000e+00\n" * 6
    second = "1e-3 1e-1 1.\n2e0 4e0 8e0\n1 21\n" + "1.0000e+004.0000e+00\n" * 9
    found = parton_densities.parse_grid(f"Format: lhagrid1\n---\n{first}---\n{second}---\n", "toy")
    assert len(found.sub_grids) == 2
    np.testing.assert_allclose(found.xf(21, np.array([0.05, 0.05]), np.array([1.5, 3.0])), [2.0, 4.0])


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "Format: lhagrid1\n---\n1 2\n", "Format: lhagrid1\n---\n.1 1\n1 2\n1\n1 2 3\n---\n"],
)
def test_damaged_files_are_refused(text):
    with pytest.raises(GenerationError, match="toy"):
        parton_densities.parse_grid(text, "toy")
