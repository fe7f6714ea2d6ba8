"""Arrays that callers hand to an estimator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import AssayError


def as_columns(values: ArrayLike, names: Sequence[str], what: str, error: type[AssayError]) -> NDArray[np.float64]:
    """Return values as a matrix (n, len(names)) of finite numbers.

    Raises
    ------
    AssayError
        Of the class given, naming the columns expected, or the first column and row that are not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != len(names):
        raise error(f"`{what}` has shape {array.shape}", expected=f"(n, {len(names)}): {', '.join(names)}")
    if not np.isfinite(array).all():
        row, column = (int(index) for index in np.argwhere(~np.isfinite(array))[0])
        raise error(f"`{what}` is {array[row, column]} in row {row}, column {names[column]}", expected="finite numbers")
    return array
