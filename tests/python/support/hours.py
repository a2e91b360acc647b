"""Notes and files of an hour, for tests of the challenge."""

import numpy as np
from smf import file

import longplay

HOUR = 3_600_000  # ms


def made(notes):
    """Return notes from tuples, none overlapping another on its pitch."""
    return longplay.resolve_overlaps(np.array(notes, dtype=longplay.NOTE))


def an_hour(random_seed, notes=30_000):
    """Chords, runs and rests at random, all over before the hour is."""
    rng = np.random.default_rng(random_seed)
    onsets = np.cumsum(rng.choice([0, 0, 15, 60, 120, 240, 2000], notes, p=[0.2, 0.2, 0.1, 0.2, 0.2, 0.09, 0.01]))
    onsets = onsets * (HOUR - 4000) // onsets[-1]
    fields = onsets, rng.integers(1, 4000, notes), rng.integers(21, 109, notes), rng.integers(1, 101, notes)
    return made(list(zip(*(field.tolist() for field in fields), strict=True)))


def notes_file(spacing, last, *, tempo=""):
    """Write a note every `spacing` ticks; the last note_off and End-of-Track are at tick `last`."""
    track = tempo
    wait = 0
    for _ in range(last // spacing):
        track += f"{delta(wait)} 90 3c 40 {delta(spacing // 2)} 80 3c 00"
        wait = spacing - spacing // 2
    return file(f"{track} {delta(0)} ff 2f 00")


def delta(ticks):
    """Return a delta of three bytes, as hex digits."""
    return f"{0x80 | ticks >> 14:02x}{0x80 | ticks >> 7 & 0x7F:02x}{ticks & 0x7F:02x}"
