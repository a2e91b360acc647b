"""Any MIDI file made into a submission that the challenge's grader takes, and that voters hear music of."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay.challenge.findings import LOUDEST
from longplay.challenge.grader import CLIPS, TARGET
from longplay.engine import Engine, Progress
from longplay.midi import MidiSource, Notes, midi_bytes, resolve_overlaps, write_midi

_HOUR_MS = round(TARGET * 1000)
_CLIP_MS = _HOUR_MS // CLIPS
_LONGEST_GAP_MS = 3000  # from one onset to the next, as in what the engine makes
_GRACE_MS = 500  # a clip's music begins by then
_AIM_MS = 150  # where an onset is moved to behind a boundary: all of a spread chord comes after the latest cut
_LAST_ONSET_MS = 500  # before the end
_SILENT_END_MS = 10


@dataclass(frozen=True)
class Packed:
    """A safe submission.

    Attributes
    ----------
    notes : structured array, shape (notes,)
        Of an hour, sorted by onset, then pitch.
    changes : tuple of str
        What was done to the file, a sentence each.
    warnings : tuple of str
        What was odd about it.
    """

    notes: Notes = field(repr=False)
    changes: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """The hour as a MIDI file."""
        return write_midi(self.notes, TARGET)


def pack(
    source: MidiSource,
    engine: Engine | None = None,
    *,
    random_seed: int = 0,
    progress: Progress | None = None,
) -> Packed:
    """Make a MIDI file a safe submission to the challenge.

    Tracks are merged, tempo and pedal baked into the notes, drums left out, velocities scaled to at most 100; music
    begins at once. Where a multiple of 30 s is not followed by an onset within half a second, times of more than 3 s
    between two onsets are shortened, and then the tempo of the 30 s before is bent, by about 5 % at most. What goes
    past an hour is left out; the model continues a shorter piece. Music that needs none of this is left as it is.

    Parameters
    ----------
    source : path or bytes
        Any file that `read_midi` reads, of any length.
    engine : Engine, optional
        Continues a piece that is too short; by default one with the built-in model.
    random_seed : int
        Of the continuation, in [0, 2**64).
    progress : callable, optional
        As for `Engine.generate`.

    Returns
    -------
    Packed

    Raises
    ------
    MidiError
        The file cannot be read.
    OSError
        The file cannot be opened.
    ModelError, DeviceError
        A model is needed and cannot be used.
    """
    notes, warnings = _core.read_score(midi_bytes(source))
    changes: list[str] = []
    for mend in (_begin_at_once, _quieten, _align, _trim):
        notes = mend(notes, changes)
    if len(notes) == 0 or notes["onset_ms"][-1] < _HOUR_MS - _LONGEST_GAP_MS:
        notes = _go_on(notes, engine or Engine(), random_seed, progress, changes)
    return Packed(notes, tuple(changes), tuple(warnings))


def _begin_at_once(notes: Notes, changes: list[str]) -> Notes:
    if len(notes) == 0 or notes["onset_ms"][0] == 0:
        return notes
    changes.append(f"{notes['onset_ms'][0] / 1000:.3f} s of silence before the first note were left out")
    moved = notes.copy()
    moved["onset_ms"] -= notes["onset_ms"][0]
    return moved


def _quieten(notes: Notes, changes: list[str]) -> Notes:
    loudest = int(notes["velocity"].max(initial=0))
    if loudest <= LOUDEST:
        return notes
    changes.append(f"velocities were scaled by {LOUDEST} / {loudest}")
    quieter = notes.copy()
    quieter["velocity"] = np.maximum(1, notes["velocity"].astype(np.int64) * LOUDEST // loudest)
    return quieter


def _align(notes: Notes, changes: list[str]) -> Notes:
    """Let an onset come soon after each boundary between clips."""
    if _soon_after_each_boundary(np.unique(notes["onset_ms"])):
        return notes
    return _bend(_shorten_rests(notes, changes), changes)


def _soon_after_each_boundary(onsets: NDArray[np.int64]) -> bool:
    # A grader cuts boundary k up to k ms late (docs/midi.md).
    clips = np.arange(1, CLIPS)
    clips = clips[clips * (_CLIP_MS + 1) <= onsets.max(initial=0)]
    first = onsets[np.searchsorted(onsets, clips * (_CLIP_MS + 1))]
    return bool((first <= clips * _CLIP_MS + _GRACE_MS).all())


def _shorten_rests(notes: Notes, changes: list[str]) -> Notes:
    """Let no time between two onsets be longer than `_LONGEST_GAP_MS`: what is left out of it is its end."""
    onsets = np.unique(notes["onset_ms"])
    gaps = np.diff(onsets)
    long = np.flatnonzero(gaps > _LONGEST_GAP_MS)
    if len(long) == 0:
        return notes
    lost = gaps[long] - _LONGEST_GAP_MS
    changes.append(
        f"{len(long)} gaps between onsets were shortened to {_LONGEST_GAP_MS / 1000:.0f} s, "
        f"by {lost.sum() / 1000:.3f} s in all"
    )
    places = onsets - np.concatenate([[0], np.cumsum((gaps - _LONGEST_GAP_MS).clip(0))])
    sources = np.insert(onsets, long + 1, onsets[long] + _LONGEST_GAP_MS)
    return _move(notes, sources, np.insert(places, long + 1, places[long] + _LONGEST_GAP_MS))


def _bend(notes: Notes, changes: list[str]) -> Notes:
    """Bend the tempo of each clip behind which no onset comes soon, so that the nearest one does."""
    onsets = np.unique(notes["onset_ms"])
    sources, places = [0], [0]  # an onset of each clip, and where it goes
    bent = 0
    for clip in range(1, CLIPS):
        boundary = clip * _CLIP_MS
        straight = onsets - sources[-1] + places[-1]  # where onsets come if the tempo is not bent again
        if straight[-1] < boundary + clip:
            break  # the music is over
        chosen = int(np.searchsorted(straight, boundary + clip))
        place = int(straight[chosen])
        if place > boundary + _GRACE_MS:
            place = boundary + _AIM_MS
            chosen = int(np.abs(straight - place).argmin())
            bent += 1
        sources.append(int(onsets[chosen]))
        places.append(place)
    if bent > 0:
        changes.append(f"the tempo of {bent} clips was bent so that an onset begins the next one")
    return _move(notes, np.array(sources), np.array(places))


def _move(notes: Notes, sources: NDArray[np.int64], places: NDArray[np.int64]) -> Notes:
    """Move times from `sources` to `places`, those between them in proportion, those after them with the last."""
    ends = notes["onset_ms"] + notes["duration_ms"]
    far = max(int(ends.max()), int(sources[-1])) + 1
    sources, places = np.append(sources, far), np.append(places, places[-1] + far - sources[-1])
    moved = notes.copy()
    moved["onset_ms"] = np.rint(np.interp(notes["onset_ms"], sources, places))
    moved["duration_ms"] = np.maximum(1, np.rint(np.interp(ends, sources, places)) - moved["onset_ms"])
    return resolve_overlaps(moved)


def _trim(notes: Notes, changes: list[str]) -> Notes:
    """Leave out what starts at the end of the hour or later; what sounds there ends before it."""
    inside = notes["onset_ms"] <= _HOUR_MS - _LAST_ONSET_MS
    longest = _HOUR_MS - _SILENT_END_MS - notes["onset_ms"]
    if (inside & (notes["duration_ms"] <= longest)).all():
        return notes
    changes.append(f"{(~inside).sum()} notes past the hour were left out")
    kept = notes.copy()
    kept["duration_ms"] = np.minimum(notes["duration_ms"], longest)
    return kept[inside]


def _go_on(notes: Notes, engine: Engine, random_seed: int, progress: Progress | None, changes: list[str]) -> Notes:
    """The hour that the model makes of notes that end too early."""
    if len(notes) == 0:
        changes.append("there were no notes that a piano plays: the model made the hour")
        return engine.generate(None, TARGET, random_seed=random_seed, progress=progress).notes
    changes.append(f"the model went on from {notes['onset_ms'][-1] / 1000:.3f} s")
    seed = write_midi(notes, TARGET)
    return engine.generate(seed, TARGET, include_seed=True, random_seed=random_seed, progress=progress).notes
