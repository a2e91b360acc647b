"""Measure whether an hour stays like real music: `python -m benchmarks.steadiness [--seed FILE ...] [--model MODEL]`.

The script makes an hour for each random seed and compares every five minutes with the bands of the training set
(training/bands.json). It prints a table in Markdown.
"""

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

import longplay
from training.bands import BANDS
from training.evaluation.windows import FEATURES, features, longest_silence_ms, loops, windows

EXAMPLE = Path(__file__).parents[1] / "examples" / "traumerei.mid"


def silences(piece: longplay.Piece, end_id: int) -> int:
    """Return the longest silence within a piece of the recital, in ms."""
    ends = np.flatnonzero(piece.events[:, 0] == end_id)
    notes_before = ends - np.arange(len(ends))  # ENDs are events but no notes
    pieces = np.split(piece.notes, np.minimum(notes_before, len(piece.notes)))
    return max(longest_silence_ms(part) for part in pieces if len(part) > 1)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=Path, nargs="+", default=[EXAMPLE])
    parser.add_argument("--random-seeds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--model", default="piano-lstm")
    args = parser.parse_args(argv)

    bands = np.array(list(json.loads(BANDS.read_text())["bands"].values()))
    engine = longplay.Engine(args.model)
    end_id = cast(int, engine.tokenizer.end_id)  # of a model of notes
    columns = ["seed", "random seed", *(name.replace("_", " ") for name in FEATURES), "windows outside"]
    columns += ["pieces", "loops", "longest silence"]
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    print("| band | | " + " | ".join(f"{low:g} to {high:g}" for low, high in bands) + " | | | | |")
    for seed, random_seed in itertools.product(args.seed, range(args.random_seeds)):
        piece = engine.generate(seed, args.seconds, random_seed=random_seed)
        rows = np.array([features(*window) for window in windows(piece.notes, args.seconds * 1000)])
        outside = ((rows < bands[:, 0]) | (rows > bands[:, 1])).any(axis=1).sum()
        ranges = " | ".join(f"{low:.2f} to {high:.2f}" for low, high in zip(rows.min(0), rows.max(0), strict=True))
        pieces = 1 + int((piece.events[:-1, 0] == end_id).sum())
        silence = silences(piece, end_id) / 1000
        print(
            f"| {seed.stem} | {random_seed} | {ranges} | {outside} of {len(rows)} | {pieces} "
            f"| {loops(piece.notes['pitch'].astype(int))} | {silence:.1f} s |"
        )


if __name__ == "__main__":
    main()
