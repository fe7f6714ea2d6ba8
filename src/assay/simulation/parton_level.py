"""The detector `none`: the generator's final state taken as it is, or smeared.

Quarks and gluons become jets, photons and charged leptons themselves, neutrinos (and other invisible particles) the
missing momentum, to which the smearing of the others adds. What cannot be observed as such (undecayed bosons, top
quarks, taus) stays among `particles` only, which are never smeared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.generation.lhe import LHESample
from assay.simulation.candidates import INVISIBLE
from assay.simulation.objects import collection, make_objects
from assay.simulation.parton_smearing import Array, PartonSmearing, smeared

BLOCK = 10_000
"""Events that are smeared with the same random numbers, however many are asked for at a time."""

_VISIBLE = (1, 2, 3, 4, 5, 21, 11, 13, 22)


def parton_level_blocks(sample: LHESample, smearing: PartonSmearing, seed: int) -> Iterator[ak.Array]:
    """Return a generator's events as reconstructed objects (`assay.simulation.objects`), at least one block of them.

    Parameters
    ----------
    sample
        The events.
    smearing
        How they are measured.
    seed
        Same seed, same objects.

    Raises
    ------
    SimulationError
        If a resolution is impossible.
    """
    for block in range(max(-(-len(sample) // BLOCK), 1)):
        random = np.random.default_rng([seed, 3, block])
        yield parton_level(_events(sample, block * BLOCK, (block + 1) * BLOCK), smearing, random)


def parton_level(
    sample: LHESample, smearing: PartonSmearing | None = None, random: np.random.Generator | None = None
) -> ak.Array:
    """Return a generator's events as reconstructed objects (`assay.simulation.objects`); exact without smearing."""
    n_events = len(sample)
    event = np.repeat(np.arange(n_events), sample.particle_counts)
    final = sample.status == 1
    event, pdgid = event[final], sample.pdg_id[final].astype(np.int64)
    columns = _columns(sample.four_momenta[final], sample.masses[final], pdgid)
    code = np.abs(pdgid)
    measured, noise = dict(columns), np.zeros((2, n_events))
    if smearing is not None and random is not None:
        measured = _measured(columns, code, smearing, random)
        scalar = np.where(np.isin(code, _VISIBLE), measured["pt"], 0.0)
        sigma = smearing.missing_momentum.at(np.bincount(event, scalar, n_events).astype(np.float64))
        noise = random.normal(0.0, 1.0, (2, n_events)) * sigma

    def chosen(name: str, mask: NDArray[np.bool_], source: dict[str, Array]) -> ak.Array:
        counts = np.bincount(event[mask], minlength=n_events)
        return collection(name, counts, {field: column[mask] for field, column in source.items()})

    met_x, met_y = _missing_momentum(event, code, columns, measured, n_events) + noise
    return make_objects(
        jets=chosen("jets", (code <= 5) | (code == 21), measured),
        electrons=chosen("electrons", code == 11, measured),
        muons=chosen("muons", code == 13, measured),
        photons=chosen("photons", code == 22, measured),
        particles=chosen("particles", np.ones(len(code), dtype=bool), columns),
        met_pt=np.hypot(met_x, met_y),
        met_phi=np.arctan2(met_y, met_x),
        event_number=sample.event_number,
        weight=sample.nominal_weights,
    )


def _measured(
    columns: dict[str, Array], code: NDArray[np.int64], smearing: PartonSmearing, random: np.random.Generator
) -> dict[str, Array]:
    measured = {name: column.copy() for name, column in columns.items()}
    for places, of_type in smearing.of(code):
        outcome = smeared({name: columns[name][places] for name in ("pt", "eta", "phi", "mass")}, of_type, random)
        for name, column in outcome.items():
            measured[name][places] = column
    return measured


def _missing_momentum(
    event: NDArray[np.int64],
    code: NDArray[np.int64],
    true: dict[str, Array],
    measured: dict[str, Array],
    n_events: int,
) -> Array:
    """Return the components of what is invisible, less what smearing adds to the rest, shape `(2, n_events)`."""
    invisible = np.isin(code, INVISIBLE)
    components = []
    for direction in (np.cos, np.sin):
        value = true["pt"] * direction(true["phi"])
        added = measured["pt"] * direction(measured["phi"]) - value
        components.append(np.bincount(event, weights=np.where(invisible, value, -added), minlength=n_events))
    return np.array(components, dtype=np.float64)


def _columns(momenta: Array, masses: Array, pdgid: NDArray[np.int64]) -> dict[str, Array]:
    code = np.abs(pdgid)
    px, py, pz = momenta[:, 1], momenta[:, 2], momenta[:, 3]
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.arcsinh(pz / pt)
    charged_lepton = np.isin(code, (11, 13, 15))
    charge = np.where(charged_lepton, -np.sign(pdgid), np.where(code == 24, np.sign(pdgid), 0))
    return {
        "pt": pt,
        "eta": eta,
        "phi": np.arctan2(py, px),
        "mass": np.where(code == 22, 0.0, masses),
        "btag": (code == 5).astype(np.float64),
        "ctag": (code == 4).astype(np.float64),
        "tautag": np.zeros(len(code)),
        "flavour": np.where(np.isin(code, (4, 5)), code, 0).astype(np.float64),
        "charge": charge.astype(np.float64),
        "pdgid": pdgid.astype(np.float64),
    }


def _events(sample: LHESample, start: int, stop: int) -> LHESample:
    """Return some events of a sample."""
    stop = min(stop, len(sample))
    if start == 0 and stop == len(sample):
        return sample
    first, last = int(sample.offsets[start]), int(sample.offsets[stop])
    of_particles = ("pdg_id", "status", "mothers", "colours", "four_momenta", "masses", "spins")
    of_events = ("event_number", "scales", "nominal_weights", "weights", "alpha_qed", "alpha_qcd")
    return replace(
        sample,
        offsets=sample.offsets[start : stop + 1] - first,
        **{name: getattr(sample, name)[first:last] for name in of_particles},
        **{name: getattr(sample, name)[start:stop] for name in of_events},
    )
