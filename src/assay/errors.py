"""Errors that a user can act on: each says what is wrong, where, what was expected and how to mend it."""

from __future__ import annotations


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

    exit_status = 1

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


def _rebuild(
    kind: type[AssayError], what: str, where: str | None, expected: str | None, mend: str | None
) -> AssayError:
    return kind(what, where=where, expected=expected, mend=mend)


class StudyError(AssayError):
    """The study (`input.yml`) is wrong; nothing has been run."""

    exit_status = 2


class ExpressionError(StudyError):
    """An expression for an observable, a cut or a transform cannot be accepted."""


class MorphingError(AssayError):
    """The morphing basis does not determine the theory dependence."""


class EventFileError(AssayError):
    """An event file is damaged, of another layout, or of another study."""


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
