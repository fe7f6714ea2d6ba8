"""The generators' settings and couplings in a study."""

from __future__ import annotations

from dataclasses import fields

from assay.errors import GenerationError
from assay.generation.cuts import Cuts
from assay.generation.model import find_model
from assay.generation.settings import EmbeddedSettings
from assay.generation.variations import Variation
from assay.study.model import EmbeddedProcess, HessianSystematic, ReplicaSystematic, ScaleSystematic, Study
from assay.study.model_samples import SIGNAL, weight_names
from assay.theory.morphing import Morphing
from assay.theory.parameters import CardEntry, Parameter, ParameterSpace
from assay.theory.systematics import effects_of

BACKGROUND = "background"
"""What the one point is called at which a background is generated: all operators are zero there."""


def embedded_settings(process: EmbeddedProcess) -> EmbeddedSettings:
    """Return the settings of the embedded generator for a process of a study."""
    cuts = Cuts(**{cut.name: getattr(process.cuts, cut.name) for cut in fields(Cuts)})
    return EmbeddedSettings(
        process=process.name,
        channels=process.channels,
        model=process.model,
        exclude=process.exclude,
        s_channel=process.s_channel,
        beam_energy=process.beam_energy,
        pdf=process.pdf,
        scale=process.scale.choice,
        scale_value=process.scale.value,
        cuts=cuts,
        decay=process.decay,
        branching_ratio=process.branching_ratio,
    )


def benchmark_couplings(space: ParameterSpace, model: str = "ewdim6") -> dict[str, dict[str, float]]:
    """Return each benchmark's operator coefficients in TeV^-2: the entries of the model's parameter card.

    Raises
    ------
    GenerationError
        If a parameter sets an entry of the card that is no operator of the model.
    """
    operators = [_operator(parameter, entry, model) for parameter in space.parameters for entry in parameter.entries]
    values = space.card_values(space.benchmark_values)
    return {
        name: dict(zip(operators, (float(value) for value in row), strict=True))
        for name, row in zip(space.benchmark_names, values, strict=True)
    }


def generated_of(space: ParameterSpace, morphing: Morphing) -> tuple[str, ...]:
    """Return the benchmarks at which events are generated: those of the morphing basis. Others get weights alone."""
    used = zip(space.benchmark_names, morphing.in_basis, strict=True)
    return tuple(name for name, in_basis in used if in_basis)


def _operator(parameter: Parameter, entry: CardEntry, model: str) -> str:
    found = find_model(model).operator_of_entry(entry.block, entry.id)
    if found is None:
        raise GenerationError(
            f"entry {entry.id} of block {entry.block} is no operator of the model {model}",
            where=f"parameters.{parameter.name}",
            expected=", ".join(f"{o.block} {o.entry} ({o.name})" for o in find_model(model).card),
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


def process_variations(study: Study, sample: str = SIGNAL) -> tuple[str, ...]:
    """Return the names of the weights that a generated sample needs beside those of the benchmarks, each once."""
    names: dict[str, None] = {}
    for effect in effects_of(study):
        if not effect.acts_on(sample):
            continue
        if isinstance(effect.section, ScaleSystematic):
            names |= dict.fromkeys(variation.name for variation in scale_variations(effect.section))
        elif isinstance(effect.section, ReplicaSystematic | HessianSystematic):
            names |= dict.fromkeys(weight_names(effect.section.members))
    return tuple(names)
