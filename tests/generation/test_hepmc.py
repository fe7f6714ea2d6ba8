"""Showered events of other programs: files written by the library, by us, and damaged ones."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyhepmc
import pytest

from assay.cli.work.generate import events_of
from assay.errors import LHEError
from assay.generation.hepmc import copy_numbered, count_events, external_hepmc, hepmc_events
from assay.generation.jobs import SHOWERED, Job
from assay.generation.lhe import read_lhe, write_lhe

pytestmark = pytest.mark.fast

NAMES = ("Default", "w'up", "w<2>")


def write(
    path: Path,
    weights: Sequence[Sequence[float]],
    *,
    names: Sequence[str] = NAMES,
    cross_section: float | None = 2.0,
    units: object = pyhepmc.Units.GEV,
    numbers: Sequence[int] | None = None,
    version: str | None = None,
) -> Path:
    """Write two photons per event, as any program might."""
    run = pyhepmc.GenRunInfo()
    run.weight_names = list(names)
    scale = 1e3 if units == pyhepmc.Units.MEV else 1.0
    with pyhepmc.open(path, "w", format=version) as file:
        for place, row in enumerate(weights):
            event = pyhepmc.GenEvent(units, pyhepmc.Units.MM)
            event.run_info = run
            event.event_number = place + 1 if numbers is None else numbers[place]
            beams = [pyhepmc.GenParticle((0, 0, sign * 5 * scale, 5 * scale), 2212, 4) for sign in (1, -1)]
            vertex = pyhepmc.GenVertex()
            for beam in beams:
                vertex.add_particle_in(beam)
            for sign in (1, -1):
                vertex.add_particle_out(pyhepmc.GenParticle((sign * (3 + place) * scale, 0, 0, 5 * scale), 22, 1))
            event.add_tree(beams)
            if cross_section is not None:
                stated = pyhepmc.GenCrossSection()
                event.cross_section = stated
                # estimates while a program runs; the last one counts
                stated.set_cross_section(cross_section * (1.0 if place == len(weights) - 1 else 3.0), 0.1, -1, -1)
            event.weights = list(row)
            file.write(event)
    return path


WEIGHTS = [[1.0, 10.0, 100.0], [3.0, 30.0, -300.0], [4.0, 40.0, 400.0]]


def test_weights_add_up_to_the_cross_section(tmp_path: Path) -> None:
    sample = external_hepmc(write(tmp_path / "a.hepmc", WEIGHTS))
    assert sample.weight_names == ("Default", "w_up", "w_2_")
    np.testing.assert_allclose(sample.nominal_weights, [0.25, 0.75, 1.0])
    np.testing.assert_allclose(sample.weights, np.array(WEIGHTS) / 4.0)  # negative ones stay
    assert (sample.cross_section, sample.cross_section_error) == (2.0, pytest.approx(0.1))
    assert sample.event_number.tolist() == [0, 1, 2]
    assert sample.metadata["showered"] is True
    assert sample.beams.energy == (5.0, 5.0)


def test_a_cross_section_of_ones_own(tmp_path: Path) -> None:
    sample = external_hepmc(write(tmp_path / "a.hepmc", WEIGHTS, cross_section=None), cross_section=8.0)
    assert sample.nominal_weights.sum() == pytest.approx(8.0)


def test_the_benchmark_at_which_events_were_drawn(tmp_path: Path) -> None:
    path = write(tmp_path / "a.hepmc", WEIGHTS)
    sample = external_hepmc(path, benchmark="sm")
    assert sample.weight_names == ("sm", "Default", "w_up", "w_2_")
    np.testing.assert_allclose(sample.weights[:, 0], sample.nominal_weights)
    assert external_hepmc(path, benchmark="w_up").weight_names == ("Default", "w_up", "w_2_")


def test_events_without_their_particles_survive_an_lhe_file(tmp_path: Path) -> None:
    sample = external_hepmc(write(tmp_path / "a.hepmc.gz", WEIGHTS))
    write_lhe(tmp_path / "a.lhe.gz", sample)
    again = read_lhe(tmp_path / "a.lhe.gz")
    np.testing.assert_allclose(again.weights, sample.weights, rtol=1e-11)
    np.testing.assert_allclose(again.nominal_weights, sample.nominal_weights, rtol=1e-11)
    assert again.pdg_id.tolist() == 3 * [2212, 2212, 90]
    assert again.metadata["showered"] is True


def test_events_of_version_2_and_in_mev(tmp_path: Path) -> None:
    old = write(tmp_path / "old.hepmc", WEIGHTS, version="hepmc2", names=("a", "b", "c"), units=pyhepmc.Units.MEV)
    sample = external_hepmc(old)
    np.testing.assert_allclose(sample.nominal_weights, [0.25, 0.75, 1.0])
    assert sample.beams.energy == (5.0, 5.0)


def test_copies_are_numbered_from_zero(tmp_path: Path) -> None:
    source = write(tmp_path / "a.hepmc", WEIGHTS, numbers=[7, 7, 2])
    copy_numbered(source, tmp_path / "b.hepmc.gz")
    events = list(hepmc_events(tmp_path / "b.hepmc.gz"))
    assert [event.event_number for event in events] == [0, 1, 2]
    assert [event.weights for event in events] == WEIGHTS
    assert [event.particles[2].momentum.px for event in events] == [3.0, 4.0, 5.0]
    copy_numbered(source, tmp_path / "c.hepmc.gz")
    assert (tmp_path / "b.hepmc.gz").read_bytes() == (tmp_path / "c.hepmc.gz").read_bytes()


def edit(path: Path, change: Callable[[str], str]) -> Path:
    path.write_text(change(path.read_text()))
    return path


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("HepMC::Asciiv3-END_EVENT_LISTING", ""), "truncated"),
        (lambda text: text[: text.rindex("E 3")], "truncated"),
        (lambda text: text.replace("HepMC::", "Something::"), "not a file of HepMC"),
        (lambda text: "", "not a file of HepMC"),
        (lambda text: text.replace("P 3 -1 22", "P 3 -1 photon", 1), "event 0"),
        (lambda text: text.replace("E 2 1 4", "E 2 1 9", 1), "event 1"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, damage: Callable[[str], str], message: str) -> None:
    path = edit(write(tmp_path / "a.hepmc", WEIGHTS), damage)
    with pytest.raises(LHEError, match=message):
        external_hepmc(path)


@pytest.mark.parametrize(
    ("weights", "cross_section", "message"),
    [
        ([], 2.0, "no events|not a file"),
        (WEIGHTS, None, "cross section"),
        (WEIGHTS, 0.0, "cross section"),
        ([[1.0, 1.0, 1.0], [-3.0, 1.0, 1.0]], 2.0, "positive sum"),
        ([[1.0, 1.0, 1.0], [3.0, float("nan"), 1.0]], 2.0, "event 1.*|not finite"),
        ([[1.0, 1.0, 1.0], [3.0, 1.0]], 2.0, "event 1|those of the first"),
    ],
)
def test_wrong_weights_are_refused(
    tmp_path: Path, weights: list[list[float]], cross_section: float | None, message: str
) -> None:
    path = write(tmp_path / "a.hepmc", weights, cross_section=cross_section)
    with pytest.raises(LHEError, match=message):
        external_hepmc(path)


def test_a_job_refuses_a_truncated_compressed_file_before_it_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "a.hepmc.gz"
    path.write_bytes(gzip.compress(write(tmp_path / "a.hepmc", WEIGHTS * 50).read_bytes())[:-200])
    job = Job("bg_0", None, 0, 150, 1, sample="bg", source=path.name)
    with pytest.raises(LHEError, match="cannot be read"):
        events_of(job, path, tmp_path)
    assert not (tmp_path / SHOWERED).exists()


def test_a_corrupt_compressed_file(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(write(tmp_path / "a.hepmc", WEIGHTS * 50).read_bytes()))
    content[100:140] = b"\xff" * 40
    path = tmp_path / "a.hepmc.gz"
    path.write_bytes(content)
    with pytest.raises(LHEError, match="cannot be read"):
        count_events(path)


def test_a_truncated_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "a.hepmc.gz"
    path.write_bytes(gzip.compress(write(tmp_path / "a.hepmc", WEIGHTS * 50).read_bytes())[:-200])
    with pytest.raises(LHEError, match="cannot be read"):
        count_events(path)
    with pytest.raises(LHEError, match="cannot be read"):
        count_events(tmp_path / "absent.hepmc")
