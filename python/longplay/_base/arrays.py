"""Checks of arrays."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longplay._base.require import refuse_type

Kind = TypeVar("Kind", np.uint8, np.uint32, np.int32, np.int64)


def require_integers(name: str, values: ArrayLike, kind: type[Kind], *widths: int) -> NDArray[Kind]:
    """Return integers as an array of `kind`, with rows of these `widths`; there may be any number of rows.

    Lists and the arrays of other libraries are taken. Refuse anything but integers, integers that `kind` does not
    hold, and other shapes.
    """
    try:
        array: NDArray[Any] = np.asarray(values)
    except Exception:  # of another library, or of rows that differ in length
        array = np.asarray(None)
    if array.dtype.kind not in "iu" and (array.size > 0 or array.ndim == 0):
        refuse_type(name, "an array of integers", values)
    if array.ndim != 1 + len(widths) or array.shape[1:] != widths:
        wanted = ", ".join(["rows", *map(str, widths)]) if widths else "rows,"
        raise ValueError(f"{name} must have shape ({wanted}), not {array.shape}")
    kept = np.ascontiguousarray(array, kind)
    if (kept != array).any():
        raise ValueError(f"{name} must fit in {np.dtype(kind)}")
    return kept
