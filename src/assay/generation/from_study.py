"""The embedded generator's settings and couplings in a study."""

from __future__ import annotations

from assay.errors import GenerationError
from assay.generation.processes import operator_of_entry
from assay.generation.settings import EmbeddedSettings
from assay.generation.variations import Variation
from assay.study.model import HessianSystematic, ReplicaSystematic, ScaleSystematic, Study
from assay.study.model_samples import SIGNAL, weight_names
from assay.theory.parameters import CardEntry, Parameter, ParameterSpace
from assay.theory.systematics import effects_of


def embedded_settings(study: Study) -> EmbeddedSettings:
    """Return the settings of the embedded generator."""
    process = study.process
    return EmbeddedSettings(
        process=process.name,
        beam_energy=process.beam_energy,
        pdf=process.pdf,
        scale=process.scale.choice,
        scale_value=process.scale.value,
        min_jet_pt=process.cuts.min_jet_pt,
        max_jet_eta=process.cuts.max_jet_eta,
        min_jet_separation=process.cuts.min_jet_separation,
        decay=process.decay,
        branching_ratio=process.branching_ratio,
    )


def benchmark_couplings(space: ParameterSpace) -> dict[str, dict[str, float]]:
    """Return each benchmark's operator coefficients in TeV^-2: the entries of the parameter card.

    A parameter with one entry has the name of its operator; where it has several, their numbers say which.
    """
    operators = [_operator(parameter, entry) for parameter in space.parameters for entry in parameter.entries]
    values = space.card_values(space.benchmark_values)
    return {
        name: dict(zip(operators, (float(value) for value in row), strict=True))
        for name, row in zip(space.benchmark_names, values, strict=True)
    }


def _operator(parameter: Parameter, entry: CardEntry) -> str:
    if not parameter.further_entries:
        return parameter.name
    found = operator_of_entry(entry.block, entry.id)
    if found is None:
        raise GenerationError(
            f"entry {entry.id} of block {entry.block} is no operator of the model",
            where=f"parameters.{parameter.name}",
            expected="block dim6 and an id from 1 to 8",
        )
    return found


def scale_variations(section: ScaleSystematic) -> tuple[Variation, ...]:
    """Return the variations of scales of a systematic: down and up, or all that an envelope is of."""
    low, high = section.factors
    if section.scale == "muf":
        return Variation(1.0, low), Variation(1.0, high)
    if section.scale == "mur":
        return Variation(low, 1.0), Variation(high, 1.0)
    if not section.envelope:
        return Variation(low, low), Variation(high, high)
    # without those in which the two scales go different ways
    pairs = ((low, low), (low, 1.0), (1.0, low), (1.0, high), (high, 1.0), (high, high))
    return tuple(Variation(*pair) for pair in pairs)


def process_variations(study: Study) -> tuple[str, ...]:
    """Return the names of the weights that the process needs beside those of the benchmarks, each once."""
    names: dict[str, None] = {}
    for effect in effects_of(study):
        if not effect.acts_on(SIGNAL):
            continue
        if isinstance(effect.section, ScaleSystematic):
            names |= dict.fromkeys(variation.name for variation in scale_variations(effect.section))
        elif isinstance(effect.section, ReplicaSystematic | HessianSystematic):
            names |= dict.fromkeys(weight_names(effect.section.members))
    return tuple(names)
