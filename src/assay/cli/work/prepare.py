"""What `prepare` does: every process of a study that is generated, ready for its jobs."""

from __future__ import annotations

from pathlib import Path

from assay.cli.stage import StageRun
from assay.events.eventfile import Setup, read_setup_file
from assay.files import write_json
from assay.generation.from_study import BACKGROUND, benchmark_couplings, embedded_settings, generated_of
from assay.generation.jobs import prepared_name
from assay.study.model import EmbeddedProcess, FilesProcess, MadGraphProcess, Study
from assay.study.model_samples import SIGNAL, processes_of, regions_of
from assay.study.seeds import derive_seed

CrossSections = dict[str, tuple[float, float]]
"""Value and error in pb, by benchmark; of a background, one."""


def prepare_all(study: Study, setup: Path, cards: Path, run: StageRun) -> dict[str, CrossSections]:
    """Prepare all processes of a study; return their cross sections by sample.

    Writes a file per process, and `processes.json`, which lists them.

    Parameters
    ----------
    study, setup
        The study, and the file with its parameters and benchmarks.
    cards
        Folder to which names of cards are relative.
    run
        The stage.
    """
    laid_out = read_setup_file(setup)
    found: dict[str, CrossSections] = {}
    listed = {}
    for sample, process in processes_of(study.process, study.samples).items():
        entry: dict[str, object] = {"generator": process.generator}
        if not isinstance(process, FilesProcess):
            seed = run.seed if sample == SIGNAL else derive_seed(study.seed, f"prepare {sample}")
            of_signal = sample in regions_of(study.samples)
            target = run.folder / prepared_name(sample, process)
            if isinstance(process, MadGraphProcess):
                found[sample] = _by_madgraph(sample, process, laid_out, target, cards, of_signal, seed)
            else:
                found[sample] = _embedded(process, laid_out, target, of_signal, seed)
            entry |= {"file": target.name, "cross_sections": found[sample]}
        listed[sample] = entry
    write_json(run.folder / "processes.json", listed)
    return found


def _by_madgraph(
    sample: str, process: MadGraphProcess, setup: Setup, target: Path, cards: Path, of_signal: bool, seed: int
) -> CrossSections:
    from assay.generation.madgraph.prepare import prepare_process
    from assay.generation.madgraph.settings import madgraph_settings

    generated = generated_of(setup.space, setup.morphing) if of_signal else ()
    settings = madgraph_settings(sample, process, cards, setup.space, generated)
    prepared = prepare_process(target, settings, seed)
    return {name or BACKGROUND: values for name, values in prepared.cross_sections.items()}


def _embedded(process: EmbeddedProcess, setup: Setup, target: Path, of_signal: bool, seed: int) -> CrossSections:
    from assay.generation.embedded import prepare

    couplings = benchmark_couplings(setup.space, process.model) if of_signal else {BACKGROUND: {}}
    prepared = prepare(embedded_settings(process), couplings, seed)
    prepared.save(target)
    return prepared.cross_sections
