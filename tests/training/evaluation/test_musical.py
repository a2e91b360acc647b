"""Check musical measures against values computed by hand."""

import numpy as np
import pytest

from longplay.midi import NOTE

pytest.importorskip("scipy", reason="the evaluation needs scikit-learn, of the extra [train]")

from training.evaluation import musical
from training.evaluation.clips import Music


def music(*rows: tuple[int, int, int], length_ms: int = 0, velocity: int = 64) -> Music:
    """Return a piece from (onset in ms, pitch, duration in ms)."""
    notes = np.array([(onset, duration, pitch, velocity) for onset, pitch, duration in rows], NOTE)
    return Music(notes, length_ms or int((notes["onset_ms"] + notes["duration_ms"]).max()), "work", "source")


def line(pitches: list[int], step_ms: int = 400, start_ms: int = 0) -> list[tuple[int, int, int]]:
    return [(start_ms + step_ms * i, pitch, step_ms) for i, pitch in enumerate(pitches)]


@pytest.mark.parametrize(
    ("pitches", "reach"),
    [
        ([60], True),
        ([36, 48, 60, 72], True),
        ([36, 49, 62, 75], False),
        ([40, 41, 42, 43, 44, 45], True),
        ([40, 41, 42, 43, 44, 45, 60], False),
        (list(range(40, 51)), False),
        ([30, 60, 72], True),
        ([30, 60, 73], False),
    ],
)
def test_two_hands_have_ten_fingers_and_reach_an_octave_each(pitches: list[int], reach: bool) -> None:
    assert musical.two_hands_reach(np.array(pitches)) is reach


def test_notes_within_50_ms_of_the_first_are_a_chord() -> None:
    piece = music((0, 40, 100), (30, 60, 100), (50, 80, 100), (51, 90, 100), (400, 36, 100), (400, 49, 100))
    assert [chord.tolist() for chord in musical.chords(piece.notes)] == [[40, 60, 80], [90], [36, 49]]
    assert musical.unplayable(piece) == pytest.approx(1 / 3)


def test_struck_semitones_are_a_share_of_all_intervals() -> None:
    piece = music((0, 60, 100), (0, 61, 100), (0, 72, 100), (500, 60, 100), (500, 64, 100))
    assert musical.struck_semitones(piece) == 2 / 4  # 60-61 and 61-72, of 60-61, 60-72, 61-72, 60-64
    assert np.isnan(musical.struck_semitones(music((0, 60, 100))))


def test_silence_is_where_nothing_sounds() -> None:
    assert musical.silence(music((0, 60, 900), (100, 62, 100), (1500, 60, 100), (2000, 60, 100))) == (600 + 400) / 2000


def test_a_trill_is_stuck_and_a_scale_is_not() -> None:
    assert musical.stuck(music(*line([60, 62] * 40))) == 1
    assert musical.stuck(music(*line([60 + i % 8 for i in range(80)]))) == 0


def test_a_clip_of_one_velocity_is_flat() -> None:
    piece = music(*line([60] * 150))
    assert musical.flat(piece) == 1
    piece.notes["velocity"][:75:2] += 4
    assert musical.flat(piece) == 0.5


def test_spreads_are_those_of_parts_of_two_seconds() -> None:
    piece = music(*line([60, 60, 70, 70], 1000), length_ms=4000)
    assert musical.register_spread(piece) == 5
    assert musical.density_variation(piece) == 0
    assert musical.density_variation(music(*line([60, 60, 60], 500), length_ms=4000)) == 1


MOTIF = [60, 64, 62, 67, 65, 71, 64]


@pytest.mark.parametrize(("lag_ms", "up", "shares"), [(20_000, 0, (1, 0)), (20_000, 5, (1, 1)), (4_000, 0, (0, 0))])
def test_a_motif_returns_after_ten_seconds_at_any_pitch(lag_ms: int, up: int, shares: tuple[int, int]) -> None:
    piece = music(*line(MOTIF, 300), *line([pitch + up for pitch in MOTIF], 300, lag_ms))
    returns = [musical.motifs_return(piece), musical.motifs_return_elsewhere(piece)]
    assert np.count_nonzero(returns) == sum(shares)
    windows = 2 * len(MOTIF) - 1 - musical.MOTIF + 1
    assert returns[0] == shares[0] / windows


def test_a_rhythm_returns_whatever_its_pitches() -> None:
    steps = np.cumsum([0, 100, 400, 200, 800, 100, 300])
    rows = [(int(at + start), 60 + i, 50) for start in (0, 20_000) for i, at in enumerate(steps)]
    assert musical.rhythms_return(music(*rows)) == 1 / (13 - musical.MOTIF + 1)
    assert musical.motifs_return(music(*rows)) == 0  # a scale is a run of one interval


def test_a_dominant_that_leads_to_its_tonic_is_a_cadence() -> None:
    c_major = [(48, 64, 67), (57, 60, 64), (43, 59, 65), (48, 64, 72)]
    rows = [(1000 * i, pitch, 900) for i, chord in enumerate(c_major * 3) for pitch in chord]
    assert musical.cadences_per_minute(music(*rows, length_ms=12_000)) == 60 * 3 / 12
    without = [row for row in rows if row[1] != 59]
    assert musical.cadences_per_minute(music(*without, length_ms=12_000)) == 0


def test_notes_outside_the_scale_are_out_of_key() -> None:
    scale = [60, 62, 64, 65, 67, 69, 71, 72]
    assert musical.out_of_key(music(*line([*scale * 3, 61]), length_ms=10_000)) == pytest.approx(1 / 25)


def test_means_leave_out_pieces_that_are_too_short() -> None:
    assert musical.mean_and_error([1, 3, float("nan")]) == {"mean": 2.0, "error": 1.0}
    assert musical.mean_and_error([float("nan")]) == {"mean": None, "error": None}
    both = musical.musical_figures({"real": [music(*line(MOTIF))], "made": []})
    assert set(both) == set(musical.MEASURES)
    assert both["notes_per_second"]["real"]["mean"] == 2.5
