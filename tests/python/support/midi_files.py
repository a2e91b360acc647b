"""MIDI files for tests: those of tests/data, and those of the folder that LONGPLAY_TEST_DATA names.

`HOSTILE` and `SEEDS` are the bytes of the files in tests/data/hostile and tests/data/seeds.
``pytest --update-golden tests/python/midi/test_midi_files.py`` writes the files.
"""

import os
import random
from pathlib import Path

from smf import file, smf

DATA = Path(__file__).parents[2] / "data"
VARIABLE = "LONGPLAY_TEST_DATA"

END = "00 ff 2f 00"
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def files(folder: str) -> list[Path]:
    """Return the files of one folder, "hostile" or "seeds": our own, then those of LONGPLAY_TEST_DATA."""
    roots = [DATA, *([Path(os.environ[VARIABLE])] if os.environ.get(VARIABLE) else [])]
    return [path for root in roots for path in sorted((root / folder).glob("*.mid*"))]


def number(value: int) -> str:
    """Return a variable-length quantity as hex digits."""
    sevens = [value & 0x7F]
    while value := value >> 7:
        sevens.append(value & 0x7F | 0x80)
    return bytes(reversed(sevens)).hex()


def scale(between: str = "", channel: int = 0) -> str:
    """Eight notes of 200 ms, with messages after the fourth."""
    notes = [f"00 9{channel:x} {pitch:02x} 50 {number(200)} 8{channel:x} {pitch:02x} 40" for pitch in SCALE]
    return " ".join([*notes[:4], between, *notes[4:]])


def header(kind: int = 0, tracks: int = 1, division: int = 500, more: str = "") -> bytes:
    size = 6 + len(smf(more))
    return b"MThd" + size.to_bytes(4) + b"".join(n.to_bytes(2) for n in (kind, tracks, division)) + smf(more)


PLAIN = file(scale() + END)
TRACK = PLAIN[14:]

# Files that no MIDI reader can read.
UNREADABLE = {
    "empty": b"",
    "text": b"This is no MIDI file.\n",
    "midi2-clip": b"SMF2CLIP" + bytes.fromhex("00400000 20903c00 c0000000"),
    "header-cut": PLAIN[:11],
    "type-3": file(scale() + END, kind=3),
    "division-0": file(scale() + END, division=0),
}

# Files in which no note can be found: the reader returns none, and a warning.
WITHOUT_NOTES = {
    "header-short": b"MThd" + bytes.fromhex("00000004 0000 0001") + TRACK,
    "running-status-of-nothing": file("00 3c 40" + END),
}

# Odd files that programs have written, or could write.
ODD = {
    "no-tracks": file(),
    "track-without-events": file(""),
    "track-of-end-alone": file(END),
    "two-tracks-type-0": file(scale() + END, scale(channel=1) + END),
    "two-tracks-type-1": file(scale() + END, scale(channel=1) + END, kind=1),
    "two-tracks-type-2": file(scale() + END, scale(channel=1) + END, kind=2),
    "header-longer": header(more="cafe") + TRACK,
    "header-counts-too-many": header(kind=1, tracks=7) + TRACK,
    "header-counts-none": header(tracks=0) + TRACK,
    "no-end-of-track": file(scale()),
    "more-after-end-of-track": file(scale() + END + "00 90 3c 40"),
    "cut-in-a-note": PLAIN[:-4] + b"\x00\x90\x3c",
    "cut-in-a-delta": PLAIN[:-4] + b"\x81",
    "byte-too-many": PLAIN + b"*",
    "foreign-chunk": header() + smf("58595a57 00000004 00010203") + TRACK,
    "foreign-chunk-at-the-end": PLAIN + smf("58595a57 00000004 00010203"),
    "smpte-25-frames": file(scale() + END, division=0xE728),
    "division-1": file(scale() + END, division=1),
    "division-32767": file(scale() + END, division=0x7FFF),
    "tempo-zero": file("00 ff 51 03 000000" + scale() + END),
    "tempo-fastest": file(scale("00 ff 51 03 000001") + END),
    "tempo-slowest": file(scale("00 ff 51 03 ffffff") + END),
    "tempo-of-two-bytes": file("00 ff 51 02 07a1" + scale() + END),
    "longest-delta": file(f"{scale()} ff ff ff 7f 90 3c 40 01 80 3c 00 {END}", division=0x7FFF),
    "delta-with-leading-zeros": file(f"80 80 80 00 90 3c 40 80 81 48 80 3c 00 {END}"),
    "running-status": file(f"00 90 3c 40 {'0a 3c 00 0a 3c 40' * 20} 0a 3c 00 {END}"),
    "running-status-after-meta": file(f"00 90 3c 40 00 ff 01 00 0a 3c 00 {END}"),
    "running-status-after-sysex": file(f"00 90 3c 40 00 f0 02 7e f7 0a 3c 00 {END}"),
    "system-real-time": file(scale("00 f8 00 fa 00 fb 00 fc 00 fe") + END),
    "system-common": file(scale("00 f1 7f 00 f2 7f 7f 00 f3 7f 00 f6") + END),
    **{f"status-{status}": file(scale(f"00 {status}") + END) for status in ("f4", "f5", "f9", "fd")},
    "sysex-reset": file(f"00 f0 05 7e 7f 09 01 f7 {scale()} {END}"),
    "sysex-in-parts": file(scale("00 f0 02 43 12 0a f7 02 43 00 0a f7 03 43 12 f7") + END),
    "meta-events": file("".join(f"00 ff {kind:02x} 03 41 42 43" for kind in range(1, 16)) + scale() + END),
    "meta-unknown": file(scale("00 ff 7f 04 00 00 41 00 00 ff 6a 02 01 02") + END),
    "text-latin-1": file("00 ff 03 08 4df66e6368656e21 00 ff 05 02 c3bc" + scale() + END),
    "text-long": file(f"00 ff 01 {number(300)} {'41' * 300} {scale()} {END}"),
    "controllers": file(scale("".join(f"00 b0 {n:02x} 40" for n in range(120))) + END),
    "channel-modes": file(scale("".join(f"00 b0 {n:02x} 00" for n in range(120, 128))) + END),
    "programs": file("".join(f"00 c0 {n:02x} 00 90 3c 40 0a 80 3c 40" for n in range(128)) + END),
    "channels": file("".join(scale(channel=n) for n in range(16)) + END),
    "drums": file(scale(channel=9) + END),
    "bends-and-pressure": file(scale("00 e0 00 00 00 e0 7f 7f 00 a0 3c 40 00 d0 7f") + END),
    "pitches": file("".join(f"00 90 {n:02x} 40 05 80 {n:02x} 00" for n in range(128)) + END),
    "velocities": file("".join(f"00 90 3c {n:02x} 05 80 3c {n:02x}" for n in range(1, 128)) + END),
    "cluster": file("".join(f"00 90 {n:02x} 40" for n in range(128)) + "83 74 b0 7b 00" + END),
    "note-of-no-length": file(f"00 90 3c 40 00 80 3c 00 {END}"),
    "note-never-released": file(f"{scale()} 00 90 48 40 {number(1000)} ff 2f 00"),
    "note-released-twice": file(f"00 90 3c 40 0a 80 3c 00 0a 80 3c 00 {END}"),
    "note-struck-twice": file(f"00 90 3c 40 0a 90 3c 50 0a 80 3c 00 0a 80 3c 00 {END}"),
    "releases-alone": file("".join(f"00 80 {pitch:02x} 40" for pitch in SCALE) + END),
    "pedal-never-lifted": file("00 b0 40 7f" + scale() + END),
    "pedal-half": file(f"00 b0 40 3f {scale('00 b0 40 40')} 00 b0 40 00 {END}"),
    "sound-off-under-the-pedal": file(scale("00 b0 40 7f 00 b0 78 00") + END),
}

HOSTILE = UNREADABLE | WITHOUT_NOTES | ODD

# Odd files that mido refuses or reads differently, and in which a player hears the scale.
ONLY_THE_SCALE = {
    *(f"status-{status}" for status in ("f4", "f5", "f9", "fd")),
    "cut-in-a-delta",
    "cut-in-a-note",
    "foreign-chunk",
    "header-counts-none",
    "header-counts-too-many",
    "more-after-end-of-track",
    "smpte-25-frames",
    "tempo-of-two-bytes",
    "tempo-zero",
}
SCALE_NOTES = [(200 * index, 200, pitch, 0x50) for index, pitch in enumerate(SCALE)]


def _seed(number_of_notes: int, draw: random.Random, hands: int, pedal: bool, ticks: int) -> bytes:
    """Write a piece over four chords: a melody, and for two hands a second track of broken chords below."""
    chords = ((0, 4, 7), (-3, 0, 4), (-7, -3, 0), (-5, -1, 2))
    right, left = "", ""
    for beat in range(number_of_notes):
        chord = chords[beat // 4 % 4]
        pitch = 72 + draw.choice(chord) + 12 * (draw.random() < 0.1)
        wait = draw.choice((0, 0, 3, 5))
        right += f"{number(wait)} 90 {pitch:02x} {draw.randrange(50, 100):02x} {number(ticks - wait)} 80 {pitch:02x} 40"
        if pedal and beat % 4 == 0:
            left += "00 b0 40 00 00 b0 40 7f"
        for tone in (0, 1) if hands == 2 else ():
            low = 48 + chord[(beat + tone) % 3]
            left += f"00 90 {low:02x} {draw.randrange(40, 70):02x} {number(ticks // 2)} 80 {low:02x} 40"
    tempo = "00 ff 51 03 07a120 00 ff 58 04 04 02 18 08 00 ff 59 02 00 00"
    tracks = [tempo + END, right + END, *([left + END] if hands == 2 else [])]
    return file(*tracks, kind=1, division=2 * ticks)


# Music enough to be answered: by a player, from a score, of one hand, of hardly any notes.
SEEDS = {
    "broken-chords": _seed(64, random.Random(1), 2, pedal=False, ticks=240),
    "broken-chords-pedalled": _seed(96, random.Random(2), 2, pedal=True, ticks=96),
    "melody": _seed(48, random.Random(3), 1, pedal=False, ticks=480),
    "one-note": file(f"00 90 3c 40 {number(1000)} 80 3c 40 {END}"),
    "rest-before-a-scale": file(f"{number(8000)} ff 01 01 41 {scale()} {scale()} {END}"),
}
