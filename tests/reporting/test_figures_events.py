import numpy as np
import pytest

from assay.reporting.figures.correlation import correlation_matrix, correlations
from assay.reporting.figures.cutflow import cut_flow_bars
from assay.reporting.figures.distributions import common_edges, distribution, histograms
from assay.reporting.figures.joint import joint_versus_estimated, residual_profile
from assay.reporting.figures.plane import effective_sizes, morphing_line, morphing_plane, squared_weights
from assay.reporting.figures.stages import stage_times
from assay.reporting.figures.style import AxisLabel, math, plain, save
from assay.reporting.figures.training import TrainingCurve, training_curves

pytestmark = pytest.mark.fast
RNG = np.random.default_rng(3)


def test_histograms_give_cross_sections_per_unit_and_their_errors():
    x = np.array([0.5, 0.5, 2.5, 4.0, 9.0])
    weights = np.array([1.0, 2.0, 3.0, 4.0, 5.0])[:, None] * 1e-3
    found = histograms(x, weights, [0.0, 2.0, 4.0])
    np.testing.assert_allclose(found.values[0], [1.5, 3.5])  # fb per unit; the last edge belongs to the last bin
    np.testing.assert_allclose(found.errors[0], [np.sqrt(5) / 2, 2.5])
    assert found.outside[0] == pytest.approx(5 / 15)


def test_errors_of_ratios_know_that_the_events_are_common():
    x = RNG.uniform(size=2000)
    base = RNG.uniform(0.5, 1.5, size=2000)
    found = histograms(x, np.stack([base, 1.7 * base], axis=1), np.linspace(0, 1, 5))
    np.testing.assert_allclose(found.ratios[1], 1.7)
    np.testing.assert_allclose(found.ratio_errors[1], 0.0, atol=1e-7)
    # and are right where the weights are not proportional: against repeated experiments
    ratios, errors = [], []
    for _ in range(300):
        x = RNG.uniform(size=400)
        w = np.stack([np.ones(400), 1 + np.sin(20 * x)], axis=1)
        one = histograms(x, w, [0.0, 0.5, 1.0])
        ratios.append(one.ratios[1])
        errors.append(one.ratio_errors[1])
    np.testing.assert_allclose(np.mean(errors, axis=0), np.std(ratios, axis=0), rtol=0.15)


def test_common_edges_keep_sharp_ends_and_drop_tails():
    flat = RNG.uniform(-np.pi, np.pi, 5000)
    edges = common_edges(flat, np.ones((5000, 1)))
    assert edges[0] == flat.min()
    assert edges[-1] == flat.max()
    tail = RNG.pareto(1.5, 5000)
    assert common_edges(tail, np.ones((5000, 1)))[-1] < 0.5 * tail.max()
    peak = np.concatenate([RNG.normal(125.0, 1.0, 5000), RNG.uniform(50.0, 200.0, 50)])
    edges = common_edges(peak, np.ones((len(peak), 1)))
    assert 118.0 < edges[0] < 122.0
    assert 127.0 < edges[-1] < 131.0
    assert (np.diff(common_edges(np.ones(10), np.ones((10, 1)))) > 0).all()


def test_a_distribution_shows_every_hypothesis_with_ratio_and_unit():
    x = RNG.exponential(50.0, 3000)
    weights = np.stack([np.ones(3000), np.exp(x / 500)], axis=1) * 1e-6
    figure = distribution(x, weights, ["sm", "w_1"], AxisLabel("pt_j1", "p_T(j_1)", "GeV"))
    upper, lower = figure.axes
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {"sm", "w_1"}
    assert "fb / GeV" in upper.get_ylabel()
    assert lower.get_xlabel() == "$p_T(j_1)$ [GeV]"
    assert "sm" in lower.get_ylabel()
    values = lower.patches[1].get_data().values
    seen = values[np.isfinite(values)]
    assert seen[-1] > seen[0]
    assert len(upper.collections) == 2  # the bands of the simulation's uncertainty


def test_correlations_are_weighted():
    x = RNG.normal(size=(4000, 2))
    weights = np.exp(0.5 * x[:, 0] * x[:, 1])
    assert abs(correlations(x, np.ones(4000))[0, 1]) < 0.1
    assert correlations(x, weights)[0, 1] == pytest.approx(0.5, abs=0.08)
    axes = (AxisLabel("a"), AxisLabel("b", r"\phi"))
    panel = correlation_matrix(x, weights, axes, "sm").axes[0]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["a", r"$\phi$"]
    np.testing.assert_allclose(panel.images[0].get_array(), correlations(x, weights))


def test_training_curves_have_a_panel_each_and_mark_the_epoch_kept():
    epochs = np.arange(1, 6)
    curve = TrainingCurve(epochs, 1.0 / epochs, 1.1 / epochs, 4)
    figure = training_curves({"alice": curve, "sally": curve})
    first, second = figure.axes[:2]
    assert (first.get_title(), second.get_title()) == ("alice", "sally")
    lines = {line.get_label(): line for line in second.lines}
    np.testing.assert_allclose(lines["validation"].get_ydata(), 1.1 / epochs)
    assert (lines["epoch kept"].get_xdata()[0], lines["epoch kept"].get_ydata()[0]) == (4, 1.1 / 4)


def test_residuals_are_flat_for_a_calibrated_and_tilted_for_a_steep_estimate():
    truth = RNG.normal(size=20000)
    joint = truth + 0.5 * RNG.normal(size=20000)
    good = residual_profile(joint, truth)
    assert (np.abs(good.mean / good.error) < 4.5).all()
    np.testing.assert_allclose(good.spread[5:-5], 0.5, rtol=0.1)
    assert len(good.centres) > 15
    assert np.ptp(good.centres) > 5.0  # far into the tails
    steep = residual_profile(joint, 1.3 * truth)
    assert steep.mean[0] > 10 * steep.error[0]
    assert steep.mean[-1] < -10 * steep.error[-1]


def test_joint_values_are_upright_and_estimates_along_the_other_axis():
    estimate = RNG.uniform(-1, 1, 5000)
    figure = joint_versus_estimated(0.2 * estimate, estimate, "alices")
    upper, lower = figure.axes[:2]
    mesh = upper.collections[0]
    counts = mesh.get_array().filled(0)
    edges = mesh._coordinates[0, :, 0]
    centres = 0.5 * (edges[1:] + edges[:-1])
    rows, columns = np.nonzero(counts)
    slope = np.polyfit(centres[columns], centres[rows], 1)[0]
    assert slope == pytest.approx(0.2, abs=0.03)
    assert "alices" in lower.get_xlabel()
    assert "joint" in upper.get_ylabel()


def test_squared_weights_are_one_at_benchmarks_and_not_transposed(space_of):
    space, morphing = space_of(2)
    for b, (x, y) in enumerate(space.benchmark_values):
        value = squared_weights(morphing, [x], [y], (0, 1), space.reference_values)
        assert value.item() == pytest.approx(1.0), space.benchmark_names[b]
    x, y = np.array([0.1, 0.4, 0.9]), np.array([-0.3, 0.7])
    found = squared_weights(morphing, x, y, (0, 1), space.reference_values)
    assert found[2, 1] == pytest.approx((morphing.weights([0.9, 0.7]) ** 2).sum())


def test_the_morphing_plane_marks_the_benchmarks_with_names(space_of):
    space, morphing = space_of(2)
    axes = morphing_plane(space, morphing, space.names).axes[0]
    (line,) = [line for line in axes.lines if line.get_label() == "benchmarks"]
    np.testing.assert_allclose(np.stack(line.get_data(), axis=1), space.benchmark_values)
    assert {text.get_text() for text in axes.texts} == set(space.benchmark_names)
    boxed = morphing_plane(space, morphing, space.names, box=((-0.5, 0.4), (-0.3, 0.2))).axes[0]
    (box,) = boxed.patches
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((-0.5, -0.3), 0.9, 0.5)


def test_the_morphing_of_one_parameter_is_a_line(space_of):
    space, morphing = space_of(1)
    axes = morphing_line(space, morphing, "CWL2").axes[0]
    x, values = axes.lines[0].get_data()
    assert values[0] == pytest.approx((morphing.weights([x[0]]) ** 2).sum())


def test_effective_sizes_are_at_their_place():
    sizes = np.arange(1.0, 7.0).reshape(3, 2)
    mesh = effective_sizes(([0.0, 1.0, 2.0], [5.0, 6.0]), sizes, ("a", "b")).axes[0].collections[0]
    np.testing.assert_allclose(mesh.get_array().reshape(2, 3), sizes.T)


def test_cut_flow_bars_have_their_lengths():
    shares = np.array([[1.0, 1.0], [0.5, 0.25]])
    axes = cut_flow_bars(["generated", "pt_j1 > 30"], shares).axes[0]
    assert [patch.get_width() for patch in axes.patches] == [1.0, 0.375]
    (bars,) = [line for line in axes.collections if len(line.get_segments()) == 2]
    np.testing.assert_allclose(bars.get_segments()[1][:, 0], [0.25, 0.5])
    assert [text.get_text() for text in axes.texts] == ["100.0 %", "37.5 %"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["generated", "pt_j1 > 30"]


def test_stage_times_say_how_many_jobs():
    axes = stage_times(["generate", "plot"], [60.0, 5.0], [6, 1]).axes[0]
    assert [text.get_text() for text in axes.texts] == ["1 min 0 s in 6 jobs", "5.0 s"]


@pytest.mark.parametrize("latex", [r"\frac{1", r"\nosuchcommand", "a$b", ""])
def test_labels_that_cannot_be_set_fall_back_to_the_name(latex):
    assert math(latex) == ""
    assert AxisLabel("cost_$", latex).symbol == plain("cost_$") == r"cost_\$"


def test_parameters_are_labelled_with_name_and_symbol():
    assert AxisLabel("CWL2", "C_{W} v^2", named=True).text == "CWL2 = $C_{W} v^2$"
    assert AxisLabel("CWL2", r"\nosuchcommand", "TeV", named=True).text == "CWL2 [TeV]"


def test_steep_ratios_are_logarithmic_and_show_all_of_the_range():
    x = RNG.uniform(0.0, 1.0, 5000)
    weights = np.stack([np.ones(5000), np.exp(3.0 * x)], axis=1) * 1e-6
    lower = distribution(x, weights, ["sm", "steep"], AxisLabel("x")).axes[1]
    assert lower.get_yscale() == "log"
    assert lower.get_ylim()[0] < 1.0
    assert lower.get_ylim()[1] > 15.0


def test_figures_are_saved_as_png_and_pdf_without_dates(tmp_path):
    for folder in ("one", "two"):
        figure = stage_times(["a"], [1.0], [1])
        png, pdf = save(figure, tmp_path / folder, "times")
        assert png.read_bytes()[:4] == b"\x89PNG"
        assert pdf.read_bytes()[:4] == b"%PDF"
    for kind in ("png", "pdf"):
        first, second = (tmp_path / folder / f"times.{kind}" for folder in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
