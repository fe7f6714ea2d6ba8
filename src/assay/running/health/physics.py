"""Stages 1-6: the generator, the shower, jets, columnar events."""

from __future__ import annotations

import tempfile
from pathlib import Path

from assay.running.health.finding import Check

_PROCESS = "wbf_higgs_w_fusion"
_LEGS = (2, 1, 2, 1, 25)
_MOMENTA = (
    (125.0, 0.0, 0.0, 125.0),
    (125.0, 0.0, 0.0, -125.0),
    (55.371454377164476, 22.954350781169509, -48.104980091975733, -15.000221011973407),
    (66.697773781176068, -46.000687871045059, 48.293630815129909, 0.50494103374585497),
    (127.93077184165945, 23.046337089875554, -0.18865072315421169, 14.495279978227552),
)
"""u d > u d h at 250 GeV: (E, px, py, pz) in GeV."""
_SQUARES = {0.0: 7.3549161095694102e-07, 10.0: 7.8146018672525814e-07}
"""CWL2 in TeV^-2 -> |M|^2 of MadGraph5_aMC@NLO 3.5.7 at that point (`tests/data/matrix-elements`)."""
_TOLERANCE = 1e-9
_MEND = "pip install 'assay[physics]', or use the image assay-physics"


def generator() -> str:
    """Compare the embedded matrix element with MadGraph's at one phase-space point, in the SM and beyond it."""
    import numpy as np

    from assay.generation.amplitude import AmplitudeOptions
    from assay.generation.matrix_element import squared_matrix_element

    standalone = AmplitudeOptions(t_channel_width=True)
    momenta = np.array([_MOMENTA])
    for coefficient, expected in _SQUARES.items():
        found = float(squared_matrix_element(_PROCESS, momenta, {"CWL2": coefficient}, _LEGS, standalone)[0])
        if not abs(found / expected - 1.0) < _TOLERANCE:
            raise ValueError(f"|M|^2 at CWL2 = {coefficient} is {found:.12g}, not {expected:.12g}")
    return f"|M|^2 of u d > u d h agrees with MadGraph's at {_TOLERANCE:.0e}"


def pythia() -> str:
    """Start Pythia, which reads its data files, and hadronise one pair of quarks."""
    import pythia8mc

    shower = pythia8mc.Pythia("", False)
    for line in ("Print:quiet = on", "ProcessLevel:all = off", "Random:setSeed = on", "Random:seed = 1"):
        shower.readString(line)
    if not shower.init():
        raise RuntimeError("Pythia does not initialise; are its data files there?")
    energy = 50.0
    shower.event.reset()
    shower.event.append(2, 23, 101, 0, 0.0, 0.0, energy, energy, 0.0)
    shower.event.append(-2, 23, 0, 101, 0.0, 0.0, -energy, energy, 0.0)
    if not shower.next():
        raise RuntimeError("Pythia does not hadronise a pair of quarks")
    total = sum(particle.e() for particle in shower.event if particle.isFinal())
    if not abs(total - 2 * energy) < 1e-3:
        raise ValueError(f"hadrons of {total:.6f} GeV from quarks of {2 * energy} GeV")
    return f"Pythia {shower.parm('Pythia:versionNumber'):.3f}; it hadronises"


def jets() -> str:
    """Cluster three particles into two jets."""
    import awkward as ak
    import fastjet

    particles = ak.zip(
        {"px": [50.0, 40.0, -30.0], "py": [1.0, 0.0, 0.0], "pz": [0.0, 0.0, 0.0], "E": [51.0, 41.0, 31.0]},
        with_name="Momentum4D",
    )
    found = fastjet.ClusterSequence(particles, fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)).inclusive_jets(
        10.0
    )
    if sorted(ak.to_list(found.E)) != [31.0, 92.0]:
        raise ValueError(f"jets of {ak.to_list(found.E)} GeV from particles of 51, 41 and 31 GeV")
    return f"fastjet {fastjet.__version__}"


def columns() -> str:
    """Write lists of numbers into a ROOT tree, and read them back."""
    import awkward as ak
    import uproot

    written = ak.Array([[1.0, 2.5], [], [3.0]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "objects.root"
        with uproot.recreate(path) as file:
            file.mktree("Delphes", {"Jet_PT": "var * float64"})
            file["Delphes"].extend({"Jet_PT": written})
        with uproot.open(path) as file:
            found = file["Delphes/Jet_PT"].array()
    if ak.to_list(found) != ak.to_list(written):
        raise ValueError("a tree does not hold what was written")
    return f"awkward {ak.__version__}, uproot {uproot.__version__}"


CHECKS = (
    Check("generator", generator, "report it: this environment computes wrongly"),
    Check("Pythia", pythia, _MEND),
    Check("jets", jets, _MEND),
    Check("columns", columns, _MEND),
)
