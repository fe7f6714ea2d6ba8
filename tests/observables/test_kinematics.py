from __future__ import annotations

import numpy as np
import pytest
import vector
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.observables.kinematics import Cartesian, Polar, added, wrapped
from assay.study.vocabulary import KINEMATICS

pytestmark = pytest.mark.fast

VECTOR_NAMES = {"e": "E", "m": "M", "m2": "M2", "et": "Et", "mt": "Mt", "p": "p", "et2": "Et2", "mt2": "Mt2"}


@pytest.fixture(scope="module")
def polar() -> Polar:
    random = np.random.default_rng(1)
    n = 500
    return Polar(
        random.exponential(50, n) + 1,
        random.normal(0, 2, n),
        random.uniform(-np.pi, np.pi, n),
        random.uniform(0, 20, n),
    )


def by_vector(momenta: Polar) -> vector.VectorNumpy4D:
    return vector.array({"pt": momenta.pt, "eta": momenta.eta, "phi": momenta.phi, "mass": momenta.m})


@pytest.mark.parametrize("name", KINEMATICS)
def test_all_quantities_agree_with_vector(name: str, polar: Polar) -> None:
    expected = getattr(by_vector(polar), VECTOR_NAMES.get(name, name))
    for momenta in (polar, polar.cartesian()):
        if name in ("m", "m2", "gamma") and isinstance(momenta, Cartesian):
            np.testing.assert_allclose(momenta.get("m2"), polar.m**2, atol=1e-8 * float(np.max(polar.get("e") ** 2)))
        else:
            np.testing.assert_allclose(momenta.get(name), expected, rtol=1e-9, atol=1e-9)


def test_sums_and_differences(polar: Polar) -> None:
    other = Polar(polar.pt[::-1], polar.eta[::-1], polar.phi[::-1], polar.m[::-1])
    total, difference = by_vector(polar) + by_vector(other), by_vector(polar) - by_vector(other)
    np.testing.assert_allclose(added(polar, other).get("m"), total.M, rtol=1e-6)
    np.testing.assert_allclose(added(polar, other, -1.0).get("pt"), difference.pt, rtol=1e-9)


def test_the_mass_of_two_photons_from_a_resonance() -> None:
    # h > a a at rest along x: both photons carry half the mass
    photons = [Polar(*(np.array([value]) for value in (62.5, 0.0, phi, 0.0))) for phi in (0.0, np.pi)]
    assert added(*photons).get("m")[0] == pytest.approx(125.0, rel=1e-12)


def test_space_like_sums_have_a_negative_mass() -> None:
    assert Cartesian(*(np.array([value]) for value in (3.0, 0.0, 0.0, 0.0))).get("m")[0] == -3.0


@settings(deadline=None)
@given(st.floats(-1e3, 1e3))
def test_wrapping(angle: float) -> None:
    result = float(wrapped(np.array([angle]))[0])
    assert -np.pi < result <= np.pi
    assert abs(np.exp(1j * result) - np.exp(1j * angle)) < 1e-9


@pytest.mark.parametrize(
    ("angle", "result"), [(np.pi, np.pi), (-np.pi, np.pi), (3 * np.pi, np.pi), (0.0, 0.0), (4.0, 4.0 - 2 * np.pi)]
)
def test_the_edge_of_the_interval_is_plus_pi(angle: float, result: float) -> None:
    assert wrapped(np.array([angle]))[0] == pytest.approx(result)


def test_wrapping_just_beyond_the_edge_stays_inside() -> None:
    for angle in (np.nextafter(np.pi, 4), np.nextafter(-np.pi, -4), np.nextafter(-np.pi, 0)):
        assert -np.pi < wrapped(np.array([angle]))[0] <= np.pi


def test_what_does_not_exist_is_not_finite() -> None:
    along_the_beam = Cartesian(*(np.array([value]) for value in (0.0, 0.0, 5.0, 5.0)))
    with np.errstate(all="ignore"):
        assert not np.isfinite(along_the_beam.get("eta")[0])
