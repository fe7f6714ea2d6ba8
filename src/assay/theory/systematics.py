"""The nuisance parameters of a study, and the columns of weights that describe them in its event files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.study.model import (
    EfficiencySystematic,
    HessianSystematic,
    NormalisationSystematic,
    ReplicaSystematic,
    SampleSection,
    ScaleSystematic,
    Study,
    Systematic,
    WeightsSystematic,
)
from assay.study.model_samples import weight_names
from assay.theory.nuisance import NuisanceParameter
from assay.theory.variations import numbered


@dataclass(frozen=True)
class Effect:
    """A systematic uncertainty of a study.

    Parameters
    ----------
    name
        Its name.
    section
        What the study says of it.
    """

    name: str
    section: Systematic

    def acts_on(self, sample: str) -> bool:
        """Say whether it acts on a sample; the process is called `signal`."""
        return not self.section.samples or sample in self.section.samples

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of weights; up and down of each nuisance parameter, or the members of a set as such."""
        if isinstance(self.section, ReplicaSystematic):
            return tuple(f"{self.name}_member_{k}" for k in range(1, len(weight_names(self.section.members)) + 1))
        return columns_of(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it takes: of columns and of nuisance parameters, those of replicas' components included."""
        parameters, columns = self.parameters, self.columns
        if isinstance(self.section, ReplicaSystematic):
            parameters = parameters_of(self.name, self.section.components)
            columns = (*columns, *columns_of(parameters))
        return (*(parameter.name for parameter in parameters), *columns)

    @property
    def parameters(self) -> tuple[NuisanceParameter, ...]:
        """Nuisance parameters; those of replicas are known once all events are (`assay.events.replicas`)."""
        section = self.section
        if isinstance(section, ReplicaSystematic):
            return ()
        if isinstance(section, EfficiencySystematic) and section.uncertainty is None:
            return ()
        count, one_sided = 1, isinstance(section, NormalisationSystematic | EfficiencySystematic)
        if isinstance(section, HessianSystematic):
            members = len(weight_names(section.members))
            count, one_sided = (members, True) if section.symmetric else (members // 2, False)
        elif isinstance(section, WeightsSystematic):
            one_sided = section.down is None
        return parameters_of(self.name, count, one_sided)

    @property
    def value(self) -> str:
        """What is varied, as text for the event file."""
        section = self.section
        if isinstance(section, ScaleSystematic):
            return ",".join(f"{factor:g}" for factor in (section.factors[0], 1.0, section.factors[1]))
        if isinstance(section, NormalisationSystematic):
            return f"{1.0 + section.uncertainty:g}"
        if isinstance(section, EfficiencySystematic):
            return f"{section.factor} +- {section.uncertainty}"
        if isinstance(section, ReplicaSystematic):
            return str(section.components)
        if isinstance(section, HessianSystematic):
            return f"{section.confidence_level:g}"
        return ",".join(name for name in (section.up, section.down) if name is not None)


def parameters_of(systematic: str, count: int, one_sided: bool = False) -> tuple[NuisanceParameter, ...]:
    """Return the nuisance parameters of a systematic, called after it; one-sided ones have no down variation."""
    return tuple(
        NuisanceParameter(name, systematic, f"{name}_up", None if one_sided else f"{name}_down")
        for name in numbered(systematic, count)
    )


def columns_of(parameters: tuple[NuisanceParameter, ...]) -> tuple[str, ...]:
    """Return the columns of weights of nuisance parameters, up and down of each."""
    found = (name for p in parameters for name in (p.benchmark_positive, p.benchmark_negative))
    return tuple(name for name in found if name is not None)


def effects_of(study: Study) -> tuple[Effect, ...]:
    """Return the systematics of a study, with the normalisation uncertainties that stand with its samples."""
    return effects(study.systematics, study.samples)


def effects(systematics: Mapping[str, Systematic], samples: Mapping[str, SampleSection]) -> tuple[Effect, ...]:
    """Return the systematics that the sections `systematics` and `samples` of a study give."""
    own = {
        f"{name}_normalisation": NormalisationSystematic(
            kind="normalisation", uncertainty=sample.normalisation_uncertainty, samples=(name,)
        )
        for name, sample in samples.items()
        if sample.normalisation_uncertainty is not None
    }
    return tuple(Effect(name, section) for name, section in {**systematics, **own}.items())
