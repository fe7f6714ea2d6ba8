"""Decays of an on-shell Higgs boson: partial widths, branching ratios and momenta.

- `a a`, `b b~`: isotropic in the rest frame; operators act on production alone (MadGraph's NP=0 on the decay). With
  the bottom quark's pole mass the tree-level width of b b~, 5.4 MeV, is above the Higgs boson's total width: the
  branching ratio is that of the LHC Higgs cross section working group.
- `l+ l- l+ l-`: electrons and muons; the operators change widths and distributions of the decay, too. A scalar does
  not know where it came from: |M|^2 is that of production times that of the decay.

Widths that add up to the total one are not recomputed: the total width is an input of the model at every coupling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation.amplitudes.couplings import couplings_of
from assay.generation.amplitudes.higgs_decays import HiggsDecay, higgs_decay
from assay.generation.four_leptons import (
    IDENTICAL,
    LEPTONS_OF_ONE_KIND,
    MIXED,
    four_leptons,
    unweighted_leptons,
    width_matrix,
)
from assay.generation.kinematics import FloatArray, boosted, minkowski_product
from assay.generation.model import find_model

FOUR_LEPTONS = "l+ l- l+ l-"
_TWO_BODY = {"a a": (22, 22), "b b~": (5, -5)}
HIGGS_DECAYS = (*_TWO_BODY, FOUR_LEPTONS)
BOTTOM_BRANCHING_RATIO = 0.5824
"""Of a Higgs boson of 125 GeV: LHC Higgs cross section working group, arXiv:1610.07922."""


@dataclass(frozen=True)
class HiggsProducts:
    """What Higgs bosons decayed to.

    Attributes
    ----------
    pdg_id
        (n, products) PDG ids.
    colours
        (products, 2) colour and anticolour lines, as in LHE records.
    momenta
        (n, products, 4) in GeV.
    ratios
        (n, B) squared amplitude of the decay at every coupling vector over that at which it was drawn.
    """

    pdg_id: NDArray[np.int32]
    colours: tuple[tuple[int, int], ...]
    momenta: FloatArray
    ratios: FloatArray


def decay_operators(decay: str, model: str = "ewdim6") -> tuple[str, ...]:
    """Return the operators that change the decay, in the order of the model."""
    _require_known(decay)
    return four_leptons(model, MIXED).amplitude.operators if decay == FOUR_LEPTONS else ()


def partial_widths(
    decay: str, model: str = "ewdim6", operators: Sequence[str] = (), couplings: FloatArray | None = None
) -> FloatArray:
    """Return the partial width in GeV, (B,), at B coupling vectors.

    Parameters
    ----------
    decay
        One of `HIGGS_DECAYS`; of four leptons the sum over electrons and muons.
    model
        Name of a model.
    operators
        Names of the operators to which the columns of `couplings` belong; others of the decay are zero.
    couplings
        (B, 1 + operators) with 1 in the first column, then coefficients in TeV^-2. None: the SM alone.
    """
    _require_known(decay)
    vectors = _decay_vectors(decay, model, operators, couplings)
    if decay == FOUR_LEPTONS:
        matrix = width_matrix(model, MIXED) + 2.0 * width_matrix(model, IDENTICAL)
        widths: FloatArray = np.einsum("bi,ij,bj->b", vectors, matrix, vectors)
        return widths
    return np.full(len(vectors), _two_body_width(decay, model))


def branching_ratios(
    decay: str, model: str = "ewdim6", operators: Sequence[str] = (), couplings: FloatArray | None = None
) -> FloatArray:
    """Return partial widths over the total width that is an input of the model, (B,); see `partial_widths`.

    Of b b~ it is `BOTTOM_BRANCHING_RATIO`.
    """
    widths = partial_widths(decay, model, operators, couplings)
    if decay == "b b~":
        return np.full(len(widths), BOTTOM_BRANCHING_RATIO)
    return widths / find_model(model).inputs.higgs_width


def share_near_resonance(n_widths: float) -> float:
    """Return the share of a Breit-Wigner within `n_widths` widths of its mass: (2 / pi) atan(2 n).

    MadGraph drops the rest of a decay chain (`bwcutoff`, 15 widths by default: 2.1 % of the cross section); we do not.
    """
    return 2.0 / pi * atan(2.0 * n_widths)


def decayed(
    decay: str,
    higgs: FloatArray,
    rng: np.random.Generator,
    *,
    model: str = "ewdim6",
    operators: Sequence[str] = (),
    couplings: FloatArray | None = None,
    own: int = 0,
) -> HiggsProducts:
    """Return decays of Higgs bosons of momenta `higgs` (n, 4), distributed as at the coupling vector `own`.

    The first decays do not depend on how many follow. `couplings` (B, 1 + operators) as in `partial_widths`.

    Raises
    ------
    GenerationError
        If the decay is unknown.
    """
    _require_known(decay)
    vectors = _decay_vectors(decay, model, operators, couplings)
    if decay == FOUR_LEPTONS:
        return _to_four_leptons(higgs, rng, model, vectors, own)
    mass = find_model(model).inputs.bottom_mass if decay == "b b~" else 0.0
    return HiggsProducts(
        np.tile(np.array(_TWO_BODY[decay], dtype=np.int32), (len(higgs), 1)),
        _isotropic(decay, model).flow,
        _two_body_momenta(higgs, mass, rng),
        np.ones((len(higgs), len(vectors))),
    )


def _require_known(decay: str) -> None:
    if decay not in HIGGS_DECAYS:
        raise GenerationError(
            f"unknown decay {decay!r} of the Higgs boson", expected=f"one of {', '.join(map(repr, HIGGS_DECAYS))}"
        )


def _decay_vectors(decay: str, model: str, operators: Sequence[str], couplings: FloatArray | None) -> FloatArray:
    """Return the coupling vectors (B, 1 + K) of the decay's own operators."""
    given = np.ones((1, 1)) if couplings is None else couplings
    if given.ndim != 2 or given.shape[1] != 1 + len(operators):
        raise GenerationError(
            f"coupling vectors have the shape {given.shape}", expected=f"(benchmarks, {1 + len(operators)})"
        )
    own = decay_operators(decay, model)
    vectors = np.zeros((len(given), 1 + len(own)))
    vectors[:, 0] = 1.0
    for column, name in enumerate(own, start=1):
        if name in operators:
            vectors[:, column] = given[:, 1 + list(operators).index(name)]
    return vectors


def _isotropic(decay: str, model: str) -> HiggsDecay:
    found = higgs_decay(_TWO_BODY[decay], couplings_of(model))
    if found is None:
        raise GenerationError(f"no amplitude of the Higgs boson's decay {decay!r} in the model {model!r}")
    return found


def _two_body_width(decay: str, model: str) -> float:
    """Return |M|^2 beta / (16 pi MH), halved for two photons."""
    inputs, found = find_model(model).inputs, _isotropic(decay, model)
    amplitude = 0.0 if found.amplitude is None else float(found.amplitude(np.array([inputs.higgs_mass**2]))[0])
    if decay == "a a":
        return amplitude**2 / (32.0 * pi * inputs.higgs_mass)
    beta = sqrt(1.0 - (2.0 * inputs.bottom_mass / inputs.higgs_mass) ** 2)
    return found.colours * amplitude**2 * beta / (16.0 * pi * inputs.higgs_mass)


def _two_body_momenta(higgs: FloatArray, mass: float, rng: np.random.Generator) -> FloatArray:
    """Return isotropic pairs (n, 2, 4) of particles of one mass in GeV."""
    n_events = len(higgs)
    # drawn event by event: the first events do not depend on how many follow
    uniform = rng.random((n_events, 2))
    cosine, phi = 2.0 * uniform[:, 0] - 1.0, 2.0 * pi * uniform[:, 1]
    sine = np.sqrt(1.0 - cosine**2)
    energy = np.sqrt(minkowski_product(higgs, higgs)) / 2.0
    momentum = np.sqrt(energy**2 - mass**2)
    direction = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=1)
    first = boosted(np.concatenate([energy[:, None], momentum[:, None] * direction], axis=1), higgs)
    # on the mass shell to rounding, whatever the boost
    first[:, 0] = np.sqrt(np.sum(first[:, 1:] ** 2, axis=1) + mass**2)
    return np.stack([first, higgs - first], axis=1)


def _to_four_leptons(
    higgs: FloatArray, rng: np.random.Generator, model: str, vectors: FloatArray, own: int
) -> HiggsProducts:
    n_events, choices, *streams = len(higgs), *rng.spawn(3)
    widths = [float(vectors[own] @ width_matrix(model, leptons) @ vectors[own]) for leptons in (MIXED, IDENTICAL)]
    uniform = choices.random((n_events, 2))
    identical = uniform[:, 0] * (widths[0] + 2.0 * widths[1]) >= widths[0]
    kind = np.array(LEPTONS_OF_ONE_KIND)[(uniform[:, 1] < 0.5).astype(int)]
    pdg_id = np.tile(np.array(MIXED, dtype=np.int32), (n_events, 1))
    pdg_id[identical] = np.sign(MIXED) * kind[identical, None]
    momenta, ratios = np.zeros((n_events, 4, 4)), np.zeros((n_events, len(vectors)))
    for leptons, rows, stream in zip((MIXED, IDENTICAL), (~identical, identical), streams, strict=True):
        at_rest = unweighted_leptons(model, leptons, vectors[own], int(np.sum(rows)), stream)
        amplitudes = four_leptons(model, leptons).components(at_rest) @ vectors.T
        squares = np.sum(amplitudes.real**2 + amplitudes.imag**2, axis=1)
        ratios[rows] = squares / squares[:, own : own + 1]
        for leg in range(4):
            momenta[rows, leg] = boosted(at_rest[:, leg], higgs[rows])
    momenta[..., 0] = np.linalg.norm(momenta[..., 1:], axis=-1)
    return HiggsProducts(pdg_id, ((0, 0),) * 4, momenta, ratios)
