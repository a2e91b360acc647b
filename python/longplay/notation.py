"""Scores in MusicXML, written by music21 from estimated beats. They need the extra ``notation``."""

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay._base.cancel import Cancel, require_cancel, watching
from longplay._base.extras import missing_extra
from longplay._base.key import Key
from longplay._base.require import require_instance
from longplay.beats import estimate_beats
from longplay.daw import fifths_of, is_right
from longplay.midi import Notes, on_one_piano

GRID = 4
"""Steps of a beat: notes begin and end at sixteenths."""

SHORT_REST = 2
"""Rests that are shorter than this number of steps become part of the note before."""

BEATS_OF_A_BAR = 4

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_LINE_OF_FIFTHS = "FCGDAEB"
_LOWEST_FIFTH = {False: -4, True: -3}
"""Lowest of the twelve fifths that spell the pitches of a major and a minor key, from the one of its signature."""


@dataclass(frozen=True)
class Chord:
    """Notes that one hand strikes together; times are steps of the grid."""

    begin: int
    end: int
    pitches: tuple[int, ...]


def musicxml(
    notes: Notes, duration: float, *, key: Key | None = None, title: str = "longplay", cancel: Cancel | None = None
) -> bytes:
    """Return notes as a piano score in MusicXML.

    Each hand is one voice: a note ends where the next one of its hand begins. Times are rounded to sixteenths of the
    estimated beats.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        Of dtype `NOTE` or `PROGRAM_NOTE`; programs are those of one piano then, and drums are left out.
    duration : float
        Length in seconds.
    key : Key, optional
        By default the key with which the pitches correlate most [1]_.
    title : str
        U+FFFD replaces what XML cannot hold: control characters, and bytes of names that are not UTF-8.
    cancel : threading.Event, optional
        As for `Engine.generate`. music21 takes three times as long under its watch.

    Raises
    ------
    longplay.Error
        music21 is not installed.
    TypeError
        `title` is not text.
    Cancelled
        `cancel` is set.

    References
    ----------
    .. [1] Krumhansl, "Cognitive Foundations of Musical Pitch", Oxford University Press, 1990.
    """
    require_cancel(cancel)
    shown = _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", require_instance("title", title, str))
    try:
        import_module("music21")
    except ModuleNotFoundError:
        raise missing_extra("music21", "notation") from None
    with watching(cancel):
        return _written(on_one_piano(notes), duration, key, shown)


def _written(piano: Notes, duration: float, key: Key | None, title: str) -> bytes:
    music21: Any = import_module("music21")
    beats = estimate_beats(piano, duration)
    right = is_right(piano) if len(piano) else np.zeros(0, bool)
    staves = [hand_chords(piano[right], beats), hand_chords(piano[~right], beats)]
    chosen = key or _estimated_key(piano)
    length = -(-int(_steps(np.array([duration * 1000]), beats)[0]) // (GRID * BEATS_OF_A_BAR)) * BEATS_OF_A_BAR
    score = music21.stream.Score()
    score.metadata = music21.metadata.Metadata(movementName=title, composer="longplay")
    tempo = round(60_000 / float(np.median(np.diff(beats))))
    parts = [_staff(staff, chosen, length, tempo if at == 0 else None, at == 1) for at, staff in enumerate(staves)]
    for part in parts:
        score.insert(0, part)
    score.insert(0, music21.layout.StaffGroup(parts, symbol="brace"))
    return bytes(music21.musicxml.m21ToXml.GeneralObjectExporter(score).parse())


def hand_chords(notes: Notes, beats: NDArray[np.int64]) -> list[Chord]:
    """Return the notes of one hand as one voice of chords, rounded to the grid."""
    begins = _steps(notes["onset_ms"], beats)
    ends = np.maximum(_steps(notes["onset_ms"] + notes["duration_ms"], beats), begins + 1)
    starts = np.unique(begins)
    chords = []
    for index, begin in enumerate(starts.tolist()):
        together = begins == begin
        end = int(ends[together].max())
        if index + 1 < len(starts):
            following = int(starts[index + 1])
            end = following if end > following - SHORT_REST else end
        chords.append(Chord(begin, end, tuple(sorted(set(notes["pitch"][together].tolist())))))
    return chords


def spelled(pitch: int, key: Key) -> tuple[str, int]:
    """Return the name and the octave of a MIDI pitch in a key, as music21 reads them: "B-" is B flat."""
    lowest = fifths_of(key) + _LOWEST_FIFTH[key.minor]
    fifth = next(fifth for fifth in range(lowest, lowest + 12) if (7 * fifth - pitch) % 12 == 0)
    letter, sharps = _LINE_OF_FIFTHS[(fifth + 1) % 7], (fifth + 1) // 7
    return f"{letter}{'#' * sharps}{'-' * -sharps}", (pitch - sharps) // 12 - 1


def _steps(times_ms: NDArray[Any], beats: NDArray[np.int64]) -> NDArray[np.int64]:
    steps: NDArray[np.int64] = np.interp(times_ms, beats, GRID * np.arange(len(beats))).round().astype(np.int64)
    return steps


def _estimated_key(notes: Notes) -> Key:
    """Return the key whose profile correlates most with the pitch classes, weighted by durations."""
    major = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
    minor = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
    weights = np.bincount(notes["pitch"] % 12, weights=notes["duration_ms"], minlength=12)
    if not np.ptp(weights):
        return Key(0, minor=False)
    fits = {
        Key(tonic, is_minor): float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1])
        for is_minor, profile in ((False, major), (True, minor))
        for tonic in range(12)
    }
    return max(fits, key=lambda one: fits[one])


def _staff(chords: list[Chord], key: Key, length: int, tempo: int | None, is_left: bool) -> Any:
    """Return a staff of so many beats as a ``PartStaff`` of music21, which makes bars, ties and beams."""
    music21: Any = import_module("music21")
    part = music21.stream.PartStaff()
    part.partName = "Piano"
    part.insert(0, music21.clef.BassClef() if is_left else music21.clef.TrebleClef())
    part.insert(0, music21.key.KeySignature(fifths_of(key)))
    part.insert(0, music21.meter.TimeSignature(f"{BEATS_OF_A_BAR}/4"))
    if tempo is not None:
        part.insert(0, music21.tempo.MetronomeMark(number=tempo))
    now = 0
    for chord in [*chords, Chord(GRID * length, GRID * length, ())]:
        if chord.begin > now:
            part.insert(now / GRID, music21.note.Rest(quarterLength=(chord.begin - now) / GRID))
        if chord.pitches:
            names = [spelled(pitch, key) for pitch in chord.pitches]
            pitches = [music21.pitch.Pitch(name, octave=octave) for name, octave in names]
            quarters = (min(chord.end, GRID * length) - chord.begin) / GRID
            kind = music21.note.Note if len(pitches) == 1 else music21.chord.Chord
            part.insert(chord.begin / GRID, kind(pitches[0] if len(pitches) == 1 else pitches, quarterLength=quarters))
        now = max(now, chord.end)
    return part
