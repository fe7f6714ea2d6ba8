"""Reweighted against directly generated samples at the same benchmark: near, and far away, where weights have tails.

Distributions are compared by the squares of weights in bins that hold 25 effective events in both samples.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import chi2

from assay.generation.embedded import Effort, EmbeddedSettings, generate, prepare
from assay.generation.kinematics import minkowski_product, rapidity, transverse_momentum, wrapped_azimuth

pytestmark = pytest.mark.slow

N_EVENTS = 20_000
BENCHMARKS = {"sm": {}, "near": {"CWL2": 6.0, "CPWL2": 4.0}, "far": {"CWL2": 120.0, "CPWL2": 60.0}}
EDGES = {
    "pt_j1": np.array([20, 50, 70, 90, 120, 160, 220, 300, 450, 700, 1200, 7000.0]),
    "delta_phi_jj": np.linspace(-np.pi, np.pi, 13),
    "m_jj": np.array([0, 150, 300, 450, 650, 900, 1300, 2000, 3500, 14000.0]),
    "pt_h": np.array([0, 30, 60, 90, 130, 180, 260, 400, 700, 7000.0]),
    "delta_eta_jj": np.linspace(0.0, 10.0, 11),
}


@pytest.fixture(scope="module")
def prepared():
    return prepare(EmbeddedSettings(decay="stable"), BENCHMARKS, 6, Effort(150_000))


def observables(sample):
    momenta = sample.four_momenta.reshape(len(sample), 5, 4)
    jets = momenta[:, 3:5]
    order = np.argsort(-transverse_momentum(jets), axis=1)[:, :, None]
    jets = np.take_along_axis(jets, order, axis=1)
    phi, pair = np.arctan2(jets[..., 2], jets[..., 1]), jets.sum(axis=1)
    return {
        "pt_j1": transverse_momentum(jets[:, 0]),
        "delta_phi_jj": wrapped_azimuth(phi[:, 0] - phi[:, 1]),
        "m_jj": np.sqrt(minkowski_product(pair, pair)),
        "pt_h": transverse_momentum(momenta[:, 2]),
        "delta_eta_jj": np.abs(rapidity(jets[:, 0]) - rapidity(jets[:, 1])),
    }


@dataclass(frozen=True)
class Comparison:
    probability: float
    n_bins: int


def compared(direct, reweighted, benchmark, name, largest_ratio=np.inf):
    """Chi-square of two histograms with weights, of events with |M|^2 up to `largest_ratio` times the SM's."""
    sums, squares = [], []
    for sample in (direct, reweighted):
        inside = sample.weight("far") <= largest_ratio * sample.weight("sm")
        weights, values = sample.weight(benchmark) * inside, observables(sample)[name]
        sums.append(np.histogram(values, EDGES[name], weights=weights)[0])
        squares.append(np.histogram(values, EDGES[name], weights=weights**2)[0])
    effective = [s**2 / np.maximum(q, 1e-300) for s, q in zip(sums, squares, strict=True)]
    good = (effective[0] >= 25) & (effective[1] >= 25)
    statistic = np.sum((sums[0] - sums[1])[good] ** 2 / (squares[0] + squares[1])[good])
    return Comparison(float(chi2.sf(statistic, good.sum())), int(good.sum()))


def effective_share(weights):
    return np.sum(weights) ** 2 / np.sum(weights**2) / len(weights)


@pytest.mark.parametrize(("origin", "target"), [("sm", "near"), ("near", "sm")])
def test_near_benchmarks_close_everywhere(prepared, origin, target):
    direct, reweighted = generate(prepared, target, N_EVENTS, 1), generate(prepared, origin, N_EVENTS, 2)
    weights = reweighted.weight(target)
    assert effective_share(weights) > 0.3
    value, error = prepared.cross_sections[target]
    assert abs(weights.sum() - value) < 4.0 * np.hypot(np.std(weights) * np.sqrt(N_EVENTS), error)
    for name, edges in EDGES.items():
        found = compared(direct, reweighted, target, name)
        assert found.probability > 1e-4, name
        assert found.n_bins >= len(edges) - 4


def test_far_away_samples_close_where_they_overlap(prepared):
    """From the SM to many times its cross section, in the region where the SM has events and weights are bounded.

    The ratio of the two |M|^2 is a function of phase space, known for every event of both samples; beyond its 99.5 %
    quantile in the SM lies a large part of the other's cross section, which no reweighting of 20 000 events finds.
    """
    direct, reweighted = generate(prepared, "far", N_EVENTS, 1), generate(prepared, "sm", N_EVENTS, 2)
    weights = reweighted.weight("far")
    value, _ = prepared.cross_sections["far"]
    assert value > 5.0 * prepared.cross_sections["sm"][0]
    assert effective_share(weights) < 0.1
    largest = np.quantile(weights / reweighted.weight("sm"), 0.995)
    beyond = direct.weight("far") > largest * direct.weight("sm")
    assert np.mean(beyond) > 0.2
    kept = weights[weights <= largest * reweighted.weight("sm")]
    statistical = np.hypot(np.sqrt(np.sum(kept**2)), np.sqrt(np.sum(~beyond)) * value / N_EVENTS)
    assert abs(kept.sum() - np.mean(~beyond) * value) < 4.0 * statistical < 0.1 * value
    for name in EDGES:
        found = compared(direct, reweighted, "far", name, largest)
        assert found.probability > 1e-4, name
        assert found.n_bins >= 6


def test_far_away_to_the_standard_model_closes(prepared):
    """The other way the weights of few events are large, in phase space that the far benchmark leaves out."""
    direct, reweighted = generate(prepared, "sm", N_EVENTS, 3), generate(prepared, "far", N_EVENTS, 4)
    assert effective_share(reweighted.weight("sm")) < 0.5
    for name in EDGES:
        found = compared(direct, reweighted, "sm", name)
        assert found.probability > 1e-4, name
        assert found.n_bins >= 5


def test_a_wrong_weight_does_not_close(prepared):
    direct, reweighted = generate(prepared, "near", N_EVENTS, 1), generate(prepared, "sm", N_EVENTS, 2)
    assert compared(direct, reweighted, "sm", "delta_phi_jj").probability > 1e-4
    columns = reweighted.weights[:, ::-1]
    swapped = type(reweighted)(**{**vars(reweighted), "weights": columns})
    assert compared(direct, swapped, "near", "pt_j1").probability > 1e-4
    assert compared(direct, swapped, "sm", "delta_phi_jj").probability < 1e-6
