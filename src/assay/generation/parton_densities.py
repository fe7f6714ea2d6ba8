"""Parton densities from grid files in LHAPDF's text format, interpolated bicubically in log x and log Q.

The scheme is LHAPDF's `logcubic` (arXiv:1412.7420, section 3): cubic Hermite splines whose slopes at the knots are
means of the left and right difference quotients (one-sided at the ends of a sub-grid), first in log x, then in log Q^2.
Here the sixteen coefficients of every cell are computed once, so that a density costs one look-up and one polynomial.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation.kinematics import FloatArray

# fixed-width files (CT14) leave no space between a number's exponent and the next number
_GLUED = re.compile(r"(e[+-]\d\d)(?=[\d-])")

# Hermite basis h00, h10, h01, h11 (rows: value left, slope left, value right, slope right) in powers 1, t, t^2, t^3
_HERMITE = np.array([[1.0, 0.0, -3.0, 2.0], [0.0, 1.0, -2.0, 1.0], [0.0, 0.0, 3.0, -2.0], [0.0, 0.0, -1.0, 1.0]])


@dataclass(frozen=True)
class SubGrid:
    """One range of Q: knots in log x (nx,) and log Q (nq,) and the polynomials of all cells.

    `coefficients` has shape (nx - 1, nq - 1, n_flavours, 4, 4): powers of the fractions t_x and t_Q of the cell that
    were passed.
    """

    log_x: FloatArray
    log_q: FloatArray
    coefficients: FloatArray


@dataclass(frozen=True)
class PartonDensities:
    """The densities x f(x, Q) of one member of a set."""

    name: str
    flavours: tuple[int, ...]
    sub_grids: tuple[SubGrid, ...]

    @property
    def q_range(self) -> tuple[float, float]:
        """Smallest and largest scale of the grid in GeV."""
        return float(np.exp(self.sub_grids[0].log_q[0])), float(np.exp(self.sub_grids[-1].log_q[-1]))

    def xf(self, flavour: int, x: FloatArray, q: FloatArray) -> FloatArray:
        """Return x f(x, Q), (n,), of momentum fractions x and scales Q in GeV.

        Outside of the grid's range the value at its edge is taken (frozen); x >= 1 gives zero.

        Raises
        ------
        GenerationError
            If the set has no such flavour, or an argument is not positive and finite.
        """
        x, q = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(q, dtype=np.float64))
        index = self._flavour_index(flavour)
        if not (np.all(np.isfinite(x)) and np.all(np.isfinite(q)) and np.all(x > 0.0) and np.all(q > 0.0)):
            raise GenerationError(
                "parton densities asked for at an x or Q that is not positive and finite", where=f"PDF set {self.name}"
            )
        log_x, log_q = np.log(x), np.log(q)
        if len(self.sub_grids) == 1:
            result = _interpolate(self.sub_grids[0], index, log_x, log_q)
        else:
            starts = np.array([grid.log_q[0] for grid in self.sub_grids[1:]])
            which = np.searchsorted(starts, log_q, side="right")
            result = np.empty(log_x.shape)
            for number, grid in enumerate(self.sub_grids):
                chosen = which == number
                result[chosen] = _interpolate(grid, index, log_x[chosen], log_q[chosen])
        return np.where(x < 1.0, result, 0.0)

    def _flavour_index(self, flavour: int) -> int:
        try:
            return self.flavours.index(flavour)
        except ValueError:
            raise GenerationError(
                f"no density of flavour {flavour}",
                where=f"PDF set {self.name}",
                expected=f"one of {', '.join(map(str, self.flavours))}",
            ) from None


def _interpolate(grid: SubGrid, flavour: int, log_x: FloatArray, log_q: FloatArray) -> FloatArray:
    column, t = _locate(grid.log_x, log_x)
    row, u = _locate(grid.log_q, log_q)
    cells = grid.coefficients[column, row, flavour]
    in_q = ((cells[..., 3] * u[:, None] + cells[..., 2]) * u[:, None] + cells[..., 1]) * u[:, None] + cells[..., 0]
    value: FloatArray = ((in_q[:, 3] * t + in_q[:, 2]) * t + in_q[:, 1]) * t + in_q[:, 0]
    # between knots that are not negative a cubic may dip below zero (x > 0.98: a few 1e-8);
    # true negative densities are kept
    negative = np.flatnonzero(value < 0.0)
    if len(negative):
        left, right = cells[negative, 0], cells[negative].sum(axis=1)
        corners = np.stack([left[:, 0], left.sum(axis=1), right[:, 0], right.sum(axis=1)])
        rounding = 1e-12 * np.max(np.abs(corners), axis=0)
        value[negative] = np.where(np.min(corners, axis=0) >= -rounding, 0.0, value[negative])
    return value


def _locate(knots: FloatArray, values: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    index = np.clip(np.searchsorted(knots, values, side="right") - 1, 0, len(knots) - 2)
    fraction = (values - knots[index]) / (knots[index + 1] - knots[index])
    return index, np.clip(fraction, 0.0, 1.0)


def _slopes(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Return slopes at knots along the first axis: means of both difference quotients, one-sided at the ends."""
    steps = np.diff(knots).reshape(-1, *([1] * (values.ndim - 1)))
    quotients = np.diff(values, axis=0) / steps
    return np.concatenate([quotients[:1], (quotients[1:] + quotients[:-1]) / 2.0, quotients[-1:]])


def _cell_polynomials(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Return Hermite polynomials (n - 1, ..., 4) in the fraction of the cell, of values (n, ...) at knots (n,)."""
    slopes = _slopes(values, knots)
    steps = np.diff(knots).reshape(-1, *([1] * (values.ndim - 1)))
    data = np.stack([values[:-1], slopes[:-1] * steps, values[1:], slopes[1:] * steps], axis=-1)
    polynomials: FloatArray = data @ _HERMITE
    return polynomials


def build_sub_grid(x: FloatArray, q: FloatArray, values: FloatArray) -> SubGrid:
    """Return the interpolation of x f values (nx, nq, n_flavours) at the knots x (nx,) and Q in GeV (nq,)."""
    log_x, log_q = np.log(x), np.log(q)
    in_x = np.moveaxis(_cell_polynomials(values, log_x), 1, 0)
    in_both = _cell_polynomials(in_x, log_q)
    return SubGrid(log_x, log_q, np.ascontiguousarray(np.moveaxis(in_both, 0, 1)))


def parse_grid(text: str, name: str) -> PartonDensities:
    """Read a file in LHAPDF's `lhagrid1` format.

    Raises
    ------
    GenerationError
        If the text is not in that format or a block has the wrong number of values.
    """
    blocks = text.split("---")
    if len(blocks) < 3 or "lhagrid1" not in blocks[0]:
        raise GenerationError("not a grid file of parton densities", where=name, expected="LHAPDF's format lhagrid1")
    grids: list[SubGrid] = []
    flavours: tuple[int, ...] = ()
    for number, block in enumerate(block for block in blocks[1:] if block.strip()):
        lines = block.strip().split("\n", 3)
        try:
            x, q = (np.array(line.split(), dtype=np.float64) for line in lines[:2])
            flavours = tuple(int(flavour) for flavour in lines[2].split())
            values = np.array(_GLUED.sub(r"\1 ", lines[3]).split(), dtype=np.float64).reshape(
                len(x), len(q), len(flavours)
            )
        except (ValueError, IndexError) as error:
            raise GenerationError(
                f"sub-grid {number} of the parton densities is damaged ({error})",
                where=name,
                mend="install the package that ships this file again",
            ) from None
        grids.append(build_sub_grid(x, q, values))
    return PartonDensities(name, flavours, tuple(grids))


@cache
def pdf_folder() -> Path:
    """Return the folder of PDF grids that the `pythia8mc` wheel ships."""
    import pythia8mc

    xml = Path(pythia8mc.Pythia("", False).settings.word("xmlPath"))
    return (xml.parent if xml.name else xml) / "pdfdata"


def installed_sets() -> tuple[str, ...]:
    """Return the names of the sets that `load` finds."""
    return tuple(sorted(file.name.removesuffix("_0000.dat") for file in pdf_folder().glob("*_0000.dat")))


def installed_members(name: str) -> tuple[int, ...]:
    """Return the numbers of the members of a set that `load` finds; those sets that come with Pythia have 0 alone."""
    found = (re.fullmatch(re.escape(name) + r"_(\d{4})\.dat", file.name) for file in pdf_folder().glob("*.dat"))
    return tuple(sorted(int(match[1]) for match in found if match is not None))


@lru_cache(maxsize=8)
def load(name: str, member: int = 0) -> PartonDensities:
    """Load a member, by default the central one, of a set by name, for example `NNPDF23_lo_as_0130_qed`.

    Raises
    ------
    GenerationError
        If no such set or member is installed; the message lists those that are.
    """
    folder = pdf_folder()
    path = folder / f"{name}_{member:04d}.dat"
    if not path.is_file() and member:
        raise GenerationError(
            f"no member {member} of the parton densities {name}",
            where=str(folder),
            expected=f"one of {', '.join(map(str, installed_members(name))) or '(none)'}",
            mend="install the set with its members, or leave the uncertainty of the densities out",
        )
    if not path.is_file():
        raise GenerationError(
            f"no parton densities named {name!r}", where=str(folder), expected=f"one of {', '.join(installed_sets())}"
        )
    return parse_grid(path.read_text(encoding="ascii"), name)
