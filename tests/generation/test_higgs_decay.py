import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation import higgs_decay
from assay.generation.higgs_decay import FOUR_LEPTONS, branching_ratios, decay_operators, decayed, partial_widths
from assay.generation.kinematics import boosted, from_rapidity, minkowski_product
from assay.generation.model import EWDIM6

pytestmark = pytest.mark.fast

N_EVENTS = 40_000
MASSES = {"a a": 0.0, "b b~": 4.7}


@pytest.fixture(scope="module")
def higgs():
    rng = np.random.default_rng(1)
    return from_rapidity(
        rng.exponential(100.0, N_EVENTS), rng.normal(0.0, 2.0, N_EVENTS), rng.uniform(-3, 3, N_EVENTS), 125.0
    )


@pytest.mark.parametrize(("decay", "mass"), MASSES.items())
def test_two_particles_are_on_shell_and_add_up(higgs, decay, mass):
    products = decayed(decay, higgs, np.random.default_rng(2))
    np.testing.assert_allclose(products.momenta.sum(axis=1), higgs, rtol=1e-9, atol=1e-9)
    squares = minkowski_product(products.momenta, products.momenta)
    assert np.max(np.abs(squares - mass**2) / higgs[:, :1] ** 2) < 1e-9
    assert np.all(products.ratios == 1.0)


@pytest.mark.parametrize("decay", MASSES)
def test_two_particles_are_isotropic_in_the_rest_frame(higgs, decay):
    products = decayed(decay, higgs, np.random.default_rng(2))
    back = boosted(products.momenta[:, 0], higgs * [1.0, -1.0, -1.0, -1.0])
    np.testing.assert_allclose(back[:, 0], 62.5, rtol=1e-6)
    direction = back[:, 1:] / np.linalg.norm(back[:, 1:], axis=1, keepdims=True)
    error = 1.0 / np.sqrt(3.0 * len(back))
    assert np.all(np.abs(np.mean(direction, axis=0)) < 4.0 * error)
    np.testing.assert_allclose(direction.T @ direction / len(back), np.eye(3) / 3.0, atol=4.0 * error)


def test_flavours_and_colours(higgs):
    photons = decayed("a a", higgs[:3], np.random.default_rng(2))
    assert photons.pdg_id.tolist() == [[22, 22]] * 3
    assert photons.colours == ((0, 0), (0, 0))
    bottom = decayed("b b~", higgs[:3], np.random.default_rng(2))
    assert bottom.pdg_id.tolist() == [[5, -5]] * 3
    (colour, none), (nothing, anticolour) = bottom.colours
    assert (none, nothing) == (0, 0)
    assert colour == anticolour > 500


def test_photon_branching_ratio_is_that_of_the_model():
    """The SM loop functions at MH = 125 GeV, for alpha = 1/127.9, give the expansion's width within its truncation."""
    ratio = branching_ratios("a a")[0]
    assert ratio == pytest.approx(exact_photon_width() / 0.00407, rel=0.02)
    assert ratio == pytest.approx(2.5826e-3, rel=1e-4)


def exact_photon_width():
    """One-loop width (Djouadi, hep-ph/0503172, eq. 2.60), top and W loops."""
    inputs = EWDIM6

    def loop(tau):
        return np.arcsin(np.sqrt(tau)) ** 2

    def top(tau):
        return 2.0 * (tau + (tau - 1.0) * loop(tau)) / tau**2

    def boson(tau):
        return -(2.0 * tau**2 + 3.0 * tau + 3.0 * (2.0 * tau - 1.0) * loop(tau)) / tau**2

    tau_w, tau_t = ((inputs.higgs_mass / (2.0 * mass)) ** 2 for mass in (inputs.w_mass, inputs.top_mass))
    amplitude = boson(tau_w) + 3.0 * (2.0 / 3.0) ** 2 * top(tau_t)
    v = inputs.vacuum_expectation_value
    return inputs.alpha**2 * inputs.higgs_mass**3 / (256.0 * np.pi**3 * v**2) * amplitude**2


def test_bottom_width_is_the_tree_level_one():
    """3 m_b^2 MH beta^3 / (8 pi v^2); it would be above the total width, so that the branching ratio is not its."""
    beta = np.sqrt(1.0 - (2.0 * 4.7 / 125.0) ** 2)
    expected = 3.0 * 4.7**2 * 125.0 * beta**3 / (8.0 * np.pi * EWDIM6.vacuum_expectation_value**2)
    assert partial_widths("b b~")[0] == pytest.approx(expected, rel=1e-12)
    assert expected > EWDIM6.higgs_width
    assert branching_ratios("b b~")[0] == 0.5824


@pytest.mark.slow
def test_four_lepton_branching_ratio_is_near_the_known_one():
    """1.25e-4 for electrons and muons (arXiv:1610.07922), with electroweak corrections of a few per cent."""
    assert branching_ratios(FOUR_LEPTONS)[0] == pytest.approx(1.25e-4, rel=0.06)
    assert branching_ratios(FOUR_LEPTONS, "warsaw")[0] == pytest.approx(1.25e-4, rel=0.06)


def test_four_leptons_at_several_couplings(higgs):
    operators, couplings = ("CWWWL2", "CBL2"), np.array([[1.0, 0.0, 0.0], [1.0, 5.0, 8.0], [1.0, 5.0, 0.0]])
    sample = higgs[:20_000]
    products = decayed(FOUR_LEPTONS, sample, np.random.default_rng(4), operators=operators, couplings=couplings, own=1)
    np.testing.assert_allclose(products.momenta.sum(axis=1), sample, rtol=1e-9, atol=1e-9)
    assert np.all(products.pdg_id.sum(axis=1) == 0)
    assert set(np.abs(products.pdg_id).ravel()) == {11, 13}
    assert np.all(products.ratios[:, 1] == 1.0)
    # an operator without effect on the decay
    np.testing.assert_array_equal(products.ratios[:, 0], products.ratios[:, 2])
    widths = partial_widths(FOUR_LEPTONS, operators=operators, couplings=couplings)
    error = np.std(products.ratios[:, 0]) / np.sqrt(len(sample))
    assert np.mean(products.ratios[:, 0]) == pytest.approx(widths[0] / widths[1], abs=4.0 * error + 2e-3)


def test_kinds_of_leptons_have_their_shares(higgs):
    products = decayed(FOUR_LEPTONS, higgs[:20_000], np.random.default_rng(5))
    kinds = np.abs(products.pdg_id)
    electrons, muons = (np.mean(np.all(kinds == kind, axis=1)) for kind in (11, 13))
    mixed = 1.0 - electrons - muons
    assert electrons == pytest.approx(muons, abs=0.015)
    # interference adds about a tenth to each half of the mixed width
    assert mixed == pytest.approx(1.0 / 2.1, abs=0.015)


@pytest.mark.parametrize("decay", higgs_decay.HIGGS_DECAYS)
def test_first_decays_do_not_depend_on_how_many_follow(higgs, decay):
    many, few = (decayed(decay, higgs[:n], np.random.default_rng(6)) for n in (500, 20))
    np.testing.assert_array_equal(many.momenta[:20], few.momenta)
    np.testing.assert_array_equal(many.pdg_id[:20], few.pdg_id)


def test_operators_of_decays():
    assert decay_operators("a a") == decay_operators("b b~", "warsaw") == ()
    assert "CBL2" in decay_operators(FOUR_LEPTONS)
    assert {"cHe", "cHl1"} <= set(decay_operators(FOUR_LEPTONS, "warsaw"))


def test_wrong_input(higgs):
    with pytest.raises(GenerationError, match="unknown decay 'z z'"):
        decayed("z z", higgs, np.random.default_rng(1))
    with pytest.raises(GenerationError, match="unknown decay"):
        partial_widths("a")
    with pytest.raises(GenerationError, match="unknown model"):
        branching_ratios("a a", "sm")
    with pytest.raises(GenerationError, match="shape"):
        partial_widths("a a", operators=("CWL2",), couplings=np.ones((2, 3)))


def test_share_near_the_resonance():
    assert higgs_decay.share_near_resonance(15.0) == pytest.approx(0.97879, abs=1e-5)
    assert higgs_decay.share_near_resonance(0.5) == pytest.approx(0.5)
