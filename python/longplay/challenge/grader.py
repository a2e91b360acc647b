"""The cutting of the challenge's grader, in its own floats: one track into 120 clips."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from longplay.challenge.mido_view import META, File, Message, timed, waits

CLIPS = 120
TARGET = 3600.0  # s
TOLERANCE = 10.0  # s


@dataclass(frozen=True)
class Clip:
    """One of the 120 clips that voters hear.

    Attributes
    ----------
    start : float
        Where it begins in the file, in seconds at 120 quarter notes per minute.
    note_ons, note_offs, others : int
        Messages; a note_on of velocity 0 is a note_off.
    seconds : float
        From its beginning to its last message.
    first_onset : float or None
        From its beginning to its first note_on; None when it is silent.
    """

    start: float
    note_ons: int
    note_offs: int
    others: int
    seconds: float
    first_onset: float | None


class CrashError(Exception):
    """A message comes when all clips are full."""


class Cut(NamedTuple):
    """The messages of a clip, and the tick at which it begins."""

    start: int
    messages: list[Message]


def mido_length(file: File) -> float:
    """Mido's length in seconds. Raises as `waits` does."""
    return sum(waits(file))


def cut(track: Iterable[Message], ticks_per_quarter: int, length: float, *, meta_takes_time: bool = True) -> list[Cut]:
    """Deal the messages out to clips: each takes messages until the sum of their times reaches its share.

    The sum is of floats, at 120 quarter notes per minute; then it starts again from zero.
    """
    share = length / CLIPS
    cuts = [Cut(0, [])]
    messages = cuts[-1].messages
    spent, now = 0.0, 0
    for message in track:
        now += message.delta
        is_meta = message.status == META
        if is_meta and not meta_takes_time:
            continue
        spent += message.delta / ticks_per_quarter * 0.5
        if len(cuts) > CLIPS:
            raise CrashError(f"{now / ticks_per_quarter * 0.5:.3f}")
        if not is_meta:
            messages.append(message)
        if spent >= share:
            spent = 0.0
            cuts.append(Cut(now, []))
            messages = cuts[-1].messages
    cuts += [Cut(now, []) for _ in range(CLIPS - len(cuts))]
    return cuts[:CLIPS]


def count(clip: Cut, ticks_per_quarter: int) -> Clip:
    """Count a clip's messages. What meta events waited is lost with them."""
    note_offs = sum(message.is_note_off for message in clip.messages)
    onsets = [now for now, message in timed(clip.messages) if message.is_onset]

    def seconds(ticks: int) -> float:
        return ticks / ticks_per_quarter * 0.5

    return Clip(
        start=seconds(clip.start),
        note_ons=len(onsets),
        note_offs=note_offs,
        others=len(clip.messages) - len(onsets) - note_offs,
        seconds=seconds(sum(message.delta for message in clip.messages)),
        first_onset=seconds(onsets[0]) if onsets else None,
    )


def without_meta(track: Iterable[Message]) -> list[Message]:
    """The track without meta events; the message after them takes over their time."""
    kept = []
    waited = 0
    for message in track:
        if message.status == META:
            waited += message.delta
        else:
            kept.append(message._replace(delta=message.delta + waited) if waited else message)
            waited = 0
    return kept
