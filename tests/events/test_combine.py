from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import DamagedFileError, EventFileError, LayoutVersionError, MismatchError, NotFiniteError
from assay.events.combine import combine
from assay.events.cutflow import total_cut_flow
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.partition import partition_of
from assay.events.pool import EventPool
from assay.events.table import CutFlowRow, NuisanceWeights, ObservableInfo, Sample, group_scales
from assay.theory.parameters import Benchmark, ParameterSpace

pytestmark = pytest.mark.fast

RUNS = [("sm", 300), ("a", 200), ("sm", 100), ("d", 150)]
NAMES = ["sm_0", "a_0", "sm_1", "d_0"]
THETA = np.array([[0.0, 0.0], [0.4, -0.3], [-0.9, 0.9]])


@pytest.fixture
def tables(toy, rng):
    return [toy.table([run], rng, cut=0.3, names=[name]) for run, name in zip(RUNS, NAMES, strict=True)]


@pytest.fixture
def paths(tables, tmp_path):
    return write_all(tables, tmp_path)


def write_all(tables, folder):
    paths = [folder / f"{i}.h5" for i in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        write_event_file(path, table)
    return paths


def rows_by_content(*tables):
    rows = np.concatenate([table.x for table in tables])
    return rows[np.lexsort(rows.T)]


def test_all_events_are_there_once(tables, paths, tmp_path):
    result = combine(paths, tmp_path / "all.h5")
    found = read_event_file(tmp_path / "all.h5")
    np.testing.assert_array_equal(rows_by_content(found), rows_by_content(*tables))
    assert result.n_events == found.n_events == sum(result.events_per_sample)
    assert [s.name for s in found.samples] == NAMES
    assert found.space == tables[0].space
    for number, table in enumerate(tables):
        of_sample = found.x[found.sample_index == number]
        np.testing.assert_array_equal(of_sample[np.lexsort(of_sample.T)], rows_by_content(table))


def test_two_samples_at_the_same_benchmark(toy, paths, tmp_path):
    combine(paths, tmp_path / "all.h5")
    found = read_event_file(tmp_path / "all.h5")
    at_sm = found.weights[found.benchmark_index == 0, 0]
    # 5 pb of 400 generated events, not 10 pb
    np.testing.assert_allclose(at_sm, 5.0 / 400, rtol=1e-12)
    values, errors = EventPool.from_table(found).cross_section(THETA)
    truth = np.array([toy.cross_section(theta, 0.3) for theta in THETA])
    assert np.all(np.abs(values - truth) < 4 * errors)


def test_pool_of_a_combined_file_is_that_of_its_parts(toy, rng, tmp_path):
    whole = toy.table(RUNS, rng, cut=0.3, names=NAMES)
    parts = [
        replace(
            whole,
            samples=(sample,),
            x=whole.x[whole.sample_index == i],
            weights=whole.weights[whole.sample_index == i],
            sample_index=np.zeros(np.sum(whole.sample_index == i), dtype=np.int32),
            cut_flow=(),
        )
        for i, sample in enumerate(whole.samples)
    ]
    result = combine(write_all(parts, tmp_path), tmp_path / "all.h5")
    pool, again = EventPool.from_table(whole), EventPool.from_table(read_event_file(tmp_path / "all.h5"))
    np.testing.assert_allclose(again.cross_section(THETA), pool.cross_section(THETA), rtol=1e-12)
    np.testing.assert_array_equal(np.bincount(again.partition), np.bincount(pool.partition))
    benchmarks = toy.space.benchmark_values
    np.testing.assert_allclose(result.cross_sections, pool.cross_section(benchmarks)[0], rtol=1e-10)
    np.testing.assert_allclose(result.cross_section_errors, pool.cross_section(benchmarks)[1], rtol=1e-10)
    np.testing.assert_allclose(result.effective_sample_sizes, pool.effective_sample_size(benchmarks), rtol=1e-10)


@given(st.integers(20, 400), st.sampled_from([10**4, 10**6, 10**9]), st.permutations(range(4)))
@settings(max_examples=5, deadline=None)
def test_order_of_events_does_not_depend_on_chunks_or_files(toy, tmp_path_factory, chunk, memory, order):
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(4)
    tables = [toy.table([run], rng, cut=0.3, names=[name]) for run, name in zip(RUNS, NAMES, strict=True)]
    paths = write_all(tables, folder)
    combine(paths, folder / "one.h5", seed=3)
    combine([paths[i] for i in order], folder / "other.h5", seed=3, chunk=chunk, memory=memory)
    one, other = read_event_file(folder / "one.h5"), read_event_file(folder / "other.h5")
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.weights, other.weights)
    names = [[table.samples[i].name for i in table.sample_index] for table in (one, other)]
    assert names[0] == names[1]


def test_events_are_shuffled_globally_and_reproducibly(paths, tmp_path):
    found = {}
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        combine(paths, tmp_path / f"{name}.h5", seed=seed)
        found[name] = read_event_file(tmp_path / f"{name}.h5")
    np.testing.assert_array_equal(found["first"].x, found["again"].x)
    assert not np.array_equal(found["first"].x, found["other"].x)
    # samples are mixed all over the file
    index = found["first"].sample_index
    changes = np.mean(index[1:] != index[:-1])
    shares = np.bincount(index) / len(index)
    assert changes == pytest.approx(1 - np.sum(shares**2), abs=0.1)
    # and the order says nothing of the partition
    pool = EventPool.from_table(found["first"])
    halves = np.array_split(pool.partition == 0, 2)
    assert abs(halves[0].mean() - halves[1].mean()) < 4 * np.sqrt(0.24 * 4 / len(index))


def test_combined_files_combine_again(paths, tmp_path):
    combine(paths, tmp_path / "all.h5")
    combine(paths[:2], tmp_path / "left.h5")
    combine(paths[2:], tmp_path / "right.h5")
    combine([tmp_path / "left.h5", tmp_path / "right.h5"], tmp_path / "nested.h5")
    one, other = read_event_file(tmp_path / "all.h5"), read_event_file(tmp_path / "nested.h5")
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-14)
    assert one.samples == other.samples
    for first, second in zip(one.cut_flow, other.cut_flow, strict=True):
        assert (first.sample, first.step, first.n_events) == (second.sample, second.step, second.n_events)
        assert first.cross_section == pytest.approx(second.cross_section)


def test_cut_flows_are_added(toy, tables, paths, tmp_path):
    combine(paths, tmp_path / "all.h5")
    found = read_event_file(tmp_path / "all.h5")
    assert len(found.cut_flow) == 8
    totals = total_cut_flow(found.samples, found.cut_flow)
    first, last = (row for row in totals if row.sample == "sm")
    assert (first.step, first.n_events) == ("generated", 400)
    assert first.cross_section == pytest.approx(5.0)
    assert last.n_events == np.sum(found.benchmark_index == 0)
    assert last.cross_section == pytest.approx(found.weights[found.benchmark_index == 0, 0].sum())


def test_summary_is_filled(paths, tmp_path):
    combine(paths, tmp_path / "all.h5")
    with h5py.File(tmp_path / "all.h5") as file:
        drawn_at = file["samples/sampling_benchmarks"][()]
        np.testing.assert_array_equal(file["sample_summary/signal_events"], np.bincount(drawn_at, minlength=6))
        assert file["sample_summary/background_events"][()] == 0
        assert file["samples/observations"].fletcher32
        assert file["samples/observations"].dtype == np.float64


def test_nuisance_weights_and_backgrounds_are_kept(tables, tmp_path, rng):
    tables = [
        replace(t, nuisance=NuisanceWeights(("up",), 1.1 * t.own_weights[:, None])) for t in (tables[0], tables[2])
    ]
    n = 40
    background = replace(
        tables[0],
        samples=(Sample("tt", None, n, 2.0),),
        x=rng.normal(size=(n, 2)),
        weights=np.full((n, 6), 2.0 / n),
        sample_index=np.zeros(n, dtype=np.int32),
        nuisance=NuisanceWeights(("up",), np.full((n, 1), 2.2 / n)),
        cut_flow=(),
    )
    result = combine(write_all([*tables, background], tmp_path), tmp_path / "all.h5")
    found = read_event_file(tmp_path / "all.h5")
    np.testing.assert_allclose(found.nuisance.weights[:, 0], 1.1 * found.own_weights)
    assert np.sum(found.benchmark_index < 0) == n
    assert result.events_per_sample[-1] == n
    with h5py.File(tmp_path / "all.h5") as file:
        assert file["sample_summary/background_events"][()] == n


def moved(table):
    values = [*table.space.benchmarks[:-1], Benchmark("e", (0.8, 0.95))]
    space = ParameterSpace(table.space.parameters, tuple(values), "sm")
    return replace(
        table, space=space, morphing=table.morphing.from_basis(table.morphing.components, space.benchmark_values)
    )


def with_parameter(table, **changes):
    parameters = (replace(table.space.parameters[0], **changes), table.space.parameters[1])
    return replace(table, space=replace(table.space, parameters=parameters))


def with_reference(table):
    """Variations at another benchmark, under the same name."""
    space = replace(table.space, reference="a")
    return replace(table, space=space, nuisance=NuisanceWeights(("up",), table.weights[:, 1:2]))


def at_sm(table):
    return replace(table, nuisance=NuisanceWeights(("up",), table.weights[:, :1]))


DIFFERENCES = {
    "benchmark": (moved, r"values of benchmark e: \(0.8, 0.9\) and \(0.8, 0.95\)"),
    "parameter": (lambda t: with_parameter(t, name="other"), "parameters: t0, t1 and other, t1"),
    "transform": (lambda t: with_parameter(t, transform=None), "transform of parameter t0: 16.52"),
    "lha": (lambda t: with_parameter(t, lha_id=9), "lha_id of parameter t0: 2 and 9"),
    "range": (lambda t: with_parameter(t, range=(-1.0, 1.5)), "range of parameter t0"),
    "observables": (
        lambda t: replace(t, observables=(t.observables[0], ObservableInfo("z", "z"))),
        "observables: x, s and x, z",
    ),
    "definition": (
        lambda t: replace(t, observables=(ObservableInfo("x", "j[1].pt", "GeV"), t.observables[1])),
        r"definition of observable x: j\[0\].pt and j\[1\].pt",
    ),
    "cuts": (
        lambda t: replace(t, cut_flow=(CutFlowRow(t.samples[0].name, "x > 9", 1, 1.0),)),
        "cuts: generated, x > cut and x > 9",
    ),
    "reference": (with_reference, "reference of the nuisance benchmarks: sm and a"),
    "nuisance": (
        lambda t: replace(t, nuisance=NuisanceWeights(("up",), np.ones((t.n_events, 1)))),
        "nuisance benchmarks",
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_taking_the_setup_of_the_first_file_without_comparing(tables, tmp_path, difference):
    change, message = DIFFERENCES[difference]
    others = [at_sm(table) if difference == "reference" else table for table in tables[:2]]
    paths = write_all([*others, change(tables[2])], tmp_path)
    with pytest.raises(MismatchError, match=message) as caught:
        combine(paths, tmp_path / "all.h5")
    assert "2.h5: its set-up differs" in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.h5", "1.h5", "2.h5"]


def test_units_and_definitions_may_be_left_open(tables, tmp_path):
    bare = tuple(ObservableInfo(o.name, "") for o in tables[1].observables)
    combine(write_all([tables[0], replace(tables[1], observables=bare)], tmp_path), tmp_path / "all.h5")
    assert read_event_file(tmp_path / "all.h5").observables == tables[0].observables


def events_of(table):
    """Events as a set: name of the sample, observables, weights."""
    names = np.array([sample.name for sample in table.samples])[table.sample_index]
    rows = np.concatenate([table.x, table.weights], axis=1)
    return sorted((name, *row) for name, row in zip(names.tolist(), rows.tolist(), strict=True))


@st.composite
def splits(draw):
    """Runs at benchmarks and of background, with k-factors, divided over files in any way."""
    kinds = draw(st.lists(st.sampled_from(["sm", "a", "d", None]), min_size=1, max_size=5))
    sizes = draw(st.lists(st.integers(2, 40), min_size=len(kinds), max_size=len(kinds)))
    k_factor = {kind: draw(st.sampled_from([1.0, 1.3])) for kind in ("sm", "a", "d", None)}
    k_factors = [k_factor[kind] for kind in kinds]
    files = draw(st.lists(st.integers(0, 2), min_size=len(kinds), max_size=len(kinds)))
    return list(zip(kinds, sizes, k_factors, files, strict=True))


def run_of(toy, rng, name, benchmark, n_events, k_factor):
    """A table of one run, its weights times the k-factor."""
    table = toy.table([(benchmark or "sm", n_events)], rng, names=[name])
    weights = table.weights if benchmark else np.full_like(table.weights, 2.0 / n_events)
    own = toy.cross_section((0, 0)) if benchmark == "sm" else weights[:, table.space.index_of(benchmark or "sm")].sum()
    sample = Sample(name, benchmark, n_events, own * k_factor, 0.0, "" if benchmark else "tt", k_factor)
    return replace(table, samples=(sample,), weights=weights * k_factor, cut_flow=())


def together(tables):
    """One table of several, each run normalised to its own cross section as `group_scales` has it."""
    samples = tuple(sample for table in tables for sample in table.samples)
    scales = group_scales(samples)
    return replace(
        tables[0],
        samples=samples,
        x=np.concatenate([t.x for t in tables]),
        weights=np.concatenate([s * t.weights for s, t in zip(scales, tables, strict=True)]),
        sample_index=np.repeat(np.arange(len(tables), dtype=np.int32), [t.n_events for t in tables]),
    )


@given(splits(), st.integers(1, 60), st.sampled_from([10**4, 10**9]), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_any_division_of_runs_over_files_in_any_order_gives_the_same_file(
    toy, tmp_path_factory, runs, chunk, memory, random
):
    folder, rng = tmp_path_factory.mktemp("split"), np.random.default_rng(5)
    tables = [run_of(toy, rng, f"run_{i}", *run[:3]) for i, run in enumerate(runs)]
    expected = events_of(together(tables))
    parts = [[t for t, run in zip(tables, runs, strict=True) if run[3] == number] for number in range(3)]
    paths = write_all([together(part) for part in parts if part], folder)
    combine(paths, folder / "one.h5", seed=1)
    random.shuffle(paths)
    result = combine(paths, folder / "other.h5", seed=1, chunk=chunk, memory=memory)
    one, other = read_event_file(folder / "one.h5"), read_event_file(folder / "other.h5")
    # the multiset of events, with weights rescaled by the share of each run in those of its kind
    for found in (one, other):
        for event, wanted in zip(events_of(found), expected, strict=True):
            assert event[0] == wanted[0]
            np.testing.assert_allclose(event[1:], wanted[1:], rtol=1e-12)
    # the same seed gives the same order
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-14)
    # k-factors and sample names stay with the events
    k_factors = {f"run_{i}": run[2] for i, run in enumerate(runs)}
    assert [k_factors[one.samples[s].name] for s in one.sample_index] == one.k_factors.tolist()
    # all runs of a kind add up to their cross section, weighted by generated events
    for group in {sample.group for sample in one.samples}:
        members = [sample for sample in one.samples if sample.group == group]
        rows = np.isin(one.sample_index, [one.samples.index(sample) for sample in members])
        mean = np.average([s.cross_section for s in members], weights=[s.n_generated for s in members])
        assert one.own_weights[rows].sum() == pytest.approx(mean, rel=1e-10)
    assert result.n_events == one.n_events == sum(run[1] for run in runs)


def test_equal_events_of_several_samples_do_not_depend_on_the_order_of_files(toy, rng, tmp_path):
    tables = [toy.table([("sm", 200)], rng, names=[name]) for name in ("one", "two")]
    counts = [replace(t, x=np.floor(5 * t.x), weights=np.full_like(t.weights, 5.0 / 200)) for t in tables]
    paths = write_all(counts, tmp_path)
    combine(paths, tmp_path / "forth.h5")
    combine(paths[::-1], tmp_path / "back.h5", chunk=17)
    forth, back = read_event_file(tmp_path / "forth.h5"), read_event_file(tmp_path / "back.h5")
    names = [[table.samples[s].name for s in table.sample_index] for table in (forth, back)]
    assert names[0] == names[1]


def fails(paths, output, message, kind=EventFileError):
    with pytest.raises(kind, match=message):
        combine(paths, output)
    assert not output.exists()
    assert not [p for p in output.parent.iterdir() if p.name.startswith(".")]


def test_the_same_file_twice(paths, tmp_path):
    fails([paths[0], paths[1], paths[0]], tmp_path / "all.h5", "sample sm_0 is in .*0.h5 already")


def test_two_runs_with_the_same_seed(toy, tmp_path):
    tables = [toy.table([("sm", 200)], np.random.default_rng(1), names=[name]) for name in ("one", "two")]
    fails(write_all(tables, tmp_path), tmp_path / "all.h5", "200 of its 200 events are in other samples")


def test_events_of_counts_may_repeat(toy, rng, tmp_path):
    tables = [toy.table([("sm", 200)], rng, names=[name]) for name in ("one", "two")]
    # all events alike up to one of five values
    counts = [replace(t, x=np.floor(5 * t.x), weights=np.full_like(t.weights, 5.0 / 200)) for t in tables]
    assert combine(write_all(counts, tmp_path), tmp_path / "all.h5").n_events == 400


@pytest.mark.parametrize("number", [0, 2])
def test_a_damaged_file_leaves_no_output(paths, tmp_path, number):
    with h5py.File(paths[number]) as file:
        position = file["samples/weights"].id.get_chunk_info(0).byte_offset + 100
    content = bytearray(paths[number].read_bytes())
    content[position] ^= 8
    paths[number].write_bytes(content)
    fails(paths, tmp_path / "all.h5", f"{number}.h5: the file is damaged", DamagedFileError)


def test_a_truncated_file_leaves_no_output(paths, tmp_path):
    paths[1].write_bytes(paths[1].read_bytes()[:-500])
    fails(paths, tmp_path / "all.h5", "1.h5: the file is damaged: it is truncated", DamagedFileError)


def test_a_file_of_another_version_leaves_no_output(paths, tmp_path):
    with h5py.File(paths[1], "r+") as file:
        file["assay"].attrs.modify("schema_version", 99)
    fails(paths, tmp_path / "all.h5", "1.h5: the file has version 99 of the layout", LayoutVersionError)


def test_a_nan_leaves_no_output(paths, tmp_path):
    with h5py.File(paths[1], "r+") as file:
        values = file["samples/weights"][()]
        values[5, 2] = np.inf
        file["samples/weights"][...] = values
    fails(paths, tmp_path / "all.h5", r"1.h5.*weight at benchmark b of event 5 is inf", NotFiniteError)
    # the number of the event is that in the file, however it is read
    with pytest.raises(NotFiniteError, match="of event 5 is inf"):
        combine(paths, tmp_path / "all.h5", chunk=3)


def test_wrong_normalisation_is_found(tables, tmp_path):
    wrong = replace(tables[0], weights=300 * tables[0].weights)
    fails(write_all([wrong, tables[1]], tmp_path), tmp_path / "all.h5", "sample sm_0: its events weigh")


def test_nothing_to_combine(toy, rng, tmp_path):
    fails([], tmp_path / "all.h5", "no files to combine")
    empty = write_all([toy.table([("sm", 5)], rng, cut=2.0)], tmp_path)
    fails(empty, tmp_path / "all.h5", "no event of any file is left")


def test_a_run_with_no_event_left_still_counts(toy, rng, tmp_path):
    # its generated events make the others' weights smaller
    tables = [toy.table([("sm", 300)], rng, names=["one"]), toy.table([("sm", 100)], rng, cut=2.0, names=["two"])]
    tables = [replace(t, cut_flow=()) for t in tables]
    combine(write_all(tables, tmp_path), tmp_path / "all.h5")
    np.testing.assert_allclose(read_event_file(tmp_path / "all.h5").own_weights, 5.0 / 400)


def madminer_like(table, path):
    """A file without our groups."""
    write_event_file(path, table)
    with h5py.File(path, "r+") as file:
        del file["assay"]
    return path


def test_files_of_madminer_are_combined(tables, tmp_path):
    paths = [madminer_like(table, tmp_path / f"run{i}.h5") for i, table in enumerate(tables)]
    result = combine(paths, tmp_path / "all.h5", chunk=37)
    assert [s.name for s in result.samples] == ["run0:sm", "run1:a", "run2:sm", "run3:d"]
    found = read_event_file(tmp_path / "all.h5")
    at_sm = found.weights[found.benchmark_index == 0, 0]
    n_generated = at_sm.size * 5.0 / at_sm.sum() * (tables[0].own_weights.sum() / 5.0)
    assert n_generated == pytest.approx(at_sm.size, rel=0.1)


def test_files_of_madminer_of_one_name(tables, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    paths = [madminer_like(tables[i], tmp_path / folder / "run.h5") for i, folder in ((0, "one"), (2, "two"))]
    result = combine([*paths, madminer_like(tables[1], tmp_path / "other.h5")], tmp_path / "all.h5")
    assert [s.name for s in result.samples][:2] == ["one/run:sm", "two/run:sm"]
    endings = [paths[0], madminer_like(tables[2], tmp_path / "one" / "run.hdf5")]
    assert [s.name for s in combine(endings, tmp_path / "all.h5").samples] == ["run-0:sm", "run-1:sm"]


def test_a_file_of_madminer_twice(tables, tmp_path):
    path = madminer_like(tables[0], tmp_path / "run.h5")
    again = tmp_path / "folder" / ".." / "run.h5"
    (tmp_path / "folder").mkdir()
    copy = tmp_path / "folder" / "run.h5"
    copy.write_bytes(path.read_bytes())
    output = tmp_path / "all.h5"
    fails([path, again], output, "sample run:sm is in .*run.h5 already")
    fails([path, copy, again], output, "run:sm is in .*run.h5 already")
    fails([path, copy], output, "events are in other samples, too")


def test_runs_of_one_benchmark_with_other_k_factors(toy, rng, tmp_path):
    tables = [run_of(toy, rng, f"run_{k}", "sm", 50, k) for k in (1.0, 1.3)]
    fails(
        write_all(tables, tmp_path),
        tmp_path / "all.h5",
        "runs run_1.0 and run_1.3 of sm have k-factors of 1 and 1.3",
        MismatchError,
    )


def test_files_with_and_without_samples_do_not_mix(tables, tmp_path):
    first = write_all(tables[:1], tmp_path)
    second = madminer_like(tables[2], tmp_path / "madminer.h5")
    fails([*first, second], tmp_path / "all.h5", "not all files with events of sm say how many were generated")


def test_partition_of_an_event_survives_combining(tables, paths, tmp_path):
    combine(paths, tmp_path / "all.h5")
    whole = EventPool.from_table(read_event_file(tmp_path / "all.h5"))
    part = {tuple(x): p for x, p in zip(whole.x.tolist(), whole.partition.tolist(), strict=True)}
    alone = EventPool.from_table(tables[2])
    assert [part[tuple(x)] for x in alone.x.tolist()] == alone.partition.tolist()
    assert partition_of(alone.x, (0.6, 0.2, 0.2)).shape == (alone.n_events,)
