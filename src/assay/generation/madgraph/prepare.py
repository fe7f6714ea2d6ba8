"""Preparing a process of MadGraph: written and compiled once, with a grid pack per benchmark, and packed."""

from __future__ import annotations

import re
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from assay.errors import GenerationError
from assay.files import PARTIAL
from assay.generation.madgraph.archive import PreparedProcess, pack
from assay.generation.madgraph.cards import Entry, RunValue, number, param_card, proc_commands, reweight_card, run_value
from assay.generation.madgraph.program import MadGraph, find_madgraph
from assay.generation.madgraph.settings import MadGraphSettings
from assay.generation.madgraph.workplace import Workplace, madgraph_seed

FOR_LIBRARY = 10
"""Events that are reweighted to have its library built."""
_PACKED = Path("assay_gridpack.tar.gz")
_POINTS, _ITERATIONS = 5_000, 10
_ATTEMPTS, _TOLERATED = 3, 1.5
"""An integration in which a rare large weight has spoilt the error is repeated, with twice the points."""
_CROSS_SECTION = re.compile(r"Cross-section :\s*(\S+) \+- (\S+) pb")
_VERSION = re.compile(r"VERSION (\d[\w.]*)")
_INSTALLATION = re.compile(r"^\s*mg5_path\s*=\s*(\S+)", re.MULTILINE)


def prepare_process(archive: Path, settings: MadGraphSettings, seed: int) -> PreparedProcess:
    """Have MadGraph write and compile a process, measure its cross sections, and pack what jobs need.

    Parameters
    ----------
    archive
        The file to write, NAME.tar.gz. If MadGraph fails, its log is left beside it as NAME.log.
    settings
        Cards and benchmarks.
    seed
        Seed, not negative.

    Raises
    ------
    GenerationError
        If there is no MadGraph, or it fails.
    """
    madgraph = find_madgraph()
    definition = proc_commands(settings.proc, settings.name)
    log = archive.with_name(f"{settings.name}.log")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=PARTIAL, dir=archive.parent) as name:
        work = Path(name).resolve()
        place = Workplace(madgraph, work / "process", log, settings.name)
        said = madgraph.run(
            [*definition, "output madevent process -f -nojpeg"],
            work,
            log,
            f"the writing of {settings.name}",
            place.folder / "Cards" / "param_card.dat",
        )
        installation = _installation(place)
        place.configure(installation)
        place.keep_model_card()
        model_card = (place.folder / "Cards" / "param_card.dat").read_text(encoding="utf-8")
        packs, cross_sections = {}, {}
        for position, benchmark in enumerate(settings.generated):
            card = _parameters(settings, model_card, benchmark)
            cross_sections[benchmark] = _grid_pack(place, settings, benchmark, card, seed + position)
            packs[benchmark] = work / f"pack_{position}"
            _extract(place.folder / _PACKED, packs[benchmark])
        library = _library(madgraph, packs, settings, log, work, installation)
        prepared = PreparedProcess(
            name=settings.name,
            version=_found(_VERSION, said, "unknown"),
            madgraph=installation,
            definition=tuple(definition),
            reweight=settings.reweight,
            generated=settings.generated,
            couplings=_couplings(settings),
            cross_sections=cross_sections,
            seed=seed,
        )
        pack(archive, prepared, packs, library)
    log.unlink()
    return prepared


def run_values(card: str, n_events: int, seed: int) -> dict[str, RunValue]:
    """Return what Assay sets in a run card: events, seed, grid pack, weights that sum to the cross section.

    Events carry what their weights at other scales follow from (`use_syst`). MadGraph's own programs for systematics
    need LHAPDF; they are run if the card names one.
    """
    values: dict[str, RunValue] = {
        "nevents": n_events,
        "iseed": seed,
        "gridpack": True,
        "event_norm": "sum",
        "lhe_version": 3.0,
        "use_syst": True,
    }
    if run_value(card, "use_syst") in (None, "False", "F", ".false."):
        values["systematics_program"] = "none"
    return values


def _parameters(settings: MadGraphSettings, model_card: str, benchmark: str) -> str:
    return param_card(
        model_card, settings.points[benchmark], settings.param, f"process {settings.name}", complete=bool(benchmark)
    )


def _grid_pack(
    place: Workplace, settings: MadGraphSettings, benchmark: str, parameters: str, seed: int
) -> tuple[float, float]:
    """Make the grid pack of a benchmark, and return its cross section and error in pb."""
    place.write_card("param_card.dat", parameters)
    for attempt in range(_ATTEMPTS):
        value, error = _integrated(place, settings, benchmark, _POINTS << attempt, madgraph_seed(seed, 1_000 * attempt))
        if error <= _TOLERATED * settings.accuracy * value:
            break
    return value, error


def _integrated(
    place: Workplace, settings: MadGraphSettings, benchmark: str, n_points: int, seed: int
) -> tuple[float, float]:
    place.write_card("run_card.dat", settings.run)
    place.set_run(run_values(settings.run, 1_000, seed))
    survey = f"survey assay --accuracy={settings.accuracy:g} --points={n_points} --iterations={_ITERATIONS}"
    (place.folder / _PACKED).unlink(missing_ok=True)
    said = place.madevent(
        [f"{survey} --gridpack=.true.", "combine_events", "store_events", "create_gridpack"],
        f"the integration at {benchmark}" if benchmark else "the integration",
        _PACKED,
    )
    found = _CROSS_SECTION.findall(said)
    value, error = map(float, found[-1]) if found else (0.0, 0.0)
    if not value > 0.0:
        raise GenerationError(
            f"the cross section is zero, in the integration at {benchmark or 'its only point'} of {settings.name}",
            where=str(place.log),
            expected="a positive cross section",
            mend="loosen the cuts of the run card; give massive s-channel particles a width; check beams and densities",
        )
    return value, error


def _library(
    madgraph: MadGraph,
    packs: Mapping[str, Path],
    settings: MadGraphSettings,
    log: Path,
    work: Path,
    installation: str,
) -> Path | None:
    """Have the library of the reweighting built, by reweighting a few events; None if there is nothing to reweight."""
    first, folder = next(iter(packs.items()))
    others = {name: values for name, values in settings.points.items() if name != first}
    if not others:
        return None
    trial, library = work / "trial", work / "reweighting"
    shutil.copytree(folder, trial, symlinks=True)
    place = Workplace(madgraph, trial / "madevent", log, settings.name)
    place.configure(installation)
    events = place.grid_run(FOR_LIBRARY, 1)
    name = next(iter(others))
    place.reweight(events, reweight_card(settings.reweight, str(library), {name: others[name]}, settings.name))
    if not (library / "rw_me" / "rwgt.pkl").is_file():
        raise GenerationError(
            f"MadGraph has not built the library of its reweighting, for {settings.name}",
            where=str(log),
            mend="read the log; its Python needs numpy before 2 and setuptools before 70",
        )
    return library


def _installation(place: Workplace) -> str:
    """Return the folder of MadGraph as the process names it, since a job takes MadGraph's Python code from there."""
    text = (place.folder / "Cards" / "me5_configuration.txt").read_text(encoding="utf-8")
    return _found(_INSTALLATION, text, "")


def _found(pattern: re.Pattern[str], text: str, otherwise: str) -> str:
    found = pattern.search(text)
    return found[1] if found else otherwise


def _couplings(settings: MadGraphSettings) -> dict[str, dict[str, float]]:
    """Return the entries of the parameter card at each benchmark, as MadGraph has them."""
    return {
        benchmark: {_text(entry): float(number(value)) for entry, value in values.items()}
        for benchmark, values in settings.points.items()
    }


def _text(entry: Entry) -> str:
    return " ".join([entry[0], *map(str, entry[1])])


def _extract(packed: Path, folder: Path) -> None:
    """Unpack a grid pack, and remove its file."""
    with tarfile.open(packed, "r:gz") as tar:
        tar.extractall(folder, filter="data")
    packed.unlink()
