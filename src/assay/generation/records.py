"""Event records of the embedded generator: incoming partons, W and Z bosons, the Higgs boson, other particles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from assay.generation.amplitudes.higgs_decays import HIGGS
from assay.generation.flavours import charge_of
from assay.generation.higgs_decay import HiggsProducts
from assay.generation.kinematics import FloatArray, minkowski_product
from assay.generation.lhe.sample import Beams
from assay.generation.model import ElectroweakInputs
from assay.generation.processes import W_PLUS, WIDTHS_ON_SHELL, Z_BOSON, find_process
from assay.generation.scales import strong_coupling
from assay.generation.settings import NO_PDF, EmbeddedSettings
from assay.generation.unweighting import HardEvents

INCOMING, OUTGOING, INTERMEDIATE = -1, 1, 2
BOTTOM = 5
SCALAR, UNKNOWN_SPIN = 0.0, 9.0
LHAPDF_NUMBERS = {"NNPDF23_lo_as_0130_qed": 247000}


class Records(TypedDict):
    """The fields of `LHESample` that follow from momenta, flavours and scales."""

    offsets: NDArray[np.int64]
    pdg_id: NDArray[np.int32]
    status: NDArray[np.int32]
    mothers: NDArray[np.int32]
    colours: NDArray[np.int32]
    four_momenta: FloatArray
    masses: FloatArray
    spins: FloatArray
    event_number: NDArray[np.int64]
    scales: FloatArray
    alpha_qed: FloatArray
    alpha_qcd: FloatArray
    beams: Beams


@dataclass(frozen=True)
class _Column:
    """One particle of every event: `mother` is another column, or None for those of the collision."""

    pdg_id: NDArray[np.int32]
    status: int
    momenta: FloatArray
    mass: FloatArray
    colours: NDArray[np.int32]
    mother: int | None = None
    present: NDArray[np.bool_] | None = None


def event_records(settings: EmbeddedSettings, hard: HardEvents, products: HiggsProducts | None) -> Records:
    """Return the records of events, with the Higgs boson's decay products, or with a stable one."""
    columns = _columns(settings, hard, products)
    n_events = len(hard)
    present = np.stack([np.ones(n_events, dtype=np.bool_) if c.present is None else c.present for c in columns], axis=1)
    rows = present.ravel()
    # one-based position within the event; a mother that is not written leaves her daughters to the incoming partons
    positions = np.cumsum(present, axis=1)
    mothers = np.zeros((n_events, len(columns), 2), dtype=np.int32)
    for number, column in enumerate(columns):
        if column.status != INCOMING:
            mothers[:, number] = (1, 2)
        if column.mother is not None:
            known = present[:, column.mother]
            mothers[known, number] = positions[known, column.mother][:, None]
    pdg_id = np.stack([column.pdg_id for column in columns], axis=1)
    status = np.tile(np.array([column.status for column in columns], dtype=np.int32), n_events)
    return Records(
        offsets=np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.int64),
        pdg_id=pdg_id.ravel()[rows],
        status=status[rows],
        mothers=mothers.reshape(-1, 2)[rows],
        colours=np.stack([column.colours for column in columns], axis=1).reshape(-1, 2)[rows],
        four_momenta=np.stack([column.momenta for column in columns], axis=1).reshape(-1, 4)[rows],
        masses=np.stack([column.mass for column in columns], axis=1).ravel()[rows],
        spins=_spins(settings, pdg_id, 0 if products is None else products.momenta.shape[1]).ravel()[rows],
        event_number=np.arange(n_events, dtype=np.int64),
        scales=hard.scales.shower_start,
        alpha_qed=np.full(n_events, settings.inputs.alpha),
        alpha_qcd=strong_coupling(hard.renormalisation),
        beams=_beams(settings, hard),
    )


def _columns(settings: EmbeddedSettings, hard: HardEvents, products: HiggsProducts | None) -> list[_Column]:
    """Return the particles in the order in which they are written."""
    inputs = settings.inputs
    masses = {HIGGS: inputs.higgs_mass, W_PLUS: inputs.w_mass, Z_BOSON: inputs.z_mass}
    legs = hard.pdg_ids[0] if len(hard) else np.zeros(0, dtype=np.int32)
    boson_pairs = _boson_pairs(settings, hard)
    mother_of: dict[int, int] = {}
    columns = [_leg(hard, leg, 0.0, INCOMING) for leg in (0, 1)]
    for pair in boson_pairs:
        mother_of |= dict.fromkeys(pair, len(columns))
        columns.append(_boson(hard, pair, inputs))
    order = sorted(range(2, len(legs)), key=lambda leg: abs(legs[leg]) != HIGGS)
    for leg in order:
        decayed = abs(legs[leg]) == HIGGS and products is not None
        if decayed:
            higgs = len(columns)
        mass = masses.get(abs(int(legs[leg])), 0.0)
        columns.append(_leg(hard, leg, mass, INTERMEDIATE if decayed else OUTGOING, mother_of.get(leg)))
    return columns + (_product_columns(hard, products, inputs, higgs) if products is not None else [])


def _leg(hard: HardEvents, leg: int, mass: float, status: int, mother: int | None = None) -> _Column:
    masses = np.full(len(hard), mass)
    return _Column(hard.pdg_ids[:, leg], status, hard.momenta[:, leg], masses, hard.colours[:, leg], mother)


def _boson_pairs(settings: EmbeddedSettings, hard: HardEvents) -> list[tuple[int, int]]:
    """Return the pairs of legs that are the leptons of a W or Z boson, the same legs in all events of a process."""
    leptons = [leg for leg in range(2, hard.pdg_ids.shape[1]) if 11 <= abs(int(hard.pdg_ids[0, leg])) <= 16]
    if settings.lepton_beams and not leptons:
        return []
    return [(leptons[i], leptons[i + 1]) for i in range(0, len(leptons), 2)]


def _boson(hard: HardEvents, pair: tuple[int, int], inputs: ElectroweakInputs) -> _Column:
    """Return the W or Z boson of two leptons, written where it is on its mass shell."""
    momenta = hard.momenta[:, pair[0]] + hard.momenta[:, pair[1]]
    mass = np.sqrt(np.maximum(minkowski_product(momenta, momenta), 0.0))
    flavours, which = np.unique(hard.pdg_ids[:, pair], axis=0, return_inverse=True)
    charges = np.array([round(charge_of(ids)) for ids in flavours.tolist()])[which.ravel()]
    pole = np.where(charges == 0, inputs.z_mass, inputs.w_mass)
    width = np.where(charges == 0, inputs.z_width, inputs.w_width)
    pdg_id = np.where(charges == 0, Z_BOSON, W_PLUS * charges).astype(np.int32)
    colours = np.zeros((len(hard), 2), dtype=np.int32)
    on_shell = np.abs(mass - pole) < WIDTHS_ON_SHELL * width
    return _Column(pdg_id, INTERMEDIATE, momenta, mass, colours, present=on_shell)


def _product_columns(
    hard: HardEvents, products: HiggsProducts, inputs: ElectroweakInputs, mother: int
) -> list[_Column]:
    bottom = np.abs(products.pdg_id) == BOTTOM
    return [
        _Column(
            products.pdg_id[:, number],
            OUTGOING,
            products.momenta[:, number],
            np.where(bottom[:, number], inputs.bottom_mass, 0.0),
            np.tile(np.array(colours, dtype=np.int32), (len(hard), 1)),
            mother,
        )
        for number, colours in enumerate(products.colours)
    ]


def _spins(settings: EmbeddedSettings, pdg_id: NDArray[np.int32], n_products: int) -> FloatArray:
    """Return helicities (n, particles) where the process leaves no choice; 9 is unknown.

    What comes of the Higgs boson, the last columns, has either helicity.
    """
    spins = np.where(pdg_id == HIGGS, SCALAR, UNKNOWN_SPIN)
    if find_process(settings.process).left_handed:
        hard = slice(pdg_id.shape[1] - n_products)
        fermions = np.abs(pdg_id[:, hard]) <= 16
        spins[:, hard] = np.where(fermions, -np.sign(pdg_id[:, hard]), spins[:, hard])
    return spins


def _beams(settings: EmbeddedSettings, hard: HardEvents) -> Beams:
    energy = (settings.beam_energy, settings.beam_energy)
    if settings.pdf == NO_PDF:
        return Beams((int(hard.pdg_ids[0, 0]), int(hard.pdg_ids[0, 1])), energy)
    number = LHAPDF_NUMBERS.get(settings.pdf, 0)
    return Beams(energy=energy, pdf_set=(number, number))
