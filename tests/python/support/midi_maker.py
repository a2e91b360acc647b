"""Random and nasty MIDI files, byte by byte, about an hour long: a pure function of a number."""

import random

DIVISIONS = (1, 2, 3, 7, 24, 96, 120, 123, 250, 384, 480, 500, 960, 1000, 9600, 32767)
ENDINGS = (3600.0, 3600.0, 3600.0, 3590.0, 3610.0, 3589.999, 3610.001, 3599.999, 3595.5)  # s
PULSES = (0.5, 1.0, 2.5, 7.5, 15.0, 30.0)  # s
TEMPOS = (500_000, 428_571, 600_000, 500_001, 499_999, 0, 16_777_215)


def make(number: int) -> bytes:
    """One file. A third are such that the grader accepts them."""
    draw = random.Random(number)
    division = draw.choice(DIVISIONS)
    length = draw.choice((*ENDINGS, draw.uniform(3585, 3615), draw.uniform(3589, 3611), draw.uniform(0, 7300)))
    kind = draw.choices((0, 1, 2, 5), (24, 12, 1, 1))[0]
    count = draw.choices((1, 2, 3, 0), (40, 2, 1, 1))[0]
    tracks = [_track(draw, division, round(length * 2 * division)) for _ in range(count)]
    return _nasty(draw, _file(kind, division, tracks))


def _file(kind: int, division: int, tracks: list[bytes]) -> bytes:
    header = b"MThd" + bytes([0, 0, 0, 6]) + b"".join(n.to_bytes(2) for n in (kind, len(tracks), division))
    return header + b"".join(b"MTrk" + len(track).to_bytes(4) + track for track in tracks)


def _track(draw: random.Random, division: int, end: int) -> bytes:
    """Messages up to tick `end`, in a pulse or anywhere; the last ones may fall on the end."""
    pulse = round(draw.choice(PULSES) * 2 * division) if draw.random() < 0.4 else 0
    step = max(1, end // draw.choice((20, 120, 250, 450)))
    odd = draw.choice((0.0, 0.0, 0.02, 0.2))  # share of messages that are no notes
    tempo = draw.choice((0.0, 0.0, 0.0, 0.003))
    shared = draw.random() < 0.5
    last_is_note = draw.random() < 0.5
    out, now, running, sounding = bytearray(), 0, -1, []
    if draw.random() < 0.1:
        out += b"\x00\xff\x51\x03" + draw.choice(TEMPOS).to_bytes(3)
    while True:
        wait = draw.choice((0, pulse)) if pulse else draw.choice((0, 1, draw.randrange(2 * step + 1)))
        if now + wait >= end - 1:
            break
        now += wait
        body, running = _message(draw, odd, tempo, sounding, running if shared else -1)
        out += _number(wait) + body
    if last_is_note:
        for _ in range(draw.choice((1, 1, 2, 4))):
            out += _number(end - now) + bytes([0x80, draw.randrange(128), 64])
            now = end
    ending = draw.choice(("plain", "plain", "long", "none", "more"))
    if ending != "none":
        out += _number(max(0, end - now) if ending != "plain" or draw.random() < 0.8 else 0) + b"\xff\x2f\x00"
    if ending == "more":
        out += _number(draw.choice((0, 1, 3 * division))) + b"\x90\x3c\x40"
    return bytes(out)


def _message(draw: random.Random, odd: float, tempo: float, sounding: list[int], running: int) -> tuple[bytes, int]:
    """Return the next message without its delta, and the running status after it."""
    luck = draw.random()
    if luck < tempo:
        return b"\xff\x51\x03" + draw.choice(TEMPOS).to_bytes(3), running
    if luck < odd:
        body = draw.choice(_ODD)(draw)
        return body, running if body[0] == 0xFF else body[0]
    if sounding and draw.random() < 0.5:
        note, status = sounding.pop(), draw.choice((0x80, 0x90))
        velocity = 0 if status == 0x90 else 64
    else:
        note, status, velocity = draw.randrange(128), draw.choices((0x90, 0x99), (40, 1))[0], draw.randrange(1, 128)
        sounding.append(note)
    return (b"" if status == running else bytes([status])) + bytes([note, velocity]), status


_DENOMINATORS = (*[2] * 300, 29, 255)  # mido refuses some powers of two
_KEYS = (*[(0, 0), (249, 1), (7, 0)] * 100, (8, 0), (0, 2))
_MINUTES = (*[0, 59] * 150, 60)
_ODD = (
    lambda draw: bytes([0xB0, 64, draw.choice((0, 127))]),
    lambda draw: bytes([0xB3, draw.randrange(128), draw.randrange(128)]),
    lambda draw: bytes([0xC0 | draw.randrange(16), draw.randrange(128)]),
    lambda draw: bytes([0xE1, 0, 64]),
    lambda draw: b"\xd0\x40",
    lambda draw: b"\xa0\x40\x40",
    lambda draw: b"\xff\x01\x05hello",
    lambda draw: b"\xff\x2f\x00",  # End-of-Track before the end
    lambda draw: b"\xff" + bytes([draw.choice((8, 0x10, 0x60, 0x7E, 0xF0)), 2, 1, 2]),  # mido knows none of them
    lambda draw: b"\xff\x58\x04" + bytes([3, draw.choice(_DENOMINATORS), 24, 8]),
    lambda draw: b"\xff\x59\x02" + bytes(draw.choice(_KEYS)),
    lambda draw: b"\xff\x54\x05" + bytes([0x21, 59, draw.choice(_MINUTES), 1, 99]),
    lambda draw: b"\xff\x00" + draw.choice((b"\x00", b"\x02\x01\x02")),
    lambda draw: b"\xf0\x03\x7e\x09\xf7",
    lambda draw: b"\xf7\x02\x01\x02",
    lambda draw: bytes([draw.choice((0xF6, 0xF8, 0xFA, 0xFE))]),
    lambda draw: b"\xf2\x01\x02",
)


def _nasty(draw: random.Random, data: bytes) -> bytes:
    """Mostly as it is; or damaged in one of many ways."""
    if draw.random() < 0.8:
        return data
    at = draw.randrange(len(data))
    return draw.choice(
        (
            data[:at],
            data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :],
            data[:at] + bytes([draw.randrange(256)]) + data[at:],
            data[:12] + draw.choice((b"\x00\x00", b"\xe7\x28", b"\x80\x00")) + data[14:],  # no ticks, SMPTE
            data[:10] + draw.choice((b"\x00\x02", b"\xff\xff", b"\x00\x00")) + data[12:],  # a wrong count of tracks
            data[:4] + b"\x00\x00\x00\x08" + data[8:14] + b"\x00\x00" + data[14:],  # a longer header
            data[:14] + b"XFIH\x00\x00\x00\x00" + data[14:],
            data[:18] + draw.choice((b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff")) + data[22:],
            data + b"more",
            data[:22] + b"\x81" * draw.choice((3, 5, 200)) + data[22:],  # a number of many bytes
        )
    )


def _number(value: int) -> bytes:
    sevens = [value & 0x7F]
    while value := value >> 7:
        sevens.append(value & 0x7F | 0x80)
    return bytes(reversed(sevens))
