"""The report's figures for notebooks and papers: functions from arrays and results to a `matplotlib.figure.Figure`.

A notebook shows what they return, `save(figure, folder, name)` writes it as PNG and PDF.

| to show | take |
|---|---|
| limits of methods, of one, of many parameters | `contours`, `limit_map`, `corner`, `profile_curves`, `p_value_maps` |
| Fisher information | `fisher_ellipses`, `fisher_bars`, `information_histogram` |
| observables | `distribution`, `distribution_with_systematics`, `correlation_matrix`, `cut_flow_bars` |
| what systematic uncertainties cost | `width_bars` |
| a training, and whether to trust it | `training_curves`, `joint_versus_estimated`, `calibration_curves` |
| the morphing | `morphing_plane`, `morphing_line`, `morphing_weights`, `effective_sizes` |
| the stages | `stage_flow`, `stage_times` |
"""

from __future__ import annotations

from assay.reporting.figures.basis import morphing_weights
from assay.reporting.figures.calibration import calibration_curves
from assay.reporting.figures.contours import contours, limit_map
from assay.reporting.figures.corner import corner
from assay.reporting.figures.correlation import correlation_matrix
from assay.reporting.figures.cutflow import cut_flow_bars
from assay.reporting.figures.distributions import distribution
from assay.reporting.figures.fisher import fisher_bars, fisher_ellipses
from assay.reporting.figures.flow import stage_flow
from assay.reporting.figures.impacts import width_bars
from assay.reporting.figures.information import information_histogram
from assay.reporting.figures.joint import joint_versus_estimated
from assay.reporting.figures.plane import effective_sizes, morphing_line, morphing_plane
from assay.reporting.figures.profiles import profile_curves
from assay.reporting.figures.pvalues import p_value_maps
from assay.reporting.figures.stages import stage_times
from assay.reporting.figures.style import AxisLabel, save
from assay.reporting.figures.training import TrainingCurve, training_curves
from assay.reporting.figures.variations import distribution_with_systematics

__all__ = [
    "AxisLabel",
    "TrainingCurve",
    "calibration_curves",
    "contours",
    "corner",
    "correlation_matrix",
    "cut_flow_bars",
    "distribution",
    "distribution_with_systematics",
    "effective_sizes",
    "fisher_bars",
    "fisher_ellipses",
    "information_histogram",
    "joint_versus_estimated",
    "limit_map",
    "morphing_line",
    "morphing_plane",
    "morphing_weights",
    "p_value_maps",
    "profile_curves",
    "save",
    "stage_flow",
    "stage_times",
    "training_curves",
    "width_bars",
]
