"""Read the fiddle tunes of music21's corpus, and write them to one file that recipes read.

The tunes are those of "Ryan's Mammoth Collection" (1883), which are in the public domain. Volunteers typed them in ABC
notation. music21 distributes the files with their permission; the files state no licence. So neither the tunes nor
models trained on them are shipped. music21 is needed to write the file, not to read it.
"""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from training.options import parse_config

TICKS = 24
"""Ticks of a quarter note, so that triplets and dotted sixteenths are whole numbers."""
REST = -1
MODES = {"major": "maj", "minor": "min", "dorian": "dor", "mixolydian": "mix"}
SPLITS = ("test", "val", *["train"] * 8)


@dataclass(frozen=True)
class Bar:
    """A bar of a tune.

    Attributes
    ----------
    notes : list of (pitch, ticks)
        One after the other; a pitch of `REST` is a rest.
    begins, repeats : bool
        Whether a repeated part begins before the bar, or ends after it.
    """

    notes: list[tuple[int, int]]
    begins: bool = False
    repeats: bool = False


@dataclass(frozen=True)
class Tune:
    """A tune, transposed to C.

    Attributes
    ----------
    name, split : str
        The file's name; ``train``, ``val`` or ``test``.
    meter : (int, int)
        Such as (6, 8).
    mode : str
        A value of `MODES`.
    bars : list of Bar
    """

    name: str
    split: str
    meter: tuple[int, int]
    mode: str
    bars: list[Bar]

    @property
    def notes(self) -> list[tuple[int, int]]:
        """All notes and rests, without repeats."""
        return [note for bar in self.bars for note in bar.notes]


@dataclass(frozen=True)
class TunesConfig:
    """The options of the command."""

    out: Path = field(metadata={"help": "file to write"})
    most: int = field(default=0, metadata={"help": "number of tunes to read; 0 for all"})


def bar_ticks(meter: tuple[int, int]) -> int:
    """Return the length of a full bar."""
    return TICKS * 4 * meter[0] // meter[1]


def load_tunes(path: Path, split: str) -> list[Tune]:
    """Read the tunes of a split from a file that the command wrote."""
    tunes = []
    for one in json.loads(path.read_text(encoding="utf-8")):
        if one["split"] == split:
            bars = [Bar([(pitch, ticks) for pitch, ticks in bar.pop("notes")], **bar) for bar in one.pop("bars")]
            tunes.append(Tune(**{**one, "meter": tuple(one["meter"])}, bars=bars))
    if not tunes:
        raise ValueError(f"{path} must hold tunes of the split {split!r}")
    return tunes


def save_tunes(path: Path, tunes: Sequence[Tune]) -> None:
    """Write tunes to a file."""
    path.write_text(json.dumps([asdict(tune) for tune in tunes]), encoding="utf-8")


def read_tune(path: Path, split: str) -> Tune | None:
    """Read an ABC file; None if the file has no single tune in one of four modes on the grid of `TICKS`."""
    from music21 import converter, stream

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = converter.parse(path, format="abc", forceSource=True)
    flat = score.flatten()
    keys, meters = list(flat.getElementsByClass("KeySignature")), list(flat.getElementsByClass("TimeSignature"))
    if not isinstance(score, stream.Score) or len(keys) != 1 or len(meters) != 1:
        return None
    mode = getattr(keys[0], "mode", None)
    if mode not in MODES:
        return None
    shift = (6 - keys[0].tonic.pitchClass) % 12 - 6  # to C, at most six semitones
    bars = [_bar(measure, shift) for measure in score.parts[0].getElementsByClass("Measure")]
    whole = [bar for bar in bars if bar is not None and bar.notes]
    if len(whole) < len(bars) or len(whole) < 4:
        return None
    meter = (meters[0].numerator, meters[0].denominator)
    return Tune(path.stem, split, meter, MODES[mode], whole)


def _bar(measure: Any, shift: int) -> Bar | None:
    """Read a measure; None if a length is not on the grid."""
    notes = []
    for one in measure.flatten().notesAndRests:
        ticks = Fraction(one.duration.quarterLength).limit_denominator(96) * TICKS
        if ticks.denominator != 1:
            return None
        if ticks > 0:  # a grace note has no length
            notes.append((REST if one.isRest else one.pitches[-1].midi + shift, int(ticks)))
    marks = [getattr(side, "direction", "") for side in (measure.leftBarline, measure.rightBarline)]
    return Bar(notes, marks[0] == "start", marks[1] == "end")


def main(argv: Sequence[str] | None = None) -> None:
    """Read music21's files, and write those that fit."""
    config = parse_config(TunesConfig, argv, __doc__ or "")
    try:
        from music21 import corpus
    except ModuleNotFoundError:
        raise SystemExit("music21 is missing. To fix this, run: pip install 'longplay[recipes]'") from None
    files = sorted((Path(corpus.__file__).parent / "ryansMammoth").glob("*.abc"))
    files = files[: config.most or None]
    read = []
    for number, path in enumerate(files):
        try:
            read.append(read_tune(path, SPLITS[number % len(SPLITS)]))
        except Exception as problem:  # music21 raises errors of many kinds for odd files
            print(f"skipped {path.name}: {problem}")
    tunes = [tune for tune in read if tune is not None]
    config.out.parent.mkdir(parents=True, exist_ok=True)
    save_tunes(config.out, tunes)
    print(f"{len(tunes)} of {len(files)} tunes")


if __name__ == "__main__":
    main()
