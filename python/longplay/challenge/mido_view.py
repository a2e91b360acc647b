"""A MIDI file as mido 1.3.3, the reader of the challenge's grader, parses it.

`read_midi` returns the meaning of a file. This module returns the messages that mido parses, with the same refusals and
the same losses. The two differ (docs/challenge.md), so the grader needs a separate reader.
"""

import math
from collections.abc import Iterable, Iterator
from heapq import merge
from operator import itemgetter
from struct import pack, unpack
from typing import NamedTuple

from longplay._base.cancel import Cancel, check, until

META = 0xFF
END_OF_TRACK = 0x2F
SET_TEMPO = 0x51
DEFAULT_TEMPO = 500_000  # microseconds per quarter note

_LONGEST_PAYLOAD = 1_000_000  # bytes
_HUGE = 1 << 1100  # ticks: more than a float can hold, so further bits make no difference
_SIZES = dict.fromkeys(range(0x80, 0xC0), 2) | dict.fromkeys(range(0xC0, 0xE0), 1) | dict.fromkeys(range(0xE0, 0xF0), 2)
_SIZES |= {0xF1: 1, 0xF2: 2, 0xF3: 1} | dict.fromkeys((0xF6, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE), 0)
# Smallest size in bytes of each meta event that mido knows. mido drops the delta times of all others.
_META_SIZES = dict.fromkeys([*range(8), 9, 0x20, 0x21, END_OF_TRACK, 0x7F], 0)
_META_SIZES |= {0x20: 1, SET_TEMPO: 3, 0x54: 5, 0x58: 4, 0x59: 2}


class UnreadableError(Exception):
    """mido cannot read the bytes; the message has the problem and its offset."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(f"{problem} at byte {offset}")


class Message(NamedTuple):
    """One message of a track, as mido parses it.

    Attributes
    ----------
    delta : int
        Ticks since the previous message.
    status : int
        Status byte, 0x80 to 0xFF.
    kind : int
        Type of a meta event; 0 for other messages.
    data : bytes
        Data bytes, or payload. A sysex message has no F0 and F7.
    """

    delta: int
    status: int
    kind: int
    data: bytes

    @property
    def is_meta(self) -> bool:
        return self.status == META

    @property
    def is_onset(self) -> bool:
        """Whether the message is a note_on with a velocity above 0."""
        return self.status & 0xF0 == 0x90 and self.data[1] > 0

    @property
    def is_note_off(self) -> bool:
        """Whether the message is a note_off, or a note_on of velocity 0."""
        return self.status & 0xF0 == 0x80 or (self.status & 0xF0 == 0x90 and self.data[1] == 0)

    @property
    def tempo(self) -> int | None:
        """Microseconds per quarter note of a tempo event; None for any other message."""
        return int.from_bytes(self.data[:3]) if self.is_meta and self.kind == SET_TEMPO else None


class File(NamedTuple):
    """A file: type and ticks per quarter note from the header, unchecked, and the messages of each track."""

    type: int
    ticks_per_quarter: int
    tracks: list[list[Message]]


def read(data: bytes, cancel: Cancel | None = None) -> File:
    """Read a file as mido does; raise `Cancelled` if `cancel` is set.

    Raises
    ------
    UnreadableError
        mido raises an exception.
    """
    if data[:4] != b"MThd":
        raise UnreadableError("it does not begin with MThd", 0)
    header = data[8 : 8 + int.from_bytes(data[4:8])]
    if len(header) < 6:
        raise UnreadableError("the header ends early", len(data[:8]) + len(header))
    kind, count, ticks_per_quarter = unpack(">hhh", header[:6])
    position = 8 + len(header)
    tracks: list[list[Message]] = []
    for _ in range(count):
        if len(data) < position + 8:
            raise UnreadableError(
                f"the header counts {count} tracks, and the file ends before track {len(tracks) + 1}", position
            )
        if data[position : position + 4] != b"MTrk":
            raise UnreadableError("a chunk that is not MTrk stands where a track should begin", position)
        end = position + 8 + int.from_bytes(data[position + 4 : position + 8])
        if end > len(data):
            raise UnreadableError("a track is longer than the file", position + 4)
        tracks.append(_read_track(data, position + 8, end, cancel))
        position = end
    return File(kind, ticks_per_quarter, tracks)


def _read_track(data: bytes, position: int, end: int, cancel: Cancel | None) -> list[Message]:
    """Read messages up to the last byte of the track."""
    messages = []
    running = 0  # none yet
    try:
        while position < end:
            check(cancel)
            start = position
            delta, position = _read_number(data, position)
            status = data[position]
            if status >= 0x80:
                position += 1
            elif running == 0:
                raise UnreadableError("a data byte has no status byte before it", position)
            if status == META:
                message, position = _read_meta(data, position, delta)
            else:
                running = status if status >= 0x80 else running
                message, position = _read_message(data, position, delta, running, shared=status < 0x80)
            messages.append(message)
            if position > end:
                raise UnreadableError("a message extends past the end of its track", start)
    except IndexError:
        raise UnreadableError("the file ends inside a message", len(data)) from None
    return messages


def _read_number(data: bytes, position: int) -> tuple[int, int]:
    """Read a number of any length, seven bits a byte; return it and the position after it."""
    number = 0
    while True:
        byte = data[position]
        position += 1
        if number < _HUGE:
            number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, position


def _read_message(data: bytes, position: int, delta: int, status: int, *, shared: bool) -> tuple[Message, int]:
    """Read the data of a message whose status byte is known; `shared` means running status."""
    if status in (0xF0, 0xF7):
        # Running status: mido loses the first data byte and reads the length after it.
        payload, position = _read_payload(data, position + shared)
        payload = payload.removeprefix(b"\xf0").removesuffix(b"\xf7")
        if payload and max(payload) > 127:
            raise UnreadableError("a sysex holds a byte above 127", position)
        return Message(delta, status, 0, payload), position
    size = _SIZES.get(status)
    if size is None or (size == 0 and shared):
        raise UnreadableError(f"the status byte {status:02x} is undefined or stands alone", position)
    content = data[position : position + size]
    if len(content) < size:
        raise IndexError
    if content and max(content) > 127:
        raise UnreadableError("a data byte is above 127", position)
    return Message(delta, status, 0, content), position + size


def _read_meta(data: bytes, position: int, delta: int) -> tuple[Message, int]:
    kind = data[position]
    payload, after = _read_payload(data, position + 1)
    if kind not in _META_SIZES:
        return Message(0, META, kind, payload), after
    if len(payload) < _META_SIZES[kind] or (kind == 0 and len(payload) == 1):
        raise UnreadableError(f"a meta event of type {kind:02x} has {len(payload)} bytes", position)
    if not _in_range(kind, payload):
        raise UnreadableError(f"a meta event of type {kind:02x} holds a value out of range", position)
    return Message(delta, META, kind, payload), after


def _read_payload(data: bytes, position: int) -> tuple[bytes, int]:
    size, position = _read_number(data, position)
    if size > _LONGEST_PAYLOAD:
        raise UnreadableError(f"a message is longer than {_LONGEST_PAYLOAD} bytes", position)
    if position + size > len(data):
        raise IndexError
    return data[position : position + size], position + size


def _in_range(kind: int, payload: bytes) -> bool:
    """Return whether mido accepts the values of an SMPTE offset, a time signature or a key signature."""
    if kind == 0x54:
        return payload[0] < 0x80 and payload[1] < 60 and payload[2] < 60 and payload[4] < 100
    if kind == 0x58:
        # mido takes the logarithm of the denominator. It is an integer for most powers of two, but not for all.
        return math.log(2 ** payload[1], 2).is_integer()
    if kind == 0x59:
        return (payload[0] <= 7 or payload[0] >= 0xF9) and payload[1] <= 1
    return True


def waits(file: File, cancel: Cancel | None = None) -> list[float]:
    """Return the seconds before each message of all tracks, merged by time; their sum is mido's length.

    Raises
    ------
    ValueError
        mido does not measure a file of type 2.
    ArithmeticError
        The header has 0 ticks per quarter note, or a delta is too long for a float.
    """
    if file.type == 2:
        raise ValueError("mido does not measure a file of type 2")
    times: list[float] = []
    tempo, before = DEFAULT_TEMPO, 0

    def wait(now: int) -> float:
        return (now - before) * (tempo * 1e-6 / file.ticks_per_quarter) if now > before else 0

    now = 0
    for now, message in until(cancel, merge(*map(timed, file.tracks), key=itemgetter(0))):
        if message.status == META and message.kind == END_OF_TRACK:
            continue  # its time is added to the next message's
        times.append(wait(now))
        before = now
        if message.status == META and message.tempo is not None:
            tempo = message.tempo
    times.append(wait(now))
    return times


def timed(track: Iterable[Message]) -> Iterator[tuple[int, Message]]:
    """Yield messages with their ticks from the start of the track."""
    now = 0
    for message in track:
        now += message.delta
        yield now, message


def write(messages: Iterable[Message], ticks_per_quarter: int) -> bytes:
    """Return a MIDI file of type 0 with these messages, without running status, and End-of-Track after the last."""
    track = b"".join(_number(message.delta) + _body(message) for message in messages) + b"\x00\xff\x2f\x00"
    header = b"MThd" + pack(">Lhhh", 6, 0, 1, ticks_per_quarter)
    return header + b"MTrk" + len(track).to_bytes(4) + track


def _body(message: Message) -> bytes:
    if message.status in (0xF0, 0xF7):
        return b"\xf0" + _number(len(message.data) + 1) + message.data + b"\xf7"
    return bytes([message.status]) + message.data


def _number(value: int) -> bytes:
    sevens = [value & 0x7F]
    while value := value >> 7:
        sevens.append(value & 0x7F | 0x80)
    return bytes(reversed(sevens))
