"""Conversion of any MIDI file into a submission that the grader accepts and whose clips all have music."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay._base.cancel import Cancel, require_cancel
from longplay._base.challenge import HOUR_SECONDS, MAX_VELOCITY
from longplay._base.require import require_callable, require_instance, require_integer
from longplay.engine import Engine, Progress
from longplay.form import CLIP_GRACE_MS, CLIP_MS, CLIPS, MAX_GAP_MS
from longplay.midi import NOTE, MidiSource, Notes, on_one_piano, parse_midi, resolve_overlaps, write_midi

_HOUR_MS = 1000 * HOUR_SECONDS
_TARGET_ONSET_MS = 150  # of a moved onset, after a boundary: a whole arpeggio then follows the latest cut
_LAST_ONSET_MS = 500  # before the end of the hour
_SILENT_END_MS = 10
_MOST_CONTINUATIONS = 8


@dataclass(frozen=True)
class Packed:
    """A submission that `longplay.check` calls safe.

    Attributes
    ----------
    notes : structured array, shape (notes,)
        Notes of an hour, sorted by onset, then pitch.
    changes : tuple of str
        Changes to the file, one sentence each.
    warnings : tuple of str
        Warnings of the MIDI reader.
    """

    notes: Notes = field(repr=False)
    changes: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Return the hour as a MIDI file."""
        return write_midi(self.notes, HOUR_SECONDS)


def pack(
    source: MidiSource,
    engine: Engine | None = None,
    *,
    random_seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Packed:
    """Convert a MIDI file into a safe submission to the challenge.

    - Tracks are merged, tempo and pedal become onsets and durations, and drums are removed.
    - Velocities are scaled to at most 100, and silence before the first note is removed.
    - If no onset follows a multiple of 30 s within 0.5 s, gaps of more than 3 s are shortened. Then the tempo of the
      30 s before is changed, by about 5 % at most.
    - Notes past the hour are removed. The model continues a shorter piece. Its instruments become one piano, without
      drums.

    A file that needs no change is not changed.

    Parameters
    ----------
    source : MidiSource
        File of any length that `read_midi` reads.
    engine : Engine, optional
        Engine that continues a piece that is too short; by default one with the built-in model.
    random_seed : int
        Random seed of the continuation, in [0, 2**64).
    progress, cancel : optional
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
        The continuation needs a model that cannot be used.
    """
    if engine is not None:
        require_instance("engine", engine, Engine)
    require_integer("random_seed", random_seed, 0, 2**64 - 1)
    require_callable("progress", progress)
    require_cancel(cancel)
    notes, warnings = parse_midi(source, cancel=cancel)
    changes: list[str] = []
    for step in (_remove_initial_silence, _scale_velocities, _align, _trim):
        notes = step(notes, changes)
    settings = {"random_seed": random_seed, "progress": progress, "cancel": cancel}
    notes = _complete(notes, engine, settings, changes)
    return Packed(notes, tuple(changes), tuple(warnings))


def _remove_initial_silence(notes: Notes, changes: list[str]) -> Notes:
    if len(notes) == 0 or notes["onset_ms"][0] == 0:
        return notes
    changes.append(f"{notes['onset_ms'][0] / 1000:.3f} s of silence before the first note were removed")
    moved = notes.copy()
    moved["onset_ms"] -= notes["onset_ms"][0]
    return moved


def _scale_velocities(notes: Notes, changes: list[str]) -> Notes:
    loudest = int(notes["velocity"].max(initial=0))
    if loudest <= MAX_VELOCITY:
        return notes
    changes.append(f"velocities were scaled by {MAX_VELOCITY} / {loudest}")
    quieter = notes.copy()
    quieter["velocity"] = np.maximum(1, notes["velocity"].astype(np.int64) * MAX_VELOCITY // loudest)
    return quieter


def _align(notes: Notes, changes: list[str]) -> Notes:
    """Move notes so that an onset follows soon after each boundary between clips."""
    if _soon_after_each_boundary(np.unique(notes["onset_ms"])):
        return notes
    return _change_tempo(_shorten_rests(notes, changes), changes)


def _soon_after_each_boundary(onsets: NDArray[np.int64]) -> bool:
    # The grader cuts boundary k up to k ms late (docs/midi.md).
    clips = np.arange(1, CLIPS)
    clips = clips[clips * (CLIP_MS + 1) <= onsets.max(initial=0)]
    first = onsets[np.searchsorted(onsets, clips * (CLIP_MS + 1))]
    return bool((first <= clips * CLIP_MS + CLIP_GRACE_MS).all())


def _shorten_rests(notes: Notes, changes: list[str]) -> Notes:
    """Shorten each gap between onsets to `MAX_GAP_MS` by removing its end."""
    onsets = np.unique(notes["onset_ms"])
    gaps = np.diff(onsets)
    long = np.flatnonzero(gaps > MAX_GAP_MS)
    if len(long) == 0:
        return notes
    removed = gaps[long] - MAX_GAP_MS
    changes.append(
        f"{len(long)} gaps between onsets were shortened to {MAX_GAP_MS / 1000:.0f} s, "
        f"by {removed.sum() / 1000:.3f} s in all"
    )
    targets = onsets - np.concatenate([[0], np.cumsum((gaps - MAX_GAP_MS).clip(0))])
    sources = np.insert(onsets, long + 1, onsets[long] + MAX_GAP_MS)
    return _move(notes, sources, np.insert(targets, long + 1, targets[long] + MAX_GAP_MS))


def _change_tempo(notes: Notes, changes: list[str]) -> Notes:
    """Change the tempo of each clip that no onset follows soon, so that the nearest onset does."""
    onsets = np.unique(notes["onset_ms"])
    sources, targets = [0], [0]  # an onset of each clip, and its new time
    changed = 0
    for clip in range(1, CLIPS):
        boundary = clip * CLIP_MS
        straight = onsets - sources[-1] + targets[-1]  # onsets if the tempo does not change again
        if straight[-1] < boundary + clip:
            break  # the music has ended
        chosen = int(np.searchsorted(straight, boundary + clip))
        target = int(straight[chosen])
        if target > boundary + CLIP_GRACE_MS:
            target = boundary + _TARGET_ONSET_MS
            chosen = int(np.abs(straight - target).argmin())
            changed += 1
        sources.append(int(onsets[chosen]))
        targets.append(target)
    if changed > 0:
        changes.append(f"the tempo of {changed} clips was changed so that an onset begins the next clip")
    return _move(notes, np.array(sources), np.array(targets))


def _move(notes: Notes, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> Notes:
    """Map times from `sources` to `targets`: linearly between them, and after the last one by its shift."""
    ends = notes["onset_ms"] + notes["duration_ms"]
    far = max(int(ends.max()), int(sources[-1])) + 1
    sources, targets = np.append(sources, far), np.append(targets, targets[-1] + far - sources[-1])
    moved = notes.copy()
    moved["onset_ms"] = np.rint(np.interp(notes["onset_ms"], sources, targets))
    moved["duration_ms"] = np.maximum(1, np.rint(np.interp(ends, sources, targets)) - moved["onset_ms"])
    return resolve_overlaps(moved)


def _trim(notes: Notes, changes: list[str]) -> Notes:
    """Remove notes that start at the end of the hour or later, and end all others before it."""
    inside = notes["onset_ms"] <= _HOUR_MS - _LAST_ONSET_MS
    longest = _HOUR_MS - _SILENT_END_MS - notes["onset_ms"]
    if (inside & (notes["duration_ms"] <= longest)).all():
        return notes
    changes.append(f"{(~inside).sum()} notes past the hour were removed")
    kept = notes.copy()
    kept["duration_ms"] = np.minimum(notes["duration_ms"], longest)
    return kept[inside]


def _complete(notes: Notes, engine: Engine | None, settings: dict[str, Any], changes: list[str]) -> Notes:
    """Generate the rest of the hour, if notes end too early."""
    for _ in range(_MOST_CONTINUATIONS):
        if len(notes) > 0 and notes["onset_ms"][-1] >= _HOUR_MS - MAX_GAP_MS:
            break
        engine = engine or Engine()
        notes = _continue(notes, engine, settings, changes)
        if notes.dtype != NOTE:  # without drums, the music may have gaps
            notes = _trim(_align(on_one_piano(notes), changes), changes)
    return notes


def _continue(notes: Notes, engine: Engine, settings: dict[str, Any], changes: list[str]) -> Notes:
    """Generate an hour that begins with these notes."""
    if len(notes) == 0:
        changes.append("the file has no piano notes, so the model generated the hour")
        return engine.generate(None, HOUR_SECONDS, **settings).notes
    changes.append(f"the model continued from {notes['onset_ms'][-1] / 1000:.3f} s")
    seed = write_midi(notes, HOUR_SECONDS)
    return engine.generate(seed, HOUR_SECONDS, include_seed=True, **settings).notes
