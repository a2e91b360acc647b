"""Pieces, streams and snapshots of models of tokens: the promises that models of notes keep."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_model
from vocabularies import ALL, Walk, performance, ticks_to_ms, tokens_of

import longplay
from longplay.midi import NOTE

LONGEST_PRESS_MS, SILENT_END_MS = 20_000, 10


@pytest.fixture(scope="module")
def engines(tmp_path_factory) -> dict[str, longplay.Engine]:
    folder = tmp_path_factory.mktemp("tokens")
    return {
        name: longplay.Engine(tiny_model.build_token(folder / name, soft=True, vocabulary=vocabulary), "cpu", 2)
        for name, vocabulary in ALL.items()
    }


@pytest.fixture(scope="module")
def seed() -> bytes:
    random = np.random.default_rng(5)
    onsets = np.cumsum(random.integers(50, 900, 40))
    rows = [
        (int(onset), int(random.integers(100, 900)), int(random.integers(48, 76)), int(random.integers(30, 110)))
        for onset in onsets
    ]
    return longplay.write_midi(longplay.resolve_overlaps(np.array(rows, NOTE)), 60)


def from_zero(notes: Any) -> Any:
    notes["onset_ms"] -= notes["onset_ms"][0]
    return notes


def expected_notes(vocabulary: dict[str, Any], tokens: list[int], length_ms: int) -> Any:
    """Follow the tokens of one piece without a seed: each must be allowed. Return its notes."""
    walk, ms = Walk(vocabulary), ticks_to_ms(vocabulary)
    rows: list[list[int]] = []
    origin = None
    for token in tokens:
        assert walk.may_follow(token), vocabulary["tokens"][token]
        for kind, pitch, velocity, duration in walk.take(token):
            if origin is None:
                origin = -ms(walk.time)
            now = origin + ms(walk.time)
            if kind == "strike":
                lasts = ms(walk.time + duration) - ms(walk.time) if duration else LONGEST_PRESS_MS
                rows.append([now, lasts, pitch, velocity])
            else:
                row = next(row for row in reversed(rows) if row[2] == pitch)
                row[1] = min(row[1], max(now - row[0], 1))
    notes = longplay.resolve_overlaps(np.array([tuple(row) for row in rows], NOTE))
    notes["duration_ms"] = np.minimum(notes["duration_ms"], length_ms - SILENT_END_MS - notes["onset_ms"])
    return notes


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("seconds", [1, 29.5, 60, 121.3])
def test_a_piece_has_the_notes_of_its_tokens_and_no_token_that_must_not_follow(engines, name, seconds):
    for random_seed in range(3):
        piece = engines[name].generate(seconds=seconds, recital=False, random_seed=random_seed)
        *ids, last = piece.events[:, 0].tolist()
        before, end = tokens_of(ALL[name], ids), tokens_of(ALL[name], [last])
        ways = [expected_notes(ALL[name], before + end[:cut], round(seconds * 1000)) for cut in range(1, len(end) + 1)]
        assert any(np.array_equal(piece.notes, expected) for expected in ways)  # the end may lie in a piece of tokens


@pytest.mark.parametrize("name", ALL)
def test_the_form_of_a_piece_of_notes_is_kept(engines, name, seed):
    length = 150_000
    piece = engines[name].generate(seed, seconds=length / 1000, recital=False)
    onsets = piece.notes["onset_ms"].tolist()
    assert onsets[0] == 0
    assert max(after - before for before, after in pairwise(onsets)) <= 3000
    for clip in range(0, length - 3000, 30_000):
        assert any(clip <= onset <= clip + 619 for onset in onsets)
    assert onsets[-1] <= length - 500
    ends = piece.notes["onset_ms"] + piece.notes["duration_ms"]
    assert length - 3750 <= ends.max() <= length - SILENT_END_MS
    assert piece.notes["duration_ms"].max() <= LONGEST_PRESS_MS
    assert np.unique(piece.notes["onset_ms"], return_counts=True)[1].max() <= 16
    assert len(longplay.read_midi(piece.to_bytes())) == len(piece.notes)


@pytest.mark.parametrize("name", ALL)
def test_a_recital_has_pieces_that_continue_the_seed(engines, name, seed):
    piece = engines[name].generate(seed, seconds=700)
    onsets = piece.notes["onset_ms"]
    ends = np.maximum.accumulate(onsets + piece.notes["duration_ms"])
    pauses = [int(at) for at, gap in zip(onsets[1:], onsets[1:] - ends[:-1], strict=True) if gap >= 1500]
    assert len(pauses) >= 1
    assert piece == engines[name].generate(seed, seconds=700)


@pytest.mark.parametrize("name", ALL)
def test_pieces_depend_on_no_neighbour(engines, name, seed):
    together = list(engines[name].generate_batch([seed, None, seed, None], seconds=40, random_seed=3))
    alone = engines[name].generate_batch([seed, None], seconds=40, random_seed=3)
    assert together[:2] == list(alone)
    assert together[0] != together[2]


@pytest.mark.parametrize("name", ALL)
def test_a_stream_and_its_snapshots_give_the_notes_of_a_piece(engines, name, seed):
    engine = engines[name]
    piece = engine.generate(seed, seconds=150, recital=False)
    stream = engine.stream(seed, recital=False)
    notes: list[Any] = []
    while not notes or notes[-1]["onset_ms"][-1] < 70_000:
        notes.append(next(stream))
        if len(notes) % 3 == 0:
            stream = engine.resume(stream.snapshot())
    music = np.concatenate(notes)
    before = music[music["onset_ms"] < 70_000]
    assert np.array_equal(before, piece.notes[: len(before)])


@pytest.mark.parametrize("name", ALL)
def test_a_piece_extends_to_itself_and_to_a_longer_one(engines, name, seed):
    engine = engines[name]
    piece = engine.generate(seed, seconds=60, recital=False, extendable=True)
    same = engine.extend(piece.snapshot(), 60)
    assert np.array_equal(same.notes, piece.notes)
    assert np.array_equal(same.log_probabilities, piece.log_probabilities)
    longer = engine.extend(piece.snapshot(), 90)
    kept = int((piece.notes["onset_ms"] < 45_000).sum())
    assert np.array_equal(longer.notes["onset_ms"][:kept], piece.notes["onset_ms"][:kept])
    assert np.array_equal(engine.regenerate(longer.provenance, seed).notes, longer.notes)


def test_snapshots_on_the_way_complete_to_the_same_piece(engines, seed):
    engine = engines["performance"]
    kept: list[bytes] = []
    (piece,) = engine.generate_batch(
        [seed], 120, on_snapshot=lambda _, snapshot: kept.append(snapshot), snapshot_seconds=10
    )
    for snapshot in kept[:: max(1, len(kept) // 3)]:
        assert next(engine.extend_batch([snapshot], 120)) == piece


@pytest.mark.parametrize("name", ["performance", "bars", "BPE", "Unigram"])
def test_a_piece_begins_with_its_seed(engines, name, seed):
    notes = from_zero(longplay.read_midi(seed))
    piece = engines[name].generate(seed, seconds=60, include_seed=True, recital=False)
    begun = piece.notes[piece.notes["onset_ms"] < notes["onset_ms"][-1]]
    assert np.array_equal(begun["pitch"], notes["pitch"][: len(begun)])
    gap = np.diff(piece.notes["onset_ms"])[len(notes) - 1]
    assert 0 <= gap <= 3000


def test_hands_reach_what_starts_together(engines):
    piece = engines["performance"].generate(seconds=120, steady=False)
    for onset in np.unique(piece.notes["onset_ms"]):
        assert (piece.notes["onset_ms"] == onset).sum() <= 10
    free = engines["performance"].generate(seconds=120, steady=False, two_hands=False)
    assert np.unique(free.notes["onset_ms"], return_counts=True)[1].max() > 10


def test_max_velocity_limits_the_tokens(engines):
    for name in ("bars", "BPE"):
        assert engines[name].generate(seconds=60, max_velocity=50).notes["velocity"].max() == 47
    with pytest.raises(ValueError, match="max_velocity must be at least the model's lowest, 80, not 50"):
        engines["chords"].generate(seconds=60, max_velocity=50)


def test_max_velocity_limits_what_the_seed_has_set(engines):
    loud = longplay.write_midi(np.array([(0, 500, 60, 120)], NOTE), 1)
    notes = engines["performance"].generate(loud, seconds=60, max_velocity=50).notes
    assert notes["velocity"].max() == 50


def test_a_piece_of_tokens_can_be_scored(engines, seed):
    score = engines["performance"].score(seed)
    tokens = engines["performance"].tokenizer.encode(from_zero(longplay.read_midi(seed)))
    assert score.log_probabilities.shape == (len(tokens), 1)
    assert score.fields.keys() == {"token"}


def test_a_session_needs_a_model_of_notes(engines):
    with pytest.raises(ValueError, match="the model must be one of notes for a session"):
        engines["performance"].session()


def test_a_vocabulary_in_which_nothing_may_follow_is_an_error(tmp_path: Path):
    vocabulary = performance()
    for one in vocabulary["types"]:
        if one["name"] != "Release":
            one["then"] = ["Release"]
    folder = tiny_model.build_token(tmp_path, soft=True, vocabulary=vocabulary)
    engine = longplay.Engine(folder, "cpu", 1)
    with pytest.raises(longplay.Error, match="candidate 0 cannot continue after 0 ms: the vocabulary allows no token"):
        engine.generate(seconds=10)


def test_a_model_without_a_vocabulary_is_refused(tmp_path: Path):
    with pytest.raises(longplay.ModelError, match="vocabulary"):
        longplay.Engine(tiny_model.build_token(tmp_path))
    assert "vocabulary" not in json.loads((tmp_path / "config.json").read_text())
