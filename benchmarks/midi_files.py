"""How fast are MIDI files read and written? `python -m benchmarks.midi_files [--notes 100000]`.

Reads and writes the same notes with longplay, symusic and mido in one run, and prints medians in milliseconds. The
answers are compared first. symusic reads ticks and does not resolve pedal or overlaps; mido reads messages. So both do
less than longplay.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import mido
import numpy as np
import symusic

import longplay
from longplay.midi import Notes


def random_notes(count: int) -> Notes:
    """Notes of about eight a second on a piano's keys, in chords and runs."""
    random = np.random.default_rng(0)
    notes = np.empty(count, longplay.NOTE)
    notes["onset_ms"] = np.cumsum(random.choice([0, 60, 120, 240], count))
    notes["duration_ms"] = random.integers(20, 2000, count)
    notes["pitch"] = random.integers(21, 109, count)
    notes["velocity"] = random.integers(1, 101, count)
    return longplay.resolve_overlaps(notes)


def median_ms(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--notes", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=15)
    args = parser.parse_args(argv)
    notes = random_notes(args.notes)
    seconds = float(notes["onset_ms"][-1] + 10_000) / 1000
    data = longplay.write_midi(notes, seconds)

    np.testing.assert_array_equal(longplay.read_midi(data), notes)
    score: Any = symusic.Score.from_midi(data)
    assert score.note_num() == len(notes)
    parsed = mido.MidiFile(file=io.BytesIO(data))
    assert sum(message.type == "note_on" and message.velocity > 0 for message in parsed.tracks[0]) == len(notes)

    def write_mido() -> None:
        parsed.save(file=io.BytesIO())

    print(f"{len(notes)} notes, {seconds:.0f} s, {len(data) / 1e6:.2f} MB; median of {args.repeats}, ms")
    print(f"read   longplay {median_ms(lambda: longplay.read_midi(data), args.repeats):8.2f}")
    print(f"read   symusic  {median_ms(lambda: symusic.Score.from_midi(data), args.repeats):8.2f}")
    print(f"read   mido     {median_ms(lambda: mido.MidiFile(file=io.BytesIO(data)), 3):8.2f}")
    print(f"write  longplay {median_ms(lambda: longplay.write_midi(notes, seconds), args.repeats):8.2f}")
    print(f"write  symusic  {median_ms(score.dumps_midi, args.repeats):8.2f}")
    print(f"write  mido     {median_ms(write_mido, 3):8.2f}")


if __name__ == "__main__":
    main()
