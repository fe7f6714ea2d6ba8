"""A job's events, with the stand-in: weights, normalisation, metadata, failures."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.external import external_events
from assay.generation.lhe import read_lhe, write_lhe
from assay.generation.madgraph.archive import HEAD
from assay.generation.madgraph.generate import generate_events
from assay.generation.madgraph.prepare import prepare_process
from assay.generation.matrix_element import squared_matrix_element

pytestmark = pytest.mark.fast

RECORDED = Path(__file__).parents[2] / "data" / "madgraph"
COEFFICIENTS = {"sm": {}, "w": {"CWL2": 19.824}, "b1": {"CWL2": -9.912, "CPWL2": 14.868}}


@pytest.fixture
def sample(archive, notes, tmp_path):
    return generate_events(archive, "w", 40, 11, ("mur_1_muf_2", "mur_2_muf_1"), folder=tmp_path / "job")


def test_weights_have_the_names_of_the_benchmarks_in_their_order(sample) -> None:
    assert sample.weight_names == ("sm", "w", "b1", "mur_1_muf_2", "mur_2_muf_1")
    assert np.array_equal(sample.weight("w"), sample.nominal_weights)


def test_weights_sum_to_the_cross_section_of_prepare(sample) -> None:
    assert len(sample) == 40
    assert sample.nominal_weights.sum() == pytest.approx(0.0008821, rel=1e-12)
    assert (sample.cross_section, sample.cross_section_error) == (0.0008821, 1.989e-05)
    assert np.ptp(sample.nominal_weights) == pytest.approx(0.0, abs=1e-18)


def test_reweighting_agrees_with_the_embedded_amplitudes(sample) -> None:
    momenta = sample.four_momenta.reshape(len(sample), -1, 4)[:, [0, 1, 3, 4, 2]]
    legs = tuple(sample.pdg_id.reshape(len(sample), -1)[0, [0, 1, 3, 4, 2]].tolist())
    own = squared_matrix_element("wbf_higgs_w_fusion", momenta, COEFFICIENTS["w"], legs)
    for name in ("sm", "b1"):
        expected = squared_matrix_element("wbf_higgs_w_fusion", momenta, COEFFICIENTS[name], legs) / own
        np.testing.assert_allclose(sample.weight(name) / sample.nominal_weights, expected, rtol=1e-6)


def test_metadata(sample) -> None:
    found = sample.metadata
    assert found["generator"] == "madgraph"
    assert (found["benchmark"], found["n_generated"], found["seed"]) == ("w", 40, 11)
    assert found["cross_sections"]["sm"] == {"value": 0.001039, "error": 2.031e-05}
    assert found["overweight_fraction"] == 0.0
    assert found["job_cross_section"]["value"] == pytest.approx(0.00090016)


def test_a_job_is_told_its_events_and_a_seed_of_its_own(sample, archive, notes, tmp_path) -> None:
    generate_events(archive, "sm", 60, 12, folder=tmp_path / "other")
    first, second = notes("generate")
    assert (first["n_events"], first["seed"], first["point"]) == (40, 12, "w")
    assert (second["n_events"], second["seed"], second["point"]) == (60, 13, "sm")
    assert "run_mode = 0" in first["configuration"]
    assert notes("reweight")[-1]["library"], "the library of prepare is used"


def test_large_seeds_are_brought_into_madgraphs_range(archive, notes, tmp_path) -> None:
    generate_events(archive, "sm", 60, 2**62 + 5, folder=tmp_path / "job")
    assert 0 < notes("generate")[-1]["seed"] <= 900_000_000


def test_nothing_is_left(sample, tmp_path) -> None:
    assert list((tmp_path / "job").iterdir()) == []


def test_the_events_can_be_written_and_read(sample, tmp_path) -> None:
    write_lhe(tmp_path / "events.lhe.gz", sample)
    again = read_lhe(tmp_path / "events.lhe.gz")
    assert again.weight_names == sample.weight_names
    np.testing.assert_allclose(again.weights, sample.weights, rtol=1e-11)
    assert again.metadata["benchmark"] == "w"


def test_a_background_has_no_weights_at_benchmarks(notes, settings, tmp_path) -> None:
    path = tmp_path / "continuum.tar.gz"
    prepare_process(path, settings(points={"": {("dim6", (2,)): 0.0}}, generated=("",), name="continuum"), 7)
    sample = generate_events(path, None, 60, 3, ("mur_1_muf_0.5",), folder=tmp_path)
    assert sample.weight_names == ("mur_1_muf_0.5",)
    assert sample.nominal_weights.sum() == pytest.approx(0.001039)
    assert sample.metadata["benchmark"] is None


def test_the_record_is_read_as_any_file(tmp_path) -> None:
    sample = external_events(RECORDED / "sm.lhe.gz")
    assert set(sample.weight_names) == {"w", "b1"}


@pytest.mark.parametrize(
    ("fails", "what"),
    [
        ("generate zero_cross_section", "too few events pass the cuts, in the generation of signal"),
        ("reweight no_numpy", "library of its reweighting"),
        ("reweight reweighting", "the reweighting has left no weights at sm"),
    ],
)
def test_failures(fails, what, archive, notes, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", fails)
    with pytest.raises(GenerationError, match=what):
        generate_events(archive, "w", 40, 11, folder=tmp_path / "job")
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["madgraph.log"]


class TestRefusals:
    def test_a_benchmark_that_only_has_weights(self, archive, notes, tmp_path) -> None:
        with pytest.raises(GenerationError, match="not prepared for benchmark 'b1'"):
            generate_events(archive, "b1", 40, 11, folder=tmp_path)

    def test_no_events(self, archive, notes, tmp_path) -> None:
        with pytest.raises(GenerationError, match="0 events"):
            generate_events(archive, "sm", 0, 11, folder=tmp_path)

    def test_far_less_events_than_asked_for(self, archive, notes, tmp_path) -> None:
        with pytest.raises(GenerationError, match="gave 60 events in place of 1000"):
            generate_events(archive, "sm", 1000, 11, folder=tmp_path)

    def test_a_cross_section_that_is_not_that_of_prepare(self, archive, notes, tmp_path) -> None:
        changed = tmp_path / "changed.tar.gz"
        rewrite(archive, changed, lambda head: head["cross_sections"].update(w=[0.01, 1e-5]))
        with pytest.raises(GenerationError, match=r"expected: that of prepare, 0\.01"):
            generate_events(changed, "w", 40, 11, folder=tmp_path)

    def test_another_machines_madgraph(self, archive, notes, tmp_path) -> None:
        changed = tmp_path / "changed.tar.gz"
        rewrite(archive, changed, lambda head: head.update(madgraph="/no/such/folder"))
        with pytest.raises(GenerationError, match="/no/such/folder"):
            generate_events(changed, "w", 40, 11, folder=tmp_path)


def rewrite(source: Path, target: Path, change) -> None:
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = old.extractfile(member)
            if member.name == HEAD:
                head = json.load(content)
                change(head)
                text = json.dumps(head).encode()
                member.size = len(text)
                new.addfile(member, io.BytesIO(text))
            else:
                new.addfile(member, content)


def test_the_record_has_what_the_stand_in_replays() -> None:
    text = gzip.decompress((RECORDED / "w.lhe.gz").read_bytes()).decode()
    assert text.count("<event>") == 40
