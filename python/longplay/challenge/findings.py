"""Problems, risks and warnings of a submission, each in one sentence, with a remedy."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from longplay._base.cancel import Cancel, until
from longplay._base.challenge import HOUR_SECONDS, MAX_VELOCITY, TOLERANCE_SECONDS
from longplay.challenge.grader import Clip
from longplay.challenge.mido_view import DEFAULT_TEMPO, END_OF_TRACK, META, SET_TEMPO, File, Message
from longplay.form import CLIP_GRACE_MS, CLIPS

Severity: TypeAlias = Literal["fatal", "risk", "warning"]

MAX_FIRST_ONSET = CLIP_GRACE_MS / 1000
_DRUMS = 9  # channel 10, counted from 0
PACK = "`longplay pack`"
_PACK = f"{PACK} does"


@dataclass(frozen=True)
class Finding:
    """A problem, a risk or a warning about a file.

    Attributes
    ----------
    name : str
        Subject, in a word or two.
    severity : {"fatal", "risk", "warning"}
        "fatal": the grader does not accept the file. "risk": the grader may refuse it, or voters hear silence or
        another piece. "warning": voters do not hear everything in the file.
    problem, remedy : str
        Description, and instruction that fixes it.
    """

    name: str
    severity: Severity
    problem: str
    remedy: str


def unreadable(error: Exception) -> Finding:
    """Return the finding for bytes that mido cannot read."""
    return Finding(
        "bytes",
        "fatal",
        f"cannot be read by mido: {error}",
        f"Export it again from the program that wrote it. If players can read it, {PACK} rewrites it.",
    )


def without_pack(found: Sequence[Finding], error: Exception) -> Iterator[Finding]:
    """Yield the findings; where a remedy is `longplay pack`, say that it cannot read the file."""
    for finding in found:
        if PACK in finding.remedy:
            yield replace(
                finding,
                remedy=f"Export it again from the program that made it: longplay cannot read it either ({error}).",
            )
        else:
            yield finding


def unmeasurable(error: Exception) -> Finding:
    """Return the finding for a file that mido reads but cannot measure."""
    return Finding("length", "fatal", f"the length cannot be measured: {error}", f"Save it as type 0; {_PACK}.")


def refusals(length: float, tracks: int) -> Iterator[Finding]:
    """Yield the reasons why the grader refuses a file of this length; none for an hour of one track."""
    low, high = HOUR_SECONDS - TOLERANCE_SECONDS, HOUR_SECONDS + TOLERANCE_SECONDS
    if abs(HOUR_SECONDS - length) > TOLERANCE_SECONDS:
        remedy = "trims it" if length > HOUR_SECONDS else "continues it"
        yield Finding(
            "length", "fatal", f"it lasts {length:.6f} s, not {low} to {high} s", f"`longplay pack` {remedy}."
        )
    if tracks != 1:
        yield Finding("tracks", "fatal", f"it has {tracks} tracks, not 1", "Merge them; `longplay pack` does.")


def crash(error: Exception) -> Finding:
    """Return the finding for a message that follows when all clips are full."""
    return Finding(
        "121st clip",
        "fatal",
        f"all {CLIPS} clips are full before the message at {error} s (at 120 quarter notes per minute)",
        f"End the last note before the hour ends, and remove tempo events; {_PACK}.",
    )


def doubt(reading: str) -> Finding:
    """Return the finding for another reading of the rules, whose result is worse."""
    return Finding(
        "doubt", "risk", reading, f"Put all delta times on notes, and end the notes before the hour ends; {_PACK}."
    )


def of_clips(clips: Sequence[Clip], share: float) -> Iterator[Finding]:
    """Yield findings for silent, late and displaced clips; `share` is the length of a clip in seconds."""
    silent = [number for number, clip in enumerate(clips, 1) if clip.first_onset is None]
    late = [number for number, clip in enumerate(clips, 1) if (clip.first_onset or 0) > MAX_FIRST_ONSET]
    if silent:
        yield Finding(
            "silent clips",
            "risk",
            f"{_named(silent)} {'has' if len(silent) == 1 else 'have'} no note, so voters hear silence",
            "Let notes start in each clip; `longplay pack` shortens rests.",
        )
    if late:
        latest = max(clips[number - 1].first_onset or 0 for number in late)
        yield Finding(
            "late clips",
            "risk",
            f"{_named(late)} {'begins' if len(late) == 1 else 'begin'} with more than {MAX_FIRST_ONSET} s of silence, "
            f"up to {latest:.1f} s",
            "Let a note start on each multiple of 30 s; `longplay pack` moves notes there.",
        )
    drift = clips[-1].start - share * (CLIPS - 1)
    if drift > MAX_FIRST_ONSET:
        yield Finding(
            "drift",
            "warning",
            f"the last clip begins {drift:.1f} s late, because the grader drops the time by which a clip is too long",
            "Put a message on each multiple of 30 s; every file that longplay writes has one.",
        )


def of_tempo(file: File, cancel: Cancel | None) -> Iterator[Finding]:
    """Yield the finding for tempo events other than 120 quarter notes per minute."""
    tempos = [
        tempo for track in file.tracks for message in until(cancel, track) if (tempo := message.tempo) is not None
    ]
    odd = [tempo for tempo in tempos if tempo != DEFAULT_TEMPO]
    if odd:
        first = f"{60e6 / odd[0]:.1f} quarter notes per minute" if odd[0] else "infinitely fast"
        yield Finding(
            "tempo",
            "risk",
            f"{_count(len(odd), 'tempo event')} (the first: {first}) {'changes' if len(odd) == 1 else 'change'} "
            "only the measured length: the file is cut and played at 120 quarter notes per minute",
            "Convert the tempo into ticks; `longplay pack` does.",
        )


_PEDALS = (64, 66, 67)
_INAUDIBLE: list[tuple[str, Callable[[Message], bool], str, str]] = [
    ("pedal", lambda m: _controller(m) in _PEDALS, "pedal message", "converts the sustain pedal into longer notes"),
    ("controllers", lambda m: _controller(m) not in (None, *_PEDALS), "controller message", "removes them"),
    ("programs", lambda m: m.status & 0xF0 == 0xC0, "program change", "removes them"),
    ("bends", lambda m: m.status & 0xF0 in (0xA0, 0xD0, 0xE0), "bend or aftertouch message", "removes them"),
    ("system", lambda m: 0xF0 <= m.status < META, "sysex or system message", "removes them"),
    ("meta", lambda m: m.is_meta and m.kind not in (END_OF_TRACK, SET_TEMPO), "meta event", "removes them"),
]


def of_voters(file: File, cancel: Cancel | None) -> Iterator[Finding]:
    """Yield findings for content that voters do not hear as intended."""
    messages = [message for track in file.tracks for message in until(cancel, track)]
    onsets = [message for message in until(cancel, messages) if message.is_onset]
    drums = sum(message.status & 0x0F == _DRUMS for message in until(cancel, onsets))
    if drums:
        yield Finding(
            "channel 10",
            "risk",
            f"{_count(drums, 'drum note')} {'sounds' if drums == 1 else 'sound'} as piano",
            "Remove the drums; `longplay pack` does.",
        )
    loud = sum(message.data[1] > MAX_VELOCITY for message in until(cancel, onsets))
    if loud:
        yield Finding(
            "velocity",
            "warning",
            f"{_count(loud, 'note')} of velocity above {MAX_VELOCITY} may distort, because the gain is velocity / "
            f"{MAX_VELOCITY}",
            f"Scale velocities to at most {MAX_VELOCITY}; `longplay pack` does.",
        )
    for name, belongs, what, remedy in _INAUDIBLE:
        count = sum(map(belongs, until(cancel, messages)))
        if count:
            yield Finding(
                name, "warning", f"{_count(count, what)}, which voters do not hear", f"`longplay pack` {remedy}."
            )
    if file.type != 0:
        yield Finding(
            "type", "warning", f"it is of type {file.type}; the rules require type 0", f"Save it as type 0; {_PACK}."
        )


def _controller(message: Message) -> int | None:
    return message.data[0] if message.status & 0xF0 == 0xB0 else None


def _count(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _named(numbers: Sequence[int]) -> str:
    """Format the numbers of clips, from 1; of many, only the first five."""
    if len(numbers) == 1:
        return f"clip {numbers[0]}"
    listed = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
    return f"{len(numbers)} clips ({listed})"
