"""What `evaluate` adds for a study that asks for posteriors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click
import numpy as np

from assay.cli.stage import StageRun
from assay.cli.work.measuring import Posed, Question
from assay.inference.calibration_ranks import CalibrationRanks, simulation_based_calibration
from assay.inference.models import Measurement
from assay.inference.posterior import sample_posterior
from assay.inference.posterior_from_study import chains_of, prior_of
from assay.inference.posterior_results import PosteriorRecord, write_posteriors
from assay.inference.protocols import Array, Likelihood
from assay.inference.tabulated import tabulated
from assay.inference.toys import ToySetting, toy_likelihoods

_TABULATED_UP_TO = 3
"""Parameters, up to which a grid has fewer points than a chain."""


def write_posterior(
    question: Question,
    posed: Posed,
    likelihood_of: Callable[[bool, Measurement], Likelihood],
    run: StageRun,
) -> tuple[PosteriorRecord, ...]:
    """Write posteriors, `posterior.json` and `posterior.h5`, if the study asks for them.

    Parameters
    ----------
    question, posed
        The method's.
    likelihood_of
        Makes the likelihood of the data, for a choice of the rate.
    run
        Where to write, and the seed.
    """
    section, wanted = question.study.limits.posterior, question.wanted
    if section is None:
        return ()
    prior, chains = prior_of(section, wanted), chains_of(section)
    choices: Sequence[bool] = wanted.include_rate if posed.measurement.shape is not None else (True,)
    records = []
    for include_rate in choices:
        rng = np.random.default_rng([run.seed, int(include_rate)])
        likelihood = likelihood_of(include_rate, posed.measurement)
        if wanted.grid.n_parameters <= _TABULATED_UP_TO:
            likelihood = tabulated(likelihood, wanted.grid)
        found = sample_posterior(likelihood, prior, wanted.grid.parameters, chains, rng)
        calibration = _calibration(question, posed, include_rate, rng)
        intervals = found.intervals(wanted.confidence_levels)
        records.append(PosteriorRecord(question.method, include_rate, found, intervals, calibration))
        _tell(records[-1])
    write_posteriors(run.folder / "posterior", records)
    return tuple(records)


def _calibration(
    question: Question, posed: Posed, include_rate: bool, rng: np.random.Generator
) -> CalibrationRanks | None:
    section, wanted = question.study.limits.posterior, question.wanted
    if section is None or not section.calibration:
        return None
    centre = np.array([wanted.theta_true])
    setting = ToySetting(question.method, posed.measurement, posed.events, wanted.grid, centre)

    def data_at(theta: Array, stream: np.random.Generator) -> Likelihood:
        return next(toy_likelihoods(setting, theta, 1, include_rate, stream))

    names, prior, chains = wanted.grid.parameters, prior_of(section, wanted), chains_of(section)
    return simulation_based_calibration(data_at, prior, names, section.calibration, chains, rng)


def _tell(record: PosteriorRecord) -> None:
    kind = "with rate" if record.include_rate else "shape only"
    for interval in record.intervals:
        click.echo(
            f"  {kind}: {interval.parameter} with probability {interval.probability:.0%}: "
            f"[{interval.lower:.4f}, {interval.upper:.4f}]"
        )
    if not record.posterior.reliable:
        click.echo("  warning: the chains are short against their autocorrelation time; raise limits.posterior.steps")
    if record.calibration is not None:
        click.echo(f"  simulation-based calibration of the posterior: {record.calibration.verdict}")
