import numpy as np
import pytest

from assay.inference.profiles import critical_q
from assay.reporting.figures.contours import contours, limit_map
from assay.reporting.figures.corner import corner
from assay.reporting.figures.fisher import ellipse_points, fisher_bars, fisher_ellipses
from assay.reporting.figures.profiles import profile_curves
from assay.reporting.figures.style import AxisLabel
from assay.reporting.figures.surface import q_at, view

pytestmark = pytest.mark.fast
NAMES = ("CWL2", "CPWL2", "CphiWL2")
PAIR = NAMES[:2]
LABELS = {"CWL2": AxisLabel("CWL2", "C_{W} v^2"), "CPWL2": AxisLabel("CPWL2", r"C_{\tilde W} v^2", "TeV")}
# tight in the first parameter, loose in the second, centred off the diagonal: no symmetry hides an exchange of axes
ASYMMETRIC = {"information": ((400.0, 0.0), (0.0, 50.0)), "centre": (0.2, -0.1)}


def vertices(axes, label):
    (found,) = [artist for artist in axes.collections if artist.get_label() == label]
    return np.concatenate([path.vertices for path in found.get_paths()])


def marked(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return float(line.get_xdata()[0]), float(line.get_ydata()[0])


@pytest.mark.parametrize("draw", [lambda result, pair: contours([result], pair), limit_map], ids=["contours", "map"])
@pytest.mark.parametrize("pair", [PAIR, PAIR[::-1]], ids=["in order", "exchanged"])
def test_contours_are_where_q_has_its_level_and_not_transposed(draw, pair, limit_result):
    result = limit_result(**ASYMMETRIC)
    axes = draw(result, pair).axes[0]
    order = [NAMES.index(name) for name in pair]
    information = np.diag(ASYMMETRIC["information"])[order]
    centre = np.array(ASYMMETRIC["centre"])[order]
    for level in (0.68, 0.95):
        points = vertices(axes, f"alices {100 * level:g} % CL")
        q = ((points - centre) ** 2) @ information
        np.testing.assert_allclose(q, critical_q(level, 2), rtol=0.01)
        reach = np.sqrt(critical_q(level, 2) / information)
        np.testing.assert_allclose(points.max(axis=0), centre + reach, atol=0.003)
    np.testing.assert_allclose(marked(axes, "alices best fit"), centre, atol=1e-4)
    assert marked(axes, "true point") == (0.0, 0.0)


def test_the_map_has_the_value_of_q_at_its_place(limit_result):
    result = limit_result(**ASYMMETRIC)
    axes = limit_map(result, PAIR).axes[0]
    mesh = axes.collections[0]
    x, y = mesh._coordinates[0, :, 0], mesh._coordinates[:, 0, 1]
    values = mesh.get_array().reshape(len(y) - 1, len(x) - 1)
    column, row = int(np.argmin(np.abs(x - 0.3))), int(np.argmin(np.abs(y + 0.4)))
    expected = 400 * (0.3 - 0.2) ** 2 + 50 * (-0.4 + 0.1) ** 2
    assert values[row, column] == pytest.approx(expected, rel=0.1)


def test_legend_names_methods_confidence_levels_luminosity_and_true_point(limit_result):
    results = [limit_result("alices"), limit_result("histogram_2d", ((80.0, 0.0), (0.0, 40.0)))]
    figure = contours(results, PAIR, LABELS)
    axes = figure.axes[0]
    (legend,) = figure.legends
    texts = {text.get_text() for text in legend.get_texts()}
    assert {"alices", "histogram_2d", "68 % CL", "95 % CL", "true point"} <= texts
    assert not any("sigma" in text for text in texts)
    assert "300 fb" in legend.get_title().get_text()
    assert "with rate" in legend.get_title().get_text()
    assert axes.get_xlabel() == "$C_{W} v^2$"
    assert axes.get_ylabel() == r"$C_{\tilde W} v^2$ [TeV]"


def test_methods_keep_their_colour_from_figure_to_figure(limit_result):
    colours = {"alices": 0, "histogram_2d": 1}
    both = contours([limit_result("alices"), limit_result("histogram_2d")], PAIR, colours=colours).axes[0]
    alone = contours([limit_result("histogram_2d")], PAIR, colours=colours).axes[0]

    def ink(axes):
        (found,) = [artist for artist in axes.collections if artist.get_label() == "histogram_2d 68 % CL"]
        return tuple(found.get_edgecolor()[0])

    assert ink(both) == ink(alone)


def test_a_blind_method_does_not_shrink_the_others(limit_result):
    blind = limit_result("histogram_pt", ((400.0, 0.0), (0.0, 0.01)))
    axes = contours([limit_result("alices"), blind], PAIR).axes[0]
    assert axes.get_ylim()[1] < 0.4  # the grid ends at 0.6, the contour of alices at 0.23
    alone = contours([blind], PAIR).axes[0]
    assert alone.get_ylim() == (-0.6, 0.6)


def test_unphysical_points_leave_a_gap_and_no_warning(limit_result):
    result = limit_result()
    q = result.q.copy()
    q[:4] = np.inf
    object.__setattr__(result.pair_profiles[0], "q", q)
    points = vertices(contours([result], PAIR).axes[0], "alices 68 % CL")
    assert len(points) > 10
    assert np.isfinite(points).all()


def test_q_between_grid_points(limit_result):
    profile = limit_result(**ASYMMETRIC).pair(*PAIR)
    assert q_at(profile, (0.313, -0.2)) == pytest.approx(400 * 0.113**2 + 50 * 0.1**2, abs=1e-3)
    assert q_at(profile, (0.7, 0.0)) == np.inf


def test_view_shows_closed_regions_within_the_grid():
    assert view([(-0.1, 0.1), (-1.0, 1.0)], (-1.0, 1.0)) == pytest.approx((-0.13, 0.13), abs=1e-5)
    assert view([(-1.0, 1.0)], (-1.0, 1.0)) == (-1.0, 1.0)


def test_profiles_cross_the_levels_at_the_intervals_and_are_labelled(limit_result):
    result = limit_result(**ASYMMETRIC)
    axes = profile_curves([result], "CPWL2", LABELS["CPWL2"]).axes[0]
    (curve,) = [line for line in axes.lines if line.get_label() == "alices"]
    x, q = curve.get_data()
    inside = x[q <= critical_q(0.68, 1)]
    assert inside[0] == pytest.approx(-0.1 - np.sqrt(critical_q(0.68, 1) / 50), abs=0.003)
    assert {"68 % CL", "95 % CL"} <= {text.get_text() for text in axes.texts}
    assert axes.get_xlabel() == r"$C_{\tilde W} v^2$ [TeV]"


@pytest.mark.parametrize("n", [1, 2, 3])
def test_corners_in_any_number_of_parameters(n, limit_result):
    information = np.diag([400.0, 50.0, 100.0][:n])
    centre = [0.2, -0.1, 0.05][:n]
    result = limit_result("alices", information, centre, points=15)
    figure = corner([result])
    assert len(figure.axes) == n * n
    for row in range(n):
        for column in range(row):
            axes = figure.axes[row * n + column]
            points = vertices(axes, "alices 95 % CL")
            middle = 0.5 * (points.max(axis=0) + points.min(axis=0))
            np.testing.assert_allclose(middle, [centre[column], centre[row]], atol=0.01)
    assert figure.axes[-1].get_xlabel() == NAMES[n - 1]


def test_fisher_ellipses_satisfy_their_equation():
    information = np.array([[154.0, 20.0], [20.0, 50.0]])
    points = ellipse_points(information, (0.1, -0.2), 0.95) - np.array([0.1, -0.2])
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", points, information, points), critical_q(0.95, 2))
    # tight along the first axis
    assert np.abs(points[:, 0]).max() < np.abs(points[:, 1]).max()


def test_fisher_figures_show_every_method_and_survive_blindness(fisher_result):
    blind = fisher_result("histogram_pt_j1", ((121.0, 0.0), (0.0, 0.0)))
    results = [fisher_result("sally"), blind, fisher_result("parton level", ((300.0, 0.0), (0.0, 200.0)))]
    figure = fisher_ellipses(results, PAIR, LABELS)
    axes = figure.axes[0]
    labels = [line.get_label() for line in axes.lines]
    assert {"sally", "histogram_pt_j1", "parton level (upper bound)"} <= set(labels)
    assert axes.get_ylim()[1] < 1.0  # the blind method's ellipse is thousands long
    assert "68 % CL" in figure.legends[0].get_title().get_text()
    bars = fisher_bars(results, LABELS)
    widths = [[patch.get_width() for patch in panel.patches] for panel in bars.axes]
    assert widths == [[150.0, 121.0, 300.0], [110.0, 0.0, 200.0]]


def test_ellipses_profile_further_parameters(fisher_result):
    information = np.array([[100.0, 0.0, 60.0], [0.0, 50.0, 0.0], [60.0, 0.0, 90.0]])
    axes = fisher_ellipses([fisher_result("sally", information)], PAIR).axes[0]
    (line,) = [line for line in axes.lines if line.get_label() == "sally"]
    profiled = 100.0 - 60.0**2 / 90.0
    assert np.max(line.get_xdata()) == pytest.approx(np.sqrt(critical_q(0.68, 2) / profiled), rel=1e-3)
