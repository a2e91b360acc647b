"""Count which chords of generated music are cited, rediscovered and invented.

A chord is the tuple of the voices' notes at one time. It is cited if it occurs in the training music, rediscovered if
it occurs only in held-out music, and invented if it occurs in neither [1]_.

References
----------
.. [1] Hadjeres, Sakellariou and Pachet, "Style Imitation and Chord Invention in Polyphonic Music with Exponential
   Families", arXiv:1609.05152, 2016.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def chord_shares(
    generated: Sequence[NDArray[np.int64]], training: Sequence[NDArray[np.int64]], held_out: Sequence[NDArray[np.int64]]
) -> dict[str, float]:
    """Return the shares of the chords of generated pieces, each of shape (times, voices); they add up to 1."""
    known, other = ({tuple(chord) for piece in pieces for chord in piece.tolist()} for pieces in (training, held_out))
    chords = [tuple(chord) for piece in generated for chord in piece.tolist()]
    cited = sum(chord in known for chord in chords)
    rediscovered = sum(chord in other and chord not in known for chord in chords)
    counts = {"cited": cited, "rediscovered": rediscovered, "invented": len(chords) - cited - rediscovered}
    return {name: round(count / len(chords), 4) for name, count in counts.items()}
