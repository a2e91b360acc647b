"""Check what a model reads of a piece."""

from pathlib import Path

import numpy as np

import longplay
from training import tables
from training.corpus import FINE, IGNORED, NOTES, STORED, Augmentation, Corpus, read_notes


def stored(onsets: list[int], durations: list[int], velocity: int = 64) -> np.ndarray:
    notes = np.empty(len(onsets), STORED)
    notes["onset_ms"], notes["duration_ms"] = onsets, durations
    notes["pitch"], notes["velocity"] = 60, velocity
    return notes


def test_a_reading_begins_with_start_and_ends_with_end(corpus: Corpus) -> None:
    reading = corpus.read(0)
    assert reading.events[0].tolist() == tables.START_EVENT
    assert reading.targets[-1].tolist() == [tables.END, IGNORED, IGNORED, IGNORED]
    assert (reading.events[1:] == reading.targets[:-1]).all()


def test_events_are_those_of_the_tokenizer_that_serves(corpus: Corpus, data_set: Path) -> None:
    tokenizer = longplay.Tokenizer(tables.config("any", [], 64))
    for index, piece in enumerate(corpus.pieces):
        notes = longplay.read_midi(data_set / "permissive" / piece["path"])
        notes["onset_ms"] -= notes["onset_ms"][0]
        assert (corpus.read(index).events[1:] == tokenizer.encode(notes)).all()


def test_remaining_counts_from_the_onset_of_the_event_given() -> None:
    notes = Augmentation().apply(stored([0, 500, 9500], [100, 11_000, 300]))
    reading = read_notes(longplay.Tokenizer(tables.config("any", [], 64)), notes, style=0)
    left = [11_500, 11_500, 11_000, 2000]  # ms; a bound belongs to the id above it
    assert reading.controls[:, 0].tolist() == [6, 6, 6, 2]
    assert [sum(ms >= bound for bound in tables.REMAINING) for ms in left] == [6, 6, 6, 2]


def test_style_names_the_source(corpus: Corpus) -> None:
    for index, piece in enumerate(corpus.pieces):
        styles = set(corpus.read(index).controls[:, 1].tolist())
        assert styles == {tables.STYLES.index(tables.STYLE_OF_SOURCE[piece["source"]])}


def test_a_change_moves_pitch_time_and_velocity() -> None:
    change = Augmentation(semitones=3, tempo=1.5, loudness=10, contrast=0.5)
    notes = change.apply(stored([0, 200], [100, 1], velocity=80))
    assert notes["pitch"].tolist() == [63, 63]
    assert notes["onset_ms"].tolist() == [0, 300]
    assert notes["duration_ms"].tolist() == [150, 2]
    assert notes["velocity"].tolist() == [82, 82]


def test_a_change_drops_what_leaves_the_piano_and_keeps_velocities_in_range() -> None:
    before = stored([0, 10, 20], [5, 5, 5], velocity=126)
    before["pitch"] = [107, 60, 108]
    notes = Augmentation(semitones=1, loudness=8).apply(before)
    assert notes["pitch"].tolist() == [108, 61]
    assert notes["velocity"].tolist() == [127, 127]


def test_the_same_random_numbers_draw_the_same_change() -> None:
    first, second = (Augmentation.draw(np.random.default_rng(3)) for _ in range(2))
    assert first == second != Augmentation.draw(np.random.default_rng(4))


def test_fine_tables_agree_with_the_coarse_tables_and_are_finer(prepared: Path) -> None:
    corpora = [Corpus(prepared, "train", vocabulary) for vocabulary in (NOTES, FINE)]
    rough, fine = (corpus.read(0) for corpus in corpora)
    assert fine.events[0].tolist() == tables.sizes(tables.FINE) == list(FINE.fields.values())
    assert fine.targets[-1].tolist() == [tables.sizes(tables.FINE)[0] - 1, IGNORED, IGNORED, IGNORED]
    assert not FINE.notes[-1]
    assert FINE.notes[:-1].all()
    pitch, velocity = fine.targets[:-1, 1], np.array(tables.FINE["velocity"])[fine.targets[:-1, 2]]
    assert pitch.tolist() == rough.targets[:-1, 1].tolist()
    notes = corpora[1].notes(0)
    assert np.abs(velocity - notes["velocity"]).max() <= 1
    onsets = np.cumsum(np.array(tables.FINE["time_shift"])[fine.targets[:-1, 0]])
    assert np.abs(onsets - notes["onset_ms"]).max() <= 50


def test_ids_of_fine_tables_map_to_the_nearest_coarse_ids() -> None:
    shifts, velocities = FINE.coarse["time_shift"], FINE.coarse["velocity"]
    assert [tables.TIME_SHIFT[id_] for id_ in shifts[:9]] == [0, 0, 0, 10, 10, 10, 10, 10, 20]
    assert shifts[-1] == tables.END
    assert [tables.VELOCITY[id_] for id_ in velocities[:6]] == [2, 2, 6, 6, 10, 10]
    assert "pitch" not in FINE.coarse
    assert not NOTES.coarse


def test_tables_are_ascending_and_fine_near_zero() -> None:
    for values in (*tables.TABLES.values(), *tables.FINE.values()):
        assert (np.diff(values) > 0).all()
    assert np.diff(tables.TIME_SHIFT)[:100].tolist() == [10] * 100
    assert (np.diff(tables.DURATION) <= np.maximum(10, np.array(tables.DURATION[:-1]) * 0.07)).all()
