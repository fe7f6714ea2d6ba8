"""A job's events from a prepared process of MadGraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from assay import __version__
from assay.errors import GenerationError
from assay.files import PARTIAL
from assay.generation.external import external_events
from assay.generation.kinematics import FloatArray
from assay.generation.lhe import LHESample
from assay.generation.madgraph.archive import REWEIGHTING, PreparedProcess, unpack
from assay.generation.madgraph.cards import Entry, reweight_card
from assay.generation.madgraph.program import find_madgraph
from assay.generation.madgraph.weights import read_origins, variation_ratios
from assay.generation.madgraph.workplace import Workplace, madgraph_seed

_DEVIATIONS = 6.0
_LEAST_SHARE = 0.5


def generate_events(
    archive: Path,
    benchmark: str | None,
    n_events: int,
    seed: int,
    variations: Sequence[str] = (),
    *,
    folder: Path,
) -> LHESample:
    """Return unweighted events of a prepared process at a benchmark, with weights at all its benchmarks.

    Weights are normalised to the cross section that `prepare` has measured. Weights of variations (see
    `assay.generation.variations`) follow those of the benchmarks; after them come those that MadGraph's own systematics
    module has made, if the run card asks for it, under its names. MadGraph may give a few events less than asked for.

    Parameters
    ----------
    archive
        NAME.tar.gz of `prepare_process`.
    benchmark
        Where events are drawn; None for a background.
    n_events, seed
        How many, and the seed of this job, not negative.
    variations
        Names of further weights.
    folder
        Where a temporary folder is made, and where MadGraph's log is left if it fails.

    Raises
    ------
    GenerationError
        If the benchmark is not prepared, or MadGraph fails or gives far less events than asked for.
    """
    if n_events < 1:
        raise GenerationError(f"{n_events} events asked for", expected="one or more")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "madgraph.log"
    with TemporaryDirectory(prefix=PARTIAL, dir=folder) as name:
        work = Path(name).resolve()
        prepared = unpack(archive, benchmark or "", work)
        place = Workplace(find_madgraph(), work / "madevent", log, prepared.name)
        place.configure(_installation(prepared))
        events = place.grid_run(n_events, madgraph_seed(seed))
        others = {name: _entries(values) for name, values in prepared.couplings.items() if name != (benchmark or "")}
        if others:
            card = reweight_card(prepared.reweight, str(work / REWEIGHTING), others, prepared.name)
            events = place.reweight(events, card)
        sample = external_events(events)
        ratios = variation_ratios(read_origins(events), sample.beams, variations) if variations else None
        finished = _finished(sample, prepared, benchmark, n_events, seed, variations, ratios)
    log.unlink()
    return finished


def _finished(
    sample: LHESample,
    prepared: PreparedProcess,
    benchmark: str | None,
    n_events: int,
    seed: int,
    variations: Sequence[str],
    ratios: FloatArray | None,
) -> LHESample:
    """Return events with the cross section of `prepare`, and weights in the order of the benchmarks."""
    value, error = prepared.cross_sections[benchmark or ""]
    if len(sample) < _LEAST_SHARE * n_events:
        raise GenerationError(
            f"MadGraph gave {len(sample)} events in place of {n_events}",
            where=prepared.name,
            expected="nearly all that were asked for",
            mend="lower `accuracy` for better integration grids, or ask for fewer events per job",
        )
    spread = float(np.hypot(error, sample.cross_section_error))
    if abs(sample.cross_section - value) > _DEVIATIONS * spread:
        raise GenerationError(
            f"the job's cross section is {sample.cross_section:.5g} +- {sample.cross_section_error:.1g} pb",
            where=f"{prepared.name}, benchmark {benchmark}",
            expected=f"that of prepare, {value:.5g} +- {error:.1g} pb",
            mend="lower `accuracy`: the integration has not found all of the phase space",
        )
    factor = value / float(sample.nominal_weights.sum())
    nominal, columns, names = sample.nominal_weights * factor, [], []
    for name in prepared.couplings if benchmark is not None else ():
        columns.append(nominal if name == benchmark else _reweighted(sample, name, prepared.name) * factor)
        names.append(name)
    if ratios is not None:
        columns += list((ratios * nominal[:, None]).T)
        names += list(variations)
    for name in sample.weight_names:
        if name not in names:
            columns.append(sample.weight(name) * factor)
            names.append(name)
    return replace(
        sample,
        nominal_weights=nominal,
        weights=np.stack(columns, axis=1) if columns else np.empty((len(sample), 0)),
        weight_names=tuple(names),
        cross_section=value,
        cross_section_error=error,
        metadata=_metadata(sample, prepared, benchmark, n_events, seed),
    )


def _reweighted(sample: LHESample, name: str, process: str) -> FloatArray:
    if name not in sample.weight_names:
        raise GenerationError(
            f"the reweighting has left no weights at {name}",
            where=process,
            expected=f"a weight for every benchmark, not only {', '.join(sample.weight_names) or 'none'}",
            mend="run prepare again",
        )
    return sample.weight(name)


def _metadata(
    sample: LHESample, prepared: PreparedProcess, benchmark: str | None, n_events: int, seed: int
) -> dict[str, Any]:
    return {
        "generator": "madgraph",
        "version": __version__,
        "madgraph_version": prepared.version,
        "process": prepared.name,
        "title": "; ".join(line for line in prepared.definition if line.startswith(("generate", "add process"))),
        "definition": list(prepared.definition),
        "benchmark": benchmark,
        "seed": seed,
        "madgraph_seed": madgraph_seed(seed),
        "prepare_seed": prepared.seed,
        "n_generated": len(sample),
        "n_asked_for": n_events,
        "couplings": {name: dict(values) for name, values in prepared.couplings.items()},
        "cross_sections": {
            name: {"value": value, "error": error} for name, (value, error) in prepared.cross_sections.items()
        },
        "job_cross_section": {"value": sample.cross_section, "error": sample.cross_section_error},
        "overweight_fraction": 0.0,
        "aliases": sample.metadata.get("aliases", {}),
    }


def _entries(values: Any) -> dict[Entry, float]:
    """Return entries of the parameter card from their text, `dim6 2`."""
    found = {}
    for text, value in values.items():
        block, *numbers = text.split()
        found[block, tuple(map(int, numbers))] = float(value)
    return found


def _installation(prepared: PreparedProcess) -> str:
    if prepared.madgraph and not Path(prepared.madgraph).is_dir():
        raise GenerationError(
            f"the MadGraph that the process {prepared.name} was prepared with is not here",
            where=prepared.madgraph,
            expected="jobs on a machine, or in an image, with the same MadGraph in the same place",
            mend="run prepare again here",
        )
    return prepared.madgraph
