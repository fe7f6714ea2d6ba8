from dataclasses import replace

import numpy as np
import pytest

from assay.errors import EventFileError
from assay.events.pool import EventPool, Partition
from assay.events.table import Sample

pytestmark = pytest.mark.fast

THETA = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, -0.3], [-0.9, 0.9], [0.2, 0.7]])
RUNS = [("sm", 2000), ("a", 1000), ("b", 500), ("d", 1500)]


@pytest.fixture
def pool(toy, rng):
    return EventPool.from_table(toy.table(RUNS, rng, cut=0.3))


def closest(table, theta):
    """Weights from the sub-sample of the closest benchmark alone: what mixture weights replace."""
    distance = np.linalg.norm(table.space.benchmark_values - theta, axis=1)
    present = np.isin(np.arange(len(distance)), table.benchmark_index)
    nearest = np.argmin(np.where(present, distance, np.inf))
    return table.weights[table.benchmark_index == nearest] @ table.morphing.weights(theta)


def test_mixture_weights_lift_the_effective_sample_size(toy, rng):
    table = toy.table([(name, 1000) for name in ("sm", "a", "b", "c", "d", "e")], rng)
    theta = rng.normal(size=(200, 2)) * 0.7
    pooled = EventPool.from_table(table).effective_sample_size(theta)
    single = np.array([w.sum() ** 2 / (w**2).sum() for w in (closest(table, point) for point in theta)])
    together = table.weights @ toy.morphing.weights(theta).T / 6  # all sub-samples with equal shares
    shares = together.sum(axis=0) ** 2 / (together**2).sum(axis=0)
    assert pooled.min() > 3 * single.min()
    assert pooled.min() > 2 * shares.min()
    assert np.all(pooled > single)
    assert np.median(pooled) > 3 * np.median(single)


def test_cross_sections_agree_with_the_truth(toy, pool):
    values, errors = pool.cross_section(THETA)
    truth = np.array([toy.cross_section(theta, 0.3) for theta in THETA])
    assert np.all(errors < 0.05 * truth)
    assert np.all(np.abs(values - truth) < 4 * errors)
    np.testing.assert_allclose(pool.event_weights(THETA).sum(axis=0), values, rtol=1e-12)


def test_two_samples_at_the_same_benchmark_do_not_add_up(toy, rng):
    table = toy.table([("sm", 1000), ("sm", 3000), ("a", 1000)], rng)
    values, errors = EventPool.from_table(table).cross_section(THETA)
    truth = np.array([toy.cross_section(theta) for theta in THETA])
    assert np.all(np.abs(values - truth) <= 4 * errors + 1e-12)
    # put together with shared normalisation, as in a combined file, the pool is the same
    shared = table.weights * np.array([0.25, 0.75, 1.0])[table.sample_index][:, None]
    again = EventPool.from_table(replace(table, weights=shared))
    np.testing.assert_allclose(again.cross_section(THETA)[0], values, rtol=1e-12)
    np.testing.assert_array_equal(again.partition, EventPool.from_table(table).partition)


N_REPEATED = 200


@pytest.fixture(scope="module")
def repeated(toy):
    """Cross sections and errors of repeated simulations, from all events and from two partitions."""
    rng = np.random.default_rng(11)
    results = {selected: [] for selected in (None, Partition.TRAIN, Partition.TEST)}
    for _ in range(N_REPEATED):
        pool = EventPool.from_table(toy.table([("sm", 600), ("a", 300), ("d", 450)], rng, cut=0.3))
        for selected, found in results.items():
            found.append((pool if selected is None else pool.select(selected)).cross_section(THETA))
    return {selected: tuple(np.array(found).swapaxes(0, 1)) for selected, found in results.items()}


@pytest.mark.parametrize("selected", [None, Partition.TRAIN, Partition.TEST])
def test_pulls_of_the_cross_section_are_standard_normal(toy, repeated, selected):
    values, errors = repeated[selected]
    pull = (values - [toy.cross_section(theta, 0.3) for theta in THETA]) / errors
    assert np.all(np.abs(pull.mean(axis=0)) < 4 / np.sqrt(N_REPEATED))
    assert np.all(np.abs(pull.std(axis=0) - 1) < 4 / np.sqrt(2 * N_REPEATED) + 0.02)


def test_errors_by_squaring_morphed_weights(toy, rng, repeated):
    values, errors = repeated[None]
    np.testing.assert_allclose(errors.mean(axis=0), values.std(axis=0), rtol=4 / np.sqrt(2 * N_REPEATED) + 0.02)
    # the trap is to morph the squared weights: that is right at benchmarks alone
    pool = EventPool.from_table(toy.table([("sm", 600), ("a", 300), ("d", 450)], rng, cut=0.3))
    right = (pool.event_weights(THETA) ** 2).sum(axis=0)
    wrong = (pool.weights**2).sum(axis=0) @ pool.morphing.weights(THETA).T
    np.testing.assert_allclose(wrong[:2], right[:2], rtol=1e-10)
    assert np.all(np.abs(wrong[2:] / right[2:] - 1) > 0.15)
    assert wrong.min() < 0


def test_generator_errors_of_the_cross_sections_are_added(toy, rng):
    table = toy.table([("sm", 400), ("a", 400)], rng)
    certain = EventPool.from_table(table).cross_section(THETA)[1]
    samples = (replace(table.samples[0], cross_section_error=0.2), table.samples[1])
    uncertain = EventPool.from_table(replace(table, samples=samples)).cross_section(THETA)[1]
    added = np.sqrt(uncertain**2 - certain**2)
    # the true effect: the whole sample's cross section goes up by its error
    up = (replace(table.samples[0], cross_section=5.2), table.samples[1])
    scaled = replace(table, samples=up, weights=table.weights * np.where(table.sample_index == 0, 1.04, 1.0)[:, None])
    shift = EventPool.from_table(scaled).cross_section(THETA)[0] - EventPool.from_table(table).cross_section(THETA)[0]
    np.testing.assert_allclose(added, shift, rtol=0.15)


def test_partitions_are_disjoint_and_complete(pool):
    parts = [pool.select(partition) for partition in Partition]
    assert sum(part.n_events for part in parts) == pool.n_events
    everything = np.sort(np.concatenate([part.x[:, 0] for part in parts]))
    np.testing.assert_array_equal(everything, np.sort(pool.x[:, 0]))
    total = pool.cross_section(THETA)[0]
    for part in parts:
        values, errors = part.cross_section(THETA)
        assert np.all(np.abs(values - total) < 5 * errors)


def test_rescaling_by_actual_numbers_beats_the_nominal_fraction(toy):
    rng = np.random.default_rng(5)
    deviations = {"actual": [], "nominal": []}
    for _ in range(60):
        pool = EventPool.from_table(toy.table([("sm", 600), ("a", 600)], rng, cut=0.3))
        total = pool.event_weights(THETA[:3]).sum(axis=0)
        nominal = pool.event_weights(THETA[:3])[pool.partition == Partition.TEST].sum(axis=0) / 0.2
        deviations["nominal"].append(nominal / total - 1)
        deviations["actual"].append(pool.select(Partition.TEST).cross_section(THETA[:3])[0] / total - 1)
    spread = {name: np.std(values, axis=0) for name, values in deviations.items()}
    assert np.all(spread["actual"] < 0.7 * spread["nominal"])


def test_small_strata_are_divided_by_the_nominal_fraction(toy, rng):
    pool = EventPool.from_table(toy.table([("sm", 2000), ("a", 20)], rng))
    test = pool.select(Partition.TEST)
    few = test.stratum == 1
    original = pool.weights[(pool.partition == Partition.TEST) & (pool.stratum == 1)]
    np.testing.assert_allclose(test.weights[few], 5 * original)


def test_scores_are_gradients_of_the_log_density(toy, pool):
    theta, step = np.array([0.3, -0.2]), 1e-5
    scores = pool.scores(theta)
    assert scores.shape == (pool.n_events, 2)
    for p in range(2):
        shift = step * np.eye(2)[p]
        up, down = (pool.event_weights(theta + s * shift)[:, 0] for s in (1, -1))
        difference = (np.log(up / up.sum()) - np.log(down / down.sum())) / (2 * step)
        np.testing.assert_allclose(scores[:, p], difference, rtol=1e-6, atol=1e-6)
    # the mean of the score is zero where it is taken
    weights = pool.event_weights(theta)[:, 0]
    np.testing.assert_allclose(weights @ scores, 0.0, atol=1e-12)


def test_gradients_agree_with_finite_differences(pool):
    theta, step = np.array([0.3, -0.2]), 1e-4
    gradients, total = pool.event_weight_gradients(theta), pool.cross_section_gradient(theta)
    for p in range(2):
        shift = step * np.eye(2)[p]
        up, down = (pool.event_weights(theta + s * shift)[:, 0] for s in (1, -1))
        # exact for a polynomial of second order
        np.testing.assert_allclose(gradients[:, p], (up - down) / (2 * step), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(gradients.sum(axis=0), total, rtol=1e-12)


def test_weights_come_in_chunks(pool):
    theta = np.random.default_rng(0).normal(size=(7, 2))
    whole = pool.event_weights(theta)
    seen = np.full_like(whole, np.nan)
    for part, weights in pool.iterate_event_weights(theta, chunk=3):
        assert weights.shape[1] <= 3
        seen[:, part] = weights
    np.testing.assert_allclose(seen, whole, rtol=1e-13)


def with_background(toy, rng, signs=None):
    table = toy.table([("sm", 500)], rng)
    n = 200
    signs = np.ones(n) if signs is None else signs
    x = rng.uniform(size=(n, 2))
    weights = np.repeat(signs[:, None] * 3.0 / signs.sum(), 6, axis=1)
    return replace(
        table,
        samples=(*table.samples, Sample("background", None, n, 3.0)),
        x=np.concatenate([table.x, x]),
        weights=np.concatenate([table.weights, weights]),
        sample_index=np.concatenate([table.sample_index, np.ones(n, dtype=np.int32)]),
    )


def test_backgrounds_add_their_cross_section_everywhere(toy, rng):
    table = with_background(toy, rng)
    pool = EventPool.from_table(table)
    signal = EventPool.from_table(toy.table([("sm", 500)], np.random.default_rng(20240806)))
    difference = pool.cross_section(THETA)[0] - signal.cross_section(THETA)[0]
    np.testing.assert_allclose(difference, 3.0, rtol=1e-10)
    np.testing.assert_allclose(pool.event_weight_gradients([0.3, 0.1])[500:], 0.0, atol=1e-14)


def test_negative_weights_are_kept(toy, rng):
    signs = np.where(rng.uniform(size=200) < 0.2, -1.0, 1.0)
    pool = EventPool.from_table(with_background(toy, rng, signs))
    assert np.sum(pool.event_weights([0, 0]) < 0) == np.sum(signs < 0)
    signal = pool.cross_section([0.0, 0.0])[0]
    assert signal == pytest.approx(8.0)


def test_negative_signal_weights_are_unbiased(toy):
    # one event in five of a run has weight -c: the others weigh more, so that they add up to the cross section
    rng = np.random.default_rng(8)
    table = toy.table([("sm", 20_000), ("a", 20_000)], rng)
    signs = np.where((table.sample_index == 1) & (rng.uniform(size=40_000) < 0.2), -1.0, 1.0)
    scale = np.where(table.sample_index == 1, 1 / 0.6, 1.0)
    pool = EventPool.from_table(replace(table, weights=table.weights * (signs * scale)[:, None]))
    values, errors = pool.cross_section(THETA)
    truth = np.array([toy.cross_section(theta) for theta in THETA])
    assert np.all(np.abs(values - truth) < 4 * errors)


def test_one_event_has_an_effective_sample_size_of_one(toy, rng):
    pool = EventPool.from_table(toy.table([("sm", 1)], rng))
    np.testing.assert_allclose(pool.effective_sample_size(THETA), 1.0)
    assert np.isfinite(pool.cross_section(THETA)[1]).all()


def test_no_events_are_refused(toy, rng):
    with pytest.raises(EventFileError, match="no events are left"):
        EventPool.from_table(toy.table([("sm", 10)], rng, cut=2.0))


def test_an_empty_partition_is_refused(toy, rng):
    pool = EventPool.from_table(toy.table([("sm", 100)], rng), fractions=(0.5, 0.5, 0.0))
    with pytest.raises(EventFileError, match="no events in the test partition"):
        pool.select(Partition.TEST)


def test_divisions_by_zero_are_errors(toy, rng):
    pool = EventPool.from_table(toy.table([("sm", 10)], rng))
    zero = replace(pool, weights=0 * pool.weights)
    with pytest.raises(EventFileError, match=r"weight zero at theta = \[0\.5 0"):
        zero.effective_sample_size([[0.5, 0.0]])
    with pytest.raises(EventFileError, match="cross section at theta"):
        zero.scores([0.0, 0.0])
    with pytest.raises(EventFileError, match="cross section at theta"):
        replace(pool, weights=-pool.weights).scores([0.0, 0.0])
    some = replace(pool, weights=pool.weights * (np.arange(10) > 1)[:, None])
    with pytest.raises(EventFileError, match="2 events have weight zero"):
        some.scores([0.0, 0.0])
    assert some.scores([0.0, 0.0], np.arange(2, 10)).shape == (8, 2)
