from dataclasses import replace

import h5py
import numpy as np
import pytest

from assay.errors import DamagedFileError, EventFileError, LayoutVersionError, NotFiniteError
from assay.events.eventfile import (
    ObservableInfo,
    Sample,
    read_event_file,
    read_event_header,
    read_setup_file,
    write_event_file,
    write_setup_file,
)
from assay.events.table import NuisanceParameter, NuisanceWeights, Systematic

pytestmark = pytest.mark.fast


@pytest.fixture
def table(toy, rng):
    table = toy.table([("sm", 80), ("a", 60), ("sm", 40)], rng, cut=0.2)
    nuisance = NuisanceWeights(
        ("mu_up", "mu_down"),
        rng.exponential(size=(table.n_events, 2)),
        (NuisanceParameter("mu", "scale", "mu_up", "mu_down"), NuisanceParameter("lumi", "lumi", None, None)),
        (Systematic("scale", "scale", "0.5,1,2", "mu"), Systematic("lumi", "norm", "1.02")),
    )
    observables = (ObservableInfo("x", "j[0].pt", "GeV", "p_{T,ü}"), ObservableInfo("s", "x + " * 100 + "x"))
    return replace(table, nuisance=nuisance, observables=observables, provenance={"seed": 7, "by": ["λ", None]})


@pytest.fixture
def path(table, tmp_path):
    write_event_file(tmp_path / "events.h5", table)
    return tmp_path / "events.h5"


def test_a_file_gives_back_the_table(table, path):
    found = read_event_file(path)
    for name in ("x", "weights", "sample_index"):
        np.testing.assert_array_equal(getattr(found, name), getattr(table, name))
    for name in ("space", "observables", "samples", "cut_flow", "provenance"):
        assert getattr(found, name) == getattr(table, name)
    np.testing.assert_array_equal(found.morphing.matrix, table.morphing.matrix)
    np.testing.assert_array_equal(found.morphing.components, table.morphing.components)
    np.testing.assert_array_equal(found.nuisance.weights, table.nuisance.weights)
    for name in ("benchmark_names", "parameters", "systematics"):
        assert getattr(found.nuisance, name) == getattr(table.nuisance, name)
    header = read_event_header(path)
    assert (header.space, header.samples, header.named_samples) == (table.space, table.samples, True)


def test_layout_is_madminers(table, path):
    n = table.n_events
    expected = {
        "parameters/names": ((2,), "S256"),
        "parameters/lha_blocks": ((2,), "S256"),
        "parameters/transforms": ((2,), "S256"),
        "parameters/lha_ids": ((2,), "i8"),
        "parameters/max_power": ((2,), "i8"),
        "parameters/val_ranges": ((2, 2), "f8"),
        "benchmarks/names": ((8,), "S256"),
        "benchmarks/values": ((8, 2), "f8"),
        "benchmarks/is_nuisance": ((8,), "i8"),
        "benchmarks/is_reference": ((8,), "i8"),
        "morphing/components": ((6, 2), "i8"),
        "morphing/morphing_matrix": ((6, 6), "f8"),
        "systematics/names": ((1,), "S256"),
        "systematics/scales": ((1,), "S256"),
        "observables/names": ((2,), "S256"),
        "observables/definitions": ((2,), "S256"),
        "nuisance_parameters/benchmark_negative": ((2,), "S256"),
        "samples/observations": ((n, 2), "f8"),
        "samples/weights": ((n, 8), "f8"),
        "samples/sampling_benchmarks": ((n,), "i8"),
        "sample_summary/signal_events": ((6,), "i8"),
        "sample_summary/background_events": ((), "i8"),
    }
    with h5py.File(path) as file:
        for name, (shape, kind) in expected.items():
            assert file[name].shape == shape, name
            assert file[name].dtype == np.dtype(kind), name
        assert file["observables/definitions"][1] == b"None"  # longer than MadMiner's text
        assert file["systematics/scales"][()].tolist() == [b"mu"]  # madminer refuses files with other kinds
        assert file["parameters/transforms"][()].tolist() == [b"16.52*theta", b"theta"]
        assert file["benchmarks/is_nuisance"][()].tolist() == [0] * 6 + [1] * 2
        assert file["sample_summary/signal_events"][()].sum() == n
        for name in ("observations", "weights", "sampling_benchmarks"):
            assert file["samples"][name].fletcher32


def madminer_file(path, table, old=False, change=None):
    """A file as MadMiner writes it: plain datasets, nothing of ours; with `old` of up to release 0.8.3."""

    def text(values):
        return np.array([v.encode() for v in values], dtype="S256")

    space = table.space
    with h5py.File(path, "w") as file:
        file["parameters/names"] = text(space.names)
        file["parameters/lha_blocks"] = text(["dim6", "dim6"])
        file["parameters/lha_ids"] = np.array([2, 5])
        file["parameters/transforms"] = text(["16.52*theta", "theta"])
        powers = np.array([2, 2])
        file["parameters/max_power"] = powers[:, None] if old else powers
        file["parameters/ranges" if old else "parameters/val_ranges"] = space.ranges
        file["benchmarks/names"] = text(space.benchmark_names)
        file["benchmarks/values"] = space.benchmark_values
        if not old:
            file["benchmarks/is_nuisance"] = np.zeros(6, dtype=int)
            file["benchmarks/is_reference"] = np.eye(6, dtype=int)[0]
        file["morphing/components"] = table.morphing.components
        file["morphing/morphing_matrix"] = table.morphing.matrix
        file["observables/names"] = text(table.observable_names)
        file["observables/definitions"] = text(["j[0].pt", "None"])
        file["samples/observations"] = table.x
        file["samples/weights"] = table.weights
        file["samples/sampling_benchmarks"] = table.benchmark_index
        signal = np.bincount(table.benchmark_index[table.benchmark_index >= 0], minlength=6)
        name = "signal_events_per_benchmark" if old else "signal_events"
        file[f"sample_summary/{name}"] = signal
        file["sample_summary/background_events"] = int(np.sum(table.benchmark_index < 0))
        if change is not None:
            change(file)
    return path


@pytest.fixture
def signal_and_background(toy, rng):
    table = toy.table([("sm", 80), ("a", 60)], rng, cut=0.2)
    x, weights = rng.uniform(size=(30, 2)), np.full((30, 6), 0.05)
    return replace(
        table,
        samples=(*table.samples, Sample("tt", None, 30, 1.5)),
        x=np.concatenate([x, table.x]),
        weights=np.concatenate([weights, table.weights]),
        sample_index=np.concatenate([np.full(30, 2, dtype=np.int32), table.sample_index]),
        cut_flow=(),
    )


@pytest.mark.parametrize("old", [False, True])
def test_madminers_files_are_read(signal_and_background, tmp_path, old):
    table = signal_and_background
    found = read_event_file(madminer_file(tmp_path / "madminer.h5", table, old))
    np.testing.assert_array_equal(found.x, table.x)
    np.testing.assert_array_equal(found.weights, table.weights)
    np.testing.assert_array_equal(found.benchmark_index, table.benchmark_index)
    assert [p.transform for p in found.space.parameters] == ["16.52*theta", None]
    assert [p.max_power for p in found.space.parameters] == [2, 2]
    assert found.space.reference == "sm"
    assert found.observables == (ObservableInfo("x", "j[0].pt"), ObservableInfo("s", ""))
    n_sm = int(np.sum(table.sample_index == 0))
    assert [s.name for s in found.samples] == ["sm", "a", "background"]
    assert found.samples[0].n_generated == n_sm
    # the constant weight for which an event stands is that of the samples as they were generated
    assert found.samples[0].cross_section / n_sm == pytest.approx(table.samples[0].cross_section / 80)


def test_incomplete_finite_differences_are_not_dropped_in_silence(signal_and_background, tmp_path):
    def add(file):
        file["finite_differences/base_benchmarks"] = np.array([b"sm"], dtype="S256")

    path = madminer_file(tmp_path / "madminer.h5", signal_and_background, change=add)
    with pytest.raises(EventFileError, match="shifted_benchmarks"):
        read_event_file(path)


def test_systematics_of_older_files(path):
    """Up to 0.8.3 a systematic is one text with tabs; in 0.4 nuisance parameters do not name theirs."""
    with h5py.File(path, "r+") as file:
        del file["assay"], file["systematics"], file["nuisance_parameters/systematics"]
        file["systematics/names"] = np.array([b"a", b"b", b"c"], dtype="S256")
        file["systematics/values"] = np.array([b"scale\tmuf\t0.5,1.0,2.0", b"norm\t1.1", b"pdf\tCT10"], dtype="S256")
    header = read_event_header(path)
    assert header.systematics == (
        Systematic("a", "scale", "0.5,1.0,2.0", "muf"),
        Systematic("b", "norm", "1.1"),
        Systematic("c", "pdf", "CT10"),
    )
    assert [parameter.systematic for parameter in header.nuisance_parameters] == ["", ""]
    assert header.nuisance_parameters[0].benchmark_positive == "mu_up"


def test_weights_that_are_not_constant_are_taken_as_they_are(signal_and_background, tmp_path):
    table = signal_and_background
    weights = table.weights * np.linspace(1, 1.01, table.n_events)[:, None]
    found = read_event_file(madminer_file(tmp_path / "madminer.h5", replace(table, weights=weights)))
    np.testing.assert_allclose(found.weights, weights, rtol=1e-12)
    at_sm = found.benchmark_index == 0
    assert found.samples[0].counted
    assert found.samples[0].cross_section == pytest.approx(weights[at_sm, 0].sum())
    # what is known of the samples stays known
    write_event_file(tmp_path / "ours.h5", found)
    assert read_event_file(tmp_path / "ours.h5").samples == found.samples


def test_opening_a_data_file_evaluates_expressions(signal_and_background, tmp_path):
    trap = tmp_path / "trap"
    attack = f"__import__('pathlib').Path('{trap}').touch() or theta"

    def plant(file):
        for name in ("parameters/transforms", "observables/definitions"):
            del file[name]
            file[name] = np.array([attack.encode()] * 2, dtype="S256")

    path = madminer_file(tmp_path / "madminer.h5", signal_and_background, change=plant)
    found = read_event_file(path)
    assert found.space.parameters[0].transform == attack
    write_event_file(tmp_path / "ours.h5", found)
    again = read_event_file(tmp_path / "ours.h5")
    assert again.observables[0].definition == attack
    with pytest.raises(Exception, match="theta"):
        again.space.parameters[0].entries[0].value([0.1])
    assert not trap.exists()


def test_setup_files(toy, tmp_path, path):
    write_setup_file(tmp_path / "setup.h5", toy.space, toy.morphing)
    for file in (tmp_path / "setup.h5", path):
        found = read_setup_file(file)
        assert found.space == toy.space
        np.testing.assert_array_equal(found.morphing.matrix, toy.morphing.matrix)
    with pytest.raises(EventFileError, match="there is no observables in it"):
        read_event_file(tmp_path / "setup.h5")


def test_no_events_can_be_written(toy, rng, tmp_path):
    table = toy.table([("sm", 10)], rng, cut=2.0)
    write_event_file(tmp_path / "empty.h5", table)
    assert read_event_file(tmp_path / "empty.h5").x.shape == (0, 2)


def rewritten(change):
    def damage(path):
        with h5py.File(path, "r+") as file:
            change(file)

    return damage


def replaced(name, values):
    def change(file):
        old = file[name][()]
        del file[name]
        file[name] = values(old)

    return rewritten(change)


def removed(name):
    def change(file):
        del file[name]

    return rewritten(change)


def nan_at(row, column):
    def values(old):
        old[row, column] = np.nan
        return old

    return values


def truncate(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


KINDS = {
    "truncated": DamagedFileError,
    "text": DamagedFileError,
    "empty": DamagedFileError,
    "later version": LayoutVersionError,
    "nan observable": NotFiniteError,
    "nan weight": NotFiniteError,
    "nan nuisance weight": NotFiniteError,
}
FAULTS = {
    "truncated": (truncate, "damaged: it is truncated"),
    "text": (lambda path: path.write_text("x,y\n"), "it is not an HDF5 file|truncated"),
    "empty": (lambda path: path.write_bytes(b""), "damaged"),
    "missing": (lambda path: path.unlink(), "file not found"),
    "later version": (
        rewritten(lambda file: file["assay"].attrs.modify("schema_version", 99)),
        "version 99 of the layout",
    ),
    "nan observable": (replaced("samples/observations", nan_at(3, 1)), "observable s of event 3 is nan; 1 of"),
    "nan weight": (replaced("samples/weights", nan_at(2, 1)), "weight at benchmark a of event 2 is nan"),
    "nan nuisance weight": (replaced("samples/weights", nan_at(2, 7)), "weight at benchmark mu_down of event 2"),
    "fewer events": (replaced("samples/observations", lambda old: old[:-1]), "samples/weights has shape"),
    "fewer columns": (replaced("samples/weights", lambda old: old[:, :-1]), "samples/weights has shape"),
    "fewer observables": (replaced("samples/observations", lambda old: old[:, :1]), "samples/observations has shape"),
    "lost events": (replaced("sample_summary/signal_events", lambda old: old + 1), "as its summary says"),
    "other benchmarks": (replaced("samples/sampling_benchmarks", lambda old: old[::-1]), "contradicts"),
    "other morphing": (
        replaced("morphing/morphing_matrix", lambda old: 1.1 * old),
        "does not belong to the benchmarks",
    ),
    "moved benchmark": (replaced("benchmarks/values", lambda old: old + 0.01), "does not belong to the benchmarks"),
    "no weights": (removed("samples/weights"), "there is no dataset /samples/weights"),
    "no parameters": (removed("parameters"), "there is no parameters in it"),
    "no morphing": (removed("morphing"), "there is no morphing in it"),
    "no sample index": (removed("assay/sample_index"), "there is no dataset /assay/sample_index"),
    "nuisance first": (replaced("benchmarks/is_nuisance", lambda old: old[::-1]), "physics come after|does not"),
    "names short": (replaced("parameters/lha_ids", lambda old: old[:1]), "damaged"),
    "bad range": (replaced("parameters/val_ranges", lambda old: old[:, ::-1]), "parameter t0"),
    "unknown benchmark": (replaced("assay/samples/benchmarks", lambda old: np.full(3, b"zz")), "no benchmark 'zz'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_damage_is_named(path, fault):
    damage, message = FAULTS[fault]
    damage(path)
    with pytest.raises(KINDS.get(fault, EventFileError), match=message) as caught:
        read_event_file(path)
    assert str(path) in str(caught.value)


def test_flipped_bits_are_found(table, path):
    """No flipped bit goes unnoticed: it is an error, or the content is the same (padding, unused space)."""
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    n_found = 0
    for position in rng.integers(0, len(content), 120):
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            found = read_event_file(path)
        except EventFileError:
            n_found += 1
            continue
        for name in ("space", "observables", "samples", "cut_flow", "provenance"):
            assert getattr(found, name) == getattr(table, name), position
        for name in ("x", "weights", "sample_index"):
            np.testing.assert_array_equal(getattr(found, name), getattr(table, name))
        np.testing.assert_array_equal(found.morphing.matrix, table.morphing.matrix)
    assert n_found > 50


@pytest.mark.parametrize("name", ["ü", "x" * 300, "a\0b"])
def test_names_that_madminer_cannot_hold_leave_no_file(table, tmp_path, name):
    wrong = replace(table, observables=(table.observables[0], ObservableInfo(name, "1")))
    with pytest.raises(EventFileError, match="cannot be written to /observables/names"):
        write_event_file(tmp_path / "out.h5", wrong)
    assert list(tmp_path.iterdir()) == []
