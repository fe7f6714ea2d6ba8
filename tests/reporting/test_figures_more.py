"""Figures of information, systematic variations, p-values, calibration, morphing weights and the stages' flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from assay.estimators.calibration_curve import CalibrationCurve
from assay.reporting.figures.basis import basis_weights, morphing_weights
from assay.reporting.figures.calibration import calibration_curves
from assay.reporting.figures.flow import stage_flow
from assay.reporting.figures.information import information_histogram, information_in_bins
from assay.reporting.figures.pvalues import level_words, p_value_maps, p_values
from assay.reporting.figures.style import AxisLabel
from assay.reporting.figures.variations import distribution_with_systematics, largest, varied_histogram
from assay.reporting.gallery import table_text, with_palette

pytestmark = pytest.mark.fast
RNG = np.random.default_rng(11)


def test_information_in_bins_is_that_of_a_counting_experiment_and_bounded_by_the_event_record() -> None:
    """Weights w (1 + theta g): counting tells (sum w g)^2 / sum w, the events themselves sum w g^2."""
    x, w = RNG.uniform(size=5000), RNG.uniform(0.5, 1.5, 5000) * 1e-6
    g = np.stack([w * np.sign(x - 0.5), w * RNG.normal(size=5000)], axis=1)
    found = information_in_bins(x, w, g, [0.0, 0.5, 1.0], 300.0)
    half = w[x < 0.5].sum()
    np.testing.assert_allclose(found.counted[0, 0], 3e5 * half)  # the gradient is all in the bin's rate
    np.testing.assert_allclose(found.counted[0], found.recorded[0])
    np.testing.assert_allclose(found.recorded[1].sum(), 3e5 * (g[:, 1] ** 2 / w).sum())
    assert (found.counted <= found.recorded * (1 + 1e-12)).all()
    assert found.counted[1].sum() < 0.01 * found.recorded[1].sum()  # nothing but noise
    np.testing.assert_allclose(found.noise[1].sum(), 3e5 * (g[:, 1] ** 2).sum() / half, rtol=0.05)
    np.testing.assert_allclose(found.share.sum(), 1.0)


def test_information_outside_of_the_bins_is_left_out() -> None:
    found = information_in_bins([0.5, 1.0, 7.0], [1.0, 1.0, 2.0], [[1.0], [1.0], [1.0]], [0.0, 0.75, 1.0], 1.0)
    np.testing.assert_allclose(found.share, [0.25, 0.25])
    assert found.recorded.sum() == pytest.approx(2e3)


def test_an_information_histogram_has_a_panel_for_every_parameter() -> None:
    x = RNG.normal(size=500)
    w = np.ones(500)
    found = information_in_bins(x, w, np.stack([w, x], axis=1), np.linspace(-3, 3, 11), 1.0)
    figure = information_histogram(found, AxisLabel("x", unit="GeV"), (AxisLabel("a"), AxisLabel("b")))
    assert [("a" in panel.get_ylabel(), "b)" in panel.get_ylabel()) for panel in figure.axes] == [
        (True, False),
        (True, True),
    ]
    assert figure.axes[-1].get_xlabel() == "x [GeV]"


def test_variations_add_in_quadrature_and_the_largest_comes_first() -> None:
    x, w = RNG.uniform(size=1000), np.ones(1000) * 1e-3
    varied = {"small": (1.03 * w, 0.97 * w), "big": (1.04 * w, 0.96 * w), "one-sided": (1.0 * w, 1.0 * w)}
    found = varied_histogram(x, w, varied, np.linspace(0, 1, 5))
    np.testing.assert_allclose(found.up, 1.05)
    np.testing.assert_allclose(found.down, 0.95)
    np.testing.assert_allclose(found.ratios["big"][0], 1.04)
    assert largest(found)[:2] == ("big", "small")
    figure = distribution_with_systematics(found, AxisLabel("x", unit="GeV"), "sm")
    words = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {"sm", "big", "all systematic uncertainties", "simulation uncertainty"} <= words
    assert "fb / GeV" in figure.axes[0].get_ylabel()


def test_both_directions_of_an_effect_may_go_the_same_way() -> None:
    found = varied_histogram([0.5], [1.0], {"odd": ([1.2], [1.1])}, [0.0, 1.0])
    np.testing.assert_allclose((found.up, found.down), [[1.2], [1.0]])


def test_p_values_are_those_of_chi_square_and_zero_where_nothing_is_physical() -> None:
    q = np.array([0.0, chi2.isf(0.05, 2), np.nan])
    np.testing.assert_allclose(p_values(q), [1.0, 0.05, 0.0])


def test_maps_of_p_values_have_a_panel_per_method_and_lines_at_the_levels(limit_result: Callable[..., Any]) -> None:
    results = [limit_result("alices"), limit_result("sally", ((154.0, 4.0), (4.0, 114.0)))]
    figure = p_value_maps(results, ("CWL2", "CPWL2"))
    assert [axes.get_title() for axes in figure.axes[:2]] == ["alices", "sally"]
    assert "300 fb" in figure.axes[-1].get_ylabel()
    lines = next(found for found in figure.axes[0].collections if hasattr(found, "levels"))
    np.testing.assert_allclose(lines.levels, [0.05, 0.32])
    assert level_words(results) == "68 % CL (solid) and 95 % CL (dashed)"


def test_calibration_curves_keep_colours_and_show_what_is_off() -> None:
    share = np.linspace(0.2, 0.8, 5)
    curves = {"alices": CalibrationCurve(share, share + 0.1, np.full(5, 0.01))}
    upper, lower = calibration_curves(curves, {"alices": 2}).axes
    np.testing.assert_allclose(upper.lines[1].get_ydata(), share + 0.1)
    assert lower.get_ylim()[1] > 0.11
    assert "s" in lower.get_xlabel()


def test_morphing_weights_are_one_at_their_own_benchmark(space_of: Callable[..., Any]) -> None:
    space, morphing = space_of(2)
    points = space.benchmark_values
    for b, point in enumerate(points):
        found = basis_weights(morphing, [point[0]], [point[1]], (0, 1), space.reference_values)[0, 0]
        np.testing.assert_allclose(found, np.eye(len(points))[b], atol=1e-8)
    figure = morphing_weights(space, morphing, ("CWL2", "CPWL2"))
    assert [axes.get_title() for axes in figure.axes[: len(points)]] == list(space.benchmark_names)


def test_the_flow_names_stages_jobs_and_times() -> None:
    stages = ("configure", "prepare", "generate", "simulate", "extract", "combine", "sample")
    figure = stage_flow(stages, [0.3, 12, 200, 400, 3, 1, 2], [1, 1, 6, 6, 6, 1, 1])
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert all(stage in words for stage in stages)
    assert "6 jobs\n3 min 20 s" in words
    assert "1 job\n0.3 s" in words


def test_numbers_are_written_as_a_table() -> None:
    text = table_text({"name": ("a", 'b "quoted", with comma'), "value": np.array([1.0 / 3.0, np.nan])})
    assert text == 'name,value\na,0.3333333\n"b ""quoted"", with comma",nan\n'
    with pytest.raises(ValueError, match="shorter"):
        table_text({"a": [1, 2], "b": [1]})


def test_a_palette_changes_no_colour_by_much() -> None:
    import io

    from PIL import Image

    rows, columns = np.mgrid[0:120, 0:200]
    pixels = np.stack([255 - rows, 255 - rows // 2, np.full_like(rows, 250)], axis=-1).astype(np.uint8)
    pixels[columns > 150] = (0, 114, 178)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    small = with_palette(out.getvalue())
    found = np.asarray(Image.open(io.BytesIO(small)).convert("RGB")).astype(int)
    assert np.abs(found - pixels).max() <= 16
    assert Image.open(io.BytesIO(small)).mode == "P"
