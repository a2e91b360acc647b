"""Measure how many workers one farm can serve: `python -m benchmarks.farm_head [--workers 1,4]`.

The machine that runs `longplay batch` is the head. It takes the updates of all workers on a Ray cluster, writes them to
the manifest, and ranks the candidates. Here the workers replay the updates of a real candidate as fast as the head
takes them, so any machine can stand for a large cluster. The script prints the head's CPU time for each hour of music,
and that for the ranking. The table of docs/scale.md needs ``--model piano --updates 60 --candidates 8`` as well.
"""

import argparse
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import ray

import longplay
from benchmarks.steadiness import EXAMPLE
from longplay.farm import Farm, cluster
from longplay.farm.measures import measure
from longplay.farm.worker import Checkpoint, Finished, Update, WorkItem
from longplay.provenance import Provenance


class Replay:
    """Report the updates of one candidate for each candidate, with the interface of `cluster.Actor`."""

    updates: int
    checkpoint: Checkpoint
    finished: Finished

    def __init__(self, *_: object) -> None:
        pass

    def work(self, provenance: Provenance, items: Sequence[WorkItem]) -> Iterator[Update]:
        """Yield checkpoints of all candidates, again and again, and then the finished candidates."""
        events = len(self.checkpoint.events)
        for number in range(self.updates):
            yield [replace(self.checkpoint, number=item.number, first_event=number * events) for item in items]
        for item in items:
            yield [replace(self.finished, number=item.number)]


def main(argv: Sequence[str] | None = None) -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", default="1,4", help="numbers of workers, separated by commas")
    parser.add_argument("--model", default="piano-lstm")
    parser.add_argument("--updates", type=int, default=20, help="checkpoints of a candidate")
    parser.add_argument("--candidates", type=int, default=64, help="candidates of a worker")
    parser.add_argument("--rank", type=int, default=10_000, help="candidates of the ranking")
    args = parser.parse_args(argv)
    engine = longplay.Engine(args.model, num_threads=1)
    Replay.updates = args.updates
    Replay.checkpoint, Replay.finished = record(engine, args.updates)
    for workers in map(int, args.workers.split(",")):
        serve(engine, workers, args.candidates)
    rank(engine, args.rank)


def record(engine: longplay.Engine, updates: int) -> tuple[Checkpoint, Finished]:
    """Return a checkpoint and the result of an hour."""
    piece = engine.generate(EXAMPLE, seconds=3600)
    stream = engine.stream(EXAMPLE)
    next(stream)
    drawn = len(piece.events) // updates
    head, events, nats = stream.snapshot(), piece.events[:drawn], piece.log_probabilities[:drawn]
    measures = measure(piece, longplay.read_midi(EXAMPLE))
    print(f"a checkpoint     {len(head) + events.nbytes + nats.nbytes:,} bytes")
    print(f"an hour          {len(piece.to_bytes()):,} bytes of MIDI")
    return Checkpoint(0, 0, head, 0, events, nats), Finished(0, len(piece.events), piece.to_bytes(), measures)


def serve(engine: longplay.Engine, workers: int, candidates: int) -> None:
    """Run a farm whose workers replay updates, and print the head's time for an hour of music."""
    cluster.Actor, start_ray = Replay, ray.init  # type: ignore[assignment, misc]
    ray.init = partial(ray.init, num_cpus=workers)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            cluster.Cluster("local", engine.model_name) as here,
            Farm(engine, folder, [EXAMPLE], workers * candidates) as farm,
        ):
            wall, cpu = time.perf_counter(), time.process_time()
            farm.run(progress=lambda _: None, worker=here)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        ray.init = start_ray
    each = 1000 * cpu / (workers * candidates)
    print(f"{workers:3} workers      {wall:.1f} s, {each:.1f} ms of the head's CPU for an hour of music", flush=True)


def rank(engine: longplay.Engine, count: int) -> None:
    """Finish so many candidates without music, rank them, and print the time and the sizes for each."""

    def worker(_: Provenance, numbers: Sequence[int], __: object) -> Generator[Update, None, None]:
        for number in numbers:
            yield [replace(Replay.finished, number=number, midi=b"")]

    with tempfile.TemporaryDirectory() as folder, Farm(engine, folder, [EXAMPLE], count) as farm:
        cpu = time.process_time()
        farm.run(progress=lambda _: None, worker=worker)
        cpu = time.process_time() - cpu
        ranking, manifest = (Path(folder, name).stat().st_size / count for name in ("ranking.json", "manifest.sqlite"))
        print(f"a candidate      {1000 * cpu / count:.2f} ms of CPU to finish and rank, of {count:,}")
        print(f"                 {ranking:,.0f} bytes in ranking.json, {manifest:,.0f} bytes in manifest.sqlite")


if __name__ == "__main__":
    main()
