"""Check which pieces count as one work, and the splits of works."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.corpus import STORED
from training.dataset.similarity import SIMILAR, SKETCH, similar_pairs, similarity, sketch
from training.dataset.splits import group, leaks, make_splits


def chords(random: np.random.Generator, count: int) -> np.ndarray:
    """Return chords of three notes, with a random melody on top."""
    top = 72 + np.cumsum(random.integers(-4, 5, count)) % 24
    notes = np.zeros(3 * count, STORED)
    notes["onset_ms"] = np.repeat(np.arange(count) * 400, 3)
    notes["pitch"] = (top[:, None] - np.array([24, 12, 0])).ravel()
    return notes


def piece(seed: int = 1, count: int = 400) -> np.ndarray:
    return chords(np.random.default_rng(seed), count)


def played(notes: np.ndarray, spread_ms: int) -> np.ndarray:
    """Arpeggiate each chord, with its notes in any order."""
    notes = notes.copy()
    notes["onset_ms"] += np.random.default_rng(2).integers(0, spread_ms, len(notes)).astype(np.int32)
    return np.sort(notes, order=["onset_ms", "pitch"])


def with_wrong_notes(notes: np.ndarray, part: float) -> np.ndarray:
    notes = notes.copy()
    wrong = np.random.default_rng(3).random(len(notes)) < part
    notes["pitch"][wrong] += 1
    return notes


@given(semitones=st.integers(-30, 24), tempo=st.floats(0.5, 2))
def test_a_sketch_knows_neither_key_nor_tempo(semitones: int, tempo: float) -> None:
    notes = piece()
    changed = notes.copy()
    changed["pitch"] += np.uint8(semitones % 256)
    changed["onset_ms"] = notes["onset_ms"] * tempo
    assert (sketch(changed) == sketch(notes)).all()


def test_a_sketch_is_small_sorted_and_the_same_every_time() -> None:
    hashes = sketch(piece())
    assert len(hashes) == SKETCH
    assert (np.diff(hashes) > 0).all()
    assert hashes[:2].tolist() == [5_276_686_701_175_008, 24_716_396_977_133_791]


@pytest.mark.parametrize(
    ("change", "at_least"),
    [
        (lambda notes: played(notes, 30), 0.9),
        (lambda notes: with_wrong_notes(notes, 0.02), 0.5),
        (lambda notes: notes[: len(notes) // 2], 0.35),
        (lambda notes: np.delete(notes, np.arange(0, len(notes), 3)), 0.9),  # without the bass
    ],
    ids=["played", "with wrong notes", "half", "without the bass"],
)
def test_the_same_work_is_similar(change, at_least: float) -> None:
    assert similarity(sketch(piece()), sketch(change(piece()))) >= at_least


def test_other_works_are_not_similar() -> None:
    sketches = [sketch(piece(seed)) for seed in range(60)]
    assert similar_pairs(sketches) == []


def test_scales_do_not_make_pieces_similar() -> None:
    steps = np.cumsum([0, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 1])  # two octaves, up and down
    scales = np.zeros(4 * len(steps), STORED)
    scales["pitch"] = 48 + np.concatenate([steps, steps, steps[::-1], steps[::-1]])
    scales["onset_ms"] = np.arange(len(scales)) * 400
    works = []
    for seed in (1, 2):
        work = piece(seed, 80)
        later = scales.copy()
        later["onset_ms"] += work["onset_ms"][-1] + 400
        works.append(np.concatenate([work, later]))
    assert similarity(*map(sketch, works)) < SIMILAR


def test_pairs_are_those_that_share_enough() -> None:
    first, second = piece(1), piece(2)
    medley = np.concatenate([first, second])
    medley["onset_ms"][len(first) :] += first["onset_ms"][-1] + 400
    assert similar_pairs([sketch(first), sketch(piece(3)), sketch(second), sketch(medley)]) == [(0, 3), (2, 3)]


def test_many_copies_are_found_together() -> None:
    count = 100
    pairs = similar_pairs([sketch(piece())] * count)
    assert set(group(count, pairs)) == {0}


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_very_short_pieces_are_alike_when_all_their_intervals_are(count: int) -> None:
    random = np.random.default_rng(4)
    notes = np.zeros(count, STORED)
    notes["onset_ms"], notes["pitch"] = np.arange(count) * 400, random.permutation(40)[:count]
    other = notes.copy()
    other["pitch"][-1:] += 50
    alike = [(0, 1)] if count > 1 else []
    assert similar_pairs([sketch(notes), sketch(notes), sketch(other)]) == alike


def test_groups_join_what_is_linked_over_others() -> None:
    assert group(6, [(4, 5), (1, 3), (3, 5)]) == [0, 1, 2, 1, 1, 1]


def digests(count: int) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(count)]


def test_about_a_tenth_of_the_groups_is_held_out_and_a_group_is_on_one_side() -> None:
    groups = [i // 2 for i in range(4000)]
    splits = make_splits(groups, digests(4000))
    assert splits[0::2] == splits[1::2]
    assert splits.count("val") / 4000 == pytest.approx(0.05, abs=0.015)
    assert splits.count("test") / 4000 == pytest.approx(0.05, abs=0.015)


def test_a_group_stays_where_it_is_when_others_come() -> None:
    before = make_splits(range(2000), digests(2000))
    after = make_splits(range(7, 3007), digests(3000))
    assert after[:2000] == before


@pytest.mark.parametrize("count", [3, 5, 20])
def test_a_small_data_set_has_a_group_in_each_split(count: int) -> None:
    assert set(make_splits(range(count), digests(count))) == {"train", "val", "test"}


def test_two_works_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="3 different works or more to be split, not 2"):
        make_splits([0, 0, 1], digests(3))


def test_of_two_that_are_alike_the_held_out_one_stays() -> None:
    splits = ["train", "test", "val", "train", "train"]
    assert leaks(splits, [(0, 1), (1, 2), (2, 3), (3, 4)]) == {0: 1, 2: 1, 3: 2}
