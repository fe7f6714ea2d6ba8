"""Boosts, rotations and separations against the package `vector`, angles against their definitions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import vector

from assay.observables import vectors
from assay.observables.kinematics import Cartesian, Momenta, Polar, added
from assay.observables.vectors import FUNCTIONS, METHODS, THREE_VECTOR_METHODS, ThreeVector
from assay.study import vocabulary

pytestmark = pytest.mark.fast

ANGLE, BETA = 0.7, 0.6


def momenta(seed: int, mass: float = 20.0) -> Polar:
    random, n = np.random.default_rng(seed), 300
    return Polar(
        random.exponential(50, n) + 1,
        random.normal(0, 1.5, n),
        random.uniform(-np.pi, np.pi, n),
        random.uniform(0.1, 1.0, n) * mass,
    )


X, Y, Z = momenta(1), momenta(2), momenta(3)


def by_vector(given: Momenta) -> vector.VectorNumpy4D:
    return vector.array({name: given.get(name) for name in ("px", "py", "pz")} | {"E": given.get("e")})


def in_space(given: ThreeVector) -> vector.VectorNumpy3D:
    return vector.array({"x": given.x, "y": given.y, "z": given.z})


def compare(found: object, expected: object) -> None:
    if isinstance(found, Cartesian):
        for name, theirs in (("px", "px"), ("py", "py"), ("pz", "pz"), ("e", "E")):
            np.testing.assert_allclose(found.get(name), getattr(expected, theirs), rtol=1e-7, atol=1e-6)
    elif isinstance(found, ThreeVector):
        for name in "xyz":
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-9)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)  # type: ignore[arg-type]


BY_VECTOR: dict[str, tuple[tuple[object, ...], Callable[[], object]]] = {
    "deltaphi": ((Y,), lambda: by_vector(X).deltaphi(by_vector(Y))),
    "deltaeta": ((Y,), lambda: by_vector(X).deltaeta(by_vector(Y))),
    "deltar": ((Y,), lambda: by_vector(X).deltaR(by_vector(Y))),
    "deltarapidity": ((Y,), lambda: by_vector(X).rapidity - by_vector(Y).rapidity),
    "deltarapidityphi": ((Y,), lambda: by_vector(X).deltaRapidityPhi(by_vector(Y))),
    "deltaangle": ((Y,), lambda: by_vector(X).deltaangle(by_vector(Y))),
    "cosangle": ((Y,), lambda: np.cos(by_vector(X).deltaangle(by_vector(Y)))),
    "dot": ((Y,), lambda: by_vector(X).dot(by_vector(Y))),
    "boost": ((Y,), lambda: by_vector(X).boost_p4(by_vector(Y))),
    "boostCM_of": ((Y,), lambda: by_vector(X).boostCM_of_p4(by_vector(Y))),
    "boostX": ((np.asarray(BETA),), lambda: by_vector(X).boostX(beta=BETA)),
    "boostY": ((np.asarray(BETA),), lambda: by_vector(X).boostY(beta=BETA)),
    "boostZ": ((np.asarray(BETA),), lambda: by_vector(X).boostZ(beta=BETA)),
    "rotateX": ((np.asarray(ANGLE),), lambda: by_vector(X).rotateX(ANGLE)),
    "rotateY": ((np.asarray(ANGLE),), lambda: by_vector(X).rotateY(ANGLE)),
    "rotateZ": ((np.asarray(ANGLE),), lambda: by_vector(X).rotateZ(ANGLE)),
    "to_Vector3D": ((), lambda: by_vector(X).to_Vector3D()),
    "to_beta3": ((), lambda: by_vector(X).to_beta3()),
}


def test_the_tables_hold_what_the_language_promises() -> None:
    assert set(METHODS) == set(vocabulary.METHODS) == set(BY_VECTOR)
    assert set(THREE_VECTOR_METHODS) == set(vocabulary.THREE_VECTOR_METHODS)
    assert set(FUNCTIONS) == set(vocabulary.VECTOR_FUNCTIONS) - {"boost_to_com"}


@pytest.mark.parametrize("name", METHODS)
def test_functions_of_four_vectors_agree_with_vector(name: str) -> None:
    arguments, expected = BY_VECTOR[name]
    compare(METHODS[name](X, *arguments), expected())
    compare(METHODS[name](X.cartesian(), *arguments), expected())


def test_functions_of_three_vectors_agree_with_vector() -> None:
    a, b = vectors.momentum(X), vectors.momentum(Y)
    first, second = in_space(a), in_space(b)
    for name, theirs in (("deltaphi", "deltaphi"), ("deltaeta", "deltaeta"), ("deltar", "deltaR"), ("dot", "dot")):
        compare(THREE_VECTOR_METHODS[name](a, b), getattr(first, theirs)(second))
    compare(THREE_VECTOR_METHODS["cross"](a, b), first.cross(second))
    compare(THREE_VECTOR_METHODS["unit"](a), first.unit())
    for name in vocabulary.COMPONENTS:
        np.testing.assert_allclose(a.get(name), getattr(first, name), rtol=1e-9)
    compare(vectors.added(a, b, -1.0), first - second)
    compare(vectors.scaled(np.asarray(-2.0), a), -2.0 * first)


def test_boosts_by_a_velocity_and_by_the_momentum_are_the_same() -> None:
    beta = vectors.velocity(Y)
    compare(vectors.boosted(X, beta), by_vector(X).boost_p4(by_vector(Y)))
    compare(vectors.in_rest_frame(X, beta), by_vector(X).boostCM_of_p4(by_vector(Y)))


def test_a_particle_rests_in_its_own_rest_frame_and_invariants_stay() -> None:
    rest = vectors.in_rest_frame(X, X)
    np.testing.assert_allclose(rest.get("p"), 0.0, atol=1e-6)
    np.testing.assert_allclose(rest.get("e"), X.m, rtol=1e-6)
    one, other = vectors.in_rest_frame(X, Z), vectors.in_rest_frame(Y, Z)
    np.testing.assert_allclose(added(one, other).get("m2"), added(X, Y).get("m2"), rtol=1e-7)


def test_there_is_no_rest_frame_of_light() -> None:
    light = Polar(np.array([3.0]), np.array([0.5]), np.array([0.1]), np.zeros(1))
    some = Polar(np.array([5.0]), np.array([0.5]), np.array([0.4]), np.ones(1))
    with np.errstate(all="ignore"):
        assert not np.isfinite(vectors.in_rest_frame(some, light).get("e")).any()


def test_small_angles_keep_their_digits() -> None:
    near = Polar(X.pt, X.eta, X.phi + 1e-9, X.m)
    np.testing.assert_allclose(METHODS["deltaangle"](X, near), 1e-9 / np.cosh(X.eta), rtol=1e-5)


def decay(mother: Momenta, cosine: float, azimuth: float, axes: tuple[np.ndarray, ...]) -> tuple[Momenta, Momenta]:
    """Massless decay products, the first at these angles to x, y, z axes (each (3, n)) of the mother's rest frame."""
    x, y, z = axes
    sine = np.sqrt(1.0 - cosine**2)
    direction = sine * np.cos(azimuth) * x + sine * np.sin(azimuth) * y + cosine * z
    half = 0.5 * mother.get("m")
    pair = [Cartesian(*(sign * half * direction), half) for sign in (1.0, -1.0)]
    return vectors.boosted(pair[0], mother), vectors.boosted(pair[1], mother)


def _unit(components: np.ndarray) -> np.ndarray:
    return components / np.linalg.norm(components, axis=0)


@pytest.mark.parametrize(("cosine", "azimuth"), [(0.3, 0.8), (-0.9, -2.5), (0.0, 3.0)])
def test_collins_soper_angles_are_those_of_the_decay(cosine: float, azimuth: float) -> None:
    # its own axes, from the beams' directions in the rest frame, each found by `vector`
    mother = by_vector(Z)
    sign = np.where(Z.get("pz") < 0, -1.0, 1.0)
    zero, one = np.zeros_like(sign), np.ones_like(sign)
    beams = [vector.array({"px": zero, "py": zero, "pz": s * sign, "E": one}).boostCM_of_p4(mother) for s in (1, -1)]
    first, second = (_unit(np.stack([beam.px, beam.py, beam.pz])) for beam in beams)
    z, x = _unit(first - second), -_unit(first + second)
    y = np.cross(z, x, axis=0)
    lepton, antilepton = decay(Z, cosine, azimuth, (x, y, z))
    np.testing.assert_allclose(FUNCTIONS["costhetacs"](lepton, antilepton), cosine, atol=1e-6)
    np.testing.assert_allclose(FUNCTIONS["phics"](lepton, antilepton), azimuth, atol=1e-5)
    np.testing.assert_allclose(FUNCTIONS["costhetacs"](antilepton, lepton), -cosine, atol=1e-6)


def test_collins_soper_agrees_with_the_formula_in_light_cone_components() -> None:
    # for massless leptons: sign(Qz) 2 (p1+ p2- - p1- p2+) / (Q sqrt(Q^2 + QT^2)), p+- = (E +- pz) / sqrt(2)
    one, other = momenta(5, 0.0), momenta(6, 0.0)
    a, b, total = one.cartesian(), other.cartesian(), added(one, other)
    crossed = (a.e + a.pz) * (b.e - b.pz) - (a.e - a.pz) * (b.e + b.pz)
    expected = np.sign(total.pz) * crossed / (total.get("m") * np.hypot(total.get("m"), total.get("pt")))
    np.testing.assert_allclose(FUNCTIONS["costhetacs"](one, other), expected, atol=1e-6)


def test_the_decay_angle_to_the_direction_of_flight() -> None:
    z = _unit(np.stack([Z.get("px"), Z.get("py"), Z.get("pz")]))
    x = _unit(np.cross(z, np.array([[0.0], [0.0], [1.0]]), axis=0))
    product, _ = decay(Z, 0.35, 1.0, (x, np.cross(z, x, axis=0), z))
    np.testing.assert_allclose(FUNCTIONS["costhetastar"](product, Z), 0.35, atol=1e-6)


def test_four_vectors_from_numbers() -> None:
    pt, eta, phi, m = X.pt, X.eta, X.phi, X.m
    c = X.cartesian()
    for found in (
        FUNCTIONS["from_ptetaphim"](pt, eta, phi, m),
        FUNCTIONS["from_ptetaphie"](pt, eta, phi, c.e),
        FUNCTIONS["from_pxpypze"](c.px, c.py, c.pz, c.e),
        FUNCTIONS["from_pxpypzm"](c.px, c.py, c.pz, m),
    ):
        compare(found.cartesian(), by_vector(X))  # type: ignore[union-attr]
