from dataclasses import replace

import numpy as np
import pytest

from assay.errors import MismatchError
from assay.events.against_study import check_fits, disagreements, fitted
from assay.events.eventfile import read_event_header, write_event_file
from assay.events.pool import EventPool
from assay.events.table import NuisanceWeights
from assay.study.load import load_study
from assay.theory.nuisance import NuisanceParameter

pytestmark = pytest.mark.fast

STUDY = """
assay: 1
name: toy
parameters:
  t0: {lha_block: dim6, lha_id: 2, range: [-1.0, 1.0], transform: 16.52*theta}
  t1: {lha_block: dim6, lha_id: 5, range: [-1.0, 1.0]}
benchmarks:
  sm: {t0: 0.0, t1: 0.0}
  a: {t0: 1.0, t1: 0.0}
observables:
  x: {expression: "j[0].pt", required: true}
  s: {expression: "sin( 7*x )", required: true}
luminosity: 1.0
methods: {rate: {kind: rate}}
"""


@pytest.fixture
def study_of(tmp_path):
    def write(*changes):
        text = STUDY
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "input.yml").write_text(text)
        return load_study(tmp_path / "input.yml")

    return write


@pytest.fixture
def table(toy, rng):
    return toy.table([("sm", 80), ("a", 60)], rng)


@pytest.fixture
def header(table, tmp_path):
    write_event_file(tmp_path / "events.h5", table)
    return read_event_header(tmp_path / "events.h5")


def test_a_file_of_the_study(study_of, header):
    assert disagreements(study_of(), header) == []  # spaces in expressions do not count
    check_fits(study_of(), header, "events.h5")


DIFFERENCES = {
    "parameter": ([("t1", "u")], "parameters: t0, t1 in the file, t0, u in the study"),
    "values": ([("a: {t0: 1.0", "a: {t0: 0.5")], "benchmark a is at 1, 0 in the file, at 0.5, 0 in the study"),
    "benchmark": ([("  a: {", "  w: {")], "benchmark w of the study is not in the file, which has sm, a, b"),
    "observable": ([("  s: {expr", "  y: {expr")], "observable y of the study is not in the file, which has x, s"),
    "definition": ([("j[0].pt", "j[1].pt")], r"observable x is j[0].pt in the file, j[1].pt in the study"),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_differences_are_told(study_of, header, difference):
    changes, message = DIFFERENCES[difference]
    (found,) = disagreements(study_of(*changes), header)
    assert found.startswith(message)
    with pytest.raises(MismatchError) as caught:
        check_fits(study_of(*changes), header, "events.h5")
    assert message in str(caught.value)
    assert caught.value.where == "events.h5"
    assert caught.value.mend is not None


def test_all_differences_are_told_at_once(study_of, header):
    changed = study_of(("a: {t0: 1.0", "a: {t0: 0.5"), ("j[0].pt", "j[1].pt"))
    assert len(disagreements(changed, header)) == 2


def test_definitions_of_madminers_files_do_not_count(study_of, header):
    assert disagreements(study_of(("j[0].pt", "j[1].pt")), replace(header, named_samples=False)) == []


def test_the_reference_of_nuisance_weights(study_of, table, tmp_path):
    nuisance = NuisanceWeights(("up",), 1.1 * table.weights[:, :1])
    write_event_file(tmp_path / "events.h5", replace(table, nuisance=nuisance))
    other = study_of(("luminosity", "reference: a\nluminosity"))
    assert disagreements(study_of(), read_event_header(tmp_path / "events.h5")) == []
    assert disagreements(other, read_event_header(tmp_path / "events.h5")) == [
        "the reference is sm in the file, a in the study"
    ]


def test_systematics_of_the_study_are_in_the_file(study_of, table, header, tmp_path):
    systematics = "luminosity: 1.0\nsystematics: {lumi: {kind: normalisation, uncertainty: 0.02}}"
    study = study_of(("luminosity: 1.0", systematics))
    assert disagreements(study, header) == ["systematic lumi of the study is not in the file, which has none"]
    columns = NuisanceWeights(
        ("lumi_up",), 1.02 * table.weights[:, :1], (NuisanceParameter("lumi", "lumi", "lumi_up", None),)
    )
    write_event_file(tmp_path / "varied.h5", replace(table, nuisance=columns))
    assert disagreements(study, read_event_header(tmp_path / "varied.h5")) == []
    assert disagreements(study_of(), read_event_header(tmp_path / "varied.h5")) == []  # the file may have more


def test_the_pool_has_the_studys_observables_and_reference(study_of, table):
    pool = EventPool.from_table(table)
    one = fitted(study_of(('  s: {expression: "sin( 7*x )", required: true}\n', "")), pool)
    assert one.observables == ("x",)
    np.testing.assert_array_equal(one.x, table.x[:, :1])
    np.testing.assert_array_equal(one.partition, pool.partition)
    other = fitted(study_of(("luminosity", "reference: a\nluminosity")), pool)
    assert other.space.reference == "a"
    np.testing.assert_array_equal(other.x, pool.x)
    lines = [line for line in STUDY.splitlines(keepends=True) if line.startswith(("  x:", "  s:"))]
    first_s = "  s: {expression: met.pt, default: 0.0}\n"  # definitions are not compared here
    swapped = fitted(study_of(("".join(lines), first_s + lines[0])), pool)
    np.testing.assert_array_equal(swapped.x, table.x[:, ::-1])
