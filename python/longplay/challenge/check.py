"""Prediction of what the challenge's grader does to a MIDI file.

``docs/challenge.md`` has the rules and describes the grader.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from operator import add
from typing import Any, Literal, TypeAlias

from longplay._base.cancel import Cancel, require_cancel, until
from longplay._base.challenge import HOUR_SECONDS, TOLERANCE_SECONDS
from longplay._core import Error, MidiError
from longplay.challenge import findings, mido_view
from longplay.challenge.findings import Finding
from longplay.challenge.grader import Clip, CrashError, count, cut, mido_length, without_meta
from longplay.challenge.mido_view import File, UnreadableError
from longplay.form import CLIPS
from longplay.midi import MidiSource, midi_bytes, parse_midi

Outcome: TypeAlias = Literal["accepted", "refused", "crashed", "unreadable"]


@dataclass(frozen=True)
class Report:
    """Prediction of the grader's verdict on a file, and of the clips that voters hear.

    Attributes
    ----------
    outcome : {"accepted", "refused", "crashed", "unreadable"}
        "crashed": the grader raises an exception. "unreadable": mido, its MIDI reader, raises one.
    length : float or None
        Length in seconds, equal to mido's to the bit; None if mido raises an exception.
    tracks : int or None
        Number of tracks that the grader counts; None if the file is unreadable.
    clips : tuple of Clip
        All 120 clips if the file is accepted, or else none.
    findings : tuple of Finding
        Problems, risks and warnings, each with a remedy.
    """

    outcome: Outcome
    length: float | None
    tracks: int | None
    clips: tuple[Clip, ...]
    findings: tuple[Finding, ...]

    @property
    def safe(self) -> bool:
        """Whether every known reading of the rules accepts the file, and all clips begin with music."""
        return all(finding.severity == "warning" for finding in self.findings)

    @property
    def reason(self) -> str:
        """Reason why the file is not accepted; empty if it is accepted."""
        return "; ".join(finding.problem for finding in self.findings if finding.severity == "fatal")

    def as_dict(self) -> dict[str, Any]:
        """Return the report as values for JSON."""
        length = self.length if self.length is not None and math.isfinite(self.length) else None
        return asdict(self) | {"length": length, "safe": self.safe, "reason": self.reason}


def check(source: MidiSource, *, cancel: Cancel | None = None) -> Report:
    """Predict what the challenge's grader does to a MIDI file.

    Parameters
    ----------
    source : MidiSource
        Any file, even a damaged one.
    cancel : threading.Event, optional
        As for `Engine.generate`.

    Returns
    -------
    Report

    Raises
    ------
    OSError
        The file cannot be opened.
    Cancelled
        `cancel` is set.
    """
    require_cancel(cancel)
    data = midi_bytes(source)
    report = _check(data, cancel)
    if not any(findings.PACK in finding.remedy for finding in report.findings):
        return report
    try:
        parse_midi(data, cancel=cancel)
    except MidiError as error:
        return replace(report, findings=tuple(findings.without_pack(report.findings, error)))
    return report


def _check(data: bytes, cancel: Cancel | None) -> Report:
    try:
        file = mido_view.read(data, cancel)
    except UnreadableError as error:
        return Report("unreadable", None, None, (), (findings.unreadable(error),))
    tracks = len(file.tracks)
    warnings = (*findings.of_tempo(file, cancel), *findings.of_voters(file, cancel))
    try:
        waits = mido_view.waits(file, cancel)
    except (ValueError, ArithmeticError) as error:
        return Report("crashed", None, tracks, (), (findings.unmeasurable(error), *warnings))
    length = sum(waits)
    if refusals := tuple(findings.refusals(length, tracks)):
        return Report("refused", length, tracks, (), refusals + warnings)
    try:
        cuts = cut(until(cancel, file.tracks[0]), file.ticks_per_quarter, length)
    except CrashError as error:
        return Report("crashed", length, tracks, (), (findings.crash(error), *warnings))
    clips = tuple(count(clip, file.ticks_per_quarter) for clip in until(cancel, cuts))
    found = (*findings.of_clips(clips, length / CLIPS), *_doubts(file, waits, clips, cancel), *warnings)
    return Report("accepted", length, tracks, clips, found)


def clips(source: MidiSource, *, cancel: Cancel | None = None) -> list[bytes]:
    """Cut a file into the 120 clips of the challenge, as the grader does.

    Parameters
    ----------
    source : MidiSource
    cancel : threading.Event, optional
        As for `Engine.generate`.

    Returns
    -------
    list of bytes
        120 MIDI files of type 0, with the resolution of `source`. Their only meta event is End-of-Track. The first
        message of a clip keeps the time since the last message of the previous clip.

    Raises
    ------
    Error
        The grader does not accept the file.
    OSError
        The file cannot be opened.
    Cancelled
        `cancel` is set.
    """
    require_cancel(cancel)
    data = midi_bytes(source)
    try:
        file = mido_view.read(data, cancel)
        length = mido_length(file, cancel)
        refused = any(findings.refusals(length, len(file.tracks)))
        cuts = [] if refused else cut(until(cancel, file.tracks[0]), file.ticks_per_quarter, length)
    except (UnreadableError, CrashError, ValueError, ArithmeticError):
        cuts = []
    if not cuts:
        report = check(data, cancel=cancel)  # has the reason
        raise Error(f"the grader makes no clips: {report.outcome}, {report.reason}. `longplay check` says what to do")
    return [mido_view.write(clip.messages, file.ticks_per_quarter) for clip in until(cancel, cuts)]


def _doubts(file: File, waits: Sequence[float], clips: Sequence[Clip], cancel: Cancel | None) -> Iterator[Finding]:
    """Yield other readings of the rules whose result for the file is worse."""
    length = sum(waits)
    silent = sum(clip.first_onset is None for clip in clips)
    bare = file._replace(tracks=[without_meta(until(cancel, file.tracks[0]))])
    readings = [
        ("meta events are dropped before their time is counted", file, length, False),
        ("meta events are removed before the length is measured", bare, mido_length(bare, cancel), True),
    ]
    # From Python 3.12 on sum() adds floats more exactly, and mido's length differs in its last bits.
    for other in {math.fsum(waits), float(reduce(add, waits))} - {length}:
        readings.append(("another version of Python adds up the length", file, other, True))
    for reading, read, measured, meta_takes_time in readings:
        if worse := _worse(read, measured, silent, cancel, meta_takes_time=meta_takes_time):
            yield findings.doubt(f"if {reading}, {worse}")


def _worse(file: File, length: float, silent: int, cancel: Cancel | None, *, meta_takes_time: bool) -> str:
    """Say what another reading of the file changes for the worse; return "" if it changes nothing.

    The reading must be worse than acceptance with `silent` silent clips.
    """
    if abs(HOUR_SECONDS - length) > TOLERANCE_SECONDS:
        return f"it lasts {length:.3f} s and is refused"
    try:
        cuts = cut(until(cancel, file.tracks[0]), file.ticks_per_quarter, length, meta_takes_time=meta_takes_time)
    except CrashError:
        return "there is a 121st clip and the grader crashes"
    more = sum(not any(message.is_onset for message in clip.messages) for clip in cuts) - silent
    return f"{more} more clips are silent" if more > 0 else ""
