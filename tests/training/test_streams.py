"""Check the order in which a training run reads its pieces."""

import numpy as np
import pytest

from training import streams, tables
from training.corpus import IGNORED, Augmentation, Corpus
from training.streams import MIXES, Prefetched, Stream, Window

EVEN = {"stanford_rolls": 1.0, "piano_midi_de": 1.0, "mutopia": 1.0}
STEPS = 16


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every piece as it is."""
    monkeypatch.setattr(Augmentation, "draw", lambda *_: Augmentation())


def stream_of(corpus: Corpus, mix: dict[str, float] = EVEN, rows: int = 3, random_seed: int = 1) -> Stream:
    return Stream(corpus, mix, rows, STEPS, random_seed=random_seed)


def same(first: Window, second: Window) -> bool:
    names = ("events", "targets", "controls", "begins")
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names)


def scored(window: Window, row: int) -> np.ndarray:
    """Return the targets of a row's steps without padding."""
    targets = window.targets[:, row]
    return targets[targets[:, 0] != IGNORED]


@pytest.mark.usefixtures("unchanged")
def test_a_row_reads_whole_pieces_from_start_to_end(corpus: Corpus) -> None:
    known = [corpus.read(index).targets.tolist() for index in range(len(corpus.pieces))]
    stream = stream_of(corpus, rows=1)
    pieces: list[list[list[int]]] = []
    for _ in range(150):
        window = stream.next()
        if window.begins[0]:
            assert window.events[0, 0].tolist() == tables.START_EVENT
            pieces.append([])
        pieces[-1] += scored(window, 0).tolist()
    assert len(pieces) > 10
    assert all(piece in known for piece in pieces[:-1])


@pytest.mark.usefixtures("unchanged")
def test_each_piece_of_a_source_comes_once_before_any_comes_again(corpus: Corpus) -> None:
    stream = stream_of(corpus, {"mutopia": 1.0}, rows=1)
    firsts = []
    while len(firsts) < 8:
        window = stream.next()
        if window.begins[0]:
            firsts.append(stream.state()["rows"][0]["piece"])
    assert sorted(firsts[:4]) == sorted(firsts[4:]) == corpus.by_source["mutopia"]


def test_a_stream_with_the_state_of_another_continues_as_the_other_would(corpus: Corpus) -> None:
    first, second = stream_of(corpus), stream_of(corpus)
    for _ in range(7):
        first.next()
    second.load_state(first.state())
    assert all(same(first.next(), second.next()) for _ in range(20))


def test_reading_ahead_changes_neither_the_windows_nor_the_state(corpus: Corpus) -> None:
    plain, ahead, later = stream_of(corpus), Prefetched(stream_of(corpus)), Prefetched(stream_of(corpus))
    for _ in range(5):
        assert same(plain.next(), ahead.next())
        assert plain.state() == ahead.state()
    later.load_state(ahead.state())
    assert all(same(plain.next(), later.next()) for _ in range(5))


def test_a_state_of_other_rows_is_refused(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="rows must be 3, as in the state, not 4"):
        stream_of(corpus, rows=4).load_state(stream_of(corpus, rows=3).state())


def test_another_random_seed_reads_otherwise(corpus: Corpus) -> None:
    assert not same(stream_of(corpus, random_seed=1).next(), stream_of(corpus, random_seed=2).next())


def test_the_mix_sets_the_share_of_the_windows_not_of_the_pieces(corpus: Corpus) -> None:
    stream = stream_of(corpus, {"stanford_rolls": 0.75, "mutopia": 0.25}, rows=8)
    style = tables.STYLES.index("performed_roll")
    rolls = total = 0
    for _ in range(400):
        controls = stream.next().controls[0, :, 1]
        rolls += int((controls == style).sum())
        total += int((controls != 0).sum())
    assert rolls / total == pytest.approx(0.75, abs=0.06)


def test_a_corpus_with_none_of_the_sources_of_a_mix_is_read_in_even_parts(corpus: Corpus) -> None:
    assert same(stream_of(corpus, {"jazz": 1.0}).next(), stream_of(corpus, dict.fromkeys(corpus.by_source, 0.5)).next())


def test_a_control_is_known_for_a_whole_window_or_not_at_all(corpus: Corpus) -> None:
    stream = stream_of(corpus, rows=8)
    unknown = np.zeros(2)
    for _ in range(200):
        window = stream.next()
        for row in range(8):
            given = window.controls[: len(scored(window, row)), row] == tables.UNKNOWN_CONTROL
            assert (given.all(axis=0) | ~given.any(axis=0)).all()
            unknown += given[0]
    expected = [streams.DROPPED["remaining"], streams.DROPPED["style"]]
    assert (unknown / 1600).tolist() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_a_mix_names_known_sources_and_is_whole(mix: dict[str, float]) -> None:
    assert set(mix) <= set(tables.STYLE_OF_SOURCE)
    assert sum(mix.values()) == pytest.approx(1)
