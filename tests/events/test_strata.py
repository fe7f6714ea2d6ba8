import numpy as np
import pytest

from assay.errors import EventFileError, MismatchError
from assay.events.strata import OwnWeights, Stratum, constants_of, strata_of, unweighted_samples
from assay.events.table import Sample

pytestmark = pytest.mark.fast


def test_several_runs_are_weighted_by_their_generated_events(toy):
    samples = (
        Sample("s1", "sm", 100, 1.0, 0.1),
        Sample("b", None, 10, 7.0),
        Sample("s2", "sm", 300, 2.0, 0.2),
        Sample("a", "a", 50, 3.0),
    )
    strata, of_sample = strata_of(toy.space, samples)
    np.testing.assert_array_equal(of_sample, [0, 1, 0, 2])
    assert (strata[0].name, strata[0].benchmark, strata[0].n_generated) == ("sm", 0, 400)
    assert strata[0].cross_section == pytest.approx(1.75)
    assert strata[0].cross_section_error == pytest.approx(np.hypot(0.25 * 0.1, 0.75 * 0.2))
    assert strata[1].benchmark == -1
    np.testing.assert_allclose(
        constants_of(toy.space, strata)[0], [1.75 / 400, 3.0 / 50, np.inf, np.inf, np.inf, np.inf]
    )


@pytest.mark.parametrize("n_jobs", [1, 4, 16])
def test_more_jobs_do_not_measure_a_cross_section_better(toy, n_jobs):
    runs = tuple(Sample(f"job{i}", "sm", 16000 // n_jobs, 1.0, 0.05) for i in range(n_jobs))
    (stratum,), _ = strata_of(toy.space, runs)
    assert stratum.cross_section_error == pytest.approx(0.05, rel=1e-12)
    # measured again in half of the runs, and so independently
    other = tuple(Sample(f"more{i}", "sm", 16000 // n_jobs, 1.01, 0.05) for i in range(n_jobs))
    (stratum,), _ = strata_of(toy.space, runs + other)
    assert stratum.cross_section_error == pytest.approx(0.05 / np.sqrt(2), rel=1e-12)
    # counts of events are independent, equal or not
    counted = tuple(Sample(f"count{i}", "sm", 400, 1.0, 0.05, counted=True) for i in range(n_jobs))
    (stratum,), _ = strata_of(toy.space, counted)
    assert stratum.cross_section_error == 0.0
    assert stratum.counting_error == pytest.approx(0.05 / np.sqrt(n_jobs), rel=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ((1.0, 0.01), (2.0, 0.01), "runs one and other of tt have cross sections of 1 .- 0.01 and 2 .- 0.01 pb"),
        ((1.0, 0.0), (1.05, 0.0), "cross sections of 1"),
        ((1.0, 0.01), (1.02, 0.0), None),  # two errors apart
        ((1.0, 1e-5), (1.02, 1e-5), None),  # many errors apart, but 2 %: settings of generators
        ((1.0, 0.2), (2.0, 0.3), None),  # twice as much, but less than three errors apart
    ],
)
@pytest.mark.parametrize("benchmark", [None, "sm"])
def test_runs_of_one_thing_have_one_cross_section(toy, one, other, message, benchmark):
    samples = tuple(
        Sample(name, benchmark, 100, *numbers, process="tt") for name, numbers in (("one", one), ("other", other))
    )
    if message is None:
        strata_of(toy.space, samples)
    else:
        with pytest.raises(MismatchError, match=message.replace("tt", benchmark or "tt")) as caught:
            strata_of(toy.space, samples)
        assert "a background of its own" in str(caught.value)
    # of another thing they may have any
    apart = (samples[0], Sample("third", None, 100, *other, process="another"))
    assert len(strata_of(toy.space, apart)[0]) == 2


def test_runs_of_one_thing_have_one_k_factor(toy):
    samples = (Sample("one", "sm", 100, 1.0), Sample("other", "sm", 100, 1.001, k_factor=1.001))
    with pytest.raises(MismatchError, match=r"runs one and other of sm have k-factors of 1 and 1.001"):
        strata_of(toy.space, samples)


def test_errors_of_counted_events_are_too_uncertain_to_tell_more_than_halves(toy):
    def pair(cross_section):
        return tuple(
            Sample(f"s{value}", "sm", 10_000, value, 0.01 * value, counted=True) for value in (1.0, cross_section)
        )

    strata_of(toy.space, pair(1.4))
    with pytest.raises(MismatchError, match=r"runs s1\.0 and s2\.0 of sm"):
        strata_of(toy.space, pair(2.0))


def test_all_events_are_no_partition():
    stratum = Stratum("sm", 0, 1000.0, 1.0, 0.0)
    assert stratum.partitioned(400, 400).n_generated == pytest.approx(1000.0)
    assert stratum.partitioned(1000, 200).n_generated == pytest.approx(200.0)


def own(values, index, n_samples):
    return OwnWeights.none(n_samples).updated(np.array(values), np.array(index, dtype=np.int32))


def test_constant_weights_are_told_from_others(toy):
    samples = tuple(Sample(f"s{i}", "a" if i < 4 else None, 2, 2.0) for i in range(5))
    strata, of_sample = strata_of(toy.space, samples)
    weights = own([0.25, 0.25 * (1 + 1e-6), 0.25, 0.26, 0.25, -0.25, 1.0, 1.0], [0, 0, 1, 1, 2, 2, 4, 4], 5)
    found = unweighted_samples(samples, strata, of_sample, weights)
    np.testing.assert_array_equal(found, [True, False, False, False, False])


@pytest.mark.parametrize(("weight", "fits"), [(0.01, True), (0.0025, True), (0.02, False), (1.0, False)])
def test_normalisation_is_checked(toy, weight, fits):
    samples = (Sample("s0", "a", 100, 1.0), Sample("s1", "a", 300, 1.0))
    strata, of_sample = strata_of(toy.space, samples)
    weights = own(np.full(60, weight), np.zeros(60), 2)
    if fits:  # alone, or together with the other run
        assert unweighted_samples(samples, strata, of_sample, weights)[0]
    else:
        with pytest.raises(EventFileError, match=r"sample s0: its events weigh"):
            unweighted_samples(samples, strata, of_sample, weights)


def test_blocks_add_up_to_the_whole():
    rng = np.random.default_rng(0)
    values, index = rng.normal(size=100), rng.integers(0, 3, 100)
    whole, blocks = own(values, index, 3), OwnWeights.none(3)
    for part in np.array_split(np.arange(100), 7):
        blocks = blocks.updated(values[part], index[part].astype(np.int32))
    for name in ("lowest", "highest", "n_events"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(blocks, name))


def test_equal_weights_with_efficiencies_are_no_unweighted_events() -> None:
    # each stands for less than one event, which the mixture's denominator would cancel
    space_samples = (Sample("sm_0", "sm", 100, 2.0), Sample("sm_1", "sm", 100, 2.0, reweighted=True))
    stratum = Stratum("sm", 0, 200.0, 2.0, 0.0)
    own = OwnWeights(np.array([0.01, 0.008]), np.array([0.01, 0.008]), np.array([100, 100]))
    found = unweighted_samples(space_samples, (stratum,), np.zeros(2, dtype=np.int64), own)
    np.testing.assert_array_equal(found, [True, False])
