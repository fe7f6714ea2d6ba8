"""The embedded generator's settings and couplings in a study."""

from __future__ import annotations

from assay.generation.settings import EmbeddedSettings
from assay.study.model import Study
from assay.theory.parameters import ParameterSpace


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
    """Return each benchmark's operator coefficients in TeV^-2: the parameters after their transforms."""
    coefficients = space.coefficients(space.benchmark_values)
    return {
        name: dict(zip(space.names, (float(value) for value in row), strict=True))
        for name, row in zip(space.benchmark_names, coefficients, strict=True)
    }
