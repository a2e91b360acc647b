"""How near an answer stays to the key of its seed."""

from types import MappingProxyType

import numpy as np

from longplay.midi import Notes

PART_SECONDS = 40
SPANS = MappingProxyType({"20 to 60 s": (20, 60), "1 to 5 min": (60, 300), "5 to 30 min": (300, 1800)})
"""First and last second of each span, since the seed, in whole parts."""


def seed_key(seed: Notes, answer: Notes, seconds: float, span: tuple[int, int]) -> float:
    """Return the correlation of a seed's pitch classes with those of an answer, as a mean over parts of 40 s.

    Parameters
    ----------
    seed : structured array, shape (notes,)
    answer : structured array, shape (notes,)
        The notes after the seed, in any order; time 0 is the seed's end.
    seconds : float
        Length of the answer. A part that it does not fill does not count.
    span : (int, int)
        First and last second of the parts, such as a value of `SPANS`.

    Returns
    -------
    float
        In [-1, 1]. NaN without a part, or if all pitch classes of the seed are equally frequent.
    """
    wanted = np.bincount(seed["pitch"] % 12, minlength=12)
    found = []
    for start in range(span[0], min(span[1], int(seconds)) - PART_SECONDS + 1, PART_SECONDS):
        inside = (answer["onset_ms"] >= 1000 * start) & (answer["onset_ms"] < 1000 * (start + PART_SECONDS))
        classes = np.bincount(answer["pitch"][inside] % 12, minlength=12)
        if np.ptp(wanted) and np.ptp(classes):
            found.append(np.corrcoef(wanted, classes)[0, 1])
    return float(np.mean(found)) if found else float("nan")
