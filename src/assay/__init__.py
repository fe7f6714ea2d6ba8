"""Assay: from one `input.yml` to limits on theory parameters, by simulation-based inference.

In a notebook, a trained model is

    import assay
    estimator = assay.load("train_alices/model")     # or a list of the folders of an ensemble

and `estimator.log_ratio(x, theta)` or `estimator.score(x)` its answer; `estimator.observables` and
`estimator.parameters` say what the columns are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.estimators.calibrated import CalibratedRatio
    from assay.estimators.ensemble import RatioEnsemble, ScoreEnsemble
    from assay.estimators.families import Estimator

__version__ = "0.1.0"


def load(
    folder: str | Path | Sequence[str | Path], observables: Sequence[str] | None = None
) -> Estimator | CalibratedRatio | RatioEnsemble | ScoreEnsemble:
    """Read a trained model, or the models of an ensemble's members.

    Parameters
    ----------
    folder
        `model/` of the stage `train`, or several such folders.
    observables
        The columns that the caller has, in order; compared with the model's if given.

    Returns
    -------
    estimator
        Of a ratio, a score or a density: see `assay.estimators`.

    Raises
    ------
    assay.errors.ModelError
        If a folder is damaged, or the observables are not the caller's.
    """
    if isinstance(folder, str | Path):
        from assay.estimators.model_folder import load_estimator

        return load_estimator(folder, observables)
    from assay.estimators.ensemble import load_ensemble

    return load_ensemble(folder, observables)
