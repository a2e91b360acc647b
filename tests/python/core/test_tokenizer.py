"""Laws of the tokenizer, for every input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import longplay
from longplay.midi import NOTE

SHIFTS = [*range(0, 1000, 10), *range(1000, 8001, 100)]
PITCHES = list(range(21, 109))
VELOCITIES = list(range(2, 128, 4))
DURATIONS = [*range(10, 500, 10), *range(500, 8001, 100)]
SIZES = [len(SHIFTS) + 1, len(PITCHES), len(VELOCITIES), len(DURATIONS)]
CONFIG = {
    "format": 1,
    "name": "tables",
    "fields": [
        {"name": name, "size": size, "values": values}
        for name, size, values in zip(
            ["time_shift", "pitch", "velocity", "duration"],
            SIZES,
            [SHIFTS, PITCHES, VELOCITIES, DURATIONS],
            strict=True,
        )
    ],
    "start_event": SIZES,
    "context_width": 1,
    "controls": [],
    "states": [],
    "states_in_place": False,
}
TOKENIZER = longplay.Tokenizer(CONFIG)

EVENTS = st.integers(0, 200).flatmap(
    lambda n: st.tuples(*(hnp.arrays(np.int32, n, elements=st.integers(0, size - 1)) for size in SIZES)).map(
        lambda columns: np.stack(columns, axis=1)
    )
)


@st.composite
def notes(draw):
    """Draw notes in order, at most one at a time on each pitch, with rests within the table."""
    gaps = draw(st.lists(st.integers(0, 3000), max_size=60))
    rows = []
    for onset in np.cumsum(gaps, dtype=np.int64):
        pitch, velocity = draw(st.sampled_from(PITCHES)), draw(st.integers(1, 127))
        rows.append((onset, draw(st.integers(1, 8000)), pitch, velocity))
    return longplay.resolve_overlaps(np.array(rows, dtype=NOTE))


def nearest(table, value):
    return min(table, key=lambda entry: (abs(entry - value), entry))


def quantised(played):
    """Round notes to the tables, in plain Python."""
    rows, onset = [], 0
    for note in played:
        onset += nearest(SHIFTS, int(note["onset_ms"]) - onset)
        velocity = nearest(VELOCITIES, int(note["velocity"]))
        rows.append((onset, nearest(DURATIONS, int(note["duration_ms"])), note["pitch"], velocity))
    return longplay.resolve_overlaps(np.array(rows, dtype=NOTE))


@given(notes())
def test_decoding_what_was_encoded_gives_the_quantised_notes(played):
    np.testing.assert_array_equal(TOKENIZER.decode(TOKENIZER.encode(played)), quantised(played))


@given(EVENTS)
def test_any_sequence_of_events_is_music(events):
    decoded = TOKENIZER.decode(events)
    assert (decoded["duration_ms"] >= 1).all()
    np.testing.assert_array_equal(longplay.resolve_overlaps(decoded), decoded)


@given(EVENTS)
def test_an_end_is_passed_over(events):
    assert TOKENIZER.end_id == len(SHIFTS)
    with_one = np.insert(events, len(events) // 2, [TOKENIZER.end_id, 0, 0, 0], axis=0)
    without = events[events[:, 0] != TOKENIZER.end_id]
    np.testing.assert_array_equal(TOKENIZER.decode(with_one), TOKENIZER.decode(without))


@given(EVENTS)
def test_a_second_round_trip_changes_nothing(events):
    once = TOKENIZER.decode(TOKENIZER.encode(TOKENIZER.decode(events)))
    np.testing.assert_array_equal(TOKENIZER.decode(TOKENIZER.encode(once)), once)


@given(notes())
def test_onsets_do_not_drift(played):
    events = TOKENIZER.encode(played)
    onsets = np.cumsum(np.array(SHIFTS)[events[:, 0]])
    assert np.abs(onsets - played["onset_ms"]).max(initial=0) <= 50  # half of the coarsest step


def test_an_id_out_of_range_is_named():
    with pytest.raises(ValueError, match=r"velocity of event 1 must be in \[0, 31\], not 32"):
        TOKENIZER.decode(np.array([[0, 0, 0, 0], [0, 0, 32, 0]], dtype=np.int32))


def test_notes_of_another_dtype_are_refused():
    with pytest.raises(TypeError):
        TOKENIZER.encode(np.zeros((3, 4)))
