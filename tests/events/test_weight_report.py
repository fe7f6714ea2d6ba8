import numpy as np
import pytest

from assay.errors import EventFileError
from assay.events.table import Sample
from assay.events.weight_report import WeightSums

pytestmark = pytest.mark.fast

SAMPLES = (Sample("sm_0", "sm", 10, 1.0), Sample("bkg", None, 10, 1.0, k_factor=1.2))


def test_negative_weights_are_told():
    own = np.array([1.0, 1.0, 2.0, -1.0, 3.0])
    index = np.array([0, 0, 1, 1, 1], dtype=np.int32)
    whole = WeightSums.none(2).updated(own, index)
    signal, background = whole.report(SAMPLES)
    assert (signal.n_events, signal.cross_section, signal.n_negative, signal.effective_sample_size) == (2, 2.0, 0, 2.0)
    assert (background.kind, background.n_negative, background.negative_cross_section) == ("background", 1, -1.0)
    assert background.effective_sample_size == pytest.approx(16 / 14)
    assert "negative" not in str(signal)
    assert "1 of negative weight (-1 pb)" in str(background)
    parts = WeightSums.none(2).updated(own[:3], index[:3]).updated(own[3:], index[3:])
    assert parts.report(SAMPLES) == whole.report(SAMPLES)


def test_no_events_are_worth_nothing():
    assert [report.effective_sample_size for report in WeightSums.none(2).report(SAMPLES)] == [0.0, 0.0]


def test_of_a_table(toy, rng):
    table = toy.table([("sm", 100), ("a", 50)], rng)
    reports = WeightSums.none(2).updated(table.own_weights, table.sample_index).report(table.samples)
    assert [report.effective_sample_size for report in reports] == pytest.approx([100, 50])
    assert reports[0].cross_section == pytest.approx(5.0)


def test_k_factors_are_positive():
    with pytest.raises(EventFileError, match="k-factor"):
        Sample("bkg", None, 10, 1.0, k_factor=0.0)
