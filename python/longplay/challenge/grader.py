"""The challenge's grader: it cuts one track into 120 clips, with the same floating-point operations as here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from longplay._base.cancel import Cancel
from longplay.challenge.mido_view import META, File, Message, timed, waits
from longplay.form import CLIPS


@dataclass(frozen=True)
class Clip:
    """Counts of one of the 120 clips that voters hear.

    Attributes
    ----------
    start : float
        Start of the clip in the file, in seconds at 120 quarter notes per minute.
    note_ons, note_offs, others : int
        Numbers of messages; a note_on of velocity 0 is a note_off.
    seconds : float
        Time from the start of the clip to its last message.
    first_onset : float or None
        Seconds from the start of the clip to its first note_on; None if the clip is silent.
    """

    start: float
    note_ons: int
    note_offs: int
    others: int
    seconds: float
    first_onset: float | None


class CrashError(Exception):
    """A message follows when all clips are full."""


class Cut(NamedTuple):
    """The messages of a clip, and the tick at which the clip starts."""

    start: int
    messages: list[Message]


def mido_length(file: File, cancel: Cancel | None = None) -> float:
    """Return the length in seconds that mido measures. Errors are those of `waits`."""
    return sum(waits(file, cancel))


def cut(track: Iterable[Message], ticks_per_quarter: int, length: float, *, meta_takes_time: bool = True) -> list[Cut]:
    """Cut a track into clips: each takes messages until the sum of their times reaches its share.

    Times are floats at 120 quarter notes per minute. For each clip the sum starts at zero.

    Raises
    ------
    CrashError
        A message follows when all clips are full.
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
    """Count the messages of a clip. The delta times of removed meta events are lost."""
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
    """Return the track without meta events; the next message takes over their delta times."""
    kept = []
    meta_ticks = 0
    for message in track:
        if message.status == META:
            meta_ticks += message.delta
        else:
            kept.append(message._replace(delta=message.delta + meta_ticks) if meta_ticks else message)
            meta_ticks = 0
    return kept
