"""The integrand of a cross section: phase space, cuts, densities and amplitudes put together.

A cross section is a sum over channels of integration: a class of flavour channels with one |M|^2, and one mapping of
its phase space. Where a class has several mappings, with densities g_i, mapping i takes the share
g_i^2 / sum_j g_j^2 of the integrand (arXiv:hep-ph/9405257; the power keeps each of them out of the others' peaks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation import parton_densities
from assay.generation.amplitude import Amplitude, amplitude_of, flavour_channels
from assay.generation.flavours import FlavourClass, chosen_channels, flavour_classes
from assay.generation.kinematics import ComplexArray, FloatArray
from assay.generation.model import GEV_MINUS_2_IN_PB
from assay.generation.phase_space import Mapping
from assay.generation.processes import FinalState, find_process
from assay.generation.scales import Scales, scales_of
from assay.generation.settings import NO_PDF, EmbeddedSettings


@dataclass(frozen=True)
class Channel:
    """A channel of integration: a class of flavours, its amplitude, all its mappings and which of these is meant.

    `columns` are the components of a coupling vector (1, c_1, ...) of the process on which the amplitude depends;
    `root` (F, F) turns colour flows into amplitudes that do not interfere.
    """

    flavours: FlavourClass
    amplitude: Amplitude
    mappings: tuple[Mapping, ...]
    number: int
    columns: NDArray[np.intp]
    root: FloatArray

    @property
    def mapping(self) -> Mapping:
        """The mapping of this channel."""
        return self.mappings[self.number]

    @property
    def n_axes(self) -> int:
        """Number of variables."""
        return self.mapping.n_axes

    def measure(self, momenta: FloatArray) -> FloatArray:
        """Return the mapping's measure times its share of the integrand, (n,)."""
        if len(self.mappings) == 1:
            return self.mapping.measure(momenta)
        density = 1.0 / np.stack([mapping.measure(momenta) for mapping in self.mappings])
        relative = density / np.max(density, axis=0)
        share = relative[self.number] ** 2 / np.sum(relative**2, axis=0)
        measure: FloatArray = share / density[self.number]
        return measure

    def components(self, momenta: FloatArray) -> ComplexArray:
        """Return the amplitude's components, (n, helicities, F, 1 + K), of any number of events, none included."""
        if not len(momenta):
            return np.zeros((0, 1, len(self.root), len(self.columns)), dtype=np.complex128)
        return self.amplitude.components(momenta)

    def squares(self, components: ComplexArray, couplings: FloatArray) -> FloatArray:
        """Return |M|^2, (n, B), of components (n, helicities, F, 1 + K) at couplings (B, 1 + operators)."""
        amplitudes = components @ couplings[:, self.columns].T
        if len(self.root) == 1:
            amplitudes = amplitudes * self.root[0, 0]
        else:
            amplitudes = np.einsum("gf,nhfb->nhgb", self.root, amplitudes)
        squares: FloatArray = np.sum(amplitudes.real**2 + amplitudes.imag**2, axis=(1, 2))
        return squares

    def flow_weights(self, components: ComplexArray, couplings: FloatArray) -> FloatArray:
        """Return the squared amplitude of each colour flow, (n, F), at one coupling vector (1 + operators,)."""
        if len(self.root) == 1:
            return np.ones((len(components), 1))
        squares = np.abs(components @ couplings[self.columns]) ** 2
        weights: FloatArray = np.sum(squares, axis=1) * np.diag(self.amplitude.colour)
        return weights


@dataclass(frozen=True)
class HardPoints:
    """Points of phase space that pass the cuts.

    Attributes
    ----------
    channel
        Whose they are.
    accepted
        (n_points,) which of the points asked for these are; all other arrays have one row per True.
    momenta
        (n, legs, 4) in GeV, with the first cluster in the x-z plane.
    scales
        Scales per point.
    components
        (n, helicities, F, 1 + K) amplitude components.
    luminosities
        (n, combinations) products of densities of the flavours of the class.
    factor
        (n,) pb per squared amplitude and unit cube volume.
    """

    channel: Channel
    accepted: NDArray[np.bool_]
    momenta: FloatArray
    scales: Scales
    components: ComplexArray
    luminosities: FloatArray
    factor: FloatArray

    def differential(self, couplings: FloatArray) -> FloatArray:
        """Return dsigma per unit cube volume in pb, (n, B), at coupling vectors (B, 1 + operators).

        Raises
        ------
        GenerationError
            If any value is negative or not finite.
        """
        values: FloatArray = self.factor[:, None] * self.channel.squares(self.components, couplings)
        if not np.all(np.isfinite(values)) or np.any(values < 0.0):
            bad = int(np.sum(~np.isfinite(values) | (values < 0.0)))
            raise GenerationError(
                f"{bad} differential cross sections are negative or not finite",
                expected="parton densities that are positive in the range of the beams' energy",
                mend="choose another set of parton densities or a larger scale",
            )
        return values


class Integrand(Protocol):
    """What can be sampled: a sum over channels."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels of integration."""

    def evaluate(self, channel: Channel, cube: FloatArray) -> HardPoints:
        """Evaluate the integrand at points (n, n_axes) of the unit cube of a channel."""


@dataclass(frozen=True)
class HardProcess:
    """The integrand of a cross section in pb; coupling vectors are (1, c_1, ...) in the order of `operators`."""

    settings: EmbeddedSettings
    operators: tuple[str, ...]

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """All channels of integration."""
        return tuple(channel for flavours in classes_of(self.settings) for channel in self._channels_of(flavours))

    def _channels_of(self, flavours: FlavourClass) -> list[Channel]:
        chosen, process = self.settings, find_process(self.settings.process)
        amplitude = _amplitude(chosen, flavours)
        state = FinalState(flavours.legs, chosen.inputs, chosen.cuts, chosen.options.s_channel)
        mappings = tuple(
            Mapping(clusters, chosen.beam_energy, chosen.pdf != NO_PDF, process.pt_scale)
            for clusters in process.clusters(state)
        )
        return channels_of(flavours, amplitude, mappings, self.operators)

    def evaluate(self, channel: Channel, cube: FloatArray) -> HardPoints:
        """Evaluate the integrand at points (n, n_axes) of the unit cube of a channel."""
        chosen = self.settings
        accepted, momenta = channel.mapping.points(cube)
        passed = chosen.cuts.accepted(channel.flavours.legs[2:], momenta[:, 2:])
        accepted[accepted] = passed
        momenta = momenta[passed]
        scales = scales_of(chosen.scale, chosen.scale_value, chosen.scale_factor, channel.amplitude.flows, momenta)
        luminosities = self._luminosities(channel.flavours, momenta, scales)
        flux = GEV_MINUS_2_IN_PB / (2.0 * 4.0 * momenta[:, 0, 0] * momenta[:, 1, 0])
        factor = flux * channel.measure(momenta) * luminosities.sum(axis=1)
        components = channel.components(momenta)
        return HardPoints(channel, accepted, momenta, scales, components, luminosities, factor)

    def _luminosities(self, flavours: FlavourClass, momenta: FloatArray, scales: Scales) -> FloatArray:
        """Return f(x1) f(x2), (n, combinations), where leg 0 has x1 whichever beam it comes from."""
        result = np.ones((len(momenta), len(flavours.combinations)))
        if self.settings.pdf == NO_PDF:
            return result
        densities = parton_densities.load(self.settings.pdf)
        for leg in range(2):
            x = momenta[:, leg, 0] / self.settings.beam_energy
            needed: Sequence[int] = sorted({combination.legs[leg] for combination in flavours.combinations})
            values = {flavour: densities.xf(flavour, x, scales.factorisation[:, leg]) / x for flavour in needed}
            for number, combination in enumerate(flavours.combinations):
                result[:, number] *= values[combination.legs[leg]]
        return result


def classes_of(settings: EmbeddedSettings) -> tuple[FlavourClass, ...]:
    """Return the classes of the flavour channels that the settings choose.

    Raises
    ------
    GenerationError
        If there are none.
    """
    process = find_process(settings.process)
    channels = flavour_channels(process.name, settings.options)
    if not channels:
        raise GenerationError(
            f"no channel of {process.name} is left without {', '.join(settings.exclude)}",
            expected="bosons of which the process has diagrams",
            mend="exclude fewer",
        )
    pattern = settings.channels or process.channels
    return flavour_classes(chosen_channels(pattern, channels) if pattern else channels)


def process_operators(settings: EmbeddedSettings) -> frozenset[str]:
    """Return the operators that change any channel of the hard process."""
    return frozenset(name for flavours in classes_of(settings) for name in _amplitude(settings, flavours).operators)


def channels_of(
    flavours: FlavourClass, amplitude: Amplitude, mappings: Sequence[Mapping], operators: tuple[str, ...]
) -> list[Channel]:
    """Return the channels of integration of a class, one per mapping."""
    columns = np.array([0, *(1 + operators.index(name) for name in amplitude.operators)])
    root = _root(amplitude.colour)
    return [Channel(flavours, amplitude, tuple(mappings), number, columns, root) for number in range(len(mappings))]


def _amplitude(settings: EmbeddedSettings, flavours: FlavourClass) -> Amplitude:
    return amplitude_of(settings.process, flavours.legs, settings.options)


def _root(matrix: FloatArray) -> FloatArray:
    """Return R with R^T R = matrix, of a positive semi-definite matrix (F, F)."""
    values, vectors = np.linalg.eigh(matrix)
    root: FloatArray = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return root
