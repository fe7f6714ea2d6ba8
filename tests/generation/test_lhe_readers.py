"""Our files in other programs: pylhe and Pythia 8 read the events of every process without complaint."""

import numpy as np
import pytest

from assay.generation.embedded import EmbeddedSettings, generate, operators, prepare
from assay.generation.lhe import read_lhe, write_lhe
from assay.generation.processes import PROCESSES
from assay.generation.sampling import Effort

pytestmark = pytest.mark.fast

N_EVENTS = 60
DECAYS = {"wbf_higgs_w_fusion": ("a a", "stable"), "wh": ("b b~",), "zh": ("l+ l- l+ l-",), "wbf_higgs": ("b b~",)}
CASES = [(name, decay) for name in PROCESSES for decay in DECAYS.get(name, ("a a",))]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: " ".join(case))
def written(request, tmp_path_factory):
    """A file of a process, at a benchmark with an operator, and what is in it."""
    name, decay = request.param
    leptons = PROCESSES[name].lepton_beams
    settings = EmbeddedSettings(
        process=name,
        decay=decay,
        pdf="none" if leptons else EmbeddedSettings.pdf,
        beam_energy=100.0 if leptons else 6500.0,
    )
    couplings = {"sm": {}, "far": {operators(settings)[0]: 5.0}}
    prepared = prepare(settings, couplings, 3, Effort(2000, iterations=2, n_points_per_iteration=2000, n_bins=16))
    sample = generate(prepared, "far", N_EVENTS, 5)
    path = tmp_path_factory.mktemp("lhe") / "events.lhe.gz"
    write_lhe(path, sample)
    return path, sample


def test_we_read_them_with_all_our_checks(written):
    path, sample = written
    found = read_lhe(path)
    np.testing.assert_array_equal(found.pdg_id, sample.pdg_id)
    np.testing.assert_allclose(found.weights, sample.weights, rtol=1e-11)


def test_pylhe_reads_them(written):
    import pylhe

    path, sample = written
    events = list(pylhe.LHEFile.fromfile(str(path)).events)
    assert len(events) == N_EVENTS
    np.testing.assert_allclose([event.eventinfo.weight for event in events], sample.nominal_weights)
    np.testing.assert_allclose([event.weights["sm"] for event in events], sample.weight("sm"))
    assert [int(particle.id) for event in events for particle in event.particles] == sample.pdg_id.tolist()


def test_pythia_reads_and_showers_them_without_complaint(written, capfd):
    import pythia8mc

    path, sample = written
    pythia = pythia8mc.Pythia("", False)
    settings = (
        "Beams:frameType = 4",
        f"Beams:LHEF = {path}",
        "PartonLevel:MPI = off",
        "HadronLevel:all = off",
        "Next:numberCount = 0",
        "Next:numberShowLHA = 0",
        "Next:numberShowInfo = 0",
        "Next:numberShowProcess = 0",
        "Next:numberShowEvent = 0",
        "Init:showProcesses = off",
        "Init:showChangedSettings = off",
        "Init:showChangedParticleData = off",
        "Init:showMultipartonInteractions = off",
    )
    assert all(pythia.readString(setting) for setting in settings)
    assert pythia.init()
    capfd.readouterr()
    assert all(pythia.next() for _ in range(N_EVENTS))
    info = pythia.infoPython()
    ratios = dict(zip(info.weightNameVector(), info.weightValueVector(), strict=True))
    for name in sample.weight_names:
        assert ratios[name] == pytest.approx(sample.weight(name)[-1] / sample.nominal_weights[-1], rel=1e-6)
    assert info.sigmaGen() * 1e9 == pytest.approx(sample.cross_section, rel=1e-3)
    assert not pythia.next()
    said = capfd.readouterr()
    complaints = [line for line in (said.out + said.err).splitlines() if "Error" in line or "Warning" in line]
    assert not [line for line in complaints if "end of file" not in line.lower()], complaints[:3]
