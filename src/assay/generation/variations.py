"""Weights of other scales and parton densities, by name: what an LHE file has them under, and how they are computed.

At leading order in the electroweak theory the weight of an event depends on the factorisation scale alone, through the
densities of the incoming partons: w(f mu)/w(mu) is a ratio of products of two densities.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation import parton_densities
from assay.generation.kinematics import FloatArray
from assay.generation.scales import LOWEST_FACTORISATION_SCALE
from assay.generation.settings import NO_PDF, EmbeddedSettings

_SCALES = re.compile(r"mur_([0-9.e+-]+)_muf_([0-9.e+-]+)")
_MEMBER = re.compile(r"pdf_(\d+)")


@dataclass(frozen=True)
class Variation:
    """Factors on renormalisation and factorisation scale, and the member of the set of parton densities."""

    renormalisation: float = 1.0
    factorisation: float = 1.0
    member: int = 0

    @property
    def name(self) -> str:
        """The name of the weight in our LHE files."""
        if self.member:
            return f"pdf_{self.member}"
        return f"mur_{self.renormalisation:g}_muf_{self.factorisation:g}"


@dataclass(frozen=True)
class Partons:
    """Incoming partons of events: flavours, momentum fractions and factorisation scales in GeV, all (n, 2)."""

    flavours: NDArray[np.int32]
    fractions: FloatArray
    scales: FloatArray


def variation_of(name: str) -> Variation | None:
    """Return what a name of ours stands for; None for other names."""
    scales, member = _SCALES.fullmatch(name), _MEMBER.fullmatch(name)
    if scales is not None:
        return Variation(float(scales[1]), float(scales[2]))
    return Variation(member=int(member[1])) if member is not None else None


def variation_ratios(settings: EmbeddedSettings, partons: Partons, names: Sequence[str]) -> FloatArray:
    """Return weights of variations over nominal ones, (n, V), for events of the embedded generator.

    Parameters
    ----------
    settings
        What has been generated.
    partons
        The incoming partons of the events.
    names
        V names of variations.

    Raises
    ------
    GenerationError
        If a name is unknown, members of the set are not installed, or a ratio is not finite.
    """
    return ratios_of(lambda variation: _ratio(settings, partons, variation), len(partons.fractions), names)


def ratios_of(ratio: Callable[[Variation], FloatArray], n_events: int, names: Sequence[str]) -> FloatArray:
    """Return the ratios (n_events,) of named variations as columns, (n_events, V).

    Raises
    ------
    GenerationError
        If a name is unknown, or a ratio is not finite.
    """
    columns = [ratio(_known(name)) for name in names]
    ratios = np.stack(columns, axis=1) if columns else np.empty((n_events, 0))
    if not np.all(np.isfinite(ratios)):
        event, column = (int(index) for index in np.argwhere(~np.isfinite(ratios))[0])
        raise GenerationError(
            "the weight of a variation is not finite",
            where=f"event {event}, {names[column]}",
            expected="nominal parton densities other than zero",
        )
    return ratios


def _known(name: str) -> Variation:
    variation = variation_of(name)
    if variation is None:
        raise GenerationError(f"no weights {name!r} are known", expected="names such as mur_1_muf_2 or pdf_1")
    return variation


def _ratio(settings: EmbeddedSettings, partons: Partons, variation: Variation) -> FloatArray:
    ratio = np.ones(len(partons.fractions))
    if settings.pdf == NO_PDF:
        return ratio
    nominal = parton_densities.load(settings.pdf)
    varied = parton_densities.load(settings.pdf, variation.member)
    for beam in range(2):
        for flavour in np.unique(partons.flavours[:, beam]).tolist():
            rows = partons.flavours[:, beam] == flavour
            x, scale = partons.fractions[rows, beam], partons.scales[rows, beam]
            other = np.maximum(variation.factorisation * scale, LOWEST_FACTORISATION_SCALE)
            ratio[rows] *= varied.xf(flavour, x, other) / nominal.xf(flavour, x, scale)
    return ratio
