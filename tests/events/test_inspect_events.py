import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from assay.errors import DamagedFileError, EventFileError, LayoutVersionError
from assay.events.eventfile import write_event_file, write_setup_file
from assay.events.inspect_events import inspect_event_file, inspect_setup_file
from assay.events.pool import EventPool
from assay.events.table import NuisanceParameter, NuisanceWeights, Sample, Systematic

pytestmark = pytest.mark.fast

MADMINER = Path(__file__).parents[1] / "data" / "madminer-0.9.6.h5"


@pytest.fixture
def table(toy, rng):
    return toy.table([("sm", 800), ("a", 600), ("sm", 400)], rng, cut=0.2)


@pytest.fixture
def path(table, tmp_path):
    write_event_file(tmp_path / "events.h5", table)
    return tmp_path / "events.h5"


def rows_of(inspection, title):
    (table,) = (table for table in inspection.tables if table.title == title)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_everything_in_a_file(table, path):
    found = inspect_event_file(path, chunk=97)
    assert (found.faults, found.suspicious) == ((), ())
    facts = dict(found.facts)
    assert facts["events"] == table.n_events
    assert facts["checksums"] is True
    assert facts["samples"] == "3"
    assert facts["reference"] == "sm"
    assert [row["name"] for row in rows_of(found, "parameters")] == ["t0", "t1"]
    pool = EventPool.from_table(table)
    values, errors = pool.cross_section(table.space.benchmark_values)
    sizes = pool.effective_sample_size(table.space.benchmark_values)
    for b, row in enumerate(rows_of(found, "benchmarks")):
        assert row["name"] == table.space.benchmark_names[b]
        assert row["drawn there"] == np.sum(table.benchmark_index == b)
        assert row["cross section [pb]"] == pytest.approx(values[b])
        assert row["error [pb]"] == pytest.approx(errors[b])
        assert row["effective events"] == pytest.approx(sizes[b])
    for s, row in enumerate(rows_of(found, "samples")):
        assert row["generated"] == (800, 600, 400)[s]
        assert row["in the file"] == np.sum(table.sample_index == s)
    x, s = rows_of(found, "observables")
    assert x["lowest"] == table.x[:, 0].min()
    assert x["highest"] == table.x[:, 0].max()
    assert s["mean"] == pytest.approx(table.x[:, 1].mean())
    assert rows_of(found, "cut flow")[-1]["events"] == np.sum(table.benchmark_index == 1)
    assert json.loads(json.dumps(found.as_json()))["tables"]["benchmarks"][0]["name"] == "sm"


def test_a_file_of_madminer():
    found = inspect_event_file(MADMINER)
    facts = dict(found.facts)
    assert facts["layout"] == "MadMiner 0.9"
    assert facts["checksums"] is False
    assert facts["samples"] == "2, inferred from weights"
    assert any("worth only" in text and "benchmark sm" in text for text in found.suspicious)


def test_a_spread_of_the_weights_of_a_file_of_madminer(path):
    with h5py.File(path, "r+") as file:
        del file["assay"]
        at_a = file["samples/sampling_benchmarks"][()] == 1
        weights = file["samples/weights"][()]
        weights[at_a, 1] *= np.linspace(1.0, 1.5, at_a.sum())
        file["samples/weights"][...] = weights
    found = inspect_event_file(path)
    assert sentence_with(found.suspicious, "the events drawn at benchmark a weigh between")
    assert found.faults == ()


def test_a_file_of_madminer_before_0_9(path):
    with h5py.File(path, "r+") as file:
        del file["assay"]
        file.move("parameters/val_ranges", "parameters/ranges")
        file.move("sample_summary/signal_events", "sample_summary/signal_events_per_benchmark")
    assert dict(inspect_event_file(path).facts)["layout"] == "MadMiner up to 0.8"


def test_systematics(table, tmp_path):
    nuisance = NuisanceWeights(
        ("up",),
        1.1 * table.weights[:, :1],
        (NuisanceParameter("mu", "scale", "up", None),),
        (Systematic("scale", "scale", "0.5,1,2", "mu"),),
    )
    write_event_file(tmp_path / "events.h5", replace(table, nuisance=nuisance))
    found = inspect_event_file(tmp_path / "events.h5")
    assert rows_of(found, "systematics")[0]["kind"] == "scale"
    assert rows_of(found, "nuisance parameters")[0]["up"] == "up"


def changed(path, name, change):
    with h5py.File(path, "r+") as file:
        values = file[name][()]
        change(values)
        file[name][...] = values


def put(*index, value):
    def change(values):
        values[index] = value

    return change


def sentence_with(sentences, *words):
    return any(all(word in sentence for word in words) for sentence in sentences)


def test_numbers_that_are_not_finite(path):
    changed(path, "samples/weights", put(7, 2, value=np.nan))
    changed(path, "samples/observations", put(22, 1, value=np.inf))
    found = inspect_event_file(path, chunk=5)
    assert dict(found.facts)["events with a number that is not finite"] == 2
    assert sentence_with(found.faults, "weight at benchmark b of event 7 is nan")
    assert sentence_with(found.suspicious, "weights at benchmark b are not finite in 1 events")
    assert sentence_with(found.suspicious, "observable s is not finite in 1 events")
    # the others are looked at all the same
    assert rows_of(found, "benchmarks")[0]["effective events"] > 100


def test_negative_weights(path):
    changed(path, "samples/weights", put(slice(0, 30), 3, value=-1e-4))
    assert sentence_with(inspect_event_file(path).suspicious, "benchmark c are negative in 30 events")


def test_a_heavy_event(path):
    changed(path, "samples/weights", put(4, 5, value=50.0))
    found = inspect_event_file(path)
    assert sentence_with(found.suspicious, "a single event makes up", "benchmark e")
    assert sentence_with(found.suspicious, "worth only", "benchmark e")


def test_weights_of_many_orders(path):
    changed(path, "samples/weights", put(4, 5, value=1e-40))
    assert sentence_with(inspect_event_file(path).suspicious, "benchmark e span", "orders of magnitude")


def test_weights_of_zero(path):
    changed(path, "samples/weights", put(slice(None), 5, value=0.0))
    assert sentence_with(inspect_event_file(path).suspicious, "all weights at benchmark e are zero")


def test_a_constant_observable(path):
    changed(path, "samples/observations", put(slice(None), 1, value=3.0))
    assert sentence_with(inspect_event_file(path).suspicious, "observable s is 3 in all events")


def test_lost_events(path):
    changed(path, "sample_summary/signal_events", put(0, value=7))
    assert sentence_with(inspect_event_file(path).faults, "as its summary says")


def test_a_wrong_normalisation(table, tmp_path):
    write_event_file(tmp_path / "events.h5", replace(table, weights=300 * table.weights))
    found = inspect_event_file(tmp_path / "events.h5")
    assert sentence_with(found.faults, "events weigh", "expected")
    assert rows_of(found, "benchmarks")[0]["cross section [pb]"] is None


def test_a_run_of_which_little_is_left(toy, rng, tmp_path):
    table = toy.table([("sm", 500), ("a", 300)], rng, names=["one", "two"])
    keep = table.sample_index == 0
    write_event_file(
        tmp_path / "events.h5",
        replace(
            table,
            x=table.x[keep],
            weights=table.weights[keep],
            sample_index=table.sample_index[keep],
            cut_flow=(replace(table.cut_flow[0], n_events=300),),
        ),
    )
    found = inspect_event_file(tmp_path / "events.h5").suspicious
    assert sentence_with(found, "no event of sample two is left after cuts")
    assert sentence_with(found, "cut flow ends with 300 events of sm, and 500 are in the file")


def test_background_alone(toy, rng, tmp_path):
    table = toy.table([("sm", 200)], rng)
    background = replace(
        table, samples=(Sample("tt", None, 200, 2.0),), weights=np.full_like(table.weights, 0.01), cut_flow=()
    )
    write_event_file(tmp_path / "events.h5", background)
    found = inspect_event_file(tmp_path / "events.h5")
    assert dict(found.facts)["background events"] == 200
    assert sentence_with(found.suspicious, "there is background alone")


def test_no_events(toy, rng, tmp_path):
    write_event_file(tmp_path / "events.h5", toy.table([("sm", 10)], rng, cut=2.0))
    assert sentence_with(inspect_event_file(tmp_path / "events.h5").suspicious, "there is no event in it")


def test_setup_files(toy, tmp_path):
    write_setup_file(tmp_path / "setup.h5", toy.space, toy.morphing)
    found = inspect_setup_file(tmp_path / "setup.h5")
    assert found.kind == "set-up file"
    assert [row["name"] for row in rows_of(found, "benchmarks")] == list(toy.space.benchmark_names)
    assert dict(found.facts)["morphing components"] == 6


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), DamagedFileError),
        (lambda path: path.unlink(), EventFileError),
        (lambda path: path.write_text("no"), DamagedFileError),
    ],
)
def test_files_that_cannot_be_read(path, damage, kind):
    damage(path)
    with pytest.raises(kind, match=str(path)):
        inspect_event_file(path)


def test_another_version(path):
    with h5py.File(path, "r+") as file:
        file["assay"].attrs.modify("schema_version", 7)
    with pytest.raises(LayoutVersionError, match="version 7"):
        inspect_event_file(path)
