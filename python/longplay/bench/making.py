"""Speed of generation, and the shares of its time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from longplay import Engine
from longplay.bench.figure import Figure
from longplay.bench.options import Options


@dataclass(frozen=True)
class Sample:
    """Cost of one generation of pieces."""

    notes: int
    steps: int  # of rows: also for the seeds' notes, and for those that were not kept
    seconds: float
    music_seconds: float
    loop_seconds: float  # over all threads; the others are parts of it
    step_seconds: float
    head_seconds: float
    sampling_seconds: float


def sample(engine: Engine, seed: bytes, batch: int, seconds: float, random_seed: int) -> Sample:
    """Make `batch` pieces of `seconds` that continue a seed."""
    before, start = engine.statistics(), time.perf_counter()
    pieces = list(engine.generate_batch([seed] * batch, seconds, random_seed=random_seed))
    wall, spent = time.perf_counter() - start, engine.statistics() - before
    return Sample(
        notes=sum(len(piece.events) for piece in pieces),
        steps=spent.row_steps,
        seconds=wall,
        music_seconds=batch * seconds,
        loop_seconds=spent.loop_seconds,
        step_seconds=spent.step_seconds,
        head_seconds=spent.run_seconds - spent.step_seconds,
        sampling_seconds=spent.sampling_seconds,
    )


def samples(engine: Engine, options: Options, batch: int, seconds: float) -> list[Sample]:
    """Make pieces several times, after one untimed run that opens the sessions and warms the caches."""
    sample(engine, options.source, batch, 1, 0)
    return [sample(engine, options.source, batch, seconds, repeat) for repeat in range(options.repeats)]


def hour(options: Options) -> Iterator[Figure]:
    """Measure one piece alone, with one thread."""
    made = samples(options.engine, options, 1, options.seconds)
    of = {"music_seconds": options.seconds}
    yield Figure("hour", "time", "s", [each.seconds for each in made], of)
    yield Figure("hour", "a note", "us", [1e6 * each.seconds / each.notes for each in made], of)
    yield from _rates("hour", made, of)


def throughput(options: Options) -> Iterator[Figure]:
    """Measure many candidates at once, for each batch size and number of threads."""
    for threads in options.threads:
        engine = options.engine if threads == 1 else Engine(options.model, num_threads=threads)
        for batch in options.batches:
            made = samples(engine, options, batch, options.batch_seconds)
            yield from _rates("throughput", made, {"batch": batch, "threads": threads})


def _rates(part: str, made: list[Sample], labels: dict[str, int]) -> Iterator[Figure]:
    yield Figure(part, "notes", "1/s", [each.notes / each.seconds for each in made], labels)
    yield Figure(part, "steps of rows", "1/s", [each.steps / each.seconds for each in made], labels)
    hours = [60 * each.music_seconds / 3600 / each.seconds for each in made]
    yield Figure(part, "candidates of an hour", "1/min", hours, labels)
    shares = {
        "in step.onnx": [each.step_seconds / each.loop_seconds for each in made],
        "in the heads": [each.head_seconds / each.loop_seconds for each in made],
        "in sampling": [each.sampling_seconds / each.loop_seconds for each in made],
    }
    shares["in the rest"] = [1 - sum(parts) for parts in zip(*shares.values(), strict=True)]
    for name, values in shares.items():
        yield Figure(part, name, "%", [100 * share for share in values], labels)
