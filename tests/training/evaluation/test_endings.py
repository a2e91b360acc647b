"""Check that pieces of the built-in model come to an end, as defined in training.evaluation.endings."""

import longplay
from training.evaluation.clips import Music
from training.evaluation.endings import endings, is_in_time

COUNT, SECONDS = 32, 30


def made() -> list[Music]:
    pieces = longplay.Engine("piano-lstm").generate_batch([None] * COUNT, SECONDS, random_seed=5, recital=False)
    return [Music(piece.notes, 1000 * SECONDS, str(i), "made") for i, piece in enumerate(pieces)]


def test_nine_pieces_of_ten_close_on_a_long_note_or_chord_of_the_tonic() -> None:
    pieces = made()
    assert all(is_in_time(piece.notes, piece.length_ms) for piece in pieces)
    assert endings(pieces)["final"] >= 0.9
