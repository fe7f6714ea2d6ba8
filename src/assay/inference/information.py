"""Fisher information matrices: what is done with them once they are known, and how they are written.

The covariance of an estimate is the inverse of the information (Cramer-Rao). Parameters that are not of interest are
either known (projection: their rows are dropped) or profiled (Schur complement); constraint terms of nuisance
parameters add to the diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from assay.errors import AssayError, InferenceError
from assay.files import read_json, write_json
from assay.hdf5 import atomic_hdf5, reading_hdf5
from assay.inference.protocols import Array

_FORMAT = "assay-fisher-1"


@dataclass(frozen=True)
class FisherResult:
    """The Fisher information of a measurement at a parameter point.

    Parameters
    ----------
    method
        The method's name in the study, or what the information is of.
    include_rate
        Whether the information in the number of events is included.
    parameters
        Names, P of them.
    theta
        Where, (P,).
    luminosity
        fb^-1.
    information
        (P, P), as estimated.
    covariance
        Of the elements of `information` from finite simulation, (P, P, P, P).
    bias
        By how much finite simulation raises `information` on average, (P, P), where it is known to: histograms, in
        which the noise of each bin's gradient counts as information. Not subtracted from `information`.
    parton_level
        True for an upper bound from the complete, unobservable event record.
    """

    method: str
    include_rate: bool
    parameters: tuple[str, ...]
    theta: tuple[float, ...]
    luminosity: float
    information: Array
    covariance: Array
    bias: Array
    parton_level: bool = False

    @property
    def errors(self) -> Array:
        """Standard deviation of every element of `information`, (P, P)."""
        variances = np.einsum("ijij->ij", self.covariance)
        errors: Array = np.sqrt(np.maximum(variances, 0.0))
        return errors

    @property
    def corrected(self) -> Array:
        """`information` less its expected bias."""
        return self.information - self.bias

    def project(self, keep: Sequence[str]) -> FisherResult:
        """Keep the named parameters and regard all others as known."""
        index = _positions(self.parameters, keep)
        return self._with(
            index, self.information[np.ix_(index, index)], _reduced(self.covariance, np.eye(len(self.theta))[index])
        )

    def profile(self, keep: Sequence[str]) -> FisherResult:
        """Keep the named parameters and profile all others (Schur complement).

        The covariance is propagated to first order.
        """
        index = _positions(self.parameters, keep)
        others = [p for p in range(len(self.parameters)) if p not in index]
        rows = np.eye(len(self.theta))[index]
        if others:
            cross, block = self.information[np.ix_(index, others)], self.information[np.ix_(others, others)]
            rows[:, others] = -_solve(block, cross.T).T
        # the Schur complement is rows @ I @ rows.T, and stationary in the rows: to first order only I varies
        reduced = replace(self, bias=rows @ self.bias @ rows.T)
        return reduced._with(
            index, profile_information(self.information, index), _reduced(self.covariance, rows), keep_bias=True
        )

    def constrain(self, widths: dict[str, float]) -> FisherResult:
        """Add Gaussian constraints of the given standard deviations."""
        added = np.zeros(len(self.parameters))
        for name, width in widths.items():
            added[_positions(self.parameters, [name])[0]] = 1.0 / width**2
        return replace(self, information=self.information + np.diag(added))

    def parameter_covariance(self) -> Array:
        """Return the inverse of the information, (P, P).

        Raises
        ------
        InferenceError
            If the measurement is blind to a combination of the parameters.
        """
        return _solve(self.information, np.eye(len(self.theta)))

    def _with(self, index: list[int], information: Array, covariance: Array, keep_bias: bool = False) -> FisherResult:
        bias = self.bias if keep_bias else self.bias[np.ix_(index, index)]
        names, theta = tuple(self.parameters[i] for i in index), tuple(self.theta[i] for i in index)
        return replace(self, parameters=names, theta=theta, information=information, covariance=covariance, bias=bias)


def profile_information(information: Array, keep: Sequence[int]) -> Array:
    """Return the information on the parameters at positions `keep` when all others are profiled (Schur complement)."""
    others = [p for p in range(len(information)) if p not in keep]
    kept = information[np.ix_(keep, keep)]
    if not others:
        return kept
    cross = information[np.ix_(keep, others)]
    return kept - cross @ _solve(information[np.ix_(others, others)], cross.T)


def ellipse(information: Array, centre: npt.ArrayLike, confidence: float, n_points: int = 200) -> Array:
    """Return the contour (n_points, 2), closed, of a confidence level around `centre` for two parameters.

    The contour is (theta - centre)^T I (theta - centre) = chi-square quantile with two degrees of freedom.
    """
    if information.shape != (2, 2):
        raise InferenceError(
            f"an ellipse of {len(information)} parameters", expected="two", mend="project or profile the others first"
        )
    _solve(information, np.eye(2))
    values, vectors = np.linalg.eigh(information)
    angle = np.linspace(0.0, 2.0 * np.pi, n_points)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    radius = np.sqrt(chi2.ppf(confidence, 2))
    contour: Array = np.asarray(centre, dtype=np.float64) + radius * (circle / np.sqrt(values)) @ vectors.T
    return contour


def _reduced(covariance: Array, rows: Array) -> Array:
    reduced: Array = np.einsum("ai,bj,ijkl,ck,dl->abcd", rows, rows, covariance, rows, rows, optimize=True)
    return reduced


def _positions(names: Sequence[str], keep: Sequence[str]) -> list[int]:
    unknown = [name for name in keep if name not in names]
    if unknown or not keep:
        raise InferenceError(
            f"no parameter {', '.join(unknown) or '(none named)'}", expected=f"some of {', '.join(names)}"
        )
    return [list(names).index(name) for name in keep]


def _solve(matrix: Array, right: Array) -> Array:
    values = np.linalg.eigvalsh(matrix)
    if not values[0] > 1e-12 * max(abs(values[-1]), np.finfo(float).tiny):
        raise InferenceError(
            "the information matrix cannot be inverted: the measurement is blind to a combination of the parameters",
            expected=f"positive eigenvalues, found {values.tolist()}",
            mend="project on fewer parameters, or add constraints",
        )
    return np.linalg.solve(matrix, right).astype(np.float64)


def write_fisher(stem: str | Path, results: Sequence[FisherResult]) -> tuple[Path, Path]:
    """Write all results to `<stem>.json` (matrices with errors, readable) and `<stem>.h5` (with covariances)."""
    stem = Path(stem)
    json_path, h5_path = stem.with_name(stem.name + ".json"), stem.with_name(stem.name + ".h5")
    with atomic_hdf5(h5_path) as file:
        file.attrs["format"] = _FORMAT
        for number, result in enumerate(results):
            group = file.create_group(str(number))
            group.attrs["method"], group.attrs["parameters"] = result.method, list(result.parameters)
            for name in ("information", "covariance", "bias"):
                dataset = group.create_dataset(name, data=getattr(result, name), fletcher32=True)
                dataset.attrs["unit"], dataset.attrs["dimensions"] = "1", ["parameter"] * dataset.ndim
    write_json(
        json_path, {"format": _FORMAT, "arrays": h5_path.name, "results": [_numbers(result) for result in results]}
    )
    return json_path, h5_path


def read_fisher(stem: str | Path) -> tuple[FisherResult, ...]:
    """Read what `write_fisher` wrote."""
    stem = Path(stem)
    path = stem.with_name(stem.name + ".json")
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise AssayError("not a file of Fisher information", where=str(path), expected=f'"format": "{_FORMAT}"')

    def fault(error: Exception) -> AssayError:
        return AssayError(f"the file cannot be read ({error})", where=str(path), mend="run the evaluate stage again")

    with reading_hdf5(stem.with_name(stem.name + ".h5"), fault, OSError, KeyError, TypeError) as file:
        return tuple(_result(file[str(n)], entry) for n, entry in enumerate(content["results"]))


def _numbers(result: FisherResult) -> dict[str, Any]:
    return {
        "method": result.method,
        "include_rate": result.include_rate,
        "parton_level": result.parton_level,
        "parameters": result.parameters,
        "theta": result.theta,
        "luminosity_inverse_fb": result.luminosity,
        "information": result.information.tolist(),
        "errors": result.errors.tolist(),
        "bias": result.bias.tolist(),
    }


def _result(group: h5py.Group, entry: dict[str, Any]) -> FisherResult:
    return FisherResult(
        method=entry["method"],
        include_rate=entry["include_rate"],
        parameters=tuple(entry["parameters"]),
        theta=tuple(entry["theta"]),
        luminosity=entry["luminosity_inverse_fb"],
        information=group["information"][()],
        covariance=group["covariance"][()],
        bias=group["bias"][()],
        parton_level=entry["parton_level"],
    )
