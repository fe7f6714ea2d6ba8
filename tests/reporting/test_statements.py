import numpy as np
import pytest

from assay.reporting.statements import compare_information, information_statements

pytestmark = pytest.mark.fast
# the tutorial's table, 300 fb^-1
SALLY = ((154.2, 7.58), (7.58, 114.2))
HISTOGRAM = ((134.2, 5.81), (5.81, 88.6))
PT = ((121.8, 4.08), (4.08, 0.206))


def texts(verdicts):
    return [verdict.text for verdict in verdicts]


def test_information_is_compared_in_every_direction(fisher_result):
    found = compare_information(fisher_result("sally", SALLY), fisher_result("histogram_2d", HISTOGRAM))
    angle = np.linspace(0, np.pi, 2001)
    u = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ratios = np.einsum("ni,ij,nj->n", u, SALLY, u) / np.einsum("ni,ij,nj->n", u, HISTOGRAM, u)
    assert found.least == pytest.approx(ratios.min(), rel=1e-4)
    assert found.most == pytest.approx(ratios.max(), rel=1e-4)


def test_the_tutorials_table_gives_the_tutorials_conclusions(fisher_result):
    results = [
        fisher_result("sally", SALLY),
        fisher_result("histogram_2d", HISTOGRAM),
        fisher_result("pt", PT, error=0.1),
    ]
    verdicts = information_statements(results, ["sally"])
    against = [v for v in verdicts if v.text.startswith("sally carries more Fisher information than histogram_2d")]
    assert against[0].outcome == "good"
    assert "in every direction" in against[0].text
    assert "CWL2 154.2 ± 2.0 against 134.2 ± 2.0 (15 % more)" in against[0].text
    assert "CPWL2 114.2 ± 2.0 against 88.6 ± 2.0 (29 % more)" in against[0].text
    assert any(text.startswith("pt alone is blind to CPWL2") for text in texts(verdicts))
    assert not any("blind to CWL2" in text for text in texts(verdicts))
    assert not any(text.startswith("histogram_2d alone is blind") for text in texts(verdicts))


def test_blindness_needs_a_small_value_that_is_known_to_be_small_or_none_at_all(fisher_result):
    def says_blind(value, error):
        results = [
            fisher_result("sally", SALLY, error=error),
            fisher_result("pt", ((121.8, 0.0), (0.0, value)), error=error),
        ]
        return any("pt alone is blind to CPWL2" in text for text in texts(information_statements(results, ["sally"])))

    assert says_blind(0.2, 0.1)
    assert says_blind(0.2, 3.0)  # compatible with nothing
    assert says_blind(4.0, 0.1)  # 3.5 % of 114.2
    assert not says_blind(5.0, 1.0)  # 4.4 % that are there, perhaps more than 5 %
    assert not says_blind(10.0, 4.0)  # could be anything


def test_a_worse_learned_method_is_called_that(fisher_result):
    results = [fisher_result("alices", ((120.0, 0.0), (0.0, 60.0))), fisher_result("histogram", HISTOGRAM)]
    (verdict,) = information_statements(results, ["alices"])
    assert verdict.outcome == "bad"
    assert "does not carry more Fisher information than histogram on CWL2 and CPWL2" in verdict.text


def test_a_difference_within_errors_is_doubtful_not_bad(fisher_result):
    results = [fisher_result("alices", ((130.0, 0.0), (0.0, 95.0)), error=5.0), fisher_result("histogram", HISTOGRAM)]
    (verdict,) = information_statements(results, ["alices"])
    assert verdict.outcome == "doubtful"
    assert "CWL2 (within the errors" in verdict.text


def test_the_bias_of_histograms_is_taken_off_before_comparing(fisher_result):
    results = [fisher_result("sally", SALLY), fisher_result("histogram", ((160.0, 0.0), (0.0, 120.0)), bias=40.0)]
    (verdict,) = information_statements(results, ["sally"])
    assert verdict.outcome == "good"


def test_more_information_than_the_event_record_has_is_impossible(fisher_result):
    results = [fisher_result("sally", SALLY), fisher_result("parton level", ((100.0, 0.0), (0.0, 300.0)))]
    (verdict,) = information_statements(results, ["sally"])
    assert verdict.outcome == "bad"
    assert "cannot be right" in verdict.text


def test_what_the_observables_leave_of_all_information_is_told(fisher_result):
    results = [fisher_result("sally", SALLY), fisher_result("parton level", ((308.4, 0.0), (0.0, 152.0)))]
    (verdict,) = information_statements(results, ["sally"])
    assert verdict.outcome == "neutral"
    assert "sally 50 % on CWL2, 75 % on CPWL2" in verdict.text


def test_baselines_that_are_all_beaten_share_a_sentence_with_the_numbers_of_the_strongest(fisher_result):
    results = [fisher_result("sally", SALLY), fisher_result("pt", PT), fisher_result("histogram_2d", HISTOGRAM)]
    first = information_statements(results, ["sally"])[0]
    assert first.text.startswith("sally carries more Fisher information than pt and histogram_2d in every direction")
    assert "strongest of these, histogram_2d: CWL2 154.2 ± 2.0 against 134.2" in first.text


def test_no_information_is_written_as_zero_not_as_a_negative_number(fisher_result):
    blind = fisher_result("pt", ((121.8, 0.0), (0.0, 0.01)), error=0.001, bias=0.02)
    results = [fisher_result("sally", SALLY), blind]
    (text,) = [text for text in texts(information_statements(results, ["sally"])) if "blind" in text]
    assert "information 0 ± 0.020, less than 0.04 % of the 114 of sally" in text


def test_nothing_to_compare_is_no_statement():
    assert information_statements([], []) == ()
