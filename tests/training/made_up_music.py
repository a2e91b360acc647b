"""Music made by chance."""

import numpy as np

from longplay.midi import NOTE


def made_up_notes(random: np.random.Generator, count: int) -> np.ndarray:
    """Notes in order, a tenth of them after a rest, none overlapping, no two pieces alike, all played about as loud."""
    notes = np.empty(count, NOTE)
    notes["onset_ms"] = 700 + np.cumsum(random.integers(0, 300, count) + 2500 * (random.random(count) < 0.1))
    notes["pitch"] = 30 + random.permutation(60)[np.arange(count) % 60]
    notes["velocity"] = random.integers(56, 73, count)
    notes["duration_ms"] = random.integers(1, 900, count)
    return notes
