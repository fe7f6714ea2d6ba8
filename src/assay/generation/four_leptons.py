"""Phase space of h > l+ l- l'+ l'- in the boson's rest frame: partial widths and unweighted decays.

Masses of the pairs follow mixed mappings: one pair near the Z, the other one falling, for both pairs and every way to
join identical leptons. The amplitude is quadratic in the coefficients, hence the width, too: Gamma = c^T G c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions
from assay.generation.amplitudes.higgs_decays import HIGGS
from assay.generation.decay_tree import Falling, Leaf, Pair, Resonance, decay, decay_measure
from assay.generation.diagrams.higgs_to_leptons import higgs_to_leptons
from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product
from assay.generation.model import ElectroweakInputs, find_model

MIN_PAIR_MASS = 1.0
"""GeV, of leptons of one flavour and opposite charge: leptons are massless, and operators let photons make pairs."""

MIXED, IDENTICAL = (-11, 11, -13, 13), (-11, 11, -11, 11)
LEPTONS_OF_ONE_KIND = (11, 13)

_LOG2_POINTS = 13
_BLOCK = 1 << 13
_MARGIN = 1.1


@dataclass(frozen=True)
class FourLeptons:
    """A decay to four leptons of given flavours.

    Attributes
    ----------
    amplitude
        Its amplitude; legs 25, l+, l-, l'+, l'-.
    inputs
        Masses and widths.
    mappings
        Trees of two-body decays: samples are drawn from all in equal parts.
    """

    amplitude: Amplitude
    inputs: ElectroweakInputs
    mappings: tuple[Pair, ...]

    @property
    def n_axes(self) -> int:
        """Number of variables of the unit cube: two masses, three directions."""
        return self.mappings[0].n_axes - 1

    def points(self, chosen: NDArray[np.int64], cube: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return leptons (n, 4, 4) in GeV in the rest frame, and their weights dPhi (n,), zero outside of the cuts.

        Weights are those of equal parts from all mappings: `chosen` (n,) says whose each point of the cube is.
        """
        n_points, mass = len(cube), self.inputs.higgs_mass
        momenta = np.zeros((n_points, 5, 4))
        momenta[:, 0, 0] = mass
        for number, mapping in enumerate(self.mappings):
            rows = np.flatnonzero(chosen == number)
            part = momenta[rows]
            axes = iter(cube[rows].T)
            decay(mapping, part[:, 0], np.full(len(rows), mass**2), axes, part)
            momenta[rows] = part
        with np.errstate(divide="ignore"):
            density = sum(1.0 / np.asarray(decay_measure(mapping, momenta)) for mapping in self.mappings)
        weights = np.where(self._accepted(momenta), len(self.mappings) / density, 0.0)
        return momenta[:, 1:], weights

    def components(self, leptons: FloatArray) -> ComplexArray:
        """Return the amplitude (n, helicities, 1 + K) of leptons (n, 4, 4), the factor of identical ones included."""
        total = np.sum(leptons, axis=1, keepdims=True)
        components = self.amplitude.components(np.concatenate([total, leptons], axis=1))[:, :, 0]
        result: ComplexArray = components * np.sqrt(self.amplitude.colour[0, 0])
        return result

    def _accepted(self, momenta: FloatArray) -> NDArray[np.bool_]:
        legs = self.amplitude.legs
        result = np.ones(len(momenta), dtype=bool)
        for first in range(1, 5):
            for second in range(first + 1, 5):
                if legs[first] == -legs[second]:
                    pair = momenta[:, first] + momenta[:, second]
                    result &= minkowski_product(pair, pair) >= MIN_PAIR_MASS**2
        return result


@cache
def four_leptons(model: str, leptons: tuple[int, ...]) -> FourLeptons:
    """Return a decay by the PDG ids l+, l-, l'+, l'- of its leptons."""
    amplitude = higgs_to_leptons((HIGGS, *leptons), AmplitudeOptions(model))
    inputs = find_model(model).inputs
    flat = Falling(inputs.higgs_mass)
    # on the Z, beside it where there is more room for the other pair, and the photon's pole that operators bring
    lines = (
        (Resonance(inputs.z_mass, inputs.z_width), flat),
        (Resonance(inputs.z_mass, 10.0 * inputs.z_width), flat),
        (flat, Falling(MIN_PAIR_MASS)),
    )

    def pair(first: int, second: int, line: Resonance | Falling) -> Pair:
        return Pair(Leaf(first), Leaf(second), line, MIN_PAIR_MASS)

    joined = [((1, 2), (3, 4))]
    if leptons[0] == leptons[2]:
        joined.append(((1, 4), (3, 2)))
    mappings = tuple(
        Pair(pair(*first, near), pair(*second, far), flat)
        for pairs in joined
        for first, second in (pairs, pairs[::-1])
        for near, far in lines
    )
    return FourLeptons(amplitude, inputs, mappings)


@dataclass(frozen=True)
class _Survey:
    """Weighted points of a decay: its width as a quadratic form in (1, c) in GeV, and what maxima follow from."""

    width: FloatArray
    weights: FloatArray
    components: ComplexArray

    def maximum(self, couplings: FloatArray) -> float:
        """Return the largest weight times squared amplitude at couplings (1 + K,), with a margin."""
        return _MARGIN * float(np.max(self.weights * _squares(self.components, couplings)))


@cache
def _survey(model: str, leptons: tuple[int, ...]) -> _Survey:
    found = four_leptons(model, leptons)
    n_mappings = len(found.mappings)
    cube = qmc.Sobol(found.n_axes, seed=1).random_base2(_LOG2_POINTS)
    chosen = np.repeat(np.arange(n_mappings), len(cube))
    momenta, weights = found.points(chosen, np.tile(cube, (n_mappings, 1)))
    components = found.components(momenta)
    scaled = components * np.sqrt(weights / (2.0 * found.inputs.higgs_mass))[:, None, None]
    flat = scaled.reshape(-1, scaled.shape[-1])
    return _Survey((flat.conj().T @ flat).real / len(chosen), weights, components)


def width_matrix(model: str, leptons: tuple[int, ...]) -> FloatArray:
    """Return G (1 + K, 1 + K) in GeV of the partial width c^T G c with c = (1, c_1, ..., c_K) in TeV^-2.

    K are the operators of the decay's amplitude. Numerical accuracy 1e-3.
    """
    return _survey(model, leptons).width


def unweighted_leptons(
    model: str, leptons: tuple[int, ...], couplings: FloatArray, n_events: int, rng: np.random.Generator
) -> FloatArray:
    """Return leptons (n, 4, 4) in the rest frame, distributed as the decay at couplings (1 + K,).

    The first n events do not depend on how many follow. Points whose weight exceeds the maximum of 5e4 others (times
    1.1) are taken once.
    """
    found = four_leptons(model, leptons)
    maximum = _survey(model, leptons).maximum(couplings)
    kept: list[FloatArray] = []
    n_kept = 0
    for momenta in _accepted_blocks(found, couplings, maximum, rng):
        if n_kept >= n_events:
            break
        kept.append(momenta)
        n_kept += len(momenta)
    return np.concatenate(kept)[:n_events] if kept else np.zeros((0, 4, 4))


def _accepted_blocks(
    found: FourLeptons, couplings: FloatArray, maximum: float, rng: np.random.Generator
) -> Iterator[FloatArray]:
    while True:
        uniform = rng.random((_BLOCK, found.n_axes + 2))
        chosen = (uniform[:, 1] * len(found.mappings)).astype(np.int64)
        momenta, weights = found.points(chosen, uniform[:, 2:])
        inside = weights > 0.0
        values = np.zeros(_BLOCK)
        values[inside] = weights[inside] * _squares(found.components(momenta[inside]), couplings)
        yield momenta[uniform[:, 0] * maximum < values]


def _squares(components: ComplexArray, couplings: FloatArray) -> FloatArray:
    """Return sum_helicities |A|^2, (n,)."""
    amplitudes = components @ couplings
    squares: FloatArray = np.sum(amplitudes.real**2 + amplitudes.imag**2, axis=1)
    return squares
