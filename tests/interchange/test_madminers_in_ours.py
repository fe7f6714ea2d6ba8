"""We read the files that madminer 0.9.6 writes, and get its numbers; files of before release 0.9 as well."""

import gzip
from pathlib import Path

import h5py
import numpy as np
import pytest

from assay.events.combine import combine
from assay.events.eventfile import read_event_file, read_setup_file, write_event_file
from assay.events.pool import EventPool
from assay.events.table import Systematic
from assay.generation.lhe import read_lhe
from assay.observables.extract import ObservableDefinition, extract
from assay.simulation.parton_level import parton_level

from .conftest import random_table, random_weights
from .test_ours_in_madminer import close, madminers_weights, thetas_of

pytestmark = pytest.mark.slow

LHE = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"
PARAMETERS = [
    {
        "lha_block": "dim6",
        "lha_id": lha_id,
        "parameter_name": name,
        "param_card_transform": "16.52*theta",
        "morphing_max_power": 2,
        "parameter_range": [-16.0, 16.0],
    }
    for name, lha_id in (("CWL2", 2), ("CPWL2", 5))
]
# the reweighting points of the file
BENCHMARKS = {"sm": (0.0, 0.0), "w": (15.2, 0.1), "neg_w": (-15.4, 0.2), "ww": (0.3, 15.1), "neg_ww": (0.4, -15.3)}
MIX = {"mix": (8.0, 9.0)}


def setup(madminer, path, benchmarks, systematics=()):
    named = {name: dict(zip(("CWL2", "CPWL2"), point, strict=True)) for name, point in benchmarks.items()}
    madminer(
        "setup",
        path=path,
        parameters=PARAMETERS,
        benchmarks=named,
        max_overall_power=2,
        systematics=list(systematics),
    )
    return path


@pytest.mark.parametrize("n_benchmarks", [1, 5])
def test_setup_files(madminer, tmp_path, n_benchmarks):
    """madminer completes the basis by itself; both get the same morphing weights from it."""
    chosen = dict(list(BENCHMARKS.items())[:n_benchmarks])
    path = setup(madminer, tmp_path / "setup.h5", chosen)
    ours = read_setup_file(path)
    thetas = np.random.default_rng(0).uniform(-16, 16, (5, 2))
    theirs = madminer("morphing", path=path, thetas=thetas.tolist())
    assert {b.name: list(b.values) for b in ours.space.benchmarks} == theirs["benchmarks"]
    assert len(ours.space.benchmarks) == 6
    assert [p.transform for p in ours.space.parameters] == ["16.52*theta"] * 2
    assert ours.space.ranges.tolist() == [[-16.0, 16.0]] * 2
    close(theirs["weights"], ours.morphing.weights(thetas))
    close(theirs["gradients"], np.swapaxes(ours.morphing.weight_gradients(thetas), 1, 2))


def with_banner(path, n_events, nominal):
    """The file with the run card that madminer looks for, and a weight by the name of the sampling benchmark."""
    text = gzip.decompress(LHE.read_bytes()).decode()
    card = f"<header>\n<MGRunCard>\n {n_events} = nevents\n sum = event_norm\n</MGRunCard>\n</header>\n"
    text = text.replace("<init>", f"{card}<init>", 1)
    path.write_text(text.replace("<rwgt>", f"<rwgt>\n<wgt id='sm'> {nominal} </wgt>"))
    return path


OBSERVABLES = {
    "pt_j1": "j[0].pt",
    "delta_phi_jj": "j[0].deltaphi(j[1]) * (-1. + 2.*float(j[0].eta > j[1].eta))",
    "m_jj": "(j[0] + j[1]).m",
    "pt_a1": "a[0].pt",
    "delta_eta_jj": "abs(j[0].eta - j[1].eta)",
}


@pytest.fixture
def lhe_file(madminer, tmp_path):
    """An event file that madminer's LHE reader made of MadGraph's events, and those events."""
    sample = read_lhe(LHE)
    benchmarks = {**BENCHMARKS, **MIX}
    path = setup(madminer, tmp_path / "setup.h5", benchmarks)
    # 200 of 10 000 events: their weights as they stand
    lhe = with_banner(tmp_path / "events.lhe", 200, "+1.0417000e-07")
    madminer(
        "lhe",
        setup_path=path,
        samples=[{"lhe_filename": lhe, "sampled_from_benchmark": "sm"}],
        observables=OBSERVABLES,
        cuts=["pt_j1 > 30."],
        output=tmp_path / "madminer.h5",
    )
    return tmp_path / "madminer.h5", sample, tuple(benchmarks)


def sorted_rows(x, *others):
    order = np.lexsort(x.T)
    return [rows[order] for rows in (x, *others)]


def test_events_that_madminer_read_from_lhe(madminer, lhe_file):
    path, sample, benchmarks = lhe_file
    table = read_event_file(path)
    assert table.space.benchmark_names == benchmarks
    assert table.observable_names == tuple(OBSERVABLES)
    assert [o.definition for o in table.observables] == list(OBSERVABLES.values())
    assert set(table.benchmark_index.tolist()) == {0}
    # observables and weights are those of our own reading of the same events
    definitions = [ObservableDefinition(name, text, required=True) for name, text in OBSERVABLES.items()]
    columns = [sample.weight_names.index(name) for name in benchmarks[1:]]
    weights = np.column_stack([sample.nominal_weights, sample.weights[:, columns]])
    ours = extract(parton_level(sample), definitions, ["pt_j1 > 30."], weights)
    assert len(ours.x) == table.n_events
    x, w = sorted_rows(ours.x, weights[ours.keep])
    their_x, their_w = sorted_rows(table.x, table.weights)
    close(their_x, x)
    close(their_w / their_w.sum(axis=0), w / w.sum(axis=0))
    # and so is all that follows
    thetas = thetas_of(table, np.random.default_rng(1))
    theirs = madminer("read", path=path, thetas=thetas.tolist())
    pool = EventPool.from_table(table)
    close(theirs["cross_sections"], pool.cross_section(thetas)[0])
    close(theirs["weights"], pool.event_weights(thetas).T)
    close(theirs["benchmark_cross_sections"], pool.cross_section(table.space.benchmark_values)[0])


@pytest.fixture
def saved(madminer, tmp_path):
    """A file by madminer's saving functions: two benchmarks, background, a scale systematic."""
    rng = np.random.default_rng(6)
    systematics = [{"effect": "scale", "systematic_name": "mu", "scale": "mu"}]
    path = setup(madminer, tmp_path / "setup.h5", {**BENCHMARKS, **MIX}, systematics)
    space = read_setup_file(path).space
    rows = random_weights(space, 260, rng)
    drawn_at = np.repeat([0, 3, -1], [120, 80, 60])
    rows[200:] = 1.0
    own = rows[np.arange(260), np.maximum(drawn_at, 0)]
    weights = rows * (np.repeat([1.2 / 120, 2.5 / 80, 0.7 / 60], [120, 80, 60]) / own)[:, None]
    x = rng.normal(size=(260, 2))
    factors = np.exp(rng.normal(0.0, 0.1, (260, 2)))
    columns = {name: weights[:, i].tolist() for i, name in enumerate(space.benchmark_names)}
    columns |= {f"mu_{i}": (weights[:, 0] * factors[:, i]).tolist() for i in range(2)}
    row = {"name": "mu", "systematic": "mu", "benchmark_pos": "mu_0", "benchmark_neg": "mu_1"}
    madminer(
        "events",
        setup_path=path,
        output=tmp_path / "saved.h5",
        observables={"u": x[:, 0].tolist(), "v": x[:, 1].tolist()},
        weights=columns,
        sampling_benchmarks=drawn_at.tolist(),
        nuisance_parameters=[row],
        reference="sm",
    )
    return tmp_path / "saved.h5", x, weights, factors, drawn_at


def check_saved(table, x, weights, factors, drawn_at):
    np.testing.assert_array_equal(table.x, x)
    np.testing.assert_array_equal(table.weights, weights)
    np.testing.assert_array_equal(table.benchmark_index, drawn_at)
    assert table.space.reference == "sm"
    assert table.nuisance.benchmark_names == ("mu_0", "mu_1")
    close(table.nuisance.weights / table.weights[:, :1], factors)
    (parameter,) = table.nuisance.parameters
    assert (parameter.name, parameter.systematic) == ("mu", "mu")
    assert (parameter.benchmark_positive, parameter.benchmark_negative) == ("mu_0", "mu_1")
    (systematic,) = table.nuisance.systematics
    assert systematic == Systematic("mu", "scale", "0.5,1.0,2.0", "mu")


def test_events_that_madminer_saved(saved):
    path, *content = saved
    check_saved(read_event_file(path), *content)


def test_there_and_back_again(madminer, saved, tmp_path):
    """What we write of what madminer wrote, madminer reads as its own."""
    path, *_ = saved
    table = read_event_file(path)
    write_event_file(tmp_path / "again.h5", table)
    thetas = thetas_of(table, np.random.default_rng(7))
    nus = [[0.7], [-1.3]]
    first, again = (
        madminer("read", path=name, thetas=thetas.tolist(), nus=nus) for name in (path, tmp_path / "again.h5")
    )
    assert first == again
    close(first["weights"], (madminers_weights(table) @ table.morphing.weights(thetas).T).T)


def test_files_that_madminer_combined(madminer, tmp_path):
    rng = np.random.default_rng(8)
    whole = random_table(2, {"b0": 150, "b2": 100}, rng)
    names = []
    for number in range(2):
        rows = whole.sample_index == number
        names.append(tmp_path / f"{number}.h5")
        with h5py.File(names[-1], "w") as file:
            write_event_file(tmp_path / "whole.h5", whole)
            with h5py.File(tmp_path / "whole.h5") as source:
                for group in ("parameters", "benchmarks", "morphing", "observables"):
                    source.copy(group, file)
            for name, values in (
                ("observations", whole.x),
                ("weights", whole.weights),
                ("sampling_benchmarks", whole.benchmark_index),
            ):
                file[f"samples/{name}"] = values[rows]
            file["sample_summary/signal_events"] = np.bincount(whole.benchmark_index[rows], minlength=6)
            file["sample_summary/background_events"] = 0
    madminer("combine", inputs=names, output=tmp_path / "theirs.h5")
    combine(names, tmp_path / "ours.h5")
    theirs, ours = read_event_file(tmp_path / "theirs.h5"), read_event_file(tmp_path / "ours.h5")
    for their_rows, our_rows in zip(
        sorted_rows(theirs.x, theirs.weights), sorted_rows(ours.x, ours.weights), strict=True
    ):
        close(their_rows, our_rows)
    thetas = thetas_of(whole, rng)
    for first, second in zip(
        EventPool.from_table(theirs).cross_section(thetas),
        EventPool.from_table(ours).cross_section(thetas),
        strict=True,
    ):
        close(first, second)


def to_old_layout(path):
    """Turn a file of madminer 0.9 into one as releases up to 0.8.3 wrote it."""
    with h5py.File(path, "r+") as file:
        file.move("parameters/val_ranges", "parameters/ranges")
        powers = file["parameters/max_power"][()]
        del file["parameters/max_power"]
        file["parameters/max_power"] = powers[:, None]
        file.move("sample_summary/signal_events", "sample_summary/signal_events_per_benchmark")
        if "systematics" in file:
            rows = zip(*(file[f"systematics/{column}"][()] for column in ("types", "scales", "values")), strict=True)
            joined = [b"\t".join(row) for row in rows]
            for column in ("types", "scales", "values"):
                del file[f"systematics/{column}"]
            file["systematics/values"] = np.array(joined, dtype="S256")


def test_files_of_before_release_0_9(madminer, saved):
    path, *content = saved
    to_old_layout(path)
    check_saved(read_event_file(path), *content)
    with pytest.raises(AssertionError, match="val_ranges"):
        madminer("read", path=path, thetas=[[0.0, 0.0]])  # madminer itself refuses them


def test_a_setup_file_of_before_release_0_9(madminer, tmp_path):
    path = setup(madminer, tmp_path / "setup.h5", {**BENCHMARKS, **MIX})
    new = read_setup_file(path)
    with h5py.File(path, "r+") as file:
        file.move("parameters/val_ranges", "parameters/ranges")
        powers = file["parameters/max_power"][()]
        del file["parameters/max_power"]
        file["parameters/max_power"] = powers[:, None]
    old = read_setup_file(path)
    assert old.space == new.space
    np.testing.assert_array_equal(old.morphing.matrix, new.morphing.matrix)
