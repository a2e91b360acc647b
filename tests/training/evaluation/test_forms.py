"""Measures of forms, on sections that are short enough to count by hand."""

import numpy as np
import pytest

from longplay.midi import NOTE
from training.evaluation.forms import alike, area, chroma, jaccard


def section(*pairs):
    notes = np.zeros(len(pairs), NOTE)
    notes["onset_ms"], notes["pitch"] = [onset for onset, _ in pairs], [pitch for _, pitch in pairs]
    return notes


def test_the_jaccard_index_counts_pairs_of_onset_and_pitch():
    one = section((0, 60), (500, 62), (1000, 64))
    assert jaccard(one, one) == 1
    assert jaccard(one, section((10, 60), (500, 63), (1040, 64), (2000, 62))) == pytest.approx(2 / 5)
    assert jaccard(one, section((0, 72))) == 0
    assert jaccard(one[:0], one[:0]) == 0


def test_sections_are_alike_if_their_pitch_classes_change_together():
    rising, falling = section((0, 60), (1000, 62), (2000, 64)), section((0, 64), (1000, 62), (2000, 60))
    octave_higher = section((0, 72), (1000, 74), (2000, 76))
    first = chroma(rising, 3)
    assert first.shape == (36,)
    assert alike(first, chroma(octave_higher, 3)) == pytest.approx(1)
    assert alike(first, chroma(falling, 3)) < 0.2
    assert alike(first, chroma(rising[:0], 3)) == 0


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    assert area([0.9, 0.8], [0.1, 0.2]) == 1
    assert area([0.5], [0.5]) == 0.5
    assert area([0.3, 0.1], [0.2]) == 0.5
