"""The engine's random numbers in plain Python (docs/sampling.md), so that a loop can draw the same tokens.

Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011: Philox4x32-10.
"""

import numpy as np
from numpy.typing import NDArray

_WORD = 2**32
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def uniform(random_seed: int, event: int, *, candidate: int = 0, field: int = 0) -> float:
    """Return the random number of a draw, in [0, 1)."""
    counter = [event % _WORD, event // _WORD, field, candidate]
    key = [random_seed % _WORD, random_seed // _WORD]
    for _ in range(_ROUNDS):
        first, second = _MULTIPLIERS[0] * counter[0], _MULTIPLIERS[1] * counter[2]
        counter = [
            second // _WORD ^ counter[1] ^ key[0],
            second % _WORD,
            first // _WORD ^ counter[3] ^ key[1],
            first % _WORD,
        ]
        key = [(word + step) % _WORD for word, step in zip(key, _WEYL, strict=True)]
    return float((counter[1] * _WORD + counter[0]) >> 11) / 2**53


def draw(logits: NDArray[np.floating], u: float) -> int:
    """Return the id that `u` selects: ids share [0, 1) in their order, each by its probability."""
    wide = logits.astype(np.float64)
    shares = np.exp(wide - wide.max()).cumsum()
    return int(np.searchsorted(shares, u * shares[-1], side="right"))
