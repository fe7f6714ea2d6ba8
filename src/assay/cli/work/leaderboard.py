"""What `leaderboard` does: the methods of a run and users' entries, measured on the same held-out events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assay.cli.work.entries import Entry, open_entry
from assay.cli.work.information import information_of
from assay.cli.work.measuring import Question, load_members, pose, question_of, together
from assay.errors import AssayError, InferenceError
from assay.estimators.diagnostics import score_checks
from assay.estimators.entry import EntryRatio, EntryScore
from assay.estimators.ratio_checks import estimates_of, ratio_checks
from assay.estimators.verdicts import CheckResult
from assay.inference.expected import method_limits
from assay.inference.protocols import RatioEstimator
from assay.manifest import Manifest
from assay.reporting.leaderboard import (
    Leaderboard,
    Measure,
    Standing,
    area_measures,
    information_measures,
    ranked,
    ratio_measures,
    score_measures,
    worst,
)
from assay.reporting.run import RunFiles, RunResults, read_run
from assay.reporting.run_folder import find_run
from assay.sampling.samples import RatioSample, Sample, ScoreSample, load_sample
from assay.study.model import RatioMethod, ScoreMethod, TruthMethod, Untrained
from assay.study.training_jobs import method_of_job

_KINDS = ("ratio", "score")


def leaderboard(run: str | Path, entries: Sequence[str] = (), by: str = "information") -> Leaderboard:
    """Rank the methods of a run, and entries, on events that no method was trained on.

    Parameters
    ----------
    run
        The folder of a run whose methods are evaluated.
    entries
        `package.module:Class` or `docker://image`: see `docs/leaderboard.md`.
    by
        A name of `assay.reporting.leaderboard.CRITERIA`.

    Raises
    ------
    AssayError
        If the run has no results yet.
    ModelError
        If an entry cannot be used, or gives numbers of a wrong shape.
    """
    files = find_run(run)
    results = read_run(files)
    samples = _samples(files)
    tests = {kind: load_sample(folder / "test") for kind, folder in samples.items()}
    names = list(files.evaluations)
    question = question_of(results.study, names[0], results.study.methods[names[0]], files.combined)
    standings = [_of_method(name, results, files, tests) for name in names]
    opened = [open_entry(text, samples, tests) for text in entries]
    standings += [_of_entry(entry, question, samples, tests) for entry in _named(opened, names)]
    return ranked(results.study.name, standings, by)


def _samples(files: RunFiles) -> dict[str, Path]:
    stage = next((folder for folder in files.stages if Manifest.read(folder).stage == "sample"), None)
    if stage is None:
        return {}
    return {kind: stage / kind for kind in _KINDS if (stage / kind / "test").is_dir()}


def _named(entries: Sequence[Entry], taken: Sequence[str]) -> list[Entry]:
    """Return entries, a number behind names that are taken."""
    names, result = list(taken), []
    for entry in entries:
        name, number = entry.name, 2
        while name in names:
            name, number = f"{entry.name} {number}", number + 1
        names.append(name)
        result.append(replace(entry, name=name))
    return result


def _of_method(name: str, results: RunResults, files: RunFiles, tests: Mapping[str, Sample]) -> Standing:
    """Return what a run says of its method, and what its model does of the test samples."""
    section = results.study.methods[name]
    folders = [folder for job, folder in files.trainings.items() if method_of_job(job) == name]
    bound = isinstance(section, TruthMethod)
    measures = {
        **information_measures([one for one in results.fisher if one.method == name and one.parton_level == bound]),
        **area_measures([one for one in results.limits if one.method == name]),
    }
    verdict, failed = worst(results.checks.get(name, ()))
    if isinstance(section, Untrained):
        return Standing(name, section.kind, measures, verdict, failed, bound=bound)
    seconds = sum(Manifest.read(folder).wall_time for folder in folders)
    model = together(load_members(section, [folder / "model" for folder in folders]))
    if model is None:
        raise AssayError("the run has no model of the method", where=name, mend="continue the run")
    return Standing(name, section.kind, {**measures, **_measured(model, tests)}, verdict, failed, seconds)


def _measured(estimator: object, tests: Mapping[str, Sample]) -> dict[str, Measure]:
    """Return what test samples of both kinds say of an estimator."""
    measures: dict[str, Measure] = {}
    ratio, score = tests.get("ratio"), tests.get("score")
    if isinstance(estimator, RatioEstimator):
        if isinstance(ratio, RatioSample):
            measures |= ratio_measures(estimates_of(estimator, ratio).log_r, ratio)  # type: ignore[arg-type]
        if isinstance(score, ScoreSample):
            measures |= score_measures(estimator.score(score.x, score.info.reference), score)  # type: ignore[arg-type]
    elif isinstance(score, ScoreSample):
        measures |= score_measures(estimator.score(score.x), score)  # type: ignore[attr-defined]
    return measures


def _of_entry(entry: Entry, question: Question, samples: Mapping[str, Path], tests: Mapping[str, Sample]) -> Standing:
    """Ask an entry what our methods are asked."""
    estimator = entry.estimator
    section = RatioMethod(kind="carl") if isinstance(estimator, EntryRatio) else ScoreMethod(kind="sally")
    asked = replace(question, method=entry.name, section=section)
    measures, checks = _measured(estimator, tests), _checks(estimator, samples, tests)
    verdict, failed = worst(checks)
    try:
        measures |= _sensitivity(asked, estimator)
    except InferenceError as error:  # such as one that gives every event the same; the others are still ranked
        verdict, failed = "failed", (*failed, f"limits ({error.what})")
    return Standing(entry.name, entry.kind, measures, verdict, failed, entry.seconds)


def _sensitivity(asked: Question, estimator: EntryRatio | EntryScore) -> dict[str, Measure]:
    """Return an entry's information and region, from the same events as those of our methods."""
    posed = pose(asked, estimator)
    found = information_of(asked, posed, estimator).results
    limits = method_limits(posed.measurement, posed.events, replace(asked.wanted, include_rate=(False,)), asked.method)
    own = [one for one in found if one.method == asked.method and not one.parton_level]
    return {**information_measures(own), **area_measures(limits)}


def _checks(
    estimator: EntryRatio | EntryScore, samples: Mapping[str, Path], tests: Mapping[str, Sample]
) -> tuple[CheckResult, ...]:
    """Return the checks of an entry: those of our estimators, but for ranges, which it does not tell."""
    kind = "ratio" if isinstance(estimator, EntryRatio) else "score"
    folder, test = samples[kind] / "train", tests[kind]
    training = load_sample(folder) if folder.is_dir() else None
    if isinstance(estimator, EntryRatio):
        assert isinstance(test, RatioSample)  # noqa: S101 - it is of the kind
        assert training is None or isinstance(training, RatioSample)  # noqa: S101
        return ratio_checks(estimator, test, estimates_of(estimator, test), training, seed=0)[0]
    assert isinstance(test, ScoreSample)  # noqa: S101
    assert training is None or isinstance(training, ScoreSample)  # noqa: S101
    return score_checks(estimator, test, estimator.score(test.x), training)
