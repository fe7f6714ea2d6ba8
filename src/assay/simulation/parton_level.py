"""The detector `none`: the generator's final state taken as it is.

Quarks and gluons become jets, photons and charged leptons themselves, neutrinos (and other invisible particles) the
missing momentum. What cannot be observed as such (undecayed bosons, top quarks, taus) stays among `particles` only.
"""

from __future__ import annotations

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.generation.lhe import LHESample
from assay.simulation.candidates import INVISIBLE
from assay.simulation.objects import collection, make_objects


def parton_level(sample: LHESample) -> ak.Array:
    """Return a generator's events as reconstructed objects (`assay.simulation.objects`)."""
    n_events = len(sample)
    event = np.repeat(np.arange(n_events), sample.particle_counts)
    final = sample.status == 1
    event, pdgid = event[final], sample.pdg_id[final].astype(np.int64)
    columns = _columns(sample.four_momenta[final], sample.masses[final], pdgid)
    code = np.abs(pdgid)

    def chosen(name: str, mask: NDArray[np.bool_]) -> ak.Array:
        counts = np.bincount(event[mask], minlength=n_events)
        return collection(name, counts, {field: column[mask] for field, column in columns.items()})

    invisible = np.isin(code, INVISIBLE)
    px, py = (
        np.bincount(event[invisible], weights=sample.four_momenta[final][invisible, i], minlength=n_events)
        for i in (1, 2)
    )
    return make_objects(
        jets=chosen("jets", (code <= 5) | (code == 21)),
        electrons=chosen("electrons", code == 11),
        muons=chosen("muons", code == 13),
        photons=chosen("photons", code == 22),
        particles=chosen("particles", np.ones(len(code), dtype=bool)),
        met_pt=np.hypot(px, py),
        met_phi=np.arctan2(py, px),
        event_number=sample.event_number,
        weight=sample.nominal_weights,
    )


def _columns(
    momenta: NDArray[np.float64], masses: NDArray[np.float64], pdgid: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    code = np.abs(pdgid)
    px, py, pz = momenta[:, 1], momenta[:, 2], momenta[:, 3]
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.arcsinh(pz / pt)
    charged_lepton = np.isin(code, (11, 13, 15))
    charge = np.where(charged_lepton, -np.sign(pdgid), np.where(code == 24, np.sign(pdgid), 0))
    return {
        "pt": pt,
        "eta": eta,
        "phi": np.arctan2(py, px),
        "mass": np.where(code == 22, 0.0, masses),
        "btag": (code == 5).astype(np.float64),
        "flavour": np.where(np.isin(code, (4, 5)), code, 0).astype(np.float64),
        "charge": charge.astype(np.float64),
        "pdgid": pdgid.astype(np.float64),
    }
