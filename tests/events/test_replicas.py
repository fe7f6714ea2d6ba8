"""Replicas in the files of jobs, principal components in the combined file."""

from dataclasses import replace

import numpy as np
import pytest

from assay.errors import MismatchError
from assay.events.combine import combine
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.header import header_of
from assay.events.pool import EventPool
from assay.events.replicas import ReplicaReduction
from assay.events.table import NuisanceParameter, NuisanceWeights, Systematic

pytestmark = pytest.mark.fast

N_REPLICAS = 12
THETA = np.array([[0.0, 0.0], [0.4, -0.3]])


def with_replicas(table, effects, n_components):
    """Replicas whose weights depend on x through two functions, and a normalisation beside them."""
    x = table.x[:, 0]
    shapes = np.stack([np.ones_like(x), x], axis=1)
    columns = table.weights[:, :1] * np.concatenate([1 + shapes @ effects, np.full((len(x), 1), 1.1)], axis=1)
    names = (*(f"pdf_member_{k}" for k in range(1, N_REPLICAS + 1)), "lumi_up")
    systematics = (
        Systematic("pdf", "pdf_replicas", str(n_components)),
        Systematic("lumi", "normalisation", "1.1"),
    )
    nuisance = NuisanceWeights(names, columns, (NuisanceParameter("lumi", "lumi", "lumi_up"),), systematics)
    return replace(table, nuisance=nuisance)


@pytest.fixture
def effects():
    return 0.05 * np.random.default_rng(8).normal(size=(2, N_REPLICAS))


@pytest.fixture
def paths(toy, rng, effects, tmp_path):
    found = []
    for number, benchmark in enumerate(["sm", "a", "sm"]):
        table = with_replicas(toy.table([(benchmark, 400)], rng, names=[f"{benchmark}_{number}"]), effects, 2)
        found.append(tmp_path / f"{number}.h5")
        write_event_file(found[-1], table)
    return found


def test_components_hold_the_variance_of_the_replicas(paths, tmp_path, effects):
    combine(paths, tmp_path / "combined.h5", chunk=150)
    table = read_event_file(tmp_path / "combined.h5")
    assert table.nuisance is not None
    assert table.nuisance.benchmark_names == ("lumi_up", "pdf_1_up", "pdf_1_down", "pdf_2_up", "pdf_2_down")
    pool = EventPool.from_table(table)
    assert pool.nuisance_names == ("lumi", "pdf_1", "pdf_2")
    for theta in THETA:
        weights = pool.event_weights(theta)[:, 0]
        shapes = np.stack([np.ones(pool.n_events), pool.x[:, 0]], axis=1)
        for observable in (np.ones(pool.n_events), pool.x[:, 0] < 0.3):
            nominal = weights @ observable
            variance = np.var((weights * observable) @ (shapes @ effects), ddof=1)
            rises = [pool.event_weights(theta, nu)[:, 0] @ observable - nominal for nu in np.eye(3)[1:]]
            mean = (weights * observable) @ (shapes @ effects.mean(axis=1))
            assert abs(mean) < nominal
            # two functions of x, two components: all of the variance
            np.testing.assert_allclose(np.sum(np.square(rises)), variance, rtol=1e-6)


def test_directions_do_not_depend_on_the_files(paths, tmp_path):
    combine(paths, tmp_path / "one.h5", chunk=1000)
    combine(paths[::-1], tmp_path / "other.h5", chunk=70)
    one, other = read_event_file(tmp_path / "one.h5"), read_event_file(tmp_path / "other.h5")
    assert one.nuisance is not None
    assert other.nuisance is not None
    np.testing.assert_allclose(one.nuisance.weights, other.nuisance.weights, rtol=1e-7)


def test_a_combined_file_is_combined_again(paths, tmp_path):
    combine(paths, tmp_path / "combined.h5")
    combine([tmp_path / "combined.h5"], tmp_path / "again.h5")
    one, other = read_event_file(tmp_path / "combined.h5"), read_event_file(tmp_path / "again.h5")
    assert one.nuisance is not None
    assert other.nuisance is not None
    np.testing.assert_array_equal(one.nuisance.weights, other.nuisance.weights)
    assert one.nuisance.systematics == other.nuisance.systematics
    pdf, lumi = one.nuisance.systematics
    assert len(pdf.axes) == 64
    assert lumi.axes == ""


def test_components_of_files_that_were_combined_apart_do_not_mix(paths, tmp_path):
    combine(paths[:2], tmp_path / "one.h5")
    combine(paths[2:], tmp_path / "other.h5")
    with pytest.raises(MismatchError, match=r"components of pdf.*combine the files of all jobs together"):
        combine([tmp_path / "one.h5", tmp_path / "other.h5"], tmp_path / "all.h5")
    assert not (tmp_path / "all.h5").exists()


def test_shares_are_told(toy, rng, effects):
    table = with_replicas(toy.table([("sm", 300)], rng), effects, 1)
    reduction = ReplicaReduction.of(header_of(table), lambda: [table])
    assert 0.5 < reduction.header.provenance["share_of_replicas_variance"]["pdf"] < 1.0


def test_nothing_is_read_twice_without_replicas(toy, rng):
    table = toy.table([("sm", 30)], rng)

    def tables():
        raise AssertionError

    reduction = ReplicaReduction.of(header_of(table), tables)
    assert reduction.applied(table) is table
