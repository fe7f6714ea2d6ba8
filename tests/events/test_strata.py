import numpy as np
import pytest

from assay.errors import EventFileError
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
    np.testing.assert_allclose(constants_of(toy.space, strata), [1.75 / 400, 3.0 / 50, np.inf, np.inf, np.inf, np.inf])


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
