"""Events as the generator made them, beside what a detector saw of them.

`p` of the expression language are the final-state particles of the generator's file in the order in which they stand
there (as in MadMiner's LHE reader): `p[0]` is the first outgoing particle of the process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.generation.lhe import LHESample
from assay.observables.kinematics import Array

_CHARGED_LEPTONS = (11, 13, 15)
_UP, _DOWN = (2, 4, 6), (1, 3, 5)


@dataclass(frozen=True, eq=False)
class Generated:
    """Some of a generator's events.

    Parameters
    ----------
    sample
        The generator's events.
    places
        Which of them, in this order, shape `(n_events,)`.
    """

    sample: LHESample
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    def number(self, name: str) -> Array:
        """Return a number of `assay.study.vocabulary.EVENT_NUMBERS`, shape `(n_events,)`."""
        values = {
            "scale": self.sample.scales,
            "alpha_qed": self.sample.alpha_qed,
            "alpha_qcd": self.sample.alpha_qcd,
            "n_particles": self.sample.particle_counts,
        }[name]
        return np.asarray(values[self.places], dtype=np.float64)

    def final_state(self) -> tuple[NDArray[np.int64], dict[str, Array]]:
        """Return particles per event, and pt, eta, phi, m, pdgid, charge, spin of all, each `(n_particles,)`."""
        sample = self.sample
        counts = sample.particle_counts[self.places]
        first = sample.offsets[self.places]
        rows = np.arange(counts.sum()) + np.repeat(first - np.cumsum(counts) + counts, counts)
        final = sample.status[rows] == 1
        event = np.repeat(np.arange(len(self)), counts)[final]
        rows = rows[final]
        _, px, py, pz = sample.four_momenta[rows].T
        pt, pdgid = np.hypot(px, py), sample.pdg_id[rows].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            eta = np.arcsinh(pz / pt)
        columns = {
            "pt": pt,
            "eta": eta,
            "phi": np.arctan2(py, px),
            "m": sample.masses[rows],
            "pdgid": pdgid,
            "charge": charges(pdgid),
            "spin": sample.spins[rows],
        }
        return np.bincount(event, minlength=len(self)), columns


def charges(pdgid: Array) -> Array:
    """Return electric charges by PDG number, in units of the proton's; those of quarks, leptons and bosons."""
    code, sign = np.abs(pdgid), np.sign(pdgid)
    charge = np.select(
        [np.isin(code, _UP), np.isin(code, _DOWN), np.isin(code, _CHARGED_LEPTONS), np.isin(code, (24, 37))],
        [2.0 / 3.0, -1.0 / 3.0, -1.0, 1.0],
        0.0,
    )
    return np.asarray(sign * charge)
