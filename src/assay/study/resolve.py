"""The resolved study: every default written out, as every stage reads it from `study.json`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assay.errors import StudyError
from assay.files import write_json
from assay.study.model import (
    DEFAULT_ALPHA,
    AxisSection,
    FlatPrior,
    GaussianPrior,
    HistogramMethod,
    Interval,
    LimitsSection,
    Method,
    ParameterSection,
    Prior,
    RateMethod,
    RatioMethod,
    ScoreMethod,
    Study,
)
from assay.study.seeds import derive_seed, pythia_seed

__all__ = [
    "default_grid_points",
    "derive_seed",
    "from_resolved",
    "pythia_seed",
    "resolve",
    "resolved",
    "section_hash",
    "study_hash",
    "trained_interval",
    "write_resolved",
]

TRAINED_DEVIATIONS = 3.0
"""A Gaussian prior counts as trained up to so many standard deviations from its mean."""


def default_grid_points(n_parameters: int) -> int:
    """Return the points per parameter of a grid whose size is not given; all points together have to be affordable."""
    return {1: 25, 2: 25, 3: 11}.get(n_parameters, 7)


def trained_interval(parameter: ParameterSection, prior: Prior | None) -> Interval:
    """Return the values of a parameter on which estimators are trained; without a prior, the parameter's range."""
    low, high = parameter.range
    if isinstance(prior, FlatPrior):
        return prior.flat
    if isinstance(prior, GaussianPrior):
        mean, deviation = prior.gaussian
        reach = TRAINED_DEVIATIONS * deviation
        return max(low, mean - reach), min(high, mean + reach)
    return low, high


def resolve(study: Study) -> Study:
    """Return the study with every default written out; resolving twice changes nothing."""
    reference = study.reference if study.reference is not None else next(iter(study.benchmarks))
    prior = {
        name: study.sampling.prior.get(name, FlatPrior(flat=parameter.range))
        for name, parameter in study.parameters.items()
    }
    return study.model_copy(
        update={
            "title": study.title or study.name,
            "reference": reference,
            "parameters": {
                name: parameter.model_copy(update={"label": parameter.label or _plain_label(name)})
                for name, parameter in study.parameters.items()
            },
            "samples": {
                name: sample.model_copy(update={"label": sample.label or _plain_label(name)})
                for name, sample in study.samples.items()
            },
            "observables": {
                name: observable.model_copy(update={"label": observable.label or _plain_label(name)})
                for name, observable in study.observables.items()
            },
            "sampling": study.sampling.model_copy(update={"prior": prior}),
            "methods": {name: _resolved_method(method, study) for name, method in study.methods.items()},
            "limits": _resolved_limits(study, reference, prior),
            "tracking": study.tracking.model_copy(update={"experiment": study.tracking.experiment or study.name}),
        }
    )


def _plain_label(name: str) -> str:
    """Return a name as upright LaTeX text."""
    return r"\mathrm{" + name.replace("_", r"\_") + "}"


def _resolved_method(method: Method, study: Study) -> Method:
    if isinstance(method, HistogramMethod | RateMethod):
        return method
    training = method.training or study.training
    if isinstance(method, ScoreMethod):
        return method.model_copy(update={"training": training})
    alpha = method.alpha if method.alpha is not None else DEFAULT_ALPHA.get(method.kind)
    resolved_method: RatioMethod = method.model_copy(update={"training": training, "alpha": alpha})
    return resolved_method


def _resolved_limits(study: Study, reference: str, prior: dict[str, Prior]) -> LimitsSection:
    points = default_grid_points(len(study.parameters))
    grid = {
        name: study.limits.grid.get(name) or AxisSection(range=trained_interval(parameter, prior[name]), points=points)
        for name, parameter in study.parameters.items()
    }
    theta_true = study.limits.theta_true if study.limits.theta_true is not None else reference
    return study.limits.model_copy(update={"grid": grid, "theta_true": theta_true})


def resolved(study: Study) -> dict[str, Any]:
    """Return the resolved study as plain dictionaries, lists, text and numbers, in the order of `Study`."""
    content: dict[str, Any] = resolve(study).model_dump(mode="json")
    return content


def write_resolved(path: str | Path, study: Study) -> None:
    """Write the resolved study as JSON."""
    write_json(path, resolved(study))


def from_resolved(path: str | Path) -> Study:
    """Read a resolved study back, exactly.

    Raises
    ------
    StudyError
        If the file is missing, damaged, or not what `write_resolved` writes.
    """
    path = Path(path)
    mend = "run configure again"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"the resolved study cannot be read ({error})", where=str(path), mend=mend) from None
    try:
        study = Study.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole file"
        raise StudyError(
            f"not a resolved study ({place}: {first['msg']})",
            where=str(path),
            expected="study.json as configure writes it",
            mend=mend,
        ) from None
    if resolve(study) != study:
        raise StudyError(
            "not all defaults are written out", where=str(path), expected="study.json as configure writes it", mend=mend
        )
    return study


def study_hash(study: Study) -> str:
    """Return the SHA-256 of the resolved study; parameters, benchmarks and observables count in their order.

    The section `execution` does not count: results do not depend on it.
    """
    content = resolved(study)
    del content["execution"]
    return _digest(content)


def section_hash(study: Study, *sections: str) -> str:
    """Return the SHA-256 of some top-level sections of the resolved study.

    Raises
    ------
    KeyError
        If there is no section of that name.
    """
    content = resolved(study)
    return _digest({section: content[section] for section in sorted(sections)})


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
