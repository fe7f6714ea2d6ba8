"""Errors that a user can act on: each says what is wrong, where, what was expected and how to mend it."""

from __future__ import annotations

MENDABLE, WRONG_STUDY, UNEXPECTED, INPUT_OUTPUT, INTERRUPTED = 1, 2, 70, 74, 130
"""Exit statuses; 70 and 74 are what `sysexits.h` calls them."""
FINAL = frozenset({MENDABLE, WRONG_STUDY, INTERRUPTED})
"""Statuses after which another try would end in the same way, or is not wanted; after all others it may do."""


class AssayError(Exception):
    """A fault that a user can mend.

    Parameters
    ----------
    what
        What is wrong, in one sentence.
    where
        The file, path in the study, event number or job in which it was found.
    expected
        What would have been right.
    mend
        What to do about it.
    """

    exit_status = MENDABLE

    def __init__(
        self, what: str, *, where: str | None = None, expected: str | None = None, mend: str | None = None
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.mend = mend
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [self.what if self.where is None else f"{self.where}: {self.what}"]
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.mend is not None:
            lines.append(f"  mend: {self.mend}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by keyword, so that errors cross process boundaries whole."""
        return (_rebuild, (type(self), self.what, self.where, self.expected, self.mend))


def exit_status(error: BaseException) -> int:
    """Return the status with which a command ends by an error; of a group, that of its errors if they agree."""
    if isinstance(error, AssayError):
        return error.exit_status
    if isinstance(error, BaseExceptionGroup):
        statuses = {exit_status(inner) for inner in error.exceptions}
        return statuses.pop() if len(statuses) == 1 else UNEXPECTED
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return INPUT_OUTPUT if isinstance(error, OSError) else UNEXPECTED


def _rebuild(
    kind: type[AssayError], what: str, where: str | None, expected: str | None, mend: str | None
) -> AssayError:
    return kind(what, where=where, expected=expected, mend=mend)


class StudyError(AssayError):
    """The study (`input.yml`) is wrong; nothing has been run."""

    exit_status = WRONG_STUDY


class ExpressionError(StudyError):
    """An expression for an observable, a cut or a transform cannot be accepted."""


class MorphingError(AssayError):
    """The morphing basis does not determine the theory dependence."""


class SystematicsError(AssayError):
    """A systematic uncertainty cannot be described as asked."""


class EventFileError(AssayError):
    """An event file is damaged, of another layout, or of another study."""


class DamagedFileError(EventFileError):
    """A file is truncated, or its content does not fit its checksums."""


class LayoutVersionError(EventFileError):
    """A file is of a version of the layout that this release does not read."""


class NotFiniteError(EventFileError):
    """An event holds a number that is not finite."""


class MismatchError(EventFileError):
    """Event files that are to be used together, or with a study, do not fit each other."""


class LHEError(AssayError):
    """An LHE file is damaged or lacks what is needed."""


class GenerationError(AssayError):
    """Events cannot be generated as asked."""


class SimulationError(AssayError):
    """Shower or detector simulation failed."""


class SamplingError(AssayError):
    """Augmented data cannot be drawn from the events as asked."""


class TrainingError(AssayError):
    """A training diverged or cannot start."""


class ModelError(AssayError):
    """A model folder is damaged or does not fit its use."""


class InferenceError(AssayError):
    """A limit or an information matrix cannot be computed."""


class ManifestError(AssayError):
    """A stage's inputs are not what the stage before wrote."""


class WorkflowError(AssayError):
    """A run of the workflow failed or ended without its outputs."""


class ParameterError(AssayError):
    """Parameters and benchmarks contradict each other or are used by a wrong name."""


class FolderError(AssayError):
    """A stage's own folder holds what is not the stage's, or cannot be written to."""


class JobsError(AssayError):
    """Some jobs of a batch failed; the others are complete."""


class ReanaError(AssayError):
    """A run on a REANA cluster could not be started, failed there, or did not bring its results back."""


class ReanaAccessError(ReanaError):
    """No REANA server is named, it cannot be reached, or it does not accept the token; nothing has been run."""

    exit_status = WRONG_STUDY
