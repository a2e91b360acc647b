"""Read Bach's four-part chorales from music21's corpus, and write them to one file that recipes read.

The music is in the public domain. music21 distributes the encodings with the permission of their makers; the files
state no licence. So neither the files nor models trained on them are shipped. music21 is needed to write the file,
not to read it.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.options import parse_config

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
STEPS = 4
"""Frames of a quarter note: the grid is that of sixteenths, as in DeepBach."""
REST = 0
SPLITS = ("test", "val", *["train"] * 8)


@dataclass(frozen=True)
class Chorale:
    """A chorale on a grid of sixteenths.

    Attributes
    ----------
    name, split : str
        The file's name; ``train``, ``val`` or ``test``.
    pitches : int64 array, shape (frames, 4)
        MIDI pitches of soprano, alto, tenor and bass; `REST` for silence.
    strikes : bool array, shape (frames, 4)
        Whether a note starts in the frame.
    semitones : int
        The interval to C major or A minor.
    """

    name: str
    split: str
    pitches: NDArray[np.int64]
    strikes: NDArray[np.bool_]
    semitones: int


@dataclass(frozen=True)
class ChoralesConfig:
    """The options of the command."""

    out: Path = field(metadata={"help": "file to write, .npz"})
    most: int = field(default=0, metadata={"help": "number of files to read; 0 for all"})


def load_chorales(path: Path, split: str) -> list[Chorale]:
    """Read the chorales of a split from a file that the command wrote."""
    with np.load(path, allow_pickle=False) as saved:
        arrays = {name: saved[name] for name in saved.files}
    bounds = np.concatenate([[0], np.cumsum(arrays["frames"])])
    chorales = []
    for i, (name, of) in enumerate(zip(arrays["names"].tolist(), arrays["splits"].tolist(), strict=True)):
        part = slice(bounds[i], bounds[i + 1])
        if of == split:
            shift = int(arrays["semitones"][i])
            chorales.append(Chorale(name, of, arrays["pitches"][part], arrays["strikes"][part], shift))
    if not chorales:
        raise ValueError(f"{path} must hold chorales of the split {split!r}")
    return chorales


def save_chorales(path: Path, chorales: Sequence[Chorale]) -> None:
    """Write chorales to a file."""
    np.savez_compressed(
        path,
        names=[one.name for one in chorales],
        splits=[one.split for one in chorales],
        frames=[len(one.pitches) for one in chorales],
        semitones=[one.semitones for one in chorales],
        pitches=np.concatenate([one.pitches for one in chorales]),
        strikes=np.concatenate([one.strikes for one in chorales]),
    )


def read_chorale(path: Path, split: str) -> Chorale | None:
    """Read a MusicXML file; None unless it has the four voices alone, on the grid."""
    from music21 import converter

    from training.dataset.keys import estimate_key

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = converter.parse(path, forceSource=True)
    if tuple(part.partName for part in score.parts) != VOICES:
        return None
    frames = round(float(score.duration.quarterLength) * STEPS)
    pitches = np.zeros((frames, len(VOICES)), np.int64)
    strikes = np.zeros((frames, len(VOICES)), np.bool_)
    for voice, part in enumerate(score.parts):
        for note in part.stripTies().flatten().notes:
            begin, length = float(note.offset) * STEPS, float(note.duration.quarterLength) * STEPS
            if length == 0:  # a grace note
                continue
            if not begin.is_integer() or not length.is_integer():
                return None
            pitches[int(begin) : int(begin + length), voice] = note.pitches[-1].midi
            strikes[int(begin), voice] = True
    return Chorale(path.stem, split, pitches, strikes, estimate_key(pitches[strikes]).semitones)


def main(argv: Sequence[str] | None = None) -> None:
    """Read music21's files, and write those that fit."""
    config = parse_config(ChoralesConfig, argv, __doc__ or "")
    try:
        from music21 import corpus
    except ModuleNotFoundError:
        raise SystemExit("music21 is missing. To fix this, run: pip install 'longplay[recipes]'") from None
    files = sorted((Path(corpus.__file__).parent / "bach").glob("bwv*.mxl"))[: config.most or None]
    read = [read_chorale(path, SPLITS[number % len(SPLITS)]) for number, path in enumerate(files)]
    chorales = [one for one in read if one is not None]
    config.out.parent.mkdir(parents=True, exist_ok=True)
    save_chorales(config.out, chorales)
    print(f"{len(chorales)} of {len(files)} chorales")


if __name__ == "__main__":
    main()
