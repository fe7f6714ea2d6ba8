"""The integrand of a cross section: phase space, cuts, densities and amplitude put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation import parton_densities
from assay.generation.cuts import JetCuts
from assay.generation.kinematics import ComplexArray, FloatArray
from assay.generation.matrix_element import squared_from_components
from assay.generation.model import EWDIM6, GEV_MINUS_2_IN_PB
from assay.generation.phase_space import HadronicPhaseSpace, PartonicPhaseSpace, PhaseSpace
from assay.generation.processes import find_process
from assay.generation.scales import (
    Scales,
    clustering_scales,
    fixed_scales,
    floored,
    transverse_mass_scales,
)
from assay.generation.settings import NO_PDF, EmbeddedSettings


@dataclass(frozen=True)
class HardPoints:
    """Points of phase space that pass the cuts.

    Attributes
    ----------
    accepted
        (n_points,) which of the points asked for these are; all other arrays have one row per True.
    momenta
        (n, legs, 4) in GeV, with the first outgoing leg in the x-z plane.
    scales
        Scales per point.
    components
        (n, helicities, 1 + operators) amplitude components.
    factor
        (n,) pb per squared amplitude and unit cube volume.
    """

    accepted: NDArray[np.bool_]
    momenta: FloatArray
    scales: Scales
    components: ComplexArray
    factor: FloatArray

    def differential(self, couplings: FloatArray) -> FloatArray:
        """Return dsigma per unit cube volume in pb, (n, B), at coupling vectors (B, 1 + operators).

        Raises
        ------
        GenerationError
            If any value is negative or not finite.
        """
        values: FloatArray = self.factor[:, None] * squared_from_components(self.components, couplings)
        if not np.all(np.isfinite(values)) or np.any(values < 0.0):
            bad = int(np.sum(~np.isfinite(values) | (values < 0.0)))
            raise GenerationError(
                f"{bad} differential cross sections are negative or not finite",
                expected="parton densities that are positive in the range of the beams' energy",
                mend="choose another set of parton densities or a larger scale",
            )
        return values


@dataclass(frozen=True)
class HardProcess:
    """The integrand that belongs to settings."""

    settings: EmbeddedSettings

    @property
    def phase_space(self) -> PhaseSpace:
        """The mapping from the unit cube."""
        chosen = self.settings
        mapping = PartonicPhaseSpace if chosen.pdf == NO_PDF else HadronicPhaseSpace
        return mapping(chosen.beam_energy, EWDIM6.higgs_mass, EWDIM6.w_mass, chosen.min_jet_pt, chosen.max_jet_eta)

    def evaluate(self, cube: FloatArray) -> HardPoints:
        """Evaluate the integrand at points (n, n_axes) of the unit cube."""
        chosen, process = self.settings, find_process(self.settings.process)
        points = self.phase_space.points(cube)
        cuts = JetCuts(chosen.min_jet_pt, chosen.max_jet_eta, chosen.min_jet_separation)
        passed = cuts.accepted(points.momenta[:, 2:4])
        accepted = points.inside.copy()
        accepted[accepted] = passed
        momenta, fractions = points.momenta[passed], points.fractions[passed]
        scales = self._scales(momenta)
        flux = 1.0 / (2.0 * 4.0 * momenta[:, 0, 0] * momenta[:, 1, 0])
        factor = process.average * flux * GEV_MINUS_2_IN_PB * chosen.branching_fraction * points.measure[passed]
        factor = factor * self._luminosity(fractions, scales)
        components = process.amplitude_components(momenta, chosen.t_channel_width)
        return HardPoints(accepted, momenta, scales, components, factor)

    def _scales(self, momenta: FloatArray) -> Scales:
        chosen = self.settings
        if chosen.scale == "fixed":
            scales = fixed_scales(len(momenta), chosen.scale_value)
        elif chosen.scale == "dynamical":
            lines = find_process(chosen.process).beam_lines
            scales = clustering_scales(momenta[:, :2], momenta[:, [line[1] for line in lines]])
        else:
            fraction = 0.5 if chosen.scale == "half_transverse_mass_sum" else 1.0
            scales = transverse_mass_scales(momenta[:, 2:], fraction)
        return floored(scales, chosen.scale_factor)

    def _luminosity(self, fractions: FloatArray, scales: Scales) -> FloatArray:
        """Return f_1(x1) f_2(x2), (n,)."""
        if self.settings.pdf == NO_PDF:
            return np.ones(len(fractions))
        densities = parton_densities.load(self.settings.pdf)
        product = np.ones(len(fractions))
        for beam, flavour in enumerate(find_process(self.settings.process).legs[:2]):
            product *= densities.xf(flavour, fractions[:, beam], scales.factorisation[:, beam]) / fractions[:, beam]
        return product
