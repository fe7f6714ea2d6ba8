import numpy as np
import pytest

from assay.generation.adaptive_grid import uniform_grid
from assay.generation.kinematics import minkowski_product, rapidity, transverse_momentum
from assay.generation.phase_space import HadronicPhaseSpace, PartonicPhaseSpace

pytestmark = pytest.mark.fast

MAPPINGS = [HadronicPhaseSpace(6500.0, 125.0, 80.0, 20.0, 5.0), PartonicPhaseSpace(500.0, 125.0, 80.0, 20.0, 5.0)]


@pytest.fixture(params=MAPPINGS, ids=lambda mapping: type(mapping).__name__)
def mapped(request):
    cube = np.random.default_rng(1).random((20_000, request.param.n_axes))
    return request.param, request.param.points(cube)


def test_momenta_are_conserved_and_on_shell(mapped):
    mapping, points = mapped
    p = points.momenta
    assert len(p) == np.sum(points.inside) > 1000
    np.testing.assert_allclose(p[:, 0] + p[:, 1], p[:, 2] + p[:, 3] + p[:, 4], rtol=1e-12, atol=1e-9)
    scale = p[:, 0, 0] * p[:, 1, 0]
    for leg, mass in enumerate([0.0, 0.0, 0.0, 0.0, mapping.heavy_mass]):
        assert np.max(np.abs(minkowski_product(p[:, leg], p[:, leg]) - mass**2) / scale) < 1e-9


def test_fractions_belong_to_the_beams(mapped):
    mapping, points = mapped
    np.testing.assert_allclose(points.momenta[:, :2, 0], points.fractions * mapping.beam_energy)
    assert np.all((points.fractions > 0.0) & (points.fractions <= 1.0))
    assert np.all(points.momenta[:, 0, 3] > 0.0)
    assert np.all(points.momenta[:, 1, 3] < 0.0)


def test_ranges_are_kept(mapped):
    _, points = mapped
    assert np.all(np.abs(rapidity(points.momenta[:, 2:4])) <= 5.0 + 1e-9)
    assert np.all(transverse_momentum(points.momenta[:, 2]) >= 20.0 - 1e-9)


def test_measure_is_positive(mapped):
    assert np.all(mapped[1].measure > 0.0)


@pytest.mark.parametrize("mapping", [HadronicPhaseSpace, PartonicPhaseSpace])
def test_volume_of_three_massless_particles(mapping):
    """Phi_3 = s / (256 pi^3), and its integral over dx1 dx2 a quarter of that."""
    energy = 500.0
    space = mapping(energy, 1e-3, 200.0, 0.0, 9.0)
    rng = np.random.default_rng(2)
    grid = uniform_grid(space.n_axes, 40)
    for _ in range(8):
        cube, inverse_density = grid.sample(rng.random((40_000, space.n_axes)))
        values = np.zeros(len(cube))
        points = space.points(cube)
        values[points.inside] = points.measure * inverse_density[points.inside]
        grid = grid.refined(cube, values)
    expected = (2.0 * energy) ** 2 / (256.0 * np.pi**3) / (4.0 if mapping is HadronicPhaseSpace else 1.0)
    error = np.std(values) / np.sqrt(len(cube))
    assert error < 0.015 * expected
    assert abs(np.mean(values) - expected) < 4.0 * error
