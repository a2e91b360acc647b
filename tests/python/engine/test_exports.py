"""Pieces as objects of other libraries, and streams of asyncio."""

import asyncio

import numpy as np
import pytest
import tiny_model

import longplay


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=1)


@pytest.fixture(scope="module")
def piece(engine):
    return engine.generate(None, 30)


def test_a_piece_can_be_a_seed(engine, piece):
    answer = engine.generate(piece, 10)
    assert answer == engine.generate(piece.to_bytes(), 10)
    assert next(engine.generate_batch([piece, None], 10)) == answer


def test_mido_and_symusic_get_the_same_notes(piece):
    mido_file, score = piece.to_mido(), piece.to_symusic()
    assert mido_file.length == pytest.approx(30)
    notes = np.array([(note.time, note.duration, note.pitch, note.velocity) for note in score.tracks[0].notes])
    assert sorted(map(tuple, notes)) == sorted(map(tuple, piece.notes.tolist()))
    assert sum(m.type == "note_on" and m.velocity > 0 for m in mido_file.tracks[0]) == len(piece.notes)


def test_pretty_midi_gets_the_same_notes(piece):
    notes = piece.to_pretty_midi().instruments[0].notes
    found = sorted((round(1000 * note.start), note.pitch, note.velocity) for note in notes)
    columns = [piece.notes[name].tolist() for name in ("onset_ms", "pitch", "velocity")]
    assert found == sorted(zip(*columns, strict=True))


def test_a_data_frame_has_a_row_for_each_note_in_seconds(piece):
    frame = piece.to_dataframe()
    assert list(frame.columns) == ["onset", "duration", "pitch", "velocity"]
    np.testing.assert_allclose(frame["onset"], piece.notes["onset_ms"] / 1000)
    np.testing.assert_allclose(frame["duration"], piece.notes["duration_ms"] / 1000)
    assert frame["pitch"].tolist() == piece.notes["pitch"].tolist()


def test_a_pianoroll_sounds_where_the_notes_do(piece):
    roll = piece.to_pianoroll(1000)  # a frame is a millisecond
    assert roll.shape == (128, 30_000)
    expected = np.zeros_like(roll)
    for note in piece.notes:
        begin, duration = int(note["onset_ms"]), int(note["duration_ms"])
        expected[note["pitch"], begin : begin + duration] = note["velocity"]
    assert np.array_equal(roll, expected)
    coarse = piece.to_pianoroll(1)
    assert coarse.shape == (128, 30)
    assert all(coarse[note["pitch"], note["onset_ms"] // 1000] > 0 for note in piece.notes)
    with pytest.raises(ValueError, match=r"frames_per_second must be in \(0, 1000\], not 0"):
        piece.to_pianoroll(0)


def test_a_slice_holds_the_notes_of_its_seconds(piece):
    assert np.array_equal(piece[:], piece.notes)
    parts = [piece[start : start + 7.5] for start in (0, 7.5, 15, 22.5)]
    assert sum(map(len, parts)) == len(piece.notes)
    for start, part in zip((0, 7500, 15_000, 22_500), parts, strict=True):
        inside = piece.notes[(piece.notes["onset_ms"] >= start) & (piece.notes["onset_ms"] < start + 7500)]
        assert np.array_equal(part["onset_ms"], inside["onset_ms"] - start)
        ends = np.minimum(inside["onset_ms"] + inside["duration_ms"], start + 7500)
        assert np.array_equal(part["duration_ms"], ends - inside["onset_ms"])


@pytest.mark.parametrize("index", [slice(0, 31), slice(5, 4), slice(-1, 4), slice(0, 4, 2), slice("a", 3), 3])
def test_a_wrong_slice_is_refused(piece, index):
    with pytest.raises((TypeError, ValueError), match=r"^seconds must be "):
        piece[index]


def test_a_stream_is_asynchronous_too(engine):
    async def draw(stream, count):
        drawn = []
        async for notes in stream:
            drawn.append(notes)
            if len(drawn) == count:
                return drawn
        return drawn

    plain = engine.stream(None)
    expected = [next(plain) for _ in range(5)]
    for mine, other in zip(asyncio.run(draw(engine.stream(None), 5)), expected, strict=True):
        assert np.array_equal(mine, other)
    closed = engine.stream(None)
    closed.close()
    assert asyncio.run(draw(closed, 5)) == []
