"""How pieces end: on a close (docs/pieces.md). The rules one by one are tested in tests/cpp."""

import numpy as np
import pytest
import tiny_model

import longplay

LOOSE = {"temperature": 3.0, "top_p": 1.0}  # the tiny model as free as it gets
CHORD_MS = 60  # what starts within it of the next one is of one close


def pieces_of(recital, end_id):
    """Split the notes of a recital into its pieces."""
    is_end = recital.events[:, 0] == end_id
    ends = np.cumsum(~is_end)[is_end]
    return np.split(recital.notes, ends[:-1])


def closes(notes):
    """Return whether the last note or chord is as long as three quarters of those before it."""
    gaps = np.flatnonzero(np.diff(notes["onset_ms"]) > CHORD_MS)
    before, close = np.split(notes["duration_ms"], [gaps[-1] + 1])
    return (before <= 1.08 * close.max()).mean() >= 0.75  # lengths are remembered to 8 %


@pytest.mark.parametrize(("count", "seconds"), [(4, 7200), (150, 60)])  # long ones may end early, short ones not
def test_nine_in_ten_pieces_close_on_a_long_note_or_chord(tmp_path, count, seconds):
    engine = longplay.Engine(tiny_model.build(tmp_path, soft=True))
    pieces = [
        piece
        for recital in engine.generate_batch([None] * count, seconds, **LOOSE)
        for piece in pieces_of(recital, engine.tokenizer.end_id)
    ]
    assert len(pieces) > 100
    assert sum(map(closes, pieces)) > 0.9 * len(pieces)
    middles = [piece[: len(piece) // 2] for piece in pieces]  # as if they broke off
    assert sum(map(closes, middles)) < 0.7 * len(pieces)
