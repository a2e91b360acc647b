"""How notes become MIDI bytes: exact, safe to cut, and refused when no MIDI file could hold them."""

import io
import statistics
import time

import mido
import numpy as np
import pytest
from core_calls import write_score
from hypothesis import given
from hypothesis import strategies as st
from smf import smf

import longplay
from longplay import NOTE
from longplay.midi import parse_midi


def made(*notes):
    return np.array(list(notes), dtype=NOTE)


def written(notes, length_ms=1000, **options):
    return write_score(notes, length_ms, **options)


def messages(data):
    """Note events of the only track as (tick, kind, pitch, velocity), and the tick of End-of-Track."""
    midi = mido.MidiFile(file=io.BytesIO(data))
    assert (midi.type, len(midi.tracks), midi.ticks_per_beat) == (0, 1, 500)
    tick, events = 0, []
    for message in midi.tracks[0]:
        tick += message.time
        if message.is_meta:
            assert message.type == "end_of_track"
        else:
            assert message.channel == 0
            on = message.type == "note_on" and message.velocity > 0
            events.append((tick, "on" if on else "off", message.note, message.velocity))
    return events, tick


def test_a_file_byte_by_byte():
    notes = made((0, 100, 60, 64), (100, 200, 60, 65))
    assert written(notes, clip_ms=0) == smf("""
        4d546864 00000006  # MThd, 6 bytes
        0000 0001 01f4     # type 0, one track, 500 ticks per quarter note
        4d54726b 00000013  # MTrk, 19 bytes
        00 90 3c 40        # C4 on
        64 3c 00           # off, 100 ms later: running status, velocity 0
        00 3c 41           # and on again
        8148 3c 00         # off, 200 ms later
        853c ff 2f 00      # after 700 ms: End-of-Track at 1000 ms
    """)


def test_without_running_status_every_message_has_its_status():
    notes = made((0, 100, 60, 64))
    assert written(notes, running_status=False, clip_ms=0)[22:] == smf("""
        00 90 3c 40     # on
        64 80 3c 00     # off
        8704 ff 2f 00   # End-of-Track at 1000 ms
    """)


def test_a_file_is_a_quarter_smaller_with_running_status():
    notes = made(*((at, 50, 60 + at % 7, 64) for at in range(0, 59_000, 60)))
    assert len(written(notes, 60_000)) < 0.8 * len(written(notes, 60_000, running_status=False))


def test_at_one_tick_notes_end_before_others_begin():
    notes = made((0, 100, 62, 64), (0, 100, 64, 64), (100, 100, 60, 64))
    events, _ = messages(written(notes, clip_ms=0))
    assert [(tick, kind) for tick, kind, _, _ in events[2:5]] == [(100, "off"), (100, "off"), (100, "on")]


def test_the_length_is_exact_and_held_by_a_note_event_too():
    events, end = messages(written(made((0, 100, 60, 64)), 3_600_000))
    assert end == 3_600_000
    assert events[-1][:2] == (3_599_999, "off")
    assert mido.MidiFile(file=io.BytesIO(written(made(), 3_600_000))).length == pytest.approx(3600, abs=1e-6)


def test_a_note_off_that_ends_nothing_stands_on_each_boundary_and_as_many_ms_after_it():
    sounding = made((0, 4_500, 0, 64))
    events, _ = messages(written(sounding, 5_000, clip_ms=2_000))
    assert events == [
        (0, "on", 0, 64),
        (2_000, "off", 1, 0),
        (2_001, "off", 1, 0),
        (4_000, "off", 1, 0),
        (4_002, "off", 1, 0),
        (4_500, "off", 0, 0),
        (4_999, "off", 0, 0),
    ]


def test_a_note_that_ends_on_a_boundary_needs_no_other():
    events, _ = messages(written(made((0, 2_000, 60, 64), (0, 2_001, 61, 64)), 2_500, clip_ms=2_000))
    assert [event[:3] for event in events[2:]] == [(2_000, "off", 60), (2_001, "off", 61), (2_499, "off", 0)]


def test_a_note_that_starts_on_a_boundary_comes_after_the_cut():
    events, _ = messages(written(made((2_000, 10, 60, 64)), 2_500, clip_ms=2_000))
    assert [event[:3] for event in events[:2]] == [(2_000, "off", 0), (2_000, "on", 60)]


def test_nothing_stands_at_the_end_or_after_it():
    events, end = messages(written(made(), 2_000, clip_ms=2_000))
    assert (events, end) == ([(1_999, "off", 0, 0)], 2_000)
    assert messages(written(made(), 2_000, clip_ms=0)) == ([], 2_000)


def test_with_every_key_down_a_boundary_uses_another_channel():
    notes = made(*((0, 1_500, pitch, 64) for pitch in range(128)))
    data = written(notes, 2_000, clip_ms=1_000)
    anchor = mido.MidiFile(file=io.BytesIO(data)).tracks[0][128]
    assert (anchor.time, anchor.channel, anchor.velocity) == (1_000, 1, 0)
    assert parse_midi(data)[0].tolist() == notes.tolist()


GOOD = (100, 50, 60, 64)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((100, 50, 128, 64), r"notes\[1\].pitch must be in \[0, 127\], not 128"),
        ((100, 50, 61, 0), r"notes\[1\].velocity must be in \[1, 127\], not 0"),
        ((100, 50, 61, 128), r"notes\[1\].velocity must be in \[1, 127\], not 128"),
        ((99, 50, 61, 64), r"notes\[1\].onset_ms must be at least 100, as the note before it, not 99"),
        ((1000, 50, 61, 64), r"notes\[1\].onset_ms must be below the length, 1000, not 1000"),
        ((100, 0, 61, 64), r"notes\[1\].duration_ms must be at least 1 and over before .* onset_ms 100, not 0"),
        ((100, 900, 61, 64), r"notes\[1\].duration_ms must be at least 1 and over before the length, .*, not 900"),
        ((100, 2**63 - 1, 61, 64), r"notes\[1\].duration_ms must be .*, not 9223372036854775807"),
        ((149, 50, 60, 64), r"notes\[1\].onset_ms must be at least 150, where the note .* ends, not 149"),
        ((100, 50, 60, 64), r"notes\[1\].onset_ms must be at least 150, where .*, not 100"),
    ],
)
def test_a_note_that_no_file_could_hold_is_named(bad, message):
    with pytest.raises(ValueError, match=message):
        written(made(GOOD, bad))


def test_a_note_before_the_start_is_named():
    with pytest.raises(ValueError, match=r"notes\[0\].onset_ms must be at least 0, not -1"):
        written(made((-1, 50, 60, 64)))


@pytest.mark.parametrize(
    ("length_ms", "clip_ms", "message"),
    [
        (0, 30_000, r"length_ms must be in \[1, 86400000\], not 0"),
        (86_400_001, 30_000, r"length_ms must be in \[1, 86400000\], not 86400001"),
        (1000, 999, "clip_ms must be 0 or at least 1000, not 999"),
        (1000, -1, "clip_ms must be 0 or at least 1000, not -1"),
    ],
)
def test_a_length_out_of_range_is_refused(length_ms, clip_ms, message):
    with pytest.raises(ValueError, match=message):
        written(made(), length_ms, clip_ms=clip_ms)


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ((-1, 50, 60, 64), r"notes\[1\].onset_ms must be at least 0, not -1"),
        ((5, 0, 60, 64), "duration_ms must be at least 1, not 0"),
    ],
)
def test_overlaps_of_notes_that_cannot_be_are_not_resolved(note, message):
    with pytest.raises(ValueError, match=message):
        longplay.resolve_overlaps(made(GOOD, note))


def test_notes_of_another_dtype_are_refused_not_matched_by_position():
    swapped = np.zeros(2, dtype=[("duration_ms", "i8"), ("onset_ms", "i8"), ("pitch", "u1"), ("velocity", "u1")])
    for notes in (swapped, np.zeros(2), np.zeros(2, NOTE.newbyteorder())):
        with pytest.raises(TypeError, match=r"notes must have dtype .*, not "):
            written(notes)
    with pytest.raises(ValueError, match=r"notes must have shape \(notes,\)"):
        written(np.zeros((2, 2), NOTE))


def test_a_slice_of_notes_is_written():
    notes = made(GOOD, (120, 50, 61, 64), (200, 50, 60, 64))
    assert written(notes[::2]) == written(notes[::2].copy())


def test_the_notes_given_are_left_as_they_are():
    notes = made((100, 50, 60, 64), (0, 150, 60, 64))
    before = notes.copy()
    assert longplay.resolve_overlaps(notes).tolist() == [(0, 100, 60, 64), (100, 50, 60, 64)]
    assert (notes == before).all()


NOTES = st.lists(
    st.tuples(st.integers(0, 9_000), st.integers(1, 900), st.integers(0, 127), st.integers(1, 127)), max_size=50
).map(lambda notes: longplay.resolve_overlaps(made(*notes)))


@given(NOTES, st.booleans(), st.sampled_from([0, 1000, 2500]))
def test_what_is_written_is_read_back(notes, running_status, clip_ms):
    data = written(notes, 10_000, running_status=running_status, clip_ms=clip_ms)
    again, warnings = parse_midi(data)
    assert again.tolist() == notes.tolist()
    assert warnings == []
    assert written(again, 10_000, running_status=running_status, clip_ms=clip_ms) == data


def test_100_000_notes_are_written_in_a_moment():
    onsets = np.arange(0, 3_500_000, 35)
    notes = np.zeros(len(onsets), NOTE)
    notes["onset_ms"], notes["duration_ms"] = onsets, 400
    notes["pitch"], notes["velocity"] = 30 + onsets // 35 * 7 % 60, 64
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        written(notes, 3_600_000)
        seconds.append(time.perf_counter() - start)
    assert len(notes) == 100_000
    assert statistics.median(seconds) < 0.1  # ten times what it takes on an idle core
