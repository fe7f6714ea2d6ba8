"""Weights of other scales and parton densities for MadGraph's events, without LHAPDF.

With `use_syst` MadGraph notes for each event what its weight was made of: momentum fractions, flavours and scales of
both partons, the renormalisation scale and the power of alpha_s (`<mgrwt>`). From that,

    w(mur', muf') / w = product over beams of f(x, muf') / f(x, muf) times (alpha_s(mur') / alpha_s(mur))^n,

as MadGraph's own module computes it with LHAPDF (arXiv:1110.4738, section 2). Events that were merged with a shower
have several scales per beam; theirs are not computed here.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError, LHEError
from assay.generation import parton_densities
from assay.generation.kinematics import FloatArray
from assay.generation.lhe.sample import Beams
from assay.generation.records import LHAPDF_NUMBERS
from assay.generation.scales import LOWEST_FACTORISATION_SCALE, strong_coupling
from assay.generation.variations import Variation, ratios_of

ANTIPROTON = -2212
_HADRONS = (2212, ANTIPROTON)
_RECORD = re.compile(r"<mgrwt>(.*?)</mgrwt>", re.DOTALL)
_SCALE = re.compile(r"<rscale>\s*(\d+)\s+(\S+?)\s*</rscale>")
_PARTON = re.compile(r"<pdfrwt beam=\"([12])\">\s*(\d+)\s+(-?\d+)\s+(\S+)\s+(\S+?)\s*</pdfrwt>")


@dataclass(frozen=True)
class Origins:
    """What the weights of E events were made of.

    Attributes
    ----------
    power
        (E,) of alpha_s.
    renormalisation
        (E,) scale in GeV.
    flavours, fractions, factorisation
        (E, 2) PDG ids, momentum fractions and scales in GeV of the partons of beams 1 and 2.
    """

    power: NDArray[np.int64]
    renormalisation: FloatArray
    flavours: NDArray[np.int64]
    fractions: FloatArray
    factorisation: FloatArray


def read_origins(path: Path) -> Origins:
    """Read what MadGraph noted of the weights of its events.

    Raises
    ------
    LHEError
        If an event lacks it, or was merged.
    """
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        text = stream.read()
    rows = []
    for number, body in enumerate(text.split("<event>")[1:]):
        record = _RECORD.search(body)
        scale = _SCALE.search(record[1]) if record else None
        partons = _PARTON.findall(record[1]) if record else []
        if scale is None or [parton[:2] for parton in partons] != [("1", "1"), ("2", "1")]:
            raise LHEError(
                "the event does not say what its weight was made of",
                where=f"{path.name}, event {number}",
                expected="<mgrwt> with one density per beam",
                mend="set use_syst = True in the run card, or leave out systematics of scales and densities: "
                "those of merged events (ickkw) cannot be computed",
            )
        flat = [value for parton in partons for value in parton[2:]]
        rows.append([float(value.lower().replace("d", "e")) for value in (scale[1], scale[2], *flat)])
    table = np.array(rows, dtype=np.float64).reshape(-1, 8)
    return Origins(
        power=table[:, 0].astype(np.int64),
        renormalisation=table[:, 1],
        flavours=table[:, [2, 5]].astype(np.int64),
        fractions=table[:, [3, 6]],
        factorisation=table[:, [4, 7]],
    )


def variation_ratios(origins: Origins, beams: Beams, names: Sequence[str]) -> FloatArray:
    """Return weights of variations over nominal ones, (E, V).

    Parameters
    ----------
    origins
        What the nominal weights were made of.
    beams
        Of the file: they name the densities.
    names
        V names of variations, such as mur_1_muf_2 or pdf_1.

    Raises
    ------
    GenerationError
        If a name is unknown, the densities do not come with Pythia, or a ratio is not finite.
    """
    return ratios_of(lambda variation: _ratio(origins, beams, variation), len(origins.power), names)


def _ratio(origins: Origins, beams: Beams, variation: Variation) -> FloatArray:
    scale = origins.renormalisation
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: FloatArray = (
            strong_coupling(variation.renormalisation * scale) / strong_coupling(scale)
        ) ** origins.power
    for beam in (0, 1):
        if beams.pdg_id[beam] in _HADRONS:
            ratio = ratio * _density_ratio(origins, beams, variation, beam)
    return ratio


def _density_ratio(origins: Origins, beams: Beams, variation: Variation, beam: int) -> FloatArray:
    name = _set_of(beams.pdf_set[beam])
    nominal, varied = parton_densities.load(name), parton_densities.load(name, variation.member)
    sign = -1 if beams.pdg_id[beam] == ANTIPROTON else 1
    x, scale = origins.fractions[:, beam], origins.factorisation[:, beam]
    other = np.maximum(variation.factorisation * scale, LOWEST_FACTORISATION_SCALE)
    ratio = np.ones(len(x))
    for flavour in np.unique(origins.flavours[:, beam]):
        chosen = origins.flavours[:, beam] == flavour
        of_proton = int(flavour) if abs(flavour) in (21, 22) else sign * int(flavour)
        above = varied.xf(of_proton, x[chosen], other[chosen])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio[chosen] = above / nominal.xf(of_proton, x[chosen], scale[chosen])
    return ratio


def _set_of(number: int) -> str:
    for name, known in LHAPDF_NUMBERS.items():
        if known == number:
            return name
    raise GenerationError(
        f"weights of other scales and densities cannot be computed for LHAPDF's set {number}",
        expected=f"one of {', '.join(f'{name} ({known})' for name, known in LHAPDF_NUMBERS.items())}",
        mend="take pdlabel nn23lo1 in the run card; or have MadGraph's own module make the weights (use_syst True, "
        "systematics_program systematics, LHAPDF installed) and name them in systematics of kind weights",
    )
