"""The module of a study's own functions, as the section `functions` registers it: found, compared, read, never run.

`assay.study.functions` says what a module may be; whoever evaluates expressions runs it
(`assay.observables.user_functions`).
"""

from __future__ import annotations

from pathlib import Path

from assay.errors import ExpressionError
from assay.study.functions import UserModule, digest, read_module
from assay.study.model import Study
from assay.study.model_observables import FunctionsSection
from assay.study.parsing import Arities

LARGEST_MODULE = 1 << 18


def module_of(section: FunctionsSection | None, folder: Path | None = None) -> UserModule | None:
    """Return the registered module; None without one.

    Parameters
    ----------
    section
        The section `functions`.
    folder
        Where the study is; None for a resolved study, which has the text with it.

    Raises
    ------
    ExpressionError
        If there is no such file, it is another one than its SHA-256 says, or it is not Python.
    """
    if section is None:
        return None
    source = section.source if folder is None else _text(folder / section.module)
    if source is None:
        raise ExpressionError(
            "the text of the functions is not known", where=section.module, mend="run configure again"
        )
    found = digest(source)
    if found != section.sha256:
        raise ExpressionError(
            f"{section.module} has the SHA-256 {found}",
            expected=section.sha256,
            mend=f"read the file, which will run with your rights; then write sha256: {found}",
        )
    return read_module(section.module, source)


def arities_of(section: FunctionsSection | None, folder: Path) -> Arities:
    """Return the functions that expressions may call; none if the module is at fault, which other checks report."""
    try:
        module = module_of(section, folder)
    except ExpressionError:
        return {}
    return {} if module is None else module.arities


def with_functions(study: Study, folder: Path) -> Study:
    """Return a study with the text of its functions, so that it travels with the study."""
    module = module_of(study.functions, folder)
    if module is None or study.functions is None:
        return study
    functions = study.functions.model_copy(update={"source": module.source})
    return study.model_copy(update={"functions": functions})


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExpressionError(
            f"{path.name} cannot be read ({error.strerror})", expected="a file beside the study", mend="mend the name"
        ) from None
    if len(data) > LARGEST_MODULE:
        raise ExpressionError(f"{path.name} has {len(data)} bytes", expected=f"at most {LARGEST_MODULE}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ExpressionError(f"{path.name} is not text", expected="Python in UTF-8") from None
