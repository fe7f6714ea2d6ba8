"""`generator: files`: LHE files that exist, in place of generated events."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from assay.cli.main import cli
from assay.errors import LHEError
from assay.events.eventfile import read_event_file
from assay.events.pool import EventPool
from assay.generation.embedded import EmbeddedSettings, generate, prepare
from assay.generation.lhe import write_lhe
from assay.generation.prepared import PreparedProcess
from assay.generation.sampling import Effort

pytestmark = pytest.mark.slow

Chain = Any

BENCHMARKS = {"sm": 0.0, "w": 0.6, "minus": -0.6}
N_EVENTS = 300
FILES = {"sm": ["lhe/sm_a.lhe.gz", "lhe/sm_b.lhe"], "w": ["lhe/w.lhe.gz"], "minus": ["lhe/minus.lhe.gz"]}
SECTIONS: dict[str, Any] = {
    "parameters": {"CWL2": {"lha_id": 2, "transform": "16.52*theta", "range": [-1.2, 1.2]}},
    "benchmarks": {name: {"CWL2": value} for name, value in BENCHMARKS.items()},
    "process": {"generator": "files", "files": FILES, "k_factor": 1.5},
    "methods": {"sally": {"kind": "sally"}},
    "limits": {"theta_true": "sm"},
    "cuts": [],
}


@pytest.fixture(scope="module")
def prepared() -> PreparedProcess:
    points = {name: {"CWL2": 16.52 * value} for name, value in BENCHMARKS.items()}
    return prepare(EmbeddedSettings(), points, 3, Effort(5000, iterations=4, n_points_per_iteration=4000))


@pytest.fixture(scope="module")
def written(prepared: PreparedProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study with its files; one of them lacks the weight at its own benchmark, as MadGraph's do."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "lhe").mkdir()
    sampling = {"hypotheses": 5, "train_samples": 400, "validation_samples": 50, "test_samples": 50}
    SECTIONS["sampling"] = {**sampling, "min_effective_events": 1}
    for seed, (benchmark, names) in enumerate(FILES.items()):
        for number, name in enumerate(names):
            write_lhe(folder / name, generate(prepared, benchmark, N_EVENTS, 10 * seed + number))
    text = gzip.decompress((folder / "lhe" / "w.lhe.gz").read_bytes()).decode()
    (folder / "lhe" / "w.lhe.gz").write_bytes(gzip.compress(re.sub(r"<wgt id='w'>.*\n", "", text).encode()))
    return folder


@pytest.fixture(scope="module")
def chain(written: Path, small_chain: Callable[..., Chain]) -> Iterator[Chain]:
    yield small_chain(written, **SECTIONS)
    shutil.rmtree(written)


def test_files_are_the_events_of_their_benchmarks(chain: Chain, prepared: PreparedProcess) -> None:
    table = read_event_file(chain.combined)
    assert [(s.name, s.benchmark, s.n_generated) for s in sorted(table.samples, key=lambda s: s.name)] == [
        ("minus_0", "minus", N_EVENTS),
        ("sm_0", "sm", N_EVENTS),
        ("sm_1", "sm", N_EVENTS),
        ("w_0", "w", N_EVENTS),
    ]
    values, errors = EventPool.from_table(table).cross_section(table.space.benchmark_values)
    wanted = np.array([1.5 * prepared.cross_sections[name][0] for name in BENCHMARKS])
    assert np.all(np.abs(values - wanted) < 5 * errors + 0.01 * wanted)
    assert not list((chain.folder / "prepare").glob("*.npz"))


def test_files_travel_with_the_run(chain: Chain) -> None:
    names = {path.name for path in (chain.folder / "configure" / "samples").iterdir()}
    assert names == {"sm_0.lhe.gz", "sm_1.lhe", "w_0.lhe.gz", "minus_0.lhe.gz"}


def test_a_file_that_is_cut_short_stops_its_job_with_the_event(chain: Chain, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(chain.folder / "configure", copy / "configure")
    for manifest in copy.rglob("manifest.json"):
        manifest.unlink()
    file = copy / "configure" / "samples" / "minus_0.lhe.gz"
    file.write_bytes(file.read_bytes()[:-2000])
    jobs = next(path for path in sorted((copy / "configure" / "jobs").iterdir()) if "minus_0" in path.read_text())
    arguments = ["generate", "--study", copy / "configure" / "study.json", "--process", chain.folder / "prepare"]
    done = CliRunner().invoke(cli, [*map(str, arguments), "--jobs", str(jobs), "--output", str(copy / "generate")])
    assert isinstance(done.exception, LHEError)
    assert re.search(r"minus_0\.lhe\.gz, event \d+, line \d+: the file is truncated", str(done.exception))
