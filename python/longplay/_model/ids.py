"""Arrays of ids."""

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longplay._require import refuse_type

Integer = TypeVar("Integer", np.int32, np.int64)


def require_ids(name: str, ids: ArrayLike, kind: type[Integer]) -> NDArray[Integer]:
    """Return ids as an array of `kind`; refuse anything but integers, and integers that `kind` does not hold."""
    array = np.asarray(ids)
    if array.dtype.kind not in "iu" and array.size > 0:
        refuse_type(name, "an array of integers", ids)
    kept = np.ascontiguousarray(array, kind)
    if (kept != array).any():
        raise ValueError(f"{name} must fit in {np.dtype(kind)}")
    return kept
