"""Event records of every process: what Pythia, pylhe and physics ask of them."""

from dataclasses import replace

import numpy as np
import pylhe
import pytest

from assay.generation.cuts import Cuts
from assay.generation.embedded import Effort, EmbeddedSettings, generate, prepare
from assay.generation.flavours import charge_of
from assay.generation.kinematics import minkowski_product
from assay.generation.lhe import read_lhe, write_lhe

pytestmark = pytest.mark.slow

SETTINGS = {
    "wbf_higgs_w_fusion": EmbeddedSettings(),
    "wbf_higgs": EmbeddedSettings("wbf_higgs", s_channel=True, decay="stable"),
    "wh": EmbeddedSettings("wh", decay="b b~"),
    "zh": EmbeddedSettings("zh", decay="l+ l- l+ l-", cuts=Cuts(min_lepton_pair_mass=20.0)),
    "wgamma": EmbeddedSettings("wgamma", cuts=Cuts(min_lepton_pt=10.0, max_lepton_eta=2.5)),
    "ww": EmbeddedSettings("ww"),
    "ww_stable": EmbeddedSettings("ww_stable"),
    "ee_ww": EmbeddedSettings("ee_ww", pdf="none", beam_energy=250.0),
}
N_EVENTS = 500


@pytest.fixture(scope="module", params=SETTINGS)
def sample(request):
    effort = Effort(4_000, iterations=2, n_points_per_iteration=6_000, n_bins=16)
    found = prepare(SETTINGS[request.param], {"sm": {}}, 1, effort)
    # a map that is adapted in haste has a long tail
    sampling = replace(found.sampling, maximum_weights=10.0 * found.sampling.maximum_weights)
    return generate(replace(found, sampling=sampling), "sm", N_EVENTS, 2)


def events(sample):
    for first, last in zip(sample.offsets[:-1], sample.offsets[1:], strict=True):
        yield slice(int(first), int(last))


def test_momentum_and_charge_are_conserved_at_every_vertex(sample):
    for rows in events(sample):
        ids, status, p = sample.pdg_id[rows], sample.status[rows], sample.four_momenta[rows]
        mothers = sample.mothers[rows]
        assert status[:2].tolist() == [-1, -1]
        assert p[0, 3] > 0.0 > p[1, 3]
        np.testing.assert_allclose(p[status == -1].sum(axis=0), p[status == 1].sum(axis=0), rtol=1e-9, atol=1e-6)
        assert charge_of(ids[status == -1]) == pytest.approx(charge_of(ids[status == 1]))
        assert np.all(mothers[:2] == 0)
        assert np.all(np.isin(mothers[2:].T, np.arange(1, len(ids) + 1)))
        for position in np.flatnonzero(status == 2):
            daughters = mothers[:, 0] == position + 1
            assert position + 1 < np.flatnonzero(daughters)[0] + 1
            np.testing.assert_allclose(p[daughters].sum(axis=0), p[position], rtol=1e-8, atol=1e-6)
            assert charge_of(ids[daughters]) == pytest.approx(charge_of(ids[[position]]))


def test_masses_are_those_of_the_momenta(sample):
    squares = minkowski_product(sample.four_momenta, sample.four_momenta)
    scale = np.repeat(
        np.array([sample.four_momenta[rows, 0].max() ** 2 for rows in events(sample)]), sample.particle_counts
    )
    assert np.max(np.abs(squares - sample.masses**2) / scale) < 1e-8
    assert np.all(sample.masses[np.abs(sample.pdg_id) == 25] == 125.0)
    assert np.all(sample.masses[np.abs(sample.pdg_id) == 5] == 4.7)
    for boson, mass, width in ((24, 79.824, 2.085), (23, 91.1876, 2.4952)):
        near = sample.masses[(np.abs(sample.pdg_id) == boson) & (sample.status == 2)]
        assert np.all(np.abs(near - mass) < 15.0 * width + 1e-3)


def test_every_colour_line_has_two_ends(sample):
    """A line enters with an incoming colour or an outgoing anticolour and leaves the other way."""
    for rows in events(sample):
        ids, status, colours = sample.pdg_id[rows], sample.status[rows], sample.colours[rows]
        coloured = (np.abs(ids) <= 6) & (status != 2)
        assert np.all((colours != 0).sum(axis=1)[coloured] == 1)
        assert np.all(colours[~coloured] == 0)
        assert np.all((colours[:, 0] != 0)[coloured] == (ids[coloured] > 0))
        ends = []
        for line, state, side in zip(colours[coloured].sum(axis=1), status[coloured], ids[coloured] > 0, strict=True):
            ends.append((int(line), (state == -1) == side))
        for line in {line for line, _ in ends}:
            assert sorted(enters for found, enters in ends if found == line) == [False, True]


def test_pylhe_and_pythia_read_them(sample, tmp_path):
    import pythia8mc

    path = tmp_path / "events.lhe"
    write_lhe(path, sample)
    assert sum(1 for _ in pylhe.LHEFile.fromfile(path).events) == N_EVENTS
    np.testing.assert_array_equal(read_lhe(path).pdg_id, sample.pdg_id)
    pythia = pythia8mc.Pythia("", False)
    for line in ("Beams:frameType = 4", f"Beams:LHEF = {path}", "Print:quiet = on", "PartonLevel:MPI = off",
                 "HadronLevel:all = off", "Check:event = on"):  # fmt: skip
        assert pythia.readString(line)
    assert pythia.init()
    read = failed = 0
    while read < 100 and failed == 0:
        if pythia.next():
            read += 1
        else:
            failed += 1
    assert (read, failed) == (100, 0)
