"""Rules that keep the music together: two hands, a key, steady density and lengths (docs/musical-rules.md)."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import random_model
import tiny_model

import longplay

EXAMPLE = Path(__file__).parents[3] / "examples" / "traumerei.mid"
LOOSE = {"temperature": 3.0, "top_p": 1.0}  # the tiny model as free as it gets
KEYBOARD = 5  # the number of a random model with 88 pitches
C_SHARP_MAJOR = [1, 3, 5, 6, 8, 10, 0]


def within_reach(pitches):
    """Whether the pitches split into two hands of at most five notes and an octave."""
    pitches = sorted(pitches)
    hands = [(pitches[:cut], pitches[cut:]) for cut in range(len(pitches) + 1)]
    return any(all(len(hand) <= 5 and (not hand or hand[-1] - hand[0] <= 12) for hand in pair) for pair in hands)


def unreachable(notes):
    """Count the notes that two hands cannot strike together with the notes of the 50 ms before them."""
    onsets, pitches = notes["onset_ms"], notes["pitch"].astype(int)
    firsts = np.searchsorted(onsets, onsets - 50)
    return sum(not within_reach(pitches[first : last + 1]) for last, first in enumerate(firsts))


def in_scale(piece, scale):
    return np.isin(piece.notes["pitch"] % 12, scale).mean()


def test_two_hands_reach_what_starts_together(tmp_path):
    engine = longplay.Engine(random_model.build(tmp_path, KEYBOARD))
    made = [list(engine.generate_batch([None] * 8, 400, two_hands=asked, temperature=1000)) for asked in (True, False)]
    reached, free = ([unreachable(piece.notes) for piece in pieces] for pieces in made)
    assert sum(len(piece.notes) for piece in made[0]) > 1000
    assert reached == [0] * 8
    assert sum(free) > 20


def test_the_hands_of_a_built_in_model_are_two_and_its_semitones_are_few():
    piece = longplay.Engine("piano-lstm").generate(EXAMPLE, 600, random_seed=3)
    assert unreachable(piece.notes) == 0
    onsets, pitches = piece.notes["onset_ms"], piece.notes["pitch"].astype(int)
    firsts = np.searchsorted(onsets, onsets - 50)
    apart = [abs(pitches[i] - pitches[j]) % 12 for i, first in enumerate(firsts) for j in range(first, i)]
    assert np.isin(apart, (1, 11)).mean() < 0.022


def test_the_key_is_the_one_asked_for():
    engine = longplay.Engine("piano-lstm")
    free = engine.generate(EXAMPLE, 120, key="free")
    pulled = engine.generate(EXAMPLE, 120, key="C# major")
    assert in_scale(free, C_SHARP_MAJOR) < 0.7
    assert in_scale(pulled, C_SHARP_MAJOR) > 0.8
    np.testing.assert_array_equal(pulled.notes, engine.generate(EXAMPLE, 120, key="Db major").notes)
    assert engine.generate(EXAMPLE, 60) == engine.generate(EXAMPLE, 60, key="seed")


def test_the_key_of_the_seed_stays():
    engine = longplay.Engine("piano-lstm")
    seed = np.bincount(longplay.read_midi(EXAMPLE)["pitch"] % 12, minlength=12)

    def likeness(key):
        pieces = engine.generate_batch([EXAMPLE] * 4, 240, key=key, recital=False)
        profiles = [np.bincount(piece.notes["pitch"] % 12, minlength=12) for piece in pieces]
        return np.mean([np.corrcoef(profile, seed)[0, 1] for profile in profiles])

    assert likeness("seed") > 0.8
    assert likeness("free") < likeness("seed") - 0.1


@pytest.mark.parametrize("key", ["H major", "D", "D Minor", "d# ", "D## minor", "", "seed "])
def test_a_name_that_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match=r'key must be "seed", "free", or a key such as "D minor" or "Bb major"'):
        longplay.Settings(key=key)
    with pytest.raises(TypeError, match="key must be text, not 3"):
        longplay.Settings(key=3)


def test_steady_music_leans_to_the_density_of_the_model(tmp_path):
    folder = tiny_model.build(tmp_path, soft=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"bands": tiny_model.BANDS}))
    engine = longplay.Engine(folder)
    free, steady = (len(engine.generate(None, 300, steady=asked, **LOOSE).notes) / 300 for asked in (False, True))
    high = tiny_model.BANDS["notes_per_second"][1]
    assert high < steady < free


def test_steady_music_keeps_the_density_of_its_seed():
    engine = longplay.Engine("piano-lstm")
    notes = longplay.read_midi(EXAMPLE)

    def octaves_denser(factor, *, steady):
        seed = notes.copy()
        seed["onset_ms"] *= factor
        seed["duration_ms"] *= factor
        asked = len(seed) / int(seed["onset_ms"][-1]) * 1000
        pieces = engine.generate_batch([longplay.write_midi(seed, 400)] * 4, 240, steady=steady, recital=False)
        return np.array([np.log2(len(piece.notes) / 240 / asked) for piece in pieces])

    for factor in (1, 2):
        steady = abs(octaves_denser(factor, steady=True)).mean()
        assert steady < 0.7
        assert steady < 0.7 * abs(octaves_denser(factor, steady=False)).mean()


def test_a_trill_is_left():
    notes = np.array([(100 * i, 90, 60 + 2 * (i % 2), 64) for i in range(200)], longplay.NOTE)
    piece = longplay.Engine("piano-lstm").generate(longplay.write_midi(notes, 21), 120, key="free")
    onsets, pitches = piece.notes["onset_ms"], piece.notes["pitch"]
    counts = [
        (last - first, len(np.unique(pitches[first:last])))
        for first, last in pairwise(np.searchsorted(onsets, range(0, 120_001, 10_000)).tolist())
    ]
    assert not [pair for pair in counts if pair[0] >= 20 and pair[1] <= 7]


def test_a_session_leaves_the_key_to_the_player():
    engine = longplay.Engine("piano-lstm")

    def played(key):
        session = engine.session(EXAMPLE, key=key)
        return np.concatenate([session.next() for _ in range(40)])

    np.testing.assert_array_equal(played("C# major"), played("free"))
