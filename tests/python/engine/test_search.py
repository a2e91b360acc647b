"""Search: the music continues with the branch of each phrase that the critic prefers."""

import shutil

import numpy as np
import pytest
import tiny_model
from tiny_model import CRITIC_EVENTS, PHRASE_MS

import longplay

LOOSE = {"temperature": 3.0, "top_p": 1.0, "steady": False}
SECONDS = 40


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for name, weight in {"high": 1, "alike": 0}.items():
        made[name] = tiny_model.add_critic(tiny_model.build(tmp_path_factory.mktemp(name), soft=True), weight)
    return made


@pytest.fixture(scope="module")
def engine(folders):
    return longplay.Engine(folders["high"], num_threads=2)


def made(engine, seconds=SECONDS, **settings):
    return engine.generate(None, seconds, **(LOOSE | {"search": 8} | settings))


def onsets_of(piece):
    shifts = [*tiny_model.FIELDS[0]["values"], 0]
    return np.cumsum([0, *(shifts[event[0]] for event in piece.events[1:])])  # the first note sounds at once


def phrases(piece):
    """Return the pitches of the last events of each phrase of a piece."""
    onsets = onsets_of(piece)
    ends = range(PHRASE_MS, int(1000 * piece.duration) - 12_000, PHRASE_MS)
    lasts = [int(np.searchsorted(onsets, end)) + 1 for end in ends]
    return [piece.events[max(0, last - CRITIC_EVENTS) : last, 1] for last in lasts]


def test_the_music_is_what_the_critic_prefers(engine):
    plain, searched = (np.mean([np.mean(p) for p in phrases(made(engine, search=n))]) for n in (1, 16))
    assert searched > plain + 1.5


def test_one_branch_is_no_search(engine):
    assert np.array_equal(made(engine, search=1).events, engine.generate(None, SECONDS, **LOOSE).events)


def test_of_branches_that_are_alike_the_first_stays(folders):
    engine = longplay.Engine(folders["alike"], num_threads=1)
    assert np.array_equal(made(engine, search=5).events, made(engine, search=1).events)


def test_the_first_phrase_is_the_best_of_all_branches(engine):
    first = [phrases(made(engine, search=n))[0].sum() for n in (1, 2, 4, 8, 16)]
    assert first == sorted(first)
    assert first[0] < first[-1]


def test_the_branches_of_a_piece_are_drawn_side_by_side(engine):
    before = engine.statistics()
    made(engine)
    spent = engine.statistics() - before
    assert spent.row_steps > 4 * spent.steps


def test_other_pieces_do_not_change_a_search(engine, folders):
    settings = [{"search": n} for n in (8, 1, 3)]
    for threads in (1, 2):
        batch = list(longplay.Engine(folders["high"], num_threads=threads).generate_batch(
            [None] * 3, SECONDS, each=settings, **LOOSE
        ))  # fmt: skip
        assert np.array_equal(batch[0].events, made(engine).events)
        assert all(len(piece.notes) > 20 for piece in batch)


def test_more_branches_than_rows(folders):
    engine = longplay.Engine(folders["high"], num_threads=1)
    piece = made(engine, 15, search=64, style="ragtime")  # 128 rows
    assert np.array_equal(piece.events, made(engine, 15, search=64, style="ragtime").events)
    assert not np.array_equal(piece.events, made(engine, 15, search=64).events)


def test_snapshots_do_not_change_a_search(engine):
    plain = made(engine)
    kept = {}
    [extendable] = engine.generate_batch(
        [None], SECONDS, on_snapshot=kept.__setitem__, snapshot_seconds=1, search=8, **LOOSE
    )
    assert np.array_equal(extendable.events, plain.events)
    assert np.array_equal(engine.extend(extendable.snapshot(), SECONDS).events, plain.events)
    longer = engine.extend(extendable.snapshot(), 2 * SECONDS)
    assert np.array_equal(longer.events[:20], plain.events[:20])
    assert longer.duration == 2 * SECONDS


def test_a_phrase_ends_where_the_ending_begins(engine):
    piece = made(engine, 43, extendable=True)
    last = onsets_of(piece)[piece.before_ending.core.events - 1]
    assert 31_000 <= last <= 33_000  # 12 s before the end; a phrase of 5 s would end at 35 s


def test_a_piece_is_generated_again_from_its_provenance(engine):
    piece = made(engine)
    assert piece.provenance.settings.search == 8
    assert engine.regenerate(piece.provenance, None) == piece


def test_a_recital_is_searched(engine):
    piece = made(engine, 500)
    assert (piece.events[:, 0] == tiny_model.END).any()
    assert piece.duration == 500


def test_a_stream_is_searched_and_resumes(engine):
    def pitches(stream, draws):
        return [int(note["pitch"]) for _ in range(draws) for note in next(stream)]

    whole = pitches(engine.stream(None, search=8, **LOOSE), 12)
    assert np.mean(whole) > np.mean(pitches(engine.stream(None, **LOOSE), 12)) + 1
    stream = engine.stream(None, search=8, **LOOSE)
    first = pitches(stream, 5)
    assert first + pitches(engine.resume(stream.snapshot()), 7) == whole


def test_progress_counts_what_is_kept(engine):
    seen = []
    made(engine, 3600, progress=lambda *counts: seen.append(counts))
    counted = [count for count, _ in seen]
    assert counted == sorted(counted)
    assert seen[-1] == (3600, 3600)
    assert any(0 < count < 3000 for count in counted)


def test_a_model_without_a_critic_cannot_search(tmp_path):
    engine = longplay.Engine(tiny_model.build(tmp_path, soft=True))
    with pytest.raises(ValueError, match=r"^search must be 1: this model has no critic, not 8$"):
        made(engine)


@pytest.mark.parametrize("search", [0, 65])
def test_the_number_of_branches_has_a_range(engine, search):
    with pytest.raises(ValueError, match=rf"^search must be in \[1, 64\], not {search}$"):
        made(engine, search=search)


def change_critic(folder, **entries):
    tiny_model.change_config(folder, lambda config: config["critic"].update(entries))


FAULTS = {
    r"critic\.onnx: cannot read": lambda folder: (folder / "critic.onnx").unlink(),
    r"critic\.onnx: config\.json has no entry critic": lambda folder: tiny_model.change_config(
        folder, lambda config: config.pop("critic")
    ),
    r"config\.json: critic is not an entry of the format": lambda folder: tiny_model.change_config(
        folder, lambda config: config.update(format=1)
    ),
    r"config\.json: critic\.events must be in \[1, 4096\], not 0": lambda folder: change_critic(folder, events=0),
    r"config\.json: critic\.phrase_ms must be in \[1000, 86400000\], not 10": lambda folder: change_critic(
        folder, phrase_ms=10
    ),
    r"config\.json: critic\.colour is not an entry": lambda folder: change_critic(folder, colour=1),
    r"critic\.onnx: .*events": lambda folder: change_critic(folder, events=CRITIC_EVENTS + 1),
}


@pytest.mark.parametrize("message", FAULTS)
def test_what_breaks_the_contract_is_refused(folders, tmp_path, message):
    folder = shutil.copytree(folders["high"], tmp_path / "model")
    FAULTS[message](folder)
    with pytest.raises(longplay.ModelError, match=message):
        longplay.Engine(folder)


def test_the_hash_of_a_model_covers_its_critic(folders):
    hashes = {longplay.Engine(folder).model_hash for folder in folders.values()}
    assert len(hashes) == 2
