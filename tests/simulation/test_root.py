from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from assay.errors import SimulationError
from assay.simulation.card import read_card
from assay.simulation.detector import detect
from assay.simulation.record import ShoweredEvents
from assay.simulation.root import (
    SimulationSummary,
    branch_names,
    iterate_objects,
    read_objects,
    read_summary,
    write_objects,
)

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def objects(gun: Callable[..., ShoweredEvents]) -> ak.Array:
    random = np.random.default_rng(4)
    codes = (22, 11, -13, 13, 211, 12)
    events = gun(
        [
            [
                (
                    int(random.choice(codes)),
                    float(random.exponential(40) + 5),
                    float(random.normal(0, 1.5)),
                    float(random.uniform(-3, 3)),
                )
                for _ in range(random.integers(0, 8))
            ]
            for _ in range(200)
        ]
    )
    numbers = np.arange(200) * 3 + 1
    shifted = replace(events, event_number=numbers)
    return detect(shifted, random.normal(1, 1, 200), read_card(), random)


def summary(n_written: int) -> SimulationSummary:
    return SimulationSummary("test", 900, 900 - n_written, n_written, 2**62, "a = b; c")


@pytest.fixture
def path(objects: ak.Array, tmp_path: Path) -> Path:
    write_objects(tmp_path / "objects.root", [objects[:70], objects[70:71], objects[71:]], summary)
    return tmp_path / "objects.root"


def test_objects_come_back(objects: ak.Array, path: Path) -> None:
    found = read_objects(path)
    np.testing.assert_array_equal(found.event_number, objects.event_number)
    np.testing.assert_allclose(found.weight, objects.weight, rtol=1e-6)
    for name in ("jets", "electrons", "muons", "photons"):
        np.testing.assert_array_equal(ak.num(found[name]), ak.num(objects[name]))
        assert ak.sum(ak.num(found[name])) > 10
        for field in ak.fields(objects[name]):
            np.testing.assert_allclose(
                ak.flatten(found[name][field]), ak.flatten(objects[name][field]), rtol=1e-6, atol=1e-6
            )
    np.testing.assert_allclose(found.met.pt, objects.met.pt, rtol=1e-6)
    np.testing.assert_allclose(found.met.phi, objects.met.phi, atol=1e-6)


def test_the_tree_is_that_of_delphes(objects: ak.Array, path: Path) -> None:
    with uproot.open(path) as file:
        tree = file["Delphes"]
        keys = set(tree.keys())
        assert {
            "Jet_size",
            "Jet.PT",
            "Jet.Eta",
            "Jet.Phi",
            "Jet.Mass",
            "Jet.BTag",
            "Electron.PT",
            "Electron.Charge",
        } <= keys
        assert {
            "Muon.PT",
            "Photon.PT",
            "Photon.Eta",
            "Photon.Phi",
            "Photon.E",
            "MissingET.MET",
            "MissingET.Phi",
        } <= keys
        assert {"ScalarHT.HT", "Event.Number", "Event.Weight"} <= keys
        np.testing.assert_array_equal(tree["Jet_size"].array(), ak.num(objects.jets))
        np.testing.assert_allclose(
            ak.flatten(tree["Photon.E"].array()),
            ak.flatten(objects.photons.pt * np.cosh(objects.photons.eta)),
            rtol=1e-5,
        )
        expected = sum(ak.sum(objects[name].pt, axis=1) for name in ("jets", "photons", "electrons", "muons"))
        np.testing.assert_allclose(tree["ScalarHT.HT"].array()[:, 0], expected, rtol=1e-5)


def test_summary(path: Path) -> None:
    assert read_summary(path) == summary(200)


def test_files_are_read_in_steps(objects: ak.Array, path: Path) -> None:
    chunks = list(iterate_objects(path, step=64))
    assert [len(chunk) for chunk in chunks] == [64, 64, 64, 8]
    np.testing.assert_array_equal(np.concatenate([chunk.event_number for chunk in chunks]), objects.event_number)


def test_a_file_without_events(objects: ak.Array, tmp_path: Path) -> None:
    write_objects(tmp_path / "empty.root", [objects[:0]], summary)
    assert len(read_objects(tmp_path / "empty.root")) == 0


def test_a_failure_leaves_no_file(objects: ak.Array, tmp_path: Path) -> None:
    def failing():
        yield objects
        raise SimulationError("broken")

    with pytest.raises(SimulationError, match="broken"):
        write_objects(tmp_path / "objects.root", failing(), summary)
    assert not list(tmp_path.iterdir())


def test_branches_of_split_trees_are_found_by_their_last_name() -> None:
    known = branch_names(["Event", "Event/Event.Number", "Jet", "Jet/Jet.PT", "Jet/Jet.fBits", "Jet_size"])
    assert known["Jet.PT"] == "Jet/Jet.PT"
    assert known["Event.Number"] == "Event/Event.Number"


def test_a_file_as_delphes_writes_it_has_more_branches_and_no_summary(tmp_path: Path) -> None:
    lists = {"PT": [[30.0, 50.0], []], "Eta": [[1.0, 2.0], []], "Phi": [[0.1, 0.2], []]}
    jet = ak.zip(
        {
            **{k: ak.Array(v) for k, v in lists.items()},
            "Mass": ak.Array([[3.0, 5.0], []]),
            "BTag": ak.Array([[0, 1], []]),
            "Flavor": ak.Array([[21, 5], []]),
            "TauTag": ak.Array([[0, 0], []]),
        }
    )
    lepton = ak.zip({**{k: ak.Array(v) for k, v in lists.items()}, "Charge": ak.Array([[1, -1], []])})
    particle = ak.zip(
        {
            **{k: ak.Array(v) for k, v in lists.items()},
            "PID": ak.Array([[25, 2], []]),
            "Status": ak.Array([[62, 44], []]),
        }
    )
    one = ak.Array([[1.0], [2.0]])
    content = {
        "Event": ak.zip({"Number": ak.Array([[0], [1]]), "Weight": one, "CrossSection": one}),
        "Particle": particle, "Jet": jet, "Electron": lepton, "Muon": lepton,
        "Photon": ak.zip({k: ak.Array(v) for k, v in lists.items()}),
        "MissingET": ak.zip({"MET": one, "Eta": one, "Phi": one}),
    }  # fmt: skip
    with uproot.recreate(tmp_path / "delphes.root") as file:
        tree = file.mktree(
            "Delphes", {k: v.layout.form.type for k, v in content.items()}, field_name=lambda o, i: f"{o}.{i}"
        )
        tree.extend(content)
    objects = read_objects(tmp_path / "delphes.root")
    assert read_summary(tmp_path / "delphes.root") is None
    assert ak.to_list(objects.jets.pt) == [[50.0, 30.0], []]  # sorted, with everything
    assert ak.to_list(objects.jets.btag) == [[1, 0], []]
    assert ak.to_list(objects.electrons.charge) == [[-1, 1], []]
    assert ak.to_list(ak.num(objects.particles)) == [0, 0]  # the whole history is not the final state


@pytest.mark.parametrize("missing", ["Jet.PT", "MissingET.MET", "Event.Number", "Muon.Charge"])
def test_a_missing_branch_is_named(
    objects: ak.Array, tmp_path: Path, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_objects(tmp_path / "objects.root", [objects], summary)
    monkeypatch.setattr("assay.simulation.root.branch_names", lambda keys: {key: key for key in keys if key != missing})
    with pytest.raises(SimulationError, match=f"no branch '{missing}'"):
        read_objects(tmp_path / "objects.root")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.root").write_text("no ROOT file")
    with pytest.raises(SimulationError, match="not a readable ROOT file"):
        read_objects(tmp_path / "text.root")
    with pytest.raises(SimulationError, match="file not found"):
        read_objects(tmp_path / "absent.root")
    with uproot.recreate(tmp_path / "other.root") as file:
        file["tree"] = {"x": np.arange(3)}
    with pytest.raises(SimulationError, match="no tree 'Delphes'"):
        read_objects(tmp_path / "other.root")


def test_a_truncated_file_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SimulationError):
        read_objects(path)


def test_a_machine_without_memory_does_not_make_a_file_damaged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_threads(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(uproot, "open", no_threads)
    with pytest.raises(RuntimeError, match="new thread"):
        read_objects(path)
