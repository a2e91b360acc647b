"""The reader reads odd MIDI files as players do, with a warning, and names the byte from which it cannot read."""

import time

import pytest
from smf import file, smf
from test_midi_read import END, NOTE_ON_AT_0, read_odd

import longplay
from longplay import _core
from longplay.midi import parse_midi

C4 = f"{NOTE_ON_AT_0} 0a 80 3c 00"
ONE_NOTE = [(0, 10, 60, 64)]
DAY = 24 * 3_600_000  # ms


@pytest.mark.parametrize(
    ("data", "warnings"),
    [
        pytest.param(
            file(C4),
            ["1 track ends without End-of-Track, at byte 30"],
            id="no End-of-Track",
        ),
        pytest.param(
            file(C4 + END + "00 90 3c 40"),
            ["4 bytes after the End-of-Track of 1 track were skipped, at byte 34"],
            id="more after End-of-Track",
        ),
        pytest.param(
            file(C4 + "00 90 3c"),
            ["1 track ends inside a message, of which 3 bytes were skipped, at byte 30"],
            id="cut inside a message",
        ),
        pytest.param(
            file(C4 + "00 ff 01 05 41"),
            ["1 track ends inside a message, of which 5 bytes were skipped, at byte 30"],
            id="cut inside a text",
        ),
        pytest.param(
            file(C4 + "81"),
            ["1 track ends inside a message, of which 1 byte was skipped, at byte 30"],
            id="cut inside a delta",
        ),
        pytest.param(
            file(C4 + END)[:-4],
            [
                "1 track is cut off at the end of the file: 4 bytes are missing, at byte 14",
                "1 track ends without End-of-Track, at byte 30",
            ],
            id="cut by the end of the file",
        ),
        pytest.param(
            file(C4 + END) + b"*",
            ["1 byte outside of chunks was skipped, at byte 34"],
            id="a byte too many",
        ),
        pytest.param(
            file(C4 + END) + smf("58595a57 00000002 0000"),
            ["1 chunk that is not a track was skipped with 10 bytes, at byte 34"],
            id="a chunk of another kind",
        ),
        pytest.param(
            file(C4 + "00 f1 7f  00 f2 7f7f  00 f3 7f  00 f4 00 f5 00 f6 00 f8 00 fe" + END),
            ["8 system messages that a file may not hold were skipped, the first at byte 31"],
            id="system messages",
        ),
        pytest.param(
            file(f"{NOTE_ON_AT_0} 00 ff 01 00  0a 3c 00 {END}"),
            ["1 running status was kept across a meta event or sysex, at byte 31"],
            id="running status across a meta event",
        ),
        pytest.param(
            file(f"00 ff 51 03 000000  00 ff 51 02 07a1 {C4} {END}"),
            ["2 tempo events of zero or of the wrong size were skipped, the first at byte 23"],
            id="tempo of zero",
        ),
        pytest.param(
            file(C4 + END, END),
            ["a type 0 file has 2 tracks, which were read as if of type 1, at byte 8"],
            id="two tracks in type 0",
        ),
        pytest.param(
            smf("4d546864 00000006 0001 0002 01f4") + file(C4 + END)[14:],
            ["the header counts 2 tracks, but the file has 1, at byte 10"],
            id="fewer tracks than counted",
        ),
        pytest.param(
            smf("4d546864 00000008 0001 0001 01f4 abcd") + file(C4 + END)[14:],
            [],
            id="a longer header, as the standard foresees",
        ),
        pytest.param(
            smf("4d546864 00000000 0001 0001 01f4") + file(C4 + END)[14:],
            ["the header has a length of 0, which was read as 6, at byte 4"],
            id="a header of no length",
        ),
        pytest.param(
            file(C4 + "00 b0 07 ff 00 c0 80 00 d0 ff 00 e0 ff ff" + END),
            ["5 data bytes above 127 were read as 127, the first at byte 33"],
            id="data bytes above 127",
        ),
        pytest.param(
            file("00 3c 40", C4 + END, kind=1),
            [
                "1 track holds a data byte before any status byte; the rest of the track (3 bytes) was skipped, "
                "at byte 22"
            ],
            id="running status of nothing",
        ),
        pytest.param(file("8080808000" + C4[2:] + END), [], id="a delta of five bytes"),
        pytest.param(file("00 ff 01 8080808001 41" + C4 + END), [], id="a length of five bytes"),
        pytest.param(
            file(C4 + "808080808000 90 40 40" + END),
            [
                "1 track holds a variable-length number of more than 5 bytes; the rest of the track (13 bytes) was "
                "skipped, at byte 30"
            ],
            id="a delta of six bytes",
        ),
        pytest.param(
            file(C4 + "00 ff 01 808080808000" + END),
            [
                "1 track holds a variable-length number of more than 5 bytes; the rest of the track (13 bytes) was "
                "skipped, at byte 30"
            ],
            id="a length of six bytes",
        ),
        pytest.param(
            b"\r\n" + file(C4 + END),
            ["2 bytes before the header, MThd, were skipped, at byte 0"],
            id="a line break before the header",
        ),
        pytest.param(
            bytes(128) + file(C4 + END),
            ["128 bytes before the header, MThd, were skipped, at byte 0"],
            id="MacBinary",
        ),
        pytest.param(
            b"RIFF" + smf("2a000000") + b"RMIDdata" + smf("22000000") + file(C4 + END),
            ["20 bytes before the header, MThd, were skipped (a RIFF wrapper), at byte 0"],
            id="RIFF",
        ),
    ],
)
def test_what_is_odd_is_read_and_reported(data, warnings):
    assert read_odd(data) == (ONE_NOTE, warnings)


def test_a_pitch_and_a_velocity_above_127_are_127():
    notes, _ = read_odd(file("00 90 c8 ff 0a 80 c8 00" + END))
    assert notes == [(0, 10, 127, 127)]


def test_the_name_of_a_header_in_what_comes_before_is_no_header():
    notes, warnings = read_odd(b"\nMThd begins a file\n" + file(C4 + END))
    assert notes == ONE_NOTE
    assert warnings == ["20 bytes before the header, MThd, were skipped, at byte 0"]


def test_the_package_warns_of_what_is_odd():
    with pytest.warns(UserWarning, match="without End-of-Track"):
        assert longplay.read_midi(file(C4)).tolist() == ONE_NOTE


@pytest.mark.parametrize(
    ("data", "problem", "offset"),
    [
        pytest.param(b"", "does not begin with MThd", 0, id="nothing"),
        pytest.param(b"RIFF" + bytes(20), "does not begin with MThd", 0, id="another kind of file"),
        pytest.param(smf("4d546864 00000006 0000"), "the header ends early", 10, id="half a header"),
        pytest.param(file(END, kind=3), "type is 3, not 0, 1 or 2", 8, id="type 3"),
        pytest.param(file(END, division=0), "division is 0, not 1 to 32767", 12, id="division 0"),
        pytest.param(file(END, division=0xE928), "23 frames per second, not 24, 25, 29 or 30", 12, id="SMPTE 23"),
        pytest.param(file(END, division=0xE700), "0 ticks per frame, not 1 to 255", 13, id="SMPTE, 0 ticks"),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_stands(data, problem, offset):
    with pytest.raises(longplay.MidiError, match=rf"{problem}.* at byte {offset}$") as caught:
        parse_midi(data)
    assert caught.value.offset == offset
    assert isinstance(caught.value, longplay.Error)


def late_note(milliseconds: int) -> bytes:
    """Write a file with a note that starts after so many milliseconds: slow ticks first, then ticks of 1 ms."""
    tempo_minute = "00 ff 51 03 e4e1c0"  # 15 s per quarter note: 30 ms per tick
    deltas = ""
    slow, rest = divmod(milliseconds, 30)
    while slow:
        step = min(slow, 0x1FFFFF)
        deltas += f"{0x80 | step >> 14:02x}{0x80 | step >> 7 & 0x7F:02x}{step & 0x7F:02x} b0 07 40"
        slow -= step
    return file(f"{tempo_minute} {deltas} 00 ff 51 03 07a120 {rest:02x} 90 3c 40 01 80 3c 00 {END}")


def test_a_day_is_the_limit():
    assert read_odd(late_note(DAY - 1)) == ([(DAY - 1, 1, 60, 64)], [])
    notes, warnings = read_odd(late_note(DAY))
    assert notes == [(DAY, 1, 60, 64)]
    assert warnings[0].startswith("2 messages later than 24 h, 0 of them the start of a note, were skipped, the first")


def test_what_comes_before_the_limit_is_read():
    late = "ffffff7f"  # 2^28 - 1 ms
    assert read_odd(file(f"{C4} {late} ff 2f 00"))[0] == ONE_NOTE
    assert read_odd(file(f"{C4} {late} b0 07 64 {END}"))[0] == ONE_NOTE
    assert read_odd(file(f"{C4} {late} 90 40 40 01 80 40 00 {END}")) == (
        ONE_NOTE,
        ["3 messages later than 24 h, 1 of them the start of a note, were skipped, the first at byte 34"],
    )


@pytest.mark.parametrize("size", [0, 1, 8, 11, 13, 16, 20, 30, 32, 1000, 0xFFFFFFFF])
def test_a_wrong_length_of_a_track_loses_no_note(size):
    second = f"00 91 40 40 14 81 40 00 {END}"
    data = bytearray(file(C4 + END, second, kind=1))
    data[18:22] = size.to_bytes(4, "big")
    notes, warnings = read_odd(bytes(data))
    assert notes == [(0, 10, 60, 64), (0, 20, 64, 64)]
    assert warnings == ["1 track has a wrong length and was read up to End-of-Track or the next track, at byte 18"]


def test_more_tracks_than_a_header_can_count_are_refused():
    with pytest.raises(longplay.MidiError, match="more than 65535 tracks at byte"):
        parse_midi(file() + smf("4d54726b 00000000") * 65_536)


def test_a_file_of_65535_tracks_is_read_in_a_moment():
    track = file(f"{NOTE_ON_AT_0} 8360 3c 00 {END}")[14:]
    data = smf("4d546864 00000006 0001 ffff 01f4") + track * 65_535
    start = time.perf_counter()
    notes, warnings = parse_midi(data)
    assert time.perf_counter() - start < 2  # s; a search through all tracks for every message takes minutes
    assert notes.tolist() == [(0, 480, 60, 64)]
    assert warnings == []


def test_only_bytes_are_read():
    with pytest.raises(TypeError):
        _core.read_score("MThd", sustain=True, keep_drums=False, piano_only=False)
