"""How the challenge's grader took a file, as it is known to have behaved; plain and slow."""

import io
from dataclasses import dataclass

import mido

CLIPS = 120
TARGET = 3600.0  # s
TOLERANCE = 10.0  # s


class RejectedError(Exception):
    """The file is not an hour long, or has another number of tracks than one."""


class CrashedError(Exception):
    """The grader ran into a 121st clip."""


@dataclass(frozen=True)
class Grading:
    """The clips of a file, and the tick at which each of them begins."""

    clips: list[list[mido.Message]]
    starts: list[int]

    def onsets(self) -> list[int]:
        """How many notes start in each clip."""
        return [sum(m.type == "note_on" and m.velocity > 0 for m in clip) for clip in self.clips]


def parse(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data))


def grade(midi: mido.MidiFile, *, meta_takes_time: bool = True) -> Grading:
    """Cut a file into 120 clips.

    Time is added up in floats at 120 quarter notes per minute, whatever the tempo, against a budget that does
    follow the tempo. A message belongs to the clip in which the budget was not yet spent before it; what it
    overshoots is lost. Whether meta events were dropped before or after they took time is not known: ask
    for both.
    """
    length = midi.length
    if abs(TARGET - length) > TOLERANCE or len(midi.tracks) != 1:
        raise RejectedError(f"{length} s, {len(midi.tracks)} tracks")
    budget = length / CLIPS
    clips: list[list[mido.Message]] = [[] for _ in range(CLIPS)]
    starts = [0]
    clip, seconds, tick = 0, 0.0, 0
    for message in midi.tracks[0]:
        tick += message.time
        if message.is_meta and not meta_takes_time:
            continue
        seconds += message.time / midi.ticks_per_beat * 0.5
        if clip == CLIPS:
            raise CrashedError(f"a message at tick {tick}, after {CLIPS} clips")
        if not message.is_meta:
            clips[clip].append(message)
        if seconds >= budget:
            seconds = 0.0
            clip += 1
            starts.append(tick)
    return Grading(clips, starts[:CLIPS])


def without_meta(midi: mido.MidiFile) -> mido.MidiFile:
    """Remove all meta events: the last note event then gives the length."""
    tracks = []
    for track in midi.tracks:
        kept = mido.MidiTrack()
        waited = 0
        for message in track:
            waited += message.time
            if not message.is_meta:
                kept.append(message.copy(time=waited))
                waited = 0
        tracks.append(kept)
    return mido.MidiFile(type=midi.type, ticks_per_beat=midi.ticks_per_beat, tracks=tracks)


@dataclass(frozen=True)
class Prediction:
    """The outcome of a file, in the words of `longplay.check`."""

    outcome: str
    length: float | None = None
    tracks: int | None = None
    clips: tuple[tuple[mido.Message, ...], ...] = ()
    starts: tuple[int, ...] = ()
    ticks_per_beat: int = 0


def predict(data: bytes) -> Prediction:
    """Read and grade any bytes, catching whatever mido or the grader raises."""
    try:
        midi = parse(data)
    except Exception:
        return Prediction("unreadable")
    tracks = len(midi.tracks)
    try:
        length = midi.length
    except Exception:
        return Prediction("crashed", None, tracks)
    try:
        grading = grade(midi)
    except RejectedError:
        return Prediction("refused", length, tracks)
    except CrashedError:
        return Prediction("crashed", length, tracks)
    clips = tuple(tuple(clip) for clip in grading.clips)
    return Prediction("accepted", length, tracks, clips, tuple(grading.starts), midi.ticks_per_beat)
