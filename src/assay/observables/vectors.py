"""Functions of vectors of many events: separations, boosts, rotations, products, and angles of the literature.

Angles of two-body decays (all with the beams along z):

- `costhetastar(x, y)`: between x in the rest frame of y and the direction of flight of y;
- `costhetacs(x, y)`, `phics(x, y)`: of x in the Collins-Soper frame of x + y (Phys. Rev. D 16 (1977) 2219), whose z
  axis bisects one beam and the opposite of the other in the rest frame; it points where x + y flies, as experiments at
  symmetric colliders have it (arXiv:1606.00689, eq. 2). With a negative lepton first they are those of Drell-Yan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from assay.observables.kinematics import Array, Cartesian, Momenta, Polar, wrapped
from assay.observables.kinematics import added as sum_of


@dataclass(frozen=True, eq=False)
class ThreeVector:
    """Vectors in space by their components, each of shape `(n_events,)`."""

    x: Array
    y: Array
    z: Array

    def get(self, name: str) -> Array:
        """Return a quantity of `assay.study.vocabulary.COMPONENTS`."""
        if name in ("x", "y", "z"):
            return np.asarray(getattr(self, name))
        if name == "mag2":
            return _dot(self, self)
        return Cartesian(self.x, self.y, self.z, self.x).get({"mag": "p", "rho": "pt"}.get(name, name))


Vector = Momenta | ThreeVector
Function = Callable[..., Array | Vector]
"""Of vectors and numbers."""


def momentum(vector: Vector) -> ThreeVector:
    """Return the part in space."""
    if isinstance(vector, ThreeVector):
        return vector
    components = vector.cartesian()
    return ThreeVector(components.px, components.py, components.pz)


def scaled(factor: Array, vector: ThreeVector) -> ThreeVector:
    """Return a multiple of a vector."""
    return ThreeVector(factor * vector.x, factor * vector.y, factor * vector.z)


def added(first: ThreeVector, second: ThreeVector, sign: float = 1.0) -> ThreeVector:
    """Return `first + sign * second`."""
    return ThreeVector(first.x + sign * second.x, first.y + sign * second.y, first.z + sign * second.z)


def velocity(vector: Momenta) -> ThreeVector:
    """Return momentum over energy."""
    return scaled(1.0 / vector.get("e"), momentum(vector))


def boosted(vector: Momenta, frame: Vector) -> Cartesian:
    """Boost from the rest frame of `frame` to where `frame` has its momentum, or by a velocity."""
    if isinstance(frame, ThreeVector):
        gamma = 1.0 / np.sqrt(1.0 - _dot(frame, frame))
        return _boosted(vector.cartesian(), gamma, scaled(gamma, frame))
    mass = frame.get("m")
    return _boosted(vector.cartesian(), frame.get("e") / mass, scaled(1.0 / mass, momentum(frame)))


def in_rest_frame(vector: Momenta, frame: Vector) -> Cartesian:
    """Boost to the rest frame of another vector, or of a velocity; not finite where there is none."""
    if isinstance(frame, ThreeVector):
        return boosted(vector, scaled(np.asarray(-1.0), frame))
    mass = frame.get("m")
    return _boosted(vector.cartesian(), frame.get("e") / mass, scaled(-1.0 / mass, momentum(frame)))


def _boosted(vector: Cartesian, gamma: Array, gamma_beta: ThreeVector) -> Cartesian:
    along = _dot(momentum(vector), gamma_beta)
    shift = along / (1.0 + gamma) + vector.e
    return Cartesian(
        vector.px + gamma_beta.x * shift,
        vector.py + gamma_beta.y * shift,
        vector.pz + gamma_beta.z * shift,
        gamma * vector.e + along,
    )


def _axis_boost(axis: int) -> Callable[[Momenta, Array], Cartesian]:
    def boost(vector: Momenta, beta: Array) -> Cartesian:
        parts = [np.zeros_like(beta)] * 3
        parts[axis] = beta
        return boosted(vector, ThreeVector(*parts))

    return boost


def _rotation(axis: int) -> Callable[[Momenta, Array], Cartesian]:
    """Return a rotation of vectors by an angle (radians), counterclockwise when the axis points at the observer."""

    def rotate(vector: Momenta, angle: Array) -> Cartesian:
        given = vector.cartesian()
        parts = [given.px, given.py, given.pz]
        first, second = (axis + 1) % 3, (axis + 2) % 3
        a, b = parts[first], parts[second]
        parts[first] = a * np.cos(angle) - b * np.sin(angle)
        parts[second] = a * np.sin(angle) + b * np.cos(angle)
        x, y, z = parts
        return Cartesian(x, y, z, given.e)

    return rotate


def _dot(first: ThreeVector, second: ThreeVector) -> Array:
    return first.x * second.x + first.y * second.y + first.z * second.z


def _cross(first: ThreeVector, second: ThreeVector) -> ThreeVector:
    return ThreeVector(
        first.y * second.z - first.z * second.y,
        first.z * second.x - first.x * second.z,
        first.x * second.y - first.y * second.x,
    )


def _unit(vector: ThreeVector) -> ThreeVector:
    return scaled(1.0 / vector.get("mag"), vector)


def _minkowski(first: Momenta, second: Momenta) -> Array:
    return first.get("e") * second.get("e") - _dot(momentum(first), momentum(second))


def _cosine(first: Vector, second: Vector) -> Array:
    return _dot(_unit(momentum(first)), _unit(momentum(second)))


def _angle(first: Vector, second: Vector) -> Array:
    a, b = momentum(first), momentum(second)
    return np.arctan2(_cross(a, b).get("mag"), _dot(a, b))  # exact for small angles, where the cosine is not


def _delta_phi(first: Vector, second: Vector) -> Array:
    return wrapped(first.get("phi") - second.get("phi"))


def _delta(name: str) -> Callable[[Vector, Vector], Array]:
    return lambda first, second: first.get(name) - second.get(name)


def _distance(name: str) -> Callable[[Vector, Vector], Array]:
    return lambda first, second: np.hypot(first.get(name) - second.get(name), _delta_phi(first, second))


def _cos_theta_star(x: Momenta, y: Momenta) -> Array:
    return _cosine(in_rest_frame(x, y), y)


def _collins_soper(x: Momenta, y: Momenta) -> tuple[ThreeVector, ThreeVector, ThreeVector]:
    """Return the momentum of x in the frame, and the frame's x and z axes; there is no x axis without recoil."""
    pair = sum_of(x, y)
    nothing = np.zeros_like(pair.pz)
    forward = np.where(pair.pz < 0.0, -1.0, 1.0)
    beams = (Cartesian(nothing, nothing, sign * forward, nothing + 1.0) for sign in (1.0, -1.0))
    one, other = (_unit(momentum(in_rest_frame(beam, pair))) for beam in beams)
    return momentum(in_rest_frame(x, pair)), _unit(added(one, other)), _unit(added(one, other, -1.0))


def _cos_theta_collins_soper(x: Momenta, y: Momenta) -> Array:
    decay, _, axis = _collins_soper(x, y)
    return _cosine(decay, axis)


def _phi_collins_soper(x: Momenta, y: Momenta) -> Array:
    decay, beams, axis = _collins_soper(x, y)
    recoil = scaled(np.asarray(-1.0), beams)
    return np.arctan2(_dot(decay, _cross(axis, recoil)), _dot(decay, recoil))


def _from_components(px: Array, py: Array, pz: Array, e: Array) -> Cartesian:
    return Cartesian(px, py, pz, e)


def _from_components_and_mass(px: Array, py: Array, pz: Array, m: Array) -> Cartesian:
    return Cartesian(px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + m * np.abs(m)))


def _from_angles_and_energy(pt: Array, eta: Array, phi: Array, e: Array) -> Cartesian:
    return Cartesian(pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), e)


METHODS: Mapping[str, Function] = {
    "deltaphi": _delta_phi,
    "deltaeta": _delta("eta"),
    "deltar": _distance("eta"),
    "deltarapidity": _delta("rapidity"),
    "deltarapidityphi": _distance("rapidity"),
    "deltaangle": _angle,
    "cosangle": _cosine,
    "dot": _minkowski,
    "boost": boosted,
    "boostCM_of": in_rest_frame,
    **{f"boost{name}": _axis_boost(axis) for axis, name in enumerate("XYZ")},
    **{f"rotate{name}": _rotation(axis) for axis, name in enumerate("XYZ")},
    "to_Vector3D": momentum,
    "to_beta3": velocity,
}
"""Of particles and four-vectors (`assay.study.vocabulary.METHODS`)."""
THREE_VECTOR_METHODS: Mapping[str, Function] = {
    **{name: METHODS[name] for name in ("deltaphi", "deltaeta", "deltar", "deltaangle", "cosangle")},
    "dot": _dot,
    "cross": _cross,
    "unit": _unit,
}
FUNCTIONS: Mapping[str, Function] = {
    "costhetastar": _cos_theta_star,
    "costhetacs": _cos_theta_collins_soper,
    "phics": _phi_collins_soper,
    "from_pxpypze": _from_components,
    "from_pxpypzm": _from_components_and_mass,
    "from_ptetaphie": _from_angles_and_energy,
    "from_ptetaphim": Polar,
}
"""`assay.study.vocabulary.VECTOR_FUNCTIONS`, less `boost_to_com`, which the parser writes as a method."""
