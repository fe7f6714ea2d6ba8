from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import assay.cli.stage
from assay.cli.folders import CHECKPOINT
from assay.cli.stage import STAGES, StageRun, run_stage
from assay.errors import FolderError, ManifestError
from assay.manifest import NAME, Manifest
from assay.study.load import load_study
from assay.study.model import Study
from assay.study.resolve import resolve

pytestmark = pytest.mark.fast

PACKAGE = Path(assay.__file__).parent


@pytest.fixture
def study(small_study: Callable[..., Path]) -> Study:
    return resolve(load_study(small_study()))


class Stage:
    """One stage with one input, whose work can be watched."""

    def __init__(self, folder: Path, name: str = "extract") -> None:
        self.name, self.folder, self.input = name, folder / "stage", folder / "input.txt"
        self.input.write_text("input")
        self.seeds: list[int] = []

    def work(self, run: StageRun) -> None:
        assert not (run.folder / NAME).exists()
        self.seeds.append(run.seed)
        (run.folder / "result.txt").write_text(self.input.read_text().upper())

    def run(self, study: Study, job: str = "sm_0") -> bool:
        """Run it; return whether it had to work."""
        before = len(self.seeds)
        run_stage(self.name, study, self.folder, {"events": iter([self.input])}, self.work, job)
        return len(self.seeds) > before


def test_the_manifest_says_what_was_done(study: Study, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(study)
    manifest = Manifest.read(stage.folder)
    assert (manifest.stage, manifest.job, manifest.study) == ("extract", "sm_0", "wbf-higgs-hww")
    assert [record.path for record in manifest.inputs] == [f"events:{stage.input}"]
    assert [record.path for record in manifest.outputs] == ["result.txt"]
    assert manifest.seed == stage.seeds[0]
    assert manifest.wall_time >= 0
    assert 10 < manifest.peak_memory < 1e6  # MiB


def test_nothing_is_done_twice(study: Study, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(tmp_path)
    caplog.set_level("INFO", "assay")
    assert stage.run(study)
    first = (stage.folder / NAME).read_bytes()
    assert not stage.run(study)
    assert "extract sm_0: complete and valid, kept" in caplog.text
    assert (stage.folder / NAME).read_bytes() == first


def test_it_is_done_again_when_something_it_reads_changes(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    assert stage.run(study)
    assert stage.run(study.model_copy(update={"cuts": ("pt_j1 > 40",)}))
    assert stage.run(study)
    assert not stage.run(study.model_copy(update={"luminosity": 3.0, "name": "other", "seed": study.seed + 1}))
    stage.input.write_text("other input")
    assert stage.run(study)
    assert (stage.folder / "result.txt").read_text() == "OTHER INPUT"
    assert stage.run(study, job="sm_1")
    monkeypatch.setattr(assay.cli.stage, "source_digest", lambda rooms: "other code")
    assert stage.run(study, job="sm_1")


def test_it_is_done_again_when_its_outputs_are_damaged_or_gone(study: Study, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(study)
    (stage.folder / "result.txt").write_text("damaged")
    assert stage.run(study)
    (stage.folder / "result.txt").unlink()
    assert stage.run(study)
    (stage.folder / NAME).write_text("{")
    assert stage.run(study)
    assert not stage.run(study)


def test_what_is_stale_goes_and_the_checkpoint_stays(study: Study, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(study)
    (stage.folder / "old").mkdir()
    (stage.folder / "old" / "left.txt").touch()
    (stage.folder / ".partial-xyz").touch()
    (stage.folder / "link").symlink_to(tmp_path)
    (stage.folder / CHECKPOINT).write_text("weights")
    (stage.folder / "_packtivity").mkdir()
    stage.input.write_text("other")
    assert stage.run(study)
    kept = {entry.name for entry in stage.folder.iterdir()}
    assert kept == {"result.txt", NAME, "journal.jsonl", CHECKPOINT, "_packtivity", ".assay-stage"}
    assert stage.input.exists()  # the link was removed, not what it led to


def test_a_work_that_fails_leaves_no_manifest(study: Study, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(study)
    stage.input.write_text("other")

    def fail(run: StageRun) -> None:
        (run.folder / "half.txt").touch()
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        run_stage(stage.name, study, stage.folder, {"events": [stage.input]}, fail, "sm_0")
    assert not (stage.folder / NAME).exists()
    assert not (stage.folder / "result.txt").exists()
    assert stage.run(study)
    assert not (stage.folder / "half.txt").exists()


def test_a_work_in_which_a_library_swallowed_a_lack_of_memory_leaves_no_manifest(study: Study, tmp_path: Path) -> None:
    class Compiled:
        def __del__(self) -> None:
            raise MemoryError("Unable to allocate 2.91 MiB")

    stage = Stage(tmp_path)
    done = stage.work

    def work(run: StageRun) -> None:
        Compiled()
        done(run)

    stage.work = work  # type: ignore[method-assign]
    with pytest.raises(MemoryError, match="Unable to allocate"):
        stage.run(study)
    assert not (stage.folder / NAME).exists()


def test_inputs_that_were_tampered_with_are_refused(study: Study, tmp_path: Path) -> None:
    before = Stage(tmp_path)
    before.run(study)
    after = Stage(tmp_path)
    after.name, after.folder, after.input = "combine", tmp_path / "after", before.folder / "result.txt"
    assert after.run(study)
    after.input.write_text("tampered")
    with pytest.raises(ManifestError, match="not what the stage wrote"):
        after.run(study)
    after.input.unlink()
    with pytest.raises(ManifestError, match="'events' not found"):
        after.run(study)


def test_seeds_differ_between_stages_and_jobs_and_follow_the_studys(study: Study, tmp_path: Path) -> None:
    seeds = set()
    for name in ("sample", "evaluate"):
        for job in ("a", "b", ""):
            for seed in (1, 2):
                (folder := tmp_path / f"{name}{job}{seed}").mkdir()
                stage = Stage(folder, name)
                stage.run(study.model_copy(update={"seed": seed}), job)
                seeds |= set(stage.seeds)
    assert len(seeds) == 12


@pytest.mark.parametrize("name", ["configure", "sample"])
def test_outputs_that_name_their_folder_are_written_anew_where_the_folder_is_now(
    study: Study, tmp_path: Path, name: str
) -> None:
    """A run's folder that was copied must not go on with the files of the one it was copied from."""
    stage = Stage(tmp_path, name)
    assert stage.run(study)
    stage.folder = stage.folder.rename(tmp_path / "moved")
    assert stage.run(study)
    other = Stage(tmp_path, "extract")
    assert other.run(study)
    other.folder = other.folder.rename(tmp_path / "moved too")
    assert not other.run(study)


def test_a_folder_with_a_users_files_is_never_emptied(study: Study, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.folder.mkdir()
    (stage.folder / "thesis.tex").write_text("years of work")
    with pytest.raises(FolderError, match="holds other files"):
        stage.run(study)
    stage.folder = tmp_path
    with pytest.raises(FolderError, match="holds its input"):
        stage.run(study)
    stage.folder = stage.input
    with pytest.raises(FolderError, match="not a folder"):
        stage.run(study)
    assert (tmp_path / "stage" / "thesis.tex").read_text() == "years of work"


def test_a_folder_of_another_stage_is_not_taken(study: Study, tmp_path: Path) -> None:
    Stage(tmp_path, "generate").run(study)
    with pytest.raises(FolderError, match="of the stage generate"):
        Stage(tmp_path, "simulate").run(study)


def modules_imported(source: Path) -> Iterable[Path]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "assay":
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                path = PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py")
                if path.is_file():
                    yield path


def modules_used(source: Path) -> set[Path]:
    found, new = {source}, [source]
    while new:
        more = set(modules_imported(new.pop())) - found
        found |= more
        new += more
    return found


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_names_all_the_code_that_it_runs(name: str) -> None:
    """Else its outputs would be kept when that code changes."""
    cli = PACKAGE / "cli"
    digested = {
        *STAGES[name].rooms,
        f"cli/{name}",
        f"cli/work/{name}",
        "cli/options",
        "cli/progress",
        "hdf5",
        "cli/work/__init__",
    }
    used = modules_used(cli / f"{name}.py") - modules_used(cli / "stage.py") - {cli / "checks.py"}
    modules = {str(path.relative_to(PACKAGE).with_suffix("")) for path in used}
    assert {module for module in modules if not {module, module.split("/")[0]} & digested} == set()


def test_a_journal_is_kept_for_the_report(study: Study, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(study)
    lines = (stage.folder / "journal.jsonl").read_text().splitlines()
    assert all(json.loads(line) for line in lines)
