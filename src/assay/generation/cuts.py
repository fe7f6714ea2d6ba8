"""Cuts on the partons of a hard process, as in MadGraph's run card: jets, charged leptons, photons, neutrinos.

They act on the legs of the hard process, the leptons of its W and Z bosons included, not on decay products of the Higgs
boson (MadGraph's `cut_decays = False`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import combinations, product
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation.kinematics import FloatArray, minkowski_product, transverse_momentum, wrapped_azimuth

JETS = frozenset({1, 2, 3, 4, 5, 21})
CHARGED_LEPTONS = frozenset({11, 13, 15})
NEUTRINOS = frozenset({12, 14, 16})
PHOTONS = frozenset({22})


@dataclass(frozen=True)
class Cuts:
    """Cuts; pT and masses in GeV, |eta| and separations (Delta R) are pure numbers; None is no limit.

    Attributes
    ----------
    min_jet_pt, max_jet_eta, min_jet_separation, min_jet_pair_mass, max_jet_pair_mass
        Every jet, every two jets.
    min_lepton_pt, max_lepton_eta, min_lepton_separation
        Every charged lepton, every two charged leptons.
    min_lepton_pair_mass, max_lepton_pair_mass
        Every two charged leptons of opposite charge and the same flavour.
    min_photon_pt, max_photon_pt, max_photon_eta, min_photon_separation
        Every photon; its separation from every other photon, charged lepton and jet.
    min_jet_lepton_separation
        Every jet and charged lepton.
    min_missing_pt, max_missing_pt
        Sum of all neutrinos.
    """

    min_jet_pt: float = 20.0
    max_jet_eta: float | None = 5.0
    min_jet_separation: float = 0.4
    min_jet_pair_mass: float = 0.0
    max_jet_pair_mass: float | None = None
    min_lepton_pt: float = 0.0
    max_lepton_eta: float | None = None
    min_lepton_separation: float = 0.0
    min_lepton_pair_mass: float = 0.0
    max_lepton_pair_mass: float | None = None
    min_photon_pt: float = 10.0
    max_photon_pt: float | None = None
    max_photon_eta: float | None = 2.5
    min_photon_separation: float = 0.4
    min_jet_lepton_separation: float = 0.0
    min_missing_pt: float = 0.0
    max_missing_pt: float | None = None

    def __post_init__(self) -> None:
        for cut in fields(self):
            value, is_limit = getattr(self, cut.name), cut.name.startswith("max_")
            if is_limit and value is None:
                continue
            if value is None or not (isfinite(value) and (value > 0.0 if is_limit else value >= 0.0)):
                raise GenerationError(
                    f"the cut {cut.name} is {value}",
                    expected="a positive number, or none" if is_limit else "a number that is not negative",
                )

    def accepted(self, pdg_ids: tuple[int, ...], momenta: FloatArray) -> NDArray[np.bool_]:
        """Return which events, (n,), pass; outgoing legs with `pdg_ids` and momenta (n, legs, 4) in GeV."""
        return _Legs(pdg_ids, momenta).accepted(self)


class _Legs:
    """Outgoing legs by kind, with angles computed once."""

    def __init__(self, pdg_ids: tuple[int, ...], momenta: FloatArray) -> None:
        def positions(kind: frozenset[int]) -> list[int]:
            return [leg for leg, pdg_id in enumerate(pdg_ids) if abs(pdg_id) in kind]

        self.pdg_ids, self.momenta = pdg_ids, momenta
        self.jets, self.leptons = positions(JETS), positions(CHARGED_LEPTONS)
        self.photons, self.neutrinos = positions(PHOTONS), positions(NEUTRINOS)
        self.passed = np.ones(len(momenta), dtype=np.bool_)

    def accepted(self, cuts: Cuts) -> NDArray[np.bool_]:
        self._single(self.jets, cuts.min_jet_pt, cuts.max_jet_eta)
        self._single(self.leptons, cuts.min_lepton_pt, cuts.max_lepton_eta)
        self._single(self.photons, cuts.min_photon_pt, cuts.max_photon_eta)
        self._separated(combinations(self.jets, 2), cuts.min_jet_separation)
        self._separated(combinations(self.leptons, 2), cuts.min_lepton_separation)
        self._separated(combinations(self.photons, 2), cuts.min_photon_separation)
        self._separated(product(self.photons, self.leptons + self.jets), cuts.min_photon_separation)
        self._separated(product(self.jets, self.leptons), cuts.min_jet_lepton_separation)
        self._massive(combinations(self.jets, 2), cuts.min_jet_pair_mass, cuts.max_jet_pair_mass)
        pairs = [(a, b) for a, b in combinations(self.leptons, 2) if self.pdg_ids[a] == -self.pdg_ids[b]]
        self._massive(pairs, cuts.min_lepton_pair_mass, cuts.max_lepton_pair_mass)
        if cuts.max_photon_pt is not None:
            self.passed &= (transverse_momentum(self.momenta[:, self.photons]) <= cuts.max_photon_pt).all(axis=1)
        if self.neutrinos:
            missing = transverse_momentum(self.momenta[:, self.neutrinos].sum(axis=1))
            limit = float("inf") if cuts.max_missing_pt is None else cuts.max_missing_pt
            self.passed &= (missing >= cuts.min_missing_pt) & (missing <= limit)
        return self.passed

    def _single(self, legs: list[int], min_pt: float, max_eta: float | None) -> None:
        for leg in legs:
            pt2 = self.momenta[:, leg, 1] ** 2 + self.momenta[:, leg, 2] ** 2
            if min_pt > 0.0:
                self.passed &= pt2 >= min_pt**2
            if max_eta is not None:
                self.passed &= self.momenta[:, leg, 3] ** 2 <= np.sinh(max_eta) ** 2 * pt2

    def _separated(self, pairs: Iterable[tuple[int, int]], least: float) -> None:
        for a, b in pairs if least > 0.0 else ():
            eta_a, phi_a = _direction(self.momenta[:, a])
            eta_b, phi_b = _direction(self.momenta[:, b])
            self.passed &= np.hypot(eta_a - eta_b, wrapped_azimuth(phi_a - phi_b)) >= least

    def _massive(self, pairs: Iterable[tuple[int, int]], least: float, largest: float | None) -> None:
        for a, b in pairs if least > 0.0 or largest is not None else ():
            pair = self.momenta[:, a] + self.momenta[:, b]
            square = minkowski_product(pair, pair)
            self.passed &= square >= least**2
            if largest is not None:
                self.passed &= square <= largest**2


def _direction(momenta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return pseudorapidity and azimuth, (n,)."""
    pt = np.maximum(transverse_momentum(momenta), 1e-300)
    return np.arcsinh(momenta[:, 3] / pt), np.arctan2(momenta[:, 2], momenta[:, 1])
