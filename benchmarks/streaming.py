"""How soon and how fast is music made while it is listened to? `python -m benchmarks.streaming [--hours 10]`.

Prints the time from the call of `Engine.stream` to its first notes, microseconds a note of a stream and of a session,
the size of a snapshot and the time to go on from it, and the resident memory after each hour of a stream.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import longplay
from benchmarks.steadiness import EXAMPLE

REPEATS = 20
NOTES = 2000


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=Path, nargs="*", default=[EXAMPLE])
    parser.add_argument("--hours", type=int, default=0)
    parser.add_argument("--model", default=None)
    args = parser.parse_args(argv)

    engine = longplay.Engine(args.model, num_threads=1)
    check(engine)
    print(f"model            {engine.model_name}, {engine.device}")
    for seed in args.seeds:
        times = [seconds(first_notes, engine, seed, number) for number in range(REPEATS)]
        heard = len(longplay.read_midi(seed))
        show(f"first note, seed of {heard}", "ms", 1e3, times)

    stream = engine.stream(args.seeds[0])
    start = time.perf_counter()
    drawn = sum(len(notes) for notes in itertools.islice(stream, 2 * NOTES // 16))
    print(f"stream           {1e6 * (time.perf_counter() - start) / drawn:.0f} us a note")
    start = time.perf_counter()
    drawn = len(engine.generate(args.seeds[0], 600).notes)
    print(f"generate         {1e6 * (time.perf_counter() - start) / drawn:.0f} us a note")
    session = engine.session(args.seeds[0])
    show("session.next", "us", 1e6, [seconds(session.next) for _ in range(NOTES)])
    show("session.feed", "us", 1e6, [seconds(session.feed, played) for played in following(session)])
    show("stream.snapshot", "us", 1e6, [seconds(stream.snapshot) for _ in range(REPEATS)])
    snapshot = stream.snapshot()
    show("resume to notes", "ms", 1e3, [seconds(resumed_notes, engine, snapshot) for _ in range(REPEATS)])
    print(f"snapshot         {len(snapshot)} bytes")
    for hour in range(1, args.hours + 1):
        while next(stream)["onset_ms"][-1] < hour * 3_600_000:
            pass
        print(f"after {hour:2} h       {resident_mb():.1f} MB")


def check(engine: longplay.Engine) -> None:
    """A stream that is wrong is not worth timing."""
    piece = engine.generate(EXAMPLE, 600)
    notes = np.concatenate(list(itertools.islice(engine.stream(EXAMPLE), 30)))
    assert notes["onset_ms"][-1] < 118_000, "these may differ"
    assert (notes == piece.notes[: len(notes)]).all()


def first_notes(engine: longplay.Engine, seed: Path, random_seed: int) -> None:
    next(engine.stream(seed, random_seed=random_seed))


def resumed_notes(engine: longplay.Engine, snapshot: bytes) -> None:
    next(engine.resume(snapshot))


def seconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def show(name: str, unit: str, scale: float, times: Sequence[float]) -> None:
    low, worst = statistics.median(times), np.quantile(times, 0.99)
    print(f"{name:24} median {scale * low:.1f} {unit}, 99th percentile {scale * worst:.1f} {unit}")


def following(session: longplay.Session) -> list[longplay.midi.Notes]:
    last = session.next()
    played = [last.copy() for _ in range(NOTES)]
    for index, note in enumerate(played):
        note["onset_ms"] += 100 * (index + 1)
    return played


def resident_mb() -> float:
    """Resident memory now; Linux only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


if __name__ == "__main__":
    main()
