"""Laws of reading, for any bytes at all."""

import re

import numpy as np
import score_oracle
from hypothesis import given
from hypothesis import strategies as st
from smf import file

import longplay
from longplay import _core
from longplay.midi import parse_midi

VELOCITY = st.integers(0, 127)
PITCH = st.integers(59, 62)  # few keys, so that notes meet
DELTA = st.sampled_from(["00", "01", "05", "8203"])
NOTE = st.builds("{:02x}{:02x}{:02x}".format, st.sampled_from([0x80, 0x81, 0x90, 0x91, 0x99]), PITCH, VELOCITY)
CONTROL = st.builds(
    "b{:x}{:02x}{:02x}".format, st.integers(0, 1), st.sampled_from([64, 64, 64, 120, 121, 123, 7]), VELOCITY
)
TEMPO = st.builds("ff5103{:06x}".format, st.integers(1, 2_000_000))
OTHER = st.sampled_from(["ff0100", "f003010203", "f70100", "c005", "c028", "c949", "e00040"])
MESSAGE = st.one_of(NOTE, NOTE, NOTE, CONTROL, TEMPO, OTHER)
TRACK = st.lists(st.tuples(DELTA, MESSAGE).map("".join), max_size=40).map(lambda parts: "".join(parts) + "05ff2f00")
# Any two data bytes, above 127 too, and a delta of up to five.
CLAMPED = st.builds(
    "{:02x}{:02x}{:02x}".format,
    st.sampled_from([0x80, 0x90, 0x90, 0xB0, 0xE0]),
    st.integers(50, 255),
    st.integers(0, 255),
)
CLAMPED_ONE = st.builds("{:02x}{:02x}".format, st.sampled_from([0xC0, 0xD0]), st.integers(0, 255))
LONG_DELTA = st.sampled_from(["00", "05", "8005", "80808005", "8080808005"])
ODD_MESSAGE = st.one_of(MESSAGE, CLAMPED, CLAMPED, CLAMPED_ONE)
ODD_TRACK = st.lists(st.tuples(LONG_DELTA, ODD_MESSAGE).map("".join), max_size=40).map(
    lambda parts: "".join(parts) + "05ff2f00"
)
FILE = st.builds(
    lambda kind, tracks, division: file(*tracks[: 1 if kind == 0 else None], kind=kind, division=division),
    st.integers(0, 2),
    st.lists(TRACK, min_size=1, max_size=4),
    st.integers(1, 32767),
)


def assert_a_piano_can_play(notes):
    order = list(zip(notes["onset_ms"].tolist(), notes["pitch"].tolist(), strict=True))
    assert order == sorted(set(order))
    assert (notes["onset_ms"] >= 0).all()
    assert (notes["duration_ms"] >= 1).all()
    assert ((notes["velocity"] >= 1) & (notes["velocity"] <= 127) & (notes["pitch"] <= 127)).all()
    for pitch in np.unique(notes["pitch"]):
        on_pitch = notes[notes["pitch"] == pitch]
        assert (on_pitch["onset_ms"][1:] >= (on_pitch["onset_ms"] + on_pitch["duration_ms"])[:-1]).all()


def read_or_refuse(data):
    try:
        notes, warnings = parse_midi(data)
    except longplay.MidiError as error:
        offset, message = error.offset, str(error)
    else:
        assert_a_piano_can_play(notes)
        assert all(re.search(r" at byte \d+$", warning) for warning in warnings)
        return
    assert 0 <= offset <= len(data)
    assert message.endswith(f" at byte {offset}")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    read_or_refuse(data)


@given(st.binary(max_size=200), st.integers(0, 2), st.integers(0, 0xFFFF))
def test_any_track_is_read_or_refused(track, kind, division):
    read_or_refuse(file(track.hex(), kind=kind, division=division))


@given(FILE, st.data())
def test_any_damage_to_a_file_is_read_or_refused(data, draw):
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(damaged) - 1))
        how = draw.draw(st.sampled_from(["replace", "insert", "cut"]))
        if how == "replace":
            damaged[at] = draw.draw(st.integers(0, 255))
        elif how == "insert":
            damaged[at:at] = draw.draw(st.binary(max_size=4))
        elif at > 0:
            del damaged[at:]
    read_or_refuse(bytes(damaged))


@given(FILE, st.booleans(), st.booleans(), st.booleans())
def test_any_sound_file_is_read_as_the_slow_reader_does(data, sustain, keep_drums, piano_only):
    how = {"sustain": sustain, "keep_drums": keep_drums, "piano_only": piano_only}
    notes, _ = parse_midi(data, **how)
    assert_a_piano_can_play(notes)
    assert notes.tolist() == score_oracle.read(data, **how)


@given(st.lists(ODD_TRACK, min_size=1, max_size=3), st.integers(1, 2), st.booleans())
def test_data_bytes_above_127_and_long_deltas_are_read_as_mido_clips_them(tracks, kind, piano_only):
    data = file(*tracks, kind=kind)
    notes, _ = parse_midi(data, piano_only=piano_only)
    assert_a_piano_can_play(notes)
    assert notes.tolist() == score_oracle.read(data, piano_only=piano_only)


@given(st.lists(TRACK, min_size=1, max_size=4), st.data())
def test_a_wrong_length_of_a_track_changes_no_note(tracks, draw):
    data = file(*tracks, kind=1)
    wrong = bytearray(data)
    for at in [at for at in range(len(data)) if data.startswith(b"MTrk", at)]:
        wrong[at + 4 : at + 8] = draw.draw(st.sampled_from([data[at + 4 : at + 8], bytes(4), b"\xff" * 4, b"\0\0\0\7"]))
    assert parse_midi(bytes(wrong))[0].tolist() == parse_midi(data)[0].tolist()


@given(FILE, st.binary(max_size=200).filter(lambda junk: b"MThd" not in junk))
def test_bytes_before_the_header_change_no_note(data, junk):
    assert parse_midi(junk + data)[0].tolist() == parse_midi(data)[0].tolist()


NOTES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 30), st.integers(60, 62), st.integers(1, 127)), max_size=12
).map(lambda notes: np.array(notes, dtype=_core.NOTE))


@given(NOTES)
def test_resolving_overlaps_is_the_rule_of_the_slow_reader(notes):
    resolved = longplay.resolve_overlaps(notes)
    assert_a_piano_can_play(resolved)
    ends = [(onset, onset + duration, pitch, velocity) for onset, duration, pitch, velocity in notes.tolist()]
    assert resolved.tolist() == score_oracle.resolve(ends)


@given(NOTES)
def test_resolving_twice_changes_nothing(notes):
    resolved = longplay.resolve_overlaps(notes)
    assert longplay.resolve_overlaps(resolved).tolist() == resolved.tolist()
