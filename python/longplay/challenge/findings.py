"""What is wrong with a submission, what is risky, what is not heard: a sentence each, and one that mends it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from longplay.challenge.grader import CLIPS, TARGET, TOLERANCE, Clip
from longplay.challenge.mido_view import DEFAULT_TEMPO, END_OF_TRACK, META, SET_TEMPO, File, Message

Severity: TypeAlias = Literal["fatal", "risk", "remark"]

LATEST_ONSET = 0.5  # s, of a clip's first note
LOUDEST = 100  # the player's gain is velocity / 100
_DRUMS = 9  # channel 10, counted from 0
PACK = "`longplay pack`"
_PACK = f"{PACK} mends it"


@dataclass(frozen=True)
class Finding:
    """Something to know about a file before it is submitted.

    Attributes
    ----------
    name : str
        What it is about, in a word or two.
    severity : {"fatal", "risk", "remark"}
        The grader does not take the file; it may not, or voters hear silence or another piece; voters hear less
        than the file says.
    problem, remedy : str
        What is so, and how to mend it.
    """

    name: str
    severity: Severity
    problem: str
    remedy: str


def unreadable(error: Exception) -> Finding:
    """The bytes defeat mido."""
    return Finding(
        "bytes",
        "fatal",
        f"cannot be read by mido: {error}",
        f"Write it anew: {PACK} reads what mido does not.",
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
    """Mido reads the file and then raises when it adds its length up."""
    return Finding("length", "fatal", f"the length cannot be measured: {error}", f"Save it as type 0: {_PACK}.")


def refusals(length: float, tracks: int) -> Iterator[Finding]:
    """Why a file that can be measured is refused; none for an hour of one track."""
    low, high = TARGET - TOLERANCE, TARGET + TOLERANCE
    if abs(TARGET - length) > TOLERANCE:
        mend = "trims it" if length > TARGET else "goes on with it"
        yield Finding(
            "length", "fatal", f"it lasts {length:.6f} s, not {low:.0f} to {high:.0f} s", f"`longplay pack` {mend}."
        )
    if tracks != 1:
        yield Finding("tracks", "fatal", f"it has {tracks} tracks, not 1", "Merge them: `longplay pack` does.")


def crash(error: Exception) -> Finding:
    """A message comes when all clips are full."""
    return Finding(
        "121st clip",
        "fatal",
        f"all {CLIPS} clips are full when the message at {error} s (at 120 to the minute) comes",
        f"Let the last note be over before the end, and leave out tempo events: {_PACK}.",
    )


def doubt(reading: str) -> Finding:
    """The rules may be read so that the file fares worse."""
    return Finding("doubt", "risk", reading, f"Let notes alone hold the time, and end them before the end: {_PACK}.")


def of_clips(clips: Sequence[Clip], share: float) -> Iterator[Finding]:
    """Clips that are silent or start late, and clips that are not where they should be. `share`: seconds a clip."""
    silent = [number for number, clip in enumerate(clips, 1) if clip.first_onset is None]
    late = [number for number, clip in enumerate(clips, 1) if (clip.first_onset or 0) > LATEST_ONSET]
    if silent:
        yield Finding(
            "silent clips",
            "risk",
            f"{_named(silent)} {'has' if len(silent) == 1 else 'have'} no note, and voters are served silence",
            "Let music begin in each: `longplay pack` shortens rests.",
        )
    if late:
        latest = max(clips[number - 1].first_onset or 0 for number in late)
        yield Finding(
            "late clips",
            "risk",
            f"{_named(late)} {'begins' if len(late) == 1 else 'begin'} with more than {LATEST_ONSET} s of silence, "
            f"up to {latest:.1f} s",
            "Let a note start on each multiple of 30 s: `longplay pack` moves them there.",
        )
    drift = clips[-1].start - share * (CLIPS - 1)
    if drift > LATEST_ONSET:
        yield Finding(
            "drift",
            "remark",
            f"the last clip begins {drift:.1f} s late, since what a clip overshoots is lost",
            "Put a message on each multiple of 30 s: whatever longplay writes has one.",
        )


def of_tempo(file: File) -> Iterator[Finding]:
    """Tempo events other than 120 to the minute."""
    tempos = [tempo for track in file.tracks for message in track if (tempo := message.tempo) is not None]
    odd = [tempo for tempo in tempos if tempo != DEFAULT_TEMPO]
    if odd:
        first = f"{60e6 / odd[0]:.1f} to the minute" if odd[0] else "no time at all"
        yield Finding(
            "tempo",
            "risk",
            f"{_count(len(odd), 'tempo event')} (the first: {first}) {'is' if len(odd) == 1 else 'are'} "
            "counted in the length and nowhere else: it is cut and played at 120 to the minute",
            "Bake the tempo into the ticks: `longplay pack` does.",
        )


_PEDALS = (64, 66, 67)
_NOT_HEARD: list[tuple[str, Callable[[Message], bool], str, str]] = [
    ("pedal", lambda m: _controller(m) in _PEDALS, "pedal message", "bakes the sustain pedal into the notes"),
    ("controllers", lambda m: _controller(m) not in (None, *_PEDALS), "controller message", "leaves them out"),
    ("programs", lambda m: m.status & 0xF0 == 0xC0, "program change", "leaves them out"),
    ("bends", lambda m: m.status & 0xF0 in (0xA0, 0xD0, 0xE0), "bend or aftertouch message", "leaves them out"),
    ("system", lambda m: 0xF0 <= m.status < META, "sysex or system message", "leaves them out"),
    ("meta", lambda m: m.is_meta and m.kind not in (END_OF_TRACK, SET_TEMPO), "meta event", "leaves them out"),
]


def of_voters(file: File) -> Iterator[Finding]:
    """What is in the file and not heard as it is meant."""
    messages = [message for track in file.tracks for message in track]
    onsets = [message for message in messages if message.is_onset]
    drums = sum(message.status & 0x0F == _DRUMS for message in onsets)
    if drums:
        yield Finding(
            "channel 10",
            "risk",
            f"{_count(drums, 'drum note')} {'sounds' if drums == 1 else 'sound'} as piano",
            "Leave the drums out: `longplay pack` does.",
        )
    loud = sum(message.data[1] > LOUDEST for message in onsets)
    if loud:
        yield Finding(
            "velocity",
            "remark",
            f"{_count(loud, 'note')} of velocity above {LOUDEST} may distort, since the gain is velocity / {LOUDEST}",
            f"Scale velocities to at most {LOUDEST}: `longplay pack` does.",
        )
    for name, belongs, what, remedy in _NOT_HEARD:
        count = sum(map(belongs, messages))
        if count:
            yield Finding(
                name, "remark", f"{_count(count, what)}, which voters do not hear", f"`longplay pack` {remedy}."
            )
    if file.type != 0:
        yield Finding(
            "type", "remark", f"it is of type {file.type}, and the rules ask for 0", f"Save it as type 0: {_PACK}."
        )


def _controller(message: Message) -> int | None:
    return message.data[0] if message.status & 0xF0 == 0xB0 else None


def _count(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _named(numbers: Sequence[int]) -> str:
    """Clips by their numbers, from 1; the first few of many."""
    if len(numbers) == 1:
        return f"clip {numbers[0]}"
    listed = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
    return f"{len(numbers)} clips ({listed})"
