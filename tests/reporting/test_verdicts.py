import numpy as np
import pytest

from assay.reporting.verdicts import consistency_statements, interval_statements, q_of_truth, truth_statements

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("centre", "outcome", "words"),
    [
        ((0.0, 0.0), "good", "68 % CL region of alices contains"),
        ((0.15, 0.0), "doubtful", "inside at 95 %"),
        ((0.4, 0.0), "bad", "no region"),
    ],
)
def test_whether_regions_contain_the_true_point(centre, outcome, words, limit_result):
    (verdict,) = truth_statements([limit_result("alices", centre=centre)], ["alices"])
    assert verdict.outcome == outcome
    assert words in verdict.text


def test_q_of_the_truth_is_interpolated_and_infinite_outside(limit_result):
    result = limit_result(information=((150.0, 0.0), (0.0, 110.0)), centre=(0.1, 0.0), points=24)  # 0 is no grid point
    assert q_of_truth(result) == pytest.approx(150 * 0.1**2, abs=1e-3)
    object.__setattr__(result, "theta_true", (2.0, 0.0))
    assert q_of_truth(result) == np.inf
    assert truth_statements([result], [])[0].outcome == "bad"
    object.__setattr__(result, "theta_true", None)
    assert truth_statements([result], []) == ()


def test_intervals_of_learned_methods_and_baselines_are_compared(limit_result):
    results = [limit_result("alices"), limit_result("histogram", ((150.0 / 4, 0.0), (0.0, 500.0)))]
    first, second = interval_statements(results, ["alices"])
    assert first.outcome == "good"
    assert "50 % narrower" in first.text
    assert "best baseline, histogram" in first.text
    assert second.outcome == "doubtful"
    assert "wider" in second.text


def test_open_intervals_are_not_compared(limit_result):
    results = [limit_result("alices"), limit_result("rate", ((1.0, 0.0), (0.0, 1.0)))]
    assert interval_statements(results, ["alices"]) == ()


def test_nothing_to_compare_is_no_statement():
    assert interval_statements([], []) == ()
    assert consistency_statements([], [], []) == ()


def test_methods_that_contain_the_truth_share_a_sentence_and_templates_are_no_test(limit_result):
    results = [
        limit_result("alice", centre=(0.05, 0.0)),
        limit_result("sally"),
        limit_result("histogram"),
        limit_result("alice", include_rate=False),
    ]
    verdicts = truth_statements(results, ["alice", "sally"], ["sally", "histogram"])
    assert [verdict.outcome for verdict in verdicts] == ["good", "good", "neutral"]
    assert verdicts[0].text.startswith("With rate, the 68 % CL regions of alice and sally contain the true point")
    assert "largest q = 0.38" in verdicts[0].text  # 150 x 0.05^2 = 0.375
    assert verdicts[1].text.startswith("From the shape alone, the 68 % CL region of alice contains")
    assert verdicts[2].text.startswith("sally and histogram: ")
    assert "by construction" in verdicts[2].text


def test_an_interval_narrower_than_the_own_information_allows_is_doubtful(limit_result, fisher_result):
    information = ((150.0, 6.0), (6.0, 110.0))
    steep = ((150.0, 6.0), (6.0, 110.0 * 1.5))
    limits = [limit_result("alice", steep), limit_result("alices", information), limit_result("histogram", steep)]
    fisher = [fisher_result(name, information) for name in ("alice", "alices", "histogram")]
    doubtful, good = consistency_statements(limits, fisher, ["alice", "alices"])
    assert doubtful.outcome == "doubtful"
    assert doubtful.text.startswith("alice (with rate)")
    assert "by 18 % on CPWL2:" in doubtful.text  # 1 - 1 / sqrt(1.5)
    assert good.outcome == "good"
    assert "intervals of alices are" in good.text
    near = limit_result("alices", ((150.0, 6.0), (6.0, 110.0 * 1.1)))
    (verdict,) = consistency_statements([near], fisher, ["alices"])
    assert "at most 5 % narrower" in verdict.text  # 1 - 1 / sqrt(1.1)


def test_intervals_are_not_held_against_information_at_another_point(limit_result, fisher_result):
    result = limit_result("alice", ((600.0, 0.0), (0.0, 440.0)))
    object.__setattr__(result, "theta_true", (0.1, 0.0))
    assert consistency_statements([result], [fisher_result("alice")], ["alice"]) == ()
