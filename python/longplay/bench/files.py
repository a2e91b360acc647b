"""Speed of reading and writing MIDI files and of tokenizing notes."""

from collections.abc import Iterator

import numpy as np

import longplay
from longplay.bench.figure import Figure, repeated
from longplay.bench.options import Options
from longplay.midi import Notes


def files(options: Options) -> Iterator[Figure]:
    """Measure reading, writing and tokenizing on one thread."""
    notes, seconds, data = a_file(options.notes)
    np.testing.assert_array_equal(longplay.read_midi(data), notes)
    tokenizer = options.tokenizer
    megabytes, count = len(data) / 1e6, len(notes)
    for name, unit, size, work in (
        ("read MIDI", "MB/s", megabytes, lambda: longplay.read_midi(data)),
        ("write MIDI", "MB/s", megabytes, lambda: longplay.write_midi(notes, seconds)),
        ("tokenize", "notes/s", count, lambda: tokenizer.encode(notes)),
    ):
        rates = [size / each for each in repeated(work, 3 * options.repeats)]
        yield Figure("files", name, unit, rates, {"notes": count})


def a_file(count: int) -> tuple[Notes, float, bytes]:
    """Return `count` piano notes, about eight a second in chords and runs, their length in seconds and their file."""
    random = np.random.default_rng(0)
    notes = np.empty(count, longplay.NOTE)
    notes["onset_ms"] = np.cumsum(random.choice([0, 60, 120, 240], count))
    notes["duration_ms"] = random.integers(20, 2000, count)
    notes["pitch"] = random.integers(21, 109, count)
    notes["velocity"] = random.integers(1, 101, count)
    notes = longplay.resolve_overlaps(notes)
    seconds = float(notes["onset_ms"][-1] + 10_000) / 1000
    return notes, seconds, longplay.write_midi(notes, seconds)
