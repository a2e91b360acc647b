"""Compare the ranking of candidates with cases computed by hand."""

import math

import numpy as np
import pytest

import longplay
from longplay.farm import COLUMNS, Measures
from longplay.farm.measures import KEY_COLUMNS, measure
from longplay.farm.ranking import order
from longplay.midi import NOTE
from longplay.pictures.clip_features import FEATURES, bands

SEED = np.array([(0, 500, 60, 64), (500, 500, 64, 64)], NOTE)


def piece(notes, seconds=30.0, log_probabilities=((-1, -2, -0.5, -0.25),), **settings):
    notes = np.array(notes, NOTE)
    nats = np.array(log_probabilities, np.float32)
    made = longplay.Provenance("0", "none", "", None, 0, longplay.Settings(seconds=seconds, **settings))
    return longplay.Piece(notes, seconds, np.zeros(nats.shape, np.int32), nats, made)


def scale(count, start=0, step=100, pitches=(60, 62, 64, 65)):
    return [(start + i * step, 50, pitches[i % len(pitches)], 64) for i in range(count)]


def test_the_log_probability_is_the_mean_over_the_notes_of_the_sum_over_their_fields():
    made = piece(scale(2), log_probabilities=[(-1, -2, -0.5, -0.25), (-0.25, 0, 0, 0)])
    assert measure(made, SEED).log_probability == -2
    assert measure(made, SEED).notes == 2


def test_the_part_in_the_bands_counts_each_statistic_of_each_clip():
    def inside(*values):
        pairs = zip(values, bands().values(), strict=True)
        return sum(low <= value <= high for value, (low, _, high) in pairs)

    # 90 notes in 30 s on four pitches: the pitches are too few and, of one velocity, as spread as a band allows.
    first = inside(3, 62.75, 4, 2, 64, 0)
    # A second clip of one note.
    second = inside(1 / 30, 60, 1, 0, 64, 0)
    made = piece([*scale(88, step=300), *scale(2, start=29_000, pitches=(64, 65)), (30_000, 50, 60, 64)], seconds=60)
    assert first != second
    assert measure(made, SEED).in_bands == (first + second) / 12


def test_a_clip_without_notes_is_in_no_band_and_responds_to_nothing():
    whole, half = piece(scale(90, step=300)), piece(scale(90, step=300), seconds=60)
    assert measure(half, SEED).in_bands == measure(whole, SEED).in_bands / 2
    assert measure(half, SEED).response == measure(whole, SEED).response / 2


@pytest.mark.parametrize(
    ("pitches", "part"),
    [
        (list(range(40, 55)), 0),  # 15 notes: no run
        (list(range(40, 72)), 0),
        ([60] * 17, 1 / 2),  # two runs, the second as the first
        (list(range(40, 56)) * 2, 1 / 17),  # of 17 runs the last is the first again
        ([*range(40, 56), 80, *range(40, 56)], 1 / 18),
    ],
)
def test_repetition_is_the_part_of_runs_of_16_pitches_that_came_before(pitches, part):
    made = piece([(100 * i, 50, pitch, 64) for i, pitch in enumerate(pitches)])
    assert measure(made, SEED).repetition == pytest.approx(part)


def test_the_response_is_half_pitch_classes_in_common_and_half_nearness_of_the_statistics():
    widths = [high - low for low, _, high in bands().values()]
    # The seed has 2 notes in 1 s, pitches 60 and 64; the clip 60 notes in 30 s, of which 15 are 60 and 15 are 64.
    seed = dict(zip(FEATURES, (2, 62, 2, 1, 64, 0), strict=True))
    clip = dict(zip(FEATURES, (2, 62.75, 4, 2, 64, 0), strict=True))
    nearness = np.mean([max(0, 1 - abs(seed[n] - clip[n]) / width) for n, width in zip(FEATURES, widths, strict=True)])
    made = piece(scale(60))
    assert measure(made, SEED).response == pytest.approx((0.25 + 0.25) / 2 + nearness / 2)


def test_a_piece_that_is_its_seed_again_and_again_responds_perfectly():
    notes = [(250 * i, 250, 60 + i % 5, 64) for i in range(120)]
    assert measure(piece(notes), np.array(notes, NOTE)).response == pytest.approx(1)
    assert measure(piece(notes), np.array(scale(3), NOTE)[:0]).response is None


def test_a_seed_that_starts_late_is_measured_from_its_first_note():
    late = SEED.copy()
    late["onset_ms"] += 100_000
    made = piece(scale(60))
    assert measure(made, late).response == measure(made, SEED).response


def test_a_piece_too_short_for_a_clip_is_one():
    made = measure(piece(scale(5), seconds=2), SEED)
    assert 0 < made.in_bands < 1
    assert 0 < made.response < 1


def test_the_key_of_the_seed_is_measured_by_the_time_since_the_seed():
    seed = np.array(scale(30, pitches=(60, 64, 67)), NOTE)
    there = scale(600, pitches=(48, 52, 55))  # the first minute, in the seed's key
    away = scale(2400, start=60_000, pitches=(61, 65, 68))
    made = measure(piece([*there, *away], seconds=400), seed)
    assert made.key_20_s == pytest.approx(1, abs=1e-4)
    assert -0.4 < made.key_1_min < -0.3
    assert made.key_5_min is None  # it has no part with notes
    assert measure(piece(there, seconds=59), seed).key_20_s is None
    assert measure(piece(there, seconds=60), seed[:0]).key_20_s is None


def test_a_seed_that_the_piece_begins_with_does_not_count_for_its_key():
    seed = np.array(scale(601, pitches=(60, 64, 67)), NOTE)  # a minute
    made = piece([*seed.tolist(), *scale(700, start=60_100, pitches=(61, 65, 68))], seconds=130, include_seed=True)
    assert measure(made, seed).key_20_s < 0


def test_the_order_is_that_of_the_mean_rank_over_the_columns():
    measured = {
        0: Measures(100, log_probability=-3.0, in_bands=0.9, repetition=0.1, response=0.5),  # ranks 2, 1, 2.5, 3
        1: Measures(900, log_probability=-2.0, in_bands=0.8, repetition=0.0, response=0.9),  # ranks 1, 2, 1, 1
        2: Measures(500, log_probability=-9.0, in_bands=0.5, repetition=0.1, response=0.6),  # ranks 3, 3, 2.5, 2
    }
    assert order(measured) == [(1, 1.25), (0, 2.125), (2, 2.625)]


def test_equals_are_in_the_order_of_their_numbers_and_no_response_is_the_worst():
    same = Measures(100, -3.0, 0.9, 0.1, 0.5)
    assert order({7: same, 3: same}) == [(3, 1.5), (7, 1.5)]
    none = Measures(100, -3.0, 0.9, 0.1, None)
    assert order({3: none, 7: same}) == [(7, (3 * 1.5 + 1) / 4), (3, (3 * 1.5 + 2) / 4)]
    assert order({3: none, 7: none}) == [(3, 1.5), (7, 1.5)]
    assert order({}) == []


def test_each_column_says_which_way_is_better():
    others = ("notes", *KEY_COLUMNS, "refusals")
    assert list(COLUMNS) == [name for name in Measures.__dataclass_fields__ if name not in others]
    assert all("is better" in meaning for meaning in COLUMNS.values())
    assert math.isfinite(measure(piece(scale(5)), SEED).log_probability)
