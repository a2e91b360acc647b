"""deepjazz: a network that learns one file by heart, and the originality check that finds it out.

deepjazz [1]_ trains two layers of LSTM for many epochs on a single MIDI file. What such a network plays is that file,
cut and pasted. The recipe trains one, lets the engine play, and compares the piece with the file (docs/originality.md).

A token is what starts at one time: its pitches, and the sixteenths until the next token, at 120 beats a minute.

References
----------
.. [1] Kim, "deepjazz", https://github.com/jisungk/deepjazz, 2016.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

import longplay
from longplay.originality import Index, compare, training_files
from training.options import parse_config
from training.recipes.language import START, TokenLstm, fit, nats, play, write_lstm, write_report

SIXTEENTH_MS = 125
LONGEST = 16
"""Sixteenths of the longest token."""
MOST_PITCHES = 16
Slice: TypeAlias = tuple[tuple[int, ...], int]


@dataclass(frozen=True)
class JazzConfig:
    """The options of the command."""

    midi: Path = field(metadata={"help": "the one file to learn"})
    out: Path = field(metadata={"help": "folder to write"})
    width: int = field(default=128, metadata={"help": "of both layers"})
    steps: int = field(default=300, metadata={"help": "steps of training"})
    seconds: float = field(default=120.0, metadata={"help": "length of the piece"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and piece"})


def slices(notes: NDArray[Any]) -> list[Slice]:
    """Return the tokens of a file: ascending pitches, and sixteenths until the next token, 1 to `LONGEST`."""
    steps = (notes["onset_ms"].astype(np.int64) + SIXTEENTH_MS // 2) // SIXTEENTH_MS
    starts = np.flatnonzero(np.diff(steps, prepend=-1))
    lengths = np.diff(np.append(steps[starts], steps[-1:] + LONGEST)).clip(1, LONGEST)
    groups = np.split(notes["pitch"], starts[1:])
    return [
        (tuple(np.unique(group).tolist()[-MOST_PITCHES:]), int(length))
        for group, length in zip(groups, lengths, strict=True)
    ]


def meaning(kinds: Sequence[Slice]) -> dict[str, Any]:
    """Return what tokens mean: 0 is the end, and the others are `kinds`; a type for each length."""
    lengths = sorted({length for _, length in kinds})
    names = [*(f"Slice{length}" for length in lengths), "End"]
    types: list[dict[str, Any]] = [
        {
            "name": f"Slice{length}",
            "do": [["pitch"], ["duration", length], ["emit"], ["advance", length]],
            "then": names,
        }
        for length in lengths
    ]
    return {
        "unit": {"per_beat": 4, "bpm": 120},
        "types": [*types, {"name": "End", "do": [["end"]], "then": names}],
        "first": names[:-1],
        "tokens": [["End"], *([f"Slice{length}", list(pitches)] for pitches, length in kinds)],
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Learn the file, let the engine play, and compare."""
    config = parse_config(JazzConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    found = slices(longplay.read_midi(config.midi))
    kinds = sorted(set(found))
    piece = np.array([*(1 + kinds.index(one) for one in found), START])
    model = TokenLstm(1 + len(kinds), config.width)
    fit(model, [piece], steps=config.steps, random_seed=config.random_seed, rows=8)
    difference = write_lstm(config.out / "model", model, meaning(kinds))
    played = play(
        config.out / "model", config.out / "sample.mid", seconds=config.seconds, random_seed=config.random_seed
    )
    report = compare(played.notes, Index.build([*training_files([config.midi])]), name="sample.mid")
    write_report(
        config.out,
        {
            "tokens": len(piece),
            "kinds": len(kinds),
            "nats_per_token": round(nats(model, [piece]), 4),
            "difference": difference,
            "notes": len(played.notes),
            "quotes": report.quotes,
            "share_quoted": round(report.share_quoted, 4),
            "verdict": report.verdict,
        },
    )


if __name__ == "__main__":
    main()
