"""Latency of streams, sessions and snapshots."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

import longplay
from longplay.bench.figure import Figure, repeated
from longplay.bench.options import Options
from longplay.midi import Notes


def latency(options: Options) -> Iterator[Figure]:
    """Measure streams, sessions and snapshots on one thread."""
    engine, seed = options.engine, options.source
    _check(options)
    labels = {"seed_notes": len(longplay.read_midi(seed))}
    few = max(2, options.calls // 50)
    yield from _times("first notes of a stream", "ms", few, lambda: next(engine.stream(seed)), labels)

    stream = engine.stream(seed)
    next(stream)
    yield from _times("snapshot of a stream", "us", few, stream.snapshot)
    snapshot = stream.snapshot()
    yield Figure("latency", "size of a snapshot", "bytes", [len(snapshot)])
    yield from _times("first notes after a snapshot", "ms", few, lambda: next(engine.resume(snapshot)))

    session = engine.session(seed)
    yield from _times("next note of a session", "us", options.calls, session.next)
    played = _after(session.next(), options.calls + 1)
    yield from _times("feeding a session a note", "us", options.calls, lambda: session.feed(next(played)))


def _check(options: Options) -> None:
    """Raise AssertionError if the notes of a stream differ from those of the piece."""
    piece = options.engine.generate(options.source, 600)  # at least its first 118 s equal the stream
    stream = itertools.chain.from_iterable(options.engine.stream(options.source))
    notes = itertools.takewhile(lambda note: note["onset_ms"] < 30_000, stream)
    for drawn, note in zip(notes, piece.notes, strict=False):
        if drawn != note:
            raise AssertionError(f"the stream has {drawn} where the piece has {note}")


def _times(
    name: str, unit: str, calls: int, work: Callable[[], object], labels: dict[str, int] | None = None
) -> Iterator[Figure]:
    scale = {"ms": 1e3, "us": 1e6}[unit]
    times = [scale * each for each in repeated(work, calls)]
    yield Figure("latency", name, unit, times, labels or {})
    yield Figure("latency", f"{name}, 99th percentile", unit, [float(np.quantile(times, 0.99))], labels or {})


def _after(last: Notes, count: int) -> Iterator[Notes]:
    """Yield `count` notes after `last`, ten a second."""
    for number in range(1, count + 1):
        note = last.copy()
        note["onset_ms"] += 100 * number
        yield note
