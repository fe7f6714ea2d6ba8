"""Event records of the embedded generator: particles in the order of MadGraph's files."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from assay.generation.kinematics import FloatArray
from assay.generation.lhe.sample import Beams
from assay.generation.model import EWDIM6
from assay.generation.processes import Process, find_process
from assay.generation.scales import strong_coupling
from assay.generation.settings import NO_PDF, EmbeddedSettings
from assay.generation.unweighting import HardEvents

INCOMING, OUTGOING, INTERMEDIATE = -1, 1, 2
PHOTON = 22
LEFT_HANDED, SCALAR, UNKNOWN_SPIN = -1.0, 0.0, 9.0
LEG_ORDER = (0, 1, 4, 2, 3)
"""Incoming quarks, Higgs boson, outgoing quarks."""
HIGGS_POSITION = 3

LHAPDF_NUMBERS = {"NNPDF23_lo_as_0130_qed": 247000}


class Records(TypedDict):
    """The fields of `LHESample` that follow from momenta and scales."""

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


def event_records(settings: EmbeddedSettings, hard: HardEvents, photons: FloatArray | None) -> Records:
    """Return the records of events, with the Higgs boson's photons (n, 2, 4) or with a stable Higgs boson."""
    process = find_process(settings.process)
    n_events = len(hard.momenta)
    momenta = hard.momenta[:, LEG_ORDER]
    extra = 0
    if photons is not None:
        momenta, extra = np.concatenate([momenta, photons], axis=1), 2
    n_particles = momenta.shape[1]

    def repeated(values: list[int] | list[tuple[int, int]]) -> NDArray[np.int32]:
        array = np.array(values, dtype=np.int32)
        return np.tile(array, (n_events, *([1] * (array.ndim - 1))))

    decayed = INTERMEDIATE if extra else OUTGOING
    return Records(
        offsets=np.arange(n_events + 1, dtype=np.int64) * n_particles,
        pdg_id=repeated([process.legs[leg] for leg in LEG_ORDER] + [PHOTON] * extra),
        status=repeated([INCOMING, INCOMING, decayed, OUTGOING, OUTGOING] + [OUTGOING] * extra),
        mothers=repeated([(0, 0)] * 2 + [(1, 2)] * 3 + [(HIGGS_POSITION, HIGGS_POSITION)] * extra),
        colours=repeated([process.colours[leg] for leg in LEG_ORDER] + [(0, 0)] * extra),
        four_momenta=momenta.reshape(-1, 4),
        masses=np.tile([0.0, 0.0, EWDIM6.higgs_mass, 0.0, 0.0] + [0.0] * extra, n_events),
        spins=np.tile([LEFT_HANDED] * 2 + [SCALAR] + [LEFT_HANDED] * 2 + [UNKNOWN_SPIN] * extra, n_events),
        event_number=np.arange(n_events, dtype=np.int64),
        scales=hard.scales.shower_start,
        alpha_qed=np.full(n_events, EWDIM6.alpha),
        alpha_qcd=strong_coupling(hard.scales.renormalisation),
        beams=_beams(settings, process),
    )


def _beams(settings: EmbeddedSettings, process: Process) -> Beams:
    energy = (settings.beam_energy, settings.beam_energy)
    if settings.pdf == NO_PDF:
        return Beams((process.legs[0], process.legs[1]), energy)
    number = LHAPDF_NUMBERS.get(settings.pdf, 0)
    return Beams(energy=energy, pdf_set=(number, number))
