"""Why the recoil is set as it is: vector-boson fusion radiates little between its jets (arXiv:1710.00391)."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.simulation.pythia import ShowerSettings
from assay.simulation.root import read_objects
from assay.simulation.simulate import SimulationSettings, simulate

pytestmark = pytest.mark.slow


def test_dipole_recoil_radiates_fewer_third_jets(madgraph: Path, tmp_path: Path) -> None:
    shares = []
    for dipole_recoil in (True, False):
        settings = SimulationSettings(shower=ShowerSettings(dipole_recoil=dipole_recoil))
        found = []
        for seed in range(5):
            simulate(madgraph, tmp_path / "objects.root", settings, seed)
            found.append(np.asarray(ak.num(read_objects(tmp_path / "objects.root").jets)) > 2)
        shares.append(np.mean(found))
    error = np.sqrt(2 * 0.25 / 1000)
    assert shares[1] - shares[0] > 3 * error
