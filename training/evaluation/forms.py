"""Measure whether sections return as planned: `python -m training.evaluation.forms --data FOLDER`.

The script composes a piece in a form for each of some held-out seeds, and compares all pairs of its sections. Pairs of
one letter are planned returns. It prints a table in Markdown; intervals are 95 % of the mean over pieces.
"""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import longplay
from longplay.midi import Notes
from longplay.sections import parse_form
from longplay.settings import SketchOptions
from training.corpus import Corpus
from training.evaluation.composing import held_out

GRID_MS = 50
FRAME_MS = 1000


def jaccard(one: Notes, other: Notes) -> float:
    """Return the share of pairs of onset and pitch that two sections have in common, of all that they have."""
    first, second = (set(zip(notes["onset_ms"] // GRID_MS, notes["pitch"], strict=True)) for notes in (one, other))
    return len(first & second) / max(1, len(first | second))


def chroma(notes: Notes, seconds: float) -> NDArray[np.float64]:
    """Return how often each pitch class starts in each frame of a section, shape (frames * 12,), without its mean."""
    frames = int(np.ceil(1000 * seconds / FRAME_MS))
    counts = np.zeros((frames, 12))
    np.add.at(counts, (np.minimum(notes["onset_ms"] // FRAME_MS, frames - 1), notes["pitch"] % 12), 1.0)
    centred: NDArray[np.float64] = (counts - counts.mean(axis=0)).ravel()
    return centred


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the correlation of two sections' pitch classes over time."""
    length = min(len(one), len(other))
    norm = np.linalg.norm(one[:length]) * np.linalg.norm(other[:length])
    return float(one[:length] @ other[:length] / norm) if norm else 0.0


def area(planned: Sequence[float], others: Sequence[float]) -> float:
    """Return the probability that a planned return is more alike than another pair: the area under the ROC curve."""
    first, second = np.array(planned)[:, None], np.array(others)
    return float((first > second).mean() + (first == second).mean() / 2)


def measure(piece: longplay.Piece, form: str) -> dict[str, float]:
    """Return the measures of one piece."""
    sections = parse_form(form)
    notes = [piece[one.begin : one.end] for one in sections]
    vectors = [chroma(part, one.end - one.begin) for part, one in zip(notes, sections, strict=True)]
    pairs = list(combinations(range(len(sections)), 2))
    planned = [sections[i].name == sections[j].name for i, j in pairs]
    shares = [jaccard(notes[i], notes[j]) for i, j in pairs]
    returns = [jaccard(notes[one.original], notes[i]) for i, one in enumerate(sections) if one.original is not None]
    matrix = [alike(vectors[i], vectors[j]) for i, j in pairs]

    def split(values: list[float]) -> tuple[list[float], list[float]]:
        return (
            [value for value, is_planned in zip(values, planned, strict=True) if is_planned],
            [value for value, is_planned in zip(values, planned, strict=True) if not is_planned],
        )

    sizes = [
        len(notes[i]) / max(1, len(notes[one.original])) for i, one in enumerate(sections) if one.original is not None
    ]
    return {
        "Jaccard of a return and its original, mean": float(np.mean(returns)),
        "smallest": min(returns),
        "largest": max(returns),
        "Jaccard of other sections, mean": float(np.mean(split(shares)[1])),
        "largest of others": max(split(shares)[1]),
        "area, by onset and pitch": area(*split(shares)),
        "area, by pitch classes over time": area(*split(matrix)),
        "notes of a return, of its original's": float(np.mean(sizes)),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder that training.prepare wrote")
    parser.add_argument("--split", default="test")
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--form", default="A16sB16sA16sC16sA16sB16s")
    parser.add_argument("--particles", type=int, default=16)
    parser.add_argument("--recall", type=float, default=SketchOptions.recall)
    parser.add_argument("--model")
    parser.add_argument("--random-seed", type=int, default=0)
    args = parser.parse_args(argv)

    seeds = held_out(Corpus(args.data, args.split), args.pieces, 20.0, args.random_seed)
    engine = longplay.Engine(args.model)
    rows = [
        measure(engine.compose(args.form, seed, args.particles, recall=args.recall, random_seed=number), args.form)
        for number, seed in enumerate(seeds)
    ]
    print(f"| {args.form}, {len(rows)} pieces | mean | lowest | highest |\n|---|---|---|---|")
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        interval = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
        print(
            f"| {name} | {values.mean():.3f} +- {interval:.3f} | {values.min():.3f} | {values.max():.3f} |", flush=True
        )


if __name__ == "__main__":
    main()
