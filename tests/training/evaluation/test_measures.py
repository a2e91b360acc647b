"""Check measures of music against values computed by hand or by others."""

import numpy as np
import pytest

from longplay.midi import NOTE
from training.evaluation import keys, measures

pytest.importorskip("scipy", reason="the evaluation needs scikit-learn, of the extra [train]")

from training.evaluation import distances, similarity
from training.evaluation.clips import Music, clips, excerpt, paired_clips


def notes_of(*rows: tuple[int, int, int, int]) -> np.ndarray:
    """Return notes from (onset, duration, pitch, velocity), with times in ms."""
    return np.array(list(rows), NOTE)


def steps(*rows: tuple[int, int, int]) -> np.ndarray:
    """Return notes from (onset, duration, pitch), with times in sixteenths of 125 ms."""
    return notes_of(*((125 * onset, 125 * duration, pitch, 64) for onset, duration, pitch in rows))


# Onsets in three bars of 16 steps.
BARS = steps(
    (0, 2, 60), (0, 4, 64), (2, 2, 67), (4, 4, 72), (8, 8, 61), (16, 4, 60), (20, 2, 64), (22, 6, 66), (34, 4, 69),
    (38, 10, 60),
)  # fmt: skip


def test_the_consistencies_are_those_of_muspy() -> None:  # MusPy 0.5.0 on the same notes, a step a tick
    assert measures.polyphony(BARS) == pytest.approx(1.0952380952380953)
    assert measures.scale_consistency(BARS) == pytest.approx(0.9)
    assert measures.groove_consistency(BARS) == pytest.approx(5 / 6)


def test_polyphony_counts_no_silence() -> None:
    assert measures.polyphony(notes_of((0, 100, 60, 1), (50, 100, 64, 1), (500, 50, 60, 1))) == 250 / 200


def test_figures_of_no_notes_are_not_numbers() -> None:
    nothing = notes_of()
    assert np.isnan([measures.polyphony(nothing), measures.scale_consistency(nothing)]).all()
    assert np.isnan([measures.groove_consistency(nothing), measures.groove_consistency(steps((0, 1, 60)))]).all()


def test_distributions_count_every_note_in_its_bin() -> None:
    parts = measures.distributions(notes_of((0, 25, 60, 7), (0, 24, 64, 8), (40, 4800, 72, 127), (1640, 10, 72, 64)))
    assert parts["pitch_class"].tolist() == [0.75, 0, 0, 0, 0.25] + [0] * 7
    assert np.flatnonzero(parts["velocity"]).tolist() == [0, 1, 8, 15]
    assert parts["duration_ms"][[0, 1, -1]].tolist() == [0.5, 0.25, 0.25]
    assert parts["inter_onset_ms"][[0, 4, -2]].tolist() == pytest.approx([1 / 3] * 3)


def test_the_overlap_is_one_of_equals_and_zero_of_strangers() -> None:
    assert measures.overlap(np.array([0.5, 0.5, 0]), np.array([0.5, 0.5, 0])) == 1
    assert measures.overlap(np.array([0.5, 0.5, 0]), np.array([0, 0, 1.0])) == 0
    assert measures.overlap(np.array([0.75, 0.25, 0]), np.array([0.25, 0.25, 0.5])) == 0.5


def test_a_run_is_repeated_when_it_came_before() -> None:
    assert measures.repeated(np.array([1, 2, 3, 1, 2, 3]), 3) == 0.25  # 123 231 312 123
    assert measures.repeated(np.array([1, 2]), 3) == 0


@pytest.mark.parametrize(
    ("pitches", "tonic"), [((60, 62, 64, 65, 67, 69, 71, 60, 64, 67), 0), ((69, 71, 72, 74, 76, 77, 68, 69, 72, 76), 9)]
)
def test_the_tonic_is_that_of_the_scale(pitches: tuple[int, ...], tonic: int) -> None:
    assert keys.tonic(notes_of(*((300 * i, 300, pitch, 64) for i, pitch in enumerate(pitches)))) == tonic


def test_an_excerpt_begins_at_zero_and_leaves_durations() -> None:
    notes = notes_of((0, 10, 60, 1), (100, 999, 61, 1), (199, 10, 62, 1), (200, 10, 63, 1))
    assert excerpt(notes, 100, 200).tolist() == [(0, 999, 61, 1), (99, 10, 62, 1)]


def even(length_ms: int, work: str = "work") -> Music:
    return Music(notes_of(*((t, 100, 60, 64) for t in range(0, length_ms, 1000))), length_ms, work, "source")


def test_clips_do_not_overlap_and_reach_both_ends() -> None:
    cut = clips(even(100_000), 5)
    assert len(cut) == 3
    assert [len(clip.notes) for clip in cut] == [30] * 3
    assert clips(even(29_999), 5) == []


def test_of_each_pair_equally_many_clips_are_taken() -> None:
    real, made = paired_clips([even(60_000, "a"), even(400_000, "b")], [even(900_000, "a"), even(90_000, "b")], 4)
    assert [clip.work for clip in real] == [clip.work for clip in made] == ["a", "a", "b", "b", "b"]


def test_equal_distances_overlap_wholly_and_do_not_diverge() -> None:
    values = np.array([1.0, 2, 2, 5])
    assert distances.overlapped_area(values, values) == pytest.approx(1)
    assert distances.divergence_nats(values, values) == pytest.approx(0)
    assert distances.overlapped_area(values, values + 100) == pytest.approx(0, abs=1e-6)
    assert distances.overlapped_area(values, np.ones(4)) is None


def test_two_normal_densities_overlap_and_diverge_as_they_must() -> None:
    from scipy.stats import norm

    values = norm.ppf((np.arange(2000) + 0.5) / 2000)
    assert distances.overlapped_area(values, values + 1) == pytest.approx(2 * norm.cdf(-0.5), abs=0.02)
    assert distances.divergence_nats(values, values + 1) == pytest.approx(0.5, abs=0.05)


def test_sets_are_compared_by_every_feature() -> None:
    def rising(step: int) -> Music:
        return Music(notes_of(*((200 * i, 100, 40 + step * i, 64) for i in range(9))), 30_000, "", "")

    report = distances.compare([rising(1), rising(2), rising(4)], [rising(2), rising(3)])
    assert set(report) == set(distances.FEATURES)
    assert report["pitch_range"]["distance_real"] == pytest.approx((8 + 24 + 16) / 3, abs=1e-4)
    assert report["pitch_range"]["distance_across"] == pytest.approx((8 + 16 + 0 + 8 + 16 + 8) / 6, abs=1e-4)
    assert report["note_count"]["overlapped_area"] is None


def test_pitch_transitions_are_counted_from_the_first_note_to_the_next() -> None:
    parts = distances.pitch_transitions(notes_of((0, 9, 60, 1), (9, 9, 67, 1), (18, 9, 60, 1), (27, 9, 55, 1)))
    assert {i: parts[i] for i in np.flatnonzero(parts)} == {7: pytest.approx(2 / 3), 84: pytest.approx(1 / 3)}


def test_moments_with_the_same_notes_are_alike() -> None:
    notes = notes_of(*((1000 * t, 1000, 60 if t // 5 % 2 == 0 else 66, 64) for t in range(40)))
    alike = similarity.similarity_by_lag([Music(notes, 40_000, "", "")])
    assert alike["10"] == 1
    assert alike["5"] == alike["15"] == pytest.approx(-1 / 11, abs=1e-4)  # single pitch classes
    assert alike["60"] is None
