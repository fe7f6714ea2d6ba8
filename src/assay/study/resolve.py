"""The resolved study: every default written out, as every stage reads it from `study.json`."""

from __future__ import annotations

import hashlib
import json
from itertools import product
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
    Interval,
    LimitsSection,
    LogUniformPrior,
    Method,
    ParameterSection,
    Prior,
    RatioMethod,
    ScoreMethod,
    Study,
    Untrained,
)
from assay.study.seeds import derive_seed, pythia_seed

__all__ = [
    "default_grid_points",
    "derive_seed",
    "from_resolved",
    "prior_interval",
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


POINTWISE_GRID = {1: 9, 2: 5, 3: 3}
"""Points per parameter of a pointwise family that is not told its points, by the number of parameters."""

MOST_GRID_PARAMETERS = 3
"""Beyond this, limits come from profiles unless a grid is asked for."""


def default_grid_points(n_parameters: int) -> int:
    """Return the points per parameter of a grid whose size is not given; all points together have to be affordable."""
    return {1: 25, 2: 25, 3: 11}.get(n_parameters, 7)


def trained_interval(parameter: ParameterSection, prior: Prior | None) -> Interval:
    """Return the values of a parameter on which estimators are trained; without a prior, the parameter's range."""
    if prior is None:
        return parameter.range
    low, high = prior_interval(prior)
    if isinstance(prior, GaussianPrior):
        return max(parameter.range[0], low), min(parameter.range[1], high)
    return low, high


def prior_interval(prior: Prior) -> Interval:
    """Return the values of which a prior has some; of a Gaussian one, those that count as trained."""
    if isinstance(prior, FlatPrior):
        return prior.flat
    if isinstance(prior, LogUniformPrior):
        return prior.log_uniform
    mean, deviation = prior.gaussian
    return mean - TRAINED_DEVIATIONS * deviation, mean + TRAINED_DEVIATIONS * deviation


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
            "sampling": study.sampling.model_copy(
                update={"prior": prior, "denominator": study.sampling.denominator or reference}
            ),
            "methods": {name: _resolved_method(method, study, prior) for name, method in study.methods.items()},
            "limits": _resolved_limits(study, reference, prior),
            "tracking": study.tracking.model_copy(update={"experiment": study.tracking.experiment or study.name}),
        }
    )


def _plain_label(name: str) -> str:
    """Return a name as upright LaTeX text."""
    return r"\mathrm{" + name.replace("_", r"\_") + "}"


def _resolved_method(method: Method, study: Study, prior: dict[str, Prior]) -> Method:
    if isinstance(method, Untrained):
        return method
    update: dict[str, Any] = {"training": method.training or study.training}
    if not isinstance(method, ScoreMethod):
        update["alpha"] = method.alpha if method.alpha is not None else DEFAULT_ALPHA.get(method.kind)
    if isinstance(method, RatioMethod) and method.family == "pointwise":
        update["points"] = _pointwise_points(method, study, prior)
    resolved_method: Method = method.model_copy(update=update)
    return resolved_method


def _pointwise_points(method: RatioMethod, study: Study, prior: dict[str, Prior]) -> tuple[dict[str, float], ...]:
    """Return the points of a pointwise family, with a value for every parameter in the order of the study."""
    chosen = method.points or study.sampling.numerator
    per_parameter = POINTWISE_GRID.get(len(study.parameters))
    if chosen is None and per_parameter is not None:
        intervals = [trained_interval(parameter, prior[name]) for name, parameter in study.parameters.items()]
        axes = [[low + (high - low) * k / (per_parameter - 1) for k in range(per_parameter)] for low, high in intervals]
        return tuple(dict(zip(study.parameters, values, strict=True)) for values in product(*axes))
    points = [study.benchmarks[theta] if isinstance(theta, str) else theta for theta in chosen or study.benchmarks]
    return tuple({name: float(point[name]) for name in study.parameters} for point in points)


def _resolved_limits(study: Study, reference: str, prior: dict[str, Prior]) -> LimitsSection:
    points = default_grid_points(len(study.parameters))
    grid = {
        name: study.limits.grid.get(name) or AxisSection(range=trained_interval(parameter, prior[name]), points=points)
        for name, parameter in study.parameters.items()
    }
    theta_true = study.limits.theta_true if study.limits.theta_true is not None else reference
    strategy = study.limits.strategy or ("grid" if len(study.parameters) <= MOST_GRID_PARAMETERS else "profiles")
    fisher = study.limits.fisher.model_copy(update={"at": study.limits.fisher.at or reference})
    return study.limits.model_copy(
        update={"grid": grid, "theta_true": theta_true, "strategy": strategy, "fisher": fisher}
    )


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
