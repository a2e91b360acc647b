"""Pieces and engines as Python's own objects: compared, hashed, pickled, shown."""

import pickle

import numpy as np
import pytest
import tiny_model

import longplay


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("model"), soft=True), "cpu", 1)


def test_pieces_can_be_compared_and_hashed(engine):
    piece, same, other = (engine.generate(None, 5, random_seed=seed) for seed in (1, 1, 2))
    assert piece == same
    assert piece != other
    assert piece != "piece"
    assert len({piece, same, other}) == 2
    assert same in [other, piece]
    assert pickle.loads(pickle.dumps(piece)) == piece


def test_scores_can_be_compared_and_hashed(engine):
    data = engine.generate(None, 5).to_bytes()
    empty = longplay.write_midi(np.empty(0, longplay.NOTE), 1)
    assert engine.score(data) == engine.score(data) != engine.score(empty) == engine.score(empty)
    assert len({engine.score(data), engine.score(data), engine.score(empty)}) == 2


def test_the_arrays_of_a_piece_are_read_only(engine):
    piece = engine.generate(None, 5)
    for array in (piece.notes, piece.events, piece.log_probabilities, engine.score(piece.to_bytes()).log_probabilities):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_padding_of_notes_is_zero(engine):
    piece = next(engine.generate_batch([None] * 4, 600))
    data = piece.to_bytes()
    first = next(engine.stream(data))
    for notes in (piece.notes, longplay.read_midi(data), longplay.resolve_overlaps(piece.notes), first):
        assert notes.dtype.itemsize == 24
        assert not notes.view((np.uint8, 24))[:, 18:].any()


def test_an_engine_is_shown_and_pickled_as_what_it_was_made_with(engine):
    assert repr(longplay.Engine(None, num_threads=2)) == "Engine(None, 'auto', 2, cuda_graph=False)"
    again = pickle.loads(pickle.dumps(engine))
    assert repr(again) == repr(engine)
    assert again.generate(None, 5) == engine.generate(None, 5)


@pytest.mark.parametrize("one", ["seed.mid", b"MThd"])
def test_one_seed_where_many_are_wanted_is_refused_with_the_remedy(engine, one):
    with pytest.raises(TypeError, match=rf"seeds must be a list, not {one!r}; to fix this, pass \[{one!r}\]"):
        engine.generate_batch(one, 5)


def test_one_snapshot_where_many_are_wanted_is_refused_with_the_remedy(engine):
    snapshot = engine.generate(None, 30, extendable=True).snapshot()
    with pytest.raises(TypeError, match=r"snapshots must be a list, not b'.*; to fix this, pass "):
        engine.extend_batch(snapshot, 40)


def test_the_bad_one_of_many_seeds_is_named(engine, seed, tmp_path):
    bad = tmp_path / "bad.mid"
    bad.write_bytes(b"no MIDI")
    with pytest.raises(longplay.MidiError, match=rf"^seeds\[1\], {bad}: .* at byte 0$") as caught:
        engine.generate_batch([seed, bad, None], 5)
    assert caught.value.offset == 0
    with pytest.raises(longplay.MidiError, match=r"^seeds\[2\]: "):
        engine.generate_batch([seed, None, b"no MIDI"], 5)
    with pytest.raises(TypeError, match=r"^seeds\[1\]: seed must be a MIDI file, not 3"):
        engine.generate_batch([seed, 3], 5)
    long = longplay.write_midi(np.array([(0, 500, 60, 64), (6000, 500, 60, 64)], longplay.NOTE), 10)
    with pytest.raises(
        ValueError, match=r"^seeds\[0\]: the length must be at least 6500 ms, 500 ms after the seed's last note"
    ):
        engine.generate_batch([long, None], 5, include_seed=True)


def test_an_error_about_one_seed_or_about_the_settings_names_no_seed(engine):
    with pytest.raises(longplay.MidiError, match=r"^(?!seeds)"):
        engine.generate(b"no MIDI", 5)
    with pytest.raises(ValueError, match=r"^max_velocity must be"):
        engine.generate_batch([None, None], 5, max_velocity=20)
