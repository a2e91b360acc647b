"""Measure accompaniments and filled gaps on held-out pieces: `python -m training.evaluation.composing --data FOLDER`.

The melody of a piece is its top voice. The script accompanies it, and compares the result with the real notes. Then it
removes a few seconds from the middle, fills the gap, and asks another model how likely the notes behind the gap are.
It prints tables in Markdown; intervals are 95 % of the mean over pieces.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import longplay
from longplay.midi import NOTE, Notes
from longplay.settings import SketchOptions
from training.corpus import Corpus

CONSONANT = (3, 4, 5, 7, 8, 9)  # thirds, fourth, fifth, sixths, in semitones within an octave
TOP_MS = 150  # a note of the melody is the highest within this time
BEHIND = 24  # notes behind a gap that the judge scores
GAP_SECONDS = 4.0
MEASURES = ("accompaniments", "gaps")


def is_melody(notes: Notes) -> NDArray[np.bool_]:
    """Return which notes are the top voice: none within `TOP_MS` is higher."""
    onsets, pitches = notes["onset_ms"].astype(int), notes["pitch"].astype(int)
    first = np.searchsorted(onsets, onsets - TOP_MS)
    last = np.searchsorted(onsets, onsets + TOP_MS, side="right")
    return np.array([pitches[i] == pitches[a:b].max() for i, (a, b) in enumerate(zip(first, last, strict=True))], bool)


def intervals(melody: Notes, others: Notes) -> NDArray[np.int64]:
    """Return by how many semitones the melody is higher, for all pairs of its notes and others that sound together."""

    def spans(notes: Notes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return notes["onset_ms"].astype(int), (notes["onset_ms"] + notes["duration_ms"]).astype(int)

    (begin, end), (from_, until) = spans(melody), spans(others)
    together = (begin[:, None] < until) & (from_ < end[:, None])
    found: NDArray[np.int64] = (melody["pitch"].astype(int)[:, None] - others["pitch"].astype(int))[together]
    return found


def consonance(found: NDArray[np.int64]) -> float:
    """Return the share of consonant intervals among those that are no octaves."""
    within = found[found % 12 != 0] % 12
    return float(np.isin(within, CONSONANT).mean()) if len(within) else float("nan")


def excerpt(notes: Notes, begin_ms: int, seconds: float) -> Notes:
    """Return the notes that start in a span, with their times in the span."""
    inside = notes[(notes["onset_ms"] >= begin_ms) & (notes["onset_ms"] < begin_ms + 1000 * seconds)].copy()
    inside["onset_ms"] -= begin_ms
    return inside


def without(notes: Notes, given: Notes) -> Notes:
    """Return the notes that are not among the given ones."""
    return notes[~np.isin(notes, given)]


def held_out(corpus: Corpus, count: int, seconds: float, random_seed: int) -> list[Notes]:
    """Return excerpts from the middle of up to `count` pieces with at least 3 notes a second, one of each work."""
    found: dict[str, Notes] = {}
    for index in np.random.default_rng(random_seed).permutation(len(corpus.pieces)):
        piece = corpus.pieces[index]
        notes = corpus.notes(index).astype(NOTE)
        if len(found) == count:
            break
        length = int(notes["onset_ms"].max(initial=0))
        if piece["work"] in found or length < 2000 * seconds:
            continue
        part = longplay.resolve_overlaps(excerpt(notes, (length - int(1000 * seconds)) // 2, seconds))
        if len(part) >= 3 * seconds:
            part["onset_ms"] -= part["onset_ms"][0]
            found[piece["work"]] = part
    return list(found.values())


def accompaniments(
    engine: longplay.Engine, parts: Sequence[Notes], particles: Sequence[int], density: float
) -> dict[str, NDArray[np.float64]]:
    """Return consonance, octaves, share above the melody and density ratio of each part, by kind of accompaniment."""
    melodies = [part[is_melody(part)] for part in parts]
    reals = [without(part, melody) for part, melody in zip(parts, melodies, strict=True)]
    made = {"real": reals, "mismatched": [*reals[1:], reals[0]]}
    for count in particles:
        pieces = [engine.accompany(melody, count, density=density, random_seed=i) for i, melody in enumerate(melodies)]
        for piece, melody in zip(pieces, melodies, strict=True):
            assert np.isin(melody, piece.notes).all(), "the melody must stay as it is"
        made[f"N = {count}"] = [without(piece.notes, m) for piece, m in zip(pieces, melodies, strict=True)]

    def row(melody: Notes, others: Notes, real: Notes) -> list[float]:
        found = intervals(melody, others)
        return [
            consonance(found),
            float((found % 12 == 0).mean()),
            float((found < 0).mean()),
            len(others) / len(real),
        ]

    return {
        name: np.array([row(*one) for one in zip(melodies, others, reals, strict=True)])
        for name, others in made.items()
    }


def gaps(
    engine: longplay.Engine, judge: longplay.Engine, parts: Sequence[Notes], particles: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Return the judge's nats a note behind the gap, and the notes in the gap relative to the real ones."""
    rows: dict[str, list[list[float]]] = {}
    for number, part in enumerate(parts):
        seconds = int((part["onset_ms"] + part["duration_ms"]).max()) / 1000 + 1
        start = round(int(part["onset_ms"].max()) / 2000, 3)
        end = start + GAP_SECONDS
        behind = part[part["onset_ms"] >= 1000 * end][:BEHIND]
        middle = part[(part["onset_ms"] >= 1000 * start) & (part["onset_ms"] < 1000 * end)]
        fills = {"real": middle}
        for count in particles:
            piece = engine.infill(part, start, end, count, random_seed=number)
            outside = without(part, middle)
            assert np.isin(outside, piece.notes).all(), "the notes outside the gap must stay as they are"
            fills[f"N = {count}"] = without(piece.notes, outside)
        before = part[part["onset_ms"] < 1000 * start]
        for name, fill in fills.items():
            whole = longplay.resolve_overlaps(np.concatenate([before, fill, behind]))
            nats = -judge.score(whole).log_probabilities[-len(behind) :].sum(axis=1).mean()
            rows.setdefault(name, []).append([float(nats), len(fill) / max(1, len(middle))])
        assert seconds > end, "the gap must lie in the part"
    return {name: np.array(values) for name, values in rows.items()}


def show(title: str, columns: Sequence[str], rows: dict[str, NDArray[np.float64]]) -> None:
    """Print the mean of each column with its interval; of the last, a ratio, the median."""
    print(f"\n| {title} | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 1) + "|")
    for name, values in rows.items():
        cells = [
            f"{np.nanmean(column):.3f} +- {1.96 * np.nanstd(column) / np.sqrt(len(column)):.3f}"
            for column in values.T[:-1]
        ]
        print(f"| {name} | " + " | ".join([*cells, f"{np.median(values[:, -1]):.2f}"]) + " |")


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--measure", nargs="+", choices=MEASURES, default=MEASURES)
    parser.add_argument("--data", type=Path, required=True, help="folder that training.prepare wrote")
    parser.add_argument("--split", default="test")
    parser.add_argument("--pieces", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--particles", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--density", type=float, default=SketchOptions.density)
    parser.add_argument("--model", default="piano-lstm")
    parser.add_argument("--judge", default="piano-small")
    parser.add_argument("--random-seed", type=int, default=0)
    args = parser.parse_args(argv)

    parts = held_out(Corpus(args.data, args.split), args.pieces, args.seconds, args.random_seed)
    engine = longplay.Engine(args.model)
    if "accompaniments" in args.measure:
        rows = accompaniments(engine, parts, args.particles, args.density)
        show("accompaniment", ["consonance", "octaves", "above the melody", "notes, of the real ones"], rows)
    if "gaps" in args.measure:
        rows = gaps(engine, longplay.Engine(args.judge), parts, args.particles)
        show("gap", ["nats a note behind", "notes, of the real ones"], rows)
        nats = {name: values[:, 0].mean() for name, values in rows.items()}
        base = nats[f"N = {args.particles[0]}"]
        for name in list(nats)[2:]:
            print(
                f"{name} closes {(base - nats[name]) / (base - nats['real']):.0%} of the difference to the real notes"
            )


if __name__ == "__main__":
    main()
