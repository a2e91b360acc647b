"""Make random music."""

import numpy as np

from longplay.midi import NOTE


def made_up_notes(random: np.random.Generator, count: int) -> np.ndarray:
    """Return ordered notes without overlaps, a tenth of them after a rest, all about equally loud."""
    notes = np.empty(count, NOTE)
    notes["onset_ms"] = 700 + np.cumsum(random.integers(0, 300, count) + 2500 * (random.random(count) < 0.1))
    notes["pitch"] = 30 + random.permutation(60)[np.arange(count) % 60]
    notes["velocity"] = random.integers(56, 73, count)
    notes["duration_ms"] = random.integers(1, 900, count)
    return notes
