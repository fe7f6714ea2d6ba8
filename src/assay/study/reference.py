"""The reference of `input.yml`, written from the models.

`python -m assay.study.reference [file]` writes it, by default to `docs/input.md`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from assay.files import write_text
from assay.study.checks import CHECKS
from assay.study.describe import field_expectation, tag_of
from assay.study.model import (
    AxisSection,
    BackendOptions,
    CardEntrySection,
    DataSection,
    DefaultObservablesSection,
    DensityMethod,
    EfficiencySystematic,
    EmbeddedProcess,
    FilesProcess,
    FiniteDifferencesSection,
    FisherSection,
    FlatPrior,
    FlowSection,
    FourMomentaSection,
    FractionsSection,
    FunctionsSection,
    GaussianPrior,
    GenerationCuts,
    HessianSystematic,
    HistogramMethod,
    LogUniformPrior,
    MadGraphCards,
    MadGraphProcess,
    NormalisationSystematic,
    ObservableSection,
    ParameterSection,
    RateMethod,
    RatioMethod,
    ReplicaSystematic,
    ResourcesSection,
    SampleSection,
    ScaleSection,
    ScaleSystematic,
    ScoreMethod,
    Study,
    TruthMethod,
    WeightsSystematic,
)
from assay.study.model_detector import MissingMomentumNoiseSection, SmearingByTypeSection, SmearingSection
from assay.study.model_scan import ScanSection
from assay.study.model_toys import PosteriorSection, ToysSection
from assay.study.values import Section

DEFAULT_PATH = Path("docs/input.md")

_INTRODUCTION = """\
# The study: `input.yml`

One file describes a study. It is read and validated as a whole before anything runs; `assay validate input/input.yml`
does that alone, and reports every fault with its line, what was found, what was expected and how to mend it. What the
file does not say takes the default below; `study.json` in the run folder has every default written out.

Written from the models in `src/assay/study` by `python -m assay.study.reference`; do not edit it by hand.

Numbers: `1.0e-3`, not `1e-3`, which YAML 1.1 reads as text; `true` and `false`, not `yes` and `no`. LaTeX goes between
single quotation marks or none, since a backslash between double ones begins an escape. File names are relative to the
study's folder. Names consist of a letter followed by letters, digits or underscores.
"""

_INNER: tuple[tuple[str, type[Section]], ...] = (
    ("parameters.NAME", ParameterSection),
    ("parameters.NAME.lha[...]", CardEntrySection),
    ("morphing.finite_differences", FiniteDifferencesSection),
    ("process", EmbeddedProcess),
    ("process.scale", ScaleSection),
    ("process.cuts", GenerationCuts),
    ("process, MadGraph", MadGraphProcess),
    ("process.cards, MadGraph", MadGraphCards),
    ("process, existing files", FilesProcess),
    ("samples.NAME", SampleSection),
    ("systematics.NAME, scales", ScaleSystematic),
    ("systematics.NAME, replicas of parton densities", ReplicaSystematic),
    ("systematics.NAME, Hessian set of parton densities", HessianSystematic),
    ("systematics.NAME, normalisation", NormalisationSystematic),
    ("systematics.NAME, efficiency", EfficiencySystematic),
    ("systematics.NAME, pair of weights", WeightsSystematic),
    ("detector.smearing", SmearingByTypeSection),
    ("detector.smearing.TYPE", SmearingSection),
    ("detector.missing_momentum_noise", MissingMomentumNoiseSection),
    ("functions", FunctionsSection),
    ("observable_sets.default", DefaultObservablesSection),
    ("observable_sets.four_momenta", FourMomentaSection),
    ("observables.NAME", ObservableSection),
    ("sampling.fractions", FractionsSection),
    ("sampling.prior.NAME, flat", FlatPrior),
    ("sampling.prior.NAME, Gaussian", GaussianPrior),
    ("sampling.prior.NAME, log-uniform", LogUniformPrior),
    ("methods.NAME, likelihood ratio", RatioMethod),
    ("methods.NAME, score", ScoreMethod),
    ("methods.NAME, density", DensityMethod),
    ("methods.NAME.flow", FlowSection),
    ("methods.NAME, histogram", HistogramMethod),
    ("methods.NAME, rate", RateMethod),
    ("methods.NAME, truth", TruthMethod),
    ("methods.NAME.scan", ScanSection),
    ("limits.grid.NAME", AxisSection),
    ("limits.data", DataSection),
    ("limits.fisher", FisherSection),
    ("limits.toys", ToysSection),
    ("limits.posterior", PosteriorSection),
    ("execution.resources.STAGE", ResourcesSection),
    ("execution.resources.STAGE.options", BackendOptions),
)


def reference_text() -> str:
    """Return the reference as Markdown."""
    parts = [_INTRODUCTION, _section("The whole study", Study)]
    for name, info in Study.model_fields.items():
        model = info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            parts.append(_section(f"`{name}`", model))
        parts += [_section(_heading(path), inner) for path, inner in _INNER if re.split(r"[.,]", path)[0] == name]
    parts.append("## What values must satisfy together\n\n" + "\n".join(f"- {line}" for line in _checks()) + "\n")
    return "\n".join(parts)


def _heading(path: str) -> str:
    key, comma, kind = path.partition(", ")
    return f"`{key}`{comma}{kind}"


def _section(heading: str, model: type[BaseModel]) -> str:
    rows = [
        f"| `{name}` | {_cell(_type(info))} | {_cell(_default(info))} | {_cell(info.description or '')} |"
        for name, info in model.model_fields.items()
    ]
    table = "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows])
    return f"## {heading}\n\n{(model.__doc__ or '').strip().splitlines()[0]}\n\n{table}\n"


def _type(info: FieldInfo) -> str:
    expected = field_expectation(info)
    if not expected.models or (len(expected.models) > 1 and tag_of(expected.models) is None):
        return expected.words()
    return "a section or null" if type(None) in get_args(expected.type) else "a section"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    return "see there" if isinstance(value, BaseModel) else f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _checks() -> Iterator[str]:
    for check in CHECKS:
        sentence = (check.__doc__ or "").strip().removeprefix("Check that ").rstrip(".")
        yield sentence[0].upper() + sentence[1:] + "."


if __name__ == "__main__":
    write_text(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PATH, reference_text())
