"""Measure what avoiding a training set changes and costs: `python -m benchmarks.avoid --index FILE`.

The script makes an hour from the example seed for each random seed, with and without the index. With --data, it also
measures how much the real works of the test split have in common with the index. It prints tables in Markdown.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import longplay
from longplay.midi import Notes
from longplay.originality import Index, Line, training_files

EXAMPLE = Path(__file__).parents[1] / "examples" / "traumerei.mid"


def in_runs(notes: Notes, index: Index) -> tuple[float, int]:
    """Return the share of the notes in common runs of 12 or more, and the length of the longest run."""
    line = Line.of_notes(index, notes)
    return line.share_in_runs, max((run.same for run in line.longest_runs(1)), default=1)


def microseconds(engine: longplay.Engine, avoid: Index | None, random_seed: int) -> float:
    """Measure the processor time of a step while ten minutes are made."""
    steps, start = engine.statistics().row_steps, time.process_time()
    engine.generate(EXAMPLE, 600, random_seed=random_seed, avoid=avoid)
    return 1e6 * (time.process_time() - start) / (engine.statistics().row_steps - steps)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--random-seeds", type=int, default=3)
    args = parser.parse_args(argv)
    index = Index.open(args.index)

    engine = longplay.Engine("piano-lstm", num_threads=1)
    engine.generate(EXAMPLE, 60, avoid=index)  # warm, and the index is in memory
    print("| random seed | avoid | notes | in runs of 12 and more | longest run | refusals |")
    print("|--:|---|--:|--:|--:|--:|")
    for random_seed in range(args.random_seeds):
        for name, avoid in (("nothing", None), ("the index", index)):
            piece = engine.generate(EXAMPLE, args.seconds, random_seed=random_seed, avoid=avoid)
            share, longest = in_runs(piece.notes, index)
            if avoid is not None:
                assert share == 0, "a guard that lets runs through is not worth timing"
            print(
                f"| {random_seed} | {name} | {len(piece.notes):,} | {share:.1%} | {longest} | {piece.refusals} |",
                flush=True,
            )
    pairs = [(microseconds(engine, None, seed), microseconds(engine, index, seed)) for seed in range(8)]
    free, avoiding = np.median(pairs, axis=0)
    print(f"\nA step takes {free:.1f} us, and {avoiding:.1f} us with the index (medians of 8).")
    if args.data:
        real = [longplay.read_midi(file.data) for file in training_files([args.data], "test")]
        found = np.array([(len(notes), in_runs(notes, index)[0]) for notes in real if len(notes)])
        shares = np.quantile(found[:, 1], [0.25, 0.5, 0.75])
        all_notes = np.average(found[:, 1], weights=found[:, 0])
        print(f"\nOf {len(found)} works of the test split, {all_notes:.1%} of all notes; ")
        print("quartiles of the works: " + ", ".join(f"{share:.1%}" for share in shares))


if __name__ == "__main__":
    main()
