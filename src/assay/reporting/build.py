"""From the results of a run to the report's folder: figures, data and `report.html`."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import assay
from assay.events.pool import EventPool
from assay.files import atomic_path, write_text
from assay.reporting.advice import advice_section
from assay.reporting.content import Link, ReportContent, Section
from assay.reporting.gallery import Gallery
from assay.reporting.learning import checks_section, training_section
from assay.reporting.morphing import morphing_section
from assay.reporting.numbers import count, joined, significant
from assay.reporting.outcome import findings_section, fisher_section, limits_section
from assay.reporting.record import stages_section
from assay.reporting.repeated import posterior_section, toys_section
from assay.reporting.report import render_report
from assay.reporting.run import DATA, RunFiles, RunResults, read_run
from assay.reporting.sections import events_section, observables_section
from assay.reporting.systematic import systematics_section
from assay.study.model import EmbeddedProcess, MadGraphProcess, Study
from assay.study.resolve import study_hash

REPORT = "report.html"


def write_report(files: RunFiles, folder: str | Path) -> Path:
    """Draw all figures and write the report of a run.

    Parameters
    ----------
    files
        Where the results are.
    folder
        Is given `report.html`, `figures/*.png`, `figures/*.pdf` and `data/<method>/*`, to which the report links.

    Returns
    -------
    report
        Path of the HTML file.
    """
    folder = Path(folder)
    results = read_run(files)
    _copy_data(results, folder / DATA, files.study)
    content = report_content(results, Gallery(folder))
    write_text(folder / REPORT, render_report(content))
    return folder / REPORT


def report_content(results: RunResults, gallery: Gallery) -> ReportContent:
    """Return the whole report; figures are saved by the gallery on the way."""
    study = results.study
    fractions = study.sampling.fractions
    pool = EventPool.from_table(results.table, (fractions.train, fractions.validation, fractions.test))
    wanted = (
        findings_section(results),
        advice_section(results, pool),
        limits_section(results, gallery),
        systematics_section(results, gallery),
        fisher_section(results, gallery),
        toys_section(results),
        posterior_section(results),
        checks_section(results, gallery),
        training_section(results, gallery),
        events_section(results, pool, gallery),
        observables_section(results, pool, gallery),
        morphing_section(results, pool, gallery),
        stages_section(results, gallery),
    )
    sections = tuple(section for section in wanted if section is not None)
    return ReportContent(
        title=study.title or study.name,
        subtitle=f"Study {study.name}: {len(study.parameters)} parameters, {len(study.methods)} methods, "
        f"{study.luminosity:g} fb⁻¹",
        facts=(*_facts(results), ("checks", _checks(results)), ("warnings", _warnings(sections))),
        sections=sections,
        links=(Link("study.json (all settings)", f"{DATA}/study.json"),),
    )


def _facts(results: RunResults) -> tuple[tuple[str, str], ...]:
    study = results.study
    versions = sorted({manifest.version for manifest in results.manifests}) or [assay.__version__]
    started = min((manifest.started for manifest in results.manifests), default="")
    generated = sum(sample.n_generated for sample in results.table.samples)
    facts = [
        ("process", _process(study)),
        ("parameters", ", ".join(study.parameters)),
        ("methods", ", ".join(study.methods)),
        ("luminosity", f"{study.luminosity:g} fb⁻¹"),
        ("true point of the expected data", _true_point(results)),
        ("events generated, after cuts", f"{count(generated)}, {count(results.table.n_events)}"),
        ("generator, detector", f"{study.process.generator}, {study.detector.kind}"),
        ("seed", str(study.seed)),
        ("study hash", study_hash(study)[:16]),
        ("Assay version", ", ".join(versions)),
    ]
    return (*facts, ("started", _time(started))) if started else tuple(facts)


def _process(study: Study) -> str:
    process = study.process
    if isinstance(process, EmbeddedProcess):
        return f"{process.name}, {2e-3 * process.beam_energy:g} TeV"
    return process.cards.proc if isinstance(process, MadGraphProcess) else f"{len(process.files)} sets of LHE files"


def _time(stamp: str) -> str:
    """Return an ISO time as people write it."""
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    except ValueError:
        return stamp


def _checks(results: RunResults) -> str:
    """Count the checks by their verdicts."""
    found = Counter(check.verdict for checks in results.checks.values() for check in checks)
    return ", ".join(f"{number} {verdict}" for verdict, number in found.items()) or "none"


def _true_point(results: RunResults) -> str:
    first = results.limits[0]
    if first.theta_true is None:
        return "none: observed data"
    return ", ".join(f"{n} = {significant(v)}" for n, v in zip(first.parameters, first.theta_true, strict=True))


def _warnings(sections: Sequence[Section]) -> str:
    found = [section for section in sections if section.warnings]
    total = sum(len(section.warnings) for section in found)
    return f"{total}, in {joined([section.title for section in found])}" if found else "none"


def _copy_data(results: RunResults, folder: Path, study: Path) -> None:
    """Copy the results beside the report, so that its links hold wherever the folder goes."""
    _copy(study, folder / "study.json")
    for method, paths in (results.data or {}).items():
        for path in paths:
            _copy(path, folder / method / path.name)


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
