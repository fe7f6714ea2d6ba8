from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import awkward as ak
import pytest

from assay.errors import SimulationError
from assay.simulation.numbering import numbered_blocks
from assay.simulation.pythia import Shower, ShowerSettings, block_seed, check_settings, pythia_lines, vetoing

pytestmark = pytest.mark.fast

QUICK = ShowerSettings(hadronisation=False)


@pytest.mark.parametrize("line", ["Nonsense:setting = 3", "nonsense", "TimeShower = on"])
def test_unknown_settings_are_refused(line: str) -> None:
    with pytest.raises(SimulationError, match="does not know the setting"):
        check_settings(ShowerSettings(settings=(line,)))


@pytest.mark.parametrize("line", ["Random:seed = 5", "Beams:eCM = 14000.", "beams:LHEF = x", "Main:numberOfEvents = 3"])
def test_settings_that_belong_to_us_are_refused(line: str) -> None:
    with pytest.raises(SimulationError, match="belongs to Assay"):
        check_settings(ShowerSettings(settings=(line,)))


def test_the_users_settings_come_last() -> None:
    lines = pythia_lines(ShowerSettings(settings=("PartonLevel:MPI = on",)), seed=1)
    assert lines.index("PartonLevel:MPI = on") > lines.index("PartonLevel:MPI = off")
    check_settings(ShowerSettings(settings=("PartonLevel:MPI = on",)))


@pytest.mark.parametrize("seed", [0, 1, 2**62, 900_000_001])
def test_pythias_seed_is_within_its_limits_and_never_the_time_of_day(seed: int) -> None:
    (line,) = (line for line in pythia_lines(QUICK, seed) if line.startswith("Random:seed"))
    assert 1 <= int(line.split("=")[1]) <= 900_000_000


def test_every_block_and_the_start_have_seeds_of_their_own() -> None:
    seeds = [block_seed(7), *(block_seed(7, block) for block in range(500)), *(block_seed(8, b) for b in range(500))]
    assert len(set(seeds)) == len(seeds)
    assert all(1 <= seed <= 900_000_000 for seed in seeds)


@pytest.mark.parametrize(
    "settings",
    [QUICK, ShowerSettings(), ShowerSettings(multiparton_interactions=True)],
    ids=["partons", "hadrons", "mpi"],
)
def test_a_block_does_not_depend_on_those_before_it(madgraph: Path, tmp_path: Path, settings: ShowerSettings) -> None:
    blocks = list(numbered_blocks(madgraph, tmp_path, 15))[:3]
    used, fresh = Shower(settings, 3), Shower(settings, 3)
    after_others = [list(used.records(block, "here")) for block in blocks][-1]
    alone = list(fresh.records(blocks[-1], "here"))
    for name in ("id", "px", "py", "pz", "e", "mother1"):
        assert ak.array_equal(after_others[0].particles[name], alone[0].particles[name])


def test_events_that_pythia_gives_up_are_named_in_every_block(edited: Callable[..., Path], tmp_path: Path) -> None:
    bad = (0, 3, 4, 17, 29)
    path = edited(30, {i: lambda event: event.replace("  502 ", "  777 ", 1) for i in bad})
    run = Shower(QUICK, 1)
    rejected: list[int] = []
    for block in numbered_blocks(path, tmp_path, 12):
        accepted = [int(number) for record in run.records(block, "here") for number in record.event_number]
        assert sorted((*accepted, *run.rejected)) == list(range(block.first, block.first + block.n_events))
        rejected += run.rejected
    assert rejected == list(bad)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ((), ""),
        (("JetMatching:merge = on",), "matching"),
        (("JetMatching:merge = off",), ""),
        (("Merging:doKTMerging = on",), "merging"),
        (("Merging:doUMEPSTree = on",), "merging"),
        (("Merging:nJetMax = 2",), ""),
    ],
)
def test_what_vetoes_events(settings: tuple[str, ...], what: str) -> None:
    assert vetoing(ShowerSettings(settings=settings)) == what


def test_matching_and_merging_together_are_refused() -> None:
    with pytest.raises(SimulationError, match="both matching and merging"):
        check_settings(ShowerSettings(settings=("JetMatching:merge = on", "Merging:doKTMerging = on")))
