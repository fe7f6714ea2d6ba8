"""`assay inspect`: every kind of file, and what is wrong with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from assay.cli.main import cli
from assay.cli.work.inspect_text import text_of
from assay.events.inspection import Inspection, Table
from assay.inference.coverage import Coverage
from assay.inference.impacts import Impact, Pull, SystematicsResult, Widths, write_systematics
from assay.inference.toy_summary import PointSummary, ToySummary, write_toys

pytestmark = pytest.mark.slow

MADMINER = Path(__file__).parents[1] / "data" / "madminer-0.9.6.h5"
LHE = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"


def inspect(*arguments: object) -> tuple[int, list[dict]]:
    result = CliRunner().invoke(cli, ["inspect", "--json", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.output)


@pytest.fixture(scope="session")
def trained(chain):
    samples = Path(chain.published("sample")["samples"][0])
    result = chain.train("inspected_train", "alice", samples)
    assert result.exception is None, result.output
    model = chain.folder / "inspected_train" / "model"
    result = chain.evaluate("inspected_evaluate", "alice", samples, model)
    assert result.exception is None, result.output
    return chain.folder


def test_every_kind_of_file(chain, trained) -> None:
    job = chain.events(0) / chain.all_jobs[0].name
    objects = chain.objects(0) / chain.all_jobs[0].name
    sample = Path(chain.published("sample")["samples"][0])
    kinds = {
        chain.combined: "event file",
        chain.setup: "set-up file",
        chain.folder / "prepare" / "signal.npz": "process of the embedded generator",
        job / "events.lhe.gz": "LHE file",
        objects / "detector.root": "reconstructed objects",
        sample / "train": "augmented data",
        trained / "inspected_train" / "model": "model",
        trained / "inspected_train" / "model" / "model.json": "model",
        trained / "inspected_evaluate" / "limits_rate.json": "limits",
        trained / "inspected_evaluate" / "limits_shape.h5": "limits",
        trained / "inspected_evaluate" / "fisher.json": "Fisher information",
        trained / "inspected_evaluate" / "checks.json": "checks",
        trained / "inspected_evaluate" / "diagnostics.h5": "arrays",
        chain.folder / "combine" / "manifest.json": "stage combine",
        chain.folder / "combine": "stage combine",
        MADMINER: "event file",
        LHE: "LHE file",
    }
    status, found = inspect(*kinds)
    assert status == 1  # the events of MadMiner's file and ours are of different set-ups
    assert [entry["kind"] for entry in found] == list(kinds.values())
    faults = {entry["file"]: entry["faults"] for entry in found}
    assert all("set-up differs" in fault for fault in faults.pop(str(MADMINER)))
    assert all(not fault for fault in faults.values()), faults


def test_toys_and_systematics(tmp_path) -> None:
    coverages = Coverage("CWL2", 0.68, 68, 100, 0), Coverage(None, 0.68, 20, 100, 2)
    point = PointSummary((0.0, 0.1), 102, {"diverged": 2}, coverages, None, (), None, None, (0.0, 0.0), (0.1, 0.1))
    write_toys(tmp_path / "toys.json", [ToySummary("alice", False, ("CWL2", "CPWL2"), (point,), ("few",))])
    effects = SystematicsResult(
        "alice", True, ("CWL2",), ("scale",), 0.68, (Pull("scale", 0.1, 0.9),), (Impact("scale", "CWL2", 0.2, -0.2),),
        (Widths("all", (-1.0,), (1.5,)), Widths("without scale", (-1.0,), (1.0,))),
    )  # fmt: skip
    write_systematics(tmp_path / "systematics.json", [effects])
    status, (toys, systematics) = inspect(tmp_path / "toys.json", tmp_path / "systematics.json")
    assert status == 0
    rows = toys["tables"]["alice, shape only"]
    assert [(row["of"], row["failed"], row["coverage"]) for row in rows] == [("CWL2", 2, 0.68), ("region", 2, 0.2)]
    assert [row["verdict"] for row in rows] == ["passed", "failed"]
    assert toys["suspicious"] == [
        "alice, shape only: regions at 0.68 cover 20.0% at [0.0, 0.1]",
        "alice, shape only: few",
    ]
    assert systematics["tables"]["pulls, alice, with rate"][0]["error"] == 0.9
    assert [row["CWL2"] for row in systematics["tables"]["widths at 0.68, alice, with rate"]] == [2.5, 2.0]


def test_folders_of_batches(chain) -> None:
    status, found = inspect(chain.extracted(0))
    assert status == 0
    assert {entry["kind"] for entry in found} == {"stage extract"}
    assert all(row["state"] == "as written" for entry in found for row in entry["tables"]["outputs"])


def test_a_study_and_its_events(chain) -> None:
    assert inspect("--study", chain.study, chain.combined)[0] == 0
    status, (found,) = inspect("--study", chain.study, MADMINER)
    assert status == 1
    assert "does not fit the study: parameters: t0, t1 in the file" in found["faults"][0]


def test_a_file_that_its_manifest_does_not_know(chain, tmp_path) -> None:
    folder = tmp_path / "combine"
    shutil.copytree(chain.folder / "combine", folder)
    with h5py.File(folder / "combined.h5", "r+") as file:
        weights = file["samples/weights"][()]
        file["samples/weights"][...] = weights * (1 + 1e-9)
    status, (found,) = inspect(folder / "combined.h5")
    assert status == 1
    assert "not what the stage wrote" in found["faults"][0]
    status, (found,) = inspect(folder)
    assert status == 1
    assert found["faults"] == ["combined.h5 is not the file that the stage wrote"]
    (folder / "combined.h5").unlink()
    assert inspect(folder)[1][0]["faults"] == ["combined.h5 is missing"]


def test_an_lhe_file() -> None:
    (found,) = inspect(LHE)[1]
    assert found["facts"]["events"] == 200
    assert [row["name"] for row in found["tables"]["weights"]][:2] == ["(nominal)", "w"]
    assert found["tables"]["weights"][0]["effective events"] == pytest.approx(200)
    assert any("worth only" in text for text in found["suspicious"])


def test_a_damaged_sample(chain, tmp_path) -> None:
    folder = tmp_path / "train"
    shutil.copytree(Path(chain.published("sample")["samples"][0]) / "train", folder)
    x = np.load(folder / "x.npy")
    x[3, 0] = np.nan
    np.save(folder / "x.npy", x)
    status, (found,) = inspect(folder)
    assert status == 1
    assert any("is not finite in 1 samples" in fault for fault in found["faults"])


@pytest.mark.parametrize("name", ["notes.txt", "other.json", "other.h5"])
def test_files_of_no_known_kind(tmp_path, invoke, name) -> None:
    if name == "other.h5":
        with h5py.File(tmp_path / name, "w") as file:
            file["samples/x"] = 1.0
    else:
        (tmp_path / name).write_text("{}")
    shown = invoke("inspect", tmp_path / name, expect=1)
    assert "expected:" in shown
    assert name in shown


def test_missing_files_and_unknown_folders(tmp_path, invoke) -> None:
    assert "file not found" in invoke("inspect", tmp_path / "none.h5", expect=1)
    assert "nothing in this folder is known" in invoke("inspect", tmp_path, expect=1)


def test_text_for_people() -> None:
    table = Table("things", ("name", "size", "empty"), (("a", 1.23456789, ""), ("bcd", 12, None)))
    found = Inspection("kind", (("fact", True), ("longer fact", None)), (table,), ("bad\n  expected: good",), ("odd",))
    text = text_of(Path("file"), found)
    assert text.splitlines() == [
        "\x1b[1mfile: kind\x1b[0m",
        "  fact         yes",
        "  longer fact  -",
        "",
        "  things",
        "    name    size",
        "    a     1.2346",
        "    bcd       12",
        "",
        "\x1b[31m  wrong:\x1b[0m",
        "  - bad",
        "      expected: good",
        "",
        "\x1b[33m  suspicious:\x1b[0m",
        "  - odd",
    ]
    many = Table("many", ("n",), tuple((i,) for i in range(100)))
    assert "... and 40 more (all of them with --json)" in text_of(Path("file"), Inspection("kind", (), (many,)))
