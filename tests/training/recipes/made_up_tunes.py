"""Make up tunes, melodies and chorales."""

from pathlib import Path

import numpy as np

from training.recipes.chorales import Chorale, save_chorales
from training.recipes.tunes import TICKS, Bar, Tune, save_tunes

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
SPLITS = ("train", "train", "train", "val", "test")


def made_up_tunes(count: int = 10) -> list[Tune]:
    """Return tunes of eight bars in 4/4: eighths and quarters of C major, whose second half repeats the first."""
    random = np.random.default_rng(3)
    tunes = []
    for number in range(count):
        bars = []
        for _ in range(4):
            lengths = [TICKS // 2] * 4 + [TICKS] * 2
            bars.append(Bar([(int(random.choice(SCALE)), length) for length in lengths]))
        tunes.append(Tune(f"tune{number}", SPLITS[number % len(SPLITS)], (4, 4), "maj", bars * 2))
    return tunes


def write_tunes(folder: Path) -> Path:
    """Write made-up tunes to a file, and return its path."""
    save_tunes(folder / "tunes.json", made_up_tunes())
    return folder / "tunes.json"


def made_up_chorales(count: int = 10) -> list[Chorale]:
    """Return chorales of 16 quarters: triads on the steps of C major, each a quarter long."""
    random = np.random.default_rng(5)
    chorales = []
    for number in range(count):
        steps = random.integers(0, 7, 16)
        chords = np.stack([[_degree(step + up) + octave for up, octave in VOICING] for step in steps])
        strikes = np.zeros((64, 4), np.bool_)
        strikes[::4] = True
        chorales.append(
            Chorale(f"chorale{number}", SPLITS[number % len(SPLITS)], np.repeat(chords, 4, axis=0), strikes, 0)
        )
    return chorales


VOICING = ((4, 12), (2, 0), (0, 0), (0, -12))
"""The degrees above the root, and the octave, of soprano, alto, tenor and bass."""


def _degree(step: int) -> int:
    return SCALE[step % 7] + 12 * (step // 7) - 12


def write_chorales(folder: Path) -> Path:
    """Write made-up chorales to a file, and return its path."""
    save_chorales(folder / "chorales.npz", made_up_chorales())
    return folder / "chorales.npz"
