"""The whole stage on events of MadGraph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.errors import AssayError, LHEError, SimulationError, StudyError
from assay.generation.lhe import read_lhe
from assay.observables.evaluation import evaluate
from assay.observables.join import join
from assay.simulation.pythia import ShowerSettings
from assay.simulation.root import read_objects, read_summary
from assay.simulation.simulate import SimulationSettings, simulate
from assay.study.expressions import parse

pytestmark = pytest.mark.fast

SETTINGS = SimulationSettings(block_size=64)


@pytest.fixture(scope="module")
def path(madgraph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("simulate") / "detector.root"
    simulate(madgraph, output, SETTINGS, seed=5)
    return output


def test_summary_and_numbers(madgraph: Path, path: Path) -> None:
    summary = read_summary(path)
    assert summary is not None
    assert (summary.events_read, summary.events_rejected, summary.events_written) == (200, 0, 200)
    assert summary.detector == "ATLAS-like"
    assert "SpaceShower:dipoleRecoil = on" in summary.settings
    np.testing.assert_array_equal(read_objects(path).event_number, np.arange(200))


def test_reconstructed_events_resemble_their_partons(madgraph: Path, path: Path) -> None:
    """The hardest jet and the photons lie where the same event's partons do: numbers and objects belong together."""
    objects, sample = read_objects(path), read_lhe(madgraph)
    assert np.shape(join(objects, sample)) == (200, 10)
    final = (sample.status == 1) & (sample.pdg_id == 22)
    px = np.add.reduceat(np.where(final, sample.four_momenta[:, 1], 0), sample.offsets[:-1])
    two = np.asarray(ak.num(objects.photons) == 2)
    assert two.sum() > 60
    difference = evaluate(parse("(a[0] + a[1]).px"), objects)[two] - px[two]
    shuffled = evaluate(parse("(a[0] + a[1]).px"), objects)[two] - np.roll(px, 1)[two]
    # what initial-state radiation changes is far less than the spread between events
    assert np.median(np.abs(difference)) < 0.3 * np.median(np.abs(shuffled))
    assert np.median(evaluate(parse("(a[0] + a[1]).m"), objects)[two]) == pytest.approx(125.0, abs=0.6)


def test_same_seed_same_file_contents(madgraph: Path, path: Path, tmp_path: Path) -> None:
    simulate(madgraph, tmp_path / "again.root", SETTINGS, seed=5)
    assert ak.to_list(read_objects(tmp_path / "again.root").jets) == ak.to_list(read_objects(path).jets)
    simulate(madgraph, tmp_path / "other.root", SETTINGS, seed=6)
    assert ak.to_list(read_objects(tmp_path / "other.root").jets) != ak.to_list(read_objects(path).jets)


def test_progress(madgraph: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    settings = replace(SETTINGS, shower=ShowerSettings(hadronisation=False))
    simulate(
        madgraph, tmp_path / "objects.root", settings, seed=1, progress=lambda done, total: steps.append((done, total))
    )
    assert steps == [(64, 200), (128, 200), (192, 200), (200, 200), (200, 200)]


def test_rejected_events_are_counted(edited: Callable[..., Path], tmp_path: Path) -> None:
    path = edited(20, {3: lambda event: event.replace("  502 ", "  777 ", 1)})
    settings = SimulationSettings(shower=ShowerSettings(hadronisation=False, maximum_rejected=0.1))
    summary = simulate(path, tmp_path / "objects.root", settings, seed=1)
    assert (summary.events_read, summary.events_rejected, summary.events_written) == (20, 1, 19)
    objects, sample = read_objects(tmp_path / "objects.root"), read_lhe(path)
    np.testing.assert_array_equal(join(objects, sample), np.delete(sample.weights, 3, axis=0))


def test_too_many_rejected_events_are_an_error_and_leave_no_file(edited: Callable[..., Path], tmp_path: Path) -> None:
    path = edited(10, {3: lambda event: event.replace("  502 ", "  777 ", 1)})
    settings = SimulationSettings(shower=ShowerSettings(hadronisation=False))
    with pytest.raises(SimulationError, match="rejected 1 of 10 events"):
        simulate(path, tmp_path / "objects.root", settings, seed=1)
    assert [file.name for file in tmp_path.iterdir()] == ["edited.lhe"]


def test_parton_level_needs_no_shower(madgraph: Path, tmp_path: Path) -> None:
    summary = simulate(madgraph, tmp_path / "objects.root", SimulationSettings(detector="none"), seed=1)
    assert (summary.detector, summary.events_rejected) == ("none", 0)
    objects = read_objects(tmp_path / "objects.root")
    assert np.isfinite(evaluate(parse("p[0].pt + len(v)"), objects)).all()


@pytest.mark.parametrize(
    ("error", "settings"),
    [
        (StudyError, SimulationSettings(card=Path("absent.yml"))),
        (SimulationError, SimulationSettings(shower=ShowerSettings(settings=("Nonsense:setting = 1",)))),
    ],
)
def test_wrong_settings_leave_no_file(
    madgraph: Path, tmp_path: Path, error: type[AssayError], settings: SimulationSettings
) -> None:
    with pytest.raises(error):
        simulate(madgraph, tmp_path / "objects.root", settings, seed=1)
    assert not list(tmp_path.iterdir())


def test_a_truncated_file_leaves_no_objects(madgraph: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.lhe.gz").write_bytes(madgraph.read_bytes()[:20_000])
    with pytest.raises(LHEError, match="truncated"):
        simulate(tmp_path / "broken.lhe.gz", tmp_path / "objects.root", SETTINGS, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.lhe.gz"]


def test_no_events_are_an_error(edited: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="no events"):
        simulate(edited(0, {}), tmp_path / "objects.root", SETTINGS, seed=1)
