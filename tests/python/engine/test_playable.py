"""What a pianist can play live (docs/musical-rules.md).

The check searches all ways to share the notes between the hands.

`LONGPLAY_PLAYABLE_HOURS=1000` checks as many hours.
"""

import os

import numpy as np
import pytest
import random_model
from playable import unplayable

import longplay
from longplay.midi import NOTE

KEYBOARD = 5  # the number of a random model with 88 pitches
HOURS = float(os.environ.get("LONGPLAY_PLAYABLE_HOURS", "0.1"))
PIECE_SECONDS = 360


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(random_model.build(tmp_path_factory.mktemp("model"), KEYBOARD), "cpu", 1)


def notes(*rows):
    return np.array([(onset, 100, pitch, 64) for onset, pitch in rows], NOTE)


@pytest.mark.parametrize(
    ("music", "wrong"),
    [
        (notes((0, 36), (0, 48), (0, 60), (0, 72)), 0),
        (notes((0, 36), (0, 49), (0, 62), (0, 75)), 2),  # out of reach
        (notes(*((0, pitch) for pitch in range(60, 70))), 0),
        (notes(*((0, pitch) for pitch in range(60, 71))), 1),  # eleven fingers
        (notes((0, 60), (99, 60)), 1),  # too soon
        (notes((0, 60), (100, 60)), 0),
        (notes((0, 30), (0, 100), (279, 65)), 1),  # 35 semitones in 229 ms: 23 more than the reach
        (notes((0, 30), (0, 100), (280, 65)), 0),
        (notes((0, 60), (0, 61), (0, 79), (190, 40), (200, 56)), 1),  # the left hand left, the right would cross
        (notes((0, 60), (0, 61), (0, 79), (190, 40), (251, 56)), 0),
    ],
)
def test_the_check_knows_what_cannot_be_played(music, wrong):
    assert unplayable(music) == wrong


def hours(engine, seed=None, **settings):
    """Yield the notes of playable pieces, `HOURS` in all."""
    count = max(1, round(HOURS * 3600 / PIECE_SECONDS))
    asked = {"playable": True} | settings
    yield from (piece.notes for piece in engine.generate_batch([seed] * count, PIECE_SECONDS, **asked))


@pytest.mark.parametrize("temperature", [1.0, 1000.0])
def test_playable_music_of_a_random_model_is_playable(engine, temperature):
    checked = [(len(notes), unplayable(notes)) for notes in hours(engine, temperature=temperature)]
    assert sum(count for count, _ in checked) > 1000 * HOURS
    assert sum(wrong for _, wrong in checked) == 0


@pytest.mark.parametrize("temperature", [1.0, {"pitch": 1e6}])
def test_playable_music_of_the_built_in_model_is_playable(seed, temperature):
    checked = [unplayable(notes) for notes in hours(longplay.Engine(num_threads=1), seed, temperature=temperature)]
    assert sum(checked) == 0


def test_other_music_is_not(engine):
    assert sum(unplayable(notes) for notes in hours(engine, temperature=1000.0, playable=False)) > 10
