"""Notes of a seed that are outside the model's keys are counted."""

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.midi import NOTE


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=1)


def midi(*notes):
    """Write a MIDI file of notes (onset ms, duration ms, pitch, velocity)."""
    return longplay.write_midi(np.array(list(notes), dtype=NOTE), 10)


def test_notes_outside_the_models_keys_are_counted(engine):
    some = midi((0, 400, 60, 64), (500, 400, 61, 64), (1000, 400, 127, 64))  # the model has no 61 and no 127
    warning = "The model skips 2 of the seed's 3 notes because they are outside its keys."
    for include_seed in (False, True):
        assert engine.generate(some, 5, include_seed=include_seed).warnings == (warning,)
    assert engine.score(some).warnings == (warning,)
    assert engine.score(some).notes == 1


def test_a_seed_wholly_outside_the_models_keys_is_said_to_be_so(engine):
    none = midi((0, 400, 61, 64), (500, 400, 127, 64))
    warning = "The seed has no notes that the model plays: 2 of 2 are outside the model's keys."
    piece = engine.generate(none, 30)
    assert piece.warnings == engine.score(none).warnings == (warning,)
    np.testing.assert_array_equal(piece.notes, engine.generate(None, 30).notes)


def test_streams_and_sessions_count_them_too(engine):
    some = midi((0, 400, 60, 64), (500, 400, 61, 64))
    warning = "The model skips 1 of the seed's 2 notes because they are outside its keys."
    assert engine.stream(some).warnings == engine.session(some).warnings == (warning,)
