"""The ROOT file between a detector and the analysis: the tree, branches and units of Delphes (arXiv:1307.6346), GeV.

Files of the parametrised detector and files that Delphes wrote are read by the same code: a branch is found by the last
part of its name (`Jet.PT`, or `Jet/Jet.PT` in Delphes' split trees).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray

from assay.errors import SimulationError
from assay.files import atomic_path
from assay.machine import lacks_memory
from assay.simulation.objects import collection, make_objects

TREE = "Delphes"
SUMMARY = "AssaySummary"

# collection -> Delphes branch, our field -> Delphes leaf
_BRANCHES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "jets": (
        "Jet",
        {
            "pt": "PT",
            "eta": "Eta",
            "phi": "Phi",
            "mass": "Mass",
            "btag": "BTag",
            "ctag": "CTag",
            "tautag": "TauTag",
            "flavour": "Flavor",
        },
    ),
    "electrons": ("Electron", {"pt": "PT", "eta": "Eta", "phi": "Phi", "charge": "Charge"}),
    "muons": ("Muon", {"pt": "PT", "eta": "Eta", "phi": "Phi", "charge": "Charge"}),
    "photons": ("Photon", {"pt": "PT", "eta": "Eta", "phi": "Phi"}),
    "particles": (
        "Particle",
        {"pt": "PT", "eta": "Eta", "phi": "Phi", "mass": "Mass", "pdgid": "PID", "charge": "Charge"},
    ),
}
_MASSES = {"electrons": 0.000511, "muons": 0.10566, "photons": 0.0}
_WHOLE = frozenset({"BTag", "CTag", "TauTag", "Flavor", "Charge", "PID"})
# words of bits in Delphes, one bit per working point: the first counts
_BITS = frozenset({"btag", "ctag", "tautag"})
# what stands for branches that a file may lack (CTag and ShowerWeight are ours): a value for each entry of another
_OPTIONAL = {"Jet.CTag": ("Jet.BTag", 0), "Jet.TauTag": ("Jet.BTag", 0), "Event.ShowerWeight": ("Event.Weight", 1)}


@dataclass(frozen=True)
class SimulationSummary:
    """What became of a generator's events.

    Parameters
    ----------
    detector
        Name of the detector.
    events_read
        Events of the LHE file.
    events_rejected
        Events that the shower gave up.
    events_written
        Events in the ROOT file.
    seed
        Of shower and detector.
    settings
        All settings, as text.
    events_vetoed
        Events that matching or merging vetoed.
    vetoing
        Which of both: "matching", "merging", or nothing.
    rejected
        Places in the LHE file of events that the shower gave up, as far as it says.
    """

    detector: str
    events_read: int
    events_rejected: int
    events_written: int
    seed: int
    settings: str
    events_vetoed: int = 0
    vetoing: str = ""
    rejected: tuple[int, ...] = ()


def write_objects(
    path: Path, chunks: Iterable[ak.Array], summarise: Callable[[int], SimulationSummary]
) -> SimulationSummary:
    """Write chunks of events (`assay.simulation.objects`), at least one, and a summary.

    Parameters
    ----------
    path
        The file, which appears under this name only when it is complete.
    chunks
        Events.
    summarise
        Makes the summary of the number of events written.
    """
    n_written = 0
    with atomic_path(path) as temporary, uproot.recreate(temporary) as file:
        tree = None
        for objects in chunks:
            record = _branches(objects)
            if tree is None:
                types = {name: array.layout.form.type for name, array in record.items()}
                tree = file.mktree(TREE, types, counter_name=_counter, field_name=_joined)
            tree.extend(record)
            n_written += len(objects)
        summary = summarise(n_written)
        file[SUMMARY] = json.dumps(asdict(summary))
        file.close()  # before it takes its final name
    return summary


def read_summary(path: Path) -> SimulationSummary | None:
    """Return the summary of a file, or None if it has none (Delphes' own)."""
    with _opened(path) as file:
        if SUMMARY not in file:
            return None
        content = json.loads(str(file[SUMMARY]))
        return SimulationSummary(**{**content, "rejected": tuple(content["rejected"])})


def read_objects(path: Path) -> ak.Array:
    """Read all events of a file.

    Raises
    ------
    SimulationError
        If it is not such a file or lacks a branch.
    """
    return ak.concatenate(list(iterate_objects(path)))


def n_entries(path: Path) -> int:
    """Return the number of events of a file.

    Raises
    ------
    SimulationError
        If it is not such a file.
    """
    with _opened(path) as file:
        return int(_tree(file, path).num_entries)


def read_numbers(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the numbers of a file's events and their weights, each of shape `(n_events,)`.

    Raises
    ------
    SimulationError
        If it is not such a file.
    """
    with _opened(path) as file:
        tree = _tree(file, path)
        known = branch_names(tree.keys(recursive=True))
        number, weight = (
            _read(tree, known, str(path), 0, tree.num_entries, name)[:, 0] for name in ("Event.Number", "Event.Weight")
        )
        return np.asarray(number, dtype=np.int64), np.asarray(weight, dtype=np.float64)


def iterate_objects(path: Path, step: int = 20_000) -> Iterator[ak.Array]:
    """Read a file in chunks of at most `step` events, at least one chunk.

    Raises
    ------
    SimulationError
        If it is not such a file or lacks a branch.
    """
    with _opened(path) as file:
        tree = _tree(file, path)
        known = branch_names(tree.keys(recursive=True))

        for start in range(0, max(tree.num_entries, 1), step):
            # Delphes' own Particle branch is the whole event history, not the generator's final state
            yield _objects(partial(_read, tree, known, str(path), start, start + step), with_particles=SUMMARY in file)


def _tree(file: Any, path: Path) -> Any:
    if TREE not in file:
        expected = "a file that Delphes or 'simulate' wrote"
        raise SimulationError(f"there is no tree {TREE!r}", where=str(path), expected=expected)
    return file[TREE]


def branch_names(keys: Iterable[str]) -> dict[str, str]:
    """Return where a tree keeps each branch, by the last part of its name."""
    return {key.rsplit("/", 1)[-1]: key for key in keys}


def _counter(name: str) -> str:
    return f"{name}_size"


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer else inner


def _opened(path: Path) -> Any:
    try:
        return uproot.open(path)
    except FileNotFoundError:
        raise SimulationError("file not found", where=str(path), mend="run the stage 'simulate'") from None
    except Exception as error:  # uproot raises many kinds on damaged files
        if lacks_memory(error):
            raise
        raise _damaged(str(path), error) from None


def _damaged(where: str, error: Exception) -> SimulationError:
    return SimulationError(f"not a readable ROOT file ({error})", where=where, mend="run the stage 'simulate' again")


def _branches(objects: ak.Array) -> dict[str, ak.Array]:
    record: dict[str, ak.Array] = {}
    for name, (branch, leaves) in _BRANCHES.items():
        columns = {leaf: _typed(objects[name][field], leaf) for field, leaf in leaves.items()}
        if name == "photons":
            columns["E"] = _typed(objects.photons.pt * np.cosh(objects.photons.eta), "E")
        record[branch] = ak.zip(columns)
    record["MissingET"] = _single({"MET": objects.met.pt, "Eta": 0.0 * objects.met.pt, "Phi": objects.met.phi})
    record["ScalarHT"] = _single({"HT": sum(ak.sum(objects[name].pt, axis=1) for name in _VISIBLE)})
    number = np.asarray(objects.event_number, dtype=np.int64)[:, np.newaxis]
    weight = np.asarray(objects.weight, dtype=np.float32)[:, np.newaxis]
    factor = np.asarray(objects.shower_weight, dtype=np.float64)[:, np.newaxis]
    columns = {"Number": number, "Weight": weight, "ShowerWeight": factor}
    record["Event"] = ak.zip({name: ak.from_regular(column) for name, column in columns.items()})
    return record


_VISIBLE = ("jets", "electrons", "muons", "photons")


def _typed(array: ak.Array, leaf: str) -> ak.Array:
    return ak.values_astype(array, np.int32 if leaf in _WHOLE else np.float32)


def _single(columns: Mapping[str, ak.Array]) -> ak.Array:
    """Return lists of one entry per event, as Delphes writes quantities of which there is one."""
    return ak.zip(
        {name: ak.from_regular(np.asarray(column, dtype=np.float32)[:, np.newaxis]) for name, column in columns.items()}
    )


def _read(tree: Any, known: Mapping[str, str], where: str, start: int, stop: int, name: str) -> ak.Array:
    if name not in known and name in _OPTIONAL:
        other, value = _OPTIONAL[name]
        return ak.full_like(_read(tree, known, where, start, stop, other), value)
    if name not in known:
        mend = "let the detector card write this branch"
        raise SimulationError(f"there is no branch {name!r}", where=where, mend=mend)
    try:
        return tree[known[name]].array(entry_start=start, entry_stop=stop)
    except Exception as error:  # as many kinds
        if lacks_memory(error):
            raise
        raise _damaged(where, error) from None


def _objects(read: Callable[[str], ak.Array], with_particles: bool) -> ak.Array:
    number = np.asarray(read("Event.Number")[:, 0], dtype=np.int64)
    lists = {name: _list(name, read) for name in _BRANCHES if name != "particles" or with_particles}
    return make_objects(
        **lists,
        met_pt=np.asarray(read("MissingET.MET")[:, 0]),
        met_phi=np.asarray(read("MissingET.Phi")[:, 0]),
        event_number=number,
        weight=np.asarray(read("Event.Weight")[:, 0]),
        shower_weight=np.asarray(read("Event.ShowerWeight")[:, 0], dtype=np.float64),
    )


def _list(name: str, read: Callable[[str], ak.Array]) -> ak.Array:
    branch, leaves = _BRANCHES[name]
    arrays = {field: read(f"{branch}.{leaf}") for field, leaf in leaves.items()}
    columns = {field: np.asarray(ak.flatten(array), dtype=np.float64) for field, array in arrays.items()}
    for field in _BITS & columns.keys():
        columns[field] = (columns[field].astype(np.int64) & 1).astype(np.float64)
    if name in _MASSES:
        columns["mass"] = np.full(len(columns["pt"]), _MASSES[name])
    return collection(name, np.asarray(ak.num(arrays["pt"], axis=1), dtype=np.int64), columns)
