"""The settings `scale` and `pitches`: no drawn note leaves them."""

import numpy as np
import pytest
import random_model
import tiny_model
import vocabularies

import longplay
from longplay._base.key import pitch_classes

CASES = {
    "scale": {"scale": "A major"},
    "pitches": {"pitches": (50, 60)},
    "both": {"scale": "D major", "pitches": (50, 67)},
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=2)


def strangers(notes, scale=None, pitches=(0, 127)):
    """Return how many notes are not allowed."""
    classes = range(12) if scale is None else pitch_classes(scale)
    allowed = np.isin(notes["pitch"] % 12, list(classes))
    return int((~allowed | (notes["pitch"] < pitches[0]) | (notes["pitch"] > pitches[1])).sum())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_piece_stays_in_the_scale_and_the_span(engine, case):
    assert strangers(engine.generate(None, 300).notes, **case) > 20
    piece = engine.generate(None, 300, playable=True, **case)
    assert len(piece.notes) > 100
    assert strangers(piece.notes, **case) == 0


@pytest.mark.parametrize("number", [3, 4, 5])
def test_pieces_of_random_models_stay_in_them(tmp_path, number):
    engine = longplay.Engine(random_model.build(tmp_path, number), num_threads=1)
    for random_seed in range(3):
        piece = engine.generate(None, 600, scale="Bb major", pitches=(10, 120), random_seed=random_seed)
        assert strangers(piece.notes, "Bb major", (10, 120)) == 0


def test_streams_sessions_and_sketches_stay_in_them(engine):
    stream = engine.stream(scale="C minor")
    assert strangers(np.concatenate([next(stream) for _ in range(50)]), "C minor") == 0
    session = engine.session(pitches=(60, 69))
    assert strangers(np.concatenate([session.next().reshape(1) for _ in range(50)]), pitches=(60, 69)) == 0
    assert session.next(pitch=48)["pitch"] == 48  # the player decides
    melody = engine.generate(None, 20).notes[::3]
    piece = engine.accompany(melody, 3, scale="F major")
    assert np.isin(melody, piece.notes).all()
    assert strangers(piece.notes[~np.isin(piece.notes, melody)], "F major") == 0


def test_what_contradicts_is_refused_by_both_names(engine):
    with pytest.raises(ValueError, match=r"no pitch of the scale F major in \[61, 61\]. To fix this, change scale or"):
        engine.generate(None, 5, scale="F major", pitches=(61, 61))


def test_a_model_of_tokens_refuses_them(tmp_path):
    engine = longplay.Engine(tiny_model.build_token(tmp_path, vocabulary=vocabularies.performance()), num_threads=1)
    with pytest.raises(ValueError, match="scale must be None for a model of tokens"):
        engine.generate(None, 5, scale="C major")


@pytest.mark.parametrize("value", ["seed", "H major", "C"])
def test_only_names_of_scales_are_scales(value):
    with pytest.raises(ValueError, match='scale must be a scale such as "D minor" or "Bb major", not'):
        longplay.Settings(scale=value)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ((60,), "pitches must be a lowest and a highest number"),
        ((60, 59), r"the highest of pitches must be in \[60, 127\], not 59"),
        ((-1, 59), r"the lowest of pitches must be in \[0, 127\], not -1"),
    ],
)
def test_only_two_pitches_in_order_are_a_span(value, problem):
    with pytest.raises(ValueError, match=problem):
        longplay.Settings(pitches=value)
