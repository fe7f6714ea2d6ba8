"""Events of other generators, from LHE files, as samples of a study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from assay.errors import LHEError
from assay.generation.lhe import LHESample, read_lhe
from assay.generation.lhe.reader import read_scale_aliases

_TOLERANCE = 0.02
_DEVIATIONS = 5.0


def external_events(path: str | Path, cross_section: float | None = None, benchmark: str | None = None) -> LHESample:
    """Read an LHE file of any generator, with weights in pb that sum to its cross section.

    Weights keep their names; the metadata's `aliases` give those of varied scales by our names. Negative weights stay.

    Parameters
    ----------
    path
        The file.
    cross_section
        In pb; None for that which the file states.
    benchmark
        At which they were drawn: their nominal weight is the weight there, if they have none of that name.

    Raises
    ------
    LHEError
        If there are no events, their weights have no positive sum, or it is not the cross section that the file states.
    """
    sample = read_lhe(path)
    nominal = sample.nominal_weights
    total = float(nominal.sum())
    if not len(sample) or not total > 0.0:
        raise LHEError(
            f"the weights of {len(sample)} events add up to {total:.4g} pb", where=str(path), expected="a positive sum"
        )
    if cross_section is None:
        _check_total(path, sample, total)
    wanted = sample.cross_section if cross_section is None else cross_section
    relative_error = sample.cross_section_error / sample.cross_section if sample.cross_section > 0.0 else 0.0
    metadata = {
        "generator": str(sample.metadata.get("generator", "external")),
        "source": Path(path).name,
        "n_generated": len(sample),
        "stated_cross_section": sample.cross_section,
        "aliases": read_scale_aliases(path),
    }
    names, weights = sample.weight_names, sample.weights
    if benchmark is not None and benchmark not in names:
        names, weights = (benchmark, *names), np.column_stack([nominal, weights])
    return replace(
        sample,
        nominal_weights=nominal * (wanted / total),
        weights=weights * (wanted / total),
        weight_names=names,
        cross_section=wanted,
        cross_section_error=relative_error * wanted,
        metadata=metadata,
    )


def _check_total(path: str | Path, sample: LHESample, total: float) -> None:
    spread = float(np.sqrt(max(np.sum(sample.nominal_weights**2) - total**2 / len(sample), 0.0)))
    allowed = _TOLERANCE * abs(sample.cross_section) + _DEVIATIONS * spread
    if not sample.cross_section > 0.0 or abs(total - sample.cross_section) > allowed:
        raise LHEError(
            f"its weights add up to {total:.5g} pb, and it states {sample.cross_section:.5g} pb",
            where=str(path),
            expected="weights that add up to the cross section, or have it as their mean (event_norm)",
            mend="give the sample its `cross_section` in the study",
        )
