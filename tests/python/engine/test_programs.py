"""Instruments: notes of a vocabulary with programs, as pieces, streams, snapshots, seeds and MIDI files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_model
from vocabularies import Walk, ensemble

import longplay
from longplay.midi import DRUMS, NOTE, PROGRAM_NOTE, on_one_piano

PROGRAMS = {0, 40, DRUMS}


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> longplay.Engine:
    folder = tiny_model.build_token(tmp_path_factory.mktemp("ensemble") / "model", soft=True, vocabulary=ensemble())
    return longplay.Engine(folder, "cpu", 1)


def notes_of(rows: list[tuple[int, ...]]) -> Any:
    return np.array(rows, PROGRAM_NOTE)


def test_a_piece_has_the_programs_of_its_tokens_in_exact_seconds(engine):
    piece = engine.generate(seconds=90, recital=False)
    assert piece.notes.dtype == PROGRAM_NOTE
    assert set(piece.notes["program"]) == PROGRAMS
    walk = Walk(ensemble())
    struck = []
    for token in piece.events[:, 0].tolist():
        assert walk.may_follow(token)
        struck += [(pitch, walk.program) for kind, pitch, *_ in walk.take(token) if kind == "strike"]
    found = zip(piece.notes["pitch"].tolist(), piece.notes["program"].tolist(), strict=True)
    assert sorted(found) == sorted(struck)
    ends = piece.notes["onset_ms"] + piece.notes["duration_ms"]
    assert ends.max() <= 90_000 - 10


def test_a_tempo_holds_for_the_notes_that_follow(engine):
    shift, fast, slow, violin, note = 3, 5, 6, 8, 10 + 1
    tokens = [shift, violin, note, fast, shift, violin, note, slow, shift, violin, note]
    notes = engine.tokenizer.decode(np.array(tokens, np.int32)[:, None])
    assert notes.tolist() == [(500, 250, 60, 64, 40), (900, 200, 60, 64, 40), (1600, 350, 60, 64, 40)]


def test_streams_snapshots_and_longer_pieces_keep_the_programs(engine):
    piece = engine.generate(seconds=60, recital=False, extendable=True)
    stream = engine.stream(recital=False)
    notes = [next(stream)]
    while notes[-1]["onset_ms"][-1] < 30_000:
        stream = engine.resume(stream.snapshot())
        notes.append(next(stream))
    music = np.concatenate(notes)
    before = music[music["onset_ms"] < 30_000]
    assert set(before["program"]) == PROGRAMS
    assert np.array_equal(before, piece.notes[: len(before)])
    assert np.array_equal(engine.extend(piece.snapshot(), 60).notes, piece.notes)


def test_a_file_has_a_channel_for_each_program(engine):
    piece = engine.generate(seconds=60, recital=False)
    tracks = {(one.program, one.is_drum): one for one in piece.to_symusic().tracks}
    assert set(tracks) == {(0, False), (40, False), (0, True)}
    for program, key in ((0, (0, False)), (40, (40, False)), (DRUMS, (0, True))):
        mine = piece.notes[piece.notes["program"] == program]
        written = sorted((note.time, note.duration, note.pitch) for note in tracks[key].notes)
        fields = (mine[name].tolist() for name in ("onset_ms", "duration_ms", "pitch"))
        assert written == sorted(zip(*fields, strict=True))
    channels = {message.channel for message in piece.to_mido().tracks[0] if message.type == "note_on"}
    assert channels == {0, 1, 9}


def test_one_piano_plays_all_programs_but_drums():
    rows = [(0, 500, 60, 80, 40), (0, 100, 36, 80, DRUMS), (100, 200, 60, 90, 0), (100, 50, 62, 70, 12)]
    merged = on_one_piano(notes_of(rows))
    assert merged.dtype == NOTE
    assert merged.tolist() == [(0, 100, 60, 80), (100, 200, 60, 90), (100, 50, 62, 70)]
    assert on_one_piano(merged) is merged


def test_a_packed_hour_is_one_piano(engine):
    packed = longplay.pack(longplay.write_midi(np.array([], NOTE), 10), engine)
    assert packed.notes.dtype == NOTE
    assert longplay.check(packed.to_bytes()).safe


def test_a_seed_is_written_for_the_programs_of_its_notes(engine):
    rows = [(500, 250, 60, 64, 40), (500, 250, 60, 64, DRUMS), (1000, 250, 67, 64, 0)]
    tokens = engine.tokenizer.encode(notes_of(rows))
    assert engine.tokenizer.decode(tokens).tolist() == [tuple(row) for row in rows]
    other = engine.tokenizer.encode(notes_of([(500, 250, 60, 64, 99)]))
    assert engine.tokenizer.decode(other).tolist() == [(500, 250, 60, 64, 0)]


@pytest.mark.parametrize("program", [129, 255])
def test_a_program_out_of_range_is_refused(program):
    with pytest.raises(ValueError, match=rf"notes\[0\].program must be in \[0, 128\], not {program}"):
        longplay.write_midi(notes_of([(0, 100, 60, 64, program)]), 1)


def test_bytes_that_note_leaves_out_are_no_program():
    notes = np.zeros(1, NOTE)
    notes.view(PROGRAM_NOTE)["program"] = 7
    for name, value in (("duration_ms", 100), ("pitch", 60), ("velocity", 64)):
        notes[name] = value
    assert longplay.read_midi(longplay.write_midi(notes, 1)).tolist() == [(0, 100, 60, 64)]
    assert longplay.write_midi(notes, 1) == longplay.write_midi(np.array(notes.tolist(), NOTE), 1)


def test_a_file_of_a_piano_has_the_bytes_that_it_had():
    notes = np.array([(0, 100, 60, 64), (50, 100, 62, 70)], NOTE)
    with_programs = notes_of([(*row, 0) for row in notes.tolist()])
    assert longplay.write_midi(notes, 1) == longplay.write_midi(with_programs, 1)
    assert b"\xc0" not in longplay.write_midi(notes, 1)


def test_programs_do_not_end_notes_of_each_other():
    rows = [(0, 500, 60, 80, 0), (100, 500, 60, 80, 40), (200, 500, 60, 80, 0)]
    resolved = longplay.resolve_overlaps(notes_of(rows))
    assert resolved.tolist() == [(0, 200, 60, 80, 0), (100, 500, 60, 80, 40), (200, 500, 60, 80, 0)]


def test_the_folder_of_a_piece_is_written(engine, tmp_path: Path):
    engine.generate(seconds=20).save(tmp_path / "piece.mid")
    assert len(longplay.read_midi(tmp_path / "piece.mid", keep_drums=True)) > 5
