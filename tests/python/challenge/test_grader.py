"""A written hour is cut by the challenge's grader into 120 clips, each where it should be."""

import numpy as np
import pytest
from core_calls import write_score
from grader import CLIPS, CrashedError, RejectedError, grade, parse, without_meta
from hours import HOUR, an_hour, delta, made, notes_file
from hypothesis import example, given, settings
from hypothesis import strategies as st
from smf import file

import longplay

CLIP = 30_000  # ms
VIEWS = ["meta takes time", "meta takes none", "meta removed"]


def graded(midi, view):
    if view == "meta removed":
        midi = without_meta(midi)
    return grade(midi, meta_takes_time=view != "meta takes none")


def assert_cut_well(data):
    """120 clips, none of them empty, none of them begun early or later than a millisecond a clip."""
    midi = parse(data)
    for view in VIEWS:
        grading = graded(midi, view)
        assert len(grading.starts) == CLIPS
        assert all(grading.clips)
        late = np.array(grading.starts) - CLIP * np.arange(CLIPS)
        assert (late >= 0).all()
        assert (late <= np.arange(CLIPS)).all()


@pytest.mark.parametrize(("random_seed", "running_status"), [(0, True), (1, True), (2, False)])
def test_an_hour_of_30000_notes_is_cut_into_120_clips(random_seed, running_status):
    assert_cut_well(longplay.write_midi(an_hour(random_seed), 3600, running_status=running_status))


def test_an_hour_of_silence_is_cut_into_120_clips():
    assert_cut_well(longplay.write_midi(made([]), 3600))


def test_an_hour_of_one_long_note_is_cut_into_120_clips():
    assert_cut_well(longplay.write_midi(made([(0, HOUR - 1, 60, 64)]), 3600))


def test_every_note_is_in_a_clip():
    notes = an_hour(3, notes=3000)
    grading = grade(parse(longplay.write_midi(notes, 3600)))
    assert sum(grading.onsets()) == len(notes)
    starting = np.searchsorted(notes["onset_ms"], CLIP * np.arange(CLIPS + 1))
    # A note that starts in the few milliseconds by which a cut may be late falls into the clip before.
    assert np.abs(np.array(grading.onsets()) - np.diff(starting)).sum() <= 20


near_a_boundary = st.builds(
    lambda clip, offset: clip * CLIP + offset, st.integers(1, CLIPS - 1), st.integers(-3, CLIPS + 3)
)
NOTES = st.lists(
    st.tuples(
        st.one_of(near_a_boundary, st.integers(0, HOUR - 70_000)),
        st.integers(1, 65_000),
        st.integers(0, 127),
        st.integers(1, 127),
    ),
    max_size=60,
).map(lambda notes: made([(onset, min(length, HOUR - 1 - onset), *rest) for onset, length, *rest in notes]))


@settings(max_examples=50)
@given(NOTES)
def test_any_notes_are_cut_into_120_clips(notes):
    assert_cut_well(longplay.write_midi(notes, 3600))


@settings(max_examples=50)
@given(NOTES, st.integers(3_590_010, HOUR))
@example(made([]), 3_590_010)
def test_a_shorter_hour_that_is_accepted_fills_120_clips_too(notes, length_ms):
    notes = notes[notes["onset_ms"] + notes["duration_ms"] < length_ms]
    midi = parse(longplay.write_midi(notes, length_ms / 1000))
    for view in VIEWS:
        assert all(graded(midi, view).clips)


# Known behaviour of the grader with files that are not safe. Its copy must behave the same.


def test_a_file_that_is_not_an_hour_is_rejected():
    with pytest.raises(RejectedError, match=r"3589\.99"):
        grade(parse(write_score(made([]), HOUR - 10_001)))


def test_a_second_track_is_rejected():
    track = write_score(made([]), HOUR)[22:].hex()
    grade(parse(file(track)))
    with pytest.raises(RejectedError, match="2 tracks"):
        grade(parse(file(track, track, kind=1)))


def test_note_offs_at_the_very_end_crash_it():
    notes = "".join(f"{delta(30_000)} 90 3c 40 00 3c 00" for _ in range(119))
    with pytest.raises(CrashedError):
        grade(parse(file(f"{notes} {delta(0)} 90 3c 40 00 90 40 40 {delta(30_000)} 80 3c 00 00 80 40 00 00 ff 2f 00")))


def test_a_faster_tempo_crashes_it_and_a_slower_one_leaves_clips_empty():
    with pytest.raises(CrashedError):
        grade(parse(notes_file(1000, 4_200_000, tempo="00 ff 51 03 068a1b")))  # 140 to the minute
    slow = grade(parse(notes_file(1000, 3_000_000, tempo="00 ff 51 03 0927c0")))  # 100 to the minute
    assert sum(not clip for clip in slow.clips) == 20


def test_without_anchors_the_cuts_drift():
    notes = an_hour(0, notes=3000)
    assert grade(parse(write_score(notes, HOUR, clip_ms=0))).starts[-1] > 119 * CLIP + 1000
