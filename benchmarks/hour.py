"""How long does an hour take? `python -m benchmarks.hour [--threads 1] [--batch 1]`.

Times `Engine.generate` from a seed, one warm-up first, and prints medians: seconds, microseconds a note, the share of
the loop's time outside ONNX Runtime's Run, and the peak memory of the process.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import longplay
from benchmarks.steadiness import EXAMPLE


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=Path, default=EXAMPLE)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", default=None)
    args = parser.parse_args(argv)

    engine = longplay.Engine(args.model, num_threads=args.threads)
    seeds = [args.seed] * args.batch
    list(engine.generate_batch(seeds, 60))  # opens the sessions
    seconds, notes, outside = [], [], []
    for repeat in range(args.repeats):
        before = engine.loop_time
        start = time.perf_counter()
        pieces = list(engine.generate_batch(seeds, args.seconds, random_seed=repeat))
        seconds.append(time.perf_counter() - start)
        after = engine.loop_time
        notes.append(sum(len(piece.events) for piece in pieces))
        total = after.total_seconds - before.total_seconds
        outside.append(1 - (after.run_seconds - before.run_seconds) / total)
    rates = [count / wall for count, wall in zip(notes, seconds, strict=True)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"model            {engine.model_name}, {engine.device}, {args.threads} threads")
    print(f"work             {args.batch} x {args.seconds} s, median of {args.repeats}")
    print(f"seconds          {statistics.median(seconds):.2f}")
    print(f"notes            {statistics.median(notes):.0f}")
    print(f"notes/s          {statistics.median(rates):.0f}")
    print(f"us per note      {1e6 / statistics.median(rates):.1f}")
    print(f"outside Run      {100 * statistics.median(outside):.1f} %")
    print(f"peak memory      {peak:.0f} MB")


if __name__ == "__main__":
    main()
