"""Reading a study: as a whole, with every fault reported in one go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from assay.study.checks import CHECKS, Check
from assay.study.document import Document, read_document
from assay.study.drafting import draft_of
from assay.study.model import Study
from assay.study.observable_sets import written_out
from assay.study.problems import Finding, Location, StudyErrors
from assay.study.registered import with_functions
from assay.study.translate import broken_by, translate


def load_study(path: str | Path, checks: Iterable[Check] = ()) -> Study:
    """Read and validate a study.

    Parameters
    ----------
    path
        An `input.yml`. File names in it are relative to its folder.
    checks
        Further checks, of rooms that know more than the study's own: see `assay.study.checks`.

    Raises
    ------
    StudyErrors
        With every fault of the file: its line, path, what was found, what was expected and how to mend it.
    """
    path = Path(path)
    document = written_out(read_document(path))
    study, findings, broken = _validated(document)
    draft = draft_of(document.data, path.parent)
    for check in (*CHECKS, *checks):
        findings += [finding for finding in check(draft) if not _follows_from(finding, broken)]
    if findings or study is None:
        raise StudyErrors(path.name, dict.fromkeys(map(document.problem, findings)))
    return with_functions(study, path.parent)


def fault_of(path: str | Path, finding: Finding) -> StudyErrors:
    """Return the error of a fault that shows only in what follows from a study that can be read, with its line."""
    path = Path(path)
    return StudyErrors(path.name, [read_document(path).problem(finding)])


def _validated(document: Document) -> tuple[Study | None, list[Finding], set[Location]]:
    """Return the study if its values are valid, what is wrong with them, and where."""
    findings, broken = list(document.findings), set(document.broken)
    try:
        return Study.model_validate(document.data), findings, broken
    except ValidationError as error:
        errors = error.errors(include_url=False)
    found = [finding for finding in translate(errors, document.data) if not _follows_from(finding, broken)]
    return None, findings + found, broken | broken_by(errors, document.data)


def _follows_from(finding: Finding, broken: set[Location]) -> bool:
    """Return whether a finding is of a value that is at fault already, or of one that holds such a value."""
    location = finding.location
    return any(
        place == location[: len(place)] or (location == place[: len(location)] and not finding.on_key)
        for place in broken
    )
