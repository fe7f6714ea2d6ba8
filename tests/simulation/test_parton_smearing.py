"""Smearing of the generator's final state."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.errors import SimulationError
from assay.generation.lhe import LHESample, read_lhe
from assay.simulation import parton_level as module
from assay.simulation.detector_settings import parton_smearing
from assay.simulation.parton_level import parton_level, parton_level_blocks
from assay.simulation.parton_smearing import ParticleSmearing, PartonSmearing, Resolution, smeared
from assay.study.model_detector import (
    DetectorSection,
    MissingMomentumNoiseSection,
    SmearingByTypeSection,
    SmearingSection,
)

pytestmark = pytest.mark.fast

N = 40_000


def particles(pt: float = 50.0, eta: float = -0.8, phi: float = 3.0, mass: float = 4.7) -> dict[str, np.ndarray]:
    return {name: np.full(N, value) for name, value in (("pt", pt), ("eta", eta), ("phi", phi), ("mass", mass))}


def energy(columns: dict[str, np.ndarray]) -> np.ndarray:
    mass = columns["mass"]
    return np.sqrt((columns["pt"] * np.cosh(columns["eta"])) ** 2 + mass * np.abs(mass))


def drawn(smearing: ParticleSmearing, true: dict[str, np.ndarray], seed: int = 1) -> dict[str, np.ndarray]:
    return smeared(true, smearing, np.random.default_rng(seed))


def is_gaussian(values: np.ndarray, mean: float, sigma: float) -> bool:
    """Compare mean, spread and a histogram of standardised values with a Gaussian, by a chi-square of 20 bins."""
    from scipy.stats import norm

    edges = norm.ppf(np.linspace(0, 1, 21))
    found = np.histogram((values - mean) / sigma, edges)[0]
    return bool(np.sum((found - len(values) / 20) ** 2 / (len(values) / 20)) < 50.0)  # 19 degrees: 1.5e-4


def test_energy() -> None:
    true = particles()
    found = drawn(ParticleSmearing(energy=Resolution(1.0, 0.1)), true)
    e = float(energy(true)[0])
    assert is_gaussian(energy(found), e, 1.0 + 0.1 * e)
    assert not is_gaussian(energy(found), e, 1.05 * (1.0 + 0.1 * e))  # the test can tell
    np.testing.assert_allclose(found["mass"], 4.7)  # pt follows
    np.testing.assert_array_equal(found["eta"], true["eta"])


def test_transverse_momentum() -> None:
    found = drawn(ParticleSmearing(pt=Resolution(2.0, 0.05)), particles())
    assert is_gaussian(found["pt"], 50.0, 2.0 + 0.05 * 50.0)
    np.testing.assert_allclose(found["mass"], 4.7)  # the energy follows


def test_directions() -> None:
    true = particles()
    found = drawn(ParticleSmearing(eta=Resolution(0.1, 0.05), phi=Resolution(0.02, 0.01)), true)
    assert is_gaussian(found["eta"], -0.8, 0.1 + 0.05 * 0.8)
    turned = (found["phi"] - 3.0 + np.pi) % (2 * np.pi) - np.pi
    assert is_gaussian(turned, 0.0, 0.02 + 0.01 * 3.0)
    assert found["phi"].min() >= -np.pi
    assert found["phi"].max() < np.pi
    assert (found["phi"] < -3.0).any()  # across the edge
    np.testing.assert_array_equal(found["pt"], true["pt"])
    np.testing.assert_array_equal(found["mass"], true["mass"])


def test_energy_and_transverse_momentum_by_themselves() -> None:
    true = particles(mass=0.0)
    found = drawn(ParticleSmearing(energy=Resolution(0.0, 0.05), pt=Resolution(0.0, 0.02)), true)
    e = float(energy(true)[0])
    assert is_gaussian(energy(found), e, 0.05 * e)
    assert is_gaussian(found["pt"], 50.0, 1.0)
    assert abs(np.corrcoef(energy(found), found["pt"])[0, 1]) < 5 / np.sqrt(N)
    assert 0.4 < np.mean(found["mass"] < 0) < 0.6  # less energy than momentum


def test_large_resolutions_stay_physical() -> None:
    found = drawn(ParticleSmearing(energy=Resolution(0.0, 1.0)), particles())
    assert energy(found).min() > 4.7
    assert np.isfinite(found["pt"]).all()
    with pytest.raises(SimulationError, match="resolution of"):
        drawn(ParticleSmearing(pt=Resolution(1e-30, 0.0)), {**particles(), "pt": np.full(N, -1.0)})


def test_nothing_is_smeared_by_default() -> None:
    true = particles()
    for name, values in drawn(ParticleSmearing(), true).items():
        np.testing.assert_array_equal(values, true[name])


@pytest.fixture(scope="module")
def sample(madgraph: Path) -> LHESample:
    return read_lhe(madgraph)


JETS = PartonSmearing({"j": ParticleSmearing(pt=Resolution(0.0, 0.1))})


def test_types_are_smeared_as_their_section_says(sample: LHESample) -> None:
    true, found = parton_level(sample), parton_level(sample, JETS, np.random.default_rng(1))
    assert np.all(np.abs(ak.flatten(found.jets.pt) / ak.flatten(true.jets.pt) - 1.0) > 0.0)
    np.testing.assert_array_equal(ak.flatten(found.photons.pt), ak.flatten(true.photons.pt))
    np.testing.assert_array_equal(ak.flatten(found.particles.pt), ak.flatten(true.particles.pt))  # truth stays


def test_missing_momentum_balances_what_is_smeared(sample: LHESample) -> None:
    found = parton_level(sample, JETS, np.random.default_rng(1))
    for component in ("px", "py"):
        seen = ak.sum(getattr(found.jets, component), axis=1) + ak.sum(getattr(found.photons, component), axis=1)
        sign = np.cos if component == "px" else np.sin
        np.testing.assert_allclose(found.met.pt * sign(found.met.phi), -seen, atol=1e-6)


def test_noise_of_the_missing_momentum(sample: LHESample) -> None:
    noise = PartonSmearing({}, Resolution(3.0, 0.1))
    found = [parton_level(sample, noise, np.random.default_rng(seed)) for seed in range(30)]
    ht = np.asarray(ak.sum(found[0].jets.pt, axis=1) + ak.sum(found[0].photons.pt, axis=1))
    for function in (np.cos, np.sin):
        pull = np.concatenate([np.asarray(some.met.pt * function(some.met.phi)) / (3.0 + 0.1 * ht) for some in found])
        assert pull.mean() == pytest.approx(0.0, abs=5 / np.sqrt(len(pull)))
        assert pull.std() == pytest.approx(1.0, abs=5 / np.sqrt(2 * len(pull)))


def test_blocks_have_their_own_reproducible_numbers(sample: LHESample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 64)
    first, again, other = (list(parton_level_blocks(sample, JETS, seed)) for seed in (1, 1, 2))
    assert [len(block) for block in first] == [64, 64, 64, 8]
    np.testing.assert_array_equal(np.concatenate([block.event_number for block in first]), sample.event_number)
    np.testing.assert_array_equal(np.concatenate([block.weight for block in first]), sample.nominal_weights)
    assert ak.to_list(first[1].jets) == ak.to_list(again[1].jets) != ak.to_list(other[1].jets)
    exact = list(parton_level_blocks(sample, PartonSmearing(), 1))
    assert ak.to_list(ak.concatenate(exact).jets) == ak.to_list(parton_level(sample).jets)


def test_sections_of_a_study() -> None:
    section = DetectorSection(
        kind="none",
        smearing=SmearingByTypeSection(
            all=SmearingSection(energy_resolution_rel=0.1),
            j=SmearingSection(pt_resolution_abs=2.0, eta_resolution_abs=0.1),
            mu=SmearingSection(phi_resolution_rel=0.2, energy_resolution_abs=1.0, pt_resolution_rel=0.3),
        ),
        missing_momentum_noise=MissingMomentumNoiseSection(absolute=5.0, relative=0.02),
    )
    smearing = parton_smearing(section)
    of_all = ParticleSmearing(energy=Resolution(0.0, 0.1))
    of_jets = ParticleSmearing(pt=Resolution(2.0, 0.0), eta=Resolution(0.1, 0.0))
    of_muons = ParticleSmearing(energy=Resolution(1.0), pt=Resolution(0.0, 0.3), phi=Resolution(0.0, 0.2))
    assert smearing.types == {"j": of_jets, "b": of_jets, "e": of_all, "a": of_all, "mu": of_muons}
    assert smearing.missing_momentum == Resolution(5.0, 0.02)
    assert parton_smearing(DetectorSection(kind="none")) == PartonSmearing()
